-- Staff and customers, kept from the application's own tables.
CREATE EXTENSION taskq;
\set SHOW_CONTEXT never
CREATE TABLE people (pid int PRIMARY KEY, full_name text, works_here boolean, other int);
CREATE TABLE clients (code text PRIMARY KEY, label text, live boolean, agent int);
CREATE TRIGGER mirror AFTER INSERT OR UPDATE OR DELETE ON people
    FOR EACH ROW EXECUTE FUNCTION taskq_mirror('staff', 'pid', 'full_name', 'works_here');
CREATE TRIGGER mirror AFTER INSERT OR UPDATE OR DELETE ON clients
    FOR EACH ROW EXECUTE FUNCTION taskq_mirror('customer', 'code', 'label', 'live', 'agent');
INSERT INTO people VALUES (1, 'Ana', true), (2, NULL, NULL), (3, 'Cy', false);
INSERT INTO clients VALUES ('cus_1', 'Acme', true, 1), ('cus_2', 'Beta', true, NULL);
TABLE taskq_staff_member ORDER BY id;
TABLE taskq_customer ORDER BY id;
UPDATE people SET full_name = 'Ana B.' WHERE pid = 1;
UPDATE people SET pid = 9 WHERE pid = 1;
UPDATE clients SET agent = 2 WHERE code = 'cus_1';
UPDATE clients SET agent = 77 WHERE code = 'cus_1';
SELECT taskq_create('for Ana', assignee_id => '1', user_id => 'cus_1') AS id \gset
DELETE FROM people WHERE pid = 1;
DELETE FROM clients WHERE code = 'cus_1';
TABLE taskq_staff_member ORDER BY id;
TABLE taskq_customer ORDER BY id;
-- inactive staff keep their tasks and get no new ones
SELECT assignee_id, assignee_is_active FROM taskq_tasks WHERE id = :id;
SELECT taskq_create('for Ana', assignee_id => '1');
SELECT assignee_id FROM taskq_prioritize(:id, 'HIGH');
-- arguments of the trigger
CREATE TABLE other (id int);
CREATE TRIGGER m1 AFTER INSERT ON other FOR EACH ROW EXECUTE FUNCTION taskq_mirror('boss', 'id', 'id');
INSERT INTO other VALUES (1);
DROP TRIGGER m1 ON other;
CREATE TRIGGER m2 AFTER INSERT ON other FOR EACH ROW EXECUTE FUNCTION taskq_mirror('staff', 'id', 'nam');
INSERT INTO other VALUES (1);
DROP TRIGGER m2 ON other;
CREATE TRIGGER m3 AFTER INSERT ON other FOR EACH ROW EXECUTE FUNCTION taskq_mirror('staff', 'id', 'id', 'id');
INSERT INTO other VALUES (1);
DROP TRIGGER m3 ON other;
CREATE TRIGGER m4 AFTER INSERT ON other FOR EACH ROW EXECUTE FUNCTION taskq_mirror('staff', 'id');
INSERT INTO other VALUES (1);
DROP TRIGGER m4 ON other;
CREATE TRIGGER m5 BEFORE INSERT ON other FOR EACH ROW EXECUTE FUNCTION taskq_mirror('staff', 'id', 'id');
INSERT INTO other VALUES (1);
DROP TRIGGER m5 ON other;
CREATE TRIGGER m6 AFTER INSERT ON other FOR EACH ROW EXECUTE FUNCTION taskq_mirror('staff', 'id', 'id');
INSERT INTO other VALUES (NULL);
-- the owner of the table must be allowed to write the directory
CREATE ROLE regress_taskq_owner;
ALTER TABLE other OWNER TO regress_taskq_owner;
INSERT INTO other VALUES (1);
SELECT taskq_grant('regress_taskq_owner', 'manager');
INSERT INTO other VALUES (1);
SELECT name FROM taskq_staff_member WHERE id = '1';
DROP TABLE people, clients, other;
SELECT taskq_revoke('regress_taskq_owner');
DROP EXTENSION taskq;
DROP ROLE regress_taskq_owner;
