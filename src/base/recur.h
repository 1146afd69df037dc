/*-------------------------------------------------------------------------
 *
 * recur.h
 *		Dates that recur: an anchor and every so many months and days.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_RECUR_H
#define TASKQ_RECUR_H

#include "utils/date.h"
#include "utils/timestamp.h"

#define EVERY_BOUNDS "months and days, none negative and not both zero, up to 1200 months and 36500 days, without a time of day"

/* Number n is the anchor and n times the interval, n >= 0. */
typedef struct Recurrence
{
	DateADT		anchor;			/* 0001-01-01 to 9999-12-31 */
	int			months;
	int			days;
} Recurrence;

extern bool every_in_bounds(const Interval *every);
extern Recurrence recurrence(DateADT anchor, const Interval *every);
extern bool recur_date(const Recurrence *r, int64 n, DateADT *date);
extern int64 recur_last(const Recurrence *r, DateADT day);

#endif							/* TASKQ_RECUR_H */
