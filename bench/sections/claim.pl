# Taking one task at a time: 16 claimers, a third of what there is.
use strict;
use warnings;
use Bench;
use Time::HiRes qw(time);

# All that wait here are OPEN.  The assignee comes first in the index, hence in the order.
my $pick = q{SELECT id FROM bench.task WHERE assignee_id IS NULL AND taskq_stage(status, started_at, completed_at, cancelled_at) = 0
 ORDER BY assignee_id, taskq_priority_rank(priority), taskq_place(priority, due_date, completed_at, cancelled_at), id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED};
my $staff = "\\set s random(1, 1000)\n";
my %claim = (
	floor => qq{${staff}WITH p AS ($pick), u AS (UPDATE bench.task t SET assignee_id = 'sta_' || :s::integer, updated_at = statement_timestamp()
 FROM p WHERE t.id = p.id RETURNING t.id)
INSERT INTO bench.event (task_id, at, actor, db_user, kind, from_status, to_status, changes)
SELECT id, statement_timestamp(), session_user, session_user, 'assigned', 'OPEN', 'OPEN',
 jsonb_build_object('assignee_id', jsonb_build_object('from', NULL, 'to', 'sta_' || :s::integer)) FROM u RETURNING task_id;},
	plpgsql => "${staff}SELECT * FROM bench.claim('sta_' || :s::integer);",
	taskq => "${staff}SELECT * FROM taskq_claim('sta_' || :s::integer);");

sub claim_script { return $claim{ $_[0] }; }

# Counts backends that wait for a lock on rows, some hundred times a second, until it is stopped.
sub lock_sampler
{
	my ($database) = @_;
	pipe my $read, my $write or die "pipe: $!\n";
	my $pid = fork // die "fork: $!\n";
	if (!$pid)
	{
		close $read;
		my $stop = 0;
		local $SIG{TERM} = sub { $stop = 1 };
		my $db = connect_to('postgres');
		my $st = statement($db, q{SELECT count(*) FILTER (WHERE wait_event IN ('transactionid', 'tuple')), count(*)
			FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = ?});
		my ($samples, $rows, $any) = (0, 0, 0);
		my $parent = getppid;
		while (!$stop && getppid == $parent)
		{
			$st->execute($database);
			my ($r, $a) = $st->fetchrow_array;
			$st->finish;
			$samples++;
			$rows += $r;
			$any += $a;
			select(undef, undef, undef, 0.01);
		}
		print $write "$samples $rows $any\n";
		close $write;
		require POSIX;
		POSIX::_exit(0);
	}
	close $write;
	return { pid => $pid, from => $read };
}

sub stop_sampler
{
	my ($sampler) = @_;
	kill 'TERM', $sampler->{pid};
	my $line = readline $sampler->{from};
	waitpid $sampler->{pid}, 0;
	return split ' ', $line;
}

sub run_claim
{
	my ($n, $claims) = @size{qw(claims claimed)};
	my @names = qw(floor plpgsql taskq);
	my $statements = queue_statements();
	my %statement = (%claim,
		'graphile-worker' => $statements->{graphile}{claim},
		'pg-boss' => $statements->{pgboss}{claim});
	my %script = map { $_ => script($statement{$_}) } keys %statement;
	# pg-boss sorts all jobs that wait each time, so it is given fewer to take; a rate is a rate.
	my %taken = (map({ $_ => $claims } keys %statement), 'pg-boss' => 160);
	for my $name (@names)
	{
		make_database($name, $name);
		load_tasks($name, $name, $size{base});
		my $table = $name eq 'taskq' ? 'taskq_task' : 'bench.task';
		# Nothing unassigned but what each round brings.
		my $db = connect_to($name, session_replication_role => 'replica');
		$db->do("UPDATE $table SET assignee_id = 'sta_1' WHERE assignee_id IS NULL AND completed_at IS NULL AND cancelled_at IS NULL");
		$db->disconnect;
	}
	my $fill = q{(title, priority, due_date, user_id) SELECT bench.title(i), bench.priority(bench.h(i, 3)),
		current_date + floor(60 * bench.h(i, 4))::integer, 'cus_' || 1 + i %% 80000 FROM generate_series(1, %d) i};
	my $log_size = -s "$ENV{PGHOST}/log";
	sql('postgres', q{ALTER SYSTEM SET deadlock_timeout = '10ms'}, 'SELECT pg_reload_conf()');
	worker_in('taskq');
	for my $sync (qw(off on))
	{
		my (%figures, %locks);
		for my $round (1 .. $size{rounds})
		{
			for my $name (rotate($round, sort keys %statement))
			{
				my $database = $name eq 'graphile-worker' || $name eq 'pg-boss' ? 'queues' : $name;
				my $table = { 'graphile-worker' => 'graphile_worker._private_jobs', 'pg-boss' => 'pgboss.job', taskq => 'taskq_task' }->{$name} || 'bench.task';
				if ($name eq 'graphile-worker')
				{
					sql('queues', 'TRUNCATE graphile_worker._private_jobs', qq{SELECT count(graphile_worker.add_job('bench',
						json_build_object('task', i), priority => (i % 4)::integer)) FROM generate_series(1, $n) i});
				}
				elsif ($name eq 'pg-boss')
				{
					sql('queues', 'TRUNCATE pgboss.job', qq{INSERT INTO pgboss.job (name, data, priority) SELECT 'bench',
						jsonb_build_object('task', i), i % 4 FROM generate_series(1, $n) i});
				}
				else
				{
					# So many are left of the last time.
					my $left = value($name, "SELECT count(*) FROM $table WHERE assignee_id IS NULL AND completed_at IS NULL AND cancelled_at IS NULL");
					sql($name, sprintf "INSERT INTO $table $fill", $n - $left);
				}
				my $events = $name eq 'taskq' ? 'taskq_task_event' : 'bench.event';
				my $last_event = $database eq 'queues' ? 0 : value($name, "SELECT coalesce(max(id), 0) FROM $events");
				settle($database);
				my $sampler = lock_sampler($database);
				push @{ $figures{$name} }, pgbench($database, $script{$name}, clients => 16, transactions => $taken{$name} / 16, sync => $sync, seed => $round);
				my @sampled = stop_sampler($sampler);
				$locks{$name}[$_] += $sampled[$_] for 0 .. 2;
				next if $database eq 'queues';
				my ($tasks, $assigned) = do {
					my $db = connect_to($name);
					$db->selectrow_array("SELECT count(DISTINCT task_id), count(*) FROM $events WHERE kind = 'assigned' AND id > $last_event");
				};
				die "$name: claimed $tasks tasks $assigned times instead of $claims\n" if $name ne 'floor' && ($tasks != $claims || $assigned != $claims);
			}
		}
		result(section => 'claim', work => "claim one of $n, 16 claimers", mode => "synchronous_commit $sync", unit => '/s',
			figures => \%figures, goals => [ { of => 'graphile-worker', least => 0.7 } ]);
		note('claim', "pg-boss took $taken{'pg-boss'} of its jobs a round only, the others $claims: it sorts all that wait for each") if $sync eq 'off';
		note('claim', "synchronous_commit $sync: no task was claimed twice; of $locks{taskq}[0] looks at taskq's claimers $locks{taskq}[1] found one waiting for a row's lock, "
			  . "$locks{taskq}[2] any lock" . join '', map { "; $_: $locks{$_}[1], $locks{$_}[2]" } grep { $_ ne 'taskq' } sort keys %locks);
		push @Bench::checks, { section => 'claim', work => 'no claimer waits for a row', mode => "synchronous_commit $sync", ok => $locks{taskq}[1] == 0 };
	}
	worker_in('none');
	sql('postgres', 'ALTER SYSTEM RESET deadlock_timeout', 'SELECT pg_reload_conf()');
	drop_database(@names, 'queues');
	return;
}

1;
