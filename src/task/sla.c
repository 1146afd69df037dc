/*-------------------------------------------------------------------------
 *
 * sla.c
 *		SLA deadlines.
 *
 * Both instants are computed when a task is written and stored, so that the
 * status at any instant is a comparison, and an index can find the next one.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "utils/timestamp.h"

#include "task/row.h"
#include "task/sla.h"

int			taskq_sla_at_risk_percent;

/*
 * The deadline, and the instant from which the task is at risk, of a task
 * created at an instant with these hours.  Returns false if the hours are out
 * of bounds, for which the CHECK throws 23514; throws 22008 if the deadline is
 * out of range.
 */
bool
sla_instants(TimestampTz created_at, float8 hours,
			 TimestampTz *due_at, TimestampTz *at_risk_at)
{
	int64		span;

	if (!sla_hours_in_bounds(hours) || TIMESTAMP_NOT_FINITE(created_at))
		return false;
	span = (int64) rint(hours * USECS_PER_HOUR);
	*due_at = created_at + span;
	*at_risk_at = created_at + span / 100 * taskq_sla_at_risk_percent;
	if (!IS_VALID_TIMESTAMP(*due_at))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("SLA deadline is out of the range of timestamps")));
	return true;
}

/*
 * The first instant at which a deadline has passed, the one after it; an
 * infinite deadline never passes.
 */
TimestampTz
sla_breach_begins(TimestampTz due_at)
{
	return TIMESTAMP_NOT_FINITE(due_at) ? due_at : due_at + 1;
}
