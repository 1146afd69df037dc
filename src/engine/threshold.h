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

extern DateADT last_business_day(const char *calendar, DateADT day);
extern DateADT threshold_day(const char *calendar, DateADT due_date, int days_before);

#endif							/* TASKQ_THRESHOLD_H */
