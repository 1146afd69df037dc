# Where pg_trgm is installed, a search reads the indexes that the README proposes.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Utils;
use TaskqTest;
use Test::More;

my $node = start_node('search', "taskq.databases = 'none'\n");
if (query('postgres', q{SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_trgm'}) eq '0')
{
	$node->stop;
	plan skip_all => 'pg_trgm is not installed';
}
# Many active tasks, and as many closed ones.
query('postgres', q{
	CREATE EXTENSION taskq;
	CREATE EXTENSION pg_trgm;
	INSERT INTO taskq_customer SELECT 'cus_' || g, 'Customer ' || md5(g::text) FROM generate_series(1, 5000) g;
	INSERT INTO taskq_task (title, description, due_date, user_id)
	SELECT CASE g WHEN 777 THEN 'Call Zanzibar' ELSE 'Chase bank statement ' || g END, md5(g::text), taskq_today() + g % 100, 'cus_' || 1 + g % 5000 FROM generate_series(1, 20000) g;
	INSERT INTO taskq_task (title, status, started_at, completed_at) SELECT 'done ' || g, 'COMPLETED', now(), now() FROM generate_series(1, 20000) g});
query('postgres', 'CREATE INDEX text_idx ON taskq_task USING gin (taskq_search_text(title, description) gin_trgm_ops)');
query('postgres', 'CREATE INDEX name_idx ON taskq_customer USING gin (taskq_fold(name) gin_trgm_ops)');
query('postgres', 'VACUUM ANALYZE');

# What a query gives, and EXPLAIN of each statement that it runs.
sub explained
{
	my ($sql) = @_;
	my ($rc, $out, $plans) = $node->psql('postgres', qq{
		LOAD 'auto_explain';
		SET auto_explain.log_min_duration = 0;
		SET auto_explain.log_nested_statements = on;
		SET client_min_messages = log;
		$sql});
	return ($out, $plans);
}

# The text of customer 1's name is the description of a task as well.
my @searches = ([ 'a word of a title', 'ZANZIBAR', 1 ], [ 'a word of a description and of a name', 'C4CA4238A0B923820DCC509A6F75849B', 5 ],
	[ 'a word that is in none', 'xylophone', 0 ]);
for my $status ('taskq_active()', 'NULL')
{
	for my $search (@searches)
	{
		my ($name, $word, $found) = @$search;
		my ($out, $plans) = explained("SELECT count(*) FROM taskq_queue_page($status, search => '$word')");
		is($out, $found, "$status: $name is found");
		like($plans, qr/Bitmap Index Scan on text_idx/, 'by the index of texts');
		like($plans, qr/Bitmap Index Scan on name_idx/, 'and that of names');
		unlike($plans, qr/Seq Scan on taskq_(task|customer)\b/, 'and nothing is read as a whole');
		($out, $plans) = explained("SELECT taskq_queue_count($status, search => '$word')");
		is($out, $found, 'it is counted');
		like($plans, qr/Bitmap Index Scan on text_idx/, 'by the same index');
	}
}
my ($out, $plans) = explained(q{SELECT count(*) FROM taskq_queue_page(taskq_active(), search => 'c4ca4238a0b923820dcc509a6f75849b')});
like($plans, qr/Bitmap Index Scan on taskq_task_user_idx/, 'tasks of customers who are found by that of customers');
$node->stop;
done_testing();
