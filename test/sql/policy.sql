-- Policies: which SLA a task gets, and when it gets another.
CREATE EXTENSION taskq;
\set VERBOSITY terse
\pset null -
SET timezone = 'Europe/Berlin';
INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana');
INSERT INTO taskq_customer VALUES ('cus_1', 'Acme'), ('cus_2', 'Bolt');
SELECT taskq_calendar_set('berlin', 'Europe/Berlin', 'Mon-Fri 09:00-17:00');
CREATE VIEW brief AS SELECT title, sla_policy, sla_hours, response_hours, sla_calendar FROM taskq_task;

-- without policies there is no SLA; the most specific one that fits gives it
SELECT taskq_create('none yet') \g /dev/null
INSERT INTO taskq_sla_policy (name, user_id, kind, priority, source, calendar, response_hours, sla_hours, warn_percents) VALUES
    ('all', NULL, NULL, NULL, NULL, 'berlin', 4, 40, '{50,90}'), ('urgent', NULL, NULL, 'URGENT', NULL, 'berlin', 1, 8, '{}'),
    ('reviews', NULL, 'REVIEW', NULL, NULL, NULL, NULL, 24, '{}'), ('phone', NULL, NULL, NULL, 'PHONE', 'berlin', 2, NULL, '{}'),
    ('Acme', 'cus_1', NULL, NULL, NULL, 'berlin', NULL, 16, '{}'), ('urgent on the phone', NULL, NULL, 'URGENT', 'PHONE', 'berlin', 0.5, 4, '{}');
SELECT taskq_create('any'), taskq_create('urgent', priority => 'URGENT'), taskq_create('review', kind => 'REVIEW'), taskq_create('urgent review', priority => 'URGENT', kind => 'REVIEW'),
    taskq_create('phone', source => 'PHONE'), taskq_create('urgent phone', source => 'PHONE', priority => 'URGENT'), taskq_create('of Acme', user_id => 'cus_1'),
    taskq_create('review of Acme', user_id => 'cus_1', kind => 'REVIEW', priority => 'URGENT'), taskq_create('of Bolt', user_id => 'cus_2'), taskq_create('own hours', sla_hours => 2) \g /dev/null
TABLE brief;
-- by name, since; what excludes what
SELECT j ->> 'sla_policy' AS policy, j ->> 'sla_from' AS since, j ->> 'sla_due_at' AS due, j ->> 'response_due_at' AS response
FROM taskq_create_json('{"title": "by name", "sla_policy": "urgent", "sla_from": "2026-06-05T16:30:00+02:00"}') j;
SELECT taskq_create_json('{"title": "x", "sla_policy": "urgent", "sla_hours": 3}');
SELECT taskq_create_json('{"title": "x", "sla_policy": "nope"}');
SELECT taskq_create_json('{"title": "x", "sla_from": "2999-01-01T00:00:00Z"}');
SELECT taskq_create_json('{"title": "x", "sla_from": "yesterday"}');
SELECT taskq_create_json('{"title": "x", "sla_from": "2026-06-05"}');
SELECT taskq_create_json('{"title": "x", "sla_from": "2026-02-30T00:00:00Z"}');
SELECT taskq_create_json('{"title": "x", "response_hours": 0}');
SELECT taskq_create_json('{"title": "x", "response_hours": "4"}');
SELECT taskq_create_json(jsonb_build_object('title', 'x', 'kind', repeat('k', 64)));
SELECT taskq_create('x', kind => '');

-- applied again when what it goes by changes; hours by hand end that
SELECT id AS any FROM taskq_task WHERE title = 'any' \gset
SELECT sla_policy, sla_hours, response_hours FROM taskq_prioritize(:any, 'URGENT');
UPDATE taskq_task SET kind = 'REVIEW' WHERE id = :any RETURNING sla_policy, sla_hours, response_hours, sla_calendar, response_due_at;
UPDATE taskq_task SET user_id = 'cus_1' WHERE id = :any RETURNING sla_policy, sla_hours;
SELECT sla_policy, sla_hours FROM taskq_set_sla(:any, 5);
SELECT sla_policy, sla_hours FROM taskq_prioritize(:any, 'LOW');
SELECT sla_policy, sla_hours FROM taskq_apply_policy(:any);
SELECT sla_policy, sla_hours, sla_from, sla_due_at FROM taskq_apply_policy(:any, 'all', '2026-06-05 16:30');
SELECT sla_policy FROM taskq_apply_policy(:any, 'all', '2026-06-05 16:30');
SELECT kind, from_status, note, (SELECT string_agg(key, ' ' ORDER BY key) FROM jsonb_object_keys(changes) key) AS changes FROM taskq_task_history WHERE task_id = :any ORDER BY event_id;
SELECT taskq_apply_policy(:any, 'nope');
SELECT taskq_apply_policy(:any, since => now() + interval '1 second');
SELECT count(*) FROM taskq_apply_policy_many(ARRAY[:any], 'urgent');
UPDATE taskq_sla_policy SET is_enabled = false WHERE name = 'Acme';
UPDATE taskq_sla_policy SET is_enabled = false WHERE name IN ('all', 'reviews');
SELECT sla_policy, sla_hours FROM taskq_prioritize(:any, 'MEDIUM');
SELECT taskq_apply_policy(:any);
-- a customer's new key is no other customer
UPDATE taskq_sla_policy SET is_enabled = true;
SELECT sla_policy FROM taskq_apply_policy(:any);
UPDATE taskq_customer SET id = 'cus_9' WHERE id = 'cus_1';
SELECT sla_policy, user_id, sla_hours FROM taskq_task WHERE id = :any;
-- a calendar's new name: policies and active tasks follow
UPDATE taskq_calendar SET name = 'berlin office' WHERE name = 'berlin';
SELECT DISTINCT sla_policy, sla_calendar FROM taskq_task WHERE sla_policy IS NOT NULL ORDER BY 1;
SELECT kind, tasks FROM taskq_sweep() WHERE kind = 'sla_moved';
DELETE FROM taskq_calendar;
-- teams: looked up like the rest, a team coming after a customer and before a kind
INSERT INTO taskq_team VALUES ('claims', 'Claims', true), ('docs', 'Documents', true), ('bare', 'No policy', true);
INSERT INTO taskq_staff_member VALUES ('sta_2', 'Bo');
INSERT INTO taskq_sla_policy (name, user_id, team_id, kind, priority, sla_hours) VALUES
    ('of claims', NULL, 'claims', NULL, NULL, 30), ('of docs', NULL, 'docs', NULL, NULL, 31),
    ('claims, DENTAL', NULL, 'claims', 'DENTAL', NULL, 32), ('DENTAL', NULL, NULL, 'DENTAL', NULL, 33), ('urgent DENTAL', NULL, NULL, 'DENTAL', 'URGENT', 34),
    ('Bolt', 'cus_2', NULL, NULL, NULL, 35), ('Bolt''s claims', 'cus_2', 'claims', NULL, NULL, 36);
SELECT v.t, v.u, v.k, v.p, j ->> 'sla_policy' AS policy FROM (VALUES ('claims', NULL, NULL, 'LOW'), ('claims', NULL, 'DENTAL', 'LOW'), ('docs', NULL, 'DENTAL', 'URGENT'),
    (NULL, NULL, 'DENTAL', 'URGENT'), ('bare', NULL, 'DENTAL', 'LOW'), ('docs', 'cus_2', 'DENTAL', 'URGENT'), ('claims', 'cus_2', 'DENTAL', 'URGENT')) v(t, u, k, p),
    taskq_create_json(jsonb_build_object('title', 'of a team', 'team_id', v.t, 'user_id', v.u, 'kind', v.k, 'priority', v.p)) j;
SELECT taskq_create('moves', kind => 'TEAMWORK', team_id => 'claims') AS moves \gset
SELECT sla_policy, sla_hours FROM taskq_assign_team(:moves, 'docs');
SELECT sla_policy, sla_hours FROM taskq_assign_team_many(ARRAY[:moves], 'claims');
UPDATE taskq_task SET team_id = 'docs', assignee_id = 'sta_1' WHERE id = :moves RETURNING sla_policy, sla_hours;
SELECT tasks FROM taskq_hand_over('sta_1', NULL, 'claims');
SELECT sla_policy, sla_hours FROM taskq_task WHERE id = :moves;
INSERT INTO taskq_workflow_rule (name, event, action, condition, team_id) VALUES ('to docs', 'task.started', 'ASSIGN', '$.task.kind == "TEAMWORK"', 'docs');
SELECT FROM taskq_start(:moves);
SELECT sla_policy, sla_hours, team_id FROM taskq_task WHERE id = :moves;
DELETE FROM taskq_workflow_rule;
SELECT sla_policy, sla_hours FROM taskq_claim('sta_2', 100, 'docs') WHERE id = :moves;
SELECT kind, (SELECT string_agg(key, ' ' ORDER BY key) FROM jsonb_object_keys(changes) key) AS changes FROM taskq_task_history WHERE task_id = :moves ORDER BY event_id;
SELECT sla_policy FROM taskq_set_sla(:moves, 5);
SELECT sla_policy, sla_hours FROM taskq_assign_team(:moves, 'claims');
SELECT sla_policy, sla_hours FROM taskq_apply_policy(:moves);
UPDATE taskq_task SET priority = NULL WHERE id = :moves;
-- a team's new key is no other team, and the policies have it at once; an inactive one's tasks keep what they have
UPDATE taskq_sla_policy SET sla_hours = 29 WHERE name = 'of claims';
BEGIN;
UPDATE taskq_team SET id = 'damage' WHERE id = 'claims';
SELECT taskq_create('of damage', kind => 'TEAMWORK', team_id => 'damage') \g /dev/null
SELECT title, team_id, sla_policy, sla_hours FROM taskq_task WHERE kind = 'TEAMWORK' ORDER BY id;
ROLLBACK;
UPDATE taskq_team SET id = 'damage' WHERE id = 'claims';
SELECT sla_policy, sla_hours FROM taskq_assign_team(taskq_create('of damage', kind => 'TEAMWORK', team_id => 'docs'), 'damage');
UPDATE taskq_team SET is_active = false WHERE id = 'damage';
SELECT title, team_id, sla_policy, sla_hours FROM taskq_task WHERE kind = 'TEAMWORK' ORDER BY id;
SELECT sla_policy, sla_hours FROM taskq_apply_policy(:moves);
SELECT sla_policy FROM taskq_assign_team(:moves, NULL);
SELECT sla_policy FROM taskq_assign_team(:moves, 'bare');
-- one for each combination, of teams that there are; one in use stays
INSERT INTO taskq_sla_policy (name, team_id, sla_hours) VALUES ('again', 'docs', 1);
INSERT INTO taskq_sla_policy (name, team_id, sla_hours) VALUES ('x', 'nope', 1);
DELETE FROM taskq_team WHERE id = 'damage';
-- a merged customer's policy goes over unless the other has one for the same team
INSERT INTO taskq_customer VALUES ('cus_3', 'Bolt Ltd');
INSERT INTO taskq_sla_policy (name, user_id, team_id, sla_hours) VALUES ('Bolt Ltd''s docs', 'cus_3', 'docs', 1), ('Bolt Ltd''s damage', 'cus_3', 'damage', 1);
SELECT policies FROM taskq_merge_customer('cus_3', 'cus_2');
SELECT name, user_id, team_id, is_enabled FROM taskq_sla_policy WHERE name ~ 'Bolt' ORDER BY name;
DELETE FROM taskq_sla_policy WHERE team_id IS NOT NULL OR kind = 'DENTAL' OR user_id = 'cus_2';
UPDATE taskq_task SET team_id = NULL WHERE team_id IS NOT NULL;
DELETE FROM taskq_team;
-- the sessions' cache: a policy holds from the commit on, and until a rollback
BEGIN;
INSERT INTO taskq_sla_policy (name, kind, sla_hours) VALUES ('mine', 'MINE', 1);
SELECT taskq_create('mine', kind => 'MINE') \g /dev/null
SELECT sla_policy FROM taskq_task WHERE title = 'mine';
ROLLBACK;
SELECT taskq_create('mine', kind => 'MINE') \g /dev/null
SELECT sla_policy FROM taskq_task WHERE title = 'mine';
-- what a policy may be
INSERT INTO taskq_sla_policy (name) VALUES ('no hours');
INSERT INTO taskq_sla_policy (name, sla_hours) VALUES ('again', 1);
INSERT INTO taskq_sla_policy (name, kind, sla_hours, warn_percents) VALUES ('x', 'x', 1, '{0}');
INSERT INTO taskq_sla_policy (name, kind, sla_hours, warn_percents) VALUES ('x', 'x', 1, '{100}');
INSERT INTO taskq_sla_policy (name, kind, sla_hours) VALUES ('x', 'x', 'NaN');
INSERT INTO taskq_sla_policy (name, kind, sla_hours, calendar) VALUES ('x', 'x', 1, 'nope');
-- a raw INSERT stores what it is given, and fills in what is NULL
INSERT INTO taskq_task (title, sla_policy, sla_hours, created_at) VALUES ('raw', 'all', 3, '2026-06-05 16:30') RETURNING sla_policy, sla_calendar, sla_due_at;
INSERT INTO taskq_task (title, sla_hours, sla_calendar) VALUES ('x', 3, 'nope');
INSERT INTO taskq_task (title, response_hours) VALUES ('x', 'NaN');
INSERT INTO taskq_task (title, response_due_at) VALUES ('x', now());
UPDATE taskq_task SET sla_policy = 'nope' WHERE title = 'raw';
UPDATE taskq_task SET sla_policy = 'phone' WHERE title = 'raw' RETURNING sla_policy, sla_hours, response_hours, sla_due_at, sla_calendar;
UPDATE taskq_task SET response_due_at = now() WHERE title = 'raw';

-- response: stops when work begins, or the task is closed
INSERT INTO taskq_task (title, created_at, response_hours) VALUES ('in time', now() - interval '1 hour', 2), ('late', now() - interval '3 hours', 2), ('cancelled', now() - interval '3 hours', 4);
SELECT title, response_breached_at, round(response_hours_used) AS used FROM taskq_start((SELECT id FROM taskq_task WHERE title = 'in time'));
SELECT kind, tasks FROM taskq_sweep() WHERE kind = 'response_breached';
SELECT title, response_breached_at IS NOT NULL AS breached, round(response_hours_used) AS used FROM taskq_start((SELECT id FROM taskq_task WHERE title = 'late'));
SELECT title, response_breached_at, round(response_hours_used) AS used FROM taskq_cancel((SELECT id FROM taskq_task WHERE title = 'cancelled'));

-- warnings: at risk of every task with an SLA, percents of a policy; once a deadline, never out of hours
INSERT INTO taskq_sla_policy (name, kind, sla_hours, warn_percents) VALUES ('warned', 'WARNED', 10, '{90,50}');
INSERT INTO taskq_task (title, kind, sla_policy, sla_hours, created_at) SELECT 'warned ' || h, 'WARNED', 'warned', 10, now() - h * interval '1 hour' FROM unnest('{4,6,8.5,9.5,11}'::float8[]) h;
INSERT INTO taskq_task (title, sla_hours, created_at) VALUES ('at risk', 10, now() - interval '9 hours'), ('not at risk', 10, now() - interval '7 hours');
SELECT kind, tasks FROM taskq_sweep() WHERE kind IN ('sla_at_risk', 'sla_warnings', 'sla_breached');
SELECT kind, tasks FROM taskq_sweep() WHERE kind IN ('sla_at_risk', 'sla_warnings', 'sla_breached');
SELECT t.title, h.kind, h.note, h.actor, t.sla_warn_at - t.created_at AS next FROM taskq_task_history h JOIN taskq_task t ON t.id = h.task_id
WHERE t.title ~ 'warned|at risk' AND h.kind <> 'created' ORDER BY h.task_id, h.event_id;
SELECT kind, note FROM taskq_task_history WHERE task_id = (SELECT id FROM taskq_set_sla((SELECT id FROM taskq_task WHERE title = 'at risk'), 11)) AND kind LIKE 'sla%' ORDER BY event_id;
SELECT taskq_calendar_set('closed today', 'UTC', (SELECT string_agg(day, ',') FROM unnest('{Mon,Tue,Wed,Thu,Fri,Sat,Sun}'::text[]) WITH ORDINALITY d(day, n)
    WHERE n NOT IN (extract(isodow FROM now() AT TIME ZONE 'UTC'), extract(isodow FROM now() AT TIME ZONE 'UTC' + interval '1 day'))) || ' 00:00-24:00');
INSERT INTO taskq_task (title, sla_calendar, sla_hours, created_at, sla_due_at, sla_at_risk_at, sla_revision)
SELECT 'out of hours', name, 10, now() - interval '5 days', now() + interval '9 days', now() - interval '1 hour', revision FROM taskq_calendar WHERE name = 'closed today';
SELECT kind, tasks FROM taskq_sweep() WHERE kind IN ('sla_at_risk', 'sla_warnings', 'sla_moved');
SELECT sla_warned_at, sla_warn_at > now() AS put_off FROM taskq_task WHERE title = 'out of hours';
-- a put-off warning survives a pause; a new deadline is told anew, at risk at once, however much was told of the old one
INSERT INTO taskq_task (title, sla_calendar, sla_hours, created_at) VALUES ('put off', 'closed today', 120.001, now() - interval '5 days');
SELECT kind, tasks FROM taskq_sweep() WHERE kind IN ('sla_at_risk', 'sla_warnings', 'sla_moved');
SELECT taskq_pause((SELECT id FROM taskq_task WHERE title = 'put off')) \g /dev/null
SELECT sla_warned_at, sla_warn_at > now() AS put_off FROM taskq_resume((SELECT id FROM taskq_task WHERE title = 'put off'));
INSERT INTO taskq_sla_policy (name, kind, priority, sla_hours, warn_percents) VALUES ('warned first', 'HASTE', NULL, 10, '{50}'), ('then at risk', 'HASTE', 'URGENT', 7, '{50}');
INSERT INTO taskq_task (title, kind, sla_policy, sla_hours, created_at) VALUES ('haste', 'HASTE', 'warned first', 10, now() - interval '6 hours');
SELECT kind, tasks FROM taskq_sweep() WHERE kind IN ('sla_at_risk', 'sla_warnings');
SELECT sla_policy, sla_warned_at IS NOT NULL AS told FROM taskq_prioritize((SELECT id FROM taskq_task WHERE title = 'haste'), 'URGENT');
SELECT kind, tasks FROM taskq_sweep() WHERE kind IN ('sla_at_risk', 'sla_warnings');
SELECT kind, note FROM taskq_task_history WHERE task_id = (SELECT id FROM taskq_task WHERE title = 'haste') ORDER BY event_id;
-- hours by hand end a policy, also the same hours; work that has begun has answered, whatever is paused later
SELECT sla_policy, sla_hours FROM taskq_set_sla((SELECT id FROM taskq_task WHERE title = 'haste'), 7);
SELECT sla_policy FROM taskq_prioritize((SELECT id FROM taskq_task WHERE title = 'haste'), 'LOW');
INSERT INTO taskq_task (title, status, created_at, started_at, sla_hours, response_hours) VALUES ('answered', 'IN_PROGRESS', now() - interval '9 hours', now() - interval '8 hours', 40, 4);
SELECT response_due_at - created_at AS due_after FROM taskq_pause((SELECT id FROM taskq_task WHERE title = 'answered'));
SELECT response_due_at - created_at AS due_after FROM taskq_resume((SELECT id FROM taskq_task WHERE title = 'answered'));
-- no clock begins in the future, by whatever way
INSERT INTO taskq_task (title, sla_hours, sla_from) VALUES ('x', 1, now() + interval '1 hour');
UPDATE taskq_task SET sla_from = now() + interval '1 hour' WHERE title = 'answered';
-- a task that has a calendar, but no target any more: the sweep gets done with it
SELECT taskq_calendar_set('no target', 'UTC', '24/7');
INSERT INTO taskq_task (title, sla_calendar) VALUES ('no target', 'no target');
SELECT taskq_calendar_set('no target', 'UTC', 'Mon 09:00-10:00');
SELECT kind, tasks FROM taskq_sweep() WHERE kind = 'failed';
SELECT t.sla_revision = c.revision AS current FROM taskq_task t JOIN taskq_calendar c ON c.name = t.sla_calendar WHERE t.title = 'no target';
SELECT kind FROM taskq_task_event WHERE task_id = (SELECT id FROM taskq_task WHERE title = 'no target');
-- no breach is told from a stale deadline, whatever comes before the sweep
SELECT taskq_calendar_set('stale', 'UTC', '24/7');
INSERT INTO taskq_task (title, sla_calendar, sla_hours, response_hours, sla_from) VALUES
    ('stale, paused', 'stale', 1, 1, now() - interval '2 hours'), ('stale, new target', 'stale', 1, 1, now() - interval '2 hours'),
    ('stale, begun later', 'stale', 1, 1, now() - interval '2 hours');
INSERT INTO taskq_holiday (list, day) SELECT 'two days', (now() AT TIME ZONE 'UTC')::date - 1 + i FROM generate_series(0, 2) i;
SELECT taskq_calendar_set('stale', 'UTC', '24/7', '{two days}');
SELECT count(*) FROM taskq_pause((SELECT id FROM taskq_task WHERE title = 'stale, paused'), 'waits');
SELECT count(*) FROM taskq_set_sla((SELECT id FROM taskq_task WHERE title = 'stale, new target'), 3);
UPDATE taskq_task SET sla_from = sla_from + interval '1 minute' WHERE title = 'stale, begun later';
SELECT t.title, t.sla_first_breached_at, t.response_breached_at, e.kind FROM taskq_task t JOIN taskq_task_event e ON e.task_id = t.id
WHERE t.title ~ '^stale' ORDER BY e.id;
DROP EXTENSION taskq CASCADE;
