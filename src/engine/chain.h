/*-------------------------------------------------------------------------
 *
 * chain.h
 *		What rules have made in the transaction, and what led to it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_CHAIN_H
#define TASKQ_CHAIN_H

#include "access/xact.h"

#include "task/due.h"
#include "engine/rule.h"

/* Numbers of tasks and runs that had been made at some point. */
typedef struct WorkflowMark
{
	int			tasks;
	int			runs;
} WorkflowMark;

extern void workflow_begin_task(void);
extern void workflow_end_task(int64 id, bool created);
extern void workflow_made_run(int64 id);
extern void engine_made_task(void);

/* A number of a sweep, and no rows that are due. */
extern const DueKind due_tasks_created;

extern WorkflowMark workflow_mark(void);
extern const int64 *workflow_tasks_since(WorkflowMark mark, int *n);
extern const int64 *workflow_runs_since(WorkflowMark mark, int *n);

/* A rule that an event is offered to, and the one whose action led to the event. */
typedef struct ChainLink
{
	const struct ChainLink *outer;	/* NULL = the event is from outside */
	const Rule *rule;
	int			depth;			/* 1 for an event from outside */
} ChainLink;

/* Why a rule that matches is not executed. */
typedef enum ChainLimit
{
	CHAIN_HAS_RULE,
	CHAIN_TOO_DEEP,
	CHAIN_TOO_MANY_TASKS,
	CHAIN_GOES_ON				/* it is */
} ChainLimit;

#define N_CHAIN_LIMITS CHAIN_GOES_ON

extern const ChainLink *chain_begin(void);
extern ChainLink chain_link(const Rule *rule);
extern void chain_set(const ChainLink *link);
extern ChainLimit chain_limit(const ChainLink *link);
extern char *chain_refusal(const ChainLink *link, ChainLimit limit, bool *first);
extern void chain_xact(XactEvent event);
extern void chain_subxact(SubXactEvent event, SubTransactionId subxact);

#endif							/* TASKQ_CHAIN_H */
