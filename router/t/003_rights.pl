# Levels, row security and user mappings: a slot decides what a user may.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Utils;
use RouterTest;
use Test::More;

start_router();
connect_slots();
subscribe();
everywhere(q{INSERT INTO taskq_staff_member (id, name) VALUES ('sta_1', 'Ana');
	INSERT INTO taskq_customer (id, name) SELECT 'cus_' || i, 'Customer ' || i FROM generate_series(1, 20) i});

sub as
{
	my ($role, $sql) = @_;
	my ($status, $out, $err) = $router->psql('desk', "\\set VERBOSITY verbose\n$sql", extra_params => [ '-U', $role ]);
	return $err eq '' ? $out : (split /\n/, $err)[0];
}

my $roles = 'CREATE ROLE v LOGIN; CREATE ROLE a LOGIN; CREATE ROLE m LOGIN; CREATE ROLE nobody LOGIN';
$router->safe_psql('postgres', "$roles; CREATE ROLE app LOGIN");
fails(q{SELECT taskq_grant('v', 'viewer')}, qr/42704: role "v" does not exist/, 'a role that the slots do not have');
is(desk(q{SELECT has_schema_privilege('v', 'taskq_router', 'USAGE')}), 'f', 'and nothing is granted');
$slots->safe_psql('postgres', $roles);
desk('CREATE EXTENSION postgres_fdw; SELECT taskq_router_make_views()');
desk(q{SELECT taskq_grant('v', 'viewer')});
desk(q{SELECT taskq_grant('a', 'agent')});
desk(q{SELECT taskq_grant('m', 'manager')});
is(at_slot(2, 'SELECT string_agg(role_name || $$ $$ || level, $$,$$ ORDER BY role_name) FROM taskq_role_grant'), 'a agent,m manager,v viewer', 'the slots have the grants');

is(as('nobody', 'SELECT taskq_router.taskq_queue_count()'), 'psql:<stdin>:2: ERROR:  42501: permission denied for schema taskq_router', 'without a level: nothing');
like(as('v', q{SELECT taskq_create('a')}), qr/42501: permission denied for function taskq_create/, 'a viewer creates nothing');
is(as('v', 'SELECT taskq_queue_count()'), '0', 'but reads');
is(as('v', 'SELECT count(*) FROM taskq_workload'), '1', 'views, too');
my $id = as('a', q{SELECT taskq_create('a', user_id => 'cus_1')});
like($id, qr/^\d+$/, 'an agent creates');
is(at_slot($id & 3, "SELECT created_by FROM taskq_task WHERE id = $id"), 'a', 'under its own name');
is(as('a', "SELECT title FROM taskq_start($id)"), 'a', 'and starts');
is(as('a', q{SELECT count(*) FROM taskq_claim('sta_1')}), '1', 'and claims');
like(as('a', q{SELECT taskq_erase_customer('cus_1')}), qr/42501: permission denied for function taskq_erase_customer/, 'but erases nothing');
like(as('m', q{SELECT taskq_erase_customer('cus_1')}), qr/^\(1,/, 'a manager does');
is(as('m', 'SELECT count(*) FROM taskq_sweep() WHERE tasks > 0'), '0', 'and sweeps');
is(as('m', q{UPDATE taskq_staff_member SET name = 'Anna'; SELECT name FROM taskq_staff_member}), 'Anna', 'and keeps the directory');
like(as('m', q{SELECT taskq_router_set_slot(0, 'dbname=x')}), qr/42501: permission denied for function taskq_router_set_slot/, 'but moves no slots');
like(as('a', 'SELECT taskq_router.taskq_start_at(0, 1, NULL, NULL)'), qr/42501: permission denied for function taskq_start_at/, 'nobody goes past the router\'s checks');
like(as('m', q{SELECT taskq_grant('nobody', 'viewer')}), qr/42501/, 'nor grants');

# Another name at the slots, by a user mapping.
desk(q{SELECT public.taskq_grant('app', 'agent'); SELECT taskq_router_grant('app');
	CREATE USER MAPPING FOR app SERVER taskq_slots OPTIONS (user 'v'); CREATE USER MAPPING FOR app SERVER taskq_reads OPTIONS (user 'v')});
like(as('app', q{SELECT taskq_create('a')}), qr/42501: permission denied for function taskq_create/, 'the mapped role has the rights that it has at the slot');
desk(q{ALTER USER MAPPING FOR app SERVER taskq_slots OPTIONS (SET user 'a'); SELECT taskq_router_map('app')});
my $mapped = as('app', q{SELECT taskq_create('mapped', user_id => 'cus_2')});
is(at_slot($mapped & 3, "SELECT created_by FROM taskq_task WHERE id = $mapped"), 'app', 'and the actor is who called');
desk(q{CREATE FUNCTION public.counted() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT taskq_router.taskq_queue_count()'; REVOKE ALL ON FUNCTION public.counted() FROM PUBLIC; GRANT USAGE ON SCHEMA public TO nobody; GRANT EXECUTE ON FUNCTION public.counted() TO nobody});
is(as('nobody', 'SELECT public.counted()'), as('v', 'SELECT taskq_queue_count()'), 'SECURITY DEFINER: as its owner');

# Row security is that of the slots.
for my $n (0 .. 3)
{
	at_slot($n, q{ALTER TABLE taskq_task ENABLE ROW LEVEL SECURITY;
		CREATE POLICY everything ON taskq_task TO m, v USING (true);
		CREATE POLICY own ON taskq_task TO a USING (user_id IN ('cus_2', 'cus_3', 'cus_4'))});
}
desk(q{SELECT count(taskq_create('of ' || i, user_id => 'cus_' || i)) FROM generate_series(2, 13) i});
is(as('a', 'SELECT string_agg(DISTINCT user_id, $$,$$) FROM taskq_queue_page()'), 'cus_2,cus_3,cus_4', 'row security: pages');
is(as('a', 'SELECT taskq_queue_count()'), '4', 'counts');
is(as('a', 'SELECT open FROM taskq_stats()'), '4', 'stats');
is(as('a', 'SELECT count(*) FROM taskq_tasks'), '4', 'views');
is(as('app', 'SELECT count(*) FROM taskq_tasks'), '4', 'views of a role that is another at the slots');
for my $mapping (q{CREATE USER MAPPING FOR a SERVER taskq_slots OPTIONS (user 'm')}, q{CREATE USER MAPPING FOR a SERVER taskq_reads OPTIONS (user 'm')})
{
	like(as('a', $mapping), qr/42501: permission denied for user mappings of the router's servers/, 'nobody makes himself another at the slots');
}
like(as('app', q{ALTER USER MAPPING FOR app SERVER taskq_slots OPTIONS (SET user 'm')}), qr/42501: permission denied for user mappings/, 'nor by a change');
like(as('app', q{DROP USER MAPPING FOR app SERVER taskq_slots}), qr/42501: permission denied for user mappings/, 'nor goes without his mapping');
is(as('a', 'SELECT taskq_queue_count()'), '4', 'so that row security holds');
desk(q{CREATE USER MAPPING FOR v SERVER taskq_reads; DROP USER MAPPING FOR v SERVER taskq_reads});
like(as('nobody', 'SELECT count(*) FROM taskq_router.taskq_tasks'), qr/42501/, 'views of one that has no level');
desk('GRANT USAGE ON SCHEMA taskq_router TO nobody; GRANT SELECT ON taskq_router.taskq_tasks TO nobody');
like(as('nobody', 'SELECT count(*) FROM taskq_router.taskq_tasks'), qr/user mapping not found for "nobody"/, 'which gets nowhere by a grant on the router alone');
is(as('v', 'SELECT open FROM taskq_stats()'), '13', 'of a role that sees all');
is(as('a', q{SELECT string_agg(DISTINCT user_id, ',') FROM taskq_claim('sta_1', 20)}), 'cus_2,cus_3,cus_4', 'claims');
my $hidden = desk(q{SELECT id FROM taskq_queue_page(user_id => 'cus_9')});
like(as('a', "SELECT taskq_start($hidden)"), qr/P0002: task $hidden does not exist/, 'a task that is hidden is none');
like(as('a', q{SELECT taskq_create('of nine', user_id => 'cus_9')}), qr/42501: new row violates row-level security policy/, 'nor is one created');

# Levels change and go.
desk(q{SELECT taskq_revoke('a')});
like(as('a', 'SELECT taskq_router.taskq_queue_count()'), qr/42501/, 'revoked');
is(at_slot(3, q{SELECT has_table_privilege('a', 'taskq_task', 'SELECT')}), 'f', 'at the slots, too');
desk(q{SELECT taskq_grant('v', 'agent')});
desk('SELECT taskq_reapply_grants()');
like(as('v', q{SELECT taskq_create('now')}), qr/^\d+$/, 'a higher level');

# SET ROLE, as a pool of connections does it.
desk('GRANT v TO nobody');
is(as('nobody', 'SET ROLE v; SELECT taskq_router.taskq_queue_count() > 0; RESET ROLE'), 't', 'SET ROLE counts');

done_testing();
