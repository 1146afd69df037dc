
-- ---------------------------------------------------------------------------
-- Reports on the SLA
-- ---------------------------------------------------------------------------

-- A deadline that was moved out after a breach was missed all the same: what is
-- late is so from the deadline, or from the breach where that came before.
-- Each part from its own index: active tasks whose breach was recorded, of which only
-- those asked for are read; those whose breach was not; closed ones, a range of those
-- whose deadline was moved out or removed and one of the others; those stamped in the future.
CREATE VIEW taskq_sla_violations WITH (security_invoker = true) AS
SELECT t.id, t.title, t.description, t.priority,
       taskq_effective_status(t.status, t.due_date, t.started_at) AS status,
       t.due_date, t.sla_hours, t.assignee_id, t.user_id, t.source, t.dedupe_key,
       t.created_at, t.created_by, t.started_at, t.completed_at, t.cancelled_at, t.updated_at,
       t.sla_due_at, t.sla_at_risk_at, t.sla_breached_at, t.status AS stored_status,
       t.completed_at IS NULL AND t.cancelled_at IS NULL AS is_active,
       t.completed_at IS NULL AND t.cancelled_at IS NULL
           AND coalesce(t.due_date < taskq_today(), false) AS is_overdue,
       CASE WHEN t.due_date IS NULL THEN NULL
            WHEN t.completed_at IS NULL AND t.cancelled_at IS NULL THEN greatest(taskq_today() - t.due_date, 0)
            ELSE 0
       END AS days_overdue,
       a.name AS assignee_name, a.is_active AS assignee_is_active, c.name AS customer_name,
       taskq_sla_status_at(t.sla_due_at, t.sla_at_risk_at, t.completed_at, t.cancelled_at) AS sla_status,
       t.late_by, t.sla_first_breached_at,
       t.kind, t.sla_policy, t.sla_calendar, t.sla_revision, t.sla_from, t.response_hours, t.response_due_at, t.response_breached_at,
       t.response_hours_used, t.sla_hours_used, t.sla_warn_at, t.sla_warned_at, t.paused_at, t.pause_reason, t.resume_at,
       t.team_id, t.follows_id, t.labels, t.attributes,
       t.paused_at IS NOT NULL AS is_paused
FROM (
    (SELECT v.id, v.title, v.description, v.priority, v.status, v.due_date, v.sla_hours, v.assignee_id, v.user_id, v.source, v.dedupe_key,
            v.created_at, v.created_by, v.started_at, v.completed_at, v.cancelled_at, v.updated_at, v.sla_due_at, v.sla_at_risk_at,
            v.sla_breached_at, v.sla_first_breached_at,
            v.kind, v.sla_policy, v.sla_calendar, v.sla_revision, v.sla_from, v.response_hours, v.response_due_at, v.response_breached_at,
            v.response_hours_used, v.sla_hours_used, v.sla_warn_at, v.sla_warned_at, v.paused_at, v.pause_reason, v.resume_at, v.team_id, v.follows_id, v.labels, v.attributes,
            b.late_by
     FROM (SELECT id, CASE WHEN isfinite(least(sla_due_at, sla_first_breached_at))
                           THEN greatest(statement_timestamp() - least(sla_due_at, sla_first_breached_at), interval '0') END AS late_by
           FROM taskq_task
           WHERE completed_at IS NULL AND cancelled_at IS NULL AND (sla_first_breached_at IS NOT NULL OR sla_breached_at IS NOT NULL)
             AND (sla_first_breached_at <= statement_timestamp() OR sla_due_at < statement_timestamp())
           ORDER BY late_by DESC) b
     JOIN taskq_task v ON v.id = b.id
     ORDER BY late_by DESC)
    UNION ALL
    (SELECT id, title, description, priority, status, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by,
            started_at, completed_at, cancelled_at, updated_at, sla_due_at, sla_at_risk_at, sla_breached_at, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            CASE WHEN isfinite(least(sla_due_at, sla_first_breached_at)) THEN greatest(statement_timestamp() - least(sla_due_at, sla_first_breached_at), interval '0') END AS late_by
     FROM taskq_task
     WHERE completed_at IS NULL AND cancelled_at IS NULL AND sla_first_breached_at IS NULL AND sla_breached_at IS NULL
       AND taskq_stage(status, started_at, completed_at, cancelled_at) = ANY ('{0,1,4,5}'::smallint[])
       AND (CASE WHEN sla_due_at IS NULL THEN 'infinity' ELSE sla_due_at END) < statement_timestamp()
     ORDER BY late_by DESC)
    UNION ALL
    (SELECT id, title, description, priority, status, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by,
            started_at, completed_at, cancelled_at, updated_at, sla_due_at, sla_at_risk_at, sla_breached_at, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            CASE WHEN isfinite(least(sla_due_at, sla_first_breached_at)) AND isfinite(least(completed_at, cancelled_at))
                 THEN greatest(least(completed_at, cancelled_at) - least(sla_due_at, sla_first_breached_at), interval '0') END AS late_by
     FROM taskq_task
     WHERE (CASE WHEN sla_due_at IS NULL OR sla_due_at > sla_first_breached_at THEN 1 ELSE 0 END) = 0
       AND (completed_at IS NOT NULL OR cancelled_at IS NOT NULL) AND least(completed_at, cancelled_at) <= statement_timestamp()
       AND (sla_first_breached_at <= statement_timestamp() OR least(completed_at, cancelled_at) > sla_due_at)
     ORDER BY late_by DESC)
    UNION ALL
    (SELECT id, title, description, priority, status, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by,
            started_at, completed_at, cancelled_at, updated_at, sla_due_at, sla_at_risk_at, sla_breached_at, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            CASE WHEN isfinite(least(sla_due_at, sla_first_breached_at)) AND isfinite(least(completed_at, cancelled_at))
                 THEN greatest(least(completed_at, cancelled_at) - least(sla_due_at, sla_first_breached_at), interval '0') END AS late_by
     FROM taskq_task
     WHERE (CASE WHEN sla_due_at IS NULL OR sla_due_at > sla_first_breached_at THEN 1 ELSE 0 END) = 1
       AND (completed_at IS NOT NULL OR cancelled_at IS NOT NULL) AND least(completed_at, cancelled_at) <= statement_timestamp()
       AND (sla_first_breached_at <= statement_timestamp() OR least(completed_at, cancelled_at) > sla_due_at)
     ORDER BY late_by DESC)
    UNION ALL
    (SELECT id, title, description, priority, status, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by,
            started_at, completed_at, cancelled_at, updated_at, sla_due_at, sla_at_risk_at, sla_breached_at, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            CASE WHEN isfinite(least(sla_due_at, sla_first_breached_at)) THEN greatest(statement_timestamp() - least(sla_due_at, sla_first_breached_at), interval '0') END AS late_by
     FROM taskq_task
     WHERE (completed_at IS NOT NULL OR cancelled_at IS NOT NULL) AND taskq_stage(status, started_at, completed_at, cancelled_at) = ANY ('{2,3}'::smallint[])
       AND taskq_place(priority, due_date, completed_at, cancelled_at) > (extract(epoch FROM statement_timestamp()) * 1000000::numeric)::bigint - 946684800000000
       AND (sla_first_breached_at <= statement_timestamp() OR sla_due_at < statement_timestamp())
     ORDER BY late_by DESC)
) t
LEFT JOIN taskq_staff_member a ON a.id = t.assignee_id
LEFT JOIN taskq_customer c ON c.id = t.user_id;
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
    OUT p90_hours double precision,
    OUT response_tasks integer,
    OUT response_met integer,
    OUT response_breached integer,
    OUT response_compliance double precision,
    OUT business_p50_hours double precision,
    OUT business_p90_hours double precision)
    RETURNS SETOF record
    LANGUAGE c STABLE PARALLEL RESTRICTED COST 1000000 ROWS 30
    AS 'MODULE_PATHNAME', 'taskq_sla_report';
COMMENT ON FUNCTION taskq_sla_report(timestamptz, timestamptz, text) IS
'SLA compliance of the tasks whose deadline lies in [since, until). A task whose deadline was moved out after a breach, or removed, counts at its first breach (sla_first_breached_at) instead. group_by: none (one row, group_key NULL), assignee (group_key = staff id, NULL = unassigned), team (NULL = none), priority, kind (NULL = none), day (of that instant, in taskq.timezone), or week (its Monday; weeks as in ISO 8601). tasks: all of them; breached: those that ever were, by sla_status at this instant or sla_first_breached_at; met: by sla_status, the others; compliance = met / (met + breached), NULL without any; p50_hours, p90_hours: hours from creation to completion of the completed ones, interpolated. business_p50_hours, business_p90_hours: the same on the SLA''s clock, open hours less pauses as stored when the task was completed, of those that have an SLA calendar or pauses; of others, hours from sla_from or created_at. response_tasks, response_met, response_breached, response_compliance: the same numbers of the tasks whose response_due_at lies in [since, until), which may be others; they count in the day or week of that instant. Errors: 22023 unknown group_by, a NULL bound, since after until.';

CREATE FUNCTION taskq_sla_report_parts(
    since timestamptz,
    until timestamptz,
    group_by text DEFAULT 'none',
    OUT group_key text,
    OUT tasks integer,
    OUT met integer,
    OUT breached integer,
    OUT hours double precision[],
    OUT response_tasks integer,
    OUT response_met integer,
    OUT response_breached integer,
    OUT business_hours double precision[])
    RETURNS SETOF record
    LANGUAGE c STABLE PARALLEL RESTRICTED COST 1000000 ROWS 30
    AS 'MODULE_PATHNAME', 'taskq_sla_report_parts';
COMMENT ON FUNCTION taskq_sla_report_parts(timestamptz, timestamptz, text) IS
'The numbers behind taskq_sla_report(), so that those of several databases can be put together: add the numbers, join the arrays. Arguments, groups and errors as there. compliance = met / (met + breached); hours, business_hours: the hours of each task that p50_hours and business_p50_hours are percentiles of (percentile_cont), in no order, {} without any.';
