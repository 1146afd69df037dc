/*-------------------------------------------------------------------------
 *
 * sums.c
 *		The numbers of the stats bar, added up from the counters.
 *
 * See counter.c, whose tables these are.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "utils/date.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/calendar.h"
#include "base/catalog.h"
#include "base/plan.h"
#include "task/row.h"
#include "queue/counter.h"
#include "queue/sums.h"

#define UNFOLDED_MAX 50000		/* more of them, and counting is cheaper */

enum
{
	Anum_counter_kind = 1,
	Anum_counter_bucket,
	Anum_counter_n
};

#define COMPLETED_BETWEEN(lower, upper) \
	"(SELECT FROM @.taskq_task t WHERE t.completed_at IS NOT NULL " \
	"AND coalesce(t.completed_at, t.cancelled_at) " lower " AND coalesce(t.completed_at, t.cancelled_at) " upper " " \
	"ORDER BY coalesce(t.completed_at, t.cancelled_at))"

/*
 * Tasks of SLA buckets that are not counted, and completed ones of a bucket
 * that is counted whole.  Parameters: the former's begin, now, the latter's end.
 * Planned once: planning takes three times as long as all the rest of the
 * numbers.
 */
static TaskqPlan looked_up = {
	"SELECT (SELECT pg_catalog.count(*) FROM " AT_RISK_BETWEEN(LE) " r), "
	"pg_catalog.count(*) FILTER (WHERE d.never_at_risk), pg_catalog.count(*), "
	"(SELECT pg_catalog.count(*) FROM " COMPLETED_BETWEEN(GT " $2", LT " $3") " c) "
	"FROM (" BREACH_BETWEEN("0") " UNION ALL " BREACH_BETWEEN("1") ") d",
	PLAN_ONCE | PLAN_BY_INDEX
};
static TaskqPlan within_quarter = {
	"SELECT pg_catalog.count(*) FROM " COMPLETED_BETWEEN(GE " $1", LT " $2") " c",
	PLAN_ONCE | PLAN_BY_INDEX
};

/* The numbers of the stats bar, and the buckets that bound them. */
typedef struct Sums
{
	int64		active[2];		/* not started, started */
	int64		unassigned;
	int64		overdue[2];
	int64		due_today;
	int64		at_risk;		/* and breached ones */
	int64		breached;
	int64		completed;
	int32		today;
	int32		sla;			/* the first one to look up */
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
		case COUNT_AT_RISK:
			if (bucket < sums->sla)
				sums->at_risk += n;
			break;
		case COUNT_BREACH:
			if (bucket < sums->sla)
				sums->breached += n;
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

/* Adds the tasks of buckets under way or not counted, looked up in the table. */
static void
sum_looked_up(Sums *sums, TimestampTz now, TimestampTz day_begin)
{
	Oid			types[] = {TIMESTAMPTZOID, TIMESTAMPTZOID, TIMESTAMPTZOID};
	Datum		values[3];
	bool		isnull;

	values[0] = TimestampTzGetDatum((int64) sums->sla * SLA_BUCKET);
	values[1] = TimestampTzGetDatum(now);
	values[2] = TimestampTzGetDatum(((int64) sums->last_quarter + 1) * USECS_PER_QUARTER);
	spi_read(&looked_up, 3, types, values);
	sums->at_risk += DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	sums->at_risk += DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &isnull));
	sums->breached += DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 3, &isnull));
	if (sums->last_quarter >= sums->quarter)
		sums->completed -= DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 4, &isnull));

	/* Rare: in all present time zones midnight is at a quarter of an hour. */
	if ((int64) sums->quarter * USECS_PER_QUARTER == day_begin)
		return;
	values[0] = TimestampTzGetDatum(day_begin);
	values[1] = TimestampTzGetDatum(Min((int64) sums->quarter * USECS_PER_QUARTER, now + 1));
	spi_read(&within_quarter, 2, types, values);
	sums->completed += DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
}

/*
 * The numbers of the stats bar under the active snapshot, from the counters.
 * False if these are not maintained, or the caller cannot read all tasks.  SPI
 * is connected.
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
	Relation	rel;

	if (!OidIsValid(cat->counter_state) || RecoveryInProgress() || !sees_all_tasks() ||
		!counter_read_state(snapshot, &state))
		return false;
	AcceptInvalidationMessages();
	if (state.triggers != counter_triggers() || taskq_catalog()->is_subscriber)
		return false;
	sums.today = day;
	sums.sla = Min(counter_bucket(now, SLA_BUCKET), state.counted_sla);
	sums.quarter = counter_bucket(day_begin + USECS_PER_QUARTER - 1, USECS_PER_QUARTER);
	sums.last_quarter = counter_bucket(now, USECS_PER_QUARTER);
	if (sums.today < state.merged_day || sums.sla < state.merged_sla)
		return false;			/* the clock was set back */
	if (counter_scan_unfolded(&state, snapshot, 0, UNFOLDED_MAX, add_to_sums, &sums) > UNFOLDED_MAX)
		return false;

	rel = table_open(cat->counter, AccessShareLock);
	for (CounterKind kind = COUNT_UNSTARTED; kind <= COUNT_UNASSIGNED; kind++)
		sum_counts(rel, snapshot, kind, 0, 0, &sums);
	sum_counts_to(rel, snapshot, COUNT_UNSTARTED_DUE, state.merged_day, sums.today, &sums);
	sum_counts_to(rel, snapshot, COUNT_STARTED_DUE, state.merged_day, sums.today, &sums);
	sum_counts_to(rel, snapshot, COUNT_AT_RISK, state.merged_sla, sums.sla, &sums);
	sum_counts_to(rel, snapshot, COUNT_BREACH, state.merged_sla, sums.sla, &sums);
	sum_counts(rel, snapshot, COUNT_COMPLETED, sums.quarter, sums.last_quarter, &sums);
	table_close(rel, AccessShareLock);
	sum_looked_up(&sums, now, day_begin);

	stats[STAT_OPEN] = sums.active[0] - sums.overdue[0];
	stats[STAT_IN_PROGRESS] = sums.active[1] - sums.overdue[1];
	stats[STAT_OVERDUE] = sums.overdue[0] + sums.overdue[1];
	stats[STAT_DUE_TODAY] = sums.due_today;
	stats[STAT_UNASSIGNED] = sums.unassigned;
	stats[STAT_COMPLETED_TODAY] = sums.completed;
	stats[STAT_SLA_AT_RISK] = sums.at_risk - sums.breached;
	stats[STAT_SLA_BREACHED] = sums.breached;
	return true;
}
