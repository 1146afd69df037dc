# What the tests of the router have in common: a server with the router's
# database, desk, and one with four slots, s0 to s3, and with database one, which
# holds what the slots hold together.  Slot 3 can be on a server of its own.
package RouterTest;

use strict;
use warnings;
use Exporter 'import';
use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

our @EXPORT = qw($router $slots $far start_router node_of connstr connect_slots subscribe synced desk one at_slot everywhere fails waits_until);

our ($router, $slots, $far);

# Skips the test where there is no PL/Proxy.
sub start_router
{
	my (%option) = @_;
	my $share = `pg_config --sharedir`;
	chomp $share;
	plan skip_all => 'PL/Proxy is not installed for this PostgreSQL' if !-e "$share/extension/plproxy.control";

	my $common = "shared_preload_libraries = 'taskq'\nautovacuum = off\nmax_worker_processes = 24\nmax_logical_replication_workers = 20\nwal_retrieve_retry_interval = 100ms\n"
	  . "max_replication_slots = 20\nmax_wal_senders = 20\nmax_connections = 100\nlog_statement = none\n";
	$router = PostgreSQL::Test::Cluster->new('router');
	$router->init(allows_streaming => 'logical');
	$router->append_conf('postgresql.conf', "${common}taskq.databases = 'none'\n");
	$router->start;
	$slots = PostgreSQL::Test::Cluster->new('slots');
	$slots->init(allows_streaming => 'logical');
	$slots->append_conf('postgresql.conf', $common . ($option{slots} // "taskq.databases = 'none'\n"));
	$slots->start;
	if ($option{far})
	{
		$far = PostgreSQL::Test::Cluster->new('far');
		$far->init(allows_streaming => 'logical');
		$far->append_conf('postgresql.conf', $common . ($option{far}));
		$far->start;
	}

	$router->safe_psql('postgres', 'CREATE DATABASE desk');
	$router->safe_psql('desk', 'CREATE EXTENSION plproxy; CREATE EXTENSION taskq; CREATE EXTENSION taskq_router;
		ALTER DATABASE desk SET search_path = taskq_router, public');
	$slots->safe_psql('postgres', 'CREATE DATABASE one');
	$slots->safe_psql('one', 'CREATE EXTENSION taskq');
	for my $n (0 .. 3)
	{
		node_of($n)->safe_psql('postgres', "CREATE DATABASE s$n");
		at_slot($n, "CREATE EXTENSION taskq; SELECT taskq_set_slot($n)");
	}
	return;
}

sub node_of { my ($n) = @_; return $far && $n == 3 ? $far : $slots }

sub connstr { my ($node, $database) = @_; return $node->connstr($database) =~ s/'/''/gr }

sub connect_slots
{
	desk('SELECT taskq_router_set_slots(ARRAY[' . join(', ', map { "'" . connstr(node_of($_), "s$_") . "'" } 0 .. 3) . '])');
	return;
}

# Each slot gets the directory from the router.
sub subscribe
{
	for my $n (0 .. 3)
	{
		at_slot($n, desk("SELECT taskq_router_slot_script($n, '" . connstr($router, 'desk') . "')"));
	}
	node_of($_)->wait_for_subscription_sync($router, "taskq_directory_$_", "s$_") for 0 .. 3;
	return;
}

# Until what the router has written of the directory is at all slots.
sub synced
{
	$router->wait_for_catchup("taskq_directory_$_") for 0 .. 3;
	return;
}

sub desk { my ($sql) = @_; return $router->safe_psql('desk', $sql) }
sub one { my ($sql) = @_; return $slots->safe_psql('one', $sql) }
sub at_slot { my ($n, $sql) = @_; return node_of($n)->safe_psql("s$n", $sql) }

# The directory of the one database is written by hand.
sub everywhere { my ($sql) = @_; desk($sql); one($sql); synced(); return }

# The SQLSTATE and message that a statement fails with, on the router or another node.
sub fails
{
	my ($sql, $pattern, $name, $node, $database) = @_;
	my ($status, $out, $err) = ($node // $router)->psql($database // 'desk', "\\set VERBOSITY verbose\n$sql");
	return like($err, $pattern, $name);
}

sub waits_until
{
	my ($what, $done) = @_;
	for (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
	{
		return 1 if $done->();
		usleep(100_000);
	}
	die "waited too long until $what";
}

1;
