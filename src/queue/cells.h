/*-------------------------------------------------------------------------
 *
 * cells.h
 *		Counts by kind and bucket that are to be added to the counters.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_CELLS_H
#define TASKQ_CELLS_H

#include "utils/hsearch.h"

#include "queue/counter.h"

/* What is to be added to the counters. */
typedef struct Cells
{
	HTAB	   *table;
	int32		merged_day;		/* the first bucket that is not merged */
} Cells;

extern void cells_init(Cells *cells, int32 merged_day);
extern void cells_add(void *target, CounterKind kind, int32 bucket, int64 n);
extern void cells_take_merged(Cells *cells);
extern void cells_write(const Cells *cells);

#endif							/* TASKQ_CELLS_H */
