-- Renewals checked again: none becomes overdue without a task, and an open task
-- is for the due date, ladder and assignee that its renewal has.
CREATE EXTENSION taskq;
\set SHOW_CONTEXT never
\set VERBOSITY terse
INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana', true), ('sta_2', 'Bob', true), ('sta_3', 'Cy', false);
INSERT INTO taskq_customer VALUES ('cus_1', 'Acme', 'sta_1'), ('cus_2', 'Zenith', 'sta_3');
CREATE VIEW tasks AS SELECT id, replace(title, to_char(taskq_today() + 7, 'YYYY-MM-DD'), 'in 7 days') AS title, priority, due_date - taskq_today() AS due_in, assignee_id, status FROM taskq_tasks WHERE is_active;
CREATE VIEW closed AS SELECT t.id, t.status, e.actor, replace(e.note, to_char(taskq_today() + 60, 'YYYY-MM-DD'), 'in 60 days') AS note FROM taskq_task t JOIN taskq_task_event e ON e.task_id = t.id AND e.kind IN ('completed', 'cancelled');
CREATE FUNCTION refresh() RETURNS SETOF text LANGUAGE sql AS $$ SELECT format('%s: %s', days_before, outcome) FROM taskq_renewals_refresh() WHERE outcome <> 'passed' $$;
CREATE FUNCTION crossed(r bigint) RETURNS SETOF text LANGUAGE sql AS $$ SELECT format('due in %s, %s: %s', due_date - taskq_today(), days_before, outcome) FROM taskq_renewal_crossing WHERE renewal_id = r AND outcome <> 'passed' ORDER BY id $$;
CREATE FUNCTION days_pass(n int) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    SET LOCAL session_replication_role = replica;
    UPDATE taskq_renewal SET due_date = due_date - n, next_check_on = next_check_on - n WHERE next_check_on IS NOT NULL;
    -- In two steps, so that no row is where another still is.
    UPDATE taskq_renewal_crossing SET due_date = due_date - 10000 - n;
    UPDATE taskq_renewal_crossing SET due_date = due_date + 10000;
    UPDATE taskq_task SET due_date = due_date - n WHERE completed_at IS NULL AND cancelled_at IS NULL;
    SET LOCAL session_replication_role = origin;
    RETURN QUERY SELECT refresh();
END $$;
CREATE PROCEDURE begin_anew() LANGUAGE plpgsql AS $$
BEGIN
    UPDATE taskq_renewal SET status = 'CANCELLED' WHERE next_check_on IS NOT NULL;
    DELETE FROM taskq_renewal;
    DELETE FROM taskq_renewal_threshold;
    UPDATE taskq_task SET status = 'CANCELLED' WHERE completed_at IS NULL AND cancelled_at IS NULL;
    DELETE FROM taskq_task;
END $$;

-- expired when it was entered: the tightest step that makes a task acts as well, once
INSERT INTO taskq_workflow_rule (name, event, action, title_template) VALUES ('crossed', 'renewal.threshold_crossed', 'CREATE_TASK', 'told of {{days_before}}, task {{task.id}}'), ('overdue', 'renewal.overdue', 'CREATE_TASK', 'told of {{days_before}}');
SELECT taskq_renewal_create('cus_1', 'permit', taskq_today() - 1) AS id \gset
SELECT days_before, outcome FROM taskq_renewals_refresh(dry_run => true);
SELECT days_before, outcome FROM taskq_renewals_refresh();
SELECT regexp_replace(title, 'due 20.*|task \d+', '') AS title, priority, due_in, assignee_id, status FROM tasks ORDER BY id;
DELETE FROM taskq_workflow_rule;
UPDATE taskq_renewal SET notes = 'read' WHERE id = :id;
INSERT INTO taskq_renewal_threshold (service_type, days_before) VALUES ('other', 3);
SELECT refresh();
SELECT status FROM taskq_renewals;
-- moved to another day that has passed: that is another due date
UPDATE taskq_renewal SET due_date = due_date - 1 WHERE id = :id;
SELECT refresh();
SELECT priority, due_in, status FROM tasks WHERE id = (SELECT open_task_id FROM taskq_renewals);
CALL begin_anew();
-- an outage that spans the last steps
SELECT taskq_renewal_create('cus_1', 'permit', taskq_today() + 15) AS id \gset
SELECT refresh();
SELECT days_pass(16);
SELECT priority, due_in FROM tasks;
SELECT days_pass(1);
CALL begin_anew();
-- one that has acted does not act again, whatever has happened to its task
SELECT taskq_renewal_create('cus_1', 'permit', taskq_today() + 7) AS id \gset
SELECT refresh();
SELECT count(*) FROM tasks, LATERAL taskq_start(id), LATERAL taskq_complete(taskq_start.id);
SELECT days_pass(8);
SELECT count(*) FROM tasks;
CALL begin_anew();
-- thresholds of one's own: a step without a task behind one with, and a ladder without any
INSERT INTO taskq_renewal_threshold (service_type, days_before, task_priority, title_template) VALUES
    ('boat', 30, 'MEDIUM', 'Boat, first'), ('boat', 20, 'HIGH', 'Boat, second'), ('boat', 10, NULL, NULL), ('car', 10, NULL, NULL), ('bike', -1, 'LOW', 'Bike');
SELECT taskq_renewal_create('cus_1', 'boat', taskq_today() + 5), taskq_renewal_create('cus_1', 'car', taskq_today() - 3), taskq_renewal_create('cus_1', 'bike', taskq_today() - 3) \g /dev/null
SELECT refresh();
SELECT title, priority, due_in FROM tasks ORDER BY id;
SELECT days_pass(6);
CALL begin_anew();
-- a threshold that makes a task, entered after those that do not have been crossed
INSERT INTO taskq_renewal_threshold (service_type, days_before, task_priority, title_template) VALUES ('car', 10, NULL, NULL);
SELECT taskq_renewal_create('cus_1', 'car', taskq_today() + 5) AS id \gset
SELECT refresh();
INSERT INTO taskq_renewal_threshold (service_type, days_before, task_priority, title_template) VALUES ('car', 20, 'LOW', 'Late idea');
SELECT refresh();
SELECT title, priority, due_in FROM tasks;
CALL begin_anew();

-- moved to a day without a task yet: the task is cancelled, a step to come makes a new one
SELECT taskq_renewal_create('cus_1', 'permit', taskq_today() + 10) AS id \gset
SELECT refresh();
UPDATE taskq_renewal SET due_date = taskq_today() + 60 WHERE id = :id;
SELECT refresh();
SELECT count(*) FROM tasks;
SELECT status, actor, note FROM closed;
SELECT open_task_id, next_threshold FROM taskq_renewals;
SELECT days_pass(46);
SELECT priority, due_in FROM tasks;
SELECT crossed(:id);
CALL begin_anew();
-- and back, seen or not in between: the steps of the first date act again, and are not offered again
INSERT INTO taskq_workflow_rule (name, event, action, title_template) VALUES ('crossed', 'renewal.threshold_crossed', 'CREATE_TASK', 'told of {{days_before}}');
SELECT taskq_renewal_create('cus_1', 'permit', taskq_today() + 7) AS id \gset
SELECT refresh();
UPDATE taskq_renewal SET due_date = taskq_today() + 200 WHERE id = :id;
SELECT refresh();
UPDATE taskq_renewal SET due_date = taskq_today() + 7 WHERE id = :id;
SELECT refresh();
SELECT title, priority, due_in FROM tasks WHERE id = (SELECT open_task_id FROM taskq_renewals);
UPDATE taskq_renewal SET due_date = taskq_today() + 200 WHERE id = :id;
UPDATE taskq_renewal SET due_date = taskq_today() + 7 WHERE id = :id;
SELECT refresh();
SELECT title, priority, due_in FROM tasks WHERE id = (SELECT open_task_id FROM taskq_renewals);
SELECT title FROM tasks WHERE title LIKE 'told%';
DELETE FROM taskq_workflow_rule;
CALL begin_anew();
-- a task that goes along is for the date that the renewal has at last
SELECT taskq_renewal_create('cus_1', 'permit', taskq_today() + 7) AS id \gset
SELECT refresh();
UPDATE taskq_renewal SET due_date = taskq_today() + 6 WHERE id = :id;
SELECT refresh();
UPDATE taskq_renewal SET due_date = taskq_today() + 7 WHERE id = :id;
SELECT refresh();
SELECT title, due_in FROM tasks;
SELECT crossed(:id);
-- a task that was completed is not made again, for whichever of the dates
SELECT count(*) FROM tasks, LATERAL taskq_cancel(id);
UPDATE taskq_renewal SET due_date = taskq_today() + 200 WHERE id = :id;
SELECT refresh();
UPDATE taskq_renewal SET due_date = taskq_today() + 7 WHERE id = :id;
SELECT refresh();
SELECT count(*) FROM tasks;
CALL begin_anew();
SELECT taskq_renewal_create('cus_1', 'permit', taskq_today() + 7) AS id \gset
SELECT refresh();
UPDATE taskq_renewal SET due_date = taskq_today() + 6 WHERE id = :id;
SELECT refresh();
SELECT count(*) FROM tasks, LATERAL taskq_cancel(id);
UPDATE taskq_renewal SET due_date = taskq_today() + 7 WHERE id = :id;
SELECT refresh();
SELECT count(*) FROM tasks;
CALL begin_anew();
-- moved into the past, or onto a step without a task: the tightest that makes one takes it along
INSERT INTO taskq_renewal_threshold (service_type, days_before, task_priority, title_template) VALUES ('boat', 30, 'HIGH', 'Boat of {{renewal.days_until_due}} days'), ('boat', 10, NULL, NULL);
SELECT taskq_renewal_create('cus_1', 'boat', taskq_today() + 25) AS id \gset
SELECT refresh();
UPDATE taskq_renewal SET due_date = taskq_today() + 5 WHERE id = :id;
SELECT refresh();
SELECT title, due_in, status FROM tasks;
UPDATE taskq_renewal SET due_date = taskq_today() - 5 WHERE id = :id;
SELECT refresh();
SELECT title, due_in, status FROM tasks;
CALL begin_anew();
-- work under way is kept: as the next step that makes a task would have it
SELECT taskq_renewal_create('cus_1', 'permit', taskq_today() + 7) AS id \gset
SELECT refresh();
SELECT count(*) FROM tasks, LATERAL taskq_start(id);
UPDATE taskq_renewal SET due_date = taskq_today() + 60 WHERE id = :id;
SELECT refresh();
SELECT right(title, 10)::date - taskq_today() AS title, priority, due_in, status FROM tasks;
SELECT count(*) FROM tasks, LATERAL taskq_reschedule(id, taskq_today() + 50);
SELECT days_pass(30);
SELECT due_in FROM tasks;
SELECT days_pass(16);
SELECT priority, due_in, status FROM tasks;
CALL begin_anew();
-- a service type with another ladder is the same
INSERT INTO taskq_renewal_threshold (service_type, days_before, task_priority, title_template) VALUES
    ('boat', 14, 'LOW', 'Boat'), ('boat', 3, 'HIGH', 'Boat soon'), ('car', 3, 'HIGH', 'Car');
SELECT taskq_renewal_create('cus_1', 'permit', taskq_today() + 10) AS id \gset
SELECT refresh();
UPDATE taskq_renewal SET service_type = 'boat' WHERE id = :id;
SELECT refresh();
SELECT title, priority, due_in FROM tasks;
UPDATE taskq_renewal SET service_type = 'car' WHERE id = :id;
SELECT refresh();
SELECT count(*) FROM tasks;
SELECT note FROM closed;
SELECT days_pass(7);
SELECT title, priority, due_in FROM tasks;
-- changed thresholds take no task away
DELETE FROM taskq_renewal_threshold;
INSERT INTO taskq_renewal_threshold (service_type, days_before, task_priority) VALUES ('car', 1, 'HIGH');
SELECT refresh();
SELECT title FROM tasks;
CALL begin_anew();

-- a new assignee gets the open task, unless it has been started
SELECT taskq_renewal_create('cus_1', 'permit', taskq_today() + 10) AS id \gset
SELECT refresh();
UPDATE taskq_renewal SET assignee_id = 'sta_2' WHERE id = :id;
SELECT assignee_id FROM tasks;
SELECT kind, changes FROM taskq_task_event WHERE kind = 'assigned';
UPDATE taskq_renewal SET assignee_id = NULL, due_date = due_date - 4 WHERE id = :id;
SELECT refresh();
SELECT assignee_id, due_in FROM tasks;
SELECT count(*) FROM tasks, LATERAL taskq_assign(id, 'sta_2');
UPDATE taskq_staff_member SET id = 'sta_9' WHERE id = 'sta_1';
UPDATE taskq_renewal SET assignee_id = 'sta_9' WHERE id = :id;
UPDATE taskq_staff_member SET id = 'sta_1' WHERE id = 'sta_9';
SELECT assignee_id FROM tasks;
SELECT count(*) FROM tasks, LATERAL taskq_assign(id, 'sta_2');
UPDATE taskq_staff_member SET id = 'sta_9' WHERE id = 'sta_1';
SELECT assignee_id FROM tasks;
UPDATE taskq_staff_member SET id = 'sta_1' WHERE id = 'sta_9';
SELECT count(*) FROM tasks, LATERAL taskq_start(id);
UPDATE taskq_renewal SET assignee_id = NULL WHERE id = :id;
SELECT assignee_id FROM tasks;
CALL begin_anew();

-- raised, a task is due when one made then would be; a date that a user has set stays
SELECT taskq_renewal_create('cus_1', 'permit', taskq_today() + 14), taskq_renewal_create('cus_1', 'visa', taskq_today() + 14), taskq_renewal_create('cus_1', 'policy', taskq_today() + 14) \g /dev/null
SELECT refresh();
SELECT priority, due_in FROM tasks;
SELECT due_date - taskq_today() AS due_in FROM taskq_reschedule((SELECT id FROM tasks WHERE title LIKE '%visa%'), taskq_today() + 9);
SELECT count(*) FROM taskq_prioritize((SELECT id FROM tasks WHERE title LIKE '%policy%'), 'URGENT');
SELECT days_pass(8);
SELECT (regexp_match(title, 'permit|visa|policy'))[1] AS what, priority, due_in, status FROM tasks ORDER BY id;
CALL begin_anew();
INSERT INTO taskq_renewal_threshold (service_type, days_before, task_priority) VALUES ('boat', 20, 'MEDIUM'), ('boat', 10, 'LOW'), ('boat', -1, 'URGENT');
SELECT taskq_renewal_create('cus_1', 'boat', taskq_today() + 20) AS id \gset
SELECT refresh();
SELECT due_in FROM tasks;
SELECT days_pass(10);
SELECT priority, due_in FROM tasks;
SELECT days_pass(11);
SELECT priority, due_in, status FROM tasks;
CALL begin_anew();

-- an inactive customer gets nothing new, and the crossings say why
INSERT INTO taskq_workflow_rule (name, event, action, title_template) VALUES ('crossed', 'renewal.threshold_crossed', 'CREATE_TASK', 'told of {{days_before}}'), ('overdue', 'renewal.overdue', 'CREATE_TASK', 'told of {{days_before}}');
SELECT taskq_renewal_create('cus_1', 'permit', taskq_today() + 15) AS id \gset
SELECT taskq_renewal_create('cus_1', 'visa', taskq_today() + 31) AS visa \gset
SELECT taskq_renewal_create('cus_1', 'policy', taskq_today() + 9) AS policy \gset
SELECT taskq_renewal_create('cus_1', 'boat', taskq_today() + 1) AS boat \gset
SELECT refresh();
UPDATE taskq_task SET status = 'CANCELLED' WHERE title LIKE 'told%' OR title LIKE '%boat%';
UPDATE taskq_customer SET is_active = false;
SELECT days_pass(2);
SELECT title LIKE '%policy%' AS policy, priority, due_in FROM tasks;
SELECT service_type, status, customer_is_active, open_task_id IS NOT NULL AS has_task FROM taskq_renewals ORDER BY id;
UPDATE taskq_renewal SET due_date = taskq_today() + 12 WHERE id = :id;
UPDATE taskq_renewal SET due_date = taskq_today() + 200 WHERE id = :policy;
SELECT refresh();
SELECT count(*) FROM tasks;
-- active again: what is tightest by then acts, and is told
UPDATE taskq_customer SET is_active = true;
SELECT days_before, outcome FROM taskq_renewals_refresh(dry_run => true);
SELECT days_before, outcome FROM taskq_renewals_refresh();
SELECT regexp_replace(title, 'due 20.*', '') AS title, priority, due_in FROM tasks ORDER BY id;
UPDATE taskq_customer SET is_active = false;
UPDATE taskq_customer SET is_active = true;
SELECT refresh();
DELETE FROM taskq_workflow_rule;
CALL begin_anew();
-- only after it has expired
SELECT taskq_renewal_create('cus_1', 'permit', taskq_today() + 15) AS id \gset
UPDATE taskq_customer SET is_active = false;
SELECT days_pass(20);
SELECT status FROM taskq_renewals;
UPDATE taskq_customer SET is_active = true;
SELECT refresh();
SELECT priority, due_in FROM tasks;
CALL begin_anew();
DROP VIEW tasks, closed;
DROP FUNCTION refresh, crossed, days_pass;
DROP PROCEDURE begin_anew;
SELECT taskq_customer_reactivated();
CREATE TABLE elsewhere (id text);
CREATE TRIGGER a AFTER UPDATE ON elsewhere FOR EACH ROW EXECUTE FUNCTION taskq_customer_reactivated();
INSERT INTO elsewhere VALUES ('cus_1');
UPDATE elsewhere SET id = 'cus_2';
DROP TABLE elsewhere;
DROP EXTENSION taskq;
