-- The stats bar equals what the view says, stale statuses or not.
CREATE EXTENSION taskq;
INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana', true), ('sta_2', 'Bob', false);
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
DROP EXTENSION taskq;
