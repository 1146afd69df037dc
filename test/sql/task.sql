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
-- the CHECK's function names the first of the rules that a row breaks, in the order of their names
CREATE TABLE sample (LIKE taskq_task);
ALTER TABLE sample ALTER description SET STORAGE EXTERNAL;
INSERT INTO sample SELECT r.* FROM (
    SELECT jsonb_build_object('status', status, 'started_at', s, 'completed_at', o, 'cancelled_at', x, 'due_date', d::date)
    FROM unnest(enum_range(NULL::taskq_status)) status, (VALUES ('2020-01-02'), (NULL)) s(s), (VALUES ('2020-01-03'), (NULL)) o(o),
        (VALUES ('2020-01-03'), (NULL)) x(x), (VALUES ('2020-01-03'), (NULL)) d(d)
    UNION ALL SELECT jsonb_build_object('sla_hours', h, 'sla_due_at', d, 'sla_at_risk_at', r, 'sla_breached_at', b)
    FROM (VALUES (1), (NULL)) h(h), (VALUES ('2020-01-03'), (NULL)) d(d), (VALUES ('2020-01-03'), (NULL)) r(r), (VALUES ('2020-01-03'), (NULL)) b(b)
    UNION ALL SELECT jsonb_build_object('status', CASE WHEN o IS NOT NULL THEN 'COMPLETED' WHEN x IS NOT NULL THEN 'CANCELLED' WHEN s IS NOT NULL THEN 'IN_PROGRESS' ELSE 'OPEN' END,
        'created_at', c, 'started_at', s, 'completed_at', o, 'cancelled_at', x, 'updated_at', u, 'sla_breached_at', b, 'sla_due_at', d, 'sla_at_risk_at', r, 'sla_hours', 1)
    FROM unnest('{2020-01-01,2020-01-02,infinity,-infinity}'::text[]) c, unnest('{2020-01-01,2020-01-02,2020-01-03,infinity,-infinity,NULL}'::text[]) s,
        unnest('{2020-01-01,2020-01-02,2020-01-03,infinity,-infinity,NULL}'::text[]) o, unnest('{2020-01-01,2020-01-02,2020-01-03,infinity,NULL}'::text[]) x,
        unnest('{2019-01-01,infinity}'::text[]) u, unnest('{2019-01-01,-infinity,NULL}'::text[]) b,
        unnest('{2019-01-01,infinity,-infinity}'::text[]) d, unnest('{infinity,-infinity}'::text[]) r
    WHERE o IS NULL OR x IS NULL
    UNION ALL SELECT jsonb_build_object(k, repeat('ü', n)) FROM unnest('{title,description,source,dedupe_key}'::text[]) k, unnest('{0,1,63,64,200,201,255,256,65536,65537}'::int[]) n
    UNION ALL SELECT jsonb_build_object('due_date', day) FROM unnest('{-infinity,0001-12-31 BC,0001-01-01,9999-12-31,10000-01-01,infinity}'::text[]) day
    UNION ALL SELECT jsonb_build_object('sla_hours', h, 'sla_due_at', 'infinity', 'sla_at_risk_at', 'infinity') FROM unnest('{-Infinity,-1,0,5e-324,87600,87600.00000000001,Infinity,NaN}'::text[]) h
    UNION ALL SELECT jsonb_build_object('sla_first_breached_at', b) FROM unnest('{2020-01-01,infinity,-infinity}'::text[]) b
    UNION ALL SELECT jsonb_build_object(a, '', b, '') FROM unnest('{title,source,dedupe_key}'::text[]) a, unnest('{title,source,dedupe_key}'::text[]) b
) c(changes), jsonb_populate_record(NULL::sample, '{"id": 1, "title": "x", "priority": "LOW", "status": "OPEN", "source": "x", "created_at": "2020-01-01", "updated_at": "2020-01-01"}' || changes) r;
CREATE FUNCTION broken(t sample) RETURNS text LANGUAGE plpgsql AS $$
DECLARE rule text;
BEGIN
    PERFORM taskq_task_is_valid(t.title, t.description, t.status, t.due_date, t.sla_hours, t.source, t.dedupe_key, t.created_at, t.started_at, t.completed_at, t.cancelled_at,
        t.updated_at, t.sla_due_at, t.sla_at_risk_at, t.sla_breached_at, t.sla_first_breached_at);
    RETURN NULL;
EXCEPTION WHEN check_violation THEN
    GET STACKED DIAGNOSTICS rule = CONSTRAINT_NAME;
    RETURN rule;
END $$;
SELECT broken, count(*), count(*) FILTER (WHERE broken IS DISTINCT FROM 'taskq_task_' || CASE
    WHEN (status = 'CANCELLED') <> (cancelled_at IS NOT NULL) THEN 'cancelled'
    WHEN (status = 'COMPLETED') <> (completed_at IS NOT NULL) THEN 'completed'
    WHEN char_length(dedupe_key) NOT BETWEEN 1 AND 255 THEN 'dedupe_key'
    WHEN char_length(description) > 65536 THEN 'description'
    WHEN due_date NOT BETWEEN '0001-01-01' AND '9999-12-31' THEN 'due_date'
    WHEN status = 'OVERDUE' AND due_date IS NULL THEN 'overdue'
    WHEN NOT isfinite(sla_first_breached_at) THEN 'sla_first_breached_at'
    WHEN NOT (sla_hours > 0 AND sla_hours <= 87600) THEN 'sla_hours'
    WHEN NOT ((sla_hours IS NULL) = (sla_due_at IS NULL) AND (sla_due_at IS NULL) = (sla_at_risk_at IS NULL)
        AND (sla_due_at IS NOT NULL OR sla_breached_at IS NULL)) THEN 'sla_stamps'
    WHEN char_length(source) NOT BETWEEN 1 AND 63 THEN 'source'
    WHEN NOT (isfinite(created_at) AND isfinite(started_at) AND isfinite(completed_at) AND isfinite(cancelled_at) AND isfinite(updated_at)
            AND isfinite(sla_breached_at) AND sla_due_at > '-infinity' AND sla_at_risk_at > '-infinity')
        OR created_at > least(started_at, completed_at, cancelled_at) OR started_at > least(completed_at, cancelled_at) THEN 'stamps'
    WHEN CASE WHEN status = 'OPEN' THEN started_at IS NOT NULL WHEN status IN ('IN_PROGRESS', 'COMPLETED') THEN started_at IS NULL END THEN 'started'
    WHEN NOT taskq_line_is_valid(title) THEN 'title'
END || '_check') AS wrong
FROM (SELECT *, broken(s) FROM sample s) s GROUP BY broken ORDER BY broken;
DROP TABLE sample CASCADE;
-- no write past the triggers escapes it, and the error says of what it is; nor do writes to a copy of the table
BEGIN;
SET LOCAL session_replication_role = replica;
INSERT INTO taskq_task (id, title, sla_hours, sla_due_at, sla_at_risk_at) VALUES (1, 'x', 1, 'infinity', 'infinity');
CREATE TABLE copy (LIKE taskq_task INCLUDING ALL);
INSERT INTO copy TABLE taskq_task;
CREATE FUNCTION refused(statement text, OUT state text, OUT "of" text, OUT rule text, OUT as_told boolean, OUT detail text) LANGUAGE plpgsql AS $$
DECLARE
    message text;
    s text;
BEGIN
    EXECUTE statement;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, s = SCHEMA_NAME, "of" = TABLE_NAME, rule = CONSTRAINT_NAME, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
    "of" := s || '.' || "of";
    as_told := message = format('new row for relation "taskq_task" violates check constraint "%s"', rule);
END $$;
SELECT c.changes, r.*, r = (SELECT u FROM refused('UPDATE copy SET ' || c.changes) u) AS same_of_copy
FROM unnest(ARRAY[$$title = ''$$, $$description = repeat('d', 65537)$$, $$due_date = 'infinity'$$, $$sla_hours = 0$$, $$source = ''$$, $$dedupe_key = ''$$,
    $$status = 'COMPLETED'$$, $$status = 'CANCELLED'$$, $$status = 'IN_PROGRESS'$$, $$status = 'OVERDUE'$$, $$sla_due_at = NULL$$, $$updated_at = 'infinity'$$,
    $$sla_first_breached_at = 'infinity'$$, $$title = '', status = 'COMPLETED'$$, $$title = 'y'$$]) c(changes), refused('UPDATE taskq_task SET ' || c.changes) r;
INSERT INTO taskq_task (title, status) VALUES ('', 'OPEN');
ROLLBACK;
SELECT kind, taskq_event_kind_is_valid(kind) AS valid FROM unnest('{started,completed,cancelled,overdue,recovered,sla_breached,assigned,rescheduled,
    prioritized,sla_changed,edited,updated,commented,followed_up,erased,start,startedx,STARTED,""}'::text[]) kind;
-- an import keeps what it is given
INSERT INTO taskq_task (id, title, status, due_date, created_at, created_by, started_at, completed_at, updated_at, sla_hours, sla_due_at, sla_at_risk_at)
VALUES (77, 'imported', 'COMPLETED', '2020-01-01', '2019-01-01', NULL, '2019-01-02', '2019-01-03', '2019-01-03', 10, '2019-01-05', '2019-01-04');
SELECT id, status, due_date, created_at::date, created_by, started_at::date, completed_at::date, updated_at::date, sla_due_at::date, sla_at_risk_at::date
FROM taskq_task;
SELECT count(*) AS events FROM taskq_task_event;
DROP EXTENSION taskq;
