# The PL/pgSQL contender keeps the rules, or it would be no contender: tries
# every transition by raw UPDATE, and what the functions do.
use strict;
use warnings;
use Bench;

sub check_plpgsql
{
	make_database('plpgsql', 'plpgsql');
	my $db = connect_to('plpgsql');
	# How a task comes to be in each state, for one that is past due and one that is not.
	my %make = (
		OPEN => [],
		IN_PROGRESS => [q{SELECT bench.start_task(?)}],
		COMPLETED => [ q{SELECT bench.start_task(?)}, q{SELECT bench.complete_task(?)} ],
		CANCELLED => [q{UPDATE bench.task SET status = 'CANCELLED' WHERE id = ?}]);
	my %may = map { $_ => 1 } (
		'OPEN IN_PROGRESS', 'OPEN CANCELLED', 'OPEN OPEN', 'IN_PROGRESS IN_PROGRESS', 'IN_PROGRESS COMPLETED', 'IN_PROGRESS CANCELLED',
		'OVERDUE OVERDUE', 'OVERDUE COMPLETED', 'OVERDUE CANCELLED');
	my @wrong;
	for my $from (qw(OPEN IN_PROGRESS OVERDUE COMPLETED CANCELLED))
	{
		for my $to (qw(OPEN IN_PROGRESS OVERDUE COMPLETED CANCELLED))
		{
			my $due = $from eq 'OVERDUE' ? 'current_date - 1' : 'current_date + 1';
			my ($id) = $db->selectrow_array("SELECT bench.create_task('x', due_date => $due)");
			$db->do($_, undef, $id) for @{ $make{$from} // [] };
			my $done = eval { $db->do("UPDATE bench.task SET status = '$to' WHERE id = ?", undef, $id); 1 };
			push @wrong, "$from to $to" . ($done ? ' is let through' : ": $@") if !!$done != !!$may{"$from $to"};
		}
	}
	my $is = sub {
		my ($what, $sql, $expected) = @_;
		my ($got) = eval { $db->selectrow_array($sql) };
		$got = $db->state if $@;
		push @wrong, "$what: $got" if $got ne $expected;
	};
	$db->do(q{SELECT bench.create_task('late', due_date => current_date - 1, dedupe_key => 'k', sla_hours => 1, actor => 'me')});
	my ($id) = $db->selectrow_array(q{SELECT id FROM bench.task WHERE dedupe_key = 'k'});
	$is->('a taken key', q{SELECT bench.create_task('again', dedupe_key => 'k')}, $id);
	$is->('starting an overdue task', "SELECT (bench.start_task($id)).status", 'OVERDUE');
	$is->('completing it', "SELECT (bench.complete_task($id, 'done')).status", 'COMPLETED');
	$is->('its history', "SELECT string_agg(kind || ' ' || from_status || ' ' || to_status || coalesce(' ' || note, ''), ', ' ORDER BY id) FROM bench.event WHERE task_id = $id",
		'started OVERDUE OVERDUE, completed OVERDUE COMPLETED done');
	$is->('completing it twice', "SELECT bench.complete_task($id)", '23514');
	$is->('no such task', 'SELECT bench.complete_task(-1)', 'P0002');
	$is->('unknown staff', q{SELECT bench.create_task('x', assignee_id => 'nobody')}, '23503');
	$is->('a stamp', "UPDATE bench.task SET started_at = now() WHERE status = 'OPEN' RETURNING id", '23514');
	$is->('rewriting history', "UPDATE bench.event SET note = 'x' RETURNING id", '23514');
	$is->('deleting an active task', "DELETE FROM bench.task WHERE status = 'OPEN' RETURNING id", '23514');
	$db->do(q{SELECT bench.create_task('claim me', priority => 'URGENT')});
	$is->('claiming', q{SELECT title FROM bench.claim('sta_1')}, 'claim me');
	$is->('what claiming says', q{SELECT kind || ' ' || (changes #>> '{assignee_id,to}') FROM bench.event ORDER BY id DESC LIMIT 1}, 'assigned sta_1');
	$db->do(q{INSERT INTO bench.task (title, due_date) VALUES ('forgotten', current_date - 1)});
	$is->('sweeping', 'SELECT bench.sweep(10)', '1');
	$is->('what sweeping says', q{SELECT kind || from_status || to_status FROM bench.event ORDER BY id DESC LIMIT 1}, 'overdueOPENOVERDUE');
	$db->disconnect;
	drop_database('plpgsql');
	die "the PL/pgSQL contender does not keep the rules:\n" . join('', map { "  $_\n" } @wrong) if @wrong;
	say_now('the PL/pgSQL contender keeps the lifecycle');
	return;
}

1;
