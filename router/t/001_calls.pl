# What the router answers is what one database with all the tasks answers.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Utils;
use RouterTest;
use Test::More;

start_router();

# ------------------------------------------------------ no function is forgotten

{
	local $ENV{PGHOST} = $slots->host;
	local $ENV{PGPORT} = $slots->port;
	local $ENV{PGDATABASE} = 'one';
	my ($made, $complaint) = run_command([ "$FindBin::RealBin/../generate" ]);
	is($complaint, '', 'every function is routed, or there is a reason');
	my $checked_in = slurp_file("$FindBin::RealBin/../taskq_router--0.3.0.sql");
	chomp $checked_in;
	ok($made eq $checked_in, 'the SQL that is checked in is what generate makes');
	one('CREATE FUNCTION taskq_new(id bigint) RETURNS void LANGUAGE sql AS $$ $$; ALTER EXTENSION taskq ADD FUNCTION taskq_new(bigint)');
	($made, $complaint) = run_command([ "$FindBin::RealBin/../generate" ]);
	like($complaint, qr/^taskq_new is not routed, and no reason is given/, 'a new function is noticed');
	one('ALTER EXTENSION taskq DROP FUNCTION taskq_new(bigint); DROP FUNCTION taskq_new');
}
is(desk(q{SELECT count(*) FROM pg_proc r JOIN pg_proc t USING (proname)
		WHERE r.pronamespace = 'taskq_router'::regnamespace AND t.pronamespace = 'public'::regnamespace
		AND (r.proargtypes <> t.proargtypes OR r.prorettype <> t.prorettype OR r.proretset <> t.proretset OR r.provolatile <> t.provolatile
			OR r.proargnames IS DISTINCT FROM t.proargnames OR r.pronargdefaults <> t.pronargdefaults)}), '0', 'same arguments, defaults and results');

is(desk(q{SELECT count(*), count(*) FILTER (WHERE p.proconfig IS DISTINCT FROM '{"search_path=pg_catalog, pg_temp"}')
		FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang WHERE p.pronamespace = 'taskq_router'::regnamespace AND l.lanname = 'plpgsql'}) =~ s/^[1-9]\d*//r, '|0',
	'no name in a function is looked up in schemas that others may create in');

# ------------------------------------------------------------------ bad slots

sub set_slots { my (@connstr) = @_; return 'SELECT taskq_router_set_slots(ARRAY[' . join(', ', map { "'$_'" } @connstr) . '])' }
my @good = map { connstr($slots, "s$_") } 0 .. 3;

fails('SELECT taskq_create(\'a\')', qr/55000: the router has no slots yet/, 'no slots yet');
fails('SELECT taskq_router_set_slots(NULL)', qr/22023: the number of slots must be a power of two, at most 1024, not 0/, 'none');
fails(q{SELECT taskq_router_set_slots('{}')}, qr/22023: the number of slots must be a power of two, at most 1024, not 0/, 'an empty array');
fails(set_slots(@good[0 .. 2]), qr/22023: the number of slots must be a power of two, at most 1024, not 3/, 'three');
fails(set_slots(@good[0, 1, 2, 2]), qr/22023: slot 3 has the connection string of slot 2/, 'one twice');
fails(set_slots(@good[0, 1, 3, 2]), qr/55000: slot 2 cannot be used: database "s3" is slot 3/, 'another slot');
fails(set_slots('no connection', @good[1 .. 3]), qr/22023: "no connection" is not a connection string/, 'no connection string');
fails(set_slots('user=x dbname=s0', @good[1 .. 3]), qr/22023: the connection string of a slot must have no user/, 'a user');
fails(set_slots('postgresql:///s0', @good[1 .. 3]), qr/22023: the connection string of a slot must consist of keywords/, 'a URL');
fails(set_slots('dbname=s0 options=', @good[1 .. 3]), qr/22023: the connection string of a slot must neither end with a keyword without a value/, 'a keyword without a value');
fails(set_slots('dbname=s0 application_name=user=', @good[1 .. 3]), qr/22023: the connection string of a slot must neither end .* nor contain "user="/, 'what PL\/Proxy takes for a user');
fails(set_slots('host=/nowhere dbname=s0', @good[1 .. 3]), qr/08006: slot 0 does not answer/, 'nobody there');
fails(set_slots(connstr($slots, 'nothing'), @good[1 .. 3]), qr/08006: slot 0 does not answer: .*database "nothing" does not exist/, 'no such database');
fails(set_slots(connstr($slots, 'postgres'), @good[1 .. 3]), qr/55000: slot 0 cannot be used: database "postgres" has no taskq/, 'no taskq');
fails(set_slots(connstr($slots, 'one'), @good[1 .. 3]), qr/55000: slot 0 cannot be used: database "one" is no slot/, 'no slot');
$slots->safe_psql('postgres', 'CREATE DATABASE other');
$slots->safe_psql('other', 'CREATE SCHEMA tasks; CREATE EXTENSION taskq SCHEMA tasks; SELECT tasks.taskq_set_slot(0)');
fails(set_slots(connstr($slots, 'other'), @good[1 .. 3]), qr/55000: slot 0 cannot be used: it has taskq in schema "tasks", and the router in "public"/, 'another schema');
$slots->safe_psql('other', q{DROP EXTENSION taskq; CREATE EXTENSION taskq VERSION '0.2.0'});
fails(set_slots(connstr($slots, 'other'), @good[1 .. 3]), qr/55000: slot 0 cannot be used: it has version 0\.2\.0 of taskq, and the router 0\.3\.0/, 'another version');
$slots->safe_psql('other', q{DROP EXTENSION taskq; CREATE EXTENSION taskq; ALTER DATABASE other SET taskq.timezone = 'Asia/Tokyo'; SELECT taskq_create('a')});
fails(set_slots(connstr($slots, 'other'), @good[1 .. 3]), qr/55000: slot 0 cannot be used: its taskq.timezone is "Asia\/Tokyo", and the router's "UTC"/, 'another time zone');
fails('SELECT taskq_set_slot(0)', qr/55000: slot 0 does not fit the ids that exist/, 'ids that do not fit', $slots, 'other');
$slots->safe_psql('other', q{ALTER DATABASE other RESET taskq.timezone; ALTER DATABASE other SET DateStyle = 'German'});
fails(set_slots(connstr($slots, 'other'), @good[1 .. 3]), qr/55000: slot 0 cannot be used: its DateStyle is "German/, 'another DateStyle');
is(desk('SELECT count(*) FROM taskq_router_slot'), '0', 'nothing of that was kept');

connect_slots();
is(desk('SELECT string_agg(slot::text, $$,$$ ORDER BY slot), taskq_router_slots() FROM taskq_router_slot'), '0,1,2,3|4', 'four slots');
fails(set_slots(@good[0, 1]), qr/55000: the router has 4 slots, and their number never changes/, 'fewer');
fails("SELECT taskq_router_set_slot(4, '$good[0]')", qr/22023: slot must be a number from 0 to 3/, 'no such slot');
fails("SELECT taskq_router_set_slot(1, '$good[0]')", qr/22023: slot 1 has the connection string of slot 0/, 'that of another');
fails("SELECT taskq_router_set_slot(1, '" . connstr($slots, 'one') . q{')}, qr/55000: slot 1 cannot be used: database "one" is no slot/, 'not a slot');
is(desk('SELECT count(*) FROM taskq_router_status() WHERE problem IS NULL AND answers_ms > 0'), '4', 'all answer');

# -------------------------------------------------------------- the directory

subscribe();
everywhere(q{
	INSERT INTO taskq_staff_member (id, name, is_active) SELECT 'sta_' || i, 'Staff ' || i, i < 7 FROM generate_series(1, 8) i;
	INSERT INTO taskq_customer (id, name, assigned_agent_id) SELECT 'cus_' || i, 'Customer ' || i, 'sta_' || 1 + i % 3 FROM generate_series(1, 40) i;
	INSERT INTO taskq_team (id, name) VALUES ('north', 'North'), ('south', 'South');
	INSERT INTO taskq_team_member VALUES ('north', 'sta_1'), ('south', 'sta_2')});
is(at_slot($_, 'SELECT count(*), max(name) FROM taskq_customer'), '40|Customer 9', "slot $_ has the customers") for 0 .. 3;

# --------------------------------------------- reading, of the same 3,000 tasks

one(q{
	SET taskq.actor = 'loader';
	INSERT INTO taskq_task (id, title, description, priority, status, due_date, sla_hours, assignee_id, user_id, created_at, started_at, completed_at, cancelled_at,
			updated_at, kind, team_id, labels, attributes, paused_at, pause_reason)
	SELECT i * 1024 + (coalesce(taskq_slot(d.user_id), i) & 3), (ARRAY['Chase statement', 'Review application', 'Call back'])[1 + i % 3] || ' ' || i,
	       CASE WHEN i % 4 = 0 THEN 'about the passport' END, (enum_range(NULL::taskq_priority))[1 + i % 4], d.status, d.due_date,
	       CASE WHEN i % 3 = 0 THEN 1 + i % 72 END, CASE WHEN i % 6 < 4 THEN 'sta_' || 1 + i % 8 END, d.user_id, d.created_at,
	       CASE WHEN d.status IN ('IN_PROGRESS', 'COMPLETED') THEN d.created_at + interval '1 hour' END,
	       CASE WHEN d.status = 'COMPLETED' THEN d.created_at + (2 + i % 50) * interval '1 hour' END,
	       CASE WHEN d.status = 'CANCELLED' THEN d.created_at + (2 + i % 40) * interval '1 hour' END,
	       d.created_at + interval '60 hours',
	       CASE WHEN i % 5 = 0 THEN 'REVIEW' END, CASE i % 11 WHEN 0 THEN 'north' WHEN 1 THEN 'south' END,
	       CASE WHEN i % 9 = 0 THEN '{a,b}'::text[] WHEN i % 9 = 1 THEN '{b}' END, CASE WHEN i % 10 = 0 THEN jsonb_build_object('region', i % 3) END,
	       CASE WHEN d.status = 'IN_PROGRESS' AND i % 7 = 0 THEN d.created_at + interval '2 hours' END,
	       CASE WHEN d.status = 'IN_PROGRESS' AND i % 7 = 0 THEN 'the bank' END
	FROM generate_series(1, 3000) i
	CROSS JOIN LATERAL (SELECT CASE WHEN i % 7 > 0 THEN 'cus_' || 1 + i * 13 % 40 END AS user_id, CASE WHEN i % 5 > 0 OR i % 10 = 6 THEN taskq_today() + i % 60 - 20 END AS due_date,
		statement_timestamp() - interval '70 days' + i * interval '28 minutes' AS created_at,
		('{OPEN,OPEN,OPEN,OPEN,IN_PROGRESS,IN_PROGRESS,OPEN,COMPLETED,COMPLETED,CANCELLED}'::taskq_status[])[1 + i % 10] AS status) d});
my $file = $slots->basedir . '/task';
for my $n (0 .. 3)
{
	one("COPY (SELECT * FROM taskq_task WHERE id & 3 = $n) TO '$file$n'");
	at_slot($n, "COPY taskq_task FROM '$file$n'; SELECT taskq_set_slot($n)");
}

# All pages of a filter, as one text.
my $walk = q{
CREATE FUNCTION walk(filter text, sort text, size integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	page taskq_queue_row[];
	after text;
	result text := '';
	rows integer := 0;
BEGIN
	FOR n IN 1 .. 6 LOOP
		EXECUTE format('SELECT array_agg(p) FROM taskq_queue_page(%s sort => $1, page_size => $2, after => $3) p', filter) INTO page USING sort, size, after;
		EXIT WHEN page IS NULL;
		result := result || page::text;
		rows := rows + cardinality(page);
		after := page[cardinality(page)].cursor;
	END LOOP;
	EXECUTE format('SELECT taskq_queue_count(%s)', rtrim(filter, ', ')) INTO after;
	RETURN format('%s rows, count %s, %s', rows, after, md5(result));
END $$};
one($walk);
desk($walk);
my @filters = (
	'', 'status => NULL,', q{status => '{}',}, q{status => taskq_active(),}, q{status => '{OVERDUE}',}, q{status => '{COMPLETED,CANCELLED}',}, q{status => '{IN_PROGRESS,COMPLETED}',},
	(map { "status => NULL, $_," } q{priority => '{URGENT,LOW}'}, q{assignee_id => 'sta_2'}, q{user_id => 'cus_14'}, 'unassigned => true', q{source => 'MANUAL'}, q{source => 'WORKFLOW'},
		'due_from => taskq_today() - 3, due_to => taskq_today() + 3', q{sla_status => '{BREACHED,AT_RISK}'}, q{sla_status => '{MET,NONE}'}, q{search => 'review 1'}, q{search => 'passport'},
		q{search => 'customer 14'}, 'assignee_is_active => false', 'assignee_is_active => true', 'paused => true', 'paused => false', q{kind => 'REVIEW'}, q{team_id => 'north'},
		q{labels => '{b}'}, q{attributes => '{"region": 1}'}, q{user_id => 'cus_3', priority => '{HIGH}'}));
my $filters = 'ARRAY[' . join(', ', map { 'E' . "'" . s/'/\\'/gr . "'" } @filters) . ']::text[]';
my $all = qq{SELECT f, s, walk(f, s, CASE WHEN s IS NULL THEN 7 ELSE 120 END) FROM unnest($filters) f CROSS JOIN unnest('{due,priority,created,sla,closed,NULL}'::text[]) s ORDER BY 1, 2};
is(desk($all), one($all), 'pages and counts, for every filter and sort');
is(desk('SELECT count(*), count(DISTINCT id) FROM taskq_queue_page(status => NULL, page_size => 1000)'), '1000|1000', 'a page of 1,000');
is(desk("SELECT walk('user_id => ''cus_14'', status => NULL,', 'due', 40)"), one("SELECT walk('user_id => ''cus_14'', status => NULL,', 'due', 40)"), 'pages all of which are at one slot');
for my $query ('SELECT taskq_queue_count(cap => 7)', 'SELECT taskq_queue_count(status => NULL, cap => NULL)', 'SELECT * FROM taskq_stats()', q{SELECT * FROM taskq_stats(assignee_id => 'sta_3')},
	q{SELECT * FROM taskq_stats(user_id => 'cus_5')}, q{SELECT * FROM taskq_stats(team_id => 'south')}, 'SELECT * FROM taskq_queue_stats',
	'SELECT * FROM taskq_workload_numbers() ORDER BY 1',
	'SELECT * FROM taskq_workload ORDER BY 1', 'SELECT * FROM taskq_team_workload ORDER BY 1',
	(map { "SELECT * FROM taskq_backlog('$_')" } qw(none priority assignee team kind customer)),
	q{SELECT * FROM taskq_backlog(bounds => '{0,10}')},
	(map { "SELECT * FROM taskq_sla_report(date_trunc('day', now() - interval '80 days'), date_trunc('day', now()), '$_')" } qw(none assignee team priority kind day week)),
	q{SELECT group_key, tasks, cardinality(hours) FROM taskq_sla_report_parts(date_trunc('day', now() - interval '80 days'), date_trunc('day', now()), 'kind')
		WHERE group_key IS NULL AND false})
{
	is(desk($query), one($query), $query);
}
is(desk(q{SET taskq_router.read_standbys = on; SELECT taskq_queue_count(cap => NULL)}), one('SELECT taskq_queue_count(cap => NULL)'), 'reads that prefer standbys');

# ------------------------------------------------------------ views, by postgres_fdw

fails('SELECT taskq_router_make_views()', qr/42704: views are read by postgres_fdw, which is not installed/, 'without postgres_fdw');
desk('CREATE EXTENSION postgres_fdw; SELECT taskq_router_make_views()');
for my $view (qw(taskq_task taskq_tasks taskq_queue taskq_todo taskq_task_event taskq_task_history taskq_sla_violations taskq_sla_clocks taskq_renewal taskq_renewals))
{
	my $query = 'SELECT count(*), md5(string_agg(t::text, E\'\\n\' ORDER BY t::text COLLATE "C")) FROM (SELECT to_jsonb(v) - ' . "'{late_by,hours_used,hours_left,percent}'::text[] AS t FROM $view v) v";
	is(desk($query), one($query), "view $view");
}
my $some_id = one('SELECT min(id) FROM taskq_task WHERE id & 3 = 2');
is(desk("SELECT id, title, status FROM taskq_tasks WHERE id = $some_id"), one("SELECT id, title, status FROM taskq_tasks WHERE id = $some_id"), 'a task by its id');
like(desk("EXPLAIN SELECT * FROM taskq_tasks WHERE id = $some_id"), qr/^Foreign Scan on taskq_tasks_2/, 'is asked of its slot alone');
desk('SELECT taskq_router_make_views()');
fails("UPDATE taskq_task SET title = 'x' WHERE id = $some_id", qr/55000: foreign table "taskq_task_2" does not allow updates/, 'views are for reading');

# ------------------------------------------------------- refused, as taskq would

for my $call (q{taskq_start(NULL)}, q{taskq_start(123456789)}, q{taskq_start(1024 * 3000 + 777)}, q{taskq_start_many('{1,NULL}')}, q{taskq_start_many(NULL)}, q{taskq_start_many('{}')},
	q{taskq_create('')}, q{taskq_create(NULL)}, q{taskq_create('a', assignee_id => 'sta_8')}, q{taskq_create('a', user_id => 'nobody')}, q{taskq_create('a', sla_hours => 'NaN')},
	q{taskq_create_json('[]')}, q{taskq_create_json('{"title": 5}')}, q{taskq_create_json('{"title": "a", "user_id": 7}')}, q{taskq_create_many_json('{}')}, q{taskq_create_many_json('[]')},
	q{taskq_queue_page(page_size => 0)}, q{taskq_queue_page(page_size => NULL)}, q{taskq_queue_page(page_size => 1001)}, q{taskq_queue_page(after => 'x')}, q{taskq_queue_page(sort => 'x')}, q{taskq_queue_count(cap => 0)}, q{taskq_claim(NULL)}, q{taskq_claim('sta_8')},
	q{taskq_claim('sta_1', 0)}, q{taskq_claim('sta_1', 2, 'nobody')}, q{taskq_sla_report(NULL, now())}, q{taskq_sla_report(now(), now(), 'x')}, q{taskq_backlog('x')},
	q{taskq_hand_over('sta_1')}, q{taskq_merge_customer('cus_1', 'cus_1')}, q{taskq_erase_customer('nobody')}, q{taskq_renewal_cancel(5)}, q{taskq_follow_up(5)}, q{taskq_emit(NULL, '{}')})
{
	my ($there, $here) = map { my ($status, $out, $err) = $_->[0]->psql($_->[1], "\\set VERBOSITY verbose\n\\set SHOW_CONTEXT never\nSELECT $call"); "$out" . join("\n", grep { !/^(LOCATION|CONTEXT|CONSTRAINT NAME):/ } split /\n/, $err) }
	  ([ $slots, 'one' ], [ $router, 'desk' ]);
	is($here, $there, $call);
}

# ------------------------------------------------------------------ transactions

fails(q{BEGIN; SELECT taskq_create('a')}, qr/25001: taskq_create cannot run inside a transaction block on the router/, 'not in a transaction block');
fails(q{BEGIN; SELECT * FROM taskq_claim('sta_1')}, qr/25001: taskq_claim cannot run/, 'nor claim');
fails(q{BEGIN; SELECT taskq_hand_over('sta_1', 'sta_2')}, qr/25001: taskq_hand_over cannot run/, 'nor what runs at all slots');
fails(q{SELECT 1\; SELECT taskq_create('a')}, qr/25001/, 'nor in several statements at once');
fails(q{DO $$ BEGIN PERFORM taskq_create('a'); EXCEPTION WHEN division_by_zero THEN END $$}, qr/25001/, 'nor under an exception handler');
fails(q{SET default_transaction_read_only = on; SELECT taskq_create('a')}, qr/25006: cannot execute taskq_create in a read-only transaction/, 'nor in a read-only transaction');
fails(q{SET taskq_router.in_transaction = on; BEGIN READ ONLY; SELECT taskq_create('a')}, qr/25006: cannot execute taskq_create in a read-only transaction/, 'whatever in_transaction is');
is(desk(q{BEGIN; SELECT taskq_queue_count(); COMMIT}), desk('SELECT taskq_queue_count()'), 'reading is allowed');
my $before = desk('SELECT taskq_queue_count()');
desk(q{BEGIN; SET LOCAL taskq_router.in_transaction = on; SELECT taskq_create('kept'); ROLLBACK});
is(desk('SELECT taskq_queue_count()'), $before + 1, 'in_transaction = on: written at once, and not rolled back');
like(desk(q{DO $$ BEGIN PERFORM taskq_create('in DO'); END $$; SELECT taskq_queue_count()}), qr/^\d+$/, 'in DO, outside of a block');
is(desk('SELECT taskq_queue_count()'), $before + 2, 'and it is there');
fails(q{SELECT public.taskq_create('a')}, qr/0A000: the router keeps no rows in taskq_task/, 'no tasks in the router itself');
{
	my $script = $router->basedir . '/pipeline.sql';
	append_to_file($script, "\\startpipeline\nSELECT taskq_queue_count();\nSELECT taskq_create('in a pipeline');\n\\endpipeline\n");
	my ($out, $complaint) = run_command([ 'pgbench', '-n', '-M', 'extended', '-t', '1', '-f', $script, $router->connstr('desk') ]);
	like($complaint, qr/taskq_create cannot run inside a transaction block/, 'nor in a pipeline, behind another statement');
}
fails(q{DELETE FROM taskq_customer WHERE id = 'cus_1'}, qr/0A000: rows of taskq_customer cannot be deleted on the router/, 'customers are not deleted');
# No foreign key looks at what refers to a row at the slots, nor does one follow there.
desk(q{INSERT INTO taskq_calendar (name, timezone) VALUES ('office', 'UTC')});
for my $table (qw(taskq_customer taskq_staff_member taskq_team))
{
	fails("UPDATE $table SET id = 'other' WHERE id IN ('cus_1', 'sta_1', 'north')", qr/0A000: the keys of $table cannot be changed on the router/, "no other id in $table");
}
fails(q{UPDATE taskq_calendar SET name = 'other'}, qr/0A000: the keys of taskq_calendar cannot be changed on the router/, 'no other name of a calendar');
fails(q{TRUNCATE taskq_customer CASCADE}, qr/0A000: rows of taskq_customer cannot be deleted on the router/, 'nor at once');
fails(q{DELETE FROM taskq_calendar}, qr/0A000: rows of taskq_calendar cannot be deleted on the router/, 'calendars are not deleted');
is(desk(q{UPDATE taskq_customer SET id = id, name = 'Customer One' WHERE id = 'cus_1'; UPDATE taskq_customer SET name = 'Customer 1' WHERE id = 'cus_1'; SELECT name FROM taskq_customer WHERE id = 'cus_1'}),
	'Customer 1', 'all else can be changed');

# ------------------------------------------------------------------------ the actor

my $id = desk(q{SELECT taskq_create('whose', user_id => 'cus_1')});
desk(qq{SELECT taskq_comment($id, 'by default')});
desk(qq{SET taskq.actor = 'sta_1';
SELECT taskq_comment($id, 'by setting');
SELECT taskq_comment($id, 'by argument', actor => 'sta_2')});
my $user = desk('SELECT session_user');
is(at_slot($id & 3, "SELECT note, actor FROM taskq_task_event WHERE task_id = $id ORDER BY id"), "by default|$user\nby setting|sta_1\nby argument|sta_2", 'the actor is sent');

# ------------------------------------------------------------------ any DateStyle

is(desk(q{SET DateStyle = 'German'; SELECT due_date FROM taskq_reschedule(}.$id.q{, '05.06.2031')}), '05.06.2031', 'another DateStyle');
is(at_slot($id & 3, "SELECT due_date FROM taskq_task WHERE id = $id"), '2031-06-05', 'does no harm');

# ------------------------------------------------------------------- lists of ids

my @ids = split /\n/, desk(q{SELECT taskq_create('many ' || i, user_id => 'cus_' || i) FROM generate_series(1, 30) i});
my %by_slot;
push @{ $by_slot{ $_ & 3 } }, $_ for @ids;
is(scalar(keys %by_slot), 4, 'thirty customers are at four slots');
is(desk('SELECT count(*) FROM (SELECT DISTINCT id FROM taskq_queue_page(search => $$many$$) WHERE id = ANY ($${' . join(',', @ids) . '}$$)) t'), '30', 'ids never collide');
my $list = join(',', @ids);
fails("SELECT taskq_comment_many('{$list}', 'hm')", qr/0A000: the tasks are at 4 slots, and such a call would not be all or nothing/, 'lists over slots are refused');
my $some = join(',', @{ $by_slot{2} });
is(desk("SELECT count(*) FROM taskq_comment_many('{$some}', 'hm')"), scalar(@{ $by_slot{2} }), 'those of one slot are not');
is(desk("SET taskq_router.split = on; SELECT count(*), count(DISTINCT id) FROM taskq_comment_many('{$list}', 'hm')"), '30|30', 'split = on');
is(desk(q{SET taskq_router.split = on; SELECT string_agg(t->>'title', ',') FROM taskq_create_many_json((SELECT jsonb_agg(jsonb_build_object('title', 'json ' || i, 'user_id', 'cus_' || i)) FROM generate_series(1, 9) i)) t}),
	join(',', map { "json $_" } 1 .. 9), 'created in the order given');
fails(q{SELECT taskq_create_many_json('[{"title": "a", "user_id": "cus_1"}, {"title": "b", "user_id": "cus_2"}, {"title": "b", "user_id": "cus_3"}]')}, qr/0A000: the tasks belong to \d slots/, 'not over slots otherwise');
is(desk(q{SELECT count(DISTINCT (t->>'id')::bigint & 3) FROM taskq_create_many_json('[{"title": "a", "user_id": "cus_1"}, {"title": "b"}, {"title": "c"}]') t}), '1', 'what has no key goes along');

# ---------------------------------------------------------------------- dedupe

my $first = desk(q{SELECT taskq_create('once', user_id => 'cus_9', dedupe_key => 'k')});
is(desk(q{SELECT taskq_create('once', user_id => 'cus_9', dedupe_key => 'k')}), $first, 'a dedupe_key holds at the slot of the customer');
is($first & 3, desk(q{SELECT taskq_slot('cus_9') & 3}), 'which is that of the customer');
is(desk(q{SELECT taskq_create('once', dedupe_key => 'l')}), desk(q{SELECT taskq_create('once', dedupe_key => 'l')}), 'without a customer at its own');

# ------------------------------------------------------- renewals, rules, emission

everywhere(q{INSERT INTO taskq_workflow_rule (name, event, action, title_template, dedupe_key) VALUES ('Told', 'told', 'CREATE_TASK', 'Told {{n}}', 'told-{{n}}')});
my $renewal = desk(q{SELECT taskq_renewal_create('cus_17', 'visa', taskq_today() + 10)});
is($renewal & 3, desk(q{SELECT taskq_slot('cus_17') & 3}), 'a renewal is at the slot of its customer');
is(desk('SELECT count(*) FROM taskq_renewals_refresh(dry_run => true)'), '4', 'what a refresh would do');
is(desk('SELECT count(*), max(task_id) & 3 FROM taskq_renewals_refresh()'), '4|' . ($renewal & 3), 'and does');
like(desk("SELECT taskq_renewal_complete($renewal, next_due_date => taskq_today() + 400)"), qr/^\d+$/, 'the next cycle');
# A customer who comes back has renewals looked at again, at its slot.
desk('SELECT count(*) FROM taskq_renewals_refresh()');
desk(q{UPDATE taskq_customer SET is_active = false WHERE id = 'cus_17'});
synced();
my $checks = 'SELECT count(*) FILTER (WHERE next_check_on = $$-infinity$$), count(*) > 0 FROM taskq_renewal WHERE user_id = $$cus_17$$ AND next_check_on IS NOT NULL';
is(at_slot($renewal & 3, $checks), '0|t', 'no renewal is to be looked at');
desk(q{UPDATE taskq_customer SET is_active = true WHERE id = 'cus_17'});
synced();
is(at_slot($renewal & 3, $checks), '1|t', 'of a customer who comes back, it is');
is(desk(q{SELECT outcome, title FROM taskq_emit_dry_run('told', '{"n": 1}', 'cus_17')}), 'created|Told 1', 'an event, tried');
my $told = desk(q{SELECT taskq_emit('told', '{"n": 1}', 'cus_17')});
is($told & 3, $renewal & 3, 'and emitted, at the slot of the customer');
my $follow_up = desk("SELECT taskq_cancel($told) IS NULL; SELECT taskq_follow_up($told)");
like($follow_up, qr/^f\n\d+$/, 'a follow-up');

# -------------------------------------------- what changes the directory as well

at_slot($_, q{INSERT INTO taskq_schedule (name, every, title_template, assignee_id, starts_on) VALUES ('weekly', '1 week', 'Weekly', 'sta_3', taskq_today() + 30)}) for 1 .. 2;
is(desk(q{SELECT customers, schedules FROM taskq_hand_over('sta_3', 'sta_4')}), '13|2', 'a hand-over');
synced();
is(desk('SELECT count(*) FROM taskq_customer WHERE assigned_agent_id = $$sta_3$$'), '0', 'of customers on the router');
is(at_slot(1, 'SELECT count(*) FROM taskq_customer WHERE assigned_agent_id = $$sta_3$$'), '0', 'and at the slots');
is(desk(q{SELECT open + in_progress + overdue FROM taskq_stats(assignee_id => 'sta_3')}), '0', 'of tasks at all slots');
my $merged = desk(q{SELECT open + in_progress + overdue FROM taskq_stats(user_id => 'cus_20')}) + desk(q{SELECT open + in_progress + overdue FROM taskq_stats(user_id => 'cus_21')});
desk(q{SELECT taskq_merge_customer('cus_20', 'cus_21')});
synced();
is(desk(q{SELECT open + in_progress + overdue FROM taskq_stats(user_id => 'cus_21')}), $merged, 'a merge takes the tasks of all slots');
is(at_slot($_, q{SELECT merged_into FROM taskq_customer WHERE id = 'cus_20'}), 'cus_21', "slot $_ knows") for 0 .. 3;
fails(q{SELECT taskq_create('a', user_id => 'cus_20')}, qr/23503: user_id "cus_20" was merged into "cus_21"/, 'the old id is refused');
like(desk(q{SELECT taskq_erase_customer('cus_21')}), qr/^\(\d+,\d+,\d+\)$/, 'erasure');
synced();
is(at_slot($_, q{SELECT count(*) FROM taskq_task WHERE user_id = 'cus_21' AND title <> 'erased'}), '0', "of the texts at slot $_") for 0 .. 3;

# A session at a slot that has read rules and policies reads them again.
my $reader = $slots->background_psql('s0');
$reader->query_safe(q{SELECT taskq_emit('changed', '{}')});
everywhere(q{INSERT INTO taskq_workflow_rule (name, event, action, title_template) VALUES ('Changed', 'changed', 'CREATE_TASK', 'Changed')});
like($reader->query_safe(q{SELECT taskq_emit('changed', '{}')}), qr/^\d+$/, 'rules that arrive are seen by sessions at a slot');
my $new = $reader->query_safe(q{SELECT taskq_create('p', kind => 'P')});
is(at_slot(0, "SELECT sla_hours FROM taskq_task WHERE id = $new"), '', 'no policy yet');
everywhere(q{INSERT INTO taskq_sla_policy (name, kind, sla_hours) VALUES ('p', 'P', 5)});
$new = $reader->query_safe(q{SELECT taskq_create('p', kind => 'P')});
is(at_slot(0, "SELECT sla_hours FROM taskq_task WHERE id = $new"), '5', 'and policies');
$reader->quit;

# ------------------------------------------------------------- sweep, purge, check

desk('CALL taskq_sweep_all()');
is(at_slot($_, 'SELECT count(*) FROM taskq_tasks WHERE status <> stored_status'), '0', "slot $_ is swept") for 0 .. 3;
is(desk('SELECT count(*) FROM taskq_sweep() WHERE tasks > 0'), '0', 'nothing is left to sweep');
my $closed = desk(q{SELECT taskq_queue_count(status => '{COMPLETED,CANCELLED}', cap => NULL)});
is(desk(q{SELECT taskq_purge('0', dry_run => true)}), $closed, 'what a purge would delete');
is(desk(q{SELECT taskq_purge('0')}), $closed, 'and deletes');
cmp_ok(desk(q{SELECT count(*) FROM taskq_check() WHERE subject LIKE 'slot 3: %'}), '>', 0, 'findings at a slot');
is(desk(q{SELECT subject, what FROM taskq_check() WHERE severity = 1 OR what ~ 'search_path|ENABLE'}), '', 'none of which is about what the router set up');
my $arrives = q{SELECT string_agg(subject, ',') FROM taskq_check() WHERE what LIKE '%does not arrive%'};
waits_until('all subscriptions run', sub { desk($arrives) eq '' });
at_slot(1, q{INSERT INTO taskq_customer (id, name) VALUES ('both', 'Written at the slot')});
desk(q{INSERT INTO taskq_customer (id, name) VALUES ('both', 'Written on the router')});
waits_until('a subscription fails', sub { desk($arrives) eq 'slot 1: subscription' });
at_slot(1, q{DELETE FROM taskq_customer WHERE id = 'both'});
synced();
is(at_slot(1, q{SELECT name FROM taskq_customer WHERE id = 'both'}), 'Written on the router', 'a subscription that fails is found, and goes on');
is(desk(q{SELECT count(*) FROM taskq_check() WHERE subject LIKE '%slot%' AND what LIKE '%collide%'}), '0', 'ids are those of the slots');

done_testing();
