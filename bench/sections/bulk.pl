# 10,000 tasks by one INSERT … SELECT, 1,000 completed by bigint[].
use utf8;
use strict;
use warnings;
use Bench;

sub run_bulk
{
	my @names = qw(floor plpgsql taskq);
	my ($n, $many) = @size{qw(bulk many)};
	my $columns = 'title, description, priority, due_date, sla_hours, assignee_id, user_id';
	my $select = q{bench.title(i), 'The customer has been asked and has not answered.', bench.priority(bench.h(i, 3)),
		current_date + (i % 60)::integer, CASE WHEN i % 5 < 2 THEN 24 * (1 + i % 4) END, bench.staff(bench.h(i, 6)), 'cus_' || 1 + i % 80000};
	my $from = "FROM generate_series(?::bigint, ?::bigint) i";
	my %insert = (
		floor => qq{INSERT INTO bench.task ($columns, sla_due_at, sla_at_risk_at) SELECT $select,
			CASE WHEN i % 5 < 2 THEN statement_timestamp() + 24 * (1 + i % 4) * interval '1 hour' END,
			CASE WHEN i % 5 < 2 THEN statement_timestamp() + 24 * (1 + i % 4) * interval '48 minutes' END $from},
		plpgsql => "INSERT INTO bench.task ($columns) SELECT $select $from",
		taskq => "INSERT INTO taskq_task ($columns) SELECT $select $from");
	my $ids = 'ARRAY(SELECT generate_series(?::bigint, ?::bigint, 3))';
	my %start = (
		floor => qq{UPDATE bench.task SET status = 'IN_PROGRESS', started_at = statement_timestamp() WHERE id = ANY ($ids)},
		plpgsql => "UPDATE bench.task SET status = 'IN_PROGRESS' WHERE id = ANY ($ids)",
		taskq => "UPDATE taskq_task SET status = 'IN_PROGRESS' WHERE id = ANY ($ids)");
	my %complete = (
		floor => qq{WITH u AS (UPDATE bench.task SET status = 'COMPLETED', completed_at = statement_timestamp(), updated_at = statement_timestamp()
			WHERE id = ANY (?::bigint[]) RETURNING id)
			INSERT INTO bench.event (task_id, at, actor, db_user, kind, from_status, to_status)
			SELECT id, statement_timestamp(), session_user, session_user, 'completed', 'IN_PROGRESS', 'COMPLETED' FROM u},
		plpgsql => 'SELECT count(*) FROM bench.complete_tasks(?::bigint[])',
		taskq => 'SELECT count(*) FROM taskq_complete_many(?::bigint[])');

	make_contenders(@names);
	worker_in('taskq');
	for my $sync (qw(off on))
	{
		my %figures;
		my %db = map { $_ => connect_to($_, synchronous_commit => $sync) } @names;
		my $rounds = 3 * $size{rounds};
		# Rounds that do not count: plans, which are settled after five runs; caches.
		for my $round (-5 .. $rounds)
		{
			for my $name (rotate($round, @names))
			{
				my $db = $db{$name};
				my $table = $name eq 'taskq' ? 'taskq_task' : 'bench.task';
				my $insert = statement($db, $insert{$name});
				my ($first) = $db->selectrow_array("SELECT 1 + max(id) FROM $table");
				checkpoint() if $round % 5 == 0;
				my $ms = time_of(sub { $insert->execute($first, $first + $n - 1) });
				push @{ $figures{insert}{$name} }, $ms if $round > 0;
				# Those that are to be completed lie scattered among the others.
				$db->do($start{$name}, undef, $first, $first + 3 * $many - 1);
				my $complete = statement($db, $complete{$name});
				my @ids = map { $first + 3 * $_ } 0 .. $many - 1;
				$ms = time_of(sub { $complete->execute(\@ids); $complete->finish });
				push @{ $figures{complete}{$name} }, $ms if $round > 0;
				die "$name: not all completed\n"
				  if $many != $db->selectrow_array("SELECT count(*) FROM $table WHERE id >= $first AND status = 'COMPLETED'");
			}
		}
		result(section => 'bulk', work => "$n tasks by one INSERT … SELECT", mode => "synchronous_commit $sync", unit => 'ms',
			figures => $figures{insert}, goals => [ { of => 'floor', most => 1.25 } ]);
		result(section => 'bulk', work => "$many tasks completed by bigint[]", mode => "synchronous_commit $sync", unit => 'ms',
			figures => $figures{complete}, goals => [ { of => 'floor', most => 1.25 } ]);
		$_->disconnect for values %db;
	}
	worker_in('none');
	drop_database(@names);
	return;
}

1;
