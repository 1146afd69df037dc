# The recipe for a server that cannot preload taskq: pg_cron calls the sweep.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Utils;
use TaskqTest;
use Test::More;

my ($sharedir) = run_command([ 'pg_config', '--sharedir' ]);
plan skip_all => 'pg_cron is not installed' unless -f "$sharedir/extension/pg_cron.control";

# pg_cron works at full minutes: let the next one be seconds away.
my ($faketime) = glob('/usr/lib/*/faketime/libfaketime.so.1');
local $ENV{LD_PRELOAD} = $faketime if $faketime;
local $ENV{FAKETIME} = '+' . (56 - time % 60) % 60;

my $node = start_node('cron');
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pg_cron'\ncron.host = '" . $node->host . "'\n");
$node->restart;

query('postgres', 'CREATE EXTENSION taskq');
is(query('postgres', 'SELECT count(*) FROM taskq_worker_status'), '0', 'not preloaded, there is no worker');
query('postgres', q{INSERT INTO taskq_task (title, due_date) SELECT 'past', '2020-01-01' FROM generate_series(1, 2500)});
query('postgres', 'CREATE EXTENSION pg_cron');
query('postgres', q{SELECT cron.schedule('taskq', '* * * * *', 'CALL taskq_sweep_all()')});
became('postgres', q{SELECT count(*) = 2500 FROM taskq_task WHERE status = 'OVERDUE'}, 'pg_cron sweeps');
one_event_each('postgres', 'each task has one event');
became('postgres', q{SELECT count(*) = 1 FROM cron.job_run_details WHERE status = 'succeeded' AND command = 'CALL taskq_sweep_all()'}, 'without an error');
is(query('postgres', 'SELECT overdue, batches FROM taskq_sweep_log'), '2500|3', 'batch by batch');

$node->stop;
done_testing();
