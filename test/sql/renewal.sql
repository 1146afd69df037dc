-- Renewals: their life, and what an application may do to them.
CREATE EXTENSION taskq;
\set SHOW_CONTEXT never
\set VERBOSITY terse
INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana', true), ('sta_2', 'Bob', false);
INSERT INTO taskq_customer VALUES ('cus_1', 'Acme', 'sta_1');
SELECT taskq_renewal_create('cus_1', 'permit', taskq_today() + 10, reference => 'R-1', notes => 'by post', actor => 'me') AS id \gset
SELECT user_id, service_type, due_date - taskq_today() AS days, assignee_id, reference, notes, status, created_by, next_check_on FROM taskq_renewal WHERE id = :id;
-- bad arguments
SELECT taskq_renewal_create(NULL, 'permit', taskq_today());
SELECT taskq_renewal_create('cus_9', 'permit', taskq_today());
SELECT taskq_renewal_create('cus_1', NULL, taskq_today());
SELECT taskq_renewal_create('cus_1', '', taskq_today());
SELECT taskq_renewal_create('cus_1', repeat('x', 101), taskq_today());
SELECT taskq_renewal_create('cus_1', 'permit', NULL);
SELECT taskq_renewal_create('cus_1', 'permit', 'infinity');
SELECT taskq_renewal_create('cus_1', 'permit', taskq_today(), 'sta_9');
SELECT taskq_renewal_create('cus_1', 'permit', taskq_today(), 'sta_2');
SELECT taskq_renewal_create('cus_1', 'permit', taskq_today(), reference => repeat('x', 256));
SELECT taskq_renewal_create('cus_1', 'permit', taskq_today(), notes => repeat('x', 65537));
-- completing opens the next cycle and closes the tasks of this one
SELECT days_before, outcome FROM taskq_renewals_refresh();
SELECT taskq_renewal_complete(:id, taskq_today() + 10);
SELECT taskq_renewal_complete(:id, 'infinity');
SELECT taskq_renewal_complete(:id, taskq_today() + 375, actor => 'me') AS next \gset
SELECT id = :next AS next, status, due_date - taskq_today() AS days, reference, notes, created_by FROM taskq_renewal ORDER BY id;
SELECT status, note, actor FROM taskq_task t JOIN taskq_task_event e ON e.task_id = t.id;
SELECT taskq_renewal_complete(:id);
SELECT taskq_renewal_cancel(:id);
SELECT taskq_renewal_complete(NULL);
SELECT taskq_renewal_complete(0);
SELECT taskq_renewal_cancel(9223372036854775807);
SELECT status FROM taskq_renewal_cancel(:next, 'no longer a customer');
-- raw writes keep the same rules
SELECT taskq_renewal_create('cus_1', 'policy', taskq_today() + 5) AS raw \gset
SELECT count(*) FROM taskq_renewals_refresh();
UPDATE taskq_renewal SET status = 'OVERDUE' WHERE id = :raw;
UPDATE taskq_renewal SET created_at = now() WHERE id = :raw;
UPDATE taskq_renewal SET user_id = 'cus_9' WHERE id = :raw;
UPDATE taskq_renewal SET next_check_on = taskq_today() WHERE id = :raw;
UPDATE taskq_renewal SET compliance_flagged_at = now() WHERE id = :raw;
UPDATE taskq_renewal SET assignee_id = 'sta_2' WHERE id = :raw;
UPDATE taskq_renewal SET status = 'DONE' WHERE id = :raw;
UPDATE taskq_renewal SET due_date = 'infinity' WHERE id = :raw;
DELETE FROM taskq_renewal WHERE id = :raw;
UPDATE taskq_renewal SET assignee_id = 'sta_1', notes = 'changed', due_date = due_date + 100 WHERE id = :raw RETURNING status, next_check_on;
UPDATE taskq_renewal SET status = 'COMPLETED' WHERE id = :raw RETURNING status, completed_at IS NOT NULL AS stamped, next_check_on;
UPDATE taskq_renewal SET notes = 'changed again' WHERE id = :raw;
UPDATE taskq_renewal SET status = 'ACTIVE' WHERE id = :raw;
SELECT source, status FROM taskq_task ORDER BY id;
-- a changed key reaches closed ones too; closed ones can be deleted
UPDATE taskq_customer SET id = 'cus_2';
UPDATE taskq_staff_member SET id = 'sta_3' WHERE id = 'sta_1';
SELECT user_id, assignee_id FROM taskq_renewal WHERE id = :raw;
DELETE FROM taskq_renewal WHERE id = :raw;
SELECT count(*) FROM taskq_renewal_crossing WHERE renewal_id = :raw;
-- an import stores what it is given
INSERT INTO taskq_renewal (user_id, service_type, due_date, status, next_check_on) VALUES ('cus_2', 'x', '2020-01-01', 'OVERDUE', 'infinity');
INSERT INTO taskq_renewal (user_id, service_type, due_date, status) VALUES ('cus_2', 'x', '2020-01-01', 'COMPLETED');
SELECT status, next_check_on FROM taskq_renewal ORDER BY id DESC LIMIT 1;
DROP EXTENSION taskq;
