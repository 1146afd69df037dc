# The worker with default settings, without calls by hand.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Utils;
use TaskqTest;
use Test::More;

# The interval is out of reach, so that only exact wake-ups explain what happens.
my $node = start_node('worker', <<'CONF');
taskq.sweep_interval = 1h
max_worker_processes = 16
CONF

became('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'taskq launcher'},
	'one launcher runs');

# A database made later, with the extension in a schema of its own.
query('postgres', 'CREATE DATABASE desk');
query('desk', 'CREATE SCHEMA "Desk 1"; CREATE EXTENSION taskq SCHEMA "Desk 1"; ALTER DATABASE desk SET search_path = "Desk 1"');
became('desk', q{SELECT last_result = 'done' FROM taskq_worker_status WHERE database = 'desk'},
	'CREATE EXTENSION wakes the launcher');

# A day ends: taskq.timezone is set to another zone.
query('desk', q{INSERT INTO taskq_task (title, due_date) VALUES ('due today', taskq_today()), ('due later', taskq_today() + 9)});
query('desk', q{SELECT taskq_start(taskq_create('started', due_date => taskq_today()))});
my $log = -s $node->logfile;
query('postgres', q{ALTER DATABASE desk SET taskq.timezone = 'Etc/GMT-14'});
if (query('desk', 'SELECT count(*) FROM taskq_tasks WHERE is_overdue') eq '0')
{
	# Already tomorrow nowhere: go back from the other end of the world.
	query('postgres', q{ALTER DATABASE desk SET taskq.timezone = 'Etc/GMT+12'});
	query('desk', q{UPDATE taskq_task SET due_date = taskq_today() WHERE title <> 'due later'});
	query('postgres', q{ALTER DATABASE desk SET taskq.timezone = 'Etc/GMT-14'});
}
query('desk', 'SELECT taskq_worker_wake()');
became('desk', q{SELECT count(*) = 2 FROM taskq_task WHERE status = 'OVERDUE'}, 'tasks whose day has ended are OVERDUE, and nobody called');
is(query('desk', q{SELECT kind, actor IS NULL, from_status, to_status FROM taskq_task_event WHERE kind = 'overdue' ORDER BY task_id}),
	"overdue|t|OPEN|OVERDUE\noverdue|t|IN_PROGRESS|OVERDUE", 'each with one event, by the system');
$node->wait_for_log(qr/LOG:  taskq sweep: database=desk overdue=2 recovered=0 .*sla_breached=0 .*elapsed_ms=\d+ backlog=0/, $log);
pass('and one line in the log');
is(query('desk', 'SELECT overdue, batches, backlog FROM taskq_sweep_log ORDER BY id DESC LIMIT 1'), '2|1|0', 'and a row in taskq_sweep_log');

# Deadlines: made after the launcher last looked, in other sessions, one after the other.
query('desk', 'SELECT taskq_create(\'soon\', sla_hours => 1.0 / 3600)');
became('desk', q{SELECT count(*) = 1 FROM taskq_task WHERE sla_breached_at IS NOT NULL}, 'a deadline is noticed at its instant');
query('desk', 'SELECT taskq_create(\'later\', sla_hours => 100), taskq_create(\'soon again\', sla_hours => 1.0 / 3600)');
became('desk', q{SELECT count(*) = 2 FROM taskq_task WHERE sla_breached_at IS NOT NULL}, 'and so is the next');
is(query('desk', q{SELECT count(*) FROM taskq_task WHERE sla_breached_at <= sla_due_at}), '0', 'never before it has passed');
is(query('desk', q{SELECT count(*) FROM taskq_task WHERE sla_breached_at >= sla_due_at + interval '1 minute'}), '0', 'nor long after');
query('desk', 'BEGIN; SELECT taskq_create(\'rolled back\', sla_hours => 1.0 / 3600); ROLLBACK');
query('desk', 'BEGIN; SAVEPOINT s; SELECT taskq_create(\'kept\', sla_hours => 1.0 / 3600); RELEASE s; COMMIT');
became('desk', q{SELECT count(*) = 3 FROM taskq_task WHERE sla_breached_at IS NOT NULL}, 'also one made in a savepoint');
is(query('desk', q{SELECT count(*) FROM taskq_task_event WHERE kind = 'sla_breached'}), '3', 'each breach is told once');

# What comes before a breach, a pause that ends, the response clock, an edited calendar: each at its instant, the interval being an hour.
query('desk', q{INSERT INTO taskq_sla_policy (name, kind, sla_hours, warn_percents) VALUES ('warned', 'WARNED', 1, '{50}');
	INSERT INTO taskq_task (title, sla_hours, created_at) VALUES ('at risk soon', 1, now() - interval '47 minutes 58 seconds');
	INSERT INTO taskq_task (title, kind, sla_policy, sla_hours, created_at) VALUES ('warned soon', 'WARNED', 'warned', 1, now() - interval '29 minutes 58 seconds');
	INSERT INTO taskq_task (title, response_hours, created_at) VALUES ('no response soon', 1, now() - interval '59 minutes 58 seconds')});
query('desk', q{SELECT taskq_pause(taskq_create('resumed soon', sla_hours => 9), until => now() + interval '2 seconds')});
became('desk', q{SELECT array_agg(e.kind ORDER BY e.kind) = '{response_breached,resumed,sla_at_risk,sla_warning}' FROM taskq_task_event e JOIN taskq_task t ON t.id = e.task_id
	WHERE title ~ '. soon$' AND e.kind <> 'paused'}, 'what falls due before a breach is recorded at its instant');
is(query('desk', q{SELECT count(*) FROM taskq_task WHERE sla_warned_at < least(sla_at_risk_at, created_at + interval '30 minutes') OR response_breached_at <= response_due_at}), '0', 'and not before');
query('desk', q{SELECT taskq_calendar_set('office', 'UTC', '24/7'); INSERT INTO taskq_task (title, sla_hours, sla_calendar) VALUES ('in office hours', 900, 'office')});
query('desk', q{SELECT taskq_calendar_set('office', 'UTC', 'Mon-Sun 00:00-12:00')});
became('desk', q{SELECT count(*) = 1 FROM taskq_task_event WHERE kind = 'sla_moved'}, 'an edited calendar wakes the worker');

# A deadline that is infinite never comes.
query('postgres', 'CREATE DATABASE never');
query('never', q{CREATE EXTENSION taskq; INSERT INTO taskq_task (title, sla_hours, sla_due_at) VALUES ('whenever', 1, 'infinity')});
my $inserted = query('never', 'SELECT taskq_worker_wake(); SELECT now()');
became('never', qq{SELECT last_sweep_at > '$inserted' AND last_result = 'done' AND next_sweep_reason = 'interval' AND next_sweep_at > last_sweep_at
	FROM taskq_worker_status WHERE database = 'never'}, 'nobody sweeps for a deadline that never comes');
query('postgres', 'DROP DATABASE never');

# The launcher is not woken for what falls due later than it waits anyway.
my $launcher = q{FROM pg_stat_activity WHERE backend_type = 'taskq launcher'};
became('postgres', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'taskq sweeper'});
became('postgres', "SELECT state_change < clock_timestamp() - interval '200 ms' $launcher");
my $since = query('postgres', "SELECT state_change $launcher");
query('desk', q{SELECT taskq_create('later', due_date => taskq_today() + 90, sla_hours => 60)}) for 1 .. 20;
is(query('postgres', "SELECT state_change $launcher"), $since, 'what falls due later wakes nobody');

# An import is noticed at its commit.
query('desk', q{INSERT INTO taskq_task (title, due_date) SELECT 'imported ' || g, '2020-01-01' FROM generate_series(1, 3000) g});
became('desk', q{SELECT count(*) = 0 FROM taskq_tasks WHERE status <> stored_status}, 'past due dates of an import are swept at once');
is(query('desk', q{SELECT overdue, batches FROM taskq_sweep_log ORDER BY id DESC LIMIT 1}), '3000|3', 'batch by batch');

# No sweeper stays connected, and nothing is written if nothing is due.
became('postgres', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'taskq sweeper'}, 'the sweepers have left');
is(query('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'taskq launcher' AND (xact_start IS NOT NULL OR datname IS NOT NULL)}),
	'0', 'the launcher has no transaction and no database');
query('postgres', q{ALTER SYSTEM SET taskq.log_sweeps = 'all'});
$node->reload;
became('postgres', q{SELECT current_setting('taskq.log_sweeps') = 'all'}, 'settings are reloaded');
$log = -s $node->logfile;
my $xid = query('postgres', 'SELECT pg_snapshot_xmax(pg_current_snapshot())');
query('desk', 'SELECT taskq_worker_wake()');
$node->wait_for_log(qr/taskq sweep: database=desk overdue=0 recovered=0 .*sla_breached=0 /, $log);
is(query('postgres', 'SELECT pg_snapshot_xmax(pg_current_snapshot())'), $xid, 'a sweep that finds nothing takes no transaction id');
is(query('desk', 'SELECT count(*) FROM taskq_sweep_log WHERE overdue + recovered + sla_moved + resumed + response_breached + sla_breached + sla_at_risk + sla_warnings + purged = 0'), '0', 'and writes no row');
query('postgres', q{ALTER SYSTEM SET taskq.log_sweeps = 'none'});
query('postgres', q{ALTER SYSTEM SET taskq.databases = 'elsewhere, "Another"'});
$node->reload;
became('postgres', q{SELECT current_setting('taskq.databases') <> ''}, 'databases can be chosen');
query('desk', q{INSERT INTO taskq_task (title, due_date) VALUES ('left alone', '2020-01-01')});
query('postgres', 'CREATE DATABASE elsewhere');
query('elsewhere', q{CREATE EXTENSION taskq; INSERT INTO taskq_task (title, due_date) VALUES ('swept', '2020-01-01')});
became('elsewhere', q{SELECT count(*) = 1 FROM taskq_task WHERE status = 'OVERDUE'}, 'one that is named is swept');
is(query('desk', q{SELECT stored_status FROM taskq_tasks WHERE title = 'left alone'}), 'OPEN', 'one that is not is left alone');

# Nothing is swept in the middle of a restore.
query('postgres', 'ALTER SYSTEM RESET taskq.databases');
$node->reload;
query('postgres', 'CREATE DATABASE restored');
$log = -s $node->logfile;
query('restored', q{CREATE EXTENSION taskq; INSERT INTO taskq_task (id, title, due_date) VALUES (7, 'restored', '2020-01-01')});
$node->wait_for_log(qr/database "restored" waits\n[^\n]*DETAIL:  Ids in a table are ahead of its sequence/, $log);
is(query('restored', 'SELECT status FROM taskq_task'), 'OPEN', 'rows whose sequence is not set yet are left alone');
query('restored', q{SELECT setval('taskq_task_id_seq', 7), taskq_worker_wake()});
became('restored', q{SELECT status = 'OVERDUE' FROM taskq_task}, 'and swept once it is');

# A batch that was begun before the restore is rolled back.
query('restored', q{CREATE FUNCTION arrive() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
		INSERT INTO public.taskq_task_event (id, task_id, at, kind) VALUES (1000000, NEW.id, NEW.created_at, 'commented'); RETURN NEW; END$$;
	CREATE TRIGGER arrive BEFORE UPDATE ON taskq_task FOR EACH ROW EXECUTE FUNCTION arrive();
	INSERT INTO taskq_task (id, title, due_date) VALUES (nextval('taskq_task_id_seq'), 'swept too early', '2020-01-01')});
became('restored', q{SELECT last_result = 'restoring' OR EXISTS (SELECT FROM taskq_task WHERE title = 'swept too early' AND status = 'OVERDUE')
	FROM taskq_worker_status WHERE database = 'restored'});
is(query('restored', q{SELECT status, (SELECT count(*) FROM taskq_task_event WHERE id = 1000000) FROM taskq_task WHERE title = 'swept too early'}),
	'OPEN|0', 'a batch during which rows arrive from elsewhere is taken back');
query('restored', 'DROP TRIGGER arrive ON taskq_task; SELECT taskq_worker_wake()');
became('restored', q{SELECT status = 'OVERDUE' FROM taskq_task WHERE title = 'swept too early'}, 'and done again');

# A request for the next sweep just after one has ended does not make that a failed one.
my $wakes = PostgreSQL::Test::Utils::tempdir() . '/wake.sql';
append_to_file($wakes, qq{SELECT "Desk 1".taskq_worker_wake();\n});
my ($out, $err) = ('', '');
my $waker = IPC::Run::start([ 'pgbench', '-n', '-T', '180', '-f', $wakes, $node->connstr('desk') ], '>', \$out, '2>', \$err);
my $failures = 0;
for (1 .. 5)
{
	my $swept_at = query('desk', q{SELECT last_sweep_at FROM taskq_worker_status WHERE database = 'desk'});
	became('desk', qq{SELECT last_sweep_at <> '$swept_at' FROM taskq_worker_status WHERE database = 'desk'});
	$failures += query('desk', q{SELECT failures FROM taskq_worker_status WHERE database = 'desk'});
}
$waker->signal('TERM');
$waker->finish;
is($failures, 0, 'one sweep after the other is asked for, and none counts as failed');

# What a sweep leaves for later says when the next one comes: at the end of the day on which a task is due.
query('postgres', q{ALTER SYSTEM SET taskq.sweep_interval = '1d'});
$node->reload;
query('postgres', 'CREATE DATABASE tonight');
query('tonight', q{CREATE EXTENSION taskq; INSERT INTO taskq_task (title, due_date) SELECT 'soon', taskq_today() + i FROM generate_series(0, 2) i});
my $woken = query('tonight', 'SELECT clock_timestamp() FROM taskq_worker_wake()');
became('tonight', qq{SELECT last_sweep_at > '$woken' AND last_result = 'done' AND next_sweep_reason = 'due'
	AND next_sweep_at = taskq_day_start(taskq_today() + 1) FROM taskq_worker_status WHERE database = 'tonight'}, 'the end of the day is when a task gets overdue');

$node->stop;
done_testing();
