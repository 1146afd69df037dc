-- A page reads about as many tasks as it shows, whatever its filter and wherever
-- it begins, also where row security applies; and a sweep about as many as it
-- changes: as PostgreSQL itself counts them within a transaction.
BEGIN;
SELECT plan(11);

INSERT INTO taskq_staff_member SELECT 'sta_' || g, 'Staff ' || g, g <> 4 FROM generate_series(0, 9) g;
INSERT INTO taskq_customer SELECT 'cus_' || g, 'Customer ' || g FROM generate_series(0, 199) g;
-- Of what is active a third is overdue; most deadlines are breached, some at risk; few tasks are paused.
INSERT INTO taskq_task (title, priority, status, due_date, sla_hours, assignee_id, user_id, source, created_at, started_at, completed_at, cancelled_at, paused_at)
SELECT 'task ' || g, (enum_range(NULL::taskq_priority))[1 + g % 4], CASE WHEN g % 10 < 4 THEN 'OPEN' WHEN g % 10 < 6 THEN 'IN_PROGRESS' WHEN g % 10 < 9 THEN 'COMPLETED' ELSE 'CANCELLED' END::taskq_status,
       taskq_today() - 20 + g % 61, CASE WHEN g % 7 = 0 THEN NULL WHEN g % 29 = 0 THEN 9100 WHEN g % 3 = 0 THEN 80000 ELSE 24 END,
       CASE WHEN g % 11 > 0 THEN 'sta_' || g / 11 % 10 END, 'cus_' || g % 200, 'MANUAL', now() - interval '364 days' - g * interval '1 minute',
       CASE WHEN g % 10 BETWEEN 4 AND 8 THEN now() - interval '363 days' - g * interval '1 minute' END,
       CASE WHEN g % 10 BETWEEN 6 AND 8 THEN now() - interval '300 days' - g * interval '1 minute' END, CASE WHEN g % 10 = 9 THEN now() - interval '300 days' END,
       CASE WHEN g % 41 = 0 AND g % 10 < 6 THEN now() - interval '1 day' END
FROM generate_series(1, 20000) g;
ANALYZE taskq_task, taskq_staff_member;

-- What a page shows and what it reads.
CREATE FUNCTION tasks_read() RETURNS bigint LANGUAGE sql AS
    $$SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relid = 'taskq_task'::regclass$$;
CREATE FUNCTION page(filter text, OUT shown bigint, OUT read bigint) LANGUAGE plpgsql AS $$
DECLARE
    before bigint := tasks_read();
BEGIN
    EXECUTE 'SELECT count(*) FROM taskq_queue_page(' || filter || ')' INTO shown;
    read := tasks_read() - before;
END $$;

CREATE TABLE filter AS SELECT unnest(ARRAY[$$status => '{OPEN}'$$, $$status => '{IN_PROGRESS}'$$, $$status => '{OPEN,IN_PROGRESS,OVERDUE}'$$,
    $$status => '{CANCELLED}', sort => 'due'$$, $$priority => '{URGENT}'$$, $$priority => '{HIGH,URGENT}'$$, $$assignee_id => 'sta_3'$$,
    $$assignee_id => 'sta_3', status => '{OPEN,IN_PROGRESS,OVERDUE}'$$, $$assignee_id => 'sta_3', priority => '{URGENT}'$$,
    'unassigned => true', 'due_to => taskq_today() + 30', 'assignee_is_active => true', 'assignee_is_active => false',
    $$assignee_is_active => false, status => '{OPEN,IN_PROGRESS,OVERDUE}'$$, 'paused => false', 'paused => true']) AS filter;
INSERT INTO filter SELECT f.filter || ', after => ' || quote_literal(p.cursor) FROM filter f,
    (SELECT cursor FROM taskq_queue_page(due_from => taskq_today() + 15, page_size => 1)) p;
INSERT INTO filter SELECT unnest(ARRAY[$$status => '{OVERDUE}'$$, $$status => '{COMPLETED}', sort => 'created'$$, $$status => '{COMPLETED}'$$, $$status => '{COMPLETED,CANCELLED}', sort => 'priority'$$, 'status => NULL',
    'unassigned => true, sort => ''priority''', $$assignee_id => 'sta_3', status => '{COMPLETED}'$$, $$user_id => 'cus_7', status => NULL$$,
    $$sla_status => '{ON_TRACK}', sort => 'sla'$$, $$sla_status => '{AT_RISK}', sort => 'sla'$$,
    $$sla_status => '{BREACHED}', status => '{OPEN,IN_PROGRESS,OVERDUE}', sort => 'sla'$$, $$sort => 'priority'$$, $$sort => 'created'$$, $$sort => 'sla'$$,
    $$paused => true, sort => 'created'$$, $$paused => true, sort => 'sla', status => NULL$$, $$paused => true, sort => 'priority', search => 'task'$$, $$paused => true, status => NULL, sort => 'closed'$$]);
INSERT INTO filter SELECT format('sort => %L, after => %L', s, (SELECT cursor FROM taskq_queue_page(sort => s, page_size => 500) OFFSET 499))
FROM unnest('{priority,created,sla,closed}'::text[]) s;

CREATE TABLE outcome AS SELECT filter, p.* FROM filter, page(filter) p;
SELECT is_empty('SELECT * FROM outcome WHERE shown < 50', 'each of these filters finds a page of tasks');
SELECT is_empty('SELECT * FROM outcome WHERE read > 400', 'and none reads many more than it shows');

-- Row security, with a policy that hides nothing.
CREATE ROLE regress_taskq_reader;
SELECT taskq_grant('regress_taskq_reader', 'viewer');
GRANT SELECT ON filter TO regress_taskq_reader;
ALTER TABLE taskq_task ENABLE ROW LEVEL SECURITY;
CREATE POLICY desk ON taskq_task USING (source = current_setting('app.desk'));
SET LOCAL app.desk = 'MANUAL';
SET LOCAL ROLE regress_taskq_reader;
CREATE TEMP TABLE secured AS SELECT filter, p.* FROM filter, page(filter) p;
RESET ROLE;
SELECT is_empty('SELECT * FROM secured WHERE shown < 50 OR read > 400', 'so it is under row security');

-- What inactive staff have is found from them: nothing is read where they have nothing.
UPDATE taskq_staff_member SET is_active = true;
INSERT INTO taskq_staff_member VALUES ('gone', 'Gone', false);
CREATE TABLE of_the_gone AS SELECT s, p.* FROM unnest('{due,priority,created,sla}'::text[]) s, page(format('NULL, assignee_is_active => false, sort => %L', s)) p;
SELECT is_empty('SELECT * FROM of_the_gone WHERE (shown, read) <> (0, 0)', 'nothing is read for staff who have left nothing');
CREATE FUNCTION count_reads(OUT tasks bigint, OUT read bigint) LANGUAGE plpgsql AS $$
DECLARE
    before bigint := tasks_read();
BEGIN
    tasks := taskq_queue_count(NULL, assignee_is_active => false);
    read := tasks_read() - before;
END $$;
SELECT is_empty('SELECT * FROM count_reads() WHERE (tasks, read) <> (0, 0)', 'nor to count it');

-- A sweep, with a deadline ahead of every active task, and then of all but one.
CREATE FUNCTION sweep_reads(OUT tasks bigint, OUT read bigint) LANGUAGE plpgsql AS $$
DECLARE
    before bigint := tasks_read();
BEGIN
    SELECT sum(s.tasks) FROM taskq_sweep() s INTO tasks;
    read := tasks_read() - before;
END $$;
DROP POLICY desk ON taskq_task;
ALTER TABLE taskq_task DISABLE ROW LEVEL SECURITY;
UPDATE taskq_task SET sla_hours = 70000 + id * 7919 % 17000 WHERE completed_at IS NULL AND cancelled_at IS NULL;
SELECT is((SELECT sum(tasks) FROM taskq_sweep()), 0::bigint, 'what is due has been marked by this update');
ANALYZE taskq_task;
SELECT is_empty('SELECT * FROM sweep_reads() WHERE (tasks, read) <> (0, 0)', 'one with nothing to do reads no task');
INSERT INTO taskq_task (title, due_date, sla_hours, created_at) VALUES ('late', taskq_today() + 1, 1, now() - interval '1 day');
SELECT cmp_ok((SELECT read FROM sweep_reads() WHERE tasks = 1), '<', 100::bigint, 'and one with one task to mark few');

-- A report of one day, where many deadlines that were missed have been moved out or removed since.
SET LOCAL session_replication_role = replica;
UPDATE taskq_task SET sla_first_breached_at = sla_due_at + interval '1 second' WHERE sla_due_at < least(completed_at, cancelled_at);
UPDATE taskq_task SET sla_hours = NULL, sla_due_at = NULL, sla_at_risk_at = NULL, sla_breached_at = NULL WHERE sla_first_breached_at IS NOT NULL AND id / 10 % 6 = 0;
UPDATE taskq_task SET sla_hours = 80000, sla_due_at = created_at + interval '80000 hours' WHERE sla_first_breached_at IS NOT NULL AND id / 10 % 6 = 3;
SET LOCAL session_replication_role = origin;
ANALYZE taskq_task;
CREATE FUNCTION report_reads(OUT tasks bigint, OUT read bigint) LANGUAGE plpgsql AS $$
DECLARE
    before bigint := tasks_read();
BEGIN
    SELECT r.tasks INTO tasks FROM taskq_sla_report(now() - interval '370 days', now() - interval '369 days') r;
    read := tasks_read() - before;
END $$;
SELECT is_empty('SELECT * FROM report_reads() WHERE tasks < 100 OR read > 1.1 * tasks', 'a report reads what it counts');

-- A sweep where the statistics are of a time with hardly any active task, and an index of the user's has the due date.
SET LOCAL session_replication_role = replica;
DELETE FROM taskq_task WHERE completed_at IS NULL AND cancelled_at IS NULL;
ANALYZE taskq_task;
INSERT INTO taskq_task (title, due_date, sla_hours, sla_due_at, sla_at_risk_at)
SELECT 'not due ' || g, taskq_today() + 9, 1000, now() + interval '900 hours', now() + interval '800 hours' FROM generate_series(1, 5000) g;
SET LOCAL session_replication_role = origin;
CREATE INDEX mine ON taskq_task (due_date) WHERE completed_at IS NULL AND cancelled_at IS NULL;
SELECT is_empty('SELECT * FROM sweep_reads() WHERE (tasks, read) <> (0, 0)', 'stale statistics and other indexes do not mislead a sweep');
CREATE FUNCTION purge_reads(OUT tasks bigint, OUT read bigint) LANGUAGE plpgsql AS $$
DECLARE
    before bigint := tasks_read();
BEGIN
    tasks := taskq_purge('50 years', true);
    read := tasks_read() - before;
END $$;
SELECT is_empty('SELECT * FROM purge_reads() WHERE (tasks, read) <> (0, 0)', 'nor retention');
SELECT * FROM finish();
ROLLBACK;
