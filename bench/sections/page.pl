# A page of 50 with every filter and sort, against the best query that we can
# write by hand for that filter: straight on the table and its indexes, with the
# same columns, names joined to the 50 rows.  Both on the same table, in turns
# on one connection; also under row security.
use strict;
use warnings;
use Bench;

my $due = q{CASE WHEN t.due_date IS NULL THEN 'infinity' ELSE t.due_date END};
my $deadline = q{CASE WHEN t.sla_due_at IS NULL THEN 'infinity' ELSE t.sla_due_at END};
my $rank = 'taskq_priority_rank(t.priority)';
my $phase = 'taskq_phase(t.started_at, t.completed_at, t.cancelled_at)';
my %order = (
	due => [ $due, $rank, 't.id' ],
	priority => [ $rank, $due, 't.id' ],
	created => [ 't.created_at DESC', 't.id DESC' ],
	sla => [ $deadline, 't.id' ]);

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
		WHEN statement_timestamp() >= t.sla_at_risk_at THEN 'AT_RISK' ELSE 'ON_TRACK' END::taskq_sla_status};

# The page of a sort from one index range or, merged, from several.
sub by_hand
{
	my ($sort, @conditions) = @_;
	my $order = join ', ', @{ $order{$sort} };
	my $rows = @conditions == 1
	  ? "SELECT t.* FROM taskq_task t WHERE $conditions[0] ORDER BY $order LIMIT 50"
	  : 'SELECT t.* FROM (' . join("\nUNION ALL\n", map { "(SELECT t.* FROM taskq_task t WHERE $_ ORDER BY $order LIMIT 50)" } @conditions)
	  . ") t ORDER BY $order LIMIT 50";
	return "SELECT $columns\nFROM ($rows) t\nLEFT JOIN taskq_staff_member a ON a.id = t.assignee_id\n"
	  . "LEFT JOIN taskq_customer c ON c.id = t.user_id\nORDER BY $order";
}

my $not_past = "$due >= current_date";
my $past = "$due < current_date";
my @urgent = ("$phase = 0 AND $not_past AND $rank = 1");
sub phases { my ($condition) = @_; return map { "$phase = $_$condition" } 0, 1; }

# Name, arguments of taskq_queue_page(), the query by hand, and what the
# placeholders of either hold in execution i: the same.
sub cases
{
	my ($db, $tasks) = @_;
	my $staff = sub { 'sta_' . (1 + 37 * $_[0] % 100) };
	my $customer = sub { 'cus_' . (1 + 7919 * $_[0] % 80000) };
	my @positions = @{ $db->selectall_arrayref(q{SELECT due_date, taskq_priority_rank(priority), id,
		(SELECT max(cursor) FROM taskq_queue_page(due_from => due_date, page_size => 1)) FROM taskq_task
		WHERE taskq_phase(started_at, completed_at, cancelled_at) = 0 AND due_date > current_date AND due_date < 'infinity'
		ORDER BY id LIMIT 20}) };
	# The cursor of a page's last row, and that row's keys.
	my @behind;
	for my $p (@positions)
	{
		push @behind, $db->selectrow_arrayref(q{SELECT due_date, taskq_priority_rank(priority), id, cursor
			FROM taskq_queue_page(due_from => ?) OFFSET 49}, undef, $p->[0]);
	}
	my $all = q{status => '{OPEN,IN_PROGRESS,OVERDUE}'};
	return (
		[ 'default', '', by_hand('due', "$phase = 0 AND $not_past"), sub { } ],
		[ 'next page', 'after => ?', by_hand('due', "$phase = 0 AND ($due, $rank, t.id) > (?::date, ?::integer, ?::bigint)"),
			sub { my $b = $behind[ $_[0] % @behind ]; $b->[3] }, sub { my $b = $behind[ $_[0] % @behind ]; @$b[ 0 .. 2 ] } ],
		[ 'IN_PROGRESS', q{status => '{IN_PROGRESS}'}, by_hand('due', "$phase = 1 AND $not_past"), sub { } ],
		[ 'OVERDUE', q{status => '{OVERDUE}'}, by_hand('due', phases(" AND $past")), sub { } ],
		[ 'active', $all, by_hand('due', phases('')), sub { } ],
		[ 'COMPLETED, newest', q{status => '{COMPLETED}', sort => 'created'}, by_hand('created', "$phase = 2"), sub { } ],
		[ 'CANCELLED', q{status => '{CANCELLED}'}, by_hand('due', "$phase = 3"), sub { } ],
		[ 'URGENT', q{priority => '{URGENT}'}, by_hand('due', @urgent), sub { } ],
		[ 'HIGH and URGENT', q{priority => '{HIGH,URGENT}'}, by_hand('due', @urgent, "$phase = 0 AND $not_past AND $rank = 2"), sub { } ],
		[ 'assignee', 'assignee_id => ?', by_hand('due', "$phase = 0 AND $not_past AND t.assignee_id = ?"), $staff ],
		[ 'assignee, active', "assignee_id => ?, $all", by_hand('due', phases(' AND t.assignee_id = ?')), $staff, sub { ($staff->(@_)) x 2 } ],
		[ 'assignee, by priority', q{assignee_id => ?, sort => 'priority'}, by_hand('priority', "$phase = 0 AND $not_past AND t.assignee_id = ?"), $staff ],
		[ 'assignee, URGENT', q{assignee_id => ?, priority => '{URGENT}'}, by_hand('due', "$phase = 0 AND $not_past AND t.assignee_id = ? AND $rank = 1"), $staff ],
		[ 'customer', 'user_id => ?, status => NULL', by_hand('due', map { "$phase = $_ AND t.user_id = ?" } 0 .. 3), $customer, sub { ($customer->(@_)) x 4 } ],
		[ 'unassigned', 'unassigned => true', by_hand('due', "$phase = 0 AND $not_past AND t.assignee_id IS NULL"), sub { } ],
		[ 'source, common', q{source => 'RENEWAL'}, by_hand('due', "$phase = 0 AND $not_past AND t.source = 'RENEWAL'"), sub { } ],
		[ 'source, rare', q{source => 'PHONE'}, by_hand('due', "$phase = 0 AND $not_past AND t.source = 'PHONE'"), sub { } ],
		[ 'due in a week', 'due_from => current_date + 7, due_to => current_date + 14',
			by_hand('due', "$phase = 0 AND $due >= current_date + 7 AND $due <= current_date + 14"), sub { } ],
		[ 'SLA at risk', q{sla_status => '{AT_RISK}', sort => 'sla'},
			by_hand('sla', "$phase = 0 AND $not_past AND t.sla_at_risk_at <= statement_timestamp() AND $deadline >= statement_timestamp() AND t.sla_due_at IS NOT NULL"), sub { } ],
		[ 'SLA breached', qq{sla_status => '{BREACHED}', $all, sort => 'sla'},
			by_hand('sla', phases(" AND $deadline < statement_timestamp()")), sub { } ],
		[ 'search, common', q{search => 'passport'}, by_hand('due', "$phase = 0 AND $not_past AND strpos(lower(t.title), 'passport') > 0"), sub { } ],
		[ 'search, rare', q{search => ?}, by_hand('due', "$phase = 0 AND $not_past AND strpos(lower(t.title), lower(?)) > 0"),
			sub { 'review second contract ' . (1 + $_[0] * 7 % 9) } ],
		[ 'by priority', q{sort => 'priority'}, by_hand('priority', "$phase = 0 AND $not_past"), sub { } ],
		[ 'by priority, active', qq{sort => 'priority', $all}, by_hand('priority', phases('')), sub { } ],
		[ 'newest', q{sort => 'created'}, by_hand('created', "$phase = 0 AND $not_past"), sub { } ],
		[ 'by SLA deadline', q{sort => 'sla'}, by_hand('sla', "$phase = 0 AND $not_past"), sub { } ]);
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

sub measure
{
	my ($db, $explained, $label, $tasks, $mode, $wanted, $figures) = @_;
	my $n = 0;
	my @plans;
	for (@$wanted)
	{
		my ($name, $arguments, $hand, $for_page, $for_hand) = @$_;
		$for_hand ||= $for_page;
		my $page_text = "SELECT * FROM taskq_queue_page($arguments)";
		my $page_sql = statement($db, $page_text);
		my $hand_sql = statement($db, $hand);
		my ($i, $j) = (0, 0);
		my $rows_page = $page_sql->execute($for_page->(1));
		$page_sql->finish;
		my $rows_hand = $hand_sql->execute($for_hand->(1));
		$hand_sql->finish;
		note('page', "$name$mode at $label: $rows_page rows from taskq, $rows_hand by hand") if $rows_page != $rows_hand;

		# Slow ones less often.
		my $ms = time_of(sub { $hand_sql->execute($for_hand->(2)); $page_sql->execute($for_page->(2)) });
		my $times = $ms > 100 ? 15 : $ms > 20 ? 50 : $size{latency};
		my %got = timed_in_turns($times,
			taskq => sub { $page_sql->execute($for_page->($i++)); $page_sql->finish },
			'by hand' => sub { $hand_sql->execute($for_hand->($j++)); $hand_sql->finish });
		$figures->{$name}{$label} = \%got;
		my @buffers = (plan_of($db, $page_text, $for_page->(1)), plan_of($db, $hand, $for_hand->(1)));
		my $plan = inner_plans($explained, $page_text, $for_page->(1));
		my $bad = $plan =~ /Seq Scan on taskq_task/ ? 'sequential scan' : '';
		result(section => 'page', work => "page, $name$mode", mode => "$label tasks", unit => 'ms', figures => \%got,
			buffers => \@buffers, plan => $bad, goals => [ { of => 'by hand', most => 1.3, or_ms => 0.1 } ]);
		write_file("$ENV{BENCH_TMP}/plan.$label." . ($name . $mode) =~ s/[^A-Za-z0-9]+/-/gr . '.txt',
			$plan . "\n\n" . join "\n", map { $_->[0] } @{ $db->selectall_arrayref("EXPLAIN (ANALYZE, BUFFERS) $hand", undef, $for_hand->(1)) });
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
			WHERE relname ~ '^taskq_(task|staff|customer)' AND relkind IN ('r', 'i') AND NOT relname ~ 'event'});
		my $db = connect_to($database);
		my $explained = connect_to($database);
		$explained->do($_) for q{LOAD 'auto_explain'}, map { "SET auto_explain.$_" } 'log_min_duration = 0', 'log_nested_statements = on',
			'log_analyze = on', 'log_buffers = on', 'log_timing = off', q{log_level = 'notice'};
		measure($db, $explained, $label, $tasks, '', [ cases($db, $tasks) ], \%figures);
		$db->disconnect;

		# An agent who sees what is hers, what is nobody's, and her desk's customers' (the rest is not hers).
		sql($database, q{DO $$ BEGIN IF to_regrole('bench_agent') IS NULL THEN CREATE ROLE bench_agent; END IF; END $$},
			q{SELECT taskq_grant('bench_agent', 'agent')},
			q{GRANT USAGE ON SCHEMA bench TO bench_agent},
			q{ALTER TABLE taskq_task ENABLE ROW LEVEL SECURITY},
			q{CREATE POLICY agent ON taskq_task USING (assignee_id IS NULL OR assignee_id = current_setting('app.staff', true)
				OR source = current_setting('app.desk', true))});
		$db = connect_to($database, 'app.staff' => q{'sta_38'}, 'app.desk' => q{'RENEWAL'});
		my @cases = cases($db, $tasks);
		$explained->do($_) for q{SET app.staff = 'sta_38'}, q{SET app.desk = 'RENEWAL'};
		$_->do('SET ROLE bench_agent') for $db, $explained;
		measure($db, $explained, $label, $tasks, ', row security', \@cases, \%secured);
		$db->disconnect;
		$explained->disconnect;
		sql($database, 'DROP POLICY agent ON taskq_task', 'ALTER TABLE taskq_task DISABLE ROW LEVEL SECURITY');
	}
	my ($less, $more) = map { $_->[0] } @{ $size{pages} };
	for my $name (sort keys %figures)
	{
		# Where a larger table has more to read, whoever reads it (a customer with
		# more tasks, a rare word), the query by hand says how much more.
		my ($small, $large) = @{ $figures{$name} }{ $less, $more };
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
