-- What every contender's database has: schema bench, a directory of 1,000
-- staff and 80,000 customers, and the tasks' generator.  Row i is a function of i alone,
-- so that all contenders hold the same tasks whatever the order or the day.
CREATE EXTENSION taskq;
CREATE SCHEMA bench;

INSERT INTO taskq_staff_member
SELECT 'sta_' || i, 'Staff member ' || i FROM generate_series(1, 1000) i;
INSERT INTO taskq_customer
SELECT 'cus_' || i, 'Customer ' || i || ' Ltd', 'sta_' || 1 + i % 1000 FROM generate_series(1, 80000) i;

-- A number in [0, 1) that depends on i and k.
CREATE FUNCTION bench.h(i bigint, k integer) RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (hashint8extended(i, k) & 1073741823) / 1073741824.0::double precision;

-- A member of staff; some have several times as many tasks as others.
CREATE FUNCTION bench.staff(x double precision) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 'sta_' || 1 + floor(1000 * power(x, 1.5))::integer;

CREATE FUNCTION bench.priority(x double precision) RETURNS taskq_priority LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN x < 0.20 THEN 'LOW' WHEN x < 0.70 THEN 'MEDIUM' WHEN x < 0.92 THEN 'HIGH' ELSE 'URGENT' END::taskq_priority;

CREATE FUNCTION bench.title(i bigint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ('{Chase,Review,Renew,Check,Collect,Confirm,Prepare,Answer}'::text[])[1 + floor(8 * bench.h(i, 11))::integer]
    || ' ' || ('{outstanding,annual,missing,expired,new,second}'::text[])[1 + floor(6 * bench.h(i, 12))::integer]
    || ' ' || ('{bank statement,permit,policy,passport copy,proof of address,tax return,contract,invoice}'::text[])[1 + floor(8 * bench.h(i, 13))::integer]
    || ' ' || i;

-- Rows of taskq_task without the id.  "share" of them are active; of these
-- "groups" x "per_group" (0 = none) fall due on successive days from today on
-- and are stored as if nobody had looked since (what a sweep works on).
CREATE FUNCTION bench.tasks(first bigint, last bigint, share double precision, today date, groups integer, per_group integer)
RETURNS TABLE (id bigint, title text, description text, priority taskq_priority, status taskq_status, due_date date,
    sla_hours double precision, assignee_id text, user_id text, source text, dedupe_key text, created_at timestamptz,
    created_by text, started_at timestamptz, completed_at timestamptz, cancelled_at timestamptz, updated_at timestamptz,
    sla_due_at timestamptz, sla_at_risk_at timestamptz, sla_breached_at timestamptz, sla_first_breached_at timestamptz)
LANGUAGE sql STABLE ROWS 1000000 AS $$
SELECT i, bench.title(i),
    CASE WHEN bench.h(i, 2) < 0.6 THEN repeat('The customer has been asked and has not answered. ', 1 + (i % 3)::integer) END,
    bench.priority(bench.h(i, 3)),
    CASE WHEN phase = 2 THEN 'COMPLETED' WHEN phase = 3 THEN 'CANCELLED' WHEN grp = 0 AND due < today THEN 'OVERDUE'
        WHEN phase = 1 THEN 'IN_PROGRESS' ELSE 'OPEN' END::taskq_status,
    due, hours,
    CASE WHEN bench.h(i, 5) >= CASE WHEN phase = 0 THEN 0.2 ELSE 0.02 END THEN bench.staff(bench.h(i, 6)) END,
    CASE WHEN bench.h(i, 7) < 0.9 THEN 'cus_' || 1 + floor(80000 * bench.h(i, 8))::integer END,
    CASE WHEN bench.h(i, 9) < 0.7 THEN 'MANUAL' WHEN bench.h(i, 9) < 0.85 THEN 'RENEWAL' WHEN bench.h(i, 9) < 0.999 THEN 'IMPORT' ELSE 'PHONE' END,
    CASE WHEN bench.h(i, 10) < 0.05 THEN 'key-' || i END,
    created, 'sta_' || 1 + i % 1000,
    CASE WHEN phase IN (1, 2) THEN created + interval '1 hour' END,
    CASE WHEN phase = 2 THEN ended END, CASE WHEN phase = 3 THEN ended END,
    coalesce(CASE WHEN phase >= 2 THEN ended END, created),
    sla_due, created + 0.8 * (sla_due - created),
    breached, breached
FROM generate_series(first, last) AS i,
LATERAL (SELECT CASE WHEN bench.h(i, 1) >= share THEN 0
        WHEN bench.h(i, 20) * share * (last - first + 1) < groups::double precision * per_group THEN 1 + floor(groups * bench.h(i, 21))::integer
        ELSE 0 END AS grp,
    CASE WHEN bench.h(i, 1) < share THEN CASE WHEN bench.h(i, 14) < 0.7 THEN 0 ELSE 1 END
        ELSE CASE WHEN bench.h(i, 14) < 0.88 THEN 2 ELSE 3 END END AS phase) AS p,
LATERAL (SELECT today::timestamp AT TIME ZONE 'UTC' - interval '1 day' * CASE WHEN phase <= 1 THEN 0.05 + 20 * bench.h(i, 15) ELSE 2 + 728 * bench.h(i, 15) END AS created,
    CASE WHEN bench.h(i, 16) < 0.4 THEN ('{240,480,600,720,1440}'::double precision[])[1 + floor(5 * bench.h(i, 17))::integer] END AS hours) AS c,
LATERAL (SELECT created + hours * interval '1 hour' AS sla_due,
    least(statement_timestamp(), created + interval '2 hours' + bench.h(i, 18) * least(interval '30 days', today::timestamp AT TIME ZONE 'UTC' + interval '12 hours' - created)) AS ended,
    CASE WHEN grp > 0 THEN today + grp - 1
        WHEN groups > 0 AND phase <= 1 THEN today + 100 + floor(200 * bench.h(i, 19))::integer
        WHEN bench.h(i, 22) < 0.1 THEN NULL
        WHEN phase <= 1 THEN today - 5 + floor(60 * bench.h(i, 19))::integer
        ELSE created::date + 20 END AS due) AS d,
LATERAL (SELECT CASE WHEN sla_due < coalesce(CASE WHEN phase >= 2 THEN ended END, statement_timestamp()) THEN sla_due + interval '1 second' END AS breached) AS b
$$;
