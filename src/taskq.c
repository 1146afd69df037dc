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
#include "utils/memutils.h"
#include "utils/varlena.h"

TASKQ_MODULE_MAGIC;

char	   *taskq_timezone;
int			taskq_sweep_interval;
int			taskq_sweep_batch_size;
char	   *taskq_databases;
int			taskq_max_databases;
int			taskq_max_sweepers;
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

/*
 * Values that a server's configuration had for settings before the library was
 * loaded; NULL = none, or valid.  PostgreSQL rejects the others with a WARNING,
 * but that early it is not yet in the log that logging_collector writes.
 */
static struct
{
	const char *name;
	char	  **value;
	char	   *rejected;
}			texts[] = {
	{"taskq.timezone", &taskq_timezone, NULL},
	{"taskq.databases", &taskq_databases, NULL},
	{"taskq.retention", &taskq_retention, NULL},
	{"taskq.notify_channel", &taskq_notify_channel, NULL}
};

extern PGDLLEXPORT void _PG_init(void);

/* Names as they are written, with quotes around what has a comma, a space or a quote in it. */
static bool
databases_check(char **newval, void **extra, GucSource source)
{
	char	   *copy = pstrdup(*newval);
	List	   *names;
	ListCell   *lc;
	bool		valid = SplitGUCList(copy, ',', &names);

	foreach(lc, names)
		valid &= *(char *) lfirst(lc) != '\0';
	if (!valid)
		GUC_check_errdetail("It must be a list of database names, separated by commas; a name with a space or comma in it must be in double quotes.");
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

	/* Without shared memory it has no effect, and could not be defined as what it is. */
	DefineCustomIntVariable("taskq.max_databases",
							"Databases that shared memory has room for.",
							"Others are swept every taskq.sweep_interval and have no row in taskq_worker_status.",
							&taskq_max_databases, 256, 1, 100000,
							process_shared_preload_libraries_in_progress ? PGC_POSTMASTER : PGC_SIGHUP, 0,
							NULL, NULL, NULL);
	DefineCustomIntVariable("taskq.max_sweepers",
							"Databases that are swept at the same time.",
							"Each sweeper takes one of max_worker_processes.",
							&taskq_max_sweepers, 4, 1, 1024, PGC_SIGHUP, 0,
							NULL, NULL, NULL);
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

static void
note_texts(void)
{
	for (int i = 0; i < lengthof(texts); i++)
	{
		const char *value = GetConfigOption(texts[i].name, true, false);

		if (value != NULL)
			texts[i].rejected = MemoryContextStrdup(TopMemoryContext, value);
	}
}

/* Those that are in effect have not been rejected. */
static void
forget_valid_texts(void)
{
	for (int i = 0; i < lengthof(texts); i++)
		if (texts[i].rejected != NULL && strcmp(texts[i].rejected, *texts[i].value) == 0)
			texts[i].rejected = NULL;
}

/* Says which values of the server's configuration were not taken when it was started. */
void
warn_of_rejected_settings(void)
{
	for (int i = 0; i < lengthof(texts); i++)
		if (texts[i].rejected != NULL)
			ereport(WARNING,
					(errmsg("invalid value for parameter \"%s\": \"%s\"", texts[i].name, texts[i].rejected),
					 errdetail("The server was started with \"%s\" instead.", *texts[i].value)));
}

void
_PG_init(void)
{
	if (process_shared_preload_libraries_in_progress)
		note_texts();
	define_settings();
	forget_valid_texts();
	catalog_register_callbacks();
	catalog_install_hooks();
	owner_register_callbacks();
	notify_register_callbacks();
	rule_register_callbacks();
	chain_register_callbacks();
	wakeup_register_callbacks();
	if (process_shared_preload_libraries_in_progress)
	{
		wakeup_request_shmem();
		launcher_register();
	}
}
