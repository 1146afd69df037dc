-- What is to be done: all active tasks, in order, by the index.
CREATE EXTENSION taskq;
SELECT taskq_active();
INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana');
INSERT INTO taskq_customer VALUES ('cus_1', 'Acme', 'sta_1');
-- stored statuses are stale on purpose
INSERT INTO taskq_task (title, priority, due_date, status, started_at, assignee_id, user_id) VALUES
    ('past and stored open', 'LOW', taskq_today() - 2, 'OPEN', NULL, 'sta_1', 'cus_1'),
    ('past and started', 'HIGH', taskq_today() - 1, 'IN_PROGRESS', now(), NULL, NULL),
    ('due today', 'MEDIUM', taskq_today(), 'OPEN', NULL, 'sta_1', NULL),
    ('due today, urgent', 'URGENT', taskq_today(), 'OPEN', NULL, NULL, 'cus_1'),
    ('no date', 'HIGH', NULL, 'OPEN', NULL, NULL, NULL),
    ('no date, urgent', 'URGENT', NULL, 'IN_PROGRESS', now(), NULL, NULL),
    ('stored overdue, not past', 'MEDIUM', taskq_today() + 1, 'OVERDUE', NULL, NULL, NULL),
    ('running', 'MEDIUM', taskq_today() + 1, 'IN_PROGRESS', now(), 'sta_1', 'cus_1');
INSERT INTO taskq_task (title, status, started_at, completed_at, cancelled_at) VALUES
    ('done', 'COMPLETED', now(), now(), NULL), ('dropped', 'CANCELLED', NULL, NULL, now());
SELECT title, priority, status, days_overdue, assignee_name, customer_name FROM taskq_todo;
SELECT array_agg(t.id) = (SELECT array_agg(p.id) FROM taskq_queue_page(taskq_active()) p) AS as_page,
    bool_and(to_jsonb(t) = (SELECT to_jsonb(v) FROM taskq_tasks v WHERE v.id = t.id)) AS as_view FROM taskq_todo t;
-- the first ones are read, and no more
INSERT INTO taskq_task (title, priority, due_date, user_id)
SELECT 'task ' || g, (enum_range(NULL::taskq_priority))[1 + g % 4], taskq_today() + g % 90 - 30, 'cus_1' FROM generate_series(1, 5000) g;
VACUUM ANALYZE taskq_task;
CREATE FUNCTION rows_read(query text) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE 'EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ' || query INTO plan;
    RETURN (SELECT sum((n ->> 'Actual Rows')::numeric * (n ->> 'Actual Loops')::numeric)
            FROM jsonb_path_query(plan::jsonb, 'strict $.**?(@."Relation Name" == "taskq_task")') n);
END $$;
SELECT rows_read('SELECT * FROM taskq_todo LIMIT 50') BETWEEN 50 AND 70 AS few;
-- under row security, too
CREATE ROLE regress_taskq_v;
GRANT USAGE ON SCHEMA public TO regress_taskq_v;
SELECT taskq_grant('regress_taskq_v', 'viewer');
ALTER TABLE taskq_task ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON taskq_task TO regress_taskq_v USING (title <> 'past and started');
SET ROLE regress_taskq_v;
SELECT title, status FROM taskq_todo WHERE title !~ '^task';
SELECT rows_read('SELECT * FROM taskq_todo LIMIT 50') BETWEEN 50 AND 70 AS few;
RESET ROLE;
DROP EXTENSION taskq CASCADE;
DROP FUNCTION rows_read(text);
REVOKE USAGE ON SCHEMA public FROM regress_taskq_v;
DROP ROLE regress_taskq_v;
