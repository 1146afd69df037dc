/*-------------------------------------------------------------------------
 *
 * actor.h
 *		The actor of a write, and the state of the API call in progress.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_ACTOR_H
#define TASKQ_ACTOR_H

#include "fmgr.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "base/plan.h"

extern char *taskq_actor_setting;

typedef enum TaskVerb
{
	VERB_START,
	VERB_SET_SLA,
	VERB_APPLY_POLICY,
	VERB_RESUME,
	VERB_PAUSES,				/* changed by hand */
	VERB_HAND_OVER,
	VERB_ERASE,					/* texts only; of terminal tasks, too */
	VERB_MERGE,					/* the customer; of terminal tasks and renewals, too */
	VERB_NEXT_CYCLE,			/* of a renewal, whose texts are taken over */
	VERB_RENAME,				/* of a calendar: the name in its tasks */
	VERB_OTHER
} TaskVerb;

/*
 * An API call in progress, as the triggers read it.  call_begin() must be
 * paired with call_end(), on error too.  While there is a call, updates that
 * change nothing are suppressed.  Calls nest, because a user's trigger may
 * call the API.
 */
typedef struct TaskqCall
{
	struct TaskqCall *outer;
	TaskVerb	verb;
	bool		by_system;		/* actor is NULL: the sweep */
	bool		leaves_locked;	/* rows that others have locked are skipped */
	int			trigger_depth;	/* of its statements */
	text	   *actor;			/* NULL = not given */
	text	   *note;			/* for the event that ends the task, or changes its SLA */
	const TimestampTz *unchanged_since; /* what updated_at must be; NULL = anything */
	int			unchanged;		/* tasks that had the values already */
} TaskqCall;

extern void call_begin(TaskqCall *call, TaskVerb verb, text *actor);
extern void call_end(TaskqCall *call);
extern const TaskqCall *call_under_way(void);
extern bool call_is(TaskVerb verb);
extern const TimestampTz *call_unchanged_since(void);
extern bool call_leaves_locked(void);
extern void call_unchanged(void);
extern int	run_as_call(TaskqPlan *plan, int nargs, Oid *types, Datum *values, const char *nulls,
						TaskVerb verb, text *actor, text *note);
extern int	run_unless_changed(const TimestampTz *since, TaskqPlan *plan, int nargs, Oid *types, Datum *values,
							   const char *nulls, TaskVerb verb, text *actor, text *note);
extern text *current_actor(void);
extern text *actor_argument(FunctionCallInfo fcinfo, int argno);

extern bool actor_check(char **newval, void **extra, GucSource source);

#endif							/* TASKQ_ACTOR_H */
