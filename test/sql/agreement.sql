-- What is written in more than one place, in C and in SQL, says the same.
CREATE EXTENSION taskq;
SET jit = off;

-- columns: of the table, its views and rows of the queue, as C numbers them
CREATE FUNCTION columns(relation regclass, VARIADIC but text[] DEFAULT '{}') RETURNS text[] LANGUAGE sql AS $$
    SELECT array_agg(attname || ' ' || format_type(atttypid, atttypmod) ORDER BY attnum) FROM pg_attribute
    WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped AND attname <> ALL (but)
$$;
SELECT columns('taskq_queue_row', 'cursor') = columns('taskq_tasks') AS queue_row, columns('taskq_queue') = columns('taskq_tasks') AS queue, columns('taskq_todo') = columns('taskq_tasks') AS todo,
    columns('taskq_sla_violations', 'late_by') = columns('taskq_tasks') AS violations,
    columns('taskq_tasks', 'stored_status', 'is_active', 'is_overdue', 'days_overdue', 'assignee_name', 'assignee_is_active', 'customer_name', 'sla_status', 'is_paused')
        = columns('taskq_task') AS tasks;
SELECT array_agg(key ORDER BY key) = (SELECT array_agg(attname::text ORDER BY attname::text) FROM pg_attribute WHERE attrelid = 'taskq_tasks'::regclass AND attnum > 0) AS json
FROM jsonb_object_keys(taskq_create_json('{"title": "a task"}') - 'created' - 'public_id') key;
\set numbered `sed -n 's/^[[:space:]]*Anum_task_\([a-z_]*\)\( = 1\)\{0,1\},$/\1/p' "$PG_ABS_SRCDIR"/../src/*/*.h | tr '\n' ' '`
\set newer `sed -n 's/^[[:space:]]*{"\([a-z_]*\)", [a-z]*},\{0,1\}$/\1/p' "$PG_ABS_SRCDIR"/../src/base/catalog.c | tr '\n' ' '`
SELECT string_to_array(trim(:'numbered') || ' ' || trim(:'newer'), ' ') = (SELECT array_agg(attname::text ORDER BY attnum) FROM pg_attribute
    WHERE attrelid = 'taskq_task'::regclass AND attnum > 0) AS numbered;
-- what customizations are told from
WITH object AS (
    SELECT c.oid, c.relname, (SELECT array_agg(attname::text) FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0) AS columns,
        (SELECT array_agg(attname::text) FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND attnotnull) AS required,
        (SELECT array_agg(substr(conname, length(relname) + 2)) FROM pg_constraint WHERE conrelid = c.oid AND contype IN ('c', 'f', 'p', 'u', 'x')) AS constraints,
        (SELECT array_agg(substr(i.relname, length(c.relname) + 2)) FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
            WHERE indrelid = c.oid AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.oid AND contype IN ('p', 'u'))) AS indexes,
        (SELECT array_agg(tgname::text) FROM pg_trigger WHERE tgrelid = c.oid AND NOT tgisinternal) AS triggers,
        (SELECT array_agg(tgname::text) FROM pg_trigger WHERE tgrelid = c.oid AND NOT tgisinternal AND tgenabled = 'A') AS always
    FROM pg_depend d JOIN pg_class c ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e' AND d.refclassid = 'pg_extension'::regclass
    WHERE d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'taskq') AND c.relkind = 'r' AND c.relpersistence = 'p'
), said AS (
    SELECT relname, what, unnest FROM taskq_own_objects(), LATERAL (VALUES ('column', columns), ('required', required),
        ('constraint', constraints), ('index', indexes), ('trigger', triggers), ('always', always)) l(what, list), unnest(list)
), found AS (
    SELECT relname, what, unnest FROM object, LATERAL (VALUES ('column', columns), ('required', required),
        ('constraint', constraints), ('index', indexes), ('trigger', triggers), ('always', always)) l(what, list), unnest(list)
)
SELECT 'only said', * FROM (TABLE said EXCEPT TABLE found) s UNION ALL SELECT 'only found', * FROM (TABLE found EXCEPT TABLE said) f ORDER BY 1, 2, 3, 4;
-- arguments: of a page and of a count; keys of the body of a task
CREATE FUNCTION arguments(function regproc, VARIADIC but text[] DEFAULT '{}') RETURNS text[] LANGUAGE sql AS $$
    SELECT array_agg(name || ' ' || format_type(type, NULL) ORDER BY n) FROM pg_proc, unnest(proargnames, proargtypes::oid[]) WITH ORDINALITY a(name, type, n)
    WHERE oid = function AND name <> ALL (but)
$$;
SELECT arguments('taskq_queue_page', 'sort', 'page_size', 'after') = arguments('taskq_queue_count', 'cap') AS filters;
SELECT taskq_create_json(jsonb_object_agg(name, CASE name WHEN 'title' THEN 'every key' END)) ->> 'title' AS title
FROM pg_proc, unnest(proargnames) name WHERE oid = 'taskq_create'::regproc AND name <> 'actor';
-- priorities
SELECT priority FROM unnest(enum_range(NULL::taskq_priority)) WITH ORDINALITY p(priority, n) WHERE taskq_priority_rank(priority) <> 5 - n;

-- statuses: of tasks of every kind, due on every side of today, with deadlines on every side of this instant; some are paused
INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana', true), ('sta_2', 'Bob', false);
INSERT INTO taskq_customer VALUES ('cus_1', 'Acme');
CREATE FUNCTION add_tasks() RETURNS void LANGUAGE sql AS $$
    WITH instant(now, today, day, us) AS (VALUES (statement_timestamp(), taskq_today(), taskq_day_start(taskq_today()), interval '1 microsecond')), kind AS (
        SELECT status::taskq_status, started, NULL::timestamptz AS completed_at, NULL::timestamptz AS cancelled_at, now AS judged_at
        FROM instant, (VALUES ('OPEN', false), ('IN_PROGRESS', true), ('OVERDUE', false), ('OVERDUE', true)) k(status, started)
        UNION ALL SELECT 'COMPLETED', true, at, NULL, at FROM instant, unnest(ARRAY[now - interval '2 days', day - us, day, now, now + interval '1 hour']) at
        UNION ALL SELECT 'CANCELLED', started, NULL, at, at FROM instant, unnest('{true,false}'::boolean[]) started, unnest(ARRAY[now - interval '2 days', now, now + interval '1 hour']) at
    ), grid AS (
        SELECT k.*, d.due_date, l.*, now, row_number() OVER () AS n
        FROM instant, kind k, unnest(ARRAY[NULL, '0001-01-01', today - 1, today, today + 1, '9999-12-31']) d(due_date), LATERAL (
            SELECT NULL::timestamptz AS sla_due_at, NULL::timestamptz AS sla_at_risk_at
            UNION ALL SELECT * FROM unnest(ARRAY[judged_at - interval '1 hour', judged_at - us, judged_at, judged_at + us, judged_at + interval '1 hour', 'infinity']) due,
                unnest(ARRAY[judged_at - interval '2 hours', judged_at, judged_at + us, 'infinity']) risk) l
        WHERE NOT (k.status = 'OVERDUE' AND d.due_date IS NULL) AND (k.completed_at IS NULL AND k.cancelled_at IS NULL OR l.sla_at_risk_at IS DISTINCT FROM 'infinity')
    )
    INSERT INTO taskq_task (title, status, priority, due_date, assignee_id, user_id, created_at, started_at, completed_at, cancelled_at, sla_hours, sla_due_at, sla_at_risk_at,
        kind, paused_at, response_hours, response_due_at, sla_warned_at, sla_warn_at)
    SELECT 'task ' || n, status, (enum_range(NULL::taskq_priority))[1 + n % 4], due_date, CASE n % 3 WHEN 1 THEN 'sta_1' WHEN 2 THEN 'sta_2' END, CASE n % 2 WHEN 0 THEN 'cus_1' END,
        now - interval '3 days', CASE WHEN started THEN now - interval '3 days' END, completed_at, cancelled_at, CASE WHEN sla_due_at IS NOT NULL THEN 1 END, sla_due_at, sla_at_risk_at,
        CASE WHEN n % 5 < 2 THEN 'REVIEW' END, CASE WHEN n % 7 = 0 AND completed_at IS NULL AND cancelled_at IS NULL THEN now - interval '1 hour' END,
        CASE WHEN n % 11 < 5 THEN 1 END, (ARRAY[now - interval '1 hour', now - interval '1 microsecond', now, now + interval '1 hour', 'infinity'])[1 + n % 11],
        (ARRAY[now - interval '1 minute', now + interval '3 hours'])[1 + n % 13], CASE WHEN n % 4 = 0 THEN now + interval '1 day' END
    FROM grid
$$;
-- by the functions; what is stamped in the future has not happened in reports
CREATE VIEW truth AS
SELECT t.*, taskq_effective_status(t.status, t.due_date, t.started_at) AS effective, taskq_phase(t.started_at, t.completed_at, t.cancelled_at) <= 1 AS active,
    taskq_sla_status_at(t.sla_due_at, t.sla_at_risk_at, t.completed_at, t.cancelled_at) AS sla,
    taskq_sla_status_at(t.sla_due_at, t.sla_at_risk_at, CASE WHEN t.completed_at <= statement_timestamp() THEN t.completed_at END,
        CASE WHEN t.cancelled_at <= statement_timestamp() THEN t.cancelled_at END) AS sla_so_far
FROM taskq_task t;
CREATE TABLE filter (paused boolean, kind text);
INSERT INTO filter VALUES (true, NULL), (true, 'REVIEW'), (false, 'REVIEW'), (NULL, 'REVIEW'), (true, 'review');
CREATE VIEW said AS
SELECT 'task' AS what, id::text AS key, concat_ws(' ', status, is_active, is_overdue, days_overdue, sla_status) AS value FROM taskq_tasks
UNION ALL SELECT 'queue', '', array_agg(id ORDER BY id)::text FROM taskq_queue
UNION ALL SELECT 'to do', id::text, to_jsonb(d)::text FROM taskq_todo d
UNION ALL SELECT 'backlog', concat_ws(' ', g, group_key, coalesce(bucket, 5)), tasks::text FROM unnest('{none,assignee,team,kind,priority,customer}'::text[]) g, taskq_backlog(g, '{-1,0,2}') WHERE tasks > 0
UNION ALL SELECT 'page by ' || sort, concat_ws(' ', s, x, p.id), (to_jsonb(p) - 'cursor')::text
FROM unnest(enum_range(NULL::taskq_status)) s, unnest(enum_range(NULL::taskq_sla_status)) x, unnest('{due,priority,created,sla,closed}'::text[]) sort,
    taskq_queue_page(ARRAY[s], sla_status => ARRAY[x], sort => sort, page_size => 1000) p
UNION ALL SELECT 'count', concat_ws(' ', s, x), taskq_queue_count(ARRAY[s], sla_status => ARRAY[x])::text
FROM unnest(enum_range(NULL::taskq_status)) s, unnest(enum_range(NULL::taskq_sla_status)) x
UNION ALL SELECT 'page by ' || sort || ', paused ' || coalesce(f.paused::text, 'or not'), concat_ws(' ', s, f.kind, p.id), p.is_paused::text
FROM unnest(enum_range(NULL::taskq_status)) s, filter f, unnest('{due,priority,created,sla,closed}'::text[]) sort,
    taskq_queue_page(ARRAY[s], sort => sort, page_size => 1000, paused => f.paused, kind => f.kind) p
UNION ALL SELECT 'count, paused ' || coalesce(f.paused::text, 'or not'), concat_ws(' ', s, f.kind), taskq_queue_count(ARRAY[s], paused => f.paused, kind => f.kind)::text
FROM unnest(enum_range(NULL::taskq_status)) s, filter f
UNION ALL SELECT 'stats', concat_ws(' ', assignee, customer), s::text
FROM unnest('{sta_1,sta_2,NULL}'::text[]) assignee, unnest('{cus_1,NULL}'::text[]) customer, taskq_stats(assignee, customer) s
UNION ALL SELECT 'workload', assignee_id, concat_ws(' ', open, in_progress, overdue, due_today, sla_breached, paused) FROM taskq_workload
UNION ALL SELECT 'violations', '', array_agg(id ORDER BY id)::text FROM taskq_sla_violations
UNION ALL SELECT 'report', '', concat_ws(' ', tasks, met, breached) FROM taskq_sla_report('-infinity', 'infinity');
CREATE VIEW expected AS
SELECT 'task' AS what, id::text AS key, concat_ws(' ', effective, active, effective = 'OVERDUE', CASE effective WHEN 'OVERDUE' THEN taskq_today() - due_date ELSE 0 * (due_date - due_date) END, sla) AS value FROM truth
UNION ALL SELECT 'queue', '', array_agg(id ORDER BY id)::text FROM truth WHERE effective = 'OPEN'
UNION ALL SELECT 'to do', id::text, to_jsonb(v)::text FROM truth JOIN taskq_tasks v USING (id) WHERE active
UNION ALL SELECT 'backlog', concat_ws(' ', g, CASE g WHEN 'assignee' THEN assignee_id WHEN 'team' THEN team_id WHEN 'kind' THEN kind WHEN 'priority' THEN priority::text WHEN 'customer' THEN user_id END,
    coalesce(1 + width_bucket(due_date - taskq_today(), '{-1,0,2}'::int[]), 5)), count(*)::text
FROM truth, unnest('{none,assignee,team,kind,priority,customer}'::text[]) g WHERE active GROUP BY 2
UNION ALL SELECT 'page by ' || sort, concat_ws(' ', t.effective, t.sla, id), to_jsonb(v)::text FROM truth t JOIN taskq_tasks v USING (id), unnest('{due,priority,created,sla,closed}'::text[]) sort
UNION ALL SELECT 'count', concat_ws(' ', s, x), (SELECT count(*) FROM truth WHERE effective = s AND sla = x)::text
FROM unnest(enum_range(NULL::taskq_status)) s, unnest(enum_range(NULL::taskq_sla_status)) x
UNION ALL SELECT 'page by ' || sort || ', paused ' || coalesce(f.paused::text, 'or not'), concat_ws(' ', t.effective, f.kind, id), (paused_at IS NOT NULL)::text
FROM truth t, filter f, unnest('{due,priority,created,sla,closed}'::text[]) sort
WHERE coalesce((t.paused_at IS NOT NULL) = f.paused, f.paused IS NULL) AND coalesce(t.kind = f.kind, f.kind IS NULL)
UNION ALL SELECT 'count, paused ' || coalesce(f.paused::text, 'or not'), concat_ws(' ', s, f.kind),
    (SELECT count(*) FROM truth t WHERE effective = s AND coalesce((t.paused_at IS NOT NULL) = f.paused, f.paused IS NULL) AND coalesce(t.kind = f.kind, f.kind IS NULL))::text
FROM unnest(enum_range(NULL::taskq_status)) s, filter f
UNION ALL SELECT 'stats', concat_ws(' ', assignee, customer), (SELECT (count(*) FILTER (WHERE effective = 'OPEN'), count(*) FILTER (WHERE effective = 'IN_PROGRESS'), count(*) FILTER (WHERE effective = 'OVERDUE'),
        count(*) FILTER (WHERE active AND due_date = taskq_today()), count(*) FILTER (WHERE active AND assignee_id IS NULL),
        count(*) FILTER (WHERE completed_at BETWEEN taskq_day_start(taskq_today()) AND statement_timestamp()),
        count(*) FILTER (WHERE active AND sla = 'AT_RISK'), count(*) FILTER (WHERE active AND sla = 'BREACHED'),
        count(*) FILTER (WHERE active AND paused_at IS NOT NULL),
        count(*) FILTER (WHERE active AND (response_breached_at IS NOT NULL OR started_at IS NULL AND response_due_at < statement_timestamp())))::text
    FROM truth WHERE coalesce(assignee_id = assignee, assignee IS NULL) AND coalesce(user_id = customer, customer IS NULL))
FROM unnest('{sta_1,sta_2,NULL}'::text[]) assignee, unnest('{cus_1,NULL}'::text[]) customer
UNION ALL SELECT 'workload', assignee_id, concat_ws(' ', count(*) FILTER (WHERE effective = 'OPEN'), count(*) FILTER (WHERE effective = 'IN_PROGRESS'),
    count(*) FILTER (WHERE effective = 'OVERDUE'), count(*) FILTER (WHERE due_date = taskq_today()), count(*) FILTER (WHERE sla = 'BREACHED'), count(paused_at))
FROM truth WHERE active AND assignee_id IS NOT NULL GROUP BY assignee_id
UNION ALL SELECT 'violations', '', array_agg(id ORDER BY id)::text FROM truth WHERE sla_so_far = 'BREACHED' OR sla_first_breached_at <= statement_timestamp()
UNION ALL SELECT 'report', '', concat_ws(' ', count(*), count(*) FILTER (WHERE sla_so_far = 'MET'), count(*) FILTER (WHERE sla_so_far = 'BREACHED')) FROM truth WHERE isfinite(sla_due_at);
CREATE TABLE disagreement (moment text, what text, n bigint, key text, said text, expected text);
CREATE FUNCTION compare(moment text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO disagreement
    SELECT moment, what, count(*), (array_agg(key ORDER BY key))[1], (array_agg(s.value ORDER BY key))[1], (array_agg(e.value ORDER BY key))[1]
    FROM said s FULL JOIN expected e USING (what, key) WHERE s.value IS DISTINCT FROM e.value GROUP BY what
$$;
-- what the sweep does and what a write stores
CREATE FUNCTION sweep() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    expected text;
    said text;
BEGIN
    SELECT concat_ws(' ', count(*) FILTER (WHERE status <> 'OVERDUE' AND effective = 'OVERDUE'), count(*) FILTER (WHERE status = 'OVERDUE' AND effective <> 'OVERDUE'),
        count(*) FILTER (WHERE active AND sla = 'BREACHED' AND sla_breached_at IS NULL)) INTO expected FROM truth;
    SELECT string_agg(tasks::text, ' ' ORDER BY array_position('{overdue,recovered,sla_breached}', kind)) INTO said
    FROM taskq_sweep(1000000) WHERE kind IN ('overdue', 'recovered', 'sla_breached');
    INSERT INTO disagreement SELECT 'sweep', 'swept', 1, '', said, expected WHERE said <> expected;
    PERFORM stored('sweep');
END $$;
CREATE FUNCTION stored(moment text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO disagreement SELECT moment, 'stored', 1, id::text, status || ' ' || (sla_breached_at IS NOT NULL), effective || ' ' || (sla = 'BREACHED') FROM truth
    WHERE active AND (status <> effective OR (sla_breached_at IS NOT NULL) <> (sla = 'BREACHED'))
$$;

-- within a statement there is one instant
DO $$ BEGIN
    PERFORM add_tasks();
    PERFORM compare('nothing is kept');
    PERFORM sweep();
    PERFORM compare('swept');
END $$;
SELECT count(DISTINCT (effective, sla)) AS kinds, count(*) > 900 AS tasks FROM truth;
TABLE disagreement;
-- numbers are kept, the same tasks come again and are written to
CALL taskq_sweep_all();
SELECT counted_at > '-infinity' AS counted FROM taskq_counter_state;
DO $$ BEGIN
    PERFORM add_tasks();
    PERFORM compare('noted');
    UPDATE taskq_task SET description = 'written' WHERE completed_at IS NULL AND cancelled_at IS NULL;
    PERFORM stored('written');
    PERFORM compare('written');
    PERFORM taskq_create('created', due_date => taskq_today() + d) FROM generate_series(-1, 1) d;
    PERFORM stored('created');
    PERFORM compare('created');
END $$;
CALL taskq_sweep_all();
SELECT compare('folded');
-- where it is another day
SET taskq.timezone = 'Pacific/Kiritimati';
DO $$ BEGIN
    PERFORM compare('Kiritimati');
    PERFORM sweep();
    PERFORM compare('Kiritimati, swept');
END $$;
SET taskq.timezone = 'Pacific/Pago_Pago';
DO $$ BEGIN
    PERFORM compare('Pago Pago');
    PERFORM sweep();
    PERFORM compare('Pago Pago, swept');
END $$;
RESET taskq.timezone;
TABLE disagreement;
SELECT count(*) > 1900 AS tasks FROM truth;

DROP VIEW truth, said, expected CASCADE;
DROP FUNCTION columns, arguments, add_tasks, compare, sweep, stored;
DROP TABLE disagreement, filter;
DROP EXTENSION taskq;
