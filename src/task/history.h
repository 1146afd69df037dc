/*-------------------------------------------------------------------------
 *
 * history.h
 *		Task events.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_HISTORY_H
#define TASKQ_HISTORY_H

#include "task/change.h"

extern const TaskFollower history_follower;

extern uint64 history_recorded(EventKind kind);
extern uint64 history_erase(Datum task_ids);
extern char *history_who_closed(int64 task_id);

#endif							/* TASKQ_HISTORY_H */
