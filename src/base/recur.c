/*-------------------------------------------------------------------------
 *
 * recur.c
 *		Dates that recur: an anchor and every so many months and days.
 *
 * Each date is computed from the anchor: n times the months in one step, cut
 * at the end of the month, then n times the days.  From date to date the 31st
 * would become the 28th in February, and stay that.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

#include "base/recur.h"

#define EVERY_MONTHS_MAX 1200
#define EVERY_DAYS_MAX 36500
#define YEAR_MAX 9999
#define SHORTEST_MONTH 28

/* An infinite interval has a time. */
bool
every_in_bounds(const Interval *every)
{
	return every->time == 0 && every->month >= 0 && every->month <= EVERY_MONTHS_MAX &&
		every->day >= 0 && every->day <= EVERY_DAYS_MAX && every->month + every->day > 0;
}

Recurrence
recurrence(DateADT anchor, const Interval *every)
{
	return (Recurrence) {anchor, every->month, every->day};
}

/* Date number n; false if that is after 9999-12-31. */
bool
recur_date(const Recurrence *r, int64 n, DateADT *date)
{
	int			year;
	int			month;
	int			day;
	int64		months;
	int64		result;

	j2date(r->anchor + POSTGRES_EPOCH_JDATE, &year, &month, &day);
	months = (int64) year * MONTHS_PER_YEAR + month - 1 + n * r->months;
	if (months >= (int64) (YEAR_MAX + 1) * MONTHS_PER_YEAR)
		return false;
	year = (int) (months / MONTHS_PER_YEAR);
	month = (int) (months % MONTHS_PER_YEAR) + 1;
	day = Min(day, day_tab[isleap(year)][month - 1]);
	result = (int64) date2j(year, month, day) - POSTGRES_EPOCH_JDATE + n * r->days;
	if (result > date2j(YEAR_MAX, 12, 31) - POSTGRES_EPOCH_JDATE)
		return false;
	*date = (DateADT) result;
	return true;
}

/* The number of the last date that is not after a day; -1 = the first one is. */
int64
recur_last(const Recurrence *r, DateADT day)
{
	int64		low = -1;
	int64		high;

	if (day < r->anchor)
		return low;

	/* Date number "low" is not after the day, number "high" is. */
	high = ((int64) day - r->anchor) / (SHORTEST_MONTH * r->months + r->days) + 1;
	while (high - low > 1)
	{
		int64		middle = (low + high) / 2;
		DateADT		date;

		if (recur_date(r, middle, &date) && date <= day)
			low = middle;
		else
			high = middle;
	}
	return low;
}

PG_FUNCTION_INFO_V1(taskq_every_is_valid);
Datum
taskq_every_is_valid(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(every_in_bounds(PG_GETARG_INTERVAL_P(0)));
}
