-- Off by default; what is sent is in test/specs.
CREATE EXTENSION taskq;
SHOW taskq.notify_channel;
SET taskq.notify_channel = 'taskq_test';
SELECT taskq_create('not listened to') IS NOT NULL AS created;
-- a transaction that changes tasks and would notify of it can be prepared
SELECT current_setting('max_prepared_transactions')::int >= 0 AS ok;
DROP EXTENSION taskq;
