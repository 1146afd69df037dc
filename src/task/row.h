/*-------------------------------------------------------------------------
 *
 * row.h
 *		The task row: reading it, what it means today, what it may hold.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_ROW_H
#define TASKQ_ROW_H

#include "access/htup.h"
#include "access/tupdesc.h"
#include "executor/tuptable.h"
#include "utils/date.h"
#include "utils/timestamp.h"

#include "base/catalog.h"

enum
{
	Anum_task_id = 1,
	Anum_task_title,
	Anum_task_description,
	Anum_task_priority,
	Anum_task_status,
	Anum_task_due_date,
	Anum_task_sla_hours,
	Anum_task_assignee_id,
	Anum_task_user_id,
	Anum_task_source,
	Anum_task_dedupe_key,
	Anum_task_created_at,
	Anum_task_created_by,
	Anum_task_started_at,
	Anum_task_completed_at,
	Anum_task_cancelled_at,
	Anum_task_updated_at,
	Anum_task_sla_due_at,
	Anum_task_sla_at_risk_at,
	Anum_task_sla_breached_at,
	Natts_task = Anum_task_sla_breached_at
};

/*
 * Columns of later versions.  In an updated table they come after columns that
 * users have added, so their numbers are not constants; 0 in a database of an
 * older version, which does not have the column.
 */
#define Anum_task_sla_first_breached_at \
	(taskq_catalog()->newer_column[COLUMN_SLA_FIRST_BREACHED_AT])
#define Anum_task_kind (taskq_catalog()->newer_column[COLUMN_KIND])
#define Anum_task_sla_policy (taskq_catalog()->newer_column[COLUMN_SLA_POLICY])
#define Anum_task_sla_calendar (taskq_catalog()->newer_column[COLUMN_SLA_CALENDAR])
#define Anum_task_sla_revision (taskq_catalog()->newer_column[COLUMN_SLA_REVISION])
#define Anum_task_sla_from (taskq_catalog()->newer_column[COLUMN_SLA_FROM])
#define Anum_task_response_hours (taskq_catalog()->newer_column[COLUMN_RESPONSE_HOURS])
#define Anum_task_response_due_at (taskq_catalog()->newer_column[COLUMN_RESPONSE_DUE_AT])
#define Anum_task_response_breached_at (taskq_catalog()->newer_column[COLUMN_RESPONSE_BREACHED_AT])
#define Anum_task_response_hours_used (taskq_catalog()->newer_column[COLUMN_RESPONSE_HOURS_USED])
#define Anum_task_sla_hours_used (taskq_catalog()->newer_column[COLUMN_SLA_HOURS_USED])
#define Anum_task_sla_warn_at (taskq_catalog()->newer_column[COLUMN_SLA_WARN_AT])
#define Anum_task_sla_warned_at (taskq_catalog()->newer_column[COLUMN_SLA_WARNED_AT])
#define Anum_task_paused_at (taskq_catalog()->newer_column[COLUMN_PAUSED_AT])
#define Anum_task_pause_reason (taskq_catalog()->newer_column[COLUMN_PAUSE_REASON])
#define Anum_task_resume_at (taskq_catalog()->newer_column[COLUMN_RESUME_AT])
#define Anum_task_team_id (taskq_catalog()->newer_column[COLUMN_TEAM_ID])
#define Anum_task_follows_id (taskq_catalog()->newer_column[COLUMN_FOLLOWS_ID])
#define Anum_task_labels (taskq_catalog()->newer_column[COLUMN_LABELS])
#define Anum_task_attributes (taskq_catalog()->newer_column[COLUMN_ATTRIBUTES])

#define TITLE_MAX 200
#define SOURCE_MAX 63
#define SLA_HOURS_MIN (1.0 / 3600000)	/* a millisecond */
#define SLA_HOURS_MAX 87600.0
#define SLA_HOURS_BOUNDS "at least 1/3600000 (a millisecond) and at most 87600"

/* What taskq_stage() says. */
#define STAGE_UNSTARTED 0
#define STAGE_STARTED 1
#define STAGE_COMPLETED 2
#define STAGE_CANCELLED 3
#define STAGE_STORED_OVERDUE 4	/* is added to those of active tasks */

/* What taskq_place() says of an active task; DATEVAL_NOEND = no due date. */
#define PLACE(due_date, rank) ((int64) (due_date) * 8 + (rank))

/* A task's columns, and any that the user added, as they stand in a tuple. */
typedef struct TaskRow
{
	TupleDesc	desc;
	Datum	   *values;
	bool	   *nulls;
	TaskStatus	status;
} TaskRow;

extern void task_row_alloc(TaskRow *row, TupleDesc desc);
extern void task_row_read(TaskRow *row, HeapTuple tuple);
extern void task_row_see(TaskRow *row, TupleTableSlot *slot);
extern void task_row_copy(TaskRow *row, TupleTableSlot *slot);
extern bool task_ctids_serve(void);
extern bool sees_all_tasks(void);
extern bool task_column_is_own(int attnum);
extern bool task_column_is_stamp(int attnum);
extern bool column_differs(TupleDesc desc, int attnum, Datum a, bool a_isnull, Datum b, bool b_isnull);
extern bool task_column_differs(const TaskRow *a, const TaskRow *b, int attnum);
#define task_isnull(row, anum) ((row)->nulls[(anum) - 1])
#define task_value(row, anum) ((row)->values[(anum) - 1])
#define task_stamp(row, anum) DatumGetTimestampTz(task_value(row, anum))
#define task_id(row) DatumGetInt64(task_value(row, Anum_task_id))

extern void task_set_stamp(TaskRow *row, int attnum, TimestampTz at);
extern bool past_due(const TaskRow *row);
extern TaskStatus effective_status(const TaskRow *row);
extern TimestampTz task_instant(const TaskRow *row);
extern TimestampTz task_update_instant(const TaskRow *old, TransactionId written_by);
extern TimestampTz task_updated_instant(const TaskRow *old, const TaskRow *new);
extern TimestampTz task_judged_at(const TaskRow *row);

extern bool due_date_in_bounds(DateADT date);
extern bool sla_hours_in_bounds(float8 hours);

extern void check_due_date(DateADT date);
extern void check_sla_hours(float8 hours);
extern void check_response_hours(float8 hours);
extern void check_sla_from(const char *argument, TimestampTz from);

#endif							/* TASKQ_ROW_H */
