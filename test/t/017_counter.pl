# The numbers of the stats bar under the worker: kept while eight sessions
# write, gone after a crash, counted anew; and never wrong.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Utils;
use TaskqTest;
use Test::More;

my $node = start_node('counter', "taskq.sweep_interval = 1h\nmax_connections = 30\n");
my $agree = q{SELECT s::text = c::text FROM taskq_stats() s, (SELECT count(*) FILTER (WHERE status = 'OPEN')::int,
	count(*) FILTER (WHERE status = 'IN_PROGRESS')::int, count(*) FILTER (WHERE status = 'OVERDUE')::int,
	count(*) FILTER (WHERE is_active AND due_date = taskq_today())::int, count(*) FILTER (WHERE is_active AND assignee_id IS NULL)::int,
	count(*) FILTER (WHERE completed_at BETWEEN taskq_day_start(taskq_today()) AND statement_timestamp())::int,
	count(*) FILTER (WHERE is_active AND sla_status = 'AT_RISK')::int, count(*) FILTER (WHERE is_active AND sla_status = 'BREACHED')::int
	FROM taskq_tasks) c};
query('postgres', 'CREATE EXTENSION taskq');
became('postgres', 'SELECT count(*) = 1 FROM taskq_counter_state', 'the first sweep begins to keep count');

# Many writers, the sweeper beside them; one reader compares all the time.
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
my $writers = IPC::Run::start([ 'pgbench', '-n', '-M', 'prepared', '-c', '8', '-t', '300', '-f', $script, $node->connstr('postgres') ], '>', \$out, '2>', \$err);
my $sessions = q{SELECT count(*) > 0 FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()};
my $checks = 0;
became('postgres', $sessions);
$checks++ while query('postgres', $agree) eq 't' && query('postgres', $sessions) eq 't';
$writers->finish;
is($writers->result(0), 0, 'eight sessions write') or diag $err;
cmp_ok($checks, '>', 2, 'the bar agreed with the tasks at every look meanwhile');
is(query('postgres', $agree), 't', 'and does in the end');
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

# Not for ever: it would be in the way of whoever wants the database, and miss what a new process sees.
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

# A crash empties the tables: nobody keeps count, and every number is right.
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

# A writer that does not end keeps the counting from beginning, and nobody from writing for long.
my $long = $node->background_psql('postgres');
$long->query_safe(q{BEGIN; SELECT taskq_create('not committed')});
query('postgres', q{DELETE FROM taskq_counter_state; SELECT taskq_worker_wake()});
query('postgres', q{SET lock_timeout = '5s'; SELECT taskq_create('beside it')});
is(query('postgres', $agree), 't', 'while it is under way readers count');
$long->query_safe('COMMIT');
query('postgres', q{SELECT taskq_worker_wake()});
became('postgres', 'SELECT count(*) = 1 FROM taskq_counter_state', 'afterwards the sweep does');
is(query('postgres', $agree), 't', 'with everything in it');
$long->quit;

$node->stop;
done_testing();
