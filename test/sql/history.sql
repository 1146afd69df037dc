-- Every change after creation, whichever way it was made.
CREATE EXTENSION taskq;
\set SHOW_CONTEXT never
INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana');
SELECT taskq_create('Kinds', due_date => taskq_today()) AS id \gset
DO $$
DECLARE t bigint := (SELECT id FROM taskq_task);
BEGIN
    PERFORM taskq_assign(t, 'sta_1');
    PERFORM taskq_prioritize(t, 'HIGH');
    PERFORM taskq_reschedule(t, NULL);
    PERFORM taskq_set_sla(t, 24);
    PERFORM taskq_edit(t, 'Kinds of events', 'described');
    PERFORM taskq_start(t);
    PERFORM taskq_comment(t, 'half way');
    UPDATE taskq_task SET priority = 'LOW', assignee_id = NULL WHERE id = t;
    PERFORM taskq_complete(t, 'finished');
    PERFORM taskq_comment(t, 'and over');
END $$;
SELECT kind, from_status, to_status, changes - 'due_date' AS changes, note FROM taskq_task_event ORDER BY id;
SELECT kind, from_status, to_status FROM taskq_task_history WHERE task_id = :id ORDER BY event_id LIMIT 2;

-- one statement, many rows, one event each; nothing changed, nothing recorded
INSERT INTO taskq_task (title) SELECT 'many ' || g FROM generate_series(1, 12000) g;
UPDATE taskq_task SET priority = 'URGENT' WHERE title LIKE 'many%';
UPDATE taskq_task SET priority = 'URGENT' WHERE title LIKE 'many%';
SELECT count(*), count(DISTINCT task_id) FROM taskq_task_event WHERE kind = 'prioritized' AND task_id <> :id;

-- nor does it take memory beyond a batch of them: what the session has while events are written, of few rows or many, of short values or long
CREATE TABLE used (bytes bigint);
CREATE FUNCTION use() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS
$$BEGIN INSERT INTO used (bytes) SELECT sum(total_bytes) FROM pg_backend_memory_contexts; RETURN NULL; END$$;
CREATE TRIGGER used AFTER INSERT OR DELETE ON taskq_task_event FOR EACH STATEMENT EXECUTE FUNCTION use();
UPDATE taskq_task SET title = title || '!' WHERE title LIKE 'many%' AND id % 100 = 0;
INSERT INTO taskq_task (title) SELECT 'many ' || g FROM generate_series(1, 12000) g;
UPDATE taskq_task SET title = title || '!', priority = 'LOW', sla_hours = 1000 WHERE title LIKE 'many%';
SELECT count(*) > 2 AS batches, max(bytes) - min(bytes) < 32 * 1024 * 1024 AS bounded FROM used;
TRUNCATE used;
UPDATE taskq_task SET description = repeat('long ', 12000) WHERE title LIKE 'many%' AND id % 50 = 0;
SELECT count(*) > 1 AS batches, max(bytes) - min(bytes) < 32 * 1024 * 1024 AS bounded FROM used;
TRUNCATE used;
UPDATE taskq_task SET status = 'CANCELLED' WHERE title LIKE 'many%';
TRUNCATE used;
DELETE FROM taskq_task WHERE title LIKE 'many%';
SELECT count(*) > 1 AS batches, max(bytes) - min(bytes) < 32 * 1024 * 1024 AS bounded FROM used;
DROP TABLE used;
DROP FUNCTION use CASCADE;

-- append-only, for superusers too
UPDATE taskq_task_event SET note = 'forged';
DELETE FROM taskq_task_event;
TRUNCATE taskq_task_event;
-- time-driven events come first, without an actor, once
INSERT INTO taskq_task (title, due_date, created_at, sla_hours) VALUES ('late', taskq_today() - 3, now() - interval '2 days', 1) RETURNING id AS late \gset
SELECT status FROM taskq_prioritize(:late, 'HIGH', actor => 'ana');
SELECT status FROM taskq_prioritize(:late, 'LOW', actor => 'ana');
SELECT kind, actor, from_status, to_status FROM taskq_task_history WHERE task_id = :late ORDER BY event_id;
DROP EXTENSION taskq;
