# pg_upgrade from an older major of PostgreSQL, with taskq in use.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $config = $ENV{OLD_PG_CONFIG};
plan skip_all => 'OLD_PG_CONFIG names no older installation: see test/upgrade' unless $config;

chomp(my $old_bin = `$config --bindir`);
chomp(my $new_bin = `pg_config --bindir`);
(my $old_path = $old_bin) =~ s{/bin$}{};

# A database of the version at hand and one of the first version.
my %version = (desk => undef, legacy => '0.1.0');

my $fill = q{
	INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana'), ('sta_2', 'Ben');
	UPDATE taskq_staff_member SET is_active = false WHERE id = 'sta_2';
	CREATE TABLE client (key text PRIMARY KEY, label text, agent text);
	CREATE TRIGGER mirror AFTER INSERT OR UPDATE OR DELETE ON client
		FOR EACH ROW EXECUTE FUNCTION taskq_mirror('customer', 'key', 'label', '', 'agent');
	INSERT INTO client VALUES ('cus_1', 'Acme', 'sta_1');
	SELECT taskq_create(title => 'task ' || n, due_date => taskq_today() + n, sla_hours => 24, assignee_id => 'sta_1', user_id => 'cus_1')
		FROM generate_series(1, 5) n;
	SELECT taskq_start_many('{2,3}');
	SELECT taskq_complete(3, 'done', actor => 'sta_1');
	SELECT taskq_cancel(4, 'not needed');
	SELECT taskq_reschedule(5, '2020-01-01');
	SELECT taskq_comment(5, 'late');
	INSERT INTO taskq_workflow_rule (name, event, action) VALUES ('Ring back', 'call.missed', 'CREATE_TASK');
	SELECT taskq_emit('call.missed', '{"who": "cus_1"}');
	SELECT taskq_renewal_create('cus_1', 'permit', taskq_today() + 10);
	SELECT taskq_renewal_create('cus_1', 'visa', taskq_today() + 80);
	SELECT taskq_renewals_refresh();
	SELECT taskq_sweep();
	INSERT INTO taskq_task (title, due_date) VALUES ('not swept yet', '2020-01-01');
	SELECT taskq_grant('ops_agent', 'agent'), taskq_grant('ops_old', 'viewer');
	ALTER TABLE taskq_task ENABLE ROW LEVEL SECURITY;
	CREATE POLICY own ON taskq_task TO ops_agent USING (assignee_id = 'sta_1');
};

# One query for each table of the extension, all rows as text, and for each
# sequence, without log_cnt, which means nothing.
my $tables = q{SELECT format(CASE relkind WHEN 'S' THEN 'SELECT %L, last_value, is_called FROM %s'
		ELSE 'SELECT %L, string_agg(t::text, chr(10) ORDER BY t::text) FROM %s t' END, oid::regclass, oid::regclass)
	FROM pg_class WHERE relkind IN ('r', 'S') AND oid IN (SELECT objid FROM pg_depend WHERE deptype = 'e'
		AND classid = 'pg_class'::regclass AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'taskq'))
	ORDER BY oid::regclass::text};

# What roles other than the owner may do.
my $privileges = q{SELECT relname, privilege_type FROM pg_class, aclexplode(relacl)
	WHERE grantee = 'ops_agent'::regrole ORDER BY 1, 2};

sub content
{
	my ($node, $database) = @_;
	return join "\n", map { $node->safe_psql($database, $_) } split /\n/, $node->safe_psql($database, $tables);
}

sub configured
{
	my ($node, $databases) = @_;
	# The last line of a setting holds.
	$node->append_conf('postgresql.conf', "shared_preload_libraries = 'taskq'\ntaskq.databases = '$databases'\n"
		. "taskq.sweep_interval = 1s\nautovacuum = off\n");
	return;
}

for my $mode (qw(copy link))
{
	my $old = PostgreSQL::Test::Cluster->new("old_$mode", install_path => $old_path);
	$old->init(extra => ['--data-checksums']);
	configured($old, 'none');
	$old->start;
	my $from = int($old->safe_psql('postgres', 'SHOW server_version_num') / 10000);

	my (%before, %may);
	$old->safe_psql('postgres', 'CREATE ROLE ops_agent; CREATE ROLE ops_old');
	for my $database (sort keys %version)
	{
		$old->safe_psql('postgres', "CREATE DATABASE $database");
		$old->safe_psql('postgres', "ALTER DATABASE $database SET search_path = ops");
		$old->safe_psql('postgres', "ALTER DATABASE $database SET taskq.timezone = 'Asia/Dubai'");
		$old->safe_psql($database, 'CREATE SCHEMA ops; CREATE EXTENSION taskq SCHEMA ops'
			. ($version{$database} ? " VERSION '$version{$database}'" : ''));
		$old->safe_psql($database, $fill);
		$before{$database} = content($old, $database);
		$may{$database} = $old->safe_psql($database, $privileges);
		like($before{$database}, qr/not swept yet/, "$database is filled");
	}
	$old->safe_psql('postgres', 'ALTER ROLE ops_old RENAME TO ops_viewer');
	# Whoever looks for work during the upgrade finds some.
	configured($old, '');
	$old->stop;

	my $new = PostgreSQL::Test::Cluster->new("new_$mode");
	$new->init(extra => ['--data-checksums']);
	configured($new, '');
	my @command = ('pg_upgrade', '--no-sync', '--retain', '--old-datadir', $old->data_dir, '--new-datadir', $new->data_dir,
		'--old-bindir', $old_bin, '--new-bindir', $new_bin, '--socketdir', $new->host,
		'--old-port', $old->port, '--new-port', $new->port, $mode eq 'link' ? '--link' : ());
	chdir $PostgreSQL::Test::Utils::tmp_check or die $!;
	command_ok([@command], "pg_upgrade, $mode");

	# No worker ran in either server, or it would have swept.
	configured($new, 'none');
	$new->start;
	my $to = int($new->safe_psql('postgres', 'SHOW server_version_num') / 10000);
	note("from PostgreSQL $from to $to");
	for my $database (sort keys %version)
	{
		is(content($new, $database), $before{$database}, "$database, $mode: every row and sequence as it was");
		is($new->safe_psql($database, $privileges), $may{$database}, 'privileges too');
		is($new->safe_psql($database, q{SELECT polname FROM pg_policy WHERE polrelid = 'taskq_task'::regclass}), 'own',
			'and a policy on an extension\'s table');
	}
	is($new->safe_psql('desk', q{SELECT taskq_revoke('ops_viewer'); SELECT role_name FROM taskq_role_grant;
		SELECT has_table_privilege('ops_viewer', 'taskq_task', 'SELECT')}), "\nops_agent\nf", 'a role that was renamed before is known');
	is($new->safe_psql('legacy', q{SELECT extversion FROM pg_extension WHERE extname = 'taskq'}), '0.1.0', 'the old version stays');
	is($new->safe_psql('legacy', q{SELECT status FROM taskq_start(1)}), 'IN_PROGRESS', 'and works');

	configured($new, '');
	$new->restart;
	for my $database (sort keys %version)
	{
		ok($new->poll_query_until($database, q{SELECT count(*) = 0 FROM taskq_tasks WHERE status <> stored_status}),
			"$database, $mode: the worker sweeps");
		is($new->safe_psql($database, q{SELECT count(*) FROM taskq_task t JOIN taskq_task_event e ON e.task_id = t.id
			WHERE title = 'not swept yet' AND e.kind = 'overdue'}), '1', 'and records what it finds once');
		is($new->safe_psql($database, q{SELECT taskq_create('next') = max(id) + 1 FROM taskq_task}), 't', 'ids go on');
		is($new->safe_psql($database, q{INSERT INTO client VALUES ('cus_2', 'Blue', 'sta_1');
			SELECT name FROM taskq_customer WHERE id = 'cus_2'}), 'Blue', 'the application\'s trigger works');
		$new->safe_psql($database, 'ALTER EXTENSION taskq UPDATE');
		is($new->safe_psql($database, q{SELECT extversion = default_version FROM pg_extension, pg_available_extensions
			WHERE extname = 'taskq' AND name = 'taskq'}), 't', 'ALTER EXTENSION UPDATE');
		is($new->safe_psql($database, q{SELECT count(*) FROM taskq_renewals_refresh()}), '0', 'no threshold is crossed twice');
	}
	$new->stop;
}

done_testing();
