# Half an hour of everything at once: is it as fast at the end, do tables
# and indexes stay compact, does the launcher keep its memory?
use strict;
use warnings;
use Bench;
use Time::HiRes qw(time);

my $some_staff = "\\set s random(1, 1000)\n";

# The first task of an assignee's by due date in a phase, from the ranges of the index.  A
# task that another client has taken meanwhile is passed over.
my $stage = 'taskq_stage(t.status, t.started_at, t.completed_at, t.cancelled_at)';
my $rank = 'taskq_priority_rank(t.priority)';
my $place = 'taskq_place(t.priority, t.due_date, t.completed_at, t.cancelled_at)';
sub pick
{
	my ($phase) = @_;
	my $ranges = join ' UNION ALL ', map {
		my $s = $_;
		map { "(SELECT $place AS place, t.id FROM taskq_task t WHERE t.assignee_id = 'sta_' || :s::integer AND $stage = $s AND $rank = $_)" } 1 .. 4
	} $phase, $phase + 4;
	return "ARRAY(SELECT t.id FROM taskq_task t WHERE t.id = (SELECT r.id FROM ($ranges) r ORDER BY r.place, r.id LIMIT 1)"
	  . " AND taskq_phase(t.started_at, t.completed_at, t.cancelled_at) = $phase FOR NO KEY UPDATE SKIP LOCKED)";
}

# Name, weight, script.  As many are completed as are created; pages and
# statistics are read several times as often as anything is written.
my @work = (
	[ create => 2, "${some_staff}\\set c random(1, 80000)\n\\set d random(0, 60)\n\\set h random(1, 2000)\nSELECT taskq_create('Chase outstanding bank statement ' || :c::integer,"
		  . " due_date => current_date + :d::integer, sla_hours => :h::integer / 3600.0, assignee_id => 'sta_' || :s::integer, user_id => 'cus_' || :c::integer);" ],
	[ start => 2, $some_staff . 'SELECT count(*) FROM taskq_start_many(' . pick(0) . ');' ],
	[ complete => 2, $some_staff . 'SELECT count(*) FROM taskq_complete_many(' . pick(1) . ');' ],
	[ page => 4, "${some_staff}SELECT * FROM taskq_queue_page(assignee_id => 'sta_' || :s::integer);" ],
	[ 'default page' => 2, 'SELECT * FROM taskq_queue_page();' ],
	[ stats => 2, 'SELECT * FROM taskq_stats();' ]);

sub bloat
{
	my ($database) = @_;
	my $db = connect_to($database);
	my @tables = map { { name => $_, %{ $db->selectrow_hashref(q{SELECT table_len, dead_tuple_percent, free_percent FROM pgstattuple(?)}, undef, $_) } } }
	  qw(taskq_task taskq_task_event);
	my @indexes = map { { name => $_->[0], pages => $_->[1], %{ $db->selectrow_hashref(q{SELECT avg_leaf_density FROM pgstatindex(?)}, undef, $_->[0]) } } }
	  @{ $db->selectall_arrayref(q{SELECT i.indexrelid::regclass::text, pg_relation_size(i.indexrelid) / 8192 FROM pg_index i
		WHERE i.indrelid IN ('taskq_task'::regclass, 'taskq_task_event'::regclass) ORDER BY 1}) };
	$db->disconnect;
	return { tables => \@tables, indexes => \@indexes };
}

# Megabytes of taskq_task's indexes.
sub index_size
{
	my ($bloat) = @_;
	return sum(map { $_->{pages} / 128 } grep { $_->{name} !~ /^taskq_task_event_/ } @{ $bloat->{indexes} });
}

# What the fifteen indexes of taskq_task had at the end with taskq 0.2.0: the sum of the notes in
# bench/results/sustained.json as taken with it on 2026-11-28, at full size.
my $index_size_0_2_0 = 756.5;

sub rss
{
	my $pid = value('postgres', q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'taskq launcher'});
	my ($private) = slurp("/proc/$pid/status") =~ /^RssAnon:\s*(\d+) kB/m;
	return $private;
}

sub run_sustained
{
	make_database('sustained', 'taskq');
	load_tasks('sustained', 'taskq', $size{sustained_base});
	sql('sustained', 'CREATE EXTENSION pgstattuple');
	worker_in('sustained');
	my $transactions = "$ENV{BENCH_TMP}/sustained";
	my $start = time;
	my $load = in_background('sustained', [ map { script($_->[2]) . '@' . $_->[1] } @work ],
		seconds => $size{sustained}, progress => $small ? 2 : 5, sync => 'off', log => $transactions);
	my $end = time + $size{sustained};
	my (@rss, @bloat);
	while (time < $end - 1)
	{
		select(undef, undef, undef, $size{sustained} / 30);
		push @rss, rss();
		# Once early, for the first updates make room for the later ones.
		push @bloat, bloat('sustained') if @rss == 6;
	}
	my $out = finish($load);
	push @bloat, bloat('sustained');
	my @tps = $out =~ /^progress: [0-9.]+ s, ([0-9.]+) tps/mg;
	my $part = int($size{part} / ($small ? 2 : 5));
	my @first = @tps[ 0 .. $part - 1 ];
	my @last = @tps[ -$part .. -1 ];
	my $minutes = sprintf '%.2g', $size{part} / 60;
	result(section => 'sustained', work => "mixed load, the last $minutes minutes against the first", mode => 'synchronous_commit off', unit => '/s',
		figures => { taskq => [ map { sum(@$_) / @$_ } chunks(5, @last) ], first => [ map { sum(@$_) / @$_ } chunks(5, @first) ] },
		goals => [ { of => 'first', least => 0.9 } ]);
	my @latency = latencies("$transactions.*", $start, [ 0, $size{part} ], [ $size{sustained} - $size{part}, $size{sustained} ]);
	for my $i (0 .. $#work)
	{
		note('sustained', sprintf '%s: %.1f ms on average in the first %s minutes, %.1f ms in the last', $work[$i][0], $latency[0][$i], $minutes, $latency[1][$i]);
	}
	my $swept = value('sustained', 'SELECT sum(overdue + sla_breached) FROM taskq_sweep_log');
	note('sustained', sprintf 'the worker recorded %d overdue tasks and SLA breaches in %d sweeps', $swept // 0, value('sustained', 'SELECT count(*) FROM taskq_sweep_log'));

	# Bounded: what is dead or free is so after a fifth of the time already.
	for my $i (0, 1)
	{
		my ($a, $b) = map { $_->{tables}[$i] } @bloat;
		note('sustained', sprintf '%s: %.0f MB, %.1f %% dead, %.1f %% free; at the end %.0f MB, %.1f %% dead, %.1f %% free',
			$a->{name}, $a->{table_len} / 1e6, @$a{qw(dead_tuple_percent free_percent)}, $b->{table_len} / 1e6, @$b{qw(dead_tuple_percent free_percent)});
		push @Bench::checks, { section => 'sustained', work => "at most a quarter of $a->{name} is dead or free", ok => $b->{dead_tuple_percent} + $b->{free_percent} <= 25 };
	}
	for my $i (0 .. $#{ $bloat[0]{indexes} })
	{
		my ($a, $b) = map { $_->{indexes}[$i] } @bloat;
		note('sustained', sprintf '%s: %.1f MB, leaves %.0f %% full; at the end %.1f MB, %.0f %% full', $a->{name},
			$a->{pages} / 128, $a->{avg_leaf_density}, $b->{pages} / 128, $b->{avg_leaf_density});
	}
	result(section => 'sustained', work => "indexes of taskq_task at the end", unit => 'MB',
		figures => { taskq => [ index_size($bloat[1]) ], $Bench::size_name eq 'full' ? ('0.2.0' => [$index_size_0_2_0]) : () },
		goals => [ { of => '0.2.0', most => 0.6 } ]);
	push @Bench::checks, { section => 'sustained', work => 'no index over 1 MB is less than 40 % full', ok => !grep { $_->{pages} > 128 && $_->{avg_leaf_density} < 40 } @{ $bloat[1]{indexes} } };
	note('sustained', sprintf 'launcher: %d kB of its own after %d s, %d kB at the end', $rss[4], $size{sustained} / 6, $rss[-1]);
	push @Bench::checks, { section => 'sustained', work => "the launcher's memory is flat", ok => $rss[-1] <= 1.05 * $rss[4] + 64 };
	worker_in('none');
	drop_database('sustained');
	return;
}

# Average milliseconds of each script in spans of seconds since the start, from pgbench's logs.
sub latencies
{
	my ($files, $start, @spans) = @_;
	my (@n, @sum);
	for my $file (glob $files)
	{
		for (split /\n/, slurp($file))
		{
			my (undef, undef, $us, $script, $s) = split;
			for my $i (grep { $s - $start >= $spans[$_][0] && $s - $start < $spans[$_][1] } 0 .. $#spans) { $n[$i][$script]++; $sum[$i][$script] += $us / 1000; }
		}
	}
	return map { my $i = $_; [ map { ($sum[$i][$_] // 0) / ($n[$i][$_] || 1) } 0 .. $#work ] } 0 .. $#spans;
}

sub sum { my $sum = 0; $sum += $_ for @_; return $sum; }

sub chunks
{
	my ($n, @list) = @_;
	my @chunks;
	$n = @list if @list < $n;
	for my $i (0 .. $n - 1) { push @chunks, [ @list[ int($i * @list / $n) .. int(($i + 1) * @list / $n) - 1 ] ]; }
	return @chunks;
}

1;
