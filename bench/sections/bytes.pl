# What a task costs in bytes and entries, whatever the machine: the WAL of one
# life, the indexes' share of a closed task, and the entries that creating one writes.
use strict;
use warnings;
use Bench;

# Bytes of WAL that a contender's lives take, each a create, a start and a complete
# in transactions of their own; and the images of whole pages that were among them.
sub wal_of
{
	my ($name, $lives, $seed) = @_;
	my $where = q{SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn, (SELECT wal_fpi FROM pg_stat_wal)};
	my $db = connect_to($name);
	my @before = $db->selectrow_array($where);
	pgbench($name, script(life_script($name)), clients => 1, transactions => $lives, seed => $seed);
	my @after = $db->selectrow_array($where);
	$db->disconnect;
	return map { $after[$_] - $before[$_] } 0, 1;
}

# The indexes of a contender's table in which a task has an entry.
sub entries_of
{
	my ($name, $id) = @_;
	my $db = connect_to($name);
	my $indexes = $db->selectall_arrayref(q{SELECT indexrelid::regclass::text, coalesce(pg_get_expr(indpred, indrelid), 'true')
		FROM pg_index WHERE indrelid = ?::regclass ORDER BY 1}, undef, task_table($name));
	my @in = grep { $db->selectrow_array('SELECT count(*) FROM ' . task_table($name) . " WHERE id = $id AND ($_->[1])") } @$indexes;
	$db->disconnect;
	return map { $_->[0] =~ s/^bench\.//r } @in;
}

sub run_bytes
{
	my @names = qw(team taskq);
	for my $name (@names)
	{
		make_database($name, $name);
		write_tasks($name, $name, $size{base}, 0.1);
	}
	# Counters are kept, as they are where a worker runs.  Nobody else writes meanwhile.
	sql('taskq', 'CALL taskq_sweep_all()');
	sql('postgres', 'ALTER SYSTEM SET full_page_writes = off', 'ALTER SYSTEM SET autovacuum = off', 'SELECT pg_reload_conf()');
	select(undef, undef, undef, 1);
	my (%wal, %images);
	for my $round (0 .. $size{rounds})
	{
		for my $name (rotate($round, @names))
		{
			my ($bytes, $images) = wal_of($name, $size{lives}, $round);
			next if !$round;    # touches pages for the first time since they were written out
			push @{ $wal{$name} }, $bytes / $size{lives};
			$images{$name} += $images;
		}
	}
	sql('postgres', 'ALTER SYSTEM RESET full_page_writes', 'ALTER SYSTEM RESET autovacuum', 'SELECT pg_reload_conf()');
	result(section => 'bytes', work => 'WAL of a life: create, start, complete', unit => 'bytes', figures => \%wal,
		goals => [ { of => 'team', most => 1.4 } ]);
	note('bytes', "images of whole pages are in that WAL: $images{team} of team's, $images{taskq} of taskq's") if $images{team} || $images{taskq};

	# The last that was made has the assignee, the customer, the deadline and the due date of all; as it was when it was new.
	my %entries;
	for my $name (@names)
	{
		my $create = life_script($name) =~ s/\\gset.*//sr;
		pgbench($name, script("$create;\n"), clients => 1, transactions => 1, seed => 1);
		my @in = entries_of($name, value($name, 'SELECT max(id) FROM ' . task_table($name)));
		$entries{$name} = [ scalar @in ];
		note('bytes', "a new task of $name has entries in " . join ', ', @in);
	}
	result(section => 'bytes', work => 'index entries that a create writes, with assignee, customer and SLA', unit => 'entries',
		figures => \%entries, goals => [ { at_most => 6 } ]);

	# Closed tasks only: what indexes of active ones have does not grow with time.
	my %share;
	for my $name (@names)
	{
		make_database($name, $name);
		my $table = task_table($name);
		my $empty = value($name, "SELECT pg_indexes_size('$table')");
		write_tasks($name, $name, $size{base}, 0);
		my ($indexes, $heap) = map { value($name, "SELECT $_('$table')") } qw(pg_indexes_size pg_relation_size);
		$share{$name} = [ ($indexes - $empty) / $heap ];
		note('bytes', sprintf '%s: a closed task has %.0f bytes of heap and %.0f of indexes', $name, $heap / $size{base}, ($indexes - $empty) / $size{base});
	}
	result(section => 'bytes', work => 'index bytes of closed tasks, for each byte of heap', unit => 'bytes', figures => \%share, goals => [ { at_most => 1.2 } ]);
	drop_database(@names);
	return;
}

1;
