# The API behind PgBouncer in transaction mode.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my ($bouncer) = grep { -x $_ } map { "$_/pgbouncer" } split(/:/, $ENV{PATH}), '/usr/sbin';
plan skip_all => 'pgbouncer is not installed' unless $bouncer;

my $node = PostgreSQL::Test::Cluster->new('bouncer');
$node->init;
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'taskq'\n");
$node->start;
$node->safe_psql('postgres', q{CREATE EXTENSION taskq; INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana')});

my $dir = PostgreSQL::Test::Utils::tempdir_short();
my $port = PostgreSQL::Test::Cluster::get_free_port();
my $user = $node->safe_psql('postgres', 'SELECT current_user');
append_to_file("$dir/users", qq{"$user" ""\n});
append_to_file("$dir/ini", join("\n", '[databases]',
	'postgres = host=' . $node->host . ' port=' . $node->port . " user=$user pool_size=2",
	'[pgbouncer]', 'listen_addr =', "listen_port = $port", "unix_socket_dir = $dir", 'auth_type = any',
	'pool_mode = transaction', "logfile = $dir/log", "pidfile = $dir/pid", ''));
my $pid;
END { kill 'INT', $pid if $pid; }
system_or_bail($bouncer, '-q', '-d', "$dir/ini");
my $through = "host=$dir port=$port dbname=postgres user=$user";
my ($out, $tries) = ('', 0);
for (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
{
	last if run_log([ 'psql', '-XAtq', '-d', $through, '-c', 'SELECT 1' ], '>', \$out);
	select(undef, undef, undef, 0.1);
}
chomp($pid = slurp_file("$dir/pid"));
is($out, "1\n", 'connected through PgBouncer');

sub through
{
	my ($sql) = @_;
	my ($o, $e);
	run_log([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $through, '-c', $sql ], '>', \$o, '2>', \$e);
	$o =~ s/\n\z//;
	return $o . $e;
}

# An actor set for a transaction ends with it, whoever gets the connection next.
is(through(q{BEGIN; SELECT set_config('taskq.actor', 'ana', true); SELECT taskq_create('first'); COMMIT}), "ana\n1", 'an actor for a transaction');
is(through(q{SELECT taskq_actor()}), $user, 'does not stay with the connection') for 1 .. 4;
is(through(q{SELECT created_by FROM taskq_task WHERE id = 1}), 'ana', 'and is recorded');

# Clients that send untyped parameters, many at a time over two connections.
append_to_file("$dir/script", <<'SQL');
\set n random(1, 1000000)
SELECT taskq_create('load ' || :n, due_date => taskq_today()) AS id \gset
SELECT status FROM taskq_start(:id);
SELECT status FROM taskq_assign(:id, 'sta_1');
SELECT count(*) FROM taskq_queue_page(page_size => 10);
SELECT open FROM taskq_queue_stats;
SELECT status FROM taskq_complete(:id, 'done');
SQL
for my $mode (qw(simple extended))
{
	my ($o, $e);
	my $ok = run_log([ 'pgbench', '-n', '-M', $mode, '-c', 8, '-j', 2, '-t', 25, '-f', "$dir/script", $through ], '>', \$o, '2>', \$e);
	ok($ok, "$mode protocol: all calls worked") or diag $e;
}
is(through(q{SELECT count(*) FROM taskq_task WHERE title LIKE 'load%' AND status <> 'COMPLETED'}), '0', 'every task went all its way');
is(through(q{SELECT count(*) FROM taskq_task WHERE title LIKE 'load%'}), '400', 'and none is missing');
kill 'INT', $pid;
$pid = undef;
$node->stop;
done_testing();
