/*-------------------------------------------------------------------------
 *
 * sweep.c
 *		The sweep: what time alone changes, written down.
 *
 * A sweep looks for these things, each by one index probe: tasks whose due
 * date has passed and which nobody has written to since (overdue), tasks
 * stored OVERDUE that are not past due (recovered: an import, a changed time
 * zone), SLA deadlines that have passed (sla_breached), renewals that have come
 * to a threshold (ladder.c) and, if taskq.retention is set, terminal tasks that
 * have outlived it (purged).  What it finds it locks, passing over rows that
 * others have locked, and updates to itself: the triggers store what follows,
 * as for any other write, and write the history.  Finding nothing writes nothing and takes no transaction id.
 *
 * A task that cannot be updated (a user's trigger raises, say) must not stop
 * the rest.  So the update runs in a subtransaction, and when it fails the
 * tasks are halved until those that fail are alone: one by one, each of the
 * others would keep a subtransaction's memory until the end.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "portability/instr_time.h"
#include "storage/proc.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/actor.h"
#include "base/calendar.h"
#include "base/catalog.h"
#include "base/contain.h"
#include "base/owner.h"
#include "base/plan.h"
#include "task/history.h"
#include "task/row.h"
#include "task/sla.h"
#include "queue/fold.h"
#include "engine/chain.h"
#include "engine/ladder.h"
#include "engine/refresh.h"
#include "engine/workflow.h"
#include "worker/retention.h"
#include "worker/sweep.h"
#include "worker/wakeup.h"

int			taskq_sweep_batch_size;

#define BACKLOG_MAX "100000"

/*
 * How long writing waits for a lock, in milliseconds: not for long, because
 * others may be waiting for the rows that the sweep has locked already.  What
 * it would have to wait for is left for the next sweep, and after so many waits
 * the rest of its kind in the batch is left with it, untried.
 */
#define LOCK_WAIT 10
#define LOCK_WAITS_MAX 20

#define ACTIVE "t.completed_at IS NULL AND t.cancelled_at IS NULL "
#define UNSTAMPED_OVERDUE ACTIVE \
	"AND t.status " EQ " ANY ('{OPEN,IN_PROGRESS}'::@.taskq_status[]) AND t.due_date " LT " $1 "
#define STAMPED_OVERDUE ACTIVE \
	"AND t.status " EQ " 'OVERDUE'::@.taskq_status AND t.due_date " GE " $1 "
#define UNSTAMPED_BREACH ACTIVE \
	"AND t.sla_due_at IS NOT NULL AND t.sla_breached_at IS NULL AND t.sla_due_at " LT " $1 "

/* Ordered, so that no index but the one that has this order will do: see spi_run_by_index(). */
#define PICK(columns, only, what, order) \
	"SELECT " columns " FROM " only "@.taskq_task t WHERE " what "AND t.id " NE " ALL ($2) " \
	"ORDER BY " order " FOR NO KEY UPDATE SKIP LOCKED"
#define PICKS(what, order) {{PICK("t.id", "", what, order)}, {PICK("t.id, t.ctid", "ONLY ", what, order)}}

#define STILL(what) {"SELECT t.id FROM @.taskq_task t WHERE " what "AND t.id " EQ " ANY ($2)"}

/*
 * How rows of one kind are found, how written, each BY_ID and BY_CTID, and
 * which of some were left as they were.
 */
typedef struct Kind
{
	TaskqPlan  *pick;
	TaskqPlan  *still;
	TaskqPlan  *write;			/* NULL = renewals, which are no rows of tasks */
	Oid			instant_type;
	void		(*write_renewals) (Datum ids, RenewalsDone *done);
} Kind;

static TaskqPlan pick_overdue[] = PICKS(UNSTAMPED_OVERDUE, "t.status, t.due_date");
static TaskqPlan pick_recovered[] = PICKS(STAMPED_OVERDUE, "t.due_date");
static TaskqPlan pick_breached[] = PICKS(UNSTAMPED_BREACH, "t.sla_due_at");
static TaskqPlan still_overdue = STILL(UNSTAMPED_OVERDUE);
static TaskqPlan still_recovered = STILL(STAMPED_OVERDUE);
static TaskqPlan still_breached = STILL(UNSTAMPED_BREACH);

static TaskqPlan update_picked[] = {
	{"UPDATE @.taskq_task AS t SET due_date = t.due_date WHERE t.id " EQ " ANY ($1)"},
	{"UPDATE ONLY @.taskq_task AS t SET due_date = t.due_date WHERE t.ctid " EQ " ANY ($1)"}
};

static const Kind overdue = {pick_overdue, &still_overdue, update_picked, DATEOID};
static const Kind recovered = {pick_recovered, &still_recovered, update_picked, DATEOID};
static const Kind breached = {pick_breached, &still_breached, update_picked, TIMESTAMPTZOID};
static const Kind renewals = {&pick_renewals, &still_renewals, NULL, DATEOID, renewals_refresh};
static const Kind rechecked = {NULL, NULL, NULL, InvalidOid, renewals_recheck};
static const Kind expired = {pick_expired, &still_expired, delete_expired, TIMESTAMPTZOID};

/* Parameters: today, now. */
static TaskqPlan count_backlog = {
	"SELECT (SELECT pg_catalog.count(*) FROM (SELECT FROM @.taskq_task t WHERE " UNSTAMPED_OVERDUE
	"ORDER BY t.status, t.due_date LIMIT " BACKLOG_MAX ") o) OPERATOR(pg_catalog.+) "
	"(SELECT pg_catalog.count(*) FROM (SELECT FROM @.taskq_task t WHERE " ACTIVE
	"AND t.sla_due_at IS NOT NULL AND t.sla_breached_at IS NULL AND t.sla_due_at " LT " $2 "
	"AND NOT coalesce(t.due_date " LT " $1, false) ORDER BY t.sla_due_at LIMIT " BACKLOG_MAX ") b)"
};
static TaskqPlan next_instants = {
	"SELECT least((SELECT pg_catalog.min(t.due_date) FROM @.taskq_task t WHERE " ACTIVE
	"AND t.status " EQ " 'OPEN'::@.taskq_status AND t.due_date " GE " $1), "
	"(SELECT pg_catalog.min(t.due_date) FROM @.taskq_task t WHERE " ACTIVE
	"AND t.status " EQ " 'IN_PROGRESS'::@.taskq_status AND t.due_date " GE " $1)), "
	"(SELECT pg_catalog.min(t.sla_due_at) FROM @.taskq_task t WHERE " ACTIVE
	"AND t.sla_due_at IS NOT NULL AND t.sla_breached_at IS NULL AND t.sla_due_at " GE " $2)"
};
static TaskqPlan insert_log = {
	"INSERT INTO @.taskq_sweep_log (started_at, finished_at, overdue, recovered, sla_breached, "
	"renewals, tasks_created, purged, failed, batches, elapsed_ms, backlog) "
	"VALUES ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) RETURNING id"
};
static TaskqPlan update_log = {
	"UPDATE @.taskq_sweep_log SET started_at = $2, finished_at = $3, overdue = $4, recovered = $5, "
	"sla_breached = $6, renewals = $7, tasks_created = $8, purged = $9, failed = $10, "
	"batches = $11, elapsed_ms = $12, backlog = $13 WHERE id " EQ " $1"
};

static TaskqPlan prune_log = {
	"DELETE FROM @.taskq_sweep_log WHERE started_at " LT " ($2 " MINUS " '30 days'::pg_catalog.interval)"
};

static FailedIds *
failed_ids_make(void)
{
	FailedIds  *failed = palloc(sizeof(FailedIds));

	failed->n = 0;
	failed->size = 64;
	failed->ids = palloc(failed->size * sizeof(int64));
	return failed;
}

/* In a context that lives as long as the sweep. */
void
sweep_begin(Sweep *sweep)
{
	memset(sweep, 0, sizeof(*sweep));
	sweep->started_at = GetCurrentTimestamp();
	INSTR_TIME_SET_CURRENT(sweep->began);
	sweep->next_due = DT_NOEND;
	sweep->failed_tasks = failed_ids_make();
	sweep->failed_renewals = failed_ids_make();
}

/* Copies an error's message, as many whole characters as there is room for. */
void
sweep_error_set(char *error, const char *message)
{
	strlcpy(error, message, pg_mbcliplen(message, (int) strlen(message), SWEEP_ERROR_LEN - 1) + 1);
}

/* How much a sweep has done so far. */
int
sweep_done(const Sweep *sweep)
{
	return sweep->overdue + sweep->recovered + sweep->sla_breached +
		sweep->renewals + sweep->tasks_created + sweep->purged;
}

/* What is written in one go: an array of ids or ctids. */
typedef struct Writing
{
	Sweep	   *sweep;
	const Kind *kind;
	int			way;
	Datum		rows;
} Writing;

/*
 * Updates tasks to themselves, deletes them, or does what is to be done with
 * renewals, and counts what that did.
 */
static void
write_rows(void *arg)
{
	Writing    *w = arg;
	Sweep	   *sweep = w->sweep;
	int			tally[N_EVENT_KINDS] = {0};
	WorkflowMark mark = workflow_mark();
	int			made;
	Oid			types[] = {w->way == BY_CTID ? TIDARRAYOID : INT8ARRAYOID};
	RenewalsDone done = {0};
	int			guc_level = NewGUCNestLevel();
	TaskqCall	call;

	if (LockTimeout == 0 || LockTimeout > LOCK_WAIT)
		(void) set_config_option("lock_timeout", CppAsString2(LOCK_WAIT), PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
	call_begin(&call, VERB_OTHER, NULL);
	call.by_system = true;
	history_tally = tally;
	PG_TRY();
	{
		if (w->kind->write == NULL)
			w->kind->write_renewals(w->rows, &done);
		else if (spi_run(&w->kind->write[w->way], 1, types, &w->rows, NULL, 0) == SPI_OK_DELETE)
			sweep->purged += (int) SPI_processed;
	}
	PG_FINALLY();
	{
		history_tally = NULL;
		call_end(&call);
	}
	PG_END_TRY();
	AtEOXact_GUC(true, guc_level);
	sweep->overdue += tally[EVENT_OVERDUE];
	sweep->recovered += tally[EVENT_RECOVERED];
	sweep->sla_breached += tally[EVENT_SLA_BREACHED];
	sweep->renewals += done.crossed;
	(void) workflow_tasks_since(mark, &made);
	sweep->tasks_created += done.tasks_created + made;
}

/*
 * write_rows() in a subtransaction.  False if it failed for a reason that
 * may lie in the rows; *message then tells it, NULL if somebody has locked what
 * they need.  Other errors go on.
 */
static bool
try_write(Writing *writing, char **message)
{
	ErrorData  *edata = in_subtransaction(write_rows, writing, true);
	bool		locked;

	if (edata == NULL)
		return true;
	locked = edata->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE;
	if (locked)
		writing->sweep->lock_waits++;
	else if (!error_is_contained(edata))
		ReThrowError(edata);
	*message = locked ? NULL : message_with_hint(edata);
	return false;
}

/* Remembers a row that could not be swept, and says so of the first; not if it was locked (message is NULL). */
static void
note_failure(Sweep *sweep, FailedIds *failed, int64 id, const char *message)
{
	if (failed->n == failed->size)
	{
		failed->size *= 2;
		failed->ids = repalloc_huge(failed->ids, failed->size * sizeof(int64));
	}
	failed->ids[failed->n++] = id;
	if (message != NULL && ++sweep->failed == 1)
		sweep_error_set(sweep->error, psprintf("%s " INT64_FORMAT ": %s",
											   failed == sweep->failed_tasks ? "task" : "renewal", id, message));
}

/*
 * Deals with rows that could not be written together (message, as of
 * try_write()): writes them by halves, in a context that is reset each time.
 * That is by id: a trigger of the user's on one row may write, and so move,
 * another.  After LOCK_WAITS_MAX waits those not tried yet count as locked.
 */
static void
write_apart(Sweep *sweep, const Kind *kind, const int64 *ids, int n, char *message,
			FailedIds *failed, MemoryContext context)
{
	int			halves[] = {n / 2, n - n / 2};

	if (n == 1 || (message == NULL && sweep->lock_waits >= LOCK_WAITS_MAX))
	{
		for (int i = 0; i < n; i++)
			note_failure(sweep, failed, ids[i], message);
		return;
	}
	for (int i = 0; i < lengthof(halves); ids += halves[i++])
	{
		Writing		half = {sweep, kind, BY_ID};
		MemoryContext old;
		bool		written;

		CHECK_FOR_INTERRUPTS();
		MemoryContextReset(context);
		old = MemoryContextSwitchTo(context);
		half.rows = id_array(ids, halves[i]);
		message = NULL;
		written = sweep->lock_waits < LOCK_WAITS_MAX && try_write(&half, &message);
		MemoryContextSwitchTo(old);
		if (!written)
			write_apart(sweep, kind, ids, halves[i], message, failed, context);
	}
}

/* Writes rows, together if that succeeds. */
static void
write_all(Writing *writing, const int64 *ids, int n, FailedIds *failed)
{
	MemoryContext context;
	char	   *message;

	writing->sweep->lock_waits = 0;
	if (try_write(writing, &message))
		return;
	context = AllocSetContextCreate(CurrentMemoryContext, "taskq rows apart", ALLOCSET_DEFAULT_SIZES);
	write_apart(writing->sweep, writing->kind, ids, n, message, failed, context);
	MemoryContextDelete(context);
}

/*
 * Rows that are due after they have been written as they were before have
 * failed too, or they would be picked for ever: a trigger of the user's
 * suppressed the write, or taskq's own triggers are disabled.
 */
static void
note_untouched(Sweep *sweep, const Kind *kind, Datum instant, Datum ids, FailedIds *failed)
{
	Oid			types[] = {kind->instant_type, INT8ARRAYOID};
	Datum		values[] = {instant, ids};
	bool		isnull;

	spi_run_by_index(kind->still, 2, types, values, NULL, 0);
	for (uint64 i = 0; i < SPI_processed; i++)
		note_failure(sweep, failed,
					 DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull)),
					 "writing it changed nothing: a trigger suppresses it, or taskq's own are disabled");
	SPI_freetuptable(SPI_tuptable);
}

/*
 * Picks and writes rows of one kind, at most so many, and returns how many it
 * picked.  If it gave up waiting for locks, those that it left are not among
 * them: other kinds may have their place in the batch.
 */
static int
sweep_kind(Sweep *sweep, const Kind *kind, Datum instant, int limit)
{
	int			way = kind->write != NULL && task_ctids_serve() ? BY_CTID : BY_ID;
	Writing		batch = {sweep, kind, way};
	FailedIds  *failed = kind->write == NULL ? sweep->failed_renewals : sweep->failed_tasks;
	Oid			types[] = {kind->instant_type, INT8ARRAYOID};
	Datum		values[] = {instant, id_array(failed->ids, failed->n)};
	int			done_before = sweep->overdue + sweep->recovered + sweep->sla_breached + sweep->purged;
	int			failed_before = failed->n;
	int			told_before = sweep->failed;
	int64	   *ids;
	Datum	   *ctids;
	int			n;

	if (limit <= 0)
		return 0;
	spi_run_by_index(&kind->pick[way], 2, types, values, NULL, limit);
	n = (int) SPI_processed;
	if (n == 0)
		return 0;
	ids = palloc(n * sizeof(int64));
	ctids = palloc(n * sizeof(Datum));
	for (int i = 0; i < n; i++)
	{
		bool		isnull;

		ids[i] = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull));
		if (way == BY_CTID)
			ctids[i] = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 2, &isnull);
	}
	batch.rows = way == BY_ID ? id_array(ids, n) :
		PointerGetDatum(construct_array(ctids, n, TIDOID, sizeof(ItemPointerData), false, TYPALIGN_SHORT));
	SPI_freetuptable(SPI_tuptable);

	write_all(&batch, ids, n, failed);
	if (failed->n == failed_before &&
		sweep->overdue + sweep->recovered + sweep->sla_breached + sweep->purged < done_before + n)
		note_untouched(sweep, kind, instant, id_array(ids, n), failed);
	if (sweep->lock_waits >= LOCK_WAITS_MAX)
	{
		int			locked = failed->n - failed_before - (sweep->failed - told_before);

		sweep->given_up += locked;
		n -= locked;
	}
	return n;
}

/*
 * After thresholds have changed, makes renewals due; those that cannot be
 * written now, with the next sweep.
 */
static void
sweep_recheck(Sweep *sweep)
{
	FailedIds  *failed = sweep->failed_renewals;
	int			failed_before = failed->n;
	Writing		all = {sweep, &rechecked, BY_ID, renewals_take_recheck()};
	ArrayType  *ids = DatumGetArrayTypeP(all.rows);
	int			n = ArrayGetNItems(ARR_NDIM(ids), ARR_DIMS(ids));

	if (n == 0)
		return;
	write_all(&all, (int64 *) ARR_DATA_PTR(ids), n, failed);
	if (failed->n > failed_before)
		renewals_keep_recheck(id_array(failed->ids + failed_before, failed->n - failed_before));
}

static int
backlog(void)
{
	Oid			types[] = {DATEOID, TIMESTAMPTZOID};
	Datum		values[] = {DateADTGetDatum(today()),
	TimestampTzGetDatum(GetCurrentStatementStartTimestamp())};
	bool		isnull;

	spi_run_by_index(&count_backlog, 2, types, values, NULL, 1);
	return (int) DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
}

/*
 * Sweeps at most so many tasks in the current transaction, at its statement's
 * instant.  True if more may be waiting.
 */
bool
sweep_batch(Sweep *sweep, int max_tasks)
{
	Datum		day = DateADTGetDatum(today());
	Datum		now = TimestampTzGetDatum(GetCurrentStatementStartTimestamp());
	int			failed_before = sweep->failed;
	TimestampTz cutoff;
	int			n;
	bool		more;

	sweep->given_up = 0;
	spi_connect();
	n = sweep_kind(sweep, &overdue, day, max_tasks);
	n += sweep_kind(sweep, &recovered, day, max_tasks - n);
	n += sweep_kind(sweep, &breached, now, max_tasks - n);
	sweep_recheck(sweep);
	n += sweep_kind(sweep, &renewals, day, max_tasks - n);
	if (retention_cutoff(&cutoff))
		n += sweep_kind(sweep, &expired, TimestampTzGetDatum(cutoff), max_tasks - n);

	/* A batch that all failed, or was given up, is no matter of rows any more. */
	more = n + sweep->given_up >= max_tasks && sweep->failed - failed_before < n;
	if (n + sweep->given_up > 0)
	{
		sweep->batches++;
		if (!more || sweep->batches == 1)
			sweep->backlog = backlog();
		else
			sweep->backlog = Max(sweep->backlog - n, 0);
	}
	workflow_prune();
	SPI_finish();
	return more;
}

/* Tells who swept by hand about tasks that could not be. */
static void
warn_of_failures(const Sweep *sweep)
{
	if (sweep->failed > 0)
		ereport(WARNING,
				(errmsg_plural("%d row could not be swept", "%d rows could not be swept",
							   sweep->failed, sweep->failed),
				 errdetail_internal("%s", sweep->error)));
}

/* Deletes tasks closed before an instant, at most so many, and returns how many. */
int
sweep_purge(TimestampTz cutoff, int max_tasks)
{
	Sweep		sweep;

	sweep_begin(&sweep);
	spi_connect();
	(void) sweep_kind(&sweep, &expired, TimestampTzGetDatum(cutoff), max_tasks);
	SPI_finish();
	warn_of_failures(&sweep);
	return sweep.purged;
}

/* The next instant at which something falls due; DT_NOEND = none known. */
TimestampTz
sweep_next_due(void)
{
	Oid			types[] = {DATEOID, TIMESTAMPTZOID};
	Datum		values[] = {DateADTGetDatum(today()),
	TimestampTzGetDatum(GetCurrentStatementStartTimestamp())};
	TimestampTz at = DT_NOEND;
	Datum		value;
	bool		isnull;

	spi_connect();
	spi_run_by_index(&next_instants, 2, types, values, NULL, 1);
	value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	if (!isnull)
		at = day_start(DatumGetDateADT(value) + 1);
	value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &isnull);
	if (!isnull)
		at = Min(at, sla_breach_begins(DatumGetTimestampTz(value)));
	SPI_finish();
	return Min(at, renewals_next_due());
}

/* ------------------------------------------------------- what was done */

/* Microseconds since an instant, by a clock that cannot be set. */
int64
usecs_since(instr_time begin)
{
	instr_time	passed;

	INSTR_TIME_SET_CURRENT(passed);
	INSTR_TIME_SUBTRACT(passed, begin);
	return INSTR_TIME_GET_MICROSEC(passed);
}

static int
elapsed_ms(const Sweep *sweep)
{
	return (int) (usecs_since(sweep->began) / 1000);
}

/* Writes or brings up to date the sweep's row, as the log's owner. */
void
sweep_log_write(Sweep *sweep)
{
	Oid			types[] = {INT8OID, TIMESTAMPTZOID, TIMESTAMPTZOID, INT4OID, INT4OID, INT4OID,
	INT4OID, INT4OID, INT4OID, INT4OID, INT4OID, INT4OID, INT4OID};
	Datum		values[] = {
		Int64GetDatum(sweep->log_id),
		TimestampTzGetDatum(sweep->started_at),
		TimestampTzGetDatum(sweep->started_at + usecs_since(sweep->began)),
		Int32GetDatum(sweep->overdue),
		Int32GetDatum(sweep->recovered),
		Int32GetDatum(sweep->sla_breached),
		Int32GetDatum(sweep->renewals),
		Int32GetDatum(sweep->tasks_created),
		Int32GetDatum(sweep->purged),
		Int32GetDatum(sweep->failed),
		Int32GetDatum(sweep->batches),
		Int32GetDatum(elapsed_ms(sweep)),
		Int32GetDatum(sweep->backlog)
	};
	OwnerSwitch owner;

	spi_connect();
	become_owner_of(taskq_catalog()->task, &owner);
	spi_run(sweep->log_id == 0 ? &insert_log : &update_log, lengthof(values), types, values, NULL, 0);
	if (sweep->log_id == 0)
	{
		bool		isnull;

		/* A trigger of the user's may have suppressed the row. */
		if (SPI_processed > 0)
			sweep->log_id = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
		spi_run(&prune_log, 2, types, values, NULL, 0);
	}
	become_caller_again(&owner);
	SPI_finish();
}

/* One line a sweep for the server's log. */
void
sweep_log_line(const Sweep *sweep, const char *database)
{
	ereport(LOG,
			(errhidestmt(true),
			 errmsg("taskq sweep: database=%s overdue=%d recovered=%d sla_breached=%d renewals=%d tasks_created=%d purged=%d failed=%d batches=%d elapsed_ms=%d backlog=%d",
					database, sweep->overdue, sweep->recovered, sweep->sla_breached,
					sweep->renewals, sweep->tasks_created, sweep->purged, sweep->failed, sweep->batches,
					elapsed_ms(sweep), sweep->backlog)));
}

/* ------------------------------------------------------------- by hand */

/* Argument max_tasks; NULL = taskq.sweep_batch_size. */
int
sweep_max_tasks_argument(FunctionCallInfo fcinfo, int argno)
{
	int			max_tasks = PG_ARGISNULL(argno) ? taskq_sweep_batch_size : PG_GETARG_INT32(argno);

	if (max_tasks < 1 || max_tasks > SWEEP_BATCH_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_tasks must be 1 to %d", SWEEP_BATCH_MAX)));
	return max_tasks;
}

PG_FUNCTION_INFO_V1(taskq_sweep);
Datum
taskq_sweep(PG_FUNCTION_ARGS)
{
	int			max_tasks = sweep_max_tasks_argument(fcinfo, 0);
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Sweep		sweep;

	InitMaterializedSRF(fcinfo, 0);
	sweep_begin(&sweep);
	fold_deltas();
	(void) sweep_batch(&sweep, max_tasks);
	warn_of_failures(&sweep);
	{
		const struct
		{
			const char *kind;
			int			tasks;
		}			rows[] = {
			{"overdue", sweep.overdue},
			{"recovered", sweep.recovered},
			{"sla_breached", sweep.sla_breached},
			{"renewals", sweep.renewals},
			{"tasks_created", sweep.tasks_created},
			{"purged", sweep.purged},
			{"failed", sweep.failed}
		};

		for (int i = 0; i < lengthof(rows); i++)
		{
			Datum		values[] = {CStringGetTextDatum(rows[i].kind), Int32GetDatum(rows[i].tasks)};
			bool		nulls[] = {false, false};

			tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
		}
	}
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(taskq_sweep_all);
Datum
taskq_sweep_all(PG_FUNCTION_ARGS)
{
	Sweep		sweep;
	bool		more;

	if (fcinfo->context == NULL || !IsA(fcinfo->context, CallContext) ||
		((CallContext *) fcinfo->context)->atomic)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TRANSACTION_TERMINATION),
				 errmsg("taskq_sweep_all commits after every batch and cannot run inside a transaction block")));
	if (SPI_connect_ext(SPI_OPT_NONATOMIC) != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");

	/* SPI's memory outlives the commits. */
	sweep_begin(&sweep);
	do
	{
		sweep.announcement = fold_keep(sweep.announcement);
		SPI_commit();
	} while (sweep.announcement != 0);
	do
	{
		CHECK_FOR_INTERRUPTS();
		fold_deltas();
		more = sweep_batch(&sweep, taskq_sweep_batch_size);
		if (sweep_done(&sweep) > 0)
			sweep_log_write(&sweep);
		SPI_commit();
	} while (more);
	warn_of_failures(&sweep);
	SPI_finish();
	PG_RETURN_VOID();
}
