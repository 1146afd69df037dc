/*-------------------------------------------------------------------------
 *
 * parts.h
 *		The SELECTs that a page of the queue merges, and those that are counted.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_PARTS_H
#define TASKQ_PARTS_H

#include "lib/stringinfo.h"

#include "queue/cursor.h"
#include "queue/filter.h"

#define MAX_PARAMS (32 + 5 * SEARCH_MAX_WORDS)

/* A statement as it is being written, and its parameters. */
typedef struct Statement
{
	StringInfoData sql;
	int			nparams;
	Oid			types[MAX_PARAMS];
	Datum		values[MAX_PARAMS];
} Statement;

/* A page being written. */
typedef struct QueuePage
{
	const Filters *filters;
	QueueSort	sort;
	const Position *pos;
	int			limit;
	bool		by_ctid;		/* select where the rows are, not only the ids */
	bool		with_texts;		/* select what a search looks at, too */
	bool		without_last;	/* see page_has_last() */
	int			nparts;			/* SELECTs so far, which are merged */
	bool		ordered;		/* each comes from an index in its order */
} QueuePage;

extern void statement_begin(Statement *st);
extern void add_param(Statement *st, const char *before, Oid type, Datum value, const char *behind);
extern bool append_ids(Statement *st, QueuePage *page);
extern bool page_has_last(const Filters *f, QueueSort sort, const Position *pos);
extern bool search_begins_with_window(const Filters *f);
extern void append_search(Statement *st, const Search *search, bool in_window);
extern bool append_counted(Statement *st, const Filters *f);

#endif							/* TASKQ_PARTS_H */
