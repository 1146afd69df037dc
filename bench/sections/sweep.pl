# Marking tasks whose day has ended; and a sweep that has nothing to do.
#
# Each group of tasks falls due a day after the one before.  Days pass by the
# time zone: every run finds rows that nobody has touched, scattered over the
# whole table, and taskq, floor and PL/pgSQL find the same ones.
use strict;
use warnings;
use Bench;

my $groups = 6;

# Moves today on in a database by so many days.
sub pass_days
{
	my ($database, $days) = @_;
	my $zone = sprintf '<+%d>-%d', 24 * $days, 24 * $days;
	sql($database, "ALTER DATABASE $database SET taskq.timezone = '$zone'", "ALTER DATABASE $database SET app.timezone = '$zone'");
	return;
}

# A sweep that has nothing to do, once all that was due has been marked.
sub idle
{
	my ($database, $work) = @_;
	sql($database, 'CALL taskq_sweep_all()');
	settle($database);
	my $db = connect_to($database);
	my $idle = statement($db, 'SELECT * FROM taskq_sweep()');
	my %figures = timed_in_turns($size{latency}, taskq => sub { $idle->execute; $idle->finish });
	my $found = $db->selectall_arrayref('SELECT kind, tasks FROM taskq_sweep() WHERE tasks > 0');
	die "sweep: something was due: @{[ map { \"@$_\" } @$found ]}\n" if @$found;
	$db->disconnect;
	result(section => 'sweep', work => $work, unit => 'ms', figures => \%figures, goals => [ { under => 0.5 } ]);
	return;
}

sub run_sweep
{
	my $due = $size{due};
	for (@{ $size{sweep} })
	{
		my ($label, $tasks) = @$_;
		my $big = $tasks > 2_000_000;
		# At 10 M PL/pgSQL is left out: the goal is the floor's.
		my @names = ('floor', ($big ? () : 'plpgsql'), 'taskq');
		my $start_day;
		for my $name (@names)
		{
			make_database("sweep_$name", $name);
			# At 1 M six groups of 100,000 are more than a tenth.
			my $share = $groups * $due / $tasks > 0.1 ? $groups * $due / $tasks : 0.1;
			load_tasks("sweep_$name", $name, $tasks, share => $share, groups => $groups, per_group => $due);
			say_now("sweep: loaded $label into sweep_$name");
		}
		$start_day = value('sweep_floor', 'SELECT min(due_date) FROM bench.task WHERE completed_at IS NULL AND cancelled_at IS NULL AND due_date >= current_date');
		my (%all, %one);
		for my $round (1 .. $groups)
		{
			my %marked;
			for my $name (rotate($round, @names))
			{
				my $database = "sweep_$name";
				my ($days, $day) = do {
					my $db = connect_to($database);
					my @row = $db->selectrow_array(q{SELECT ?::date + ?::integer - current_date, ?::date + ?::integer}, undef,
						$start_day, $round, $start_day, $round);
					$db->disconnect;
					@row;
				};
				pass_days($database, $days);
				settle($database);
				my $db = connect_to($database, synchronous_commit => 'off');
				my $ms;
				if ($name eq 'floor')
				{
					$ms = time_of(sub {
						$marked{$name} = $db->do(qq{WITH u AS (UPDATE bench.task SET status = 'OVERDUE', updated_at = statement_timestamp()
							WHERE completed_at IS NULL AND cancelled_at IS NULL
								AND taskq_stage(status, started_at, completed_at, cancelled_at) IN (0, 1) AND taskq_priority_rank(priority) IN (1, 2, 3, 4)
								AND taskq_place(priority, due_date, completed_at, cancelled_at) < ('$day' - date '2000-01-01')::bigint * 8
							RETURNING id, started_at)
							INSERT INTO bench.event (task_id, at, db_user, kind, from_status, to_status)
							SELECT id, statement_timestamp(), session_user, 'overdue',
								CASE WHEN started_at IS NULL THEN 'OPEN' ELSE 'IN_PROGRESS' END::taskq_status, 'OVERDUE' FROM u});
					});
					push @{ $all{floor} }, $ms if $round % 2;
					push @{ $one{floor} }, $ms if $round % 2 == 0;
				}
				elsif ($name eq 'plpgsql')
				{
					$ms = time_of(sub { ($marked{$name}) = $db->selectrow_array('SELECT bench.sweep(1000000)') });
					push @{ $one{plpgsql} }, $ms if $round % 2 == 0;
				}
				elsif ($round % 2)
				{
					my ($before) = $db->selectrow_array(q{SELECT count(*) FROM taskq_task_event WHERE kind = 'overdue'});
					$ms = time_of(sub { $db->do('CALL taskq_sweep_all()') });
					push @{ $all{taskq} }, $ms;
					$marked{$name} = $db->selectrow_array(q{SELECT count(*) FROM taskq_task_event WHERE kind = 'overdue'}) - $before;
				}
				else
				{
					$ms = time_of(sub { ($marked{$name}) = $db->selectrow_array(q{SELECT tasks FROM taskq_sweep(1000000) WHERE kind = 'overdue'}) });
					push @{ $one{taskq} }, $ms;
				}
				$db->disconnect;
			}
			say_now("sweep $label: day $round: $marked{taskq} tasks");
			die "sweep: contenders marked different numbers: @{[ %marked ]}\n" if grep { $_ != $marked{taskq} } values %marked;
		}
		result(section => 'sweep', work => "$due overdue among $label, CALL taskq_sweep_all()", mode => 'synchronous_commit off',
			unit => 'ms', figures => \%all, goals => [ { of => 'floor', most => 1.20 } ]);
		result(section => 'sweep', work => "$due overdue among $label, taskq_sweep(1000000)", mode => 'synchronous_commit off',
			unit => 'ms', figures => \%one, goals => [ { of => 'floor', most => 1.20 } ]);

		# Nothing is due any more.
		drop_database(map { "sweep_$_" } grep { $_ ne 'taskq' } @names);
		idle('sweep_taskq', "nothing due, $label");
		drop_database('sweep_taskq');
	}

	# Nor where much is long overdue and breached.
	make_database('sweep_taskq', 'taskq');
	load_tasks('sweep_taskq', 'taskq', $size{base});
	sql('sweep_taskq', qq{INSERT INTO taskq_task (title, priority, due_date, sla_hours, assignee_id, created_at)
		SELECT bench.title(i), bench.priority(bench.h(i, 3)), current_date - 30, 24, bench.staff(bench.h(i, 6)), now() - interval '60 days'
		FROM generate_series(1, $size{settled}) i});
	idle('sweep_taskq', "nothing due, $size{settled} tasks overdue and breached long ago");
	drop_database('sweep_taskq');
	return;
}

1;
