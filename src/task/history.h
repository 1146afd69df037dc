/*-------------------------------------------------------------------------
 *
 * history.h
 *		Task events.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_HISTORY_H
#define TASKQ_HISTORY_H

#include "task/row.h"

typedef enum EventKind
{
	EVENT_STARTED,
	EVENT_COMPLETED,
	EVENT_CANCELLED,
	EVENT_OVERDUE,
	EVENT_RECOVERED,
	EVENT_SLA_BREACHED,
	EVENT_ASSIGNED,
	EVENT_RESCHEDULED,
	EVENT_PRIORITIZED,
	EVENT_SLA_CHANGED,
	EVENT_EDITED,
	EVENT_UPDATED,
	EVENT_COMMENTED,
	EVENT_ERASED
} EventKind;

#define N_EVENT_KINDS (EVENT_ERASED + 1)

/* Counts what is recorded while non-NULL; the sweep sets it. */
extern int *history_tally;

typedef struct HistoryBatch HistoryBatch;
extern HistoryBatch *history_begin(bool many);
extern void history_add_update(HistoryBatch *batch, const TaskRow *old, const TaskRow *new);
extern void history_add_comment(HistoryBatch *batch, const TaskRow *row, text *note);
extern void history_add_erasure(HistoryBatch *batch, const TaskRow *row);
extern void history_flush(HistoryBatch *batch);
extern void history_offer(HistoryBatch *batch);
extern void history_forget(const int64 *task_ids, int n);
extern uint64 history_erase(Datum task_ids);
extern char *history_who_closed(int64 task_id);

#endif							/* TASKQ_HISTORY_H */
