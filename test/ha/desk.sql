-- The database that test/ha writes to: a role of level agent, as which clients
-- connect, and a rule for each kind of event, two of which the worker brings about.
CREATE EXTENSION taskq;
SELECT taskq_grant('app', 'agent');
INSERT INTO taskq_workflow_rule (name, event, condition, action, title_template) VALUES
    ('completed', 'task.completed', '$.task.source == "DESK"', 'CREATE_TASK', 'completed: {{task.title}}'),
    ('overdue', 'task.overdue', '$.task.source == "DESK"', 'CREATE_TASK', 'overdue: {{task.title}}'),
    ('breached', 'task.sla_breached', '$.task.source == "DESK"', 'CREATE_TASK', 'breached: {{task.title}}');
