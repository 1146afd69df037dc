-- The backlog: active tasks by days until due.
CREATE EXTENSION taskq;
\set SHOW_CONTEXT never
SELECT * FROM taskq_backlog();
SELECT count(*) FROM taskq_backlog('priority');
INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana'), ('sta_2', 'Bob'), ('sta_3', 'Cy, who has only done ones');
INSERT INTO taskq_team VALUES ('team_1', 'Permits'), ('team_2', 'Policies');
INSERT INTO taskq_customer VALUES ('cus_1', 'Acme'), ('cus_2', 'Zenith');
INSERT INTO taskq_task (title, priority, due_date, status, started_at, assignee_id, user_id, team_id, kind)
SELECT 'task ' || g, (enum_range(NULL::taskq_priority))[1 + g % 4], CASE WHEN g % 7 > 0 THEN taskq_today() + g - 50 END, CASE WHEN g % 3 > 0 THEN 'OPEN' ELSE 'IN_PROGRESS' END::taskq_status,
    CASE WHEN g % 3 = 0 THEN now() END, (ARRAY['sta_1', 'sta_2'])[g % 3], (ARRAY['cus_1', 'cus_2'])[g % 4], (ARRAY['team_1', 'team_2'])[g % 5], (ARRAY['CALL', 'REVIEW'])[g % 6]
FROM generate_series(1, 100) g;
INSERT INTO taskq_task (title, due_date, status, started_at, completed_at, assignee_id, team_id)
SELECT 'done', taskq_today(), 'COMPLETED', now(), now(), 'sta_3', 'team_1' FROM generate_series(1, 20);
SELECT count(*) > 0 AS swept FROM taskq_sweep();
INSERT INTO taskq_task (title, due_date) VALUES ('not swept', taskq_today() - 1);
SELECT * FROM taskq_backlog();
SELECT * FROM taskq_backlog('assignee', '{0}');
SELECT * FROM taskq_backlog('team', '{}');
SELECT * FROM taskq_backlog('priority', '{0,7}');
SELECT * FROM taskq_backlog('kind', '{}');
SELECT group_key, tasks FROM taskq_backlog('customer', '{}') WHERE bucket IS NOT NULL;

-- exact, whatever the bounds and groups, read from an index or not
CREATE FUNCTION counted(g text, bounds int[]) RETURNS text[] LANGUAGE sql AS $$
    SELECT array_agg(concat_ws('|', coalesce(k, '-'), bucket, n) ORDER BY k, bucket) FROM (
        SELECT CASE g WHEN 'assignee' THEN assignee_id WHEN 'team' THEN team_id WHEN 'kind' THEN kind WHEN 'priority' THEN priority::text WHEN 'customer' THEN user_id END AS k,
            1 + width_bucket(due_date - taskq_today(), bounds) AS bucket, count(*) AS n
        FROM taskq_tasks WHERE is_active GROUP BY 1, 2) c
$$;
CREATE VIEW agreed AS
SELECT g, bool_and((SELECT array_agg(concat_ws('|', coalesce(group_key, '-'), bucket, tasks) ORDER BY group_key, bucket) FROM taskq_backlog(g, b::int[]) WHERE tasks > 0) = counted(g, b::int[])) AS same
FROM unnest('{none,assignee,team,kind,priority,customer}'::text[]) g, unnest(ARRAY['{}', '{0}', '{-7,-1,0,1,7,30}', '{-3700000,-1,3,3700000}']) b GROUP BY g ORDER BY g;
TABLE agreed;
BEGIN;
DROP INDEX taskq_task_queue_idx, taskq_task_assignee_idx, taskq_task_team_idx;
TABLE agreed;
ROLLBACK;
CREATE ROLE regress_taskq_v;
GRANT USAGE ON SCHEMA public TO regress_taskq_v;
SELECT taskq_grant('regress_taskq_v', 'viewer');
GRANT SELECT ON agreed TO regress_taskq_v;
ALTER VIEW agreed SET (security_invoker);
ALTER TABLE taskq_task ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON taskq_task TO regress_taskq_v USING (assignee_id = 'sta_1');
SET ROLE regress_taskq_v;
TABLE agreed;
SELECT * FROM taskq_backlog('assignee', '{0}');
RESET ROLE;

-- bad input
SELECT taskq_backlog('size');
SELECT taskq_backlog(NULL);
SELECT taskq_backlog(bounds => NULL);
SELECT taskq_backlog(bounds => '{1,NULL}');
SELECT taskq_backlog(bounds => '{1,1}');
SELECT taskq_backlog(bounds => '{7,1}');
SELECT taskq_backlog(bounds => '{{1},{2}}');
SELECT taskq_backlog(bounds => '{-2147483648}');
SELECT taskq_backlog(bounds => array_agg(g)) FROM generate_series(1, 101) g;
SELECT count(*) FROM taskq_backlog(bounds => (SELECT array_agg(g) FROM generate_series(1, 100) g));
DROP EXTENSION taskq CASCADE;
DROP FUNCTION IF EXISTS counted(text, int[]);
REVOKE USAGE ON SCHEMA public FROM regress_taskq_v;
DROP ROLE regress_taskq_v;
