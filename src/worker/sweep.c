/*-------------------------------------------------------------------------
 *
 * sweep.c
 *		The sweep: stores what has changed by time alone.
 *
 * A sweep goes through the list of kinds of rows that fall due by time
 * (due.h), each by one index probe.  It locks the rows that it finds, except
 * those that others have locked, and writes them.  If it finds none, it writes
 * nothing and takes no transaction id.
 *
 * A task that cannot be updated (a user's trigger raises, say) must not stop
 * the rest.  So the update runs in a subtransaction, and if it fails the tasks
 * are halved until those that fail are alone: updating them one by one would
 * keep the memory of a subtransaction for each until the end.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
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
#include "utils/tuplestore.h"

#include "base/actor.h"
#include "base/calendar.h"
#include "base/catalog.h"
#include "base/contain.h"
#include "base/owner.h"
#include "base/plan.h"
#include "task/due.h"
#include "task/row.h"
#include "worker/sweep.h"
#include "worker/wakeup.h"

int			taskq_sweep_batch_size;

/*
 * How long writing waits for a lock, in milliseconds: not for long, because
 * others may be waiting for the rows that the sweep has locked already.  Rows
 * that it would have to wait for are left for the next sweep, and after
 * LOCK_WAITS_MAX waits so is the rest of the kind in the batch, without
 * trying.
 */
#define LOCK_WAIT 10
#define LOCK_WAITS_MAX 20

/* The kinds that a sweep deals with, in this order. */
static const DueKind *const *kinds;
static int	nkinds = 0;

/* log_statements() makes their text from the names of the kinds; the second ones are for an older version. */
static TaskqPlan insert_log[2];
static TaskqPlan update_log[2];
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

static bool
is_logged(const DueKind *kind, bool sql_is_older)
{
	return kind->name != NULL && !(sql_is_older && kind->is_newer);
}

/* Statements that write a sweep's row: $1 its id, $2 and $3 when it began and ended, then the numbers. */
static void
log_statements(bool sql_is_older)
{
	static const char *const others[] = {"failed", "batches", "elapsed_ms", "backlog"};
	StringInfoData names;
	StringInfoData values;
	StringInfoData sets;
	int			param = 4;

	initStringInfo(&names);
	initStringInfo(&values);
	initStringInfo(&sets);
	for (int i = 0; i < nkinds + lengthof(others); i++)
	{
		const char *name = i < nkinds ? kinds[i]->name : others[i - nkinds];

		if (i < nkinds && !is_logged(kinds[i], sql_is_older))
			continue;
		appendStringInfo(&names, ", %s", name);
		appendStringInfo(&values, ", $%d", param);
		appendStringInfo(&sets, ", %s = $%d", name, param++);
	}
	insert_log[sql_is_older].sql = psprintf("INSERT INTO @.taskq_sweep_log (started_at, finished_at%s) VALUES ($2, $3%s) RETURNING id",
											names.data, values.data);
	update_log[sql_is_older].sql = psprintf("UPDATE @.taskq_sweep_log SET started_at = $2, finished_at = $3%s WHERE id " EQ " $1",
											sets.data);
}

/* Registers the kinds; the list must not be freed.  Called once, when the library is loaded. */
void
sweep_register(const DueKind *const *list, int n)
{
	MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);

	Assert(n <= MAX_DUE_KINDS);
	kinds = list;
	nkinds = n;
	log_statements(false);
	log_statements(true);
	MemoryContextSwitchTo(old);
}

/* Must be called in a memory context that lives as long as the sweep. */
void
sweep_begin(Sweep *sweep)
{
	memset(sweep, 0, sizeof(*sweep));
	sweep->started_at = GetCurrentTimestamp();
	INSTR_TIME_SET_CURRENT(sweep->began);
	sweep->next_due = DT_NOEND;
	for (int i = 0; i < nkinds; i++)
		for (int j = 0; j <= i && sweep->failed_ids[i] == NULL; j++)
			if (j == i)
				sweep->failed_ids[i] = failed_ids_make();
			else if (kinds[i]->row != NULL && kinds[j]->row != NULL && strcmp(kinds[i]->row, kinds[j]->row) == 0)
				sweep->failed_ids[i] = sweep->failed_ids[j];
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
	int			n = 0;

	for (int i = 0; i < nkinds; i++)
		n += sweep->done[i];
	return n;
}

/* The same for the kinds whose rows are tasks. */
static int
tasks_done(const Sweep *sweep)
{
	int			n = 0;

	for (int i = 0; i < nkinds; i++)
		if (kinds[i]->write != NULL)
			n += sweep->done[i];
	return n;
}

/* What is written in one go: an array of ids or ctids of one kind. */
typedef struct Writing
{
	Sweep	   *sweep;
	int			kind;
	int			way;
	Datum		rows;
} Writing;

/*
 * Writes rows as their kind says, with the system as the actor and a short
 * lock_timeout, and adds up the kinds' numbers.
 */
static void
write_rows(void *arg)
{
	Writing    *w = arg;
	const DueKind *kind = kinds[w->kind];
	Oid			types[] = {w->way == BY_CTID ? TIDARRAYOID : INT8ARRAYOID};
	int			guc_level = NewGUCNestLevel();
	uint64		before[MAX_DUE_KINDS];
	TaskqCall	call;

	if (LockTimeout == 0 || LockTimeout > LOCK_WAIT)
		(void) set_config_option("lock_timeout", CppAsString2(LOCK_WAIT), PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
	for (int i = 0; i < nkinds; i++)
		before[i] = kinds[i]->made != NULL ? kinds[i]->made() : 0;
	call_begin(&call, VERB_OTHER, NULL);
	call.by_system = call.leaves_locked = true;
	PG_TRY();
	{
		if (kind->write == NULL)
			kind->write_ids(w->rows);
		else
			spi_run(&kind->write[w->way], 1, types, &w->rows, NULL, 0);
	}
	PG_FINALLY();
	{
		call_end(&call);
	}
	PG_END_TRY();
	AtEOXact_GUC(true, guc_level);
	for (int i = 0; i < nkinds; i++)
		if (kinds[i]->made != NULL)
			w->sweep->done[i] += (int) (kinds[i]->made() - before[i]);
	if (kind->made == NULL && kind->write != NULL)
		w->sweep->done[w->kind] += (int) SPI_processed;
}

/*
 * write_rows() in a subtransaction.  Returns false if it failed for a reason
 * that may lie in the rows; *message is the error's, NULL if it was a lock
 * that is not available.  Rethrows other errors.
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

/*
 * Records a row that could not be swept, and the message of the first one; a
 * locked row (message is NULL) is not counted as failed.
 */
static void
note_failure(Sweep *sweep, int kind, int64 id, const char *message)
{
	FailedIds  *failed = sweep->failed_ids[kind];

	if (failed->n == failed->size)
	{
		failed->size *= 2;
		failed->ids = repalloc_huge(failed->ids, failed->size * sizeof(int64));
	}
	failed->ids[failed->n++] = id;
	if (message != NULL && ++sweep->failed == 1)
		sweep_error_set(sweep->error, psprintf("%s " INT64_FORMAT ": %s", kinds[kind]->row, id, message));
}

/*
 * Handles rows that could not be written together (message as of try_write()):
 * writes them by halves, in a context that is reset each time.  That is by id:
 * a trigger of the user's on one row may write, and so move, another.  After
 * LOCK_WAITS_MAX waits those not tried yet count as locked.
 */
static void
write_apart(Sweep *sweep, int kind, const int64 *ids, int n, char *message, MemoryContext context)
{
	int			halves[] = {n / 2, n - n / 2};

	if (n == 1 || (message == NULL && sweep->lock_waits >= LOCK_WAITS_MAX))
	{
		for (int i = 0; i < n; i++)
			note_failure(sweep, kind, ids[i], message);
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
			write_apart(sweep, kind, ids, halves[i], message, context);
	}
}

/* Writes rows, together if that succeeds. */
static void
write_all(Writing *writing, const int64 *ids, int n)
{
	MemoryContext context;
	char	   *message;

	writing->sweep->lock_waits = 0;
	if (try_write(writing, &message))
		return;
	context = AllocSetContextCreate(CurrentMemoryContext, "taskq rows apart", ALLOCSET_DEFAULT_SIZES);
	write_apart(writing->sweep, writing->kind, ids, n, message, context);
	MemoryContextDelete(context);
}

/*
 * Rows that are due after they have been written as they were before have
 * failed too, or they would be picked for ever: a trigger of the user's
 * suppressed the write, taskq's own triggers are disabled, or a calendar gives
 * no deadline.
 */
static void
note_untouched(Sweep *sweep, int kind, Datum instant, Datum ids)
{
	Oid			types[] = {kinds[kind]->instant_type, INT8ARRAYOID};
	Datum		values[] = {instant, ids};
	bool		isnull;

	spi_run_by_index(kinds[kind]->still, 2, types, values, NULL, 0);
	for (uint64 i = 0; i < SPI_processed; i++)
		note_failure(sweep, kind,
					 DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull)),
					 kinds[kind]->untouched != NULL ? kinds[kind]->untouched :
					 "the write changed nothing: a trigger suppresses it, or taskq's own triggers are disabled");
	SPI_freetuptable(SPI_tuptable);
}

/*
 * Picks and writes rows of one kind, at most so many, and returns how many it
 * picked.  If it gave up waiting for locks, the rows that it left are not
 * counted, so that other kinds can take their place in the batch.
 */
static int
sweep_kind(Sweep *sweep, int kind_no, Datum instant, int limit)
{
	const DueKind *kind = kinds[kind_no];
	int			way = kind->write != NULL && task_ctids_serve() ? BY_CTID : BY_ID;
	Writing		batch = {sweep, kind_no, way};
	FailedIds  *failed = sweep->failed_ids[kind_no];
	Oid			types[] = {kind->instant_type, INT8ARRAYOID};
	Datum		values[] = {instant, id_array(failed->ids, failed->n)};
	int			done_before = tasks_done(sweep);
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

	write_all(&batch, ids, n);
	if (failed->n == failed_before && tasks_done(sweep) < done_before + n)
		note_untouched(sweep, kind_no, instant, id_array(ids, n));
	if (sweep->lock_waits >= LOCK_WAITS_MAX)
	{
		int			locked = failed->n - failed_before - (sweep->failed - told_before);

		sweep->given_up += locked;
		n -= locked;
	}
	return n;
}

/*
 * Takes and writes rows of a kind that has take().  Those that cannot be
 * written are given back, for the next sweep.
 */
static void
sweep_taken(Sweep *sweep, int kind_no)
{
	const DueKind *kind = kinds[kind_no];
	FailedIds  *failed = sweep->failed_ids[kind_no];
	int			failed_before = failed->n;
	Writing		all = {sweep, kind_no, BY_ID, kind->take()};
	ArrayType  *ids = DatumGetArrayTypeP(all.rows);
	int			n = ArrayGetNItems(ARR_NDIM(ids), ARR_DIMS(ids));

	if (n == 0)
		return;
	write_all(&all, (int64 *) ARR_DATA_PTR(ids), n);
	if (failed->n > failed_before)
		kind->give_back(id_array(failed->ids + failed_before, failed->n - failed_before));
}

static int
backlog(void)
{
	Oid			types[] = {DATEOID, TIMESTAMPTZOID};
	Datum		values[] = {DateADTGetDatum(today()),
	TimestampTzGetDatum(GetCurrentStatementStartTimestamp())};
	int64		n = 0;
	bool		isnull;

	for (int i = 0; i < nkinds; i++)
		if (kinds[i]->backlog != NULL)
		{
			spi_run_by_index(kinds[i]->backlog, 2, types, values, NULL, 1);
			n += DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
		}
	return (int) n;
}

/*
 * What comes before the batches, each call in a transaction of its own.  True
 * when it is done.
 */
bool
sweep_first(Sweep *sweep)
{
	sweep->done_first = true;
	for (int i = 0; i < nkinds; i++)
		if (kinds[i]->first != NULL && (sweep->first[i] != 0 || !sweep->began_first))
		{
			sweep->first[i] = kinds[i]->first(sweep->first[i]);
			sweep->done_first &= sweep->first[i] == 0;
		}
	sweep->began_first = true;
	return sweep->done_first;
}

static void
sweep_by_hand(void)
{
	for (int i = 0; i < nkinds; i++)
		if (kinds[i]->by_hand != NULL)
			kinds[i]->by_hand();
}

/*
 * Sweeps at most so many tasks in the current transaction, at its statement's
 * instant.  True if more may be waiting.
 */
bool
sweep_batch(Sweep *sweep, int max_tasks)
{
	int			failed_before = sweep->failed;
	int			n = 0;
	bool		more;

	sweep->given_up = 0;
	spi_connect();
	for (int i = 0; i < nkinds; i++)
	{
		Datum		instant;

		if (kinds[i]->take != NULL)
			sweep_taken(sweep, i);
		else if (kinds[i]->pick != NULL && kinds[i]->instant(&instant))
			n += sweep_kind(sweep, i, instant, max_tasks - n);
	}

	/* If all of the batch failed or was given up, single rows are not the cause. */
	more = n + sweep->given_up >= max_tasks && sweep->failed - failed_before < n;
	if (n + sweep->given_up > 0)
	{
		sweep->batches++;
		if (!more || sweep->batches == 1)
			sweep->backlog = backlog();
		else
			sweep->backlog = Max(sweep->backlog - n, 0);
	}
	for (int i = 0; i < nkinds; i++)
		if (kinds[i]->upkeep != NULL)
			kinds[i]->upkeep();
	SPI_finish();
	return more;
}

/* Warns the caller of a function that swept of rows that could not be. */
static void
warn_of_failures(const Sweep *sweep)
{
	if (sweep->failed > 0)
		ereport(WARNING,
				(errmsg_plural("%d row could not be swept", "%d rows could not be swept",
							   sweep->failed, sweep->failed),
				 errdetail_internal("%s", sweep->error)));
}

/* Sweeps rows of one kind by an instant, at most so many, and returns its number. */
int
sweep_kind_by_hand(const DueKind *kind, Datum instant, int max_rows)
{
	Sweep		sweep;
	int			kind_no = 0;

	while (kinds[kind_no] != kind)
		kind_no++;
	sweep_begin(&sweep);
	spi_connect();
	(void) sweep_kind(&sweep, kind_no, instant, max_rows);
	SPI_finish();
	warn_of_failures(&sweep);
	return sweep.done[kind_no];
}

/* The next instant at which something falls due; DT_NOEND = none known. */
TimestampTz
sweep_next_due(void)
{
	TimestampTz at = DT_NOEND;

	for (int i = 0; i < nkinds; i++)
		if (kinds[i]->next != NULL)
			at = Min(at, kinds[i]->next());
	return at;
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

/* Inserts or updates the sweep's row, as the owner of the log. */
void
sweep_log_write(Sweep *sweep)
{
	Oid			types[3 + MAX_DUE_KINDS + 4] = {INT8OID, TIMESTAMPTZOID, TIMESTAMPTZOID};
	Datum		values[3 + MAX_DUE_KINDS + 4] = {
		Int64GetDatum(sweep->log_id),
		TimestampTzGetDatum(sweep->started_at),
		TimestampTzGetDatum(sweep->started_at + usecs_since(sweep->began))
	};
	int			others[] = {sweep->failed, sweep->batches, elapsed_ms(sweep), sweep->backlog};
	bool		sql_is_older = taskq_catalog()->sql_is_older;
	int			n = 3;
	OwnerSwitch owner;

	for (int i = 0; i < nkinds + lengthof(others); i++)
	{
		if (i < nkinds && !is_logged(kinds[i], sql_is_older))
			continue;
		types[n] = INT4OID;
		values[n++] = Int32GetDatum(i < nkinds ? sweep->done[i] : others[i - nkinds]);
	}
	spi_connect();
	become_owner_of(taskq_catalog()->task, &owner);
	spi_run(sweep->log_id == 0 ? &insert_log[sql_is_older] : &update_log[sql_is_older], n, types, values, NULL, 0);
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
	StringInfoData numbers;

	initStringInfo(&numbers);
	for (int i = 0; i < nkinds; i++)
		if (kinds[i]->name != NULL)
			appendStringInfo(&numbers, " %s=%d", kinds[i]->name, sweep->done[i]);
	ereport(LOG,
			(errhidestmt(true),
			 errmsg("taskq sweep: database=%s%s failed=%d batches=%d elapsed_ms=%d backlog=%d",
					database, numbers.data, sweep->failed, sweep->batches, elapsed_ms(sweep), sweep->backlog)));
	pfree(numbers.data);
}

/* ----------------------------------------------------------- functions */

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
	sweep_by_hand();
	(void) sweep_batch(&sweep, max_tasks);
	warn_of_failures(&sweep);
	for (int i = 0; i <= nkinds; i++)
	{
		const char *name = i < nkinds ? kinds[i]->name : "failed";
		Datum		values[2];
		bool		nulls[] = {false, false};

		if (name == NULL)
			continue;
		values[0] = CStringGetTextDatum(name);
		values[1] = Int32GetDatum(i < nkinds ? sweep.done[i] : sweep.failed);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
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
		more = !sweep_first(&sweep);
		SPI_commit();
	} while (more);
	do
	{
		CHECK_FOR_INTERRUPTS();
		sweep_by_hand();
		more = sweep_batch(&sweep, taskq_sweep_batch_size);
		if (sweep_done(&sweep) > 0)
			sweep_log_write(&sweep);
		SPI_commit();
	} while (more);
	warn_of_failures(&sweep);
	SPI_finish();
	PG_RETURN_VOID();
}
