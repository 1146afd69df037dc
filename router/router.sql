-- ---------------------------------------------------------------------------
-- Slots
-- ---------------------------------------------------------------------------

CREATE FUNCTION taskq_router_slots() RETURNS integer
    LANGUAGE c STABLE
    AS 'MODULE_PATHNAME', 'taskq_router_slots';
COMMENT ON FUNCTION taskq_router_slots() IS
'How many slots the router has, a power of two. Errors: 55000 none yet.';

CREATE FUNCTION taskq_router_reads() RETURNS text
    LANGUAGE c STABLE
    AS 'MODULE_PATHNAME', 'taskq_router_reads';
COMMENT ON FUNCTION taskq_router_reads() IS
'The server whose slots reading calls are made at: taskq_reads if taskq_router.read_standbys is on, else taskq_slots.';

CREATE FUNCTION taskq_router_slot_of_body(body jsonb) RETURNS integer
    LANGUAGE c STABLE STRICT
    AS 'MODULE_PATHNAME', 'taskq_router_slot_of_body';
COMMENT ON FUNCTION taskq_router_slot_of_body(jsonb) IS
'The slot of a task that taskq_create_json() creates from this body: by user_id, else dedupe_key; NULL = any.';

CREATE FUNCTION taskq_router_check_connstr(connstr text) RETURNS void
    LANGUAGE c STRICT
    AS 'MODULE_PATHNAME', 'taskq_router_check_connstr';
COMMENT ON FUNCTION taskq_router_check_connstr(text) IS
'Throws 22023 unless this can be the connection string of a slot: keywords and values, with dbname, without user and password.';

CREATE FUNCTION taskq_router_options(connstr text, OUT keyword text, OUT value text) RETURNS SETOF record
    LANGUAGE c STRICT
    AS 'MODULE_PATHNAME', 'taskq_router_options';
COMMENT ON FUNCTION taskq_router_options(text) IS 'The keywords of a connection string, and their values.';

CREATE VIEW taskq_router_slot AS
SELECT pg_catalog.substr(o.option_name, 2)::integer AS slot, o.option_value AS connstr
FROM pg_catalog.pg_foreign_server s CROSS JOIN LATERAL pg_catalog.pg_options_to_table(s.srvoptions) o
WHERE s.srvname = 'taskq_slots' AND o.option_name ~ '^p\d+$';
COMMENT ON VIEW taskq_router_slot IS 'The slots, as the options of server taskq_slots have them; set with taskq_router_set_slots() and taskq_router_set_slot().';
COMMENT ON COLUMN taskq_router_slot.slot IS 'Number, from 0.';
COMMENT ON COLUMN taskq_router_slot.connstr IS 'How PL/Proxy connects to it, as whom the user mappings of the server say.';

-- What a slot says of itself: first what every database can answer, then what taskq has to.
CREATE FUNCTION taskq_router_probe_at(
    slots integer[], OUT database name, OUT version text, OUT schema name, OUT server text, OUT is_standby boolean, OUT datestyle text)
    RETURNS SETOF record
    LANGUAGE plproxy
AS $$ CLUSTER 'taskq_slots'; RUN ON unnest(slots);
    SELECT current_database() AS database, e.extversion AS version, n.nspname AS schema, current_setting('server_version') AS server,
           pg_is_in_recovery() AS is_standby, current_setting('DateStyle') AS datestyle
    FROM (VALUES (1)) v(v) LEFT JOIN (pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace) ON e.extname = 'taskq'; $$;
CREATE FUNCTION taskq_router_probe(
    slot integer, OUT database name, OUT version text, OUT schema name, OUT server text, OUT is_standby boolean, OUT datestyle text)
    RETURNS SETOF record
    LANGUAGE c STABLE
    AS 'MODULE_PATHNAME', 'taskq_router_call';
COMMENT ON FUNCTION taskq_router_probe(integer) IS 'What a slot is. For taskq_router_status().';

CREATE FUNCTION taskq_router_state_at(
    slots integer[], OUT slot_number integer, OUT timezone text, OUT worker text, OUT last_sweep_at timestamptz, OUT backlog integer, OUT replay_lag interval,
    OUT subscribes boolean)
    RETURNS SETOF record
    LANGUAGE plproxy
AS $$ CLUSTER 'taskq_slots'; RUN ON unnest(slots);
    SELECT @taskq@.taskq_slot_number() AS slot_number,
           CASE WHEN @taskq@.taskq_today() IS NOT NULL THEN current_setting('taskq.timezone') END AS timezone,
           w.state AS worker, w.last_sweep_at, w.backlog,
           CASE WHEN pg_is_in_recovery() THEN clock_timestamp() - pg_last_xact_replay_timestamp() END AS replay_lag,
           (SELECT bool_or(t.pid IS NOT NULL) FROM pg_subscription u JOIN pg_stat_subscription t ON t.subid = u.oid
            WHERE u.subdbid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
              AND u.subname ~ '^taskq_directory_' AND t.relid IS NULL AND NOT pg_is_in_recovery()) AS subscribes
    FROM (VALUES (1)) v(v) LEFT JOIN @taskq@.taskq_worker_status w ON w.database = current_database(); $$;
CREATE FUNCTION taskq_router_state(
    slot integer, OUT slot_number integer, OUT timezone text, OUT worker text, OUT last_sweep_at timestamptz, OUT backlog integer, OUT replay_lag interval,
    OUT subscribes boolean)
    RETURNS SETOF record
    LANGUAGE c STABLE
    AS 'MODULE_PATHNAME', 'taskq_router_call';
COMMENT ON FUNCTION taskq_router_state(integer) IS 'What the taskq of a slot is at. For taskq_router_status().';

CREATE FUNCTION taskq_router_check_slot(slot integer) RETURNS void
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    there record;
    here record;
    state record;
BEGIN
    SELECT e.extversion AS version, n.nspname AS schema INTO here
    FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'taskq';
    SELECT p.* INTO there FROM @extschema@.taskq_router_probe($1) p;
    IF there.version IS NULL THEN
        RAISE EXCEPTION 'slot % cannot be used: database "%" has no taskq', $1, there.database
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Create extension taskq there.';
    ELSIF there.version <> here.version THEN
        RAISE EXCEPTION 'slot % cannot be used: it has version % of taskq, and the router %', $1, there.version, here.version
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Update them to one version.';
    ELSIF there.schema <> here.schema THEN
        RAISE EXCEPTION 'slot % cannot be used: it has taskq in schema "%", and the router in "%"', $1, there.schema, here.schema
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'The directory is replicated by the names of its tables.';
    ELSIF there.datestyle !~ '^ISO' THEN
        RAISE EXCEPTION 'slot % cannot be used: its DateStyle is "%"', $1, there.datestyle
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Set it to ISO for its database.';
    END IF;
    SELECT s.* INTO state FROM @extschema@.taskq_router_state($1) s;
    PERFORM @taskq@.taskq_today();
    IF state.timezone <> current_setting('taskq.timezone') THEN
        RAISE EXCEPTION 'slot % cannot be used: its taskq.timezone is "%", and the router''s "%"', $1, state.timezone, current_setting('taskq.timezone')
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Today must be the same day at all slots.';
    ELSIF state.slot_number IS NULL THEN
        RAISE EXCEPTION 'slot % cannot be used: database "%" is no slot', $1, there.database
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = format('SELECT taskq_set_slot(%s) there, which needs ids that fit.', $1);
    ELSIF state.slot_number <> $1 THEN
        RAISE EXCEPTION 'slot % cannot be used: database "%" is slot %', $1, there.database, state.slot_number
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
END
$$;
COMMENT ON FUNCTION taskq_router_check_slot(integer) IS
'Throws unless a slot answers and is what the router needs: the same version of taskq in the same schema, the same taskq.timezone, DateStyle ISO, and taskq_set_slot() called with its number. Errors: 08006 it does not answer, 55000 it is something else, 22023 no such slot.';

CREATE FUNCTION taskq_router_directory() RETURNS text[]
    LANGUAGE sql IMMUTABLE
    RETURN '{taskq_staff_member,taskq_customer,taskq_team,taskq_team_member,taskq_calendar,taskq_calendar_window,taskq_holiday,taskq_sla_policy,taskq_renewal_threshold,taskq_workflow_rule}'::text[];
COMMENT ON FUNCTION taskq_router_directory() IS 'The tables of the directory, which the router publishes to all slots.';

CREATE FUNCTION taskq_router_publish() RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_publication p WHERE p.pubname = 'taskq_directory') THEN
        CREATE PUBLICATION taskq_directory;
    END IF;
    EXECUTE format('ALTER PUBLICATION taskq_directory SET TABLE %s',
                   (SELECT string_agg(format('@taskq@.%I', t), ', ') FROM unnest(@extschema@.taskq_router_directory()) t));
END
$$;
COMMENT ON FUNCTION taskq_router_publish() IS
'Publishes the directory as taskq_directory. taskq_router_set_slots() calls it; so must you after a restore, for pg_dump does not keep which tables of an extension are published. For superusers.';

CREATE FUNCTION taskq_router_set_slots(connstrs text[]) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    n integer := cardinality($1);
    old integer := (SELECT count(*) FROM @extschema@.taskq_router_slot);
    servers text[] := '{taskq_slots,taskq_reads}';
    options text;
BEGIN
    IF n IS NULL OR n = 0 OR array_ndims($1) <> 1 OR n > 1024 OR n & (n - 1) <> 0 THEN
        RAISE EXCEPTION 'the number of slots must be a power of two, at most 1024, not %', coalesce(n, 0)
            USING ERRCODE = 'invalid_parameter_value';
    ELSIF array_position($1, NULL) IS NOT NULL THEN
        RAISE EXCEPTION 'the connection string of a slot must not be null' USING ERRCODE = 'null_value_not_allowed';
    ELSIF old NOT IN (0, n) THEN
        RAISE EXCEPTION 'the router has % slots, and their number never changes', old
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Several slots can be on one machine.';
    ELSIF (SELECT count(DISTINCT c) FROM unnest($1) c) < n THEN
        RAISE EXCEPTION 'slot % has the connection string of slot %',
            (SELECT max(i) - 1 FROM unnest($1) WITH ORDINALITY u(c, i) WHERE c = (SELECT d FROM unnest($1) d GROUP BY d HAVING count(*) > 1 LIMIT 1)),
            (SELECT min(i) - 1 FROM unnest($1) WITH ORDINALITY u(c, i) WHERE c = (SELECT d FROM unnest($1) d GROUP BY d HAVING count(*) > 1 LIMIT 1))
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM @extschema@.taskq_router_check_connstr(c) FROM unnest($1) c;
    FOR k IN 1 .. 2 LOOP
        SELECT string_agg(format('%sp%s %L', CASE WHEN old > 0 THEN 'SET ' END, u.i - 1,
                                 u.c || CASE WHEN k = 2 THEN ' target_session_attrs=prefer-standby' ELSE '' END), ', ' ORDER BY u.i)
        INTO options FROM unnest($1) WITH ORDINALITY u(c, i);
        IF old > 0 THEN
            EXECUTE format('ALTER SERVER %I OPTIONS (%s)', servers[k], options);
        ELSE
            EXECUTE format('CREATE SERVER %I FOREIGN DATA WRAPPER plproxy OPTIONS (%s)', servers[k], options);
            EXECUTE format('CREATE USER MAPPING FOR PUBLIC SERVER %I', servers[k]);
        END IF;
    END LOOP;
    PERFORM @extschema@.taskq_router_check_slot(i) FROM generate_series(0, n - 1) i;
    PERFORM @extschema@.taskq_router_publish();
END
$$;
COMMENT ON FUNCTION taskq_router_set_slots(text[]) IS
'Names all slots of the router by their connection strings, that of slot 0 first; as many as a power of two, which never changes. Connects to each and checks it, see taskq_router_check_slot(). Makes the servers taskq_slots and taskq_reads, with a user mapping for PUBLIC by which everybody connects under his own name, and the publication taskq_directory. For superusers. Errors: 22023 not a power of two, not a connection string, the same twice; 55000 another number than before; those of taskq_router_check_slot().';

CREATE FUNCTION taskq_router_set_slot(slot integer, connstr text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    n integer := @extschema@.taskq_router_slots();
BEGIN
    IF $1 IS NULL OR $1 NOT BETWEEN 0 AND n - 1 THEN
        RAISE EXCEPTION 'slot must be a number from 0 to %', n - 1 USING ERRCODE = 'invalid_parameter_value';
    ELSIF $2 IS NULL THEN
        RAISE EXCEPTION 'the connection string of a slot must not be null' USING ERRCODE = 'null_value_not_allowed';
    END IF;
    PERFORM @extschema@.taskq_router_check_connstr($2);
    IF EXISTS (SELECT FROM @extschema@.taskq_router_slot s WHERE s.connstr = $2 AND s.slot <> $1) THEN
        RAISE EXCEPTION 'slot % has the connection string of slot %', $1, (SELECT min(s.slot) FROM @extschema@.taskq_router_slot s WHERE s.connstr = $2 AND s.slot <> $1)
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    EXECUTE format('ALTER SERVER taskq_slots OPTIONS (SET p%s %L)', $1, $2);
    EXECUTE format('ALTER SERVER taskq_reads OPTIONS (SET p%s %L)', $1, $2 || ' target_session_attrs=prefer-standby');
    PERFORM @extschema@.taskq_router_check_slot($1);
    IF EXISTS (SELECT FROM pg_foreign_server s WHERE s.srvname = 'taskq_slot_' || $1) THEN
        PERFORM @extschema@.taskq_router_set_server($1, $2);
    END IF;
END
$$;
COMMENT ON FUNCTION taskq_router_set_slot(integer, text) IS
'Says where a slot is from now on. Connects to it and checks it, see taskq_router_check_slot(). Calls that have begun go to where it was. For superusers. Errors: 22023 no such slot, not a connection string, that of another slot; those of taskq_router_check_slot().';

CREATE FUNCTION taskq_router_slot_script(slot integer, connstr text, resume boolean DEFAULT false) RETURNS text
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF $1 IS NULL OR $1 NOT BETWEEN 0 AND 1023 OR $2 IS NULL THEN
        RAISE EXCEPTION 'slot must be a number from 0 to 1023, and connstr a connection string' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN format($script$SELECT @taskq@.taskq_set_slot(%1$s);

-- Rows that arrive by replication fire none of taskq's triggers: these do what matters at a slot.
CREATE OR REPLACE FUNCTION @taskq@.taskq_slot_applied() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $f$
BEGIN
    EXECUTE format('DELETE FROM %%s WHERE false', TG_RELID::regclass);
    RETURN NULL;
END
$f$;
%2$sCREATE OR REPLACE TRIGGER taskq_slot_applied AFTER INSERT OR UPDATE OR DELETE ON @taskq@.taskq_workflow_rule
    FOR EACH ROW EXECUTE FUNCTION @taskq@.taskq_workflow_rule_changed();
ALTER TABLE @taskq@.taskq_workflow_rule ENABLE REPLICA TRIGGER taskq_slot_applied;
CREATE OR REPLACE TRIGGER taskq_slot_applied AFTER UPDATE ON @taskq@.taskq_customer
    FOR EACH ROW WHEN (new.is_active AND NOT old.is_active) EXECUTE FUNCTION @taskq@.taskq_customer_reactivated();
ALTER TABLE @taskq@.taskq_customer ENABLE REPLICA TRIGGER taskq_slot_applied;

CREATE SUBSCRIPTION taskq_directory_%1$s CONNECTION %3$L PUBLICATION taskq_directory%4$s;
$script$, $1,
        (SELECT string_agg(format($trigger$CREATE OR REPLACE TRIGGER taskq_slot_applied AFTER INSERT OR UPDATE OR DELETE ON @taskq@.%1$s
    FOR EACH ROW EXECUTE FUNCTION @taskq@.taskq_slot_applied();
ALTER TABLE @taskq@.%1$s ENABLE REPLICA TRIGGER taskq_slot_applied;
$trigger$, t), '') FROM unnest('{taskq_sla_policy,taskq_renewal_threshold,taskq_calendar,taskq_calendar_window,taskq_holiday}'::text[]) t), $2,
        CASE WHEN $3 THEN ' WITH (create_slot = false, copy_data = false)' ELSE '' END);
END
$$;
COMMENT ON FUNCTION taskq_router_slot_script(integer, text, boolean) IS
'Prints what makes a database that has taskq a slot of the router, to be run there by a superuser, without a transaction block: taskq_set_slot(), triggers by which sessions and the worker notice what arrives of the directory, and the subscription to it. connstr: how the slot connects to the router''s database. resume: the database was restored from a dump of the slot, and takes up the subscription where the slot left it (ALTER SUBSCRIPTION ... SET (slot_name = NONE), DROP SUBSCRIPTION before the dump).';

CREATE FUNCTION taskq_router_status(
    OUT slot integer, OUT connstr text, OUT answers_ms double precision, OUT version text, OUT server text, OUT is_standby boolean,
    OUT replay_lag interval, OUT worker text, OUT last_sweep_at timestamptz, OUT backlog integer, OUT problem text)
    RETURNS SETOF record
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    began timestamptz;
BEGIN
    FOR slot, connstr IN SELECT s.slot, s.connstr FROM @extschema@.taskq_router_slot s ORDER BY s.slot LOOP
        answers_ms := NULL; version := NULL; server := NULL; is_standby := NULL; replay_lag := NULL;
        worker := NULL; last_sweep_at := NULL; backlog := NULL; problem := NULL;
        BEGIN
            PERFORM @extschema@.taskq_router_probe(slot);
            began := clock_timestamp();
            SELECT p.version, p.server, p.is_standby INTO version, server, is_standby FROM @extschema@.taskq_router_probe(slot) p;
            answers_ms := 1000 * extract(epoch FROM clock_timestamp() - began);
            SELECT s.worker, s.last_sweep_at, s.backlog, s.replay_lag INTO worker, last_sweep_at, backlog, replay_lag FROM @extschema@.taskq_router_state(slot) s;
            PERFORM @extschema@.taskq_router_check_slot(slot);
        EXCEPTION WHEN OTHERS THEN
            problem := SQLERRM;
        END;
        RETURN NEXT;
    END LOOP;
END
$$;
COMMENT ON FUNCTION taskq_router_status() IS
'A row for each slot: in how many milliseconds it answers, version of taskq and of the server, whether it is a standby and how far behind, the state of its worker, its last sweep and backlog as view taskq_worker_status has them, and what is wrong with it (NULL = nothing).';

-- Reading views of taskq with other tools than its functions: by postgres_fdw.  A
-- view is a table that is partitioned by the slots, with the ten lowest bits of the
-- id for a hash: a query for one id goes to one slot.
CREATE FUNCTION taskq_router_hash(id bigint, seed bigint) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN id & 1023;
COMMENT ON FUNCTION taskq_router_hash(bigint, bigint) IS 'The slot of an id, for partitions.';
CREATE FUNCTION taskq_router_hash_integer(id integer, seed bigint) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN id & 1023;
COMMENT ON FUNCTION taskq_router_hash_integer(integer, bigint) IS 'The same of an id that is an integer, as a constant in a query is.';
CREATE OPERATOR FAMILY taskq_router_ops USING hash;
CREATE OPERATOR CLASS taskq_router_ops FOR TYPE bigint USING hash FAMILY taskq_router_ops AS
    OPERATOR 1 =, FUNCTION 2 taskq_router_hash(bigint, bigint);
ALTER OPERATOR FAMILY taskq_router_ops USING hash ADD
    OPERATOR 1 = (bigint, integer), FUNCTION 2 (integer, integer) taskq_router_hash_integer(integer, bigint);

CREATE FUNCTION taskq_router_set_server(slot integer, connstr text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    server name := 'taskq_slot_' || $1;
    options text;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_foreign_server s WHERE s.srvname = server) THEN
        EXECUTE format('CREATE SERVER %I FOREIGN DATA WRAPPER postgres_fdw OPTIONS (updatable %L, async_capable %L, extensions %L, fetch_size %L)',
                       server, 'false', 'true', 'taskq', '1000');
    ELSE
        SELECT string_agg(format('DROP %I', o.option_name), ', ') INTO options
        FROM pg_foreign_server s CROSS JOIN LATERAL pg_options_to_table(s.srvoptions) o
        WHERE s.srvname = server AND o.option_name <> ALL ('{updatable,async_capable,extensions,fetch_size}');
        EXECUTE format('ALTER SERVER %I OPTIONS (%s)', server, options);
    END IF;
    SELECT string_agg(format('ADD %I %L', o.keyword, o.value), ', ') INTO options FROM @extschema@.taskq_router_options($2) o;
    EXECUTE format('ALTER SERVER %I OPTIONS (%s)', server, options);
END
$$;
COMMENT ON FUNCTION taskq_router_set_server(integer, text) IS 'Sets the server that views are read from. taskq_router_make_views() and taskq_router_set_slot() call it.';

-- A mapping without a user would connect as the operating system's user of the server.
CREATE FUNCTION taskq_router_map(role name) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    server name;
    options jsonb;
BEGIN
    SELECT coalesce(jsonb_object_agg(o.option_name, o.option_value), '{}') INTO options
    FROM pg_user_mappings m CROSS JOIN LATERAL pg_options_to_table(m.umoptions) o
    WHERE m.srvname = 'taskq_slots' AND m.usename IN ($1, 'public')
      AND (m.usename = $1 OR NOT EXISTS (SELECT FROM pg_user_mappings n WHERE n.srvname = 'taskq_slots' AND n.usename = $1));
    options := jsonb_build_object('user', $1, 'password_required', 'false') || options;
    FOR server IN SELECT s.srvname FROM pg_foreign_server s WHERE s.srvname ~ '^taskq_slot_\d+$' LOOP
        IF EXISTS (SELECT FROM pg_user_mappings m WHERE m.srvname = server AND m.usename = $1) THEN
            EXECUTE format('DROP USER MAPPING FOR %I SERVER %I', $1, server);
        END IF;
        EXECUTE format('CREATE USER MAPPING FOR %I SERVER %I OPTIONS (%s)', $1, server,
                       (SELECT string_agg(format('%I %L', o.key, o.value), ', ') FROM jsonb_each_text(options) o));
    END LOOP;
END
$$;
COMMENT ON FUNCTION taskq_router_map(name) IS
'Has a role read views as whom it calls functions: by the user mapping of server taskq_slots, else under its own name. taskq_grant() and taskq_router_make_views() call it; so must you after a change of that mapping. For superusers.';

CREATE FUNCTION taskq_router_make_views() RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    n integer := @extschema@.taskq_router_slots();
    v record;
    remainder integer;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_foreign_data_wrapper w WHERE w.fdwname = 'postgres_fdw') THEN
        RAISE EXCEPTION 'views are read by postgres_fdw, which is not installed' USING ERRCODE = 'undefined_object', HINT = 'CREATE EXTENSION postgres_fdw;';
    END IF;
    PERFORM @extschema@.taskq_router_set_server(s.slot, s.connstr) FROM @extschema@.taskq_router_slot s;
    FOR v IN SELECT * FROM (VALUES ('taskq_task', 'id'), ('taskq_tasks', 'id'), ('taskq_queue', 'id'), ('taskq_todo', 'id'), ('taskq_sla_violations', 'id'),
                                   ('taskq_task_event', 'task_id'), ('taskq_task_history', 'task_id'), ('taskq_sla_clocks', 'task_id'),
                                   ('taskq_renewal', 'id'), ('taskq_renewals', 'id')) v(name, key)
    LOOP
        IF to_regclass(format('@extschema@.%I', v.name)) IS NOT NULL THEN
            EXECUTE format('DROP TABLE @extschema@.%I', v.name);
        END IF;
        EXECUTE format('CREATE TABLE @extschema@.%1$I (LIKE @taskq@.%1$I) PARTITION BY HASH (%2$I @extschema@.taskq_router_ops)', v.name, v.key);
        FOR i IN 0 .. n - 1 LOOP
            remainder := (SELECT r FROM generate_series(0, n - 1) r WHERE satisfies_hash_partition(format('@extschema@.%I', v.name)::regclass, n, r, i::bigint));
            EXECUTE format('CREATE FOREIGN TABLE @extschema@.%I PARTITION OF @extschema@.%I FOR VALUES WITH (MODULUS %s, REMAINDER %s) SERVER %I OPTIONS (schema_name %L, table_name %L)',
                           v.name || '_' || i, v.name, n, remainder, 'taskq_slot_' || i, '@taskq@', v.name);
        END LOOP;
        EXECUTE format('COMMENT ON TABLE @extschema@.%1$I IS %2$L', v.name, 'taskq''s of the same name, of all slots, to be read.');
    END LOOP;
    PERFORM @extschema@.taskq_router_map(current_user);
    PERFORM @extschema@.taskq_router_grant(g.role_name) FROM @taskq@.taskq_role_grant g;
END
$$;
COMMENT ON FUNCTION taskq_router_make_views() IS
'Makes the views taskq_tasks, taskq_queue, taskq_todo, taskq_sla_violations, taskq_task_history, taskq_sla_clocks and taskq_renewals, and the tables taskq_task, taskq_task_event and taskq_renewal, over all slots, for reading by postgres_fdw: what is asked of one id goes to its slot, all else to each. A page comes faster from taskq_queue_page(). Makes a server taskq_slot_n for each slot, and user mappings for whom taskq_grant() gave a level, see taskq_router_map(). Again after an update. For superusers. Errors: 42704 postgres_fdw is not installed, 55000 no slots yet.';

-- Rights on the router follow those that taskq_grant() gave on the functions and views of the same name.
CREATE FUNCTION taskq_router_grant(role name) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    here oid := (SELECT e.extnamespace FROM pg_extension e WHERE e.extname = 'taskq_router');
    there oid := (SELECT e.extnamespace FROM pg_extension e WHERE e.extname = 'taskq');
    what text;
BEGIN
    PERFORM @extschema@.taskq_router_revoke($1);
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', here::regnamespace::text, $1);
    IF EXISTS (SELECT FROM @extschema@.taskq_router_slot) THEN
        EXECUTE format('GRANT USAGE ON FOREIGN SERVER taskq_slots, taskq_reads TO %I', $1);
    END IF;
    FOR what IN
        SELECT format('EXECUTE ON ROUTINE %s', f.oid::regprocedure)
        FROM pg_proc f JOIN pg_proc t ON t.proname = regexp_replace(f.proname, '_(each|in)$', '') AND t.pronamespace = there
        WHERE f.pronamespace = here AND has_function_privilege($1, t.oid, 'EXECUTE')
        UNION ALL SELECT format('EXECUTE ON ROUTINE %s', f.oid::regprocedure)
        FROM pg_proc f WHERE f.pronamespace = here AND f.proname IN ('taskq_router_heads_each', 'taskq_router_workload_each', 'taskq_router_team_workload_each', 'taskq_router_probe', 'taskq_router_state',
            'taskq_router_check_slot', 'taskq_router_status')
        UNION ALL SELECT format('SELECT ON TABLE %s', v.oid::regclass)
        FROM pg_class v JOIN pg_class t ON t.relname = v.relname AND t.relnamespace = there
        WHERE v.relnamespace = here AND v.relkind IN ('v', 'p', 'f') AND has_table_privilege($1, t.oid, 'SELECT')
        UNION ALL SELECT format('SELECT ON TABLE %s', v.oid::regclass)
        FROM pg_class v WHERE v.relnamespace = here AND v.relname = 'taskq_router_slot'
    LOOP
        EXECUTE format('GRANT %s TO %I', what, $1);
    END LOOP;
    PERFORM @extschema@.taskq_router_map($1);
END
$$;
COMMENT ON FUNCTION taskq_router_grant(name) IS
'Gives a role on the router''s functions and views what it has on those of taskq with the same names. taskq_grant() calls it.';

CREATE FUNCTION taskq_router_revoke(role name) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    here text := (SELECT e.extnamespace::regnamespace::text FROM pg_extension e WHERE e.extname = 'taskq_router');
    what text;
BEGIN
    EXECUTE format('REVOKE ALL ON ALL ROUTINES IN SCHEMA %s FROM %I', here, $1);
    EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %s FROM %I', here, $1);
    EXECUTE format('REVOKE ALL ON SCHEMA %s FROM %I', here, $1);
    IF EXISTS (SELECT FROM @extschema@.taskq_router_slot) THEN
        EXECUTE format('REVOKE ALL ON FOREIGN SERVER taskq_slots, taskq_reads FROM %I', $1);
    END IF;
    FOR what IN SELECT format('DROP USER MAPPING FOR %I SERVER %I', m.usename, m.srvname) FROM pg_user_mappings m
        WHERE m.usename = $1 AND m.srvname ~ '^taskq_slot_\d+$'
    LOOP
        EXECUTE what;
    END LOOP;
END
$$;
COMMENT ON FUNCTION taskq_router_revoke(name) IS 'Takes back what taskq_router_grant() gave. taskq_revoke() calls it.';

-- The numbers of the views taskq_workload and taskq_team_workload at each slot.
CREATE FUNCTION taskq_router_workload_at(
    slots integer[], OUT assignee_id text, OUT open integer, OUT in_progress integer, OUT overdue integer, OUT due_today integer,
    OUT sla_breached integer, OUT paused integer)
    RETURNS SETOF record
    LANGUAGE plproxy
AS $$ CLUSTER @extschema@.taskq_router_reads(); RUN ON unnest(slots);
    SELECT w.assignee_id, w.open, w.in_progress, w.overdue, w.due_today, w.sla_breached, w.paused FROM @taskq@.taskq_workload w
    WHERE w.open + w.in_progress + w.overdue > 0; $$;
CREATE FUNCTION taskq_router_workload_each(
    OUT assignee_id text, OUT open integer, OUT in_progress integer, OUT overdue integer, OUT due_today integer,
    OUT sla_breached integer, OUT paused integer)
    RETURNS SETOF record
    LANGUAGE c STABLE
    AS 'MODULE_PATHNAME', 'taskq_router_each';
COMMENT ON FUNCTION taskq_router_workload_each() IS 'The numbers of taskq_workload at each slot. Read the view instead.';

CREATE FUNCTION taskq_router_team_workload_at(
    slots integer[], OUT team_id text, OUT open integer, OUT in_progress integer, OUT overdue integer, OUT due_today integer,
    OUT unassigned integer, OUT sla_breached integer, OUT paused integer)
    RETURNS SETOF record
    LANGUAGE plproxy
AS $$ CLUSTER @extschema@.taskq_router_reads(); RUN ON unnest(slots);
    SELECT w.team_id, w.open, w.in_progress, w.overdue, w.due_today, w.unassigned, w.sla_breached, w.paused FROM @taskq@.taskq_team_workload w; $$;
CREATE FUNCTION taskq_router_team_workload_each(
    OUT team_id text, OUT open integer, OUT in_progress integer, OUT overdue integer, OUT due_today integer,
    OUT unassigned integer, OUT sla_breached integer, OUT paused integer)
    RETURNS SETOF record
    LANGUAGE c STABLE
    AS 'MODULE_PATHNAME', 'taskq_router_each';
COMMENT ON FUNCTION taskq_router_team_workload_each() IS 'The numbers of taskq_team_workload at each slot. Read the view instead.';

-- The most urgent tasks that a claim could take, in the terms of taskq_task_assignee_idx.
CREATE FUNCTION taskq_router_heads_at(
    slots integer[], for_staff text, wanted integer, for_team text, OUT id bigint, OUT rank integer, OUT place bigint)
    RETURNS SETOF record
    LANGUAGE plproxy
AS $$ CLUSTER 'taskq_slots'; RUN ON unnest(slots);
    SELECT p.id, p.rank, p.place FROM (
@heads@
    ) p ORDER BY p.assignee_id, p.rank, p.place, p.id LIMIT $3; $$;
CREATE FUNCTION taskq_router_heads_each(
    for_staff text, wanted integer, for_team text, OUT id bigint, OUT rank integer, OUT place bigint)
    RETURNS SETOF record
    LANGUAGE c STABLE
    AS 'MODULE_PATHNAME', 'taskq_router_each';
COMMENT ON FUNCTION taskq_router_heads_each(text, integer, text) IS 'The most urgent tasks of each slot that a claim could take. For taskq_claim().';

-- ---------------------------------------------------------------------------
-- taskq's own functions, over the slots
-- ---------------------------------------------------------------------------
-- FUNCTIONS

-- ---------------------------------------------------------------------------
-- Views of the same names
-- ---------------------------------------------------------------------------

CREATE VIEW taskq_queue_stats WITH (security_invoker = true) AS
SELECT * FROM taskq_stats();
COMMENT ON VIEW taskq_queue_stats IS 'The stats bar of all tasks: taskq_stats().';

CREATE VIEW taskq_workload WITH (security_invoker = true) AS
SELECT s.id AS assignee_id, s.name AS assignee_name,
       coalesce(n.open, 0) AS open, coalesce(n.in_progress, 0) AS in_progress, coalesce(n.overdue, 0) AS overdue,
       coalesce(n.due_today, 0) AS due_today, coalesce(n.sla_breached, 0) AS sla_breached,
       s.is_active AS assignee_is_active, coalesce(n.paused, 0) AS paused,
       CASE WHEN s.away_until >= taskq_today() THEN s.away_until END AS away_until
FROM taskq_staff_member s
LEFT JOIN (
    SELECT w.assignee_id, sum(w.open)::integer AS open, sum(w.in_progress)::integer AS in_progress, sum(w.overdue)::integer AS overdue,
           sum(w.due_today)::integer AS due_today, sum(w.sla_breached)::integer AS sla_breached, sum(w.paused)::integer AS paused
    FROM taskq_router_workload_each() w GROUP BY w.assignee_id) n ON n.assignee_id = s.id
WHERE s.is_active OR n.assignee_id IS NOT NULL;
COMMENT ON VIEW taskq_workload IS 'taskq''s view of the same name, over the slots.';

CREATE VIEW taskq_team_workload WITH (security_invoker = true) AS
SELECT t.id AS team_id, t.name AS team_name,
       coalesce(n.open, 0) AS open, coalesce(n.in_progress, 0) AS in_progress, coalesce(n.overdue, 0) AS overdue,
       coalesce(n.due_today, 0) AS due_today, coalesce(n.unassigned, 0) AS unassigned, coalesce(n.sla_breached, 0) AS sla_breached,
       coalesce(n.paused, 0) AS paused, m.members, m.available, t.is_active AS team_is_active
FROM taskq_team t
LEFT JOIN (
    SELECT w.team_id, sum(w.open)::integer AS open, sum(w.in_progress)::integer AS in_progress, sum(w.overdue)::integer AS overdue,
           sum(w.due_today)::integer AS due_today, sum(w.unassigned)::integer AS unassigned, sum(w.sla_breached)::integer AS sla_breached,
           sum(w.paused)::integer AS paused
    FROM taskq_router_team_workload_each() w GROUP BY w.team_id) n ON n.team_id = t.id
CROSS JOIN LATERAL (
    SELECT count(*)::integer AS members,
           (count(*) FILTER (WHERE coalesce(p.away_until < taskq_today(), true)))::integer AS available
    FROM taskq_team_member r JOIN taskq_staff_member p ON p.id = r.staff_id
    WHERE r.team_id = t.id AND p.is_active) m
WHERE t.is_active OR n.open + n.in_progress + n.overdue > 0;
COMMENT ON VIEW taskq_team_workload IS 'taskq''s view of the same name, over the slots.';

-- ---------------------------------------------------------------------------
-- The router has no tasks of its own
-- ---------------------------------------------------------------------------

CREATE FUNCTION taskq_router_no_tasks() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION 'the router keeps no rows in %', TG_TABLE_NAME
        USING ERRCODE = 'feature_not_supported',
              HINT = 'Call the functions of schema taskq_router: it must come before that of taskq in search_path.';
END
$$;
COMMENT ON FUNCTION taskq_router_no_tasks() IS 'Trigger function that refuses rows of tasks, renewals and schedules in the router''s own database.';

CREATE TRIGGER taskq_router_no_tasks BEFORE INSERT ON taskq_task FOR EACH ROW EXECUTE FUNCTION taskq_router_no_tasks();
CREATE TRIGGER taskq_router_no_tasks BEFORE INSERT ON taskq_renewal FOR EACH ROW EXECUTE FUNCTION taskq_router_no_tasks();
CREATE TRIGGER taskq_router_no_tasks BEFORE INSERT ON taskq_schedule FOR EACH ROW EXECUTE FUNCTION taskq_router_no_tasks();
ALTER TRIGGER taskq_router_no_tasks ON taskq_task DEPENDS ON EXTENSION taskq_router;
ALTER TRIGGER taskq_router_no_tasks ON taskq_renewal DEPENDS ON EXTENSION taskq_router;
ALTER TRIGGER taskq_router_no_tasks ON taskq_schedule DEPENDS ON EXTENSION taskq_router;

-- Who owns a directory row that tasks of a slot refer to?  No foreign key looks
-- there, and what arrives at a slot by replication fires none.
CREATE FUNCTION taskq_router_keep() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        RAISE EXCEPTION 'the keys of % cannot be changed on the router', TG_TABLE_NAME
            USING ERRCODE = 'feature_not_supported',
                  DETAIL = 'Rows at the slots may refer to them, which no foreign key sees.',
                  HINT = CASE TG_TABLE_NAME
                      WHEN 'taskq_customer' THEN 'Insert the new one, and call taskq_merge_customer().'
                      WHEN 'taskq_staff_member' THEN 'Insert the new one, and call taskq_hand_over().'
                      ELSE 'Insert the new one, and have what refers to the old one refer to it.' END;
    END IF;
    RAISE EXCEPTION 'rows of % cannot be deleted on the router', TG_TABLE_NAME
        USING ERRCODE = 'feature_not_supported',
              DETAIL = 'Rows at the slots may refer to them, which no foreign key sees.',
              HINT = CASE TG_TABLE_NAME WHEN 'taskq_calendar' THEN 'Consider to leave it unused.' ELSE 'Consider setting is_active to false.' END;
END
$$;
COMMENT ON FUNCTION taskq_router_keep() IS
'Trigger function that refuses to delete staff, customers, teams and calendars on the router, and to change their ids and names.';

CREATE TRIGGER taskq_router_keep BEFORE DELETE ON taskq_staff_member FOR EACH ROW EXECUTE FUNCTION taskq_router_keep();
CREATE TRIGGER taskq_router_keep_all BEFORE TRUNCATE ON taskq_staff_member FOR EACH STATEMENT EXECUTE FUNCTION taskq_router_keep();
CREATE TRIGGER taskq_router_keep BEFORE DELETE ON taskq_customer FOR EACH ROW EXECUTE FUNCTION taskq_router_keep();
CREATE TRIGGER taskq_router_keep_all BEFORE TRUNCATE ON taskq_customer FOR EACH STATEMENT EXECUTE FUNCTION taskq_router_keep();
CREATE TRIGGER taskq_router_keep BEFORE DELETE ON taskq_team FOR EACH ROW EXECUTE FUNCTION taskq_router_keep();
CREATE TRIGGER taskq_router_keep_all BEFORE TRUNCATE ON taskq_team FOR EACH STATEMENT EXECUTE FUNCTION taskq_router_keep();
CREATE TRIGGER taskq_router_keep BEFORE DELETE ON taskq_calendar FOR EACH ROW EXECUTE FUNCTION taskq_router_keep();
CREATE TRIGGER taskq_router_keep_all BEFORE TRUNCATE ON taskq_calendar FOR EACH STATEMENT EXECUTE FUNCTION taskq_router_keep();
CREATE TRIGGER taskq_router_keep_key BEFORE UPDATE ON taskq_staff_member
    FOR EACH ROW WHEN (old.id <> new.id) EXECUTE FUNCTION taskq_router_keep();
CREATE TRIGGER taskq_router_keep_key BEFORE UPDATE ON taskq_customer
    FOR EACH ROW WHEN (old.id <> new.id) EXECUTE FUNCTION taskq_router_keep();
CREATE TRIGGER taskq_router_keep_key BEFORE UPDATE ON taskq_team
    FOR EACH ROW WHEN (old.id <> new.id) EXECUTE FUNCTION taskq_router_keep();
CREATE TRIGGER taskq_router_keep_key BEFORE UPDATE ON taskq_calendar
    FOR EACH ROW WHEN (old.name <> new.name) EXECUTE FUNCTION taskq_router_keep();
ALTER TRIGGER taskq_router_keep ON taskq_staff_member DEPENDS ON EXTENSION taskq_router;
ALTER TRIGGER taskq_router_keep_all ON taskq_staff_member DEPENDS ON EXTENSION taskq_router;
ALTER TRIGGER taskq_router_keep ON taskq_customer DEPENDS ON EXTENSION taskq_router;
ALTER TRIGGER taskq_router_keep_all ON taskq_customer DEPENDS ON EXTENSION taskq_router;
ALTER TRIGGER taskq_router_keep ON taskq_team DEPENDS ON EXTENSION taskq_router;
ALTER TRIGGER taskq_router_keep_all ON taskq_team DEPENDS ON EXTENSION taskq_router;
ALTER TRIGGER taskq_router_keep ON taskq_calendar DEPENDS ON EXTENSION taskq_router;
ALTER TRIGGER taskq_router_keep_all ON taskq_calendar DEPENDS ON EXTENSION taskq_router;
ALTER TRIGGER taskq_router_keep_key ON taskq_staff_member DEPENDS ON EXTENSION taskq_router;
ALTER TRIGGER taskq_router_keep_key ON taskq_customer DEPENDS ON EXTENSION taskq_router;
ALTER TRIGGER taskq_router_keep_key ON taskq_team DEPENDS ON EXTENSION taskq_router;
ALTER TRIGGER taskq_router_keep_key ON taskq_calendar DEPENDS ON EXTENSION taskq_router;

-- ---------------------------------------------------------------------------
-- Nobody says himself who he is at a slot
-- ---------------------------------------------------------------------------

-- PL/Proxy needs USAGE on the servers, and PostgreSQL lets who has that map himself:
-- to any role, the slots' superuser among them, if the router's machine is let in.
CREATE FUNCTION taskq_router_mapping_changed() RETURNS event_trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    changed name[];
BEGIN
    IF TG_EVENT = 'sql_drop' THEN
        changed := ARRAY(SELECT d.address_args[1]::name FROM pg_event_trigger_dropped_objects() d
                         WHERE d.object_type = 'user mapping' AND d.original);
    ELSE
        changed := ARRAY(SELECT m.srvname FROM pg_event_trigger_ddl_commands() c JOIN pg_user_mappings m ON m.umid = c.objid
                         WHERE c.classid = 'pg_user_mapping'::regclass);
    END IF;
    IF EXISTS (SELECT FROM pg_foreign_server s
               WHERE s.srvname = ANY (changed) AND s.srvname ~ '^taskq_(slots|reads|slot_[0-9]+)$'
                 AND NOT pg_has_role(current_user, s.srvowner, 'USAGE')) THEN
        RAISE EXCEPTION 'permission denied for user mappings of the router''s servers'
            USING ERRCODE = 'insufficient_privilege', DETAIL = 'They say as whom a role calls the slots.';
    END IF;
END
$$;
COMMENT ON FUNCTION taskq_router_mapping_changed() IS
'Event trigger function that leaves the user mappings of the router''s servers to the servers'' owner.';

CREATE EVENT TRIGGER taskq_router_mapping_changed ON ddl_command_end WHEN TAG IN ('CREATE USER MAPPING', 'ALTER USER MAPPING')
    EXECUTE FUNCTION taskq_router_mapping_changed();
CREATE EVENT TRIGGER taskq_router_mapping_dropped ON sql_drop WHEN TAG IN ('DROP USER MAPPING')
    EXECUTE FUNCTION taskq_router_mapping_changed();

-- ---------------------------------------------------------------------------
-- Names of schemas, and rights
-- ---------------------------------------------------------------------------

-- Bodies name the schema of taskq, which is not known before.
DO $$
DECLARE
    there name := (SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'taskq');
    f record;
BEGIN
    FOR f IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = '@extschema@'::regnamespace AND (p.prosrc ~ '@taskq[@]' OR p.proconfig::text ~ '@taskq[@]')
    LOOP
        EXECUTE replace(replace(pg_get_functiondef(f.oid), quote_literal('@' || 'taskq@'), quote_literal(there)), '@' || 'taskq@', quote_ident(there));
    END LOOP;
END
$$;

REVOKE ALL ON ALL ROUTINES IN SCHEMA @extschema@ FROM PUBLIC;
GRANT EXECUTE ON ROUTINE taskq_router_slots, taskq_router_reads, taskq_router_slot_of_body, taskq_router_directory TO PUBLIC;
