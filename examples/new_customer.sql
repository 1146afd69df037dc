-- A new customer: the initial document check is due in two days.
--
-- For a table of the application's own like
--
--     CREATE TABLE clients (id text PRIMARY KEY, name text, agent_id text);
--
-- Triggers of one table fire in the order of their names: the customer must be
-- mirrored before a task can be about them.

CREATE TRIGGER mirror AFTER INSERT OR UPDATE OR DELETE ON clients
    FOR EACH ROW EXECUTE FUNCTION taskq_mirror('customer', 'id', 'name', '', 'agent_id');
CREATE TRIGGER tell_taskq AFTER INSERT ON clients
    FOR EACH ROW EXECUTE FUNCTION taskq_emit_change('client.created');

INSERT INTO taskq_workflow_rule
    (name, event, action, title_template, due_in_days, assignee_strategy, user_id_path)
VALUES
    ('New customer', 'client.created', 'CREATE_TASK', 'Review {{new.name}} — initial document check',
     2, 'CUSTOMER_AGENT', 'new.id');
