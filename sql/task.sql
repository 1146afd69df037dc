
-- ---------------------------------------------------------------------------
-- Tasks
-- ---------------------------------------------------------------------------

CREATE FUNCTION taskq_title_is_valid(title text) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'taskq_title_is_valid_0_3';
COMMENT ON FUNCTION taskq_title_is_valid(text) IS
'Whether a text may become a title: what taskq_line_is_valid() says and, in a UTF8 database, at least one character that can be seen: not only white space, fillers, format characters and combining marks (Unicode 15.0); and no U+2028 or U+2029, which end a line. The directional marks U+200E, U+200F and U+061C, which taskq takes out of titles that it is given, are not in one.';

CREATE FUNCTION taskq_phase(started_at timestamptz, completed_at timestamptz, cancelled_at timestamptz) RETURNS integer
    LANGUAGE c IMMUTABLE PARALLEL SAFE LEAKPROOF
    AS 'MODULE_PATHNAME', 'taskq_phase';
COMMENT ON FUNCTION taskq_phase(timestamptz, timestamptz, timestamptz) IS
'What a task''s stamps say without looking at a clock: 0 = active and not started, 1 = active and started, 2 = completed, 3 = cancelled.';

CREATE FUNCTION taskq_stage(status taskq_status, started_at timestamptz, completed_at timestamptz, cancelled_at timestamptz) RETURNS smallint
    LANGUAGE c IMMUTABLE PARALLEL SAFE LEAKPROOF
    AS 'MODULE_PATHNAME', 'taskq_stage';
COMMENT ON FUNCTION taskq_stage(taskq_status, timestamptz, timestamptz, timestamptz) IS
'taskq_phase(), and 4 more for an active task whose stored status is OVERDUE: 0 = active and not started, 1 = active and started, 2 = completed, 3 = cancelled, 4 and 5 = 0 and 1 stored as OVERDUE. First key of indexes of taskq_task; leakproof, so that they serve under row security too. By it the sweep finds what has become overdue among many that it has stored.';

CREATE FUNCTION taskq_place(priority taskq_priority, due_date date, completed_at timestamptz, cancelled_at timestamptz) RETURNS bigint
    LANGUAGE c IMMUTABLE PARALLEL SAFE LEAKPROOF
    AS 'MODULE_PATHNAME', 'taskq_place';
COMMENT ON FUNCTION taskq_place(taskq_priority, date, timestamptz, timestamptz) IS
'Where a task stands in the queue, as a key of indexes. Active: eight times the day of the due date (days since 2000-01-01; none: 2147483647) plus taskq_priority_rank(), the order of sort due. Closed: when it was closed, in microseconds since 2000-01-01 UTC.';

CREATE FUNCTION taskq_timer(started_at timestamptz, completed_at timestamptz, cancelled_at timestamptz, sla_at_risk_at timestamptz, sla_breached_at timestamptz, response_due_at timestamptz, response_breached_at timestamptz, sla_warn_at timestamptz, sla_warned_at timestamptz, paused_at timestamptz, resume_at timestamptz) RETURNS bigint
    LANGUAGE c IMMUTABLE PARALLEL SAFE LEAKPROOF
    AS 'MODULE_PATHNAME', 'taskq_timer';
COMMENT ON FUNCTION taskq_timer(timestamptz, timestamptz, timestamptz, timestamptz, timestamptz, timestamptz, timestamptz, timestamptz, timestamptz, timestamptz, timestamptz) IS
'When the sweep next has something to do for a task, as the key of an index: 2^58 times a group and microseconds since 2000-01-01 UTC (never, or later than all that fits: 2^58 - 1). Of an active task that is the least of sla_warn_at; of resume_at if it is paused, else of sla_at_risk_at while it is neither recorded nor put off that the task is at risk, and its breach is not; and of the instant after response_due_at while work has not begun and that is not recorded. The group is 0 to 3 for a task without a response clock, 4 to 7 with one, 8 to 11 where response_breached_at is set: of these the second where it is recorded or put off that the task is at risk, the third where sla_breached_at is set, and the fourth, by sla_at_risk_at, where the second would have nothing to do; 16 more if it is paused. Closed tasks are group 12, by response_due_at.';

-- One CHECK, and a function in C: PostgreSQL reads the stored expression of each
-- CHECK for every statement, which costs more than maintaining an index.  Columns
-- are arguments, not the row, whose type a copy or child of the table does not have.
CREATE FUNCTION taskq_task_is_valid(title text, description text, status taskq_status, due_date date, sla_hours double precision, source text, dedupe_key text, created_at timestamptz, started_at timestamptz, completed_at timestamptz, cancelled_at timestamptz, updated_at timestamptz, sla_due_at timestamptz, sla_at_risk_at timestamptz, sla_breached_at timestamptz, sla_first_breached_at timestamptz) RETURNS boolean
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'taskq_task_is_valid';
COMMENT ON FUNCTION taskq_task_is_valid(text, text, taskq_status, date, double precision, text, text, timestamptz, timestamptz, timestamptz, timestamptz, timestamptz, timestamptz, timestamptz, timestamptz, timestamptz) IS
'The CHECK of taskq_task. True for what a row may hold; else 23514 as a constraint named for the rule that is broken would raise: taskq_task_title_check (taskq_line_is_valid()), _description_check (at most 65,536 characters), _due_date_check (0001-01-01 to 9999-12-31), _sla_hours_check (over 0, at most 87,600), _source_check (1 to 63 characters), _dedupe_key_check (1 to 255); _completed_check (completed_at is set for COMPLETED and nothing else), _cancelled_check (the same of cancelled_at and CANCELLED), _started_check (started_at is set for IN_PROGRESS and COMPLETED, not for OPEN), _overdue_check (OVERDUE has a due_date); _sla_stamps_check (sla_due_at and sla_at_risk_at are set when sla_hours is and not otherwise, sla_breached_at only then); _stamps_check (stamps are finite, but deadlines may be infinity, and created_at, started_at, completed_at or cancelled_at in this order), _sla_first_breached_at_check (finite). No clock is looked at.';

-- Vacuumed when 5 % of the rows are dead.  At PostgreSQL's default of 20 %, where
-- 10 % are active, two thirds of the entries in their indexes would be dead.
-- Names are resolved when this runs: where pg_catalog has no exact match, it is
-- named, so that nothing planted in the schema can be a better one.
CREATE TABLE taskq_task (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    title text NOT NULL,
    description text,
    priority taskq_priority NOT NULL DEFAULT 'MEDIUM',
    status taskq_status NOT NULL DEFAULT 'OPEN',
    due_date date,
    sla_hours double precision,
    assignee_id text REFERENCES taskq_staff_member ON UPDATE CASCADE,
    user_id text REFERENCES taskq_customer ON UPDATE CASCADE,
    source text NOT NULL DEFAULT 'MANUAL',
    dedupe_key text,
    created_at timestamptz NOT NULL DEFAULT statement_timestamp(),
    created_by text DEFAULT taskq_actor(),
    started_at timestamptz,
    completed_at timestamptz,
    cancelled_at timestamptz,
    updated_at timestamptz NOT NULL DEFAULT statement_timestamp(),
    sla_due_at timestamptz,
    sla_at_risk_at timestamptz,
    sla_breached_at timestamptz,
    sla_first_breached_at timestamptz,
    kind text,
    sla_policy text,
    sla_calendar text,
    sla_revision bigint,
    sla_from timestamptz,
    response_hours double precision,
    response_due_at timestamptz,
    response_breached_at timestamptz,
    response_hours_used double precision,
    sla_hours_used double precision,
    sla_warn_at timestamptz,
    sla_warned_at timestamptz,
    paused_at timestamptz,
    pause_reason text,
    resume_at timestamptz,
    team_id text REFERENCES taskq_team ON UPDATE CASCADE,
    follows_id bigint,
    labels text[],
    attributes jsonb,
    CONSTRAINT taskq_task_is_valid CHECK
        (taskq_task_is_valid(title, description, status, due_date, sla_hours, source, dedupe_key, created_at, started_at, completed_at, cancelled_at, updated_at, sla_due_at, sla_at_risk_at, sla_breached_at, sla_first_breached_at))
) WITH (autovacuum_vacuum_scale_factor = 0.05);

-- An index is there for a question that somebody asks often.  Stage first, so that
-- a page never reads a row of another stage; then the keys of the sort, all
-- ascending, so that one row comparison is the position of a page.  Not
-- coalesce() in keys: PostgreSQL does not consider it leakproof, so that it could
-- not be an index condition under row security.

-- Pages by due date and by priority.  The place of a task that is not closed holds
-- the due date and the priority, so that pages by due date merge the ranges of the
-- four ranks.
CREATE INDEX taskq_task_queue_idx ON taskq_task
    (taskq_stage(status, started_at, completed_at, cancelled_at),
     taskq_priority_rank(priority), taskq_place(priority, due_date, NULL, NULL), id);

-- The same for each assignee, and for tasks that nobody has: taskq_claim().  Closed
-- ones are in it by when they were closed.
CREATE INDEX taskq_task_assignee_idx ON taskq_task
    (assignee_id, taskq_stage(status, started_at, completed_at, cancelled_at),
     taskq_priority_rank(priority), taskq_place(priority, due_date, completed_at, cancelled_at), id);

-- A customer has few tasks: they are sorted.
CREATE INDEX taskq_task_user_idx ON taskq_task
    (user_id, taskq_stage(status, started_at, completed_at, cancelled_at))
    WHERE user_id IS NOT NULL;

-- Pages by deadline; what the sweep has not recorded as breached.
CREATE INDEX taskq_task_sla_pending_idx ON taskq_task
    (taskq_stage(status, started_at, completed_at, cancelled_at),
     (CASE WHEN sla_due_at IS NULL THEN 'infinity' ELSE sla_due_at END), id)
    WHERE completed_at IS NULL AND cancelled_at IS NULL AND sla_breached_at IS NULL;

-- All other deadlines: for pages by deadline, and for reports.
CREATE INDEX taskq_task_sla_settled_idx ON taskq_task
    (taskq_stage(status, started_at, completed_at, cancelled_at),
     (CASE WHEN sla_due_at IS NULL THEN 'infinity' ELSE sla_due_at END))
    WHERE sla_due_at IS NOT NULL AND (sla_breached_at IS NOT NULL OR completed_at IS NOT NULL OR cancelled_at IS NOT NULL);

-- Closed tasks by when they were closed: pages, today's count, retention.
CREATE INDEX taskq_task_closed_idx ON taskq_task
    (taskq_stage(status, started_at, completed_at, cancelled_at),
     taskq_place(priority, due_date, completed_at, cancelled_at), id)
    WHERE completed_at IS NOT NULL OR cancelled_at IS NOT NULL;

-- Tasks that have breached their SLA, active ones by since when, closed ones by
-- how late they were: few.  Those whose deadline was moved out or removed are told
-- from the others: the SLA report counts them at the breach.
CREATE INDEX taskq_task_breach_idx ON taskq_task
    (least(sla_due_at, sla_first_breached_at), (CASE WHEN sla_due_at IS NULL OR sla_due_at > sla_first_breached_at THEN 1 ELSE 0 END))
    INCLUDE (id, assignee_id, sla_due_at, sla_first_breached_at, sla_breached_at)
    WHERE completed_at IS NULL AND cancelled_at IS NULL AND (sla_first_breached_at IS NOT NULL OR sla_breached_at IS NOT NULL);
CREATE INDEX taskq_task_late_by_idx ON taskq_task
    ((CASE WHEN sla_due_at IS NULL OR sla_due_at > sla_first_breached_at THEN 1 ELSE 0 END),
     (CASE WHEN isfinite(least(sla_due_at, sla_first_breached_at)) AND isfinite(least(completed_at, cancelled_at))
      THEN greatest(least(completed_at, cancelled_at) - least(sla_due_at, sla_first_breached_at), interval '0') END),
     sla_first_breached_at)
    WHERE (completed_at IS NOT NULL OR cancelled_at IS NOT NULL)
      AND (sla_first_breached_at IS NOT NULL OR least(completed_at, cancelled_at) > sla_due_at);

-- What the sweep has to do for a task by its SLA, its response clock and its pause,
-- by when; and what is at risk, paused or responded to late, in groups.  One for all
-- of it, because each index costs every write.
CREATE INDEX taskq_task_timer_idx ON taskq_task
    (taskq_timer(started_at, completed_at, cancelled_at, sla_at_risk_at, sla_breached_at, response_due_at,
                 response_breached_at, sla_warn_at, sla_warned_at, paused_at, resume_at))
    WHERE response_due_at IS NOT NULL OR paused_at IS NOT NULL
       OR (sla_at_risk_at IS NOT NULL AND completed_at IS NULL AND cancelled_at IS NULL);

-- Tasks of each team, as those of an assignee.
CREATE INDEX taskq_task_team_idx ON taskq_task
    (team_id, taskq_stage(status, started_at, completed_at, cancelled_at),
     taskq_priority_rank(priority), taskq_place(priority, due_date, completed_at, cancelled_at), id)
    WHERE team_id IS NOT NULL;

-- Tasks whose deadlines do not follow from their calendar any more.
CREATE INDEX taskq_task_calendar_idx ON taskq_task
    (sla_calendar, sla_revision, sla_due_at)
    WHERE sla_calendar IS NOT NULL AND completed_at IS NULL AND cancelled_at IS NULL;

CREATE UNIQUE INDEX taskq_task_dedupe_key ON taskq_task (dedupe_key)
    WHERE dedupe_key IS NOT NULL AND completed_at IS NULL AND cancelled_at IS NULL;

COMMENT ON TABLE taskq_task IS 'An actionable item assigned to a staff member, optionally about a customer. The stored status is its last written value: read view taskq_tasks for the effective one. Triggers enforce the lifecycle against every writer (23514, constraint taskq_task_lifecycle).';
COMMENT ON COLUMN taskq_task.id IS 'Key. Never changes.';
COMMENT ON COLUMN taskq_task.title IS 'What to do: 1 to 200 characters on one line, with one that can be seen. Directional marks (U+200E, U+200F, U+061C) are taken out, other bidirectional controls refused.';
COMMENT ON COLUMN taskq_task.description IS 'More of it, at most 65,536 characters.';
COMMENT ON COLUMN taskq_task.priority IS 'LOW, MEDIUM, HIGH or URGENT.';
COMMENT ON COLUMN taskq_task.status IS 'Status as last written. The effective status of an active task also depends on today: see taskq_tasks.';
COMMENT ON COLUMN taskq_task.due_date IS 'Last day on which the task is not past due, in taskq.timezone; 0001-01-01 to 9999-12-31; NULL = never past due.';
COMMENT ON COLUMN taskq_task.sla_hours IS 'Hours to the SLA deadline, open ones if there is a calendar, at least a millisecond (1/3600000) and at most 87600 (ten years); NULL = no SLA.';
COMMENT ON COLUMN taskq_task.assignee_id IS 'Staff member who owns the task; NULL = unassigned.';
COMMENT ON COLUMN taskq_task.user_id IS 'Customer whom the task is about; NULL = none.';
COMMENT ON COLUMN taskq_task.source IS 'What made the task: MANUAL, the application''s own word (1 to 63 characters), or RENEWAL, SCHEDULE and WORKFLOW, which the engines write. Never changes.';
COMMENT ON COLUMN taskq_task.dedupe_key IS 'At most one active task has a given key, 1 to 255 characters; NULL = not deduplicated.';
COMMENT ON COLUMN taskq_task.created_at IS 'When it was created (statement_timestamp()). Never changes. As all stamps but the SLA''s deadlines it is finite; what comes later is stamped no earlier (taskq_task_stamps_check).';
COMMENT ON COLUMN taskq_task.created_by IS 'Actor who created it; NULL = the system. Never changes.';
COMMENT ON COLUMN taskq_task.started_at IS 'When work began; kept when the task becomes OVERDUE. Written by the lifecycle only.';
COMMENT ON COLUMN taskq_task.completed_at IS 'When it was completed. Written by the lifecycle only.';
COMMENT ON COLUMN taskq_task.cancelled_at IS 'When it was cancelled. Written by the lifecycle only.';
COMMENT ON COLUMN taskq_task.updated_at IS 'When anything last changed. Written by the lifecycle only: statement_timestamp(), or the row''s last stamp where the clock is behind it, and a microsecond more where another transaction has left that here: no two leave the same, see if_unchanged_since of taskq_edit() and other verbs. To the microsecond: a client''s type of fewer digits must not be given back.';
COMMENT ON COLUMN taskq_task.sla_due_at IS 'SLA deadline: sla_hours from sla_from or created_at, in the open hours of the calendar and less pauses; infinity while the task is paused before it. Rescheduling never moves it. Written by the lifecycle only, except that an INSERT may give it; infinity = never; never -infinity (taskq_task_stamps_check).';
COMMENT ON COLUMN taskq_task.sla_at_risk_at IS 'From here to the deadline the task is AT_RISK: taskq.sla_at_risk_percent of the way when it was written. Written by the lifecycle only, except that an INSERT may give it.';
COMMENT ON COLUMN taskq_task.sla_breached_at IS 'When the breach of the current deadline was recorded. Written by the lifecycle only.';
COMMENT ON COLUMN taskq_task.sla_first_breached_at IS 'When the first breach of any deadline that the task has had was recorded; it stays when the deadline is moved out or removed. NULL = none was. Written by the lifecycle only, except that an INSERT may give it (NULL = sla_breached_at).';
COMMENT ON COLUMN taskq_task.kind IS 'What sort of work it is, DOCUMENT_REVIEW for example, 1 to 63 characters; service levels and rules can go by it. NULL = none.';
COMMENT ON COLUMN taskq_task.sla_policy IS 'Name of the row of taskq_sla_policy that gave the task its SLA, looked up again when its kind, priority, customer or team changes; NULL = none did: taskq_set_sla() clears it.';
COMMENT ON COLUMN taskq_task.sla_calendar IS 'Name of the row of taskq_calendar in whose open hours the SLA''s clocks run; NULL = all day every day. A task that is not closed can only be given one that is there (23503); it follows a change of the name.';
COMMENT ON COLUMN taskq_task.sla_revision IS 'taskq_calendar.revision from which the deadlines were computed; 0 = no calendar, but pauses; NULL = neither. Also NULL, or that of before, while the calendar gives no deadline (it opens too rarely, or its time zone is not known): then the deadlines are kept. An UPDATE that sets it to NULL or anything else has them computed anew.';
COMMENT ON COLUMN taskq_task.sla_from IS 'When the SLA''s clocks began; NULL = created_at.';
COMMENT ON COLUMN taskq_task.response_hours IS 'Open hours within which work must begin, at least a millisecond (1/3600000) and at most 87600; NULL = no response clock.';
COMMENT ON COLUMN taskq_task.response_due_at IS 'Deadline for beginning work; infinity while the task is paused before it. Written by the lifecycle only, except that an INSERT may give it.';
COMMENT ON COLUMN taskq_task.response_breached_at IS 'When it was recorded that work had not begun by response_due_at. Written by the lifecycle only, except that an INSERT may give it.';
COMMENT ON COLUMN taskq_task.response_hours_used IS 'Open hours, less pauses, until work began or the task was closed, written then if there is response_hours. Written by the lifecycle only.';
COMMENT ON COLUMN taskq_task.sla_hours_used IS 'Open hours, less pauses, until the task was closed, written then if it has an SLA and a calendar or pauses; else the time from sla_from or created_at is that. Written by the lifecycle only.';
COMMENT ON COLUMN taskq_task.sla_warn_at IS 'When the next warning of the policy''s warn_percents falls due, or one that fell due outside open hours is given; NULL = none. Written by the lifecycle only.';
COMMENT ON COLUMN taskq_task.sla_warned_at IS 'When sla_at_risk or sla_warning was last recorded; NULL = never. Written by the lifecycle only.';
COMMENT ON COLUMN taskq_task.paused_at IS 'Since when the task waits for somebody else; NULL = it does not. An UPDATE that sets it pauses the task, at the statement''s instant; one that clears it resumes.';
COMMENT ON COLUMN taskq_task.pause_reason IS 'What a paused task waits for, at most 65,536 characters.';
COMMENT ON COLUMN taskq_task.resume_at IS 'When the sweep resumes a paused task; NULL = it does not.';
COMMENT ON COLUMN taskq_task.team_id IS 'Team that the task belongs to, before or while somebody owns it; NULL = none.';
COMMENT ON COLUMN taskq_task.follows_id IS 'The closed task that this one follows up, see taskq_follow_up(); it may have been deleted since. NULL = none. Never changes. An INSERT must name a task that is there (23503) and closed (23514); not checked for rows that a dump inserts (check_function_bodies = off).';
COMMENT ON COLUMN taskq_task.labels IS 'Words of the desk''s own: at most 32 of 1 to 63 characters, sorted and distinct, however they were given; NULL = none, also where an empty array was given.';
COMMENT ON COLUMN taskq_task.attributes IS 'Fields of the desk''s own: a JSON object of at most 16,384 bytes as text (octet_length(attributes::text)); NULL = none, also where an empty object or the JSON null was given.';

SELECT pg_catalog.pg_extension_config_dump('taskq_task', '');
SELECT pg_catalog.pg_extension_config_dump('taskq_task_id_seq', '');
