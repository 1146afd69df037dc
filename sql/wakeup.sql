-- ---------------------------------------------------------------------------
-- Wakeup: the status of the worker, and waking it
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
    LANGUAGE c PARALLEL RESTRICTED COST 1000 ROWS 5
    AS 'MODULE_PATHNAME', 'taskq_worker_get_status';
COMMENT ON FUNCTION taskq_worker_get_status() IS
'Rows of view taskq_worker_status, from shared memory; none where the library is not preloaded.';

CREATE VIEW taskq_worker_status WITH (security_invoker = true) AS
SELECT * FROM taskq_worker_get_status();
COMMENT ON VIEW taskq_worker_status IS 'What the worker does, one row for each database that it looks after (up to taskq.max_databases), since the server started. Empty where the library is not preloaded.';
COMMENT ON COLUMN taskq_worker_status.database IS 'The database.';
COMMENT ON COLUMN taskq_worker_status.state IS 'waiting, or sweeping while a sweeper is in the database.';
COMMENT ON COLUMN taskq_worker_status.last_sweep_at IS 'When the last sweep ended; NULL = none since the server started.';
COMMENT ON COLUMN taskq_worker_status.last_result IS 'done; left (somebody wanted to drop, rename or copy the database); some failed (tasks that could not be written were passed over); failed; no extension (taskq is not installed there); subscriber (taskq_task is a subscription''s target); restoring (pg_restore is connected, or ids run ahead of their sequence, as they do until a restore sets it); read only (default_transaction_read_only is on).';
COMMENT ON COLUMN taskq_worker_status.next_sweep_at IS 'When the next sweep is to start; -infinity = at once.';
COMMENT ON COLUMN taskq_worker_status.next_sweep_reason IS 'due (something falls due then); interval (taskq.sweep_interval after the last sweep); backoff (after failures, ever longer, up to 5 minutes); absent (10 minutes after the extension was last looked for).';
COMMENT ON COLUMN taskq_worker_status.backlog IS 'Tasks still waiting after the last batch, up to 100,000.';
COMMENT ON COLUMN taskq_worker_status.failures IS 'Failed sweeps in a row.';
COMMENT ON COLUMN taskq_worker_status.last_error IS 'Message of the last failure; kept after it is over. Of other databases only for members of pg_read_all_stats, as last_error_at.';
COMMENT ON COLUMN taskq_worker_status.last_error_at IS 'When that was.';
