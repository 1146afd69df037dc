#
# META.json says what PGXN accepts, and all files that name a version name the
# same one.
#
# The rules are those of the PGXN Meta Spec, version 1.0, and where PGXN's own
# validator is stricter, the validator's.  META.json broken on purpose, in one
# way after the other, shows that each rule can fail.
#
use strict;
use warnings FATAL => 'all';

use File::Basename qw(dirname);
use JSON::PP ();
use Test::More;

my $top = dirname(__FILE__) . '/../..';

sub contents
{
	my ($file) = @_;

	open my $handle, '<:raw', "$top/$file" or die "$file: $!";
	local $/ = undef;
	return scalar <$handle>;
}

# --------------------------------------------------------------------- rules
#
# A rule is a function of a value and its place in the file.  It returns what is
# wrong, as a list of lines.

sub is_string
{
	my ($value) = @_;
	return defined $value
	  && !ref $value
	  && JSON::PP->new->allow_nonref->encode($value) =~ /^"/;
}

sub string
{
	my ($what, $pattern) = @_;
	return sub {
		my ($value, $at) = @_;
		return is_string($value) && $value =~ $pattern ? () : "$at is not $what";
	};
}

sub any_of
{
	my ($what, @rules) = @_;
	return sub {
		my ($value, $at) = @_;
		return (grep { !$_->($value, $at) } @rules) ? () : "$at is not $what";
	};
}

sub list_of
{
	my ($rule) = @_;
	return sub {
		my ($value, $at) = @_;
		return "$at is not a list" if ref $value ne 'ARRAY';
		return "$at is empty" if !@$value;

		my %seen;
		my @twice = grep { $seen{ ref $_ ? '' : $_ }++ } @$value;
		return ((map { $rule->($value->[$_], "$at\[$_]") } 0 .. $#$value),
			@twice ? "$at has an entry twice" : ());
	};
}

sub map_of
{
	my ($key_rule, $rule) = @_;
	return sub {
		my ($value, $at) = @_;
		return "$at is not a map" if ref $value ne 'HASH';
		return "$at is empty" if !%$value;
		return map { ($key_rule->($_, "key $at/$_"), $rule->($value->{$_}, "$at/$_")) }
		  sort keys %$value;
	};
}

# Keys of one's own begin with x_.
sub object
{
	my ($required, $optional) = @_;
	return sub {
		my ($value, $at) = @_;
		return "$at is not a map" if ref $value ne 'HASH';

		my @wrong = map { "$at/$_ is missing" } grep { !exists $value->{$_} } sort keys %$required;
		for my $key (sort keys %$value)
		{
			my $rule = $required->{$key} || $optional->{$key};
			push @wrong,
			    $rule ? $rule->($value->{$key}, "$at/$key")
			  : $key =~ /\Ax_/i ? ()
			  :                   "$at/$key is unknown";
		}
		return @wrong;
	};
}

my $number = qr/(?:0|[1-9][0-9]*)/;
my $label = qr/(?:$number|[0-9]*[A-Za-z-][0-9A-Za-z-]*)/;
my $semver = qr/$number\.$number\.$number(?:-$label(?:\.$label)*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?/;
my $bound = qr/(?:(?:[=!]=|[<>]=?)\s*)?(?:$semver|0)/;

my $text = string('text', qr/\S/);
my $term = string('a term', qr{\A[^\s/\\[:cntrl:]]{2,}\z});
my $tag = string('a tag', qr{\A[^/\\[:cntrl:]]{2,255}\z});
my $version = string('a semantic version', qr/\A$semver\z/);
my $url = string('a URL', qr{\A[A-Za-z][A-Za-z0-9+.-]*://[^\s/?#]+\S*\z});
my $email = string('an address', qr/\A[^\s@]+@[^\s@]+\z/);
my $range = any_of(
	'a range of versions',
	string('', qr/\A$bound(?:,\s*$bound)*\z/),
	sub { defined $_[0] && !ref $_[0] && $_[0] eq '0' ? () : 'no' });
my $license = string(
	'a license that PGXN knows',
	qr/\A(?:agpl_3|apache_1_1|apache_2_0|artistic_1|artistic_2|bsd|freebsd|gfdl_1_2|gfdl_1_3
		|gpl_1|gpl_2|gpl_3|lgpl_2_1|lgpl_3_0|mit|mozilla_1_0|mozilla_1_1|openssl|perl_5
		|postgresql|qpl_1_0|ssleay|sun|zlib|open_source|restricted|unrestricted|unknown)\z/x);
my $file = sub {
	my ($value, $at) = @_;
	return "$at is not a path in the archive"
	  if !is_string($value) || $value =~ m{\A/|(?:\A|/)\.\.(?:/|\z)};
	return -f "$top/$value" ? () : "$at: there is no file $value";
};

my $meta_rule = object(
	{
		'name' => $term,
		'version' => $version,
		'abstract' => $text,
		'maintainer' => any_of('somebody', $text, list_of($text)),
		'license' => any_of('a license that PGXN knows', $license, list_of($license), map_of($text, $url)),
		'provides' => map_of(
			$term,
			object(
				{ file => $file, version => $version },
				{ docfile => $file, abstract => $text })),
		'meta-spec' => object(
			{ version => string('a version of the specification', qr/\A1\.0\.[0-9]+\z/) },
			{ url => string('the URL of the specification', qr{\Ahttps?://pgxn\.org/meta/spec\.txt\z}) }),
	},
	{
		'description' => $text,
		'generated_by' => $text,
		'tags' => list_of($tag),
		'release_status' => string('a release status', qr/\A(?:stable|testing|unstable)\z/),
		'no_index' => object({}, {
			file => any_of('a list', $text, list_of($text)),
			directory => any_of('a list', $text, list_of($text)),
		}),
		'prereqs' => map_of(
			string('a phase', qr/\A(?:configure|build|test|runtime|develop|x_.+)\z/i),
			map_of(
				string('a relation', qr/\A(?:requires|recommends|suggests|conflicts|x_.+)\z/i),
				map_of($term, $range))),
		'resources' => object({}, {
			homepage => $url,
			license => any_of('a URL', $url, list_of($url)),
			bugtracker => object({}, { web => $url, mailto => $email }),
			repository => object({}, {
				url => $url,
				web => $url,
				type => string('a name in lower case', qr/\A[a-z]+\z/),
			}),
		}),
	});

# ----------------------------------------------------------------- META.json

my $meta = JSON::PP->new->utf8->decode(contents('META.json'));

is(join("\n", $meta_rule->($meta, 'META.json')), '', 'META.json keeps the rules of PGXN');
ok($meta->{provides}{taskq}, 'META.json provides the extension');

sub is_refused
{
	my ($change, $complaint) = @_;
	my $broken = JSON::PP->new->utf8->decode(contents('META.json'));

	$change->($broken);
	is(join("\n", $meta_rule->($broken, 'META.json')), $complaint, "refused: $complaint");
}

for my $key (qw(name version abstract maintainer license provides meta-spec))
{
	is_refused(sub { delete $_[0]{$key} }, "META.json/$key is missing");
}
is_refused(sub { $_[0]{name} = 'task q' }, 'META.json/name is not a term');
is_refused(sub { $_[0]{version} = '0.2' }, 'META.json/version is not a semantic version');
is_refused(sub { $_[0]{version} = '0.02.0' }, 'META.json/version is not a semantic version');
is_refused(sub { $_[0]{version} = 2 }, 'META.json/version is not a semantic version');
is_refused(sub { $_[0]{abstract} = '' }, 'META.json/abstract is not text');
is_refused(sub { $_[0]{maintainer} = [] }, 'META.json/maintainer is not somebody');
is_refused(sub { $_[0]{license} = 'PostgreSQL' }, 'META.json/license is not a license that PGXN knows');
is_refused(sub { $_[0]{license} = { PostgreSQL => 'licence' } },
	'META.json/license is not a license that PGXN knows');
is_refused(sub { $_[0]{provides} = {} }, 'META.json/provides is empty');
is_refused(sub { delete $_[0]{provides}{taskq}{file} }, 'META.json/provides/taskq/file is missing');
is_refused(sub { delete $_[0]{provides}{taskq}{version} }, 'META.json/provides/taskq/version is missing');
is_refused(sub { $_[0]{provides}{taskq}{file} = 'sql/nowhere.sql' },
	'META.json/provides/taskq/file: there is no file sql/nowhere.sql');
is_refused(sub { $_[0]{provides}{taskq}{docfile} = '../README.md' },
	'META.json/provides/taskq/docfile is not a path in the archive');
is_refused(sub { $_[0]{provides}{taskq}{docs} = 'README.md' }, 'META.json/provides/taskq/docs is unknown');
is_refused(sub { $_[0]{'meta-spec'}{version} = '2.0.0' },
	'META.json/meta-spec/version is not a version of the specification');
is_refused(sub { $_[0]{'meta-spec'}{url} = 'https://example.org/' },
	'META.json/meta-spec/url is not the URL of the specification');
is_refused(sub { $_[0]{release_status} = 'ready' }, 'META.json/release_status is not a release status');
is_refused(sub { $_[0]{tags} = 'queue' }, 'META.json/tags is not a list');
is_refused(sub { $_[0]{tags}[1] = 'a/b' }, 'META.json/tags[1] is not a tag');
is_refused(sub { $_[0]{tags}[1] = 'x' x 256 }, 'META.json/tags[1] is not a tag');
is_refused(sub { $_[0]{tags}[1] = $_[0]{tags}[0] }, 'META.json/tags has an entry twice');
is_refused(sub { $_[0]{prereqs}{install} = delete $_[0]{prereqs}{runtime} },
	'key META.json/prereqs/install is not a phase');
is_refused(sub { $_[0]{prereqs}{runtime}{needs} = delete $_[0]{prereqs}{runtime}{requires} },
	'key META.json/prereqs/runtime/needs is not a relation');
is_refused(sub { $_[0]{prereqs}{runtime}{requires}{PostgreSQL} = '15' },
	'META.json/prereqs/runtime/requires/PostgreSQL is not a range of versions');
is_refused(sub { $_[0]{resources}{homepage} = 'taskq' }, 'META.json/resources/homepage is not a URL');
is_refused(sub { $_[0]{homepage} = 'https://example.org/' }, 'META.json/homepage is unknown');

# Not only what is there now is accepted.
for my $accepted (
	[ 'a list of maintainers', sub { $_[0]{maintainer} = [ 'One <one@example.org>', 'Two' ] } ],
	[ 'a key of one\'s own', sub { $_[0]{x_color} = 'green' } ],
	[ 'a pre-release', sub { $_[0]{version} = '1.0.0-rc.1' } ],
	[ 'any version', sub { $_[0]{prereqs}{runtime}{requires}{plpgsql} = 0 } ],
	[ 'a range of versions', sub { $_[0]{prereqs}{runtime}{requires}{PostgreSQL} = '>= 15.0.0, < 19.0.0' } ])
{
	my ($what, $change) = @$accepted;
	my $other = JSON::PP->new->utf8->decode(contents('META.json'));

	$change->($other);
	is(join("\n", $meta_rule->($other, 'META.json')), '', "accepted: $what");
}

# ------------------------------------------------------------------ versions

my ($default) = contents('taskq.control') =~ /^default_version = '(.*)'$/m;
my @changelog = contents('CHANGELOG.md') =~ /^## (\S+)/mg;
my ($debian) = contents('debian/changelog') =~ /\Ataskq \((.*)-[^-]*\) /;

like($default, qr/\A$semver\z/, 'taskq.control: default_version');
is($meta->{version}, $default, 'META.json has that version');
is($meta->{provides}{taskq}{version}, $default, 'and so has the extension it provides');
is($changelog[0], $default, 'CHANGELOG.md begins with it');
is($debian, $default, 'debian/changelog begins with it');

# The way up from each release to the next.
for my $i (1 .. $#changelog)
{
	ok(-f "$top/sql/taskq--$_.sql", "there is a sql/taskq--$_.sql")
	  for ($changelog[$i], "$changelog[$i]--$changelog[ $i - 1 ]");
}

# The oldest PostgreSQL.
my ($oldest) = contents('src/base/compat.h') =~ /^#if PG_VERSION_NUM < ([0-9]+)0000$/m;
is($meta->{prereqs}{runtime}{requires}{PostgreSQL}, "$oldest.0.0", 'META.json: the oldest PostgreSQL is that of src/base/compat.h');
is((split /\n/, contents('debian/pgversions'))[0], $oldest, 'debian/pgversions: likewise');

# All that name the supported versions name the same ones: the list is that of
# debian/pgversions.
my @majors = split /\n/, contents('debian/pgversions');
my $newest = $majors[-1];
is("@majors", join(' ', $oldest .. $newest), 'debian/pgversions has every major between');
like(contents('README.md'), qr/^PostgreSQL $oldest to $newest\.$/m, 'README.md names the oldest and the newest');
like(contents('README.md'), qr/one for each from $oldest to $newest\./, 'also where it speaks of packages');
like(contents('src/base/compat.h'), qr/PostgreSQL versions, $oldest to $newest\.$/m, 'and so does src/base/compat.h');
is_deeply([ contents('test/majors') =~ /^.*\btest_major ([0-9]+)/mg ], [ grep { $_ > $oldest && $_ != 16 } @majors ],
	'test/majors tests every major that Debian has and "make test" has not');
my ($tested) = contents('README.md') =~ /`make test` on PostgreSQL ([0-9, and]+), each/;
is_deeply([ $tested =~ /[0-9]+/g ], [ contents('test/majors') =~ /^.*\btest_major ([0-9]+)/mg ], 'and README.md says which');

# ------------------------------------------------------------ debian/control

# Made from debian/control.in for the PostgreSQL of one distribution.
my $control = contents('debian/control');
my ($major) = $control =~ /^Package: postgresql-([0-9]+)-taskq$/m;
is($control, contents('debian/control.in') =~ s/PGVERSION/$major/gr, 'debian/control is up to date');

# The license is the same in both places where it is read.
my $plain = contents('LICENSE') =~ s/\A.*?(?=^Permission)//msr;
my $packaged = contents('debian/copyright') =~ s/\A.*?(?=^ Permission)//msr;
is($packaged =~ s/^ \.?//mgr, $plain, 'debian/copyright has the text of LICENSE');

done_testing();
