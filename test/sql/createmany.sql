-- taskq_create_many_json: one statement, all or nothing.
CREATE EXTENSION taskq;
\set VERBOSITY terse
INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana', true), ('sta_2', 'Bob', false);
INSERT INTO taskq_customer VALUES ('cus_1', 'Acme');

-- in the order of the array, each as taskq_create_json would
SELECT j ->> 'title' AS title, j ->> 'priority' AS priority, j ->> 'due_date' AS due_date, j ->> 'status' AS status, j ->> 'created' AS created
FROM taskq_create_many_json('[{"title": "b"}, {"title": "a", "priority": "HIGH", "due_date": "2020-01-01", "user_id": "cus_1"}, {"title": "c", "dedupe_key": "k"}]', 'ana') j;
SELECT title, created_by FROM taskq_task ORDER BY id;
SELECT taskq_create_json('{"title": "one"}') - '{id,public_id}'::text[] = j - '{id,public_id}'::text[] AS the_same FROM taskq_create_many_json('[{"title": "one"}]') j;
-- a key that is taken, also by an element before
SELECT j ->> 'title' AS title, j ->> 'created' AS created, (j ->> 'id')::bigint = min((j ->> 'id')::bigint) OVER (PARTITION BY j ->> 'dedupe_key') AS the_holder
FROM taskq_create_many_json('[{"title": "d", "dedupe_key": "k"}, {"title": "e", "dedupe_key": "l"}, {"title": "f", "dedupe_key": "l"}]') j;
SELECT * FROM taskq_create_many_json('[]');
SELECT count(*), count(DISTINCT j ->> 'id') FROM taskq_create_many_json((SELECT jsonb_agg(jsonb_build_object('title', 'task ' || g)) FROM generate_series(1, 1000) g)) j;

-- what is wrong is said of which element, and nothing is done
SELECT count(*) AS tasks FROM taskq_task \gset
SELECT taskq_create_many_json(NULL);
SELECT taskq_create_many_json('null');
SELECT taskq_create_many_json('{"title": "x"}');
SELECT taskq_create_many_json('"x"');
SELECT taskq_create_many_json('[{"title": "x"}, null]');
SELECT taskq_create_many_json('[[{"title": "x"}]]');
SELECT taskq_create_many_json('["x"]');
SELECT taskq_create_many_json('[{"title": "x"}, {"title": "y"}, {"titel": "z"}]');
SELECT taskq_create_many_json('[{"title": "x"}, {"title": ""}]');
SELECT taskq_create_many_json('[{"title": "x"}, {"title": "y", "due_date": "2026-02-30"}]');
SELECT taskq_create_many_json('[{"title": "x"}, {"title": "y", "priority": "high"}]');
SELECT taskq_create_many_json('[{"title": "x"}, {"title": "y", "assignee_id": "sta_2"}]');
SELECT taskq_create_many_json('[{"title": "x"}, {"title": "y", "user_id": "cus_2"}]');
SELECT taskq_create_many_json('[{"title": "x"}]', '');
-- a trigger of the user's refuses one; the detail is kept, and where it was
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not on a Friday' USING ERRCODE = 'TQ001', DETAIL = 'It is one.'; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON taskq_task FOR EACH ROW WHEN (NEW.title = 'z') EXECUTE FUNCTION refuse();
\set VERBOSITY default
SELECT taskq_create_many_json('[{"title": "x"}, {"title": "z"}]');
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY terse
-- what is not the element's fault says nothing of it
SET statement_timeout = 1;
SELECT count(*) FROM taskq_create_many_json((SELECT jsonb_agg(jsonb_build_object('title', 'task ' || g)) FROM generate_series(1, 20000) g));
RESET statement_timeout;
SELECT count(*) - :tasks AS more FROM taskq_task;
DROP EXTENSION taskq;
DROP FUNCTION refuse;
