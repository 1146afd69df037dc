-- An SLA is breached: the task becomes more urgent, and the supervisor hears of it.
--
-- Put the supervisor's id in place of sta_supervisor.  A task that tells of a
-- breach has no SLA of its own, so that this comes to an end.

INSERT INTO taskq_workflow_rule (name, event, action)
VALUES ('SLA breached: escalate', 'task.sla_breached', 'ESCALATE');

INSERT INTO taskq_workflow_rule
    (name, event, action, title_template, description_template, priority, due_in_days, assignee_id, dedupe_key)
VALUES
    ('SLA breached: tell', 'task.sla_breached', 'CREATE_TASK',
     'SLA breached: task {{task.id}} of {{task.assignee_name}}', '{{task.title}}',
     'HIGH', 0, 'sta_supervisor', 'sla-breached-{{task.id}}');
