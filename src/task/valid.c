/*-------------------------------------------------------------------------
 *
 * valid.c
 *		What a row of taskq_task may hold: its CHECK.
 *
 * The CHECK is one call of one function: PostgreSQL reads a CHECK's expression
 * anew for every statement, and each constraint, and each column in it, costs
 * more than all the rules.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/detoast.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "base/catalog.h"
#include "base/character.h"
#include "base/enums.h"
#include "base/text.h"
#include "task/row.h"
#include "task/title.h"
#include "task/valid.h"

/* Arguments of taskq_task_is_valid(). */
enum
{
	ARG_TITLE,
	ARG_DESCRIPTION,
	ARG_STATUS,
	ARG_DUE_DATE,
	ARG_SLA_HOURS,
	ARG_SOURCE,
	ARG_DEDUPE_KEY,
	ARG_CREATED_AT,
	ARG_STARTED_AT,
	ARG_COMPLETED_AT,
	ARG_CANCELLED_AT,
	ARG_UPDATED_AT,
	ARG_SLA_DUE_AT,
	ARG_SLA_AT_RISK_AT,
	ARG_SLA_BREACHED_AT,
	ARG_SLA_FIRST_BREACHED_AT
};

/* Whether an argument that is not null has min to max characters. */
static bool
text_argument_in_bounds(FunctionCallInfo fcinfo, int arg, int min, int max)
{
	int			len = (int) (toast_raw_datum_size(PG_GETARG_DATUM(arg)) - VARHDRSZ);

	/* A text that is stored out of line need not be fetched if its size tells. */
	if (len <= max)
		return len >= min;
	return text_in_bounds(PG_GETARG_TEXT_PP(arg), min, max);
}

static bool
completed_agrees(TaskStatus status, bool completed)
{
	return (status == STATUS_COMPLETED) == completed;
}

static bool
cancelled_agrees(TaskStatus status, bool cancelled)
{
	return (status == STATUS_CANCELLED) == cancelled;
}

static bool
started_agrees(TaskStatus status, bool started)
{
	if (status == STATUS_OPEN)
		return !started;
	return (status != STATUS_IN_PROGRESS && status != STATUS_COMPLETED) || started;
}

static bool
overdue_agrees(TaskStatus status, bool has_due_date)
{
	return status != STATUS_OVERDUE || has_due_date;
}

static bool
sla_stamps_agree(bool has_sla, bool due, bool at_risk, bool breached)
{
	return due == has_sla && at_risk == has_sla && (has_sla || !breached);
}

static bool
is_finite(FunctionCallInfo fcinfo, int arg)
{
	return PG_ARGISNULL(arg) || !TIMESTAMP_NOT_FINITE(PG_GETARG_TIMESTAMPTZ(arg));
}

/* Whether a deadline is one: infinity is, which never comes. */
static bool
may_come(FunctionCallInfo fcinfo, int arg)
{
	return PG_ARGISNULL(arg) || !TIMESTAMP_IS_NOBEGIN(PG_GETARG_TIMESTAMPTZ(arg));
}

/* Whether the stamps are finite, and those of the lifecycle in order. */
static bool
stamps_are_in_order(FunctionCallInfo fcinfo)
{
	TimestampTz last = DT_NOBEGIN;

	for (int i = ARG_CREATED_AT; i <= ARG_CANCELLED_AT; i++)
	{
		if (PG_ARGISNULL(i))
			continue;
		if (!is_finite(fcinfo, i) || PG_GETARG_TIMESTAMPTZ(i) < last)
			return false;
		last = PG_GETARG_TIMESTAMPTZ(i);
	}
	return is_finite(fcinfo, ARG_UPDATED_AT) && is_finite(fcinfo, ARG_SLA_BREACHED_AT) &&
		may_come(fcinfo, ARG_SLA_DUE_AT) && may_come(fcinfo, ARG_SLA_AT_RISK_AT);
}

/*
 * The rule that a row breaks, NULL if it breaks none.  Rules are named as the
 * constraints that they were before 0.3.0, and looked at in the order of their
 * names, as PostgreSQL does: so one row is refused for the same one as then.
 */
static const char *
broken_rule(FunctionCallInfo fcinfo)
{
#define GIVEN(arg) (!PG_ARGISNULL(arg))
	/* A null status, which NOT NULL refuses, is in accord with everything. */
	bool		known = GIVEN(ARG_STATUS);
	TaskStatus	status = known ? status_from_value(PG_GETARG_OID(ARG_STATUS)) : STATUS_OPEN;

	if (known && !cancelled_agrees(status, GIVEN(ARG_CANCELLED_AT)))
		return "taskq_task_cancelled_check";
	if (known && !completed_agrees(status, GIVEN(ARG_COMPLETED_AT)))
		return "taskq_task_completed_check";
	if (GIVEN(ARG_DEDUPE_KEY) && !text_argument_in_bounds(fcinfo, ARG_DEDUPE_KEY, 1, KEY_MAX))
		return "taskq_task_dedupe_key_check";
	if (GIVEN(ARG_DESCRIPTION) && !text_argument_in_bounds(fcinfo, ARG_DESCRIPTION, 0, TEXT_MAX))
		return "taskq_task_description_check";
	if (GIVEN(ARG_DUE_DATE) && !due_date_in_bounds(PG_GETARG_DATEADT(ARG_DUE_DATE)))
		return "taskq_task_due_date_check";
	if (known && !overdue_agrees(status, GIVEN(ARG_DUE_DATE)))
		return "taskq_task_overdue_check";
	if (!is_finite(fcinfo, ARG_SLA_FIRST_BREACHED_AT))
		return "taskq_task_sla_first_breached_at_check";
	if (GIVEN(ARG_SLA_HOURS) && !sla_hours_in_bounds(PG_GETARG_FLOAT8(ARG_SLA_HOURS)))
		return "taskq_task_sla_hours_check";
	if (!sla_stamps_agree(GIVEN(ARG_SLA_HOURS), GIVEN(ARG_SLA_DUE_AT), GIVEN(ARG_SLA_AT_RISK_AT),
						  GIVEN(ARG_SLA_BREACHED_AT)))
		return "taskq_task_sla_stamps_check";
	if (GIVEN(ARG_SOURCE) && !text_argument_in_bounds(fcinfo, ARG_SOURCE, 1, SOURCE_MAX))
		return "taskq_task_source_check";
	if (!stamps_are_in_order(fcinfo))
		return "taskq_task_stamps_check";
	if (known && !started_agrees(status, GIVEN(ARG_STARTED_AT)))
		return "taskq_task_started_check";
	if (GIVEN(ARG_TITLE) && !line_is_valid(PG_GETARG_TEXT_PP(ARG_TITLE)))
		return "taskq_task_title_check";
	return NULL;
#undef GIVEN
}

/* Whether a text that is not NULL has min to max characters. */
static bool
column_in_bounds(const TaskRow *row, int attnum, int min, int max)
{
	return task_isnull(row, attnum) || text_in_bounds(DatumGetTextPP(task_value(row, attnum)), min, max);
}

static bool
column_is_finite(const TaskRow *row, int attnum)
{
	return task_isnull(row, attnum) || !TIMESTAMP_NOT_FINITE(task_stamp(row, attnum));
}

/* The same as broken_rule() for the columns of calendars, policies and pauses. */
static const char *
broken_newer_rule(const TaskRow *row)
{
	bool		paused = !task_isnull(row, Anum_task_paused_at);

	if (!column_in_bounds(row, Anum_task_kind, 1, NAME_MAX_CHARS))
		return "taskq_task_kind_check";
	if (!column_in_bounds(row, Anum_task_sla_policy, 1, NAME_MAX_CHARS))
		return "taskq_task_sla_policy_check";
	if (!column_in_bounds(row, Anum_task_sla_calendar, 1, NAME_MAX_CHARS))
		return "taskq_task_sla_calendar_check";
	if (!column_in_bounds(row, Anum_task_pause_reason, 0, TEXT_MAX))
		return "taskq_task_pause_reason_check";
	if (!task_isnull(row, Anum_task_response_hours) && !sla_hours_in_bounds(DatumGetFloat8(task_value(row, Anum_task_response_hours))))
		return "taskq_task_response_hours_check";
	if (task_isnull(row, Anum_task_response_due_at) != task_isnull(row, Anum_task_response_hours) ||
		(task_isnull(row, Anum_task_response_hours) && !task_isnull(row, Anum_task_response_breached_at)))
		return "taskq_task_response_stamps_check";
	if ((paused && STATUS_IS_TERMINAL(row->status)) ||
		(!paused && (!task_isnull(row, Anum_task_pause_reason) || !task_isnull(row, Anum_task_resume_at))))
		return "taskq_task_paused_check";
	if (!column_is_finite(row, Anum_task_paused_at) || !column_is_finite(row, Anum_task_resume_at) ||
		!column_is_finite(row, Anum_task_sla_from) || !column_is_finite(row, Anum_task_response_breached_at) ||
		!column_is_finite(row, Anum_task_sla_warned_at) ||
		(!task_isnull(row, Anum_task_response_due_at) && TIMESTAMP_IS_NOBEGIN(task_stamp(row, Anum_task_response_due_at))))
		return "taskq_task_newer_stamps_check";
	if (!task_isnull(row, Anum_task_follows_id) && DatumGetInt64(task_value(row, Anum_task_follows_id)) == task_id(row))
		return "taskq_task_follows_check";
	return NULL;
}

/* Throws 23514, as a CHECK does, for a text that people read and that does not read as it is stored, or is blank. */
void
check_written_text(const char *table, const char *rule, const text *value)
{
	TextProblem problem = text_problem(value);

	if (problem != TEXT_VALID)
		ereport(ERROR,
				(errcheck(table, rule),
				 errmsg("new row for relation \"%s\" violates check constraint \"%s\"", table, rule),
				 problem == TEXT_BLANK ? errdetail("The text has no visible character.") :
				 errdetail("The text contains Unicode bidirectional control characters.")));
}

/* Whether a write gives a row, new where old is NULL, another value in a column. */
static bool
is_given(const TaskRow *old, const TaskRow *new, int attnum)
{
	return attnum != 0 && !task_isnull(new, attnum) && (old == NULL || task_column_differs(old, new, attnum));
}

/*
 * Throws 23514 for what a write gives to a row and an older version accepted.
 * The CHECK does not ask for this, so that rows which have it can be updated.
 */
void
check_new_values(const TaskRow *old, const TaskRow *new)
{
	const struct
	{
		int			attnum;
		const char *rule;
	}			texts[] = {
		{Anum_task_description, "taskq_task_description_check"},
		{Anum_task_kind, "taskq_task_kind_check"},
		{Anum_task_pause_reason, "taskq_task_pause_reason_check"}
	}, hours[] = {
		{Anum_task_sla_hours, "taskq_task_sla_hours_check"},
		{Anum_task_response_hours, "taskq_task_response_hours_check"}
	};

	for (int i = 0; i < lengthof(texts); i++)
		if (is_given(old, new, texts[i].attnum))
			check_written_text("taskq_task", texts[i].rule, DatumGetTextPP(task_value(new, texts[i].attnum)));
	for (int i = 0; i < lengthof(hours); i++)
	{
		float8		value = is_given(old, new, hours[i].attnum) ? DatumGetFloat8(task_value(new, hours[i].attnum)) : SLA_HOURS_MIN;

		if (value > 0 && value < SLA_HOURS_MIN)
			ereport(ERROR,
					(errcheck("taskq_task", hours[i].rule),
					 errmsg("new row for relation \"%s\" violates check constraint \"%s\"", "taskq_task", hours[i].rule),
					 errdetail("The hours are less than 1/3600000 (a millisecond).")));
	}
}

/* Throws 23514 if the clocks of a row's SLA begin in the future. */
void
check_clock_began(const TaskRow *row, TimestampTz now)
{
	int			attnum = Anum_task_sla_from;

	if (attnum != 0 && !task_isnull(row, attnum) && task_stamp(row, attnum) > now)
		ereport(ERROR,
				(errcheck("taskq_task", "taskq_task_sla_from_check"),
				 errmsg("sla_from must be an instant that has passed")));
}

/*
 * Throws 23514 if a row holds in the columns of calendars, policies and pauses
 * what it may not.  Called by the triggers: in the table's CHECK fifteen more
 * columns would cost every write more than all of these rules together.
 */
void
check_newer_columns(const TaskRow *row)
{
	const int  *newer = taskq_catalog()->newer_column;
	const char *rule;
	bool		any = false;

	for (int i = COLUMN_KIND; newer[COLUMN_KIND] != 0 && i <= COLUMN_RESUME_AT; i++)
		any |= !task_isnull(row, newer[i]);
	any |= newer[COLUMN_FOLLOWS_ID] != 0 && !task_isnull(row, newer[COLUMN_FOLLOWS_ID]);
	rule = any ? broken_newer_rule(row) : NULL;
	if (rule != NULL)
		ereport(ERROR,
				(errcheck("taskq_task", rule),
				 err_generic_string(PG_DIAG_SCHEMA_NAME, taskq_catalog()->schema_name),
				 errmsg("new row for relation \"%s\" violates check constraint \"%s\"",
						"taskq_task", rule)));
}

/*
 * Never false, which would be reported as taskq_task_is_valid: the error names the
 * rule.  The function's schema is the table's; the catalog may not be known here.
 */
PG_FUNCTION_INFO_V1(taskq_task_is_valid);
Datum
taskq_task_is_valid(PG_FUNCTION_ARGS)
{
	const char *rule = broken_rule(fcinfo);

	if (rule != NULL)
		ereport(ERROR,
				(errcheck("taskq_task", rule),
				 err_generic_string(PG_DIAG_SCHEMA_NAME,
									get_namespace_name(get_func_namespace(fcinfo->flinfo->fn_oid))),
				 errmsg("new row for relation \"%s\" violates check constraint \"%s\"",
						"taskq_task", rule)));
	PG_RETURN_BOOL(true);
}

/* ---- the CHECKs of 0.2.0, a function each ---- */

#define DEFINE_OLD_CHECK(name, condition) \
PG_FUNCTION_INFO_V1(name); \
Datum \
name(PG_FUNCTION_ARGS) \
{ \
	PG_RETURN_BOOL(condition); \
} \
extern Datum name(PG_FUNCTION_ARGS)

DEFINE_OLD_CHECK(taskq_description_is_valid, text_argument_in_bounds(fcinfo, 0, 0, TEXT_MAX));
DEFINE_OLD_CHECK(taskq_source_is_valid, text_argument_in_bounds(fcinfo, 0, 1, SOURCE_MAX));
DEFINE_OLD_CHECK(taskq_dedupe_key_is_valid, text_argument_in_bounds(fcinfo, 0, 1, KEY_MAX));
DEFINE_OLD_CHECK(taskq_due_date_is_valid, due_date_in_bounds(PG_GETARG_DATEADT(0)));
DEFINE_OLD_CHECK(taskq_sla_hours_is_valid, sla_hours_in_bounds(PG_GETARG_FLOAT8(0)));
/* Arguments: sla_hours, sla_due_at, sla_at_risk_at, sla_breached_at. */
DEFINE_OLD_CHECK(taskq_sla_stamps_are_valid,
				 sla_stamps_agree(!PG_ARGISNULL(0), !PG_ARGISNULL(1), !PG_ARGISNULL(2), !PG_ARGISNULL(3)));

/* Arguments: status; the stamp or date that depends on it. */
#define STATUS_AGREES(agrees) \
	(PG_ARGISNULL(0) || agrees(status_from_value(PG_GETARG_OID(0)), !PG_ARGISNULL(1)))

DEFINE_OLD_CHECK(taskq_completed_is_valid, STATUS_AGREES(completed_agrees));
DEFINE_OLD_CHECK(taskq_cancelled_is_valid, STATUS_AGREES(cancelled_agrees));
DEFINE_OLD_CHECK(taskq_started_is_valid, STATUS_AGREES(started_agrees));
DEFINE_OLD_CHECK(taskq_overdue_is_valid, STATUS_AGREES(overdue_agrees));
