# Sweeps that fail: logged once, tried ever more rarely, without effect on other databases.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Utils;
use TaskqTest;
use Test::More;

my $node = start_node('errors', <<'CONF', extra => ['--encoding=UTF8', '--locale=C']);
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

# A long message is truncated between two characters, so that the same one is not logged again.
query('desk', qq{CREATE FUNCTION long() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''%'', repeat(E''\\u20ac'', 999); END';
	CREATE TRIGGER long BEFORE UPDATE ON taskq_task FOR EACH ROW EXECUTE FUNCTION long()});
$log = -s $node->logfile;
query('desk', $past);
status(q{last_result = 'some failed' AND failures >= 2 AND last_error ~ E'^task [0-9]+: \u20ac+$'}, 'a long message is cut off');
is(lines_in_log(qr/could not be swept/, $log), 1, 'and told once');
query('desk', 'DROP TRIGGER long ON taskq_task; SELECT taskq_worker_wake()');
became('desk', $done, 'that is over, too');

# What ends the sweeper's process is stored, too, though PostgreSQL logs it each time.
query('desk', "CREATE FUNCTION quit() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()), pg_sleep(60); END';
	CREATE TRIGGER quit BEFORE UPDATE ON taskq_task FOR EACH ROW EXECUTE FUNCTION quit(); $past");
status(q{last_result = 'failed' AND failures >= 2 AND last_error ~ '^terminating background worker .* due to administrator command$'},
	'a sweeper that is terminated says so');
query('desk', 'DROP TRIGGER quit ON taskq_task; SELECT taskq_worker_wake()');
became('desk', $done, 'what it left undone is swept once that is over');
query('postgres', q{ALTER SYSTEM SET dynamic_library_path = '/nowhere'});
$node->reload;
{
	# From PostgreSQL 18 on, taskq's functions are looked for on that path, too.
	local $ENV{PGOPTIONS} = '-c dynamic_library_path=$libdir';
	status(q{last_result = 'failed' AND failures >= 2 AND last_error = 'sweeper exited without reporting an error; see the server log'},
		'the launcher says it of one that cannot even start');
}
query('postgres', 'ALTER SYSTEM RESET dynamic_library_path');
$node->reload;
status(q{failures = 0 AND last_result = 'done'}, 'over, sweeps go on by themselves');

# What a user's trigger sets for the session holds for its batch only.
query('postgres', q{ALTER SYSTEM SET taskq.sweep_batch_size = 1});
$node->reload;
query('desk', q{CREATE FUNCTION wrong() RETURNS trigger LANGUAGE plpgsql AS
	'BEGIN PERFORM set_config(name, setting, false) FROM (VALUES (''search_path'', ''nowhere''), (''default_transaction_read_only'', ''on''),
		(''default_transaction_isolation'', ''serializable''), (''statement_timeout'', ''1'')) s(name, setting); RETURN new; END';
	CREATE TRIGGER wrong BEFORE UPDATE ON taskq_task FOR EACH ROW EXECUTE FUNCTION wrong()});
my $before = -s $node->logfile;
query('desk', $past);
became('desk', $done, 'a trigger that changes settings does so for its own batch');
is(lines_in_log(qr/taskq does not sweep/, $before), 0, 'not for the next');
one_event_each('desk', 'and each task has one event');
query('desk', 'DROP TRIGGER wrong ON taskq_task');
query('postgres', 'ALTER SYSTEM RESET taskq.sweep_batch_size');

# Settings of the server, the database and the role do not reach the worker ...
my $owner = query('desk', 'SELECT current_user');
my %wrong = map { $_ => '1ms' } split ' ', query('desk', q{SELECT string_agg(name, ' ') FROM pg_settings
	WHERE name ~ '^(statement|transaction|lock|idle_in_transaction_session|idle_session)_timeout$'});
my %right = map { $_ => '0' } keys %wrong;
%right = (%right, default_transaction_isolation => 'read\\ committed', session_replication_role => 'origin', search_path => 'public',
	role => 'none', default_transaction_deferrable => 'off');
local $ENV{PGOPTIONS} = join ' ', map { "-c $_=$right{$_}" } keys %right;
query('desk', 'CREATE ROLE nobody');
query('desk', qq{ALTER ROLE "$owner" SET $_ = '$wrong{$_}'; ALTER DATABASE desk SET $_ = '$wrong{$_}'; ALTER ROLE ALL SET $_ = '$wrong{$_}'}) for keys %wrong;
%wrong = (%wrong, default_transaction_isolation => 'serializable', default_transaction_deferrable => 'on', session_replication_role => 'replica', search_path => 'nowhere');
for my $name (keys %wrong)
{
	# Nobody could connect under that one: a transaction comes before a client's options.
	$node->append_conf('postgresql.conf', "$name = '$wrong{$name}'") if $name ne 'transaction_timeout';
	query('desk', qq{ALTER DATABASE desk SET $name = '$wrong{$name}'});
}

# One sets the other back, so each alone, too.
for my $set ([qw(role)], [qw(session_authorization)], [qw(role session_authorization)])
{
	query('desk', "ALTER DATABASE desk SET $_ = nobody") for @$set;
	$node->restart;
	query('desk', $past);
	became('desk', $done, "a database with tight timeouts, settings that would change what happens, and @$set is swept");
	one_event_each('desk', 'and each task has one event');
	is(query('desk', q{SELECT failures FROM taskq_worker_status WHERE database = 'desk'}), '0', 'none has failed');
	query('desk', "ALTER DATABASE desk RESET $_") for @$set;
}

# ... except default_transaction_read_only.
my @guards = (
	[ 'the server', 'ALTER SYSTEM SET default_transaction_read_only = on', 'ALTER SYSTEM RESET default_transaction_read_only' ],
	[ 'the database', 'ALTER DATABASE desk SET default_transaction_read_only = on', 'ALTER DATABASE desk RESET default_transaction_read_only' ],
	[ 'the role', qq{ALTER ROLE "$owner" SET default_transaction_read_only = on}, qq{ALTER ROLE "$owner" RESET default_transaction_read_only} ]);
$ENV{PGOPTIONS} .= ' -c default_transaction_read_only=off';
for my $guard (@guards)
{
	my $log = -s $node->logfile;
	query('desk', $guard->[1]);
	$node->reload;
	status(q{last_result = 'read only' AND last_error = 'default_transaction_read_only is on.' AND failures = 0}, "read-only by default of $guard->[0]: the status says so");
	query('desk', $past);
	my $xid = query('desk', 'SELECT pg_snapshot_xmax(pg_current_snapshot())');
	for (1 .. 2)
	{
		my $swept_at = query('desk', q{SELECT last_sweep_at FROM taskq_worker_status WHERE database = 'desk'});
		status("last_sweep_at <> '$swept_at'");
	}
	is(query('desk', 'SELECT pg_snapshot_xmax(pg_current_snapshot())'), $xid, 'nothing is written');
	is(lines_in_log(qr/LOG:  taskq does not sweep database "desk"\n[^\n]*DETAIL:  default_transaction_read_only is on\./, $log), 1, 'the log says so once');
	query('desk', $guard->[2]);
	$node->reload;
	became('desk', $done, 'when it is off again sweeps go on by themselves');
	one_event_each('desk', 'and each task has one event');
}

$node->stop;
done_testing();
