-- Random lives of renewals against a model of a few lines: days on which
-- nobody looks, due dates that move, tasks that are started, rescheduled and
-- closed, completions, a customer that comes and goes, renewals entered twice.
-- Each game is a transaction of its own, and all is deleted in the end.
SELECT plan(8);
SET jit = off;  -- it would compile the model's comparison again in each round: nine tenths of the time
SELECT setseed(0.42);
INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana');
INSERT INTO taskq_customer VALUES ('cus_1', 'Acme', 'sta_1');

-- The model.  Time is moved by moving what the past left behind.
CREATE TEMP TABLE model (
    renewal bigint PRIMARY KEY, due date, status text DEFAULT 'ACTIVE',
    task text,                      -- priority of the open task, if there is one
    task_no bigint,                 -- which it is
    task_due date, by_hand boolean, -- when it is due, and whether somebody said so
    started boolean,
    fits boolean,                   -- it is for this due date
    moved boolean DEFAULT false);   -- since the engine looked
CREATE TEMP TABLE model_crossed (
    renewal bigint, due date, step int,
    waiting boolean DEFAULT true,   -- its turn to act is to come
    acted boolean DEFAULT false,    -- on a task, which was not taken back
    task_no bigint, UNIQUE (renewal, due, step));
CREATE TEMP TABLE difference (game int, what text);
CREATE TEMP SEQUENCE task_no;
CREATE TEMP TABLE told (what text);

CREATE FUNCTION pg_temp.model_refresh(r bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    m model; tightest int; task_step int; due_turn boolean; active boolean;
BEGIN
    SELECT * INTO m FROM model WHERE renewal = r AND status IN ('ACTIVE', 'OVERDUE');
    IF NOT FOUND THEN RETURN; END IF;
    SELECT is_active INTO active FROM taskq_customer;
    INSERT INTO model_crossed SELECT r, m.due, s FROM unnest('{90,60,30,14,7,-1}'::int[]) s WHERE m.due - taskq_today() <= s
    ON CONFLICT DO NOTHING;
    SELECT min(step), min(step) FILTER (WHERE step IN (14, 7)) INTO tightest, task_step FROM model_crossed WHERE renewal = r AND due = m.due;
    SELECT waiting INTO due_turn FROM model_crossed WHERE renewal = r AND due = m.due AND step = tightest;
    -- Passed over are those that a tighter one was crossed with.
    UPDATE model_crossed SET waiting = false WHERE renewal = r AND due = m.due AND step NOT IN (tightest, coalesce(task_step, tightest));
    IF task_step IS NOT NULL THEN
        IF (due_turn AND tightest = task_step) OR NOT EXISTS (SELECT FROM model_crossed WHERE renewal = r AND due = m.due AND acted) OR (m.task IS NOT NULL AND NOT m.fits) THEN
            IF m.task IS NULL AND active THEN
                m.task := CASE task_step WHEN 14 THEN 'HIGH' ELSE 'URGENT' END;
                m.task_no := nextval('task_no');
                m.started := false;
                m.fits := false;
            END IF;
            IF m.task IS NOT NULL THEN
                m.task := CASE task_step WHEN 14 THEN m.task ELSE 'URGENT' END;
                IF NOT m.fits OR NOT m.by_hand THEN
                    m.task_due := CASE task_step WHEN 14 THEN m.due - 7 ELSE m.due END;
                    m.by_hand := false;
                END IF;
                m.fits := true;
                UPDATE model_crossed SET acted = true, task_no = m.task_no, waiting = false WHERE renewal = r AND due = m.due AND step = task_step;
            END IF;
        ELSE
            UPDATE model_crossed SET waiting = false WHERE renewal = r AND due = m.due AND step = task_step;
        END IF;
    ELSIF m.task IS NOT NULL AND NOT m.fits THEN
        IF NOT m.started THEN
            UPDATE model_crossed SET acted = false WHERE renewal = r AND task_no = m.task_no;
            m.task := NULL;
        ELSIF m.moved THEN
            m.task_due := m.due - 7;
            m.by_hand := false;
        END IF;
    END IF;
    UPDATE model_crossed SET waiting = false WHERE renewal = r AND due = m.due AND step = tightest AND step NOT IN (14, 7) AND active;
    IF m.due < taskq_today() THEN m.status := 'OVERDUE'; END IF;
    UPDATE model SET status = m.status, task = m.task, task_no = m.task_no, task_due = m.task_due, by_hand = m.by_hand,
        started = m.started, fits = m.fits, moved = false WHERE renewal = r;
END $$;

-- For the renewals of a game, which are those from an id on.
CREATE FUNCTION pg_temp.days_pass(game bigint, n int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    SET LOCAL session_replication_role = replica;
    -- In two steps, so that no row is where another still is.
    FOR pass IN 0 .. 1 LOOP
        UPDATE taskq_renewal SET due_date = due_date - CASE pass WHEN 0 THEN 100000 + n ELSE -100000 END WHERE id >= game AND next_check_on IS NOT NULL;
        UPDATE taskq_renewal_crossing x SET due_date = x.due_date - CASE pass WHEN 0 THEN 100000 + n ELSE -100000 END
        FROM taskq_renewal r WHERE r.id = x.renewal_id AND r.id >= game AND r.next_check_on IS NOT NULL;
        UPDATE model_crossed c SET due = c.due - CASE pass WHEN 0 THEN 100000 + n ELSE -100000 END
        FROM model m WHERE m.renewal = c.renewal AND m.renewal >= game AND m.status IN ('ACTIVE', 'OVERDUE');
    END LOOP;
    UPDATE taskq_renewal SET next_check_on = next_check_on - n WHERE id >= game AND next_check_on IS NOT NULL;
    UPDATE taskq_task t SET due_date = t.due_date - n FROM taskq_renewals r WHERE r.open_task_id = t.id AND r.id >= game;
    SET LOCAL session_replication_role = origin;
    UPDATE model SET due = due - n, task_due = task_due - n WHERE renewal >= game AND status IN ('ACTIVE', 'OVERDUE');
END $$;

-- Enters a renewal; the model knows whether it is there already.
CREATE FUNCTION pg_temp.enter(game bigint, new_due date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    there bigint; got bigint;
BEGIN
    SELECT renewal INTO there FROM model WHERE renewal >= game AND due = new_due AND status IN ('ACTIVE', 'OVERDUE');
    IF (SELECT is_active FROM taskq_customer) THEN
        got := taskq_renewal_create('cus_1', 'permit', new_due);
    ELSIF there IS NULL THEN
        INSERT INTO taskq_renewal (user_id, service_type, due_date) VALUES ('cus_1', 'permit', new_due) RETURNING id INTO got;
    ELSE
        RETURN;
    END IF;
    IF there IS NULL THEN
        INSERT INTO model (renewal, due) VALUES (got, new_due);
    ELSE
        INSERT INTO told VALUES ('entered twice');
        INSERT INTO difference SELECT game, format('entered again, renewal %s is %s', there, got) WHERE got <> there;
    END IF;
END $$;

CREATE FUNCTION pg_temp.play(game bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    one model; next bigint; new_due date; dice float := random(); active boolean;
BEGIN
    SELECT is_active INTO active FROM taskq_customer;
    SELECT * INTO one FROM model WHERE renewal >= game AND status IN ('ACTIVE', 'OVERDUE') ORDER BY random() LIMIT 1;
    new_due := taskq_today() + (random() * 110)::int - 5;
    -- Now and then one of the dates that it had before, or that another has.
    IF random() < 0.3 THEN
        SELECT coalesce((SELECT due FROM model_crossed WHERE renewal >= game AND due BETWEEN taskq_today() - 5 AND taskq_today() + 105 ORDER BY random() LIMIT 1), new_due) INTO new_due;
    END IF;
    IF one.renewal IS NULL OR dice < 0.12 THEN
        PERFORM pg_temp.enter(game, new_due);
    ELSIF dice < 0.28 THEN
        IF NOT EXISTS (SELECT FROM model WHERE renewal >= game AND due = new_due AND status IN ('ACTIVE', 'OVERDUE')) THEN
            UPDATE taskq_renewal SET due_date = new_due WHERE id = one.renewal;
            UPDATE model SET due = new_due, status = CASE WHEN new_due >= taskq_today() THEN 'ACTIVE' ELSE status END, fits = false, moved = true
            WHERE renewal = one.renewal;
        END IF;
    ELSIF dice < 0.34 THEN
        PERFORM taskq_start(open_task_id), taskq_complete(open_task_id) FROM taskq_renewals WHERE id = one.renewal AND open_task_id IS NOT NULL;
        UPDATE model SET task = NULL WHERE renewal = one.renewal;
    ELSIF dice < 0.40 THEN
        PERFORM taskq_start(open_task_id) FROM taskq_renewals WHERE id = one.renewal AND open_task_id IS NOT NULL;
        UPDATE model SET started = true WHERE renewal = one.renewal;
    ELSIF dice < 0.44 THEN
        PERFORM taskq_reschedule(open_task_id, new_due) FROM taskq_renewals WHERE id = one.renewal AND open_task_id IS NOT NULL;
        UPDATE model SET by_hand = true, task_due = new_due WHERE renewal = one.renewal AND task_due <> new_due;
    ELSIF dice < 0.49 THEN
        next := taskq_renewal_complete(one.renewal, CASE WHEN active THEN (SELECT due_date + 300 FROM taskq_renewal WHERE id = one.renewal) END);
        UPDATE model SET status = 'COMPLETED', task = NULL WHERE renewal = one.renewal;
        INSERT INTO model (renewal, due) SELECT id, due_date FROM taskq_renewal WHERE id = next ON CONFLICT DO NOTHING;
    ELSIF dice < 0.52 THEN
        PERFORM taskq_renewal_cancel(one.renewal);
        UPDATE model SET status = 'CANCELLED', task = NULL WHERE renewal = one.renewal;
    ELSIF dice < 0.57 THEN
        UPDATE taskq_customer SET is_active = NOT is_active;
    ELSE
        PERFORM pg_temp.days_pass(game, 1 + (random() * CASE WHEN random() < 0.2 THEN 40 ELSE 3 END)::int);
    END IF;
    -- Sometimes the sweep looks, sometimes somebody by hand, sometimes nobody for a while.
    dice := random();
    IF dice < 0.8 THEN
        IF dice < 0.4 THEN
            PERFORM taskq_renewals_refresh();
        ELSE
            PERFORM taskq_sweep(1000);
        END IF;
        PERFORM pg_temp.model_refresh(renewal) FROM model WHERE renewal >= game;
        INSERT INTO difference
        SELECT game, format('renewal %s: %s', coalesce(a.id, m.renewal), row_to_json(x))
        FROM (SELECT r.id, r.due_date, r.status, t.priority::text AS task, t.due_date AS task_due,
                     (SELECT array_agg(c.days_before ORDER BY c.days_before) FROM taskq_renewal_crossing c WHERE c.renewal_id = r.id AND c.due_date = r.due_date) AS steps,
                     (SELECT array_agg(c.days_before ORDER BY c.days_before) FROM taskq_renewal_crossing c WHERE c.renewal_id = r.id AND c.due_date = r.due_date AND c.outcome IN ('task created', 'task raised')) AS acted
              FROM taskq_renewal r LEFT JOIN taskq_renewals v ON v.id = r.id AND v.id >= game LEFT JOIN taskq_task t ON t.id = v.open_task_id WHERE r.id >= game) a
        FULL JOIN (SELECT renewal, m.due, status, task, CASE WHEN task IS NOT NULL THEN task_due END AS task_due,
                          (SELECT array_agg(step ORDER BY step) FROM model_crossed c WHERE c.renewal = m.renewal AND c.due = m.due) AS steps,
                          (SELECT array_agg(step ORDER BY step) FROM model_crossed c WHERE c.renewal = m.renewal AND c.due = m.due AND c.acted) AS acted FROM model m WHERE m.renewal >= game) m
             ON m.renewal = a.id,
             LATERAL (SELECT a.due_date, m.due, a.status, m.status AS model_status, a.task, m.task AS model_task, a.task_due, m.task_due AS model_task_due,
                             a.steps, m.steps AS model_steps, a.acted, m.acted AS model_acted) x
        WHERE (a.due_date, a.status, a.task, a.task_due, a.steps) IS DISTINCT FROM (m.due, m.status, m.task, m.task_due, m.steps);
    END IF;
END $$;
CREATE PROCEDURE pg_temp.games(n int, rounds int) LANGUAGE plpgsql AS $$
DECLARE
    first bigint;
BEGIN
    FOR game IN 1 .. n LOOP
        SELECT coalesce(max(id), 0) + 1 INTO first FROM taskq_renewal;
        UPDATE taskq_renewal SET status = 'CANCELLED' WHERE next_check_on IS NOT NULL;
        UPDATE model SET status = 'CANCELLED', task = NULL WHERE status IN ('ACTIVE', 'OVERDUE');
        FOR round IN 1 .. rounds LOOP
            PERFORM pg_temp.play(first);
        END LOOP;
        INSERT INTO told SELECT outcome FROM taskq_renewal_crossing WHERE renewal_id >= first;
        COMMIT;
    END LOOP;
END $$;
CALL pg_temp.games(100, 30);
SELECT is_empty('SELECT * FROM difference LIMIT 5', 'in 100 games of 30 rounds the renewals are what the model says');
SELECT cmp_ok((SELECT count(*) FROM taskq_renewal_crossing), '>', 1000::bigint, 'and there was something to see');
SELECT set_eq('SELECT DISTINCT what FROM told', $$VALUES ('entered twice'), ('recorded'), ('passed'), ('task created'), ('task raised'), ('superseded'), ('task cancelled'), ('customer inactive')$$, 'of every kind');
SELECT is_empty('SELECT task_id FROM taskq_renewal_crossing WHERE outcome = ''task created'' GROUP BY task_id HAVING count(*) > 1', 'no task was made twice');
SELECT is_empty($$SELECT r.id FROM taskq_renewal r JOIN taskq_renewal_crossing c ON c.renewal_id = r.id JOIN taskq_task t ON t.id = c.task_id
    WHERE r.status IN ('COMPLETED', 'CANCELLED') AND t.completed_at IS NULL AND t.cancelled_at IS NULL$$, 'a closed renewal has no open task');
SELECT is_empty($$SELECT t.id FROM taskq_task t JOIN taskq_task_event e ON e.task_id = t.id AND e.to_status = t.status
    WHERE e.note ~ '^due date|was completed' AND (t.status = 'COMPLETED') <> (t.started_at IS NOT NULL)$$, 'what was started is completed, the rest cancelled');
SELECT is_empty($$SELECT r.id FROM taskq_renewal r JOIN taskq_customer c ON c.id = r.user_id WHERE r.status = 'OVERDUE' AND c.is_active AND r.next_check_on = 'infinity'
    AND NOT EXISTS (SELECT FROM taskq_renewal_crossing x WHERE x.renewal_id = r.id AND x.due_date = r.due_date AND x.task_id IS NOT NULL)$$, 'nothing expires without a task');
SELECT is_empty($$SELECT user_id FROM taskq_renewal WHERE next_check_on IS NOT NULL GROUP BY user_id, service_type, reference, due_date HAVING count(*) > 1$$, 'each renewal is there once');
UPDATE taskq_renewal SET status = 'CANCELLED' WHERE next_check_on IS NOT NULL;
DELETE FROM taskq_renewal;
DELETE FROM taskq_task WHERE source = 'RENEWAL';
DELETE FROM taskq_customer;
DELETE FROM taskq_staff_member;
SELECT * FROM finish();
