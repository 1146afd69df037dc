/*-------------------------------------------------------------------------
 *
 * row.c
 *		The task row: reading it, what it means today, its bounds.
 *
 * Each bound is checked twice: by the API, which names the argument (22023),
 * and by the CHECK in valid.c, which no raw write escapes (23514).  Both call
 * the functions here or state the same bounds.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/datum.h"
#include "utils/rls.h"
#include "utils/timestamp.h"

#include "base/calendar.h"
#include "base/catalog.h"
#include "base/enums.h"
#include "task/row.h"

void
task_row_alloc(TaskRow *row, TupleDesc desc)
{
	if (desc->natts < Natts_task)
		elog(ERROR, "table taskq_task has %d columns, expected at least %d",
			 desc->natts, Natts_task);
	row->desc = desc;
	row->values = palloc(desc->natts * sizeof(Datum));
	row->nulls = palloc(desc->natts * sizeof(bool));
}

static void
task_row_read_status(TaskRow *row)
{
	if (task_isnull(row, Anum_task_status))
		ereport(ERROR,
				(errcode(ERRCODE_NOT_NULL_VIOLATION),
				 errmsg("column \"status\" of a task may not be null")));
	row->status = status_from_datum(task_value(row, Anum_task_status));
}

void
task_row_read(TaskRow *row, HeapTuple tuple)
{
	heap_deform_tuple(tuple, row->desc, row->values, row->nulls);
	task_row_read_status(row);
}

/* Makes a row refer to a slot without copying; valid while the slot holds it. */
void
task_row_see(TaskRow *row, TupleTableSlot *slot)
{
	if (slot->tts_tupleDescriptor->natts < Natts_task)
		elog(ERROR, "table taskq_task has %d columns, expected at least %d",
			 slot->tts_tupleDescriptor->natts, Natts_task);
	slot_getallattrs(slot);
	row->desc = slot->tts_tupleDescriptor;
	row->values = slot->tts_values;
	row->nulls = slot->tts_isnull;
	task_row_read_status(row);
}

/* Copies the row in a slot, so that its values can be changed. */
void
task_row_copy(TaskRow *row, TupleTableSlot *slot)
{
	TaskRow		seen;

	task_row_see(&seen, slot);
	task_row_alloc(row, seen.desc);
	memcpy(row->values, seen.values, seen.desc->natts * sizeof(Datum));
	memcpy(row->nulls, seen.nulls, seen.desc->natts * sizeof(bool));
	row->status = seen.status;
}

/*
 * Whether locked tasks can be written by ctid, which a locked row keeps, so
 * that the index is not searched again.  A caller with privileges on columns
 * only cannot read ctid, and with children it does not identify a row.
 */
bool
task_ctids_serve(void)
{
	Oid			task = taskq_catalog()->task;

	return !has_subclass(task) && pg_class_aclcheck(task, GetUserId(), ACL_SELECT) == ACLCHECK_OK;
}

/* Whether the caller can read every task, so that the counters hold for it. */
bool
sees_all_tasks(void)
{
	Oid			task = taskq_catalog()->task;

	return check_enable_rls(task, InvalidOid, true) != RLS_ENABLED &&
		pg_class_aclcheck(task, GetUserId(), ACL_SELECT) == ACLCHECK_OK;
}

/* The newer column with this number; NULL if the column is not one, but the user's. */
static const NewerColumnInfo *
newer_column(int attnum)
{
	for (int i = 0; attnum > Natts_task && i < N_NEWER_COLUMNS; i++)
		if (taskq_catalog()->newer_column[i] == attnum)
			return &newer_columns[i];
	return NULL;
}

/* Whether a column is taskq's own, and none that the user added. */
bool
task_column_is_own(int attnum)
{
	return attnum <= Natts_task || newer_column(attnum) != NULL;
}

/* Whether only the lifecycle writes a column: updated_at is put right silently. */
bool
task_column_is_stamp(int attnum)
{
	const NewerColumnInfo *newer;

	switch (attnum)
	{
		case Anum_task_started_at:
		case Anum_task_completed_at:
		case Anum_task_cancelled_at:
		case Anum_task_sla_due_at:
		case Anum_task_sla_at_risk_at:
		case Anum_task_sla_breached_at:
			return true;
		default:
			newer = newer_column(attnum);
			return newer != NULL && newer->is_stamp;
	}
}

/* Whether two values of a column differ; not those of dropped and generated columns. */
bool
column_differs(TupleDesc desc, int attnum, Datum a, bool a_isnull, Datum b, bool b_isnull)
{
	Form_pg_attribute att = TupleDescAttr(desc, attnum - 1);

	if (att->attisdropped || att->attgenerated)
		return false;
	if (a_isnull || b_isnull)
		return a_isnull != b_isnull;
	return !datum_image_eq(a, b, att->attbyval, att->attlen);
}

/* Whether two rows differ in a column. */
bool
task_column_differs(const TaskRow *a, const TaskRow *b, int attnum)
{
	return column_differs(a->desc, attnum, task_value(a, attnum), task_isnull(a, attnum),
						  task_value(b, attnum), task_isnull(b, attnum));
}

void
task_set_stamp(TaskRow *row, int attnum, TimestampTz at)
{
	task_value(row, attnum) = TimestampTzGetDatum(at);
	task_isnull(row, attnum) = false;
}

bool
past_due(const TaskRow *row)
{
	return !task_isnull(row, Anum_task_due_date) &&
		DatumGetDateADT(task_value(row, Anum_task_due_date)) < today();
}

/* The row's status at the statement's instant; same rule as the SQL function. */
TaskStatus
effective_status(const TaskRow *row)
{
	if (STATUS_IS_TERMINAL(row->status))
		return row->status;
	if (past_due(row))
		return STATUS_OVERDUE;
	return task_isnull(row, Anum_task_started_at) ? STATUS_OPEN : STATUS_IN_PROGRESS;
}

/*
 * The instant of a write to a task that has this row now: the statement's, or
 * the row's last stamp if that is later.  It is later if others wrote the row
 * while the statement waited for it, or if the clock has been set back; stamps
 * never decrease.
 */
TimestampTz
task_instant(const TaskRow *row)
{
	static const int stamps[] = {
		Anum_task_created_at, Anum_task_started_at, Anum_task_completed_at,
		Anum_task_cancelled_at, Anum_task_updated_at, Anum_task_sla_breached_at
	};
	TimestampTz at = GetCurrentStatementStartTimestamp();

	for (int i = 0; i < lengthof(stamps); i++)
	{
		/* A table older than taskq_task_stamps_check can hold infinite ones. */
		if (!task_isnull(row, stamps[i]) && !TIMESTAMP_NOT_FINITE(task_stamp(row, stamps[i])))
			at = Max(at, task_stamp(row, stamps[i]));
	}
	return at;
}

/*
 * The instant of an update of a row that a transaction has written: a
 * microsecond more than task_instant() if that is in updated_at already and the
 * transaction is another.  So no two transactions leave the same updated_at, by
 * which callers tell whether a task is still as they have read it.
 */
TimestampTz
task_update_instant(const TaskRow *old, TransactionId written_by)
{
	TimestampTz at = task_instant(old);

	if (!task_isnull(old, Anum_task_updated_at) && task_stamp(old, Anum_task_updated_at) == at &&
		!TransactionIdIsCurrentTransactionId(written_by))
		at++;
	return at;
}

/* That instant, from an update that has been stored. */
TimestampTz
task_updated_instant(const TaskRow *old, const TaskRow *new)
{
	TimestampTz at = task_instant(old);

	if (task_isnull(old, Anum_task_updated_at) || task_isnull(new, Anum_task_updated_at) ||
		task_stamp(old, Anum_task_updated_at) != at || task_stamp(new, Anum_task_updated_at) != at + 1)
		return at;
	return at + 1;
}

/* The instant by which the deadline of a row is judged; same rule as taskq_sla_status_at(). */
TimestampTz
task_judged_at(const TaskRow *row)
{
	if (!task_isnull(row, Anum_task_completed_at))
		return task_stamp(row, Anum_task_completed_at);
	if (!task_isnull(row, Anum_task_cancelled_at))
		return task_stamp(row, Anum_task_cancelled_at);
	return GetCurrentStatementStartTimestamp();
}

PG_FUNCTION_INFO_V1(taskq_phase);
Datum
taskq_phase(PG_FUNCTION_ARGS)
{
	bool		started = !PG_ARGISNULL(0);
	bool		completed = !PG_ARGISNULL(1);
	bool		cancelled = !PG_ARGISNULL(2);

	PG_RETURN_INT32(completed ? 2 : cancelled ? 3 : started ? 1 : 0);
}

/* Arguments: status, started_at, completed_at, cancelled_at. */
PG_FUNCTION_INFO_V1(taskq_stage);
Datum
taskq_stage(PG_FUNCTION_ARGS)
{
	int			stage;

	if (!PG_ARGISNULL(2))
		PG_RETURN_INT16(STAGE_COMPLETED);
	if (!PG_ARGISNULL(3))
		PG_RETURN_INT16(STAGE_CANCELLED);
	stage = PG_ARGISNULL(1) ? STAGE_UNSTARTED : STAGE_STARTED;
	if (!PG_ARGISNULL(0) && status_from_value(PG_GETARG_OID(0)) == STATUS_OVERDUE)
		stage += STAGE_STORED_OVERDUE;
	PG_RETURN_INT16((int16) stage);
}

/* Arguments: priority, due_date, completed_at, cancelled_at. */
PG_FUNCTION_INFO_V1(taskq_place);
Datum
taskq_place(PG_FUNCTION_ARGS)
{
	if (!PG_ARGISNULL(2))
		PG_RETURN_INT64(PG_GETARG_TIMESTAMPTZ(2));
	if (!PG_ARGISNULL(3))
		PG_RETURN_INT64(PG_GETARG_TIMESTAMPTZ(3));
	PG_RETURN_INT64(PLACE(PG_ARGISNULL(1) ? DATEVAL_NOEND : PG_GETARG_DATEADT(1),
						  PG_ARGISNULL(0) ? 0 : rank_from_value(PG_GETARG_OID(0))));
}

bool
due_date_in_bounds(DateADT date)
{
	return !DATE_NOT_FINITE(date) &&
		date >= date2j(1, 1, 1) - POSTGRES_EPOCH_JDATE &&
		date <= date2j(9999, 12, 31) - POSTGRES_EPOCH_JDATE;
}

/* What the CHECK asks of hours.  New ones must be a millisecond at least. */
bool
sla_hours_in_bounds(float8 hours)
{
	return hours > 0 && hours <= SLA_HOURS_MAX; /* false for NaN */
}

/* ---- the same for the API: 22023, naming the argument and its bound ---- */

void
check_due_date(DateADT date)
{
	if (!due_date_in_bounds(date))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("due_date must be a date from 0001-01-01 to 9999-12-31")));
}

void
check_sla_hours(float8 hours)
{
	if (!sla_hours_in_bounds(hours) || hours < SLA_HOURS_MIN)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("sla_hours must be " SLA_HOURS_BOUNDS)));
}

void
check_response_hours(float8 hours)
{
	if (!sla_hours_in_bounds(hours) || hours < SLA_HOURS_MIN)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("response_hours must be " SLA_HOURS_BOUNDS)));
}

void
check_sla_from(const char *argument, TimestampTz from)
{
	if (TIMESTAMP_NOT_FINITE(from) || from > GetCurrentStatementStartTimestamp())
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be an instant that has passed", argument)));
}
