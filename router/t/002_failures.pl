# A slot that is dead, restarting, hanging, read-only or full; eight that claim.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Utils;
use RouterTest;
use Test::More;
use Time::HiRes qw(time);

start_router(far => "taskq.databases = 'none'\n");
connect_slots();
subscribe();
everywhere(q{
	INSERT INTO taskq_staff_member (id, name) SELECT 'sta_' || i, 'Staff ' || i FROM generate_series(1, 8) i;
	INSERT INTO taskq_customer (id, name) SELECT 'cus_' || i, 'Customer ' || i FROM generate_series(1, 40) i});
desk(q{SELECT count(taskq_create('task ' || i, user_id => 'cus_' || 1 + i % 40, due_date => taskq_today() + i % 9, priority => (enum_range(NULL::taskq_priority))[1 + i % 4])) FROM generate_series(1, 400) i});

# Customers of slot 3, which is on a server of its own, and of others.
my $far_customer = desk(q{SELECT min('cus_' || i) FROM generate_series(1, 40) i WHERE taskq_slot('cus_' || i) & 3 = 3});
my $near_customer = desk(q{SELECT min('cus_' || i) FROM generate_series(1, 40) i WHERE taskq_slot('cus_' || i) & 3 = 1});
my $all = 400;
my $near = $all - at_slot(3, 'SELECT count(*) FROM taskq_task');
my $count = 'SELECT taskq_queue_count(cap => NULL)';
is(desk($count), $all, 'all are there');

sub here_without_far
{
	my ($why) = @_;
	my $began = time;
	fails($count, qr/08006: .*(slot does not answer|slot did not answer)/, "$why: what needs all slots fails");
	fails("SELECT taskq_create('a', user_id => '$far_customer')", qr/08006: slot 3 (does|did) not answer/, "$why: so does what is for that slot");
	like(desk("SELECT taskq_cancel(taskq_create('b', user_id => '$near_customer')) IS NULL"), qr/^f$/, "$why: what is for others does not");
	my ($status, $out, $err) = $router->psql('desk', "SET taskq_router.partial = on; $count; SELECT count(*) FROM taskq_queue_page(page_size => 1000); SELECT open FROM taskq_stats()");
	is($out, join("\n", ($near) x 3), "$why: with partial the rest is shown");
	like($err, qr/WARNING: .*slot 3 is left out: slot 3 (does|did) not answer/, "$why: with a warning");
	is(desk(q{SET taskq_router.partial = on; SELECT count(*) FROM taskq_claim('sta_1', 2)}), '2', "$why: claims go on");
	desk(q{SET taskq_router.partial = on; SELECT count(taskq_assign(id, NULL)) FROM taskq_queue_page(assignee_id => 'sta_1')});
	is(desk('SELECT string_agg(slot::text, $$,$$) FROM taskq_router_status() WHERE problem ~ $$slot 3$$'), '3', "$why: the status says which");
	is(desk(q{SELECT count(*) FROM taskq_check() WHERE subject = 'slot 3' AND severity = 1}), '1', "$why: and so does taskq_check()");
	cmp_ok(time - $began, '<', 60, "$why: nothing waited long");
	return;
}

# What a session complains of.
sub tried
{
	my ($session, $sql) = @_;
	$session->query($sql);
	my $complaint = $session->{stderr};
	$session->{stderr} = '';
	return $complaint;
}

# Stops all processes of the server of slot 3, as they are.
sub freeze
{
	my $postmaster = (split /\n/, slurp_file($far->data_dir . '/postmaster.pid'))[0];
	my @processes = ($postmaster, split /\n/, $far->safe_psql('s3', 'SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()'));
	kill 'STOP', @processes;
	return @processes;
}

# ------------------------------------------------------------------------ dead

$far->stop('immediate');
here_without_far('dead');
my $session = $router->background_psql('desk', on_error_stop => 0);
tried($session, $count);
$far->start;
is(desk($count), $all, 'back again, all are there');
is($session->query_safe($count), $all, 'for a session that was there, too');
# A session with a connection to a server that has been restarted since.
$far->restart('immediate');
tried($session, $count);
is($session->query_safe($count), $all, 'at the latest with the second call after a restart');
$session->quit;

# --------------------------------------------------------------------- hanging

$router->safe_psql('postgres', q{ALTER DATABASE desk SET taskq_router.timeout = '1s'});
my $hanging = $router->background_psql('desk', on_error_stop => 0);
is($hanging->query_safe($count), $all, 'a session that is connected to the slot');
my $far_task = at_slot(3, 'SELECT min(id) FROM taskq_task');
my @frozen = freeze();
here_without_far('hanging');
like(tried($hanging, $count), qr/a slot did not answer within 1000 ms/, 'nor does it wait where it was connected');
fails(qq{SET taskq_router.timeout = 0; SET statement_timeout = '1s'; $count}, qr/57014/, 'nor with statement_timeout, while connecting');
kill 'CONT', reverse @frozen;
is($hanging->query_safe("SET taskq_router.timeout = 0; SET statement_timeout = '2s'; $count"), $all, 'goes on');
@frozen = freeze();
like(tried($hanging, $count), qr/canceling statement due to statement timeout/, 'nor with statement_timeout, when connected');
like(tried($hanging, "SELECT taskq_comment($far_task, 'perhaps')"), qr/canceling statement due to statement timeout\nDETAIL:  Whether the call was carried out is not known\./, 'which says what is not known');
kill 'CONT', reverse @frozen;
is($hanging->query_safe($count), $all, 'goes on');
$hanging->quit;
$router->safe_psql('postgres', 'ALTER DATABASE desk RESET taskq_router.timeout');

# ------------------------------------------------------------ read-only and full

$far->safe_psql('postgres', 'ALTER DATABASE s3 SET default_transaction_read_only = on');
fails("SELECT taskq_create('a', user_id => '$far_customer')", qr/25006: cannot execute INSERT in a read-only transaction/, 'read-only: the slot says so');
is(desk($count), $all, 'and is read');
$far->safe_psql('postgres', 'SET default_transaction_read_only = off; ALTER DATABASE s3 RESET default_transaction_read_only');
$far->safe_psql('s3', q{SET default_transaction_read_only = off;
	CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full', HINT = 'Check free disk space.'; END $$;
	CREATE TRIGGER full_disk BEFORE INSERT ON taskq_task FOR EACH ROW EXECUTE FUNCTION full_disk()});
fails("SELECT taskq_create('a', user_id => '$far_customer')", qr/53100: could not extend file\nHINT:  Check free disk space\./, 'full: its error comes through');
like(desk("SELECT taskq_cancel(taskq_create('b', user_id => '$near_customer')) IS NULL"), qr/^f$/, 'others go on');
$far->safe_psql('s3', 'DROP TRIGGER full_disk ON taskq_task');

# --------------------------------------------------------------------- claimers

my $unassigned = desk('SELECT unassigned FROM taskq_stats()');
my @order = split /\n/, desk(q{SELECT id FROM taskq_queue_page(unassigned => true, sort => 'priority', page_size => 5)});
is(desk(q{SELECT string_agg(id::text, ',') FROM taskq_claim('sta_1', 5)}), join(',', @order), 'the most urgent of all slots, in order');
my $script = $router->basedir . '/claim.sql';
append_to_file($script, q{SELECT id FROM taskq_claim('sta_' || :client_id + 1, 3);});
$router->command_ok([ 'pgbench', '-n', '-f', $script, '-c', '8', '-t', '30', 'desk' ], 'eight claim at once');
is(desk('SELECT unassigned FROM taskq_stats()'), '0', 'everything is claimed');
is(desk(q{SELECT count(*) FROM taskq_claim('sta_1', 3)}), '0', 'and there is no more');
my $events = 0;
$events += at_slot($_, q{SELECT count(*) FROM (SELECT task_id FROM taskq_task_event WHERE kind = 'assigned' AND to_status IS NOT NULL
	AND changes->'assignee_id'->>'from' IS NULL AND changes->'assignee_id'->>'to' NOT IN ('sta_1', 'sta_2') GROUP BY task_id HAVING count(*) > 1) e}) for 0 .. 3;
is($events, 0, 'nothing twice');

# ------------------------------------------------------------- the router restarts

my $id = desk("SELECT taskq_create('before', user_id => '$far_customer')");
$router->restart('immediate');
is(desk("SELECT title FROM taskq_comment($id, 'after')"), 'before', 'the router has nothing to lose');
is(desk('SELECT count(*) FROM taskq_router_slot'), '4', 'but where the slots are, which it keeps');

done_testing();
