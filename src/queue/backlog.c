/*-------------------------------------------------------------------------
 *
 * backlog.c
 *		What lies ahead: active tasks by the days until they are due.
 *
 * All that is counted of a task is in the entries of taskq_task_queue_idx,
 * taskq_task_assignee_idx and taskq_task_team_idx, which are read where the
 * caller sees all tasks.  Other groups, and callers under row security, are
 * counted by a statement.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/itup.h"
#include "access/table.h"
#include "access/tupmacs.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/tuplestore.h"

#include "base/calendar.h"
#include "base/catalog.h"
#include "base/compat.h"
#include "base/plan.h"
#include "task/entries.h"
#include "task/row.h"

#define MAX_BOUNDS 100
#define BOUND_MAX 3700000		/* days, more than there are between two due dates */
#define MAX_BUCKETS (MAX_BOUNDS + 2)	/* the last one has the tasks without a due date */

typedef struct Backlog
{
	ReturnSetInfo *rsinfo;
	DateADT		day;			/* today */
	int			nbounds;
	int			bounds[MAX_BOUNDS];
} Backlog;

enum
{
	COL_GROUP_KEY,
	COL_BUCKET,
	COL_DAYS_FROM,
	COL_DAYS_TO,
	COL_TASKS,
	N_COLUMNS
};

/* ---------------------------------------------------------------- groups */

typedef enum Grouping
{
	BY_NONE,
	BY_PRIORITY,
	BY_STAFF,
	BY_TEAMS,
	BY_KIND,
	BY_CUSTOMER,
	N_GROUPINGS
} Grouping;

#define COUNT_BY(key, sorted) { \
	"SELECT b.key, b.bucket, b.tasks FROM (SELECT " key " AS key, " sorted " AS sorted, " \
	"pg_catalog.width_bucket(t.due_date " MINUS " $1, $2) AS bucket, pg_catalog.count(*) AS tasks " \
	"FROM @.taskq_task t WHERE " ACTIVE_STAGE " GROUP BY 1, 2, 3) b ORDER BY b.sorted, b.key, b.bucket" \
}
#define COUNT_BY_TEXT(column) COUNT_BY(column, "0")

static struct
{
	const char *name;
	TaskqPlan	plan;
}			groupings[N_GROUPINGS] = {
	[BY_NONE] = {"none", COUNT_BY_TEXT("NULL::pg_catalog.text")},
	[BY_PRIORITY] = {"priority", COUNT_BY("t.priority::pg_catalog.text", "@.taskq_priority_rank(t.priority)")},
	[BY_STAFF] = {"assignee", COUNT_BY_TEXT("t.assignee_id")},
	[BY_TEAMS] = {"team", COUNT_BY_TEXT("t.team_id")},
	[BY_KIND] = {"kind", COUNT_BY_TEXT("t.kind")},
	[BY_CUSTOMER] = {"customer", COUNT_BY_TEXT("t.user_id")}
};

/* The bucket of a due date: the number of bounds that are not above it. */
static int
bucket_of(const Backlog *b, int64 due_date)
{
	int64		days = due_date - b->day;
	int			low = 0;
	int			high = b->nbounds;

	if (due_date == DATEVAL_NOEND)
		return b->nbounds + 1;
	while (low < high)
	{
		int			mid = (low + high) / 2;

		if (b->bounds[mid] <= days)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Returns the rows of a group, one for each bucket. "key" is 0 for NULL. */
static void
put_group(const Backlog *b, Datum key, const int64 *tasks)
{
	for (int i = 0; i < b->nbounds + 2; i++)
	{
		bool		dated = i <= b->nbounds;
		Datum		values[N_COLUMNS] = {0};
		bool		nulls[N_COLUMNS] = {false};

		values[COL_GROUP_KEY] = key;
		nulls[COL_GROUP_KEY] = key == (Datum) 0;
		values[COL_BUCKET] = Int32GetDatum(i + 1);
		nulls[COL_BUCKET] = !dated;
		nulls[COL_DAYS_FROM] = !dated || i == 0;
		nulls[COL_DAYS_TO] = i >= b->nbounds;
		if (!nulls[COL_DAYS_FROM])
			values[COL_DAYS_FROM] = Int32GetDatum(b->bounds[i - 1]);
		if (!nulls[COL_DAYS_TO])
			values[COL_DAYS_TO] = Int32GetDatum(b->bounds[i] - 1);
		values[COL_TASKS] = Int32GetDatum((int32) tasks[i]);
		tuplestore_putvalues(b->rsinfo->setResult, b->rsinfo->setDesc, values, nulls);
	}
}

static bool
has_tasks(const Backlog *b, const int64 *tasks)
{
	for (int i = 0; i < b->nbounds + 2; i++)
		if (tasks[i] > 0)
			return true;
	return false;
}

/* -------------------------------------------------------- from the indexes */

/* Reads the rank and the place of an entry, which come behind the stage, and that behind an id, if "has_id". */
static inline void
read_entry(IndexTuple entry, bool has_id, int32 *rank, int64 *place)
{
	const char *data = (const char *) entry + IndexInfoFindDataOffset(entry->t_info);
	Size		at = has_id && !IndexTupleHasNulls(entry) ? SHORTALIGN(VARSIZE_ANY(data)) : 0;

	at = INTALIGN(at + sizeof(int16));
	*rank = *(const int32 *) (data + at);
	at = DOUBLEALIGN(at + sizeof(int32));
	*place = *(const int64 *) (data + at);
}

/*
 * Adds the active tasks that the first keys leave.  "tasks" is that of the
 * first rank; the others follow if "by_rank".
 */
static void
count_entries(const Backlog *b, Entries *entries, ScanKeyData *keys, AttrNumber nkeys, bool by_rank, int64 (*tasks)[MAX_BUCKETS])
{
	AttrNumber	stage = (AttrNumber) (nkeys + 1);	/* the column behind those */

	for (int range = 0; range < 2; range++)
	{
		if (range == 0)
			ScanKeyInit(&keys[nkeys], stage, BTLessEqualStrategyNumber, F_INT2LE, Int16GetDatum(STAGE_STARTED));
		else
			ScanKeyInit(&keys[nkeys], stage, BTGreaterEqualStrategyNumber, F_INT2GE, Int16GetDatum(STAGE_STORED_OVERDUE));
		entries_seek(entries, keys, nkeys + 1);
		while (entries_next(entries))
		{
			int32		rank;
			int64		place;

			read_entry(entries->entry, nkeys > 0, &rank, &place);
			tasks[by_rank ? rank - 1 : 0][bucket_of(b, place >> 3)]++;
		}
	}
}

/* All tasks, in one group or by priority. */
static bool
from_queue(const Backlog *b, Relation rel, bool by_rank)
{
	Entries		entries;
	ScanKeyData key;
	int64		tasks[N_PRIORITIES][MAX_BUCKETS] = {{0}};

	if (!entries_open(&entries, rel, BY_QUEUE))
		return false;
	count_entries(b, &entries, &key, 0, by_rank, tasks);
	entries_close(&entries);
	if (!by_rank)
		put_group(b, (Datum) 0, tasks[0]);
	else
		for (int rank = 1; rank <= N_PRIORITIES; rank++)
			if (has_tasks(b, tasks[rank - 1]))
				put_group(b, CStringGetTextDatum(priority_names[N_PRIORITIES - rank]), tasks[rank - 1]);
	return true;
}

/* The next id in an index whose first column is one; 0 if there is none.  "id" is the last one, 0 before the first. */
static Datum
next_id(Entries *entries, Datum id)
{
	ScanKeyData key;
	bool		isnull;

	if (id == (Datum) 0)
		ScanKeyEntryInitialize(&key, SK_ISNULL | SK_SEARCHNOTNULL, 1, InvalidStrategy, InvalidOid, InvalidOid, InvalidOid, (Datum) 0);
	else
		ScanKeyEntryInitialize(&key, 0, 1, BTGreaterStrategyNumber, InvalidOid, entries->index->rd_indcollation[0], F_TEXT_GT, id);
	entries_seek(entries, &key, 1);
	if (!entries_next(entries))
		return (Datum) 0;
	return PointerGetDatum(DatumGetTextPCopy(index_getattr(entries->entry, 1, RelationGetDescr(entries->index), &isnull)));
}

/*
 * Puts the group of each id in an index, and adds its numbers to "all"; false
 * if the index is not there.
 */
static bool
from_ids(const Backlog *b, Relation rel, TaskIndex which, int64 (*all)[MAX_BUCKETS])
{
	Entries		entries;
	ScanKeyData keys[2];
	Datum		id = (Datum) 0;

	if (!entries_open(&entries, rel, which))
		return false;
	while ((id = next_id(&entries, id)) != (Datum) 0)
	{
		int64		tasks[1][MAX_BUCKETS] = {{0}};

		ScanKeyEntryInitialize(&keys[0], 0, 1, BTEqualStrategyNumber, InvalidOid, entries.index->rd_indcollation[0], F_TEXTEQ, id);
		count_entries(b, &entries, keys, 1, false, tasks);
		if (has_tasks(b, tasks[0]))
			put_group(b, id, tasks[0]);
		for (int i = 0; i < b->nbounds + 2; i++)
			all[0][i] += tasks[0][i];
	}
	entries_close(&entries);
	return true;
}

static bool
from_assignees(const Backlog *b, Relation rel)
{
	Entries		entries;
	ScanKeyData keys[2];
	int64		ignored[1][MAX_BUCKETS] = {{0}};
	int64		nobodys[1][MAX_BUCKETS] = {{0}};

	if (!from_ids(b, rel, BY_ASSIGNEE, ignored))
		return false;
	if (entries_open(&entries, rel, BY_ASSIGNEE))
	{
		ScanKeyEntryInitialize(&keys[0], SK_ISNULL | SK_SEARCHNULL, 1, InvalidStrategy, InvalidOid, InvalidOid, InvalidOid, (Datum) 0);
		count_entries(b, &entries, keys, 1, false, nobodys);
		entries_close(&entries);
	}
	if (has_tasks(b, nobodys[0]))
		put_group(b, (Datum) 0, nobodys[0]);
	return true;
}

/* Tasks of no team are all others. */
static bool
from_teams(const Backlog *b, Relation rel)
{
	Entries		entries;
	ScanKeyData key;
	int64		teams[1][MAX_BUCKETS] = {{0}};
	int64		others[1][MAX_BUCKETS] = {{0}};

	if (!entries_open(&entries, rel, BY_QUEUE))
		return false;
	count_entries(b, &entries, &key, 0, false, others);
	entries_close(&entries);
	if (!from_ids(b, rel, BY_TEAM, teams))
		return false;
	for (int i = 0; i < b->nbounds + 2; i++)
		others[0][i] -= teams[0][i];
	if (has_tasks(b, others[0]))
		put_group(b, (Datum) 0, others[0]);
	return true;
}

/* False if there is no index for the groups, or the caller cannot read all tasks. */
static bool
from_index(const Backlog *b, Grouping grouping)
{
	Relation	rel;
	bool		found = false;

	if (!sees_all_tasks())
		return false;
	rel = table_open(taskq_catalog()->task, AccessShareLock);
	if (grouping == BY_NONE || grouping == BY_PRIORITY)
		found = from_queue(b, rel, grouping == BY_PRIORITY);
	else if (grouping == BY_STAFF)
		found = from_assignees(b, rel);
	else if (grouping == BY_TEAMS)
		found = from_teams(b, rel);
	table_close(rel, NoLock);
	return found;
}

/* --------------------------------------------------------- by a statement */

static bool
same_key(Datum a, Datum b)
{
	if (a == (Datum) 0 || b == (Datum) 0)
		return a == b;
	return DatumGetBool(DirectFunctionCall2Coll(texteq, DEFAULT_COLLATION_OID, a, b));
}

static void
by_statement(const Backlog *b, Grouping grouping, Datum bounds)
{
	Oid			types[] = {DATEOID, INT4ARRAYOID};
	Datum		args[] = {DateADTGetDatum(b->day), bounds};
	int64		tasks[MAX_BUCKETS] = {0};
	Datum		key = (Datum) 0;
	bool		any = grouping == BY_NONE;

	spi_read(&groupings[grouping].plan, lengthof(types), types, args);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		bool		no_key;
		bool		undated;
		bool		isnull;
		Datum		row_key = SPI_getbinval(row, desc, 1, &no_key);
		int			bucket = DatumGetInt32(SPI_getbinval(row, desc, 2, &undated));

		if (no_key)
			row_key = (Datum) 0;
		if (any && !same_key(key, row_key))
		{
			put_group(b, key, tasks);
			memset(tasks, 0, sizeof(tasks));
		}
		any = true;
		key = row_key;
		tasks[undated ? b->nbounds + 1 : bucket] = DatumGetInt64(SPI_getbinval(row, desc, 3, &isnull));
	}
	if (any)
		put_group(b, key, tasks);
}

/* -------------------------------------------------------------- function */

static Grouping
grouping_argument(FunctionCallInfo fcinfo)
{
	char	   *name = PG_ARGISNULL(0) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(0));

	for (int i = 0; i < N_GROUPINGS; i++)
		if (strcmp(name, groupings[i].name) == 0)
			return (Grouping) i;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("group_by must be none, assignee, team, kind, priority or customer")));
}

static void
bounds_argument(FunctionCallInfo fcinfo, Backlog *b)
{
	ArrayType  *array = PG_ARGISNULL(1) ? NULL : PG_GETARG_ARRAYTYPE_P(1);
	const int32 *elements;

	if (array == NULL || ARR_NDIM(array) > 1 || array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("bounds must be an array of one dimension without nulls")));
	b->nbounds = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	if (b->nbounds > MAX_BOUNDS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("bounds must be at most %d", MAX_BOUNDS)));
	elements = (const int32 *) ARR_DATA_PTR(array);
	for (int i = 0; i < b->nbounds; i++)
	{
		if (elements[i] < -BOUND_MAX || elements[i] > BOUND_MAX)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("bounds must be -%d to %d days", BOUND_MAX, BOUND_MAX)));
		if (i > 0 && elements[i] <= elements[i - 1])
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("bounds must ascend"),
					 errdetail("%d comes after %d.", elements[i], elements[i - 1])));
		b->bounds[i] = elements[i];
	}
}

PG_FUNCTION_INFO_V1(taskq_backlog);
Datum
taskq_backlog(PG_FUNCTION_ARGS)
{
	Grouping	grouping = grouping_argument(fcinfo);
	Backlog		b;

	bounds_argument(fcinfo, &b);
	InitMaterializedSRF(fcinfo, 0);
	b.rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	b.day = today();
	spi_connect();
	if (!from_index(&b, grouping))
		by_statement(&b, grouping, PG_GETARG_DATUM(1));
	SPI_finish();
	return (Datum) 0;
}
