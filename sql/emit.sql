
-- ---------------------------------------------------------------------------
-- Emit: events of the application's own
-- ---------------------------------------------------------------------------

CREATE FUNCTION taskq_emit(event text, payload jsonb, user_id text DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS SETOF bigint
    LANGUAGE c ROWS 1
    AS 'MODULE_PATHNAME', 'taskq_emit';
COMMENT ON FUNCTION taskq_emit(text, jsonb, text, text) IS
'Offers an event of the application''s to the rules, in the caller''s transaction and with the rights of the owner of taskq_task; returns the ids of the tasks that were made. A rule that fails is recorded in taskq_workflow_run and breaks nothing. user_id: the customer whom the event is about. Errors: 22023 event empty, over 100 characters or beginning with task. or renewal. (taskq''s own), payload no JSON object; 23503 unknown customer.';

CREATE FUNCTION taskq_emit_dry_run(
    event text, payload jsonb, user_id text DEFAULT NULL,
    OUT rule_id bigint, OUT rule_name text, OUT rule_event text, OUT depth integer, OUT outcome text, OUT message text,
    OUT title text, OUT priority taskq_priority, OUT due_date date, OUT assignee_id text, OUT task_user_id text)
    RETURNS SETOF record
    LANGUAGE c ROWS 5
    AS 'MODULE_PATHNAME', 'taskq_emit_dry_run';
COMMENT ON FUNCTION taskq_emit_dry_run(text, jsonb, text) IS
'What taskq_emit() would do, a row for each rule that would fire, further rules set off by the first included: it is done and taken back. An enabled rule for the event that would not fire has outcome "no match", and message says why. Of a task that was there before, title and the columns behind it are NULL if row security hides it from the caller. Here the event may be one of taskq''s own. Errors: as taskq_emit.';

CREATE FUNCTION taskq_emit_change() RETURNS trigger
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_emit_change';
COMMENT ON FUNCTION taskq_emit_change() IS
'Trigger function, AFTER INSERT, UPDATE or DELETE FOR EACH ROW on the application''s own table. Arguments: the event, then, if wanted, columns: an UPDATE that changes none of these is no event. Payload: op (INSERT, UPDATE, DELETE), table, old and new (the row, or null). The owner of the table must be allowed to execute this function (42501).';
