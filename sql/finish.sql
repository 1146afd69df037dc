
-- ---------------------------------------------------------------------------
-- Last: no privileges until taskq_grant(); the worker is woken
-- ---------------------------------------------------------------------------

SELECT taskq_reapply_grants();
SELECT taskq_worker_wake();
