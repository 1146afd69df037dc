/*-------------------------------------------------------------------------
 *
 * sweeper.c
 *		The background worker that sweeps one database and exits.
 *
 * What a sweep does to rows is in sweep.c and ladder.c.  Here are its
 * transactions, one a batch, the reasons not to sweep at all, errors, the
 * lines in the log, and when to exit.  That is when there is nothing left to
 * do, but a second later if the sweep was due because of many writes: another
 * one is likely to be due by then, and starting a process costs more than a
 * sweep.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_database.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "libpq/pqsignal.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "portability/instr_time.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lock.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/catalog.h"
#include "base/owner.h"
#include "base/plan.h"
#include "worker/sweep.h"
#include "worker/sweeper.h"
#include "worker/wakeup.h"

int			taskq_log_sweeps;

/*
 * With many writes: milliseconds between checks whether to sweep again, their
 * number, and how long to go on.
 */
#define STAY_GAP 250			/* ms */
#define STAY_LOOKS 4
#define STAY_MAX (10 * USECS_PER_SEC)

/* Error context callback. */
static void
sweeper_error_context(void *arg)
{
	errcontext("taskq sweep of database \"%s\"", (const char *) arg);
}

/* The last error that was reported, for sweeper_exits(). */
static char reported[SWEEP_ERROR_LEN];
static emit_log_hook_type next_emit_log;

static void
note_reported(ErrorData *edata)
{
	if (edata->elevel >= ERROR && edata->message != NULL)
		sweep_error_set(reported, edata->message);
	if (next_emit_log)
		next_emit_log(edata);
}

/*
 * Exit callback: an error that ends the process, which sweep_database() has
 * not handled, is stored as that of the sweep.
 */
static void
sweeper_exits(int code, Datum database)
{
	if (code != 0 && reported[0] != '\0')
		wakeup_sweep_breaks_off(DatumGetObjectId(database), reported);
}

/*
 * Whether somebody waits for a lock on this database, to drop or rename it or
 * to copy it.
 */
static bool
database_is_wanted_by_others(void)
{
	LOCKTAG		tag;

	SET_LOCKTAG_OBJECT(tag, InvalidOid, DatabaseRelationId, MyDatabaseId, 0);
	if (LockAcquire(&tag, RowExclusiveLock, false, true) == LOCKACQUIRE_NOT_AVAIL)
		return true;
	LockRelease(&tag, RowExclusiveLock, false);
	return false;
}

/*
 * Takes AccessShareLock on the extension until the transaction ends, so that
 * it is not dropped.  DROP EXTENSION locks it before all that belongs to it;
 * without this the two could lock the same tables in different orders.  False
 * if it does not exist or is about to be dropped.
 */
static bool
hold_extension(Oid extension)
{
	LOCKTAG		tag;

	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, ExtensionRelationId, extension, 0);
	if (LockAcquire(&tag, AccessShareLock, false, true) == LOCKACQUIRE_NOT_AVAIL)
		return false;
	AcceptInvalidationMessages();
	return get_extension_oid(TASKQ_EXTENSION, true) == extension;
}

/*
 * Why the database seems to be in the middle of a restore or an import; NULL
 * if it does not.  pg_dump's scripts set sequences after all data; an event
 * inserted before that would take an id which is in the dump too.  pg_restore
 * with several jobs may set a sequence while other tables are still empty, so
 * nothing is swept while it is connected.
 */
static const char *
being_restored(void)
{
#define AHEAD(table) \
	"coalesce((SELECT pg_catalog.max(t.id) FROM @." table " t) " GT " " \
	"(SELECT CASE WHEN s.is_called THEN s.last_value ELSE 0 END FROM @." table "_id_seq s), false)"
#define REASONS(newer) \
	"SELECT " AHEAD("taskq_task") " OR " AHEAD("taskq_task_event") " OR " AHEAD("taskq_renewal") " OR " \
	AHEAD("taskq_renewal_crossing") " OR " AHEAD("taskq_renewal_threshold") " OR " newer \
	AHEAD("taskq_workflow_rule") " OR " AHEAD("taskq_workflow_run") " OR " AHEAD("taskq_sweep_log") ", " \
	"EXISTS (SELECT FROM pg_catalog.pg_stat_get_activity(NULL) a WHERE a.datid " EQ " $1 " \
	"AND a.application_name " EQ " 'pg_restore')"

	/* By whether the SQL is older than 0.3.0. */
	static TaskqPlan plan[2] = {{REASONS(AHEAD("taskq_schedule") " OR ")}, {REASONS("")}};
#undef REASONS
#undef AHEAD
	static const char *const reasons[] = {
		"Ids in a table are ahead of its sequence, as during a restore.",
		"A session of pg_restore is connected to the database."
	};
	Oid			types[] = {OIDOID};
	Datum		values[] = {ObjectIdGetDatum(MyDatabaseId)};
	const char *reason = NULL;

	spi_connect();
	spi_run(&plan[taskq_catalog()->sql_is_older], 1, types, values, NULL, 1);
	for (int i = 0; i < lengthof(reasons) && reason == NULL; i++)
	{
		bool		isnull;

		if (DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, i + 1, &isnull)))
			reason = reasons[i];
	}
	SPI_finish();
	return reason;
}

/*
 * One transaction of a sweep, as the owner of taskq_task from its first
 * statement to its last deferred trigger: first those that maintain the
 * counts, then one a batch.  Returns SWEEP_NONE while there is more to do.
 * "committed" is the sweep as it was before.
 */
static SweepOutcome
sweep_transaction(Sweep *sweep, const Sweep *committed)
{
	SweepOutcome outcome;
	OwnerSwitch saved;
	Oid			extension;
	const char *reason;

	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	extension = get_extension_oid(TASKQ_EXTENSION, true);
	PushActiveSnapshot(GetTransactionSnapshot());
	if (!OidIsValid(extension))
		outcome = SWEEP_ABSENT;
	else if (database_is_wanted_by_others() || !hold_extension(extension))
		outcome = SWEEP_LEFT;
	else if (DefaultXactReadOnly)
	{
		/* The setting means that nothing should be written. */
		strlcpy(sweep->error, "default_transaction_read_only is on.", sizeof(sweep->error));
		outcome = SWEEP_READ_ONLY;
	}
	else if (taskq_catalog()->is_subscriber)
	{
		(void) sweep_first(sweep);
		outcome = SWEEP_SUBSCRIBER;
	}
	else if (!sweep->done_first && (reason = being_restored()) != NULL)
	{
		strlcpy(sweep->error, reason, sizeof(sweep->error));
		outcome = SWEEP_RESTORING;
	}
	else
	{
		become_owner_for_transaction(taskq_catalog()->task, &saved);
		if (!sweep->done_first)
		{
			(void) sweep_first(sweep);
			outcome = SWEEP_NONE;
		}
		else
		{
			outcome = sweep_batch(sweep, taskq_sweep_batch_size) ? SWEEP_NONE :
				sweep->failed > 0 ? SWEEP_SOME_FAILED : SWEEP_DONE;
			if (sweep_done(sweep) > 0)
				sweep_log_write(sweep);
			if (outcome != SWEEP_NONE)
				sweep->next_due = sweep_next_due();

			/*
			 * Rows that were restored after the first check may have been
			 * swept.  Without a transaction id nothing has been written.
			 */
			if (TransactionIdIsValid(GetTopTransactionIdIfAny()) && (reason = being_restored()) != NULL)
			{
				AbortCurrentTransaction();
				become_caller_again(&saved);
				*sweep = *committed;
				strlcpy(sweep->error, reason, sizeof(sweep->error));
				return SWEEP_RESTORING;
			}
		}
		PopActiveSnapshot();
		CommitTransactionCommand();
		become_caller_again(&saved);
		return outcome;
	}
	PopActiveSnapshot();
	CommitTransactionCommand();
	return outcome;
}

/* Aborts a failed transaction and reports its error, unless it is the same as last time. */
static SweepOutcome
sweep_transaction_failed(Sweep *sweep, const Sweep *committed, const char *last_error)
{
	MemoryContext context = MemoryContextSwitchTo(TopMemoryContext);
	ErrorData  *edata = CopyErrorData();

	*sweep = *committed;
	sweep_error_set(sweep->error, message_with_hint(edata));
	FreeErrorData(edata);
	MemoryContextSwitchTo(context);
	if (strcmp(sweep->error, last_error) != 0)
		EmitErrorReport();
	AbortCurrentTransaction();
	FlushErrorState();
	return SWEEP_FAILED;
}

/* ---------------------------------------------------------------- settings */

/*
 * Sets a setting against those of server, database and role; does nothing if
 * this version of PostgreSQL does not have it.
 */
static void
pin(const char *name, const char *value)
{
	if (GetConfigOption(name, true, false) != NULL)
		SetConfigOption(name, value, PGC_SUSET, PGC_S_OVERRIDE);
}

/*
 * No timeout ends a process of the worker.  As autovacuum does, before it
 * connects: that takes a transaction and may wait for a lock.
 */
void
worker_pin_timeouts(void)
{
	pin("statement_timeout", "0");
	pin("transaction_timeout", "0");
	pin("lock_timeout", "0");
	pin("idle_in_transaction_session_timeout", "0");
	pin("idle_session_timeout", "0");
}

/*
 * Settings under which taskq's statements would do something else, or nothing:
 *
 * role							takes rights that the sweeper needs
 * search_path					decides whose functions a user's trigger calls
 * session_replication_role		"replica" would leave out ordinary triggers
 * default_transaction_isolation	others than READ COMMITTED fail beside writers
 * default_transaction_deferrable	waits, together with the former
 * jit							costs more than the statements
 *
 * Others concern users' triggers too (DateStyle, TimeZone, row_security, say),
 * or are for the user to choose (planner, memory, log): in a sweeper they are
 * as in any session of the database.  Two are handled apart:
 * default_transaction_read_only (see sweep_transaction()), and
 * synchronous_commit.
 */
static void
pin_settings(void)
{
	worker_pin_timeouts();
	pin("role", "none");
	pin("search_path", "pg_catalog, pg_temp");
	pin("session_replication_role", "origin");
	pin("default_transaction_isolation", "read committed");
	pin("default_transaction_deferrable", "off");
	pin("jit", "off");
}

/*
 * A standby that does not answer must not block the sweeper, and so DROP
 * DATABASE.  What is lost with the primary, the next sweep does again.
 */
static void
pin_synchronous_commit(void)
{
	if (synchronous_commit > SYNCHRONOUS_COMMIT_LOCAL_FLUSH)
		pin("synchronous_commit", "local");
}

/* Logs why a sweep did not do everything; errors have been reported. */
static void
report_outcome(SweepOutcome outcome, const Sweep *sweep, const char *database)
{
	switch (outcome)
	{
		case SWEEP_RESTORING:
			ereport(LOG,
					(errmsg("taskq sweep of database \"%s\" waits", database),
					 errdetail_internal("%s", sweep->error),
					 errhint("After an import, set the sequences with setval().")));
			break;
		case SWEEP_READ_ONLY:
			ereport(LOG,
					(errmsg("taskq does not sweep database \"%s\"", database),
					 errdetail_internal("%s", sweep->error)));
			break;
		case SWEEP_SOME_FAILED:
			ereport(WARNING,
					(errmsg_plural("taskq sweep of database \"%s\": %d row could not be swept",
								   "taskq sweep of database \"%s\": %d rows could not be swept",
								   sweep->failed, database, sweep->failed),
					 errdetail_internal("%s", sweep->error)));
			break;
		default:
			break;
	}
}

/* Sweeps until there is nothing left to do or that fails; name is the database's. */
static SweepOutcome
sweep_database(Oid database, const char *name, MemoryContext context)
{
	WakeupSlot	slot;
	Sweep		sweep;
	Sweep		committed;
	char		activity[128];
	volatile SweepOutcome outcome = SWEEP_NONE;

	MemoryContextSwitchTo(context);
	MemoryContextReset(context);
	if (!wakeup_slot(database, &slot))
		slot.error[0] = '\0';
	sweep_begin(&sweep);
	while (outcome == SWEEP_NONE)
	{
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
			pin_synchronous_commit();
		}
		if (sweep.batches == 0)
			strlcpy(activity, "taskq sweep", sizeof(activity));
		else
			snprintf(activity, sizeof(activity), "taskq sweep: %d of about %d tasks",
					 sweep_done(&sweep), sweep_done(&sweep) + sweep.backlog);
		pgstat_report_activity(STATE_RUNNING, activity);
		committed = sweep;
		ResetAllOptions();		/* what a user's trigger has set for the session */
		PG_TRY();
		{
			outcome = sweep_transaction(&sweep, &committed);
		}
		PG_CATCH();
		{
			HOLD_INTERRUPTS();
			outcome = sweep_transaction_failed(&sweep, &committed, slot.error);
			RESUME_INTERRUPTS();
		}
		PG_END_TRY();
		MemoryContextSwitchTo(context);
		pgstat_report_stat(true);
		pgstat_report_activity(STATE_IDLE, NULL);
	}

	if (taskq_log_sweeps == LOG_SWEEPS_ALL ? sweep.batches > 0 || outcome == SWEEP_DONE :
		taskq_log_sweeps == LOG_SWEEPS_CHANGES && sweep_done(&sweep) > 0)
		sweep_log_line(&sweep, name);
	if (strcmp(sweep.error, slot.error) != 0)
		report_outcome(outcome, &sweep, name);
	wakeup_sweep_ends(database, outcome, sweep.next_due, sweep.backlog, sweep.error);
	return outcome;
}

/* Waits a second for the next sweep to fall due; returns whether it has. */
static bool
due_again(Oid database)
{
	for (int i = 0; i < STAY_LOOKS; i++)
	{
		long		timeout;
		instr_time	begin;
		WakeupSlot	slot;

		INSTR_TIME_SET_CURRENT(begin);
		while ((timeout = STAY_GAP - usecs_since(begin) / 1000) > 0)
		{
			(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, timeout, PG_WAIT_EXTENSION);
			ResetLatch(MyLatch);
			CHECK_FOR_INTERRUPTS();
		}
		if (!wakeup_slot(database, &slot))
			return false;
		if (slot.deltas >= DELTAS_TO_STAY || slot.next_due <= GetCurrentTimestamp())
			return true;
	}
	return false;
}

void
taskq_sweeper_main(Datum arg)
{
	Oid			database = DatumGetObjectId(arg);
	instr_time	begin;
	ErrorContextCallback error_context;
	MemoryContext context;
	WakeupSlot	slot;
	bool		again;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	next_emit_log = emit_log_hook;
	emit_log_hook = note_reported;
	before_shmem_exit(sweeper_exits, arg);
	BackgroundWorkerUnblockSignals();
	pin_settings();
	BackgroundWorkerInitializeConnectionByOid(database, InvalidOid, 0);
	pgstat_report_appname("taskq sweeper");
	pin_synchronous_commit();

	/*
	 * ALTER DATABASE ... SET session_authorization has no effect either; it
	 * cannot be pinned before there is a session.
	 */
	SetSessionAuthorization(BOOTSTRAP_SUPERUSERID, true);

	/*
	 * Less than deadlock_timeout (1 s by default), so that of a deadlock the
	 * sweeper is canceled and not the other session.
	 */
	pin("lock_timeout", "500ms");
	INSTR_TIME_SET_CURRENT(begin);

	context = AllocSetContextCreate(TopMemoryContext, "taskq sweep", ALLOCSET_DEFAULT_SIZES);
	error_context.callback = sweeper_error_context;
	error_context.arg = MyBgworkerEntry->bgw_extra;
	error_context.previous = error_context_stack;
	error_context_stack = &error_context;

	do
	{
		again = sweep_database(database, MyBgworkerEntry->bgw_extra, context) == SWEEP_DONE &&
			wakeup_slot(database, &slot) && slot.busy &&
			usecs_since(begin) < STAY_MAX && due_again(database);
		if (again)
			wakeup_sweep_begins(database);
	} while (again);
	proc_exit(0);
}
