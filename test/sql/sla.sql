-- Deadlines; the truth table of sla_status is in test/pgtap.
CREATE EXTENSION taskq;
\set SHOW_CONTEXT never
SELECT taskq_create('with SLA', sla_hours => 10) AS id \gset
SELECT sla_due_at - created_at AS deadline, sla_at_risk_at - created_at AS at_risk FROM taskq_task WHERE id = :id;
SET taskq.sla_at_risk_percent = 50;
SELECT sla_due_at - created_at AS deadline, sla_at_risk_at - created_at AS at_risk FROM taskq_set_sla(:id, 20);
SELECT sla_due_at - created_at AS deadline FROM taskq_reschedule(:id, taskq_today() + 9);
SELECT sla_due_at, sla_at_risk_at, sla_hours FROM taskq_set_sla(:id, NULL);
-- new hours can put the deadline into the past; a breach is recorded once per deadline
INSERT INTO taskq_task (title, created_at, sla_hours) VALUES ('old', now() - interval '3 hours', 9) RETURNING id AS old \gset
SELECT sla_breached_at IS NOT NULL AS breached FROM taskq_set_sla(:old, 2);
SELECT sla_breached_at IS NOT NULL AS breached FROM taskq_prioritize(:old, 'HIGH');
SELECT sla_breached_at IS NOT NULL AS breached FROM taskq_set_sla(:old, 9);
SELECT sla_breached_at IS NOT NULL AS breached FROM taskq_set_sla(:old, 1);
SELECT kind, from_status, to_status FROM taskq_task_event WHERE task_id = :old ORDER BY id;
SELECT title, sla_status, late_by > interval '1 hour 59 minutes' AS late FROM taskq_sla_violations;
SELECT sla_status, count(*) FROM taskq_tasks GROUP BY 1 ORDER BY 1;
SELECT taskq_set_sla(:id, 0);
SELECT taskq_set_sla(:id, 'NaN');
SELECT taskq_set_sla(:id, 87600.1);
DROP EXTENSION taskq;
