/*-------------------------------------------------------------------------
 *
 * stats.c
 *		The stats bar: how many tasks there are of each kind, now.
 *
 * Of all tasks the numbers are kept (counter.c).  Else it is one pass over the
 * active tasks that a filter leaves, or that row security lets the caller see,
 * and a look at those closed since midnight.
 *
 *-------------------------------------------------------------------------
 */
#include "taskq.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/timestamp.h"

/*
 * $1 = today, $2 = now, $3 = when today began; then the filters.  Active tasks
 * by the phase where that is the second key of the filter's index.
 */
#define ACTIVE "t.completed_at IS NULL AND t.cancelled_at IS NULL"
#define ACTIVE_PHASES "@.taskq_phase(t.started_at, t.completed_at, t.cancelled_at) " EQ " ANY ('{0,1}'::pg_catalog.int4[])"

#define STATS(active, filter) \
	{"SELECT pg_catalog.count(*) FILTER (WHERE t.started_at IS NULL AND NOT coalesce(t.due_date " LT " $1, false))::pg_catalog.int4, " \
	"pg_catalog.count(*) FILTER (WHERE t.started_at IS NOT NULL AND NOT coalesce(t.due_date " LT " $1, false))::pg_catalog.int4, " \
	"pg_catalog.count(*) FILTER (WHERE t.due_date " LT " $1)::pg_catalog.int4, " \
	"pg_catalog.count(*) FILTER (WHERE t.due_date " EQ " $1)::pg_catalog.int4, " \
	"pg_catalog.count(*) FILTER (WHERE t.assignee_id IS NULL)::pg_catalog.int4, " \
	"(SELECT pg_catalog.count(*)::pg_catalog.int4 FROM @.taskq_task t WHERE t.completed_at IS NOT NULL " \
	"AND coalesce(t.completed_at, t.cancelled_at) " GE " $3" filter "), " \
	"pg_catalog.count(*) FILTER (WHERE t.sla_at_risk_at " LE " $2 AND t.sla_due_at " GE " $2)::pg_catalog.int4, " \
	"pg_catalog.count(*) FILTER (WHERE t.sla_due_at " LT " $2)::pg_catalog.int4 " \
	"FROM @.taskq_task t WHERE " active filter}

static TaskqPlan of_all = STATS(ACTIVE, "");
static TaskqPlan of_assignee = STATS(ACTIVE_PHASES, " AND t.assignee_id " EQ " $4");
static TaskqPlan of_user = STATS(ACTIVE_PHASES, " AND t.user_id " EQ " $4");
static TaskqPlan of_both = STATS(ACTIVE_PHASES, " AND t.assignee_id " EQ " $4 AND t.user_id " EQ " $5");

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
	if (assignee_id != (Datum) 0 || user_id != (Datum) 0)
		count(user_id == (Datum) 0 ? &of_assignee : assignee_id == (Datum) 0 ? &of_user : &of_both,
			  assignee_id, user_id, stats);
	else if (!counter_stats(stats))
		stats_count(stats);
	SPI_finish();
	for (int i = 0; i < N_STATS; i++)
		values[i] = Int32GetDatum((int32) stats[i]);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}
