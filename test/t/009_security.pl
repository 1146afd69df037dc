# The sweeper has the rights of the owner of taskq_task: nothing that somebody
# else planted may be run with them.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Utils;
use TaskqTest;
use Test::More;

my $node = start_node('security', "taskq.sweep_interval = 1s\ntaskq.retention = '1 day'\n");
query('postgres', q{CREATE ROLE desk LOGIN; CREATE ROLE mallory LOGIN; CREATE DATABASE desk OWNER desk});
query('desk', q{CREATE SCHEMA work; SET search_path = work; CREATE EXTENSION taskq;
	GRANT USAGE, CREATE ON SCHEMA public, work TO mallory;
	CREATE TABLE public.trap (who text, what text); GRANT ALL ON public.trap TO PUBLIC;
	SELECT taskq_grant('desk', 'manager');
	ALTER DATABASE desk SET search_path = public, work});
query('desk', q{DO $$ DECLARE t text; BEGIN
	FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'work' LOOP
		EXECUTE format('ALTER TABLE work.%I OWNER TO desk', t);
	END LOOP; END $$});

# Operators and functions that fit the sweeper's types better than pg_catalog's,
# in public and in the extension's own schema; tables with the names it reads.
my $plant = '';
for my $schema (qw(public work))
{
	$plant .= qq{CREATE FUNCTION $schema.sprung(what text) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.trap VALUES (current_user, what); RETURN true; END';};
	for my $types ([qw(work.taskq_status work.taskq_status)], [qw(date date)], [qw(timestamptz timestamptz)], [qw(bigint bigint)], [qw(text text)])
	{
		my ($l, $r) = @$types;
		(my $name = "op_$l") =~ s/\W/_/g;
		$plant .= qq{CREATE FUNCTION $schema.$name(a $l, b $r) RETURNS boolean LANGUAGE sql AS 'SELECT $schema.sprung(''operator'')';};
		$plant .= qq{CREATE OPERATOR $schema.$_ (FUNCTION = $schema.$name, LEFTARG = $l, RIGHTARG = $r);} for qw(= < > <= >= <>);
	}
	$plant .= qq{CREATE FUNCTION $schema.count() RETURNS bigint LANGUAGE sql AS 'SELECT 0::bigint FROM $schema.sprung(''count'')';
		CREATE FUNCTION $schema.min(d date) RETURNS date LANGUAGE sql AS 'SELECT d FROM $schema.sprung(''min'')';
		CREATE FUNCTION $schema.statement_timestamp() RETURNS timestamptz LANGUAGE sql AS 'SELECT now() FROM $schema.sprung(''clock'')';};
}
$plant .= q{CREATE TABLE public.taskq_task (LIKE work.taskq_task); CREATE TABLE public.taskq_task_event (LIKE work.taskq_task_event);
	CREATE FUNCTION public.taskq_today() RETURNS date LANGUAGE sql AS 'SELECT current_date FROM public.sprung(''today'')';
	CREATE FUNCTION public.taskq_phase(timestamptz, timestamptz, timestamptz) RETURNS integer LANGUAGE sql AS 'SELECT 0 FROM public.sprung(''phase'')';};
query('desk', "GRANT SELECT ON work.taskq_task, work.taskq_task_event TO mallory; GRANT USAGE ON TYPE work.taskq_status, work.taskq_priority TO mallory;");
query('desk', "SET ROLE mallory; $plant");

query('desk', q{INSERT INTO work.taskq_task (title, due_date) SELECT 'past', '2020-01-01' FROM pg_catalog.generate_series(1, 100)});
query('desk', q{INSERT INTO work.taskq_task (title, created_at, sla_hours) VALUES ('late', now() - interval '3 hours', 1)});
query('desk', q{INSERT INTO work.taskq_task (title, status, started_at, completed_at, created_at)
	VALUES ('closed', 'COMPLETED', now() - interval '9 days', now() - interval '9 days', now() - interval '9 days')});
query('desk', 'SELECT work.taskq_worker_wake()');
became('desk', q{SELECT count(*) OPERATOR(pg_catalog.=) 0 FROM work.taskq_task WHERE due_date IS NOT NULL AND status OPERATOR(pg_catalog.<>) 'OVERDUE'},
	'the sweep does its work among planted objects');
became('desk', q{SELECT pg_catalog.count(*) OPERATOR(pg_catalog.=) 1 FROM work.taskq_task WHERE sla_breached_at IS NOT NULL}, 'of every kind');
became('desk', q{SELECT pg_catalog.count(*) OPERATOR(pg_catalog.=) 0 FROM work.taskq_task WHERE title OPERATOR(pg_catalog.=) 'closed'}, 'retention too');
is(query('desk', q{SELECT DISTINCT db_user FROM work.taskq_task_event WHERE kind OPERATOR(pg_catalog.=) 'overdue'}), query('desk', 'SELECT session_user'),
	'events tell who the session was');
is(query('desk', 'SELECT * FROM public.trap'), '', 'and no trap was sprung');
is(query('desk', 'SELECT pg_catalog.count(*) FROM public.taskq_task'), '0', 'nor a table with the right name written to');

# A deferred constraint trigger of the desk's own works under the sweep, with the owner's rights.
query('desk', q{SET search_path = pg_catalog; CREATE SCHEMA own AUTHORIZATION desk; SET ROLE desk; CREATE TABLE own.seen (who text, id bigint);
	CREATE FUNCTION own.see() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO own.seen VALUES (current_user, new.id); RETURN NULL; END';
	CREATE CONSTRAINT TRIGGER see AFTER UPDATE ON work.taskq_task DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION own.see()});
query('desk', q{INSERT INTO work.taskq_task (title, due_date) VALUES ('deferred', '2020-01-01')});
became('desk', q{SELECT pg_catalog.count(*) OPERATOR(pg_catalog.=) 1 FROM own.seen WHERE who OPERATOR(pg_catalog.=) 'desk'}, 'a deferred trigger runs at the commit of the sweep, as the owner');

# A trigger that works in sessions, for it finds what it names on their
# search_path, fails in the sweep; what is recorded says why.
query('desk', q{SET search_path = pg_catalog; DROP TRIGGER see ON work.taskq_task; CREATE TABLE own.log (id bigint);
	CREATE FUNCTION own.note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO log VALUES (new.id); RETURN NULL; END';
	CREATE TRIGGER note AFTER UPDATE ON work.taskq_task FOR EACH ROW EXECUTE FUNCTION own.note();
	GRANT USAGE ON SCHEMA own TO mallory; GRANT INSERT ON own.log TO mallory, desk; SELECT work.taskq_grant('mallory', 'agent')});
query('desk', q{SET ROLE mallory; SET search_path = work, own, pg_catalog; SELECT taskq_create('named', priority => 'LOW') AS id; SELECT taskq_prioritize(max(id), 'HIGH') FROM taskq_task WHERE title OPERATOR(pg_catalog.=) 'named'});
is(query('desk', 'SELECT pg_catalog.count(*) FROM own.log'), '1', 'a trigger that leaves a name open works in a session');
query('desk', q{INSERT INTO work.taskq_task (title, due_date) VALUES ('unnamed', '2020-01-01')});
became('desk', q{SELECT last_error OPERATOR(pg_catalog.~) 'relation "log" does not exist .*ALTER FUNCTION.*search_path = pg_catalog, pg_temp'
	FROM work.taskq_worker_status WHERE database OPERATOR(pg_catalog.=) 'desk'}, 'in the sweep it does not, and the status says how to help it');
query('desk', q{ALTER FUNCTION own.note() SET search_path = own, pg_temp; SELECT work.taskq_worker_wake()});
became('desk', q{SELECT status OPERATOR(pg_catalog.=) 'OVERDUE' FROM work.taskq_task WHERE title OPERATOR(pg_catalog.=) 'unnamed'}, 'helped so, it works there too');

# Deferred, a trigger on a table that taskq writes as its owner runs at commit,
# from PostgreSQL 18 on with the owner's rights, under whatever search_path the
# session then has.
my $mallory = q{SET ROLE mallory; SET search_path = evil, work, pg_catalog; BEGIN; SELECT taskq_prioritize(max(id), 'LOW') FROM taskq_task; COMMIT};
my $undo = q{SET ROLE mallory; SET search_path = work, pg_catalog; SELECT taskq_prioritize(max(id), 'HIGH') FROM taskq_task};
query('desk', q{SET search_path = pg_catalog; CREATE SCHEMA evil AUTHORIZATION mallory; GRANT USAGE ON SCHEMA evil TO PUBLIC;
	CREATE FUNCTION evil.lower(text) RETURNS text LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.trap VALUES (current_user, $1); RETURN $1; END';
	CREATE FUNCTION own.late() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM lower(TG_OP); RETURN NULL; END';
	CREATE CONSTRAINT TRIGGER late AFTER INSERT ON work.taskq_task_event INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION own.late()});
my $keeps_role = $node->safe_psql('postgres', 'SHOW server_version_num') >= 180000;
my ($rc, $out, $err) = $node->psql('desk', $mallory);
if ($keeps_role)
{
	like($err, qr/function own\.late\(\), used by trigger late on table (?:work\.)?taskq_task_event, must have a search_path of its own.*ALTER FUNCTION own\.late\(\) SET search_path/s,
		'a deferrable trigger without a search_path of its own is refused');
}
else
{
	is($rc, 0, 'a deferred trigger runs with the rights of the caller') or diag($err);
}
query('desk', q{ALTER FUNCTION own.late() SET search_path = pg_catalog, pg_temp});
query('desk', $undo);
query('desk', $mallory);
is(query('desk', q{SELECT DISTINCT who FROM public.trap WHERE who OPERATOR(pg_catalog.<>) 'mallory'}), '', 'and nothing of others has run with the rights of the owner');
SKIP:
{
	skip 'deferred triggers run with the rights of the caller', 1 if !$keeps_role;
	query('desk', q{SET search_path = pg_catalog; CREATE FUNCTION own.f(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
		ALTER TABLE work.taskq_task_event ADD CONSTRAINT once EXCLUDE USING btree ((own.f(note)) WITH =) DEFERRABLE});
	(undef, undef, $err) = $node->psql('desk', $undo);
	like($err, qr/function own\.f\(text\), used by index (?:work\.)?once, must have a search_path of its own/, 'so is a deferrable constraint that evaluates functions');
}

$node->stop;
done_testing();
