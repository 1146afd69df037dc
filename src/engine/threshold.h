/*-------------------------------------------------------------------------
 *
 * threshold.h
 *		Days of thresholds: with a calendar, business days.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_THRESHOLD_H
#define TASKQ_THRESHOLD_H

#include "utils/date.h"

#define OVERDUE_DAYS (-1)		/* the last threshold of every ladder */
#define DAYS_BEFORE_MAX 36500

extern DateADT last_business_day(const char *calendar, DateADT day);
extern DateADT next_business_day(const char *calendar, DateADT day);
extern DateADT threshold_day(const char *calendar, DateADT due_date, int days_before);

#endif							/* TASKQ_THRESHOLD_H */
