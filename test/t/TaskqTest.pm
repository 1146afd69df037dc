# What the tests of the worker have in common.
package TaskqTest;

use strict;
use warnings;
use Exporter 'import';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use POSIX qw(strftime);
use Test::More;
use Time::HiRes qw(usleep);

our @EXPORT = qw(start_node query polled became lines_in_log zone_with_midnight_in one_event_each sweeping_in load_past);

our $node;

# A running server with the worker, and further lines for its configuration.
sub start_node
{
	my ($name, $conf, %init) = @_;
	$node = PostgreSQL::Test::Cluster->new($name);
	$node->init(%init);
	$node->append_conf('postgresql.conf', "shared_preload_libraries = 'taskq'\nautovacuum = off\n" . ($conf // ''));
	$node->start;
	return $node;
}

sub query
{
	my ($database, $sql) = @_;
	return $node->safe_psql($database, $sql);
}

# Waits, with a limit, until a query says true.  While a server restarts, psql can
# be gone before it is handed the query.
sub polled
{
	my ($database, $sql) = @_;
	for (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
	{
		my $ok = eval { $node->poll_query_until($database, $sql) };
		return $ok if !$@;
		die $@ if $@ !~ /Broken pipe/;
		usleep(100_000);
	}
	return 0;
}

# The same, as a test if it has a name.
sub became
{
	my ($database, $sql, $name) = @_;
	my $ok = polled($database, $sql);
	ok($ok, $name) if defined $name;
	return $ok;
}

# How many lines of the log match, from an offset on.
sub lines_in_log
{
	my ($pattern, $offset) = @_;
	my $log = slurp_file($node->logfile, $offset // 0);
	return scalar(() = $log =~ /$pattern/g);
}

# A time zone in POSIX's notation in which a day ends in so many seconds.
# PostgreSQL takes no zone whose standard time is off by odd seconds, so they
# are in a summer time; around New Year midnight is at a full minute.
sub zone_with_midnight_in
{
	my ($seconds) = @_;
	my $now = time;
	my $ahead = (2 * 86400 - $seconds - $now % 86400) % 86400;
	my $day = strftime('%m%d', gmtime($now));
	my $summer = $day > 104 && $day < 1228;
	my $sign = '-';
	$ahead -= $ahead % 60 unless $summer;
	($ahead, $sign) = (86400 - $ahead, '+') if $ahead > 43200;
	return sprintf('%s<SOON>%s%02d:%02d:%02d%s', $summer ? '<SOON>0' : '', $sign,
		$ahead / 3600, $ahead / 60 % 60, $ahead % 60, $summer ? ',J3,J363' : '');
}

# Every task that nobody touched has become OVERDUE once.
sub one_event_each
{
	my ($database, $name) = @_;
	is( query($database, q{SELECT count(*) FROM taskq_task t
			WHERE 1 <> (SELECT count(*) FROM taskq_task_event e WHERE e.task_id = t.id AND e.kind = 'overdue')}),
		'0', $name);
	return;
}

# Brings it about that a sweeper is at work in a database, some batches behind
# it and some before it.  One that came and went between two looks gets more.
sub sweeping_in
{
	my ($database) = @_;
	for (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
	{
		my $state = query($database, q{SELECT CASE
				WHEN EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'taskq sweeper' AND datname = current_database()
					AND query ~ '^taskq sweep: \d+ of about' AND query !~ ' (\d+) of about \1 ') THEN 'sweeping'
				WHEN EXISTS (SELECT FROM taskq_tasks WHERE status <> stored_status) THEN 'waiting'
				ELSE 'done' END});
		return 1 if $state eq 'sweeping';
		load_past($database, 20000) if $state eq 'done';
		usleep(100_000) if $state eq 'waiting';
	}
	return 0;
}

# Tasks that the next sweep makes OVERDUE.
sub load_past
{
	my ($database, $n) = @_;
	return query($database, "INSERT INTO taskq_task (title, due_date) SELECT 'past', '2020-01-01' FROM generate_series(1, $n)");
}

1;
