# Schedules under the worker, without calls by hand.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Utils;
use TaskqTest;
use Test::More;

# The interval is out of reach, so that only exact wake-ups explain what happens.
my $node = start_node('schedule', "taskq.sweep_interval = 1d\nmax_worker_processes = 16\n");
query('postgres', 'CREATE DATABASE desk');
query('desk', q{ALTER DATABASE desk SET taskq.timezone = 'Etc/GMT+12'});
query('desk', 'CREATE EXTENSION taskq');
became('desk', q{SELECT last_result = 'done' FROM taskq_worker_status WHERE database = 'desk'}, 'the worker has looked');

query('desk', q{INSERT INTO taskq_schedule (name, title_template, starts_on, every, lead_days) VALUES ('daily', 'Of {{date}}', taskq_today() - 3, '1 day', 1)});
became('desk', q{SELECT count(*) = 1 FROM taskq_task WHERE source = 'SCHEDULE' AND due_date = taskq_today() + 1 AND created_by IS NULL}, 'a new schedule is looked at at once');
became('desk', q{SELECT state = 'waiting' AND next_sweep_at = taskq_day_start(taskq_today() + 1) AND next_sweep_reason = 'due' FROM taskq_worker_status WHERE database = 'desk'},
	'then when the next task is to be created');
is(query('desk', 'SELECT schedules, tasks_created FROM taskq_sweep_log'), '5|1', 'and a row in taskq_sweep_log');

# A day or two later, elsewhere.
query('desk', q{ALTER DATABASE desk SET taskq.timezone = 'Etc/GMT-14'});
query('desk', 'SELECT taskq_worker_wake()');
became('desk', q{SELECT count(*) = 2 AND count(DISTINCT due_date) = 2 AND max(due_date) = taskq_today() + 1 FROM taskq_task}, 'a new day has its task');
query('desk', q{ALTER DATABASE desk SET taskq.timezone = 'Etc/GMT+12'});
query('desk', 'CALL taskq_sweep_all()');
is(query('desk', 'SELECT count(*) FROM taskq_task'), '2', 'back in yesterday there is no other');

# Disabled, it waits for nothing.
query('desk', 'UPDATE taskq_schedule SET is_enabled = false; SELECT taskq_worker_wake()');
became('desk', q{SELECT next_sweep_at > now() + interval '1 hour' FROM taskq_worker_status WHERE database = 'desk'}, 'disabled, it wakes nobody');

done_testing();
