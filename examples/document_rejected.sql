-- A document is rejected: somebody follows it up with the customer.
--
-- For a table of the application's own like
--
--     CREATE TABLE documents (id bigint PRIMARY KEY, name text, customer_id text, status text);
--
-- The customer's agent gets two days, and a document has one follow-up at a
-- time, however often it is rejected.  All in the transaction that rejects it.

CREATE TRIGGER tell_taskq AFTER INSERT OR UPDATE ON documents
    FOR EACH ROW EXECUTE FUNCTION taskq_emit_change('document.changed', 'status');

INSERT INTO taskq_workflow_rule
    (name, event, condition, action, title_template, description_template,
     priority, due_in_days, assignee_strategy, user_id_path, dedupe_key)
VALUES
    ('Document rejected', 'document.changed', '$.new.status == "REJECTED"', 'CREATE_TASK',
     'Follow up on rejected {{new.name}}', 'Document {{new.id}} was rejected. Ask the customer for a better one.',
     'HIGH', 2, 'CUSTOMER_AGENT', 'new.customer_id', 'document-rejected-{{new.id}}');
