-- The table of errors: SQLSTATE, and the message naming argument and bound.
-- Whatever is refused leaves nothing behind.
BEGIN;
INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana', true), ('sta_2', 'Bob', false);
INSERT INTO taskq_customer VALUES ('cus_1', 'Acme');
INSERT INTO taskq_task (id, title, status, started_at, completed_at, assignee_id) VALUES
    (1, 'open', 'OPEN', NULL, NULL, 'sta_1'), (2, 'completed', 'COMPLETED', now(), now(), 'sta_1');
ALTER TABLE taskq_task ALTER id RESTART 1000;
SELECT taskq_comment(2, 'a note') \g /dev/null
CREATE FUNCTION pg_temp.everything() RETURNS text LANGUAGE sql AS $$
    SELECT md5(string_agg(t::text, '' ORDER BY id)) || (SELECT count(*) FROM taskq_task_event) FROM taskq_task t
$$;
CREATE TEMP TABLE before AS SELECT pg_temp.everything() AS everything;

CREATE TEMP TABLE mistake (id int GENERATED ALWAYS AS IDENTITY, statement text, state text, message text);
-- No such task, for each verb and its sibling; a NULL id.
INSERT INTO mistake (statement, state, message)
SELECT format(CASE WHEN many THEN 'SELECT %s_many(%L%s)' ELSE 'SELECT %s(%s%s)' END, verb, CASE WHEN many THEN '{1,99}' ELSE id END, rest),
       'P0002', CASE WHEN id IS NULL THEN 'task NULL does not exist' ELSE 'task 99 does not exist' END
FROM (VALUES ('taskq_start', ''), ('taskq_complete', ''), ('taskq_cancel', ''), ('taskq_assign', ', NULL'), ('taskq_reschedule', ', NULL'),
             ('taskq_prioritize', ', ''HIGH'''), ('taskq_set_sla', ', 1'), ('taskq_edit', ''), ('taskq_comment', ', ''note''')) v(verb, rest),
     (VALUES (false, '99'), (false, 'NULL'), (true, '99')) i(many, id);
UPDATE mistake SET message = 'task NULL does not exist' WHERE statement LIKE '%(NULL%';
INSERT INTO mistake (statement, state, message)
SELECT format('SELECT %s_many(%s%s)', verb, ids, rest), '22023', message
FROM (VALUES ('taskq_start', ''), ('taskq_complete', ''), ('taskq_cancel', ''), ('taskq_assign', ', NULL'), ('taskq_reschedule', ', NULL'),
             ('taskq_prioritize', ', ''HIGH'''), ('taskq_set_sla', ', 1'), ('taskq_edit', ''), ('taskq_comment', ', ''note''')) v(verb, rest),
     (VALUES ('NULL', 'ids must not be null'), ('''{1,NULL}''', 'ids must not contain null (element 2)')) i(ids, message);

INSERT INTO mistake (statement, state, message) VALUES
    -- Staff and customers, by the API and by an UPDATE.
    ($$SELECT taskq_create('x', assignee_id => 'sta_9')$$, '23503', 'assignee_id "sta_9" is not a member of staff'),
    ($$SELECT taskq_create('x', assignee_id => 'sta_2')$$, '23503', 'assignee_id "sta_2" is not active'),
    ($$SELECT taskq_create('x', user_id => 'cus_9')$$, '23503', 'user_id "cus_9" is not a customer'),
    ($$SELECT taskq_assign(1, 'sta_9')$$, '23503', 'assignee_id "sta_9" is not a member of staff'),
    ($$SELECT taskq_assign(1, 'sta_2')$$, '23503', 'assignee_id "sta_2" is not active'),
    ($$SELECT taskq_assign_many('{1}', 'sta_2')$$, '23503', 'assignee_id "sta_2" is not active'),
    ($$SELECT taskq_claim('sta_2')$$, '23503', 'assignee_id "sta_2" is not active'),
    ($$SELECT taskq_claim('sta_9')$$, '23503', 'assignee_id "sta_9" is not a member of staff'),
    ($$UPDATE taskq_task SET assignee_id = 'sta_9' WHERE id = 1$$, '23503', 'assignee_id "sta_9" is not a member of staff'),
    ($$UPDATE taskq_task SET assignee_id = 'sta_2' WHERE id = 1$$, '23503', 'assignee_id "sta_2" is not active'),
    -- Arguments and their bounds.
    ($$SELECT taskq_create(NULL)$$, '22023', 'title must be 1 to 200 characters, not null'),
    ($$SELECT taskq_create('')$$, '22023', 'title must be 1 to 200 characters'),
    ($$SELECT taskq_create('  ')$$, '22023', 'title must not be blank'),
    ($$SELECT taskq_create(E'a\tb')$$, '22023', 'title must be one line without control characters'),
    ($$SELECT taskq_create(repeat('ü', 201))$$, '22023', 'title must be 1 to 200 characters'),
    ($$SELECT taskq_edit(1, repeat('x', 201))$$, '22023', 'title must be 1 to 200 characters'),
    ($$SELECT taskq_create('x', description => repeat('x', 65537))$$, '22023', 'description must be at most 65536 characters'),
    ($$SELECT taskq_create('x', source => repeat('x', 64))$$, '22023', 'source must be 1 to 63 characters'),
    ($$SELECT taskq_create('x', dedupe_key => '')$$, '22023', 'dedupe_key must be 1 to 255 characters'),
    ($$SELECT taskq_create('x', actor => repeat('x', 256))$$, '22023', 'actor must be 1 to 255 characters'),
    ($$SELECT taskq_comment(1, '')$$, '22023', 'note must be 1 to 65536 characters'),
    ($$SELECT taskq_complete(1, repeat('x', 65537))$$, '22023', 'note must be at most 65536 characters'),
    ($$SELECT taskq_cancel(1, repeat('x', 65537))$$, '22023', 'reason must be at most 65536 characters'),
    ($$SELECT taskq_claim('sta_1', 0)$$, '22023', 'count must be 1 to 1000'),
    ($$SELECT taskq_queue_page(page_size => 0)$$, '22023', 'page_size must be 1 to 1000'),
    ($$SELECT taskq_queue_page(page_size => 1001)$$, '22023', 'page_size must be 1 to 1000'),
    ($$SELECT taskq_queue_page(sort => 'name')$$, '22023', 'sort must be due, priority, created, sla or closed'),
    ($$SELECT taskq_sweep(0)$$, '22023', 'max_tasks must be 1 to 1000000'),
    ($$SELECT taskq_create_json('[]')$$, '22023', 'body must be a JSON object'),
    ($$SELECT taskq_create_json('{}')$$, '22023', 'field "title" is required'),
    ($$SELECT taskq_create_many_json('{}')$$, '22023', 'bodies must be a JSON array'),
    ($$SELECT taskq_create_many_json('[{"title": "x"}, 1]')$$, '22023', 'body 2 must be a JSON object'),
    ($$SELECT taskq_create_many_json('[{"title": "x"}, {}]')$$, '22023', 'body 2: field "title" is required'),
    ($$SELECT taskq_create_many_json('[{"title": "x"}, {"title": "x", "assignee_id": "sta_9"}]')$$, '23503', 'body 2: assignee_id "sta_9" is not a member of staff'),
    ($$SELECT taskq_create_json('{"title": 1}')$$, '22023', 'field "title" must be a string'),
    ($$SELECT taskq_create_json('{"title": "x", "prio": "HIGH"}')$$, '22023', 'field "prio" is not known'),
    -- What is no value of its type.
    ($$SELECT taskq_create('x', priority => 'TOP')$$, '22P02', 'invalid input value for enum taskq_priority: "TOP"'),
    ($$SELECT taskq_create('x', due_date => 'soon')$$, '22007', 'invalid input syntax for type date: "soon"'),
    ($$SELECT taskq_create_json('{"title": "x", "priority": "TOP"}')$$, '22P02', 'field "priority" must be LOW, MEDIUM, HIGH or URGENT, not "TOP"'),
    ($$SELECT taskq_create_json('{"title": "x", "due_date": "05/06/2026"}')$$, '22007', 'field "due_date" must be a date in the form YYYY-MM-DD'),
    -- Raw writes meet the CHECKs.
    ($$UPDATE taskq_task SET title = '' WHERE id = 1$$, '23514', 'new row for relation "taskq_task" violates check constraint "taskq_task_title_check"'),
    ($$UPDATE taskq_task SET sla_hours = 'NaN' WHERE id = 1$$, '23514', 'new row for relation "taskq_task" violates check constraint "taskq_task_sla_hours_check"'),
    ($$INSERT INTO taskq_task (title, status) VALUES ('x', 'COMPLETED')$$, '23514', NULL),
    ($$INSERT INTO taskq_task (title, due_date) VALUES ('x', 'infinity')$$, '23514', NULL),
    ($$UPDATE taskq_task_event SET note = 'x'$$, '23514', NULL),
    ($$TRUNCATE taskq_task$$, '23514', NULL),
    ($$DELETE FROM taskq_task WHERE id = 1$$, '23514', NULL);
INSERT INTO mistake (statement, state, message)
SELECT format(call, value), '22023', bound
FROM (VALUES ('SELECT taskq_create(''x'', sla_hours => %L)'), ('SELECT taskq_set_sla(1, %L)'), ('SELECT taskq_set_sla_many(''{1}'', %L)')) c(call),
     unnest('{0,-1,NaN,Infinity,-Infinity,87600.01}'::text[]) value,
     (VALUES ('sla_hours must be at least 1/3600000 (a millisecond) and at most 87600')) b(bound)
UNION ALL
SELECT format(call, value), '22023', bound
FROM (VALUES ('SELECT taskq_create(''x'', due_date => %L)'), ('SELECT taskq_reschedule(1, %L)'), ('SELECT taskq_reschedule_many(''{1}'', %L)')) c(call),
     unnest('{infinity,-infinity,0001-12-31 BC,10000-01-01}'::text[]) value,
     (VALUES ('due_date must be a date from 0001-01-01 to 9999-12-31')) b(bound);

SELECT plan(count(*)::int + 1) FROM mistake;
SELECT throws_ok(statement, state::char(5), message, left(statement, 80)) FROM mistake ORDER BY id;
SELECT is(pg_temp.everything(), everything, 'nothing was changed, nothing told') FROM before;
SELECT * FROM finish();
ROLLBACK;
