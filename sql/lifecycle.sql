
-- ---------------------------------------------------------------------------
-- Lifecycle: the triggers of taskq_task
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
'Trigger function of taskq_task, BEFORE INSERT: fills sla_due_at, sla_at_risk_at and, if sla_breached_at is given, sla_first_breached_at when NULL; takes directional marks out of the title and refuses one that nobody can see (23514, constraint taskq_task_title_check), but not where check_function_bodies is off, as in a restore; sorts labels and removes duplicates, and makes empty labels and attributes NULL (23514, constraint taskq_task_labels_check or taskq_task_attributes_check, if they are out of bounds); gives priority, status, source, created_at and updated_at their defaults when NULL; a created_at of this statement goes back to a stamp of the same transaction that should come after it, as now(). It looks at nothing else, so that a restore gives back the same bytes.';

CREATE FUNCTION taskq_task_update() RETURNS trigger
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_task_update';
COMMENT ON FUNCTION taskq_task_update() IS
'Trigger function of taskq_task, BEFORE UPDATE: refuses what the lifecycle does not allow (23514, constraint taskq_task_lifecycle) and a verb whose if_unchanged_since is not the updated_at (55000), refuses unknown and inactive staff and teams (23503) and a new title that nobody can see (23514, constraint taskq_task_title_check), takes directional marks out of it, normalizes labels and attributes as an INSERT does, writes the stamps and the effective status.';

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
