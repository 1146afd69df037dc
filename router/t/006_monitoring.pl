# examples/monitoring on a router: what its exporter asks, and what that tells when
# slots are well, without a worker, and down.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Utils;
use RouterTest;
use Test::More;
use Time::HiRes qw(time);

my $yaml = slurp_file("$FindBin::RealBin/../../examples/monitoring/router-queries.yaml");
my ($name, $query, $metrics) = $yaml =~ /^(\w+):\n  query: \|\n(.*?)  metrics:\n(.*)\z/ms;
is($name, 'taskq_router_slot', 'one query');
my @metrics = $metrics =~ /^    - (\w+): /mg;

start_router(slots => "taskq.databases = 's0,s1,s2'\n", far => "taskq.databases = 'none'\n");
connect_slots();
$_->safe_psql('postgres', 'CREATE ROLE exporter LOGIN') for $router, $slots, $far;
desk(q{SELECT taskq_grant('exporter', 'viewer')});
$router->safe_psql('postgres', q{ALTER ROLE exporter IN DATABASE desk SET taskq_router.timeout = '1s'});

# As the exporter, one row for each slot.
sub scrape
{
	my ($columns) = @_;
	my ($status, $out, $err) = $router->psql('desk', "SELECT $columns FROM ($query) q ORDER BY slot", extra_params => [ '-U', 'exporter' ]);
	return $err eq '' ? $out : $err;
}

my ($status, $out, $err) = $router->psql('desk', $query, extra_params => [ '-A', '-P', 'tuples_only=off', '-P', 'footer=off', '-U', 'exporter' ]);
is((split /\n/, $out)[0], join('|', @metrics), 'its columns are the metrics');
waits_until('the workers have swept', sub { scrape('last_sweep_seconds >= 0') eq "t\nt\nt\n" });
is(scrape('datname, slot, up, worker_up, backlog, answer_seconds BETWEEN 0 AND 1'), "desk|0|1|1|0|t\ndesk|1|1|1|0|t\ndesk|2|1|1|0|t\ndesk|3|1|0||t", 'all are up, and one has no worker');

$far->stop('immediate');
is(scrape('slot, up, worker_up, answer_seconds < 1'), "0|1|1|t\n1|1|1|t\n2|1|1|t\n3|0||", 'a slot that is down is one of four');
$far->start;
is(scrape('up'), "1\n1\n1\n1", 'up again');

# The postmaster alone: nobody connects.
my $postmaster = (split /\n/, slurp_file($far->data_dir . '/postmaster.pid'))[0];
my $began = time;
kill 'STOP', $postmaster;
my $hanging = scrape('slot, up');
kill 'CONT', $postmaster;
is($hanging, "0|1\n1|1\n2|1\n3|0", 'one that hangs');
cmp_ok(time - $began, '<', 5, 'costs a second');

at_slot(1, 'DROP EXTENSION taskq');
like(scrape('slot, up'), qr/^1\|0$/m, 'one that answers, but cannot be used');

done_testing();
