-- A desk to look at: staff, customers, and some hundred tasks of the last weeks
-- and the next.  For "make console" and the screenshots; run it in an empty
-- database or in the demo's.  Running it again changes nothing.
--
-- Closed tasks are inserted as an import would do it: stamps included.

\set ON_ERROR_STOP on
BEGIN;

INSERT INTO taskq_staff_member (id, name) VALUES
    ('sta_xyz789', 'Sam Okafor'),
    ('sta_maya', 'Maya Lindqvist'),
    ('sta_jonas', 'Jonas Weber'),
    ('sta_priya', 'Priya Nair'),
    ('sta_tomas', 'Tomás Rivera'),
    ('sta_aiko', 'Aiko Tanaka')
ON CONFLICT (id) DO NOTHING;

INSERT INTO taskq_customer (id, name, assigned_agent_id)
SELECT 'cus_' || lpad(n::text, 3, '0'), name,
       ('{sta_xyz789,sta_maya,sta_jonas,sta_priya,sta_tomas,sta_aiko}'::text[])[1 + n % 6]
FROM unnest('{Abacus Trading Ltd,Bluewater Logistics,Cedar & Sons,Delphi Capital,Eastgate Clinic,Fjord Foods AS,Granite Works,
Harbour Lights Hotel,Ibex Outdoor,Juniper Textiles,Kestrel Aviation,Lumen Studio,Meridian Shipping,Northfield School,Orchid Pharma,
Pinecrest Homes,Quarry Lane Motors,Redwood Legal,Silverline Rail,Tidal Energy,Umbra Security,Vantage Events,Westbrook Farms,Zephyr Air}'::text[])
    WITH ORDINALITY AS c (name, n)
ON CONFLICT (id) DO NOTHING;

-- Row i is a function of i and of today: the same desk every time.
CREATE FUNCTION pg_temp.pick(i integer, k integer, n integer) RETURNS integer LANGUAGE sql IMMUTABLE
RETURN abs(hashint4extended(i, k) % n)::integer;

CREATE TEMP TABLE seeding ON COMMIT DROP AS
SELECT NOT EXISTS (SELECT FROM taskq_task WHERE source = 'IMPORT') AS is_first;

WITH task AS (
    SELECT i,
        pg_temp.pick(i, 1, 100) AS fate,
        ('{LOW,MEDIUM,MEDIUM,MEDIUM,HIGH,HIGH,URGENT}'::taskq_priority[])[1 + pg_temp.pick(i, 2, 7)] AS priority,
        ('{Chase outstanding bank statement,Review loan application,Verify proof of address,Collect the signed contract,
Answer the auditor,Renew residence permit,Check passport copy,Send the annual statement,Call back about the invoice,Update beneficial owners,
Prepare the onboarding call,Return the security deposit,Confirm the new signatory,Translate the certificate,File the tax return}'::text[])
            [1 + pg_temp.pick(i, 3, 15)] AS title,
        ('{4,8,24,24,48,72,120}'::float8[])[1 + pg_temp.pick(i, 4, 7)] AS sla_hours,
        ('{sta_xyz789,sta_maya,sta_jonas,sta_priya,sta_tomas,sta_aiko}'::text[])[1 + pg_temp.pick(i, 5, 6)] AS assignee,
        'cus_' || lpad((1 + pg_temp.pick(i, 6, 24))::text, 3, '0') AS customer,
        pg_temp.pick(i, 7, 1000) / 1000.0 AS x
    FROM generate_series(1, 640) AS i
    WHERE (SELECT is_first FROM seeding)
), closed AS (
    SELECT *, now() - interval '1 day' * (2 + 80 * (i % 97) / 97.0) - interval '1 hour' * pg_temp.pick(i, 8, 24) AS created,
        interval '1 hour' * sla_hours * CASE WHEN x < 0.80 + i % 97 * -0.0015 THEN 0.2 + 0.75 * x ELSE 1.1 + x / 2 END AS took
    FROM task WHERE i > 140
)
INSERT INTO taskq_task (title, priority, status, due_date, sla_hours, assignee_id, user_id, source,
                        created_at, created_by, started_at, completed_at, cancelled_at, updated_at)
SELECT title, priority, 'OPEN', taskq_today() + pg_temp.pick(i, 9, 24),
       CASE WHEN x < 0.75 THEN sla_hours + 6 * pg_temp.pick(i, 11, 9) END, CASE WHEN fate % 6 > 0 THEN assignee END, customer, 'IMPORT',
       now() - interval '1 hour' * (0.2 + 4 * x), assignee, NULL::timestamptz, NULL::timestamptz, NULL::timestamptz, now()
FROM task WHERE i <= 84
UNION ALL
SELECT title, priority, CASE WHEN i <= 122 THEN 'IN_PROGRESS' ELSE 'OVERDUE' END::taskq_status,
       taskq_today() + CASE WHEN i <= 122 THEN pg_temp.pick(i, 9, 9) ELSE -1 - pg_temp.pick(i, 9, 8) END,
       sla_hours + 24, assignee, customer, 'IMPORT',
       now() - interval '1 day' * (0.3 + 2.5 * x), assignee,
       CASE WHEN i <= 122 OR i % 2 = 0 THEN now() - interval '2 hours' * x END, NULL, NULL, now()
FROM task WHERE i BETWEEN 85 AND 140
UNION ALL
SELECT title, priority, CASE WHEN fate < 93 THEN 'COMPLETED' ELSE 'CANCELLED' END::taskq_status,
       (created + interval '4 days')::date, sla_hours, assignee, customer, 'IMPORT',
       created, assignee, created + took / 3,
       CASE WHEN fate < 93 THEN created + took END, CASE WHEN fate >= 93 THEN created + took END, created + took
FROM closed;

-- Two calendars, and a third of the active tasks in business time, some of them paused.
INSERT INTO taskq_holiday (list, day, yearly, label) VALUES
    ('german', '2000-01-01', true, 'New Year'), ('german', '2000-05-01', true, 'Labour Day'), ('german', '2000-10-03', true, 'German Unity Day'),
    ('german', '2000-12-25', true, 'Christmas Day'), ('german', '2000-12-26', true, 'Second Christmas Day')
ON CONFLICT DO NOTHING;
INSERT INTO taskq_holiday (list, day, yearly, opens, closes, label) VALUES
    ('german', '2000-12-24', true, '09:00', '12:00', 'Christmas Eve'), ('german', '2000-12-31', true, '09:00', '12:00', 'New Year''s Eve')
ON CONFLICT DO NOTHING;
SELECT taskq_calendar_set(name, 'Europe/Berlin', hours, '{german}')
FROM (VALUES ('back office', 'Mon-Fri 09:00-17:00'), ('telephone', 'Mon-Fri 08:00-12:30,13:30-19:00; Sat 10:00-14:00')) AS c (name, hours)
WHERE NOT EXISTS (SELECT FROM taskq_calendar t WHERE t.name = c.name);

UPDATE taskq_task
SET kind = CASE WHEN title ~ '^(Check|Verify|Translate|Review)' THEN 'DOCUMENT_REVIEW' WHEN title ~ '^(Call|Answer|Chase)' THEN 'ENQUIRY' END
WHERE source = 'IMPORT' AND completed_at IS NULL AND cancelled_at IS NULL AND (SELECT is_first FROM seeding);
UPDATE taskq_task
SET sla_calendar = CASE WHEN kind = 'ENQUIRY' THEN 'telephone' ELSE 'back office' END, response_hours = 2, sla_from = created_at - interval '1 day' * (id % 4)
WHERE source = 'IMPORT' AND completed_at IS NULL AND cancelled_at IS NULL AND sla_hours IS NOT NULL AND id % 3 = 0 AND (SELECT is_first FROM seeding);
SELECT count(taskq_pause(id, CASE id % 4 WHEN 0 THEN 'Waits for the customer''s signature' WHEN 1 THEN 'The bank answers on Monday'
        WHEN 2 THEN 'The embassy has the passport; they return it together with the translation, and the notary wants to see both before the file can be closed' END,
    CASE WHEN id % 2 = 0 THEN taskq_day_start(taskq_today() + 1 + (id % 5)::integer) + interval '9 hours' END))
FROM taskq_task
WHERE source = 'IMPORT' AND completed_at IS NULL AND cancelled_at IS NULL AND id % 11 = 0 AND (SELECT is_first FROM seeding);

INSERT INTO taskq_renewal (user_id, service_type, due_date, reference)
SELECT 'cus_' || lpad(n::text, 3, '0'), ('{residence permit,trade licence,liability insurance}'::text[])[1 + n % 3],
       taskq_today() + (n * 37 % 160) - 3, 'R-' || 4000 + n
FROM generate_series(1, 24) AS n
WHERE NOT EXISTS (SELECT FROM taskq_renewal WHERE reference LIKE 'R-4%');

COMMIT;
