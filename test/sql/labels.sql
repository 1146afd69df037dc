-- What the planner is told of taskq's functions is so.
CREATE EXTENSION taskq;
CREATE VIEW function AS
SELECT p.*, p.proname::text AS name FROM pg_depend d JOIN pg_proc p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid
WHERE d.refclassid = 'pg_extension'::regclass AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'taskq') AND d.deptype = 'e'
  AND p.prorettype <> 'trigger'::regtype;
\pset format unaligned
-- every function that returns a set says of how many rows
SELECT name FROM function WHERE proretset AND prorows = 1000;
SELECT prorows AS rows, string_agg(name, ' ' ORDER BY name) AS functions FROM function WHERE proretset GROUP BY 1 ORDER BY 1;
-- those that run statements and are part of queries say what that costs; the others are calls, or do nothing but compute
SELECT procost AS cost, string_agg(name, ' ' ORDER BY name) AS functions FROM function
WHERE procost <> CASE prolang WHEN (SELECT oid FROM pg_language WHERE lanname = 'c') THEN 1 ELSE 100 END GROUP BY 1 ORDER BY 1;
-- what reads does not keep a query from being parallel, what writes does
SELECT name FROM function WHERE prokind = 'f' AND (provolatile = 'v') <> (proparallel = 'u') AND name <> 'taskq_worker_get_status';
SELECT string_agg(name, ' ' ORDER BY name) AS restricted FROM function WHERE proparallel = 'r';

-- a parallel query's leader runs what is RESTRICTED, its workers what is SAFE
INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana'), ('sta_2', 'Bob');
INSERT INTO taskq_customer VALUES ('cus_1', 'Acme');
INSERT INTO taskq_task (title, due_date, sla_hours, created_at, assignee_id, user_id)
SELECT 'task ' || g, taskq_today() + g % 5 - 2, 1, now() - make_interval(mins => 45 * (g % 3)), CASE WHEN g % 4 > 0 THEN 'sta_1' END, 'cus_1' FROM generate_series(1, 200) g;
INSERT INTO taskq_task (title, created_at, started_at, completed_at, status, sla_hours)
SELECT 'done ' || g, now(), now(), now(), 'COMPLETED', 1 FROM generate_series(1, 50) g;
SELECT taskq_renewal_create('cus_1', 'permit', taskq_today() + g) FROM generate_series(1, 50) g \g /dev/null
SELECT taskq_calendar_set('desk', 'UTC', 'Mon-Fri 09:00-17:00') \g /dev/null
ANALYZE taskq_task, taskq_renewal;
CREATE ROLE regress_taskq_v;
SELECT taskq_grant('regress_taskq_v', 'manager');
GRANT EXECUTE ON FUNCTION taskq_customizations TO regress_taskq_v;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET min_parallel_index_scan_size = 0;

-- what a query returns with so many workers, and whether its plan has a Gather
CREATE FUNCTION result(query text, workers int, OUT gathers boolean, OUT result text) LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    PERFORM set_config('max_parallel_workers_per_gather', workers::text, true);
    gathers := false;
    FOR line IN EXECUTE 'EXPLAIN ' || query LOOP
        gathers := gathers OR line ~ '->  Gather';
    END LOOP;
    EXECUTE query INTO result;
END $$;
CREATE TABLE query (of text, query text);
INSERT INTO query
SELECT call, format('SELECT string_agg(r::text, E''\n'' ORDER BY r::text) FROM (SELECT f, count(t.id) FROM taskq_task t, %s f WHERE t.title LIKE ''%%k%%'' GROUP BY f) r', call)
FROM unnest(ARRAY['taskq_stats()', $$taskq_stats('sta_1')$$, $$taskq_stats(user_id => 'cus_1')$$, $$taskq_stats('sta_1', 'cus_1')$$,
    'taskq_queue_page()', $$taskq_queue_page(NULL, sort => 'sla')$$, $$taskq_queue_page('{OVERDUE}', '{HIGH,MEDIUM}', sort => 'priority')$$,
    'taskq_queue_page(NULL, assignee_is_active => false)', 'taskq_queue_count()', 'taskq_queue_count(NULL)', $$taskq_sla_report('-infinity', 'infinity')$$,
    $$taskq_sla_report('-infinity', 'infinity', 'priority')$$, $$taskq_sla_report('-infinity', 'infinity', 'week')$$, $$taskq_sla_report('-infinity', 'infinity', 'kind')$$, $$taskq_backlog('assignee')$$, 'taskq_actor()',
    '(SELECT database FROM taskq_worker_get_status())', 'taskq_check_server()', 'taskq_check()', 'taskq_customizations()', 'taskq_own_objects()', $$taskq_renewal_ladder('permit')$$,
    $$taskq_calendar_spans('desk', '2026-01-01', '2027-01-01')$$]) call
UNION ALL SELECT call, format('SELECT string_agg(r::text, E''\n'' ORDER BY r::text) FROM (SELECT %s f, count(*) FROM %s GROUP BY 1) r', call, source)
FROM (VALUES ('status || sla_status::text || days_overdue', 'taskq_tasks'), ('late_by IS NULL', 'taskq_sla_violations'), ('clock || state || hours', 'taskq_sla_clocks'), ('open', 'taskq_workload'),
    ('next_threshold', 'taskq_renewals'), ($$taskq_effective_status(status, due_date, started_at)$$, 'taskq_task'),
    ($$taskq_sla_status_at(sla_due_at, sla_at_risk_at, completed_at, cancelled_at)$$, 'taskq_task'),
    ($$taskq_business_add('desk', created_at, sla_hours)$$, 'taskq_task'), ($$taskq_business_hours('desk', created_at, sla_due_at)$$, 'taskq_task'),
    ($$taskq_business_day('desk', due_date, 1)$$, 'taskq_task'),
    ($$taskq_day_start(due_date)$$, 'taskq_task'), ($$taskq_render('{{a}}', jsonb_build_object('a', title))$$, 'taskq_task'),
    ('taskq_title_is_valid(title)', 'taskq_task'), ('taskq_queue_count(assignee_id => assignee_id)', 'taskq_task')) c(call, source);
GRANT SELECT ON query TO regress_taskq_v;
CREATE VIEW differs WITH (security_invoker = true) AS
SELECT q.of, s.gathers AS serial, p.gathers AS parallel, s.result = p.result AS same FROM query q, result(q.query, 0) s, result(q.query, 2) p
WHERE s.gathers OR NOT p.gathers OR p.result IS DISTINCT FROM s.result;
GRANT SELECT ON differs TO regress_taskq_v;
SELECT count(*) FROM query;
-- a function that writes is refused there
CREATE FUNCTION writes() RETURNS bigint LANGUAGE sql PARALLEL RESTRICTED AS $$ SELECT pg_current_xact_id()::text::bigint $$;
DO $$ BEGIN
    PERFORM result('SELECT count(*) FROM taskq_task t, writes() f WHERE t.title LIKE ''%k%''', 2);
    RAISE 'it was not refused';
EXCEPTION WHEN invalid_transaction_state OR internal_error THEN
    NULL;
END $$;
-- counted; from the numbers that are kept; within a transaction that has written; and under row security
TABLE differs;
CALL taskq_sweep_all();
ANALYZE taskq_task;
TABLE differs;
BEGIN;
SELECT count(*) FROM taskq_start_many(ARRAY(SELECT id FROM taskq_tasks WHERE status = 'OPEN' ORDER BY id LIMIT 10));
TABLE differs;
COMMIT;
ALTER TABLE taskq_task ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON taskq_task TO regress_taskq_v USING (priority = 'MEDIUM' AND id % 2 = 0);
SET ROLE regress_taskq_v;
TABLE differs;
RESET ROLE;

DROP VIEW differs, function;
DROP FUNCTION result, writes;
DROP TABLE query;
SELECT taskq_revoke('regress_taskq_v');
DROP EXTENSION taskq;
DROP ROLE regress_taskq_v;
