/*-------------------------------------------------------------------------
 *
 * check.c
 *		The part of taskq_check() that is not in SQL.
 *
 * The function itself is in check.sql.  Here is what only the library knows,
 * and what is in relations that not every caller may read: that is left out
 * for those who may not.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "pgtime.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "base/catalog.h"
#include "base/compat.h"
#include "base/plan.h"
#include "queue/counter.h"
#include "worker/launcher.h"
#include "worker/wakeup.h"

/* What severities mean, for check.sql too. */
#define AT_RISK 1				/* security, or data */
#define NOT_WORKING 2
#define TO_KNOW 3

static TaskqPlan list_versions = {
	"SELECT e.extversion, (SELECT a.default_version FROM pg_catalog.pg_available_extensions() a WHERE a.name " EQ " e.extname) "
	"FROM pg_catalog.pg_extension e WHERE e.oid " EQ " $1"
};

/* Parameter: this database. */
static TaskqPlan list_zones = {
	"SELECT DISTINCT pg_catalog.substr(u, pg_catalog.length('taskq.timezone=') OPERATOR(pg_catalog.+) 1) "
	"FROM pg_catalog.pg_db_role_setting s, pg_catalog.unnest(s.setconfig) u "
	"WHERE s.setdatabase " EQ " ANY (ARRAY['0'::pg_catalog.oid, $1]) AND pg_catalog.starts_with(u, 'taskq.timezone=')"
};
static TaskqPlan list_rejected = {
	"SELECT f.name, f.setting, f.sourcefile, f.sourceline, f.error FROM pg_catalog.pg_show_all_file_settings() f "
	"WHERE pg_catalog.starts_with(f.name, 'taskq.') AND f.error IS NOT NULL"
};
static TaskqPlan any_task = {
	"SELECT FROM @.taskq_task LIMIT 1"
};
static TaskqPlan list_lost_roles = {
	"SELECT g.role_name, g.level, r.rolname FROM @.taskq_role_grant g "
	"LEFT JOIN pg_catalog.pg_roles r ON CASE WHEN g.role_oid IS NULL THEN r.rolname " EQ " g.role_name ELSE r.oid " EQ " g.role_oid END "
	"WHERE r.rolname IS NULL OR r.rolname " NE " g.role_name"
};

static void
report(ReturnSetInfo *rsinfo, int severity, const char *subject, const char *what, const char *hint)
{
	Datum		values[] = {
		Int32GetDatum(severity),
		CStringGetTextDatum(subject),
		CStringGetTextDatum(what),
		CStringGetTextDatum(hint)
	};
	bool		nulls[lengthof(values)] = {false};

	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/* A standby has no worker until it is promoted. */
static void
check_worker(ReturnSetInfo *rsinfo)
{
	if (RecoveryInProgress())
		return;
	switch (wakeup_worker_state())
	{
		case WORKER_NOT_PRELOADED:
			report(rsinfo, NOT_WORKING, "worker",
				   _("The library is not preloaded: no worker sweeps this database."),
				   _("Add taskq to shared_preload_libraries and restart the server, or have CALL taskq_sweep_all() run every minute."));
			break;
		case WORKER_NOT_RUNNING:
			report(rsinfo, NOT_WORKING, "worker",
				   _("The taskq launcher is not running."),
				   _("See the server's log for the reason, and consider increasing max_worker_processes."));
			break;
		case WORKER_SWEEPS_OTHERS:
			if (taskq_databases[0] != '\0')
				report(rsinfo, NOT_WORKING, "taskq.databases",
					   _("It does not name this database: no worker sweeps it."),
					   _("Add the database's name, as it is written in pg_database, and reload the configuration."));
			break;
		case WORKER_IS_FULL:
			report(rsinfo, NOT_WORKING, "taskq.max_databases",
				   _("Shared memory has no room for this database: it is not swept when something falls due."),
				   _("Consider increasing it, or leaving out databases with taskq.databases."));
			break;
		case WORKER_SWEEPS:
			break;
	}
}

static void
check_versions(ReturnSetInfo *rsinfo)
{
	Oid			types[] = {OIDOID};
	Datum		values[] = {ObjectIdGetDatum(taskq_catalog()->extension)};
	char	   *installed;
	char	   *available;

	spi_read(&list_versions, 1, types, values);
	installed = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	available = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2);
	if (available != NULL && strcmp(available, TASKQ_VERSION) != 0)
		report(rsinfo, TO_KNOW, "version",
			   psprintf(_("The library in use is that of version %s, the files installed are those of %s."), TASKQ_VERSION, available),
			   _("Restart the server, or reconnect if the library is not preloaded."));
	else if (strcmp(installed, TASKQ_VERSION) != 0)
		report(rsinfo, TO_KNOW, "version",
			   psprintf(_("This database is at version %s, the library at %s."), installed, TASKQ_VERSION),
			   _("Run ALTER EXTENSION taskq UPDATE."));
}

/* Unknown zones set for databases and roles in sessions where the library was not loaded. */
static void
check_zones(ReturnSetInfo *rsinfo)
{
	Oid			types[] = {OIDOID};
	Datum		values[] = {ObjectIdGetDatum(MyDatabaseId)};

	spi_read(&list_zones, 1, types, values);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		char	   *name = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1);
		pg_tz	   *zone = pg_tzset(name);

		if (zone == NULL || !pg_tz_acceptable(zone))
			report(rsinfo, NOT_WORKING, "taskq.timezone",
				   psprintf(_("The time zone \"%s\" is not known: sessions that it is set for use another."), name),
				   _("Use ALTER DATABASE or ALTER ROLE ... SET taskq.timezone with a name from pg_timezone_names."));
	}
}

/* Settings in the server's configuration that are not in effect, an unknown time zone among them. */
static void
check_files(ReturnSetInfo *rsinfo)
{
	if (!taskq_may_execute(F_PG_SHOW_ALL_FILE_SETTINGS, GetUserId()))
		return;
	spi_read(&list_rejected, 0, NULL, NULL);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;

		report(rsinfo, NOT_WORKING, SPI_getvalue(tuple, desc, 1),
			   psprintf(_("The value \"%s\" is not in effect: %s."), SPI_getvalue(tuple, desc, 2), SPI_getvalue(tuple, desc, 5)),
			   psprintf(_("See line %s of file %s."), SPI_getvalue(tuple, desc, 4), SPI_getvalue(tuple, desc, 3)));
	}
}

/* Nothing is reported where there are no tasks, or where sweeps do not maintain the counters. */
static void
check_counters(ReturnSetInfo *rsinfo)
{
	CounterState state;
	bool		found;

	if (RecoveryInProgress() || taskq_catalog()->is_subscriber)
		return;
	found = counter_read_state(GetActiveSnapshot(), &state);
	if (found && state.triggers == counter_triggers())
		return;
	spi_read(&any_task, 0, NULL, NULL);
	if (SPI_processed > 0)
		report(rsinfo, TO_KNOW, "counters",
			   found ? psprintf(_("The numbers of taskq_stats() have not been kept since %s: every call counts the tasks."),
								timestamptz_to_str(state.folded_at)) :
			   _("The numbers of taskq_stats() are not kept: every call counts the tasks."),
			   _("Check that no trigger of taskq's on taskq_task is missing or disabled; the next sweep then keeps them again."));
}

static void
check_roles(ReturnSetInfo *rsinfo)
{
	Oid			relid = get_relname_relid("taskq_role_grant", taskq_catalog()->schema);

	if (pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
		return;
	spi_read(&list_lost_roles, 0, NULL, NULL);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		char	   *name = SPI_getvalue(tuple, desc, 1);
		char	   *present_name = SPI_getvalue(tuple, desc, 3);

		if (present_name == NULL)
			report(rsinfo, TO_KNOW, psprintf("role %s", quote_identifier(name)),
				   psprintf(_("It was granted level %s and has been dropped."), SPI_getvalue(tuple, desc, 2)),
				   psprintf(_("Use SELECT taskq_revoke(%s) to forget it."), quote_literal_cstr(name)));
		else
			report(rsinfo, TO_KNOW, psprintf("role %s", quote_identifier(name)),
				   psprintf(_("It was granted level %s and is named %s now: a dump would have the old name."),
							SPI_getvalue(tuple, desc, 2), quote_identifier(present_name)),
				   _("Use SELECT taskq_reapply_grants() to update the name."));
	}
}

PG_FUNCTION_INFO_V1(taskq_check_server);
Datum
taskq_check_server(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	spi_connect();
	check_worker(rsinfo);
	check_versions(rsinfo);
	check_zones(rsinfo);
	check_files(rsinfo);
	check_counters(rsinfo);
	check_roles(rsinfo);
	SPI_finish();
	return (Datum) 0;
}
