/*-------------------------------------------------------------------------
 *
 * wakeup.h
 *		Shared memory: when something falls due in which database.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_WAKEUP_H
#define TASKQ_WAKEUP_H

#include "datatype/timestamp.h"

#include "task/change.h"

extern int	taskq_sweep_interval;	/* seconds */
extern int	taskq_max_databases;

typedef enum SweepOutcome
{
	SWEEP_NONE,					/* not swept yet, or a sweeper is on its way */
	SWEEP_DONE,
	SWEEP_LEFT,					/* another session wants to drop, rename or copy the database */
	SWEEP_SOME_FAILED,			/* done, except for tasks that could not be */
	SWEEP_FAILED,
	SWEEP_ABSENT,				/* the extension is not installed */
	SWEEP_SUBSCRIBER,			/* taskq_task is a subscription's target */
	SWEEP_RESTORING,			/* a restore or an import is under way */
	SWEEP_READ_ONLY				/* default_transaction_read_only is on */
} SweepOutcome;

#define SWEEP_ERROR_LEN 512

typedef enum TurnReason
{
	TURN_DUE,					/* something falls due then */
	TURN_INTERVAL,
	TURN_BACKOFF,
	TURN_ABSENT
} TurnReason;

/* When the launcher will have a database swept next, and what it knows. */
typedef struct Turn
{
	TimestampTz at;
	TurnReason	reason;
	TimestampTz swept_at;		/* end of the last sweep, DT_NOBEGIN = none; the clock may be set since */
	int			failures;		/* in a row */
	bool		sweeping;
} Turn;

/* Number of deltas for which a sweeper that is running sweeps again. */
#define DELTAS_TO_STAY 500

/* What launcher, sweepers and all other sessions share about a database. */
typedef struct WakeupSlot
{
	Oid			database;		/* the hash key */
	NameData	name;
	TimestampTz next_due;		/* next instant at which something falls due */
	Turn		turn;			/* the launcher's, leaving next_due aside */
	int			deltas;			/* about so many, since the last sweep */
	bool		busy;			/* the last sweep found DELTAS_TO_STAY of them */
	bool		told;			/* the outcome of the last sweep is stored */
	SweepOutcome outcome;		/* of it; SWEEP_NONE also once another is asked for */
	int			backlog;		/* behind it */
	char		error[SWEEP_ERROR_LEN]; /* of it, '' = none */
	char		last_error[SWEEP_ERROR_LEN];
	TimestampTz last_error_at;
} WakeupSlot;

typedef enum WorkerState
{
	WORKER_NOT_PRELOADED,
	WORKER_NOT_RUNNING,
	WORKER_SWEEPS_OTHERS,		/* this database has no slot */
	WORKER_IS_FULL,				/* nor is there one left */
	WORKER_SWEEPS
} WorkerState;

extern const TaskFollower wakeup_follower;

extern WorkerState wakeup_worker_state(void);
extern void wakeup_request_shmem(void);
extern void wakeup_launcher_is(int pid);
extern bool wakeup_slot(Oid database, WakeupSlot *copy);
extern void wakeup_keep_slots(Oid *databases, int n);
extern void wakeup_launcher_waits(TimestampTz until);
extern void wakeup_sweep_begins(Oid database);
extern void wakeup_sweep_ends(Oid database, SweepOutcome outcome, TimestampTz next_due,
							  int backlog, const char *error);
extern void wakeup_sweep_breaks_off(Oid database, const char *error);
extern void wakeup_publish(Oid database, const char *name, const Turn *turn);

#endif							/* TASKQ_WAKEUP_H */
