-- A document is uploaded: whoever of the desk has the least to do reviews it.
--
-- For a table of the application's own like
--
--     CREATE TABLE uploads (id bigint PRIMARY KEY, name text, customer_id text);

CREATE TRIGGER tell_taskq AFTER INSERT ON uploads
    FOR EACH ROW EXECUTE FUNCTION taskq_emit_change('document.uploaded');

INSERT INTO taskq_workflow_rule
    (name, event, action, title_template, due_in_days, sla_hours, assignee_strategy, user_id_path, dedupe_key)
VALUES
    ('Document uploaded', 'document.uploaded', 'CREATE_TASK', 'Review {{new.name}}',
     1, 24, 'LEAST_LOADED', 'new.customer_id', 'document-uploaded-{{new.id}}');
