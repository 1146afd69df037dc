/*-------------------------------------------------------------------------
 *
 * fold.h
 *		Maintenance of the counters.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_FOLD_H
#define TASKQ_FOLD_H

#include "task/change.h"
#include "task/due.h"

extern const TaskFollower fold_follower;
extern const DueKind due_folding;

#endif							/* TASKQ_FOLD_H */
