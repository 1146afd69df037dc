/*-------------------------------------------------------------------------
 *
 * notify.h
 *		One message a transaction, opt-in.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_NOTIFY_H
#define TASKQ_NOTIFY_H

#include "utils/guc.h"

extern char *taskq_notify_channel;

extern void notify_register_callbacks(void);
extern void notify_task(int64 id);

extern bool notify_channel_check(char **newval, void **extra, GucSource source);

#endif							/* TASKQ_NOTIFY_H */
