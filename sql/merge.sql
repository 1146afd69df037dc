
-- ---------------------------------------------------------------------------
-- Merge of two customers
-- ---------------------------------------------------------------------------

CREATE FUNCTION taskq_merge_customer(
    from_id text, to_id text, actor text DEFAULT NULL,
    OUT tasks bigint, OUT renewals bigint, OUT policies bigint)
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_merge_customer';
COMMENT ON FUNCTION taskq_merge_customer(text, text, text) IS
'Merges a customer into another: its tasks, closed ones too, its renewals and SLA policies go over, and it stays as a pointer (taskq_customer.merged_into), inactive. What had been merged into it points to the other one too. Each task''s history says so (kind merged). An active task gets the SLA that fits its new customer if a policy gave it one. An active renewal that the other customer has as well (service type, reference, due date) is cancelled before it goes over, with those of its open tasks that nobody has started; a policy for the same team, kind, priority and source is disabled and stays where it is. The other customer keeps its agent, name and state. Returns how many tasks, renewals and policies went over. Again for the same two customers it takes what has been written under the old id since. With the rights of the owner of taskq_task, for callers who may update both customers. Errors: 22023 an id is NULL, or both are the same; 23503 unknown customer, to_id inactive or itself merged into another (HINT names that); 55000 from_id was erased, or merged into another than to_id; 42501 not allowed to update both; 0A000 in a transaction that is not READ COMMITTED.';

CREATE FUNCTION taskq_customer_pointer() RETURNS trigger
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_customer_pointer';
COMMENT ON FUNCTION taskq_customer_pointer() IS
'Trigger function of taskq_customer, AFTER INSERT, UPDATE and DELETE, in place of a foreign key of merged_into: it must be the id of a customer (23503), follows a new id, and keeps that customer from being deleted (23503). Not checked for rows that a dump inserts (check_function_bodies = off).';

CREATE TRIGGER taskq_customer_pointer AFTER INSERT OR UPDATE OR DELETE ON taskq_customer
    FOR EACH ROW EXECUTE FUNCTION taskq_customer_pointer();
