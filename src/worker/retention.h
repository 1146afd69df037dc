/*-------------------------------------------------------------------------
 *
 * retention.h
 *		How long tasks are kept.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_RETENTION_H
#define TASKQ_RETENTION_H

#include "utils/guc.h"

#include "base/plan.h"

extern char *taskq_retention;

extern TaskqPlan pick_expired[2];
extern TaskqPlan still_expired;
extern TaskqPlan delete_expired[2];

extern bool retention_check(char **newval, void **extra, GucSource source);
extern void retention_assign(const char *newval, void *extra);
extern bool retention_cutoff(TimestampTz *cutoff);

#endif							/* TASKQ_RETENTION_H */
