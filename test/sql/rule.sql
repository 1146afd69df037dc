-- Rules: what may be saved, and when a change holds.
CREATE EXTENSION taskq;
\set SHOW_CONTEXT never
\set VERBOSITY terse
INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana');
-- every column but name, event and action has a default
INSERT INTO taskq_workflow_rule (name, event, action) VALUES ('first', 'something', 'CREATE_TASK');
-- refused when saved, naming the column
INSERT INTO taskq_workflow_rule (name, event, action) VALUES ('', 'x', 'CREATE_TASK');
INSERT INTO taskq_workflow_rule (name, event, action) VALUES ('first', 'x', 'CREATE_TASK');
INSERT INTO taskq_workflow_rule (name, event, action) VALUES ('x', '', 'CREATE_TASK');
INSERT INTO taskq_workflow_rule (name, event, action) VALUES ('x', repeat('e', 101), 'CREATE_TASK');
INSERT INTO taskq_workflow_rule (name, event, action) VALUES ('x', 'task.complete', 'CREATE_TASK');
INSERT INTO taskq_workflow_rule (name, event, action) VALUES ('x', 'renewal.crossed', 'CREATE_TASK');
INSERT INTO taskq_workflow_rule (name, event, action) VALUES ('x', 'x', 'DELETE');
INSERT INTO taskq_workflow_rule (name, event, action, condition) VALUES ('x', 'x', 'CREATE_TASK', '$.a = ');
INSERT INTO taskq_workflow_rule (name, event, action, title_template) VALUES ('x', 'x', 'CREATE_TASK', 'Fix {{new.name');
INSERT INTO taskq_workflow_rule (name, event, action, title_template) VALUES ('x', 'x', 'CREATE_TASK', '{{upper(new.name)}}');
INSERT INTO taskq_workflow_rule (name, event, action, description_template) VALUES ('x', 'x', 'CREATE_TASK', '{{');
INSERT INTO taskq_workflow_rule (name, event, action, dedupe_key) VALUES ('x', 'x', 'CREATE_TASK', '{{}}');
INSERT INTO taskq_workflow_rule (name, event, action, user_id_path) VALUES ('x', 'x', 'CREATE_TASK', '$.new.id');
INSERT INTO taskq_workflow_rule (name, event, action, assignee_path) VALUES ('x', 'x', 'CREATE_TASK', '{{new.id}}');
INSERT INTO taskq_workflow_rule (name, event, action, due_in_days) VALUES ('x', 'x', 'CREATE_TASK', -1);
INSERT INTO taskq_workflow_rule (name, event, action, sla_hours) VALUES ('x', 'x', 'CREATE_TASK', 'NaN');
INSERT INTO taskq_workflow_rule (name, event, action, assignee_id) VALUES ('x', 'x', 'CREATE_TASK', 'sta_9');
INSERT INTO taskq_workflow_rule (name, event, action, assignee_id, assignee_strategy) VALUES ('x', 'x', 'CREATE_TASK', 'sta_1', 'LEAST_LOADED');
INSERT INTO taskq_workflow_rule (name, event, action, assignee_strategy) VALUES ('x', 'x', 'CREATE_TASK', 'RANDOM');
INSERT INTO taskq_workflow_rule (name, event, action, assignee_pool) VALUES ('x', 'x', 'CREATE_TASK', '{sta_1}');
INSERT INTO taskq_workflow_rule (name, event, action) VALUES ('x', 'x', 'ASSIGN');
SELECT name, is_enabled FROM taskq_workflow_rule;
-- a change holds at once, and not if it is rolled back
SELECT count(*) AS made FROM taskq_emit('something', '{}');
UPDATE taskq_workflow_rule SET is_enabled = false;
SELECT count(*) AS made FROM taskq_emit('something', '{}');
BEGIN;
UPDATE taskq_workflow_rule SET is_enabled = true;
SELECT count(*) AS made FROM taskq_emit('something', '{}');
ROLLBACK;
SELECT count(*) AS made FROM taskq_emit('something', '{}');
UPDATE taskq_workflow_rule SET is_enabled = true;
BEGIN;
SAVEPOINT s;
DELETE FROM taskq_workflow_rule;
SELECT count(*) AS made FROM taskq_emit('something', '{}');
ROLLBACK TO s;
SELECT count(*) AS made FROM taskq_emit('something', '{}');
COMMIT;
-- also in a transaction with an old snapshot
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM taskq_workflow_rule;
INSERT INTO taskq_workflow_rule (name, event, action) VALUES ('second', 'something', 'CREATE_TASK');
SELECT count(*) AS made FROM taskq_emit('something', '{}');
COMMIT;
TRUNCATE taskq_workflow_rule;
SELECT count(*) AS made FROM taskq_emit('something', '{}');
DROP EXTENSION taskq;
