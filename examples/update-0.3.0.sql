-- Builds indexes of 0.3.0 before the update, without locking out writers: those
-- that have an entry for many tasks, and name no column that is new in 0.3.0.
--
--     psql -X -v ON_ERROR_STOP=1 -d ops -f update-0.3.0.sql
--     psql -X -d ops -c 'ALTER EXTENSION taskq UPDATE'
--
-- As the owner of the extension, with the library of 0.3.0 installed and, where
-- taskq is preloaded, the server restarted.  The update takes over what it finds
-- built, and builds the rest.  If it is interrupted, drop what is there as
-- taskq_task_..._0_3_idx, and begin again.
SELECT pg_catalog.format('%I, pg_temp', n.nspname) AS path
FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'taskq' \gset
SET search_path = :path;

CREATE OR REPLACE FUNCTION taskq_stage(status taskq_status, started_at timestamptz, completed_at timestamptz, cancelled_at timestamptz) RETURNS smallint
    LANGUAGE c IMMUTABLE PARALLEL SAFE LEAKPROOF
    AS '$libdir/taskq', 'taskq_stage';

CREATE OR REPLACE FUNCTION taskq_place(priority taskq_priority, due_date date, completed_at timestamptz, cancelled_at timestamptz) RETURNS bigint
    LANGUAGE c IMMUTABLE PARALLEL SAFE LEAKPROOF
    AS '$libdir/taskq', 'taskq_place';

CREATE INDEX CONCURRENTLY taskq_task_queue_0_3_idx ON taskq_task
    (taskq_stage(status, started_at, completed_at, cancelled_at),
     taskq_priority_rank(priority), taskq_place(priority, due_date, NULL, NULL), id);
CREATE INDEX CONCURRENTLY taskq_task_assignee_0_3_idx ON taskq_task
    (assignee_id, taskq_stage(status, started_at, completed_at, cancelled_at),
     taskq_priority_rank(priority), taskq_place(priority, due_date, completed_at, cancelled_at), id);
CREATE INDEX CONCURRENTLY taskq_task_user_0_3_idx ON taskq_task
    (user_id, taskq_stage(status, started_at, completed_at, cancelled_at))
    WHERE user_id IS NOT NULL;
CREATE INDEX CONCURRENTLY taskq_task_sla_pending_0_3_idx ON taskq_task
    (taskq_stage(status, started_at, completed_at, cancelled_at),
     (CASE WHEN sla_due_at IS NULL THEN 'infinity' ELSE sla_due_at END), id)
    WHERE completed_at IS NULL AND cancelled_at IS NULL AND sla_breached_at IS NULL;
CREATE INDEX CONCURRENTLY taskq_task_sla_settled_0_3_idx ON taskq_task
    (taskq_stage(status, started_at, completed_at, cancelled_at),
     (CASE WHEN sla_due_at IS NULL THEN 'infinity' ELSE sla_due_at END))
    WHERE sla_due_at IS NOT NULL AND (sla_breached_at IS NOT NULL OR completed_at IS NOT NULL OR cancelled_at IS NOT NULL);
CREATE INDEX CONCURRENTLY taskq_task_closed_0_3_idx ON taskq_task
    (taskq_stage(status, started_at, completed_at, cancelled_at),
     taskq_place(priority, due_date, completed_at, cancelled_at), id)
    WHERE completed_at IS NOT NULL OR cancelled_at IS NOT NULL;
