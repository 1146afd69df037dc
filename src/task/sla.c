/*-------------------------------------------------------------------------
 *
 * sla.c
 *		SLA deadlines: computed from facts, never moved.
 *
 * A task has up to two clocks: resolution, which stops when it is closed, and
 * response, which stops when work begins.  A deadline is the first instant at
 * which the open time since the clock began, less pauses, reaches the target.
 * It is stored when the task is written, so that the status at any instant is a
 * comparison and an index can find the next one; while the task is paused, one
 * that lies ahead is infinity.
 *
 * An update computes anew if what the deadlines follow from has changed: the
 * columns, the pauses, or the calendar, which sla_revision tells.  So the
 * sweep's update that changes nothing brings a task into line with an edited
 * calendar.  A task that has neither a calendar nor pauses costs the test of a
 * NULL.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/xact.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "base/actor.h"
#include "base/business.h"
#include "base/catalog.h"
#include "base/enums.h"
#include "task/directory.h"
#include "task/pause.h"
#include "task/policy.h"
#include "task/row.h"
#include "task/sla.h"

int			taskq_sla_at_risk_percent;

/* ------------------------------------------------------ facts to deadlines */

static bool
has(const TaskRow *row, int attnum)
{
	return attnum != 0 && !task_isnull(row, attnum);
}

static void
clear_stamp(TaskRow *row, int attnum)
{
	if (attnum == 0)
		return;
	task_value(row, attnum) = (Datum) 0;
	task_isnull(row, attnum) = true;
}

static bool
has_target(const TaskRow *row)
{
	return has(row, Anum_task_sla_hours) || has(row, Anum_task_response_hours);
}

/* Microseconds of a target. */
int64
sla_span(float8 hours)
{
	return (int64) rint(hours * USECS_PER_HOUR);
}

static TimestampTz
clock_begins(const TaskRow *row)
{
	return task_stamp(row, has(row, Anum_task_sla_from) ? Anum_task_sla_from : Anum_task_created_at);
}

/* The calendar of a row; NULL if it has none, or that is gone, or in a zone that this server does not know. */
static const BusinessCalendar *
calendar_of(const TaskRow *row)
{
	const BusinessCalendar *calendar = has(row, Anum_task_sla_calendar) ?
		business_calendar_in_any_zone(TextDatumGetCString(task_value(row, Anum_task_sla_calendar))) : NULL;

	return calendar != NULL && business_zone_is_known(calendar) ? calendar : NULL;
}

/* What the deadlines follow from; "ended" is a pause that is not in the table yet.  False if the calendar cannot be used. */
static bool
facts_with(const TaskRow *row, bool stored, const Pause *ended, SlaFacts *facts)
{
	memset(facts, 0, sizeof(*facts));
	facts->calendar = calendar_of(row);
	facts->from = clock_begins(row);
	facts->paused_at = has(row, Anum_task_paused_at) ? task_stamp(row, Anum_task_paused_at) : DT_NOEND;
	if (stored && OidIsValid(taskq_catalog()->task_pause))
		facts->pauses = pauses_of(task_id(row), ended);
	return facts->calendar != NULL || !has(row, Anum_task_sla_calendar);
}

/* What the deadlines of a stored row follow from; false if its calendar is gone, or its zone not known. */
bool
sla_facts(const TaskRow *row, SlaFacts *facts)
{
	/* Without a calendar the revision says whether there have been pauses. */
	bool		stored = has(row, Anum_task_sla_calendar) || has(row, Anum_task_sla_revision);

	return facts_with(row, stored, NULL, facts);
}

static int64
open_between(const SlaFacts *facts, TimestampTz a, TimestampTz b)
{
	if (b <= a)
		return 0;
	return facts->calendar != NULL ? business_between(facts->calendar, a, b) : b - a;
}

/* False if there is no such instant; unless the caller wants to know that, throws 22008 then. */
static bool
open_add(const SlaFacts *facts, TimestampTz start, int64 span, bool try, TimestampTz *result)
{
	if (facts->calendar != NULL)
	{
		if (try)
			return business_try_add(facts->calendar, start, span, result);
		*result = business_add(facts->calendar, start, span);
		return true;
	}
	*result = start + span;
	if (!IS_VALID_TIMESTAMP(*result) && !try)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("SLA deadline is out of the range of timestamps")));
	return IS_VALID_TIMESTAMP(*result);
}

/* The i-th stretch of time in which the clock runs, of npauses + 1; the last one ends when the task was paused. */
static void
stretch(const SlaFacts *facts, int i, TimestampTz *begins, TimestampTz *ends)
{
	*begins = i == 0 ? facts->from : Max(facts->from, facts->pauses.pauses[i - 1].ends);
	*ends = i == facts->pauses.n ? facts->paused_at : Min(facts->paused_at, facts->pauses.pauses[i].begins);
}

static bool
find_instant(const SlaFacts *facts, int64 span, bool try, TimestampTz *result)
{
	for (int i = 0; i <= facts->pauses.n; i++)
	{
		TimestampTz begins;
		TimestampTz ends;
		int64		open;

		stretch(facts, i, &begins, &ends);
		if (TIMESTAMP_IS_NOEND(ends))
			return open_add(facts, begins, span, try, result);
		open = open_between(facts, begins, ends);
		if (open >= span)
			return open_add(facts, begins, span, try, result);
		span -= open;
	}
	*result = DT_NOEND;
	return true;
}

/* The first instant at which so much time has elapsed; DT_NOEND if the task is paused before it.  Throws 22008 as business_add() does. */
TimestampTz
sla_instant(const SlaFacts *facts, int64 span)
{
	TimestampTz result;

	(void) find_instant(facts, span, false, &result);
	return result;
}

/* The same; false where that throws. */
bool
sla_try_instant(const SlaFacts *facts, int64 span, TimestampTz *result)
{
	return find_instant(facts, span, true, result);
}

/* How much time has elapsed by an instant. */
int64
sla_elapsed(const SlaFacts *facts, TimestampTz until)
{
	int64		elapsed = 0;

	for (int i = 0; i <= facts->pauses.n; i++)
	{
		TimestampTz begins;
		TimestampTz ends;

		stretch(facts, i, &begins, &ends);
		elapsed += open_between(facts, begins, Min(ends, until));
	}
	return elapsed;
}

/*
 * The first instant at which a deadline has passed, the one after it; an
 * infinite deadline never passes.
 */
TimestampTz
sla_breach_begins(TimestampTz due_at)
{
	return TIMESTAMP_NOT_FINITE(due_at) ? due_at : due_at + 1;
}

/* The revision that a row's deadlines have if they are computed now. */
static bool
revision_of(const TaskRow *row, const SlaFacts *facts, int64 *revision)
{
	*revision = facts->calendar != NULL ? business_revision(facts->calendar) : 0;
	return facts->calendar != NULL || facts->pauses.n > 0 || has(row, Anum_task_paused_at);
}

/* The same facts but for pauses after an instant, when the clock has stopped. */
static SlaFacts
facts_until(const SlaFacts *facts, TimestampTz until)
{
	SlaFacts	result = *facts;

	result.pauses.n = 0;
	result.pauses.pauses = palloc((facts->pauses.n + 1) * sizeof(Pause));
	for (int i = 0; i < facts->pauses.n && facts->pauses.pauses[i].begins < until; i++)
		result.pauses.pauses[result.pauses.n++] =
			(Pause) {facts->pauses.pauses[i].begins, Min(facts->pauses.pauses[i].ends, until)};
	if (facts->paused_at < until)
		result.pauses.pauses[result.pauses.n++] = (Pause) {facts->paused_at, until};
	result.paused_at = DT_NOEND;
	return result;
}

/* The facts of the response clock, which stands once work has begun. */
static SlaFacts
response_facts(const TaskRow *row, const SlaFacts *facts)
{
	return has(row, Anum_task_started_at) ? facts_until(facts, task_stamp(row, Anum_task_started_at)) : *facts;
}

/* Sets the deadlines of a row, those that are NULL only or all; what is out of bounds is left for the checks to refuse. */
static void
set_deadlines(TaskRow *row, const SlaFacts *facts, bool only_null)
{
	int			response_hours = Anum_task_response_hours;
	int			response_due_at = Anum_task_response_due_at;
	int			revision = Anum_task_sla_revision;

#define TO_SET(attnum) (!only_null || task_isnull(row, attnum))
	if (has(row, Anum_task_sla_hours) && sla_hours_in_bounds(DatumGetFloat8(task_value(row, Anum_task_sla_hours))))
	{
		int64		span = sla_span(DatumGetFloat8(task_value(row, Anum_task_sla_hours)));

		if (TO_SET(Anum_task_sla_due_at))
			task_set_stamp(row, Anum_task_sla_due_at, sla_instant(facts, span));
		if (TO_SET(Anum_task_sla_at_risk_at))
			/* A task that never falls due is never at risk. */
			task_set_stamp(row, Anum_task_sla_at_risk_at,
						   only_null && TIMESTAMP_IS_NOEND(task_stamp(row, Anum_task_sla_due_at)) && TIMESTAMP_IS_NOEND(facts->paused_at) ?
						   DT_NOEND : sla_instant(facts, span / 100 * taskq_sla_at_risk_percent));
	}
	if (has(row, response_hours) && TO_SET(response_due_at) &&
		sla_hours_in_bounds(DatumGetFloat8(task_value(row, response_hours))))
	{
		SlaFacts	responding = response_facts(row, facts);

		task_set_stamp(row, response_due_at, sla_instant(&responding, sla_span(DatumGetFloat8(task_value(row, response_hours)))));
	}
	if (revision != 0 && TO_SET(revision))
	{
		int64		found;

		task_isnull(row, revision) = !revision_of(row, facts, &found);
		task_value(row, revision) = Int64GetDatum(found);
	}
#undef TO_SET
}

/* ------------------------------------------------------------------ INSERT */

/* The first warning that a row's policy asks for after an instant; DT_NOEND = none. */
static TimestampTz
next_warning(const TaskRow *row, const SlaFacts *facts, TimestampTz after)
{
	const Policy *policy = policy_by_name(TextDatumGetCString(task_value(row, Anum_task_sla_policy)));
	int64		span = sla_span(DatumGetFloat8(task_value(row, Anum_task_sla_hours)));
	TimestampTz result = DT_NOEND;

	for (int i = 0; policy != NULL && i < policy->nwarn && TIMESTAMP_IS_NOEND(result); i++)
	{
		TimestampTz at;

		if (!sla_try_instant(facts, span / 100 * policy->warn[i], &at))
			break;
		if (at > after)
			result = at;
	}
	return result;
}

/* Sets when a row is to be looked at for a warning, NULL if there is none; "after" is until when all has been told. */
static void
set_warning(TaskRow *row, TimestampTz warning, TimestampTz after)
{
	int			warn_at = Anum_task_sla_warn_at;

	clear_stamp(row, warn_at);
	if (TIMESTAMP_IS_NOEND(warning))
		return;
	/* As taskq_timer() has it, a later one means that the task has been looked at. */
	if (task_stamp(row, Anum_task_sla_at_risk_at) > after)
		warning = Min(warning, task_stamp(row, Anum_task_sla_at_risk_at));
	task_set_stamp(row, warn_at, warning);
}

/*
 * Fills in the deadlines of a new row where they are NULL; false if there is
 * nothing to fill in.  Throws 22023 for an unknown calendar, 22008 if a deadline
 * is out of range.
 */
bool
sla_fill(TaskRow *row)
{
	SlaFacts	facts;
	bool		hours = has(row, Anum_task_sla_hours) &&
		(task_isnull(row, Anum_task_sla_due_at) || task_isnull(row, Anum_task_sla_at_risk_at));
	bool		response = has(row, Anum_task_response_hours) && task_isnull(row, Anum_task_response_due_at);

	if ((!hours && !response) || task_isnull(row, Anum_task_created_at) || TIMESTAMP_NOT_FINITE(clock_begins(row)))
		return false;
	if (!facts_with(row, false, NULL, &facts))
		(void) business_calendar_argument("sla_calendar", DatumGetTextPP(task_value(row, Anum_task_sla_calendar)));
	set_deadlines(row, &facts, true);
	if (hours && has(row, Anum_task_sla_policy) && task_isnull(row, Anum_task_sla_warn_at))
		set_warning(row, next_warning(row, &facts, DT_NOBEGIN), DT_NOBEGIN);
	return true;
}

/* ------------------------------------------------------------------ UPDATE */

/* Whether a row has been given another calendar, and not that which it had another name. */
static bool
calendar_differs(const TaskRow *old, const TaskRow *new)
{
	return task_column_differs(old, new, Anum_task_sla_calendar) && !call_is(VERB_RENAME);
}

/*
 * Locks the calendar that a write gives a task, as a foreign key would, so that
 * it can neither be renamed nor deleted before the task is there to be found.
 * Throws 23503 if there is none, of the API's own writes 22023.
 */
void
sla_lock_calendar(const TaskRow *old, const TaskRow *new)
{
	const TaskqCall *call = call_under_way();
	bool		by_api = call != NULL && trigger_depth() == call->trigger_depth + 1;
	text	   *name;

	if (!has(new, Anum_task_sla_calendar) || (old != NULL && !calendar_differs(old, new)) || !check_function_bodies)
		return;
	name = DatumGetTextPP(task_value(new, Anum_task_sla_calendar));
	if (business_lock(PointerGetDatum(name)))
		return;
	if (by_api)
		(void) business_calendar_argument("sla_calendar", name);
	ereport(ERROR,
			(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
			 errmsg("calendar \"%s\" does not exist", text_to_cstring(name))));
}

/* The columns that a policy gives. */
static bool
targets_differ(const TaskRow *old, const TaskRow *new)
{
	return task_column_differs(old, new, Anum_task_sla_hours) ||
		(Anum_task_response_hours != 0 &&
		 (task_column_differs(old, new, Anum_task_response_hours) || calendar_differs(old, new)));
}

/* Whether a row is about another customer, and not about one that has a new key. */
static bool
customer_differs(const TaskRow *old, const TaskRow *new)
{
	return task_column_differs(old, new, Anum_task_user_id) &&
		(task_isnull(old, Anum_task_user_id) || customer_exists(task_value(old, Anum_task_user_id)));
}

/* Whether a row belongs to another team, and not to one that has a new key. */
static bool
team_differs(const TaskRow *old, const TaskRow *new)
{
	return task_column_differs(old, new, Anum_task_team_id) &&
		(task_isnull(old, Anum_task_team_id) || team_exists(task_value(old, Anum_task_team_id)));
}

static void
unknown_policy(const TaskRow *row)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("SLA policy \"%s\" does not exist", TextDatumGetCString(task_value(row, Anum_task_sla_policy)))));
}

/* Gives a row that is written the SLA of a policy, if one is named, or what a policy goes by has changed. */
static void
apply_policy(const TaskRow *old, TaskRow *new)
{
	int			sla_policy = Anum_task_sla_policy;
	bool		asked = call_is(VERB_APPLY_POLICY);

	if (sla_policy == 0 || (task_isnull(old, sla_policy) && task_isnull(new, sla_policy) && !asked))
		return;
	if (asked && task_isnull(new, sla_policy))
	{
		const Policy *policy = policy_for_row(new);

		if (policy == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("no SLA policy fits task " INT64_FORMAT, task_id(new))));
		policy_write(policy, new);
	}
	else if (asked || (!task_isnull(new, sla_policy) && task_column_differs(old, new, sla_policy)))
	{
		const Policy *policy = policy_by_name(TextDatumGetCString(task_value(new, sla_policy)));

		if (policy == NULL)
			unknown_policy(new);
		policy_write(policy, new);
	}
	else if (!task_isnull(new, sla_policy) && (call_is(VERB_SET_SLA) || targets_differ(old, new)))
		clear_stamp(new, sla_policy);
	else if (!task_isnull(new, sla_policy) &&
			 (task_column_differs(old, new, Anum_task_kind) || task_column_differs(old, new, Anum_task_priority) ||
			  customer_differs(old, new) || team_differs(old, new)))
		policy_write(policy_for_row(new), new);
}

/* Whether the deadlines of the old row did not follow from the facts any more, or pauses have been changed by hand. */
static bool
facts_corrected(const TaskRow *old, const TaskRow *new)
{
	int			revision = Anum_task_sla_revision;

	if (revision == 0 || (!task_column_differs(old, new, revision) && !call_is(VERB_PAUSES)))
		return false;
	return !targets_differ(old, new) && !task_column_differs(old, new, Anum_task_sla_from) &&
		task_isnull(old, Anum_task_paused_at) == task_isnull(new, Anum_task_paused_at);
}

/* Whether the deadlines must be computed anew. */
static bool
to_compute(const TaskRow *old, const TaskRow *new)
{
	const BusinessCalendar *calendar;

	if (targets_differ(old, new))
		return true;
	if (Anum_task_sla_revision == 0)
		return false;
	if (has_target(new) &&
		(task_column_differs(old, new, Anum_task_sla_from) || task_column_differs(old, new, Anum_task_sla_revision) ||
		 task_column_differs(old, new, Anum_task_paused_at) || call_is(VERB_PAUSES)))
		return true;
	/* Also without a target: the sweep looks for revisions that are not the calendar's. */
	calendar = calendar_of(new);
	return calendar != NULL &&
		(task_isnull(new, Anum_task_sla_revision) ||
		 DatumGetInt64(task_value(new, Anum_task_sla_revision)) != business_revision(calendar));
}

/* The deadline of a stored row; if its calendar has changed since it was computed, what that makes of it now. */
TimestampTz
sla_due_now(const TaskRow *row, int hours, int due_at)
{
	const BusinessCalendar *calendar = calendar_of(row);
	int			revision = Anum_task_sla_revision;
	SlaFacts	facts;
	TimestampTz due;

	if (calendar == NULL || !has(row, hours) ||
		(has(row, revision) && DatumGetInt64(task_value(row, revision)) == business_revision(calendar)) ||
		!facts_with(row, true, NULL, &facts) || TIMESTAMP_NOT_FINITE(facts.from) ||
		!sla_try_instant(&facts, sla_span(DatumGetFloat8(task_value(row, hours))), &due))
		return task_stamp(row, due_at);
	return due;
}

/*
 * The instant by which the deadline of a clock is judged, and whether it was
 * passed then.
 */
static bool
is_late(const TaskRow *row, int due_at)
{
	TimestampTz judged_at = due_at != Anum_task_sla_due_at && has(row, Anum_task_started_at) ?
		task_stamp(row, Anum_task_started_at) : task_judged_at(row);

	return has(row, due_at) && judged_at > task_stamp(row, due_at);
}

/*
 * Sets *breached_at to when the breach of a row's deadline is recorded, if the
 * row is written at an instant; false if there is no breach.  A recorded
 * breach is kept, whatever the clock says now, until there is a new target or a
 * new deadline that has not passed.
 */
static bool
breach_after(const TaskRow *old, const TaskRow *new, int hours, int due_at, int stamp, TimestampTz at, TimestampTz *breached_at)
{
	if (has(old, stamp) && !task_column_differs(old, new, hours) && (!task_column_differs(old, new, due_at) || is_late(new, due_at)))
	{
		*breached_at = task_stamp(old, stamp);
		return true;
	}
	*breached_at = at;
	return is_late(new, due_at);
}

/* Whether the only breach that was recorded is one that the corrected facts do not have. */
static bool
breach_was_none(const TaskRow *old, const TaskRow *new)
{
	return has(old, Anum_task_sla_breached_at) && task_isnull(new, Anum_task_sla_breached_at) && facts_corrected(old, new) &&
		has(old, Anum_task_sla_first_breached_at) &&
		task_stamp(old, Anum_task_sla_first_breached_at) == task_stamp(old, Anum_task_sla_breached_at);
}

/*
 * Sets *first to when a task's first breach is recorded, if the row is written
 * at an instant; false if there was none.  The deadline that a write replaces
 * may have passed without the breach having been stored, unless it was stale;
 * and a row of 0.2.0 that was restored while triggers were off has its latest
 * breach only.
 */
static bool
first_breach_after(const TaskRow *old, const TaskRow *new, TimestampTz at, TimestampTz *first)
{
	int			attnum = Anum_task_sla_first_breached_at;

	*first = at;
	if (attnum == 0 || breach_was_none(old, new))
		return false;
	if (!task_isnull(old, attnum))
		*first = task_stamp(old, attnum);
	else if (!task_isnull(old, Anum_task_sla_breached_at) &&
			 !TIMESTAMP_NOT_FINITE(task_stamp(old, Anum_task_sla_breached_at)))
		*first = task_stamp(old, Anum_task_sla_breached_at);
	else if (!task_isnull(new, Anum_task_sla_breached_at))
		*first = task_stamp(new, Anum_task_sla_breached_at);
	else
		return !task_isnull(old, Anum_task_sla_due_at) && !facts_corrected(old, new) &&
			task_judged_at(new) > task_stamp(old, Anum_task_sla_due_at) &&
			task_judged_at(new) > sla_due_now(old, Anum_task_sla_hours, Anum_task_sla_due_at);
	return true;
}

static void
set_or_clear(TaskRow *row, int attnum, bool is_set, TimestampTz at)
{
	if (is_set)
		task_set_stamp(row, attnum, at);
	else
		clear_stamp(row, attnum);
}

static void
apply_breaches(const TaskRow *old, TaskRow *new, TimestampTz at)
{
	TimestampTz instant;
	bool		breached;

	breached = breach_after(old, new, Anum_task_sla_hours, Anum_task_sla_due_at, Anum_task_sla_breached_at, at, &instant);
	set_or_clear(new, Anum_task_sla_breached_at, breached, instant);
	breached = first_breach_after(old, new, at, &instant);
	set_or_clear(new, Anum_task_sla_first_breached_at, breached, instant);
	if (!has(new, Anum_task_response_hours))
		clear_stamp(new, Anum_task_response_breached_at);
	else
	{
		breached = breach_after(old, new, Anum_task_response_hours, Anum_task_response_due_at, Anum_task_response_breached_at, at, &instant);
		set_or_clear(new, Anum_task_response_breached_at, breached, instant);
	}
}

/* Writes how much open time a clock that an update stops has used; facts are read if they have not been. */
static void
apply_used(const TaskRow *old, TaskRow *new, const Pause *ended, SlaFacts *facts, bool have_facts)
{
	bool		closes = STATUS_IS_TERMINAL(new->status);
	bool		responded = has(new, Anum_task_started_at) || closes;
	bool		responds = has(new, Anum_task_response_hours) && responded && (have_facts || !has(old, Anum_task_started_at));
	bool		resolves = closes && has(new, Anum_task_sla_hours) && has(new, Anum_task_sla_revision);

	if (!responds && !resolves)
		return;
	if (!have_facts && !facts_with(new, true, ended, facts))
		return;
	if (responds)
	{
		task_value(new, Anum_task_response_hours_used) =
			Float8GetDatum((float8) sla_elapsed(facts, has(new, Anum_task_started_at) ? task_stamp(new, Anum_task_started_at) :
												task_judged_at(new)) / USECS_PER_HOUR);
		task_isnull(new, Anum_task_response_hours_used) = false;
	}
	if (resolves)
	{
		task_value(new, Anum_task_sla_hours_used) =
			Float8GetDatum((float8) sla_elapsed(facts, task_judged_at(new)) / USECS_PER_HOUR);
		task_isnull(new, Anum_task_sla_hours_used) = false;
	}
}

/* Whether it has neither been recorded that a task is at risk nor put off; same rule as taskq_timer(). */
bool
sla_risk_is_untold(const TaskRow *row)
{
	int			warned_at = Anum_task_sla_warned_at;
	int			warn_at = Anum_task_sla_warn_at;
	TimestampTz at_risk_at;

	if (warned_at == 0 || !has(row, Anum_task_sla_at_risk_at))
		return false;
	at_risk_at = task_stamp(row, Anum_task_sla_at_risk_at);
	return !(has(row, warned_at) && task_stamp(row, warned_at) >= at_risk_at) &&
		!(has(row, warn_at) && task_stamp(row, warn_at) > at_risk_at);
}

/* Whether an update has given a task another deadline; one that moves by a pause is the same. */
static bool
deadline_is_new(const TaskRow *old, const TaskRow *new)
{
	return (targets_differ(old, new) || task_column_differs(old, new, Anum_task_sla_from) ||
			task_column_differs(old, new, Anum_task_sla_policy) || facts_corrected(old, new)) &&
		(task_column_differs(old, new, Anum_task_sla_due_at) || task_column_differs(old, new, Anum_task_sla_at_risk_at) ||
		 task_column_differs(old, new, Anum_task_sla_policy));
}

/* Until when all that an SLA has to tell has been told. */
static TimestampTz
told_until(const TaskRow *row)
{
	return has(row, Anum_task_sla_warned_at) ? task_stamp(row, Anum_task_sla_warned_at) : DT_NOBEGIN;
}

/*
 * Records that a task is at risk, or that a warning of its policy is due, which
 * history.c makes events of; outside open hours, when the calendar opens next, if it does.
 * Each once a deadline, and nothing once the deadline has passed.
 */
static void
apply_warnings(const TaskRow *old, TaskRow *new, TimestampTz at, SlaFacts *facts, bool have_facts)
{
	int			warn_at = Anum_task_sla_warn_at;
	TimestampTz warning = DT_NOEND;
	TimestampTz told;

	if (warn_at == 0)
		return;
	if (!has(new, Anum_task_sla_due_at) || has(new, Anum_task_sla_breached_at) || has(new, Anum_task_paused_at) ||
		STATUS_IS_TERMINAL(new->status))
	{
		clear_stamp(new, warn_at);
		return;
	}
	if (!have_facts && !(has(new, warn_at) && task_stamp(new, warn_at) <= at) &&
		!(sla_risk_is_untold(new) && task_stamp(new, Anum_task_sla_at_risk_at) <= at))
		return;
	if (have_facts && deadline_is_new(old, new))
		clear_stamp(new, Anum_task_sla_warned_at);
	told = told_until(new);
	if (has(new, Anum_task_sla_policy) && (have_facts || facts_with(new, true, NULL, facts)))
		warning = next_warning(new, facts, told);
	if (warning <= at || (task_stamp(new, Anum_task_sla_at_risk_at) <= at && task_stamp(new, Anum_task_sla_at_risk_at) > told))
	{
		const BusinessCalendar *calendar = calendar_of(new);
		TimestampTz opening;

		if (calendar != NULL && !business_is_open(calendar, at) && business_next_opening(calendar, at, &opening))
		{
			task_set_stamp(new, warn_at, opening);
			return;
		}
		task_set_stamp(new, Anum_task_sla_warned_at, at);
		told = at;
		if (!TIMESTAMP_IS_NOEND(warning))
			warning = next_warning(new, facts, told);
	}
	set_warning(new, warning, told);
}

/* Whether the deadline of a clock can be computed; so can then what lies before it. */
static bool
can_compute(const TaskRow *row, const SlaFacts *facts, int hours)
{
	TimestampTz due_at;

	return !has(row, hours) || !sla_hours_in_bounds(DatumGetFloat8(task_value(row, hours))) ||
		sla_try_instant(facts, sla_span(DatumGetFloat8(task_value(row, hours))), &due_at);
}

/*
 * Leaves the deadlines of an update, which cannot be computed, as they are.  If
 * its pauses have changed, they are not those of any revision.
 */
static void
keep_deadlines(const TaskRow *old, TaskRow *new)
{
	if (has(new, Anum_task_sla_calendar) &&
		(task_column_differs(old, new, Anum_task_paused_at) || call_is(VERB_PAUSES)))
		clear_stamp(new, Anum_task_sla_revision);
}

/*
 * Computes the deadlines of an update.  Throws 22023 or 22008 if it asks for a
 * deadline that cannot be.  If it does not, returns false: the deadlines are
 * kept, and the task is stale, so that whatever else is written does not depend
 * on them.
 */
static bool
compute_deadlines(const TaskRow *old, TaskRow *new, const Pause *ended, SlaFacts *facts)
{
	bool		asked = targets_differ(old, new) || call_is(VERB_APPLY_POLICY) ||
		(Anum_task_sla_from != 0 && task_column_differs(old, new, Anum_task_sla_from));
	SlaFacts	responding;
	bool		kept;

	if (!facts_with(new, Anum_task_paused_at != 0, ended, facts))
	{
		if (asked)
			(void) business_calendar_argument("sla_calendar", DatumGetTextPP(task_value(new, Anum_task_sla_calendar)));
		keep_deadlines(old, new);
		return false;
	}
	responding = response_facts(new, facts);
	kept = !asked && !TIMESTAMP_NOT_FINITE(facts->from);
	if (kept && !can_compute(new, facts, Anum_task_sla_hours))
	{
		keep_deadlines(old, new);
		return false;
	}
	kept = kept && !can_compute(new, &responding, Anum_task_response_hours);
	clear_stamp(new, Anum_task_sla_due_at);
	clear_stamp(new, Anum_task_sla_at_risk_at);
	if (!kept)
		clear_stamp(new, Anum_task_response_due_at);
	if (!TIMESTAMP_NOT_FINITE(facts->from))
		set_deadlines(new, facts, kept);
	if (kept)
		keep_deadlines(old, new);
	return true;
}

/* Sets whatever follows for the SLA from an update at an instant; status, stamps and pause are those to be stored. */
void
sla_apply(const TaskRow *old, TaskRow *new, TimestampTz at)
{
	SlaFacts	facts;
	Pause		pause;
	bool		ends;
	bool		computed;

	apply_policy(old, new);
	sla_lock_calendar(old, new);
	ends = Anum_task_paused_at != 0 && pause_ends(old, new, at, &pause);
	computed = to_compute(old, new) && compute_deadlines(old, new, ends ? &pause : NULL, &facts);
	apply_breaches(old, new, at);
	apply_used(old, new, ends ? &pause : NULL, &facts, computed);
	apply_warnings(old, new, at, &facts, computed && has(new, Anum_task_sla_hours));
}

/* The stamps that sla_apply() sets. */
static const NewerColumn own_stamps[] = {
	COLUMN_SLA_FIRST_BREACHED_AT, COLUMN_RESPONSE_DUE_AT, COLUMN_RESPONSE_BREACHED_AT, COLUMN_RESPONSE_HOURS_USED,
	COLUMN_SLA_HOURS_USED, COLUMN_SLA_WARN_AT, COLUMN_SLA_WARNED_AT
};

/* Whether a stored row has what sla_apply() sets. */
bool
sla_agrees(const TaskRow *old, const TaskRow *new, TimestampTz at)
{
	static const int older[] = {Anum_task_sla_due_at, Anum_task_sla_at_risk_at, Anum_task_sla_breached_at};
	TaskRow		expected;

	expected = *new;
	expected.values = palloc(new->desc->natts * sizeof(Datum));
	expected.nulls = palloc(new->desc->natts * sizeof(bool));
	memcpy(expected.values, new->values, new->desc->natts * sizeof(Datum));
	memcpy(expected.nulls, new->nulls, new->desc->natts * sizeof(bool));
#define AS_BEFORE(attnum) \
	(expected.values[(attnum) - 1] = old->values[(attnum) - 1], expected.nulls[(attnum) - 1] = old->nulls[(attnum) - 1])
	for (int i = 0; i < lengthof(older); i++)
		AS_BEFORE(older[i]);
	for (int i = 0; i < lengthof(own_stamps); i++)
		if (taskq_catalog()->newer_column[own_stamps[i]] != 0)
			AS_BEFORE(taskq_catalog()->newer_column[own_stamps[i]]);
#undef AS_BEFORE
	sla_apply(old, &expected, at);
	for (int i = 0; i < lengthof(older); i++)
		if (task_column_differs(&expected, new, older[i]))
			return false;
	for (int i = 0; i < lengthof(own_stamps); i++)
		if (taskq_catalog()->newer_column[own_stamps[i]] != 0 &&
			task_column_differs(&expected, new, taskq_catalog()->newer_column[own_stamps[i]]))
			return false;
	return true;
}

/* ---------------------------------------------------- what history.c records */

/* Whether an update has put the deadlines into line with facts that had changed. */
bool
sla_facts_differ(const TaskRow *old, const TaskRow *new)
{
	return facts_corrected(old, new);
}

/* How many percent a policy's warning that an update has recorded was for; 0 = none was. */
int
sla_percent_passed(const TaskRow *old, const TaskRow *new)
{
	const Policy *policy;
	SlaFacts	facts;
	TimestampTz after;
	int			percent = 0;

	if (!has(new, Anum_task_sla_warned_at) || !has(new, Anum_task_sla_policy) || !task_column_differs(old, new, Anum_task_sla_warned_at))
		return 0;
	policy = policy_by_name(TextDatumGetCString(task_value(new, Anum_task_sla_policy)));
	if (policy == NULL || policy->nwarn == 0 || !sla_facts(new, &facts))
		return 0;
	after = deadline_is_new(old, new) ? DT_NOBEGIN : told_until(old);
	for (int i = 0; i < policy->nwarn; i++)
	{
		TimestampTz at;

		if (!sla_try_instant(&facts, sla_span(DatumGetFloat8(task_value(new, Anum_task_sla_hours))) / 100 * policy->warn[i], &at))
			break;
		if (at > after && at <= task_stamp(new, Anum_task_sla_warned_at))
			percent = policy->warn[i];
	}
	return percent;
}

/* Whether an update has recorded that a task is at risk. */
bool
sla_risk_recorded(const TaskRow *old, const TaskRow *new)
{
	if (!has(new, Anum_task_sla_warned_at) || !task_column_differs(old, new, Anum_task_sla_warned_at) ||
		task_stamp(new, Anum_task_sla_at_risk_at) > task_stamp(new, Anum_task_sla_warned_at))
		return false;
	return deadline_is_new(old, new) || task_stamp(new, Anum_task_sla_at_risk_at) > told_until(old);
}
