-- Every way in which SQL can write a row meets the lifecycle and leaves one
-- event a change.
CREATE EXTENSION taskq;
\set SHOW_CONTEXT never
\set VERBOSITY terse
INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana'), ('sta_2', 'Bob');
CREATE VIEW told AS
SELECT task_id, kind, from_status, to_status, (SELECT string_agg(k, ',') FROM jsonb_object_keys(changes) k) AS fields
FROM taskq_task_event ORDER BY id;

-- COPY: in with given ids and what is derived filled in; what is no task is refused; out and in again
COPY taskq_task (id, title, priority, sla_hours, created_at) FROM stdin;
1	one	HIGH	2	2020-01-01 00:00+00
2	two	LOW	\N	2020-01-01 00:00+00
\.
SELECT id, status, sla_due_at AT TIME ZONE 'UTC' AS sla_due_at FROM taskq_task ORDER BY id;
COPY taskq_task (title, status) FROM stdin;
three	COMPLETED
\.
COPY taskq_task (id, title) FROM stdin;
2	again
\.
COPY (SELECT id, title FROM taskq_task ORDER BY id) TO stdout;
SELECT count(*) FROM told;
SELECT setval('taskq_task_id_seq', 10) \g /dev/null

-- MERGE: every action
MERGE INTO taskq_task t
USING (VALUES (1, 'IN_PROGRESS'), (2, 'nothing'), (11, 'new')) v(id, what) ON t.id = v.id
WHEN MATCHED AND what = 'nothing' THEN DO NOTHING
WHEN MATCHED THEN UPDATE SET status = what::taskq_status
WHEN NOT MATCHED THEN INSERT (title) VALUES (what);
MERGE INTO taskq_task t USING (VALUES (2)) v(id) ON t.id = v.id WHEN MATCHED THEN DELETE;
MERGE INTO taskq_task t USING (VALUES (2)) v(id) ON t.id = v.id WHEN MATCHED THEN UPDATE SET status = 'COMPLETED';
MERGE INTO taskq_task t USING (VALUES (2)) v(id) ON t.id = v.id WHEN MATCHED THEN UPDATE SET status = 'CANCELLED';
MERGE INTO taskq_task t USING (VALUES (2, 'x'), (1, 'edited'), (12, 'third')) v(id, what) ON t.id = v.id
WHEN MATCHED AND status = 'CANCELLED' THEN DELETE
WHEN MATCHED THEN UPDATE SET title = what
WHEN NOT MATCHED THEN INSERT (title) VALUES (what);
MERGE INTO taskq_task t USING (VALUES (1), (1)) v(id) ON t.id = v.id WHEN MATCHED THEN UPDATE SET title = 'twice';
SELECT id, title, status FROM taskq_task ORDER BY id;
SELECT * FROM told;

-- INSERT … ON CONFLICT: on the id and on the dedupe_key
INSERT INTO taskq_task (id, title) VALUES (1, 'kept'), (20, 'twenty') ON CONFLICT (id) DO NOTHING;
INSERT INTO taskq_task (id, title) VALUES (1, 'upserted'), (21, 'twenty-one') ON CONFLICT (id) DO UPDATE SET title = excluded.title;
INSERT INTO taskq_task (id, title) VALUES (1, 'a'), (1, 'b') ON CONFLICT (id) DO UPDATE SET title = excluded.title;
INSERT INTO taskq_task (title, dedupe_key) VALUES ('first', 'k') RETURNING id AS k \gset
INSERT INTO taskq_task (title, dedupe_key) VALUES ('second', 'k');
INSERT INTO taskq_task (title, dedupe_key) VALUES ('second', 'k') ON CONFLICT DO NOTHING;
INSERT INTO taskq_task (title, dedupe_key) VALUES ('second', 'k')
    ON CONFLICT (dedupe_key) WHERE dedupe_key IS NOT NULL AND completed_at IS NULL AND cancelled_at IS NULL
    DO UPDATE SET priority = 'URGENT', status = 'COMPLETED';
INSERT INTO taskq_task (title, dedupe_key) VALUES ('second', 'k')
    ON CONFLICT (dedupe_key) WHERE dedupe_key IS NOT NULL AND completed_at IS NULL AND cancelled_at IS NULL
    DO UPDATE SET priority = 'URGENT' RETURNING id = :k AS same, title, priority;
INSERT INTO taskq_task (id, title) SELECT id, 'by select' FROM taskq_task WHERE id = 1
    ON CONFLICT (id) DO UPDATE SET id = 99;
SELECT * FROM told OFFSET 3;

-- UPDATE … FROM that finds a row twice; UPDATE … RETURNING sees what was stored
SELECT count(*) AS before FROM told \gset
UPDATE taskq_task t SET title = v.title FROM (VALUES ('p'), ('q')) v(title) WHERE t.id = 20;
UPDATE taskq_task SET status = 'IN_PROGRESS' WHERE id = 20 RETURNING status, started_at IS NOT NULL AS started;
UPDATE taskq_task SET due_date = '2020-01-01' WHERE id = 20 RETURNING status;
UPDATE taskq_task SET id = id + 100 WHERE id = 20;
SELECT * FROM told OFFSET :before;

-- cursors: WHERE CURRENT OF, FOR UPDATE
SELECT count(*) AS before FROM told \gset
BEGIN;
DECLARE c CURSOR FOR SELECT * FROM taskq_task WHERE id IN (11, 21) ORDER BY id FOR UPDATE;
MOVE c;
UPDATE taskq_task SET status = 'IN_PROGRESS' WHERE CURRENT OF c RETURNING id, status;
MOVE c;
UPDATE taskq_task SET status = 'CANCELLED' WHERE CURRENT OF c RETURNING id, status;
UPDATE taskq_task SET title = 'again' WHERE CURRENT OF c;
ROLLBACK;
BEGIN;
DECLARE c CURSOR FOR SELECT * FROM taskq_task WHERE id = 21 FOR UPDATE;
MOVE c;
UPDATE taskq_task SET status = 'CANCELLED' WHERE CURRENT OF c;
COMMIT;
BEGIN;
DECLARE c CURSOR FOR SELECT * FROM taskq_task WHERE id = 21 FOR UPDATE;
MOVE c;
DELETE FROM taskq_task WHERE CURRENT OF c;
COMMIT;
SELECT * FROM told OFFSET :before;

-- writable CTEs: the same table twice, and the same row
SELECT count(*) AS before FROM told \gset
WITH a AS (UPDATE taskq_task SET title = 'cte a' WHERE id = 1 RETURNING id),
     b AS (UPDATE taskq_task SET status = 'CANCELLED' WHERE id = 11 RETURNING id),
     c AS (INSERT INTO taskq_task (title) VALUES ('cte c') RETURNING id)
UPDATE taskq_task SET title = 'cte main' FROM a, b WHERE taskq_task.id = 20;
WITH a AS (UPDATE taskq_task SET title = 'either' WHERE id = 20 RETURNING id)
UPDATE taskq_task SET title = 'or' WHERE id = 20;
WITH gone AS (DELETE FROM taskq_task WHERE id = 11 RETURNING id), up AS (UPDATE taskq_task SET title = 'beside' WHERE id = 20)
SELECT count(*) FROM gone;
SELECT * FROM told OFFSET :before;
SELECT count(*) AS events_of_the_deleted FROM told WHERE task_id = 11;

-- an updatable view, with a check of its own
SELECT count(*) AS before FROM told \gset
CREATE VIEW mine AS SELECT id, title, status, assignee_id FROM taskq_task WHERE assignee_id = 'sta_1' WITH CHECK OPTION;
INSERT INTO mine (title, assignee_id) VALUES ('viewed', 'sta_1') RETURNING id AS viewed \gset
UPDATE mine SET status = 'COMPLETED' WHERE id = :viewed;
UPDATE mine SET assignee_id = 'sta_2' WHERE id = :viewed;
UPDATE mine SET status = 'IN_PROGRESS' WHERE id = :viewed RETURNING status;
DELETE FROM mine WHERE id = :viewed;
SELECT kind, from_status, to_status FROM told OFFSET :before;
DROP VIEW mine;

-- whole rows written back, as an ORM does: stale status refused, fresh taken, the identity kept
SELECT count(*) AS before FROM told \gset
UPDATE taskq_task t SET (title, description, priority, status, due_date, sla_hours, assignee_id, user_id, source, dedupe_key,
    created_at, created_by, started_at, completed_at, cancelled_at, updated_at, sla_due_at, sla_at_risk_at, sla_breached_at) =
    (SELECT 'orm', description, priority, status, due_date, sla_hours, assignee_id, user_id, source, dedupe_key,
    created_at, created_by, started_at, completed_at, cancelled_at, updated_at, sla_due_at, sla_at_risk_at, sla_breached_at
    FROM taskq_task WHERE id = t.id) WHERE id = 20 RETURNING title, status;
UPDATE taskq_task SET title = 'orm', status = 'IN_PROGRESS', updated_at = now() WHERE id = 20;
UPDATE taskq_task SET title = 'orm', updated_at = now() WHERE id = 20;
SELECT kind, fields FROM told OFFSET :before;

-- prepared: under custom plans and under the generic one
SELECT count(*) AS before FROM told \gset
PREPARE put(bigint, text, taskq_status) AS UPDATE taskq_task SET title = $2, status = $3 WHERE id = $1 RETURNING title, status;
PREPARE api(bigint, text) AS SELECT title FROM taskq_edit($1, $2);
SET plan_cache_mode = force_generic_plan;
EXECUTE put(1, 'generic', 'IN_PROGRESS');
EXECUTE put(1, 'generic', 'OPEN');
EXECUTE api(1, 'by api');
SET plan_cache_mode = force_custom_plan;
EXECUTE put(1, 'custom', 'IN_PROGRESS');
EXECUTE api(1, 'by api');
RESET plan_cache_mode;
DEALLOCATE ALL;
SELECT kind, fields FROM told OFFSET :before;
DROP VIEW told;
DROP EXTENSION taskq;
