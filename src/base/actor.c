/*-------------------------------------------------------------------------
 *
 * actor.c
 *		The actor of a write, and the state of the API call in progress.
 *
 * An API function describes itself in a TaskqCall on its own stack, linked
 * into a list, and the triggers on taskq_task read the innermost one.  It is
 * unlinked on error too, because the error may be caught.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "base/actor.h"
#include "base/plan.h"
#include "base/text.h"

char	   *taskq_actor_setting;

static TaskqCall *innermost = NULL;

bool
actor_check(char **newval, void **extra, GucSource source)
{
	if (pg_mbstrlen(*newval) > KEY_MAX)
	{
		GUC_check_errdetail("An actor has at most %d characters.", KEY_MAX);
		return false;
	}
	return true;
}

void
call_begin(TaskqCall *call, TaskVerb verb, text *actor)
{
	memset(call, 0, sizeof(*call));
	call->outer = innermost;
	call->verb = verb;
	call->actor = actor;
	call->trigger_depth = trigger_depth();
	innermost = call;
}

void
call_end(TaskqCall *call)
{
	innermost = call->outer;
}

const TaskqCall *
call_under_way(void)
{
	return innermost;
}

/*
 * Whether the current statement is one of the innermost call itself, not of a
 * trigger, and the call is of this kind.
 */
bool
call_is(TaskVerb verb)
{
	return innermost != NULL && innermost->verb == verb && trigger_depth() == innermost->trigger_depth + 1;
}

/* What updated_at must be in the task that the current statement of a call writes; NULL = anything. */
const TimestampTz *
call_unchanged_since(void)
{
	return innermost != NULL && innermost->unchanged_since != NULL &&
		trigger_depth() == innermost->trigger_depth + 1 ? innermost->unchanged_since : NULL;
}

/* Whether a call in progress skips rows that other transactions have locked. */
bool
call_leaves_locked(void)
{
	for (const TaskqCall *call = innermost; call != NULL; call = call->outer)
		if (call->leaves_locked)
			return true;
	return false;
}

/* Counts a task that already has the values that the innermost call sets. */
void
call_unchanged(void)
{
	innermost->unchanged++;
}

/*
 * Runs a statement as part of a call of its own, which the triggers read.
 * Returns the number of tasks that were not updated because they had the
 * values already.
 */
int
run_as_call(TaskqPlan *plan, int nargs, Oid *types, Datum *values, const char *nulls,
			TaskVerb verb, text *actor, text *note)
{
	return run_unless_changed(NULL, plan, nargs, types, values, nulls, verb, actor, note);
}

/* The same; throws 55000 for a task whose updated_at is another than *since (unchanged.c). */
int
run_unless_changed(const TimestampTz *since, TaskqPlan *plan, int nargs, Oid *types, Datum *values,
				   const char *nulls, TaskVerb verb, text *actor, text *note)
{
	TaskqCall	call;

	call_begin(&call, verb, actor);
	call.note = note;
	call.unchanged_since = since;
	PG_TRY();
	{
		spi_run(plan, nargs, types, values, nulls, 0);
	}
	PG_FINALLY();
	{
		call_end(&call);
	}
	PG_END_TRY();
	return call.unchanged;
}

/*
 * The actor of a write made now, or NULL for the system.  A call without an
 * actor of its own takes that of the call it runs in.
 */
text *
current_actor(void)
{
	char	   *user;

	for (const TaskqCall *call = innermost; call != NULL; call = call->outer)
	{
		if (call->by_system)
			return NULL;
		if (call->actor != NULL)
			return call->actor;
	}
	if (taskq_actor_setting != NULL && taskq_actor_setting[0] != '\0')
		return cstring_to_text(taskq_actor_setting);
	user = GetUserNameFromId(GetSessionUserId(), true);
	return user ? cstring_to_text(user) : NULL;
}

/* Argument actor of an API function: NULL, or 1 to 255 characters. */
text *
actor_argument(FunctionCallInfo fcinfo, int argno)
{
	text	   *actor;

	if (PG_ARGISNULL(argno))
		return NULL;
	actor = PG_GETARG_TEXT_PP(argno);
	check_key("actor", actor, 1, KEY_MAX);
	return actor;
}

PG_FUNCTION_INFO_V1(taskq_actor);
Datum
taskq_actor(PG_FUNCTION_ARGS)
{
	text	   *actor = current_actor();

	if (actor == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(actor);
}
