/*-------------------------------------------------------------------------
 *
 * threshold.c
 *		Days of thresholds: with a calendar, business days.
 *
 * The engine and view taskq_renewals both call threshold_day().
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/date.h"

#include "base/business.h"
#include "task/row.h"
#include "engine/threshold.h"

static const BusinessCalendar *
calendar_named(const char *name)
{
	return business_calendar_argument("calendar", cstring_to_text(name));
}

/* The day itself if the calendar opens on it, else the last one before on which it does. */
DateADT
last_business_day(const char *calendar, DateADT day)
{
	const BusinessCalendar *cal = calendar_named(calendar);
	DateADT		next = business_day(cal, day, 0);

	return next == day ? day : business_day(cal, next, -1);
}

/* The day itself if the calendar opens on it, else the next one on which it does. */
DateADT
next_business_day(const char *calendar, DateADT day)
{
	return business_day(calendar_named(calendar), day, 0);
}

/*
 * The day that lies so many days before a due date: business days of a
 * calendar, unless that is NULL.  Never after the due date, except for -1: a
 * renewal is overdue on the day after it was due, whether or not that is a
 * business day.
 */
DateADT
threshold_day(const char *calendar, DateADT due_date, int days_before)
{
	if (calendar == NULL || days_before == OVERDUE_DAYS)
		return due_date - days_before;
	if (days_before == 0)
		return last_business_day(calendar, due_date);
	return business_day(calendar_named(calendar), due_date, -days_before);
}

PG_FUNCTION_INFO_V1(taskq_renewal_threshold_day);
Datum
taskq_renewal_threshold_day(PG_FUNCTION_ARGS)
{
	int			days_before = PG_GETARG_INT32(0);
	DateADT		due_date = PG_GETARG_DATEADT(1);

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	if (days_before < OVERDUE_DAYS || days_before > DAYS_BEFORE_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"days_before\" must be from %d to %d", OVERDUE_DAYS, DAYS_BEFORE_MAX)));
	check_due_date(due_date);
	PG_RETURN_DATEADT(threshold_day(PG_ARGISNULL(2) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(2)),
									due_date, days_before));
}
