
-- ---------------------------------------------------------------------------
-- Stats: the bar above the queue
-- ---------------------------------------------------------------------------

CREATE FUNCTION taskq_stats(
    assignee_id text DEFAULT NULL,
    user_id text DEFAULT NULL,
    team_id text DEFAULT NULL,
    OUT open integer,
    OUT in_progress integer,
    OUT overdue integer,
    OUT due_today integer,
    OUT unassigned integer,
    OUT completed_today integer,
    OUT sla_at_risk integer,
    OUT sla_breached integer,
    OUT paused integer,
    OUT response_breached integer)
    LANGUAGE c STABLE PARALLEL RESTRICTED COST 10000
    AS 'MODULE_PATHNAME', 'taskq_stats';
COMMENT ON FUNCTION taskq_stats(text, text, text) IS
'The stats bar: numbers of tasks at this instant, exact whether or not the sweep has run, of one assignee, customer and team if given. open, in_progress, overdue: by effective status. due_today and unassigned: among active. completed_today: since midnight in taskq.timezone, up to now. sla_at_risk, sla_breached: among active. paused: active tasks that are paused. response_breached: active tasks on which work did not begin by response_due_at.';

CREATE VIEW taskq_queue_stats WITH (security_invoker = true) AS
SELECT * FROM taskq_stats();
COMMENT ON VIEW taskq_queue_stats IS 'The stats bar of all tasks: taskq_stats().';

CREATE FUNCTION taskq_workload_numbers(
    OUT assignee_id text,
    OUT open integer,
    OUT in_progress integer,
    OUT overdue integer,
    OUT due_today integer)
    RETURNS SETOF record
    LANGUAGE c STABLE PARALLEL RESTRICTED COST 1000000 ROWS 100
    AS 'MODULE_PATHNAME', 'taskq_workload_numbers';
COMMENT ON FUNCTION taskq_workload_numbers() IS
'The numbers of taskq_workload, for each staff member who has active tasks. Read the view instead.';

-- Breached and paused ones by their own indexes: few.
CREATE VIEW taskq_workload WITH (security_invoker = true) AS
SELECT s.id AS assignee_id, s.name AS assignee_name,
       coalesce(n.open, 0) AS open,
       coalesce(n.in_progress, 0) AS in_progress,
       coalesce(n.overdue, 0) AS overdue,
       coalesce(n.due_today, 0) AS due_today,
       coalesce(b.sla_breached, 0) AS sla_breached,
       s.is_active AS assignee_is_active,
       coalesce(p.paused, 0) AS paused,
       CASE WHEN s.away_until >= taskq_today() THEN s.away_until END AS away_until
FROM taskq_staff_member s
LEFT JOIN taskq_workload_numbers() n ON n.assignee_id = s.id
LEFT JOIN (
    SELECT t.assignee_id, pg_catalog.count(*)::integer AS sla_breached
    FROM (SELECT assignee_id FROM taskq_task
          WHERE completed_at IS NULL AND cancelled_at IS NULL AND sla_breached_at IS NULL
            AND taskq_stage(status, started_at, completed_at, cancelled_at) = ANY ('{0,1,4,5}'::smallint[])
            AND (CASE WHEN sla_due_at IS NULL THEN 'infinity' ELSE sla_due_at END) < statement_timestamp()
          UNION ALL
          SELECT assignee_id FROM taskq_task
          WHERE completed_at IS NULL AND cancelled_at IS NULL AND (sla_first_breached_at IS NOT NULL OR sla_breached_at IS NOT NULL)
            AND least(sla_due_at, sla_first_breached_at) < statement_timestamp()
            AND sla_breached_at IS NOT NULL AND sla_due_at < statement_timestamp()) t
    GROUP BY t.assignee_id
) b ON b.assignee_id = s.id
LEFT JOIN (
    SELECT t.assignee_id, pg_catalog.count(*)::integer AS paused
    FROM taskq_task t
    WHERE t.paused_at IS NOT NULL AND t.completed_at IS NULL AND t.cancelled_at IS NULL
    GROUP BY t.assignee_id
) p ON p.assignee_id = s.id
WHERE s.is_active OR n.assignee_id IS NOT NULL;
COMMENT ON VIEW taskq_workload IS 'Active tasks of each staff member at this instant: open, in_progress, overdue by effective status; due_today; sla_breached; paused. Inactive staff appear while they have any.';
COMMENT ON COLUMN taskq_workload.assignee_is_active IS 'Whether the staff member is active; false = the tasks are to be given to somebody else.';
COMMENT ON COLUMN taskq_workload.away_until IS 'Last day of the staff member''s absence; NULL = not away.';

CREATE VIEW taskq_team_workload WITH (security_invoker = true) AS
SELECT t.id AS team_id, t.name AS team_name,
       s.open, s.in_progress, s.overdue, s.due_today, s.unassigned, s.sla_breached, s.paused,
       m.members, m.available,
       t.is_active AS team_is_active
FROM taskq_team t
CROSS JOIN LATERAL taskq_stats(team_id => t.id) s
CROSS JOIN LATERAL (
    SELECT pg_catalog.count(*)::integer AS members,
           (pg_catalog.count(*) FILTER (WHERE coalesce(p.away_until < taskq_today(), true)))::integer AS available
    FROM taskq_team_member r JOIN taskq_staff_member p ON p.id = r.staff_id
    WHERE r.team_id = t.id AND p.is_active) m
WHERE t.is_active OR s.open + s.in_progress + s.overdue > 0;
COMMENT ON VIEW taskq_team_workload IS 'Active tasks of each team at this instant: open, in_progress, overdue by effective status; due_today, unassigned, sla_breached, paused. Inactive teams appear while they have any.';
COMMENT ON COLUMN taskq_team_workload.members IS 'Active staff in the team.';
COMMENT ON COLUMN taskq_team_workload.available IS 'Those of them who are not away.';
COMMENT ON COLUMN taskq_team_workload.team_is_active IS 'Whether the team is active; false = the tasks are to be given to another.';
