-- The numbers of the stats bar are kept, and are always those of the tasks.
CREATE EXTENSION taskq;
\set SHOW_CONTEXT never
INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana'), ('sta_2', 'Bob');
INSERT INTO taskq_customer VALUES ('cus_1', 'Acme', 'sta_1');
-- what taskq_stats() should say, of all and of each assignee, and taskq_workload
CREATE VIEW counted AS
SELECT GROUPING(assignee_id) = 1 AS of_all, assignee_id, count(*) FILTER (WHERE status = 'OPEN')::int AS open, count(*) FILTER (WHERE status = 'IN_PROGRESS')::int AS in_progress,
    count(*) FILTER (WHERE status = 'OVERDUE')::int AS overdue, count(*) FILTER (WHERE is_active AND due_date = taskq_today())::int AS due_today,
    count(*) FILTER (WHERE is_active AND assignee_id IS NULL)::int AS unassigned,
    count(*) FILTER (WHERE completed_at BETWEEN taskq_day_start(taskq_today()) AND statement_timestamp())::int AS completed_today,
    count(*) FILTER (WHERE is_active AND sla_status = 'AT_RISK')::int AS sla_at_risk, count(*) FILTER (WHERE is_active AND sla_status = 'BREACHED')::int AS sla_breached,
    count(*) FILTER (WHERE is_active AND is_paused)::int AS paused,
    count(*) FILTER (WHERE is_active AND (response_breached_at IS NOT NULL OR started_at IS NULL AND response_due_at < statement_timestamp()))::int AS response_breached
FROM taskq_tasks GROUP BY GROUPING SETS ((), assignee_id);
CREATE FUNCTION agrees() RETURNS text LANGUAGE sql AS $$
SELECT coalesce(string_agg(format('%s: said %s, found %s', who, said, found), E'\n'), 'agrees') FROM (
    SELECT c.assignee_id AS who, s::text AS said, (c.open, c.in_progress, c.overdue, c.due_today, c.unassigned, c.completed_today, c.sla_at_risk, c.sla_breached, c.paused, c.response_breached)::text AS found
    FROM counted c, taskq_stats(c.assignee_id) s WHERE c.of_all OR c.assignee_id IS NOT NULL
    UNION ALL
    SELECT s.id || '''s load', w::text, (s.id, s.name, coalesce(c.open, 0), coalesce(c.in_progress, 0), coalesce(c.overdue, 0), coalesce(c.due_today, 0), coalesce(c.sla_breached, 0), s.is_active, coalesce(c.paused, 0), s.away_until)::text
    FROM taskq_staff_member s LEFT JOIN counted c ON c.assignee_id = s.id LEFT JOIN taskq_workload w ON w.assignee_id = s.id) AS x WHERE said IS DISTINCT FROM found
$$;

-- at first the counts are not maintained and no deltas written
SELECT taskq_create('before', due_date => taskq_today() - 1) AS id \gset
SELECT (SELECT count(*) FROM taskq_counter_state) AS state, (SELECT count(*) FROM taskq_counter_delta) AS deltas, agrees();
-- the first sweep counts, and from then on changes are noted
CALL taskq_sweep_all();
SELECT (SELECT count(*) FROM taskq_counter_state) AS state, (SELECT sum(n) FROM taskq_counter WHERE kind <= 1) AS active, agrees();
SELECT taskq_create('open', due_date => taskq_today(), assignee_id => 'sta_1', sla_hours => 8) AS id \gset
SELECT agrees(), (SELECT count(*) FROM taskq_counter_delta) AS deltas;
-- in the same transaction, in savepoints, after rolling back
BEGIN;
SELECT status, agrees() FROM taskq_start(:id);
SELECT agrees();
SAVEPOINT s;
SELECT status FROM taskq_complete(:id);
SELECT agrees();
ROLLBACK TO s;
SELECT agrees();
SELECT status FROM taskq_reschedule(:id, taskq_today() - 3);
SELECT agrees();
-- a sweep in the transaction leaves out what is the transaction's own
SELECT sum(tasks) FROM taskq_sweep();
SELECT agrees();
ROLLBACK;
SELECT agrees();
-- what does not count is not noted
SELECT count(*) AS before FROM taskq_counter_delta \gset
SELECT status FROM taskq_edit(:id, 'another title');
SELECT status FROM taskq_comment(:id, 'a note');
SELECT count(*) - :before AS noted FROM taskq_counter_delta;

-- every kind of write, in bulk
INSERT INTO taskq_task (title, status, due_date, sla_hours, created_at, assignee_id, started_at, completed_at, cancelled_at, paused_at, response_hours, response_due_at)
SELECT 'task ' || g, (CASE WHEN g % 7 = 0 THEN 'COMPLETED' WHEN g % 7 = 1 THEN 'CANCELLED' WHEN g % 7 < 4 THEN 'IN_PROGRESS' ELSE 'OPEN' END)::taskq_status,
    taskq_today() + g % 40 - 20, CASE WHEN g % 3 > 0 THEN 0.01 * g END, now() - make_interval(hours => g % 50),
    CASE g % 4 WHEN 0 THEN NULL WHEN 1 THEN 'sta_2' ELSE 'sta_1' END,
    CASE WHEN g % 7 IN (0, 2, 3) THEN now() - make_interval(hours => g % 50) END, CASE WHEN g % 7 = 0 THEN now() - make_interval(hours => g % (1 + g % 50)) END, CASE WHEN g % 7 = 1 THEN now() END,
    CASE WHEN g % 7 > 1 AND g % 9 = 0 THEN now() END, CASE WHEN g % 5 = 0 THEN 1 END, CASE WHEN g % 5 = 0 THEN now() + make_interval(hours => 1 - g % 50) END
FROM generate_series(1, 1000) g;
SELECT agrees();
SELECT sum(tasks) > 500 AS swept FROM taskq_sweep();
SELECT agrees();
-- more than are noted at once
BEGIN;
SELECT count(*) FROM taskq_complete_many(ARRAY(SELECT id FROM taskq_tasks WHERE status IN ('IN_PROGRESS', 'OVERDUE') ORDER BY id LIMIT 300));
SELECT agrees();
DELETE FROM taskq_task WHERE completed_at IS NOT NULL;
SELECT agrees();
ROLLBACK;
SELECT count(*) FROM taskq_start_many(ARRAY(SELECT id FROM taskq_tasks WHERE status = 'OPEN' ORDER BY id LIMIT 50));
SELECT count(*) FROM taskq_complete_many(ARRAY(SELECT id FROM taskq_tasks WHERE status IN ('IN_PROGRESS', 'OVERDUE') ORDER BY id LIMIT 80));
SELECT count(*) FROM taskq_assign_many(ARRAY(SELECT id FROM taskq_tasks WHERE is_active ORDER BY id LIMIT 30), NULL);
SELECT count(*) FROM taskq_set_sla_many(ARRAY(SELECT id FROM taskq_tasks WHERE is_active ORDER BY id LIMIT 30), 1000);
SELECT count(*) FROM taskq_claim('sta_2', 20);
SELECT agrees();
DELETE FROM taskq_task WHERE completed_at IS NOT NULL AND id % 3 = 0;
SELECT agrees();
SELECT sum(tasks) FROM taskq_sweep();
SELECT agrees(), (SELECT count(*) FROM taskq_counter_delta) AS deltas;
-- past buckets are merged: a change to one makes no counter of its own
CREATE VIEW left_behind AS SELECT * FROM taskq_counter
WHERE bucket > -2147483648 AND (kind IN (3, 4) AND bucket < taskq_today() - date '2000-01-01' - 10 OR kind = 5 AND bucket < 96 * (taskq_today() - date '2000-01-01' - 10));
SELECT count(*) FROM left_behind;
-- days that are past by now are merged by the next sweep, though nothing has changed
UPDATE taskq_counter_state SET merged_day = merged_day - 5;
UPDATE taskq_counter SET n = n - kind WHERE kind IN (3, 4) AND bucket = -2147483648;
INSERT INTO taskq_counter SELECT k, CASE k WHEN 5 THEN 96 * (merged_day + 1) ELSE merged_day + 1 END, k FROM taskq_counter_state, generate_series(3, 5) k;
SELECT agrees(), (SELECT count(*) FROM left_behind), (SELECT count(*) FROM taskq_counter_delta) AS deltas;
SELECT sum(tasks) FROM taskq_sweep();
SELECT agrees(), (SELECT count(*) FROM left_behind), (SELECT merged_day = taskq_today() - date '2000-01-01' - 8 FROM taskq_counter_state) AS merged;
-- and are not taken apart again in a zone where it is still yesterday
SET taskq.timezone = '<WEST>+100';
SELECT taskq_create('late in the west') > 0 AS created;
SELECT count(*) FROM taskq_sweep() WHERE kind = 'none';
SELECT agrees(), (SELECT merged_day > taskq_today() - date '2000-01-01' - 8 FROM taskq_counter_state) AS as_before;
RESET taskq.timezone;
-- nothing to count: nothing is written
SELECT count(*) FROM taskq_sweep() WHERE kind = 'none';
SELECT ctid AS was, xmin AS by FROM taskq_counter_state \gset
SELECT sum(tasks) FROM taskq_sweep();
SELECT ctid = :'was' AND xmin = :by AS untouched FROM taskq_counter_state;
-- a clock that is set back: counted until the next sweep, which begins anew
UPDATE taskq_counter_state SET merged_day = merged_day + 100;
SELECT agrees();
CALL taskq_sweep_all();
SELECT agrees(), (SELECT merged_day = taskq_today() - date '2000-01-01' - 8 FROM taskq_counter_state) AS anew;
DROP VIEW left_behind;
-- at risk from its instant up to and including the deadline, breached after it; active tasks only, whoever
-- has them, whatever is recorded: a breach from before the clock was set back, or none
CREATE FUNCTION at_edges() RETURNS TABLE (who text, at_risk int, breached int, agrees text) LANGUAGE plpgsql AS $$
DECLARE
    now timestamptz := statement_timestamp();
    role text := current_setting('session_replication_role');
BEGIN
    CREATE TEMP TABLE bar ON COMMIT DROP AS
        SELECT w.*, s.sla_at_risk, s.sla_breached FROM (VALUES ('all', NULL, NULL), ('sta_1', 'sta_1', NULL), ('cus_1', NULL, 'cus_1'), ('both', 'sta_1', 'cus_1')) w(who, a, u), taskq_stats(a, u) s;
    PERFORM set_config('session_replication_role', 'replica', true);
    INSERT INTO taskq_task (title, created_at, status, started_at, completed_at, cancelled_at, due_date, assignee_id, user_id, sla_hours, sla_at_risk_at, sla_due_at, sla_breached_at)
    SELECT 'edge ' || state, now - interval '1 day', ltrim(state, '_')::taskq_status, CASE WHEN state IN ('IN_PROGRESS', '_OVERDUE', 'COMPLETED') THEN now - interval '1 day' END,
        CASE state WHEN 'COMPLETED' THEN now END, CASE state WHEN 'CANCELLED' THEN now END, taskq_today() - 1, a, u, 1, r, d, CASE WHEN recorded THEN now END
    FROM unnest('{OPEN,IN_PROGRESS,OVERDUE,_OVERDUE,COMPLETED,CANCELLED}'::text[]) state, unnest('{sta_1,NULL}'::text[]) a, unnest('{cus_1,NULL}'::text[]) u, unnest('{f,t}'::bool[]) recorded,
        unnest(ARRAY[now - interval '1 hour', now, now + interval '1 us', 'infinity']) r, unnest(ARRAY[now - interval '1 us', now, now + interval '1 us', 'infinity']) d;
    PERFORM set_config('session_replication_role', role, true);
    RETURN QUERY SELECT b.who, s.sla_at_risk - b.sla_at_risk, s.sla_breached - b.sla_breached, agrees() FROM bar b, taskq_stats(a, u) s ORDER BY b.who;
    DROP TABLE bar;
END $$;
BEGIN;
SELECT * FROM at_edges();
SELECT agrees();
SAVEPOINT s;
SELECT count(*) FROM taskq_cancel_many(ARRAY(SELECT id FROM taskq_tasks WHERE title LIKE 'edge %' AND is_active AND sla_breached_at IS NOT NULL));
SELECT agrees();
ROLLBACK TO s;
-- the same without their indexes
DROP INDEX taskq_task_sla_settled_idx, taskq_task_assignee_idx;
SELECT * FROM at_edges();
ROLLBACK;
-- and where all have been there for long
SELECT count(*) FROM at_edges();
VACUUM taskq_task;
SELECT agrees();
SELECT sum(tasks) > 0 AS swept FROM taskq_sweep();
SELECT agrees();
VACUUM taskq_task;
SELECT agrees();
SET session_replication_role = replica;
DELETE FROM taskq_task WHERE title LIKE 'edge %';
RESET session_replication_role;
DROP FUNCTION at_edges;
SELECT agrees();
SELECT count(*) FROM taskq_sweep() WHERE kind = 'none';
-- one whose SLA would put it at risk after the deadline is never at risk
INSERT INTO taskq_task (title, sla_hours, sla_due_at, sla_at_risk_at) VALUES ('odd', 1, now() - interval '1 hour', now() + interval '1 hour'),
    ('odd too', 1, statement_timestamp(), statement_timestamp() + interval '1 hour'), ('old', 1, '4000-01-01 BC', '4000-01-01 BC'), ('far', 1, '200000-01-01', '200000-01-01'),
    ('never', 1, 'infinity', now() - interval '1 hour');
SELECT agrees();
-- what is completed in the future counts when that has come: by the counters as by counting
INSERT INTO taskq_task (title, status, assignee_id, created_at, started_at, completed_at)
SELECT 'to come', 'COMPLETED', 'sta_1', now() - interval '2 days', now() - interval '2 days', now() + at
FROM unnest('{-30 min,-1 min,0,1 us,1 s,1 min,14 min,15 min,1 hour,1 day,1000 years}'::interval[]) at;
SELECT agrees(), (SELECT completed_today FROM taskq_stats()) = (SELECT completed_today FROM counted WHERE of_all) AS same;
SELECT sum(tasks) FROM taskq_sweep();
SELECT agrees(), (SELECT count(*) FROM taskq_counter_delta) AS deltas;
-- the day depends on the zone
SET taskq.timezone = '<EAST>-14';
SELECT agrees();
SET taskq.timezone = '<WEST>+12';
SELECT agrees();
SET taskq.timezone = '<ODD>0<ODD>-05:07:13,J3,J363';
SELECT agrees();
-- in which the day may have begun in this quarter of an hour
SELECT set_config('taskq.timezone', '<NEW>0<NEW>' || to_char(now() AT TIME ZONE 'UTC' - interval '3 seconds', 'HH24:MI:SS') || ',J3,J363', false) IS NOT NULL AS set;
SELECT agrees();
RESET taskq.timezone;

-- counted anew, the counters are the same
SELECT sum(tasks) FROM taskq_sweep();
SELECT sum(tasks) FROM taskq_sweep();
CREATE TABLE before AS SELECT kind, bucket, n FROM taskq_counter WHERE n <> 0 AND bucket > -2147483648;
TRUNCATE taskq_counter_state;
CALL taskq_sweep_all();
SELECT agrees(), (SELECT count(*) FROM taskq_counter_state) AS state;
SELECT kind, bucket, b.n AS before, c.n AS now FROM before b FULL JOIN (SELECT * FROM taskq_counter WHERE n <> 0) c USING (kind, bucket)
WHERE c.n IS DISTINCT FROM b.n
    AND (kind IN (0, 1, 2) OR bucket > CASE WHEN kind <= 4 THEN taskq_today() - date '2000-01-01' ELSE extract(epoch FROM now() - timestamptz '2000-01-01 00:00+00')::int / 900 - 1 END);

-- where triggers are off: noted all the same ...
SET session_replication_role = replica;
INSERT INTO taskq_task (title, due_date) VALUES ('as a replica', taskq_today()), ('as a replica', NULL);
UPDATE taskq_task SET due_date = due_date - 1 WHERE title = 'as a replica';
SELECT agrees();
DELETE FROM taskq_task WHERE title = 'as a replica' AND due_date IS NULL;
SELECT agrees(), (SELECT count(*) FROM taskq_counter_state) AS state;
RESET session_replication_role;
SELECT count(*) AS events FROM taskq_task_event WHERE task_id IN (SELECT id FROM taskq_task WHERE title = 'as a replica');
-- ... or else counted, until the next sweep has begun anew
ALTER TABLE taskq_task DISABLE TRIGGER taskq_counted;
INSERT INTO taskq_task (title) VALUES ('not noted');
SELECT agrees();
CALL taskq_sweep_all();
SELECT agrees(), (SELECT count(*) FROM taskq_counter_state WHERE triggers = 0) AS kept_without;
ALTER TABLE taskq_task ENABLE ALWAYS TRIGGER taskq_counted;
SELECT agrees();
CALL taskq_sweep_all();
UPDATE taskq_counter SET n = n + 1 WHERE kind = 0;
SELECT agrees() = 'agrees' AS counted FROM taskq_stats();
UPDATE taskq_counter SET n = n - 1 WHERE kind = 0;
BEGIN;
ALTER TABLE taskq_task DISABLE TRIGGER USER;
INSERT INTO taskq_task (title) VALUES ('not noted');
ALTER TABLE taskq_task ENABLE TRIGGER USER;
SELECT agrees();
COMMIT;
SELECT agrees();
CALL taskq_sweep_all();
SELECT agrees();
SELECT statement FROM taskq_customizations() WHERE statement LIKE '%TRIGGER taskq_counted%';
ALTER TABLE taskq_task ENABLE ALWAYS TRIGGER taskq_counted, ENABLE ALWAYS TRIGGER taskq_lifecycle_updated,
    ENABLE ALWAYS TRIGGER taskq_lifecycle_deleted, ENABLE ALWAYS TRIGGER taskq_lifecycle_truncate;
BEGIN;
SET LOCAL session_replication_role = replica;
TRUNCATE taskq_task;
SELECT agrees(), (SELECT count(*) FROM taskq_counter_state) AS state;
ROLLBACK;
CALL taskq_sweep_all();
SELECT agrees();
-- numbers that are not the tasks': noticed by the daily check, and counted anew
UPDATE taskq_counter SET n = n + 1 WHERE kind = 0;
SELECT agrees() <> 'agrees' AS differs;
-- many changes and few tasks: these are counted then
BEGIN;
SET LOCAL session_replication_role = replica;
SELECT open + in_progress + overdue + completed_today < 1500 AS few FROM taskq_stats();
INSERT INTO taskq_task (title) SELECT 'one of many' FROM generate_series(1, 1500);
DELETE FROM taskq_task WHERE title = 'one of many';
SELECT agrees();
ROLLBACK;
SELECT agrees() <> 'agrees' AS differs;
CALL taskq_sweep_all();
SELECT agrees() <> 'agrees' AS still;
UPDATE taskq_counter_state SET counted_at = now() - interval '2 days';
CALL taskq_sweep_all();
SELECT agrees(), (SELECT count(*) FROM taskq_counter_state) AS state;
-- the same where they were compared last in the future, before the clock was set back
UPDATE taskq_counter SET n = n + 1 WHERE kind = 2;
UPDATE taskq_counter_state SET counted_at = now() + interval '15 days';
CALL taskq_sweep_all();
SELECT agrees(), (SELECT counted_at <= now() FROM taskq_counter_state) AS compared;

-- what a DBA may do to the tables: with indexes that are unique, partial, of expressions, or gone, and with a column more
ALTER TABLE taskq_counter_delta ADD COLUMN remark text;
CREATE UNIQUE INDEX one_a_transaction ON taskq_counter_delta ((xid::text), abs(old_due::bigint + new_due)) WHERE new_state >= 0;
SELECT taskq_create('noted in two indexes', due_date => taskq_today()) AS id \gset
SELECT taskq_create('and again', due_date => taskq_today()) > 0 AS created;
SET enable_seqscan = off;
SELECT count(*), count(remark) FROM taskq_counter_delta WHERE xid::text > '' AND new_state >= 0;
RESET enable_seqscan;
\set VERBOSITY terse
INSERT INTO taskq_task (title, due_date) VALUES ('one', taskq_today()), ('another', taskq_today());
\set VERBOSITY default
DROP INDEX one_a_transaction, taskq_counter_delta_xid_idx;
ALTER TABLE taskq_counter DROP CONSTRAINT taskq_counter_pkey;
ALTER TABLE taskq_counter_delta DROP COLUMN remark;
SELECT status, agrees() FROM taskq_start(:id);
SELECT agrees();
ALTER TABLE taskq_counter ADD PRIMARY KEY (kind, bucket);
SELECT sum(tasks) FROM taskq_sweep();
SELECT agrees();
CREATE INDEX ON taskq_counter_delta (xid);
-- children of the table
BEGIN;
CREATE TABLE child () INHERITS (taskq_task);
INSERT INTO child (id, title, assignee_id) VALUES (100000, 'a child''s', 'sta_1');
SELECT agrees();
ROLLBACK;
-- an index of one assignee's numbers that is not what it was
DROP INDEX taskq_task_assignee_idx;
SELECT agrees();
CREATE INDEX taskq_task_assignee_idx ON taskq_task (title, id, status, due_date, started_at, completed_at, cancelled_at) WHERE assignee_id IS NOT NULL;
SELECT agrees();
-- an index of the name that has other tasks: those whose breach is recorded are not at risk
BEGIN;
DROP INDEX taskq_task_timer_idx;
CREATE INDEX taskq_task_timer_idx ON taskq_task (sla_at_risk_at) WHERE sla_at_risk_at IS NOT NULL;
INSERT INTO taskq_task (title, sla_hours, created_at, sla_breached_at) VALUES ('breached', 1, '2020-01-01', '2020-01-02');
SELECT agrees();
ROLLBACK;
-- emptied: counted until the next sweep, which begins anew
BEGIN;
TRUNCATE taskq_counter;
SELECT agrees();
SELECT status FROM taskq_complete(:id);
SELECT agrees();
SAVEPOINT s;
SELECT sum(tasks) FROM taskq_sweep();
SELECT agrees();
ROLLBACK TO s;
SELECT agrees();
ROLLBACK;
SELECT agrees();
TRUNCATE taskq_counter_delta;
SELECT agrees();
SELECT status, agrees() FROM taskq_complete(:id);
CALL taskq_sweep_all();
SELECT agrees(), (SELECT count(*) FROM taskq_counter_delta) AS deltas;
SELECT taskq_create('noted again') > 0 AS created;
SELECT agrees(), (SELECT count(*) FROM taskq_counter_delta) AS deltas;

-- who may not see every task has them counted; nobody needs rights on the counters
CREATE ROLE regress_taskq_v;
SELECT taskq_grant('regress_taskq_v', 'viewer');
SELECT open AS open FROM taskq_stats() \gset
SET ROLE regress_taskq_v;
SELECT open = :open AS same FROM taskq_stats();
RESET ROLE;
ALTER TABLE taskq_task ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON taskq_task TO regress_taskq_v USING (title = 'not noted');
SET ROLE regress_taskq_v;
SELECT * FROM taskq_stats();
RESET ROLE;
SELECT taskq_revoke('regress_taskq_v');
DROP TABLE before;
DROP EXTENSION taskq CASCADE;
DROP FUNCTION agrees;
DROP ROLE regress_taskq_v;
