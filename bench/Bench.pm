package Bench;

# What the sections of the bench have in common: sizes, databases with the
# same tasks in them, pgbench, times of single statements, and results.
#
# Times are compared, never judged by themselves: whatever is compared runs in
# turns, a round each, and a ratio is that of two neighbours.
use strict;
use warnings;
use DBI;
use Exporter 'import';
use JSON::PP;
use POSIX ();
use Time::HiRes qw(time);

our @EXPORT = qw(%size $small say_now sql value connect_to make_database task_table load_tasks write_tasks make_contenders settle checkpoint
	script pgbench worker_in median time_of timed_in_turns result note drop_database slurp statement
	in_background finish write_file rotate generated_columns DUE_COLUMNS);

my %sizes = (
	small => {
		scans => [ '20k', 20_000 ], lives => 200, risky => [ 1000, 2000, 10_000 ], settled => 10_000,
		rounds => 2, latency => 25, base => 10_000, transactions => 150, bulk => 1000, many => 200,
		pages => [ [ '10k', 10_000 ], [ '50k', 50_000 ] ], sweep => [ [ '10k', 10_000 ], [ '50k', 50_000 ] ], due => 1000,
		claims => 960, claimed => 480, load_seconds => 3, old_writes => 800, sustained => 90, sustained_base => 10_000, part => 20
	},
	medium => {
		scans => [ '300k', 300_000 ], lives => 1000, risky => [ 1000, 2000, 10_000 ], settled => 10_000,
		rounds => 3, latency => 200, base => 100_000, transactions => 5_000, bulk => 10_000, many => 1000,
		pages => [ [ '100k', 100_000 ], [ '1M', 1_000_000 ] ], sweep => [ [ '1M', 1_000_000 ] ], due => 50_000,
		claims => 32_000, claimed => 16_000, load_seconds => 10, old_writes => 50_000, sustained => 300, sustained_base => 100_000, part => 60
	},
	full => {
		scans => [ '3M', 3_000_000 ], lives => 1000, risky => [ 1000, 2000, 10_000 ], settled => 10_000,
		rounds => 5, latency => 400, base => 100_000, transactions => 6_000, bulk => 10_000, many => 1000,
		pages => [ [ '1M', 1_000_000 ], [ '10M', 10_000_000 ] ], sweep => [ [ '1M', 1_000_000 ], [ '10M', 10_000_000 ] ], due => 100_000,
		claims => 100_000, claimed => 32_000, load_seconds => 30, old_writes => 200_000, sustained => 1800, sustained_base => 1_000_000, part => 300
	});
our $size_name = $ENV{SIZE} || 'full';
our %size = %{ $sizes{$size_name} || die "SIZE must be small, medium or full\n" };
our $small = $size_name eq 'small';
$size{rounds} = $ENV{ROUNDS} if $ENV{ROUNDS};

my $tmp = $ENV{BENCH_TMP} or die "run by bench/run\n";
my $here = "$tmp/taskq/bench";
my $began = time;
our @results;
our @notes;
our @checks;

$| = 1;

sub say_now
{
	my ($text) = @_;
	printf "%6.0f s  %s\n", time - $began, $text;
	return;
}

sub slurp
{
	my ($file) = @_;
	local $/ = undef;
	open my $in, '<', $file or die "$file: $!\n";
	my $text = <$in>;
	close $in;
	return $text;
}

sub write_file
{
	my ($file, $text) = @_;
	open my $out, '>', $file or die "$file: $!\n";
	print $out $text;
	close $out or die "$file: $!\n";
	return $file;
}

# ------------------------------------------------------------- connections

# A connection of its own; options are settings for it.
sub connect_to
{
	my ($database, %settings) = @_;
	my $db = DBI->connect("dbi:Pg:dbname=$database", '', '',
		{ RaiseError => 1, PrintError => 0, PrintWarn => 0, AutoCommit => 1 });
	$db->do('SET client_min_messages = warning');
	$db->do("SET $_ = $settings{$_}") for sort keys %settings;
	return $db;
}

sub sql
{
	my ($database, @statements) = @_;
	my $db = connect_to($database);
	$db->do($_) for @statements;
	$db->disconnect;
	return;
}

sub value
{
	my ($database, $statement) = @_;
	my $db = connect_to($database);
	my ($value) = $db->selectrow_array($statement);
	$db->disconnect;
	return $value;
}

# A statement prepared on the server from its first execution on.
sub statement
{
	my ($db, $text) = @_;
	my $st = $db->prepare($text, { pg_switch_prepared => 1 });
	return $st;
}

# Where the worker sweeps: a database's name, or none.
sub worker_in
{
	my ($database) = @_;
	my $db = connect_to('postgres');
	$db->do("ALTER SYSTEM SET taskq.databases = '$database'");
	$db->do('SELECT pg_reload_conf()');
	if ($database eq 'none')
	{
		my $limit = time + 30;
		select(undef, undef, undef, 0.2)
		  while time < $limit
		  && $db->selectrow_array(q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'taskq sweeper'});
	}
	$db->disconnect;
	return;
}

# --------------------------------------------------------------- databases

sub drop_database
{
	sql('postgres', "DROP DATABASE IF EXISTS $_ WITH (FORCE)") for @_;
	return;
}

# A database with the directory, the generator and, for all but taskq, their tables.
sub make_database
{
	my ($database, $contender) = @_;
	drop_database($database);
	sql('postgres', "CREATE DATABASE $database");
	sql($database, slurp("$here/sql/data.sql"));
	sql($database, slurp("$here/sql/team.sql")) if $contender eq 'team';
	sql($database, slurp("$here/sql/floor.sql")) if $contender eq 'floor' || $contender eq 'plpgsql';
	sql($database, slurp("$here/sql/plpgsql.sql")) if $contender eq 'plpgsql';
	sql($database, 'VACUUM ANALYZE');
	return;
}

sub task_table { return $_[0] eq 'taskq' ? 'public.taskq_task' : 'bench.task'; }

# Does several things at once, a process each.
sub in_parallel
{
	my (@work) = @_;
	my @pids;
	for my $work (@work)
	{
		my $pid = fork // die "fork: $!\n";
		if (!$pid)
		{
			my $ok = eval { $work->(); 1 };
			print STDERR $@ if !$ok;
			POSIX::_exit($ok ? 0 : 1);
		}
		push @pids, $pid;
	}
	my $failed = 0;
	for (@pids) { waitpid $_, 0; $failed ||= $?; }
	die "a process failed\n" if $failed;
	return;
}

# What bench.tasks() makes.
my $generated = 'id, title, description, priority, status, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, '
  . 'created_by, started_at, completed_at, cancelled_at, updated_at, sla_due_at, sla_at_risk_at, sla_breached_at, sla_first_breached_at';

sub generated_columns { return $generated; }

# Fills a contender's table with tasks in the order in which they were created, with the
# indexes there: their pages are as full as writers leave them.
sub write_tasks
{
	my ($database, $contender, $tasks, $share) = @_;
	my $table = task_table($contender);
	my $db = connect_to($database, session_replication_role => 'replica');
	$db->do("INSERT INTO $table ($generated) SELECT " . $generated =~ s/^id/row_number() OVER (ORDER BY created_at, id)/r
		. " FROM bench.tasks(1, $tasks, $share, current_date, 0, 0) ORDER BY 1");
	$db->do("SELECT setval(pg_get_serial_sequence('$table', 'id'), (SELECT max(id) FROM $table))");
	$db->disconnect;
	settle($database);
	return;
}

# Fills a contender's table with tasks.  The indexes are made afterwards.
sub load_tasks
{
	my ($database, $contender, $tasks, %opt) = @_;
	my $table = task_table($contender);
	my $db = connect_to($database, session_replication_role => 'replica', maintenance_work_mem => "'1GB'");
	my $indexes = $db->selectall_arrayref(q{SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
		FROM pg_index i WHERE i.indrelid = ?::regclass AND NOT i.indisprimary}, undef, $table);
	$db->do("DROP INDEX $_->[0]") for @$indexes;
	# By two at once; each has its part of every group.
	my $half = int($tasks / 2);
	in_parallel(map {
		my ($first, $last) = @$_;
		sub {
			my $loader = connect_to($database, session_replication_role => 'replica');
			$loader->do(sprintf q{INSERT INTO %s (%s) SELECT * FROM bench.tasks(%d, %d, %s, current_date, %d, %d)},
				$table, $generated, $first, $last, $opt{share} // 0.1, $opt{groups} // 0, ($opt{per_group} // 0) / 2);
			$loader->disconnect;
		}
	} [ 1, $half ], [ $half + 1, $tasks ]);
	$db->do($_->[1]) for @$indexes;
	$db->do("SELECT setval(pg_get_serial_sequence('$table', 'id'), (SELECT max(id) FROM $table))");
	$db->disconnect;
	settle($database);
	return;
}

# A database for each contender, with as many tasks as the changes of tasks are measured on.
sub make_contenders
{
	for my $contender (@_)
	{
		make_database($contender, $contender);
		load_tasks($contender, $contender, $size{base});
	}
	return;
}

sub checkpoint { sql('postgres', 'CHECKPOINT'); return; }

# As after a quiet hour: vacuumed, analyzed, written out.
sub settle
{
	my ($database) = @_;
	sql($database, 'VACUUM ANALYZE');
	checkpoint();
	return;
}

# ------------------------------------------------------------------ pgbench

my $scripts = 0;

sub script
{
	my ($text) = @_;
	mkdir "$tmp/scripts";
	return write_file("$tmp/scripts/" . ++$scripts . '.sql', $text);
}

sub pgbench_command
{
	my ($database, $script, %opt) = @_;
	my $clients = $opt{clients} // 8;
	my @command = ('pgbench', '-n', '-M', 'prepared', '-c', $clients, '-j', $clients < 2 ? 1 : 2);
	push @command, $opt{seconds} ? ('-T', $opt{seconds}) : ('-t', $opt{transactions});
	push @command, '-R', $opt{rate} if $opt{rate};
	push @command, '-P', $opt{progress} if $opt{progress};
	push @command, '-l', '--sampling-rate=0.1', "--log-prefix=$opt{log}" if $opt{log};
	push @command, '--random-seed=' . ($opt{seed} // 42);
	push @command, '-D', "$_=$opt{vars}{$_}" for sort keys %{ $opt{vars} // {} };
	push @command, '-f', $_ for ref $script ? @$script : $script;
	return (@command, $database);
}

# Runs pgbench and returns transactions a second, connecting not counted.
sub pgbench
{
	my ($database, $script, %opt) = @_;
	local $ENV{PGOPTIONS} = '-c synchronous_commit=' . ($opt{sync} // 'off');
	my @command = pgbench_command($database, $script, %opt);
	my $out = "$tmp/pgbench.out";
	my $pid = fork // die "fork: $!\n";
	if (!$pid)
	{
		open STDOUT, '>', $out;
		open STDERR, '>&', \*STDOUT;
		exec @command;
	}
	waitpid $pid, 0;
	my $text = slurp($out);
	die "pgbench failed on $database:\n@command\n$text" if $? != 0 || $text !~ /^tps = ([0-9.]+)/m;
	my $tps = $1;
	die "pgbench ended early on $database:\n$text" if $text =~ /aborted/ || $text =~ /Run was aborted/;
	return $tps;
}

# pgbench that runs while something else is measured; finish() waits for it.
sub in_background
{
	my ($database, $script, %opt) = @_;
	my $out = "$tmp/background." . ++$scripts;
	my $pid = fork // die "fork: $!\n";
	if (!$pid)
	{
		$ENV{PGOPTIONS} = '-c synchronous_commit=' . ($opt{sync} // 'off');
		open STDOUT, '>', $out;
		open STDERR, '>&', \*STDOUT;
		exec pgbench_command($database, $script, %opt);
	}
	return { pid => $pid, out => $out };
}

sub finish
{
	my ($background) = @_;
	waitpid $background->{pid}, 0;
	my $text = slurp($background->{out});
	die "pgbench failed:\n$text" if $? != 0;
	return $text;
}

# ------------------------------------------------------------------ figures

sub median
{
	my @sorted = sort { $a <=> $b } @_;
	return @sorted % 2 ? $sorted[ $#sorted / 2 ] : ($sorted[ @sorted / 2 - 1 ] + $sorted[ @sorted / 2 ]) / 2;
}

# Milliseconds that a piece of code takes.
sub time_of
{
	my ($code) = @_;
	my $start = time;
	$code->();
	return 1000 * (time - $start);
}

# Runs pieces of code in turns, so many times each, and returns the median
# milliseconds of each in several parts of the run, for a spread.
sub timed_in_turns
{
	my ($times, %code) = @_;
	my @names = sort keys %code;
	my %figures;
	for my $name (@names) { $code{$name}->() for 1 .. 8; }    # plans, caches
	my $parts = 5;
	for my $part (1 .. $parts)
	{
		my %ms;
		for my $i (1 .. ($times / $parts || 1))
		{
			push @{ $ms{$_} }, time_of($code{$_}) for $i % 2 ? @names : reverse @names;
		}
		push @{ $figures{$_} }, median(@{ $ms{$_} }) for @names;
	}
	return %figures;
}

# The names in another order each round, so that none always comes first.
sub rotate
{
	my ($round, @names) = @_;
	my $n = $round % @names;
	return (@names[ $n .. $#names ], @names[ 0 .. $n - 1 ]);
}

# Adds a row to the table.  figures: contender => one figure a round;
# unit: "/s" (more is better), "ms" or another (less is better).  goals: [of => contender, least|most => ratio,
# or_ms => this many more are all right too, or_under => so many ms are], [under => ms] or [at_most => figure].
sub result
{
	my (%row) = @_;
	push @results, \%row;
	my $figures = join ', ', map { sprintf '%s %.4g', $_, median(@{ $row{figures}{$_} }) } sort keys %{ $row{figures} };
	say_now("$row{section}: $row{work}" . ($row{mode} ? " ($row{mode})" : '') . ": $figures $row{unit}");
	return;
}

sub note
{
	my ($section, $text) = @_;
	push @notes, { section => $section, text => $text };
	say_now("$section: $text");
	return;
}

1;
