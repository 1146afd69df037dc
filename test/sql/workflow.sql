-- Workflow: rules put into action.
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
SELECT count(*) FROM taskq_emit('odd', '{}');
SELECT * FROM run;
SELECT count(*) FROM taskq_emit('odd', jsonb_build_object('title', repeat('x', 201)));
SELECT * FROM run;
SELECT count(*) FROM taskq_emit('odd', '{"title": "x", "customer": "cus_9"}');
SELECT * FROM run;
SELECT count(*) FROM taskq_emit('odd', '{"title": "two\nlines \u200e{{title}}"}');
SELECT title FROM made;
COMMIT;
-- assignment
INSERT INTO taskq_workflow_rule (name, event, action, assignee_strategy) VALUES ('agent', 'agent', 'CREATE_TASK', 'CUSTOMER_AGENT');
SELECT count(*) FROM taskq_emit('agent', '{}', 'cus_1');
SELECT assignee_id FROM made;
SELECT count(*) FROM taskq_emit('agent', '{}', 'cus_2');
SELECT assignee_id, (SELECT message FROM run) FROM made;
SELECT count(*) FROM taskq_emit('agent', '{}', 'cus_3');
SELECT assignee_id, (SELECT message FROM run) FROM made;
INSERT INTO taskq_workflow_rule (name, event, action, assignee_id) VALUES ('fixed', 'fixed', 'CREATE_TASK', 'sta_3');
SELECT count(*) FROM taskq_emit('fixed', '{}');
SELECT assignee_id FROM made;
SELECT count(*) FROM taskq_cancel_many((SELECT array_agg(id) FROM taskq_task WHERE completed_at IS NULL AND cancelled_at IS NULL));
INSERT INTO taskq_workflow_rule (name, event, action, assignee_strategy, assignee_pool)
VALUES ('fair', 'fair', 'CREATE_TASK', 'LEAST_LOADED', '{sta_1,sta_2,sta_4,sta_9}');
SELECT count(*) FROM (SELECT taskq_emit('fair', '{}') FROM generate_series(1, 5)) f;
SELECT assignee_id, count(*) FROM taskq_task WHERE title = 'fair' GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM taskq_cancel_many((SELECT array_agg(id) FROM taskq_task WHERE title = 'fair'));
-- ties: whose turn is longest ago
SELECT count(*) FROM taskq_emit('fair', '{}');
SELECT assignee_id FROM made;
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
-- chains end
INSERT INTO taskq_workflow_rule (name, event, action) VALUES ('again', 'task.created', 'CREATE_TASK');
DELETE FROM taskq_workflow_run;
SELECT taskq_create('start') > 0 AS created;
SELECT depth, outcome, message FROM taskq_workflow_run ORDER BY depth;
-- whatever an error does, the next event starts from the top
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
DROP VIEW made, run;
DROP EXTENSION taskq;
