/*-------------------------------------------------------------------------
 *
 * taskq.c
 *		Loading the library: settings, lists, the launcher.
 *
 * The functions work in any server.  Only the worker needs the library
 * preloaded: its shared memory and its launcher exist from the start of the
 * server or not at all.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/guc.h"

#include "base/actor.h"
#include "base/business.h"
#include "base/calendar.h"
#include "base/catalog.h"
#include "base/compat.h"
#include "base/owner.h"
#include "base/plan.h"
#include "base/setting.h"
#include "task/change.h"
#include "task/due.h"
#include "task/history.h"
#include "task/pause.h"
#include "task/policy.h"
#include "task/sla.h"
#include "queue/counter.h"
#include "queue/fold.h"
#include "engine/chain.h"
#include "engine/refresh.h"
#include "engine/rule.h"
#include "engine/schedule.h"
#include "engine/workflow.h"
#include "worker/launcher.h"
#include "worker/notify.h"
#include "worker/retention.h"
#include "worker/sweep.h"
#include "worker/sweeper.h"
#include "worker/wakeup.h"

TASKQ_MODULE_MAGIC;

static const struct config_enum_entry log_sweeps_options[] = {
	{"none", LOG_SWEEPS_NONE, false},
	{"changes", LOG_SWEEPS_CHANGES, false},
	{"all", LOG_SWEEPS_ALL, false},
	{NULL, 0, false}
};

static TextSetting texts[] = {
	{"taskq.timezone", &taskq_timezone},
	{"taskq.databases", &taskq_databases},
	{"taskq.retention", &taskq_retention},
	{"taskq.notify_channel", &taskq_notify_channel}
};

/*
 * Callbacks on changes of tasks, in the order in which they are called:
 * history before the rules, which act on the events that it has recorded.
 */
static const TaskFollower *const followers[] = {
	&counter_follower,
	&fold_follower,
	&notify_follower,
	&pause_follower,
	&history_follower,
	&workflow_follower,
	&wakeup_follower
};

/*
 * The kinds of rows that fall due, in the order in which a sweep deals with
 * them.  Breached deadlines come after overdue tasks, because writing those
 * stores their breaches too, and after deadlines that have moved.
 */
static const DueKind *const due_kinds[] = {
	&due_folding,
	&due_overdue,
	&due_recovered,
	&due_moved,
	&due_resumed,
	&due_response_breached,
	&due_breached,
	&due_at_risk,
	&due_warnings,
	&due_schedules,
	&due_rechecks,
	&due_renewals,
	&due_tasks_created,
	&due_expired,
	&due_runs
};

extern PGDLLEXPORT void _PG_init(void);

static void
define_settings(void)
{
	DefineCustomStringVariable("taskq.timezone",
							   "Sets the time zone in which days begin and end.",
							   NULL, &taskq_timezone, "UTC", PGC_SUSET, 0,
							   timezone_check, timezone_assign, NULL);
	DefineCustomIntVariable("taskq.sweep_interval",
							"Sets the longest time between two sweeps of a database.",
							"A sweep also runs at the instant at which something falls due.",
							&taskq_sweep_interval, 10, 1, 86400, PGC_SIGHUP, GUC_UNIT_S,
							NULL, NULL, NULL);
	DefineCustomIntVariable("taskq.sweep_batch_size",
							"Sets the number of tasks that a sweep changes in one transaction.",
							NULL, &taskq_sweep_batch_size, 1000, 1, 100000, PGC_SIGHUP, 0,
							NULL, NULL, NULL);
	DefineCustomStringVariable("taskq.databases",
							   "Lists the databases to sweep, separated by commas.",
							   "An empty list means all databases.", &taskq_databases, "", PGC_SIGHUP, GUC_LIST_INPUT,
							   databases_check, NULL, NULL);

	/*
	 * PGC_POSTMASTER settings can be defined only while preloading; otherwise
	 * this one has no effect.
	 */
	DefineCustomIntVariable("taskq.max_databases",
							"Sets the number of databases that shared memory has room for.",
							"Other databases are swept every taskq.sweep_interval and have no row in taskq_worker_status.",
							&taskq_max_databases, 256, 1, 100000,
							process_shared_preload_libraries_in_progress ? PGC_POSTMASTER : PGC_SIGHUP, 0,
							NULL, NULL, NULL);
	DefineCustomIntVariable("taskq.max_sweepers",
							"Sets the maximum number of databases that are swept at the same time.",
							"Each sweeper takes one of max_worker_processes.",
							&taskq_max_sweepers, 4, 1, 1024, PGC_SIGHUP, 0,
							NULL, NULL, NULL);
	DefineCustomIntVariable("taskq.sla_at_risk_percent",
							"Sets the percentage of the SLA's time after which a task is AT_RISK.",
							"The value is read when a task is written.",
							&taskq_sla_at_risk_percent, 80, 1, 100, PGC_SUSET, 0,
							NULL, NULL, NULL);
	DefineCustomStringVariable("taskq.retention",
							   "Sets how long terminal tasks are kept.",
							   "The value is an interval greater than zero, or off to keep them for ever; the sweep deletes older tasks with their history.",
							   &taskq_retention, "off", PGC_SUSET, 0,
							   retention_check, retention_assign, NULL);
	DefineCustomEnumVariable("taskq.log_sweeps",
							 "Sets which sweeps are logged.",
							 NULL, &taskq_log_sweeps, LOG_SWEEPS_CHANGES, log_sweeps_options,
							 PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("taskq.notify_channel",
							   "Sets the channel that is notified of changed tasks.",
							   "An empty string turns this off. NOTIFY makes commits wait for each other, in the whole cluster.",
							   &taskq_notify_channel, "", PGC_SUSET, 0,
							   notify_channel_check, NULL, NULL);
	DefineCustomStringVariable("taskq.actor",
							   "Sets who is using the session, for the history of tasks.",
							   "An empty string means the session user.", &taskq_actor_setting, "", PGC_USERSET, 0,
							   actor_check, NULL, NULL);
	MarkGUCPrefixReserved("taskq");
}

void
_PG_init(void)
{
	if (process_shared_preload_libraries_in_progress)
		settings_note(texts, lengthof(texts));
	define_settings();
	settings_forget_valid();
	catalog_register_callbacks();
	plan_register_callbacks();
	owner_register_callbacks();
	business_register_callbacks();
	revision_notify(change_due_now);
	policy_register_callbacks();
	rule_register_callbacks();
	change_register(followers, lengthof(followers));
	sweep_register(due_kinds, lengthof(due_kinds));
	if (process_shared_preload_libraries_in_progress)
	{
		wakeup_request_shmem();
		launcher_register();
	}
}
