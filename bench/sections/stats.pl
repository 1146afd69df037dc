# The stats bar with a tenth of the tasks active: alone, within a transaction
# that has written, under load, for all and for one assignee, beside an old
# snapshot, and without the worker.
use strict;
use warnings;
use Bench;

my %call = (
	all => 'SELECT * FROM taskq_stats()',
	assignee => q{SELECT * FROM taskq_stats(assignee_id => 'sta_38')});

# The same counts, from the rows.
my %count = map {
	my $filter = $_ eq 'all' ? 'true' : q{t.assignee_id = 'sta_38'};
	($_ => qq{SELECT count(*) FILTER (WHERE active AND started_at IS NULL AND coalesce(due_date, 'infinity') >= taskq_today()),
		count(*) FILTER (WHERE active AND started_at IS NOT NULL AND coalesce(due_date, 'infinity') >= taskq_today()),
		count(*) FILTER (WHERE active AND due_date < taskq_today()), count(*) FILTER (WHERE active AND due_date = taskq_today()),
		count(*) FILTER (WHERE active AND assignee_id IS NULL), count(*) FILTER (WHERE completed_at BETWEEN taskq_day_start(taskq_today()) AND statement_timestamp()),
		count(*) FILTER (WHERE active AND sla_at_risk_at <= statement_timestamp() AND sla_due_at >= statement_timestamp()),
		count(*) FILTER (WHERE active AND sla_due_at < statement_timestamp()), count(*) FILTER (WHERE active AND paused_at IS NOT NULL),
		count(*) FILTER (WHERE active AND (response_breached_at IS NOT NULL OR started_at IS NULL AND response_due_at < statement_timestamp()))
		FROM (SELECT *, completed_at IS NULL AND cancelled_at IS NULL AS active FROM taskq_task t WHERE $filter) t})
} qw(all assignee);

# What writers do all day: mostly making tasks, starting and completing them.
my $writer = <<'END';
\set s random(1, 1000)
\set c random(1, 80000)
\set d random(0, 60)
SELECT id AS id FROM taskq_create('Chase outstanding bank statement', due_date => current_date + :d::integer, sla_hours => 48,
	assignee_id => 'sta_' || :s::integer, user_id => 'cus_' || :c::integer) AS id \gset
SELECT id FROM taskq_start(:id);
SELECT id FROM taskq_complete(:id);
END

# Both must be equal at one snapshot and instant; a deadline may pass between two statements,
# so they are one, in a transaction of one snapshot.
sub check_exact
{
	my ($database, $when) = @_;
	my $db = connect_to($database);
	$db->do(q{SET default_transaction_isolation = 'repeatable read'});
	for my $which (sort keys %call)
	{
		my ($s, $c) = $db->selectrow_array("SELECT (SELECT ROW(s.*)::text FROM ($call{$which}) s), (SELECT ROW(c.*)::text FROM ($count{$which}) c)");
		die "stats are not exact, $when, $which: $s instead of $c\n" if $s ne $c;
	}
	$db->disconnect;
	return;
}

# Times both calls in turns, in parts; under load they are spread over its time,
# for writers on two cores come in bursts.  Writes beside a call are taken back,
# or that assignee had many times the tasks of any other afterwards.
sub bar
{
	my ($database, $label, $what, %opt) = @_;
	my $db = connect_to($database);
	my $write = statement($db, q{SELECT taskq_create('Chase outstanding bank statement', assignee_id => 'sta_38', due_date => current_date + 3)});
	my $parts = $opt{seconds} ? 10 : 5;
	my (%st, %times, %ms);
	for my $which (sort keys %call)
	{
		my $st = $st{$which} = statement($db, $call{$which});
		my $ms = time_of(sub { $st->execute; $st->finish });
		$times{$which} = ($ms > 200 ? 10 : $ms > 20 ? 30 : $size{latency}) / 5 || 1;
	}
	for my $part (0 .. $parts)
	{
		for my $which (sort keys %call)
		{
			my @part;
			for (1 .. $times{$which})
			{
				if ($opt{write})
				{
					$db->begin_work;
					$write->execute;
					$write->finish;
				}
				push @part, time_of(sub { $st{$which}->execute; $st{$which}->finish });
				$db->rollback if $opt{write};
			}
			push @{ $ms{$which} }, median(@part) if $part;
		}
		select(undef, undef, undef, $opt{seconds} / $parts) if $opt{seconds} && $part < $parts;
	}
	for my $which (sort keys %call)
	{
		# A millisecond, and 0.15 more for each thousand tasks at risk or breached beyond the first.
		my ($n) = $db->selectrow_array("SELECT s.sla_at_risk + s.sla_breached FROM ($call{$which}) s");
		my $under = sprintf '%.2f', 1 + 0.15 * ($n > 1000 ? ($n - 1000) / 1000 : 0);
		result(section => 'stats', work => ($which eq 'all' ? 'taskq_stats()' : 'taskq_stats(assignee)') . ", $what", mode => "$label active",
			unit => 'ms', figures => { taskq => $ms{$which} }, goals => $opt{no_goal} ? [] : [ { under => $under } ]);
	}
	$db->disconnect;
	return;
}

sub run_stats
{
	for (@{ $size{pages} })
	{
		my ($label, $tasks) = @$_;
		my $database = pages_database($label, $tasks);
		my $active = $tasks >= 10_000_000 ? $tasks / 10_000_000 . "M" : $tasks / 10_000 . "k";
		settle($database);
		worker_in($database);
		sql($database, 'CALL taskq_sweep_all()');
		check_exact($database, 'alone');
		bar($database, $active, 'alone');
		bar($database, $active, 'in the transaction of a write', write => 1);
		sql($database, 'VACUUM taskq_task', 'VACUUM taskq_counter_delta');

		# Three transactions a time.
		my $top = pgbench($database, script($writer), seconds => int($size{load_seconds} / 3));
		my $load = in_background($database, script($writer), seconds => $size{load_seconds}, rate => $top / 2);
		select(undef, undef, undef, 1);
		check_exact($database, 'under load');
		bar($database, $active, 'while 8 writers run at half their top rate', seconds => $size{load_seconds} / 2);
		check_exact($database, 'under load');
		finish($load);
		check_exact($database, 'after load');
		note('stats', sprintf "writers' top rate at %s active: %d times create, start, complete a second", $active, $top);

		my $old = connect_to($database);
		$old->do('BEGIN ISOLATION LEVEL REPEATABLE READ');
		$old->do('SELECT count(*) FROM taskq_staff_member');
		pgbench($database, script($writer), transactions => $size{old_writes} / 8);
		bar($database, $active, "a snapshot open since $size{old_writes} times create, start, complete", no_goal => 1);
		check_exact($database, 'beside an old snapshot');
		$old->do('COMMIT');
		$old->disconnect;
		sql($database, 'VACUUM ANALYZE taskq_task', 'VACUUM ANALYZE taskq_task_event');

		worker_in('none');
		pgbench($database, script($writer), transactions => $size{old_writes} / 8);
		bar($database, $active, "no worker for $size{old_writes} times create, start, complete", no_goal => 1);
		check_exact($database, 'without the worker');
	}
	run_risky();
	return;
}

# The bar with so many tasks at risk or breached, half of them each, all of one assignee; no other has a deadline.
sub run_risky
{
	make_database('risky', 'taskq');
	load_tasks('risky', 'taskq', $size{base});
	my $db = connect_to('risky', session_replication_role => 'replica');
	$db->do(q{UPDATE taskq_task SET sla_hours = NULL, sla_due_at = NULL, sla_at_risk_at = NULL, sla_breached_at = NULL, sla_first_breached_at = NULL
		WHERE sla_hours IS NOT NULL AND completed_at IS NULL AND cancelled_at IS NULL});
	$db->disconnect;
	worker_in('risky');
	my $had = 0;
	for my $n (@{ $size{risky} })
	{
		# At risk from 80 hours after their creation to 100.
		sql('risky', sprintf q{INSERT INTO taskq_task (title, priority, due_date, sla_hours, assignee_id, created_at)
			SELECT bench.title(i), bench.priority(bench.h(i, 3)), current_date + 7, 100, 'sta_38',
				now() - interval '1 hour' * (CASE WHEN i %% 2 = 0 THEN 82 ELSE 102 END + 16 * bench.h(i, 4))
			FROM generate_series(%d, %d) i}, $had + 1, $n);
		$had = $n;
		sql('risky', 'CALL taskq_sweep_all()');
		settle('risky');
		my $found = value('risky', q{SELECT sla_at_risk + sla_breached FROM taskq_stats(assignee_id => 'sta_38')});
		die "stats: $found tasks at risk or breached instead of $n\n" if $found != $n;
		check_exact('risky', "with $n at risk or breached");
		bar('risky', $size{base} / 10, "with $n tasks at risk or breached");
	}
	worker_in('none');
	drop_database('risky');
	return;
}

1;
