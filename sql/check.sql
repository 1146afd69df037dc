
-- ---------------------------------------------------------------------------
-- Check: findings for the DBA
-- ---------------------------------------------------------------------------

CREATE FUNCTION taskq_check_server(OUT severity integer, OUT subject text, OUT what text, OUT hint text) RETURNS SETOF record
    LANGUAGE c STABLE PARALLEL RESTRICTED COST 100000 ROWS 5
    AS 'MODULE_PATHNAME', 'taskq_check_server';
COMMENT ON FUNCTION taskq_check_server() IS
'The part of taskq_check() about the worker, versions, settings, the numbers kept for taskq_stats(), and taskq_role_grant.';

-- Severity 1: security or data are at risk; 2: something does not work; 3: worth
-- knowing.  Open and prepared transactions are reported after an hour.
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
