-- Who did it: the argument, else the setting, else the session user.
CREATE EXTENSION taskq;
\set SHOW_CONTEXT never
SELECT taskq_actor() = session_user AS session_user;
SELECT taskq_create('a', actor => 'argument') AS a \gset
SET taskq.actor = 'setting';
SELECT taskq_actor();
SELECT taskq_create('b') AS b \gset
SELECT count(*) FROM taskq_start_many(ARRAY[:a, :b], actor => 'both');
UPDATE taskq_task SET status = 'COMPLETED' WHERE id = :b;
SELECT task_id, kind, actor, db_user = session_user AS db_user FROM taskq_task_history WHERE kind <> 'created' ORDER BY task_id, event_id;
SELECT id, created_by FROM taskq_task ORDER BY id;
BEGIN;
SELECT set_config('taskq.actor', 'local', true);
COMMIT;
SELECT taskq_actor();
SET taskq.actor = '';
SELECT taskq_actor() = session_user AS session_user;
SELECT taskq_create('c', actor => '');
SELECT taskq_create('c', actor => repeat('x', 256));
-- an error leaves no actor behind
\set VERBOSITY terse
SELECT taskq_complete(:b, actor => 'failed');
SELECT taskq_actor() = session_user AS session_user;
DROP EXTENSION taskq;
