/*-------------------------------------------------------------------------
 *
 * sweep.h
 *		One batch of a sweep, and what it did.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_SWEEP_H
#define TASKQ_SWEEP_H

#include "fmgr.h"
#include "portability/instr_time.h"

#include "task/due.h"
#include "worker/wakeup.h"

extern int	taskq_sweep_batch_size; /* tasks */

/* Ids of rows that could not be swept, not to be tried again. */
typedef struct FailedIds
{
	int64	   *ids;
	int			n;
	int			size;
} FailedIds;

#define MAX_DUE_KINDS 16

typedef struct Sweep
{
	TimestampTz started_at;
	instr_time	began;			/* the same by a clock that cannot be set */
	int64		first[MAX_DUE_KINDS];	/* what first() has returned */
	bool		began_first;	/* first() has been called */
	bool		done_first;		/* and has nothing left to do */
	int			done[MAX_DUE_KINDS];	/* each kind's number */
	int			failed;			/* rows that could not be swept */
	int			lock_waits;		/* for rows of one kind in a batch */
	int			given_up;		/* rows of the batch, after LOCK_WAITS_MAX of them */
	int			batches;
	int			backlog;
	TimestampTz next_due;		/* after the last batch, DT_NOEND = unknown */
	int64		log_id;			/* row in taskq_sweep_log, 0 = none yet */
	FailedIds  *failed_ids[MAX_DUE_KINDS];	/* the same list for all kinds of tasks, say */
	char		error[SWEEP_ERROR_LEN]; /* of the first that failed */
} Sweep;

#define SWEEP_BATCH_MAX 1000000

extern void sweep_register(const DueKind *const *list, int n);
extern void sweep_begin(Sweep *sweep);
extern void sweep_error_set(char *error, const char *message);
extern bool sweep_first(Sweep *sweep);
extern bool sweep_batch(Sweep *sweep, int max_tasks);
extern int	sweep_done(const Sweep *sweep);
extern int64 usecs_since(instr_time begin);
extern void sweep_log_write(Sweep *sweep);
extern void sweep_log_line(const Sweep *sweep, const char *database);
extern TimestampTz sweep_next_due(void);
extern int	sweep_kind_by_hand(const DueKind *kind, Datum instant, int max_rows);
extern int	sweep_max_tasks_argument(FunctionCallInfo fcinfo, int argno);

#endif							/* TASKQ_SWEEP_H */
