-- Events of the application's own.
CREATE EXTENSION taskq;
\set SHOW_CONTEXT never
\set VERBOSITY terse
INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana');
INSERT INTO taskq_customer VALUES ('cus_1', 'Acme', 'sta_1');
SELECT taskq_emit(NULL, '{}');
SELECT taskq_emit('', '{}');
SELECT taskq_emit(repeat('x', 101), '{}');
SELECT taskq_emit('task.created', '{}');
SELECT taskq_emit('x', NULL);
SELECT taskq_emit('x', '[]');
SELECT taskq_emit('x', '{}', 'cus_9');
-- payloads without bounds do no harm
INSERT INTO taskq_workflow_rule (name, event, condition, action, title_template, description_template)
VALUES ('big', 'big', '$.a.** == "never" || exists($.go)', 'CREATE_TASK', 'big', '{{a}}');
SELECT count(*) FROM taskq_emit('big', jsonb_build_object('a', repeat('x', 10000000)));
SELECT count(*) FROM taskq_emit('big', jsonb_build_object('go', 1, 'a', repeat('x', 10000000)));
SELECT count(*) FROM taskq_emit('big', (repeat('{"a":', 1000) || '1' || repeat('}', 1000))::jsonb);
SELECT count(*) FROM taskq_emit('big', (repeat('{"a":', 1000) || '1' || repeat('}', 1000))::jsonb || '{"go": 1}');
SELECT outcome, message FROM taskq_workflow_run ORDER BY id;
-- an application's own table, whose statements do not mention taskq
CREATE TABLE documents (id int PRIMARY KEY, name text, customer text, status text, note text);
CREATE TRIGGER tell_taskq AFTER INSERT OR UPDATE OR DELETE ON documents
    FOR EACH ROW EXECUTE FUNCTION taskq_emit_change('document.changed', 'status', 'name');
INSERT INTO taskq_workflow_rule (name, event, condition, action, title_template, user_id_path)
VALUES ('every', 'document.changed', NULL, 'CREATE_TASK', '{{op}} {{table}} {{old.status}} -> {{new.status}}', 'new.customer');
INSERT INTO documents VALUES (1, 'Passport', 'cus_1', 'NEW', NULL);
UPDATE documents SET note = 'not watched';
UPDATE documents SET status = 'REJECTED';
UPDATE documents SET status = NULL;
DELETE FROM documents;
SELECT title, user_id FROM taskq_task WHERE source = 'WORKFLOW' AND title <> 'big' ORDER BY id;
BEGIN;
INSERT INTO documents VALUES (2, 'Permit', 'cus_1', 'NEW', NULL);
ROLLBACK;
SELECT count(*) FROM taskq_task WHERE title LIKE 'INSERT%';
-- misuse
CREATE TABLE t (a int);
CREATE TRIGGER a BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION taskq_emit_change('x');
INSERT INTO t VALUES (1);
DROP TRIGGER a ON t;
CREATE TRIGGER a AFTER INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION taskq_emit_change();
INSERT INTO t VALUES (1);
DROP TRIGGER a ON t;
CREATE TRIGGER a AFTER INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION taskq_emit_change('task.created');
INSERT INTO t VALUES (1);
DROP TRIGGER a ON t;
CREATE TRIGGER a AFTER INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION taskq_emit_change('x', 'b');
INSERT INTO t VALUES (1);
UPDATE t SET a = 2;
SELECT taskq_emit_change();
CREATE ROLE taskq_test_intruder;
ALTER TABLE t OWNER TO taskq_test_intruder;
INSERT INTO t VALUES (2);
-- what would fire, and nothing done
SELECT count(*) AS tasks, (SELECT count(*) FROM taskq_workflow_run) AS runs FROM taskq_task \gset
INSERT INTO taskq_workflow_rule (name, event, condition, action, title_template, due_in_days)
VALUES ('second', 'task.created', '$.task.title starts with "UPDATE"', 'CREATE_TASK', 'then {{task.title}}', 2);
SELECT rule_name, rule_event, depth, outcome, message, title, priority, due_date - taskq_today() AS due_in, assignee_id, task_user_id
FROM taskq_emit_dry_run('document.changed', '{"op": "UPDATE", "table": "documents", "new": {"status": "X", "customer": "cus_1"}}');
SELECT rule_name, outcome FROM taskq_emit_dry_run('task.created', '{"task": {"id": 1, "title": "UPDATE it"}}');
SELECT count(*) FROM taskq_emit_dry_run('nobody waits for this', '{}');
-- and why other rules for the event would not: in their order among those that would
INSERT INTO taskq_workflow_rule (name, event, condition, action, is_enabled) VALUES
    ('is false', 'why', '$.status == "REJECTED"', 'CREATE_TASK', true),
    ('would', 'why', '$.status == "NEW"', 'CREATE_TASK', true),
    ('sets off', 'task.created', '$.task.title == "would"', 'CREATE_TASK', true),
    ('is passed over further down', 'task.created', '$.task.title == "something else"', 'CREATE_TASK', true),
    ('compares types', 'why', '$.status > 3', 'CREATE_TASK', true),
    ('misses a key', 'why', 'strict $.gone == 3', 'CREATE_TASK', true),
    ('is switched off', 'why', '$.status == "REJECTED"', 'CREATE_TASK', false),
    ('always', 'why', NULL, 'ESCALATE', true),
    ('has a variable', 'why', '$who == 1', 'CREATE_TASK', true),
    ('is false again', 'why', '!exists($.status)', 'ESCALATE', true);
-- as an earlier version accepted them
SET check_function_bodies = off;
SET client_min_messages = error;
INSERT INTO taskq_workflow_rule (name, event, condition, action) VALUES
    ('is a filter', 'why', '$.status ? (@ == "NEW")', 'CREATE_TASK'), ('raises', 'why', 'strict $.gone', 'CREATE_TASK'), ('is a boolean', 'why', '$.vip', 'ESCALATE');
RESET client_min_messages;
RESET check_function_bodies;
SELECT rule_name, rule_event, depth, outcome, message, title FROM taskq_emit_dry_run('why', '{"status": "NEW", "vip": true}');
SELECT rule_name, outcome, message FROM taskq_emit_dry_run('why', '{"vip": false}') WHERE outcome <> 'no match' OR rule_name = 'is a boolean';
SELECT rule_name, outcome, message FROM taskq_emit_dry_run('task.created', '{"task": {"id": 1, "title": "would"}}');
SELECT count(*) = :tasks AS no_task, (SELECT count(*) FROM taskq_workflow_run) = :runs AS no_run FROM taskq_task;
DROP TABLE documents, t;
DROP ROLE taskq_test_intruder;
DROP EXTENSION taskq;
