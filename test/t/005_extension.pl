# The extension is dropped and created while its database is swept.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Utils;
use TaskqTest;
use Test::More;

my $node = start_node('extension', <<'CONF');
taskq.sweep_interval = 1s
taskq.sweep_batch_size = 200
max_worker_processes = 16
CONF
my $done = q{SELECT count(*) = 0 FROM taskq_tasks WHERE status <> stored_status};

query('postgres', "CREATE DATABASE $_") for qw(desk strange);
query('desk', 'CREATE EXTENSION taskq');
ok(sweeping_in('desk'), 'a sweep is under way');
query('desk', 'DROP EXTENSION taskq');
pass('DROP EXTENSION in the middle of it');
became('desk', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'taskq sweeper'}, 'the sweeper leaves');

query('desk', "CREATE SCHEMA elsewhere; CREATE EXTENSION taskq SCHEMA elsewhere; ALTER DATABASE desk SET search_path = elsewhere");
ok(sweeping_in('desk'), 'made again in another schema, it is swept again');
query('desk', 'BEGIN; DROP EXTENSION taskq; ROLLBACK');
became('desk', $done, 'DROP EXTENSION that is rolled back: the work goes on');
one_event_each('desk', 'and each task has one event');

# What an update script does to the objects under the sweep.
ok(sweeping_in('desk'), 'one more sweep');
query('desk', q{BEGIN;
	ALTER EXTENSION taskq UPDATE;
	ALTER TABLE taskq_task ADD COLUMN reviewed boolean NOT NULL DEFAULT false;
	DROP TRIGGER taskq_lifecycle_update ON taskq_task;
	CREATE TRIGGER taskq_lifecycle_update BEFORE UPDATE ON taskq_task FOR EACH ROW EXECUTE FUNCTION taskq_task_update();
	ALTER TYPE taskq_sla_status RENAME VALUE 'NONE' TO 'NONE ';
	ALTER TYPE taskq_sla_status RENAME VALUE 'NONE ' TO 'NONE';
	COMMIT;});
became('desk', $done, 'DDL on everything it uses: the work goes on');
one_event_each('desk', 'and each task has one event');
is(query('desk', 'SELECT last_error FROM taskq_worker_status WHERE database = \'desk\''), '', 'without an error');

query('desk', "ALTER SCHEMA elsewhere RENAME TO moved; ALTER DATABASE desk SET search_path = moved");
query('desk', q{INSERT INTO taskq_task (title, due_date) VALUES ('past', '2020-01-01')});
became('desk', $done, 'a renamed schema is followed');

# Names that only look like taskq's.
query('strange', q{CREATE SCHEMA taskq; CREATE TABLE taskq.taskq_task (status text, due_date date); CREATE TABLE taskq_task (id int);
	INSERT INTO taskq.taskq_task VALUES ('OPEN', '2020-01-01'); INSERT INTO taskq_task VALUES (1)});
became('desk', q{SELECT last_result = 'no extension' FROM taskq_worker_status WHERE database = 'strange'}, 'strange tables make no extension');
is(query('strange', 'SELECT status FROM taskq.taskq_task'), 'OPEN', 'and are left alone');

# SQL that is older than the library: something that it needs is not there.
my $log = -s $node->logfile;
query('desk', 'ALTER TABLE taskq_customer RENAME TO taskq_client');
became('desk', q{SELECT failures >= 2 FROM taskq_worker_status WHERE database = 'desk'}, 'SQL too old for the library: sweeps fail');
is(lines_in_log(qr/ERROR:  extension taskq has no table "taskq_customer" in schema "moved"\n.*HINT:.*ALTER EXTENSION taskq UPDATE.*\n.*CONTEXT:  taskq sweep of database "desk"/, $log),
	1, 'which is logged once, with what to do');
query('desk', 'ALTER TABLE taskq_client RENAME TO taskq_customer');
query('desk', "SELECT taskq_worker_wake()");
became('desk', q{SELECT failures = 0 AND last_result = 'done' FROM taskq_worker_status WHERE database = 'desk'}, 'updated, it is swept again');

$node->stop;
done_testing();
