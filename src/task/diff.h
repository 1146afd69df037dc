/*-------------------------------------------------------------------------
 *
 * diff.h
 *		What changed between two rows of a task, as JSON.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_DIFF_H
#define TASKQ_DIFF_H

#include "utils/jsonb.h"

#include "task/change.h"

extern Jsonb *moved_deadlines(const TaskRow *old, const TaskRow *new);
extern Jsonb *changes_of(const TaskRow *old, const TaskRow *new, EventKind *kind);

#endif							/* TASKQ_DIFF_H */
