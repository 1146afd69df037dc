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
DROP EXTENSION taskq CASCADE;
