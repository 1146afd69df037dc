-- Events of taskq's own: rules get each once, with its payload.
CREATE EXTENSION taskq;
\set SHOW_CONTEXT never
\set VERBOSITY terse
INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana', true), ('sta_2', 'Bob', true);
-- a rule for each writes down what it is told; what rules make is left out
INSERT INTO taskq_workflow_rule (name, event, condition, action, title_template)
SELECT 'on ' || e, e, '$.task.source == "MANUAL"', 'CREATE_TASK', '{{event}} by {{actor}}: {{task.title}} {{task.status}} {{task.assignee_id}} {{percent}}'
FROM unnest('{task.created,task.started,task.assigned,task.commented,task.paused,task.resumed,task.completed,task.cancelled,task.overdue,
    task.sla_moved,task.sla_at_risk,task.sla_warning,task.sla_breached,task.response_breached}'::text[]) e;
CREATE FUNCTION told() RETURNS SETOF text LANGUAGE sql AS $$
WITH gone AS (DELETE FROM taskq_workflow_run r RETURNING r.id, r.task_id, r.outcome, r.message)
SELECT coalesce(t.title, g.outcome || ': ' || g.message) FROM gone g LEFT JOIN taskq_task t ON t.id = g.task_id ORDER BY g.id$$;

-- what is done to a task
SELECT taskq_create('one', sla_hours => 100, actor => 'me') AS one, taskq_create('two', actor => 'me') AS two \gset
SELECT told();
SELECT status FROM taskq_start(:one, actor => 'me');
SELECT told();
SELECT status FROM taskq_start(:one, actor => 'me');
SELECT told();
SELECT assignee_id FROM taskq_assign(:one, 'sta_1', actor => 'me');
SELECT told();
SELECT assignee_id FROM taskq_assign_many(ARRAY[:one, :two], 'sta_2', actor => 'me');
SELECT told();
SELECT count(*) FROM taskq_comment(:one, 'a note', actor => 'me');
SELECT told();
SELECT count(*) FROM taskq_comment_many(ARRAY[:one, :two], 'a note', actor => 'me');
SELECT told();
SELECT paused_at IS NOT NULL AS paused FROM taskq_pause(:one, 'waits', actor => 'me');
SELECT told();
SELECT paused_at IS NOT NULL AS paused FROM taskq_resume(:one, actor => 'me');
SELECT told();
SELECT count(*) FROM taskq_pause_many(ARRAY[:one, :two], 'wait', actor => 'me');
SELECT told();
SELECT status FROM taskq_complete(:one, actor => 'me');
SELECT told();
SELECT status FROM taskq_cancel(:two, actor => 'me');
SELECT told();
-- claiming is assigning; so is a new assignee among other changes, which are an event "updated" or "started"
SELECT taskq_create('three', actor => 'me') AS three \gset
SELECT told();
SELECT count(*) > 0 AS cancelled FROM taskq_cancel_many(ARRAY(SELECT id FROM taskq_task WHERE source = 'WORKFLOW'));
SELECT id = :three AS claimed FROM taskq_claim('sta_1', actor => 'me');
SELECT told();
SET taskq.actor = 'me';
UPDATE taskq_task SET priority = 'HIGH', assignee_id = NULL WHERE id = :three;
SELECT told();
UPDATE taskq_task SET status = 'IN_PROGRESS', assignee_id = 'sta_2' WHERE id = :three;
SELECT told();
UPDATE taskq_task SET priority = 'LOW', assignee_id = assignee_id WHERE id = :three;
SELECT told();
RESET taskq.actor;
SELECT kind FROM taskq_task_event WHERE task_id = :three ORDER BY id;

-- what time does: percent is how much of the open time has passed
INSERT INTO taskq_task (title, created_at, sla_hours) VALUES ('risky', now() - interval '54 minutes', 1), ('late', now() - interval '3 hours', 2);
SELECT told();
SELECT kind, tasks FROM taskq_sweep() WHERE tasks > 0 ORDER BY 1;
SELECT told();
SELECT count(*) FROM taskq_sweep() WHERE tasks > 0;
SELECT told();
-- a policy's warnings, and its response
INSERT INTO taskq_sla_policy (name, kind, response_hours, sla_hours, warn_percents) VALUES ('reviews', 'REVIEW', 1, 10, '{25,50}');
SELECT taskq_create_json(jsonb_build_object('title', 'review', 'kind', 'REVIEW', 'sla_from', now() - interval '3 hours'), actor => 'me') IS NOT NULL AS created;
SELECT told();
SELECT kind, tasks FROM taskq_sweep() WHERE tasks > 0 ORDER BY 1;
SELECT told();
SELECT count(*) FROM taskq_sweep() WHERE tasks > 0;
SELECT told();
-- a calendar that is edited
SELECT taskq_calendar_set('desk', 'UTC', '24/7');
UPDATE taskq_sla_policy SET calendar = 'desk', warn_percents = '{}';
SELECT taskq_create_json('{"title": "second review", "kind": "REVIEW"}', actor => 'me') IS NOT NULL AS created;
SELECT told();
SELECT taskq_calendar_set('desk', 'UTC', 'Mon-Sun 00:00-01:00');
SELECT count(*) > 0 AS swept FROM taskq_sweep();
SELECT told();

-- chains end: a rule is executed once in a chain
TRUNCATE taskq_workflow_rule, taskq_workflow_run;
CREATE VIEW run AS SELECT rule_name, event, depth, outcome, message FROM taskq_workflow_run ORDER BY id;
INSERT INTO taskq_workflow_rule (name, event, action, assignee_id) VALUES ('to Ana', 'task.assigned', 'ASSIGN', 'sta_1'), ('to Bob', 'task.assigned', 'ASSIGN', 'sta_2');
SELECT taskq_create('handed about') AS about \gset
SELECT count(*) FROM taskq_assign(:about, 'sta_1');
SELECT * FROM run;
SELECT assignee_id FROM taskq_task WHERE id = :about;
TRUNCATE taskq_workflow_rule, taskq_workflow_run;
INSERT INTO taskq_workflow_rule (name, event, action) VALUES ('started', 'task.started', 'CREATE_TASK'), ('created', 'task.created', 'CREATE_TASK');
SELECT status FROM taskq_start(:about);
SELECT * FROM run;
TRUNCATE taskq_workflow_rule, taskq_workflow_run;
INSERT INTO taskq_workflow_rule (name, event, action) VALUES ('commented', 'task.commented', 'ESCALATE');
SELECT count(*) FROM taskq_comment(:about, 'hurry');
SELECT * FROM run;
-- an error says which events there are
\set VERBOSITY default
INSERT INTO taskq_workflow_rule (name, event, action) VALUES ('x', 'task.risky', 'ESCALATE');
-- whoever emits events of their own cannot take their names
SELECT * FROM taskq_emit('task.paused', '{}');
DROP FUNCTION told;
DROP VIEW run;
DROP EXTENSION taskq;
