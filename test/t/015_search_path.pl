# No search_path changes what taskq runs: not that of a session, whoever owns
# the schemas on it, and not that of CREATE EXTENSION.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Utils;
use TaskqTest;
use Shadows;
use Test::More;

my $node = start_node('search_path', "taskq.databases = none\nmax_locks_per_transaction = 1000\n");
query('postgres', q{CREATE ROLE mallory LOGIN; CREATE DATABASE desk; CREATE DATABASE install; ALTER DATABASE desk SET taskq.retention = '1 year'});

# ------------------------------------------------------------ at run time

query('desk', <<'SQL');
CREATE SCHEMA work;
CREATE EXTENSION taskq SCHEMA work;
SELECT work.taskq_grant('mallory', 'manager');
CREATE SCHEMA evil AUTHORIZATION mallory;
CREATE SCHEMA app AUTHORIZATION mallory;
INSERT INTO work.taskq_staff_member VALUES ('sta_1', 'Ana'), ('sta_2', 'Bob');
INSERT INTO work.taskq_customer VALUES ('cus_1', 'Acme', 'sta_1'), ('cus_2', 'Bolt', NULL);
INSERT INTO work.taskq_workflow_rule (name, event, condition, action, title_template, assignee_strategy, assignee_pool, user_id_path, dedupe_key) VALUES
	('least', 'doc', '$.new.state == "REJECTED"', 'CREATE_TASK', 'Again {{new.id}}', 'LEAST_LOADED', '{sta_1,sta_2}', 'new.customer', NULL),
	('agent', 'doc', 'exists($.new.id)', 'CREATE_TASK', NULL, 'CUSTOMER_AGENT', NULL, 'new.customer', 'doc {{new.id}}'),
	('raise', 'doc', 'exists($.new.id)', 'ESCALATE', NULL, NULL, NULL, NULL, 'doc {{new.id}}'),
	('give', 'doc', 'exists($.new.id)', 'ASSIGN', NULL, 'LEAST_LOADED', NULL, NULL, 'doc {{new.id}}'),
	('created', 'task.created', '$.task.title == "By hand"', 'ESCALATE', NULL, NULL, NULL, NULL, NULL),
	('completed', 'task.completed', '$.task.title == "By hand"', 'CREATE_TASK', NULL, NULL, NULL, NULL, NULL),
	('cancelled', 'task.cancelled', '$.task.title == "By hand"', 'CREATE_TASK', NULL, NULL, NULL, NULL, NULL),
	('overdue', 'task.overdue', NULL, 'ESCALATE', NULL, NULL, NULL, NULL, NULL),
	('breached', 'task.sla_breached', NULL, 'ASSIGN', NULL, 'LEAST_LOADED', NULL, NULL, NULL),
	('crossed', 'renewal.threshold_crossed', NULL, 'CREATE_TASK', NULL, NULL, NULL, NULL, NULL),
	('expired', 'renewal.overdue', NULL, 'CREATE_TASK', NULL, NULL, NULL, NULL, NULL);
INSERT INTO work.taskq_team (id, name) VALUES ('team_1', 'First');
INSERT INTO work.taskq_team_member VALUES ('team_1', 'sta_1'), ('team_1', 'sta_2');
INSERT INTO work.taskq_workflow_rule (name, event, action, assignee_strategy, team_id) VALUES ('team', 'doc', 'CREATE_TASK', 'LEAST_LOADED', 'team_1'), ('to team', 'task.overdue', 'ASSIGN', NULL, 'team_1');
INSERT INTO work.taskq_holiday (list, day, yearly, label) VALUES ('german', '2000-12-25', true, 'Christmas Day');
SELECT work.taskq_calendar_set('desk', 'Europe/Berlin', 'Mon-Fri 09:00-17:00', '{german}');
INSERT INTO work.taskq_task (id, title, kind, created_at, sla_hours, response_hours, sla_calendar) VALUES (1000001, 'paused once', 'REVIEW', '2026-12-24 10:00+01', 8, 1, 'desk');
INSERT INTO work.taskq_task_pause VALUES (1000001, '2026-12-24 12:00+01', '2026-12-24 13:00+01', 'lunch');
SET ROLE mallory;
CREATE TABLE app.staff (id text PRIMARY KEY, name text, active boolean);
CREATE TABLE app.customer (id text PRIMARY KEY, name text, active boolean, agent text);
CREATE TABLE app.doc (id text PRIMARY KEY, state text, customer text);
CREATE TRIGGER m AFTER INSERT OR UPDATE OR DELETE ON app.staff FOR EACH ROW EXECUTE FUNCTION work.taskq_mirror('staff', 'id', 'name', 'active');
CREATE TRIGGER m AFTER INSERT OR UPDATE OR DELETE ON app.customer FOR EACH ROW EXECUTE FUNCTION work.taskq_mirror('customer', 'id', 'name', 'active', 'agent');
CREATE TABLE app.team (id text PRIMARY KEY, name text, active boolean);
CREATE TABLE app.seat (team text, staff text);
CREATE TRIGGER m AFTER INSERT OR UPDATE OR DELETE ON app.team FOR EACH ROW EXECUTE FUNCTION work.taskq_mirror('team', 'id', 'name', 'active');
CREATE TRIGGER m AFTER INSERT OR UPDATE OR DELETE ON app.seat FOR EACH ROW EXECUTE FUNCTION work.taskq_mirror('team_member', 'team', 'staff');
CREATE TRIGGER e AFTER INSERT OR UPDATE OR DELETE ON app.doc FOR EACH ROW EXECUTE FUNCTION work.taskq_emit_change('doc', 'state');
SQL
note plant('desk', 'evil', 1);
cmp_ok(query('desk', q{SELECT count(*) FROM pg_proc WHERE pronamespace = 'evil'::regnamespace}), '>', 4000, 'there are shadows of functions');
cmp_ok(query('desk', q{SELECT count(*) FROM pg_proc WHERE pronamespace = 'evil'::regnamespace AND prokind = 'a'}), '>', 100, 'of aggregates');
cmp_ok(query('desk', q{SELECT count(*) FROM pg_operator WHERE oprnamespace = 'evil'::regnamespace}), '>', 1500, 'of operators');
cmp_ok(query('desk', q{SELECT count(*) FROM pg_type WHERE typnamespace = 'evil'::regnamespace AND typtype = 'd'}), '>', 50, 'of types');
is(query('desk', q{SELECT string_agg(relname, ' ') FROM pg_class c WHERE relnamespace = 'work'::regnamespace AND relkind IN ('r', 'v')
	AND to_regclass('evil.' || relname) IS NULL}), '', 'and of every relation of taskq');

# Temporary objects of the session's own come before all others.
my $temporary = <<'SQL';
SELECT set_config('search_path', 'pg_catalog', false);
DO $$ DECLARE n name; BEGIN
	FOR n IN SELECT relname FROM pg_class WHERE relnamespace = 'work'::regnamespace AND relkind IN ('r', 'v') LOOP
		EXECUTE format('CREATE TEMP VIEW %1$I AS SELECT (NULL::work.%1$I).* FROM evil.sprung(%2$L) s', n, 'temporary ' || n);
	END LOOP;
	FOREACH n IN ARRAY '{int4,int8,float8,text,date,timestamptz,bool,jsonb,interval,name,regclass}'::name[] LOOP
		EXECUTE format('CREATE DOMAIN pg_temp.%1$I AS pg_catalog.%1$I CHECK (evil.sprung(%2$L))', n, 'temporary type ' || n);
	END LOOP;
END $$;
SQL

# Everything that taskq has, called; :round differs each time.  Operators of
# these statements' own are qualified, for they are the caller's business.
my $calls = <<'SQL';
SELECT work.taskq_create('By hand', 'text', 'HIGH', '2020-01-01', 4, 'sta_1', 'cus_1', :'round', 'IMPORT', 'ana') AS a \gset
SELECT work.taskq_create('By hand', dedupe_key => :'round') AS again \gset
SELECT work.taskq_create('By hand') AS b \gset
SELECT work.taskq_create('By hand', due_date => '9999-01-01') AS c \gset
SELECT work.taskq_create_json('{"title": "By hand", "priority": "LOW", "due_date": "2020-02-02", "sla_hours": 1, "user_id": "cus_1"}', 'ana');
SELECT work.taskq_create_json('{"title": "By hand", "dedupe_key": "one"}');
SELECT work.taskq_create_many_json('[{"title": "By hand", "dedupe_key": "one"}, {"title": "By hand", "priority": "LOW"}]', 'ana');
SELECT updated_at AS since FROM work.taskq_task WHERE id OPERATOR(pg_catalog.=) :a \gset
SELECT * FROM work.taskq_start(:a, :'since', 'ana');
SELECT * FROM work.taskq_edit(:a, 'New title', '');
SELECT * FROM work.taskq_assign(:a, 'sta_2');
SELECT * FROM work.taskq_assign_team(:a, 'team_1');
SELECT * FROM work.taskq_reschedule(:a, '2020-03-03');
SELECT * FROM work.taskq_prioritize(:a, 'URGENT');
SELECT * FROM work.taskq_set_sla(:a, 8);
SELECT * FROM work.taskq_comment(:a, 'a note');
SELECT * FROM work.taskq_complete(:a, 'done');
SELECT * FROM work.taskq_cancel(:b, 'no');
SELECT work.taskq_create('By hand', labels => '{b,a}', attributes => '{"n": 1}') AS fields \gset
SELECT * FROM work.taskq_edit(:fields, labels => '{c,a}', attributes => '{"n": 2}');
SELECT * FROM work.taskq_edit_many(ARRAY[:fields], labels => '{}', attributes => '{}');
SELECT id FROM work.taskq_queue_page(NULL, labels => '{a}', attributes => '{"n": 1}');
SELECT work.taskq_queue_count(NULL, labels => '{a}', attributes => '{"n": 1}');
SELECT work.taskq_follow_up(:b), work.taskq_follow_up(:b);
\set ids '{' :c ',' :again '}'
SELECT work.taskq_create('By hand') AS d \gset
SELECT work.taskq_create('By hand') AS e \gset
\set ids '{' :c ',' :d ',' :c '}'
SELECT * FROM work.taskq_edit_many(:'ids', NULL, 'text');
SELECT * FROM work.taskq_assign_many(:'ids', 'sta_1');
SELECT * FROM work.taskq_assign_team_many(:'ids', 'team_1');
SELECT * FROM work.taskq_reschedule_many(:'ids', '2030-03-03');
SELECT * FROM work.taskq_prioritize_many(:'ids', 'LOW');
SELECT * FROM work.taskq_set_sla_many(:'ids', 1000);
SELECT * FROM work.taskq_start_many(:'ids');
SELECT * FROM work.taskq_comment_many(:'ids', 'a note');
SELECT * FROM work.taskq_complete_many(:'ids', 'done');
\set ids '{' :e '}'
SELECT * FROM work.taskq_cancel_many(:'ids');
SELECT * FROM work.taskq_claim('sta_1', 2);
SELECT * FROM work.taskq_claim('sta_1', 1, 'team_1');
INSERT INTO work.taskq_task (title, due_date, sla_hours) VALUES ('raw', '2020-01-01', 1), ('raw', NULL, 2);
INSERT INTO work.taskq_task (title) VALUES ('raw') RETURNING id AS raw \gset
UPDATE work.taskq_task SET status = 'IN_PROGRESS' WHERE id OPERATOR(pg_catalog.=) :raw;
UPDATE work.taskq_task SET status = 'CANCELLED' WHERE id OPERATOR(pg_catalog.=) :raw;
DELETE FROM work.taskq_task WHERE id OPERATOR(pg_catalog.=) :raw;
COPY work.taskq_task (title, status) FROM stdin;
copied	OPEN
\.
SELECT * FROM work.taskq_queue_page();
SELECT * FROM work.taskq_queue_page(sort => 'priority', page_size => 1);
SELECT cursor AS after FROM work.taskq_queue_page(sort => 'due', page_size => 1) \gset
SELECT * FROM work.taskq_queue_page(priority => '{LOW,HIGH}', sort => 'due', after => :'after');
SELECT cursor AS after FROM work.taskq_queue_page(NULL, sort => 'due', assignee_id => 'sta_1', page_size => 1) \gset
SELECT * FROM work.taskq_queue_page(NULL, sort => 'due', assignee_id => 'sta_1', after => :'after');
SELECT cursor AS after FROM work.taskq_queue_page(NULL, sort => 'priority', page_size => 1) \gset
SELECT * FROM work.taskq_queue_page(NULL, sort => 'priority', after => :'after');
SELECT cursor AS after FROM work.taskq_queue_page(NULL, sort => 'created', page_size => 1) \gset
SELECT * FROM work.taskq_queue_page(NULL, sort => 'created', after => :'after');
SELECT cursor AS after FROM work.taskq_queue_page(NULL, sort => 'sla', page_size => 1) \gset
SELECT * FROM work.taskq_queue_page(NULL, sort => 'sla', after => :'after');
SELECT * FROM work.taskq_queue_page(NULL, '{LOW,HIGH}', NULL, 'cus_1', true, 'MANUAL', '2000-01-01', '2099-01-01', '{NONE,ON_TRACK,AT_RISK,BREACHED,MET,CANCELLED}', 'hand');
SELECT * FROM work.taskq_queue_page(NULL, sla_status => '{NONE,ON_TRACK,AT_RISK,BREACHED}', sort => 'sla');
SELECT * FROM work.taskq_queue_page('{COMPLETED,CANCELLED}', sla_status => '{BREACHED,MET,CANCELLED}', sort => 'created');
SELECT * FROM work.taskq_queue_page(NULL, assignee_is_active => true);
SELECT * FROM work.taskq_queue_page(NULL, team_id => 'team_1');
SELECT work.taskq_queue_count(NULL, team_id => 'team_1');
SELECT * FROM work.taskq_queue_page(NULL, assignee_is_active => false);
SELECT * FROM work.taskq_queue_page(NULL, sort => 'created', assignee_is_active => false);
SELECT work.taskq_queue_count(NULL, assignee_is_active => true);
SELECT work.taskq_queue_count(NULL, assignee_is_active => false);
SELECT work.taskq_queue_count();
SELECT work.taskq_queue_count(NULL, '{LOW,HIGH}', 'sta_1', 'cus_1', false, 'MANUAL', '2000-01-01', '2099-01-01', '{ON_TRACK,AT_RISK,BREACHED,MET,CANCELLED}', 'hand', 10);
SELECT work.taskq_queue_count('{COMPLETED,OVERDUE}', cap => NULL);
SELECT * FROM work.taskq_stats();
SELECT * FROM work.taskq_workload_numbers();
SELECT * FROM work.taskq_stats('sta_1');
SELECT * FROM work.taskq_stats(NULL, 'cus_1');
SELECT * FROM work.taskq_stats('sta_1', 'cus_1');
SELECT * FROM work.taskq_stats('sta_1', 'cus_1', 'team_1');
SELECT * FROM work.taskq_stats(NULL, NULL, 'team_1');
SELECT * FROM work.taskq_backlog();
SELECT * FROM work.taskq_backlog('assignee');
SELECT * FROM work.taskq_backlog('team');
SELECT * FROM work.taskq_backlog('kind');
SELECT * FROM work.taskq_backlog('priority');
SELECT * FROM work.taskq_backlog('customer');
SELECT work.taskq_queue_count(NULL, search => 'hand over 1');
SELECT * FROM work.taskq_queue_page(NULL, search => 'hand over 1');
SELECT * FROM work.taskq_sla_report('2000-01-01', '2099-01-01');
SELECT * FROM work.taskq_sla_report('2000-01-01', '2099-01-01', 'assignee');
SELECT * FROM work.taskq_sla_report('2000-01-01', '2099-01-01', 'team');
SELECT * FROM work.taskq_sla_report('2000-01-01', '2099-01-01', 'priority');
SELECT * FROM work.taskq_sla_report('2000-01-01', '2099-01-01', 'kind');
SELECT * FROM work.taskq_sla_report('2000-01-01', '2099-01-01', 'day');
SELECT * FROM work.taskq_sla_report_parts('2000-01-01', '2099-01-01');
SELECT * FROM work.taskq_sla_report_parts('2000-01-01', '2099-01-01', 'kind');
SELECT work.taskq_slot('cus_1');
SELECT * FROM work.taskq_sla_explain(1000001);
SELECT * FROM work.taskq_sla_explain(1000001, 'response');
BEGIN;
UPDATE work.taskq_calendar_window SET closes = '16:00' WHERE calendar OPERATOR(pg_catalog.=) 'desk';
SELECT * FROM work.taskq_sla_moves('desk');
SELECT * FROM work.taskq_sla_explain(1000001);
ROLLBACK;
SELECT * FROM work.taskq_sla_clocks_of(1000001);
SELECT work.taskq_task_is_valid('x', 'x', 'OPEN', '2026-06-05', 8, 'x', 'x', '2026-06-05', NULL, NULL, NULL, '2026-06-05', '2026-06-05', '2026-06-05', NULL, '2026-06-05'),
	work.taskq_event_kind_is_valid('started'), work.taskq_line_is_valid('x');
SELECT work.taskq_today(), work.taskq_day_start('2026-06-05'), work.taskq_actor(), work.taskq_priority_rank('HIGH'), work.taskq_title_is_valid('x'),
	work.taskq_phase(NULL, NULL, NULL), work.taskq_stage('OPEN', NULL, NULL, NULL), work.taskq_place('LOW', NULL, NULL, NULL), work.taskq_timer(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL), work.taskq_search_may_find('x', 'x', 'x'), work.taskq_search_text('x', 'x'), work.taskq_fold('x'),
	work.taskq_active(), work.taskq_id(work.taskq_public_id(1)), work.taskq_effective_status('OPEN', '2020-01-01', NULL), work.taskq_effective_status('CANCELLED', NULL, NULL),
	work.taskq_sla_status_at(NULL, NULL, NULL, NULL), work.taskq_sla_status_at('2020-01-01', '2020-01-01', NULL, NULL),
	work.taskq_render('{{a}} b', '{"a": 1}'), work.taskq_template_check('{{a}}', 'c'), work.taskq_event_check('x'), work.taskq_condition_is_predicate('$.a == 1');
SELECT * FROM work.taskq_emit('doc', '{"new": {"id": "7", "state": "REJECTED", "customer": "cus_1"}}', 'cus_1', 'ana');
SELECT * FROM work.taskq_emit('doc', '{"new": {"id": "7", "state": "REJECTED", "customer": "cus_1"}}', 'cus_1', 'ana');
SELECT * FROM work.taskq_emit_dry_run('doc', '{"new": {"id": "8", "state": "REJECTED", "customer": "cus_2"}}');
INSERT INTO app.doc VALUES (:'round', 'NEW', 'cus_1');
UPDATE app.doc SET state = 'REJECTED' WHERE id OPERATOR(pg_catalog.=) :'round';
DELETE FROM app.doc WHERE id OPERATOR(pg_catalog.=) :'round';
INSERT INTO app.staff VALUES (:'round', 'Cyn', true);
UPDATE app.staff SET name = 'Cynthia' WHERE id OPERATOR(pg_catalog.=) :'round';
INSERT INTO app.customer VALUES (:'round', 'Cola', true, :'round');
INSERT INTO app.team VALUES (:'round', 'Team', true);
UPDATE app.team SET name = 'The team' WHERE id OPERATOR(pg_catalog.=) :'round';
INSERT INTO app.seat VALUES (:'round', :'round');
UPDATE app.seat SET team = 'team_1' WHERE team OPERATOR(pg_catalog.=) :'round';
UPDATE work.taskq_staff_member SET away_until = 'infinity' WHERE id OPERATOR(pg_catalog.=) :'round';
SELECT * FROM work.taskq_emit('doc', '{"new": {"id": "9", "customer": "cus_1"}}', :'round');
SELECT work.taskq_renewal_create(:'round', 'policy', (work.taskq_today() OPERATOR(pg_catalog.+) 10)) AS r0 \gset
SELECT * FROM work.taskq_renewals_refresh();
SELECT * FROM work.taskq_hand_over(:'round', 'sta_1', 'team_1', 'ana');
SELECT * FROM work.taskq_hand_over(:'round', NULL, 'team_1');
SELECT work.taskq_renewal_cancel(:r0);
DELETE FROM app.seat;
DELETE FROM app.team;
UPDATE work.taskq_team SET id = 'team_2' WHERE id OPERATOR(pg_catalog.=) 'team_1';
UPDATE work.taskq_team SET id = 'team_1' WHERE id OPERATOR(pg_catalog.=) 'team_2';
DELETE FROM work.taskq_team WHERE id OPERATOR(pg_catalog.=) :'round';
UPDATE app.customer SET agent = NULL WHERE id OPERATOR(pg_catalog.=) :'round';
DELETE FROM app.customer WHERE id OPERATOR(pg_catalog.=) :'round';
INSERT INTO work.taskq_task (title, user_id) VALUES ('goes over', :'round');
SELECT * FROM work.taskq_merge_customer(:'round', 'cus_1', 'ana');
DELETE FROM app.staff WHERE id OPERATOR(pg_catalog.=) :'round';
UPDATE work.taskq_staff_member SET id = 'sta_3' WHERE id OPERATOR(pg_catalog.=) 'sta_2';
UPDATE work.taskq_staff_member SET id = 'sta_2' WHERE id OPERATOR(pg_catalog.=) 'sta_3';
INSERT INTO work.taskq_workflow_rule (name, event, action, sla_hours, assignee_strategy, assignee_pool) VALUES (:'round', 'never', 'CREATE_TASK', 5, 'LEAST_LOADED', '{sta_1}');
UPDATE work.taskq_workflow_rule SET is_enabled = false WHERE name OPERATOR(pg_catalog.=) :'round';
DELETE FROM work.taskq_workflow_rule WHERE name OPERATOR(pg_catalog.=) :'round';
INSERT INTO work.taskq_renewal_threshold (service_type, days_before, task_priority, title_template, sla_hours) VALUES
	('permit', 100, 'LOW', 'First of {{renewal.reference}}', 5), ('permit', 20, 'HIGH', NULL, NULL), ('permit', 3, 'URGENT', NULL, NULL);
SELECT * FROM work.taskq_renewal_ladder('permit');
SELECT * FROM work.taskq_renewal_ladder('policy');
SELECT work.taskq_renewal_create('cus_1', 'permit', '2020-01-01', 'sta_2', 'ref', 'notes', actor => 'ana') AS r1 \gset
SELECT work.taskq_renewal_create('cus_1', 'permit', (work.taskq_today() OPERATOR(pg_catalog.+) 50)) AS r2 \gset
UPDATE work.taskq_customer SET is_active = true WHERE id OPERATOR(pg_catalog.=) 'cus_2';
SELECT work.taskq_renewal_create('cus_2', 'policy', (work.taskq_today() OPERATOR(pg_catalog.+) 10)) AS r3 \gset
SELECT * FROM work.taskq_renewals_refresh(true);
SELECT * FROM work.taskq_renewals_refresh();
UPDATE work.taskq_renewal SET due_date = work.taskq_today() OPERATOR(pg_catalog.+) 2 WHERE id OPERATOR(pg_catalog.=) :r2;
UPDATE work.taskq_renewal SET due_date = work.taskq_today() OPERATOR(pg_catalog.+) 3 WHERE id OPERATOR(pg_catalog.=) :r3;
SELECT * FROM work.taskq_renewals_refresh();
SELECT * FROM work.taskq_renewals;
SELECT work.taskq_renewal_complete(:r1, '2031-01-01');
SELECT * FROM work.taskq_renewal_cancel(:r2, 'sold');
SELECT * FROM work.taskq_renewal_cancel(:r3);
DELETE FROM work.taskq_renewal_threshold;
SELECT work.taskq_renewal_create('cus_1', 'monthly', '2031-01-31', reference => :'round', every => '1 month') AS r4 \gset
SELECT work.taskq_renewal_complete(:r4);
INSERT INTO work.taskq_holiday (list, day, opens, closes) VALUES (:'round', '2026-06-01', '09:00', '10:00'), (:'round', '2026-06-02', NULL, NULL);
SELECT work.taskq_calendar_set(:'round', 'Europe/Berlin', 'Mon-Fri 09:00-12:00,13:00-17:30; Sat 22:00-02:00', ARRAY[:'round']);
SELECT work.taskq_calendar_set(:'round', 'Europe/Berlin', '24/7', ARRAY[:'round']);
SELECT work.taskq_business_add(:'round', '2026-06-01', 4), work.taskq_business_hours(:'round', '2026-06-01', '2026-07-01'), work.taskq_business_day(:'round', '2026-06-01', 4);
SELECT work.taskq_renewal_threshold_day(3, '2026-06-08', :'round'), work.taskq_renewal_threshold_day(3, '2026-06-08');
SELECT * FROM work.taskq_calendar_spans(:'round', '2026-06-01', '2026-06-04');
UPDATE work.taskq_holiday SET closes = '11:00' WHERE list OPERATOR(pg_catalog.=) :'round' AND day OPERATOR(pg_catalog.=) '2026-06-01';
INSERT INTO work.taskq_schedule (name, title_template, description_template, starts_on, every, business_day, calendar, user_id) VALUES
	(:'round', '{{customer.name}} {{date}}', '{{month}}', '2020-01-31', '1 month', 'NEXT', :'round', 'cus_1'), ('previous', 'x', NULL, '2020-01-31', '1 day', 'PREVIOUS', :'round', NULL);
SELECT * FROM work.taskq_schedule_dates(:'round');
SELECT work.taskq_every_is_valid('1 month');
SELECT * FROM work.taskq_sweep();
UPDATE work.taskq_schedule SET is_enabled = false;
UPDATE work.taskq_schedule SET is_enabled = true, every = '2 months';
SELECT * FROM work.taskq_sweep();
DELETE FROM work.taskq_schedule;
UPDATE work.taskq_calendar SET name = 'renamed' WHERE name OPERATOR(pg_catalog.=) :'round';
DELETE FROM work.taskq_calendar_window WHERE calendar OPERATOR(pg_catalog.=) 'renamed' AND weekday OPERATOR(pg_catalog.=) 1;
DELETE FROM work.taskq_calendar WHERE name OPERATOR(pg_catalog.=) 'renamed';
DELETE FROM work.taskq_holiday WHERE list OPERATOR(pg_catalog.=) :'round';
SELECT work.taskq_create('To wait') AS h \gset
SELECT * FROM work.taskq_pause(:h, 'waits', '2031-01-01');
SELECT * FROM work.taskq_resume(:h, 'done');
SELECT * FROM work.taskq_pause_many(ARRAY[:h]);
SELECT * FROM work.taskq_resume_many(ARRAY[:h], 'done');
INSERT INTO work.taskq_sla_policy (name, kind, response_hours, sla_hours, warn_percents) VALUES (:'round', :'round', 1, 2, '{50}');
SELECT work.taskq_warn_percents_are_valid('{50}');
SELECT * FROM work.taskq_apply_policy(:h, :'round', '2020-01-01');
SELECT * FROM work.taskq_apply_policy_many(ARRAY[:h], :'round');
UPDATE work.taskq_task SET kind = :'round' WHERE id OPERATOR(pg_catalog.=) :h;
INSERT INTO work.taskq_task_pause VALUES (:h, '2020-01-01', '2020-01-02');
DELETE FROM work.taskq_task_pause WHERE task_id OPERATOR(pg_catalog.=) :h;
DELETE FROM work.taskq_sla_policy;
SELECT work.taskq_renewal_threshold_day(3, '2026-06-08');
SELECT * FROM work.taskq_sweep();
SELECT work.taskq_create('By hand', due_date => '2020-01-01') AS f \gset
RESET ROLE;
INSERT INTO work.taskq_task (title, due_date, sla_hours, created_at, status) VALUES ('raw', '2020-01-01', 1, '2020-01-01', 'OPEN'), ('raw', '9999-01-01', 1, '2020-01-01', 'OVERDUE');
INSERT INTO work.taskq_task (title, created_at, status, started_at, completed_at) VALUES ('old', '2020-01-01', 'COMPLETED', '2020-01-01', '2020-01-01');
SET ROLE :role;
CALL work.taskq_sweep_all();
RESET ROLE;
INSERT INTO work.taskq_task (title, created_at, status, cancelled_at) VALUES ('old', '2020-01-01', 'CANCELLED', '2020-01-01');
SET ROLE :role;
SELECT * FROM work.taskq_erase_customer('cus_2', 'ana');
SELECT * FROM work.taskq_check();
SELECT * FROM work.taskq_check_server();
SELECT * FROM work.taskq_own_objects();
SELECT work.taskq_role_oid('mallory');
SELECT work.taskq_purge('1 year', true), work.taskq_purge('1 year'), work.taskq_purge();
TABLE work.taskq_tasks;
TABLE work.taskq_queue;
TABLE work.taskq_todo;
TABLE work.taskq_queue_stats;
TABLE work.taskq_workload;
TABLE work.taskq_team_workload;
TABLE work.taskq_task_history;
TABLE work.taskq_sla_violations;
TABLE work.taskq_sla_clocks;
TABLE work.taskq_worker_status;
SELECT work.taskq_worker_wake();
SELECT * FROM work.taskq_worker_get_status();
RESET ROLE;
DELETE FROM work.taskq_renewal WHERE id OPERATOR(pg_catalog.=) :r2;
SELECT work.taskq_grant('mallory', 'agent');
SELECT work.taskq_revoke('mallory');
SELECT work.taskq_grant('mallory', 'manager');
SELECT work.taskq_reapply_grants();
SELECT * FROM work.taskq_customizations();
SELECT * FROM work.taskq_check();
BEGIN;
ALTER TABLE work.taskq_task DISABLE TRIGGER taskq_lifecycle_delete;
TRUNCATE work.taskq_renewal_crossing, work.taskq_renewal;
DELETE FROM work.taskq_task;
SELECT work.taskq_set_slot(3);
SELECT work.taskq_slot_number(), work.taskq_create('By hand');
SELECT * FROM work.taskq_customizations();
SELECT work.taskq_set_slot(NULL);
ROLLBACK;
SQL

# None is left out.
is( join(' ', grep { $calls !~ /\bwork\.$_\b/ } split /\n/, query('desk', q{SELECT proname FROM pg_proc p JOIN pg_depend d ON d.objid = p.oid AND d.classid = 'pg_proc'::regclass
		AND d.refclassid = 'pg_extension'::regclass JOIN pg_extension x ON x.oid = d.refobjid AND extname = 'taskq' WHERE prorettype <> 'trigger'::regtype ORDER BY 1})), '', 'every function is called');
is(query('desk', q{SELECT p.proname FROM pg_proc p JOIN pg_depend d ON d.objid = p.oid AND d.classid = 'pg_proc'::regclass
		AND d.refclassid = 'pg_extension'::regclass JOIN pg_extension x ON x.oid = d.refobjid AND extname = 'taskq' WHERE prorettype = 'trigger'::regtype AND NOT EXISTS (SELECT FROM pg_trigger WHERE tgfoid = p.oid)}), '', 'every trigger function is in a trigger');
is(join(' ', grep { $calls !~ /\bwork\.$_\b/ } split /\n/, query('desk', q{SELECT relname FROM pg_class WHERE relnamespace = 'work'::regnamespace AND relkind = 'v'})), '', 'every view is read');

# One session that calls everything under each of these search_paths in turn.
my $round = 0;
sub session
{
	my ($name, $role, @paths) = @_;
	my $script = "\\o /dev/null\n\\set role $role\nSET ROLE :role;\n$temporary";
	my $log = -s $node->logfile;
	$round++;
	for my $path (@paths)
	{
		$script .= "SELECT pg_catalog.set_config('search_path', '$path', false);\n\\set round 'round $round'\n"
		  . "SET ROLE :role;\n$calls";
		$round++;
	}
	my ($rc, $out, $err) = $node->psql('desk', $script, on_error_stop => 1);
	is($rc, 0, "$name: everything works") or diag($err);
	my $sprung = slurp_file($node->logfile, $log);
	my %seen;
	$seen{$_}++ for $sprung =~ /LOG:  (sprung as \w+: [^\n]*)/g;
	is(join("\n", map { "$_ ($seen{$_})" } sort keys %seen), '', "$name: and runs nothing but pg_catalog's and taskq's own");
	return;
}
my $evil = 'pg_temp, evil, pg_catalog';
session('shadowed from the start', 'mallory', $evil);
session('shadowed later', 'mallory', 'pg_catalog', $evil, 'pg_catalog', $evil);
session('shadowed at first', 'mallory', $evil, 'pg_catalog', $evil);
session('a superuser among shadows', 'postgres', $evil, 'work, evil, pg_catalog');
is(query('desk', q{SELECT DISTINCT outcome, message FROM work.taskq_workflow_run WHERE outcome = 'failed'}), '', 'no rule failed');
is(query('desk', 'SELECT is_called FROM evil.count_sprung'), 'f', 'no trap was sprung and rolled back');

# Each kind of trap does spring, in a statement that leaves its names open.
my %open = (
	function => q{SELECT pg_catalog.quote_literal(lower('X'))},
	aggregate => 'SELECT count(*) FROM work.taskq_task',
	'aggregate percentile_cont' => 'SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY sla_hours) FROM work.taskq_task',
	operator => q{SELECT FROM work.taskq_task WHERE title = 'x'},
	'operator anyenum = text' => q{SELECT FROM work.taskq_task WHERE status = 'OPEN'},
	type => q{SELECT '1'::int2},
	'temporary type' => q{SELECT '1'::int4},
	relation => 'SELECT FROM pg_class',
	temporary => 'SELECT FROM taskq_task');
for my $kind (sort keys %open)
{
	my $log = -s $node->logfile;
	$node->psql('desk', "$temporary SET search_path = $evil; $open{$kind};");
	ok(lines_in_log(qr/sprung as \w+: \Q$kind\E/, $log) > 0, "a trap of kind \"$kind\" works");
}

# ----------------------------------------------------- at CREATE EXTENSION

query('install', 'GRANT CREATE ON SCHEMA public TO mallory');
note plant('install', 'public', 0);
query('install', q{SET ROLE mallory; SET search_path = pg_catalog;
	CREATE FUNCTION public.char_length(name) RETURNS integer LANGUAGE sql AS 'SELECT 1 FROM public.sprung(''char_length'')'});
my ($rc, $out, $err) = $node->psql('install', 'CREATE EXTENSION taskq SCHEMA public');
is($rc, 0, 'the extension can be created where somebody planted objects') or diag($err);
my $strangers = q{
	WITH RECURSIVE own AS (
		SELECT classid, objid FROM pg_catalog.pg_depend WHERE refclassid = 'pg_catalog.pg_extension'::regclass
			AND refobjid = (SELECT oid FROM pg_catalog.pg_extension WHERE extname = 'taskq') AND deptype = 'e'
		UNION
		SELECT d.classid, d.objid FROM own o JOIN pg_catalog.pg_depend d ON d.refclassid = o.classid AND d.refobjid = o.objid AND d.deptype IN ('a', 'i', 'P', 'S')
	)
	SELECT DISTINCT pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid) || ' depends on ' || pg_catalog.pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid)
	FROM own o JOIN pg_catalog.pg_depend d USING (classid, objid)
	WHERE NOT EXISTS (SELECT FROM own w WHERE w.classid = d.refclassid AND w.objid = d.refobjid)
		AND d.refclassid NOT IN ('pg_catalog.pg_extension'::regclass, 'pg_catalog.pg_namespace'::regclass)
		AND (pg_catalog.pg_identify_object(d.refclassid, d.refobjid, d.refobjsubid)).schema IS DISTINCT FROM 'pg_catalog'
	ORDER BY 1};
is(query('install', "SET search_path = pg_catalog; $strangers"), '', 'and nothing of it depends on them');
is(query('install', 'SET search_path = pg_catalog; SELECT is_called FROM public.count_sprung'), 'f', 'nor was anything of theirs run');
query('install', q{SET search_path = pg_catalog; DROP EXTENSION taskq; CREATE EXTENSION taskq SCHEMA public VERSION '0.1.0'});
like(query('install', "SET search_path = pg_catalog; $strangers"), qr/view public.taskq_workload depends on function public.count/, '0.1.0 did take what fitted better');
query('install', q{SET search_path = pg_catalog; SELECT setval('public.count_sprung', 1, false)});
query('install', 'SET search_path = pg_catalog; ALTER EXTENSION taskq UPDATE');
is(query('install', "SET search_path = pg_catalog; $strangers"), '', 'an update lets go of it');
is(query('install', 'SET search_path = pg_catalog; SELECT is_called FROM public.count_sprung'), 'f', 'and runs nothing of theirs either');
query('install', q{SET search_path = pg_catalog; CREATE FUNCTION public.stranger(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
	ALTER TABLE public.taskq_task ADD CONSTRAINT strange CHECK (public.stranger(title))});
is(query('install', "SET search_path = pg_catalog; $strangers"), 'constraint strange on table public.taskq_task depends on function public.stranger(text)', 'a stranger would be seen');

$node->stop;
done_testing();
