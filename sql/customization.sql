
-- ---------------------------------------------------------------------------
-- Customization: what users have added to taskq, and pg_dump does not dump
-- ---------------------------------------------------------------------------

-- Columns, constraints, indexes and triggers of taskq's tables.  Names of
-- constraints and indexes are without the table's name in front.
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

-- Of an extension's tables pg_dump keeps the rows and, of their sequences, the
-- positions; privileges; and nothing else.  taskq's own objects are told from
-- users' by name: objects of a table are not marked as members of the extension
-- in the catalogs.  Columns come in a section of their own, before
-- the data that is in them, without the defaults and constraints that may depend
-- on what is restored later.  So does what takes away a constraint of taskq's
-- that is not validated or, from PostgreSQL 18 on, not enforced: the data need
-- not meet it.
--
-- From PostgreSQL 18 on NOT NULL is a constraint with a name (contype 'n'), and
-- attnotnull is set even if it is not validated; before there is attnotnull only.
CREATE FUNCTION taskq_customizations(OUT section text, OUT statement text) RETURNS SETOF record
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
