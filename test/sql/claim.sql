-- Claims ask for the rights of a locking SELECT and an UPDATE, and find their tasks by the index.
\set VERBOSITY terse
CREATE EXTENSION taskq;
CREATE ROLE regress_taskq_claim;
GRANT USAGE ON SCHEMA public TO regress_taskq_claim;
INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana');
INSERT INTO taskq_task (title, priority, due_date) SELECT 'task ' || g, 'URGENT', taskq_today() + g FROM generate_series(1, 9) g;
CREATE VIEW left_over AS SELECT string_agg(title, ', ' ORDER BY due_date) FROM taskq_task WHERE assignee_id IS NULL;

-- what may be seen but not updated is passed over
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

DROP VIEW left_over;
SELECT taskq_revoke('regress_taskq_claim');
DROP EXTENSION taskq;
REVOKE USAGE ON SCHEMA public FROM regress_taskq_claim;
DROP ROLE regress_taskq_claim;
