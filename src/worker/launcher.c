/*-------------------------------------------------------------------------
 *
 * launcher.c
 *		The launcher: starts sweepers in the databases whose turn has come.
 *
 * As in autovacuum, one launcher waits and short-lived workers work.  A
 * background worker can be connected to one database only, and one that stays
 * connected blocks dropping and renaming it.  So the launcher reads only the
 * shared catalogs, and starts a sweeper (sweeper.c) in a database whose turn
 * has come.
 *
 * A database's turn comes at the next instant known to its slot in shared
 * memory (wakeup.c), and taskq.sweep_interval after its last sweep at the
 * latest.  Where the extension is absent its turn comes rarely, until CREATE
 * EXTENSION wakes the launcher; where sweeps fail, ever more rarely, up to
 * BACKOFF_MAX.  At most taskq.max_sweepers run at a time.  If more databases
 * are due, those go first whose turn came first, so that none starves.
 *
 * The wall clock may be set while the server runs.  A sweep that ended in the
 * future is no reason to wait, so a database with one is due at once.  The
 * launcher itself never waits longer than taskq.sweep_interval, by a clock
 * that cannot be set (WaitLatch).
 *
 *		idle --- its turn ---> sweeping --- sweeper gone ---> idle
 *
 * The sweeper stores its outcome in the slot; if it has not, it exited before
 * it could.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_database.h"
#include "libpq/pqsignal.h"
#include "miscadmin.h"
#include "parser/scansup.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/latch.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"

#include "base/compat.h"
#include "base/setting.h"
#include "worker/launcher.h"
#include "worker/sweeper.h"
#include "worker/wakeup.h"

char	   *taskq_databases;
int			taskq_max_sweepers;

/* Names as they are written, with quotes around what has a comma, a space or a quote in it. */
bool
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

#define MIN_GAP (500 * INT64CONST(1000))	/* between two sweeps of a database */
#define BACKOFF_MAX (300 * USECS_PER_SEC)
#define ABSENT_INTERVAL (600 * USECS_PER_SEC)

typedef struct Database
{
	Oid			oid;
	NameData	name;
	bool		seen;			/* in the catalog's last listing */
	bool		has_slot;
	BackgroundWorkerHandle *sweeper;	/* NULL = none */
	Turn		turn;
	TimestampTz due_at;			/* what turn_of() found */
} Database;

/* The databases that the launcher knows.  One that is gone is removed once it has no sweeper. */
static List *databases = NIL;
static bool workers_exhausted = false;
static bool slots_exhausted = false;

/* Names in taskq.databases that no database has and that have been logged. */
static List *unknown_names = NIL;

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

static bool
has_name(const List *names, const char *name)
{
	ListCell   *lc;

	foreach(lc, names)
		if (strcmp(lfirst(lc), name) == 0)
			return true;
	return false;
}

/* The names in taskq.databases; NIL = all databases. */
static List *
wanted_names(void)
{
	List	   *names;
	ListCell   *lc;

	(void) SplitGUCList(pstrdup(taskq_databases), ',', &names);
	foreach(lc, names)
		truncate_identifier(lfirst(lc), (int) strlen(lfirst(lc)), false);
	return names;
}

/* Warns of wanted names that no database has, once as long as that is so. */
static void
warn_of_unknown_names(const List *wanted, const List *existing)
{
	List	   *unknown = NIL;
	MemoryContext old;
	ListCell   *lc;

	foreach(lc, wanted)
	{
		char	   *name = lfirst(lc);

		if (has_name(existing, name) || has_name(unknown, name))
			continue;
		if (!has_name(unknown_names, name))
			ereport(WARNING,
					(errmsg("database \"%s\" named in taskq.databases does not exist", name),
					 errhint("Check the spelling of the name, which is case-sensitive.")));
		unknown = lappend(unknown, name);
	}

	old = MemoryContextSwitchTo(TopMemoryContext);
	list_free_deep(unknown_names);
	unknown_names = NIL;
	foreach(lc, unknown)
		unknown_names = lappend(unknown_names, pstrdup(lfirst(lc)));
	MemoryContextSwitchTo(old);
}

/* Brings the list of databases up to date with pg_database. */
static void
list_databases(void)
{
	MemoryContext context = CurrentMemoryContext;
	List	   *wanted = wanted_names();
	List	   *existing = NIL;
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
		MemoryContext old;
		Database   *db;

		if (wanted != NIL)
		{
			if (!has_name(wanted, NameStr(form->datname)))
				continue;
			old = MemoryContextSwitchTo(context);
			existing = lappend(existing, pstrdup(NameStr(form->datname)));
			MemoryContextSwitchTo(old);
		}
		if (form->datistemplate || !form->datallowconn ||
			form->datconnlimit == DATCONNLIMIT_INVALID_DB)
			continue;
		db = find_database(form->oid);
		if (db == NULL)
		{
			old = MemoryContextSwitchTo(TopMemoryContext);
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
	warn_of_unknown_names(wanted, existing);

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

/* Records the end of a sweeper that has exited. */
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
	if (db->has_slot && !slot.told)
		wakeup_sweep_breaks_off(db->oid, "sweeper exited without reporting an error; see the server log");
	if (db->has_slot &&
		(!slot.told || slot.outcome == SWEEP_FAILED || slot.outcome == SWEEP_SOME_FAILED))
		db->turn.failures++;
	else
		db->turn.failures = 0;
}

/*
 * When a database that is not being swept is to be swept next.  One that has
 * not been swept yet goes before all others; so does one whose last sweep lies
 * in the future, for the clock has been set back since.
 */
static TimestampTz
turn_of(Database *db, TimestampTz now)
{
	int64		interval = taskq_sweep_interval * USECS_PER_SEC;
	Turn	   *turn = &db->turn;
	TimestampTz next_due;
	WakeupSlot	slot;

	db->has_slot = wakeup_slot(db->oid, &slot);
	turn->reason = TURN_INTERVAL;
	if (turn->swept_at == DT_NOBEGIN || turn->swept_at > now)
		return turn->at = DT_NOBEGIN;
	if (!db->has_slot)
		return turn->at = turn->swept_at + interval;

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

	/* Due rows are not delayed, unless the sweep as a whole has failed. */
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
	wakeup_sweep_begins(db->oid);
	started = RegisterDynamicBackgroundWorker(&worker, &db->sweeper);
	MemoryContextSwitchTo(old);
	if (!started)
	{
		db->sweeper = NULL;
		wakeup_sweep_ends(db->oid, SWEEP_LEFT, DT_NOBEGIN, 0, "");
	}
	db->turn.sweeping = started;
	if (started == workers_exhausted)
	{
		workers_exhausted = !started;
		if (started)
			ereport(LOG, (errmsg("taskq launcher found a free background worker slot again")));
		else
			ereport(LOG,
					(errmsg("taskq launcher found no free background worker slot to sweep database \"%s\"",
							NameStr(db->name)),
					 errhint("Consider increasing max_worker_processes.")));
	}
	return started;
}

/* Warns of databases that have no slot in shared memory, once as long as there are any. */
static void
warn_of_missing_slots(int missing)
{
	if (missing > 0 && !slots_exhausted)
		ereport(WARNING,
				(errmsg_plural("taskq has no shared memory for %d database",
							   "taskq has no shared memory for %d databases",
							   missing, missing),
				 errdetail("Without it a database is swept every taskq.sweep_interval, not when something falls due, and has no row in taskq_worker_status."),
				 errhint("Consider increasing the configuration parameter \"taskq.max_databases\", which is %d.", taskq_max_databases)));
	slots_exhausted = missing > 0;
}

static int
due_cmp(const ListCell *a, const ListCell *b)
{
	TimestampTz due_a = ((const Database *) lfirst(a))->due_at;
	TimestampTz due_b = ((const Database *) lfirst(b))->due_at;

	return due_a < due_b ? -1 : due_a > due_b;
}

/*
 * Starts sweepers where the time has come, the longest overdue first; returns
 * until when to wait.  Databases for which no sweeper is free are not
 * considered in that: their turn comes when a running one exits.
 */
static TimestampTz
start_due_sweepers(void)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz until = DT_NOEND;
	List	   *due = NIL;
	int			running = 0;
	int			missing = 0;
	ListCell   *lc;

	foreach(lc, databases)
	{
		Database   *db = lfirst(lc);

		if (db->sweeper != NULL)
			running++;
		else if (db->seen)
		{
			db->due_at = turn_of(db, now);
			if (db->due_at <= now)
				due = lappend(due, db);
			else
				until = Min(until, db->due_at);
		}
		if (db->seen && !db->has_slot)
			missing++;
	}
	warn_of_missing_slots(missing);

	list_sort(due, due_cmp);
	foreach(lc, due)
	{
		if (running >= taskq_max_sweepers)
			break;
		if (!start_sweeper(lfirst(lc)))
		{
			until = Min(until, now + USECS_PER_SEC);
			break;
		}
		running++;
	}
	foreach(lc, databases)
	{
		Database   *db = lfirst(lc);

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
	worker_pin_timeouts();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	pgstat_report_appname("taskq launcher");
	cycle = AllocSetContextCreate(TopMemoryContext, "taskq launcher cycle", ALLOCSET_DEFAULT_SIZES);
	wakeup_launcher_is(MyProcPid);
	ereport(LOG, (errmsg("taskq launcher started")));
	settings_warn_of_rejected();

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
			list_free_deep(unknown_names);
			unknown_names = NIL;
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
						 Min(timeout, taskq_sweep_interval * 1000L), PG_WAIT_EXTENSION);
	}
}
