# Random calls, one after the other on the router and in one database: what they
# return and what becomes of the tasks must be the same.  Ids are, too: before a
# task is created in the one database, its sequence is set to the id that the
# slot gave.  SEED=n repeats a run.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Utils;
use RouterTest;
use Test::More;

my $seed = $ENV{SEED} // int(rand(1e9));
my $calls = $ENV{CALLS} // 400;
srand($seed);
note("SEED=$seed");

start_router();
connect_slots();
subscribe();
everywhere(q{
	INSERT INTO taskq_staff_member (id, name, is_active) SELECT 'sta_' || i, 'Staff ' || i, i < 5 FROM generate_series(1, 5) i;
	INSERT INTO taskq_customer (id, name) SELECT 'cus_' || i, 'Customer ' || i FROM generate_series(1, 12) i;
	INSERT INTO taskq_team (id, name) VALUES ('north', 'North'), ('south', 'South');
	INSERT INTO taskq_team_member VALUES ('north', 'sta_1'), ('south', 'sta_2'), ('north', 'sta_2')});
one('SELECT taskq_queue_count()');

my %session = (desk => $router->background_psql('desk', on_error_stop => 0), one => $slots->background_psql('one', on_error_stop => 0));
$_->query_safe('SET taskq_router.split = on') for $session{desk};
$_->query_safe("SET taskq.actor = 'sta_1'") for values %session;

# What a session answers, with errors as SQLSTATE and message, without instants.
sub answer
{
	my ($where, $sql) = @_;
	my $s = $session{$where};
	my $out = $s->query("\\set VERBOSITY verbose\n\\set SHOW_CONTEXT never\n$sql") // '';
	my $err = $s->{stderr};
	$s->{stderr} = '';
	my ($error) = $err =~ /ERROR:  (.*)/;
	$out = "ERROR $error" if defined $error;
	$out =~ s/\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?[+-]\d\d(:\d\d)?/INSTANT/g;
	return $out;
}

my @ids;
sub pick { return $_[int(rand(@_))] }
sub maybe { my ($value) = @_; return rand() < 0.3 ? 'NULL' : $value }
sub staff { return pick(map { "'sta_$_'" } 1 .. 6) }
sub customer { return "'cus_" . (1 + int(rand(13))) . "'" }
sub date { return 'taskq_today() + ' . (int(rand(20)) - 6) }
sub priority { return pick(qw('LOW' 'MEDIUM' 'HIGH' 'URGENT')) }
sub id { return !@ids || rand() < 0.03 ? 5000000 + int(rand(9)) : pick(@ids) }
sub ids { return "'{" . join(',', map { id() } 1 .. 1 + int(rand(3))) . "}'" }

# A dedupe_key is unique at a slot: each customer, or none, has keys of its own.
sub create
{
	my ($customer) = @_;
	(my $key = lc $customer) =~ s/'//g;
	return "SELECT taskq_create('task', priority => " . priority() . ', due_date => ' . maybe(date()) . ', assignee_id => ' . maybe(staff()) . ", user_id => $customer, dedupe_key => "
	  . pick('NULL', 'NULL', "'$key" . int(rand(2)) . "'") . ', team_id => ' . pick(qw(NULL NULL 'north' 'south')) . ", labels => '{x}')";
}

# Columns of a task that do not say when.
my $task = q{id, title, description, priority, status, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_by, kind, team_id, labels, attributes,
	started_at IS NULL, completed_at IS NULL, cancelled_at IS NULL, paused_at IS NULL, pause_reason, follows_id};
my @verbs = (
	sub { 'start', '' }, sub { 'complete', ", 'done'" }, sub { 'cancel', ", 'why'" }, sub { 'assign', ', ' . maybe(staff()) }, sub { 'reschedule', ', ' . maybe(date()) },
	sub { 'prioritize', ', ' . priority() }, sub { 'set_sla', ', ' . pick(qw(NULL 1 24 -1)) }, sub { 'edit', ", 'edited', '" . pick('', 'text') . "'" },
	sub { 'comment', ", 'hm'" }, sub { 'pause', ", 'the bank'" }, sub { 'resume', '' }, sub { 'assign_team', ', ' . pick(qw(NULL 'north' 'south' 'west')) });
my @creating = (
	sub { create(maybe(customer())) },
	sub { q{SELECT (taskq_create_json('{"title": "json", "user_id": "cus_} . (1 + int(rand(12))) . q{", "priority": "HIGH"}')->>'id')} },
	sub { 'SELECT taskq_follow_up(' . id() . ", title => 'again')" });
my @reading = (
	sub { "SELECT $task FROM taskq_queue_page(status => NULL, sort => " . pick(qw('due' 'priority' 'created')) . ', page_size => ' . (1 + int(rand(30))) . ')' },
	sub { 'SELECT taskq_queue_count(status => taskq_active(), assignee_id => ' . maybe(staff()) . ')' },
	sub { 'SELECT * FROM taskq_stats(user_id => ' . maybe(customer()) . ')' },
	sub { q{SELECT * FROM taskq_backlog('} . pick(qw(none priority assignee team customer)) . q{')} });

my ($different, %done) = (0);
for my $n (1 .. $calls)
{
	my $kind = rand();
	my ($here, $there, $sql);
	if ($kind < 0.35)
	{
		$sql = pick(@creating)->();
		$here = answer('desk', $sql);
		answer('one', "SELECT setval('taskq_task_id_seq', $here, false)") if $here =~ /^\d+$/;
		$there = answer('one', $sql);
		push @ids, $here if $here =~ /^\d+$/ && !grep { $_ == $here } @ids;
	}
	elsif ($kind < 0.7)
	{
		my ($verb, $args) = pick(@verbs)->();
		$sql = "SELECT $task FROM taskq_$verb(" . id() . "$args)";
		($here, $there) = (answer('desk', $sql), answer('one', $sql));
	}
	elsif ($kind < 0.78)
	{
		# Not all or nothing on the router, so that only what succeeds as a whole is the same: comments.
		$sql = "SELECT $task FROM taskq_comment_many('{" . join(',', map { @ids ? pick(@ids) : 1 } 1 .. 3) . "}', 'many') ORDER BY id";
		($here, $there) = (answer('desk', $sql), answer('one', $sql));
	}
	elsif ($kind < 0.83)
	{
		$sql = 'SELECT id, assignee_id FROM taskq_claim(' . staff() . ', ' . pick(0 .. 4) . ', ' . pick(qw(NULL NULL 'north')) . ')';
		($here, $there) = (answer('desk', $sql), answer('one', $sql));
	}
	else
	{
		$sql = pick(@reading)->();
		($here, $there) = (answer('desk', $sql), answer('one', $sql));
	}
	$done{ $there =~ /^ERROR (\w+)/ ? $1 : 'ok' }++;
	next if $here eq $there;
	is($here, $there, "call $n: $sql");
	last if ++$different > 4;
}
is($different, 0, "$calls calls returned the same");
note(join(', ', map { "$_: $done{$_}" } sort keys %done));

my $ids = join(',', @ids);
my $tasks = "SELECT $task FROM taskq_task WHERE id = ANY ('{$ids}') ORDER BY id";
my $events = "SELECT task_id, actor, kind, from_status, to_status, note FROM taskq_task_event WHERE task_id = ANY ('{$ids}') ORDER BY task_id, id";
for my $query ($tasks, $events)
{
	my $here = join("\n", sort { no warnings; $a <=> $b } map { split /\n/, at_slot($_, $query) } 0 .. 3);
	my $there = join("\n", sort { no warnings; $a <=> $b } split /\n/, one($query));
	is($here, $there, 'the same ' . ($query eq $tasks ? 'tasks' : 'history'));
}
$_->quit for values %session;
done_testing();
