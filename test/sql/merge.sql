-- Merging a customer into another: what is about it goes over, the old id stays
-- as a pointer.
CREATE EXTENSION taskq;
\set SHOW_CONTEXT never
\set VERBOSITY terse
CREATE ROLE regress_taskq_m;
CREATE ROLE regress_taskq_a;
SELECT taskq_grant('regress_taskq_m', 'manager'), taskq_grant('regress_taskq_a', 'agent');
INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana'), ('sta_2', 'Bob');
INSERT INTO taskq_customer VALUES ('cus_a', 'Acme Ltd', 'sta_1', true), ('cus_b', 'Acme Limited', 'sta_2', true), ('cus_c', 'Acme Holding', 'sta_2', true),
    ('cus_gone', 'Gone', NULL, false), ('cus_erased', 'Jane', NULL, true), ('cus_other', 'Other', NULL, true);
INSERT INTO taskq_sla_policy (name, user_id, kind, sla_hours) VALUES
    ('a reviews', 'cus_a', 'REVIEW', 4), ('a calls', 'cus_a', 'CALL', 6), ('b calls', 'cus_b', 'CALL', 12);
SELECT FROM taskq_erase_customer('cus_erased') \g /dev/null
SET taskq.actor = 'sta_1';

-- tasks in every status, renewals of which one is the other's too
SELECT taskq_create('Review', user_id => 'cus_a', kind => 'REVIEW') AS open,
    taskq_create('Call', user_id => 'cus_a', kind => 'CALL') AS started,
    taskq_create('Late', user_id => 'cus_a', due_date => '2020-01-01') AS done,
    taskq_create('Dropped', user_id => 'cus_a') AS dropped,
    taskq_create('Of the other', user_id => 'cus_b') AS theirs \gset
SELECT status FROM taskq_start(:started);
SELECT status FROM taskq_complete(:done);
SELECT status FROM taskq_cancel(:dropped);
SELECT taskq_renewal_create(c, s, taskq_today() + 10, reference => r) AS id, c, s INTO TEMP renewal
FROM (VALUES ('cus_a', 'permit', NULL), ('cus_a', 'policy', 'P-1'), ('cus_a', 'visa', 'V'), ('cus_b', 'permit', NULL), ('cus_b', 'policy', 'P-2'), ('cus_b', 'visa', 'V')) v(c, s, r);
SELECT FROM taskq_renewals_refresh() \g /dev/null
SELECT status FROM taskq_start((SELECT open_task_id FROM taskq_renewals v JOIN renewal r USING (id) WHERE (c, s) = ('cus_a', 'visa')));
CREATE TEMP TABLE before AS SELECT count(*) FROM taskq_task;

-- what is refused, each with nothing done
SET ROLE regress_taskq_a;
SELECT taskq_merge_customer('cus_a', 'cus_b');
RESET ROLE;
GRANT EXECUTE ON FUNCTION taskq_merge_customer TO regress_taskq_a;
SET ROLE regress_taskq_a;
SELECT taskq_merge_customer('cus_a', 'cus_b');
SET ROLE regress_taskq_m;
SELECT taskq_merge_customer(NULL, 'cus_b');
SELECT taskq_merge_customer('cus_a', NULL);
SELECT taskq_merge_customer('cus_a', 'cus_a');
SELECT taskq_merge_customer('nobody', 'cus_b');
SELECT taskq_merge_customer('cus_a', 'nobody');
SELECT taskq_merge_customer('cus_a', 'cus_gone');
SELECT taskq_merge_customer('cus_erased', 'cus_a');
SELECT taskq_merge_customer('cus_a', 'cus_erased');
SELECT taskq_merge_customer('cus_a', 'cus_b', actor => '');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT taskq_merge_customer('cus_a', 'cus_b');
ROLLBACK;
SELECT count(*) FROM taskq_task WHERE user_id = 'cus_b';
UPDATE taskq_renewal SET user_id = 'cus_b' WHERE user_id = 'cus_a';
RESET ROLE;
UPDATE taskq_task SET user_id = 'cus_b' WHERE id = :done;
UPDATE taskq_renewal SET user_id = 'cus_b' WHERE user_id = 'cus_a';
SET ROLE regress_taskq_m;

-- a manager does it
SELECT * FROM taskq_merge_customer('cus_a', 'cus_b', actor => 'lead');
RESET ROLE;
SELECT id, name, assigned_agent_id, is_active, merged_into, merged_at IS NOT NULL AS merged, merged_by FROM taskq_customer ORDER BY id;
SELECT title, user_id, status, sla_policy, sla_hours FROM taskq_task WHERE source = 'MANUAL' ORDER BY id;
SELECT regexp_replace(title, ', due.*', '') AS title, e.kind, e.actor, e.changes, e.note FROM taskq_task t JOIN taskq_task_event e ON e.task_id = t.id WHERE e.kind IN ('merged', 'cancelled') ORDER BY t.id, e.id;
SELECT r.user_id, r.service_type, r.reference, r.status, v.open_task_id IS NOT NULL AS has_task FROM taskq_renewal r JOIN taskq_renewals v USING (id) ORDER BY r.id;
SELECT user_id, status, count(*) FROM taskq_task WHERE source = 'RENEWAL' GROUP BY 1, 2 ORDER BY 1, 2;
SELECT name, user_id, is_enabled FROM taskq_sla_policy ORDER BY name;
SELECT b.count = (SELECT count(*) FROM taskq_task) AS none_lost FROM before b;
SELECT count(*) FROM taskq_task_history WHERE kind = 'merged' AND from_status = to_status;

-- the old id: refused, and a raw write is taken along by the next call
\set VERBOSITY default
SELECT taskq_create('x', user_id => 'cus_a');
SELECT taskq_create_json('{"title": "x", "user_id": "cus_a"}');
SELECT taskq_renewal_create('cus_a', 'permit', '2030-01-01');
SELECT taskq_emit('call.missed', '{}', 'cus_a');
SELECT taskq_erase_customer('cus_a');
SELECT taskq_merge_customer('cus_b', 'cus_a');
SELECT taskq_merge_customer('cus_other', 'cus_a');
SELECT taskq_merge_customer('cus_a', 'cus_c');
\set VERBOSITY terse
INSERT INTO taskq_task (title, user_id) VALUES ('raw', 'cus_a');
SELECT * FROM taskq_merge_customer('cus_a', 'cus_b', actor => 'lead');
UPDATE taskq_customer SET is_active = true WHERE id = 'cus_a';

-- a mirror changes the name only, and does not revive it
CREATE TABLE client (id text, name text, here boolean, agent text);
CREATE TRIGGER m AFTER INSERT OR UPDATE OR DELETE ON client FOR EACH ROW EXECUTE FUNCTION taskq_mirror('customer', 'id', 'name', 'here', 'agent');
INSERT INTO client VALUES ('cus_a', 'Acme again', true, 'sta_2'), ('cus_other', 'Other again', true, 'sta_2');
SELECT id, name, assigned_agent_id, is_active, merged_into FROM taskq_customer WHERE id IN ('cus_a', 'cus_other') ORDER BY id;
UPDATE client SET here = true;
DELETE FROM client WHERE id = 'cus_a';
SELECT name, is_active, merged_into FROM taskq_customer WHERE id = 'cus_a';

-- a chain has one link: what was merged into the one points to the other; a new key is followed
SELECT * FROM taskq_merge_customer('cus_b', 'cus_c', actor => 'lead');
SELECT id, merged_into FROM taskq_customer WHERE merged_into IS NOT NULL ORDER BY id;
SELECT * FROM taskq_merge_customer('cus_gone', 'cus_c');
UPDATE taskq_customer SET id = 'cus_d' WHERE id = 'cus_c';
SELECT id, merged_into FROM taskq_customer WHERE merged_into IS NOT NULL ORDER BY id;
DELETE FROM taskq_customer WHERE id = 'cus_d';

-- a pointer leads to a customer, who stays while it does; a dump may have it first
INSERT INTO taskq_customer (id, name) VALUES ('cus_to', 'To'), ('cus_from', 'From');
SELECT * FROM taskq_merge_customer('cus_from', 'cus_to');
DELETE FROM taskq_customer WHERE id = 'cus_to';
DELETE FROM taskq_customer WHERE id IN ('cus_to', 'cus_from');
INSERT INTO taskq_customer (id, name, is_active, merged_into, merged_at) VALUES ('cus_x', 'X', false, 'nobody', now());
UPDATE taskq_customer SET merged_into = 'nobody' WHERE id = 'cus_a';
BEGIN;
SET LOCAL check_function_bodies = off;
INSERT INTO taskq_customer (id, name, is_active, merged_into, merged_at) VALUES ('cus_x', 'X', false, 'cus_y', now());
INSERT INTO taskq_customer (id, name) VALUES ('cus_y', 'Y');
COMMIT;
UPDATE taskq_customer SET id = 'cus_z' WHERE id = 'cus_y';
SELECT id, merged_into FROM taskq_customer WHERE id IN ('cus_x', 'cus_z') ORDER BY id;
DELETE FROM taskq_customer WHERE id IN ('cus_x', 'cus_z');

-- row security: both must be the caller's to update
ALTER TABLE taskq_customer ENABLE ROW LEVEL SECURITY;
CREATE POLICY see ON taskq_customer FOR SELECT USING (true);
CREATE POLICY own ON taskq_customer FOR UPDATE USING (id = 'cus_other');
SET ROLE regress_taskq_m;
SELECT taskq_merge_customer('cus_other', 'cus_d');
SELECT taskq_merge_customer('cus_d', 'cus_other');
RESET ROLE;
ALTER TABLE taskq_customer DISABLE ROW LEVEL SECURITY;

-- a user's trigger that suppresses the update: nothing is done
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER keep BEFORE UPDATE ON taskq_task FOR EACH ROW WHEN (old.title = 'raw') EXECUTE FUNCTION keep();
SELECT taskq_merge_customer('cus_d', 'cus_other');
SELECT id FROM taskq_customer WHERE merged_into = 'cus_other';
DROP TRIGGER keep ON taskq_task;

-- erasing a customer erases what was merged into it
INSERT INTO taskq_task (title, user_id) VALUES ('Call Acme', 'cus_a');
SELECT tasks, renewals FROM taskq_erase_customer('cus_d', actor => 'dpo');
SELECT id, name, is_active, merged_into FROM taskq_customer WHERE name = 'erased' ORDER BY id;
SELECT count(*) FROM taskq_task WHERE title <> 'erased';
SELECT DISTINCT changes FROM taskq_task_event WHERE kind = 'merged';
-- the pointer is taken back by hand
UPDATE taskq_customer SET merged_into = NULL, merged_at = NULL, merged_by = NULL, is_active = true WHERE id = 'cus_a';
SELECT taskq_create('x', user_id => 'cus_a') IS NOT NULL AS created;
-- a renewal that waited for an inactive customer gets its task
INSERT INTO taskq_customer (id, name, is_active) VALUES ('cus_asleep', 'Acme', false), ('cus_awake', 'Acme Ltd', true);
INSERT INTO taskq_renewal (user_id, service_type, due_date) VALUES ('cus_asleep', 'lease', taskq_today() + 10);
SELECT days_before, outcome FROM taskq_renewals_refresh() WHERE user_id = 'cus_asleep';
SELECT * FROM taskq_merge_customer('cus_asleep', 'cus_awake');
SELECT days_before, outcome FROM taskq_renewals_refresh() WHERE user_id = 'cus_awake';
SELECT taskq_revoke('regress_taskq_m'), taskq_revoke('regress_taskq_a');
DROP TABLE client;
DROP EXTENSION taskq CASCADE;
DROP FUNCTION keep;
DROP ROLE regress_taskq_m, regress_taskq_a;
