# A model of what taskq promises of a task, with which the fuzzer compares it.
#
# A model is a plain structure, so that a savepoint is a copy of it:
#
#   tasks      id => row; stamps in microseconds, texts as they are; pauses that are over
#   staff      id => whether active
#   customers  id => whether active
#   names      id => name of a customer
#   merged     id of a customer => that of the one it was merged into
#   teams      id => whether active
#   members    id of a member of staff => { id of a team => 1 }
#   policies   name => row of taskq_sla_policy
#   renewals   id => row, as far as it decides what a call does
#   schedules  id => see Recur.pm
#   roles      role => level or undef
#   offset     hours that taskq.timezone is ahead of UTC
#   rule       rules in the order of their ids
#
# A write returns undef, or the SQLSTATEs of which it must fail with one.
package Model;

use strict;
use warnings;
use Exporter 'import';
use JSON::PP;
use POSIX qw(floor);

our @EXPORT = qw(today effective touch update create_task kept_title sla_status reported_status ever_breached at_risk_is_news responds_late sort_key rank is_active sla_instants
	day_number iso_date stored_events same_renewal move_renewal close_renewal assign_renewal merge_customer rendered runs_of $now);

our $now;    # the statement's instant, in microseconds

my %rank = (URGENT => 1, HIGH => 2, MEDIUM => 3, LOW => 4);
my %kind_of = (
	title => 'edited',
	description => 'edited',
	priority => 'prioritized',
	due_date => 'rescheduled',
	sla_hours => 'sla_changed',
	assignee_id => 'assigned',
	user_id => 'updated',
	team_id => 'assigned',
	sla_policy => 'sla_changed',
	dedupe_key => 'updated',
	kind => 'updated',
	labels => 'edited',
	attributes => 'edited',
	response_hours => 'sla_changed',
	paused_at => 'paused',
	pause_reason => 'paused',
	resume_at => 'paused');

sub rank { return $rank{ $_[0] }; }

# Days since 1970-01-01 and back, by Fliegel and Van Flandern's arithmetic.
sub day_number
{
	my ($iso) = @_;
	my ($y, $m, $d) = $iso =~ /^(\d+)-(\d\d)-(\d\d)$/ or die "no date: $iso";
	$y-- if $m <= 2;
	my $era = floor($y / 400);
	my $yoe = $y - $era * 400;
	my $doy = floor((153 * ($m + ($m > 2 ? -3 : 9)) + 2) / 5) + $d - 1;
	return $era * 146097 + $yoe * 365 + floor($yoe / 4) - floor($yoe / 100) + $doy - 719468;
}

sub iso_date
{
	my ($days) = @_;
	my $z = $days + 719468;
	my $era = floor($z / 146097);
	my $doe = $z - $era * 146097;
	my $yoe = floor(($doe - floor($doe / 1460) + floor($doe / 36524) - floor($doe / 146096)) / 365);
	my $doy = $doe - (365 * $yoe + floor($yoe / 4) - floor($yoe / 100));
	my $mp = floor((5 * $doy + 2) / 153);
	my $m = $mp + ($mp < 10 ? 3 : -9);
	return sprintf('%04d-%02d-%02d', $yoe + $era * 400 + ($m <= 2 ? 1 : 0), $m, $doy - floor((153 * $mp + 2) / 5) + 1);
}

sub today
{
	my ($model) = @_;
	return floor(($now / 1e6 + $model->{offset} * 3600) / 86400);
}

sub is_active { return !defined $_[0]{completed_at} && !defined $_[0]{cancelled_at}; }

sub past_due
{
	my ($model, $row) = @_;
	return defined $row->{due_date} && day_number($row->{due_date}) < today($model);
}

sub effective
{
	my ($model, $row) = @_;
	return $row->{status} if !is_active($row);
	return 'OVERDUE' if past_due($model, $row);
	return defined $row->{started_at} ? 'IN_PROGRESS' : 'OPEN';
}

# When a write to a row is stamped: now, or when the row was last if that is later.
sub instant
{
	my ($row) = @_;
	my $at = $now;
	for (grep { defined } @$row{qw(created_at started_at completed_at cancelled_at sla_breached_at)})
	{
		$at = $_ if $_ > $at;
	}
	return $at;
}

# When the deadline of a row is judged.
sub judged_at { return $_[0]{completed_at} // $_[0]{cancelled_at} // $now; }

sub sla_status
{
	my ($row) = @_;
	my $due = $row->{sla_due_at};
	return 'NONE' if !defined $due;
	return $row->{completed_at} > $due ? 'BREACHED' : 'MET' if defined $row->{completed_at};
	return $row->{cancelled_at} > $due ? 'BREACHED' : 'CANCELLED' if defined $row->{cancelled_at};
	return 'BREACHED' if $now > $due;
	return $now >= $row->{sla_at_risk_at} ? 'AT_RISK' : 'ON_TRACK';
}

# The same as reports have it: what is stamped in the future has not happened yet.
sub reported_status
{
	my ($row) = @_;
	my %so_far = (%$row, map { $_ => undef } grep { defined $row->{$_} && $row->{$_} > $now } qw(completed_at cancelled_at));
	return sla_status(\%so_far);
}

# Whether a task has ever missed a deadline.
sub ever_breached
{
	my ($row) = @_;
	return defined $row->{sla_first_breached_at} || reported_status($row) eq 'BREACHED';
}

# The keys of a page's order, ascending.
sub sort_key
{
	my ($sort, $row) = @_;
	my $due = defined $row->{due_date} ? day_number($row->{due_date}) : 9**99;
	return [ $due, rank($row->{priority}), $row->{id} ] if $sort eq 'due';
	return [ rank($row->{priority}), $due, $row->{id} ] if $sort eq 'priority';
	return [ -$row->{id} ] if $sort eq 'created';
	my $closed = $row->{completed_at} // $row->{cancelled_at};
	return [ defined $closed ? -$closed : 9**99, -$row->{id} ] if $sort eq 'closed';
	my $deadline = $row->{sla_due_at} // 9**99;
	return [ $deadline >= 9e18 ? 9**99 : $deadline, $row->{id} ];
}

# The first instant at which so much time has elapsed, less pauses until the clock stopped; infinity if a task is paused before it.
sub sla_instant
{
	my ($row, $span, $stopped) = @_;
	my $at = $row->{created_at};
	for my $pause (@{ $row->{pauses} // [] }, defined $row->{paused_at} ? [ $row->{paused_at}, 9e18 ] : ())
	{
		my ($begins, $ends) = @$pause;
		last if defined $stopped && $begins >= $stopped;
		$ends = $stopped if defined $stopped && $ends > $stopped;
		last if $at + $span <= $begins;
		$span -= $begins - $at if $begins > $at;
		$at = $ends if $ends > $at;
	}
	return $at >= 9e18 ? 9e18 : $at + $span;
}

sub sla_instants
{
	my ($row) = @_;
	my ($span, $response) = map { defined $_ ? floor($_ * 3600e6 + 0.5) : undef } @$row{qw(sla_hours response_hours)};
	$row->{sla_due_at} = defined $span ? sla_instant($row, $span) : undef;
	$row->{sla_at_risk_at} = defined $span ? sla_instant($row, floor($span / 100) * 80) : undef;
	$row->{response_due_at} = defined $response ? sla_instant($row, $response, $row->{started_at}) : undef;
	return;
}

# Whether a deadline of a clock, response or sla, was passed when it was judged.
sub is_late
{
	my ($clock, $row, $due) = @_;
	my $at = $clock eq 'response' && defined $row->{started_at} ? $row->{started_at} : judged_at($row);
	return defined $due && $at > $due;
}

# When the breach of a clock's deadline is recorded, undef if there is none.
sub breached_after
{
	my ($clock, $row, $new, $at) = @_;
	my ($hours, $due_at, $breached_at) = map { "${clock}_$_" } qw(hours due_at breached_at);
	my $late = is_late($clock, $new, $new->{$due_at});
	return $row->{$breached_at}
	  if defined $row->{$breached_at} && !differs($row->{$hours}, $new->{$hours}) && (!differs($row->{$due_at}, $new->{$due_at}) || $late);
	return $late ? $at : undef;
}

# Whether work did not begin in time, whether or not that is recorded.
sub responds_late
{
	my ($row) = @_;
	return defined $row->{response_breached_at} || (!defined $row->{started_at} && defined $row->{response_due_at} && $row->{response_due_at} < $now);
}

# Whether it is to be recorded that a task is at risk.
sub at_risk_is_news
{
	my ($row, $at) = @_;
	return 0 if !is_active($row) || !defined $row->{sla_due_at} || defined $row->{sla_breached_at} || defined $row->{paused_at};
	return $row->{sla_at_risk_at} <= $at && ($row->{sla_warned_at} // -9e18) < $row->{sla_at_risk_at};
}

# Puts the pause of a row that is written right, and notes one that ends.
sub pause_apply
{
	my ($row, $new, $at) = @_;
	$new->{pauses} = [ @{ $row->{pauses} // [] } ];
	if (defined $new->{paused_at} && is_active($new))
	{
		$new->{paused_at} = $row->{paused_at} // $at;
		return;
	}
	push @{ $new->{pauses} }, [ $row->{paused_at}, $at ] if defined $row->{paused_at};
	$new->{$_} = undef for qw(paused_at pause_reason resume_at);
	return;
}

sub differs
{
	my ($x, $y) = @_;
	return defined $x ? !defined $y || $x ne $y : defined $y;
}

# Why a task may not go from one active status to another; as in the table of
# the README.
sub refused
{
	my ($from, $to, $past, $started) = @_;
	return 0 if $from eq $to || $to eq 'CANCELLED';
	return $from eq 'OPEN' if $to eq 'COMPLETED';
	return !$past if $to eq 'OVERDUE';
	return $past if $to eq 'IN_PROGRESS';
	return $from eq 'IN_PROGRESS' || $past || $started;
}

# The most specific enabled policy that fits a row; undef if none does.
sub policy_that_fits
{
	my ($model, $row) = @_;
	my %weight = (user_id => 16, team_id => 8, kind => 4, priority => 2, source => 1);
	my ($best, $best_weight) = (undef, -1);
	for my $policy (grep { $_->{is_enabled} } values %{ $model->{policies} })
	{
		my $weight = 0;
		next if grep { defined $policy->{$_} && differs($policy->{$_}, $row->{$_}) } keys %weight;
		$weight += $weight{$_} for grep { defined $policy->{$_} } keys %weight;
		($best, $best_weight) = ($policy, $weight) if $weight > $best_weight;
	}
	return $best;
}

sub give_policy
{
	my ($row, $policy) = @_;
	@$row{qw(sla_policy sla_hours response_hours)} = $policy ? @$policy{qw(name sla_hours response_hours)} : ();
	return;
}

# Gives a row that is written the SLA of a policy, if one is named, or what a policy goes by has changed.
sub policy_apply
{
	my ($model, $row, $new, %option) = @_;
	my $verb = $option{verb} // '';
	my $asked = $verb eq 'apply_policy';
	return if !$asked && !defined $new->{sla_policy};
	if ($asked || differs($row->{sla_policy}, $new->{sla_policy}))
	{
		my $policy = defined $new->{sla_policy} ? $model->{policies}{ $new->{sla_policy} } : policy_that_fits($model, $new);
		return ['22023'] if !$policy;
		give_policy($new, $policy);
	}
	elsif ($verb eq 'set_sla' || grep { differs($row->{$_}, $new->{$_}) } qw(sla_hours response_hours)) { $new->{sla_policy} = undef; }
	elsif (grep { differs($row->{$_}, $new->{$_}) } qw(kind priority), $option{cascade} ? () : qw(user_id team_id))
	{
		give_policy($new, policy_that_fits($model, $new));
	}
	return;
}

# Whether a deadline is another.
sub moves
{
	my ($x, $y) = @_;
	return defined $x && defined $y ? abs($x - $y) > 1000 : defined $x || defined $y;
}

# A title as it is kept, without directional marks.
sub kept_title { return defined $_[0] ? $_[0] =~ s/[\x{200E}\x{200F}\x{61C}]//gr : undef; }

# An UPDATE of one task.  Options: verb (start, set_sla, apply_policy, merge), note, cascade (of a key).
sub update
{
	my ($model, $row, $set, %option) = @_;
	my @events;
	my %new = (%$row, map { $_ => $set->{$_} } grep { $_ ne 'status' } keys %$set);
	$new{title} = kept_title($new{title});
	my $from = effective($model, $row);
	my $to = $set->{status};
	my $at = instant($row);
	my @changed = grep { differs($row->{$_}, $new{$_}) } keys %kind_of;

	if (!is_active($row))
	{
		return ['23514'] if defined $to;
		return ['23514'] if !$option{cascade} && ($option{verb} // '') ne 'merge' && grep { differs($row->{$_}, $set->{$_}) } keys %$set;
		return if !@changed;
		push @{ $row->{events} }, [ (($option{verb} // '') eq 'merge' ? 'merged' : @changed > 1 ? 'updated' : $kind_of{ $changed[0] }), $from, $from ];
		@$row{ keys %new } = values %new;
		return;
	}
	for my $fixed (qw(id source created_at created_by started_at completed_at cancelled_at sla_due_at sla_at_risk_at sla_breached_at sla_first_breached_at
			sla_warned_at response_due_at response_breached_at))
	{
		return ['23514'] if exists $set->{$fixed} && differs($row->{$fixed}, $set->{$fixed});
	}
	return ['23503']
		if !$option{cascade} && differs($row->{assignee_id}, $new{assignee_id}) && defined $new{assignee_id}
		&& !$model->{staff}{ $new{assignee_id} };
	return ['23503']
		if !$option{cascade} && differs($row->{team_id}, $new{team_id}) && defined $new{team_id} && !$model->{teams}{ $new{team_id} };

	$new{status} = effective($model, \%new);
	if (defined $to && $to ne $from)
	{
		if (($option{verb} // '') eq 'start' && $from eq 'OVERDUE')
		{
			$new{started_at} //= $at;
			$new{status} = effective($model, \%new);
		}
		else
		{
			return ['23514'] if refused($from, $to, past_due($model, \%new), defined $row->{started_at});
			$new{started_at} //= $at if $to eq 'IN_PROGRESS' || $to eq 'COMPLETED';
			$new{completed_at} = $at if $to eq 'COMPLETED';
			$new{cancelled_at} = $at if $to eq 'CANCELLED';
			$new{status} = $to;
		}
	}
	pause_apply($row, \%new, $at);
	my $wrong = policy_apply($model, $row, \%new, %option);
	return $wrong if $wrong;
	@changed = grep { differs($row->{$_}, $new{$_}) } keys %kind_of;
	my $resumed = defined $row->{paused_at} && !defined $new{paused_at};
	my $was_late = !defined $row->{sla_breached_at} && is_late('sla', \%new, $row->{sla_due_at});
	my $was_slow = !defined $row->{response_breached_at} && is_late('response', \%new, $row->{response_due_at});
	my $new_hours = differs($row->{sla_hours}, $new{sla_hours});
	my $new_policy = differs($row->{sla_policy}, $new{sla_policy});
	my $new_targets = $new_hours || differs($row->{response_hours}, $new{response_hours});
	my $computed = $new_targets || defined $row->{paused_at} != defined $new{paused_at};
	sla_instants(\%new) if $computed;
	my $new_deadline = $computed && defined $new{sla_hours} && ($new_targets || $new_policy)
	  && ($new_policy || grep { moves($row->{$_}, $new{$_}) } qw(sla_due_at sla_at_risk_at));
	return ['23514'] if defined $new{sla_hours} && abs($new{created_at}) >= 9e18;
	$new{"${_}_breached_at"} = breached_after($_, $row, \%new, $at) for qw(sla response);
	$new{sla_first_breached_at} //= $row->{sla_breached_at} // $new{sla_breached_at} // ($was_late ? $at : undef);
	$new{sla_warned_at} = undef if $new_deadline && at_risk_is_news({ %new, sla_warned_at => undef }, 9e18);
	my $news = at_risk_is_news(\%new, $at);
	$new{sla_warned_at} = $at if $news;

	push @events, [ ($from eq 'OVERDUE' ? 'overdue' : 'recovered'), $row->{status}, $from ] if $from ne $row->{status};
	push @events, [ 'sla_at_risk', $from, $from ] if $news;
	push @events, [ 'response_breached', $from, $from ] if $was_slow;
	push @events, [ 'sla_breached', $from, $from ] if $was_late;
	# What a pause waits for, and until when, may change while it lasts.
	my %kinds = map { ($kind_of{$_} eq 'paused' && !differs($row->{paused_at}, $new{paused_at}) ? 'updated' : $kind_of{$_}) => 1 } @changed;
	# A policy's SLA follows from what it goes by.
	delete $kinds{sla_changed} if keys %kinds > 1 && defined $row->{sla_policy};
	my $kind = keys %kinds > 1 ? 'updated' : (keys %kinds)[0];
	$kind = lc $new{status} if !is_active(\%new);
	$kind = 'started' if is_active(\%new) && !defined $row->{started_at} && defined $new{started_at};
	$kind = 'resumed' if $resumed && defined $kind && $kind eq 'paused';
	$kind = 'merged' if ($option{verb} // '') eq 'merge' && defined $kind;
	push @events, [ $kind, $from, $new{status}, $kind eq 'paused' ? $new{pause_reason} : $option{note} ] if defined $kind;
	push @events, [ 'response_breached', $new{status}, $new{status} ]
	  if defined $new{response_breached_at} && differs($row->{response_breached_at}, $new{response_breached_at}) && !$was_slow;
	push @events, [ 'sla_breached', $new{status}, $new{status} ]
	  if defined $new{sla_breached_at} && differs($row->{sla_breached_at}, $new{sla_breached_at}) && (!$was_late || $new_hours);

	@$row{ keys %new } = values %new;
	push @{ $row->{events} }, @events;
	return;
}

# What the sweep does to a task: an UPDATE that changes nothing.
sub touch
{
	my ($model, $row) = @_;
	return update($model, $row, {});
}

# A task as taskq_create() makes it; the id and created_at come from the server.
sub create_task
{
	my ($model, %row) = @_;
	$row{title} = kept_title($row{title});
	$row{priority} //= 'MEDIUM';
	$row{source} //= 'MANUAL';
	if (defined $row{sla_policy}) { give_policy(\%row, $model->{policies}{ $row{sla_policy} }); }
	elsif (!defined $row{sla_hours} && !defined $row{response_hours}) { give_policy(\%row, policy_that_fits($model, \%row)); }
	$row{$_} = undef for qw(started_at completed_at cancelled_at sla_breached_at sla_first_breached_at sla_warned_at
	  response_breached_at paused_at pause_reason resume_at);
	$row{events} = [];
	$row{status} = 'OPEN';
	$row{status} = effective($model, \%row);
	sla_instants(\%row);
	$model->{tasks}{ $row{id} } = \%row;
	return \%row;
}

# ---------------------------------------------------------------- renewals

# The active renewal that is the same as a row, NULL being a reference like any.
sub same_renewal
{
	my ($model, $row) = @_;
	my ($id) = grep {
		my $other = $model->{renewals}{$_};
		!$other->{closed} && !grep { differs($other->{$_}, $row->{$_}) } qw(user_id service_type due_date reference)
	} keys %{ $model->{renewals} };
	return $id;
}

sub open_tasks
{
	my ($model, $id) = @_;
	return grep { is_active($_) && ($_->{renewal} // 0) == $id } values %{ $model->{tasks} };
}

# A due date that is moved: the task is changed by the next refresh.
sub move_renewal
{
	my ($model, $id, $due) = @_;
	my $row = $model->{renewals}{$id};
	return if $row->{due_date} eq $due;
	return ['23514'] if $row->{closed};
	return ['23505'] if same_renewal($model, { %$row, due_date => $due });
	$row->{anchor} //= $row->{due_date} if $row->{every};
	$row->{due_date} = $due;
	return;
}

# Tasks that somebody has started are completed with their renewal.
sub close_renewal
{
	my ($model, $id, $completed, $note) = @_;
	my $row = $model->{renewals}{$id};
	my @failed;
	return ['23514'] if $row->{closed};
	$row->{closed} = 1;
	$note //= "renewal $id was " . ($completed ? 'completed' : 'cancelled');
	for my $task (open_tasks($model, $id))
	{
		my $to = $completed && defined $task->{started_at} ? 'COMPLETED' : 'CANCELLED';
		push @failed, grep { defined } update($model, $task, { status => $to }, note => $note);
	}
	return @failed;
}

# A new assignee gets the tasks that nobody has started; agent = the customer's, if active.
sub assign_renewal
{
	my ($model, $id, $assignee, $agent) = @_;
	my $row = $model->{renewals}{$id};
	return if !differs($row->{assignee_id}, $assignee);
	return ['23514'] if $row->{closed};
	return ['23503'] if defined $assignee && !$model->{staff}{$assignee};
	$row->{assignee_id} = $assignee;
	return grep { defined } map { update($model, $_, { assignee_id => $assignee // $agent }) }
	  grep { !defined $_->{started_at} } open_tasks($model, $id);
}

# --------------------------------------------------------------- customers

# The merge of a customer into another; counts what goes over.  What is the same
# before what is moved, policies before tasks, whose SLA they may give anew.
sub merge_customer
{
	my ($model, $from, $to, $count) = @_;
	my $is_from = sub { ($_[0]{user_id} // "\0") eq $from };
	my @failed;
	$model->{customers}{$from} = 0;
	$model->{merged}{$_} = $to for $from, grep { $model->{merged}{$_} eq $from } keys %{ $model->{merged} };
	$_->{user_id} = $to for grep { $is_from->($_) } values %{ $model->{schedules} };

	my @theirs = grep { ($_->{user_id} // "\0") eq $to } values %{ $model->{policies} };
	for my $policy (grep { $is_from->($_) } values %{ $model->{policies} })
	{
		my $double = grep { my $other = $_; !grep { differs($policy->{$_}, $other->{$_}) } qw(team_id kind priority source) } @theirs;
		if ($double) { $policy->{is_enabled} = 0; }
		else { $policy->{user_id} = $to; $count->{policies}++; }
	}
	my @renewals = grep { $is_from->($model->{renewals}{$_}) } keys %{ $model->{renewals} };
	for my $id (grep { !$model->{renewals}{$_}{closed} } @renewals)
	{
		my $row = $model->{renewals}{$id};
		next if !defined same_renewal($model, { %$row, user_id => $to });
		$row->{closed} = 1;
		push @failed, map { update($model, $_, { status => 'CANCELLED' }, note => "customer \"$from\" was merged into \"$to\", which has the same renewal") }
		  grep { !defined $_->{started_at} } open_tasks($model, $id);
	}
	$model->{renewals}{$_}{user_id} = $to for @renewals;
	my @tasks = grep { $is_from->($_) } values %{ $model->{tasks} };
	push @failed, map { update($model, $_, { user_id => $to }, verb => 'merge') } @tasks;
	@$count{qw(renewals tasks)} = (scalar @renewals, scalar @tasks);
	return grep { defined } @failed;
}

# -------------------------------------------------------------------- rules

my $path = qr/(?:[A-Za-z_][A-Za-z0-9_-]*|[0-9]+)(?:\.(?:[A-Za-z_][A-Za-z0-9_-]*|[0-9]+))*/;

# What a payload holds at a path, undef if nothing.
sub value_at
{
	my ($value, $where) = @_;
	for my $key (split /\./, $where)
	{
		if (ref $value eq 'HASH') { $value = $value->{$key}; }
		elsif (ref $value eq 'ARRAY') { $value = $key =~ /^\d{1,9}$/ ? $value->[$key] : undef; }
		else { return undef; }
	}
	return $value;
}

sub as_text
{
	my ($value) = @_;
	return '' if !defined $value;
	return $value ? 'true' : 'false' if JSON::PP::is_bool($value);
	return ref $value ? "\0json" : $value;
}

# A template with the payload put in, read as the documentation says: left to
# right; undef if it is none.  The placeholders' values are added to a list.
sub rendered
{
	my ($template, $payload, $values) = @_;
	my $out = '';
	while ($template ne '')
	{
		if ($template =~ s/^\{\{ *($path) *\}\}//)
		{
			my $value = value_at($payload, $1);
			push @$values, $value if $values;
			$out .= as_text($value);
		}
		elsif ($template =~ /^\{\{/) { return undef; }
		else { $out .= substr($template, 0, 1, ''); }
	}
	return $out;
}

# Whether a placeholder's value can be part of a key.
sub identifies
{
	my ($value) = @_;
	return 0 if !defined $value;
	return 1 if JSON::PP::is_bool($value);
	return scalar %$value ? 1 : 0 if ref $value eq 'HASH';
	return @$value > 0 if ref $value eq 'ARRAY';
	return $value =~ /\S/;
}

my %holds = (
	'$.new.status == "REJECTED"' => sub { (value_at($_[0], 'new.status') // '') eq 'REJECTED' },
	'$.task.priority == "LOW"' => sub { (value_at($_[0], 'task.priority') // '') eq 'LOW' },
	'exists($.a)' => sub { exists $_[0]{a} });

sub title_by
{
	my ($rule, $payload) = @_;
	return $rule->{name} if !defined $rule->{title};
	my $title = rendered($rule->{title}, $payload);
	return undef if $title =~ /\0json/;
	$title = substr($title =~ s/^ +//r, 0, 200) =~ s/ +$//r if length $title > 200;
	return $title =~ /\S/ ? $title : $rule->{name};
}

# The runs that an event from outside leads to first: the outcome, and what the
# message holds.
sub runs_of
{
	my ($model, $event, $payload) = @_;
	my @runs;
	for my $rule (grep { $_->{event} eq $event } @{ $model->{rule} // [] })
	{
		my (@values, $key);
		next if defined $rule->{condition} && !$holds{ $rule->{condition} }->($payload);
		$key = rendered($rule->{key}, $payload, \@values) if defined $rule->{key};
		my %run = (rule => $rule->{name}, message => qr/^/,
			outcome => { CREATE_TASK => 'created|existing', ESCALATE => 'escalated|unchanged', ASSIGN => 'assigned|unchanged' }->{ $rule->{action} });
		if (grep { !identifies($_) } @values)
		{
			@run{qw(outcome message)} = ('failed', qr/^placeholder \{\{/);
		}
		elsif ($rule->{action} eq 'CREATE_TASK')
		{
			$run{title} = title_by($rule, $payload);
			$run{message} = qr/title was cut off/ if defined $rule->{title} && length(rendered($rule->{title}, $payload)) > 200 && defined $run{title};
		}
		elsif (!defined $key)
		{
			my $id = value_at($payload, 'task.id');
			$run{outcome} = 'failed' if defined $id && $id !~ /^\d{1,18}$/;
		}
		push @runs, \%run;
	}
	return @runs;
}

1;
