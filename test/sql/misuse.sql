-- Invalid calls: an error that says so, or a result; never a crash
-- and never an internal error.
CREATE EXTENSION taskq;
\set SHOW_CONTEXT never
\set VERBOSITY terse
SET client_min_messages = error;
INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana');
INSERT INTO taskq_customer VALUES ('cus_1', 'Acme', 'sta_1');
INSERT INTO taskq_task (id, title) VALUES (1, 'one');
INSERT INTO taskq_task (id, title, status, started_at, completed_at) VALUES (2, 'two', 'COMPLETED', now(), now());
SELECT taskq_renewal_create('cus_1', 'permit', '2030-01-01') AS renewal;
SELECT setval('taskq_task_id_seq', 10) \g /dev/null
CREATE FUNCTION state_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    RAISE EXCEPTION USING ERRCODE = 'TEST0';
EXCEPTION WHEN OTHERS THEN
    RETURN CASE SQLSTATE WHEN 'TEST0' THEN '00000' ELSE SQLSTATE END;
END$$;
CREATE VIEW routine AS
SELECT p.oid, p.proname AS name, p.prokind AS kind, p.prorettype = 'trigger'::regtype AS is_trigger,
       ARRAY(SELECT format_type(t, NULL) FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY u(t, n) ORDER BY n) AS types
FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
JOIN pg_extension x ON x.oid = d.refobjid AND x.extname = 'taskq';

-- NULL for every argument, by function
CREATE TABLE outcome AS
SELECT name, state_of(format('%s %s(%s)', CASE kind WHEN 'p' THEN 'CALL' ELSE 'SELECT' END, name,
    (SELECT string_agg('NULL::' || t, ', ' ORDER BY n) FROM unnest(types) WITH ORDINALITY u(t, n)))) AS state
FROM routine WHERE NOT is_trigger;
SELECT state, string_agg(name, ' ' ORDER BY name) AS functions FROM outcome GROUP BY state ORDER BY state;

-- every argument at the bounds of its type and beyond taskq's, the others NULL or in order
CREATE TABLE extreme (type text, value text);
INSERT INTO extreme VALUES
    ('text', repeat('x', 300)), ('text', ''), ('text', repeat('ü', 70000)), ('text', 'OPEN'), ('text', 'sta_1'), ('text', E'a\u202eb'), ('text', '{{a'), ('text', '{{a.b.0}}'),
    ('text', 'viewer'), ('text', 'day'), ('text', 'task.created'), ('text', 'due:1:2:3'), ('text', 'AAAA'), ('name', 'nobody'), ('name', ''), ('name', 'public'),
    ('bigint', '1'), ('bigint', '0'), ('bigint', '-9223372036854775808'), ('bigint', '9223372036854775807'),
    ('integer', '1'), ('integer', '0'), ('integer', '-2147483648'), ('integer', '2147483647'), ('boolean', 't'), ('boolean', 'f'),
    ('date', '2026-06-05'), ('date', 'infinity'), ('date', '-infinity'), ('date', '4714-11-24 BC'), ('date', '5874897-12-31'), ('date', '294276-12-31'),
    ('timestamp with time zone', '2026-06-05'), ('timestamp with time zone', 'infinity'), ('timestamp with time zone', '-infinity'),
    ('timestamp with time zone', '4714-11-24 00:00:00+00 BC'), ('timestamp with time zone', '294276-12-31 23:59:59.999999+00'),
    ('interval', '1 day'), ('interval', '178000000 years'), ('interval', '-178000000 years'), ('interval', '2147483647 days'), ('interval', '1 month -40 days'),
    ('double precision', '1'), ('double precision', 'NaN'), ('double precision', 'Infinity'), ('double precision', '-Infinity'), ('double precision', '1e308'), ('double precision', '5e-324'),
    ('jsonb', '{"title": "x", "new": {"id": 1}}'), ('jsonb', 'null'), ('jsonb', '[]'), ('jsonb', '1'), ('jsonb', '"x"'), ('jsonb', repeat('{"a":', 2000) || '1' || repeat('}', 2000)),
    ('jsonb', '{"title": "x", "sla_hours": 1e400}'), ('jsonb', '{"title": null}'), ('jsonb', '{"title": {"title": "x"}}'),
    ('bigint[]', '{1}'), ('bigint[]', '{}'), ('bigint[]', '{NULL}'), ('bigint[]', '[5:6]={1,2}'), ('bigint[]', '{{1,2},{1,2}}'), ('bigint[]', '[-1:0][7:7]={{1},{1}}');
INSERT INTO extreme SELECT format_type(enumtypid, NULL), enumlabel FROM pg_enum WHERE enumtypid IN ('taskq_status'::regtype, 'taskq_priority'::regtype, 'taskq_sla_status'::regtype);
INSERT INTO extreme SELECT type || '[]', v FROM (SELECT DISTINCT type FROM extreme WHERE type LIKE 'taskq%') t,
    unnest('{"{}","{NULL}","{CANCELLED,CANCELLED}","{{CANCELLED,OPEN},{OPEN,OPEN}}","[3:3]={CANCELLED}","{{URGENT},{LOW}}","{MET}"}'::text[]) v
    WHERE state_of(format('SELECT %L::%s[]', v, type)) = '00000';
INSERT INTO outcome
SELECT name, state_of(format('SELECT %s(%s)', name, (SELECT string_agg(
        CASE WHEN n = i THEN format('%L::%s', value, t)
             WHEN others = 'NULL' THEN 'NULL::' || t
             ELSE format('%L::%s', (SELECT value FROM extreme WHERE type = t LIMIT 1), t) END, ', ' ORDER BY n)
    FROM unnest(types) WITH ORDINALITY u(t, n))))
FROM routine, generate_subscripts(types, 1) i, extreme, unnest('{NULL,in order}'::text[]) others
WHERE kind = 'f' AND NOT is_trigger AND type = types[i] AND others IS NOT NULL;
SELECT count(*) > 1000 AS enough FROM outcome;
SELECT DISTINCT name, state FROM outcome WHERE state NOT IN
    ('00000', 'P0002', '22023', '22007', '22008', '22P02', '23503', '23514', '42501', '42704', '2D000', '55000') ORDER BY 1, 2;
SELECT name FROM routine WHERE NOT is_trigger EXCEPT SELECT name FROM outcome;

-- arrays of other shapes than a list are taken as lists
SELECT count(*) FROM taskq_comment_many('{{1,2},{2,1}}', 'x');
SELECT count(*) FROM taskq_comment_many('[5:6]={1,2}', 'x');
SELECT count(*) FROM taskq_comment_many(ARRAY[1, 2], 'x');
SELECT taskq_comment_many('{1,x}', 'x');
-- neither aggregates nor windows; no rows where one is asked for
SELECT taskq_create('x') OVER ();
SELECT taskq_create(DISTINCT 'x');
SELECT taskq_create('x') FILTER (WHERE true);
SELECT CASE WHEN true THEN taskq_claim('sta_1') END;
SELECT 1 WHERE taskq_claim('sta_1') IS NULL;

-- trigger functions: called by hand; in triggers that are not theirs
SELECT state_of(format('SELECT %s()', name)) AS state, string_agg(name, ' ' ORDER BY name) AS functions
FROM routine WHERE is_trigger GROUP BY 1;
CREATE TABLE foreign_table (id bigint, title text DEFAULT 'x', status taskq_status DEFAULT 'OPEN');
INSERT INTO foreign_table VALUES (1);
CREATE VIEW foreign_view AS TABLE foreign_table;
CREATE FUNCTION wrong(function text, relation text, timing text, event text, level text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER zz_wrong %s %s ON %s FOR EACH %s EXECUTE FUNCTION %s(%s)', timing, event, relation, level, function,
        CASE function WHEN 'taskq_mirror' THEN $a$'staff', 'id', 'title'$a$ WHEN 'taskq_emit_change' THEN $a$'x'$a$ END);
    ALTER TABLE taskq_task DISABLE TRIGGER taskq_lifecycle_truncate;
    CASE event
        WHEN 'INSERT' THEN
            IF relation = 'taskq_renewal' THEN INSERT INTO taskq_renewal (user_id, service_type, due_date) VALUES ('cus_1', 'x', '2030-01-01');
            ELSIF relation = 'taskq_task_event' THEN INSERT INTO taskq_task_event (task_id, at, kind) VALUES (1, now(), 'edited');
            ELSIF relation = 'taskq_renewal_threshold' THEN INSERT INTO taskq_renewal_threshold (days_before) VALUES (1);
            ELSIF relation = 'taskq_workflow_rule' THEN INSERT INTO taskq_workflow_rule (name, event, action) VALUES ('x', 'x', 'CREATE_TASK');
            ELSE EXECUTE format('INSERT INTO %s (id, title) VALUES (99, ''new'')', relation); END IF;
        WHEN 'UPDATE' THEN EXECUTE format('UPDATE %s SET id = id%s', relation, CASE WHEN relation = 'taskq_task' THEN ' WHERE id = 1' ELSE '' END);
        WHEN 'DELETE' THEN EXECUTE format('DELETE FROM %s%s', relation, CASE WHEN relation IN ('taskq_task', 'taskq_renewal') THEN ' WHERE id = 2' ELSE '' END);
        ELSE EXECUTE format('TRUNCATE %s CASCADE', relation);
    END CASE;
    RAISE EXCEPTION USING ERRCODE = 'TEST0';
EXCEPTION WHEN OTHERS THEN
    RETURN CASE SQLSTATE WHEN 'TEST0' THEN '00000' ELSE SQLSTATE END;
END$$;
CREATE TABLE abuse AS
SELECT name, relation, timing, event, level, wrong(name, relation, timing, event, level) AS state
FROM routine, unnest('{foreign_table,foreign_view,taskq_task,taskq_task_event,taskq_renewal,taskq_renewal_threshold,taskq_workflow_rule}'::text[]) relation,
    unnest('{BEFORE,AFTER,INSTEAD OF}'::text[]) timing, unnest('{INSERT,UPDATE,DELETE,TRUNCATE}'::text[]) event, unnest('{ROW,STATEMENT}'::text[]) level
WHERE is_trigger AND (timing = 'INSTEAD OF') = (relation = 'foreign_view') AND NOT (event = 'TRUNCATE' AND level = 'ROW');
SELECT count(*) > 400 AS enough, count(*) FILTER (WHERE state LIKE 'XX%') AS internal FROM abuse;
-- what works on a table of the user's
SELECT name, string_agg(concat_ws(' ', timing, event, level), ', ' ORDER BY event) FROM abuse
WHERE relation LIKE 'foreign%' AND state = '00000' GROUP BY name ORDER BY name;
SELECT state, count(DISTINCT name) AS functions FROM abuse WHERE relation LIKE 'foreign%' AND state <> '00000' GROUP BY state ORDER BY state;

-- in a read-only transaction: readers read, writers are refused
BEGIN READ ONLY;
SELECT count(*) FROM taskq_queue_page();
SELECT taskq_queue_count();
SELECT open FROM taskq_stats();
SELECT tasks FROM taskq_sla_report('2020-01-01', '2030-01-01');
SELECT count(*) FROM taskq_tasks;
SELECT count(*) FROM taskq_renewals;
SELECT state, string_agg(statement, '; ') FROM (SELECT statement, state_of('SELECT ' || statement) AS state FROM unnest(ARRAY[
    'taskq_create(''x'')', 'taskq_start(1)', 'taskq_start_many(''{1}'')', 'taskq_comment(1, ''x'')', 'taskq_claim(''sta_1'')',
    'taskq_renewal_cancel(1)', 'taskq_renewals_refresh(true)', 'taskq_grant(''pg_monitor'', ''viewer'')']) statement) s GROUP BY state;
COMMIT;

-- in parallel workers: the same as without
CREATE VIEW parallel AS SELECT md5(string_agg(v::text, ',' ORDER BY v.id)) AS digest, max(taskq_day_start(taskq_today())) AS day FROM taskq_tasks v;
CREATE TABLE alone AS TABLE parallel;
SELECT set_config(CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'force_parallel_mode' ELSE 'debug_parallel_query' END, 'on', false) \g /dev/null
SELECT count(*) AS the_same FROM (TABLE parallel INTERSECT TABLE alone) x;
SELECT set_config(CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'force_parallel_mode' ELSE 'debug_parallel_query' END, 'off', false) \g /dev/null

-- what the owner does to the tables: a plain error until it is undone
ALTER TABLE taskq_task RENAME COLUMN due_date TO due;
SELECT state_of('SELECT taskq_create(''x'')'), state_of('SELECT * FROM taskq_queue_page()'), state_of('SELECT taskq_start(1)'), state_of('SELECT * FROM taskq_sweep()'), state_of('SELECT count(*) FROM taskq_tasks');
ALTER TABLE taskq_task RENAME COLUMN due TO due_date;
ALTER TABLE taskq_staff_member RENAME TO people;
SELECT taskq_create('x', assignee_id => 'sta_1');
ALTER TABLE people RENAME TO taskq_staff_member;
CREATE SCHEMA elsewhere;
ALTER TABLE taskq_workflow_rule SET SCHEMA elsewhere;
SELECT taskq_create('x');
ALTER TABLE elsewhere.taskq_workflow_rule SET SCHEMA public;
DROP SCHEMA elsewhere;
ALTER TABLE taskq_task DROP COLUMN sla_hours;
ALTER TABLE taskq_task ALTER COLUMN status TYPE text;
ALTER TABLE taskq_workflow_rule ALTER COLUMN condition TYPE text;
ALTER TABLE taskq_workflow_rule ALTER COLUMN due_in_days TYPE text;
ALTER TABLE taskq_workflow_rule DROP CONSTRAINT taskq_workflow_rule_due_in_days_check;
ALTER TABLE taskq_workflow_rule ALTER COLUMN due_in_days TYPE text;
INSERT INTO taskq_workflow_rule (name, event, action, condition, assignee_strategy, assignee_pool, due_in_days) VALUES ('r', 'x', 'CREATE_TASK', '$.a == 1', 'LEAST_LOADED', '{sta_1}', '3');
SELECT count(*) FROM taskq_emit('x', '{"a": 1}');
UPDATE taskq_workflow_rule SET due_in_days = 'soon';
SELECT state_of('SELECT * FROM taskq_emit(''x'', ''{"a": 1}'')');
DELETE FROM taskq_workflow_rule;
SELECT taskq_create('x') > 0 AS works_again;

-- a child of taskq_task has no lifecycle of its own: its rows show, and nothing breaks
CREATE TABLE child () INHERITS (taskq_task);
INSERT INTO child (id, title, due_date) VALUES (500, 'child', '2020-01-01');
SELECT status, stored_status FROM taskq_tasks WHERE id = 500;
SELECT status FROM taskq_start(500);
UPDATE taskq_task SET title = 'renamed' WHERE id = 500;
SELECT kind, tasks FROM taskq_sweep() WHERE tasks > 0;
DROP TABLE child;

-- event triggers see what the extension does, and may refuse it
CREATE TABLE ddl (id int GENERATED ALWAYS AS IDENTITY, at text, tag text);
CREATE FUNCTION see() RETURNS event_trigger LANGUAGE plpgsql AS $$
DECLARE n int := 0;
BEGIN
    IF tg_event = 'ddl_command_end' THEN n := (SELECT count(*) FROM pg_event_trigger_ddl_commands());
    ELSIF tg_event = 'sql_drop' THEN n := (SELECT count(*) FROM pg_event_trigger_dropped_objects()); END IF;
    INSERT INTO public.ddl (at, tag) VALUES (tg_event, tg_tag || CASE WHEN n > 0 THEN ' with objects' ELSE '' END);
END$$;
DROP EXTENSION taskq CASCADE;
CREATE EVENT TRIGGER see_start ON ddl_command_start EXECUTE FUNCTION see();
CREATE EVENT TRIGGER see_end ON ddl_command_end EXECUTE FUNCTION see();
CREATE EVENT TRIGGER see_drop ON sql_drop EXECUTE FUNCTION see();
CREATE EXTENSION taskq VERSION '0.1.0';
ALTER EXTENSION taskq UPDATE;
SELECT taskq_grant('pg_monitor', 'manager');
SELECT taskq_create('seen') > 0 AS created;
SELECT at, tag FROM ddl WHERE tag LIKE '%EXTENSION%' ORDER BY id;
SELECT count(*) > 0 AS grants_are_seen FROM ddl WHERE tag LIKE 'GRANT%';
CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION '% is not wanted', tg_tag; END$$;
CREATE EVENT TRIGGER refuse ON ddl_command_start WHEN tag IN ('GRANT', 'DROP EXTENSION') EXECUTE FUNCTION refuse();
SELECT taskq_grant('pg_read_all_stats', 'viewer');
SELECT role_name, level FROM taskq_role_grant;
DROP EXTENSION taskq;
SELECT taskq_create('still there') > 0 AS created;
DROP EVENT TRIGGER refuse;
SELECT taskq_revoke('pg_monitor');
DROP EXTENSION taskq;
SELECT at, tag FROM ddl WHERE tag LIKE 'DROP EXTENSION%' ORDER BY id;
DROP EVENT TRIGGER see_start;
DROP EVENT TRIGGER see_end;
DROP EVENT TRIGGER see_drop;
DROP TABLE ddl, alone, abuse, outcome, extreme, foreign_table CASCADE;
DROP FUNCTION see, refuse, state_of, wrong;
