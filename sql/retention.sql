-- ---------------------------------------------------------------------------
-- Retention: how long terminal tasks are kept
-- ---------------------------------------------------------------------------

CREATE FUNCTION taskq_purge(older_than interval DEFAULT NULL, dry_run boolean DEFAULT false, max_tasks integer DEFAULT NULL)
    RETURNS bigint
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_purge';
COMMENT ON FUNCTION taskq_purge(interval, boolean, integer) IS
'Deletes tasks that were completed or cancelled longer ago than older_than (NULL = taskq.retention), with their history: completed ones first, then cancelled ones, the oldest of each first, at most max_tasks (1 to 1,000,000; NULL = taskq.sweep_batch_size). Returns how many. With dry_run it deletes nothing and returns how many there are. The sweep does the same by itself where taskq.retention is set. Errors: 22023 older_than negative, or NULL while taskq.retention is off; max_tasks out of bounds.';

