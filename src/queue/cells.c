/*-------------------------------------------------------------------------
 *
 * cells.c
 *		Counts by kind and bucket that are to be added to the counters.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/hsearch.h"
#include "utils/timestamp.h"

#include "base/plan.h"
#include "queue/cells.h"
#include "queue/counter.h"

static TaskqPlan add_counts = {
	"INSERT INTO @.taskq_counter AS c (kind, bucket, n) "
	"SELECT u.kind, u.bucket, u.n FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), "
	"pg_catalog.unnest($3)) AS u(kind, bucket, n) ORDER BY u.kind, u.bucket "
	"ON CONFLICT (kind, bucket) DO UPDATE SET n = c.n OPERATOR(pg_catalog.+) excluded.n"
};

/* Parameters: a kind, the first of its buckets that is not merged. */
static TaskqPlan take_counts = {
	"DELETE FROM @.taskq_counter WHERE kind " EQ " $1 AND bucket " GT " (-2147483648)::pg_catalog.int4 AND bucket " LT " $2 RETURNING n"
};

typedef struct Cell
{
	int32		kind;			/* the hash key ... */
	int32		bucket;			/* ... of both */
	int64		n;
} Cell;

void
cells_init(Cells *cells, int32 merged_day)
{
	HASHCTL		ctl = {0};

	ctl.keysize = 2 * sizeof(int32);
	ctl.entrysize = sizeof(Cell);
	ctl.hcxt = CurrentMemoryContext;
	cells->table = hash_create("taskq counts", 256, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	cells->merged_day = merged_day;
}

/* The first bucket of a kind that is not merged. */
static int32
kept_from(const Cells *cells, CounterKind kind)
{
	switch (kind)
	{
		case COUNT_UNSTARTED:
		case COUNT_STARTED:
		case COUNT_UNASSIGNED:
			break;
		case COUNT_UNSTARTED_DUE:
		case COUNT_STARTED_DUE:
			return cells->merged_day;
		case COUNT_COMPLETED:
			return (int32) (cells->merged_day * (USECS_PER_DAY / USECS_PER_QUARTER));
	}
	return COUNTER_MERGED;
}

void
cells_add(void *target, CounterKind kind, int32 bucket, int64 n)
{
	Cells	   *cells = target;
	int32		key[2] = {(int32) kind, bucket};
	bool		found;
	Cell	   *cell;

	if (bucket < kept_from(cells, kind))
	{
		if (kind == COUNT_COMPLETED)
			return;				/* not in the statistics any more */
		key[1] = COUNTER_MERGED;
	}
	cell = hash_search(cells->table, key, HASH_ENTER, &found);
	cell->n = found ? cell->n + n : n;
}

/* Moves the counts of buckets that are to be merged from taskq_counter to the cells. */
void
cells_take_merged(Cells *cells)
{
	Oid			types[] = {INT2OID, INT4OID};

	for (CounterKind kind = COUNT_UNSTARTED_DUE; kind <= COUNT_COMPLETED; kind++)
	{
		Datum		values[] = {Int16GetDatum((int16) kind), Int32GetDatum(kept_from(cells, kind))};
		bool		isnull;

		spi_run_by_index(&take_counts, 2, types, values, NULL, 0);
		for (uint64 i = 0; i < SPI_processed; i++)
			cells_add(cells, kind, COUNTER_MERGED,
						 DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull)));
	}
}

/* Adds cells to taskq_counter. */
void
cells_write(const Cells *cells)
{
	int			size = (int) hash_get_num_entries(cells->table);
	Oid			types[] = {INT2ARRAYOID, INT4ARRAYOID, INT8ARRAYOID};
	Datum	   *kinds = palloc(Max(size, 1) * sizeof(Datum));
	Datum	   *buckets = palloc(Max(size, 1) * sizeof(Datum));
	Datum	   *counts = palloc(Max(size, 1) * sizeof(Datum));
	Datum		values[3];
	HASH_SEQ_STATUS seq;
	Cell	   *cell;
	int			n = 0;

	hash_seq_init(&seq, cells->table);
	while ((cell = hash_seq_search(&seq)) != NULL)
	{
		if (cell->n == 0)
			continue;
		kinds[n] = Int16GetDatum((int16) cell->kind);
		buckets[n] = Int32GetDatum(cell->bucket);
		counts[n++] = Int64GetDatum(cell->n);
	}
	if (n == 0)
		return;
	values[0] = PointerGetDatum(construct_array(kinds, n, INT2OID, sizeof(int16), true, TYPALIGN_SHORT));
	values[1] = PointerGetDatum(construct_array(buckets, n, INT4OID, sizeof(int32), true, TYPALIGN_INT));
	values[2] = PointerGetDatum(construct_array(counts, n, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	spi_run(&add_counts, 3, types, values, NULL, 0);
}
