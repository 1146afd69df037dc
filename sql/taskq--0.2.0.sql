-- taskq: the task lists of an operations desk, kept inside PostgreSQL
\echo Use "CREATE EXTENSION taskq" to load this file. \quit

-- ---------------------------------------------------------------------------
-- Types
-- ---------------------------------------------------------------------------

CREATE TYPE taskq_priority AS ENUM ('LOW', 'MEDIUM', 'HIGH', 'URGENT');
COMMENT ON TYPE taskq_priority IS
'How urgent a task is. LOW: nice to have, no deadline impact. MEDIUM: standard follow-up. HIGH: important, customer waiting or deadline near. URGENT: same-day action, compliance risk or very close deadline.';

CREATE TYPE taskq_status AS ENUM ('OPEN', 'IN_PROGRESS', 'OVERDUE', 'COMPLETED', 'CANCELLED');
COMMENT ON TYPE taskq_status IS
'Where a task stands. OPEN, IN_PROGRESS and OVERDUE are active; COMPLETED and CANCELLED are terminal. OVERDUE: active and the due date has passed.';

CREATE TYPE taskq_sla_status AS ENUM ('NONE', 'ON_TRACK', 'AT_RISK', 'BREACHED', 'MET', 'CANCELLED');
COMMENT ON TYPE taskq_sla_status IS
'How a task stands against its SLA deadline. NONE: no SLA. ON_TRACK, AT_RISK: active, before the deadline. BREACHED: completed or cancelled after the deadline, or active past it. MET: completed by the deadline. CANCELLED: cancelled by the deadline.';

CREATE FUNCTION taskq_priority_rank(priority taskq_priority) RETURNS integer
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
    AS 'MODULE_PATHNAME', 'taskq_priority_rank';
COMMENT ON FUNCTION taskq_priority_rank(taskq_priority) IS
'Position of a priority in a list sorted by urgency: 1 = URGENT, 2 = HIGH, 3 = MEDIUM, 4 = LOW. The sort key of the queue indexes; leakproof, so that they serve under row security too.';

-- ---------------------------------------------------------------------------
-- Calendar: what "today" is
-- ---------------------------------------------------------------------------

CREATE FUNCTION taskq_today() RETURNS date
    LANGUAGE c STABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'taskq_today';
COMMENT ON FUNCTION taskq_today() IS
'The date of statement_timestamp() in setting taskq.timezone; the session''s TimeZone plays no part.';

CREATE FUNCTION taskq_day_start(day date) RETURNS timestamptz
    LANGUAGE c STABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'taskq_day_start';
COMMENT ON FUNCTION taskq_day_start(date) IS
'The instant at which the given day begins in setting taskq.timezone. A task due on day D is past due from taskq_day_start(D + 1). Errors: 22008 if the day is infinite or outside the range of timestamptz.';

-- ---------------------------------------------------------------------------
-- Actor: who did it
-- ---------------------------------------------------------------------------

CREATE FUNCTION taskq_actor() RETURNS text
    LANGUAGE c STABLE PARALLEL RESTRICTED
    AS 'MODULE_PATHNAME', 'taskq_actor';
COMMENT ON FUNCTION taskq_actor() IS
'Who a write made now is attributed to: argument actor of the taskq function under way, else setting taskq.actor (empty = unset), else the session user; NULL = the system (the sweep). A claim by the application, not an identity: task events keep session_user beside it.';

-- ---------------------------------------------------------------------------
-- Directory: staff and customers
-- ---------------------------------------------------------------------------

CREATE TABLE taskq_staff_member (
    id text PRIMARY KEY CHECK (char_length(id) BETWEEN 1 AND 255),
    name text NOT NULL,
    is_active boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE taskq_staff_member IS 'People whom tasks are assigned to. Kept by hand or from the application''s own table by taskq_mirror().';
COMMENT ON COLUMN taskq_staff_member.id IS 'The application''s key, 1 to 255 characters.';
COMMENT ON COLUMN taskq_staff_member.name IS 'Display name.';
COMMENT ON COLUMN taskq_staff_member.is_active IS 'False: keeps the tasks it has, gets no new ones.';

CREATE TABLE taskq_customer (
    id text PRIMARY KEY CHECK (char_length(id) BETWEEN 1 AND 255),
    name text NOT NULL,
    assigned_agent_id text REFERENCES taskq_staff_member ON UPDATE CASCADE,
    is_active boolean NOT NULL DEFAULT true
);
CREATE INDEX taskq_customer_agent_idx ON taskq_customer (assigned_agent_id);
COMMENT ON TABLE taskq_customer IS 'Customers whom tasks are about. Kept by hand or from the application''s own table by taskq_mirror().';
COMMENT ON COLUMN taskq_customer.id IS 'The application''s key, 1 to 255 characters; a task names it in user_id.';
COMMENT ON COLUMN taskq_customer.name IS 'Display name.';
COMMENT ON COLUMN taskq_customer.assigned_agent_id IS 'Staff member who looks after the customer, if any.';
COMMENT ON COLUMN taskq_customer.is_active IS 'False: the application no longer has this customer.';

SELECT pg_catalog.pg_extension_config_dump('taskq_staff_member', '');
SELECT pg_catalog.pg_extension_config_dump('taskq_customer', '');

CREATE FUNCTION taskq_mirror() RETURNS trigger
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_mirror';
COMMENT ON FUNCTION taskq_mirror() IS
'Trigger function, AFTER INSERT OR UPDATE OR DELETE FOR EACH ROW on the application''s own table. Arguments: ''staff'' or ''customer'', then the names of the columns that hold id, name, active (optional, '''' = always active) and, for customers, agent (optional). Insert and update upsert; delete marks inactive and keeps the row; a changed id is refused (0A000). The owner of the table must be allowed to execute this function (42501).';

-- ---------------------------------------------------------------------------
-- Tasks
-- ---------------------------------------------------------------------------

CREATE FUNCTION taskq_title_is_valid(title text) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'taskq_title_is_valid';
COMMENT ON FUNCTION taskq_title_is_valid(text) IS
'True for 1 to 200 characters with at least one that is not blank, no control character and, in a UTF8 database, none with Unicode''s property Bidi_Control (UAX #9), which can make a title read as another.';

CREATE FUNCTION taskq_phase(started_at timestamptz, completed_at timestamptz, cancelled_at timestamptz) RETURNS integer
    LANGUAGE c IMMUTABLE PARALLEL SAFE LEAKPROOF
    AS 'MODULE_PATHNAME', 'taskq_phase';
COMMENT ON FUNCTION taskq_phase(timestamptz, timestamptz, timestamptz) IS
'What a task''s stamps say without looking at a clock: 0 = active and not started, 1 = active and started, 2 = completed, 3 = cancelled. First key of the queue indexes; leakproof, so that they serve under row security too.';

-- The CHECKs are functions in C: PostgreSQL reads the expression of a CHECK
-- anew for every statement, which for operators costs more than an index does.
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

-- Vacuumed when a twentieth is dead.  A fifth, PostgreSQL's default, is twice as
-- many as are active where a tenth is: their indexes would be two thirds dead.
-- Names are resolved when this runs: where pg_catalog has no exact match, it is
-- named, so that nothing planted in the schema can be a better one.
CREATE TABLE taskq_task (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    title text NOT NULL
        CONSTRAINT taskq_task_title_check CHECK (taskq_title_is_valid(title)),
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
    CONSTRAINT taskq_task_completed_check CHECK (taskq_completed_is_valid(status, completed_at)),
    CONSTRAINT taskq_task_cancelled_check CHECK (taskq_cancelled_is_valid(status, cancelled_at)),
    CONSTRAINT taskq_task_started_check CHECK (taskq_started_is_valid(status, started_at)),
    CONSTRAINT taskq_task_overdue_check CHECK (taskq_overdue_is_valid(status, due_date)),
    CONSTRAINT taskq_task_sla_stamps_check CHECK
        (taskq_sla_stamps_are_valid(sla_hours, sla_due_at, sla_at_risk_at, sla_breached_at))
) WITH (autovacuum_vacuum_scale_factor = 0.05);

-- One index a question. Phase first, so that a page never reads a row of
-- another phase; then the keys of the sort, all ascending, so that one row
-- comparison is the position of a page.  Not coalesce(): PostgreSQL does not take
-- it for leakproof, and under row security it would be no condition of an index.
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

-- What taskq_claim() takes from.
CREATE INDEX taskq_task_claim_idx ON taskq_task
    (taskq_priority_rank(priority), (CASE WHEN due_date IS NULL THEN 'infinity' ELSE due_date END), id)
    WHERE assignee_id IS NULL AND completed_at IS NULL AND cancelled_at IS NULL;

-- What the sweep looks for, and an index-only scan for the stats bar.
CREATE INDEX taskq_task_active_idx ON taskq_task
    (status, due_date)
    INCLUDE (started_at, assignee_id, sla_due_at, sla_at_risk_at)
    WHERE completed_at IS NULL AND cancelled_at IS NULL;
CREATE INDEX taskq_task_sla_pending_idx ON taskq_task
    (sla_due_at)
    WHERE sla_due_at IS NOT NULL AND sla_breached_at IS NULL
      AND completed_at IS NULL AND cancelled_at IS NULL;

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
COMMENT ON COLUMN taskq_task.title IS 'What to do: 1 to 200 characters on one line, not blank.';
COMMENT ON COLUMN taskq_task.description IS 'More of it, at most 65,536 characters.';
COMMENT ON COLUMN taskq_task.priority IS 'LOW, MEDIUM, HIGH or URGENT.';
COMMENT ON COLUMN taskq_task.status IS 'Status as last written. The effective status of an active task also depends on today: see taskq_tasks.';
COMMENT ON COLUMN taskq_task.due_date IS 'Last day on which the task is not past due, in taskq.timezone; 0001-01-01 to 9999-12-31; NULL = never past due.';
COMMENT ON COLUMN taskq_task.sla_hours IS 'Hours from creation to the SLA deadline, over 0 and at most 87600 (ten years); NULL = no SLA.';
COMMENT ON COLUMN taskq_task.assignee_id IS 'Staff member who owns the task; NULL = unassigned.';
COMMENT ON COLUMN taskq_task.user_id IS 'Customer whom the task is about; NULL = none.';
COMMENT ON COLUMN taskq_task.source IS 'What made the task: MANUAL, the application''s own word (1 to 63 characters), or RENEWAL and WORKFLOW, which the engines write. Never changes.';
COMMENT ON COLUMN taskq_task.dedupe_key IS 'At most one active task has a given key, 1 to 255 characters; NULL = not deduplicated.';
COMMENT ON COLUMN taskq_task.created_at IS 'When it was created (statement_timestamp()). Never changes.';
COMMENT ON COLUMN taskq_task.created_by IS 'Actor who created it; NULL = the system. Never changes.';
COMMENT ON COLUMN taskq_task.started_at IS 'When work began; kept when the task becomes OVERDUE. Written by the lifecycle only.';
COMMENT ON COLUMN taskq_task.completed_at IS 'When it was completed. Written by the lifecycle only.';
COMMENT ON COLUMN taskq_task.cancelled_at IS 'When it was cancelled. Written by the lifecycle only.';
COMMENT ON COLUMN taskq_task.updated_at IS 'When anything last changed. Written by the lifecycle only.';
COMMENT ON COLUMN taskq_task.sla_due_at IS 'SLA deadline: created_at + sla_hours. Rescheduling never moves it. Written by the lifecycle only, except that an INSERT may give it.';
COMMENT ON COLUMN taskq_task.sla_at_risk_at IS 'From here to the deadline the task is AT_RISK: taskq.sla_at_risk_percent of the way when it was written. Written by the lifecycle only, except that an INSERT may give it.';
COMMENT ON COLUMN taskq_task.sla_breached_at IS 'When the breach of the current deadline was recorded. Written by the lifecycle only.';

SELECT pg_catalog.pg_extension_config_dump('taskq_task', '');
SELECT pg_catalog.pg_extension_config_dump('taskq_task_id_seq', '');

-- ---------------------------------------------------------------------------
-- History: every change after creation
-- ---------------------------------------------------------------------------

-- No foreign key to taskq_task: only taskq's own triggers write here, and
-- checking one would lock the task's new row version once more per event.
CREATE FUNCTION taskq_event_kind_is_valid(kind text) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'taskq_event_kind_is_valid';
COMMENT ON FUNCTION taskq_event_kind_is_valid(text) IS
'True for a kind of event, as told at taskq_task_event.kind.';

CREATE TABLE taskq_task_event (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    task_id bigint NOT NULL,
    at timestamptz NOT NULL,
    actor text,
    db_user text,
    kind text NOT NULL
        CONSTRAINT taskq_task_event_kind_check CHECK (taskq_event_kind_is_valid(kind)),
    from_status taskq_status,
    to_status taskq_status,
    changes jsonb,
    note text
);
CREATE INDEX taskq_task_event_task_idx ON taskq_task_event (task_id, id);

COMMENT ON TABLE taskq_task_event IS 'Append-only history of tasks: every change after creation, whichever way it was made, in order of id. For one task each event''s from_status is the to_status of the event before. View taskq_task_history adds the creation.';
COMMENT ON COLUMN taskq_task_event.id IS 'Key, ascending in the order in which one task''s events happened.';
COMMENT ON COLUMN taskq_task_event.task_id IS 'The task.';
COMMENT ON COLUMN taskq_task_event.at IS 'statement_timestamp() of the change.';
COMMENT ON COLUMN taskq_task_event.actor IS 'Who did it, as the application claims; NULL = the system.';
COMMENT ON COLUMN taskq_task_event.db_user IS 'session_user of the change.';
COMMENT ON COLUMN taskq_task_event.kind IS 'started, completed, cancelled; assigned, rescheduled, prioritized, sla_changed, edited (one kind of field), updated (several); overdue, recovered (the day turned) and sla_breached, which have no actor; commented; erased (taskq_erase_customer() took the texts, of earlier events too).';
COMMENT ON COLUMN taskq_task_event.from_status IS 'Status before.';
COMMENT ON COLUMN taskq_task_event.to_status IS 'Status after.';
COMMENT ON COLUMN taskq_task_event.changes IS 'Fields that changed, {"field": {"from": …, "to": …}}; NULL = none but the status.';
COMMENT ON COLUMN taskq_task_event.note IS 'Note of taskq_complete and taskq_comment, reason of taskq_cancel; at most 65,536 characters.';

SELECT pg_catalog.pg_extension_config_dump('taskq_task_event', '');
SELECT pg_catalog.pg_extension_config_dump('taskq_task_event_id_seq', '');

CREATE FUNCTION taskq_task_event_guard() RETURNS trigger
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_task_event_guard';
COMMENT ON FUNCTION taskq_task_event_guard() IS
'Trigger function of taskq_task_event: history is append-only. UPDATE, DELETE and TRUNCATE are refused (23514, constraint taskq_task_event_append_only) unless taskq itself deletes the task or erases its texts.';

CREATE TRIGGER taskq_append_only BEFORE UPDATE OR DELETE ON taskq_task_event
    FOR EACH ROW EXECUTE FUNCTION taskq_task_event_guard();
CREATE TRIGGER taskq_append_only_truncate BEFORE TRUNCATE ON taskq_task_event
    FOR EACH STATEMENT EXECUTE FUNCTION taskq_task_event_guard();

-- An event shows where its task does, so that row security on taskq_task is
-- row security on the view.  It is no barrier for who may read the events
-- themselves: that takes a policy on taskq_task_event.
CREATE VIEW taskq_task_history WITH (security_invoker = true) AS
SELECT e.task_id, e.id AS event_id, e.at, e.actor, e.db_user, e.kind, e.from_status, e.to_status, e.changes, e.note
FROM taskq_task_event e
WHERE EXISTS (SELECT FROM taskq_task t WHERE t.id = e.task_id)
UNION ALL
SELECT t.id, 0, t.created_at, t.created_by, NULL, 'created', NULL,
       coalesce((SELECT e.from_status FROM taskq_task_event e
                 WHERE e.task_id = t.id ORDER BY e.id LIMIT 1), t.status),
       NULL, NULL
FROM taskq_task t;
COMMENT ON VIEW taskq_task_history IS 'Events of each task with its creation as event 0 (derived, not stored). ORDER BY event_id for the order in which they happened.';
COMMENT ON COLUMN taskq_task_history.task_id IS 'The task.';
COMMENT ON COLUMN taskq_task_history.event_id IS 'taskq_task_event.id; 0 = the creation.';
COMMENT ON COLUMN taskq_task_history.kind IS 'created, or as in taskq_task_event.';

-- ---------------------------------------------------------------------------
-- Lifecycle: triggers that no writer escapes
-- ---------------------------------------------------------------------------

CREATE FUNCTION taskq_effective_status(status taskq_status, due_date date, started_at timestamptz, today date DEFAULT taskq_today())
    RETURNS taskq_status
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE
        WHEN status OPERATOR(pg_catalog.=) ANY (ARRAY['COMPLETED'::taskq_status, 'CANCELLED'::taskq_status]) THEN status
        WHEN due_date < today THEN 'OVERDUE'::taskq_status
        WHEN started_at IS NOT NULL THEN 'IN_PROGRESS'::taskq_status
        ELSE 'OPEN'::taskq_status
    END;
END;
COMMENT ON FUNCTION taskq_effective_status(taskq_status, date, timestamptz, date) IS
'Effective status of a task on a given day. Arguments: its stored status, due_date and started_at; the day (default taskq_today()). Terminal: the stored status. Active: OVERDUE if due_date is before that day, else IN_PROGRESS if started, else OPEN.';

CREATE FUNCTION taskq_task_insert() RETURNS trigger
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_task_insert';
COMMENT ON FUNCTION taskq_task_insert() IS
'Trigger function of taskq_task, BEFORE INSERT: fills sla_due_at and sla_at_risk_at when NULL and looks at nothing else, so that a restore gives back the same bytes.';

CREATE FUNCTION taskq_task_update() RETURNS trigger
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_task_update';
COMMENT ON FUNCTION taskq_task_update() IS
'Trigger function of taskq_task, BEFORE UPDATE: refuses what the lifecycle does not allow (23514, constraint taskq_task_lifecycle), refuses unknown and inactive staff (23503), writes the stamps and the effective status.';

CREATE FUNCTION taskq_task_updated() RETURNS trigger
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_task_updated';
COMMENT ON FUNCTION taskq_task_updated() IS
'Trigger function of taskq_task, AFTER UPDATE FOR EACH STATEMENT: checks old against new once more, in case another trigger changed the row, and writes the history of the whole statement. Under session_replication_role = replica it only keeps the counters of the stats bar.';

CREATE FUNCTION taskq_task_delete() RETURNS trigger
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_task_delete';
COMMENT ON FUNCTION taskq_task_delete() IS
'Trigger function of taskq_task, BEFORE DELETE and BEFORE TRUNCATE: only terminal tasks may be deleted; TRUNCATE is refused (23514, constraint taskq_task_lifecycle). Under session_replication_role = replica it only keeps the counters of the stats bar.';

CREATE FUNCTION taskq_task_deleted() RETURNS trigger
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_task_deleted';
COMMENT ON FUNCTION taskq_task_deleted() IS
'Trigger function of taskq_task, AFTER DELETE FOR EACH STATEMENT: deletes the history of the deleted tasks. Under session_replication_role = replica it only keeps the counters of the stats bar.';

CREATE TRIGGER taskq_lifecycle_insert BEFORE INSERT ON taskq_task
    FOR EACH ROW EXECUTE FUNCTION taskq_task_insert();
CREATE TRIGGER taskq_lifecycle_update BEFORE UPDATE ON taskq_task
    FOR EACH ROW EXECUTE FUNCTION taskq_task_update();
CREATE TRIGGER taskq_lifecycle_updated AFTER UPDATE ON taskq_task
    REFERENCING OLD TABLE AS old_tasks NEW TABLE AS new_tasks
    FOR EACH STATEMENT EXECUTE FUNCTION taskq_task_updated();
CREATE TRIGGER taskq_lifecycle_delete BEFORE DELETE ON taskq_task
    FOR EACH ROW EXECUTE FUNCTION taskq_task_delete();
CREATE TRIGGER taskq_lifecycle_deleted AFTER DELETE ON taskq_task
    REFERENCING OLD TABLE AS old_tasks
    FOR EACH STATEMENT EXECUTE FUNCTION taskq_task_deleted();
CREATE TRIGGER taskq_lifecycle_truncate BEFORE TRUNCATE ON taskq_task
    FOR EACH STATEMENT EXECUTE FUNCTION taskq_task_delete();
-- Where other triggers are off (session_replication_role = replica), these do
-- nothing but keep the counters of the stats bar.
ALTER TABLE taskq_task
    ENABLE ALWAYS TRIGGER taskq_lifecycle_updated,
    ENABLE ALWAYS TRIGGER taskq_lifecycle_deleted,
    ENABLE ALWAYS TRIGGER taskq_lifecycle_truncate;

-- ---------------------------------------------------------------------------
-- SLA
-- ---------------------------------------------------------------------------

CREATE FUNCTION taskq_sla_status_at(sla_due_at timestamptz, sla_at_risk_at timestamptz, completed_at timestamptz, cancelled_at timestamptz, at timestamptz DEFAULT statement_timestamp())
    RETURNS taskq_sla_status
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE
        WHEN sla_due_at IS NULL THEN 'NONE'::taskq_sla_status
        WHEN coalesce(completed_at, cancelled_at, at) > sla_due_at THEN 'BREACHED'::taskq_sla_status
        WHEN completed_at IS NOT NULL THEN 'MET'::taskq_sla_status
        WHEN cancelled_at IS NOT NULL THEN 'CANCELLED'::taskq_sla_status
        WHEN at >= sla_at_risk_at THEN 'AT_RISK'::taskq_sla_status
        ELSE 'ON_TRACK'::taskq_sla_status
    END;
END;
COMMENT ON FUNCTION taskq_sla_status_at(timestamptz, timestamptz, timestamptz, timestamptz, timestamptz) IS
'SLA status of a task at an instant. Arguments: its sla_due_at, sla_at_risk_at, completed_at and cancelled_at; the instant (default statement_timestamp()). At the deadline itself the SLA still holds.';

-- ---------------------------------------------------------------------------
-- API: creating tasks
-- ---------------------------------------------------------------------------

CREATE FUNCTION taskq_create(
    title text,
    description text DEFAULT NULL,
    priority taskq_priority DEFAULT 'MEDIUM',
    due_date date DEFAULT NULL,
    sla_hours double precision DEFAULT NULL,
    assignee_id text DEFAULT NULL,
    user_id text DEFAULT NULL,
    dedupe_key text DEFAULT NULL,
    source text DEFAULT 'MANUAL',
    actor text DEFAULT NULL)
    RETURNS bigint
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_create';
COMMENT ON FUNCTION taskq_create(text, text, taskq_priority, date, double precision, text, text, text, text, text) IS
'Creates a task and returns its id; a due date that has passed makes it OVERDUE from the start. With a dedupe_key that an active task holds, returns that task''s id and creates nothing. NULL for an argument with a default means the default. Arguments: title (1-200 characters, not blank), description (at most 65,536 characters), priority, due_date (0001-01-01 to 9999-12-31), sla_hours (over 0, at most 87600), assignee_id (active staff), user_id (customer), dedupe_key (1-255 characters), source (1-63 characters; RENEWAL and WORKFLOW are the engines''), actor (1-255 characters). Errors: 22023 argument out of bounds, 23503 unknown or inactive staff or unknown customer, 42501 or 40001 if the holder of the dedupe_key cannot be seen.';

CREATE FUNCTION taskq_create_json(body jsonb, actor text DEFAULT NULL)
    RETURNS jsonb
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_create_json';
COMMENT ON FUNCTION taskq_create_json(jsonb, text) IS
'Creates a task from a JSON object whose keys are the arguments of taskq_create but actor; title is required, JSON null = absent, due_date is "YYYY-MM-DD", sla_hours a number, all others strings. Returns the task as in taskq_tasks plus "created": false if the dedupe_key was taken and this is its holder. Errors: as taskq_create; 22023 naming the field for an unknown key or a wrong type; 22P02 and 22007 for a priority or a date that is none.';

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
       taskq_sla_status_at(t.sla_due_at, t.sla_at_risk_at, t.completed_at, t.cancelled_at) AS sla_status
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
COMMENT ON COLUMN taskq_tasks.sla_status IS 'SLA status at this instant, see taskq_sla_status_at().';

CREATE VIEW taskq_queue WITH (security_invoker = true) AS
SELECT *
FROM taskq_tasks
WHERE taskq_phase(started_at, completed_at, cancelled_at) = 0
  AND (CASE WHEN due_date IS NULL THEN 'infinity' ELSE due_date END) >= taskq_today()
ORDER BY (CASE WHEN due_date IS NULL THEN 'infinity' ELSE due_date END), taskq_priority_rank(priority), id;
COMMENT ON VIEW taskq_queue IS 'The default page: OPEN tasks by due date (none last), URGENT first, id; columns as taskq_tasks. For pages and filters use taskq_queue_page().';

CREATE TYPE taskq_queue_row AS (
    id bigint, title text, description text, priority taskq_priority, status taskq_status,
    due_date date, sla_hours double precision, assignee_id text, user_id text, source text, dedupe_key text,
    created_at timestamptz, created_by text, started_at timestamptz, completed_at timestamptz,
    cancelled_at timestamptz, updated_at timestamptz,
    sla_due_at timestamptz, sla_at_risk_at timestamptz, sla_breached_at timestamptz,
    stored_status taskq_status, is_active boolean, is_overdue boolean, days_overdue integer,
    assignee_name text, assignee_is_active boolean, customer_name text, sla_status taskq_sla_status,
    cursor text
);
COMMENT ON TYPE taskq_queue_row IS 'A row of taskq_queue_page(): the columns of taskq_tasks, and cursor, which argument after takes to go on behind this row.';

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
    sort text DEFAULT 'due',
    page_size integer DEFAULT 50,
    after text DEFAULT NULL)
    RETURNS SETOF taskq_queue_row
    LANGUAGE c STABLE
    AS 'MODULE_PATHNAME', 'taskq_queue_page';
COMMENT ON FUNCTION taskq_queue_page(taskq_status[], taskq_priority[], text, text, boolean, text, date, date, taskq_sla_status[], text, text, integer, text) IS
'One page of the queue, exact at this instant. Filters: effective status, priority, SLA status (arrays: NULL = all, ''{}'' = none), assignee_id, user_id, unassigned, source, due_from and due_to (inclusive), search (substring of the title, case-insensitive). sort: due (due date, none last; priority; id), priority (priority; due date; id), created (newest first), sla (deadline, none last; id). page_size: 1 to 1000 rows. after: cursor of the last row seen, under the same sort; it is a position, so nothing is skipped when that row moves. Errors: 22023 naming the argument: unknown sort, page_size out of bounds, a cursor that is none or of another sort, a NULL array element, assignee_id together with unassigned.';

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
    cap integer DEFAULT 10000)
    RETURNS bigint
    LANGUAGE c STABLE
    AS 'MODULE_PATHNAME', 'taskq_queue_count';
COMMENT ON FUNCTION taskq_queue_count(taskq_status[], taskq_priority[], text, text, boolean, text, date, date, taskq_sla_status[], text, integer) IS
'How many tasks the same filters of taskq_queue_page() match, counted up to cap (at least 1; NULL = no cap). Errors: 22023 as there; cap out of bounds.';

-- ---------------------------------------------------------------------------
-- API: moving tasks along
-- ---------------------------------------------------------------------------

-- Each verb comes twice: for one task, and for many (one statement, all or
-- nothing, rows locked in order of id).

CREATE FUNCTION taskq_start(id bigint, actor text DEFAULT NULL)
    RETURNS taskq_task
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_start';
COMMENT ON FUNCTION taskq_start(bigint, text) IS
'Begins work: OPEN becomes IN_PROGRESS; an OVERDUE task stays OVERDUE and gets started_at. Already started: nothing is recorded. Returns the row of taskq_task. Errors: P0002 no such task or NULL id, 23514 if terminal.';

CREATE FUNCTION taskq_start_many(ids bigint[], actor text DEFAULT NULL)
    RETURNS SETOF taskq_task
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_start_many';
COMMENT ON FUNCTION taskq_start_many(bigint[], text) IS
'taskq_start for many tasks: one statement, all or nothing; the rows come back in order of id, duplicates collapsed. Errors: 22023 ids is NULL or has a NULL element; P0002 naming an id that is no task; else as taskq_start.';

CREATE FUNCTION taskq_complete(id bigint, note text DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS taskq_task
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_complete';
COMMENT ON FUNCTION taskq_complete(bigint, text, text) IS
'Completes a task that is IN_PROGRESS or OVERDUE. Argument note (at most 65,536 characters) goes into the history. Returns the row of taskq_task. Errors: P0002 no such task or NULL id, 22023 note too long, 23514 if OPEN (start it first) or terminal.';

CREATE FUNCTION taskq_complete_many(ids bigint[], note text DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS SETOF taskq_task
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_complete_many';
COMMENT ON FUNCTION taskq_complete_many(bigint[], text, text) IS
'taskq_complete for many tasks: one statement, all or nothing; the rows come back in order of id, duplicates collapsed. Errors: 22023 ids is NULL or has a NULL element; P0002 naming an id that is no task; else as taskq_complete.';

CREATE FUNCTION taskq_cancel(id bigint, reason text DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS taskq_task
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_cancel';
COMMENT ON FUNCTION taskq_cancel(bigint, text, text) IS
'Cancels an active task. Argument reason (at most 65,536 characters) goes into the history. Returns the row of taskq_task. Errors: P0002 no such task or NULL id, 22023 reason too long, 23514 if terminal.';

CREATE FUNCTION taskq_cancel_many(ids bigint[], reason text DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS SETOF taskq_task
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_cancel_many';
COMMENT ON FUNCTION taskq_cancel_many(bigint[], text, text) IS
'taskq_cancel for many tasks: one statement, all or nothing; the rows come back in order of id, duplicates collapsed. Errors: 22023 ids is NULL or has a NULL element; P0002 naming an id that is no task; else as taskq_cancel.';

CREATE FUNCTION taskq_assign(id bigint, assignee_id text, actor text DEFAULT NULL)
    RETURNS taskq_task
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_assign';
COMMENT ON FUNCTION taskq_assign(bigint, text, text) IS
'Gives an active task to a staff member; NULL unassigns it. Same assignee: nothing is recorded. Returns the row of taskq_task. Errors: P0002 no such task or NULL id, 23503 unknown or inactive staff, 23514 if terminal.';

CREATE FUNCTION taskq_assign_many(ids bigint[], assignee_id text, actor text DEFAULT NULL)
    RETURNS SETOF taskq_task
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_assign_many';
COMMENT ON FUNCTION taskq_assign_many(bigint[], text, text) IS
'taskq_assign for many tasks: one statement, all or nothing; the rows come back in order of id, duplicates collapsed. Errors: 22023 ids is NULL or has a NULL element; P0002 naming an id that is no task; else as taskq_assign.';

CREATE FUNCTION taskq_reschedule(id bigint, due_date date, actor text DEFAULT NULL)
    RETURNS taskq_task
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_reschedule';
COMMENT ON FUNCTION taskq_reschedule(bigint, date, text) IS
'Moves the due date of an active task; NULL removes it. The status follows: OVERDUE if the date has passed, else IN_PROGRESS or OPEN. The SLA deadline stays. Same date: nothing is recorded. Returns the row of taskq_task. Errors: P0002 no such task or NULL id, 22023 date outside 0001-01-01 to 9999-12-31, 23514 if terminal.';

CREATE FUNCTION taskq_reschedule_many(ids bigint[], due_date date, actor text DEFAULT NULL)
    RETURNS SETOF taskq_task
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_reschedule_many';
COMMENT ON FUNCTION taskq_reschedule_many(bigint[], date, text) IS
'taskq_reschedule for many tasks: one statement, all or nothing; the rows come back in order of id, duplicates collapsed. Errors: 22023 ids is NULL or has a NULL element; P0002 naming an id that is no task; else as taskq_reschedule.';

CREATE FUNCTION taskq_prioritize(id bigint, priority taskq_priority, actor text DEFAULT NULL)
    RETURNS taskq_task
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_prioritize';
COMMENT ON FUNCTION taskq_prioritize(bigint, taskq_priority, text) IS
'Sets the priority of an active task. Same priority: nothing is recorded. Returns the row of taskq_task. Errors: P0002 no such task or NULL id, 22023 priority is NULL, 23514 if terminal.';

CREATE FUNCTION taskq_prioritize_many(ids bigint[], priority taskq_priority, actor text DEFAULT NULL)
    RETURNS SETOF taskq_task
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_prioritize_many';
COMMENT ON FUNCTION taskq_prioritize_many(bigint[], taskq_priority, text) IS
'taskq_prioritize for many tasks: one statement, all or nothing; the rows come back in order of id, duplicates collapsed. Errors: 22023 ids is NULL or has a NULL element; P0002 naming an id that is no task; else as taskq_prioritize.';

CREATE FUNCTION taskq_set_sla(id bigint, sla_hours double precision, actor text DEFAULT NULL)
    RETURNS taskq_task
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_set_sla';
COMMENT ON FUNCTION taskq_set_sla(bigint, double precision, text) IS
'Sets the SLA of an active task in hours from its creation (over 0, at most 87600); NULL removes it. A breach of the new deadline is recorded anew. Same hours: nothing is recorded. Returns the row of taskq_task. Errors: P0002 no such task or NULL id, 22023 hours out of bounds, 23514 if terminal.';

CREATE FUNCTION taskq_set_sla_many(ids bigint[], sla_hours double precision, actor text DEFAULT NULL)
    RETURNS SETOF taskq_task
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_set_sla_many';
COMMENT ON FUNCTION taskq_set_sla_many(bigint[], double precision, text) IS
'taskq_set_sla for many tasks: one statement, all or nothing; the rows come back in order of id, duplicates collapsed. Errors: 22023 ids is NULL or has a NULL element; P0002 naming an id that is no task; else as taskq_set_sla.';

CREATE FUNCTION taskq_edit(id bigint, title text DEFAULT NULL, description text DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS taskq_task
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_edit';
COMMENT ON FUNCTION taskq_edit(bigint, text, text, text) IS
'Changes the title (1-200 characters) and description (at most 65,536 characters) of an active task: NULL keeps, '''' clears the description. Returns the row of taskq_task. Errors: P0002 no such task or NULL id, 22023 text out of bounds, 23514 if terminal.';

CREATE FUNCTION taskq_edit_many(ids bigint[], title text DEFAULT NULL, description text DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS SETOF taskq_task
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_edit_many';
COMMENT ON FUNCTION taskq_edit_many(bigint[], text, text, text) IS
'taskq_edit for many tasks: one statement, all or nothing; the rows come back in order of id, duplicates collapsed. Errors: 22023 ids is NULL or has a NULL element; P0002 naming an id that is no task; else as taskq_edit.';

CREATE FUNCTION taskq_comment(id bigint, note text, actor text DEFAULT NULL)
    RETURNS taskq_task
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_comment';
COMMENT ON FUNCTION taskq_comment(bigint, text, text) IS
'Adds a note (1 to 65,536 characters) to the history of a task, terminal ones too. The row itself does not change. Returns the row of taskq_task. Errors: P0002 no such task or NULL id, 22023 note empty or too long, 42501 if the caller may not update the task.';

CREATE FUNCTION taskq_comment_many(ids bigint[], note text, actor text DEFAULT NULL)
    RETURNS SETOF taskq_task
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_comment_many';
COMMENT ON FUNCTION taskq_comment_many(bigint[], text, text) IS
'taskq_comment for many tasks: one statement, all or nothing; the rows come back in order of id, duplicates collapsed. Errors: 22023 ids is NULL or has a NULL element; P0002 naming an id that is no task; else as taskq_comment.';

CREATE FUNCTION taskq_claim(assignee_id text, count integer DEFAULT 1, actor text DEFAULT NULL)
    RETURNS SETOF taskq_tasks
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_claim';
COMMENT ON FUNCTION taskq_claim(text, integer, text) IS
'Assigns (does not start) up to count (1 to 1000) of the most urgent unassigned active tasks, OVERDUE included, in order of priority, due date, id, and returns them. Never gives one task to two callers, never waits for a lock: tasks locked by others are passed over. Errors: 22023 count out of bounds, 23503 unknown or inactive staff.';

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
    LANGUAGE c STABLE
    AS 'MODULE_PATHNAME', 'taskq_stats';
COMMENT ON FUNCTION taskq_stats(text, text) IS
'The stats bar: numbers of tasks at this instant, exact whether or not the sweep has run, of one assignee and/or customer if given. open, in_progress, overdue: by effective status. due_today and unassigned: among active. completed_today: since midnight in taskq.timezone. sla_at_risk, sla_breached: among active.';

CREATE VIEW taskq_queue_stats WITH (security_invoker = true) AS
SELECT * FROM taskq_stats();
COMMENT ON VIEW taskq_queue_stats IS 'The stats bar of all tasks: taskq_stats().';

CREATE VIEW taskq_workload WITH (security_invoker = true) AS
SELECT s.id AS assignee_id, s.name AS assignee_name,
       pg_catalog.count(t.id) FILTER (WHERE t.started_at IS NULL AND coalesce(t.due_date, 'infinity') >= taskq_today())::integer AS open,
       pg_catalog.count(t.id) FILTER (WHERE t.started_at IS NOT NULL AND coalesce(t.due_date, 'infinity') >= taskq_today())::integer AS in_progress,
       pg_catalog.count(t.id) FILTER (WHERE t.due_date < taskq_today())::integer AS overdue,
       pg_catalog.count(t.id) FILTER (WHERE t.due_date = taskq_today())::integer AS due_today,
       pg_catalog.count(t.id) FILTER (WHERE t.sla_due_at < statement_timestamp())::integer AS sla_breached
FROM taskq_staff_member s
LEFT JOIN taskq_task t ON t.assignee_id = s.id AND t.completed_at IS NULL AND t.cancelled_at IS NULL
WHERE s.is_active
GROUP BY s.id, s.name;
COMMENT ON VIEW taskq_workload IS 'Active tasks of each active staff member at this instant: open, in_progress, overdue by effective status; due_today; sla_breached.';

-- ---------------------------------------------------------------------------
-- Reports on the SLA
-- ---------------------------------------------------------------------------

CREATE VIEW taskq_sla_violations WITH (security_invoker = true) AS
SELECT t.*, coalesce(t.completed_at, t.cancelled_at, statement_timestamp()) - t.sla_due_at AS late_by
FROM taskq_tasks t
WHERE coalesce(t.sla_due_at, 'infinity') < coalesce(t.completed_at, t.cancelled_at, statement_timestamp());
COMMENT ON VIEW taskq_sla_violations IS 'Tasks whose sla_status is BREACHED at this instant; columns as taskq_tasks, and late_by.';
COMMENT ON COLUMN taskq_sla_violations.late_by IS 'Time from the deadline to completion or cancellation; for an active task, to now.';

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
'SLA compliance of the tasks whose deadline lies in [since, until). group_by: none (one row, group_key NULL), assignee (group_key = staff id, NULL = unassigned), priority, day (of the deadline, in taskq.timezone), or week (its Monday; weeks as in ISO 8601). tasks: all of them; met, breached: by sla_status at this instant; compliance = met / (met + breached), NULL without any; p50_hours, p90_hours: hours from creation to completion of the completed ones, interpolated. Errors: 22023 unknown group_by, a NULL bound, since after until.';

-- ---------------------------------------------------------------------------
-- Sweep: what time alone changes
-- ---------------------------------------------------------------------------

CREATE TABLE taskq_sweep_log (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    started_at timestamptz NOT NULL,
    finished_at timestamptz NOT NULL,
    overdue integer NOT NULL,
    recovered integer NOT NULL,
    sla_breached integer NOT NULL,
    renewals integer NOT NULL,
    tasks_created integer NOT NULL,
    purged integer NOT NULL,
    failed integer NOT NULL,
    batches integer NOT NULL,
    elapsed_ms integer NOT NULL,
    backlog integer NOT NULL
);
COMMENT ON TABLE taskq_sweep_log IS 'Sweeps of the worker and of taskq_sweep_all() that did something; each row is written with the sweep''s first batch and brought up to date with every further one. Kept for 30 days.';
COMMENT ON COLUMN taskq_sweep_log.started_at IS 'Start of the first batch.';
COMMENT ON COLUMN taskq_sweep_log.finished_at IS 'End of the last batch.';
COMMENT ON COLUMN taskq_sweep_log.overdue IS 'Tasks that became OVERDUE.';
COMMENT ON COLUMN taskq_sweep_log.recovered IS 'Tasks stored OVERDUE that are not past due (an import, a changed time zone), put right.';
COMMENT ON COLUMN taskq_sweep_log.sla_breached IS 'SLA breaches recorded.';
COMMENT ON COLUMN taskq_sweep_log.renewals IS 'Thresholds that renewals crossed.';
COMMENT ON COLUMN taskq_sweep_log.tasks_created IS 'Tasks created for renewals and by rules.';
COMMENT ON COLUMN taskq_sweep_log.purged IS 'Terminal tasks deleted because they had outlived taskq.retention.';
COMMENT ON COLUMN taskq_sweep_log.failed IS 'Tasks and renewals that could not be swept because writing them raised an error (a trigger added by the user, say); the next sweep tries them again.';
COMMENT ON COLUMN taskq_sweep_log.batches IS 'Transactions it took.';
COMMENT ON COLUMN taskq_sweep_log.elapsed_ms IS 'Milliseconds from the start of the first batch to the end of the last.';
COMMENT ON COLUMN taskq_sweep_log.backlog IS 'Tasks still waiting after the last batch, counted up to 100,000; rows that others have locked stay for the next sweep.';

SELECT pg_catalog.pg_extension_config_dump('taskq_sweep_log', '');
SELECT pg_catalog.pg_extension_config_dump('taskq_sweep_log_id_seq', '');

CREATE FUNCTION taskq_sweep(max_tasks integer DEFAULT NULL, OUT kind text, OUT tasks integer)
    RETURNS SETOF record
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_sweep';
COMMENT ON FUNCTION taskq_sweep(integer) IS
'Brings stored statuses and SLA breaches up to this instant, in the caller''s transaction, for at most max_tasks tasks (1 to 1,000,000; NULL = taskq.sweep_batch_size). Tasks locked by others are passed over. Returns what it did by kind: overdue, recovered, sla_breached, purged (tasks); renewals (thresholds crossed), tasks_created (for renewals and by rules); failed counts rows whose write raised an error (a WARNING tells the first). Safe from many sessions at once. Errors: 22023 max_tasks out of bounds.';

CREATE PROCEDURE taskq_sweep_all()
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_sweep_all';
COMMENT ON PROCEDURE taskq_sweep_all() IS
'CALL taskq_sweep_all(): sweeps until nothing is due, committing after every taskq.sweep_batch_size tasks, and adds a row to taskq_sweep_log if it did something. Errors: 2D000 inside a transaction block.';

-- ---------------------------------------------------------------------------
-- Retention: how long terminal tasks are kept
-- ---------------------------------------------------------------------------

CREATE FUNCTION taskq_purge(older_than interval DEFAULT NULL, dry_run boolean DEFAULT false, max_tasks integer DEFAULT NULL)
    RETURNS bigint
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_purge';
COMMENT ON FUNCTION taskq_purge(interval, boolean, integer) IS
'Deletes tasks that were completed or cancelled longer ago than older_than (NULL = taskq.retention), with their history: the oldest first, at most max_tasks (1 to 1,000,000; NULL = taskq.sweep_batch_size). Returns how many. With dry_run it deletes nothing and returns how many there are. The sweep does the same by itself where taskq.retention is set. Errors: 22023 older_than negative, or NULL while taskq.retention is off; max_tasks out of bounds.';


-- ---------------------------------------------------------------------------
-- Templates: text with placeholders for what a payload holds
-- ---------------------------------------------------------------------------

CREATE FUNCTION taskq_render(template text, payload jsonb) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'taskq_render';
COMMENT ON FUNCTION taskq_render(text, jsonb) IS
'The template with each {{path}} replaced by what the payload holds there: keys and array positions (from 0) joined by dots, {{new.customer.name}} or {{lines.0.amount}}. Text as it is, numbers and booleans as JSON writes them, objects and arrays as JSON, nothing for null and for a path that leads nowhere. What is put in is never looked at for placeholders again. Errors: 22023 for a template that is none, saying where.';

CREATE FUNCTION taskq_template_check(template text, column_name text, is_path boolean DEFAULT false) RETURNS boolean
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'taskq_template_check';
COMMENT ON FUNCTION taskq_template_check(text, text, boolean) IS
'True for a template (with is_path: for a bare path) of at most 65,536 characters, and for NULL. For CHECKs. Errors: 23514 naming the column and saying what is wrong where.';

-- ---------------------------------------------------------------------------
-- Rules: what is to happen when an event does
-- ---------------------------------------------------------------------------

CREATE FUNCTION taskq_event_check(event text) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'taskq_event_check';
COMMENT ON FUNCTION taskq_event_check(text) IS
'True for the name of an event: 1 to 100 characters; one that begins with task. or renewal. must be one of taskq''s own: task.created, task.completed, task.cancelled, task.overdue, task.sla_breached, renewal.threshold_crossed, renewal.overdue. For CHECKs. Errors: 23514 otherwise.';

CREATE TABLE taskq_workflow_rule (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE
        CONSTRAINT taskq_workflow_rule_name_check CHECK (taskq_title_is_valid(name)),
    event text NOT NULL
        CONSTRAINT taskq_workflow_rule_event_check CHECK (taskq_event_check(event)),
    condition jsonpath,
    action text NOT NULL
        CONSTRAINT taskq_workflow_rule_action_check CHECK (action IN ('CREATE_TASK', 'ESCALATE', 'ASSIGN')),
    title_template text
        CONSTRAINT taskq_workflow_rule_title_template_check CHECK (taskq_template_check(title_template, 'title_template')),
    description_template text
        CONSTRAINT taskq_workflow_rule_description_template_check CHECK (taskq_template_check(description_template, 'description_template')),
    priority taskq_priority,
    due_in_days integer
        CONSTRAINT taskq_workflow_rule_due_in_days_check CHECK (due_in_days BETWEEN 0 AND 36500),
    sla_hours double precision
        CONSTRAINT taskq_workflow_rule_sla_hours_check CHECK (sla_hours OPERATOR(pg_catalog.>) 0 AND sla_hours OPERATOR(pg_catalog.<=) 87600),
    assignee_id text REFERENCES taskq_staff_member ON UPDATE CASCADE,
    assignee_path text
        CONSTRAINT taskq_workflow_rule_assignee_path_check CHECK (taskq_template_check(assignee_path, 'assignee_path', true)),
    assignee_strategy text
        CONSTRAINT taskq_workflow_rule_assignee_strategy_check CHECK (assignee_strategy IN ('CUSTOMER_AGENT', 'LEAST_LOADED')),
    assignee_pool text[]
        CONSTRAINT taskq_workflow_rule_assignee_pool_check CHECK (assignee_pool IS NULL OR assignee_strategy IS NOT DISTINCT FROM 'LEAST_LOADED'),
    user_id_path text
        CONSTRAINT taskq_workflow_rule_user_id_path_check CHECK (taskq_template_check(user_id_path, 'user_id_path', true)),
    dedupe_key text
        CONSTRAINT taskq_workflow_rule_dedupe_key_check CHECK (taskq_template_check(dedupe_key, 'dedupe_key')),
    is_enabled boolean NOT NULL DEFAULT true,
    CONSTRAINT taskq_workflow_rule_assignee_check CHECK
        (pg_catalog.num_nonnulls(assignee_id, assignee_path, assignee_strategy) <= 1),
    CONSTRAINT taskq_workflow_rule_assign_check CHECK
        (action <> 'ASSIGN' OR pg_catalog.num_nonnulls(assignee_id, assignee_path, assignee_strategy) = 1)
);
CREATE INDEX taskq_workflow_rule_assignee_idx ON taskq_workflow_rule (assignee_id);

COMMENT ON TABLE taskq_workflow_rule IS 'What is to happen when an event does. Events are the application''s own (taskq_emit, taskq_emit_change) and taskq''s: task.created, task.completed, task.cancelled, task.overdue, task.sla_breached, renewal.threshold_crossed, renewal.overdue. A change holds in every session as soon as it is committed.';
COMMENT ON COLUMN taskq_workflow_rule.id IS 'Key. Rules for the same event are put into action in its order.';
COMMENT ON COLUMN taskq_workflow_rule.name IS 'Unique name, 1 to 200 characters.';
COMMENT ON COLUMN taskq_workflow_rule.event IS 'Name of the event, 1 to 100 characters.';
COMMENT ON COLUMN taskq_workflow_rule.condition IS 'Predicate over the payload as operator @@ takes it, $.new.status == "REJECTED" for example; NULL = always. No match if it is not true.';
COMMENT ON COLUMN taskq_workflow_rule.action IS 'CREATE_TASK; ESCALATE raises the linked task''s priority, by one step or to priority; ASSIGN gives the linked task to the assignee. The linked task is the active one with the rendered dedupe_key, if that is given, else the one whose id is at task.id of the payload.';
COMMENT ON COLUMN taskq_workflow_rule.title_template IS 'Template of the task''s title, see taskq_render(); NULL = the rule''s name.';
COMMENT ON COLUMN taskq_workflow_rule.description_template IS 'Template of the task''s description.';
COMMENT ON COLUMN taskq_workflow_rule.priority IS 'Priority of the task (NULL = MEDIUM); for ESCALATE the one to raise to (NULL = one step).';
COMMENT ON COLUMN taskq_workflow_rule.due_in_days IS 'Due date in days from taskq_today(), 0 to 36500; NULL = none.';
COMMENT ON COLUMN taskq_workflow_rule.sla_hours IS 'SLA of the task in hours, over 0 and at most 87600; NULL = none.';
COMMENT ON COLUMN taskq_workflow_rule.assignee_id IS 'Always this member of staff.';
COMMENT ON COLUMN taskq_workflow_rule.assignee_path IS 'The member of staff whose id is at this path of the payload.';
COMMENT ON COLUMN taskq_workflow_rule.assignee_strategy IS 'CUSTOMER_AGENT: the customer''s agent. LEAST_LOADED: of assignee_pool the one with the fewest active tasks; of several the one whom this strategy chose longest ago. Whoever is unknown or inactive counts as nobody.';
COMMENT ON COLUMN taskq_workflow_rule.assignee_pool IS 'Ids to choose from for LEAST_LOADED; NULL = all active staff.';
COMMENT ON COLUMN taskq_workflow_rule.user_id_path IS 'The customer whose id is at this path of the payload; NULL = the customer that the event is about.';
COMMENT ON COLUMN taskq_workflow_rule.dedupe_key IS 'Template of the task''s dedupe_key: while a task with that key is active no second one is made.';
COMMENT ON COLUMN taskq_workflow_rule.is_enabled IS 'False: as if the rule were not there.';

SELECT pg_catalog.pg_extension_config_dump('taskq_workflow_rule', '');
SELECT pg_catalog.pg_extension_config_dump('taskq_workflow_rule_id_seq', '');

CREATE FUNCTION taskq_workflow_rule_changed() RETURNS trigger
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_workflow_rule_changed';
COMMENT ON FUNCTION taskq_workflow_rule_changed() IS
'Trigger function of taskq_workflow_rule: has every session read the rules again once the change is committed.';

CREATE TRIGGER taskq_rules_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON taskq_workflow_rule
    FOR EACH STATEMENT EXECUTE FUNCTION taskq_workflow_rule_changed();

-- ---------------------------------------------------------------------------
-- Workflow: events, and the rules put into action
-- ---------------------------------------------------------------------------

CREATE TABLE taskq_workflow_run (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    rule_id bigint NOT NULL,
    rule_name text NOT NULL,
    event text NOT NULL,
    depth integer NOT NULL,
    outcome text NOT NULL
        CONSTRAINT taskq_workflow_run_outcome_check CHECK (outcome IN
            ('created', 'existing', 'escalated', 'assigned', 'unchanged', 'failed')),
    task_id bigint,
    message text
);
CREATE INDEX taskq_workflow_run_at_idx ON taskq_workflow_run (at);

COMMENT ON TABLE taskq_workflow_run IS 'Every firing of a rule: what came of it. Kept for 30 days.';
COMMENT ON COLUMN taskq_workflow_run.id IS 'Key, ascending in the order in which they ended: what a rule set off comes before it.';
COMMENT ON COLUMN taskq_workflow_run.at IS 'statement_timestamp() of the event.';
COMMENT ON COLUMN taskq_workflow_run.rule_id IS 'The rule, which may be gone by now.';
COMMENT ON COLUMN taskq_workflow_run.rule_name IS 'Its name at the time.';
COMMENT ON COLUMN taskq_workflow_run.event IS 'The event.';
COMMENT ON COLUMN taskq_workflow_run.depth IS '1 for an event from outside; one more for an event that a rule''s action brought about, up to 8.';
COMMENT ON COLUMN taskq_workflow_run.outcome IS 'created; existing (an active task has the dedupe_key); escalated; assigned; unchanged (there was nothing to do); failed.';
COMMENT ON COLUMN taskq_workflow_run.task_id IS 'The task made, found or changed.';
COMMENT ON COLUMN taskq_workflow_run.message IS 'Why it failed or changed nothing; who was passed over as assignee.';

SELECT pg_catalog.pg_extension_config_dump('taskq_workflow_run', '');
SELECT pg_catalog.pg_extension_config_dump('taskq_workflow_run_id_seq', '');

CREATE TABLE taskq_workflow_turn (
    staff_id text PRIMARY KEY REFERENCES taskq_staff_member ON UPDATE CASCADE ON DELETE CASCADE,
    turn bigint NOT NULL
);
COMMENT ON TABLE taskq_workflow_turn IS 'Whose turn it is when LEAST_LOADED finds several equally loaded: the lowest turn goes first.';
COMMENT ON COLUMN taskq_workflow_turn.staff_id IS 'Member of staff.';
COMMENT ON COLUMN taskq_workflow_turn.turn IS 'Number of the choice that last fell on them.';
SELECT pg_catalog.pg_extension_config_dump('taskq_workflow_turn', '');

-- ---------------------------------------------------------------------------
-- Emit: events of the application's own
-- ---------------------------------------------------------------------------

CREATE FUNCTION taskq_emit(event text, payload jsonb, user_id text DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS SETOF bigint
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_emit';
COMMENT ON FUNCTION taskq_emit(text, jsonb, text, text) IS
'Offers an event of the application''s to the rules, in the caller''s transaction and with the rights of the owner of taskq_task; returns the ids of the tasks that were made. A rule that fails is recorded in taskq_workflow_run and breaks nothing. user_id: the customer whom the event is about. Errors: 22023 event empty, over 100 characters or beginning with task. or renewal. (taskq''s own), payload no JSON object; 23503 unknown customer.';

CREATE FUNCTION taskq_emit_dry_run(
    event text, payload jsonb, user_id text DEFAULT NULL,
    OUT rule_id bigint, OUT rule_name text, OUT rule_event text, OUT depth integer, OUT outcome text, OUT message text,
    OUT title text, OUT priority taskq_priority, OUT due_date date, OUT assignee_id text, OUT task_user_id text)
    RETURNS SETOF record
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_emit_dry_run';
COMMENT ON FUNCTION taskq_emit_dry_run(text, jsonb, text) IS
'What taskq_emit() would do, a row for each rule that would fire, further rules set off by the first included: it is done and taken back. Of a task that was there before, title and the columns behind it are NULL if row security hides it from the caller. Here the event may be one of taskq''s own. Errors: as taskq_emit.';

CREATE FUNCTION taskq_emit_change() RETURNS trigger
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_emit_change';
COMMENT ON FUNCTION taskq_emit_change() IS
'Trigger function, AFTER INSERT, UPDATE or DELETE FOR EACH ROW on the application''s own table. Arguments: the event, then, if wanted, columns: an UPDATE that changes none of these is no event. Payload: op (INSERT, UPDATE, DELETE), table, old and new (the row, or null). The owner of the table must be allowed to execute this function (42501).';

-- ---------------------------------------------------------------------------
-- Renewals: what is about to expire
-- ---------------------------------------------------------------------------

CREATE TABLE taskq_renewal (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    user_id text NOT NULL REFERENCES taskq_customer ON UPDATE CASCADE,
    service_type text NOT NULL
        CONSTRAINT taskq_renewal_service_type_check CHECK (char_length(service_type) BETWEEN 1 AND 100),
    due_date date NOT NULL
        CONSTRAINT taskq_renewal_due_date_check CHECK (due_date BETWEEN '0001-01-01' AND '9999-12-31'),
    assignee_id text REFERENCES taskq_staff_member ON UPDATE CASCADE,
    reference text
        CONSTRAINT taskq_renewal_reference_check CHECK (char_length(reference) <= 255),
    notes text
        CONSTRAINT taskq_renewal_notes_check CHECK (char_length(notes) <= 65536),
    status text NOT NULL DEFAULT 'ACTIVE'
        CONSTRAINT taskq_renewal_status_check CHECK (status IN ('ACTIVE', 'OVERDUE', 'COMPLETED', 'CANCELLED')),
    created_at timestamptz NOT NULL DEFAULT statement_timestamp(),
    created_by text DEFAULT taskq_actor(),
    completed_at timestamptz,
    cancelled_at timestamptz,
    compliance_flagged_at timestamptz,
    next_check_on date,
    CONSTRAINT taskq_renewal_completed_check CHECK ((status = 'COMPLETED') = (completed_at IS NOT NULL)),
    CONSTRAINT taskq_renewal_cancelled_check CHECK ((status = 'CANCELLED') = (cancelled_at IS NOT NULL)),
    CONSTRAINT taskq_renewal_next_check_check CHECK ((status IN ('COMPLETED', 'CANCELLED')) = (next_check_on IS NULL))
);
CREATE INDEX taskq_renewal_check_idx ON taskq_renewal (next_check_on) WHERE next_check_on IS NOT NULL;
CREATE INDEX taskq_renewal_due_idx ON taskq_renewal (due_date) WHERE next_check_on IS NOT NULL;
CREATE INDEX taskq_renewal_user_idx ON taskq_renewal (user_id);
CREATE INDEX taskq_renewal_assignee_idx ON taskq_renewal (assignee_id);

COMMENT ON TABLE taskq_renewal IS 'Something of a customer''s that expires: a permit, a policy. Read view taskq_renewals.';
COMMENT ON COLUMN taskq_renewal.id IS 'Key. Never changes.';
COMMENT ON COLUMN taskq_renewal.user_id IS 'The customer. Never changes.';
COMMENT ON COLUMN taskq_renewal.service_type IS 'What is renewed, 1 to 100 characters; thresholds may differ by it.';
COMMENT ON COLUMN taskq_renewal.due_date IS 'Last day on which it is not overdue; moving it starts a new ladder for the new date.';
COMMENT ON COLUMN taskq_renewal.assignee_id IS 'Who gets its tasks; NULL, unknown or inactive = the customer''s agent at the time.';
COMMENT ON COLUMN taskq_renewal.reference IS 'The application''s own reference, at most 255 characters.';
COMMENT ON COLUMN taskq_renewal.notes IS 'At most 65,536 characters.';
COMMENT ON COLUMN taskq_renewal.status IS 'ACTIVE, OVERDUE, COMPLETED or CANCELLED, as last written. The last two are terminal.';
COMMENT ON COLUMN taskq_renewal.created_at IS 'When it was created. Never changes.';
COMMENT ON COLUMN taskq_renewal.created_by IS 'Actor who created it; NULL = the system. Never changes.';
COMMENT ON COLUMN taskq_renewal.completed_at IS 'When it was completed.';
COMMENT ON COLUMN taskq_renewal.cancelled_at IS 'When it was cancelled.';
COMMENT ON COLUMN taskq_renewal.compliance_flagged_at IS 'When it was first found overdue, if ever; kept when the due date is moved.';
COMMENT ON COLUMN taskq_renewal.next_check_on IS 'Day on which the engine looks at it next: that of the next threshold; -infinity = at once; NULL = never again. Kept by taskq.';

SELECT pg_catalog.pg_extension_config_dump('taskq_renewal', '');
SELECT pg_catalog.pg_extension_config_dump('taskq_renewal_id_seq', '');

CREATE FUNCTION taskq_renewal_guard() RETURNS trigger
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_renewal_guard';
COMMENT ON FUNCTION taskq_renewal_guard() IS
'Trigger function of taskq_renewal, BEFORE INSERT, UPDATE and DELETE: COMPLETED and CANCELLED are final, id, user_id, created_at and created_by never change, only terminal renewals can be deleted (23514, constraint taskq_renewal_lifecycle); writes the stamps and has the engine look at what changed.';

CREATE FUNCTION taskq_renewal_closed() RETURNS trigger
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_renewal_closed';
COMMENT ON FUNCTION taskq_renewal_closed() IS
'Trigger function of taskq_renewal, AFTER UPDATE: cancels the open tasks of a renewal that is completed or cancelled, with a reason.';

CREATE TRIGGER taskq_renewal_guard BEFORE INSERT OR UPDATE OR DELETE ON taskq_renewal
    FOR EACH ROW EXECUTE FUNCTION taskq_renewal_guard();
CREATE TRIGGER taskq_renewal_closed AFTER UPDATE ON taskq_renewal
    FOR EACH ROW EXECUTE FUNCTION taskq_renewal_closed();
CREATE FUNCTION taskq_renewal_create(
    user_id text, service_type text, due_date date, assignee_id text DEFAULT NULL,
    reference text DEFAULT NULL, notes text DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS bigint
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_renewal_create';
COMMENT ON FUNCTION taskq_renewal_create(text, text, date, text, text, text, text) IS
'Creates a renewal and returns its id. Thresholds that it has passed already are recorded by the next refresh, of which only the tightest acts. Arguments: as the columns of taskq_renewal; assignee_id NULL = the customer''s agent. Errors: 23503 unknown customer, unknown or inactive staff; 22023 naming the argument: service_type not 1 to 100 characters, due_date NULL or not 0001-01-01 to 9999-12-31, reference over 255, notes over 65,536 characters.';

CREATE FUNCTION taskq_renewal_complete(id bigint, next_due_date date DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS bigint
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_renewal_complete';
COMMENT ON FUNCTION taskq_renewal_complete(bigint, date, text) IS
'Completes a renewal, which cancels its open tasks with a reason. With next_due_date, which must be after the due date, opens the next cycle: a new renewal of the same customer, service type, assignee, reference and notes; returns its id, else NULL. Errors: P0002 no such renewal or NULL id; 23514 constraint taskq_renewal_lifecycle: already completed or cancelled; 22023 next_due_date out of bounds.';

CREATE FUNCTION taskq_renewal_cancel(id bigint, reason text DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS taskq_renewal
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_renewal_cancel';
COMMENT ON FUNCTION taskq_renewal_cancel(bigint, text, text) IS
'Cancels a renewal and its open tasks; returns its row. reason: for the history of the tasks, at most 65,536 characters. Errors: P0002 no such renewal or NULL id; 23514 constraint taskq_renewal_lifecycle: already completed or cancelled.';

-- ---------------------------------------------------------------------------
-- Ladder: what happens how long before a renewal is due
-- ---------------------------------------------------------------------------

CREATE TABLE taskq_renewal_threshold (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    service_type text
        CONSTRAINT taskq_renewal_threshold_service_type_check CHECK (char_length(service_type) BETWEEN 1 AND 100),
    days_before integer NOT NULL
        CONSTRAINT taskq_renewal_threshold_days_before_check CHECK (days_before BETWEEN -1 AND 36500),
    task_priority taskq_priority,
    title_template text
        CONSTRAINT taskq_renewal_threshold_title_template_check CHECK (taskq_template_check(title_template, 'title_template')),
    description_template text
        CONSTRAINT taskq_renewal_threshold_description_template_check CHECK (taskq_template_check(description_template, 'description_template')),
    sla_hours double precision
        CONSTRAINT taskq_renewal_threshold_sla_hours_check CHECK (sla_hours OPERATOR(pg_catalog.>) 0 AND sla_hours OPERATOR(pg_catalog.<=) 87600),
    CONSTRAINT taskq_renewal_threshold_key UNIQUE NULLS NOT DISTINCT (service_type, days_before)
);
COMMENT ON TABLE taskq_renewal_threshold IS 'What happens how long before a renewal is due. A service type with rows of its own has those, another has the rows without a service type; while there are none of either, the built-in ladder holds: 90, 60 and 30 days without a task, 14 days HIGH, 7 days URGENT. Everything becomes OVERDUE the day after it was due. See taskq_renewal_ladder().';
COMMENT ON COLUMN taskq_renewal_threshold.id IS 'Key.';
COMMENT ON COLUMN taskq_renewal_threshold.service_type IS 'Service type, 1 to 100 characters; NULL = all that have no rows of their own.';
COMMENT ON COLUMN taskq_renewal_threshold.days_before IS 'Days before the due date, -1 (the day after it) to 36500.';
COMMENT ON COLUMN taskq_renewal_threshold.task_priority IS 'Priority of the task to create, or to raise the renewal''s open task to; NULL = no task.';
COMMENT ON COLUMN taskq_renewal_threshold.title_template IS 'Template of the task''s title over {"renewal": …, "customer": …, "days_before": …}, see taskq_render(); cut off at 200 characters. NULL = "Renew {{renewal.service_type}} of {{customer.name}}, due {{renewal.due_date}}".';
COMMENT ON COLUMN taskq_renewal_threshold.description_template IS 'Template of the task''s description.';
COMMENT ON COLUMN taskq_renewal_threshold.sla_hours IS 'SLA of the task in hours, over 0 and at most 87600; NULL = none.';

CREATE TABLE taskq_renewal_crossing (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    renewal_id bigint NOT NULL REFERENCES taskq_renewal ON DELETE CASCADE,
    due_date date NOT NULL,
    days_before integer NOT NULL,
    crossed_at timestamptz NOT NULL,
    outcome text NOT NULL
        CONSTRAINT taskq_renewal_crossing_outcome_check CHECK (outcome IN ('recorded', 'passed', 'task created', 'task raised')),
    task_id bigint,
    CONSTRAINT taskq_renewal_crossing_key UNIQUE (renewal_id, due_date, days_before)
);
COMMENT ON TABLE taskq_renewal_crossing IS 'Thresholds that renewals have crossed, each once for a renewal and due date, for ever.';
COMMENT ON COLUMN taskq_renewal_crossing.id IS 'Key, ascending in the order in which they were crossed.';
COMMENT ON COLUMN taskq_renewal_crossing.renewal_id IS 'The renewal.';
COMMENT ON COLUMN taskq_renewal_crossing.due_date IS 'Its due date at the time.';
COMMENT ON COLUMN taskq_renewal_crossing.days_before IS 'The threshold; -1 = it became overdue.';
COMMENT ON COLUMN taskq_renewal_crossing.crossed_at IS 'When that was noticed.';
COMMENT ON COLUMN taskq_renewal_crossing.outcome IS 'recorded (and offered to rules); passed (a tighter one was crossed by then, which acted instead); task created; task raised (the renewal''s open task has at least this priority now, and this due date).';
COMMENT ON COLUMN taskq_renewal_crossing.task_id IS 'The task created or raised.';

SELECT pg_catalog.pg_extension_config_dump('taskq_renewal_threshold', '');
SELECT pg_catalog.pg_extension_config_dump('taskq_renewal_threshold_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('taskq_renewal_crossing', '');
SELECT pg_catalog.pg_extension_config_dump('taskq_renewal_crossing_id_seq', '');

-- Derived, hence not dumped.
CREATE TABLE taskq_renewal_recheck (
    since timestamptz NOT NULL DEFAULT statement_timestamp()
);
COMMENT ON TABLE taskq_renewal_recheck IS 'Has a row while thresholds have changed and the engine has not yet looked at the renewals again.';
COMMENT ON COLUMN taskq_renewal_recheck.since IS 'When they changed.';

CREATE FUNCTION taskq_renewal_threshold_changed() RETURNS trigger
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_renewal_threshold_changed';
COMMENT ON FUNCTION taskq_renewal_threshold_changed() IS
'Trigger function of taskq_renewal_threshold: has the engine look at all active renewals again.';

CREATE TRIGGER taskq_thresholds_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON taskq_renewal_threshold
    FOR EACH STATEMENT EXECUTE FUNCTION taskq_renewal_threshold_changed();
-- Also where triggers are off, as in a parallel restore or a subscription's first copy.
ALTER TABLE taskq_renewal_threshold ENABLE ALWAYS TRIGGER taskq_thresholds_changed;

CREATE FUNCTION taskq_renewal_ladder(
    service_type text,
    OUT days_before integer,
    OUT task_priority taskq_priority,
    OUT title_template text,
    OUT description_template text,
    OUT sla_hours double precision)
    RETURNS SETOF record
    LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH own AS (
        SELECT t.days_before, t.task_priority, t.title_template, t.description_template, t.sla_hours
        FROM taskq_renewal_threshold t WHERE t.service_type = taskq_renewal_ladder.service_type
    ), general AS (
        SELECT t.days_before, t.task_priority, t.title_template, t.description_template, t.sla_hours
        FROM taskq_renewal_threshold t WHERE t.service_type IS NULL AND NOT EXISTS (SELECT FROM own)
    ), built_in AS (
        SELECT b.days_before, b.task_priority, NULL::text, NULL::text, NULL::double precision
        FROM (VALUES (90, NULL::taskq_priority), (60, NULL), (30, NULL), (14, 'HIGH'), (7, 'URGENT')) b(days_before, task_priority)
        WHERE NOT EXISTS (SELECT FROM own) AND NOT EXISTS (SELECT FROM general)
    ), ladder AS (
        SELECT * FROM own UNION ALL SELECT * FROM general UNION ALL SELECT * FROM built_in
    )
    SELECT * FROM ladder
    UNION ALL
    SELECT -1, NULL, NULL, NULL, NULL WHERE NOT EXISTS (SELECT FROM ladder l WHERE l.days_before = -1)
    ORDER BY 1 DESC;
END;
COMMENT ON FUNCTION taskq_renewal_ladder(text) IS
'The thresholds that hold for a service type, the earliest first: its own rows of taskq_renewal_threshold, else those without a service type, else the built-in ones (90, 60, 30: no task; 14: HIGH; 7: URGENT). The last is always -1, on which a renewal becomes OVERDUE.';

-- Each task is looked up by its key: as a join the planner could begin with all
-- active tasks, taking them for few.
CREATE VIEW taskq_renewals WITH (security_invoker = true) AS
SELECT r.id, r.user_id, c.name AS customer_name, r.service_type, r.due_date,
       CASE WHEN r.next_check_on IS NOT NULL THEN r.due_date - taskq_today() END AS days_until_due,
       CASE WHEN r.next_check_on IS NULL THEN r.status
            WHEN r.due_date < taskq_today() THEN 'OVERDUE' ELSE 'ACTIVE' END AS status,
       r.status AS stored_status,
       r.next_check_on IS NOT NULL AND r.due_date < taskq_today() AS is_overdue,
       coalesce(r.assignee_id, c.assigned_agent_id) AS assignee_id, s.name AS assignee_name,
       r.reference, r.notes,
       n.days_before AS next_threshold, r.due_date - n.days_before AS next_threshold_on,
       o.task_id AS open_task_id,
       r.created_at, r.created_by, r.completed_at, r.cancelled_at, r.compliance_flagged_at
FROM taskq_renewal r
JOIN taskq_customer c ON c.id = r.user_id
LEFT JOIN taskq_staff_member s ON s.id = coalesce(r.assignee_id, c.assigned_agent_id)
LEFT JOIN LATERAL (
    SELECT max(l.days_before) AS days_before FROM taskq_renewal_ladder(r.service_type) l
    WHERE r.next_check_on IS NOT NULL AND l.days_before < r.due_date - taskq_today()) n ON true
LEFT JOIN LATERAL (
    SELECT max(x.task_id) AS task_id FROM taskq_renewal_crossing x
    WHERE x.renewal_id = r.id
      AND (SELECT t.completed_at IS NULL AND t.cancelled_at IS NULL FROM taskq_task t WHERE t.id = x.task_id)) o ON true;
COMMENT ON VIEW taskq_renewals IS 'All renewals as they are at this instant. Filter and sort by days_until_due, or by due_date, which has an index.';
COMMENT ON COLUMN taskq_renewals.days_until_due IS 'Days from taskq_today() to the due date, negative = overdue; NULL once closed.';
COMMENT ON COLUMN taskq_renewals.status IS 'COMPLETED, CANCELLED, else OVERDUE if due before taskq_today(), else ACTIVE.';
COMMENT ON COLUMN taskq_renewals.stored_status IS 'Status as last written.';
COMMENT ON COLUMN taskq_renewals.is_overdue IS 'Active and due before taskq_today().';
COMMENT ON COLUMN taskq_renewals.assignee_id IS 'The renewal''s assignee, else the customer''s agent.';
COMMENT ON COLUMN taskq_renewals.next_threshold IS 'The next threshold to be crossed, in days before the due date; -1 = becoming overdue; NULL = none.';
COMMENT ON COLUMN taskq_renewals.next_threshold_on IS 'Day on which it will be.';
COMMENT ON COLUMN taskq_renewals.open_task_id IS 'The latest active task that the renewal has led to.';

CREATE FUNCTION taskq_renewals_refresh(
    dry_run boolean DEFAULT false,
    OUT renewal_id bigint, OUT user_id text, OUT service_type text, OUT due_date date,
    OUT days_before integer, OUT outcome text, OUT task_id bigint)
    RETURNS SETOF record
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_renewals_refresh';
COMMENT ON FUNCTION taskq_renewals_refresh(boolean) IS
'Brings the ladders of all renewals up to today and returns the thresholds that were crossed, as in taskq_renewal_crossing. Each is crossed once for a renewal and due date, from however many sessions this is called; renewals locked by others are passed over, and those that row security hides from the caller. With dry_run it is done and taken back, and task_id is NULL where a task would be created. The sweep does the same by itself.';

-- ---------------------------------------------------------------------------
-- Erasure: what texts say about a customer goes, the rest stays
-- ---------------------------------------------------------------------------

CREATE TABLE taskq_erasure (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    user_id text NOT NULL,
    at timestamptz NOT NULL,
    actor text,
    db_user text NOT NULL,
    tasks bigint NOT NULL,
    events bigint NOT NULL,
    renewals bigint NOT NULL
);
COMMENT ON TABLE taskq_erasure IS 'Every call of taskq_erase_customer(): whose texts were erased, by whom, how many.';
COMMENT ON COLUMN taskq_erasure.id IS 'Key.';
COMMENT ON COLUMN taskq_erasure.user_id IS 'The customer''s id at the time.';
COMMENT ON COLUMN taskq_erasure.at IS 'When.';
COMMENT ON COLUMN taskq_erasure.actor IS 'Who did it, as the application claims.';
COMMENT ON COLUMN taskq_erasure.db_user IS 'session_user who did it.';
COMMENT ON COLUMN taskq_erasure.tasks IS 'Tasks that had text.';
COMMENT ON COLUMN taskq_erasure.events IS 'Events of their history that had text.';
COMMENT ON COLUMN taskq_erasure.renewals IS 'Renewals that had text.';

SELECT pg_catalog.pg_extension_config_dump('taskq_erasure', '');
SELECT pg_catalog.pg_extension_config_dump('taskq_erasure_id_seq', '');

CREATE FUNCTION taskq_erase_customer(
    user_id text, actor text DEFAULT NULL,
    OUT tasks bigint, OUT events bigint, OUT renewals bigint)
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_erase_customer';
COMMENT ON FUNCTION taskq_erase_customer(text, text) IS
'Erases what texts say about a customer, from terminal tasks too: its name and the titles of its tasks become ''erased''; descriptions, dedupe_keys, notes, texts in the history''s changes, references and notes of its renewals, messages of rules that fired for its tasks go. The customer becomes inactive. Ids, states, times, priorities, assignees and counts stay; so do columns that you added. Each task''s history says so (kind erased), and so does taskq_erasure. Returns how many tasks, events and renewals had text. With the rights of the owner of taskq_task, for callers who may update the customer. Errors: 22023 user_id is NULL, 23503 unknown customer, 42501 not allowed to update it, 0A000 in a transaction that is not READ COMMITTED.';

-- ---------------------------------------------------------------------------
-- Counters: numbers of tasks that the stats bar need not count
-- ---------------------------------------------------------------------------

-- Derived, hence neither dumped nor logged: after a crash or a restore they are
-- empty, the next sweep counts anew, and until then readers count themselves.
CREATE UNLOGGED TABLE taskq_counter (
    kind smallint NOT NULL,
    bucket integer NOT NULL,
    n bigint NOT NULL,
    PRIMARY KEY (kind, bucket)
) WITH (fillfactor = 50);
COMMENT ON TABLE taskq_counter IS 'How many tasks there were of a kind when changes were last folded in (taskq_counter_state). Read taskq_stats() instead.';
COMMENT ON COLUMN taskq_counter.kind IS '0: active and not started; 1: active and started; 2: active and unassigned (bucket 0); 3, 4: those of 0 and 1 by due date (days since 2000-01-01); 5: active, by when they become AT_RISK (steps of five seconds since 2000-01-01 UTC, up to taskq_counter_state.counted_sla); 6: active, by that of the SLA deadline; 7: completed, by the quarter of an hour.';
COMMENT ON COLUMN taskq_counter.bucket IS 'Days, steps of five seconds, or quarters of an hour; the lowest integer = all before those that are kept apart.';
COMMENT ON COLUMN taskq_counter.n IS 'Number of tasks.';

CREATE UNLOGGED TABLE taskq_counter_delta (
    xid bigint NOT NULL,
    old_due integer NOT NULL,
    new_due integer NOT NULL,
    old_at_risk integer NOT NULL,
    new_at_risk integer NOT NULL,
    old_breach integer NOT NULL,
    new_breach integer NOT NULL,
    old_completed integer NOT NULL,
    new_completed integer NOT NULL,
    old_state smallint NOT NULL,
    new_state smallint NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000, autovacuum_analyze_scale_factor = 1);
CREATE INDEX taskq_counter_delta_xid_idx ON taskq_counter_delta (xid);
COMMENT ON TABLE taskq_counter_delta IS 'Changes of tasks that are not in taskq_counter yet: what the task counted as before and after, in the buckets described there. Written with the change itself, folded in and deleted by the sweep.';
COMMENT ON COLUMN taskq_counter_delta.xid IS 'Transaction that made the change.';
COMMENT ON COLUMN taskq_counter_delta.old_due IS 'Day of the due date before; the highest integer = none, as below.';
COMMENT ON COLUMN taskq_counter_delta.new_due IS 'After.';
COMMENT ON COLUMN taskq_counter_delta.old_at_risk IS 'Five seconds in which it would be AT_RISK before.';
COMMENT ON COLUMN taskq_counter_delta.new_at_risk IS 'After.';
COMMENT ON COLUMN taskq_counter_delta.old_breach IS 'Five seconds of the SLA deadline before.';
COMMENT ON COLUMN taskq_counter_delta.new_breach IS 'After.';
COMMENT ON COLUMN taskq_counter_delta.old_completed IS 'Quarter of an hour in which it had been completed.';
COMMENT ON COLUMN taskq_counter_delta.new_completed IS 'After.';
COMMENT ON COLUMN taskq_counter_delta.old_state IS 'Before: -1 = not active; bit 0: started; bit 1: unassigned.';
COMMENT ON COLUMN taskq_counter_delta.new_state IS 'After.';

CREATE UNLOGGED TABLE taskq_counter_state (
    snapshot_xmax bigint NOT NULL,
    snapshot_xip bigint[] NOT NULL,
    merged_day integer NOT NULL,
    merged_sla integer NOT NULL,
    counted_sla integer NOT NULL,
    triggers bigint NOT NULL,
    counted_at timestamptz NOT NULL,
    folded_at timestamptz NOT NULL
);
COMMENT ON TABLE taskq_counter_state IS 'One row while taskq_counter counts: up to which transactions. None: nobody keeps count, readers count themselves.';
COMMENT ON COLUMN taskq_counter_state.snapshot_xmax IS 'Changes of transactions below this are in taskq_counter …';
COMMENT ON COLUMN taskq_counter_state.snapshot_xip IS '… but for these, which were under way.';
COMMENT ON COLUMN taskq_counter_state.merged_day IS 'Due dates below this day are not kept apart any more; quarters of an hour below it (UTC) are not kept at all.';
COMMENT ON COLUMN taskq_counter_state.merged_sla IS 'SLA instants below this step of five seconds are not kept apart any more.';
COMMENT ON COLUMN taskq_counter_state.counted_sla IS 'SLA instants from this step of five seconds on are not counted yet: who asks for the numbers when it has come looks them up.';
COMMENT ON COLUMN taskq_counter_state.triggers IS 'Version of the triggers of taskq_task that note changes, a hash of their rows in pg_trigger: with another one, changes may not have been noted, and readers count themselves.';
COMMENT ON COLUMN taskq_counter_state.counted_at IS 'When all tasks were last counted.';
COMMENT ON COLUMN taskq_counter_state.folded_at IS 'When changes were last folded in.';

-- Tasks that become AT_RISK at instants that are looked up.
CREATE INDEX taskq_task_at_risk_idx ON taskq_task
    (sla_at_risk_at)
    WHERE sla_at_risk_at IS NOT NULL AND completed_at IS NULL AND cancelled_at IS NULL;

CREATE FUNCTION taskq_task_counted() RETURNS trigger
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_task_counted';
COMMENT ON FUNCTION taskq_task_counted() IS
'Trigger function of taskq_task, AFTER INSERT: notes the new task for taskq_counter, while that counts. Changes and deletions are noted by taskq_task_updated() and taskq_task_deleted().';

CREATE TRIGGER taskq_counted AFTER INSERT ON taskq_task
    FOR EACH ROW EXECUTE FUNCTION taskq_task_counted();
ALTER TABLE taskq_task ENABLE ALWAYS TRIGGER taskq_counted;

-- ---------------------------------------------------------------------------
-- Customization: what a user has added to taskq, and pg_dump leaves behind
-- ---------------------------------------------------------------------------

-- Of an extension's tables pg_dump keeps the rows and, of their sequences, the
-- positions; privileges; and nothing else.  What is taskq's own is told from
-- what is a user's by the names listed here: no object under a table is
-- marked as the extension's in the catalogs.  Columns come in a section of
-- their own, before the data that is in them, without the defaults and
-- constraints that may depend on what is restored later.
CREATE FUNCTION taskq_customizations(OUT section text, OUT statement text) RETURNS SETOF record
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH own (relname, columns, constraints, indexes, triggers) AS (VALUES
        ('taskq_customer',
         'id name assigned_agent_id is_active',
         'assigned_agent_id_fkey id_check pkey', 'agent_idx', ''),
        ('taskq_erasure', 'id user_id at actor db_user tasks events renewals', 'pkey', '', ''),
        ('taskq_renewal',
         'id user_id service_type due_date assignee_id reference notes status created_at created_by completed_at cancelled_at compliance_flagged_at next_check_on',
         'assignee_id_fkey cancelled_check completed_check due_date_check next_check_check notes_check pkey reference_check service_type_check status_check user_id_fkey',
         'check_idx due_idx user_idx assignee_idx',
         'taskq_renewal_closed taskq_renewal_guard'),
        ('taskq_renewal_crossing',
         'id renewal_id due_date days_before crossed_at outcome task_id',
         'key outcome_check pkey renewal_id_fkey', '', ''),
        ('taskq_renewal_recheck', 'since', '', '', ''),
        ('taskq_renewal_threshold',
         'id service_type days_before task_priority title_template description_template sla_hours',
         'days_before_check description_template_check key pkey service_type_check sla_hours_check title_template_check',
         '', 'taskq_thresholds_changed'),
        ('taskq_role_grant', 'role_name level granted_at granted_by', 'level_check pkey', '', ''),
        ('taskq_staff_member', 'id name is_active', 'id_check pkey', '', ''),
        ('taskq_sweep_log',
         'id started_at finished_at overdue recovered sla_breached renewals tasks_created purged failed batches elapsed_ms backlog',
         'pkey', '', ''),
        ('taskq_task',
         'id title description priority status due_date sla_hours assignee_id user_id source dedupe_key created_at created_by started_at completed_at cancelled_at updated_at sla_due_at sla_at_risk_at sla_breached_at',
         'assignee_id_fkey cancelled_check completed_check dedupe_key_check description_check due_date_check overdue_check pkey sla_hours_check sla_stamps_check source_check started_check title_check user_id_fkey',
         'queue_idx priority_idx created_idx sla_idx assignee_idx unassigned_idx user_idx claim_idx active_idx sla_pending_idx at_risk_idx closed_idx completed_idx dedupe_key',
         'taskq_counted taskq_lifecycle_delete taskq_lifecycle_deleted taskq_lifecycle_insert taskq_lifecycle_truncate taskq_lifecycle_update taskq_lifecycle_updated'),
        ('taskq_task_event',
         'id task_id at actor db_user kind from_status to_status changes note',
         'kind_check pkey', 'task_idx', 'taskq_append_only taskq_append_only_truncate'),
        ('taskq_workflow_rule',
         'id name event condition action title_template description_template priority due_in_days sla_hours assignee_id assignee_path assignee_strategy assignee_pool user_id_path dedupe_key is_enabled',
         'action_check assign_check assignee_check assignee_id_fkey assignee_path_check assignee_pool_check assignee_strategy_check dedupe_key_check description_template_check due_in_days_check event_check name_check name_key pkey sla_hours_check title_template_check user_id_path_check',
         'assignee_idx', 'taskq_rules_changed'),
        ('taskq_workflow_run',
         'id at rule_id rule_name event depth outcome task_id message',
         'outcome_check pkey', 'at_idx', ''),
        ('taskq_workflow_turn', 'staff_id turn', 'pkey staff_id_fkey', '', '')
    ), extension AS (
        SELECT e.oid, e.extowner FROM pg_catalog.pg_extension e WHERE e.extname = 'taskq'
    ), member AS (
        SELECT c.oid, c.relname, c.relkind, c.relowner, c.reloptions, c.relreplident, c.relrowsecurity, c.relforcerowsecurity,
               c.relpersistence, c.reltablespace, c.reltoastrelid,
               CASE WHEN c.relkind = 'v' THEN 'security_invoker=true' WHEN c.relname = 'taskq_task' THEN 'autovacuum_vacuum_scale_factor=0.05' END AS option,
               pg_catalog.format('%I.%I', n.nspname, c.relname) AS name,
               pg_catalog.string_to_array(o.columns, ' ') AS columns,
               pg_catalog.string_to_array(o.constraints, ' ') AS constraints,
               pg_catalog.string_to_array(o.indexes, ' ') AS indexes,
               pg_catalog.string_to_array(o.triggers, ' ') AS triggers
        FROM extension e
        JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_extension'::regclass::oid AND d.refobjid = e.oid
         AND d.deptype = 'e' AND d.classid = 'pg_catalog.pg_class'::regclass::oid
        -- What is derived is nothing to keep.
        JOIN pg_catalog.pg_class c ON c.oid = d.objid AND c.relkind IN ('r', 'v', 'S')
         AND c.relname <> ALL ('{taskq_counter,taskq_counter_delta,taskq_counter_state}'::pg_catalog.name[])
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN own o ON o.relname = c.relname::text
    ), col AS (
        SELECT m.name AS table_name, a.attrelid, a.attnum, a.attname AS column_name, pg_catalog.quote_ident(a.attname) AS name,
               a.attname::text <> ALL (m.columns) AS added,
               pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
               CASE WHEN a.attcollation <> t.typcollation THEN
                   (SELECT pg_catalog.format(' COLLATE %I.%I', n.nspname, k.collname)
                    FROM pg_catalog.pg_collation k JOIN pg_catalog.pg_namespace n ON n.oid = k.collnamespace
                    WHERE k.oid = a.attcollation) END AS collation,
               a.attidentity, a.attgenerated, a.attnotnull, pg_catalog.pg_get_expr(f.adbin, f.adrelid) AS expression,
               CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage END AS storage,
               coalesce(a.attstattarget, -1) AS target, a.attoptions, a.attcompression
        FROM member m
        JOIN pg_catalog.pg_attribute a ON a.attrelid = m.oid AND a.attnum > 0 AND NOT a.attisdropped
        JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
        LEFT JOIN pg_catalog.pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum
        WHERE m.relkind = 'r'
    ), con AS (
        SELECT m.name AS table_name, k.oid, k.contype, k.conname, k.conindid FROM member m
        JOIN pg_catalog.pg_constraint k ON k.conrelid = m.oid AND k.contype IN ('c', 'f', 'p', 'u', 'x')
        WHERE k.conname::text <> ALL (ARRAY(SELECT pg_catalog.concat(m.relname, '_', u.u) FROM pg_catalog.unnest(m.constraints) u))
    ), idx AS (
        SELECT m.name AS table_name, i.indexrelid AS oid, i.indisclustered, i.indisreplident, c.relname, c.reloptions,
               pg_catalog.format('%I.%I', n.nspname, c.relname) AS name,
               c.relname::text <> ALL (ARRAY(SELECT pg_catalog.concat(m.relname, '_', u.u)
                                             FROM pg_catalog.unnest(m.indexes OPERATOR(pg_catalog.||) m.constraints) u)) AS added,
               EXISTS (SELECT FROM pg_catalog.pg_constraint k
                       WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')) AS of_constraint
        FROM member m
        JOIN pg_catalog.pg_index i ON i.indrelid = m.oid AND i.indisvalid
        JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    ), trg AS (
        SELECT m.name AS table_name, m.relkind, t.oid, t.tgname, t.tgenabled, t.tgname::text <> ALL (coalesce(m.triggers, '{}')) AS added
        FROM member m JOIN pg_catalog.pg_trigger t ON t.tgrelid = m.oid AND NOT t.tgisinternal
    ), rul AS (
        SELECT m.name AS table_name, r.oid, r.rulename, r.ev_enabled
        FROM member m JOIN pg_catalog.pg_rewrite r ON r.ev_class = m.oid AND r.rulename <> '_RETURN'
    ), sta AS (
        SELECT s.oid, pg_catalog.format('%I.%I', n.nspname, s.stxname) AS name, coalesce(s.stxstattarget, -1) AS target
        FROM member m JOIN pg_catalog.pg_statistic_ext s ON s.stxrelid = m.oid
        JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace
    ), statement (rank, key, sql) AS (
        -- columns, before the data
        SELECT 10, pg_catalog.concat(c.attrelid, pg_catalog.to_char(c.attnum, '00000')),
            pg_catalog.format('ALTER TABLE %s ADD COLUMN %s %s%s%s', c.table_name, c.name, c.type, c.collation,
                CASE WHEN c.attgenerated = 's' THEN pg_catalog.format(' GENERATED ALWAYS AS (%s) STORED', c.expression)
                     WHEN c.attgenerated = 'v' THEN pg_catalog.format(' GENERATED ALWAYS AS (%s) VIRTUAL', c.expression)
                     WHEN c.attidentity = 'a' THEN ' GENERATED ALWAYS AS IDENTITY'
                     WHEN c.attidentity = 'd' THEN ' GENERATED BY DEFAULT AS IDENTITY' END)
            FROM col c WHERE c.added
        -- what else there is to say of columns
        UNION ALL SELECT 20, pg_catalog.concat(c.table_name, c.name),
            pg_catalog.format('ALTER TABLE %s ALTER COLUMN %s SET DEFAULT %s', c.table_name, c.name, c.expression)
            FROM col c WHERE c.added AND c.attgenerated = '' AND c.expression IS NOT NULL
        UNION ALL SELECT 21, pg_catalog.concat(c.table_name, c.name),
            pg_catalog.format('ALTER TABLE %s ALTER COLUMN %s SET NOT NULL', c.table_name, c.name)
            FROM col c WHERE c.added AND c.attnotnull AND c.attidentity = ''
        UNION ALL SELECT 22, pg_catalog.concat(c.table_name, c.name),
            CASE WHEN c.attidentity = '' THEN pg_catalog.format('ALTER SEQUENCE %s OWNED BY %s.%s', s.seqrelid::regclass, c.table_name, c.name)
                 ELSE pg_catalog.format('ALTER TABLE %s ALTER COLUMN %s SET INCREMENT BY %s SET MINVALUE %s SET MAXVALUE %s SET START WITH %s SET CACHE %s SET %sCYCLE RESTART',
                     c.table_name, c.name, s.seqincrement, s.seqmin, s.seqmax, s.seqstart, s.seqcache, CASE WHEN NOT s.seqcycle THEN 'NO ' END) END
            FROM col c
            JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::regclass::oid AND d.refobjid = c.attrelid AND d.refobjsubid = c.attnum
             AND d.classid = 'pg_catalog.pg_class'::regclass::oid AND d.deptype IN ('a', 'i')
            JOIN pg_catalog.pg_sequence s ON s.seqrelid = d.objid
            WHERE c.added
        UNION ALL SELECT 22, pg_catalog.concat(c.table_name, c.name, ' '),
            pg_catalog.format('SELECT pg_catalog.setval(pg_catalog.pg_get_serial_sequence(%L, %L), %s)', c.table_name, c.column_name, v.last_value)
            FROM col c
            JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::regclass::oid AND d.refobjid = c.attrelid AND d.refobjsubid = c.attnum
             AND d.classid = 'pg_catalog.pg_class'::regclass::oid AND d.deptype = 'i'
            JOIN pg_catalog.pg_sequence s ON s.seqrelid = d.objid
            CROSS JOIN LATERAL pg_catalog.pg_sequence_last_value(s.seqrelid) v(last_value)
            WHERE c.added AND v.last_value IS NOT NULL
        UNION ALL SELECT 23, pg_catalog.concat(c.table_name, c.name),
            pg_catalog.format('ALTER TABLE %s ALTER COLUMN %s SET STORAGE %s', c.table_name, c.name,
                CASE c.storage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END)
            FROM col c WHERE c.storage IS NOT NULL
        UNION ALL SELECT 24, pg_catalog.concat(c.table_name, c.name),
            pg_catalog.format('ALTER TABLE %s ALTER COLUMN %s SET COMPRESSION %s', c.table_name, c.name,
                CASE c.attcompression WHEN 'l' THEN 'lz4' ELSE 'pglz' END)
            FROM col c WHERE c.attcompression <> ''
        UNION ALL SELECT 25, pg_catalog.concat(c.table_name, c.name),
            pg_catalog.format('ALTER TABLE %s ALTER COLUMN %s SET STATISTICS %s', c.table_name, c.name, c.target)
            FROM col c WHERE c.target >= 0
        UNION ALL SELECT 26, pg_catalog.concat(c.table_name, c.name),
            pg_catalog.format('ALTER TABLE %s ALTER COLUMN %s SET (%s)', c.table_name, c.name, u.u)
            FROM col c CROSS JOIN LATERAL pg_catalog.unnest(c.attoptions) u WHERE pg_catalog.starts_with(u.u, 'n_distinct')
        -- tables, views and sequences as a whole
        UNION ALL SELECT 30, m.name, pg_catalog.format('ALTER TABLE %s SET UNLOGGED', m.name)
            FROM member m WHERE m.relkind = 'r' AND m.relpersistence = 'u'
        UNION ALL SELECT 31, m.name, pg_catalog.format('ALTER TABLE %s SET TABLESPACE %I', m.name, s.spcname)
            FROM member m JOIN pg_catalog.pg_tablespace s ON s.oid = m.reltablespace WHERE m.relkind = 'r'
        UNION ALL SELECT 32, m.name, pg_catalog.format('ALTER %s %s SET (%s)', CASE m.relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, m.name,
                pg_catalog.string_agg(pg_catalog.format('%s%s=%L', o.prefix, pg_catalog.split_part(o.o, '=', 1),
                    pg_catalog.substr(o.o, pg_catalog.strpos(o.o, '=') OPERATOR(pg_catalog.+) 1)), ', ' ORDER BY o.prefix, o.o))
            FROM member m CROSS JOIN LATERAL (
                SELECT '' AS prefix, u.u AS o FROM pg_catalog.unnest(m.reloptions) u
                UNION ALL SELECT 'toast.', u.u FROM pg_catalog.pg_class t, pg_catalog.unnest(t.reloptions) u WHERE t.oid = m.reltoastrelid) o
            WHERE o.prefix <> '' OR o.o IS DISTINCT FROM m.option
            GROUP BY m.relkind, m.name
        UNION ALL SELECT 33, m.name, pg_catalog.format('ALTER %s %s RESET (%s)', CASE m.relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, m.name,
                pg_catalog.split_part(m.option, '=', 1))
            FROM member m WHERE m.option IS NOT NULL AND NOT EXISTS (
                SELECT FROM pg_catalog.unnest(m.reloptions) u WHERE pg_catalog.split_part(u.u, '=', 1) = pg_catalog.split_part(m.option, '=', 1))
        UNION ALL SELECT 34, m.name,
            pg_catalog.format('ALTER SEQUENCE %s INCREMENT BY %s MINVALUE %s MAXVALUE %s START WITH %s CACHE %s%s', m.name,
                s.seqincrement, s.seqmin, s.seqmax, s.seqstart, s.seqcache, CASE WHEN s.seqcycle THEN ' CYCLE' END)
            FROM member m JOIN pg_catalog.pg_sequence s ON s.seqrelid = m.oid
            WHERE (s.seqincrement, s.seqmin, s.seqmax, s.seqstart, s.seqcache, s.seqcycle) <> (1, 1, 9223372036854775807, 1, 1, false)
        -- indexes, constraints, statistics
        UNION ALL SELECT 40, i.name, pg_catalog.pg_get_indexdef(i.oid) FROM idx i WHERE i.added AND NOT i.of_constraint
        UNION ALL SELECT 41, i.name, pg_catalog.format('ALTER INDEX %s SET (%s)', i.name, pg_catalog.array_to_string(i.reloptions, ', '))
            FROM idx i WHERE i.reloptions IS NOT NULL AND NOT i.added
        UNION ALL SELECT CASE c.contype WHEN 'f' THEN 44 WHEN 'c' THEN 43 ELSE 42 END, pg_catalog.concat(c.table_name, c.conname),
            pg_catalog.format('ALTER TABLE %s ADD CONSTRAINT %I %s', c.table_name, c.conname, pg_catalog.pg_get_constraintdef(c.oid))
            FROM con c
        UNION ALL SELECT 45, i.name, pg_catalog.format('ALTER TABLE %s CLUSTER ON %I', i.table_name, i.relname) FROM idx i WHERE i.indisclustered
        UNION ALL SELECT 46, m.name, pg_catalog.format('ALTER TABLE %s REPLICA IDENTITY %s', m.name,
                CASE m.relreplident WHEN 'f' THEN 'FULL' WHEN 'n' THEN 'NOTHING' ELSE pg_catalog.format('USING INDEX %I',
                    (SELECT i.relname FROM idx i WHERE i.table_name = m.name AND i.indisreplident)) END)
            FROM member m WHERE m.relkind = 'r' AND m.relreplident <> 'd'
        UNION ALL SELECT 47, s.name, pg_catalog.pg_get_statisticsobjdef(s.oid) FROM sta s
        UNION ALL SELECT 48, s.name, pg_catalog.format('ALTER STATISTICS %s SET STATISTICS %s', s.name, s.target) FROM sta s WHERE s.target >= 0
        -- rules and triggers
        UNION ALL SELECT 50, pg_catalog.concat(r.table_name, r.rulename), pg_catalog.rtrim(pg_catalog.pg_get_ruledef(r.oid), ';') FROM rul r
        UNION ALL SELECT 51, pg_catalog.concat(r.table_name, r.rulename), pg_catalog.format('ALTER TABLE %s %s RULE %I', r.table_name,
                CASE r.ev_enabled WHEN 'D' THEN 'DISABLE' WHEN 'A' THEN 'ENABLE ALWAYS' ELSE 'ENABLE REPLICA' END, r.rulename)
            FROM rul r WHERE r.ev_enabled <> 'O'
        UNION ALL SELECT 52, pg_catalog.concat(t.table_name, t.tgname), pg_catalog.pg_get_triggerdef(t.oid) FROM trg t WHERE t.added
        UNION ALL SELECT 53, pg_catalog.concat(t.table_name, t.tgname), pg_catalog.format('ALTER TABLE %s %s TRIGGER %I', t.table_name,
                CASE t.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'A' THEN 'ENABLE ALWAYS' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE' END, t.tgname)
            FROM trg t WHERE t.tgenabled <> CASE WHEN NOT t.added AND t.tgname::text = ANY ('{taskq_thresholds_changed,taskq_counted,taskq_lifecycle_updated,taskq_lifecycle_deleted,taskq_lifecycle_truncate}') THEN 'A' ELSE 'O' END
        -- row security
        UNION ALL SELECT 60, pg_catalog.concat(m.name, p.polname),
            pg_catalog.format('CREATE POLICY %I ON %s%s FOR %s TO %s%s%s', p.polname, m.name,
                CASE WHEN NOT p.polpermissive THEN ' AS RESTRICTIVE' END,
                CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
                CASE WHEN p.polroles = '{0}' THEN 'PUBLIC' ELSE
                    (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(r.rolname), ', ' ORDER BY r.rolname)
                     FROM pg_catalog.pg_roles r WHERE r.oid = ANY (p.polroles)) END,
                CASE WHEN p.polqual IS NOT NULL THEN pg_catalog.format(' USING (%s)', pg_catalog.pg_get_expr(p.polqual, p.polrelid)) END,
                CASE WHEN p.polwithcheck IS NOT NULL THEN pg_catalog.format(' WITH CHECK (%s)', pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)) END)
            FROM member m JOIN pg_catalog.pg_policy p ON p.polrelid = m.oid
        UNION ALL SELECT 61, m.name, pg_catalog.format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', m.name) FROM member m WHERE m.relrowsecurity
        UNION ALL SELECT 62, m.name, pg_catalog.format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', m.name) FROM member m WHERE m.relforcerowsecurity
        -- publications
        UNION ALL SELECT 70, pg_catalog.concat(p.pubname, m.name), pg_catalog.format('ALTER PUBLICATION %I ADD TABLE %s%s%s', p.pubname, m.name,
                (SELECT pg_catalog.format(' (%s)', pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY a.attnum))
                 FROM pg_catalog.pg_attribute a WHERE a.attrelid = m.oid AND a.attnum = ANY (r.prattrs) HAVING r.prattrs IS NOT NULL),
                CASE WHEN r.prqual IS NOT NULL THEN pg_catalog.format(' WHERE (%s)', pg_catalog.pg_get_expr(r.prqual, r.prrelid)) END)
            FROM member m JOIN pg_catalog.pg_publication_rel r ON r.prrelid = m.oid JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid
        -- comments
        UNION ALL SELECT 80, d.on_what, pg_catalog.format('COMMENT ON %s IS %L', d.on_what, d.description)
            FROM (
                SELECT pg_catalog.format('COLUMN %s.%s', c.table_name, c.name) AS on_what, pg_catalog.col_description(c.attrelid, c.attnum) AS description FROM col c WHERE c.added
                UNION ALL SELECT pg_catalog.format('CONSTRAINT %I ON %s', c.conname, c.table_name), pg_catalog.obj_description(c.oid, 'pg_constraint') FROM con c
                UNION ALL SELECT pg_catalog.format('INDEX %s', i.name), pg_catalog.obj_description(i.oid, 'pg_class') FROM idx i WHERE i.added
                UNION ALL SELECT pg_catalog.format('STATISTICS %s', s.name), pg_catalog.obj_description(s.oid, 'pg_statistic_ext') FROM sta s
                UNION ALL SELECT pg_catalog.format('RULE %I ON %s', r.rulename, r.table_name), pg_catalog.obj_description(r.oid, 'pg_rewrite') FROM rul r
                UNION ALL SELECT pg_catalog.format('TRIGGER %I ON %s', t.tgname, t.table_name), pg_catalog.obj_description(t.oid, 'pg_trigger') FROM trg t WHERE t.added
                UNION ALL SELECT pg_catalog.format('POLICY %I ON %s', p.polname, m.name), pg_catalog.obj_description(p.oid, 'pg_policy')
                FROM member m JOIN pg_catalog.pg_policy p ON p.polrelid = m.oid
            ) d WHERE d.description IS NOT NULL
        -- functions, owners
        UNION ALL SELECT 90, p.oid::text, pg_catalog.format('ALTER ROUTINE %s SET %s TO %L', p.oid::regprocedure,
                pg_catalog.split_part(u.u, '=', 1), pg_catalog.substr(u.u, pg_catalog.strpos(u.u, '=') OPERATOR(pg_catalog.+) 1))
            FROM extension e
            JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_extension'::regclass::oid AND d.refobjid = e.oid
             AND d.deptype = 'e' AND d.classid = 'pg_catalog.pg_proc'::regclass::oid
            JOIN pg_catalog.pg_proc p ON p.oid = d.objid
            CROSS JOIN LATERAL pg_catalog.unnest(p.proconfig) u WHERE NOT pg_catalog.starts_with(u.u, 'search_path=')
        UNION ALL SELECT 91, m.name, pg_catalog.format('ALTER %s %s OWNER TO %I', CASE m.relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, m.name, r.rolname)
            FROM extension e CROSS JOIN member m JOIN pg_catalog.pg_roles r ON r.oid = m.relowner
            WHERE m.relkind IN ('r', 'v') AND m.relowner <> e.extowner
    )
    SELECT CASE WHEN s.rank < 20 THEN 'pre-data' ELSE 'post-data' END, pg_catalog.concat(s.sql, ';')
    FROM statement s ORDER BY s.rank, s.key;
END;
COMMENT ON FUNCTION taskq_customizations() IS
'Statements that make again what was added to taskq''s tables and pg_dump does not keep, in the order to run them. section: pre-data (columns), to be run when the extension has been created and before the data is restored; post-data (all else: defaults, constraints, indexes, statistics, rules, triggers and which are disabled, row security, publications, comments, storage parameters, sequences'' steps, owners), to be run after the restore. What was changed of taskq''s own columns, constraints and indexes is not among them.';
-- ---------------------------------------------------------------------------
-- Wakeup: the worker, seen and called from here
-- ---------------------------------------------------------------------------

CREATE FUNCTION taskq_worker_wake() RETURNS void
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_worker_wake';
COMMENT ON FUNCTION taskq_worker_wake() IS
'Wakes the taskq launcher for this database when the current transaction commits. Does nothing where the library is not preloaded. CREATE EXTENSION calls it; it is also the way to have changed settings of a database seen at once.';

CREATE FUNCTION taskq_worker_get_status(
    OUT database name,
    OUT state text,
    OUT last_sweep_at timestamptz,
    OUT last_result text,
    OUT next_sweep_at timestamptz,
    OUT next_sweep_reason text,
    OUT backlog integer,
    OUT failures integer,
    OUT last_error text,
    OUT last_error_at timestamptz)
    RETURNS SETOF record
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_worker_get_status';
COMMENT ON FUNCTION taskq_worker_get_status() IS
'Rows of view taskq_worker_status, from shared memory; none where the library is not preloaded.';

CREATE VIEW taskq_worker_status WITH (security_invoker = true) AS
SELECT * FROM taskq_worker_get_status();
COMMENT ON VIEW taskq_worker_status IS 'What the worker does, one row for each database that it looks after (up to 256), since the server started. Empty where the library is not preloaded.';
COMMENT ON COLUMN taskq_worker_status.database IS 'The database.';
COMMENT ON COLUMN taskq_worker_status.state IS 'waiting, or sweeping while a sweeper is in the database.';
COMMENT ON COLUMN taskq_worker_status.last_sweep_at IS 'When the last sweep ended; NULL = none since the server started.';
COMMENT ON COLUMN taskq_worker_status.last_result IS 'done; left (somebody wanted to drop, rename or copy the database); some failed (tasks that could not be written were passed over); failed; no extension (taskq is not installed there); subscriber (taskq_task is a subscription''s target); restoring (pg_restore is connected, or ids run ahead of their sequence, as they do until a restore sets it).';
COMMENT ON COLUMN taskq_worker_status.next_sweep_at IS 'When the next sweep is to start; -infinity = at once.';
COMMENT ON COLUMN taskq_worker_status.next_sweep_reason IS 'due (something falls due then); interval (taskq.sweep_interval after the last sweep); backoff (after failures, ever longer, up to 5 minutes); absent (10 minutes after the extension was last looked for).';
COMMENT ON COLUMN taskq_worker_status.backlog IS 'Tasks still waiting after the last batch, up to 100,000.';
COMMENT ON COLUMN taskq_worker_status.failures IS 'Failed sweeps in a row.';
COMMENT ON COLUMN taskq_worker_status.last_error IS 'Message of the last failure; kept after it is over. Of other databases only for members of pg_read_all_stats, as last_error_at.';
COMMENT ON COLUMN taskq_worker_status.last_error_at IS 'When that was.';

-- ---------------------------------------------------------------------------
-- Access: viewer, agent, manager
-- ---------------------------------------------------------------------------

CREATE TABLE taskq_role_grant (
    role_name name PRIMARY KEY,
    level text NOT NULL CHECK (level IN ('viewer', 'agent', 'manager')),
    granted_at timestamptz NOT NULL DEFAULT statement_timestamp(),
    granted_by text NOT NULL DEFAULT session_user
);
COMMENT ON TABLE taskq_role_grant IS 'What taskq_grant() gave to whom, so that an update can give it again.';
COMMENT ON COLUMN taskq_role_grant.role_name IS 'The role.';
COMMENT ON COLUMN taskq_role_grant.level IS 'viewer, agent or manager.';
COMMENT ON COLUMN taskq_role_grant.granted_at IS 'When.';
COMMENT ON COLUMN taskq_role_grant.granted_by IS 'session_user who did it.';
SELECT pg_catalog.pg_extension_config_dump('taskq_role_grant', '');

CREATE FUNCTION taskq_grant(role name, level text) RETURNS void
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_grant';
COMMENT ON FUNCTION taskq_grant(name, text) IS
'Gives a role what a level needs, and no more than that level. viewer: read tasks, history, directory, queue, stats, reports. agent: also create tasks and move them along. manager: also keep the directory, rules and thresholds, delete terminal tasks, sweep, erase customers. An owner of taskq''s objects keeps its rights to them. For the owner of taskq_task and superusers (else 42501). Errors: 22023 unknown level, 42704 no such role.';

CREATE FUNCTION taskq_revoke(role name) RETURNS void
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_revoke';
COMMENT ON FUNCTION taskq_revoke(name) IS
'Takes back everything that taskq_grant() gave a role, USAGE of the schema included unless the role has something else in it; forgets a role that has been dropped. For the owner of taskq_task and superusers (else 42501). Errors: 42704 no such role, and none that is remembered.';

CREATE FUNCTION taskq_reapply_grants() RETURNS void
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_reapply_grants';
COMMENT ON FUNCTION taskq_reapply_grants() IS
'Takes everything of taskq from PUBLIC, except to execute what CHECKs call, and gives each role in taskq_role_grant its level again. Update scripts end with it; so can a DBA who changed privileges by hand.';

-- ---------------------------------------------------------------------------
-- Last: nobody has anything until taskq_grant() says so; the worker may begin
-- ---------------------------------------------------------------------------

SELECT taskq_reapply_grants();
SELECT taskq_worker_wake();
