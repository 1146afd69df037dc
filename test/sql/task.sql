-- What a row may hold, whoever writes it.
CREATE EXTENSION taskq;
\set SHOW_CONTEXT never
\set VERBOSITY terse
-- titles
SELECT t.what, taskq_title_is_valid(t.title) AS valid FROM (VALUES
    ('one character', 'x'), ('200 characters', repeat('ü', 200)), ('201 characters', repeat('ü', 201)),
    ('1,000,000 characters', repeat('x', 1000000)), ('empty', ''), ('blanks', '   '),
    ('Unicode blanks', U&'\00A0\2003\200B'), ('line break', E'a\nb'), ('tab', E'a\tb'), ('escape', E'a\x1b[31m'),
    ('C1 control', U&'a\0085b'), ('right-to-left override', U&'a\202Eb'), ('right-to-left mark', U&'a\200Fb'),
    ('isolate', U&'a\2066b'), ('Hebrew', U&'\05E9\05DC\05D5\05DD'), ('emoji', U&'\+01F600'), ('NUL written out', 'a\0b')) t(what, title);
-- CHECKs by their names
INSERT INTO taskq_task (title) VALUES ('');
INSERT INTO taskq_task (title, description) VALUES ('x', repeat('d', 65537));
INSERT INTO taskq_task (title, sla_hours) VALUES ('x', 0);
INSERT INTO taskq_task (title, sla_hours) VALUES ('x', 'NaN');
INSERT INTO taskq_task (title, sla_hours) VALUES ('x', 'Infinity');
INSERT INTO taskq_task (title, sla_hours) VALUES ('x', 1e300);
INSERT INTO taskq_task (title, due_date) VALUES ('x', 'infinity');
INSERT INTO taskq_task (title, due_date) VALUES ('x', '-infinity');
INSERT INTO taskq_task (title, due_date) VALUES ('x', '5874897-12-31');
INSERT INTO taskq_task (title, source) VALUES ('x', '');
INSERT INTO taskq_task (title, dedupe_key) VALUES ('x', '');
INSERT INTO taskq_task (title, status) VALUES ('x', 'COMPLETED');
INSERT INTO taskq_task (title, status) VALUES ('x', 'CANCELLED');
INSERT INTO taskq_task (title, status) VALUES ('x', 'IN_PROGRESS');
INSERT INTO taskq_task (title, started_at) VALUES ('x', now());
INSERT INTO taskq_task (title, status) VALUES ('x', 'OVERDUE');
INSERT INTO taskq_task (title, sla_due_at) VALUES ('x', now());
INSERT INTO taskq_task (title, assignee_id) VALUES ('x', 'nobody');
-- stamps are finite and in order; a deadline may be infinity: never
INSERT INTO taskq_task (title, created_at) VALUES ('x', 'infinity');
INSERT INTO taskq_task (title, created_at) VALUES ('x', '-infinity');
INSERT INTO taskq_task (title, updated_at) VALUES ('x', 'infinity');
INSERT INTO taskq_task (title, status, started_at) VALUES ('x', 'IN_PROGRESS', '2020-01-01');
INSERT INTO taskq_task (title, status, started_at, completed_at) VALUES ('x', 'COMPLETED', '2020-01-01', '2020-01-01');
INSERT INTO taskq_task (title, status, created_at, started_at, completed_at) VALUES ('x', 'COMPLETED', '2020-01-01', '2020-01-03', '2020-01-02');
INSERT INTO taskq_task (title, status, created_at, started_at, completed_at) VALUES ('x', 'COMPLETED', '2020-01-01', '2020-01-01', 'infinity');
INSERT INTO taskq_task (title, status, created_at, cancelled_at) VALUES ('x', 'CANCELLED', '2020-01-02', '2020-01-01');
INSERT INTO taskq_task (title, sla_hours, sla_breached_at) VALUES ('x', 1, 'infinity');
INSERT INTO taskq_task (title, sla_hours, sla_due_at) VALUES ('x', 1, '-infinity');
INSERT INTO taskq_task (title, sla_hours, sla_at_risk_at) VALUES ('x', 1, '-infinity');
BEGIN;
INSERT INTO taskq_task (title, status, created_at, started_at, completed_at) VALUES ('at once', 'COMPLETED', '2020-01-01', '2020-01-01', '2020-01-01'), ('to come', 'COMPLETED', '2999-01-01', '2999-01-01', '2999-01-02');
INSERT INTO taskq_task (title, sla_hours, sla_due_at, sla_at_risk_at) VALUES ('never', 1, 'infinity', 'infinity'), ('never', 1, 'infinity', NULL);
SELECT title, sla_due_at, sla_at_risk_at FROM taskq_task WHERE sla_hours IS NOT NULL ORDER BY id;
-- now() is a moment ago by then: a task is not created after it was begun
INSERT INTO taskq_task (title, status, started_at) VALUES ('by now', 'IN_PROGRESS', now()) RETURNING created_at = now() AS by_now;
INSERT INTO taskq_task (title, status, started_at) VALUES ('before', 'IN_PROGRESS', now() - interval '1 second');
ROLLBACK;
-- a NULL means the default, as it is now
BEGIN;
INSERT INTO taskq_task (title, priority, status, source, created_at, updated_at, sla_hours) VALUES ('nulls', NULL, NULL, NULL, NULL, NULL, 2)
RETURNING priority, status, source, created_at = statement_timestamp() AS created, updated_at = statement_timestamp() AS updated, sla_due_at - created_at AS sla;
COPY taskq_task (title, priority, status, source, created_at, updated_at) FROM stdin;
copied	\N	\N	\N	\N	\N
\.
SELECT priority, status, source, created_at = updated_at AS same FROM taskq_task WHERE title = 'copied';
ALTER TABLE taskq_task ALTER priority SET DEFAULT 'HIGH', ALTER source SET DEFAULT upper('phone'), ALTER created_at DROP DEFAULT;
INSERT INTO taskq_task (title, priority, source, created_at) VALUES ('theirs', NULL, NULL, now()) RETURNING priority, source;
INSERT INTO taskq_task (title, created_at) VALUES ('theirs', NULL);
ROLLBACK;
INSERT INTO taskq_task (title) VALUES (NULL);
-- a CHECK's function says what its expression would
SELECT count(*) FILTER (WHERE taskq_completed_is_valid(status, at) IS DISTINCT FROM ((status = 'COMPLETED') = (at IS NOT NULL))) AS completed,
    count(*) FILTER (WHERE taskq_cancelled_is_valid(status, at) IS DISTINCT FROM ((status = 'CANCELLED') = (at IS NOT NULL))) AS cancelled,
    count(*) FILTER (WHERE taskq_started_is_valid(status, at) IS DISTINCT FROM CASE WHEN status = 'OPEN' THEN at IS NULL
        WHEN status IN ('IN_PROGRESS', 'COMPLETED') THEN at IS NOT NULL ELSE true END) AS started,
    count(*) FILTER (WHERE taskq_overdue_is_valid(status, at::date) IS DISTINCT FROM (status <> 'OVERDUE' OR at IS NOT NULL)) AS overdue,
    count(*) AS of
FROM unnest(enum_range(NULL::taskq_status)) status, (VALUES (now()), (NULL)) a(at);
SELECT count(*) FILTER (WHERE taskq_sla_stamps_are_valid(hours, due, risk, breached) IS DISTINCT FROM
        ((hours IS NULL) = (due IS NULL) AND (due IS NULL) = (risk IS NULL) AND (due IS NOT NULL OR breached IS NULL))) AS sla_stamps, count(*) AS of
FROM (VALUES (1), (NULL)) h(hours), (VALUES (now()), (NULL)) d(due), (VALUES (now()), (NULL)) r(risk), (VALUES (now()), (NULL)) b(breached);
SELECT count(*) FILTER (WHERE taskq_stamps_are_valid(c, s, o, x, u, b, d, r) IS DISTINCT FROM
        (isfinite(c) AND coalesce(isfinite(s), true) AND coalesce(isfinite(o), true) AND coalesce(isfinite(x), true) AND isfinite(u) AND coalesce(isfinite(b), true) AND d IS DISTINCT FROM '-infinity' AND r IS DISTINCT FROM '-infinity'
         AND c <= coalesce(s, c) AND greatest(c, s) <= coalesce(o, x, greatest(c, s)))) AS stamps, count(*) AS of
FROM unnest('{2020-01-01,2020-01-02,infinity,-infinity}'::timestamptz[]) c, unnest('{2020-01-01,2020-01-02,2020-01-03,infinity,-infinity,NULL}'::timestamptz[]) s,
    unnest('{2020-01-01,2020-01-02,2020-01-03,infinity,-infinity,NULL}'::timestamptz[]) o, unnest('{2020-01-01,2020-01-02,2020-01-03,infinity,NULL}'::timestamptz[]) x,
    unnest('{2019-01-01,infinity}'::timestamptz[]) u, unnest('{2019-01-01,-infinity,NULL}'::timestamptz[]) b,
    unnest('{2019-01-01,infinity,-infinity,NULL}'::timestamptz[]) d, unnest('{infinity,-infinity,NULL}'::timestamptz[]) r
WHERE o IS NULL OR x IS NULL;
SELECT n AS characters, taskq_description_is_valid(repeat('ü', n)) AS description, taskq_source_is_valid(repeat('ü', n)) AS source,
    taskq_dedupe_key_is_valid(repeat('ü', n)) AS dedupe_key
FROM unnest('{0,1,63,64,255,256,65536,65537}'::int[]) n;
SELECT day, taskq_due_date_is_valid(day) AS valid FROM unnest('{-infinity,0001-12-31 BC,0001-01-01,9999-12-31,10000-01-01,infinity}'::date[]) day;
SELECT hours, taskq_sla_hours_is_valid(hours) AS valid FROM unnest('{-Infinity,-1,0,5e-324,87600,87600.00000000001,Infinity,NaN}'::float8[]) hours;
SELECT kind, taskq_event_kind_is_valid(kind) AS valid FROM unnest('{started,completed,cancelled,overdue,recovered,sla_breached,assigned,rescheduled,
    prioritized,sla_changed,edited,updated,commented,erased,start,startedx,STARTED,""}'::text[]) kind;
-- an import keeps what it is given
INSERT INTO taskq_task (id, title, status, due_date, created_at, created_by, started_at, completed_at, updated_at, sla_hours, sla_due_at, sla_at_risk_at)
VALUES (77, 'imported', 'COMPLETED', '2020-01-01', '2019-01-01', NULL, '2019-01-02', '2019-01-03', '2019-01-03', 10, '2019-01-05', '2019-01-04');
SELECT id, status, due_date, created_at::date, created_by, started_at::date, completed_at::date, updated_at::date, sla_due_at::date, sla_at_risk_at::date
FROM taskq_task;
SELECT count(*) AS events FROM taskq_task_event;
DROP EXTENSION taskq;
