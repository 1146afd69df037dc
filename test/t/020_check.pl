# taskq_check(): what it says of the worker, of settings and of time that has passed.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use TaskqTest;
use Test::More;

my ($faketime) = glob('/usr/lib/*/faketime/libfaketime.so.1');
my $clock = PostgreSQL::Test::Utils::tempdir() . '/clock';
set_clock('+0');
my $node = do
{
	local $ENV{LD_PRELOAD} = $faketime // '';
	local $ENV{FAKETIME_TIMESTAMP_FILE} = $clock;
	local $ENV{FAKETIME_NO_CACHE} = 1;
	local $ENV{DONT_FAKE_MONOTONIC} = 1;
	start_node('check', "taskq.sweep_interval = 1s\nautovacuum = on\nmax_prepared_transactions = 2\n", allows_streaming => 1);
};

# How far the server's clock is ahead.
sub set_clock
{
	my ($shift) = @_;
	open my $handle, '>', $clock or die "$clock: $!";
	print $handle "$shift\n";
	close $handle or die "$clock: $!";
	return;
}

# The rows, each as "severity subject: what".
my $rows = q{SELECT severity || ' ' || subject || ': ' || what FROM taskq_check()};

sub found
{
	my ($what, $name) = @_;
	return became('postgres', "SELECT array_agg(r) = ARRAY[\$r\$$what\$r\$] FROM ($rows) c(r)", $name)
	  || diag(query('postgres', 'SELECT * FROM taskq_check()'));
}

sub healthy
{
	my ($name) = @_;
	return became('postgres', 'SELECT count(*) = 0 FROM taskq_check()', $name) || diag(query('postgres', 'SELECT * FROM taskq_check()'));
}

sub configure
{
	my ($setting, $value) = @_;
	query('postgres', defined $value ? "ALTER SYSTEM SET $setting = $value" : "ALTER SYSTEM RESET $setting");
	$node->reload;
	return;
}

# ------------------------------------------------------------------ the worker

query('postgres', 'CREATE EXTENSION taskq');
became('postgres', q{SELECT last_result = 'done' FROM taskq_worker_status WHERE database = 'postgres'}, 'the worker sweeps');
is(query('postgres', 'SELECT * FROM taskq_check()'), '', 'nothing to say of a fresh installation');
query('postgres', q{SELECT taskq_start(taskq_create('task ' || i, due_date => taskq_today())) FROM generate_series(1, 10) i});
healthy('nor of one that is in use');

configure('taskq.databases', "'other'");
found('2 taskq.databases: It does not name this database: no worker sweeps it.', 'a database that is left out');
configure('taskq.databases', "'other, postgres'");
healthy('until it is named');

query('postgres', q{CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS 'BEGIN RAISE ''not this one''; END';
	CREATE TRIGGER refuse BEFORE UPDATE ON taskq_task FOR EACH ROW WHEN (new.title = 'refused') EXECUTE FUNCTION refuse();
	INSERT INTO taskq_task (title, due_date) VALUES ('refused', '2020-01-01')});
became('postgres', "SELECT bool_or(r ~ '^2 worker: Sweeps in a row that failed or left rows out: [0-9]+. The last error: .*not this one') FROM ($rows) c(r)", 'sweeps that fail');
query('postgres', 'DROP TRIGGER refuse ON taskq_task; SELECT taskq_worker_wake()');
healthy('until they do not');

query('postgres', q{INSERT INTO taskq_task (id, title) VALUES (100, 'of an import')});
became('postgres', "SELECT string_agg(split_part(r, ':', 1), ', ' ORDER BY r) = '2 public.taskq_task_id_seq, 2 worker' FROM ($rows) c(r)", 'sweeps that wait for a sequence');
query('postgres', $_) for split /\n/, query('postgres', q{SELECT hint FROM taskq_check() WHERE subject LIKE '%_seq'});
query('postgres', 'SELECT taskq_worker_wake()');
healthy('until it is set');

# ---------------------------------------------------------------- settings

configure($_, 'off') for qw(autovacuum track_counts);
became('postgres', "SELECT string_agg(split_part(r, ':', 1), ', ' ORDER BY r) = '2 autovacuum, 2 track_counts' FROM ($rows) c(r)", 'autovacuum that is off');
configure($_) for qw(autovacuum track_counts);
healthy('until it is on');

$node->append_conf('postgresql.conf', "taskq.timezone = 'Mars/Base'\n");
$node->reload;
found('2 taskq.timezone: The value "Mars/Base" is not in effect: setting could not be applied.', 'a time zone in postgresql.conf that is not known');
$node->append_conf('postgresql.conf', "taskq.timezone = 'Europe/Oslo'\n");
$node->reload;
healthy('until it is one');

# ------------------------------------------------------------ time that passes

SKIP:
{
	skip 'faketime is not installed', 4 unless $faketime;
	query('postgres', q{BEGIN; SELECT taskq_create('prepared'); PREPARE TRANSACTION 'of one phase'});
	my $open = $node->background_psql('postgres');
	$open->query_safe(q{BEGIN; SELECT taskq_create('never committed')});
	is(query('postgres', 'SELECT * FROM taskq_check()'), '', 'transactions of a moment are nothing to speak of');
	set_clock('+2h');
	became('postgres', "SELECT array_agg(regexp_replace(split_part(r, ':', 1), '\\d+\$', 'N') ORDER BY r) = '{3 prepared transaction ''of one phase'',3 process N}' FROM ($rows) c(r)",
		'those of two hours are')
	  || diag(query('postgres', 'SELECT * FROM taskq_check()'));
	query('postgres', q{ROLLBACK PREPARED 'of one phase'});
	$open->quit;
	healthy('until they have ended');
}

# --------------------------------------------------------- no worker, or no more

$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('check_standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
is($standby->safe_psql('postgres', 'SELECT * FROM taskq_check()'), '', 'a standby needs no worker');
$standby->stop;

# The launcher takes one, logical replication the other.
$node->append_conf('postgresql.conf', "max_worker_processes = 2\ntaskq.databases = ''\n");
$node->restart;
became('postgres', "SELECT bool_or(r LIKE '2 worker: The sweep that was to start at % has not.') FROM ($rows) c(r)", 'no process is left for a sweep');
$node->append_conf('postgresql.conf', "max_worker_processes = 0\n");
$node->restart;
became('postgres', "SELECT bool_or(r = '2 worker: The taskq launcher is not running.') FROM ($rows) c(r)", 'nor for the launcher');
$node->append_conf('postgresql.conf', "max_worker_processes = 8\nshared_preload_libraries = ''\n");
$node->restart;
# Without the library a session does not know that it is none.
query('postgres', "ALTER DATABASE postgres SET taskq.timezone = 'Mars/Base'");
is(query('postgres', "$rows ORDER BY 1"), "2 taskq.timezone: The time zone \"Mars/Base\" is not known: sessions that it is set for use another.\n"
	. '2 worker: The library is not preloaded: no worker sweeps this database.', 'not preloaded');
query('postgres', "ALTER DATABASE postgres RESET taskq.timezone");
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'taskq'\n");
$node->restart;
healthy('with all of them back');
$node->stop;
done_testing();
