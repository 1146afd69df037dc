-- Random lives of renewals against a model of a few lines: days on which
-- nobody looks, due dates that move, tasks that are closed, completions.
-- Each game is a transaction of its own, and all is deleted in the end.
SELECT plan(4);
SET jit = off;  -- it would compile the model's comparison again in each round: nine tenths of the time
SELECT setseed(0.42);
INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana');
INSERT INTO taskq_customer VALUES ('cus_1', 'Acme', 'sta_1');

-- The model.  Time is moved by moving what the past left behind.
CREATE TEMP TABLE model (renewal bigint PRIMARY KEY, due date, status text DEFAULT 'ACTIVE', task text);  -- task: priority of the open one
CREATE TEMP TABLE model_crossed (renewal bigint, due date, step int, UNIQUE (renewal, due, step));
CREATE TEMP TABLE difference (game int, what text);

CREATE FUNCTION pg_temp.model_refresh(r bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    m model; new int[]; tightest int;
BEGIN
    SELECT * INTO m FROM model WHERE renewal = r AND status IN ('ACTIVE', 'OVERDUE');
    IF NOT FOUND THEN RETURN; END IF;
    WITH n AS (
        INSERT INTO model_crossed SELECT r, m.due, s FROM unnest('{90,60,30,14,7,-1}'::int[]) s WHERE m.due - taskq_today() <= s
        ON CONFLICT DO NOTHING RETURNING step)
    SELECT array_agg(step) INTO new FROM n;
    SELECT min(s) INTO tightest FROM unnest(new) s;
    IF tightest < ALL (SELECT step FROM model_crossed WHERE renewal = r AND due = m.due AND step <> ALL (new)) THEN
        IF tightest = 14 THEN m.task := coalesce(m.task, 'HIGH'); END IF;
        IF tightest = 7 THEN m.task := 'URGENT'; END IF;
    END IF;
    IF m.due < taskq_today() THEN m.status := 'OVERDUE'; END IF;
    UPDATE model SET status = m.status, task = m.task WHERE renewal = r;
END $$;

-- For the renewals of a game, which are those from an id on.
CREATE FUNCTION pg_temp.days_pass(game bigint, n int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    SET LOCAL session_replication_role = replica;
    UPDATE taskq_renewal SET due_date = due_date - n, next_check_on = next_check_on - n WHERE id >= game AND next_check_on IS NOT NULL;
    -- In two steps, so that no row is where another still is.
    FOR pass IN 0 .. 1 LOOP
        UPDATE taskq_renewal_crossing x SET due_date = x.due_date - CASE pass WHEN 0 THEN 100000 + n ELSE -100000 END
        FROM taskq_renewal r WHERE r.id = x.renewal_id AND r.id >= game AND r.next_check_on IS NOT NULL;
        UPDATE model_crossed c SET due = c.due - CASE pass WHEN 0 THEN 100000 + n ELSE -100000 END
        FROM model m WHERE m.renewal = c.renewal AND m.renewal >= game AND m.status IN ('ACTIVE', 'OVERDUE');
    END LOOP;
    SET LOCAL session_replication_role = origin;
    UPDATE model SET due = due - n WHERE renewal >= game AND status IN ('ACTIVE', 'OVERDUE');
END $$;

CREATE FUNCTION pg_temp.play(game bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    r bigint; next bigint; new_due date; dice float := random();
BEGIN
    SELECT renewal INTO r FROM model WHERE renewal >= game AND status IN ('ACTIVE', 'OVERDUE') ORDER BY random() LIMIT 1;
    new_due := taskq_today() + (random() * 110)::int - 5;
    IF r IS NULL OR dice < 0.15 THEN
        INSERT INTO model (renewal, due) SELECT taskq_renewal_create('cus_1', 'permit', new_due), new_due;
    ELSIF dice < 0.30 THEN
        UPDATE taskq_renewal SET due_date = new_due WHERE id = r;
        UPDATE model SET due = new_due, status = CASE WHEN new_due >= taskq_today() THEN 'ACTIVE' ELSE status END
        WHERE renewal = r AND due <> new_due;
    ELSIF dice < 0.38 THEN
        PERFORM taskq_start(open_task_id), taskq_complete(open_task_id) FROM taskq_renewals WHERE id = r AND open_task_id IS NOT NULL;
        UPDATE model SET task = NULL WHERE renewal = r;
    ELSIF dice < 0.44 THEN
        next := taskq_renewal_complete(r, (SELECT due_date + 300 FROM taskq_renewal WHERE id = r));
        UPDATE model SET status = 'COMPLETED', task = NULL WHERE renewal = r;
        INSERT INTO model (renewal, due) SELECT id, due_date FROM taskq_renewal WHERE id = next;
    ELSIF dice < 0.48 THEN
        PERFORM taskq_renewal_cancel(r);
        UPDATE model SET status = 'CANCELLED', task = NULL WHERE renewal = r;
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
        FROM (SELECT r.id, r.due_date, r.status, t.priority::text AS task,
                     (SELECT array_agg(c.days_before ORDER BY c.days_before) FROM taskq_renewal_crossing c WHERE c.renewal_id = r.id AND c.due_date = r.due_date) AS steps
              FROM taskq_renewal r LEFT JOIN taskq_renewals v ON v.id = r.id AND v.id >= game LEFT JOIN taskq_task t ON t.id = v.open_task_id WHERE r.id >= game) a
        FULL JOIN (SELECT renewal, m.due, status, task,
                          (SELECT array_agg(step ORDER BY step) FROM model_crossed c WHERE c.renewal = m.renewal AND c.due = m.due) AS steps FROM model m WHERE m.renewal >= game) m
             ON m.renewal = a.id,
             LATERAL (SELECT a.due_date, m.due, a.status, m.status AS model_status, a.task, m.task AS model_task, a.steps, m.steps AS model_steps) x
        WHERE (a.due_date, a.status, a.task, a.steps) IS DISTINCT FROM (m.due, m.status, m.task, m.steps);
    END IF;
END $$;
CREATE PROCEDURE pg_temp.games(n int, rounds int) LANGUAGE plpgsql AS $$
DECLARE
    first bigint;
BEGIN
    FOR game IN 1 .. n LOOP
        SELECT coalesce(max(id), 0) + 1 INTO first FROM taskq_renewal;
        FOR round IN 1 .. rounds LOOP
            PERFORM pg_temp.play(first);
        END LOOP;
        COMMIT;
    END LOOP;
END $$;
CALL pg_temp.games(100, 30);
SELECT is_empty('SELECT * FROM difference LIMIT 5', 'in 100 games of 30 rounds the renewals are what the model says');
SELECT cmp_ok((SELECT count(*) FROM taskq_renewal_crossing), '>', 1000::bigint, 'and there was something to see');
SELECT is_empty('SELECT renewal_id FROM taskq_renewal_crossing WHERE outcome = ''task created'' GROUP BY renewal_id, due_date HAVING count(*) > 3', 'no renewal made tasks over and over');
SELECT is_empty($$SELECT r.id FROM taskq_renewal r JOIN taskq_renewal_crossing c ON c.renewal_id = r.id JOIN taskq_task t ON t.id = c.task_id
    WHERE r.status IN ('COMPLETED', 'CANCELLED') AND t.completed_at IS NULL AND t.cancelled_at IS NULL$$, 'a closed renewal has no open task');
UPDATE taskq_renewal SET status = 'CANCELLED' WHERE next_check_on IS NOT NULL;
DELETE FROM taskq_renewal;
DELETE FROM taskq_task WHERE source = 'RENEWAL';
DELETE FROM taskq_customer;
DELETE FROM taskq_staff_member;
SELECT * FROM finish();
