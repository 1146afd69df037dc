/*-------------------------------------------------------------------------
 *
 * page.c
 *		A page of the queue of all slots, merged from a page of each.
 *
 * A cursor is a position, so that the same one goes to every slot; and it holds
 * the keys that a page is ordered by.
 *
 * Tasks lie at random slots: of a page each slot has about its share.  So it is
 * first asked for somewhat more than that, and for all only if all that it gave
 * went into the page, for then its next ones might belong there as well.
 *
 *-------------------------------------------------------------------------
 */
#include "taskq_router.h"

#include <math.h>

#include "access/htup_details.h"
#include "executor/tuptable.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

#define N_KEYS 3

/* The most rows of a page, as taskq has it. */
#define PAGE_SIZE_MAX 1000

typedef struct Row
{
	HeapTuple	tuple;
	int			slot;
	int64		keys[N_KEYS];
} Row;

typedef struct Merge
{
	Row		   *rows;
	int			nrows;
	int			allocated;
} Merge;

/* The keys of a cursor, each ascending; of "created" the id is the only one. */
static void
read_cursor(char *cursor, int64 keys[N_KEYS])
{
	bool		descends = cursor[0] == 'c';	/* created, closed */
	bool		by_id = strncmp(cursor, "created/", 8) == 0;
	char	   *rest = NULL;
	int			n = 0;

	(void) strtok_r(cursor, "/", &rest);
	for (char *field = strtok_r(NULL, "/", &rest); field != NULL && n < N_KEYS; field = strtok_r(NULL, "/", &rest))
	{
		int64		key;

		if (by_id && rest != NULL && *rest != '\0')
			continue;
		if (strcmp(field, "infinity") == 0)
			key = PG_INT64_MAX;
		else if (strcmp(field, "-infinity") == 0)
			key = PG_INT64_MIN;
		else if (strchr(field + 1, '-') != NULL)
			key = DatumGetDateADT(DirectFunctionCall1(date_in, CStringGetDatum(field)));
		else
			key = strtoll(field, NULL, 10);
		keys[n++] = descends ? ~key : key;
	}
	while (n < N_KEYS)
		keys[n++] = 0;
}

static int
compare_rows(const void *a, const void *b)
{
	const Row  *x = a;
	const Row  *y = b;

	for (int i = 0; i < N_KEYS; i++)
		if (x->keys[i] != y->keys[i])
			return x->keys[i] < y->keys[i] ? -1 : 1;
	return 0;
}

/* Has slots called with a page size, and adds what they return to a page. */
static void
ask_slots(FunctionCallInfo fcinfo, Datum *slots, int nslots, int size, Merge *page)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	NullableDatum *argument = &fcinfo->args[page_size_argument(fcinfo)];
	NullableDatum given = *argument;
	int			id = 0;
	int			cursor = 0;
	int			n = number_of_slots();
	TupleTableSlot *row = MakeSingleTupleTableSlot(rsinfo->setDesc, &TTSOpsMinimalTuple);

	for (int i = 0; i < rsinfo->setDesc->natts; i++)
	{
		if (strcmp(NameStr(TupleDescAttr(rsinfo->setDesc, i)->attname), "id") == 0)
			id = i + 1;
		else if (strcmp(NameStr(TupleDescAttr(rsinfo->setDesc, i)->attname), "cursor") == 0)
			cursor = i + 1;
	}
	argument->value = Int32GetDatum(size);
	call_slots(fcinfo, slots, nslots);
	*argument = given;
	while (tuplestore_gettupleslot(rsinfo->setResult, true, false, row))
	{
		Row		   *next;
		bool		isnull;

		if (page->nrows == page->allocated)
		{
			page->allocated = Max(2 * page->allocated, 128);
			page->rows = page->rows == NULL ? palloc(sizeof(Row) * page->allocated) :
				repalloc(page->rows, sizeof(Row) * page->allocated);
		}
		next = &page->rows[page->nrows++];
		next->tuple = ExecCopySlotHeapTuple(row);
		next->slot = (int) (DatumGetInt64(slot_getattr(row, id, &isnull)) & (n - 1));
		read_cursor(TextDatumGetCString(slot_getattr(row, cursor, &isnull)), next->keys);
	}
	ExecDropSingleTupleTableSlot(row);
	tuplestore_clear(rsinfo->setResult);
}

/*
 * Takes out the rows of slots that have given a full page of "size", all of
 * which is within the first "wanted"; stores the slots and returns how many.
 */
static int
take_out_unfinished(Merge *page, int size, int wanted, Datum *slots)
{
	int			n = number_of_slots();
	int		   *used = palloc0(sizeof(int) * n);
	bool	   *unfinished = palloc0(sizeof(bool) * n);
	int			nslots = 0;
	int			kept = 0;

	for (int i = 0; i < Min(page->nrows, wanted); i++)
		used[page->rows[i].slot]++;
	for (int i = 0; i < n; i++)
	{
		unfinished[i] = used[i] >= size;
		if (unfinished[i])
			slots[nslots++] = Int32GetDatum(i);
	}
	for (int i = 0; i < page->nrows; i++)
		if (!unfinished[page->rows[i].slot])
			page->rows[kept++] = page->rows[i];
	page->nrows = kept;
	return nslots;
}

static void
sort_rows(Merge *page)
{
	if (page->nrows > 1)
		qsort(page->rows, page->nrows, sizeof(Row), compare_rows);
}

/* How many rows to ask each of n slots for at first: two standard deviations more than its share. */
static int
first_size(int wanted, int n)
{
	int			share = wanted / n;

	/* One that is refused is for the slots to refuse. */
	if (wanted < 1 || wanted > PAGE_SIZE_MAX)
		return wanted;
	return Min(wanted, share + 2 * (int) ceil(sqrt(share)) + 2);
}

PG_FUNCTION_INFO_V1(taskq_router_page);
Datum
taskq_router_page(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	int			argument = page_size_argument(fcinfo);
	int			wanted = PG_ARGISNULL(argument) ? 0 : PG_GETARG_INT32(argument);
	int			n;
	Datum	   *slots = all_slots(&n);
	int			size = first_size(wanted, n);
	Merge		page = {0};

	InitMaterializedSRF(fcinfo, 0);
	ask_slots(fcinfo, slots, n, size, &page);
	sort_rows(&page);
	if (size < wanted)
	{
		n = take_out_unfinished(&page, size, wanted, slots);
		if (n > 0)
		{
			ask_slots(fcinfo, slots, n, wanted, &page);
			sort_rows(&page);
		}
	}
	for (int i = 0; i < Min(page.nrows, wanted); i++)
		tuplestore_puttuple(rsinfo->setResult, page.rows[i].tuple);
	return (Datum) 0;
}
