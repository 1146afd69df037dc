# Settings of the worker as they are written in postgresql.conf: names of
# databases above all.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Utils;
use TaskqTest;
use Test::More;

my $node = start_node('settings', <<'CONF');
taskq.databases = 'ops, Ops2, "a, b", "say ""hi""", nowhere, "No Where", nowhere'
taskq.timezone = 'Mars/Olympus_Mons'
taskq.sweep_interval = 1s
taskq.retention = 'P2Y'
wal_level = minimal
max_wal_senders = 0
logging_collector = on
log_directory = 'log'
log_filename = 'collected.log'
CONF
my $collected = $node->data_dir . '/log/collected.log';

# Like lines_in_log(), of the log that the collector writes.
sub lines_collected
{
	my ($pattern, $offset) = @_;
	my $log = slurp_file($collected, $offset // 0);
	return scalar(() = $log =~ /$pattern/g);
}

sub set_system
{
	my ($setting, $value) = @_;
	my $log = -s $collected;
	query('template1', "ALTER SYSTEM SET $setting = '$value'");
	$node->reload;
	became('template1', "SELECT current_setting('$setting') = '$value'");
	return $log;
}

# Names are taken as they are written.
my $looked_at = q{SELECT database FROM taskq_worker_status WHERE last_result IS NOT NULL ORDER BY database};
query('postgres', 'CREATE DATABASE "Ops2"');
query('Ops2', q{CREATE EXTENSION taskq; INSERT INTO taskq_task (title, due_date) VALUES ('past', '2020-01-01')});
became('Ops2', q{SELECT status = 'OVERDUE' FROM taskq_task}, 'a name with capitals, without quotes');

# What the server was started with and does not take is in the log that people read.
is(lines_collected(qr/WARNING:  invalid value for parameter "taskq.timezone": "Mars\/Olympus_Mons"\n.*DETAIL:  .*"UTC" instead/), 1,
	'an unknown time zone in postgresql.conf is said at start, once');
is(lines_collected(qr/WARNING:  invalid value/), 1, 'and nothing else');
is(query('postgres', q{LOAD 'taskq'; SELECT current_setting('taskq.timezone'), current_setting('taskq.retention')}), 'UTC|P2Y', 'days are in UTC');

query('postgres', qq{CREATE DATABASE "$_"}) for ('a, b', 'say ""hi""', 'ops2');
became('Ops2', qq{SELECT array(SELECT d.database::text FROM ($looked_at) d) = array['Ops2', 'a, b', 'say "hi"']}, 'names with a comma, a space and quotes; but none that is not named');

# Those that no database has are told, each once.
sub warnings_of
{
	my ($name, $offset) = @_;
	return lines_collected(qr/WARNING:  database "\Q$name\E" named in taskq.databases does not exist/, $offset);
}
my $sweeps = sub { became('Ops2', qq{SELECT last_sweep_at > clock_timestamp() - interval '1 day' AND last_sweep_at <> '$_[0]' FROM taskq_worker_status WHERE database = 'Ops2'}) };
my $last = q{SELECT last_sweep_at FROM taskq_worker_status WHERE database = 'Ops2'};
$sweeps->(query('Ops2', $last)) for 1 .. 3;
is(warnings_of($_), 1, "$_: one warning") for ('ops', 'nowhere', 'No Where');
cmp_ok(warnings_of('Ops2'), '<=', 1, 'none for one that exists, if not from before that');
my $log = set_system('taskq.log_sweeps', 'all');
$sweeps->(query('Ops2', $last)) for 1 .. 2;
is(warnings_of($_, $log), 1, "$_: once more after a reload") for ('ops', 'nowhere', 'No Where');
is(warnings_of('Ops2', $log), 0, 'none for one that exists');
$log = -s $collected;
query('postgres', 'ALTER DATABASE "Ops2" RENAME TO ops');
became('ops', q{SELECT array_agg(database::text ORDER BY database) = array['a, b', 'ops', 'say "hi"'] FROM taskq_worker_status}, 'a database is renamed');
query('ops', 'SELECT taskq_worker_wake()');
became('ops', q{SELECT last_sweep_at IS NOT NULL FROM taskq_worker_status WHERE database = 'ops'});
is(warnings_of('Ops2', $log), 1, 'a warning for the old name');
is(warnings_of('nowhere', $log), 0, 'none again for others');

$node->stop;
done_testing();
