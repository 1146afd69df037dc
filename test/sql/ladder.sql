-- The ladder: thresholds before the due date of a renewal.
CREATE EXTENSION taskq;
\set SHOW_CONTEXT never
\set VERBOSITY terse
INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana', true), ('sta_2', 'Bob', false), ('sta_3', 'Cy', true);
INSERT INTO taskq_customer VALUES ('cus_1', 'Acme', 'sta_1'), ('cus_2', 'Zenith', 'sta_2');
CREATE VIEW tasks AS SELECT id, replace(title, taskq_today()::text, 'today') AS title, priority, due_date - taskq_today() AS due_in, assignee_id, user_id, source, stored_status AS status, created_by FROM taskq_tasks;
CREATE VIEW crossed AS SELECT renewal_id, days_before, outcome, task_id FROM taskq_renewal_crossing ORDER BY id;
SELECT * FROM taskq_renewal_ladder('permit');
-- day by day; a day passes by moving the renewal's past, not the clock
SELECT taskq_renewal_create('cus_1', 'permit', taskq_today() + 91) AS id \gset
CREATE FUNCTION days_pass(n int) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    ALTER TABLE taskq_renewal DISABLE TRIGGER USER;
    ALTER TABLE taskq_task DISABLE TRIGGER USER;
    UPDATE taskq_renewal SET due_date = due_date - n, next_check_on = next_check_on - n WHERE next_check_on IS NOT NULL;
    UPDATE taskq_renewal_crossing SET due_date = due_date - n;
    UPDATE taskq_task SET due_date = due_date - n;
    ALTER TABLE taskq_renewal ENABLE TRIGGER USER;
    ALTER TABLE taskq_task ENABLE TRIGGER USER;
    RETURN QUERY SELECT format('%s: %s', r.days_before, r.outcome) FROM taskq_renewals_refresh() r ORDER BY r.renewal_id, r.days_before DESC;
END $$;
SELECT days_pass(0);
SELECT id, days_until_due, status, next_threshold, next_threshold_on - taskq_today() AS next_in, open_task_id FROM taskq_renewals;
SELECT days_pass(1);
SELECT days_pass(1);
SELECT days_pass(29);
SELECT days_pass(30);
SELECT days_pass(16);
SELECT priority, due_in, assignee_id, user_id, source, status, created_by FROM tasks;
SELECT days_pass(6);
SELECT days_pass(1);
SELECT priority, due_in, status FROM tasks;
SELECT days_pass(7);
SELECT status, is_overdue, days_until_due, next_threshold, open_task_id FROM taskq_renewals;
SELECT days_pass(1);
SELECT status, is_overdue, days_until_due, next_threshold, compliance_flagged_at IS NOT NULL AS flagged FROM taskq_renewals;
SELECT days_pass(100);
SELECT * FROM crossed;
-- moved: a new ladder, the open task goes along
UPDATE taskq_renewal SET due_date = taskq_today() + 7 RETURNING status;
SELECT days_before, outcome FROM taskq_renewals_refresh();
SELECT priority, due_in FROM tasks;
SELECT kind, changes - '{title,due_date}'::text[] AS changes FROM taskq_task_event ORDER BY id DESC LIMIT 1;
-- moved back and forth: each date's ladder once, but a task that was cancelled on the way is made again
UPDATE taskq_renewal SET due_date = taskq_today() + 60;
SELECT days_before, outcome FROM taskq_renewals_refresh();
UPDATE taskq_renewal SET due_date = taskq_today() + 7;
SELECT days_before, outcome FROM taskq_renewals_refresh();
-- the task is done: an urgent one instead
SELECT count(*) FROM taskq_cancel((SELECT open_task_id FROM taskq_renewals));
UPDATE taskq_renewal SET due_date = taskq_today() + 6;
SELECT days_before, outcome FROM taskq_renewals_refresh(dry_run => true);
SELECT days_before, outcome, task_id IS NOT NULL AS task FROM taskq_renewals_refresh();
SELECT title LIKE 'Renew permit of Acme, due 20%' AS title, priority, due_in, status FROM tasks ORDER BY id DESC LIMIT 1;
SELECT count(*) FROM taskq_renewals_refresh();
-- entered late, and who gets the task: an inactive agent is nobody
SELECT taskq_renewal_create('cus_2', 'permit', taskq_today()) AS late \gset
SELECT days_before, outcome FROM taskq_renewals_refresh();
SELECT priority, due_in, assignee_id FROM tasks ORDER BY id DESC LIMIT 1;
SELECT taskq_renewal_create('cus_2', 'permit', taskq_today() - 1, 'sta_3') AS gone \gset
SELECT days_before, outcome FROM taskq_renewals_refresh();
SELECT status FROM taskq_renewal WHERE id = :gone;
SELECT taskq_renewal_create('cus_2', 'permit', taskq_today() + 14, 'sta_3') AS own \gset
SELECT count(*) FROM taskq_renewals_refresh();
SELECT assignee_id, due_in FROM tasks ORDER BY id DESC LIMIT 1;
-- thresholds of one's own
INSERT INTO taskq_renewal_threshold (service_type, days_before, task_priority, title_template, description_template, sla_hours) VALUES
    ('vehicle insurance', 30, 'LOW', '{{customer.name}}: {{renewal.service_type}} {{renewal.reference}} in {{renewal.days_until_due}} days', 'For {{customer.id}}', 48),
    ('vehicle insurance', -1, 'URGENT', 'Uninsured!', NULL, NULL);
SELECT * FROM taskq_renewal_ladder('vehicle insurance');
SELECT days_before FROM taskq_renewal_ladder('permit');
SELECT taskq_renewal_create('cus_1', 'vehicle insurance', taskq_today() + 29, reference => repeat('x', 250)) AS car \gset
SELECT days_before, outcome FROM taskq_renewals_refresh();
SELECT length(title), left(title, 40) AS title, description, priority, due_date - taskq_today() AS due_in, sla_hours FROM taskq_task ORDER BY id DESC LIMIT 1;
SELECT days_pass(30);
SELECT priority, status FROM tasks ORDER BY id DESC LIMIT 1;
-- texts that are too long are cut off between characters; what cannot be a title gives way to the built-in one
BEGIN;
INSERT INTO taskq_renewal_threshold (service_type, days_before, task_priority, title_template, description_template)
VALUES ('texts', 10, 'LOW', '{{renewal.notes}}', '{{renewal.notes}}{{renewal.notes}}');
SELECT count(*) FROM (SELECT taskq_renewal_create('cus_1', 'texts', taskq_today() + 1, reference => i::text, notes => n)
    FROM unnest(ARRAY['a' || repeat('é', 250), 'a' || repeat('🦊', 60000), repeat('x', 199) || ' y', repeat(' ', 300) || 'x', '', NULL]) WITH ORDINALITY u(n, i)) r;
SELECT outcome, count(*) FROM taskq_renewals_refresh() GROUP BY 1;
SELECT regexp_replace(replace(title, to_char(taskq_today() + 1, 'YYYY-MM-DD'), 'tomorrow'), '(.)\1{10,}', '\1...') AS title, length(title), length(description) AS description_length
FROM taskq_task WHERE id > (SELECT max(id) - 6 FROM taskq_task) ORDER BY id;
ROLLBACK;
-- changed thresholds hold for what is there: a new one that has passed is recorded only if a tighter one was crossed
INSERT INTO taskq_renewal_threshold (days_before, task_priority) VALUES (120, NULL), (10, 'HIGH');
SELECT days_before, count(*) FROM taskq_renewals_refresh() GROUP BY 1 ORDER BY 1;
SELECT taskq_renewal_create('cus_1', 'other', taskq_today() + 20) AS other \gset
SELECT days_before, outcome FROM taskq_renewals_refresh();
INSERT INTO taskq_renewal_threshold (days_before, task_priority) VALUES (25, 'LOW');
SELECT days_before, outcome FROM taskq_renewals_refresh();
INSERT INTO taskq_renewal_threshold (days_before, task_priority) VALUES (50, 'URGENT');
SELECT days_before, outcome FROM taskq_renewals_refresh();
SELECT priority FROM tasks ORDER BY id DESC LIMIT 1;
-- refused when saved
INSERT INTO taskq_renewal_threshold (days_before) VALUES (-2);
INSERT INTO taskq_renewal_threshold (days_before) VALUES (10);
INSERT INTO taskq_renewal_threshold (service_type, days_before) VALUES ('vehicle insurance', 30);
INSERT INTO taskq_renewal_threshold (days_before, title_template) VALUES (5, '{{renewal.due_date');
INSERT INTO taskq_renewal_threshold (days_before, description_template) VALUES (5, '{{now()}}');
INSERT INTO taskq_renewal_threshold (days_before, sla_hours) VALUES (5, 0);
INSERT INTO taskq_renewal_threshold (service_type, days_before) VALUES ('', 5);
-- rules get its events
INSERT INTO taskq_workflow_rule (name, event, condition, action, title_template) VALUES
    ('crossed', 'renewal.threshold_crossed', '$.days_before == 10', 'CREATE_TASK', '{{days_before}} days: {{renewal.service_type}} of {{customer.name}}'),
    ('overdue', 'renewal.overdue', NULL, 'CREATE_TASK', 'overdue: {{renewal.service_type}}');
SELECT days_pass(10);
SELECT rule_name, event, outcome FROM taskq_workflow_run ORDER BY id;
SELECT title, user_id, source FROM tasks WHERE source = 'WORKFLOW' ORDER BY id;
-- the sweep does it too, and counts
SELECT taskq_renewal_create('cus_1', 'other', taskq_today() + 3) AS swept \gset
SELECT * FROM taskq_sweep() WHERE tasks > 0;
-- one bad renewal never stops the rest
CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF new.reference = 'bad' THEN RAISE 'not this one'; END IF; RETURN new; END $$;
CREATE TRIGGER a_no BEFORE UPDATE ON taskq_renewal FOR EACH ROW EXECUTE FUNCTION no();
SELECT taskq_renewal_create('cus_1', 'other', taskq_today() + 3, reference => 'bad'), taskq_renewal_create('cus_1', 'other', taskq_today() + 3, reference => 'good') \g /dev/null
SELECT * FROM taskq_sweep() WHERE tasks > 0;
-- nor when thresholds have changed, and it is looked at again once it can be
SELECT taskq_renewal_create('cus_1', 'survey', taskq_today() + 40, reference => r) FROM unnest('{bad,good}'::text[]) r \g /dev/null
INSERT INTO taskq_renewal_threshold (service_type, days_before, task_priority) VALUES ('survey', 45, 'HIGH');
SELECT * FROM taskq_sweep() WHERE tasks > 0;
SELECT * FROM taskq_sweep() WHERE tasks > 0;
DROP TRIGGER a_no ON taskq_renewal;
SELECT * FROM taskq_sweep() WHERE tasks > 0;
SELECT * FROM taskq_sweep() WHERE tasks > 0;
SELECT reference, days_before FROM taskq_renewal r JOIN taskq_renewal_crossing x ON x.renewal_id = r.id WHERE service_type = 'survey' ORDER BY 1;
SELECT count(*) FROM taskq_renewal_recheck;
DROP VIEW tasks, crossed;
DROP FUNCTION days_pass;
DROP EXTENSION taskq;
DROP FUNCTION no CASCADE;
