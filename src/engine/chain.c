/*-------------------------------------------------------------------------
 *
 * chain.c
 *		What rules have made in the transaction, and what led to it.
 *
 * The rules whose actions led to an event are its chain; an event from outside
 * has none.  A rule is executed once in a chain, a chain is followed to
 * MAX_DEPTH, and an event from outside leads to at most MAX_TASKS tasks.  What
 * one of these limits prevents is recorded once for the event from outside, so
 * that the number of runs is bounded too.
 *
 * The links of a chain are on the call stack of the functions that execute the
 * rules.  What was made and what was recorded are stacks of ids with the
 * subtransaction of each, from which an abort removes what it rolls back.
 * That still counts against MAX_TASKS: it was work, which would be unbounded
 * where each action leads to several others.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/memutils.h"

#include "task/due.h"
#include "engine/chain.h"
#include "engine/rule.h"

#define MAX_DEPTH 8
#define MAX_TASKS 100

/* Ids of what was made in the transaction, in the order of making. */
typedef struct IdStack
{
	int64	   *ids;
	SubTransactionId *subxacts; /* in which each was made */
	int			n;
	int			allocated;
} IdStack;

static IdStack tasks_made;
static IdStack runs_made;
static IdStack refused[N_CHAIN_LIMITS]; /* rules for which it is recorded */

/* How many there were when the event from outside came in, and tasks begun since. */
static int	refused_before[N_CHAIN_LIMITS];
static int	tasks_begun;

static const ChainLink *innermost = NULL;

/* Tasks that engines have made in this session; what is rolled back may be among them. */
static uint64 made_in_session = 0;

static void
push(IdStack *stack, int64 id)
{
	if (stack->n == stack->allocated)
	{
		stack->allocated = Max(stack->allocated * 2, 64);
		stack->ids = stack->ids == NULL ?
			MemoryContextAlloc(TopMemoryContext, stack->allocated * sizeof(int64)) :
			repalloc(stack->ids, stack->allocated * sizeof(int64));
		stack->subxacts = stack->subxacts == NULL ?
			MemoryContextAlloc(TopMemoryContext, stack->allocated * sizeof(SubTransactionId)) :
			repalloc(stack->subxacts, stack->allocated * sizeof(SubTransactionId));
	}
	stack->subxacts[stack->n] = GetCurrentSubTransactionId();
	stack->ids[stack->n++] = id;
}

static void
pop_aborted(IdStack *stack, SubTransactionId aborted)
{
	while (stack->n > 0 && stack->subxacts[stack->n - 1] >= aborted)
		stack->n--;
}

/* ---------------------------------------------------------- what was made */

/* Counts a task that a rule begins to make. */
void
workflow_begin_task(void)
{
	tasks_begun++;
}

/* Ends workflow_begin_task(); not created if its dedupe_key was taken. */
void
workflow_end_task(int64 id, bool created)
{
	if (created)
	{
		push(&tasks_made, id);
		made_in_session++;
	}
	else
		tasks_begun--;
}

/* Counts a task that an engine other than the rules has made. */
void
engine_made_task(void)
{
	made_in_session++;
}

static uint64
tasks_made_in_session(void)
{
	return made_in_session;
}

const DueKind due_tasks_created = {.name = "tasks_created", .made = tasks_made_in_session};

void
workflow_made_run(int64 id)
{
	push(&runs_made, id);
}

/* How many tasks and runs there have been in this transaction so far. */
WorkflowMark
workflow_mark(void)
{
	return (WorkflowMark) {tasks_made.n, runs_made.n};
}

/* The ids of those that came after a mark. */
const int64 *
workflow_tasks_since(WorkflowMark mark, int *n)
{
	*n = tasks_made.n - mark.tasks;
	return tasks_made.ids + mark.tasks;
}

const int64 *
workflow_runs_since(WorkflowMark mark, int *n)
{
	*n = runs_made.n - mark.runs;
	return runs_made.ids + mark.runs;
}

/* -------------------------------------------------------------- the chain */

/*
 * Must be called before an event is offered.  Returns the present chain, which
 * must be restored with chain_set() afterwards, on error too.
 */
const ChainLink *
chain_begin(void)
{
	if (innermost == NULL)
	{
		tasks_begun = 0;
		for (int i = 0; i < N_CHAIN_LIMITS; i++)
			refused_before[i] = refused[i].n;
	}
	return innermost;
}

/* The link for a rule that an event is offered to. */
ChainLink
chain_link(const Rule *rule)
{
	return (ChainLink) {innermost, rule, innermost == NULL ? 1 : innermost->depth + 1};
}

/* Sets the chain that leads to the events from here on. */
void
chain_set(const ChainLink *link)
{
	innermost = link;
}

/* Which limit keeps a link's rule from being executed, if any does. */
ChainLimit
chain_limit(const ChainLink *link)
{
	for (const ChainLink *outer = link->outer; outer != NULL; outer = outer->outer)
		if (outer->rule->id == link->rule->id)
			return CHAIN_HAS_RULE;
	if (link->depth > MAX_DEPTH)
		return CHAIN_TOO_DEEP;
	if (link->rule->action == RULE_CREATE_TASK && tasks_begun >= MAX_TASKS)
		return CHAIN_TOO_MANY_TASKS;
	return CHAIN_GOES_ON;
}

/*
 * What a limit means, for a message.  *first is whether it is the first time
 * since the event from outside: for all rules if it is the limit of tasks, for
 * the link's rule if it is another.
 */
char *
chain_refusal(const ChainLink *link, ChainLimit limit, bool *first)
{
	IdStack    *stack = &refused[limit];

	*first = true;
	for (int i = refused_before[limit]; i < stack->n; i++)
		if (limit == CHAIN_TOO_MANY_TASKS || stack->ids[i] == link->rule->id)
			*first = false;
	if (*first)
		push(stack, link->rule->id);
	switch (limit)
	{
		case CHAIN_HAS_RULE:
			return pstrdup("the rule is part of the chain that led to this event");
		case CHAIN_TOO_DEEP:
			return psprintf("the chain of rules that led to this event is longer than %d", MAX_DEPTH);
		default:
			return psprintf("one event has led to %d tasks, which is the maximum", MAX_TASKS);
	}
}

/* ---------------------------------------------------------- transactions */

void
chain_xact(XactEvent event)
{
	if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT && event != XACT_EVENT_PREPARE)
		return;
	tasks_made.n = runs_made.n = 0;
	for (int i = 0; i < N_CHAIN_LIMITS; i++)
		refused[i].n = 0;
	innermost = NULL;
}

void
chain_subxact(SubXactEvent event, SubTransactionId subxact)
{
	if (event != SUBXACT_EVENT_ABORT_SUB)
		return;
	made_in_session -= tasks_made.n;
	pop_aborted(&tasks_made, subxact);
	made_in_session += tasks_made.n;
	pop_aborted(&runs_made, subxact);
	for (int i = 0; i < N_CHAIN_LIMITS; i++)
		pop_aborted(&refused[i], subxact);
}
