-- Fields of the desk's own: labels and attributes, on every way into a task.
CREATE EXTENSION taskq;
\set VERBOSITY terse
\set SHOW_CONTEXT never
\pset null -
\pset format unaligned
SET client_encoding = 'UTF8';
CREATE FUNCTION fields(id bigint) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', coalesce(t.labels::text, '-'), coalesce(t.attributes::text, '-')) FROM taskq_task t WHERE t.id = $1
$$;

-- what is stored: sorted by bytes, distinct, one dimension from 1; nothing is NULL
SELECT fields(taskq_create('created', labels => '{b,a,b,B,é,a b}', attributes => '{"b": 1, "a": {"c": [1, null]}}'));
SELECT fields(taskq_create('created', labels => '[7:8]={b,a}'));
SELECT fields(taskq_create('created', labels => labels, attributes => attributes))
FROM (VALUES (NULL::text[], NULL::jsonb), ('{}', '{}'), ('{}', 'null')) v(labels, attributes);
SELECT t.j -> 'labels' AS labels, t.j -> 'attributes' AS attributes
FROM unnest(ARRAY['{"title": "x", "labels": ["b", "a", "b"], "attributes": {"po": 4711, "deep": {"er": []}}}',
    '{"title": "x", "labels": [], "attributes": {}}', '{"title": "x", "labels": null, "attributes": null}']::jsonb[]) body, LATERAL (SELECT taskq_create_json(body) AS j) t;
INSERT INTO taskq_task (title, labels, attributes) VALUES ('raw', '{b,a,b}', '{"x": 1}'), ('raw', '{}', '{}'), ('raw', '{}', 'null') RETURNING labels, attributes;
UPDATE taskq_task SET labels = '{z,y,z}', attributes = attributes || '{"y": 2}' WHERE title = 'raw' AND attributes IS NOT NULL RETURNING labels, attributes;
UPDATE taskq_task SET labels = '{}', attributes = '{}' WHERE title = 'raw' RETURNING labels, attributes;
SELECT fields(taskq_create('full', labels => ARRAY(SELECT repeat('é', 60) || to_char(g % 32, 'FM000') FROM generate_series(1, 10000) g))) ~ 'é000,.*é031\} -$' AS full;

-- what is refused: by the API naming the argument, in plain writes naming the rule
CREATE FUNCTION state_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    rule text;
BEGIN
    EXECUTE statement;
    RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS rule = CONSTRAINT_NAME;
    RETURN concat_ws(' ', SQLSTATE, coalesce(nullif(rule, ''), SQLERRM));
END $$;
CREATE TABLE bad (n serial, labels text[], attributes jsonb);
INSERT INTO bad (labels) VALUES ('{a,NULL}'), ('{a,""}'), (ARRAY[repeat('é', 63), repeat('é', 64)]), ('{{a,b},{c,d}}'), (ARRAY(SELECT g::text FROM generate_series(1, 33) g)),
    (ARRAY(SELECT g::text FROM generate_series(1, 10000) g));
INSERT INTO bad (attributes) VALUES ('[]'), ('[{"a": 1}]'), ('"a"'), ('1'), ('true'), (jsonb_build_object('a', repeat('x', 16376))), (jsonb_build_object('a', repeat('x', 1000000))),
    ('{"a": 1e100000}'), (jsonb_build_object('a', repeat(E'\n', 8190)));
SELECT n, state_of(format('SELECT taskq_create(%L, labels => %L, attributes => %L)', 'x', labels, attributes)) AS created,
    state_of(format('INSERT INTO taskq_task (title, labels, attributes) VALUES (%L, %L, %L)', 'x', labels, attributes)) AS inserted,
    state_of(format('UPDATE taskq_task SET labels = %L, attributes = %L WHERE title = %L', labels, attributes, 'raw')) AS updated,
    state_of(format('SELECT taskq_edit(max(id), labels => %L, attributes => %L) FROM taskq_task', labels, attributes)) LIKE '22023%' AS edit
FROM bad ORDER BY n;
SELECT state_of(format('SELECT taskq_create_json(%L)', jsonb_build_object('title', 'x') || body))
FROM unnest('{"{\"labels\": \"a\"}","{\"labels\": {\"a\": 1}}","{\"labels\": [\"a\", 1]}","{\"labels\": [null]}","{\"labels\": [[\"a\"]]}","{\"labels\": [\"\"]}",
    "{\"attributes\": \"a\"}","{\"attributes\": [1]}","{\"attributes\": 1}"}'::jsonb[]) body;
\set VERBOSITY default
INSERT INTO taskq_task (title, labels) VALUES ('x', '{""}');
INSERT INTO taskq_task (title, attributes) VALUES ('x', '[]');
\set VERBOSITY terse
-- PostgreSQL's own bounds: NUL, and nesting that is not too deep
SELECT taskq_create('x', attributes => '{"a": "\u0000"}');
SELECT taskq_create('deep', attributes => (repeat('{"a":', 1000) || '1' || repeat('}', 1000))::jsonb) > 0 AS nested;
-- the bound is that of the text, to the byte
CREATE TABLE bounds (attributes jsonb);
INSERT INTO bounds
SELECT j || jsonb_build_object('fill', repeat('x', 16384 - octet_length(j::text) - 12 + d))
FROM unnest(ARRAY['{"a": [1, 2.50, -3e5, null, true, false, [], {}, [[]], {"b": {"c": [[1], [2]]}}], "ü": "ü\"\\\b\f\n\r\t\u0001/"}']::jsonb[]) j, generate_series(-1, 1) d;
SELECT octet_length(attributes::text) AS size, state_of(format('SELECT taskq_create(%L, attributes => %L)', 'x', attributes)) FROM bounds;

-- of a dump it may have become longer by its conversion into another encoding
SET check_function_bodies = off;
INSERT INTO taskq_task (title, attributes) SELECT 'restored', attributes FROM bounds WHERE octet_length(attributes::text) > 16384 RETURNING octet_length(attributes::text) AS size;
INSERT INTO taskq_task (title, attributes) VALUES ('x', jsonb_build_object('a', repeat('x', 65536)));
RESET check_function_bodies;

-- editing: NULL keeps, '{}' clears, the same records nothing; and what the history says
SELECT taskq_create('edited', 'text', labels => '{a,b}', attributes => '{"a": 1, "b": {"x": [1]}, "c": null}') AS id \gset
CREATE VIEW told AS SELECT kind, changes FROM taskq_task_event WHERE task_id = (SELECT id FROM taskq_task WHERE title LIKE 'edited%') ORDER BY id;
SELECT title, labels, attributes FROM taskq_edit(:id, 'edited too');
SELECT labels, attributes FROM taskq_edit(:id, labels => '{b,a,a}', attributes => '{"c": null, "b": {"x": [1]}, "a": 1}');
SELECT labels, attributes FROM taskq_edit(:id, attributes => 'null');
SELECT labels, attributes FROM taskq_edit(:id, labels => '{c,b}');
SELECT labels, attributes FROM taskq_edit(:id, attributes => '{"a": 1.0, "b": {"x": [1, 2]}, "d": "new"}');
SELECT title, labels FROM taskq_edit(:id, 'edited again', '', '{c}', actor => 'ana');
SELECT labels, attributes FROM taskq_edit(:id, labels => '{}');
SELECT labels, attributes FROM taskq_edit(:id, attributes => '{}');
SELECT labels, attributes FROM taskq_edit(:id, labels => '{}', attributes => '{}');
SELECT labels, attributes FROM taskq_edit_many(ARRAY[:id], labels => '{n,m}', attributes => '{"a": 0}');
UPDATE taskq_task SET labels = labels || 'k'::text, priority = 'HIGH' WHERE id = :id RETURNING labels;
TABLE told;
-- what was stored without the triggers is told of as it was
SET session_replication_role = replica;
UPDATE taskq_task SET labels = '{z,NULL,a,z}', attributes = '[1]' WHERE id = :id;
RESET session_replication_role;
SELECT labels, attributes FROM taskq_edit(:id, labels => '{b,z}', attributes => '{"a": 1}');
SELECT kind, changes FROM taskq_task_event WHERE task_id = :id ORDER BY id DESC LIMIT 1;
SELECT status FROM taskq_cancel(:id);
SELECT taskq_edit(:id, labels => '{late}');

-- filters: has all of the labels, contains the attributes; nothing asks for nothing
SELECT taskq_create(title, labels => labels::text[], attributes => attributes::jsonb) > 0 AS created
FROM (VALUES ('f1', '{vip,eu}', '{"po": 1, "addr": {"city": "Ulm"}}'), ('f2', '{vip}', '{"po": 1}'), ('f3', NULL, NULL)) v(title, labels, attributes);
CREATE FUNCTION found(labels text[] DEFAULT NULL, attributes jsonb DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', taskq_queue_count(NULL, search => 'f', labels => $1, attributes => $2), string_agg(title, ',' ORDER BY title)) FROM taskq_queue_page(NULL, search => 'f', labels => $1, attributes => $2) WHERE title ~ '^f\d'
$$;
SELECT labels, found(labels::text[]) FROM unnest(ARRAY['{vip}', '{eu,vip}', '{vip,eu,vip}', '{none}', '{VIP}']) labels;
SELECT attributes, found(attributes => attributes::jsonb) FROM unnest(ARRAY['{"po": 1}', '{"addr": {}}', '{"addr": {"city": "Ulm"}}', '{"po": "1"}', '{"no": null}']) attributes;
SELECT found('{vip}', '{"addr": {"city": "Ulm"}}') AS both;
SELECT found() = found('{}') AND found() = found(attributes => '{}') AND found() = found(attributes => 'null') AS no_filter;
SELECT sort, string_agg(title, ',') FROM unnest('{due,priority,created,sla,closed}'::text[]) sort, taskq_queue_page(NULL, sort => sort, labels => '{vip}') GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM taskq_queue_page(labels => '{vip,NULL}');
SELECT count(*) FROM taskq_queue_page(attributes => '[]');
SELECT taskq_queue_count(attributes => '1');

-- rules see them, and templates reach into them
INSERT INTO taskq_workflow_rule (name, event, condition, action, title_template, description_template)
VALUES ('vip', 'task.created', '$.task.labels[*] == "vip"', 'CREATE_TASK', 'Order {{task.attributes.po}} to {{task.attributes.addr.city}}', '{{task.labels}}');
SELECT taskq_create('ordered', labels => '{vip,b}', attributes => '{"po": 4711, "addr": {"city": "Ulm"}}') > 0 AS created;
SELECT title, description FROM taskq_task ORDER BY id DESC LIMIT 1;
DELETE FROM taskq_workflow_rule;

-- erased with the customer's texts, from the history too
INSERT INTO taskq_customer VALUES ('cus_1', 'Jane');
SELECT taskq_create('erased', user_id => 'cus_1', labels => '{jane}', attributes => '{"name": "Jane"}') AS gone \gset
SELECT count(*) FROM taskq_edit(:gone, labels => '{jane,doe}', attributes => '{"name": "Jane Doe"}');
SELECT count(*) FROM taskq_cancel(:gone);
SELECT * FROM taskq_erase_customer('cus_1');
SELECT fields(:gone);
SELECT kind, changes FROM taskq_task_event WHERE task_id = :gone ORDER BY id;
SELECT count(*) FROM taskq_task_event e, taskq_task t WHERE concat(e, t) ILIKE '%jane%';

-- no index is made for them; where there is one, the filters use it
SELECT count(*) FROM pg_index WHERE indrelid = 'taskq_task'::regclass AND pg_get_indexdef(indexrelid) LIKE '%USING gin%';
INSERT INTO taskq_task (title, labels, attributes)
SELECT 'many', ARRAY['l' || g % 1000, 'all'], jsonb_build_object('n', g) FROM generate_series(1, 20000) g;
CREATE INDEX CONCURRENTLY desk_labels ON taskq_task USING gin (labels) WHERE labels IS NOT NULL;
CREATE INDEX CONCURRENTLY desk_attributes ON taskq_task USING gin (attributes jsonb_path_ops) WHERE attributes IS NOT NULL;
VACUUM ANALYZE taskq_task;
CREATE FUNCTION plan(statement text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS off) ' || statement LOOP
        IF line ~ 'Index|Scan' THEN RETURN NEXT trim(line); END IF;
    END LOOP;
END $$;
SELECT plan($$SELECT id FROM taskq_tasks WHERE labels @> '{l7}' AND is_active$$);
SELECT plan($$SELECT id FROM taskq_task WHERE attributes @> '{"n": 7}'$$);
-- pages and counts, by what the indexes have been asked
CREATE FUNCTION used(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    labels bigint;
    attributes bigint;
    n bigint;
BEGIN
    PERFORM pg_stat_clear_snapshot();
    SELECT pg_stat_get_xact_numscans('desk_labels'::regclass), pg_stat_get_xact_numscans('desk_attributes'::regclass) INTO labels, attributes;
    EXECUTE 'SELECT count(*) FROM ' || statement INTO n;
    RETURN concat_ws(' ', n, CASE WHEN pg_stat_get_xact_numscans('desk_labels'::regclass) > labels THEN 'labels' END,
        CASE WHEN pg_stat_get_xact_numscans('desk_attributes'::regclass) > attributes THEN 'attributes' END);
END $$;
SELECT s, used(s) FROM unnest(ARRAY[$$taskq_queue_page(labels => '{l7}')$$, $$taskq_queue_page(NULL, labels => '{l7}', sort => 'created')$$, $$taskq_queue_page(labels => '{all}')$$,
    $$taskq_queue_page(attributes => '{"n": 7}')$$, $$taskq_queue_page(labels => '{all}', attributes => '{"n": 7}', sort => 'priority')$$,
    $$taskq_queue_count(labels => '{l7}')$$, $$taskq_queue_count(NULL, attributes => '{"n": 7}')$$]) s;

DROP VIEW told;
DROP FUNCTION plan, used, fields, state_of, found;
DROP TABLE bad, bounds;
DROP EXTENSION taskq CASCADE;
