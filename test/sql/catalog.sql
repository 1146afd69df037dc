-- What the extension is made of, and that it works wherever it is.
CREATE EXTENSION taskq;
CREATE VIEW member AS
SELECT o.classid, o.objid, (pg_identify_object(o.classid, o.objid, 0)).*
FROM pg_depend o WHERE o.refclassid = 'pg_extension'::regclass AND o.deptype = 'e'
  AND o.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'taskq');
-- every public object says what it is
SELECT type, identity FROM member
WHERE type IN ('table', 'view', 'function', 'procedure', 'type', 'composite type')
  AND obj_description(objid, CASE WHEN type = 'composite type' THEN 'pg_class' ELSE classid::regclass::text END) IS NULL
  AND NOT EXISTS (SELECT FROM pg_type t WHERE t.oid = objid AND (t.typelem <> 0 OR t.typrelid <> 0))
ORDER BY 1, 2;
-- so does every column of a table
SELECT c.relname, a.attname FROM member m JOIN pg_class c ON c.oid = m.objid AND m.type = 'table'
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE col_description(c.oid, a.attnum) IS NULL
  AND (c.relname, a.attname) <> ('taskq_sweep_log', 'id') ORDER BY 1, 2;
-- no function has two signatures: untyped parameters must resolve
SELECT proname FROM pg_proc WHERE oid IN (SELECT objid FROM member WHERE classid = 'pg_proc'::regclass)
GROUP BY 1 HAVING count(*) > 1;
-- every table and sequence is dumped, but for what is derived
SELECT identity FROM member m WHERE type IN ('table', 'sequence') AND identity NOT LIKE ALL ('{%.taskq_renewal_recheck,%.taskq_counter%}')
  AND objid <> ALL (SELECT unnest(extconfig) FROM pg_extension WHERE extname = 'taskq') ORDER BY 1;
-- every logged table has a primary key, by which logical replication knows its rows
SELECT c.relname FROM member m JOIN pg_class c ON c.oid = m.objid AND m.type = 'table' AND c.relpersistence = 'p'
WHERE NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary);
-- no function is SECURITY DEFINER, none is PUBLIC's but those that CHECKs, generated columns and indexes call, and those of the indexes for a search
SELECT p.proname FROM member m JOIN pg_proc p ON p.oid = m.objid AND m.classid = 'pg_proc'::regclass
WHERE p.prosecdef OR has_function_privilege('public', p.oid, 'EXECUTE') AND NOT EXISTS (SELECT FROM pg_depend d
    WHERE d.classid IN ('pg_constraint'::regclass, 'pg_attrdef'::regclass, 'pg_class'::regclass) AND d.refclassid = 'pg_proc'::regclass AND d.refobjid = p.oid
      AND p.provolatile = 'i') AND p.proname NOT IN ('taskq_fold', 'taskq_search_text');
DROP VIEW member;
DROP EXTENSION taskq;

-- in a schema of its own with a name that needs quotes, and with no search_path
CREATE SCHEMA "Desk 7";
CREATE EXTENSION taskq SCHEMA "Desk 7";
SET search_path = '';
SELECT "Desk 7".taskq_create('Somewhere else', due_date => "Desk 7".taskq_today() - 1) AS id \gset
SELECT status FROM "Desk 7".taskq_start(:id);
SELECT title, status FROM "Desk 7".taskq_queue_page('{OVERDUE}');
SELECT overdue FROM "Desk 7".taskq_queue_stats;
-- the schema gets another name under a running session
ALTER SCHEMA "Desk 7" RENAME TO desk8;
SELECT status FROM desk8.taskq_complete(:id);
SELECT count(*) FROM desk8.taskq_queue_page('{COMPLETED}');
RESET search_path;
-- dropped and made again under a running session
DROP EXTENSION taskq;
SELECT count(*) FROM pg_proc WHERE proname LIKE 'taskq%';
CREATE EXTENSION taskq SCHEMA desk8;
SELECT desk8.taskq_create('Anew') AS id;

-- statements kept for a name or an extension that is no more are freed, and leave their place to others
CREATE FUNCTION kept(fragment text) RETURNS bigint LANGUAGE sql AS
    $$SELECT count(*) FROM pg_backend_memory_contexts WHERE name = 'CachedPlanSource' AND strpos(ident, fragment) > 0$$;
DO $$BEGIN
    FOR i IN 9..68 LOOP
        EXECUTE format('ALTER SCHEMA desk%s RENAME TO desk%s', i - 1, i);
        FOR j IN 1..5 LOOP
            EXECUTE format('SELECT count(*) FROM desk%s.taskq_queue_page(page_size => %s)', i, j);
        END LOOP;
        EXECUTE format('SELECT desk%s.taskq_create(''again'')', i);
        COMMIT;
    END LOOP;
END$$;
ALTER SCHEMA desk68 RENAME TO desk8;
SELECT kept('SELECT p.id, p.title') AS pages, kept('taskq_task (status, title') AS inserts;
DROP EXTENSION taskq;
CREATE EXTENSION taskq SCHEMA desk8;
SELECT count(*) FROM desk8.taskq_queue_page();
SELECT count(*) FROM desk8.taskq_queue_page();
SELECT kept('SELECT p.id, p.title') AS pages;
-- not while one of them runs: here a policy gives the schema another name
CREATE ROLE regress_taskq_v;
GRANT USAGE ON SCHEMA desk8 TO regress_taskq_v;
SELECT desk8.taskq_grant('regress_taskq_v', 'viewer');
INSERT INTO desk8.taskq_task (title) SELECT 'task ' || g FROM generate_series(1, 3) g;
CREATE FUNCTION renames(id bigint) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER AS $$BEGIN
    IF id = 2 AND to_regnamespace('desk8') IS NOT NULL THEN
        ALTER SCHEMA desk8 RENAME TO desk9;
        PERFORM FROM desk9.taskq_queue_page();
    END IF;
    RETURN true;
END$$;
ALTER TABLE desk8.taskq_task ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON desk8.taskq_task TO regress_taskq_v USING (renames(id));
SET ROLE regress_taskq_v;
SELECT title FROM desk8.taskq_queue_page();
RESET ROLE;
SELECT kept('SELECT p.id, p.title') AS pages;
DROP POLICY p ON desk9.taskq_task;
DROP FUNCTION kept, renames;
SELECT desk9.taskq_revoke('regress_taskq_v');
DROP EXTENSION taskq;
DROP SCHEMA desk9;
DROP ROLE regress_taskq_v;
