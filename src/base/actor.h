/*-------------------------------------------------------------------------
 *
 * actor.h
 *		Who did it, and what triggers know of the call under way.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_ACTOR_H
#define TASKQ_ACTOR_H

#include "fmgr.h"
#include "utils/guc.h"

#include "base/plan.h"

extern char *taskq_actor_setting;

typedef enum TaskVerb
{
	VERB_START,
	VERB_SET_SLA,
	VERB_ERASE,					/* texts only; of terminal tasks, too */
	VERB_OTHER
} TaskVerb;

/*
 * What the triggers should know of the API call under way: while there is one,
 * writes of nothing are suppressed.  Calls nest: a trigger of the user's may
 * call the API again.
 */
typedef struct TaskqCall
{
	struct TaskqCall *outer;
	TaskVerb	verb;
	bool		by_system;		/* actor is NULL: the sweep */
	bool		leaves_locked;	/* what others have locked is left for later */
	int			trigger_depth;	/* of its statements */
	text	   *actor;			/* NULL = not given */
	text	   *note;			/* for the event that ends the task, or changes its SLA */
	int			unchanged;		/* tasks that were already as asked */
} TaskqCall;

extern void call_begin(TaskqCall *call, TaskVerb verb, text *actor);
extern void call_end(TaskqCall *call);
extern const TaskqCall *call_under_way(void);
extern bool call_is(TaskVerb verb);
extern bool call_leaves_locked(void);
extern void call_unchanged(void);
extern int	run_as_call(TaskqPlan *plan, int nargs, Oid *types, Datum *values, const char *nulls,
						TaskVerb verb, text *actor, text *note);
extern text *current_actor(void);
extern text *actor_argument(FunctionCallInfo fcinfo, int argno);

extern bool actor_check(char **newval, void **extra, GucSource source);

#endif							/* TASKQ_ACTOR_H */
