/*-------------------------------------------------------------------------
 *
 * pause.h
 *		Pauses of a task: time in which its SLA's clocks stand still.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_PAUSE_H
#define TASKQ_PAUSE_H

#include "task/change.h"

typedef struct Pause
{
	TimestampTz begins;
	TimestampTz ends;
} Pause;

/* In order, and apart from each other. */
typedef struct PauseList
{
	int			n;
	Pause	   *pauses;
} PauseList;

extern const TaskFollower pause_follower;

extern void pause_apply(const TaskRow *old, TaskRow *new, TimestampTz at);
extern bool pause_agrees(const TaskRow *old, const TaskRow *new, TimestampTz at);
extern bool pause_ends(const TaskRow *old, const TaskRow *new, TimestampTz at, Pause *pause);
extern PauseList pauses_of(int64 task_id, const Pause *latest);

#endif							/* TASKQ_PAUSE_H */
