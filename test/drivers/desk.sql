-- The database that each program of test/drivers finds: an application's role at
-- level agent, a member of staff, a customer, messages on channel "tasks".  Ids
-- begin where a double precision number no longer holds every integer.
CREATE EXTENSION taskq;
SELECT taskq_grant('app', 'agent');
INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana'), ('sta_2', 'Bob');
INSERT INTO taskq_customer VALUES ('cus_1', 'Acme', 'sta_1');
SELECT setval('taskq_task_id_seq', 9007199254740992);
