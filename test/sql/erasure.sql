-- Erasing a customer: the texts go, everything that is counted stays.
CREATE EXTENSION taskq;
\set SHOW_CONTEXT never
\set VERBOSITY terse
CREATE ROLE regress_taskq_m;
CREATE ROLE regress_taskq_a;
SELECT taskq_grant('regress_taskq_m', 'manager'), taskq_grant('regress_taskq_a', 'agent');
INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana');
INSERT INTO taskq_customer VALUES ('cus_1', 'Jane Doe', 'sta_1'), ('cus_2', 'Acme', 'sta_1');
ALTER TABLE taskq_task ADD COLUMN desk text DEFAULT 'north';

-- tasks and renewals with the customer's name in every text
SELECT taskq_create('Call Jane Doe', 'Jane''s number is 555', 'HIGH', user_id => 'cus_1', dedupe_key => 'jane-call', actor => 'sta_1') AS active \gset
SELECT taskq_create('Write to Jane', due_date => '2020-01-01', sla_hours => 1, user_id => 'cus_1', actor => 'sta_1') AS done \gset
SELECT taskq_create('Visit Jane', user_id => 'cus_1', actor => 'sta_1') AS gone \gset
SELECT taskq_create('Call Acme', 'Jane is in the next room', user_id => 'cus_2', actor => 'sta_1') AS other \gset
SELECT status FROM taskq_edit(:active, 'Call Jane Doe soon', 'Jane said so', actor => 'sta_1');
SELECT status FROM taskq_prioritize(:active, 'URGENT', actor => 'sta_1');
SELECT status FROM taskq_comment(:active, 'Jane called back', actor => 'sta_1');
SELECT status FROM taskq_assign(:done, 'sta_1', actor => 'sta_1');
SELECT status FROM taskq_complete(:done, 'Jane is happy', actor => 'sta_1');
SELECT status FROM taskq_cancel(:gone, 'Jane is away', actor => 'sta_1');
SELECT status FROM taskq_comment(:other, 'Jane again', actor => 'sta_1');
UPDATE taskq_task SET dedupe_key = 'jane-call-2', desk = 'south' WHERE id = :active;
INSERT INTO taskq_workflow_rule (name, event, action, assignee_path, dedupe_key)
VALUES ('Jane''s desk', 'jane.moved', 'ASSIGN', 'desk', 'jane-call-2');
SELECT count(*) FROM taskq_emit('jane.moved', '{"desk": "Jane''s own"}', 'cus_1');
SELECT taskq_renewal_create('cus_1', 'permit', taskq_today() + 100, reference => 'JD-1', notes => 'Jane''s permit') AS renewal \gset
SELECT taskq_renewal_create('cus_1', 'policy', taskq_today() + 100, notes => 'Jane''s policy') AS closed \gset
SELECT status FROM taskq_renewal_cancel(:closed);
SELECT taskq_renewal_create('cus_1', 'visa', taskq_today() + 100, reference => r) IS NOT NULL AS created FROM unnest('{JD-2,JD-3,NULL}'::text[]) r;
CREATE VIEW numbers AS
SELECT (SELECT row(count(*), min(created_at), max(updated_at), array_agg(row(id, status, priority, due_date, sla_due_at, started_at, completed_at, cancelled_at, updated_at, created_by, desk) ORDER BY id)) FROM taskq_task)::text AS tasks,
    (SELECT row(count(*), array_agg(row(e.id, at, actor, db_user, kind, from_status, to_status) ORDER BY e.id))::text FROM taskq_task_event e WHERE kind <> 'erased') AS events,
    (SELECT array_agg(row(r.id, service_type, due_date, status, next_check_on) ORDER BY r.id)::text FROM taskq_renewal r) AS renewals,
    (SELECT taskq_stats()::text) AS stats;
CREATE TABLE before AS TABLE numbers;

-- who may, and what may be said
SET ROLE regress_taskq_a;
SELECT taskq_erase_customer('cus_1');
RESET ROLE;
GRANT EXECUTE ON FUNCTION taskq_erase_customer TO regress_taskq_a;
SET ROLE regress_taskq_a;
SELECT taskq_erase_customer('cus_1');
SELECT * FROM taskq_erasure;
SET ROLE regress_taskq_m;
SELECT taskq_erase_customer(NULL);
SELECT taskq_erase_customer('nobody');
SELECT taskq_erase_customer('cus_1', actor => '');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT taskq_erase_customer('cus_1');
ROLLBACK;
UPDATE taskq_task SET title = 'erased', description = NULL WHERE id = :done;
UPDATE taskq_task_event SET note = NULL;

-- a manager does it
SELECT * FROM taskq_erase_customer('cus_1', actor => 'dpo');
RESET ROLE;
SELECT id, name, is_active FROM taskq_customer ORDER BY id;
SELECT title, description, dedupe_key, status FROM taskq_task ORDER BY id;
SELECT task_id, kind, actor, changes, note FROM taskq_task_event ORDER BY id;
SELECT reference, notes, status FROM taskq_renewal ORDER BY id;
SELECT outcome, message FROM taskq_workflow_run;
SELECT user_id, actor, db_user = session_user AS by_me, tasks, events, renewals FROM taskq_erasure;

-- nothing that is counted has changed, and nothing of the text is left
SELECT b.tasks = n.tasks AS tasks, b.events = n.events AS events, b.renewals = n.renewals AS renewals, b.stats = n.stats AS stats FROM before b, numbers n;
SELECT 'task' AS where, t.id FROM taskq_task t WHERE user_id = 'cus_1' AND t::text ILIKE '%jane%'
UNION ALL SELECT 'event', e.id FROM taskq_task_event e JOIN taskq_task t ON t.id = task_id WHERE user_id = 'cus_1' AND e::text ILIKE '%jane%'
UNION ALL SELECT 'renewal', r.id FROM taskq_renewal r WHERE r::text ILIKE '%jane%';

-- again: nothing to do, but the call is on record; what comes later goes with the next one
SELECT * FROM taskq_erase_customer('cus_1', actor => 'dpo');
SELECT status FROM taskq_complete(:active, 'Jane came by', actor => 'sta_1');
UPDATE taskq_task SET status = 'IN_PROGRESS' WHERE id = :active;
SELECT status FROM taskq_complete(:active, 'Jane came by', actor => 'sta_1');
SELECT * FROM taskq_erase_customer('cus_1', actor => 'dpo');
SELECT kind, note FROM taskq_task_event WHERE task_id = :active ORDER BY id DESC LIMIT 1;
SELECT count(*) FROM taskq_erasure;
-- an id that identifies the customer: changed first, it is nowhere afterwards
INSERT INTO taskq_customer VALUES ('jane.doe@example.com', 'Jane');
SELECT taskq_create('Call', user_id => 'jane.doe@example.com') AS called \gset
SELECT status FROM taskq_cancel(:called);
UPDATE taskq_customer SET id = 'cus_3' WHERE id = 'jane.doe@example.com';
SELECT * FROM taskq_erase_customer('cus_3', actor => 'dpo');
SELECT count(*) FROM taskq_task_event e WHERE e::text LIKE '%jane.doe%';
SELECT count(*) FROM taskq_erasure e WHERE e::text LIKE '%jane.doe%';

-- a trigger of the user's may clear columns of its own; one that changes ours makes an ordinary update of it
CREATE FUNCTION clear_desk() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF new.title = ''erased'' THEN new.desk := NULL; END IF; RETURN new; END';
CREATE TRIGGER a_clear BEFORE UPDATE ON taskq_task FOR EACH ROW EXECUTE FUNCTION clear_desk();
SELECT * FROM taskq_erase_customer('cus_2', actor => 'dpo');
SELECT title, desk FROM taskq_task WHERE id = :other;
CREATE OR REPLACE FUNCTION clear_desk() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF new.title = ''erased'' THEN new.priority := ''LOW''; END IF; RETURN new; END';
SELECT taskq_create('Call Acme', user_id => 'cus_2') AS last \gset
SELECT * FROM taskq_erase_customer('cus_2', actor => 'dpo');
SELECT kind, changes FROM taskq_task_event WHERE task_id = :last;
ALTER TABLE taskq_task DISABLE TRIGGER a_clear;
SELECT taskq_create('Call Acme again', user_id => 'cus_2') AS last \gset
SELECT status FROM taskq_cancel(:last);
ALTER TABLE taskq_task ENABLE TRIGGER a_clear;
SELECT * FROM taskq_erase_customer('cus_2', actor => 'dpo');
DROP TABLE before;
DROP VIEW numbers;
SELECT taskq_revoke('regress_taskq_m'), taskq_revoke('regress_taskq_a');
DROP EXTENSION taskq CASCADE;
DROP ROLE regress_taskq_m, regress_taskq_a;
DROP FUNCTION clear_desk;
