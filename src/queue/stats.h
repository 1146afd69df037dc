/*-------------------------------------------------------------------------
 *
 * stats.h
 *		The stats bar above the queue.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_STATS_H
#define TASKQ_STATS_H

#include "base/plan.h"

/* A completed task, in terms of taskq_task_closed_idx. */
#define COMPLETED_STAGE \
	"(t.completed_at IS NOT NULL OR t.cancelled_at IS NOT NULL) AND @stage " EQ " '2'::pg_catalog.int2"

extern void stats_count(int64 *stats);

#endif							/* TASKQ_STATS_H */
