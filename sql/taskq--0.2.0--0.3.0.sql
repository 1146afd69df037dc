-- taskq: from 0.2.0 to 0.3.0
\echo Use "ALTER EXTENSION taskq UPDATE TO '0.3.0'" to load this file. \quit

-- Scripts are ASCII, to go into a database of any encoding.
COMMENT ON COLUMN taskq_task_event.changes IS 'Fields that changed, {"field": {"from": ..., "to": ...}}, labels as {"added": [...], "removed": [...]}, attributes by key, {"key": {"from": ..., "to": ...}} without the one in which it was absent; of followed_up {"follow_up": id}; NULL = none but the status.';
COMMENT ON COLUMN taskq_renewal_threshold.title_template IS 'Template of the task''s title over {"renewal": ..., "customer": ..., "days_before": ...}, see taskq_render(); cut off at 200 characters. NULL = "Renew {{renewal.service_type}} of {{customer.name}}, due {{renewal.due_date}}".';

-- Keys of indexes.  The functions may have been made already, to build the indexes
-- in advance (examples/update-0.3.0.sql).
DO $$
DECLARE
    made record;
BEGIN
    FOR made IN
        SELECT p.oid::regprocedure AS signature, p.proowner = e.extowner AND p.probin = 'MODULE_PATHNAME' AND p.prosrc = p.proname::text AS is_own
        FROM pg_proc p, pg_extension e
        WHERE e.extname = 'taskq' AND p.oid IN (pg_catalog.to_regprocedure('taskq_stage(taskq_status, timestamptz, timestamptz, timestamptz)')::oid,
                                                pg_catalog.to_regprocedure('taskq_place(taskq_priority, date, timestamptz, timestamptz)')::oid)
    LOOP
        IF NOT made.is_own THEN
            RAISE EXCEPTION 'function % is not what examples/update-0.3.0.sql makes', made.signature
                USING ERRCODE = 'duplicate_function', HINT = 'Drop it, and what was made with it.';
        END IF;
        EXECUTE pg_catalog.format('ALTER EXTENSION taskq ADD FUNCTION %s', made.signature);
    END LOOP;
END $$;

CREATE OR REPLACE FUNCTION taskq_stage(status taskq_status, started_at timestamptz, completed_at timestamptz, cancelled_at timestamptz) RETURNS smallint
    LANGUAGE c IMMUTABLE PARALLEL SAFE LEAKPROOF
    AS 'MODULE_PATHNAME', 'taskq_stage';
COMMENT ON FUNCTION taskq_stage(taskq_status, timestamptz, timestamptz, timestamptz) IS
'taskq_phase(), and 4 more for an active task whose stored status is OVERDUE: 0 = active and not started, 1 = active and started, 2 = completed, 3 = cancelled, 4 and 5 = 0 and 1 stored as OVERDUE. First key of indexes of taskq_task; leakproof, so that they serve under row security too. By it the sweep finds what has become overdue among many that it has stored.';

CREATE OR REPLACE FUNCTION taskq_place(priority taskq_priority, due_date date, completed_at timestamptz, cancelled_at timestamptz) RETURNS bigint
    LANGUAGE c IMMUTABLE PARALLEL SAFE LEAKPROOF
    AS 'MODULE_PATHNAME', 'taskq_place';
COMMENT ON FUNCTION taskq_place(taskq_priority, date, timestamptz, timestamptz) IS
'Where a task stands in the queue, as a key of indexes. Active: eight times the day of the due date (days since 2000-01-01; none: 2147483647) plus taskq_priority_rank(), the order of sort due. Closed: when it was closed, in microseconds since 2000-01-01 UTC.';

CREATE FUNCTION taskq_timer(started_at timestamptz, completed_at timestamptz, cancelled_at timestamptz, sla_at_risk_at timestamptz, sla_breached_at timestamptz, response_due_at timestamptz, response_breached_at timestamptz, sla_warn_at timestamptz, sla_warned_at timestamptz, paused_at timestamptz, resume_at timestamptz) RETURNS bigint
    LANGUAGE c IMMUTABLE PARALLEL SAFE LEAKPROOF
    AS 'MODULE_PATHNAME', 'taskq_timer';
COMMENT ON FUNCTION taskq_timer(timestamptz, timestamptz, timestamptz, timestamptz, timestamptz, timestamptz, timestamptz, timestamptz, timestamptz, timestamptz, timestamptz) IS
'When the sweep next has something to do for a task, as the key of an index: 2^58 times a group and microseconds since 2000-01-01 UTC (never, or later than all that fits: 2^58 - 1). Of an active task that is the least of sla_warn_at; of resume_at if it is paused, else of sla_at_risk_at while it is neither recorded nor put off that the task is at risk, and its breach is not; and of the instant after response_due_at while work has not begun and that is not recorded. The group is 0 to 3 for a task without a response clock, 4 to 7 with one, 8 to 11 where response_breached_at is set: of these the second where it is recorded or put off that the task is at risk, the third where sla_breached_at is set, and the fourth, by sla_at_risk_at, where the second would have nothing to do; 16 more if it is paused. Closed tasks are group 12, by response_due_at.';

-- A replica identity for the one logged table that had none.
ALTER TABLE taskq_renewal_recheck ADD COLUMN id uuid DEFAULT gen_random_uuid() PRIMARY KEY;
COMMENT ON COLUMN taskq_renewal_recheck.id IS 'Key.';

-- A renewal that cannot be checked again does not keep others from it.
ALTER TABLE taskq_renewal_recheck ADD COLUMN renewal_id bigint;
COMMENT ON TABLE taskq_renewal_recheck IS 'Renewals that are to be looked at again because thresholds have changed.';
COMMENT ON COLUMN taskq_renewal_recheck.renewal_id IS 'One that could not be written then; NULL = all.';

-- Roles are stored by OID, too.
CREATE FUNCTION taskq_role_oid(role_name name) RETURNS oid
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'taskq_role_oid';
COMMENT ON FUNCTION taskq_role_oid(name) IS
'OID of the role that has a name now; NULL = none. For column role_oid of taskq_role_grant only, which keeps what it was when the row was written: hence IMMUTABLE.';
ALTER TABLE taskq_role_grant ADD COLUMN role_oid oid GENERATED ALWAYS AS (taskq_role_oid(role_name)) STORED;
COMMENT ON COLUMN taskq_role_grant.role_name IS 'The role, by the name that it had when taskq_grant(), taskq_revoke() or taskq_reapply_grants() was last called for any.';
COMMENT ON COLUMN taskq_role_grant.role_oid IS 'The role, whatever its name is now; NULL = there was none of that name.';
COMMENT ON FUNCTION taskq_revoke(name) IS
'Takes back everything that a role has been granted on taskq''s objects, USAGE of the schema included unless the role has something else in it; forgets a role that has been dropped. For the owner of taskq_task and superusers (else 42501). Errors: 42704 no such role, and none that is remembered.';
COMMENT ON FUNCTION taskq_reapply_grants() IS
'Takes everything of taskq from PUBLIC, except to execute what CHECKs call, and gives each role in taskq_role_grant, also one that was renamed, its level again. Update scripts end with it; so can a DBA who changed privileges by hand.';

-- 0.2.0 stored roles by name only, and roles may have been renamed since.  The
-- role that was granted a level holds its privileges: if the role with that name
-- does not and exactly one other does, that one is taken.  The row of a role that
-- holds nothing is deleted.
DO $do$
DECLARE
    strangers text;
BEGIN
    WITH holder AS (
        SELECT r.oid, r.rolname, c.relowner = r.oid AS is_owner,
            CASE WHEN f.names @> '{taskq_stats,taskq_create,taskq_sweep}' THEN 'manager'
                 WHEN f.names @> '{taskq_stats,taskq_create}' THEN 'agent'
                 WHEN f.names @> '{taskq_stats}' THEN 'viewer' END AS level
        FROM pg_class c CROSS JOIN pg_roles r CROSS JOIN LATERAL (
            SELECT array_agg(p.proname::text) AS names FROM pg_proc p
            WHERE p.pronamespace = c.relnamespace AND p.proname IN ('taskq_stats', 'taskq_create', 'taskq_sweep')
              AND EXISTS (SELECT FROM aclexplode(p.proacl) x WHERE x.grantee = r.oid)) f
        WHERE c.oid = 'taskq_task'::regclass
          AND (c.relowner = r.oid OR EXISTS (
              SELECT FROM aclexplode(c.relacl) x WHERE x.grantee = r.oid AND x.privilege_type = 'SELECT'))
    ), doubtful AS (
        SELECT g.role_name, g.level, g.role_oid IS NOT NULL AND h.oid IS NULL AS is_stranger
        FROM taskq_role_grant g LEFT JOIN holder h ON h.oid = g.role_oid
        WHERE h.is_owner IS NOT TRUE AND h.level IS DISTINCT FROM g.level
    ), unknown AS (
        SELECT h.rolname, h.level FROM holder h
        WHERE NOT h.is_owner AND NOT EXISTS (SELECT FROM taskq_role_grant g WHERE g.role_oid = h.oid AND g.level = h.level)
    ), found AS (
        SELECT level, min(d.role_name::text)::name AS role_name, min(u.rolname::text)::name AS rolname
        FROM doubtful d JOIN unknown u USING (level) GROUP BY level HAVING count(*) = 1
    ), taken AS (
        DELETE FROM taskq_role_grant g USING doubtful d LEFT JOIN found o USING (role_name)
        WHERE g.role_name = d.role_name AND (o.rolname IS NOT NULL OR d.is_stranger)
        RETURNING g.role_name, g.level, g.granted_at, g.granted_by, o.rolname
    ), known AS (
        INSERT INTO taskq_role_grant AS g (role_name, level, granted_at, granted_by)
        SELECT t.rolname, t.level, t.granted_at, t.granted_by FROM taken t WHERE t.rolname IS NOT NULL ORDER BY t.rolname
        ON CONFLICT (role_name) DO UPDATE SET role_name = excluded.role_name, level = excluded.level,
            granted_at = excluded.granted_at, granted_by = excluded.granted_by
    )
    SELECT string_agg(format('%I (%s)', t.role_name, t.level), ', ' ORDER BY t.role_name) INTO strangers
    FROM taken t WHERE t.rolname IS NULL;
    IF strangers IS NOT NULL THEN
        RAISE WARNING USING
            MESSAGE = format('roles in taskq_role_grant that hold nothing of their level are not given it, and are forgotten: %s', strangers),
            DETAIL = 'The role that was granted it may have been renamed, and another may have its name now.',
            HINT = 'Call taskq_grant() for each role that is to have a level.';
    END IF;
END
$do$;

-- A rule's condition must be a predicate.
CREATE FUNCTION taskq_condition_is_predicate(condition jsonpath) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'taskq_condition_is_predicate';
COMMENT ON FUNCTION taskq_condition_is_predicate(jsonpath) IS
'True for a predicate (a comparison, exists(), like_regex, starts with, is unknown, and what &&, || and ! make of them) and for the constant true. Any other jsonpath selects values: as a rule''s condition it holds only where it selects one boolean, which is true.';
COMMENT ON COLUMN taskq_workflow_rule.condition IS 'Predicate over the payload as operator @@ takes it, $.new.status == "REJECTED" for example; NULL = always. No match if it is not true. What is no predicate, such as $.new.status ? (@ == "REJECTED"), is refused when saved.';

CREATE FUNCTION taskq_workflow_rule_condition() RETURNS trigger
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_workflow_rule_condition';
COMMENT ON FUNCTION taskq_workflow_rule_condition() IS
'Trigger function of taskq_workflow_rule: refuses a condition that is no predicate (23514). One that is there already, from before 0.3.0, stays until it is changed, and is restored with a warning.';

CREATE TRIGGER taskq_rule_condition AFTER INSERT OR UPDATE ON taskq_workflow_rule
    FOR EACH ROW EXECUTE FUNCTION taskq_workflow_rule_condition();

-- Slots, which taskq_customizations() and taskq_check() know of.

-- Not LEAKPROOF: it throws where a text cannot be converted.
CREATE FUNCTION taskq_slot(key text) RETURNS integer
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'taskq_slot';
COMMENT ON FUNCTION taskq_slot(text) IS
'The slot, 0 to 1023, that a key (a customer''s id, or a dedupe_key) belongs to; of n slots, n a power of two, it is taskq_slot(key) & (n - 1). With h = FNV-1a, 32 bits, of the key''s bytes in UTF-8, it is (h # (h >> 10) # (h >> 20)) & 1023, and will remain so: it is the same in every version and in every database, whatever its encoding. Keys are not normalized: what differs in a byte is another key. Error: 22021 or 22P05 for a text that cannot be converted to UTF-8, in an SQL_ASCII database one that is not UTF-8.';

CREATE FUNCTION taskq_slot_number() RETURNS integer
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT pg_catalog.min(c.slot)
    FROM (SELECT pg_catalog.substring(pg_catalog.pg_get_constraintdef(k.oid), '^CHECK \(\(\(id & \(1023\)::bigint\) = (\d+)\)\)$')::integer AS slot
          FROM pg_catalog.pg_constraint k
          WHERE k.contype = 'c' AND k.convalidated
            AND (k.conrelid = 'taskq_task'::regclass::oid AND k.conname = 'taskq_task_slot_check'
                 OR k.conrelid = 'taskq_renewal'::regclass::oid AND k.conname = 'taskq_renewal_slot_check')) c
    HAVING pg_catalog.count(c.slot) = 2 AND pg_catalog.min(c.slot) = pg_catalog.max(c.slot);
END;
COMMENT ON FUNCTION taskq_slot_number() IS
'The slot that taskq_set_slot() made of this database, 0 to 1023, as the CHECKs taskq_task_slot_check and taskq_renewal_slot_check have it; NULL = none: it has all ids.';

CREATE FUNCTION taskq_set_slot(slot integer) RETURNS void
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_set_slot';
COMMENT ON FUNCTION taskq_set_slot(integer) IS
'Makes this database one of up to 1024 whose ids never collide: from now on every id that taskq gives, of whatever table, has id & 1023 = slot, and CHECKs (taskq_task_slot_check, taskq_renewal_slot_check) refuse other tasks and renewals. slot: 0 to 1023; NULL = no slot any more, ids in steps of 1 again. Best called in a new database. Called again with the same slot it changes nothing but sequences that are behind the ids of their table, or have left the slot: so it is also what to call after a restore (taskq_customizations() prints it) and when a database was moved by logical replication. Locks taskq_task and taskq_renewal against everybody if there is something to change. For the owner of taskq_task and superusers (else 42501). Errors: 22023 slot out of bounds, 55000 there are tasks or renewals whose ids are not of the slot.';

-- What is taskq's own, as in customization.sql.
CREATE FUNCTION taskq_own_objects(
    OUT relname text, OUT columns text[], OUT required text[], OUT constraints text[], OUT indexes text[], OUT triggers text[], OUT always text[])
    RETURNS SETOF record
    LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 23
BEGIN ATOMIC
    WITH own (relname, columns, constraints, indexes, triggers) AS (VALUES
        ('taskq_calendar', 'name timezone holiday_lists revision looked_at',
         'holiday_lists_check name_check pkey timezone_check', '',
         'taskq_calendar_changed taskq_calendar_revise taskq_calendar_revise_updated taskq_calendar_truncated taskq_key_change taskq_key_delete taskq_renewals_follow'),
        ('taskq_calendar_window', 'calendar weekday opens closes', 'calendar_fkey check pkey weekday_check', '',
         'taskq_calendar_changed taskq_calendar_revise taskq_calendar_truncated taskq_renewals_follow'),
        ('taskq_customer',
         'id name assigned_agent_id is_active merged_into merged_at merged_by',
         'assigned_agent_id_fkey id_check merged_check pkey', 'agent_idx merged_idx', 'taskq_customer_pointer taskq_customer_reactivated taskq_key_change'),
        ('taskq_erasure', 'id user_id at actor db_user tasks events renewals', 'pkey', '', ''),
        ('taskq_holiday', 'id list day yearly opens closes label', 'check day_check key label_check list_check pkey', '',
         'taskq_calendar_changed taskq_calendar_revise taskq_calendar_truncated taskq_renewals_follow'),
        ('taskq_renewal',
         'id user_id service_type due_date assignee_id reference notes status created_at created_by completed_at cancelled_at compliance_flagged_at next_check_on every anchor_on',
         'anchor_on_check assignee_id_fkey cancelled_check completed_check due_date_check every_check next_check_check notes_check pkey reference_check service_type_check status_check user_id_fkey',
         'check_idx due_idx user_idx assignee_idx active_key',
         'taskq_renewal_closed taskq_renewal_guard'),
        ('taskq_renewal_crossing',
         'id renewal_id due_date days_before crossed_at outcome task_id',
         'key outcome_check pkey renewal_id_fkey', '', ''),
        ('taskq_renewal_recheck', 'since id renewal_id', 'pkey', '', ''),
        ('taskq_renewal_threshold',
         'id service_type days_before task_priority title_template description_template sla_hours kind calendar team_id',
         'calendar_fkey days_before_check description_template_check key kind_check pkey service_type_check sla_hours_check team_id_fkey title_template_check',
         'calendar_idx team_idx', 'taskq_thresholds_changed'),
        ('taskq_role_grant', 'role_name level granted_at granted_by role_oid', 'level_check pkey', '', ''),
        ('taskq_schedule',
         'id name title_template description_template priority kind team_id assignee_id user_id sla_hours starts_on every until business_day calendar lead_days is_enabled handled_until next_check_on',
         'assignee_id_fkey business_day_check calendar_check calendar_fkey description_template_check every_check kind_check lead_days_check name_check name_key next_check_check pkey sla_hours_check starts_on_check team_id_fkey title_template_check until_check user_id_fkey',
         'assignee_idx calendar_idx check_idx team_idx user_idx', 'taskq_schedule_guard'),
        ('taskq_schedule_run', 'schedule_id date since dates at outcome due_date task_id message', 'outcome_check pkey schedule_id_fkey', '', ''),
        ('taskq_sla_policy',
         'name user_id team_id kind priority source calendar response_hours sla_hours warn_percents is_enabled',
         'calendar_fkey hours_check key kind_check name_check pkey response_hours_check sla_hours_check source_check team_id_fkey user_id_fkey warn_percents_check',
         'calendar_idx team_idx', 'taskq_policies_changed'),
        ('taskq_staff_member', 'id name is_active away_until', 'id_check pkey', '', 'taskq_key_change taskq_key_delete'),
        ('taskq_sweep_log',
         'id started_at finished_at overdue recovered sla_breached renewals tasks_created purged failed batches elapsed_ms backlog sla_moved resumed response_breached sla_at_risk sla_warnings schedules',
         'pkey', '', ''),
        ('taskq_task',
         'id title description priority status due_date sla_hours assignee_id user_id source dedupe_key created_at created_by started_at completed_at cancelled_at updated_at sla_due_at sla_at_risk_at sla_breached_at sla_first_breached_at kind sla_policy sla_calendar sla_revision sla_from response_hours response_due_at response_breached_at response_hours_used sla_hours_used sla_warn_at sla_warned_at paused_at pause_reason resume_at team_id follows_id labels attributes',
         'assignee_id_fkey is_valid pkey team_id_fkey user_id_fkey',
         'queue_idx assignee_idx user_idx sla_pending_idx sla_settled_idx closed_idx breach_idx late_by_idx team_idx timer_idx calendar_idx dedupe_key',
         'taskq_counted taskq_lifecycle_delete taskq_lifecycle_deleted taskq_lifecycle_insert taskq_lifecycle_truncate taskq_lifecycle_update taskq_lifecycle_updated'),
        ('taskq_task_event',
         'id task_id at actor db_user kind from_status to_status changes note',
         'kind_check pkey', 'task_idx', 'taskq_append_only taskq_append_only_truncate'),
        ('taskq_task_pause', 'task_id paused_at resumed_at reason',
         'order_check paused_at_check pkey reason_check resumed_at_check', '', 'taskq_pause_guard'),
        ('taskq_team', 'id name is_active', 'id_check name_check pkey', '', 'taskq_key_change taskq_key_delete'),
        ('taskq_team_member', 'team_id staff_id', 'pkey staff_id_fkey team_id_fkey', 'staff_idx', ''),
        ('taskq_workflow_rule',
         'id name event condition action title_template description_template priority due_in_days sla_hours assignee_id assignee_path assignee_strategy assignee_pool user_id_path dedupe_key is_enabled kind calendar team_id',
         'action_check assign_check assignee_check assignee_id_fkey assignee_path_check assignee_pool_check assignee_strategy_check calendar_fkey dedupe_key_check description_template_check due_in_days_check event_check kind_check name_check name_key pkey sla_hours_check team_id_fkey title_template_check user_id_path_check',
         'assignee_idx calendar_idx team_idx', 'taskq_rule_condition taskq_rules_changed'),
        ('taskq_workflow_run',
         'id at rule_id rule_name event depth outcome task_id message',
         'outcome_check pkey', 'at_idx', ''),
        ('taskq_workflow_turn', 'staff_id turn', 'pkey staff_id_fkey', '', '')
    -- those of the columns that are NOT NULL
    ), required (relname, columns) AS (VALUES
        ('taskq_calendar', 'name timezone holiday_lists'),
        ('taskq_calendar_window', 'calendar weekday opens closes'),
        ('taskq_customer', 'id name is_active'),
        ('taskq_erasure', 'id user_id at db_user tasks events renewals'),
        ('taskq_holiday', 'id list day yearly'),
        ('taskq_renewal', 'id user_id service_type due_date status created_at'),
        ('taskq_renewal_crossing', 'id renewal_id due_date days_before crossed_at outcome'),
        ('taskq_renewal_recheck', 'since id'),
        ('taskq_renewal_threshold', 'id days_before'),
        ('taskq_role_grant', 'role_name level granted_at granted_by'),
        ('taskq_schedule', 'id name title_template priority starts_on every business_day lead_days is_enabled'),
        ('taskq_schedule_run', 'schedule_id date since dates at outcome'),
        ('taskq_sla_policy', 'name warn_percents is_enabled'),
        ('taskq_staff_member', 'id name is_active'),
        ('taskq_sweep_log', 'id started_at finished_at overdue recovered sla_breached renewals tasks_created purged failed batches elapsed_ms backlog sla_moved resumed response_breached sla_at_risk sla_warnings schedules'),
        ('taskq_task', 'id title priority status source created_at updated_at'),
        ('taskq_task_event', 'id task_id at kind'),
        ('taskq_task_pause', 'task_id paused_at resumed_at'),
        ('taskq_team', 'id name is_active'),
        ('taskq_team_member', 'team_id staff_id'),
        ('taskq_workflow_rule', 'id name event action is_enabled'),
        ('taskq_workflow_run', 'id at rule_id rule_name event depth outcome'),
        ('taskq_workflow_turn', 'staff_id turn')
    -- those of the triggers that are ENABLE ALWAYS
    ), always (relname, triggers) AS (VALUES
        ('taskq_calendar', 'taskq_calendar_changed taskq_calendar_truncated taskq_renewals_follow'),
        ('taskq_calendar_window', 'taskq_calendar_changed taskq_calendar_truncated taskq_renewals_follow'),
        ('taskq_holiday', 'taskq_calendar_changed taskq_calendar_truncated taskq_renewals_follow'),
        ('taskq_renewal_threshold', 'taskq_thresholds_changed'),
        ('taskq_sla_policy', 'taskq_policies_changed'),
        ('taskq_task', 'taskq_counted taskq_lifecycle_updated taskq_lifecycle_deleted taskq_lifecycle_truncate')
    )
    SELECT o.relname, pg_catalog.string_to_array(o.columns, ' '), pg_catalog.string_to_array(coalesce(r.columns, ''), ' '),
           pg_catalog.string_to_array(o.constraints, ' '), pg_catalog.string_to_array(o.indexes, ' '),
           pg_catalog.string_to_array(o.triggers, ' '), pg_catalog.string_to_array(coalesce(a.triggers, ''), ' ')
    FROM own o LEFT JOIN required r ON r.relname = o.relname LEFT JOIN always a ON a.relname = o.relname;
END;
COMMENT ON FUNCTION taskq_own_objects() IS
'For taskq_customizations() and taskq_check(): which columns, constraints, indexes and triggers of its tables are taskq''s own. required: the columns that are NOT NULL; always: the triggers that are ENABLE ALWAYS, the others being enabled. Names of constraints and indexes follow that of the table and "_".';

-- As in customization.sql.
CREATE OR REPLACE FUNCTION taskq_customizations(OUT section text, OUT statement text) RETURNS SETOF record
    LANGUAGE sql STABLE PARALLEL RESTRICTED COST 1000000 ROWS 20
    SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH extension AS (
        SELECT e.oid, e.extowner FROM pg_catalog.pg_extension e WHERE e.extname = 'taskq'
    ), member AS (
        SELECT c.oid, c.relname, c.relkind, c.relowner, c.reloptions, c.relreplident, c.relrowsecurity, c.relforcerowsecurity,
               c.relpersistence, c.reltablespace, c.reltoastrelid,
               CASE WHEN c.relkind = 'v' THEN 'security_invoker=true' WHEN c.relname = 'taskq_task' THEN 'autovacuum_vacuum_scale_factor=0.05' END AS option,
               pg_catalog.format('%I.%I', n.nspname, c.relname) AS name,
               coalesce(o.columns, '{}') AS columns, coalesce(o.required, '{}') AS required, o.constraints, o.indexes,
               coalesce(o.triggers, '{}') AS triggers, coalesce(o.always, '{}') AS always
        FROM extension e
        JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_extension'::regclass::oid AND d.refobjid = e.oid
         AND d.deptype = 'e' AND d.classid = 'pg_catalog.pg_class'::regclass::oid
        -- Derived tables are not dumped.
        JOIN pg_catalog.pg_class c ON c.oid = d.objid AND c.relkind IN ('r', 'v', 'S')
         AND c.relname <> ALL ('{taskq_counter,taskq_counter_delta,taskq_counter_state}'::pg_catalog.name[])
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN taskq_own_objects() o ON o.relname = c.relname::text
    ), col AS (
        SELECT m.name AS table_name, a.attrelid, a.attnum, a.attname AS column_name, pg_catalog.quote_ident(a.attname) AS name,
               a.attname::text <> ALL (m.columns) AS added,
               pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
               CASE WHEN a.attcollation <> t.typcollation THEN
                   (SELECT pg_catalog.format(' COLLATE %I.%I', n.nspname, k.collname)
                    FROM pg_catalog.pg_collation k JOIN pg_catalog.pg_namespace n ON n.oid = k.collnamespace
                    WHERE k.oid = a.attcollation) END AS collation,
               a.attidentity, a.attgenerated, pg_catalog.pg_get_expr(f.adbin, f.adrelid) AS expression,
               CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage END AS storage,
               coalesce(a.attstattarget, -1) AS target, a.attoptions, a.attcompression,
               a.attnotnull AND a.attidentity = '' AND a.attname::text <> ALL (m.required) AS not_null,
               -- its constraint, unless SET NOT NULL would make the same
               (SELECT k.oid FROM pg_catalog.pg_constraint k
                WHERE k.conrelid = a.attrelid AND k.contype = 'n' AND k.conkey[1] = a.attnum
                  AND NOT (k.convalidated AND NOT k.connoinherit
                           AND k.conname::text = pg_catalog.concat(m.relname, '_', a.attname, '_not_null'))) AS not_null_constraint
        FROM member m
        JOIN pg_catalog.pg_attribute a ON a.attrelid = m.oid AND a.attnum > 0 AND NOT a.attisdropped
        JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
        LEFT JOIN pg_catalog.pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum
        WHERE m.relkind = 'r'
    ), con AS (
        SELECT m.name AS table_name, k.oid, k.contype, k.conname, k.convalidated, k.condeferrable, k.condeferred,
               k.conname::text <> ALL (ARRAY(SELECT pg_catalog.concat(m.relname, '_', u.u) FROM pg_catalog.unnest(m.constraints) u)) AS added
        FROM member m
        JOIN pg_catalog.pg_constraint k ON k.conrelid = m.oid AND k.contype IN ('c', 'f', 'p', 'u', 'x')
        UNION ALL SELECT c.table_name, k.oid, k.contype, k.conname, k.convalidated, k.condeferrable, k.condeferred, true
        FROM col c JOIN pg_catalog.pg_constraint k ON k.conrelid = c.attrelid AND k.contype = 'n' AND k.conkey[1] = c.attnum
        WHERE c.not_null
    ), idx AS (
        SELECT m.name AS table_name, i.indexrelid AS oid, i.indisclustered, i.indisreplident, c.relname, c.reloptions,
               pg_catalog.format('%I.%I', n.nspname, c.relname) AS name,
               c.relname::text <> ALL (ARRAY(SELECT pg_catalog.concat(m.relname, '_', u.u)
                                             FROM pg_catalog.unnest(m.indexes OPERATOR(pg_catalog.||) m.constraints) u)) AS added,
               EXISTS (SELECT FROM pg_catalog.pg_constraint k
                       WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')) AS of_constraint
        FROM member m
        JOIN pg_catalog.pg_index i ON i.indrelid = m.oid AND i.indisvalid
        JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    ), trg AS (
        SELECT m.name AS table_name, m.relkind, t.oid, t.tgname, t.tgenabled, t.tgname::text <> ALL (m.triggers) AS added, t.tgname::text = ANY (m.always) AS always
        FROM member m JOIN pg_catalog.pg_trigger t ON t.tgrelid = m.oid AND NOT t.tgisinternal
    ), rul AS (
        SELECT m.name AS table_name, r.oid, r.rulename, r.ev_enabled
        FROM member m JOIN pg_catalog.pg_rewrite r ON r.ev_class = m.oid AND r.rulename <> '_RETURN'
    ), sta AS (
        SELECT s.oid, pg_catalog.format('%I.%I', n.nspname, s.stxname) AS name, coalesce(s.stxstattarget, -1) AS target
        FROM member m JOIN pg_catalog.pg_statistic_ext s ON s.stxrelid = m.oid
        JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace
    ), statement (rank, key, sql) AS (
        -- columns, before the data
        SELECT 10, pg_catalog.concat(c.attrelid, pg_catalog.to_char(c.attnum, '00000')),
            pg_catalog.format('ALTER TABLE %s ADD COLUMN %s %s%s%s', c.table_name, c.name, c.type, c.collation,
                CASE WHEN c.attgenerated = 's' THEN pg_catalog.format(' GENERATED ALWAYS AS (%s) STORED', c.expression)
                     WHEN c.attgenerated = 'v' THEN pg_catalog.format(' GENERATED ALWAYS AS (%s) VIRTUAL', c.expression)
                     WHEN c.attidentity = 'a' THEN ' GENERATED ALWAYS AS IDENTITY'
                     WHEN c.attidentity = 'd' THEN ' GENERATED BY DEFAULT AS IDENTITY' END)
            FROM col c WHERE c.added
        UNION ALL SELECT 11, pg_catalog.concat(c.table_name, c.conname),
            pg_catalog.format('ALTER TABLE %s DROP CONSTRAINT %I', c.table_name, c.conname)
            FROM con c WHERE NOT c.added AND NOT c.convalidated
        -- other properties of columns
        UNION ALL SELECT 20, pg_catalog.concat(c.table_name, c.name),
            pg_catalog.format('ALTER TABLE %s ALTER COLUMN %s SET DEFAULT %s', c.table_name, c.name, c.expression)
            FROM col c WHERE c.added AND c.attgenerated = '' AND c.expression IS NOT NULL
        UNION ALL SELECT 21, pg_catalog.concat(c.table_name, c.name),
            pg_catalog.format('ALTER TABLE %s ALTER COLUMN %s SET NOT NULL', c.table_name, c.name)
            FROM col c WHERE c.not_null AND c.not_null_constraint IS NULL
        UNION ALL SELECT 22, pg_catalog.concat(c.table_name, c.name),
            CASE WHEN c.attidentity = '' THEN pg_catalog.format('ALTER SEQUENCE %s OWNED BY %s.%s', s.seqrelid::regclass, c.table_name, c.name)
                 ELSE pg_catalog.format('ALTER TABLE %s ALTER COLUMN %s SET INCREMENT BY %s SET MINVALUE %s SET MAXVALUE %s SET START WITH %s SET CACHE %s SET %sCYCLE RESTART',
                     c.table_name, c.name, s.seqincrement, s.seqmin, s.seqmax, s.seqstart, s.seqcache, CASE WHEN NOT s.seqcycle THEN 'NO ' END) END
            FROM col c
            JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::regclass::oid AND d.refobjid = c.attrelid AND d.refobjsubid = c.attnum
             AND d.classid = 'pg_catalog.pg_class'::regclass::oid AND d.deptype IN ('a', 'i')
            JOIN pg_catalog.pg_sequence s ON s.seqrelid = d.objid
            WHERE c.added
        UNION ALL SELECT 22, pg_catalog.concat(c.table_name, c.name, ' '),
            pg_catalog.format('SELECT pg_catalog.setval(pg_catalog.pg_get_serial_sequence(%L, %L), %s)', c.table_name, c.column_name, v.last_value)
            FROM col c
            JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::regclass::oid AND d.refobjid = c.attrelid AND d.refobjsubid = c.attnum
             AND d.classid = 'pg_catalog.pg_class'::regclass::oid AND d.deptype = 'i'
            JOIN pg_catalog.pg_sequence s ON s.seqrelid = d.objid
            CROSS JOIN LATERAL pg_catalog.pg_sequence_last_value(s.seqrelid) v(last_value)
            WHERE c.added AND v.last_value IS NOT NULL
        UNION ALL SELECT 23, pg_catalog.concat(c.table_name, c.name),
            pg_catalog.format('ALTER TABLE %s ALTER COLUMN %s SET STORAGE %s', c.table_name, c.name,
                CASE c.storage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END)
            FROM col c WHERE c.storage IS NOT NULL
        UNION ALL SELECT 24, pg_catalog.concat(c.table_name, c.name),
            pg_catalog.format('ALTER TABLE %s ALTER COLUMN %s SET COMPRESSION %s', c.table_name, c.name,
                CASE c.attcompression WHEN 'l' THEN 'lz4' ELSE 'pglz' END)
            FROM col c WHERE c.attcompression <> ''
        UNION ALL SELECT 25, pg_catalog.concat(c.table_name, c.name),
            pg_catalog.format('ALTER TABLE %s ALTER COLUMN %s SET STATISTICS %s', c.table_name, c.name, c.target)
            FROM col c WHERE c.target >= 0
        UNION ALL SELECT 26, pg_catalog.concat(c.table_name, c.name),
            pg_catalog.format('ALTER TABLE %s ALTER COLUMN %s SET (%s)', c.table_name, c.name, u.u)
            FROM col c CROSS JOIN LATERAL pg_catalog.unnest(c.attoptions) u WHERE pg_catalog.starts_with(u.u, 'n_distinct')
        -- tables, views and sequences as a whole
        UNION ALL SELECT 30, m.name, pg_catalog.format('ALTER TABLE %s SET UNLOGGED', m.name)
            FROM member m WHERE m.relkind = 'r' AND m.relpersistence = 'u'
        UNION ALL SELECT 31, m.name, pg_catalog.format('ALTER TABLE %s SET TABLESPACE %I', m.name, s.spcname)
            FROM member m JOIN pg_catalog.pg_tablespace s ON s.oid = m.reltablespace WHERE m.relkind = 'r'
        UNION ALL SELECT 32, m.name, pg_catalog.format('ALTER %s %s SET (%s)', CASE m.relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, m.name,
                pg_catalog.string_agg(pg_catalog.format('%s%s=%L', o.prefix, pg_catalog.split_part(o.o, '=', 1),
                    pg_catalog.substr(o.o, pg_catalog.strpos(o.o, '=') OPERATOR(pg_catalog.+) 1)), ', ' ORDER BY o.prefix, o.o))
            FROM member m CROSS JOIN LATERAL (
                SELECT '' AS prefix, u.u AS o FROM pg_catalog.unnest(m.reloptions) u
                UNION ALL SELECT 'toast.', u.u FROM pg_catalog.pg_class t, pg_catalog.unnest(t.reloptions) u WHERE t.oid = m.reltoastrelid) o
            WHERE o.prefix <> '' OR o.o IS DISTINCT FROM m.option
            GROUP BY m.relkind, m.name
        UNION ALL SELECT 33, m.name, pg_catalog.format('ALTER %s %s RESET (%s)', CASE m.relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, m.name,
                pg_catalog.split_part(m.option, '=', 1))
            FROM member m WHERE m.option IS NOT NULL AND NOT EXISTS (
                SELECT FROM pg_catalog.unnest(m.reloptions) u WHERE pg_catalog.split_part(u.u, '=', 1) = pg_catalog.split_part(m.option, '=', 1))
        UNION ALL SELECT 34, m.name,
            pg_catalog.format('ALTER SEQUENCE %s INCREMENT BY %s MINVALUE %s MAXVALUE %s START WITH %s CACHE %s%s', m.name,
                s.seqincrement, s.seqmin, s.seqmax, s.seqstart, s.seqcache, CASE WHEN s.seqcycle THEN ' CYCLE' END)
            FROM member m JOIN pg_catalog.pg_sequence s ON s.seqrelid = m.oid
            WHERE (s.seqincrement, s.seqmin, s.seqmax, s.seqstart, s.seqcache, s.seqcycle) <> (1, 1, 9223372036854775807, 1, 1, false)
              AND (s.seqincrement, s.seqmin, s.seqmax, s.seqstart OPERATOR(pg_catalog.&) 1023, s.seqcache, s.seqcycle) IS DISTINCT FROM (1024, 1, 9223372036854775807, taskq_slot_number(), 1, false)
        -- indexes, constraints, statistics
        UNION ALL SELECT 40, i.name, pg_catalog.pg_get_indexdef(i.oid) FROM idx i WHERE i.added AND NOT i.of_constraint
        UNION ALL SELECT 41, i.name, pg_catalog.format('ALTER INDEX %s SET (%s)', i.name, pg_catalog.array_to_string(i.reloptions, ', '))
            FROM idx i WHERE i.reloptions IS NOT NULL AND NOT i.added
        UNION ALL SELECT CASE c.contype WHEN 'f' THEN 44 WHEN 'c' THEN 43 ELSE 42 END, pg_catalog.concat(c.table_name, c.conname),
            pg_catalog.format('ALTER TABLE %s ADD CONSTRAINT %I %s', c.table_name, c.conname, pg_catalog.pg_get_constraintdef(c.oid))
            FROM con c
            WHERE CASE WHEN c.contype = 'n' THEN c.oid IN (SELECT o.not_null_constraint FROM col o) ELSE c.added OR NOT c.convalidated END
              AND (taskq_slot_number() IS NULL OR c.conname <> ALL ('{taskq_task_slot_check,taskq_renewal_slot_check}'::pg_catalog.name[]))
        -- makes those two, and moves the sequences on to ids of the slot if rows have been written since the restore
        UNION ALL SELECT 43, '', pg_catalog.format('SELECT %I.taskq_set_slot(%s)', n.nspname, taskq_slot_number())
            FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
            WHERE p.oid = 'taskq_set_slot(integer)'::regprocedure::oid AND taskq_slot_number() IS NOT NULL
        UNION ALL SELECT 44, pg_catalog.concat(c.table_name, c.conname),
            pg_catalog.format('ALTER TABLE %s ALTER CONSTRAINT %I DEFERRABLE INITIALLY %s', c.table_name, c.conname,
                CASE WHEN c.condeferred THEN 'DEFERRED' ELSE 'IMMEDIATE' END)
            FROM con c WHERE NOT c.added AND c.convalidated AND c.contype = 'f' AND c.condeferrable
        UNION ALL SELECT 45, i.name, pg_catalog.format('ALTER TABLE %s CLUSTER ON %I', i.table_name, i.relname) FROM idx i WHERE i.indisclustered
        UNION ALL SELECT 46, m.name, pg_catalog.format('ALTER TABLE %s REPLICA IDENTITY %s', m.name,
                CASE m.relreplident WHEN 'f' THEN 'FULL' WHEN 'n' THEN 'NOTHING' ELSE pg_catalog.format('USING INDEX %I',
                    (SELECT i.relname FROM idx i WHERE i.table_name = m.name AND i.indisreplident)) END)
            FROM member m WHERE m.relkind = 'r' AND m.relreplident <> 'd'
        UNION ALL SELECT 47, s.name, pg_catalog.pg_get_statisticsobjdef(s.oid) FROM sta s
        UNION ALL SELECT 48, s.name, pg_catalog.format('ALTER STATISTICS %s SET STATISTICS %s', s.name, s.target) FROM sta s WHERE s.target >= 0
        -- rules and triggers
        UNION ALL SELECT 50, pg_catalog.concat(r.table_name, r.rulename), pg_catalog.rtrim(pg_catalog.pg_get_ruledef(r.oid), ';') FROM rul r
        UNION ALL SELECT 51, pg_catalog.concat(r.table_name, r.rulename), pg_catalog.format('ALTER TABLE %s %s RULE %I', r.table_name,
                CASE r.ev_enabled WHEN 'D' THEN 'DISABLE' WHEN 'A' THEN 'ENABLE ALWAYS' ELSE 'ENABLE REPLICA' END, r.rulename)
            FROM rul r WHERE r.ev_enabled <> 'O'
        UNION ALL SELECT 52, pg_catalog.concat(t.table_name, t.tgname), pg_catalog.pg_get_triggerdef(t.oid) FROM trg t WHERE t.added
        UNION ALL SELECT 53, pg_catalog.concat(t.table_name, t.tgname), pg_catalog.format('ALTER TABLE %s %s TRIGGER %I', t.table_name,
                CASE t.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'A' THEN 'ENABLE ALWAYS' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE' END, t.tgname)
            FROM trg t WHERE t.tgenabled <> CASE WHEN t.always THEN 'A' ELSE 'O' END
        -- row security
        UNION ALL SELECT 60, pg_catalog.concat(m.name, p.polname),
            pg_catalog.format('CREATE POLICY %I ON %s%s FOR %s TO %s%s%s', p.polname, m.name,
                CASE WHEN NOT p.polpermissive THEN ' AS RESTRICTIVE' END,
                CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
                CASE WHEN p.polroles = '{0}' THEN 'PUBLIC' ELSE
                    (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(r.rolname), ', ' ORDER BY r.rolname)
                     FROM pg_catalog.pg_roles r WHERE r.oid = ANY (p.polroles)) END,
                CASE WHEN p.polqual IS NOT NULL THEN pg_catalog.format(' USING (%s)', pg_catalog.pg_get_expr(p.polqual, p.polrelid)) END,
                CASE WHEN p.polwithcheck IS NOT NULL THEN pg_catalog.format(' WITH CHECK (%s)', pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)) END)
            FROM member m JOIN pg_catalog.pg_policy p ON p.polrelid = m.oid
        UNION ALL SELECT 61, m.name, pg_catalog.format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', m.name) FROM member m WHERE m.relrowsecurity
        UNION ALL SELECT 62, m.name, pg_catalog.format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', m.name) FROM member m WHERE m.relforcerowsecurity
        -- publications
        UNION ALL SELECT 70, pg_catalog.concat(p.pubname, m.name), pg_catalog.format('ALTER PUBLICATION %I ADD TABLE %s%s%s', p.pubname, m.name,
                (SELECT pg_catalog.format(' (%s)', pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY a.attnum))
                 FROM pg_catalog.pg_attribute a WHERE a.attrelid = m.oid AND a.attnum = ANY (r.prattrs) HAVING r.prattrs IS NOT NULL),
                CASE WHEN r.prqual IS NOT NULL THEN pg_catalog.format(' WHERE (%s)', pg_catalog.pg_get_expr(r.prqual, r.prrelid)) END)
            FROM member m JOIN pg_catalog.pg_publication_rel r ON r.prrelid = m.oid JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid
        -- comments
        UNION ALL SELECT 80, d.on_what, pg_catalog.format('COMMENT ON %s IS %L', d.on_what, d.description)
            FROM (
                SELECT pg_catalog.format('COLUMN %s.%s', c.table_name, c.name) AS on_what, pg_catalog.col_description(c.attrelid, c.attnum) AS description FROM col c WHERE c.added
                UNION ALL SELECT pg_catalog.format('CONSTRAINT %I ON %s', c.conname, c.table_name), pg_catalog.obj_description(c.oid, 'pg_constraint') FROM con c WHERE c.added OR NOT c.convalidated
                UNION ALL SELECT pg_catalog.format('INDEX %s', i.name), pg_catalog.obj_description(i.oid, 'pg_class') FROM idx i WHERE i.added
                UNION ALL SELECT pg_catalog.format('STATISTICS %s', s.name), pg_catalog.obj_description(s.oid, 'pg_statistic_ext') FROM sta s
                UNION ALL SELECT pg_catalog.format('RULE %I ON %s', r.rulename, r.table_name), pg_catalog.obj_description(r.oid, 'pg_rewrite') FROM rul r
                UNION ALL SELECT pg_catalog.format('TRIGGER %I ON %s', t.tgname, t.table_name), pg_catalog.obj_description(t.oid, 'pg_trigger') FROM trg t WHERE t.added
                UNION ALL SELECT pg_catalog.format('POLICY %I ON %s', p.polname, m.name), pg_catalog.obj_description(p.oid, 'pg_policy')
                FROM member m JOIN pg_catalog.pg_policy p ON p.polrelid = m.oid
            ) d WHERE d.description IS NOT NULL
        -- functions, owners
        UNION ALL SELECT 90, p.oid::text, pg_catalog.format('ALTER ROUTINE %s SET %s TO %L', p.oid::regprocedure,
                pg_catalog.split_part(u.u, '=', 1), pg_catalog.substr(u.u, pg_catalog.strpos(u.u, '=') OPERATOR(pg_catalog.+) 1))
            FROM extension e
            JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_extension'::regclass::oid AND d.refobjid = e.oid
             AND d.deptype = 'e' AND d.classid = 'pg_catalog.pg_proc'::regclass::oid
            JOIN pg_catalog.pg_proc p ON p.oid = d.objid
            CROSS JOIN LATERAL pg_catalog.unnest(p.proconfig) u WHERE NOT pg_catalog.starts_with(u.u, 'search_path=')
        UNION ALL SELECT 91, m.name, pg_catalog.format('ALTER %s %s OWNER TO %I', CASE m.relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, m.name, r.rolname)
            FROM extension e CROSS JOIN member m JOIN pg_catalog.pg_roles r ON r.oid = m.relowner
            WHERE m.relkind IN ('r', 'v') AND m.relowner <> e.extowner
    )
    SELECT CASE WHEN s.rank < 20 THEN 'pre-data' ELSE 'post-data' END, pg_catalog.concat(s.sql, ';')
    FROM statement s ORDER BY s.rank, s.key;
END;
COMMENT ON FUNCTION taskq_customizations() IS
'Statements that make again what was added to taskq''s tables and pg_dump does not keep, in the order to run them. section: pre-data (columns; dropping constraints of taskq''s that are not validated or not enforced, which post-data makes again as they are), to be run when the extension has been created and before the data is restored; post-data (all else: defaults, constraints, indexes, statistics, rules, triggers and which are disabled, row security, publications, comments, storage parameters, the slot, sequences'' steps, owners), to be run after the restore. What else was changed of taskq''s own columns, constraints and indexes is not among them.';

-- Findings for the DBA.
CREATE FUNCTION taskq_check_server(OUT severity integer, OUT subject text, OUT what text, OUT hint text) RETURNS SETOF record
    LANGUAGE c STABLE PARALLEL RESTRICTED COST 100000 ROWS 5
    AS 'MODULE_PATHNAME', 'taskq_check_server';
COMMENT ON FUNCTION taskq_check_server() IS
'The part of taskq_check() about the worker, versions, settings, the numbers kept for taskq_stats(), and taskq_role_grant.';

-- Directory: ids that change
CREATE FUNCTION taskq_key_change() RETURNS trigger
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_key_change';
COMMENT ON FUNCTION taskq_key_change() IS
'Trigger function of taskq_staff_member, taskq_customer, taskq_team and taskq_calendar, BEFORE UPDATE that changes an id or a name, and of all but taskq_customer BEFORE DELETE: refuses (55000) while something on one of taskq''s tables (a trigger, CHECK, default, index, rule) uses a function that has no search_path of its own with pg_temp as last schema. The cascade would run it with the rights of the table''s owner under the search_path of the session. Who has those rights may.';

CREATE TRIGGER taskq_key_change BEFORE UPDATE ON taskq_staff_member
    FOR EACH ROW WHEN (old.id OPERATOR(pg_catalog.<>) new.id) EXECUTE FUNCTION taskq_key_change();
CREATE TRIGGER taskq_key_delete BEFORE DELETE ON taskq_staff_member
    FOR EACH ROW EXECUTE FUNCTION taskq_key_change();
CREATE TRIGGER taskq_key_change BEFORE UPDATE ON taskq_customer
    FOR EACH ROW WHEN (old.id OPERATOR(pg_catalog.<>) new.id) EXECUTE FUNCTION taskq_key_change();

-- Drivers give their parameters a type.
CREATE CAST (text AS taskq_priority) WITH INOUT AS IMPLICIT;
CREATE CAST (varchar AS taskq_priority) WITH INOUT AS IMPLICIT;
CREATE CAST (text AS taskq_status) WITH INOUT AS IMPLICIT;
CREATE CAST (varchar AS taskq_status) WITH INOUT AS IMPLICIT;
CREATE CAST (text AS taskq_sla_status) WITH INOUT AS IMPLICIT;
CREATE CAST (varchar AS taskq_sla_status) WITH INOUT AS IMPLICIT;
COMMENT ON CAST (text AS taskq_priority) IS 'So that drivers that say text can call every function. Errors: 22P02 no value of the type.';
COMMENT ON CAST (varchar AS taskq_priority) IS 'So that drivers that say varchar can call every function. Errors: 22P02 no value of the type.';
COMMENT ON CAST (text AS taskq_status) IS 'So that drivers that say text can call every function. Errors: 22P02 no value of the type.';
COMMENT ON CAST (varchar AS taskq_status) IS 'So that drivers that say varchar can call every function. Errors: 22P02 no value of the type.';
COMMENT ON CAST (text AS taskq_sla_status) IS 'So that drivers that say text can call every function. Errors: 22P02 no value of the type.';
COMMENT ON CAST (varchar AS taskq_sla_status) IS 'So that drivers that say varchar can call every function. Errors: 22P02 no value of the type.';

-- Absences, merged customers, teams, as in directory.sql.
ALTER TABLE taskq_staff_member ADD COLUMN away_until date;
COMMENT ON COLUMN taskq_staff_member.away_until IS 'Last day of an absence, in taskq.timezone; infinity = no end of it is known, NULL or a day that has passed = not away. Until then rules with LEAST_LOADED pass over the member, and what goes to a customer''s agent goes to the agent''s team instead, else to nobody. What names the member stays allowed: taskq_assign() and the like, taskq_claim(), assignee_id of a rule or a renewal.';
ALTER TABLE taskq_customer
    ADD COLUMN merged_into text,
    ADD COLUMN merged_at timestamptz,
    ADD COLUMN merged_by text,
    ADD CONSTRAINT taskq_customer_merged_check CHECK
        (CASE WHEN merged_into IS NULL THEN merged_at IS NULL AND merged_by IS NULL
         ELSE merged_at IS NOT NULL AND NOT is_active AND merged_into OPERATOR(pg_catalog.<>) id END);
CREATE INDEX taskq_customer_merged_idx ON taskq_customer (merged_into) WHERE merged_into IS NOT NULL;
COMMENT ON COLUMN taskq_customer.merged_into IS 'Customer that taskq_merge_customer() merged this one into, which stays as a pointer, inactive: taskq_mirror() changes only its name, taskq_create() and others refuse it. NULL = none. A manager takes the pointer back by clearing this, merged_at and merged_by; what went over stays there.';
COMMENT ON COLUMN taskq_customer.merged_at IS 'When it was merged.';
COMMENT ON COLUMN taskq_customer.merged_by IS 'Actor who merged it; NULL = the system, or not merged.';

CREATE FUNCTION taskq_line_is_valid(line text) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'taskq_line_is_valid';
COMMENT ON FUNCTION taskq_line_is_valid(text) IS
'What CHECKs ask of titles, and of names. True for 1 to 200 characters with at least one that is not blank, no control character and, in a UTF8 database, none with Unicode''s property Bidi_Control (UAX #9), which can make a title read as another. Of a new title the triggers ask more: taskq_title_is_valid().';

CREATE TABLE taskq_team (
    id text PRIMARY KEY
        CONSTRAINT taskq_team_id_check CHECK (char_length(id) BETWEEN 1 AND 255),
    name text NOT NULL
        CONSTRAINT taskq_team_name_check CHECK (taskq_line_is_valid(name)),
    is_active boolean NOT NULL DEFAULT true
);

COMMENT ON TABLE taskq_team IS 'Groups of staff that tasks can belong to. Kept by hand or from the application''s own table by taskq_mirror().';
COMMENT ON COLUMN taskq_team.id IS 'The application''s key, 1 to 255 characters; a task names it in team_id.';
COMMENT ON COLUMN taskq_team.name IS 'Display name, one line of 1 to 200 characters.';
COMMENT ON COLUMN taskq_team.is_active IS 'False: keeps the tasks it has, gets no new ones.';

CREATE TABLE taskq_team_member (
    team_id text CONSTRAINT taskq_team_member_team_id_fkey REFERENCES taskq_team ON UPDATE CASCADE ON DELETE CASCADE,
    staff_id text CONSTRAINT taskq_team_member_staff_id_fkey REFERENCES taskq_staff_member ON UPDATE CASCADE ON DELETE CASCADE,
    CONSTRAINT taskq_team_member_pkey PRIMARY KEY (team_id, staff_id)
);
CREATE INDEX taskq_team_member_staff_idx ON taskq_team_member (staff_id);

COMMENT ON TABLE taskq_team_member IS 'Who is in which team; a member of staff can be in several.';
COMMENT ON COLUMN taskq_team_member.team_id IS 'The team.';
COMMENT ON COLUMN taskq_team_member.staff_id IS 'The member of staff.';

SELECT pg_catalog.pg_extension_config_dump('taskq_team', '');
SELECT pg_catalog.pg_extension_config_dump('taskq_team_member', '');

COMMENT ON FUNCTION taskq_mirror() IS
'Trigger function, AFTER INSERT OR UPDATE OR DELETE FOR EACH ROW on the application''s own table. Arguments: ''staff'', ''customer'' or ''team'', then the names of the columns that hold id, name, active (optional, '''' = always active) and, for customers, agent (optional); or ''team_member'', then those of the columns that hold the ids of the team and of the member of staff. Insert and update upsert; delete marks inactive and keeps the row, but takes a member out of a team; of a customer that was merged into another only the name changes; a changed id is refused (0A000), but that of a membership moves it. The owner of the table must be allowed to execute this function (42501).';

CREATE TRIGGER taskq_key_change BEFORE UPDATE ON taskq_team
    FOR EACH ROW WHEN (old.id OPERATOR(pg_catalog.<>) new.id) EXECUTE FUNCTION taskq_key_change();
CREATE TRIGGER taskq_key_delete BEFORE DELETE ON taskq_team
    FOR EACH ROW EXECUTE FUNCTION taskq_key_change();

-- Business time, as in business.sql.
CREATE TABLE taskq_calendar (
    name text PRIMARY KEY
        CONSTRAINT taskq_calendar_name_check CHECK (char_length(name) BETWEEN 1 AND 63 AND taskq_line_is_valid(name)),
    timezone text NOT NULL
        CONSTRAINT taskq_calendar_timezone_check CHECK (char_length(timezone) BETWEEN 1 AND 255),
    holiday_lists text[] NOT NULL DEFAULT '{}'
        CONSTRAINT taskq_calendar_holiday_lists_check CHECK (pg_catalog.array_position(holiday_lists, NULL) IS NULL),
    revision bigint,
    looked_at date
);
COMMENT ON TABLE taskq_calendar IS 'When a desk is open: an instant is open if and only if the wall clock of the time zone then reads a time in a window of that local date. taskq_calendar_set() writes a calendar with its windows. A change holds in every session as soon as it is committed.';
COMMENT ON COLUMN taskq_calendar.name IS 'Key, 1 to 63 characters.';
COMMENT ON COLUMN taskq_calendar.timezone IS 'Time zone whose wall clock the windows are for. One that the server does not know is an error (22023) at the end of the transaction.';
COMMENT ON COLUMN taskq_calendar.holiday_lists IS 'Lists of taskq_holiday that hold. Of a day that several of them name, the first one says all.';
COMMENT ON COLUMN taskq_calendar.revision IS 'Hash of the open time from 2000 to 2100, written by taskq at the end of the transaction. It is another one if and only if open time is.';
COMMENT ON COLUMN taskq_calendar.looked_at IS 'Day on which the sweep, or a change, last compared the revision with the rules of the time zone; they can change with an update of the server.';

CREATE TABLE taskq_calendar_window (
    calendar text CONSTRAINT taskq_calendar_window_calendar_fkey REFERENCES taskq_calendar ON UPDATE CASCADE ON DELETE CASCADE,
    weekday smallint
        CONSTRAINT taskq_calendar_window_weekday_check CHECK (weekday BETWEEN 1 AND 7),
    opens time,
    closes time NOT NULL,
    CONSTRAINT taskq_calendar_window_pkey PRIMARY KEY (calendar, weekday, opens),
    CONSTRAINT taskq_calendar_window_check CHECK (closes OPERATOR(pg_catalog.>) opens)
);
COMMENT ON TABLE taskq_calendar_window IS 'Windows of open time in each week. They are half-open: at the time of closing it is closed. Windows of a day that touch or overlap are as one; a night is two, until 24:00 and from 00:00 of the next day.';
COMMENT ON COLUMN taskq_calendar_window.calendar IS 'The calendar.';
COMMENT ON COLUMN taskq_calendar_window.weekday IS '1 = Monday to 7 = Sunday.';
COMMENT ON COLUMN taskq_calendar_window.opens IS 'Local time of opening.';
COMMENT ON COLUMN taskq_calendar_window.closes IS 'Local time of closing, after opens; up to 24:00.';

CREATE TABLE taskq_holiday (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    list text NOT NULL
        CONSTRAINT taskq_holiday_list_check CHECK (char_length(list) BETWEEN 1 AND 63 AND taskq_line_is_valid(list)),
    day date NOT NULL
        CONSTRAINT taskq_holiday_day_check CHECK (pg_catalog.isfinite(day)),
    yearly boolean NOT NULL DEFAULT false,
    opens time,
    closes time,
    label text
        CONSTRAINT taskq_holiday_label_check CHECK (char_length(label) BETWEEN 1 AND 200 AND taskq_line_is_valid(label)),
    CONSTRAINT taskq_holiday_key UNIQUE NULLS NOT DISTINCT (list, day, yearly, opens),
    CONSTRAINT taskq_holiday_check CHECK (pg_catalog.num_nulls(opens, closes) OPERATOR(pg_catalog.=) 2
        OR pg_catalog.num_nulls(opens, closes) OPERATOR(pg_catalog.=) 0 AND closes OPERATOR(pg_catalog.>) opens)
);
COMMENT ON TABLE taskq_holiday IS 'Lists of days on which a calendar is closed or has other hours. A list is there as soon as it has a day. Several rows for a day are as many windows, unless one closes it; dated rows of a list take the place of yearly ones for their day.';
COMMENT ON COLUMN taskq_holiday.id IS 'Key.';
COMMENT ON COLUMN taskq_holiday.list IS 'Name of the list, 1 to 63 characters; calendars name it in holiday_lists.';
COMMENT ON COLUMN taskq_holiday.day IS 'The day, a date where the calendar is.';
COMMENT ON COLUMN taskq_holiday.yearly IS 'True: on this day of every year, 29 February in leap years.';
COMMENT ON COLUMN taskq_holiday.opens IS 'Local time of opening on that day; NULL, with closes, = closed all day.';
COMMENT ON COLUMN taskq_holiday.closes IS 'Local time of closing on that day, after opens; up to 24:00.';
COMMENT ON COLUMN taskq_holiday.label IS 'What it is called, 1 to 200 characters; NULL = as its list.';

SELECT pg_catalog.pg_extension_config_dump('taskq_calendar', '');
SELECT pg_catalog.pg_extension_config_dump('taskq_calendar_window', '');
SELECT pg_catalog.pg_extension_config_dump('taskq_holiday', '');
SELECT pg_catalog.pg_extension_config_dump('taskq_holiday_id_seq', '');

CREATE FUNCTION taskq_calendar_changed() RETURNS trigger
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_calendar_changed';
COMMENT ON FUNCTION taskq_calendar_changed() IS
'Trigger function of taskq_calendar, taskq_calendar_window and taskq_holiday: has every session read calendars again once the change is committed, and this one at once. Active tasks follow a calendar that has been given another name, at once and without a change of updated_at; TRUNCATE of windows or holidays has the revision of all calendars computed anew.';

CREATE FUNCTION taskq_calendar_revise() RETURNS trigger
    LANGUAGE c
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'taskq_calendar_revise';
COMMENT ON FUNCTION taskq_calendar_revise() IS
'Trigger function of taskq_calendar, taskq_calendar_window and taskq_holiday, deferred: locks the calendars concerned and writes their revision. Does nothing while check_function_bodies is off, as in a restore. Errors: 22023 for a time zone that the server does not know, 23514 for a calendar in use that would not open within ten years from now, 23503 for one in use that has been deleted.';

-- Also where triggers are off: a subscription fires those of rows.
CREATE TRIGGER taskq_calendar_changed AFTER INSERT OR UPDATE OR DELETE ON taskq_calendar
    FOR EACH ROW EXECUTE FUNCTION taskq_calendar_changed();
CREATE TRIGGER taskq_calendar_changed AFTER INSERT OR UPDATE OR DELETE ON taskq_calendar_window
    FOR EACH ROW EXECUTE FUNCTION taskq_calendar_changed();
CREATE TRIGGER taskq_calendar_changed AFTER INSERT OR UPDATE OR DELETE ON taskq_holiday
    FOR EACH ROW EXECUTE FUNCTION taskq_calendar_changed();
CREATE TRIGGER taskq_calendar_truncated AFTER TRUNCATE ON taskq_calendar
    FOR EACH STATEMENT EXECUTE FUNCTION taskq_calendar_changed();
CREATE TRIGGER taskq_calendar_truncated AFTER TRUNCATE ON taskq_calendar_window
    FOR EACH STATEMENT EXECUTE FUNCTION taskq_calendar_changed();
CREATE TRIGGER taskq_calendar_truncated AFTER TRUNCATE ON taskq_holiday
    FOR EACH STATEMENT EXECUTE FUNCTION taskq_calendar_changed();
ALTER TABLE taskq_calendar ENABLE ALWAYS TRIGGER taskq_calendar_changed, ENABLE ALWAYS TRIGGER taskq_calendar_truncated;
ALTER TABLE taskq_calendar_window ENABLE ALWAYS TRIGGER taskq_calendar_changed, ENABLE ALWAYS TRIGGER taskq_calendar_truncated;
ALTER TABLE taskq_holiday ENABLE ALWAYS TRIGGER taskq_calendar_changed, ENABLE ALWAYS TRIGGER taskq_calendar_truncated;

CREATE CONSTRAINT TRIGGER taskq_calendar_revise AFTER INSERT OR DELETE ON taskq_calendar
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION taskq_calendar_revise();
CREATE CONSTRAINT TRIGGER taskq_calendar_revise_updated AFTER UPDATE ON taskq_calendar
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (old.name OPERATOR(pg_catalog.<>) new.name OR old.timezone OPERATOR(pg_catalog.<>) new.timezone
        OR old.holiday_lists OPERATOR(pg_catalog.<>) new.holiday_lists OR old.revision IS NOT NULL AND new.revision IS NULL)
    EXECUTE FUNCTION taskq_calendar_revise();
CREATE CONSTRAINT TRIGGER taskq_calendar_revise AFTER INSERT OR UPDATE OR DELETE ON taskq_calendar_window
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION taskq_calendar_revise();
CREATE CONSTRAINT TRIGGER taskq_calendar_revise AFTER INSERT OR UPDATE OR DELETE ON taskq_holiday
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION taskq_calendar_revise();

CREATE TRIGGER taskq_key_change BEFORE UPDATE ON taskq_calendar
    FOR EACH ROW WHEN (old.name OPERATOR(pg_catalog.<>) new.name) EXECUTE FUNCTION taskq_key_change();
CREATE TRIGGER taskq_key_delete BEFORE DELETE ON taskq_calendar
    FOR EACH ROW EXECUTE FUNCTION taskq_key_change();

CREATE FUNCTION taskq_calendar_set(name text, timezone text, hours text, holiday_lists text[] DEFAULT '{}') RETURNS void
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_calendar_set';
COMMENT ON FUNCTION taskq_calendar_set(text, text, text, text[]) IS
'Creates a calendar, or replaces its time zone, windows and lists of holidays. hours: parts separated by semicolons, each of days and windows, Mon-Fri 09:00-12:00,13:00-17:30; Sat 10:00-14:00 for example; or 24/7. Days may be listed (Mon,Wed-Fri), each once; a window that ends before it begins goes on into the next day (22:00-06:00); 24:00 is the end of a day. Errors: 22023 for a name that is not 1 to 63 characters, a time zone that the server does not know, a list that taskq_holiday does not have, and hours with a mistake, naming it and its position in characters.';

CREATE FUNCTION taskq_business_add(calendar text, start timestamptz, hours double precision) RETURNS timestamptz
    LANGUAGE c STABLE STRICT PARALLEL RESTRICTED
    AS 'MODULE_PATHNAME', 'taskq_business_add';
COMMENT ON FUNCTION taskq_business_add(text, timestamptz, double precision) IS
'The first instant at which so many hours of a calendar''s open time have passed since start: if that is at the time of closing, then that and not the next opening. Negative hours go back: the last instant that has so much open time between it and start. Hours are rounded to microseconds. Errors: 22023 for an unknown calendar, an infinite start, hours not from -87600 to 87600; 22008 if the calendar does not open for ten years, further than 1,000 years away, and outside the range of timestamptz.';

CREATE FUNCTION taskq_business_hours(calendar text, since timestamptz, until timestamptz) RETURNS double precision
    LANGUAGE c STABLE STRICT PARALLEL RESTRICTED
    AS 'MODULE_PATHNAME', 'taskq_business_hours';
COMMENT ON FUNCTION taskq_business_hours(text, timestamptz, timestamptz) IS
'Hours of a calendar''s open time from since (inclusive) to until (exclusive); 0 if until is not after since. Errors: 22023 for an unknown calendar and an infinite instant.';

CREATE FUNCTION taskq_business_day(calendar text, day date, n integer) RETURNS date
    LANGUAGE c STABLE STRICT PARALLEL RESTRICTED
    AS 'MODULE_PATHNAME', 'taskq_business_day';
COMMENT ON FUNCTION taskq_business_day(text, date, integer) IS
'The n-th business day after a day, a day on which the calendar opens. Number 0 is the day itself or, if it does not open, the next that does. Negative n goes back, from the day itself or the last that opened. Errors: 22023 for an unknown calendar, an infinite day, n not from -36500 to 36500; 22008 if the calendar does not open for ten years, and outside the range of timestamptz.';

CREATE FUNCTION taskq_calendar_spans(calendar text, since timestamptz, until timestamptz, OUT opens timestamptz, OUT closes timestamptz)
    RETURNS SETOF record
    LANGUAGE c STABLE STRICT PARALLEL RESTRICTED ROWS 300
    AS 'MODULE_PATHNAME', 'taskq_calendar_spans';
COMMENT ON FUNCTION taskq_calendar_spans(text, timestamptz, timestamptz) IS
'The open time of a calendar from since to until, in order; what begins before or ends after is cut. opens: the first instant. closes: the first that is not open any more. Errors: 22023 for an unknown calendar and an infinite instant.';

-- Policies, as in policy.sql.
CREATE FUNCTION taskq_warn_percents_are_valid(percents smallint[]) RETURNS boolean
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
    SELECT pg_catalog.cardinality(percents) <= 20 AND coalesce(pg_catalog.bool_and(p BETWEEN 1 AND 99), true)
    FROM pg_catalog.unnest(percents) p;
END;
COMMENT ON FUNCTION taskq_warn_percents_are_valid(smallint[]) IS
'True for at most 20 numbers from 1 to 99. For a CHECK.';

CREATE TABLE taskq_sla_policy (
    name text PRIMARY KEY
        CONSTRAINT taskq_sla_policy_name_check CHECK (pg_catalog.char_length(name) BETWEEN 1 AND 63 AND taskq_line_is_valid(name)),
    user_id text REFERENCES taskq_customer ON UPDATE CASCADE,
    team_id text REFERENCES taskq_team ON UPDATE CASCADE,
    kind text
        CONSTRAINT taskq_sla_policy_kind_check CHECK (pg_catalog.char_length(kind) BETWEEN 1 AND 63 AND taskq_line_is_valid(kind)),
    priority taskq_priority,
    source text
        CONSTRAINT taskq_sla_policy_source_check CHECK (pg_catalog.char_length(source) BETWEEN 1 AND 63),
    calendar text REFERENCES taskq_calendar ON UPDATE CASCADE,
    response_hours double precision
        CONSTRAINT taskq_sla_policy_response_hours_check CHECK (response_hours OPERATOR(pg_catalog.>=) 2.7777777777777776e-07 AND response_hours OPERATOR(pg_catalog.<=) 87600),
    sla_hours double precision
        CONSTRAINT taskq_sla_policy_sla_hours_check CHECK (sla_hours OPERATOR(pg_catalog.>=) 2.7777777777777776e-07 AND sla_hours OPERATOR(pg_catalog.<=) 87600),
    warn_percents smallint[] NOT NULL DEFAULT '{}'
        CONSTRAINT taskq_sla_policy_warn_percents_check CHECK (taskq_warn_percents_are_valid(warn_percents)),
    is_enabled boolean NOT NULL DEFAULT true,
    CONSTRAINT taskq_sla_policy_hours_check CHECK (response_hours IS NOT NULL OR sla_hours IS NOT NULL),
    CONSTRAINT taskq_sla_policy_key UNIQUE NULLS NOT DISTINCT (user_id, team_id, kind, priority, source)
);
CREATE INDEX taskq_sla_policy_calendar_idx ON taskq_sla_policy (calendar);
CREATE INDEX taskq_sla_policy_team_idx ON taskq_sla_policy (team_id);

COMMENT ON TABLE taskq_sla_policy IS 'Which SLA tasks get that are created without sla_hours: that of the most specific enabled row that fits. A NULL fits everything; a user_id counts 16, a team_id 8, a kind 4, a priority 2, a source 1. Applied by taskq_create, taskq_create_json, renewals and rules, again when kind, priority, customer or team of a task with sla_policy changes (if none fits then, it has no SLA), and by taskq_apply_policy. A changed row holds for what is created from then on. A plain INSERT stores what it is given.';
COMMENT ON COLUMN taskq_sla_policy.name IS 'Key, 1 to 63 characters.';
COMMENT ON COLUMN taskq_sla_policy.user_id IS 'Customer; NULL = all, and tasks without one.';
COMMENT ON COLUMN taskq_sla_policy.team_id IS 'Team; NULL = all, and tasks without one. While the team is inactive the row fits the tasks that it still has.';
COMMENT ON COLUMN taskq_sla_policy.kind IS 'taskq_task.kind; NULL = all.';
COMMENT ON COLUMN taskq_sla_policy.priority IS 'Priority; NULL = all.';
COMMENT ON COLUMN taskq_sla_policy.source IS 'taskq_task.source; NULL = all.';
COMMENT ON COLUMN taskq_sla_policy.calendar IS 'Calendar in whose open hours the clocks run; NULL = all day every day.';
COMMENT ON COLUMN taskq_sla_policy.response_hours IS 'Open hours within which work must begin, at least a millisecond (1/3600000), at most 87600; NULL = no such clock.';
COMMENT ON COLUMN taskq_sla_policy.sla_hours IS 'Open hours within which the task must be closed, at least a millisecond (1/3600000), at most 87600; NULL = no such clock.';
COMMENT ON COLUMN taskq_sla_policy.warn_percents IS 'At which percentages of sla_hours sla_warning is recorded: at most 20 numbers from 1 to 99. sla_at_risk comes by itself, at taskq.sla_at_risk_percent. Holds at once, also for tasks that have the policy; one that is renamed or deleted gives no more warnings.';
COMMENT ON COLUMN taskq_sla_policy.is_enabled IS 'False: fits no task.';

SELECT pg_catalog.pg_extension_config_dump('taskq_sla_policy', '');

CREATE FUNCTION taskq_sla_policy_changed() RETURNS trigger
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_sla_policy_changed';
COMMENT ON FUNCTION taskq_sla_policy_changed() IS
'Trigger function of taskq_sla_policy: makes every session read the policies anew.';
CREATE TRIGGER taskq_policies_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON taskq_sla_policy
    FOR EACH STATEMENT EXECUTE FUNCTION taskq_sla_policy_changed();
ALTER TABLE taskq_sla_policy ENABLE ALWAYS TRIGGER taskq_policies_changed;

-- Filters of the queue.
CREATE FUNCTION taskq_public_id(id bigint) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
    AS 'MODULE_PATHNAME', 'taskq_public_id';
COMMENT ON FUNCTION taskq_public_id(bigint) IS
'The id of a task as it can be shown to others without telling how many tasks there are: tsk_ and 13 digits of Crockford''s base32, always the same for an id. It hides the id from readers, but it is no encryption: taskq_id() gives it back to whoever has taskq.';

CREATE FUNCTION taskq_id(public_id text) RETURNS bigint
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'taskq_id';
COMMENT ON FUNCTION taskq_id(text) IS
'The id that taskq_public_id() made public_id of, whether or not there is such a task. Case makes no difference; I and L are read as 1, O as 0. Errors: 22P02 for what is no public id.';

CREATE FUNCTION taskq_fold(value text) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10
    AS 'MODULE_PATHNAME', 'taskq_fold';
COMMENT ON FUNCTION taskq_fold(text) IS
'A text as a search compares it. In a UTF8 database: decomposed (NFD), without accents, points and vowel signs that may be left out (combining diacritical marks, Hebrew points, Arabic harakat and hamza) and without what cannot be seen (soft hyphen, joiners, directional marks); its letters in lower case by Unicode''s case folding, whatever the locale; composed again (NFC). Besides: sharp s becomes ss, the ligatures ae and oe two letters, o, d, l, h and t with a stroke those letters, dotless i and I with a dot i. In other encodings: lower(), and no more.';

CREATE FUNCTION taskq_search_text(title text, description text) RETURNS text
    LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10
    AS 'MODULE_PATHNAME', 'taskq_search_text';
COMMENT ON FUNCTION taskq_search_text(text, text) IS
'The text in which a search looks for words: taskq_fold() of the title and, unless it is NULL, of the description, on lines of their own. For an index: USING gin (taskq_search_text(title, description) gin_trgm_ops).';

CREATE FUNCTION taskq_search_may_find(title text, description text, word text) RETURNS boolean
    LANGUAGE c IMMUTABLE PARALLEL SAFE COST 2
    AS 'MODULE_PATHNAME', 'taskq_search_may_find';
COMMENT ON FUNCTION taskq_search_may_find(text, text, text) IS
'False only if taskq_search_text(title, description) certainly does not contain the word, which is as taskq_fold() makes it; in a fraction of the time. A page with search asks it first. NULL without a word.';

CREATE FUNCTION taskq_queue_page(
    status taskq_status[] DEFAULT '{OPEN}',
    priority taskq_priority[] DEFAULT NULL,
    assignee_id text DEFAULT NULL,
    user_id text DEFAULT NULL,
    unassigned boolean DEFAULT false,
    source text DEFAULT NULL,
    due_from date DEFAULT NULL,
    due_to date DEFAULT NULL,
    sla_status taskq_sla_status[] DEFAULT NULL,
    search text DEFAULT NULL,
    sort text DEFAULT NULL,
    page_size integer DEFAULT 50,
    after text DEFAULT NULL,
    assignee_is_active boolean DEFAULT NULL,
    paused boolean DEFAULT NULL,
    kind text DEFAULT NULL,
    team_id text DEFAULT NULL,
    labels text[] DEFAULT NULL,
    attributes jsonb DEFAULT NULL)
    RETURNS SETOF taskq_queue_row
    LANGUAGE c STABLE PARALLEL RESTRICTED COST 100000 ROWS 50
    AS 'MODULE_PATHNAME', 'taskq_queue_page';
COMMENT ON FUNCTION taskq_queue_page(taskq_status[], taskq_priority[], text, text, boolean, text, date, date, taskq_sla_status[], text, text, integer, text, boolean, boolean, text, text, text[], jsonb) IS
'One page of the queue, exact at this instant. Filters: effective status, priority, SLA status (arrays: NULL = all, ''{}'' = none), assignee_id, user_id, unassigned, source, due_from and due_to (inclusive), search (up to 16 words, each of which is part of the title, of the description or of the customer''s name, or is the id of the task, its public id or the id of the customer, as it is, in lower or in upper case; letters are compared as taskq_fold() makes them, and no character is a wildcard; without a word: all), assignee_is_active (true, false: tasks whose assignee is active, inactive; neither finds those that nobody has), paused (true, false: tasks that are paused, that are not), kind, team_id, labels (tasks that have all of them), attributes (a JSON object; tasks whose attributes contain it, as @> does; no filter for either: NULL, ''{}''). sort: due (due date, none last; priority; id), priority (priority; due date; id), created (newest first, by id), sla (deadline, none last; id), closed (completed or cancelled last first, active ones behind; newest first); NULL = closed if status has only COMPLETED or CANCELLED, else due. page_size: 1 to 1000 rows. after: cursor of the last row seen, under the same sort; it is a position, so nothing is skipped when that row moves. Errors: 22023 naming the argument: unknown sort, page_size out of bounds, a cursor that is none or of another sort, a NULL array element, assignee_id together with unassigned, a search of more than 16 words.';

CREATE FUNCTION taskq_queue_count(
    status taskq_status[] DEFAULT '{OPEN}',
    priority taskq_priority[] DEFAULT NULL,
    assignee_id text DEFAULT NULL,
    user_id text DEFAULT NULL,
    unassigned boolean DEFAULT false,
    source text DEFAULT NULL,
    due_from date DEFAULT NULL,
    due_to date DEFAULT NULL,
    sla_status taskq_sla_status[] DEFAULT NULL,
    search text DEFAULT NULL,
    cap integer DEFAULT 10000,
    assignee_is_active boolean DEFAULT NULL,
    paused boolean DEFAULT NULL,
    kind text DEFAULT NULL,
    team_id text DEFAULT NULL,
    labels text[] DEFAULT NULL,
    attributes jsonb DEFAULT NULL)
    RETURNS bigint
    LANGUAGE c STABLE PARALLEL RESTRICTED COST 100000
    AS 'MODULE_PATHNAME', 'taskq_queue_count';
COMMENT ON FUNCTION taskq_queue_count(taskq_status[], taskq_priority[], text, text, boolean, text, date, date, taskq_sla_status[], text, integer, boolean, boolean, text, text, text[], jsonb) IS
'How many tasks the same filters of taskq_queue_page() match, counted up to cap (at least 1; NULL = no cap). Errors: 22023 as there; cap out of bounds.';

-- Workload: read from an index; inactive staff who still have active tasks.
CREATE FUNCTION taskq_workload_numbers(
    OUT assignee_id text,
    OUT open integer,
    OUT in_progress integer,
    OUT overdue integer,
    OUT due_today integer)
    RETURNS SETOF record
    LANGUAGE c STABLE PARALLEL RESTRICTED COST 1000000 ROWS 100
    AS 'MODULE_PATHNAME', 'taskq_workload_numbers';
COMMENT ON FUNCTION taskq_workload_numbers() IS
'The numbers of taskq_workload, for each staff member who has active tasks. Read the view instead.';

-- The number of databases in shared memory is a setting.
COMMENT ON VIEW taskq_worker_status IS 'What the worker does, one row for each database that it looks after (up to taskq.max_databases), since the server started. Empty where the library is not preloaded.';

-- Stamps never decrease.
COMMENT ON COLUMN taskq_task_event.at IS 'statement_timestamp() of the change, or the task''s last stamp where the clock is behind it.';

-- Indexes for active tasks and for closed ones take the place of those of 0.2.0.

DROP INDEX IF EXISTS taskq_task_queue_idx, taskq_task_priority_idx, taskq_task_created_idx, taskq_task_sla_idx, taskq_task_assignee_idx,
    taskq_task_unassigned_idx, taskq_task_user_idx, taskq_task_claim_idx, taskq_task_active_idx, taskq_task_sla_pending_idx,
    taskq_task_at_risk_idx, taskq_task_closed_idx, taskq_task_completed_idx;

COMMENT ON FUNCTION taskq_phase(timestamptz, timestamptz, timestamptz) IS
'What a task''s stamps say without looking at a clock: 0 = active and not started, 1 = active and started, 2 = completed, 3 = cancelled.';
COMMENT ON FUNCTION taskq_purge(interval, boolean, integer) IS
'Deletes tasks that were completed or cancelled longer ago than older_than (NULL = taskq.retention), with their history: completed ones first, then cancelled ones, the oldest of each first, at most max_tasks (1 to 1,000,000; NULL = taskq.sweep_batch_size). Returns how many. With dry_run it deletes nothing and returns how many there are. The sweep does the same by itself where taskq.retention is set. Errors: 22023 older_than negative, or NULL while taskq.retention is off; max_tasks out of bounds.';

-- A breach is remembered whatever becomes of the deadline; kinds, policies,
-- calendars, the response clock, warnings, pauses; teams, follow-ups, labels,
-- attributes.
ALTER TABLE taskq_task
    ADD COLUMN sla_first_breached_at timestamptz,
    ADD COLUMN kind text,
    ADD COLUMN sla_policy text,
    ADD COLUMN sla_calendar text,
    ADD COLUMN sla_revision bigint,
    ADD COLUMN sla_from timestamptz,
    ADD COLUMN response_hours double precision,
    ADD COLUMN response_due_at timestamptz,
    ADD COLUMN response_breached_at timestamptz,
    ADD COLUMN response_hours_used double precision,
    ADD COLUMN sla_hours_used double precision,
    ADD COLUMN sla_warn_at timestamptz,
    ADD COLUMN sla_warned_at timestamptz,
    ADD COLUMN paused_at timestamptz,
    ADD COLUMN pause_reason text,
    ADD COLUMN resume_at timestamptz,
    ADD COLUMN team_id text REFERENCES taskq_team ON UPDATE CASCADE,
    ADD COLUMN follows_id bigint,
    ADD COLUMN labels text[],
    ADD COLUMN attributes jsonb;
COMMENT ON COLUMN taskq_task.sla_hours IS 'Hours to the SLA deadline, open ones if there is a calendar, at least a millisecond (1/3600000) and at most 87600 (ten years); NULL = no SLA.';
COMMENT ON COLUMN taskq_workflow_rule.assignee_strategy IS 'CUSTOMER_AGENT: the customer''s agent; while the agent is away, the agent''s team (of several the first by id) in place of the agent, unless the rule has a team_id. LEAST_LOADED: of assignee_pool, else of the members of team_id, the one who is not away with the fewest active tasks that are not paused; of several the one whom this strategy chose longest ago. Whoever is unknown or inactive counts as nobody.';
COMMENT ON COLUMN taskq_task.kind IS 'What sort of work it is, DOCUMENT_REVIEW for example, 1 to 63 characters; service levels and rules can go by it. NULL = none.';
COMMENT ON COLUMN taskq_task.sla_policy IS 'Name of the row of taskq_sla_policy that gave the task its SLA, looked up again when its kind, priority, customer or team changes; NULL = none did: taskq_set_sla() clears it.';
COMMENT ON COLUMN taskq_task.sla_calendar IS 'Name of the row of taskq_calendar in whose open hours the SLA''s clocks run; NULL = all day every day. A task that is not closed can only be given one that is there (23503); it follows a change of the name.';
COMMENT ON COLUMN taskq_task.sla_revision IS 'taskq_calendar.revision from which the deadlines were computed; 0 = no calendar, but pauses; NULL = neither. Also NULL, or that of before, while the calendar gives no deadline (it opens too rarely, or its time zone is not known): then the deadlines are kept. An UPDATE that sets it to NULL or anything else has them computed anew.';
COMMENT ON COLUMN taskq_task.sla_from IS 'When the SLA''s clocks began; NULL = created_at.';
COMMENT ON COLUMN taskq_task.response_hours IS 'Open hours within which work must begin, at least a millisecond (1/3600000) and at most 87600; NULL = no response clock.';
COMMENT ON COLUMN taskq_task.response_due_at IS 'Deadline for beginning work; infinity while the task is paused before it. Written by the lifecycle only, except that an INSERT may give it.';
COMMENT ON COLUMN taskq_task.response_breached_at IS 'When it was recorded that work had not begun by response_due_at. Written by the lifecycle only, except that an INSERT may give it.';
COMMENT ON COLUMN taskq_task.response_hours_used IS 'Open hours, less pauses, until work began or the task was closed, written then if there is response_hours. Written by the lifecycle only.';
COMMENT ON COLUMN taskq_task.sla_hours_used IS 'Open hours, less pauses, until the task was closed, written then if it has an SLA and a calendar or pauses; else the time from sla_from or created_at is that. Written by the lifecycle only.';
COMMENT ON COLUMN taskq_task.sla_warn_at IS 'When the next warning of the policy''s warn_percents falls due, or one that fell due outside open hours is given; NULL = none. Written by the lifecycle only.';
COMMENT ON COLUMN taskq_task.sla_warned_at IS 'When sla_at_risk or sla_warning was last recorded; NULL = never. Written by the lifecycle only.';
COMMENT ON COLUMN taskq_task.paused_at IS 'Since when the task waits for somebody else; NULL = it does not. An UPDATE that sets it pauses the task, at the statement''s instant; one that clears it resumes.';
COMMENT ON COLUMN taskq_task.pause_reason IS 'What a paused task waits for, at most 65,536 characters.';
COMMENT ON COLUMN taskq_task.resume_at IS 'When the sweep resumes a paused task; NULL = it does not.';
COMMENT ON COLUMN taskq_task.source IS 'What made the task: MANUAL, the application''s own word (1 to 63 characters), or RENEWAL, SCHEDULE and WORKFLOW, which the engines write. Never changes.';
COMMENT ON COLUMN taskq_task.team_id IS 'Team that the task belongs to, before or while somebody owns it; NULL = none.';
COMMENT ON COLUMN taskq_task.follows_id IS 'The closed task that this one follows up, see taskq_follow_up(); it may have been deleted since. NULL = none. Never changes. An INSERT must name a task that is there (23503) and closed (23514); not checked for rows that a dump inserts (check_function_bodies = off).';
COMMENT ON COLUMN taskq_task.labels IS 'Words of the desk''s own: at most 32 of 1 to 63 characters, sorted and distinct, however they were given; NULL = none, also where an empty array was given.';
COMMENT ON COLUMN taskq_task.attributes IS 'Fields of the desk''s own: a JSON object of at most 16,384 bytes as text (octet_length(attributes::text)); NULL = none, also where an empty object or the JSON null was given.';

CREATE TABLE taskq_task_pause (
    task_id bigint,
    paused_at timestamptz
        CONSTRAINT taskq_task_pause_paused_at_check CHECK (isfinite(paused_at)),
    resumed_at timestamptz NOT NULL
        CONSTRAINT taskq_task_pause_resumed_at_check CHECK (isfinite(resumed_at)),
    reason text
        CONSTRAINT taskq_task_pause_reason_check CHECK (pg_catalog.char_length(reason) <= 65536),
    PRIMARY KEY (task_id, paused_at),
    CONSTRAINT taskq_task_pause_order_check CHECK (resumed_at > paused_at)
);
COMMENT ON TABLE taskq_task_pause IS 'Pauses that are over, in which the clocks of the task''s SLA stood still; one that lasts is in taskq_task. taskq_resume() and what ends a pause write it. A manager enters one that was forgotten, changes or deletes one: the deadlines of an active task are computed anew. Those of a closed task cannot change (23514). What overlaps counts once, what lies before sla_from or created_at not at all.';
COMMENT ON COLUMN taskq_task_pause.task_id IS 'The task.';
COMMENT ON COLUMN taskq_task_pause.paused_at IS 'When the pause began.';
COMMENT ON COLUMN taskq_task_pause.resumed_at IS 'When it ended.';
COMMENT ON COLUMN taskq_task_pause.reason IS 'What the task waited for, at most 65,536 characters.';

SELECT pg_catalog.pg_extension_config_dump('taskq_task_pause', '');

CREATE FUNCTION taskq_task_pause_guard() RETURNS trigger
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_task_pause_guard';
COMMENT ON FUNCTION taskq_task_pause_guard() IS
'Trigger function of taskq_task_pause, AFTER each row: has the deadlines of the task computed anew; refuses a task that does not exist (23503) and what would change a closed one (23514, constraint taskq_task_lifecycle). Does nothing in a restore (check_function_bodies off).';
CREATE TRIGGER taskq_pause_guard AFTER INSERT OR UPDATE OR DELETE ON taskq_task_pause
    FOR EACH ROW EXECUTE FUNCTION taskq_task_pause_guard();

-- Counters: no SLA instants any more, those are counted by index.  The tables are
-- derived, the next sweep counts anew.  After taskq_task, as sweeps lock them.
DROP TABLE taskq_counter, taskq_counter_delta, taskq_counter_state;
CREATE UNLOGGED TABLE taskq_counter (
    kind smallint NOT NULL,
    bucket integer NOT NULL,
    n bigint NOT NULL,
    PRIMARY KEY (kind, bucket)
) WITH (fillfactor = 50);
COMMENT ON TABLE taskq_counter IS 'How many tasks there were of a kind when changes were last folded in (taskq_counter_state). Read taskq_stats() instead.';
COMMENT ON COLUMN taskq_counter.kind IS '0: active and not started; 1: active and started; 2: active and unassigned (bucket 0); 3, 4: those of 0 and 1 by due date (days since 2000-01-01); 5: completed, by the quarter of an hour (since 2000-01-01 UTC).';
COMMENT ON COLUMN taskq_counter.bucket IS 'Days, or quarters of an hour; the lowest integer = all before those that are kept apart.';
COMMENT ON COLUMN taskq_counter.n IS 'Number of tasks.';

CREATE UNLOGGED TABLE taskq_counter_delta (
    xid bigint NOT NULL,
    old_due integer NOT NULL,
    new_due integer NOT NULL,
    old_completed integer NOT NULL,
    new_completed integer NOT NULL,
    old_state smallint NOT NULL,
    new_state smallint NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000, autovacuum_analyze_scale_factor = 1);
CREATE INDEX taskq_counter_delta_xid_idx ON taskq_counter_delta (xid);
COMMENT ON TABLE taskq_counter_delta IS 'Changes of tasks that are not in taskq_counter yet: what the task counted as before and after, in the buckets described there. Written with the change itself, folded in and deleted by the sweep.';
COMMENT ON COLUMN taskq_counter_delta.xid IS 'Transaction that made the change.';
COMMENT ON COLUMN taskq_counter_delta.old_due IS 'Day of the due date before; the highest integer = none, as below.';
COMMENT ON COLUMN taskq_counter_delta.new_due IS 'After.';
COMMENT ON COLUMN taskq_counter_delta.old_completed IS 'Quarter of an hour in which it had been completed.';
COMMENT ON COLUMN taskq_counter_delta.new_completed IS 'After.';
COMMENT ON COLUMN taskq_counter_delta.old_state IS 'Before: -1 = not active; bit 0: started; bit 1: unassigned.';
COMMENT ON COLUMN taskq_counter_delta.new_state IS 'After.';

CREATE UNLOGGED TABLE taskq_counter_state (
    snapshot_xmax bigint NOT NULL,
    snapshot_xip bigint[] NOT NULL,
    merged_day integer NOT NULL,
    triggers bigint NOT NULL,
    counted_at timestamptz NOT NULL,
    folded_at timestamptz NOT NULL
);
COMMENT ON TABLE taskq_counter_state IS 'One row while taskq_counter counts: up to which transactions. None, or one that says not counted yet: readers count themselves.';
COMMENT ON COLUMN taskq_counter_state.snapshot_xmax IS 'Changes of transactions below this are in taskq_counter ...';
COMMENT ON COLUMN taskq_counter_state.snapshot_xip IS '... but for these, which were under way.';
COMMENT ON COLUMN taskq_counter_state.merged_day IS 'Due dates below this day are not kept apart any more; quarters of an hour below it (UTC) are not kept at all.';
COMMENT ON COLUMN taskq_counter_state.triggers IS 'Version of the triggers of taskq_task that note changes, a hash of their rows in pg_trigger and of the files of the other two tables: with another one, changes may not have been noted or have been lost, and readers count themselves.';
COMMENT ON COLUMN taskq_counter_state.counted_at IS 'When all tasks were last counted; -infinity = not yet: changes are noted, and tasks are counted once all transactions that had written before have ended.';
COMMENT ON COLUMN taskq_counter_state.folded_at IS 'When changes were last folded in.';

-- From the history, which has breaches of deadlines that were moved since.  As
-- replicated changes, so that triggers do not treat it as a user's update.
DO $$
DECLARE
    replication_role text := pg_catalog.current_setting('session_replication_role');
BEGIN
    PERFORM pg_catalog.set_config('session_replication_role', 'replica', true);
    UPDATE taskq_task t SET sla_first_breached_at = b.at
    FROM (SELECT a.id, pg_catalog.min(a.at) AS at
          FROM (SELECT id, sla_breached_at AS at FROM taskq_task
                UNION ALL SELECT task_id, at FROM taskq_task_event WHERE kind = 'sla_breached') a
          WHERE pg_catalog.isfinite(a.at) GROUP BY a.id) b
    WHERE b.id = t.id;
    PERFORM pg_catalog.set_config('session_replication_role', replication_role, true);
END $$;

-- One that was built in advance, as taskq_task_..._0_3_idx, is taken if it is the same.
CREATE TABLE taskq_task_shape (LIKE taskq_task);
DO $do$
DECLARE
    wanted record;
    built regclass;
BEGIN
    FOR wanted IN SELECT * FROM (VALUES
        ('queue', $$(taskq_stage(status, started_at, completed_at, cancelled_at), taskq_priority_rank(priority), taskq_place(priority, due_date, NULL, NULL), id)$$),
        ('assignee', $$(assignee_id, taskq_stage(status, started_at, completed_at, cancelled_at), taskq_priority_rank(priority), taskq_place(priority, due_date, completed_at, cancelled_at), id)$$),
        ('user', $$(user_id, taskq_stage(status, started_at, completed_at, cancelled_at)) WHERE user_id IS NOT NULL$$),
        ('sla_pending', $$(taskq_stage(status, started_at, completed_at, cancelled_at), (CASE WHEN sla_due_at IS NULL THEN 'infinity' ELSE sla_due_at END), id) WHERE completed_at IS NULL AND cancelled_at IS NULL AND sla_breached_at IS NULL$$),
        ('sla_settled', $$(taskq_stage(status, started_at, completed_at, cancelled_at), (CASE WHEN sla_due_at IS NULL THEN 'infinity' ELSE sla_due_at END)) WHERE sla_due_at IS NOT NULL AND (sla_breached_at IS NOT NULL OR completed_at IS NOT NULL OR cancelled_at IS NOT NULL)$$),
        ('closed', $$(taskq_stage(status, started_at, completed_at, cancelled_at), taskq_place(priority, due_date, completed_at, cancelled_at), id) WHERE completed_at IS NOT NULL OR cancelled_at IS NOT NULL$$),
        ('breach', $$(least(sla_due_at, sla_first_breached_at), (CASE WHEN sla_due_at IS NULL OR sla_due_at > sla_first_breached_at THEN 1 ELSE 0 END)) INCLUDE (id, assignee_id, sla_due_at, sla_first_breached_at, sla_breached_at) WHERE completed_at IS NULL AND cancelled_at IS NULL AND (sla_first_breached_at IS NOT NULL OR sla_breached_at IS NOT NULL)$$),
        ('late_by', $$((CASE WHEN sla_due_at IS NULL OR sla_due_at > sla_first_breached_at THEN 1 ELSE 0 END), (CASE WHEN isfinite(least(sla_due_at, sla_first_breached_at)) AND isfinite(least(completed_at, cancelled_at)) THEN greatest(least(completed_at, cancelled_at) - least(sla_due_at, sla_first_breached_at), interval '0') END), sla_first_breached_at) WHERE (completed_at IS NOT NULL OR cancelled_at IS NOT NULL) AND (sla_first_breached_at IS NOT NULL OR least(completed_at, cancelled_at) > sla_due_at)$$),
        ('timer', $$(taskq_timer(started_at, completed_at, cancelled_at, sla_at_risk_at, sla_breached_at, response_due_at, response_breached_at, sla_warn_at, sla_warned_at, paused_at, resume_at)) WHERE response_due_at IS NOT NULL OR paused_at IS NOT NULL OR (sla_at_risk_at IS NOT NULL AND completed_at IS NULL AND cancelled_at IS NULL)$$),
        ('team', $$(team_id, taskq_stage(status, started_at, completed_at, cancelled_at), taskq_priority_rank(priority), taskq_place(priority, due_date, completed_at, cancelled_at), id) WHERE team_id IS NOT NULL$$),
        ('calendar', $$(sla_calendar, sla_revision, sla_due_at) WHERE sla_calendar IS NOT NULL AND completed_at IS NULL AND cancelled_at IS NULL$$)
    ) AS v(name, definition) LOOP
        EXECUTE pg_catalog.format('CREATE INDEX taskq_task_shape_idx ON taskq_task_shape %s', wanted.definition);
        SELECT i.indexrelid INTO built
        FROM pg_index i
        WHERE i.indexrelid = pg_catalog.to_regclass(pg_catalog.format('taskq_task_%s_0_3_idx', wanted.name))::oid AND i.indrelid = 'taskq_task'::regclass::oid
          AND i.indisvalid AND NOT i.indisunique
          AND pg_catalog.substring(pg_catalog.pg_get_indexdef(i.indexrelid), '.* USING btree (.*)')
            = pg_catalog.substring(pg_catalog.pg_get_indexdef('taskq_task_shape_idx'::regclass::oid), '.* USING btree (.*)');
        IF built IS NULL THEN
            EXECUTE pg_catalog.format('CREATE INDEX taskq_task_%s_idx ON taskq_task %s', wanted.name, wanted.definition);
        ELSE
            EXECUTE pg_catalog.format('ALTER INDEX %s RENAME TO taskq_task_%s_idx', built, wanted.name);
        END IF;
        DROP INDEX taskq_task_shape_idx;
    END LOOP;
    FOR built IN SELECT i.indexrelid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
                 WHERE i.indrelid = 'taskq_task'::regclass::oid AND c.relname::text ~ '^taskq_task_.*_0_3_idx$'::text LOOP
        RAISE WARNING 'index % is not as taskq wants it and is of no use', built USING HINT = 'Drop it.';
    END LOOP;
END $do$;
DROP TABLE taskq_task_shape;
COMMENT ON COLUMN taskq_task.sla_first_breached_at IS 'When the first breach of any deadline that the task has had was recorded; it stays when the deadline is moved out or removed. NULL = none was. Written by the lifecycle only, except that an INSERT may give it (NULL = sla_breached_at).';

CREATE OR REPLACE VIEW taskq_tasks WITH (security_invoker = true) AS
SELECT t.id, t.title, t.description, t.priority,
       taskq_effective_status(t.status, t.due_date, t.started_at) AS status,
       t.due_date, t.sla_hours, t.assignee_id, t.user_id, t.source, t.dedupe_key,
       t.created_at, t.created_by, t.started_at, t.completed_at, t.cancelled_at, t.updated_at,
       t.sla_due_at, t.sla_at_risk_at, t.sla_breached_at,
       t.status AS stored_status,
       t.completed_at IS NULL AND t.cancelled_at IS NULL AS is_active,
       t.completed_at IS NULL AND t.cancelled_at IS NULL
           AND coalesce(t.due_date < taskq_today(), false) AS is_overdue,
       CASE WHEN t.due_date IS NULL THEN NULL
            WHEN t.completed_at IS NULL AND t.cancelled_at IS NULL THEN greatest(taskq_today() - t.due_date, 0)
            ELSE 0
       END AS days_overdue,
       a.name AS assignee_name, a.is_active AS assignee_is_active,
       c.name AS customer_name,
       taskq_sla_status_at(t.sla_due_at, t.sla_at_risk_at, t.completed_at, t.cancelled_at) AS sla_status,
       t.sla_first_breached_at,
       t.kind, t.sla_policy, t.sla_calendar, t.sla_revision, t.sla_from, t.response_hours, t.response_due_at, t.response_breached_at,
       t.response_hours_used, t.sla_hours_used, t.sla_warn_at, t.sla_warned_at, t.paused_at, t.pause_reason, t.resume_at,
       t.team_id, t.follows_id, t.labels, t.attributes,
       t.paused_at IS NOT NULL AS is_paused
FROM taskq_task t
LEFT JOIN taskq_staff_member a ON a.id = t.assignee_id
LEFT JOIN taskq_customer c ON c.id = t.user_id;
COMMENT ON COLUMN taskq_tasks.sla_first_breached_at IS 'When the task''s first SLA breach was recorded, whatever became of the deadline since; NULL = never.';
COMMENT ON COLUMN taskq_tasks.is_paused IS 'Whether the task waits for somebody else (paused_at is set). It has a status all the same.';
-- A range of taskq_task_queue_idx for each priority, and again for tasks stored as
-- OVERDUE that are not (any more); merged.
CREATE OR REPLACE VIEW taskq_queue WITH (security_invoker = true) AS
SELECT t.id, t.title, t.description, t.priority, 'OPEN'::taskq_status AS status,
       t.due_date, t.sla_hours, t.assignee_id, t.user_id, t.source, t.dedupe_key,
       t.created_at, t.created_by, t.started_at, t.completed_at, t.cancelled_at, t.updated_at,
       t.sla_due_at, t.sla_at_risk_at, t.sla_breached_at,
       t.status AS stored_status, true AS is_active, false AS is_overdue,
       CASE WHEN t.due_date IS NOT NULL THEN 0 END AS days_overdue,
       a.name AS assignee_name, a.is_active AS assignee_is_active, c.name AS customer_name,
       taskq_sla_status_at(t.sla_due_at, t.sla_at_risk_at, t.completed_at, t.cancelled_at) AS sla_status,
       t.sla_first_breached_at,
       t.kind, t.sla_policy, t.sla_calendar, t.sla_revision, t.sla_from, t.response_hours, t.response_due_at, t.response_breached_at,
       t.response_hours_used, t.sla_hours_used, t.sla_warn_at, t.sla_warned_at, t.paused_at, t.pause_reason, t.resume_at,
       t.team_id, t.follows_id, t.labels, t.attributes,
       t.paused_at IS NOT NULL AS is_paused
FROM (
    (SELECT id, title, description, priority, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by, updated_at,
            started_at, completed_at, cancelled_at, sla_due_at, sla_at_risk_at, sla_breached_at, status, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            taskq_place(priority, due_date, NULL, NULL) AS place
     FROM taskq_task
     WHERE taskq_stage(status, started_at, completed_at, cancelled_at) = 0 AND taskq_priority_rank(priority) = 1
       AND taskq_place(priority, due_date, NULL, NULL) >= (taskq_today() - date '2000-01-01')::bigint * 8
     ORDER BY place, id)
    UNION ALL
    (SELECT id, title, description, priority, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by, updated_at,
            started_at, completed_at, cancelled_at, sla_due_at, sla_at_risk_at, sla_breached_at, status, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            taskq_place(priority, due_date, NULL, NULL) AS place
     FROM taskq_task
     WHERE taskq_stage(status, started_at, completed_at, cancelled_at) = 0 AND taskq_priority_rank(priority) = 2
       AND taskq_place(priority, due_date, NULL, NULL) >= (taskq_today() - date '2000-01-01')::bigint * 8
     ORDER BY place, id)
    UNION ALL
    (SELECT id, title, description, priority, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by, updated_at,
            started_at, completed_at, cancelled_at, sla_due_at, sla_at_risk_at, sla_breached_at, status, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            taskq_place(priority, due_date, NULL, NULL) AS place
     FROM taskq_task
     WHERE taskq_stage(status, started_at, completed_at, cancelled_at) = 0 AND taskq_priority_rank(priority) = 3
       AND taskq_place(priority, due_date, NULL, NULL) >= (taskq_today() - date '2000-01-01')::bigint * 8
     ORDER BY place, id)
    UNION ALL
    (SELECT id, title, description, priority, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by, updated_at,
            started_at, completed_at, cancelled_at, sla_due_at, sla_at_risk_at, sla_breached_at, status, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            taskq_place(priority, due_date, NULL, NULL) AS place
     FROM taskq_task
     WHERE taskq_stage(status, started_at, completed_at, cancelled_at) = 0 AND taskq_priority_rank(priority) = 4
       AND taskq_place(priority, due_date, NULL, NULL) >= (taskq_today() - date '2000-01-01')::bigint * 8
     ORDER BY place, id)
    UNION ALL
    (SELECT id, title, description, priority, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by, updated_at,
            started_at, completed_at, cancelled_at, sla_due_at, sla_at_risk_at, sla_breached_at, status, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            taskq_place(priority, due_date, NULL, NULL) AS place
     FROM taskq_task
     WHERE taskq_stage(status, started_at, completed_at, cancelled_at) = 4 AND taskq_priority_rank(priority) = 1
       AND taskq_place(priority, due_date, NULL, NULL) >= (taskq_today() - date '2000-01-01')::bigint * 8
     ORDER BY place, id)
    UNION ALL
    (SELECT id, title, description, priority, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by, updated_at,
            started_at, completed_at, cancelled_at, sla_due_at, sla_at_risk_at, sla_breached_at, status, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            taskq_place(priority, due_date, NULL, NULL) AS place
     FROM taskq_task
     WHERE taskq_stage(status, started_at, completed_at, cancelled_at) = 4 AND taskq_priority_rank(priority) = 2
       AND taskq_place(priority, due_date, NULL, NULL) >= (taskq_today() - date '2000-01-01')::bigint * 8
     ORDER BY place, id)
    UNION ALL
    (SELECT id, title, description, priority, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by, updated_at,
            started_at, completed_at, cancelled_at, sla_due_at, sla_at_risk_at, sla_breached_at, status, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            taskq_place(priority, due_date, NULL, NULL) AS place
     FROM taskq_task
     WHERE taskq_stage(status, started_at, completed_at, cancelled_at) = 4 AND taskq_priority_rank(priority) = 3
       AND taskq_place(priority, due_date, NULL, NULL) >= (taskq_today() - date '2000-01-01')::bigint * 8
     ORDER BY place, id)
    UNION ALL
    (SELECT id, title, description, priority, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by, updated_at,
            started_at, completed_at, cancelled_at, sla_due_at, sla_at_risk_at, sla_breached_at, status, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            taskq_place(priority, due_date, NULL, NULL) AS place
     FROM taskq_task
     WHERE taskq_stage(status, started_at, completed_at, cancelled_at) = 4 AND taskq_priority_rank(priority) = 4
       AND taskq_place(priority, due_date, NULL, NULL) >= (taskq_today() - date '2000-01-01')::bigint * 8
     ORDER BY place, id)
) t
LEFT JOIN taskq_staff_member a ON a.id = t.assignee_id
LEFT JOIN taskq_customer c ON c.id = t.user_id
ORDER BY t.place, t.id;
ALTER TYPE taskq_queue_row
    ADD ATTRIBUTE sla_first_breached_at timestamptz,
    ADD ATTRIBUTE kind text,
    ADD ATTRIBUTE sla_policy text,
    ADD ATTRIBUTE sla_calendar text,
    ADD ATTRIBUTE sla_revision bigint,
    ADD ATTRIBUTE sla_from timestamptz,
    ADD ATTRIBUTE response_hours double precision,
    ADD ATTRIBUTE response_due_at timestamptz,
    ADD ATTRIBUTE response_breached_at timestamptz,
    ADD ATTRIBUTE response_hours_used double precision,
    ADD ATTRIBUTE sla_hours_used double precision,
    ADD ATTRIBUTE sla_warn_at timestamptz,
    ADD ATTRIBUTE sla_warned_at timestamptz,
    ADD ATTRIBUTE paused_at timestamptz,
    ADD ATTRIBUTE pause_reason text,
    ADD ATTRIBUTE resume_at timestamptz,
    ADD ATTRIBUTE team_id text,
    ADD ATTRIBUTE follows_id bigint,
    ADD ATTRIBUTE labels text[],
    ADD ATTRIBUTE attributes jsonb,
    ADD ATTRIBUTE is_paused boolean;
COMMENT ON TYPE taskq_queue_row IS 'A row of taskq_queue_page(): the columns of taskq_tasks, and cursor in between, which argument after takes to go on behind this row.';

-- What is to be done, as in todo.sql.
CREATE FUNCTION taskq_active() RETURNS taskq_status[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN '{OPEN,IN_PROGRESS,OVERDUE}'::taskq_status[];
COMMENT ON FUNCTION taskq_active() IS
'The statuses of what is to be done, for argument status of taskq_queue_page() and taskq_queue_count(): {OPEN,IN_PROGRESS,OVERDUE}.';

CREATE VIEW taskq_todo WITH (security_invoker = true) AS
SELECT t.id, t.title, t.description, t.priority, taskq_effective_status(t.status, t.due_date, t.started_at) AS status,
       t.due_date, t.sla_hours, t.assignee_id, t.user_id, t.source, t.dedupe_key,
       t.created_at, t.created_by, t.started_at, t.completed_at, t.cancelled_at, t.updated_at,
       t.sla_due_at, t.sla_at_risk_at, t.sla_breached_at,
       t.status AS stored_status, true AS is_active, coalesce(t.due_date < taskq_today(), false) AS is_overdue,
       CASE WHEN t.due_date IS NOT NULL THEN greatest(taskq_today() - t.due_date, 0) END AS days_overdue,
       a.name AS assignee_name, a.is_active AS assignee_is_active, c.name AS customer_name,
       taskq_sla_status_at(t.sla_due_at, t.sla_at_risk_at, t.completed_at, t.cancelled_at) AS sla_status,
       t.sla_first_breached_at,
       t.kind, t.sla_policy, t.sla_calendar, t.sla_revision, t.sla_from, t.response_hours, t.response_due_at, t.response_breached_at,
       t.response_hours_used, t.sla_hours_used, t.sla_warn_at, t.sla_warned_at, t.paused_at, t.pause_reason, t.resume_at,
       t.team_id, t.follows_id, t.labels, t.attributes,
       t.paused_at IS NOT NULL AS is_paused
FROM (
    (SELECT id, title, description, priority, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by, updated_at,
            started_at, completed_at, cancelled_at, sla_due_at, sla_at_risk_at, sla_breached_at, status, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            taskq_place(priority, due_date, NULL, NULL) AS place
     FROM taskq_task
     WHERE taskq_stage(status, started_at, completed_at, cancelled_at) = 0 AND taskq_priority_rank(priority) = 1
     ORDER BY place, id)
    UNION ALL
    (SELECT id, title, description, priority, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by, updated_at,
            started_at, completed_at, cancelled_at, sla_due_at, sla_at_risk_at, sla_breached_at, status, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            taskq_place(priority, due_date, NULL, NULL) AS place
     FROM taskq_task
     WHERE taskq_stage(status, started_at, completed_at, cancelled_at) = 0 AND taskq_priority_rank(priority) = 2
     ORDER BY place, id)
    UNION ALL
    (SELECT id, title, description, priority, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by, updated_at,
            started_at, completed_at, cancelled_at, sla_due_at, sla_at_risk_at, sla_breached_at, status, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            taskq_place(priority, due_date, NULL, NULL) AS place
     FROM taskq_task
     WHERE taskq_stage(status, started_at, completed_at, cancelled_at) = 0 AND taskq_priority_rank(priority) = 3
     ORDER BY place, id)
    UNION ALL
    (SELECT id, title, description, priority, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by, updated_at,
            started_at, completed_at, cancelled_at, sla_due_at, sla_at_risk_at, sla_breached_at, status, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            taskq_place(priority, due_date, NULL, NULL) AS place
     FROM taskq_task
     WHERE taskq_stage(status, started_at, completed_at, cancelled_at) = 0 AND taskq_priority_rank(priority) = 4
     ORDER BY place, id)
    UNION ALL
    (SELECT id, title, description, priority, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by, updated_at,
            started_at, completed_at, cancelled_at, sla_due_at, sla_at_risk_at, sla_breached_at, status, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            taskq_place(priority, due_date, NULL, NULL) AS place
     FROM taskq_task
     WHERE taskq_stage(status, started_at, completed_at, cancelled_at) = 1 AND taskq_priority_rank(priority) = 1
     ORDER BY place, id)
    UNION ALL
    (SELECT id, title, description, priority, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by, updated_at,
            started_at, completed_at, cancelled_at, sla_due_at, sla_at_risk_at, sla_breached_at, status, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            taskq_place(priority, due_date, NULL, NULL) AS place
     FROM taskq_task
     WHERE taskq_stage(status, started_at, completed_at, cancelled_at) = 1 AND taskq_priority_rank(priority) = 2
     ORDER BY place, id)
    UNION ALL
    (SELECT id, title, description, priority, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by, updated_at,
            started_at, completed_at, cancelled_at, sla_due_at, sla_at_risk_at, sla_breached_at, status, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            taskq_place(priority, due_date, NULL, NULL) AS place
     FROM taskq_task
     WHERE taskq_stage(status, started_at, completed_at, cancelled_at) = 1 AND taskq_priority_rank(priority) = 3
     ORDER BY place, id)
    UNION ALL
    (SELECT id, title, description, priority, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by, updated_at,
            started_at, completed_at, cancelled_at, sla_due_at, sla_at_risk_at, sla_breached_at, status, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            taskq_place(priority, due_date, NULL, NULL) AS place
     FROM taskq_task
     WHERE taskq_stage(status, started_at, completed_at, cancelled_at) = 1 AND taskq_priority_rank(priority) = 4
     ORDER BY place, id)
    UNION ALL
    (SELECT id, title, description, priority, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by, updated_at,
            started_at, completed_at, cancelled_at, sla_due_at, sla_at_risk_at, sla_breached_at, status, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            taskq_place(priority, due_date, NULL, NULL) AS place
     FROM taskq_task
     WHERE taskq_stage(status, started_at, completed_at, cancelled_at) = 4 AND taskq_priority_rank(priority) = 1
     ORDER BY place, id)
    UNION ALL
    (SELECT id, title, description, priority, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by, updated_at,
            started_at, completed_at, cancelled_at, sla_due_at, sla_at_risk_at, sla_breached_at, status, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            taskq_place(priority, due_date, NULL, NULL) AS place
     FROM taskq_task
     WHERE taskq_stage(status, started_at, completed_at, cancelled_at) = 4 AND taskq_priority_rank(priority) = 2
     ORDER BY place, id)
    UNION ALL
    (SELECT id, title, description, priority, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by, updated_at,
            started_at, completed_at, cancelled_at, sla_due_at, sla_at_risk_at, sla_breached_at, status, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            taskq_place(priority, due_date, NULL, NULL) AS place
     FROM taskq_task
     WHERE taskq_stage(status, started_at, completed_at, cancelled_at) = 4 AND taskq_priority_rank(priority) = 3
     ORDER BY place, id)
    UNION ALL
    (SELECT id, title, description, priority, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by, updated_at,
            started_at, completed_at, cancelled_at, sla_due_at, sla_at_risk_at, sla_breached_at, status, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            taskq_place(priority, due_date, NULL, NULL) AS place
     FROM taskq_task
     WHERE taskq_stage(status, started_at, completed_at, cancelled_at) = 4 AND taskq_priority_rank(priority) = 4
     ORDER BY place, id)
    UNION ALL
    (SELECT id, title, description, priority, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by, updated_at,
            started_at, completed_at, cancelled_at, sla_due_at, sla_at_risk_at, sla_breached_at, status, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            taskq_place(priority, due_date, NULL, NULL) AS place
     FROM taskq_task
     WHERE taskq_stage(status, started_at, completed_at, cancelled_at) = 5 AND taskq_priority_rank(priority) = 1
     ORDER BY place, id)
    UNION ALL
    (SELECT id, title, description, priority, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by, updated_at,
            started_at, completed_at, cancelled_at, sla_due_at, sla_at_risk_at, sla_breached_at, status, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            taskq_place(priority, due_date, NULL, NULL) AS place
     FROM taskq_task
     WHERE taskq_stage(status, started_at, completed_at, cancelled_at) = 5 AND taskq_priority_rank(priority) = 2
     ORDER BY place, id)
    UNION ALL
    (SELECT id, title, description, priority, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by, updated_at,
            started_at, completed_at, cancelled_at, sla_due_at, sla_at_risk_at, sla_breached_at, status, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            taskq_place(priority, due_date, NULL, NULL) AS place
     FROM taskq_task
     WHERE taskq_stage(status, started_at, completed_at, cancelled_at) = 5 AND taskq_priority_rank(priority) = 3
     ORDER BY place, id)
    UNION ALL
    (SELECT id, title, description, priority, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by, updated_at,
            started_at, completed_at, cancelled_at, sla_due_at, sla_at_risk_at, sla_breached_at, status, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            taskq_place(priority, due_date, NULL, NULL) AS place
     FROM taskq_task
     WHERE taskq_stage(status, started_at, completed_at, cancelled_at) = 5 AND taskq_priority_rank(priority) = 4
     ORDER BY place, id)
) t
LEFT JOIN taskq_staff_member a ON a.id = t.assignee_id
LEFT JOIN taskq_customer c ON c.id = t.user_id
ORDER BY t.place, t.id;
COMMENT ON VIEW taskq_todo IS 'What is to be done: all active tasks, started and overdue ones too, by due date (none last), URGENT first, id; columns as taskq_tasks. Nothing leaves it but by being completed or cancelled. For pages and filters use taskq_queue_page(taskq_active()).';

-- Verbs: only what nobody has changed since.
CREATE FUNCTION taskq_start(id bigint, if_unchanged_since timestamptz DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS taskq_task
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_start';
COMMENT ON FUNCTION taskq_start(bigint, timestamptz, text) IS
'Begins work: OPEN becomes IN_PROGRESS; an OVERDUE task stays OVERDUE and gets started_at. Already started: nothing is recorded. Returns the row of taskq_task. With if_unchanged_since only if that is the task''s updated_at, as the caller read it. Errors: P0002 no such task or NULL id, 23514 if terminal, 55000 updated_at is another: DETAIL says who changed what, 22023 if_unchanged_since is infinite.';

CREATE FUNCTION taskq_complete(id bigint, note text DEFAULT NULL, if_unchanged_since timestamptz DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS taskq_task
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_complete';
COMMENT ON FUNCTION taskq_complete(bigint, text, timestamptz, text) IS
'Completes a task that is IN_PROGRESS or OVERDUE. Argument note (at most 65,536 characters) goes into the history. Returns the row of taskq_task. With if_unchanged_since only if that is the task''s updated_at, as the caller read it. Errors: P0002 no such task or NULL id, 22023 note too long, blank or with bidirectional controls, 23514 if OPEN (start it first) or terminal, 55000 updated_at is another: DETAIL says who changed what, 22023 if_unchanged_since is infinite.';

CREATE FUNCTION taskq_cancel(id bigint, reason text DEFAULT NULL, if_unchanged_since timestamptz DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS taskq_task
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_cancel';
COMMENT ON FUNCTION taskq_cancel(bigint, text, timestamptz, text) IS
'Cancels an active task. Argument reason (at most 65,536 characters) goes into the history. Returns the row of taskq_task. With if_unchanged_since only if that is the task''s updated_at, as the caller read it. Errors: P0002 no such task or NULL id, 22023 reason too long, blank or with bidirectional controls, 23514 if terminal, 55000 updated_at is another: DETAIL says who changed what, 22023 if_unchanged_since is infinite.';

CREATE FUNCTION taskq_assign(id bigint, assignee_id text, if_unchanged_since timestamptz DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS taskq_task
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_assign';
COMMENT ON FUNCTION taskq_assign(bigint, text, timestamptz, text) IS
'Gives an active task to a staff member; NULL unassigns it. Same assignee: nothing is recorded. Returns the row of taskq_task. With if_unchanged_since only if that is the task''s updated_at, as the caller read it. Errors: P0002 no such task or NULL id, 23503 unknown or inactive staff, 23514 if terminal, 55000 updated_at is another: DETAIL says who changed what, 22023 if_unchanged_since is infinite.';

CREATE FUNCTION taskq_assign_team(id bigint, team_id text, if_unchanged_since timestamptz DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS taskq_task
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_assign_team';
COMMENT ON FUNCTION taskq_assign_team(bigint, text, timestamptz, text) IS
'Gives an active task to a team; NULL takes it out of its team. Who owns it stays. Same team: nothing is recorded. Returns the row of taskq_task. With if_unchanged_since only if that is the task''s updated_at, as the caller read it. Errors: P0002 no such task or NULL id, 23503 unknown or inactive team, 23514 if terminal, 55000 updated_at is another: DETAIL says who changed what, 22023 if_unchanged_since is infinite.';

CREATE FUNCTION taskq_assign_team_many(ids bigint[], team_id text, actor text DEFAULT NULL)
    RETURNS SETOF taskq_task
    LANGUAGE c ROWS 10
    AS 'MODULE_PATHNAME', 'taskq_assign_team_many';
COMMENT ON FUNCTION taskq_assign_team_many(bigint[], text, text) IS
'taskq_assign_team without if_unchanged_since for many tasks: one statement, all or nothing; the rows come back in order of id, duplicates collapsed. Errors: 22023 ids is NULL or has a NULL element; P0002 naming an id that is no task; else as taskq_assign_team.';

CREATE FUNCTION taskq_reschedule(id bigint, due_date date, if_unchanged_since timestamptz DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS taskq_task
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_reschedule';
COMMENT ON FUNCTION taskq_reschedule(bigint, date, timestamptz, text) IS
'Moves the due date of an active task; NULL removes it. The status follows: OVERDUE if the date has passed, else IN_PROGRESS or OPEN. The SLA deadline stays. Same date: nothing is recorded. Returns the row of taskq_task. With if_unchanged_since only if that is the task''s updated_at, as the caller read it. Errors: P0002 no such task or NULL id, 22023 date outside 0001-01-01 to 9999-12-31, 23514 if terminal, 55000 updated_at is another: DETAIL says who changed what, 22023 if_unchanged_since is infinite.';

CREATE FUNCTION taskq_prioritize(id bigint, priority taskq_priority, if_unchanged_since timestamptz DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS taskq_task
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_prioritize';
COMMENT ON FUNCTION taskq_prioritize(bigint, taskq_priority, timestamptz, text) IS
'Sets the priority of an active task. Same priority: nothing is recorded. Returns the row of taskq_task. With if_unchanged_since only if that is the task''s updated_at, as the caller read it. Errors: P0002 no such task or NULL id, 22023 priority is NULL, 23514 if terminal, 55000 updated_at is another: DETAIL says who changed what, 22023 if_unchanged_since is infinite.';

CREATE FUNCTION taskq_edit(id bigint, title text DEFAULT NULL, description text DEFAULT NULL, labels text[] DEFAULT NULL, attributes jsonb DEFAULT NULL, if_unchanged_since timestamptz DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS taskq_task
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_edit';
COMMENT ON FUNCTION taskq_edit(bigint, text, text, text[], jsonb, timestamptz, text) IS
'Changes the title (1-200 characters), description (at most 65,536 characters), labels (at most 32, each 1-63 characters; kept sorted and distinct) and attributes (a JSON object, at most 16,384 bytes as text) of an active task: NULL, for attributes the JSON null too, keeps, '''' clears the description, ''{}'' labels or attributes; others replace all that there were. Returns the row of taskq_task. With if_unchanged_since only if that is the task''s updated_at, as the caller read it. Errors: P0002 no such task or NULL id, 22023 naming the argument that is out of bounds, 23514 if terminal, 55000 if it has been changed since.';

CREATE FUNCTION taskq_edit_many(ids bigint[], title text DEFAULT NULL, description text DEFAULT NULL, labels text[] DEFAULT NULL, attributes jsonb DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS SETOF taskq_task
    LANGUAGE c ROWS 10
    AS 'MODULE_PATHNAME', 'taskq_edit_many';
COMMENT ON FUNCTION taskq_edit_many(bigint[], text, text, text[], jsonb, text) IS
'taskq_edit without if_unchanged_since for many tasks: one statement, all or nothing; the rows come back in order of id, duplicates collapsed. Errors: 22023 ids is NULL or has a NULL element; P0002 naming an id that is no task; else as taskq_edit.';
COMMENT ON FUNCTION taskq_start_many(bigint[], text) IS
'taskq_start without if_unchanged_since for many tasks: one statement, all or nothing; the rows come back in order of id, duplicates collapsed. Errors: 22023 ids is NULL or has a NULL element; P0002 naming an id that is no task; else as taskq_start.';
COMMENT ON FUNCTION taskq_complete_many(bigint[], text, text) IS
'taskq_complete without if_unchanged_since for many tasks: one statement, all or nothing; the rows come back in order of id, duplicates collapsed. Errors: 22023 ids is NULL or has a NULL element; P0002 naming an id that is no task; else as taskq_complete.';
COMMENT ON FUNCTION taskq_cancel_many(bigint[], text, text) IS
'taskq_cancel without if_unchanged_since for many tasks: one statement, all or nothing; the rows come back in order of id, duplicates collapsed. Errors: 22023 ids is NULL or has a NULL element; P0002 naming an id that is no task; else as taskq_cancel.';
COMMENT ON FUNCTION taskq_assign_many(bigint[], text, text) IS
'taskq_assign without if_unchanged_since for many tasks: one statement, all or nothing; the rows come back in order of id, duplicates collapsed. Errors: 22023 ids is NULL or has a NULL element; P0002 naming an id that is no task; else as taskq_assign.';
COMMENT ON FUNCTION taskq_reschedule_many(bigint[], date, text) IS
'taskq_reschedule without if_unchanged_since for many tasks: one statement, all or nothing; the rows come back in order of id, duplicates collapsed. Errors: 22023 ids is NULL or has a NULL element; P0002 naming an id that is no task; else as taskq_reschedule.';
COMMENT ON FUNCTION taskq_prioritize_many(bigint[], taskq_priority, text) IS
'taskq_prioritize without if_unchanged_since for many tasks: one statement, all or nothing; the rows come back in order of id, duplicates collapsed. Errors: 22023 ids is NULL or has a NULL element; P0002 naming an id that is no task; else as taskq_prioritize.';

CREATE FUNCTION taskq_set_sla(id bigint, sla_hours double precision, note text DEFAULT NULL, if_unchanged_since timestamptz DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS taskq_task
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_set_sla';
COMMENT ON FUNCTION taskq_set_sla(bigint, double precision, text, timestamptz, text) IS
'Sets the SLA of an active task in hours from its creation (at least a millisecond (1/3600000), at most 87600); NULL removes it. Argument note (at most 65,536 characters) goes into the history. A breach of the new deadline is recorded anew; that there was one before stays in sla_first_breached_at. A policy holds no longer. Same hours and no policy: nothing is recorded, the note neither. Returns the row of taskq_task. With if_unchanged_since only if that is the task''s updated_at, as the caller read it. Errors: P0002 no such task or NULL id, 22023 hours out of bounds or note too long, blank or with bidirectional controls, 23514 if terminal, 55000 updated_at is another: DETAIL says who changed what, 22023 if_unchanged_since is infinite.';

CREATE FUNCTION taskq_set_sla_many(ids bigint[], sla_hours double precision, note text DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS SETOF taskq_task
    LANGUAGE c ROWS 10
    AS 'MODULE_PATHNAME', 'taskq_set_sla_many';
COMMENT ON FUNCTION taskq_set_sla_many(bigint[], double precision, text, text) IS
'taskq_set_sla without if_unchanged_since for many tasks: one statement, all or nothing; the rows come back in order of id, duplicates collapsed. Errors: 22023 ids is NULL or has a NULL element; P0002 naming an id that is no task; else as taskq_set_sla.';
COMMENT ON COLUMN taskq_task_event.kind IS 'started, completed, cancelled; assigned (to somebody or nobody, to a team or none), rescheduled, prioritized, sla_changed, edited, paused (one kind of field), updated (several, or the reason or the end of a pause that lasts); resumed (actor NULL: its resume_at had come); overdue, recovered (the day turned), sla_moved (the calendar, or pauses, changed; note says which), sla_at_risk, sla_warning (note: percent), response_breached and sla_breached, which have no actor; commented; followed_up (taskq_follow_up() made a task that follows it: changes has its id); merged (taskq_merge_customer() wrote user_id, of closed tasks too); erased (taskq_erase_customer() took the texts, of earlier events too).';
COMMENT ON COLUMN taskq_task_event.note IS 'Note of taskq_complete, taskq_set_sla, taskq_resume and taskq_comment, reason of taskq_cancel and taskq_pause; at most 65,536 characters.';

-- Pauses and policies; which tasks a claim gives; kinds, teams, labels, attributes.
CREATE FUNCTION taskq_pause(id bigint, reason text DEFAULT NULL, until timestamptz DEFAULT NULL, if_unchanged_since timestamptz DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS taskq_task
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_pause';
COMMENT ON FUNCTION taskq_pause(bigint, text, timestamptz, timestamptz, text) IS
'Pauses an active task: it waits for somebody else. The clocks of its SLA stand still, its deadlines that lie ahead are infinity; status and due date stay what they are. Claims and LEAST_LOADED leave it out. Arguments: reason (at most 65,536 characters), until: when the worker resumes it (still to come; NULL = taskq_resume() does). Paused already: reason and until are replaced, since when stays; the same: nothing is recorded. Returns the row of taskq_task. With if_unchanged_since only if that is the task''s updated_at, as the caller read it. Errors: P0002 no such task or NULL id, 22023 reason too long, blank or with bidirectional controls or until not ahead, 23514 if terminal, 55000 updated_at is another: DETAIL says who changed what, 22023 if_unchanged_since is infinite.';

CREATE FUNCTION taskq_pause_many(ids bigint[], reason text DEFAULT NULL, until timestamptz DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS SETOF taskq_task
    LANGUAGE c ROWS 10
    AS 'MODULE_PATHNAME', 'taskq_pause_many';
COMMENT ON FUNCTION taskq_pause_many(bigint[], text, timestamptz, text) IS
'taskq_pause without if_unchanged_since for many tasks: one statement, all or nothing; the rows come back in order of id, duplicates collapsed. Errors: 22023 ids is NULL or has a NULL element; P0002 naming an id that is no task; else as taskq_pause.';

CREATE FUNCTION taskq_resume(id bigint, note text DEFAULT NULL, if_unchanged_since timestamptz DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS taskq_task
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_resume';
COMMENT ON FUNCTION taskq_resume(bigint, text, timestamptz, text) IS
'Ends the pause of an active task: the deadlines follow from what is left of the SLA''s time. Argument note (at most 65,536 characters) goes into the history, the pause into taskq_task_pause. Not paused, as a closed task never is: nothing is recorded. Returns the row of taskq_task. With if_unchanged_since only if that is the task''s updated_at, as the caller read it. Errors: P0002 no such task or NULL id, 22023 note too long, blank or with bidirectional controls, 55000 updated_at is another: DETAIL says who changed what, 22023 if_unchanged_since is infinite.';

CREATE FUNCTION taskq_resume_many(ids bigint[], note text DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS SETOF taskq_task
    LANGUAGE c ROWS 10
    AS 'MODULE_PATHNAME', 'taskq_resume_many';
COMMENT ON FUNCTION taskq_resume_many(bigint[], text, text) IS
'taskq_resume without if_unchanged_since for many tasks: one statement, all or nothing; the rows come back in order of id, duplicates collapsed. Errors: 22023 ids is NULL or has a NULL element; P0002 naming an id that is no task; else as taskq_resume.';

CREATE FUNCTION taskq_apply_policy(id bigint, policy text DEFAULT NULL, since timestamptz DEFAULT NULL, if_unchanged_since timestamptz DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS taskq_task
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_apply_policy';
COMMENT ON FUNCTION taskq_apply_policy(bigint, text, timestamptz, timestamptz, text) IS
'Gives an active task the SLA of a policy as it is now: hours, calendar and warnings. Arguments: policy (NULL = the enabled one that fits the task best, see taskq_sla_policy), since: when its clocks began (not after now; NULL keeps, which is created_at unless one was given). Same values: nothing is recorded. Returns the row of taskq_task. With if_unchanged_since only if that is the task''s updated_at, as the caller read it. Errors: P0002 no such task or NULL id, 22023 unknown policy, none that fits, since after now, 22008 a deadline out of range, 23514 if terminal, 55000 updated_at is another: DETAIL says who changed what, 22023 if_unchanged_since is infinite.';

CREATE FUNCTION taskq_apply_policy_many(ids bigint[], policy text DEFAULT NULL, since timestamptz DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS SETOF taskq_task
    LANGUAGE c ROWS 10
    AS 'MODULE_PATHNAME', 'taskq_apply_policy_many';
COMMENT ON FUNCTION taskq_apply_policy_many(bigint[], text, timestamptz, text) IS
'taskq_apply_policy without if_unchanged_since for many tasks: one statement, all or nothing; the rows come back in order of id, duplicates collapsed. Errors: 22023 ids is NULL or has a NULL element; P0002 naming an id that is no task; else as taskq_apply_policy.';

CREATE FUNCTION taskq_claim(assignee_id text, count integer DEFAULT 1, team_id text DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS SETOF taskq_tasks
    LANGUAGE c ROWS 1
    AS 'MODULE_PATHNAME', 'taskq_claim';
COMMENT ON FUNCTION taskq_claim(text, integer, text, text) IS
'Assigns (does not start) up to count (1 to 1000) of the most urgent unassigned active tasks that are not paused, OVERDUE included, in order of priority, due date, id, and returns them. team_id NULL: tasks of the teams that the assignee is in, and those of no team; else tasks of that team only, active or not, whether or not the assignee is in it. Never gives one task to two callers, never waits for a lock: tasks locked by others are passed over. Errors: 22023 count out of bounds, 23503 unknown or inactive staff, unknown team.';

CREATE FUNCTION taskq_create(
    title text,
    description text DEFAULT NULL,
    priority taskq_priority DEFAULT 'MEDIUM',
    due_date date DEFAULT NULL,
    sla_hours double precision DEFAULT NULL,
    assignee_id text DEFAULT NULL,
    user_id text DEFAULT NULL,
    dedupe_key text DEFAULT NULL,
    source text DEFAULT 'MANUAL',
    kind text DEFAULT NULL,
    team_id text DEFAULT NULL,
    labels text[] DEFAULT NULL,
    attributes jsonb DEFAULT NULL,
    actor text DEFAULT NULL)
    RETURNS bigint
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_create';
COMMENT ON FUNCTION taskq_create(text, text, taskq_priority, date, double precision, text, text, text, text, text, text, text[], jsonb, text) IS
'Creates a task and returns its id; a due date that has passed makes it OVERDUE from the start. With a dedupe_key that an active task holds, returns that task''s id and creates nothing. NULL for an argument with a default means the default. Arguments: title (1-200 characters, not blank), description (at most 65,536 characters), priority, due_date (0001-01-01 to 9999-12-31), sla_hours (at least a millisecond (1/3600000), at most 87600; NULL = what the policy of taskq_sla_policy gives that fits), assignee_id (active staff), user_id (customer), dedupe_key (1-255 characters), source (1-63 characters; RENEWAL, SCHEDULE and WORKFLOW are the engines''), kind (1-63 characters), team_id (active team), labels (at most 32, each 1-63 characters; kept sorted and distinct), attributes (a JSON object of at most 16,384 bytes as text), actor (1-255 characters). Errors: 22023 argument out of bounds, 23503 unknown or inactive staff or team, unknown customer or one that was merged into another (HINT names that), 42501 or 40001 if the holder of the dedupe_key cannot be seen.';

CREATE FUNCTION taskq_create_many_json(bodies jsonb, actor text DEFAULT NULL)
    RETURNS SETOF jsonb
    LANGUAGE c ROWS 10
    AS 'MODULE_PATHNAME', 'taskq_create_many_json';
COMMENT ON FUNCTION taskq_create_many_json(jsonb, text) IS
'taskq_create_json for each element of a JSON array: one statement, all or nothing; the tasks come back in the order of the array. Of two elements with one dedupe_key the second returns the task of the first, with "created": false. Errors: 22023 bodies is no JSON array or an element no object; else as taskq_create_json, the message beginning with which element it is, "body 3: ", counted from 1; 40P01 if another call creates tasks with the same dedupe_keys in another order.';

CREATE FUNCTION taskq_follow_up(
    id bigint,
    title text DEFAULT NULL,
    due_date date DEFAULT NULL,
    sla_hours double precision DEFAULT NULL,
    assignee_id text DEFAULT NULL,
    actor text DEFAULT NULL)
    RETURNS bigint
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_follow_up';
COMMENT ON FUNCTION taskq_follow_up(bigint, text, date, double precision, text, text) IS
'Creates a task that follows a closed one, and returns its id. It has the closed task''s title, description, priority, customer, kind, labels and attributes, its team and its assignee if they are active, and follows_id; the closed task''s history says so (kind followed_up, changes {"follow_up": id}). While the follow-up is active, returns its id and creates nothing: it holds the dedupe_key "taskq_follow_up <id>". Arguments: id (a COMPLETED or CANCELLED task), title (1-200 characters; NULL = the same), due_date (0001-01-01 to 9999-12-31; NULL = none), sla_hours (at least a millisecond (1/3600000), at most 87600; NULL = what the policy of taskq_sla_policy gives that fits), assignee_id (active staff; NULL = the same), actor. Errors: P0002 no such task or NULL id, 55000 if it is active, or another task holds that key; 22023, 23503, 42501 and 40001 as taskq_create.';

-- Stamps: finite, in order, and none of the future in reports

CREATE FUNCTION taskq_task_is_valid(title text, description text, status taskq_status, due_date date, sla_hours double precision, source text, dedupe_key text, created_at timestamptz, started_at timestamptz, completed_at timestamptz, cancelled_at timestamptz, updated_at timestamptz, sla_due_at timestamptz, sla_at_risk_at timestamptz, sla_breached_at timestamptz, sla_first_breached_at timestamptz) RETURNS boolean
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'taskq_task_is_valid';
COMMENT ON FUNCTION taskq_task_is_valid(text, text, taskq_status, date, double precision, text, text, timestamptz, timestamptz, timestamptz, timestamptz, timestamptz, timestamptz, timestamptz, timestamptz, timestamptz) IS
'The CHECK of taskq_task. True for what a row may hold; else 23514 as a constraint named for the rule that is broken would raise: taskq_task_title_check (taskq_line_is_valid()), _description_check (at most 65,536 characters), _due_date_check (0001-01-01 to 9999-12-31), _sla_hours_check (over 0, at most 87,600), _source_check (1 to 63 characters), _dedupe_key_check (1 to 255); _completed_check (completed_at is set for COMPLETED and nothing else), _cancelled_check (the same of cancelled_at and CANCELLED), _started_check (started_at is set for IN_PROGRESS and COMPLETED, not for OPEN), _overdue_check (OVERDUE has a due_date); _sla_stamps_check (sla_due_at and sla_at_risk_at are set when sla_hours is and not otherwise, sla_breached_at only then); _stamps_check (stamps are finite, but deadlines may be infinity, and created_at, started_at, completed_at or cancelled_at in this order), _sla_first_breached_at_check (finite). No clock is looked at.';

-- One CHECK for all that there were.  Existing rows that violate what is new in it
-- stay as they are, until a user corrects them.
ALTER TABLE taskq_task
    DROP CONSTRAINT IF EXISTS taskq_task_title_check,
    DROP CONSTRAINT IF EXISTS taskq_task_description_check,
    DROP CONSTRAINT IF EXISTS taskq_task_due_date_check,
    DROP CONSTRAINT IF EXISTS taskq_task_sla_hours_check,
    DROP CONSTRAINT IF EXISTS taskq_task_source_check,
    DROP CONSTRAINT IF EXISTS taskq_task_dedupe_key_check,
    DROP CONSTRAINT IF EXISTS taskq_task_completed_check,
    DROP CONSTRAINT IF EXISTS taskq_task_cancelled_check,
    DROP CONSTRAINT IF EXISTS taskq_task_started_check,
    DROP CONSTRAINT IF EXISTS taskq_task_overdue_check,
    DROP CONSTRAINT IF EXISTS taskq_task_sla_stamps_check,
    ADD CONSTRAINT taskq_task_is_valid CHECK
        (taskq_task_is_valid(title, description, status, due_date, sla_hours, source, dedupe_key, created_at, started_at, completed_at, cancelled_at, updated_at, sla_due_at, sla_at_risk_at, sla_breached_at, sla_first_breached_at)) NOT VALID;
DO $$
DECLARE
    n bigint;
    rule text;
BEGIN
    ALTER TABLE taskq_task VALIDATE CONSTRAINT taskq_task_is_valid;
EXCEPTION WHEN check_violation THEN
    GET STACKED DIAGNOSTICS rule = CONSTRAINT_NAME;
    n := (SELECT pg_catalog.count(*) FROM taskq_task
        WHERE created_at > least(started_at, completed_at, cancelled_at) OR started_at > least(completed_at, cancelled_at)
           OR 'infinity' IN (created_at, started_at, completed_at, cancelled_at, updated_at, sla_breached_at)
           OR '-infinity' IN (created_at, started_at, completed_at, cancelled_at, updated_at, sla_breached_at, sla_due_at, sla_at_risk_at));
    IF n > 0 THEN
        RAISE WARNING 'rows of taskq_task whose stamps are infinite or out of order: %', n
            USING HINT = 'They cannot be updated until their stamps are put right. The README, under "Upgrade", says how.';
    ELSE
        -- where the constraint had been dropped or was not valid
        RAISE WARNING 'rows of taskq_task violate %', rule
            USING HINT = 'They cannot be updated until they are put right. ALTER TABLE taskq_task VALIDATE CONSTRAINT taskq_task_is_valid says whether any are left.';
    END IF;
END $$;
-- What only those CHECKs used.  A copy of the table (LIKE ... INCLUDING CONSTRAINTS)
-- uses it, too, and then it stays, as the user's.
DO $$
DECLARE
    unused regprocedure;
BEGIN
    FOREACH unused IN ARRAY '{"taskq_description_is_valid(text)", "taskq_due_date_is_valid(date)", "taskq_sla_hours_is_valid(double precision)",
        "taskq_source_is_valid(text)", "taskq_dedupe_key_is_valid(text)", "taskq_completed_is_valid(taskq_status,timestamptz)",
        "taskq_cancelled_is_valid(taskq_status,timestamptz)", "taskq_started_is_valid(taskq_status,timestamptz)",
        "taskq_overdue_is_valid(taskq_status,date)",
        "taskq_sla_stamps_are_valid(double precision,timestamptz,timestamptz,timestamptz)"}'::regprocedure[] LOOP
        BEGIN
            EXECUTE pg_catalog.format('DROP FUNCTION %s', unused);
        EXCEPTION WHEN dependent_objects_still_exist THEN
            EXECUTE pg_catalog.format('ALTER EXTENSION taskq DROP FUNCTION %s', unused);
            RAISE WARNING 'function % is not part of taskq any more, and stays because something of yours uses it', unused;
        END;
    END LOOP;
END $$;
COMMENT ON COLUMN taskq_task.created_at IS 'When it was created (statement_timestamp()). Never changes. As all stamps but the SLA''s deadlines it is finite; what comes later is stamped no earlier (taskq_task_stamps_check).';
COMMENT ON COLUMN taskq_task.updated_at IS 'When anything last changed. Written by the lifecycle only: statement_timestamp(), or the row''s last stamp where the clock is behind it, and a microsecond more where another transaction has left that here: no two leave the same, see if_unchanged_since of taskq_edit() and other verbs. To the microsecond: a client''s type of fewer digits must not be given back.';
COMMENT ON COLUMN taskq_task.sla_due_at IS 'SLA deadline: sla_hours from sla_from or created_at, in the open hours of the calendar and less pauses; infinity while the task is paused before it. Rescheduling never moves it. Written by the lifecycle only, except that an INSERT may give it; infinity = never; never -infinity (taskq_task_stamps_check).';

-- Titles that can be seen

CREATE OR REPLACE FUNCTION taskq_title_is_valid(title text) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'taskq_title_is_valid_0_3';
COMMENT ON FUNCTION taskq_title_is_valid(text) IS
'Whether a text may become a title: what taskq_line_is_valid() says and, in a UTF8 database, at least one character that can be seen: not only white space, fillers, format characters and combining marks (Unicode 15.0); and no U+2028 or U+2029, which end a line. The directional marks U+200E, U+200F and U+061C, which taskq takes out of titles that it is given, are not in one.';

ALTER TABLE taskq_workflow_rule
    DROP CONSTRAINT taskq_workflow_rule_name_check,
    ADD CONSTRAINT taskq_workflow_rule_name_check CHECK (taskq_line_is_valid(name));
COMMENT ON COLUMN taskq_task.title IS 'What to do: 1 to 200 characters on one line, with one that can be seen. Directional marks (U+200E, U+200F, U+061C) are taken out, other bidirectional controls refused.';
COMMENT ON FUNCTION taskq_task_insert() IS
'Trigger function of taskq_task, BEFORE INSERT: fills sla_due_at, sla_at_risk_at and, if sla_breached_at is given, sla_first_breached_at when NULL; takes directional marks out of the title and refuses one that nobody can see (23514, constraint taskq_task_title_check), but not where check_function_bodies is off, as in a restore; sorts labels and removes duplicates, and makes empty labels and attributes NULL (23514, constraint taskq_task_labels_check or taskq_task_attributes_check, if they are out of bounds); gives priority, status, source, created_at and updated_at their defaults when NULL; a created_at of this statement goes back to a stamp of the same transaction that should come after it, as now(). It looks at nothing else, so that a restore gives back the same bytes.';
-- More columns.  What was there is dropped at the end, when nothing of taskq's uses it any more.
ALTER FUNCTION taskq_stats(text, text) RENAME TO taskq_stats_0_2;
CREATE FUNCTION taskq_stats(
    assignee_id text DEFAULT NULL,
    user_id text DEFAULT NULL,
    team_id text DEFAULT NULL,
    OUT open integer,
    OUT in_progress integer,
    OUT overdue integer,
    OUT due_today integer,
    OUT unassigned integer,
    OUT completed_today integer,
    OUT sla_at_risk integer,
    OUT sla_breached integer,
    OUT paused integer,
    OUT response_breached integer)
    LANGUAGE c STABLE PARALLEL RESTRICTED COST 10000
    AS 'MODULE_PATHNAME', 'taskq_stats';
COMMENT ON FUNCTION taskq_stats(text, text, text) IS
'The stats bar: numbers of tasks at this instant, exact whether or not the sweep has run, of one assignee, customer and team if given. open, in_progress, overdue: by effective status. due_today and unassigned: among active. completed_today: since midnight in taskq.timezone, up to now. sla_at_risk, sla_breached: among active. paused: active tasks that are paused. response_breached: active tasks on which work did not begin by response_due_at.';
CREATE OR REPLACE VIEW taskq_queue_stats WITH (security_invoker = true) AS
SELECT * FROM taskq_stats();

-- A deadline that was moved out after a breach was missed all the same: what is
-- late is so from the deadline, or from the breach where that came before.
-- Each part from its own index: active tasks whose breach was recorded, of which only
-- those asked for are read; those whose breach was not; closed ones, a range of those
-- whose deadline was moved out or removed and one of the others; those stamped in the future.
CREATE OR REPLACE VIEW taskq_sla_violations WITH (security_invoker = true) AS
SELECT t.id, t.title, t.description, t.priority,
       taskq_effective_status(t.status, t.due_date, t.started_at) AS status,
       t.due_date, t.sla_hours, t.assignee_id, t.user_id, t.source, t.dedupe_key,
       t.created_at, t.created_by, t.started_at, t.completed_at, t.cancelled_at, t.updated_at,
       t.sla_due_at, t.sla_at_risk_at, t.sla_breached_at, t.status AS stored_status,
       t.completed_at IS NULL AND t.cancelled_at IS NULL AS is_active,
       t.completed_at IS NULL AND t.cancelled_at IS NULL
           AND coalesce(t.due_date < taskq_today(), false) AS is_overdue,
       CASE WHEN t.due_date IS NULL THEN NULL
            WHEN t.completed_at IS NULL AND t.cancelled_at IS NULL THEN greatest(taskq_today() - t.due_date, 0)
            ELSE 0
       END AS days_overdue,
       a.name AS assignee_name, a.is_active AS assignee_is_active, c.name AS customer_name,
       taskq_sla_status_at(t.sla_due_at, t.sla_at_risk_at, t.completed_at, t.cancelled_at) AS sla_status,
       t.late_by, t.sla_first_breached_at,
       t.kind, t.sla_policy, t.sla_calendar, t.sla_revision, t.sla_from, t.response_hours, t.response_due_at, t.response_breached_at,
       t.response_hours_used, t.sla_hours_used, t.sla_warn_at, t.sla_warned_at, t.paused_at, t.pause_reason, t.resume_at,
       t.team_id, t.follows_id, t.labels, t.attributes,
       t.paused_at IS NOT NULL AS is_paused
FROM (
    (SELECT v.id, v.title, v.description, v.priority, v.status, v.due_date, v.sla_hours, v.assignee_id, v.user_id, v.source, v.dedupe_key,
            v.created_at, v.created_by, v.started_at, v.completed_at, v.cancelled_at, v.updated_at, v.sla_due_at, v.sla_at_risk_at,
            v.sla_breached_at, v.sla_first_breached_at,
            v.kind, v.sla_policy, v.sla_calendar, v.sla_revision, v.sla_from, v.response_hours, v.response_due_at, v.response_breached_at,
            v.response_hours_used, v.sla_hours_used, v.sla_warn_at, v.sla_warned_at, v.paused_at, v.pause_reason, v.resume_at, v.team_id, v.follows_id, v.labels, v.attributes,
            b.late_by
     FROM (SELECT id, CASE WHEN isfinite(least(sla_due_at, sla_first_breached_at))
                           THEN greatest(statement_timestamp() - least(sla_due_at, sla_first_breached_at), interval '0') END AS late_by
           FROM taskq_task
           WHERE completed_at IS NULL AND cancelled_at IS NULL AND (sla_first_breached_at IS NOT NULL OR sla_breached_at IS NOT NULL)
             AND (sla_first_breached_at <= statement_timestamp() OR sla_due_at < statement_timestamp())
           ORDER BY late_by DESC) b
     JOIN taskq_task v ON v.id = b.id
     ORDER BY late_by DESC)
    UNION ALL
    (SELECT id, title, description, priority, status, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by,
            started_at, completed_at, cancelled_at, updated_at, sla_due_at, sla_at_risk_at, sla_breached_at, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            CASE WHEN isfinite(least(sla_due_at, sla_first_breached_at)) THEN greatest(statement_timestamp() - least(sla_due_at, sla_first_breached_at), interval '0') END AS late_by
     FROM taskq_task
     WHERE completed_at IS NULL AND cancelled_at IS NULL AND sla_first_breached_at IS NULL AND sla_breached_at IS NULL
       AND taskq_stage(status, started_at, completed_at, cancelled_at) = ANY ('{0,1,4,5}'::smallint[])
       AND (CASE WHEN sla_due_at IS NULL THEN 'infinity' ELSE sla_due_at END) < statement_timestamp()
     ORDER BY late_by DESC)
    UNION ALL
    (SELECT id, title, description, priority, status, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by,
            started_at, completed_at, cancelled_at, updated_at, sla_due_at, sla_at_risk_at, sla_breached_at, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            CASE WHEN isfinite(least(sla_due_at, sla_first_breached_at)) AND isfinite(least(completed_at, cancelled_at))
                 THEN greatest(least(completed_at, cancelled_at) - least(sla_due_at, sla_first_breached_at), interval '0') END AS late_by
     FROM taskq_task
     WHERE (CASE WHEN sla_due_at IS NULL OR sla_due_at > sla_first_breached_at THEN 1 ELSE 0 END) = 0
       AND (completed_at IS NOT NULL OR cancelled_at IS NOT NULL) AND least(completed_at, cancelled_at) <= statement_timestamp()
       AND (sla_first_breached_at <= statement_timestamp() OR least(completed_at, cancelled_at) > sla_due_at)
     ORDER BY late_by DESC)
    UNION ALL
    (SELECT id, title, description, priority, status, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by,
            started_at, completed_at, cancelled_at, updated_at, sla_due_at, sla_at_risk_at, sla_breached_at, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            CASE WHEN isfinite(least(sla_due_at, sla_first_breached_at)) AND isfinite(least(completed_at, cancelled_at))
                 THEN greatest(least(completed_at, cancelled_at) - least(sla_due_at, sla_first_breached_at), interval '0') END AS late_by
     FROM taskq_task
     WHERE (CASE WHEN sla_due_at IS NULL OR sla_due_at > sla_first_breached_at THEN 1 ELSE 0 END) = 1
       AND (completed_at IS NOT NULL OR cancelled_at IS NOT NULL) AND least(completed_at, cancelled_at) <= statement_timestamp()
       AND (sla_first_breached_at <= statement_timestamp() OR least(completed_at, cancelled_at) > sla_due_at)
     ORDER BY late_by DESC)
    UNION ALL
    (SELECT id, title, description, priority, status, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by,
            started_at, completed_at, cancelled_at, updated_at, sla_due_at, sla_at_risk_at, sla_breached_at, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            CASE WHEN isfinite(least(sla_due_at, sla_first_breached_at)) THEN greatest(statement_timestamp() - least(sla_due_at, sla_first_breached_at), interval '0') END AS late_by
     FROM taskq_task
     WHERE (completed_at IS NOT NULL OR cancelled_at IS NOT NULL) AND taskq_stage(status, started_at, completed_at, cancelled_at) = ANY ('{2,3}'::smallint[])
       AND taskq_place(priority, due_date, completed_at, cancelled_at) > (extract(epoch FROM statement_timestamp()) * 1000000::numeric)::bigint - 946684800000000
       AND (sla_first_breached_at <= statement_timestamp() OR sla_due_at < statement_timestamp())
     ORDER BY late_by DESC)
) t
LEFT JOIN taskq_staff_member a ON a.id = t.assignee_id
LEFT JOIN taskq_customer c ON c.id = t.user_id;
CREATE OR REPLACE VIEW taskq_workload WITH (security_invoker = true) AS
SELECT s.id AS assignee_id, s.name AS assignee_name,
       coalesce(n.open, 0) AS open,
       coalesce(n.in_progress, 0) AS in_progress,
       coalesce(n.overdue, 0) AS overdue,
       coalesce(n.due_today, 0) AS due_today,
       coalesce(b.sla_breached, 0) AS sla_breached,
       s.is_active AS assignee_is_active,
       coalesce(p.paused, 0) AS paused,
       CASE WHEN s.away_until >= taskq_today() THEN s.away_until END AS away_until
FROM taskq_staff_member s
LEFT JOIN taskq_workload_numbers() n ON n.assignee_id = s.id
LEFT JOIN (
    SELECT t.assignee_id, pg_catalog.count(*)::integer AS sla_breached
    FROM (SELECT assignee_id FROM taskq_task
          WHERE completed_at IS NULL AND cancelled_at IS NULL AND sla_breached_at IS NULL
            AND taskq_stage(status, started_at, completed_at, cancelled_at) = ANY ('{0,1,4,5}'::smallint[])
            AND (CASE WHEN sla_due_at IS NULL THEN 'infinity' ELSE sla_due_at END) < statement_timestamp()
          UNION ALL
          SELECT assignee_id FROM taskq_task
          WHERE completed_at IS NULL AND cancelled_at IS NULL AND (sla_first_breached_at IS NOT NULL OR sla_breached_at IS NOT NULL)
            AND least(sla_due_at, sla_first_breached_at) < statement_timestamp()
            AND sla_breached_at IS NOT NULL AND sla_due_at < statement_timestamp()) t
    GROUP BY t.assignee_id
) b ON b.assignee_id = s.id
LEFT JOIN (
    SELECT t.assignee_id, pg_catalog.count(*)::integer AS paused
    FROM taskq_task t
    WHERE t.paused_at IS NOT NULL AND t.completed_at IS NULL AND t.cancelled_at IS NULL
    GROUP BY t.assignee_id
) p ON p.assignee_id = s.id
WHERE s.is_active OR n.assignee_id IS NOT NULL;
COMMENT ON VIEW taskq_workload IS 'Active tasks of each staff member at this instant: open, in_progress, overdue by effective status; due_today; sla_breached; paused. Inactive staff appear while they have any.';
COMMENT ON COLUMN taskq_workload.assignee_is_active IS 'Whether the staff member is active; false = the tasks are to be given to somebody else.';
COMMENT ON VIEW taskq_sla_violations IS 'Tasks that have ever breached their SLA: sla_status is BREACHED at this instant, or sla_first_breached_at is set, whatever became of the deadline since. Columns as taskq_tasks, and late_by. What is stamped in the future has not happened yet.';
COMMENT ON COLUMN taskq_sla_violations.late_by IS 'Time from the deadline to completion or cancellation; for an active task, to now. Where the deadline was moved out after a breach, or removed: from that breach (sla_first_breached_at). NULL if the deadline is -infinity.';
COMMENT ON COLUMN taskq_workload.away_until IS 'Last day of the staff member''s absence; NULL = not away.';

CREATE VIEW taskq_team_workload WITH (security_invoker = true) AS
SELECT t.id AS team_id, t.name AS team_name,
       s.open, s.in_progress, s.overdue, s.due_today, s.unassigned, s.sla_breached, s.paused,
       m.members, m.available,
       t.is_active AS team_is_active
FROM taskq_team t
CROSS JOIN LATERAL taskq_stats(team_id => t.id) s
CROSS JOIN LATERAL (
    SELECT pg_catalog.count(*)::integer AS members,
           (pg_catalog.count(*) FILTER (WHERE coalesce(p.away_until < taskq_today(), true)))::integer AS available
    FROM taskq_team_member r JOIN taskq_staff_member p ON p.id = r.staff_id
    WHERE r.team_id = t.id AND p.is_active) m
WHERE t.is_active OR s.open + s.in_progress + s.overdue > 0;
COMMENT ON VIEW taskq_team_workload IS 'Active tasks of each team at this instant: open, in_progress, overdue by effective status; due_today, unassigned, sla_breached, paused. Inactive teams appear while they have any.';
COMMENT ON COLUMN taskq_team_workload.members IS 'Active staff in the team.';
COMMENT ON COLUMN taskq_team_workload.available IS 'Those of them who are not away.';
COMMENT ON COLUMN taskq_team_workload.team_is_active IS 'Whether the team is active; false = the tasks are to be given to another.';

CREATE FUNCTION taskq_backlog(
    group_by text DEFAULT 'none',
    bounds integer[] DEFAULT '{-7,-1,0,1,7,30}',
    OUT group_key text,
    OUT bucket integer,
    OUT days_from integer,
    OUT days_to integer,
    OUT tasks integer)
    RETURNS SETOF record
    LANGUAGE c STABLE PARALLEL RESTRICTED COST 1000000 ROWS 100
    AS 'MODULE_PATHNAME', 'taskq_backlog';
COMMENT ON FUNCTION taskq_backlog(text, integer[]) IS
'How many active tasks are due in how many days, exact at this instant. group_by: none (group_key NULL), assignee, team, kind, priority or customer (group_key = id, kind or priority, NULL = none); a group has rows if it has active tasks, none always. bounds: ascending numbers of days from today, at most 100, each -3700000 to 3700000, negative = past due; between them are the buckets: days_from to days_to, both included, NULL = no bound. With the default: more than a week late, late, due yesterday, today, in this week, in this month, later. Each group has a row for each bucket, 1 and so on, and at last one for tasks without a due date, whose bucket is NULL. Errors: 22023 unknown group_by; bounds that are NULL, have a NULL element, do not ascend, are too many or too large.';

ALTER FUNCTION taskq_sla_report(timestamptz, timestamptz, text) RENAME TO taskq_sla_report_0_2;
CREATE FUNCTION taskq_sla_report(
    since timestamptz,
    until timestamptz,
    group_by text DEFAULT 'none',
    OUT group_key text,
    OUT tasks integer,
    OUT met integer,
    OUT breached integer,
    OUT compliance double precision,
    OUT p50_hours double precision,
    OUT p90_hours double precision,
    OUT response_tasks integer,
    OUT response_met integer,
    OUT response_breached integer,
    OUT response_compliance double precision,
    OUT business_p50_hours double precision,
    OUT business_p90_hours double precision)
    RETURNS SETOF record
    LANGUAGE c STABLE PARALLEL RESTRICTED COST 1000000 ROWS 30
    AS 'MODULE_PATHNAME', 'taskq_sla_report';
COMMENT ON FUNCTION taskq_sla_report(timestamptz, timestamptz, text) IS
'SLA compliance of the tasks whose deadline lies in [since, until). A task whose deadline was moved out after a breach, or removed, counts at its first breach (sla_first_breached_at) instead. group_by: none (one row, group_key NULL), assignee (group_key = staff id, NULL = unassigned), team (NULL = none), priority, kind (NULL = none), day (of that instant, in taskq.timezone), or week (its Monday; weeks as in ISO 8601). tasks: all of them; breached: those that ever were, by sla_status at this instant or sla_first_breached_at; met: by sla_status, the others; compliance = met / (met + breached), NULL without any; p50_hours, p90_hours: hours from creation to completion of the completed ones, interpolated. business_p50_hours, business_p90_hours: the same on the SLA''s clock, open hours less pauses as stored when the task was completed, of those that have an SLA calendar or pauses; of others, hours from sla_from or created_at. response_tasks, response_met, response_breached, response_compliance: the same numbers of the tasks whose response_due_at lies in [since, until), which may be others; they count in the day or week of that instant. Errors: 22023 unknown group_by, a NULL bound, since after until.';

CREATE FUNCTION taskq_sla_report_parts(
    since timestamptz,
    until timestamptz,
    group_by text DEFAULT 'none',
    OUT group_key text,
    OUT tasks integer,
    OUT met integer,
    OUT breached integer,
    OUT hours double precision[],
    OUT response_tasks integer,
    OUT response_met integer,
    OUT response_breached integer,
    OUT business_hours double precision[])
    RETURNS SETOF record
    LANGUAGE c STABLE PARALLEL RESTRICTED COST 1000000 ROWS 30
    AS 'MODULE_PATHNAME', 'taskq_sla_report_parts';
COMMENT ON FUNCTION taskq_sla_report_parts(timestamptz, timestamptz, text) IS
'The numbers behind taskq_sla_report(), so that those of several databases can be put together: add the numbers, join the arrays. Arguments, groups and errors as there. compliance = met / (met + breached); hours, business_hours: the hours of each task that p50_hours and business_p50_hours are percentiles of (percentile_cont), in no order, {} without any.';
COMMENT ON FUNCTION taskq_task_update() IS
'Trigger function of taskq_task, BEFORE UPDATE: refuses what the lifecycle does not allow (23514, constraint taskq_task_lifecycle) and a verb whose if_unchanged_since is not the updated_at (55000), refuses unknown and inactive staff and teams (23503) and a new title that nobody can see (23514, constraint taskq_task_title_check), takes directional marks out of it, normalizes labels and attributes as an INSERT does, writes the stamps and the effective status.';

-- Why a deadline is what it is, as in explain.sql.
CREATE FUNCTION taskq_sla_explain(
    id bigint,
    clock text DEFAULT 'resolution',
    OUT begins timestamptz,
    OUT ends timestamptz,
    OUT what text,
    OUT label text,
    OUT hours double precision,
    OUT hours_so_far double precision)
    RETURNS SETOF record
    LANGUAGE c STABLE PARALLEL RESTRICTED COST 10000 ROWS 20
    AS 'MODULE_PATHNAME', 'taskq_sla_explain';
COMMENT ON FUNCTION taskq_sla_explain(bigint, text) IS
'Why a deadline is what it is: the time line of a clock of a task, resolution or response, from sla_from or created_at to its deadline, in order and without gaps. what: open (the clock runs; label = the holiday, on one with hours of its own), closed (by the week), holiday (closed; label = its name), paused (label = the reason). hours: open hours of the row that count; hours_so_far: their sum, which is the target at the deadline. A last row, late, goes from a deadline that was missed to when the clock stopped, or to now; its hours are those open, less pauses. While the task is paused before its deadline, the time line ends now. Without a calendar all time is open. If the task is closed and its deadline does not follow from its calendar any more, what is stored makes one open row, whose label says so, and a late one, whose hours are NULL if none were stored. While edits of a calendar have not reached a task, its deadline is what it will be; if it never will, the time line ends now. No rows if the task has no such clock. Errors: P0002 no such task, 22023 unknown clock.';

CREATE FUNCTION taskq_sla_moves(
    calendar text,
    OUT task_id bigint,
    OUT clock text,
    OUT due_at timestamptz,
    OUT new_due_at timestamptz)
    RETURNS SETOF record
    LANGUAGE c STABLE PARALLEL RESTRICTED COST 1000000 ROWS 100
    AS 'MODULE_PATHNAME', 'taskq_sla_moves';
COMMENT ON FUNCTION taskq_sla_moves(text) IS
'Which stored deadlines of active tasks differ from what a calendar as it is now, edits of this transaction included, gives them: BEGIN; edit it; look; COMMIT or ROLLBACK. The sweep moves them after the commit. clock: response (also of tasks that have been started) or resolution. due_at: as stored; new_due_at: infinity for what has no date while the task is paused, NULL for what the calendar never reaches: such a task keeps the deadline that it has. Ordered by new_due_at, task_id. Errors: 22023 unknown calendar.';

CREATE FUNCTION taskq_sla_clocks_of(
    id bigint,
    OUT clock text,
    OUT state text,
    OUT started timestamptz,
    OUT due_at timestamptz,
    OUT hours double precision,
    OUT hours_used double precision,
    OUT hours_left double precision,
    OUT percent double precision,
    OUT next_opening timestamptz)
    RETURNS SETOF record
    LANGUAGE c STABLE STRICT PARALLEL RESTRICTED COST 1000 ROWS 2
    AS 'MODULE_PATHNAME', 'taskq_sla_clocks_of';
COMMENT ON FUNCTION taskq_sla_clocks_of(bigint) IS
'The clocks that a task has, as in taskq_sla_clocks, which is to be read instead. No rows if there is no such task.';

CREATE VIEW taskq_sla_clocks WITH (security_invoker = true) AS
SELECT t.id AS task_id, c.clock, t.sla_calendar AS calendar, c.state, c.started, c.due_at,
       c.hours, c.hours_used, c.hours_left, c.percent, c.next_opening
FROM taskq_task t
CROSS JOIN LATERAL taskq_sla_clocks_of(t.id) c
WHERE t.sla_due_at IS NOT NULL OR t.response_due_at IS NOT NULL;
COMMENT ON VIEW taskq_sla_clocks IS 'The SLA''s clocks of all tasks, at most two a task, as they stand at this instant. Computed row by row: ask for some tasks.';
COMMENT ON COLUMN taskq_sla_clocks.task_id IS 'The task.';
COMMENT ON COLUMN taskq_sla_clocks.clock IS 'response (until work begins) or resolution (until the task is closed).';
COMMENT ON COLUMN taskq_sla_clocks.calendar IS 'taskq_task.sla_calendar; NULL = all day every day.';
COMMENT ON COLUMN taskq_sla_clocks.state IS 'RUNNING; CLOSED_HOURS: the calendar does not open now; PAUSED: the task is; STOPPED: work has begun (response), or the task is closed.';
COMMENT ON COLUMN taskq_sla_clocks.started IS 'When the clock began: sla_from or created_at. NULL if the calendar is gone or in a time zone that the server does not know.';
COMMENT ON COLUMN taskq_sla_clocks.due_at IS 'The deadline as stored: sla_due_at or response_due_at; infinity while the task is paused before it.';
COMMENT ON COLUMN taskq_sla_clocks.hours IS 'The target: sla_hours or response_hours.';
COMMENT ON COLUMN taskq_sla_clocks.hours_used IS 'Open hours, less pauses, up to now; those stored when the clock stopped, if it has. NULL if they are not known: the task was closed when it was inserted, and its calendar has changed since or is gone.';
COMMENT ON COLUMN taskq_sla_clocks.hours_left IS 'hours - hours_used: negative once the deadline has been missed.';
COMMENT ON COLUMN taskq_sla_clocks.percent IS '100 * hours_used / hours: over 100 once the deadline has been missed.';
COMMENT ON COLUMN taskq_sla_clocks.next_opening IS 'When a clock that stands in CLOSED_HOURS will run again; NULL if it will not within ten years, and in other states.';

-- Renewals: no duplicates, what happens to their tasks, and those that recur.
COMMENT ON TABLE taskq_renewal IS 'Something of a customer''s that expires: a permit, a policy. Read view taskq_renewals. Of those that are neither completed nor cancelled, one at most has the same customer, service type, reference and due date.';
COMMENT ON COLUMN taskq_renewal.due_date IS 'Last day on which it is not overdue; moving it starts a new ladder for the new date, and the open task goes along or is cancelled.';
COMMENT ON COLUMN taskq_renewal.assignee_id IS 'Who gets its tasks; NULL, unknown or inactive = the customer''s agent at the time, or the agent''s team while the agent is away. A new one gets the open task too, unless somebody has started it.';
COMMENT ON FUNCTION taskq_renewal_closed() IS
'Trigger function of taskq_renewal, AFTER UPDATE: closes the open tasks of a renewal that is completed (those that somebody has started are completed, others cancelled) or cancelled (all are), with a note; gives them to a new assignee, unless somebody has started them; marks them as superseded when the due date or service type has changed.';
CREATE FUNCTION taskq_every_is_valid(every interval) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'taskq_every_is_valid';
COMMENT ON FUNCTION taskq_every_is_valid(interval) IS
'True for an interval after which dates can recur: months and days, none negative and not both zero, up to 1200 months and 36500 days, without a time of day. For CHECKs.';

ALTER TABLE taskq_renewal
    ADD COLUMN every interval
        CONSTRAINT taskq_renewal_every_check CHECK (taskq_every_is_valid(every)),
    ADD COLUMN anchor_on date
        CONSTRAINT taskq_renewal_anchor_on_check CHECK (anchor_on BETWEEN '0001-01-01' AND '9999-12-31');
COMMENT ON COLUMN taskq_renewal.user_id IS 'The customer. Never changes, except that taskq_merge_customer() writes it.';
COMMENT ON COLUMN taskq_renewal.every IS 'Time from due date to due date, NULL = it does not recur: months and days, none negative and not both zero, up to 1200 months and 36500 days, without a time of day.';
COMMENT ON COLUMN taskq_renewal.anchor_on IS 'The date from which due dates are counted, 0001-01-01 to 9999-12-31; NULL = the due date, which is kept here when that is moved. It goes on from cycle to cycle, so that one due on 31 January every month is due on 31 March after February, and a due date that was moved does not move those after it.';
CREATE FUNCTION taskq_renewal_create(
    user_id text, service_type text, due_date date, assignee_id text DEFAULT NULL,
    reference text DEFAULT NULL, notes text DEFAULT NULL, every interval DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS bigint
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_renewal_create';
COMMENT ON FUNCTION taskq_renewal_create(text, text, date, text, text, text, interval, text) IS
'Creates a renewal and returns its id. If there is one already with the same customer, service type, reference (NULL is one too) and due date that is neither completed nor cancelled, returns that one''s id and changes nothing. Thresholds that it has passed already are recorded by the next refresh, of which only the tightest acts, and the tightest of those that make a task. Arguments: as the columns of taskq_renewal; assignee_id NULL = the customer''s agent; every NULL = it does not recur. Errors: 23503 unknown or inactive customer or one that was merged into another (HINT names that), unknown or inactive staff; 22023 naming the argument: service_type not 1 to 100 characters, due_date NULL or not 0001-01-01 to 9999-12-31, reference over 255, notes over 65,536 characters, every out of bounds; 42501 there is one already and row security hides it.';
COMMENT ON FUNCTION taskq_renewal_complete(bigint, date, text) IS
'Completes a renewal, and with it the open tasks that somebody has started; others are cancelled. With next_due_date, which must be after the due date, opens the next cycle: a new renewal of the same customer, service type, assignee, reference, notes, every and anchor_on, as by taskq_renewal_create(); returns its id, else NULL. If the next cycle has been entered already and has no every, it gets every and anchor_on, and is otherwise left as it is. Without next_due_date a renewal with every is due next on the first date after its due date that is a multiple of every after anchor_on (or its due date, if that is NULL), unless that is after 9999-12-31. Errors: P0002 no such renewal or NULL id; 23514 constraint taskq_renewal_lifecycle: already completed or cancelled; 22023 next_due_date out of bounds; 23503 a next cycle for an inactive customer: cancel the renewal, or set every to NULL.';

-- A unique index cannot be built while there are duplicates.  taskq does without
-- until somebody has resolved them.
DO $do$
DECLARE
    surplus bigint;
BEGIN
    SELECT coalesce(sum(d.n - 1), 0) INTO surplus FROM (
        SELECT count(*) AS n FROM taskq_renewal WHERE next_check_on IS NOT NULL
        GROUP BY user_id, service_type, reference, due_date HAVING count(*) > 1) d;
    IF surplus = 0 THEN
        CREATE UNIQUE INDEX taskq_renewal_active_key ON taskq_renewal (user_id, service_type, reference, due_date)
            NULLS NOT DISTINCT WHERE next_check_on IS NOT NULL;
    ELSE
        RAISE WARNING USING
            MESSAGE = format('index taskq_renewal_active_key is not created, for active renewals have duplicates: %s', surplus),
            DETAIL = 'Active renewals are duplicates if they have the same user_id, service_type, reference and due_date. Without the index, two sessions at once can still enter a renewal twice.',
            HINT = format('Cancel all but one of each with taskq_renewal_cancel(), then run CREATE UNIQUE INDEX taskq_renewal_active_key ON %s (user_id, service_type, reference, due_date) NULLS NOT DISTINCT WHERE next_check_on IS NOT NULL.',
                          'taskq_renewal'::regclass);
    END IF;
END
$do$;

ALTER TABLE taskq_renewal_crossing DROP CONSTRAINT taskq_renewal_crossing_outcome_check;
ALTER TABLE taskq_renewal_crossing ADD CONSTRAINT taskq_renewal_crossing_outcome_check
    CHECK (outcome IN ('recorded', 'passed', 'task created', 'task raised', 'superseded', 'task cancelled', 'customer inactive'));
COMMENT ON COLUMN taskq_renewal_crossing.outcome IS 'recorded (and offered to rules); passed (did not act: a tighter one was crossed by then); task created; task raised (the renewal''s open task has at least this priority now, and this due date); superseded (made or raised the task, which is for another due date or service type now); task cancelled (made or raised the task; then the due date or service type changed to one that had not come to a task yet); customer inactive (would have acted; does so when the customer is active again, if it is still the tightest).';

-- Kinds and calendars of thresholds.
ALTER TABLE taskq_renewal_threshold
    ADD COLUMN kind text
        CONSTRAINT taskq_renewal_threshold_kind_check CHECK (pg_catalog.char_length(kind) BETWEEN 1 AND 63 AND taskq_line_is_valid(kind)),
    ADD COLUMN calendar text REFERENCES taskq_calendar ON UPDATE CASCADE,
    ADD COLUMN team_id text REFERENCES taskq_team ON UPDATE CASCADE;
CREATE INDEX taskq_renewal_threshold_calendar_idx ON taskq_renewal_threshold (calendar);
CREATE INDEX taskq_renewal_threshold_team_idx ON taskq_renewal_threshold (team_id);
COMMENT ON COLUMN taskq_renewal_threshold.team_id IS 'Team of the task that is created, unless it is inactive. NULL = none, or that of the customer''s agent (of several the first by id) where the agent would get the task, but is away.';
COMMENT ON COLUMN taskq_renewal_threshold.days_before IS 'Days before the due date, in business days if there is a calendar: -1 (the day after it, in any case) to 36500. None is crossed before those of its ladder with more days.';
COMMENT ON COLUMN taskq_renewal_threshold.sla_hours IS 'SLA of the task in hours, at least a millisecond (1/3600000) and at most 87600; NULL = that of the policy that fits, see taskq_sla_policy.';
COMMENT ON COLUMN taskq_renewal_threshold.kind IS 'Kind of the task that is created, 1 to 63 characters; NULL = none.';
COMMENT ON COLUMN taskq_renewal_threshold.calendar IS 'Calendar in whose business days days_before counts, as taskq_business_day() does back from the due date; 0 is the last business day by then. A task is due on the last business day by the next threshold or the due date, unless that has passed. NULL = all days.';

CREATE FUNCTION taskq_renewal_calendar_changed() RETURNS trigger
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_renewal_calendar_changed';
COMMENT ON FUNCTION taskq_renewal_calendar_changed() IS
'Trigger function of taskq_calendar, taskq_calendar_window and taskq_holiday: has the engine look at all active renewals again, if a threshold has a calendar, and at the schedules that have one.';

CREATE TRIGGER taskq_renewals_follow AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON taskq_calendar
    FOR EACH STATEMENT EXECUTE FUNCTION taskq_renewal_calendar_changed();
CREATE TRIGGER taskq_renewals_follow AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON taskq_calendar_window
    FOR EACH STATEMENT EXECUTE FUNCTION taskq_renewal_calendar_changed();
CREATE TRIGGER taskq_renewals_follow AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON taskq_holiday
    FOR EACH STATEMENT EXECUTE FUNCTION taskq_renewal_calendar_changed();
ALTER TABLE taskq_calendar ENABLE ALWAYS TRIGGER taskq_renewals_follow;
ALTER TABLE taskq_calendar_window ENABLE ALWAYS TRIGGER taskq_renewals_follow;
ALTER TABLE taskq_holiday ENABLE ALWAYS TRIGGER taskq_renewals_follow;

ALTER FUNCTION taskq_renewal_ladder(text) RENAME TO taskq_renewal_ladder_0_2;
CREATE FUNCTION taskq_renewal_ladder(
    service_type text,
    OUT days_before integer,
    OUT task_priority taskq_priority,
    OUT title_template text,
    OUT description_template text,
    OUT sla_hours double precision,
    OUT kind text,
    OUT calendar text,
    OUT team_id text)
    RETURNS SETOF record
    LANGUAGE sql STABLE PARALLEL SAFE COST 10000 ROWS 6
BEGIN ATOMIC
    WITH own AS (
        SELECT t.days_before, t.task_priority, t.title_template, t.description_template, t.sla_hours, t.kind, t.calendar, t.team_id
        FROM taskq_renewal_threshold t WHERE t.service_type = taskq_renewal_ladder.service_type
    ), general AS (
        SELECT t.days_before, t.task_priority, t.title_template, t.description_template, t.sla_hours, t.kind, t.calendar, t.team_id
        FROM taskq_renewal_threshold t WHERE t.service_type IS NULL AND NOT EXISTS (SELECT FROM own)
    ), built_in AS (
        SELECT b.days_before, b.task_priority, NULL::text, NULL::text, NULL::double precision, NULL::text, NULL::text, NULL::text
        FROM (VALUES (90, NULL::taskq_priority), (60, NULL), (30, NULL), (14, 'HIGH'), (7, 'URGENT')) b(days_before, task_priority)
        WHERE NOT EXISTS (SELECT FROM own) AND NOT EXISTS (SELECT FROM general)
    ), ladder AS (
        SELECT * FROM own UNION ALL SELECT * FROM general UNION ALL SELECT * FROM built_in
    )
    SELECT * FROM ladder
    UNION ALL
    SELECT -1, NULL, NULL, NULL, NULL, NULL, NULL, NULL WHERE NOT EXISTS (SELECT FROM ladder l WHERE l.days_before = -1)
    ORDER BY 1 DESC;
END;
COMMENT ON FUNCTION taskq_renewal_ladder(text) IS
'The thresholds that hold for a service type, the earliest first: its own rows of taskq_renewal_threshold, else those without a service type, else the built-in ones (90, 60, 30: no task; 14: HIGH; 7: URGENT). The last is always -1, on which a renewal becomes OVERDUE.';

CREATE FUNCTION taskq_renewal_threshold_day(days_before integer, due_date date, calendar text DEFAULT NULL) RETURNS date
    LANGUAGE c STABLE PARALLEL RESTRICTED
    AS 'MODULE_PATHNAME', 'taskq_renewal_threshold_day';
COMMENT ON FUNCTION taskq_renewal_threshold_day(integer, date, text) IS
'The day that lies days_before days before a due date, with a calendar business days of that: 0 is then the last business day by the due date; -1 is the day after it in any case. NULL if days_before or due_date is. Errors: 22023 unknown calendar, days_before not from -1 to 36500, due_date not from 0001-01-01 to 9999-12-31; 22008 ten years without an opening.';

CREATE FUNCTION taskq_customer_reactivated() RETURNS trigger
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_customer_reactivated';
COMMENT ON FUNCTION taskq_customer_reactivated() IS
'Trigger function of taskq_customer, AFTER UPDATE: has the engine look at the renewals of a customer who is active again.';

CREATE TRIGGER taskq_customer_reactivated AFTER UPDATE ON taskq_customer
    FOR EACH ROW WHEN (new.is_active AND NOT old.is_active) EXECUTE FUNCTION taskq_customer_reactivated();

CREATE OR REPLACE VIEW taskq_renewals WITH (security_invoker = true) AS
SELECT r.id, r.user_id, c.name AS customer_name, r.service_type, r.due_date,
       CASE WHEN r.next_check_on IS NOT NULL THEN r.due_date - taskq_today() END AS days_until_due,
       CASE WHEN r.next_check_on IS NULL THEN r.status
            WHEN r.due_date < taskq_today() THEN 'OVERDUE' ELSE 'ACTIVE' END AS status,
       r.status AS stored_status,
       r.next_check_on IS NOT NULL AND r.due_date < taskq_today() AS is_overdue,
       coalesce(r.assignee_id, c.assigned_agent_id) AS assignee_id, s.name AS assignee_name,
       r.reference, r.notes,
       n.days_before AS next_threshold, n.day AS next_threshold_on,
       o.task_id AS open_task_id,
       r.created_at, r.created_by, r.completed_at, r.cancelled_at, r.compliance_flagged_at,
       c.is_active AS customer_is_active, r.every, r.anchor_on
FROM taskq_renewal r
JOIN taskq_customer c ON c.id = r.user_id
LEFT JOIN taskq_staff_member s ON s.id = coalesce(r.assignee_id, c.assigned_agent_id)
LEFT JOIN LATERAL (
    SELECT max(d.days_before) AS days_before, min(d.day) AS day
    FROM (SELECT l.days_before,
                 max(taskq_renewal_threshold_day(l.days_before, r.due_date, l.calendar)) OVER (ORDER BY l.days_before DESC) AS day
          FROM taskq_renewal_ladder(r.service_type) l WHERE r.next_check_on IS NOT NULL) d
    WHERE d.day > taskq_today()) n ON true
LEFT JOIN LATERAL (
    SELECT max(x.task_id) AS task_id FROM taskq_renewal_crossing x
    WHERE x.renewal_id = r.id
      AND (SELECT t.completed_at IS NULL AND t.cancelled_at IS NULL FROM taskq_task t WHERE t.id = x.task_id)) o ON true;
COMMENT ON COLUMN taskq_renewals.customer_is_active IS 'False: no new task comes of it.';
COMMENT ON FUNCTION taskq_renewals_refresh(boolean) IS
'Brings the ladders of all renewals up to today and returns the thresholds that were crossed, or acted only now, as in taskq_renewal_crossing. Each is crossed once for a renewal and due date, from however many sessions this is called; renewals locked by others are passed over, and those that row security hides from the caller. With dry_run it is done and taken back, and task_id is NULL where a task would be created. The sweep does the same by itself.';

-- Sweep: what there is more of.
ALTER TABLE taskq_sweep_log
    ADD COLUMN sla_moved integer NOT NULL DEFAULT 0,
    ADD COLUMN resumed integer NOT NULL DEFAULT 0,
    ADD COLUMN response_breached integer NOT NULL DEFAULT 0,
    ADD COLUMN sla_at_risk integer NOT NULL DEFAULT 0,
    ADD COLUMN sla_warnings integer NOT NULL DEFAULT 0,
    ADD COLUMN schedules integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN taskq_sweep_log.sla_moved IS 'Tasks whose deadlines were brought into line with their calendar.';
COMMENT ON COLUMN taskq_sweep_log.resumed IS 'Pauses that ended.';
COMMENT ON COLUMN taskq_sweep_log.response_breached IS 'Tasks that work should have begun on by then.';
COMMENT ON COLUMN taskq_sweep_log.sla_at_risk IS 'Tasks recorded to be at risk of breaching their SLA.';
COMMENT ON COLUMN taskq_sweep_log.sla_warnings IS 'Warnings of policies recorded.';
COMMENT ON COLUMN taskq_sweep_log.schedules IS 'Dates of schedules dealt with: those that became tasks, and those missed.';
COMMENT ON COLUMN taskq_sweep_log.tasks_created IS 'Tasks created for renewals and schedules and by rules.';
COMMENT ON COLUMN taskq_sweep_log.failed IS 'Tasks, renewals and schedules that could not be swept because writing them raised an error (a trigger added by the user, say); the next sweep tries them again.';
COMMENT ON FUNCTION taskq_sweep(integer) IS
'Brings stored statuses and SLA breaches up to this instant, in the caller''s transaction, for at most max_tasks tasks (1 to 1,000,000; NULL = taskq.sweep_batch_size). Tasks locked by others are passed over. Returns what it did by kind: overdue, recovered, sla_moved, resumed, response_breached, sla_breached, sla_at_risk, sla_warnings, purged (tasks); renewals (thresholds crossed), schedules (dates dealt with), tasks_created (for renewals and schedules and by rules); failed counts rows whose write raised an error (a WARNING tells the first). Safe from many sessions at once. Errors: 22023 max_tasks out of bounds.';

-- Wakeup: the worker does not sweep where nothing is to be written.
COMMENT ON COLUMN taskq_worker_status.last_result IS 'done; left (somebody wanted to drop, rename or copy the database); some failed (tasks that could not be written were passed over); failed; no extension (taskq is not installed there); subscriber (taskq_task is a subscription''s target); restoring (pg_restore is connected, or ids run ahead of their sequence, as they do until a restore sets it); read only (default_transaction_read_only is on).';

-- Rules: events, kinds, calendars, teams.
ALTER TABLE taskq_workflow_rule
    ADD COLUMN kind text
        CONSTRAINT taskq_workflow_rule_kind_check CHECK (pg_catalog.char_length(kind) BETWEEN 1 AND 63 AND taskq_line_is_valid(kind)),
    ADD COLUMN calendar text REFERENCES taskq_calendar ON UPDATE CASCADE,
    ADD COLUMN team_id text REFERENCES taskq_team ON UPDATE CASCADE,
    DROP CONSTRAINT taskq_workflow_rule_assign_check,
    ADD CONSTRAINT taskq_workflow_rule_assign_check CHECK
        (action <> 'ASSIGN' OR team_id IS NOT NULL OR pg_catalog.num_nonnulls(assignee_id, assignee_path, assignee_strategy) = 1);
CREATE INDEX taskq_workflow_rule_calendar_idx ON taskq_workflow_rule (calendar);
CREATE INDEX taskq_workflow_rule_team_idx ON taskq_workflow_rule (team_id);
COMMENT ON COLUMN taskq_workflow_rule.action IS 'CREATE_TASK; ESCALATE raises the linked task''s priority, by one step or to priority; ASSIGN gives the linked task to the assignee, to the team, or to both. The linked task is the active one with the rendered dedupe_key, if that is given, else the one whose id is at task.id of the payload.';
COMMENT ON COLUMN taskq_workflow_rule.assignee_pool IS 'Ids to choose from for LEAST_LOADED; NULL = the members of team_id; all active staff if that is NULL, too.';
COMMENT ON COLUMN taskq_workflow_rule.team_id IS 'Team that the task is to belong to; with LEAST_LOADED and no assignee_pool its members are those to choose from. Nothing is given to an inactive team: the task has none then. NULL = none.';
COMMENT ON FUNCTION taskq_event_check(text) IS
'True for the name of an event: 1 to 100 characters; one that begins with task. or renewal. must be one of taskq''s own: task.created, task.started, task.assigned, task.commented, task.paused, task.resumed, task.completed, task.cancelled, task.overdue, task.sla_moved, task.sla_at_risk, task.sla_warning, task.sla_breached, task.response_breached, renewal.threshold_crossed, renewal.overdue. For CHECKs. Errors: 23514 otherwise.';
COMMENT ON TABLE taskq_workflow_rule IS 'What is to happen when an event does. Events are the application''s own (taskq_emit, taskq_emit_change) and taskq''s: task.created, task.started, task.assigned, task.commented, task.paused, task.resumed, task.completed, task.cancelled, task.overdue, task.sla_moved, task.sla_at_risk, task.sla_warning, task.sla_breached, task.response_breached, renewal.threshold_crossed, renewal.overdue. A change holds in every session as soon as it is committed.';
COMMENT ON COLUMN taskq_workflow_rule.due_in_days IS 'Due date in days from taskq_today(), 0 to 36500, in business days if there is a calendar; NULL = none.';
COMMENT ON COLUMN taskq_workflow_rule.sla_hours IS 'SLA of the task in hours, at least a millisecond (1/3600000) and at most 87600; NULL = that of the policy that fits, see taskq_sla_policy.';
COMMENT ON COLUMN taskq_workflow_rule.kind IS 'Kind of the task, 1 to 63 characters; NULL = none.';
COMMENT ON COLUMN taskq_workflow_rule.calendar IS 'Calendar in whose business days due_in_days counts, as taskq_business_day() does from taskq_today(): 0 = today, or the next business day; NULL = all days. The clocks of the SLA do not follow it.';

-- What rules do with what does not fit, and how often they fire.
COMMENT ON TABLE taskq_workflow_run IS 'Every firing of a rule: what came of it. Kept for 30 days. What keeps a rule that matches from being put into action is a row, too: that it is part of the chain that led to the event (unchanged), a depth over 8 or more than 100 tasks for one event from outside (failed); each once for that event.';
COMMENT ON COLUMN taskq_workflow_run.message IS 'Why it failed or changed nothing; what was left out or cut off: a title over 200 characters, a description over 65,536, who was passed over as assignee, a path that leads nowhere.';
COMMENT ON COLUMN taskq_workflow_rule.title_template IS 'Template of the task''s title, see taskq_render(); NULL = the rule''s name. Cut off at 200 characters; the name takes the place of what cannot be a title.';
COMMENT ON COLUMN taskq_workflow_rule.description_template IS 'Template of the task''s description. Cut off at 65,536 characters.';
COMMENT ON COLUMN taskq_workflow_rule.dedupe_key IS 'Template of the task''s dedupe_key: while a task with that key is active no second one is made. Each placeholder must lead to something that is not empty, or the rule fails.';
COMMENT ON FUNCTION taskq_emit_dry_run(text, jsonb, text) IS
'What taskq_emit() would do, a row for each rule that would fire, further rules set off by the first included: it is done and taken back. An enabled rule for the event that would not fire has outcome "no match", and message says why. Of a task that was there before, title and the columns behind it are NULL if row security hides it from the caller. Here the event may be one of taskq''s own. Errors: as taskq_emit.';

-- Which dates are errors.
COMMENT ON FUNCTION taskq_create_json(jsonb, text) IS
'Creates a task from a JSON object whose keys are the arguments of taskq_create but actor, and sla_policy (a name, instead of sla_hours), response_hours (at least a millisecond (1/3600000), at most 87600) and sla_from (when the clocks of its SLA began, not after now); title is required, JSON null = absent, due_date is "YYYY-MM-DD", sla_from "YYYY-MM-DDThh:mm:ssZ" or with an offset, hours are numbers, labels an array of strings, attributes an object, all others strings. Returns the task as in taskq_tasks plus "created": false if the dedupe_key was taken and this is its holder. Errors: as taskq_create; 22023 naming the field for an unknown key or a wrong type; 22P02 for a priority that is none, 22007 and 22008 for a date.';

-- Hand-overs, schedules, merged customers.
CREATE FUNCTION taskq_hand_over(
    from_staff text,
    to_staff text DEFAULT NULL,
    to_team text DEFAULT NULL,
    actor text DEFAULT NULL,
    OUT tasks integer,
    OUT renewals integer,
    OUT customers integer,
    OUT schedules integer)
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_hand_over';
COMMENT ON FUNCTION taskq_hand_over(text, text, text, text) IS
'Gives what a member of staff has to to_staff (active), to to_team (an active team), or to both: active tasks, renewals that are neither completed nor cancelled, customers whose agent it is, active or not, and schedules whose tasks it gets, enabled or not; returns how many of each. Without to_staff they are nobody''s, and the tasks and schedules the team''s; the tasks of such a renewal go to the customer''s agent, and of such a customer to nobody, unless the threshold or rule has a team. Without to_team a task and a schedule stay in their team. Tasks have it in their history as assigned. What others give to from_staff at the same time is waited for and handed over, too. Closed tasks, rules that name from_staff, and memberships of teams stay; is_active too: set it to false first, and nothing new comes. Row security: of what the caller can see and update. Errors: 22023 from_staff NULL, to_staff and to_team both NULL, to_staff the same as from_staff; 23503 unknown from_staff, unknown or inactive to_staff or to_team; 0A000 isolation level above READ COMMITTED; 42501 the caller may not update taskq_staff_member, taskq_customer, taskq_renewal, taskq_schedule and taskq_task.';

CREATE TABLE taskq_schedule (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    name text NOT NULL
        CONSTRAINT taskq_schedule_name_key UNIQUE
        CONSTRAINT taskq_schedule_name_check CHECK (pg_catalog.char_length(name) BETWEEN 1 AND 63 AND taskq_line_is_valid(name)),
    title_template text NOT NULL
        CONSTRAINT taskq_schedule_title_template_check CHECK (taskq_template_check(title_template, 'title_template')),
    description_template text
        CONSTRAINT taskq_schedule_description_template_check CHECK (taskq_template_check(description_template, 'description_template')),
    priority taskq_priority NOT NULL DEFAULT 'MEDIUM',
    kind text
        CONSTRAINT taskq_schedule_kind_check CHECK (pg_catalog.char_length(kind) BETWEEN 1 AND 63 AND taskq_line_is_valid(kind)),
    team_id text CONSTRAINT taskq_schedule_team_id_fkey REFERENCES taskq_team ON UPDATE CASCADE,
    assignee_id text CONSTRAINT taskq_schedule_assignee_id_fkey REFERENCES taskq_staff_member ON UPDATE CASCADE,
    user_id text CONSTRAINT taskq_schedule_user_id_fkey REFERENCES taskq_customer ON UPDATE CASCADE,
    sla_hours double precision
        CONSTRAINT taskq_schedule_sla_hours_check CHECK (sla_hours OPERATOR(pg_catalog.>=) 2.7777777777777776e-07 AND sla_hours OPERATOR(pg_catalog.<=) 87600),
    starts_on date NOT NULL
        CONSTRAINT taskq_schedule_starts_on_check CHECK (starts_on BETWEEN '0001-01-01' AND '9999-12-31'),
    every interval NOT NULL
        CONSTRAINT taskq_schedule_every_check CHECK (taskq_every_is_valid(every)),
    until date,
    business_day text NOT NULL DEFAULT 'SAME'
        CONSTRAINT taskq_schedule_business_day_check CHECK (business_day IN ('SAME', 'NEXT', 'PREVIOUS')),
    calendar text CONSTRAINT taskq_schedule_calendar_fkey REFERENCES taskq_calendar ON UPDATE CASCADE,
    lead_days integer NOT NULL DEFAULT 0
        CONSTRAINT taskq_schedule_lead_days_check CHECK (lead_days BETWEEN 0 AND 36500),
    is_enabled boolean NOT NULL DEFAULT true,
    handled_until date,
    next_check_on date,
    CONSTRAINT taskq_schedule_until_check CHECK (until >= starts_on),
    CONSTRAINT taskq_schedule_calendar_check CHECK ((business_day = 'SAME') = (calendar IS NULL)),
    CONSTRAINT taskq_schedule_next_check_check CHECK (is_enabled = (next_check_on IS NOT NULL))
);
CREATE INDEX taskq_schedule_check_idx ON taskq_schedule (next_check_on) WHERE next_check_on IS NOT NULL;
CREATE INDEX taskq_schedule_team_idx ON taskq_schedule (team_id);
CREATE INDEX taskq_schedule_assignee_idx ON taskq_schedule (assignee_id);
CREATE INDEX taskq_schedule_user_idx ON taskq_schedule (user_id);
CREATE INDEX taskq_schedule_calendar_idx ON taskq_schedule (calendar);

COMMENT ON TABLE taskq_schedule IS 'Work that recurs: each date of a schedule becomes a task with source SCHEDULE, created by the sweep lead_days before the date and due on it. The dates are starts_on + n * every, n = 0, 1, 2 and so on, each counted from starts_on: every month from 31 January there is one on the last of February and one on 31 March. If several have come since the last sweep, or the schedule starts in the past, the latest becomes a task and the others are recorded in taskq_schedule_run. See taskq_schedule_dates().';
COMMENT ON COLUMN taskq_schedule.id IS 'Key.';
COMMENT ON COLUMN taskq_schedule.name IS 'What it is called, 1 to 63 characters; unique.';
COMMENT ON COLUMN taskq_schedule.title_template IS 'Template of the task''s title over {"date": ..., "due_date": ..., "month": "2026-01", "year": "2026", "schedule": {"id", "name"}, "customer": ...}, see taskq_render(); cut off at 200 characters, replaced by the name if nothing is left to see.';
COMMENT ON COLUMN taskq_schedule.description_template IS 'Template of the task''s description, cut off at 65,536 characters.';
COMMENT ON COLUMN taskq_schedule.priority IS 'Of the tasks.';
COMMENT ON COLUMN taskq_schedule.kind IS 'Of the tasks, 1 to 63 characters; NULL = none.';
COMMENT ON COLUMN taskq_schedule.team_id IS 'Team of the tasks; NULL or inactive = none.';
COMMENT ON COLUMN taskq_schedule.assignee_id IS 'Who gets the tasks; NULL or inactive = nobody.';
COMMENT ON COLUMN taskq_schedule.user_id IS 'Customer whom the tasks are about; while it is inactive there are none.';
COMMENT ON COLUMN taskq_schedule.sla_hours IS 'SLA of the tasks in hours, at least a millisecond (1/3600000) and at most 87600; NULL = that of the policy that fits, see taskq_sla_policy.';
COMMENT ON COLUMN taskq_schedule.starts_on IS 'The first date, from which all others are counted, 0001-01-01 to 9999-12-31.';
COMMENT ON COLUMN taskq_schedule.every IS 'Time from date to date: months and days, none negative and not both zero, up to 1200 months and 36500 days, without a time of day. Another every or starts_on holds for days from today on.';
COMMENT ON COLUMN taskq_schedule.until IS 'The last day that may be a date, not before starts_on; NULL = 9999-12-31.';
COMMENT ON COLUMN taskq_schedule.business_day IS 'When a task is due whose date is no business day: SAME = on the date; NEXT, PREVIOUS = on the next or previous business day. Dates that come to the same day are one.';
COMMENT ON COLUMN taskq_schedule.calendar IS 'Calendar whose business days these are; NULL with SAME, else not.';
COMMENT ON COLUMN taskq_schedule.lead_days IS 'How many days before it is due a task is created, 0 to 36500, whether or not they are business days.';
COMMENT ON COLUMN taskq_schedule.is_enabled IS 'False: makes no tasks; days that pass meanwhile are not made up for.';
COMMENT ON COLUMN taskq_schedule.handled_until IS 'Dates up to this one have been dealt with; NULL = none. Kept by taskq.';
COMMENT ON COLUMN taskq_schedule.next_check_on IS 'Day on which the sweep looks at it next: that on which the next task is created; -infinity = at once; infinity = there is no further date; NULL = it is disabled. Kept by taskq.';

CREATE TABLE taskq_schedule_run (
    schedule_id bigint CONSTRAINT taskq_schedule_run_schedule_id_fkey REFERENCES taskq_schedule ON DELETE CASCADE,
    date date,
    since date NOT NULL,
    dates integer NOT NULL,
    at timestamptz NOT NULL,
    outcome text NOT NULL
        CONSTRAINT taskq_schedule_run_outcome_check CHECK (outcome IN ('created', 'missed', 'customer inactive')),
    due_date date,
    task_id bigint,
    message text,
    CONSTRAINT taskq_schedule_run_pkey PRIMARY KEY (schedule_id, date)
);

COMMENT ON TABLE taskq_schedule_run IS 'What became of the dates of schedules. Kept for two years, and deleted with the schedule.';
COMMENT ON COLUMN taskq_schedule_run.schedule_id IS 'The schedule.';
COMMENT ON COLUMN taskq_schedule_run.date IS 'The date, before it is moved to a business day; of several that were missed together the last.';
COMMENT ON COLUMN taskq_schedule_run.since IS 'Of several that were missed together the first, else the date.';
COMMENT ON COLUMN taskq_schedule_run.dates IS 'How many dates these are.';
COMMENT ON COLUMN taskq_schedule_run.at IS 'When it was done.';
COMMENT ON COLUMN taskq_schedule_run.outcome IS 'created; missed (a later date had come by then, and only the latest becomes a task); customer inactive (no task).';
COMMENT ON COLUMN taskq_schedule_run.due_date IS 'The day on which the task is due; NULL if missed.';
COMMENT ON COLUMN taskq_schedule_run.task_id IS 'The task created.';
COMMENT ON COLUMN taskq_schedule_run.message IS 'What was left out or cut off: a title over 200 characters, a description over 65,536, an inactive team or assignee.';

SELECT pg_catalog.pg_extension_config_dump('taskq_schedule', '');
SELECT pg_catalog.pg_extension_config_dump('taskq_schedule_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('taskq_schedule_run', '');

CREATE FUNCTION taskq_schedule_guard() RETURNS trigger
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_schedule_guard';
COMMENT ON FUNCTION taskq_schedule_guard() IS
'Trigger function of taskq_schedule, BEFORE INSERT and UPDATE: has the sweep look at what is new or changed; with another starts_on or every, or enabled again, dates whose day has passed count as dealt with. handled_until and next_check_on are written by taskq only (23514, constraint taskq_schedule_guard); an INSERT stores what it is given.';

CREATE TRIGGER taskq_schedule_guard BEFORE INSERT OR UPDATE ON taskq_schedule
    FOR EACH ROW EXECUTE FUNCTION taskq_schedule_guard();

CREATE FUNCTION taskq_schedule_dates(
    name text, count integer DEFAULT 12,
    OUT date date, OUT due_date date, OUT created_on date)
    RETURNS SETOF record
    LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 12
    AS 'MODULE_PATHNAME', 'taskq_schedule_dates';
COMMENT ON FUNCTION taskq_schedule_dates(text, integer) IS
'The next dates of a schedule that have not been dealt with, at most count (1 to 1000), also if it is disabled. date: as counted from starts_on. due_date: the same, moved to a business day if the schedule says so. created_on: the day on which the sweep creates the task; of those whose day has come it creates the latest only. Errors: P0002 no such schedule, or NULL; 22023 count out of bounds; 22008 a calendar that does not open for ten years.';

COMMENT ON FUNCTION taskq_erase_customer(text, text) IS
'Erases what texts say about a customer and those that were merged into it, from terminal tasks too: its name and the titles of its tasks become ''erased''; descriptions, labels, attributes, dedupe_keys but those of follow-ups, notes, texts in the history''s changes, references and notes of its renewals, messages of rules that fired for its tasks go; so do names and templates of its schedules. The customer becomes inactive. Ids, states, times, priorities, assignees and counts stay; so do columns that you added. Each task''s history says so (kind erased), and so does taskq_erasure. Returns how many tasks, events and renewals had text. With the rights of the owner of taskq_task, for callers who may update the customer. Errors: 22023 user_id is NULL, 23503 unknown customer or one that was merged into another (HINT names that), 42501 not allowed to update it, 0A000 in a transaction that is not READ COMMITTED.';

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

-- As in check.sql.
CREATE FUNCTION taskq_check(OUT severity integer, OUT subject text, OUT what text, OUT hint text) RETURNS SETOF record
    LANGUAGE sql STABLE PARALLEL RESTRICTED COST 1000000 ROWS 10
    SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH member AS (
        SELECT c.oid, c.relname, c.relkind, c.relnamespace, c.relowner, c.relacl, c.reloptions, c.relpersistence, c.relrowsecurity, c.reltuples,
               pg_catalog.format('%I.%I', n.nspname, c.relname) AS name, o.required, o.constraints, o.indexes, o.triggers, o.always
        FROM pg_catalog.pg_extension e
        JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_extension'::regclass::oid AND d.refobjid = e.oid
         AND d.deptype = 'e' AND d.classid = 'pg_catalog.pg_class'::regclass::oid
        JOIN pg_catalog.pg_class c ON c.oid = d.objid AND c.relkind IN ('r', 'v', 'S')
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN taskq_own_objects() o ON o.relname = c.relname::text
        WHERE e.extname = 'taskq'
    ), open_function AS (
        -- unqualified names in it are resolved through the caller's search_path, or to
        -- temporary objects first; as in owner.c
        SELECT p.oid, p.oid::regprocedure::text AS name
        FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang
        WHERE l.lanname NOT IN ('internal', 'c') AND p.prosqlbody IS NULL
          AND NOT EXISTS (SELECT FROM pg_catalog.unnest(p.proconfig) u WHERE u.u OPERATOR(pg_catalog.~) '^search_path=(.*,)? *"?pg_temp"?$')
    ), finding (severity, subject, what, hint) AS (
        SELECT s.severity, s.subject, s.what, s.hint FROM taskq_check_server() s

        -- the worker, in this database
        UNION ALL SELECT 2, 'worker', pg_catalog.format('Sweeps in a row that failed or left rows out: %s. The last error: %s.', w.failures, coalesce(w.last_error, 'the sweeper was killed')),
            'Remove the cause, then use SELECT taskq_worker_wake() to sweep at once.'
            FROM taskq_worker_status w WHERE w.database = pg_catalog.current_database() AND w.failures > 0
        UNION ALL SELECT 2, 'worker', 'Sweeps wait for a restore or an import to end.',
            'See the rows about sequences. If there are none, see pg_stat_activity for a session whose application_name is pg_restore.'
            FROM taskq_worker_status w WHERE w.database = pg_catalog.current_database() AND w.last_result = 'restoring'
        UNION ALL SELECT 2, 'worker', pg_catalog.format('The sweep that was to start at %s has not.', w.next_sweep_at),
            'See the server''s log for the reason, and consider increasing max_worker_processes.'
            FROM taskq_worker_status w WHERE w.database = pg_catalog.current_database() AND w.state = 'waiting'
             AND greatest(w.next_sweep_at, w.last_sweep_at, pg_catalog.pg_postmaster_start_time())
                 < pg_catalog.clock_timestamp() - pg_catalog.interval_mul(pg_catalog.current_setting('taskq.sweep_interval')::interval, 10)
        UNION ALL SELECT 2, 'default_transaction_read_only', 'It is on for the server or this database: the worker writes nothing.',
            'Turn it off when the reason for it is gone.'
            FROM pg_catalog.pg_settings s WHERE s.name = 'default_transaction_read_only' AND s.setting = 'on'
             AND s.source NOT IN ('user', 'database user', 'client', 'session', 'interactive')

        -- functions that users have added to taskq's tables
        UNION ALL SELECT 1, pg_catalog.format('trigger %I on %s', t.tgname, m.name),
            pg_catalog.format('Its function %s has no search_path of its own that ends in pg_temp. When a rule or the history fires it, it runs with the rights of the table''s owner, and names in it may resolve to types or temporary tables that another role has created.', f.name),
            pg_catalog.format('Use ALTER FUNCTION %s SET search_path, with pg_temp as the last schema.', f.name)
            FROM member m JOIN pg_catalog.pg_trigger t ON t.tgrelid = m.oid AND NOT t.tgisinternal AND t.tgenabled <> 'D'
            JOIN open_function f ON f.oid = t.tgfoid
            WHERE m.relkind = 'r'
        UNION ALL SELECT 1, pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid),
            pg_catalog.format('It calls %s, which has no search_path of its own that ends in pg_temp. When taskq writes as the table''s owner, the function runs with the owner''s rights, and names in it may resolve to types or temporary tables that another role has created.', f.name),
            pg_catalog.format('Use ALTER FUNCTION %s SET search_path, with pg_temp as the last schema.', f.name)
            FROM (SELECT DISTINCT p.classid, p.objid, p.objsubid, p.refobjid FROM pg_catalog.pg_depend p
                  WHERE p.refclassid = 'pg_catalog.pg_proc'::regclass::oid) d
            JOIN open_function f ON f.oid = d.refobjid
            JOIN (SELECT 'pg_catalog.pg_constraint'::regclass::oid AS classid, k.oid AS objid, k.conrelid AS relid FROM pg_catalog.pg_constraint k
                  UNION ALL SELECT 'pg_catalog.pg_attrdef'::regclass::oid, a.oid, a.adrelid FROM pg_catalog.pg_attrdef a
                  UNION ALL SELECT 'pg_catalog.pg_rewrite'::regclass::oid, r.oid, r.ev_class FROM pg_catalog.pg_rewrite r
                  UNION ALL SELECT 'pg_catalog.pg_class'::regclass::oid, i.indexrelid, i.indrelid FROM pg_catalog.pg_index i) o
              ON o.classid = d.classid AND o.objid = d.objid
            JOIN member m ON m.oid = o.relid AND m.relkind = 'r'

        -- taskq's own triggers
        UNION ALL SELECT CASE WHEN t.oid IS NULL OR t.tgenabled IN ('D', 'R') THEN 1 ELSE 3 END, pg_catalog.format('trigger %I on %s', o.name, m.name),
            CASE WHEN t.oid IS NULL THEN 'It is missing.'
                 WHEN t.tgenabled = 'D' THEN 'It is disabled.'
                 WHEN t.tgenabled = 'R' THEN 'It fires for replication only.'
                 WHEN t.tgenabled = 'O' THEN 'It is not ENABLE ALWAYS: changes by replication are missing in the numbers of taskq_stats(), or are noticed late.'
                 ELSE 'It is ENABLE ALWAYS: it fires for what replication writes, too.' END,
            CASE WHEN t.oid IS NULL THEN 'Create it as the extension''s script does.'
                 ELSE pg_catalog.format('Use ALTER TABLE %s ENABLE %sTRIGGER %I.', m.name, CASE WHEN o.name = ANY (m.always) THEN 'ALWAYS ' END, o.name) END
            FROM member m CROSS JOIN LATERAL pg_catalog.unnest(m.triggers) o(name)
            LEFT JOIN pg_catalog.pg_trigger t ON t.tgrelid = m.oid AND t.tgname::text = o.name
            WHERE t.tgenabled IS DISTINCT FROM CASE WHEN o.name = ANY (m.always) THEN 'A'::pg_catalog."char" ELSE 'O' END
        UNION ALL SELECT 1, pg_catalog.format('constraint %I on %s', k.conname, m.name), 'Its triggers are disabled: the foreign key is not checked.',
            pg_catalog.format('Use ALTER TABLE %s ENABLE TRIGGER ALL, then do what taskq_check() says about triggers that are ENABLE ALWAYS.',
                pg_catalog.string_agg(DISTINCT t.tgrelid::regclass::text, ' and '))
            FROM member m JOIN pg_catalog.pg_constraint k ON k.conrelid = m.oid AND k.contype = 'f'
            JOIN pg_catalog.pg_trigger t ON t.tgconstraint = k.oid AND t.tgenabled IN ('D', 'R')
            GROUP BY k.conname, m.name
        UNION ALL SELECT 1, 'session_replication_role',
            CASE WHEN r.rolname IS NULL THEN 'It is replica for this database: triggers do not fire in those sessions.'
                 ELSE pg_catalog.format('It is replica for role %I: triggers do not fire in those sessions.', r.rolname) END,
            'Set it only in sessions that restore or replicate.'
            FROM pg_catalog.pg_db_role_setting s LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
            WHERE 'session_replication_role=replica' = ANY (s.setconfig)
              AND s.setdatabase IN ('0'::oid, (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()))

        -- taskq's own constraints and indexes; persistence and inheritance
        UNION ALL SELECT CASE WHEN k.oid IS NULL OR NOT x.enforced THEN 1 ELSE 3 END,
            pg_catalog.format('constraint %I on %s', o.name, m.name),
            CASE WHEN k.oid IS NULL THEN 'It is missing.'
                 WHEN NOT x.enforced THEN 'It is not enforced.'
                 ELSE 'It is not validated: rows written before it need not meet it.' END,
            CASE WHEN k.oid IS NULL THEN 'Add it as the extension''s script does.'
                 WHEN NOT x.enforced THEN pg_catalog.format('Use ALTER TABLE %s ALTER CONSTRAINT %I ENFORCED.', m.name, o.name)
                 ELSE pg_catalog.format('Correct the rows, then use ALTER TABLE %s VALIDATE CONSTRAINT %I.', m.name, o.name) END
            FROM member m CROSS JOIN LATERAL (SELECT pg_catalog.concat(m.relname, '_', u.u) FROM pg_catalog.unnest(m.constraints) u) o(name)
            LEFT JOIN pg_catalog.pg_constraint k ON k.conrelid = m.oid AND k.conname::text = o.name
            -- a column of PostgreSQL 18
            CROSS JOIN LATERAL (SELECT coalesce((pg_catalog.to_jsonb(k) OPERATOR(pg_catalog.->>) 'conenforced'::text)::boolean, true)) x(enforced)
            WHERE k.convalidated IS NOT TRUE
        UNION ALL SELECT 1, pg_catalog.format('column %I of %s', a.attname, m.name), 'It may be null.',
            pg_catalog.format('Use ALTER TABLE %s ALTER COLUMN %I SET NOT NULL.', m.name, a.attname)
            FROM member m JOIN pg_catalog.pg_attribute a ON a.attrelid = m.oid AND a.attname::text = ANY (m.required) AND NOT a.attnotnull
        UNION ALL SELECT CASE pg_catalog.right(o.name, 4) WHEN '_key' THEN 1 ELSE 2 END, pg_catalog.format('index %I on %s', o.name, m.name),
            'It is missing.', CASE o.name WHEN 'taskq_renewal_active_key' THEN pg_catalog.format('Cancel duplicate renewals, then use '
                    'CREATE UNIQUE INDEX taskq_renewal_active_key ON %s (user_id, service_type, reference, due_date) NULLS NOT DISTINCT WHERE next_check_on IS NOT NULL.', m.name)
                ELSE 'Create it as the extension''s script does.' END
            FROM member m CROSS JOIN LATERAL (SELECT pg_catalog.concat(m.relname, '_', u.u) FROM pg_catalog.unnest(m.indexes) u) o(name)
            WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
                              WHERE i.indrelid = m.oid AND c.relname::text = o.name)
        UNION ALL SELECT 2, pg_catalog.format('index %I on %s', c.relname, m.name), 'It is not valid: queries do not use it.',
            pg_catalog.format('Use REINDEX INDEX CONCURRENTLY %s, or DROP INDEX if the name ends in _ccnew or _ccold.', i.indexrelid::regclass)
            FROM member m JOIN pg_catalog.pg_index i ON i.indrelid = m.oid AND NOT (i.indisvalid AND i.indisready)
            JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
            WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid)
        UNION ALL SELECT 1, m.name, 'It is unlogged: its rows are gone after a crash.', pg_catalog.format('Use ALTER TABLE %s SET LOGGED.', m.name)
            FROM member m WHERE m.relkind = 'r' AND m.relpersistence = 'u'
             AND m.relname <> ALL ('{taskq_counter,taskq_counter_delta,taskq_counter_state}'::pg_catalog.name[])
        UNION ALL SELECT 1, m.name, pg_catalog.format('%s is its parent or its child: rows written there are not subject to the lifecycle.', i.other::regclass),
            'Use a table of your own beside it.'
            FROM member m JOIN (SELECT h.inhparent AS oid, h.inhrelid AS other FROM pg_catalog.pg_inherits h
                                UNION ALL SELECT h.inhrelid, h.inhparent FROM pg_catalog.pg_inherits h) i ON i.oid = m.oid
            WHERE m.relkind = 'r'

        -- privileges
        UNION ALL SELECT 1, m.name, 'It has policies, but row security is not enabled.',
            pg_catalog.format('Use ALTER TABLE %s ENABLE ROW LEVEL SECURITY.', m.name)
            FROM member m WHERE m.relkind = 'r' AND NOT m.relrowsecurity AND EXISTS (SELECT FROM pg_catalog.pg_policy p WHERE p.polrelid = m.oid)
        UNION ALL SELECT 1, m.name, 'Row security is enabled for taskq_task but not for this table, which has data of the tasks and customers that are hidden there.',
            'Create a policy as in examples/two_desks.sql.'
            FROM member m JOIN member t ON t.relname = 'taskq_task' AND t.relrowsecurity
            WHERE m.relname IN ('taskq_customer', 'taskq_task_event', 'taskq_workflow_run', 'taskq_renewal', 'taskq_renewal_crossing', 'taskq_task_pause', 'taskq_sla_policy', 'taskq_schedule', 'taskq_schedule_run') AND NOT m.relrowsecurity
              AND EXISTS (SELECT FROM pg_catalog.aclexplode(m.relacl) x WHERE x.grantee <> m.relowner AND x.privilege_type = 'SELECT')
        UNION ALL SELECT 1, a.name, pg_catalog.format('PUBLIC has been granted %s.', pg_catalog.string_agg(DISTINCT a.privilege, ', ')),
            'Use SELECT taskq_reapply_grants() to revoke that.'
            FROM (
                SELECT m.name, x.grantee, x.privilege_type AS privilege FROM member m CROSS JOIN LATERAL pg_catalog.aclexplode(m.relacl) x
                UNION ALL SELECT m.name, x.grantee, x.privilege_type FROM member m
                    JOIN pg_catalog.pg_attribute c ON c.attrelid = m.oid CROSS JOIN LATERAL pg_catalog.aclexplode(c.attacl) x
                -- those that are immutable are called by constraints
                UNION ALL SELECT p.oid::regprocedure::text, x.grantee, x.privilege_type FROM pg_catalog.pg_extension e
                    JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_extension'::regclass::oid AND d.refobjid = e.oid
                     AND d.deptype = 'e' AND d.classid = 'pg_catalog.pg_proc'::regclass::oid
                    JOIN pg_catalog.pg_proc p ON p.oid = d.objid AND p.provolatile <> 'i'
                    CROSS JOIN LATERAL pg_catalog.aclexplode(coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner))) x
                    WHERE e.extname = 'taskq'
            ) a WHERE a.grantee = '0'::oid GROUP BY a.name
        UNION ALL SELECT 1, m.name, pg_catalog.format('%s may create triggers, which run with the rights of the owner.', pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(x.grantee))),
            pg_catalog.format('Use REVOKE TRIGGER ON %s FROM %I.', m.name, pg_catalog.pg_get_userbyid(x.grantee))
            FROM member m CROSS JOIN LATERAL pg_catalog.aclexplode(m.relacl) x
            WHERE m.relkind = 'r' AND x.privilege_type = 'TRIGGER' AND x.grantee NOT IN ('0'::oid, m.relowner)
        UNION ALL SELECT 3, pg_catalog.format('schema %I', n.nspname), 'PUBLIC may create objects in the schema of taskq, which can interfere with calls and with ALTER EXTENSION ... UPDATE.',
            pg_catalog.format('Use REVOKE CREATE ON SCHEMA %I FROM PUBLIC.', n.nspname)
            FROM pg_catalog.pg_namespace n CROSS JOIN LATERAL pg_catalog.aclexplode(n.nspacl) x
            WHERE n.oid IN (SELECT m.relnamespace FROM member m) AND x.grantee = '0'::oid AND x.privilege_type = 'CREATE'
        UNION ALL SELECT 2, 'owners', pg_catalog.format('The tables belong to %s.',
                pg_catalog.string_agg(DISTINCT pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(m.relowner)), ' and ')),
            'Use ALTER TABLE ... OWNER TO: the worker writes all of them with the rights of the owner of taskq_task.'
            FROM member m WHERE m.relkind = 'r' HAVING pg_catalog.count(DISTINCT m.relowner) > 1

        -- sequences; a subscription's target has none of the publisher's positions
        UNION ALL SELECT 2, s.seq::regclass::text, pg_catalog.format('It is at %s, and %s has ids up to %s: new rows will collide, and sweeps wait.', l.last, s.relname, s.last_id),
            pg_catalog.format('SELECT setval(%L, %s);', s.seq::regclass, s.last_id)
            FROM (VALUES
                ('taskq_task', (SELECT pg_catalog.max(t.id) FROM taskq_task t), 'taskq_task_id_seq'::regclass),
                ('taskq_task_event', (SELECT pg_catalog.max(t.id) FROM taskq_task_event t), 'taskq_task_event_id_seq'::regclass),
                ('taskq_renewal', (SELECT pg_catalog.max(t.id) FROM taskq_renewal t), 'taskq_renewal_id_seq'::regclass),
                ('taskq_renewal_threshold', (SELECT pg_catalog.max(t.id) FROM taskq_renewal_threshold t), 'taskq_renewal_threshold_id_seq'::regclass),
                ('taskq_renewal_crossing', (SELECT pg_catalog.max(t.id) FROM taskq_renewal_crossing t), 'taskq_renewal_crossing_id_seq'::regclass),
                ('taskq_workflow_rule', (SELECT pg_catalog.max(t.id) FROM taskq_workflow_rule t), 'taskq_workflow_rule_id_seq'::regclass),
                ('taskq_workflow_run', (SELECT pg_catalog.max(t.id) FROM taskq_workflow_run t), 'taskq_workflow_run_id_seq'::regclass),
                ('taskq_schedule', (SELECT pg_catalog.max(t.id) FROM taskq_schedule t), 'taskq_schedule_id_seq'::regclass),
                ('taskq_sweep_log', (SELECT pg_catalog.max(t.id) FROM taskq_sweep_log t), 'taskq_sweep_log_id_seq'::regclass),
                ('taskq_erasure', (SELECT pg_catalog.max(t.id) FROM taskq_erasure t), 'taskq_erasure_id_seq'::regclass)
            ) s(relname, last_id, seq)
            CROSS JOIN LATERAL (SELECT CASE WHEN pg_catalog.has_sequence_privilege(s.seq, 'SELECT')
                                       THEN coalesce(pg_catalog.pg_sequence_last_value(s.seq), 0) END) l(last)
            WHERE s.last_id > l.last AND NOT EXISTS (SELECT FROM pg_catalog.pg_subscription_rel r JOIN member m ON m.oid = r.srrelid)
        UNION ALL SELECT 2, m.name, pg_catalog.format('Its numbers are not of slot %s: ids will collide with those of another.', n.slot),
            pg_catalog.format('SELECT taskq_set_slot(%s);', n.slot)
            FROM member m JOIN pg_catalog.pg_sequence s ON s.seqrelid = m.oid CROSS JOIN (SELECT taskq_slot_number()) n(slot)
            WHERE s.seqincrement <> 1024 AND n.slot IS NOT NULL OR (CASE WHEN pg_catalog.has_sequence_privilege(m.oid, 'SELECT')
                                                                         THEN coalesce(pg_catalog.pg_sequence_last_value(m.oid), s.seqstart) END OPERATOR(pg_catalog.&) 1023) <> n.slot

        -- vacuum and statistics
        UNION ALL SELECT 2, s.name, 'It is off: tables and indexes grow, and queries are planned without statistics.', 'Turn it on.'
            FROM pg_catalog.pg_settings s WHERE s.name IN ('autovacuum', 'track_counts') AND s.setting = 'off'
        UNION ALL SELECT 2, m.name, 'Autovacuum is disabled for it.', pg_catalog.format('Use ALTER TABLE %s RESET (autovacuum_enabled).', m.name)
            FROM member m CROSS JOIN LATERAL pg_catalog.unnest(m.reloptions) u
            WHERE pg_catalog.starts_with(u.u, 'autovacuum_enabled=') AND NOT pg_catalog.split_part(u.u, '=', 2)::boolean
        UNION ALL SELECT 3, m.name, 'It has never been analyzed, or an index of it with expressions has not since it was built: queries are planned without statistics.',
            pg_catalog.format('Use ANALYZE %s.', m.name)
            FROM member m
            WHERE m.relkind = 'r' AND m.relpersistence = 'p' AND pg_catalog.pg_relation_size(m.oid) >= 1048576
              AND EXISTS (
                  SELECT FROM (SELECT m.oid UNION ALL SELECT i.indexrelid FROM pg_catalog.pg_index i
                               WHERE i.indrelid = m.oid AND i.indexprs IS NOT NULL) r(oid)
                  JOIN pg_catalog.pg_class c ON c.oid = r.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                  WHERE c.reltuples <> '0'::real
                    -- otherwise pg_stats shows no row
                    AND pg_catalog.has_table_privilege(c.oid, 'SELECT') AND NOT pg_catalog.row_security_active(m.oid)
                    AND NOT EXISTS (SELECT FROM pg_catalog.pg_stats s WHERE s.schemaname = n.nspname AND s.tablename = c.relname))
        UNION ALL SELECT 3, pg_catalog.format('prepared transaction %L', p.gid),
            pg_catalog.format('It has been prepared since %s: VACUUM keeps what was deleted since, and its locks stay.', p.prepared),
            pg_catalog.format('Use COMMIT PREPARED %L or ROLLBACK PREPARED %L.', p.gid, p.gid)
            FROM pg_catalog.pg_prepared_xacts p
            WHERE p.database = pg_catalog.current_database() AND p.prepared < pg_catalog.clock_timestamp() - '1 hour'::interval
        UNION ALL SELECT 3, pg_catalog.format('process %s', a.pid),
            pg_catalog.format('Its transaction has been open since %s: VACUUM keeps what was deleted since.', a.xact_start),
            pg_catalog.format('Consider SELECT pg_terminate_backend(%s).', a.pid)
            FROM pg_catalog.pg_stat_activity a
            WHERE a.datname = pg_catalog.current_database() AND a.backend_type = 'client backend' AND (a.backend_xid IS NOT NULL OR a.backend_xmin IS NOT NULL)
              AND a.xact_start < pg_catalog.clock_timestamp() - '1 hour'::interval
        UNION ALL SELECT 3, pg_catalog.format('replication slot %I', s.slot_name), 'It is not in use: the server keeps WAL for it, and perhaps rows that VACUUM would remove.',
            pg_catalog.format('Consider SELECT pg_drop_replication_slot(%L) if it is not needed any more.', s.slot_name)
            FROM pg_catalog.pg_replication_slots s
            WHERE NOT s.active AND NOT s.temporary AND s.restart_lsn IS NOT NULL AND NOT pg_catalog.pg_is_in_recovery()
              AND coalesce(s.database = pg_catalog.current_database(), true)

        -- staff, rules, customers, renewals
        UNION ALL SELECT 2, pg_catalog.format('staff %s', s.id), pg_catalog.format('The member of staff is inactive, but has active tasks: %s.', pg_catalog.count(*)),
            'Give them to somebody else with taskq_hand_over().'
            FROM taskq_staff_member s JOIN taskq_task t ON t.assignee_id = s.id AND t.completed_at IS NULL AND t.cancelled_at IS NULL
            WHERE NOT s.is_active GROUP BY s.id
        UNION ALL SELECT 2, pg_catalog.format('rule %I', r.name), 'Its condition is not a predicate: it holds only where the value that it finds is true.',
            'Write it as operator @@ takes it, for example $.new.status == "REJECTED".'
            FROM taskq_workflow_rule r
            WHERE r.is_enabled AND NOT taskq_condition_is_predicate(r.condition)
        UNION ALL SELECT 2, pg_catalog.format('rule %I', r.name), pg_catalog.format('It names staff who are inactive or unknown, and are not assigned tasks: %s.', pg_catalog.string_agg(a.id, ', ' ORDER BY a.id)),
            'Change assignee_id or assignee_pool.'
            FROM taskq_workflow_rule r
            CROSS JOIN LATERAL (SELECT r.assignee_id WHERE r.assignee_id IS NOT NULL UNION SELECT u.u FROM pg_catalog.unnest(r.assignee_pool) u) a(id)
            WHERE r.is_enabled AND NOT EXISTS (SELECT FROM taskq_staff_member s WHERE s.id = a.id AND s.is_active)
            GROUP BY r.name
        UNION ALL SELECT 2, pg_catalog.format('rule %I', r.name), pg_catalog.format('It names a team that is inactive, and is not given tasks: %s.', r.team_id),
            'Change team_id.'
            FROM taskq_workflow_rule r JOIN taskq_team t ON t.id = r.team_id
            WHERE r.is_enabled AND NOT t.is_active
        UNION ALL SELECT 2, pg_catalog.format('team %s', m.id), pg_catalog.format('The team is inactive, but has active tasks: %s.', pg_catalog.count(*)),
            'Give them to another with taskq_assign_team_many().'
            FROM taskq_team m JOIN taskq_task t ON t.team_id = m.id AND t.completed_at IS NULL AND t.cancelled_at IS NULL
            WHERE NOT m.is_active GROUP BY m.id
        UNION ALL SELECT 2, pg_catalog.format('rule %I', f.rule_name), pg_catalog.format('Failures within a day: %s. The last error: %s.', f.n, f.message),
            'See taskq_workflow_run, and try the rule with taskq_emit_dry_run().'
            FROM (SELECT w.rule_name, pg_catalog.count(*) AS n, (pg_catalog.array_agg(w.message ORDER BY w.id DESC))[1] AS message
                  FROM taskq_workflow_run w
                  WHERE w.outcome = 'failed' AND w.at > pg_catalog.statement_timestamp() - '1 day'::interval GROUP BY w.rule_name) f
        UNION ALL SELECT 3, 'customers', pg_catalog.format('Active customers whose agent is inactive: %s.', pg_catalog.count(*)),
            'Change taskq_customer.assigned_agent_id: tasks for their renewals are assigned to nobody.'
            FROM taskq_customer c JOIN taskq_staff_member s ON s.id = c.assigned_agent_id
            WHERE c.is_active AND NOT s.is_active HAVING pg_catalog.count(*) > 0
        UNION ALL SELECT 3, 'renewals', pg_catalog.format('Open renewals whose assignee is inactive: %s.', pg_catalog.count(*)),
            'Change taskq_renewal.assignee_id: their tasks go to the customer''s agent, if there is one.'
            FROM taskq_renewal r JOIN taskq_staff_member s ON s.id = r.assignee_id
            WHERE r.next_check_on IS NOT NULL AND NOT s.is_active HAVING pg_catalog.count(*) > 0
        UNION ALL SELECT 3, 'schedules', pg_catalog.format('Enabled schedules whose assignee, team or customer is inactive: %s.', pg_catalog.count(*)),
            'Change taskq_schedule: their tasks are assigned to nobody, belong to no team, or are not created.'
            FROM taskq_schedule d LEFT JOIN taskq_staff_member s ON s.id = d.assignee_id
            LEFT JOIN taskq_team t ON t.id = d.team_id LEFT JOIN taskq_customer c ON c.id = d.user_id
            WHERE d.next_check_on < 'infinity' AND (NOT s.is_active OR NOT t.is_active OR NOT c.is_active) HAVING pg_catalog.count(*) > 0
        UNION ALL SELECT 3, CASE WHEN t.service_type IS NULL THEN 'thresholds of other service types' ELSE pg_catalog.format('thresholds of %s', t.service_type) END,
            'None of them makes a task: such a renewal becomes overdue without one.', 'Give one of them a task_priority.'
            FROM taskq_renewal_threshold t GROUP BY t.service_type HAVING pg_catalog.count(t.task_priority) = 0
    )
    SELECT f.severity, f.subject, f.what, f.hint FROM finding f ORDER BY f.severity, f.subject, f.what;
END;
COMMENT ON FUNCTION taskq_check() IS
'What a DBA should know about taskq in this database, the gravest first; no row = nothing found. severity: 1 = security or data are at risk, 2 = something does not work, 3 = worth knowing. subject: the object, setting or process. what: the finding. hint: what to do. It only reads, with its caller''s rights: what the caller may not read is not looked at, among it sequences, taskq_role_grant and settings in files, which superusers may.';

-- What the planner is told: rows, cost, and what a parallel query may have in its
-- leader or its workers.
ALTER FUNCTION taskq_start_many(bigint[], text) ROWS 10;
ALTER FUNCTION taskq_complete_many(bigint[], text, text) ROWS 10;
ALTER FUNCTION taskq_cancel_many(bigint[], text, text) ROWS 10;
ALTER FUNCTION taskq_assign_many(bigint[], text, text) ROWS 10;
ALTER FUNCTION taskq_reschedule_many(bigint[], date, text) ROWS 10;
ALTER FUNCTION taskq_prioritize_many(bigint[], taskq_priority, text) ROWS 10;
ALTER FUNCTION taskq_comment_many(bigint[], text, text) ROWS 10;
ALTER FUNCTION taskq_sweep(integer) ROWS 13;
ALTER FUNCTION taskq_emit(text, jsonb, text, text) ROWS 1;
ALTER FUNCTION taskq_emit_dry_run(text, jsonb, text) ROWS 5;
ALTER FUNCTION taskq_renewals_refresh(boolean) ROWS 10;
ALTER FUNCTION taskq_worker_get_status() PARALLEL RESTRICTED COST 1000 ROWS 5;
ALTER FUNCTION taskq_render(text, jsonb) COST 100;

-- Privileges granted by hand, on what the breach was, on all columns that there
-- were, on what functions were before and on views that call new ones, go over to
-- what they are now; last, for what is granted before taskq_reapply_grants()
-- becomes part of the extension.
CREATE TABLE taskq_granted_by_hand AS
    WITH changed (before, since) AS (VALUES
        ('taskq_queue_page(taskq_status[], taskq_priority[], text, text, boolean, text, date, date, taskq_sla_status[], text, text, integer, text)', 'taskq_queue_page(taskq_status[], taskq_priority[], text, text, boolean, text, date, date, taskq_sla_status[], text, text, integer, text, boolean, boolean, text, text, text[], jsonb)'),
        ('taskq_queue_count(taskq_status[], taskq_priority[], text, text, boolean, text, date, date, taskq_sla_status[], text, integer)', 'taskq_queue_count(taskq_status[], taskq_priority[], text, text, boolean, text, date, date, taskq_sla_status[], text, integer, boolean, boolean, text, text, text[], jsonb)'),
        ('taskq_start(bigint, text)', 'taskq_start(bigint, timestamptz, text)'),
        ('taskq_complete(bigint, text, text)', 'taskq_complete(bigint, text, timestamptz, text)'),
        ('taskq_cancel(bigint, text, text)', 'taskq_cancel(bigint, text, timestamptz, text)'),
        ('taskq_assign(bigint, text, text)', 'taskq_assign(bigint, text, timestamptz, text)'),
        ('taskq_reschedule(bigint, date, text)', 'taskq_reschedule(bigint, date, timestamptz, text)'),
        ('taskq_prioritize(bigint, taskq_priority, text)', 'taskq_prioritize(bigint, taskq_priority, timestamptz, text)'),
        ('taskq_set_sla(bigint, double precision, text)', 'taskq_set_sla(bigint, double precision, text, timestamptz, text)'),
        ('taskq_set_sla_many(bigint[], double precision, text)', 'taskq_set_sla_many(bigint[], double precision, text, text)'),
        ('taskq_edit(bigint, text, text, text)', 'taskq_edit(bigint, text, text, text[], jsonb, timestamptz, text)'),
        ('taskq_edit_many(bigint[], text, text, text)', 'taskq_edit_many(bigint[], text, text, text[], jsonb, text)'),
        ('taskq_claim(text, integer, text)', 'taskq_claim(text, integer, text, text)'),
        ('taskq_create(text, text, taskq_priority, date, double precision, text, text, text, text, text)', 'taskq_create(text, text, taskq_priority, date, double precision, text, text, text, text, text, text, text[], jsonb, text)'),
        ('taskq_renewal_create(text, text, date, text, text, text, text)', 'taskq_renewal_create(text, text, date, text, text, text, interval, text)'),
        ('taskq_stats_0_2(text, text)', 'taskq_stats(text, text, text)'),
        ('taskq_sla_report_0_2(timestamptz, timestamptz, text)', 'taskq_sla_report(timestamptz, timestamptz, text)'),
        ('taskq_renewal_ladder_0_2(text)', 'taskq_renewal_ladder(text)')
    ), held AS (
        SELECT pg_catalog.concat('EXECUTE ON FUNCTION ', c.since) AS what, x.grantee, x.is_grantable
        FROM changed c JOIN pg_catalog.pg_proc p ON p.oid = c.before::regprocedure::oid, pg_catalog.aclexplode(p.proacl) x
        WHERE x.grantee <> p.proowner
        UNION ALL
        SELECT 'SELECT (sla_first_breached_at) ON taskq_task', x.grantee, x.is_grantable
        FROM pg_catalog.pg_attribute a, pg_catalog.aclexplode(a.attacl) x
        WHERE a.attrelid = 'taskq_task'::regclass::oid AND a.attname = 'sla_breached_at' AND x.privilege_type = 'SELECT'
        UNION ALL
        SELECT pg_catalog.format('SELECT (%s) ON %s', w.since, w.relation), x.grantee, pg_catalog.bool_and(x.is_grantable)
        FROM (VALUES
            ('taskq_task', '{id,title,description,priority,status,due_date,sla_hours,assignee_id,user_id,source,dedupe_key,created_at,created_by,started_at,completed_at,cancelled_at,updated_at,sla_due_at,sla_at_risk_at,sla_breached_at}'::text[],
             'kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at, response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes'),
            ('taskq_staff_member', '{id,name,is_active}', 'away_until'),
            ('taskq_customer', '{id,name,assigned_agent_id,is_active}', 'merged_into, merged_at, merged_by'),
            ('taskq_renewal', '{id,user_id,service_type,due_date,assignee_id,reference,notes,status,created_at,created_by,completed_at,cancelled_at,compliance_flagged_at,next_check_on}', 'every, anchor_on'),
            ('taskq_renewal_threshold', '{id,service_type,days_before,task_priority,title_template,description_template,sla_hours}', 'kind, calendar, team_id')
        ) AS w(relation, columns, since)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = w.relation::regclass::oid AND a.attname::text = ANY (w.columns), pg_catalog.aclexplode(a.attacl) x
        WHERE x.privilege_type = 'SELECT'
        GROUP BY w.relation, w.columns, w.since, x.grantee HAVING pg_catalog.count(DISTINCT a.attname) = pg_catalog.cardinality(w.columns)
        UNION ALL
        SELECT 'EXECUTE ON FUNCTION taskq_search_may_find(text, text, text)', x.grantee, x.is_grantable
        FROM pg_catalog.pg_proc p, pg_catalog.aclexplode(p.proacl) x
        WHERE p.proname IN ('taskq_queue_page', 'taskq_queue_count') AND p.pronamespace = (SELECT extnamespace FROM pg_catalog.pg_extension WHERE extname = 'taskq')
          AND x.grantee <> p.proowner
        UNION
        SELECT 'EXECUTE ON FUNCTION taskq_workload_numbers()', x.grantee, x.is_grantable
        FROM pg_catalog.pg_class c, pg_catalog.aclexplode(c.relacl) x
        WHERE c.oid = 'taskq_workload'::regclass::oid AND x.privilege_type = 'SELECT' AND x.grantee <> c.relowner
        UNION
        SELECT 'EXECUTE ON FUNCTION taskq_renewal_threshold_day(integer, date, text)', x.grantee, x.is_grantable
        FROM pg_catalog.pg_class c, pg_catalog.aclexplode(c.relacl) x
        WHERE c.oid = 'taskq_renewals'::regclass::oid AND x.privilege_type = 'SELECT' AND x.grantee <> c.relowner
    )
    SELECT pg_catalog.format('GRANT %s TO %s%s', h.what, CASE WHEN h.grantee = 0::oid THEN 'PUBLIC' ELSE h.grantee::regrole::text END,
        CASE WHEN h.is_grantable THEN ' WITH GRANT OPTION' END) AS statement
    FROM held h;
DROP FUNCTION taskq_queue_page(taskq_status[], taskq_priority[], text, text, boolean, text, date, date, taskq_sla_status[], text, text, integer, text);
DROP FUNCTION taskq_queue_count(taskq_status[], taskq_priority[], text, text, boolean, text, date, date, taskq_sla_status[], text, integer);
DROP FUNCTION taskq_start(bigint, text);
DROP FUNCTION taskq_complete(bigint, text, text);
DROP FUNCTION taskq_cancel(bigint, text, text);
DROP FUNCTION taskq_assign(bigint, text, text);
DROP FUNCTION taskq_reschedule(bigint, date, text);
DROP FUNCTION taskq_prioritize(bigint, taskq_priority, text);
DROP FUNCTION taskq_set_sla(bigint, double precision, text);
DROP FUNCTION taskq_set_sla_many(bigint[], double precision, text);
DROP FUNCTION taskq_edit(bigint, text, text, text);
DROP FUNCTION taskq_edit_many(bigint[], text, text, text);
DROP FUNCTION taskq_claim(text, integer, text);
DROP FUNCTION taskq_create(text, text, taskq_priority, date, double precision, text, text, text, text, text);
DROP FUNCTION taskq_renewal_create(text, text, date, text, text, text, text);
DROP FUNCTION taskq_stats_0_2(text, text);
DROP FUNCTION taskq_sla_report_0_2(timestamptz, timestamptz, text);
DROP FUNCTION taskq_renewal_ladder_0_2(text);

COMMENT ON FUNCTION taskq_comment(bigint, text, text) IS
'Adds a note (1 to 65,536 characters) to the history of a task, terminal ones too. The row itself does not change. Returns the row of taskq_task. Errors: P0002 no such task or NULL id, 22023 note empty, too long, blank or with bidirectional controls, 42501 if the caller may not update the task.';

-- Hours are a millisecond at least.  Fewer, which were as good as none, become that.
UPDATE taskq_renewal_threshold SET sla_hours = 2.7777777777777776e-07 WHERE sla_hours < 2.7777777777777776e-07;
UPDATE taskq_workflow_rule SET sla_hours = 2.7777777777777776e-07 WHERE sla_hours < 2.7777777777777776e-07;
ALTER TABLE taskq_renewal_threshold
    DROP CONSTRAINT taskq_renewal_threshold_sla_hours_check,
    ADD CONSTRAINT taskq_renewal_threshold_sla_hours_check CHECK (sla_hours OPERATOR(pg_catalog.>=) 2.7777777777777776e-07 AND sla_hours OPERATOR(pg_catalog.<=) 87600);
ALTER TABLE taskq_workflow_rule
    DROP CONSTRAINT taskq_workflow_rule_sla_hours_check,
    ADD CONSTRAINT taskq_workflow_rule_sla_hours_check CHECK (sla_hours OPERATOR(pg_catalog.>=) 2.7777777777777776e-07 AND sla_hours OPERATOR(pg_catalog.<=) 87600);

SELECT taskq_reapply_grants();

CREATE FUNCTION taskq_grant_by_hand(statement text) RETURNS void
    LANGUAGE c STRICT
    AS 'MODULE_PATHNAME', 'taskq_grant_by_hand';
SELECT taskq_grant_by_hand(g.statement) FROM taskq_granted_by_hand g;
DROP FUNCTION taskq_grant_by_hand(text);
DROP TABLE taskq_granted_by_hand;
