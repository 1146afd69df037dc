-- Deadlines; the truth table of sla_status is in test/pgtap.
CREATE EXTENSION taskq;
\set SHOW_CONTEXT never
SELECT taskq_create('with SLA', sla_hours => 10) AS id \gset
SELECT sla_due_at - created_at AS deadline, sla_at_risk_at - created_at AS at_risk FROM taskq_task WHERE id = :id;
SET taskq.sla_at_risk_percent = 50;
SELECT sla_due_at - created_at AS deadline, sla_at_risk_at - created_at AS at_risk FROM taskq_set_sla(:id, 20);
SELECT sla_due_at - created_at AS deadline FROM taskq_reschedule(:id, taskq_today() + 9);
SELECT sla_due_at, sla_at_risk_at, sla_hours FROM taskq_set_sla(:id, NULL);
-- new hours can put the deadline into the past; a breach is recorded once per deadline
INSERT INTO taskq_task (title, created_at, sla_hours) VALUES ('old', now() - interval '3 hours', 9) RETURNING id AS old \gset
SELECT sla_breached_at IS NOT NULL AS breached FROM taskq_set_sla(:old, 2);
SELECT sla_breached_at IS NOT NULL AS breached FROM taskq_prioritize(:old, 'HIGH');
SELECT sla_breached_at IS NOT NULL AS breached FROM taskq_set_sla(:old, 9);
SELECT sla_breached_at IS NOT NULL AS breached FROM taskq_set_sla(:old, 1);
SELECT kind, from_status, to_status FROM taskq_task_event WHERE task_id = :old ORDER BY id;
SELECT title, sla_status, late_by > interval '1 hour 59 minutes' AS late FROM taskq_sla_violations;
SELECT sla_status, count(*) FROM taskq_tasks GROUP BY 1 ORDER BY 1;
-- the first breach stays recorded, whatever happens to the deadline
CREATE VIEW was AS SELECT t.title, v.sla_hours, v.sla_status, v.sla_breached_at IS NOT NULL AS breached,
    v.sla_first_breached_at = (SELECT min(at) FROM taskq_task_event e WHERE e.task_id = t.id AND kind = 'sla_breached') AS first,
    date_trunc('hour', l.late_by) AS late_by FROM taskq_task t JOIN taskq_tasks v USING (id) LEFT JOIN taskq_sla_violations l USING (id);
INSERT INTO taskq_task (title, created_at, sla_hours)
SELECT title, now() - interval '150 minutes', 1 FROM unnest('{moved out,moved out and missed again,taken off,raw,kept,completed,cancelled}'::text[]) title;
SELECT sla_breached FROM (SELECT sum(tasks) FILTER (WHERE kind = 'sla_breached') AS sla_breached FROM taskq_sweep()) s;
CREATE FUNCTION id(text) RETURNS bigint LANGUAGE sql AS 'SELECT id FROM taskq_task WHERE title = $1';
SELECT taskq_set_sla(id('moved out'), 9), taskq_set_sla(id('taken off'), NULL), taskq_set_sla(id('completed'), 9) \g /dev/null
SELECT taskq_set_sla(id('moved out and missed again'), 9) \g /dev/null
SELECT taskq_set_sla(id('moved out and missed again'), 2) \g /dev/null
UPDATE taskq_task SET sla_hours = 9 WHERE title = 'raw';
SELECT taskq_start(id('completed')), taskq_complete(id('completed')), taskq_cancel(id('cancelled')) \g /dev/null
-- a passed deadline whose breach was not recorded yet is moved
INSERT INTO taskq_task (title, created_at, sla_hours) VALUES ('not swept', now() - interval '2 hours', 1), ('never late', now() - interval '2 hours', 3),
    ('completed late', now() - interval '2 hours', 1);
SELECT taskq_set_sla(id('not swept'), 5), taskq_set_sla(id('never late'), 4) \g /dev/null
SELECT taskq_start(id('completed late')), taskq_complete(id('completed late')) \g /dev/null
SELECT * FROM was WHERE title <> ALL ('{with SLA,old}') ORDER BY title;
SELECT kind, from_status, to_status FROM taskq_task_event WHERE task_id = id('not swept') ORDER BY id;
SELECT tasks, met, breached FROM taskq_sla_report('-infinity', 'infinity');
SELECT tasks, met, breached FROM taskq_sla_report(now() - interval '3 hours', now());
SELECT tasks, met, breached FROM taskq_sla_report(clock_timestamp(), 'infinity');
-- an import: late without a breach on record, with one, with the first of several
INSERT INTO taskq_task (title, status, created_at, sla_hours, started_at, completed_at, sla_breached_at, sla_first_breached_at) VALUES
    ('late', 'COMPLETED', '2020-01-01', 2, '2020-01-01 01:00', '2020-01-01 06:00', NULL, NULL),
    ('late, known', 'COMPLETED', '2020-01-01', 2, '2020-01-01 01:00', '2020-01-01 06:00', '2020-01-01 02:01', NULL),
    ('known earlier', 'COMPLETED', '2020-01-01', 4, '2020-01-01 01:00', '2020-01-01 06:00', '2020-01-01 04:01', '2020-01-01 02:01'),
    ('known before moved', 'COMPLETED', '2020-01-01', 9, '2020-01-01 01:00', '2020-01-01 06:00', NULL, '2020-01-01 02:00'),
    ('known before taken off', 'COMPLETED', '2020-01-01', NULL, '2020-01-01 01:00', '2020-01-01 06:00', NULL, '2020-01-01 02:00');
SELECT title, sla_status, sla_first_breached_at::timestamp, late_by FROM taskq_sla_violations WHERE created_at = '2020-01-01' ORDER BY id;
SELECT * FROM taskq_sla_report('2020-01-01', '2020-01-02', 'day');
SELECT tasks FROM taskq_sla_report('2020-01-01 02:00', '2020-01-01 02:00:00.000001');
SELECT tasks FROM taskq_sla_report('2020-01-01 04:00', '2020-01-02');
SELECT q.sla_first_breached_at = t.sla_first_breached_at AS same FROM taskq_queue_page('{COMPLETED}', search => 'known earlier') q JOIN taskq_task t USING (id);
\set VERBOSITY terse
INSERT INTO taskq_task (title, sla_first_breached_at) VALUES ('x', 'infinity');
INSERT INTO taskq_task (title, sla_hours, sla_first_breached_at) VALUES ('x', 1, '-infinity');
UPDATE taskq_task SET sla_first_breached_at = NULL WHERE title = 'raw';
UPDATE taskq_task SET sla_first_breached_at = now() WHERE title = 'never late';
CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.sla_first_breached_at := nullif(new.description, '')::timestamptz; RETURN new; END $$;
CREATE TRIGGER zz_forget BEFORE UPDATE ON taskq_task FOR EACH ROW EXECUTE FUNCTION forget();
UPDATE taskq_task SET description = '' WHERE title = 'moved out';
UPDATE taskq_task SET description = '2020-01-01' WHERE title = 'never late';
DROP TRIGGER zz_forget ON taskq_task;
DROP FUNCTION forget;
\set VERBOSITY default
-- why it was changed
SELECT sla_hours FROM taskq_set_sla(id('raw'), 12, 'customer is on leave', actor => 'sta_1');
SELECT sla_hours FROM taskq_set_sla(id('raw'), 12, 'no change, no event');
SELECT count(*) FROM taskq_set_sla_many(ARRAY[id('raw'), id('taken off')], 0.5, note => 'agreed by phone', actor => 'sta_2');
SELECT actor, kind, changes, note FROM taskq_task_event WHERE task_id = id('raw') ORDER BY id OFFSET 2;
SELECT taskq_set_sla(id('raw'), 3, repeat('x', 65537));
DROP VIEW was;
DROP FUNCTION id;
SELECT taskq_set_sla(:id, 0);
SELECT taskq_set_sla(:id, 'NaN');
SELECT taskq_set_sla(:id, 87600.1);
DROP EXTENSION taskq;
