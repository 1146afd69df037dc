# Transactions that end in unusual ways: prepared and ended by another session,
# or partly rolled back.  What was rolled back is not notified; what was committed is swept.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Utils;
use TaskqTest;
use Test::More;

my $node = start_node('transactions', "max_prepared_transactions = 10\ntaskq.sweep_interval = 1s\n");
query('postgres', q{CREATE DATABASE desk; ALTER DATABASE desk SET taskq.notify_channel = 'tasks'});
query('desk', q{CREATE EXTENSION taskq; INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana'), ('sta_2', 'Bob')});

# The notifications that a listening session receives from a script, as a list.
sub heard
{
	my ($script) = @_;
	my ($rc, $out, $err) = $node->psql('desk', "LISTEN tasks; $script; SELECT 1;");
	is($rc, 0, 'the script runs') or diag($err);
	return join ' ', $out =~ /notification "tasks" with payload "(.*?)" received/g;
}

# ------------------------------------------------------ prepared transactions

query('desk', q{BEGIN; SELECT taskq_create('prepared', due_date => '2020-01-01') AS id \gset
	SELECT taskq_start(:id); INSERT INTO taskq_task (title, due_date) VALUES ('late', '2020-01-01'), ('other', NULL); PREPARE TRANSACTION 'one'});
query('desk', q{BEGIN; INSERT INTO taskq_task (title, due_date) VALUES ('never', '2020-01-01'); PREPARE TRANSACTION 'two'});
is(query('desk', 'SELECT count(*) FROM taskq_task'), '0', 'what is prepared is not there yet');
query('desk', q{INSERT INTO taskq_task (title, due_date) VALUES ('meanwhile', '2020-01-01')});
became('desk', q{SELECT status = 'OVERDUE' FROM taskq_task WHERE title = 'meanwhile'}, 'sweeps go on beside it');
is(heard(q{COMMIT PREPARED 'one'}), '', 'the commit tells no listener: NOTIFY cannot be prepared');
query('desk', q{ROLLBACK PREPARED 'two'});
became('desk', q{SELECT status = 'OVERDUE' FROM taskq_task WHERE title = 'late'}, 'another session commits it: it is swept at the next interval');
is(query('desk', q{SELECT string_agg(title, ' ' ORDER BY id) FROM taskq_task}), 'prepared late other meanwhile', 'and only that');
is(query('desk', q{SELECT e.kind FROM taskq_task_event e JOIN taskq_task t ON t.id = task_id WHERE title = 'prepared'}), 'started', 'its events are there once');
query('desk', q{UPDATE taskq_task SET title = 'locked' WHERE title = 'other'; BEGIN; UPDATE taskq_task SET due_date = '2020-01-01' WHERE title = 'locked'; PREPARE TRANSACTION 'three'});
query('desk', q{INSERT INTO taskq_task (title, due_date) VALUES ('past the lock', '2020-01-01')});
became('desk', q{SELECT status = 'OVERDUE' FROM taskq_task WHERE title = 'past the lock'}, 'a sweep waits for no prepared lock');
$node->restart;
query('desk', q{COMMIT PREPARED 'three'});
is(query('desk', q{SELECT status FROM taskq_task WHERE title = 'locked'}), 'OVERDUE', 'and it outlives a restart');

# ---------------------------------------------------------------- savepoints

query('desk', q{INSERT INTO taskq_task (id, title) SELECT g, 'bulk' FROM generate_series(1001, 7000) g; SELECT setval('taskq_task_id_seq', 10000)});
is(heard(q{BEGIN; SAVEPOINT s; SELECT taskq_create('gone'); SELECT taskq_start(1001); ROLLBACK TO s; SELECT taskq_start(1002); COMMIT}),
	'{"ids":[1002],"more":false}', 'a message tells nothing that a savepoint took back');
is(heard(q{BEGIN; SAVEPOINT s; SELECT taskq_start(1003); ROLLBACK TO s; COMMIT}), '', 'and is not sent for nothing');
is(heard(q{BEGIN; SAVEPOINT s; SELECT taskq_start(1004); SAVEPOINT t; SELECT taskq_start(1005); RELEASE t; ROLLBACK TO s; SELECT taskq_start(1006); SAVEPOINT u; SELECT taskq_start(1007); RELEASE u; COMMIT}),
	'{"ids":[1006,1007],"more":false}', 'nor of a savepoint released into one that was');
is(heard(q{BEGIN; SAVEPOINT s; UPDATE taskq_task SET priority = 'HIGH' WHERE title = 'bulk'; ROLLBACK TO s; SELECT taskq_start(1008); COMMIT}),
	'{"ids":[1008],"more":false}', 'nor that more was changed than fits, if that was taken back');
is(query('desk', q{SELECT string_agg(task_id || ' ' || kind, ', ' ORDER BY e.id) FROM taskq_task_event e WHERE task_id > 1000}),
	'1002 started, 1006 started, 1007 started, 1008 started', 'history has no event of it either');

# A wake-up for what was rolled back has no effect; the rest is swept.
query('desk', q{BEGIN; SAVEPOINT s; INSERT INTO taskq_task (title, due_date) VALUES ('undone', '2020-01-01'); SELECT taskq_worker_wake();
	ROLLBACK TO s; INSERT INTO taskq_task (title, due_date) VALUES ('done', '2020-01-01'); COMMIT});
became('desk', q{SELECT status = 'OVERDUE' FROM taskq_task WHERE title = 'done'}, 'after a savepoint with a wake-up was rolled back');

# An event inside a caller's subtransaction that fails: its tasks are not returned.
query('desk', q{INSERT INTO taskq_workflow_rule (name, event, action, title_template) VALUES
		('outer', 'outer', 'CREATE_TASK', 'outer'), ('inner', 'inner', 'CREATE_TASK', 'inner');
	CREATE FUNCTION inside() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS $$BEGIN
		IF new.title = 'outer' THEN
			BEGIN PERFORM taskq_emit('inner', '{}'); RAISE 'no'; EXCEPTION WHEN raise_exception THEN NULL; END;
		END IF;
		RETURN NULL; END$$;
	CREATE TRIGGER inside AFTER INSERT ON taskq_task FOR EACH ROW EXECUTE FUNCTION inside()});
is(query('desk', q{SELECT array_agg(id) AS ids FROM taskq_emit('outer', '{}') id \gset
	SELECT string_agg(coalesce(title, 'gone'), ' ') FROM unnest(:'ids'::bigint[]) id LEFT JOIN taskq_task USING (id)}),
	'outer', 'taskq_emit returns no task that was rolled back with a savepoint');
is(query('desk', q{SELECT string_agg(title, ' ') FROM taskq_emit_dry_run('outer', '{}')}), 'outer', 'nor does a dry run');
is(query('desk', q{BEGIN; SAVEPOINT s; SELECT FROM taskq_emit('inner', '{}') \g /dev/null
	ROLLBACK TO s; SELECT count(*) FROM taskq_emit('inner', '{}'); COMMIT}), '1', 'one call after another that was rolled back');
is(query('desk', q{SELECT count(*) FROM taskq_task WHERE title = 'inner'}), '1', 'and there is one task');

# After an error that was caught, the actor is not that of the call that failed.
is(query('desk', q{DO $$BEGIN PERFORM taskq_start(-1, actor => 'ghost'); EXCEPTION WHEN no_data_found THEN NULL; END$$;
	SELECT taskq_actor() = session_user}), 't', 'a failed call leaves no actor behind');

$node->stop;
done_testing();
