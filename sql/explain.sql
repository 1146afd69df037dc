
-- ---------------------------------------------------------------------------
-- Explaining the SLA: its clocks span by span, as they stand, and what would move
-- ---------------------------------------------------------------------------

CREATE FUNCTION taskq_sla_explain(
    id bigint,
    clock text DEFAULT 'resolution',
    OUT begins timestamptz,
    OUT ends timestamptz,
    OUT what text,
    OUT label text,
    OUT hours double precision,
    OUT hours_so_far double precision)
    RETURNS SETOF record
    LANGUAGE c STABLE PARALLEL RESTRICTED COST 10000 ROWS 20
    AS 'MODULE_PATHNAME', 'taskq_sla_explain';
COMMENT ON FUNCTION taskq_sla_explain(bigint, text) IS
'Why a deadline is what it is: the time line of a clock of a task, resolution or response, from sla_from or created_at to its deadline, in order and without gaps. what: open (the clock runs; label = the holiday, on one with hours of its own), closed (by the week), holiday (closed; label = its name), paused (label = the reason). hours: open hours of the row that count; hours_so_far: their sum, which is the target at the deadline. A last row, late, goes from a deadline that was missed to when the clock stopped, or to now; its hours are those open, less pauses. While the task is paused before its deadline, the time line ends now. Without a calendar all time is open. If the task is closed and its deadline does not follow from its calendar any more, what is stored makes one open row, whose label says so, and a late one, whose hours are NULL if none were stored. While edits of a calendar have not reached a task, its deadline is what it will be; if it never will, the time line ends now. No rows if the task has no such clock. Errors: P0002 no such task, 22023 unknown clock.';

CREATE FUNCTION taskq_sla_moves(
    calendar text,
    OUT task_id bigint,
    OUT clock text,
    OUT due_at timestamptz,
    OUT new_due_at timestamptz)
    RETURNS SETOF record
    LANGUAGE c STABLE PARALLEL RESTRICTED COST 1000000 ROWS 100
    AS 'MODULE_PATHNAME', 'taskq_sla_moves';
COMMENT ON FUNCTION taskq_sla_moves(text) IS
'Which stored deadlines of active tasks differ from what a calendar as it is now, edits of this transaction included, gives them: BEGIN; edit it; look; COMMIT or ROLLBACK. The sweep moves them after the commit. clock: response (also of tasks that have been started) or resolution. due_at: as stored; new_due_at: infinity for what has no date while the task is paused, NULL for what the calendar never reaches: such a task keeps the deadline that it has. Ordered by new_due_at, task_id. Errors: 22023 unknown calendar.';

CREATE FUNCTION taskq_sla_clocks_of(
    id bigint,
    OUT clock text,
    OUT state text,
    OUT started timestamptz,
    OUT due_at timestamptz,
    OUT hours double precision,
    OUT hours_used double precision,
    OUT hours_left double precision,
    OUT percent double precision,
    OUT next_opening timestamptz)
    RETURNS SETOF record
    LANGUAGE c STABLE STRICT PARALLEL RESTRICTED COST 1000 ROWS 2
    AS 'MODULE_PATHNAME', 'taskq_sla_clocks_of';
COMMENT ON FUNCTION taskq_sla_clocks_of(bigint) IS
'The clocks that a task has, as in taskq_sla_clocks, which is to be read instead. No rows if there is no such task.';

CREATE VIEW taskq_sla_clocks WITH (security_invoker = true) AS
SELECT t.id AS task_id, c.clock, t.sla_calendar AS calendar, c.state, c.started, c.due_at,
       c.hours, c.hours_used, c.hours_left, c.percent, c.next_opening
FROM taskq_task t
CROSS JOIN LATERAL taskq_sla_clocks_of(t.id) c
WHERE t.sla_due_at IS NOT NULL OR t.response_due_at IS NOT NULL;
COMMENT ON VIEW taskq_sla_clocks IS 'The SLA''s clocks of all tasks, at most two a task, as they stand at this instant. Computed row by row: ask for some tasks.';
COMMENT ON COLUMN taskq_sla_clocks.task_id IS 'The task.';
COMMENT ON COLUMN taskq_sla_clocks.clock IS 'response (until work begins) or resolution (until the task is closed).';
COMMENT ON COLUMN taskq_sla_clocks.calendar IS 'taskq_task.sla_calendar; NULL = all day every day.';
COMMENT ON COLUMN taskq_sla_clocks.state IS 'RUNNING; CLOSED_HOURS: the calendar does not open now; PAUSED: the task is; STOPPED: work has begun (response), or the task is closed.';
COMMENT ON COLUMN taskq_sla_clocks.started IS 'When the clock began: sla_from or created_at. NULL if the calendar is gone or in a time zone that the server does not know.';
COMMENT ON COLUMN taskq_sla_clocks.due_at IS 'The deadline as stored: sla_due_at or response_due_at; infinity while the task is paused before it.';
COMMENT ON COLUMN taskq_sla_clocks.hours IS 'The target: sla_hours or response_hours.';
COMMENT ON COLUMN taskq_sla_clocks.hours_used IS 'Open hours, less pauses, up to now; those stored when the clock stopped, if it has. NULL if they are not known: the task was closed when it was inserted, and its calendar has changed since or is gone.';
COMMENT ON COLUMN taskq_sla_clocks.hours_left IS 'hours - hours_used: negative once the deadline has been missed.';
COMMENT ON COLUMN taskq_sla_clocks.percent IS '100 * hours_used / hours: over 100 once the deadline has been missed.';
COMMENT ON COLUMN taskq_sla_clocks.next_opening IS 'When a clock that stands in CLOSED_HOURS will run again; NULL if it will not within ten years, and in other states.';
