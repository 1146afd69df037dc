/*-------------------------------------------------------------------------
 *
 * follow_up.c
 *		A new task that follows a closed one.
 *
 * A closed task never changes; what has to be done after all is another task.
 * The new one has the id of the closed one in follows_id, and the closed one an
 * event that names the new one.
 *
 * That there is one active follow-up of a task is the work of its dedupe_key,
 * so that it needs no index: a second call, also one at the same time, gets
 * the task that holds the key.
 *
 * Tasks cannot follow each other in a circle: a new task follows one that is
 * there and closed, and what it follows never changes.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/rel.h"

#include "base/actor.h"
#include "base/catalog.h"
#include "base/enums.h"
#include "base/owner.h"
#include "base/plan.h"
#include "base/text.h"
#include "task/change.h"
#include "task/create.h"
#include "task/directory.h"
#include "task/follow_up.h"
#include "task/row.h"

enum
{
	ARG_ID,
	ARG_TITLE,
	ARG_DUE_DATE,
	ARG_SLA_HOURS,
	ARG_ASSIGNEE_ID,
	ARG_ACTOR
};

/*
 * The lock requires the right to update, as for a comment, and keeps the task
 * from being deleted.  A whole row has the table's column numbers also where
 * columns were dropped.
 */
static TaskqPlan lock_closed = {
	"SELECT t FROM @.taskq_task t WHERE t.id " EQ " $1 FOR KEY SHARE"
};
static TaskqPlan select_followed = {
	"SELECT t.follows_id FROM @.taskq_task t WHERE t.id " EQ " $1"
};
static TaskqPlan select_closed = {
	"SELECT pg_catalog.num_nonnulls(t.completed_at, t.cancelled_at) " GT " 0 FROM @.taskq_task t WHERE t.id " EQ " $1"
};

/* Reads a closed task and locks it; P0002 if there is none, 55000 if it is active.  SPI is connected. */
static void
take_closed(int64 id, TaskRow *row)
{
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(id)};
	Relation	rel = table_open(taskq_catalog()->task, AccessShareLock);
	HeapTupleHeader header;
	HeapTupleData tuple = {0};
	bool		isnull;

	spi_run(&lock_closed, 1, types, values, NULL, 1);
	if (SPI_processed == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("task " INT64_FORMAT " does not exist", id)));
	header = DatumGetHeapTupleHeader(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	tuple.t_data = header;
	task_row_alloc(row, CreateTupleDescCopy(RelationGetDescr(rel)));
	task_row_read(row, &tuple);
	table_close(rel, NoLock);
	if (!STATUS_IS_TERMINAL(row->status))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("task " INT64_FORMAT " is %s and cannot be followed up", id, status_names[effective_status(row)]),
				 errhint("Only COMPLETED and CANCELLED tasks are followed up; change this one, or create another with taskq_create().")));
}

static void
inherit(NewTask *task, NewTaskField field, const TaskRow *row, int attnum)
{
	if (!task_isnull(row, attnum))
		new_task_set(task, field, task_value(row, attnum));
}

/* Sets a field to an argument, if it is given. */
static bool
given(NewTask *task, NewTaskField field, FunctionCallInfo fcinfo, int argno)
{
	if (PG_ARGISNULL(argno))
		return false;
	new_task_set(task, field, PG_GETARG_DATUM(argno));
	return true;
}

/* What a follow-up is to be. */
static void
describe(NewTask *task, const TaskRow *closed, FunctionCallInfo fcinfo)
{
	new_task_init(task, NULL);
	if (!given(task, NEW_TITLE, fcinfo, ARG_TITLE))
		inherit(task, NEW_TITLE, closed, Anum_task_title);
	if (!task_isnull(closed, Anum_task_description))
		new_task_set(task, NEW_DESCRIPTION,
					 CStringGetTextDatum(engine_description(TextDatumGetCString(task_value(closed, Anum_task_description)), NULL)));
	inherit(task, NEW_PRIORITY, closed, Anum_task_priority);
	inherit(task, NEW_USER_ID, closed, Anum_task_user_id);
	inherit(task, NEW_KIND, closed, Anum_task_kind);
	inherit(task, NEW_LABELS, closed, Anum_task_labels);
	inherit(task, NEW_ATTRIBUTES, closed, Anum_task_attributes);
	if (!task_isnull(closed, Anum_task_team_id) && team_is_active(task_value(closed, Anum_task_team_id)))
		inherit(task, NEW_TEAM_ID, closed, Anum_task_team_id);
	if (!given(task, NEW_ASSIGNEE_ID, fcinfo, ARG_ASSIGNEE_ID) &&
		!task_isnull(closed, Anum_task_assignee_id) && staff_is_active(task_value(closed, Anum_task_assignee_id)))
		inherit(task, NEW_ASSIGNEE_ID, closed, Anum_task_assignee_id);
	(void) given(task, NEW_DUE_DATE, fcinfo, ARG_DUE_DATE);
	(void) given(task, NEW_SLA_HOURS, fcinfo, ARG_SLA_HOURS);
	new_task_set(task, NEW_DEDUPE_KEY, CStringGetTextDatum(psprintf(FOLLOW_UP_KEY INT64_FORMAT, task_id(closed))));
	new_task_set(task, NEW_FOLLOWS_ID, Int64GetDatum(task_id(closed)));
}

/* Adds an event to the history of the closed task. */
static void
record(const TaskRow *closed, int64 id, text *actor)
{
	TaskqCall	call;

	call_begin(&call, VERB_OTHER, actor);
	PG_TRY();
	{
		ChangeBatch batch;
		TaskChange	change = {CHANGE_FOLLOW_UP, closed, closed, .follow_up = id};

		(void) change_begin(&batch, false, false);
		change_add(&batch, &change);
		change_end(&batch);
	}
	PG_FINALLY();
	{
		call_end(&call);
	}
	PG_END_TRY();
}

/* Throws 55000 unless a task that holds the key of a follow-up is one: anybody can give a task that key. */
static void
check_follows(int64 id, int64 closed)
{
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(id)};
	bool		isnull = true;
	Datum		followed = (Datum) 0;

	spi_run(&select_followed, 1, types, values, NULL, 1);
	if (SPI_processed > 0)
		followed = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	if (isnull || DatumGetInt64(followed) != closed)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("task " INT64_FORMAT " cannot be followed up", closed),
				 errdetail("Task " INT64_FORMAT ", which does not follow it, holds the dedupe_key of its follow-up.", id),
				 errhint("Give that task another dedupe_key, or close it.")));
}

/*
 * Throws 23503 or 23514 if a new row follows a task that does not exist or is
 * not closed.  For a task that follows itself there is a CHECK.
 */
void
follow_up_check(const TaskRow *row)
{
	Oid			types[] = {INT8OID};
	Datum		values[1];
	OwnerSwitch owner;
	bool		found;
	bool		closed;
	bool		isnull;

	if (Anum_task_follows_id == 0 || task_isnull(row, Anum_task_follows_id))
		return;
	values[0] = task_value(row, Anum_task_follows_id);
	if (DatumGetInt64(values[0]) == task_id(row))
		return;
	spi_connect();
	become_owner_of(taskq_catalog()->task, &owner);
	spi_run_by_index(&select_closed, 1, types, values, NULL, 1);
	found = SPI_processed > 0;
	closed = found && DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	become_caller_again(&owner);
	SPI_finish();
	if (!found)
		ereport(ERROR,
				(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				 errmsg("follows_id " INT64_FORMAT " is not a task", DatumGetInt64(values[0])),
				 errhint("Use the id of a closed task in taskq_task."),
				 err_generic_string(PG_DIAG_CONSTRAINT_NAME, "taskq_task_follows_id_fkey")));
	if (!closed)
		ereport(ERROR,
				(errcheck("taskq_task", "taskq_task_follows_check"),
				 errmsg("follows_id " INT64_FORMAT " is an active task", DatumGetInt64(values[0])),
				 errhint("Only COMPLETED and CANCELLED tasks are followed up.")));
}

PG_FUNCTION_INFO_V1(taskq_follow_up);
Datum
taskq_follow_up(PG_FUNCTION_ARGS)
{
	int64		closed_id = id_argument(fcinfo, "task NULL does not exist");
	text	   *actor = actor_argument(fcinfo, ARG_ACTOR);
	TaskRow		closed;
	NewTask		task;
	int64		id;
	bool		created;

	spi_connect();
	take_closed(closed_id, &closed);
	describe(&task, &closed, fcinfo);
	id = create_task(&task, actor, &created);
	if (created)
		record(&closed, id, actor);
	else
		check_follows(id, closed_id);
	SPI_finish();
	PG_RETURN_INT64(id);
}
