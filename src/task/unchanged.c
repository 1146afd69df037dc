/*-------------------------------------------------------------------------
 *
 * unchanged.c
 *		Whether a task is still as the caller of a verb has read it.
 *
 * A verb that is given if_unchanged_since is refused unless that is the task's
 * updated_at.  The BEFORE trigger asks: the row that it gets is locked and the
 * latest, so that of two callers who have read the same one succeeds.  Each
 * transaction that changes a task leaves another updated_at in it
 * (task_update_instant()).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/timestamp.h"

#include "base/actor.h"
#include "base/catalog.h"
#include "base/owner.h"
#include "base/plan.h"
#include "task/row.h"
#include "task/unchanged.h"

/* How many of the latest changes are reported. */
#define CHANGES_TOLD "5"

/* A comment does not change the task. */
static TaskqPlan select_changes = {
	"SELECT e.at, e.actor, e.kind, (SELECT pg_catalog.string_agg(k.k, ', ') FROM pg_catalog.jsonb_object_keys(e.changes) k(k)) "
	"FROM @.taskq_task_event e WHERE e.task_id " EQ " $1 AND e.kind " NE " 'commented' ORDER BY e.id DESC LIMIT " CHANGES_TOLD
};

/* A line: "rescheduled (due_date) at 2026-06-05 09:00:00+00 by sta_1.", translated. */
static void
append_change(StringInfo lines, HeapTuple tuple, TupleDesc desc, const char *at)
{
	char	   *actor = SPI_getvalue(tuple, desc, 2);
	char	   *kind = SPI_getvalue(tuple, desc, 3);
	char	   *fields = SPI_getvalue(tuple, desc, 4);

	if (fields != NULL)
		kind = psprintf("%s (%s)", kind, fields);
	if (lines->len > 0)
		appendStringInfoChar(lines, '\n');
	if (actor != NULL)
		appendStringInfo(lines, _("Event %s at %s by %s."), kind, at, actor);
	else
		appendStringInfo(lines, _("Event %s at %s."), kind, at);
}

/*
 * The latest changes of a task since an instant, latest first; one at least if
 * there is any, for stamps of events need not be later than the instant
 * although their order is.
 */
static char *
changes_since(int64 task_id, TimestampTz since)
{
	StringInfoData lines;
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(task_id)};
	OwnerSwitch owner;

	initStringInfo(&lines);
	spi_connect();
	become_owner_of(taskq_catalog()->task_event, &owner);
	spi_run(&select_changes, 1, types, values, NULL, 0);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		bool		isnull;
		TimestampTz at = DatumGetTimestampTz(SPI_getbinval(tuple, SPI_tuptable->tupdesc, 1, &isnull));

		if (at <= since && i > 0)
			break;
		append_change(&lines, tuple, SPI_tuptable->tupdesc, timestamptz_to_str(at));
	}
	become_caller_again(&owner);
	SPI_finish();
	return lines.data;
}

/*
 * Throws 55000 if the statement is one of a call that takes another updated_at
 * than a task has now, and says who has changed it.
 */
void
check_unchanged(const TaskRow *row)
{
	const TimestampTz *since = call_unchanged_since();
	TimestampTz at;
	char	   *updated_at;
	char	   *changes;

	if (since == NULL)
		return;
	at = task_stamp(row, Anum_task_updated_at);
	if (at == *since)
		return;
	updated_at = pstrdup(timestamptz_to_str(at));
	changes = at > *since ? changes_since(task_id(row), *since) : "";
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("task " INT64_FORMAT " was last changed at %s, not at %s",
					task_id(row), updated_at, timestamptz_to_str(*since)),
			 changes[0] != '\0' ? errdetail_internal("%s", changes) : 0,
			 errhint("Read the task again, and decide whether the change is still to be made.")));
}
