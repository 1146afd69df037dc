-- Two desks that may not see each other, by examples/two_desks.sql.
CREATE EXTENSION taskq;
\set SHOW_CONTEXT never
\set VERBOSITY terse
\getenv srcdir PG_ABS_SRCDIR
\set example :srcdir '/../examples/two_desks.sql'
CREATE ROLE desk_north;
CREATE ROLE desk_south;
SELECT taskq_grant('desk_north', 'agent'), taskq_grant('desk_south', 'agent');
\set ECHO none
\i :example
\set ECHO all
INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana'), ('sta_2', 'Bob');
INSERT INTO taskq_customer (id, name, assigned_agent_id, desk) VALUES
    ('cus_n', 'Acme', 'sta_1', 'desk_north'), ('cus_s', 'Zenith', 'sta_2', 'desk_south'), ('cus_new', 'Nobody''s', NULL, NULL);

INSERT INTO taskq_renewal_threshold (days_before, task_priority, title_template) VALUES
    (7, 'URGENT', 'Renew {{renewal.service_type}} of {{customer.name}}');

-- What a desk creates is the desk's; what is about a customer is the customer's desk's.
CREATE TABLE south (id bigint);
GRANT INSERT, SELECT ON south TO desk_north, desk_south;
SET ROLE desk_south;
INSERT INTO south SELECT taskq_create('south, of nobody', due_date => taskq_today() - 1, dedupe_key => 'k', sla_hours => 1);
INSERT INTO south SELECT taskq_create('south, of Zenith', user_id => 'cus_s', assignee_id => 'sta_1', description => 'secret');
INSERT INTO south SELECT taskq_create('south, done', user_id => 'cus_s');
SELECT status FROM taskq_start_many(ARRAY(SELECT max(id) FROM south));
SELECT status FROM taskq_complete_many(ARRAY(SELECT max(id) FROM south), 'a secret note');
SELECT taskq_renewal_create('cus_s', 'permit', taskq_today() + 3, notes => 'secret') AS south_renewal \gset
RESET ROLE;
SET ROLE desk_north;
SELECT taskq_create('north, of nobody', sla_hours => 2) AS north \gset
SELECT taskq_create('north, of Acme', user_id => 'cus_n', due_date => taskq_today()) AS acme \gset
SELECT taskq_renewal_create('cus_n', 'permit', taskq_today() + 3) AS north_renewal \gset
SELECT taskq_create('about a customer of theirs', user_id => 'cus_s');
SELECT taskq_create('about a customer of nobody''s', user_id => 'cus_new');
SELECT taskq_renewal_create('cus_s', 'permit', taskq_today());
INSERT INTO taskq_task (title, desk) VALUES ('planted', 'desk_south');
UPDATE taskq_task SET desk = 'desk_south';
RESET ROLE;
-- what the engines make of them: the sweep covers both desks
INSERT INTO taskq_workflow_rule (name, event, action, title_template, user_id_path) VALUES
    ('Call back', 'call.missed', 'CREATE_TASK', 'Call {{name}}', 'customer'), ('Raise', 'raise', 'ESCALATE', NULL, NULL);
SELECT * FROM taskq_sweep() WHERE tasks > 0;
SELECT count(*) FROM taskq_emit('call.missed', '{"name": "Zenith", "customer": "cus_s"}');
INSERT INTO south SELECT id FROM taskq_task WHERE user_id = 'cus_s' EXCEPT TABLE south;

-- Schedules of a customer are the customer's desk's; the sweep covers both desks.
BEGIN;
INSERT INTO taskq_schedule (name, title_template, starts_on, every, user_id) SELECT c, c, taskq_today(), '1 month', c FROM unnest('{cus_n,cus_s}'::text[]) c;
SELECT kind, tasks FROM taskq_sweep() WHERE kind = 'schedules';
SET ROLE desk_north;
SELECT s.name, r.outcome, t.title FROM taskq_schedule s JOIN taskq_schedule_run r ON r.schedule_id = s.id JOIN taskq_task t ON t.id = r.task_id;
SELECT count(*) FROM taskq_schedule_dates('cus_n');
SELECT count(*) FROM taskq_schedule_dates('cus_s');
ROLLBACK;

-- Pauses, and policies for one customer, are those of the task, of the customer.
BEGIN;
INSERT INTO taskq_sla_policy (name, user_id, sla_hours) VALUES ('Zenith''s', 'cus_s', 3), ('all', NULL, 7);
SELECT count(taskq_pause(id, 'secret')) FROM taskq_task WHERE title LIKE '%, of nobody';
SELECT count(taskq_resume(id)) FROM taskq_task WHERE title LIKE '%, of nobody';
SET ROLE desk_south;
SELECT name FROM taskq_sla_policy ORDER BY 1;
SELECT count(*) FROM taskq_task_pause;
RESET ROLE;
SET ROLE desk_north;
SELECT name FROM taskq_sla_policy ORDER BY 1;
SELECT task_id = :north AS own FROM taskq_task_pause;
SELECT task_id = :north AS own, clock, state FROM taskq_sla_clocks;
SELECT what FROM taskq_sla_explain((SELECT min(id) FROM south));
ROLLBACK;

-- Every view, table and function shows the desk's own.
SET ROLE desk_north;
SELECT title FROM taskq_tasks ORDER BY id;
SELECT title, customer_name FROM taskq_queue;
SELECT title FROM taskq_queue_page(NULL, sort => 'created');
SELECT title FROM taskq_queue_page(NULL, search => 'south');
SELECT title FROM taskq_queue_page(NULL, user_id => 'cus_s');
SELECT taskq_queue_count(NULL) AS all, taskq_queue_count(NULL, search => 'secret') AS theirs, taskq_queue_count('{OVERDUE}') AS overdue;
SELECT open, in_progress, overdue, due_today, unassigned, completed_today, sla_at_risk, sla_breached FROM taskq_stats();
SELECT open, overdue FROM taskq_stats(user_id => 'cus_s');
TABLE taskq_queue_stats;
SELECT assignee_id, open, in_progress, overdue FROM taskq_workload ORDER BY 1;
SELECT count(*) FROM taskq_sla_violations;
SELECT tasks, met, breached FROM taskq_sla_report('-infinity', 'infinity');
SELECT task_id IN (TABLE south) AS theirs, kind, note FROM taskq_task_history ORDER BY task_id, event_id;
SELECT count(*) FROM taskq_task_event WHERE task_id IN (TABLE south);
SELECT user_id, service_type, open_task_id IN (SELECT id FROM taskq_tasks) AS has_task, notes FROM taskq_renewals;
SELECT r.user_id, count(*) FROM taskq_renewal_crossing x JOIN taskq_renewal r ON r.id = x.renewal_id GROUP BY 1;
SELECT id FROM taskq_customer;
SELECT count(*) FROM taskq_workflow_run;
-- a function that tells what it is given is given the desk's own only
SELECT status FROM taskq_comment(:acme, 'our own note');
CREATE TEMP TABLE told (what text);
CREATE FUNCTION pg_temp.tell(text) RETURNS boolean LANGUAGE plpgsql STRICT COST 0.0001 AS
$$BEGIN INSERT INTO told VALUES ($1); RETURN true; END$$;
SELECT count(*) FROM taskq_tasks WHERE pg_temp.tell(title);
SELECT count(*) FROM taskq_queue WHERE pg_temp.tell(customer_name);
SELECT count(*) FROM taskq_task_history WHERE pg_temp.tell(note);
SELECT count(*) FROM taskq_task_event WHERE pg_temp.tell(note);
SELECT count(*) FROM taskq_renewals WHERE pg_temp.tell(notes);
SELECT what FROM told GROUP BY what ORDER BY what COLLATE "C";

-- no verb reaches the other desk's tasks
CREATE FUNCTION pg_temp.attempt(verb text, many boolean) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    id bigint := (SELECT min(s.id) FROM south s);
    arguments text := CASE verb WHEN 'assign' THEN ', ''sta_1''' WHEN 'reschedule' THEN ', ''2030-01-01''' WHEN 'prioritize' THEN ', ''HIGH'''
        WHEN 'set_sla' THEN ', 1' WHEN 'edit' THEN ', ''mine''' WHEN 'comment' THEN ', ''seen''' ELSE '' END;
BEGIN
    EXECUTE format(CASE WHEN many THEN 'SELECT count(*) FROM taskq_%s_many(ARRAY[%s]%s)' ELSE 'SELECT taskq_%s(%s%s)' END, verb, id, arguments);
    RETURN 'done';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END$$;
SELECT pg_temp.attempt(verb, many) AS sqlstate, count(*)
FROM unnest('{start,complete,cancel,assign,reschedule,prioritize,set_sla,edit,comment}'::text[]) verb, unnest('{f,t}'::boolean[]) many GROUP BY 1;
SELECT status FROM taskq_start_many(ARRAY(SELECT :north UNION ALL (SELECT id FROM south LIMIT 1)));
UPDATE taskq_task SET title = 'mine' WHERE id IN (TABLE south);
SELECT taskq_renewal_cancel(:south_renewal);
SELECT taskq_renewal_complete(:south_renewal);
SELECT taskq_create('mine', dedupe_key => 'k');
SELECT taskq_create_json('{"title": "mine", "dedupe_key": "k"}');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT taskq_create('mine', dedupe_key => 'k');
ROLLBACK;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT taskq_create_json('{"title": "mine", "dedupe_key": "k"}');
ROLLBACK;
SELECT bool_or(id IN (TABLE south)) AS theirs, count(*) FROM taskq_claim('sta_2', 1000);
-- what an event does to a task of theirs, a rule does as the owner; what is told of it is what the caller may see
RESET ROLE;
SELECT taskq_grant('desk_north', 'manager');
SET ROLE desk_north;
SELECT outcome, title FROM taskq_emit_dry_run('raise', jsonb_build_object('task', jsonb_build_object('id', (SELECT min(id) FROM south))));
SELECT outcome, title FROM taskq_emit_dry_run('raise', jsonb_build_object('task', jsonb_build_object('id', :north)));
-- even a manager: cannot delete, sweep or refresh what it does not see
DELETE FROM taskq_task WHERE id IN (TABLE south);
SELECT taskq_purge('0', max_tasks => 1000), taskq_purge('0', dry_run => true);
RESET ROLE;
UPDATE taskq_renewal SET due_date = taskq_today() - 1;
SET ROLE desk_north;
SELECT DISTINCT user_id FROM taskq_renewals_refresh(true);
SELECT DISTINCT user_id FROM taskq_renewals_refresh();
SELECT kind, tasks FROM taskq_sweep() WHERE tasks > 0;

-- the other desk still has what it had
SET ROLE desk_south;
SELECT title, priority, status FROM taskq_tasks ORDER BY id;
SELECT count(*) FROM taskq_task_history WHERE note = 'a secret note';
RESET ROLE;
SELECT count(*) AS all FROM taskq_tasks;

-- FORCE: the owner is under the policies as well; sweep, history, engines and keys go on
CREATE ROLE desk_owner;
SELECT taskq_revoke('desk_north'), taskq_grant('desk_north', 'agent');
DO $$DECLARE t text; BEGIN
    FOR t IN SELECT c.oid::regclass FROM pg_depend d JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid AND c.relkind IN ('r', 'v')
        WHERE d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'taskq') AND d.deptype = 'e' LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO desk_owner', t);
    END LOOP;
    FOR t IN SELECT polrelid::regclass FROM pg_policy LOOP
        EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', t);
    END LOOP;
END$$;
SELECT taskq_grant('desk_owner', 'manager');
SET ROLE desk_owner;
SELECT count(*) FROM taskq_tasks;
SELECT taskq_create('mine', dedupe_key => 'k');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT taskq_create('mine', dedupe_key => 'k');
ROLLBACK;
SET ROLE desk_south;
SELECT status FROM taskq_start((SELECT id FROM taskq_tasks WHERE title = 'south, of nobody'));
SELECT kind FROM taskq_task_history WHERE task_id = (SELECT id FROM taskq_tasks WHERE title = 'south, of nobody') ORDER BY event_id;
SELECT count(*) FROM taskq_emit('call.missed', '{"name": "Zenith again", "customer": "cus_s"}');
SELECT title, status FROM taskq_tasks WHERE title = 'Call Zenith again';
SELECT status FROM taskq_renewal_cancel(:south_renewal);
SELECT count(*) FROM taskq_tasks WHERE status = 'CANCELLED';
RESET ROLE;
UPDATE taskq_customer SET id = 'cus_s2' WHERE id = 'cus_s';
SELECT DISTINCT user_id FROM taskq_task WHERE user_id LIKE 'cus_s%';
INSERT INTO taskq_task (title, due_date, desk) VALUES ('late', '2020-01-01', 'desk_north'), ('late', '2020-01-01', 'desk_south');
CALL taskq_sweep_all();
SELECT count(*) FROM taskq_task WHERE title = 'late' AND status = 'OVERDUE';
SELECT taskq_revoke('desk_north'), taskq_revoke('desk_south'), taskq_revoke('desk_owner');
DROP TABLE south, told;
DROP FUNCTION pg_temp.tell, pg_temp.attempt;
DROP EXTENSION taskq;
DROP ROLE desk_north, desk_south, desk_owner;
