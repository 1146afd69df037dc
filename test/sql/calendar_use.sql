-- Calendars in use: what can no longer be computed, other names, and rows that are gone.
CREATE EXTENSION taskq;
\set VERBOSITY terse
\pset null -
SET timezone = 'UTC';
SELECT extract(year FROM now())::int AS this_year \gset

-- one in use must open from now on, and not only have opened
INSERT INTO taskq_holiday (list, day, opens, closes) VALUES ('past', '2020-06-01', '09:00', '17:00'), ('far', make_date(:this_year + 20, 6, 1), '09:00', '17:00'),
    ('soon', make_date(:this_year + 1, 6, 1), '09:00', '17:00'), ('soon', make_date(:this_year + 20, 6, 1), '09:00', '17:00');
SELECT taskq_calendar_set('desk', 'UTC', '24/7') \g /dev/null
INSERT INTO taskq_task (title, sla_hours, response_hours, sla_calendar) VALUES ('one', 40, 20, 'desk'), ('two', 40, 20, 'desk'), ('three', 40, NULL, 'desk'), ('four', 40, 20, 'desk') RETURNING id;
BEGIN;
UPDATE taskq_calendar SET holiday_lists = '{past}' WHERE name = 'desk';
DELETE FROM taskq_calendar_window WHERE calendar = 'desk';
COMMIT;
BEGIN;
UPDATE taskq_calendar SET holiday_lists = '{far}' WHERE name = 'desk';
DELETE FROM taskq_calendar_window WHERE calendar = 'desk';
COMMIT;
-- where constraints are immediate, replacing its hours has it open all the time
BEGIN;
SET CONSTRAINTS ALL IMMEDIATE;
SELECT taskq_calendar_set('desk', 'UTC', 'Mon-Fri 09:00-17:00; Sat 09:00-12:00'), taskq_calendar_set('desk', 'UTC', 'Mon-Fri 09:00-16:00; Sun 09:00-12:00') \g /dev/null
SELECT weekday, opens, closes FROM taskq_calendar_window WHERE calendar = 'desk' ORDER BY 1, 2;
ROLLBACK;

-- one that opens, but not for as long as the targets: what does not ask for a deadline can be written, and keeps that which there is
BEGIN;
UPDATE taskq_calendar SET holiday_lists = '{soon}' WHERE name = 'desk';
DELETE FROM taskq_calendar_window WHERE calendar = 'desk';
COMMIT;
CREATE TABLE before AS TABLE taskq_task;
UPDATE taskq_task SET description = 'edited' WHERE title = 'one';
SELECT status FROM taskq_start(1);
SELECT paused_at IS NOT NULL AS is_paused FROM taskq_pause(1, 'why');
SELECT paused_at IS NOT NULL AS is_paused FROM taskq_resume(1);
-- paused before it, a task has no date; resumed, it has none that the calendar would give
SELECT t.title, t.sla_due_at = b.sla_due_at AND t.response_due_at = b.response_due_at AND t.sla_at_risk_at = b.sla_at_risk_at AS is_kept, isfinite(t.sla_due_at) AS has_date, t.sla_revision = b.sla_revision AS is_as_before
FROM taskq_task t JOIN before b USING (id) ORDER BY id;
SELECT status FROM taskq_start(4);
SELECT status FROM taskq_complete(4);
SELECT status FROM taskq_cancel(2);
-- what does ask for one is refused
UPDATE taskq_task SET sla_hours = 30 WHERE title = 'three';
UPDATE taskq_task SET sla_from = now() WHERE title = 'three';
INSERT INTO taskq_task (title, sla_hours, sla_calendar) VALUES ('new', 30, 'desk');
-- what is read has rows for it
SELECT task_id, clock, due_at IS NOT NULL AS has_deadline, new_due_at FROM taskq_sla_moves('desk');
SELECT task_id, clock, state, hours, next_opening IS NOT NULL AS opens FROM taskq_sla_clocks ORDER BY 1, 2;
SELECT count(*) > 0 AS is_explained FROM taskq_sla_explain(3);
-- the sweep names it, and goes on
\set VERBOSITY default
SELECT kind, tasks FROM taskq_sweep() WHERE kind = 'failed';
\set VERBOSITY terse
UPDATE taskq_task SET due_date = taskq_today() - 1 WHERE title = 'three';
SELECT taskq_calendar_set('desk', 'UTC', '24/7') \g /dev/null
SELECT kind, tasks FROM taskq_sweep() WHERE kind IN ('failed', 'sla_moved') ORDER BY 1;
SELECT t.sla_due_at > b.sla_due_at AS is_later, isfinite(t.sla_due_at) AS has_date, t.sla_revision = b.sla_revision AS is_as_before FROM taskq_task t JOIN before b USING (id) WHERE id = 1;

-- a zone that this server does not know, as in a restore
BEGIN;
SET LOCAL check_function_bodies = off;
UPDATE taskq_calendar SET timezone = 'Europe/Bonn';
COMMIT;
UPDATE taskq_task SET description = 'edited' WHERE title = 'three';
SELECT paused_at IS NOT NULL AS is_paused FROM taskq_pause(3, 'why');
SELECT paused_at IS NOT NULL AS is_paused, sla_due_at IS NOT NULL AS has_deadline FROM taskq_resume(3);
SELECT task_id, clock, state, hours_used IS NULL AS is_not_known FROM taskq_sla_clocks WHERE task_id = 3;
SELECT count(*) FROM taskq_sla_explain(3);
UPDATE taskq_task SET sla_hours = 30 WHERE title = 'three';
SELECT status, sla_hours_used FROM taskq_cancel(3);
UPDATE taskq_calendar SET timezone = 'UTC';

-- a search ends after 1,000 years
SELECT taskq_calendar_set('minute', 'UTC', 'Mon 09:00-09:01') \g /dev/null
SELECT taskq_business_add('minute', '2026-06-01', 800) > '2900-01-01' AS is_far;
SELECT taskq_business_add('minute', '2026-06-01', 87600);
SELECT taskq_business_add('minute', '2026-06-01', -87600);

-- another name: tasks and policies are taken along, whatever else changes, and nothing is said of it
TRUNCATE before;
SELECT taskq_calendar_set('a', 'UTC', '24/7'), taskq_calendar_set('b', 'UTC', 'Mon-Fri 09:00-17:00') \g /dev/null
INSERT INTO taskq_sla_policy (name, kind, calendar, sla_hours) VALUES ('of a', 'A', 'a', 8), ('of b', 'B', 'b', 4);
SELECT taskq_create('A', kind => 'A'), taskq_create('B', kind => 'B') \g /dev/null
INSERT INTO before SELECT * FROM taskq_task WHERE title IN ('A', 'B');
CREATE VIEW named AS SELECT t.title, t.sla_policy, t.sla_calendar, p.calendar AS of_policy, t.updated_at = b.updated_at AND t.sla_due_at = b.sla_due_at AND t.sla_revision = b.sla_revision AS is_the_same,
    (SELECT count(*) FROM taskq_task_event e WHERE e.task_id = t.id) AS events
FROM taskq_task t JOIN before b USING (id) LEFT JOIN taskq_sla_policy p ON p.name = t.sla_policy ORDER BY t.id;
BEGIN;
UPDATE taskq_calendar SET name = 'c' WHERE name = 'a';
SELECT taskq_calendar_set('c', 'UTC', 'Mon-Sun 00:00-12:00') \g /dev/null
COMMIT;
TABLE named;
BEGIN;
SELECT taskq_calendar_set('c', 'UTC', 'Mon-Sun 00:00-11:00') \g /dev/null
UPDATE taskq_calendar SET name = 'a' WHERE name = 'c';
COMMIT;
-- stale tasks at the next change of the name
UPDATE taskq_calendar SET name = 'c' WHERE name = 'a';
TABLE named;
-- a chain; a swap; a name that is given again at once
BEGIN;
UPDATE taskq_calendar SET name = 'd' WHERE name = 'c';
UPDATE taskq_calendar SET name = 'e' WHERE name = 'd';
COMMIT;
TABLE named;
BEGIN;
UPDATE taskq_calendar SET name = 'x' WHERE name = 'e';
UPDATE taskq_calendar SET name = 'e' WHERE name = 'b';
UPDATE taskq_calendar SET name = 'b' WHERE name = 'x';
COMMIT;
TABLE named;
BEGIN;
UPDATE taskq_calendar SET name = 'f' WHERE name = 'b';
SELECT taskq_calendar_set('b', 'UTC', '24/7') \g /dev/null
COMMIT;
TABLE named;
SELECT kind, tasks FROM taskq_sweep() WHERE kind IN ('failed', 'sla_moved') ORDER BY 1;
SELECT title, sla_policy, sla_calendar FROM named;
-- renamed and then deleted
BEGIN;
DELETE FROM taskq_sla_policy;
UPDATE taskq_calendar SET name = 'g' WHERE name = 'f';
DELETE FROM taskq_calendar WHERE name = 'g';
COMMIT;

-- a calendar that is not there: written plainly, and of a task of the past
INSERT INTO taskq_task (title, sla_calendar) VALUES ('new', 'nope');
INSERT INTO taskq_task (title, sla_hours, sla_calendar) VALUES ('new', 1, 'nope');
UPDATE taskq_task SET sla_calendar = 'nope' WHERE title = 'A';
INSERT INTO taskq_task (title, status, created_at, cancelled_at, sla_calendar) VALUES ('past', 'CANCELLED', '2026-06-01 10:00', '2026-06-01 14:00', 'nope');
BEGIN;
SET LOCAL check_function_bodies = off;
INSERT INTO taskq_task (title, sla_calendar) VALUES ('restored', 'nope');
ROLLBACK;

-- TRUNCATE
INSERT INTO taskq_holiday (list, day) VALUES ('ours', make_date(:this_year, 6, 1));
SELECT taskq_calendar_set('with', 'UTC', 'Mon-Fri 09:00-17:00', '{ours}'), taskq_calendar_set('without', 'UTC', 'Mon-Fri 09:00-17:00') \g /dev/null
CREATE VIEW revisions AS SELECT a.revision = b.revision AS is_the_same FROM taskq_calendar a, taskq_calendar b WHERE a.name = 'with' AND b.name = 'without';
INSERT INTO taskq_holiday (list, day) SELECT 'ours', d::date FROM generate_series(make_date(:this_year, 6, 1), make_date(:this_year, 6, 14), '1 day') d ON CONFLICT DO NOTHING;
TABLE revisions;
TRUNCATE taskq_holiday;
TABLE revisions;
TRUNCATE taskq_calendar_window;
SELECT count(*) > 0 AS is_there FROM taskq_calendar_window;

DROP VIEW named, revisions;
DROP TABLE before;
DROP EXTENSION taskq;
