-- Texts that people read read as they are stored and can be seen, hours are a millisecond at least: in every way in.
CREATE EXTENSION taskq;
\set SHOW_CONTEXT never
INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana');
INSERT INTO taskq_customer VALUES ('cus_1', 'Acme');
CREATE FUNCTION attempt(statement text) RETURNS text LANGUAGE plpgsql AS $$DECLARE state text; message text; name text; BEGIN
    EXECUTE statement;
    RETURN 'done';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, name = CONSTRAINT_NAME;
    RETURN concat_ws(' ', state, coalesce(nullif(name, ''), message));
END$$;
CREATE FUNCTION tried(VARIADIC statements text[]) RETURNS TABLE (statement text, outcome text) LANGUAGE plpgsql AS $$BEGIN
    FOREACH statement IN ARRAY statements LOOP
        outcome := attempt(statement);
        statement := translate(statement, U&'\202E\2066\3164', '<|_');
        RETURN NEXT;
    END LOOP;
END$$;
INSERT INTO taskq_task (id, title, description, kind) VALUES (1000, 'a task', 'with a text', 'A');
INSERT INTO taskq_task (id, title, status, created_at, started_at, completed_at) VALUES (1001, 'done', 'COMPLETED', '2026-01-01', '2026-01-01', '2026-01-02');
INSERT INTO taskq_task (id, title, status, started_at) VALUES (1002, 'begun', 'IN_PROGRESS', now());
SELECT taskq_renewal_create('cus_1', 'b', taskq_today() + 500) AS id;
\pset tuples_only on
\pset format unaligned
-- arguments: X stands for one that is blank, one that has a control and one that is all right
CREATE FUNCTION each(VARIADIC statements text[]) RETURNS TABLE (statement text, blank text, invisible text, control text, valid text) LANGUAGE sql AS $$
    SELECT s, attempt(replace(s, 'X', '  ')), attempt(replace(s, 'X', U&'\3164\200E')), attempt(replace(s, 'X', U&'pay \202Eyap')),
           attempt(format('DO $d$BEGIN PERFORM FROM (%s) x; RAISE SQLSTATE ''TQ001''; END$d$', replace(s, 'X', U&'Zo\00EB\000A\200F \2028')))
    FROM unnest(statements) s$$;
SELECT * FROM each(
    'SELECT taskq_create(''x'', description => ''X'')', 'SELECT taskq_create(''x'', kind => ''X'')', 'SELECT taskq_create(''x'', source => ''X'')', 'SELECT taskq_create(''x'', labels => ARRAY[''a'', ''X''])',
    'SELECT taskq_edit(1000, description => ''X'')', 'SELECT taskq_edit(1000, labels => ARRAY[''X''])', 'SELECT taskq_edit_many(''{1000}'', description => ''X'')',
    'SELECT taskq_complete(1002, ''X'')', 'SELECT taskq_cancel(1000, ''X'')', 'SELECT taskq_cancel_many(''{1000}'', ''X'')', 'SELECT taskq_comment(1000, ''X'')', 'SELECT taskq_comment_many(''{1000}'', ''X'')',
    'SELECT taskq_set_sla(1000, 5, ''X'')', 'SELECT taskq_set_sla_many(''{1000}'', 5, ''X'')', 'SELECT taskq_pause(1000, ''X'')', 'SELECT taskq_pause_many(''{1000}'', ''X'')', 'SELECT taskq_resume(1000, ''X'')',
    'SELECT taskq_renewal_create(''cus_1'', ''X'', taskq_today())', 'SELECT taskq_renewal_create(''cus_1'', ''a'', taskq_today(), reference => ''X'')', 'SELECT taskq_renewal_create(''cus_1'', ''a'', taskq_today(), notes => ''X'')',
    'SELECT taskq_renewal_cancel(1, ''X'')');
SELECT * FROM each('SELECT taskq_create_json(jsonb_build_object(''title'', ''x'', ''description'', ''X''))', 'SELECT taskq_create_json(jsonb_build_object(''title'', ''x'', ''kind'', ''X''))',
    'SELECT taskq_create_json(jsonb_build_object(''title'', ''x'', ''labels'', ARRAY[''X'']))', 'SELECT taskq_create_many_json(jsonb_build_array(jsonb_build_object(''title'', ''x'', ''description'', ''X'')))');
-- an empty description, reason or note is none; keys and actors may be anything
SELECT * FROM tried('SELECT taskq_create(''x'', description => '''')', 'SELECT taskq_edit(1000, description => '''')', 'SELECT taskq_pause(1000, '''')', 'SELECT taskq_resume(1000, '''')',
    'SELECT taskq_comment(1000, '''')', U&'SELECT taskq_create(''x'', dedupe_key => ''\3164'', actor => ''\202Eana'')');
-- raw writes
SELECT * FROM tried(U&'INSERT INTO taskq_task (title, description) VALUES (''x'', ''\202Ex'')', U&'INSERT INTO taskq_task (title, description) VALUES (''x'', '' \3164'')', U&'INSERT INTO taskq_task (title, kind) VALUES (''x'', '' '')',
    U&'UPDATE taskq_task SET description = ''\2066x'' WHERE id = 1000', U&'UPDATE taskq_task SET paused_at = now(), pause_reason = '' '' WHERE id = 1000', U&'UPDATE taskq_task SET labels = ''{"\202Ea"}'' WHERE id = 1000', U&'UPDATE taskq_task SET kind = ''\3164'' WHERE id = 1000',
    U&'INSERT INTO taskq_task_pause VALUES (1000, now() - interval ''2 hours'', now() - interval ''1 hour'', ''\202E'')',
    U&'INSERT INTO taskq_renewal (user_id, service_type, due_date) VALUES (''cus_1'', '' '', now())', U&'INSERT INTO taskq_renewal (user_id, service_type, due_date, notes) VALUES (''cus_1'', ''a'', now(), ''\202E'')',
    U&'INSERT INTO taskq_renewal (user_id, service_type, due_date, reference) VALUES (''cus_1'', ''a'', now(), '' '')',
    U&'INSERT INTO taskq_team VALUES (''t'', '' '')', U&'INSERT INTO taskq_team VALUES (''t'', ''\202Et'')', U&'SELECT taskq_calendar_set('' '', ''UTC'', ''24/7'')', U&'SELECT taskq_calendar_set(''\202Ea'', ''UTC'', ''24/7'')', U&'SELECT taskq_calendar_set(E''a\\nb'', ''UTC'', ''24/7'')',
    U&'INSERT INTO taskq_calendar (name, timezone) VALUES (''\202E'', ''UTC'')', U&'INSERT INTO taskq_holiday (list, day) VALUES ('' '', now())', U&'INSERT INTO taskq_holiday (list, day, label) VALUES (''a'', now(), ''\202E'')',
    U&'INSERT INTO taskq_sla_policy (name, sla_hours) VALUES (''\202E'', 1)', U&'INSERT INTO taskq_sla_policy (name, kind, sla_hours) VALUES (''a'', '' '', 1)', U&'INSERT INTO taskq_schedule (name, title_template, starts_on, every) VALUES (''\202E'', ''x'', now(), ''1 day'')',
    U&'INSERT INTO taskq_schedule (name, kind, title_template, starts_on, every) VALUES (''a'', '' '', ''x'', now(), ''1 day'')', U&'INSERT INTO taskq_workflow_rule (name, event, action, kind) VALUES (''a'', ''a'', ''CREATE_TASK'', ''\202E'')',
    U&'INSERT INTO taskq_renewal_threshold (days_before, kind) VALUES (7, '' '')');
\set VERBOSITY default
INSERT INTO taskq_task (title, description) VALUES ('x', ' ');
UPDATE taskq_task SET description = U&'\202Ex' WHERE id = 1000;
SELECT taskq_comment(1000, U&'\202Ex');
SELECT taskq_comment(1000, E' \n\t');
-- hours
CREATE FUNCTION each_hours(VARIADIC statements text[]) RETURNS TABLE (statement text, tiny text, too_few text, valid text) LANGUAGE sql AS $$
    SELECT s, attempt(replace(s, '?', '1e-300')), attempt(replace(s, '?', '2.7777777777777e-07')), attempt(format('DO $d$BEGIN %s; RAISE SQLSTATE ''TQ001''; END$d$', replace(replace(s, '?', '1.0::float8/3600000'), 'SELECT', 'PERFORM')))
    FROM unnest(statements) s$$;
SELECT * FROM each_hours('SELECT taskq_create(''x'', sla_hours => ?)', 'SELECT taskq_set_sla(1000, ?)', 'SELECT taskq_set_sla_many(''{1000}'', ?)', 'SELECT taskq_follow_up(1001, sla_hours => ?)',
    'SELECT taskq_create_json(jsonb_build_object(''title'', ''x'', ''sla_hours'', ?))', 'SELECT taskq_create_json(jsonb_build_object(''title'', ''x'', ''response_hours'', ?))', 'SELECT taskq_create_many_json(jsonb_build_array(jsonb_build_object(''title'', ''x'', ''sla_hours'', ?)))',
    'INSERT INTO taskq_task (title, sla_hours) VALUES (''x'', ?)', 'INSERT INTO taskq_task (title, response_hours) VALUES (''x'', ?)', 'UPDATE taskq_task SET sla_hours = ? WHERE id = 1000', 'UPDATE taskq_task SET response_hours = ? WHERE id = 1000',
    'INSERT INTO taskq_sla_policy (name, sla_hours) VALUES (''a'', ?)', 'INSERT INTO taskq_sla_policy (name, response_hours) VALUES (''a'', ?)', 'INSERT INTO taskq_renewal_threshold (days_before, sla_hours) VALUES (7, ?)',
    'INSERT INTO taskq_workflow_rule (name, event, action, sla_hours) VALUES (''a'', ''a'', ''CREATE_TASK'', ?)', 'INSERT INTO taskq_schedule (name, title_template, starts_on, every, sla_hours) VALUES (''a'', ''x'', now(), ''1 day'', ?)');
SELECT taskq_create('x', sla_hours => 1e-300);
SELECT taskq_create_json('{"title": "x", "response_hours": 1e-300}');
INSERT INTO taskq_task (title, sla_hours) VALUES ('x', 1e-300);
-- rows from before, as a dump restores them, are left alone, can be moved along and followed up, but not be given such values again
SET check_function_bodies = off;
INSERT INTO taskq_task (id, title, description, kind, sla_hours, user_id) VALUES (2000, 'old', U&'\202Eold', ' ', 1e-300, 'cus_1'), (2001, 'blank', '  ', NULL, NULL, 'cus_1');
INSERT INTO taskq_renewal (id, user_id, service_type, due_date, reference, notes) VALUES (2000, 'cus_1', ' ', '2030-01-01', U&'\202E', '  ');
RESET check_function_bodies;
UPDATE taskq_task SET kind = NULL WHERE id = 2000;
SELECT status FROM taskq_start_many('{2000,2001}');
SELECT count(*) FROM taskq_prioritize_many('{2000,2001}', 'LOW');
UPDATE taskq_task SET description = description || '.' WHERE id = 2000;
SELECT count(*) FROM taskq_complete_many('{2000,2001}', 'done');
SELECT count(*) FROM unnest('{2000,2001}'::bigint[]) o(id), taskq_follow_up(o.id) f(id);
SELECT follows_id, description FROM taskq_task WHERE follows_id IS NOT NULL ORDER BY 1;
UPDATE taskq_renewal SET due_date = '2030-02-01' WHERE id = 2000;
UPDATE taskq_renewal SET notes = '   ' WHERE id = 2000;
SELECT taskq_renewal_complete(2000, '2031-01-01') IS NOT NULL AS next_cycle;
-- what the engines make of a payload is cleaned, not refused
INSERT INTO taskq_workflow_rule (name, event, action, title_template, description_template) VALUES ('both', 'doc', 'CREATE_TASK', 'a document', '{{a}} {{b}}');
SELECT count(*) FROM taskq_emit('doc', U&'{"a": "\202Epay", "b": "\2066yap\2069"}');
SELECT count(*) FROM taskq_emit('doc', '{}');
SELECT description, length(description) FROM taskq_task WHERE title = 'a document' ORDER BY id;
SELECT outcome, message FROM taskq_workflow_run;
\pset format aligned
\pset tuples_only off
DROP FUNCTION each, each_hours, tried, attempt;
DROP EXTENSION taskq;
