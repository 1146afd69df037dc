-- Workflow: executing rules.
CREATE EXTENSION taskq;
\set SHOW_CONTEXT never
\set VERBOSITY terse
INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana', true), ('sta_2', 'Bob', true), ('sta_3', 'Cy', true), ('sta_4', 'Di', false);
INSERT INTO taskq_customer VALUES ('cus_1', 'Acme', 'sta_1'), ('cus_2', 'Zenith', 'sta_4'), ('cus_3', 'Nobody''s', NULL);
CREATE VIEW made AS
SELECT title, description, priority, due_date - taskq_today() AS due_in, sla_hours, assignee_id, user_id, source, dedupe_key, created_by
FROM taskq_task ORDER BY id DESC LIMIT 1;
CREATE VIEW run AS SELECT rule_name, event, depth, outcome, task_id IS NOT NULL AS task, message FROM taskq_workflow_run ORDER BY id DESC LIMIT 1;

-- CREATE_TASK, with everything
INSERT INTO taskq_workflow_rule (name, event, condition, action, title_template, description_template, priority, due_in_days, sla_hours,
                                 assignee_path, user_id_path, dedupe_key)
VALUES ('full', 'full', '$.size > 3', 'CREATE_TASK', 'Look at {{name}}', 'It is {{size}} long', 'HIGH', 2, 8, 'who', 'customer', 'look-{{id}}');
SELECT count(*) FROM taskq_emit('full', '{"size": 3}');
SELECT count(*) FROM taskq_emit('full', '{"size": "big"}');
SELECT count(*) FROM taskq_emit('full', '{"size": 4, "name": "it", "id": 7, "who": "sta_2", "customer": "cus_1"}', actor => 'me');
SELECT * FROM made;
SELECT * FROM run;
SELECT count(*) FROM taskq_emit('full', '{"size": 5, "name": "it again", "id": 7, "who": "sta_2", "customer": "cus_1"}');
SELECT * FROM run;
-- with nothing: the rule's name, the event's customer
INSERT INTO taskq_workflow_rule (name, event, action) VALUES ('bare', 'bare', 'CREATE_TASK');
SELECT count(*) FROM taskq_emit('bare', '{}', 'cus_1');
SELECT * FROM made;
-- a failure is recorded and breaks nothing
INSERT INTO taskq_workflow_rule (name, event, action, title_template, user_id_path) VALUES ('odd', 'odd', 'CREATE_TASK', '{{title}}', 'customer');
BEGIN;
SELECT count(*) FROM taskq_emit('odd', '{"title": "x", "customer": "cus_9"}');
SELECT * FROM run;
SELECT count(*) FROM taskq_emit('odd', '{"title": "two\nlines \u200e{{title}}"}');
SELECT title FROM made;
SELECT * FROM run;
COMMIT;
-- a text that is too long is cut off between characters; what cannot be a title gives way to the rule's name
INSERT INTO taskq_workflow_rule (name, event, action, title_template, description_template)
VALUES ('the rule''s name', 'text', 'CREATE_TASK', '{{t}}', '{{d}}');
CREATE FUNCTION texts(payload jsonb, OUT title text, OUT title_length int, OUT description_length int, OUT message text) LANGUAGE sql AS $$
SELECT taskq_emit('text', payload);
SELECT regexp_replace(m.title, '(.)\1{10,}', '\1...', 'g'), length(m.title), length(m.description), r.message FROM made m, run r$$;
SELECT * FROM texts(jsonb_build_object('t', repeat('x', 200), 'd', repeat('d', 65536)));
SELECT * FROM texts(jsonb_build_object('t', repeat('x', 201), 'd', repeat('d', 65537)));
SELECT * FROM texts(jsonb_build_object('t', 'a' || repeat('é', 250), 'd', 'a' || repeat('🦊', 70000)));
SELECT * FROM texts(jsonb_build_object('t', repeat('x', 199) || '  and more'));
SELECT * FROM texts(jsonb_build_object('t', repeat(' ', 300) || 'text'));
SELECT * FROM texts(jsonb_build_object('t', repeat(' ', 300)));
SELECT * FROM texts('{}');
SELECT * FROM texts('{"t": " \t\u00a0", "d": ""}');
-- a message shows of an id no part of a character
INSERT INTO taskq_workflow_rule (name, event, action, assignee_path) VALUES ('long', 'long', 'CREATE_TASK', 'who');
SELECT count(*) FROM taskq_emit('long', jsonb_build_object('who', 'a' || repeat('é', 100)));
SELECT message, octet_length(message) FROM run;
SELECT count(*) FROM taskq_emit('long', '{}');
SELECT message FROM run;
-- a placeholder without a value would make one key of many
INSERT INTO taskq_workflow_rule (name, event, action, title_template, dedupe_key) VALUES ('chase', 'chase', 'CREATE_TASK', 'Chase', 'chase-{{kind}}-{{new.id}}');
INSERT INTO taskq_workflow_rule (name, event, action, assignee_id, dedupe_key) VALUES
    ('chase up', 'chase up', 'ESCALATE', NULL, 'chase-{{kind}}-{{new.id}}'), ('chase to', 'chase to', 'ASSIGN', 'sta_1', 'chase-{{kind}}-{{new.id}}');
CREATE FUNCTION emitted(event text, payload jsonb, OUT outcome text, OUT task boolean, OUT message text) LANGUAGE sql AS $$
SELECT taskq_emit(event, payload);
SELECT outcome, task, message FROM run$$;
SELECT p.payload, e.event, r.*
FROM (VALUES (1, '{"kind": "a"}'::jsonb), (2, '{"new": {"id": 1}}'), (3, '{"kind": "a", "new": {"id": null}}'), (4, '{"kind": "a", "new": [1]}'),
        (5, '{"kind": "a", "new": {"id": ""}}'), (6, '{"kind": " \t", "new": {"id": 1}}'), (7, '{"kind": {}, "new": {"id": 1}}'),
        (8, '{"kind": "a", "new": {"id": []}}'), (9, '{"kind": "a", "new": {"id": 0}}'), (10, '{"kind": false, "new": {"id": "x"}}'),
        (11, '{"kind": ["a"], "new": {"id": {"n": 1}}}')) p(n, payload)
    CROSS JOIN (VALUES (1, 'chase'), (2, 'chase up'), (3, 'chase to')) e(n, event)
    CROSS JOIN LATERAL emitted(e.event, p.payload) r ORDER BY p.n, e.n;
SELECT dedupe_key FROM taskq_task WHERE title = 'Chase' ORDER BY id;
SELECT outcome, message FROM unnest('{chase,chase up,chase to}'::text[]) event, taskq_emit_dry_run(event, '{"kind": "a"}');
SELECT outcome, message FROM unnest('{chase,chase up,chase to}'::text[]) event, taskq_emit_dry_run(event, jsonb_build_object('kind', 'a', 'new', jsonb_build_object('id', repeat('x', 300))));
-- assignment
INSERT INTO taskq_workflow_rule (name, event, action, assignee_strategy) VALUES ('agent', 'agent', 'CREATE_TASK', 'CUSTOMER_AGENT');
SELECT count(*) FROM taskq_emit('agent', '{}', 'cus_1');
SELECT assignee_id FROM made;
SELECT count(*) FROM taskq_emit('agent', '{}', 'cus_2');
SELECT assignee_id, (SELECT message FROM run) FROM made;
SELECT count(*) FROM taskq_emit('agent', '{}', 'cus_3');
SELECT assignee_id, (SELECT message FROM run) FROM made;
SELECT count(*) FROM taskq_emit('agent', '{}');
SELECT assignee_id, (SELECT message FROM run) FROM made;
INSERT INTO taskq_workflow_rule (name, event, action, assignee_id) VALUES ('fixed', 'fixed', 'CREATE_TASK', 'sta_3');
SELECT count(*) FROM taskq_emit('fixed', '{}');
SELECT assignee_id FROM made;
SELECT count(*) > 0 AS cancelled FROM taskq_cancel_many((SELECT array_agg(id) FROM taskq_task WHERE completed_at IS NULL AND cancelled_at IS NULL));
INSERT INTO taskq_workflow_rule (name, event, action, assignee_strategy, assignee_pool)
VALUES ('fair', 'fair', 'CREATE_TASK', 'LEAST_LOADED', '{sta_1,sta_2,sta_4,sta_9}');
SELECT count(*) FROM (SELECT taskq_emit('fair', '{}') FROM generate_series(1, 5)) f;
SELECT assignee_id, count(*) FROM taskq_task WHERE title = 'fair' GROUP BY 1 ORDER BY 1;
-- what is paused is no load
BEGIN;
UPDATE taskq_task SET paused_at = now() WHERE title = 'fair' AND assignee_id = 'sta_1';
SELECT count(*) FROM (SELECT taskq_emit('fair', '{}') FROM generate_series(1, 2)) f;
SELECT assignee_id, count(*) FROM taskq_task WHERE title = 'fair' AND paused_at IS NULL GROUP BY 1 ORDER BY 1;
ROLLBACK;
SELECT count(*) FROM taskq_cancel_many((SELECT array_agg(id) FROM taskq_task WHERE title = 'fair'));
-- ties: whose turn is longest ago
SELECT count(*) FROM taskq_emit('fair', '{}');
SELECT assignee_id FROM made;
UPDATE taskq_workflow_rule SET assignee_pool = '{sta_4,sta_9}' WHERE name = 'fair';
SELECT count(*) FROM taskq_emit('fair', '{}');
SELECT assignee_id, (SELECT message FROM run) FROM made;
-- ESCALATE and ASSIGN, linked by key or by the payload's task
INSERT INTO taskq_workflow_rule (name, event, action, priority, dedupe_key) VALUES ('up', 'up', 'ESCALATE', 'HIGH', 'k-{{id}}'), ('step', 'step', 'ESCALATE', NULL, NULL);
INSERT INTO taskq_workflow_rule (name, event, action, assignee_path) VALUES ('give', 'give', 'ASSIGN', 'who');
SELECT taskq_create('linked', dedupe_key => 'k-1') AS id \gset
SELECT taskq_emit('up', '{"id": 1}'), taskq_emit('up', '{"id": 2}') \g /dev/null
SELECT rule_name, outcome, message FROM taskq_workflow_run ORDER BY id DESC LIMIT 1;
SELECT priority FROM taskq_task WHERE id = :id;
SELECT taskq_emit('up', '{"id": 1}') \g /dev/null
SELECT * FROM run;
SELECT taskq_emit('step', jsonb_build_object('task', jsonb_build_object('id', :id))) \g /dev/null
SELECT taskq_emit('step', jsonb_build_object('task', jsonb_build_object('id', :id))) \g /dev/null
SELECT outcome, message FROM taskq_workflow_run ORDER BY id DESC LIMIT 2;
SELECT taskq_emit('step', '{}') \g /dev/null
SELECT * FROM run;
CREATE FUNCTION suppress() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER suppress BEFORE UPDATE ON taskq_task FOR EACH ROW EXECUTE FUNCTION suppress();
SELECT taskq_emit('give', jsonb_build_object('who', 'sta_2', 'task', jsonb_build_object('id', :id))) \g /dev/null
SELECT * FROM run;
DROP TRIGGER suppress ON taskq_task;
SELECT taskq_emit('give', jsonb_build_object('who', 'sta_2', 'task', jsonb_build_object('id', :id))) \g /dev/null
SELECT taskq_emit('give', jsonb_build_object('who', 'sta_4', 'task', jsonb_build_object('id', :id))) \g /dev/null
SELECT outcome, message FROM taskq_workflow_run ORDER BY id DESC LIMIT 2;
SELECT kind, actor = session_user AS by_me FROM taskq_task_event WHERE task_id = :id ORDER BY id;
-- taskq's own events: for what a user does, and for what the sweep does
INSERT INTO taskq_workflow_rule (name, event, condition, action, title_template) VALUES
    ('on created', 'task.created', '$.task.source == "MANUAL"', 'CREATE_TASK', 'after {{task.title}}'),
    ('on completed', 'task.completed', NULL, 'CREATE_TASK', 'after {{task.title}}, {{task.status}} by {{actor}}'),
    ('on cancelled', 'task.cancelled', NULL, 'CREATE_TASK', 'after {{task.title}}, {{task.status}}'),
    ('on overdue', 'task.overdue', NULL, 'CREATE_TASK', 'after {{task.title}}, {{task.days_overdue}} late'),
    ('on breached', 'task.sla_breached', '$.task.source == "MANUAL"', 'ESCALATE', NULL);
DELETE FROM taskq_workflow_run;
SELECT taskq_create('one') AS one \gset
SELECT count(*) FROM taskq_start(:one), taskq_complete(:one, actor => 'sta_1');
UPDATE taskq_task SET status = 'CANCELLED' WHERE title = 'after one';
INSERT INTO taskq_task (title, due_date) VALUES ('raw', taskq_today() - 3);
INSERT INTO taskq_task (title, created_at, sla_hours) VALUES ('late', now() - interval '3 hours', 2);
SELECT * FROM taskq_sweep();
SELECT rule_name, depth, outcome, message FROM taskq_workflow_run ORDER BY id;
SELECT title, priority, created_by FROM taskq_task WHERE title LIKE 'after%' OR title = 'late' ORDER BY id;
DELETE FROM taskq_workflow_rule;
-- a rule fires once in a chain that it is part of, which is recorded once for the event from outside
INSERT INTO taskq_workflow_rule (name, event, action) VALUES ('again', 'task.created', 'CREATE_TASK');
DELETE FROM taskq_workflow_run;
SELECT taskq_create('start') > 0 AS created;
SELECT depth, outcome, message FROM taskq_workflow_run ORDER BY depth;
INSERT INTO taskq_workflow_rule (name, event, action) VALUES ('a second', 'task.created', 'CREATE_TASK'), ('a third', 'task.created', 'CREATE_TASK');
DELETE FROM taskq_workflow_run;
SELECT count(*) AS tasks FROM taskq_task \gset
SELECT taskq_create('start') > 0 AS created;
SELECT count(*) - :tasks AS made FROM taskq_task;
SELECT rule_name, depth, outcome, count(*) FROM taskq_workflow_run GROUP BY 1, 2, 3 ORDER BY 3, 1, 2;
-- in the same transaction the next event begins anew; what a savepoint takes back was not recorded
BEGIN;
DELETE FROM taskq_workflow_run;
SAVEPOINT s;
SELECT taskq_create('start') > 0 AS created;
ROLLBACK TO s;
SELECT count(*) FROM (SELECT taskq_create('start') FROM generate_series(1, 3)) c;
SELECT outcome, count(*) FROM taskq_workflow_run GROUP BY 1 ORDER BY 1;
ROLLBACK;
-- an event from outside leads to 100 tasks at most: the rest is recorded once
INSERT INTO taskq_workflow_rule (name, event, action) SELECT 'rule ' || g, 'task.created', 'CREATE_TASK' FROM generate_series(4, 9) g;
INSERT INTO taskq_workflow_rule (name, event, action) VALUES ('raise', 'task.created', 'ESCALATE');
DELETE FROM taskq_workflow_run;
SELECT count(*) AS tasks FROM taskq_task \gset
SELECT taskq_create('start') > 0 AS created;
SELECT count(*) - :tasks AS made FROM taskq_task;
SELECT outcome, depth > 8 AS deep, message, count(*), count(DISTINCT rule_id) AS rules FROM taskq_workflow_run GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
DELETE FROM taskq_workflow_rule;
INSERT INTO taskq_workflow_rule (name, event, action) SELECT 'rule ' || g, 'many', 'CREATE_TASK' FROM generate_series(1, 110) g;
SELECT count(*) FROM taskq_emit('many', '{}');
SELECT rule_name, outcome, message FROM taskq_workflow_run WHERE event = 'many' AND outcome <> 'created';
SELECT outcome, message, count(*) FROM taskq_emit_dry_run('many', '{}') GROUP BY 1, 2 ORDER BY 3;
-- a statement's events are from outside each
DELETE FROM taskq_workflow_rule;
INSERT INTO taskq_workflow_rule (name, event, action, title_template) VALUES ('late', 'task.overdue', 'CREATE_TASK', 'after {{task.title}}');
INSERT INTO taskq_task (title, due_date) SELECT 'overdue ' || g, '2020-01-01' FROM generate_series(1, 250) g;
SELECT tasks FROM taskq_sweep() WHERE kind = 'tasks_created';
SELECT count(*) FROM taskq_task WHERE title LIKE 'after overdue %';
-- what a trigger of the user's does in an action belongs to the chain; what it takes back is work all the same
CREATE SEQUENCE attempt;
CREATE FUNCTION one_more() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM nextval('attempt');
    PERFORM taskq_emit('made', jsonb_build_object('title', new.title));
    BEGIN
        PERFORM taskq_emit('taken back', '{}');
        RAISE EXCEPTION 'no';
    EXCEPTION WHEN raise_exception THEN
    END;
    RETURN new;
END$$;
CREATE TRIGGER one_more AFTER INSERT ON taskq_task FOR EACH ROW EXECUTE FUNCTION one_more();
INSERT INTO taskq_workflow_rule (name, event, action) VALUES ('made', 'made', 'CREATE_TASK');
INSERT INTO taskq_workflow_rule (name, event, action) SELECT 'taken back ' || g, 'taken back', 'CREATE_TASK' FROM generate_series(1, 60) g;
DELETE FROM taskq_workflow_run;
SELECT count(*) FROM taskq_emit('made', '{}');
SELECT rule_name, depth, outcome, message FROM taskq_workflow_run ORDER BY id;
SELECT last_value FROM attempt;
DROP TRIGGER one_more ON taskq_task;
-- nor does a trigger on the runs evade that
CREATE FUNCTION one_more_run() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS
'BEGIN PERFORM taskq_emit(''made'', ''{}''); RETURN new; END';
CREATE TRIGGER one_more AFTER INSERT ON taskq_workflow_run FOR EACH ROW EXECUTE FUNCTION one_more_run();
DELETE FROM taskq_workflow_run;
SELECT count(*) FROM taskq_emit('made', '{}');
SELECT rule_name, depth, outcome, message FROM taskq_workflow_run ORDER BY id;
CREATE OR REPLACE FUNCTION one_more_run() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
DROP TRIGGER one_more ON taskq_workflow_run;
CREATE TRIGGER one_more BEFORE INSERT ON taskq_workflow_run FOR EACH ROW EXECUTE FUNCTION one_more_run();
SELECT count(*) FROM taskq_emit('made', '{}');
SELECT count(*) FROM taskq_emit_dry_run('made', '{}');
DROP TRIGGER one_more ON taskq_workflow_run;
-- chains of different rules end, too
DELETE FROM taskq_workflow_rule;
INSERT INTO taskq_workflow_rule (name, event, condition, action, title_template)
SELECT 'step ' || g, 'task.created', format('$.task.title == "step %s"', g - 1)::jsonpath, 'CREATE_TASK', 'step ' || g FROM generate_series(1, 10) g;
DELETE FROM taskq_workflow_run;
SELECT taskq_create('step 0') > 0 AS created;
SELECT depth, outcome, message FROM taskq_workflow_run ORDER BY depth;
-- errors that are no matter of the rule reach the caller
CREATE FUNCTION raise_it() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION USING ERRCODE = new.title, MESSAGE = ''raised''; END';
CREATE TRIGGER raise_it BEFORE INSERT ON taskq_task FOR EACH ROW WHEN (new.source = 'WORKFLOW') EXECUTE FUNCTION raise_it();
INSERT INTO taskq_workflow_rule (name, event, action, title_template) VALUES ('raise', 'raise', 'CREATE_TASK', '{{state}}');
CREATE FUNCTION reaches(state text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM taskq_emit('raise', jsonb_build_object('state', state));
    RETURN (SELECT outcome FROM taskq_workflow_run WHERE event = 'raise' ORDER BY id DESC LIMIT 1);
EXCEPTION WHEN OTHERS OR query_canceled OR assert_failure THEN
    RETURN 'raised ' || SQLSTATE;
END$$;
SELECT state, reaches(state) FROM unnest('{P0001,22023,23505,23514,42501,54001,55P03,P0004,25006,40001,40P01,53100,53200,57014,57P01,57P02,58030,XX000,XX001}'::text[]) state;
SELECT count(*) FROM taskq_task WHERE source = 'WORKFLOW' AND title ~ '^[0-9PX]{5}$';
DROP TRIGGER raise_it ON taskq_task;
-- so does a statement_timeout in a condition
INSERT INTO taskq_workflow_rule (name, event, condition, action) VALUES ('slow', 'slow', 'exists($.a[*] ? (@ == $.b[*]))', 'CREATE_TASK');
CREATE TABLE slow AS SELECT jsonb_build_object('a', array_agg(g), 'b', array_agg(-g)) AS payload FROM generate_series(1, 20000) g;
BEGIN;
SET LOCAL statement_timeout = '200ms';
SELECT count(*) FROM slow, taskq_emit('slow', payload);
ROLLBACK;
SELECT count(*) FROM taskq_workflow_run WHERE event = 'slow';
DELETE FROM taskq_workflow_rule;
INSERT INTO taskq_workflow_rule (name, event, action) VALUES ('again', 'task.created', 'CREATE_TASK');
DELETE FROM taskq_workflow_run;
-- after any error the next event begins a new chain
BEGIN;
SAVEPOINT s;
SELECT taskq_create('');
ROLLBACK TO s;
SELECT taskq_create('start') > 0 AS created;
SELECT max(depth) FROM taskq_workflow_run;
COMMIT;
-- runs are kept for 30 days
UPDATE taskq_workflow_run SET at = at - interval '31 days' WHERE depth > 1;
SELECT count(*) FROM taskq_sweep() WHERE tasks > 0;
SELECT DISTINCT depth FROM taskq_workflow_run;
-- of one write, rules get the events in the order of the history
TRUNCATE taskq_workflow_rule, taskq_workflow_run;
INSERT INTO taskq_workflow_rule (name, event, action, title_template, dedupe_key)
SELECT 'on ' || event, event, 'CREATE_TASK', 'after ' || event, 'one' FROM unnest('{task.completed,task.overdue,task.sla_breached}'::text[]) event;
INSERT INTO taskq_task (title, due_date, sla_hours, created_at, status, started_at)
VALUES ('late', taskq_today() - 3, 1, now() - interval '5 days', 'IN_PROGRESS', now() - interval '5 days') RETURNING id AS late \gset
SELECT status FROM taskq_complete(:late);
SELECT event, outcome FROM taskq_workflow_run ORDER BY id;
SELECT kind FROM taskq_task_event WHERE task_id = :late ORDER BY id;
DROP TABLE slow;
DROP SEQUENCE attempt;
DROP FUNCTION texts, emitted, reaches, raise_it, one_more, one_more_run, suppress;
DROP VIEW made, run;
DROP EXTENSION taskq;
