/*-------------------------------------------------------------------------
 *
 * handover.c
 *		taskq_hand_over(): gives what a member of staff has to somebody else.
 *
 * The row of the member of staff is locked first, FOR UPDATE: that waits for
 * transactions that are giving this member something, because the check of the
 * foreign key has locked the key, and lets others give it nothing more until
 * the transaction ends.  So that what they have given is handed over as well,
 * each statement must see the latest rows: READ COMMITTED.  The key of the one
 * who gets it is locked, too, in order of id, so that two who hand over to each
 * other at the same time cannot deadlock.
 *
 * Everything runs with the caller's rights, and the triggers record it as any
 * other update.  Tasks go first, locked in order of id as by the verbs.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "base/actor.h"
#include "base/catalog.h"
#include "base/plan.h"
#include "task/directory.h"

static TaskqPlan lock_staff = {
	"SELECT s.id FROM @.taskq_staff_member s WHERE s.id " EQ " $1 FOR UPDATE"
};
static TaskqPlan lock_staff_key = {
	"SELECT s.id FROM @.taskq_staff_member s WHERE s.id " EQ " $1 FOR KEY SHARE"
};

/* What of a table is handed over; locked as the caller, who need not see or be able to update all of it. */
typedef struct Given
{
	const char *table;
	TaskqPlan	lock;			/* $1 = from whom */
	TaskqPlan	give;			/* besides: to whom (NULL = nobody), to which team (NULL = as it is) */
	int			nargs;			/* of "give" */
} Given;

#define GIVEN(table, columns, condition, nargs) \
	{table, \
	{"SELECT t.id FROM @." table " t WHERE " condition " ORDER BY t.id FOR NO KEY UPDATE"}, \
	{"UPDATE @." table " SET " columns " WHERE id " EQ " ANY (ARRAY(" \
	"SELECT t.id FROM @." table " t WHERE " condition " ORDER BY t.id FOR NO KEY UPDATE))"}, \
	nargs}

/* The function's arguments and columns. */
enum
{
	ARG_FROM_STAFF,
	ARG_TO_STAFF,
	ARG_TO_TEAM,
	ARG_ACTOR
};
enum
{
	GIVEN_TASKS,
	GIVEN_RENEWALS,
	GIVEN_CUSTOMERS,
	GIVEN_SCHEDULES,
	N_GIVEN
};

static Given everything[N_GIVEN] = {
	[GIVEN_TASKS] = GIVEN("taskq_task", "assignee_id = $2, team_id = coalesce($3, team_id)",
						  "t.assignee_id " EQ " $1 AND " ACTIVE_STAGE, 3),
	[GIVEN_RENEWALS] = GIVEN("taskq_renewal", "assignee_id = $2",
							 "t.assignee_id " EQ " $1 AND t.next_check_on IS NOT NULL", 2),
	[GIVEN_CUSTOMERS] = GIVEN("taskq_customer", "assigned_agent_id = $2",
							  "t.assigned_agent_id " EQ " $1", 2),
	[GIVEN_SCHEDULES] = GIVEN("taskq_schedule", "assignee_id = $2, team_id = coalesce($3, team_id)",
							  "t.assignee_id " EQ " $1", 3)
};

static void
check_arguments(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(ARG_FROM_STAFF))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("from_staff must not be null")));
	if (PG_ARGISNULL(ARG_TO_STAFF) && PG_ARGISNULL(ARG_TO_TEAM))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("to_staff and to_team must not both be null")));
	if (!PG_ARGISNULL(ARG_TO_STAFF) &&
		strcmp(text_to_cstring(PG_GETARG_TEXT_PP(ARG_FROM_STAFF)), text_to_cstring(PG_GETARG_TEXT_PP(ARG_TO_STAFF))) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("to_staff must not be from_staff")));
	if (IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("taskq_hand_over needs transaction isolation level READ COMMITTED"),
				 errdetail("An older snapshot would leave behind what was assigned since.")));
}

/* 23503 naming the argument unless it is a member of staff, or an active one. */
static void
check_named(const char *name, Datum id, bool exists, bool is_active, const char *constraint)
{
	if (exists && is_active)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
			 exists ? errmsg("%s \"%s\" is not active", name, TextDatumGetCString(id)) :
			 errmsg("%s \"%s\" does not exist", name, TextDatumGetCString(id)),
			 err_generic_string(PG_DIAG_CONSTRAINT_NAME, constraint)));
}

/* Locks the member of staff whose work is handed over; 42501 if the caller may not. */
static void
lock_from(Datum from)
{
	Oid			types[] = {TEXTOID};

	spi_run(&lock_staff, 1, types, &from, NULL, 1);
	if (SPI_processed == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for staff member \"%s\"", TextDatumGetCString(from)),
				 errdetail("Row security policies do not permit the current role to update this member of staff.")));
}

/* Locks both; to = 0 is nobody.  The foreign keys lock the second one where the caller may not. */
static void
lock_both(Datum from, Datum to)
{
	Oid			types[] = {TEXTOID};
	bool		from_first = to == (Datum) 0 || strcmp(TextDatumGetCString(from), TextDatumGetCString(to)) < 0;

	if (from_first)
		lock_from(from);
	if (to != (Datum) 0)
		spi_run(&lock_staff_key, 1, types, &to, NULL, 1);
	if (!from_first)
		lock_from(from);
}

PG_FUNCTION_INFO_V1(taskq_hand_over);
Datum
taskq_hand_over(PG_FUNCTION_ARGS)
{
	text	   *actor = actor_argument(fcinfo, ARG_ACTOR);
	Oid			types[] = {TEXTOID, TEXTOID, TEXTOID};
	Datum		values[3];
	char		nulls[3];
	Datum		given[N_GIVEN];
	bool		given_nulls[N_GIVEN] = {false};
	TupleDesc	desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	check_arguments(fcinfo);
	for (int i = 0; i < 3; i++)
	{
		nulls[i] = PG_ARGISNULL(i) ? 'n' : ' ';
		values[i] = PG_ARGISNULL(i) ? (Datum) 0 : PG_GETARG_DATUM(i);
	}
	check_named("from_staff", values[ARG_FROM_STAFF], staff_exists(values[ARG_FROM_STAFF]), true, "taskq_task_assignee_id_fkey");
	if (values[ARG_TO_STAFF] != (Datum) 0)
		check_named("to_staff", values[ARG_TO_STAFF], staff_exists(values[ARG_TO_STAFF]),
					staff_is_active(values[ARG_TO_STAFF]), "taskq_task_assignee_id_fkey");
	if (values[ARG_TO_TEAM] != (Datum) 0)
		check_named("to_team", values[ARG_TO_TEAM], team_exists(values[ARG_TO_TEAM]),
					team_is_active(values[ARG_TO_TEAM]), "taskq_task_team_id_fkey");

	spi_connect();
	lock_both(values[ARG_FROM_STAFF], values[ARG_TO_STAFF]);
	for (int i = 0; i < N_GIVEN; i++)
	{
		uint64		locked;

		spi_run(&everything[i].lock, 1, types, values, NULL, 0);
		locked = SPI_processed;
		run_as_call(&everything[i].give, everything[i].nargs, types, values, nulls, VERB_HAND_OVER, actor, NULL);
		check_all_written(locked, SPI_processed, everything[i].table);
		given[i] = Int32GetDatum((int32) SPI_processed);
	}
	SPI_finish();
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), given, given_nulls));
}
