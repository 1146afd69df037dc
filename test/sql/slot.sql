-- Slots: which keys belong to which, and ids that never collide.
CREATE EXTENSION taskq;
\set SHOW_CONTEXT never
-- the hash is FNV-1a of 32 bits, folded; here computed from its definition
CREATE FUNCTION fnv_1a(key bytea) RETURNS bigint LANGUAGE plpgsql IMMUTABLE STRICT AS $$DECLARE h bigint := 2166136261; BEGIN
    FOR i IN 0 .. length(key) - 1 LOOP
        h := ((h # get_byte(key, i)) * 16777619) & 4294967295;
    END LOOP;
    RETURN h;
END$$;
-- vectors of FNV's authors
SELECT v.key, to_hex(fnv_1a(convert_to(v.key, 'UTF8'))) = v.hash AS known, taskq_slot(v.key) AS slot
FROM (VALUES ('', '811c9dc5'), ('a', 'e40c292c'), ('b', 'e70c2de5'), ('foo', 'a9f37ed7'), ('foobar', 'bf9cf968'), ('chongo was here!' || E'\n', 'd49930d5')) v(key, hash);
SELECT key, taskq_slot(key) FROM unnest(ARRAY['cus_1', 'cus_2', 'cus_abc123', 'CUS_1', ' cus_1', 'Zoë', U&'Zoe\0308', '客户', '😀']) key;
SELECT bool_and(taskq_slot(key) = (h # (h >> 10) # (h >> 20)) & 1023) AS as_documented
FROM (SELECT key, fnv_1a(convert_to(key, 'UTF8')) AS h FROM (SELECT 'cus_' || g AS key FROM generate_series(1, 2000) g UNION ALL SELECT repeat('ß' || g, g) FROM generate_series(0, 300) g) k) k;
-- keys that count up are spread evenly, whatever the number of slots
SELECT n AS slots, count(*) AS used, min(keys) > 20000.0 / n * 0.7 AND max(keys) < 20000.0 / n * 1.3 AS even
FROM (SELECT n, taskq_slot('cus_' || g) & (n - 1), count(*) FROM generate_series(1, 20000) g, unnest('{2,4,16,64}'::int[]) n GROUP BY 1, 2) s(n, slot, keys) GROUP BY n ORDER BY n;
SELECT count(DISTINCT taskq_slot('cus_' || g)) FROM generate_series(1, 20000) g;
SELECT taskq_slot(NULL) IS NULL AS strict;

-- a database has no slot until it is given one
SELECT taskq_slot_number();
SELECT taskq_create('of no slot') AS id;
SELECT taskq_set_slot(1024);
SELECT taskq_set_slot(-1);
SELECT taskq_set_slot(2147483647);
-- ids that are there must fit
SELECT taskq_set_slot(0);
SELECT taskq_slot_number();
SELECT taskq_set_slot(1);
SELECT taskq_slot_number();
SELECT taskq_create('next') AS id;
SELECT conrelid::regclass AS relation, conname, pg_get_constraintdef(oid) AS def FROM pg_constraint WHERE conname LIKE '%slot_check' ORDER BY 1;
\set VERBOSITY terse
INSERT INTO taskq_task (id, title) VALUES (2050, 'of another slot');
\set VERBOSITY default
INSERT INTO taskq_task (id, title) VALUES (2049, 'of this one');
-- another slot while there are tasks; none any more
SELECT taskq_set_slot(2);
SELECT taskq_set_slot(NULL);
SELECT taskq_slot_number(), count(*) FROM pg_constraint WHERE conname LIKE '%slot_check';
SELECT taskq_create('in steps of 1') AS id;
SELECT taskq_set_slot(1);
SELECT count(*) AS stepped FROM pg_sequence s JOIN pg_depend d ON d.objid = s.seqrelid AND d.deptype = 'e' WHERE seqincrement <> 1;
DROP EXTENSION taskq;

-- every sequence of ids: from the first on, in rows that the engines and the history write too
CREATE EXTENSION taskq;
SELECT taskq_set_slot(0);
SELECT taskq_set_slot(5);
SELECT c.relname, s.seqincrement, s.seqstart, nextval(c.oid) FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid
JOIN pg_depend d ON d.objid = s.seqrelid AND d.deptype = 'e' ORDER BY 1;
INSERT INTO taskq_customer VALUES ('cus_1', 'Acme');
SELECT taskq_create('first', user_id => 'cus_1', dedupe_key => 'a'), taskq_create('first', dedupe_key => 'a'), taskq_create('second');
SELECT taskq_start(id) IS NULL FROM taskq_task \g /dev/null
SELECT count(*) FROM taskq_create_many_json('[{"title": "third"}, {"title": "fourth"}]');
SELECT taskq_renewal_create('cus_1', 'permit', taskq_today() + 3) AS id;
INSERT INTO taskq_workflow_rule (name, event, action, title_template) VALUES ('any', 'any.event', 'CREATE_TASK', 'of a rule');
SELECT taskq_emit('any.event', '{}');
INSERT INTO taskq_schedule (name, title_template, starts_on, every) VALUES ('daily', 'of a schedule', '2026-01-01', '1 day');
CALL taskq_sweep_all();
SELECT tasks FROM taskq_erase_customer('cus_1');
SELECT format('SELECT %L AS relname, count(*) > 0 AS has_rows, count(*) FILTER (WHERE id & 1023 <> 5) AS misfits FROM %1$s', c.oid::regclass)
FROM pg_class c JOIN pg_depend d ON d.objid = c.oid AND d.deptype = 'e'
WHERE EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attidentity <> '') ORDER BY c.relname
\pset tuples_only on
\gexec
\pset tuples_only off
-- the queue goes page by page over ids with gaps; public ids and cursors are as good
CREATE TEMP TABLE seen (id bigint, cursor text);
DO $$DECLARE last text; BEGIN
    LOOP
        INSERT INTO seen SELECT id, cursor FROM taskq_queue_page(NULL, page_size => 2, sort => 'created', after => last);
        EXIT WHEN NOT FOUND;
        SELECT cursor INTO last FROM taskq_queue_page(NULL, page_size => 2, sort => 'created', after => last) WITH ORDINALITY ORDER BY ordinality DESC LIMIT 1;
    END LOOP;
END$$;
SELECT count(*) = count(DISTINCT s.id) AND count(*) = (SELECT count(*) FROM taskq_task) AS each_once FROM seen s;
SELECT bool_and(taskq_id(taskq_public_id(id)) = id) AS back FROM taskq_task;

-- the same again changes nothing, not even when others write
SELECT string_agg(c.relname || ' ' || c.relfilenode, ',' ORDER BY c.relname) AS files FROM pg_class c JOIN pg_depend d ON d.objid = c.oid AND d.deptype = 'e' WHERE c.relkind = 'S' \gset
SELECT taskq_set_slot(5);
SELECT string_agg(c.relname || ' ' || c.relfilenode, ',' ORDER BY c.relname) = :'files' AS as_they_were FROM pg_class c JOIN pg_depend d ON d.objid = c.oid AND d.deptype = 'e' WHERE c.relkind = 'S';
SELECT subject, what, hint FROM taskq_check() WHERE what LIKE '%slot%';
-- what pg_dump does not keep
SELECT * FROM taskq_customizations();
-- but it moves sequences on that are behind, or have left the slot
SELECT max(id) AS last FROM taskq_task \gset
SELECT setval('taskq_task_id_seq', 3) \g /dev/null
SELECT setval('taskq_sweep_log_id_seq', 9000) \g /dev/null
ALTER SEQUENCE taskq_renewal_id_seq INCREMENT BY 1;
SELECT subject, what, hint FROM taskq_check() WHERE what LIKE '%slot%';
SELECT taskq_set_slot(5);
SELECT taskq_create('goes on') - :last AS step, nextval('taskq_sweep_log_id_seq'), nextval('taskq_renewal_id_seq') & 1023 AS slot;
SELECT subject FROM taskq_check() WHERE what LIKE '%slot%';
-- as does a rollback, with everything
BEGIN;
SELECT taskq_set_slot(NULL);
SELECT taskq_create('rolled back') - :last AS step;
ROLLBACK;
SELECT taskq_slot_number();
SELECT taskq_create('goes on') - :last AS step;
-- what was there before is not taken for a restore that has not ended
BEGIN;
SELECT taskq_set_slot(NULL);
DELETE FROM taskq_sweep_log;
INSERT INTO taskq_sweep_log (id, started_at, finished_at, overdue, recovered, sla_breached, renewals, tasks_created, purged, failed, batches, elapsed_ms, backlog)
SELECT g * 1000000, now(), now(), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 FROM generate_series(1, 3) g;
SELECT taskq_set_slot(5);
SELECT last_value & 1023 AS slot, last_value > 3000000 AS after, is_called FROM taskq_sweep_log_id_seq;
SELECT subject, what FROM taskq_check() WHERE subject LIKE '%seq';
ROLLBACK;
-- one CHECK is not enough
BEGIN;
ALTER TABLE taskq_renewal DROP CONSTRAINT taskq_renewal_slot_check;
SELECT taskq_slot_number();
SELECT * FROM taskq_customizations() WHERE statement LIKE '%CONSTRAINT%';
SELECT taskq_set_slot(5);
SELECT taskq_slot_number();
ROLLBACK;
BEGIN;
ALTER TABLE taskq_renewal DROP CONSTRAINT taskq_renewal_slot_check, ADD CONSTRAINT taskq_renewal_slot_check CHECK (id & 1023 = 5 OR true);
SELECT taskq_slot_number();
ROLLBACK;
-- renewals alone do not fit either
BEGIN;
TRUNCATE taskq_renewal_crossing;
ALTER TABLE taskq_task DISABLE TRIGGER taskq_lifecycle_delete;
DELETE FROM taskq_task;
SELECT taskq_set_slot(6);
ROLLBACK;
-- who may
CREATE ROLE regress_taskq_m;
GRANT USAGE ON SCHEMA public TO regress_taskq_m;
SELECT taskq_grant('regress_taskq_m', 'manager');
SET ROLE regress_taskq_m;
SELECT taskq_slot_number(), taskq_slot('cus_1');
SELECT taskq_set_slot(5);
RESET ROLE;
GRANT EXECUTE ON FUNCTION taskq_set_slot TO regress_taskq_m;
SET ROLE regress_taskq_m;
SELECT taskq_set_slot(5);
RESET ROLE;
SELECT taskq_revoke('regress_taskq_m');
REVOKE ALL ON SCHEMA public FROM regress_taskq_m;
DROP ROLE regress_taskq_m;
DROP EXTENSION taskq;
-- in a schema whose name needs quotes
CREATE SCHEMA "Desk '7";
CREATE EXTENSION taskq SCHEMA "Desk '7";
SELECT "Desk '7".taskq_set_slot(1023);
SELECT "Desk '7".taskq_create('here') AS id;
SELECT * FROM "Desk '7".taskq_customizations();
DROP EXTENSION taskq;
DROP SCHEMA "Desk '7";

-- two parts of a report put together make the whole
CREATE EXTENSION taskq;
INSERT INTO taskq_task (title, kind, priority, status, created_at, sla_hours, response_hours, sla_from, started_at, completed_at)
SELECT 'r' || g, CASE WHEN g % 3 > 0 THEN 'K' || g % 3 END, CASE WHEN g % 2 = 0 THEN 'HIGH' ELSE 'LOW' END::taskq_priority, CASE WHEN g % 7 = 0 THEN 'OPEN' ELSE 'COMPLETED' END::taskq_status,
       at, 10, CASE WHEN g % 4 = 0 THEN 3 END, CASE WHEN g % 5 = 0 THEN at - interval '90 minutes' END,
       CASE WHEN g % 7 > 0 THEN at + g * interval '20 minutes' END, CASE WHEN g % 7 > 0 THEN at + g * g * interval '20 minutes' END
FROM generate_series(1, 40) g, LATERAL (SELECT timestamptz '2026-03-01 10:00+00' + g * interval '9 hours') v(at);
\set groups '\'{none,assignee,team,priority,kind,day,week}\'::text[]'
CREATE TEMP TABLE whole AS SELECT b AS group_by, r.* FROM unnest(:groups) b, taskq_sla_report('-infinity', 'infinity', b) r;
CREATE TEMP TABLE part AS SELECT b AS group_by, p.* FROM unnest(:groups) b,
    (VALUES (timestamptz '-infinity', timestamptz '2026-03-07 06:00+00'), ('2026-03-07 06:00+00', 'infinity')) v(since, until), taskq_sla_report_parts(since, until, b) p;
CREATE TEMP TABLE merged AS SELECT group_by, group_key, sum(tasks)::int AS tasks, sum(met)::int AS met, sum(breached)::int AS breached, sum(met)::float8 / nullif(sum(met + breached), 0) AS compliance,
    p.hours[1] AS p50_hours, p.hours[2] AS p90_hours, sum(response_tasks)::int AS response_tasks, sum(response_met)::int AS response_met, sum(response_breached)::int AS response_breached,
    sum(response_met)::float8 / nullif(sum(response_met + response_breached), 0) AS response_compliance, p.business[1] AS business_p50_hours, p.business[2] AS business_p90_hours
FROM part q, LATERAL (SELECT percentile_cont('{0.5,0.9}'::float8[]) WITHIN GROUP (ORDER BY h) FILTER (WHERE NOT b) AS hours, percentile_cont('{0.5,0.9}'::float8[]) WITHIN GROUP (ORDER BY h) FILTER (WHERE b) AS business
    FROM (SELECT unnest(o.hours) AS h, false AS b FROM part o WHERE (o.group_by, o.group_key) IS NOT DISTINCT FROM (q.group_by, q.group_key)
          UNION ALL SELECT unnest(o.business_hours), true FROM part o WHERE (o.group_by, o.group_key) IS NOT DISTINCT FROM (q.group_by, q.group_key)) h) p
GROUP BY 1, 2, p.hours, p.business;
SELECT group_by, count(*), sum(tasks) AS tasks, sum(response_tasks) AS response_tasks FROM whole GROUP BY 1 ORDER BY 1;
SELECT 'whole' AS only, * FROM (TABLE whole EXCEPT TABLE merged) w UNION ALL SELECT 'merged', * FROM (TABLE merged EXCEPT TABLE whole) m;
SELECT * FROM taskq_sla_report_parts('2026-03-01 20:00+00', '2026-03-02 23:00+00', 'kind');
SELECT * FROM taskq_sla_report_parts('2020-01-01', '2020-01-01');
SELECT taskq_sla_report_parts(NULL, now());
SELECT taskq_sla_report_parts('2026-03-02', '2026-03-01');
SELECT taskq_sla_report_parts('2026-03-01', '2026-03-02', 'month');
DROP EXTENSION taskq;
