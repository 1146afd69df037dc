/*-------------------------------------------------------------------------
 *
 * calendar.c
 *		The current date in taskq.timezone, and the start of a day.
 *
 * "Today" is the date of the statement's timestamp, so it does not change
 * while a statement runs.  The bounds of the last day computed are kept:
 * within them the answer is one comparison.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "pgtime.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "base/calendar.h"
#include "base/compat.h"

char	   *taskq_timezone;

static pg_tz *zone = NULL;

/* The day last computed: [day_begins, day_ends) is "day". */
static DateADT day;
static TimestampTz day_begins = 0;
static TimestampTz day_ends = 0;

bool
timezone_check(char **newval, void **extra, GucSource source)
{
	pg_tz	   *tz = pg_tzset(*newval);
	pg_tz	  **kept;

	if (tz == NULL)
	{
		GUC_check_errdetail("\"%s\" is not a time zone that this server knows.", *newval);
		return false;
	}
	if (!pg_tz_acceptable(tz))
	{
		GUC_check_errdetail("Time zone \"%s\" uses leap seconds, which PostgreSQL does not support.", *newval);
		return false;
	}
	kept = taskq_guc_malloc(sizeof(pg_tz *));
	if (kept == NULL)
		return false;
	*kept = tz;
	*extra = kept;
	return true;
}

void
timezone_assign(const char *newval, void *extra)
{
	zone = *(pg_tz **) extra;
	day_begins = day_ends = 0;
}

static DateADT
local_date(TimestampTz at)
{
	struct pg_tm tm;
	fsec_t		fsec;
	int			offset;

	if (timestamp2tm(at, &offset, &tm, &fsec, NULL, zone) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
	return date2j(tm.tm_year, tm.tm_mon, tm.tm_mday) - POSTGRES_EPOCH_JDATE;
}

/*
 * The instant at which a day begins.  Where a clock change skips midnight
 * that is the instant of the change.  Where one repeats it, PostgreSQL takes
 * the later of the two, which is wrong if the date had changed for good at
 * the earlier one.  Clocks change by multiples of half an hour.
 */
TimestampTz
day_start(DateADT date)
{
	struct pg_tm tm;
	fsec_t		fsec = 0;
	TimestampTz result;
	int			offset;

	if (DATE_NOT_FINITE(date) || !IS_VALID_DATE(date))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("argument \"day\" must be a finite date")));
	memset(&tm, 0, sizeof(tm));
	j2date(date + POSTGRES_EPOCH_JDATE, &tm.tm_year, &tm.tm_mon, &tm.tm_mday);
	offset = DetermineTimeZoneOffset(&tm, zone);
	if (tm2timestamp(&tm, fsec, &offset, &result) != 0 || !IS_VALID_TIMESTAMP(result - 1))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("argument \"day\" is out of the range of timestamps")));
	if (local_date(result - 1) == date)
		for (int half_hours = 1; half_hours <= 4; half_hours++)
		{
			TimestampTz earlier = result - half_hours * (USECS_PER_HOUR / 2);

			if (local_date(earlier) == date && local_date(earlier - 1) < date)
				return earlier;
		}
	return result;
}

DateADT
today(void)
{
	TimestampTz now = GetCurrentStatementStartTimestamp();

	if (now < day_begins || now >= day_ends)
	{
		day = local_date(now);
		day_ends = day_start(day + 1);
		day_begins = day_start(day);
	}
	return day;
}

PG_FUNCTION_INFO_V1(taskq_today);
Datum
taskq_today(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATEADT(today());
}

PG_FUNCTION_INFO_V1(taskq_day_start);
Datum
taskq_day_start(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(day_start(PG_GETARG_DATEADT(0)));
}
