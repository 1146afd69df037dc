package Report;

# Verdicts, the table, doc/benchmarks.md and its plot.
use strict;
use warnings;
use utf8;
use Bench;
use JSON::PP;

binmode STDOUT, ':encoding(UTF-8)';

sub machine
{
	my ($cpu) = slurp('/proc/cpuinfo') =~ /^model name\s*:\s*(.+)$/m;
	my $cores = () = slurp('/proc/cpuinfo') =~ /^processor\s*:/mg;
	my ($memory) = slurp('/proc/meminfo') =~ /^MemTotal:\s*(\d+)/m;
	my ($system) = slurp('/etc/os-release') =~ /^PRETTY_NAME="?([^"\n]+)/m;
	return sprintf '%d cores (%s), %.0f GB of memory, %s', $cores, $cpu // 'unknown', $memory / 1024 / 1024, $system;
}

sub settings { return $_[0]; }

sub taskq_version
{
	my ($version) = slurp("$ENV{BENCH_TMP}/taskq/taskq.control") =~ /^default_version = '(.*)'/m;
	return $version;
}

sub figure
{
	my ($x) = @_;
	return $x if $x == int $x && $x < 1000;
	return $x >= 1000 ? sprintf('%.0f', $x) =~ s/(?<=\d)(?=(\d{3})+$)/,/gr : $x >= 100 ? sprintf('%.0f', $x)
	  : $x >= 10 ? sprintf('%.1f', $x) : $x >= 1 ? sprintf('%.2f', $x) : sprintf('%.3f', $x);
}

# The ratios to a contender, round by round.
sub ratios
{
	my ($row, $of) = @_;
	my ($a, $b) = ($row->{figures}{taskq}, $row->{figures}{$of});
	return () if !$b || !@$b;
	return map { $a->[$_] / $b->[$_] } 0 .. ($#$a < $#$b ? $#$a : $#$b);
}

# What is to be shown of a row, one hash for each of its goals.
sub verdicts
{
	my ($row) = @_;
	my @verdicts;
	for my $goal (@{ $row->{goals} })
	{
		if (defined $goal->{under})
		{
			my $ms = median(@{ $row->{figures}{taskq} });
			push @verdicts, { goal => "under $goal->{under} ms", got => figure($ms) . ' ms', met => $ms < $goal->{under},
				miss => sprintf('%.3g times', $ms / $goal->{under}), value => $ms / $goal->{under} };
			next;
		}
		if (defined $goal->{at_most})
		{
			my $got = median(@{ $row->{figures}{taskq} });
			push @verdicts, { goal => "at most $goal->{at_most} $row->{unit}", got => figure($got), met => $got <= $goal->{at_most},
				miss => sprintf('%.0f %%', 100 * ($got / $goal->{at_most} - 1)), value => $got / $goal->{at_most} };
			next;
		}
		my @ratios = ratios($row, $goal->{of}) or next;
		my $ratio = median(@ratios);
		my ($least, $most) = (sort { $a <=> $b } @ratios)[ 0, -1 ];
		my $got = sprintf '%.2f (%.2f–%.2f)', $ratio, $least, $most;
		if (defined $goal->{least})
		{
			push @verdicts, { goal => sprintf('at least %.2f of %s', $goal->{least}, $goal->{of}), got => $got, met => $ratio >= $goal->{least},
				miss => sprintf('%.0f %%', 100 * (1 - $ratio / $goal->{least})), value => $goal->{least} / $ratio };
		}
		else
		{
			my $more = median(@{ $row->{figures}{taskq} }) - median(@{ $row->{figures}{ $goal->{of} } });
			my $met = $ratio <= $goal->{most} || defined $goal->{or_ms} && $more <= $goal->{or_ms}
			  || defined $goal->{or_under} && median(@{ $row->{figures}{taskq} }) <= $goal->{or_under}
			  || defined $goal->{growth} && $ratio <= $goal->{most} * $goal->{growth};
			$got .= sprintf ", by hand %.2f", $goal->{growth} if defined $goal->{growth};
			$got .= sprintf ', %+.2f ms', $more if defined $goal->{or_ms} && $ratio > $goal->{most};
			push @verdicts, { goal => sprintf('at most %.2f of %s', $goal->{most}, $goal->{of}) . (defined $goal->{or_ms} ? " or $goal->{or_ms} ms more" : '') . (defined $goal->{or_under} ? " or $goal->{or_under} ms" : '') . (defined $goal->{growth} ? " or of the growth by hand" : ''),
				got => $got, met => $met, miss => sprintf('%.0f %%', 100 * ($ratio / $goal->{most} - 1)), value => $ratio / $goal->{most} };
		}
	}
	return @verdicts;
}

sub others
{
	my ($row) = @_;
	return join ', ', map { "$_ " . figure(median(@{ $row->{figures}{$_} })) } grep { $_ ne 'taskq' } sort keys %{ $row->{figures} };
}

sub print_table
{
	my ($run) = @_;
	print "\n== $run->{section}\n";
	for my $row (@{ $run->{results} })
	{
		printf "%s%s: taskq %s %s; %s\n", $row->{work}, $row->{mode} ? " [$row->{mode}]" : '',
		  $row->{figures}{taskq} ? figure(median(@{ $row->{figures}{taskq} })) : '-', $row->{unit}, others($row);
		printf "    %-46s %-26s %s\n", $_->{goal}, $_->{got}, $_->{met} ? 'met' : "MISSED by $_->{miss}" for verdicts($row);
		printf "    buffers: taskq %d, by hand %d%s\n", @{ $row->{buffers} }, $row->{plan} ? "; $row->{plan}" : '' if $row->{buffers};
	}
	printf "%-50s %s\n", $_->{work} . ($_->{mode} ? " [$_->{mode}]" : ''), $_->{ok} ? 'met' : 'MISSED' for @{ $run->{checks} };
	print "note: $_\n" for @{ $run->{notes} };
	print "\n";
	return;
}

sub print_summary
{
	my ($met, $missed) = (0, 0);
	for my $run (@_)
	{
		for my $row (@{ $run->{results} }) { $_->{met} ? $met++ : $missed++ for verdicts($row); }
		$_->{ok} ? $met++ : $missed++ for @{ $run->{checks} };
	}
	print "$met goals met, $missed missed", $Bench::size_name eq 'full' ? "\n" : " (SIZE=$Bench::size_name: these figures mean nothing)\n";
	return;
}

# --------------------------------------------------------------- document

my %titles = (
	create => 'Creating, starting, completing', bytes => 'Bytes and entries', scans => 'Among all that is closed', queues => 'Creating, beside the job queues', bulk => 'In bulk', sweep => 'The sweep',
	claim => 'Claiming', emit => 'Events', page => 'Pages', stats => 'The stats bar', router => 'Through the router',
	sustained => 'Half an hour of everything');

sub write_doc
{
	my ($dir, @runs) = @_;
	mkdir $dir;
	my $text = slurp("$ENV{BENCH_TMP}/taskq/bench/intro.md");
	utf8::decode($text);
	my @missed;
	my ($met, $n) = (0, 0);
	my $tables = '';
	for my $run (@runs)
	{
		$tables .= "\n## $titles{ $run->{section} }\n\nTaken $run->{at}, taskq $run->{versions}{taskq}, PostgreSQL $run->{versions}{PostgreSQL}; "
		  . "$run->{machine}; $run->{rounds} rounds, $run->{minutes} minutes.\n\n";
		$tables .= "| work | taskq | others | goal | ratio: median (least–most) | |\n|---|---|---|---|---|---|\n";
		for my $row (@{ $run->{results} })
		{
			my @verdicts = verdicts($row);
			my $unit = $row->{unit} eq '/s' ? '/s' : " $row->{unit}";
			my $ours = $row->{figures}{taskq} ? figure(median(@{ $row->{figures}{taskq} })) . $unit : '';
			push @verdicts, { goal => '', got => '', none => 1 } if !@verdicts;
			for my $i (0 .. $#verdicts)
			{
				my $v = $verdicts[$i];
				my $verdict = $v->{none} ? '' : $v->{met} ? 'met' : "**missed** by $v->{miss}";
				if (!$v->{none}) { $n++; $v->{met} ? $met++ : push @missed, "$row->{work}" . ($row->{mode} ? ", $row->{mode}" : '') . ": $v->{got}, goal $v->{goal}"; }
				$tables .= $i ? "| | | | $v->{goal} | $v->{got} | $verdict |\n"
				  : "| $row->{work}" . ($row->{mode} ? ", $row->{mode}" : '') . " | $ours | " . others($row) . " | $v->{goal} | $v->{got} | $verdict |\n";
			}
		}
		for my $check (@{ $run->{checks} })
		{
			$n++;
			$check->{ok} ? $met++ : push @missed, $check->{work};
			$tables .= "| $check->{work}" . ($check->{mode} ? ", $check->{mode}" : '') . ' | | | | | ' . ($check->{ok} ? 'met' : '**missed**') . " |\n";
		}
		my @notes = grep { !/^\s*$/ } @{ $run->{notes} };
		$tables .= "\n" . join '', map { "- $_\n" } @notes if @notes;
	}
	my $summary = "$met of $n goals are met.\n" . (@missed ? "\nMissed:\n\n" . join '', map { "- $_\n" } @missed : '');
	my %measured = map { $_->{section} => 1 } @runs;
	my @to_come = map { lc $titles{$_} } grep { !$measured{$_} } sort keys %titles;
	$summary .= "\nNot measured yet: " . join(', ', @to_come) . ".\n" if @to_come;
	my $settings = @runs ? join ', ', map { "`$_`" } split ' ', $runs[0]{settings} : '';
	$text =~ s/\{\{summary\}\}/$summary/;
	$text =~ s/\{\{settings\}\}/$settings/;
	$text =~ s/\{\{tables\}\}/$tables/;
	utf8::encode($text);
	write_file("$dir/benchmarks.md", $text);
	plot($dir, @runs);
	return;
}

# Each goal's distance: taskq's figure as a part of what the goal allows, on a logarithmic axis; left of 1 is met.
sub plot
{
	my ($dir, @runs) = @_;
	my (@bars, $data);
	for my $run (@runs)
	{
		for my $row (@{ $run->{results} })
		{
			for my $v (verdicts($row))
			{
				# Of the many pages only those that miss, and the two that everybody asks for.
				next if $row->{section} eq 'page' && $v->{met} && $row->{work} !~ /^page, (default|assignee)$/;
				my $what = $row->{work} . ($row->{mode} ? ", $row->{mode}" : '') . ($v->{goal} =~ / of (.*?)( or .*)?$/ ? " / $1" : '');
				push @bars, [ $what =~ s/synchronous_commit/sync/r, $v->{value}, $v->{met} ];
			}
		}
	}
	return if !@bars;
	my $y = @bars;
	for my $bar (@bars)
	{
		my $title = $bar->[0] =~ s/"/'/gr =~ s/_/\\\\_/gr;
		$data .= sprintf "%d %g %d \"%s\"\n", $y--, $bar->[1], $bar->[2] ? 1 : 0, $title;
	}
	utf8::encode($data);
	write_file("$dir/benchmarks.dat", $data);
	my $height = 80 + 18 * @bars;
	my $n = @bars;
	write_file("$dir/benchmarks.gp", <<"GNUPLOT");
set encoding utf8
set terminal svg size 1000,$height font 'sans-serif,11' background rgb 'white'
set output 'benchmarks.svg'
set title "taskq's figure as a part of what each goal allows: left of the line is met"
set logscale x 2
set xrange [0.0625:16]
set yrange [0.3:$n.7]
set style fill solid
unset key
set xtics ('1/16' 0.0625, '1/8' 0.125, '1/4' 0.25, '1/2' 0.5, '1' 1, '2' 2, '4' 4, '8' 8, '16' 16)
set grid xtics
set arrow from 1,0.3 to 1,$n.7 nohead lw 2 lc rgb '#444444' front
min(a, b) = a < b ? a : b
max(a, b) = a > b ? a : b
plot 'benchmarks.dat' using (min(max(\$2, 0.07), 15)):1:(min(1, max(\$2, 0.07))):(max(1, min(\$2, 15))):(\$1 - 0.35):(\$1 + 0.35):(\$3 == 1 ? 0x2a9d5c : 0xd1495b):ytic(4) with boxxyerror lc rgb variable
GNUPLOT
	# With names that are relative, for they go into the picture.
	system('sh', '-c', 'cd "$0" && gnuplot benchmarks.gp', $dir) == 0 or die "gnuplot failed\n";
	unlink "$dir/benchmarks.gp", "$dir/benchmarks.dat";
	return;
}

1;
