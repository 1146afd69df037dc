/*-------------------------------------------------------------------------
 *
 * sums.h
 *		The numbers of the stats bar, added up from the counters.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_SUMS_H
#define TASKQ_SUMS_H

/* The numbers of the stats bar. */
typedef enum Stat
{
	STAT_OPEN,
	STAT_IN_PROGRESS,
	STAT_OVERDUE,
	STAT_DUE_TODAY,
	STAT_UNASSIGNED,
	STAT_COMPLETED_TODAY,
	STAT_SLA_AT_RISK,
	STAT_SLA_BREACHED,
	STAT_PAUSED,
	STAT_RESPONSE_BREACHED
} Stat;

#define N_STATS (STAT_RESPONSE_BREACHED + 1)

extern bool counter_stats(int64 *stats);

#endif							/* TASKQ_SUMS_H */
