-- One launcher, connected to no database; the worker's tests are in test/t.
SELECT backend_type, datname, application_name FROM pg_stat_activity WHERE backend_type LIKE 'taskq%';
