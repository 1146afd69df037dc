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
