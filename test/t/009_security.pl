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

$node->stop;
done_testing();
