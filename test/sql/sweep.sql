-- The sweep stores what has changed by time, and nothing else.
CREATE EXTENSION taskq;
\set SHOW_CONTEXT never

-- nothing due: nothing written, no transaction id taken
BEGIN;
SELECT * FROM taskq_sweep();
SELECT pg_current_xact_id_if_assigned() IS NULL AS no_xid;
COMMIT;

INSERT INTO taskq_task (title, due_date) SELECT 'past ' || g, taskq_today() - 1 FROM generate_series(1, 5) g;
INSERT INTO taskq_task (title, due_date, status, started_at)
VALUES ('recovers', taskq_today() + 1, 'OVERDUE', now());
INSERT INTO taskq_task (title, created_at, sla_hours) VALUES ('breaches', now() - interval '2 hours', 1);
INSERT INTO taskq_task (title, created_at, sla_hours, due_date)
VALUES ('both', now() - interval '2 hours', 1, taskq_today() - 1);
SELECT * FROM taskq_sweep(2);
SELECT * FROM taskq_sweep(100);
SELECT * FROM taskq_sweep();
SELECT task_id, kind, from_status, to_status, actor FROM taskq_task_event ORDER BY task_id, id;

-- bounds
SELECT taskq_sweep(0);
SELECT taskq_sweep(1000001);

-- commits batch by batch, hence not inside a transaction block
BEGIN;
CALL taskq_sweep_all();
ROLLBACK;
INSERT INTO taskq_task (title, due_date) SELECT 'more ' || g, taskq_today() - 1 FROM generate_series(1, 2500) g;
CALL taskq_sweep_all();
SELECT overdue, recovered, sla_breached, failed, batches, backlog FROM taskq_sweep_log;
CALL taskq_sweep_all();
SELECT count(*) AS log_rows FROM taskq_sweep_log;

-- a trigger that suppresses the rows of the log
CREATE FUNCTION skip() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER skip BEFORE INSERT ON taskq_sweep_log FOR EACH ROW EXECUTE FUNCTION skip();
INSERT INTO taskq_task (title, due_date) VALUES ('not logged', taskq_today() - 1);
CALL taskq_sweep_all();
DROP TRIGGER skip ON taskq_sweep_log;
SELECT title, stored_status FROM taskq_tasks WHERE title = 'not logged';
SELECT count(*) AS log_rows FROM taskq_sweep_log;

-- a task that cannot be written is skipped, with a warning
CREATE FUNCTION raise() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN IF NEW.title = 'bad' THEN RAISE 'not this one'; END IF; RETURN NEW; END$$;
CREATE TRIGGER user_trigger BEFORE UPDATE ON taskq_task FOR EACH ROW EXECUTE FUNCTION raise();
INSERT INTO taskq_task (title, due_date) VALUES ('good', taskq_today() - 1), ('bad', taskq_today() - 1), ('fine', taskq_today() - 1);
\set VERBOSITY terse
SELECT * FROM taskq_sweep();
\set VERBOSITY default
SELECT title, stored_status FROM taskq_tasks WHERE title IN ('good', 'bad', 'fine') ORDER BY 1;
DROP TRIGGER user_trigger ON taskq_task;
SELECT * FROM taskq_sweep() WHERE tasks > 0;

-- a task whose trigger writes another one of the batch
CREATE FUNCTION rename() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN IF NEW.title = 'first' THEN UPDATE taskq_task SET title = 'renamed' WHERE title = 'second'; END IF; RETURN NEW; END$$;
CREATE TRIGGER user_trigger BEFORE UPDATE ON taskq_task FOR EACH ROW EXECUTE FUNCTION rename();
INSERT INTO taskq_task (title, due_date) VALUES ('first', taskq_today() - 1), ('second', taskq_today() - 1), ('third', taskq_today() - 1);
SELECT * FROM taskq_sweep() WHERE tasks > 0;
SELECT title, stored_status, (SELECT count(*) FROM taskq_task_event e WHERE e.task_id = t.id AND kind = 'overdue') AS overdue
FROM taskq_tasks t WHERE title IN ('first', 'second', 'renamed', 'third') ORDER BY 1;
DROP TRIGGER user_trigger ON taskq_task;

-- a role with privileges only on the columns that it takes
INSERT INTO taskq_task (title, due_date) SELECT 'columns ' || g, taskq_today() - 1 FROM generate_series(1, 3) g;
CREATE ROLE regress_taskq_sweeper;
GRANT SELECT (id, priority, status, due_date, started_at, completed_at, cancelled_at, sla_due_at, sla_at_risk_at, sla_breached_at, sla_calendar, sla_revision,
    sla_warn_at, sla_warned_at, response_due_at, response_breached_at, paused_at, resume_at), UPDATE (due_date)
ON taskq_task TO regress_taskq_sweeper;
GRANT SELECT ON taskq_calendar TO regress_taskq_sweeper;
GRANT SELECT, UPDATE ON taskq_renewal, taskq_schedule TO regress_taskq_sweeper;
GRANT EXECUTE ON FUNCTION taskq_sweep, taskq_title_is_valid, taskq_phase, taskq_priority_rank TO regress_taskq_sweeper;
SET ROLE regress_taskq_sweeper;
SELECT * FROM taskq_sweep() WHERE tasks > 0;
RESET ROLE;

-- memory does not grow with the rows that cannot be written, nor with the others beside them: a sequence keeps how much was in use
CREATE SEQUENCE used;
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN
    IF NEW.title ~ 'last' THEN PERFORM setval('used', (SELECT sum(total_bytes)::bigint FROM pg_backend_memory_contexts)); END IF;
    IF NEW.title ~ 'bad' THEN RAISE '% is refused', repeat(NEW.title, 100); END IF;
    RETURN NEW;
END$$;
CREATE TRIGGER user_trigger BEFORE UPDATE ON taskq_task FOR EACH ROW EXECUTE FUNCTION refuse();
INSERT INTO taskq_task (title, due_date) SELECT CASE WHEN g < 6000 THEN 'bad' ELSE 'bad last' END, date '1900-01-01' + g FROM generate_series(1, 6000) g;
SELECT sum(total_bytes) AS before FROM pg_backend_memory_contexts \gset
\set VERBOSITY terse
SELECT * FROM taskq_sweep(6000) WHERE tasks > 0;
SELECT last_value - :before BETWEEN 1 AND 16000000 AS bounded FROM used;
ALTER TABLE taskq_task DISABLE TRIGGER user_trigger;
SELECT * FROM taskq_sweep(6000) WHERE tasks > 0;
ALTER TABLE taskq_task ENABLE TRIGGER user_trigger;
INSERT INTO taskq_task (title, due_date) SELECT CASE g WHEN 1 THEN 'bad' WHEN 6000 THEN 'last' ELSE 'good' END, date '1900-01-01' + g FROM generate_series(1, 6000) g;
SELECT * FROM taskq_sweep(6000) WHERE tasks > 0;
SELECT last_value - :before BETWEEN 1 AND 16000000 AS bounded FROM used;
-- deadlines that are left are in the backlog, as due dates are
INSERT INTO taskq_task (title, created_at, sla_hours) SELECT t, now() - interval '1 day', 1 FROM unnest('{bad,bad,good}'::text[]) t;
CALL taskq_sweep_all();
SELECT sla_breached, failed, backlog FROM taskq_sweep_log ORDER BY id DESC LIMIT 1;
-- its statements keep their plans, whatever the setting, and use their index
BEGIN;
SET LOCAL plan_cache_mode = force_custom_plan;
SET LOCAL client_min_messages = error;
SELECT count(*) FROM taskq_sweep(10);
SELECT count(*) AS plans FROM pg_backend_memory_contexts WHERE name = 'CachedPlanSource' \gset
SELECT count(DISTINCT kind) FROM generate_series(1, 20) g, taskq_sweep(10 + 0 * g);
SELECT count(*) - :plans < 20 AS bounded FROM pg_backend_memory_contexts WHERE name = 'CachedPlanSource';
COMMIT;
\set VERBOSITY default
DROP EXTENSION taskq CASCADE;
DROP FUNCTION skip, raise, rename, refuse;
DROP SEQUENCE used;
DROP ROLE regress_taskq_sweeper;
