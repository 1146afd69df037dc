#!/usr/bin/perl
# Random calls, valid and invalid, over the whole SQL API, compared with a
# model of what taskq promises (Model.pm, Recur.pm).
#
# One session on an empty database.  Before each statement the model says what
# it must do: which SQLSTATEs it may fail with, or which rows and events it
# leaves.  After each statement all tasks and all new events are compared with
# the model, all others of its promises every now and then.  The day moves with
# taskq.timezone, in hours from UTC so chosen that it is always about noon.
#
# What rules do to tasks, but for those that an emitted event is offered to
# first, and renewals as days pass, is not predicted.  It is taken over where
# taskq_workflow_run or taskq_renewal_crossing says so, and checked for what
# holds of every task: stored status, chain of events, keys.  What a call that
# closes, moves or assigns a renewal does to its tasks is predicted.
#
# Environment: SEED, STATEMENTS, and libpq's for the server.  The seed decides
# the statements; dates in them are relative to today.
use strict;
use warnings;
use feature qw(fc);
use utf8;
use DBI;
use FindBin;
use JSON::PP;
use POSIX qw(floor);
use Storable qw(dclone);
use Time::HiRes qw(time);
use Unicode::Normalize qw(NFD);
use lib $FindBin::Bin;
use Model;
use Recur;

my $seed = $ENV{SEED} || int(time) % 1_000_000;
my $statements = $ENV{STATEMENTS} || 4000;
my $began = time;
my $hour = (gmtime)[2];
my $base = floor($began / 86400);    # today in UTC, as a day's number
my $json = JSON::PP->new->canonical->allow_nonref;

binmode(STDOUT, ':encoding(UTF-8)');
$| = 1;
print "seed $seed, $statements statements\n";
srand($seed);

my $dbh = DBI->connect('dbi:Pg:dbname=' . ($ENV{PGDATABASE} // 'postgres'), '', '',
	{ RaiseError => 0, PrintError => 0, PrintWarn => 0, AutoCommit => 1, pg_enable_utf8 => 1,
		pg_placeholder_dollaronly => 1 })
  or die "no connection: $DBI::errstr";

my ($n, $sql) = (0, '');
my (%seen, %done);
my $m = { tasks => {}, staff => {}, customers => {}, names => {}, merged => {}, teams => {}, members => {}, policies => {}, roles => {},
	offset => 12 - $hour, renewals => {}, schedules => {}, last_event => 0, last_run => 0, last_task => 0 };
my @transaction;                     # models at its beginning and at each savepoint
my $as_role;

sub difference
{
	my ($what, $expected, $got) = @_;
	$_ = !defined $_ ? 'NULL' : ref $_ ? $json->encode($_) : $_ for $expected, $got;
	my $shown = length $sql > 4000 ? substr($sql, 0, 4000) . ' ...' : $sql;
	print "DIFFERENCE: $what\nseed:      $seed\nstatement: $n\nsql:       $shown\nexpected:  $expected\ngot:       $got\n";
	exit 1;
}

# ---------------------------------------------------------------- values

sub pick { return $_[ int(rand(@_)) ]; }
sub chance { return rand() < $_[0]; }
sub q_ { return $dbh->quote($_[0]); }

# A text as taskq_fold() makes it, as far as the words go.
sub folded { return fc(NFD($_[0] // '') =~ s/[\x{AD}\x{300}-\x{36F}\x{200B}-\x{200F}\x{202A}-\x{202E}]//gr) =~ tr/ıøłđ/iold/r =~ s/æ/ae/gr; }

# Whether a search finds a word in a task's title, description or customer's name.
sub has_word
{
	my ($row, $word, $names) = @_;
	return scalar grep { index(folded($_), folded($word)) >= 0 } $row->{title}, $row->{description}, $names->{ $row->{user_id} // '' };
}

# A literal, NULL for undef.
sub lit
{
	my ($value, $type) = @_;
	return (defined $value ? q_($value) : 'NULL') . ($type ? "::$type" : '');
}

my @words = ('call', 'Chase', 'ÜBERWEISUNG', 'bank', 'straße', '100%', 'a_b', 'back\\slash', "O'Brien", '{{x}}', '日本語', '🦊', 'passport', '$1', '--', '/*');
sub words { return join(' ', map { pick(@words) } 1 .. 1 + int(rand(4))); }

sub valid_title
{
	return pick('t', 'x' x 200, 'é' x 200, '🦊' x 200, ' padded ', '.', "\x{200F}" . words(), "\x{200E}" . 'x' x 200, "e\x{301}", "a\x{61C}b") if chance(0.05);
	return words();
}

sub invalid_title
{
	return pick('', '   ', 'x' x 201, '🦊' x 201, "two\nlines", "tab\t", "\x01", "del\x7f", "\x{202E}reversed",
		"\x{2066}", "\x{00A0}\x{3000}", "\x{200B}", "\x{85}", 'y' x 100_000, "\x{3164}", "\x{2800} \x{301}", "\x{200E}", "a\x{2069}");
}

# What no text that people read may be.
sub unreadable { return pick(' ', "\n\t", "\x{3164}\x{200F}", "\x{202E}reversed", "a\x{2066}b\x{2069}"); }

# Each of these gives a value and the SQLSTATEs that it brings about.
sub title
{
	return (invalid_title(), '22023') if chance(0.06);
	return (valid_title());
}

sub description
{
	return (pick('é' x 65537, unreadable()), '22023') if chance(0.02);
	return pick('é' x 65536, 'x' x 65536, "with\nlines\ttabs \x01") if chance(0.02);
	return chance(0.4) ? undef : words();
}

sub due_date
{
	if (chance(0.06))
	{
		my ($bad, $state) = @{ pick(
				[ 'infinity', '22023' ], [ '-infinity', '22023' ], [ '10000-01-01', '22023' ],
				[ '0001-12-31 BC', '22023' ], [ 'soon', '22007' ], [ '2026-02-30', '22008' ], [ '5874898-01-01', '22008' ],
				[ '', '22007' ]) };
		return ($bad, $state);
	}
	return undef if chance(0.2);
	return pick('0001-01-01', '9999-12-31', '2000-02-29') if chance(0.04);
	return iso_date($base - 8 + int(rand(18)));
}

sub sla_hours
{
	return @{ pick([ 0, '22023' ], [ -1, '22023' ], [ 'NaN', '22023' ], [ 'Infinity', '22023' ], [ '-Infinity', '22023' ],
			[ 87600.5, '22023' ], [ '1e-300', '22023' ], [ '2.7777777e-7', '22023' ], [ '1e400', '22003' ], [ 'many', '22P02' ], [ '', '22P02' ]) } if chance(0.06);
	return undef if chance(0.4);
	return pick(0.001, 87600) if chance(0.06);
	return int(rand(60)) + 0.5;
}

sub priority
{
	return (pick('urgent', 'HIGHEST', '', "LOW\n"), '22P02') if chance(0.04);
	return pick(qw(LOW MEDIUM HIGH URGENT));
}

sub staff
{
	return (pick('nobody', '', 'STA_1', 'sta_1 ', 'x' x 300), '23503') if chance(0.06);
	my $id = pick(sort keys %{ $m->{staff} });
	return ($id) if $m->{staff}{$id};
	return ($id, '23503');
}

sub customer
{
	return (pick('nobody', '', 'x' x 300), '23503') if chance(0.05);
	my $id = pick(sort keys %{ $m->{customers} });
	return ($id, $m->{merged}{$id} ? '23503' : ());
}

# Of all teams, or of those that a policy or a schedule may name: inactive ones, too.
sub team
{
	my (%option) = @_;
	return (pick('nobody', '', 'TEAM_1', 'x' x 300), '23503') if chance(0.06) || !%{ $m->{teams} };
	my $id = pick(sort keys %{ $m->{teams} });
	return ($id, $m->{teams}{$id} || $option{inactive} ? () : '23503');
}

sub actor
{
	return (pick('', 'x' x 256), '22023') if chance(0.03);
	return chance(0.7) ? undef : pick('sam', 'sta_1', 'é' x 255);
}

sub note
{
	return (pick('n' x 65537, unreadable()), '22023') if chance(0.02);
	return chance(0.4) ? undef : pick(words(), '');
}

sub dedupe_key
{
	return (pick('', 'k' x 256), '22023') if chance(0.03);
	return chance(0.7) ? undef : pick('k1', 'k2', 'k3', 'ké', 'k' x 255);
}

sub source
{
	return (pick('', 'RENEWAL', 'SCHEDULE', 'WORKFLOW', 's' x 64), '22023') if chance(0.05);
	return chance(0.7) ? undef : pick('IMPORT', 'portal', 'é' x 63);
}

sub kind
{
	return (pick('', 'k' x 64), '22023') if chance(0.03);
	return chance(0.5) ? undef : pick('REVIEW', 'CALL', 'é' x 63);
}

# Labels and attributes: as SQL and as JSON, what is stored of them, and the SQLSTATEs that they bring about.
sub labels
{
	my @given = map { pick('vip', 'eu', 'a b', 'é' x 63, 'Z') } 1 .. int(rand(5));
	my %distinct = map { $_ => 1 } @given;
	my @bad;
	if (chance(0.05))
	{
		push @given, pick(undef, '', 'x' x 64, 1 .. 3);
		push @given, 1 .. 33 if !@given || ($given[-1] // '') =~ /^[123]$/;
		@bad = ('22023');
	}
	my $sql = 'ARRAY[' . join(', ', map { lit($_) } @given) . ']::text[]';
	return { sql => $sql, json => $json->encode([ map { defined ? "$_" : undef } @given ]),
		stored => %distinct ? $json->encode([ sort keys %distinct ]) : undef, bad => \@bad };
}

sub attributes
{
	my ($given, $stored, @bad) = @{ pick(
			[ '{}', undef ], [ '{"a": 1}', '{"a": 1}' ], [ '{"b":2.50,"a":{"c":[1,null]}}', '{"a": {"c": [1, null]}, "b": 2.50}' ],
			[ '{"é":"🦊"}', '{"é": "🦊"}' ], [ '{"a":1,"a":2}', '{"a": 2}' ], [ '{"b":null}', '{"b": null}' ]) };
	($given, @bad) = (pick('[]', '[{"a":1}]', '3', '"x"', 'true', '{"a":"' . ('x' x 16384) . '"}', '{"a":1e20000}'), '22023') if chance(0.05);
	return { sql => lit($given, 'jsonb'), json => $given, stored => $stored, bad => \@bad };
}

# A task's id, now and then one that is none.
sub task_id
{
	return (pick(undef, 0, -1, '9223372036854775807'), 'P0002') if chance(0.04) || !%{ $m->{tasks} };
	my @ids = sort { $a <=> $b } keys %{ $m->{tasks} };
	@ids = grep { is_active($m->{tasks}{$_}) } @ids if chance(0.7);
	return (undef, 'P0002') if !@ids;
	return pick(@ids);
}

sub task_ids
{
	my (@ids, @states);
	return ('NULL::bigint[]', [], '22023') if chance(0.02);
	for (1 .. int(rand(6)))
	{
		my ($id, @bad) = task_id();
		push @ids, $id;
		push @states, defined $id ? @bad : '22023';
	}
	my %known = map { $_ => 1 } grep { defined } @ids;
	return ("'{" . join(',', map { $_ // 'NULL' } @ids) . "}'::bigint[]", [ sort { $a <=> $b } keys %known ], @states);
}

# ------------------------------------------------------------- the server

# Runs the statement at hand.  Returns its rows and its SQLSTATE, '' if it did
# not fail; in a transaction a failure is rolled back to a savepoint.
sub execute
{
	my $rows = [];
	if (@transaction) { $dbh->do('SAVEPOINT before') or difference('a savepoint', 'none', $dbh->errstr); }
	my $sth = $dbh->prepare($sql, { pg_direct => 1 });
	my $ok = $sth && $sth->execute;
	$rows = $sth->fetchall_arrayref if $ok && $sth->{NUM_OF_FIELDS};
	my $state = $ok && !$sth->err ? '' : ($sth && $sth->state) || $dbh->state || '?????';
	my $message = $state ? ($sth && $sth->errstr) || $dbh->errstr : '';
	if (@transaction)
	{
		$dbh->do('ROLLBACK TO before') if $state;
		$dbh->do('RELEASE before') or difference('a savepoint', 'none', $dbh->errstr);
	}
	difference('a lost connection', 'a connection', $message) if !$dbh->ping;
	difference('an internal error', 'none', $message) if $state =~ /^(?:XX|08|57|58|53|\?)/;
	$seen{ $state || 'ok' }++;
	return ($rows, $state, $message);
}

# What a query says, for the fuzzer's own use.
sub query
{
	my ($text) = @_;
	my $rows = $dbh->selectall_arrayref($text);
	difference("the fuzzer's own query", $text, $dbh->errstr) if !defined $rows;
	return $rows;
}

my $micros = sub { "CASE WHEN isfinite($_[0]) THEN (extract(epoch FROM $_[0]) * 1000000)::numeric(30,0) WHEN $_[0] > now() THEN 9e18 WHEN $_[0] < now() THEN -9e18 END" };
my @stamps = qw(created_at started_at completed_at cancelled_at sla_due_at sla_at_risk_at sla_breached_at sla_first_breached_at sla_warned_at response_due_at response_breached_at);
my @instants = (@stamps, 'paused_at', 'resume_at');
my @plain = qw(id title priority status due_date sla_hours assignee_id user_id source dedupe_key created_by kind team_id sla_policy response_hours pause_reason follows_id);
my @own = qw(labels attributes);
my $read_tasks = 'SELECT ' . join(', ', @plain)
  . q{, CASE WHEN char_length(description) > 100 THEN md5(description) ELSE description END}
  . ', to_json(labels)::text, attributes::text'
  . join('', map { ', ' . $micros->($_) } @instants) . ' FROM taskq_task';
my %is_stamp = map { $_ => 1 } @instants;
my %short;

sub shortened
{
	my ($text) = @_;
	return $text if !defined $text || length $text <= 100;
	return $short{$text} //= query('SELECT md5(' . q_($text) . ')')->[0][0];
}

sub same
{
	my ($column, $x, $y) = @_;
	return !defined $y if !defined $x;
	return 0 if !defined $y;
	return abs($x - $y) < 20e6 if $is_stamp{$column};
	return $x == $y if $column =~ /_hours$/;
	return $x eq $y;
}

# Compares all tasks, and the events since the last time, with the model.
sub compare
{
	my (%option) = @_;
	my %runs = map { ($_->[0] // 0) => $_->[1] }
	  @{ query("SELECT task_id, outcome FROM taskq_workflow_run WHERE id > $m->{last_run} AND outcome IN ('created', 'escalated', 'assigned')") };
	my %events;
	push @{ $events{ $_->[1] } }, $_
	  for @{ query("SELECT id, task_id, kind, from_status, to_status, note FROM taskq_task_event WHERE id > $m->{last_event} ORDER BY id") };
	my %found;
	my $rows = query($read_tasks);

	for my $values (@$rows)
	{
		my %db;
		@db{ @plain, 'description', @own, @instants } = @$values;
		my $id = $db{id};
		my $row = $m->{tasks}{$id};
		my $engine = $runs{$id} || ($option{renewals} && $db{source} eq 'RENEWAL');
		$found{$id} = 1;
		$row = scheduled_task($id, $db{created_at}) if !$row && $option{schedules} && $db{source} eq 'SCHEDULE';
		if (!$row)
		{
			difference("a task that nobody made", 'none', \%db)
			  if !$runs{$id} && !($option{renewals} && $db{source} eq 'RENEWAL');
			$m->{tasks}{$id} = $row = { %db, events => [], last => undef };
			if ($db{source} eq 'RENEWAL')
			{
				$row->{renewal} = query("SELECT max(renewal_id) FROM taskq_renewal_crossing WHERE task_id = $id AND outcome = 'task created'")->[0][0];
				difference("renewal of new task $id", 'one', undef) if !defined $row->{renewal};
				difference("new task $id for customer $db{user_id}", 'none, for it is inactive', \%db) if !$m->{customers}{ $db{user_id} };
			}
			difference("status of new task $id", effective($m, $row), $db{status}) if effective($m, $row) ne $db{status};
		}
		elsif ($option{lazy}{$id}
			&& ($row->{status} ne $db{status} || grep { !same($_, $row->{$_}, $db{$_}) } qw(sla_breached_at sla_warned_at response_breached_at)))
		{
			# What was not due yet when the statement was sent may have been when it ran, which its stamps tell.
			for my $at (grep { defined } @db{qw(sla_breached_at sla_warned_at response_breached_at)})
			{
				$now = $at if $at > $now && $at < time * 1e6;
			}
			touch($m, $row);
		}
		for my $column (@plain, 'description', @own, @instants)
		{
			my $expected = $column eq 'description' ? shortened($row->{$column}) : $row->{$column};
			next if $column eq 'created_by' && !exists $row->{created_by};
			next if same($column, $expected, $db{$column});
			difference("$column of task $id", $expected, $db{$column}) if !$engine;
			difference("status of task $id", effective($m, { %$row, %db }), $db{status})
			  if is_active(\%db) && effective($m, { %$row, %db }) ne $db{status};
			$row->{$column} = $db{$column};
		}
		$row->{$_} = $db{$_} for @instants, 'created_by';

		my @got = @{ delete $events{$id} // [] };
		my @expected = @{ $row->{events} };
		$row->{events} = [];
		$row->{last} //= @got ? $got[0][3] : $row->{status};
		for my $event (@got)
		{
			my ($event_id, undef, $kind, $from, $to, $note) = @$event;
			difference("chain of task $id", $row->{last}, "$kind from $from") if $row->{last} ne $from;
			$row->{last} = $to;
			$row->{n}++;
			$m->{last_event} = $event_id if $event_id > $m->{last_event};
			if ($kind eq 'overdue') { difference("overdue events of task $id", 'one for a due date', 'two') if $row->{overdue}++; }
			$row->{overdue} = 0 if $from eq 'OVERDUE' && $to ne 'OVERDUE';
			$row->{overdue} = 0 if $kind eq 'rescheduled' || $kind eq 'updated';
		}
		next if $engine;
		my $as_text = sub { join(', ', map { my ($kind, $from, $to, $note) = @$_; "$kind $from-$to" . (defined $note && length $note ? " '" . substr($note, 0, 50) . "'" : '') } @_) };
		my $want = $as_text->(@expected);
		my $have = $as_text->(map { [ @$_[ 2 .. 5 ] ] } @got);
		difference("events of task $id", $want, $have) if $want ne $have;
	}
	for my $id (keys %{ $m->{tasks} })
	{
		difference("task $id", 'still there', 'gone') if !$found{$id} && !$option{gone};
		delete $m->{tasks}{$id} if !$found{$id};
	}
	for my $id (keys %events)
	{
		difference("an event of a task that is not there", 'none', $events{$id}[0]);
	}
	$m->{last_run} = query('SELECT coalesce(max(id), 0) FROM taskq_workflow_run')->[0][0];
	return;
}

# One statement: what it must do is told by a function that changes a copy of
# the model and returns the SQLSTATEs, if any; then, if given, another looks
# at the rows it returned.
sub statement
{
	my ($text, $effect, %option) = @_;
	my $next = dclone($m);
	$now = time * 1e6;
	my @states = @{ $option{states} // [] };
	# With an argument that the model cannot even read only that mistake counts.
	my @effects = !$effect ? () : !@states ? $effect->($next) : eval { local $SIG{__WARN__} = sub { }; $effect->($next) };
	push @states, map { ref ? @$_ : $_ } grep { defined } @effects;
	if ($as_role)
	{
		my %level = (viewer => 1, agent => 2, manager => 3);
		my $enough = ($level{ $m->{roles}{$as_role} // '' } // 0) >= $level{ $option{level} // 'manager' };
		push @states, '42501' if !$enough;
	}
	$sql = $text;
	$n++;
	my ($rows, $state, $message) = execute();
	if ($state)
	{
		difference('SQLSTATE', @states ? join(' or ', @states) : 'none', "$state: $message")
		  if !grep { $_ eq $state } @states, @{ $option{may_fail} // [] };
		return;
	}
	difference('SQLSTATE', join(' or ', @states), 'none') if @states;
	$m = $next;
	$option{after}->($rows) if $option{after};
	if ($as_role)
	{
		# The comparison is the fuzzer's business, not the role's.
		$dbh->do('RESET ROLE');
		compare(%option) if !$option{reads};
		$dbh->do("SET ROLE $as_role");
		return;
	}
	compare(%option) if !$option{reads};
	return;
}

# Named arguments, each left out now and then if it has its default.
sub arguments
{
	my (@pairs) = @_;
	my @list;
	while (my ($name, $value) = splice(@pairs, 0, 2))
	{
		push @list, "$name => $value" if $value ne 'NULL' || chance(0.2);
	}
	return join(', ', @list);
}

# ------------------------------------------------------------ creating tasks

sub holder
{
	my ($model, $key) = @_;
	return undef if !defined $key;
	my ($id) = grep { is_active($model->{tasks}{$_}) && ($model->{tasks}{$_}{dedupe_key} // '') eq $key } keys %{ $model->{tasks} };
	return $id;
}

# Arguments of a new task, and the SQLSTATEs that they bring about.
sub new_task
{
	my (%row, @states);
	my $take = sub { my ($name, $value, @bad) = @_; $row{$name} = $value; push @states, @bad; };
	$take->('title', title());
	$take->('description', description());
	$take->('priority', chance(0.3) ? undef : priority());
	$take->('due_date', due_date());
	$take->('sla_hours', sla_hours());
	$take->('assignee_id', chance(0.4) ? undef : staff());
	$take->('user_id', chance(0.4) ? undef : customer());
	$take->('dedupe_key', dedupe_key());
	$take->('source', source());
	$take->('kind', kind());
	$take->('team_id', chance(0.5) ? undef : team());
	my %own = (chance(0.2) ? (labels => labels()) : (), chance(0.2) ? (attributes => attributes()) : ());
	for (keys %own) { $row{$_} = $own{$_}{stored}; push @states, @{ $own{$_}{bad} }; }
	if (chance(0.02)) { $row{title} = undef; push @states, '22023'; }
	return (\%row, \%own, @states);
}

my @new_columns = qw(title description priority due_date sla_hours assignee_id user_id dedupe_key source kind team_id);
my @raw_columns = (@new_columns, 'response_hours');
my %type_of = (priority => 'taskq_priority', due_date => 'date', sla_hours => 'float8', response_hours => 'float8');

sub take_over_created
{
	my ($row, $id, $created) = @_;
	my $holder = holder($m, $row->{dedupe_key});
	if (defined $holder)
	{
		difference('task that holds the dedupe_key', $holder, $id) if $id != $holder;
		difference('created', 'false', $created) if defined $created && $created;
		return;
	}
	difference('created', 'true', $created) if defined $created && !$created;
	difference('id of a new task', 'a new one', $id) if $m->{tasks}{$id};
	my ($at) = query('SELECT ' . $micros->('created_at') . " FROM taskq_task WHERE id = $id")->[0][0];
	difference('created_at', $now, $at) if abs($at - $now) > 20e6;
	my $task = create_task($m, %$row, id => $id, created_at => $at);
	$task->{last} = $task->{status};
	return;
}

sub as_owner
{
	my ($code) = @_;
	$dbh->do('RESET ROLE') if $as_role;
	$code->();
	$dbh->do("SET ROLE $as_role") if $as_role;
	return;
}

sub do_create
{
	my ($row, $own, @states) = new_task();
	my ($actor, @bad) = actor();
	my $list = arguments((map { $_ => lit($row->{$_}, defined $row->{$_} ? $type_of{$_} : undef) } @new_columns),
		(map { $_ => $own->{$_}{sql} } sort keys %$own), actor => lit($actor));
	return statement("SELECT taskq_create($list)", undef,
		states => [ @states, @bad, defined $row->{title} ? () : '42883' ], level => 'agent',
		after => sub { my $id = $_[0][0][0]; as_owner(sub { take_over_created($row, $id) }); });
}

# A new task and the JSON object for it.
sub json_body
{
	my ($row, $own, @states) = new_task();
	my %body;
	$row->{response_hours} = chance(0.7) ? undef : pick(0, -1, 87601, 1e-7, 1 + int(rand(60)), 0.5);
	push @states, '22023' if defined $row->{response_hours} && ($row->{response_hours} < 1 / 3_600_000 || $row->{response_hours} > 87600);
	if (chance(0.08))
	{
		$body{sla_policy} = $row->{sla_policy} = pick('none of this name', 'another', sort keys %{ $m->{policies} });
		push @states, '22023' if !$m->{policies}{ $row->{sla_policy} } || defined $row->{sla_hours} || defined $row->{response_hours};
	}
	for my $name (@raw_columns)
	{
		next if !defined $row->{$name} && chance(0.7);
		$body{$name} = $row->{$name};
	}
	# Dates and numbers are more narrowly read here.
	if (defined $body{sla_hours})
	{
		if ($body{sla_hours} =~ /^[-0-9.e]+$/ && $body{sla_hours} ne '1e400') { }
		else { $body{sla_hours} = $row->{sla_hours} = -1; push @states, '22023'; }
	}
	if (defined $body{due_date} && $body{due_date} !~ /^\d{4}-\d\d-\d\d$/) { push @states, '22007'; }
	my $text = '{' . join(',', map {
			my $value = $body{$_};
			$json->encode($_) . ':' . (!defined $value ? 'null' : /_hours$/ ? $value : do { my $s = "$value"; $json->encode($s) })
	} sort keys %body);
	$text .= ($text eq '{' ? '' : ',') . $json->encode($_) . ':' . $own->{$_}{json} for sort keys %$own;
	$text .= '}';
	@states = map { $_ eq '22003' ? '22023' : $_ } @states;
	return ($row, $text, @states);
}

sub do_create_json
{
	if (chance(0.15))
	{
		my ($body, $state) = @{ pick(
				[ '[]', '22023' ], [ '"x"', '22023' ], [ 'null', '22023' ], [ '3', '22023' ], [ '{}', '22023' ], [ '{"title"', '22P02' ],
				[ '{"title":3}', '22023' ], [ '{"title":{}}', '22023' ], [ '{"title":[]}', '22023' ], [ '{"title":true}', '22023' ],
				[ '{"title":"a\u0000b"}', '22P05' ], [ '{"title":"a","x":1}', '22023' ], [ '{"title":"a","":1}', '22023' ],
				[ '{"title":"a","due_date":"2026-1-1"}', '22007' ], [ '{"title":"a","due_date":"2026-02-30"}', '22008' ],
				[ '{"title":"a","due_date":"infinity"}', '22007' ], [ '{"title":"a","due_date":"0000-01-01"}', '22008' ],
				[ '{"title":"a","priority":"high"}', '22P02' ], [ '{"title":"a","sla_hours":"4"}', '22023' ],
				[ '{"title":"a","sla_hours":1e400}', '22023' ], [ '{"title":"a","sla_hours":-0}', '22023' ], [ '{"Title":"a"}', '22023' ],
				[ '{"title":"a","priority":"' . ('🦊' x 5000) . '"}', '22P02' ], [ '{"title":"a","' . ('é' x 9999) . '":1}', '22023' ],
				[ '{"title":null}', '22023' ], [ '{"title":"\ud83d"}', '22P02' ], [ '{"title":"a","due_date":"۲۰۲۶-۰۱-۰۱"}', '22007' ]) };
		return statement('SELECT taskq_create_json(' . lit($body, 'jsonb') . ')', undef, states => [$state], level => 'agent');
	}
	my ($row, $text, @states) = json_body();
	return statement('SELECT taskq_create_json(' . lit($text, 'jsonb') . ')', undef, states => \@states, level => 'agent',
		after => sub {
			my $task = $json->decode($_[0][0][0]);
			as_owner(sub { take_over_created($row, $task->{id}, $task->{created} ? 1 : 0) });
		});
}

# All of them are created, or none.
sub do_create_many_json
{
	if (chance(0.1))
	{
		my $bodies = pick('{}', 'null', '"x"', '3', '[3]', '[[]]', '[{"title":"a"},null]', '[{"title":"a"},{}]', '[{"title":"a"},{"titel":"b"}]');
		return statement('SELECT taskq_create_many_json(' . lit($bodies, 'jsonb') . ')', undef, states => ['22023'], level => 'agent');
	}
	my (@rows, @texts, @states);
	for (1 .. int(rand(4)))
	{
		my ($row, $text, @of_it) = json_body();
		push @rows, $row;
		push @texts, $text;
		push @states, @of_it;
	}
	return statement('SELECT taskq_create_many_json(' . lit('[' . join(',', @texts) . ']', 'jsonb') . ')', undef, states => \@states, level => 'agent',
		after => sub {
			my ($tasks) = @_;
			difference('tasks created', scalar @rows, scalar @$tasks) if @$tasks != @rows;
			for my $i (0 .. $#rows)
			{
				my $task = $json->decode($tasks->[$i][0]);
				as_owner(sub { take_over_created($rows[$i], $task->{id}, $task->{created} ? 1 : 0) });
			}
		});
}

# -------------------------------------------------------------------- verbs

my %verb = (
	start => sub { return (status => 'IN_PROGRESS') },
	complete => sub { return (status => 'COMPLETED') },
	cancel => sub { return (status => 'CANCELLED') },
	assign => sub { my ($value) = chance(0.3) ? undef : staff(); return (assignee_id => $value); },
	assign_team => sub { my ($value) = chance(0.2) ? undef : team(); return (team_id => $value); },
	apply_policy => sub { return (sla_policy => chance(0.5) ? undef : pick('none of this name', sort keys %{ $m->{policies} })); },
	reschedule => sub { my ($value, @bad) = due_date(); return (due_date => $value, @bad); },
	prioritize => sub { my ($value, @bad) = chance(0.03) ? (undef, '22023') : priority(); return (priority => $value, @bad); },
	set_sla => sub { my ($value, @bad) = sla_hours(); return (sla_hours => $value, @bad); },
	edit => sub { return (title => undef) },
	comment => sub { return (note => undef) },
	pause => sub { return (paused_at => undef) },
	resume => sub { return (paused_at => undef) });

sub do_verb
{
	my $name = pick(qw(start start start complete complete cancel assign assign assign_team assign_team reschedule reschedule reschedule prioritize set_sla apply_policy
		edit comment pause pause resume));
	my ($column, $value, @states) = $verb{$name}->();
	my %set = ($column => $value);
	my (@extra, @may);
	my $note;
	my ($actor, @bad) = actor();
	push @states, @bad;

	if ($name eq 'start') { }
	elsif ($name eq 'pause')
	{
		($note, @bad) = note();
		my $until = chance(0.7) ? undef : sprintf('%.0f', (int($began) + 86400 * (1 + int(rand(2)))) * 1e6);
		%set = (paused_at => $began * 1e6, pause_reason => $note, resume_at => $until);
		@extra = (lit($note), micro_lit($until));
		if (chance(0.05)) { $extra[1] = pick("'infinity'", "'-infinity'", 'now()', "'2020-01-01'"); push @bad, '22023'; }
		push @states, @bad;
		$note = undef;
	}
	elsif ($name eq 'complete' || $name eq 'cancel' || $name eq 'resume')
	{
		($note, @bad) = note();
		push @states, @bad;
		@extra = (lit($note));
	}
	elsif ($name eq 'set_sla' && chance(0.5))
	{
		($note, @bad) = note();
		push @states, @bad;
		@extra = (lit($value, $type_of{$column}), lit($note));
	}
	elsif ($name eq 'comment')
	{
		($note, @bad) = note();
		push @states, @bad, !defined $note || $note eq '' ? '22023' : ();
		@extra = (lit($note));
		%set = ();
	}
	elsif ($name eq 'edit')
	{
		my ($title, @bad_title) = chance(0.4) ? undef : title();
		my ($description, @bad_description) = chance(0.2) ? '' : description();
		push @states, @bad_title, @bad_description;
		@extra = (lit($title), lit($description));
		%set = (defined $title ? (title => $title) : (), defined $description ? (description => $description eq '' ? undef : $description) : ());
		for my $field (grep { chance(0.3) } qw(labels attributes))
		{
			my $given = $field eq 'labels' ? labels() : attributes();
			push @extra, "$field => $given->{sql}";
			push @states, @{ $given->{bad} };
			$set{$field} = $given->{stored};
			# A closed task does not change even to the same in another order.
			push @may, '23514';
		}
	}
	else { @extra = (lit($value, $type_of{$column})); }
	$actor = defined $actor ? ', actor => ' . lit($actor) : '';

	my $act = sub {
		my ($model, $id) = @_;
		my $row = $model->{tasks}{$id} or return ['P0002'];
		if ($name eq 'comment') { push @{ $row->{events} }, [ 'commented', $row->{status}, $row->{status}, $note ]; return; }
		return update($model, $row, \%set, verb => $name, note => $note);
	};
	if (chance(0.3))
	{
		my ($array, $ids, @bad_ids) = task_ids();
		my $call = "taskq_${name}_many(" . join(', ', $array, @extra) . "$actor)";
		return statement("SELECT id FROM $call", sub { my ($model) = @_; return map { $act->($model, $_) } @$ids; },
			states => [ @states, @bad_ids ], may_fail => \@may, level => 'agent',
			after => sub {
				my $got = join(',', map { $_->[0] } @{ $_[0] });
				difference("rows of $name", join(',', @$ids), $got) if $got ne join(',', @$ids);
			});
	}
	my ($id, @bad_id) = task_id();
	my $call = "taskq_$name(" . join(', ', lit($id, 'bigint'), @extra) . "$actor)";
	return statement("SELECT id, status FROM $call", sub { my ($model) = @_; return defined $id ? $act->($model, $id) : (); },
		states => [ @states, @bad_id ], may_fail => defined $id && $m->{tasks}{$id} && is_active($m->{tasks}{$id}) ? [] : \@may, level => 'agent',
		after => sub {
			my ($got_id, $got_status) = @{ $_[0][0] };
			difference("row of $name", $id, $got_id) if $got_id != $id;
			difference("status that $name returns", $m->{tasks}{$id}{status}, $got_status)
			  if !$m->{rules} && $got_status ne $m->{tasks}{$id}{status};
		});
}

sub do_follow_up
{
	my ($id, @states) = task_id();
	my @closed = sort { $a <=> $b } grep { !is_active($m->{tasks}{$_}) } keys %{ $m->{tasks} };
	($id, @states) = (pick(@closed)) if @closed && chance(0.8);
	my %given;
	my $take = sub { my ($name, $value, @bad) = @_; $given{$name} = $value; push @states, @bad if defined $value; };
	$take->(title => title()) if chance(0.3);
	$take->(due_date => due_date()) if chance(0.3);
	$take->(sla_hours => sla_hours()) if chance(0.3);
	$take->(assignee_id => staff()) if chance(0.3);
	my $list = join(', ', lit($id, 'bigint'), map { "$_ => " . lit($given{$_}, defined $given{$_} ? $type_of{$_} : undef) } sort keys %given);
	my $row;
	return statement("SELECT taskq_follow_up($list)",
		sub {
			my ($model) = @_;
			return if !defined $id;
			my $old = $model->{tasks}{$id} or return 'P0002';
			return '55000' if is_active($old);
			$row = { map { $_ => $old->{$_} } qw(title description priority user_id kind labels attributes) };
			$row->{assignee_id} = $old->{assignee_id} if $model->{staff}{ $old->{assignee_id} // '' };
			$row->{team_id} = $old->{team_id} if $model->{teams}{ $old->{team_id} // '' };
			$row->{$_} = $given{$_} for grep { defined $given{$_} } keys %given;
			$row->{follows_id} = $id;
			$row->{dedupe_key} = "taskq_follow_up $id";
			return '23503' if $model->{merged}{ $old->{user_id} // '' };
			push @{ $old->{events} }, [ 'followed_up', $old->{status}, $old->{status} ] if !defined holder($model, $row->{dedupe_key});
			return;
		},
		states => \@states, level => 'agent',
		after => sub { my $new = $_[0][0][0]; as_owner(sub { take_over_created($row, $new) }); });
}

# Whether a claim is for the tasks of a team: that which it names, else the assignee's and none.
sub is_for
{
	my ($model, $who, $wanted, $team) = @_;
	return ($team // "\0") eq $wanted if defined $wanted;
	return !defined $team || $model->{members}{$who}{$team};
}

sub do_claim
{
	my ($who, @states) = chance(0.03) ? (undef, '22023') : staff();
	my ($count, @bad) = chance(0.1) ? (pick(0, -1, 1001), '22023') : 1 + int(rand(4));
	my ($team, @bad_team) = chance(0.6) ? undef : team(inactive => 1);
	push @bad, @bad_team;
	my @claimed;
	return statement('SELECT id FROM taskq_claim(' . lit($who) . ", $count" . (defined $team ? ', ' . lit($team) : '') . ')',
		sub {
			my ($model) = @_;
			return if @states || @bad;
			my @free = sort { by_key(sort_key('priority', $a), sort_key('priority', $b)) }
			  grep { is_active($_) && !defined $_->{assignee_id} && !defined $_->{paused_at} && is_for($model, $who, $team, $_->{team_id}) } values %{ $model->{tasks} };
			splice(@free, $count) if @free > $count;
			@claimed = map { $_->{id} } @free;
			return map { update($model, $_, { assignee_id => $who }) } @free;
		},
		states => [ @states, @bad ], level => 'agent',
		after => sub {
			my @got = map { $_->[0] } @{ $_[0] };

			# The order is that of the rows as they are, and a rule that a breach sets off may
			# have raised one, or given it to somebody else.
			if ($m->{rules})
			{
				my %is_theirs = map { $_->[0] => 1 } @{ query('SELECT id FROM taskq_task WHERE assignee_id = ' . lit($who)) };
				@claimed = grep { $is_theirs{$_} } @claimed;
				@$_ = sort { $a <=> $b } @$_ for \@got, \@claimed;
			}
			difference('tasks claimed', join(',', @claimed), join(',', @got)) if "@got" ne "@claimed";
		});
}

sub do_hand_over
{
	return if $as_role;
	my ($from) = staff();
	my ($to) = chance(0.2) ? undef : staff();
	my ($team, @states) = chance(0.6) ? undef : team();
	push @states, '22023' if (!defined $to && !defined $team) || (defined $to && $from eq $to);
	push @states, '0A000' if query('SHOW transaction_isolation')->[0][0] ne 'read committed';
	push @states, '23503' if !exists $m->{staff}{$from} || (defined $to && !$m->{staff}{$to});
	my %given;
	return statement('SELECT tasks, renewals, schedules FROM taskq_hand_over(' . lit($from) . ', ' . lit($to) . ', ' . lit($team) . ')',
		sub {
			my ($model) = @_;
			return if @states;
			my @tasks = grep { is_active($_) && ($_->{assignee_id} // "\0") eq $from } values %{ $model->{tasks} };
			my @renewals = grep { !$_->{closed} && ($_->{assignee_id} // "\0") eq $from } values %{ $model->{renewals} };
			my @schedules = grep { ($_->{assignee_id} // "\0") eq $from } values %{ $model->{schedules} };
			%given = (tasks => scalar @tasks, renewals => scalar @renewals, schedules => scalar @schedules);
			$_->{assignee_id} = $to for @renewals, @schedules;
			$_->{team_id} = $team // $_->{team_id} for @schedules;
			return map { update($model, $_, { assignee_id => $to, team_id => $team // $_->{team_id} }) } @tasks;
		},
		states => \@states,
		after => sub {
			my ($expected, $got) = ("@given{qw(tasks renewals schedules)}", "@{ $_[0][0] }");
			difference('tasks, renewals and schedules handed over', $expected, $got) if $expected ne $got;
		});
}

sub do_merge
{
	my ($from, $to) = map { (customer())[0] } 1, 2;
	my @states;
	push @states, '22023' if $from eq $to;
	push @states, '0A000' if query('SHOW transaction_isolation')->[0][0] ne 'read committed';
	push @states, '23503' if !exists $m->{customers}{$from} || !$m->{customers}{$to};
	push @states, '55000' if $m->{merged}{$from} && $m->{merged}{$from} ne $to;
	my %count = (tasks => 0, renewals => 0, policies => 0);
	return statement('SELECT tasks, renewals, policies FROM taskq_merge_customer(' . lit($from) . ', ' . lit($to) . ')',
		sub { return @states ? () : merge_customer($_[0], $from, $to, \%count); },
		states => \@states,
		after => sub {
			my ($expected, $got) = ("@count{qw(tasks renewals policies)}", "@{ $_[0][0] }");
			difference('tasks, renewals and policies that went over', $expected, $got) if $expected ne $got;
		});
}

# --------------------------------------------------------------- raw writes

# Values that break a CHECK, and what for.
sub raw_value
{
	my ($column) = @_;
	my ($value, @states) =
		$column eq 'title' ? (chance(0.03) ? (undef, '23502') : title())
	  : $column eq 'description' ? description()
	  : $column eq 'priority' ? (chance(0.03) ? (undef, '23502') : priority())
	  : $column eq 'due_date' ? due_date()
	  : $column =~ /_hours$/ ? sla_hours()
	  : $column eq 'assignee_id' ? (chance(0.4) ? undef : staff())
	  : $column eq 'user_id' ? (chance(0.4) ? undef : customer())
	  : $column eq 'dedupe_key' ? dedupe_key()
	  : $column eq 'kind' ? kind()
	  : $column eq 'team_id' ? (chance(0.4) ? undef : team(inactive => 1))
	  : source();
	return ($value, map { $_ eq '22023' ? '23514' : $_ } @states);
}

sub micro_lit
{
	my ($micros) = @_;
	return 'NULL' if !defined $micros;
	return $micros > 0 ? "'infinity'" : "'-infinity'" if abs($micros) >= 9e18;
	return sprintf("'epoch'::timestamptz + %.0f * interval '1 microsecond'", $micros);
}

# An import: a row in any state whose columns agree, or do not.
sub do_insert
{
	my (%row, @states);
	my $ago = sub { return (int($began) - 3600 * int(rand($_[0])) - 7 * 60) * 1e6; };
	for my $column (grep { $_ ne 'source' } @raw_columns)
	{
		my ($value, @bad) = raw_value($column);
		# Importing looks at nobody's being active.
		@bad = () if $column eq 'assignee_id' && defined $value && exists $m->{staff}{$value};
		@bad = () if $column eq 'user_id' && defined $value && exists $m->{customers}{$value};
		# A NULL is the default.
		@bad = () if $column eq 'priority' && !defined $value;
		$row{$column} = $value;
		push @states, @bad;
	}
	$row{source} = pick(qw(MANUAL IMPORT RENEWAL));
	$row{source} = 'IMPORT' if $row{source} eq 'RENEWAL';
	$row{status} = pick(qw(OPEN OPEN IN_PROGRESS OVERDUE COMPLETED CANCELLED));
	# In order or, seldom, not; sometimes by a clock that was ahead.
	my @at = sort { $a <=> $b } map { $ago->($_) } 60, 60, 60;
	@at = reverse @at if chance(0.05);
	@at = map { $_ + 7200e6 } @at if chance(0.05);
	$row{created_at} = chance(0.02) ? pick(9e18, -9e18) : $at[0];
	$row{started_at} = $row{status} eq 'OPEN' || ($row{status} =~ /OVERDUE|CANCELLED/ && chance(0.5)) ? undef : $at[1];
	$row{completed_at} = $row{status} eq 'COMPLETED' ? $at[2] : undef;
	$row{cancelled_at} = $row{status} eq 'CANCELLED' ? $at[2] : undef;
	if (chance(0.05))
	{
		my $stamp = pick(qw(started_at completed_at cancelled_at));
		$row{$stamp} = defined $row{$stamp} ? undef : $ago->(5);
		push @states, '23514' if $stamp ne 'started_at' || $row{status} =~ /^(?:OPEN|IN_PROGRESS|COMPLETED)$/;
	}
	push @states, '23514' if $row{status} eq 'OVERDUE' && !defined $row{due_date};
	my @in_order = grep { defined } @row{qw(created_at started_at completed_at cancelled_at)};
	push @states, '23514' if abs($row{created_at}) >= 9e18 || grep { $in_order[$_] > $in_order[ $_ + 1 ] } 0 .. $#in_order - 1;
	my $collides = is_active(\%row) && defined holder($m, $row{dedupe_key});

	my @columns = (@raw_columns, 'status', 'created_at', 'started_at', 'completed_at', 'cancelled_at');
	my %own = (chance(0.2) ? (labels => labels()) : (), chance(0.2) ? (attributes => attributes()) : ());
	for (keys %own) { $row{$_} = $own{$_}{stored}; push @states, map { '23514' } @{ $own{$_}{bad} }; }
	my $how = pick(qw(insert insert merge conflict));
	my $conflict = '';
	if ($how eq 'conflict')
	{
		$conflict = ' ON CONFLICT (dedupe_key) WHERE dedupe_key IS NOT NULL AND completed_at IS NULL AND cancelled_at IS NULL DO NOTHING';
	}
	elsif ($collides) { push @states, '23505'; }
	my $values = join(', ', map { $is_stamp{$_} ? micro_lit($row{$_}) : lit($row{$_}, $type_of{$_} // ($_ eq 'status' ? 'taskq_status' : undef)) } @columns);
	$row{priority} //= 'MEDIUM';
	push @columns, sort keys %own;
	$values .= ", $own{$_}{sql}" for sort keys %own;
	my $text = 'INSERT INTO taskq_task (' . join(', ', @columns) . ") VALUES ($values)$conflict RETURNING id";
	my $after = sub {
		my ($rows) = @_;
		if ($how eq 'conflict' && $collides)
		{
			difference('rows inserted', 0, scalar @$rows) if @$rows;
			return;
		}
		my $id = $how eq 'merge' ? query('SELECT max(id) FROM taskq_task')->[0][0] : $rows->[0][0];
		my $task = $m->{tasks}{$id} = { %row, id => $id, title => kept_title($row{title}), events => [], last => $row{status} };
		sla_instants($task);
		return;
	};
	if ($how eq 'merge')
	{
		$text = 'MERGE INTO taskq_task t USING (SELECT 1) s ON false WHEN NOT MATCHED THEN INSERT (' . join(', ', @columns) . ") VALUES ($values)";
	}
	return statement($text, undef, states => \@states, after => $after,
		# With DO NOTHING a row that collides is looked at or not.
		may_fail => [ $how eq 'conflict' && $collides ? @states : () ]) if !($how eq 'conflict' && $collides);
	return statement($text, undef, after => $after, may_fail => \@states);
}

my @status_values = qw(OPEN IN_PROGRESS OVERDUE COMPLETED CANCELLED);

sub do_update
{
	my ($id) = task_id();
	return if !defined $id || !$m->{tasks}{$id};
	my (%set, @states, @assignments);
	for my $column (map { pick(@raw_columns) } 1 .. 1 + int(rand(2)))
	{
		next if exists $set{$column};
		my ($value, @bad) = raw_value($column);
		# A raw write may give what the row has, an engine's source too.
		# The model knows whether an assignee or a team is new, and active.
		@bad = () if $column eq 'assignee_id' || $column eq 'team_id' || ($column eq 'user_id' && defined $value && exists $m->{customers}{$value}) || ($column eq 'source' && ($value // '') =~ /^(?:RENEWAL|SCHEDULE|WORKFLOW)$/);
		$set{$column} = $value;
		push @states, @bad;
		push @assignments, "$column = " . lit($value, $type_of{$column});
	}
	# As it is stored, for a closed task does not change even to the same in another order.
	if (chance(0.2))
	{
		my $field = pick(qw(labels attributes));
		my $given = $field eq 'labels' ? labels() : attributes();
		push @states, map { '23514' } @{ $given->{bad} };
		$set{$field} = $given->{stored};
		push @assignments, "$field = " . (@{ $given->{bad} } || is_active($m->{tasks}{$id}) ? $given->{sql} :
			!defined $given->{stored} ? 'NULL' : $field eq 'attributes' ? lit($given->{stored}, 'jsonb') :
			'ARRAY[' . join(', ', map { lit($_) } @{ $json->decode($given->{stored}) }) . ']::text[]');
	}
	if (chance(0.5)) { $set{status} = pick(@status_values); push @assignments, "status = " . q_($set{status}); }
	if (chance(0.05))
	{
		my $stamp = pick(@stamps);
		$set{$stamp} = $m->{tasks}{$id}{$stamp};
		if (chance(0.5)) { $set{$stamp} = ($set{$stamp} // $began * 1e6) + 60e6; $set{$stamp} = floor($set{$stamp}); }
		push @assignments, "$stamp = " . (abs($set{$stamp} // 0) >= 9e18 ? $stamp : micro_lit($set{$stamp}));
		$set{$stamp} = $m->{tasks}{$id}{$stamp} if abs($set{$stamp} // 0) >= 9e18;
	}
	my $key = $set{dedupe_key};
	my $other = holder($m, $key);
	my @may;
	# Whether the key or the lifecycle is found wrong first is not promised; a
	# key of a task that the same write closes, or that is closed, is free.
	push @may, '23505' if defined $other && $other != $id && is_active($m->{tasks}{$id});
	my $list = join(', ', @assignments);
	my $text = pick("UPDATE taskq_task SET $list WHERE id = $id",
		"UPDATE taskq_task t SET $list FROM generate_series(1, 2) g WHERE t.id = $id",
		"MERGE INTO taskq_task t USING (SELECT $id AS k) s ON t.id = s.k WHEN MATCHED THEN UPDATE SET $list");
	my $ends = defined $set{status} && $set{status} =~ /^C/;
	return statement($text, sub {
			my ($model) = @_;
			my $wrong = update($model, $model->{tasks}{$id}, \%set);
			return $wrong ? $wrong : @may && !$ends ? '23505' : undef;
		},
		# Which of several mistakes is found first is not promised, nor that
		# a mistake in a column of a frozen row is.
		@states ? (states => [ @states, '23514' ]) : (), may_fail => \@may);
}

sub do_delete
{
	my ($id) = task_id();
	return if !defined $id || !$m->{tasks}{$id};
	my $text = pick("DELETE FROM taskq_task WHERE id = $id",
		"MERGE INTO taskq_task t USING (SELECT $id AS k) s ON t.id = s.k WHEN MATCHED THEN DELETE");
	return statement($text, sub {
			my ($model) = @_;
			return '23514' if is_active($model->{tasks}{$id});
			delete $model->{tasks}{$id};
			return;
		});
}

sub do_forbidden
{
	my ($text, @states) = @{ pick(
			[ 'TRUNCATE taskq_task', '23514' ], [ 'TRUNCATE taskq_task_event', '23514' ],
			[ 'DELETE FROM taskq_task_event WHERE id = (SELECT max(id) FROM taskq_task_event)', '23514' ],
			[ "UPDATE taskq_task_event SET note = 'x' WHERE id = (SELECT max(id) FROM taskq_task_event)", '23514' ],
			[ 'SELECT taskq_task_update()', '39P01' ], [ 'SELECT taskq_mirror()', '39P01' ],
			[ 'UPDATE taskq_task SET id = DEFAULT WHERE id = (SELECT max(id) FROM taskq_task)', '23514' ],
			[ "UPDATE taskq_renewal SET status = 'OVERDUE' WHERE id = (SELECT max(id) FROM taskq_renewal WHERE status = 'ACTIVE')", '23514' ],
			[ 'SELECT taskq_render(NULL, NULL)' ], [ "SELECT taskq_day_start('infinity')", '22008' ],
			[ "SELECT taskq_day_start('5874897-12-31')", '22008' ], [ "SELECT taskq_day_start('4713-11-25 BC')" ],
			[ 'SELECT * FROM taskq_stats(assignee_id => 3)', '42883' ]) };
	my $rows = $text =~ /taskq_renewal/ ? query("SELECT count(*) FROM taskq_renewal WHERE status = 'ACTIVE'")->[0][0]
	  : $text =~ /max/ ? ($text =~ /task_event/ ? query('SELECT count(*) FROM taskq_task_event')->[0][0] : scalar keys %{ $m->{tasks} }) : 1;
	@states = () if !$rows;
	return statement($text, undef, states => \@states, may_fail => [ '22008' ]);
}

# ------------------------------------------------------- what time changes

sub due_for_sweep
{
	my ($model) = @_;
	return grep {
		is_active($_) && (effective($model, $_) eq 'OVERDUE' && $_->{status} ne 'OVERDUE'
			|| $_->{status} eq 'OVERDUE' && effective($model, $_) ne 'OVERDUE'
			|| defined $_->{sla_due_at} && !defined $_->{sla_breached_at} && $now > $_->{sla_due_at}
			|| at_risk_is_news($_, $now) || !defined $_->{response_breached_at} && responds_late($_))
	} values %{ $model->{tasks} };
}

# Tasks that may become due while a sweep runs.
sub falling_due
{
	my $soon = time * 1e6 + 20e6;
	return grep {
		my $row = $_;
		is_active($row) && grep { defined && $_ <= $soon } @$row{qw(sla_at_risk_at sla_due_at response_due_at)}
	} values %{ $m->{tasks} };
}

sub do_sweep
{
	my $kind = rand();
	if ($kind < 0.1)
	{
		return statement('SELECT * FROM taskq_sweep(' . pick(0, -5, 1_000_001) . ')', undef, states => ['22023']);
	}
	if ($kind < 0.3)
	{
		# As of this statement: a deadline may have passed since the last one.
		$now = time * 1e6;
		my %lazy = map { $_->{id} => 1 } due_for_sweep($m);
		return statement('SELECT * FROM taskq_sweep(' . (1 + int(rand(3))) . ')', undef, lazy => \%lazy, renewals => 1, schedules => 1,
			after => sub { settle_schedules() });
	}
	return statement('CALL taskq_sweep_all()', undef, states => ['2D000']) if $kind < 0.4 && @transaction;
	my $by_hand = $kind < 0.6 && !@transaction;
	return statement($by_hand ? 'CALL taskq_sweep_all()' : 'SELECT * FROM taskq_sweep()', sub {
			my ($model) = @_;
			touch($model, $_) for due_for_sweep($model);
			return;
		},
		level => 'manager', renewals => 1, schedules => 1, lazy => { map { $_->{id} => 1 } falling_due() },
		after => sub {
			as_owner(sub {
				settle_schedules(all => 1);
				my $due = query('SELECT count(*) FROM taskq_tasks WHERE status <> stored_status')->[0][0];
				difference('tasks due after a sweep', 0, $due) if $due && !$m->{rules};
				check_renewals();
			});
		});
}

sub do_timezone
{
	my $offset = 12 - $hour + 24 * (int(rand(11)) - 5);
	$offset = 12 - $hour if chance(0.3);
	# POSIX counts westward.
	my $zone = sprintf('<FUZZ>%s%d', $offset > 0 ? '-' : '+', abs($offset));
	return statement("SET taskq.timezone = '$zone'", sub { $_[0]{offset} = $offset; return; },
		after => sub {
			my $got = query('SELECT taskq_today()::text')->[0][0];
			difference('today', iso_date(today($m)), $got) if $got ne iso_date(today($m));
		});
}

sub do_purge
{
	return statement('SELECT taskq_purge(' . pick("'-1 day'", 'NULL', "'1 day', false, 0") . ')', undef, states => ['22023']) if chance(0.2);
	return statement("SELECT taskq_purge('290000 years')", undef, states => ['22008']) if chance(0.05);
	my $hours = int(rand(24));
	my $dry = chance(0.4) ? 'true' : 'false';
	my $expected = 0;
	return statement("SELECT taskq_purge('$hours hours 30 minutes', dry_run => $dry)", sub {
			my ($model) = @_;
			for my $row (values %{ $model->{tasks} })
			{
				next if is_active($row) || ($row->{completed_at} // $row->{cancelled_at}) >= $now - ($hours + 0.5) * 3600e6;
				$expected++;
				delete $model->{tasks}{ $row->{id} } if $dry eq 'false';
			}
			return;
		},
		after => sub { difference('tasks purged', $expected, $_[0][0][0]) if $_[0][0][0] != $expected; });
}

# ----------------------------------------------------------------- reading

sub by_key
{
	my ($x, $y) = @_;
	for my $i (0 .. $#$x)
	{
		return $x->[$i] <=> $y->[$i] if $x->[$i] != $y->[$i];
	}
	return 0;
}

sub enum_array
{
	my ($type, @values) = @_;
	my @chosen = grep { chance(0.4) } @values;
	return ('NULL', { map { $_ => 1 } @values }) if chance(0.3);
	return ("'{" . join(',', @chosen) . "}'::${type}[]", { map { $_ => 1 } @chosen });
}

# Filters as arguments, and as a predicate on the model's rows.
sub filters
{
	my (@list, @tests);
	if (chance(0.8))
	{
		my ($array, $chosen) = enum_array('taskq_status', @status_values);
		push @list, "status => $array";
		push @tests, sub { $chosen->{ effective($m, $_[0]) } };
	}
	else { push @tests, sub { effective($m, $_[0]) eq 'OPEN' }; }
	if (chance(0.3))
	{
		my ($array, $chosen) = enum_array('taskq_priority', qw(LOW MEDIUM HIGH URGENT));
		push @list, "priority => $array";
		push @tests, sub { $chosen->{ $_[0]{priority} } };
	}
	if (chance(0.3))
	{
		my ($array, $chosen) = enum_array('taskq_sla_status', qw(NONE ON_TRACK AT_RISK BREACHED MET CANCELLED));
		push @list, "sla_status => $array";
		push @tests, sub { $chosen->{ sla_status($_[0]) } };
	}
	if (chance(0.2))
	{
		my ($id) = staff();
		push @list, 'assignee_id => ' . lit($id);
		push @tests, sub { ($_[0]{assignee_id} // "\0") eq $id };
	}
	elsif (chance(0.2)) { push @list, 'unassigned => true'; push @tests, sub { !defined $_[0]{assignee_id} }; }
	if (chance(0.2))
	{
		my $active = chance(0.5) ? 1 : 0;
		push @list, 'assignee_is_active => ' . ($active ? 'true' : 'false');
		push @tests, sub { defined $_[0]{assignee_id} && ($m->{staff}{ $_[0]{assignee_id} } ? 1 : 0) == $active };
	}
	if (chance(0.2))
	{
		my ($id) = customer();
		push @list, 'user_id => ' . lit($id);
		push @tests, sub { ($_[0]{user_id} // "\0") eq $id };
	}
	if (chance(0.2))
	{
		my ($id) = team();
		push @list, 'team_id => ' . lit($id);
		push @tests, sub { ($_[0]{team_id} // "\0") eq $id };
	}
	if (chance(0.1)) { push @list, "source => 'IMPORT'"; push @tests, sub { $_[0]{source} eq 'IMPORT' }; }
	if (chance(0.1)) { push @list, "labels => '{vip}'"; push @tests, sub { ($_[0]{labels} // '') =~ /"vip"/ }; }
	if (chance(0.1)) { push @list, q{attributes => '{"a": 1}'}; push @tests, sub { ($_[0]{attributes} // '') eq '{"a": 1}' }; }
	if (chance(0.1)) { push @list, "kind => 'REVIEW'"; push @tests, sub { ($_[0]{kind} // "\0") eq 'REVIEW' }; }
	if (chance(0.2))
	{
		my $paused = chance(0.5) ? 1 : 0;
		push @list, 'paused => ' . ($paused ? 'true' : 'false');
		push @tests, sub { (defined $_[0]{paused_at} ? 1 : 0) == $paused };
	}
	if (chance(0.3))
	{
		my $bound = $base - 6 + int(rand(14));
		my $side = pick('from', 'to');
		push @list, "due_$side => " . pick(q_(iso_date($bound)), q_(iso_date($bound)), $side eq 'from' ? "'-infinity'" : "'infinity'");
		$bound = $side eq 'from' ? -1e9 : 1e9 if $list[-1] =~ /infinity/;
		push @tests, sub { defined $_[0]{due_date} && ($side eq 'from' ? day_number($_[0]{due_date}) >= $bound : day_number($_[0]{due_date}) <= $bound) };
	}
	if (chance(0.2))
	{
		my $needle = pick('a', '%', '_', '\\', "'", '', 'CHASE', 'BAN', 'nowhere', '日', '🦊', '{{', 'uberweisung', 'STRASSE', "u\x{308}BER");
		push @list, 'search => ' . lit($needle);
		push @tests, sub { has_word($_[0], $needle, $m->{names}) };
	}
	return (\@list, sub { my ($row) = @_; return !grep { !$_->($row) } @tests; });
}

sub do_page
{
	my ($list, $test) = filters();
	my $sort = pick(qw(due priority created sla closed), '');
	my $given = $sort ? "sort => '$sort'" : pick('', 'sort => NULL');
	# The usual one.
	my ($statuses) = grep { /^status =>/ } @$list;
	$sort ||= ($statuses // '') =~ /COMPLETED|CANCELLED/ && $statuses !~ /OPEN|IN_PROGRESS|OVERDUE/ ? 'closed' : 'due';
	my $size = pick(1, 2, 3, 7, 50, 1000);
	my ($after, $walked, @got) = ('', 0);
	$now = time * 1e6;
	my @expected = map { $_->{id} } sort { by_key(sort_key($sort, $a), sort_key($sort, $b)) } grep { $test->($_) } values %{ $m->{tasks} };
	splice(@expected, 12 * $size) if @expected > 12 * $size;
	while ($walked++ < 12)
	{
		my $more;
		statement('SELECT id, status, sla_status, cursor, days_overdue, is_overdue FROM taskq_queue_page(' . join(', ', @$list, $given || (), "page_size => $size", $after || ()) . ')',
			undef, reads => 1, level => 'viewer',
			after => sub {
				my ($rows) = @_;
				for (@$rows)
				{
					my $row = $m->{tasks}{ $_->[0] } or next;
					difference("status of task $_->[0] on a page", effective($m, $row), $_->[1]) if $_->[1] ne effective($m, $row);
					difference("sla_status of task $_->[0] on a page", sla_status($row), $_->[2]) if $_->[2] ne sla_status($row);
					my $days = !defined $row->{due_date} ? 'NULL' : effective($m, $row) eq 'OVERDUE' ? today($m) - day_number($row->{due_date}) : 0;
					difference("days_overdue of task $_->[0]", $days, $_->[4]) if $days ne ($_->[4] // 'NULL');
				}
				push @got, map { $_->[0] } @$rows;
				$more = @$rows == $size;
				$after = 'after => ' . q_($rows->[-1][3]) if $more;
			});
		return if !defined $more;    # not allowed
		last if !$more;
	}
	difference("pages by $sort", join(',', @expected), join(',', @got)) if "@expected" ne "@got";
	return;
}

sub do_bad_page
{
	my ($list, @states) = @{ pick(
			[ "sort => 'title'", '22023' ], [ "sort => ''", '22023' ], [ 'page_size => 0', '22023' ], [ 'page_size => 1001', '22023' ],
			[ 'page_size => -1', '22023' ], [ "status => '{OPEN,NULL}'", '22023' ], [ "status => '{open}'", '22P02' ],
			[ "assignee_id => 'sta_1', unassigned => true", '22023' ], [ "due_from => 'x'", '22007' ],
			(map { [ 'after => ' . q_($_), '22023' ] } '', '/', 'due', 'due/', 'due//', 'due/2026-06-05/2', 'due/2026-06-05/2/', 'due/2026-06-05/0/1',
				'due/2026-06-05/5/1', 'due/2026-06-05/22/1', 'due/2026-02-30/2/1', 'due/2026-06-05/2/1/', 'due/2026-06-05/2/1/1', 'due/2026-06-05/2/x',
				'due/2026-06-05/2/9223372036854775808', 'due/2026-06-05/2/1 ', ' due/2026-06-05/2/1', 'due/-infinity/2/1', 'due/2-26-06-05/2/1',
				'due/2-26-01-01/1/1', 'due/2026-+6-05/2/1', 'created/1/1', 'priority/1/2026-01-01/1', 'sla/infinity/1', 'due/🦊/1/1', 'd' x 100_000, 'due/2026-06--5/1/1')) };
	my $sort = $list =~ /^after/ ? ", sort => 'due'" : '';
	return statement("SELECT id FROM taskq_queue_page($list$sort)", undef, states => \@states, reads => 1, level => 'viewer');
}

sub do_count
{
	my ($list, $test) = filters();
	my $cap = chance(0.1) ? pick(0, -1) : undef;
	return statement("SELECT taskq_queue_count(cap => $cap)", undef, states => ['22023'], reads => 1, level => 'viewer') if defined $cap;
	$cap = pick(1, 5, 10_000);
	my $expected;
	return statement('SELECT taskq_queue_count(' . join(', ', @$list, "cap => $cap") . ')',
		sub { $expected = grep { $test->($_) } values %{ $m->{tasks} }; $expected = $cap if $expected > $cap; return; },
		reads => 1, level => 'viewer',
		after => sub { difference('taskq_queue_count', $expected, $_[0][0][0]) if $_[0][0][0] != $expected; });
}

sub do_stats
{
	my ($who) = chance(0.4) ? staff() : undef;
	my ($about) = chance(0.3) ? customer() : undef;
	my ($team) = chance(0.3) ? team() : undef;
	my @expected;
	return statement('SELECT * FROM ' . (defined $who || defined $about || defined $team ? 'taskq_stats(' . join(', ', map { lit($_) } $who, $about, $team) . ')' : 'taskq_queue_stats'), sub {
			my @rows = grep { (!defined $who || ($_->{assignee_id} // "\0") eq $who) && (!defined $about || ($_->{user_id} // "\0") eq $about)
				  && (!defined $team || ($_->{team_id} // "\0") eq $team) } values %{ $m->{tasks} };
			my @active = grep { is_active($_) } @rows;
			my $midnight = (today($m) * 86400 - $m->{offset} * 3600) * 1e6;
			my $today = iso_date(today($m));
			@expected = ((map { my $status = $_; scalar grep { effective($m, $_) eq $status } @active } qw(OPEN IN_PROGRESS OVERDUE)),
				scalar(grep { defined $_->{due_date} && $_->{due_date} eq $today } @active), scalar(grep { !defined $_->{assignee_id} } @active),
				scalar(grep { defined $_->{completed_at} && $_->{completed_at} >= $midnight && $_->{completed_at} <= $now } @rows),
				(map { my $status = $_; scalar grep { sla_status($_) eq $status } @active } qw(AT_RISK BREACHED)),
				scalar(grep { defined $_->{paused_at} } @active), scalar(grep { responds_late($_) } @active));
			return;
		},
		reads => 1, level => 'viewer', after => sub { difference('statistics', "@expected", "@{$_[0][0]}") if "@expected" ne "@{$_[0][0]}"; });
}

sub do_read
{
	my $kind = int(rand(7));
	if ($kind == 6)
	{
		my %expected;
		return statement('SELECT team_id, open, in_progress, overdue, unassigned, paused, members FROM taskq_team_workload', sub {
				for my $id (keys %{ $m->{teams} })
				{
					my @theirs = grep { is_active($_) && ($_->{team_id} // "\0") eq $id } values %{ $m->{tasks} };
					next if !@theirs && !$m->{teams}{$id};
					$expected{$id} = join(' ', (map { my $status = $_; scalar grep { effective($m, $_) eq $status } @theirs } qw(OPEN IN_PROGRESS OVERDUE)),
						scalar(grep { !defined $_->{assignee_id} } @theirs), scalar(grep { defined $_->{paused_at} } @theirs),
						scalar(grep { $m->{staff}{$_} && $m->{members}{$_}{$id} } keys %{ $m->{staff} }));
				}
				return;
			},
			reads => 1, level => 'viewer', after => sub {
				my %got = map { my ($id, @counts) = @$_; $id => "@counts" } @{ $_[0] };
				difference('workload of teams', \%expected, \%got) if $json->encode(\%expected) ne $json->encode(\%got);
			});
	}
	if ($kind == 0)
	{
		my %expected;
		return statement('SELECT assignee_id, open, in_progress, overdue, due_today, sla_breached, assignee_is_active, paused FROM taskq_workload', sub {
				my $today = iso_date(today($m));
				for my $id (keys %{ $m->{staff} })
				{
					my @mine = grep { is_active($_) && ($_->{assignee_id} // "\0") eq $id } values %{ $m->{tasks} };
					next if !@mine && !$m->{staff}{$id};
					$expected{$id} = join(' ', (map { my $status = $_; scalar grep { effective($m, $_) eq $status } @mine } qw(OPEN IN_PROGRESS OVERDUE)),
						scalar(grep { defined $_->{due_date} && $_->{due_date} eq $today } @mine), scalar(grep { sla_status($_) eq 'BREACHED' } @mine), $m->{staff}{$id} ? 1 : 0,
						scalar(grep { defined $_->{paused_at} } @mine));
				}
				return;
			},
			reads => 1, level => 'viewer', after => sub {
				my %got = map { my ($id, @counts) = @$_; $id => "@counts" } @{ $_[0] };
				difference('workload', \%expected, \%got) if $json->encode(\%expected) ne $json->encode(\%got);
			});
	}
	if ($kind == 1)
	{
		my ($since, $until) = map { (int($began) + 3600 * (int(rand(100)) - 50) - 3 * 60) * 1e6 } 1 .. 2;
		my @states = $since > $until ? '22023' : ();
		my $group = pick(qw(none assignee priority day week));
		if (chance(0.05)) { $group = 'month'; push @states, '22023'; }
		my @expected = (0, 0, 0);
		return statement('SELECT sum(tasks), sum(met), sum(breached), count(*) FROM taskq_sla_report(' . micro_lit($since) . ', ' . micro_lit($until) . ", '$group')", sub {
				my @rows = grep {
					my ($at) = sort { $a <=> $b } grep { defined } @$_{qw(sla_due_at sla_first_breached_at)};
					defined $at && $at >= $since && $at < $until
				} values %{ $m->{tasks} };
				@expected = (scalar(@rows), scalar(grep { !ever_breached($_) && reported_status($_) eq 'MET' } @rows), scalar(grep { ever_breached($_) } @rows));
				return;
			},
			states => \@states, reads => 1, level => 'viewer', after => sub {
				my @got = map { $_ // 0 } @{ $_[0][0] }[ 0 .. 2 ];
				difference('SLA report', "@expected", "@got") if "@expected" ne "@got";
			});
	}
	if ($kind == 2)
	{
		my ($id) = task_id();
		return if !defined $id;
		my $row = $m->{tasks}{$id};
		return statement("SELECT kind, to_status FROM taskq_task_history WHERE task_id = $id ORDER BY event_id", undef, reads => 1, level => 'viewer', after => sub {
				my $expected = $row ? 1 + ($row->{n} // 0) : 0;
				difference("rows in the history of task $id", $expected, scalar @{ $_[0] }) if @{ $_[0] } != $expected;
			});
	}
	if ($kind == 3)
	{
		my @expected;
		return statement('SELECT id FROM taskq_sla_violations ORDER BY id', sub {
				@expected = sort { $a <=> $b } map { $_->{id} } grep { ever_breached($_) } values %{ $m->{tasks} };
				return;
			},
			reads => 1, level => 'viewer', after => sub {
				my $got = join(' ', map { $_->[0] } @{ $_[0] });
				difference('violations', "@expected", $got) if "@expected" ne $got;
			});
	}
	if ($kind == 4)
	{
		my @expected;
		my ($view, $statuses) = @{ pick([ 'taskq_queue', qr/^OPEN$/ ], [ 'taskq_todo', qr/^(OPEN|IN_PROGRESS|OVERDUE)$/ ]) };
		return statement("SELECT id FROM $view", sub {
				@expected = map { $_->{id} } sort { by_key(sort_key('due', $a), sort_key('due', $b)) } grep { effective($m, $_) =~ $statuses } values %{ $m->{tasks} };
				return;
			},
			reads => 1, level => 'viewer', after => sub {
				my $got = join(' ', map { $_->[0] } @{ $_[0] });
				difference($view, "@expected", $got) if "@expected" ne $got;
			});
	}
	return statement('SELECT count(*) FROM ' . pick(qw(taskq_renewals taskq_worker_status taskq_sweep_log taskq_tasks taskq_workflow_run)), undef,
		reads => 1, may_fail => $as_role ? ['42501'] : []);
}

# ------------------------------------------------------------ the directory

sub rename_key
{
	my ($model, $column, $from, $to) = @_;
	for my $row (values %{ $model->{tasks} })
	{
		update($model, $row, { $column => $to }, cascade => 1) if ($row->{$column} // "\0") eq $from;
	}
	($_->{$column} // "\0") eq $from and $_->{$column} = $to for values %{ $model->{policies} }, values %{ $model->{schedules} };
	return;
}

sub do_directory
{
	my $kind = int(rand(10));
	my $id = pick(sort keys %{ $m->{staff} });
	if ($kind <= 1)
	{
		my $active = chance(0.6) ? 1 : 0;
		return statement(pick('UPDATE taskq_staff_member SET is_active = ' . ($active ? 'true' : 'false') . ' WHERE id = ' . q_($id),
				'INSERT INTO fuzz_staff VALUES (' . join(', ', q_($id), q_(words()), $active ? 'true' : 'false') . ') ON CONFLICT (id) DO UPDATE SET active = excluded.active, name = excluded.name'),
			sub { $_[0]{staff}{$id} = $active; return; });
	}
	if ($kind == 2)
	{
		my $new = 'sta_' . (1 + int(rand(12)));
		return statement('INSERT INTO taskq_staff_member (id, name) VALUES (' . q_($new) . ', ' . q_(words()) . ')',
			sub { return '23505' if exists $_[0]{staff}{$new}; $_[0]{staff}{$new} = 1; return; });
	}
	if ($kind == 3)
	{
		return if keys %{ $m->{staff} } < 4;
		return statement('DELETE FROM taskq_staff_member WHERE id = ' . q_($id), sub {
				return '23503' if grep { ($_->{assignee_id} // "\0") eq $id } values %{ $_[0]{tasks} }, values %{ $_[0]{schedules} };
				delete $_->{$id} for @{ $_[0] }{qw(staff members)};
				return;
			},
			may_fail => ['23503']);    # customers, rules and renewals name staff too
	}
	if ($kind == 4)
	{
		my $new = 'sta_' . (1 + int(rand(12)));
		return statement('UPDATE taskq_staff_member SET id = ' . q_($new) . ' WHERE id = ' . q_($id), sub {
				my ($model) = @_;
				return if $new eq $id;
				return '23505' if exists $model->{staff}{$new};
				$_->{$new} = delete $_->{$id} for @{$model}{qw(staff members)};
				rename_key($model, 'assignee_id', $id, $new);
				($_->{assignee_id} // "\0") eq $id and $_->{assignee_id} = $new for values %{ $model->{renewals} };
				return;
			}, renewals => 1);
	}
	my $customer = pick(sort keys %{ $m->{customers} });
	if ($kind == 5)
	{
		my $new = 'cus_' . (1 + int(rand(9)));
		return statement('UPDATE taskq_customer SET id = ' . q_($new) . ' WHERE id = ' . q_($customer), sub {
				my ($model) = @_;
				return if $new eq $customer;
				return '23514' if ($model->{merged}{$customer} // '') eq $new;
				return '23505' if exists $model->{customers}{$new};
				$_->{$new} = delete $_->{$customer} for @{$model}{qw(customers names merged)};
				delete $model->{merged}{$new} if !$model->{merged}{$new};
				$_ eq $customer and $_ = $new for values %{ $model->{merged} };
				rename_key($model, 'user_id', $customer, $new);
				$_->{user_id} eq $customer and $_->{user_id} = $new for values %{ $model->{renewals} };
				return;
			}, renewals => 1);
	}
	if ($kind == 6)
	{
		my $name = words();
		return statement('UPDATE taskq_customer SET assigned_agent_id = ' . pick(q_($id), 'NULL') . ', name = ' . q_($name) . ' WHERE id = ' . q_($customer),
			sub { $_[0]{names}{$customer} = $name; return; });
	}
	if ($kind == 7)
	{
		my $active = chance(0.7) ? 1 : 0;
		return statement('UPDATE taskq_customer SET is_active = ' . ($active ? 'true' : 'false') . ' WHERE id = ' . q_($customer),
			sub { return '23514' if $active && $_[0]{merged}{$customer}; $_[0]{customers}{$customer} = $active; return; });
	}
	if ($kind == 8)
	{
		# A manager takes the pointer back; what went over stays there.
		return statement('UPDATE taskq_customer SET is_active = true, merged_into = NULL, merged_at = NULL, merged_by = NULL WHERE id = ' . q_($customer),
			sub { delete $_[0]{merged}{$customer}; $_[0]{customers}{$customer} = 1; return; });
	}
	return statement('UPDATE fuzz_staff SET id = id || \'x\' WHERE id = (SELECT min(id) FROM fuzz_staff)', undef,
		states => [ query('SELECT count(*) FROM fuzz_staff')->[0][0] ? '0A000' : () ]);
}

# Teams and who is in them.
sub do_team
{
	my $kind = int(rand(6));
	my $who = pick(sort keys %{ $m->{staff} });
	my $new = 'team_' . (1 + int(rand(6)));
	my $id = pick(sort(keys %{ $m->{teams} }), $new);
	if ($kind == 0)
	{
		return statement('INSERT INTO taskq_team (id, name) VALUES (' . q_($new) . ', ' . q_(words()) . ')',
			sub { return '23505' if exists $_[0]{teams}{$new}; $_[0]{teams}{$new} = 1; return; });
	}
	if ($kind == 1)
	{
		my $active = chance(0.6) ? 1 : 0;
		my $is_active = $active ? 'true' : 'false';
		return statement('INSERT INTO fuzz_team VALUES (' . join(', ', q_($id), q_(words()), $is_active) . ') ON CONFLICT (id) DO UPDATE SET active = excluded.active, name = excluded.name',
			sub { $_[0]{teams}{$id} = $active; return; }) if chance(0.5);
		return statement("UPDATE taskq_team SET is_active = $is_active WHERE id = " . q_($id), sub { $_[0]{teams}{$id} = $active if exists $_[0]{teams}{$id}; return; });
	}
	if ($kind == 2)
	{
		return statement('UPDATE taskq_team SET id = ' . q_($new) . ' WHERE id = ' . q_($id), sub {
				my ($model) = @_;
				return if $new eq $id || !exists $model->{teams}{$id};
				return '23505' if exists $model->{teams}{$new};
				$model->{teams}{$new} = delete $model->{teams}{$id};
				$_->{$new} = delete $_->{$id} for grep { $_->{$id} } values %{ $model->{members} };
				rename_key($model, 'team_id', $id, $new);
				return;
			});
	}
	if ($kind == 3)
	{
		return statement('DELETE FROM taskq_team WHERE id = ' . q_($id), sub {
				my ($model) = @_;
				return '23503' if grep { ($_->{team_id} // "\0") eq $id } map { values %{ $model->{$_} } } qw(tasks policies schedules);
				delete $_->{$id} for $model->{teams}, values %{ $model->{members} };
				return;
			},
			may_fail => ['23503']);    # rules name teams, too
	}
	if (chance(0.7))
	{
		return statement('INSERT INTO ' . pick('taskq_team_member', 'fuzz_member') . ' VALUES (' . q_($id) . ', ' . q_($who) . ') ON CONFLICT DO NOTHING', sub {
				my ($model) = @_;
				return '23503' if !exists $model->{teams}{$id};
				$model->{members}{$who}{$id} = 1;
				return;
			});
	}
	return statement('DELETE FROM taskq_team_member WHERE (team_id, staff_id) = (' . q_($id) . ', ' . q_($who) . ')', sub { delete $_[0]{members}{$who}{$id}; return; });
}

# ---------------------------------------------------------------- policies

sub do_policy
{
	my @names = sort keys %{ $m->{policies} };
	my $kind = rand();
	if ($kind < 0.5 && @names < 12)
	{
		my %row = (name => pick("policy $n", @names ? pick(@names) : ()), is_enabled => 1, map { $_ => undef } qw(user_id team_id kind priority source));
		my @states;
		my $take = sub { my ($name, $value, @bad) = @_; $row{$name} = $value; push @states, map { $_ eq '22023' ? '23514' : $_ } @bad; };
		$take->(user_id => customer()) if chance(0.25);
		@states = () if defined $row{user_id} && exists $m->{customers}{ $row{user_id} };
		$take->(team_id => team(inactive => 1)) if chance(0.4);
		$take->(kind => kind()) if chance(0.3);
		$take->(priority => pick(qw(LOW MEDIUM HIGH URGENT))) if chance(0.3);
		$take->(source => pick('IMPORT', 'SCHEDULE', 'WORKFLOW', 'RENEWAL', 'MANUAL')) if chance(0.1);
		$take->(sla_hours => sla_hours());
		$row{response_hours} = chance(0.5) ? undef : pick(0.5, 1 + int(rand(40)));
		push @states, '23514' if !defined $row{sla_hours} && !defined $row{response_hours};
		my @columns = qw(name user_id team_id kind priority source sla_hours response_hours);
		return statement('INSERT INTO taskq_sla_policy (' . join(', ', @columns) . ') VALUES (' . join(', ', map { lit($row{$_}, $type_of{$_}) } @columns) . ')', sub {
				my ($model) = @_;
				return '23505' if $model->{policies}{ $row{name} }
				  || grep { my $other = $_; !grep { ($row{$_} // "\0") ne ($other->{$_} // "\0") } qw(user_id team_id kind priority source) } values %{ $model->{policies} };
				$model->{policies}{ $row{name} } = {%row};
				return;
			}, states => \@states);
	}
	return if !@names;
	my $name = pick(@names);
	if ($kind < 0.7)
	{
		my $enabled = chance(0.7) ? 1 : 0;
		return statement('UPDATE taskq_sla_policy SET is_enabled = ' . ($enabled ? 'true' : 'false') . ' WHERE name = ' . q_($name), sub { $_[0]{policies}{$name}{is_enabled} = $enabled; return; });
	}
	if ($kind < 0.85)
	{
		my $hours = 1 + int(rand(60));
		return statement("UPDATE taskq_sla_policy SET sla_hours = $hours WHERE name = " . q_($name), sub { $_[0]{policies}{$name}{sla_hours} = $hours; return; });
	}
	return statement('DELETE FROM taskq_sla_policy WHERE name = ' . q_($name), sub { delete $_[0]{policies}{$name}; return; });
}

# --------------------------------------------------------------- schedules

# Columns that say when the dates are: as SQL, in the model, and the SQLSTATEs that they bring about.
sub rhythm
{
	my ($every, $months, $days, @states) = @{ pick([ '1 day', 0, 1 ], [ '3 days', 0, 3 ], [ '7 days', 0, 7 ], [ '1 month', 1, 0 ], [ '1 month 2 days', 1, 2 ], [ '1 year', 12, 0 ],
			[ '36500 days', 0, 36500 ], [ '1200 months', 1200, 0 ]) };
	($every, $months, $days, @states) = (pick('0 days', '-1 month', '1 month -1 day', '1 hour', '1201 months', '36501 days'), 0, 1, '23514') if chance(0.03);
	my $starts_on = chance(0.05) ? pick('0001-01-01', '9999-12-31', '2000-02-29') : iso_date($base - 40 + int(rand(60)));
	$starts_on = iso_date($base - 300) =~ s/-\d\d$/-31/r if $months && chance(0.3) && iso_date($base - 300) =~ /-(?:01|03|05|07|08|10|12)-/;
	my $until = chance(0.6) ? undef : iso_date(day_number($starts_on) + int(rand(90)) - 2);
	$until = undef if defined $until && (length $until > 10 || $until lt '0001-01-01');
	push @states, '23514' if defined $until && $until lt $starts_on;
	my $business_day = pick(qw(SAME SAME NEXT PREVIOUS));
	my $lead = pick(0, 0, 1, 5, 30);
	if (chance(0.02)) { $lead = pick(-1, 36501); push @states, '23514'; }
	return ({ starts_on => lit($starts_on, 'date'), every => lit($every, 'interval'), until => lit($until, 'date'), business_day => lit($business_day),
			calendar => $business_day eq 'SAME' ? 'NULL' : "'weekdays'", lead_days => $lead },
		{ starts_on => day_number($starts_on), months => $months, days => $days, until => defined $until ? day_number($until) : undef, business_day => $business_day, lead_days => $lead },
		@states);
}

sub do_schedule
{
	my @ids = sort { $a <=> $b } keys %{ $m->{schedules} };
	my $kind = rand();
	if ($kind < 0.35 && @ids < 8)
	{
		my ($columns, $s, @states) = rhythm();
		my %row = (name => "schedule $n", title => pick('{{schedule.name}} {{month}}', '{{customer.name}}', 'Do it by {{due_date}}, {{date}}', 'in {{year}}'), priority => pick(qw(LOW MEDIUM URGENT)));
		my $take = sub { my ($name, $value, @bad) = @_; $row{$name} = $value; push @states, map { $_ eq '22023' ? '23514' : $_ } @bad; };
		$row{$_} = undef for qw(kind team_id assignee_id user_id sla_hours);
		$take->(kind => kind()) if chance(0.3);
		$take->(sla_hours => sla_hours()) if chance(0.5);
		$take->(team_id => team(inactive => 1)) if chance(0.4);
		for ([ assignee_id => \&staff, 'staff' ], [ user_id => \&customer, 'customers' ])
		{
			my ($column, $value, $known) = @$_;
			next if chance(0.5);
			($row{$column}) = $value->();
			push @states, '23503' if !exists $m->{$known}{ $row{$column} };
		}
		$row{is_enabled} = chance(0.9) ? 1 : 0;
		my @own = qw(name priority kind team_id assignee_id user_id sla_hours);
		return statement('INSERT INTO taskq_schedule (title_template, is_enabled, ' . join(', ', sort(keys %$columns), @own) . ') VALUES ('
			  . join(', ', lit($row{title}), $row{is_enabled} ? 'true' : 'false', (map { $columns->{$_} } sort keys %$columns), map { lit($row{$_}, $type_of{$_}) } @own) . ') RETURNING id',
			undef, states => \@states,
			after => sub { $m->{schedules}{ $_[0][0][0] } = { %$s, %row, handled => undef, next => $row{is_enabled} ? -9**99 : undef, runs => {}, tasks => {} }; });
	}
	return if !@ids;
	my $id = pick(@ids);
	if ($kind < 0.5)
	{
		my $count = chance(0.05) ? pick(0, 1001) : 1 + int(rand(5));
		my @expected = map { join(' ', map { iso_date($_) } @$_) } next_dates($m->{schedules}{$id}, $count) if $count > 0 && $count < 1001;
		return statement('SELECT date, due_date, created_on FROM taskq_schedule_dates(' . q_($m->{schedules}{$id}{name}) . ", $count)", undef, states => [ $count < 1 || $count > 1000 ? '22023' : () ],
			reads => 1, after => sub {
				my @got = map { "@$_" } @{ $_[0] };
				difference("dates of schedule $id", join(', ', @expected), join(', ', @got)) if "@expected" ne "@got" && "@got" !~ /BC/;
			});
	}
	if ($kind < 0.65)
	{
		my $enabled = chance(0.6) ? 1 : 0;
		return statement('UPDATE taskq_schedule SET is_enabled = ' . ($enabled ? 'true' : 'false') . " WHERE id = $id",
			sub { change_schedule($_[0], $_[0]{schedules}{$id}, { is_enabled => $enabled }); return; });
	}
	if ($kind < 0.85)
	{
		my ($columns, $s, @states) = rhythm();
		return statement('UPDATE taskq_schedule SET ' . join(', ', map { "$_ = $columns->{$_}" } sort keys %$columns) . " WHERE id = $id",
			sub { change_schedule($_[0], $_[0]{schedules}{$id}, $s) if !@states; return; }, states => \@states);
	}
	if ($kind < 0.9)
	{
		return statement("UPDATE taskq_schedule SET " . pick('handled_until', 'next_check_on') . " = '2020-01-01' WHERE id = $id", undef, states => ['23514']);
	}
	return statement("DELETE FROM taskq_schedule WHERE id = $id", sub { delete $_[0]{schedules}{$id}; return; });
}

# After a sweep: what it has done of schedules is what the model says it must do, and if all were swept, all is done.
sub settle_schedules
{
	my (%option) = @_;
	my %stored = map { $_->[0] => $_ } @{ query("SELECT id, handled_until, next_check_on FROM taskq_schedule") };
	my $as_day = sub { my ($day) = @_; return !defined $day ? undef : $day eq 'infinity' ? 9**99 : $day eq '-infinity' ? -9**99 : $day =~ /BC/ ? $day : day_number($day) };
	my $state = sub { join(' ', map { $_ // 'NULL' } @_) };
	my %runs;
	$runs{ $_->[0] }{ $_->[1] } = join(' ', map { $_ // '' } @$_[ 2 .. 5 ]) for @{ query('SELECT schedule_id, date, since, dates, outcome, due_date FROM taskq_schedule_run') };
	for my $id (sort { $a <=> $b } keys %{ $m->{schedules} })
	{
		my $s = $m->{schedules}{$id};
		my $got = $state->(map { $as_day->($_) } @{ $stored{$id} }[ 1, 2 ]);
		# Once a day calendars are looked at for new rules of their time zones, and then the schedules that have one.
		$s->{next} = -9**99 if $s->{business_day} ne 'SAME' && ($stored{$id}[2] // '') eq '-infinity';
		refresh_schedule($m, $s) if is_due($m, $s) && ($option{all} || $got ne $state->(@$s{qw(handled next)}));
		difference("handled_until and next_check_on of schedule $id", $state->(@$s{qw(handled next)}), $got) if $got ne $state->(@$s{qw(handled next)});
		difference("runs of schedule $id", $s->{runs}, $runs{$id}) if $json->encode($s->{runs}) ne $json->encode($runs{$id} // {});
	}
	return;
}

# The model's row of a task that a schedule has made.
sub scheduled_task
{
	my ($id, $created_at) = @_;
	my $run = query("SELECT schedule_id, date FROM taskq_schedule_run WHERE task_id = $id")->[0] or return undef;
	my $task = delete $m->{schedules}{ $run->[0] }{tasks}{ $run->[1] };
	difference("task of schedule $run->[0] for $run->[1]", 'none', $id) if !$task;
	my $row = create_task($m, %$task, id => $id, created_at => $created_at);
	$row->{last} = $row->{status};
	return $row;
}

# ---------------------------------------------------------------- renewals

# What must hold of renewals and crossings right after everything was swept.
sub check_renewals
{
	my $today = iso_date(today($m));
	my $bad = query(qq{
		SELECT 'not crossed: ' || r.id || ' ' || r.due_date || ' ' || l.days_before
		FROM taskq_renewal r CROSS JOIN LATERAL taskq_renewal_ladder(r.service_type) l
		WHERE r.status = 'ACTIVE' AND r.due_date - l.days_before <= '$today'::date
		  AND NOT EXISTS (SELECT FROM taskq_renewal_crossing x
			WHERE x.renewal_id = r.id AND x.due_date = r.due_date AND x.days_before = l.days_before)
		UNION ALL SELECT 'overdue and ACTIVE: ' || r.id FROM taskq_renewal r WHERE r.status = 'ACTIVE' AND r.due_date < '$today'::date
		UNION ALL SELECT 'crossed too early: ' || x.id FROM taskq_renewal_crossing x WHERE x.due_date - x.days_before > x.crossed_at::date + 7
		UNION ALL SELECT 'task of a closed renewal is active: ' || t.id FROM taskq_renewal r
			JOIN taskq_renewal_crossing x ON x.renewal_id = r.id JOIN taskq_task t ON t.id = x.task_id
			WHERE r.status IN ('COMPLETED', 'CANCELLED') AND t.completed_at IS NULL AND t.cancelled_at IS NULL
		UNION ALL SELECT 'two active tasks: ' || x.renewal_id FROM taskq_renewal_crossing x JOIN taskq_task t ON t.id = x.task_id
			WHERE t.completed_at IS NULL AND t.cancelled_at IS NULL GROUP BY x.renewal_id HAVING count(DISTINCT t.id) > 1
		UNION ALL SELECT 'task made twice: ' || x.task_id FROM taskq_renewal_crossing x WHERE x.outcome = 'task created' GROUP BY x.task_id HAVING count(*) > 1
		UNION ALL SELECT 'active task that belongs to no renewal: ' || t.id FROM taskq_task t WHERE t.source = 'RENEWAL' AND t.completed_at IS NULL AND t.cancelled_at IS NULL
			AND NOT EXISTS (SELECT FROM taskq_renewal_crossing x WHERE x.task_id = t.id)
		UNION ALL SELECT 'without a task: ' || r.id FROM taskq_renewal r JOIN taskq_customer c ON c.id = r.user_id
			WHERE r.status = 'ACTIVE' AND c.is_active
			  AND EXISTS (SELECT FROM taskq_renewal_ladder(r.service_type) l WHERE l.task_priority IS NOT NULL AND r.due_date - l.days_before <= '$today'::date)
			  AND NOT EXISTS (SELECT FROM taskq_renewal_crossing x WHERE x.renewal_id = r.id AND x.due_date = r.due_date
				AND x.outcome IN ('task created', 'task raised', 'superseded'))
		UNION ALL SELECT 'task for another due date: ' || t.id FROM taskq_renewal r
			JOIN taskq_renewal_crossing x ON x.renewal_id = r.id JOIN taskq_task t ON t.id = x.task_id
			WHERE t.completed_at IS NULL AND t.cancelled_at IS NULL AND t.started_at IS NULL
			GROUP BY r.id, r.due_date, t.id HAVING NOT bool_or(x.due_date = r.due_date AND x.outcome IN ('task created', 'task raised'))});
	difference('renewals', 'nothing', $bad->[0][0]) if @$bad;
	return;
}

# A renewal as the model knows it, from the id that the server gave.
sub take_over_renewal
{
	my ($row, $holder, $id) = @_;
	difference('id of a renewal that is there', $holder, $id) if defined $holder && $id != $holder;
	difference('id of a new renewal', 'a new one', $id) if !defined $holder && $m->{renewals}{$id};
	$m->{renewals}{$id} //= {%$row};
	return;
}

sub do_renewal
{
	my $kind = rand();
	my @ids = sort { $a <=> $b } keys %{ $m->{renewals} };
	if ($kind < 0.35 || !@ids)
	{
		my ($who, @bad) = customer();
		my ($agent, @bad_agent) = chance(0.5) ? undef : staff();
		push @bad, '22023' if $who eq '' || length $who > 255;
		push @bad, '23503' if !$m->{customers}{$who};
		my ($due, @bad_due) = due_date();
		push @bad_due, '22023' if !defined $due;
		$due = iso_date($base + int(rand(110)) - 10) if defined $due && !@bad_due;
		my ($every, $rhythm, @bad_every) = chance(0.6) ? undef : @{ pick([ '1 month', [ 1, 0 ] ], [ '1 year', [ 12, 0 ] ], [ '90 days', [ 0, 90 ] ], [ '1 month 10 days', [ 1, 10 ] ], [ '1 hour', undef, '22023' ]) };
		my $type = chance(0.05) ? pick('', 'x' x 101) : pick('permit', 'policy', 'visa é');
		push @bad, '22023' if $type eq '' || length $type > 100;
		my ($notes, @bad_notes) = note();
		my $reference = chance(0.3) ? words() : undef;
		# Now and then one that is there already.
		if (chance(0.3) && @ids && !@bad_due)
		{
			my $row = $m->{renewals}{ pick(@ids) };
			($type, $due, $reference) = @$row{qw(service_type due_date reference)};
			($who, @bad) = ($row->{user_id}, $m->{customers}{ $row->{user_id} } ? () : '23503');
		}
		my $row = { user_id => $who, service_type => $type, due_date => $due, reference => $reference, assignee_id => $agent, every => $rhythm };
		my $holder = same_renewal($m, $row);
		return statement('SELECT taskq_renewal_create(' . join(', ', lit($who), lit($type), lit($due, 'date'), lit($agent), lit($reference), lit($notes), lit($every, 'interval')) . ')',
			undef, states => [ @bad, @bad_agent, @bad_due, @bad_notes, @bad_every ], level => 'agent',
			after => sub { take_over_renewal($row, $holder, $_[0][0][0]); });
	}
	my $id = pick(@ids);
	my $row = $m->{renewals}{$id};
	if ($kind < 0.5)
	{
		my ($next, @bad) = due_date();
		push @bad, '22023' if defined $next && !@bad && day_number($next) <= day_number($row->{due_date});
		return statement('SELECT taskq_renewal_complete(' . pick('NULL', '-1', '0') . ', ' . lit($next, 'date') . ')', undef,
			states => [ 'P0002', @bad ], level => 'agent') if chance(0.1);
		my $given = lit($next, 'date');
		my $anchor = $row->{every} ? $row->{anchor} // $row->{due_date} : undef;
		# One that recurs opens its next cycle by itself.
		if (!defined $next && $row->{every})
		{
			my $date = first_after({ starts_on => day_number($anchor), months => $row->{every}[0], days => $row->{every}[1] }, day_number($row->{due_date}));
			$next = iso_date($date) if defined $date;
		}
		push @bad, '23503' if defined $next && !$m->{customers}{ $row->{user_id} };
		my $cycle = { %$row, due_date => $next, closed => 0, anchor => $anchor };
		my $holder = same_renewal($m, $cycle);
		return statement("SELECT taskq_renewal_complete($id, $given)", sub { return close_renewal($_[0], $id, 1); },
			states => \@bad, level => 'agent',
			after => sub {
				my $new = $_[0][0][0];
				difference("next cycle of renewal $id", $next, $new) if defined $next != defined $new;
				take_over_renewal($cycle, $holder, $new) if defined $next;
				@{ $m->{renewals}{$new} }{qw(every anchor)} = ($row->{every}, $anchor) if defined $next && $row->{every} && !$m->{renewals}{$new}{every};
			});
	}
	if ($kind < 0.6)
	{
		my ($reason, @bad) = note();
		return statement("SELECT id FROM taskq_renewal_cancel($id, " . lit($reason) . ')', sub { return close_renewal($_[0], $id, 0, $reason); },
			states => \@bad, level => 'agent');
	}
	if ($kind < 0.63)
	{
		my $status = pick(qw(COMPLETED CANCELLED));
		return statement("UPDATE taskq_renewal SET status = '$status' WHERE id = $id", sub { return close_renewal($_[0], $id, $status eq 'COMPLETED'); });
	}
	if ($kind < 0.73)
	{
		my $due = chance(0.3) ? $m->{renewals}{ pick(@ids) }{due_date} : iso_date($base + int(rand(110)) - 10);
		return statement('UPDATE taskq_renewal SET due_date = ' . q_($due) . " WHERE id = $id", sub { return move_renewal($_[0], $id, $due); });
	}
	if ($kind < 0.78)
	{
		my ($agent) = chance(0.3) ? undef : pick(sort keys %{ $m->{staff} });
		my ($theirs) = query('SELECT s.id FROM taskq_customer c LEFT JOIN taskq_staff_member s ON s.id = c.assigned_agent_id AND s.is_active WHERE c.id = ' . q_($row->{user_id}))->[0][0];
		return statement('UPDATE taskq_renewal SET assignee_id = ' . lit($agent) . " WHERE id = $id", sub { return assign_renewal($_[0], $id, $agent, $theirs); });
	}
	if ($kind < 0.82)
	{
		my ($text, @states) = @{ pick(
				[ "INSERT INTO taskq_renewal_threshold (service_type, days_before, task_priority, title_template) VALUES (" . pick("'permit'", 'NULL', "'policy'") . ', ' . int(rand(100)) . ', ' . pick("'HIGH'", "'HIGH'", 'NULL') . ", 'Do {{renewal.service_type}} {{customer.name}}') ON CONFLICT DO NOTHING" ],
				[ 'DELETE FROM taskq_renewal_threshold WHERE id = (SELECT min(id) FROM taskq_renewal_threshold)' ],
				[ "INSERT INTO taskq_renewal_threshold (days_before) VALUES (-2)", '23514' ],
				[ "INSERT INTO taskq_renewal_threshold (days_before, title_template) VALUES (5, '{{')", '23514' ]) };
		return statement($text, undef, states => \@states);
	}
	if ($kind < 0.9) { return statement('SELECT outcome FROM taskq_renewals_refresh(true)', undef, level => 'manager', may_fail => ['42501']) if !$as_role; }
	return statement('SELECT outcome FROM taskq_renewals_refresh()', undef, renewals => 1, level => 'agent',
		may_fail => $as_role ? ['42501'] : [], after => sub { as_owner(\&check_renewals); });
}

# -------------------------------------------------------------------- rules

my @templates = ('Look at {{new.name}}', '{{task.title}}', '{{ a.b.0 }}', 'plain', '{{a}}{{b}}{{c}}', '🦊 {{new.é}}', '{{', '}}', '{{}}', '{{a b}}', '{{.a}}', '{{a..b}}', '{{a.}}', '{ {a} }', '{{{a}}}', '{{a-b}}', '{{9a}}', '{{0}}');
my @payloads = (
	'{}', '{"new":{"name":"passport","é":"x","n":1.50},"a":{"b":[1,"two",{"c":null}]},"b":true,"c":false}',
	'{"a":"{{b}}","b":"{{a}}","c":[]}', '{"0":"zero","a":[[["deep"]]],"a-b":"dash"}', '{"new":{"customer_id":"cus_1","status":"REJECTED"},"task":{"id":1}}',
	'{"task":{"id":"x"},"new":null}', '{"task":{"id":99999999999999999999}}', '{"a":"' . ('é' x 300) . '"}');

sub do_render
{
	my $template = join('', map { pick(@templates, ' ') } 1 .. 1 + int(rand(3)));
	my $payload = pick(@payloads, '[1,{"a":"in"}]', '"scalar"', '3', 'null', 'true');
	my $expected = rendered($template, $json->decode($payload));
	return statement('SELECT taskq_render(' . lit($template) . ', ' . lit($payload, 'jsonb') . ')', undef, states => [ defined $expected ? () : '22023' ],
		reads => 1, level => 'viewer', may_fail => $as_role ? ['42501'] : [], after => sub {
			my $got = $_[0][0][0];
			return if $expected =~ /\0json/ || $template =~ /n\.n/;
			difference('rendered template', $expected, $got) if $got ne $expected;
		});
}

# A rule, and the SQLSTATEs that it brings about.
sub some_rule
{
	my @states;
	my ($title, $key) = (pick(undef, @templates), pick(undef, undef, 'rule-{{new.name}}', 'k1', '{{task.id}}', '{{'));
	for ($title, $key) { push @states, '23514' if defined && !defined rendered($_, {}); }
	my $event = pick('my.event', 'doc.changed', 'task.created', 'task.completed', 'task.overdue', 'task.cancelled', 'task.sla_breached', 'renewal.threshold_crossed', 'renewal.overdue', 'task.nonsense', '');
	push @states, '23514' if $event eq '' || $event eq 'task.nonsense';
	my $action = pick(qw(CREATE_TASK CREATE_TASK ESCALATE ASSIGN DELETE));
	push @states, '23514' if $action eq 'DELETE';
	my $strategy = pick(undef, 'CUSTOMER_AGENT', 'LEAST_LOADED', 'RANDOM');
	my ($team, @bad_team) = chance(0.6) ? undef : team(inactive => 1);
	push @states, @bad_team;
	push @states, '23514' if ($strategy // '') eq 'RANDOM' || ($action eq 'ASSIGN' && !defined $strategy && !defined $team);
	my ($condition, @bad) = @{ pick([undef], [undef], ['$.new.status == "REJECTED"'], ['$.task.priority == "LOW"'], ['exists($.a)'], ['$['], ['$.a'], ['$.new.status ? (@ == "REJECTED")']) };
	push @states, '42601', '22P02' if defined $condition && $condition eq '$[';
	push @states, '23514' if defined $condition && $condition =~ /^\$\.a$|\?/;
	my $priority = pick(undef, qw(LOW URGENT));
	my $days = chance(0.1) ? -1 : pick(undef, 0, 3);
	push @states, '23514' if defined $days && $days < 0;
	return ({ event => $event, condition => $condition, action => $action, title => $title, key => $key, priority => $priority,
			days => $days, strategy => $strategy, team => $team }, @states);
}

sub do_rule
{
	if (chance(0.25) || ($m->{rules} // 0) > 6)
	{
		return statement('DELETE FROM taskq_workflow_rule WHERE id = (SELECT min(id) FROM taskq_workflow_rule)',
			sub { my ($model) = @_; $model->{rules}-- if $model->{rules}; shift @{ $model->{rule} }; return; });
	}
	my $name = "rule $n";
	my $odd = chance(0.4);
	my ($rule, @states);
	do { ($rule, @states) = some_rule() } while (@states && !$odd);
	return statement('INSERT INTO taskq_workflow_rule (name, event, condition, action, title_template, priority, due_in_days, sla_hours, assignee_strategy, dedupe_key, team_id) VALUES ('
		  . join(', ', q_($name), q_($rule->{event}), lit($rule->{condition}, 'jsonpath'), q_($rule->{action}), lit($rule->{title}), lit($rule->{priority}),
			lit($rule->{days}, 'int'), lit(chance(0.3) ? 2.5 : undef, 'float8'), lit($rule->{strategy}), lit($rule->{key}), lit($rule->{team})) . ')',
		sub {
			my ($model) = @_;
			$model->{rules}++;
			push @{ $model->{rule} }, { %$rule, name => $name };
			return;
		}, states => \@states);
}

sub do_emit
{
	my ($event, @states) = chance(0.1) ? (pick(undef, '', 'task.created', 'renewal.x', 'e' x 101), '22023') : pick('my.event', 'nobody.listens', 'é' x 100);
	my ($payload, @bad) = chance(0.1) ? @{ pick([ '[]', '22023' ], [ '3', '22023' ], [ '{', '22P02' ], [ undef, '22023' ]) } : pick(@payloads);
	my ($who, @bad_who) = chance(0.5) ? undef : customer();
	my $kind = rand();
	if ($kind < 0.25)
	{
		@states = () if defined $event && $event =~ /^(?:task|renewal)/;
		return statement('SELECT count(*) FROM taskq_emit_dry_run(' . join(', ', lit($event), lit($payload, 'jsonb'), lit($who)) . ')', undef,
			states => [ @states, @bad, @bad_who ], level => 'manager', may_fail => $as_role ? ['42501'] : []);
	}
	if ($kind < 0.5)
	{
		return statement(pick("INSERT INTO fuzz_document (name, status) VALUES (" . lit(pick(undef, words(), '{{new.name}}', "line\nline", 'x' x 500)) . ", 'REJECTED')",
				"UPDATE fuzz_document SET status = " . pick("'REJECTED'", "'DONE'") . ' WHERE id % 3 = 0', 'DELETE FROM fuzz_document WHERE id % 5 = 0'));
	}
	return statement('SELECT * FROM taskq_emit(' . join(', ', lit($event), lit($payload, 'jsonb'), lit($who)) . ')', undef,
		states => [ @states, @bad, @bad_who ], level => 'agent', after => sub { as_owner(sub { check_runs($event, $json->decode($payload)) }); });
}

# The first runs of an event that has been emitted.
sub check_runs
{
	my ($event, $payload) = @_;
	my @expected = runs_of($m, $event, $payload);
	my $runs = query("SELECT r.rule_name, r.outcome, r.message, t.title FROM taskq_workflow_run r LEFT JOIN taskq_task t ON t.id = r.task_id AND r.outcome = 'created'
		WHERE r.id > $m->{last_run} AND r.event = " . q_($event) . ' AND r.depth = 1 ORDER BY r.id');
	difference('rules fired', join(', ', map { $_->{rule} } @expected), join(', ', map { $_->[0] } @$runs)) if @expected != @$runs;
	for my $expected (@expected)
	{
		my ($rule, $outcome, $message, $title) = @{ shift @$runs };
		difference('rule fired', $expected->{rule}, $rule) if $expected->{rule} ne $rule;
		difference("outcome of $rule", $expected->{outcome}, "$outcome: " . ($message // '')) if $outcome !~ /^(?:$expected->{outcome})$/;
		difference("message of $rule", $expected->{message}, $message // '') if ($message // '') !~ $expected->{message};
		difference("title by $rule", $expected->{title}, $title)
		  if $outcome eq 'created' && defined $expected->{title} && $expected->{title} ne $title;
	}
	return;
}

# ------------------------------------------------------- roles, transactions

sub do_role
{
	my $role = pick(qw(fuzz_a fuzz_b));
	if (chance(0.3))
	{
		my ($text, $state) = @{ pick([ "SELECT taskq_grant('nobody_here', 'agent')", '42704' ], [ "SELECT taskq_grant('fuzz_a', 'king')", '22023' ],
				[ "SELECT taskq_grant(NULL, 'agent')", '22023' ], [ "SELECT taskq_grant('fuzz_a', NULL)", '22023' ], [ 'SELECT taskq_revoke(NULL)', '22023' ],
				[ "SELECT taskq_revoke('nobody_here')", '42704' ]) };
		return statement($text, undef, states => [$state]);
	}
	return statement("SELECT taskq_revoke('$role')", sub { $_[0]{roles}{$role} = undef; return; }) if chance(0.2);
	my $level = pick(qw(viewer agent manager));
	return statement("SELECT taskq_grant('$role', '$level')", sub { $_[0]{roles}{$role} = $level; return; });
}

# Something of the API as somebody with a level, or none.
sub do_as_role
{
	$as_role = pick(qw(fuzz_a fuzz_b));
	$dbh->do("SET ROLE $as_role");
	pick(\&do_create, \&do_create_json, \&do_create_many_json, \&do_verb, \&do_verb, \&do_claim, \&do_page, \&do_count, \&do_stats)->();
	$as_role = undef;
	$dbh->do('RESET ROLE');
	return;
}

sub transaction_command
{
	my ($text) = @_;
	$sql = $text;
	$n++;
	$dbh->do($text) or difference('a transaction command', 'success', $dbh->errstr);
	return;
}

sub do_transaction
{
	if (!@transaction)
	{
		transaction_command(pick('BEGIN', 'BEGIN', 'BEGIN ISOLATION LEVEL REPEATABLE READ', 'BEGIN ISOLATION LEVEL SERIALIZABLE'));
		push @transaction, dclone($m);
		return;
	}
	my $kind = rand();
	if ($kind < 0.4)
	{
		transaction_command('SAVEPOINT s' . @transaction);
		push @transaction, dclone($m);
	}
	elsif ($kind < 0.6 && @transaction > 1)
	{
		$m = pop @transaction;
		transaction_command('ROLLBACK TO s' . @transaction);
		compare();
	}
	elsif ($kind < 0.7 && @transaction > 1)
	{
		pop @transaction;
		transaction_command('RELEASE s' . @transaction);
	}
	else { end_transaction(chance(0.6)); }
	return;
}

sub end_transaction
{
	my ($commit) = @_;
	transaction_command($commit ? 'COMMIT' : 'ROLLBACK');
	$m = $transaction[0] if !$commit;
	@transaction = ();
	compare();
	return;
}

# ---------------------------------------------------------------- invariants

# What must hold at any time, checked without the model.
sub check_all
{
	$sql = 'what holds at any time';
	my $bad = query(q{
		SELECT 'not a chain: event ' || id FROM (SELECT id, from_status, lag(to_status) OVER (PARTITION BY task_id ORDER BY id) AS before
			FROM taskq_task_event) e WHERE from_status <> before
		UNION ALL SELECT 'no end of the chain: task ' || t.id FROM taskq_task t
			JOIN LATERAL (SELECT to_status FROM taskq_task_event e WHERE e.task_id = t.id ORDER BY id DESC LIMIT 1) l ON l.to_status <> t.status
		UNION ALL SELECT 'dedupe_key twice: ' || dedupe_key FROM taskq_task WHERE completed_at IS NULL AND cancelled_at IS NULL
			GROUP BY dedupe_key HAVING count(*) > 1 AND dedupe_key IS NOT NULL
		UNION ALL SELECT 'crossed twice: ' || renewal_id FROM taskq_renewal_crossing GROUP BY renewal_id, due_date, days_before HAVING count(*) > 1
		UNION ALL SELECT 'breach not in the history: task ' || t.id FROM taskq_task t WHERE t.sla_breached_at IS NOT NULL
			AND NOT EXISTS (SELECT FROM taskq_task_event e WHERE e.task_id = t.id AND e.kind = 'sla_breached')
		UNION ALL SELECT 'breached twice: task ' || task_id FROM (SELECT task_id, kind,
				lag(kind) OVER (PARTITION BY task_id ORDER BY id) AS before FROM taskq_task_event
				WHERE kind = 'sla_breached' OR kind = 'sla_changed' OR changes ? 'sla_hours') e
			WHERE kind = 'sla_breached' AND before = 'sla_breached'
		UNION ALL SELECT 'an event of no task: ' || e.id FROM taskq_task_event e WHERE NOT EXISTS (SELECT FROM taskq_task t WHERE t.id = e.task_id)
		UNION ALL SELECT 'a key with a hole: ' || dedupe_key FROM taskq_task WHERE source = 'WORKFLOW' AND dedupe_key IN ('rule-', '')
		UNION ALL SELECT 'a text that cost the task: ' || message FROM taskq_workflow_run WHERE message ~ '^(title|description) must'
		UNION ALL SELECT 'a run that failed strangely: ' || message FROM taskq_workflow_run WHERE outcome = 'failed'
			AND message ~ '(?i)internal|cache lookup|unexpected|invalid memory|could not find|unrecognized'});
	difference('what holds at any time', 'nothing', $bad->[0][0]) if @$bad;
	return;
}

# Few tasks stay, so that calls meet the same ones again.
sub keep_few
{
	return if keys %{ $m->{tasks} } < 120;
	# Rules may make more tasks of those that are cancelled than there were.
	statement('DELETE FROM taskq_workflow_rule', sub { my ($model) = @_; @{$model}{qw(rules rule)} = (0, []); return; }) if keys %{ $m->{tasks} } > 1000;
	my ($array) = "'{" . join(',', grep { is_active($m->{tasks}{$_}) && chance(0.5) } sort { $a <=> $b } keys %{ $m->{tasks} }) . "}'::bigint[]";
	my @ids = $array =~ /\d+/g;
	statement("SELECT id FROM taskq_cancel_many($array)", sub { my ($model) = @_; return map { update($model, $model->{tasks}{$_}, { status => 'CANCELLED' }) } grep { $model->{tasks}{$_} } sort { $a <=> $b } @ids; });
	statement('DELETE FROM taskq_task WHERE completed_at IS NOT NULL OR cancelled_at IS NOT NULL', sub {
			my ($model) = @_;
			is_active($_) or delete $model->{tasks}{ $_->{id} } for values %{ $model->{tasks} };
			return;
		});
	return;
}

# -------------------------------------------------------------------- main

$dbh->do($_) or die $dbh->errstr for (
	'CREATE EXTENSION taskq', 'CREATE ROLE fuzz_a', 'CREATE ROLE fuzz_b', "SET client_min_messages = error", 'SET jit = off',
	'CREATE TABLE fuzz_staff (id text PRIMARY KEY, name text, active boolean)',
	"CREATE TRIGGER mirror AFTER INSERT OR UPDATE OR DELETE ON fuzz_staff FOR EACH ROW EXECUTE FUNCTION taskq_mirror('staff', 'id', 'name', 'active')",
	'CREATE TABLE fuzz_team (id text PRIMARY KEY, name text, active boolean)', 'CREATE TABLE fuzz_member (team text, staff text)',
	"CREATE TRIGGER mirror AFTER INSERT OR UPDATE OR DELETE ON fuzz_team FOR EACH ROW EXECUTE FUNCTION taskq_mirror('team', 'id', 'name', 'active')",
	"CREATE TRIGGER mirror AFTER INSERT OR UPDATE OR DELETE ON fuzz_member FOR EACH ROW EXECUTE FUNCTION taskq_mirror('team_member', 'team', 'staff')",
	"SELECT taskq_calendar_set('weekdays', 'UTC', 'Mon-Fri 09:00-17:00')",
	'CREATE TABLE fuzz_document (id serial PRIMARY KEY, name text, status text)',
	"CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE ON fuzz_document FOR EACH ROW EXECUTE FUNCTION taskq_emit_change('doc.changed', 'status')",
	"INSERT INTO taskq_staff_member SELECT 'sta_' || g, 'Staff ' || g FROM generate_series(1, 6) g",
	"INSERT INTO taskq_customer SELECT 'cus_' || g, 'Customer ' || g, 'sta_' || g FROM generate_series(1, 4) g",
	"INSERT INTO taskq_team SELECT 'team_' || g, 'Team ' || g FROM generate_series(1, 3) g",
	"INSERT INTO taskq_team_member SELECT 'team_' || g, 'sta_' || g FROM generate_series(1, 3) g");
$m->{staff}{"sta_$_"} = 1 for 1 .. 6;
$m->{teams}{"team_$_"} = $m->{members}{"sta_$_"}{"team_$_"} = 1 for 1 .. 3;
@{$m}{qw(customers names)} = ({ map { ("cus_$_" => 1) } 1 .. 4 }, { map { ("cus_$_" => "Customer $_") } 1 .. 4 });

my @actions = (
	[ create => 14, \&do_create ], [ json => 5, \&do_create_json ], [ many_json => 2, \&do_create_many_json ], [ verb => 34, \&do_verb ], [ claim => 3, \&do_claim ],
	[ follow_up => 3, \&do_follow_up ], [ hand_over => 2, \&do_hand_over ],
	[ team => 3, \&do_team ], [ policy => 4, \&do_policy ], [ merge => 1, \&do_merge ], [ schedule => 4, \&do_schedule ],
	[ insert => 6, \&do_insert ], [ update => 9, \&do_update ], [ delete => 2, \&do_delete ], [ forbidden => 2, \&do_forbidden ],
	[ sweep => 4, \&do_sweep ], [ timezone => 3, \&do_timezone ], [ purge => 1, \&do_purge ],
	[ page => 4, \&do_page ], [ bad_page => 3, \&do_bad_page ], [ count => 4, \&do_count ], [ stats => 4, \&do_stats ], [ read => 5, \&do_read ],
	[ directory => 4, \&do_directory ], [ renewal => 6, \&do_renewal ], [ render => 3, \&do_render ],
	[ role => 1, \&do_role ], [ as_role => 3, \&do_as_role ], [ transaction => 7, \&do_transaction ]);
# Rules make tasks less predictable: only in every other run.
push @actions, [ rule => 3, \&do_rule ], [ emit => 4, \&do_emit ] if $seed % 2;

my @urn = map { my ($name, $weight, $code) = @$_; ([ $name, $code ]) x $weight } @actions;
my $checked = 0;
do_timezone();
while ($n < $statements)
{
	my ($name, $code) = @{ pick(@urn) };
	$done{$name}++;
	$code->();
	keep_few();
	if ($n - $checked >= 100) { check_all(); $checked = $n; }
}
end_transaction(1) if @transaction;
check_all();
print 'calls: ', join(', ', map { "$_ $done{$_}" } sort keys %done), "\n";
print 'SQLSTATEs: ', join(', ', map { "$_ $seen{$_}" } sort keys %seen), "\n";
my $failed = query("SELECT regexp_replace(message, '[0-9\"].*', ''), count(*) FROM taskq_workflow_run WHERE outcome = 'failed' GROUP BY 1 ORDER BY 2 DESC LIMIT 5");
print "rules failed: $_->[1] times: $_->[0]\n" for @$failed;
printf "no difference in %d statements, %.0f s\n", $n, time - $began;
