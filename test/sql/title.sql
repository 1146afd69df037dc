-- One rule for titles, whichever way they come in.
CREATE EXTENSION taskq;
\set VERBOSITY terse
\set SHOW_CONTEXT never
-- one character at least can be seen
SELECT t.what, taskq_title_is_valid(t.title) AS valid, taskq_line_is_valid(t.title) AS stored FROM (VALUES
    ('Hangul filler', U&'\3164'), ('Hangul choseong filler', U&'\115F'), ('Hangul jungseong filler', U&'\1160'), ('halfwidth Hangul filler', U&'\FFA0'),
    ('Braille blank', U&'\2800'), ('lone acute', U&'\0301'), ('lone Devanagari vowel', U&'\093E'), ('enclosing keycap', U&'\20E3'),
    ('variation selector', U&'\FE0F'), ('variation selector 17', U&'\+0E0100'), ('tag', U&'\+0E0041'), ('joiner', U&'\200D'), ('word joiner', U&'\2060'),
    ('invisible times', U&'\2062'), ('Khmer inherent vowel', U&'\17B4'), ('Mongolian vowel separator', U&'\180E'), ('Ogham space', U&'\1680'),
    ('interlinear anchor', U&'\FFF9'), ('shorthand control', U&'\+01BCA0'), ('null notehead', U&'\+01D159'), ('hieroglyph blank', U&'\+013441'),
    ('soft hyphen', U&'\00AD'), ('byte order mark', U&'\FEFF'), ('noncharacter', U&'\FFFE'), ('line separator', U&'\2028'), ('many of them', U&' \3164\0301\2800\00A0'),
    ('letter in between', U&'\3164x\2800'), ('letter with an acute', U&'e\0301'), ('Hangul', U&'\D55C'), ('jamo', U&'\3131'), ('Braille', U&'\2801'),
    ('Arabic', U&'\0645'), ('Arabic number sign', U&'\0600'), ('emoji with joiners', U&'\+01F468\200D\+01F469'), ('keycap', U&'1\FE0F\20E3'), ('private use', U&'\E000'),
    ('not assigned yet', U&'\+03FFFD'), ('full stop', '.'), ('mark', U&'\200E'), ('mark and letter', U&'a\061C'), ('override', U&'a\202E'),
    ('line separator in between', U&'a\2028b'), ('paragraph separator at the end', U&'a\2029')) t(what, title);
SELECT count(*) AS invisible, count(*) FILTER (WHERE taskq_line_is_valid(chr(c))) AS of_these_in_0_2_0
FROM generate_series(1, 1114111) c WHERE c NOT BETWEEN 55296 AND 57343 AND NOT taskq_title_is_valid(chr(c));
-- the API: marks are taken out before anything is compared or counted, the rest is refused
SELECT taskq_create(U&'\200Fa\200Eb\061C') AS id \gset
SELECT title = 'ab' AS plain FROM taskq_task WHERE id = :id;
SELECT taskq_edit(:id, U&'a\200Fb'), taskq_edit_many(ARRAY[:id], U&'\200Eab') \g /dev/null
SELECT count(*) AS events FROM taskq_task_event;
SELECT length(title) FROM taskq_edit(:id, repeat('x', 200) || repeat(U&'\200E', 200));
SELECT title FROM taskq_edit(:id, U&'plain\061C');
SELECT changes -> 'title' ->> 'to' = 'plain' AS plain FROM taskq_task_event ORDER BY id DESC LIMIT 1;
SELECT taskq_create_json(jsonb_build_object('title', U&'b\200Fody')) ->> 'title' = 'body' AS plain;
SELECT taskq_create(U&'\3164');
SELECT taskq_create(U&'\200E');
SELECT taskq_create(U&'a\202Eb');
SELECT taskq_create_json(jsonb_build_object('title', U&'\2800'));
SELECT taskq_create_json(jsonb_build_object('title', U&'a\2066b'));
SELECT taskq_edit(:id, U&'\0301');
SELECT taskq_edit(:id, U&'\2069');
SELECT taskq_edit_many(ARRAY[:id], U&'\FFA0');
SELECT taskq_create(U&'a\2028b');
SELECT taskq_create_json(jsonb_build_object('title', U&'a\2029b'));
SELECT taskq_edit(:id, U&'a\2028');
SELECT taskq_edit_many(ARRAY[:id], U&'\2029a');
-- raw writes
INSERT INTO taskq_task (title) VALUES (U&'r\200Eaw') RETURNING id AS raw, title = 'raw' AS plain \gset
SELECT :'plain' AS plain;
SELECT count(*) AS events FROM taskq_task_event \gset
UPDATE taskq_task SET title = U&'\200Fraw' WHERE id = :raw RETURNING title = 'raw' AS plain;
SELECT count(*) - :events AS events FROM taskq_task_event;
UPDATE taskq_task SET title = U&'rawe\061Cr' WHERE id = :raw RETURNING title = 'rawer' AS plain;
INSERT INTO taskq_task (title) VALUES (U&'\3164');
INSERT INTO taskq_task (title) VALUES (U&'\200F');
INSERT INTO taskq_task (title) VALUES (U&'a\202E');
UPDATE taskq_task SET title = U&'\115F' WHERE id = :raw;
UPDATE taskq_task SET title = U&'\200E\2800' WHERE id = :raw;
UPDATE taskq_task SET title = U&'\2067' WHERE id = :raw;
INSERT INTO taskq_task (title) VALUES (U&'a\2028b');
UPDATE taskq_task SET title = U&'a\2029b' WHERE id = :raw;
CREATE FUNCTION blank() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.title := chr(12644); RETURN new; END $$;
CREATE TRIGGER zz_blank BEFORE UPDATE ON taskq_task FOR EACH ROW EXECUTE FUNCTION blank();
UPDATE taskq_task SET priority = 'HIGH' WHERE id = :raw;
DROP TRIGGER zz_blank ON taskq_task;
DROP FUNCTION blank;
DO $$
DECLARE
    relation text; con text; detail text;
BEGIN
    INSERT INTO taskq_task (title) VALUES (chr(10240));
EXCEPTION WHEN check_violation THEN
    GET STACKED DIAGNOSTICS relation = TABLE_NAME, con = CONSTRAINT_NAME, detail = PG_EXCEPTION_DETAIL;
    RAISE NOTICE '%, %: %', relation, con, detail;
END $$;
-- rules: marks are taken out, what is refused by hand is recorded as failed
INSERT INTO taskq_workflow_rule (name, event, action, title_template) VALUES ('told', 'told', 'CREATE_TASK', '{{title}}');
SELECT count(*) FROM taskq_emit('told', jsonb_build_object('title', U&'\200Fto\200Eld'));
SELECT count(*) FROM taskq_emit('told', jsonb_build_object('title', U&'a\202Eb'));
SELECT count(*) FROM taskq_emit('told', jsonb_build_object('title', U&'a\2068b'));
SELECT count(*) FROM taskq_emit('told', jsonb_build_object('title', U&'to\2028\2029ld'));
INSERT INTO taskq_workflow_rule (name, event, action, title_template) VALUES (U&'two\2028lines', 'hidden', 'CREATE_TASK', '{{title}}'), (U&'to\2029ld', 'named', 'CREATE_TASK', NULL);
SELECT count(*) FROM taskq_emit('hidden', jsonb_build_object('title', U&'\2028'));
SELECT count(*) FROM taskq_emit('named', '{}');
SELECT title FROM taskq_task ORDER BY id DESC LIMIT 2;
SELECT r.outcome, replace(r.message, U&'\2028', '?') AS message, t.title = 'told' AS plain, t.title = 'to ld' AS joined FROM taskq_workflow_run r LEFT JOIN taskq_task t ON t.id = r.task_id ORDER BY r.id;
-- renewals: whatever the names are, there is a task with a title that can be seen
INSERT INTO taskq_customer VALUES ('cus_1', U&'A\202Ec\200Fm\2066e\2028Ltd'), ('cus_2', U&'\3164');
INSERT INTO taskq_renewal_threshold (service_type, days_before, task_priority, title_template) VALUES
    ('visa', 14, 'HIGH', '{{customer.name}}'), ('permit', 14, 'HIGH', '{{renewal.reference}}');
SELECT taskq_renewal_create('cus_1', 'visa', '2999-01-01'), taskq_renewal_create('cus_2', 'visa', '2999-01-01'), taskq_renewal_create('cus_1', 'permit', '2999-01-01') \g /dev/null
UPDATE taskq_renewal SET due_date = taskq_today() + 14;
SELECT outcome, count(*) FROM taskq_renewals_refresh() GROUP BY 1;
SELECT user_id, replace(title, to_char(taskq_today() + 14, 'YYYY-MM-DD'), 'then') AS title, title ~ U&'[\200F\202E\2066\2028]' AS unclean FROM taskq_task WHERE source = 'RENEWAL' ORDER BY id;
-- what 0.2.0 accepted stays usable, and is restored as it was
SET check_function_bodies = off;
INSERT INTO taskq_task (id, title) VALUES (99, U&'\3164');
RESET check_function_bodies;
SELECT status, title = U&'\3164' AS kept FROM taskq_start(99);
UPDATE taskq_task SET due_date = '2020-01-01' WHERE id = 99;
SELECT status FROM taskq_complete(99);
SELECT title = U&'\3164' AS kept FROM taskq_task WHERE id = 99;
SET check_function_bodies = off;
INSERT INTO taskq_task (id, title) VALUES (98, U&'a\2028b');
RESET check_function_bodies;
SELECT status, title = U&'a\2028b' AS kept FROM taskq_start(98);
-- names of rules are checked as before
INSERT INTO taskq_workflow_rule (name, event, action) VALUES (U&'a\202E', 'x', 'CREATE_TASK');
INSERT INTO taskq_workflow_rule (name, event, action) VALUES (' ', 'x', 'CREATE_TASK');
DROP EXTENSION taskq;
