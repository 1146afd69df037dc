-- Rules: what may be saved, and when a change holds.
CREATE EXTENSION taskq;
\set SHOW_CONTEXT never
\set VERBOSITY terse
INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana');
-- every column but name, event and action has a default
INSERT INTO taskq_workflow_rule (name, event, action) VALUES ('first', 'something', 'CREATE_TASK');
-- refused when saved, naming the column
INSERT INTO taskq_workflow_rule (name, event, action) VALUES ('', 'x', 'CREATE_TASK');
INSERT INTO taskq_workflow_rule (name, event, action) VALUES ('first', 'x', 'CREATE_TASK');
INSERT INTO taskq_workflow_rule (name, event, action) VALUES ('x', '', 'CREATE_TASK');
INSERT INTO taskq_workflow_rule (name, event, action) VALUES ('x', repeat('e', 101), 'CREATE_TASK');
INSERT INTO taskq_workflow_rule (name, event, action) VALUES ('x', 'task.complete', 'CREATE_TASK');
INSERT INTO taskq_workflow_rule (name, event, action) VALUES ('x', 'renewal.crossed', 'CREATE_TASK');
INSERT INTO taskq_workflow_rule (name, event, action) VALUES ('x', 'x', 'DELETE');
INSERT INTO taskq_workflow_rule (name, event, action, condition) VALUES ('x', 'x', 'CREATE_TASK', '$.a = ');
INSERT INTO taskq_workflow_rule (name, event, action, title_template) VALUES ('x', 'x', 'CREATE_TASK', 'Fix {{new.name');
INSERT INTO taskq_workflow_rule (name, event, action, title_template) VALUES ('x', 'x', 'CREATE_TASK', '{{upper(new.name)}}');
INSERT INTO taskq_workflow_rule (name, event, action, description_template) VALUES ('x', 'x', 'CREATE_TASK', '{{');
INSERT INTO taskq_workflow_rule (name, event, action, dedupe_key) VALUES ('x', 'x', 'CREATE_TASK', '{{}}');
INSERT INTO taskq_workflow_rule (name, event, action, user_id_path) VALUES ('x', 'x', 'CREATE_TASK', '$.new.id');
INSERT INTO taskq_workflow_rule (name, event, action, assignee_path) VALUES ('x', 'x', 'CREATE_TASK', '{{new.id}}');
INSERT INTO taskq_workflow_rule (name, event, action, due_in_days) VALUES ('x', 'x', 'CREATE_TASK', -1);
INSERT INTO taskq_workflow_rule (name, event, action, sla_hours) VALUES ('x', 'x', 'CREATE_TASK', 'NaN');
INSERT INTO taskq_workflow_rule (name, event, action, assignee_id) VALUES ('x', 'x', 'CREATE_TASK', 'sta_9');
INSERT INTO taskq_workflow_rule (name, event, action, assignee_id, assignee_strategy) VALUES ('x', 'x', 'CREATE_TASK', 'sta_1', 'LEAST_LOADED');
INSERT INTO taskq_workflow_rule (name, event, action, assignee_strategy) VALUES ('x', 'x', 'CREATE_TASK', 'RANDOM');
INSERT INTO taskq_workflow_rule (name, event, action, assignee_pool) VALUES ('x', 'x', 'CREATE_TASK', '{sta_1}');
INSERT INTO taskq_workflow_rule (name, event, action) VALUES ('x', 'x', 'ASSIGN');
SELECT name, is_enabled FROM taskq_workflow_rule;
-- a condition is a predicate: the hint shows how to write it
\set VERBOSITY default
INSERT INTO taskq_workflow_rule (name, event, action, condition) VALUES ('x', 'x', 'CREATE_TASK', '$.new.status ? (@ == "REJECTED")');
INSERT INTO taskq_workflow_rule (name, event, action, condition) VALUES ('x', 'x', 'CREATE_TASK', 'strict $.items[*] ? (@.n > 3).name');
INSERT INTO taskq_workflow_rule (name, event, action, condition) VALUES ('x', 'x', 'CREATE_TASK', 'strict $.new.is_vip');
\set VERBOSITY terse
CREATE TABLE conditions (n int GENERATED ALWAYS AS IDENTITY, condition jsonpath);
INSERT INTO conditions (condition) SELECT unnest('{
    $.a == 1,strict $.a == 1,($.a == 1),$.a <> 1,$.a < 1 && $.b > 2,$.a <= 1 || $.b >= 2,!($.a == 1),exists($.a ? (@ > 1)),!exists($.a),"($.a == 1) is unknown",
    "$.a starts with \"x\"","$.a like_regex \"^x\" flag \"i\"",$.a + 1 == $.b,$.a.size() > 0,true,
    $,$.a,$.a[*],$.*,$.**,$.a ? (@ == 1),$.a ? (@ == true),$ ? (@.a == 1),$[*] ? (@ > 1).b,strict $.a ? (@ == 1),"$.a ? (exists(@.b))",
    ($.a == 1).type(),$.a.type(),$.a + 1,-$.a,"\"x\"",1,"null",false}'::jsonpath[]);
SELECT taskq_condition_is_predicate(condition) AS predicate, string_agg(condition::text, ', ' ORDER BY n) FROM conditions GROUP BY 1 ORDER BY 1;
SELECT taskq_condition_is_predicate(NULL) IS NULL AS strict;
-- what is called a predicate is true or false of something, and what is not is refused, each
CREATE FUNCTION saved(condition jsonpath) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO taskq_workflow_rule (name, event, action, condition) VALUES ('x', 'x', 'CREATE_TASK', saved.condition);
    RAISE EXCEPTION USING ERRCODE = 'TEST0';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END$$;
SELECT taskq_condition_is_predicate(condition) AS predicate, saved(condition), count(*) FROM conditions GROUP BY 1, 2 ORDER BY 1;
UPDATE taskq_workflow_rule SET condition = '$.a';
-- one that is there already does no harm: it stays, is changed in other ways and is restored; the hint is a warning then
SET check_function_bodies = off;
COPY taskq_workflow_rule (name, event, action, condition) FROM stdin;
of old	something	CREATE_TASK	$.new.is_vip
\.
RESET check_function_bodies;
UPDATE taskq_workflow_rule SET is_enabled = true, condition = condition WHERE name = 'of old';
SELECT outcome FROM taskq_emit_dry_run('something', '{"new": {"is_vip": true}}') WHERE rule_name = 'of old';
UPDATE taskq_workflow_rule SET condition = '$.new.is_vip ? (@ == true)' WHERE name = 'of old';
UPDATE taskq_workflow_rule SET condition = '$.new.is_vip == true' WHERE name = 'of old';
SELECT condition FROM taskq_workflow_rule WHERE name = 'of old';
DELETE FROM taskq_workflow_rule WHERE name = 'of old';
DROP FUNCTION saved;
DROP TABLE conditions;
-- a change holds at once, and not if it is rolled back
SELECT count(*) AS made FROM taskq_emit('something', '{}');
UPDATE taskq_workflow_rule SET is_enabled = false;
SELECT count(*) AS made FROM taskq_emit('something', '{}');
BEGIN;
UPDATE taskq_workflow_rule SET is_enabled = true;
SELECT count(*) AS made FROM taskq_emit('something', '{}');
ROLLBACK;
SELECT count(*) AS made FROM taskq_emit('something', '{}');
UPDATE taskq_workflow_rule SET is_enabled = true;
BEGIN;
SAVEPOINT s;
DELETE FROM taskq_workflow_rule;
SELECT count(*) AS made FROM taskq_emit('something', '{}');
ROLLBACK TO s;
SELECT count(*) AS made FROM taskq_emit('something', '{}');
COMMIT;
-- also in a transaction with an old snapshot
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM taskq_workflow_rule;
INSERT INTO taskq_workflow_rule (name, event, action) VALUES ('second', 'something', 'CREATE_TASK');
SELECT count(*) AS made FROM taskq_emit('something', '{}');
COMMIT;
TRUNCATE taskq_workflow_rule;
SELECT count(*) AS made FROM taskq_emit('something', '{}');
DROP EXTENSION taskq;
