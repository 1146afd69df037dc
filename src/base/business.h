/*-------------------------------------------------------------------------
 *
 * business.h
 *		Calendars: which time is open, and computing with it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_BUSINESS_H
#define TASKQ_BUSINESS_H

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"
#include "utils/date.h"

#include "base/spans.h"

typedef struct BusinessCalendar BusinessCalendar;

/* A part of a time line: open, closed by the week, or closed (or with hours of its own) by a holiday. */
typedef struct BusinessSpan
{
	TimestampTz begins;
	TimestampTz ends;
	bool		open;
	const char *holiday;		/* label of the holiday that rules this day, else its list; NULL = none does */
} BusinessSpan;

/*
 * A calendar by name, and its time.  A calendar, and what refers to it, is
 * valid until the end of the transaction.
 */
extern const BusinessCalendar *business_calendar(const char *name);
extern const BusinessCalendar *business_calendar_argument(const char *argument, text *name);
extern bool business_opens(const BusinessCalendar *calendar);
extern int64 business_between(const BusinessCalendar *calendar, TimestampTz a, TimestampTz b);
extern TimestampTz business_add(const BusinessCalendar *calendar, TimestampTz start, int64 usec);
extern bool business_is_open(const BusinessCalendar *calendar, TimestampTz at);
extern bool business_try_add(const BusinessCalendar *calendar, TimestampTz start, int64 usec, TimestampTz *result);
extern bool business_next_opening(const BusinessCalendar *calendar, TimestampTz at, TimestampTz *opening);
extern DateADT business_day(const BusinessCalendar *calendar, DateADT day, int n);
extern void business_walk(const BusinessCalendar *calendar, TimestampTz since, TimestampTz until, SpanReceiver receive, void *arg);
extern List *business_spans(const BusinessCalendar *calendar, TimestampTz since, TimestampTz until);

/* The hash of its spans from 2000 to 2100, which is stored with it. */
extern int64 business_revision(const BusinessCalendar *calendar);
extern bool business_revision_is_stored(const BusinessCalendar *calendar);
extern const BusinessCalendar *business_calendar_in_any_zone(const char *name);
extern bool business_zone_is_known(const BusinessCalendar *calendar);
extern List *business_not_stored(void);
extern uint64 business_changes(void);

/* Once a day: revisions that have become others with new rules of a time zone (revision.c). */
extern int	business_look(void);

/* What follows from writes of the tables at once, and the lock of a foreign key (revision.c). */
extern bool business_lock(Datum name);
extern void business_renamed(const char *old, const char *new);
extern void business_truncated(void);
extern void revision_notify(void (*callback) (void));

extern void business_register_callbacks(void);

#endif							/* TASKQ_BUSINESS_H */
