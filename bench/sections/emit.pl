# An event that no rule waits for, and one that makes a task, against creating one.
use strict;
use warnings;
use Bench;

sub run_emit
{
	make_database('taskq', 'taskq');
	load_tasks('taskq', 'taskq', $size{base});
	sql('taskq', q{INSERT INTO taskq_workflow_rule (name, event, condition, action, title_template, priority, due_in_days, assignee_id)
		VALUES ('Follow up a rejected document', 'document.rejected', '$.new.status == "REJECTED"', 'CREATE_TASK',
			'Chase outstanding {{new.kind}} {{new.id}}', 'HIGH', 5, 'sta_7')});
	worker_in('taskq');
	my $payload = q{jsonb_build_object('op', 'UPDATE', 'new', jsonb_build_object('status', 'REJECTED', 'kind', 'bank statement', 'id', :c::integer))};
	my %script = (
		create => script(create_script('taskq')),
		none => script("\\set c random(1, 80000)\nSELECT taskq_emit('document.seen', $payload, 'cus_' || :c::integer);"),
		one => script("\\set c random(1, 80000)\nSELECT taskq_emit('document.rejected', $payload, 'cus_' || :c::integer);"));
	for my $sync (qw(off on))
	{
		my %figures;
		for my $round (1 .. $size{rounds})
		{
			for my $name (rotate($round, sort keys %script))
			{
				checkpoint();
				my $tps = pgbench('taskq', $script{$name}, transactions => $size{transactions}, sync => $sync, seed => $round);
				push @{ $figures{$name} }, 1000 / $tps;
			}
		}
		result(section => 'emit', work => 'emit, no rule', mode => "synchronous_commit $sync", unit => 'ms',
			figures => { taskq => $figures{none}, taskq_create => $figures{create} }, goals => [ { of => 'taskq_create', most => 1.05 } ]);
		result(section => 'emit', work => 'emit, one rule that makes a task', mode => "synchronous_commit $sync", unit => 'ms',
			figures => { taskq => $figures{one}, taskq_create => $figures{create} }, goals => [ { of => 'taskq_create', most => 2.0 } ]);
	}
	my ($made, $failed) = map { value('taskq', "SELECT count(*) FROM taskq_workflow_run WHERE outcome = '$_'") } qw(created failed);
	die "emit: $made tasks made, $failed failed\n" if $made != 8 * $size{transactions} * 2 * $size{rounds};
	worker_in('none');
	drop_database('taskq');
	return;
}

1;
