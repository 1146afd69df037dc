-- An SLA is at risk: the task becomes more urgent, and whoever leads the shift
-- gets a task to see to it, while there is time.
--
-- Put the shift lead's id in place of sta_supervisor.  Tasks are at risk when
-- 80 percent of their SLA's open time have passed (taskq.sla_at_risk_percent);
-- for other percents set warn_percents of the policy and take the event
-- task.sla_warning.  A task whose policy depends on its priority gets the SLA of
-- its new one.
--
-- The second rule leaves out what rules have made: where a policy gives its task
-- an SLA, each would lead to another one.

INSERT INTO taskq_workflow_rule (name, event, action)
VALUES ('SLA at risk: escalate', 'task.sla_at_risk', 'ESCALATE');

INSERT INTO taskq_workflow_rule
    (name, event, condition, action, title_template, description_template, priority, due_in_days, assignee_id, dedupe_key)
VALUES
    ('SLA at risk: look after it', 'task.sla_at_risk', '$.task.source != "WORKFLOW"', 'CREATE_TASK',
     'SLA at risk: task {{task.id}} of {{task.assignee_name}}',
     '{{task.title}}: {{percent}} percent of its time have passed, it is due at {{task.sla_due_at}}.',
     'HIGH', 0, 'sta_supervisor', 'sla-at-risk-{{task.id}}');
