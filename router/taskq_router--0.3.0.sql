-- Made by router/generate from the catalog of taskq: change router.sql, bodies.sql or generate instead.
\echo Use "CREATE EXTENSION taskq_router" to load this file. \quit

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
        (SELECT t.assignee_id, t.id, @taskq@.taskq_priority_rank(t.priority) AS rank,
                @taskq@.taskq_place(t.priority, t.due_date, t.completed_at, t.cancelled_at) AS place
         FROM @taskq@.taskq_task t
         WHERE t.assignee_id IS NULL AND t.completed_at IS NULL AND t.cancelled_at IS NULL AND t.paused_at IS NULL
           AND @taskq@.taskq_stage(t.status, t.started_at, t.completed_at, t.cancelled_at) = 0
           AND CASE WHEN $4 IS NOT NULL THEN t.team_id = $4
                    ELSE t.team_id IS NULL OR t.team_id IN (SELECT m.team_id FROM @taskq@.taskq_team_member m WHERE m.staff_id = $2) END
         ORDER BY t.assignee_id, @taskq@.taskq_priority_rank(t.priority), place, t.id LIMIT $3)
        UNION ALL
        (SELECT t.assignee_id, t.id, @taskq@.taskq_priority_rank(t.priority) AS rank,
                @taskq@.taskq_place(t.priority, t.due_date, t.completed_at, t.cancelled_at) AS place
         FROM @taskq@.taskq_task t
         WHERE t.assignee_id IS NULL AND t.completed_at IS NULL AND t.cancelled_at IS NULL AND t.paused_at IS NULL
           AND @taskq@.taskq_stage(t.status, t.started_at, t.completed_at, t.cancelled_at) = 1
           AND CASE WHEN $4 IS NOT NULL THEN t.team_id = $4
                    ELSE t.team_id IS NULL OR t.team_id IN (SELECT m.team_id FROM @taskq@.taskq_team_member m WHERE m.staff_id = $2) END
         ORDER BY t.assignee_id, @taskq@.taskq_priority_rank(t.priority), place, t.id LIMIT $3)
        UNION ALL
        (SELECT t.assignee_id, t.id, @taskq@.taskq_priority_rank(t.priority) AS rank,
                @taskq@.taskq_place(t.priority, t.due_date, t.completed_at, t.cancelled_at) AS place
         FROM @taskq@.taskq_task t
         WHERE t.assignee_id IS NULL AND t.completed_at IS NULL AND t.cancelled_at IS NULL AND t.paused_at IS NULL
           AND @taskq@.taskq_stage(t.status, t.started_at, t.completed_at, t.cancelled_at) = 4
           AND CASE WHEN $4 IS NOT NULL THEN t.team_id = $4
                    ELSE t.team_id IS NULL OR t.team_id IN (SELECT m.team_id FROM @taskq@.taskq_team_member m WHERE m.staff_id = $2) END
         ORDER BY t.assignee_id, @taskq@.taskq_priority_rank(t.priority), place, t.id LIMIT $3)
        UNION ALL
        (SELECT t.assignee_id, t.id, @taskq@.taskq_priority_rank(t.priority) AS rank,
                @taskq@.taskq_place(t.priority, t.due_date, t.completed_at, t.cancelled_at) AS place
         FROM @taskq@.taskq_task t
         WHERE t.assignee_id IS NULL AND t.completed_at IS NULL AND t.cancelled_at IS NULL AND t.paused_at IS NULL
           AND @taskq@.taskq_stage(t.status, t.started_at, t.completed_at, t.cancelled_at) = 5
           AND CASE WHEN $4 IS NOT NULL THEN t.team_id = $4
                    ELSE t.team_id IS NULL OR t.team_id IN (SELECT m.team_id FROM @taskq@.taskq_team_member m WHERE m.staff_id = $2) END
         ORDER BY t.assignee_id, @taskq@.taskq_priority_rank(t.priority), place, t.id LIMIT $3)
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

-- taskq_apply_policy
CREATE FUNCTION taskq_apply_policy_at(slot integer, id bigint, policy text, since timestamp with time zone, if_unchanged_since timestamp with time zone, actor text) RETURNS text
    LANGUAGE plproxy
AS $$ CLUSTER 'taskq_slots'; RUN ON slot; SELECT @taskq@.taskq_apply_policy($2, $3, $4, $5, $6)::text; $$;
CREATE FUNCTION taskq_apply_policy(id bigint, policy text DEFAULT NULL::text, since timestamp with time zone DEFAULT NULL::timestamp with time zone, if_unchanged_since timestamp with time zone DEFAULT NULL::timestamp with time zone, actor text DEFAULT NULL::text) RETURNS taskq_task
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'taskq_router_call';
COMMENT ON FUNCTION taskq_apply_policy(id bigint, policy text, since timestamp with time zone, if_unchanged_since timestamp with time zone, actor text) IS
'taskq''s, over the slots. Gives an active task the SLA of a policy as it is now: hours, calendar and warnings. Arguments: policy (NULL = the enabled one that fits the task best, see taskq_sla_policy), since: when its clocks began (not after now; NULL keeps, which is created_at unless one was given). Same values: nothing is recorded. Returns the row of taskq_task. With if_unchanged_since only if that is the task''s updated_at, as the caller read it. Errors: P0002 no such task or NULL id, 22023 unknown policy, none that fits, since after now, 22008 a deadline out of range, 23514 if terminal, 55000 updated_at is another: DETAIL says who changed what, 22023 if_unchanged_since is infinite.';

-- taskq_apply_policy_many
CREATE FUNCTION taskq_apply_policy_many_at(slots integer[], ids bigint[], policy text, since timestamp with time zone, actor text) RETURNS SETOF taskq_task
    LANGUAGE plproxy
AS $$ CLUSTER 'taskq_slots'; RUN ON unnest(slots); SELECT * FROM @taskq@.taskq_apply_policy_many($2, $3, $4, $5); $$;
CREATE FUNCTION taskq_apply_policy_many(ids bigint[], policy text DEFAULT NULL::text, since timestamp with time zone DEFAULT NULL::timestamp with time zone, actor text DEFAULT NULL::text) RETURNS SETOF taskq_task
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'taskq_router_call';
COMMENT ON FUNCTION taskq_apply_policy_many(ids bigint[], policy text, since timestamp with time zone, actor text) IS
'taskq''s, over the slots. taskq_apply_policy without if_unchanged_since for many tasks: one statement, all or nothing; the rows come back in order of id, duplicates collapsed. Errors: 22023 ids is NULL or has a NULL element; P0002 naming an id that is no task; else as taskq_apply_policy.';

-- taskq_assign
CREATE FUNCTION taskq_assign_at(slot integer, id bigint, assignee_id text, if_unchanged_since timestamp with time zone, actor text) RETURNS text
    LANGUAGE plproxy
AS $$ CLUSTER 'taskq_slots'; RUN ON slot; SELECT @taskq@.taskq_assign($2, $3, $4, $5)::text; $$;
CREATE FUNCTION taskq_assign(id bigint, assignee_id text, if_unchanged_since timestamp with time zone DEFAULT NULL::timestamp with time zone, actor text DEFAULT NULL::text) RETURNS taskq_task
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'taskq_router_call';
COMMENT ON FUNCTION taskq_assign(id bigint, assignee_id text, if_unchanged_since timestamp with time zone, actor text) IS
'taskq''s, over the slots. Gives an active task to a staff member; NULL unassigns it. Same assignee: nothing is recorded. Returns the row of taskq_task. With if_unchanged_since only if that is the task''s updated_at, as the caller read it. Errors: P0002 no such task or NULL id, 23503 unknown or inactive staff, 23514 if terminal, 55000 updated_at is another: DETAIL says who changed what, 22023 if_unchanged_since is infinite.';

-- taskq_assign_many
CREATE FUNCTION taskq_assign_many_at(slots integer[], ids bigint[], assignee_id text, actor text) RETURNS SETOF taskq_task
    LANGUAGE plproxy
AS $$ CLUSTER 'taskq_slots'; RUN ON unnest(slots); SELECT * FROM @taskq@.taskq_assign_many($2, $3, $4); $$;
CREATE FUNCTION taskq_assign_many(ids bigint[], assignee_id text, actor text DEFAULT NULL::text) RETURNS SETOF taskq_task
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'taskq_router_call';
COMMENT ON FUNCTION taskq_assign_many(ids bigint[], assignee_id text, actor text) IS
'taskq''s, over the slots. taskq_assign without if_unchanged_since for many tasks: one statement, all or nothing; the rows come back in order of id, duplicates collapsed. Errors: 22023 ids is NULL or has a NULL element; P0002 naming an id that is no task; else as taskq_assign.';

-- taskq_assign_team
CREATE FUNCTION taskq_assign_team_at(slot integer, id bigint, team_id text, if_unchanged_since timestamp with time zone, actor text) RETURNS text
    LANGUAGE plproxy
AS $$ CLUSTER 'taskq_slots'; RUN ON slot; SELECT @taskq@.taskq_assign_team($2, $3, $4, $5)::text; $$;
CREATE FUNCTION taskq_assign_team(id bigint, team_id text, if_unchanged_since timestamp with time zone DEFAULT NULL::timestamp with time zone, actor text DEFAULT NULL::text) RETURNS taskq_task
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'taskq_router_call';
COMMENT ON FUNCTION taskq_assign_team(id bigint, team_id text, if_unchanged_since timestamp with time zone, actor text) IS
'taskq''s, over the slots. Gives an active task to a team; NULL takes it out of its team. Who owns it stays. Same team: nothing is recorded. Returns the row of taskq_task. With if_unchanged_since only if that is the task''s updated_at, as the caller read it. Errors: P0002 no such task or NULL id, 23503 unknown or inactive team, 23514 if terminal, 55000 updated_at is another: DETAIL says who changed what, 22023 if_unchanged_since is infinite.';

-- taskq_assign_team_many
CREATE FUNCTION taskq_assign_team_many_at(slots integer[], ids bigint[], team_id text, actor text) RETURNS SETOF taskq_task
    LANGUAGE plproxy
AS $$ CLUSTER 'taskq_slots'; RUN ON unnest(slots); SELECT * FROM @taskq@.taskq_assign_team_many($2, $3, $4); $$;
CREATE FUNCTION taskq_assign_team_many(ids bigint[], team_id text, actor text DEFAULT NULL::text) RETURNS SETOF taskq_task
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'taskq_router_call';
COMMENT ON FUNCTION taskq_assign_team_many(ids bigint[], team_id text, actor text) IS
'taskq''s, over the slots. taskq_assign_team without if_unchanged_since for many tasks: one statement, all or nothing; the rows come back in order of id, duplicates collapsed. Errors: 22023 ids is NULL or has a NULL element; P0002 naming an id that is no task; else as taskq_assign_team.';

-- taskq_backlog
CREATE FUNCTION taskq_backlog_at(slots integer[], group_by text, bounds integer[], OUT group_key text, OUT bucket integer, OUT days_from integer, OUT days_to integer, OUT tasks integer) RETURNS SETOF record
    LANGUAGE plproxy
AS $$ CLUSTER @extschema@.taskq_router_reads(); RUN ON unnest(slots); SELECT * FROM @taskq@.taskq_backlog($2, $3); $$;
CREATE FUNCTION taskq_backlog_each(group_by text, bounds integer[], OUT group_key text, OUT bucket integer, OUT days_from integer, OUT days_to integer, OUT tasks integer) RETURNS SETOF record
    LANGUAGE c STABLE
    AS 'MODULE_PATHNAME', 'taskq_router_each';
CREATE FUNCTION taskq_backlog(group_by text DEFAULT 'none'::text, bounds integer[] DEFAULT '{-7,-1,0,1,7,30}'::integer[], OUT group_key text, OUT bucket integer, OUT days_from integer, OUT days_to integer, OUT tasks integer) RETURNS SETOF record
    LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT s.group_key, s.bucket, s.days_from, s.days_to, pg_catalog.sum(s.tasks)::integer
    FROM taskq_backlog_each($1, $2) s GROUP BY s.group_key, s.bucket, s.days_from, s.days_to
    ORDER BY CASE WHEN $1 = 'priority' THEN taskq_priority_rank(s.group_key::taskq_priority) END, s.group_key, s.bucket;
END;
COMMENT ON FUNCTION taskq_backlog(group_by text, bounds integer[], OUT group_key text, OUT bucket integer, OUT days_from integer, OUT days_to integer, OUT tasks integer) IS
'taskq''s, over the slots. How many active tasks are due in how many days, exact at this instant. group_by: none (group_key NULL), assignee, team, kind, priority or customer (group_key = id, kind or priority, NULL = none); a group has rows if it has active tasks, none always. bounds: ascending numbers of days from today, at most 100, each -3700000 to 3700000, negative = past due; between them are the buckets: days_from to days_to, both included, NULL = no bound. With the default: more than a week late, late, due yesterday, today, in this week, in this month, later. Each group has a row for each bucket, 1 and so on, and at last one for tasks without a due date, whose bucket is NULL. Errors: 22023 unknown group_by; bounds that are NULL, have a NULL element, do not ascend, are too many or too large.';

-- taskq_cancel
CREATE FUNCTION taskq_cancel_at(slot integer, id bigint, reason text, if_unchanged_since timestamp with time zone, actor text) RETURNS text
    LANGUAGE plproxy
AS $$ CLUSTER 'taskq_slots'; RUN ON slot; SELECT @taskq@.taskq_cancel($2, $3, $4, $5)::text; $$;
CREATE FUNCTION taskq_cancel(id bigint, reason text DEFAULT NULL::text, if_unchanged_since timestamp with time zone DEFAULT NULL::timestamp with time zone, actor text DEFAULT NULL::text) RETURNS taskq_task
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'taskq_router_call';
COMMENT ON FUNCTION taskq_cancel(id bigint, reason text, if_unchanged_since timestamp with time zone, actor text) IS
'taskq''s, over the slots. Cancels an active task. Argument reason (at most 65,536 characters) goes into the history. Returns the row of taskq_task. With if_unchanged_since only if that is the task''s updated_at, as the caller read it. Errors: P0002 no such task or NULL id, 22023 reason too long, blank or with bidirectional controls, 23514 if terminal, 55000 updated_at is another: DETAIL says who changed what, 22023 if_unchanged_since is infinite.';

-- taskq_cancel_many
CREATE FUNCTION taskq_cancel_many_at(slots integer[], ids bigint[], reason text, actor text) RETURNS SETOF taskq_task
    LANGUAGE plproxy
AS $$ CLUSTER 'taskq_slots'; RUN ON unnest(slots); SELECT * FROM @taskq@.taskq_cancel_many($2, $3, $4); $$;
CREATE FUNCTION taskq_cancel_many(ids bigint[], reason text DEFAULT NULL::text, actor text DEFAULT NULL::text) RETURNS SETOF taskq_task
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'taskq_router_call';
COMMENT ON FUNCTION taskq_cancel_many(ids bigint[], reason text, actor text) IS
'taskq''s, over the slots. taskq_cancel without if_unchanged_since for many tasks: one statement, all or nothing; the rows come back in order of id, duplicates collapsed. Errors: 22023 ids is NULL or has a NULL element; P0002 naming an id that is no task; else as taskq_cancel.';

-- taskq_check
CREATE FUNCTION taskq_check_at(slots integer[], OUT severity integer, OUT subject text, OUT what text, OUT hint text) RETURNS SETOF record
    LANGUAGE plproxy
AS $$ CLUSTER @extschema@.taskq_router_reads(); RUN ON unnest(slots); SELECT * FROM @taskq@.taskq_check(); $$;
CREATE FUNCTION taskq_check_in(slot integer, OUT severity integer, OUT subject text, OUT what text, OUT hint text) RETURNS SETOF record
    LANGUAGE c STABLE
    AS 'MODULE_PATHNAME', 'taskq_router_call';
CREATE FUNCTION taskq_check(OUT severity integer, OUT subject text, OUT what text, OUT hint text) RETURNS SETOF record
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    FOR i IN 0 .. @extschema@.taskq_router_slots() - 1 LOOP
        BEGIN
            RETURN QUERY SELECT c.severity, pg_catalog.format('slot %s: %s', i, c.subject), c.what, c.hint FROM @extschema@.taskq_check_in(i) c;
            IF NOT (SELECT s.subscribes FROM @extschema@.taskq_router_state(i) s) THEN
                severity := 2;
                subject := pg_catalog.format('slot %s: subscription', i);
                what := 'It is not running: what is written of the directory does not arrive.';
                hint := 'The log of the slot''s server says why; a row written there, and later on the router, is deleted at the slot.';
                RETURN NEXT;
            END IF;
        EXCEPTION WHEN connection_failure THEN
            severity := 1;
            subject := pg_catalog.format('slot %s', i);
            what := pg_catalog.format('It cannot be checked: %s.', SQLERRM);
            hint := 'See taskq_router_status().';
            RETURN NEXT;
        END;
    END LOOP;
    RETURN QUERY SELECT c.* FROM @taskq@.taskq_check() c;
END
$$;
COMMENT ON FUNCTION taskq_check(OUT severity integer, OUT subject text, OUT what text, OUT hint text) IS
'taskq''s, over the slots. What a DBA should know about taskq in this database, the gravest first; no row = nothing found. severity: 1 = security or data are at risk, 2 = something does not work, 3 = worth knowing. subject: the object, setting or process. what: the finding. hint: what to do. It only reads, with its caller''s rights: what the caller may not read is not looked at, among it sequences, taskq_role_grant and settings in files, which superusers may.';

-- taskq_claim
CREATE FUNCTION taskq_claim_at(slots integer[], assignee_id text, count integer, team_id text, actor text) RETURNS SETOF taskq_tasks
    LANGUAGE plproxy
AS $$ CLUSTER 'taskq_slots'; RUN ON unnest(slots); SELECT * FROM @taskq@.taskq_claim($2, $3, $4, $5); $$;
CREATE FUNCTION taskq_claim_in(slot integer, assignee_id text, count integer, team_id text, actor text) RETURNS SETOF taskq_tasks
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'taskq_router_call';
CREATE FUNCTION taskq_claim(assignee_id text, count integer DEFAULT 1, team_id text DEFAULT NULL::text, actor text DEFAULT NULL::text) RETURNS SETOF taskq_tasks
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    claimed @taskq@.taskq_tasks[] := '{}';
    got @taskq@.taskq_tasks[];
    head record;
    before integer;
BEGIN
    -- What a slot would not do, a slot refuses.
    IF $2 IS NULL OR $2 < 1 OR $2 > 1000
       OR NOT EXISTS (SELECT FROM @taskq@.taskq_staff_member s WHERE s.id = $1 AND s.is_active)
       OR ($3 IS NOT NULL AND NOT EXISTS (SELECT FROM @taskq@.taskq_team t WHERE t.id = $3)) THEN
        RETURN QUERY SELECT c.* FROM @extschema@.taskq_claim_in(0, $1, $2, $3, $4) c;
        RETURN;
    END IF;
    LOOP
        before := pg_catalog.cardinality(claimed);
        FOR head IN
            SELECT h.slot, pg_catalog.count(*)::integer AS n
            FROM (SELECT (e.id & (@extschema@.taskq_router_slots() - 1))::integer AS slot, pg_catalog.row_number() OVER (ORDER BY e.rank, e.place, e.id) AS r
                  FROM @extschema@.taskq_router_heads_each($1, $2 - before, $3) e) h
            WHERE h.r <= $2 - before
            GROUP BY h.slot ORDER BY pg_catalog.min(h.r)
        LOOP
            SELECT pg_catalog.array_agg(c) INTO got FROM @extschema@.taskq_claim_in(head.slot, $1, head.n, $3, $4) c;
            claimed := claimed || got;
        END LOOP;
        EXIT WHEN head IS NULL OR pg_catalog.cardinality(claimed) >= $2;
        IF pg_catalog.cardinality(claimed) = before THEN
            -- Others hold all heads: what is behind them, wherever it is.
            FOR i IN 0 .. @extschema@.taskq_router_slots() - 1 LOOP
                EXIT WHEN pg_catalog.cardinality(claimed) >= $2;
                SELECT pg_catalog.array_agg(c) INTO got FROM @extschema@.taskq_claim_in(i, $1, $2 - pg_catalog.cardinality(claimed), $3, $4) c;
                claimed := claimed || got;
            END LOOP;
            EXIT;
        END IF;
    END LOOP;
    RETURN QUERY SELECT c.* FROM pg_catalog.unnest(claimed) c ORDER BY @taskq@.taskq_priority_rank(c.priority), c.due_date, c.id;
END
$$;
COMMENT ON FUNCTION taskq_claim(assignee_id text, count integer, team_id text, actor text) IS
'taskq''s, over the slots. Assigns (does not start) up to count (1 to 1000) of the most urgent unassigned active tasks that are not paused, OVERDUE included, in order of priority, due date, id, and returns them. team_id NULL: tasks of the teams that the assignee is in, and those of no team; else tasks of that team only, active or not, whether or not the assignee is in it. Never gives one task to two callers, never waits for a lock: tasks locked by others are passed over. Errors: 22023 count out of bounds, 23503 unknown or inactive staff, unknown team.';

-- taskq_comment
CREATE FUNCTION taskq_comment_at(slot integer, id bigint, note text, actor text) RETURNS text
    LANGUAGE plproxy
AS $$ CLUSTER 'taskq_slots'; RUN ON slot; SELECT @taskq@.taskq_comment($2, $3, $4)::text; $$;
CREATE FUNCTION taskq_comment(id bigint, note text, actor text DEFAULT NULL::text) RETURNS taskq_task
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'taskq_router_call';
COMMENT ON FUNCTION taskq_comment(id bigint, note text, actor text) IS
'taskq''s, over the slots. Adds a note (1 to 65,536 characters) to the history of a task, terminal ones too. The row itself does not change. Returns the row of taskq_task. Errors: P0002 no such task or NULL id, 22023 note empty, too long, blank or with bidirectional controls, 42501 if the caller may not update the task.';

-- taskq_comment_many
CREATE FUNCTION taskq_comment_many_at(slots integer[], ids bigint[], note text, actor text) RETURNS SETOF taskq_task
    LANGUAGE plproxy
AS $$ CLUSTER 'taskq_slots'; RUN ON unnest(slots); SELECT * FROM @taskq@.taskq_comment_many($2, $3, $4); $$;
CREATE FUNCTION taskq_comment_many(ids bigint[], note text, actor text DEFAULT NULL::text) RETURNS SETOF taskq_task
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'taskq_router_call';
COMMENT ON FUNCTION taskq_comment_many(ids bigint[], note text, actor text) IS
'taskq''s, over the slots. taskq_comment for many tasks: one statement, all or nothing; the rows come back in order of id, duplicates collapsed. Errors: 22023 ids is NULL or has a NULL element; P0002 naming an id that is no task; else as taskq_comment.';

-- taskq_complete
CREATE FUNCTION taskq_complete_at(slot integer, id bigint, note text, if_unchanged_since timestamp with time zone, actor text) RETURNS text
    LANGUAGE plproxy
AS $$ CLUSTER 'taskq_slots'; RUN ON slot; SELECT @taskq@.taskq_complete($2, $3, $4, $5)::text; $$;
CREATE FUNCTION taskq_complete(id bigint, note text DEFAULT NULL::text, if_unchanged_since timestamp with time zone DEFAULT NULL::timestamp with time zone, actor text DEFAULT NULL::text) RETURNS taskq_task
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'taskq_router_call';
COMMENT ON FUNCTION taskq_complete(id bigint, note text, if_unchanged_since timestamp with time zone, actor text) IS
'taskq''s, over the slots. Completes a task that is IN_PROGRESS or OVERDUE. Argument note (at most 65,536 characters) goes into the history. Returns the row of taskq_task. With if_unchanged_since only if that is the task''s updated_at, as the caller read it. Errors: P0002 no such task or NULL id, 22023 note too long, blank or with bidirectional controls, 23514 if OPEN (start it first) or terminal, 55000 updated_at is another: DETAIL says who changed what, 22023 if_unchanged_since is infinite.';

-- taskq_complete_many
CREATE FUNCTION taskq_complete_many_at(slots integer[], ids bigint[], note text, actor text) RETURNS SETOF taskq_task
    LANGUAGE plproxy
AS $$ CLUSTER 'taskq_slots'; RUN ON unnest(slots); SELECT * FROM @taskq@.taskq_complete_many($2, $3, $4); $$;
CREATE FUNCTION taskq_complete_many(ids bigint[], note text DEFAULT NULL::text, actor text DEFAULT NULL::text) RETURNS SETOF taskq_task
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'taskq_router_call';
COMMENT ON FUNCTION taskq_complete_many(ids bigint[], note text, actor text) IS
'taskq''s, over the slots. taskq_complete without if_unchanged_since for many tasks: one statement, all or nothing; the rows come back in order of id, duplicates collapsed. Errors: 22023 ids is NULL or has a NULL element; P0002 naming an id that is no task; else as taskq_complete.';

-- taskq_create
CREATE FUNCTION taskq_create_at(slot integer, title text, description text, priority taskq_priority, due_date date, sla_hours double precision, assignee_id text, user_id text, dedupe_key text, source text, kind text, team_id text, labels text[], attributes jsonb, actor text) RETURNS bigint
    LANGUAGE plproxy
AS $$ CLUSTER 'taskq_slots'; RUN ON slot; SELECT @taskq@.taskq_create($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15); $$;
CREATE FUNCTION taskq_create(title text, description text DEFAULT NULL::text, priority taskq_priority DEFAULT 'MEDIUM'::taskq_priority, due_date date DEFAULT NULL::date, sla_hours double precision DEFAULT NULL::double precision, assignee_id text DEFAULT NULL::text, user_id text DEFAULT NULL::text, dedupe_key text DEFAULT NULL::text, source text DEFAULT 'MANUAL'::text, kind text DEFAULT NULL::text, team_id text DEFAULT NULL::text, labels text[] DEFAULT NULL::text[], attributes jsonb DEFAULT NULL::jsonb, actor text DEFAULT NULL::text) RETURNS bigint
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'taskq_router_call';
COMMENT ON FUNCTION taskq_create(title text, description text, priority taskq_priority, due_date date, sla_hours double precision, assignee_id text, user_id text, dedupe_key text, source text, kind text, team_id text, labels text[], attributes jsonb, actor text) IS
'taskq''s, over the slots. Creates a task and returns its id; a due date that has passed makes it OVERDUE from the start. With a dedupe_key that an active task holds, returns that task''s id and creates nothing. NULL for an argument with a default means the default. Arguments: title (1-200 characters, not blank), description (at most 65,536 characters), priority, due_date (0001-01-01 to 9999-12-31), sla_hours (at least a millisecond (1/3600000), at most 87600; NULL = what the policy of taskq_sla_policy gives that fits), assignee_id (active staff), user_id (customer), dedupe_key (1-255 characters), source (1-63 characters; RENEWAL, SCHEDULE and WORKFLOW are the engines''), kind (1-63 characters), team_id (active team), labels (at most 32, each 1-63 characters; kept sorted and distinct), attributes (a JSON object of at most 16,384 bytes as text), actor (1-255 characters). Errors: 22023 argument out of bounds, 23503 unknown or inactive staff or team, unknown customer or one that was merged into another (HINT names that), 42501 or 40001 if the holder of the dedupe_key cannot be seen.';

-- taskq_create_json
CREATE FUNCTION taskq_create_json_at(slot integer, body jsonb, actor text) RETURNS jsonb
    LANGUAGE plproxy
AS $$ CLUSTER 'taskq_slots'; RUN ON slot; SELECT @taskq@.taskq_create_json($2, $3); $$;
CREATE FUNCTION taskq_create_json(body jsonb, actor text DEFAULT NULL::text) RETURNS jsonb
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'taskq_router_call';
COMMENT ON FUNCTION taskq_create_json(body jsonb, actor text) IS
'taskq''s, over the slots. Creates a task from a JSON object whose keys are the arguments of taskq_create but actor, and sla_policy (a name, instead of sla_hours), response_hours (at least a millisecond (1/3600000), at most 87600) and sla_from (when the clocks of its SLA began, not after now); title is required, JSON null = absent, due_date is "YYYY-MM-DD", sla_from "YYYY-MM-DDThh:mm:ssZ" or with an offset, hours are numbers, labels an array of strings, attributes an object, all others strings. Returns the task as in taskq_tasks plus "created": false if the dedupe_key was taken and this is its holder. Errors: as taskq_create; 22023 naming the field for an unknown key or a wrong type; 22P02 for a priority that is none, 22007 and 22008 for a date.';

-- taskq_create_many_json
CREATE FUNCTION taskq_create_many_json_at(slots integer[], bodies jsonb, actor text) RETURNS SETOF jsonb
    LANGUAGE plproxy
AS $$ CLUSTER 'taskq_slots'; RUN ON unnest(slots); SELECT * FROM @taskq@.taskq_create_many_json($2, $3); $$;
CREATE FUNCTION taskq_create_many_json_in(slot integer, bodies jsonb, actor text) RETURNS SETOF jsonb
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'taskq_router_call';
CREATE FUNCTION taskq_create_many_json(bodies jsonb, actor text DEFAULT NULL::text) RETURNS SETOF jsonb
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    slots integer[];
    place integer[] := '{}';
    answers jsonb[] := '{}';
    part jsonb;
    at_slot integer[];
    got jsonb[];
BEGIN
    IF pg_catalog.jsonb_typeof($1) = 'array' THEN
        SELECT pg_catalog.array_agg(DISTINCT @extschema@.taskq_router_slot_of_body(b.b)) INTO slots
        FROM pg_catalog.jsonb_array_elements($1) b(b) WHERE @extschema@.taskq_router_slot_of_body(b.b) IS NOT NULL;
    END IF;
    slots := coalesce(slots, ARRAY[pg_catalog.floor(pg_catalog.random() * @extschema@.taskq_router_slots())::integer]);
    IF pg_catalog.cardinality(slots) = 1 THEN
        RETURN QUERY SELECT c.* FROM @extschema@.taskq_create_many_json_in(slots[1], $1, $2) c(c);
        RETURN;
    END IF;
    IF NOT pg_catalog.current_setting('taskq_router.split')::boolean THEN
        RAISE EXCEPTION 'the tasks belong to % slots, and such a call would not be all or nothing', pg_catalog.cardinality(slots)
            USING ERRCODE = 'feature_not_supported',
                  DETAIL = pg_catalog.format('Slots %s and %s are the first of them.', slots[1], slots[2]),
                  HINT = 'Turn taskq_router.split on, and each slot carries out its part.';
    END IF;
    FOR i IN 1 .. pg_catalog.cardinality(slots) LOOP
        SELECT pg_catalog.jsonb_agg(b.b ORDER BY b.n), pg_catalog.array_agg(b.n::integer ORDER BY b.n) INTO part, at_slot
        FROM pg_catalog.jsonb_array_elements($1) WITH ORDINALITY b(b, n)
        WHERE coalesce(@extschema@.taskq_router_slot_of_body(b.b), slots[1]) = slots[i];
        SELECT pg_catalog.array_agg(c.c ORDER BY c.n) INTO got FROM @extschema@.taskq_create_many_json_in(slots[i], part, $2) WITH ORDINALITY c(c, n);
        place := place || at_slot;
        answers := answers || got;
    END LOOP;
    RETURN QUERY SELECT u.answer FROM ROWS FROM (pg_catalog.unnest(place), pg_catalog.unnest(answers)) u(place, answer) ORDER BY u.place;
END
$$;
COMMENT ON FUNCTION taskq_create_many_json(bodies jsonb, actor text) IS
'taskq''s, over the slots. taskq_create_json for each element of a JSON array: one statement, all or nothing; the tasks come back in the order of the array. Of two elements with one dedupe_key the second returns the task of the first, with "created": false. Errors: 22023 bodies is no JSON array or an element no object; else as taskq_create_json, the message beginning with which element it is, "body 3: ", counted from 1; 40P01 if another call creates tasks with the same dedupe_keys in another order.';

-- taskq_edit
CREATE FUNCTION taskq_edit_at(slot integer, id bigint, title text, description text, labels text[], attributes jsonb, if_unchanged_since timestamp with time zone, actor text) RETURNS text
    LANGUAGE plproxy
AS $$ CLUSTER 'taskq_slots'; RUN ON slot; SELECT @taskq@.taskq_edit($2, $3, $4, $5, $6, $7, $8)::text; $$;
CREATE FUNCTION taskq_edit(id bigint, title text DEFAULT NULL::text, description text DEFAULT NULL::text, labels text[] DEFAULT NULL::text[], attributes jsonb DEFAULT NULL::jsonb, if_unchanged_since timestamp with time zone DEFAULT NULL::timestamp with time zone, actor text DEFAULT NULL::text) RETURNS taskq_task
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'taskq_router_call';
COMMENT ON FUNCTION taskq_edit(id bigint, title text, description text, labels text[], attributes jsonb, if_unchanged_since timestamp with time zone, actor text) IS
'taskq''s, over the slots. Changes the title (1-200 characters), description (at most 65,536 characters), labels (at most 32, each 1-63 characters; kept sorted and distinct) and attributes (a JSON object, at most 16,384 bytes as text) of an active task: NULL, for attributes the JSON null too, keeps, '''' clears the description, ''{}'' labels or attributes; others replace all that there were. Returns the row of taskq_task. With if_unchanged_since only if that is the task''s updated_at, as the caller read it. Errors: P0002 no such task or NULL id, 22023 naming the argument that is out of bounds, 23514 if terminal, 55000 if it has been changed since.';

-- taskq_edit_many
CREATE FUNCTION taskq_edit_many_at(slots integer[], ids bigint[], title text, description text, labels text[], attributes jsonb, actor text) RETURNS SETOF taskq_task
    LANGUAGE plproxy
AS $$ CLUSTER 'taskq_slots'; RUN ON unnest(slots); SELECT * FROM @taskq@.taskq_edit_many($2, $3, $4, $5, $6, $7); $$;
CREATE FUNCTION taskq_edit_many(ids bigint[], title text DEFAULT NULL::text, description text DEFAULT NULL::text, labels text[] DEFAULT NULL::text[], attributes jsonb DEFAULT NULL::jsonb, actor text DEFAULT NULL::text) RETURNS SETOF taskq_task
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'taskq_router_call';
COMMENT ON FUNCTION taskq_edit_many(ids bigint[], title text, description text, labels text[], attributes jsonb, actor text) IS
'taskq''s, over the slots. taskq_edit without if_unchanged_since for many tasks: one statement, all or nothing; the rows come back in order of id, duplicates collapsed. Errors: 22023 ids is NULL or has a NULL element; P0002 naming an id that is no task; else as taskq_edit.';

-- taskq_emit
CREATE FUNCTION taskq_emit_at(slots integer[], event text, payload jsonb, user_id text, actor text) RETURNS SETOF bigint
    LANGUAGE plproxy
AS $$ CLUSTER 'taskq_slots'; RUN ON unnest(slots); SELECT * FROM @taskq@.taskq_emit($2, $3, $4, $5); $$;
CREATE FUNCTION taskq_emit(event text, payload jsonb, user_id text DEFAULT NULL::text, actor text DEFAULT NULL::text) RETURNS SETOF bigint
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'taskq_router_call';
COMMENT ON FUNCTION taskq_emit(event text, payload jsonb, user_id text, actor text) IS
'taskq''s, over the slots. Offers an event of the application''s to the rules, in the caller''s transaction and with the rights of the owner of taskq_task; returns the ids of the tasks that were made. A rule that fails is recorded in taskq_workflow_run and breaks nothing. user_id: the customer whom the event is about. Errors: 22023 event empty, over 100 characters or beginning with task. or renewal. (taskq''s own), payload no JSON object; 23503 unknown customer.';

-- taskq_emit_dry_run
CREATE FUNCTION taskq_emit_dry_run_at(slots integer[], event text, payload jsonb, user_id text, OUT rule_id bigint, OUT rule_name text, OUT rule_event text, OUT depth integer, OUT outcome text, OUT message text, OUT title text, OUT priority taskq_priority, OUT due_date date, OUT assignee_id text, OUT task_user_id text) RETURNS SETOF record
    LANGUAGE plproxy
AS $$ CLUSTER 'taskq_slots'; RUN ON unnest(slots); SELECT * FROM @taskq@.taskq_emit_dry_run($2, $3, $4); $$;
CREATE FUNCTION taskq_emit_dry_run(event text, payload jsonb, user_id text DEFAULT NULL::text, OUT rule_id bigint, OUT rule_name text, OUT rule_event text, OUT depth integer, OUT outcome text, OUT message text, OUT title text, OUT priority taskq_priority, OUT due_date date, OUT assignee_id text, OUT task_user_id text) RETURNS SETOF record
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'taskq_router_call';
COMMENT ON FUNCTION taskq_emit_dry_run(event text, payload jsonb, user_id text, OUT rule_id bigint, OUT rule_name text, OUT rule_event text, OUT depth integer, OUT outcome text, OUT message text, OUT title text, OUT priority taskq_priority, OUT due_date date, OUT assignee_id text, OUT task_user_id text) IS
'taskq''s, over the slots. What taskq_emit() would do, a row for each rule that would fire, further rules set off by the first included: it is done and taken back. An enabled rule for the event that would not fire has outcome "no match", and message says why. Of a task that was there before, title and the columns behind it are NULL if row security hides it from the caller. Here the event may be one of taskq''s own. Errors: as taskq_emit.';

-- taskq_erase_customer
CREATE FUNCTION taskq_erase_customer_at(slot integer, user_id text, actor text, OUT tasks bigint, OUT events bigint, OUT renewals bigint) RETURNS record
    LANGUAGE plproxy
AS $$ CLUSTER 'taskq_slots'; RUN ON slot; SELECT * FROM @taskq@.taskq_erase_customer($2, $3); $$;
CREATE FUNCTION taskq_erase_customer_in(slot integer, user_id text, actor text, OUT tasks bigint, OUT events bigint, OUT renewals bigint) RETURNS record
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'taskq_router_call';
CREATE FUNCTION taskq_erase_customer(user_id text, actor text DEFAULT NULL::text, OUT tasks bigint, OUT events bigint, OUT renewals bigint) RETURNS record
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    one record;
BEGIN
    SELECT e.* INTO one FROM @taskq@.taskq_erase_customer($1, $2) e;
    tasks := one.tasks;
    events := one.events;
    renewals := one.renewals;
    FOR i IN 0 .. @extschema@.taskq_router_slots() - 1 LOOP
        SELECT e.* INTO one FROM @extschema@.taskq_erase_customer_in(i, $1, $2) e;
        tasks := tasks + one.tasks;
        events := events + one.events;
        renewals := renewals + one.renewals;
    END LOOP;
END
$$;
COMMENT ON FUNCTION taskq_erase_customer(user_id text, actor text, OUT tasks bigint, OUT events bigint, OUT renewals bigint) IS
'taskq''s, over the slots. Erases what texts say about a customer and those that were merged into it, from terminal tasks too: its name and the titles of its tasks become ''erased''; descriptions, labels, attributes, dedupe_keys but those of follow-ups, notes, texts in the history''s changes, references and notes of its renewals, messages of rules that fired for its tasks go; so do names and templates of its schedules. The customer becomes inactive. Ids, states, times, priorities, assignees and counts stay; so do columns that you added. Each task''s history says so (kind erased), and so does taskq_erasure. Returns how many tasks, events and renewals had text. With the rights of the owner of taskq_task, for callers who may update the customer. Errors: 22023 user_id is NULL, 23503 unknown customer or one that was merged into another (HINT names that), 42501 not allowed to update it, 0A000 in a transaction that is not READ COMMITTED.';

-- taskq_follow_up
CREATE FUNCTION taskq_follow_up_at(slot integer, id bigint, title text, due_date date, sla_hours double precision, assignee_id text, actor text) RETURNS bigint
    LANGUAGE plproxy
AS $$ CLUSTER 'taskq_slots'; RUN ON slot; SELECT @taskq@.taskq_follow_up($2, $3, $4, $5, $6, $7); $$;
CREATE FUNCTION taskq_follow_up(id bigint, title text DEFAULT NULL::text, due_date date DEFAULT NULL::date, sla_hours double precision DEFAULT NULL::double precision, assignee_id text DEFAULT NULL::text, actor text DEFAULT NULL::text) RETURNS bigint
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'taskq_router_call';
COMMENT ON FUNCTION taskq_follow_up(id bigint, title text, due_date date, sla_hours double precision, assignee_id text, actor text) IS
'taskq''s, over the slots. Creates a task that follows a closed one, and returns its id. It has the closed task''s title, description, priority, customer, kind, labels and attributes, its team and its assignee if they are active, and follows_id; the closed task''s history says so (kind followed_up, changes {"follow_up": id}). While the follow-up is active, returns its id and creates nothing: it holds the dedupe_key "taskq_follow_up <id>". Arguments: id (a COMPLETED or CANCELLED task), title (1-200 characters; NULL = the same), due_date (0001-01-01 to 9999-12-31; NULL = none), sla_hours (at least a millisecond (1/3600000), at most 87600; NULL = what the policy of taskq_sla_policy gives that fits), assignee_id (active staff; NULL = the same), actor. Errors: P0002 no such task or NULL id, 55000 if it is active, or another task holds that key; 22023, 23503, 42501 and 40001 as taskq_create.';

-- taskq_grant
CREATE FUNCTION taskq_grant_at(slot integer, role name, level text) RETURNS void
    LANGUAGE plproxy
AS $$ CLUSTER 'taskq_slots'; RUN ON slot; SELECT @taskq@.taskq_grant($2, $3); $$;
CREATE FUNCTION taskq_grant_in(slot integer, role name, level text) RETURNS void
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'taskq_router_call';
CREATE FUNCTION taskq_grant(role name, level text) RETURNS void
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM @taskq@.taskq_grant($1, $2);
    PERFORM @extschema@.taskq_router_grant($1);
    FOR i IN 0 .. @extschema@.taskq_router_slots() - 1 LOOP
        PERFORM @extschema@.taskq_grant_in(i, $1, $2);
    END LOOP;
END
$$;
COMMENT ON FUNCTION taskq_grant(role name, level text) IS
'taskq''s, over the slots. Gives a role what a level needs, and no more than that level. viewer: read tasks, history, directory, queue, stats, reports. agent: also create tasks and move them along. manager: also keep the directory, rules and thresholds, delete terminal tasks, sweep, erase customers. An owner of taskq''s objects keeps its rights to them. For the owner of taskq_task and superusers (else 42501). Errors: 22023 unknown level, 42704 no such role.';

-- taskq_hand_over
CREATE FUNCTION taskq_hand_over_at(slot integer, from_staff text, to_staff text, to_team text, actor text, OUT tasks integer, OUT renewals integer, OUT customers integer, OUT schedules integer) RETURNS record
    LANGUAGE plproxy
AS $$ CLUSTER 'taskq_slots'; RUN ON slot; SELECT * FROM @taskq@.taskq_hand_over($2, $3, $4, $5); $$;
CREATE FUNCTION taskq_hand_over_in(slot integer, from_staff text, to_staff text, to_team text, actor text, OUT tasks integer, OUT renewals integer, OUT customers integer, OUT schedules integer) RETURNS record
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'taskq_router_call';
CREATE FUNCTION taskq_hand_over(from_staff text, to_staff text DEFAULT NULL::text, to_team text DEFAULT NULL::text, actor text DEFAULT NULL::text, OUT tasks integer, OUT renewals integer, OUT customers integer, OUT schedules integer) RETURNS record
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    one record;
BEGIN
    -- The router's own customers first: what is wrong with the arguments is found here.
    SELECT h.customers INTO customers FROM @taskq@.taskq_hand_over($1, $2, $3, $4) h;
    tasks := 0;
    renewals := 0;
    schedules := 0;
    FOR i IN 0 .. @extschema@.taskq_router_slots() - 1 LOOP
        SELECT h.* INTO one FROM @extschema@.taskq_hand_over_in(i, $1, $2, $3, $4) h;
        tasks := tasks + one.tasks;
        renewals := renewals + one.renewals;
        schedules := schedules + one.schedules;
    END LOOP;
END
$$;
COMMENT ON FUNCTION taskq_hand_over(from_staff text, to_staff text, to_team text, actor text, OUT tasks integer, OUT renewals integer, OUT customers integer, OUT schedules integer) IS
'taskq''s, over the slots. Gives what a member of staff has to to_staff (active), to to_team (an active team), or to both: active tasks, renewals that are neither completed nor cancelled, customers whose agent it is, active or not, and schedules whose tasks it gets, enabled or not; returns how many of each. Without to_staff they are nobody''s, and the tasks and schedules the team''s; the tasks of such a renewal go to the customer''s agent, and of such a customer to nobody, unless the threshold or rule has a team. Without to_team a task and a schedule stay in their team. Tasks have it in their history as assigned. What others give to from_staff at the same time is waited for and handed over, too. Closed tasks, rules that name from_staff, and memberships of teams stay; is_active too: set it to false first, and nothing new comes. Row security: of what the caller can see and update. Errors: 22023 from_staff NULL, to_staff and to_team both NULL, to_staff the same as from_staff; 23503 unknown from_staff, unknown or inactive to_staff or to_team; 0A000 isolation level above READ COMMITTED; 42501 the caller may not update taskq_staff_member, taskq_customer, taskq_renewal, taskq_schedule and taskq_task.';

-- taskq_merge_customer
CREATE FUNCTION taskq_merge_customer_at(slot integer, from_id text, to_id text, actor text, OUT tasks bigint, OUT renewals bigint, OUT policies bigint) RETURNS record
    LANGUAGE plproxy
AS $$ CLUSTER 'taskq_slots'; RUN ON slot; SELECT * FROM @taskq@.taskq_merge_customer($2, $3, $4); $$;
CREATE FUNCTION taskq_merge_customer_in(slot integer, from_id text, to_id text, actor text, OUT tasks bigint, OUT renewals bigint, OUT policies bigint) RETURNS record
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'taskq_router_call';
CREATE FUNCTION taskq_merge_customer(from_id text, to_id text, actor text DEFAULT NULL::text, OUT tasks bigint, OUT renewals bigint, OUT policies bigint) RETURNS record
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    one record;
BEGIN
    SELECT m.policies INTO policies FROM @taskq@.taskq_merge_customer($1, $2, $3) m;
    tasks := 0;
    renewals := 0;
    FOR i IN 0 .. @extschema@.taskq_router_slots() - 1 LOOP
        SELECT m.* INTO one FROM @extschema@.taskq_merge_customer_in(i, $1, $2, $3) m;
        tasks := tasks + one.tasks;
        renewals := renewals + one.renewals;
    END LOOP;
END
$$;
COMMENT ON FUNCTION taskq_merge_customer(from_id text, to_id text, actor text, OUT tasks bigint, OUT renewals bigint, OUT policies bigint) IS
'taskq''s, over the slots. Merges a customer into another: its tasks, closed ones too, its renewals and SLA policies go over, and it stays as a pointer (taskq_customer.merged_into), inactive. What had been merged into it points to the other one too. Each task''s history says so (kind merged). An active task gets the SLA that fits its new customer if a policy gave it one. An active renewal that the other customer has as well (service type, reference, due date) is cancelled before it goes over, with those of its open tasks that nobody has started; a policy for the same team, kind, priority and source is disabled and stays where it is. The other customer keeps its agent, name and state. Returns how many tasks, renewals and policies went over. Again for the same two customers it takes what has been written under the old id since. With the rights of the owner of taskq_task, for callers who may update both customers. Errors: 22023 an id is NULL, or both are the same; 23503 unknown customer, to_id inactive or itself merged into another (HINT names that); 55000 from_id was erased, or merged into another than to_id; 42501 not allowed to update both; 0A000 in a transaction that is not READ COMMITTED.';

-- taskq_pause
CREATE FUNCTION taskq_pause_at(slot integer, id bigint, reason text, until timestamp with time zone, if_unchanged_since timestamp with time zone, actor text) RETURNS text
    LANGUAGE plproxy
AS $$ CLUSTER 'taskq_slots'; RUN ON slot; SELECT @taskq@.taskq_pause($2, $3, $4, $5, $6)::text; $$;
CREATE FUNCTION taskq_pause(id bigint, reason text DEFAULT NULL::text, until timestamp with time zone DEFAULT NULL::timestamp with time zone, if_unchanged_since timestamp with time zone DEFAULT NULL::timestamp with time zone, actor text DEFAULT NULL::text) RETURNS taskq_task
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'taskq_router_call';
COMMENT ON FUNCTION taskq_pause(id bigint, reason text, until timestamp with time zone, if_unchanged_since timestamp with time zone, actor text) IS
'taskq''s, over the slots. Pauses an active task: it waits for somebody else. The clocks of its SLA stand still, its deadlines that lie ahead are infinity; status and due date stay what they are. Claims and LEAST_LOADED leave it out. Arguments: reason (at most 65,536 characters), until: when the worker resumes it (still to come; NULL = taskq_resume() does). Paused already: reason and until are replaced, since when stays; the same: nothing is recorded. Returns the row of taskq_task. With if_unchanged_since only if that is the task''s updated_at, as the caller read it. Errors: P0002 no such task or NULL id, 22023 reason too long, blank or with bidirectional controls or until not ahead, 23514 if terminal, 55000 updated_at is another: DETAIL says who changed what, 22023 if_unchanged_since is infinite.';

-- taskq_pause_many
CREATE FUNCTION taskq_pause_many_at(slots integer[], ids bigint[], reason text, until timestamp with time zone, actor text) RETURNS SETOF taskq_task
    LANGUAGE plproxy
AS $$ CLUSTER 'taskq_slots'; RUN ON unnest(slots); SELECT * FROM @taskq@.taskq_pause_many($2, $3, $4, $5); $$;
CREATE FUNCTION taskq_pause_many(ids bigint[], reason text DEFAULT NULL::text, until timestamp with time zone DEFAULT NULL::timestamp with time zone, actor text DEFAULT NULL::text) RETURNS SETOF taskq_task
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'taskq_router_call';
COMMENT ON FUNCTION taskq_pause_many(ids bigint[], reason text, until timestamp with time zone, actor text) IS
'taskq''s, over the slots. taskq_pause without if_unchanged_since for many tasks: one statement, all or nothing; the rows come back in order of id, duplicates collapsed. Errors: 22023 ids is NULL or has a NULL element; P0002 naming an id that is no task; else as taskq_pause.';

-- taskq_prioritize
CREATE FUNCTION taskq_prioritize_at(slot integer, id bigint, priority taskq_priority, if_unchanged_since timestamp with time zone, actor text) RETURNS text
    LANGUAGE plproxy
AS $$ CLUSTER 'taskq_slots'; RUN ON slot; SELECT @taskq@.taskq_prioritize($2, $3, $4, $5)::text; $$;
CREATE FUNCTION taskq_prioritize(id bigint, priority taskq_priority, if_unchanged_since timestamp with time zone DEFAULT NULL::timestamp with time zone, actor text DEFAULT NULL::text) RETURNS taskq_task
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'taskq_router_call';
COMMENT ON FUNCTION taskq_prioritize(id bigint, priority taskq_priority, if_unchanged_since timestamp with time zone, actor text) IS
'taskq''s, over the slots. Sets the priority of an active task. Same priority: nothing is recorded. Returns the row of taskq_task. With if_unchanged_since only if that is the task''s updated_at, as the caller read it. Errors: P0002 no such task or NULL id, 22023 priority is NULL, 23514 if terminal, 55000 updated_at is another: DETAIL says who changed what, 22023 if_unchanged_since is infinite.';

-- taskq_prioritize_many
CREATE FUNCTION taskq_prioritize_many_at(slots integer[], ids bigint[], priority taskq_priority, actor text) RETURNS SETOF taskq_task
    LANGUAGE plproxy
AS $$ CLUSTER 'taskq_slots'; RUN ON unnest(slots); SELECT * FROM @taskq@.taskq_prioritize_many($2, $3, $4); $$;
CREATE FUNCTION taskq_prioritize_many(ids bigint[], priority taskq_priority, actor text DEFAULT NULL::text) RETURNS SETOF taskq_task
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'taskq_router_call';
COMMENT ON FUNCTION taskq_prioritize_many(ids bigint[], priority taskq_priority, actor text) IS
'taskq''s, over the slots. taskq_prioritize without if_unchanged_since for many tasks: one statement, all or nothing; the rows come back in order of id, duplicates collapsed. Errors: 22023 ids is NULL or has a NULL element; P0002 naming an id that is no task; else as taskq_prioritize.';

-- taskq_purge
CREATE FUNCTION taskq_purge_at(slots integer[], older_than interval, dry_run boolean, max_tasks integer) RETURNS SETOF bigint
    LANGUAGE plproxy
AS $$ CLUSTER 'taskq_slots'; RUN ON unnest(slots); SELECT * FROM @taskq@.taskq_purge($2, $3, $4); $$;
CREATE FUNCTION taskq_purge_each(older_than interval, dry_run boolean, max_tasks integer) RETURNS SETOF bigint
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'taskq_router_each';
CREATE FUNCTION taskq_purge(older_than interval DEFAULT NULL::interval, dry_run boolean DEFAULT false, max_tasks integer DEFAULT NULL::integer) RETURNS bigint
    LANGUAGE sql VOLATILE
BEGIN ATOMIC
    SELECT pg_catalog.sum(s.n)::bigint FROM taskq_purge_each($1, $2, $3) s(n);
END;
COMMENT ON FUNCTION taskq_purge(older_than interval, dry_run boolean, max_tasks integer) IS
'taskq''s, over the slots. Deletes tasks that were completed or cancelled longer ago than older_than (NULL = taskq.retention), with their history: completed ones first, then cancelled ones, the oldest of each first, at most max_tasks (1 to 1,000,000; NULL = taskq.sweep_batch_size). Returns how many. With dry_run it deletes nothing and returns how many there are. The sweep does the same by itself where taskq.retention is set. Errors: 22023 older_than negative, or NULL while taskq.retention is off; max_tasks out of bounds.';

-- taskq_queue_count
CREATE FUNCTION taskq_queue_count_at(slots integer[], status taskq_status[], priority taskq_priority[], assignee_id text, user_id text, unassigned boolean, source text, due_from date, due_to date, sla_status taskq_sla_status[], search text, cap integer, assignee_is_active boolean, paused boolean, kind text, team_id text, labels text[], attributes jsonb) RETURNS SETOF bigint
    LANGUAGE plproxy
AS $$ CLUSTER @extschema@.taskq_router_reads(); RUN ON unnest(slots); SELECT * FROM @taskq@.taskq_queue_count($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18); $$;
CREATE FUNCTION taskq_queue_count_each(status taskq_status[], priority taskq_priority[], assignee_id text, user_id text, unassigned boolean, source text, due_from date, due_to date, sla_status taskq_sla_status[], search text, cap integer, assignee_is_active boolean, paused boolean, kind text, team_id text, labels text[], attributes jsonb) RETURNS SETOF bigint
    LANGUAGE c STABLE
    AS 'MODULE_PATHNAME', 'taskq_router_each';
CREATE FUNCTION taskq_queue_count(status taskq_status[] DEFAULT '{OPEN}'::taskq_status[], priority taskq_priority[] DEFAULT NULL::taskq_priority[], assignee_id text DEFAULT NULL::text, user_id text DEFAULT NULL::text, unassigned boolean DEFAULT false, source text DEFAULT NULL::text, due_from date DEFAULT NULL::date, due_to date DEFAULT NULL::date, sla_status taskq_sla_status[] DEFAULT NULL::taskq_sla_status[], search text DEFAULT NULL::text, cap integer DEFAULT 10000, assignee_is_active boolean DEFAULT NULL::boolean, paused boolean DEFAULT NULL::boolean, kind text DEFAULT NULL::text, team_id text DEFAULT NULL::text, labels text[] DEFAULT NULL::text[], attributes jsonb DEFAULT NULL::jsonb) RETURNS bigint
    LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT least(pg_catalog.sum(s.n), $11)::bigint FROM taskq_queue_count_each($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) s(n);
END;
COMMENT ON FUNCTION taskq_queue_count(status taskq_status[], priority taskq_priority[], assignee_id text, user_id text, unassigned boolean, source text, due_from date, due_to date, sla_status taskq_sla_status[], search text, cap integer, assignee_is_active boolean, paused boolean, kind text, team_id text, labels text[], attributes jsonb) IS
'taskq''s, over the slots. How many tasks the same filters of taskq_queue_page() match, counted up to cap (at least 1; NULL = no cap). Errors: 22023 as there; cap out of bounds.';

-- taskq_queue_page
CREATE FUNCTION taskq_queue_page_at(slots integer[], status taskq_status[], priority taskq_priority[], assignee_id text, user_id text, unassigned boolean, source text, due_from date, due_to date, sla_status taskq_sla_status[], search text, sort text, page_size integer, after text, assignee_is_active boolean, paused boolean, kind text, team_id text, labels text[], attributes jsonb) RETURNS SETOF taskq_queue_row
    LANGUAGE plproxy
AS $$ CLUSTER @extschema@.taskq_router_reads(); RUN ON unnest(slots); SELECT * FROM @taskq@.taskq_queue_page($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20); $$;
CREATE FUNCTION taskq_queue_page(status taskq_status[] DEFAULT '{OPEN}'::taskq_status[], priority taskq_priority[] DEFAULT NULL::taskq_priority[], assignee_id text DEFAULT NULL::text, user_id text DEFAULT NULL::text, unassigned boolean DEFAULT false, source text DEFAULT NULL::text, due_from date DEFAULT NULL::date, due_to date DEFAULT NULL::date, sla_status taskq_sla_status[] DEFAULT NULL::taskq_sla_status[], search text DEFAULT NULL::text, sort text DEFAULT NULL::text, page_size integer DEFAULT 50, after text DEFAULT NULL::text, assignee_is_active boolean DEFAULT NULL::boolean, paused boolean DEFAULT NULL::boolean, kind text DEFAULT NULL::text, team_id text DEFAULT NULL::text, labels text[] DEFAULT NULL::text[], attributes jsonb DEFAULT NULL::jsonb) RETURNS SETOF taskq_queue_row
    LANGUAGE c STABLE
    AS 'MODULE_PATHNAME', 'taskq_router_page';
COMMENT ON FUNCTION taskq_queue_page(status taskq_status[], priority taskq_priority[], assignee_id text, user_id text, unassigned boolean, source text, due_from date, due_to date, sla_status taskq_sla_status[], search text, sort text, page_size integer, after text, assignee_is_active boolean, paused boolean, kind text, team_id text, labels text[], attributes jsonb) IS
'taskq''s, over the slots. One page of the queue, exact at this instant. Filters: effective status, priority, SLA status (arrays: NULL = all, ''{}'' = none), assignee_id, user_id, unassigned, source, due_from and due_to (inclusive), search (up to 16 words, each of which is part of the title, of the description or of the customer''s name, or is the id of the task, its public id or the id of the customer, as it is, in lower or in upper case; letters are compared as taskq_fold() makes them, and no character is a wildcard; without a word: all), assignee_is_active (true, false: tasks whose assignee is active, inactive; neither finds those that nobody has), paused (true, false: tasks that are paused, that are not), kind, team_id, labels (tasks that have all of them), attributes (a JSON object; tasks whose attributes contain it, as @> does; no filter for either: NULL, ''{}''). sort: due (due date, none last; priority; id), priority (priority; due date; id), created (newest first, by id), sla (deadline, none last; id), closed (completed or cancelled last first, active ones behind; newest first); NULL = closed if status has only COMPLETED or CANCELLED, else due. page_size: 1 to 1000 rows. after: cursor of the last row seen, under the same sort; it is a position, so nothing is skipped when that row moves. Errors: 22023 naming the argument: unknown sort, page_size out of bounds, a cursor that is none or of another sort, a NULL array element, assignee_id together with unassigned, a search of more than 16 words.';

-- taskq_reapply_grants
CREATE FUNCTION taskq_reapply_grants_at(slot integer) RETURNS void
    LANGUAGE plproxy
AS $$ CLUSTER 'taskq_slots'; RUN ON slot; SELECT @taskq@.taskq_reapply_grants(); $$;
CREATE FUNCTION taskq_reapply_grants_in(slot integer) RETURNS void
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'taskq_router_call';
CREATE FUNCTION taskq_reapply_grants() RETURNS void
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM @taskq@.taskq_reapply_grants();
    PERFORM @extschema@.taskq_router_grant(g.role_name) FROM @taskq@.taskq_role_grant g;
    FOR i IN 0 .. @extschema@.taskq_router_slots() - 1 LOOP
        PERFORM @extschema@.taskq_reapply_grants_in(i);
    END LOOP;
END
$$;
COMMENT ON FUNCTION taskq_reapply_grants() IS
'taskq''s, over the slots. Takes everything of taskq from PUBLIC, except to execute what CHECKs call, and gives each role in taskq_role_grant, also one that was renamed, its level again. Update scripts end with it; so can a DBA who changed privileges by hand.';

-- taskq_renewal_cancel
CREATE FUNCTION taskq_renewal_cancel_at(slot integer, id bigint, reason text, actor text) RETURNS text
    LANGUAGE plproxy
AS $$ CLUSTER 'taskq_slots'; RUN ON slot; SELECT @taskq@.taskq_renewal_cancel($2, $3, $4)::text; $$;
CREATE FUNCTION taskq_renewal_cancel(id bigint, reason text DEFAULT NULL::text, actor text DEFAULT NULL::text) RETURNS taskq_renewal
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'taskq_router_call';
COMMENT ON FUNCTION taskq_renewal_cancel(id bigint, reason text, actor text) IS
'taskq''s, over the slots. Cancels a renewal and its open tasks; returns its row. reason: for the history of the tasks, at most 65,536 characters. Errors: P0002 no such renewal or NULL id; 23514 constraint taskq_renewal_lifecycle: already completed or cancelled.';

-- taskq_renewal_complete
CREATE FUNCTION taskq_renewal_complete_at(slot integer, id bigint, next_due_date date, actor text) RETURNS bigint
    LANGUAGE plproxy
AS $$ CLUSTER 'taskq_slots'; RUN ON slot; SELECT @taskq@.taskq_renewal_complete($2, $3, $4); $$;
CREATE FUNCTION taskq_renewal_complete(id bigint, next_due_date date DEFAULT NULL::date, actor text DEFAULT NULL::text) RETURNS bigint
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'taskq_router_call';
COMMENT ON FUNCTION taskq_renewal_complete(id bigint, next_due_date date, actor text) IS
'taskq''s, over the slots. Completes a renewal, and with it the open tasks that somebody has started; others are cancelled. With next_due_date, which must be after the due date, opens the next cycle: a new renewal of the same customer, service type, assignee, reference, notes, every and anchor_on, as by taskq_renewal_create(); returns its id, else NULL. If the next cycle has been entered already and has no every, it gets every and anchor_on, and is otherwise left as it is. Without next_due_date a renewal with every is due next on the first date after its due date that is a multiple of every after anchor_on (or its due date, if that is NULL), unless that is after 9999-12-31. Errors: P0002 no such renewal or NULL id; 23514 constraint taskq_renewal_lifecycle: already completed or cancelled; 22023 next_due_date out of bounds; 23503 a next cycle for an inactive customer: cancel the renewal, or set every to NULL.';

-- taskq_renewal_create
CREATE FUNCTION taskq_renewal_create_at(slot integer, user_id text, service_type text, due_date date, assignee_id text, reference text, notes text, every interval, actor text) RETURNS bigint
    LANGUAGE plproxy
AS $$ CLUSTER 'taskq_slots'; RUN ON slot; SELECT @taskq@.taskq_renewal_create($2, $3, $4, $5, $6, $7, $8, $9); $$;
CREATE FUNCTION taskq_renewal_create(user_id text, service_type text, due_date date, assignee_id text DEFAULT NULL::text, reference text DEFAULT NULL::text, notes text DEFAULT NULL::text, every interval DEFAULT NULL::interval, actor text DEFAULT NULL::text) RETURNS bigint
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'taskq_router_call';
COMMENT ON FUNCTION taskq_renewal_create(user_id text, service_type text, due_date date, assignee_id text, reference text, notes text, every interval, actor text) IS
'taskq''s, over the slots. Creates a renewal and returns its id. If there is one already with the same customer, service type, reference (NULL is one too) and due date that is neither completed nor cancelled, returns that one''s id and changes nothing. Thresholds that it has passed already are recorded by the next refresh, of which only the tightest acts, and the tightest of those that make a task. Arguments: as the columns of taskq_renewal; assignee_id NULL = the customer''s agent; every NULL = it does not recur. Errors: 23503 unknown or inactive customer or one that was merged into another (HINT names that), unknown or inactive staff; 22023 naming the argument: service_type not 1 to 100 characters, due_date NULL or not 0001-01-01 to 9999-12-31, reference over 255, notes over 65,536 characters, every out of bounds; 42501 there is one already and row security hides it.';

-- taskq_renewals_refresh
CREATE FUNCTION taskq_renewals_refresh_at(slots integer[], dry_run boolean, OUT renewal_id bigint, OUT user_id text, OUT service_type text, OUT due_date date, OUT days_before integer, OUT outcome text, OUT task_id bigint) RETURNS SETOF record
    LANGUAGE plproxy
AS $$ CLUSTER 'taskq_slots'; RUN ON unnest(slots); SELECT * FROM @taskq@.taskq_renewals_refresh($2); $$;
CREATE FUNCTION taskq_renewals_refresh_each(dry_run boolean, OUT renewal_id bigint, OUT user_id text, OUT service_type text, OUT due_date date, OUT days_before integer, OUT outcome text, OUT task_id bigint) RETURNS SETOF record
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'taskq_router_each';
CREATE FUNCTION taskq_renewals_refresh(dry_run boolean DEFAULT false, OUT renewal_id bigint, OUT user_id text, OUT service_type text, OUT due_date date, OUT days_before integer, OUT outcome text, OUT task_id bigint) RETURNS SETOF record
    LANGUAGE sql VOLATILE
BEGIN ATOMIC
    SELECT s.* FROM taskq_renewals_refresh_each($1) s;
END;
COMMENT ON FUNCTION taskq_renewals_refresh(dry_run boolean, OUT renewal_id bigint, OUT user_id text, OUT service_type text, OUT due_date date, OUT days_before integer, OUT outcome text, OUT task_id bigint) IS
'taskq''s, over the slots. Brings the ladders of all renewals up to today and returns the thresholds that were crossed, or acted only now, as in taskq_renewal_crossing. Each is crossed once for a renewal and due date, from however many sessions this is called; renewals locked by others are passed over, and those that row security hides from the caller. With dry_run it is done and taken back, and task_id is NULL where a task would be created. The sweep does the same by itself.';

-- taskq_reschedule
CREATE FUNCTION taskq_reschedule_at(slot integer, id bigint, due_date date, if_unchanged_since timestamp with time zone, actor text) RETURNS text
    LANGUAGE plproxy
AS $$ CLUSTER 'taskq_slots'; RUN ON slot; SELECT @taskq@.taskq_reschedule($2, $3, $4, $5)::text; $$;
CREATE FUNCTION taskq_reschedule(id bigint, due_date date, if_unchanged_since timestamp with time zone DEFAULT NULL::timestamp with time zone, actor text DEFAULT NULL::text) RETURNS taskq_task
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'taskq_router_call';
COMMENT ON FUNCTION taskq_reschedule(id bigint, due_date date, if_unchanged_since timestamp with time zone, actor text) IS
'taskq''s, over the slots. Moves the due date of an active task; NULL removes it. The status follows: OVERDUE if the date has passed, else IN_PROGRESS or OPEN. The SLA deadline stays. Same date: nothing is recorded. Returns the row of taskq_task. With if_unchanged_since only if that is the task''s updated_at, as the caller read it. Errors: P0002 no such task or NULL id, 22023 date outside 0001-01-01 to 9999-12-31, 23514 if terminal, 55000 updated_at is another: DETAIL says who changed what, 22023 if_unchanged_since is infinite.';

-- taskq_reschedule_many
CREATE FUNCTION taskq_reschedule_many_at(slots integer[], ids bigint[], due_date date, actor text) RETURNS SETOF taskq_task
    LANGUAGE plproxy
AS $$ CLUSTER 'taskq_slots'; RUN ON unnest(slots); SELECT * FROM @taskq@.taskq_reschedule_many($2, $3, $4); $$;
CREATE FUNCTION taskq_reschedule_many(ids bigint[], due_date date, actor text DEFAULT NULL::text) RETURNS SETOF taskq_task
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'taskq_router_call';
COMMENT ON FUNCTION taskq_reschedule_many(ids bigint[], due_date date, actor text) IS
'taskq''s, over the slots. taskq_reschedule without if_unchanged_since for many tasks: one statement, all or nothing; the rows come back in order of id, duplicates collapsed. Errors: 22023 ids is NULL or has a NULL element; P0002 naming an id that is no task; else as taskq_reschedule.';

-- taskq_resume
CREATE FUNCTION taskq_resume_at(slot integer, id bigint, note text, if_unchanged_since timestamp with time zone, actor text) RETURNS text
    LANGUAGE plproxy
AS $$ CLUSTER 'taskq_slots'; RUN ON slot; SELECT @taskq@.taskq_resume($2, $3, $4, $5)::text; $$;
CREATE FUNCTION taskq_resume(id bigint, note text DEFAULT NULL::text, if_unchanged_since timestamp with time zone DEFAULT NULL::timestamp with time zone, actor text DEFAULT NULL::text) RETURNS taskq_task
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'taskq_router_call';
COMMENT ON FUNCTION taskq_resume(id bigint, note text, if_unchanged_since timestamp with time zone, actor text) IS
'taskq''s, over the slots. Ends the pause of an active task: the deadlines follow from what is left of the SLA''s time. Argument note (at most 65,536 characters) goes into the history, the pause into taskq_task_pause. Not paused, as a closed task never is: nothing is recorded. Returns the row of taskq_task. With if_unchanged_since only if that is the task''s updated_at, as the caller read it. Errors: P0002 no such task or NULL id, 22023 note too long, blank or with bidirectional controls, 55000 updated_at is another: DETAIL says who changed what, 22023 if_unchanged_since is infinite.';

-- taskq_resume_many
CREATE FUNCTION taskq_resume_many_at(slots integer[], ids bigint[], note text, actor text) RETURNS SETOF taskq_task
    LANGUAGE plproxy
AS $$ CLUSTER 'taskq_slots'; RUN ON unnest(slots); SELECT * FROM @taskq@.taskq_resume_many($2, $3, $4); $$;
CREATE FUNCTION taskq_resume_many(ids bigint[], note text DEFAULT NULL::text, actor text DEFAULT NULL::text) RETURNS SETOF taskq_task
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'taskq_router_call';
COMMENT ON FUNCTION taskq_resume_many(ids bigint[], note text, actor text) IS
'taskq''s, over the slots. taskq_resume without if_unchanged_since for many tasks: one statement, all or nothing; the rows come back in order of id, duplicates collapsed. Errors: 22023 ids is NULL or has a NULL element; P0002 naming an id that is no task; else as taskq_resume.';

-- taskq_revoke
CREATE FUNCTION taskq_revoke_at(slot integer, role name) RETURNS void
    LANGUAGE plproxy
AS $$ CLUSTER 'taskq_slots'; RUN ON slot; SELECT @taskq@.taskq_revoke($2); $$;
CREATE FUNCTION taskq_revoke_in(slot integer, role name) RETURNS void
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'taskq_router_call';
CREATE FUNCTION taskq_revoke(role name) RETURNS void
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM @taskq@.taskq_revoke($1);
    PERFORM @extschema@.taskq_router_revoke($1);
    FOR i IN 0 .. @extschema@.taskq_router_slots() - 1 LOOP
        PERFORM @extschema@.taskq_revoke_in(i, $1);
    END LOOP;
END
$$;
COMMENT ON FUNCTION taskq_revoke(role name) IS
'taskq''s, over the slots. Takes back everything that a role has been granted on taskq''s objects, USAGE of the schema included unless the role has something else in it; forgets a role that has been dropped. For the owner of taskq_task and superusers (else 42501). Errors: 42704 no such role, and none that is remembered.';

-- taskq_schedule_dates
CREATE FUNCTION taskq_schedule_dates_at(slots integer[], name text, count integer, OUT date date, OUT due_date date, OUT created_on date) RETURNS SETOF record
    LANGUAGE plproxy
AS $$ CLUSTER @extschema@.taskq_router_reads(); RUN ON unnest(slots); SELECT * FROM @taskq@.taskq_schedule_dates($2, $3); $$;
CREATE FUNCTION taskq_schedule_dates_each(name text, count integer, OUT date date, OUT due_date date, OUT created_on date) RETURNS SETOF record
    LANGUAGE c STABLE
    AS 'MODULE_PATHNAME', 'taskq_router_each';
CREATE FUNCTION taskq_schedule_dates(name text, count integer DEFAULT 12, OUT date date, OUT due_date date, OUT created_on date) RETURNS SETOF record
    LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT s.* FROM taskq_schedule_dates_each($1, $2) s ORDER BY s.date;
END;
COMMENT ON FUNCTION taskq_schedule_dates(name text, count integer, OUT date date, OUT due_date date, OUT created_on date) IS
'taskq''s, over the slots. The next dates of a schedule that have not been dealt with, at most count (1 to 1000), also if it is disabled. date: as counted from starts_on. due_date: the same, moved to a business day if the schedule says so. created_on: the day on which the sweep creates the task; of those whose day has come it creates the latest only. Errors: P0002 no such schedule, or NULL; 22023 count out of bounds; 22008 a calendar that does not open for ten years.';

-- taskq_set_sla
CREATE FUNCTION taskq_set_sla_at(slot integer, id bigint, sla_hours double precision, note text, if_unchanged_since timestamp with time zone, actor text) RETURNS text
    LANGUAGE plproxy
AS $$ CLUSTER 'taskq_slots'; RUN ON slot; SELECT @taskq@.taskq_set_sla($2, $3, $4, $5, $6)::text; $$;
CREATE FUNCTION taskq_set_sla(id bigint, sla_hours double precision, note text DEFAULT NULL::text, if_unchanged_since timestamp with time zone DEFAULT NULL::timestamp with time zone, actor text DEFAULT NULL::text) RETURNS taskq_task
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'taskq_router_call';
COMMENT ON FUNCTION taskq_set_sla(id bigint, sla_hours double precision, note text, if_unchanged_since timestamp with time zone, actor text) IS
'taskq''s, over the slots. Sets the SLA of an active task in hours from its creation (at least a millisecond (1/3600000), at most 87600); NULL removes it. Argument note (at most 65,536 characters) goes into the history. A breach of the new deadline is recorded anew; that there was one before stays in sla_first_breached_at. A policy holds no longer. Same hours and no policy: nothing is recorded, the note neither. Returns the row of taskq_task. With if_unchanged_since only if that is the task''s updated_at, as the caller read it. Errors: P0002 no such task or NULL id, 22023 hours out of bounds or note too long, blank or with bidirectional controls, 23514 if terminal, 55000 updated_at is another: DETAIL says who changed what, 22023 if_unchanged_since is infinite.';

-- taskq_set_sla_many
CREATE FUNCTION taskq_set_sla_many_at(slots integer[], ids bigint[], sla_hours double precision, note text, actor text) RETURNS SETOF taskq_task
    LANGUAGE plproxy
AS $$ CLUSTER 'taskq_slots'; RUN ON unnest(slots); SELECT * FROM @taskq@.taskq_set_sla_many($2, $3, $4, $5); $$;
CREATE FUNCTION taskq_set_sla_many(ids bigint[], sla_hours double precision, note text DEFAULT NULL::text, actor text DEFAULT NULL::text) RETURNS SETOF taskq_task
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'taskq_router_call';
COMMENT ON FUNCTION taskq_set_sla_many(ids bigint[], sla_hours double precision, note text, actor text) IS
'taskq''s, over the slots. taskq_set_sla without if_unchanged_since for many tasks: one statement, all or nothing; the rows come back in order of id, duplicates collapsed. Errors: 22023 ids is NULL or has a NULL element; P0002 naming an id that is no task; else as taskq_set_sla.';

-- taskq_sla_clocks_of
CREATE FUNCTION taskq_sla_clocks_of_at(slots integer[], id bigint, OUT clock text, OUT state text, OUT started timestamp with time zone, OUT due_at timestamp with time zone, OUT hours double precision, OUT hours_used double precision, OUT hours_left double precision, OUT percent double precision, OUT next_opening timestamp with time zone) RETURNS SETOF record
    LANGUAGE plproxy
AS $$ CLUSTER @extschema@.taskq_router_reads(); RUN ON unnest(slots); SELECT * FROM @taskq@.taskq_sla_clocks_of($2); $$;
CREATE FUNCTION taskq_sla_clocks_of(id bigint, OUT clock text, OUT state text, OUT started timestamp with time zone, OUT due_at timestamp with time zone, OUT hours double precision, OUT hours_used double precision, OUT hours_left double precision, OUT percent double precision, OUT next_opening timestamp with time zone) RETURNS SETOF record
    LANGUAGE c STABLE
    AS 'MODULE_PATHNAME', 'taskq_router_call';
COMMENT ON FUNCTION taskq_sla_clocks_of(id bigint, OUT clock text, OUT state text, OUT started timestamp with time zone, OUT due_at timestamp with time zone, OUT hours double precision, OUT hours_used double precision, OUT hours_left double precision, OUT percent double precision, OUT next_opening timestamp with time zone) IS
'taskq''s, over the slots. The clocks that a task has, as in taskq_sla_clocks, which is to be read instead. No rows if there is no such task.';

-- taskq_sla_explain
CREATE FUNCTION taskq_sla_explain_at(slots integer[], id bigint, clock text, OUT begins timestamp with time zone, OUT ends timestamp with time zone, OUT what text, OUT label text, OUT hours double precision, OUT hours_so_far double precision) RETURNS SETOF record
    LANGUAGE plproxy
AS $$ CLUSTER @extschema@.taskq_router_reads(); RUN ON unnest(slots); SELECT * FROM @taskq@.taskq_sla_explain($2, $3); $$;
CREATE FUNCTION taskq_sla_explain(id bigint, clock text DEFAULT 'resolution'::text, OUT begins timestamp with time zone, OUT ends timestamp with time zone, OUT what text, OUT label text, OUT hours double precision, OUT hours_so_far double precision) RETURNS SETOF record
    LANGUAGE c STABLE
    AS 'MODULE_PATHNAME', 'taskq_router_call';
COMMENT ON FUNCTION taskq_sla_explain(id bigint, clock text, OUT begins timestamp with time zone, OUT ends timestamp with time zone, OUT what text, OUT label text, OUT hours double precision, OUT hours_so_far double precision) IS
'taskq''s, over the slots. Why a deadline is what it is: the time line of a clock of a task, resolution or response, from sla_from or created_at to its deadline, in order and without gaps. what: open (the clock runs; label = the holiday, on one with hours of its own), closed (by the week), holiday (closed; label = its name), paused (label = the reason). hours: open hours of the row that count; hours_so_far: their sum, which is the target at the deadline. A last row, late, goes from a deadline that was missed to when the clock stopped, or to now; its hours are those open, less pauses. While the task is paused before its deadline, the time line ends now. Without a calendar all time is open. If the task is closed and its deadline does not follow from its calendar any more, what is stored makes one open row, whose label says so, and a late one, whose hours are NULL if none were stored. While edits of a calendar have not reached a task, its deadline is what it will be; if it never will, the time line ends now. No rows if the task has no such clock. Errors: P0002 no such task, 22023 unknown clock.';

-- taskq_sla_moves
CREATE FUNCTION taskq_sla_moves_at(slots integer[], calendar text, OUT task_id bigint, OUT clock text, OUT due_at timestamp with time zone, OUT new_due_at timestamp with time zone) RETURNS SETOF record
    LANGUAGE plproxy
AS $$ CLUSTER @extschema@.taskq_router_reads(); RUN ON unnest(slots); SELECT * FROM @taskq@.taskq_sla_moves($2); $$;
CREATE FUNCTION taskq_sla_moves_each(calendar text, OUT task_id bigint, OUT clock text, OUT due_at timestamp with time zone, OUT new_due_at timestamp with time zone) RETURNS SETOF record
    LANGUAGE c STABLE
    AS 'MODULE_PATHNAME', 'taskq_router_each';
CREATE FUNCTION taskq_sla_moves(calendar text, OUT task_id bigint, OUT clock text, OUT due_at timestamp with time zone, OUT new_due_at timestamp with time zone) RETURNS SETOF record
    LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT s.* FROM taskq_sla_moves_each($1) s ORDER BY s.new_due_at, s.task_id, s.clock;
END;
COMMENT ON FUNCTION taskq_sla_moves(calendar text, OUT task_id bigint, OUT clock text, OUT due_at timestamp with time zone, OUT new_due_at timestamp with time zone) IS
'taskq''s, over the slots. Which stored deadlines of active tasks differ from what a calendar as it is now, edits of this transaction included, gives them: BEGIN; edit it; look; COMMIT or ROLLBACK. The sweep moves them after the commit. clock: response (also of tasks that have been started) or resolution. due_at: as stored; new_due_at: infinity for what has no date while the task is paused, NULL for what the calendar never reaches: such a task keeps the deadline that it has. Ordered by new_due_at, task_id. Errors: 22023 unknown calendar.';

-- taskq_sla_report
CREATE FUNCTION taskq_sla_report(since timestamp with time zone, until timestamp with time zone, group_by text DEFAULT 'none'::text, OUT group_key text, OUT tasks integer, OUT met integer, OUT breached integer, OUT compliance double precision, OUT p50_hours double precision, OUT p90_hours double precision, OUT response_tasks integer, OUT response_met integer, OUT response_breached integer, OUT response_compliance double precision, OUT business_p50_hours double precision, OUT business_p90_hours double precision) RETURNS SETOF record
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    WITH part AS MATERIALIZED (SELECT p.* FROM @extschema@.taskq_sla_report_parts_each($1, $2, $3) p),
    hour AS (SELECT p.group_key, pg_catalog.percentile_cont('{0.5,0.9}'::float8[]) WITHIN GROUP (ORDER BY h.h) AS q
             FROM part p CROSS JOIN LATERAL pg_catalog.unnest(p.hours) h(h) GROUP BY p.group_key),
    business AS (SELECT p.group_key, pg_catalog.percentile_cont('{0.5,0.9}'::float8[]) WITHIN GROUP (ORDER BY h.h) AS q
                 FROM part p CROSS JOIN LATERAL pg_catalog.unnest(p.business_hours) h(h) GROUP BY p.group_key),
    total AS (SELECT p.group_key, pg_catalog.sum(p.tasks) AS tasks, pg_catalog.sum(p.met) AS met, pg_catalog.sum(p.breached) AS breached,
                     pg_catalog.sum(p.response_tasks) AS response_tasks, pg_catalog.sum(p.response_met) AS response_met,
                     pg_catalog.sum(p.response_breached) AS response_breached
              FROM part p GROUP BY p.group_key)
    SELECT t.group_key, t.tasks::integer, t.met::integer, t.breached::integer, t.met::float8 / nullif(t.met + t.breached, 0),
           h.q[1], h.q[2],
           t.response_tasks::integer, t.response_met::integer, t.response_breached::integer,
           t.response_met::float8 / nullif(t.response_met + t.response_breached, 0),
           b.q[1], b.q[2]
    FROM total t
    LEFT JOIN hour h ON h.group_key IS NOT DISTINCT FROM t.group_key
    LEFT JOIN business b ON b.group_key IS NOT DISTINCT FROM t.group_key
    ORDER BY CASE WHEN $3 = 'priority' THEN t.group_key::@taskq@.taskq_priority END DESC, t.group_key;
END
$$;
COMMENT ON FUNCTION taskq_sla_report(since timestamp with time zone, until timestamp with time zone, group_by text, OUT group_key text, OUT tasks integer, OUT met integer, OUT breached integer, OUT compliance double precision, OUT p50_hours double precision, OUT p90_hours double precision, OUT response_tasks integer, OUT response_met integer, OUT response_breached integer, OUT response_compliance double precision, OUT business_p50_hours double precision, OUT business_p90_hours double precision) IS
'taskq''s, over the slots. SLA compliance of the tasks whose deadline lies in [since, until). A task whose deadline was moved out after a breach, or removed, counts at its first breach (sla_first_breached_at) instead. group_by: none (one row, group_key NULL), assignee (group_key = staff id, NULL = unassigned), team (NULL = none), priority, kind (NULL = none), day (of that instant, in taskq.timezone), or week (its Monday; weeks as in ISO 8601). tasks: all of them; breached: those that ever were, by sla_status at this instant or sla_first_breached_at; met: by sla_status, the others; compliance = met / (met + breached), NULL without any; p50_hours, p90_hours: hours from creation to completion of the completed ones, interpolated. business_p50_hours, business_p90_hours: the same on the SLA''s clock, open hours less pauses as stored when the task was completed, of those that have an SLA calendar or pauses; of others, hours from sla_from or created_at. response_tasks, response_met, response_breached, response_compliance: the same numbers of the tasks whose response_due_at lies in [since, until), which may be others; they count in the day or week of that instant. Errors: 22023 unknown group_by, a NULL bound, since after until.';

-- taskq_sla_report_parts
CREATE FUNCTION taskq_sla_report_parts_at(slots integer[], since timestamp with time zone, until timestamp with time zone, group_by text, OUT group_key text, OUT tasks integer, OUT met integer, OUT breached integer, OUT hours double precision[], OUT response_tasks integer, OUT response_met integer, OUT response_breached integer, OUT business_hours double precision[]) RETURNS SETOF record
    LANGUAGE plproxy
AS $$ CLUSTER @extschema@.taskq_router_reads(); RUN ON unnest(slots); SELECT * FROM @taskq@.taskq_sla_report_parts($2, $3, $4); $$;
CREATE FUNCTION taskq_sla_report_parts_each(since timestamp with time zone, until timestamp with time zone, group_by text, OUT group_key text, OUT tasks integer, OUT met integer, OUT breached integer, OUT hours double precision[], OUT response_tasks integer, OUT response_met integer, OUT response_breached integer, OUT business_hours double precision[]) RETURNS SETOF record
    LANGUAGE c STABLE
    AS 'MODULE_PATHNAME', 'taskq_router_each';
CREATE FUNCTION taskq_sla_report_parts(since timestamp with time zone, until timestamp with time zone, group_by text DEFAULT 'none'::text, OUT group_key text, OUT tasks integer, OUT met integer, OUT breached integer, OUT hours double precision[], OUT response_tasks integer, OUT response_met integer, OUT response_breached integer, OUT business_hours double precision[]) RETURNS SETOF record
    LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT s.* FROM taskq_sla_report_parts_each($1, $2, $3) s;
END;
COMMENT ON FUNCTION taskq_sla_report_parts(since timestamp with time zone, until timestamp with time zone, group_by text, OUT group_key text, OUT tasks integer, OUT met integer, OUT breached integer, OUT hours double precision[], OUT response_tasks integer, OUT response_met integer, OUT response_breached integer, OUT business_hours double precision[]) IS
'taskq''s, over the slots. The numbers behind taskq_sla_report(), so that those of several databases can be put together: add the numbers, join the arrays. Arguments, groups and errors as there. compliance = met / (met + breached); hours, business_hours: the hours of each task that p50_hours and business_p50_hours are percentiles of (percentile_cont), in no order, {} without any.';

-- taskq_start
CREATE FUNCTION taskq_start_at(slot integer, id bigint, if_unchanged_since timestamp with time zone, actor text) RETURNS text
    LANGUAGE plproxy
AS $$ CLUSTER 'taskq_slots'; RUN ON slot; SELECT @taskq@.taskq_start($2, $3, $4)::text; $$;
CREATE FUNCTION taskq_start(id bigint, if_unchanged_since timestamp with time zone DEFAULT NULL::timestamp with time zone, actor text DEFAULT NULL::text) RETURNS taskq_task
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'taskq_router_call';
COMMENT ON FUNCTION taskq_start(id bigint, if_unchanged_since timestamp with time zone, actor text) IS
'taskq''s, over the slots. Begins work: OPEN becomes IN_PROGRESS; an OVERDUE task stays OVERDUE and gets started_at. Already started: nothing is recorded. Returns the row of taskq_task. With if_unchanged_since only if that is the task''s updated_at, as the caller read it. Errors: P0002 no such task or NULL id, 23514 if terminal, 55000 updated_at is another: DETAIL says who changed what, 22023 if_unchanged_since is infinite.';

-- taskq_start_many
CREATE FUNCTION taskq_start_many_at(slots integer[], ids bigint[], actor text) RETURNS SETOF taskq_task
    LANGUAGE plproxy
AS $$ CLUSTER 'taskq_slots'; RUN ON unnest(slots); SELECT * FROM @taskq@.taskq_start_many($2, $3); $$;
CREATE FUNCTION taskq_start_many(ids bigint[], actor text DEFAULT NULL::text) RETURNS SETOF taskq_task
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'taskq_router_call';
COMMENT ON FUNCTION taskq_start_many(ids bigint[], actor text) IS
'taskq''s, over the slots. taskq_start without if_unchanged_since for many tasks: one statement, all or nothing; the rows come back in order of id, duplicates collapsed. Errors: 22023 ids is NULL or has a NULL element; P0002 naming an id that is no task; else as taskq_start.';

-- taskq_stats
CREATE FUNCTION taskq_stats_at(slots integer[], assignee_id text, user_id text, team_id text, OUT open integer, OUT in_progress integer, OUT overdue integer, OUT due_today integer, OUT unassigned integer, OUT completed_today integer, OUT sla_at_risk integer, OUT sla_breached integer, OUT paused integer, OUT response_breached integer) RETURNS SETOF record
    LANGUAGE plproxy
AS $$ CLUSTER @extschema@.taskq_router_reads(); RUN ON unnest(slots); SELECT * FROM @taskq@.taskq_stats($2, $3, $4); $$;
CREATE FUNCTION taskq_stats_each(assignee_id text, user_id text, team_id text, OUT open integer, OUT in_progress integer, OUT overdue integer, OUT due_today integer, OUT unassigned integer, OUT completed_today integer, OUT sla_at_risk integer, OUT sla_breached integer, OUT paused integer, OUT response_breached integer) RETURNS SETOF record
    LANGUAGE c STABLE
    AS 'MODULE_PATHNAME', 'taskq_router_each';
CREATE FUNCTION taskq_stats(assignee_id text DEFAULT NULL::text, user_id text DEFAULT NULL::text, team_id text DEFAULT NULL::text, OUT open integer, OUT in_progress integer, OUT overdue integer, OUT due_today integer, OUT unassigned integer, OUT completed_today integer, OUT sla_at_risk integer, OUT sla_breached integer, OUT paused integer, OUT response_breached integer) RETURNS record
    LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT pg_catalog.sum(s.open)::integer, pg_catalog.sum(s.in_progress)::integer, pg_catalog.sum(s.overdue)::integer, pg_catalog.sum(s.due_today)::integer, pg_catalog.sum(s.unassigned)::integer, pg_catalog.sum(s.completed_today)::integer, pg_catalog.sum(s.sla_at_risk)::integer, pg_catalog.sum(s.sla_breached)::integer, pg_catalog.sum(s.paused)::integer, pg_catalog.sum(s.response_breached)::integer FROM taskq_stats_each($1, $2, $3) s;
END;
COMMENT ON FUNCTION taskq_stats(assignee_id text, user_id text, team_id text, OUT open integer, OUT in_progress integer, OUT overdue integer, OUT due_today integer, OUT unassigned integer, OUT completed_today integer, OUT sla_at_risk integer, OUT sla_breached integer, OUT paused integer, OUT response_breached integer) IS
'taskq''s, over the slots. The stats bar: numbers of tasks at this instant, exact whether or not the sweep has run, of one assignee, customer and team if given. open, in_progress, overdue: by effective status. due_today and unassigned: among active. completed_today: since midnight in taskq.timezone, up to now. sla_at_risk, sla_breached: among active. paused: active tasks that are paused. response_breached: active tasks on which work did not begin by response_due_at.';

-- taskq_sweep
CREATE FUNCTION taskq_sweep_at(slots integer[], max_tasks integer, OUT kind text, OUT tasks integer) RETURNS SETOF record
    LANGUAGE plproxy
AS $$ CLUSTER 'taskq_slots'; RUN ON unnest(slots); SELECT * FROM @taskq@.taskq_sweep($2); $$;
CREATE FUNCTION taskq_sweep_each(max_tasks integer, OUT kind text, OUT tasks integer) RETURNS SETOF record
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'taskq_router_each';
CREATE FUNCTION taskq_sweep_in(slot integer, max_tasks integer, OUT kind text, OUT tasks integer) RETURNS SETOF record
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'taskq_router_call';
CREATE FUNCTION taskq_sweep(max_tasks integer DEFAULT NULL::integer, OUT kind text, OUT tasks integer) RETURNS SETOF record
    LANGUAGE sql VOLATILE
BEGIN ATOMIC
    SELECT s.kind, pg_catalog.sum(s.tasks)::integer FROM taskq_sweep_each($1) s GROUP BY s.kind;
END;
COMMENT ON FUNCTION taskq_sweep(max_tasks integer, OUT kind text, OUT tasks integer) IS
'taskq''s, over the slots. Brings stored statuses and SLA breaches up to this instant, in the caller''s transaction, for at most max_tasks tasks (1 to 1,000,000; NULL = taskq.sweep_batch_size). Tasks locked by others are passed over. Returns what it did by kind: overdue, recovered, sla_moved, resumed, response_breached, sla_breached, sla_at_risk, sla_warnings, purged (tasks); renewals (thresholds crossed), schedules (dates dealt with), tasks_created (for renewals and schedules and by rules); failed counts rows whose write raised an error (a WARNING tells the first). Safe from many sessions at once. Errors: 22023 max_tasks out of bounds.';

-- taskq_sweep_all
CREATE PROCEDURE taskq_sweep_all()
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    n bigint;
BEGIN
    FOR i IN 0 .. @extschema@.taskq_router_slots() - 1 LOOP
        LOOP
            SELECT pg_catalog.count(*) INTO n FROM @extschema@.taskq_sweep_in(i, NULL) s WHERE s.tasks > 0;
            EXIT WHEN n = 0;
        END LOOP;
    END LOOP;
END
$$;
COMMENT ON PROCEDURE taskq_sweep_all() IS
'taskq''s, over the slots. CALL taskq_sweep_all(): sweeps until nothing is due, committing after every taskq.sweep_batch_size tasks, and adds a row to taskq_sweep_log if it did something. Errors: 2D000 inside a transaction block.';

-- taskq_worker_wake
CREATE FUNCTION taskq_worker_wake_at(slots integer[]) RETURNS SETOF void
    LANGUAGE plproxy
AS $$ CLUSTER 'taskq_slots'; RUN ON unnest(slots); SELECT * FROM @taskq@.taskq_worker_wake(); $$;
CREATE FUNCTION taskq_worker_wake_each() RETURNS SETOF void
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'taskq_router_each';
CREATE FUNCTION taskq_worker_wake() RETURNS void
    LANGUAGE sql VOLATILE
BEGIN ATOMIC
    SELECT FROM taskq_worker_wake_each();
END;
COMMENT ON FUNCTION taskq_worker_wake() IS
'taskq''s, over the slots. Wakes the taskq launcher for this database when the current transaction commits. Does nothing where the library is not preloaded. CREATE EXTENSION calls it; it is also the way to have changed settings of a database seen at once.';

-- taskq_workload_numbers
CREATE FUNCTION taskq_workload_numbers_at(slots integer[], OUT assignee_id text, OUT open integer, OUT in_progress integer, OUT overdue integer, OUT due_today integer) RETURNS SETOF record
    LANGUAGE plproxy
AS $$ CLUSTER @extschema@.taskq_router_reads(); RUN ON unnest(slots); SELECT * FROM @taskq@.taskq_workload_numbers(); $$;
CREATE FUNCTION taskq_workload_numbers_each(OUT assignee_id text, OUT open integer, OUT in_progress integer, OUT overdue integer, OUT due_today integer) RETURNS SETOF record
    LANGUAGE c STABLE
    AS 'MODULE_PATHNAME', 'taskq_router_each';
CREATE FUNCTION taskq_workload_numbers(OUT assignee_id text, OUT open integer, OUT in_progress integer, OUT overdue integer, OUT due_today integer) RETURNS SETOF record
    LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT s.assignee_id, pg_catalog.sum(s.open)::integer, pg_catalog.sum(s.in_progress)::integer, pg_catalog.sum(s.overdue)::integer, pg_catalog.sum(s.due_today)::integer FROM taskq_workload_numbers_each() s GROUP BY s.assignee_id;
END;
COMMENT ON FUNCTION taskq_workload_numbers(OUT assignee_id text, OUT open integer, OUT in_progress integer, OUT overdue integer, OUT due_today integer) IS
'taskq''s, over the slots. The numbers of taskq_workload, for each staff member who has active tasks. Read the view instead.';

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
