-- The verbs, each for one task and for many.
CREATE EXTENSION taskq;
\set SHOW_CONTEXT never
\set VERBOSITY terse
INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana', true), ('sta_2', 'Bob', false);
INSERT INTO taskq_task (title) SELECT 'task ' || g FROM generate_series(1, 6) g;
SELECT id, status FROM taskq_start(1);
SELECT id, assignee_id FROM taskq_assign(1, 'sta_1');
SELECT id, assignee_id FROM taskq_assign(1, NULL);
SELECT id, due_date = taskq_today() AS today FROM taskq_reschedule(1, taskq_today());
SELECT id, priority FROM taskq_prioritize(1, 'URGENT');
SELECT id, sla_hours FROM taskq_set_sla(1, 4);
SELECT id, title, description FROM taskq_edit(1, 'new title', 'new description');
SELECT id, title, description FROM taskq_edit(1);
SELECT id, title, description FROM taskq_edit(1, description => '');
SELECT id, title FROM taskq_comment(1, 'a note');
SELECT id, status FROM taskq_complete(1, 'a note');
SELECT id, status FROM taskq_comment(1, 'closed ones too');
SELECT id, status FROM taskq_cancel(2, 'a reason');
-- no change: the row is returned, nothing is recorded
SELECT count(*) AS before FROM taskq_task_event \gset
SELECT count(*) FROM taskq_start(3), taskq_assign(3, NULL), taskq_reschedule(3, NULL), taskq_prioritize(3, 'MEDIUM'), taskq_set_sla(3, NULL), taskq_edit(3, 'task 3');
SELECT count(*) FROM taskq_start(3);
SELECT count(*) - :before AS events FROM taskq_task_event;
-- many: one statement, in order, duplicates collapsed, all or nothing
SELECT id, status FROM taskq_start_many('{5,4,5,6}');
SELECT id, status FROM taskq_start_many('{}');
SELECT id, assignee_id FROM taskq_assign_many('{4,5}', 'sta_1');
SELECT id, due_date FROM taskq_reschedule_many('{4}', '2999-01-01');
SELECT id, priority FROM taskq_prioritize_many('{4,5}', 'LOW');
SELECT id, sla_hours FROM taskq_set_sla_many('{4,5}', 8);
SELECT id, title FROM taskq_edit_many('{4,5}', 'same');
SELECT id FROM taskq_comment_many('{4,5}', 'both');
SELECT id, status FROM taskq_complete_many('{4}', 'done');
SELECT id, status FROM taskq_complete_many('{5,4}');
SELECT id, status FROM taskq_cancel_many('{5,6}', 'dropped');
SELECT kind, note, count(*) FROM taskq_task_event WHERE task_id > 3 GROUP BY 1, 2 ORDER BY 1, 2;
-- no such task, named; NULLs
SELECT taskq_start(0);
SELECT taskq_start(-1);
SELECT taskq_start(9223372036854775807);
SELECT taskq_start(NULL);
SELECT taskq_start_many(NULL);
SELECT taskq_start_many('{3,NULL}');
SELECT taskq_start_many('{3,99}');
SELECT taskq_comment(99, 'x');
SELECT taskq_comment_many('{3,99}', 'x');
-- arguments
SELECT taskq_assign(3, 'sta_2');
SELECT taskq_assign(3, 'sta_9');
SELECT taskq_reschedule(3, 'infinity');
SELECT taskq_prioritize(3, NULL);
SELECT taskq_edit(3, '');
SELECT taskq_edit(3, description => repeat('x', 65537));
SELECT taskq_complete(3, repeat('x', 65537));
SELECT taskq_cancel(3, repeat('x', 65537));
SELECT taskq_comment(3, '');
SELECT taskq_comment(3, NULL);
-- claiming: most urgent first, OVERDUE included, none that is assigned
INSERT INTO taskq_task (title, priority, due_date) VALUES
    ('low', 'LOW', taskq_today()), ('urgent', 'URGENT', NULL), ('high and late', 'HIGH', taskq_today() - 1), ('high', 'HIGH', taskq_today());
SELECT title, status, assignee_id FROM taskq_claim('sta_1', 3);
SELECT title FROM taskq_claim('sta_1');
SELECT title FROM taskq_claim('sta_1', 10);
SELECT title FROM taskq_claim('sta_1', 10);
SELECT taskq_claim('sta_1', 0);
SELECT taskq_claim('sta_1', 1001);
SELECT taskq_claim('sta_2');
SELECT taskq_claim(NULL);
-- untyped parameters resolve
PREPARE v1 AS SELECT status FROM taskq_start($1);
PREPARE v2 AS SELECT count(*) FROM taskq_start_many($1);
PREPARE v3 AS SELECT taskq_create($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) IS NOT NULL AS created;
PREPARE v4 AS SELECT taskq_create_json($1, $2) ->> 'title' AS title;
PREPARE v5 AS SELECT count(*) FROM taskq_queue_page($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14);
PREPARE v6 AS SELECT count(*) FROM taskq_claim($1, $2, $3, $4);
PREPARE v7 AS SELECT count(*) FROM taskq_sweep($1);
EXECUTE v1(3);
EXECUTE v2('{3}');
EXECUTE v3('untyped', NULL, 'HIGH', '2999-01-01', 4, 'sta_1', NULL, NULL, NULL, 'me');
EXECUTE v4('{"title": "untyped too"}', 'me');
EXECUTE v5(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'due', 50, NULL, NULL);
EXECUTE v6('sta_1', 1, NULL, 'me');
EXECUTE v7(1);
DROP EXTENSION taskq;
