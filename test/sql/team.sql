-- Teams: who is in them, what belongs to them, and who may claim it.
CREATE EXTENSION taskq;
\set SHOW_CONTEXT never
\set VERBOSITY terse
INSERT INTO taskq_staff_member VALUES ('ana', 'Ana'), ('bob', 'Bob'), ('cy', 'Cy');
INSERT INTO taskq_team VALUES ('claims', 'Claims', true), ('docs', 'Documents', true), ('gone', 'Gone', false);
INSERT INTO taskq_team_member VALUES ('claims', 'ana'), ('docs', 'ana'), ('docs', 'bob'), ('gone', 'cy');

-- a new task's team, and a changed one's, is active
SELECT taskq_create('of claims', team_id => 'claims') AS id \gset
SELECT taskq_create_json('{"title": "of docs", "team_id": "docs"}') ->> 'team_id' AS team;
SELECT taskq_create('of a team that is not', team_id => 'nope');
SELECT taskq_create('of an inactive one', team_id => 'gone');
SELECT taskq_create_json('{"title": "x", "team_id": "gone"}');
SELECT taskq_create_json('{"title": "x", "team_id": 1}');
SELECT assignee_id, team_id FROM taskq_assign_team(:id, 'docs', actor => 'ana');
SELECT team_id FROM taskq_assign_team(:id, 'docs');
SELECT team_id FROM taskq_assign_team(:id, NULL);
SELECT taskq_assign_team(:id, 'gone');
SELECT taskq_assign_team(:id, 'nope');
SELECT taskq_assign_team(0, 'docs');
UPDATE taskq_task SET team_id = 'gone' WHERE id = :id;
SELECT title, team_id FROM taskq_assign_team_many(ARRAY(SELECT id FROM taskq_task), 'claims');
SELECT team_id FROM taskq_assign_team_many(ARRAY[:id, 0], 'docs');
UPDATE taskq_task SET team_id = 'docs', assignee_id = 'bob' WHERE id = :id;
SELECT kind, actor IS NOT DISTINCT FROM 'ana' AS by_ana, changes FROM taskq_task_history WHERE task_id = :id ORDER BY event_id;
-- a team made inactive keeps what it has; a changed key is no change of the task
UPDATE taskq_team SET is_active = false WHERE id = 'docs';
SELECT priority, team_id FROM taskq_prioritize(:id, 'HIGH');
SELECT status FROM taskq_cancel(:id);
SELECT taskq_assign_team(:id, 'claims');
UPDATE taskq_team SET id = 'papers', is_active = true WHERE id = 'docs';
SELECT title, status, team_id FROM taskq_tasks ORDER BY id;
SELECT * FROM taskq_team_member ORDER BY 1, 2;
DELETE FROM taskq_team WHERE id = 'papers';

-- pages, counts and numbers of a team, as those of all that have it
INSERT INTO taskq_task (title, priority, due_date, assignee_id, team_id, status, started_at, completed_at, cancelled_at, sla_hours, created_at)
SELECT 'task ' || g, (enum_range(NULL::taskq_priority))[1 + g % 4], CASE WHEN g % 5 > 0 THEN taskq_today() + g % 7 - 3 END,
    CASE g % 3 WHEN 0 THEN 'ana' WHEN 1 THEN 'bob' END, (ARRAY['claims', 'papers', NULL])[1 + g / 5 % 3],
    s.status::taskq_status, CASE WHEN s.started THEN now() - interval '1 day' END,
    CASE s.status WHEN 'COMPLETED' THEN now() - g % 9 * interval '1 second' END, CASE s.status WHEN 'CANCELLED' THEN now() END,
    CASE WHEN g % 4 = 0 THEN g % 50 + 1 END, now() - interval '1 day'
FROM generate_series(1, 400) g JOIN (VALUES (0, 'OPEN', false), (1, 'IN_PROGRESS', true), (2, 'COMPLETED', true), (3, 'CANCELLED', false)) s(n, status, started) ON s.n = g / 7 % 4;
CREATE FUNCTION differing(filter text, condition text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE wrong text := '';
    s text;
    page bigint[];
    counted bigint;
    truth bigint[];
BEGIN
    FOREACH s IN ARRAY '{due,priority,created,sla,closed}'::text[] LOOP
        -- page after page
        EXECUTE format($q$WITH RECURSIVE p AS (
            SELECT 0 AS page, NULL::bigint AS id, NULL::text AS cursor, 0::bigint AS n
            UNION ALL SELECT p.page + 1, q.id, q.cursor, q.n FROM p, LATERAL (SELECT id, cursor, row_number() OVER () AS n
                FROM taskq_queue_page(%1$s, sort => %2$L, page_size => 40, after => p.cursor)) q WHERE p.page = 0 OR p.n = 40)
            SELECT array_agg(id ORDER BY page, n) FROM p WHERE page > 0$q$, filter, s) INTO page;
        EXECUTE format($q$SELECT array_agg(id ORDER BY n) FROM (SELECT id, row_number() OVER () AS n
            FROM taskq_queue_page(%s, sort => %L, page_size => 1000) ) q WHERE id IN (SELECT id FROM taskq_tasks WHERE %s)$q$,
            regexp_replace(filter, ', team_id => ''[a-z]*''', ''), s, condition) INTO truth;
        IF page IS DISTINCT FROM truth THEN wrong := wrong || ' ' || s; END IF;
    END LOOP;
    EXECUTE format('SELECT taskq_queue_count(%s)', filter) INTO counted;
    IF counted <> coalesce(cardinality(truth), 0) OR counted = 0 THEN wrong := wrong || ' count'; END IF;
    RETURN wrong;
END$$;
SELECT f, differing(f, 'team_id = ''papers''') FROM unnest(ARRAY[
    'NULL, team_id => ''papers''', '''{OPEN}'', team_id => ''papers''', '''{COMPLETED,CANCELLED}'', team_id => ''papers''', '''{OVERDUE,OPEN}'', ''{LOW,URGENT}'', team_id => ''papers''',
    'NULL, unassigned => true, team_id => ''papers''', 'NULL, assignee_id => ''ana'', team_id => ''papers''', 'NULL, assignee_is_active => true, team_id => ''papers''',
    'NULL, sla_status => ''{BREACHED,AT_RISK}'', team_id => ''papers''', 'NULL, search => ''2'', team_id => ''papers''', 'NULL, due_from => taskq_today(), team_id => ''papers''']) f;
SELECT taskq_queue_count(team_id => 'nope') AS none, (SELECT count(*) FROM taskq_queue_page(NULL, team_id => 'nope')) AS no_rows;
CREATE VIEW truth AS
SELECT team_id, count(*) FILTER (WHERE status = 'OPEN') AS open, count(*) FILTER (WHERE status = 'IN_PROGRESS') AS in_progress, count(*) FILTER (WHERE status = 'OVERDUE') AS overdue,
    count(*) FILTER (WHERE is_active AND due_date = taskq_today()) AS due_today, count(*) FILTER (WHERE is_active AND assignee_id IS NULL) AS unassigned,
    count(*) FILTER (WHERE completed_at >= taskq_day_start(taskq_today())) AS completed_today,
    count(*) FILTER (WHERE is_active AND sla_status = 'AT_RISK') AS sla_at_risk, count(*) FILTER (WHERE is_active AND sla_status = 'BREACHED') AS sla_breached
FROM taskq_tasks WHERE team_id IS NOT NULL GROUP BY team_id;
SELECT t.team_id, s.open = t.open AND s.in_progress = t.in_progress AND s.overdue = t.overdue AND s.due_today = t.due_today AND s.unassigned = t.unassigned
    AND s.completed_today = t.completed_today AND s.sla_at_risk = t.sla_at_risk AND s.sla_breached = t.sla_breached AS same, s.overdue > 0 AS any
FROM truth t, taskq_stats(team_id => t.team_id) s ORDER BY 1;
SELECT o.open = count(*) AS same FROM taskq_stats('ana', NULL, 'claims') o, taskq_tasks t WHERE t.assignee_id = 'ana' AND t.team_id = 'claims' AND t.status = 'OPEN' GROUP BY o.open;
UPDATE taskq_staff_member SET away_until = taskq_today() WHERE id = 'bob';
SELECT w.team_id, team_name, members, available, team_is_active, w.open = t.open AND w.unassigned = t.unassigned AS same FROM taskq_team_workload w LEFT JOIN truth t USING (team_id) ORDER BY 1;
SELECT assignee_id, away_until = taskq_today() AS today FROM taskq_workload ORDER BY 1;
SELECT group_key, r.tasks = count(*) AS same FROM taskq_sla_report('-infinity', 'infinity', 'team') r JOIN taskq_task t ON t.team_id IS NOT DISTINCT FROM r.group_key AND t.sla_due_at IS NOT NULL
GROUP BY group_key, r.tasks ORDER BY 1;
SELECT taskq_sla_report('-infinity', 'infinity', 'squad');

-- by row security, which takes the statements, the same
CREATE ROLE regress_taskq_team;
GRANT USAGE ON SCHEMA public TO regress_taskq_team;
SELECT taskq_grant('regress_taskq_team', 'agent');
GRANT SELECT ON truth TO regress_taskq_team;
ALTER TABLE taskq_task ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON taskq_task TO regress_taskq_team USING (team_id = 'papers');
SET ROLE regress_taskq_team;
SELECT team_id, open = (SELECT t.open FROM truth t WHERE t.team_id = w.team_id) AS same, unassigned > 0 AS any FROM taskq_team_workload w ORDER BY 1;
SELECT count(*) > 0 AS any, bool_and(team_id = 'papers') AS seen FROM taskq_queue_page(team_id => 'papers');
SELECT count(*) FROM taskq_queue_page(team_id => 'claims');
BEGIN;
SELECT count(*) FROM taskq_claim('cy', 1000);
SELECT count(*) > 0 AS any, bool_and(team_id = 'papers') AS seen FROM taskq_claim('bob', 1000);
ROLLBACK;
SELECT taskq_assign_team((SELECT min(id) FROM taskq_tasks WHERE is_active), 'claims');
INSERT INTO taskq_team VALUES ('mine', 'Mine');
RESET ROLE;
ALTER TABLE taskq_task DISABLE ROW LEVEL SECURITY;

-- claims: of the teams that one is in, and of none, the most urgent first
CREATE VIEW in_order AS
SELECT id, team_id, row_number() OVER (ORDER BY taskq_priority_rank(priority), due_date NULLS LAST, id) AS n FROM taskq_tasks WHERE is_active AND assignee_id IS NULL;
CREATE FUNCTION claimed(staff text, n int, team text, may text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    expected bigint[] := ARRAY(SELECT id FROM in_order WHERE CASE WHEN team IS NOT NULL THEN team_id = team ELSE team_id IS NULL OR team_id = ANY (may) END ORDER BY in_order.n LIMIT claimed.n);
    taken bigint[];
BEGIN
    taken := ARRAY(SELECT id FROM taskq_claim(staff, n, team) WITH ORDINALITY c ORDER BY c.ordinality);
    RETURN CASE WHEN taken = expected THEN 'the first ' || cardinality(taken) ELSE format('%s instead of %s', taken, expected) END;
END$$;
SELECT count(*), count(*) FILTER (WHERE team_id = 'claims') AS claims, count(*) FILTER (WHERE team_id = 'papers') AS papers FROM in_order;
SELECT claimed('bob', 3, NULL, '{papers}'), claimed('ana', 5, NULL, '{claims,papers}'), claimed('cy', 4, NULL, '{gone}');
SELECT claimed('bob', 2, 'papers', NULL) AS own, claimed('cy', 2, 'claims', NULL) AS of_another;
SELECT taskq_pause(id) IS NOT NULL AS paused FROM in_order WHERE team_id = 'claims' ORDER BY n LIMIT 1;
SELECT count(*), bool_and(paused_at IS NULL) AS not_paused FROM taskq_claim('ana', 1, 'claims');
SELECT claimed('ana', 1000, 'papers', NULL), claimed('cy', 1000, NULL, '{gone}');
SELECT count(*) FROM taskq_claim('cy', 1000);
SELECT team_id, count(*) FROM in_order GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM taskq_claim('ana', 1, 'nope');
-- what is left to a team that has been closed is claimed all the same
UPDATE taskq_team SET is_active = false WHERE id = 'claims';
SELECT team_id FROM taskq_claim('bob', 1, 'claims');
SELECT count(*) FROM taskq_claim('ana', 1000);
SELECT subject, what FROM taskq_check() WHERE subject LIKE 'team %';

-- mirrored
CREATE TABLE squad (code text, label text, live boolean);
CREATE TABLE seat (squad text, person int);
CREATE TRIGGER m AFTER INSERT OR UPDATE OR DELETE ON squad FOR EACH ROW EXECUTE FUNCTION taskq_mirror('team', 'code', 'label', 'live');
CREATE TRIGGER m AFTER INSERT OR UPDATE OR DELETE ON seat FOR EACH ROW EXECUTE FUNCTION taskq_mirror('team_member', 'squad', 'person');
INSERT INTO taskq_staff_member VALUES ('7', 'Seven'), ('8', 'Eight');
INSERT INTO squad VALUES ('sq_1', 'One', true), ('sq_2', NULL, NULL);
INSERT INTO seat VALUES ('sq_1', 7), ('sq_1', 7), ('sq_2', 7);
UPDATE squad SET label = 'First', live = false WHERE code = 'sq_1';
DELETE FROM squad WHERE code = 'sq_2';
UPDATE seat SET person = 8 WHERE squad = 'sq_2';
DELETE FROM seat WHERE ctid = (SELECT min(ctid) FROM seat);
SELECT * FROM taskq_team WHERE id LIKE 'sq%' ORDER BY 1;
SELECT * FROM taskq_team_member WHERE team_id LIKE 'sq%' ORDER BY 1, 2;
UPDATE squad SET code = 'sq_3';
INSERT INTO seat VALUES ('sq_1', NULL);
INSERT INTO seat VALUES ('sq_1', 9);
DROP TRIGGER m ON seat;
CREATE TRIGGER m AFTER INSERT ON seat FOR EACH ROW EXECUTE FUNCTION taskq_mirror('team_member', 'squad');
INSERT INTO seat VALUES ('sq_1', 7);
DROP TRIGGER m ON seat;
CREATE TRIGGER m AFTER INSERT ON seat FOR EACH ROW EXECUTE FUNCTION taskq_mirror('team_member', 'squad', 'person', 'person');
INSERT INTO seat VALUES ('sq_1', 7);
DROP TABLE squad, seat;

-- rules and thresholds: the task's team, and whom of it LEAST_LOADED chooses
INSERT INTO taskq_team VALUES ('one', 'One'), ('two', 'Two');
INSERT INTO taskq_team_member VALUES ('one', '7'), ('one', '8'), ('two', 'cy');
INSERT INTO taskq_customer VALUES ('cus_1', 'Acme', '7');
INSERT INTO taskq_workflow_rule (name, event, action, assignee_strategy, team_id) VALUES
    ('to the team', 'a', 'CREATE_TASK', NULL, 'two'), ('to one of it', 'b', 'CREATE_TASK', 'LEAST_LOADED', 'one'), ('to the agent', 'c', 'CREATE_TASK', 'CUSTOMER_AGENT', NULL),
    ('given to the team', 'd', 'ASSIGN', NULL, 'two'), ('given to the agent', 'e', 'ASSIGN', 'CUSTOMER_AGENT', NULL), ('to all', 'f', 'CREATE_TASK', 'LEAST_LOADED', NULL);
INSERT INTO taskq_workflow_rule (name, event, action) VALUES ('nobody', 'd', 'ASSIGN');
CREATE FUNCTION came_of(event text, task bigint DEFAULT NULL) RETURNS TABLE (outcome text, assignee_id text, team_id text, message text) LANGUAGE sql AS $$
    SELECT count(*) FROM taskq_emit(event, jsonb_build_object('task', jsonb_build_object('id', task)), 'cus_1');
    SELECT r.outcome, t.assignee_id, t.team_id, r.message FROM (SELECT * FROM taskq_workflow_run ORDER BY id DESC LIMIT 1) r LEFT JOIN taskq_task t ON t.id = r.task_id
$$;
SELECT * FROM came_of('a');
SELECT * FROM came_of('b');
SELECT * FROM came_of('b');
SELECT * FROM came_of('c');
SELECT taskq_create('to give') AS give \gset
SELECT * FROM came_of('d', :give);
SELECT * FROM came_of('d', :give);
SELECT * FROM came_of('e', :give);
-- an inactive team is none; one without members has nobody
UPDATE taskq_team SET is_active = false WHERE id IN ('one', 'two');
SELECT * FROM came_of('a');
SELECT * FROM came_of('b');
SELECT * FROM came_of('d', :give);
SELECT subject, what FROM taskq_check() WHERE subject LIKE 'rule %' AND what LIKE '%team%';
UPDATE taskq_team SET is_active = true WHERE id IN ('one', 'two');
DELETE FROM taskq_team_member WHERE team_id = 'one' AND staff_id = '8';
-- who is away is not chosen; the agent's team is, and what is assigned by hand stays allowed
UPDATE taskq_staff_member SET away_until = taskq_today() WHERE id = '7';
SELECT * FROM came_of('b');
SELECT * FROM came_of('c');
SELECT * FROM came_of('e', :give);
SELECT assignee_id <> '7' AS another FROM came_of('f');
SELECT assignee_id FROM taskq_assign(:give, '7');
SELECT taskq_create('by hand', assignee_id => '7') > 0 AS created;
SELECT taskq_renewal_create('cus_1', 'permit', taskq_today() + 10) AS r1, taskq_renewal_create('cus_1', 'visa', taskq_today() + 10, '7') AS r2 \gset
INSERT INTO taskq_renewal_threshold (service_type, days_before, task_priority, team_id) VALUES ('visa', 20, 'LOW', 'two'), ('licence', 20, 'LOW', 'two');
SELECT days_before, team_id FROM taskq_renewal_ladder('visa');
SELECT taskq_renewal_create('cus_1', 'licence', taskq_today() + 10) AS r3 \gset
SELECT count(*) FROM taskq_renewals_refresh();
SELECT r.service_type, t.assignee_id, t.team_id FROM taskq_renewals r JOIN taskq_task t ON t.id = r.open_task_id ORDER BY r.id;
UPDATE taskq_renewal SET assignee_id = 'cy' WHERE id = :r1;
SELECT assignee_id, team_id FROM taskq_task WHERE id = (SELECT open_task_id FROM taskq_renewals WHERE id = :r1);
UPDATE taskq_task SET team_id = NULL WHERE id = (SELECT open_task_id FROM taskq_renewals WHERE id = :r1);
UPDATE taskq_renewal SET assignee_id = NULL WHERE id = :r1;
SELECT assignee_id, team_id FROM taskq_task WHERE id = (SELECT open_task_id FROM taskq_renewals WHERE id = :r1);
UPDATE taskq_staff_member SET away_until = taskq_today() - 1 WHERE id = '7';
SELECT * FROM came_of('c');
SELECT taskq_renewal_create('cus_1', 'permit', taskq_today() + 11) AS r4 \gset
SELECT count(*) FROM taskq_renewals_refresh();
SELECT r.service_type, t.assignee_id, t.team_id FROM taskq_renewals r JOIN taskq_task t ON t.id = r.open_task_id ORDER BY r.id;
-- task.assigned comes of a new team, too
INSERT INTO taskq_workflow_rule (name, event, action, title_template) VALUES ('tell', 'task.assigned', 'CREATE_TASK', '{{task.team_id}}, {{task.assignee_id}}');
SELECT count(*) FROM taskq_assign_team(:give, 'two');
UPDATE taskq_task SET team_id = 'one', title = 'renamed' WHERE id = :give;
SELECT title FROM taskq_task WHERE source = 'WORKFLOW' ORDER BY id DESC LIMIT 2;

SELECT taskq_revoke('regress_taskq_team');
DROP VIEW truth, in_order;
DROP FUNCTION differing, claimed, came_of;
DROP EXTENSION taskq;
DROP OWNED BY regress_taskq_team;
DROP ROLE regress_taskq_team;
