/*-------------------------------------------------------------------------
 *
 * filter.h
 *		The filters of a page, and the branches that they make.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_FILTER_H
#define TASKQ_FILTER_H

#include "fmgr.h"
#include "utils/date.h"
#include "utils/datetime.h"

#include "base/enums.h"
#include "queue/search.h"

/* Both functions take these first, in this order, ... */
enum
{
	ARG_STATUS,
	ARG_PRIORITY,
	ARG_ASSIGNEE_ID,
	ARG_USER_ID,
	ARG_UNASSIGNED,
	ARG_SOURCE,
	ARG_DUE_FROM,
	ARG_DUE_TO,
	ARG_SLA_STATUS,
	ARG_SEARCH,
	N_FIRST_ARGS
};

/* ... then each takes its own, ... */
enum
{
	ARG_SORT = N_FIRST_ARGS,
	ARG_PAGE_SIZE,
	ARG_AFTER,
	N_PAGE_ARGS
};
enum
{
	ARG_CAP = N_FIRST_ARGS,
	N_COUNT_ARGS
};

/* ... and then both take these filters, which came later.  Counted from there. */
enum
{
	LATER_ASSIGNEE_IS_ACTIVE,
	LATER_PAUSED,
	LATER_KIND,
	LATER_TEAM_ID,
	LATER_LABELS,
	LATER_ATTRIBUTES
};

typedef enum BoolFilter
{
	BOOL_ANY,					/* not given */
	BOOL_TRUE,
	BOOL_FALSE
} BoolFilter;

typedef struct Filters
{
	bool		status[N_STATUSES];
	bool		priority[N_PRIORITIES];
	bool		sla_status[N_SLA_STATUSES];
	bool		any_priority;
	bool		any_sla_status;
	bool		unassigned;
	Datum		assignee_id;	/* 0 = not given, as below */
	Datum		user_id;
	Datum		source;
	Search	   *search;			/* NULL = not given */
	DateADT		due_from;		/* -infinity = not given */
	DateADT		due_to;			/* +infinity = not given */
	BoolFilter	assignee_is_active;
	BoolFilter	paused;
	Datum		kind;
	Datum		team_id;
	Datum		labels;			/* text[], not empty */
	Datum		attributes;		/* jsonb, an object that is not empty */
} Filters;

#define MAX_BRANCHES 6			/* a stage each */
#define LAST_DATE (date2j(9999, 12, 31) - POSTGRES_EPOCH_JDATE)

/* A range of due dates in one stage, of one priority or of all. */
typedef struct Branch
{
	int			stage;
	DateADT		due_from;
	DateADT		due_to;
	int			rank;			/* 0 = any of the filters' */
} Branch;

/* Whether a page is of tasks of one team, of one assignee, of each inactive one in turn, or of nobody. */
#define OF_ASSIGNEE(f) \
	((f)->team_id != (Datum) 0 || (f)->assignee_id != (Datum) 0 || (f)->unassigned || (f)->assignee_is_active == BOOL_FALSE)

/* Whether it is of nobody's tasks, of whatever team: those of nobody in a team are few among the team's. */
#define OF_NOBODY(f) ((f)->unassigned && (f)->team_id == (Datum) 0)

/* Whether a page is of few tasks, which are read together and sorted: those of a customer, or paused ones. */
#define OF_FEW(f) ((f)->user_id != (Datum) 0 || (f)->paused == BOOL_TRUE)

extern Filters filter_arguments(FunctionCallInfo fcinfo, int later);
extern int status_stages(const Filters *f, Branch *branches);
extern int status_phases(const Filters *f, Branch *branches);
extern int split_by_rank(const Filters *f, const Branch *branch, Branch *split);
#define BRANCH_IS_ACTIVE(b) ((b)->stage != STAGE_COMPLETED && (b)->stage != STAGE_CANCELLED)

#endif							/* TASKQ_FILTER_H */
