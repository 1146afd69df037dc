Bodies of the functions that generate makes in PL/pgSQL, each behind its name.
Arguments are named by number: most have a column's name.

-- report
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
-- claim
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
-- create_many_json
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
-- sweep_all
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
-- check
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
-- hand_over
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
-- merge_customer
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
-- erase_customer
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
-- grant
BEGIN
    PERFORM @taskq@.taskq_grant($1, $2);
    PERFORM @extschema@.taskq_router_grant($1);
    FOR i IN 0 .. @extschema@.taskq_router_slots() - 1 LOOP
        PERFORM @extschema@.taskq_grant_in(i, $1, $2);
    END LOOP;
END
-- revoke
BEGIN
    PERFORM @taskq@.taskq_revoke($1);
    PERFORM @extschema@.taskq_router_revoke($1);
    FOR i IN 0 .. @extschema@.taskq_router_slots() - 1 LOOP
        PERFORM @extschema@.taskq_revoke_in(i, $1);
    END LOOP;
END
-- reapply_grants
BEGIN
    PERFORM @taskq@.taskq_reapply_grants();
    PERFORM @extschema@.taskq_router_grant(g.role_name) FROM @taskq@.taskq_role_grant g;
    FOR i IN 0 .. @extschema@.taskq_router_slots() - 1 LOOP
        PERFORM @extschema@.taskq_reapply_grants_in(i);
    END LOOP;
END
