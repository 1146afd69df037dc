# A page of 50 with every filter and sort, against the best query that we can
# write by hand for that filter: straight on the table and its indexes, with the
# same columns, names joined to the 50 rows.  Both on the same table, in turns
# on one connection; also under row security.
use strict;
use warnings;
use Bench;

my $stage = 'taskq_stage(t.status, t.started_at, t.completed_at, t.cancelled_at)';
my $rank = 'taskq_priority_rank(t.priority)';
my $place = 'taskq_place(t.priority, t.due_date, t.completed_at, t.cancelled_at)';
my $due_place = 'taskq_place(t.priority, t.due_date, NULL, NULL)';
my $deadline = q{(CASE WHEN t.sla_due_at IS NULL THEN 'infinity' ELSE t.sla_due_at END)};

# What the indexes' predicates say.
my $active = 't.completed_at IS NULL AND t.cancelled_at IS NULL';
my $closed = '(t.completed_at IS NOT NULL OR t.cancelled_at IS NOT NULL)';
my $pending = "$active AND t.sla_breached_at IS NULL";
my $settled = '(t.sla_due_at IS NOT NULL AND (t.sla_breached_at IS NOT NULL OR t.completed_at IS NOT NULL OR t.cancelled_at IS NOT NULL))';
my $late = 'least(t.completed_at, t.cancelled_at) > t.sla_due_at';

# The keys of each sort but the id, and its direction.
my %sort = (
	due => { keys => [$due_place], way => '' },
	priority => { keys => [ $rank, $due_place ], way => '' },
	created => { keys => [], way => ' DESC' },
	sla => { keys => [$deadline], way => '' },
	closed => { keys => [$place], way => ' DESC' });

my $columns = q{t.id, t.title, t.description, t.priority,
	CASE WHEN t.status IN ('COMPLETED', 'CANCELLED') THEN t.status WHEN t.due_date < current_date THEN 'OVERDUE'
		WHEN t.started_at IS NOT NULL THEN 'IN_PROGRESS' ELSE 'OPEN' END AS status,
	t.due_date, t.sla_hours, t.assignee_id, t.user_id, t.source, t.dedupe_key, t.created_at, t.created_by, t.started_at,
	t.completed_at, t.cancelled_at, t.updated_at, t.sla_due_at, t.sla_at_risk_at, t.sla_breached_at, t.status AS stored_status,
	t.completed_at IS NULL AND t.cancelled_at IS NULL AS is_active,
	t.completed_at IS NULL AND t.cancelled_at IS NULL AND coalesce(t.due_date < current_date, false) AS is_overdue,
	CASE WHEN t.due_date IS NULL THEN NULL WHEN t.completed_at IS NULL AND t.cancelled_at IS NULL
		THEN greatest(current_date - t.due_date, 0) ELSE 0 END AS days_overdue,
	a.name, a.is_active, c.name,
	CASE WHEN t.sla_due_at IS NULL THEN 'NONE'
		WHEN coalesce(t.completed_at, t.cancelled_at, statement_timestamp()) > t.sla_due_at THEN 'BREACHED'
		WHEN t.completed_at IS NOT NULL THEN 'MET' WHEN t.cancelled_at IS NOT NULL THEN 'CANCELLED'
		WHEN statement_timestamp() >= t.sla_at_risk_at THEN 'AT_RISK' ELSE 'ON_TRACK' END::taskq_sla_status,
	t.sla_first_breached_at};

# The page of a sort from one range of an index or, merged, from several, each in the
# order of the sort, or PostgreSQL would sort them all.  A range is a condition or, where its index has the keys under other expressions,
# a condition and those.  A column that is NULL in all ranges and comes first
# in their index comes first in the order, too: PostgreSQL does not know that it
# makes no difference.
sub by_hand
{
	my ($sort, @ranges) = @_;
	my ($keys, $way) = @{ $sort{ $sort =~ s/ of nobody$//r } }{qw(keys way)};
	$keys = [ 't.assignee_id', @$keys ] if $sort =~ / of nobody$/;
	my $order = join ', ', map({ "t.key_$_$way" } 1 .. @$keys), "t.id$way";
	my $rows = join "\nUNION ALL\n", map {
		my ($condition, @keys) = ref $_ ? ($_->[0], ($sort =~ / of nobody$/ ? 't.assignee_id' : ()), @$_[ 1 .. $#$_ ]) : ($_, @$keys);
		'(SELECT ' . join(', ', 't.*', map { "$keys[$_ - 1] AS key_$_" } 1 .. @keys) . " FROM taskq_task t WHERE $condition"
		  . ' ORDER BY ' . $order =~ s/t\.//gr . ' LIMIT 50)'
	} @ranges;
	return "SELECT $columns\nFROM (SELECT t.* FROM ($rows) t ORDER BY $order LIMIT 50) t\nLEFT JOIN taskq_staff_member a ON a.id = t.assignee_id\n"
	  . "LEFT JOIN taskq_customer c ON c.id = t.user_id\nORDER BY $order";
}

# The first place of a day.
sub place_of { my ($day) = @_; return "($day - date '2000-01-01')::bigint * 8"; }

# A range of places for each stage and rank: what is active is so in indexes.
sub ranges
{
	my ($stages, $condition, @ranks) = @_;
	@ranks = 1 .. 4 if !@ranks;
	return map { my $s = $_; map { "$active AND $stage = $s AND $rank = $_$condition" } @ranks } @$stages;
}

# The same of an assignee, or of nobody, in whose index active tasks have the place under another expression.
sub of_assignee { return map { [ s/\Q$due_place\E/$place/gr, $place ] } ranges(@_) }
sub of_assignee_by_rank { return map { [ s/\Q$due_place\E/$place/gr, $rank, $place ] } ranges(@_) }

# Active tasks by deadline: those that have not been recorded as breached, and those that have.
sub deadlines
{
	my ($stages, $condition) = @_;
	return map { ("$pending AND $stage = $_$condition", "$active AND $settled AND $stage = $_$condition") } @$stages;
}

# Tasks of every status.
sub every { my ($condition) = @_; return map { my $s = $_; map { "$stage = $s AND $rank = $_$condition" } 1 .. 4 } 0 .. 5 }

# What a search for words asks of a task, but for accents, composition and case beyond lower().
sub with_words
{
	return join '', map {
		my $is_in = sub { "strpos(lower($_[0]), $_) > 0" };
		' AND (' . join(' OR ', $is_in->('t.title'), $is_in->('t.description'), "t.id::text = $_", "lower(t.user_id) = $_",
			'EXISTS (SELECT FROM taskq_customer w WHERE w.id = t.user_id AND ' . $is_in->('w.name') . ')') . ')'
	} @_;
}

# The stages in which the unstarted, the started and all may be stored.
my ($unstarted, $started, $any) = ([ 0, 4 ], [ 1, 5 ], [ 0, 1, 4, 5 ]);
my $not_past = " AND $due_place >= " . place_of('current_date');
my $past = " AND $due_place < " . place_of('current_date');

# Name, arguments of taskq_queue_page(), the query by hand, and what the
# placeholders of either hold in execution i: the same, unless there are two.
sub cases
{
	my ($db) = @_;
	my $staff = sub { 'sta_' . (1 + 37 * $_[0] % 100) };
	my $customer = sub { 'cus_' . (1 + 7919 * $_[0] % 80000) };
	# The cursor of a page's last row, and that row's keys.
	my @behind = map {
		$db->selectrow_arrayref("SELECT $due_place, t.id, t.cursor FROM taskq_queue_page(due_from => current_date + ?::integer) t OFFSET 49",
			undef, $_)
	} 1 .. 20;
	my @closed_behind = map {
		$db->selectrow_arrayref("SELECT $place, t.id, t.cursor FROM taskq_queue_page(status => '{COMPLETED}', page_size => ?) t OFFSET ?",
			undef, 50 * $_, 50 * $_ - 1)
	} 1 .. 20;
	my $cursor = sub { my ($rows) = @_; return (sub { $rows->[ $_[0] % @$rows ][2] }, sub { @{ $rows->[ $_[0] % @$rows ] }[ 0, 1 ] }) };
	my $none = sub { };
	my $all = q{status => '{OPEN,IN_PROGRESS,OVERDUE}'};
	my $hers = ' AND t.assignee_id = $1';
	my $passport = with_words(q{'passport'});
	my $found = with_words(q{'second'}, q{'contract'}, '$1');
	my $number = sub { 100 + $_[0] * 37 % 900 };
	my $rare = sub { 'second contract ' . $number->(@_) };
	my $now = 'statement_timestamp()';
	return (
		# status
		[ 'default', '', by_hand('due', ranges($unstarted, $not_past)), $none ],
		[ 'next page', 'after => ?', by_hand('due', ranges($unstarted, " AND ($due_place, t.id) > (\$1::bigint, \$2::bigint)")), $cursor->(\@behind) ],
		[ 'IN_PROGRESS', q{status => '{IN_PROGRESS}'}, by_hand('due', ranges($started, $not_past)), $none ],
		[ 'OVERDUE', q{status => '{OVERDUE}'}, by_hand('due', ranges($any, $past)), $none ],
		[ 'active', $all, by_hand('due', ranges($any, '')), $none ],
		[ 'COMPLETED', q{status => '{COMPLETED}'}, by_hand('closed', "$closed AND $stage = 2"), $none ],
		[ 'COMPLETED, next page', q{status => '{COMPLETED}', after => ?},
			by_hand('closed', "$closed AND $stage = 2 AND ($place, t.id) < (\$1::bigint, \$2::bigint)"), $cursor->(\@closed_behind) ],
		[ 'CANCELLED', q{status => '{CANCELLED}'}, by_hand('closed', "$closed AND $stage = 3"), $none ],
		[ 'closed', q{status => '{COMPLETED,CANCELLED}', sort => 'closed'}, by_hand('closed', map { "$closed AND $stage = $_" } 2, 3), $none ],
		[ 'COMPLETED, by due date', q{status => '{COMPLETED}', sort => 'due'}, by_hand('due', map { "$stage = 2 AND $rank = $_" } 1 .. 4), $none ],
		[ 'COMPLETED, newest', q{status => '{COMPLETED}', sort => 'created'}, by_hand('created', "$closed AND $stage = 2"), $none ],
		[ 'COMPLETED, by SLA deadline', q{status => '{COMPLETED}', sort => 'sla'}, by_hand('sla', "$settled AND $stage = 2"), $none ],
		[ 'all', 'status => NULL', by_hand('due', every('')), $none ],
		# priority
		[ 'URGENT', q{priority => '{URGENT}'}, by_hand('due', ranges($unstarted, $not_past, 1)), $none ],
		[ 'HIGH and URGENT', q{priority => '{HIGH,URGENT}'}, by_hand('due', ranges($unstarted, $not_past, 1, 2)), $none ],
		# assignee_id, user_id, unassigned, assignee_is_active
		[ 'assignee', 'assignee_id => ?', by_hand('due', of_assignee($unstarted, "$not_past$hers")), $staff ],
		[ 'assignee, active', "assignee_id => ?, $all", by_hand('due', of_assignee($any, $hers)), $staff ],
		[ 'assignee, by priority', q{assignee_id => ?, sort => 'priority'}, by_hand('priority', of_assignee_by_rank($unstarted, "$not_past$hers")), $staff ],
		[ 'assignee, newest', q{assignee_id => ?, sort => 'created'}, by_hand('created', ranges($unstarted, "$not_past$hers")), $staff ],
		[ 'assignee, by SLA deadline', q{assignee_id => ?, sort => 'sla'}, by_hand('sla', ranges($unstarted, "$not_past$hers")), $staff ],
		[ 'assignee, URGENT', q{assignee_id => ?, priority => '{URGENT}'}, by_hand('due', of_assignee($unstarted, "$not_past$hers", 1)), $staff ],
		[ 'assignee, COMPLETED', q{assignee_id => ?, status => '{COMPLETED}'},
			by_hand('closed', map { "$stage = 2 AND $rank = $_$hers" } 1 .. 4), $staff ],
		[ 'customer', 'user_id => ?, status => NULL', by_hand('due', 't.user_id = $1'), $customer ],
		[ 'customer, OPEN', 'user_id => ?', by_hand('due', "t.user_id = \$1 AND $stage IN (0, 4)$not_past"), $customer ],
		[ 'customer, closed', q{user_id => ?, status => '{COMPLETED,CANCELLED}'}, by_hand('closed', "t.user_id = \$1 AND $stage IN (2, 3)"), $customer ],
		[ 'unassigned', 'unassigned => true', by_hand('due of nobody', of_assignee($unstarted, "$not_past AND t.assignee_id IS NULL")), $none ],
		[ 'unassigned, by priority', q{unassigned => true, sort => 'priority'},
			by_hand('priority of nobody', of_assignee_by_rank($unstarted, "$not_past AND t.assignee_id IS NULL")), $none ],
		[ 'assignee is active', 'assignee_is_active => true', by_hand('due', ranges($unstarted,
				"$not_past AND EXISTS (SELECT FROM taskq_staff_member s WHERE s.id = t.assignee_id AND s.is_active)")), $none ],
		[ 'assignee is inactive', 'assignee_is_active => false', by_hand('due', "$active AND $stage IN (0, 4)$not_past
				AND t.assignee_id IN (SELECT s.id FROM taskq_staff_member s WHERE NOT s.is_active)"), $none ],
		# source, due_from, due_to
		[ 'source, common', q{source => 'RENEWAL'}, by_hand('due', ranges($unstarted, "$not_past AND t.source = 'RENEWAL'")), $none ],
		[ 'source, rare', q{source => 'PHONE'}, by_hand('due', ranges($unstarted, "$not_past AND t.source = 'PHONE'")), $none ],
		[ 'due in a week', 'due_from => current_date + 7, due_to => current_date + 14', by_hand('due', ranges($unstarted,
				" AND $due_place >= " . place_of('(current_date + 7)') . " AND $due_place < " . place_of('(current_date + 15)'))), $none ],
		# sla_status
		[ 'SLA at risk', q{sla_status => '{AT_RISK}', sort => 'sla'},
			by_hand('sla', deadlines($unstarted, "$not_past AND $deadline >= $now AND t.sla_at_risk_at <= $now")), $none ],
		[ 'SLA on track', q{sla_status => '{ON_TRACK}'}, by_hand('due', ranges($unstarted, "$not_past AND t.sla_at_risk_at > $now")), $none ],
		[ 'no SLA', q{sla_status => '{NONE}'}, by_hand('due', ranges($unstarted, "$not_past AND t.sla_due_at IS NULL")), $none ],
		[ 'SLA breached, active', qq{sla_status => '{BREACHED}', $all, sort => 'sla'}, by_hand('sla', deadlines($any, " AND $deadline < $now")), $none ],
		[ 'SLA breached, all', q{sla_status => '{BREACHED}', status => NULL}, by_hand('due', ranges($any, " AND $deadline < $now"),
				map { my $s = $_; map { "$stage = $s AND $rank = $_ AND $late" } 1 .. 4 } 2, 3), $none ],
		[ 'SLA met', q{sla_status => '{MET}', status => '{COMPLETED}'},
			by_hand('closed', "$closed AND $stage = 2 AND t.completed_at <= t.sla_due_at"), $none ],
		# search
		[ 'search, common', q{search => 'passport'}, by_hand('due', ranges($unstarted, "$not_past$passport")), $none ],
		[ 'search, rare', q{search => ?}, by_hand('due', ranges($unstarted, "$not_past$found")), $rare, $number ],
		[ 'search, all, common', q{search => 'passport', status => NULL}, by_hand('due', every($passport)), $none ],
		[ 'search, all, rare', q{search => ?, status => NULL}, by_hand('due', "true$found"), $rare, $number ],
		[ 'search, COMPLETED', q{search => 'passport', status => '{COMPLETED}'},
			by_hand('closed', "$closed AND $stage = 2$passport"), $none ],
		# sort
		[ 'by priority', q{sort => 'priority'}, by_hand('priority', ranges($unstarted, $not_past)), $none ],
		[ 'by priority, active', qq{sort => 'priority', $all}, by_hand('priority', ranges($any, '')), $none ],
		[ 'newest', q{sort => 'created'}, by_hand('created', "$active AND $stage IN (0, 4)$not_past"), $none ],
		[ 'newest, all', q{sort => 'created', status => NULL}, by_hand('created', 'true'), $none ],
		[ 'by SLA deadline', q{sort => 'sla'}, by_hand('sla', deadlines($unstarted, $not_past)), $none ],
		[ 'by SLA deadline, active', qq{sort => 'sla', $all}, by_hand('sla', deadlines($any, '')), $none ]);
}

# Buffers that a query touches, and whether it reads the whole table.
sub plan_of
{
	my ($db, $text, @values) = @_;
	my ($json) = $db->selectrow_array("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) $text", undef, @values);
	my ($hit) = $json =~ /"Shared Hit Blocks": (\d+)/;
	my ($read) = $json =~ /"Shared Read Blocks": (\d+)/;
	return ($hit // 0) + ($read // 0);
}

# The plans of the statement that a page runs inside, from auto_explain.
sub inner_plans
{
	my ($db, $text, @values) = @_;
	my @seen;
	local $SIG{__WARN__} = sub { push @seen, $_[0] };
	$db->{PrintWarn} = 1;
	$db->do('SET client_min_messages = notice');
	$db->do($text, undef, @values);
	$db->do('SET client_min_messages = warning');
	$db->{PrintWarn} = 0;
	return join "\n", @seen;
}

# The ids of what a query finds, in order.
sub ids_of
{
	my ($st, @values) = @_;
	$st->execute(@values);
	my $rows = $st->fetchall_arrayref([0]);
	return join ' ', map { $_->[0] } @$rows;
}

sub measure_case
{
	my ($db, $explained, $label, $mode, $case, $figures) = @_;
	my ($name, $arguments, $hand, $for_page, $for_hand) = @$case;
	$for_hand ||= $for_page;
	my $page_text = "SELECT * FROM taskq_queue_page($arguments)";
	my $page_sql = statement($db, $page_text);
	my $hand_sql = statement($db, $hand);
	my ($i, $j) = (0, 0);
	push @Bench::checks, { section => 'page', work => "page, $name$mode: the same rows as by hand", mode => "$label tasks", ok => 0 }
	  if ids_of($page_sql, $for_page->(1)) ne ids_of($hand_sql, $for_hand->(1));

	# Slow ones less often.
	my $ms = time_of(sub { $hand_sql->execute($for_hand->(2)); $page_sql->execute($for_page->(2)) });
	my $times = $ms > 1000 ? 5 : $ms > 100 ? 15 : $ms > 20 ? 50 : $size{latency};
	my %got = timed_in_turns($times,
		taskq => sub { $page_sql->execute($for_page->($i++)); $page_sql->finish },
		'by hand' => sub { $hand_sql->execute($for_hand->($j++)); $hand_sql->finish });
	$figures->{$name}{$label} = \%got;
	my @buffers = (plan_of($db, $page_text, $for_page->(1)), plan_of($db, $hand, $for_hand->(1)));
	my $plan = inner_plans($explained, $page_text, $for_page->(1));
	my $bad = $plan =~ /Seq Scan on taskq_task/ ? 'sequential scan' : '';
	result(section => 'page', work => "page, $name$mode", mode => "$label tasks", unit => 'ms', figures => \%got,
		buffers => \@buffers, plan => $bad, goals => [ { of => 'by hand', most => 1.3, or_ms => 0.2 } ]);
	write_file("$ENV{BENCH_TMP}/plan.$label." . ($name . $mode) =~ s/[^A-Za-z0-9]+/-/gr . '.txt',
		$plan . "\n\n" . join "\n", map { $_->[0] } @{ $db->selectall_arrayref("EXPLAIN (ANALYZE, BUFFERS) $hand", undef, $for_hand->(1)) });
	return;
}

# A page that fails is a goal missed, and the others are measured all the same.
sub measure
{
	my ($db, $explained, $label, $mode, $wanted, $figures) = @_;
	for my $case (@$wanted)
	{
		next if eval { measure_case($db, $explained, $label, $mode, $case, $figures); 1 };
		my ($why) = $@ =~ /^(?:.*ERROR: *)?(.+?)(?: at \S+ line \d+\.)?$/m;
		push @Bench::checks, { section => 'page', work => "page, $case->[0]$mode: $why", mode => "$label tasks", ok => 0 };
		say_now("page, $case->[0]$mode at $label: $why");
	}
	return;
}

sub run_page
{
	my (%figures, %secured);
	for (@{ $size{pages} })
	{
		my ($label, $tasks) = @$_;
		my $database = pages_database($label, $tasks);
		sql($database, 'CREATE EXTENSION IF NOT EXISTS pg_prewarm', q{SELECT count(pg_prewarm(oid)) FROM pg_class
			WHERE relname ~ '^taskq_(task|staff|customer)' AND relkind IN ('r', 'i') AND NOT relname ~ 'event'},
			q{UPDATE taskq_staff_member SET is_active = false WHERE id IN ('sta_250', 'sta_750')}, 'ANALYZE taskq_staff_member');
		my $db = connect_to($database);
		my $explained = connect_to($database);
		$explained->do($_) for q{LOAD 'auto_explain'}, map { "SET auto_explain.$_" } 'log_min_duration = 0', 'log_nested_statements = on',
			'log_analyze = on', 'log_buffers = on', 'log_timing = off', q{log_level = 'notice'};
		measure($db, $explained, $label, '', [ cases($db) ], \%figures);
		$db->disconnect;

		# An agent who sees what is hers, what is nobody's, and her desk's customers' (the rest is not hers).
		sql($database, q{DO $$ BEGIN IF to_regrole('bench_agent') IS NULL THEN CREATE ROLE bench_agent; END IF; END $$},
			q{SELECT taskq_grant('bench_agent', 'agent')},
			q{GRANT USAGE ON SCHEMA bench TO bench_agent},
			q{ALTER TABLE taskq_task ENABLE ROW LEVEL SECURITY},
			q{CREATE POLICY agent ON taskq_task USING (assignee_id IS NULL OR assignee_id = current_setting('app.staff', true)
				OR source = current_setting('app.desk', true))});
		$db = connect_to($database, 'app.staff' => q{'sta_38'}, 'app.desk' => q{'RENEWAL'});
		my @cases = cases($db);
		$explained->do($_) for q{SET app.staff = 'sta_38'}, q{SET app.desk = 'RENEWAL'};
		$_->do('SET ROLE bench_agent') for $db, $explained;
		measure($db, $explained, $label, ', row security', \@cases, \%secured);
		$db->disconnect;
		$explained->disconnect;
		sql($database, 'DROP POLICY agent ON taskq_task', 'ALTER TABLE taskq_task DISABLE ROW LEVEL SECURITY',
			'UPDATE taskq_staff_member SET is_active = true WHERE NOT is_active', 'ANALYZE taskq_staff_member');
	}
	my ($less, $more) = map { $_->[0] } @{ $size{pages} };
	for my $name (sort keys %figures)
	{
		# Where a larger table has more to read, whoever reads it (a customer with
		# more tasks, a rare word), the query by hand says how much more.
		my ($small, $large) = @{ $figures{$name} }{ $less, $more };
		next if !$small || !$large;
		my $growth = median(@{ $large->{"by hand"} }) / median(@{ $small->{"by hand"} });
		result(section => "page", work => "page, $name", mode => "$more tasks against $less", unit => "ms",
			figures => { taskq => $large->{taskq}, $less => $small->{taskq} }, goals => [ { of => $less, most => 1.2, growth => $growth } ]);
	}
	return;
}

# Pages and statistics look at the same tasks; made once, kept for both.
my %made;

# The name of the database.
sub pages_database
{
	my ($label, $tasks) = @_;
	my $database = lc "pages_$label";
	return $database if $made{$label}++;
	make_database($database, 'taskq');
	load_tasks($database, 'taskq', $tasks);
	say_now("loaded $label tasks");
	return $database;
}

1;
