-- An SLA is breached: the task becomes more urgent, and the supervisor hears of it.
--
-- Put the supervisor's id in place of sta_supervisor.  The second rule leaves out
-- what rules have made: where a policy gives its task an SLA, each would lead to
-- another one.

INSERT INTO taskq_workflow_rule (name, event, action)
VALUES ('SLA breached: escalate', 'task.sla_breached', 'ESCALATE');

INSERT INTO taskq_workflow_rule
    (name, event, condition, action, title_template, description_template, priority, due_in_days, assignee_id, dedupe_key)
VALUES
    ('SLA breached: tell', 'task.sla_breached', '$.task.source != "WORKFLOW"', 'CREATE_TASK',
     'SLA breached: task {{task.id}} of {{task.assignee_name}}', '{{task.title}}',
     'HIGH', 0, 'sta_supervisor', 'sla-breached-{{task.id}}');
