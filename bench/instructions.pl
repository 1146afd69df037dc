#!/usr/bin/perl
# Instructions of a call, and of its parts.  Started by bench/instructions.
use strict;
use warnings;
use Bench;

my $here = "$ENV{BENCH_TMP}/taskq/bench";
require "$here/sections/$_.pl" for qw(create claim);
my $out = "$ENV{BENCH_TMP}/callgrind";
my ($tasks, $few, $many) = (10_000, 20, 220);

# Parts of a call by the functions that they are spent in; none calls another.
my @parts = (
	[ indexes => qr/^ExecInsertIndexTuples$/ ],
	[ 'foreign keys' => qr/^RI_FKey_check_(?:ins|upd)$/ ],
	[ CHECKs => qr/^ExecConstraints$/ ],
	[ 'row, WAL' => qr/^heap_(?:insert|update)$/ ]);

# The instructions of the session that pgbench had just now, all and by parts.
sub session
{
	my ($database, $script, $calls, %vars) = @_;
	files_when_all_is_quiet();
	unlink glob "$out/*";
	pgbench($database, $script, clients => 1, transactions => $calls, vars => \%vars);
	# pgbench asks something in a session of its own first.
	my ($file) = sort { -s $b <=> -s $a } files_when_all_is_quiet();
	my %cost;
	open my $in, '-|', 'callgrind_annotate', '--inclusive=yes', '--threshold=100', '--show-percs=no', $file or die "callgrind_annotate: $!\n";
	while (<$in>)
	{
		my ($n, $what) = /^\s*([\d,]+)\s+(.+?)\s*$/ or next;
		$n =~ tr/,//d;
		$cost{all} = $n if $what eq 'PROGRAM TOTALS';
		my ($function) = $what =~ /:([^:\s]+)(?:'\d+)?(?: \[.*\])?$/ or next;
		for (@parts) { $cost{ $_->[0] } += $n if $function =~ $_->[1]; }
	}
	close $in or die "callgrind_annotate failed\n";
	return \%cost;
}

# Sessions write what they counted as they end.  Those that do are waited for: nothing new for three seconds.
sub files_when_all_is_quiet
{
	my ($before, $quiet) = ('', 0);
	for (1 .. 600)
	{
		select(undef, undef, undef, 0.1);
		my @files = glob "$out/*";
		my $now = join ' ', map { "$_ " . -s } @files;
		$quiet = $now ne '' && $now eq $before ? $quiet + 1 : 0;
		$before = $now;
		return @files if $quiet == 30;
	}
	die "no session has ended in a minute\n";
}

my ($what, @names) = @ARGV;
if ($what eq 'load')
{
	for my $name (@names)
	{
		make_database($name, $name);
		load_tasks($name, $name, $tasks);
	}
	# Counters are kept, as they are where a worker runs.
	sql('taskq', 'CALL taskq_sweep_all()') if grep { $_ eq 'taskq' } @names;
	exit;
}
for my $work (qw(create start complete claim))
{
	printf "\n%-10s %12s" . (' %14s' x (@parts + 1)) . "\n", $work, 'instructions', (map { $_->[0] } @parts), 'all else';
	# A team of four indexes has none to claim by.
	for my $name (grep { $work ne 'claim' || $_ ne 'team' } @names)
	{
		my $script = $work eq 'create' ? create_script($name) : $work eq 'claim' ? claim_script($name) : change_script($work, $name);
		my $table = $name eq 'taskq' ? 'taskq_task' : 'bench.task';
		# Those that were made last have not been touched by the same work yet.
		my ($base) = value($name, "SELECT max(id) FROM $table") - $few - $many + 1;
		my %vars = $work =~ /^(?:start|complete)$/ ? (base => $base, span => $few, size => $few, n => 0) : ();
		my $less = session($name, script($script), $few, %vars);
		@vars{qw(base span size)} = ($base + $few, $many, $many) if %vars;
		my $more = session($name, script($script), $many, %vars);
		my %cost = map { $_ => (($more->{$_} // 0) - ($less->{$_} // 0)) / ($many - $few) } 'all', map { $_->[0] } @parts;
		my $rest = $cost{all};
		$rest -= $cost{ $_->[0] } for @parts;
		printf "%-10s %12s" . (' %14s' x (@parts + 1)) . "\n", $name, map { sprintf '%.0f k', $_ / 1000 } $cost{all}, (map { $cost{ $_->[0] } } @parts), $rest;
	}
}
