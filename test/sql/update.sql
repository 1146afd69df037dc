-- A database of an older version: it works under the new library, and what
-- ALTER EXTENSION makes of it is what CREATE EXTENSION makes.
\set VERBOSITY terse
CREATE ROLE regress_taskq_old;

-- Everything that belongs to the extension: what it is, what it says, who may.
CREATE VIEW catalog AS
WITH member AS (
    SELECT d.classid, d.objid FROM pg_depend d
    WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
      AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'taskq')
), rel AS (
    SELECT c.* FROM member m JOIN pg_class c ON m.classid = 'pg_class'::regclass AND m.objid = c.oid
    UNION ALL SELECT c.* FROM member m JOIN pg_class c ON m.classid = 'pg_type'::regclass AND m.objid = c.reltype AND c.relkind = 'c'
), part AS (
    SELECT classid, objid, 0 AS objsubid FROM member
    UNION ALL SELECT 'pg_class'::regclass, a.attrelid, a.attnum FROM rel JOIN pg_attribute a ON a.attrelid = rel.oid AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL SELECT 'pg_class'::regclass, i.indexrelid, 0 FROM rel JOIN pg_index i ON i.indrelid = rel.oid
    UNION ALL SELECT 'pg_constraint'::regclass, k.oid, 0 FROM rel JOIN pg_constraint k ON k.conrelid = rel.oid
    UNION ALL SELECT 'pg_trigger'::regclass, t.oid, 0 FROM rel JOIN pg_trigger t ON t.tgrelid = rel.oid AND NOT t.tgisinternal
    UNION ALL SELECT 'pg_policy'::regclass, p.oid, 0 FROM rel JOIN pg_policy p ON p.polrelid = rel.oid
    UNION ALL SELECT 'pg_statistic_ext'::regclass, s.oid, 0 FROM rel JOIN pg_statistic_ext s ON s.stxrelid = rel.oid
)
SELECT o.type, o.identity,
    CASE
        WHEN objsubid > 0 THEN (SELECT concat_ws(' ', row_number, format_type, 'not null ' || attnotnull, 'identity ' || attidentity::text, 'generated ' || attgenerated::text, pg_get_expr(adbin, adrelid), attcollation::regcollation, attstorage::text, attstattarget::text)
            FROM (SELECT a.*, row_number() OVER (ORDER BY attnum), format_type(atttypid, atttypmod) FROM pg_attribute a WHERE attrelid = objid AND attnum > 0 AND NOT attisdropped) a
            LEFT JOIN pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum WHERE attnum = objsubid)
        WHEN classid = 'pg_class'::regclass THEN (SELECT concat_ws(' ', relkind::text, relpersistence::text, relrowsecurity::text, relforcerowsecurity::text, relreplident::text, reloptions::text,
            CASE relkind WHEN 'v' THEN pg_get_viewdef(objid) WHEN 'i' THEN pg_get_indexdef(objid) END) FROM pg_class WHERE oid = objid)
        WHEN classid = 'pg_proc'::regclass THEN pg_get_functiondef(objid)
        WHEN classid = 'pg_cast'::regclass THEN (SELECT concat_ws(' ', castcontext::text, castmethod::text) FROM pg_cast WHERE oid = objid)
        WHEN classid = 'pg_constraint'::regclass THEN pg_get_constraintdef(objid) || (SELECT convalidated::text FROM pg_constraint WHERE oid = objid)
        WHEN classid = 'pg_trigger'::regclass THEN pg_get_triggerdef(objid) || (SELECT tgenabled::text FROM pg_trigger WHERE oid = objid)
        WHEN classid = 'pg_statistic_ext'::regclass THEN pg_get_statisticsobjdef(objid)
        WHEN classid = 'pg_policy'::regclass THEN (SELECT concat_ws(' ', polcmd::text, polpermissive::text, pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)) FROM pg_policy WHERE oid = objid)
        WHEN classid = 'pg_type'::regclass THEN (SELECT concat_ws(' ', typtype::text, (SELECT string_agg(enumlabel, ',' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = objid)) FROM pg_type WHERE oid = objid)
    END AS definition,
    CASE WHEN objsubid > 0 THEN col_description(objid, objsubid) ELSE obj_description(objid, classid::regclass::text) END AS comment,
    (SELECT array_agg(acl::text ORDER BY acl::text) FROM unnest(CASE
        WHEN objsubid > 0 THEN (SELECT attacl FROM pg_attribute WHERE attrelid = objid AND attnum = objsubid)
        WHEN classid = 'pg_class'::regclass THEN (SELECT relacl FROM pg_class WHERE oid = objid)
        WHEN classid = 'pg_proc'::regclass THEN (SELECT proacl FROM pg_proc WHERE oid = objid)
        WHEN classid = 'pg_type'::regclass THEN (SELECT typacl FROM pg_type WHERE oid = objid) END) acl) AS privileges
FROM part, LATERAL pg_identify_object(classid, objid, objsubid) o
UNION ALL
SELECT 'configuration', c::regclass::text, w, NULL, NULL
FROM pg_extension, unnest(extconfig, extcondition) x(c, w) WHERE extname = 'taskq';

-- the oldest version under this library: its tables, its functions, its sweep
CREATE EXTENSION taskq VERSION '0.1.0';
SELECT taskq_grant('regress_taskq_old', 'manager');
SELECT taskq_grant('regress_taskq_old', 'agent');
INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana');
INSERT INTO taskq_customer VALUES ('cus_1', 'Acme', 'sta_1');
INSERT INTO taskq_workflow_rule (name, event, action) VALUES ('Ring back', 'call.missed', 'CREATE_TASK');
SELECT taskq_create('From before', due_date => '2020-01-01', user_id => 'cus_1') AS id \gset
INSERT INTO taskq_task (title, due_date) VALUES ('Not swept yet', '2020-01-01');
SELECT status FROM taskq_start(:id);
SELECT status FROM taskq_comment(:id, 'a note');
SELECT count(*) FROM taskq_emit('call.missed', '{}');
SELECT taskq_renewal_create('cus_1', 'permit', taskq_today() + 10) AS renewal \gset
SELECT * FROM taskq_sweep() WHERE tasks > 0;
INSERT INTO taskq_task (title, due_date) VALUES ('Nor this', '2020-01-01');
CALL taskq_sweep_all();
SELECT overdue FROM taskq_sweep_log;
SELECT count(*) FROM taskq_queue_page('{OVERDUE}');
SELECT taskq_queue_count('{OVERDUE}', cap => 1);
SELECT open, overdue FROM taskq_queue_stats;
SELECT title FROM taskq_claim('sta_1');
SELECT sum(1) FROM taskq_task_history;

-- updated, in the same session: nothing of it is lost, and all goes on
CREATE TABLE before AS SELECT (SELECT array_agg(t ORDER BY t.id) FROM taskq_task t) AS tasks,
    (SELECT array_agg(e ORDER BY e.id) FROM taskq_task_event e) AS events,
    (SELECT array_agg(r ORDER BY r.id) FROM taskq_renewal r) AS renewals,
    (SELECT array_agg(to_jsonb(g)) FROM taskq_role_grant g) AS grants;
ALTER EXTENSION taskq UPDATE;
SELECT extversion = (SELECT default_version FROM pg_available_extensions WHERE name = 'taskq') AS is_current FROM pg_extension WHERE extname = 'taskq';
SELECT tasks = (SELECT array_agg(t ORDER BY t.id) FROM taskq_task t) AS tasks,
    events = (SELECT array_agg(e ORDER BY e.id) FROM taskq_task_event e) AS events,
    renewals = (SELECT array_agg(r ORDER BY r.id) FROM taskq_renewal r) AS renewals,
    grants = (SELECT array_agg(to_jsonb(g) - 'role_oid') FROM taskq_role_grant g) AS grants FROM before;
DROP TABLE before;
SET ROLE regress_taskq_old;
SELECT status FROM taskq_complete(:id);
RESET ROLE;
SELECT sum(tasks) FROM taskq_sweep();

-- the same catalog as of a new one, with the same grants
CREATE TABLE updated AS TABLE catalog;
DROP EXTENSION taskq;
CREATE EXTENSION taskq;
SELECT taskq_grant('regress_taskq_old', 'agent');
CREATE TABLE installed AS TABLE catalog;
SELECT count(*) > 300 AS enough FROM installed;
SELECT 'only if updated', * FROM (TABLE updated EXCEPT TABLE installed) u ORDER BY 2, 3;
SELECT 'only if installed', * FROM (TABLE installed EXCEPT TABLE updated) i ORDER BY 2, 3;
DROP TABLE updated;
SELECT taskq_revoke('regress_taskq_old');
DROP EXTENSION taskq;

-- and the same from each version in between
CREATE EXTENSION taskq VERSION '0.2.0';
SELECT taskq_grant('regress_taskq_old', 'agent');
INSERT INTO taskq_task (title, due_date, sla_hours) VALUES ('From before', '2020-01-01', 1);
SELECT sum(tasks) > 0 AS swept FROM taskq_sweep();
SELECT status FROM taskq_start((SELECT id FROM taskq_task));
-- a column that a later version has may be a user's here, but not when it is updated
ALTER TABLE taskq_task ADD COLUMN sla_first_breached_at timestamptz, ADD COLUMN desk text DEFAULT 'north', ADD COLUMN kind text, ADD COLUMN paused_at date;
UPDATE taskq_task SET sla_first_breached_at = '2020-01-01', kind = 'theirs', paused_at = '2020-01-01' RETURNING sla_first_breached_at::date, kind, paused_at;
SELECT changes FROM taskq_task_event ORDER BY id DESC LIMIT 1;
SELECT title, cursor IS NOT NULL AS cursor FROM taskq_queue_page('{OVERDUE}');
ALTER EXTENSION taskq UPDATE;
ALTER TABLE taskq_task DROP COLUMN sla_first_breached_at;
ALTER EXTENSION taskq UPDATE;
ALTER TABLE taskq_task DROP COLUMN kind, DROP COLUMN paused_at;
-- breaches: of the deadline as it is, of one that was moved, moved and missed again; of a closed task; recorded by nobody; none
INSERT INTO taskq_task (title, created_at, sla_hours)
SELECT title, now() - interval '3 hours', nullif((title <> 'none')::int, 0) FROM unnest('{kept,moved,again,off,done,none}'::text[]) title;
UPDATE taskq_task SET priority = 'HIGH' WHERE title <> ALL ('{none}');
SELECT taskq_start(id), taskq_complete(id) FROM taskq_task WHERE title = 'done' \g /dev/null
SELECT title, (taskq_set_sla(id, CASE title WHEN 'off' THEN NULL ELSE 9 END, 'me')).sla_hours FROM taskq_task WHERE title = ANY ('{moved,again,off}') ORDER BY id;
SELECT taskq_set_sla(id, 2) FROM taskq_task WHERE title = 'again' \g /dev/null
SELECT actor, note FROM taskq_task_event WHERE kind = 'sla_changed' ORDER BY id DESC LIMIT 1 OFFSET 1;
SELECT tasks, breached FROM taskq_sla_report('-infinity', 'infinity');
-- invisible titles, as 0.2.0 accepted them
SET check_function_bodies = off;
INSERT INTO taskq_task (id, title) SELECT 2000 + g, U&'\3164' FROM generate_series(1, 3) g;
-- descriptions and hours, too
INSERT INTO taskq_task (id, title, description, sla_hours) VALUES (2004, 'old', U&'\202E', 1e-300), (2005, 'old', '  ', 1e-300);
RESET check_function_bodies;
INSERT INTO taskq_workflow_rule (name, event, action, sla_hours) VALUES ('tiny', 'tiny', 'CREATE_TASK', 1e-300);
INSERT INTO taskq_renewal_threshold (service_type, days_before, sla_hours) VALUES ('tiny', 7, 1e-300);
INSERT INTO taskq_task (title) VALUES (U&'\3164');
SELECT status FROM taskq_start(2001);
-- columns granted by hand; a trigger of the user's; what of taskq's own was switched off
CREATE ROLE regress_taskq_columns;
GRANT USAGE ON SCHEMA public TO regress_taskq_columns;
SELECT format('GRANT SELECT (%s) ON taskq_task TO regress_taskq_columns', string_agg(attname, ', ')) AS statement
FROM pg_attribute WHERE attrelid = 'taskq_task'::regclass AND attnum > 0 AND NOT attisdropped \gset
:statement;
GRANT SELECT ON taskq_tasks, taskq_sla_violations, taskq_workload, taskq_customer, taskq_queue_stats, taskq_renewals,
    taskq_renewal_threshold, taskq_renewal_crossing TO regress_taskq_columns;
GRANT EXECUTE ON FUNCTION taskq_today, taskq_effective_status, taskq_sla_status_at, taskq_set_sla, taskq_stats, taskq_sla_report, taskq_renewal_ladder,
    taskq_start, taskq_edit, taskq_edit_many, taskq_claim, taskq_renewal_create TO regress_taskq_columns;
GRANT EXECUTE ON FUNCTION taskq_create TO regress_taskq_columns;
GRANT SELECT (id, name, is_active) ON taskq_staff_member TO regress_taskq_columns;
SELECT format('GRANT SELECT (%s) ON taskq_renewal TO regress_taskq_columns', string_agg(attname, ', ')) AS statement
FROM pg_attribute WHERE attrelid = 'taskq_renewal'::regclass AND attnum > 0 AND NOT attisdropped \gset
:statement;
CREATE VIEW theirs AS SELECT open, overdue FROM taskq_queue_stats;
GRANT EXECUTE ON FUNCTION taskq_queue_count TO regress_taskq_columns WITH GRANT OPTION;
ALTER TABLE taskq_task DISABLE TRIGGER taskq_lifecycle_delete;
CALL taskq_sweep_all();
INSERT INTO taskq_task (title, created_at, sla_hours) VALUES ('not swept', now() - interval '3 hours', 1);
CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'an update fires no trigger'; END $$;
CREATE TRIGGER never BEFORE UPDATE ON taskq_task FOR EACH ROW EXECUTE FUNCTION never();
CREATE TABLE before AS SELECT t.*, (SELECT count(*) FROM taskq_task_event) AS events,
    (SELECT array_agg(tgname || tgenabled::text ORDER BY tgname) FROM pg_trigger WHERE tgrelid = 'taskq_task'::regclass AND NOT tgisinternal) AS triggers,
    (SELECT to_jsonb(s) FROM taskq_stats() s) AS stats, (SELECT count(*) FROM taskq_counter_state) + (SELECT count(*) FROM taskq_counter_delta) AS counters FROM taskq_task t;
-- a rule whose condition is no predicate stays, and may be changed in other ways
INSERT INTO taskq_workflow_rule (name, event, action, condition) VALUES ('From before', 'any', 'CREATE_TASK', '$.status ? (@ == "NEW")');
ALTER EXTENSION taskq UPDATE;
SELECT count(*) AS tasks, bool_and(t.updated_at = b.updated_at) AS untouched, bool_and(b.events = (SELECT count(*) FROM taskq_task_event)) AS events,
    bool_and(b.triggers = (SELECT array_agg(tgname || tgenabled::text ORDER BY tgname) FROM pg_trigger WHERE tgrelid = 'taskq_task'::regclass AND NOT tgisinternal)) AS triggers,
    bool_and((SELECT to_jsonb(s) - '{paused,response_breached}'::text[] FROM taskq_stats() s) = b.stats) AS stats, bool_and(b.counters = 0) AS counted
FROM taskq_task t JOIN before b USING (id);
DROP TABLE before;
DROP TRIGGER never ON taskq_task;
ALTER TABLE taskq_task ENABLE TRIGGER taskq_lifecycle_delete;
DROP FUNCTION never;
SHOW session_replication_role;
SELECT title, sla_status, sla_first_breached_at IS NOT NULL AS was_breached,
    sla_first_breached_at = (SELECT min(at) FROM taskq_task_event e WHERE e.task_id = t.id AND kind = 'sla_breached') AS first
FROM taskq_tasks t WHERE id < 2000 ORDER BY id;
SELECT tasks, breached FROM taskq_sla_report('-infinity', 'infinity');
SET ROLE regress_taskq_columns;
SELECT count(*) AS tasks, (SELECT count(*) FROM taskq_sla_violations) AS violations, (SELECT count(*) FROM taskq_workload) AS staff FROM taskq_tasks;
SELECT (SELECT count(*) FROM taskq_queue_stats) AS stats, (SELECT count(*) FROM taskq_renewals) AS renewals, (SELECT count(*) FROM taskq_sla_report(now(), now())) AS report;
RESET ROLE;
SELECT open >= 0 AS there FROM theirs;
DROP VIEW theirs;
SELECT proname, x.is_grantable FROM pg_proc, aclexplode(proacl) x
WHERE x.grantee = 'regress_taskq_columns'::regrole AND proname = ANY ('{taskq_set_sla,taskq_set_sla_many,taskq_queue_page,taskq_queue_count,taskq_create,taskq_stats,taskq_sla_report,taskq_renewal_ladder,taskq_renewal_threshold_day,taskq_start,taskq_edit,taskq_edit_many,taskq_claim,taskq_renewal_create}') ORDER BY 1;
DROP OWNED BY regress_taskq_columns;
DROP ROLE regress_taskq_columns;
-- the column's number is not what it is in a new database
SELECT attnum - (SELECT attnum FROM pg_attribute WHERE attrelid = 'taskq_task'::regclass AND attname = 'sla_breached_at') AS behind FROM pg_attribute
WHERE attrelid = 'taskq_task'::regclass AND attname = 'sla_first_breached_at';
SELECT sla_first_breached_at IS NOT NULL AS breached FROM taskq_set_sla((SELECT id FROM taskq_task WHERE title = 'not swept'), 20, 'why', actor => 'me');
SELECT sla_breached_at IS NOT NULL AS breached, sla_first_breached_at = sla_breached_at AS first FROM taskq_set_sla((SELECT id FROM taskq_task WHERE title = 'none'), 1);
UPDATE taskq_task SET desk = 'south' WHERE title = 'none' RETURNING desk;
UPDATE taskq_task SET sla_first_breached_at = NULL WHERE title = 'none';
SELECT kind, changes, note FROM taskq_task_event ORDER BY id DESC LIMIT 5;
SELECT title, sla_first_breached_at IS NOT NULL AS breached FROM taskq_queue_page() WHERE id < 2000 ORDER BY id;
SELECT status FROM taskq_start(2002);
UPDATE taskq_task SET desk = 'south' WHERE id > 2000;
INSERT INTO taskq_task (title) VALUES (U&'\3164');
SELECT status FROM taskq_cancel(2003);
SELECT (taskq_start(id)).status, (taskq_complete(id, 'done')).sla_hours FROM taskq_task WHERE id IN (2004, 2005);
SELECT sla_hours FROM taskq_workflow_rule WHERE name = 'tiny' UNION ALL SELECT sla_hours FROM taskq_renewal_threshold WHERE service_type = 'tiny';
SELECT status FROM taskq_complete((SELECT id FROM taskq_task WHERE title = 'From before'));
ALTER TABLE taskq_task DROP COLUMN desk;
UPDATE taskq_workflow_rule SET is_enabled = false;
UPDATE taskq_workflow_rule SET condition = '$.status ? (@ == "NEXT")';
SELECT name, is_enabled, condition FROM taskq_workflow_rule;
CREATE TABLE updated AS TABLE catalog;
SELECT 'only if updated', * FROM (TABLE updated EXCEPT TABLE installed) u ORDER BY 2, 3;
SELECT 'only if installed', * FROM (TABLE installed EXCEPT TABLE updated) i ORDER BY 2, 3;
DROP TABLE updated, installed;
DROP VIEW catalog;
SELECT taskq_revoke('regress_taskq_old');
DROP EXTENSION taskq;

-- rows that break what is new are counted, and stay until they are put right: as the README says
CREATE EXTENSION taskq VERSION '0.2.0';
INSERT INTO taskq_task (title, status, started_at, completed_at) VALUES ('never so', 'COMPLETED', '2020-01-01', '2020-01-01'), ('nor so', 'COMPLETED', now(), 'infinity'), ('nor so', 'COMPLETED', now() + interval '1 hour', now() + interval '1 minute'),
    ('nor so', 'COMPLETED', '2020-01-02', '2020-01-01');
INSERT INTO taskq_task (title, status, started_at) VALUES ('nor so', 'IN_PROGRESS', '2020-01-01') RETURNING id AS active \gset
INSERT INTO taskq_task (title, sla_hours, sla_due_at, sla_at_risk_at) VALUES ('in order', 1, 'infinity', 'infinity'), ('nor so', 1, '-infinity', '-infinity');
SELECT completed_today, sla_at_risk, sla_breached FROM taskq_stats();
SELECT title FROM taskq_task
WHERE created_at > least(started_at, completed_at, cancelled_at) OR started_at > least(completed_at, cancelled_at)
   OR 'infinity' IN (created_at, started_at, completed_at, cancelled_at, updated_at, sla_breached_at)
   OR '-infinity' IN (created_at, started_at, completed_at, cancelled_at, updated_at, sla_breached_at, sla_due_at, sla_at_risk_at) ORDER BY id;
\set VERBOSITY default
ALTER EXTENSION taskq UPDATE;
\set VERBOSITY terse
SELECT convalidated FROM pg_constraint WHERE conname = 'taskq_task_is_valid';
ALTER TABLE taskq_task VALIDATE CONSTRAINT taskq_task_is_valid;
SELECT status FROM taskq_complete(:active);
SELECT taskq_grant('regress_taskq_old', 'agent');
SELECT taskq_revoke('regress_taskq_old');
BEGIN;
SET LOCAL session_replication_role = replica;
UPDATE taskq_task SET completed_at = updated_at WHERE completed_at = 'infinity';
UPDATE taskq_task SET sla_due_at = created_at, sla_at_risk_at = created_at WHERE sla_due_at = '-infinity';
UPDATE taskq_task SET
    started_at = CASE WHEN started_at IS NOT NULL THEN least(started_at, completed_at, cancelled_at) END,
    created_at = least(created_at, started_at, completed_at, cancelled_at)
WHERE created_at > least(started_at, completed_at, cancelled_at) OR started_at > least(completed_at, cancelled_at);
COMMIT;
ALTER TABLE taskq_task VALIDATE CONSTRAINT taskq_task_is_valid;
SELECT status FROM taskq_complete(:active);
DROP EXTENSION taskq;

-- so are those that a rule of 0.2.0 had been taken away for
CREATE EXTENSION taskq VERSION '0.2.0';
ALTER TABLE taskq_task DROP CONSTRAINT taskq_task_source_check;
INSERT INTO taskq_task (title, source) VALUES ('from nowhere', '');
ALTER TABLE taskq_task ADD CONSTRAINT taskq_task_source_check CHECK (taskq_source_is_valid(source)) NOT VALID, DROP CONSTRAINT taskq_task_title_check;
\set VERBOSITY default
ALTER EXTENSION taskq UPDATE;
\set VERBOSITY terse
SELECT conname, convalidated FROM pg_constraint WHERE conrelid = 'taskq_task'::regclass AND contype = 'c';
DROP EXTENSION taskq;

-- duplicate renewals: a warning, and no third one is created
CREATE EXTENSION taskq VERSION '0.2.0';
INSERT INTO taskq_customer VALUES ('cus_1', 'Acme');
INSERT INTO taskq_renewal (user_id, service_type, due_date, reference) SELECT 'cus_1', 'permit', '2035-01-01', r FROM unnest('{NULL,NULL,NULL,NULL,A,A,B}'::text[]) r;
SELECT status FROM taskq_renewal_cancel(4);
\set VERBOSITY default
ALTER EXTENSION taskq UPDATE;
\set VERBOSITY terse
SELECT severity, subject, what FROM taskq_check() WHERE subject LIKE 'index%';
SELECT taskq_renewal_create('cus_1', 'permit', '2035-01-01') = min(id) AS same FROM taskq_renewal;
SELECT taskq_renewal_create('cus_1', 'permit', '2035-01-02') > max(id) AS another FROM taskq_renewal;
SELECT r.id, c.status FROM taskq_renewal r, LATERAL taskq_renewal_cancel(r.id, 'entered twice') c
WHERE r.next_check_on IS NOT NULL AND EXISTS (SELECT FROM taskq_renewal o WHERE o.id < r.id AND o.next_check_on IS NOT NULL
    AND (o.user_id, o.service_type, o.due_date) = (r.user_id, r.service_type, r.due_date) AND o.reference IS NOT DISTINCT FROM r.reference);
CREATE UNIQUE INDEX taskq_renewal_active_key ON taskq_renewal (user_id, service_type, reference, due_date) NULLS NOT DISTINCT WHERE next_check_on IS NOT NULL;
SELECT taskq_renewal_create('cus_1', 'permit', '2035-01-01', reference => r) <= 7 AS same FROM unnest('{A,B,NULL}'::text[]) r;
SELECT subject FROM taskq_check() WHERE subject LIKE 'index%';
SELECT statement FROM taskq_customizations();
DROP EXTENSION taskq;

-- with the SQL as it was, the engine does what it can
CREATE EXTENSION taskq VERSION '0.2.0';
INSERT INTO taskq_customer VALUES ('cus_1', 'Acme');
SELECT taskq_renewal_create('cus_1', 'permit', taskq_today() - 1) AS renewal \gset
SELECT taskq_renewal_create('cus_1', 'permit', taskq_today() - 1) = :renewal AS same;
SELECT days_before, outcome FROM taskq_renewals_refresh() WHERE outcome <> 'passed';
UPDATE taskq_renewal SET due_date = taskq_today() + 100;
SELECT count(*) FROM taskq_renewals_refresh();
UPDATE taskq_customer SET is_active = false;
UPDATE taskq_renewal SET due_date = taskq_today() - 2;
SELECT count(*) FROM taskq_renewals_refresh() WHERE outcome = 'passed';
SELECT t.status, e.note LIKE 'due date moved to%' AS moved FROM taskq_task t JOIN taskq_task_event e ON e.task_id = t.id AND e.to_status = t.status;
ALTER EXTENSION taskq UPDATE;
UPDATE taskq_customer SET is_active = true;
SELECT days_before, outcome FROM taskq_renewals_refresh();
DROP EXTENSION taskq;

-- a level is the role's that was granted it, whoever has its name now; where that cannot be known, nobody's
CREATE ROLE regress_taskq_clerk;
CREATE ROLE regress_taskq_a;
CREATE ROLE regress_taskq_b;
CREATE EXTENSION taskq VERSION '0.2.0';
SELECT taskq_grant('regress_taskq_clerk', 'manager'), taskq_grant('regress_taskq_a', 'viewer'), taskq_grant('regress_taskq_b', 'agent') \g /dev/null
ALTER ROLE regress_taskq_clerk RENAME TO regress_taskq_clerk_old;
CREATE ROLE regress_taskq_clerk;
ALTER ROLE regress_taskq_a RENAME TO regress_taskq_c;
ALTER ROLE regress_taskq_b RENAME TO regress_taskq_a;
ALTER ROLE regress_taskq_c RENAME TO regress_taskq_b;
ALTER EXTENSION taskq UPDATE;
SELECT r.rolname, g.level, r.oid = g.role_oid AS same, has_table_privilege(r.oid, 'taskq_task', 'SELECT') AS reads, has_table_privilege(r.oid, 'taskq_erasure', 'SELECT') AS manages
FROM pg_roles r LEFT JOIN taskq_role_grant g ON g.role_name = r.rolname WHERE r.rolname ~ '^regress_taskq_(clerk|a|b)' ORDER BY 1;
DROP EXTENSION taskq;
CREATE EXTENSION taskq VERSION '0.2.0';
SELECT taskq_grant('regress_taskq_clerk_old', 'agent'), taskq_grant('regress_taskq_clerk', 'manager'), taskq_grant('regress_taskq_a', 'manager'), taskq_grant('regress_taskq_b', 'viewer') \g /dev/null
ALTER ROLE regress_taskq_clerk RENAME TO regress_taskq_c;
ALTER ROLE regress_taskq_a RENAME TO regress_taskq_d;
CREATE ROLE regress_taskq_clerk;
CREATE ROLE regress_taskq_a;
GRANT EXECUTE ON FUNCTION taskq_stats TO regress_taskq_a;
REVOKE EXECUTE ON FUNCTION taskq_stats FROM regress_taskq_b;
\set VERBOSITY default
ALTER EXTENSION taskq UPDATE;
\set VERBOSITY terse
SELECT r.rolname, g.level, r.oid = g.role_oid AS same, has_table_privilege(r.oid, 'taskq_task', 'SELECT') AS reads, has_table_privilege(r.oid, 'taskq_erasure', 'SELECT') AS manages
FROM pg_roles r LEFT JOIN taskq_role_grant g ON g.role_name = r.rolname WHERE r.rolname ~ '^regress_taskq_(clerk|a|b|c|d)' ORDER BY 1;
DROP EXTENSION taskq;
CREATE EXTENSION taskq VERSION '0.1.0';
SELECT taskq_grant('regress_taskq_clerk', 'manager') \g /dev/null
ALTER ROLE regress_taskq_clerk RENAME TO regress_taskq_e;
CREATE ROLE regress_taskq_clerk;
ALTER EXTENSION taskq UPDATE;
SELECT role_name, level, has_table_privilege('regress_taskq_clerk', 'taskq_task', 'SELECT') AS stranger_reads FROM taskq_role_grant;
DROP EXTENSION taskq;
DROP OWNED BY regress_taskq_clerk, regress_taskq_clerk_old, regress_taskq_a, regress_taskq_b, regress_taskq_c, regress_taskq_d, regress_taskq_e;
DROP ROLE regress_taskq_clerk, regress_taskq_clerk_old, regress_taskq_a, regress_taskq_b, regress_taskq_c, regress_taskq_d, regress_taskq_e;

-- who has set when taskq_task is vacuumed has it so afterwards
CREATE EXTENSION taskq VERSION '0.1.0';
ALTER TABLE taskq_task SET (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.01);
ALTER EXTENSION taskq UPDATE;
SELECT reloptions FROM pg_class WHERE oid = 'taskq_task'::regclass;
DROP EXTENSION taskq;
DROP ROLE regress_taskq_old;
