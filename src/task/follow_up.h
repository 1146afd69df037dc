/*-------------------------------------------------------------------------
 *
 * follow_up.h
 *		Tasks that follow a closed one.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_FOLLOW_UP_H
#define TASKQ_FOLLOW_UP_H

#include "task/row.h"

/* The dedupe_key of a follow-up, before the id of the task that it follows. */
#define FOLLOW_UP_KEY "taskq_follow_up "

extern void follow_up_check(const TaskRow *row);

#endif							/* TASKQ_FOLLOW_UP_H */
