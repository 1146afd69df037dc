-- What may be written: every column of taskq_task, of an active and of each
-- kind of terminal task.  A new column fails until it is in the list.
BEGIN;
-- The new value, and whether it may be written while the task is active.
CREATE TEMP TABLE col (name text, value text, active boolean);
INSERT INTO col VALUES
    ('id', '9', false), ('created_at', 'now() - interval ''1 day''', false), ('created_by', '''x''', false), ('source', '''x''', false),
    ('started_at', 'now()', false), ('completed_at', 'now()', false), ('cancelled_at', 'now()', false),
    ('sla_due_at', 'now() + interval ''1 day''', false), ('sla_at_risk_at', 'now() + interval ''1 day''', false), ('sla_breached_at', 'now()', false), ('sla_first_breached_at', 'now()', false),
    ('response_due_at', 'now()', false), ('response_breached_at', 'now()', false), ('response_hours_used', '1', false), ('sla_hours_used', '1', false),
    ('sla_warn_at', 'now()', false), ('sla_warned_at', 'now()', false),
    ('kind', '''x''', true), ('sla_policy', '''gold''', true), ('sla_calendar', '''desk''', true), ('sla_revision', '7', true),
    ('sla_from', 'now() - interval ''2 hours''', true), ('response_hours', '4', true),
    ('paused_at', 'now()', true), ('pause_reason', '''x''', true), ('resume_at', 'now() + interval ''1 day''', true),
    ('team_id', '''team_1''', true), ('labels', '''{x}''', true), ('attributes', '''{"x": 1}''', true), ('follows_id', '9', false),
    ('title', '''x''', true), ('description', '''x''', true), ('priority', '''HIGH''', true), ('due_date', 'taskq_today() + 1', true),
    ('sla_hours', '5', true), ('assignee_id', '''sta_1''', true), ('user_id', '''cus_1''', true), ('dedupe_key', '''x''', true),
    ('status', '''CANCELLED''', true), ('updated_at', 'now() - interval ''1 day''', true);
INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana');
INSERT INTO taskq_team VALUES ('team_1', 'Desk');
SELECT taskq_calendar_set('desk', 'UTC', '24/7');
INSERT INTO taskq_sla_policy (name, calendar, sla_hours) VALUES ('gold', 'desk', 3);
INSERT INTO taskq_customer VALUES ('cus_0', 'Zero'), ('cus_1', 'Acme');
INSERT INTO taskq_task (id, title, status, created_at, sla_hours, started_at, completed_at, cancelled_at, user_id)
VALUES (1, 'active', 'IN_PROGRESS', now() - interval '1 hour', 8, now() - interval '30 minutes', NULL, NULL, 'cus_0'),
       (2, 'completed', 'COMPLETED', now() - interval '1 hour', 8, now() - interval '30 minutes', now() - interval '1 minute', NULL, 'cus_0'),
       (3, 'cancelled', 'CANCELLED', now() - interval '1 hour', 8, NULL, NULL, now() - interval '1 minute', 'cus_0');
CREATE TEMP TABLE before AS SELECT * FROM taskq_task;

-- Runs the write and takes it back; what came of it.
CREATE FUNCTION pg_temp.attempt(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    con text; state text;
BEGIN
    EXECUTE statement;
    RAISE SQLSTATE 'XX999';
EXCEPTION WHEN SQLSTATE 'XX999' THEN RETURN 'written';
    WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS con = CONSTRAINT_NAME, state = RETURNED_SQLSTATE;
    RETURN state || ' ' || con;
END $$;

SELECT plan(2 + 3 * 40 + 3);
SELECT set_eq($$SELECT attname::text FROM pg_attribute WHERE attrelid = 'taskq_task'::regclass AND attnum > 0 AND NOT attisdropped$$,
    'SELECT name FROM col', 'every column is in the list');
SELECT is(pg_temp.attempt(format('UPDATE taskq_task SET %s = %s WHERE id = %s', name, value, task)),
          CASE WHEN task = 1 AND active THEN 'written' ELSE '23514 taskq_task_lifecycle' END,
          format('%s of a task that is %s', name, kind))
FROM col, (VALUES (1, 'active'), (2, 'completed'), (3, 'cancelled')) t(task, kind) ORDER BY task, name;
SELECT results_eq('SELECT * FROM taskq_task ORDER BY id', 'SELECT * FROM before ORDER BY id', 'nothing is left of it');

-- The exceptions: a note, and the cascade of a key that changes.
SELECT lives_ok('SELECT taskq_comment(2, ''a note'')', 'a terminal task takes a note');
UPDATE taskq_customer SET id = 'cus_2' WHERE id = 'cus_0';
SELECT is((SELECT array_agg(user_id) FROM taskq_task), '{cus_2,cus_2,cus_2}', 'a changed key of a customer reaches terminal tasks too');
SELECT is(pg_temp.attempt('UPDATE taskq_task SET title = title WHERE id = 2'), 'written', 'writing to a terminal task what it holds is no change');
SELECT * FROM finish();
ROLLBACK;
