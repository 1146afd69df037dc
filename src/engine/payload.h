/*-------------------------------------------------------------------------
 *
 * payload.h
 *		Payloads of the events of tasks.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_PAYLOAD_H
#define TASKQ_PAYLOAD_H

#include "task/change.h"

extern const char *task_event_name(EventKind kind);
extern void read_task_payloads(EventKind kind, const int64 *ids, int n);

#endif							/* TASKQ_PAYLOAD_H */
