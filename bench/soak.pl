#!/usr/bin/perl
# A soak for the worker: five databases under constant writes, while processes
# are killed and databases and extensions come and go.  All the while the stats
# bar must say what the tasks say, and in the end no event may be missing and
# none may be there twice.
#
# The server crashes in the first half only: the bar is counted anew after each
# crash, and what goes wrong with it may take minutes to show.
#
# TASKQ_SOAK_MINUTES (default 20) says for how long; TASKQ_SOAK_SEED repeats a run.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $minutes = $ENV{TASKQ_SOAK_MINUTES} || 20;
my $seed = $ENV{TASKQ_SOAK_SEED} || time;
my $crashes_until = time + 30 * $minutes;
my $until = time + 60 * $minutes;
my @databases = map { "soak$_" } 1 .. 5;
my %done = (map { $_ => 0 } qw(launcher sweeper kill9 immediate churn));

srand($seed);
note "seed $seed";

my $node = PostgreSQL::Test::Cluster->new('soak');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'taskq'
taskq.sweep_interval = 2s
restart_after_crash = on
max_worker_processes = 16
log_min_messages = warning
CONF
$node->start;

sub pause { select(undef, undef, undef, shift); return; }

# The output of a query, or undef while the server is not there.
sub try_query
{
	my ($database, $sql) = @_;
	my ($out, $err);
	my $ok = run_log([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($database), '-c', $sql ],
		'>', \$out, '2>', \$err);
	chomp $out if defined $out;
	return $ok ? $out : undef;
}

sub wait_for
{
	my ($what, $limit, $check) = @_;
	my $end = time + $limit;
	while (time < $end)
	{
		return 1 if $check->();
		pause(0.2);
	}
	diag "gave up waiting for $what";
	return 0;
}

sub set_up
{
	my ($database) = @_;
	return try_query($database, q{CREATE EXTENSION taskq;
		INSERT INTO taskq_staff_member VALUES ('sta_1', 'One'), ('sta_2', 'Two')});
}

# Tasks whose day has ended and nobody said so, tasks whose deadline comes in
# seconds or later than the numbers of deadlines are kept, and people who get to
# some of them first.
my $write = q{
INSERT INTO taskq_task (title, due_date) SELECT 'past ' || g, taskq_today() - 1 FROM generate_series(1, 20) g;
SELECT count(taskq_create('soon ' || g, sla_hours => (1 + 8 * g) / 3600.0)) FROM generate_series(1, 20) g;
SELECT count(*) FROM taskq_claim('sta_1', 5);
SELECT count(*) FROM taskq_start_many(ARRAY(SELECT id FROM taskq_task
	WHERE status = 'OPEN' ORDER BY random() LIMIT 5));
SELECT count(*) FROM taskq_complete_many(ARRAY(SELECT id FROM taskq_task
	WHERE status IN ('IN_PROGRESS', 'OVERDUE') ORDER BY random() LIMIT 5), 'done');
SELECT count(*) FROM taskq_prioritize_many(ARRAY(SELECT id FROM taskq_task
	WHERE status IN ('OPEN', 'OVERDUE') ORDER BY random() LIMIT 5), 'URGENT');
};

# The stats bar beside the same numbers counted, and whether it was kept or counted too.
my $bar = q{
SELECT said, found, (SELECT count(*) FROM taskq_counter_state) FROM (SELECT b::text AS said, (
	SELECT ROW(count(*) FILTER (WHERE status = 'OPEN'), count(*) FILTER (WHERE status = 'IN_PROGRESS'),
		count(*) FILTER (WHERE status = 'OVERDUE'), count(*) FILTER (WHERE is_active AND due_date = taskq_today()),
		count(*) FILTER (WHERE is_active AND assignee_id IS NULL), count(*) FILTER (WHERE completed_at BETWEEN taskq_day_start(taskq_today()) AND statement_timestamp()),
		count(*) FILTER (WHERE is_active AND sla_status = 'AT_RISK'), count(*) FILTER (WHERE is_active AND sla_status = 'BREACHED'),
		count(*) FILTER (WHERE is_active AND is_paused),
		count(*) FILTER (WHERE is_active AND (response_breached_at IS NOT NULL OR started_at IS NULL AND response_due_at < statement_timestamp())))::text
	FROM taskq_tasks) AS found FROM taskq_stats() b) x
};

sub writer
{
	my ($database) = @_;
	my $pid = fork();
	die "fork: $!" unless defined $pid;
	return $pid if $pid;
	while (time < $until)
	{
		try_query($database, $write);
		pause(0.1);
	}
	require POSIX;
	POSIX::_exit(0);
}

# Ends with 0 if the bar was right each time, and kept rather than counted some of it.
sub reader
{
	my $pid = fork();
	die "fork: $!" unless defined $pid;
	return $pid if $pid;
	my ($compared, $kept, $wrong) = (0, 0, 0);
	while (time < $until)
	{
		my $database = $databases[ int(rand(@databases)) ];
		my ($said, $found, $was_kept) = split /\|/, try_query($database, $bar) // next;
		$compared++;
		$kept += $was_kept;
		next if $said eq $found;
		$wrong++;
		diag "$database: the bar says $said instead of $found";
	}
	continue { pause(0.1); }
	note "compared $compared times, $kept of them kept";
	require POSIX;
	POSIX::_exit($wrong > 0 || $kept == 0);
}

sub pid_of
{
	my ($type) = @_;
	return try_query('postgres',
		"SELECT pid FROM pg_stat_activity WHERE backend_type = '$type' ORDER BY random() LIMIT 1");
}

set_up($_) // die "no extension in $_" for map { $node->safe_psql('postgres', "CREATE DATABASE $_"); $_ } @databases;
my @writers = map { writer($_) } @databases;
my $reader = reader();

while (time < $until)
{
	my @what = qw(launcher sweeper sweeper churn churn);
	push @what, qw(kill9 immediate) if time < $crashes_until;
	my $what = $what[ int(rand(@what)) ];
	if ($what eq 'launcher' || $what eq 'sweeper')
	{
		my $pid = pid_of("taskq $what");
		try_query('postgres', "SELECT pg_terminate_backend($pid)") if $pid;
	}
	elsif ($what eq 'kill9')
	{
		my $pid = pid_of(rand() < 0.5 ? 'taskq launcher' : 'taskq sweeper');
		kill 'KILL', $pid if $pid;
	}
	elsif ($what eq 'churn')
	{
		try_query('postgres', 'CREATE DATABASE churn');
		set_up('churn');
		try_query('churn', $write) for 1 .. 3;
		try_query('churn', rand() < 0.5 ? 'DROP EXTENSION taskq CASCADE' : $write);
		try_query('postgres', 'DROP DATABASE IF EXISTS churn');
	}
	elsif (rand() < 0.2)
	{
		$node->stop('immediate');
		$node->start;
	}
	$done{$what}++;
	wait_for('the server', 60, sub { defined try_query('postgres', 'SELECT 1') });
	pause(1 + rand(3));
}
waitpid($_, 0) for @writers;
waitpid($reader, 0);
is($?, 0, 'the stats bar said what the tasks say, all the while');
note join(', ', map { "$_: $done{$_}" } sort keys %done);

ok(wait_for('the launcher', 60, sub { pid_of('taskq launcher') }), 'the launcher is there in the end');
for my $database (@databases)
{
	ok( wait_for(
			"$database to be swept", 300,
			sub {
				(try_query($database, q{SELECT count(*) FROM taskq_tasks
					WHERE status <> stored_status OR is_active AND sla_status = 'BREACHED' AND sla_breached_at IS NULL
					   OR is_active AND sla_status IN ('ON_TRACK', 'AT_RISK')}) // -1) eq '0';
			}),
		"$database: all that was due has been swept");
	is($node->safe_psql($database, q{SELECT count(*) FROM (SELECT FROM taskq_task_event
		WHERE kind IN ('overdue', 'sla_breached') GROUP BY task_id, kind HAVING count(*) > 1) d}),
		'0', "$database: no event twice");
	is($node->safe_psql($database, q{SELECT count(*) FROM taskq_task t
		WHERE t.title LIKE 'past%' AND NOT EXISTS
			(SELECT FROM taskq_task_event e WHERE e.task_id = t.id AND e.kind = 'overdue')}),
		'0', "$database: no overdue event lost");
	is($node->safe_psql($database, q{SELECT count(*) FROM taskq_task t
		WHERE (t.sla_breached_at IS NOT NULL) <> EXISTS
			(SELECT FROM taskq_task_event e WHERE e.task_id = t.id AND e.kind = 'sla_breached')}),
		'0', "$database: each breach in the row and in the history");
	is($node->safe_psql($database, q{SELECT count(*) FROM (SELECT from_status,
		lag(to_status) OVER (PARTITION BY task_id ORDER BY id) AS before FROM taskq_task_event) e
		WHERE from_status <> before}),
		'0', "$database: histories are chains");
	note "$database: ", $node->safe_psql($database,
		'SELECT count(*), (SELECT count(*) FROM taskq_task_event) FROM taskq_task');
}
$node->stop;
done_testing();
