# Plants, in a schema, everything that a name could resolve to instead of what
# was meant: shadows of all functions, aggregates, operators, types and
# relations of pg_catalog, fits that are better than those, relations with
# taskq's names.  Each tells the server's log who ran it, and counts, both
# whether or not the transaction is rolled back.
package Shadows;

use strict;
use warnings;
use Exporter 'import';
use TaskqTest;

our @EXPORT = qw(plant);

# What all others call.
my $trap = <<'SQL';
CREATE SEQUENCE evil.count_sprung;
GRANT USAGE ON SEQUENCE evil.count_sprung TO PUBLIC;
CREATE FUNCTION evil.sprung(what text) RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog AS $$BEGIN
	PERFORM nextval('evil.count_sprung');
	RAISE LOG 'sprung as %: %', current_user, what;
	RETURN true;
END$$;
SQL

# $1 of what must be created though some of it cannot be: pseudo-types.
my $planting = <<'SQL';
CREATE FUNCTION pg_temp.try(statements text[]) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE s text;
BEGIN
	FOREACH s IN ARRAY statements LOOP EXECUTE s; END LOOP;
	RETURN true;
EXCEPTION WHEN OTHERS THEN
	RETURN false;
END$$;
CREATE FUNCTION pg_temp.body(what text, result text) RETURNS text LANGUAGE sql AS $$
	SELECT format('LANGUAGE plpgsql AS %L', format('BEGIN PERFORM evil.sprung(%L); %s END', what,
		CASE WHEN result ~ '^(SETOF|TABLE|void)' THEN 'RETURN;' ELSE 'RETURN NULL;' END))
$$;
CREATE FUNCTION pg_temp.fn(name text, args text, result text, what text) RETURNS text LANGUAGE sql AS $$
	SELECT format('CREATE FUNCTION evil.%I(%s) RETURNS %s %s', name, args, result, pg_temp.body(what, result))
$$;
CREATE FUNCTION pg_temp.agg(name text, n int, args text[], direct int, result text) RETURNS text[] LANGUAGE sql AS $$
	SELECT ARRAY[
		pg_temp.fn('s_' || n, concat_ws(', ', 'text', nullif(array_to_string(args[direct + 1:], ', '), '')), 'text', 'aggregate ' || name),
		pg_temp.fn('f_' || n, concat_ws(', ', 'text', nullif(array_to_string(args[:direct], ', '), '')), result, 'aggregate ' || name),
		format('CREATE AGGREGATE evil.%I(%s) (SFUNC = evil.%I, STYPE = text, INITCOND = '''', FINALFUNC = evil.%I)', name,
			CASE WHEN direct > 0 THEN array_to_string(args[:direct], ', ') || ' ORDER BY ' || array_to_string(args[direct + 1:], ', ')
				WHEN args = '{}' THEN '*' ELSE array_to_string(args, ', ') END, 's_' || n, 'f_' || n)]
$$;
CREATE FUNCTION pg_temp.op(name text, n int, l text, r text, result text) RETURNS text[] LANGUAGE sql AS $$
	SELECT ARRAY[pg_temp.fn('o_' || n, concat_ws(', ', l, r), result, 'operator ' || concat_ws(' ', l, name, r)),
		format('CREATE OPERATOR evil.%s (FUNCTION = evil.%I%s%s)', name, 'o_' || n, ', LEFTARG = ' || l, ', RIGHTARG = ' || r)]
$$;
CREATE TEMP TABLE planted (kind text, done boolean);

-- pg_catalog's functions; what takes "any" is shadowed by what takes anything of one type.
INSERT INTO planted
SELECT 'function', pg_temp.try(ARRAY[pg_temp.fn(proname, a, pg_get_function_result(oid), 'function ' || proname)])
FROM pg_proc, unnest(CASE WHEN pg_get_function_identity_arguments(oid) ~ '"any"' THEN ARRAY[
		replace(replace(pg_get_function_identity_arguments(oid), 'VARIADIC "any"', 'VARIADIC anyarray'), '"any"', 'anyelement'),
		replace(pg_get_function_identity_arguments(oid), 'VARIADIC "any"', 'VARIADIC text[]'),
		'text, text', 'text, text, text', 'text, bigint, text, text']
	ELSE ARRAY[pg_get_function_identity_arguments(oid)] END) a
WHERE pronamespace = 'pg_catalog'::regnamespace AND prokind IN ('f', 'w');

-- Its aggregates, those of ordered sets too, and closer fits of the common ones.
INSERT INTO planted
SELECT 'aggregate', pg_temp.try(pg_temp.agg(proname, 100000 + (row_number() OVER ())::int, args, direct, result))
FROM (SELECT p.proname, ARRAY(SELECT CASE format_type(t, NULL) WHEN '"any"' THEN 'anyelement' ELSE format_type(t, NULL) END
			FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY u(t, n) ORDER BY n) AS args,
		CASE a.aggkind WHEN 'n' THEN 0 ELSE a.aggnumdirectargs END AS direct, format_type(p.prorettype, NULL) AS result
	FROM pg_proc p JOIN pg_aggregate a ON a.aggfnoid = p.oid WHERE p.pronamespace = 'pg_catalog'::regnamespace
	UNION ALL
	SELECT name, ARRAY[t], 0, CASE name WHEN 'count' THEN 'bigint' ELSE t END
	FROM unnest('{count,max,min,sum,avg}'::text[]) name, unnest('{integer,bigint,double precision,text,date,timestamptz,boolean,jsonb}'::text[]) t) x;

-- Its operators, and all pairs of the common types that it has none for.
INSERT INTO planted
SELECT 'operator', pg_temp.try(pg_temp.op(oprname, 200000 + (row_number() OVER ())::int, l, r, result))
FROM (SELECT oprname, CASE WHEN oprleft <> 0 THEN format_type(oprleft, NULL) END AS l, format_type(oprright, NULL) AS r, format_type(oprresult, NULL) AS result
	FROM pg_operator WHERE oprnamespace = 'pg_catalog'::regnamespace
	UNION ALL
	SELECT name, l, r, CASE WHEN name ~ '[=<>]' THEN 'boolean' ELSE l END
	FROM unnest('{=,<>,<,<=,>,>=,-,+,/,||}'::text[]) name,
		unnest('{integer,bigint,double precision,text,date,timestamptz,boolean,jsonb,interval,name,oid,regclass,regtype,anyenum}'::text[]) l,
		unnest('{integer,bigint,double precision,text,date,timestamptz,boolean,jsonb,interval,name,oid,regclass,regtype,anyenum}'::text[]) r
	WHERE (l = 'anyenum') <> (r = 'anyenum') OR to_regoperator(format('pg_catalog.%s(%s,%s)', name, l, r)) IS NULL) x;
SQL

# What is found by name alone: it would stop CREATE EXTENSION.
my $names = <<'SQL';
INSERT INTO planted
SELECT 'type', pg_temp.try(ARRAY[format('CREATE DOMAIN evil.%1$I AS pg_catalog.%1$I CHECK (evil.sprung(%2$L))', typname, 'type ' || typname)])
FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace AND typtype = 'b' AND typname !~ '^_';
INSERT INTO planted
SELECT 'relation', pg_temp.try(ARRAY[format('CREATE VIEW evil.%I AS SELECT (NULL::%s).* FROM evil.sprung(%L) s', relname, c.oid::regclass, 'relation ' || relname)])
FROM pg_class c WHERE relnamespace IN ('pg_catalog'::regnamespace, to_regnamespace('work')) AND relkind IN ('r', 'v');
SQL

# Plants as role mallory in one of its schemas, which exists; returns how many
# things of each kind.
sub plant
{
	my ($database, $schema, $by_name_too) = @_;
	my $sql = "SET ROLE mallory; SET search_path = pg_catalog; $trap$planting" . ($by_name_too ? $names : '')
	  . "GRANT USAGE ON SCHEMA evil TO PUBLIC;"
	  . "SELECT string_agg(kind || ' ' || n, ', ' ORDER BY kind) FROM (SELECT kind, count(*) AS n FROM planted WHERE done GROUP BY kind) x;";
	$sql =~ s/GRANT USAGE ON SCHEMA evil TO PUBLIC;// if $schema ne 'evil';
	$sql =~ s/\bevil\./$schema./g;
	return query($database, $sql);
}

1;
