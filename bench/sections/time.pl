# Business time: creating with a policy, an edited calendar, computing and
# explaining a deadline.
use strict;
use warnings;
use Bench;

# Creating with a policy and a calendar, with hours, and without an SLA.
sub creates_with_policy
{
	my ($sync) = @_;
	my $create = "\\set s random(1, 1000)\n\\set c random(1, 80000)\nSELECT taskq_create('Chase outstanding bank statement', "
	  . "due_date => current_date + 5, assignee_id => 'sta_' || :s::integer, user_id => 'cus_' || :c::integer, %s);";
	my %script = (
		policy => script(sprintf $create, q{kind => 'REVIEW'}),
		sla_hours => script(sprintf $create, 'sla_hours => 8'));
	my %figures;
	for my $round (1 .. $size{rounds})
	{
		for my $name (rotate($round, sort keys %script))
		{
			checkpoint();
			push @{ $figures{$name} }, pgbench('taskq', $script{$name}, transactions => $size{transactions}, sync => $sync, seed => $round);
		}
	}
	result(section => 'time', work => 'create with a policy and a calendar', mode => "synchronous_commit $sync", unit => '/s',
		figures => { taskq => $figures{policy}, sla_hours => $figures{sla_hours} }, goals => [ { of => 'sla_hours', least => 0.95 } ]);
	return;
}

# Active tasks of an edited calendar are in line again; the floor writes as many deadlines.
sub edit_calendar
{
	my $n = $size{due};
	my @names = qw(floor taskq);
	make_contenders(@names);
	my $columns = 'title, priority, due_date, sla_hours, assignee_id, user_id';
	my $select = q{bench.title(i), bench.priority(bench.h(i, 3)), current_date + (i % 60)::integer, 400, bench.staff(bench.h(i, 6)), 'cus_' || 1 + i % 80000};
	sql('floor', "INSERT INTO bench.task ($columns, sla_due_at, sla_at_risk_at) SELECT $select, now() + interval '60 days', now() + interval '50 days' FROM generate_series(1, $n) i");
	sql('taskq', q{SELECT taskq_calendar_set('desk', 'Europe/Berlin', 'Mon-Fri 09:00-17:00')},
		"INSERT INTO taskq_task ($columns, sla_calendar) SELECT $select, 'desk' FROM generate_series(1, $n) i");
	my %figures;
	for my $round (1 .. 2 * $size{rounds})
	{
		for my $name (rotate($round, @names))
		{
			settle($name);
			my $db = connect_to($name, synchronous_commit => 'off');
			my $ms;
			if ($name eq 'taskq')
			{
				$db->do(sprintf q{SELECT taskq_calendar_set('desk', 'Europe/Berlin', 'Mon-Fri 09:00-%d:00')}, $round % 2 ? 16 : 17);
				$ms = time_of(sub { $db->do("SELECT * FROM taskq_sweep(1000000)") });
				my $stale = value($name, q{SELECT count(*) FROM taskq_task t JOIN taskq_calendar c ON c.name = t.sla_calendar WHERE t.sla_revision <> c.revision});
				die "time: $stale tasks are stale\n" if $stale;
			}
			else
			{
				$ms = time_of(sub { $db->do(qq{WITH u AS (UPDATE bench.task SET sla_due_at = sla_due_at + interval '1 hour', sla_at_risk_at = sla_at_risk_at + interval '1 hour',
					updated_at = statement_timestamp() WHERE id <= $n RETURNING id, sla_due_at)
					INSERT INTO bench.event (task_id, at, db_user, kind, from_status, to_status, changes, note)
					SELECT id, statement_timestamp(), session_user, 'sla_changed', 'OPEN', 'OPEN',
						jsonb_build_object('sla_due_at', jsonb_build_object('from', sla_due_at - interval '1 hour', 'to', sla_due_at)), 'the calendar has changed' FROM u}) });
			}
			push @{ $figures{$name} }, $ms;
			$db->disconnect;
		}
	}
	result(section => 'time', work => "an edited calendar, $n active tasks", mode => 'synchronous_commit off', unit => 'ms',
		figures => \%figures, goals => [ { of => 'floor', most => 1.3 } ]);
	drop_database(@names);
	return;
}

# A thousand computations, of a million; what the loop itself takes is not in it.
sub business_add
{
	my ($db, $what, $calendar, $hours) = @_;
	my $loop = "SELECT max(%s) FROM generate_series(1, 1000000) g";
	my $add = sprintf $loop, "taskq_business_add('$calendar', now() + g * interval '1 minute', $hours)";
	my $empty = sprintf $loop, "now() + g * interval '1 minute'";
	my @ms;
	for (0 .. 5)
	{
		my $without = time_of(sub { $db->do($empty) });
		my $with = time_of(sub { $db->do($add) });
		push @ms, ($with - $without) / 1000 if $_;
	}
	result(section => 'time', work => "a thousand of taskq_business_add, $what", unit => 'ms', figures => { taskq => \@ms }, goals => [ { under => 1 } ]);
	return;
}

sub run_time
{
	make_database('taskq', 'taskq');
	load_tasks('taskq', 'taskq', $size{base});
	sql('taskq', q{SELECT taskq_calendar_set('desk', 'Europe/Berlin', 'Mon-Fri 09:00-17:00')},
		q{INSERT INTO taskq_holiday (list, day) SELECT 'many', date '2020-01-01' + 17 * g FROM generate_series(1, 200) g},
		q{SELECT taskq_calendar_set('holidays', 'Europe/Berlin', 'Mon-Fri 09:00-12:00,13:00-17:30', '{many}')},
		q{INSERT INTO taskq_sla_policy (name, kind, calendar, sla_hours) VALUES ('reviews', 'REVIEW', 'desk', 8)});
	worker_in('taskq');
	creates_with_policy($_) for qw(off on);
	worker_in('none');

	my $db = connect_to('taskq');
	business_add($db, 'a day', 'desk', 8);
	business_add($db, 'a year with 200 holidays', 'holidays', 2000);
	my ($id) = $db->selectrow_array(q{INSERT INTO taskq_task (title, sla_hours, sla_calendar) VALUES ('Two years', 4000, 'holidays') RETURNING id});
	my $explain = statement($db, 'SELECT * FROM taskq_sla_explain(?)');
	my %figures = timed_in_turns($size{latency}, taskq => sub { $explain->execute($id); $explain->finish });
	result(section => 'time', work => 'taskq_sla_explain, a task of two years', unit => 'ms', figures => \%figures, goals => [ { under => 5 } ]);
	$db->disconnect;
	drop_database('taskq');
	edit_calendar();
	return;
}

1;
