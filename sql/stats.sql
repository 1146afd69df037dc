
-- ---------------------------------------------------------------------------
-- Stats: the bar above the queue
-- ---------------------------------------------------------------------------

CREATE FUNCTION taskq_stats(
    assignee_id text DEFAULT NULL,
    user_id text DEFAULT NULL,
    OUT open integer,
    OUT in_progress integer,
    OUT overdue integer,
    OUT due_today integer,
    OUT unassigned integer,
    OUT completed_today integer,
    OUT sla_at_risk integer,
    OUT sla_breached integer)
    LANGUAGE c STABLE PARALLEL RESTRICTED COST 10000
    AS 'MODULE_PATHNAME', 'taskq_stats';
COMMENT ON FUNCTION taskq_stats(text, text) IS
'The stats bar: numbers of tasks at this instant, exact whether or not the sweep has run, of one assignee and/or customer if given. open, in_progress, overdue: by effective status. due_today and unassigned: among active. completed_today: since midnight in taskq.timezone, up to now. sla_at_risk, sla_breached: among active.';

CREATE VIEW taskq_queue_stats WITH (security_invoker = true) AS
SELECT * FROM taskq_stats();
COMMENT ON VIEW taskq_queue_stats IS 'The stats bar of all tasks: taskq_stats().';

CREATE VIEW taskq_workload WITH (security_invoker = true) AS
SELECT s.id AS assignee_id, s.name AS assignee_name,
       pg_catalog.count(t.id) FILTER (WHERE t.started_at IS NULL AND coalesce(t.due_date, 'infinity') >= taskq_today())::integer AS open,
       pg_catalog.count(t.id) FILTER (WHERE t.started_at IS NOT NULL AND coalesce(t.due_date, 'infinity') >= taskq_today())::integer AS in_progress,
       pg_catalog.count(t.id) FILTER (WHERE t.due_date < taskq_today())::integer AS overdue,
       pg_catalog.count(t.id) FILTER (WHERE t.due_date = taskq_today())::integer AS due_today,
       pg_catalog.count(t.id) FILTER (WHERE t.sla_due_at < statement_timestamp())::integer AS sla_breached,
       s.is_active AS assignee_is_active
FROM taskq_staff_member s
LEFT JOIN taskq_task t ON t.assignee_id = s.id AND t.completed_at IS NULL AND t.cancelled_at IS NULL
WHERE s.is_active OR t.id IS NOT NULL
GROUP BY s.id, s.name, s.is_active;
COMMENT ON VIEW taskq_workload IS 'Active tasks of each staff member at this instant: open, in_progress, overdue by effective status; due_today; sla_breached. Inactive staff appear while they have any.';
COMMENT ON COLUMN taskq_workload.assignee_is_active IS 'Whether the staff member is active; false = the tasks are to be given to somebody else.';
