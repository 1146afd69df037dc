
-- ---------------------------------------------------------------------------
-- Reports on the SLA
-- ---------------------------------------------------------------------------

-- A deadline that was moved out after a breach was missed all the same: what is
-- late is so from the deadline, or from the breach where that came before.
CREATE VIEW taskq_sla_violations WITH (security_invoker = true) AS
SELECT t.id, t.title, t.description, t.priority, t.status, t.due_date, t.sla_hours, t.assignee_id, t.user_id, t.source, t.dedupe_key,
       t.created_at, t.created_by, t.started_at, t.completed_at, t.cancelled_at, t.updated_at,
       t.sla_due_at, t.sla_at_risk_at, t.sla_breached_at, t.stored_status, t.is_active, t.is_overdue, t.days_overdue,
       t.assignee_name, t.assignee_is_active, t.customer_name, t.sla_status,
       CASE WHEN isfinite(least(t.sla_due_at, t.sla_first_breached_at)) THEN
           greatest(least(t.completed_at, t.cancelled_at, statement_timestamp()) - least(t.sla_due_at, t.sla_first_breached_at), '0') END AS late_by,
       t.sla_first_breached_at
FROM taskq_tasks t
WHERE t.sla_first_breached_at <= statement_timestamp()
   OR coalesce(t.sla_due_at, 'infinity') < least(t.completed_at, t.cancelled_at, statement_timestamp());
COMMENT ON VIEW taskq_sla_violations IS 'Tasks that have ever breached their SLA: sla_status is BREACHED at this instant, or sla_first_breached_at is set, whatever became of the deadline since. Columns as taskq_tasks, and late_by. What is stamped in the future has not happened yet.';
COMMENT ON COLUMN taskq_sla_violations.late_by IS 'Time from the deadline to completion or cancellation; for an active task, to now. Where the deadline was moved out after a breach, or removed: from that breach (sla_first_breached_at). NULL if the deadline is -infinity.';

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
    LANGUAGE c STABLE PARALLEL RESTRICTED COST 1000000 ROWS 30
    AS 'MODULE_PATHNAME', 'taskq_sla_report';
COMMENT ON FUNCTION taskq_sla_report(timestamptz, timestamptz, text) IS
'SLA compliance of the tasks whose deadline lies in [since, until). A task whose deadline was moved out after a breach, or removed, counts at its first breach (sla_first_breached_at) instead. group_by: none (one row, group_key NULL), assignee (group_key = staff id, NULL = unassigned), priority, day (of that instant, in taskq.timezone), or week (its Monday; weeks as in ISO 8601). tasks: all of them; breached: those that ever were, by sla_status at this instant or sla_first_breached_at; met: by sla_status, the others; compliance = met / (met + breached), NULL without any; p50_hours, p90_hours: hours from creation to completion of the completed ones, interpolated. Errors: 22023 unknown group_by, a NULL bound, since after until.';
