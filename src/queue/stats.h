/*-------------------------------------------------------------------------
 *
 * stats.h
 *		The stats bar above the queue.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_STATS_H
#define TASKQ_STATS_H

typedef enum Stat
{
	STAT_OPEN,
	STAT_IN_PROGRESS,
	STAT_OVERDUE,
	STAT_DUE_TODAY,
	STAT_UNASSIGNED,
	STAT_COMPLETED_TODAY,
	STAT_SLA_AT_RISK,
	STAT_SLA_BREACHED
} Stat;

#define N_STATS (STAT_SLA_BREACHED + 1)

extern void stats_count(int64 *stats);

#endif							/* TASKQ_STATS_H */
