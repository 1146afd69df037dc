# What must not read all that was ever closed: the workload, the latest SLA
# violations, a page of breaches and of a search among tasks of every status.
use strict;
use warnings;
use Bench;

sub scan
{
	my ($db, $label, $work, $under, $text) = @_;
	my $st = statement($db, $text);
	my $rows = 0;
	my $ms = time_of(sub { $st->execute; $rows = @{ $st->fetchall_arrayref } });
	my %got = timed_in_turns($ms > 500 ? 5 : $ms > 50 ? 25 : $size{latency}, taskq => sub { $st->execute; $st->finish });
	result(section => 'scans', work => $work, mode => "$label tasks", unit => 'ms', figures => \%got, goals => [ { under => $under } ]);
	note('scans', "$work: $rows rows");
	my $plan = join "\n", map { $_->[0] } @{ $db->selectall_arrayref("EXPLAIN (ANALYZE, BUFFERS) $text") };
	write_file("$ENV{BENCH_TMP}/plan.scans." . $work =~ s/[^A-Za-z0-9]+/-/gr . '.txt', $plan);
	return;
}

sub run_scans
{
	my ($label, $tasks) = @{ $size{scans} };
	make_database('scans', 'taskq');
	load_tasks('scans', 'taskq', $tasks);
	# A word of twenty titles.
	my $db = connect_to('scans', session_replication_role => 'replica');
	$db->do(sprintf q{UPDATE taskq_task SET title = title || ', Zanzibar' WHERE id %% %d = 7}, $tasks / 20);
	$db->disconnect;
	sql('scans', 'CALL taskq_sweep_all()');
	settle('scans');
	say_now("loaded $label tasks");

	$db = connect_to('scans');
	scan($db, $label, 'taskq_workload', 30, 'SELECT * FROM taskq_workload');
	scan($db, $label, 'taskq_sla_violations, the 50 latest', 5, 'SELECT * FROM taskq_sla_violations ORDER BY late_by DESC LIMIT 50');
	scan($db, $label, 'page, BREACHED of every status', 5, q{SELECT * FROM taskq_queue_page(sla_status => '{BREACHED}', status => NULL)});
	my $search = 'SELECT * FROM taskq_queue_page(search => %s, status => NULL)';
	for my $trigrams (0, 1)
	{
		my ($under, $how) = $trigrams ? (100, 'with an index of trigrams') : (1000, 'without an index of titles');
		if ($trigrams)
		{
			sql('scans', 'CREATE EXTENSION pg_trgm', 'CREATE INDEX ON taskq_task USING gin (taskq_search_text(title, description) gin_trgm_ops)',
				'CREATE INDEX ON taskq_customer USING gin (taskq_fold(name) gin_trgm_ops)');
			settle('scans');
		}
		scan($db, $label, "page, search of every status for a rare word, $how", $under, sprintf $search, q{'zanzibar'});
		scan($db, $label, "page, search of every status for a word that is in none, $how", $under, sprintf $search, q{'xylophone'});
	}
	$db->disconnect;
	drop_database('scans');
	return;
}

1;
