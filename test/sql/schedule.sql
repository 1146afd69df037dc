-- Schedules: dates counted from the first, created once, the latest of those missed.
CREATE EXTENSION taskq;
\set SHOW_CONTEXT never
\set VERBOSITY terse
\pset format unaligned
SET datestyle = 'ISO';
INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana', true), ('sta_2', 'Bob', false);
INSERT INTO taskq_team VALUES ('tax', 'Tax', true), ('old', 'Gone', false);
INSERT INTO taskq_customer VALUES ('cus_1', 'Acme', 'sta_1', true), ('cus_2', 'Bolt', NULL, false);
SELECT taskq_calendar_set('desk', 'UTC', 'Mon-Fri 09:00-17:00');
-- dates are counted from the first, and cut at the end of the month
INSERT INTO taskq_schedule (name, title_template, starts_on, every) VALUES
    ('month end', 'x', '2396-01-31', '1 month'), ('leap day', 'x', '2396-02-29', '1 year'), ('quarter', 'x', '2396-11-30', '3 months'),
    ('fortnight', 'x', '2396-01-31', '14 days'), ('both', 'x', '2396-01-31', '1 month 1 day'), ('last', 'x', '9999-12-31', '1 day');
SELECT string_agg(date::text, ' ') FROM taskq_schedule_dates('month end', 6);
SELECT string_agg(date::text, ' ') FROM taskq_schedule_dates('leap day', 9);
SELECT string_agg(date::text, ' ') FROM taskq_schedule_dates('quarter', 5);
SELECT string_agg(date::text, ' ') FROM taskq_schedule_dates('fortnight', 4);
SELECT string_agg(date::text, ' ') FROM taskq_schedule_dates('both', 4);
SELECT string_agg(date::text, ' ') FROM taskq_schedule_dates('last');
-- moved to business days: 2396-12-01 is a Sunday, 2397-02-01 and 2397-03-01 are Saturdays
INSERT INTO taskq_schedule (name, title_template, starts_on, every, business_day, calendar, lead_days, until) VALUES
    ('next', 'x', '2396-12-01', '1 month', 'NEXT', 'desk', 3, '2397-03-31'), ('previous', 'x', '2396-12-01', '1 month', 'PREVIOUS', 'desk', 0, '2397-03-01');
SELECT * FROM taskq_schedule_dates('next');
SELECT date, due_date FROM taskq_schedule_dates('previous');
SELECT taskq_schedule_dates('none');
SELECT taskq_schedule_dates(NULL);
SELECT taskq_schedule_dates('next', 0);
SELECT taskq_schedule_dates('next', 1001);
-- nothing is due; the sweep notes when something will be
SELECT kind, tasks FROM taskq_sweep() WHERE tasks > 0;
SELECT name, handled_until, next_check_on FROM taskq_schedule ORDER BY id;
DELETE FROM taskq_schedule;
-- what is refused
INSERT INTO taskq_schedule (name, title_template, starts_on, every) VALUES ('x', 'x', taskq_today(), '0 days');
INSERT INTO taskq_schedule (name, title_template, starts_on, every) VALUES ('x', 'x', taskq_today(), '-1 month');
INSERT INTO taskq_schedule (name, title_template, starts_on, every) VALUES ('x', 'x', taskq_today(), '1 month -1 day');
INSERT INTO taskq_schedule (name, title_template, starts_on, every) VALUES ('x', 'x', taskq_today(), '1 day 1 microsecond');
INSERT INTO taskq_schedule (name, title_template, starts_on, every) VALUES ('x', 'x', taskq_today(), '24 hours');
INSERT INTO taskq_schedule (name, title_template, starts_on, every) VALUES ('x', 'x', taskq_today(), '101 years');
INSERT INTO taskq_schedule (name, title_template, starts_on, every) VALUES ('x', 'x', taskq_today(), NULL);
INSERT INTO taskq_schedule (name, title_template, starts_on, every) VALUES ('x', 'x', '10000-01-01', '1 month');
INSERT INTO taskq_schedule (name, title_template, starts_on, every) VALUES ('x', 'x', '-infinity', '1 month');
INSERT INTO taskq_schedule (name, title_template, starts_on, every, until) VALUES ('x', 'x', '2030-01-02', '1 month', '2030-01-01');
INSERT INTO taskq_schedule (name, title_template, starts_on, every, lead_days) VALUES ('x', 'x', taskq_today(), '1 month', -1);
INSERT INTO taskq_schedule (name, title_template, starts_on, every, business_day) VALUES ('x', 'x', taskq_today(), '1 month', 'NEXT');
INSERT INTO taskq_schedule (name, title_template, starts_on, every, calendar) VALUES ('x', 'x', taskq_today(), '1 month', 'desk');
INSERT INTO taskq_schedule (name, title_template, starts_on, every, business_day, calendar) VALUES ('x', 'x', taskq_today(), '1 month', 'NEXT', 'none');
INSERT INTO taskq_schedule (name, title_template, starts_on, every) VALUES ('x', '{{', taskq_today(), '1 month');
INSERT INTO taskq_schedule (name, title_template, starts_on, every) VALUES ('', 'x', taskq_today(), '1 month');
SELECT taskq_create('x', source => 'SCHEDULE');
-- on its day it becomes a task, once
INSERT INTO taskq_schedule (name, title_template, description_template, priority, kind, team_id, assignee_id, user_id, sla_hours, starts_on, every)
VALUES ('vat', 'VAT of {{customer.name}} {{schedule.name}}', 'for {{date}}', 'HIGH', 'TAX', 'tax', 'sta_1', 'cus_1', 48, taskq_today(), '1 month');
SELECT kind, tasks FROM taskq_sweep() WHERE tasks > 0;
SELECT kind, tasks FROM taskq_sweep() WHERE tasks > 0;
SELECT title, description = 'for ' || taskq_today() AS described, priority, kind, team_id, assignee_id, user_id, sla_hours, due_date = taskq_today() AS due, source, status, created_by FROM taskq_task;
SELECT date = taskq_today() AND since = date AND due_date = date AS today, dates, outcome, task_id = (SELECT id FROM taskq_task) AS its, message FROM taskq_schedule_run;
SELECT handled_until = taskq_today() AS handled, next_check_on = (taskq_today() + interval '1 month')::date AS next FROM taskq_schedule;
-- its state is taskq's, and stays when its texts change
UPDATE taskq_schedule SET handled_until = NULL;
UPDATE taskq_schedule SET next_check_on = '-infinity';
UPDATE taskq_schedule SET title_template = 'VAT', priority = 'LOW' RETURNING next_check_on > taskq_today() AS waits;
UPDATE taskq_schedule SET every = NULL;
UPDATE taskq_schedule SET every = '0 days';
-- of those missed the latest becomes a task, the others are one row, however many
INSERT INTO taskq_schedule (name, title_template, starts_on, every, assignee_id, team_id) VALUES
    ('missed', '{{date}}', taskq_today() - 100001, '1 day', 'sta_2', 'old'), ('gone', '{{none}}', taskq_today() - 40, '30 days', NULL, NULL);
INSERT INTO taskq_schedule (name, title_template, starts_on, every, user_id) VALUES ('inactive', 'x', taskq_today() - 1, '1 day', 'cus_2');
INSERT INTO taskq_schedule (name, title_template, starts_on, every, until) VALUES ('over', 'over', '2020-01-31', '1 month', '2020-04-15');
INSERT INTO taskq_schedule (name, title_template, starts_on, every, lead_days) VALUES ('ahead', 'ahead', taskq_today() + 6, '30 days', 7), ('not yet', 'not yet', taskq_today() + 8, '30 days', 7);
SELECT kind, tasks FROM taskq_sweep() WHERE tasks > 0;
SELECT s.name, taskq_today() - r.since AS since, taskq_today() - r.date AS date, r.dates, r.outcome, t.due_date = r.due_date AND t.due_date = r.date AS due, t.assignee_id, t.team_id,
    replace(t.title, taskq_today()::text, 'today') AS title, t.status, r.message
FROM taskq_schedule s JOIN taskq_schedule_run r ON r.schedule_id = s.id LEFT JOIN taskq_task t ON t.id = r.task_id WHERE s.name <> ALL ('{vat,over}') ORDER BY s.id, r.date;
SELECT r.since, r.date, r.dates, r.outcome, r.due_date, t.status FROM taskq_schedule s JOIN taskq_schedule_run r ON r.schedule_id = s.id LEFT JOIN taskq_task t ON t.id = r.task_id WHERE s.name = 'over' ORDER BY r.date;
SELECT name, next_check_on - taskq_today() AS next FROM taskq_schedule WHERE next_check_on < 'infinity' AND name <> 'vat' ORDER BY id;
SELECT name FROM taskq_schedule WHERE next_check_on = 'infinity';
SELECT subject, what FROM taskq_check() WHERE subject = 'schedules';
SELECT count(*) FROM taskq_sweep() WHERE tasks > 0;
-- what passes while it is disabled is not made up for; nor is what another rhythm would have had
DELETE FROM taskq_schedule;
SELECT count(*) FROM taskq_schedule_run;
INSERT INTO taskq_schedule (name, title_template, starts_on, every, is_enabled) VALUES ('off', 'off', taskq_today() - 3, '2 days', false) RETURNING next_check_on;
SELECT count(*) FROM taskq_sweep() WHERE tasks > 0;
UPDATE taskq_schedule SET is_enabled = true RETURNING next_check_on, taskq_today() - handled_until AS handled;
SELECT count(*) FROM taskq_sweep() WHERE tasks > 0;
SELECT next_check_on - taskq_today() AS next FROM taskq_schedule;
UPDATE taskq_schedule SET starts_on = taskq_today() - 7, every = '7 days';
SELECT kind, tasks FROM taskq_sweep() WHERE tasks > 0;
UPDATE taskq_schedule SET starts_on = taskq_today() - 8;
UPDATE taskq_schedule SET is_enabled = false RETURNING next_check_on;
UPDATE taskq_schedule SET is_enabled = true RETURNING next_check_on;
SELECT kind, tasks FROM taskq_sweep() WHERE tasks > 0;
SELECT next_check_on - taskq_today() AS next FROM taskq_schedule;
DELETE FROM taskq_schedule;
-- dates that a business day draws together are one; the calendar is followed
SELECT taskq_calendar_set('one day', 'UTC', to_char(now() AT TIME ZONE 'UTC', 'Dy') || ' 00:00-24:00');
INSERT INTO taskq_schedule (name, title_template, starts_on, every, business_day, calendar) VALUES
    ('next', 'next', taskq_today() - 6, '1 day', 'NEXT', 'one day'), ('previous', 'previous', taskq_today(), '1 day', 'PREVIOUS', 'one day');
SELECT kind, tasks FROM taskq_sweep() WHERE tasks > 0;
SELECT s.name, r.date - taskq_today() AS date, r.dates, r.outcome, r.due_date - taskq_today() AS due, s.next_check_on - taskq_today() AS next
FROM taskq_schedule s JOIN taskq_schedule_run r ON r.schedule_id = s.id ORDER BY s.id, r.date;
INSERT INTO taskq_calendar_window SELECT 'one day', extract(isodow FROM taskq_today() + 1), '09:00', '10:00';
SELECT name, next_check_on FROM taskq_schedule ORDER BY id;
SELECT count(*) FROM taskq_sweep() WHERE tasks > 0;
SELECT name, next_check_on - taskq_today() AS next FROM taskq_schedule ORDER BY id;
UPDATE taskq_calendar SET name = 'one' WHERE name = 'one day';
SELECT calendar, next_check_on FROM taskq_schedule ORDER BY id;
DELETE FROM taskq_calendar WHERE name = 'one';
-- erasure
INSERT INTO taskq_schedule (name, title_template, description_template, starts_on, every, user_id) VALUES ('Acme', 'VAT of Acme', 'secret', taskq_today() - 1, '1 day', 'cus_1');
SELECT count(*) FROM taskq_sweep() \g /dev/null
SELECT tasks FROM taskq_erase_customer('cus_1');
SELECT regexp_replace(name, '\d+', 'n') AS name, title_template, description_template FROM taskq_schedule WHERE user_id = 'cus_1';
-- a task that cannot be created is tried again, and the others go on
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not %', new.title; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON taskq_task FOR EACH ROW WHEN (new.title = 'bad') EXECUTE FUNCTION refuse();
DELETE FROM taskq_schedule;
INSERT INTO taskq_schedule (name, title_template, starts_on, every) SELECT t || i, t, taskq_today(), '1 month' FROM unnest('{good,bad}'::text[]) t, generate_series(1, 2) i;
SELECT kind, tasks FROM taskq_sweep() WHERE tasks > 0;
SELECT name, next_check_on = '-infinity' AS waits FROM taskq_schedule ORDER BY id;
DROP FUNCTION refuse CASCADE;
SELECT kind, tasks FROM taskq_sweep() WHERE tasks > 0;
-- an import stores what it is given
INSERT INTO taskq_schedule (name, title_template, starts_on, every, handled_until, next_check_on) VALUES ('import', 'x', '2020-01-31', '1 month', '2020-02-29', '2999-01-01') RETURNING handled_until, next_check_on;
SELECT string_agg(date::text, ' ') FROM taskq_schedule_dates('import', 2);
DROP EXTENSION taskq;
