/*-------------------------------------------------------------------------
 *
 * calendar.h
 *		The current date in taskq.timezone, and the start of a day.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_CALENDAR_H
#define TASKQ_CALENDAR_H

#include "utils/date.h"
#include "utils/guc.h"

extern char *taskq_timezone;

extern DateADT today(void);
extern TimestampTz day_start(DateADT day);
extern bool timezone_check(char **newval, void **extra, GucSource source);
extern void timezone_assign(const char *newval, void *extra);

#endif							/* TASKQ_CALENDAR_H */
