#!/usr/bin/perl
# The bench: runs the sections asked for and reports.  Started by bench/run.
use strict;
use warnings;
use Bench;
use JSON::PP;
use POSIX qw(strftime);
use Report;

my $here = "$ENV{BENCH_TMP}/taskq/bench";
my @all = qw(create bytes queues bulk sweep claim emit page stats scans time router);
my @wanted = split ' ', $ENV{BENCH} || "@all";
for my $section (@wanted)
{
	die "no section \"$section\"; there are: @all sustained\n" if !grep { $_ eq $section } @all, 'sustained';
}
require "$here/sections/$_.pl" for qw(create bytes bulk sweep page stats scans claim emit time router sustained);
require "$here/lifecycle.pl";

check_plpgsql();
my $rows = 0;
my @done;
if (grep({ $_ eq 'router' } @wanted) && !can_route())
{
	say_now('router: left out, there is no PL/Proxy here');
	@wanted = grep { $_ ne 'router' } @wanted;
}
for my $section (@wanted)
{
	no strict 'refs';
	my $start = time;
	@Bench::results = @Bench::notes = @Bench::checks = ();
	&{"run_$section"}();
	push @done, {
		section => $section, at => strftime('%Y-%m-%d', gmtime), minutes => int((time - $start) / 60 + 0.5), size => $Bench::size_name,
		rounds => $size{rounds}, results => [@Bench::results], notes => [ map { $_->{text} } grep { $_->{section} eq $section } @Bench::notes ],
		checks => [@Bench::checks], machine => Report::machine(), settings => Report::settings(value('postgres',
			q{SELECT string_agg(name || '=' || current_setting(name), ' ' ORDER BY name) FROM pg_settings WHERE name IN ('shared_buffers',
				'effective_cache_size', 'work_mem', 'maintenance_work_mem', 'max_wal_size', 'checkpoint_timeout', 'checkpoint_completion_target',
				'random_page_cost', 'effective_io_concurrency', 'fsync', 'full_page_writes', 'autovacuum', 'jit', 'wal_level', 'data_checksums')})),
		versions => { PostgreSQL => value('postgres', 'SHOW server_version'), taskq => Report::taskq_version() }
	};
	Report::print_table($done[-1]);
	if ($Bench::size_name eq 'full' || $ENV{BENCH_DOC})
	{
		mkdir "$here/results";
		write_file("$here/results/$section.json", JSON::PP->new->utf8->canonical->pretty->encode($done[-1]));
	}
}
Report::print_summary(@done);
if ($Bench::size_name eq 'full' || $ENV{BENCH_DOC})
{
	my @kept = map { -e "$here/results/$_.json" ? decode_json(slurp("$here/results/$_.json")) : () } @all, 'sustained';
	Report::write_doc("$ENV{BENCH_TMP}/doc", @kept);
}
