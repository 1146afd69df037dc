/*-------------------------------------------------------------------------
 *
 * fold.h
 *		The counters brought up to date.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_FOLD_H
#define TASKQ_FOLD_H

#include "task/change.h"

extern const TaskFollower fold_follower;

extern int64 fold_keep(int64 announcement);
extern void fold_deltas(void);
extern void fold_forget(void);

#endif							/* TASKQ_FOLD_H */
