/*-------------------------------------------------------------------------
 *
 * refresh.c
 *		Bringing all renewals that are due up to today.
 *
 * A renewal is due by next_check_on.  The sweep picks them as it picks tasks;
 * taskq_renewals_refresh() does the same batch by batch and returns what has
 * changed.  What happens to one is in ladder.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "base/actor.h"
#include "base/calendar.h"
#include "base/catalog.h"
#include "base/contain.h"
#include "base/owner.h"
#include "base/plan.h"
#include "task/change.h"
#include "task/due.h"
#include "engine/ladder.h"
#include "engine/refresh.h"
#include "engine/schedule.h"

#define REFRESH_BATCH 1000
#define CHANGED_MIN 64			/* crossings */

/* Parameters: today, ids not to be tried again. */
static TaskqPlan pick_renewals = {
	"SELECT r.id FROM @.taskq_renewal r WHERE r.next_check_on " LE " $1 AND r.id " NE " ALL ($2) "
	"ORDER BY r.next_check_on FOR NO KEY UPDATE SKIP LOCKED"
};

static TaskqPlan still_renewals = {
	"SELECT r.id FROM @.taskq_renewal r WHERE r.next_check_on " LE " $1 AND r.id " EQ " ANY ($2)"
};

static TaskqPlan next_check = {
	"SELECT pg_catalog.min(r.next_check_on) FROM @.taskq_renewal r WHERE r.next_check_on " GT " $1"
};
static TaskqPlan any_recheck = {
	"SELECT FROM @.taskq_renewal_recheck"
};

/*
 * Rows that other sessions have locked are left to these.  An older version
 * has neither key nor renewal_id.
 */
static TaskqPlan take_recheck = {
	"WITH free AS (SELECT c.ctid FROM @.taskq_renewal_recheck c FOR UPDATE SKIP LOCKED), "
	"taken AS (DELETE FROM @.taskq_renewal_recheck c USING free f WHERE c.ctid " EQ " f.ctid "
	"RETURNING (pg_catalog.to_jsonb(c) OPERATOR(pg_catalog.->>) 'renewal_id')::pg_catalog.int8 AS renewal_id) "
	"SELECT r.id FROM @.taskq_renewal r WHERE r.status " EQ " 'ACTIVE' "
	"AND (EXISTS (SELECT FROM taken t WHERE t.renewal_id IS NULL) OR r.id IN (SELECT t.renewal_id FROM taken t))"
};
static TaskqPlan keep_recheck = {
	"INSERT INTO @.taskq_renewal_recheck (renewal_id) SELECT pg_catalog.unnest($1)"
};
static TaskqPlan recheck_some = {
	"UPDATE @.taskq_renewal SET next_check_on = '-infinity' WHERE id " EQ " ANY ($1) AND status " EQ " 'ACTIVE'"
};
static TaskqPlan recheck_customer = {
	"UPDATE @.taskq_renewal SET next_check_on = '-infinity' "
	"WHERE user_id " EQ " $1 AND next_check_on IS NOT NULL"
};
static TaskqPlan note_recheck = {
	"INSERT INTO @.taskq_renewal_recheck DEFAULT VALUES"
};

static TaskqPlan note_recheck_of_calendars = {
	"INSERT INTO @.taskq_renewal_recheck (renewal_id) SELECT NULL "
	"WHERE EXISTS (SELECT FROM @.taskq_renewal_threshold t WHERE t.calendar IS NOT NULL)"
};

/* Parameters: ids, whether it is a dry run. */
static TaskqPlan read_changed = {
	"SELECT x.renewal_id, r.user_id, r.service_type, x.due_date, x.days_before, x.outcome, "
	"CASE WHEN NOT ($2 AND x.outcome " EQ " 'task created') THEN x.task_id END "
	"FROM @.taskq_renewal_crossing x JOIN @.taskq_renewal r ON r.id " EQ " x.renewal_id "
	"WHERE x.id " EQ " ANY ($1) ORDER BY x.id"
};

/*
 * Brings renewals up to today, as the owner of taskq_task; the caller has
 * locked their rows.  Adds to *done.
 */
static void
renewals_refresh(Datum ids, RenewalsDone *done)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "taskq renewal", ALLOCSET_DEFAULT_SIZES);
	OwnerSwitch owner;
	Datum	   *elements;
	int			n;

	deconstruct_array(DatumGetArrayTypeP(ids), INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE,
					  &elements, NULL, &n);
	become_owner_of(taskq_catalog()->task, &owner);
	for (int i = 0; i < n; i++)
	{
		MemoryContext old;

		CHECK_FOR_INTERRUPTS();
		spi_connect();
		old = MemoryContextSwitchTo(context);
		renewal_refresh(DatumGetInt64(elements[i]), done);
		MemoryContextSwitchTo(old);
		MemoryContextReset(context);
		SPI_finish();
	}
	become_caller_again(&owner);
	MemoryContextDelete(context);
}

/*
 * Takes the renewals out of taskq_renewal_recheck that are to be checked again
 * because thresholds have changed, as bigint[].
 */
static Datum
take_rechecks(void)
{
	OwnerSwitch owner;
	Datum		ids;

	become_owner_of(taskq_catalog()->task, &owner);
	spi_run(&any_recheck, 0, NULL, NULL, NULL, 1);
	if (SPI_processed > 0)
		spi_run(&take_recheck, 0, NULL, NULL, NULL, 0);
	ids = result_ids();
	become_caller_again(&owner);
	return ids;
}

/* Puts back renewals that could not be checked. */
static void
keep_rechecks(Datum ids)
{
	Oid			types[] = {INT8ARRAYOID};
	OwnerSwitch owner;

	become_owner_of(taskq_catalog()->task, &owner);
	if (taskq_catalog()->sql_is_older)
		spi_run(&note_recheck, 0, NULL, NULL, NULL, 0);
	else
		spi_run(&keep_recheck, 1, types, &ids, NULL, 0);
	become_caller_again(&owner);
}

/* Makes renewals due, so that they are checked again. */
static void
recheck(Datum ids)
{
	Oid			types[] = {INT8ARRAYOID};
	OwnerSwitch owner;

	become_owner_of(taskq_catalog()->task, &owner);
	spi_run_past_guard(&renewals_guard, &recheck_some, 1, types, &ids, NULL);
	become_caller_again(&owner);
}

/* Has the renewals of a customer checked again. */
void
renewals_recheck_customer(Datum user_id)
{
	Oid			types[] = {TEXTOID};

	spi_run_past_guard(&renewals_guard, &recheck_customer, 1, types, &user_id, NULL);
	change_due_now();
}

/* The next instant at which a threshold is crossed; DT_NOEND = none. */
static TimestampTz
next_crossing(void)
{
	Oid			types[] = {DATEOID};
	Datum		values[] = {DateADTGetDatum(today())};
	TimestampTz at = DT_NOEND;
	Datum		value;
	bool		isnull;

	spi_connect();
	spi_run_by_index(&next_check, 1, types, values, NULL, 1);
	value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	if (!isnull && !DATE_IS_NOEND(DatumGetDateADT(value)))
		at = day_start(DatumGetDateADT(value));
	SPI_finish();
	return at;
}

static void
refresh_some(Datum ids)
{
	RenewalsDone done = {0};

	renewals_refresh(ids, &done);
}

static uint64
thresholds_crossed(void)
{
	return crossed_in_session;
}

const DueKind due_rechecks = {
	.row = "renewal", .take = take_rechecks, .give_back = keep_rechecks, .write_ids = recheck
};

const DueKind due_renewals = {
	.name = "renewals", .made = thresholds_crossed, .row = "renewal",
	.instant_type = DATEOID, .instant = due_by_today,
	.pick = &pick_renewals, .still = &still_renewals, .write_ids = refresh_some,
	.next = next_crossing
};

/*
 * Those renewals that are still due although they have just been brought up to
 * today, because a user's trigger suppressed the write.
 */
static Datum
still_due(Datum ids)
{
	Oid			types[] = {DATEOID, INT8ARRAYOID};
	Datum		values[] = {DateADTGetDatum(today()), ids};

	spi_run_by_index(&still_renewals, 2, types, values, NULL, 0);
	return result_ids();
}

/*
 * Refreshes everything that is due, batch by batch, and puts the crossings
 * that are new or have a new outcome into the tuplestore.  Renewals that row
 * security hides from the caller wait for the sweep.
 */
static void
refresh_batches(ReturnSetInfo *rsinfo, bool dry_run)
{
	Oid			types[] = {DATEOID, INT8ARRAYOID};
	Datum		values[] = {DateADTGetDatum(today()), id_array(NULL, 0)};

	spi_connect();
	recheck(take_rechecks());
	SPI_finish();
	for (;;)
	{
		Oid			changed_types[] = {INT8ARRAYOID, BOOLOID};
		Datum		changed_values[] = {(Datum) 0, BoolGetDatum(dry_run)};
		RenewalsDone done = {0};
		Datum		picked;
		Datum		left;
		uint64		n;

		spi_connect();
		spi_run_by_index(&pick_renewals, 2, types, values, NULL, REFRESH_BATCH);
		n = SPI_processed;
		picked = result_ids();
		done.changed = palloc(CHANGED_MIN * sizeof(int64));
		done.max_changed = CHANGED_MIN;
		renewals_refresh(picked, &done);
		changed_values[0] = id_array(done.changed, done.nchanged);
		spi_run_by_index(&read_changed, 2, changed_types, changed_values, NULL, 0);
		for (uint64 i = 0; i < SPI_processed; i++)
			tuplestore_puttuple(rsinfo->setResult, SPI_tuptable->vals[i]);
		left = SPI_datumTransfer(still_due(picked), false, -1);
		SPI_finish();
		values[1] = DirectFunctionCall2Coll(array_cat, InvalidOid, values[1], left);
		if (n < REFRESH_BATCH)
			break;
	}
}

/* The same, with the system as the actor. */
static void
refresh_all(ReturnSetInfo *rsinfo, bool dry_run)
{
	TaskqCall	call;

	call_begin(&call, VERB_OTHER, NULL);
	call.by_system = true;
	PG_TRY();
	{
		refresh_batches(rsinfo, dry_run);
	}
	PG_FINALLY();
	{
		call_end(&call);
	}
	PG_END_TRY();
}

static void
refresh_dry(void *rsinfo)
{
	refresh_all((ReturnSetInfo *) rsinfo, true);
}

PG_FUNCTION_INFO_V1(taskq_renewals_refresh);
Datum
taskq_renewals_refresh(PG_FUNCTION_ARGS)
{
	InitMaterializedSRF(fcinfo, 0);
	if (!PG_ARGISNULL(0) && PG_GETARG_BOOL(0))
		take_back(refresh_dry, fcinfo->resultinfo);
	else
		refresh_all((ReturnSetInfo *) fcinfo->resultinfo, false);
	return (Datum) 0;
}

/* Whether a statement trigger is one of a table of the extension's. */
static bool
is_statement_trigger_of(FunctionCallInfo fcinfo, const char *table)
{
	TriggerData *td = (TriggerData *) fcinfo->context;

	return CALLED_AS_TRIGGER(fcinfo) && !TRIGGER_FIRED_FOR_ROW(td->tg_event) &&
		RelationGetNamespace(td->tg_relation) == taskq_catalog()->schema &&
		strcmp(RelationGetRelationName(td->tg_relation), table) == 0;
}

/* Has all renewals checked again, by a plan that notes that if it has to be done. */
static void
note_change(TaskqPlan *plan)
{
	OwnerSwitch owner;
	bool		noted;

	spi_connect();
	become_owner_of(taskq_catalog()->task, &owner);
	spi_run(plan, 0, NULL, NULL, NULL, 0);
	noted = SPI_processed > 0;
	become_caller_again(&owner);
	SPI_finish();
	if (noted)
		change_due_now();
}

PG_FUNCTION_INFO_V1(taskq_renewal_threshold_changed);
Datum
taskq_renewal_threshold_changed(PG_FUNCTION_ARGS)
{
	if (!is_statement_trigger_of(fcinfo, "taskq_renewal_threshold"))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("taskq_renewal_threshold_changed belongs to table taskq_renewal_threshold and cannot be used elsewhere")));
	note_change(&note_recheck);
	return PointerGetDatum(NULL);
}

PG_FUNCTION_INFO_V1(taskq_renewal_calendar_changed);
Datum
taskq_renewal_calendar_changed(PG_FUNCTION_ARGS)
{
	if (!is_statement_trigger_of(fcinfo, "taskq_calendar") &&
		!is_statement_trigger_of(fcinfo, "taskq_calendar_window") &&
		!is_statement_trigger_of(fcinfo, "taskq_holiday"))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("taskq_renewal_calendar_changed belongs to the tables of calendars and cannot be used elsewhere")));
	note_change(&note_recheck_of_calendars);
	schedules_recheck_calendars();
	return PointerGetDatum(NULL);
}
