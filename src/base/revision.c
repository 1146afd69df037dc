/*-------------------------------------------------------------------------
 *
 * revision.c
 *		The stored revision of a calendar.
 *
 * taskq_calendar.revision is a hash of when the calendar is open.  It is kept
 * by a deferred trigger on each of the three tables: at the end of the
 * transaction this locks the rows of the calendars that are concerned, in the
 * order of their names, then compiles them with the latest snapshot.  Of two
 * transactions that change one list of holidays the later one to lock
 * therefore sees what both have written.  One that adds a list to a calendar
 * while another changes that list may miss this, and the other the calendar;
 * business_look() finds the difference.
 *
 * In a restore, which turns check_function_bodies off, the tables are filled
 * one after the other and revisions are part of the data: they are left alone.
 * Where this server knows other rules of the time zone, business_look() finds
 * that, too.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/actor.h"
#include "base/business.h"
#include "base/calendar.h"
#include "base/catalog.h"
#include "base/owner.h"
#include "base/plan.h"

/* Parameters: names of calendars, names of lists. */
static TaskqPlan lock_calendars = {
	"SELECT c.name FROM @.taskq_calendar c WHERE c.name " EQ " ANY ($1) OR c.holiday_lists OPERATOR(pg_catalog.&&) $2 "
	"ORDER BY c.name FOR NO KEY UPDATE"
};

/* Parameters: a day, names of calendars. */
static TaskqPlan lock_not_looked_at = {
	"SELECT c.name FROM @.taskq_calendar c WHERE c.looked_at IS NULL OR c.looked_at " LT " $1 OR c.name " EQ " ANY ($2) "
	"ORDER BY c.name FOR NO KEY UPDATE SKIP LOCKED"
};
static TaskqPlan store_revision = {
	"UPDATE @.taskq_calendar AS c SET revision = $2, looked_at = $3 WHERE c.name " EQ " $1"
};
static TaskqPlan forget_revisions = {
	"UPDATE @.taskq_calendar AS c SET revision = NULL WHERE c.revision IS NOT NULL"
};
static TaskqPlan lock_key = {
	"SELECT FROM @.taskq_calendar c WHERE c.name " EQ " $1 FOR KEY SHARE"
};
static TaskqPlan store_look = {
	"UPDATE @.taskq_calendar AS c SET looked_at = $2 WHERE c.name " EQ " $1"
};

/*
 * The calendars whose revision this transaction has made sure of, and
 * business_changes() by then: a statement that changes many rows queues the
 * trigger as many times.
 */
typedef struct Settled
{
	char	   *name;
	uint64		changes;
} Settled;

static FullTransactionId settled_in;
static List *settled = NIL;		/* in TopTransactionContext */

/* What computes with a calendar: active tasks, policies, rules, thresholds. */
static TaskqPlan find_use = {
	"SELECT WHERE EXISTS (SELECT FROM @.taskq_task t WHERE t.sla_calendar " EQ " $1 AND t.completed_at IS NULL AND t.cancelled_at IS NULL) "
	"OR EXISTS (SELECT FROM @.taskq_sla_policy p WHERE p.calendar " EQ " $1) "
	"OR EXISTS (SELECT FROM @.taskq_workflow_rule r WHERE r.calendar " EQ " $1) "
	"OR EXISTS (SELECT FROM @.taskq_renewal_threshold h WHERE h.calendar " EQ " $1)"
};

/* Closed tasks keep the name that the calendar had. */
static TaskqPlan rename_in_tasks = {
	"UPDATE @.taskq_task AS t SET sla_calendar = $2 WHERE t.sla_calendar " EQ " $1 AND t.completed_at IS NULL AND t.cancelled_at IS NULL"
};

/* Called when a revision is stored: tasks may have to be brought into line. */
static void (*revised) (void) = NULL;

void
revision_notify(void (*callback) (void))
{
	revised = callback;
}

static Datum
text_array(List *strings)
{
	Datum	   *elements = palloc(Max(list_length(strings), 1) * sizeof(Datum));
	int			n = 0;
	ListCell   *lc;

	foreach(lc, strings)
		elements[n++] = CStringGetTextDatum((char *) lfirst(lc));
	return PointerGetDatum(construct_array(elements, n, TEXTOID, -1, false, TYPALIGN_INT));
}

/* Runs a statement that locks rows or writes them, with the latest snapshot; returns its first column. */
static List *
run_latest(TaskqPlan *plan, int nargs, Oid *types, Datum *values)
{
	List	   *result = NIL;

	if (SPI_execute_snapshot(prepared(plan, nargs, types), values, NULL, GetLatestSnapshot(), InvalidSnapshot, false, true, 0) < 0)
		elog(ERROR, "could not run \"%s\"", plan->sql);
	for (uint64 i = 0; SPI_tuptable != NULL && SPI_tuptable->tupdesc->natts > 0 && i < SPI_processed; i++)
		result = lappend(result, SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1));
	return result;
}

/* Whether something computes with a calendar: it may not be one that never opens, nor be deleted. */
static bool
calendar_in_use(const char *name)
{
	Oid			types[] = {TEXTOID};
	Datum		values[] = {CStringGetTextDatum(name)};

	(void) run_latest(&find_use, 1, types, values);
	return SPI_processed > 0;
}

static void
store(const char *name, int64 revision)
{
	Oid			types[] = {TEXTOID, INT8OID, DATEOID};
	Datum		values[] = {CStringGetTextDatum(name), Int64GetDatum(revision), DateADTGetDatum(today())};

	(void) run_latest(&store_revision, 3, types, values);
	if (revised != NULL)
		revised();
}

/* ------------------------------------------------------------------ trigger */

static bool
is_settled(const char *name)
{
	ListCell   *lc;

	if (!FullTransactionIdEquals(settled_in, GetTopFullTransactionId()))
	{
		settled_in = GetTopFullTransactionId();
		settled = NIL;
	}
	foreach(lc, settled)
	{
		Settled    *one = lfirst(lc);

		if (one->changes == business_changes() && strcmp(one->name, name) == 0)
			return true;
	}
	return false;
}

static void
note_settled(const char *name)
{
	MemoryContext old = MemoryContextSwitchTo(TopTransactionContext);
	Settled    *one = palloc(sizeof(Settled));

	one->name = pstrdup(name);
	one->changes = business_changes();
	settled = lappend(settled, one);
	MemoryContextSwitchTo(old);
}

/* Brings the revision of a calendar whose row is locked into line. */
static void
revise(const char *name)
{
	const BusinessCalendar *calendar = business_calendar(name);

	if (calendar == NULL || is_settled(name))
		return;
	if (!business_opens(calendar) && calendar_in_use(name))
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("calendar \"%s\" is in use and would never open", name)));
	if (business_revision_is_stored(calendar))
		note_settled(name);
	else
		store(name, business_revision(calendar));
}

/* 23503 if a calendar that is in use has been deleted. */
static void
check_deletion(const char *name)
{
	if (business_calendar_in_any_zone(name) == NULL && calendar_in_use(name))
		ereport(ERROR,
				(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				 errmsg("calendar \"%s\" is in use and may not be deleted", name)));
}

/*
 * Active tasks follow a calendar that has been given another name, as what has a
 * foreign key does: at once, because the name may change again, or be another
 * calendar's, before the end of the transaction.
 */
void
business_renamed(const char *old, const char *new)
{
	Oid			types[] = {TEXTOID, TEXTOID};
	Datum		values[] = {CStringGetTextDatum(old), CStringGetTextDatum(new)};
	OwnerSwitch owner;
	TaskqCall	call;

	spi_connect();
	become_owner_of(taskq_catalog()->task, &owner);
	call_begin(&call, VERB_RENAME, NULL);
	PG_TRY();
	{
		(void) run_latest(&rename_in_tasks, 2, types, values);
	}
	PG_FINALLY();
	{
		call_end(&call);
	}
	PG_END_TRY();
	become_caller_again(&owner);
	SPI_finish();
}

/* A table of windows or holidays has been truncated: every calendar is to be revised at the end of the transaction. */
void
business_truncated(void)
{
	OwnerSwitch owner;

	spi_connect();
	become_owner_of(taskq_catalog()->calendar, &owner);
	(void) run_latest(&forget_revisions, 0, NULL, NULL);
	become_caller_again(&owner);
	SPI_finish();
}

/* Locks the row of a calendar as a foreign key does; false if there is none. */
bool
business_lock(Datum name)
{
	Oid			types[] = {TEXTOID};
	OwnerSwitch owner;
	bool		found;

	spi_connect();
	become_owner_of(taskq_catalog()->calendar, &owner);
	(void) run_latest(&lock_key, 1, types, &name);
	found = SPI_processed > 0;
	become_caller_again(&owner);
	SPI_finish();
	return found;
}

/* Adds a row's value of a column to a list, unless it is NULL. */
static List *
add_value(List *list, const TriggerData *td, HeapTuple tuple, const char *column)
{
	TupleDesc	desc = RelationGetDescr(td->tg_relation);
	int			attnum = SPI_fnumber(desc, column);
	char	   *value;

	if (attnum <= 0)
		elog(ERROR, "table \"%s\" has no column \"%s\"", RelationGetRelationName(td->tg_relation), column);
	value = SPI_getvalue(tuple, desc, attnum);
	return value == NULL ? list : lappend(list, value);
}

/* The values of a column in the rows that fired a trigger. */
static List *
values_of(const TriggerData *td, const char *column)
{
	List	   *result = add_value(NIL, td, td->tg_trigtuple, column);

	return TRIGGER_FIRED_BY_UPDATE(td->tg_event) ? add_value(result, td, td->tg_newtuple, column) : result;
}

PG_FUNCTION_INFO_V1(taskq_calendar_revise);
Datum
taskq_calendar_revise(PG_FUNCTION_ARGS)
{
	TriggerData *td = (TriggerData *) fcinfo->context;
	const TaskqCatalog *cat = taskq_catalog();
	Oid			table = CALLED_AS_TRIGGER(fcinfo) ? RelationGetRelid(td->tg_relation) : InvalidOid;
	Oid			types[] = {TEXTARRAYOID, TEXTARRAYOID};
	Datum		values[2];
	List	   *names = NIL;
	List	   *lists = NIL;
	List	   *locked;
	ListCell   *lc;
	OwnerSwitch owner;

	if (!OidIsValid(table) || !TRIGGER_FIRED_AFTER(td->tg_event) || !TRIGGER_FIRED_FOR_ROW(td->tg_event) ||
		(table != cat->calendar && table != cat->calendar_window && table != cat->holiday))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("taskq_calendar_revise belongs to the tables of calendars and cannot be used elsewhere")));
	if (!check_function_bodies)
		return PointerGetDatum(NULL);
	spi_connect();
	if (table == cat->calendar)
		names = values_of(td, "name");
	else if (table == cat->calendar_window)
		names = values_of(td, "calendar");
	else
		lists = values_of(td, "list");
	values[0] = text_array(names);
	values[1] = text_array(lists);
	become_owner_of(cat->calendar, &owner);
	locked = run_latest(&lock_calendars, 2, types, values);
	foreach(lc, locked)
	{
		revise(lfirst(lc));
	}
	if (table == cat->calendar && TRIGGER_FIRED_BY_DELETE(td->tg_event))
		check_deletion(linitial(names));
	become_caller_again(&owner);
	SPI_finish();
	return PointerGetDatum(NULL);
}

/* --------------------------------------------------------------------- look */

static void
look_at(const char *name)
{
	const BusinessCalendar *calendar = business_calendar_in_any_zone(name);
	Oid			types[] = {TEXTOID, DATEOID};
	Datum		values[] = {CStringGetTextDatum(name), DateADTGetDatum(today())};

	if (calendar == NULL)
		return;
	if (business_zone_is_known(calendar))
	{
		store(name, business_revision(calendar));
		return;
	}
	ereport(WARNING,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("calendar \"%s\" has a time zone that this server does not know", name)));
	(void) run_latest(&store_look, 2, types, values);
}

/*
 * For the sweep: computes the revision of each calendar that has not been
 * looked at today, and of those that this session has found to be other than
 * stored, and stores it.  So new rules of a time zone are noticed.  Calendars
 * that others are writing are left out.  Returns how many were looked at.
 */
int
business_look(void)
{
	const TaskqCatalog *cat = taskq_catalog();
	Oid			types[] = {DATEOID, TEXTARRAYOID};
	Datum		values[2];
	List	   *names;
	ListCell   *lc;
	OwnerSwitch owner;

	if (!OidIsValid(cat->calendar))
		return 0;
	spi_connect();
	become_owner_of(cat->calendar, &owner);
	values[0] = DateADTGetDatum(today());
	values[1] = text_array(business_not_stored());
	names = run_latest(&lock_not_looked_at, 2, types, values);
	foreach(lc, names)
	{
		look_at(lfirst(lc));
	}
	become_caller_again(&owner);
	SPI_finish();
	return list_length(names);
}
