-- Two editors: a verb with if_unchanged_since is refused unless that is the
-- task's updated_at, and says who has changed what.
CREATE EXTENSION taskq;
\set SHOW_CONTEXT never
CREATE ROLE regress_taskq_a;
SELECT taskq_grant('regress_taskq_a', 'agent');
INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana'), ('sta_2', 'Bob');
INSERT INTO taskq_sla_policy (name, sla_hours) VALUES ('standard', 8);
INSERT INTO taskq_task (id, title) SELECT g, 'task ' || g FROM generate_series(1, 20) g;
SET taskq.actor = 'bob';
SET ROLE regress_taskq_a;

-- what a call says, without the instants
CREATE FUNCTION pg_temp.attempt(call text, id bigint, since timestamptz) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    message text;
    detail text;
    after timestamptz;
BEGIN
    EXECUTE format('SELECT (%s).updated_at', format(call, id, since)) INTO after;
    RETURN CASE WHEN after > since THEN 'done' ELSE 'nothing to do' END;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
    RETURN regexp_replace(concat_ws(E'\n', SQLSTATE || ' ' || message, nullif(detail, '')), '\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?[-+]\d\d', '<then>', 'g');
END$$;
CREATE TEMP TABLE verb (n int, call text);
INSERT INTO verb VALUES
    (1, 'taskq_start(%s, %L, ''ana'')'), (2, 'taskq_complete(%s, NULL, %L)'), (3, 'taskq_cancel(%s, ''gone'', %L)'),
    (4, 'taskq_assign(%s, ''sta_1'', %L)'), (5, 'taskq_reschedule(%s, ''2100-01-01'', %L)'), (6, 'taskq_prioritize(%s, ''HIGH'', %L)'),
    (7, 'taskq_set_sla(%s, 9, NULL, %L)'), (8, 'taskq_edit(%s, ''edited'', if_unchanged_since => %L)'), (9, 'taskq_pause(%s, ''waits'', NULL, %L)'),
    (10, 'taskq_resume(%s, NULL, %L)'), (11, 'taskq_apply_policy(%s, ''standard'', NULL, %L)');
CREATE TEMP TABLE had AS SELECT id, updated_at FROM taskq_task;

-- as it was read: done; the others have been written by then
SELECT status FROM taskq_start(2, actor => 'ana');
SELECT status FROM taskq_pause(10, actor => 'ana');
UPDATE had h SET updated_at = t.updated_at FROM taskq_task t WHERE t.id = h.id;
SELECT n, pg_temp.attempt(call, n, updated_at) FROM verb JOIN had ON id = n ORDER BY n;
-- written since: refused, also where nothing would change, and where the lifecycle forbids it as well
SELECT n, pg_temp.attempt(call, n, updated_at) AS said FROM verb JOIN had ON id = n ORDER BY n;
-- without it nothing is asked; NULL is none
SELECT title FROM taskq_edit(8, 'edited without');
SELECT title FROM taskq_edit(8, 'edited with NULL', if_unchanged_since => NULL);
-- the latest five, and what time has done; a comment is no change
SELECT count(*) FROM generate_series(1, 7) g, taskq_prioritize(12, CASE g % 2 WHEN 0 THEN 'LOW' ELSE 'HIGH' END::taskq_priority);
SELECT status FROM taskq_comment(12, 'no change');
SELECT pg_temp.attempt('taskq_reschedule(%s, NULL, %L)', 12, updated_at) AS said FROM had WHERE id = 12;
SELECT updated_at AS read FROM taskq_task WHERE id = 13 \gset
SELECT status FROM taskq_comment(13, 'no change');
SELECT title FROM taskq_edit(13, 'commented since', if_unchanged_since => :'read');
RESET ROLE;
UPDATE taskq_task SET due_date = '2020-01-01', assignee_id = 'sta_2' WHERE id = 14;
SELECT pg_temp.attempt('taskq_reschedule(%s, NULL, %L)', 14, updated_at) AS said FROM had WHERE id = 14;
SET ROLE regress_taskq_a;
-- one that is later, of a client whose type has fewer digits, or of another task
SELECT pg_temp.attempt('taskq_edit(%s, ''x'', if_unchanged_since => %L)', 15, date_trunc('milliseconds', updated_at) + interval '1 second') AS said FROM had WHERE id = 15;
-- infinity, no such task, a task that is NULL
SELECT pg_temp.attempt('taskq_edit(%s, ''x'', if_unchanged_since => %L)', 15, 'infinity');
SELECT pg_temp.attempt('taskq_start(%s, %L)', 15, '-infinity');
SELECT pg_temp.attempt('taskq_start(%s, %L)', 99, '2026-06-05');
SELECT pg_temp.attempt('taskq_start(NULL, %2$L)', 99, '2026-06-05');
SELECT title FROM taskq_task WHERE id = 15;

-- changed twice in one transaction it has one updated_at; by two transactions never the same, whatever the clock says
BEGIN;
DO $$BEGIN PERFORM taskq_prioritize(16, 'LOW'), taskq_prioritize(16, 'HIGH'); END$$;
SELECT count(DISTINCT at) FROM taskq_task_event WHERE task_id = 16;
COMMIT;
RESET ROLE;
SET session_replication_role = replica;
UPDATE taskq_task SET updated_at = statement_timestamp() + interval '1 hour' WHERE id = 17;
RESET session_replication_role;
SELECT updated_at AS read FROM taskq_task WHERE id = 17 \gset
SELECT status, updated_at - :'read' AS later FROM taskq_start(17);
SELECT pg_temp.attempt('taskq_assign(%s, ''sta_1'', %L)', 17, :'read');
SELECT t.started_at = t.updated_at AND t.updated_at = e.at AS agree FROM taskq_task t JOIN taskq_task_event e ON e.task_id = t.id WHERE t.id = 17;

-- of a task that the caller may not see or update nothing is said; nor to a user's trigger, whose update it is not
ALTER TABLE taskq_task ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON taskq_task USING (id <> 18);
SET ROLE regress_taskq_a;
SELECT pg_temp.attempt('taskq_start(%s, %L)', 18, '2026-06-05');
RESET ROLE;
CREATE FUNCTION follow() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS
$$BEGIN IF new.id = 19 THEN UPDATE taskq_task SET priority = new.priority WHERE id = 20; END IF; RETURN NULL; END$$;
CREATE TRIGGER follow AFTER UPDATE ON taskq_task FOR EACH ROW EXECUTE FUNCTION follow();
SELECT priority FROM taskq_prioritize(19, 'URGENT', (SELECT updated_at FROM taskq_task WHERE id = 19));
SELECT priority FROM taskq_task WHERE id = 20;
SELECT taskq_revoke('regress_taskq_a');
DROP EXTENSION taskq CASCADE;
DROP FUNCTION follow;
DROP TABLE verb, had;
DROP FUNCTION pg_temp.attempt;
DROP ROLE regress_taskq_a;
