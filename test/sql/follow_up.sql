-- Follow-ups: a closed task stays as it was, what is to be done after all is another.
CREATE EXTENSION taskq;
\set VERBOSITY terse
\set SHOW_CONTEXT never
\pset null -
INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana'), ('sta_2', 'Bob'), ('sta_3', 'Cy');
INSERT INTO taskq_customer VALUES ('cus_1', 'Acme', 'sta_1');
INSERT INTO taskq_team VALUES ('north', 'North'), ('south', 'South');
INSERT INTO taskq_sla_policy (name, kind, sla_hours) VALUES ('reviews', 'REVIEW', 8);
CREATE VIEW brief AS
SELECT title, description, priority, due_date - taskq_today() AS due_in, sla_hours, sla_policy, assignee_id, user_id, kind, team_id, labels, attributes, source, dedupe_key, follows_id, status
FROM taskq_tasks ORDER BY id;
\x on

-- what it has of the old one
SELECT taskq_create('Review', 'of the contract', 'HIGH', taskq_today() - 1, 4, 'sta_1', 'cus_1', 'my key', 'IMPORT', 'REVIEW', 'north', '{a,b}', '{"po": 1}') AS old \gset
SELECT status FROM taskq_complete(:old, 'misclick', actor => 'ana');
SELECT updated_at AS was FROM taskq_task WHERE id = :old \gset
SELECT taskq_follow_up(:old, actor => 'ana') AS new \gset
SELECT * FROM brief WHERE follows_id = :old;
\x off
-- asked for again while it is active, and when it is closed
SELECT taskq_follow_up(:old, 'Another title', taskq_today(), 1, 'sta_2') = :new AS same;
SELECT priority FROM taskq_prioritize(:new, 'LOW');
SELECT taskq_follow_up(:old) = :new AS same;
SELECT status FROM taskq_cancel(:new);
SELECT taskq_follow_up(:old, 'Another title', taskq_today() + 1, 1, 'sta_2') AS newest \gset
SELECT title, due_in, sla_hours, sla_policy, assignee_id, follows_id = :old AS follows, priority FROM brief WHERE title = 'Another title';
SELECT taskq_follow_up(:new) AS third \gset
SELECT follows_id = :new AS follows, priority FROM taskq_task WHERE id = :third;
-- the chain both ways; the old one is as it was
SELECT h.task_id - :old AS task, h.kind, actor = session_user AS by_me, from_status, to_status, (changes -> 'follow_up')::bigint - :old AS follow_up, note, t.follows_id - :old AS follows
FROM taskq_task_history h JOIN taskq_task t ON t.id = h.task_id WHERE h.kind IN ('created', 'followed_up', 'completed', 'cancelled') ORDER BY task_id, event_id;
SELECT updated_at = :'was' AS same, status FROM taskq_task WHERE id = :old;
SELECT task_id IS NOT NULL AS found FROM taskq_task_event WHERE kind = 'followed_up' AND changes = jsonb_build_object('follow_up', :newest);

-- an inactive assignee or team is left out, unless an assignee is given; so are engines' sources
UPDATE taskq_team SET is_active = false WHERE id = 'north';
UPDATE taskq_staff_member SET is_active = false WHERE id = 'sta_1';
SELECT taskq_create('Left', assignee_id => 'sta_2', team_id => 'south') AS left \gset
SELECT status FROM taskq_cancel(:left);
UPDATE taskq_staff_member SET is_active = false WHERE id = 'sta_2';
SELECT taskq_follow_up(:left) AS up \gset
SELECT assignee_id, team_id FROM taskq_task WHERE id = :up;
SELECT count(*) FROM taskq_cancel_many(ARRAY[:newest, :up]);
SELECT taskq_follow_up(:old, assignee_id => 'sta_3') AS up \gset
SELECT assignee_id, team_id FROM taskq_task WHERE id = :up;
INSERT INTO taskq_task (title, status, source, cancelled_at) VALUES ('Of an engine', 'CANCELLED', 'RENEWAL', statement_timestamp()) RETURNING id AS engine \gset
SELECT taskq_follow_up(:engine) AS manual \gset
SELECT source FROM taskq_task WHERE id = :manual;

-- errors
SELECT taskq_follow_up(NULL);
SELECT taskq_follow_up(-1);
SELECT taskq_create('Active', due_date => taskq_today() - 1) AS active \gset
SELECT taskq_follow_up(:active);
SELECT taskq_follow_up(:left, '');
SELECT taskq_follow_up(:left, due_date => 'infinity');
SELECT taskq_follow_up(:left, sla_hours => 0);
SELECT taskq_follow_up(:left, assignee_id => 'sta_2');
SELECT taskq_follow_up(:left, assignee_id => 'nobody');
SELECT taskq_follow_up(:left, actor => '');
SELECT count(*) FROM taskq_task WHERE follows_id = :left AND cancelled_at IS NULL;
-- the key belongs to another task
SELECT id AS left FROM taskq_cancel(taskq_create('Left too')) \gset
SELECT taskq_create('Thief', dedupe_key => 'taskq_follow_up ' || :left) AS thief \gset
\set VERBOSITY default
SELECT taskq_follow_up(:left);
SELECT taskq_follow_up(:active);
\set VERBOSITY terse
SELECT status FROM taskq_cancel(:thief);
SELECT taskq_follow_up(:left) > :thief AS created;
DO $$
DECLARE
    said text;
BEGIN
    PERFORM taskq_complete(follows_id) FROM taskq_task WHERE title = 'Another title';
EXCEPTION WHEN check_violation THEN
    GET STACKED DIAGNOSTICS said = PG_EXCEPTION_HINT;
    RAISE NOTICE '%', said;
END $$;
-- it never changes, and nothing follows itself
UPDATE taskq_task SET follows_id = :old WHERE id = :active;
UPDATE taskq_task SET follows_id = NULL WHERE id = :third;
UPDATE taskq_task SET follows_id = follows_id WHERE id = :third;
INSERT INTO taskq_task (id, title, follows_id) OVERRIDING SYSTEM VALUE VALUES (1000, 'Self', 1000);
-- nor do tasks follow each other: what an INSERT names is there, and closed; a dump's rows come as they were
INSERT INTO taskq_task (title, follows_id) VALUES ('x', :active);
INSERT INTO taskq_task (title, follows_id) VALUES ('x', -1);
INSERT INTO taskq_task (id, title, status, cancelled_at, follows_id) VALUES (1001, 'x', 'CANCELLED', now(), 1002), (1002, 'y', 'CANCELLED', now(), 1001);
BEGIN;
INSERT INTO taskq_task (id, title, status, cancelled_at, follows_id) VALUES (1001, 'x', 'CANCELLED', now(), NULL), (1002, 'y', 'CANCELLED', now(), 1001), (1003, 'z', 'OPEN', NULL, 1002) RETURNING id, follows_id;
UPDATE taskq_task SET follows_id = 1003 WHERE id = 1001;
ROLLBACK;
BEGIN;
SET LOCAL check_function_bodies = off;
INSERT INTO taskq_task (title, follows_id) VALUES ('of a dump', 1001) RETURNING follows_id;
ROLLBACK;

-- rules are offered the new task; the old one's history stays when texts are erased, and the key does
INSERT INTO taskq_workflow_rule (name, event, condition, action, priority) VALUES ('up', 'task.created', '$.task.follows_id > 0', 'ESCALATE', 'URGENT');
SELECT taskq_create('Of Acme', user_id => 'cus_1') AS acme \gset
SELECT status FROM taskq_cancel(:acme);
SELECT taskq_follow_up(:acme) AS up \gset
SELECT priority FROM taskq_task WHERE id = :up;
SELECT tasks FROM taskq_erase_customer('cus_1');
SELECT title, follows_id = :acme AS follows FROM taskq_task WHERE id = :up;
SELECT taskq_follow_up(:acme) = :up AS same;
SELECT kind, changes = jsonb_build_object('follow_up', :up) AS kept FROM taskq_task_event WHERE task_id = :acme ORDER BY id;
-- a column of the user's, dropped, moves no other
ALTER TABLE taskq_task ADD COLUMN desk text DEFAULT 'north';
ALTER TABLE taskq_task DROP COLUMN desk;
SELECT status FROM taskq_cancel(:up);
SELECT taskq_follow_up(:up) > :up AS created;
-- deleted, the old one leaves its id behind
DELETE FROM taskq_task WHERE id = :acme;
SELECT follows_id = :acme AS dangling FROM taskq_task WHERE id = :up;

-- whom row security lets neither see nor update the old one; agents may, viewers may not
SELECT id AS third FROM taskq_cancel(taskq_create('Hidden')) \gset
CREATE ROLE regress_taskq_f;
SELECT taskq_grant('regress_taskq_f', 'viewer');
SET ROLE regress_taskq_f;
SELECT taskq_follow_up(:up);
RESET ROLE;
SELECT taskq_grant('regress_taskq_f', 'agent');
ALTER TABLE taskq_task ENABLE ROW LEVEL SECURITY;
CREATE POLICY see ON taskq_task FOR SELECT TO regress_taskq_f USING (title <> 'Hidden');
CREATE POLICY add ON taskq_task FOR INSERT TO regress_taskq_f WITH CHECK (true);
CREATE POLICY change ON taskq_task FOR UPDATE TO regress_taskq_f USING (title <> 'Left too');
SET ROLE regress_taskq_f;
SELECT taskq_follow_up(:third);
SELECT taskq_follow_up(:left);
SELECT taskq_follow_up(:engine) > 0 AS followed;
RESET ROLE;

DROP VIEW brief;
SELECT taskq_revoke('regress_taskq_f');
DROP EXTENSION taskq CASCADE;
DROP ROLE regress_taskq_f;
