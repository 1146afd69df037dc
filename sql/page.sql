
-- ---------------------------------------------------------------------------
-- Queue
-- ---------------------------------------------------------------------------

CREATE VIEW taskq_tasks WITH (security_invoker = true) AS
SELECT t.id, t.title, t.description, t.priority,
       taskq_effective_status(t.status, t.due_date, t.started_at) AS status,
       t.due_date, t.sla_hours, t.assignee_id, t.user_id, t.source, t.dedupe_key,
       t.created_at, t.created_by, t.started_at, t.completed_at, t.cancelled_at, t.updated_at,
       t.sla_due_at, t.sla_at_risk_at, t.sla_breached_at,
       t.status AS stored_status,
       t.completed_at IS NULL AND t.cancelled_at IS NULL AS is_active,
       t.completed_at IS NULL AND t.cancelled_at IS NULL
           AND coalesce(t.due_date < taskq_today(), false) AS is_overdue,
       CASE WHEN t.due_date IS NULL THEN NULL
            WHEN t.completed_at IS NULL AND t.cancelled_at IS NULL THEN greatest(taskq_today() - t.due_date, 0)
            ELSE 0
       END AS days_overdue,
       a.name AS assignee_name, a.is_active AS assignee_is_active,
       c.name AS customer_name,
       taskq_sla_status_at(t.sla_due_at, t.sla_at_risk_at, t.completed_at, t.cancelled_at) AS sla_status,
       t.sla_first_breached_at,
       t.kind, t.sla_policy, t.sla_calendar, t.sla_revision, t.sla_from, t.response_hours, t.response_due_at, t.response_breached_at,
       t.response_hours_used, t.sla_hours_used, t.sla_warn_at, t.sla_warned_at, t.paused_at, t.pause_reason, t.resume_at,
       t.team_id, t.follows_id, t.labels, t.attributes,
       t.paused_at IS NOT NULL AS is_paused
FROM taskq_task t
LEFT JOIN taskq_staff_member a ON a.id = t.assignee_id
LEFT JOIN taskq_customer c ON c.id = t.user_id;
COMMENT ON VIEW taskq_tasks IS 'All tasks as they are at this instant, whether or not the sweep has run: the columns of taskq_task with the effective status, and what follows from them.';
COMMENT ON COLUMN taskq_tasks.status IS 'Effective status: terminal as stored; active: OVERDUE if past due, else IN_PROGRESS if started, else OPEN.';
COMMENT ON COLUMN taskq_tasks.stored_status IS 'Status as last written.';
COMMENT ON COLUMN taskq_tasks.is_active IS 'Neither completed nor cancelled.';
COMMENT ON COLUMN taskq_tasks.is_overdue IS 'Active and due before taskq_today().';
COMMENT ON COLUMN taskq_tasks.days_overdue IS 'Days since the due date if overdue, else 0; NULL without a due date.';
COMMENT ON COLUMN taskq_tasks.assignee_name IS 'Name of the staff member; NULL if unassigned.';
COMMENT ON COLUMN taskq_tasks.assignee_is_active IS 'Whether the staff member is active; NULL if unassigned.';
COMMENT ON COLUMN taskq_tasks.customer_name IS 'Name of the customer; NULL if none.';
COMMENT ON COLUMN taskq_tasks.sla_first_breached_at IS 'When the task''s first SLA breach was recorded, whatever became of the deadline since; NULL = never.';
COMMENT ON COLUMN taskq_tasks.sla_status IS 'SLA status at this instant, see taskq_sla_status_at().';
COMMENT ON COLUMN taskq_tasks.is_paused IS 'Whether the task waits for somebody else (paused_at is set). It has a status all the same.';

-- A range of taskq_task_queue_idx for each priority, and again for tasks stored as
-- OVERDUE that are not (any more); merged.
CREATE VIEW taskq_queue WITH (security_invoker = true) AS
SELECT t.id, t.title, t.description, t.priority, 'OPEN'::taskq_status AS status,
       t.due_date, t.sla_hours, t.assignee_id, t.user_id, t.source, t.dedupe_key,
       t.created_at, t.created_by, t.started_at, t.completed_at, t.cancelled_at, t.updated_at,
       t.sla_due_at, t.sla_at_risk_at, t.sla_breached_at,
       t.status AS stored_status, true AS is_active, false AS is_overdue,
       CASE WHEN t.due_date IS NOT NULL THEN 0 END AS days_overdue,
       a.name AS assignee_name, a.is_active AS assignee_is_active, c.name AS customer_name,
       taskq_sla_status_at(t.sla_due_at, t.sla_at_risk_at, t.completed_at, t.cancelled_at) AS sla_status,
       t.sla_first_breached_at,
       t.kind, t.sla_policy, t.sla_calendar, t.sla_revision, t.sla_from, t.response_hours, t.response_due_at, t.response_breached_at,
       t.response_hours_used, t.sla_hours_used, t.sla_warn_at, t.sla_warned_at, t.paused_at, t.pause_reason, t.resume_at,
       t.team_id, t.follows_id, t.labels, t.attributes,
       t.paused_at IS NOT NULL AS is_paused
FROM (
    (SELECT id, title, description, priority, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by, updated_at,
            started_at, completed_at, cancelled_at, sla_due_at, sla_at_risk_at, sla_breached_at, status, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            taskq_place(priority, due_date, NULL, NULL) AS place
     FROM taskq_task
     WHERE taskq_stage(status, started_at, completed_at, cancelled_at) = 0 AND taskq_priority_rank(priority) = 1
       AND taskq_place(priority, due_date, NULL, NULL) >= (taskq_today() - date '2000-01-01')::bigint * 8
     ORDER BY place, id)
    UNION ALL
    (SELECT id, title, description, priority, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by, updated_at,
            started_at, completed_at, cancelled_at, sla_due_at, sla_at_risk_at, sla_breached_at, status, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            taskq_place(priority, due_date, NULL, NULL) AS place
     FROM taskq_task
     WHERE taskq_stage(status, started_at, completed_at, cancelled_at) = 0 AND taskq_priority_rank(priority) = 2
       AND taskq_place(priority, due_date, NULL, NULL) >= (taskq_today() - date '2000-01-01')::bigint * 8
     ORDER BY place, id)
    UNION ALL
    (SELECT id, title, description, priority, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by, updated_at,
            started_at, completed_at, cancelled_at, sla_due_at, sla_at_risk_at, sla_breached_at, status, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            taskq_place(priority, due_date, NULL, NULL) AS place
     FROM taskq_task
     WHERE taskq_stage(status, started_at, completed_at, cancelled_at) = 0 AND taskq_priority_rank(priority) = 3
       AND taskq_place(priority, due_date, NULL, NULL) >= (taskq_today() - date '2000-01-01')::bigint * 8
     ORDER BY place, id)
    UNION ALL
    (SELECT id, title, description, priority, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by, updated_at,
            started_at, completed_at, cancelled_at, sla_due_at, sla_at_risk_at, sla_breached_at, status, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            taskq_place(priority, due_date, NULL, NULL) AS place
     FROM taskq_task
     WHERE taskq_stage(status, started_at, completed_at, cancelled_at) = 0 AND taskq_priority_rank(priority) = 4
       AND taskq_place(priority, due_date, NULL, NULL) >= (taskq_today() - date '2000-01-01')::bigint * 8
     ORDER BY place, id)
    UNION ALL
    (SELECT id, title, description, priority, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by, updated_at,
            started_at, completed_at, cancelled_at, sla_due_at, sla_at_risk_at, sla_breached_at, status, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            taskq_place(priority, due_date, NULL, NULL) AS place
     FROM taskq_task
     WHERE taskq_stage(status, started_at, completed_at, cancelled_at) = 4 AND taskq_priority_rank(priority) = 1
       AND taskq_place(priority, due_date, NULL, NULL) >= (taskq_today() - date '2000-01-01')::bigint * 8
     ORDER BY place, id)
    UNION ALL
    (SELECT id, title, description, priority, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by, updated_at,
            started_at, completed_at, cancelled_at, sla_due_at, sla_at_risk_at, sla_breached_at, status, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            taskq_place(priority, due_date, NULL, NULL) AS place
     FROM taskq_task
     WHERE taskq_stage(status, started_at, completed_at, cancelled_at) = 4 AND taskq_priority_rank(priority) = 2
       AND taskq_place(priority, due_date, NULL, NULL) >= (taskq_today() - date '2000-01-01')::bigint * 8
     ORDER BY place, id)
    UNION ALL
    (SELECT id, title, description, priority, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by, updated_at,
            started_at, completed_at, cancelled_at, sla_due_at, sla_at_risk_at, sla_breached_at, status, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            taskq_place(priority, due_date, NULL, NULL) AS place
     FROM taskq_task
     WHERE taskq_stage(status, started_at, completed_at, cancelled_at) = 4 AND taskq_priority_rank(priority) = 3
       AND taskq_place(priority, due_date, NULL, NULL) >= (taskq_today() - date '2000-01-01')::bigint * 8
     ORDER BY place, id)
    UNION ALL
    (SELECT id, title, description, priority, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by, updated_at,
            started_at, completed_at, cancelled_at, sla_due_at, sla_at_risk_at, sla_breached_at, status, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            taskq_place(priority, due_date, NULL, NULL) AS place
     FROM taskq_task
     WHERE taskq_stage(status, started_at, completed_at, cancelled_at) = 4 AND taskq_priority_rank(priority) = 4
       AND taskq_place(priority, due_date, NULL, NULL) >= (taskq_today() - date '2000-01-01')::bigint * 8
     ORDER BY place, id)
) t
LEFT JOIN taskq_staff_member a ON a.id = t.assignee_id
LEFT JOIN taskq_customer c ON c.id = t.user_id
ORDER BY t.place, t.id;
COMMENT ON VIEW taskq_queue IS 'The default page: OPEN tasks by due date (none last), URGENT first, id; columns as taskq_tasks. For pages and filters use taskq_queue_page().';

CREATE TYPE taskq_queue_row AS (
    id bigint, title text, description text, priority taskq_priority, status taskq_status,
    due_date date, sla_hours double precision, assignee_id text, user_id text, source text, dedupe_key text,
    created_at timestamptz, created_by text, started_at timestamptz, completed_at timestamptz,
    cancelled_at timestamptz, updated_at timestamptz,
    sla_due_at timestamptz, sla_at_risk_at timestamptz, sla_breached_at timestamptz,
    stored_status taskq_status, is_active boolean, is_overdue boolean, days_overdue integer,
    assignee_name text, assignee_is_active boolean, customer_name text, sla_status taskq_sla_status,
    cursor text,
    sla_first_breached_at timestamptz,
    kind text, sla_policy text, sla_calendar text, sla_revision bigint, sla_from timestamptz,
    response_hours double precision, response_due_at timestamptz, response_breached_at timestamptz,
    response_hours_used double precision, sla_hours_used double precision,
    sla_warn_at timestamptz, sla_warned_at timestamptz,
    paused_at timestamptz, pause_reason text, resume_at timestamptz,
    team_id text, follows_id bigint, labels text[], attributes jsonb, is_paused boolean
);
COMMENT ON TYPE taskq_queue_row IS 'A row of taskq_queue_page(): the columns of taskq_tasks, and cursor in between, which argument after takes to go on behind this row.';

CREATE FUNCTION taskq_queue_page(
    status taskq_status[] DEFAULT '{OPEN}',
    priority taskq_priority[] DEFAULT NULL,
    assignee_id text DEFAULT NULL,
    user_id text DEFAULT NULL,
    unassigned boolean DEFAULT false,
    source text DEFAULT NULL,
    due_from date DEFAULT NULL,
    due_to date DEFAULT NULL,
    sla_status taskq_sla_status[] DEFAULT NULL,
    search text DEFAULT NULL,
    sort text DEFAULT NULL,
    page_size integer DEFAULT 50,
    after text DEFAULT NULL,
    assignee_is_active boolean DEFAULT NULL,
    paused boolean DEFAULT NULL,
    kind text DEFAULT NULL,
    team_id text DEFAULT NULL,
    labels text[] DEFAULT NULL,
    attributes jsonb DEFAULT NULL)
    RETURNS SETOF taskq_queue_row
    LANGUAGE c STABLE PARALLEL RESTRICTED COST 100000 ROWS 50
    AS 'MODULE_PATHNAME', 'taskq_queue_page';
COMMENT ON FUNCTION taskq_queue_page(taskq_status[], taskq_priority[], text, text, boolean, text, date, date, taskq_sla_status[], text, text, integer, text, boolean, boolean, text, text, text[], jsonb) IS
'One page of the queue, exact at this instant. Filters: effective status, priority, SLA status (arrays: NULL = all, ''{}'' = none), assignee_id, user_id, unassigned, source, due_from and due_to (inclusive), search (up to 16 words, each of which is part of the title, of the description or of the customer''s name, or is the id of the task, its public id or the id of the customer, as it is, in lower or in upper case; letters are compared as taskq_fold() makes them, and no character is a wildcard; without a word: all), assignee_is_active (true, false: tasks whose assignee is active, inactive; neither finds those that nobody has), paused (true, false: tasks that are paused, that are not), kind, team_id, labels (tasks that have all of them), attributes (a JSON object; tasks whose attributes contain it, as @> does; no filter for either: NULL, ''{}''). sort: due (due date, none last; priority; id), priority (priority; due date; id), created (newest first, by id), sla (deadline, none last; id), closed (completed or cancelled last first, active ones behind; newest first); NULL = closed if status has only COMPLETED or CANCELLED, else due. page_size: 1 to 1000 rows. after: cursor of the last row seen, under the same sort; it is a position, so nothing is skipped when that row moves. Errors: 22023 naming the argument: unknown sort, page_size out of bounds, a cursor that is none or of another sort, a NULL array element, assignee_id together with unassigned, a search of more than 16 words.';

CREATE FUNCTION taskq_queue_count(
    status taskq_status[] DEFAULT '{OPEN}',
    priority taskq_priority[] DEFAULT NULL,
    assignee_id text DEFAULT NULL,
    user_id text DEFAULT NULL,
    unassigned boolean DEFAULT false,
    source text DEFAULT NULL,
    due_from date DEFAULT NULL,
    due_to date DEFAULT NULL,
    sla_status taskq_sla_status[] DEFAULT NULL,
    search text DEFAULT NULL,
    cap integer DEFAULT 10000,
    assignee_is_active boolean DEFAULT NULL,
    paused boolean DEFAULT NULL,
    kind text DEFAULT NULL,
    team_id text DEFAULT NULL,
    labels text[] DEFAULT NULL,
    attributes jsonb DEFAULT NULL)
    RETURNS bigint
    LANGUAGE c STABLE PARALLEL RESTRICTED COST 100000
    AS 'MODULE_PATHNAME', 'taskq_queue_count';
COMMENT ON FUNCTION taskq_queue_count(taskq_status[], taskq_priority[], text, text, boolean, text, date, date, taskq_sla_status[], text, integer, boolean, boolean, text, text, text[], jsonb) IS
'How many tasks the same filters of taskq_queue_page() match, counted up to cap (at least 1; NULL = no cap). Errors: 22023 as there; cap out of bounds.';
