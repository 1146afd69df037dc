/*-------------------------------------------------------------------------
 *
 * schedule.h
 *		Schedules: tasks that recur.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_SCHEDULE_H
#define TASKQ_SCHEDULE_H

#include "task/due.h"

extern const DueKind due_schedules;

extern void schedules_recheck_calendars(void);

#endif							/* TASKQ_SCHEDULE_H */
