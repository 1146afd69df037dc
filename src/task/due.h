/*-------------------------------------------------------------------------
 *
 * due.h
 *		The kinds of rows that fall due by time alone.
 *
 * Each kind is declared in the file that it belongs to.  taskq.c passes them to
 * the sweep, which picks, locks and writes rows of each; its numbers, its
 * backlog and the next instant at which something is due follow from them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_DUE_H
#define TASKQ_DUE_H

#include "datatype/timestamp.h"

#include "base/plan.h"

/* How picked rows are found again; statements for tasks come in this order. */
#define BY_ID 0
#define BY_CTID 1

/*
 * Rows are due by an instant, $1 of pick and still.  An entry that is only counted
 * or only upkeep has neither pick nor take().
 */
typedef struct DueKind
{
	const char *name;			/* of its number: a column of taskq_sweep_log; NULL = it has none */
	bool		is_newer;		/* a database of an older version has no such column */
	uint64		(*made) (void); /* how many there have been in this session; NULL = rows written */
	const char *row;			/* what one is, for messages */
	Oid			instant_type;
	bool		(*instant) (Datum *instant);	/* false = nothing is due, it is switched off */
	TaskqPlan  *pick;			/* rows that are due but for ids $2, BY_ID and, if they are tasks, BY_CTID */
	TaskqPlan  *still;			/* which of ids $2 are */
	const char *untouched;		/* why a row may be due after it was written; NULL = because of a trigger */
	TaskqPlan  *write;			/* BY_ID and BY_CTID; NULL = write_ids() */
	void		(*write_ids) (Datum ids);
	Datum		(*take) (void); /* instead of picking: ids that are to be written */
	void		(*give_back) (Datum ids);	/* those that could not be */
	TaskqPlan  *backlog;		/* how many are due; $1 = today, $2 = now */
	TimestampTz (*next) (void); /* when the next one falls due; DT_NOEND = none */
	int64		(*first) (int64 state); /* in transactions before all batches, from 0 until it returns 0; on a subscriber, once */
	void		(*by_hand) (void);	/* before each batch of a sweep by hand, which may be one batch only */
	void		(*upkeep) (void);	/* at the end of each batch */
} DueKind;

extern bool due_by_today(Datum *instant);

extern const DueKind due_overdue;
extern const DueKind due_recovered;
extern const DueKind due_moved;
extern const DueKind due_resumed;
extern const DueKind due_breached;
extern const DueKind due_response_breached;
extern const DueKind due_at_risk;
extern const DueKind due_warnings;

#endif							/* TASKQ_DUE_H */
