/*-------------------------------------------------------------------------
 *
 * stats.c
 *		The stats bar: how many tasks there are of each kind, now.
 *
 * One pass over the active tasks, from an index alone where no filter is
 * given, and a look at those closed since midnight.
 *
 *-------------------------------------------------------------------------
 */
#include "taskq.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/timestamp.h"

#define N_STATS 8

/* $1 = today, $2 = now, $3 = when today began; then the filters. */
#define STATS(filter) \
	{"SELECT pg_catalog.count(*) FILTER (WHERE t.started_at IS NULL AND NOT coalesce(t.due_date " LT " $1, false))::pg_catalog.int4, " \
	"pg_catalog.count(*) FILTER (WHERE t.started_at IS NOT NULL AND NOT coalesce(t.due_date " LT " $1, false))::pg_catalog.int4, " \
	"pg_catalog.count(*) FILTER (WHERE t.due_date " LT " $1)::pg_catalog.int4, " \
	"pg_catalog.count(*) FILTER (WHERE t.due_date " EQ " $1)::pg_catalog.int4, " \
	"pg_catalog.count(*) FILTER (WHERE t.assignee_id IS NULL)::pg_catalog.int4, " \
	"(SELECT pg_catalog.count(*)::pg_catalog.int4 FROM @.taskq_task t WHERE t.completed_at IS NOT NULL " \
	"AND coalesce(t.completed_at, t.cancelled_at) " GE " $3" filter "), " \
	"pg_catalog.count(*) FILTER (WHERE t.sla_at_risk_at " LE " $2 AND t.sla_due_at " GE " $2)::pg_catalog.int4, " \
	"pg_catalog.count(*) FILTER (WHERE t.sla_due_at " LT " $2)::pg_catalog.int4 " \
	"FROM @.taskq_task t WHERE t.completed_at IS NULL AND t.cancelled_at IS NULL" filter}

static TaskqPlan of_all = STATS("");
static TaskqPlan of_assignee = STATS(" AND t.assignee_id " EQ " $4");
static TaskqPlan of_user = STATS(" AND t.user_id " EQ " $4");
static TaskqPlan of_both = STATS(" AND t.assignee_id " EQ " $4 AND t.user_id " EQ " $5");

PG_FUNCTION_INFO_V1(taskq_stats);
Datum
taskq_stats(PG_FUNCTION_ARGS)
{
	Oid			types[] = {DATEOID, TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID, TEXTOID};
	DateADT		day = today();
	Datum		values[5] = {
		DateADTGetDatum(day),
		TimestampTzGetDatum(GetCurrentStatementStartTimestamp()),
		TimestampTzGetDatum(day_start(day))
	};
	TaskqPlan  *plan = &of_all;
	int			nargs = 3;
	TupleDesc	desc;
	Datum		stats[N_STATS];
	bool		nulls[N_STATS] = {false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (!PG_ARGISNULL(0))
	{
		plan = &of_assignee;
		values[nargs++] = PG_GETARG_DATUM(0);
	}
	if (!PG_ARGISNULL(1))
	{
		plan = nargs > 3 ? &of_both : &of_user;
		values[nargs++] = PG_GETARG_DATUM(1);
	}

	spi_connect();
	spi_run(plan, nargs, types, values, NULL, 1);
	for (int i = 0; i < N_STATS; i++)
		stats[i] = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, i + 1, &nulls[i]);
	SPI_finish();
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), stats, nulls));
}
