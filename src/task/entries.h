/*-------------------------------------------------------------------------
 *
 * entries.h
 *		Entries of an index of taskq_task, read as an index-only scan does.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_ENTRIES_H
#define TASKQ_ENTRIES_H

#include "access/genam.h"
#include "access/relscan.h"
#include "access/stratnum.h"
#include "executor/tuptable.h"
#include "utils/relcache.h"

typedef enum TaskIndex
{
	BY_ASSIGNEE,				/* taskq_task_assignee_idx, and so on */
	BY_SLA_PENDING,
	BY_SLA_SETTLED,
	BY_CLOSED,
	BY_TEAM,
	BY_TIMER,
	BY_QUEUE
} TaskIndex;

#define N_TASK_INDEXES (BY_QUEUE + 1)

/* Pages of the visibility map that are kept pinned: each is about 256 MB of the table. */
#define N_VMBUFFERS 16

/* An index that is being read. */
typedef struct Entries
{
	Relation	rel;
	Relation	index;
	Snapshot	snapshot;
	IndexScanDesc scan;			/* NULL before the first entries_seek() */
	IndexTuple	entry;			/* the present one */
	TupleTableSlot *slot;		/* NULL while no row was read */
	bool		in_slot;		/* its row is in it */
	Buffer		vmbuffers[N_VMBUFFERS];
} Entries;

/* The numbers of what taskq_stage() says of an active task. */
#define N_ACTIVE_STAGES 4
extern const int16 active_stages[N_ACTIVE_STAGES];

extern bool entries_open(Entries *entries, Relation rel, TaskIndex which);
extern void entries_seek(Entries *entries, ScanKey keys, int nkeys);
extern bool entries_next(Entries *entries);
extern TupleTableSlot *entries_row(Entries *entries);
extern int64 entries_count(Entries *entries, ScanKey keys, int nkeys);
extern void entries_close(Entries *entries);

#endif							/* TASKQ_ENTRIES_H */
