# The numbers of the stats bar under the worker: kept while eight sessions
# write, gone after a crash, counted anew; and never wrong.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Utils;
use TaskqTest;
use Test::More;

my $node = start_node('counter', <<'CONF');
taskq.sweep_interval = 1h
max_connections = 30
max_prepared_transactions = 1
log_lock_waits = on
deadlock_timeout = 10ms
log_line_prefix = '%m [%p] %b '
CONF
my $agree = q{SELECT s::text = c::text FROM taskq_stats() s, (SELECT count(*) FILTER (WHERE status = 'OPEN')::int,
	count(*) FILTER (WHERE status = 'IN_PROGRESS')::int, count(*) FILTER (WHERE status = 'OVERDUE')::int,
	count(*) FILTER (WHERE is_active AND due_date = taskq_today())::int, count(*) FILTER (WHERE is_active AND assignee_id IS NULL)::int,
	count(*) FILTER (WHERE completed_at BETWEEN taskq_day_start(taskq_today()) AND statement_timestamp())::int,
	count(*) FILTER (WHERE is_active AND sla_status = 'AT_RISK')::int, count(*) FILTER (WHERE is_active AND sla_status = 'BREACHED')::int,
	count(*) FILTER (WHERE is_active AND is_paused)::int,
	count(*) FILTER (WHERE is_active AND (response_breached_at IS NOT NULL OR started_at IS NULL AND response_due_at < statement_timestamp()))::int
	FROM taskq_tasks) c};
query('postgres', 'CREATE EXTENSION taskq');
became('postgres', 'SELECT count(*) = 1 FROM taskq_counter_state', 'the first sweep begins to keep count');

# Many writers, the sweeper beside them; one reader compares all the time, and
# takes the counts away as soon as they are kept again.
my $script = PostgreSQL::Test::Utils::tempdir() . '/write.sql';
append_to_file($script, <<'SQL');
\set d random(-3, 3)
BEGIN;
SELECT taskq_create('task', due_date => taskq_today() + :d::integer, sla_hours => 0.0003) AS id \gset
SELECT status FROM taskq_start(:id);
COMMIT;
SELECT status FROM taskq_complete(:id);
SELECT taskq_create('left open', due_date => taskq_today() + :d::integer) AS id \gset
BEGIN;
SELECT status FROM taskq_start(:id);
ROLLBACK;
SQL
my ($out, $err) = ('', '');
my $writers = IPC::Run::start([ 'pgbench', '-n', '-M', 'prepared', '-c', '8', '-T', '300', '-f', $script, $node->connstr('postgres') ], '>', \$out, '2>', \$err);
my $sessions = q{SELECT count(*) > 0 FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()};
my ($checks, $begun) = (0, 0);
became('postgres', $sessions);
while ($begun < 3 && query('postgres', $agree) eq 't' && query('postgres', $sessions) eq 't')
{
	$checks++;
	next if query('postgres', 'SELECT count(*) FROM taskq_counter_state WHERE isfinite(counted_at)') eq '0';
	query('postgres', 'TRUNCATE taskq_counter_state; SELECT taskq_worker_wake()');
	$begun++;
}
$writers->signal('TERM');
$writers->finish;
unlike($err, qr/ERROR|aborted/, 'eight sessions write');
cmp_ok($checks, '>', 2, 'the bar agreed with the tasks at every look meanwhile');
is(query('postgres', $agree), 't', 'and does in the end');
is($begun, 3, 'a sweep begins to keep count while they write');
became('postgres', 'SELECT count(*) = 1 FROM taskq_counter_state WHERE isfinite(counted_at)');
my $task = query('postgres', q{SELECT 'taskq_task'::regclass::oid});
is(lines_in_log(qr/taskq sweeper LOG:  [^\n]*still waiting for \w+ on relation $task /), 0, 'and queues for no lock of theirs');
query('postgres', q{INSERT INTO taskq_task (title) SELECT 'one of many' FROM generate_series(1, 3000)});
my $unfolded = q{SELECT count(*) FROM taskq_counter_delta d, taskq_counter_state s WHERE d.xid >= s.snapshot_xmax OR d.xid = ANY (s.snapshot_xip)};
became('postgres', "SELECT ($unfolded) < 2000", 'many changes wake the worker to fold them in');
became('postgres', q{SELECT (SELECT count(*) FROM taskq_task) > 1 AND (SELECT max(folded_at) > max(counted_at) FROM taskq_counter_state)}, 'which it did');

# While many write the sweeper stays and folds again: a process costs more than a fold.
my $pid = q{SELECT coalesce(max(pid), 0) FROM pg_stat_activity WHERE backend_type = 'taskq sweeper'};
my ($sweeper, $before) = (0, -1);
for (1 .. 30)
{
	my $folded_at = query('postgres', 'SELECT folded_at FROM taskq_counter_state');
	query('postgres', q{INSERT INTO taskq_task (title) SELECT 'one of many' FROM generate_series(1, 3000)});
	became('postgres', "SELECT folded_at <> '$folded_at' FROM taskq_counter_state");
	($before, $sweeper) = ($sweeper, query('postgres', $pid));
	last if $sweeper != 0 && $sweeper == $before;
}
ok($sweeper != 0 && $sweeper == $before, 'one sweeper folds again while many write');

# Not for ever: it would block DROP DATABASE, and would not see what a new process sees.
my $many = PostgreSQL::Test::Utils::tempdir() . '/many.sql';
append_to_file($many, "INSERT INTO taskq_task (title) SELECT 'one of many' FROM generate_series(1, 300);\n");
$writers = IPC::Run::start([ 'pgbench', '-n', '-c', '2', '-R', '10', '-T', '60', '-f', $many, $node->connstr('postgres') ], '>', \$out, '2>', \$err);
my $stays = qq{$pid AND backend_start < clock_timestamp() - interval '3 s'};
for (1 .. 3) { last if became('postgres', "SELECT ($stays) > 0") && ($sweeper = query('postgres', $stays)) > 0 }
became('postgres', "SELECT ($pid) <> $sweeper");
is(query('postgres', $sessions), 't', 'but not for as long as they write');
$writers->signal('TERM');
$writers->finish;
became('postgres', "SELECT ($pid) = 0", 'and leaves when they have stopped');

# A crash empties the tables: the counts are not maintained, and every number is right.
query('postgres', q{ALTER SYSTEM SET taskq.databases = 'none'});
$node->stop('immediate');
$node->start;
is(query('postgres', 'SELECT (SELECT count(*) FROM taskq_counter_state), (SELECT count(*) FROM taskq_counter), (SELECT count(*) FROM taskq_counter_delta)'), '0|0|0',
	'after a crash nothing is kept');
is(query('postgres', $agree), 't', 'and the bar is right');
query('postgres', q{SELECT taskq_create('after the crash')});
is(query('postgres', $agree), 't', 'also for what comes after');
query('postgres', q{ALTER SYSTEM RESET taskq.databases});
$node->reload;
became('postgres', 'SELECT count(*) = 1 FROM taskq_counter_state', 'the next sweep counts anew');
is(query('postgres', $agree), 't', 'and agrees');

# A clean restart keeps them; so does a dump leave them out.
$node->restart;
is(query('postgres', 'SELECT count(*) FROM taskq_counter_state'), '1', 'kept over a restart');
is(query('postgres', $agree), 't', 'and right');

# A writer that does not end keeps the counting from beginning, and nobody from writing; prepared, it is still one.
my $long = $node->background_psql('postgres');
for my $way ([ '', 'COMMIT' ], [ q{PREPARE TRANSACTION 'long';}, q{COMMIT PREPARED 'long'} ])
{
	$long->query_safe(qq{BEGIN; SELECT taskq_create('not committed'); $way->[0]});
	my $log = -s $node->logfile;
	my $swept_at = query('postgres', q{SELECT last_sweep_at FROM taskq_worker_status WHERE database = 'postgres'});
	query('postgres', q{TRUNCATE taskq_counter_state; SELECT taskq_worker_wake()});
	query('postgres', q{SELECT taskq_create('beside it')});
	became('postgres', qq{SELECT last_sweep_at <> '$swept_at' FROM taskq_worker_status WHERE database = 'postgres'});
	is(query('postgres', 'SELECT count(*) FROM taskq_counter_state'), '0', "until $way->[1]: a sweep does not begin to count");
	is(lines_in_log(qr/taskq sweeper LOG:  [^\n]*still waiting for \w+ on relation/, $log), 0, 'nor does it queue for a lock');
	is(query('postgres', $agree), 't', 'while it is under way readers count');
	$long->query_safe($way->[1]);
	query('postgres', q{SELECT taskq_worker_wake()});
	became('postgres', 'SELECT count(*) = 1 FROM taskq_counter_state WHERE isfinite(counted_at)', 'afterwards the sweep does');
	is(query('postgres', $agree), 't', 'with everything in it');
}
$long->quit;

$node->stop;
done_testing();
