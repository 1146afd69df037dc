-- Calendars: time is open if and only if the wall clock reads a time in a window of that local date.
CREATE EXTENSION taskq;
SET timezone = 'UTC';
SET datestyle = 'ISO';
INSERT INTO taskq_holiday (list, day, yearly, opens, closes, label) VALUES
    ('berlin', '2000-01-01', true, NULL, NULL, 'New Year'), ('berlin', '2000-05-01', true, NULL, NULL, 'May Day'),
    ('berlin', '2000-12-25', true, NULL, NULL, 'Christmas'), ('berlin', '2000-12-26', true, NULL, NULL, 'Christmas'),
    ('istanbul', '2026-10-28', false, '09:00', '13:00', 'Eve'), ('istanbul', '2000-10-29', true, NULL, NULL, 'Republic Day');
SELECT taskq_calendar_set('berlin', 'Europe/Berlin', 'Mon-Fri 09:00-17:00', '{berlin}'),
    taskq_calendar_set('lunch', 'Europe/Berlin', 'Mon-Fri 09:00-12:00,13:00-17:30'),
    taskq_calendar_set('istanbul', 'Europe/Istanbul', 'Mon-Fri 09:00-18:00', '{istanbul}'),
    taskq_calendar_set('night', 'Europe/Berlin', 'Mon-Sun 22:00-06:00'),
    taskq_calendar_set('york night', 'America/New_York', 'Mon-Sun 22:00-06:00'),
    taskq_calendar_set('always', 'America/New_York', '24/7'),
    taskq_calendar_set('howe', 'Australia/Lord_Howe', 'Mon-Sun 01:00-03:00'),
    taskq_calendar_set('apia', 'Pacific/Apia', 'Mon-Fri 09:00-17:00'),
    taskq_calendar_set('beirut', 'Asia/Beirut', 'Mon-Sun 23:00-01:00'),
    taskq_calendar_set('minutes', 'UTC', (SELECT 'Mon-Sun ' || string_agg(format('%s:%s-%s:%s', h, lpad((m)::text, 2, '0'), h, lpad((m + 1)::text, 2, '0')), ',' ORDER BY h, m)
        FROM generate_series(8, 17) h, generate_series(0, 50, 10) m)) \g /dev/null
SELECT * FROM taskq_calendar_window WHERE calendar IN ('lunch', 'night', 'always') AND weekday IN (5, 7) ORDER BY 1, 2, 3;

-- deadlines (start is local): whatever differs
CREATE TABLE deadline (calendar text, start timestamp, hours float8, due timestamptz);
INSERT INTO deadline VALUES
    ('berlin', '2026-06-01 10:00', 4, '2026-06-01 12:00'), ('berlin', '2026-06-05 16:30', 1, '2026-06-08 07:30'),
    ('berlin', '2026-06-05 09:00', 8, '2026-06-05 15:00'), ('berlin', '2026-06-04 20:00', 8, '2026-06-05 15:00'),
    ('berlin', '2026-06-06 12:00', 0.5, '2026-06-08 07:30'), ('berlin', '2026-06-05 17:00', 1, '2026-06-08 08:00'),
    ('berlin', '2026-12-24 15:00', 4, '2026-12-28 10:00'), ('berlin', '2026-12-31 16:00', 2, '2027-01-04 09:00'),
    ('berlin', '2026-06-01 10:00', 6.4, '2026-06-01 14:24'), ('berlin', '2026-06-06 12:00', 0, '2026-06-06 10:00'),
    ('lunch', '2026-06-01 11:30', 1, '2026-06-01 11:30'), ('lunch', '2026-06-01 12:15', 4.5, '2026-06-01 15:30'),
    ('istanbul', '2026-10-27 17:00', 5, '2026-10-28 10:00'), ('istanbul', '2026-10-27 17:00', 5.5, '2026-10-30 06:30'),
    ('istanbul', '2026-03-27 17:00', 10, '2026-03-30 15:00'),
    ('night', '2026-03-28 22:00', 8, '2026-03-29 21:00'),
    ('night', '2026-10-24 22:00', 9, '2026-10-25 05:00'), ('night', '2026-10-24 22:00', 8, '2026-10-25 04:00'),
    ('york night', '2026-03-07 22:00', 7, '2026-03-08 10:00'), ('york night', '2026-10-31 22:00', 9, '2026-11-01 11:00'),
    ('always', '2026-03-07 12:00', 24, '2026-03-08 17:00'),
    -- back: the latest instant with so much between it and start
    ('berlin', '2026-06-08 10:00', -2, '2026-06-05 14:00'), ('berlin', '2026-06-08 10:00', -1, '2026-06-08 07:00'),
    -- half an hour is skipped at 2:00, and repeated from 1:30
    ('howe', '2026-10-04 00:00', 2, '2026-10-04 14:30'), ('howe', '2026-04-05 00:00', 2.5, '2026-04-04 16:30'),
    -- there is no 30 December 2011
    ('apia', '2011-12-29 16:00', 2, '2012-01-01 20:00'),
    -- midnight is skipped, or repeated
    ('beirut', '2026-03-28 22:00', 1.5, '2026-03-29 20:30'), ('beirut', '2026-10-24 22:00', 3, '2026-10-24 23:00'),
    ('minutes', '2026-06-01 08:00', 1, '2026-06-01 17:51');
SELECT count(*) FROM deadline;
SELECT d.*, taskq_business_add(calendar, start AT TIME ZONE timezone, hours) AS said FROM deadline d JOIN taskq_calendar c ON c.name = d.calendar
WHERE taskq_business_add(calendar, start AT TIME ZONE timezone, hours) IS DISTINCT FROM due;
SELECT d.*, taskq_business_hours(calendar, start AT TIME ZONE timezone, due) AS said FROM deadline d JOIN taskq_calendar c ON c.name = d.calendar
WHERE taskq_business_hours(calendar, least(start AT TIME ZONE timezone, due), greatest(start AT TIME ZONE timezone, due)) IS DISTINCT FROM abs(hours);

-- hours, days, spans
SELECT taskq_business_hours('berlin', '2026-06-05 14:00', '2026-06-08 08:00') AS weekend, taskq_business_hours('berlin', '2026-06-08', '2026-06-05') AS backwards,
    taskq_business_hours('always', '1000-01-01', '9000-01-01') = 24 * ('9000-01-01'::date - '1000-01-01') AS ages;
SELECT n, taskq_business_day('berlin', '2026-06-06', n) AS saturday, taskq_business_day('berlin', '2026-06-05', n) AS friday, taskq_business_day('apia', '2011-12-30', n) AS skipped
FROM unnest('{0,3,-1,250}'::integer[]) n;
SELECT * FROM taskq_calendar_spans('istanbul', '2026-10-27 10:00', '2026-10-30 07:00');
SELECT * FROM taskq_calendar_spans('always', '2026-03-01', '2026-04-01');
SELECT * FROM taskq_calendar_spans('night', '2026-03-28 12:00', '2026-03-29 12:00');
SELECT count(*) FROM taskq_calendar_spans('berlin', '2026-06-02', '2026-06-01');

-- holidays: of two lists the first, of one list the dated row, of the rows of a day the one that closes it
INSERT INTO taskq_holiday (list, day, yearly, opens, closes, label) VALUES
    ('one', '2026-06-01', false, NULL, NULL, NULL), ('one', '2026-06-01', false, '09:00', '10:00', NULL),
    ('one', '2000-06-02', true, NULL, NULL, NULL), ('one', '2026-06-02', false, '08:00', '09:00', NULL), ('one', '2026-06-02', false, '20:00', '24:00', NULL),
    ('one', '2000-06-03', true, NULL, NULL, NULL), ('one', '2000-02-29', true, NULL, NULL, NULL),
    ('two', '2026-06-03', false, '00:00', '24:00', NULL), ('two', '2026-06-04', false, NULL, NULL, NULL), ('two', '2026-06-07', false, '10:00', '11:00', 'Open Sunday');
SELECT taskq_calendar_set('lists', 'UTC', 'Mon-Fri 09:00-17:00', '{one,two}'), taskq_calendar_set('reverse', 'UTC', 'Mon-Fri 09:00-17:00', '{two,one}') \g /dev/null
SELECT coalesce(a.opens, b.opens) AS opens, a.closes AS lists, b.closes AS reverse FROM taskq_calendar_spans('lists', '2026-06-01', '2026-06-08') a
FULL JOIN taskq_calendar_spans('reverse', '2026-06-01', '2026-06-08') b USING (opens) ORDER BY 1;
SELECT year, taskq_business_hours('lists', day, day + 3) FROM unnest('{2027,2028}'::int[]) year, make_date(year, 2, 28) day;

-- the revision is that of open time: not of how it is written, nor of the zone's name
SELECT taskq_calendar_set('same', 'Europe/Berlin', 'Mon,Tue-Wed 09:00-12:00,12:00-17:00;thu-fri 9:00 - 17:00', '{berlin}'), taskq_calendar_set('abroad', 'Asia/Tokyo', '24/7') \g /dev/null
SELECT a.name, b.name FROM taskq_calendar a JOIN taskq_calendar b USING (revision) WHERE a.name < b.name;
SELECT count(*), count(revision), count(*) FILTER (WHERE looked_at = taskq_today()) AS looked_at FROM taskq_calendar;
CREATE TABLE before AS TABLE taskq_calendar;
CREATE VIEW changed AS SELECT name, c.revision IS NOT NULL AS has_one FROM taskq_calendar c LEFT JOIN before b USING (name) WHERE b.revision IS DISTINCT FROM c.revision;
-- what a transaction writes holds in it at once
BEGIN;
SELECT taskq_business_add('berlin', '2026-06-01 08:00', 4);
INSERT INTO taskq_holiday (list, day) VALUES ('berlin', '2026-06-01');
SELECT taskq_business_add('berlin', '2026-06-01 08:00', 4);
SAVEPOINT s;
UPDATE taskq_calendar_window SET closes = '10:00' WHERE calendar = 'berlin';
SELECT taskq_business_add('berlin', '2026-06-01 08:00', 4);
ROLLBACK TO s;
SELECT taskq_business_add('berlin', '2026-06-01 08:00', 4);
TABLE changed;
SET CONSTRAINTS ALL IMMEDIATE;
TABLE changed;
ROLLBACK;
SELECT taskq_business_add('berlin', '2026-06-01 08:00', 4);
TABLE changed;
-- splitting a window changes nothing; a label, or a holiday on a Sunday, does not either
UPDATE taskq_calendar_window SET closes = '11:11' WHERE calendar = 'berlin';
INSERT INTO taskq_calendar_window SELECT 'berlin', d, '11:11', '17:00' FROM generate_series(1, 5) d;
TABLE changed;
INSERT INTO taskq_calendar_window SELECT 'berlin', d, '10:00', '12:00' FROM generate_series(1, 5) d;
UPDATE taskq_holiday SET label = 'Noel' WHERE label = 'Christmas';
INSERT INTO taskq_holiday (list, day) VALUES ('berlin', '2026-06-07');
TABLE changed;
-- a list has calendars of which no other has anything; many rows in one statement
INSERT INTO taskq_holiday (list, day) SELECT 'berlin', '2027-01-04'::date + 7 * g FROM generate_series(0, 199) g;
TABLE changed;
DELETE FROM taskq_holiday WHERE list = 'berlin' AND NOT yearly;
TABLE changed;
UPDATE taskq_calendar SET timezone = 'Asia/Tokyo' WHERE name = 'berlin';
TABLE changed;
UPDATE taskq_calendar SET timezone = 'Europe/Berlin', holiday_lists = '{}' WHERE name = 'berlin';
TABLE changed;
UPDATE taskq_calendar SET holiday_lists = '{berlin}' WHERE name = 'berlin';
UPDATE taskq_calendar SET revision = NULL WHERE name = 'lists';
TABLE changed;
-- a calendar's name, and the end of it
UPDATE taskq_calendar SET name = 'Berlin' WHERE name = 'berlin';
SELECT taskq_business_add('Berlin', '2026-06-01 08:00', 4);
DELETE FROM taskq_calendar WHERE name = 'Berlin';
SELECT count(*) FROM taskq_calendar_window WHERE calendar ~* 'berlin';
-- as in a restore, revisions are data
BEGIN;
SET LOCAL check_function_bodies = off;
INSERT INTO taskq_calendar (name, timezone, revision, looked_at) VALUES ('restored', 'UTC', 7, '2020-01-01');
INSERT INTO taskq_calendar_window VALUES ('restored', 1, '09:00', '17:00');
COMMIT;
SELECT revision, looked_at FROM taskq_calendar WHERE name = 'restored';

-- every mistake, and what is said of it
CREATE FUNCTION mistake(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    hint text;
BEGIN
    EXECUTE statement;
    SET CONSTRAINTS ALL IMMEDIATE;
    RETURN 'none';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
    RETURN concat_ws(' | ', SQLSTATE || ' ' || SQLERRM, nullif(hint, ''));
END $$;
\pset format unaligned
\pset tuples_only
SELECT hours, mistake(format('SELECT taskq_calendar_set(%L, %L, %L)', 'x', 'UTC', hours)) FROM unnest(ARRAY[
    'Mon-Fri 9-17', 'Mon-Fri 25:00-26:00', 'Mon-Fri 09:00-24:01', 'Mon-Fri 09:60-10:00', 'Mon 09:00-12:00,11:00-13:00', 'Mon 22:00-06:00; Tue 05:00-07:00', 'Sun 22:00-06:00; Mon 05:00-07:00',
    'Fri-Mon 09:00-17:00', 'Sun-Tue 09:00-17:00', 'Mon 09:00-09:00', 'Mon 00:00-00:00', 'Mon 24:00-06:00', '', '  ', 'Mon-Fri 09:00-17:00 or so', 'Mon-Fri 09:00-17:00;', 'Mon,Mon 09:00-17:00',
    'Mon-Fri 09:00-17:00; Wed 18:00-19:00', 'Montag 09:00-17:00', '09:00-17:00', 'Mon', 'Mon 09:00', 'Mon 09:00-', 'Mon 09:00–17:00', 'Mon 09:00-17:00,', 'Mon 9:00-17:00 Tue 9:00-17:00', '24/7 or so', '24/6',
    'Mon 9:00:00-17:00', 'Mon 100:00-17:00']) hours;
SELECT statement, mistake(statement) FROM unnest(ARRAY[
    $$SELECT taskq_calendar_set('', 'UTC', '24/7')$$, $$SELECT taskq_calendar_set(repeat('x', 64), 'UTC', '24/7')$$, $$SELECT taskq_calendar_set('x', 'Europe/Bonn', '24/7')$$,
    $$SELECT taskq_calendar_set('x', 'UTC', '24/7', '{one,three}')$$, $$SELECT taskq_calendar_set('x', 'UTC', '24/7', '{NULL}')$$, $$SELECT taskq_calendar_set('x', 'UTC', NULL)$$,
    $$SELECT taskq_business_add('x', now(), 1)$$, $$SELECT taskq_business_add(repeat('x', 260), now(), 1)$$, $$SELECT taskq_business_add('lunch', 'infinity', 1)$$,
    $$SELECT taskq_business_add('lunch', now(), 'NaN')$$, $$SELECT taskq_business_add('lunch', now(), '-Infinity')$$, $$SELECT taskq_business_add('lunch', now(), 87600.1)$$,
    $$SELECT taskq_business_add('lunch', '294276-12-31', 87600)$$, $$SELECT taskq_business_add('lunch', '4714-11-25 BC', -87600)$$,
    $$SELECT taskq_business_hours('lunch', '-infinity', now())$$, $$SELECT taskq_business_hours('lunch', now(), 'infinity')$$, $$SELECT taskq_business_hours('x', now(), now())$$,
    $$SELECT taskq_business_day('lunch', 'infinity', 1)$$, $$SELECT taskq_business_day('lunch', '2026-06-01', 36501)$$, $$SELECT taskq_business_day('lunch', '5874897-01-01', 1)$$,
    $$SELECT taskq_business_day('x', '2026-06-01', 1)$$, $$SELECT * FROM taskq_calendar_spans('lunch', now(), 'infinity')$$,
    $$INSERT INTO taskq_calendar (name, timezone) VALUES ('x', 'Europe/Bonn')$$, $$INSERT INTO taskq_calendar_window VALUES ('lunch', 1, '18:00', '17:00')$$,
    $$INSERT INTO taskq_calendar_window VALUES ('lunch', 0, '18:00', '19:00')$$, $$INSERT INTO taskq_holiday (list, day, opens) VALUES ('x', '2026-06-01', '09:00')$$,
    $$INSERT INTO taskq_holiday (list, day) VALUES ('x', 'infinity')$$, $$INSERT INTO taskq_holiday (list, day) VALUES ('one', '2026-06-01')$$,
    $$INSERT INTO taskq_holiday (list, day, opens, closes) VALUES ('x', '2026-06-01', '10:00', '10:00')$$]) statement;
-- one that never opens, for ten years, or only once
INSERT INTO taskq_calendar (name, timezone, holiday_lists) VALUES ('never', 'UTC', '{}'), ('once', 'UTC', '{once}');
INSERT INTO taskq_holiday (list, day, opens, closes) VALUES ('once', '2026-06-01', '09:00', '10:00'), ('once', '2036-05-31', '09:00', '10:00'), ('once', '2047-01-01', '09:00', '10:00');
SELECT statement, mistake(statement) FROM unnest(ARRAY[
    $$SELECT taskq_business_add('never', '2026-06-01', 1)$$, $$SELECT taskq_business_add('never', '2026-06-01', -1)$$, $$SELECT taskq_business_day('never', '2026-06-01', 0)$$,
    $$SELECT taskq_business_day('never', '2026-06-01', -1)$$, $$SELECT taskq_business_add('once', '2036-05-31', 2)$$, $$SELECT taskq_business_add('once', '2026-01-01', -1)$$]) statement;
SELECT taskq_business_add('once', '2026-01-01', 2), taskq_business_add('once', '2047-01-01', -1), taskq_business_hours('never', '2000-01-01', '2100-01-01');
\pset format aligned
\pset tuples_only

DROP VIEW changed;
DROP TABLE before, deadline;
DROP FUNCTION mistake;
DROP EXTENSION taskq;
