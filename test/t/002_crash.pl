# Whatever ends a sweep: work goes on, and no task is told about twice.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('crash');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'taskq'
taskq.sweep_interval = 1s
taskq.sweep_batch_size = 500
restart_after_crash = on
autovacuum = off
CONF
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION taskq');

my $backlog = q{SELECT count(*) FROM taskq_tasks WHERE status <> stored_status};
my $sweeper = q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'taskq sweeper'};

sub load
{
	$node->safe_psql('postgres', q{INSERT INTO taskq_task (title, due_date) SELECT 'past', '2020-01-01' FROM generate_series(1, 30000)});
	# In the middle: some have been swept, some have not.
	ok( $node->poll_query_until('postgres',
			"SELECT n > 0 AND n < 30000 FROM ($backlog) b(n)"), 'a sweep is under way');
	return;
}

sub recovers
{
	my ($how) = @_;
	$node->poll_query_until('postgres', 'SELECT true');
	ok($node->poll_query_until('postgres', "SELECT n = 0 FROM ($backlog) b(n)"), "$how: the work is finished");
	is($node->safe_psql('postgres', q{SELECT count(*) FROM taskq_task t
		WHERE 1 <> (SELECT count(*) FROM taskq_task_event e WHERE e.task_id = t.id AND e.kind = 'overdue')}),
		'0', "$how: one event for each task");
	return;
}

load();
my $pid = $node->safe_psql('postgres', "$sweeper LIMIT 1");
$node->safe_psql('postgres', "SELECT pg_terminate_backend($pid)") if $pid;
recovers('sweeper terminated');

load();
$node->safe_psql('postgres', q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'taskq launcher'});
recovers('launcher terminated');
ok($node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'taskq launcher'}), 'the launcher is back');

load();
$pid = $node->safe_psql('postgres', q{SELECT pid FROM pg_stat_activity WHERE backend_type LIKE 'taskq%' ORDER BY backend_type DESC LIMIT 1});
kill 'KILL', $pid;
recovers('killed');

load();
$node->stop('fast');
$node->start;
recovers('fast shutdown');

load();
$node->stop('immediate');
$node->start;
recovers('immediate shutdown');

$node->stop;
done_testing();
