-- What users of other systems complain of, a test each; then every case of a
-- deadline, as by hand.
BEGIN;
SELECT plan(52);
SET timezone = 'Europe/Berlin';
INSERT INTO taskq_holiday (list, day, yearly, label)
VALUES ('bt_de', '2026-01-01', true, 'New Year'), ('bt_de', '2026-05-01', true, 'May Day'), ('bt_de', '2026-12-25', true, 'Christmas'), ('bt_de', '2026-12-26', true, 'St Stephen');
INSERT INTO taskq_holiday (list, day, opens, closes, label) VALUES ('bt_tr', '2026-10-28', '09:00', '13:00', 'eve'), ('bt_tr', '2026-10-29', NULL, NULL, 'Republic Day');
SELECT taskq_calendar_set('bt_berlin', 'Europe/Berlin', 'Mon-Fri 09:00-17:00', '{bt_de}');
SELECT taskq_calendar_set('bt_lunch', 'Europe/Berlin', 'Mon-Fri 09:00-12:00,13:00-17:30');
SELECT taskq_calendar_set('bt_istanbul', 'Europe/Istanbul', 'Mon-Fri 09:00-18:00', '{bt_tr}');
SELECT taskq_calendar_set('bt_night', 'Europe/Berlin', 'Mon-Sun 22:00-06:00');
SELECT taskq_calendar_set('bt_ny_night', 'America/New_York', 'Mon-Sun 22:00-06:00');
SELECT taskq_calendar_set('bt_ny', 'America/New_York', '24/7');
SET CONSTRAINTS ALL IMMEDIATE;

-- An active task that began its clock at a local time, and the pauses that it has had.
CREATE FUNCTION pg_temp.task(calendar text, start timestamptz, hours float8, VARIADIC pauses tstzrange[] DEFAULT '{}') RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    task bigint;
BEGIN
    INSERT INTO taskq_task (title, created_at, sla_hours, sla_calendar) VALUES ('bt', start, hours, calendar) RETURNING id INTO task;
    INSERT INTO taskq_task_pause (task_id, paused_at, resumed_at) SELECT task, lower(p), upper(p) FROM unnest(pauses) p;
    RETURN task;
END $$;
CREATE FUNCTION pg_temp.due(task bigint) RETURNS timestamptz LANGUAGE sql AS 'SELECT sla_due_at FROM taskq_task WHERE id = task';
CREATE FUNCTION pg_temp.at_local(zone text, wall timestamp) RETURNS timestamptz LANGUAGE sql AS 'SELECT wall AT TIME ZONE zone';

-- ---- the complaints
SELECT is(pg_temp.due(pg_temp.task('bt_berlin', '2026-06-05 16:00', 4)), '2026-06-08 12:00+02', 'wall clock counted: only open time counts');
SELECT is(pg_temp.due(pg_temp.task('bt_lunch', '2026-06-01 11:30', 1)), '2026-06-01 13:30+02', 'no lunch, no split shifts: any number of windows a day');
SELECT is(pg_temp.due(pg_temp.task('bt_berlin', '2026-06-01 10:00', 8, '[2026-06-01 16:00, 2026-06-02 10:00)')), '2026-06-02 12:00+02',
    'pause added in the wrong kind of time: the deadline is computed from the facts');
SELECT is(pg_temp.due(pg_temp.task('bt_berlin', '2026-06-01 09:00', 4, '[2026-06-01 10:30, 2026-06-01 12:00)', '[2026-06-01 10:00, 2026-06-01 11:00)')), '2026-06-01 15:00+02',
    'pause lost when SLA or priority changes: overlapping pauses count once');
CREATE TEMP TABLE order_of (n int, id bigint);
INSERT INTO order_of SELECT n, pg_temp.task('bt_berlin', '2026-06-01 09:00', 4) FROM generate_series(1, 3) n;
INSERT INTO taskq_task_pause SELECT id, '2026-06-01 10:00', '2026-06-01 12:00' FROM order_of WHERE n = 1;
SELECT taskq_set_sla(id, 6) FROM order_of WHERE n = 1;
SELECT taskq_prioritize(id, 'HIGH') FROM order_of WHERE n = 1;
SELECT taskq_set_sla(id, 6) FROM order_of WHERE n = 2;
INSERT INTO taskq_task_pause SELECT id, '2026-06-01 10:00', '2026-06-01 12:00' FROM order_of WHERE n = 2;
SELECT taskq_prioritize(id, 'HIGH') FROM order_of WHERE n = 3;
INSERT INTO taskq_task_pause SELECT id, '2026-06-01 10:00', '2026-06-01 12:00' FROM order_of WHERE n = 3;
SELECT taskq_set_sla(id, 6) FROM order_of WHERE n = 3;
SELECT results_eq('SELECT DISTINCT sla_due_at FROM taskq_task JOIN order_of USING (id)', $$VALUES ('2026-06-01 17:00+02'::timestamptz)$$,
    'pause lost when SLA or priority changes: same facts, same deadline, whatever their order');
CREATE TEMP TABLE waiting AS SELECT id FROM taskq_pause((pg_temp.task(NULL, statement_timestamp() - interval '1 hour', 2)), 'a document');
SELECT results_eq('SELECT sla_due_at, is_paused, sla_status FROM taskq_tasks JOIN waiting USING (id)', $$VALUES ('infinity'::timestamptz, true, 'ON_TRACK'::taskq_sla_status)$$,
    'breached while pending: a paused task cannot breach, and shows no date');
SELECT is(taskq_business_hours('bt_ny', pg_temp.at_local('America/New_York', '2026-06-01'), pg_temp.at_local('America/New_York', '2026-06-02')), 24::float8,
    '23:59 loses a minute: all day every day is 24 real hours');
SELECT is(pg_temp.due(pg_temp.task('bt_ny', pg_temp.at_local('America/New_York', '2026-03-07 12:00'), 24)), '2026-03-08 17:00+00', '23:59 loses a minute: over a change of the clock, too');
SAVEPOINT s;
SET CONSTRAINTS ALL DEFERRED;
DELETE FROM taskq_calendar_window WHERE calendar = 'bt_lunch';
SELECT throws_ok($$SELECT taskq_business_add('bt_lunch', now(), 1)$$, '22008', NULL, 'empty calendar: every walk is bounded');
ROLLBACK TO s;
SELECT throws_ok($$DELETE FROM taskq_calendar_window WHERE calendar = 'bt_lunch'$$, '23514', NULL, 'empty calendar: one in use that never opens is refused');
SELECT is(pg_temp.due(pg_temp.task('bt_night', '2026-03-28 22:00', 8)), '2026-03-29 21:00+00', 'DST: a night of seven hours');
SELECT is(pg_temp.due(pg_temp.task('bt_night', '2026-10-24 22:00', 9)), '2026-10-25 05:00+00', 'DST: a night of nine hours');
CREATE TEMP TABLE edited AS SELECT pg_temp.task('bt_istanbul', '2099-06-01 09:00+03', 9) AS id, NULL::timestamptz AS closed_due_at;
INSERT INTO edited SELECT id, sla_due_at FROM taskq_cancel(pg_temp.task('bt_istanbul', statement_timestamp() - interval '1 hour', 900));
SELECT taskq_calendar_set('bt_istanbul', 'Europe/Istanbul', 'Mon-Fri 09:00-13:00', '{bt_tr}');
SET CONSTRAINTS ALL IMMEDIATE;
SELECT is((SELECT count(*) FROM taskq_sla_moves('bt_istanbul')), 1::bigint, 'edits not seen by open tickets: what an edit would do is shown before');
SELECT ok((SELECT tasks >= 1 FROM taskq_sweep(100000) WHERE kind = 'sla_moved'), 'edits not seen by open tickets: the sweep brings every active task into line');
SELECT results_eq('SELECT sla_due_at FROM taskq_task JOIN edited USING (id) ORDER BY completed_at IS NOT NULL OR cancelled_at IS NOT NULL',
    $$SELECT '2099-06-03 10:00+03'::timestamptz UNION ALL SELECT closed_due_at FROM edited WHERE closed_due_at IS NOT NULL$$, 'edits not seen by open tickets: closed ones never change');
INSERT INTO taskq_task (title, created_at, sla_hours, response_hours) VALUES ('bt clocks', statement_timestamp() - interval '3 hours', 8, 2);
SELECT results_eq($$SELECT response_due_at < statement_timestamp(), sla_status FROM taskq_tasks WHERE title = 'bt clocks'$$, $$VALUES (true, 'ON_TRACK'::taskq_sla_status)$$,
    'response and resolution overrule each other: independent clocks');
CREATE TEMP TABLE explained AS SELECT pg_temp.task('bt_berlin', '2099-12-24 16:00', 2) AS id;
SELECT results_eq($$SELECT what, label, hours FROM taskq_sla_explain((SELECT id FROM explained)) WHERE begins < '2099-12-28'$$,
    $$VALUES ('open', NULL, 1::float8), ('closed', NULL, 0), ('holiday', 'Christmas', 0), ('holiday', 'St Stephen', 0), ('closed', NULL, 0)$$, '"why this date?": explain, span by span, holidays by name');
CREATE TEMP TABLE warned AS SELECT pg_temp.task('bt_berlin', '2026-06-01 10:00', 8) AS id;
SELECT is(sla_at_risk_at, '2026-06-01 16:24+02', 'reminders at midnight: warnings are percents of open time') FROM taskq_task JOIN warned USING (id);
CREATE TEMP TABLE counted AS SELECT pg_temp.task('bt_berlin', '2026-06-01 10:00', 8, '[2026-06-01 16:00, 2026-06-02 10:00)') AS id;
SELECT is((SELECT sum(hours) FROM taskq_sla_explain((SELECT id FROM counted)) WHERE what <> 'late'), 8::float8, 'statistics disagree with the SLA: explain counts what the deadline does');
SELECT taskq_start(id), taskq_complete(id) FROM counted;
SELECT is(sla_hours_used, taskq_business_hours('bt_berlin', created_at, completed_at) - 2, 'statistics disagree with the SLA: closed tasks are stamped once, by the same function')
FROM taskq_task JOIN counted USING (id);

-- ---- every case
CREATE TEMP TABLE cases (name text, zone text, start timestamp, hours float8, pauses tstzrange[], expected timestamptz);
INSERT INTO cases VALUES
    ('berlin', 'Europe/Berlin', '2026-06-01 10:00', 4, NULL, '2026-06-01 12:00Z'),
    ('berlin', 'Europe/Berlin', '2026-06-05 16:30', 1, NULL, '2026-06-08 07:30Z'),
    ('berlin', 'Europe/Berlin', '2026-06-05 09:00', 8, NULL, '2026-06-05 15:00Z'),
    ('berlin', 'Europe/Berlin', '2026-06-04 20:00', 8, NULL, '2026-06-05 15:00Z'),
    ('berlin', 'Europe/Berlin', '2026-06-06 12:00', 0.5, NULL, '2026-06-08 07:30Z'),
    ('berlin', 'Europe/Berlin', '2026-06-05 17:00', 1, NULL, '2026-06-08 08:00Z'),
    ('berlin', 'Europe/Berlin', '2026-12-24 15:00', 4, NULL, '2026-12-28 10:00Z'),
    ('berlin', 'Europe/Berlin', '2026-12-31 16:00', 2, NULL, '2027-01-04 09:00Z'),
    ('lunch', 'Europe/Berlin', '2026-06-01 11:30', 1, NULL, '2026-06-01 11:30Z'),
    ('lunch', 'Europe/Berlin', '2026-06-01 12:15', 4.5, NULL, '2026-06-01 15:30Z'),
    ('istanbul2', 'Europe/Istanbul', '2026-10-27 17:00', 5, NULL, '2026-10-28 10:00Z'),
    ('istanbul2', 'Europe/Istanbul', '2026-10-27 17:00', 5.5, NULL, '2026-10-30 06:30Z'),
    ('istanbul2', 'Europe/Istanbul', '2026-03-27 17:00', 10, NULL, '2026-03-30 15:00Z'),
    ('night', 'Europe/Berlin', '2026-03-28 22:00', 8, NULL, '2026-03-29 21:00Z'),
    ('night', 'Europe/Berlin', '2026-10-24 22:00', 9, NULL, '2026-10-25 05:00Z'),
    ('night', 'Europe/Berlin', '2026-10-24 22:00', 8, NULL, '2026-10-25 04:00Z'),
    ('ny_night', 'America/New_York', '2026-03-07 22:00', 7, NULL, '2026-03-08 10:00Z'),
    ('ny_night', 'America/New_York', '2026-10-31 22:00', 9, NULL, '2026-11-01 11:00Z'),
    ('berlin', 'Europe/Berlin', '2026-06-01 10:00', 8, '{"[2026-06-01 16:00, 2026-06-02 10:00)"}', '2026-06-02 10:00Z'),
    ('berlin', 'Europe/Berlin', '2026-06-01 10:00', 8, '{"[2026-06-01 18:00, 2026-06-02 08:00)"}', '2026-06-02 08:00Z'),
    ('berlin', 'Europe/Berlin', '2026-12-23 16:00', 3, '{"[2026-12-24 10:00, 2026-12-28 12:00)"}', '2026-12-28 12:00Z'),
    ('berlin', 'Europe/Berlin', '2026-06-01 09:00', 4, '{"[2026-06-01 10:30, 2026-06-01 12:00)","[2026-06-01 10:00, 2026-06-01 11:00)"}', '2026-06-01 13:00Z'),
    ('ny', 'America/New_York', '2026-03-07 12:00', 24, NULL, '2026-03-08 17:00Z');
SELECT taskq_calendar_set('bt_istanbul2', 'Europe/Istanbul', 'Mon-Fri 09:00-18:00', '{bt_tr}');
SELECT is(pg_temp.due(pg_temp.task('bt_' || name, start AT TIME ZONE zone, hours, VARIADIC coalesce(pauses, '{}'))), expected, concat_ws(' ', name, start, hours, 'h', pauses))
FROM cases;
SELECT is(taskq_business_hours('bt_berlin', '2026-06-05 16:00', '2026-06-08 10:00'), 2::float8, 'hours over a weekend');
SELECT is(taskq_business_add('bt_berlin', '2026-06-08 10:00', -2), '2026-06-05 14:00Z'::timestamptz, 'two hours back');
SELECT is(taskq_business_add('bt_berlin', '2026-06-08 10:00', -1), '2026-06-08 07:00Z'::timestamptz, 'one hour back');
SELECT is(taskq_business_day('bt_berlin', '2026-06-06', n), expected, format('business day %s', n)) FROM (VALUES (0, date '2026-06-08'), (3, '2026-06-11'), (-1, '2026-06-04')) v(n, expected);

-- ---- a pause has its effect on nothing but the clocks
SELECT results_eq($$SELECT status, due_date, paused_at IS NOT NULL FROM taskq_pause(taskq_create('bt late', due_date => taskq_today() - 1), 'them')$$,
    $$VALUES ('OVERDUE'::taskq_status, taskq_today() - 1, true)$$, 'a paused task is overdue all the same');
SELECT taskq_cancel(id) FROM waiting;
SELECT throws_ok($$SELECT taskq_pause(id) FROM waiting$$, '23514', NULL, 'a closed task cannot be paused');
SELECT results_eq($$SELECT paused_at, pause_reason, resume_at FROM taskq_task JOIN waiting USING (id)$$, $$VALUES (NULL::timestamptz, NULL::text, NULL::timestamptz)$$,
    'a pause ends with its task');
SELECT * FROM finish();
ROLLBACK;
