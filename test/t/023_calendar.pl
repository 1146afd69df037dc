# Business time of random calendars, where clocks change by half an hour, at
# midnight, or by a day: against a walk along the definition, minute by minute,
# and against a computation of its own in Python (test/calendar.py).
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use IPC::Run;
use PostgreSQL::Test::Utils;
use TaskqTest;
use Test::More;

my $seed = $ENV{TASKQ_SEED} // time;
srand $seed;
note "TASKQ_SEED=$seed";
start_node('calendar', "taskq.databases = none\nTimeZone = UTC\n");
query('postgres', 'CREATE EXTENSION taskq');

# Zones, and a local day around which a clock change is; minutes of which its offsets
# and changes are multiples, if not 15.
my @changes = (
	[ 'Australia/Lord_Howe', '2026-04-05' ], [ 'Australia/Lord_Howe', '2026-10-04' ],
	[ 'Pacific/Apia', '2011-12-30' ], [ 'Pacific/Apia', '2011-04-02' ],
	[ 'Asia/Beirut', '2026-03-29' ], [ 'Asia/Beirut', '2026-10-25' ],
	[ 'America/Santiago', '2026-09-06' ], [ 'America/Sao_Paulo', '2018-11-04' ],
	[ 'Europe/Berlin', '2026-03-29' ], [ 'Europe/Berlin', '2026-10-25' ],
	[ 'America/New_York', '2026-03-08' ], [ 'America/New_York', '2026-11-01' ],
	[ 'America/St_Johns', '2006-10-29', 1 ], [ 'Asia/Kathmandu', '2026-01-01' ],
	[ 'Pacific/Kwajalein', '1993-08-21' ], [ 'Africa/Casablanca', '2026-02-15' ],
	[ 'Asia/Pyongyang', '2018-05-04' ], [ 'UTC', '2026-06-01' ]);

sub clock { my ($minutes) = @_; return sprintf('%02d:%02d', $minutes / 60, $minutes % 60) }

# Some windows of a day that do not overlap, in minutes.
sub windows
{
	my ($n) = @_;
	my %bounds;
	$bounds{ rand() < 0.3 ? 0 : int rand 1441 }++ while keys %bounds < 2 * $n;
	my @sorted = sort { $a <=> $b } keys %bounds;
	return map { [ @sorted[ 2 * $_, 2 * $_ + 1 ] ] } 0 .. $n - 1;
}

# Makes a calendar; returns its lines for Python.
sub calendar
{
	my ($name, $zone, $day, $step) = @_;
	my (@windows, @rows, @holidays);
	my @weekdays = grep { rand() < 0.8 } 1 .. 7;
	@weekdays = (1 .. 7) if !@weekdays;
	for my $weekday (@weekdays)
	{
		for my $window (windows(1 + int rand 3))
		{
			push @rows, sprintf(q{('%s', %d, '%s', '%s')}, $name, $weekday, map { clock($_) } @$window);
			push @windows, "$weekday:$window->[0]-$window->[1]";
		}
	}
	my $sql = "INSERT INTO taskq_calendar (name, timezone, holiday_lists) VALUES ('$name', '$zone', '{$name 0,$name 1}');\n"
	  . 'INSERT INTO taskq_calendar_window VALUES ' . join(', ', @rows) . ";\n";
	my %seen;
	for (1 .. int rand 30)
	{
		my $list = int rand 2;
		my $yearly = rand() < 0.3 ? 't' : 'f';
		# Near the change, or anywhere in the year.
		my $date = query('postgres', "SELECT '$day'::date + " . (rand() < 0.3 ? int(rand 7) - 3 : int rand 360));
		my ($window) = rand() < 0.5 ? windows(1) : ();
		next if $seen{"$list $date $yearly " . ($window ? $window->[0] : '')}++;
		$sql .= sprintf("INSERT INTO taskq_holiday (list, day, yearly, opens, closes) VALUES ('%s %d', '%s', '%s', %s);\n",
			$name, $list, $date, $yearly, $window ? join(', ', map { "'" . clock($_) . "'" } @$window) : 'NULL, NULL');
		push @holidays, join '/', $list, $date, $yearly, $window ? @$window : ('-', '-');
	}
	query('postgres', "BEGIN;\n${sql}COMMIT;");
	my ($first, $last) = split /\|/, query('postgres', qq{SELECT (extract(epoch FROM '$day'::timestamptz - '3 days'::interval) * 1000000)::bigint,
		(extract(epoch FROM '$day'::timestamptz + '365 days'::interval) * 1000000)::bigint});
	return { name => $name, first => $first, last => $last,
		line => join("\t", 'calendar', $name, $zone, $step // 15, $first, $last, "@windows", "@holidays") };
}
my @calendars = map { my $n = $_; map { calendar("c$n $_", @{ $changes[$_] }) } 0 .. $#changes } 0 .. 1;
query('postgres', q{CREATE TABLE calendar (name text, first bigint, last bigint);
	CREATE FUNCTION instant(us bigint) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$SELECT timestamptz '1970-01-01 UTC' + us * interval '1 microsecond'$$;
	INSERT INTO calendar VALUES } . join(', ', map { "('$_->{name}', $_->{first}, $_->{last})" } @calendars));
note scalar(@calendars) . ' calendars';

# ---------------------------------------------------------- the definition

# Each minute of six days around the change, as the wall clock has it.
query('postgres', <<'SQL');
CREATE TABLE clock AS
SELECT c.name, m AS at, (m AT TIME ZONE t.timezone)::date AS day, (m AT TIME ZONE t.timezone)::time AS time
FROM calendar c JOIN taskq_calendar t USING (name), generate_series(instant(c.first), instant(c.first) + interval '6 days', '1 minute') m;
CREATE TABLE hours AS
WITH day AS (
	SELECT DISTINCT c.name, c.day, t.holiday_lists FROM clock c JOIN taskq_calendar t USING (name)
), holiday AS (
	SELECT d.name, d.day, h.yearly, h.opens, h.closes, rank() OVER (PARTITION BY d.name, d.day ORDER BY array_position(d.holiday_lists, h.list), h.yearly) AS rank
	FROM day d JOIN taskq_holiday h ON h.list = ANY (d.holiday_lists) AND CASE WHEN h.yearly THEN to_char(h.day, 'MMDD') = to_char(d.day, 'MMDD') ELSE h.day = d.day END
)
SELECT d.name, d.day, w.opens, w.closes FROM day d JOIN taskq_calendar_window w ON w.calendar = d.name AND w.weekday = extract(isodow FROM d.day)
WHERE NOT EXISTS (SELECT FROM holiday h WHERE h.name = d.name AND h.day = d.day)
UNION ALL SELECT name, day, opens, closes FROM holiday d
WHERE rank = 1 AND NOT EXISTS (SELECT FROM holiday x WHERE x.name = d.name AND x.day = d.day AND x.rank = 1 AND x.opens IS NULL);
CREATE INDEX ON hours (name, day);
ANALYZE clock, hours;
CREATE TABLE minute AS
SELECT name, at, open, count(*) FILTER (WHERE open) OVER (PARTITION BY name ORDER BY at) AS opened
FROM (SELECT name, at, EXISTS (SELECT FROM hours h WHERE h.name = c.name AND h.day = c.day AND h.opens <= c.time AND c.time < h.closes) AS open FROM clock c) m;
SQL
cmp_ok(query('postgres', 'SELECT count(*) FROM minute WHERE open'), '>', 20_000, 'there are open minutes');
is(query('postgres', q{SELECT name, at, open FROM minute WHERE taskq_business_hours(name, at, at + interval '1 minute') <> CASE WHEN open THEN 1 / 60.0::float8 ELSE 0 END LIMIT 5}),
	'', 'a minute is open if and only if the wall clock says so');
is(query('postgres', q{SELECT name, at, opened FROM minute JOIN calendar USING (name)
	WHERE open AND taskq_business_add(name, instant(first), opened / 60.0::float8) <> at + interval '1 minute' LIMIT 5}), '', 'a deadline is the first instant with so much open time');
is(query('postgres', q{SELECT name, at, opened FROM minute JOIN (SELECT name, max(at) AS last, max(opened) AS total FROM minute GROUP BY name) l USING (name)
	WHERE open AND taskq_business_add(name, last + interval '1 minute', (opened - 1 - total) / 60.0::float8) <> at LIMIT 5}), '', 'and back the last one');

# ---------------------------------------------------- inverse of each other

query('postgres', q{CREATE TABLE trial AS
	SELECT row_number() OVER () AS id, name, first + floor(random() * (last - first))::bigint AS start, 1 + floor(random() ^ 4 * 400 * 3600e6)::bigint AS usec
	FROM calendar, generate_series(1, ceil(10000.0 / (SELECT count(*) FROM calendar))::int) g});
my $inverse = q{SELECT * FROM (SELECT *, taskq_business_add(name, instant(start), sign * usec / 3600e6::float8) AS due FROM trial, (VALUES (1), (-1)) s(sign)) t
	WHERE CASE sign WHEN 1 THEN taskq_business_hours(name, instant(start), due) ELSE taskq_business_hours(name, due, instant(start)) END <> usec / 3600e6::float8
		OR taskq_business_hours(name, due - interval '1 microsecond', due + interval '1 microsecond') = 0 LIMIT 5};
is(query('postgres', $inverse), '', 'adding and counting are inverse, and a deadline is at open time');

# --------------------------------------------------------------- revisions

query('postgres', 'CREATE TABLE before AS TABLE taskq_calendar; CREATE TABLE windows AS TABLE taskq_calendar_window; CREATE TABLE due AS SELECT id, taskq_business_add(name, instant(start), usec / 3600e6::float8) FROM trial');
is(query('postgres', 'SELECT count(DISTINCT revision) = count(*) AND count(*) = count(revision) FROM taskq_calendar'), 't', 'every calendar has a revision of its own');
query('postgres', q{WITH split AS (UPDATE taskq_calendar_window w SET closes = w.opens + (w.closes - w.opens) / 2 FROM windows o
		WHERE (o.calendar, o.weekday, o.opens) = (w.calendar, w.weekday, w.opens) AND w.closes - w.opens >= interval '2 minutes' RETURNING w.*, o.closes AS ends)
	INSERT INTO taskq_calendar_window SELECT calendar, weekday, closes, ends FROM split});
cmp_ok(query('postgres', 'SELECT count(*) FROM taskq_calendar_window'), '>', 1.5 * query('postgres', 'SELECT count(*) FROM windows'), 'windows split in two');
is(query('postgres', 'TABLE before EXCEPT TABLE taskq_calendar'), '', 'change no revision');
is(query('postgres', 'SELECT id, taskq_business_add(name, instant(start), usec / 3600e6::float8) FROM trial EXCEPT TABLE due LIMIT 5'), '', 'and no deadline');
query('postgres', q{CREATE TABLE holidays AS TABLE taskq_holiday; DELETE FROM taskq_calendar; DELETE FROM taskq_holiday;
	BEGIN; INSERT INTO taskq_calendar (name, timezone, holiday_lists) SELECT name, timezone, holiday_lists FROM before;
	INSERT INTO taskq_holiday TABLE holidays; INSERT INTO taskq_calendar_window TABLE windows; COMMIT});
is(query('postgres', 'TABLE before EXCEPT TABLE taskq_calendar'), '', 'made anew they have the same revisions');

# ------------------------------------------------------------------ Python

SKIP:
{
	my ($out, $err) = ('', '');
	skip('python3 with zoneinfo and its zones is not here', 1)
	  if !eval { IPC::Run::run([ 'python3', '-c', 'from zoneinfo import ZoneInfo; ZoneInfo("Australia/Lord_Howe")' ], '>', \$out, '2>', \$err) };
	my $in = join '', map { "$_->{line}\n" } @calendars;
	$in .= query('postgres', q{SELECT concat_ws(E'\t', 'case', id, name, start, usec) FROM trial ORDER BY id}) . "\n";
	IPC::Run::run([ 'python3', "$FindBin::RealBin/../calendar.py" ], '<', \$in, '>', \$out, '2>', \$err) or die $err;
	my @differ;
	my %said = map { split /\t/ } split /\n/, $out;
	for (split /\n/, query('postgres', q{SELECT t.id, (extract(epoch FROM d.taskq_business_add) * 1000000)::bigint, c.last, t.name, instant(start), usec
		FROM trial t JOIN due d USING (id) JOIN calendar c USING (name) ORDER BY id}))
	{
		my ($id, $due, $last) = split /\|/;
		push @differ, "$_: $said{$id}" if $said{$id} eq 'beyond' ? $due <= $last : $due != $said{$id};
	}
	note scalar(grep { $_ ne 'beyond' } values %said) . ' deadlines';
	is(join("\n", splice @differ, 0, 5), '', 'Python computes the same deadlines');
}

done_testing();
