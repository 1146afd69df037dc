/*-------------------------------------------------------------------------
 *
 * search.h
 *		Search for words in titles, descriptions, customers' names and ids.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_SEARCH_H
#define TASKQ_SEARCH_H

#include "fmgr.h"

#define SEARCH_MAX_WORDS 16

/* Which customers have a word in their names. */
typedef enum SearchCustomers
{
	CUSTOMERS_UNKNOWN,			/* looked for with each task */
	CUSTOMERS_NONE,
	CUSTOMERS_LISTED
} SearchCustomers;

typedef struct SearchWord
{
	Datum		user_ids;		/* text[]: as the id of a customer, as it is written, in lower and in upper case */
	Datum		folded;			/* as taskq_fold() has it */
	Datum		pattern;		/* of LIKE, for that */
	Datum		id;				/* as the id of a task; 0 = it is none */
	SearchCustomers customers;
	Datum		customer_ids;	/* text[], if listed */
} SearchWord;

typedef struct Search
{
	int			nwords;
	SearchWord	words[SEARCH_MAX_WORDS];
	Datum		older_pattern;	/* of LIKE for the title, in a database of an older version, else 0 */
} Search;

extern Search *search_argument(Datum value);
extern void search_find_customers(Search *search);

#endif							/* TASKQ_SEARCH_H */
