/*-------------------------------------------------------------------------
 *
 * pause.c
 *		Pauses of a task: time in which its SLA's clocks stand still.
 *
 * A pause that lasts is three columns of taskq_task; one that is over is a row
 * of taskq_task_pause.  Whether paused_at is NULL is what a write asks for, the
 * instant itself is the lifecycle's.  A pause ends at its resume_at, however
 * late the sweep or whatever else writes the row then comes, and with the task.
 *
 * Rows of pauses that a statement has ended are inserted after it, as the
 * owner of the table.  Whoever changes the table by hand has the deadlines of
 * the task computed anew, by an update that changes nothing.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "base/actor.h"
#include "base/catalog.h"
#include "base/enums.h"
#include "base/owner.h"
#include "base/plan.h"
#include "task/pause.h"
#include "task/row.h"
#include "task/valid.h"

static TaskqPlan select_pauses = {
	"SELECT p.paused_at, p.resumed_at FROM @.taskq_task_pause p WHERE p.task_id " EQ " $1 ORDER BY p.paused_at"
};

/* A manager may have entered one that began at the same instant. */
static TaskqPlan insert_pauses = {
	"INSERT INTO @.taskq_task_pause AS p (task_id, paused_at, resumed_at, reason) "
	"SELECT pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3), pg_catalog.unnest($4) "
	"ON CONFLICT (task_id, paused_at) DO UPDATE SET resumed_at = greatest(p.resumed_at, excluded.resumed_at)"
};
static TaskqPlan delete_pauses = {
	"DELETE FROM @.taskq_task_pause WHERE task_id " EQ " ANY ($1)"
};
static TaskqPlan lock_task = {
	"SELECT t.completed_at IS NULL AND t.cancelled_at IS NULL FROM @.taskq_task t WHERE t.id " EQ " $1 FOR NO KEY UPDATE"
};
static TaskqPlan write_task = {
	"UPDATE @.taskq_task AS t SET due_date = t.due_date WHERE t.id " EQ " $1"
};

/* Guard (see spi_run_past_guard()) for the rows that taskq inserts and deletes itself. */
static int	recording = 0;

static bool
is_paused(const TaskRow *row)
{
	return Anum_task_paused_at != 0 && !task_isnull(row, Anum_task_paused_at);
}

static void
clear_column(TaskRow *row, int attnum)
{
	task_value(row, attnum) = (Datum) 0;
	task_isnull(row, attnum) = true;
}

/* Whether the pause of a row is over by an instant. */
static bool
is_over(const TaskRow *row, TimestampTz at)
{
	return !task_isnull(row, Anum_task_resume_at) && task_stamp(row, Anum_task_resume_at) <= at;
}

/* When the pause of a row began that is stored at an instant: one that was over by then is not gone on with. */
static TimestampTz
begins_at(const TaskRow *old, TimestampTz at)
{
	return is_paused(old) && !is_over(old, at) ? task_stamp(old, Anum_task_paused_at) : at;
}

/* Puts the columns of the pause right in the new row of an update; its status is that which is stored. */
void
pause_apply(const TaskRow *old, TaskRow *new, TimestampTz at)
{
	if (Anum_task_paused_at == 0)
		return;
	if (is_paused(new) && !STATUS_IS_TERMINAL(new->status) && !is_over(new, at))
	{
		task_set_stamp(new, Anum_task_paused_at, begins_at(old, at));
		return;
	}
	clear_column(new, Anum_task_paused_at);
	clear_column(new, Anum_task_pause_reason);
	clear_column(new, Anum_task_resume_at);
}

/* Whether the columns of the pause in a stored row are those that pause_apply() leaves. */
bool
pause_agrees(const TaskRow *old, const TaskRow *new, TimestampTz at)
{
	if (Anum_task_paused_at == 0)
		return true;
	if (!is_paused(new))
		return task_isnull(new, Anum_task_pause_reason) && task_isnull(new, Anum_task_resume_at);
	return !STATUS_IS_TERMINAL(new->status) && !is_over(new, at) &&
		task_stamp(new, Anum_task_paused_at) == begins_at(old, at);
}

/* Whether an update at an instant ends a pause, and which; one of no length is none. */
bool
pause_ends(const TaskRow *old, const TaskRow *new, TimestampTz at, Pause *pause)
{
	if (!is_paused(old) || !task_column_differs(old, new, Anum_task_paused_at))
		return false;
	pause->begins = task_stamp(old, Anum_task_paused_at);
	pause->ends = is_over(old, at) ? task_stamp(old, Anum_task_resume_at) : at;
	return pause->ends > pause->begins;
}

/* Adds a pause, which does not begin before those in the list. */
static void
add_pause(PauseList *list, TimestampTz begins, TimestampTz ends)
{
	Pause	   *last = list->n > 0 ? &list->pauses[list->n - 1] : NULL;

	if (last != NULL && begins <= last->ends)
		last->ends = Max(last->ends, ends);
	else
		list->pauses[list->n++] = (Pause) {begins, ends};
}

/* The pauses of a task that are over, and one more that is not in the table yet, if given. */
PauseList
pauses_of(int64 task_id, const Pause *latest)
{
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(task_id)};
	MemoryContext context = CurrentMemoryContext;
	PauseList	list = {0};
	OwnerSwitch owner;

	spi_connect();
	become_owner_of(taskq_catalog()->task_pause, &owner);
	spi_run(&select_pauses, 1, types, values, NULL, 0);
	become_caller_again(&owner);
	list.pauses = MemoryContextAlloc(context, (SPI_processed + 1) * sizeof(Pause));
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		bool		isnull;
		TimestampTz begins = DatumGetTimestampTz(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull));
		TimestampTz ends = DatumGetTimestampTz(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 2, &isnull));

		if (latest != NULL && latest->begins < begins)
		{
			add_pause(&list, latest->begins, latest->ends);
			latest = NULL;
		}
		add_pause(&list, begins, ends);
	}
	if (latest != NULL)
		add_pause(&list, latest->begins, latest->ends);
	SPI_finish();
	return list;
}

/* --------------------------------------------------- recording what is over */

/* Pauses that a statement has ended, and tasks that it has deleted. */
typedef struct PauseBatch
{
	ArrayBuildState *columns[4];	/* task_id, paused_at, resumed_at, reason */
	ArrayBuildState *deleted;
} PauseBatch;

static void *
pause_begin(bool many)
{
	return Anum_task_paused_at != 0 ? palloc0(sizeof(PauseBatch)) : NULL;
}

static void
pause_change(void *state, const TaskChange *change)
{
	PauseBatch *batch = state;
	const TaskRow *old = change->old;
	Pause		pause;

	if (change->kind == CHANGE_DELETE)
		batch->deleted = accumArrayResult(batch->deleted, Int64GetDatum(task_id(old)), false, INT8OID, CurrentMemoryContext);
	if (change->kind != CHANGE_UPDATE || !pause_ends(old, change->new, task_updated_instant(old, change->new), &pause))
		return;
	batch->columns[0] = accumArrayResult(batch->columns[0], Int64GetDatum(task_id(old)), false, INT8OID, CurrentMemoryContext);
	batch->columns[1] = accumArrayResult(batch->columns[1], TimestampTzGetDatum(pause.begins), false, TIMESTAMPTZOID, CurrentMemoryContext);
	batch->columns[2] = accumArrayResult(batch->columns[2], TimestampTzGetDatum(pause.ends), false, TIMESTAMPTZOID, CurrentMemoryContext);
	batch->columns[3] = accumArrayResult(batch->columns[3], task_value(old, Anum_task_pause_reason),
										 task_isnull(old, Anum_task_pause_reason), TEXTOID, CurrentMemoryContext);
}

static void
pause_end(void *state)
{
	PauseBatch *batch = state;
	Oid			types[] = {INT8ARRAYOID, TIMESTAMPTZARRAYOID, TIMESTAMPTZARRAYOID, TEXTARRAYOID};
	Datum		values[4];
	OwnerSwitch owner;

	if (batch->columns[0] == NULL && batch->deleted == NULL)
		return;
	spi_connect();
	become_owner_of(taskq_catalog()->task_pause, &owner);
	if (batch->columns[0] != NULL)
	{
		for (int i = 0; i < 4; i++)
			values[i] = makeArrayResult(batch->columns[i], CurrentMemoryContext);
		spi_run_past_guard(&recording, &insert_pauses, 4, types, values, NULL);
	}
	if (batch->deleted != NULL)
	{
		values[0] = makeArrayResult(batch->deleted, CurrentMemoryContext);
		spi_run_past_guard(&recording, &delete_pauses, 1, types, values, NULL);
	}
	become_caller_again(&owner);
	SPI_finish();
}

const TaskFollower pause_follower = {
	.begin = pause_begin, .change = pause_change, .end = pause_end
};

/* ---------------------------------------------------- changes of the table */

/* Has the deadlines of a task computed anew, or refuses if it is closed or, unless pauses are deleted, does not exist. */
static void
task_changes(int64 task_id, bool deleted)
{
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(task_id)};
	OwnerSwitch owner;
	bool		isnull;

	spi_connect();
	become_owner_of(taskq_catalog()->task, &owner);
	spi_run(&lock_task, 1, types, values, NULL, 1);
	if (SPI_processed == 0 && !deleted)
		ereport(ERROR,
				(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				 errmsg("task " INT64_FORMAT " does not exist", task_id)));
	if (SPI_processed > 0)
	{
		if (!DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull)))
			ereport(ERROR,
					(errcheck("taskq_task", "taskq_task_lifecycle"),
					 errmsg("task " INT64_FORMAT " is closed and its pauses can no longer change", task_id)));
		run_as_call(&write_task, 1, types, values, NULL, VERB_PAUSES, NULL, NULL);
	}
	become_caller_again(&owner);
	SPI_finish();
}

/* Column of a row of taskq_task_pause; none of those asked for is NULL. */
static Datum
pause_column(TriggerData *td, HeapTuple tuple, const char *name)
{
	bool		isnull;

	return SPI_getbinval(tuple, RelationGetDescr(td->tg_relation), SPI_fnumber(RelationGetDescr(td->tg_relation), name), &isnull);
}

/* Throws 23514 for a reason that cannot be read; no older version has pauses. */
static void
check_reason(TriggerData *td, HeapTuple tuple)
{
	TupleDesc	desc = RelationGetDescr(td->tg_relation);
	bool		isnull;
	Datum		reason = SPI_getbinval(tuple, desc, SPI_fnumber(desc, "reason"), &isnull);

	if (!isnull)
		check_written_text("taskq_task_pause", "taskq_task_pause_reason_check", DatumGetTextPP(reason));
}

PG_FUNCTION_INFO_V1(taskq_task_pause_guard);
Datum
taskq_task_pause_guard(PG_FUNCTION_ARGS)
{
	TriggerData *td = (TriggerData *) fcinfo->context;
	int64		task_id;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(td->tg_event) || !TRIGGER_FIRED_FOR_ROW(td->tg_event) ||
		RelationGetRelid(td->tg_relation) != taskq_catalog()->task_pause)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("taskq_task_pause_guard belongs to table taskq_task_pause and cannot be used elsewhere")));
	if (guard_is_passed(recording) || !check_function_bodies)
		return PointerGetDatum(NULL);
	if (!TRIGGER_FIRED_BY_DELETE(td->tg_event))
		check_reason(td, TRIGGER_FIRED_BY_UPDATE(td->tg_event) ? td->tg_newtuple : td->tg_trigtuple);
	task_id = DatumGetInt64(pause_column(td, td->tg_trigtuple, "task_id"));
	if (TRIGGER_FIRED_BY_UPDATE(td->tg_event))
	{
		int64		new_id = DatumGetInt64(pause_column(td, td->tg_newtuple, "task_id"));

		if (new_id == task_id &&
			pause_column(td, td->tg_trigtuple, "paused_at") == pause_column(td, td->tg_newtuple, "paused_at") &&
			pause_column(td, td->tg_trigtuple, "resumed_at") == pause_column(td, td->tg_newtuple, "resumed_at"))
			return PointerGetDatum(NULL);
		if (new_id != task_id)
			task_changes(new_id, false);
	}
	task_changes(task_id, !TRIGGER_FIRED_BY_INSERT(td->tg_event));
	return PointerGetDatum(NULL);
}
