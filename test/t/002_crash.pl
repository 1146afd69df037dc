# However a sweep ends, the next one goes on, and no event is recorded twice.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Utils;
use TaskqTest;
use Test::More;
use Time::HiRes qw(time);

my $node = start_node('crash', <<'CONF');
taskq.sweep_interval = 1s
taskq.sweep_batch_size = 500
restart_after_crash = on
CONF
query('postgres', 'CREATE EXTENSION taskq');

my $backlog = q{SELECT count(*) FROM taskq_tasks WHERE status <> stored_status};

sub recovers
{
	my ($how) = @_;
	polled('postgres', 'SELECT true');
	ok(polled('postgres', "SELECT n = 0 FROM ($backlog) b(n)"), "$how: the work is finished");
	one_event_each('postgres', "$how: one event for each task");
	return;
}

# Sends a signal to the process of a type, if there is one.
sub send_signal
{
	my ($signal, $type) = @_;
	my $pid = query('postgres', "SELECT pid FROM pg_stat_activity WHERE backend_type = '$type' LIMIT 1");
	kill $signal, $pid if $pid;
	return;
}

for my $type ('taskq sweeper', 'taskq launcher')
{
	for my $signal (qw(HUP TERM KILL))
	{
		ok(sweeping_in('postgres'), 'a sweep is under way');
		send_signal($signal, $type);
		recovers("SIG$signal to the $type");
	}
	ok(sweeping_in('postgres'), 'a sweep is under way');
	query('postgres', "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = '$type'");
	recovers("pg_terminate_backend of the $type");
}
became('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'taskq launcher'}, 'there is one launcher');

for my $mode (qw(smart fast immediate))
{
	ok(sweeping_in('postgres'), 'a sweep is under way');
	$node->stop($mode);
	$node->start;
	recovers("$mode shutdown");
}

# The largest batch allowed: it is one transaction, and blocks no other session.
$node->append_conf('postgresql.conf', 'taskq.sweep_batch_size = 100000');
query('postgres', q{ALTER SYSTEM SET taskq.databases = 'none'});
$node->reload;
load_past('postgres', 100000);
query('postgres', 'ALTER SYSTEM RESET taskq.databases');
$node->reload;
became('postgres', q{SELECT count(*) > 0 FROM pg_locks WHERE locktype = 'relation' AND mode = 'RowExclusiveLock'
	AND relation = 'taskq_task'::regclass AND pid IN (SELECT pid FROM pg_stat_activity WHERE backend_type = 'taskq sweeper')},
	'the largest batch is under way');
my $began = time;
$node->stop('fast');
note 'fast shutdown in the middle of the largest batch: ', time - $began, ' s';
$node->start;
ok(query('postgres', $backlog) =~ /^(?:0|100000)$/, 'all of the batch was done, or nothing');
recovers('fast shutdown in the largest batch');

$node->stop;
done_testing();
