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

#include "task/due.h"

extern char *taskq_retention;

extern const DueKind due_expired;

extern bool retention_check(char **newval, void **extra, GucSource source);
extern void retention_assign(const char *newval, void *extra);

#endif							/* TASKQ_RETENTION_H */
