/*-------------------------------------------------------------------------
 *
 * lifecycle.h
 *		The lifecycle of a task: what a write may do, and what follows from it.
 *
 * Refusals are 23514 and name constraint taskq_task_lifecycle.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_LIFECYCLE_H
#define TASKQ_LIFECYCLE_H

#include "base/compat.h"
#include "task/row.h"

extern bool lifecycle_update(const TaskRow *old, TransactionId written_by, TaskRow *new, bool status_named);
extern void lifecycle_recheck(const TaskRow *old, const TaskRow *new);
extern bool lifecycle_is_erasure(const TaskRow *old, const TaskRow *new);
extern bool lifecycle_is_rename(const TaskRow *old, const TaskRow *new);
extern void lifecycle_delete(const TaskRow *row);
pg_noreturn extern void lifecycle_truncate(void);

#endif							/* TASKQ_LIFECYCLE_H */
