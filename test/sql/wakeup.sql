-- Waking the worker does no harm where it does nothing; its status can be read.
CREATE EXTENSION taskq;
BEGIN;
SELECT taskq_worker_wake();
ROLLBACK;
SELECT taskq_worker_wake();
SELECT count(*) FROM taskq_worker_status WHERE database = current_database();
DROP EXTENSION taskq;
