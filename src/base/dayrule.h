/*-------------------------------------------------------------------------
 *
 * dayrule.h
 *		When a calendar is open on a date, by its wall clock.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_DAYRULE_H
#define TASKQ_DAYRULE_H

#include "utils/date.h"

/* Times of day in microseconds since midnight of the wall clock. */
typedef struct SpanWindow
{
	int			weekday;		/* 1 to 7, Monday is 1 */
	int64		opens;
	int64		closes;			/* up to USECS_PER_DAY */
} SpanWindow;

typedef struct SpanHoliday
{
	int			list;			/* place of its list in the calendar's lists */
	DateADT		day;
	bool		yearly;
	bool		closed;			/* all day; else with hours of its own */
	int64		opens;
	int64		closes;
	const char *label;
} SpanHoliday;

/* The windows of a date: of a day of the week, or of a holiday. */
typedef struct DayRule
{
	DateADT		day;			/* of a dated holiday */
	int			list;
	int			n;
	SpanWindow *windows;		/* sorted, with gaps between them */
	const char *label;			/* of a holiday */
} DayRule;

typedef struct DayRules DayRules;

extern DayRules *day_rules_create(const SpanWindow *windows, int nwindows, SpanHoliday *holidays, int nholidays);
extern const DayRule *day_rule(const DayRules *rules, DateADT day);

#endif							/* TASKQ_DAYRULE_H */
