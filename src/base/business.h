/*-------------------------------------------------------------------------
 *
 * business.h
 *		Calendars: when a desk is open.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_BUSINESS_H
#define TASKQ_BUSINESS_H

#include "nodes/pg_list.h"
#include "utils/date.h"
#include "utils/timestamp.h"

typedef struct BusinessCalendar BusinessCalendar;

/* A part of a time line: open, closed by the week, or closed (or with hours of its own) by a holiday. */
typedef struct BusinessSpan
{
	TimestampTz begins;
	TimestampTz ends;
	bool		open;
	const char *holiday;		/* label of the holiday that rules this day; NULL = none does */
} BusinessSpan;

/* The calendar of this name, NULL if there is none.  Read with the latest snapshot; valid until the end of the transaction. */
extern const BusinessCalendar *business_calendar(const char *name);
/* the same, but throws 22023 'calendar "x" does not exist' (argument = name of the argument, for the message) */
extern const BusinessCalendar *business_calendar_argument(const char *argument, text *name);
extern int64 business_revision(const BusinessCalendar *calendar);	/* hash of the spans 2000-2100, never 0 */
extern bool business_opens(const BusinessCalendar *calendar);		/* ever */
/* open microseconds in [a, b); 0 if b <= a */
extern int64 business_between(const BusinessCalendar *calendar, TimestampTz a, TimestampTz b);
/* first instant with so much open time since start; usec < 0: latest instant that has so much open time between it and start.  22008. */
extern TimestampTz business_add(const BusinessCalendar *calendar, TimestampTz start, int64 usec);
extern bool business_is_open(const BusinessCalendar *calendar, TimestampTz at);
extern TimestampTz business_next_opening(const BusinessCalendar *calendar, TimestampTz at);	/* at itself if open then */
extern DateADT business_day(const BusinessCalendar *calendar, DateADT day, int n);
/* all parts of [since, until), in order, without gaps; adjacent parts of the same kind and label are one.  List of BusinessSpan*, palloc'd */
extern List *business_spans(const BusinessCalendar *calendar, TimestampTz since, TimestampTz until);
extern void business_look(void);
extern void business_register_callbacks(void);	/* from _PG_init */

#endif							/* TASKQ_BUSINESS_H */
