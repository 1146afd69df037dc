-- Where taskq acts as the owner of its tables, triggers that were added to them
-- run with the owner's rights: what they name is not looked up where the caller
-- says.
\set SHOW_CONTEXT never
CREATE EXTENSION taskq;
CREATE ROLE regress_taskq_mallory;
SELECT taskq_grant('regress_taskq_mallory', 'manager');
GRANT USAGE ON SCHEMA public TO regress_taskq_mallory;
INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana');
INSERT INTO taskq_customer VALUES ('cus_1', 'Acme', 'sta_1');
INSERT INTO taskq_workflow_rule (name, event, action, assignee_strategy) VALUES
    ('made', 'task.created', 'ASSIGN', 'LEAST_LOADED'), ('called', 'call', 'CREATE_TASK', NULL);

-- An ordinary trigger of a DBA's on every table, with a name left open.
CREATE FUNCTION dba_trigger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lower(TG_OP);
    RETURN coalesce(NEW, OLD);
END$$;
DO $$
DECLARE t regclass;
BEGIN
    FOR t IN SELECT d.objid FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'taskq' JOIN pg_class c ON c.oid = d.objid
        WHERE d.refclassid = 'pg_extension'::regclass AND d.classid = 'pg_class'::regclass AND d.deptype = 'e' AND c.relkind = 'r'
    LOOP
        EXECUTE format('CREATE TRIGGER dba_before BEFORE INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION dba_trigger()', t);
        EXECUTE format('CREATE TRIGGER dba_after AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION dba_trigger()', t);
    END LOOP;
END$$;

-- The function that mallory's search_path finds instead, which records who ran it.
CREATE TABLE sprung (who name, what text);
GRANT INSERT ON sprung TO PUBLIC;
CREATE SCHEMA evil AUTHORIZATION regress_taskq_mallory;
CREATE FUNCTION evil.lower(text) RETURNS text LANGUAGE plpgsql AS
    'BEGIN INSERT INTO public.sprung VALUES (current_user, $1); RETURN $1; END';
CREATE TABLE evil.staff (id text, name text);
ALTER TABLE evil.staff OWNER TO regress_taskq_mallory;
CREATE TABLE evil.customer (id text, name text);
ALTER TABLE evil.customer OWNER TO regress_taskq_mallory;
CREATE TRIGGER m AFTER INSERT OR UPDATE OR DELETE ON evil.staff FOR EACH ROW EXECUTE FUNCTION taskq_mirror('staff', 'id', 'name');
CREATE TRIGGER m AFTER INSERT OR UPDATE OR DELETE ON evil.customer FOR EACH ROW EXECUTE FUNCTION taskq_mirror('customer', 'id', 'name');
CREATE TRIGGER e AFTER INSERT OR UPDATE OR DELETE ON evil.staff FOR EACH ROW EXECUTE FUNCTION taskq_emit_change('call');

SET search_path = evil, public, pg_catalog;
SET ROLE regress_taskq_mallory;
\o /dev/null
\set VERBOSITY terse
SELECT taskq_create('One', due_date => '2020-01-01', sla_hours => 1, user_id => 'cus_1', dedupe_key => 'k') AS id \gset
SELECT taskq_create('One', dedupe_key => 'k');
SELECT taskq_start(:id);
SELECT taskq_comment(:id, 'a note');
SELECT taskq_complete(:id);
SELECT taskq_complete(:id);
SELECT taskq_emit('call', '{}');
SELECT taskq_emit_dry_run('call', '{}');
INSERT INTO evil.staff VALUES ('sta_2', 'Bob');
UPDATE evil.staff SET name = 'Bert';
DELETE FROM evil.staff;
INSERT INTO evil.customer VALUES ('cus_2', 'Bolt');
DELETE FROM evil.customer;
SELECT taskq_renewal_create('cus_1', 'permit', taskq_today() + 10) AS renewal \gset
SELECT taskq_renewals_refresh(true);
SELECT taskq_renewals_refresh();
SELECT taskq_renewal_complete(:renewal, taskq_today() + 375);
INSERT INTO taskq_renewal_threshold (days_before, task_priority) VALUES (400, 'LOW');
INSERT INTO taskq_task (title, due_date, sla_hours) VALUES ('Past', '2020-01-01', 1);
SELECT taskq_sweep();
CALL taskq_sweep_all();
SELECT taskq_purge('0 s');
SELECT taskq_erase_customer('cus_1');
\o
-- PostgreSQL's own cascade of an id would run it, too
\set VERBOSITY sqlstate
UPDATE taskq_staff_member SET id = 'sta_9' WHERE id = 'sta_1';
UPDATE taskq_customer SET id = 'cus_9' WHERE id = 'cus_1';
\set VERBOSITY default
SHOW search_path;
RESET ROLE;
RESET search_path;
SELECT DISTINCT who FROM sprung;
-- the same trap works where nothing protects from it
SET search_path = evil, public, pg_catalog;
INSERT INTO taskq_staff_member VALUES ('sta_3', 'Cy');
RESET search_path;
SELECT DISTINCT who <> 'regress_taskq_mallory' AS as_owner FROM sprung ORDER BY 1;

-- the cascade, where the trigger has a search_path
TRUNCATE sprung;
ALTER FUNCTION dba_trigger() SET search_path = pg_catalog, pg_temp;
SET search_path = evil, public, pg_catalog;
SET ROLE regress_taskq_mallory;
UPDATE taskq_staff_member SET id = 'sta_9' WHERE id = 'sta_1';
RESET ROLE;
RESET search_path;
SELECT count(*) FROM sprung;
SELECT assigned_agent_id FROM taskq_customer WHERE id = 'cus_1';

-- So a trigger names what it means, or has a search_path.  One that does not is
-- told so, where it fails: in a session, and in the record of a rule.
CREATE SCHEMA audit;
CREATE TABLE audit.log (task_id bigint);
GRANT USAGE ON SCHEMA audit TO regress_taskq_mallory;
GRANT INSERT ON audit.log TO regress_taskq_mallory;
CREATE FUNCTION audit.note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO log VALUES (new.task_id); RETURN NULL; END';
CREATE TRIGGER note AFTER INSERT ON taskq_task_event FOR EACH ROW EXECUTE FUNCTION audit.note();
SET search_path = audit, public;
DELETE FROM taskq_workflow_rule;
SELECT taskq_create('Two') AS id \gset
SELECT status FROM taskq_start(:id);
DROP TRIGGER note ON taskq_task_event;
CREATE FUNCTION audit.note_task() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO log VALUES (new.id); RETURN NULL; END';
CREATE TRIGGER note AFTER INSERT ON taskq_task FOR EACH ROW EXECUTE FUNCTION audit.note_task();
INSERT INTO taskq_workflow_rule (name, event, action) VALUES ('called', 'call', 'CREATE_TASK');
SELECT * FROM taskq_emit('call', '{}');
SELECT outcome, message FROM taskq_workflow_run ORDER BY id DESC LIMIT 1;
SET ROLE regress_taskq_mallory;
UPDATE taskq_customer SET id = 'cus_9' WHERE id = 'cus_1';
RESET ROLE;
ALTER FUNCTION audit.note_task() SET search_path = audit, pg_temp;
SET ROLE regress_taskq_mallory;
SELECT count(*) FROM taskq_emit('call', '{}');
RESET ROLE;
SELECT count(*) FROM audit.log;
RESET search_path;

-- Temporary objects come first where a search_path does not say otherwise, and
-- before nothing else where it says pg_catalog, pg_temp: who has some is refused.
ALTER FUNCTION audit.note_task() SET search_path = audit;
SET ROLE regress_taskq_mallory;
SELECT count(*) FROM taskq_emit('call', '{}');
CREATE TEMP TABLE log (task_id bigint);
SELECT count(*) FROM taskq_emit('call', '{}');
RESET ROLE;
ALTER FUNCTION audit.note_task() RESET search_path;
SET ROLE regress_taskq_mallory;
SELECT count(*) FROM taskq_emit('call', '{}');
RESET ROLE;
-- what writes nothing is not
SELECT count(*) > 0 AS active FROM taskq_queue_stats;
ALTER FUNCTION audit.note_task() SET search_path = audit, pg_temp;
SET ROLE regress_taskq_mallory;
SELECT count(*) FROM taskq_emit('call', '{}');
SELECT count(*) FROM log;
DROP TABLE log;

-- What cascades runs CHECKs, indexes, generated columns and rules, too; the path
-- of the moment is no excuse, for the statement can change it.
RESET ROLE;
DROP TRIGGER note ON taskq_task;
CREATE FUNCTION audit.is_good(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN lower($1) <> ''bad''; END';
CREATE FUNCTION attempt(what text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE what;
    SET LOCAL ROLE regress_taskq_mallory;
    SET LOCAL search_path = pg_catalog, pg_temp;
    UPDATE public.taskq_customer SET id = 'cus_9' WHERE id = 'cus_1';
    RETURN 'not refused';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ' ' || SQLERRM;
END$$;
SELECT attempt('ALTER TABLE taskq_task ADD CONSTRAINT good CHECK (audit.is_good(title))');
SELECT attempt('CREATE INDEX good ON taskq_task (audit.is_good(title))');
SELECT attempt('ALTER TABLE taskq_task ADD good boolean GENERATED ALWAYS AS (audit.is_good(title)) STORED');
SELECT attempt('CREATE RULE good AS ON UPDATE TO taskq_task WHERE audit.is_good(new.title) DO ALSO NOTHING');
SELECT attempt('SELECT');
-- and what goes with a member of staff
INSERT INTO taskq_staff_member VALUES ('sta_7', 'Eve');
CREATE TRIGGER dba AFTER DELETE ON taskq_workflow_turn FOR EACH ROW EXECUTE FUNCTION audit.note();
SET ROLE regress_taskq_mallory;
DELETE FROM taskq_staff_member WHERE id = 'sta_7';
RESET ROLE;
DROP TRIGGER dba ON taskq_workflow_turn;
SET ROLE regress_taskq_mallory;
DELETE FROM taskq_staff_member WHERE id = 'sta_7';
RESET ROLE;
DROP FUNCTION attempt(text);

DROP EXTENSION taskq CASCADE;
DROP SCHEMA evil, audit CASCADE;
DROP TABLE sprung;
DROP FUNCTION dba_trigger();
REVOKE ALL ON SCHEMA public FROM regress_taskq_mallory;
DROP ROLE regress_taskq_mallory;
