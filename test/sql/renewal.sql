-- Renewals: their lifecycle and their API.
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
INSERT INTO taskq_customer VALUES ('cus_3', 'Bolt', 'sta_3');
-- started tasks are completed with their renewal, the others are cancelled
INSERT INTO taskq_workflow_rule (name, event, action, title_template) VALUES ('done', 'task.completed', 'CREATE_TASK', 'after {{task.source}}, {{task.sla_status}}');
INSERT INTO taskq_renewal_threshold (days_before, task_priority, sla_hours) VALUES (14, 'HIGH', 48);
SELECT taskq_renewal_create('cus_3', 'permit', taskq_today() + d, reference => 'started ' || d, actor => 'me') FROM unnest('{9,-3,8,-4,7}'::int[]) d \g /dev/null
SELECT count(*) FROM taskq_renewals_refresh();
SELECT reference, t.status FROM taskq_renewals r, LATERAL taskq_start(r.open_task_id) t WHERE reference IN ('started 9', 'started -3', 'started 7') ORDER BY 1;
SELECT taskq_renewal_complete(id, actor => 'ana') FROM taskq_renewals WHERE reference LIKE 'started%' AND reference <> 'started 7' ORDER BY id;
UPDATE taskq_renewal SET status = 'COMPLETED' WHERE reference = 'started 7';
SELECT r.reference, t.status, e.kind, e.from_status, regexp_replace(e.note, '\d+', 'n') AS note, coalesce(e.actor, 'system') IN ('ana', 'system') AS by_ana, t.sla_status
FROM taskq_renewal r JOIN taskq_renewal_crossing x ON x.renewal_id = r.id JOIN taskq_tasks t ON t.id = x.task_id JOIN taskq_task_event e ON e.task_id = t.id
WHERE r.reference LIKE 'started%' AND e.to_status IN ('COMPLETED', 'CANCELLED') ORDER BY r.id;
SELECT completed_today FROM taskq_queue_stats;
SELECT met, breached FROM taskq_sla_report(now(), now() + interval '3 days');
SELECT title FROM taskq_task WHERE source = 'WORKFLOW' ORDER BY id;
SELECT taskq_renewal_create('cus_3', 'permit', taskq_today() + 6) AS id \gset
SELECT count(*) FROM taskq_renewals_refresh();
SELECT t.status FROM taskq_renewals, LATERAL taskq_start(open_task_id) t WHERE open_task_id IS NOT NULL;
SELECT status FROM taskq_renewal_cancel(:id);
SELECT status FROM taskq_task WHERE source = 'RENEWAL' ORDER BY id DESC LIMIT 1;
DELETE FROM taskq_workflow_rule;
DELETE FROM taskq_renewal_threshold;
-- the same renewal is entered once
SELECT taskq_renewal_create('cus_3', 'visa', taskq_today() + 300, reference => 'V-1', notes => 'first') AS first \gset
SELECT taskq_renewal_create('cus_3', 'visa', taskq_today() + 300, 'sta_3', 'V-1', 'second') = :first AS same;
SELECT taskq_renewal_create('cus_3', 'visa', taskq_today() + 300) AS unnamed \gset
SELECT :unnamed > :first AS another, taskq_renewal_create('cus_3', 'visa', taskq_today() + 300) = :unnamed AS same;
SELECT taskq_renewal_create('cus_3', 'visa', taskq_today() + 300, reference => '') > :unnamed AS another;
SELECT taskq_renewal_create('cus_3', 'visa', taskq_today() + 301) > :unnamed AS another, taskq_renewal_create('cus_3', 'visas', taskq_today() + 300) > :unnamed AS another;
SELECT assignee_id, notes FROM taskq_renewal WHERE id = :first;
SELECT taskq_renewal_create('cus_3', 'visa', taskq_today() - 2) AS old \gset
SELECT taskq_renewal_complete(:old, taskq_today() + 300) = :unnamed AS same;
SELECT status FROM taskq_renewal_cancel(:unnamed);
SELECT taskq_renewal_create('cus_3', 'visa', taskq_today() + 300) > :unnamed AS another;
INSERT INTO taskq_renewal (user_id, service_type, due_date, reference) VALUES ('cus_3', 'visa', taskq_today() + 300, 'V-1');
UPDATE taskq_renewal SET reference = 'V-1' WHERE user_id = 'cus_3' AND service_type = 'visa' AND reference IS NULL AND status = 'ACTIVE' AND due_date = taskq_today() + 300;
-- without the index as well
DROP INDEX taskq_renewal_active_key;
SELECT taskq_renewal_create('cus_3', 'visa', taskq_today() + 300, reference => 'V-1') = :first AS same;
SELECT taskq_renewal_create('cus_3', 'visa', taskq_today() + 300, reference => 'V-2') > :first AS another;
CREATE UNIQUE INDEX taskq_renewal_active_key ON taskq_renewal (user_id, service_type, reference, due_date) NULLS NOT DISTINCT WHERE next_check_on IS NOT NULL;
SELECT taskq_renewal_create('cus_3', 'visa', taskq_today() + 300, reference => 'V-2') IS NOT NULL AS same;
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER nothing BEFORE INSERT ON taskq_renewal FOR EACH ROW EXECUTE FUNCTION nothing();
SELECT taskq_renewal_create('cus_3', 'never', taskq_today() + 300);
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT taskq_renewal_create('cus_3', 'never', taskq_today() + 300);
ROLLBACK;
DROP FUNCTION nothing CASCADE;
-- of a customer that is inactive no new one is made
INSERT INTO taskq_customer VALUES ('cus_old', 'Gone', 'sta_3', false);
SELECT taskq_renewal_create('cus_old', 'permit', taskq_today());
INSERT INTO taskq_renewal (user_id, service_type, due_date) VALUES ('cus_old', 'permit', taskq_today()) RETURNING id AS id \gset
SELECT taskq_renewal_complete(:id, taskq_today() + 365);
SELECT taskq_renewal_complete(:id);
-- one that recurs opens its next cycle from the anchor, also after a due date was moved
SET datestyle = 'ISO';
SELECT taskq_renewal_create('cus_3', 'permit', '2396-01-31', reference => 'monthly', notes => 'by post', every => '1 month') AS id \gset
SELECT taskq_renewal_complete(:id) AS id \gset
SELECT due_date, every, anchor_on, notes FROM taskq_renewal WHERE id = :id;
SELECT taskq_renewal_complete(:id) AS id \gset
UPDATE taskq_renewal SET due_date = due_date + 10 WHERE id = :id;
SELECT taskq_renewal_complete(:id) AS id \gset
SELECT due_date, anchor_on FROM taskq_renewal WHERE id = :id;
SELECT taskq_renewal_complete(:id, '2396-05-10') AS id \gset
UPDATE taskq_renewal SET every = '1 year' WHERE id = :id;
SELECT taskq_renewal_complete(:id) AS id \gset
SELECT string_agg(concat(due_date, ' ', status), ', ' ORDER BY id) FROM taskq_renewal WHERE reference = 'monthly';
UPDATE taskq_renewal SET every = '0 days' WHERE id = :id;
UPDATE taskq_renewal SET every = NULL WHERE id = :id;
SELECT taskq_renewal_complete(:id);
UPDATE taskq_renewal SET every = '1 day' WHERE id = :id;
-- a next cycle that somebody has entered already goes on as well, unless it recurs in its own way
SELECT taskq_renewal_create('cus_3', 'permit', '2396-02-29', reference => 'early', notes => 'by hand') AS early,
    taskq_renewal_create('cus_3', 'permit', '2396-01-31', reference => 'early', every => '1 month') AS id \gset
SELECT taskq_renewal_complete(:id) = :early AS is_early;
SELECT due_date, every, anchor_on, notes FROM taskq_renewal WHERE id = :early;
SELECT taskq_renewal_create('cus_3', 'permit', '2396-03-31', reference => 'early', every => '1 year') AS own \gset
SELECT taskq_renewal_complete(:early) = :own AS is_own;
SELECT due_date, every, anchor_on FROM taskq_renewal WHERE id = :own;
SELECT status FROM taskq_renewal_cancel(:own);
-- that of the first cycle, too
SELECT taskq_renewal_create('cus_3', 'permit', '2396-01-31', reference => 'first', every => '1 month') AS id \gset
UPDATE taskq_renewal SET due_date = due_date + 3 WHERE id = :id;
UPDATE taskq_renewal SET due_date = due_date + 3 WHERE id = :id;
SELECT taskq_renewal_complete(:id) AS id \gset
SELECT due_date, anchor_on FROM taskq_renewal WHERE id = :id;
SELECT taskq_renewal_create('cus_3', 'permit', '9999-12-31', every => '1 day') AS id \gset
SELECT taskq_renewal_complete(:id);
SELECT taskq_renewal_create('cus_3', 'permit', '2396-01-31', every => '-1 month');
SELECT taskq_renewal_create('cus_3', 'permit', '2396-01-31', every => '1 day 1 hour');
INSERT INTO taskq_renewal (user_id, service_type, due_date, every) VALUES ('cus_old', 'permit', '2396-01-31', '1 month') RETURNING id AS id \gset
SELECT taskq_renewal_complete(:id);
SELECT status FROM taskq_renewal_cancel(:id);
SELECT count(*) FROM taskq_renewals WHERE every IS NOT NULL AND anchor_on IS NULL AND status = 'COMPLETED';
DROP EXTENSION taskq;
