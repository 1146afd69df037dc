# The wall clock is set while the worker runs: back, ahead, in the middle of a sweep.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use File::Copy qw(move);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use TaskqTest;
use Test::More;

my $dir = PostgreSQL::Test::Utils::tempdir();
my $clock = "$dir/clock.so";
plan skip_all => 'no C compiler'
	if system($ENV{CC} // 'cc', '-shared', '-fPIC', '-o', $clock, "$FindBin::RealBin/../clock.c", '-ldl') != 0;

# The server's clock is so many seconds ahead of this machine's.
sub set_clock
{
	my ($shift) = @_;
	append_to_file("$dir/shift.new", $shift);
	move("$dir/shift.new", "$dir/shift") or die $!;
	return;
}

my $day = 86400;
my $node = do
{
	local $ENV{LD_PRELOAD} = $clock;
	local $ENV{TASKQ_CLOCK_FILE} = "$dir/shift";
	set_clock(0);
	start_node('clock', "taskq.sweep_interval = 1s\ntaskq.log_sweeps = all\n");
};

my $agree = q{SELECT (s.open, s.in_progress, s.overdue, s.due_today, s.sla_at_risk, s.sla_breached)::text = c::text
	FROM taskq_stats() s, (SELECT count(*) FILTER (WHERE status = 'OPEN'), count(*) FILTER (WHERE status = 'IN_PROGRESS'),
	count(*) FILTER (WHERE status = 'OVERDUE'), count(*) FILTER (WHERE is_active AND due_date = taskq_today()),
	count(*) FILTER (WHERE is_active AND sla_status = 'AT_RISK'), count(*) FILTER (WHERE is_active AND sla_status = 'BREACHED')
	FROM taskq_tasks) c};
my $sane = q{SELECT last_sweep_at <= clock_timestamp() AND next_sweep_at <= clock_timestamp() + current_setting('taskq.sweep_interval')::interval
	FROM taskq_worker_status WHERE database = 'postgres'};
my $stamps_hold = q{SELECT count(*) FROM taskq_tasks WHERE status <> stored_status};

# Waits until so many more sweeps have ended.
sub sweeps
{
	my ($n, $name) = @_;
	my $log = -s $node->logfile;
	ok( $node->wait_for_log(qr/(?:taskq sweep: database=postgres .*\n(?:.*\n)*?.*){$n}/, $log), $name);
	return;
}

query('postgres', q{CREATE EXTENSION taskq});
query('postgres', q{INSERT INTO taskq_task (title, due_date) SELECT 'due ' || d, taskq_today() + d FROM generate_series(-60, 60) d});
query('postgres', q{INSERT INTO taskq_task (title, created_at, sla_hours)
	SELECT 'deadline ' || d, statement_timestamp() + (d - 1) * interval '1 day', 24 FROM generate_series(-60, 60) d});
became('postgres', "SELECT ($stamps_hold) = 0");
became('postgres', 'SELECT count(*) = 1 FROM taskq_counter_state');
sweeps(1, 'swept before');

# Back by fifteen days: nothing waits for them to pass.
set_clock(-15 * $day);
is(query('postgres', $sane), 't', 'set back: the last sweep is no time to come, the next within the interval');
is(query('postgres', $agree), 't', 'the bar agrees with the tasks');
sweeps(3, 'sweeps go on');
is(query('postgres', $sane), 't', 'as the view says');
is(query('postgres', $stamps_hold), '0', 'what is not past due any more has been put right');
is(query('postgres', $agree), 't', 'and the bar agrees');
query('postgres', q{SELECT taskq_create('falls due', sla_hours => 1.0 / 3600)});
became('postgres', q{SELECT sla_breached_at > sla_due_at FROM taskq_task WHERE title = 'falls due'}, 'a deadline is noticed');
query('postgres', q{ALTER DATABASE postgres SET taskq.timezone = 'Etc/GMT-14'});
sweeps(2, 'other settings are seen');
is(query('postgres', $stamps_hold), '0', 'within the interval');

# The same with an interval out of reach: waking the worker and what falls due do not wait for it.
query('postgres', q{ALTER SYSTEM SET taskq.sweep_interval = '1h'});
$node->reload;
became('postgres', q{SELECT next_sweep_at > clock_timestamp() + interval '30 minutes' FROM taskq_worker_status WHERE database = 'postgres'});
set_clock(-30 * $day);
is(query('postgres', $sane), 't', 'set back again: the view knows');
my $log = -s $node->logfile;
query('postgres', 'SELECT taskq_worker_wake()');
ok($node->wait_for_log(qr/taskq sweep: database=postgres /, $log), 'taskq_worker_wake() has it swept at once');
became('postgres', "SELECT ($stamps_hold) = 0", 'and all that the clock has changed');
is(query('postgres', $agree), 't', 'the bar agrees');

set_clock(-45 * $day);
query('postgres', q{SELECT taskq_create('falls due again', sla_hours => 1.0 / 3600)});
became('postgres', q{SELECT sla_breached_at > sla_due_at FROM taskq_task WHERE title = 'falls due again'}, 'a deadline is noticed at its instant');

# Ahead: what falls due is noticed though the worker meant to look before it.
set_clock(15 * $day);
query('postgres', q{SELECT taskq_create('in the future', sla_hours => 1.0 / 3600)});
became('postgres', q{SELECT sla_breached_at > sla_due_at FROM taskq_task WHERE title = 'in the future'}, 'set ahead: a deadline is noticed at its instant');
became('postgres', "SELECT ($stamps_hold) = 0", 'and all that has fallen due');
is(query('postgres', $agree), 't', 'the bar agrees');
set_clock(0);
is(query('postgres', $sane), 't', 'and back: the view knows');
is(query('postgres', $agree), 't', 'the bar agrees');
query('postgres', 'SELECT taskq_worker_wake()');
became('postgres', "SELECT ($stamps_hold) = 0", 'what is not past due has been put right');
is(query('postgres', $agree), 't', 'and the bar agrees');
became('postgres', q{SELECT counted_at <= clock_timestamp() FROM taskq_counter_state}, 'and has been counted at this time');

# In the middle of a sweep.  (pg_sleep() would sleep until the clock is where it was.)
query('postgres', q{CREATE FUNCTION until_it_is_set() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
	BEGIN
		PERFORM pg_advisory_xact_lock(18);
		FOR i IN 1 .. 500000000 LOOP
			EXIT WHEN clock_timestamp() < statement_timestamp();
		END LOOP;
		RETURN NEW;
	END$$;
	CREATE TRIGGER until_it_is_set BEFORE UPDATE ON taskq_task FOR EACH ROW
		WHEN (NEW.title = 'swept meanwhile') EXECUTE FUNCTION until_it_is_set()});
query('postgres', q{INSERT INTO taskq_task (title, due_date) VALUES ('swept meanwhile', '2000-01-01')});
became('postgres', q{SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = 18}, 'a sweep is under way');
set_clock(-40 * $day);
became('postgres', q{SELECT status = 'OVERDUE' FROM taskq_task WHERE title = 'swept meanwhile'}, 'and ends');
is(query('postgres', q{SELECT count(*) FROM taskq_sweep_log WHERE elapsed_ms NOT BETWEEN 0 AND 3600000 OR finished_at < started_at}), '0',
	'no sweep has lasted days, or less than nothing');

# While a sweeper stays because many are writing: it leaves all the same.
for (1 .. 3)
{
	query('postgres', q{INSERT INTO taskq_task (title) SELECT 'one of many' FROM generate_series(1, 3000)});
	became('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'taskq sweeper' AND state = 'idle' AND wait_event = 'Extension'});
	set_clock(-40 * $day - 3600 * $_);
	became('postgres', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'taskq sweeper'}, 'a sweeper that stays is not held up');
}

$node->stop;
done_testing();
