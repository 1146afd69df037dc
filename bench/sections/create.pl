# create, start, complete by id, at 8 clients, one transaction each; and
# creating against the job queues.
use strict;
use warnings;
use Bench;
use JSON::PP;

my $arguments = <<'END';
\set p random(1, 4)
\set s random(1, 1000)
\set c random(1, 80000)
\set d random(0, 60)
\set h 24 * random(-6, 4)
END

# The values of a new task, the same for all; the deadlines are the client's where nobody else writes them.
my %values = (
	title => q{'Chase outstanding bank statement ' || :c::integer},
	description => q{'The customer has been asked and has not answered.'},
	priority => q{('{LOW,MEDIUM,HIGH,URGENT}'::public.taskq_priority[])[:p]},
	due => q{current_date + :d::integer},
	hours => q{CASE WHEN :h::integer > 0 THEN :h::double precision END},
	staff => q{'sta_' || :s::integer},
	customer => q{'cus_' || :c::integer});

my $call = "($values{title}, $values{description}, $values{priority}, $values{due}, $values{hours}, $values{staff}, $values{customer})";
my $insert = qq{$arguments INSERT INTO bench.task (title, description, priority, due_date, sla_hours, assignee_id, user_id,
 sla_due_at, sla_at_risk_at) VALUES ($values{title}, $values{description}, $values{priority}, $values{due}, $values{hours},
 $values{staff}, $values{customer}, statement_timestamp() + $values{hours} * interval '1 hour',
 statement_timestamp() + $values{hours} * interval '48 minutes') RETURNING id;};
my %create = (
	team => $insert,
	floor => $insert,
	plpgsql => "$arguments SELECT bench.create_task$call;",
	taskq => "$arguments SELECT taskq_create$call;");

# A task that was created in this round, each one once, in no order.
my $pick = "\\set id :base + permute(:client_id * :span + :n, :size)\n";
my $next = "\n\\set n :n + 1\n";
my $event = 'INSERT INTO bench.event (task_id, at, actor, db_user, kind, from_status, to_status)';
my %set = (
	start => q{status = 'IN_PROGRESS', started_at = statement_timestamp(), updated_at = statement_timestamp()},
	complete => q{status = 'COMPLETED', completed_at = statement_timestamp(), updated_at = statement_timestamp()});
my %what = (
	start => q{statement_timestamp(), session_user, session_user, 'started', 'OPEN'::public.taskq_status, 'IN_PROGRESS'::public.taskq_status},
	complete => q{statement_timestamp(), session_user, session_user, 'completed', 'IN_PROGRESS'::public.taskq_status, 'COMPLETED'::public.taskq_status});
my %change;
for my $verb (qw(start complete))
{
	my $both = "${pick}WITH u AS (UPDATE bench.task SET $set{$verb} WHERE id = :id RETURNING id) $event SELECT id, $what{$verb} FROM u RETURNING id;$next";
	$change{$verb} = {
		team => $both,
		floor => $both,
		'floor, 4 statements' => "${pick}BEGIN;\nUPDATE bench.task SET $set{$verb} WHERE id = :id RETURNING id;\n$event VALUES (:id, $what{$verb});\nCOMMIT;$next",
		plpgsql => "${pick}SELECT id FROM bench.${verb}_task(:id);$next",
		taskq => "${pick}SELECT id FROM taskq_$verb(:id);$next"
	};
}

# What the table calls them.
my %called = (floor => q{floor with taskq's indexes}, 'floor, 4 statements' => q{floor with taskq's indexes, 4 statements});

sub run_create
{
	my @names = qw(team floor plpgsql taskq);
	my $n = $size{transactions};
	make_contenders(@names);
	worker_in('taskq');
	for my $sync (qw(off on))
	{
		my %figures;
		for my $round (1 .. $size{rounds})
		{
			for my $name (rotate($round, @names))
			{
				my $table = $name eq 'taskq' ? 'taskq_task' : 'bench.task';
				my $first = 1 + value($name, "SELECT max(id) FROM $table");
				my %run = (transactions => $n, sync => $sync, seed => $round);
				checkpoint();
				push @{ $figures{create}{ $called{$name} // $name } }, pgbench($name, script($create{$name}), %run);
				my $made = value($name, "SELECT count(*) FROM $table WHERE id >= $first AND id < $first + 8 * $n");
				die "$name: $made tasks instead of " . 8 * $n . "\n" if $made != 8 * $n;
				# The floor's two ways each get half of the tasks.
				my @ways = $name eq 'floor' ? ('floor', 'floor, 4 statements') : $name;
				my $span = int($n / @ways);
				for my $verb (qw(start complete))
				{
					sql($name, "ANALYZE $table");
					checkpoint();
					my $base = $first;
					for my $way (@ways)
					{
						push @{ $figures{$verb}{ $called{$way} // $way } },
						  pgbench($name, script($change{$verb}{$way}), %run, transactions => $span,
							vars => { base => $base, span => $span, size => 8 * $span, n => 0 });
						$base += 8 * $span;
					}
				}
			}
		}
		for my $work (qw(create start complete))
		{
			my $least = $work eq 'create' ? { off => 0.75, on => 0.85 } : { off => 0.70, on => 0.80 };
			result(section => 'create', work => $work eq 'create' ? 'taskq_create' : "$work by id", mode => "synchronous_commit $sync",
				unit => '/s', figures => $figures{$work},
				goals => [ { of => 'team', least => $least->{$sync} }, { of => 'plpgsql', least => 1.30 } ]);
		}
	}
	my $events = value('taskq', q{SELECT count(*) FROM taskq_task_event WHERE kind IN ('started', 'completed')});
	die "taskq: $events events\n" if $events != 2 * 2 * 8 * $n * $size{rounds};
	worker_in('none');
	drop_database(@names);
	return;
}

# ------------------------------------------------------------- job queues

sub queue_statements
{
	drop_database('queues');
	sql('postgres', 'CREATE DATABASE queues');
	local $ENV{PGDATABASE} = 'queues';
	my $json = qx(node $ENV{BENCH_TMP}/taskq/bench/queues/statements.js);
	die "bench/queues/statements.js failed\n" if $?;
	my $statements = decode_json($json);
	my %text;
	for my $queue (keys %$statements)
	{
		for my $work (keys %{ $statements->{$queue} })
		{
			my ($text, $values) = @{ $statements->{$queue}{$work} }{qw(text values)};
			$text =~ s/\$(\d+)/literal($values->[$1 - 1])/ge;
			$text =~ s/--.*//g;
			$text =~ s/\s+/ /g;
			$text =~ s/;?\s*$/;\n/;
			$text{$queue}{$work} = $text;
		}
	}
	return \%text;
}

sub literal
{
	my ($value) = @_;
	return 'NULL' if !defined $value;
	return 'ARRAY[' . join(', ', map { literal($_) } @$value) . ']' if ref $value eq 'ARRAY';
	return $value ? 'true' : 'false' if JSON::PP::is_bool($value);
	$value = encode_json($value) if ref $value;
	return 'gen_random_uuid()' if $value =~ /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
	$value =~ s/'/''/g;
	$value =~ s/:(?=[A-Za-z_])/: /g;    # pgbench would take it for a variable
	return "'$value'";
}

sub run_queues
{
	my $statements = queue_statements();
	my $pgq = q{SELECT pgq.insert_event('bench', 'task', '{"task": "Chase outstanding bank statement", "customer": "cus_1"}');};
	drop_database('pgq');
	sql('postgres', 'CREATE DATABASE pgq');
	sql('pgq', 'CREATE EXTENSION pgq', q{SELECT pgq.create_queue('bench')});
	make_database('taskq', 'taskq');
	load_tasks('taskq', 'taskq', $size{base});
	worker_in('taskq');
	my %run = (
		taskq => [ 'taskq', script($create{taskq}) ],
		pgq => [ 'pgq', script($pgq) ],
		'graphile-worker' => [ 'queues', script($statements->{graphile}{create}) ],
		'pg-boss' => [ 'queues', script($statements->{pgboss}{create}) ]);
	for my $sync (qw(off on))
	{
		my %figures;
		for my $round (1 .. $size{rounds})
		{
			for my $name (rotate($round, sort keys %run))
			{
				checkpoint();
				push @{ $figures{$name} },
				  pgbench(@{ $run{$name} }, transactions => $size{transactions}, sync => $sync, seed => $round);
			}
		}
		result(section => 'queues', work => 'add one task or job', mode => "synchronous_commit $sync", unit => '/s',
			figures => \%figures, goals => []);
	}
	worker_in('none');
	drop_database(qw(taskq pgq queues));
	return;
}

# A task's life, with a deadline: create, start, complete.
sub life_script
{
	my ($name) = @_;
	my $create = $create{$name} =~ s/random\(-6, 4\)/random(1, 4)/r =~ s/(taskq_create\(.*\));$/$1 AS id;/sr =~ s/;\s*$/ \\gset\n/r;
	return $create . join '', map { $change{$_}{$name} =~ s/^\Q$pick\E//r =~ s/\Q$next\E$/\n/r } qw(start complete);
}

sub create_script { return $create{ $_[0] }; }

sub change_script { return $change{ $_[0] }{ $_[1] }; }

1;
