-- A desk to look at: two years of closed work, what is at hand, teams, calendars,
-- policies, renewals, rules and schedules.  For "make console" and the screenshots;
-- run it in a database of its own.  Running it again changes nothing.
--
-- Closed tasks are inserted as an import would do it, stamps included: work comes in
-- on weekdays, more of it from month to month, and the summer of last year was bad.

\set ON_ERROR_STOP on
BEGIN;

CREATE TEMP TABLE seeding ON COMMIT DROP AS
SELECT NOT EXISTS (SELECT FROM taskq_task WHERE source = 'IMPORT') AS is_first;

-- Row i is a function of i and of today: the same desk every time.
CREATE FUNCTION pg_temp.pick(i integer, k integer, n integer) RETURNS integer LANGUAGE sql IMMUTABLE
RETURN abs(hashint4extended(i, k) % n)::integer;

INSERT INTO taskq_staff_member (id, name) VALUES
    ('sta_xyz789', 'Sam Okafor'), ('sta_maya', 'Maya Lindqvist'), ('sta_jonas', 'Jonas Weber'), ('sta_priya', 'Priya Nair'),
    ('sta_tomas', 'Tomás Rivera'), ('sta_aiko', 'Aiko Tanaka'), ('sta_elif', 'Elif Yılmaz'), ('sta_noor', 'Noor Haddad')
ON CONFLICT (id) DO NOTHING;
UPDATE taskq_staff_member SET away_until = taskq_today() + 6 WHERE id = 'sta_noor' AND (SELECT is_first FROM seeding);

INSERT INTO taskq_team (id, name) VALUES ('team_back', 'Back office'), ('team_phone', 'Telephone'), ('team_renew', 'Renewals')
ON CONFLICT (id) DO NOTHING;
INSERT INTO taskq_team_member (team_id, staff_id) VALUES
    ('team_back', 'sta_xyz789'), ('team_back', 'sta_maya'), ('team_back', 'sta_jonas'), ('team_back', 'sta_priya'),
    ('team_phone', 'sta_tomas'), ('team_phone', 'sta_aiko'), ('team_phone', 'sta_noor'),
    ('team_renew', 'sta_priya'), ('team_renew', 'sta_elif')
ON CONFLICT DO NOTHING;

INSERT INTO taskq_customer (id, name, assigned_agent_id)
SELECT 'cus_' || lpad(n::text, 3, '0'), name,
       ('{sta_xyz789,sta_maya,sta_jonas,sta_priya,sta_tomas,sta_aiko,sta_elif,sta_noor}'::text[])[1 + n % 8]
FROM unnest('{Abacus Trading Ltd,Bluewater Logistics,Cedar & Sons,Delphi Capital,Eastgate Clinic,Fjord Foods AS,Granite Works,
Harbour Lights Hotel,Ibex Outdoor,Juniper Textiles,Kestrel Aviation,Lumen Studio,Meridian Shipping,Northfield School,Orchid Pharma,
Pinecrest Homes,Quarry Lane Motors,Redwood Legal,Silverline Rail,Tidal Energy,Umbra Security,Vantage Events,Westbrook Farms,Zephyr Air,
Alder Bakery,Beacon Optics,Çınar Tekstil,Dune Travel,Ember Ceramics,Falcon Freight,Gökkuşağı Turizm,Hollow Oak Press,Iron Bridge Cycles,
İnci Mücevherat,Kelp & Co,Larkspur Dental,Mühlbach Papier,Nimbus Telecom,Ossian Distillers,Parkside Nursery}'::text[])
    WITH ORDINALITY AS c (name, n)
ON CONFLICT (id) DO NOTHING;

-- When the desk is open, and which SLA a task gets.
INSERT INTO taskq_holiday (list, day, yearly, label)
SELECT 'german', day, true, label
FROM (VALUES ('2000-01-01'::date, 'New Year'), ('2000-05-01', 'Labour Day'), ('2000-10-03', 'German Unity Day'),
             ('2000-12-25', 'Christmas Day'), ('2000-12-26', 'Second Christmas Day')) AS h (day, label)
ON CONFLICT DO NOTHING;
INSERT INTO taskq_holiday (list, day, yearly, opens, closes, label) VALUES
    ('german', '2000-12-24', true, '09:00', '12:00', 'Christmas Eve'), ('german', '2000-12-31', true, '09:00', '12:00', 'New Year''s Eve')
ON CONFLICT DO NOTHING;
SELECT taskq_calendar_set(name, 'Europe/Berlin', hours, '{german}')
FROM (VALUES ('back office', 'Mon-Fri 09:00-17:00'), ('telephone', 'Mon-Fri 08:00-12:30,13:30-19:00; Sat 10:00-14:00')) AS c (name, hours)
WHERE NOT EXISTS (SELECT FROM taskq_calendar t WHERE t.name = c.name);

INSERT INTO taskq_sla_policy (name, kind, priority, calendar, response_hours, sla_hours, warn_percents) VALUES
    ('Documents', 'DOCUMENT_REVIEW', NULL, 'back office', 4, 24, '{75}'),
    ('Documents, urgent', 'DOCUMENT_REVIEW', 'URGENT', 'back office', 1, 8, '{50,75}'),
    ('Enquiries', 'ENQUIRY', NULL, 'telephone', 2, 16, '{75}'),
    ('Everything else', NULL, NULL, 'back office', NULL, 40, '{}')
ON CONFLICT DO NOTHING;

-- What comes in, by number: n of 15.
CREATE TEMP TABLE work (n integer GENERATED ALWAYS AS IDENTITY, title text, kind text, hours float8, response float8, calendar text, team text, staff text[]) ON COMMIT DROP;
INSERT INTO work (title, kind, hours, response, calendar, team, staff)
SELECT title, kind, hours, response, calendar, team, staff
FROM (VALUES
    (1, 'ENQUIRY', 16.0, 2.0, 'telephone', 'team_phone', '{sta_tomas,sta_aiko,sta_noor}'::text[],
     '{Chase outstanding bank statement,Answer the auditor,Call back about the invoice,Prepare the onboarding call}'::text[]),
    (2, 'DOCUMENT_REVIEW', 24, 4, 'back office', 'team_back', '{sta_xyz789,sta_maya,sta_jonas,sta_priya}',
     '{Verify proof of address,Check passport copy,Review loan application,Translate the certificate}'),
    (3, 'PERMIT', 40, NULL, 'back office', 'team_renew', '{sta_priya,sta_elif}', '{Renew residence permit,File for the work permit}'),
    (4, NULL, 40, NULL, 'back office', 'team_back', '{sta_xyz789,sta_maya,sta_jonas,sta_priya}',
     '{Collect the signed contract,Send the annual statement,Update beneficial owners,Return the security deposit,Confirm the new signatory}')
) AS k (k, kind, hours, response, calendar, team, staff, titles), unnest(titles) WITH ORDINALITY AS t (title, o)
ORDER BY k, o;

CREATE TEMP TABLE task ON COMMIT DROP AS
SELECT i, w.title, w.kind, w.hours, w.response, w.calendar, w.team, w.staff[1 + pg_temp.pick(i, 5, cardinality(w.staff))] AS assignee,
    ('{LOW,MEDIUM,MEDIUM,MEDIUM,HIGH,HIGH,URGENT}'::taskq_priority[])[1 + pg_temp.pick(i, 2, 7)] AS priority,
    'cus_' || lpad((1 + pg_temp.pick(i, 6, 40) * pg_temp.pick(i, 12, 100) / 100)::text, 3, '0') AS customer,
    pg_temp.pick(i, 7, 1000) / 1000.0 AS x, pg_temp.pick(i, 8, 1000) / 1000.0 AS y
FROM generate_series(1, 5600) AS i JOIN work w ON w.n = 1 + pg_temp.pick(i, 3, 15)
WHERE (SELECT is_first FROM seeding);

-- Two years of closed work, the latest weeks the fullest.  Each was done after some
-- share of its open hours; late are more of them in the summer of last year, and of
-- the one who has too much to do.
CREATE TEMP TABLE closed ON COMMIT DROP AS
SELECT c.*, taskq_business_add(calendar, created, hours) AS due,
    taskq_business_add(calendar, created, hours * share) AS finished,
    taskq_business_add(calendar, created, least(coalesce(response, 3) * (0.1 + 1.05 * y), hours * share * 0.8)) AS started
FROM (
    SELECT t.*, d.created, CASE WHEN x < chance THEN 1.05 + 0.9 * y ELSE 0.15 + 0.8 * y END AS share
    FROM task t
    CROSS JOIN LATERAL (SELECT taskq_today() - 2 - (728 * (1 - sqrt((i - 150) / 5450.0)))::integer AS day) a
    CROSS JOIN LATERAL (
        SELECT (CASE extract(isodow FROM day) WHEN 6 THEN day - 1 WHEN 7 THEN day - 2 ELSE day END)::timestamp
                   + interval '9 hours' + interval '1 minute' * pg_temp.pick(i, 9, 450) AS local) b
    CROSS JOIN LATERAL (
        SELECT local AT TIME ZONE 'Europe/Berlin' AS created,
            0.07 + CASE WHEN local BETWEEN date_trunc('year', now()) - interval '7 months' AND date_trunc('year', now()) - interval '4 months' THEN 0.22 ELSE 0 END
                 + CASE WHEN assignee = 'sta_jonas' THEN 0.09 ELSE 0 END AS chance) d
    WHERE i > 150) c;
DELETE FROM closed WHERE finished > now() - interval '10 minutes';

INSERT INTO taskq_task (title, priority, status, due_date, sla_hours, assignee_id, user_id, source, kind, team_id, labels,
                        sla_calendar, response_hours, sla_due_at, sla_at_risk_at, response_due_at, sla_breached_at, sla_first_breached_at, response_breached_at,
                        sla_hours_used, response_hours_used, created_at, created_by, started_at, completed_at, cancelled_at, updated_at)
SELECT title, priority, CASE WHEN i % 17 = 0 THEN 'CANCELLED' ELSE 'COMPLETED' END::taskq_status, (due + interval '1 day')::date, hours, assignee, customer, 'IMPORT', kind, team,
       CASE WHEN i % 9 = 0 THEN '{vip}'::text[] END,
       calendar, response, due, created + (due - created) * 0.8, r.at,
       CASE WHEN finished > due THEN due END, CASE WHEN finished > due THEN due END, CASE WHEN started > r.at THEN r.at END,
       hours * share, CASE WHEN response IS NOT NULL THEN least(response * (0.1 + 1.05 * y), hours * share * 0.8) END,
       created, assignee, started, CASE WHEN i % 17 > 0 THEN finished END, CASE WHEN i % 17 = 0 THEN finished END, finished
FROM closed CROSS JOIN LATERAL (SELECT CASE WHEN response IS NOT NULL THEN taskq_business_add(calendar, created, response) END AS at) r;

-- What was done to those of the last weeks.
INSERT INTO taskq_task_event (task_id, at, actor, kind, from_status, to_status, note)
SELECT t.id, e.at, t.assignee_id, e.kind, e.from_status, e.to_status, e.note
FROM taskq_task t
CROSS JOIN LATERAL (VALUES
    (1, t.started_at, 'started', 'OPEN'::taskq_status, 'IN_PROGRESS'::taskq_status, NULL),
    (2, t.started_at + (t.updated_at - t.started_at) / 2, CASE WHEN t.id % 3 = 0 THEN 'commented' END, 'IN_PROGRESS', 'IN_PROGRESS', 'Called, and sent them the list: https://example.org/letters/' || t.id),
    (3, t.updated_at, lower(t.status::text), 'IN_PROGRESS', t.status, CASE WHEN t.cancelled_at IS NOT NULL THEN 'Asked for twice' END)
) AS e (n, at, kind, from_status, to_status, note)
WHERE t.source = 'IMPORT' AND t.updated_at > now() - interval '45 days' AND e.kind IS NOT NULL AND (SELECT is_first FROM seeding)
  AND NOT EXISTS (SELECT FROM taskq_task_event x WHERE x.task_id = t.id)
ORDER BY t.updated_at, t.id, e.n;

-- What is at hand: open, begun, and overdue.
INSERT INTO taskq_task (title, description, priority, status, due_date, sla_hours, assignee_id, user_id, source, kind, team_id, labels, attributes,
                        sla_calendar, response_hours, sla_from, created_at, created_by, started_at, updated_at)
SELECT title, CASE WHEN i % 4 = 0 THEN 'The customer has been told by letter; see https://example.org/letters/' || i || ' for what was sent.' END,
       priority, s.status, d.due,
       hours, CASE WHEN i % 6 > 0 OR s.status = 'IN_PROGRESS' THEN assignee END, customer, 'IMPORT', kind, team,
       CASE WHEN i % 7 = 0 THEN '{vip}'::text[] WHEN i % 11 = 0 THEN '{bank,waiting}' END, CASE WHEN i % 5 = 0 THEN jsonb_build_object('policy', 'P-' || 4000 + i) END,
       calendar, response, NULL, c.created, assignee,
       CASE WHEN s.status = 'IN_PROGRESS' OR s.status = 'OVERDUE' AND i % 2 = 0 THEN c.created + (now() - c.created) * 0.1 * (1 + 8 * y) END, now()
FROM task
CROSS JOIN LATERAL (SELECT CASE WHEN i <= 88 THEN 'OPEN' WHEN i <= 128 THEN 'IN_PROGRESS' ELSE 'OVERDUE' END::taskq_status AS status) s
CROSS JOIN LATERAL (SELECT taskq_today() + CASE WHEN s.status = 'OVERDUE' THEN -1 - pg_temp.pick(i, 10, 8) WHEN i % 8 = 0 THEN 0 ELSE pg_temp.pick(i, 10, 21) END AS due) d
CROSS JOIN LATERAL (SELECT CASE WHEN s.status = 'OVERDUE' THEN d.due - interval '1 day' * (1 + 4 * y) + interval '10 hours'
                                ELSE now() - interval '1 hour' * (0.2 + 70 * x * x) END AS created) c
WHERE i <= 150;

SELECT count(taskq_pause(id, CASE id % 4 WHEN 0 THEN 'Waits for the customer''s signature' WHEN 1 THEN 'The bank answers on Monday'
        WHEN 2 THEN 'The embassy has the passport; they return it together with the translation, and the notary wants to see both before the file can be closed' END,
    CASE WHEN id % 2 = 0 THEN taskq_day_start(taskq_today() + 1 + (id % 5)::integer) + interval '9 hours' END, actor => assignee_id))
FROM taskq_task
WHERE source = 'IMPORT' AND completed_at IS NULL AND cancelled_at IS NULL AND id % 12 = 0 AND (SELECT is_first FROM seeding);

-- What expires, what recurs, and what happens by itself.
INSERT INTO taskq_renewal (user_id, service_type, due_date, reference, every)
SELECT 'cus_' || lpad(n::text, 3, '0'), ('{residence permit,trade licence,liability insurance,work permit}'::text[])[1 + n % 4],
       taskq_today() + (n * 37 % 190) - 4, 'R-' || 4000 + n, CASE WHEN n % 4 > 0 THEN interval '1 year' END
FROM generate_series(1, 40) AS n
WHERE NOT EXISTS (SELECT FROM taskq_renewal WHERE reference LIKE 'R-4%');

INSERT INTO taskq_schedule (name, title_template, starts_on, every, business_day, calendar, lead_days, priority, team_id) VALUES
    ('Monthly statements', 'Send the statements of {{month}}', (date_trunc('month', now()) + interval '1 month')::date, '1 month', 'NEXT', 'back office', 5, 'MEDIUM', 'team_back'),
    ('Quarterly audit', 'Prepare the files for the auditor, {{date}}', (date_trunc('quarter', now()) + interval '3 months')::date, '3 months', 'PREVIOUS', 'back office', 14, 'HIGH', 'team_back')
ON CONFLICT DO NOTHING;

INSERT INTO taskq_workflow_rule (name, event, condition, action, title_template, priority, due_in_days, calendar, team_id, assignee_strategy, dedupe_key) VALUES
    ('A rejected document is asked for again', 'document.changed', '$.new.status == "REJECTED"', 'CREATE_TASK', 'Ask for {{new.name}} again', 'HIGH', 2, 'back office', 'team_back', 'LEAST_LOADED', 'document {{new.id}}'),
    ('What is about to breach becomes urgent', 'task.sla_at_risk', NULL, 'ESCALATE', NULL, 'URGENT', NULL, NULL, NULL, NULL, NULL)
ON CONFLICT DO NOTHING;

COMMIT;

SELECT count(*) FROM taskq_renewals_refresh();
ANALYZE taskq_task;
