-- taskq: from 0.2.0 to 0.3.0
\echo Use "ALTER EXTENSION taskq UPDATE TO '0.3.0'" to load this file. \quit

-- Scripts are ASCII, to go into a database of any encoding.
COMMENT ON COLUMN taskq_counter_state.snapshot_xmax IS 'Changes of transactions below this are in taskq_counter ...';
COMMENT ON COLUMN taskq_counter_state.snapshot_xip IS '... but for these, which were under way.';
COMMENT ON COLUMN taskq_task_event.changes IS 'Fields that changed, {"field": {"from": ..., "to": ...}}; NULL = none but the status.';
COMMENT ON COLUMN taskq_renewal_threshold.title_template IS 'Template of the task''s title over {"renewal": ..., "customer": ..., "days_before": ...}, see taskq_render(); cut off at 200 characters. NULL = "Renew {{renewal.service_type}} of {{customer.name}}, due {{renewal.due_date}}".';

SELECT taskq_reapply_grants();
