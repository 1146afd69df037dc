/*-------------------------------------------------------------------------
 *
 * launcher.c
 *		Who sweeps, and when: the launcher and its sweepers.
 *
 * As in autovacuum, one launcher waits and short-lived workers work.  A
 * background worker can be connected to one database only, and one that
 * stayed would be in the way of whoever drops or renames it.  So the launcher
 * sees nothing but the shared catalogs, and each sweeper leaves as soon as it
 * has nothing to do, or a second later if it came because many are writing: they
 * will want the next sweep by then, and a process costs more than a sweep.
 *
 * A database's turn comes at the next instant known to its slot in shared
 * memory (wakeup.c), and taskq.sweep_interval after its last sweep at the
 * latest.  Where the extension is absent its turn comes rarely, until CREATE
 * EXTENSION wakes the launcher; where sweeps fail, ever more rarely, up to
 * BACKOFF_MAX.
 *
 *		idle --- its turn ---> sweeping --- sweeper gone ---> idle
 *
 * The sweeper tells how it went in the slot; a slot that was told nothing
 * belongs to a sweeper that died.
 *
 *-------------------------------------------------------------------------
 */
#include "taskq.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_database.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "libpq/pqsignal.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"

#define MAX_SWEEPERS 4
#define MIN_GAP (500 * INT64CONST(1000))	/* between two sweeps of a database */
#define BACKOFF_MAX (300 * USECS_PER_SEC)
#define ABSENT_INTERVAL (600 * USECS_PER_SEC)

/* Where many write, the sweeper looks so often whether it is to sweep again, for so long. */
#define STAY_GAP (250 * INT64CONST(1000))
#define STAY_LOOKS 4
#define STAY_MAX (10 * USECS_PER_SEC)

typedef struct Database
{
	Oid			oid;
	NameData	name;
	bool		seen;			/* in the catalog's last listing */
	bool		has_slot;
	BackgroundWorkerHandle *sweeper;	/* NULL = none */
	Turn		turn;
} Database;

/* The launcher's databases; those without a sweeper come and go. */
static List *databases = NIL;
static bool slots_exhausted = false;

/* ---------------------------------------------------------------- launcher */

void
launcher_register(void)
{
	BackgroundWorker worker = {0};

	if (IsBinaryUpgrade)
		return;
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = 1;
	strlcpy(worker.bgw_library_name, "taskq", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "taskq_launcher_main", sizeof(worker.bgw_function_name));
	strlcpy(worker.bgw_name, "taskq launcher", sizeof(worker.bgw_name));
	strlcpy(worker.bgw_type, "taskq launcher", sizeof(worker.bgw_type));
	RegisterBackgroundWorker(&worker);
}

static Database *
find_database(Oid oid)
{
	ListCell   *lc;

	foreach(lc, databases)
	{
		Database   *db = lfirst(lc);

		if (db->oid == oid)
			return db;
	}
	return NULL;
}

/* Whether taskq.databases lets a database be swept. */
static bool
is_wanted(const char *name)
{
	List	   *names = NIL;
	ListCell   *lc;
	bool		wanted;

	(void) SplitIdentifierString(pstrdup(taskq_databases), ',', &names);
	wanted = names == NIL;
	foreach(lc, names)
		wanted |= strcmp(lfirst(lc), name) == 0;
	return wanted;
}

/* Brings the list of databases up to date with pg_database. */
static void
list_databases(void)
{
	MemoryContext context = CurrentMemoryContext;
	Relation	rel;
	TableScanDesc scan;
	HeapTuple	tuple;
	ListCell   *lc;
	Oid		   *oids;
	int			n = 0;

	foreach(lc, databases)
		((Database *) lfirst(lc))->seen = false;

	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	(void) GetTransactionSnapshot();
	rel = table_open(DatabaseRelationId, AccessShareLock);
	scan = table_beginscan_catalog(rel, 0, NULL);
	while (HeapTupleIsValid(tuple = heap_getnext(scan, ForwardScanDirection)))
	{
		Form_pg_database form = (Form_pg_database) GETSTRUCT(tuple);
		Database   *db;

		if (form->datistemplate || !form->datallowconn ||
			form->datconnlimit == DATCONNLIMIT_INVALID_DB ||
			!is_wanted(NameStr(form->datname)))
			continue;
		db = find_database(form->oid);
		if (db == NULL)
		{
			MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);

			db = palloc0(sizeof(Database));
			db->oid = form->oid;
			db->turn.swept_at = DT_NOBEGIN;
			databases = lappend(databases, db);
			MemoryContextSwitchTo(old);
		}
		db->name = form->datname;
		db->seen = true;
	}
	table_endscan(scan);
	table_close(rel, AccessShareLock);
	CommitTransactionCommand();
	MemoryContextSwitchTo(context);

	oids = palloc(Max(list_length(databases), 1) * sizeof(Oid));
	foreach(lc, databases)
	{
		Database   *db = lfirst(lc);

		if (db->seen || db->sweeper != NULL)
			oids[n++] = db->oid;
		else
		{
			databases = foreach_delete_current(databases, lc);
			pfree(db);
		}
	}
	wakeup_keep_slots(oids, n);
}

/* Takes note of a sweeper that is gone. */
static void
reap(Database *db)
{
	WakeupSlot	slot;
	pid_t		pid;

	if (db->sweeper == NULL || GetBackgroundWorkerPid(db->sweeper, &pid) != BGWH_STOPPED)
		return;
	pfree(db->sweeper);
	db->sweeper = NULL;
	db->turn.swept_at = GetCurrentTimestamp();
	db->turn.sweeping = false;
	db->has_slot = wakeup_slot(db->oid, &slot);
	if (db->has_slot &&
		(!slot.told || slot.outcome == SWEEP_FAILED || slot.outcome == SWEEP_SOME_FAILED))
		db->turn.failures++;
	else
		db->turn.failures = 0;
}

/* When a database that is not being swept is to be swept next. */
static TimestampTz
turn_of(Database *db)
{
	int64		interval = taskq_sweep_interval * USECS_PER_SEC;
	Turn	   *turn = &db->turn;
	TimestampTz next_due;
	WakeupSlot	slot;

	db->has_slot = wakeup_slot(db->oid, &slot);
	turn->reason = TURN_INTERVAL;
	turn->at = turn->swept_at;
	if (!db->has_slot || turn->swept_at == DT_NOBEGIN)
	{
		if (turn->swept_at != DT_NOBEGIN)
			turn->at += interval;
		return turn->at;
	}

	if (turn->failures > 0)
	{
		for (int i = 0; i < turn->failures && interval < BACKOFF_MAX; i++)
			interval = Min(interval * 2, BACKOFF_MAX);
		turn->reason = slot.outcome == SWEEP_SOME_FAILED ? TURN_INTERVAL : TURN_BACKOFF;
	}
	else if (slot.outcome == SWEEP_ABSENT || slot.outcome == SWEEP_SUBSCRIBER)
	{
		interval = Max(interval, ABSENT_INTERVAL);
		turn->reason = TURN_ABSENT;
	}
	turn->at = turn->swept_at + interval;

	/* What falls due does not wait, unless sweeping as such has failed. */
	next_due = slot.next_due;
	if (turn->reason == TURN_BACKOFF && next_due != DT_NOBEGIN)
		next_due = DT_NOEND;
	return Max(Min(turn->at, next_due), turn->swept_at + MIN_GAP);
}

/* Starts a sweeper; false if no worker slot is free. */
static bool
start_sweeper(Database *db)
{
	BackgroundWorker worker = {0};
	MemoryContext old;
	bool		started;

	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	strlcpy(worker.bgw_library_name, "taskq", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "taskq_sweeper_main", sizeof(worker.bgw_function_name));
	snprintf(worker.bgw_name, sizeof(worker.bgw_name), "taskq sweeper for %s", NameStr(db->name));
	strlcpy(worker.bgw_type, "taskq sweeper", sizeof(worker.bgw_type));
	worker.bgw_main_arg = ObjectIdGetDatum(db->oid);
	strlcpy(worker.bgw_extra, NameStr(db->name), sizeof(worker.bgw_extra));
	worker.bgw_notify_pid = MyProcPid;

	old = MemoryContextSwitchTo(TopMemoryContext);
	if (db->has_slot)
		wakeup_sweep_begins(db->oid);
	started = RegisterDynamicBackgroundWorker(&worker, &db->sweeper);
	MemoryContextSwitchTo(old);
	if (!started)
	{
		db->sweeper = NULL;
		wakeup_sweep_ends(db->oid, SWEEP_LEFT, DT_NOBEGIN, 0, "");
	}
	db->turn.sweeping = started;
	if (started == slots_exhausted)
	{
		slots_exhausted = !started;
		if (started)
			ereport(LOG, (errmsg("taskq launcher found a free background worker slot again")));
		else
			ereport(LOG,
					(errmsg("taskq launcher found no free background worker slot to sweep database \"%s\"",
							NameStr(db->name)),
					 errhint("Raise max_worker_processes.")));
	}
	return started;
}

/* Starts the sweepers whose time has come; returns until when to wait. */
static TimestampTz
start_due_sweepers(void)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz until = DT_NOEND;
	int			running = 0;
	ListCell   *lc;

	foreach(lc, databases)
		if (((Database *) lfirst(lc))->sweeper != NULL)
			running++;
	foreach(lc, databases)
	{
		Database   *db = lfirst(lc);
		TimestampTz at;

		if (db->sweeper != NULL || !db->seen)
			continue;
		at = turn_of(db);
		if (at > now)
			until = Min(until, at);
		else if (running < MAX_SWEEPERS)
		{
			if (start_sweeper(db))
				running++;
			else
				until = Min(until, now + USECS_PER_SEC);
		}

		/* Else its turn comes when one of those running has gone. */
		wakeup_publish(db->oid, NameStr(db->name), &db->turn);
	}
	return until;
}

void
taskq_launcher_main(Datum arg)
{
	MemoryContext cycle;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	pgstat_report_appname("taskq launcher");
	cycle = AllocSetContextCreate(TopMemoryContext, "taskq launcher cycle", ALLOCSET_DEFAULT_SIZES);
	wakeup_launcher_is(MyProcPid);
	ereport(LOG, (errmsg("taskq launcher started")));

	for (;;)
	{
		TimestampTz until;
		long		timeout;
		ListCell   *lc;

		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}

		MemoryContextReset(cycle);
		MemoryContextSwitchTo(cycle);
		wakeup_launcher_waits(DT_NOEND);
		foreach(lc, databases)
			reap(lfirst(lc));
		list_databases();
		until = start_due_sweepers();
		until = Min(until, GetCurrentTimestamp() + taskq_sweep_interval * USECS_PER_SEC);
		wakeup_launcher_waits(until);

		pgstat_report_activity(STATE_IDLE, NULL);
		timeout = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), until);
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 timeout, PG_WAIT_EXTENSION);
	}
}

/* ----------------------------------------------------------------- sweeper */

/* What a sweeper is doing, for messages of errors. */
static void
sweeper_error_context(void *arg)
{
	errcontext("taskq sweep of database \"%s\"", (const char *) arg);
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
 * Keeps the extension from being dropped until the transaction ends.  DROP
 * EXTENSION locks it before all that belongs to it; without this the two
 * could take the same tables in different orders.  False if it is not there
 * or somebody is about to drop it.
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
 * written before that would take an id which the dump holds too.  pg_restore
 * with several jobs may set a sequence while other tables are still empty, so
 * nothing is swept while it is connected at all.
 */
static const char *
being_restored(void)
{
#define AHEAD(table) \
	"coalesce((SELECT pg_catalog.max(t.id) FROM @." table " t) " GT " " \
	"(SELECT CASE WHEN s.is_called THEN s.last_value ELSE 0 END FROM @." table "_id_seq s), false)"
	static TaskqPlan plan = {
		"SELECT " AHEAD("taskq_task") " OR " AHEAD("taskq_task_event") " OR " AHEAD("taskq_renewal") " OR "
		AHEAD("taskq_renewal_crossing") " OR " AHEAD("taskq_renewal_threshold") " OR "
		AHEAD("taskq_workflow_rule") " OR " AHEAD("taskq_workflow_run") " OR " AHEAD("taskq_sweep_log") ", "
		"EXISTS (SELECT FROM pg_catalog.pg_stat_get_activity(NULL) a WHERE a.datid " EQ " $1 "
		"AND a.application_name " EQ " 'pg_restore')"
	};
#undef AHEAD
	static const char *const reasons[] = {
		"ids run ahead of their sequence, as in a restore",
		"pg_restore is at work"
	};
	Oid			types[] = {OIDOID};
	Datum		values[] = {ObjectIdGetDatum(MyDatabaseId)};
	const char *reason = NULL;

	spi_connect();
	spi_run(&plan, 1, types, values, NULL, 1);
	for (int i = 0; i < lengthof(reasons) && reason == NULL; i++)
	{
		bool		isnull;

		if (DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, i + 1, &isnull)))
			reason = reasons[i];
	}
	SPI_finish();
	return reason;
}

/* Brings the counts of the stats bar up to date. */
static void
keep_count(void)
{
	fold_verify();
	(void) fold_begin(true);
	fold_deltas();
}

/*
 * One transaction of a sweep, with the rights of the owner of taskq_task: from
 * its first statement to its last deferred trigger: a batch, or what keeps the
 * counts, which comes first.  Returns SWEEP_NONE while there is more to do.
 */
static SweepOutcome
sweep_transaction(Sweep *sweep, bool counts)
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
	else if (is_subscriber())
	{
		fold_forget();			/* rows arrive without being noted */
		outcome = SWEEP_SUBSCRIBER;
	}
	else if (counts && (reason = being_restored()) != NULL)
	{
		strlcpy(sweep->error, reason, sizeof(sweep->error));
		outcome = SWEEP_RESTORING;
	}
	else
	{
		Sweep		before = *sweep;

		become_owner_of(taskq_catalog()->task, &saved);
		if (counts)
		{
			keep_count();
			PopActiveSnapshot();
			CommitTransactionCommand();
			become_caller_again(&saved);
			return SWEEP_NONE;
		}
		outcome = sweep_batch(sweep, taskq_sweep_batch_size) ? SWEEP_NONE :
			sweep->failed > 0 ? SWEEP_SOME_FAILED : SWEEP_DONE;
		if (sweep_done(sweep) > 0)
			sweep_log_write(sweep);
		if (outcome != SWEEP_NONE)
			sweep->next_due = sweep_next_due();

		/*
		 * Rows that were not there when first asked may have been swept. What
		 * has written nothing has nothing to take back.
		 */
		if (TransactionIdIsValid(GetTopTransactionIdIfAny()) && (reason = being_restored()) != NULL)
		{
			AbortCurrentTransaction();
			*sweep = before;
			strlcpy(sweep->error, reason, sizeof(sweep->error));
			return SWEEP_RESTORING;
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

/* Ends a failed transaction and reports its error, unless it is no news. */
static SweepOutcome
sweep_transaction_failed(Sweep *sweep, const Sweep *committed, const char *last_error)
{
	MemoryContext context = MemoryContextSwitchTo(TopMemoryContext);
	ErrorData  *edata = CopyErrorData();

	*sweep = *committed;
	strlcpy(sweep->error, edata->message, sizeof(sweep->error));
	FreeErrorData(edata);
	MemoryContextSwitchTo(context);
	if (strcmp(sweep->error, last_error) != 0)
		EmitErrorReport();
	AbortCurrentTransaction();
	FlushErrorState();
	return SWEEP_FAILED;
}

/*
 * The settings of a sweeper, whatever the database or its owner has set.  It
 * gives up waiting for a lock before another session's deadlock_timeout (1 s
 * by default) makes that session the one to lose.
 */
static void
pin_settings(void)
{
	static const char *const settings[][2] = {
		{"search_path", "pg_catalog, pg_temp"},
		{"lock_timeout", "500ms"},
		{"statement_timeout", "0"},
		{"idle_in_transaction_session_timeout", "0"},
		{"default_transaction_read_only", "off"},
		{"default_transaction_isolation", "read committed"},
		{"default_transaction_deferrable", "off"},
		{"session_replication_role", "origin"},
		{"jit", "off"},
	};

	for (int i = 0; i < lengthof(settings); i++)
		SetConfigOption(settings[i][0], settings[i][1], PGC_SUSET, PGC_S_OVERRIDE);
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
	volatile bool counts = true;

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
		}
		if (sweep.batches == 0)
			strlcpy(activity, "taskq sweep", sizeof(activity));
		else
			snprintf(activity, sizeof(activity), "taskq sweep: %d of about %d tasks",
					 sweep_done(&sweep), sweep_done(&sweep) + sweep.backlog);
		pgstat_report_activity(STATE_RUNNING, activity);
		committed = sweep;
		PG_TRY();
		{
			outcome = sweep_transaction(&sweep, counts);
		}
		PG_CATCH();
		{
			HOLD_INTERRUPTS();
			outcome = sweep_transaction_failed(&sweep, &committed, slot.error);
			RESUME_INTERRUPTS();
		}
		PG_END_TRY();
		counts = false;
		MemoryContextSwitchTo(context);
		pgstat_report_stat(true);
		pgstat_report_activity(STATE_IDLE, NULL);
	}

	if (taskq_log_sweeps == LOG_SWEEPS_ALL ? sweep.batches > 0 || outcome == SWEEP_DONE :
		taskq_log_sweeps == LOG_SWEEPS_CHANGES && sweep_done(&sweep) > 0)
		sweep_log_line(&sweep, name);
	if (outcome == SWEEP_RESTORING && strcmp(sweep.error, slot.error) != 0)
		ereport(LOG,
				(errmsg("taskq sweep of database \"%s\" waits: %s", name, sweep.error),
				 errhint("After an import, set the sequences with setval().")));
	if (outcome == SWEEP_SOME_FAILED && strcmp(sweep.error, slot.error) != 0)
		ereport(WARNING,
				(errmsg_plural("taskq sweep of database \"%s\": %d row could not be swept",
							   "taskq sweep of database \"%s\": %d rows could not be swept",
							   sweep.failed, name, sweep.failed),
				 errdetail_internal("%s", sweep.error)));
	wakeup_sweep_ends(database, outcome, sweep.next_due, sweep.backlog, sweep.error);
	return outcome;
}

/* Waits a second for the next sweep to fall due; whether it has. */
static bool
due_again(Oid database)
{
	for (int i = 0; i < STAY_LOOKS; i++)
	{
		TimestampTz until = GetCurrentTimestamp() + STAY_GAP;
		long		timeout;
		WakeupSlot	slot;

		while ((timeout = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), until)) > 0)
		{
			(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, timeout, PG_WAIT_EXTENSION);
			ResetLatch(MyLatch);
			CHECK_FOR_INTERRUPTS();
		}
		if (!wakeup_slot(database, &slot))
			return false;
		if (slot.next_due <= GetCurrentTimestamp())
			return true;
	}
	return false;
}

void
taskq_sweeper_main(Datum arg)
{
	Oid			database = DatumGetObjectId(arg);
	TimestampTz stays_until = GetCurrentTimestamp() + STAY_MAX;
	ErrorContextCallback error_context;
	MemoryContext context;
	WakeupSlot	slot;
	bool		again;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnectionByOid(database, InvalidOid, 0);
	pgstat_report_appname("taskq sweeper");
	pin_settings();

	context = AllocSetContextCreate(TopMemoryContext, "taskq sweep", ALLOCSET_DEFAULT_SIZES);
	error_context.callback = sweeper_error_context;
	error_context.arg = MyBgworkerEntry->bgw_extra;
	error_context.previous = error_context_stack;
	error_context_stack = &error_context;

	do
	{
		again = sweep_database(database, MyBgworkerEntry->bgw_extra, context) == SWEEP_DONE &&
			wakeup_slot(database, &slot) && slot.busy &&
			GetCurrentTimestamp() < stays_until && due_again(database);
		if (again)
			wakeup_sweep_begins(database);
	} while (again);
	proc_exit(0);
}
