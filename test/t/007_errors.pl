# Sweeps that fail: told once, tried ever more rarely, nobody else's trouble.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Utils;
use TaskqTest;
use Test::More;

my $node = start_node('errors', <<'CONF');
taskq.sweep_interval = 1s
max_worker_processes = 16
CONF
query('postgres', "CREATE DATABASE $_") for qw(desk calm);
query($_, 'CREATE EXTENSION taskq') for qw(desk calm);

my $done = q{SELECT count(*) = 0 FROM taskq_tasks WHERE status <> stored_status};
my $past = q{INSERT INTO taskq_task (title, due_date) SELECT 'past ' || g, '2020-01-01' FROM generate_series(1, 10) g};

sub status
{
	my ($condition, $name) = @_;
	return became('desk', "SELECT $condition FROM taskq_worker_status WHERE database = 'desk'", $name);
}

# One way to make sweeps fail, and the way out of it.
sub fails
{
	my ($name, $break, $repair, $error, $logged) = @_;
	my $log = -s $node->logfile;
	$break->();
	status('failures >= 2', "$name: sweeps fail");
	like(query('desk', q{SELECT last_error FROM taskq_worker_status WHERE database = 'desk'}), $error, "$name: the status says why");
	is(lines_in_log($logged, $log), 1, "$name: logged once, with its context");
	query('calm', $past);
	became('calm', $done, "$name: the other database is swept");
	$repair->();
	query('desk', 'SELECT taskq_worker_wake()');
	status(q{failures = 0 AND last_result = 'done'}, "$name: over, sweeps go on by themselves");
	became('desk', $done, "$name: and finish the work");
	one_event_each('desk', "$name: each task has one event");
	return;
}

my $context = qr/(?:[^\n]*\n)*?[^\n]*CONTEXT:(?:[^\n]*\n)*?[^\n]*taskq sweep of database "desk"/;

fails('a trigger that raises for every row',
	sub { query('desk', qq{CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''not today''; END';
		CREATE TRIGGER no BEFORE UPDATE ON taskq_task FOR EACH ROW EXECUTE FUNCTION no(); $past}) },
	sub { query('desk', 'DROP TRIGGER no ON taskq_task') },
	qr/^task \d+: not today$/, qr/WARNING:  taskq sweep of database "desk": 10 rows could not be swept\n[^\n]*DETAIL:  task \d+: not today/);

fails('a constraint that forbids what is due',
	sub { query('desk', "ALTER TABLE taskq_task ADD CONSTRAINT never CHECK (status <> 'OVERDUE') NOT VALID; $past") },
	sub { query('desk', 'ALTER TABLE taskq_task DROP CONSTRAINT never') },
	qr/^task \d+: new row for relation "taskq_task" violates check constraint "never"$/,
	qr/WARNING:  taskq sweep of database "desk": 10 rows could not be swept/);

fails('a deferred trigger that raises at commit',
	sub { query('desk', "CREATE CONSTRAINT TRIGGER late AFTER UPDATE ON taskq_task INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION no(); $past") },
	sub { query('desk', 'DROP TRIGGER late ON taskq_task') },
	qr/^not today$/, qr/ERROR:  not today\n$context/);

my $holder = $node->background_psql('desk');
fails('a locked table',
	sub { $holder->query_safe("BEGIN; LOCK TABLE taskq_task; $past;") },
	sub { $holder->query_safe('COMMIT') },
	qr/^canceling statement due to lock timeout$/, qr/ERROR:  canceling statement due to lock timeout[^\n]*\n$context/);
$holder->quit;

fails('no room for the history',
	sub { query('desk', "CREATE FUNCTION full() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE disk_full USING message = ''no space left''; END';
		CREATE TRIGGER quota BEFORE INSERT ON taskq_task_event FOR EACH ROW EXECUTE FUNCTION full(); $past") },
	sub { query('desk', 'DROP TRIGGER quota ON taskq_task_event') },
	qr/^no space left$/, qr/ERROR:  no space left\n$context/);

# One bad row never stops the rest.
query('desk', q{CREATE OR REPLACE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS
	'BEGIN IF new.title = ''bad'' THEN RAISE ''not this one''; END IF; RETURN new; END';
	CREATE TRIGGER no BEFORE UPDATE ON taskq_task FOR EACH ROW EXECUTE FUNCTION no()});
my $log = -s $node->logfile;
query('desk', q{INSERT INTO taskq_task (title, due_date) SELECT CASE g WHEN 700 THEN 'bad' ELSE 'past' END, '2020-01-01' FROM generate_series(1, 1500) g});
status(q{last_result = 'some failed' AND failures >= 2}, 'one bad row: the sweep says so');
is(query('desk', q{SELECT title FROM taskq_tasks WHERE status <> stored_status}), 'bad', 'and leaves nothing but that row');
is(query('desk', 'SELECT overdue, failed FROM taskq_sweep_log ORDER BY id DESC LIMIT 1'), '1499|1', 'as taskq_sweep_log has it');
is(lines_in_log(qr/could not be swept/, $log), 1, 'once');
query('desk', q{INSERT INTO taskq_task (title, due_date) VALUES ('good', '2020-01-01')});
became('desk', q{SELECT status = 'OVERDUE' FROM taskq_task WHERE title = 'good'}, 'what comes later is swept all the same');
query('desk', q{DROP TRIGGER no ON taskq_task});
became('desk', $done, 'repaired, it is swept too');

# Settings of the owner and of the database do not reach the sweeper.
my $owner = query('desk', 'SELECT current_user');
query('desk', qq{ALTER ROLE "$owner" SET statement_timeout = '1ms'; ALTER ROLE "$owner" SET lock_timeout = '1ms';
	ALTER DATABASE desk SET default_transaction_read_only = on; ALTER DATABASE desk SET default_transaction_isolation = 'serializable';
	ALTER DATABASE desk SET search_path = 'nowhere'; ALTER DATABASE desk SET session_replication_role = replica});
{
	local $ENV{PGOPTIONS} = '-c statement_timeout=0 -c lock_timeout=0 -c default_transaction_read_only=off '
		. '-c default_transaction_isolation=read\\ committed -c search_path=public -c session_replication_role=origin';
	query('desk', $past);
	became('desk', $done, 'a database that is read-only and has tight timeouts is swept');
	one_event_each('desk', 'and each task has one event');
}

$node->stop;
done_testing();
