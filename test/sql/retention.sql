-- Terminal tasks are deleted when they are older than taskq.retention, and not before.
CREATE EXTENSION taskq;
\set SHOW_CONTEXT never
INSERT INTO taskq_task (title, status, created_at, started_at, completed_at)
SELECT 'closed ' || g, 'COMPLETED', now() - interval '900 days', now() - interval '900 days', now() - g * interval '100 days'
FROM generate_series(1, 8) g;
SELECT taskq_create('active for ever') IS NOT NULL AS created;
SELECT id FROM taskq_comment(8, 'told');
SELECT taskq_purge();
SELECT taskq_purge('-1 day');
SELECT taskq_purge('350 days', max_tasks => 0);
SELECT taskq_purge('350 days', dry_run => true);
SELECT taskq_purge('350 days', max_tasks => 2);
SELECT title FROM taskq_task ORDER BY id;
SELECT count(*) AS events_left FROM taskq_task_event;
SELECT tasks FROM taskq_sweep() WHERE kind = 'purged';
SET taskq.retention = '550 days';
SELECT taskq_purge(dry_run => true);
SELECT tasks FROM taskq_sweep() WHERE kind = 'purged';
-- as any interval may be written
SET taskq.retention = 'P1Y1M';
SELECT taskq_purge(dry_run => true);
SET taskq.retention = 'P0001-01-00';
SELECT taskq_purge(dry_run => true);
SET taskq.retention = '1-1';
SELECT taskq_purge(dry_run => true);
SET taskq.retention = '1000 years';
SELECT taskq_purge(dry_run => true);
SET taskq.retention = '1 year';
-- but not without a unit
SET taskq.retention = '2';
SET taskq.retention = ' +2.5 ';
SET taskq.retention = '1e9';
SET taskq.retention = '1 year 2';
SET taskq.retention = '1-1 2';
SET taskq.retention = '90 @';
SHOW taskq.retention;
CALL taskq_sweep_all();
SELECT purged FROM taskq_sweep_log;
SELECT title FROM taskq_task ORDER BY id;
-- cancelled ones too, each at its age
INSERT INTO taskq_task (title, status, created_at, cancelled_at)
SELECT 'called off ' || g, 'CANCELLED', now() - interval '900 days', now() - g * interval '200 days' FROM generate_series(1, 4) g;
SELECT taskq_purge('500 days', dry_run => true), taskq_purge('500 days');
SELECT title FROM taskq_task WHERE status = 'CANCELLED' ORDER BY id;
DROP EXTENSION taskq;
