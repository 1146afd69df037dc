# Databases are created and dropped, and each has its own midnight.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use TaskqTest;
use Test::More;

my $node = start_node('databases', <<'CONF');
taskq.sweep_interval = 1s
taskq.sweep_batch_size = 500
taskq.log_sweeps = all
max_worker_processes = 16
wal_level = minimal
max_wal_senders = 0
CONF

# Three desks, three midnights, one after the other.
my @desks = qw(tokyo london lima);
my $apart = 3;
for my $i (0 .. 2)
{
	query('postgres', "CREATE DATABASE $desks[$i]");
	query('postgres', "ALTER DATABASE $desks[$i] SET taskq.timezone = '" . zone_with_midnight_in(4 + $apart * $i) . "'");
	query($desks[$i], 'CREATE EXTENSION taskq; INSERT INTO taskq_task (title, due_date) VALUES (\'due today\', taskq_today())');
}
for my $desk (@desks)
{
	became($desk, q{SELECT status = 'OVERDUE' FROM taskq_task}, "$desk: its day ends");
	is(query($desk, qq{SELECT at >= taskq_day_start(due_date + 1) AND at < taskq_day_start(due_date + 1) + interval '$apart seconds'
			FROM taskq_task t JOIN taskq_task_event e ON e.task_id = t.id}), 't', "$desk: at its own midnight");
}
query('postgres', "DROP DATABASE $_") for @desks;

# A backlog to be copied: a template is not swept.
query('postgres', 'CREATE DATABASE backlog');
query('postgres', 'ALTER DATABASE backlog IS_TEMPLATE true');
query('backlog', 'CREATE EXTENSION taskq');
load_past('backlog', 40000);
query('postgres', 'CREATE DATABASE closed TEMPLATE backlog ALLOW_CONNECTIONS false');

query('postgres', 'CREATE DATABASE dropped TEMPLATE backlog');
ok(sweeping_in('dropped'), 'a copy is swept');
query('postgres', 'DROP DATABASE dropped');
pass('DROP DATABASE in the middle of its sweep');

query('postgres', 'CREATE DATABASE renamed TEMPLATE backlog');
ok(sweeping_in('renamed'), 'another copy is swept');
query('postgres', 'ALTER DATABASE renamed RENAME TO anew');
pass('ALTER DATABASE RENAME in the middle of its sweep');
became('anew', q{SELECT count(*) = 0 FROM taskq_tasks WHERE status <> stored_status}, 'it is finished under the new name');
one_event_each('anew', 'and each task has one event');

query('postgres', 'CREATE DATABASE source TEMPLATE backlog');
ok(sweeping_in('source'), 'and another');
query('postgres', 'CREATE DATABASE copy TEMPLATE source');
pass('CREATE DATABASE ... TEMPLATE in the middle of its sweep');
for my $database (qw(source copy))
{
	became($database, q{SELECT count(*) = 0 FROM taskq_tasks WHERE status <> stored_status}, "$database: finished");
	one_event_each($database, "$database: each task has one event");
}
is(query('backlog', q{SELECT count(*) FROM taskq_task_event}), '0', 'the template was left alone');
is(query('anew', q{SELECT count(*) FROM taskq_worker_status WHERE database IN ('backlog', 'closed', 'template0', 'template1', 'renamed', 'dropped')}),
	'0', 'so was what takes no connections; what is gone is forgotten');

# A sweeper whose database is dropped before it connects gets PostgreSQL's FATAL, as autovacuum's do.
is( join("\n", slurp_file($node->logfile) =~ /\n([^\n]* (?:ERROR|FATAL|PANIC|WARNING):(?!  database \d+ does not exist\n)[^\n]*)/g),
	'', 'no error was logged');

# Databases without the extension are swept once, then rarely.
query('postgres', "DROP DATABASE $_") for qw(source copy);
query('postgres', "CREATE DATABASE empty_$_ STRATEGY file_copy") for 1 .. 50;
became('anew', q{SELECT count(*) = 50 FROM taskq_worker_status WHERE database LIKE 'empty%' AND last_result = 'no extension'},
	'50 databases without the extension are looked at');
is(query('anew', q{SELECT count(*) FROM taskq_worker_status
		WHERE database LIKE 'empty%' AND NOT (next_sweep_reason = 'absent' AND next_sweep_at > now() + interval '9 minutes')}),
	'0', 'and then left for ten minutes');

# Idle: one sweep an interval in the database that has the extension, and no WAL.
query('postgres', 'CHECKPOINT');
my $lsn = query('postgres', 'SELECT pg_current_wal_insert_lsn()');
my ($log, $began) = (-s $node->logfile, time);
$node->wait_for_log(qr/(?:taskq sweep: database=anew overdue=0.*\n(?:.*\n)*?.*){3}/, $log);
is(query('postgres', 'SELECT pg_current_wal_insert_lsn()'), $lsn, 'three sweeps with nothing to do write no WAL');
cmp_ok(lines_in_log(qr/taskq sweep: database=anew/, $log), '<=', time - $began + 1, 'not more than one sweep an interval');

$node->stop;
done_testing();
