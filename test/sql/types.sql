-- Values and their order, and what casts to them by itself.
CREATE EXTENSION taskq;
SELECT t::regtype AS type, enum_range(NULL::taskq_priority)::text AS values FROM unnest('{taskq_priority}'::regtype[]) t
UNION ALL SELECT 'taskq_status', enum_range(NULL::taskq_status)::text
UNION ALL SELECT 'taskq_sla_status', enum_range(NULL::taskq_sla_status)::text;
SELECT p, taskq_priority_rank(p) FROM unnest(enum_range(NULL::taskq_priority)) p;
SELECT castsource::regtype, casttarget::regtype, castcontext AS context, castmethod AS method, d.deptype AS member
FROM pg_cast c LEFT JOIN pg_depend d ON d.classid = 'pg_cast'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_extension'::regclass
WHERE casttarget IN ('taskq_priority'::regtype, 'taskq_status'::regtype, 'taskq_sla_status'::regtype) ORDER BY c.oid;

-- text and varchar, as a driver that types its parameters sends them
PREPARE text_in(text, varchar) AS SELECT taskq_create('typed', priority => $1), taskq_create('typed', priority => $2);
EXECUTE text_in('HIGH', 'LOW') \g /dev/null
EXECUTE text_in('HIGH', 'low');
PREPARE text_array(text[], varchar[], text[]) AS SELECT title, priority FROM taskq_queue_page($1, $2, sla_status => $3);
EXECUTE text_array('{OPEN,IN_PROGRESS}', '{HIGH}', '{NONE}');
EXECUTE text_array('{OPEN}', '{high}', NULL);
PREPARE varchar_array(varchar[], text[], varchar[]) AS SELECT taskq_queue_count($1, $2, sla_status => $3);
EXECUTE varchar_array('{OPEN}', '{HIGH,LOW}', NULL);
SELECT taskq_queue_count(ARRAY['OPEN', 'OVERDUE'], ARRAY['LOW'], sla_status => ARRAY['NONE', 'BREACHED']);
-- parameters without a type, and literals, are still what the function says
PREPARE untyped AS SELECT taskq_queue_count($1, $2, sla_status => $3), taskq_create('typed', priority => $4) IS NOT NULL AS created;
SELECT parameter_types FROM pg_prepared_statements WHERE name = 'untyped';
EXECUTE untyped('{OPEN}', NULL, '{NONE}', 'HIGH');
SELECT taskq_create('typed', priority => 'high');
SELECT priority FROM taskq_prioritize((SELECT max(id) FROM taskq_task), upper('urgent'));
-- columns
PREPARE columns(text, varchar) AS INSERT INTO taskq_task (title, priority, status) VALUES ('typed', $1, $2) RETURNING priority, status;
EXECUTE columns('LOW', 'OPEN');
PREPARE written(varchar) AS UPDATE taskq_task SET priority = $1 WHERE priority = 'LOW' RETURNING priority;
EXECUTE written('HIGH');
-- an ORM sends NULL for what was not set
INSERT INTO taskq_task (title, priority, status, source, created_at, updated_at) VALUES ('null', NULL, NULL, NULL, NULL, NULL)
RETURNING priority, status, source, created_at = statement_timestamp() AS created, updated_at = statement_timestamp() AS updated;
-- what still wants a cast: operators and what unites types; no other type casts by itself
\set VERBOSITY terse
PREPARE compared(text) AS SELECT FROM taskq_task WHERE status = $1;
PREPARE compared(text[]) AS SELECT FROM taskq_task WHERE status = ANY ($1);
PREPARE compared(text) AS SELECT count(*) FROM taskq_task WHERE status = $1::taskq_status;
PREPARE united(text) AS SELECT coalesce($1, status) FROM taskq_task;
SELECT taskq_create('typed', priority => 'HIGH'::name);
SELECT taskq_create('typed', priority => 1);
-- and no call of taskq's is ambiguous: there is one function of each name
SELECT proname FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
JOIN pg_extension x ON d.refobjid = x.oid AND x.extname = 'taskq' GROUP BY proname HAVING count(*) > 1;
-- a user's own overloads are what they were
CREATE FUNCTION mine(text) RETURNS text LANGUAGE sql RETURN 'text';
CREATE FUNCTION mine(taskq_status) RETURNS text LANGUAGE sql RETURN 'status';
SELECT mine('OPEN'), mine('OPEN'::text), mine('OPEN'::varchar), mine('OPEN'::taskq_status), mine('OPEN'::name);
DROP FUNCTION mine(text), mine(taskq_status);
DROP EXTENSION taskq;
