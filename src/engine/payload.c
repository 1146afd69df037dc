/*-------------------------------------------------------------------------
 *
 * payload.c
 *		Payloads of the events of tasks.
 *
 * What a rule sees of a task is its row in taskq_tasks.  Events that say how
 * much of an SLA's time has passed have that beside it, as "percent": it is
 * computed from the same facts as the deadline.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "base/actor.h"
#include "base/catalog.h"
#include "base/plan.h"
#include "task/change.h"
#include "task/row.h"
#include "task/sla.h"
#include "engine/payload.h"
#include "engine/rule.h"

/* Events that rules can be defined for; NULL = there is none for this kind. */
static const char *const event_names[] = {
	[EVENT_CREATED] = EVENT_NAME_CREATED,
	[EVENT_STARTED] = EVENT_NAME_STARTED,
	[EVENT_ASSIGNED] = EVENT_NAME_ASSIGNED,
	[EVENT_COMMENTED] = EVENT_NAME_COMMENTED,
	[EVENT_PAUSED] = EVENT_NAME_PAUSED,
	[EVENT_RESUMED] = EVENT_NAME_RESUMED,
	[EVENT_COMPLETED] = EVENT_NAME_COMPLETED,
	[EVENT_CANCELLED] = EVENT_NAME_CANCELLED,
	[EVENT_OVERDUE] = EVENT_NAME_OVERDUE,
	[EVENT_SLA_MOVED] = EVENT_NAME_SLA_MOVED,
	[EVENT_SLA_AT_RISK] = EVENT_NAME_SLA_AT_RISK,
	[EVENT_SLA_WARNING] = EVENT_NAME_SLA_WARNING,
	[EVENT_SLA_BREACHED] = EVENT_NAME_SLA_BREACHED,
	[EVENT_RESPONSE_BREACHED] = EVENT_NAME_RESPONSE_BREACHED
};

/* Parameters: ids, event, actor and, of the second, ids and percents of those that have an SLA. */
#define PAYLOAD \
	"SELECT v.user_id, pg_catalog.jsonb_build_object('event', $2::pg_catalog.text, 'actor', $3::pg_catalog.text, " \
	"'task', pg_catalog.to_jsonb(v)"

static TaskqPlan task_payloads = {
	PAYLOAD ") FROM @.taskq_tasks v WHERE v.id " EQ " ANY ($1) ORDER BY v.id"
};
static TaskqPlan percent_payloads = {
	PAYLOAD ", 'percent', u.percent) FROM @.taskq_tasks v "
	"LEFT JOIN ROWS FROM (pg_catalog.unnest($4), pg_catalog.unnest($5)) u(id, percent) ON u.id " EQ " v.id "
	"WHERE v.id " EQ " ANY ($1) ORDER BY v.id"
};

/* Whole rows, which have the table's column numbers also where columns were dropped. */
static TaskqPlan whole_tasks = {
	"SELECT t FROM @.taskq_task t WHERE t.id " EQ " ANY ($1)"
};

const char *
task_event_name(EventKind kind)
{
	return event_names[kind];
}

/* How many percent of an SLA's open time have passed; -1 = the task has none. */
static int
percent_passed(const TaskRow *row, TimestampTz at)
{
	SlaFacts	facts;
	int64		span;

	if (task_isnull(row, Anum_task_sla_hours) || !sla_facts(row, &facts))
		return -1;

	/* Divided as sla.c does, so that it is not below the percent of a warning that has just become due. */
	span = sla_span(DatumGetFloat8(task_value(row, Anum_task_sla_hours)));
	return (int) Min(sla_elapsed(&facts, at) / Max(span / 100, 1), PG_INT32_MAX);
}

/*
 * The percents of tasks whose ids are in *ids, a bigint[], as int[]; sets *ids
 * to the ids in the same order.  Tasks without an SLA are left out.
 */
static Datum
percents_of(Datum *ids)
{
	Oid			types[] = {INT8ARRAYOID};
	Relation	rel = table_open(taskq_catalog()->task, AccessShareLock);
	TimestampTz now = GetCurrentStatementStartTimestamp();
	SPITupleTable *tasks;
	TaskRow		row;
	int64	   *found;
	Datum	   *percents;
	uint64		ntasks;
	int			n = 0;

	spi_run(&whole_tasks, 1, types, ids, NULL, 0);
	tasks = SPI_tuptable;
	ntasks = SPI_processed;
	found = palloc(Max(ntasks, 1) * sizeof(int64));
	percents = palloc(Max(ntasks, 1) * sizeof(Datum));
	task_row_alloc(&row, RelationGetDescr(rel));
	for (uint64 i = 0; i < ntasks; i++)
	{
		bool		isnull;
		HeapTupleHeader header = DatumGetHeapTupleHeader(SPI_getbinval(tasks->vals[i], tasks->tupdesc, 1, &isnull));
		HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(header), .t_data = header};
		int			percent;

		task_row_read(&row, &tuple);
		percent = percent_passed(&row, now);
		if (percent < 0)
			continue;
		found[n] = task_id(&row);
		percents[n++] = Int32GetDatum(percent);
	}
	SPI_freetuptable(tasks);
	table_close(rel, NoLock);
	*ids = id_array(found, n);
	return PointerGetDatum(construct_array(percents, n, INT4OID, sizeof(int32), true, TYPALIGN_INT));
}

/*
 * Reads user_id and payload of the same event of several tasks, in the order
 * of their ids, into SPI's result.  SPI is connected, and the caller acts as
 * the owner of taskq_task.
 */
void
read_task_payloads(EventKind kind, const int64 *ids, int n)
{
	Oid			types[] = {INT8ARRAYOID, TEXTOID, TEXTOID, INT8ARRAYOID, INT4ARRAYOID};
	Datum		values[5];
	char		nulls[] = "     ";
	text	   *actor = current_actor();

	values[0] = id_array(ids, n);
	values[1] = CStringGetTextDatum(task_event_name(kind));
	values[2] = PointerGetDatum(actor);
	if (actor == NULL)
		nulls[2] = 'n';
	if (kind != EVENT_SLA_AT_RISK && kind != EVENT_SLA_WARNING)
	{
		spi_run(&task_payloads, 3, types, values, nulls, 0);
		return;
	}
	values[3] = values[0];
	values[4] = percents_of(&values[3]);
	spi_run(&percent_payloads, 5, types, values, nulls, 0);
}
