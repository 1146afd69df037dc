-- Rules and thresholds with a calendar count business days.
CREATE EXTENSION taskq;
\set SHOW_CONTEXT never
\set VERBOSITY terse
INSERT INTO taskq_customer VALUES ('cus_1', 'Acme', NULL);
SELECT taskq_calendar_set('berlin', 'Europe/Berlin', 'Mon-Fri 09:00-17:00');

INSERT INTO taskq_sla_policy (name, kind, sla_hours, calendar) VALUES ('reviews', 'DOCUMENT_REVIEW', 8, NULL), ('files', 'RENEWAL_FILE', 40, NULL);

-- rules: due_in_days, from today or the next business day
INSERT INTO taskq_workflow_rule (name, event, action, due_in_days, calendar, kind)
SELECT 'in ' || n, 'x', 'CREATE_TASK', n, 'berlin', 'DOCUMENT_REVIEW' FROM unnest('{0,1,3,10}'::int[]) n;
INSERT INTO taskq_workflow_rule (name, event, action, due_in_days) VALUES ('all days', 'x', 'CREATE_TASK', 3);
INSERT INTO taskq_workflow_rule (name, event, action, calendar) VALUES ('never', 'x', 'CREATE_TASK', 'berlin');
SELECT count(*) FROM taskq_emit('x', '{}');
SELECT r.name, r.due_in_days, t.due_date = CASE WHEN r.calendar IS NULL THEN taskq_today() + r.due_in_days ELSE taskq_business_day(r.calendar, taskq_today(), r.due_in_days) END AS as_meant, t.kind, t.sla_policy, t.sla_hours, t.sla_calendar
FROM taskq_workflow_rule r JOIN taskq_task t ON t.title = r.name ORDER BY r.id;
SELECT due_date = taskq_business_day('berlin', taskq_today(), 3) AS business_day FROM taskq_emit_dry_run('x', '{}') WHERE rule_name = 'in 3';
-- whatever day it is: with a calendar that opens on one day of the week only
DO $$
DECLARE
    day date := taskq_today();
BEGIN
    FOR i IN 0..6 LOOP
        PERFORM taskq_calendar_set('berlin', 'Europe/Berlin', to_char(day + i, 'Dy') || ' 09:00-17:00');
        ASSERT (SELECT due_date FROM taskq_emit_dry_run('x', '{}') WHERE rule_name = 'in 0') = day + i;
        ASSERT (SELECT due_date FROM taskq_emit_dry_run('x', '{}') WHERE rule_name = 'in 3') = day + i + 21;
    END LOOP;
END$$;
SELECT taskq_calendar_set('berlin', 'Europe/Berlin', 'Mon-Fri 09:00-17:00');
-- refused
INSERT INTO taskq_workflow_rule (name, event, action, calendar) VALUES ('x', 'x', 'CREATE_TASK', 'paris');
INSERT INTO taskq_workflow_rule (name, event, action, kind) VALUES ('x', 'x', 'CREATE_TASK', '');
INSERT INTO taskq_workflow_rule (name, event, action, kind) VALUES ('x', 'x', 'CREATE_TASK', repeat('k', 64));
DELETE FROM taskq_calendar WHERE name = 'berlin';
DELETE FROM taskq_calendar_window WHERE calendar = 'berlin';
-- renamed, rules go along at once
UPDATE taskq_calendar SET name = 'desk' WHERE name = 'berlin';
SELECT DISTINCT calendar FROM taskq_workflow_rule;
SELECT due_date = taskq_business_day('desk', taskq_today(), 3) AS business_day FROM taskq_emit_dry_run('x', '{}') WHERE rule_name = 'in 3';
TRUNCATE taskq_workflow_rule;

-- thresholds: the day on which one is crossed
SELECT due, days_before, to_char(taskq_renewal_threshold_day(days_before, due, 'desk'), 'Dy YYYY-MM-DD') AS day, taskq_renewal_threshold_day(days_before, due) AS plain
FROM unnest('{2026-06-05,2026-06-06,2026-06-08}'::date[]) due, unnest('{-1,0,1,5}'::int[]) days_before ORDER BY 1, 2;
SELECT taskq_renewal_threshold_day(1, '2026-06-08', 'paris');
SELECT taskq_renewal_threshold_day(-2, '2026-06-08', 'desk');
SELECT taskq_renewal_threshold_day(1, 'infinity', 'desk');
SELECT taskq_renewal_threshold_day(NULL, '2026-06-08', 'desk') IS NULL AND taskq_renewal_threshold_day(1, NULL, 'desk') IS NULL AS strict;
INSERT INTO taskq_renewal_threshold (days_before, calendar) VALUES (3, 'paris');
INSERT INTO taskq_renewal_threshold (days_before, kind) VALUES (3, '');
INSERT INTO taskq_renewal_threshold (days_before, task_priority, calendar, kind) VALUES (10, 'MEDIUM', 'desk', 'RENEWAL_FILE'), (2, 'HIGH', 'desk', NULL);
DELETE FROM taskq_calendar WHERE name = 'desk';
DELETE FROM taskq_calendar_window WHERE calendar = 'desk';
SELECT * FROM taskq_renewal_ladder('permit');
-- the engine, its next look, the view and a dry run agree, whatever day a renewal is due
SELECT taskq_renewal_create('cus_1', 'permit', taskq_today() + g) IS NOT NULL AS created FROM generate_series(0, 30) g GROUP BY 1;
CREATE TABLE dry AS SELECT renewal_id, days_before, outcome FROM taskq_renewals_refresh(dry_run => true);
CREATE TABLE done AS SELECT * FROM taskq_renewals_refresh();
SELECT count(*) = 0 AS agree FROM ((SELECT * FROM dry EXCEPT SELECT renewal_id, days_before, outcome FROM done) UNION ALL (SELECT renewal_id, days_before, outcome FROM done EXCEPT SELECT * FROM dry)) d;
SELECT count(*) AS wrong FROM taskq_renewal r CROSS JOIN taskq_renewal_ladder('permit') l LEFT JOIN done d ON d.renewal_id = r.id AND d.days_before = l.days_before
WHERE (d.renewal_id IS NOT NULL) <> (taskq_renewal_threshold_day(l.days_before, r.due_date, l.calendar) <= taskq_today());
SELECT count(*) AS wrong FROM taskq_renewal r JOIN taskq_renewals v USING (id)
WHERE r.next_check_on <> v.next_threshold_on OR r.next_check_on <> taskq_renewal_threshold_day(v.next_threshold, r.due_date, CASE WHEN v.next_threshold >= 0 THEN 'desk' END);
-- a task is due by the next threshold, or on the last business day by the due date, unless that has passed
SELECT count(*) > 0 AS tasks, count(*) FILTER (WHERE t.due_date <> CASE d.days_before WHEN 10 THEN taskq_renewal_threshold_day(2, d.due_date, 'desk')
    ELSE (SELECT CASE WHEN last < taskq_today() THEN d.due_date ELSE last END FROM taskq_renewal_threshold_day(0, d.due_date, 'desk') last) END) AS wrong,
    count(*) FILTER (WHERE t.kind IS DISTINCT FROM CASE d.days_before WHEN 10 THEN 'RENEWAL_FILE' END) AS of_other_kind,
    count(*) FILTER (WHERE t.sla_policy IS DISTINCT FROM CASE d.days_before WHEN 10 THEN 'files' END) AS of_other_policy
FROM done d JOIN taskq_task t ON t.id = d.task_id;
-- an edited calendar moves the days; without thresholds that have one there is nothing to look at
SELECT taskq_calendar_set('desk', 'Europe/Berlin', 'Mon-Sun 09:00-17:00');
SELECT count(*) > 0 AS noted FROM taskq_renewal_recheck;
SELECT count(*) >= 0 AS refreshed FROM taskq_renewals_refresh();
SELECT count(*) AS wrong FROM taskq_renewal r JOIN taskq_renewals v USING (id)
WHERE r.next_check_on <> v.next_threshold_on OR r.next_check_on <> r.due_date - v.next_threshold;
INSERT INTO taskq_holiday (list, day, yearly, label) VALUES ('none', '2026-01-01', false, 'New Year');
SELECT count(*) > 0 AS noted FROM taskq_renewal_recheck;
DELETE FROM taskq_renewal_threshold;
DELETE FROM taskq_renewal_recheck;
SELECT taskq_calendar_set('desk', 'Europe/Berlin', 'Mon-Fri 09:00-17:00');
SELECT count(*) AS noted FROM taskq_renewal_recheck;
-- of a ladder of both sorts, none is crossed before those with more days: here 9 business days are 13 days or so
INSERT INTO taskq_renewal_threshold (service_type, days_before, calendar) VALUES ('policy', 10, NULL), ('policy', 9, 'desk'), ('policy', 1, 'desk');
SELECT taskq_renewal_create('cus_1', 'policy', taskq_today() + 40) AS policy \gset
SELECT count(*) FROM taskq_renewals_refresh() WHERE renewal_id = :policy;
SELECT next_threshold, next_threshold_on - due_date AS days, next_threshold_on = next_check_on AS agree FROM taskq_renewals JOIN taskq_renewal USING (id, due_date) WHERE id = :policy;
UPDATE taskq_renewal SET due_date = taskq_today() + 11 WHERE id = :policy;
SELECT count(*) FROM taskq_renewals_refresh() WHERE renewal_id = :policy;
UPDATE taskq_renewal SET due_date = taskq_today() + 10 WHERE id = :policy;
SELECT days_before, outcome FROM taskq_renewals_refresh() WHERE renewal_id = :policy;
-- the trigger belongs to the tables of calendars
CREATE TABLE other (x int);
CREATE TRIGGER other AFTER INSERT ON other FOR EACH STATEMENT EXECUTE FUNCTION taskq_renewal_calendar_changed();
INSERT INTO other VALUES (1);
DROP TABLE other, dry, done;
DROP EXTENSION taskq;
