-- What a user adds to taskq_task: triggers of its own, rules, columns; and what
-- still holds while taskq's own triggers are disabled.
CREATE EXTENSION taskq;
\set SHOW_CONTEXT never
\set VERBOSITY terse
INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana'), ('sta_2', 'Bob');
CREATE VIEW told AS SELECT task_id, kind, from_status, to_status FROM taskq_task_event ORDER BY id;
INSERT INTO taskq_task (id, title, created_at) SELECT g, 'task ' || g, '2019-01-01' FROM generate_series(1, 9) g;
SELECT setval('taskq_task_id_seq', 1000) \g /dev/null

-- One trigger that changes what it is told to, under a name before and one behind taskq's own.
CREATE TABLE meddling (assignment text);
INSERT INTO meddling VALUES (NULL);
CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE what text := (SELECT assignment FROM meddling);
BEGIN
    IF what = 'NULL' THEN RETURN NULL; END IF;
    IF what IS NOT NULL THEN
        EXECUTE format('SELECT (jsonb_populate_record($1, %s)).*', what) USING NEW INTO NEW;
    END IF;
    RETURN NEW;
END$$;
CREATE FUNCTION attempt(statement text, assignment text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text;
BEGIN
    UPDATE meddling SET assignment = attempt.assignment;
    EXECUTE statement INTO result;
    RAISE EXCEPTION USING ERRCODE = 'TEST0', MESSAGE = 'stored ' || coalesce(result, 'nothing') || ', told ' ||
        coalesce((SELECT string_agg(kind, ',') FROM told), 'nothing');
EXCEPTION WHEN OTHERS THEN
    RETURN CASE SQLSTATE WHEN 'TEST0' THEN '' ELSE SQLSTATE || ' ' END || SQLERRM;
END$$;
CREATE TABLE attempts (id int GENERATED ALWAYS AS IDENTITY, statement text, assignment text);
INSERT INTO attempts (statement, assignment)
SELECT statement, assignment
FROM unnest(ARRAY['UPDATE taskq_task SET title = ''new'' WHERE id = 1 RETURNING (id, title, status, due_date, started_at IS NULL)',
                  'SELECT (s.id, s.title, s.status, s.due_date, s.started_at IS NULL) FROM taskq_start(1) s']) statement,
     unnest(ARRAY[NULL, '''{"title": "theirs"}''', '''{"title": ""}''', '''{"status": "COMPLETED"}''', '''{"status": "CANCELLED"}''', '''{"status": "IN_PROGRESS"}''',
         '''{"started_at": "2020-01-01"}''', '''{"completed_at": "2020-01-01"}''', '''{"sla_breached_at": "2020-01-01"}''', '''{"id": 77}''',
         '''{"created_at": "2020-01-01"}''', '''{"source": "OTHER"}''', '''{"due_date": "2020-01-01"}''', '''{"sla_hours": 4}''',
         '''{"assignee_id": "sta_2"}''', '''{"assignee_id": "nobody"}''', 'NULL']) assignment;
CREATE TRIGGER aa_meddle BEFORE UPDATE ON taskq_task FOR EACH ROW EXECUTE FUNCTION meddle();
SELECT 'before' AS trigger, left(statement, 6) AS by, assignment, attempt(statement, assignment) FROM attempts ORDER BY id;
DROP TRIGGER aa_meddle ON taskq_task;
CREATE TRIGGER zz_meddle BEFORE UPDATE ON taskq_task FOR EACH ROW EXECUTE FUNCTION meddle();
SELECT 'behind' AS trigger, left(statement, 6) AS by, assignment, attempt(statement, assignment) FROM attempts ORDER BY id;

-- nor does it pass with a breach before the deadline, without one behind it, or at another time than the one recorded
CREATE FUNCTION breach() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.sla_breached_at := CASE (SELECT m.assignment FROM meddling m) WHEN 'none' THEN NULL WHEN 'early' THEN NEW.updated_at WHEN 'other' THEN NEW.updated_at + interval '1 second' ELSE NEW.sla_breached_at END;
    RETURN NEW;
END$$;
DROP TRIGGER zz_meddle ON taskq_task;
CREATE TRIGGER zz_breach BEFORE UPDATE ON taskq_task FOR EACH ROW EXECUTE FUNCTION breach();
INSERT INTO taskq_task (id, title, created_at, sla_hours) VALUES (51, 'in time', now(), 1), (52, 'late', '2020-01-01', 1), (53, 'late', '2020-01-01', 1);
UPDATE meddling SET assignment = NULL;
SELECT priority FROM taskq_prioritize(53, 'HIGH');
SELECT id, how, attempt('SELECT t.sla_breached_at = (SELECT x.sla_breached_at FROM taskq_task x WHERE x.id = t.id) FROM taskq_edit(' || id || ', ''new'') t', how)
FROM unnest('{51,52,53}'::int[]) id, unnest('{none,early,other,as it is}'::text[]) how ORDER BY id, how;
-- nor with another deadline than the hours make, or another time to warn of it
CREATE FUNCTION hours() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.sla_due_at := NEW.sla_due_at + CASE WHEN (SELECT m.assignment FROM meddling m) = 'due' THEN interval '1 hour' ELSE '0' END;
    NEW.sla_at_risk_at := NEW.sla_at_risk_at - CASE WHEN (SELECT m.assignment FROM meddling m) = 'at risk' THEN interval '1 hour' ELSE '0' END;
    RETURN NEW;
END$$;
CREATE TRIGGER zz_hours BEFORE UPDATE ON taskq_task FOR EACH ROW EXECUTE FUNCTION hours();
SELECT how, attempt('SELECT sla_hours FROM taskq_set_sla(51, 9)', how) FROM unnest('{due,at risk,as it is}'::text[]) how ORDER BY how;
DROP TRIGGER zz_hours ON taskq_task;
DROP TRIGGER zz_breach ON taskq_task;
DROP FUNCTION breach;
DELETE FROM meddling;
INSERT INTO meddling VALUES (NULL);
SELECT count(*) FROM taskq_cancel_many('{51,52,53}') \g /dev/null
DELETE FROM taskq_task WHERE id IN (51, 52, 53);
CREATE TRIGGER zz_meddle BEFORE UPDATE ON taskq_task FOR EACH ROW EXECUTE FUNCTION meddle();

-- a trigger that suppresses updates: no call succeeds without having done what it says
SELECT attempt('SELECT count(*) FROM taskq_start_many(''{1,2}'')', 'NULL');
SELECT attempt('SELECT count(*) FROM taskq_claim(''sta_1'', 2)', 'NULL');
UPDATE meddling SET assignment = NULL;
INSERT INTO taskq_task (id, title, due_date, sla_hours, created_at) SELECT 100 + g, 'late', '2020-01-01', 1, '2020-01-01' FROM generate_series(1, 3) g;
UPDATE meddling SET assignment = 'NULL';
SELECT kind, tasks FROM taskq_sweep(2) WHERE tasks > 0;
SET client_min_messages = error;
CALL taskq_sweep_all();
RESET client_min_messages;
UPDATE meddling SET assignment = NULL;
SELECT kind, tasks FROM taskq_sweep() WHERE tasks > 0;
DROP TRIGGER zz_meddle ON taskq_task;

-- nor does one on inserts and deletes
CREATE TRIGGER swallow BEFORE INSERT OR DELETE ON taskq_task FOR EACH ROW EXECUTE FUNCTION meddle();
UPDATE meddling SET assignment = 'NULL';
SELECT taskq_create('swallowed');
SELECT taskq_create('swallowed', dedupe_key => 'k');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT taskq_create('swallowed', dedupe_key => 'k');
ROLLBACK;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT taskq_create('swallowed', dedupe_key => 'k');
ROLLBACK;
SELECT status FROM taskq_cancel(9);
SELECT taskq_purge('0 s');
SELECT count(*) AS still_there FROM taskq_task WHERE id = 9;
DROP TRIGGER swallow ON taskq_task;

-- nor one on any table that a hand-over, a merge or an erasure writes
CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS 'BEGIN RETURN NULL; END';
CREATE FUNCTION swallowed(relation text, call text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER swallow BEFORE UPDATE ON %I FOR EACH ROW EXECUTE FUNCTION swallow()', relation);
    EXECUTE 'SELECT ' || call;
    RAISE EXCEPTION 'it succeeded';
EXCEPTION WHEN OTHERS THEN
    RETURN sqlstate || ': ' || sqlerrm;
END $$;
BEGIN;
INSERT INTO taskq_staff_member (id, name) VALUES ('sta_8', 'Di'), ('sta_9', 'Ed');
INSERT INTO taskq_customer (id, name, assigned_agent_id) VALUES ('cus_8', 'Acme', 'sta_8'), ('cus_9', 'Beta', NULL);
INSERT INTO taskq_task (title, user_id, assignee_id) VALUES ('of sta_8', 'cus_8', 'sta_8');
INSERT INTO taskq_renewal (user_id, service_type, due_date, assignee_id, notes) VALUES ('cus_8', 'permit', '2099-01-01', 'sta_8', 'by post');
INSERT INTO taskq_schedule (name, title_template, starts_on, every, user_id, assignee_id) VALUES ('weekly', 'Report', '2099-01-01', '7 days', 'cus_8', 'sta_8');
INSERT INTO taskq_sla_policy (name, user_id, sla_hours) VALUES ('of cus_8', 'cus_8', 4);
SELECT call, relation, swallowed(relation, call) FROM unnest('{taskq_task,taskq_renewal,taskq_schedule,taskq_customer,taskq_sla_policy}'::text[]) WITH ORDINALITY r(relation, n),
    (VALUES ('taskq_hand_over(''sta_8'', ''sta_9'')'), ('taskq_merge_customer(''cus_8'', ''cus_9'')'), ('taskq_erase_customer(''cus_8'')')) c(call)
ORDER BY call, n;
ROLLBACK;
DROP FUNCTION swallowed, swallow;

-- what row security lets a role read and not change: 42501
CREATE ROLE regress_taskq_reader;
SELECT taskq_grant('regress_taskq_reader', 'agent');
ALTER TABLE taskq_task ENABLE ROW LEVEL SECURITY;
CREATE POLICY see ON taskq_task FOR SELECT USING (true);
CREATE POLICY change ON taskq_task FOR UPDATE USING (id = 8);
SET ROLE regress_taskq_reader;
SELECT status FROM taskq_start(8);
SELECT status FROM taskq_start(7);
SELECT status FROM taskq_start_many('{7,8}');
RESET ROLE;
ALTER TABLE taskq_task DISABLE ROW LEVEL SECURITY;
DROP POLICY see ON taskq_task;
DROP POLICY change ON taskq_task;
SELECT taskq_revoke('regress_taskq_reader');
DROP ROLE regress_taskq_reader;

-- rules instead of writing
CREATE RULE swallow AS ON UPDATE TO taskq_task WHERE new.title = 'ruled' DO INSTEAD NOTHING;
UPDATE taskq_task SET title = 'ruled' WHERE id = 2;
SELECT title FROM taskq_edit(2, 'ruled');
SELECT title FROM taskq_edit_many('{2,3}', 'ruled');
DROP RULE swallow ON taskq_task;

-- columns of the user's own: plain, generated, dropped again
ALTER TABLE taskq_task ADD COLUMN region text DEFAULT 'north', ADD COLUMN label text GENERATED ALWAYS AS (assignee_id || ': ' || title) STORED, ADD COLUMN old text DEFAULT 'x';
UPDATE taskq_task SET old = 'y', assignee_id = 'sta_1' WHERE id = 3;
ALTER TABLE taskq_task DROP COLUMN old;
UPDATE taskq_task SET region = 'south' WHERE id = 3 RETURNING label;
SELECT title FROM taskq_edit(3, 'task three');
SELECT title FROM taskq_edit(3, 'task three');
SELECT status FROM taskq_cancel(3);
UPDATE taskq_task SET region = 'west' WHERE id = 3;
UPDATE taskq_staff_member SET id = 'sta_one' WHERE id = 'sta_1';
SELECT label, region FROM taskq_task WHERE id = 3;
SELECT kind, changes FROM taskq_task_event WHERE task_id = 3 ORDER BY id;
ALTER TABLE taskq_task DROP COLUMN region, DROP COLUMN label;
SELECT status FROM taskq_start(4);

-- taskq's triggers off, in each of the ways: CHECKs and unique keys hold, readers are right, history has a gap
CREATE FUNCTION off_and_on(id bigint) RETURNS TABLE (what text, result text) LANGUAGE plpgsql AS $$
DECLARE s text;
BEGIN
    FOREACH s IN ARRAY ARRAY[
        'UPDATE taskq_task SET status = ''COMPLETED'' WHERE id = $1 RETURNING status',
        'UPDATE taskq_task SET status = ''IN_PROGRESS'', started_at = ''2026-01-01'' WHERE id = $1 RETURNING status',
        'UPDATE taskq_task SET due_date = ''2020-01-01'', dedupe_key = ''off'' WHERE id = $1 RETURNING status',
        'INSERT INTO taskq_task (title, dedupe_key) VALUES (''same key'', ''off'') RETURNING id > 0',
        'INSERT INTO taskq_task (title, sla_hours) VALUES (''no deadline'', 1) RETURNING sla_due_at > created_at',
        'INSERT INTO taskq_task (title, assignee_id) VALUES (''nobody''''s'', ''nobody'') RETURNING assignee_id',
        'SELECT status FROM taskq_complete($1)',
        'SELECT count(*) FROM taskq_queue_page(''{OVERDUE}'') p WHERE p.id = $1',
        'SELECT string_agg(kind || '' '' || tasks, '', '') FROM taskq_sweep() WHERE tasks > 0'] LOOP
        what := s;
        BEGIN
            EXECUTE s INTO result USING id;
        EXCEPTION WHEN OTHERS THEN
            result := SQLSTATE || ' ' || SQLERRM;
        END;
        RETURN NEXT;
    END LOOP;
END$$;
\pset format unaligned
BEGIN;
SET LOCAL session_replication_role = replica;
SELECT * FROM off_and_on(5);
SET LOCAL session_replication_role = origin;
SELECT kind, tasks FROM taskq_sweep() WHERE tasks > 0;
SELECT status FROM taskq_complete(5);
SELECT * FROM told WHERE task_id = 5;
ROLLBACK;
BEGIN;
ALTER TABLE taskq_task DISABLE TRIGGER ALL;
SELECT * FROM off_and_on(5);
ALTER TABLE taskq_task ENABLE TRIGGER ALL;
SELECT kind, tasks FROM taskq_sweep() WHERE tasks > 0;
SELECT status FROM taskq_complete(5);
SELECT * FROM told WHERE task_id = 5;
ROLLBACK;
BEGIN;
ALTER TABLE taskq_task DISABLE TRIGGER USER;
SELECT * FROM off_and_on(5);
ALTER TABLE taskq_task ENABLE TRIGGER USER;
SELECT kind, tasks FROM taskq_sweep() WHERE tasks > 0;
SELECT status FROM taskq_complete(5);
SELECT * FROM told WHERE task_id = 5;
ROLLBACK;

-- one of them at a time
BEGIN;
ALTER TABLE taskq_task DISABLE TRIGGER taskq_lifecycle_update;
SELECT * FROM off_and_on(5);
SELECT * FROM told WHERE task_id = 5;
ROLLBACK;
BEGIN;
ALTER TABLE taskq_task DISABLE TRIGGER taskq_lifecycle_updated;
UPDATE taskq_task SET status = 'IN_PROGRESS' WHERE id = 5 RETURNING status, started_at IS NOT NULL AS started;
UPDATE taskq_task SET due_date = '2020-01-01' WHERE id = 5 RETURNING status;
SELECT * FROM told WHERE task_id = 5;
ROLLBACK;

-- a full batch that cannot be swept ends all the same
ALTER TABLE taskq_task DISABLE TRIGGER USER;
INSERT INTO taskq_task (title, due_date) SELECT 'late', '2020-01-01' FROM generate_series(1, 2500);
CALL taskq_sweep_all();
ALTER TABLE taskq_task ENABLE TRIGGER USER;
CALL taskq_sweep_all();
SELECT count(*) AS left_over FROM taskq_task WHERE status = 'OPEN' AND due_date IS NOT NULL;

-- taskq's function in a trigger that lacks a transition table does nothing
CREATE TRIGGER mine AFTER UPDATE ON taskq_task REFERENCING OLD TABLE AS o FOR EACH STATEMENT EXECUTE FUNCTION taskq_task_updated();
UPDATE taskq_task SET title = 'once' WHERE status = 'OVERDUE';
SELECT DISTINCT count(*) FROM taskq_task_event WHERE kind = 'edited' AND changes -> 'title' ->> 'to' = 'once' GROUP BY task_id;

DROP VIEW told;
DROP EXTENSION taskq CASCADE;
DROP TABLE meddling, attempts;
DROP FUNCTION meddle, attempt, off_and_on;
