-- Pauses: a fact beside the status, in which the clocks of the SLA stand still.
CREATE EXTENSION taskq;
\set VERBOSITY terse
\pset null -
INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana');
INSERT INTO taskq_customer VALUES ('cus_1', 'Acme');
CREATE VIEW brief AS
SELECT title, status, is_paused, pause_reason, resume_at IS NOT NULL AS resumes, sla_due_at = 'infinity' AS stands, sla_status, updated_at > created_at AS written FROM taskq_tasks;
CREATE VIEW told AS
SELECT t.title, h.kind, h.actor, h.from_status, h.to_status, h.note,
    (SELECT string_agg(key, ' ' ORDER BY key) FROM jsonb_object_keys(h.changes) key) AS changes
FROM taskq_task_history h JOIN taskq_task t ON t.id = h.task_id WHERE h.kind <> 'created' ORDER BY h.event_id;

-- pausing, again with another reason, with the same; starting, assigning, moving what is paused
SELECT taskq_create('a', sla_hours => 4, due_date => taskq_today() + 1) AS a \gset
SELECT title FROM taskq_pause(:a, 'a document', actor => 'ana');
TABLE brief;
SELECT paused_at AS since FROM taskq_task WHERE id = :a \gset
SELECT pause_reason, paused_at = :'since' AS same FROM taskq_pause(:a, 'two documents', now() + interval '1 day', actor => 'ana');
SELECT pause_reason, paused_at = :'since' AS same FROM taskq_pause(:a, 'two documents', (SELECT resume_at FROM taskq_task WHERE id = :a), actor => 'ana');
SELECT status, sla_due_at FROM taskq_start(:a, actor => 'ana');
SELECT status FROM taskq_reschedule(:a, taskq_today() - 1, actor => 'ana');
SELECT title, pause_reason, resume_at, paused_at FROM taskq_resume(:a, 'they came', actor => 'ana');
SELECT title, resumed_at > p.paused_at AS lasted, reason FROM taskq_task_pause p JOIN taskq_task ON id = task_id;
SELECT sla_due_at - created_at > interval '4 hours' AS later, sla_due_at - created_at - interval '4 hours' = (SELECT resumed_at - p.paused_at FROM taskq_task_pause p) AS by_the_pause FROM taskq_task WHERE id = :a;
SELECT title FROM taskq_resume(:a, 'again', actor => 'ana');
SELECT kind, actor, from_status, to_status, note, changes FROM told;

-- a pause ends with its task, and with resume_at, however late the sweep is
SELECT taskq_create('b', sla_hours => 4) AS b \gset
SELECT taskq_create('c', sla_hours => 4) AS c \gset
INSERT INTO taskq_task (title, created_at, sla_hours, paused_at, pause_reason, resume_at) VALUES
    ('until yesterday', now() - interval '3 days', 60, now() - interval '2 days', 'a letter', now() - interval '1 day'),
    ('until an hour ago', now() - interval '3 days', 73, now() - interval '2 hours', NULL, now() - interval '1 hour');
SELECT title, sla_due_at FROM taskq_task WHERE title LIKE 'until%' ORDER BY id;
SELECT title FROM taskq_pause_many(ARRAY[:b, :c], 'both');
SELECT status, paused_at, pause_reason FROM taskq_cancel(:b);
SELECT title, sla_hours_used < 0.1 AS used FROM taskq_task WHERE id = :b;
SELECT kind, tasks FROM taskq_sweep() WHERE tasks > 0;
SELECT title, is_paused, sla_due_at - created_at AS due_after FROM taskq_tasks WHERE title LIKE 'until%' ORDER BY id;
SELECT title, resumed_at - p.paused_at AS lasted, reason FROM taskq_task_pause p JOIN taskq_task ON id = task_id WHERE title LIKE 'until%' ORDER BY id;
SELECT title, kind, actor, note, changes FROM told WHERE title IN ('b', 'until yesterday', 'until an hour ago');
-- what another write finds is an event of its own
INSERT INTO taskq_task (title, created_at, sla_hours, paused_at, resume_at) VALUES ('found by an edit', now() - interval '1 day', 60, now() - interval '2 hours', now() - interval '1 hour');
SELECT title, paused_at FROM taskq_edit((SELECT id FROM taskq_task WHERE title = 'found by an edit'), description => 'x', actor => 'ana');
SELECT kind, actor, changes FROM told WHERE title = 'found by an edit';

-- what was over before another pause began is a pause of its own
INSERT INTO taskq_task (title, created_at, sla_hours, paused_at, pause_reason, resume_at) VALUES ('paused twice', now() - interval '3 days', 60, now() - interval '2 days', 'a letter', now() - interval '1 day');
SELECT pause_reason, paused_at = now() AS anew, resume_at FROM taskq_pause((SELECT id FROM taskq_task WHERE title = 'paused twice'), 'another letter', actor => 'ana');
SELECT resumed_at - p.paused_at AS lasted, reason FROM taskq_task_pause p JOIN taskq_task ON id = task_id WHERE title = 'paused twice';
SELECT kind, actor, note, changes FROM told WHERE title = 'paused twice';

-- claims leave it out, filters know it
SELECT count(*) FROM taskq_claim('sta_1', 10) WHERE is_paused;
SELECT title FROM taskq_queue_page(NULL, paused => true) ORDER BY title;
SELECT taskq_queue_count(NULL, paused => true), (SELECT paused FROM taskq_stats());

-- raw writes: the instant is the lifecycle's, what belongs to a pause goes with it
UPDATE taskq_task SET paused_at = '2020-01-01', pause_reason = 'raw' WHERE id = :a RETURNING paused_at > '2026-01-01' AS now;
UPDATE taskq_task SET paused_at = '2020-01-01' WHERE id = :a RETURNING paused_at > '2026-01-01' AS same;
UPDATE taskq_task SET paused_at = NULL WHERE id = :a RETURNING pause_reason, paused_at;
UPDATE taskq_task SET pause_reason = 'nothing to pause' WHERE id = :a RETURNING pause_reason;
INSERT INTO taskq_task (title, pause_reason) VALUES ('x', 'no pause');
INSERT INTO taskq_task (title, paused_at) VALUES ('x', 'infinity');
INSERT INTO taskq_task (title, status, cancelled_at, paused_at) VALUES ('x', 'CANCELLED', now() + interval '1 hour', now());
CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.paused_at := '2020-01-01'; RETURN new; END $$;
CREATE TRIGGER zz BEFORE UPDATE ON taskq_task FOR EACH ROW EXECUTE FUNCTION meddle();
SELECT taskq_pause(:a);
DROP TRIGGER zz ON taskq_task;

-- bounds
SELECT taskq_pause(:a, until => now());
SELECT taskq_pause(:a, until => 'infinity');
SELECT taskq_pause(:a, repeat('x', 65537));
SELECT taskq_pause(NULL);
SELECT taskq_pause(0);
SELECT taskq_pause(:b);
SELECT status, paused_at FROM taskq_resume(:b);
SELECT taskq_resume_many(ARRAY[:a, NULL]);
SELECT resume_at = now() + interval '10 years' AS ten_years FROM taskq_pause(:a, until => now() + interval '10 years');

-- entered late by hand: the task is computed anew; of a closed task it is refused; a restore leaves everything as it is
INSERT INTO taskq_task (title, created_at, sla_hours) VALUES ('forgotten', now() - interval '10 hours', 8);
SELECT kind, tasks FROM taskq_sweep() WHERE tasks > 0;
INSERT INTO taskq_task_pause SELECT id, created_at + interval '1 hour', created_at + interval '5 hours', 'entered late' FROM taskq_task WHERE title = 'forgotten';
SELECT sla_due_at - created_at AS due_after, sla_breached_at, sla_first_breached_at FROM taskq_task WHERE title = 'forgotten';
SELECT kind, actor = current_user AS by_me, note FROM told WHERE title = 'forgotten';
UPDATE taskq_task_pause SET resumed_at = resumed_at - interval '1 hour' WHERE reason = 'entered late';
SELECT sla_due_at - created_at AS due_after FROM taskq_task WHERE title = 'forgotten';
UPDATE taskq_task_pause SET reason = 'other words' WHERE reason = 'entered late';
DELETE FROM taskq_task_pause WHERE reason = 'other words';
SELECT sla_due_at - created_at AS due_after, sla_breached_at IS NOT NULL AS breached FROM taskq_task WHERE title = 'forgotten';
INSERT INTO taskq_task_pause SELECT id, created_at - interval '2 hours', created_at - interval '1 hour' FROM taskq_task WHERE title = 'forgotten';
SELECT sla_due_at - created_at AS due_after FROM taskq_task WHERE title = 'forgotten';
INSERT INTO taskq_task_pause VALUES (:b, now() - interval '1 hour', now());
INSERT INTO taskq_task_pause VALUES (0, now() - interval '1 hour', now());
INSERT INTO taskq_task_pause VALUES (:a, now(), now() - interval '1 hour');
INSERT INTO taskq_task_pause VALUES (:a, '-infinity', now());
SET check_function_bodies = off;
INSERT INTO taskq_task_pause VALUES (:b, '2020-01-01', '2020-01-02', 'restored');
RESET check_function_bodies;

-- a thousand pauses of one task
INSERT INTO taskq_task (title, created_at, sla_hours) VALUES ('often', now() - interval '1000 hours', 1000);
SET check_function_bodies = off;
INSERT INTO taskq_task_pause SELECT id, created_at + n * interval '1 hour', created_at + n * interval '1 hour' + interval '30 minutes' FROM taskq_task, generate_series(0, 999) n WHERE title = 'often';
RESET check_function_bodies;
UPDATE taskq_task SET sla_revision = 1 WHERE title = 'often';
SELECT sla_due_at - created_at AS due_after FROM taskq_task WHERE title = 'often';

-- erasure, deletion
SELECT taskq_create('of Acme', user_id => 'cus_1') AS d \gset
SELECT title FROM taskq_pause(:d, 'Acme''s letter');
SELECT title FROM taskq_resume(:d);
SELECT title FROM taskq_pause(:d, 'Acme''s other letter');
SELECT tasks > 0 AS erased FROM taskq_erase_customer('cus_1');
SELECT t.pause_reason, p.reason, e.note, e.changes -> 'pause_reason' AS was FROM taskq_task t, taskq_task_pause p, taskq_task_event e WHERE t.id = :d AND p.task_id = :d AND e.task_id = :d AND e.kind = 'paused';
DELETE FROM taskq_task WHERE id = :b;
SELECT count(*) FROM taskq_task_pause WHERE task_id = :b;

-- roles: agents pause, managers enter pauses
CREATE ROLE regress_agent;
CREATE ROLE regress_manager;
SELECT taskq_grant('regress_agent', 'agent'), taskq_grant('regress_manager', 'manager');
SET ROLE regress_agent;
SELECT title FROM taskq_resume(:a);
SELECT pause_reason FROM taskq_pause(:a, 'by an agent');
SELECT title FROM taskq_resume(:a);
INSERT INTO taskq_task_pause VALUES (:a, '2020-01-01', '2020-01-02');
SET ROLE regress_manager;
INSERT INTO taskq_task_pause VALUES (:a, '2020-01-01', '2020-01-02');
RESET ROLE;
DROP EXTENSION taskq CASCADE;
DROP OWNED BY regress_agent, regress_manager;
DROP ROLE regress_agent, regress_manager;
DROP FUNCTION meddle();
