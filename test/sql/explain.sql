-- Why a deadline is what it is, the clocks as they stand, and what an edited calendar would move.
CREATE EXTENSION taskq;
\set SHOW_CONTEXT never
\pset format unaligned
\pset null -
SET datestyle = ISO;
SET timezone = 'Europe/Berlin';
INSERT INTO taskq_holiday (list, day, yearly, opens, closes, label) VALUES
    ('german', '2000-01-01', true, NULL, NULL, 'New Year'), ('german', '2000-05-01', true, NULL, NULL, 'Labour Day'),
    ('german', '2000-12-25', true, NULL, NULL, 'Christmas Day'), ('german', '2000-12-26', true, NULL, NULL, 'Second Christmas Day'),
    ('half', '2026-10-28', false, '09:00', '13:00', 'Eve of the Republic'), ('half', '2026-10-29', false, NULL, NULL, 'Republic Day');
SELECT taskq_calendar_set('berlin', 'Europe/Berlin', 'Mon-Fri 09:00-17:00', '{german}') \g /dev/null
SELECT taskq_calendar_set('lunch', 'Europe/Berlin', 'Mon-Fri 09:00-12:00,13:00-17:30') \g /dev/null
SELECT taskq_calendar_set('half', 'Europe/Berlin', 'Mon-Fri 09:00-18:00', '{half}') \g /dev/null
SELECT taskq_calendar_set('always', 'America/New_York', '24/7') \g /dev/null
-- "late" depends on when this runs: it is shown of closed tasks only
CREATE VIEW line AS
SELECT t.title, e.* FROM taskq_task t, taskq_sla_explain(t.id) e WHERE e.what <> 'late' OR t.completed_at IS NOT NULL;

-- over a closing time, a weekend, holidays by name, a holiday with hours of its own, 24/7
INSERT INTO taskq_task (title, created_at, sla_hours, sla_calendar) VALUES
    ('the same day', '2026-06-01 10:00', 4, 'berlin'), ('a weekend', '2026-06-05 16:30', 1, 'berlin'),
    ('until closing time', '2026-06-05 09:00', 8, 'berlin'), ('from a night', '2026-06-04 20:00', 8, 'berlin'),
    ('Christmas', '2026-12-24 15:00', 4, 'berlin'), ('New Year', '2026-12-31 16:00', 2, 'berlin'),
    ('lunch', '2026-06-01 11:30', 1.5, 'lunch'), ('half a holiday', '2026-10-27 16:00', 6.5, 'half'),
    ('no calendar', '2026-03-07 18:00', 48, NULL), ('24/7', '2026-03-07 18:00', 48, 'always');
SELECT begins, ends, what, label, hours, hours_so_far FROM line WHERE title = 'the same day';
SELECT begins, ends, what, label, hours, hours_so_far FROM line WHERE title = 'a weekend';
SELECT begins, ends, what, label, hours, hours_so_far FROM line WHERE title = 'until closing time';
SELECT begins, ends, what, label, hours, hours_so_far FROM line WHERE title = 'from a night';
SELECT begins, ends, what, label, hours, hours_so_far FROM line WHERE title = 'Christmas';
SELECT begins, ends, what, label, hours, hours_so_far FROM line WHERE title = 'New Year';
SELECT begins, ends, what, label, hours, hours_so_far FROM line WHERE title = 'lunch';
SELECT begins, ends, what, label, hours, hours_so_far FROM line WHERE title = 'half a holiday';
SELECT title, begins, ends, what, label, hours, hours_so_far FROM line WHERE title IN ('no calendar', '24/7') ORDER BY title;

-- pauses: over a night, from after closing to before opening, around holidays, overlapping
INSERT INTO taskq_task (title, created_at, sla_hours, sla_calendar) VALUES
    ('paused', '2026-06-01 10:00', 8, 'berlin'), ('paused while closed', '2026-06-01 10:00', 8, 'berlin'),
    ('paused at Christmas', '2026-12-23 16:00', 3, 'berlin'), ('paused twice', '2026-06-01 09:00', 4, 'berlin'),
    ('paused before it began', '2026-06-01 09:00', 1, NULL);
INSERT INTO taskq_task_pause SELECT t.id, p.begins, p.ends, p.reason FROM taskq_task t JOIN (VALUES
    ('paused', timestamptz '2026-06-01 16:00', timestamptz '2026-06-02 10:00', 'waits for the customer'),
    ('paused while closed', '2026-06-01 18:00', '2026-06-02 08:00', NULL),
    ('paused at Christmas', '2026-12-24 10:00', '2026-12-28 12:00', 'nobody there'),
    ('paused twice', '2026-06-01 10:30', '2026-06-01 12:00', 'the second'), ('paused twice', '2026-06-01 10:00', '2026-06-01 11:00', 'the first'),
    ('paused before it began', '2026-06-01 08:00', '2026-06-01 09:30', 'early')) p(title, begins, ends, reason) USING (title);
SELECT begins, ends, what, label, hours, hours_so_far FROM line WHERE title = 'paused';
SELECT begins, ends, what, label, hours, hours_so_far FROM line WHERE title = 'paused while closed';
SELECT begins, ends, what, label, hours, hours_so_far FROM line WHERE title = 'paused at Christmas';
SELECT begins, ends, what, label, hours, hours_so_far FROM line WHERE title = 'paused twice';
SELECT begins, ends, what, label, hours, hours_so_far FROM line WHERE title = 'paused before it began';

-- late until it was closed; closed in time: to the deadline all the same; cancelled
INSERT INTO taskq_task (title, status, created_at, started_at, completed_at, cancelled_at, sla_hours, sla_calendar, response_hours) VALUES
    ('late', 'COMPLETED', '2026-06-01 10:00', '2026-06-01 12:00', '2026-06-02 11:00', NULL, 4, 'berlin', 1),
    ('in time', 'COMPLETED', '2026-06-01 10:00', '2026-06-01 10:30', '2026-06-01 11:00', NULL, 4, 'berlin', 1),
    ('cancelled', 'CANCELLED', '2026-06-01 10:00', NULL, NULL, '2026-06-01 11:30', 4, NULL, 1);
SELECT id AS late FROM taskq_task WHERE title = 'late' \gset
SELECT id AS in_time FROM taskq_task WHERE title = 'in time' \gset
SELECT id AS cancelled FROM taskq_task WHERE title = 'cancelled' \gset
SELECT * FROM taskq_sla_explain(:late);
SELECT * FROM taskq_sla_explain(:late, 'response');
SELECT * FROM taskq_sla_explain(:in_time, clock => 'resolution');
SELECT * FROM taskq_sla_explain(:in_time, clock => 'response');
SELECT * FROM taskq_sla_explain(:cancelled, 'response');

-- a task that is paused: up to now; the deadline that passed before stays
INSERT INTO taskq_task (title, created_at, sla_hours, response_hours) VALUES ('waits', now() - interval '3 hours', 8, 1);
SELECT id AS waits FROM taskq_task WHERE title = 'waits' \gset
UPDATE taskq_task SET paused_at = now(), pause_reason = 'a document' WHERE id = :waits;
SELECT what, label, round(hours::numeric, 2) AS hours, round(hours_so_far::numeric, 2) AS so_far, ends = statement_timestamp() AS until_now FROM taskq_sla_explain(:waits);
SELECT what, label, round(hours::numeric, 2) AS hours, round(hours_so_far::numeric, 2) AS so_far, ends = statement_timestamp() AS until_now FROM taskq_sla_explain(:waits, 'response');
-- now: still running, and late
INSERT INTO taskq_task (title, created_at, sla_hours, response_hours) VALUES ('runs', now() - interval '3 hours', 8, 1);
SELECT what, round(hours::numeric, 2) AS hours, ends = t.sla_due_at AS until_due FROM taskq_task t, taskq_sla_explain(t.id) WHERE title = 'runs';
SELECT what, round(hours::numeric, 2) AS hours, ends = t.response_due_at AS until_due FROM taskq_task t, taskq_sla_explain(t.id, 'response') WHERE title = 'runs';

-- two years, a row for each window and each gap
INSERT INTO taskq_task (title, created_at, sla_hours, sla_calendar) VALUES ('two years', '2024-01-01 00:00', 4000, 'berlin');
SELECT count(*), sum(hours) FILTER (WHERE what <> 'late') AS hours, string_agg(DISTINCT label, ', ') AS holidays FROM line WHERE title = 'two years';
-- for every task: no gaps, rows that count come to the target, at the deadline, and the running total says so
CREATE VIEW wrong AS
SELECT t.title, c.clock FROM taskq_task t CROSS JOIN (VALUES ('response'), ('resolution')) c(clock)
CROSS JOIN LATERAL (SELECT CASE clock WHEN 'response' THEN response_due_at ELSE sla_due_at END AS due_at, CASE clock WHEN 'response' THEN response_hours ELSE sla_hours END AS target) d
CROSS JOIN LATERAL (SELECT sum(hours) FILTER (WHERE what <> 'late') AS total, max(ends) FILTER (WHERE what <> 'late') AS reached, bool_and(joins) AS joins,
        max(hours_so_far) FILTER (WHERE what <> 'late') AS so_far, min(begins) AS begins
    FROM (SELECT *, coalesce(begins = lag(ends) OVER (ORDER BY begins), true) AS joins FROM taskq_sla_explain(t.id, c.clock)) e) x
WHERE isfinite(d.due_at) AND (abs(x.total - d.target) < 1e-9 AND abs(x.so_far - d.target) < 1e-9 AND x.reached = d.due_at AND x.joins
    AND x.begins = coalesce(t.sla_from, t.created_at)) IS NOT TRUE;
TABLE wrong;

-- the calendar of a closed task is edited, or dropped: its deadline stays, and is shown as stored
BEGIN;
SELECT taskq_calendar_set('berlin', 'Europe/Berlin', 'Mon-Fri 09:00-12:00') \g /dev/null
SELECT * FROM taskq_sla_explain(:late);
SELECT * FROM taskq_sla_explain(:late, 'response');
SELECT clock, state, due_at, hours, hours_used, hours_left, percent FROM taskq_sla_clocks WHERE task_id = :late;
-- that of an active one is what it will be
SELECT begins, ends, what, hours FROM line WHERE title = 'the same day';
ROLLBACK;
BEGIN;
SELECT taskq_calendar_set('gone', 'UTC', '24/7') \g /dev/null
INSERT INTO taskq_task (title, status, created_at, cancelled_at, sla_hours, sla_calendar) VALUES ('gone', 'CANCELLED', '2026-06-01 10:00', '2026-06-01 14:00', 3, 'gone') RETURNING id AS gone \gset
DELETE FROM taskq_calendar WHERE name = 'gone';
SELECT * FROM taskq_sla_explain(:gone);
SELECT * FROM taskq_sla_clocks WHERE task_id = :gone;
ROLLBACK;
-- hours that were stored when the task was closed stay
BEGIN;
INSERT INTO taskq_task (title, sla_hours, sla_calendar, created_at) VALUES ('closed', 2, 'always', now() - interval '3 hours') RETURNING id AS closed \gset
SELECT status FROM taskq_cancel(:closed);
SELECT taskq_calendar_set('always', 'UTC', 'Mon 00:00-00:01') \g /dev/null
SELECT what, label, round(hours::numeric, 2) AS hours, round(hours_so_far::numeric, 2) AS so_far FROM taskq_sla_explain(:closed);
SELECT state, round(hours_used::numeric, 2) AS used, round(percent::numeric) AS percent FROM taskq_sla_clocks WHERE task_id = :closed;
ROLLBACK;

-- which deadlines would move: edit, look, roll back
SELECT * FROM taskq_sla_moves('berlin');
BEGIN;
INSERT INTO taskq_holiday (list, day, yearly, label) VALUES ('german', '2026-06-01', false, 'a bridge day');
SELECT t.title, m.clock, m.due_at, m.new_due_at FROM taskq_sla_moves('berlin') m JOIN taskq_task t ON t.id = m.task_id ORDER BY m.new_due_at, t.id;
SELECT count(*), count(*) FILTER (WHERE new_due_at < lag) AS out_of_order FROM (SELECT new_due_at, lag(new_due_at) OVER () FROM taskq_sla_moves('berlin')) m;
SELECT * FROM taskq_sla_moves('lunch');
-- what the sweep then writes is that
CREATE TEMP TABLE move AS SELECT * FROM taskq_sla_moves('berlin');
UPDATE taskq_task SET due_date = due_date WHERE sla_calendar = 'berlin' AND completed_at IS NULL AND cancelled_at IS NULL;
SELECT count(*) AS differ FROM move m JOIN taskq_task t ON t.id = m.task_id
WHERE m.new_due_at IS DISTINCT FROM CASE m.clock WHEN 'response' THEN t.response_due_at ELSE t.sla_due_at END;
SELECT count(*) FROM taskq_sla_moves('berlin');
ROLLBACK;

-- the clocks as they stand
SELECT clock, calendar, state, started, due_at, hours, hours_used, hours_left, percent, next_opening FROM taskq_sla_clocks WHERE task_id IN (:late, :in_time, :cancelled) ORDER BY task_id, clock;
SELECT t.title, c.clock, c.state, isfinite(c.due_at) AS has_date, c.hours, round(c.hours_used::numeric, 2) AS used, round(c.hours_left::numeric, 2) AS "left", round(c.percent::numeric) AS percent
FROM taskq_sla_clocks c JOIN taskq_task t ON t.id = c.task_id WHERE t.title IN ('waits', 'runs') ORDER BY 1, 2;
-- a calendar that opens the day after tomorrow
SELECT taskq_calendar_set('seldom', 'UTC', to_char(now() AT TIME ZONE 'UTC' + interval '2 days', 'Dy') || ' 09:00-10:00') \g /dev/null
INSERT INTO taskq_task (title, sla_hours, sla_calendar) VALUES ('seldom', 1, 'seldom');
SELECT state, hours_used, hours_left, percent,
       next_opening = (date_trunc('day', now() AT TIME ZONE 'UTC') + interval '2 days 9 hours') AT TIME ZONE 'UTC' AS opens, due_at - next_opening AS until_due
FROM taskq_sla_clocks c JOIN taskq_task t ON t.id = c.task_id WHERE t.title = 'seldom';
-- a task without an SLA has none; one that is asked for is found by its key
INSERT INTO taskq_task (title) VALUES ('no SLA') RETURNING id AS plain \gset
SELECT * FROM taskq_sla_clocks WHERE task_id = :plain;
SELECT * FROM taskq_sla_explain(:plain);
SELECT * FROM taskq_sla_explain(:waits, 'response') WHERE false;
SELECT count(*) FROM taskq_sla_clocks_of(:plain);
SELECT count(*) FROM taskq_sla_clocks_of(-1);
SET enable_seqscan = off;
EXPLAIN (COSTS off) SELECT * FROM taskq_sla_clocks WHERE task_id = 1;
RESET enable_seqscan;

-- what is not allowed
SELECT taskq_sla_explain(-1);
SELECT taskq_sla_explain(NULL);
SELECT taskq_sla_explain(:late, 'update');
SELECT taskq_sla_explain(:late, NULL);
SELECT taskq_sla_moves('nowhere');
SELECT taskq_sla_moves(NULL);

-- with the caller's rights
CREATE ROLE regress_taskq_v;
SELECT taskq_grant('regress_taskq_v', 'viewer');
ALTER TABLE taskq_task ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON taskq_task TO regress_taskq_v USING (title = 'paused');
SET ROLE regress_taskq_v;
SELECT begins, what, label, hours FROM taskq_task t, taskq_sla_explain(t.id) WHERE what <> 'late';
SELECT clock, hours FROM taskq_sla_clocks;
SELECT taskq_sla_explain(:late);
SELECT count(*) FROM taskq_sla_clocks_of(:late);
RESET ROLE;
BEGIN;
INSERT INTO taskq_holiday (list, day, yearly, label) VALUES ('german', '2026-06-01', false, 'a bridge day');
SET ROLE regress_taskq_v;
SELECT clock, due_at, new_due_at FROM taskq_sla_moves('berlin');
ROLLBACK;

DROP VIEW wrong, line;
SELECT taskq_revoke('regress_taskq_v');
DROP EXTENSION taskq;
DROP ROLE regress_taskq_v;
