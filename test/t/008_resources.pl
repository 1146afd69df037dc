# Worker slots that are used up, memory, and statistics of the sweeper's writes.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use TaskqTest;
use Test::More;

# autoprewarm's worker takes the only other slot.
my $node = start_node('resources', <<'CONF');
shared_preload_libraries = 'pg_prewarm, taskq'
taskq.sweep_interval = 1s
max_worker_processes = 2
max_logical_replication_workers = 0
max_connections = 10
superuser_reserved_connections = 2
CONF
query('postgres', q{CREATE EXTENSION taskq; INSERT INTO taskq_task (title, due_date) VALUES ('past', '2020-01-01')});

my $launcher = q{FROM pg_stat_activity WHERE backend_type = 'taskq launcher'};
# What the system says of a process, if it is still there.
sub process
{
	my ($pid, $file) = @_;
	open(my $fh, '<', "/proc/$pid/$file") or return '';
	return join('', <$fh>);
}

sub rounds
{
	my ($n) = @_;
	for (1 .. $n)
	{
		my $seen = query('postgres', "SELECT state_change $launcher");
		became('postgres', "SELECT state_change > '$seen' $launcher");
	}
	return;
}

rounds(4);
is(lines_in_log(qr/LOG:  taskq launcher found no free background worker slot to sweep database "\w+"\n[^\n]*HINT:  Consider increasing max_worker_processes/), 1,
	'no worker slot: told once, however often it is tried');
is(query('postgres', 'SELECT status FROM taskq_task'), 'OPEN', 'nobody has swept');
my ($postmaster) = slurp_file($node->data_dir . '/postmaster.pid') =~ /^(\d+)/;
my @prewarm = grep { process($_, 'cmdline') =~ /autoprewarm/ && process($_, 'stat') =~ /\) \w $postmaster / } map { m{(\d+)} } glob '/proc/[0-9]*';
kill 'TERM', @prewarm;
became('postgres', q{SELECT status = 'OVERDUE' FROM taskq_task}, 'once there is a slot the work is done');
is(lines_in_log(qr/LOG:  taskq launcher found a free background worker slot again/), 1, 'and the log says so, once');

# Clients that take every connection do not keep the worker out.
my @clients = map { $node->background_psql('postgres') } 1 .. 9;
$clients[0]->query_safe(q{INSERT INTO taskq_task (title, due_date) VALUES ('late', '2020-01-01')});
my $tries = 0;
while ($clients[0]->query_safe(q{SELECT status FROM taskq_task WHERE title = 'late'}) ne 'OVERDUE')
{
	last if $tries++ > 10 * $PostgreSQL::Test::Utils::timeout_default;
	select(undef, undef, undef, 0.1);
}
is($clients[0]->query_safe(q{SELECT status FROM taskq_task WHERE title = 'late'}), 'OVERDUE', 'no connection left: the worker has its own');
$_->quit for @clients;

# Thousands of cycles do not grow the launcher's memory.
my $pid = query('postgres', "SELECT pid $launcher");

sub memory
{
	my $log = -s $node->logfile;
	query('postgres', "SELECT pg_log_backend_memory_contexts($pid)");
	$node->wait_for_log(qr/Grand total: (\d+) bytes/, $log);
	my ($bytes) = slurp_file($node->logfile, $log) =~ /Grand total: (\d+) bytes/;
	return $bytes;
}

sub waits
{
	my ($n) = process($pid, 'status') =~ /^voluntary_ctxt_switches:\s+(\d+)/m;
	return $n;
}
my $wake = q{DO $$ BEGIN FOR i IN 1..1000 LOOP PERFORM taskq_worker_wake(); COMMIT; END LOOP; END $$};
query('postgres', $wake);
my ($before, $from) = (memory(), waits());
for (1 .. 1000)
{
	last if waits() - $from >= 10_000;
	query('postgres', $wake);
}
cmp_ok(waits() - $from, '>=', 10_000, 'ten thousand rounds of the launcher');
is(memory(), $before, 'its memory is what it was');
is(query('postgres', "SELECT count(*) $launcher AND (xact_start IS NOT NULL OR backend_xid IS NOT NULL OR backend_xmin IS NOT NULL)"), '0', 'it has no transaction');

# The sweeper's writes are counted, so that autovacuum sees them.
query('postgres', q{SELECT pg_stat_reset()});
query('postgres', q{INSERT INTO taskq_task (title, due_date) SELECT 'past', '2020-01-01' FROM generate_series(1, 500)});
became('postgres', q{SELECT n_tup_upd >= 500 AND n_dead_tup >= 500 FROM pg_stat_user_tables WHERE relname = 'taskq_task'}, 'pgstat knows what the sweeper updated');
is(query('postgres', q{SELECT n_tup_ins FROM pg_stat_user_tables WHERE relname = 'taskq_task_event'}), '500', 'and inserted');
is(query('postgres', "SELECT application_name $launcher"), 'taskq launcher', 'pg_stat_activity has its name');

$node->stop;
done_testing();
