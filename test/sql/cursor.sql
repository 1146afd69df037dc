-- A cursor is what the page gave, or refused.
CREATE EXTENSION taskq;
\set SHOW_CONTEXT never
\set VERBOSITY terse
INSERT INTO taskq_task (id, title, priority, due_date, created_at, sla_hours) VALUES
    (1, 'dated', 'HIGH', '2999-06-05', '2026-01-01 00:00+00', 24), (2, 'undated', 'LOW', NULL, '2026-01-02 00:00+00', NULL);
SELECT cursor FROM taskq_queue_page();
SELECT cursor FROM taskq_queue_page(sort => 'priority');
SELECT cursor FROM taskq_queue_page(sort => 'created');
SELECT cursor FROM taskq_queue_page(sort => 'sla');
SELECT title FROM taskq_queue_page(after => 'due/2999-06-05/2/1');
SELECT title FROM taskq_queue_page(after => 'due/2999-06-05/1/9223372036854775807');
SELECT title FROM taskq_queue_page(after => 'due/infinity/4/2');
SELECT taskq_queue_page(after => '');
SELECT taskq_queue_page(after => 'due');
SELECT taskq_queue_page(after => 'due/2999-06-05/2');
SELECT taskq_queue_page(after => 'due/2999-06-05/2/1/');
SELECT taskq_queue_page(after => 'due/2999-06-05/2/1/1');
SELECT taskq_queue_page(after => 'due/2999-02-30/2/1');
SELECT taskq_queue_page(after => 'due/2-99-06-05/2/1');
SELECT taskq_queue_page(after => 'due/2999-06-05/5/1');
SELECT taskq_queue_page(after => 'due/2999-06-05/2/9223372036854775808');
SELECT taskq_queue_page(after => 'due/2999-06-05/2/1; DROP TABLE taskq_task');
SELECT taskq_queue_page(after => 'priority/2/2999-06-05/1');
SELECT taskq_queue_page(sort => 'created', after => 'created/x/1');
SELECT taskq_queue_page(sort => 'sla', after => 'due/2999-06-05/2/1');
-- a deadline that is infinite comes with those that are none; page after page each is there once
ALTER TABLE taskq_task DROP CONSTRAINT taskq_task_is_valid; -- as in 0.2.0
INSERT INTO taskq_task (id, title, sla_hours, sla_due_at) VALUES (3, 'ever', 1, '-infinity'), (4, 'never', 1, 'infinity'), (6, 'never', 1, 'infinity');
INSERT INTO taskq_task (id, title) VALUES (5, 'none'), (7, 'none');
WITH RECURSIVE pages AS (
    (SELECT p.id, p.cursor, p.sla_status FROM taskq_queue_page(NULL, sort => 'sla', page_size => 1) p)
    UNION ALL
    SELECT p.id, p.cursor, p.sla_status FROM pages, LATERAL (SELECT * FROM taskq_queue_page(NULL, sort => 'sla', page_size => 1, after => pages.cursor)) p
)
SELECT id, cursor, sla_status FROM pages;
SELECT id FROM taskq_queue_page(NULL, sort => 'sla', after => 'sla/9223372036854775807/4');
SELECT sla_status, array_agg(id ORDER BY id) FROM unnest(enum_range(NULL::taskq_sla_status)) s, taskq_queue_page(NULL, sla_status => ARRAY[s]) GROUP BY 1;
SELECT to_jsonb(t) -> 'sla_due_at' AS sla_due_at, to_jsonb(t) -> 'sla_at_risk_at' AS sla_at_risk_at FROM taskq_tasks t WHERE id = 4;
DROP EXTENSION taskq CASCADE;
