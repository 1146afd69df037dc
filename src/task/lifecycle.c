/*-------------------------------------------------------------------------
 *
 * lifecycle.c
 *		The lifecycle of a task: what a write may do, and what follows from it.
 *
 * BEFORE UPDATE decides.  Its "from" is the effective status of the old row at
 * the statement's instant, so that a task whose due date has passed behaves
 * the same before and after the sweep has stored that.  A write asks for a
 * status if it names the column (or another trigger changed it) and the value
 * is not the effective one already; any other write of an active task stores
 * the effective status that follows from the new row.  The sweep is such a
 * write.
 *
 * AFTER UPDATE checks every pair of old and new again, because a user's trigger
 * may have changed the row after ours.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/actor.h"
#include "base/catalog.h"
#include "base/compat.h"
#include "base/enums.h"
#include "task/directory.h"
#include "task/fields.h"
#include "task/history.h"
#include "task/lifecycle.h"
#include "task/pause.h"
#include "task/row.h"
#include "task/sla.h"
#include "task/title.h"
#include "task/valid.h"

#define LIFECYCLE "taskq_task_lifecycle"

/* Columns that never change. */
static const int identity_columns[] = {
	Anum_task_id, Anum_task_created_at, Anum_task_created_by, Anum_task_source
};

/* Columns that the erasure of a customer writes, of terminal tasks too. */
static const int text_columns[] = {
	Anum_task_title, Anum_task_description, Anum_task_dedupe_key
};

/* ---------------------------------------------------------------- refusals */

static const char *
column_name(const TaskRow *row, int attnum)
{
	return NameStr(TupleDescAttr(row->desc, attnum - 1)->attname);
}

/* "It was completed at 2026-06-05 09:00:00+00 by sta_1.", translated. */
static char *
closed_detail(const TaskRow *row)
{
	bool		completed = row->status == STATUS_COMPLETED;
	const char *at = timestamptz_to_str(task_stamp(row, completed ? Anum_task_completed_at :
												   Anum_task_cancelled_at));
	char	   *when = pstrdup(at);
	char	   *who = history_who_closed(task_id(row));

	if (who != NULL)
		return psprintf(completed ? _("It was completed at %s by %s.") : _("It was cancelled at %s by %s."), when, who);
	return psprintf(completed ? _("It was completed at %s.") : _("It was cancelled at %s."), when);
}

/* For ereport(): what to do instead of changing a closed task. */
static int
errhint_closed(void)
{
	return taskq_catalog()->sql_is_older ?
		errhint("Create a new task instead, or add a note with taskq_comment().") :
		errhint("Follow it up with taskq_follow_up(), or add a note with taskq_comment().");
}

pg_noreturn static void
refuse_frozen(const TaskRow *old)
{
	ereport(ERROR,
			(errcheck("taskq_task", LIFECYCLE),
			 errmsg("task " INT64_FORMAT " is %s and can no longer change",
					task_id(old), status_names[old->status]),
			 errdetail_internal("%s", closed_detail(old)),
			 errhint_closed()));
}

pg_noreturn static void
refuse_transition(const TaskRow *old, TaskStatus from, TaskStatus to, const char *hint)
{
	if (STATUS_IS_TERMINAL(from))
		ereport(ERROR,
				(errcheck("taskq_task", LIFECYCLE),
				 errmsg("task " INT64_FORMAT " cannot go from %s to %s",
						task_id(old), status_names[from], status_names[to]),
				 errdetail_internal("%s", closed_detail(old)),
				 errhint_closed()));
	ereport(ERROR,
			(errcheck("taskq_task", LIFECYCLE),
			 errmsg("task " INT64_FORMAT " cannot go from %s to %s",
					task_id(old), status_names[from], status_names[to]),
			 errhint("%s", _(hint))));
}

/*
 * Returns NULL if a task may go from one active status to another status, else
 * a hint what to do instead, not translated.  "new" is the row to be stored.
 */
static const char *
transition_refusal(const TaskRow *old, const TaskRow *new, TaskStatus from, TaskStatus to)
{
	bool		new_past_due = past_due(new);

	if (from == to)
		return NULL;
	switch (to)
	{
		case STATUS_OPEN:
			if (from == STATUS_IN_PROGRESS || !task_isnull(old, Anum_task_started_at))
				return gettext_noop("Complete or cancel the task: work on it has begun.");
			if (new_past_due)
				return gettext_noop("Move the due date with taskq_reschedule(): it has passed. Leave the status out of an UPDATE of other columns.");
			return NULL;
		case STATUS_IN_PROGRESS:
			if (new_past_due)
				return from == STATUS_OVERDUE ?
					gettext_noop("Move the due date with taskq_reschedule(), or begin work all the same with taskq_start(): the due date has passed.") :
					gettext_noop("Set a due date that has passed in a statement of its own.");
			return NULL;
		case STATUS_OVERDUE:
			if (!new_past_due)
				return gettext_noop("Leave the status out: taskq sets OVERDUE by itself once the due date has passed.");
			return NULL;
		case STATUS_COMPLETED:
			if (from == STATUS_OPEN)
				return gettext_noop("Start it first with taskq_start().");
			return NULL;
		case STATUS_CANCELLED:
			return NULL;
	}
	return NULL;
}

/* Whether two rows differ in a column that is not in the list. */
static bool
differs_outside(const TaskRow *a, const TaskRow *b, const int *except, int nexcept)
{
	for (int attnum = 1; attnum <= a->desc->natts; attnum++)
	{
		bool		skip = false;

		for (int i = 0; i < nexcept; i++)
			if (except[i] == attnum)
				skip = true;
		if (!skip && task_column_differs(a, b, attnum))
			return true;
	}
	return false;
}

static bool
team_differs(const TaskRow *old, const TaskRow *new)
{
	return Anum_task_team_id != 0 && task_column_differs(old, new, Anum_task_team_id);
}

/*
 * Whether all that differs is a foreign key whose old value no longer exists:
 * the cascade of a changed key.  Nothing else can leave such a row behind.
 */
static bool
is_cascade(const TaskRow *old, const TaskRow *new)
{
	const int	keys[] = {Anum_task_assignee_id, Anum_task_user_id, Anum_task_team_id};

	if (differs_outside(old, new, keys, lengthof(keys)))
		return false;
	if (task_column_differs(old, new, Anum_task_assignee_id) &&
		(task_isnull(old, Anum_task_assignee_id) ||
		 staff_exists(task_value(old, Anum_task_assignee_id))))
		return false;
	if (task_column_differs(old, new, Anum_task_user_id) &&
		(task_isnull(old, Anum_task_user_id) ||
		 customer_exists(task_value(old, Anum_task_user_id))))
		return false;
	if (team_differs(old, new) &&
		(task_isnull(old, Anum_task_team_id) ||
		 team_exists(task_value(old, Anum_task_team_id))))
		return false;
	return true;
}

/*
 * Whether a write belongs to the erasure of a customer: of taskq's own columns
 * it changes only texts.  Columns that users have added may change, too.
 */
bool
lifecycle_is_erasure(const TaskRow *old, const TaskRow *new)
{
	if (!call_is(VERB_ERASE))
		return false;
	for (int attnum = 1; attnum <= old->desc->natts; attnum++)
	{
		bool		is_text = false;

		for (int i = 0; i < lengthof(text_columns); i++)
			is_text |= text_columns[i] == attnum;
		is_text |= attnum == Anum_task_pause_reason || attnum == Anum_task_labels || attnum == Anum_task_attributes;
		if (!is_text && task_column_is_own(attnum) && task_column_differs(old, new, attnum))
			return false;
	}
	return true;
}

/* Whether at most this one of taskq's own columns differs. */
static bool
only_differs(const TaskRow *old, const TaskRow *new, int column)
{
	for (int attnum = 1; attnum <= old->desc->natts; attnum++)
		if (attnum != column && task_column_is_own(attnum) && task_column_differs(old, new, attnum))
			return false;
	return true;
}

/*
 * Whether a write of a terminal task belongs to the merge of its customer into
 * another: of taskq's own columns it changes only that one.
 */
static bool
is_merge(const TaskRow *old, const TaskRow *new)
{
	return call_is(VERB_MERGE) && only_differs(old, new, Anum_task_user_id);
}

/*
 * Whether a write belongs to the renaming of a calendar: of taskq's own columns
 * it changes only that one.  It is no change of the task.  Nothing else is
 * brought up to date: deadlines that are stale remain so, and what they say is
 * not recorded.
 */
bool
lifecycle_is_rename(const TaskRow *old, const TaskRow *new)
{
	return call_is(VERB_RENAME) && only_differs(old, new, Anum_task_sla_calendar);
}

static void
check_unchanged(const TaskRow *old, const TaskRow *new, int attnum)
{
	if (task_column_differs(old, new, attnum))
		ereport(ERROR,
				(errcheck("taskq_task", LIFECYCLE),
				 errmsg("column %s of task " INT64_FORMAT " never changes", column_name(old, attnum), task_id(old)),
				 errhint("Leave it out of the statement's SET list.")));
}

static void
check_identity(const TaskRow *old, const TaskRow *new)
{
	for (int i = 0; i < lengthof(identity_columns); i++)
		check_unchanged(old, new, identity_columns[i]);
	if (Anum_task_follows_id != 0)
		check_unchanged(old, new, Anum_task_follows_id);
}

static void
check_stamps(const TaskRow *old, const TaskRow *new)
{
	/* Stamps are passed by value; which columns they are takes longer to say than which differ. */
	for (int attnum = 1; attnum <= old->desc->natts; attnum++)
		if (TupleDescAttr(old->desc, attnum - 1)->attbyval && task_column_differs(old, new, attnum) && task_column_is_stamp(attnum))
			ereport(ERROR,
					(errcheck("taskq_task", LIFECYCLE),
					 errmsg("column %s of task " INT64_FORMAT " is written by the lifecycle only",
							column_name(old, attnum), task_id(old)),
					 errhint("Leave it out: taskq sets it when the status or sla_hours changes.")));
}

/* ------------------------------------------------------ effects of a write */

static void
set_status(TaskRow *row, TaskStatus status)
{
	row->status = status;
	task_value(row, Anum_task_status) = ObjectIdGetDatum(taskq_catalog()->status[status]);
}

/* Applies the status that the write asks for, or throws 23514. */
static void
apply_status(const TaskRow *old, TaskRow *new, TaskStatus requested, TimestampTz at)
{
	const TaskqCall *call = call_under_way();
	TaskStatus	from = effective_status(old);
	const char *refusal;

	/* taskq_start() begins work on an overdue task, which stays OVERDUE. */
	if (from == STATUS_OVERDUE && requested == STATUS_IN_PROGRESS &&
		call != NULL && call->verb == VERB_START)
	{
		if (task_isnull(new, Anum_task_started_at))
			task_set_stamp(new, Anum_task_started_at, at);
		set_status(new, effective_status(new));
		return;
	}

	refusal = transition_refusal(old, new, from, requested);
	if (refusal != NULL)
		refuse_transition(old, from, requested, refusal);
	if ((requested == STATUS_IN_PROGRESS || requested == STATUS_COMPLETED) &&
		task_isnull(new, Anum_task_started_at))
		task_set_stamp(new, Anum_task_started_at, at);
	if (requested == STATUS_COMPLETED)
		task_set_stamp(new, Anum_task_completed_at, at);
	if (requested == STATUS_CANCELLED)
		task_set_stamp(new, Anum_task_cancelled_at, at);
	set_status(new, requested);
}

/* The title that a write gives a task, NULL if it leaves it as it is. */
static text *
new_title(const TaskRow *old, const TaskRow *new)
{
	if (task_isnull(new, Anum_task_title) || !task_column_differs(old, new, Anum_task_title))
		return NULL;
	return DatumGetTextPP(task_value(new, Anum_task_title));
}

/* Removes directional marks from a new title; throws 23514 unless it is visible. */
static void
apply_title(const TaskRow *old, TaskRow *new)
{
	text	   *title = new_title(old, new);
	text	   *plain = title != NULL ? title_without_marks(title) : NULL;

	if (plain != NULL)
		task_value(new, Anum_task_title) = PointerGetDatum(plain);
	title = new_title(old, new);
	if (title != NULL)
		check_title_is_visible(title);
}

/*
 * Sets status and stamps in the new row of an update, or throws 23514.  The old
 * one was written by that transaction.  Returns false if the row need not be written: an API call is in progress and
 * changes nothing.
 */
bool
lifecycle_update(const TaskRow *old, TransactionId written_by, TaskRow *new, bool status_named)
{
	const int	unnoticed[] = {Anum_task_updated_at, Anum_task_sla_revision};
	const TaskqCall *call = call_under_way();
	TimestampTz at;

	if (STATUS_IS_TERMINAL(old->status))
	{
		if (status_named)
			refuse_transition(old, old->status, new->status, NULL);
		if (!is_merge(old, new) && !is_cascade(old, new))
			refuse_frozen(old);
		return call == NULL || differs_outside(old, new, NULL, 0);
	}

	check_identity(old, new);
	check_stamps(old, new);
	apply_title(old, new);
	(void) fields_apply(old, new);
	if (!task_isnull(new, Anum_task_assignee_id) &&
		task_column_differs(old, new, Anum_task_assignee_id) &&
		!is_cascade(old, new))
		check_staff(task_value(new, Anum_task_assignee_id));
	if (team_differs(old, new) && !task_isnull(new, Anum_task_team_id) && !is_cascade(old, new))
		check_team(task_value(new, Anum_task_team_id));

	at = task_update_instant(old, written_by);
	if (status_named && new->status != effective_status(old))
		apply_status(old, new, new->status, at);
	else
		set_status(new, effective_status(new));
	pause_apply(old, new, at);
	sla_apply(old, new, at);
	check_newer_columns(new);
	check_new_values(old, new);
	if (Anum_task_sla_from != 0 && task_column_differs(old, new, Anum_task_sla_from))
		check_clock_began(new, at);

	if (differs_outside(old, new, unnoticed, lengthof(unnoticed)))
		task_set_stamp(new, Anum_task_updated_at, at);
	else
	{
		/* That the deadlines are those of the calendar as it is now is stored, but is no change of the task. */
		task_value(new, Anum_task_updated_at) = task_value(old, Anum_task_updated_at);
		return call == NULL || (unnoticed[1] != 0 && task_column_differs(old, new, unnoticed[1]));
	}
	return true;
}

/* ------------------------------------------------------ what has been stored */

/* Whether a stamp is this instant or, if none is expected, NULL. */
static bool
stamp_is(const TaskRow *row, int attnum, bool expected, TimestampTz at)
{
	return expected ? !task_isnull(row, attnum) && task_stamp(row, attnum) == at : task_isnull(row, attnum);
}

/*
 * Throws 23514 if an update as it was stored is not allowed, with the messages
 * of the BEFORE trigger.  That can only happen if another trigger has changed
 * the row after it.
 */
void
lifecycle_recheck(const TaskRow *old, const TaskRow *new)
{
	TaskStatus	from = effective_status(old);
	TimestampTz at = task_updated_instant(old, new);
	const char *refusal;
	bool		ends = STATUS_IS_TERMINAL(new->status);
	bool		wrong = false;

	if (STATUS_IS_TERMINAL(old->status))
	{
		if (!is_merge(old, new) && !is_cascade(old, new))
			refuse_frozen(old);
		return;
	}
	check_identity(old, new);
	refusal = transition_refusal(old, new, from, new->status);
	if (refusal != NULL)
		refuse_transition(old, from, new->status, refusal);

	if (new_title(old, new) != NULL)
		check_title_is_visible(new_title(old, new));
	check_new_values(old, new);

	/* The stamps must be those that follow from the change of status. */
	wrong |= !ends && new->status != effective_status(new);
	if (task_isnull(old, Anum_task_started_at))
		wrong |= !task_isnull(new, Anum_task_started_at) && task_stamp(new, Anum_task_started_at) != at;
	else
		wrong |= task_column_differs(old, new, Anum_task_started_at);
	wrong |= new->status == STATUS_COMPLETED && !stamp_is(new, Anum_task_completed_at, true, at);
	wrong |= new->status == STATUS_CANCELLED && !stamp_is(new, Anum_task_cancelled_at, true, at);
	wrong |= !pause_agrees(old, new, at) || !sla_agrees(old, new, at);
	if (wrong)
		ereport(ERROR,
				(errcheck("taskq_task", LIFECYCLE),
				 errmsg("another trigger changed status or stamps of task " INT64_FORMAT " against the lifecycle",
						task_id(old)),
				 errhint("Consider giving that trigger a name that sorts before \"taskq_lifecycle_update\", or having it change other columns only.")));
}

/* Refuses to delete a task that is not terminal. */
void
lifecycle_delete(const TaskRow *row)
{
	if (!STATUS_IS_TERMINAL(row->status))
		ereport(ERROR,
				(errcheck("taskq_task", LIFECYCLE),
				 errmsg("task " INT64_FORMAT " is %s and cannot be deleted",
						task_id(row), status_names[effective_status(row)]),
				 errhint("Cancel it with taskq_cancel(); only COMPLETED and CANCELLED tasks can be deleted.")));
}

void
lifecycle_truncate(void)
{
	ereport(ERROR,
			(errcheck("taskq_task", LIFECYCLE),
			 errmsg("table taskq_task cannot be truncated"),
			 errhint("Delete terminal tasks with DELETE.")));
}
