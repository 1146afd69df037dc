/*-------------------------------------------------------------------------
 *
 * unchanged.h
 *		Whether a task is still as the caller of a verb has read it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_UNCHANGED_H
#define TASKQ_UNCHANGED_H

#include "task/row.h"

extern void check_unchanged(const TaskRow *row);

#endif							/* TASKQ_UNCHANGED_H */
