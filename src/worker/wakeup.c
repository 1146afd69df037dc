/*-------------------------------------------------------------------------
 *
 * wakeup.c
 *		Shared memory: when something falls due in which database.
 *
 * Shared memory has a slot for each of up to taskq.max_databases databases,
 * with the next instant at which something falls due there.  A transaction
 * that writes tasks notes the earliest of their instants, and when it commits
 * lowers its database's slot to it.  It wakes the launcher only if that is
 * earlier than what the launcher waits for.
 *
 * A sweeper sets the slot to "never" before it takes its snapshot, and when it
 * is done lowers it to the earliest instant that it found.  So a commit that
 * the snapshot did not see has lowered the slot after it was set, and none is
 * lost.  A database without a slot is swept every taskq.sweep_interval only.
 *
 *		writer                      slot                sweeper
 *		insert, note t1
 *		                            never    <------    begins
 *		commit            ------>   t1                  snapshot without t1
 *		                            min(t1, t2) <---    ends, found t2
 *
 * All of this does nothing where the library is not preloaded.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_authid.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "storage/procarray.h"
#include "storage/shmem.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/hsearch.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "base/calendar.h"
#include "base/catalog.h"
#include "base/compat.h"
#include "base/enums.h"
#include "task/change.h"
#include "task/row.h"
#include "task/sla.h"
#include "queue/counter.h"
#include "worker/wakeup.h"

int			taskq_sweep_interval;
int			taskq_max_databases;

#define TRANCHE "taskq"

/*
 * Number of deltas that a session adds to the slot at a time; number in the
 * slot that wakes the worker.
 */
#define DELTAS_TOLD 100
#define DELTAS_TO_FOLD 2000

typedef struct WakeupShared
{
	int			launcher_pid;	/* 0 = none */
	TimestampTz launcher_waits_until;
} WakeupShared;

static WakeupShared *shared = NULL;
static HTAB *slots;				/* of WakeupSlot, by database */
static LWLock *lock;			/* of all that is shared */
static shmem_request_hook_type prev_shmem_request_hook = NULL;
static shmem_startup_hook_type prev_shmem_startup_hook = NULL;

/* What the current transaction has written. */
static DateADT earliest_due_date;
static TimestampTz earliest_instant;	/* other than a date */
static bool noted = false;
static bool wake_now = false;

/* How many of counter_deltas this session has added to the slot. */
static uint64 deltas_told_of = 0;

/* -------------------------------------------------------- shared memory */

static void
shmem_request(void)
{
	if (prev_shmem_request_hook)
		prev_shmem_request_hook();
	RequestAddinShmemSpace(add_size(MAXALIGN(sizeof(WakeupShared)),
									hash_estimate_size(taskq_max_databases, sizeof(WakeupSlot))));
	RequestNamedLWLockTranche(TRANCHE, 1);
}

static void
shmem_startup(void)
{
	HASHCTL		ctl = {0};
	bool		found;

	if (prev_shmem_startup_hook)
		prev_shmem_startup_hook();
	ctl.keysize = sizeof(Oid);
	ctl.entrysize = sizeof(WakeupSlot);
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	shared = ShmemInitStruct("taskq wakeups", sizeof(WakeupShared), &found);
	if (!found)
	{
		memset(shared, 0, sizeof(WakeupShared));
		shared->launcher_waits_until = DT_NOEND;
	}
	slots = taskq_shmem_init_hash("taskq wakeup slots", taskq_max_databases,
								  &ctl, HASH_ELEM | HASH_BLOBS);
	lock = &GetNamedLWLockTranche(TRANCHE)->lock;
	LWLockRelease(AddinShmemInitLock);
}

void
wakeup_request_shmem(void)
{
	prev_shmem_request_hook = shmem_request_hook;
	shmem_request_hook = shmem_request;
	prev_shmem_startup_hook = shmem_startup_hook;
	shmem_startup_hook = shmem_startup;
}

/* The slot of a database, NULL if it has none; the lock is held. */
static WakeupSlot *
find_slot(Oid database)
{
	return hash_search(slots, &database, HASH_FIND, NULL);
}

static void
wake_launcher(int pid)
{
	PGPROC	   *proc = pid != 0 ? BackendPidGetProc(pid) : NULL;

	if (proc != NULL)
		SetLatch(&proc->procLatch);
}

/* ------------------------------------------------------- writers of tasks */

static void
note_instant(TimestampTz at)
{
	earliest_instant = Min(earliest_instant, at);
}

static void
note_stamp(const TaskRow *row, int attnum)
{
	if (attnum != 0 && !task_isnull(row, attnum))
		note_instant(task_stamp(row, attnum));
}

/* Records when a row that is being written falls due. */
static void
wakeup_for_task(const TaskRow *row, bool insert)
{
	if (shared == NULL || !task_isnull(row, Anum_task_completed_at) ||
		!task_isnull(row, Anum_task_cancelled_at))
		return;
	if (!noted)
	{
		DATE_NOEND(earliest_due_date);
		TIMESTAMP_NOEND(earliest_instant);
		noted = true;
	}

	/* Bounds are checked after the trigger that calls this. */
	if (!task_isnull(row, Anum_task_due_date) && !task_isnull(row, Anum_task_status))
	{
		DateADT		due_date = DatumGetDateADT(task_value(row, Anum_task_due_date));

		if (due_date_in_bounds(due_date) &&
			status_from_datum(task_value(row, Anum_task_status)) != STATUS_OVERDUE)
			earliest_due_date = Min(earliest_due_date, due_date);
	}
	if (!task_isnull(row, Anum_task_sla_due_at) && task_isnull(row, Anum_task_sla_breached_at))
	{
		note_instant(sla_breach_begins(task_stamp(row, Anum_task_sla_due_at)));
		if (sla_risk_is_untold(row))
			note_instant(task_stamp(row, Anum_task_sla_at_risk_at));
	}
	note_stamp(row, Anum_task_sla_warn_at);
	note_stamp(row, Anum_task_resume_at);
	if (Anum_task_response_due_at != 0 && !task_isnull(row, Anum_task_response_due_at) &&
		task_isnull(row, Anum_task_response_breached_at) && task_isnull(row, Anum_task_started_at))
		note_instant(sla_breach_begins(task_stamp(row, Anum_task_response_due_at)));
}

static TimestampTz
noted_instant(void)
{
	TimestampTz at = earliest_instant;

	if (!DATE_NOT_FINITE(earliest_due_date))
		at = Min(at, day_start(earliest_due_date + 1));
	return at;
}

static void
wakeup_xact(XactEvent event)
{
	static TimestampTz at = DT_NOEND;
	static int	deltas_told = 0;

	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
		case XACT_EVENT_PRE_PREPARE:
			/* Here, where an error still aborts the transaction. */
			at = noted ? noted_instant() : DT_NOEND;
			if (counter_deltas - deltas_told_of >= DELTAS_TOLD)
				deltas_told = (int) (counter_deltas - deltas_told_of);
			break;
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_PREPARE:
			if (shared != NULL && (wake_now || at != DT_NOEND || deltas_told > 0))
			{
				WakeupSlot *slot;
				bool		news;
				int			pid = 0;

				LWLockAcquire(lock, LW_EXCLUSIVE);
				slot = find_slot(MyDatabaseId);
				deltas_told_of += deltas_told;
				if (slot != NULL && deltas_told > 0)
				{
					slot->deltas += deltas_told;
					if (slot->deltas >= DELTAS_TO_FOLD)
						at = DT_NOBEGIN;
				}
				news = slot == NULL || at < slot->next_due;
				if (slot != NULL && wake_now)
				{
					slot->outcome = SWEEP_NONE;
					slot->next_due = DT_NOBEGIN;
				}
				else if (slot != NULL && news)
					slot->next_due = at;

				/* After the clock has been set ahead, the launcher waits longer than until then. */
				if (wake_now || (news && at < shared->launcher_waits_until) ||
					shared->launcher_waits_until < GetCurrentTimestamp())
					pid = shared->launcher_pid;
				LWLockRelease(lock);
				wake_launcher(pid);
			}
			pg_fallthrough;
		case XACT_EVENT_ABORT:
			noted = false;
			wake_now = false;
			deltas_told = 0;
			at = DT_NOEND;
			break;
		default:
			break;
	}
}

/* Wakes the launcher for this database when the transaction commits. */
static void
wakeup_now(void)
{
	wake_now = true;
}

const TaskFollower wakeup_follower = {
	.writing = wakeup_for_task, .due_now = wakeup_now, .xact = wakeup_xact
};

PG_FUNCTION_INFO_V1(taskq_worker_wake);
Datum
taskq_worker_wake(PG_FUNCTION_ARGS)
{
	wakeup_now();
	PG_RETURN_VOID();
}

/* ------------------------------------------------------------ the launcher */

static void
launcher_gone(int code, Datum arg)
{
	LWLockAcquire(lock, LW_EXCLUSIVE);
	if (shared->launcher_pid == MyProcPid)
		shared->launcher_pid = 0;
	LWLockRelease(lock);
}

/* Makes the caller the process to wake, as long as it lives. */
void
wakeup_launcher_is(int pid)
{
	before_shmem_exit(launcher_gone, (Datum) 0);
	LWLockAcquire(lock, LW_EXCLUSIVE);
	shared->launcher_pid = pid;
	LWLockRelease(lock);
}

/*
 * Stores until when the launcher will wait.  DT_NOEND before it reads the
 * slots: then every lower instant sets its latch, and none is missed between
 * reading and waiting.
 */
void
wakeup_launcher_waits(TimestampTz until)
{
	LWLockAcquire(lock, LW_EXCLUSIVE);
	shared->launcher_waits_until = until;
	LWLockRelease(lock);
}

/* The state of the worker for this database. */
WorkerState
wakeup_worker_state(void)
{
	WorkerState state = WORKER_NOT_RUNNING;

	if (shared == NULL)
		return WORKER_NOT_PRELOADED;
	LWLockAcquire(lock, LW_SHARED);
	if (shared->launcher_pid != 0)
		state = find_slot(MyDatabaseId) != NULL ? WORKER_SWEEPS :
			hash_get_num_entries(slots) < taskq_max_databases ? WORKER_SWEEPS_OTHERS : WORKER_IS_FULL;
	LWLockRelease(lock);
	return state;
}

/* A copy of a database's slot, given one if need be; false if none is free. */
bool
wakeup_slot(Oid database, WakeupSlot *copy)
{
	WakeupSlot *slot;

	LWLockAcquire(lock, LW_EXCLUSIVE);
	slot = find_slot(database);
	if (slot == NULL && hash_get_num_entries(slots) < taskq_max_databases)
	{
		slot = hash_search(slots, &database, HASH_ENTER, NULL);
		memset(slot, 0, sizeof(*slot));
		slot->database = database;
		slot->next_due = DT_NOBEGIN;
		slot->turn.swept_at = DT_NOBEGIN;
		slot->outcome = SWEEP_NONE;
	}
	if (slot != NULL)
		*copy = *slot;
	LWLockRelease(lock);
	return slot != NULL;
}

/* Stores what the launcher knows and plans for a database, for taskq_worker_status. */
void
wakeup_publish(Oid database, const char *name, const Turn *turn)
{
	WakeupSlot *slot;

	LWLockAcquire(lock, LW_EXCLUSIVE);
	slot = find_slot(database);
	if (slot != NULL)
	{
		namestrcpy(&slot->name, name);
		slot->turn = *turn;
	}
	LWLockRelease(lock);
}

/* Frees the slots of all databases but these, which it sorts. */
void
wakeup_keep_slots(Oid *databases, int n)
{
	HASH_SEQ_STATUS seq;
	WakeupSlot *slot;

	qsort(databases, n, sizeof(Oid), oid_cmp);
	LWLockAcquire(lock, LW_EXCLUSIVE);
	hash_seq_init(&seq, slots);
	while ((slot = hash_seq_search(&seq)) != NULL)
		if (bsearch(&slot->database, databases, n, sizeof(Oid), oid_cmp) == NULL)
			(void) hash_search(slots, &slot->database, HASH_REMOVE, NULL);
	LWLockRelease(lock);
}

/* ----------------------------------------------------------- the sweepers */

/* Before the first snapshot of a sweep. */
void
wakeup_sweep_begins(Oid database)
{
	WakeupSlot *slot;

	LWLockAcquire(lock, LW_EXCLUSIVE);
	slot = find_slot(database);
	if (slot != NULL)
	{
		slot->next_due = DT_NOEND;
		slot->told = false;
		slot->outcome = SWEEP_NONE;
		slot->busy = slot->deltas >= DELTAS_TO_STAY;
		slot->deltas = 0;
	}
	LWLockRelease(lock);
}

/* Stores the outcome of a sweep and its error, '' = none.  The lock is held. */
static void
tell(WakeupSlot *slot, SweepOutcome outcome, const char *error)
{
	slot->told = true;
	slot->outcome = outcome;
	strlcpy(slot->error, error, SWEEP_ERROR_LEN);
	if (error[0] != '\0')
	{
		strlcpy(slot->last_error, error, SWEEP_ERROR_LEN);
		slot->last_error_at = GetCurrentTimestamp();
	}
}

void
wakeup_sweep_ends(Oid database, SweepOutcome outcome, TimestampTz next_due,
				  int backlog, const char *error)
{
	WakeupSlot *slot;

	LWLockAcquire(lock, LW_EXCLUSIVE);
	slot = find_slot(database);
	if (slot != NULL)
	{
		slot->next_due = Min(slot->next_due, next_due);
		slot->backlog = backlog;
		tell(slot, outcome, error);
	}
	LWLockRelease(lock);
}

/* For a sweeper that ends without having got to wakeup_sweep_ends(). */
void
wakeup_sweep_breaks_off(Oid database, const char *error)
{
	WakeupSlot *slot;

	LWLockAcquire(lock, LW_EXCLUSIVE);
	slot = find_slot(database);
	if (slot != NULL)
		tell(slot, SWEEP_FAILED, error);
	LWLockRelease(lock);
}

/* -------------------------------------------------------------- the view */

static const char *
outcome_name(SweepOutcome outcome)
{
	switch (outcome)
	{
		case SWEEP_NONE:
			return NULL;
		case SWEEP_DONE:
			return "done";
		case SWEEP_LEFT:
			return "left";
		case SWEEP_SOME_FAILED:
			return "some failed";
		case SWEEP_FAILED:
			return "failed";
		case SWEEP_ABSENT:
			return "no extension";
		case SWEEP_SUBSCRIBER:
			return "subscriber";
		case SWEEP_RESTORING:
			return "restoring";
		case SWEEP_READ_ONLY:
			return "read only";
	}
	return NULL;
}

static const char *
reason_name(TurnReason reason)
{
	switch (reason)
	{
		case TURN_DUE:
			return "due";
		case TURN_INTERVAL:
			return "interval";
		case TURN_BACKOFF:
			return "backoff";
		case TURN_ABSENT:
			return "absent";
	}
	return NULL;
}

static void
put_text(Datum *value, bool *isnull, const char *text)
{
	*isnull = text == NULL || text[0] == '\0';
	*value = *isnull ? (Datum) 0 : CStringGetTextDatum(text);
}

PG_FUNCTION_INFO_V1(taskq_worker_get_status);
Datum
taskq_worker_get_status(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	bool		all_stats = has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS);
	TimestampTz now;
	HASH_SEQ_STATUS seq;
	WakeupSlot *copy;
	WakeupSlot *entry;
	int			n = 0;

	InitMaterializedSRF(fcinfo, 0);
	if (shared == NULL)
		return (Datum) 0;
	LWLockAcquire(lock, LW_SHARED);
	copy = palloc(hash_get_num_entries(slots) * sizeof(WakeupSlot));
	hash_seq_init(&seq, slots);
	while ((entry = hash_seq_search(&seq)) != NULL)
		copy[n++] = *entry;
	LWLockRelease(lock);
	now = GetCurrentTimestamp();

	for (int i = 0; i < n; i++)
	{
		const WakeupSlot *slot = &copy[i];
		const Turn *turn = &slot->turn;
		TimestampTz at = turn->at;
		bool		due;
		bool		may_read = all_stats || slot->database == MyDatabaseId;
		Datum		values[10];
		bool		nulls[10] = {false};

		/* After the clock has been set back the launcher sweeps as soon as it notices. */
		if (turn->swept_at > now)
			at = Min(at, now + taskq_sweep_interval * USECS_PER_SEC);
		due = turn->reason != TURN_BACKOFF && slot->next_due < at;
		if (NameStr(slot->name)[0] == '\0')
			continue;
		values[0] = NameGetDatum(&slot->name);
		put_text(&values[1], &nulls[1], turn->sweeping ? "sweeping" : "waiting");
		values[2] = TimestampTzGetDatum(Min(turn->swept_at, now));
		nulls[2] = turn->swept_at == DT_NOBEGIN;
		put_text(&values[3], &nulls[3], outcome_name(slot->outcome));
		values[4] = TimestampTzGetDatum(due ? slot->next_due : at);
		nulls[4] = turn->sweeping;
		put_text(&values[5], &nulls[5], reason_name(due ? TURN_DUE : turn->reason));
		nulls[5] |= turn->sweeping;
		values[6] = Int32GetDatum(slot->backlog);
		values[7] = Int32GetDatum(turn->failures);
		put_text(&values[8], &nulls[8], may_read ? slot->last_error : NULL);
		values[9] = TimestampTzGetDatum(Min(slot->last_error_at, now));
		nulls[9] = nulls[8];
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}
