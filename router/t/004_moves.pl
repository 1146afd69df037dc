# A slot is dumped and restored, and moves to another server under load.
use strict;
use warnings;
use FindBin;
use IPC::Run;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use RouterTest;
use Test::More;

# What the slots create, they also sweep.
start_router(far => "taskq.sweep_interval = 1s\n");
connect_slots();
subscribe();
desk('CREATE EXTENSION postgres_fdw; SELECT taskq_router_make_views()');
everywhere(q{INSERT INTO taskq_customer (id, name) SELECT 'cus_' || i, 'Customer ' || i FROM generate_series(1, 40) i});
desk(q{SELECT count(taskq_create('task ' || i, user_id => 'cus_' || 1 + i % 40)) FROM generate_series(1, 200) i});

# ------------------------------------------------------------ dump and restore

at_slot(1, q{ALTER SUBSCRIPTION taskq_directory_1 DISABLE; ALTER SUBSCRIPTION taskq_directory_1 SET (slot_name = NONE); DROP SUBSCRIPTION taskq_directory_1});
desk(q{INSERT INTO taskq_customer (id, name) VALUES ('cus_new', 'Written meanwhile')});
my $dump = $slots->basedir . '/s1.dump';
my $rows = at_slot(1, 'SELECT md5(string_agg(t::text, $$,$$ ORDER BY id)) FROM taskq_task t');
$slots->command_ok([ 'pg_dump', '-Fc', '-f', $dump, $slots->connstr('s1') ], 'a slot is dumped');
$slots->safe_psql('postgres', 'ALTER DATABASE s1 RENAME TO s1_old; CREATE DATABASE s1');
$slots->command_ok([ 'pg_restore', '-d', $slots->connstr('s1'), $dump ], 'and restored');
fails('SELECT taskq_router_check_slot(1)', qr/55000: slot 1 cannot be used: database "s1" is no slot/, 'it is no slot yet: pg_dump keeps no constraints of an extension\'s tables');
at_slot(1, desk(q{SELECT taskq_router_slot_script(1, '} . connstr($router, 'desk') . q{', resume => true)}));
is(desk('SELECT taskq_router_check_slot(1)'), '', 'now it is');
is(at_slot(1, 'SELECT md5(string_agg(t::text, $$,$$ ORDER BY id)) FROM taskq_task t'), $rows, 'with the same tasks');
synced();
is(at_slot(1, q{SELECT name FROM taskq_customer WHERE id = 'cus_new'}), 'Written meanwhile', 'and what was written meanwhile');
my $id = desk(q{SELECT taskq_create('after', user_id => min('cus_' || i)) FROM generate_series(1, 40) i WHERE taskq_slot('cus_' || i) & 3 = 1});
is($id & 1023, 1, 'ids go on');
is(desk('SELECT taskq_queue_count()'), '201', 'nothing is missing');

# ------------------------------------------------------------------------ a move

# A standby of the server of slot 3 is made, while tasks are created.
my $customers = desk(q{SELECT string_agg('cus_' || i, ' ') FROM generate_series(1, 40) i});
my $script = $router->basedir . '/load.sql';
append_to_file($script, join('', map { "SELECT taskq_create('load $_', user_id => 'cus_" . (1 + $_ % 40) . "');\n" } 1 .. 4000));
my ($answers, $complaints) = ('', '');
my $load = IPC::Run::start([ 'psql', '-X', '-q', '-A', '-t', '-d', $router->connstr('desk'), '-f', $script ], '>', \$answers, '2>', \$complaints);
$far->backup('move');
my $new = PostgreSQL::Test::Cluster->new('new');
$new->init_from_backup($far, 'move', has_streaming => 1);
$new->append_conf('postgresql.conf', 'port = ' . $new->port . "\n");
$new->start;
waits_until('tasks have been created', sub { $load->pump_nb; return ($answers =~ tr/\n//) > 300 });
waits_until('the standby streams', sub { $load->pump_nb; return $far->safe_psql('postgres', 'SELECT state FROM pg_stat_replication') eq 'streaming' });
$far->stop('fast');             # sends all that it has to the standby before it ends
$new->promote;
desk(q{SELECT taskq_router_set_slot(3, '} . connstr($new, 's3') . q{')});
$load->finish;
my @acknowledged = split /\n/, $answers;
my @refused = $complaints =~ /ERROR:  (.*)/g;
note(scalar(@acknowledged) . ' acknowledged, ' . scalar(@refused) . ' refused');
is(@acknowledged + @refused, 4000, 'every create was acknowledged or refused');
is(scalar(grep { !/slot 3 (does|did) not answer|administrator command/ } @refused), 0, 'refused while the slot was away only');
my $list = join(',', @acknowledged);
my $there = 0;
$there += ($_ == 3 ? $new : $slots)->safe_psql("s$_", "SELECT count(*) FROM taskq_task WHERE id = ANY ('{$list}') AND title LIKE 'load %'") for 0 .. 3;
is($there, scalar(@acknowledged), 'nothing that was acknowledged is lost');
cmp_ok($new->safe_psql('s3', "SELECT count(*) FROM taskq_task WHERE title LIKE 'load %'"), '>', 0, 'the new server has some');
is(desk('SELECT count(*) FROM taskq_router_status() WHERE problem IS NULL'), '4', 'all slots are well');
is($new->safe_psql('s3', 'SELECT count(*) FROM taskq_task WHERE id & 1023 <> 3'), '0', 'ids are those of the slot');

is(desk("SELECT count(*) FROM taskq_task WHERE id = ANY ('{$list}')"), scalar(@acknowledged), 'views go there, too');

# The directory goes on to the new server, which goes on sweeping.
desk(q{UPDATE taskq_customer SET name = 'After the move' WHERE id = 'cus_1'});
$router->wait_for_catchup('taskq_directory_3');
is($new->safe_psql('s3', q{SELECT name FROM taskq_customer WHERE id = 'cus_1'}), 'After the move', 'the directory follows');
my $late = desk(q{SELECT taskq_create('late', user_id => min('cus_' || i), due_date => '2020-01-01') FROM generate_series(1, 40) i WHERE taskq_slot('cus_' || i) & 3 = 3});
$new->safe_psql('s3', 'SELECT taskq_worker_wake()');
ok($new->poll_query_until('s3', q{SELECT last_sweep_at > now() - interval '1 minute' FROM taskq_worker_status WHERE database = 's3'}), 'and is swept');

# --------------------------------------------------------- standbys are read from

my $standby = PostgreSQL::Test::Cluster->new('standby');
$new->backup('standby');
$standby->init_from_backup($new, 'standby', has_streaming => 1);
$standby->append_conf('postgresql.conf', 'port = ' . $standby->port . "\n");
$standby->start;
$new->wait_for_catchup($standby);
my $both = 'host=' . $new->host . ',' . $standby->host . ' port=' . $new->port . ',' . $standby->port . ' dbname=s3 target_session_attrs=read-write';
desk("SELECT taskq_router_set_slot(3, '$both')");
my $count = desk('SELECT taskq_queue_count(cap => NULL)');
is(desk('SET taskq_router.read_standbys = on; SELECT taskq_queue_count(cap => NULL)'), $count, 'the standby answers the same');
cmp_ok($standby->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE datname = 's3'}) + $standby->safe_psql('postgres', q{SELECT sessions FROM pg_stat_database WHERE datname = 's3'}), '>', 0, 'it was asked');
# A failover is followed without a change on the router.
$new->stop('immediate');
$standby->promote;
is(desk('SELECT taskq_queue_count(cap => NULL)'), $count, 'after a failover the other one is found');
is(desk('SET taskq_router.read_standbys = on; SELECT taskq_queue_count(cap => NULL)'), $count, 'and, with no standby left, read from');
like(desk(q{SELECT taskq_create('after the failover', user_id => min('cus_' || i)) FROM generate_series(1, 40) i WHERE taskq_slot('cus_' || i) & 3 = 3}), qr/^\d+$/, 'and written to');

# ------------------------------------------------- the router is dumped and restored

my $desk = $router->basedir . '/desk.dump';
$router->command_ok([ 'pg_dump', '-Fc', '-f', $desk, $router->connstr('desk') ], 'the router is dumped');
$router->safe_psql('postgres', 'CREATE DATABASE desk_2');
$router->command_ok([ 'pg_restore', '-d', $router->connstr('desk_2'), $desk ], 'and restored');
sub restored { my ($sql) = @_; return $router->safe_psql('desk_2', "SET search_path = taskq_router, public; $sql") }
is(restored('SELECT taskq_queue_count(cap => NULL)'), $count + 1, 'with its slots');
is(restored('SELECT count(*) FROM taskq_customer'), '41', 'and its directory');
restored('SELECT taskq_router_publish()');
is(restored(q{SELECT count(*) FROM pg_publication_tables WHERE pubname = 'taskq_directory'}), '10', 'and what it publishes');

# taskq_router is dropped and made anew, as for an update of taskq.
restored('DROP EXTENSION taskq_router CASCADE');
is($router->safe_psql('desk_2', 'SELECT count(*) FROM pg_foreign_server'), '6', 'without taskq_router the slots are kept');
$router->safe_psql('desk_2', 'CREATE EXTENSION taskq_router; SELECT taskq_router.taskq_reapply_grants(); SELECT taskq_router.taskq_router_make_views()');
is(restored('SELECT taskq_queue_count(cap => NULL)'), $count + 1, 'and are there with it');
is(restored('SELECT count(*) FROM taskq_task'), restored('SELECT taskq_queue_count(status => NULL, cap => NULL)'), 'and so are views');

done_testing();
