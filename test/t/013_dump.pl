# Dump and restore: the same rows, the same positions, nothing done twice.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use TaskqTest;
use Test::More;

my $node = start_node('dump', "taskq.sweep_interval = 1h\ntaskq.databases = 'none'\n", extra => ['--encoding=UTF8', '--locale=C']);
my $dir = PostgreSQL::Test::Utils::tempdir();
delete $ENV{PGAPPNAME};    # pg_restore goes by its own name
my $schema = q{"Desk 7"};

sub in_schema
{
	my ($database, $sql) = @_;
	return query($database, qq{SET search_path = $schema, public; $sql});
}

# ------------------------------------------------------------------ the source

query('postgres', q{CREATE ROLE app_agent; CREATE ROLE app_viewer; CREATE ROLE app_manager; CREATE ROLE reporting;
	CREATE ROLE north; CREATE ROLE south; CREATE DATABASE source});
query('source', q{ALTER DATABASE source SET taskq.timezone = 'Pacific/Kiritimati'});
query('source', qq{CREATE SCHEMA $schema; CREATE EXTENSION taskq SCHEMA $schema});
in_schema('source', q{
	SELECT taskq_grant('app_agent', 'agent'), taskq_grant('app_viewer', 'viewer'), taskq_grant('app_manager', 'manager'),
		taskq_grant('north', 'agent'), taskq_grant('south', 'agent');
	GRANT SELECT (id, title) ON taskq_task TO reporting;
	GRANT SELECT ON taskq_queue_stats TO reporting;
	INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana'), ('sta_2', 'Bob'), ('sta_gone', 'Gus');
	INSERT INTO taskq_customer VALUES ('cus_1', 'Acme', 'sta_1'), ('cus_2', 'Zenith', 'sta_2'), ('cus_gone', 'Nadir', 'sta_1');
	INSERT INTO taskq_workflow_rule (name, event, action, title_template, assignee_strategy, dedupe_key) VALUES
		('Tell of overdue', 'task.overdue', 'CREATE_TASK', 'Overdue: {{task.title}}', 'LEAST_LOADED', 'overdue-{{task.id}}'),
		('Ring back', 'call.missed', 'CREATE_TASK', 'Ring {{name}}', 'LEAST_LOADED', NULL),
		('Fails', 'call.missed', 'ASSIGN', NULL, 'CUSTOMER_AGENT', NULL);
	INSERT INTO taskq_renewal_threshold (service_type, days_before, task_priority, title_template, sla_hours) VALUES
		('visa', 120, NULL, NULL, NULL), ('visa', 45, 'LOW', 'Ask {{customer.name}} about the visa', 24), ('visa', 10, 'URGENT', NULL, NULL)});

# A calendar with a night and holidays, its revision computed.
in_schema('source', q{INSERT INTO taskq_holiday (list, day, yearly, opens, closes, label) VALUES ('public', '2000-05-01', true, NULL, NULL, 'May Day'), ('public', '2026-12-24', false, '09:00', '12:00', NULL);
	SELECT taskq_calendar_set('north', 'Europe/Berlin', 'Mon-Fri 22:00-06:00; Sat 10:00-14:00', '{public}')});

# Tasks in every status, by different actors.
in_schema('source', q{
	SET taskq.actor = 'sta_1';
	SELECT taskq_create('open', due_date => taskq_today() + 3, sla_hours => 48, assignee_id => 'sta_1', user_id => 'cus_1', dedupe_key => 'key');
	SELECT taskq_create('begun', due_date => taskq_today() + 1, assignee_id => 'sta_gone', user_id => 'cus_gone');
	SELECT taskq_start(2);
	SELECT taskq_create('done', sla_hours => 1, description => E'of\ttabs, \\N and ✓'); SELECT taskq_start(3);
	SET taskq.actor = 'sta_2';
	SELECT taskq_complete(3, 'well done', actor => 'sta_gone');
	SELECT taskq_create('given up'); SELECT taskq_cancel(4, 'no reason');
	SELECT taskq_create('same key later', dedupe_key => 'key2'); SELECT taskq_cancel(5); SELECT taskq_create('same key again', dedupe_key => 'key2');
	SELECT taskq_create('moved', due_date => taskq_today()); SELECT taskq_reschedule(7, taskq_today() + 40); SELECT taskq_prioritize(7, 'URGENT'); SELECT taskq_comment(7, 'hm');
	RESET taskq.actor;
	INSERT INTO taskq_task (title, due_date, created_at, sla_hours) VALUES ('overdue, breached', '2020-02-01', '2020-01-01', 3);
	INSERT INTO taskq_task (title, due_date, created_at, started_at, status) VALUES ('begun, overdue', '2020-02-01', '2020-01-01', '2020-01-01', 'IN_PROGRESS');
	INSERT INTO taskq_task (title, due_date, status) VALUES ('stored OVERDUE, is not', '2999-01-01', 'OVERDUE');
	SELECT count(*) FROM taskq_emit('call.missed', '{"name": "Zoë"}', user_id => 'cus_1');
	SELECT taskq_renewal_create('cus_1', 'permit', taskq_today() + 12), taskq_renewal_create('cus_2', 'permit', taskq_today() + 75),
		taskq_renewal_create('cus_1', 'visa', taskq_today() + 44), taskq_renewal_create('cus_2', 'policy', taskq_today() - 4),
		taskq_renewal_create('cus_gone', 'policy', taskq_today() + 5), taskq_renewal_create('cus_1', 'old', taskq_today() + 100)});
# Schedules: one whose dates have all been dealt with, one that goes on, one that is disabled; another that has not been swept follows below.
in_schema('source', q{INSERT INTO taskq_schedule (name, title_template, starts_on, every, until, business_day, calendar, is_enabled) VALUES
		('over', 'Over {{date}}', '2020-01-31', '1 month', '2020-12-31', 'NEXT', 'north', true), ('yearly', 'Yearly', '2020-02-29', '1 year', NULL, 'SAME', NULL, true),
		('off', 'Off', '2020-02-29', '1 day', NULL, 'SAME', NULL, false);
	UPDATE taskq_renewal SET every = '1 month', anchor_on = '2020-01-31' WHERE id = 2});
query('source', qq{CALL $schema.taskq_sweep_all()});
in_schema('source', q{SELECT taskq_renewal_complete(1, next_due_date => taskq_today() + 300), taskq_renewal_cancel(6, 'gone');
	UPDATE taskq_staff_member SET is_active = false WHERE id = 'sta_gone'; UPDATE taskq_customer SET is_active = false WHERE id = 'cus_gone'});
# A customer that was erased.
in_schema('source', q{INSERT INTO taskq_customer VALUES ('cus_erased', 'Jane'); SELECT taskq_create('for Jane', user_id => 'cus_erased') AS id;
	SELECT taskq_comment(max(id), 'Jane called') FROM taskq_task; SELECT * FROM taskq_erase_customer('cus_erased', actor => 'sta_2')});
# One that was merged into another, which comes behind it in the table.
in_schema('source', q{INSERT INTO taskq_customer VALUES ('cus_0', 'Acme, twice'); SELECT taskq_create('for Acme, twice', user_id => 'cus_0');
	SELECT * FROM taskq_merge_customer('cus_0', 'cus_1', actor => 'sta_2'); UPDATE taskq_customer SET name = name WHERE id = 'cus_1'});
# A breach whose deadline was moved, and a title that 0.2.0 accepted and that is invisible.
in_schema('source', q{INSERT INTO taskq_task (title, created_at, sla_hours) VALUES ('moved', '2020-01-01', 1);
	SELECT taskq_set_sla(max(id), 87600, 'agreed by phone') IS NULL FROM taskq_task;
	SET check_function_bodies = off; INSERT INTO taskq_task (title) VALUES (U&'\3164')});
# Calendars, with holidays; policies; pauses, one that lasts, one that ended by itself, one entered by hand; what was used of an SLA.
in_schema('source', q{
	INSERT INTO taskq_holiday (list, day, yearly, label) VALUES ('german', '2020-12-25', true, 'Christmas'), ('own', '2030-03-01', false, NULL);
	INSERT INTO taskq_holiday (list, day, opens, closes) VALUES ('own', '2030-03-02', '10:00', '24:00');
	SELECT taskq_calendar_set('desk', 'Europe/Berlin', 'Mon-Fri 09:00-12:00,13:00-17:30; Sat 22:00-06:00', '{german,own}'), taskq_calendar_set('all day', 'Asia/Kolkata', '24/7');
	INSERT INTO taskq_sla_policy (name, kind, user_id, calendar, response_hours, sla_hours, warn_percents) VALUES
		('reviews', 'REVIEW', NULL, 'desk', 400, 4000, '{50,80}'), ('calls of Acme', 'CALL', 'cus_1', 'all day', 200, NULL, '{}');
	INSERT INTO taskq_renewal_threshold (service_type, days_before, task_priority, kind, calendar) VALUES ('passport', 30, 'LOW', 'REVIEW', 'desk');
	INSERT INTO taskq_workflow_rule (name, event, action, kind, calendar, due_in_days) VALUES ('Review', 'document.new', 'CREATE_TASK', 'REVIEW', 'desk', 3);
	SELECT taskq_create('review: open', kind => 'REVIEW'), taskq_create('call: open', kind => 'CALL', user_id => 'cus_1'),
		taskq_create('review: paused', kind => 'REVIEW'), taskq_create('review: paused twice', kind => 'REVIEW'), taskq_create('review: done', kind => 'REVIEW'),
		taskq_create('call: paused', kind => 'CALL', user_id => 'cus_1');
	SELECT taskq_create_json(jsonb_build_object('title', 'review: since last week', 'kind', 'REVIEW', 'sla_from', now() - interval '7 days'));
	INSERT INTO taskq_task_pause SELECT id, now() - interval '5 days', now() - interval '4 days', 'entered by hand' FROM taskq_task WHERE title = 'review: since last week';
	SELECT taskq_pause(id, 'the bank', now() + interval '1 year') FROM taskq_task WHERE title LIKE '%: paused%';
	SELECT taskq_resume(id, 'they rang') FROM taskq_task WHERE title = 'review: paused twice';
	SELECT taskq_pause(id, 'the bank again') FROM taskq_task WHERE title = 'review: paused twice';
	SELECT taskq_pause(id) FROM taskq_task WHERE title = 'review: done';
	SELECT taskq_start(id), taskq_complete(id) FROM taskq_task WHERE title = 'review: done';
	SELECT taskq_renewal_create('cus_2', 'passport', taskq_today() + 20)});
# Teams, one that is not active any more; who is away; tasks of teams, one that changed hands.
in_schema('source', q{
	INSERT INTO taskq_team VALUES ('north', 'Nord, Zoë', true), ('old', 'Old', false); INSERT INTO taskq_team_member VALUES ('north', 'sta_1'), ('north', 'sta_2'), ('old', 'sta_1');
	UPDATE taskq_staff_member SET away_until = 'infinity' WHERE id = 'sta_2';
	UPDATE taskq_sla_policy SET team_id = 'north' WHERE name = 'calls of Acme'; UPDATE taskq_renewal_threshold SET team_id = 'north' WHERE calendar = 'desk'; UPDATE taskq_workflow_rule SET team_id = 'north' WHERE calendar = 'desk';
	SELECT taskq_create('of a team', team_id => 'north'), taskq_create('of no team any more', team_id => 'north');
	SELECT taskq_assign_team(max(id), NULL) IS NULL FROM taskq_task});
# Labels, attributes and follow-ups, an active one and a chain; the events that tell of them.
in_schema('source', q{
	SELECT taskq_create('labelled', labels => '{b,a,é}', attributes => '{"po": 4711, "size": {"w": 1.50}, "none": null}') AS id;
	SELECT taskq_edit(max(id), labels => '{c}', attributes => '{"po": 4712}') IS NULL, taskq_cancel(max(id)) IS NULL FROM taskq_task;
	SELECT taskq_follow_up(max(id), 'labelled, again', taskq_today() + 9) FROM taskq_task; SELECT taskq_cancel(max(id)) IS NULL FROM taskq_task;
	SELECT taskq_follow_up(max(id), assignee_id => 'sta_1') FROM taskq_task});
# What has not been swept yet: past due, breached, a renewal to be looked at, a threshold changed.
in_schema('source', q{
	INSERT INTO taskq_task (title, due_date) SELECT 'past due ' || i, '2020-03-01' FROM generate_series(1, 20) i;
	INSERT INTO taskq_task (title, created_at, sla_hours) VALUES ('breach to be recorded', '2020-01-01', 1);
	SELECT taskq_create('due today', due_date => taskq_today()), taskq_create('due tomorrow', due_date => taskq_today() + 1);
	SELECT taskq_renewal_create('cus_2', 'visa', taskq_today() + 9);
	INSERT INTO taskq_schedule (name, title_template, starts_on, every, until) VALUES ('new', 'New {{date}}', '2020-01-31', '1 month', '2020-12-31')});
is(in_schema('source', q{SELECT string_agg(DISTINCT status::text, ' ' ORDER BY status::text), string_agg(DISTINCT sla_status::text, ' ' ORDER BY sla_status::text) FROM taskq_tasks}),
	'CANCELLED COMPLETED IN_PROGRESS OPEN OVERDUE|BREACHED MET NONE ON_TRACK', 'tasks in every status');
is(in_schema('source', q{SELECT string_agg(DISTINCT outcome, ', ' ORDER BY outcome) FROM taskq_renewal_crossing}), 'passed, recorded, task created',
	'renewals half-way down the ladder');
is(in_schema('source', q{SELECT string_agg(DISTINCT outcome, ', ' ORDER BY outcome) FROM taskq_workflow_run}), 'created, unchanged', 'rules have fired');

# ------------------------------------------------- what must be the same after

# Every table that pg_dump saves, and every sequence.
sub contents
{
	my ($database) = @_;
	my @parts = map {
		my ($name, $kind) = split /\|/;
		$kind eq 'S' ? "SELECT '$name', last_value::text, is_called::text FROM $name" :
		  qq{SELECT '$name', count(*)::text, md5(string_agg(t::text, E'\\n' ORDER BY t::text COLLATE "C")) FROM $name t}
	} split /\n/, query($database, q{SELECT c::regclass, k.relkind FROM pg_extension, unnest(extconfig) c JOIN pg_class k ON k.oid = c
		WHERE extname = 'taskq' ORDER BY c::regclass::text COLLATE "C"});
	return query($database, 'SET timezone = UTC; ' . join(' UNION ALL ', @parts));
}

# Who may do what, and whose it is.
sub privileges
{
	my ($database) = @_;
	return query($database, q{
		SELECT o.type, o.identity, a.acl FROM pg_depend d, LATERAL pg_identify_object(d.classid, d.objid, 0) o, LATERAL (
			SELECT string_agg(acl::text, ' ' ORDER BY acl::text) AS acl FROM (
				SELECT unnest(relacl) FROM pg_class WHERE d.classid = 'pg_class'::regclass AND oid = d.objid
				UNION ALL SELECT unnest(proacl) FROM pg_proc WHERE d.classid = 'pg_proc'::regclass AND oid = d.objid
				UNION ALL SELECT unnest(typacl) FROM pg_type WHERE d.classid = 'pg_type'::regclass AND oid = d.objid
				UNION ALL SELECT unnest(attacl) FROM pg_attribute WHERE d.classid = 'pg_class'::regclass AND attrelid = d.objid) x(acl)) a
		WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'taskq')
		ORDER BY 1, 2});
}

# What a sweep makes of it, without the instants.
sub swept
{
	my ($database) = @_;
	query($database, qq{CALL $schema.taskq_sweep_all()});
	return in_schema($database, q{
		SELECT id, title, status, priority, due_date, assignee_id, sla_breached_at IS NULL FROM taskq_task ORDER BY id;
		SELECT id, task_id, kind, from_status, to_status, changes, note FROM taskq_task_event ORDER BY id;
		SELECT renewal_id, due_date, days_before, outcome, task_id FROM taskq_renewal_crossing ORDER BY 1, 2, 3;
		SELECT rule_id, outcome, task_id FROM taskq_workflow_run ORDER BY id;
		SELECT schedule_id, date, since, dates, outcome, due_date, task_id FROM taskq_schedule_run ORDER BY 1, 2;
		SELECT id, handled_until, next_check_on FROM taskq_schedule ORDER BY 1;
		SELECT staff_id, turn FROM taskq_workflow_turn ORDER BY 1});
}

my $contents = contents('source');
my $privileges = privileges('source');
like($contents, qr/taskq_task_id_seq\|(?!1\|)/, 'ids have been given');
unlike($contents, qr/\|0\|/, 'no table is empty');
like($privileges, qr/reporting=r.*app_viewer=r|app_viewer=r.*reporting=r/, 'there are privileges, given by taskq_grant and by hand');

my @formats = (
	[ 'plain', [], 'psql' ],
	[ 'inserts', ['--inserts'], 'psql' ],
	[ 'custom', ['-Fc'], [] ],
	[ 'directory', [ '-Fd', '-j2' ], ['-j2'] ]);
my $source = $node->connstr('source');

sub dump_to
{
	my ($file, @options) = @_;
	$node->command_checks_all([ 'pg_dump', '-f', $file, @options, $source ], 0, [qr/^$/], [qr/^$/], "pg_dump @options");
	return $file;
}

# A database to restore into, with another taskq.timezone.
sub target
{
	my ($database, $zone) = @_;
	query('postgres', "CREATE DATABASE $database");
	query('postgres', "ALTER DATABASE $database SET taskq.timezone = '$zone'");
	return $database;
}

sub restore
{
	my ($database, $file, @options) = @_;
	my $to = $node->connstr($database);

	# With several jobs tables are not filled in the order of their foreign keys.
	local $ENV{PGOPTIONS} = '-c session_replication_role=replica' if $options[0] eq '-j2';
	return $node->command_ok($options[0] eq 'psql' ?
		  [ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-o', '/dev/null', '-f', $file, '-d', $to ] :
		  [ 'pg_restore', '--exit-on-error', @options, '-d', $to, $file ], "$database: restored");
}

for my $format (@formats)
{
	my ($name, $dump_options, $restore_options) = @$format;
	my @options = ref $restore_options ? @$restore_options : $restore_options;
	restore(target($name, 'Pacific/Midway'), dump_to("$dir/$name", @$dump_options), @options);

	target("${name}_parts", 'Pacific/Midway');
	restore("${name}_parts", dump_to("$dir/$name.$_", @$dump_options, "--$_-only"), @options) for qw(schema data);

	for my $database ($name, "${name}_parts")
	{
		is(contents($database), $contents, "$database: every table and sequence as it was");
		is(privileges($database), $privileges, "$database: and who may do what");
	}
}

# The day that it is where they were restored: neither today's nor the source's
# stored statuses decide.
my $today = in_schema('custom', 'SELECT taskq_today()');
isnt($today, in_schema('source', 'SELECT taskq_today()'), 'it is another day there');
is(in_schema('custom', 'SELECT id, status FROM taskq_tasks ORDER BY id'),
	in_schema('source', "SELECT id, taskq_effective_status(status, due_date, started_at, '$today') FROM taskq_task ORDER BY id"),
	'the same statuses as in the source on that day');

# The first sweep, and the second, on the source's day.
query('postgres', "ALTER DATABASE $_ SET taskq.timezone = 'Pacific/Kiritimati'") for qw(plain custom directory_parts);
my $swept = swept('source');
like($swept, qr/past due 20\|OVERDUE/, 'the source is swept');
for my $database (qw(plain custom directory_parts))
{
	is(swept($database), $swept, "$database: the first sweep does what it does in the source, and nothing twice");
	is(in_schema($database, q{SELECT sum(tasks) FROM taskq_sweep()}), '0', "$database: the second has nothing to do");
	is(in_schema($database, q{SELECT count(*) FROM taskq_renewals_refresh()}), '0', "$database: no threshold is crossed again");
	is(in_schema($database, q{SELECT count(*) FROM taskq_calendar CROSS JOIN LATERAL taskq_sla_moves(name)}), '0', "$database: no deadline moves");
}

is(in_schema('custom', q{SELECT max(id) + 1 = taskq_create('new') FROM taskq_task}), 't', 'ids go on where they stood');

# All triggers and constraints of the tables are there.
my ($status, $out, $err);
for ([ q{UPDATE taskq_task SET status = 'COMPLETED' WHERE id = 1}, qr/task 1 cannot go from OPEN to COMPLETED/ ],
	[ q{UPDATE taskq_task SET title = 'x' WHERE id = 3}, qr/task 3/ ], [ q{DELETE FROM taskq_task WHERE id = 1}, qr/task 1/ ],
	[ q{DELETE FROM taskq_task_event}, qr/append-only/ ], [ q{INSERT INTO taskq_task (title, user_id) VALUES ('x', 'nobody')}, qr/foreign key/ ],
	[ q{INSERT INTO taskq_task (title, dedupe_key) VALUES ('x', 'key')}, qr/taskq_task_dedupe_key/ ], [ q{INSERT INTO taskq_task (title) VALUES (' ')}, qr/taskq_task_title_check/ ])
{
	($status, $out, $err) = $node->psql('custom', "SET search_path = $schema; $_->[0]");
	like($err, $_->[1], "refused after a restore: $_->[0]");
}
is(in_schema('custom', q{SET ROLE app_agent; SELECT status FROM taskq_start(1)}), 'IN_PROGRESS', 'an agent goes on');

# ------------------------------------- a server without the library preloaded

my $bare = PostgreSQL::Test::Cluster->new('bare');
$bare->init;
$bare->start;
$node->command_ok([ 'pg_dump', '-Fc', '-C', '-f', "$dir/created", $source ], 'pg_dump -C');
$bare->safe_psql('postgres', "CREATE ROLE $_") for qw(app_agent app_viewer app_manager reporting north south);
$bare->command_ok([ 'pg_restore', '--exit-on-error', '-C', '-d', $bare->connstr('postgres'), "$dir/created" ], 'restored on a server that does not preload taskq');
is($bare->safe_psql('source', "SHOW taskq.timezone"), 'Pacific/Kiritimati', 'with pg_dump -C the settings of the database come along');
is($bare->safe_psql('source', "SELECT taskq_today() = (statement_timestamp() AT TIME ZONE 'Pacific/Kiritimati')::date" =~ s/taskq_today/$schema.taskq_today/r), 't', 'and hold');
is($bare->safe_psql('source', "SELECT count(*) > 20 FROM $schema.taskq_tasks"), 't', 'and tasks are there');
$bare->stop;

# pg_dump --clean drops the extension first.
dump_to("$dir/clean", '--clean', '--if-exists');
restore('plain', "$dir/clean", 'psql');
is(contents('plain'), contents('source'), 'pg_dump --clean: restored over a database that was in use');

# Who may dump.
query('postgres', 'CREATE ROLE dba LOGIN; CREATE ROLE backup LOGIN; GRANT pg_read_all_data TO backup; ALTER DATABASE source OWNER TO dba');
$node->command_fails_like([ 'pg_dump', '-U', 'dba', '-f', "$dir/dba", $source ], qr/permission denied for|may lack SELECT privilege/, 'the owner of the database alone may not dump tasks');
$node->command_ok([ 'pg_dump', '-U', 'backup', '-Fc', '-f', "$dir/backup", $source ], 'pg_read_all_data may');

# -------------------------------------------------- another day, another server

my ($faketime) = glob('/usr/lib/*/faketime/libfaketime.so.1');
SKIP:
{
	skip 'faketime is not installed', 6 unless $faketime;
	dump_to("$dir/later", '-Fc');
	my $later = PostgreSQL::Test::Cluster->new('later');
	$later->init;
	$later->append_conf('postgresql.conf', "shared_preload_libraries = 'taskq'\ntaskq.databases = 'none'\ntimezone = 'America/New_York'\n");
	{
		local $ENV{LD_PRELOAD} = $faketime;
		local $ENV{FAKETIME} = '+12d';
		$later->start;
	}
	$later->safe_psql('postgres', "CREATE ROLE $_") for qw(app_agent app_viewer app_manager reporting north south);
	$later->safe_psql('postgres', 'CREATE DATABASE later');
	$later->safe_psql('postgres', "ALTER DATABASE later SET taskq.timezone = 'Pacific/Kiritimati'");
	$later->command_ok([ 'pg_restore', '--exit-on-error', '-d', $later->connstr('later'), "$dir/later" ], 'restored twelve days later');
	{
		my $there = contents('source');
		local $TaskqTest::node = $later;
		is(contents('later'), $there, 'every table and sequence as it was');
		is(in_schema('later', q{SELECT count(*) FROM taskq_calendar CROSS JOIN LATERAL taskq_sla_moves(name)}), '0', 'no deadline moves');
	}
	$today = $later->safe_psql('later', "SELECT $schema.taskq_today()");
	is(in_schema('source', "SELECT '$today' - taskq_today()"), '12', 'it is that day there');
	my $statuses = $later->safe_psql('later', "SELECT id, status FROM $schema.taskq_tasks ORDER BY id");
	isnt($statuses, in_schema('source', 'SELECT id, status FROM taskq_tasks ORDER BY id'), 'statuses have changed since');
	is($statuses, in_schema('source', "SELECT id, taskq_effective_status(status, due_date, started_at, '$today') FROM taskq_task ORDER BY id"),
		'as they have in the source by that day');
	$later->stop;
}

# ------------------------------------------ nothing is swept while pg_restore runs

# It has set the sequences and waits for a table; thresholds have changed.
query('postgres', q{ALTER SYSTEM SET taskq.databases = 'busy'});
$node->reload;
restore(target('busy', 'Pacific/Kiritimati'), "$dir/custom.schema", '-v');
my ($list) = run_command([ 'pg_restore', '-l', "$dir/custom.data" ]);
my @list = grep { /^\d/ } split /\n/, $list;
append_to_file("$dir/list", join("\n", (grep { /SEQUENCE SET/ } @list), (grep { !/SEQUENCE SET|crossing/ } @list), (grep { /DATA .*crossing/ } @list)) . "\n");
my $lock = $node->background_psql('busy');
$lock->query_safe("BEGIN; LOCK TABLE $schema.taskq_renewal_crossing IN SHARE MODE");
my $restoring = IPC::Run::start([ 'pg_restore', '--exit-on-error', '-L', "$dir/list", '-d', $node->connstr('busy'), "$dir/custom.data" ], '2>', \my $restore_err);
became('busy', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'pg_restore' AND datname = 'busy' AND wait_event_type = 'Lock'}, 'pg_restore waits');
my $log = -s $node->logfile;
query('busy', "SELECT $schema.taskq_worker_wake()");
became('busy', qq{SELECT last_result = 'restoring' AND last_sweep_at > (SELECT max(xact_start) FROM pg_stat_activity WHERE application_name = 'pg_restore')
	FROM $schema.taskq_worker_status WHERE database = 'busy'}, 'the worker waits for it');
is(in_schema('busy', 'SELECT count(*) FROM taskq_renewal_crossing'), '0', 'and does nothing meanwhile');
$lock->query_safe('COMMIT');
$lock->quit;
ok($restoring->finish, 'pg_restore is done') or diag($restore_err);
query('busy', "SELECT $schema.taskq_worker_wake()");
became('busy', qq{SELECT last_result = 'done' FROM $schema.taskq_worker_status WHERE database = 'busy'}, 'then the worker sweeps');
is(in_schema('busy', q{SELECT renewal_id, due_date, days_before, outcome, task_id FROM taskq_renewal_crossing ORDER BY 1, 2, 3}),
	in_schema('custom', q{SELECT renewal_id, due_date, days_before, outcome, task_id FROM taskq_renewal_crossing ORDER BY 1, 2, 3}), 'no threshold has been crossed twice');

# --------------------------------------------------------------- customizations

# Two desks that may not see each other; columns of the user's own.
query('source', q{CREATE TYPE desk_name AS ENUM ('north', 'south');
	CREATE FUNCTION stamp_desk() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.seen := coalesce(NEW.seen, 0) + 1; RETURN NEW; END$$});
in_schema('source', q{
	ALTER TABLE taskq_task ADD COLUMN desk desk_name, ADD COLUMN seen integer, ADD COLUMN number bigserial;
	UPDATE taskq_task SET desk = CASE WHEN id % 2 = 0 THEN 'north' ELSE 'south' END::desk_name, seen = 1 WHERE completed_at IS NULL AND cancelled_at IS NULL;
	ALTER TABLE taskq_task ALTER desk SET DEFAULT 'north';
	GRANT SELECT, INSERT, UPDATE (desk) ON taskq_task TO north, south; GRANT USAGE ON SEQUENCE taskq_task_number_seq TO north, south;
	CREATE VIEW by_desk AS SELECT desk, count(*) FROM taskq_task GROUP BY desk;
	CREATE INDEX ON taskq_task (desk);
	CREATE TRIGGER stamp BEFORE INSERT ON taskq_task FOR EACH ROW EXECUTE FUNCTION stamp_desk();
	ALTER TABLE taskq_task ENABLE ROW LEVEL SECURITY;
	CREATE POLICY north ON taskq_task TO north USING (desk = 'north');
	CREATE POLICY south ON taskq_task TO south USING (desk = 'south')});
my $counts = q{SELECT (SELECT count(*) FROM taskq_task), open, overdue FROM taskq_queue_stats};
my %seen = map { $_ => in_schema('source', "SET ROLE $_; $counts") } qw(north south);
isnt($seen{north}, $seen{south}, 'each desk sees its own');

# The recipe of the README.
my $recipe = <<'SH';
pg_dump -Fc -f ops.dump "$ops"
psql -XAt -d "$ops" -c "SELECT statement FROM $schema.taskq_customizations() WHERE section = 'pre-data'" > pre-data.sql
psql -XAt -d "$ops" -c "SELECT statement FROM $schema.taskq_customizations() WHERE section = 'post-data'" > post-data.sql

pg_restore -l ops.dump | grep -E ' (SCHEMA|EXTENSION|TYPE|DOMAIN) ' > first
pg_restore -l ops.dump | grep -vE ' (SCHEMA|EXTENSION|TYPE|DOMAIN) ' > rest
pg_restore --exit-on-error -d "$new" -L first ops.dump
psql -X -v ON_ERROR_STOP=1 -d "$new" -f pre-data.sql
pg_restore --exit-on-error -d "$new" -L rest ops.dump
psql -X -v ON_ERROR_STOP=1 -d "$new" -f post-data.sql
SH
{
	local $ENV{ops} = $source;
	local $ENV{new} = $node->connstr(target('desks', 'UTC'));
	local $ENV{schema} = $schema;
	command_ok([ 'sh', '-e', '-c', "cd '$dir'; $recipe" ], 'the recipe works');
}
is(contents('desks'), contents('source'), 'all is as it was, the columns added included');
is(query('desks', "SELECT statement FROM $schema.taskq_customizations()"), query('source', "SELECT statement FROM $schema.taskq_customizations()"), 'so are policies, triggers, indexes');
is(privileges('desks'), privileges('source'), 'and privileges');
query('postgres', "ALTER DATABASE desks SET taskq.timezone = 'Pacific/Kiritimati'");
is(in_schema('desks', "SET ROLE $_; $counts"), $seen{$_}, "$_ sees its own and no other") for qw(north south);
is(in_schema('desks', q{SET ROLE north; SELECT taskq_create('theirs'); SELECT desk, seen FROM taskq_task WHERE title = 'theirs'}) =~ s/.*\n//r, 'north|1', 'defaults and triggers work');

# And without it: pg_restore says what is missing, and rows are not lost silently.
target('without', 'UTC');
$node->command_fails_like([ 'pg_restore', '-d', $node->connstr('without'), "$dir/ops.dump" ], qr/column "desk" of relation "taskq_task" does not exist/, 'without the recipe pg_restore fails');

# ------------------------------------------------- one of several databases

query('postgres', 'CREATE DATABASE slot');
query('slot', q{CREATE EXTENSION taskq; SELECT taskq_set_slot(7);
	INSERT INTO taskq_customer VALUES ('cus_1', 'Acme');
	SELECT taskq_create('of slot 7'), taskq_create('and again'), taskq_renewal_create('cus_1', 'permit', taskq_today() + 10)});
query('slot', 'CALL taskq_sweep_all()');
$node->command_ok([ 'pg_dump', '-Fc', '-f', "$dir/slot", $node->connstr('slot') ], 'a database with a slot is dumped');
my $made = query('slot', 'SELECT section, statement FROM taskq_customizations()');
is($made, 'post-data|SELECT public.taskq_set_slot(7);', 'what pg_dump does not keep is one statement');
my $steps = q{SELECT c.relname, s.seqincrement, s.seqstart FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid WHERE c.relname LIKE 'taskq%' ORDER BY 1};
# A sweep between the restore and that statement takes ids that are not of the slot; a task would too.
for my $database (qw(unswept swept_early written_early))
{
	restore(target($database, 'UTC'), "$dir/slot", '-v');
	is(contents($database), contents('slot'), "$database: rows and positions");
	is(query($database, 'SELECT taskq_slot_number()'), '', "$database: of no slot yet");
	query($database, 'UPDATE taskq_task SET due_date = taskq_today() - 1 WHERE id < 1024; CALL taskq_sweep_all()') if $database eq 'swept_early';
	next if $database eq 'written_early';
	query($database, query('slot', 'SELECT statement FROM taskq_customizations()'));
	is(contents($database), contents('slot'), "$database: which changes nothing but steps") if $database eq 'unswept';
	is(query($database, $steps), query('slot', $steps), "$database: the steps");
	is(query($database, q{SELECT taskq_slot_number(), taskq_create('goes on')}), '7|' . (7 + 3 * 1024), "$database: and ids go on");
	query($database, q{CALL taskq_sweep_all(); SELECT taskq_comment(id, 'hm') FROM taskq_task});
	is(query($database, q{SELECT max(id) & 1023 FROM taskq_task_event UNION ALL SELECT max(id) & 1023 FROM taskq_sweep_log}), "7\n7", "$database: the history's and the log's too");
	is(query($database, q{SELECT subject FROM taskq_check() WHERE what LIKE '%slot%'}), '', "$database: nothing to complain of");
}
query('written_early', q{SELECT taskq_create('written early')});
my (undef, undef, $stderr) = $node->psql('written_early', 'SELECT taskq_set_slot(7)');
like($stderr, qr/slot 7 does not fit the ids that exist\n.*There are tasks whose id & 1023 is not 7: 1 of them, the first is 2056\./, 'one that was written too early is named');

# ---------------------------------------------------------- a database at 0.1.0

query('postgres', 'CREATE DATABASE old');
query('old', q{CREATE EXTENSION taskq VERSION '0.1.0';
	SELECT taskq_grant('app_agent', 'agent'), taskq_grant('app_manager', 'viewer'); GRANT SELECT ON taskq_tasks TO reporting;
	INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana'); INSERT INTO taskq_customer VALUES ('cus_1', 'Acme', 'sta_1');
	SELECT taskq_create('task', due_date => '2020-01-01'), taskq_renewal_create('cus_1', 'permit', taskq_today() + 10);
	INSERT INTO taskq_workflow_rule (name, event, action) VALUES ('Ring back', 'call.missed', 'CREATE_TASK');
	INSERT INTO taskq_workflow_rule (name, event, action, condition) VALUES ('No predicate', 'call.missed', 'CREATE_TASK', '$.vip ? (@ == true)');
	SELECT count(*) FROM taskq_emit('call.missed', '{"vip": true}');
	INSERT INTO taskq_task (title, created_at, sla_hours) VALUES ('late', '2020-01-01', 1);
	SET check_function_bodies = off; INSERT INTO taskq_task (title) VALUES (U&'\2800')});
query('old', 'CALL taskq_sweep_all()');
$node->command_ok([ 'pg_dump', '-Fc', '-f', "$dir/old", $node->connstr('old') ], 'a database at 0.1.0 is dumped');
query(target('newer', 'UTC'), q{CREATE EXTENSION taskq VERSION '0.1.0'});
restore('newer', "$dir/old", '-v');
query($_, 'ALTER EXTENSION taskq UPDATE') for qw(old newer);
is(contents('newer'), contents('old'), 'and restored under the new version');
is(query('newer', q{SELECT string_agg(outcome, ' ') FROM taskq_emit_dry_run('call.missed', '{"vip": true}')}), 'created created', 'rules that would be refused today included');
is(privileges('newer'), privileges('old'), 'with the privileges that updating would have given');

# Into the new version at once: pg_restore does not find functions by their old arguments.
target('at_once', 'UTC');
$node->run_log([ 'pg_restore', '-d', $node->connstr('at_once'), "$dir/old" ], '2>', "$dir/errors");
my @errors = grep { /^pg_restore: error: / } split /\n/, slurp_file("$dir/errors");
is(join("\n", grep { !/: ERROR:  function public\.taskq_\w+\(.*\) does not exist$/ } @errors), '', 'restored at once all but grants on functions is there');
is(contents('at_once'), contents('old'), 'with every row');
query('at_once', 'SELECT taskq_reapply_grants()');
is(privileges('at_once'), privileges('old'), 'and the levels can be given again');

# Several jobs take the triggers to be off, and with them the filling in of stamps.
{
	local $ENV{PGOPTIONS} = '-c session_replication_role=replica';
	$node->run_log([ 'pg_restore', '-j2', '-d', $node->connstr(target('parallel', 'UTC')), "$dir/old" ], '2>', '/dev/null');
}
for my $database (qw(newer at_once parallel))
{
	is(query($database, q{SELECT count(*) FROM taskq_sla_violations}), '1', "$database: breaches are remembered");
	query($database, q{SELECT taskq_set_sla(id, NULL) FROM taskq_task WHERE title = 'late'});
	is(query($database, q{SELECT count(*) FROM taskq_sla_violations WHERE sla_first_breached_at = (SELECT at FROM taskq_task_event WHERE kind = 'sla_breached')}),
		'1', "$database: from when they were recorded");
	is(query($database, q{SELECT status FROM taskq_start((SELECT id FROM taskq_task WHERE title = U&'\2800'))}), 'IN_PROGRESS', "$database: tasks go on, whatever their titles");
}

# Updated rather than restored: what roles have is dumped all the same.
$node->command_ok([ 'pg_dump', '-Fc', '-f', "$dir/updated", $node->connstr('old') ], 'an updated database is dumped');
restore(target('updated', 'UTC'), "$dir/updated", '-v');
is(privileges('updated'), privileges('old'), 'an update does not make privileges part of the extension');
is(contents('updated'), contents('old'), 'nor rows');

# What was granted by hand, on what the update adds to or replaces, too.
query('postgres', 'CREATE DATABASE by_hand');
query('by_hand', q{CREATE EXTENSION taskq VERSION '0.2.0'; GRANT SELECT (id, sla_breached_at) ON taskq_task TO reporting;
	GRANT EXECUTE ON FUNCTION taskq_set_sla, taskq_queue_page TO reporting; ALTER EXTENSION taskq UPDATE});
$node->command_ok([ 'pg_dump', '-Fc', '-f', "$dir/by_hand", $node->connstr('by_hand') ], 'one where privileges were granted by hand is dumped');
restore(target('to_hand', 'UTC'), "$dir/by_hand", '-v');
is(privileges('to_hand'), privileges('by_hand'), 'and they are restored');
is(query('to_hand', q{SELECT has_column_privilege('reporting', 'taskq_task', 'sla_first_breached_at', 'SELECT'),
	has_function_privilege('reporting', 'taskq_set_sla(bigint, double precision, text, timestamptz, text)', 'EXECUTE'),
	has_function_privilege('reporting', 'taskq_set_sla_many(bigint[], double precision, text, text)', 'EXECUTE')}), 't|t|f', 'each as it was granted');

# ------------------------------------ constraints as PostgreSQL 18 knows them

SKIP:
{
	skip 'NOT NULL has no name, and foreign keys are enforced, before PostgreSQL 18', 2 if query('postgres', 'SHOW server_version_num') < 180000;
	my $customize = q{ALTER TABLE taskq_task ADD COLUMN desk text, ADD COLUMN place text CONSTRAINT has_place NOT NULL DEFAULT '',
			ALTER CONSTRAINT taskq_task_assignee_id_fkey NOT ENFORCED;
		INSERT INTO taskq_task (title, assignee_id) VALUES ('of no desk, for nobody we know', 'nobody');
		ALTER TABLE taskq_task ADD CONSTRAINT has_desk NOT NULL desk NOT VALID, ADD CONSTRAINT has_owner NOT NULL assignee_id NOT VALID;
		COMMENT ON CONSTRAINT has_desk ON taskq_task IS 'since May'};
	query('postgres', 'CREATE DATABASE named; CREATE DATABASE renamed');
	query('named', "CREATE EXTENSION taskq; $customize");
	my $printed = query('named', 'SELECT section, statement FROM taskq_customizations()');
	is($printed, join("\n",
		'pre-data|ALTER TABLE public.taskq_task ADD COLUMN desk text;',
		'pre-data|ALTER TABLE public.taskq_task ADD COLUMN place text;',
		'pre-data|ALTER TABLE public.taskq_task DROP CONSTRAINT taskq_task_assignee_id_fkey;',
		q{post-data|ALTER TABLE public.taskq_task ALTER COLUMN place SET DEFAULT ''::text;},
		'post-data|ALTER TABLE public.taskq_task ADD CONSTRAINT has_desk NOT NULL desk NOT VALID;',
		'post-data|ALTER TABLE public.taskq_task ADD CONSTRAINT has_owner NOT NULL assignee_id NOT VALID;',
		'post-data|ALTER TABLE public.taskq_task ADD CONSTRAINT has_place NOT NULL place;',
		'post-data|ALTER TABLE public.taskq_task ADD CONSTRAINT taskq_task_assignee_id_fkey FOREIGN KEY (assignee_id) REFERENCES public.taskq_staff_member(id) ON UPDATE CASCADE NOT ENFORCED;',
		q{post-data|COMMENT ON CONSTRAINT has_desk ON public.taskq_task IS 'since May';}), 'NOT NULL with its name, what is not valid, what is not enforced');
	query('renamed', 'CREATE EXTENSION taskq');
	query('renamed', $_) for split /\n/, query('named', 'SELECT statement FROM taskq_customizations()');
	is(query('renamed', 'SELECT section, statement FROM taskq_customizations()'), $printed, 'and made again');
}

# ------------------------------------------------------------- another cluster

# Roles have other OIDs there, and OIDs other roles: names decide.
query('postgres', 'CREATE DATABASE moved; CREATE ROLE desk_a; CREATE ROLE desk_b; CREATE ROLE desk_c');
query('moved', q{CREATE EXTENSION taskq; SELECT taskq_grant('desk_a', 'viewer'), taskq_grant('desk_b', 'agent'), taskq_grant('desk_c', 'manager')});
query('postgres', 'ALTER ROLE desk_b RENAME TO desk_new');
query('moved', 'SELECT taskq_reapply_grants()');
$node->command_ok([ 'pg_dump', '-f', "$dir/moved", $node->connstr('moved') ], 'a database with roles of its own');
my $oids = query('moved', 'SELECT role_name, role_oid::regrole, role_oid FROM taskq_role_grant ORDER BY 1');
$node->stop;
$node = start_node('another', "taskq.databases = 'none'\n", extra => ['--encoding=UTF8', '--locale=C']);
query('postgres', 'CREATE DATABASE moved; CREATE ROLE other; CREATE ROLE desk_new; CREATE ROLE desk_a');
$node->psql('moved', "\\i $dir/moved", on_error_stop => 0);
isnt(query('moved', 'SELECT role_name, role_oid::regrole, role_oid FROM taskq_role_grant ORDER BY 1'), $oids, 'is restored into another cluster');
is( query('moved', 'SELECT role_name, role_oid::regrole FROM taskq_role_grant ORDER BY 1'), "desk_a|desk_a\ndesk_c|\ndesk_new|desk_new",
	'where its roles are known by the names that they had');
query('postgres', 'ALTER ROLE desk_a RENAME TO desk_c');
query('moved', q{SELECT taskq_revoke('desk_c')});
is(query('moved', 'SELECT role_name FROM taskq_role_grant'), 'desk_new', 'and followed from there on');
is(query('moved', q{SELECT has_table_privilege('desk_c', 'taskq_task', 'SELECT'), has_table_privilege('desk_new', 'taskq_task', 'SELECT')}), 'f|t', 'when they get others');

$node->stop;
done_testing();
