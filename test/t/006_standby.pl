# A hot standby: reads only, until it is promoted.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use TaskqTest;
use Test::More;

my $primary = start_node('primary', "taskq.sweep_interval = 1s\ntaskq.sweep_batch_size = 500\n", allows_streaming => 1);
query('postgres', 'CREATE EXTENSION taskq');
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;

# A sweep by hand commits as its session says ...
query('postgres', q{ALTER SYSTEM SET taskq.databases = 'none'});
$primary->reload;
query('postgres', 'CREATE DATABASE desk');
query('desk', q{CREATE EXTENSION taskq;
	CREATE TABLE seen (n serial, setting text);
	CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS
		$$BEGIN INSERT INTO public.seen (setting) VALUES (current_setting('synchronous_commit')); RETURN new; END$$;
	CREATE TRIGGER see BEFORE UPDATE ON taskq_task FOR EACH ROW EXECUTE FUNCTION see()});
load_past('desk', 1);
$primary->safe_psql('desk', 'SET synchronous_commit = remote_write; CALL taskq_sweep_all()');
is(query('desk', 'SELECT setting FROM seen'), 'remote_write', 'a sweep by hand commits as its session does');

# ... but the worker never waits for a synchronous standby, not for one that does not answer either.
query('postgres', q{ALTER SYSTEM SET synchronous_standby_names = 'nobody'});
query('postgres', 'ALTER SYSTEM RESET taskq.databases');
$primary->reload;
{
	local $ENV{PGOPTIONS} = '-c synchronous_commit=local';
	for my $way ([ on => 'local' ], [ remote_apply => 'local' ], [ local => 'local' ], [ off => 'off' ])
	{
		query('desk', "ALTER DATABASE desk SET synchronous_commit = $way->[0]");
		load_past('desk', 1);
		became('desk', q{SELECT count(*) = 0 FROM taskq_tasks WHERE status <> stored_status}, "without a standby it sweeps where synchronous_commit is $way->[0]");
		is(query('desk', 'SELECT setting FROM seen ORDER BY n DESC LIMIT 1'), $way->[1], "... and commits as with $way->[1]");
	}
	query('postgres', 'DROP DATABASE desk');
	pass('and is in the way of no DROP DATABASE');
	query('postgres', 'ALTER SYSTEM RESET synchronous_standby_names');
	$primary->reload;
}

# Tasks that are past due and not swept, because the primary's sweeper is blocked.
query('postgres', q{ALTER SYSTEM SET taskq.databases = 'none'});
$primary->reload;
query('postgres', q{SELECT taskq_create('done')});
load_past('postgres', 20000);
query('postgres', q{INSERT INTO taskq_task (title, created_at, sla_hours) VALUES ('late', now() - interval '3 hours', 1)});
$primary->wait_for_catchup($standby);

my @reads = (
	'SELECT * FROM taskq_queue_stats',
	q{SELECT count(*), min(status::text), max(cursor) FROM taskq_queue_page(status => '{OVERDUE}', page_size => 1000)},
	q{SELECT taskq_queue_count(status => '{OVERDUE}', cap => 100000)},
	q{SELECT status, stored_status, sla_status, count(*) FROM taskq_tasks GROUP BY 1, 2, 3 ORDER BY 1, 2, 3},
	q{SELECT group_key, breached FROM taskq_sla_report(now() - interval '1 day', now() + interval '1 day', 'priority')},
	'SELECT taskq_today()');
is($standby->safe_psql('postgres', $_), query('postgres', $_), "on the standby as on the primary: $_") for @reads;
is($standby->safe_psql('postgres', q{SELECT count(*) FROM taskq_tasks WHERE status = 'OVERDUE' AND stored_status = 'OPEN'}), '20000',
	'statuses are right although nobody has swept');
is($standby->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'taskq%'}), '0', 'no worker runs there');
# Programs that fail over keep slots on a standby for the day on which it is the primary.
$standby->safe_psql('postgres', q{SELECT pg_create_physical_replication_slot('for_the_other', true)});
is($standby->safe_psql('postgres', q{SELECT subject FROM taskq_check() WHERE subject LIKE 'replication slot%'}), '', 'nor is a slot there amiss');
$standby->safe_psql('postgres', q{SELECT pg_drop_replication_slot('for_the_other')});
my ($result, $out, $err) = $standby->psql('postgres', q{SELECT taskq_create('x')});
like($err, qr/cannot execute INSERT in a read-only transaction/, 'and nothing can be written');
($result, $out, $err) = $standby->psql('postgres', 'SELECT count(*) FROM taskq_sweep()');
isnt($result, 0, 'nor swept by hand');

# The standby is exact at its replay point: it shows what the primary showed
# then, whatever has been written since.  It counts, for it has no counters.
my @exact = (
	'SELECT * FROM taskq_stats()',
	q{SELECT * FROM taskq_stats(assignee_id => 'sta_1')},
	'SELECT * FROM taskq_workload ORDER BY 1',
	q{SELECT bucket, tasks FROM taskq_backlog('assignee')},
	'SELECT taskq_queue_count(taskq_active(), cap => 100000)',
	map { (
		"SELECT id, status FROM taskq_queue_page(taskq_active(), sort => '$_', page_size => 1000)",
		"SELECT id, status FROM taskq_queue_page(NULL, sort => '$_', page_size => 1000, assignee_id => 'sta_1')"
	) } qw(due priority created sla closed));
sub write_some
{
	query('postgres', q{
		SELECT taskq_create('task ' || n, priority => (ARRAY['LOW', 'MEDIUM', 'HIGH', 'URGENT']::taskq_priority[])[1 + n % 4],
			due_date => taskq_today() + n % 5, sla_hours => 100 + n, assignee_id => CASE WHEN n % 3 = 0 THEN 'sta_1' END)
		FROM generate_series(1, 100) n;
		SELECT taskq_start(id) FROM taskq_task WHERE title LIKE 'task %' AND status = 'OPEN' AND id % 2 = 0;
		SELECT taskq_complete(id) FROM taskq_task WHERE status = 'IN_PROGRESS' AND id % 4 = 0});
	return;
}
query('postgres', q{INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana')});
write_some();
my @then = map { query('postgres', $_) } @exact;
$primary->wait_for_catchup($standby);
$standby->safe_psql('postgres', 'SELECT pg_wal_replay_pause()');
$standby->poll_query_until('postgres', q{SELECT pg_get_wal_replay_pause_state() = 'paused'});
write_some();
my @now = map { query('postgres', $_) } @exact;
isnt("@now", "@then", 'the primary has gone on');
is($standby->safe_psql('postgres', $exact[$_]), $then[$_], "as the primary was: $exact[$_]") for 0 .. $#exact;
$standby->safe_psql('postgres', 'SELECT pg_wal_replay_resume()');
$primary->wait_for_catchup($standby);
is($standby->safe_psql('postgres', $exact[$_]), $now[$_], "as the primary is: $exact[$_]") for 0 .. $#exact;

# The primary fails in the middle of the sweep; the standby is promoted.
query('postgres', q{ALTER SYSTEM RESET taskq.databases});
$primary->reload;
ok(sweeping_in('postgres'), 'the primary sweeps');
$primary->stop('immediate');
$standby->promote;
$TaskqTest::node = $standby;
became('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'taskq launcher'}, 'promotion starts the launcher');
became('postgres', q{SELECT count(*) = 0 FROM taskq_tasks WHERE status <> stored_status OR sla_status = 'BREACHED' AND sla_breached_at IS NULL},
	'which finishes the work');
is(query('postgres', q{SELECT count(*) FROM taskq_task t WHERE due_date < taskq_today()
	AND 1 <> (SELECT count(*) FROM taskq_task_event e WHERE e.task_id = t.id AND e.kind = 'overdue')}), '0', 'no task is told about twice');

$standby->stop;
done_testing();
