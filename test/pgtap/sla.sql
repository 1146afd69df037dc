-- The truth table of sla_status: before, at and after each instant that
-- matters, for each way in which a task can stand.
BEGIN;
CREATE TEMP TABLE truth (stands text, at_risk text, deadline text, closed text, expected taskq_sla_status);
INSERT INTO truth VALUES
    -- active: the statement's own instant against the two of the task
    ('active', NULL, NULL, NULL, 'NONE'),
    ('active', '1 us', '1 hour', NULL, 'ON_TRACK'),
    ('active', '1 hour', '2 hours', NULL, 'ON_TRACK'),
    ('active', '0', '1 hour', NULL, 'AT_RISK'),
    ('active', '-1 hour', '1 hour', NULL, 'AT_RISK'),
    ('active', '-1 us', '1 us', NULL, 'AT_RISK'),
    ('active', '-1 hour', '0', NULL, 'AT_RISK'),
    ('active', '-1 hour', '-1 us', NULL, 'BREACHED'),
    ('active', '-2 hours', '-1 hour', NULL, 'BREACHED'),
    -- completed: when, against the deadline
    ('completed', NULL, NULL, '-1 hour', 'NONE'),
    ('completed', '-2 hours', '-1 hour', '-3 hours', 'MET'),
    ('completed', '-3 hours', '-1 hour', '-2 hours', 'MET'),
    ('completed', '-2 hours', '-1 hour', '-1 hour', 'MET'),
    ('completed', '-2 hours', '-1 hour', '-59 minutes', 'BREACHED'),
    ('completed', '1 hour', '2 hours', '-1 hour', 'MET'),
    -- cancelled: the same, but none the better for it
    ('cancelled', NULL, NULL, '-1 hour', 'NONE'),
    ('cancelled', '-2 hours', '-1 hour', '-3 hours', 'CANCELLED'),
    ('cancelled', '-2 hours', '-1 hour', '-1 hour', 'CANCELLED'),
    ('cancelled', '-2 hours', '-1 hour', '-59 minutes', 'BREACHED'),
    ('cancelled', '1 hour', '2 hours', '-1 hour', 'CANCELLED');
SELECT plan(count(*)::int + 5) FROM truth;

SELECT is(taskq_sla_status_at(s + deadline::interval, s + at_risk::interval,
                              CASE stands WHEN 'completed' THEN s + closed::interval END,
                              CASE stands WHEN 'cancelled' THEN s + closed::interval END),
          expected, format('%s: at risk %s, deadline %s, closed %s', stands, at_risk, deadline, closed))
FROM truth, statement_timestamp() s;

-- The same by way of rows, as far as the next statements' instants agree.
CREATE TEMP TABLE steady AS
SELECT * FROM truth
WHERE stands <> 'active' OR deadline IS NULL OR greatest(at_risk, deadline) ~ 'hour' AND least(at_risk, deadline) ~ 'hour';
WITH t AS (
    INSERT INTO taskq_task (title, status, created_at, sla_hours, sla_due_at, sla_at_risk_at, started_at, completed_at, cancelled_at)
    SELECT concat_ws(' ', 'sla', row_number() OVER ()), CASE stands WHEN 'active' THEN 'OPEN' ELSE upper(stands) END::taskq_status,
           s - interval '1 day', CASE WHEN deadline IS NOT NULL THEN 24 END, s + deadline::interval, s + at_risk::interval,
           CASE stands WHEN 'completed' THEN s - interval '1 day' END,
           CASE stands WHEN 'completed' THEN s + closed::interval END, CASE stands WHEN 'cancelled' THEN s + closed::interval END
    FROM steady, statement_timestamp() s
    RETURNING id)
SELECT is(count(*), (SELECT count(*) FROM steady), 'a task for each') FROM t;
SELECT results_eq($$SELECT sla_status, count(*) FROM taskq_tasks WHERE title LIKE 'sla %' GROUP BY 1 ORDER BY 1$$,
                  $$SELECT expected, count(*) FROM steady GROUP BY 1 ORDER BY 1$$,
                  'taskq_tasks says the same');
SELECT results_eq($$SELECT count(*) FROM taskq_sla_violations$$, $$SELECT count(*) FROM taskq_tasks WHERE sla_status = 'BREACHED'$$,
                  'taskq_sla_violations holds those that are BREACHED');
-- None of the verbs that move a deadline takes a breach away.
SELECT taskq_sweep();
SELECT taskq_set_sla(id, 9000) FROM taskq_tasks WHERE is_active AND sla_status = 'BREACHED';
SELECT results_eq($$SELECT count(*), min(late_by) >= '0' FROM taskq_sla_violations$$,
                  $$SELECT count(*), true FROM steady WHERE expected = 'BREACHED'$$, 'and those that were');
SELECT results_eq($$SELECT tasks, breached FROM taskq_sla_report('-infinity', 'infinity')$$,
                  $$SELECT count(deadline)::int, count(*) FILTER (WHERE expected = 'BREACHED')::int FROM steady$$, 'taskq_sla_report counts them');
SELECT * FROM finish();
ROLLBACK;
