/*-------------------------------------------------------------------------
 *
 * row.c
 *		The task row: reading it, what it means today, what it may hold.
 *
 * Each bound is checked twice: by the API, which names the argument (22023),
 * and by a CHECK, which no raw write escapes (23514).  Both call the functions
 * here or state the same bounds.
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
#include "base/text.h"
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

bool
due_date_in_bounds(DateADT date)
{
	return !DATE_NOT_FINITE(date) &&
		date >= date2j(1, 1, 1) - POSTGRES_EPOCH_JDATE &&
		date <= date2j(9999, 12, 31) - POSTGRES_EPOCH_JDATE;
}

bool
sla_hours_in_bounds(float8 hours)
{
	return hours > 0 && hours <= SLA_HOURS_MAX; /* false for NaN */
}

/*
 * ---- the CHECKs of taskq_task, each a function: PostgreSQL reads a CHECK's
 * expression anew for every statement, and a call is the shortest there is ----
 */

PG_FUNCTION_INFO_V1(taskq_description_is_valid);
Datum
taskq_description_is_valid(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(text_in_bounds(PG_GETARG_TEXT_PP(0), 0, TEXT_MAX));
}

PG_FUNCTION_INFO_V1(taskq_source_is_valid);
Datum
taskq_source_is_valid(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(text_in_bounds(PG_GETARG_TEXT_PP(0), 1, SOURCE_MAX));
}

PG_FUNCTION_INFO_V1(taskq_dedupe_key_is_valid);
Datum
taskq_dedupe_key_is_valid(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(text_in_bounds(PG_GETARG_TEXT_PP(0), 1, KEY_MAX));
}

PG_FUNCTION_INFO_V1(taskq_due_date_is_valid);
Datum
taskq_due_date_is_valid(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(due_date_in_bounds(PG_GETARG_DATEADT(0)));
}

PG_FUNCTION_INFO_V1(taskq_sla_hours_is_valid);
Datum
taskq_sla_hours_is_valid(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(sla_hours_in_bounds(PG_GETARG_FLOAT8(0)));
}

/* CHECKs of a stamp or date that depend on the status.  Arguments: status; stamp or date. */
#define DEFINE_STATUS_CHECK(name, condition) \
PG_FUNCTION_INFO_V1(taskq_##name##_is_valid); \
Datum \
taskq_##name##_is_valid(PG_FUNCTION_ARGS) \
{ \
	TaskStatus	status; \
	bool		given = !PG_ARGISNULL(1); \
\
	if (PG_ARGISNULL(0)) \
		PG_RETURN_NULL(); \
	status = status_from_value(PG_GETARG_OID(0)); \
	PG_RETURN_BOOL(condition); \
} \
extern Datum taskq_##name##_is_valid(PG_FUNCTION_ARGS)

DEFINE_STATUS_CHECK(completed, (status == STATUS_COMPLETED) == given);
DEFINE_STATUS_CHECK(cancelled, (status == STATUS_CANCELLED) == given);
DEFINE_STATUS_CHECK(overdue, status != STATUS_OVERDUE || given);
DEFINE_STATUS_CHECK(started,
					status == STATUS_OPEN ? !given :
					(status != STATUS_IN_PROGRESS && status != STATUS_COMPLETED) || given);

/* Arguments: sla_hours, sla_due_at, sla_at_risk_at, sla_breached_at. */
PG_FUNCTION_INFO_V1(taskq_sla_stamps_are_valid);
Datum
taskq_sla_stamps_are_valid(PG_FUNCTION_ARGS)
{
	bool		none = PG_ARGISNULL(0);

	PG_RETURN_BOOL(PG_ARGISNULL(1) == none && PG_ARGISNULL(2) == none && (!none || PG_ARGISNULL(3)));
}

/*
 * Arguments: created_at, started_at, completed_at, cancelled_at, updated_at,
 * sla_breached_at; and the deadlines sla_due_at, sla_at_risk_at, which may be
 * infinity: never.
 */
PG_FUNCTION_INFO_V1(taskq_stamps_are_valid);
Datum
taskq_stamps_are_valid(PG_FUNCTION_ARGS)
{
	TimestampTz last = DT_NOBEGIN;

	for (int i = 0; i < 6; i++)
	{
		TimestampTz at;

		if (PG_ARGISNULL(i))
			continue;
		at = PG_GETARG_TIMESTAMPTZ(i);
		if (TIMESTAMP_NOT_FINITE(at))
			PG_RETURN_BOOL(false);
		if (i > 3)
			continue;			/* in no order with the others */
		if (at < last)
			PG_RETURN_BOOL(false);
		last = at;
	}
	for (int i = 6; i < 8; i++)
		if (!PG_ARGISNULL(i) && TIMESTAMP_IS_NOBEGIN(PG_GETARG_TIMESTAMPTZ(i)))
			PG_RETURN_BOOL(false);
	PG_RETURN_BOOL(true);
}

PG_FUNCTION_INFO_V1(taskq_first_breach_is_valid);
Datum
taskq_first_breach_is_valid(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!TIMESTAMP_NOT_FINITE(PG_GETARG_TIMESTAMPTZ(0)));
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
	if (!sla_hours_in_bounds(hours))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("sla_hours must be greater than 0 and at most %.0f", SLA_HOURS_MAX)));
}
