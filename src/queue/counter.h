/*-------------------------------------------------------------------------
 *
 * counter.h
 *		Numbers of tasks that are kept for the stats bar.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_COUNTER_H
#define TASKQ_COUNTER_H

#include "utils/snapshot.h"

#include "task/change.h"

/*
 * Numbers of tasks are kept in counters, one for each kind and bucket.  A task
 * is counted in each for which its shape has a bucket.
 */
typedef enum CounterKind
{
	COUNT_UNSTARTED,			/* active, one bucket: 0 */
	COUNT_STARTED,
	COUNT_UNASSIGNED,
	COUNT_UNSTARTED_DUE,		/* active, by due date */
	COUNT_STARTED_DUE,
	COUNT_COMPLETED				/* by quarter of an hour */
} CounterKind;

#define COUNTER_NONE PG_INT32_MAX	/* no such date or instant */
#define COUNTER_MERGED PG_INT32_MIN /* bucket of all that are merged */
#define COUNTS_NOT (-1)
#define COUNTS_STARTED 1
#define COUNTS_UNASSIGNED 2
#define USECS_PER_QUARTER (15 * USECS_PER_MINUTE)

typedef struct CounterShape
{
	int32		due;
	int32		completed;
	int			state;
} CounterShape;

/* The row of taskq_counter_state. */
typedef struct CounterState
{
	int64		xmax;
	int64	   *xip;
	int			nxip;
	int32		merged_day;
	int64		triggers;
	TimestampTz counted_at;
	TimestampTz folded_at;
} CounterState;

/*
 * Writers insert deltas, but tasks are not counted yet: xmax is the
 * transaction that announced it.
 */
#define COUNTER_IS_ANNOUNCED(state) ((state)->counted_at == DT_NOBEGIN)

/* Adds n to one counter. */
typedef void (*CounterAdd) (void *target, CounterKind kind, int32 bucket, int64 n);

/* How many deltas this session has written. */
extern uint64 counter_deltas;

extern const TaskFollower counter_follower;

extern int32 counter_quarter(TimestampTz at);
extern void counter_shape_clear(CounterShape *shape);
extern void counter_shape_active(CounterShape *shape, bool started, bool unassigned, DateADT due);
extern void counter_add_shape(CounterAdd add, void *target, const CounterShape *shape, int64 n);
extern int64 counter_triggers(void);
extern bool counter_find_state(Snapshot snapshot, CounterState *state);
extern bool counter_read_state(Snapshot snapshot, CounterState *state);
extern int	counter_scan_unfolded(const CounterState *state, Snapshot snapshot, int64 except,
								  int limit, CounterAdd add, void *target);

#endif							/* TASKQ_COUNTER_H */
