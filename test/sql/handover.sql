-- What a member of staff has goes to somebody else, to a team, or to both.
CREATE EXTENSION taskq;
\set SHOW_CONTEXT never
\set VERBOSITY terse
INSERT INTO taskq_staff_member VALUES ('ana', 'Ana', true), ('bob', 'Bob', true), ('cy', 'Cy', true), ('old', 'Olga', false);
INSERT INTO taskq_team VALUES ('docs', 'Documents', true), ('claims', 'Claims', true), ('gone', 'Gone', false);
INSERT INTO taskq_customer VALUES ('cus_1', 'Acme', 'ana', true), ('cus_2', 'Beta', 'bob', true), ('cus_3', 'Gone', 'ana', false);
INSERT INTO taskq_task (title, assignee_id, team_id, due_date, status, started_at, completed_at) VALUES
    ('open', 'ana', 'docs', NULL, 'OPEN', NULL, NULL), ('started', 'ana', NULL, NULL, 'IN_PROGRESS', now(), NULL),
    ('past and not swept', 'ana', NULL, taskq_today() - 1, 'OPEN', NULL, NULL), ('done', 'ana', 'docs', NULL, 'COMPLETED', now(), now()),
    ('of Bob', 'bob', 'docs', NULL, 'OPEN', NULL, NULL), ('of nobody', NULL, 'docs', NULL, 'OPEN', NULL, NULL);
SELECT taskq_pause(id) IS NOT NULL AS paused FROM taskq_task WHERE title = 'open';
SELECT taskq_renewal_create('cus_1', 'permit', taskq_today() + 5) AS of_agent, taskq_renewal_create('cus_2', 'permit', taskq_today() + 5, 'ana') AS of_ana,
    taskq_renewal_create('cus_2', 'visa', taskq_today() + 5, 'ana') AS closed, taskq_renewal_create('cus_2', 'licence', taskq_today() + 5, 'ana') AS lent \gset
SELECT count(*) FROM taskq_renewals_refresh();
SELECT taskq_renewal_cancel(:closed) IS NOT NULL AS cancelled;
-- one that was given to somebody else for a while
SELECT assignee_id FROM taskq_assign((SELECT open_task_id FROM taskq_renewals WHERE id = :lent), 'cy');

SELECT * FROM taskq_hand_over('ana');
SELECT * FROM taskq_hand_over(NULL, 'bob');
SELECT * FROM taskq_hand_over('ana', 'ana', 'docs');
SELECT * FROM taskq_hand_over('nope', 'bob');
SELECT * FROM taskq_hand_over('ana', 'nope');
SELECT * FROM taskq_hand_over('ana', 'old');
SELECT * FROM taskq_hand_over('ana', 'bob', 'nope');
SELECT * FROM taskq_hand_over('ana', to_team => 'gone');
SELECT * FROM taskq_hand_over('ana', 'bob', actor => '');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT * FROM taskq_hand_over('ana', 'bob');
ROLLBACK;
INSERT INTO taskq_schedule (name, title_template, starts_on, every, assignee_id, team_id, is_enabled) VALUES
    ('weekly', 'Report', '2099-01-01', '7 days', 'ana', 'docs', true), ('paused', 'Report', '2099-01-01', '1 month', 'ana', NULL, false),
    ('of Bob', 'Report', '2099-01-01', '1 month', 'bob', NULL, true);
CREATE VIEW has AS
SELECT coalesce(t.title, 'renewal') AS what, t.assignee_id, t.team_id FROM taskq_task t WHERE t.source = 'MANUAL'
UNION ALL SELECT 'renewal of ' || user_id || ': ' || service_type, r.assignee_id, NULL FROM taskq_renewal r
UNION ALL SELECT 'its task', t.assignee_id, t.team_id FROM taskq_task t WHERE t.source = 'RENEWAL'
UNION ALL SELECT 'customer ' || id, assigned_agent_id, NULL FROM taskq_customer
UNION ALL SELECT 'schedule ' || name, assignee_id, team_id FROM taskq_schedule;
CREATE TABLE before AS SELECT * FROM has;

-- to somebody; what is not ana's stays
BEGIN;
UPDATE taskq_staff_member SET is_active = false WHERE id = 'ana';
SELECT * FROM taskq_hand_over('ana', 'cy', actor => 'lead');
TABLE has EXCEPT ALL TABLE before ORDER BY 1, 2;
TABLE before EXCEPT ALL TABLE has ORDER BY 1, 2;
SELECT split_part(t.title, ',', 1) AS title, e.kind, e.actor, e.changes FROM taskq_task_event e JOIN taskq_task t ON t.id = e.task_id WHERE e.actor = 'lead' ORDER BY e.task_id, e.id;
SELECT * FROM taskq_hand_over('ana', 'cy');
SELECT title, status FROM taskq_tasks WHERE title = 'past and not swept';
ROLLBACK;
-- to a team: nobody's
BEGIN;
SELECT * FROM taskq_hand_over('ana', to_team => 'claims');
TABLE has EXCEPT ALL TABLE before ORDER BY 1, 2, 3;
ROLLBACK;
-- to somebody in a team
SELECT * FROM taskq_hand_over('ana', 'bob', 'claims');
TABLE has EXCEPT ALL TABLE before ORDER BY 1, 2, 3;
SELECT * FROM taskq_hand_over('old', 'bob');

-- managers only; under row security, of what they see
CREATE ROLE regress_taskq_lead;
GRANT USAGE ON SCHEMA public TO regress_taskq_lead;
SELECT taskq_grant('regress_taskq_lead', 'agent');
SET ROLE regress_taskq_lead;
SELECT * FROM taskq_hand_over('bob', 'ana');
RESET ROLE;
SELECT taskq_grant('regress_taskq_lead', 'manager');
ALTER TABLE taskq_task ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON taskq_task TO regress_taskq_lead USING (team_id = 'docs');
SET ROLE regress_taskq_lead;
SELECT * FROM taskq_hand_over('bob', 'ana');
RESET ROLE;
SELECT split_part(title, ',', 1) AS title, assignee_id, team_id FROM taskq_task ORDER BY id;
ALTER TABLE taskq_staff_member ENABLE ROW LEVEL SECURITY;
SET ROLE regress_taskq_lead;
SELECT * FROM taskq_hand_over('bob', 'ana');
RESET ROLE;
DROP OWNED BY regress_taskq_lead;
DROP VIEW has;
DROP TABLE before;
DROP EXTENSION taskq;
DROP ROLE regress_taskq_lead;
