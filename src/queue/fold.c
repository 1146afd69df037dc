/*-------------------------------------------------------------------------
 *
 * fold.c
 *		Maintenance of the counters of counter.c, by the sweep.
 *
 * Folding adds the deltas written since the last fold to the counters, and
 * stores its snapshot, by which readers know what is in them.  Only one fold
 * runs at a time, and none waits for another.
 *
 * Initially all tasks are counted, without blocking writers.  First a row in
 * taskq_counter_state announces it, and from then on writers insert deltas.
 * Transactions that have written before did not.  So all that hold a lock on
 * taskq_task after the announcement has committed must have ended before the
 * snapshot is taken under which tasks are counted: it sees what they changed,
 * and for what it does not see there are deltas.
 *
 *		not kept ---- announce() ---> announced ---- count_tasks() ---> kept
 *		    ^                             |
 *		    +---- a writer stays open ----+
 *
 * Once a day the counters are compared with the tasks.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/transam.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/latch.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "utils/date.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/calendar.h"
#include "base/catalog.h"
#include "base/compat.h"
#include "base/owner.h"
#include "base/plan.h"
#include "task/change.h"
#include "task/due.h"
#include "queue/cells.h"
#include "queue/counter.h"
#include "queue/fold.h"
#include "queue/stats.h"
#include "queue/sums.h"

/*
 * The age at which a bucket is merged: more than the difference that time
 * zones, usual corrections of a clock, or statements that began earlier make.
 * Readers to whom a merged bucket matters count the tasks.  Buckets that are
 * not merged are read by every reader.
 */
#define KEEP_DAYS 8

/* How long to wait for writers to end: number of checks, milliseconds between them. */
#define WRITERS_LOOKS 50
#define WRITERS_GAP 10

#define COUNT_BATCH 10000
#define VERIFY_INTERVAL USECS_PER_DAY

static TaskqPlan lock_state = {
	"SELECT FROM @.taskq_counter_state FOR NO KEY UPDATE SKIP LOCKED"
};
static TaskqPlan snapshot_now = {
	"SELECT pg_catalog.pg_snapshot_xmin(s)::pg_catalog.text::pg_catalog.int8, "
	"pg_catalog.pg_snapshot_xmax(s)::pg_catalog.text::pg_catalog.int8, "
	"ARRAY(SELECT x::pg_catalog.text::pg_catalog.int8 FROM pg_catalog.pg_snapshot_xip(s) x "
	"UNION SELECT pg_catalog.pg_current_xact_id()::pg_catalog.text::pg_catalog.int8) "
	"FROM pg_catalog.pg_current_snapshot() s"
};
static TaskqPlan update_state = {
	"UPDATE @.taskq_counter_state SET snapshot_xmax = $1, snapshot_xip = $2, merged_day = $3, folded_at = $4"
};
static TaskqPlan delete_folded = {
	"DELETE FROM @.taskq_counter_delta WHERE xid " LT " $1"
};

static TaskqPlan set_counted = {
	"UPDATE @.taskq_counter_state SET counted_at = $1"
};
static TaskqPlan forget_state = {
	"DELETE FROM @.taskq_counter_state"
};
static TaskqPlan forget_counts = {
	"DELETE FROM @.taskq_counter"
};
static TaskqPlan announce_state = {
	"INSERT INTO @.taskq_counter_state (snapshot_xmax, snapshot_xip, merged_day, triggers, counted_at, folded_at) "
	"VALUES ($1, '{}', 0, $2, '-infinity', $3)"
};

/* Everything that is counted: active tasks, and those completed not long ago. */
static TaskqPlan all_active = {
	"SELECT t.started_at IS NOT NULL, t.assignee_id IS NULL, t.due_date "
	"FROM @.taskq_task t WHERE t.completed_at IS NULL AND t.cancelled_at IS NULL"
};
static TaskqPlan all_completed = {
	"SELECT t.completed_at FROM @.taskq_task t WHERE " COMPLETED_STAGE " AND @place " GE " $1"
};

/* What a snapshot sees, as taskq_counter_state keeps it. */
typedef struct Horizon
{
	Datum		xmin;
	Datum		xmax;
	Datum		xip;			/* with the transaction's own */
} Horizon;

/* That of the active snapshot. */
static Horizon
horizon(void)
{
	Horizon		h;
	bool		isnull;

	spi_read(&snapshot_now, 0, NULL, NULL);
	h.xmin = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	h.xmax = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &isnull);
	h.xip = SPI_datumTransfer(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 3, &isnull), false, -1);
	return h;
}

/* Whether the counts can be written in this transaction: with an older snapshot their row could not be locked. */
static bool
can_write_counts(void)
{
	return OidIsValid(taskq_catalog()->counter_state) && !RecoveryInProgress() && !IsolationUsesXactSnapshot();
}

/* The first day that is to be kept apart: never an earlier one than before, for what is merged stays so. */
static int32
first_day(const CounterState *state)
{
	return Max(today() - KEEP_DAYS, state->merged_day);
}

/* Whether there are changes to fold, or days to merge. */
static bool
anything_to_fold(const CounterState *state)
{
	return first_day(state) > state->merged_day ||
		counter_scan_unfolded(state, GetActiveSnapshot(), 0, 0, NULL, NULL) > 0;
}

/* Stores the horizon of the counts, and deletes the deltas that they include for every snapshot. */
static void
write_state(const Horizon *h, const Cells *cells, TimestampTz now)
{
	Oid			types[] = {INT8OID, INT8ARRAYOID, INT4OID, TIMESTAMPTZOID};
	Datum		values[] = {h->xmax, h->xip, Int32GetDatum(cells->merged_day), TimestampTzGetDatum(now)};
	Datum		xmin = h->xmin;

	spi_run(&update_state, lengthof(types), types, values, NULL, 0);
	spi_run(&delete_folded, 1, types, &xmin, NULL, 0);
}

/*
 * Folds the deltas written since the last time into the counts, except those
 * of the current transaction, which are left for the next time.  Does nothing
 * if another session is folding, or has taskq_task locked: all lock it before
 * the tables of the counters.
 */
static void
add_deltas(void)
{
	Oid			task = taskq_catalog()->task;
	TimestampTz now = GetCurrentStatementStartTimestamp();
	OwnerSwitch owner;
	Horizon		h;
	CounterState state;
	Cells		cells;

	if (!ConditionalLockRelationOid(task, AccessShareLock))
		return;
	spi_connect();
	become_owner_of(task, &owner);
	spi_run(&lock_state, 0, NULL, NULL, NULL, 0);
	if (SPI_processed > 0)
	{
		int64		own = (int64) U64FromFullTransactionId(GetTopFullTransactionId());

		/* Another session may have folded before the row was locked. */
		PushActiveSnapshot(GetTransactionSnapshot());
		if (counter_read_state(GetActiveSnapshot(), &state))
		{
			h = horizon();
			cells_init(&cells, first_day(&state));
			if (cells.merged_day > state.merged_day)
				cells_take_merged(&cells);
			(void) counter_scan_unfolded(&state, GetActiveSnapshot(), own, PG_INT32_MAX - 1, cells_add, &cells);
			cells_write(&cells);
			write_state(&h, &cells, now);
		}
		PopActiveSnapshot();
	}
	become_caller_again(&owner);
	SPI_finish();
}

/* Folds pending deltas in the current transaction, if the counts are maintained. */
static void
fold_deltas(void)
{
	CounterState state;
	bool		any;

	if (!can_write_counts())
		return;
	PushActiveSnapshot(GetTransactionSnapshot());
	any = counter_read_state(GetActiveSnapshot(), &state) && anything_to_fold(&state);
	PopActiveSnapshot();
	if (any)
		add_deltas();
}

/* ---------------------------------------------------------- counting all */

/* Counts what a statement finds, under the active snapshot. */
static void
count_rows(TaskqPlan *plan, int nargs, Oid *types, Datum *values,
		   void (*count) (HeapTuple, TupleDesc, Cells *), Cells *cells)
{
	SPIPlanPtr	spi_plan = prepared(plan, nargs, types);
	int			level = plan_use(plan);
	Portal		portal = SPI_cursor_open(NULL, spi_plan, values, NULL, true);

	plan_used(level);
	do
	{
		CHECK_FOR_INTERRUPTS();
		SPI_cursor_fetch(portal, true, COUNT_BATCH);
		for (uint64 i = 0; i < SPI_processed; i++)
			count(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, cells);
		SPI_freetuptable(SPI_tuptable);
	} while (SPI_processed > 0);
	SPI_cursor_close(portal);
}

static void
count_active(HeapTuple tuple, TupleDesc desc, Cells *cells)
{
	CounterShape shape;
	bool		isnull;
	bool		no_due_date;
	bool		started = DatumGetBool(SPI_getbinval(tuple, desc, 1, &isnull));
	bool		unassigned = DatumGetBool(SPI_getbinval(tuple, desc, 2, &isnull));
	DateADT		due = DatumGetDateADT(SPI_getbinval(tuple, desc, 3, &no_due_date));

	counter_shape_clear(&shape);
	counter_shape_active(&shape, started, unassigned, no_due_date ? COUNTER_NONE : due);
	counter_add_shape(cells_add, cells, &shape, 1);
}

static void
count_completed(HeapTuple tuple, TupleDesc desc, Cells *cells)
{
	bool		isnull;
	TimestampTz at = DatumGetTimestampTz(SPI_getbinval(tuple, desc, 1, &isnull));

	cells_add(cells, COUNT_COMPLETED, counter_quarter(at), 1);
}

/*
 * Whether all transactions have ended that hold a lock on taskq_task which
 * conflicts with ShareLock, as writers do.  Waits for them for half a second,
 * and requests no lock, so that nobody queues behind the caller.
 */
static bool
writers_ended(void)
{
	LOCKTAG		tag;
	VirtualTransactionId *writer;
	int			looks = 1;

	SET_LOCKTAG_RELATION(tag, MyDatabaseId, taskq_catalog()->task);
	for (writer = GetLockConflicts(&tag, ShareLock, NULL); VirtualTransactionIdIsValid(*writer); writer++)
		while (!VirtualXactLock(*writer, false))
		{
			if (looks++ == WRITERS_LOOKS)
				return false;
			(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, WRITERS_GAP, PG_WAIT_EXTENSION);
			ResetLatch(MyLatch);
			CHECK_FOR_INTERRUPTS();
		}
	return true;
}

/* Whether counts with this state can be used at this time; they cannot while the clock is set back. */
static bool
state_is_good(const CounterState *state)
{
	return !COUNTER_IS_ANNOUNCED(state) && state->triggers == counter_triggers() &&
		state->merged_day <= today();
}

/*
 * Takes ExclusiveLock on taskq_counter_state until the end of the transaction,
 * so that no other session counts or folds; false if it is not available.
 * Reads the state with the latest snapshot.
 */
static bool
lock_counters(CounterState *state, bool *found)
{
	Snapshot	snapshot;

	if (!ConditionalLockRelationOid(taskq_catalog()->counter_state, ExclusiveLock))
		return false;
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	*found = counter_find_state(snapshot, state);
	UnregisterSnapshot(snapshot);
	return true;
}

/* Deletes the state: the counts are not maintained until the next fold_keep(). */
static void
fold_forget(void)
{
	const TaskqCatalog *cat = taskq_catalog();
	OwnerSwitch owner;
	CounterState state;

	if (!OidIsValid(cat->counter_state) || RecoveryInProgress() ||
		!counter_find_state(GetActiveSnapshot(), &state))
		return;
	spi_connect();
	become_owner_of(cat->task, &owner);
	spi_run(&forget_state, 0, NULL, NULL, NULL, 0);
	become_caller_again(&owner);
	SPI_finish();
	CacheInvalidateRelcacheByRelid(cat->counter_state);
}

/* Withdraws an announcement, because deltas would accumulate. */
static void
withdraw(void)
{
	PushActiveSnapshot(GetTransactionSnapshot());
	fold_forget();
	PopActiveSnapshot();
}

/*
 * Has writers insert deltas, once the current transaction has committed.
 * Returns the argument for count_tasks(); 0 if it is not to be called, because
 * another session is counting or a writer has not ended.
 */
static int64
announce(void)
{
	const TaskqCatalog *cat = taskq_catalog();
	Oid			types[] = {INT8OID, INT8OID, TIMESTAMPTZOID};
	Datum		values[3];
	OwnerSwitch owner;
	bool		ended;
	CounterState state;
	bool		found;
	int64		xid;

	if (counter_triggers() == 0)
		return 0;
	ended = writers_ended();	/* before the lock, which is not to be held while waiting */
	if (!lock_counters(&state, &found) || (found && state_is_good(&state)))
		return 0;
	if (found && COUNTER_IS_ANNOUNCED(&state) && state.triggers == counter_triggers())
	{
		/* By a sweep that ended before it counted. */
		if (ended)
			return state.xmax;
		withdraw();
	}
	if (!ended)
		return 0;

	xid = (int64) U64FromFullTransactionId(GetTopFullTransactionId());
	values[0] = Int64GetDatum(xid);
	values[1] = Int64GetDatum(counter_triggers());
	values[2] = TimestampTzGetDatum(GetCurrentStatementStartTimestamp());
	spi_connect();
	become_owner_of(cat->task, &owner);
	spi_run(&forget_state, 0, NULL, NULL, NULL, 0);
	spi_run(&announce_state, 3, types, values, NULL, 0);
	CacheInvalidateRelcacheByRelid(cat->counter_state);
	become_caller_again(&owner);
	SPI_finish();
	return xid;
}

/*
 * Counts all tasks, for an announcement that has committed, if all
 * transactions that had written before have ended.  Otherwise the announcement
 * is withdrawn.
 */
static void
count_tasks(int64 announcement)
{
	const TaskqCatalog *cat = taskq_catalog();
	TimestampTz now = GetCurrentStatementStartTimestamp();
	Oid			place_type[] = {INT8OID};
	Datum		since[] = {Int64GetDatum(now - KEEP_DAYS * USECS_PER_DAY)};
	Oid			time_type[] = {TIMESTAMPTZOID};
	Datum		counted_at[] = {TimestampTzGetDatum(now)};
	bool		ended = writers_ended();
	OwnerSwitch owner;
	CounterState state;
	bool		found;
	Horizon		h;
	Cells		cells;

	if (!lock_counters(&state, &found) || !found ||
		!COUNTER_IS_ANNOUNCED(&state) || state.xmax != announcement)
		return;

	/*
	 * The lock comes before the snapshot, which would see no row of a table
	 * that is rewritten after it was taken.
	 */
	if (!ended || state.triggers != counter_triggers() || !ConditionalLockRelationOid(cat->task, AccessShareLock))
	{
		withdraw();
		return;
	}
	spi_connect();
	become_owner_of(cat->task, &owner);
	PushActiveSnapshot(GetTransactionSnapshot());
	h = horizon();
	cells_init(&cells, today() - KEEP_DAYS);
	count_rows(&all_active, 0, NULL, NULL, count_active, &cells);
	count_rows(&all_completed, 1, place_type, since, count_completed, &cells);
	spi_run(&forget_counts, 0, NULL, NULL, NULL, 0);
	cells_write(&cells);
	write_state(&h, &cells, now);
	spi_run(&set_counted, 1, time_type, counted_at, NULL, 0);
	PopActiveSnapshot();
	become_caller_again(&owner);
	SPI_finish();
}

/* Whether the counts match the tasks; if not, rows were written without the triggers. */
static bool
verify(void)
{
	Oid			types[] = {TIMESTAMPTZOID};
	Datum		values[] = {TimestampTzGetDatum(GetCurrentStatementStartTimestamp())};
	OwnerSwitch owner;
	int64		kept[N_STATS];
	int64		counted[N_STATS];
	bool		right = true;

	spi_connect();
	become_owner_of(taskq_catalog()->task, &owner);
	if (counter_stats(kept))
	{
		stats_count(counted);
		right = memcmp(kept, counted, sizeof(kept)) == 0;
		if (right)
			spi_run(&set_counted, 1, types, values, NULL, 0);
	}
	become_caller_again(&owner);
	SPI_finish();
	return right;
}

/*
 * Maintains the counts, for a sweep: folds pending deltas, and once a day
 * compares the counts with the tasks.  If they are not maintained, or wrong,
 * counting is announced: the result must be passed to a second call, in a
 * transaction of its own.  0 = there is nothing left to do.
 */
static int64
fold_keep(int64 announcement)
{
	TimestampTz now = GetCurrentStatementStartTimestamp();
	CounterState state;
	bool		kept;
	bool		any;

	if (!can_write_counts())
		return 0;
	PushActiveSnapshot(GetTransactionSnapshot());
	if (taskq_catalog()->is_subscriber)
	{
		fold_forget();			/* rows arrive without deltas */
		PopActiveSnapshot();
		return 0;
	}
	kept = counter_find_state(GetActiveSnapshot(), &state) && state_is_good(&state);
	if (kept && (state.counted_at <= now - VERIFY_INTERVAL || state.counted_at > now) && !verify())
	{
		ereport(LOG,
				(errmsg("taskq counters do not match the tasks and are rebuilt"),
				 errhint("Check whether taskq_task was written while its triggers were disabled.")));
		fold_forget();
		kept = false;
	}
	any = kept && anything_to_fold(&state);
	PopActiveSnapshot();
	if (announcement != 0)
		count_tasks(announcement);
	else if (!kept)
		return announce();
	else if (any)
		add_deltas();
	return 0;
}

const DueKind due_folding = {.first = fold_keep, .by_hand = fold_deltas};

/* The truncation of taskq_task in replica mode, which fires no trigger for each row. */
const TaskFollower fold_follower = {.truncated = fold_forget};
