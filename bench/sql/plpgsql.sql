-- The same rules as a team that knows PL/pgSQL would write them: triggers
-- that no writer escapes, a history, and functions for the application.  On the
-- tables of floor.sql, whose index expressions in C make it a little faster than
-- that team's own would be, with the CHECKs as that team would write them.

ALTER TABLE bench.task
    DROP CONSTRAINT taskq_task_is_valid,
    -- Texts can be seen, and read as they are stored: no controls, no embeddings, overrides or isolates.
    ADD CHECK (char_length(title) BETWEEN 1 AND 200 AND title ~ '\S' AND title !~ '[[:cntrl:]\u202A-\u202E\u2066-\u2069]'),
    ADD CHECK (char_length(description) <= 65536 AND (description = '' OR description ~ '\S') AND description !~ '[\u202A-\u202E\u2066-\u2069]'),
    ADD CHECK (due_date BETWEEN '0001-01-01' AND '9999-12-31'),
    ADD CHECK (sla_hours >= 1 / 3600000.0::double precision AND sla_hours <= 87600),
    ADD CHECK (char_length(source) BETWEEN 1 AND 63),
    ADD CHECK (char_length(dedupe_key) BETWEEN 1 AND 255),
    ADD CHECK ((status = 'COMPLETED') = (completed_at IS NOT NULL)),
    ADD CHECK ((status = 'CANCELLED') = (cancelled_at IS NOT NULL)),
    ADD CHECK (CASE WHEN status = 'OPEN' THEN started_at IS NULL WHEN status IN ('IN_PROGRESS', 'COMPLETED') THEN started_at IS NOT NULL ELSE true END),
    ADD CHECK (status <> 'OVERDUE' OR due_date IS NOT NULL),
    ADD CHECK ((sla_hours IS NULL) = (sla_due_at IS NULL) AND (sla_due_at IS NULL) = (sla_at_risk_at IS NULL)
        AND (sla_due_at IS NOT NULL OR sla_breached_at IS NULL)),
    ADD CHECK (isfinite(created_at) AND isfinite(started_at) AND isfinite(completed_at) AND isfinite(cancelled_at) AND isfinite(updated_at)
        AND isfinite(sla_breached_at) AND isfinite(sla_first_breached_at) AND sla_due_at > '-infinity' AND sla_at_risk_at > '-infinity'),
    ADD CHECK (created_at <= least(started_at, completed_at, cancelled_at) AND started_at <= least(completed_at, cancelled_at));
ALTER TABLE bench.event
    DROP CONSTRAINT taskq_task_event_kind_check,
    ADD CHECK (kind IN ('started', 'completed', 'cancelled', 'overdue', 'recovered', 'sla_breached', 'assigned', 'rescheduled',
        'prioritized', 'sla_changed', 'edited', 'updated', 'commented', 'erased'));

CREATE FUNCTION bench.today() RETURNS date LANGUAGE sql STABLE
RETURN (statement_timestamp() AT TIME ZONE coalesce(nullif(current_setting('app.timezone', true), ''), 'UTC'))::date;

CREATE FUNCTION bench.actor() RETURNS text LANGUAGE sql STABLE
RETURN coalesce(nullif(current_setting('app.actor', true), ''), session_user);

ALTER TABLE bench.task ALTER COLUMN created_by SET DEFAULT bench.actor();

CREATE FUNCTION bench.refuse(task_id bigint, from_status taskq_status, to_status taskq_status, hint text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    RAISE check_violation USING
        MESSAGE = format('task %s cannot go from %s to %s', task_id, from_status, to_status),
        HINT = hint, TABLE = 'task', CONSTRAINT = 'task_lifecycle';
END $$;

CREATE FUNCTION bench.task_before_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.sla_hours IS NOT NULL AND (NEW.sla_due_at IS NULL OR NEW.sla_at_risk_at IS NULL) THEN
        NEW.sla_due_at := coalesce(NEW.sla_due_at, NEW.created_at + NEW.sla_hours * interval '1 hour');
        NEW.sla_at_risk_at := coalesce(NEW.sla_at_risk_at, NEW.created_at + 0.8 * NEW.sla_hours * interval '1 hour');
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION bench.task_before_update() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    this_instant CONSTANT timestamptz := statement_timestamp();
    this_day CONSTANT date := bench.today();
    was taskq_status;       -- effective status before
    wanted taskq_status := NEW.status;
    is_past boolean;
BEGIN
    IF OLD.status IN ('COMPLETED', 'CANCELLED') THEN
        -- Only the cascade of a key that was changed in the directory.
        IF NEW.assignee_id IS DISTINCT FROM OLD.assignee_id
            AND EXISTS (SELECT FROM public.taskq_staff_member s WHERE s.id = OLD.assignee_id)
            OR NEW.user_id IS DISTINCT FROM OLD.user_id
            AND EXISTS (SELECT FROM public.taskq_customer c WHERE c.id = OLD.user_id)
            OR NEW.assignee_id IS NOT DISTINCT FROM OLD.assignee_id AND NEW.user_id IS NOT DISTINCT FROM OLD.user_id THEN
            PERFORM bench.refuse(OLD.id, OLD.status, NEW.status, 'Create a new task instead.');
        END IF;
        RETURN NEW;
    END IF;

    IF NEW.id <> OLD.id OR NEW.created_at <> OLD.created_at OR NEW.created_by IS DISTINCT FROM OLD.created_by
        OR NEW.source <> OLD.source THEN
        RAISE check_violation USING MESSAGE = format('id, created_at, created_by and source of task %s never change', OLD.id),
            TABLE = 'task', CONSTRAINT = 'task_lifecycle';
    END IF;
    IF NEW.started_at IS DISTINCT FROM OLD.started_at OR NEW.completed_at IS DISTINCT FROM OLD.completed_at
        OR NEW.cancelled_at IS DISTINCT FROM OLD.cancelled_at OR NEW.sla_due_at IS DISTINCT FROM OLD.sla_due_at
        OR NEW.sla_at_risk_at IS DISTINCT FROM OLD.sla_at_risk_at OR NEW.sla_breached_at IS DISTINCT FROM OLD.sla_breached_at THEN
        RAISE check_violation USING MESSAGE = format('stamps of task %s are written by the lifecycle only', OLD.id),
            TABLE = 'task', CONSTRAINT = 'task_lifecycle';
    END IF;
    IF NEW.assignee_id IS DISTINCT FROM OLD.assignee_id AND NEW.assignee_id IS NOT NULL
        AND NOT EXISTS (SELECT FROM public.taskq_staff_member s WHERE s.id = NEW.assignee_id AND s.is_active) THEN
        RAISE foreign_key_violation USING MESSAGE = format('staff member "%s" is unknown or inactive', NEW.assignee_id);
    END IF;

    was := CASE WHEN OLD.due_date < this_day THEN 'OVERDUE' WHEN OLD.started_at IS NOT NULL THEN 'IN_PROGRESS' ELSE 'OPEN' END;
    is_past := coalesce(NEW.due_date < this_day, false);
    IF wanted = OLD.status OR wanted = was THEN
        NEW.status := CASE WHEN is_past THEN 'OVERDUE' WHEN NEW.started_at IS NOT NULL THEN 'IN_PROGRESS' ELSE 'OPEN' END;
        -- Asked to start what is stored IN_PROGRESS already: as asked.
    ELSIF wanted = 'IN_PROGRESS' THEN
        IF is_past AND NOT (was = 'OVERDUE' AND current_setting('app.verb', true) IS NOT DISTINCT FROM 'start') THEN
            PERFORM bench.refuse(OLD.id, was, wanted, 'Its due date has passed: move it, or begin work all the same with start().');
        END IF;
        NEW.started_at := coalesce(OLD.started_at, this_instant);
        IF is_past THEN
            NEW.status := 'OVERDUE';
        END IF;
    ELSIF wanted = 'COMPLETED' THEN
        IF was = 'OPEN' THEN
            PERFORM bench.refuse(OLD.id, was, wanted, 'Start it first with start().');
        END IF;
        NEW.started_at := coalesce(OLD.started_at, this_instant);
        NEW.completed_at := this_instant;
    ELSIF wanted = 'CANCELLED' THEN
        NEW.cancelled_at := this_instant;
    ELSIF wanted = 'OVERDUE' THEN
        IF NOT is_past THEN
            PERFORM bench.refuse(OLD.id, was, wanted, 'A task is OVERDUE only after its due date.');
        END IF;
    ELSE -- OPEN
        IF is_past OR OLD.started_at IS NOT NULL THEN
            PERFORM bench.refuse(OLD.id, was, wanted, 'Work on it has begun, or its due date has passed.');
        END IF;
    END IF;

    IF NEW.sla_hours IS DISTINCT FROM OLD.sla_hours THEN
        NEW.sla_due_at := NEW.created_at + NEW.sla_hours * interval '1 hour';
        NEW.sla_at_risk_at := NEW.created_at + 0.8 * NEW.sla_hours * interval '1 hour';
        NEW.sla_breached_at := NULL;
    END IF;
    IF NEW.sla_due_at < this_instant AND NEW.sla_breached_at IS NULL THEN
        NEW.sla_breached_at := this_instant;
    END IF;

    NEW.updated_at := OLD.updated_at;
    IF NEW IS NOT DISTINCT FROM OLD THEN
        RETURN NULL;        -- already so
    END IF;
    NEW.updated_at := this_instant;
    RETURN NEW;
END $$;

-- Checks the row as it was stored, in case another trigger changed it, and writes
-- the history with its owner's rights: callers may not.
CREATE FUNCTION bench.task_after_update() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    this_instant CONSTANT timestamptz := statement_timestamp();
    this_day CONSTANT date := bench.today();
    was public.taskq_status := OLD.status;
    changes jsonb;
    event_kind text;
    event_note text;
BEGIN
    IF OLD.status IN ('COMPLETED', 'CANCELLED') THEN
        was := OLD.status;
    ELSE
        was := CASE WHEN OLD.due_date < this_day THEN 'OVERDUE' WHEN OLD.started_at IS NOT NULL THEN 'IN_PROGRESS' ELSE 'OPEN' END;
        IF NEW.status NOT IN ('COMPLETED', 'CANCELLED')
            AND NEW.status <> (CASE WHEN NEW.due_date < this_day THEN 'OVERDUE'::public.taskq_status
                WHEN NEW.started_at IS NOT NULL THEN 'IN_PROGRESS' ELSE 'OPEN' END)
            OR NEW.status = 'COMPLETED' AND (was = 'OPEN' OR NEW.completed_at <> this_instant)
            OR NEW.status = 'CANCELLED' AND NEW.cancelled_at <> this_instant THEN
            RAISE check_violation USING MESSAGE = format('another trigger changed task %s against the lifecycle', OLD.id),
                TABLE = 'task', CONSTRAINT = 'task_lifecycle';
        END IF;
        IF was <> OLD.status THEN
            INSERT INTO bench.event (task_id, at, db_user, kind, from_status, to_status)
            VALUES (OLD.id, this_instant, session_user, CASE WHEN was = 'OVERDUE' THEN 'overdue' ELSE 'recovered' END, OLD.status, was);
        END IF;
        IF NEW.sla_breached_at = this_instant AND OLD.sla_breached_at IS NULL THEN
            INSERT INTO bench.event (task_id, at, db_user, kind, from_status, to_status)
            VALUES (OLD.id, this_instant, session_user, 'sla_breached', was, was);
        END IF;
    END IF;

    IF NEW.assignee_id IS DISTINCT FROM OLD.assignee_id THEN
        changes := jsonb_build_object('assignee_id', jsonb_build_object('from', OLD.assignee_id, 'to', NEW.assignee_id));
        event_kind := 'assigned';
    END IF;
    IF NEW.due_date IS DISTINCT FROM OLD.due_date THEN
        changes := coalesce(changes, '{}') || jsonb_build_object('due_date', jsonb_build_object('from', OLD.due_date, 'to', NEW.due_date));
        event_kind := CASE WHEN event_kind IS NULL THEN 'rescheduled' ELSE 'updated' END;
    END IF;
    IF NEW.priority <> OLD.priority THEN
        changes := coalesce(changes, '{}') || jsonb_build_object('priority', jsonb_build_object('from', OLD.priority, 'to', NEW.priority));
        event_kind := CASE WHEN event_kind IS NULL THEN 'prioritized' ELSE 'updated' END;
    END IF;
    IF NEW.sla_hours IS DISTINCT FROM OLD.sla_hours THEN
        changes := coalesce(changes, '{}') || jsonb_build_object('sla_hours', jsonb_build_object('from', OLD.sla_hours, 'to', NEW.sla_hours));
        event_kind := CASE WHEN event_kind IS NULL THEN 'sla_changed' ELSE 'updated' END;
    END IF;
    IF NEW.title <> OLD.title OR NEW.description IS DISTINCT FROM OLD.description THEN
        changes := coalesce(changes, '{}') || jsonb_build_object('title', jsonb_build_object('from', OLD.title, 'to', NEW.title),
            'description', jsonb_build_object('from', OLD.description, 'to', NEW.description));
        event_kind := CASE WHEN event_kind IS NULL THEN 'edited' ELSE 'updated' END;
    END IF;
    IF NEW.user_id IS DISTINCT FROM OLD.user_id OR NEW.dedupe_key IS DISTINCT FROM OLD.dedupe_key THEN
        changes := coalesce(changes, '{}') || jsonb_build_object('user_id', jsonb_build_object('from', OLD.user_id, 'to', NEW.user_id),
            'dedupe_key', jsonb_build_object('from', OLD.dedupe_key, 'to', NEW.dedupe_key));
        event_kind := 'updated';
    END IF;

    IF NEW.status <> OLD.status AND NEW.status IN ('COMPLETED', 'CANCELLED') THEN
        event_kind := CASE WHEN NEW.status = 'COMPLETED' THEN 'completed' ELSE 'cancelled' END;
        event_note := nullif(current_setting('app.note', true), '');
    ELSIF NEW.started_at IS NOT NULL AND OLD.started_at IS NULL THEN
        event_kind := 'started';
    END IF;
    IF event_kind IS NOT NULL THEN
        INSERT INTO bench.event (task_id, at, actor, db_user, kind, from_status, to_status, changes, note)
        VALUES (OLD.id, this_instant, bench.actor(), session_user, event_kind, was, NEW.status, changes, event_note);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION bench.task_before_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status NOT IN ('COMPLETED', 'CANCELLED') THEN
        RAISE check_violation USING MESSAGE = format('task %s is %s and cannot be deleted', OLD.id, OLD.status),
            TABLE = 'task', CONSTRAINT = 'task_lifecycle';
    END IF;
    RETURN OLD;
END $$;

CREATE FUNCTION bench.event_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE check_violation USING MESSAGE = 'history is append-only', TABLE = 'event', CONSTRAINT = 'event_append_only';
END $$;

CREATE TRIGGER before_insert BEFORE INSERT ON bench.task FOR EACH ROW EXECUTE FUNCTION bench.task_before_insert();
CREATE TRIGGER before_update BEFORE UPDATE ON bench.task FOR EACH ROW EXECUTE FUNCTION bench.task_before_update();
CREATE TRIGGER after_update AFTER UPDATE ON bench.task FOR EACH ROW EXECUTE FUNCTION bench.task_after_update();
CREATE TRIGGER before_delete BEFORE DELETE ON bench.task FOR EACH ROW EXECUTE FUNCTION bench.task_before_delete();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON bench.event FOR EACH ROW EXECUTE FUNCTION bench.event_append_only();

CREATE FUNCTION bench.create_task(title text, description text DEFAULT NULL, priority taskq_priority DEFAULT 'MEDIUM',
    due_date date DEFAULT NULL, sla_hours double precision DEFAULT NULL, assignee_id text DEFAULT NULL,
    user_id text DEFAULT NULL, dedupe_key text DEFAULT NULL, source text DEFAULT 'MANUAL', actor text DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    new_id bigint;
    new_status taskq_status := CASE WHEN due_date < bench.today() THEN 'OVERDUE' ELSE 'OPEN' END;
BEGIN
    IF source IN ('RENEWAL', 'SCHEDULE', 'WORKFLOW') THEN
        RAISE invalid_parameter_value USING MESSAGE = 'source is reserved';
    END IF;
    IF assignee_id IS NOT NULL
        AND NOT EXISTS (SELECT FROM public.taskq_staff_member s WHERE s.id = assignee_id AND s.is_active) THEN
        RAISE foreign_key_violation USING MESSAGE = format('staff member "%s" is unknown or inactive', assignee_id);
    END IF;
    IF actor IS NOT NULL THEN
        PERFORM set_config('app.actor', actor, true);
    END IF;
    IF dedupe_key IS NULL THEN
        INSERT INTO bench.task (title, description, priority, due_date, sla_hours, assignee_id, user_id, source, status)
        VALUES (title, description, priority, due_date, sla_hours, assignee_id, user_id, source, new_status)
        RETURNING id INTO new_id;
        RETURN new_id;
    END IF;
    LOOP
        INSERT INTO bench.task (title, description, priority, due_date, sla_hours, assignee_id, user_id, dedupe_key, source, status)
        VALUES (title, description, priority, due_date, sla_hours, assignee_id, user_id, dedupe_key, source, new_status)
        ON CONFLICT (dedupe_key) WHERE dedupe_key IS NOT NULL AND completed_at IS NULL AND cancelled_at IS NULL DO NOTHING
        RETURNING id INTO new_id;
        EXIT WHEN FOUND;
        SELECT t.id INTO new_id FROM bench.task t
        WHERE t.dedupe_key = create_task.dedupe_key AND t.completed_at IS NULL AND t.cancelled_at IS NULL;
        EXIT WHEN FOUND;
    END LOOP;
    RETURN new_id;
END $$;

CREATE FUNCTION bench.start_task(task_id bigint, actor text DEFAULT NULL) RETURNS bench.task LANGUAGE plpgsql AS $$
DECLARE
    result bench.task;
BEGIN
    IF actor IS NOT NULL THEN
        PERFORM set_config('app.actor', actor, true);
    END IF;
    PERFORM set_config('app.verb', 'start', true);
    UPDATE bench.task t SET status = 'IN_PROGRESS' WHERE t.id = task_id RETURNING t.* INTO result;
    IF NOT FOUND THEN
        SELECT * INTO result FROM bench.task t WHERE t.id = task_id;
        IF NOT FOUND THEN
            RAISE no_data_found USING MESSAGE = format('task %s does not exist', task_id);
        END IF;
    END IF;
    PERFORM set_config('app.verb', '', true);
    RETURN result;
END $$;

CREATE FUNCTION bench.complete_task(task_id bigint, note text DEFAULT NULL, actor text DEFAULT NULL) RETURNS bench.task
LANGUAGE plpgsql AS $$
DECLARE
    result bench.task;
BEGIN
    IF actor IS NOT NULL THEN
        PERFORM set_config('app.actor', actor, true);
    END IF;
    IF note IS NOT NULL THEN
        PERFORM set_config('app.note', note, true);
    END IF;
    UPDATE bench.task t SET status = 'COMPLETED' WHERE t.id = task_id RETURNING t.* INTO result;
    IF NOT FOUND THEN
        RAISE no_data_found USING MESSAGE = format('task %s does not exist', task_id);
    END IF;
    IF note IS NOT NULL THEN
        PERFORM set_config('app.note', '', true);
    END IF;
    RETURN result;
END $$;

CREATE FUNCTION bench.complete_tasks(ids bigint[]) RETURNS SETOF bench.task LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM bench.task t WHERE t.id = ANY (ids) ORDER BY t.id FOR NO KEY UPDATE;
    RETURN QUERY UPDATE bench.task t SET status = 'COMPLETED' WHERE t.id = ANY (ids) RETURNING t.*;
END $$;

-- The queue of those whom nobody has, in one order: the floor's index has it in four parts, by stage.
CREATE INDEX ON bench.task (taskq_priority_rank(priority), (CASE WHEN due_date IS NULL THEN 'infinity' ELSE due_date END), id)
    WHERE assignee_id IS NULL AND completed_at IS NULL AND cancelled_at IS NULL;

CREATE FUNCTION bench.claim(staff text, how_many integer DEFAULT 1) RETURNS SETOF bench.task LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY
    WITH picked AS (
        SELECT t.id FROM bench.task t
        WHERE t.assignee_id IS NULL AND t.completed_at IS NULL AND t.cancelled_at IS NULL
        ORDER BY taskq_priority_rank(t.priority), CASE WHEN t.due_date IS NULL THEN 'infinity' ELSE t.due_date END, t.id
        LIMIT how_many FOR NO KEY UPDATE SKIP LOCKED)
    UPDATE bench.task t SET assignee_id = staff FROM picked WHERE t.id = picked.id RETURNING t.*;
END $$;

CREATE FUNCTION bench.sweep(max_tasks integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    n bigint;
    this_day CONSTANT date := bench.today();
BEGIN
    UPDATE bench.task t SET status = 'OVERDUE'
    FROM (SELECT o.id FROM bench.task o WHERE o.completed_at IS NULL AND o.cancelled_at IS NULL
          AND taskq_stage(o.status, o.started_at, o.completed_at, o.cancelled_at) IN (0, 1) AND taskq_priority_rank(o.priority) IN (1, 2, 3, 4)
          AND taskq_place(o.priority, o.due_date, o.completed_at, o.cancelled_at) < (this_day - date '2000-01-01')::bigint * 8
          LIMIT max_tasks FOR NO KEY UPDATE SKIP LOCKED) AS picked
    WHERE t.id = picked.id;
    GET DIAGNOSTICS n = ROW_COUNT;
    RETURN n;
END $$;
