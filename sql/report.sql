
-- ---------------------------------------------------------------------------
-- Reports on the SLA
-- ---------------------------------------------------------------------------

CREATE VIEW taskq_sla_violations WITH (security_invoker = true) AS
SELECT t.*, CASE WHEN isfinite(t.sla_due_at) THEN least(t.completed_at, t.cancelled_at, statement_timestamp()) - t.sla_due_at END AS late_by
FROM taskq_tasks t
WHERE coalesce(t.sla_due_at, 'infinity') < least(t.completed_at, t.cancelled_at, statement_timestamp());
COMMENT ON VIEW taskq_sla_violations IS 'Tasks whose sla_status is BREACHED at this instant; columns as taskq_tasks, and late_by. What is stamped in the future has not happened yet.';
COMMENT ON COLUMN taskq_sla_violations.late_by IS 'Time from the deadline to completion or cancellation; for an active task, to now; NULL if the deadline is -infinity.';

CREATE FUNCTION taskq_sla_report(
    since timestamptz,
    until timestamptz,
    group_by text DEFAULT 'none',
    OUT group_key text,
    OUT tasks integer,
    OUT met integer,
    OUT breached integer,
    OUT compliance double precision,
    OUT p50_hours double precision,
    OUT p90_hours double precision)
    RETURNS SETOF record
    LANGUAGE c STABLE
    AS 'MODULE_PATHNAME', 'taskq_sla_report';
COMMENT ON FUNCTION taskq_sla_report(timestamptz, timestamptz, text) IS
'SLA compliance of the tasks whose deadline lies in [since, until). group_by: none (one row, group_key NULL), assignee (group_key = staff id, NULL = unassigned), priority, day (of the deadline, in taskq.timezone), or week (its Monday; weeks as in ISO 8601). tasks: all of them; met, breached: by sla_status at this instant; compliance = met / (met + breached), NULL without any; p50_hours, p90_hours: hours from creation to completion of the completed ones, interpolated. A task that is stamped as closed in the future counts as active until then. Errors: 22023 unknown group_by, a NULL bound, since after until.';
