# More databases than sweepers, and more than shared memory has room for.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Utils;
use TaskqTest;
use Test::More;

my $node = start_node('many', <<'CONF');
taskq.max_sweepers = 1
taskq.sweep_interval = 1s
wal_level = minimal
max_wal_senders = 0
CONF

# One sweeper, and more to do than it can: sweeping a desk takes long and makes it due again.
query('postgres', 'CREATE DATABASE desk');
query('desk', q{CREATE EXTENSION taskq;
	CREATE FUNCTION next() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS $$
	BEGIN
		PERFORM pg_sleep(0.2);
		INSERT INTO taskq_task (title, due_date) VALUES ('past', '2020-01-01');
		RETURN NULL;
	END$$;
	CREATE TRIGGER next AFTER UPDATE ON taskq_task FOR EACH STATEMENT EXECUTE FUNCTION next();
	INSERT INTO taskq_task (title, due_date) VALUES ('past', '2020-01-01')});
my @desks = map { "desk$_" } 1 .. 10;
query('postgres', "CREATE DATABASE $_ TEMPLATE desk STRATEGY file_copy") for @desks;
became($_, q{SELECT count(*) >= 3 FROM taskq_task WHERE status = 'OVERDUE'}, "$_ is swept again and again") for reverse @desks;
is(query('postgres', q{SELECT count(*) <= 1 FROM pg_stat_activity WHERE backend_type = 'taskq sweeper'}), 't', 'by one sweeper at a time');
query('postgres', 'ALTER SYSTEM SET taskq.max_sweepers = 3');
$node->reload;
became('postgres', q{SELECT count(*) = 3 FROM pg_stat_activity WHERE backend_type = 'taskq sweeper'}, 'and by three, once there may be so many');

# More databases than shared memory has room for.
my @three = qw(one two three);
query('postgres', "CREATE DATABASE $_"), query($_, 'CREATE EXTENSION taskq') for @three;
query('postgres', q{ALTER SYSTEM SET taskq.databases = 'one, two, three'});
query('postgres', q{ALTER SYSTEM SET taskq.max_databases = 2});
my $log = -s $node->logfile;
$node->restart;
my $room = qr/WARNING:  taskq has no shared memory for 1 database\n.*DETAIL: .*\n.*HINT: .*"taskq.max_databases", which is 2/;
query($_, q{INSERT INTO taskq_task (title, due_date) VALUES ('in want of room', '2020-01-01')}) for @three;
became($_, q{SELECT status = 'OVERDUE' FROM taskq_task WHERE title = 'in want of room'}, "$_: swept") for @three;
is(query('one', q{SELECT count(*) FROM taskq_worker_status}), '2', 'two databases have a row');
is(lines_in_log($room, $log), 1, 'one warning says which setting to raise');
my %with = map { $_ => 1 } split /\n/, query('one', 'SELECT database FROM taskq_worker_status');
is(query($_, q{SELECT string_agg(subject, ' ') FROM taskq_check() WHERE subject <> 'autovacuum'}), $with{$_} ? '' : 'taskq.max_databases', "$_: whether it has a place is told") for @three;
my ($with) = grep { $_ ne 'one' } sort keys %with;
query('postgres', "DROP DATABASE $with");
became('one', q{SELECT count(*) = 2 AND bool_and(last_result = 'done') FROM taskq_worker_status}, 'where one goes, the next has its place');
is(lines_in_log($room, $log), 1, 'and nothing more is said');

$node->stop;
done_testing();
