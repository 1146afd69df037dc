-- Creating tasks: from arguments, and from the platform's body.
CREATE EXTENSION taskq;
\set SHOW_CONTEXT never
\set VERBOSITY terse
INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana', true), ('sta_2', 'Bob', false);
INSERT INTO taskq_customer VALUES ('cus_1', 'Acme');
SELECT taskq_create('Only a title') AS id \gset
SELECT title, description, priority, status, due_date, source, created_by = session_user AS by_me FROM taskq_task WHERE id = :id;
SELECT taskq_create('All NULL', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL) > 0 AS created;
SELECT taskq_create('Born late', due_date => taskq_today() - 1) AS late \gset
SELECT status FROM taskq_task WHERE id = :late;
-- a taken key gives its holder; a closed one is free again
SELECT taskq_create('first', dedupe_key => 'k') AS first \gset
SELECT taskq_create('second', dedupe_key => 'k') = :first AS same;
SELECT status FROM taskq_cancel(:first);
SELECT taskq_create('third', dedupe_key => 'k') = :first AS same;
-- bounds, each leaving nothing behind
BEGIN;
SELECT count(*) AS before FROM taskq_task \gset
\set ON_ERROR_ROLLBACK on
SELECT taskq_create(NULL);
SELECT taskq_create('');
SELECT taskq_create(repeat('x', 201));
SELECT taskq_create(E'two\nlines');
SELECT taskq_create(U&'over\202Eride');
SELECT taskq_create('x', repeat('d', 65537));
SELECT taskq_create('x', sla_hours => 0);
SELECT taskq_create('x', sla_hours => -1);
SELECT taskq_create('x', sla_hours => 'NaN');
SELECT taskq_create('x', sla_hours => 'Infinity');
SELECT taskq_create('x', sla_hours => 1e300);
SELECT taskq_create('x', due_date => 'infinity');
SELECT taskq_create('x', due_date => '-infinity');
SELECT taskq_create('x', due_date => '5874897-12-31');
SELECT taskq_create('x', assignee_id => 'sta_9');
SELECT taskq_create('x', assignee_id => 'sta_2');
SELECT taskq_create('x', user_id => 'cus_9');
SELECT taskq_create('x', source => 'RENEWAL');
SELECT taskq_create('x', source => '');
SELECT taskq_create('x', dedupe_key => repeat('k', 256));
SELECT taskq_create_json(NULL);
SELECT taskq_create_json('[]');
SELECT taskq_create_json('"x"');
SELECT taskq_create_json('{}');
SELECT taskq_create_json('{"title": null}');
\set VERBOSITY default
SELECT taskq_create_json('{"title": 1}');
SELECT taskq_create_json('{"title": ["x"]}');
SELECT taskq_create_json('{"title": {"x": 1}}');
SELECT taskq_create_json('{"title": "x", "titel": "y"}');
SELECT taskq_create_json('{"title": "x", "id": 1}');
SELECT taskq_create_json('{"title": "x", "sla_hours": "4"}');
\set VERBOSITY terse
SELECT taskq_create_json('{"title": "x", "sla_hours": 1e400}');
SELECT taskq_create_json('{"title": "x", "priority": "high"}');
SELECT taskq_create_json('{"title": "x", "due_date": "05/06/2026"}');
SELECT taskq_create_json('{"title": "x", "due_date": "2026-02-30"}');
SELECT taskq_create_json('{"title": "x", "due_date": "infinity"}');
SELECT taskq_create_json('{"title": "x", "due_date": true}');
SELECT taskq_create_json('{"title": "x", "assignee_id": "sta_2"}');
SELECT taskq_create_json(jsonb_build_object('title', repeat('x', 1000000)));
SELECT taskq_create_json(jsonb_build_object('title', 'x', repeat('k', 100), 1));
SELECT count(*) = :before AS nothing_left, (SELECT count(*) FROM taskq_task_event) AS events FROM taskq_task;
COMMIT;
-- the platform's body
SELECT taskq_create_json('{"user_id":"cus_1","title":"Chase outstanding bank statement","priority":"HIGH","due_date":"2026-06-05","assignee_id":"sta_1"}')
    - '{id,created_at,updated_at,created_by,days_overdue}'::text[] AS body;
SELECT taskq_create_json('{"title":"x","description":null,"dedupe_key":"j"}') ->> 'created' AS created;
SELECT taskq_create_json('{"title":"y","dedupe_key":"j"}') - 'id' @> '{"created": false, "title": "x"}' AS the_holder;
DROP EXTENSION taskq;
