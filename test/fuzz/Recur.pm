# Dates that recur, as taskq_schedule promises them: a part of the fuzzer's model.
#
# Dates are days' numbers (Model.pm).  A schedule in the model:
#
#   starts_on, months, days, until, business_day, lead_days, is_enabled   as its row
#   handled, next    handled_until; next_check_on, -9**99 = at once, 9**99 = never, undef = disabled
#   runs             date => what taskq_schedule_run says of it
#   tasks            date => the task that was to be made, as taskq_create() would be given it
#
# and besides the columns that its tasks get.  Business days are those from Monday to Friday.
package Recur;

use strict;
use warnings;
use Exporter 'import';
use POSIX qw(floor);
use Model;

our @EXPORT = qw(date_number first_after is_due next_dates change_schedule refresh_schedule);

my ($first_day, $last_day) = map { day_number($_) } '0001-01-01', '9999-12-31';
my ($at_once, $never) = (-9**99, 9**99);

# Date number n, counted from starts_on; undef if it is too late.
sub date_number
{
	my ($s, $n) = @_;
	my ($y, $m, $d) = split /-/, iso_date($s->{starts_on});
	my $months = $y * 12 + $m - 1 + $n * $s->{months};
	my ($first, $next) = map { sprintf('%04d-%02d-01', floor($_ / 12), $_ % 12 + 1) } $months, $months + 1;
	return undef if $months >= 10000 * 12;
	my $length = day_number($next) - day_number($first);
	my $day = day_number($first) + ($d > $length ? $length : $d) - 1 + $n * $s->{days};
	return $day > $last_day ? undef : $day;
}

# The number of the last date that is not after a day, -1 if the first one is.
sub last_by
{
	my ($s, $day) = @_;
	return -1 if $day < $s->{starts_on};
	my $n = floor(($day - $s->{starts_on}) / (28 * $s->{months} + $s->{days}));
	$n-- while (date_number($s, $n) // $never) > $day;
	return $n;
}

# The first date after a day; undef if there is none.
sub first_after
{
	my ($s, $day) = @_;
	return date_number($s, last_by($s, $day) + 1);
}

sub opens { return ($_[0] + 3) % 7 < 5; }
sub open_from { my ($day) = @_; $day++ while !opens($day); return $day; }
sub open_until { my ($day) = @_; $day-- while !opens($day); return $day; }

# When the task of a date is due.
sub due_on
{
	my ($s, $date) = @_;
	my $day = { SAME => sub { $_[0] }, NEXT => \&open_from, PREVIOUS => \&open_until }->{ $s->{business_day} }->($date);
	return $day < $first_day || $day > $last_day ? $date : $day;
}

# The last day that, were it a date, would be due by a day.
sub last_due_by
{
	my ($s, $day) = @_;
	return $s->{business_day} eq 'NEXT' ? open_until($day) : $s->{business_day} eq 'PREVIOUS' ? open_from($day + 1) - 1 : $day;
}

# The number of the first date that has not been dealt with.
sub first_open { return defined $_[0]{handled} ? last_by($_[0], $_[0]{handled}) + 1 : 0; }

sub is_due
{
	my ($model, $s) = @_;
	return defined $s->{next} && $s->{next} <= today($model);
}

# At most so many of the dates to come, each with the day on which it is due and that on which its task is made.
sub next_dates
{
	my ($s, $count) = @_;
	my @dates;
	for (my $n = first_open($s); @dates < $count; $n++)
	{
		my $date = date_number($s, $n);
		last if !defined $date || $date > ($s->{until} // $never);
		push @dates, [ $date, due_on($s, $date), due_on($s, $date) - $s->{lead_days} ];
	}
	return @dates;
}

# An UPDATE: days that have passed count as dealt with if the dates are new, or if it was disabled.
sub change_schedule
{
	my ($model, $s, $set) = @_;
	my %old = %$s;
	my $differs = sub { my ($x, $y) = ($old{ $_[0] } // '', $s->{ $_[0] } // ''); return $x ne $y; };
	@$s{ keys %$set } = values %$set;
	my $new_dates = grep { $differs->($_) } qw(starts_on months days);
	return if !$new_dates && !grep { $differs->($_) } qw(is_enabled until business_day lead_days);
	if ($s->{is_enabled} && (!$old{is_enabled} || ($new_dates && defined $s->{handled})))
	{
		my $passed = last_due_by($s, today($model) - 1);
		$s->{handled} = $passed if !defined $s->{handled} || $passed > $s->{handled};
	}
	$s->{next} = $s->{is_enabled} ? $at_once : undef;
	return;
}

# What the sweep does with a schedule whose day has come: the latest date becomes a task, those before it are missed.
sub refresh_schedule
{
	my ($model, $s) = @_;
	my $limit = last_due_by($s, today($model) + $s->{lead_days});
	$limit = $s->{until} if defined $s->{until} && $s->{until} < $limit;
	my ($first, $last) = (first_open($s), last_by($s, $limit));
	if ($first <= $last)
	{
		my $date = date_number($s, $last);
		my $due = iso_date(due_on($s, $date));
		my $made = !defined $s->{user_id} || $model->{customers}{ $s->{user_id} };
		if ($first < $last)
		{
			my ($since, $until) = map { date_number($s, $_) } $first, $last - 1;
			$s->{runs}{ iso_date($until) } = join(' ', iso_date($since), $last - $first, 'missed', '');
		}
		$s->{runs}{ iso_date($date) } = join(' ', iso_date($date), 1, $made ? 'created' : 'customer inactive', $due);
		$s->{handled} = $date;
		if ($made)
		{
			my %task = (source => 'SCHEDULE', due_date => $due, map { $_ => $s->{$_} } qw(priority kind user_id sla_hours));
			$task{team_id} = $s->{team_id} if defined $s->{team_id} && $model->{teams}{ $s->{team_id} };
			$task{assignee_id} = $s->{assignee_id} if defined $s->{assignee_id} && $model->{staff}{ $s->{assignee_id} };
			$task{title} = rendered($s->{title}, {
					date => iso_date($date), due_date => $due, month => substr(iso_date($date), 0, 7), year => substr(iso_date($date), 0, 4),
					schedule => { name => $s->{name} }, customer => defined $s->{user_id} ? { name => $model->{names}{ $s->{user_id} } } : undef });
			$task{title} = $s->{name} if $task{title} !~ /\S/;
			$s->{tasks}{ iso_date($date) } = \%task;
		}
	}
	my $n = $first > $last + 1 ? $first : $last + 1;
	my $date = date_number($s, $n);
	$s->{next} = defined $date && $date <= ($s->{until} // $never) ? due_on($s, $date) - $s->{lead_days} : $never;
	return;
}

1;
