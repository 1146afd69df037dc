/*-------------------------------------------------------------------------
 *
 * taskq.c
 *		Loading the library: settings, hooks, the launcher.
 *
 * The functions work in any server.  Only the worker needs the library
 * preloaded: its shared memory and its launcher exist from the start of the
 * server or not at all.
 *
 *-------------------------------------------------------------------------
 */
#include "taskq.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/varlena.h"

TASKQ_MODULE_MAGIC;

char	   *taskq_timezone;
int			taskq_sweep_interval;
int			taskq_sweep_batch_size;
char	   *taskq_databases;
int			taskq_sla_at_risk_percent;
int			taskq_log_sweeps;
char	   *taskq_retention;
char	   *taskq_notify_channel;
char	   *taskq_actor_setting;

static const struct config_enum_entry log_sweeps_options[] = {
	{"none", LOG_SWEEPS_NONE, false},
	{"changes", LOG_SWEEPS_CHANGES, false},
	{"all", LOG_SWEEPS_ALL, false},
	{NULL, 0, false}
};

extern PGDLLEXPORT void _PG_init(void);

static bool
databases_check(char **newval, void **extra, GucSource source)
{
	char	   *copy = pstrdup(*newval);
	List	   *names;
	bool		valid = SplitIdentifierString(copy, ',', &names);

	if (!valid)
		GUC_check_errdetail("It must be a list of database names, separated by commas.");
	list_free(names);
	pfree(copy);
	return valid;
}

static bool
notify_channel_check(char **newval, void **extra, GucSource source)
{
	if (strlen(*newval) >= NAMEDATALEN)
	{
		GUC_check_errdetail("A channel name has at most %d bytes.", NAMEDATALEN - 1);
		return false;
	}
	return true;
}

static bool
actor_check(char **newval, void **extra, GucSource source)
{
	if (pg_mbstrlen(*newval) > KEY_MAX)
	{
		GUC_check_errdetail("An actor has at most %d characters.", KEY_MAX);
		return false;
	}
	return true;
}

static void
define_settings(void)
{
	DefineCustomStringVariable("taskq.timezone",
							   "Time zone in which days begin and end.",
							   NULL, &taskq_timezone, "UTC", PGC_SUSET, 0,
							   timezone_check, timezone_assign, NULL);
	DefineCustomIntVariable("taskq.sweep_interval",
							"Longest time between two sweeps of a database.",
							"Sweeps also run at the instant at which something falls due.",
							&taskq_sweep_interval, 10, 1, 86400, PGC_SIGHUP, GUC_UNIT_S,
							NULL, NULL, NULL);
	DefineCustomIntVariable("taskq.sweep_batch_size",
							"Tasks that a sweep changes in one transaction.",
							NULL, &taskq_sweep_batch_size, 1000, 1, 100000, PGC_SIGHUP, 0,
							NULL, NULL, NULL);
	DefineCustomStringVariable("taskq.databases",
							   "Databases to sweep, separated by commas; empty = all.",
							   NULL, &taskq_databases, "", PGC_SIGHUP, GUC_LIST_INPUT,
							   databases_check, NULL, NULL);
	DefineCustomIntVariable("taskq.sla_at_risk_percent",
							"Part of the SLA's time after which a task is AT_RISK, in percent.",
							"Read when a task is written.",
							&taskq_sla_at_risk_percent, 80, 1, 100, PGC_SUSET, 0,
							NULL, NULL, NULL);
	DefineCustomStringVariable("taskq.retention",
							   "How long terminal tasks are kept; off = for ever.",
							   "An interval over zero; the sweep deletes what is older, with its history.",
							   &taskq_retention, "off", PGC_SUSET, 0,
							   retention_check, retention_assign, NULL);
	DefineCustomEnumVariable("taskq.log_sweeps",
							 "Which sweeps are logged: none, those with changes, all.",
							 NULL, &taskq_log_sweeps, LOG_SWEEPS_CHANGES, log_sweeps_options,
							 PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("taskq.notify_channel",
							   "Channel that is notified of changed tasks; empty = none.",
							   "NOTIFY makes commits wait for each other, in the whole cluster.",
							   &taskq_notify_channel, "", PGC_SUSET, 0,
							   notify_channel_check, NULL, NULL);
	DefineCustomStringVariable("taskq.actor",
							   "Who is using the session, for the history of tasks; empty = the session user.",
							   NULL, &taskq_actor_setting, "", PGC_USERSET, 0,
							   actor_check, NULL, NULL);
	MarkGUCPrefixReserved("taskq");
}

void
_PG_init(void)
{
	define_settings();
	catalog_register_callbacks();
	catalog_install_hooks();
	owner_register_callbacks();
	notify_register_callbacks();
	rule_register_callbacks();
	counter_register_callbacks();
	workflow_register_callbacks();
	wakeup_register_callbacks();
	if (process_shared_preload_libraries_in_progress)
	{
		wakeup_request_shmem();
		launcher_register();
	}
}
