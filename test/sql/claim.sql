-- Claims ask for the rights of a locking SELECT and an UPDATE, and find their tasks by the index.
\set VERBOSITY terse
CREATE EXTENSION taskq;
CREATE ROLE regress_taskq_claim;
GRANT USAGE ON SCHEMA public TO regress_taskq_claim;
INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana');
INSERT INTO taskq_task (title, priority, due_date) SELECT 'task ' || g, 'URGENT', taskq_today() + g FROM generate_series(1, 9) g;
CREATE VIEW left_over AS SELECT string_agg(title, ', ' ORDER BY due_date) FROM taskq_task WHERE assignee_id IS NULL;

-- what may be read but not updated is skipped
SELECT taskq_grant('regress_taskq_claim', 'agent');
ALTER TABLE taskq_task ENABLE ROW LEVEL SECURITY;
CREATE POLICY sees ON taskq_task FOR SELECT TO regress_taskq_claim USING (title <> 'task 1');
CREATE POLICY writes ON taskq_task FOR UPDATE TO regress_taskq_claim USING (title <> 'task 2');
SET ROLE regress_taskq_claim;
SELECT title FROM taskq_claim('sta_1');
SELECT title FROM taskq_claim('sta_1', 2);
RESET ROLE;
TABLE left_over;
-- the same session as another, and as one whom row security does not concern
SELECT title FROM taskq_claim('sta_1');
ALTER TABLE taskq_task DISABLE ROW LEVEL SECURITY;

-- without the right to update, or to read a column
REVOKE UPDATE ON taskq_task FROM regress_taskq_claim;
SET ROLE regress_taskq_claim;
SELECT title FROM taskq_claim('sta_1');
RESET ROLE;
REVOKE SELECT ON taskq_task FROM regress_taskq_claim;
GRANT UPDATE ON taskq_task TO regress_taskq_claim;
SET ROLE regress_taskq_claim;
SELECT title FROM taskq_claim('sta_1');
RESET ROLE;
-- rights to the columns are enough
REVOKE UPDATE ON taskq_task FROM regress_taskq_claim;
SELECT format('GRANT SELECT (%s), UPDATE (assignee_id) ON taskq_task TO regress_taskq_claim', string_agg(attname, ', '))
FROM pg_attribute WHERE attrelid = 'taskq_task'::regclass AND attnum > 0 \gexec
SET ROLE regress_taskq_claim;
SELECT title FROM taskq_claim('sta_1');
RESET ROLE;
TABLE left_over;

-- nothing that only reads
BEGIN READ ONLY;
SELECT title FROM taskq_claim('sta_1');
ROLLBACK;

-- by the index without statistics, planned again after a change, and whatever the session says of plans
SET enable_indexscan = off;
SET plan_cache_mode = force_custom_plan;
ALTER TABLE taskq_task ADD team text;
SELECT title FROM taskq_claim('sta_1', 2);
RESET enable_indexscan;
RESET plan_cache_mode;
SHOW enable_seqscan;
ALTER TABLE taskq_task DROP team;
INSERT INTO taskq_task (title, assignee_id) SELECT 'assigned', 'sta_1' FROM generate_series(1, 1000);
SELECT pg_stat_force_next_flush();
SELECT seq_scan AS scans FROM pg_stat_user_tables WHERE relname = 'taskq_task' \gset
SELECT title FROM taskq_claim('sta_1');
SELECT pg_stat_force_next_flush();
SELECT seq_scan - :scans AS scans FROM pg_stat_user_tables WHERE relname = 'taskq_task';

-- what the statement that claims has written itself, by a query beside the claim
UPDATE taskq_task SET assignee_id = 'sta_1' WHERE assignee_id IS NULL;
WITH i AS MATERIALIZED (INSERT INTO taskq_task (title, priority) VALUES ('inserted', 'LOW') RETURNING id)
SELECT c.title, c.assignee_id FROM i, LATERAL taskq_claim('sta_1', 1, actor => 'claimer ' || i.id) c;
WITH i AS MATERIALIZED (INSERT INTO taskq_task (title) VALUES ('one'), ('two'), ('three') RETURNING id)
SELECT c.title FROM i, LATERAL taskq_claim('sta_1', 2, actor => 'claimer ' || i.id) c;
WITH i AS MATERIALIZED (SELECT taskq_create('created') AS id)
SELECT c.title FROM i, LATERAL taskq_claim('sta_1', 2, actor => 'claimer ' || i.id) c;
INSERT INTO taskq_task (title) VALUES ('to be updated');
WITH u AS MATERIALIZED (UPDATE taskq_task SET priority = 'URGENT', assignee_id = NULL WHERE title IN ('inserted', 'to be updated') RETURNING id), n AS MATERIALIZED (SELECT count(*) AS n FROM u)
SELECT c.title, c.priority FROM n, LATERAL taskq_claim('sta_1', n.n::int) c;
WITH u AS MATERIALIZED (UPDATE taskq_task SET assignee_id = NULL WHERE title = 'inserted' RETURNING id), c AS MATERIALIZED (SELECT n.status FROM u, LATERAL taskq_cancel(u.id) n)
SELECT c.status, n.title FROM c LEFT JOIN LATERAL taskq_claim('sta_1', 2, actor => 'claimer of ' || c.status) n ON true;
TABLE left_over;
-- and the verbs
WITH i AS MATERIALIZED (INSERT INTO taskq_task (title) VALUES ('inserted') RETURNING id)
SELECT s.status, n.title, c.status FROM i, LATERAL taskq_start(i.id) s, LATERAL taskq_comment(s.id, 'a note') n, LATERAL taskq_complete(n.id) c;
WITH i AS MATERIALIZED (INSERT INTO taskq_task (title) VALUES ('one of many'), ('another') RETURNING id), a AS MATERIALIZED (SELECT array_agg(id) AS ids FROM i)
SELECT s.title, s.status, n.title FROM a, LATERAL taskq_start_many(a.ids) s, LATERAL taskq_comment_many(ARRAY[s.id], 'a note') n;
WITH s AS MATERIALIZED (INSERT INTO taskq_staff_member VALUES ('sta_2', 'Bob') RETURNING id), c AS MATERIALIZED (INSERT INTO taskq_customer VALUES ('cus_1', 'Acme') RETURNING id)
SELECT t.assignee_id, t.user_id FROM s, c, LATERAL taskq_create('for both', assignee_id => s.id, user_id => c.id) AS created, LATERAL taskq_prioritize(created, 'LOW') t;
WITH s AS MATERIALIZED (UPDATE taskq_staff_member SET is_active = false WHERE id = 'sta_2' RETURNING id)
SELECT taskq_create('for one who has just left', assignee_id => s.id) FROM s;

-- the same tasks with the index and without, whatever their stored statuses are; none that is paused
BEGIN;
SET LOCAL session_replication_role = replica;
INSERT INTO taskq_task (title, status, priority, due_date, created_at, started_at, paused_at)
SELECT 'choice ' || g, CASE WHEN g % 3 = 0 THEN 'OVERDUE' WHEN g % 2 = 0 THEN 'IN_PROGRESS' ELSE 'OPEN' END::taskq_status, (enum_range(NULL::taskq_priority))[1 + g % 4],
    taskq_today() + g * 7 % 11 - 5, '2020-01-01', CASE WHEN g % 2 = 0 THEN date '2020-01-02' END, CASE WHEN g % 5 = 0 THEN date '2020-01-03' END
FROM generate_series(1, 150) g;
SET LOCAL session_replication_role = origin;
SELECT string_agg(id::text, ' ' ORDER BY id) AS wanted FROM (SELECT id FROM taskq_task WHERE assignee_id IS NULL AND completed_at IS NULL AND cancelled_at IS NULL AND paused_at IS NULL
    ORDER BY taskq_priority_rank(priority), coalesce(due_date, 'infinity'), id LIMIT 37) t \gset
SAVEPOINT s;
SELECT string_agg(id::text, ' ' ORDER BY id) AS found FROM taskq_claim('sta_1', 37) \gset
SELECT :'found' = :'wanted' AS with_the_index;
ROLLBACK TO s;
DROP INDEX taskq_task_assignee_idx;
SELECT string_agg(id::text, ' ' ORDER BY id) AS found FROM taskq_claim('sta_1', 37) \gset
SELECT :'found' = :'wanted' AS without_it;
ROLLBACK;

DROP VIEW left_over;
SELECT taskq_revoke('regress_taskq_claim');
DROP EXTENSION taskq;
REVOKE USAGE ON SCHEMA public FROM regress_taskq_claim;
DROP ROLE regress_taskq_claim;
