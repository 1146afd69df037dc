-- What feed.py reads: run once, in the database of the desk, by a superuser.
-- wal_level must be logical.  From here on the server keeps every change until
-- feed.py has confirmed it, so that a feed given up must be dropped:
--
--   SELECT pg_drop_replication_slot('taskq_feed');
--   DROP PUBLICATION taskq_feed;
--
CREATE PUBLICATION taskq_feed FOR TABLE taskq_task, taskq_task_event WITH (publish = 'insert, update, delete');
SELECT pg_create_logical_replication_slot('taskq_feed', 'pgoutput');
