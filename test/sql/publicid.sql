-- Public ids: a bijection of 64 bits, always the same.
CREATE EXTENSION taskq;
\set SHOW_CONTEXT never
-- known ones
SELECT id, taskq_public_id(id) FROM unnest('{0,1,2,3,1000000,-1,9223372036854775807,-9223372036854775808}'::bigint[]) id;
SELECT taskq_id('tsk_922HDXJ4G4Q61') AS plain, taskq_id('TSK_922hdxj4g4q6L') AS l, taskq_id('tsk_922HDXJ4G4Q6i') AS i, taskq_id(translate(taskq_public_id(4), '0', 'o')) AS o;
-- each id has one of its own, and comes back
SELECT count(DISTINCT taskq_public_id(id)) AS ids, bool_and(taskq_id(taskq_public_id(id)) = id) AS back, bool_and(taskq_public_id(id) ~ '^tsk_[0-9A-F][0-9A-HJKMNP-TV-Z]{12}$') AS form
FROM generate_series(1, 100000) id;
SELECT bool_and(taskq_id(taskq_public_id(id)) = id) AS back
FROM (SELECT ('x' || md5(random()::text))::bit(64)::bigint AS id FROM generate_series(1, 10000)) r;
SELECT bool_and(taskq_public_id(taskq_id(p)) = p) AS back
FROM (SELECT 'tsk_' || translate(substr(md5(g::text), 1, 13), 'abcdef', 'QRXYZ8') AS p FROM generate_series(1, 1000) g) r WHERE p ~ '^tsk_\d';
SELECT taskq_id(NULL) IS NULL AS id, taskq_public_id(NULL) IS NULL AS public;
-- what is none
SELECT taskq_id('');
SELECT taskq_id('1');
SELECT taskq_id('tsk_922HDXJ4G4Q6');
SELECT taskq_id('tsk_922HDXJ4G4Q611');
SELECT taskq_id('tsk_922HDXJ4G4Q6U');
SELECT taskq_id('tsk_G22HDXJ4G4Q61');
SELECT taskq_id('cus_922HDXJ4G4Q61');
SELECT taskq_id(' tsk_922HDXJ4G4Q61');
SELECT taskq_id(repeat(U&'\00E4', 1000));
-- in JSON
SELECT j ->> 'public_id' = taskq_public_id((j ->> 'id')::bigint) AS same FROM taskq_create_json('{"title": "a task"}') j;
SELECT taskq_create_json('{"title": "a task", "public_id": "tsk_922HDXJ4G4Q61"}');
-- a condition on it is one of the primary key
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT FROM taskq_task WHERE id = taskq_id('tsk_922HDXJ4G4Q61');
DROP EXTENSION taskq CASCADE;
