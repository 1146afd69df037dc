
-- ---------------------------------------------------------------------------
-- Tasks
-- ---------------------------------------------------------------------------

CREATE FUNCTION taskq_title_is_valid(title text) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'taskq_title_is_valid_0_3';
COMMENT ON FUNCTION taskq_title_is_valid(text) IS
'Whether a text may become a title: what taskq_line_is_valid() says and, in a UTF8 database, at least one character that can be seen: not only white space, fillers, format characters and combining marks (Unicode 15.0); and no U+2028 or U+2029, which end a line. The directional marks U+200E, U+200F and U+061C, which taskq takes out of titles that it is given, are not in one.';

CREATE FUNCTION taskq_line_is_valid(line text) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'taskq_line_is_valid';
COMMENT ON FUNCTION taskq_line_is_valid(text) IS
'What a CHECK asks of titles and of the names of rules. True for 1 to 200 characters with at least one that is not blank, no control character and, in a UTF8 database, none with Unicode''s property Bidi_Control (UAX #9), which can make a title read as another. Of a new title the triggers ask more: taskq_title_is_valid().';

CREATE FUNCTION taskq_phase(started_at timestamptz, completed_at timestamptz, cancelled_at timestamptz) RETURNS integer
    LANGUAGE c IMMUTABLE PARALLEL SAFE LEAKPROOF
    AS 'MODULE_PATHNAME', 'taskq_phase';
COMMENT ON FUNCTION taskq_phase(timestamptz, timestamptz, timestamptz) IS
'What a task''s stamps say without looking at a clock: 0 = active and not started, 1 = active and started, 2 = completed, 3 = cancelled. First key of the queue indexes; leakproof, so that they serve under row security too.';

-- The CHECKs are functions in C: PostgreSQL reads the stored expression of a CHECK
-- for every statement, which for operators costs more than maintaining an index.
CREATE FUNCTION taskq_description_is_valid(description text) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'taskq_description_is_valid';
COMMENT ON FUNCTION taskq_description_is_valid(text) IS
'True for at most 65,536 characters.';

CREATE FUNCTION taskq_due_date_is_valid(due_date date) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'taskq_due_date_is_valid';
COMMENT ON FUNCTION taskq_due_date_is_valid(date) IS
'True for a day from 0001-01-01 to 9999-12-31.';

CREATE FUNCTION taskq_sla_hours_is_valid(sla_hours double precision) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'taskq_sla_hours_is_valid';
COMMENT ON FUNCTION taskq_sla_hours_is_valid(double precision) IS
'True for more than 0 and at most 87,600 hours.';

CREATE FUNCTION taskq_source_is_valid(source text) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'taskq_source_is_valid';
COMMENT ON FUNCTION taskq_source_is_valid(text) IS
'True for 1 to 63 characters.';

CREATE FUNCTION taskq_dedupe_key_is_valid(dedupe_key text) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'taskq_dedupe_key_is_valid';
COMMENT ON FUNCTION taskq_dedupe_key_is_valid(text) IS
'True for 1 to 255 characters.';

CREATE FUNCTION taskq_completed_is_valid(status taskq_status, completed_at timestamptz) RETURNS boolean
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'taskq_completed_is_valid';
COMMENT ON FUNCTION taskq_completed_is_valid(taskq_status, timestamptz) IS
'True if completed_at is set for COMPLETED and for nothing else.';

CREATE FUNCTION taskq_cancelled_is_valid(status taskq_status, cancelled_at timestamptz) RETURNS boolean
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'taskq_cancelled_is_valid';
COMMENT ON FUNCTION taskq_cancelled_is_valid(taskq_status, timestamptz) IS
'True if cancelled_at is set for CANCELLED and for nothing else.';

CREATE FUNCTION taskq_started_is_valid(status taskq_status, started_at timestamptz) RETURNS boolean
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'taskq_started_is_valid';
COMMENT ON FUNCTION taskq_started_is_valid(taskq_status, timestamptz) IS
'True if started_at is set for IN_PROGRESS and COMPLETED, and not for OPEN.';

CREATE FUNCTION taskq_overdue_is_valid(status taskq_status, due_date date) RETURNS boolean
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'taskq_overdue_is_valid';
COMMENT ON FUNCTION taskq_overdue_is_valid(taskq_status, date) IS
'True unless an OVERDUE task has no due_date.';

CREATE FUNCTION taskq_sla_stamps_are_valid(sla_hours double precision, sla_due_at timestamptz, sla_at_risk_at timestamptz, sla_breached_at timestamptz) RETURNS boolean
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'taskq_sla_stamps_are_valid';
COMMENT ON FUNCTION taskq_sla_stamps_are_valid(double precision, timestamptz, timestamptz, timestamptz) IS
'True if sla_due_at and sla_at_risk_at are set when sla_hours is and not otherwise, and sla_breached_at only then.';

CREATE FUNCTION taskq_stamps_are_valid(created_at timestamptz, started_at timestamptz, completed_at timestamptz, cancelled_at timestamptz, updated_at timestamptz, sla_breached_at timestamptz, sla_due_at timestamptz, sla_at_risk_at timestamptz) RETURNS boolean
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'taskq_stamps_are_valid';
COMMENT ON FUNCTION taskq_stamps_are_valid(timestamptz, timestamptz, timestamptz, timestamptz, timestamptz, timestamptz, timestamptz, timestamptz) IS
'True if none of those that are set is infinite, but the deadlines sla_due_at and sla_at_risk_at, which may be infinity (not -infinity), and the task was created no later than started, completed or cancelled, and started no later than completed or cancelled. No clock is looked at.';

CREATE FUNCTION taskq_first_breach_is_valid(sla_first_breached_at timestamptz) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'taskq_first_breach_is_valid';
COMMENT ON FUNCTION taskq_first_breach_is_valid(timestamptz) IS
'True for a finite instant.';

-- Vacuumed when 5 % of the rows are dead.  At PostgreSQL's default of 20 %, where
-- 10 % are active, two thirds of the entries in their indexes would be dead.
-- Names are resolved when this runs: where pg_catalog has no exact match, it is
-- named, so that nothing planted in the schema can be a better one.
CREATE TABLE taskq_task (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    title text NOT NULL
        CONSTRAINT taskq_task_title_check CHECK (taskq_line_is_valid(title)),
    description text
        CONSTRAINT taskq_task_description_check CHECK (taskq_description_is_valid(description)),
    priority taskq_priority NOT NULL DEFAULT 'MEDIUM',
    status taskq_status NOT NULL DEFAULT 'OPEN',
    due_date date
        CONSTRAINT taskq_task_due_date_check CHECK (taskq_due_date_is_valid(due_date)),
    sla_hours double precision
        CONSTRAINT taskq_task_sla_hours_check CHECK (taskq_sla_hours_is_valid(sla_hours)),
    assignee_id text REFERENCES taskq_staff_member ON UPDATE CASCADE,
    user_id text REFERENCES taskq_customer ON UPDATE CASCADE,
    source text NOT NULL DEFAULT 'MANUAL'
        CONSTRAINT taskq_task_source_check CHECK (taskq_source_is_valid(source)),
    dedupe_key text
        CONSTRAINT taskq_task_dedupe_key_check CHECK (taskq_dedupe_key_is_valid(dedupe_key)),
    created_at timestamptz NOT NULL DEFAULT statement_timestamp(),
    created_by text DEFAULT taskq_actor(),
    started_at timestamptz,
    completed_at timestamptz,
    cancelled_at timestamptz,
    updated_at timestamptz NOT NULL DEFAULT statement_timestamp(),
    sla_due_at timestamptz,
    sla_at_risk_at timestamptz,
    sla_breached_at timestamptz,
    sla_first_breached_at timestamptz
        CONSTRAINT taskq_task_sla_first_breached_at_check CHECK (taskq_first_breach_is_valid(sla_first_breached_at)),
    CONSTRAINT taskq_task_completed_check CHECK (taskq_completed_is_valid(status, completed_at)),
    CONSTRAINT taskq_task_cancelled_check CHECK (taskq_cancelled_is_valid(status, cancelled_at)),
    CONSTRAINT taskq_task_started_check CHECK (taskq_started_is_valid(status, started_at)),
    CONSTRAINT taskq_task_overdue_check CHECK (taskq_overdue_is_valid(status, due_date)),
    CONSTRAINT taskq_task_sla_stamps_check CHECK
        (taskq_sla_stamps_are_valid(sla_hours, sla_due_at, sla_at_risk_at, sla_breached_at)),
    CONSTRAINT taskq_task_stamps_check CHECK
        (taskq_stamps_are_valid(created_at, started_at, completed_at, cancelled_at, updated_at, sla_breached_at, sla_due_at, sla_at_risk_at))
) WITH (autovacuum_vacuum_scale_factor = 0.05);

-- One index for each kind of query.  Phase first, so that a page never reads a row of
-- another phase; then the keys of the sort, all ascending, so that one row
-- comparison is the position of a page.  Not coalesce(): PostgreSQL does not
-- consider it leakproof, so that it could not be an index condition under row
-- security.
CREATE INDEX taskq_task_queue_idx ON taskq_task
    (taskq_phase(started_at, completed_at, cancelled_at),
     (CASE WHEN due_date IS NULL THEN 'infinity' ELSE due_date END), taskq_priority_rank(priority), id);
CREATE INDEX taskq_task_priority_idx ON taskq_task
    (taskq_phase(started_at, completed_at, cancelled_at),
     taskq_priority_rank(priority), (CASE WHEN due_date IS NULL THEN 'infinity' ELSE due_date END), id);
CREATE INDEX taskq_task_created_idx ON taskq_task
    (taskq_phase(started_at, completed_at, cancelled_at), created_at, id);
CREATE INDEX taskq_task_sla_idx ON taskq_task
    (taskq_phase(started_at, completed_at, cancelled_at),
     (CASE WHEN sla_due_at IS NULL THEN 'infinity' ELSE sla_due_at END), id);
CREATE INDEX taskq_task_assignee_idx ON taskq_task
    (assignee_id, taskq_phase(started_at, completed_at, cancelled_at),
     (CASE WHEN due_date IS NULL THEN 'infinity' ELSE due_date END), taskq_priority_rank(priority), id)
    INCLUDE (sla_due_at, sla_at_risk_at)
    WHERE assignee_id IS NOT NULL;
CREATE INDEX taskq_task_unassigned_idx ON taskq_task
    (taskq_phase(started_at, completed_at, cancelled_at),
     (CASE WHEN due_date IS NULL THEN 'infinity' ELSE due_date END), taskq_priority_rank(priority), id)
    WHERE assignee_id IS NULL;
CREATE INDEX taskq_task_user_idx ON taskq_task
    (user_id, taskq_phase(started_at, completed_at, cancelled_at),
     (CASE WHEN due_date IS NULL THEN 'infinity' ELSE due_date END), taskq_priority_rank(priority), id)
    WHERE user_id IS NOT NULL;

-- For taskq_claim().
CREATE INDEX taskq_task_claim_idx ON taskq_task
    (taskq_priority_rank(priority), (CASE WHEN due_date IS NULL THEN 'infinity' ELSE due_date END), id)
    WHERE assignee_id IS NULL AND completed_at IS NULL AND cancelled_at IS NULL;

-- For the sweep, and for an index-only scan of the stats bar.
CREATE INDEX taskq_task_active_idx ON taskq_task
    (status, due_date)
    INCLUDE (started_at, assignee_id, sla_due_at, sla_at_risk_at)
    WHERE completed_at IS NULL AND cancelled_at IS NULL;
CREATE INDEX taskq_task_sla_pending_idx ON taskq_task
    (sla_due_at)
    WHERE sla_due_at IS NOT NULL AND sla_breached_at IS NULL
      AND completed_at IS NULL AND cancelled_at IS NULL;

-- Breaches whose deadline was moved out or removed, by which the SLA report counts
-- them: few.
CREATE INDEX taskq_task_moved_breach_idx ON taskq_task
    (sla_first_breached_at)
    WHERE (CASE WHEN sla_due_at IS NULL THEN 'infinity' ELSE sla_due_at END) > sla_first_breached_at;

-- Closed tasks by the time they were closed: today's count, retention; and what
-- one assignee has completed.
CREATE INDEX taskq_task_closed_idx ON taskq_task
    (coalesce(completed_at, cancelled_at))
    WHERE completed_at IS NOT NULL OR cancelled_at IS NOT NULL;
CREATE INDEX taskq_task_completed_idx ON taskq_task
    (assignee_id, completed_at)
    WHERE assignee_id IS NOT NULL AND completed_at IS NOT NULL;

CREATE UNIQUE INDEX taskq_task_dedupe_key ON taskq_task (dedupe_key)
    WHERE dedupe_key IS NOT NULL AND completed_at IS NULL AND cancelled_at IS NULL;

COMMENT ON TABLE taskq_task IS 'An actionable item assigned to a staff member, optionally about a customer. The stored status is its last written value: read view taskq_tasks for the effective one. Triggers enforce the lifecycle against every writer (23514, constraint taskq_task_lifecycle).';
COMMENT ON COLUMN taskq_task.id IS 'Key. Never changes.';
COMMENT ON COLUMN taskq_task.title IS 'What to do: 1 to 200 characters on one line, with one that can be seen. Directional marks (U+200E, U+200F, U+061C) are taken out, other bidirectional controls refused.';
COMMENT ON COLUMN taskq_task.description IS 'More of it, at most 65,536 characters.';
COMMENT ON COLUMN taskq_task.priority IS 'LOW, MEDIUM, HIGH or URGENT.';
COMMENT ON COLUMN taskq_task.status IS 'Status as last written. The effective status of an active task also depends on today: see taskq_tasks.';
COMMENT ON COLUMN taskq_task.due_date IS 'Last day on which the task is not past due, in taskq.timezone; 0001-01-01 to 9999-12-31; NULL = never past due.';
COMMENT ON COLUMN taskq_task.sla_hours IS 'Hours from creation to the SLA deadline, over 0 and at most 87600 (ten years); NULL = no SLA.';
COMMENT ON COLUMN taskq_task.assignee_id IS 'Staff member who owns the task; NULL = unassigned.';
COMMENT ON COLUMN taskq_task.user_id IS 'Customer whom the task is about; NULL = none.';
COMMENT ON COLUMN taskq_task.source IS 'What made the task: MANUAL, the application''s own word (1 to 63 characters), or RENEWAL and WORKFLOW, which the engines write. Never changes.';
COMMENT ON COLUMN taskq_task.dedupe_key IS 'At most one active task has a given key, 1 to 255 characters; NULL = not deduplicated.';
COMMENT ON COLUMN taskq_task.created_at IS 'When it was created (statement_timestamp()). Never changes. As all stamps but the SLA''s deadlines it is finite; what comes later is stamped no earlier (CHECK taskq_task_stamps_check).';
COMMENT ON COLUMN taskq_task.created_by IS 'Actor who created it; NULL = the system. Never changes.';
COMMENT ON COLUMN taskq_task.started_at IS 'When work began; kept when the task becomes OVERDUE. Written by the lifecycle only.';
COMMENT ON COLUMN taskq_task.completed_at IS 'When it was completed. Written by the lifecycle only.';
COMMENT ON COLUMN taskq_task.cancelled_at IS 'When it was cancelled. Written by the lifecycle only.';
COMMENT ON COLUMN taskq_task.updated_at IS 'When anything last changed. Written by the lifecycle only: statement_timestamp(), or the row''s last stamp where the clock is behind it.';
COMMENT ON COLUMN taskq_task.sla_due_at IS 'SLA deadline: created_at + sla_hours. Rescheduling never moves it. Written by the lifecycle only, except that an INSERT may give it; infinity = never; never -infinity (CHECK taskq_task_stamps_check).';
COMMENT ON COLUMN taskq_task.sla_at_risk_at IS 'From here to the deadline the task is AT_RISK: taskq.sla_at_risk_percent of the way when it was written. Written by the lifecycle only, except that an INSERT may give it.';
COMMENT ON COLUMN taskq_task.sla_breached_at IS 'When the breach of the current deadline was recorded. Written by the lifecycle only.';
COMMENT ON COLUMN taskq_task.sla_first_breached_at IS 'When the first breach of any deadline that the task has had was recorded; it stays when the deadline is moved out or removed. NULL = none was. Written by the lifecycle only, except that an INSERT may give it (NULL = sla_breached_at).';

SELECT pg_catalog.pg_extension_config_dump('taskq_task', '');
SELECT pg_catalog.pg_extension_config_dump('taskq_task_id_seq', '');
