-- viewer, agent, manager; the whole matrix is in test/pgtap.
CREATE EXTENSION taskq;
\set SHOW_CONTEXT never
\set VERBOSITY terse
CREATE ROLE regress_taskq_v;
CREATE ROLE regress_taskq_a;
CREATE ROLE regress_taskq_m;
INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana');
SELECT taskq_create('seen by all') AS id \gset
SET ROLE regress_taskq_v;
SELECT count(*) FROM taskq_queue;
SELECT taskq_today();
RESET ROLE;
SELECT taskq_grant('regress_taskq_v', 'viewer'), taskq_grant('regress_taskq_a', 'agent'), taskq_grant('regress_taskq_m', 'manager');
SELECT role_name, level, granted_by = session_user AS by_me FROM taskq_role_grant ORDER BY 1;
SET ROLE regress_taskq_v;
SELECT title FROM taskq_queue_page();
SELECT open FROM taskq_queue_stats;
SELECT count(*) FROM taskq_task_history;
SELECT count(*) FROM taskq_worker_status WHERE false;
SELECT taskq_create('x');
SELECT taskq_comment(:id, 'x');
UPDATE taskq_task SET title = 'x';
SET ROLE regress_taskq_a;
SELECT taskq_create('by an agent') AS mine \gset
SELECT status FROM taskq_start(:mine);
SELECT status FROM taskq_complete(:mine, 'done');
SELECT status FROM taskq_comment(:mine, 'noted');
SELECT title FROM taskq_claim('sta_1');
UPDATE taskq_task SET priority = 'HIGH' WHERE id = :id;
UPDATE taskq_task SET completed_at = now() WHERE id = :id;
UPDATE taskq_task SET created_by = 'x' WHERE id = :id;
INSERT INTO taskq_task (title, created_at) VALUES ('x', now());
INSERT INTO taskq_task_event (task_id, at, kind) VALUES (1, now(), 'edited');
INSERT INTO taskq_staff_member VALUES ('sta_2', 'Bob');
DELETE FROM taskq_task WHERE id = :mine;
SELECT count(*) FROM taskq_sweep();
SELECT taskq_grant('regress_taskq_a', 'manager');
SELECT count(*) FROM taskq_task_history WHERE task_id = :mine AND db_user = session_user;
SET ROLE regress_taskq_m;
INSERT INTO taskq_staff_member VALUES ('sta_2', 'Bob');
SELECT sum(tasks) FROM taskq_sweep();
DELETE FROM taskq_task WHERE id = :mine;
TRUNCATE taskq_task;
CREATE TRIGGER t BEFORE UPDATE ON taskq_task FOR EACH ROW EXECUTE FUNCTION taskq_task_update();
RESET ROLE;
-- a lower level takes away; the grants can be given again from memory
SELECT taskq_grant('regress_taskq_m', 'viewer');
SELECT has_table_privilege('regress_taskq_m', 'taskq_task', 'DELETE') AS may_delete;
REVOKE SELECT ON taskq_task FROM regress_taskq_v;
GRANT SELECT ON taskq_task TO PUBLIC;
SELECT taskq_reapply_grants();
SELECT has_table_privilege('regress_taskq_v', 'taskq_task', 'SELECT') AS viewer, has_table_privilege('public', 'taskq_task', 'SELECT') AS public;
-- bad input
SELECT taskq_grant('regress_taskq_v', 'boss');
SELECT taskq_grant('regress_taskq_v', NULL);
SELECT taskq_grant('regress_taskq_none', 'viewer');
SELECT taskq_grant('public', 'viewer');
SELECT taskq_revoke('regress_taskq_none');
SELECT taskq_revoke('regress_taskq_v'), taskq_revoke('regress_taskq_a'), taskq_revoke('regress_taskq_m');
SELECT count(*) FROM taskq_role_grant;
DROP ROLE regress_taskq_v, regress_taskq_a, regress_taskq_m;

-- row security is respected
CREATE ROLE regress_taskq_a;
SELECT taskq_grant('regress_taskq_a', 'agent');
ALTER TABLE taskq_task ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON taskq_task TO regress_taskq_a USING (coalesce(assignee_id, 'sta_1') = 'sta_1');
INSERT INTO taskq_task (title, assignee_id, dedupe_key) VALUES ('not yours', 'sta_2', 'k') RETURNING id AS other \gset
SET ROLE regress_taskq_a;
SELECT title FROM taskq_queue_page(NULL);
SELECT open FROM taskq_stats();
SELECT taskq_start(:other);
SELECT taskq_comment(:other, 'x');
SELECT taskq_create('again', dedupe_key => 'k');
-- the history, too, shows tasks that the caller sees
RESET ROLE;
SELECT status FROM taskq_comment(:other, 'not for you');
SET ROLE regress_taskq_a;
SELECT count(*) FROM taskq_task_history WHERE task_id = :other;
RESET ROLE;
SELECT taskq_revoke('regress_taskq_a');
DROP EXTENSION taskq CASCADE;
DROP ROLE regress_taskq_a;

-- in a schema of its own; names that need quotes; what roles inherit
CREATE SCHEMA "Desk 7";
CREATE EXTENSION taskq SCHEMA "Desk 7";
SET search_path = "Desk 7";
CREATE ROLE "regress taskq ""A""";
CREATE ROLE regress_taskq_in IN ROLE "regress taskq ""A""" INHERIT;
CREATE ROLE regress_taskq_out IN ROLE "regress taskq ""A""" NOINHERIT;
SELECT taskq_grant('regress taskq "A"', 'viewer'), taskq_grant('regress taskq "A"', 'agent'), taskq_grant('regress taskq "A"', 'agent');
SET ROLE "regress taskq ""A""";
SELECT taskq_create('by a name with quotes') AS id \gset
SET ROLE regress_taskq_in;
SELECT status FROM taskq_start(:id);
SET ROLE regress_taskq_out;
SELECT "Desk 7".taskq_today();
SET ROLE "regress taskq ""A""";
SELECT status FROM taskq_complete(:id);
RESET ROLE;
-- after revoking nothing holds the role
SELECT taskq_revoke('regress taskq "A"');
SELECT has_schema_privilege('regress taskq "A"', 'Desk 7', 'USAGE') AS may_use;
DROP ROLE "regress taskq ""A""";
-- a role that was dropped all the same gets a warning, and can be forgotten
CREATE ROLE regress_taskq_a;
SELECT taskq_grant('regress_taskq_a', 'manager');
DROP OWNED BY regress_taskq_a;
DROP ROLE regress_taskq_a;
SELECT taskq_reapply_grants();
SELECT taskq_revoke('regress_taskq_a');
SELECT taskq_revoke('regress_taskq_a');
SELECT count(*) FROM taskq_role_grant;
-- the schema stays open for a role that has something else in it
CREATE TABLE other ();
CREATE ROLE regress_taskq_a;
GRANT SELECT ON other TO regress_taskq_a;
SELECT taskq_grant('regress_taskq_a', 'viewer');
SELECT taskq_revoke('regress_taskq_a');
SELECT has_schema_privilege('regress_taskq_a', 'Desk 7', 'USAGE') AS may_use;
DROP TABLE other;
DROP EXTENSION taskq;
RESET search_path;
DROP OWNED BY regress_taskq_a;
-- public, too, is opened and closed for a role where it is closed for PUBLIC
BEGIN;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
CREATE EXTENSION taskq;
SELECT taskq_grant('regress_taskq_a', 'viewer');
SELECT has_schema_privilege('regress_taskq_a', 'public', 'USAGE') AS may_use;
SELECT taskq_revoke('regress_taskq_a');
DROP ROLE regress_taskq_a;
ROLLBACK;

-- owners: no level takes their rights, whoever owns what
CREATE EXTENSION taskq;
CREATE ROLE regress_taskq_o;
GRANT USAGE, CREATE ON SCHEMA public TO regress_taskq_o;
ALTER TABLE taskq_task OWNER TO regress_taskq_o;
ALTER TABLE taskq_task_event OWNER TO regress_taskq_o;
SELECT taskq_grant('regress_taskq_o', 'viewer');
SELECT has_table_privilege('regress_taskq_o', 'taskq_task_event', 'INSERT') AS keeps, has_table_privilege('regress_taskq_o', 'taskq_customer', 'SELECT') AS gets;
SELECT taskq_revoke('regress_taskq_o');
SELECT has_table_privilege('regress_taskq_o', 'taskq_task_event', 'INSERT') AS keeps, has_table_privilege('regress_taskq_o', 'taskq_customer', 'SELECT') AS has;
DROP EXTENSION taskq;

-- an update gives the levels again, and not as a part of the extension, which pg_dump leaves out
CREATE EXTENSION taskq VERSION '0.1.0';
SELECT taskq_grant('regress_taskq_a', 'agent');
ALTER EXTENSION taskq UPDATE;
SELECT has_table_privilege('regress_taskq_a', 'taskq_task', 'SELECT') AS has;
SELECT count(*) FROM pg_init_privs, aclexplode(initprivs) x WHERE x.grantee = 'regress_taskq_a'::regrole;
SELECT taskq_revoke('regress_taskq_a');
DROP EXTENSION taskq;

-- a role that is renamed is the same role; one that gets its old name is not
CREATE EXTENSION taskq;
CREATE ROLE regress_taskq_b;
CREATE VIEW grants AS SELECT role_name, level, role_oid::regrole AS role FROM taskq_role_grant ORDER BY 1;
CREATE VIEW holders AS SELECT DISTINCT x.grantee::regrole AS role, x.privilege_type FROM pg_class c, aclexplode(c.relacl) x
    WHERE c.oid = 'taskq_task'::regclass AND x.grantee <> c.relowner ORDER BY 1, 2;
SELECT taskq_grant('regress_taskq_a', 'manager');
ALTER ROLE regress_taskq_a RENAME TO regress_taskq_c;
CREATE ROLE regress_taskq_a;
TABLE holders;
SELECT taskq_reapply_grants();
TABLE holders;
TABLE grants;
-- granted again under its new name: one row, one level
ALTER ROLE regress_taskq_c RENAME TO regress_taskq_d;
SELECT taskq_grant('regress_taskq_d', 'viewer');
TABLE holders;
TABLE grants;
-- under its old name it is unknown, under the new one it loses everything
ALTER ROLE regress_taskq_d RENAME TO regress_taskq_c;
DROP ROLE regress_taskq_a;
SELECT taskq_revoke('regress_taskq_d');
SELECT taskq_revoke('regress_taskq_c');
TABLE holders;
TABLE grants;
-- two that exchange names
SELECT taskq_grant('regress_taskq_b', 'viewer'), taskq_grant('regress_taskq_c', 'manager');
ALTER ROLE regress_taskq_b RENAME TO regress_taskq_a;
ALTER ROLE regress_taskq_c RENAME TO regress_taskq_b;
ALTER ROLE regress_taskq_a RENAME TO regress_taskq_c;
SELECT taskq_reapply_grants();
TABLE holders;
TABLE grants;
SELECT taskq_revoke('regress_taskq_b');
TABLE holders;
TABLE grants;
-- one that was dropped and made anew gets nothing of the old one's
DROP OWNED BY regress_taskq_c;
DROP ROLE regress_taskq_c;
CREATE ROLE regress_taskq_c;
\set VERBOSITY default
SELECT taskq_reapply_grants();
\set VERBOSITY terse
TABLE holders;
-- until it is given something
SELECT taskq_grant('regress_taskq_c', 'viewer');
TABLE holders;
TABLE grants;
-- a row from elsewhere has no role's OID: its name is what counts, and the role that has it is remembered from then on
CREATE ROLE regress_taskq_a;
INSERT INTO taskq_role_grant (role_name, level) VALUES ('regress_taskq_e', 'viewer');
ALTER ROLE regress_taskq_a RENAME TO regress_taskq_e;
SELECT taskq_reapply_grants();
TABLE grants;
ALTER ROLE regress_taskq_e RENAME TO regress_taskq_a;
SELECT taskq_revoke('regress_taskq_a');
TABLE grants;
-- what is not remembered at all is revoked all the same
DELETE FROM taskq_role_grant;
SELECT taskq_revoke('regress_taskq_c');
TABLE holders;
DROP VIEW grants, holders;
DROP EXTENSION taskq;
DROP ROLE regress_taskq_b, regress_taskq_c;

DROP SCHEMA "Desk 7";
REVOKE ALL ON SCHEMA public FROM regress_taskq_o;
DROP ROLE regress_taskq_a, regress_taskq_o, regress_taskq_in, regress_taskq_out;
