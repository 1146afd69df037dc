/*-------------------------------------------------------------------------
 *
 * timer.c
 *		The key of taskq_task_timer_idx: when the sweep next has to do with a task.
 *
 * PostgreSQL opens each index and reads its predicate for every statement that
 * writes a task.  So there is one for all that calendars, pauses, warnings and
 * response clocks put into a row, and for what is at risk; its key has the
 * groups of tasks that are counted apart.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/timestamp.h"

#include "task/sla.h"
#include "task/timer.h"

/* Arguments of taskq_timer(). */
enum
{
	ARG_STARTED_AT,
	ARG_COMPLETED_AT,
	ARG_CANCELLED_AT,
	ARG_SLA_AT_RISK_AT,
	ARG_SLA_BREACHED_AT,
	ARG_RESPONSE_DUE_AT,
	ARG_RESPONSE_BREACHED_AT,
	ARG_SLA_WARN_AT,
	ARG_SLA_WARNED_AT,
	ARG_PAUSED_AT,
	ARG_RESUME_AT
};

/* An instant as a key has it. */
int64
timer_instant(TimestampTz at)
{
	return Min(Max(at, 0), (INT64CONST(1) << TIMER_SHIFT) - 1);
}

int64
timer_key(int group, TimestampTz at)
{
	return ((int64) group << TIMER_SHIFT) | timer_instant(at);
}

/* Arguments that are NULL count as infinity. */
PG_FUNCTION_INFO_V1(taskq_timer);
Datum
taskq_timer(PG_FUNCTION_ARGS)
{
#define GIVEN(arg) (!PG_ARGISNULL(arg))
#define INSTANT(arg) (GIVEN(arg) ? PG_GETARG_TIMESTAMPTZ(arg) : DT_NOEND)
	TimestampTz at_risk_at = INSTANT(ARG_SLA_AT_RISK_AT);
	TimestampTz at = INSTANT(ARG_SLA_WARN_AT);
	int			response = RESPONSE_NONE;
	int			risk = RISK_UNTOLD;

	if (GIVEN(ARG_COMPLETED_AT) || GIVEN(ARG_CANCELLED_AT))
		PG_RETURN_INT64(timer_key(TIMER_CLOSED, INSTANT(ARG_RESPONSE_DUE_AT)));
	if (GIVEN(ARG_RESPONSE_BREACHED_AT))
		response = RESPONSE_BREACHED;
	else if (GIVEN(ARG_RESPONSE_DUE_AT))
	{
		response = RESPONSE_GIVEN;
		if (!GIVEN(ARG_STARTED_AT))
			at = Min(at, sla_breach_begins(PG_GETARG_TIMESTAMPTZ(ARG_RESPONSE_DUE_AT)));
	}
	/* Same rule as sla_risk_is_untold(). */
	if (GIVEN(ARG_SLA_BREACHED_AT))
		risk = RISK_BREACHED;
	else if (GIVEN(ARG_SLA_AT_RISK_AT) &&
			 ((GIVEN(ARG_SLA_WARNED_AT) && PG_GETARG_TIMESTAMPTZ(ARG_SLA_WARNED_AT) >= at_risk_at) ||
			  (GIVEN(ARG_SLA_WARN_AT) && PG_GETARG_TIMESTAMPTZ(ARG_SLA_WARN_AT) > at_risk_at)))
		risk = RISK_TOLD;
	/* What is paused is told when it is resumed. */
	if (GIVEN(ARG_PAUSED_AT))
		at = Min(at, INSTANT(ARG_RESUME_AT));
	else if (risk == RISK_UNTOLD)
		at = Min(at, at_risk_at);
	if (risk == RISK_TOLD && TIMESTAMP_IS_NOEND(at))
	{
		risk = RISK_TOLD_ALL;
		at = at_risk_at;
	}
	PG_RETURN_INT64(timer_key(TIMER_GROUP(response, risk) + (GIVEN(ARG_PAUSED_AT) ? TIMER_PAUSED : 0), at));
#undef INSTANT
#undef GIVEN
}
