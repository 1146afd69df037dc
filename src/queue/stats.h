/*-------------------------------------------------------------------------
 *
 * stats.h
 *		The stats bar above the queue.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_STATS_H
#define TASKQ_STATS_H

extern void stats_count(int64 *stats);

#endif							/* TASKQ_STATS_H */
