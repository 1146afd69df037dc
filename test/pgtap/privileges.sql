-- Who may do what: every object of the extension, every level.  An object
-- that is in no list fails, so that a new one needs a decision.
BEGIN;
SELECT plan(7);
CREATE ROLE taskq_test_none;
CREATE ROLE taskq_test_viewer;
CREATE ROLE taskq_test_agent;
CREATE ROLE taskq_test_manager;
SELECT taskq_grant(('taskq_test_' || l)::name, l) FROM unnest('{viewer,agent,manager}'::text[]) l \g /dev/null

CREATE TEMP TABLE member AS
SELECT d.classid, d.objid FROM pg_depend d
WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'taskq');
CREATE TEMP TABLE level (rank int, role name);
INSERT INTO level VALUES (0, 'taskq_test_none'), (1, 'taskq_test_viewer'), (2, 'taskq_test_agent'), (3, 'taskq_test_manager');

-- The lowest level that may execute; 9 = the owner only.
CREATE TEMP TABLE routine (name text, lowest int);
INSERT INTO routine
SELECT unnest('{taskq_priority_rank,taskq_today,taskq_day_start,taskq_actor,taskq_title_is_valid,taskq_phase,taskq_effective_status,
    taskq_sla_status_at,taskq_queue_page,taskq_queue_count,taskq_stats,taskq_sla_report,taskq_worker_get_status,
    taskq_render,taskq_template_check,taskq_event_check,taskq_renewal_ladder}'::text[]), 1
UNION ALL SELECT unnest('{taskq_create,taskq_create_json,taskq_start,taskq_start_many,taskq_complete,taskq_complete_many,taskq_cancel,
    taskq_cancel_many,taskq_assign,taskq_assign_many,taskq_reschedule,taskq_reschedule_many,taskq_prioritize,taskq_prioritize_many,
    taskq_set_sla,taskq_set_sla_many,taskq_edit,taskq_edit_many,taskq_comment,taskq_comment_many,taskq_claim,
    taskq_renewal_create,taskq_renewal_complete,taskq_renewal_cancel,taskq_emit}'::text[]), 2
UNION ALL SELECT unnest('{taskq_sweep,taskq_sweep_all,taskq_purge,taskq_mirror,taskq_worker_wake,taskq_renewals_refresh,taskq_emit_change,taskq_emit_dry_run,taskq_erase_customer}'::text[]), 3
UNION ALL SELECT unnest('{taskq_grant,taskq_revoke,taskq_reapply_grants,taskq_task_event_guard,taskq_task_insert,taskq_task_update,
    taskq_task_updated,taskq_task_delete,taskq_task_deleted,
    taskq_workflow_rule_changed,taskq_renewal_guard,taskq_renewal_closed,taskq_renewal_threshold_changed}'::text[]), 9;
SELECT set_eq($$SELECT proname::text FROM pg_proc JOIN member ON classid = 'pg_proc'::regclass AND objid = pg_proc.oid$$,
    'SELECT name FROM routine', 'every routine is in the list');
SELECT is_empty($$SELECT r.name, l.role FROM routine r CROSS JOIN level l JOIN pg_proc p ON p.proname = r.name
    JOIN member m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
    WHERE has_function_privilege(l.role, p.oid, 'EXECUTE') <> (l.rank >= r.lowest)$$, 'routines may be executed from their level on');

-- Relations: the lowest level for each privilege, NULL = none.
CREATE TEMP TABLE relation (name text, sel int, ins int, upd int, del int);
INSERT INTO relation VALUES
    ('taskq_task', 1, NULL, NULL, 3), ('taskq_staff_member', 1, 3, 3, 3), ('taskq_customer', 1, 3, 3, 3),
    ('taskq_workflow_rule', 1, 3, 3, 3), ('taskq_renewal_threshold', 1, 3, 3, 3),
    ('taskq_erasure', 3, NULL, NULL, NULL), ('taskq_role_grant', NULL, NULL, NULL, NULL), ('taskq_workflow_turn', NULL, NULL, NULL, NULL), ('taskq_renewal_recheck', NULL, NULL, NULL, NULL);
INSERT INTO relation (name, sel) SELECT unnest('{taskq_task_event,taskq_task_history,taskq_tasks,taskq_queue,taskq_queue_stats,taskq_workload,
    taskq_sla_violations,taskq_sweep_log,taskq_worker_status,taskq_workflow_run,taskq_renewal,taskq_renewals,taskq_renewal_crossing}'::text[]), 1;
SELECT set_eq($$SELECT relname::text FROM pg_class JOIN member ON classid = 'pg_class'::regclass AND objid = pg_class.oid WHERE relkind IN ('r', 'v')$$,
    'SELECT name FROM relation', 'every table and view is in the list');
SELECT is_empty($$SELECT r.name, l.role, p.privilege FROM relation r CROSS JOIN level l
    CROSS JOIN LATERAL (VALUES ('SELECT', sel), ('INSERT', ins), ('UPDATE', upd), ('DELETE', del), ('TRUNCATE', NULL), ('REFERENCES', NULL), ('TRIGGER', NULL)) p(privilege, lowest)
    WHERE has_table_privilege(l.role, r.name::regclass, p.privilege) <> coalesce(l.rank >= p.lowest, false)$$,
    'tables and views: nothing but what the level has');

-- Columns of tasks that an agent may write.
SELECT is_empty($$SELECT l.role, a.attname, p.privilege FROM level l, pg_attribute a, (VALUES ('INSERT'), ('UPDATE')) p(privilege)
    WHERE a.attrelid = 'taskq_task'::regclass AND a.attnum > 0 AND NOT a.attisdropped
      AND has_column_privilege(l.role, a.attrelid, a.attnum, p.privilege) <> (l.rank >= 2 AND (
          a.attname = ANY ('{title,description,priority,status,due_date,sla_hours,assignee_id}')
          OR p.privilege = 'INSERT' AND a.attname = ANY ('{user_id,source,dedupe_key}')))$$,
    'columns of taskq_task: an agent writes no key, no stamp and no source');
SELECT is_empty($$SELECT l.role, a.attname, p.privilege FROM level l, pg_attribute a, (VALUES ('INSERT'), ('UPDATE')) p(privilege)
    WHERE a.attrelid = 'taskq_renewal'::regclass AND a.attnum > 0 AND NOT a.attisdropped
      AND has_column_privilege(l.role, a.attrelid, a.attnum, p.privilege) <> (l.rank >= 2 AND (
          a.attname = ANY ('{service_type,due_date,assignee_id,reference,notes}')
          OR p.privilege = 'INSERT' AND a.attname = 'user_id' OR p.privilege = 'UPDATE' AND a.attname = 'status'))$$,
    'columns of taskq_renewal: an agent writes no key and no stamp');
SELECT is_empty($$SELECT c.relname, l.role FROM level l, pg_class c JOIN member m ON m.classid = 'pg_class'::regclass AND m.objid = c.oid
    WHERE c.relkind = 'S' AND has_sequence_privilege(l.role, c.oid, 'USAGE, SELECT, UPDATE')$$, 'sequences: nothing');
SELECT * FROM finish();
ROLLBACK;
