-- The lifecycle, step by step; every cell of the table is in test/pgtap.
CREATE EXTENSION taskq;
\set SHOW_CONTEXT never
INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana'), ('sta_2', 'Bob');
CREATE VIEW seen AS
SELECT id, status, stored_status, started_at IS NOT NULL AS started, completed_at IS NOT NULL AS completed
FROM taskq_tasks ORDER BY id;
CREATE VIEW told AS
SELECT task_id, kind, from_status, to_status, actor IS NULL AS by_system FROM taskq_task_history ORDER BY task_id, event_id;

-- start, complete; twice is refused with when and by whom
SELECT taskq_create('Call the customer', due_date => taskq_today() + 1) AS id \gset
SELECT taskq_complete(:id);
SELECT status FROM taskq_start(:id, actor => 'ana');
SELECT status FROM taskq_start(:id);
SELECT status FROM taskq_complete(:id, 'called', actor => 'ana');
\set VERBOSITY terse
SELECT taskq_complete(:id);
SELECT taskq_cancel(:id);
SELECT taskq_reschedule(:id, taskq_today());
\set VERBOSITY default
SELECT * FROM seen;
SELECT * FROM told;

-- a task whose due date has passed is OVERDUE for every writer, swept or not
INSERT INTO taskq_task (title, due_date) VALUES ('Unswept', taskq_today() - 1) RETURNING id AS late \gset
SELECT * FROM seen WHERE id = :late;
UPDATE taskq_task SET status = 'IN_PROGRESS' WHERE id = :late;
UPDATE taskq_task SET status = 'OPEN' WHERE id = :late;
SELECT status, started_at IS NOT NULL AS started FROM taskq_start(:late);
SELECT status FROM taskq_reschedule(:late, taskq_today() + 7);
SELECT status FROM taskq_reschedule(:late, taskq_today() - 7);
SELECT status FROM taskq_complete(:late);
SELECT * FROM told WHERE task_id = :late;

-- raw writes obey the same rules
INSERT INTO taskq_task (title) VALUES ('Raw') RETURNING id AS raw \gset
UPDATE taskq_task SET status = 'OVERDUE' WHERE id = :raw;
UPDATE taskq_task SET started_at = now() WHERE id = :raw;
UPDATE taskq_task SET created_by = 'me' WHERE id = :raw;
UPDATE taskq_task SET source = 'OTHER' WHERE id = :raw;
UPDATE taskq_task SET assignee_id = 'sta_9' WHERE id = :raw;
UPDATE taskq_task SET status = 'IN_PROGRESS', due_date = taskq_today() - 1 WHERE id = :raw;
UPDATE taskq_task SET status = 'IN_PROGRESS' WHERE id = :raw;
UPDATE taskq_task SET status = 'OPEN' WHERE id = :raw;
DELETE FROM taskq_task WHERE id = :raw;
TRUNCATE taskq_task;
MERGE INTO taskq_task t USING (VALUES (:raw)) v(id) ON t.id = v.id WHEN MATCHED THEN UPDATE SET status = 'OPEN';
INSERT INTO taskq_task (id, title) VALUES (:raw, 'again') ON CONFLICT (id) DO UPDATE SET status = 'COMPLETED';
SELECT * FROM seen WHERE id = :raw;
DELETE FROM taskq_task WHERE id = :raw;
SELECT count(*) AS events_left FROM taskq_task_event WHERE task_id = :raw;

-- a changed key reaches terminal tasks too, and is recorded
INSERT INTO taskq_task (title, assignee_id) VALUES ('Owned', 'sta_1') RETURNING id AS owned \gset
SELECT status FROM taskq_cancel(:owned, 'no longer needed');
\set VERBOSITY terse
UPDATE taskq_task SET assignee_id = 'sta_2' WHERE id = :owned;
\set VERBOSITY default
UPDATE taskq_staff_member SET id = 'sta_one' WHERE id = 'sta_1';
SELECT assignee_id, status FROM taskq_task WHERE id = :owned;

-- a user's trigger cannot break what the lifecycle wrote
CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN NEW.started_at := NEW.started_at + interval '1 second'; RETURN NEW; END$$;
CREATE TRIGGER zz_meddle BEFORE UPDATE ON taskq_task FOR EACH ROW EXECUTE FUNCTION meddle();
SELECT taskq_create('Meddled with') AS meddled \gset
SELECT taskq_start(:meddled);
DROP TRIGGER zz_meddle ON taskq_task;

-- the clock is behind the row, which was written while it was ahead: stamps never decrease
INSERT INTO taskq_task (id, title, sla_hours) SELECT g, 'ahead', 1 FROM generate_series(101, 105) g;
SET session_replication_role = replica;
UPDATE taskq_task SET updated_at = statement_timestamp() + interval '2 hours', sla_breached_at = statement_timestamp() + interval '2 hours' WHERE id IN (101, 102, 103);
UPDATE taskq_task SET created_at = created_at + interval '1 day', sla_due_at = sla_due_at + interval '1 day' WHERE id = 104;
UPDATE taskq_task SET updated_at = statement_timestamp() + interval '2 hours' WHERE id = 105;
RESET session_replication_role;
CREATE VIEW ahead AS SELECT id, status, started_at - updated_at AS started, completed_at - updated_at AS completed, cancelled_at - updated_at AS cancelled,
    updated_at > statement_timestamp() + interval '1 hour' AS kept, sla_breached_at IS NOT NULL AS breached FROM taskq_task ORDER BY id;
SELECT count(*) FROM taskq_prioritize_many('{101,102,103,104}', 'HIGH');
SELECT count(*) FROM taskq_start_many('{101,102,104}');
SELECT id FROM taskq_comment(101, 'a note');
UPDATE taskq_task SET due_date = '2100-01-01' WHERE id = 101;
SELECT status FROM taskq_complete(101);
SELECT status FROM taskq_cancel(102);
SELECT status FROM taskq_complete(104);
SELECT * FROM ahead WHERE id > 100;
SELECT task_id, string_agg(kind, ' ' ORDER BY id) AS kinds, bool_and(at >= before) AS in_order, max(at) = (SELECT updated_at FROM taskq_task WHERE id = task_id) AS up_to_now
FROM (SELECT *, lag(at, 1, at) OVER (PARTITION BY task_id ORDER BY id) AS before FROM taskq_task_event WHERE task_id > 100) e GROUP BY task_id ORDER BY task_id;
-- a deadline is judged as sla_status does: of an active task by the clock, of a closed one by when it was closed
SELECT sla_breached_at = updated_at AS breached FROM taskq_start(105);
SELECT sla_breached_at = updated_at AS breached FROM taskq_complete(105);
SELECT id, sla_status FROM taskq_tasks WHERE id > 100 ORDER BY id;
SELECT kind FROM taskq_task_event WHERE task_id = 105 ORDER BY id;
-- what is recorded stays until the hours change
SELECT sla_breached_at AS breached_at FROM taskq_set_sla(103, 1.5);
SELECT sla_breached_at = updated_at AS breached FROM taskq_set_sla(103, 1.0 / 3600000);
SELECT sum(tasks) FROM taskq_sweep();
DROP VIEW ahead;

-- replicas apply what they are sent
SET session_replication_role = replica;
UPDATE taskq_task SET status = 'IN_PROGRESS', started_at = now() WHERE id = :meddled;
RESET session_replication_role;
SELECT status FROM taskq_task WHERE id = :meddled;
DROP VIEW seen, told;
DROP EXTENSION taskq CASCADE;
DROP FUNCTION meddle;
