/*-------------------------------------------------------------------------
 *
 * counter.c
 *		Numbers of tasks, kept so that the stats bar need not count.
 *
 * A row that many writers update would make them wait for each other.  So a
 * write inserts what it changes as a row of its own (taskq_counter_delta), and
 * the sweep folds these into taskq_counter.  A reader adds up both under one
 * snapshot: what is folded, and the deltas that are not.  To know which are,
 * taskq_counter_state has the snapshot of the last fold, so that a change is
 * counted once whenever its transaction commits.
 *
 *		writer                     fold                       reader
 *		task, delta (xid 7)        snapshot: 7 is under way
 *		commit                     sums of others, "all but 7"
 *		                                                      sums + delta of 7
 *
 * What depends on the day is counted in buckets (a day, a quarter of an hour),
 * so that midnight needs no recount.  Due dates that no reader can need singly
 * any more are merged into one bucket.  Completed tasks that are stamped in the
 * future are counted in their buckets, and left out of the numbers until then.
 * SLA instants are not counted: sums.c finds those that have come by indexes.
 *
 * The tables are unlogged: all of them are empty after a crash, and so they
 * are after a restore.  No deltas are written then until fold.c has inserted a
 * row into taskq_counter_state and counts all tasks.  The counts are not used
 * once a trigger that writes deltas has been disabled or one of the tables has
 * been truncated, or where a subscription's apply process writes, which fires
 * none for an update.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "common/hashfn.h"
#include "executor/executor.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/date.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "base/catalog.h"
#include "base/compat.h"
#include "task/change.h"
#include "task/row.h"
#include "queue/counter.h"

enum
{
	Anum_delta_xid = 1,
	Anum_delta_old_due,
	Anum_delta_new_due,
	Anum_delta_old_completed,
	Anum_delta_new_completed,
	Anum_delta_old_state,
	Anum_delta_new_state,
	Natts_delta = Anum_delta_new_state
};

enum
{
	Anum_state_xmax = 1,
	Anum_state_xip,
	Anum_state_merged_day,
	Anum_state_triggers,
	Anum_state_counted_at,
	Anum_state_folded_at
};

/* A row of taskq_counter_delta, whose columns are of fixed width and not null. */
typedef struct FormDelta
{
	int64		xid;
	int32		old_due;
	int32		new_due;
	int32		old_completed;
	int32		new_completed;
	int16		old_state;
	int16		new_state;
} FormDelta;

/* ---------------------------------------------------------------- shapes */

/* The quarter of an hour of an instant, within what a bucket can be. */
int32
counter_quarter(TimestampTz at)
{
	int64		quarter = at / USECS_PER_QUARTER - (at % USECS_PER_QUARTER < 0 ? 1 : 0);

	return (int32) Max(Min(quarter, COUNTER_NONE - 1), COUNTER_MERGED + 1);
}

void
counter_shape_active(CounterShape *shape, bool started, bool unassigned, DateADT due)
{
	shape->state = (started ? COUNTS_STARTED : 0) | (unassigned ? COUNTS_UNASSIGNED : 0);
	shape->due = due;
}

void
counter_shape_clear(CounterShape *shape)
{
	shape->state = COUNTS_NOT;
	shape->due = shape->completed = COUNTER_NONE;
}

static void
shape_of(const TaskRow *row, CounterShape *shape)
{
	counter_shape_clear(shape);
	if (!task_isnull(row, Anum_task_completed_at))
		shape->completed = counter_quarter(task_stamp(row, Anum_task_completed_at));
	else if (task_isnull(row, Anum_task_cancelled_at))
		counter_shape_active(shape, !task_isnull(row, Anum_task_started_at), task_isnull(row, Anum_task_assignee_id),
				   task_isnull(row, Anum_task_due_date) ? COUNTER_NONE : DatumGetDateADT(task_value(row, Anum_task_due_date)));
}

/* Calls a function for each counter that a shape is counted in. */
void
counter_add_shape(CounterAdd add, void *target, const CounterShape *shape, int64 n)
{
	if (shape->state != COUNTS_NOT)
	{
		bool		started = (shape->state & COUNTS_STARTED) != 0;

		add(target, started ? COUNT_STARTED : COUNT_UNSTARTED, 0, n);
		if (shape->state & COUNTS_UNASSIGNED)
			add(target, COUNT_UNASSIGNED, 0, n);
		if (shape->due != COUNTER_NONE)
			add(target, started ? COUNT_STARTED_DUE : COUNT_UNSTARTED_DUE, shape->due, n);
	}
	if (shape->completed != COUNTER_NONE)
		add(target, COUNT_COMPLETED, shape->completed, n);
}

static void
add_delta(CounterAdd add, void *target, const FormDelta *delta)
{
	CounterShape before = {delta->old_due, delta->old_completed, delta->old_state};
	CounterShape after = {delta->new_due, delta->new_completed, delta->new_state};

	counter_add_shape(add, target, &before, -1);
	counter_add_shape(add, target, &after, 1);
}

/* --------------------------------------------- whether counts are maintained */

/* Cached results, each with catalog_changes from before it was computed. */
static bool counting;
static uint64 counting_as_of = PG_UINT64_MAX;
static int64 triggers;
static uint64 triggers_as_of = PG_UINT64_MAX;

/* The relfilenode of a table, which TRUNCATE changes. */
static Oid
file_of(Oid table)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(table));
	Oid			file;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "relation %u does not exist", table);
	file = ((Form_pg_class) GETSTRUCT(tuple))->relfilenode;
	ReleaseSysCache(tuple);
	return file;
}

/*
 * A hash that changes with the triggers that write deltas and the tables that
 * these are in: each ALTER TABLE that disables or enables a trigger updates
 * its row in pg_trigger.  0 if a trigger is disabled or missing.
 */
int64
counter_triggers(void)
{
	const TaskqCatalog *cat = taskq_catalog();
	static const char *const names[] = {
		"taskq_counted", "taskq_lifecycle_deleted", "taskq_lifecycle_truncate", "taskq_lifecycle_updated"
	};
	Relation	rel;
	SysScanDesc scan;
	ScanKeyData key;
	HeapTuple	tuple;
	uint64		as_of = catalog_changes;
	uint64		hash = 0;
	int			n = 0;

	if (triggers_as_of == as_of)
		return triggers;
	rel = table_open(TriggerRelationId, AccessShareLock);
	ScanKeyInit(&key, Anum_pg_trigger_tgrelid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(cat->task));
	scan = systable_beginscan(rel, TriggerRelidNameIndexId, true, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_trigger form = (Form_pg_trigger) GETSTRUCT(tuple);

		for (int i = 0; i < lengthof(names); i++)
		{
			if (strcmp(NameStr(form->tgname), names[i]) != 0 ||
				(form->tgenabled != TRIGGER_FIRES_ALWAYS && form->tgenabled != TRIGGER_FIRES_ON_ORIGIN))
				continue;
			hash = hash_combine64(hash, HeapTupleHeaderGetRawXmin(tuple->t_data));
			n++;
		}
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	hash = hash_combine64(hash, file_of(cat->counter));
	hash = hash_combine64(hash, file_of(cat->counter_delta));
	triggers = n < lengthof(names) ? 0 : (int64) (hash | 1);
	triggers_as_of = as_of;
	return triggers;
}

/* Reads the row of taskq_counter_state; false if there is none. */
bool
counter_find_state(Snapshot snapshot, CounterState *state)
{
	Relation	rel = table_open(taskq_catalog()->counter_state, AccessShareLock);
	SysScanDesc scan = systable_beginscan(rel, InvalidOid, false, snapshot, 0, NULL);
	HeapTuple	tuple = systable_getnext(scan);
	bool		found = HeapTupleIsValid(tuple);

	if (found)
	{
		TupleDesc	desc = RelationGetDescr(rel);
		Datum	   *elements;
		bool		isnull;

		state->xmax = DatumGetInt64(heap_getattr(tuple, Anum_state_xmax, desc, &isnull));
		state->merged_day = DatumGetInt32(heap_getattr(tuple, Anum_state_merged_day, desc, &isnull));
		state->triggers = DatumGetInt64(heap_getattr(tuple, Anum_state_triggers, desc, &isnull));
		state->counted_at = DatumGetTimestampTz(heap_getattr(tuple, Anum_state_counted_at, desc, &isnull));
		state->folded_at = DatumGetTimestampTz(heap_getattr(tuple, Anum_state_folded_at, desc, &isnull));
		deconstruct_array(DatumGetArrayTypePCopy(heap_getattr(tuple, Anum_state_xip, desc, &isnull)),
						  INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &elements, NULL, &state->nxip);
		state->xip = palloc(Max(state->nxip, 1) * sizeof(int64));
		for (int i = 0; i < state->nxip; i++)
			state->xip[i] = DatumGetInt64(elements[i]);
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return found;
}

/* The same, but false also while tasks are not counted yet. */
bool
counter_read_state(Snapshot snapshot, CounterState *state)
{
	return counter_find_state(snapshot, state) && !COUNTER_IS_ANNOUNCED(state);
}

/* Whether writers must insert deltas: the counts are maintained, or about to be. */
static bool
counter_is_kept(void)
{
	const TaskqCatalog *cat = taskq_catalog();
	CounterState state;
	uint64		as_of = catalog_changes;
	bool		kept = false;

	if (counting_as_of == as_of)
		return counting;
	if (OidIsValid(cat->counter_state) && !cat->is_subscriber)
	{
		Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());

		kept = counter_find_state(snapshot, &state) && state.triggers == counter_triggers();
		UnregisterSnapshot(snapshot);
	}
	counting = kept;
	counting_as_of = as_of;
	return counting;
}

/* ---------------------------------------------------------------- writers */

#define NOTES_AT_ONCE 128

uint64		counter_deltas = 0;

/* Deltas of a statement that are to be inserted into taskq_counter_delta. */
typedef struct CounterNotes
{
	Relation	rel;			/* NULL = nothing to write yet, and what follows is not set */
	ResultRelInfo *indexes;		/* all that the table has now */
	EState	   *estate;
	int64		xid;
	int			n;
	TupleTableSlot *slots[NOTES_AT_ONCE];
} CounterNotes;

/* NULL while the counters are not maintained. */
static void *
notes_begin(bool many)
{
	return counter_is_kept() ? palloc0(sizeof(CounterNotes)) : NULL;
}

static void
notes_open(CounterNotes *notes)
{
	notes->rel = table_open(taskq_catalog()->counter_delta, RowExclusiveLock);
	notes->indexes = makeNode(ResultRelInfo);
	notes->indexes->ri_RelationDesc = notes->rel;
	ExecOpenIndices(notes->indexes, false);
	notes->estate = CreateExecutorState();
	notes->xid = (int64) U64FromFullTransactionId(GetTopFullTransactionId());
}

static void
notes_write(CounterNotes *notes)
{
	if (notes->n == 1)
		simple_table_tuple_insert(notes->rel, notes->slots[0]);
	else
		table_multi_insert(notes->rel, notes->slots, notes->n, GetCurrentCommandId(true), 0, NULL);
	for (int i = 0; i < notes->n; i++)
	{
		(void) taskq_insert_index_tuples(notes->indexes, notes->slots[i], notes->estate);
		ResetPerTupleExprContext(notes->estate);
		ExecClearTuple(notes->slots[i]);
	}
	notes->n = 0;
}

/* Adds the delta of a write; either row may be NULL. */
static void
note(CounterNotes *notes, const TaskRow *old, const TaskRow *new)
{
	CounterShape before;
	CounterShape after;
	TupleTableSlot *slot;

	if (old != NULL)
		shape_of(old, &before);
	else
		counter_shape_clear(&before);
	if (new != NULL)
		shape_of(new, &after);
	else
		counter_shape_clear(&after);
	if (before.state == after.state && before.due == after.due && before.completed == after.completed)
		return;

	if (notes->rel == NULL)
		notes_open(notes);
	if (notes->n == NOTES_AT_ONCE)
		notes_write(notes);
	if (notes->slots[notes->n] == NULL)
		notes->slots[notes->n] = table_slot_create(notes->rel, NULL);
	slot = notes->slots[notes->n++];
	slot->tts_values[Anum_delta_xid - 1] = Int64GetDatum(notes->xid);
	slot->tts_values[Anum_delta_old_due - 1] = Int32GetDatum(before.due);
	slot->tts_values[Anum_delta_new_due - 1] = Int32GetDatum(after.due);
	slot->tts_values[Anum_delta_old_completed - 1] = Int32GetDatum(before.completed);
	slot->tts_values[Anum_delta_new_completed - 1] = Int32GetDatum(after.completed);
	slot->tts_values[Anum_delta_old_state - 1] = Int16GetDatum((int16) before.state);
	slot->tts_values[Anum_delta_new_state - 1] = Int16GetDatum((int16) after.state);
	memset(slot->tts_isnull, false, Natts_delta * sizeof(bool));
	memset(slot->tts_isnull + Natts_delta, true, (slot->tts_tupleDescriptor->natts - Natts_delta) * sizeof(bool));
	ExecStoreVirtualTuple(slot);
	counter_deltas++;
}

static void
notes_change(void *notes, const TaskChange *change)
{
	if (change->kind != CHANGE_COMMENT && change->kind != CHANGE_FOLLOW_UP)
		note(notes, change->old, change->new);
}

static void
notes_end(void *state)
{
	CounterNotes *notes = state;

	if (notes->rel == NULL)
		return;
	notes_write(notes);
	for (int i = 0; i < NOTES_AT_ONCE && notes->slots[i] != NULL; i++)
		ExecDropSingleTupleTableSlot(notes->slots[i]);
	ExecCloseIndices(notes->indexes);
	FreeExecutorState(notes->estate);
	table_close(notes->rel, NoLock);
	notes->rel = NULL;
}

const TaskFollower counter_follower = {
	.in_replica = true, .begin = notes_begin, .change = notes_change, .end = notes_end
};

PG_FUNCTION_INFO_V1(taskq_task_counted);
Datum
taskq_task_counted(PG_FUNCTION_ARGS)
{
	TriggerData *td = (TriggerData *) fcinfo->context;
	CounterNotes *notes;
	TaskRow		row;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(td->tg_event) || !TRIGGER_FIRED_FOR_ROW(td->tg_event) ||
		!TRIGGER_FIRED_BY_INSERT(td->tg_event) || RelationGetRelid(td->tg_relation) != taskq_catalog()->task)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("taskq_task_counted belongs to table taskq_task and cannot be used elsewhere")));
	notes = notes_begin(false);
	if (notes != NULL)
	{
		task_row_alloc(&row, RelationGetDescr(td->tg_relation));
		task_row_read(&row, td->tg_trigtuple);
		note(notes, NULL, &row);
		notes_end(notes);
	}
	return PointerGetDatum(NULL);
}

/* ---------------------------------------------------------------- readers */

/* An index by which deltas are found by their transaction, InvalidOid if there is none now. */
static Oid
delta_index(Relation rel)
{
	Oid			result = InvalidOid;
	ListCell   *lc;

	foreach(lc, RelationGetIndexList(rel))
	{
		Relation	index = index_open(lfirst_oid(lc), AccessShareLock);

		if (index->rd_index->indisvalid && index->rd_rel->relam == BTREE_AM_OID &&
			index->rd_index->indkey.values[0] == Anum_delta_xid &&
			heap_attisnull(index->rd_indextuple, Anum_pg_index_indpred, NULL))
			result = lfirst_oid(lc);
		index_close(index, AccessShareLock);
		if (OidIsValid(result))
			break;
	}
	return result;
}

/*
 * Calls a function for the deltas in a snapshot that the folded counts do not
 * include, except those of transaction "except".  Stops after limit + 1 of
 * them.  Returns how many there were.
 */
int
counter_scan_unfolded(const CounterState *state, Snapshot snapshot, int64 except, int limit, CounterAdd add, void *target)
{
	Relation	rel = table_open(taskq_catalog()->counter_delta, AccessShareLock);
	Oid			index = delta_index(rel);
	int			n = 0;

	for (int i = -1; i < state->nxip && n <= limit; i++)
	{
		ScanKeyData key;
		SysScanDesc scan;
		HeapTuple	tuple;

		if (i < 0)
			ScanKeyInit(&key, Anum_delta_xid, BTGreaterEqualStrategyNumber, F_INT8GE, Int64GetDatum(state->xmax));
		else if (state->xip[i] < state->xmax)
			ScanKeyInit(&key, Anum_delta_xid, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(state->xip[i]));
		else
			continue;
		scan = systable_beginscan(rel, index, OidIsValid(index), snapshot, 1, &key);
		while (n <= limit && HeapTupleIsValid(tuple = systable_getnext(scan)))
		{
			const FormDelta *delta = (const FormDelta *) GETSTRUCT(tuple);

			if (delta->xid == except)
				continue;
			if (add != NULL)
				add_delta(add, target, delta);
			n++;
		}
		systable_endscan(scan);
	}
	table_close(rel, AccessShareLock);
	return n;
}
