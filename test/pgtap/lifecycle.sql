-- Every cell of the lifecycle table: by raw UPDATE and by the API, from a
-- stored status and from one that only today makes so.
BEGIN;
SELECT plan(277);

-- The table as the contract has it.  start: what a task of that status may
-- look like; cell: what happens when the status in the column is asked for.
CREATE TEMP TABLE cell (was taskq_status, asked taskq_status, outcome text);
INSERT INTO cell VALUES
    ('OPEN', 'IN_PROGRESS', 'yes'), ('OPEN', 'OVERDUE', 'no'), ('OPEN', 'COMPLETED', 'no'), ('OPEN', 'CANCELLED', 'yes'), ('OPEN', 'OPEN', 'same'),
    ('IN_PROGRESS', 'IN_PROGRESS', 'same'), ('IN_PROGRESS', 'OVERDUE', 'no'), ('IN_PROGRESS', 'COMPLETED', 'yes'), ('IN_PROGRESS', 'CANCELLED', 'yes'), ('IN_PROGRESS', 'OPEN', 'no'),
    ('OVERDUE', 'IN_PROGRESS', 'no'), ('OVERDUE', 'OVERDUE', 'same'), ('OVERDUE', 'COMPLETED', 'yes'), ('OVERDUE', 'CANCELLED', 'yes'), ('OVERDUE', 'OPEN', 'no'),
    ('COMPLETED', 'IN_PROGRESS', 'no'), ('COMPLETED', 'OVERDUE', 'no'), ('COMPLETED', 'COMPLETED', 'no'), ('COMPLETED', 'CANCELLED', 'no'), ('COMPLETED', 'OPEN', 'no'),
    ('CANCELLED', 'IN_PROGRESS', 'no'), ('CANCELLED', 'OVERDUE', 'no'), ('CANCELLED', 'COMPLETED', 'no'), ('CANCELLED', 'CANCELLED', 'no'), ('CANCELLED', 'OPEN', 'no');

-- Tasks to start from: effective status, stored status, started or not.
CREATE TEMP TABLE origin (was taskq_status, stored taskq_status, started boolean);
INSERT INTO origin VALUES
    ('OPEN', 'OPEN', false), ('OPEN', 'OVERDUE', false),
    ('IN_PROGRESS', 'IN_PROGRESS', true), ('IN_PROGRESS', 'OVERDUE', true),
    ('OVERDUE', 'OVERDUE', false), ('OVERDUE', 'OVERDUE', true), ('OVERDUE', 'OPEN', false), ('OVERDUE', 'IN_PROGRESS', true),
    ('COMPLETED', 'COMPLETED', true), ('CANCELLED', 'CANCELLED', false), ('CANCELLED', 'CANCELLED', true);

CREATE FUNCTION pg_temp.make(o origin) RETURNS bigint LANGUAGE sql AS $$
    INSERT INTO taskq_task (title, status, due_date, created_at, started_at, completed_at, cancelled_at)
    SELECT 'task', o.stored,
           CASE WHEN o.was = 'OVERDUE' THEN taskq_today() - 1 ELSE taskq_today() + 1 END,
           now() - interval '3 hours', CASE WHEN o.started THEN now() - interval '2 hours' END,
           CASE WHEN o.was = 'COMPLETED' THEN now() - interval '1 hour' END,
           CASE WHEN o.was = 'CANCELLED' THEN now() - interval '1 hour' END
    RETURNING id
$$;

-- Runs a statement with %s for the task; what came of it in one line.
CREATE FUNCTION pg_temp.attempt(statement text, id bigint) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    con text; msg text; hint text; state text;
BEGIN
    EXECUTE format(statement, id);
    RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS con = CONSTRAINT_NAME, msg = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT, state = RETURNED_SQLSTATE;
    IF state = '23514' AND con = 'taskq_task_lifecycle' AND msg ~ ('task ' || id || ' ') AND hint <> '' THEN
        RETURN 'refused: ' || regexp_replace(msg, 'task \d+ ', '');
    END IF;
    RETURN state || ' ' || msg;
END $$;

CREATE FUNCTION pg_temp.seen(task bigint) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', t.status, CASE WHEN started_at IS NOT NULL THEN 'started' END,
                     CASE WHEN completed_at IS NOT NULL THEN 'completed' END, CASE WHEN cancelled_at IS NOT NULL THEN 'cancelled' END)
    FROM taskq_task t WHERE id = task
$$;
CREATE FUNCTION pg_temp.told(task bigint) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(string_agg(kind || ' ' || from_status || '>' || to_status, ', ' ORDER BY id), '')
    FROM taskq_task_event WHERE task_id = task
$$;

-- The event that a stale stored status brings before any other.
CREATE FUNCTION pg_temp.noticed(o origin) RETURNS text LANGUAGE sql AS $$
    SELECT CASE WHEN o.stored = o.was THEN NULL WHEN o.was = 'OVERDUE' THEN 'overdue ' ELSE 'recovered ' END
        || o.stored || '>' || o.was
$$;

-- What a raw UPDATE of the status must lead to.
CREATE FUNCTION pg_temp.verdict(o origin, c cell) RETURNS TABLE (result text, seen text, told text) LANGUAGE sql AS $$
    SELECT CASE WHEN c.outcome = 'no' THEN 'refused: cannot go from ' || o.was || ' to ' || c.asked ELSE 'ok' END,
           concat_ws(' ', CASE c.outcome WHEN 'no' THEN o.stored ELSE c.asked END,
                     CASE WHEN o.started OR c.outcome = 'yes' AND c.asked IN ('IN_PROGRESS', 'COMPLETED') THEN 'started' END,
                     CASE WHEN o.was = 'COMPLETED' OR c.outcome = 'yes' AND c.asked = 'COMPLETED' THEN 'completed' END,
                     CASE WHEN o.was = 'CANCELLED' OR c.outcome = 'yes' AND c.asked = 'CANCELLED' THEN 'cancelled' END),
           CASE WHEN c.outcome = 'no' THEN '' ELSE concat_ws(', ', pg_temp.noticed(o),
               CASE WHEN c.outcome = 'yes' THEN
                   CASE c.asked WHEN 'IN_PROGRESS' THEN 'started ' WHEN 'COMPLETED' THEN 'completed ' ELSE 'cancelled ' END
                   || o.was || '>' || c.asked END) END
$$;

-- Raw: 11 origins x 5 statuses x (result, row, history).
CREATE TEMP TABLE raw AS
SELECT o, c, pg_temp.make(o) AS id FROM origin o JOIN cell c USING (was) ORDER BY o.was, o.stored, o.started, c.asked;
ALTER TABLE raw ADD result text;
UPDATE raw SET result = pg_temp.attempt(format('UPDATE taskq_task SET status = %L WHERE id = %%s', (c).asked), id);
SELECT concat_ws(E'\n', is(r.result, v.result, name || ': result'), is(pg_temp.seen(id), v.seen, name || ': row'),
                 is(pg_temp.told(id), v.told, name || ': history'))
FROM raw r, pg_temp.verdict(r.o, r.c) v,
     LATERAL format('UPDATE: %s stored %s%s asked to be %s', (o).was, (o).stored, CASE WHEN (o).started THEN ' started' END, (c).asked) name
ORDER BY id;

-- API: the verbs that ask for a status; starting an overdue task is the one
-- difference, it begins the work and leaves the status.
CREATE TEMP TABLE api AS
SELECT o, c, v.verb, pg_temp.make(o) AS id
FROM origin o JOIN cell c USING (was)
JOIN (VALUES ('taskq_start', 'IN_PROGRESS'::taskq_status), ('taskq_complete', 'COMPLETED'), ('taskq_cancel', 'CANCELLED')) v(verb, asked) USING (asked)
ORDER BY o.was, o.stored, o.started, asked;
ALTER TABLE api ADD result text;
UPDATE api SET result = pg_temp.attempt(format('SELECT %s(%%s)', verb), id);
SELECT concat_ws(E'\n', is(r.result, CASE WHEN late THEN 'ok' ELSE v.result END, name || ': result'),
                 is(pg_temp.seen(id), CASE WHEN late THEN 'OVERDUE started' ELSE v.seen END, name || ': row'),
                 is(pg_temp.told(id), CASE WHEN late THEN concat_ws(', ', pg_temp.noticed(o), CASE WHEN NOT (o).started THEN 'started OVERDUE>OVERDUE' END)
                                           ELSE v.told END, name || ': history'))
FROM api r, pg_temp.verdict(r.o, r.c) v,
     LATERAL (SELECT (o).was = 'OVERDUE' AND verb = 'taskq_start') x(late),
     LATERAL format('%s: %s stored %s%s', verb, (o).was, (o).stored, CASE WHEN (o).started THEN ' started' END) name
ORDER BY id;

-- With a due date in the same statement.
CREATE FUNCTION pg_temp.moved(was taskq_status, stored taskq_status, started boolean, asked text, due int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    task bigint := pg_temp.make(ROW(was, stored, started)::origin);
    result text;
BEGIN
    result := pg_temp.attempt(format('UPDATE taskq_task SET due_date = %s%s WHERE id = %%s',
        CASE WHEN due IS NULL THEN 'NULL' ELSE 'taskq_today() + ' || due END,
        CASE WHEN asked IS NOT NULL THEN format(', status = %L', asked) END), task);
    RETURN CASE WHEN result = 'ok' THEN pg_temp.seen(task) ELSE result END;
END $$;
SELECT is(pg_temp.moved('OVERDUE', 'OVERDUE', false, 'OPEN', 0), 'OPEN', 'OVERDUE to OPEN with a date that is not past');
SELECT is(pg_temp.moved('OVERDUE', 'OPEN', false, 'OPEN', 0), 'OPEN', 'the same, not swept');
SELECT is(pg_temp.moved('OVERDUE', 'OVERDUE', true, 'OPEN', 0), 'refused: cannot go from OVERDUE to OPEN', 'OVERDUE to OPEN never once started');
SELECT is(pg_temp.moved('OVERDUE', 'OVERDUE', false, 'IN_PROGRESS', 5), 'IN_PROGRESS started', 'OVERDUE to IN_PROGRESS with a date that is not past');
SELECT is(pg_temp.moved('OVERDUE', 'OVERDUE', true, 'IN_PROGRESS', NULL), 'IN_PROGRESS started', 'or with none');
SELECT is(pg_temp.moved('OVERDUE', 'OVERDUE', true, 'IN_PROGRESS', -5), 'refused: cannot go from OVERDUE to IN_PROGRESS', 'but not with one that is past');
SELECT is(pg_temp.moved('OVERDUE', 'OVERDUE', false, NULL, 0), 'OPEN', 'a moved date alone brings OVERDUE back to OPEN');
SELECT is(pg_temp.moved('OVERDUE', 'IN_PROGRESS', true, NULL, 0), 'IN_PROGRESS started', 'or to IN_PROGRESS if work had begun');
SELECT is(pg_temp.moved('OPEN', 'OPEN', false, NULL, -1), 'OVERDUE', 'a date that is past makes OPEN OVERDUE');
SELECT is(pg_temp.moved('OPEN', 'OPEN', false, 'OVERDUE', -1), 'OVERDUE', 'which may be said');
SELECT is(pg_temp.moved('IN_PROGRESS', 'IN_PROGRESS', true, 'OVERDUE', -1), 'OVERDUE started', 'likewise IN_PROGRESS');
SELECT is(pg_temp.moved('OPEN', 'OPEN', false, 'IN_PROGRESS', -1), 'refused: cannot go from OPEN to IN_PROGRESS', 'starting is refused if the same write makes it past due');
SELECT is(pg_temp.moved('OPEN', 'OPEN', false, 'CANCELLED', -1), 'CANCELLED cancelled', 'cancelling is not');

SELECT * FROM finish();
ROLLBACK;
