-- The stats bar equals what the view says, stale statuses or not.
CREATE EXTENSION taskq;
INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana', true), ('sta_2', 'Bob', false), ('sta_3', 'Cem', true), ('sta_4', 'Dan', false);
INSERT INTO taskq_customer VALUES ('cus_1', 'Acme');
INSERT INTO taskq_task (title, due_date, status, started_at, created_at, sla_hours, assignee_id, user_id) VALUES
    ('open', NULL, 'OPEN', NULL, now(), 100, 'sta_1', 'cus_1'),
    ('today', taskq_today(), 'IN_PROGRESS', now(), now() - interval '9 hours', 10, 'sta_1', NULL),
    ('past, stored open', taskq_today() - 1, 'OPEN', NULL, now() - interval '11 hours', 10, NULL, 'cus_1'),
    ('stored overdue', taskq_today() + 1, 'OVERDUE', NULL, now(), NULL, 'sta_2', NULL);
INSERT INTO taskq_task (title, status, created_at, started_at, completed_at) VALUES
    ('done today', 'COMPLETED', now(), now(), statement_timestamp()),
    ('done before', 'COMPLETED', '2020-01-01', '2020-01-01', taskq_day_start(taskq_today()) - interval '1 second');
INSERT INTO taskq_task (title, status, cancelled_at) VALUES ('cancelled today', 'CANCELLED', now());
-- what is stamped in the future has not happened yet
INSERT INTO taskq_task (title, status, created_at, started_at, completed_at, assignee_id, user_id) VALUES
    ('done in a moment', 'COMPLETED', now(), now(), now() + interval '1 minute', 'sta_1', 'cus_1'),
    ('done tomorrow', 'COMPLETED', now(), now(), now() + interval '1 day', 'sta_1', 'cus_1'),
    ('done in a thousand years', 'COMPLETED', now(), now(), '3000-01-01', 'sta_1', 'cus_1');
TABLE taskq_queue_stats;
SELECT * FROM taskq_stats('sta_1');
SELECT * FROM taskq_stats(user_id => 'cus_1');
SELECT * FROM taskq_stats('sta_1', 'cus_1');
SELECT * FROM taskq_stats('nobody');
SELECT * FROM taskq_workload ORDER BY assignee_id;
-- tasks that are paused, and those on which work did not begin in time: it is late from the deadline until they are closed
BEGIN;
INSERT INTO taskq_task (title, status, created_at, started_at, cancelled_at, assignee_id, user_id, paused_at, response_hours, response_due_at, response_breached_at) VALUES
    ('paused', 'OPEN', now(), NULL, NULL, 'sta_1', 'cus_1', now(), NULL, NULL, NULL),
    ('paused, of nobody', 'IN_PROGRESS', now(), now(), NULL, NULL, NULL, now(), NULL, NULL, NULL),
    ('paused before the response', 'OPEN', now(), NULL, NULL, 'sta_2', NULL, now(), 1, 'infinity', NULL),
    ('late', 'OPEN', now() - interval '2 hours', NULL, NULL, 'sta_1', NULL, NULL, 1, now() - interval '1 hour', NULL),
    ('recorded', 'OPEN', now() - interval '2 hours', NULL, NULL, 'sta_1', 'cus_1', NULL, 1, now() - interval '1 hour', now() - interval '1 minute'),
    ('begun in time', 'IN_PROGRESS', now() - interval '2 hours', now() - interval '90 minutes', NULL, 'sta_1', NULL, NULL, 1, now() - interval '1 hour', NULL),
    ('begun late', 'IN_PROGRESS', now() - interval '2 hours', now(), NULL, 'sta_2', 'cus_1', NULL, 1, now() - interval '1 hour', now() - interval '1 minute'),
    ('dropped late', 'CANCELLED', now() - interval '2 hours', NULL, now(), 'sta_1', 'cus_1', NULL, 1, now() - interval '1 hour', now() - interval '1 minute'),
    ('not yet', 'OPEN', now(), NULL, NULL, 'sta_1', 'cus_1', NULL, 1, now() + interval '1 hour', NULL);
SELECT a AS assignee, c AS customer, s.paused, s.response_breached FROM (VALUES (NULL, NULL), ('sta_1', NULL), ('sta_2', NULL), (NULL, 'cus_1'), ('sta_1', 'cus_1')) w(a, c), taskq_stats(a, c) s;
SELECT assignee_id, paused FROM taskq_workload ORDER BY 1;
ROLLBACK;
-- ids of any length: short, long, and compressed in the index
UPDATE taskq_staff_member SET id = CASE id WHEN 'sta_1' THEN repeat('sta_1', 50) ELSE repeat(U&'\0436', 255) END WHERE id IN ('sta_1', 'sta_2');
SELECT assignee_name, open, in_progress, overdue, due_today, sla_breached FROM taskq_workload ORDER BY 1;
SELECT open, in_progress, sla_at_risk FROM taskq_stats(repeat('sta_1', 50));
UPDATE taskq_staff_member SET id = CASE name WHEN 'Ana' THEN 'sta_1' ELSE 'sta_2' END WHERE length(id) > 200;
-- of the tasks that the reader may see
CREATE ROLE regress_taskq_v;
SELECT taskq_grant('regress_taskq_v', 'viewer');
CREATE POLICY few ON taskq_task TO regress_taskq_v USING (assignee_id = 'sta_2' OR title = 'today');
SET ROLE regress_taskq_v;
SELECT assignee_id, open, in_progress, overdue FROM taskq_workload ORDER BY assignee_id;
RESET ROLE;
ALTER TABLE taskq_task ENABLE ROW LEVEL SECURITY;
SET ROLE regress_taskq_v;
SELECT assignee_id, open, in_progress, overdue FROM taskq_workload ORDER BY assignee_id;
SELECT open, in_progress, overdue FROM taskq_stats('sta_1');
RESET ROLE;
SELECT taskq_revoke('regress_taskq_v');
SET ROLE regress_taskq_v;
SELECT * FROM taskq_workload_numbers();
RESET ROLE;
-- exact while the index is missing
DROP INDEX taskq_task_assignee_idx;
SELECT assignee_id, open, in_progress, overdue FROM taskq_workload ORDER BY assignee_id;
DROP EXTENSION taskq CASCADE;
DROP ROLE regress_taskq_v;
