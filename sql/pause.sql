
-- ---------------------------------------------------------------------------
-- Pauses that are over
-- ---------------------------------------------------------------------------

-- No foreign key to taskq_task, as for its events: TRUNCATE of that table would
-- have to name this one, also where it is replicated.  The trigger asks for the task,
-- and pauses are deleted with it.
CREATE TABLE taskq_task_pause (
    task_id bigint,
    paused_at timestamptz
        CONSTRAINT taskq_task_pause_paused_at_check CHECK (isfinite(paused_at)),
    resumed_at timestamptz NOT NULL
        CONSTRAINT taskq_task_pause_resumed_at_check CHECK (isfinite(resumed_at)),
    reason text
        CONSTRAINT taskq_task_pause_reason_check CHECK (pg_catalog.char_length(reason) <= 65536),
    PRIMARY KEY (task_id, paused_at),
    CONSTRAINT taskq_task_pause_order_check CHECK (resumed_at > paused_at)
);
COMMENT ON TABLE taskq_task_pause IS 'Pauses that are over, in which the clocks of the task''s SLA stood still; one that lasts is in taskq_task. taskq_resume() and what ends a pause write it. A manager enters one that was forgotten, changes or deletes one: the deadlines of an active task are computed anew. Those of a closed task cannot change (23514). What overlaps counts once, what lies before sla_from or created_at not at all.';
COMMENT ON COLUMN taskq_task_pause.task_id IS 'The task.';
COMMENT ON COLUMN taskq_task_pause.paused_at IS 'When the pause began.';
COMMENT ON COLUMN taskq_task_pause.resumed_at IS 'When it ended.';
COMMENT ON COLUMN taskq_task_pause.reason IS 'What the task waited for, at most 65,536 characters.';

SELECT pg_catalog.pg_extension_config_dump('taskq_task_pause', '');

CREATE FUNCTION taskq_task_pause_guard() RETURNS trigger
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_task_pause_guard';
COMMENT ON FUNCTION taskq_task_pause_guard() IS
'Trigger function of taskq_task_pause, AFTER each row: has the deadlines of the task computed anew; refuses a task that does not exist (23503) and what would change a closed one (23514, constraint taskq_task_lifecycle). Does nothing in a restore (check_function_bodies off).';
CREATE TRIGGER taskq_pause_guard AFTER INSERT OR UPDATE OR DELETE ON taskq_task_pause
    FOR EACH ROW EXECUTE FUNCTION taskq_task_pause_guard();
