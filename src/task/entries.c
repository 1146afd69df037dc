/*-------------------------------------------------------------------------
 *
 * entries.c
 *		Entries of an index of taskq_task, read as an index-only scan does.
 *
 * PostgreSQL makes no index-only scan where a key is an expression of columns
 * that the index does not have.  So those that are to be counted are read here:
 * the heap is visited only where a page is not all-visible.  The caller must be
 * allowed to see every task.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/relscan.h"
#include "access/sysattr.h"
#include "access/tableam.h"
#include "access/visibilitymap.h"
#include "catalog/pg_am.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "optimizer/optimizer.h"
#include "storage/bufmgr.h"
#include "storage/predicate.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/catalog.h"
#include "base/compat.h"
#include "task/entries.h"
#include "task/row.h"

const int16 active_stages[N_ACTIVE_STAGES] = {
	STAGE_UNSTARTED, STAGE_STARTED, STAGE_UNSTARTED + STAGE_STORED_OVERDUE, STAGE_STARTED + STAGE_STORED_OVERDUE
};

#define MAX_COLUMNS 5

/* Stands for the number of a newer column, which is no constant. */
#define NEWER(column) (-1 - (column))

/* Heap blocks whose bits are on a page of the visibility map, as visibilitymap.c has it. */
#define BLOCKS_PER_VMBUFFER \
	((BLCKSZ - MAXALIGN(SizeOfPageHeaderData)) * (BITS_PER_BYTE / BITS_PER_HEAPBLOCK))

/* What an index must be like: the columns of its predicate, its own (0 = an expression) and their types. */
static const struct
{
	const char *name;
	AttrNumber	predicate[MAX_COLUMNS]; /* columns that it looks at */
	int			ncolumns;
	AttrNumber	columns[MAX_COLUMNS];
	Oid			types[MAX_COLUMNS];
}			task_indexes[N_TASK_INDEXES] = {
	[BY_ASSIGNEE] = {
		"taskq_task_assignee_idx", {0}, 5,
		{Anum_task_assignee_id, 0, 0, 0, Anum_task_id}, {TEXTOID, INT2OID, INT4OID, INT8OID, INT8OID}
	},
	[BY_SLA_PENDING] = {
		"taskq_task_sla_pending_idx", {Anum_task_completed_at, Anum_task_cancelled_at, Anum_task_sla_breached_at}, 3, {0, 0, Anum_task_id}, {INT2OID, TIMESTAMPTZOID, INT8OID}
	},
	[BY_SLA_SETTLED] = {
		"taskq_task_sla_settled_idx",
		{Anum_task_sla_due_at, Anum_task_sla_breached_at, Anum_task_completed_at, Anum_task_cancelled_at}, 2, {0, 0}, {INT2OID, TIMESTAMPTZOID}
	},
	[BY_CLOSED] = {
		"taskq_task_closed_idx", {Anum_task_completed_at, Anum_task_cancelled_at}, 3, {0, 0, Anum_task_id}, {INT2OID, INT8OID, INT8OID}
	},
	[BY_TEAM] = {
		"taskq_task_team_idx", {NEWER(COLUMN_TEAM_ID)}, 5,
		{NEWER(COLUMN_TEAM_ID), 0, 0, 0, Anum_task_id}, {TEXTOID, INT2OID, INT4OID, INT8OID, INT8OID}
	},
	[BY_TIMER] = {
		"taskq_task_timer_idx",
		{NEWER(COLUMN_RESPONSE_DUE_AT), NEWER(COLUMN_PAUSED_AT), Anum_task_sla_at_risk_at, Anum_task_completed_at, Anum_task_cancelled_at},
		1, {0}, {INT8OID}
	},
	[BY_QUEUE] = {
		"taskq_task_queue_idx", {0}, 4, {0, 0, 0, Anum_task_id}, {INT2OID, INT4OID, INT8OID, INT8OID}
	}
};

/* The number of a column that task_indexes names. */
static AttrNumber
column_number(AttrNumber said)
{
	return (AttrNumber) (said < 0 ? taskq_catalog()->newer_column[-1 - said] : said);
}

/* Whether an index is as expected, and has all rows that a snapshot sees. */
static bool
serves(Relation index, TaskIndex which)
{
	Form_pg_index form = index->rd_index;
	Bitmapset  *wanted = NULL;
	Bitmapset  *found = NULL;

	if (form->indrelid != taskq_catalog()->task || index->rd_rel->relam != BTREE_AM_OID || !form->indisvalid || !form->indislive ||
		form->indnatts != task_indexes[which].ncolumns)
		return false;
	for (int i = 0; i < MAX_COLUMNS && task_indexes[which].predicate[i] != 0; i++)
		wanted = bms_add_member(wanted, column_number(task_indexes[which].predicate[i]) - FirstLowInvalidHeapAttributeNumber);
	pull_varattnos((Node *) RelationGetIndexPredicate(index), 1, &found);
	if (!bms_equal(wanted, found))
		return false;
	for (int i = 0; i < form->indnatts; i++)
		if (form->indkey.values[i] != column_number(task_indexes[which].columns[i]) ||
			TupleDescAttr(RelationGetDescr(index), i)->atttypid != task_indexes[which].types[i])
			return false;
	return !form->indcheckxmin ||
		TransactionIdPrecedes(HeapTupleHeaderGetXmin(index->rd_indextuple->t_data), TransactionXmin);
}

/*
 * Opens an index of taskq_task for reading under the active snapshot.  False
 * if it is missing or not as expected, or the table has children, whose rows
 * are tasks, too.
 */
bool
entries_open(Entries *entries, Relation rel, TaskIndex which)
{
	Oid			index_id = get_relname_relid(task_indexes[which].name, taskq_catalog()->schema);

	if (rel->rd_rel->relhassubclass || !OidIsValid(index_id) || get_rel_relkind(index_id) != RELKIND_INDEX)
		return false;
	entries->index = try_relation_open(index_id, AccessShareLock);
	if (entries->index == NULL)
		return false;			/* dropped meanwhile */
	entries->rel = rel;
	entries->snapshot = GetActiveSnapshot();
	if (!serves(entries->index, which))
	{
		index_close(entries->index, NoLock);
		return false;
	}
	entries->scan = NULL;
	entries->slot = NULL;
	memset(entries->vmbuffers, 0, sizeof(entries->vmbuffers));
	return true;
}

/* Goes to the first entry that the keys leave; these must not change until the next call. */
void
entries_seek(Entries *entries, ScanKey keys, int nkeys)
{
	if (entries->scan != NULL && entries->scan->numberOfKeys != nkeys)
	{
		index_endscan(entries->scan);
		entries->scan = NULL;
	}
	if (entries->scan == NULL)
	{
		entries->scan = taskq_index_beginscan(entries->rel, entries->index, entries->snapshot, nkeys);
		entries->scan->xs_want_itup = true;
	}
	index_rescan(entries->scan, keys, nkeys, NULL, 0);
}

static bool
fetch_row(Entries *entries)
{
	if (entries->slot == NULL)
		entries->slot = table_slot_create(entries->rel, NULL);
	return index_fetch_heap(entries->scan, entries->slot);
}

/* The next entry whose row is visible; false if there is none. */
bool
entries_next(Entries *entries)
{
	ItemPointer tid;

	while ((tid = index_getnext_tid(entries->scan, ForwardScanDirection)) != NULL)
	{
		BlockNumber block = ItemPointerGetBlockNumber(tid);

		CHECK_FOR_INTERRUPTS();
		entries->in_slot = !VM_ALL_VISIBLE(entries->rel, block, &entries->vmbuffers[block / BLOCKS_PER_VMBUFFER % N_VMBUFFERS]);
		if (!entries->in_slot)
			PredicateLockPage(entries->rel, block, entries->snapshot);
		else if (!fetch_row(entries))
			continue;
		entries->entry = entries->scan->xs_itup;
		return true;
	}
	return false;
}

/* The row of the present entry. */
TupleTableSlot *
entries_row(Entries *entries)
{
	if (!entries->in_slot && !fetch_row(entries))
		elog(ERROR, "row of an index entry is not visible");
	entries->in_slot = true;
	return entries->slot;
}

/* How many entries the keys leave. */
int64
entries_count(Entries *entries, ScanKey keys, int nkeys)
{
	int64		n = 0;

	entries_seek(entries, keys, nkeys);
	while (entries_next(entries))
		n++;
	return n;
}

void
entries_close(Entries *entries)
{
	if (entries->scan != NULL)
		index_endscan(entries->scan);
	for (int i = 0; i < N_VMBUFFERS; i++)
		if (entries->vmbuffers[i] != InvalidBuffer)
			ReleaseBuffer(entries->vmbuffers[i]);
	if (entries->slot != NULL)
		ExecDropSingleTupleTableSlot(entries->slot);
	index_close(entries->index, NoLock);
}
