/*-------------------------------------------------------------------------
 *
 * renewal.c
 *		Renewals: their lifecycle and their API.
 *
 * ACTIVE until the due date has passed, then OVERDUE, until COMPLETED or
 * CANCELLED, which are final.  The triggers here enforce that for every
 * writer, and apply an update to the renewal's open task.  The thresholds
 * before the due date are in ladder.c.
 *
 * An active renewal exists once: creating it again returns the same id.  That
 * takes a unique index, which a database updated from 0.2.0 lacks as long as
 * it has duplicates.  Then a look-up before the insert takes its place, which
 * does not prevent duplicates by two sessions at once.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/guc.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "base/actor.h"
#include "base/calendar.h"
#include "base/catalog.h"
#include "base/compat.h"
#include "base/owner.h"
#include "base/plan.h"
#include "base/recur.h"
#include "base/text.h"
#include "task/change.h"
#include "task/directory.h"
#include "task/row.h"
#include "task/valid.h"
#include "engine/ladder.h"
#include "engine/refresh.h"

#define LIFECYCLE "taskq_renewal_lifecycle"
#define SERVICE_TYPE_MAX 100
#define REFERENCE_MAX 255

enum
{
	Anum_renewal_id = 1,
	Anum_renewal_user_id,
	Anum_renewal_service_type,
	Anum_renewal_due_date,
	Anum_renewal_assignee_id,
	Anum_renewal_reference,
	Anum_renewal_notes,
	Anum_renewal_status,
	Anum_renewal_created_at,
	Anum_renewal_created_by,
	Anum_renewal_completed_at,
	Anum_renewal_cancelled_at,
	Anum_renewal_compliance_flagged_at,
	Anum_renewal_next_check_on
};

/* After so many conflicts without a visible holder, it is not a race with its closing. */
#define HOLDER_TRIES 100

static TaskqPlan open_tasks = {
	"SELECT t.id, t.started_at IS NOT NULL FROM @.taskq_renewal_crossing x JOIN @.taskq_task t ON t.id " EQ " x.task_id "
	"WHERE x.renewal_id " EQ " $1 AND coalesce(t.completed_at, t.cancelled_at) IS NULL ORDER BY t.id FOR NO KEY UPDATE OF t"
};
static TaskqPlan complete_tasks = {
	"UPDATE @.taskq_task SET status = 'COMPLETED' WHERE id " EQ " ANY ($1)"
};
static TaskqPlan cancel_tasks = {
	"UPDATE @.taskq_task SET status = 'CANCELLED' WHERE id " EQ " ANY ($1)"
};
#define ASSIGN_TASKS \
	"UPDATE @.taskq_task SET assignee_id = (SELECT " RENEWAL_ASSIGNEE " FROM " RENEWAL_WITH_STAFF " WHERE r.id " EQ " $2)"

/* Those of an agent who is away go to a team, unless they belong to one. */
static TaskqPlan assign_tasks = {
	ASSIGN_TASKS ", team_id = coalesce(team_id, (SELECT m.team_id FROM " RENEWAL_WITH_STAFF " "
	"JOIN @.taskq_team_member m ON m.staff_id " EQ " " RENEWAL_AWAY " JOIN @.taskq_team t ON t.id " EQ " m.team_id "
	"WHERE r.id " EQ " $2 AND t.is_active ORDER BY m.team_id LIMIT 1)) WHERE id " EQ " ANY ($1)"
};
static TaskqPlan assign_older_tasks = {
	ASSIGN_TASKS " WHERE id " EQ " ANY ($1)"
};

/* Parameters: id, outcome. */
static TaskqPlan supersede = {
	"UPDATE @.taskq_renewal_crossing AS x SET outcome = $2 "
	"WHERE x.renewal_id " EQ " $1 AND x.outcome " EQ " ANY (" TASK_OUTCOMES ") AND EXISTS (SELECT FROM @.taskq_task t "
	"WHERE t.id " EQ " x.task_id AND coalesce(t.completed_at, t.cancelled_at) IS NULL)"
};

#define FIRST_COLUMNS "user_id, service_type, due_date, assignee_id, reference, notes"
#define INSERT_RENEWAL \
	"INSERT INTO @.taskq_renewal (" FIRST_COLUMNS ", every, anchor_on) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) "
#define INSERT_OLDER \
	"INSERT INTO @.taskq_renewal (" FIRST_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6) "
#define UNLESS_ACTIVE \
	"ON CONFLICT (user_id, service_type, reference, due_date) WHERE next_check_on IS NOT NULL DO NOTHING "

/* By whether the SQL is older than 0.3.0, and whether the table has its unique index. */
static TaskqPlan insert_renewal[2][2] = {
	{{INSERT_RENEWAL "RETURNING id"}, {INSERT_RENEWAL UNLESS_ACTIVE "RETURNING id"}},
	{{INSERT_OLDER "RETURNING id"}, {INSERT_OLDER UNLESS_ACTIVE "RETURNING id"}}
};

/* Parameters as the first of insert_renewal. */
static TaskqPlan select_holder = {
	"SELECT r.id FROM @.taskq_renewal r WHERE r.user_id " EQ " $1 AND r.service_type " EQ " $2 AND r.due_date " EQ " $3 "
	"AND (r.reference " EQ " $5 OR (r.reference IS NULL AND $5 IS NULL)) AND r.next_check_on IS NOT NULL ORDER BY r.id"
};

/* Parameters: id, every, anchor. */
static TaskqPlan recur_as = {
	"UPDATE @.taskq_renewal SET every = $2, anchor_on = $3 WHERE id " EQ " $1 AND every IS NULL"
};

#define LOCKED "FROM @.taskq_renewal r WHERE r.id " EQ " $1 FOR NO KEY UPDATE"

/* The same. */
static TaskqPlan lock_renewal[2] = {
	{"SELECT r.user_id, r.service_type, r.due_date, r.assignee_id, r.reference, r.notes, r.every, "
	"CASE WHEN r.every IS NULL THEN r.anchor_on ELSE coalesce(r.anchor_on, r.due_date) END " LOCKED},
	{"SELECT r.user_id, r.service_type, r.due_date, r.assignee_id, r.reference, r.notes " LOCKED}
};
static TaskqPlan complete_renewal = {
	"UPDATE @.taskq_renewal SET status = 'COMPLETED' WHERE id " EQ " $1"
};
static TaskqPlan cancel_renewal = {
	"UPDATE @.taskq_renewal AS r SET status = 'CANCELLED' WHERE r.id " EQ " $1 RETURNING r"
};

/* Columns of a new renewal, as parameters of insert_renewal. */
enum
{
	NEW_RENEWAL_USER_ID,
	NEW_RENEWAL_SERVICE_TYPE,
	NEW_RENEWAL_DUE_DATE,
	NEW_RENEWAL_ASSIGNEE_ID,
	NEW_RENEWAL_REFERENCE,
	NEW_RENEWAL_NOTES,
	NEW_RENEWAL_EVERY,
	NEW_RENEWAL_ANCHOR_ON,
	N_NEW_RENEWAL
};

#define N_NEW_RENEWAL_OLDER NEW_RENEWAL_EVERY	/* those that one of 0.2.0 has */

/* A row, as it was and as it is to be. */
typedef struct Change
{
	TupleDesc	desc;
	Datum	   *old;
	bool	   *old_nulls;
	Datum	   *new;
	bool	   *new_nulls;
} Change;

/* ----------------------------------------------------------------- refusals */

static bool
differs(const Change *c, int attnum)
{
	return column_differs(c->desc, attnum, c->old[attnum - 1], c->old_nulls[attnum - 1],
						  c->new[attnum - 1], c->new_nulls[attnum - 1]);
}

/* Whether a foreign key changed because what it refers to did. */
static bool
is_cascade(const Change *c, int attnum)
{
	if (c->old_nulls[attnum - 1] || c->new_nulls[attnum - 1])
		return false;
	return attnum == Anum_renewal_user_id ? !customer_exists(c->old[attnum - 1]) :
		!staff_exists(c->old[attnum - 1]);
}

/* Throws 23514 for columns that never change, or that only taskq writes. */
static void
check_unchanged(const Change *c, int64 id)
{
	static const int fixed[] = {
		Anum_renewal_id, Anum_renewal_user_id, Anum_renewal_created_at, Anum_renewal_created_by
	};
	static const int kept[] = {
		Anum_renewal_completed_at, Anum_renewal_cancelled_at,
		Anum_renewal_compliance_flagged_at, Anum_renewal_next_check_on
	};

	for (int i = 0; i < lengthof(fixed); i++)
		if (differs(c, fixed[i]) &&
			!(fixed[i] == Anum_renewal_user_id && (call_is(VERB_MERGE) || is_cascade(c, fixed[i]))))
			ereport(ERROR,
					(errcheck("taskq_renewal", LIFECYCLE),
					 errmsg("column %s of renewal " INT64_FORMAT " never changes",
							NameStr(TupleDescAttr(c->desc, fixed[i] - 1)->attname), id)));
	for (int i = 0; i < lengthof(kept) && !guard_is_passed(renewals_guard); i++)
		if (differs(c, kept[i]))
			ereport(ERROR,
					(errcheck("taskq_renewal", LIFECYCLE),
					 errmsg("column %s of renewal " INT64_FORMAT " is written by taskq only",
							NameStr(TupleDescAttr(c->desc, kept[i] - 1)->attname), id)));
}

/* Throws 23514 if a final row changes other than by the cascade of a key, by erasure or a merge of customers. */
static void
check_final(const Change *c, int64 id, const char *status)
{
	for (int attnum = 1; attnum <= c->desc->natts; attnum++)
		if (differs(c, attnum) &&
			!(call_is(VERB_ERASE) && (attnum == Anum_renewal_reference || attnum == Anum_renewal_notes)) &&
			!(call_is(VERB_MERGE) && attnum == Anum_renewal_user_id) &&
			!((attnum == Anum_renewal_user_id || attnum == Anum_renewal_assignee_id) && is_cascade(c, attnum)))
			ereport(ERROR,
					(errcheck("taskq_renewal", LIFECYCLE),
					 errmsg("renewal " INT64_FORMAT " is %s and can no longer change", id, status),
					 errhint("Create a new renewal instead.")));
}

/* ----------------------------------------------------------------- triggers */

static bool
is_final(const char *status)
{
	return strcmp(status, "COMPLETED") == 0 || strcmp(status, "CANCELLED") == 0;
}

static void
set_column(Change *c, int attnum, Datum value)
{
	c->new[attnum - 1] = value;
	c->new_nulls[attnum - 1] = false;
}

/* Has the renewal checked as soon as the transaction commits. */
static void
look_at_once(Change *c)
{
	DateADT		at_once;

	DATE_NOBEGIN(at_once);
	set_column(c, Anum_renewal_next_check_on, DateADTGetDatum(at_once));
	change_due_now();
}

/*
 * Keeps the date from which the due dates of a renewal that recurs are counted,
 * where that was its due date, which now moves.
 */
static void
keep_anchor(Change *c)
{
	int			every = SPI_fnumber(c->desc, "every");
	int			anchor_on = SPI_fnumber(c->desc, "anchor_on");

	if (taskq_catalog()->sql_is_older || !differs(c, Anum_renewal_due_date) || c->old_nulls[every - 1] ||
		!c->old_nulls[anchor_on - 1] || !c->new_nulls[anchor_on - 1])
		return;
	set_column(c, anchor_on, c->old[Anum_renewal_due_date - 1]);
}

/* Sets the columns that follow from an update, or throws 23514. */
static void
apply_update(Change *c, bool status_named)
{
	int64		id = DatumGetInt64(c->old[Anum_renewal_id - 1]);
	char	   *from = TextDatumGetCString(c->old[Anum_renewal_status - 1]);
	char	   *to = c->new_nulls[Anum_renewal_status - 1] ? from :
		TextDatumGetCString(c->new[Anum_renewal_status - 1]);
	Datum		now = TimestampTzGetDatum(GetCurrentStatementStartTimestamp());

	if (is_final(from))
	{
		if (status_named)
			ereport(ERROR,
					(errcheck("taskq_renewal", LIFECYCLE),
					 errmsg("renewal " INT64_FORMAT " cannot go from %s to %s", id, from, to),
					 errhint("Create a new renewal instead.")));
		check_final(c, id, from);
		return;
	}
	check_unchanged(c, id);
	if (!is_final(to) && strcmp(from, to) != 0 && !guard_is_passed(renewals_guard))
		ereport(ERROR,
				(errcheck("taskq_renewal", LIFECYCLE),
				 errmsg("renewal " INT64_FORMAT " cannot be made %s", id, to),
				 errhint("Change the due date instead: the status follows from it.")));
	if (!c->new_nulls[Anum_renewal_assignee_id - 1] && differs(c, Anum_renewal_assignee_id) &&
		!is_cascade(c, Anum_renewal_assignee_id))
		check_staff(c->new[Anum_renewal_assignee_id - 1]);

	if (is_final(to))
	{
		set_column(c, strcmp(to, "COMPLETED") == 0 ? Anum_renewal_completed_at : Anum_renewal_cancelled_at, now);
		c->new_nulls[Anum_renewal_next_check_on - 1] = true;
	}
	else if (differs(c, Anum_renewal_due_date) || differs(c, Anum_renewal_service_type))
	{
		if (!c->new_nulls[Anum_renewal_due_date - 1] &&
			DatumGetDateADT(c->new[Anum_renewal_due_date - 1]) >= today())
			set_column(c, Anum_renewal_status, CStringGetTextDatum("ACTIVE"));
		keep_anchor(c);
		look_at_once(c);
	}
	else if (differs(c, Anum_renewal_user_id) && call_is(VERB_MERGE))
		look_at_once(c);		/* what waited for an inactive customer goes on */
}

static TriggerData *
check_trigger(FunctionCallInfo fcinfo, const char *name, TriggerEvent timing, bool any_event)
{
	TriggerData *td = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_FOR_ROW(td->tg_event) ||
		(td->tg_event & TRIGGER_EVENT_TIMINGMASK) != timing ||
		(!any_event && !TRIGGER_FIRED_BY_UPDATE(td->tg_event)) ||
		RelationGetRelid(td->tg_relation) != taskq_catalog()->renewal)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("%s belongs to table taskq_renewal and cannot be used elsewhere", name)));
	return td;
}

/* The row before and after; of an insert or a deletion both are that row. */
static void
read_change(const TriggerData *td, Change *c)
{
	HeapTuple	tuple = TRIGGER_FIRED_BY_UPDATE(td->tg_event) ? td->tg_newtuple : td->tg_trigtuple;

	c->desc = RelationGetDescr(td->tg_relation);
	c->old = palloc(c->desc->natts * sizeof(Datum));
	c->new = palloc(c->desc->natts * sizeof(Datum));
	c->old_nulls = palloc(c->desc->natts * sizeof(bool));
	c->new_nulls = palloc(c->desc->natts * sizeof(bool));
	heap_deform_tuple(td->tg_trigtuple, c->desc, c->old, c->old_nulls);
	heap_deform_tuple(tuple, c->desc, c->new, c->new_nulls);
}

/* Throws 23514 for texts that a write gives to a renewal and that cannot be read. */
static void
check_texts(const Change *c, bool is_new)
{
	static const struct
	{
		int			attnum;
		const char *rule;
	}			texts[] = {
		{Anum_renewal_service_type, "taskq_renewal_service_type_check"},
		{Anum_renewal_reference, "taskq_renewal_reference_check"},
		{Anum_renewal_notes, "taskq_renewal_notes_check"}
	};

	for (int i = 0; i < lengthof(texts); i++)
		if (!c->new_nulls[texts[i].attnum - 1] && (is_new || differs(c, texts[i].attnum)))
			check_written_text("taskq_renewal", texts[i].rule, DatumGetTextPP(c->new[texts[i].attnum - 1]));
}

PG_FUNCTION_INFO_V1(taskq_renewal_guard);
Datum
taskq_renewal_guard(PG_FUNCTION_ARGS)
{
	TriggerData *td = check_trigger(fcinfo, "taskq_renewal_guard", TRIGGER_EVENT_BEFORE, true);
	Change		c;

	read_change(td, &c);
	if (TRIGGER_FIRED_BY_DELETE(td->tg_event))
	{
		if (!is_final(TextDatumGetCString(c.old[Anum_renewal_status - 1])))
			ereport(ERROR,
					(errcheck("taskq_renewal", LIFECYCLE),
					 errmsg("renewal " INT64_FORMAT " is active and cannot be deleted",
							DatumGetInt64(c.old[Anum_renewal_id - 1])),
					 errhint("Cancel it with taskq_renewal_cancel().")));
		return PointerGetDatum(td->tg_trigtuple);
	}
	if (TRIGGER_FIRED_BY_UPDATE(td->tg_event) || (check_function_bodies && !call_is(VERB_NEXT_CYCLE)))
		check_texts(&c, !TRIGGER_FIRED_BY_UPDATE(td->tg_event));
	if (TRIGGER_FIRED_BY_UPDATE(td->tg_event))
		apply_update(&c, differs(&c, Anum_renewal_status) ||
					 bms_is_member(Anum_renewal_status - FirstLowInvalidHeapAttributeNumber, td->tg_updatedcols));
	else if (c.new_nulls[Anum_renewal_next_check_on - 1] && !c.new_nulls[Anum_renewal_status - 1] &&
			 !is_final(TextDatumGetCString(c.new[Anum_renewal_status - 1])))
		look_at_once(&c);
	return PointerGetDatum(heap_form_tuple(c.desc, c.new, c.new_nulls));
}

/*
 * The open tasks of a renewal, locked, as bigint[]: those that have been
 * started and those that have not.
 */
static void
lock_open_tasks(int64 renewal, Datum *started, Datum *untouched)
{
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(renewal)};
	int64	   *ids[2];
	int			n[2] = {0, 0};

	spi_run(&open_tasks, 1, types, values, NULL, 0);
	ids[0] = palloc(Max(SPI_processed, 1) * sizeof(int64));
	ids[1] = palloc(Max(SPI_processed, 1) * sizeof(int64));
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		bool		isnull;
		int64		id = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull));
		bool		is_started = DatumGetBool(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 2, &isnull));
		int			list = is_started ? 0 : 1;

		ids[list][n[list]++] = id;
	}
	*started = id_array(ids[0], n[0]);
	*untouched = id_array(ids[1], n[1]);
}

/*
 * Closes the open tasks of a renewal that has been closed.  Started tasks of a
 * completed one are completed, those of a duplicate that a merge of customers
 * has found are left to who has started them, all others cancelled.
 */
static void
close_tasks(int64 renewal, bool completed)
{
	const TaskqCall *call = call_under_way();
	Oid			types[] = {INT8ARRAYOID};
	text	   *note;
	Datum		started;
	Datum		untouched;

	if (call != NULL && call->note != NULL)
		note = call->note;
	else
		note = cstring_to_text(psprintf(completed ? "renewal " INT64_FORMAT " was completed" :
										"renewal " INT64_FORMAT " was cancelled", renewal));
	lock_open_tasks(renewal, &started, &untouched);
	if (call == NULL || call->verb != VERB_MERGE)
		run_as_call(completed ? &complete_tasks : &cancel_tasks, 1, types, &started, NULL, VERB_OTHER, NULL, note);
	run_as_call(&cancel_tasks, 1, types, &untouched, NULL, VERB_OTHER, NULL, note);
}

/*
 * Assigns the open tasks of a renewal that have not been started to the
 * present assignee of its tasks.
 */
static void
reassign_tasks(int64 renewal)
{
	Oid			types[] = {INT8ARRAYOID, INT8OID};
	Datum		values[] = {(Datum) 0, Int64GetDatum(renewal)};
	Datum		started;

	lock_open_tasks(renewal, &started, &values[0]);
	run_as_call(taskq_catalog()->sql_is_older ? &assign_older_tasks : &assign_tasks, 2, types, values, NULL, VERB_OTHER, NULL, NULL);
}

/* Marks the open tasks of a renewal as made for another due date or service type. */
static void
supersede_tasks(int64 renewal)
{
	Oid			types[] = {INT8OID, TEXTOID};
	Datum		values[] = {Int64GetDatum(renewal), CStringGetTextDatum(crossing_outcome(OUTCOME_SUPERSEDED))};

	spi_run(&supersede, 2, types, values, NULL, 0);
}

/* Applies an update of a renewal to its open tasks. */
PG_FUNCTION_INFO_V1(taskq_renewal_closed);
Datum
taskq_renewal_closed(PG_FUNCTION_ARGS)
{
	TriggerData *td = check_trigger(fcinfo, "taskq_renewal_closed", TRIGGER_EVENT_AFTER, false);
	OwnerSwitch owner;
	Change		c;
	int64		id;
	char	   *to;
	bool		moved;
	bool		reassigned;

	read_change(td, &c);
	if (is_final(TextDatumGetCString(c.old[Anum_renewal_status - 1])))
		return PointerGetDatum(NULL);
	id = DatumGetInt64(c.new[Anum_renewal_id - 1]);
	to = TextDatumGetCString(c.new[Anum_renewal_status - 1]);
	moved = differs(&c, Anum_renewal_due_date) || differs(&c, Anum_renewal_service_type);
	/* The hand-over of somebody's work takes along what of it is that one's. */
	reassigned = differs(&c, Anum_renewal_assignee_id) && !is_cascade(&c, Anum_renewal_assignee_id) &&
		!call_is(VERB_HAND_OVER);
	if (!is_final(to) && !moved && !reassigned)
		return PointerGetDatum(NULL);

	spi_connect();
	become_owner_of(taskq_catalog()->task, &owner);
	if (is_final(to))
		close_tasks(id, strcmp(to, "COMPLETED") == 0);
	else
	{
		if (moved)
			supersede_tasks(id);
		if (reassigned)
			reassign_tasks(id);
	}
	become_caller_again(&owner);
	SPI_finish();
	return PointerGetDatum(NULL);
}

/* Has the renewals of a customer checked, for which nothing was created while it was inactive. */
PG_FUNCTION_INFO_V1(taskq_customer_reactivated);
Datum
taskq_customer_reactivated(PG_FUNCTION_ARGS)
{
	TriggerData *td = (TriggerData *) fcinfo->context;
	OwnerSwitch owner;
	bool		isnull;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_FOR_ROW(td->tg_event) ||
		!TRIGGER_FIRED_AFTER(td->tg_event) || !TRIGGER_FIRED_BY_UPDATE(td->tg_event) ||
		RelationGetRelid(td->tg_relation) != taskq_catalog()->customer)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("taskq_customer_reactivated belongs to table taskq_customer and cannot be used elsewhere")));
	spi_connect();
	become_owner_of(taskq_catalog()->task, &owner);
	renewals_recheck_customer(heap_getattr(td->tg_newtuple, 1, RelationGetDescr(td->tg_relation), &isnull));
	become_caller_again(&owner);
	SPI_finish();
	return PointerGetDatum(NULL);
}

/* ---------------------------------------------------------------------- API */

pg_noreturn static void
no_such_renewal(int64 id)
{
	ereport(ERROR,
			(errcode(ERRCODE_NO_DATA_FOUND),
			 errmsg("renewal " INT64_FORMAT " does not exist", id)));
}

static void
check_required_text(FunctionCallInfo fcinfo, int argno, const char *name, int max)
{
	if (PG_ARGISNULL(argno))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be 1 to %d characters, not null", name, max)));
	check_key(name, PG_GETARG_TEXT_PP(argno), 1, max);
}

/* The first column of SPI's first row as an id, 0 if there is no row. */
static int64
result_id(void)
{
	bool		isnull;

	return SPI_processed == 0 ? 0 :
		DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
}

/*
 * The active renewal with the same key as a new one, or 0.  Throws 42501 if
 * row security hides it from the caller.
 */
static int64
find_holder(Oid *types, Datum *values, const char *nulls)
{
	OwnerSwitch owner;
	int64		id;

	spi_run(&select_holder, N_NEW_RENEWAL_OLDER, types, values, nulls, 1);
	id = result_id();
	if (id != 0)
		return id;
	become_owner_of(taskq_catalog()->renewal, &owner);
	spi_run(&select_holder, N_NEW_RENEWAL_OLDER, types, values, nulls, 1);
	id = result_id();
	become_caller_again(&owner);
	if (id != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for the existing renewal"),
				 errdetail("Row security policies do not permit the current role to read the active renewal that is the same.")));
	return 0;
}

/* How many columns a new renewal has. */
static int
n_new_renewal(void)
{
	return taskq_catalog()->sql_is_older ? N_NEW_RENEWAL_OLDER : N_NEW_RENEWAL;
}

/*
 * Inserts a renewal and returns its id, or the id of the active one with the
 * same key.  Of two sessions at once one waits for the other, unless the
 * unique index is missing.
 */
static int64
enter_renewal(Datum *values, const char *nulls, TaskVerb verb, text *actor)
{
	Oid			types[N_NEW_RENEWAL] = {TEXTOID, TEXTOID, DATEOID, TEXTOID, TEXTOID, TEXTOID, INTERVALOID, DATEOID};
	int64		id;

	for (int tries = 0; tries < HOLDER_TRIES; tries++)
	{
		bool		keyed = taskq_catalog()->renewal_is_keyed;

		CHECK_FOR_INTERRUPTS();
		if (!keyed && (id = find_holder(types, values, nulls)) != 0)
			return id;
		run_as_call(&insert_renewal[taskq_catalog()->sql_is_older][keyed], n_new_renewal(), types, values, nulls,
					verb, actor, NULL);
		id = result_id();
		/* A merge may have committed since, before the key of the customer was locked. */
		if (id != 0)
			check_customer(values[NEW_RENEWAL_USER_ID]);
		if (id != 0 || (keyed && (id = find_holder(types, values, nulls)) != 0))
			return id;
		if (!keyed || IsolationUsesXactSnapshot())
			break;
	}
	ereport(ERROR,
			(errcode(ERRCODE_TRIGGERED_ACTION_EXCEPTION),
			 errmsg("renewal was not created: a trigger on taskq_renewal suppressed the insert")));
}

PG_FUNCTION_INFO_V1(taskq_renewal_create);
Datum
taskq_renewal_create(PG_FUNCTION_ARGS)
{
	int			nargs = PG_NARGS() - 1; /* but for the actor; 0.2.0 has no "every" */
	Datum		values[N_NEW_RENEWAL];
	char		nulls[N_NEW_RENEWAL];
	int64		id;

	check_required_text(fcinfo, 0, "user_id", KEY_MAX);
	check_required_text(fcinfo, 1, "service_type", SERVICE_TYPE_MAX);
	check_text("service_type", PG_GETARG_TEXT_PP(1), 1, SERVICE_TYPE_MAX);
	if (PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("due_date must be a date from 0001-01-01 to 9999-12-31, not null")));
	check_due_date(PG_GETARG_DATEADT(2));
	if (!PG_ARGISNULL(4))
		check_text("reference", PG_GETARG_TEXT_PP(4), 0, REFERENCE_MAX);
	if (!PG_ARGISNULL(5))
		check_text("notes", PG_GETARG_TEXT_PP(5), 0, TEXT_MAX);
	check_active_customer(PG_GETARG_DATUM(0));
	if (!PG_ARGISNULL(3))
		check_staff(PG_GETARG_DATUM(3));
	if (nargs > NEW_RENEWAL_EVERY && !PG_ARGISNULL(NEW_RENEWAL_EVERY) &&
		!every_in_bounds(PG_GETARG_INTERVAL_P(NEW_RENEWAL_EVERY)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("every must be " EVERY_BOUNDS)));
	for (int i = 0; i < N_NEW_RENEWAL; i++)
	{
		bool		given = i < nargs && !PG_ARGISNULL(i);

		nulls[i] = given ? ' ' : 'n';
		values[i] = given ? PG_GETARG_DATUM(i) : (Datum) 0;
	}
	spi_connect();
	id = enter_renewal(values, nulls, VERB_OTHER, actor_argument(fcinfo, nargs));
	SPI_finish();
	PG_RETURN_INT64(id);
}

/* Locks a renewal and reads what its next cycle takes over; P0002 if there is none. */
static void
read_cycle(int64 id, Datum *values, char *nulls)
{
	Oid			types[] = {INT8OID};
	Datum		key[] = {Int64GetDatum(id)};

	spi_run(&lock_renewal[taskq_catalog()->sql_is_older], 1, types, key, NULL, 1);
	if (SPI_processed == 0)
		no_such_renewal(id);
	for (int i = 0; i < n_new_renewal(); i++)
	{
		bool		isnull;

		values[i] = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, i + 1, &isnull);
		nulls[i] = isnull ? 'n' : ' ';
	}
}

/* Sets the due date of the next cycle: the first date of those that recur after the present one.  False if there is none. */
static bool
find_next_cycle(Datum *values, const char *nulls)
{
	Recurrence	r;
	DateADT		date;

	if (taskq_catalog()->sql_is_older || nulls[NEW_RENEWAL_EVERY] == 'n')
		return false;
	r = recurrence(DatumGetDateADT(values[NEW_RENEWAL_ANCHOR_ON]), DatumGetIntervalP(values[NEW_RENEWAL_EVERY]));
	if (!recur_date(&r, recur_last(&r, DatumGetDateADT(values[NEW_RENEWAL_DUE_DATE])) + 1, &date))
		return false;
	values[NEW_RENEWAL_DUE_DATE] = DateADTGetDatum(date);
	return true;
}

/*
 * Has the next cycle recur as the renewal before it: it may have been entered
 * already, by somebody who did not say that it does.
 */
static void
go_on(int64 id, const Datum *cycle, const char *nulls, text *actor)
{
	Oid			types[] = {INT8OID, INTERVALOID, DATEOID};
	Datum		values[] = {Int64GetDatum(id), cycle[NEW_RENEWAL_EVERY], cycle[NEW_RENEWAL_ANCHOR_ON]};

	if (!taskq_catalog()->sql_is_older && nulls[NEW_RENEWAL_EVERY] != 'n')
		run_as_call(&recur_as, 3, types, values, NULL, VERB_OTHER, actor, NULL);
}

PG_FUNCTION_INFO_V1(taskq_renewal_complete);
Datum
taskq_renewal_complete(PG_FUNCTION_ARGS)
{
	int64		id = id_argument(fcinfo, "renewal NULL does not exist");
	text	   *actor = actor_argument(fcinfo, 2);
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(id)};
	Datum		next_values[N_NEW_RENEWAL];
	char		next_nulls[N_NEW_RENEWAL];
	int64		next = 0;
	bool		goes_on = !PG_ARGISNULL(1);

	if (!PG_ARGISNULL(1) && !due_date_in_bounds(PG_GETARG_DATEADT(1)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("next_due_date must be a date from 0001-01-01 to 9999-12-31")));
	spi_connect();
	read_cycle(id, next_values, next_nulls);
	if (!PG_ARGISNULL(1))
	{
		if (PG_GETARG_DATEADT(1) <= DatumGetDateADT(next_values[NEW_RENEWAL_DUE_DATE]))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("next_due_date must be after the due date of renewal " INT64_FORMAT, id)));
		next_values[NEW_RENEWAL_DUE_DATE] = PG_GETARG_DATUM(1);
	}
	else
		goes_on = find_next_cycle(next_values, next_nulls);
	run_as_call(&complete_renewal, 1, types, values, NULL, VERB_OTHER, actor, NULL);
	if (SPI_processed == 0)
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_ACTION_EXCEPTION),
				 errmsg("renewal " INT64_FORMAT " was not completed: a trigger on taskq_renewal suppressed the update", id)));
	if (goes_on)
	{
		check_active_customer(next_values[NEW_RENEWAL_USER_ID]);
		next = enter_renewal(next_values, next_nulls, VERB_NEXT_CYCLE, actor);
		go_on(next, next_values, next_nulls, actor);
	}
	SPI_finish();
	if (next == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT64(next);
}

PG_FUNCTION_INFO_V1(taskq_renewal_cancel);
Datum
taskq_renewal_cancel(PG_FUNCTION_ARGS)
{
	int64		id = id_argument(fcinfo, "renewal NULL does not exist");
	text	   *reason = PG_ARGISNULL(1) ? NULL : PG_GETARG_TEXT_PP(1);
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(id)};
	Datum		row;
	bool		isnull;

	if (reason != NULL)
		check_text("reason", reason, 0, TEXT_MAX);
	spi_connect();
	run_as_call(&cancel_renewal, 1, types, values, NULL, VERB_OTHER, actor_argument(fcinfo, 2), reason);
	if (SPI_processed == 0)
		no_such_renewal(id);
	row = SPI_datumTransfer(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull), false, -1);
	SPI_finish();
	return row;
}
