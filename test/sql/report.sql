-- SLA compliance by deadline.
CREATE EXTENSION taskq;
\set SHOW_CONTEXT never
INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana');
INSERT INTO taskq_task (title, priority, status, assignee_id, created_at, sla_hours, started_at, completed_at, cancelled_at)
SELECT 'r' || g, CASE WHEN g % 2 = 0 THEN 'HIGH' ELSE 'LOW' END::taskq_priority,
       CASE WHEN g = 9 THEN 'CANCELLED' ELSE 'COMPLETED' END::taskq_status,
       CASE WHEN g > 4 THEN 'sta_1' END, at, 10,
       CASE WHEN g <> 9 THEN at END, CASE WHEN g <> 9 THEN at + g * interval '2 hours' END, CASE WHEN g = 9 THEN at END
FROM generate_series(1, 9) g, (VALUES (timestamptz '2026-03-01 10:00+00')) v(at);
INSERT INTO taskq_task (title, created_at, sla_hours) VALUES ('still active', '2026-03-02 20:00+00', 10);
SELECT * FROM taskq_sla_report('2026-03-01 00:00+00', '2026-04-01 00:00+00');
SELECT * FROM taskq_sla_report('2026-03-01 00:00+00', '2026-04-01 00:00+00', 'assignee');
SELECT * FROM taskq_sla_report('2026-03-01 00:00+00', '2026-04-01 00:00+00', 'priority');
SELECT * FROM taskq_sla_report('2026-03-01 00:00+00', '2026-04-01 00:00+00', 'day');
SELECT * FROM taskq_sla_report('2026-03-01 00:00+00', '2026-04-01 00:00+00', 'week');
SELECT * FROM taskq_sla_report('2026-03-01 00:00+00', '2026-04-01 00:00+00', 'kind');
-- response deadlines count for themselves; hours of the SLA's clock are those stored, or since sla_from
BEGIN;
INSERT INTO taskq_task (title, kind, status, created_at, sla_from, sla_hours, sla_hours_used, response_hours, started_at, completed_at, cancelled_at) VALUES
    ('used', 'A', 'COMPLETED', '2026-05-01 00:00+00', NULL, 10, 4, NULL, '2026-05-01 00:00+00', '2026-05-01 08:00+00', NULL),
    ('from', 'A', 'COMPLETED', '2026-05-01 00:00+00', '2026-04-30 22:00+00', 20, NULL, 10, '2026-05-01 00:00+00', '2026-05-01 08:00+00', NULL),
    ('responded', 'B', 'COMPLETED', '2026-05-01 00:00+00', NULL, NULL, NULL, 3, '2026-05-01 03:00+00', '2026-05-01 08:00+00', NULL),
    ('too late', 'B', 'COMPLETED', '2026-05-01 00:00+00', NULL, NULL, NULL, 3, '2026-05-01 03:00:00.000001+00', '2026-05-01 08:00+00', NULL),
    ('cancelled', 'B', 'CANCELLED', '2026-05-01 00:00+00', NULL, NULL, NULL, 3, NULL, NULL, '2026-05-01 02:00+00'),
    ('cancelled too late', NULL, 'CANCELLED', '2026-05-01 00:00+00', NULL, NULL, NULL, 3, NULL, NULL, '2026-05-01 04:00+00'),
    ('another day', 'C', 'COMPLETED', '2026-05-01 00:00+00', NULL, 30, NULL, 25, '2026-05-01 03:00+00', '2026-05-01 08:00+00', NULL);
SELECT * FROM taskq_sla_report('2026-05-01 00:00+00', '2026-06-01 00:00+00');
SELECT * FROM taskq_sla_report('2026-05-01 00:00+00', '2026-06-01 00:00+00', 'kind');
SELECT group_key, tasks, response_tasks, response_met, response_breached, response_compliance FROM taskq_sla_report('2026-05-01 00:00+00', '2026-06-01 00:00+00', 'day');
SELECT response_tasks FROM taskq_sla_report('2026-05-01 03:00+00', '2026-05-01 03:00:00.000001+00');
ROLLBACK;
BEGIN;
INSERT INTO taskq_task (title, created_at, response_hours) SELECT 'active', now() - interval '3 hours', hours FROM unnest('{1,2,4}'::float8[]) hours;
SELECT tasks, response_tasks, response_met, response_breached, response_compliance FROM taskq_sla_report(now() - interval '3 hours', now() + interval '9 days');
UPDATE taskq_task SET due_date = due_date WHERE title = 'active';
SELECT tasks, response_tasks, response_met, response_breached, response_compliance FROM taskq_sla_report(now() - interval '3 hours', now() + interval '9 days');
ROLLBACK;
-- a task that is closed in the future is active until then: late or not, and without hours
BEGIN;
INSERT INTO taskq_task (title, status, created_at, sla_hours, started_at, completed_at, cancelled_at)
SELECT status || ' in the future', status, now() - interval '1 day', hours, now() - interval '1 day', CASE status WHEN 'COMPLETED' THEN now() + interval '2 days' END, CASE status WHEN 'CANCELLED' THEN now() + interval '2 days' END
FROM unnest('{COMPLETED,CANCELLED}'::taskq_status[]) status, unnest('{1,25,100}'::float8[]) hours;
SELECT * FROM taskq_sla_report(now() - interval '2 days', now() + interval '9 days');
SELECT title, sla_hours, late_by = statement_timestamp() - sla_due_at AS until_now FROM taskq_sla_violations WHERE title LIKE '%future' ORDER BY id;
ROLLBACK;
-- a breach that is stamped in the future is none until then; the deadline counts
BEGIN;
INSERT INTO taskq_task (title, created_at, sla_hours, sla_breached_at) SELECT 'to come', now() - interval '3 hours', hours, now() + interval '1 hour' FROM unnest('{1,3.5,9}'::float8[]) hours;
INSERT INTO taskq_task (title, created_at, sla_hours, sla_first_breached_at) VALUES ('to come', now(), 9, now() + interval '1 hour'), ('come', now(), 9, now());
SELECT tasks, met, breached FROM taskq_sla_report(now() - interval '1 day', now() + interval '1 day');
SELECT title, sla_hours, late_by > '1 hour' AS late FROM taskq_sla_violations WHERE title LIKE '%come' ORDER BY id;
ROLLBACK;
-- deadlines that are infinite, and rows that are older than taskq_task_stamps_check
BEGIN;
ALTER TABLE taskq_task DROP CONSTRAINT taskq_task_is_valid;
INSERT INTO taskq_task (title, sla_hours, sla_due_at) VALUES ('never', 1, 'infinity'), ('ever', 1, '-infinity');
SELECT title, sla_status, late_by FROM taskq_sla_violations WHERE title LIKE '%ever';
SELECT tasks, met, breached FROM taskq_sla_report('-infinity', 'infinity');
INSERT INTO taskq_task (title, status, created_at, sla_hours, sla_due_at, sla_at_risk_at, started_at, completed_at) VALUES
    ('dirty', 'COMPLETED', '2020-05-02', 1, '2020-05-01', '2020-05-01', '2020-01-01', '2020-01-01'),
    ('dirty', 'COMPLETED', '-infinity', 1, '2020-05-01', '2020-05-01', '2020-01-01', '2020-01-01'),
    ('dirty', 'COMPLETED', '2020-01-01', 1, '2020-05-01', '2020-05-01', '2020-01-01', '-infinity'),
    ('dirty', 'COMPLETED', '2020-01-01', 1, '2020-05-01', '2020-05-01', '2020-01-01', 'infinity'),
    ('clean', 'COMPLETED', '2020-04-29', 1, '2020-05-01', '2020-05-01', '2020-04-29', '2020-05-02');
SELECT * FROM taskq_sla_report('2020-05-01', '2020-05-02');
SELECT title, sla_status, completed_at, late_by > interval '1 day' AS late FROM taskq_sla_violations WHERE title IN ('dirty', 'clean') ORDER BY title;
ROLLBACK;
-- where the deadline of a Sunday evening lies in Monday already
SET taskq.timezone = 'Asia/Tokyo';
SELECT group_key, tasks FROM taskq_sla_report('2026-03-01 00:00+00', '2026-04-01 00:00+00', 'week');
RESET taskq.timezone;
-- since counts, until does not
SELECT tasks FROM taskq_sla_report('2026-03-01 20:00+00', '2026-03-01 20:00:00.000001+00');
SELECT tasks FROM taskq_sla_report('2026-03-01 00:00+00', '2026-03-01 20:00+00');
SELECT tasks FROM taskq_sla_report('-infinity', 'infinity');
SELECT taskq_sla_report(NULL, now());
SELECT taskq_sla_report(now(), NULL);
SELECT taskq_sla_report('2026-03-02', '2026-03-01');
SELECT taskq_sla_report('2026-03-01', '2026-03-02', 'month');
SELECT taskq_sla_report('2026-03-01', '2026-03-02', NULL);
DROP EXTENSION taskq;
