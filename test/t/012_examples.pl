# The examples, as a user would copy them; and the engines, run by the worker.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Utils;
use TaskqTest;
use Test::More;

my $node = start_node('examples', "taskq.sweep_interval = 1h\n");
query('postgres', q{CREATE EXTENSION taskq;
	INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana'), ('sta_2', 'Bob'), ('sta_supervisor', 'Sue');
	INSERT INTO taskq_customer VALUES ('cus_1', 'Acme', 'sta_1');
	CREATE TABLE documents (id bigint PRIMARY KEY, name text, customer_id text, status text);
	CREATE TABLE uploads (id bigint PRIMARY KEY, name text, customer_id text);
	CREATE TABLE clients (id text PRIMARY KEY, name text, agent_id text)});
query('postgres', slurp_file("$FindBin::RealBin/../../examples/$_.sql")) for qw(document_rejected document_uploaded new_customer sla_breached);

my $tasks = q{SELECT title, priority, due_date - taskq_today(), assignee_id, user_id FROM taskq_task WHERE source = 'WORKFLOW' ORDER BY id DESC LIMIT 1};
query('postgres', q{INSERT INTO documents VALUES (7, 'bank statement', 'cus_1', 'NEW')});
is(query('postgres', $tasks), '', 'a new document makes no task');
query('postgres', q{BEGIN; UPDATE documents SET status = 'REJECTED'; ROLLBACK});
is(query('postgres', $tasks), '', 'nor does a rejection that is rolled back');
query('postgres', q{UPDATE documents SET status = 'REJECTED'});
is(query('postgres', $tasks), 'Follow up on rejected bank statement|HIGH|2|sta_1|cus_1', 'a rejection makes a follow-up');
query('postgres', q{UPDATE documents SET status = 'NEW'; UPDATE documents SET status = 'REJECTED'});
is(query('postgres', q{SELECT count(*) FROM taskq_task}), '1', 'one at a time for a document');

query('postgres', q{INSERT INTO uploads VALUES (1, 'passport', 'cus_1'); INSERT INTO uploads VALUES (2, 'permit', 'cus_1')});
is(query('postgres', q{SELECT title, assignee_id, sla_hours FROM taskq_task WHERE title LIKE 'Review%' ORDER BY id}),
	"Review passport|sta_2|24\nReview permit|sta_supervisor|24", 'uploads are reviewed by whoever has the least to do');

query('postgres', q{INSERT INTO clients VALUES ('cus_2', 'Zenith', 'sta_2')});
is(query('postgres', $tasks), "Review Zenith \xe2\x80\x94 initial document check|MEDIUM|2|sta_2|cus_2", 'a new client is checked');

# By the worker, at the deadline.
query('postgres', q{SELECT taskq_create('Slow work', sla_hours => 1.0 / 3600, assignee_id => 'sta_1')});
my $slow = q{SELECT id FROM taskq_task WHERE title = 'Slow work'};
became('postgres', qq{SELECT priority = 'HIGH' AND sla_breached_at IS NOT NULL FROM taskq_task WHERE id = ($slow)}, 'a breach escalates the task');
is(query('postgres', $tasks), 'SLA breached: task ' . query('postgres', $slow) . ' of Ana|HIGH|0|sta_supervisor|', 'and tells the supervisor');
is(query('postgres', q{SELECT count(*) FROM taskq_workflow_run WHERE outcome = 'failed'}), '0', 'no rule failed');

# By the worker, too: an SLA that is at risk, but not breached.
query('postgres', slurp_file("$FindBin::RealBin/../../examples/sla_at_risk.sql"));
query('postgres', q{INSERT INTO taskq_task (title, assignee_id, created_at, sla_hours) VALUES ('Tight work', 'sta_1', now() - interval '54 minutes', 1)});
my $tight = q{SELECT id FROM taskq_task WHERE title = 'Tight work'};
became('postgres', qq{SELECT priority = 'HIGH' AND sla_breached_at IS NULL FROM taskq_task WHERE id = ($tight)}, 'an SLA at risk escalates the task');
is(query('postgres', $tasks), 'SLA at risk: task ' . query('postgres', $tight) . ' of Ana|HIGH|0|sta_supervisor|', 'and whoever leads the shift gets a task');
like(query('postgres', q{SELECT description FROM taskq_task WHERE title LIKE 'SLA at risk%'}), qr/^Tight work: 9\d percent of its time have passed, it is due at 20/,
	'which says how much time has passed');
query('postgres', q{SELECT taskq_worker_wake()});
is(query('postgres', q{SELECT count(*) FROM taskq_task WHERE title LIKE 'SLA at risk%'}), '1', 'once');
is(query('postgres', q{SELECT count(*) FROM taskq_workflow_run WHERE outcome = 'failed'}), '0', 'no rule failed');

# Renewals: at the commit, and at midnight.
my $log = -s $node->logfile;
query('postgres', q{SELECT taskq_renewal_create('cus_1', 'residence permit', taskq_today() + 14)});
became('postgres', q{SELECT count(*) = 1 FROM taskq_task WHERE source = 'RENEWAL' AND priority = 'HIGH' AND assignee_id = 'sta_1'},
	'a renewal that is late already has its task at once');
$node->wait_for_log(qr/taskq sweep: database=postgres overdue=0 .* sla_breached=0 .* renewals=4 tasks_created=1/, $log);
pass('and the log says so');
query('postgres', q{UPDATE taskq_renewal SET due_date = taskq_today() + 7});
became('postgres', q{SELECT count(*) = 1 FROM taskq_task WHERE source = 'RENEWAL' AND priority = 'URGENT'}, 'moved closer, it is urgent');
query('postgres', "ALTER DATABASE postgres SET taskq.timezone = '" . zone_with_midnight_in(5) . "'");
query('postgres', q{SELECT taskq_renewal_create('cus_1', 'policy', taskq_today() + 15), taskq_worker_wake()});
is(query('postgres', q{SELECT count(*) FROM taskq_task WHERE title LIKE '%policy%'}), '0', 'one that is not near yet has none');
became('postgres', q{SELECT count(*) = 1 FROM taskq_task WHERE title LIKE '%policy%' AND priority = 'HIGH'}, 'until midnight, when the worker wakes for it');

# Lists of holidays.
query('postgres', slurp_file("$FindBin::RealBin/../../examples/holidays/$_.sql")) for qw(germany turkey);
query('postgres', q{SELECT taskq_calendar_set('Munich', 'Europe/Berlin', 'Mon-Fri 09:00-17:00', '{de,de-by}'), taskq_calendar_set('Istanbul', 'Europe/Istanbul', 'Mon-Fri 09:00-18:00', '{tr}')});
is(query('postgres', q{SELECT count(DISTINCT list) FROM taskq_holiday WHERE list ~ '^de-..$'}), '16', 'each Land has a list');
is(query('postgres', q{SELECT string_agg(DISTINCT year || ' ' || n, ', ') FROM generate_series(2026, 2035) year, LATERAL (SELECT count(*) AS n FROM taskq_holiday
	WHERE list = 'de' AND (yearly OR extract(year FROM day) = year)) h WHERE n <> 9}), '', 'there are nine holidays in all of Germany');
is(query('postgres', q{SELECT taskq_business_hours('Munich', '2026-06-01', '2026-06-08') || ' ' || taskq_business_hours('Istanbul', '2026-05-25', '2026-06-01')}), '32 13',
	'Corpus Christi; the Feast of Sacrifice and its eve');
is(query('postgres', q{SELECT day FROM taskq_holiday WHERE list = 'tr' AND opens IS NOT NULL AND (extract(isodow FROM day) > 5 OR to_char(day, 'MMDD') IN
	(SELECT to_char(day, 'MMDD') FROM taskq_holiday WHERE list = 'tr' AND yearly))}), '', 'a half day opens no day that is closed');

# After a restore nothing happens again.
my $dump = PostgreSQL::Test::Utils::tempdir() . '/dump';
$node->command_ok([ 'pg_dump', '-Fc', '-f', $dump, $node->connstr('postgres') ], 'dumped');
query('postgres', 'CREATE DATABASE restored');
# Before there is anything in it: the worker may sweep it as soon as it is restored.
query('postgres', q{ALTER DATABASE restored SET taskq.timezone = '} . query('postgres', 'SHOW taskq.timezone') . q{'});
$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr('restored'), $dump ], 'restored');
my $all = q{SELECT (SELECT md5(string_agg(t::text, '' ORDER BY id)) FROM taskq_task t), (SELECT md5(string_agg(r::text, '' ORDER BY id)) FROM taskq_renewal r),
	(SELECT md5(string_agg(x::text, '' ORDER BY id)) FROM taskq_renewal_crossing x), (SELECT md5(string_agg(w::text, '' ORDER BY id)) FROM taskq_workflow_run w),
	(SELECT md5(string_agg(w::text, '' ORDER BY id)) FROM taskq_workflow_rule w), (SELECT md5(string_agg(c::text, '' ORDER BY name)) FROM taskq_calendar c),
	(SELECT md5(string_agg(w::text, '' ORDER BY w)) FROM taskq_calendar_window w), (SELECT md5(string_agg(h::text, '' ORDER BY id)) FROM taskq_holiday h)};
is(query('restored', $all), query('postgres', $all), 'the same as what was dumped');
is(query('restored', 'SELECT count(*) FROM taskq_renewals_refresh()'), '0', 'and no threshold is crossed again');
is(query('restored', 'SELECT sum(tasks) FROM taskq_sweep()'), '0', 'nor is there anything to sweep');

# The indexes of an update, built in advance: before it, pages and the sweep work as ever; it takes over all of them.
query('postgres', 'CREATE DATABASE older');
query('older', q{CREATE SCHEMA desk; CREATE EXTENSION taskq SCHEMA desk VERSION '0.2.0'; ALTER DATABASE older SET search_path = desk});
query('older', q{INSERT INTO taskq_task (title, due_date, status) SELECT 'task ' || g, taskq_today() + g % 5 - 2, 'OPEN' FROM generate_series(1, 500) g});
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('older'), '-f', "$FindBin::RealBin/../../examples/update-0.3.0.sql" ],
	'the new indexes are built');
is(query('older', q{SELECT count(*), count(DISTINCT cursor) FROM taskq_queue_page(page_size => 1000)}), '300|300', 'pages of the older version');
became('older', q{SELECT count(*) = 200 FROM taskq_task WHERE status = 'OVERDUE'}, 'and its sweep');
my $built = q{SELECT string_agg(relfilenode::text, ' ' ORDER BY relfilenode) FROM pg_class WHERE relname ~ '^taskq_task_.*_idx$' AND oid IN (SELECT indexrelid FROM pg_index
	WHERE pg_get_indexdef(indexrelid) ~ 'taskq_stage' AND pg_get_indexdef(indexrelid) !~ 'team_id' AND indisvalid)};
my $before = query('older', "$built AND relname ~ '_0_3_idx\$'");
query('older', 'ALTER EXTENSION taskq UPDATE');
is(query('older', $built), $before, 'are taken over');
query('postgres', 'CREATE DATABASE newer');
query('newer', q{CREATE SCHEMA desk; CREATE EXTENSION taskq SCHEMA desk; ALTER DATABASE newer SET search_path = desk});
my $indexes = q{SELECT string_agg(pg_get_indexdef(indexrelid), E'\n' ORDER BY indexrelid::regclass::text) FROM pg_index WHERE indrelid = 'taskq_task'::regclass};
is(query('older', $indexes), query('newer', $indexes), 'and there are no others');
is(query('older', q{SELECT count(*) FROM taskq_check() WHERE subject ~ 'index|function'}), '0', 'nothing is missing');

$node->stop;
done_testing();
