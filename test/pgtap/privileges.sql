-- Who may do what: every object and column of the extension, every privilege,
-- every level.  What is in no list fails, so that a new object or column needs
-- a decision; then what the levels come to, by real statements.
BEGIN;
SELECT plan(17);
CREATE ROLE taskq_test_none;
CREATE ROLE taskq_test_viewer;
CREATE ROLE taskq_test_agent;
CREATE ROLE taskq_test_manager;
CREATE ROLE taskq_test_bare;
SELECT taskq_grant(('taskq_test_' || l)::name, l) FROM unnest('{viewer,agent,manager}'::text[]) l \g /dev/null

CREATE TEMP TABLE member AS
SELECT d.classid, d.objid FROM pg_depend d
WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'taskq');
-- Levels in ascending order; nobody is who has been given none.
CREATE TYPE pg_temp.level AS ENUM ('nobody', 'viewer', 'agent', 'manager', 'owner');
CREATE TEMP TABLE role (level pg_temp.level, name name);
INSERT INTO role VALUES ('nobody', 'public'), ('nobody', 'taskq_test_none'), ('viewer', 'taskq_test_viewer'), ('agent', 'taskq_test_agent'), ('manager', 'taskq_test_manager');

-- ---------------------------------------------------------------- what is meant

-- From which level on a routine may be executed.
CREATE TEMP TABLE routine (name text, execute pg_temp.level);
INSERT INTO routine
SELECT unnest('{taskq_task_is_valid,taskq_stage,taskq_place,taskq_timer,taskq_event_kind_is_valid,taskq_role_oid,taskq_line_is_valid,taskq_warn_percents_are_valid,taskq_fold,taskq_search_text,taskq_every_is_valid}'::text[]), 'nobody'::pg_temp.level
UNION ALL SELECT unnest('{taskq_priority_rank,taskq_today,taskq_day_start,taskq_actor,taskq_title_is_valid,taskq_phase,taskq_effective_status,
    taskq_sla_status_at,taskq_search_may_find,taskq_active,taskq_backlog,taskq_public_id,taskq_id,taskq_queue_page,taskq_queue_count,taskq_stats,taskq_workload_numbers,taskq_sla_report,taskq_sla_report_parts,taskq_slot,taskq_slot_number,taskq_sla_explain,taskq_sla_moves,taskq_sla_clocks_of,taskq_worker_get_status,
    taskq_render,taskq_template_check,taskq_event_check,taskq_condition_is_predicate,taskq_renewal_ladder,
    taskq_renewal_threshold_day,taskq_business_add,taskq_business_hours,taskq_business_day,taskq_calendar_spans,taskq_schedule_dates}'::text[]), 'viewer'::pg_temp.level
UNION ALL SELECT unnest('{taskq_create,taskq_create_json,taskq_create_many_json,taskq_start,taskq_start_many,taskq_complete,taskq_complete_many,taskq_cancel,
    taskq_cancel_many,taskq_assign,taskq_assign_many,taskq_assign_team,taskq_assign_team_many,taskq_reschedule,taskq_reschedule_many,taskq_prioritize,taskq_prioritize_many,
    taskq_set_sla,taskq_set_sla_many,taskq_edit,taskq_edit_many,taskq_comment,taskq_comment_many,taskq_claim,taskq_follow_up,
    taskq_pause,taskq_pause_many,taskq_resume,taskq_resume_many,taskq_apply_policy,taskq_apply_policy_many,
    taskq_renewal_create,taskq_renewal_complete,taskq_renewal_cancel,taskq_emit}'::text[]), 'agent'
UNION ALL SELECT unnest('{taskq_sweep,taskq_sweep_all,taskq_purge,taskq_mirror,taskq_worker_wake,taskq_renewals_refresh,taskq_emit_change,taskq_emit_dry_run,
    taskq_erase_customer,taskq_merge_customer,taskq_hand_over,taskq_calendar_set,taskq_check,taskq_check_server,taskq_own_objects}'::text[]), 'manager'
UNION ALL SELECT unnest('{taskq_grant,taskq_revoke,taskq_reapply_grants,taskq_set_slot,taskq_customizations,taskq_task_event_guard,taskq_task_insert,taskq_task_update,
    taskq_task_updated,taskq_task_delete,taskq_task_deleted,taskq_task_counted,taskq_key_change,
    taskq_workflow_rule_changed,taskq_workflow_rule_condition,taskq_renewal_guard,taskq_renewal_closed,taskq_renewal_threshold_changed,taskq_renewal_calendar_changed,taskq_customer_pointer,taskq_customer_reactivated,
    taskq_calendar_changed,taskq_calendar_revise,taskq_sla_policy_changed,taskq_task_pause_guard,taskq_schedule_guard}'::text[]), 'owner';

-- From which level on rows may be read and deleted; nothing else is a level's.
CREATE TEMP TABLE relation (name text, sel pg_temp.level, del pg_temp.level);
INSERT INTO relation VALUES
    ('taskq_task', 'viewer', 'manager'), ('taskq_task_event', 'viewer', 'owner'),
    ('taskq_staff_member', 'viewer', 'manager'), ('taskq_customer', 'viewer', 'manager'),
    ('taskq_team', 'viewer', 'manager'), ('taskq_team_member', 'viewer', 'manager'),
    ('taskq_calendar', 'viewer', 'manager'), ('taskq_calendar_window', 'viewer', 'manager'), ('taskq_holiday', 'viewer', 'manager'),
    ('taskq_schedule', 'viewer', 'manager'), ('taskq_schedule_run', 'viewer', 'owner'),
    ('taskq_sla_policy', 'viewer', 'manager'), ('taskq_task_pause', 'viewer', 'manager'),
    ('taskq_workflow_rule', 'viewer', 'manager'), ('taskq_workflow_run', 'viewer', 'owner'), ('taskq_workflow_turn', 'owner', 'owner'),
    ('taskq_renewal', 'viewer', 'owner'), ('taskq_renewal_threshold', 'viewer', 'manager'),
    ('taskq_renewal_crossing', 'viewer', 'owner'), ('taskq_renewal_recheck', 'owner', 'owner'),
    ('taskq_sweep_log', 'viewer', 'owner'), ('taskq_erasure', 'manager', 'owner'),
    ('taskq_counter', 'owner', 'owner'), ('taskq_counter_delta', 'owner', 'owner'), ('taskq_counter_state', 'owner', 'owner'), ('taskq_role_grant', 'owner', 'owner');
INSERT INTO relation
SELECT unnest('{taskq_task_history,taskq_tasks,taskq_queue,taskq_todo,taskq_queue_stats,taskq_workload,taskq_team_workload,
    taskq_sla_violations,taskq_sla_clocks,taskq_worker_status,taskq_renewals}'::text[]), 'viewer', 'owner';

-- From which level on a table's column may be inserted and updated.
CREATE TEMP TABLE written (name text, columns text, ins pg_temp.level, upd pg_temp.level);
INSERT INTO written VALUES
    ('taskq_task', 'title description priority status due_date sla_hours assignee_id', 'agent', 'agent'),
    ('taskq_task', 'user_id source dedupe_key', 'agent', 'owner'),
    ('taskq_task', 'id created_at created_by started_at completed_at cancelled_at updated_at sla_due_at sla_at_risk_at sla_breached_at sla_first_breached_at', 'owner', 'owner'),
    ('taskq_task', 'labels attributes', 'agent', 'agent'), ('taskq_task', 'follows_id', 'agent', 'owner'),
    ('taskq_task', 'kind sla_policy sla_calendar sla_from response_hours', 'agent', 'agent'),
    ('taskq_task', 'paused_at pause_reason resume_at', 'owner', 'agent'),
    ('taskq_task', 'sla_revision response_due_at response_breached_at response_hours_used sla_hours_used sla_warn_at sla_warned_at', 'owner', 'owner'),
    ('taskq_task_pause', 'task_id paused_at resumed_at reason', 'manager', 'manager'),
    ('taskq_task_event', 'id task_id at actor db_user kind from_status to_status changes note', 'owner', 'owner'),
    ('taskq_calendar', 'name timezone holiday_lists', 'manager', 'manager'), ('taskq_calendar', 'revision looked_at', 'owner', 'owner'),
    ('taskq_calendar_window', 'calendar weekday opens closes', 'manager', 'manager'),
    ('taskq_holiday', 'id list day yearly opens closes label', 'manager', 'manager'),
    ('taskq_sla_policy', 'name user_id team_id kind priority source calendar response_hours sla_hours warn_percents is_enabled', 'manager', 'manager'),
    ('taskq_staff_member', 'id name is_active away_until', 'manager', 'manager'),
    ('taskq_team', 'id name is_active', 'manager', 'manager'), ('taskq_team_member', 'team_id staff_id', 'manager', 'manager'),
    ('taskq_task', 'team_id', 'agent', 'agent'),
    ('taskq_customer', 'id name assigned_agent_id is_active merged_into merged_at merged_by', 'manager', 'manager'),
    ('taskq_calendar', 'name timezone holiday_lists', 'manager', 'manager'), ('taskq_calendar', 'revision looked_at', 'owner', 'owner'),
    ('taskq_calendar_window', 'calendar weekday opens closes', 'manager', 'manager'),
    ('taskq_holiday', 'id list day yearly opens closes label', 'manager', 'manager'),
    ('taskq_workflow_rule', 'id name event condition action title_template description_template priority due_in_days sla_hours '
        'assignee_id assignee_path assignee_strategy assignee_pool user_id_path dedupe_key is_enabled kind calendar team_id', 'manager', 'manager'),
    ('taskq_schedule', 'name title_template description_template priority kind team_id assignee_id user_id sla_hours starts_on every until business_day calendar lead_days is_enabled', 'manager', 'manager'),
    ('taskq_schedule', 'id handled_until next_check_on', 'owner', 'owner'),
    ('taskq_schedule_run', 'schedule_id date since dates at outcome due_date task_id message', 'owner', 'owner'),
    ('taskq_workflow_run', 'id at rule_id rule_name event depth outcome task_id message', 'owner', 'owner'),
    ('taskq_workflow_turn', 'staff_id turn', 'owner', 'owner'),
    ('taskq_renewal', 'service_type due_date assignee_id reference notes', 'agent', 'agent'),
    ('taskq_renewal', 'user_id', 'agent', 'owner'), ('taskq_renewal', 'every anchor_on', 'agent', 'agent'),
    ('taskq_renewal', 'status', 'owner', 'agent'),
    ('taskq_renewal', 'id created_at created_by completed_at cancelled_at compliance_flagged_at next_check_on', 'owner', 'owner'),
    ('taskq_renewal_threshold', 'id service_type days_before task_priority title_template description_template sla_hours kind calendar team_id', 'manager', 'manager'),
    ('taskq_renewal_crossing', 'id renewal_id due_date days_before crossed_at outcome task_id', 'owner', 'owner'),
    ('taskq_renewal_recheck', 'since', 'owner', 'owner'), ('taskq_renewal_recheck', 'id', 'owner', 'owner'), ('taskq_renewal_recheck', 'renewal_id', 'owner', 'owner'),
    ('taskq_sweep_log', 'id started_at finished_at overdue recovered sla_breached renewals tasks_created purged failed batches elapsed_ms backlog '
        'sla_moved resumed response_breached sla_at_risk sla_warnings schedules', 'owner', 'owner'),
    ('taskq_counter', 'kind bucket n', 'owner', 'owner'),
    ('taskq_counter_delta', 'xid old_due new_due old_completed new_completed old_state new_state', 'owner', 'owner'),
    ('taskq_counter_state', 'snapshot_xmax snapshot_xip merged_day triggers counted_at folded_at', 'owner', 'owner'),
    ('taskq_erasure', 'id user_id at actor db_user tasks events renewals', 'owner', 'owner'),
    ('taskq_role_grant', 'role_name level granted_at granted_by role_oid', 'owner', 'owner');

-- ------------------------------------------------------------- what there is

CREATE TEMP VIEW col AS
SELECT c.oid, c.relname::text, c.relkind, a.attnum, a.attname::text FROM member m
JOIN pg_class c ON m.classid = 'pg_class'::regclass AND m.objid = c.oid AND c.relkind NOT IN ('S', 'c')
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped;
SELECT set_eq($$SELECT proname::text FROM pg_proc JOIN member ON classid = 'pg_proc'::regclass AND objid = pg_proc.oid$$,
    'SELECT name FROM routine', 'every routine is in the list');
SELECT set_eq('SELECT DISTINCT relname FROM col', 'SELECT name FROM relation', 'so is every table and view');
SELECT set_eq($$SELECT relname, attname FROM col WHERE relkind <> 'v'$$,
    $$SELECT name, unnest(string_to_array(columns, ' ')) FROM written$$, 'and every column of a table');
SELECT set_eq($$SELECT t.typname::text FROM member JOIN pg_type t ON classid = 'pg_type'::regclass AND objid = t.oid
    LEFT JOIN pg_class c ON c.oid = t.typrelid WHERE t.typtype = 'e' OR c.relkind = 'c'$$,
    $$VALUES ('taskq_priority'), ('taskq_status'), ('taskq_sla_status'), ('taskq_queue_row')$$, 'and every type');

SELECT is_empty($$SELECT t.name, r.name FROM routine t CROSS JOIN role r JOIN pg_proc p ON p.proname = t.name
    JOIN member m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
    WHERE has_function_privilege(r.name, p.oid, 'EXECUTE') <> (r.level >= t.execute)$$, 'routines: executed from their level on');
SELECT is_empty($$SELECT t.name, r.name, p.privilege FROM relation t CROSS JOIN role r
    CROSS JOIN LATERAL (
        SELECT 'SELECT' AS privilege, t.sel AS lowest UNION ALL SELECT 'DELETE', t.del
        UNION ALL SELECT unnest('{TRUNCATE,REFERENCES,TRIGGER}'::text[]), 'owner'
        UNION ALL SELECT 'MAINTAIN', 'owner' WHERE current_setting('server_version_num')::int >= 170000) p
    WHERE has_table_privilege(r.name, t.name::regclass, p.privilege) <> (r.level >= p.lowest)$$,
    'tables and views: read and deleted from their level on, no other privilege');
SELECT is_empty($$SELECT c.relname, c.attname, r.name, p.privilege FROM col c CROSS JOIN role r
    JOIN relation t ON t.name = c.relname
    LEFT JOIN written w ON w.name = c.relname AND c.attname = ANY (string_to_array(w.columns, ' '))
    CROSS JOIN LATERAL (VALUES ('SELECT', t.sel), ('INSERT', coalesce(w.ins, 'owner')), ('UPDATE', coalesce(w.upd, 'owner')), ('REFERENCES', 'owner')) p(privilege, lowest)
    WHERE has_column_privilege(r.name, c.oid, c.attnum, p.privilege) <> (r.level >= p.lowest)$$,
    'columns: read, inserted and updated from their level on');
SELECT is_empty($$SELECT c.relname, r.name, p FROM role r, unnest('{USAGE,SELECT,UPDATE}'::text[]) p,
    member m JOIN pg_class c ON m.classid = 'pg_class'::regclass AND m.objid = c.oid AND c.relkind = 'S'
    WHERE has_sequence_privilege(r.name, c.oid, p)$$, 'sequences: nothing');
SELECT is_empty($$SELECT t.typname, r.name FROM role r, member m JOIN pg_type t ON m.classid = 'pg_type'::regclass AND m.objid = t.oid
    LEFT JOIN pg_class c ON c.oid = t.typrelid WHERE (t.typtype = 'e' OR c.relkind = 'c')
      AND has_type_privilege(r.name, t.oid, 'USAGE') <> (r.level >= 'viewer')$$, 'types: used from viewer on');
SELECT is_empty($$
    WITH acl AS (
        SELECT p.proname AS name, p.proowner AS owner, coalesce(p.proacl, acldefault('f', p.proowner)) AS acl FROM member m JOIN pg_proc p ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
        UNION ALL SELECT c.relname, c.relowner, c.relacl FROM member m JOIN pg_class c ON m.classid = 'pg_class'::regclass AND m.objid = c.oid
        UNION ALL SELECT c.relname, c.relowner, a.attacl FROM col JOIN pg_class c ON c.oid = col.oid JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = col.attnum
        UNION ALL SELECT t.typname, t.typowner, t.typacl FROM member m JOIN pg_type t ON m.classid = 'pg_type'::regclass AND m.objid = t.oid)
    SELECT name, x.grantee, x.privilege_type FROM acl, aclexplode(acl) x
    WHERE x.grantee <> owner AND (x.is_grantable OR x.grantee NOT IN (SELECT name::regrole FROM role WHERE name <> 'public'))
      AND NOT (x.grantee = 0 AND NOT x.is_grantable AND acl.name IN (SELECT r.name FROM routine r WHERE r.execute = 'nobody'))$$,
    'no grant option, and nothing for anybody else');
SELECT is_empty($$SELECT c.relname FROM pg_class c JOIN col USING (oid)
    WHERE c.relkind = 'v' AND NOT coalesce('security_invoker=true' = ANY (c.reloptions), false)$$, 'every view reads with its caller''s rights');

-- --------------------------------------------------- what the levels come to

INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana');
INSERT INTO taskq_customer VALUES ('cus_1', 'Acme', 'sta_1');
INSERT INTO taskq_task (id, title) VALUES (1000001, 'open');
INSERT INTO taskq_task (id, title, status, cancelled_at) VALUES (1000002, 'cancelled', 'CANCELLED', now());
INSERT INTO taskq_renewal (id, user_id, service_type, due_date) VALUES (1000001, 'cus_1', 'permit', taskq_today() + 10);
INSERT INTO taskq_workflow_rule (name, event, action) VALUES ('rule', 'happened', 'CREATE_TASK');
SELECT taskq_calendar_set('desk', 'UTC', '24/7') \g /dev/null
INSERT INTO taskq_sla_policy (name, sla_hours, calendar) VALUES ('gold', 8, 'desk');
INSERT INTO taskq_schedule (name, title_template, starts_on, every) VALUES ('monthly', 'x', taskq_today(), '1 month');
SELECT count(*) FROM taskq_sweep() \g /dev/null
SELECT taskq_comment(1000001, 'note') \g /dev/null

-- The SQLSTATE of a statement as a role, 'done' if there is none; in any case
-- it is taken back.
CREATE FUNCTION pg_temp.attempt(who name, statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SET LOCAL ROLE %I', who);
    EXECUTE statement;
    RAISE SQLSTATE 'TQ000';
EXCEPTION WHEN OTHERS THEN
    RETURN CASE SQLSTATE WHEN 'TQ000' THEN 'done' ELSE SQLSTATE END || CASE WHEN current_user <> session_user THEN ', still ' || current_user ELSE '' END;
END$$;
-- A call with NULL for every argument, which a strict function never sees.
CREATE FUNCTION pg_temp.call(p pg_proc) RETURNS text LANGUAGE sql AS $$
    SELECT format('%s %s(%s)', CASE p.prokind WHEN 'p' THEN 'CALL' ELSE 'SELECT' END, p.oid::regproc,
        (SELECT string_agg('NULL::' || format_type(t, NULL), ', ') FROM unnest(p.proargtypes) t))$$;
SELECT is_empty($$SELECT t.name, r.name, s FROM routine t JOIN role r ON r.level < t.execute AND r.name <> 'public'
    JOIN pg_proc p ON p.proname = t.name AND NOT p.proisstrict JOIN member m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid,
    pg_temp.attempt(r.name, pg_temp.call(p)) s WHERE s <> '42501'$$, 'calls below their level: 42501');
SELECT is_empty($$SELECT t.name, r.name FROM routine t JOIN role r ON r.level >= t.execute
    JOIN pg_proc p ON p.proname = t.name JOIN member m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
    WHERE pg_temp.attempt(r.name, pg_temp.call(p)) = '42501'$$, 'calls from their level on: not 42501');

GRANT CREATE ON SCHEMA public TO PUBLIC;
-- From which level on a statement is carried out, below it 42501; what
-- happens then if not even that level may.
CREATE TEMP TABLE statement (lowest pg_temp.level, outcome text, sql text);
INSERT INTO statement VALUES
    ('viewer', 'done', 'SELECT count(*) FROM taskq_tasks, taskq_queue, taskq_todo, taskq_queue_stats, taskq_workload, taskq_sla_violations, taskq_task_history, taskq_renewals, taskq_worker_status'),
    ('viewer', 'done', 'SELECT count(*) FROM taskq_queue_page(NULL), taskq_stats(), taskq_sla_report(now(), now()), taskq_sla_report_parts(now(), now())'),
    ('viewer', 'done', $$SELECT taskq_slot('cus_1'), taskq_slot_number()$$),
    ('viewer', 'done', 'SELECT taskq_queue_count(NULL), taskq_today(), taskq_actor()'),
    ('viewer', 'done', $$SELECT taskq_business_add('desk', now(), 1), taskq_business_hours('desk', now(), now()), taskq_business_day('desk', taskq_today(), 1), count(*) FROM taskq_calendar_spans('desk', now(), now())$$),
    ('viewer', 'done', 'SELECT count(*) FROM taskq_calendar, taskq_calendar_window, taskq_holiday'),
    ('viewer', 'done', $$SELECT count(*) FROM taskq_schedule, taskq_schedule_run, taskq_schedule_dates('monthly')$$),
    -- agent: creates, moves along
    ('agent', 'done', $$SELECT taskq_create('x', user_id => 'cus_1', assignee_id => 'sta_1', dedupe_key => 'k')$$),
    ('agent', 'done', $$SELECT taskq_create_json('{"title": "x"}')$$),
    ('agent', 'done', $$SELECT taskq_create_many_json('[{"title": "x"}, {"title": "y", "priority": "LOW"}]')$$),
    ('agent', 'done', 'SELECT taskq_start(1000001), taskq_complete(1000001)'),
    ('agent', 'done', $$SELECT taskq_cancel(1000001, 'why')$$),
    ('agent', 'done', $$SELECT taskq_assign(1000001, 'sta_1'), taskq_reschedule(1000001, taskq_today()), taskq_prioritize(1000001, 'HIGH'), taskq_set_sla(1000001, 1), taskq_edit(1000001, 'y')$$),
    ('agent', 'done', $$SELECT taskq_comment(1000001, 'x'), taskq_comment(1000002, 'x')$$),
    ('agent', 'done', $$SELECT taskq_create('x', labels => '{a}', attributes => '{"a": 1}'), taskq_edit(1000001, labels => '{b}', attributes => '{}')$$),
    ('agent', 'done', $$SELECT taskq_follow_up(1000002)$$),
    ('agent', '55000', $$SELECT taskq_follow_up(1000001)$$),
    ('agent', '23514', $$UPDATE taskq_task SET labels = '{NULL}' WHERE id = 1000001$$),
    ('agent', 'done', $$SELECT taskq_pause(1000001, 'x'), taskq_resume(1000001), taskq_apply_policy(1000001, 'gold')$$),
    ('agent', 'done', $$UPDATE taskq_task SET kind = 'REVIEW', sla_hours = 4, sla_calendar = 'desk' WHERE id = 1000001$$),
    ('agent', '23514', $$UPDATE taskq_task SET paused_at = now() WHERE id = 1000002$$),
    ('agent', 'done', $$SELECT count(*) FROM taskq_claim('sta_1')$$),
    ('agent', 'done', $$SELECT taskq_emit('happened', '{}', 'cus_1')$$),
    ('agent', 'done', $$SELECT taskq_renewal_create('cus_1', 'permit', taskq_today()), taskq_renewal_complete(1000001, taskq_today() + 400)$$),
    ('agent', 'done', $$SELECT taskq_renewal_create('cus_1', 'permit', taskq_today(), every => '1 year')$$),
    ('agent', 'done', $$UPDATE taskq_renewal SET every = '1 year', anchor_on = due_date WHERE id = 1000001$$),
    ('agent', 'done', 'SELECT taskq_renewal_cancel(1000001)'),
    ('agent', 'done', $$INSERT INTO taskq_task (title, user_id, source, dedupe_key) VALUES ('x', 'cus_1', 'IMPORT', 'k') ON CONFLICT DO NOTHING$$),
    ('agent', 'done', $$UPDATE taskq_task SET title = 'y', due_date = taskq_today() WHERE id = 1000001$$),
    ('agent', 'done', 'SELECT FROM taskq_task FOR UPDATE'),
    ('agent', '23514', $$UPDATE taskq_task SET status = 'COMPLETED' WHERE id = 1000001$$),
    ('agent', '23514', $$UPDATE taskq_task SET status = 'OPEN' WHERE id = 1000002$$),
    ('agent', '23514', $$UPDATE taskq_task SET title = 'y' WHERE id = 1000002$$),
    ('agent', '23514', $$INSERT INTO taskq_task (title, status) VALUES ('x', 'COMPLETED')$$),
    ('agent', '23514', $$INSERT INTO taskq_task (title, status) VALUES ('x', 'IN_PROGRESS')$$),
    ('agent', '23514', $$UPDATE taskq_renewal SET status = 'OVERDUE'$$),
    -- manager: keeps what tasks refer to
    ('manager', 'done', $$INSERT INTO taskq_schedule (name, title_template, starts_on, every, user_id) VALUES ('weekly', 'x', taskq_today(), '7 days', 'cus_1')$$),
    ('manager', 'done', $$UPDATE taskq_schedule SET every = '1 year', is_enabled = false$$),
    ('manager', 'done', 'DELETE FROM taskq_schedule'),
    ('manager', 'done', $$INSERT INTO taskq_staff_member VALUES ('sta_2', 'Bob')$$),
    ('manager', 'done', $$UPDATE taskq_customer SET name = 'Zenith', assigned_agent_id = NULL$$),
    ('manager', 'done', $$INSERT INTO taskq_workflow_rule (name, event, action) VALUES ('x', 'x', 'CREATE_TASK')$$),
    ('manager', 'done', 'UPDATE taskq_workflow_rule SET is_enabled = false'),
    ('manager', 'done', 'DELETE FROM taskq_workflow_rule'),
    ('manager', 'done', 'INSERT INTO taskq_renewal_threshold (days_before) VALUES (1)'),
    ('manager', 'done', $$SELECT taskq_calendar_set('other', 'UTC', '24/7'); DELETE FROM taskq_calendar WHERE name = 'other'$$),
    ('manager', 'done', $$INSERT INTO taskq_sla_policy (name, kind, sla_hours) VALUES ('x', 'x', 1); DELETE FROM taskq_sla_policy$$),
    ('manager', 'done', $$INSERT INTO taskq_task_pause VALUES (1000001, now() - interval '2 hours', now() - interval '1 hour'); DELETE FROM taskq_task_pause$$),
    ('manager', 'done', 'DELETE FROM taskq_task WHERE id = 1000002'),
    ('manager', '23514', 'DELETE FROM taskq_task WHERE id = 1000001'),
    ('manager', '23503', 'DELETE FROM taskq_customer'),
    ('manager', 'done', $$SELECT taskq_sweep(), taskq_renewals_refresh(), taskq_purge('1 day'), taskq_worker_wake()$$),
    ('manager', 'done', $$SELECT count(*) FROM taskq_emit_dry_run('happened', '{}')$$),
    ('manager', '2D000', 'CALL taskq_sweep_all()'),
    -- nobody but the owner
    ('owner', '', 'UPDATE taskq_task SET id = id'),
    ('owner', '', 'UPDATE taskq_task SET created_at = created_at'),
    ('owner', '', 'UPDATE taskq_task SET created_by = created_by'),
    ('owner', '', 'UPDATE taskq_task SET source = source'),
    ('owner', '', 'UPDATE taskq_task SET started_at = now()'),
    ('owner', '', 'UPDATE taskq_task SET completed_at = now()'),
    ('owner', '', 'UPDATE taskq_task SET sla_due_at = now()'),
    ('owner', '', 'UPDATE taskq_task SET updated_at = now()'),
    ('owner', '', 'UPDATE taskq_task SET sla_revision = 1'),
    ('owner', '', 'UPDATE taskq_task SET response_due_at = now()'),
    ('owner', '', 'UPDATE taskq_calendar SET revision = 1'),
    ('owner', '', $$UPDATE taskq_task SET user_id = 'cus_1'$$),
    ('owner', '', $$UPDATE taskq_task SET dedupe_key = 'k'$$),
    ('owner', '', $$INSERT INTO taskq_task (title, created_at) VALUES ('x', now())$$),
    ('owner', '', $$INSERT INTO taskq_task (id, title) VALUES (1, 'x')$$),
    ('owner', '', $$INSERT INTO taskq_task (title) VALUES ('x') ON CONFLICT (id) DO UPDATE SET id = excluded.id$$),
    ('owner', '', 'TRUNCATE taskq_task'),
    ('owner', '', 'TRUNCATE taskq_task_event'),
    ('owner', '', $$INSERT INTO taskq_task_event (task_id, at, kind) VALUES (1000001, now(), 'edited')$$),
    ('owner', '', $$UPDATE taskq_task_event SET note = 'x'$$),
    ('owner', '', 'DELETE FROM taskq_task_event'),
    ('owner', '', 'DELETE FROM taskq_renewal'),
    ('owner', '', 'UPDATE taskq_renewal SET next_check_on = NULL'),
    ('owner', '', 'UPDATE taskq_renewal SET compliance_flagged_at = NULL'),
    ('owner', '', $$INSERT INTO taskq_renewal_crossing (renewal_id, due_date, days_before, crossed_at, outcome) VALUES (1000001, taskq_today(), 1, now(), 'passed')$$),
    ('owner', '', 'DELETE FROM taskq_renewal_crossing'),
    ('owner', '', 'DELETE FROM taskq_workflow_run'),
    ('owner', '', 'UPDATE taskq_schedule SET handled_until = NULL'),
    ('owner', '', 'DELETE FROM taskq_schedule_run'),
    ('owner', '', $$UPDATE taskq_workflow_run SET outcome = 'failed'$$),
    ('owner', '', 'DELETE FROM taskq_sweep_log'),
    ('owner', '', 'UPDATE taskq_calendar SET revision = 1'),
    ('owner', '', 'UPDATE taskq_calendar SET looked_at = NULL'),
    ('owner', '', 'SELECT FROM taskq_role_grant'),
    ('owner', '', $$INSERT INTO taskq_role_grant VALUES ('taskq_test_none', 'manager')$$),
    ('owner', '', 'SELECT FROM taskq_workflow_turn'),
    ('owner', '', 'SELECT FROM taskq_renewal_recheck'),
    ('owner', '', $$SELECT taskq_grant('taskq_test_none', 'viewer')$$),
    ('owner', '', $$SELECT taskq_revoke('taskq_test_viewer')$$),
    ('owner', '', 'SELECT taskq_reapply_grants()'),
    ('owner', '', 'SELECT taskq_set_slot(1)'),
    ('owner', '', $$SELECT nextval('taskq_task_id_seq')$$),
    ('owner', '', $$SELECT setval('taskq_task_id_seq', 1)$$),
    ('owner', '', 'CREATE TRIGGER t BEFORE UPDATE ON taskq_task FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()'),
    ('owner', '', 'CREATE POLICY p ON taskq_task USING (true)'),
    ('owner', '', 'CREATE TABLE public.child (task bigint REFERENCES taskq_task)'),
    ('owner', '', 'CREATE INDEX ON taskq_task (title)'),
    ('owner', '', 'CREATE RULE r AS ON DELETE TO taskq_task DO INSTEAD NOTHING'),
    ('owner', '', 'ALTER TABLE taskq_task DISABLE TRIGGER ALL'),
    ('owner', '', 'ALTER TABLE taskq_task DISABLE ROW LEVEL SECURITY'),
    ('owner', '', 'ALTER TABLE taskq_task ADD COLUMN x text'),
    ('owner', '', 'ALTER EXTENSION taskq UPDATE'),
    ('owner', '', 'DROP EXTENSION taskq'),
    ('owner', '', 'SET LOCAL session_replication_role = replica'),
    ('owner', '', $$SET LOCAL taskq.timezone = 'Asia/Tokyo'$$),
    ('owner', '', $$SET LOCAL taskq.retention = '1 day'$$);
SELECT is_empty($$SELECT s.sql, r.level, a FROM statement s CROSS JOIN role r, pg_temp.attempt(r.name, s.sql) a
    WHERE r.name <> 'public' AND a <> CASE WHEN r.level >= s.lowest THEN s.outcome ELSE '42501' END$$, 'statements: carried out from their level on');
-- GRANT without the right to is a warning, and grants nothing.
SELECT is_empty($$SELECT r.name FROM role r WHERE r.name <> 'public' AND pg_temp.attempt(r.name,
    'DO $d$ BEGIN SET LOCAL client_min_messages = error; GRANT SELECT ON taskq_task TO taskq_test_bare;
     IF has_table_privilege(''taskq_test_bare'', ''taskq_task'', ''SELECT'') THEN RAISE SQLSTATE ''TQ001''; END IF; END $d$') NOT IN ('done', '42501')$$, 'no level can be passed on');

-- ---------------------------------------------- functions that become the owner

-- EXECUTE alone, without the level it belongs to, opens nothing by itself:
-- only that which a rule of a manager's does is done for an emitter, and
-- calendars say when they are open, and slots are computed.
DO $$BEGIN EXECUTE (SELECT string_agg(format('GRANT EXECUTE ON ROUTINE %s TO taskq_test_bare', objid::regprocedure), ';') FROM member WHERE classid = 'pg_proc'::regclass); END$$;
SELECT is_empty($$SELECT s.sql, a FROM statement s, pg_temp.attempt('taskq_test_bare', s.sql) a
    WHERE a <> '42501' AND s.outcome <> '2D000' AND s.sql <> 'SELECT taskq_emit(''happened'', ''{}'', ''cus_1'')' AND s.sql !~ '^SELECT (taskq_business_add|taskq_slot)'$$, 'EXECUTE alone opens no table');
-- Through a function of somebody else's, that is whose rights count.
SET LOCAL ROLE taskq_test_viewer;
CREATE FUNCTION public.comment_as_viewer() RETURNS void LANGUAGE sql SECURITY DEFINER AS $$SELECT taskq_comment(1000001, 'x')$$;
SET LOCAL ROLE taskq_test_agent;
CREATE FUNCTION public.comment_as_agent() RETURNS void LANGUAGE sql SECURITY DEFINER AS $$SELECT taskq_comment(1000001, 'x')$$;
RESET ROLE;
SELECT is(pg_temp.attempt('taskq_test_manager', 'SELECT public.comment_as_viewer()') || ' ' || pg_temp.attempt('taskq_test_bare', 'SELECT public.comment_as_agent()'),
    '42501 done', 'SECURITY DEFINER lends its owner''s level and no more');
SELECT * FROM finish();
ROLLBACK;
