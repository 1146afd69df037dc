
-- ---------------------------------------------------------------------------
-- Last: nobody has anything until taskq_grant() says so; the worker may begin
-- ---------------------------------------------------------------------------

SELECT taskq_reapply_grants();
SELECT taskq_worker_wake();
