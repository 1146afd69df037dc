-- Pages, counts and their arguments; a property test is in test/pgtap.
CREATE EXTENSION taskq;
\set SHOW_CONTEXT never
INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana');
INSERT INTO taskq_customer VALUES ('cus_1', 'Acme', 'sta_1');
-- stored statuses are stale on purpose
INSERT INTO taskq_task (title, priority, due_date, status, started_at, assignee_id, user_id) VALUES
    ('past and stored open', 'LOW', taskq_today() - 2, 'OPEN', NULL, 'sta_1', 'cus_1'),
    ('past and started', 'HIGH', taskq_today() - 1, 'IN_PROGRESS', now(), NULL, NULL),
    ('due today', 'MEDIUM', taskq_today(), 'OPEN', NULL, 'sta_1', NULL),
    ('due today, urgent', 'URGENT', taskq_today(), 'OPEN', NULL, NULL, 'cus_1'),
    ('no date', 'HIGH', NULL, 'OPEN', NULL, NULL, NULL),
    ('stored overdue, not past', 'MEDIUM', taskq_today() + 1, 'OVERDUE', NULL, NULL, NULL),
    ('running', 'MEDIUM', taskq_today() + 1, 'IN_PROGRESS', now(), 'sta_1', 'cus_1');
INSERT INTO taskq_task (title, status, started_at, completed_at, cancelled_at) VALUES
    ('done', 'COMPLETED', now(), now(), NULL), ('dropped', 'CANCELLED', NULL, NULL, now());

SELECT title, priority, status, assignee_name, customer_name FROM taskq_queue_page();
SELECT title, status FROM taskq_queue;
SELECT title, status FROM taskq_queue_page('{OVERDUE}');
SELECT title, status FROM taskq_queue_page('{OPEN,IN_PROGRESS,OVERDUE}', sort => 'priority');
SELECT title FROM taskq_queue_page(NULL, assignee_id => 'sta_1');
SELECT title FROM taskq_queue_page(NULL, priority => '{HIGH,URGENT}');
SELECT title FROM taskq_queue_page(NULL, unassigned => true, user_id => 'cus_1');
SELECT title FROM taskq_queue_page(NULL, due_from => taskq_today(), due_to => taskq_today());
SELECT title FROM taskq_queue_page(NULL, due_from => taskq_today());
SELECT title FROM taskq_queue_page(NULL, search => 'TODAY');
SELECT title FROM taskq_queue_page(NULL, search => '%');
SELECT count(*) FROM taskq_queue_page('{}');
SELECT count(*) FROM taskq_queue_page(priority => '{}');
SELECT count(*) FROM taskq_queue_page(sla_status => '{}');
SELECT taskq_queue_count() AS open, taskq_queue_count(NULL) AS all, taskq_queue_count(NULL, cap => 3) AS capped;

-- page after page, each row once, in order
WITH RECURSIVE pages AS (
    SELECT 1 AS page, p.* FROM (SELECT row_number() OVER () AS n, title, cursor FROM taskq_queue_page(NULL, page_size => 2)) p
    UNION ALL
    SELECT pages.page + 1, p.* FROM pages,
        LATERAL (SELECT row_number() OVER () AS n, title, cursor FROM taskq_queue_page(NULL, page_size => 2, after => pages.cursor)) p
    WHERE pages.n = 2
)
SELECT page, title FROM pages ORDER BY page, n;

-- by whether their assignee is active; unassigned ones are found by neither
INSERT INTO taskq_staff_member VALUES ('sta_2', 'Bob', true), ('sta_3', 'Cy', true), ('sta_4', 'Dee', false);
INSERT INTO taskq_task (title, priority, due_date, assignee_id) VALUES
    ('of Bob', 'LOW', taskq_today() + 1, 'sta_2'), ('of Cy', 'URGENT', taskq_today() + 1, 'sta_3'), ('of Bob, undated', 'LOW', NULL, 'sta_2'), ('of Cy, past', 'LOW', taskq_today() - 3, 'sta_3');
SELECT count(*) FROM taskq_queue_page(assignee_is_active => false);
SELECT count(*) FROM taskq_queue_page(assignee_is_active => true);
UPDATE taskq_staff_member SET is_active = false WHERE id IN ('sta_2', 'sta_3');
SELECT title, assignee_name FROM taskq_queue_page(assignee_is_active => false);
SELECT title FROM taskq_queue_page(NULL, assignee_is_active => true);
SELECT title, status FROM taskq_queue_page('{OPEN,OVERDUE}', sort => 'priority', assignee_is_active => false);
SELECT title FROM taskq_queue_page(assignee_is_active => false, assignee_id => 'sta_2', search => 'UN');
SELECT count(*) FROM taskq_queue_page(assignee_is_active => true, assignee_id => 'sta_2');
SELECT count(*) FROM taskq_queue_page(assignee_is_active => false, unassigned => true);
SELECT count(*) FROM taskq_queue_page(assignee_is_active => true, unassigned => true);
SELECT title, (SELECT string_agg(n.title, ', ') FROM taskq_queue_page(NULL, assignee_is_active => false, page_size => 2, after => p.cursor) n) AS next
FROM taskq_queue_page(NULL, assignee_is_active => false, page_size => 2) p;
SELECT taskq_queue_count(NULL, assignee_is_active => false) AS inactive, taskq_queue_count(NULL, assignee_is_active => true) AS active,
    taskq_queue_count(NULL, unassigned => true) AS nobodys, taskq_queue_count(NULL) AS all, taskq_queue_count(NULL, cap => 2, assignee_is_active => false) AS capped;
SELECT assignee_name, open, overdue, assignee_is_active FROM taskq_workload ORDER BY 1;
-- staff whom row security hides are not disclosed, nor are tasks
CREATE ROLE regress_taskq_v;
GRANT USAGE ON SCHEMA public TO regress_taskq_v;
SELECT taskq_grant('regress_taskq_v', 'viewer');
ALTER TABLE taskq_staff_member ENABLE ROW LEVEL SECURITY;
ALTER TABLE taskq_task ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON taskq_staff_member TO regress_taskq_v USING (id <> 'sta_3');
CREATE POLICY seen ON taskq_task TO regress_taskq_v USING (title <> 'of Bob');
SET ROLE regress_taskq_v;
SELECT title, assignee_is_active FROM taskq_queue_page(NULL, assignee_is_active => false);
SELECT taskq_queue_count(NULL, assignee_is_active => false) AS inactive, taskq_queue_count(NULL, assignee_is_active => true) AS active, taskq_queue_count(NULL) AS all;
SELECT assignee_name, open, overdue, assignee_is_active FROM taskq_workload ORDER BY 1;
RESET ROLE;
ALTER TABLE taskq_staff_member DISABLE ROW LEVEL SECURITY;
ALTER TABLE taskq_task DISABLE ROW LEVEL SECURITY;
SELECT taskq_revoke('regress_taskq_v');

-- paused or not, and by kind
INSERT INTO taskq_task (title, kind, due_date, status, started_at, user_id, paused_at, pause_reason, resume_at) VALUES
    ('waits for the customer', 'REVIEW', taskq_today() + 2, 'OPEN', NULL, 'cus_1', now(), 'a document is missing', now() + interval '1 day'),
    ('waits, begun', 'CALL', taskq_today() + 1, 'IN_PROGRESS', now(), 'cus_1', now(), NULL, NULL),
    ('waits, past due', NULL, taskq_today() - 1, 'OPEN', NULL, NULL, now(), NULL, NULL);
INSERT INTO taskq_task (title, kind, due_date) VALUES ('does not wait', 'REVIEW', taskq_today() + 3);
SELECT title, status, kind, is_paused, pause_reason, resume_at > paused_at AS later FROM taskq_queue_page('{OPEN,IN_PROGRESS,OVERDUE}', paused => true);
SELECT title FROM taskq_queue_page(paused => true);
SELECT title FROM taskq_queue_page(NULL, paused => true, sort => 'created', page_size => 2);
SELECT title FROM taskq_queue_page(NULL, paused => true, sort => 'created', page_size => 2, after => (SELECT min(cursor) FROM taskq_queue_page(NULL, paused => true, sort => 'created', page_size => 2)));
SELECT title FROM taskq_queue_page(NULL, paused => true, user_id => 'cus_1', sort => 'priority');
SELECT title FROM taskq_queue_page(paused => false, unassigned => true);
SELECT title, is_paused FROM taskq_queue_page(kind => 'REVIEW');
SELECT title FROM taskq_queue_page(kind => 'REVIEW', paused => false, sort => 'sla');
SELECT count(*) FROM taskq_queue_page(NULL, kind => 'review');
SELECT taskq_queue_count(NULL) AS all, taskq_queue_count(NULL, paused => true) AS paused, taskq_queue_count(NULL, paused => false) AS not_paused,
    taskq_queue_count(NULL, kind => 'CALL') AS calls, taskq_queue_count(NULL, cap => 2, paused => true) AS capped, taskq_queue_count('{COMPLETED}', paused => true) AS closed;
SELECT title FROM taskq_queue WHERE is_paused;

-- the page has the columns of the view, and the cursor
SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'taskq_queue_row'::regclass AND attnum > 0
EXCEPT
SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'taskq_tasks'::regclass;
SELECT bool_and(to_jsonb(p) - 'cursor' = to_jsonb(t)) AS same_as_view FROM taskq_queue_page(NULL) p JOIN taskq_tasks t USING (id);

-- closed tasks, the last closed first; the default where only those are asked for, and not with others
INSERT INTO taskq_task (title, status, created_at, started_at, completed_at, cancelled_at) VALUES
    ('done first', 'COMPLETED', '2026-01-01', '2026-01-01', '2026-01-02', NULL), ('done last', 'COMPLETED', '2026-01-01', '2026-01-01', '2026-01-04', NULL),
    ('called off', 'CANCELLED', '2026-01-01', NULL, NULL, '2026-01-03'), ('done with it', 'COMPLETED', '2026-01-01', '2026-01-01', '2026-01-04', NULL);
SELECT title, cursor ~ '^closed/' AS closed FROM taskq_queue_page('{COMPLETED,CANCELLED}', page_size => 4);
SELECT title FROM taskq_queue_page('{COMPLETED}', after => (SELECT cursor FROM taskq_queue_page('{COMPLETED}', page_size => 1)), page_size => 2);
SELECT DISTINCT split_part(cursor, '/', 1) AS sort FROM taskq_queue_page('{OPEN,COMPLETED}');
SELECT title, cursor FROM taskq_queue_page('{OPEN,CANCELLED}', sort => 'closed', page_size => 4) WHERE title = 'called off' OR cursor ~ '^closed/-infinity/';
SELECT taskq_queue_page('{COMPLETED}', after => 'due/2026-01-01/1/1'); -- a cursor that 0.2.0 gave

-- bad input
SELECT taskq_queue_page(sort => 'size');
SELECT count(*) FROM taskq_queue_page(sort => NULL);
SELECT taskq_queue_page(page_size => 0);
SELECT taskq_queue_page(page_size => 1001);
SELECT taskq_queue_page(page_size => NULL);
SELECT taskq_queue_page(status => '{OPEN,NULL}');
SELECT taskq_queue_page(assignee_id => 'sta_1', unassigned => true);
SELECT taskq_queue_count(cap => 0);
DROP EXTENSION taskq CASCADE;
REVOKE USAGE ON SCHEMA public FROM regress_taskq_v;
DROP ROLE regress_taskq_v;
