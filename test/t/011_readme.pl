# The README's SQL, from top to bottom, as a newcomer would type it.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Utils;
use TaskqTest;
use Test::More;

my $node = start_node('readme', "taskq.sweep_interval = 1h\n");
query('postgres', 'CREATE DATABASE ops');
my @blocks = slurp_file("$FindBin::RealBin/../../README.md") =~ /^ *```sql\n(.*?)^ *```$/msg;
@blocks = grep { !/cron\.schedule|taskq_router/ } @blocks;    # they have tests of their own
cmp_ok(scalar @blocks, '>', 20, 'the README has examples');

# A link within the README leads to one of its headings.
my $text = slurp_file("$FindBin::RealBin/../../README.md") =~ s/^ *```.*?^ *```$//gmsr;
my %heading = map { (lc($_) =~ s/[^\w -]//gr =~ tr/ /-/r => 1) } $text =~ /^#+ (.*)$/mg;
is(join(' ', grep { !$heading{$_} } $text =~ /\]\(#([^)]*)\)/g), '', 'its links lead to its headings');

my ($status, $out, $err) = $node->psql('ops', join("\n", @blocks), on_error_die => 0, on_error_stop => 1);
is($status, 0, 'each of them works');
is($err, '', 'without a word of complaint');
like($out, qr/Chase outstanding bank statement/, 'and shows what it promises');
like($out, qr/^Document rejected\|created\|\|Follow up on rejected permit\|[-\d]+\|sta_xyz789$/m, 'the customer has an agent, whom a rule finds');

$node->stop;
done_testing();
