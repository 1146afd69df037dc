/*-------------------------------------------------------------------------
 *
 * cursor.h
 *		The position at which a page of the queue ended.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_CURSOR_H
#define TASKQ_CURSOR_H

#include "fmgr.h"
#include "utils/date.h"

typedef enum QueueSort
{
	SORT_DUE,
	SORT_PRIORITY,
	SORT_CREATED,
	SORT_SLA,
	SORT_CLOSED
} QueueSort;

/* Where the last page ended: the sort's keys, as far as it has them. */
typedef struct Position
{
	bool		given;
	DateADT		due_date;
	int			rank;
	int64		at;				/* timestamptz */
	int64		id;
} Position;

extern QueueSort sort_argument(FunctionCallInfo fcinfo, int argno, QueueSort if_null);
extern Position cursor_argument(FunctionCallInfo fcinfo, int argno, QueueSort sort);
extern char *cursor_of(QueueSort sort, const Datum *values, const bool *nulls);

#endif							/* TASKQ_CURSOR_H */
