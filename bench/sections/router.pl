# Calls through the router, against the same calls in one database that has all
# the tasks: with one client in turns, and creates at 8 clients.  Slots are
# databases of the same server, so that all share its cores and its disk.
use strict;
use warnings;
use Bench;

# Whether there is a router to be had here.
sub can_route { return value('postgres', q{SELECT count(*) FROM pg_available_extensions WHERE name IN ('plproxy', 'taskq_router')}) == 2; }

sub slots_of { my ($n) = @_; return map { "slot_$_" } 0 .. $n - 1; }

# A router, and slots that have what database direct has.
sub make_router
{
	my ($n) = @_;
	for my $slot (0 .. $n - 1)
	{
		make_database("slot_$slot", 'taskq');
		my $db = connect_to("slot_$slot", session_replication_role => 'replica');
		my $columns = generated_columns() =~ s/^id, //r;
		$db->do("INSERT INTO taskq_task (id, $columns) SELECT 1024 * id + $slot, $columns FROM bench.tasks(1, $size{base}, 0.1, current_date, 0, 0)
			WHERE coalesce(taskq_slot(user_id), id::integer) & ($n - 1) = $slot ORDER BY id");
		$db->do("SELECT taskq_set_slot($slot)");
		$db->disconnect;
		settle("slot_$slot");
	}
	drop_database('router');
	sql('postgres', 'CREATE DATABASE router');
	sql('router', slurp("$ENV{BENCH_TMP}/taskq/bench/sql/data.sql"), 'CREATE EXTENSION plproxy', 'CREATE EXTENSION taskq_router',
		'ALTER DATABASE router SET search_path = taskq_router, public',
		'SELECT taskq_router.taskq_router_set_slots(ARRAY[' . join(', ', map { "'host=$ENV{PGHOST} port=$ENV{PGPORT} dbname=$_'" } slots_of($n)) . '])',
		'VACUUM ANALYZE');
	return;
}

# What one client asks for, on a connection of its own, by statements that are
# prepared there or not.  Tasks are started that it made before.
sub calls_on
{
	my ($database, $prepared) = @_;
	my $db = connect_to($database);
	my $statement = sub { return $prepared ? statement($db, $_[0]) : $db->prepare($_[0], { pg_server_prepare => 0 }) };
	my $create = $statement->(q{SELECT taskq_create('Chase outstanding bank statement', 'The customer has been asked and has not answered.', 'HIGH',
		current_date + 10, 48, $1, $2)});
	my %st = map { $_->[0] => $statement->($_->[1]) } (
		[ start => 'SELECT id FROM taskq_start($1)' ],
		[ comment => q{SELECT id FROM taskq_comment($1, 'Called, no answer')} ],
		[ page => 'SELECT * FROM taskq_queue_page()' ],
		[ 'page of all active' => 'SELECT * FROM taskq_queue_page(status => taskq_active(), after => $1)' ],
		[ stats => 'SELECT * FROM taskq_stats()' ],
		[ claim => 'SELECT id FROM taskq_claim($1)' ]);
	my ($cursor) = $db->selectrow_array('SELECT cursor FROM taskq_queue_page(status => taskq_active(), page_size => 500) OFFSET 499');
	my ($i, @made) = (0);
	my $make = sub {
		$i++;
		$create->execute('sta_' . (1 + $i % 1000), 'cus_' . (1 + 7919 * $i % 80000));
		push @made, $create->fetchrow_array;
		$create->finish;
	};
	my $run = sub { my ($which, @arguments) = @_; $st{$which}->execute(@arguments); $st{$which}->fetchall_arrayref; return };
	$make->() for 1 .. 20;
	return (
		create => $make,
		start => sub { $run->('start', shift @made) },
		comment => sub { $run->('comment', $made[0]) },
		page => sub { $run->('page') },
		'page of all active' => sub { $run->('page of all active', $cursor) },
		stats => sub { $run->('stats') },
		claim => sub { $run->('claim', 'sta_' . (1 + $i++ % 1000)) });
}

my %work = (
	create => 'taskq_create', start => 'taskq_start', comment => 'taskq_comment', page => 'page of 50, default',
	'page of all active' => 'page of 50, the eleventh of all active', stats => 'taskq_stats()', claim => 'claim one');
my %goal = (
	(map { $_ => { of => 'direct', most => 1.35 } } qw(create start comment)),
	(map { $_ => { of => 'direct', most => 3, or_under => 2 } } 'page', 'page of all active'),
	stats => { of => 'direct', most => 3 });

sub run_router
{
	make_database('direct', 'taskq');
	load_tasks('direct', 'taskq', $size{base});
	for my $n (1, 2, 4, 8)
	{
		my $slots = $n == 1 ? '1 slot' : "$n slots";
		make_router($n);
		worker_in(join ', ', 'direct', slots_of($n));
		sql($_, 'ALTER DATABASE ' . $_ . ' SET synchronous_commit = off', 'CALL taskq_sweep_all()') for 'direct', slots_of($n);
		my %call = map { my $database = $_; map { ("$database, $_" => { calls_on($database, $_) }) } 0, 1 } 'direct', 'router';
		# What is read is measured first: what is written makes the tables differ.
		for my $works ([ 'page', 'page of all active', 'stats' ], [ 'create', 'start', 'comment' ], ['claim'])
		{
			my %code;
			for my $work (@$works)
			{
				for my $way (keys %call) { $code{"$work, $way"} = $call{$way}{$work}; }
			}
			my %figures = timed_in_turns($size{latency}, %code);
			for (map { my $work = $_; map { [ $work, $_ ] } 0, 1 } @$works)
			{
				my ($work, $prepared) = @$_;
				# Pages and the bar are to be that good over four.
				my $has_goal = $goal{$work} && ($n == 4 || $goal{$work}{most} < 3);
				result(section => 'router', work => $work{$work}, mode => $slots . ($prepared ? ', prepared' : ''), unit => 'ms',
					figures => { direct => $figures{"$work, direct, $prepared"}, taskq => $figures{"$work, router, $prepared"} }, goals => $has_goal ? [ $goal{$work} ] : []);
			}
		}
		for my $sync (qw(off on))
		{
			my %figures;
			sql('postgres', "ALTER DATABASE $_ SET synchronous_commit = $sync") for 'direct', slots_of($n);
			for my $round (1 .. $size{rounds})
			{
				for my $name (rotate($round, 'direct', 'router'))
				{
					checkpoint();
					push @{ $figures{ $name eq 'router' ? 'taskq' : $name } },
					  pgbench($name, script(create_script('taskq')), transactions => int($size{transactions} / 3), sync => $sync, seed => $round);
				}
			}
			result(section => 'router', work => 'taskq_create, 8 clients', mode => "$slots, synchronous_commit $sync", unit => '/s',
				figures => \%figures, goals => $n == 4 ? [ { of => 'direct', least => 1 } ] : []);
		}
		%call = ();
		worker_in('none');
		drop_database('router', slots_of($n));
	}
	drop_database('direct');
	note('router', 'taskq is the call through the router, direct the same call in one database with all the tasks. Router and slots are databases of one server: '
		  . 'what a call through the router costs more is taken from the cores and the disk that the slots have. A slot parses each call, whether or not the client '
		  . 'prepared it at the router');
	return;
}

1;
