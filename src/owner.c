/*-------------------------------------------------------------------------
 *
 * owner.c
 *		Acting as the owner of one of taskq's tables.
 *
 * No function of taskq is SECURITY DEFINER.  The parts listed below take the
 * owner's rights, each for its own statements, which are constants and take
 * values as parameters; what the caller must have shown before:
 *
 *	history.c	writes events		the change itself, or for a comment the right
 *									to update the task (SELECT ... FOR KEY SHARE)
 *				deletes events		the deletion of their task
 *				reads who closed	an update of that task
 *	create.c	looks for a key		an insert that ran into it; told is that it is
 *									there, as a unique index tells
 *	workflow.c	rules				EXECUTE on what emits, or the change; what is
 *									done stands in rules, which take level manager
 *	rule.c		reads rules			nothing: they stay in memory
 *	emit.c		reads a dry run		EXECUTE; of tasks that were there before no
 *									more than the caller can read
 *	renewal.c	closes tasks		an update that closes their renewal
 *				assigns tasks		an update that assigns their renewal
 *				looks for a key		an insert that ran into it; told is that it is
 *									there, as a unique index tells
 *				has some rechecked	an update that makes their customer active
 *	refresh.c	thresholds			a lock on the renewal (FOR NO KEY UPDATE)
 *				has all rechecked	a change of a threshold
 *	directory.c mirrors				to own the table, and EXECUTE for its owner
 *	erasure.c	erases texts		a lock on the customer that takes the right to update it
 *	sweep.c		logs a sweep		EXECUTE on taskq_sweep_all
 *	counter.c	looks tasks up		EXECUTE, and no row security; told are numbers
 *	fold.c		counts tasks		EXECUTE on what sweeps; told is nothing
 *	sweeper.c	sweeps				nobody's call
 *
 * What such a statement writes can fire triggers that were added to the table,
 * and evaluate CHECKs, defaults and indexes that were.  Their functions then run
 * with the owner's rights, and what they name without a schema must not be
 * looked up where the caller says: so search_path is pg_catalog, pg_temp
 * meanwhile, in sessions as in the sweeper.
 *
 * From PostgreSQL 18 on, a trigger that is deferred runs at the end of the
 * transaction with the role that was in force when it was queued, the owner,
 * but under the search_path of that later time, the caller's.  No setting of
 * ours reaches it there.  So no session acts as owner while one of taskq's
 * tables has a deferrable trigger whose function has no search_path of its own.
 *
 * The cascade of a changed id of a customer or member of staff is PostgreSQL's
 * own, and acts as the owner of the table that it writes under the caller's
 * search_path in any version.  It is refused on the same condition.
 *
 *-------------------------------------------------------------------------
 */
#include "taskq.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/parallel.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_index.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/syscache.h"

#define SAFE_SEARCH_PATH "pg_catalog, pg_temp"
#define SEARCH_PATH_HINT \
	"Triggers on taskq's tables run with search_path = " SAFE_SEARCH_PATH " here: " \
	"name the schema, or use ALTER FUNCTION ... SET search_path."

/* Tables of the extension; it has fewer than this. */
#define MAX_TABLES 64

static Oid	tables[MAX_TABLES];
static int	ntables = 0;

/* This is a sweeper: its search_path is the safe one until its transactions have ended. */
static bool in_sweeper = false;

/* Counts what may have changed their triggers or a trigger's function. */
static uint64 last_change = 1;
static uint64 checked_change = 0;	/* at which they were found safe */

Oid
owner_of(Oid relation)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "relation %u does not exist", relation);
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

/* ------------------------------------ triggers that the search_path reaches */

/* Whether a function is looked up in no search_path, or in one of its own. */
static bool
has_own_search_path(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Oid			language;
	Datum		config;
	bool		isnull;
	bool		result;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "function %u does not exist", function);
	language = ((Form_pg_proc) GETSTRUCT(tuple))->prolang;
	result = language == INTERNALlanguageId || language == ClanguageId;
	config = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_proconfig, &isnull);
	if (!isnull && !result)
	{
		Datum	   *settings;
		int			n;

		deconstruct_array(DatumGetArrayTypeP(config), TEXTOID, -1, false, TYPALIGN_INT, &settings, NULL, &n);
		for (int i = 0; i < n && !result; i++)
			result = strncmp(TextDatumGetCString(settings[i]), "search_path=", strlen("search_path=")) == 0;
	}
	ReleaseSysCache(tuple);
	return result;
}

/* Whether an index evaluates functions. */
static bool
index_has_expressions(Oid index)
{
	HeapTuple	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index));
	bool		result;

	if (!HeapTupleIsValid(tuple))
		return false;
	result = !heap_attisnull(tuple, Anum_pg_index_indexprs, NULL) || !heap_attisnull(tuple, Anum_pg_index_indpred, NULL);
	ReleaseSysCache(tuple);
	return result;
}

static void
require_search_path(Form_pg_trigger trigger, const char *detail)
{
	if (trigger->tgisinternal || has_own_search_path(trigger->tgfoid))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("function of trigger \"%s\" on table \"%s\" must have a search_path of its own",
					NameStr(trigger->tgname), get_rel_name(trigger->tgrelid)),
			 errdetail_internal("%s", _(detail)),
			 errhint("Use ALTER FUNCTION %s SET search_path.", format_procedure(trigger->tgfoid))));
}

/* Refuses what would run as the table's owner, at commit, under the caller's search_path. */
static void
check_deferrable(Form_pg_trigger trigger)
{
	if (!trigger->tgdeferrable)
		return;
	require_search_path(trigger, gettext_noop("It is deferrable, and would run with the rights of the table's owner "
											  "under the search_path that the session has at the end of the transaction."));

	/* The recheck of a deferred exclusion constraint evaluates its expressions. */
	if (trigger->tgfoid == F_UNIQUE_KEY_RECHECK && index_has_expressions(trigger->tgconstrindid))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("constraint \"%s\" on table \"%s\" must not be deferrable, for it has expressions",
						get_rel_name(trigger->tgconstrindid), get_rel_name(trigger->tgrelid)),
				 errdetail("They would be evaluated with the rights of the table's owner "
						   "under the search_path that the session has at the end of the transaction.")));
}

/* Refuses what a cascade would run as the table's owner under the caller's search_path. */
static void
check_cascaded(Form_pg_trigger trigger)
{
	require_search_path(trigger, gettext_noop("A change of an id is written to the rows that refer to it with the rights "
											  "of their table's owner, under the search_path of the session."));
}

static void
check_triggers_of(Relation pg_trigger, Oid table, void (*check) (Form_pg_trigger))
{
	SysScanDesc scan;
	ScanKeyData key;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_trigger_tgrelid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(table));
	scan = systable_beginscan(pg_trigger, TriggerRelidNameIndexId, true, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		check((Form_pg_trigger) GETSTRUCT(tuple));
	systable_endscan(scan);
}

static void
list_tables(void)
{
	Relation	rel = table_open(DependRelationId, AccessShareLock);
	SysScanDesc scan;
	ScanKeyData keys[2];
	HeapTuple	tuple;

	ntables = 0;
	ScanKeyInit(&keys[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(ExtensionRelationId));
	ScanKeyInit(&keys[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(taskq_catalog()->extension));
	scan = systable_beginscan(rel, DependReferenceIndexId, true, NULL, 2, keys);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend member = (Form_pg_depend) GETSTRUCT(tuple);

		if (member->classid != RelationRelationId || get_rel_relkind(member->objid) != RELKIND_RELATION)
			continue;
		if (ntables == MAX_TABLES)
			elog(ERROR, "extension taskq has more than %d tables", MAX_TABLES);
		tables[ntables++] = member->objid;
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
}

/* Looks at the triggers of all tables of the extension. */
static void
check_triggers(void (*check) (Form_pg_trigger))
{
	Relation	rel = table_open(TriggerRelationId, AccessShareLock);

	list_tables();
	for (int i = 0; i < ntables; i++)
		check_triggers_of(rel, tables[i], check);
	table_close(rel, AccessShareLock);
}

/* Those that are deferrable, if anything has changed since the last time. */
static void
check_deferrable_triggers(void)
{
	uint64		seen;

	if (!AFTER_TRIGGERS_KEEP_ROLE || in_sweeper)
		return;
	AcceptInvalidationMessages();
	if (checked_change == last_change)
		return;
	seen = last_change;
	check_triggers(check_deferrable);
	checked_change = seen;
}

static void
owner_relcache_callback(Datum arg, Oid relid)
{
	if (!OidIsValid(relid))
		last_change++;
	for (int i = 0; i < ntables; i++)
		if (tables[i] == relid)
			last_change++;
}

static void
owner_syscache_callback(Datum arg, int cacheid, uint32 hashvalue)
{
	last_change++;
}

void
owner_register_callbacks(void)
{
	if (!AFTER_TRIGGERS_KEEP_ROLE)
		return;
	CacheRegisterRelcacheCallback(owner_relcache_callback, (Datum) 0);
	CacheRegisterSyscacheCallback(PROCOID, owner_syscache_callback, (Datum) 0);
}

/*
 * BEFORE UPDATE of staff and customers, where an id changes: PostgreSQL carries
 * that over to tasks, customers and renewals with the rights of their owner.
 */
PG_FUNCTION_INFO_V1(taskq_key_change);
Datum
taskq_key_change(PG_FUNCTION_ARGS)
{
	TriggerData *td = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(td->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(td->tg_event) || !TRIGGER_FIRED_BY_UPDATE(td->tg_event) ||
		(RelationGetRelid(td->tg_relation) != taskq_catalog()->staff &&
		 RelationGetRelid(td->tg_relation) != taskq_catalog()->customer))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("taskq_key_change belongs to tables taskq_staff_member and taskq_customer and cannot be used elsewhere")));
	if (strcmp(namespace_search_path, SAFE_SEARCH_PATH) != 0 && !superuser())
		check_triggers(check_cascaded);
	return PointerGetDatum(td->tg_newtuple);
}

/* -------------------------------------------------------------- acting as owner */

/*
 * Tells of the search_path where an error may come from it, as a hint, which
 * takes the place of PostgreSQL's own.
 */
void
hint_at_search_path(void)
{
	switch (geterrcode())
	{
		case ERRCODE_UNDEFINED_TABLE:
		case ERRCODE_UNDEFINED_FUNCTION:
		case ERRCODE_UNDEFINED_OBJECT:
		case ERRCODE_INVALID_SCHEMA_NAME:
			errhint(SEARCH_PATH_HINT);
			break;
		default:
			break;
	}
}

/* An error's message for a record, with that hint if it has it. */
char *
message_with_hint(const ErrorData *edata)
{
	return edata->hint != NULL && strcmp(edata->hint, _(SEARCH_PATH_HINT)) == 0 ?
		psprintf("%s (%s)", edata->message, edata->hint) : edata->message;
}

static void
owner_error_context(void *arg)
{
	hint_at_search_path();
}

static void
take_rights(Oid relation, OwnerSwitch *saved)
{
	Oid			owner = owner_of(relation);

	GetUserIdAndSecContext(&saved->role, &saved->sec_context);
	SetUserIdAndSecContext(owner,
						   saved->sec_context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS);
	saved->guc_level = 0;
	saved->error_context.callback = owner_error_context;
	saved->error_context.arg = NULL;
	saved->error_context.previous = error_context_stack;
	error_context_stack = &saved->error_context;
}

static void
set_search_path(GucAction action)
{
	(void) set_config_option("search_path", SAFE_SEARCH_PATH, PGC_USERSET, PGC_S_SESSION, action, true, 0, false);
}

/*
 * Acts as the owner of a relation until become_caller_again(), exempt from
 * FORCE ROW LEVEL SECURITY as foreign keys are.  An error in between needs no
 * care: aborting the (sub)transaction restores user and search_path.  In
 * parallel mode nothing can be written, nor a setting be changed.
 */
void
become_owner_of(Oid relation, OwnerSwitch *saved)
{
	check_deferrable_triggers();
	take_rights(relation, saved);
	if (strcmp(namespace_search_path, SAFE_SEARCH_PATH) != 0 && !IsInParallelMode())
	{
		saved->guc_level = NewGUCNestLevel();
		set_search_path(GUC_ACTION_SAVE);
	}
}

/*
 * The same in a sweeper, until become_caller_again() after the end of the
 * transaction: what is deferred runs so as well.
 */
void
become_owner_for_transaction(Oid relation, OwnerSwitch *saved)
{
	in_sweeper = true;
	take_rights(relation, saved);
	set_search_path(GUC_ACTION_LOCAL);
}

void
become_caller_again(const OwnerSwitch *saved)
{
	error_context_stack = saved->error_context.previous;
	if (saved->guc_level > 0)
		AtEOXact_GUC(true, saved->guc_level);
	SetUserIdAndSecContext(saved->role, saved->sec_context);
}
