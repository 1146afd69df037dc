/*-------------------------------------------------------------------------
 *
 * notify.h
 *		One NOTIFY per transaction, if taskq.notify_channel is set.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_NOTIFY_H
#define TASKQ_NOTIFY_H

#include "utils/guc.h"

#include "task/change.h"

extern char *taskq_notify_channel;

extern const TaskFollower notify_follower;


extern bool notify_channel_check(char **newval, void **extra, GucSource source);

#endif							/* TASKQ_NOTIFY_H */
