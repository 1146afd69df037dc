-- Whatever the filters: the pages, walked by their cursors, are what the view
-- gives for the same filters, in the same order; counts and stats agree.
BEGIN;
SELECT plan(5);
SELECT setseed(0.42);

INSERT INTO taskq_staff_member SELECT 'sta_' || g, 'Staff ' || g, g < 3 FROM generate_series(1, 4) g;
INSERT INTO taskq_customer SELECT 'cus_' || g, 'Customer ' || g FROM generate_series(1, 5) g;
INSERT INTO taskq_task (title, priority, status, due_date, sla_hours, assignee_id, user_id, source, created_at, started_at, completed_at, cancelled_at,
    kind, paused_at, response_hours, response_due_at, labels, attributes)
SELECT (ARRAY['Call', 'call back', 'Write 100%', 'Écrire', 'a_b'])[1 + g % 5] || ' ' || g,
       (enum_range(NULL::taskq_priority))[1 + floor(random() * 4)],
       CASE phase WHEN 2 THEN 'COMPLETED' WHEN 3 THEN 'CANCELLED' ELSE CASE WHEN due IS NOT NULL AND random() < 0.3 THEN 'OVERDUE' WHEN phase = 1 THEN 'IN_PROGRESS' ELSE 'OPEN' END END::taskq_status,
       due, CASE WHEN random() < 0.5 THEN 1 + random() * 40 END,
       CASE WHEN random() < 0.7 THEN 'sta_' || 1 + floor(random() * 4) END, CASE WHEN random() < 0.7 THEN 'cus_' || 1 + floor(random() * 5) END,
       CASE WHEN random() < 0.2 THEN 'IMPORT' ELSE 'MANUAL' END, created,
       CASE WHEN phase IN (1, 2) THEN created END, CASE WHEN phase = 2 THEN created + random() * interval '40 hours' END, CASE WHEN phase = 3 THEN created + random() * interval '40 hours' END,
       (ARRAY['REVIEW', 'CALL'])[1 + g % 3], CASE WHEN phase < 2 AND random() < 0.3 THEN now() END,
       CASE WHEN g % 4 = 0 THEN 8 END, CASE WHEN g % 4 = 0 THEN created + interval '8 hours' END,
       ARRAY(SELECT l FROM unnest('{a,b,c}'::text[]) WITH ORDINALITY u(l, i) WHERE g % (i + 1) = 0), jsonb_build_object('n', g % 5)
FROM (SELECT g, floor(random() * 4)::int AS phase, CASE WHEN random() < 0.8 THEN taskq_today() - 4 + floor(random() * 9)::int END AS due,
             date_trunc('hour', now()) - floor(random() * 60) * interval '1 hour' AS created
      FROM generate_series(1, 400) g) x;

-- Random filters, NULL = not given.
CREATE TEMP TABLE filter AS
SELECT n,
       CASE WHEN random() < 0.7 THEN (SELECT array_agg(s) FROM unnest(enum_range(NULL::taskq_status)) s WHERE random() < 0.5 AND n > 0) END AS status,
       CASE WHEN random() < 0.5 THEN (SELECT coalesce(array_agg(p), '{}') FROM unnest(enum_range(NULL::taskq_priority)) p WHERE random() < 0.5 AND n > 0) END AS priority,
       CASE WHEN random() < 0.3 THEN 'sta_' || 1 + floor(random() * 4) END AS assignee_id,
       CASE WHEN random() < 0.3 THEN 'cus_' || 1 + floor(random() * 5) END AS user_id,
       random() < 0.2 AS unassigned,
       CASE WHEN random() < 0.2 THEN 'IMPORT' END AS source,
       CASE WHEN random() < 0.2 THEN taskq_today() - 2 END AS due_from,
       CASE WHEN random() < 0.2 THEN taskq_today() + 1 END AS due_to,
       CASE WHEN random() < 0.3 THEN (SELECT array_agg(s) FROM unnest(enum_range(NULL::taskq_sla_status)) s WHERE random() < 0.5 AND n > 0) END AS sla_status,
       CASE WHEN random() < 0.2 THEN (ARRAY['CALL', '100%', 'écr', '_'])[1 + floor(random() * 4)] END AS search,
       CASE WHEN random() < 0.4 THEN random() < 0.5 END AS assignee_is_active,
       CASE WHEN random() < 0.4 THEN random() < 0.5 END AS paused,
       CASE WHEN random() < 0.2 THEN (ARRAY['REVIEW', 'CALL'])[1 + n % 2] END AS kind,
       CASE WHEN n % 4 = 0 THEN (ARRAY['{a}', '{b,a}', '{c}'])[1 + n % 3]::text[] END AS labels,
       CASE WHEN n % 7 = 0 THEN jsonb_build_object('n', n % 5) END AS attributes,
       (ARRAY['due', 'priority', 'created', 'sla', 'closed'])[1 + n % 5] AS sort,
       1 + floor(random() * 30)::int AS page_size
FROM generate_series(1, 500) n;
UPDATE filter SET unassigned = false WHERE assignee_id IS NOT NULL;

CREATE FUNCTION pg_temp.walk(f filter) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
    r record; seen bigint[] := '{}'; page bigint[]; last text;
BEGIN
    LOOP
        page := '{}';
        FOR r IN SELECT * FROM taskq_queue_page(f.status, f.priority, f.assignee_id, f.user_id, f.unassigned, f.source,
                f.due_from, f.due_to, f.sla_status, f.search, f.sort, f.page_size, last, f.assignee_is_active, f.paused, f.kind, labels => f.labels, attributes => f.attributes) LOOP
            page := page || r.id;
            last := r.cursor;
        END LOOP;
        seen := seen || page;
        EXIT WHEN cardinality(page) < f.page_size;
    END LOOP;
    RETURN seen;
END $$;

CREATE FUNCTION pg_temp.view(f filter) RETURNS bigint[] LANGUAGE sql AS $$
    SELECT coalesce(array_agg(id ORDER BY
        CASE f.sort WHEN 'due' THEN coalesce(due_date, 'infinity') END,
        CASE f.sort WHEN 'priority' THEN taskq_priority_rank(priority) END,
        CASE f.sort WHEN 'sla' THEN coalesce(sla_due_at, 'infinity') END,
        CASE f.sort WHEN 'closed' THEN coalesce(completed_at, cancelled_at) END DESC NULLS LAST,
        CASE f.sort WHEN 'due' THEN taskq_priority_rank(priority) END,
        CASE f.sort WHEN 'priority' THEN coalesce(due_date, 'infinity') END,
        CASE WHEN f.sort IN ('created', 'closed') THEN -id ELSE id END), '{}')
    FROM taskq_tasks t
    WHERE (f.status IS NULL OR t.status = ANY (f.status)) AND (f.priority IS NULL OR t.priority = ANY (f.priority))
      AND (f.assignee_id IS NULL OR t.assignee_id = f.assignee_id) AND (f.user_id IS NULL OR t.user_id = f.user_id)
      AND (NOT f.unassigned OR t.assignee_id IS NULL) AND (f.source IS NULL OR t.source = f.source)
      AND (f.due_from IS NULL OR t.due_date >= f.due_from) AND (f.due_to IS NULL OR t.due_date <= f.due_to)
      AND (f.sla_status IS NULL OR t.sla_status = ANY (f.sla_status))
      AND (f.assignee_is_active IS NULL OR t.assignee_is_active = f.assignee_is_active)
      AND (f.paused IS NULL OR t.is_paused = f.paused) AND (f.kind IS NULL OR t.kind = f.kind)
      AND (f.labels IS NULL OR t.labels @> f.labels) AND (f.attributes IS NULL OR t.attributes @> f.attributes)
      AND (f.search IS NULL OR strpos(taskq_search_text(t.title, t.description), taskq_fold(f.search)) > 0 OR strpos(taskq_fold(t.customer_name), taskq_fold(f.search)) > 0)
$$;

-- In one statement, for the SLA's status is that of its begin.
CREATE TEMP TABLE outcome AS SELECT f, pg_temp.walk(f) AS walked, pg_temp.view(f) AS wanted, taskq_queue_count(f.status, f.priority,
    f.assignee_id, f.user_id, f.unassigned, f.source, f.due_from, f.due_to, f.sla_status, f.search, assignee_is_active => f.assignee_is_active,
    paused => f.paused, kind => f.kind, labels => f.labels, attributes => f.attributes) AS counted FROM filter f;
SELECT is_empty('SELECT f FROM outcome WHERE walked <> wanted', 'pages equal the view, in rows and order');
SELECT cmp_ok((SELECT count(*) FROM outcome WHERE cardinality(wanted) > 0), '>', 250::bigint, 'most filters match something');
SELECT is_empty('SELECT f FROM outcome WHERE counted <> cardinality(wanted)', 'counts equal the view');

-- The stats bar, for everybody and each filter.
SELECT is_empty($$
    SELECT * FROM (VALUES (NULL, NULL), ('sta_1', NULL), (NULL, 'cus_2'), ('sta_3', 'cus_1')) a(assignee, customer),
        taskq_stats(assignee, customer) s, LATERAL (
            SELECT count(*) FILTER (WHERE status = 'OPEN') AS open, count(*) FILTER (WHERE status = 'IN_PROGRESS') AS in_progress,
                   count(*) FILTER (WHERE status = 'OVERDUE') AS overdue, count(*) FILTER (WHERE is_active AND due_date = taskq_today()) AS due_today,
                   count(*) FILTER (WHERE is_active AND assignee_id IS NULL) AS unassigned,
                   count(*) FILTER (WHERE completed_at BETWEEN taskq_day_start(taskq_today()) AND statement_timestamp()) AS completed_today,
                   count(*) FILTER (WHERE is_active AND sla_status = 'AT_RISK') AS sla_at_risk,
                   count(*) FILTER (WHERE is_active AND sla_status = 'BREACHED') AS sla_breached,
                   count(*) FILTER (WHERE is_active AND is_paused) AS paused,
                   count(*) FILTER (WHERE is_active AND (response_breached_at IS NOT NULL OR started_at IS NULL AND response_due_at < statement_timestamp())) AS response_breached
            FROM taskq_tasks WHERE (assignee IS NULL OR assignee_id = assignee) AND (customer IS NULL OR user_id = customer)) v
    WHERE (s.open, s.in_progress, s.overdue, s.due_today, s.unassigned, s.completed_today, s.sla_at_risk, s.sla_breached, s.paused, s.response_breached)
       <> (v.open, v.in_progress, v.overdue, v.due_today, v.unassigned, v.completed_today, v.sla_at_risk, v.sla_breached, v.paused, v.response_breached)$$,
    'stats equal the view');

-- A page row is the view's row.
SELECT is_empty($$SELECT p.id FROM taskq_queue_page(NULL, page_size => 1000) p JOIN taskq_tasks t USING (id)
    WHERE to_jsonb(p) - 'cursor' <> to_jsonb(t)$$, 'a row of the page is the row of the view');
SELECT * FROM finish();
ROLLBACK;
