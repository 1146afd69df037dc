-- taskq_monitoring.findings(): how many findings taskq_check() has, by severity, for a
-- role that only looks.  taskq_check() may be called by managers, who may also
-- write, and looks only at what its caller may read.  This function asks it with the
-- rights of the role that creates it and tells numbers, no more: run it as superuser,
-- once in each database, with the exporter's role.
--
--   psql -d ops -v role=prometheus -f findings.sql
--
-- To remove it: DROP SCHEMA taskq_monitoring CASCADE.
\set ON_ERROR_STOP on
BEGIN;
CREATE SCHEMA IF NOT EXISTS taskq_monitoring;

-- Its body is a string, so that an update of taskq may replace taskq_check().
SELECT format($create$
CREATE OR REPLACE FUNCTION taskq_monitoring.findings(OUT severity integer, OUT findings bigint) RETURNS SETOF record
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'SELECT s.severity, count(c.severity) FROM generate_series(1, 3) s(severity) LEFT JOIN %I.taskq_check() c USING (severity) GROUP BY s.severity'
$create$, n.nspname)
FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'taskq'
\gexec
COMMENT ON FUNCTION taskq_monitoring.findings() IS 'How many findings taskq_check() has of each severity, also where that is none.';

REVOKE ALL ON FUNCTION taskq_monitoring.findings() FROM PUBLIC;
GRANT USAGE ON SCHEMA taskq_monitoring TO :"role";
GRANT EXECUTE ON FUNCTION taskq_monitoring.findings() TO :"role";
COMMIT;
