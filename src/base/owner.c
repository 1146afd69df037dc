/*-------------------------------------------------------------------------
 *
 * owner.c
 *		Acting as the owner of one of taskq's tables.
 *
 * No function of taskq is SECURITY DEFINER.  The files listed below switch to
 * the owner, each for its own statements, which are constants and take values
 * as parameters.  The last column says which right the caller must have proved
 * before, and what is returned to the caller:
 *
 *	history.c	writes events		the change itself, or for a comment the right
 *									to update the task (SELECT ... FOR KEY SHARE)
 *				deletes events		the deletion of their task
 *				reads who closed	an update of that task
 *	create.c	looks for a key		an insert that conflicts with it; it discloses that
 *									the key exists, as a unique index does
 *	workflow.c	rules				EXECUTE on what emits, or the change; the actions
 *									are those of rules, which managers write
 *	rule.c		reads rules			nothing: they are not returned
 *	emit.c		reads a dry run		EXECUTE; of existing tasks it returns what the
 *									caller can read
 *	renewal.c	closes tasks		an update that closes their renewal
 *				assigns tasks		an update that assigns their renewal
 *				looks for a key		an insert that conflicts with it; it discloses that
 *									the key exists, as a unique index does
 *				has some rechecked	an update that makes their customer active
 *	refresh.c	thresholds			a lock on the renewal (FOR NO KEY UPDATE)
 *				has all rechecked	a change of a threshold
 *	business.c	reads calendars		nothing: what is returned is when time is open
 *	revision.c	writes revisions	a change of a calendar, or EXECUTE on what sweeps
 *	directory.c mirrors				to own the table, and EXECUTE for its owner
 *	erasure.c	erases texts		a lock on the customer that takes the right to update it
 *	merge.c		moves tasks			the same on both customers
 *	unchanged.c	reads who changed	an update of that task
 *	sweep.c		logs a sweep		EXECUTE on taskq_sweep_all
 *	fold.c		counts tasks		EXECUTE on what sweeps; nothing is returned
 *	sweeper.c	sweeps				nothing: it is a background worker
 *
 * Such a statement can fire triggers, and evaluate CHECKs, defaults and index
 * expressions, that users have added to the table.  Their functions run with
 * the owner's rights, so unqualified names in them must not be resolved
 * through the caller's search_path: it is pg_catalog, pg_temp meanwhile, in
 * sessions as in the sweeper.
 *
 * That does not cover everything.  A function is "open" unless it has a
 * search_path setting of its own that ends in pg_temp: otherwise unqualified
 * names in it are resolved through the search_path of the caller, or to
 * temporary objects first.
 *
 * - Temporary tables and types can be named without a schema whatever the
 *	 search_path is.  No session that has any acts as owner while one of taskq's
 *	 tables uses an open function.
 * - From PostgreSQL 18 on, a trigger that is deferred runs at the end of the
 *	 transaction with the role that was in force when it was queued, the owner,
 *	 but under the search_path of that later time, the caller's.  No session
 *	 acts as owner while something deferrable uses an open function.
 * - Cascades of foreign keys are PostgreSQL's own: they act as the owner of the
 *	 table that they write, under the caller's search_path.  What fires one is
 *	 refused while one of taskq's tables uses an open function.
 * - PL/pgSQL keeps what types it has found for the variables of a function, as
 *	 long as the session lasts.  Only a search_path setting of the
 *	 function prevents that; taskq_check() reports those without.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/parallel.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "base/catalog.h"
#include "base/compat.h"
#include "base/owner.h"
#include "base/plan.h"

#define SAFE_SEARCH_PATH "pg_catalog, pg_temp"
#define SEARCH_PATH_HINT \
	"Name the schema, or use ALTER FUNCTION ... SET search_path, with pg_temp as the last schema: " \
	"triggers on taskq's tables run with search_path = " SAFE_SEARCH_PATH " here."

/* Tables of the extension; it has fewer than this. */
#define MAX_TABLES 64

static Oid	tables[MAX_TABLES];
static int	ntables = 0;

/* Set in a sweeper, whose session no user controls. */
static bool in_sweeper = false;

/*
 * Incremented by invalidations that may change which functions the tables use,
 * or such a function.
 */
static uint64 last_change = 1;

/* The open function that was found last, and what uses it. */
static struct
{
	uint64		change;			/* last_change when it was searched for */
	bool		found;
	bool		deferrable;		/* what uses it */
	char		function[3 * NAMEDATALEN];
	char		user[4 * NAMEDATALEN];
}			open_function;

/*
 * Finds an open function, those that deferrable objects use first.  Functions
 * in C are taken to qualify all names, and a parsed body contains no names.
 * Parameter: the tables.
 */
static TaskqPlan find_open_function = {
	"WITH object (classid, oid, relid, late) AS ("
	"SELECT 'pg_catalog.pg_constraint'::pg_catalog.regclass::pg_catalog.oid, k.oid, k.conrelid, false FROM pg_catalog.pg_constraint k "
	"UNION ALL SELECT 'pg_catalog.pg_attrdef'::pg_catalog.regclass::pg_catalog.oid, a.oid, a.adrelid, false FROM pg_catalog.pg_attrdef a "
	"UNION ALL SELECT 'pg_catalog.pg_rewrite'::pg_catalog.regclass::pg_catalog.oid, r.oid, r.ev_class, false FROM pg_catalog.pg_rewrite r "
	"UNION ALL SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid, i.indexrelid, i.indrelid, NOT i.indimmediate FROM pg_catalog.pg_index i "
	"UNION ALL SELECT 'pg_catalog.pg_trigger'::pg_catalog.regclass::pg_catalog.oid, t.oid, t.tgrelid, t.tgdeferrable FROM pg_catalog.pg_trigger t "
	"WHERE NOT t.tgisinternal AND t.tgenabled " NE " 'D') "
	"SELECT pg_catalog.pg_describe_object(o.classid, o.oid, 0), f.oid::pg_catalog.regprocedure::pg_catalog.text, o.late "
	"FROM object o "
	"JOIN pg_catalog.pg_depend u ON u.classid " EQ " o.classid AND u.objid " EQ " o.oid "
	"AND u.refclassid " EQ " 'pg_catalog.pg_proc'::pg_catalog.regclass::pg_catalog.oid "
	"JOIN pg_catalog.pg_proc f ON f.oid " EQ " u.refobjid JOIN pg_catalog.pg_language l ON l.oid " EQ " f.prolang "
	"WHERE o.relid " EQ " ANY ($1) AND l.lanname " NE " ALL ('{internal,c}'::pg_catalog.name[]) AND f.prosqlbody IS NULL "
	"AND NOT EXISTS (SELECT FROM pg_catalog.unnest(f.proconfig) s WHERE s OPERATOR(pg_catalog.~) '^search_path=(.*,)? *\"?pg_temp\"?$') "
	"ORDER BY o.late DESC, pg_catalog.pg_describe_object(o.classid, o.oid, 0) COLLATE pg_catalog.\"C\""
};

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

/* ------------------------------------------------------- open functions */

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

/* Updates open_function; returns whether there is one. */
static bool
uses_open_function(void)
{
	Oid			types[] = {OIDARRAYOID};
	Datum		values[1];
	Datum		elements[MAX_TABLES];
	uint64		seen;

	AcceptInvalidationMessages();
	if (open_function.change == last_change)
		return open_function.found;
	seen = last_change;
	list_tables();
	spi_connect();
	for (int i = 0; i < ntables; i++)
		elements[i] = ObjectIdGetDatum(tables[i]);
	values[0] = PointerGetDatum(construct_array(elements, ntables, OIDOID, sizeof(Oid), true, TYPALIGN_INT));
	spi_run(&find_open_function, 1, types, values, NULL, 1);
	open_function.found = SPI_processed > 0;
	if (open_function.found)
	{
		HeapTuple	tuple = SPI_tuptable->vals[0];
		bool		isnull;

		strlcpy(open_function.user, SPI_getvalue(tuple, SPI_tuptable->tupdesc, 1), sizeof(open_function.user));
		strlcpy(open_function.function, SPI_getvalue(tuple, SPI_tuptable->tupdesc, 2), sizeof(open_function.function));
		open_function.deferrable = DatumGetBool(SPI_getbinval(tuple, SPI_tuptable->tupdesc, 3, &isnull));
	}
	SPI_finish();
	open_function.change = seen;
	return open_function.found;
}

pg_noreturn static void
refuse_open_function(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("function %s, used by %s, must have a search_path of its own", open_function.function, open_function.user),
			 errdetail_internal("%s", _(detail)),
			 errhint("Use ALTER FUNCTION %s SET search_path, with pg_temp as the last schema.", open_function.function)));
}

/* The schema of the session's temporary objects, InvalidOid if it has had none. */
static Oid
temporary_schema(void)
{
	Oid			namespace;
	Oid			toast_namespace;

	GetTempNamespaceState(&namespace, &toast_namespace);
	return namespace;
}

/*
 * Whether the session has temporary objects, which can be named without a
 * schema whatever the search_path.
 */
static bool
has_temporary_objects(void)
{
	Oid			namespace = temporary_schema();
	Relation	rel;
	SysScanDesc scan;
	ScanKeyData keys[2];
	bool		result;

	if (!OidIsValid(namespace))
		return false;
	rel = table_open(DependRelationId, AccessShareLock);
	ScanKeyInit(&keys[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(NamespaceRelationId));
	ScanKeyInit(&keys[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(namespace));
	scan = systable_beginscan(rel, DependReferenceIndexId, true, NULL, 2, keys);
	result = HeapTupleIsValid(systable_getnext(scan));
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return result;
}

/*
 * Throws 55000 for what the search_path does not cover, unless the caller has
 * the owner's rights already.
 */
static void
check_open_functions(Oid owner)
{
	if (in_sweeper || has_privs_of_role(GetUserId(), owner) ||
		(!AFTER_TRIGGERS_KEEP_ROLE && !OidIsValid(temporary_schema())) || !uses_open_function())
		return;
	if (AFTER_TRIGGERS_KEEP_ROLE && open_function.deferrable)
		refuse_open_function(gettext_noop("Deferred, it would run with the rights of the table's owner under the search_path "
										  "that the session has at the end of the transaction."));
	if (has_temporary_objects())
		refuse_open_function(gettext_noop("It runs with the rights of the table's owner, and could take temporary objects "
										  "of this session for what it names."));
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
	CacheRegisterRelcacheCallback(owner_relcache_callback, (Datum) 0);
	CacheRegisterSyscacheCallback(PROCOID, owner_syscache_callback, (Datum) 0);
}

/*
 * BEFORE UPDATE of staff, customers and calendars, where an id or a name
 * changes, and BEFORE DELETE of staff and calendars: foreign keys then write,
 * delete or check the referencing rows with the rights of the table owner.
 * Throws 55000 while there is an open function.
 */
PG_FUNCTION_INFO_V1(taskq_key_change);
Datum
taskq_key_change(PG_FUNCTION_ARGS)
{
	TriggerData *td = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(td->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(td->tg_event) || TRIGGER_FIRED_BY_INSERT(td->tg_event) ||
		(RelationGetRelid(td->tg_relation) != taskq_catalog()->staff &&
		 RelationGetRelid(td->tg_relation) != taskq_catalog()->customer &&
		 RelationGetRelid(td->tg_relation) != taskq_catalog()->calendar &&
		 RelationGetRelid(td->tg_relation) != taskq_catalog()->team))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("taskq_key_change belongs to tables taskq_staff_member, taskq_customer, taskq_team and taskq_calendar and cannot be used elsewhere")));
	if (!has_privs_of_role(GetUserId(), owner_of(taskq_catalog()->task)) && uses_open_function())
		refuse_open_function(gettext_noop("What refers to this row is written with the rights of its table's owner, "
										  "under the search_path of the session."));
	return PointerGetDatum(TRIGGER_FIRED_BY_UPDATE(td->tg_event) ? td->tg_newtuple : td->tg_trigtuple);
}

/* -------------------------------------------------------------- acting as owner */

/*
 * Error context callback: sets a hint about search_path where it may be the
 * cause of the error, in place of PostgreSQL's own hint.
 */
static void
hint_at_search_path(void *arg)
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

/* The message to store for an error, with that hint if it has been set. */
char *
message_with_hint(const ErrorData *edata)
{
	return edata->hint != NULL && strcmp(edata->hint, _(SEARCH_PATH_HINT)) == 0 ?
		psprintf("%s (%s)", edata->message, edata->hint) : edata->message;
}

static void
take_rights(Oid owner, OwnerSwitch *saved)
{
	GetUserIdAndSecContext(&saved->role, &saved->sec_context);
	SetUserIdAndSecContext(owner,
						   saved->sec_context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS);
	saved->guc_level = 0;
	saved->error_context.callback = hint_at_search_path;
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
 * Switches to the owner of a relation until become_caller_again(), exempt from
 * FORCE ROW LEVEL SECURITY as foreign keys are.  After an error there is
 * nothing to undo: aborting the (sub)transaction restores user and
 * search_path.  In parallel mode search_path cannot be set, and need not be,
 * for nothing can be written.
 */
void
become_owner_of(Oid relation, OwnerSwitch *saved)
{
	Oid			owner = owner_of(relation);

	check_open_functions(owner);
	take_rights(owner, saved);
	if (strcmp(namespace_search_path, SAFE_SEARCH_PATH) != 0 && !IsInParallelMode())
	{
		saved->guc_level = NewGUCNestLevel();
		set_search_path(GUC_ACTION_SAVE);
	}
}

/*
 * The same for a whole transaction of a sweeper, its deferred triggers
 * included.  become_caller_again() must be called after its end.
 */
void
become_owner_for_transaction(Oid relation, OwnerSwitch *saved)
{
	in_sweeper = true;
	take_rights(owner_of(relation), saved);
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
