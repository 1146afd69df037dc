# The scripts are ASCII, so that the extension goes into a database of any encoding.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Utils;
use TaskqTest;
use Test::More;

# What was released before this was asked for never changes.
my @scripts = grep { !/--0\.(1\.0|1\.0--0\.2\.0|2\.0)\.sql$/ } map { s{.*/}{}r } glob("$FindBin::RealBin/../../sql/*.sql");
cmp_ok(scalar @scripts, '>', 20, 'there are scripts');
is(join(' ', grep { slurp_file("$FindBin::RealBin/../../sql/$_") =~ /[^\x00-\x7f]/ } @scripts), '', 'all are ASCII');

my $node = start_node('encodings', "taskq.databases = 'none'\n");
# PostgreSQL 19 knows MULE_INTERNAL no longer.
my @encodings = (qw(EUC_JP EUC_KR EUC_CN EUC_TW EUC_JIS_2004 LATIN1 WIN1251 KOI8R SQL_ASCII UTF8),
	query('postgres', q{SELECT 'MULE_INTERNAL' WHERE pg_char_to_encoding('MULE_INTERNAL') >= 0}) || ());
for my $encoding (@encodings)
{
	my $database = lc $encoding;
	$node->command_ok([ 'createdb', '-E', $encoding, '--locale=C', '-T', 'template0', $database ], "$encoding: a database");
	query($database, 'CREATE EXTENSION taskq');
	is( query($database, q{SELECT status FROM taskq_start(taskq_create('first', due_date => '2020-01-01'));
			SELECT count(*) FROM taskq_queue_page(NULL, search => 'FIR first');
			SELECT count(*) FROM taskq_customizations()}), "OVERDUE\n1\n0", "$encoding: the extension works");
}
# Titles are counted in characters of the database's encoding.
query('euc_jp', q{SELECT taskq_create(repeat(convert_from('\xc6fc', 'EUC_JP'), 200))});
is(query('euc_jp', 'SELECT max(char_length(title)) FROM taskq_task'), '200', 'a title of 200 characters, two bytes each');
# A key has one slot, whatever the database's encoding.
is(query($_, q{SELECT taskq_slot(convert_from('\x5a6fc3ab', 'UTF8')), taskq_slot('cus_1')}), '345|467', "$_: slots of keys") for qw(latin1 utf8);
is(query('euc_jp', q{SELECT taskq_slot(convert_from('\xc6fc', 'EUC_JP'))}), query('utf8', q{SELECT taskq_slot(convert_from('\xe697a5', 'UTF8'))}), 'euc_jp: slots of keys');
is(query('sql_ascii', q{SELECT taskq_slot(E'Zo\xc3\xab')}), '345', 'sql_ascii: of those that are UTF-8');
my (undef, undef, $stderr) = $node->psql('sql_ascii', q{SELECT taskq_slot(E'Zo\xeb')});
like($stderr, qr/invalid byte sequence for encoding "UTF8": 0xeb/, 'sql_ascii: others are refused');
# A search does not go by the database's locale: in Lithuanian some letters become an i with accents in lower case.
SKIP:
{
	my ($rc) = $node->psql('postgres', q{CREATE DATABASE lithuanian TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'lt' LOCALE 'C'});
	skip 'this server knows no ICU', 3 if $rc != 0;
	query('lithuanian', q{CREATE EXTENSION taskq; SELECT taskq_create(U&'ALG\00CC'), taskq_create(U&'K\212A %_')});
	is(query('lithuanian', q{SELECT count(*) FROM taskq_queue_page(NULL, search => U&'ALG\00CC')}), '1', 'a title finds itself');
	is(query('lithuanian', q{SELECT count(*) FROM taskq_queue_page(NULL, search => 'algi')}), '1', 'and so does the same without accents');
	is(query('lithuanian', q{SELECT count(*), taskq_queue_count(NULL, search => 'kk %_') FROM taskq_queue_page(NULL, search => 'kk %_')}), '1|1',
		'U+212A is a k, percent and underscore are themselves');
}
$node->stop;
done_testing();
