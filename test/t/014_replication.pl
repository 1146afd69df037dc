# Logical replication: history once, one worker, ids that never collide.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Utils;
use TaskqTest;
use Test::More;

my $pub = start_node('publisher', "taskq.databases = 'none'\nwal_level = logical\n", allows_streaming => 'logical');
my $sub = start_node('subscriber', "taskq.sweep_interval = 1s\nwal_level = logical\nmax_logical_replication_workers = 8\nmax_worker_processes = 16\n", allows_streaming => 'logical');
my @tables = map { "taskq_$_" } qw(staff_member customer task task_event renewal renewal_threshold renewal_crossing workflow_rule workflow_run workflow_turn schedule schedule_run
	calendar calendar_window holiday sla_policy task_pause);
my $tables = join(', ', @tables);

# $TaskqTest::node is the subscriber: query() and became() ask there.
sub on_publisher
{
	my ($sql, $database) = @_;
	return $pub->safe_psql($database // 'postgres', $sql);
}

sub same_rows
{
	my ($name) = @_;
	$pub->wait_for_catchup('taskq');
	my $all = join(' UNION ALL ', map { qq{SELECT '$_', count(*), md5(string_agg(t::text, E'\\n' ORDER BY t::text COLLATE "C")) FROM $_ t} } @tables);
	return is(query('postgres', $all), on_publisher($all), $name);
}

# ----------------------------------------------------------- the first copy

on_publisher(q{CREATE EXTENSION taskq;
	INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana'), ('sta_2', 'Bob');
	INSERT INTO taskq_customer VALUES ('cus_1', 'Acme', 'sta_1');
	INSERT INTO taskq_workflow_rule (name, event, action, title_template, assignee_strategy) VALUES
		('Tell of overdue', 'task.overdue', 'CREATE_TASK', 'Overdue: {{task.title}}', 'LEAST_LOADED'), ('Row', 'row.changed', 'CREATE_TASK', 'Row', NULL);
	INSERT INTO taskq_renewal_threshold (service_type, days_before, task_priority) VALUES ('visa', 45, 'LOW');
	INSERT INTO taskq_task (title, due_date) VALUES ('past due', '2020-01-01');
	SELECT taskq_create('a', sla_hours => 2, assignee_id => 'sta_1', user_id => 'cus_1'), taskq_create('b'), taskq_create('c', due_date => taskq_today());
	SELECT taskq_start(2), taskq_complete(2, 'done'), taskq_cancel(3, 'no');
	SELECT taskq_renewal_create('cus_1', 'visa', taskq_today() + 40), taskq_renewal_create('cus_1', 'permit', taskq_today() + 10);
	INSERT INTO taskq_holiday (list, day) VALUES ('own', '2030-03-01');
	SELECT taskq_calendar_set('desk', 'Europe/Berlin', 'Mon-Fri 09:00-17:00', '{own}');
	INSERT INTO taskq_sla_policy (name, kind, calendar, response_hours, sla_hours) VALUES ('reviews', 'REVIEW', 'desk', 40, 400);
	SELECT taskq_create('review', kind => 'REVIEW'), taskq_create('review, paused', kind => 'REVIEW');
	SELECT taskq_pause(id, 'the bank') FROM taskq_task WHERE title LIKE 'review%';
	SELECT taskq_resume(id) FROM taskq_task WHERE title = 'review'});
on_publisher('CALL taskq_sweep_all()');
on_publisher("CREATE PUBLICATION taskq FOR TABLE $tables");
query('postgres', q{CREATE EXTENSION taskq; CREATE TRIGGER emit AFTER INSERT OR UPDATE ON taskq_task FOR EACH ROW EXECUTE FUNCTION taskq_emit_change('row.changed')});
query('postgres', q{CREATE SUBSCRIPTION taskq CONNECTION '} . $pub->connstr . q{ dbname=postgres application_name=taskq' PUBLICATION taskq});
$sub->wait_for_subscription_sync($pub, 'taskq');
same_rows('the first copy holds what the publisher has');

# ------------------------------------------------------------------ changes

on_publisher(q{SELECT taskq_create('d', dedupe_key => 'k', actor => 'sta_2'), taskq_start(4), taskq_reschedule(4, taskq_today() + 3), taskq_assign(4, 'sta_2'), taskq_comment(4, 'hm');
	UPDATE taskq_staff_member SET is_active = false WHERE id = 'sta_2';
	INSERT INTO taskq_task (title, due_date) SELECT 'late ' || i, '2020-01-01' FROM generate_series(1, 5) i});
on_publisher('CALL taskq_sweep_all()');
on_publisher(q{SELECT taskq_create('kept open'), taskq_complete(taskq_create('x')) WHERE false; SELECT taskq_renewal_complete(1, next_due_date => taskq_today() + 400)});
same_rows('changes arrive, and history once');
# A session that has read the calendar reads it again.
my $reader = $sub->background_psql('postgres');
my $hours = q{SELECT taskq_business_hours('desk', '2030-03-04 00:00+00', '2030-03-05 00:00+00')};
is($reader->query_safe($hours), '8', 'business hours on the subscriber');
on_publisher(q{SELECT taskq_calendar_set('desk', 'Europe/Berlin', 'Mon-Fri 09:00-15:00', '{own}')});
on_publisher(q{SELECT taskq_resume(id), taskq_pause(id, 'again', now() + interval '1 year') FROM taskq_task WHERE title LIKE 'review%'});
on_publisher('CALL taskq_sweep_all()');
on_publisher(q{DELETE FROM taskq_task_pause WHERE task_id = (SELECT id FROM taskq_task WHERE title = 'review')});
same_rows('calendars and pauses change there, too');
is($reader->query_safe($hours), '6', 'and sessions see it');
on_publisher(q{INSERT INTO taskq_holiday (list, day) VALUES ('own', '2030-03-04')});
same_rows('holidays');
is($reader->query_safe($hours), '0', 'too');
$reader->quit;
is(query('postgres', q{SELECT count(*) FROM taskq_calendar CROSS JOIN LATERAL taskq_sla_moves(name)}), '0', 'deadlines follow from calendars');
is(query('postgres', q{SELECT count(*) FROM taskq_workflow_run WHERE event = 'row.changed'}), '0', 'rules and triggers do not fire again');
is(query('postgres', q{SELECT count(*) FROM taskq_task_event WHERE kind = 'overdue' GROUP BY task_id HAVING count(*) > 1}), '', 'no task became OVERDUE twice');

# ------------------------------------------------- only the publisher sweeps

on_publisher(q{INSERT INTO taskq_task (title, due_date, created_at, sla_hours) VALUES ('not swept', '2020-01-01', '2020-01-01', 1)});
$pub->wait_for_catchup('taskq');
my $before = query('postgres', 'SELECT clock_timestamp()');
query('postgres', 'SELECT taskq_worker_wake()');
became('postgres', qq{SELECT last_sweep_at > '$before' FROM taskq_worker_status WHERE database = 'postgres'}, 'the worker has looked');
is(query('postgres', q{SELECT last_result FROM taskq_worker_status WHERE database = 'postgres'}), 'subscriber', 'and says that the publisher sweeps');
is(query('postgres', q{SELECT status, stored_status, sla_status, sla_breached_at FROM taskq_tasks WHERE title = 'not swept'}), 'OVERDUE|OPEN|BREACHED|',
	'readers see the right status all the same');
same_rows('and nothing was written');

# ---------------------------------------------------------------- retention

my $closed = q{SELECT count(*) FROM taskq_task WHERE completed_at IS NOT NULL OR cancelled_at IS NOT NULL};
cmp_ok(query('postgres', $closed), '>', 1, 'there are closed tasks');
on_publisher(q{SELECT taskq_purge(interval '0')});
same_rows('what retention deletes goes there too, with its history');
is(query('postgres', $closed), '0', 'all of it');

# --------------------------------------------------------------- switchover

my $last = on_publisher('SELECT max(id) FROM taskq_task');
my $last_event = on_publisher('SELECT max(id) FROM taskq_task_event');
$pub->stop;
query('postgres', q{ALTER SUBSCRIPTION taskq DISABLE; ALTER SUBSCRIPTION taskq SET (slot_name = NONE); DROP SUBSCRIPTION taskq; DROP TRIGGER emit ON taskq_task});

# Too early: the sequences have not been set yet.
my ($status, $out, $err) = $sub->psql('postgres', q{SELECT taskq_create('too early')});
like($err, qr/duplicate key value violates unique constraint "taskq_task_pkey"/, 'before the sequences are set nothing can be created');
query('postgres', 'SELECT taskq_worker_wake()');
became('postgres', q{SELECT last_result = 'restoring' FROM taskq_worker_status WHERE database = 'postgres'}, 'and the worker waits');
is(query('postgres', q{SELECT stored_status FROM taskq_tasks WHERE title = 'not swept'}), 'OPEN', 'without touching anything');

# The recipe of the README.
my $recipe = q{
SELECT setval('taskq_task_id_seq', (SELECT max(id) FROM taskq_task)),
       setval('taskq_task_event_id_seq', (SELECT max(id) FROM taskq_task_event)),
       setval('taskq_renewal_id_seq', (SELECT max(id) FROM taskq_renewal)),
       setval('taskq_renewal_threshold_id_seq', (SELECT max(id) FROM taskq_renewal_threshold)),
       setval('taskq_renewal_crossing_id_seq', (SELECT max(id) FROM taskq_renewal_crossing)),
       setval('taskq_workflow_rule_id_seq', (SELECT max(id) FROM taskq_workflow_rule)),
       setval('taskq_workflow_run_id_seq', (SELECT max(id) FROM taskq_workflow_run)),
       taskq_worker_wake();
};
query('postgres', $recipe);
became('postgres', q{SELECT stored_status = 'OVERDUE' FROM taskq_tasks WHERE title = 'not swept'}, 'then it sweeps');
became('postgres', q{SELECT last_result = 'done' FROM taskq_worker_status WHERE database = 'postgres'}, 'and says so');
is(query('postgres', q{SELECT count(*) FROM taskq_task_event e JOIN taskq_task t ON t.id = e.task_id WHERE t.title = 'not swept' AND e.kind IN ('overdue', 'sla_breached')}),
	'2', 'one event each');
is(query('postgres', "SELECT bool_and(e.id > $last_event) FROM taskq_task_event e JOIN taskq_task t ON t.id = e.task_id WHERE t.title = 'not swept'"), 't', 'with new ids');
is(query('postgres', q{SELECT count(*) FROM taskq_task WHERE title = 'Overdue: not swept'}), '1', 'rules fire now');
is(query('postgres', "SELECT taskq_create('new') > $last"), 't', 'new tasks have new ids');
is(query('postgres', q{SELECT count(*) FROM taskq_renewals_refresh()}), '0', 'no threshold of a renewal is crossed again');
is(query('postgres', q{SELECT taskq_renewal_create('cus_1', 'permit', taskq_today() + 11) = max(id) + 1 FROM taskq_renewal}), 't', 'renewals go on');

# ------------------------------------------- two publishers, one subscriber

# Each desk gives every second id.
$pub->start;
query('postgres', 'CREATE DATABASE central');
query('central', 'CREATE EXTENSION taskq');
became('central', 'SELECT count(*) = 1 FROM taskq_counter_state', 'while nothing is replicated, the numbers of the stats bar are kept');
my %first = (north => 1, south => 2);
for my $desk (sort keys %first)
{
	on_publisher("CREATE DATABASE $desk");
	on_publisher(qq{CREATE EXTENSION taskq;
		ALTER TABLE taskq_task ALTER COLUMN id SET INCREMENT BY 2 RESTART WITH $first{$desk};
		ALTER TABLE taskq_task_event ALTER COLUMN id SET INCREMENT BY 2 RESTART WITH $first{$desk};
		INSERT INTO taskq_staff_member VALUES ('sta_$desk', '$desk');
		CREATE PUBLICATION $desk FOR TABLE taskq_staff_member, taskq_customer, taskq_task, taskq_task_event}, $desk);
	query('central', qq{CREATE SUBSCRIPTION $desk CONNECTION '} . $pub->connstr . qq{ dbname=$desk application_name=$desk' PUBLICATION $desk});
}
on_publisher(qq{SELECT taskq_start(taskq_create('$_ ' || i, assignee_id => 'sta_$_')) FROM generate_series(1, 20) i;
	INSERT INTO taskq_task (title, due_date) VALUES ('$_ late', '2020-01-01'); SELECT count(*) FROM taskq_sweep()}, $_) for keys %first;
for (keys %first)
{
	$sub->wait_for_subscription_sync($pub, $_, 'central');
	$pub->wait_for_catchup($_);
}
is(query('central', q{SELECT count(*), count(*) FILTER (WHERE id % 2 = 1 AND title LIKE 'north %'), count(*) FILTER (WHERE id % 2 = 0 AND title LIKE 'south %'), max(id) FROM taskq_task}),
	'42|21|21|42', 'tasks of both, no id twice');
is(query('central', q{SELECT kind, count(*), count(DISTINCT task_id) FROM taskq_task_event GROUP BY 1 ORDER BY 1}), "overdue|2|2\nstarted|40|40", 'and their history');
is(query('central', 'SELECT open, in_progress, overdue FROM taskq_queue_stats'), '0|40|2', 'one place to look at');
$before = query('postgres', 'SELECT clock_timestamp()');
query('central', 'SELECT taskq_worker_wake()');
became('central', qq{SELECT last_sweep_at > '$before' AND last_result = 'subscriber' FROM taskq_worker_status WHERE database = 'central'}, 'where nobody sweeps');
query('central', 'CALL taskq_sweep_all()');
is(query('central', 'SELECT count(*) FROM taskq_counter_state'), '0', 'and nobody keeps count, not even who sweeps by hand');
is(on_publisher('SELECT statement FROM taskq_customizations()', 'south'), join("\n", map { "ALTER SEQUENCE public.taskq_${_}_id_seq INCREMENT BY 2 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1;" } qw(task_event task))
	. join('', map { "\nALTER PUBLICATION south ADD TABLE public.taskq_$_;" } qw(customer staff_member task task_event)), 'a dump of a desk keeps to its ids');

query('central', "DROP SUBSCRIPTION $_") for keys %first;
query('central', q{SELECT setval('taskq_task_id_seq', max(id)) FROM taskq_task; SELECT setval('taskq_task_event_id_seq', max(id)) FROM taskq_task_event; SELECT taskq_worker_wake()});
became('central', 'SELECT count(*) = 1 FROM taskq_counter_state', 'until nothing is replicated any more');
is(query('central', 'SELECT open, in_progress, overdue FROM taskq_queue_stats'), '0|40|2', 'with the same numbers');

# ------------------------------------------------- a publication of all tables

$_->safe_psql('postgres', 'CREATE DATABASE everything') for $pub, $sub;
$_->safe_psql('everything', 'CREATE EXTENSION taskq') for $pub, $sub;
on_publisher(q{INSERT INTO taskq_renewal_threshold (days_before, task_priority) VALUES (100, 'LOW');
	INSERT INTO taskq_customer (id, name) VALUES ('cus_1', 'Acme');
	SELECT taskq_renewal_create('cus_1', 'permit', taskq_today() + 10);
	CREATE PUBLICATION everything FOR ALL TABLES}, 'everything');
query('everything', q{CREATE SUBSCRIPTION everything CONNECTION '} . $pub->connstr . q{ dbname=everything application_name=everything' PUBLICATION everything});
$sub->wait_for_subscription_sync($pub, 'everything', 'everything');
on_publisher(q{UPDATE taskq_renewal_threshold SET task_priority = 'URGENT'}, 'everything');
on_publisher('SELECT FROM taskq_sweep()', 'everything');
is(on_publisher('SELECT count(*) FROM taskq_renewal_recheck; SELECT priority FROM taskq_task', 'everything'), "0\nURGENT",
	'with all tables published, a sweep looks at renewals again when a threshold has changed');
$pub->wait_for_catchup('everything');
is(query('everything', 'SELECT priority FROM taskq_task'), 'URGENT', 'and all of it arrives');
on_publisher(q{SET session_replication_role = replica; TRUNCATE taskq_task}, 'everything');
$pub->wait_for_catchup('everything');
is(query('everything', 'SELECT count(*) FROM taskq_task'), '0', 'even that a superuser truncates, as tasks and pauses are published together');
query('everything', 'DROP SUBSCRIPTION everything');
$pub->stop;
$sub->stop;
done_testing();
