/*-------------------------------------------------------------------------
 *
 * sums.c
 *		The numbers of the stats bar, added up from the counters.
 *
 * See counter.c, whose tables these are.  What depends on the present instant
 * is counted by indexes: the tasks at risk and breached, of which there are few
 * while work is in time, and what was completed since midnight or is stamped
 * later than now, within the quarter of an hour under way.  So are paused
 * tasks, for they are few.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/itup.h"
#include "access/table.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "utils/date.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/calendar.h"
#include "base/catalog.h"
#include "task/entries.h"
#include "task/row.h"
#include "task/timer.h"
#include "queue/counter.h"
#include "queue/sums.h"

/*
 * More deltas than there are tasks to count, and counting is cheaper.  A
 * thousand are added up in less than a millisecond.
 */
#define UNFOLDED_MIN 1000

enum
{
	Anum_counter_kind = 1,
	Anum_counter_bucket,
	Anum_counter_n
};

/* The numbers of the stats bar, and the buckets that bound them. */
typedef struct Sums
{
	int64		active[2];		/* not started, started */
	int64		unassigned;
	int64		overdue[2];
	int64		due_today;
	int64		at_risk;
	int64		breached;
	int64		response_breached;
	int64		paused;
	int64		completed;
	int32		today;
	int32		quarter;		/* the first and the last one of today */
	int32		last_quarter;
} Sums;

static void
add_to_sums(void *target, CounterKind kind, int32 bucket, int64 n)
{
	Sums	   *sums = target;

	switch (kind)
	{
		case COUNT_UNSTARTED:
		case COUNT_STARTED:
			sums->active[kind - COUNT_UNSTARTED] += n;
			break;
		case COUNT_UNASSIGNED:
			sums->unassigned += n;
			break;
		case COUNT_UNSTARTED_DUE:
		case COUNT_STARTED_DUE:
			if (bucket < sums->today)
				sums->overdue[kind - COUNT_UNSTARTED_DUE] += n;
			else if (bucket == sums->today)
				sums->due_today += n;
			break;
		case COUNT_COMPLETED:
			if (bucket >= sums->quarter && bucket <= sums->last_quarter)
				sums->completed += n;
			break;
	}
}

/* Adds the counts of a kind's buckets from one to another. */
static void
sum_counts(Relation rel, Snapshot snapshot, CounterKind kind, int32 from, int32 to, Sums *sums)
{
	TupleDesc	desc = RelationGetDescr(rel);
	Oid			index = primary_key_of(rel);
	ScanKeyData keys[3];
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&keys[0], Anum_counter_kind, BTEqualStrategyNumber, F_INT2EQ, Int16GetDatum((int16) kind));
	ScanKeyInit(&keys[1], Anum_counter_bucket, BTGreaterEqualStrategyNumber, F_INT4GE, Int32GetDatum(from));
	ScanKeyInit(&keys[2], Anum_counter_bucket, BTLessEqualStrategyNumber, F_INT4LE, Int32GetDatum(to));
	scan = systable_beginscan(rel, index, OidIsValid(index), snapshot, lengthof(keys), keys);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool		isnull;

		add_to_sums(sums, kind, DatumGetInt32(heap_getattr(tuple, Anum_counter_bucket, desc, &isnull)),
					DatumGetInt64(heap_getattr(tuple, Anum_counter_n, desc, &isnull)));
	}
	systable_endscan(scan);
}

/* Adds the counts of all buckets up to one; fold.c leaves none between the merged one and the first that is kept apart. */
static void
sum_counts_to(Relation rel, Snapshot snapshot, CounterKind kind, int32 kept_from, int32 to, Sums *sums)
{
	sum_counts(rel, snapshot, kind, COUNTER_MERGED, COUNTER_MERGED, sums);
	sum_counts(rel, snapshot, kind, kept_from, to, sums);
}

/* Whether the present task has been at risk by an instant. */
static bool
at_risk_by(Entries *entries, TimestampTz at)
{
	bool		isnull;
	Datum		from = slot_getattr(entries_row(entries), Anum_task_sla_at_risk_at, &isnull);

	return !isnull && DatumGetTimestampTz(from) <= at;
}

/*
 * Counts active tasks that have breached their deadline, and takes them off
 * those at risk, which count_timers() has counted.  A task is at risk from
 * sla_at_risk_at up to and including its deadline, and breached after it.
 */
static void
count_sla(Entries *pending, Entries *settled, TimestampTz now, Sums *sums)
{
	ScanKeyData keys[2];

	for (int i = 0; i < N_ACTIVE_STAGES; i++)
	{
		ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT2EQ, Int16GetDatum(active_stages[i]));
		ScanKeyInit(&keys[1], 2, BTLessStrategyNumber, F_TIMESTAMPTZ_LT, TimestampTzGetDatum(now));
		sums->breached += entries_count(settled, keys, 2);

		/* Few: the sweep has not come to them yet.  They count as at risk. */
		entries_seek(pending, keys, 2);
		while (entries_next(pending))
		{
			sums->breached++;
			if (at_risk_by(pending, now))
				sums->at_risk--;
		}

		/* Few: a breach was recorded, and then the clock was set back. */
		ScanKeyInit(&keys[1], 2, BTGreaterEqualStrategyNumber, F_TIMESTAMPTZ_GE, TimestampTzGetDatum(now));
		entries_seek(settled, keys, 2);
		while (entries_next(settled))
			if (at_risk_by(settled, now))
				sums->at_risk++;
	}
}

/* The key of taskq_task_timer_idx, which has nothing else. */
static int64
entry_key(IndexTuple entry)
{
	return *(const int64 *) ((const char *) entry + IndexInfoFindDataOffset(entry->t_info));
}

/* Whether work on the present task, whose breach is not recorded, should have begun before an instant. */
static bool
response_is_late(Entries *entries, TimestampTz now)
{
	TupleTableSlot *row = entries_row(entries);
	bool		isnull;
	Datum		due_at;

	if (!slot_attisnull(row, Anum_task_started_at))
		return false;
	due_at = slot_getattr(row, Anum_task_response_due_at, &isnull);
	return !isnull && DatumGetTimestampTz(due_at) < now;
}

/*
 * Counts active tasks that are paused, at risk (those whose breach is not
 * recorded), and those on which work did not begin by response_due_at.  Of
 * groups that only have what may come, what has come is read: few, the sweep
 * has not come to them yet.
 */
static void
count_timers(Entries *timers, TimestampTz now, Sums *sums)
{
	for (int i = 0; i < 2 * N_TIMER_GROUPS; i++)
	{
		bool		paused = i >= N_TIMER_GROUPS;
		int			response = i % N_TIMER_GROUPS / N_RISKS;
		int			risk = i % N_RISKS;
		int			group = TIMER_GROUP(response, risk) + (paused ? TIMER_PAUSED : 0);
		bool		all = paused || response == RESPONSE_BREACHED || risk == RISK_TOLD;
		ScanKeyData keys[2];

		ScanKeyInit(&keys[0], 1, BTGreaterEqualStrategyNumber, F_INT8GE, Int64GetDatum(timer_key(group, 0)));
		ScanKeyInit(&keys[1], 1, BTLessEqualStrategyNumber, F_INT8LE, Int64GetDatum(timer_key(group, all ? DT_NOEND : now)));
		entries_seek(timers, keys, lengthof(keys));
		while (entries_next(timers))
		{
			bool		passed = entry_key(timers->entry) <= timer_key(group, now);

			if (paused)
				sums->paused++;
			if (risk == RISK_TOLD_ALL ? passed : risk != RISK_BREACHED && (paused || passed || risk == RISK_TOLD) && at_risk_by(timers, now))
				sums->at_risk++;
			if (response == RESPONSE_BREACHED || (response == RESPONSE_GIVEN && passed && response_is_late(timers, now)))
				sums->response_breached++;
		}
	}
}

/* How many tasks were completed from an instant to before another. */
static int64
count_completed(Entries *closed, TimestampTz from, TimestampTz to)
{
	ScanKeyData keys[3];

	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT2EQ, Int16GetDatum(STAGE_COMPLETED));
	ScanKeyInit(&keys[1], 2, BTGreaterEqualStrategyNumber, F_INT8GE, Int64GetDatum(from));
	ScanKeyInit(&keys[2], 2, BTLessStrategyNumber, F_INT8LT, Int64GetDatum(to));
	return entries_count(closed, keys, 3);
}

/* Adds what is counted by indexes; false if one is missing. */
static bool
count_by_index(Sums *sums, TimestampTz now, TimestampTz day_begin)
{
	static const TaskIndex which[] = {BY_TIMER, BY_SLA_PENDING, BY_SLA_SETTLED, BY_CLOSED};
	Relation	rel = table_open(taskq_catalog()->task, AccessShareLock);
	TimestampTz quarter_begin = (int64) sums->quarter * USECS_PER_QUARTER;
	Entries		entries[lengthof(which)];
	int			nopen = 0;
	bool		complete;

	while (nopen < lengthof(which) && entries_open(&entries[nopen], rel, which[nopen]))
		nopen++;
	complete = nopen == lengthof(which);
	if (complete)
	{
		count_timers(&entries[0], now, sums);
		count_sla(&entries[1], &entries[2], now, sums);
		if (sums->last_quarter >= sums->quarter)
			sums->completed -= count_completed(&entries[3], now + 1, ((int64) sums->last_quarter + 1) * USECS_PER_QUARTER);
		/* Rare: in all present time zones midnight is at a quarter of an hour. */
		if (quarter_begin != day_begin)
			sums->completed += count_completed(&entries[3], day_begin, Min(quarter_begin, now + 1));
	}
	while (nopen > 0)
		entries_close(&entries[--nopen]);
	table_close(rel, NoLock);
	return complete;
}

/*
 * The numbers of the stats bar under the active snapshot, from the counters.
 * False if these are not maintained, the caller cannot read all tasks, or an
 * index is missing.
 */
bool
counter_stats(int64 *stats)
{
	const TaskqCatalog *cat = taskq_catalog();
	TimestampTz now = GetCurrentStatementStartTimestamp();
	DateADT		day = today();
	TimestampTz day_begin = day_start(day);
	Snapshot	snapshot = GetActiveSnapshot();
	Sums		sums = {{0}};
	CounterState state;
	int64		limit;
	Relation	rel;

	if (!OidIsValid(cat->counter_state) || RecoveryInProgress() || !sees_all_tasks() ||
		!counter_read_state(snapshot, &state))
		return false;
	AcceptInvalidationMessages();
	if (state.triggers != counter_triggers() || taskq_catalog()->is_subscriber)
		return false;
	sums.today = day;
	sums.quarter = counter_quarter(day_begin + USECS_PER_QUARTER - 1);
	sums.last_quarter = counter_quarter(now);
	if (sums.today < state.merged_day)
		return false;			/* the clock was set back */

	rel = table_open(cat->counter, AccessShareLock);
	for (CounterKind kind = COUNT_UNSTARTED; kind <= COUNT_UNASSIGNED; kind++)
		sum_counts(rel, snapshot, kind, 0, 0, &sums);
	sum_counts_to(rel, snapshot, COUNT_UNSTARTED_DUE, state.merged_day, sums.today, &sums);
	sum_counts_to(rel, snapshot, COUNT_STARTED_DUE, state.merged_day, sums.today, &sums);
	sum_counts(rel, snapshot, COUNT_COMPLETED, sums.quarter, sums.last_quarter, &sums);
	table_close(rel, AccessShareLock);
	limit = Min(Max(sums.active[0] + sums.active[1] + sums.completed, UNFOLDED_MIN), PG_INT32_MAX - 1);
	if (counter_scan_unfolded(&state, snapshot, 0, (int) limit, add_to_sums, &sums) > limit ||
		!count_by_index(&sums, now, day_begin))
		return false;

	stats[STAT_OPEN] = sums.active[0] - sums.overdue[0];
	stats[STAT_IN_PROGRESS] = sums.active[1] - sums.overdue[1];
	stats[STAT_OVERDUE] = sums.overdue[0] + sums.overdue[1];
	stats[STAT_DUE_TODAY] = sums.due_today;
	stats[STAT_UNASSIGNED] = sums.unassigned;
	stats[STAT_COMPLETED_TODAY] = sums.completed;
	stats[STAT_SLA_AT_RISK] = sums.at_risk;
	stats[STAT_SLA_BREACHED] = sums.breached;
	stats[STAT_PAUSED] = sums.paused;
	stats[STAT_RESPONSE_BREACHED] = sums.response_breached;
	return true;
}
