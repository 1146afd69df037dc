/*-------------------------------------------------------------------------
 *
 * stats.c
 *		The stats bar: how many tasks there are of each kind, now.
 *
 * The numbers of all tasks are maintained (counter.c), and one assignee's are
 * read from an index.  Otherwise the active tasks that a filter leaves, or
 * that row security lets the caller read, are scanned once, and those closed
 * since midnight.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/visibilitymap.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/predicate.h"
#include "utils/acl.h"
#include "utils/date.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/calendar.h"
#include "base/catalog.h"
#include "base/compat.h"
#include "base/plan.h"
#include "task/row.h"
#include "queue/stats.h"
#include "queue/sums.h"

/* Columns of taskq_task_assignee_idx. */
enum
{
	ENTRY_ASSIGNEE,
	ENTRY_PHASE,
	ENTRY_DUE,					/* 'infinity' for none */
	ENTRY_RANK,
	ENTRY_ID,
	ENTRY_SLA_DUE,
	ENTRY_SLA_AT_RISK,
	N_ENTRY
};

#define PHASE_STARTED 1			/* of taskq_phase(); 0 = not started */

/*
 * $1 = today, $2 = now, $3 = when today began; then the filters.  Active tasks
 * by the phase where that is the second key of the filter's index.
 */
#define ACTIVE "t.completed_at IS NULL AND t.cancelled_at IS NULL"
#define ACTIVE_PHASES "@.taskq_phase(t.started_at, t.completed_at, t.cancelled_at) " EQ " ANY ('{0,1}'::pg_catalog.int4[])"

/*
 * Completed since then, in terms of the index that serves the filter.  What is
 * stamped in the future does not count: an import, or a clock that was ahead.
 */
#define COMPLETED "t.completed_at IS NOT NULL AND coalesce(t.completed_at, t.cancelled_at) " GE " $3 " \
	"AND coalesce(t.completed_at, t.cancelled_at) " LE " $2"
#define COMPLETED_OF_ASSIGNEE "t.completed_at " GE " $3 AND t.completed_at " LE " $2"

#define STATS(active, completed, filter) \
	{"SELECT pg_catalog.count(*) FILTER (WHERE t.started_at IS NULL AND NOT coalesce(t.due_date " LT " $1, false))::pg_catalog.int4, " \
	"pg_catalog.count(*) FILTER (WHERE t.started_at IS NOT NULL AND NOT coalesce(t.due_date " LT " $1, false))::pg_catalog.int4, " \
	"pg_catalog.count(*) FILTER (WHERE t.due_date " LT " $1)::pg_catalog.int4, " \
	"pg_catalog.count(*) FILTER (WHERE t.due_date " EQ " $1)::pg_catalog.int4, " \
	"pg_catalog.count(*) FILTER (WHERE t.assignee_id IS NULL)::pg_catalog.int4, " \
	"(SELECT pg_catalog.count(*)::pg_catalog.int4 FROM @.taskq_task t WHERE " completed filter "), " \
	"pg_catalog.count(*) FILTER (WHERE t.sla_at_risk_at " LE " $2 AND t.sla_due_at " GE " $2)::pg_catalog.int4, " \
	"pg_catalog.count(*) FILTER (WHERE t.sla_due_at " LT " $2)::pg_catalog.int4 " \
	"FROM @.taskq_task t WHERE " active filter}

static TaskqPlan of_all = STATS(ACTIVE, COMPLETED, "");
static TaskqPlan of_assignee = STATS(ACTIVE_PHASES, COMPLETED_OF_ASSIGNEE, " AND t.assignee_id " EQ " $4");
static TaskqPlan of_user = STATS(ACTIVE_PHASES, COMPLETED, " AND t.user_id " EQ " $4");
static TaskqPlan of_both = STATS(ACTIVE_PHASES, COMPLETED_OF_ASSIGNEE, " AND t.assignee_id " EQ " $4 AND t.user_id " EQ " $5");
static TaskqPlan completed_by_assignee = {
	"SELECT pg_catalog.count(*)::pg_catalog.int4 FROM (SELECT FROM @.taskq_task t WHERE t.assignee_id " EQ " $1 "
	"AND t.completed_at " GE " $2 AND t.completed_at " LE " $3 ORDER BY t.completed_at) c",
	PLAN_ONCE | PLAN_BY_INDEX
};

/* Runs a statement that counts, and takes its row. */
static void
count(TaskqPlan *plan, Datum assignee_id, Datum user_id, int64 *stats)
{
	Oid			types[] = {DATEOID, TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID, TEXTOID};
	DateADT		day = today();
	Datum		values[5] = {
		DateADTGetDatum(day),
		TimestampTzGetDatum(GetCurrentStatementStartTimestamp()),
		TimestampTzGetDatum(day_start(day))
	};
	int			nargs = 3;
	bool		isnull;

	if (assignee_id != (Datum) 0)
		values[nargs++] = assignee_id;
	if (user_id != (Datum) 0)
		values[nargs++] = user_id;
	spi_read(plan, nargs, types, values);
	for (int i = 0; i < N_STATS; i++)
		stats[i] = DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, i + 1, &isnull));
}

/* The numbers of all tasks, counted.  SPI is connected. */
void
stats_count(int64 *stats)
{
	count(&of_all, (Datum) 0, (Datum) 0, stats);
}

/*
 * Counts what the entries of one assignee's active tasks in an open index say.
 * Like an index-only scan, it visits the heap only where a page is not
 * all-visible.
 */
static void
count_entries(Relation rel, Relation index, Datum assignee_id, DateADT day, TimestampTz now, int64 *stats)
{
	Snapshot	snapshot = GetActiveSnapshot();
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	Buffer		vmbuffer = InvalidBuffer;
	ScanKeyData keys[2];
	IndexScanDesc scan;
	ItemPointer tid;

	ScanKeyEntryInitialize(&keys[0], 0, 1, BTEqualStrategyNumber, InvalidOid,
						   index->rd_indcollation[0], F_TEXTEQ, assignee_id);
	ScanKeyEntryInitialize(&keys[1], 0, 2, BTLessEqualStrategyNumber, InvalidOid,
						   InvalidOid, F_INT4LE, Int32GetDatum(PHASE_STARTED));
	scan = taskq_index_beginscan(rel, index, snapshot, lengthof(keys));
	scan->xs_want_itup = true;
	index_rescan(scan, keys, lengthof(keys), NULL, 0);
	while ((tid = index_getnext_tid(scan, ForwardScanDirection)) != NULL)
	{
		Datum		values[INDEX_MAX_KEYS];
		bool		nulls[INDEX_MAX_KEYS];
		DateADT		due;

		CHECK_FOR_INTERRUPTS();
		if (VM_ALL_VISIBLE(rel, ItemPointerGetBlockNumber(tid), &vmbuffer))
			PredicateLockPage(rel, ItemPointerGetBlockNumber(tid), snapshot);
		else if (!index_fetch_heap(scan, slot))
			continue;
		index_deform_tuple(scan->xs_itup, scan->xs_itupdesc, values, nulls);
		due = DatumGetDateADT(values[ENTRY_DUE]);
		if (due < day)
			stats[STAT_OVERDUE]++;
		else
			stats[DatumGetInt32(values[ENTRY_PHASE]) == PHASE_STARTED ? STAT_IN_PROGRESS : STAT_OPEN]++;
		if (due == day)
			stats[STAT_DUE_TODAY]++;
		if (nulls[ENTRY_SLA_DUE] || nulls[ENTRY_SLA_AT_RISK])
			continue;
		if (DatumGetTimestampTz(values[ENTRY_SLA_DUE]) < now)
			stats[STAT_SLA_BREACHED]++;
		else if (DatumGetTimestampTz(values[ENTRY_SLA_AT_RISK]) <= now)
			stats[STAT_SLA_AT_RISK]++;
	}
	index_endscan(scan);
	if (vmbuffer != InvalidBuffer)
		ReleaseBuffer(vmbuffer);
	ExecDropSingleTupleTableSlot(slot);
}

/* Whether an index has the columns it should have, and all rows. */
static bool
serves_stats(Relation index)
{
	static const AttrNumber columns[N_ENTRY] = {
		Anum_task_assignee_id, 0, 0, 0, Anum_task_id, Anum_task_sla_due_at, Anum_task_sla_at_risk_at
	};

	return index->rd_index->indrelid == taskq_catalog()->task &&
		IndexRelationGetNumberOfAttributes(index) == N_ENTRY &&
		memcmp(index->rd_index->indkey.values, columns, sizeof(columns)) == 0 &&
		index->rd_index->indisvalid && !index->rd_index->indcheckxmin;
}

/*
 * One assignee's numbers, from the index.  False if the index is missing or
 * not as expected, or the caller cannot read all tasks.  SPI is connected.
 */
static bool
assignee_stats(Datum assignee_id, int64 *stats)
{
	Relation	rel = table_open(taskq_catalog()->task, AccessShareLock);
	Oid			index_id = get_relname_relid("taskq_task_assignee_idx", taskq_catalog()->schema);
	bool		done = false;

	if (OidIsValid(index_id) && sees_all_tasks())
	{
		Relation	index = index_open(index_id, AccessShareLock);

		if (serves_stats(index))
		{
			Oid			types[] = {TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID};
			DateADT		day = today();
			TimestampTz now = GetCurrentStatementStartTimestamp();
			Datum		values[] = {assignee_id, TimestampTzGetDatum(day_start(day)), TimestampTzGetDatum(now)};
			bool		isnull;

			memset(stats, 0, N_STATS * sizeof(int64));
			count_entries(rel, index, assignee_id, day, now, stats);
			spi_read(&completed_by_assignee, lengthof(types), types, values);
			stats[STAT_COMPLETED_TODAY] = DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
			done = true;
		}
		index_close(index, NoLock);
	}
	table_close(rel, NoLock);
	return done;
}

PG_FUNCTION_INFO_V1(taskq_stats);
Datum
taskq_stats(PG_FUNCTION_ARGS)
{
	Datum		assignee_id = PG_ARGISNULL(0) ? (Datum) 0 : PG_GETARG_DATUM(0);
	Datum		user_id = PG_ARGISNULL(1) ? (Datum) 0 : PG_GETARG_DATUM(1);
	TupleDesc	desc;
	int64		stats[N_STATS];
	Datum		values[N_STATS];
	bool		nulls[N_STATS] = {false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	spi_connect();
	if (user_id != (Datum) 0)
		count(assignee_id == (Datum) 0 ? &of_user : &of_both, assignee_id, user_id, stats);
	else if (assignee_id != (Datum) 0)
	{
		if (!assignee_stats(assignee_id, stats))
			count(&of_assignee, assignee_id, (Datum) 0, stats);
	}
	else if (!counter_stats(stats))
		stats_count(stats);
	SPI_finish();
	for (int i = 0; i < N_STATS; i++)
		values[i] = Int32GetDatum((int32) stats[i]);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}
