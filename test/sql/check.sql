-- What a DBA should know: each finding appears with its cause and goes with it.
CREATE EXTENSION taskq;
CREATE ROLE regress_taskq_manager;
CREATE ROLE regress_taskq_other;
SELECT taskq_grant('regress_taskq_manager', 'manager');
\pset format unaligned
\t on
-- no worker sweeps the databases of this server; else nothing is amiss
CREATE VIEW found AS SELECT * FROM taskq_check() WHERE subject NOT IN ('taskq.databases', 'worker');
TABLE found;

-- triggers of others
CREATE FUNCTION plain() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE FUNCTION bound() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS 'BEGIN RETURN new; END';
CREATE TRIGGER fine BEFORE UPDATE ON taskq_task FOR EACH ROW EXECUTE FUNCTION bound();
CREATE TRIGGER in_c BEFORE UPDATE ON taskq_task FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
CREATE TRIGGER at_once BEFORE UPDATE ON taskq_task FOR EACH ROW EXECUTE FUNCTION plain();
CREATE CONSTRAINT TRIGGER later AFTER UPDATE ON taskq_task_event DEFERRABLE FOR EACH ROW EXECUTE FUNCTION plain();
CREATE TRIGGER off BEFORE UPDATE ON taskq_customer FOR EACH ROW EXECUTE FUNCTION plain();
ALTER TABLE taskq_customer DISABLE TRIGGER off;
CREATE TRIGGER of_the_caller INSTEAD OF UPDATE ON taskq_queue FOR EACH ROW EXECUTE FUNCTION plain();
TABLE found;
ALTER FUNCTION plain SET search_path = public;
TABLE found;
DROP FUNCTION plain, bound CASCADE;
DROP TRIGGER in_c ON taskq_task;
-- CHECKs, defaults and indexes of others
CREATE FUNCTION plain(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION parsed(text) RETURNS text IMMUTABLE LANGUAGE sql RETURN $1;
ALTER TABLE taskq_task ADD CONSTRAINT plain CHECK (plain(title) <> 'x'), ADD COLUMN desk text DEFAULT plain('x'), ADD CONSTRAINT parsed CHECK (parsed(title) <> 'x');
CREATE INDEX plain ON taskq_customer (plain(name));
TABLE found;
ALTER TABLE taskq_task DROP COLUMN desk, DROP CONSTRAINT plain, DROP CONSTRAINT parsed;
DROP INDEX plain;
ALTER TABLE taskq_task ADD CONSTRAINT no_two EXCLUDE USING btree (plain(title) WITH =) DEFERRABLE;
TABLE found;
ALTER TABLE taskq_task DROP CONSTRAINT no_two;
TABLE found;
DROP FUNCTION plain(text), parsed(text);

-- taskq's own triggers
ALTER TABLE taskq_task DISABLE TRIGGER taskq_lifecycle_update, ENABLE TRIGGER taskq_counted, ENABLE REPLICA TRIGGER taskq_lifecycle_insert, ENABLE ALWAYS TRIGGER taskq_lifecycle_delete;
DROP TRIGGER taskq_rules_changed ON taskq_workflow_rule;
TABLE found;
ALTER TABLE taskq_task ENABLE TRIGGER taskq_lifecycle_update, ENABLE ALWAYS TRIGGER taskq_counted, ENABLE TRIGGER taskq_lifecycle_insert, ENABLE TRIGGER taskq_lifecycle_delete;
CREATE TRIGGER taskq_rules_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON taskq_workflow_rule FOR EACH STATEMENT EXECUTE FUNCTION taskq_workflow_rule_changed();
TABLE found;
ALTER TABLE taskq_workflow_turn DISABLE TRIGGER ALL;
TABLE found;
ALTER TABLE taskq_workflow_turn ENABLE TRIGGER ALL;
TABLE found;
ALTER ROLE regress_taskq_other SET session_replication_role = replica;
ALTER DATABASE :DBNAME SET session_replication_role = replica;
TABLE found;
ALTER ROLE regress_taskq_other RESET session_replication_role;
ALTER DATABASE :DBNAME RESET session_replication_role;
TABLE found;

-- its constraints, columns and indexes
ALTER TABLE taskq_task DROP CONSTRAINT taskq_task_is_valid, DROP CONSTRAINT taskq_task_user_id_fkey, ALTER title DROP NOT NULL;
ALTER TABLE taskq_task ADD CONSTRAINT taskq_task_is_valid CHECK (taskq_title_is_valid(title)) NOT VALID;
DROP INDEX taskq_task_dedupe_key, taskq_task_queue_idx;
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'taskq_task_closed_idx'::regclass;
TABLE found;
DROP EXTENSION taskq CASCADE;
CREATE EXTENSION taskq;
SELECT taskq_grant('regress_taskq_manager', 'manager');
CREATE VIEW found AS SELECT * FROM taskq_check() WHERE subject NOT IN ('taskq.databases', 'worker');
TABLE found;
-- each one that there is would be missed
DO $$
DECLARE s record;
BEGIN
    SET LOCAL client_min_messages = warning;
    FOR s IN
        SELECT format('DROP TRIGGER %I ON %s', tgname, tgrelid::regclass) AS statement, tgname AS name FROM pg_trigger
            WHERE NOT tgisinternal AND tgrelid IN (SELECT objid FROM pg_depend WHERE deptype = 'e' AND classid = 'pg_class'::regclass)
        UNION ALL SELECT format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE', conrelid::regclass, conname), conname FROM pg_constraint
            WHERE contype NOT IN ('n', 't') AND conname <> ALL ('{taskq_staff_member_pkey,taskq_customer_pkey}') AND conrelid IN (SELECT objid FROM pg_depend WHERE deptype = 'e' AND classid = 'pg_class'::regclass)
              AND conrelid <> ALL ('{taskq_counter,taskq_counter_delta,taskq_counter_state}'::regclass[])
        UNION ALL SELECT format('DROP INDEX %s', indexrelid::regclass), indexrelid::regclass::name FROM pg_index
            WHERE indrelid IN (SELECT objid FROM pg_depend WHERE deptype = 'e' AND classid = 'pg_class'::regclass)
              AND indrelid <> ALL ('{taskq_counter,taskq_counter_delta,taskq_counter_state}'::regclass[])
              AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
        UNION ALL SELECT format('ALTER TABLE %s ALTER COLUMN %I DROP NOT NULL', attrelid::regclass, attname), attname FROM pg_attribute
            WHERE attnotnull AND attnum > 0 AND attidentity = '' AND attrelid IN (SELECT objid FROM pg_depend JOIN pg_class ON oid = objid AND relkind = 'r' WHERE deptype = 'e' AND classid = 'pg_class'::regclass)
              AND attrelid <> ALL ('{taskq_counter,taskq_counter_delta,taskq_counter_state}'::regclass[])
              AND NOT EXISTS (SELECT FROM pg_index WHERE indrelid = attrelid AND indisprimary AND attnum = ANY (indkey))
    LOOP
        BEGIN
            EXECUTE s.statement;
            IF NOT EXISTS (SELECT FROM found WHERE subject LIKE '%' || s.name || '%' AND severity < 3) THEN
                RAISE WARNING 'not found: %', s.statement;
            END IF;
            RAISE EXCEPTION USING ERRCODE = 'TEST0';
        EXCEPTION WHEN SQLSTATE 'TEST0' THEN
        END;
    END LOOP;
END $$;

-- where rows go
ALTER TABLE taskq_sweep_log SET UNLOGGED;
CREATE TABLE child () INHERITS (taskq_task);
TABLE found;
DROP TABLE child;
ALTER TABLE taskq_sweep_log SET LOGGED;
TABLE found;

-- who may do what
CREATE POLICY own ON taskq_task USING (assignee_id = current_user);
TABLE found;
ALTER TABLE taskq_task ENABLE ROW LEVEL SECURITY;
TABLE found;
SELECT taskq_revoke('regress_taskq_manager');
TABLE found;
ALTER TABLE taskq_task DISABLE ROW LEVEL SECURITY;
DROP POLICY own ON taskq_task;
GRANT SELECT, INSERT ON taskq_task TO PUBLIC;
GRANT UPDATE (title) ON taskq_task TO PUBLIC;
GRANT EXECUTE ON FUNCTION taskq_start TO PUBLIC;
GRANT TRIGGER ON taskq_customer TO regress_taskq_other;
GRANT CREATE ON SCHEMA public TO PUBLIC;
TABLE found;
SELECT taskq_reapply_grants();
REVOKE TRIGGER ON taskq_customer FROM regress_taskq_other;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
TABLE found;
ALTER TABLE taskq_sweep_log OWNER TO regress_taskq_other;
SELECT severity, subject, replace(what, current_user, 'me') AS what, hint FROM found;
ALTER TABLE taskq_sweep_log OWNER TO CURRENT_USER;
TABLE found;
SELECT taskq_grant('regress_taskq_other', 'viewer'), taskq_grant('regress_taskq_manager', 'manager');
ALTER ROLE regress_taskq_other RENAME TO regress_taskq_new;
TABLE found;
SELECT taskq_reapply_grants();
TABLE found;
DROP OWNED BY regress_taskq_new;
DROP ROLE regress_taskq_new;
TABLE found;
SELECT taskq_revoke('regress_taskq_new');
TABLE found;

-- sequences, vacuum, statistics
INSERT INTO taskq_customer (id, name) VALUES ('cus_1', 'Acme');
INSERT INTO taskq_renewal (id, user_id, service_type, due_date) VALUES (7, 'cus_1', 'permit', '2030-01-01');
TABLE found;
SELECT hint FROM found \gexec
TABLE found;
ALTER TABLE taskq_renewal SET (autovacuum_enabled = off, autovacuum_vacuum_threshold = 100);
TABLE found;
ALTER TABLE taskq_renewal RESET (autovacuum_enabled);
TABLE found;
SELECT FROM pg_create_physical_replication_slot('regress_taskq', true);
TABLE found;
SELECT FROM pg_drop_replication_slot('regress_taskq');
TABLE found;
ALTER TABLE taskq_task_event SET (autovacuum_analyze_threshold = 100000);
INSERT INTO taskq_task_event (task_id, at, kind, note) SELECT i, now(), 'commented', repeat('x', 200) FROM generate_series(1, 5000) i;
TABLE found;
ANALYZE taskq_task_event;
TABLE found;
CREATE INDEX of_notes ON taskq_task_event (lower(note));
TABLE found;
ANALYZE taskq_task_event;
TABLE found;

-- the numbers of the stats bar
SELECT taskq_create('counted') \g /dev/null
TABLE found;
CALL taskq_sweep_all();
TABLE found;
ALTER TABLE taskq_task DISABLE TRIGGER taskq_counted;
SELECT severity, subject, regexp_replace(what, 'since \d.*: every', 'since then: every'), hint FROM found;
ALTER TABLE taskq_task ENABLE ALWAYS TRIGGER taskq_counted;
CALL taskq_sweep_all();
TABLE found;

-- versions
BEGIN;
UPDATE pg_extension SET extversion = '0.2.0' WHERE extname = 'taskq';
SELECT severity, subject, replace(what, default_version, 'NEW') AS what, hint FROM found, pg_available_extensions WHERE name = 'taskq';
ROLLBACK;
TABLE found;

-- people, rules, renewals
INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana'), ('sta_2', 'Bob'), ('sta_3', 'Cy');
INSERT INTO taskq_customer VALUES ('cus_2', 'Zenith', 'sta_2'), ('cus_3', 'Nadir', 'sta_1');
INSERT INTO taskq_workflow_rule (name, event, action, assignee_id, assignee_strategy, assignee_pool) VALUES
    ('To Bob', 'asked', 'CREATE_TASK', 'sta_2', NULL, NULL), ('To Ana', 'asked', 'CREATE_TASK', 'sta_1', NULL, NULL),
    ('To both', 'asked', 'CREATE_TASK', NULL, 'LEAST_LOADED', '{sta_1,sta_2,sta_none}');
SELECT taskq_create('of Bob', assignee_id => 'sta_2'), taskq_create('of Bob, too', assignee_id => 'sta_2'), taskq_create('of Ana', assignee_id => 'sta_1') \g /dev/null
SELECT taskq_cancel(taskq_create('was of Bob', assignee_id => 'sta_2')) \g /dev/null
SELECT taskq_renewal_create('cus_1', 'visa', '2030-01-01', 'sta_2') \g /dev/null
TABLE found;
UPDATE taskq_staff_member SET is_active = false WHERE id = 'sta_2';
TABLE found;
SELECT count(*) FROM taskq_assign_many(ARRAY(SELECT id FROM taskq_tasks WHERE assignee_id = 'sta_2' AND is_active), 'sta_3');
UPDATE taskq_customer SET assigned_agent_id = 'sta_3' WHERE assigned_agent_id = 'sta_2';
UPDATE taskq_renewal SET assignee_id = NULL WHERE assignee_id = 'sta_2';
UPDATE taskq_workflow_rule SET is_enabled = false WHERE name = 'To Bob';
UPDATE taskq_workflow_rule SET assignee_pool = NULL WHERE name = 'To both';
TABLE found;
-- conditions: none of those that are predicates, all that are not
INSERT INTO taskq_workflow_rule (name, event, action, condition)
SELECT 'predicate ' || c, 'asked', 'CREATE_TASK', c::jsonpath
FROM unnest(ARRAY['$.new.status == "REJECTED"', '$.a > 1 && $.b < 2', 'exists ($.a)', '!($.a == 1)', '($.a == 1) is unknown', '$.a starts with "x"',
    '$.a like_regex "x"', 'strict $.a == 1', '$.a.size() > 1', '$.a[*].b == "x"', 'lax $ == 1', '$.a == $nobody']) c;
TABLE found;
ALTER TABLE taskq_workflow_rule DISABLE TRIGGER USER;
INSERT INTO taskq_workflow_rule (name, event, action, condition) VALUES ('a filter', 'asked', 'CREATE_TASK', '$.new.status ? (@ == "REJECTED")');
ALTER TABLE taskq_workflow_rule ENABLE TRIGGER USER;
TABLE found;
DELETE FROM taskq_workflow_rule WHERE name = 'a filter';
-- failures of the last day
INSERT INTO taskq_workflow_run (at, rule_id, rule_name, event, depth, outcome, message) VALUES
    (now() - interval '2 days', 1, 'Long ago', 'asked', 1, 'failed', 'forgotten'), (now(), 2, 'Now', 'asked', 1, 'failed', 'first'),
    (now(), 2, 'Now', 'asked', 1, 'failed', 'last'), (now(), 3, 'Well', 'asked', 1, 'created', NULL);
TABLE found;
DELETE FROM taskq_workflow_run;
-- ladders without a task
INSERT INTO taskq_renewal_threshold (service_type, days_before, task_priority) VALUES ('visa', 60, NULL), ('visa', 30, NULL), (NULL, 90, NULL), ('permit', 90, NULL), ('permit', 9, 'LOW');
TABLE found;
DELETE FROM taskq_renewal_threshold;
TABLE found;

-- a manager sees what a manager may read; others may not ask
ALTER TABLE taskq_task DISABLE TRIGGER taskq_lifecycle_insert;
INSERT INTO taskq_renewal (id, user_id, service_type, due_date) VALUES (100, 'cus_1', 'boat', '2030-01-01');
INSERT INTO taskq_role_grant (role_name, level) VALUES ('regress_taskq_gone', 'viewer');
SELECT subject FROM found;
SET ROLE regress_taskq_manager;
SELECT subject FROM taskq_check() WHERE subject NOT IN ('taskq.databases', 'worker');
RESET ROLE;
SELECT taskq_grant('regress_taskq_manager', 'agent');
SET ROLE regress_taskq_manager;
SELECT * FROM taskq_check();
RESET ROLE;
SELECT taskq_revoke('regress_taskq_manager');

-- where nothing can be written, it can still be asked
BEGIN READ ONLY;
SELECT count(*) FROM found;
ROLLBACK;
ALTER DATABASE :DBNAME SET default_transaction_read_only = on;
\c
\t on
SELECT * FROM found WHERE subject LIKE 'default%';
SET default_transaction_read_only = off;
ALTER DATABASE :DBNAME RESET default_transaction_read_only;
\c
SELECT * FROM found WHERE subject LIKE 'default%';
DROP EXTENSION taskq CASCADE;
DROP ROLE regress_taskq_manager;
