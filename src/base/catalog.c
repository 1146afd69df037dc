/*-------------------------------------------------------------------------
 *
 * catalog.c
 *		Where the extension's own objects are, and statements kept prepared.
 *
 * The extension may live in any schema.  Its objects are found from the
 * extension's OID once per session and again after an invalidation: dropping
 * and creating the extension drops its tables (relcache), renaming its schema
 * changes pg_namespace (syscache).  Nothing here depends on search_path, and
 * prepared statements name every table, type, function and operator with its
 * schema.
 *
 *-------------------------------------------------------------------------
 */
#include "taskq.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_enum.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_subscription_rel.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "optimizer/cost.h"
#include "optimizer/planner.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/relcache.h"
#include "utils/syscache.h"

const char *const status_names[N_STATUSES] =
{"OPEN", "IN_PROGRESS", "OVERDUE", "COMPLETED", "CANCELLED"};
const char *const priority_names[N_PRIORITIES] =
{"LOW", "MEDIUM", "HIGH", "URGENT"};
static const char *const sla_status_names[N_SLA_STATUSES] =
{"NONE", "ON_TRACK", "AT_RISK", "BREACHED", "MET", "CANCELLED"};

const NewerColumnInfo newer_columns[N_NEWER_COLUMNS] =
{
	{"sla_first_breached_at", true}
};

static TaskqCatalog catalog;
static bool catalog_valid = false;
uint64		catalog_changes = 0;	/* that were heard of */
static planner_hook_type next_planner;

static Oid
own_table(const char *name)
{
	Oid			relid = get_relname_relid(name, catalog.schema);

	if (!OidIsValid(relid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("extension taskq has no table \"%s\" in schema \"%s\"",
						name, catalog.schema_name),
				 errhint("The library may be newer than the installed SQL: run ALTER EXTENSION taskq UPDATE.")));
	return relid;
}

/* Whether an index of the extension's is there and can be relied on. */
static bool
index_is_valid(const char *name)
{
	Oid			index = get_relname_relid(name, catalog.schema);

	return OidIsValid(index) && get_index_isvalid(index);
}

static Oid
own_enum(const char *name, const char *const *labels, int nlabels, Oid *values)
{
	Oid			type = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid,
									   CStringGetDatum(name),
									   ObjectIdGetDatum(catalog.schema));

	for (int i = 0; i < nlabels; i++)
	{
		values[i] = GetSysCacheOid2(ENUMTYPOIDNAME, Anum_pg_enum_oid,
									ObjectIdGetDatum(type),
									CStringGetDatum(labels[i]));
		if (!OidIsValid(values[i]))
			elog(ERROR, "type %s of extension taskq has no value %s",
				 name, labels[i]);
	}
	return type;
}

/*
 * Whether the SQL that is installed is without what 0.3.0 has added: a column
 * named as in newer_columns is the user's own then.
 */
static bool
sql_is_older(void)
{
	static const char *const older[] = {"0.1.0", "0.2.0"};
	Relation	rel = table_open(ExtensionRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		result = false;

	ScanKeyInit(&key, Anum_pg_extension_oid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(catalog.extension));
	scan = systable_beginscan(rel, ExtensionOidIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		bool		isnull;
		Datum		version = heap_getattr(tuple, Anum_pg_extension_extversion,
										   RelationGetDescr(rel), &isnull);

		for (int i = 0; i < lengthof(older); i++)
			result |= strcmp(TextDatumGetCString(version), older[i]) == 0;
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return result;
}

static bool
is_target_of_subscription(Oid table)
{
	Relation	rel = table_open(SubscriptionRelRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	bool		result;

	ScanKeyInit(&key, Anum_pg_subscription_rel_srrelid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(table));
	scan = systable_beginscan(rel, SubscriptionRelSrrelidSrsubidIndexId, true, NULL, 1, &key);
	result = HeapTupleIsValid(systable_getnext(scan));
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return result;
}

/*
 * The extension's objects.  Errors if it is not installed in this database
 * (42704) or older than this library needs (42P01).
 */
const TaskqCatalog *
taskq_catalog(void)
{
	uint64		changes = catalog_changes;
	char	   *schema_name;

	if (catalog_valid)
		return &catalog;

	catalog.extension = get_extension_oid(TASKQ_EXTENSION, true);
	if (!OidIsValid(catalog.extension))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("extension taskq is not installed in this database"),
				 errhint("Run CREATE EXTENSION taskq.")));
	catalog.schema = get_extension_schema(catalog.extension);
	schema_name = get_namespace_name(catalog.schema);
	if (schema_name == NULL)
		elog(ERROR, "extension taskq has no schema");
	strlcpy(catalog.schema_name, schema_name, NAMEDATALEN);

	catalog.status_type = own_enum("taskq_status", status_names,
								   N_STATUSES, catalog.status);
	catalog.priority_type = own_enum("taskq_priority", priority_names,
									 N_PRIORITIES, catalog.priority);
	catalog.sla_status_type = own_enum("taskq_sla_status", sla_status_names,
									   N_SLA_STATUSES, catalog.sla_status);
	catalog.task = own_table("taskq_task");
	catalog.task_event = own_table("taskq_task_event");
	catalog.staff = own_table("taskq_staff_member");
	catalog.customer = own_table("taskq_customer");
	catalog.workflow_rule = own_table("taskq_workflow_rule");
	catalog.renewal = own_table("taskq_renewal");
	catalog.renewal_is_keyed = index_is_valid("taskq_renewal_active_key");
	catalog.crossing = own_table("taskq_renewal_crossing");
	catalog.counter = get_relname_relid("taskq_counter", catalog.schema);
	catalog.counter_delta = get_relname_relid("taskq_counter_delta", catalog.schema);
	catalog.counter_state = get_relname_relid("taskq_counter_state", catalog.schema);

	catalog.is_subscriber = is_target_of_subscription(catalog.task);
	catalog.sql_is_older = sql_is_older();
	for (int i = 0; i < N_NEWER_COLUMNS; i++)
		catalog.newer_column[i] = catalog.sql_is_older ? InvalidAttrNumber :
			get_attnum(catalog.task, newer_columns[i].name);

	/* If something changed while this was read, it is read again the next time. */
	catalog_valid = catalog_changes == changes;
	return &catalog;
}

static void
catalog_forget(void)
{
	catalog_changes++;
	catalog_valid = false;
}

/* Every table whose OID is kept is named here.  OIDs of indexes are not kept. */
static void
catalog_relcache_callback(Datum arg, Oid relid)
{
	if (relid == InvalidOid || relid == catalog.task || relid == catalog.task_event ||
		relid == catalog.staff || relid == catalog.customer || relid == catalog.workflow_rule ||
		relid == catalog.renewal || relid == catalog.crossing || relid == catalog.counter || relid == catalog.counter_delta ||
		relid == catalog.counter_state)
		catalog_forget();
}

static void
catalog_syscache_callback(Datum arg, int cacheid, uint32 hashvalue)
{
	catalog_forget();
}

/*
 * The index of a table's primary key, InvalidOid if there is none.  It is good
 * while the table is open and not to be kept: REINDEX CONCURRENTLY replaces it.
 */
Oid
primary_key_of(Relation rel)
{
	if (!rel->rd_indexvalid)
		list_free(RelationGetIndexList(rel));	/* fills rd_pkindex */
	return rel->rd_pkindex;
}

/* Position of an enum value among the values of its type. */
int
enum_index(Oid value, const Oid *values, int nvalues)
{
	for (int i = 0; i < nvalues; i++)
		if (values[i] == value)
			return i;
	elog(ERROR, "enum value %u is not one of taskq's", value);
	return -1;					/* keep compiler quiet */
}

/*
 * Position of a value among those of its enum, for functions of indexes and
 * CHECKs: they are called where the catalog has just been invalidated, or while
 * the extension is being created.  Only the enum's values matter to them, which
 * never change while the type exists; "values" keeps them.
 */
static int
enum_value_index(Oid value, const char *const *labels, int nlabels, Oid *values)
{
	HeapTuple	tuple;
	Oid			type;

	for (int i = 0; i < nlabels; i++)
		if (values[i] == value)
			return i;
	tuple = SearchSysCache1(ENUMOID, ObjectIdGetDatum(value));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "enum value %u does not exist", value);
	type = ((Form_pg_enum) GETSTRUCT(tuple))->enumtypid;
	ReleaseSysCache(tuple);
	for (int i = 0; i < nlabels; i++)
		values[i] = GetSysCacheOid2(ENUMTYPOIDNAME, Anum_pg_enum_oid,
									ObjectIdGetDatum(type),
									CStringGetDatum(labels[i]));
	return enum_index(value, values, nlabels);
}

TaskStatus
status_from_value(Oid value)
{
	static Oid	values[N_STATUSES];

	return (TaskStatus) enum_value_index(value, status_names, N_STATUSES, values);
}

PG_FUNCTION_INFO_V1(taskq_priority_rank);
Datum
taskq_priority_rank(PG_FUNCTION_ARGS)
{
	static Oid	values[N_PRIORITIES];

	PG_RETURN_INT32(N_PRIORITIES - enum_value_index(PG_GETARG_OID(0), priority_names, N_PRIORITIES, values));
}

/* The text of a statement with the extension's schema put in for "@.". */
char *
qualify(const char *sql)
{
	const char *schema = quote_identifier(taskq_catalog()->schema_name);
	StringInfoData buf;

	initStringInfo(&buf);
	for (const char *p = sql; *p; p++)
	{
		if (p[0] == '@' && p[1] == '.')
			appendStringInfoString(&buf, schema);
		else
			appendStringInfoChar(&buf, *p);
	}
	return buf.data;
}

/* Plans that nobody will use again; they may be running further up the stack. */
static List *forgotten_plans = NIL;

/* Keeps a plan of a statement of the extension as it is now. */
void
plan_keep(KeptPlan *kept, SPIPlanPtr plan)
{
	const TaskqCatalog *cat = taskq_catalog();

	if (SPI_keepplan(plan) != 0)
		elog(ERROR, "could not keep a plan");
	kept->plan = plan;
	kept->extension = cat->extension;
	strlcpy(kept->schema_name, cat->schema_name, NAMEDATALEN);
}

/*
 * Whether there is a plan, and it is not of another schema name or from before
 * the extension was dropped and made again.
 */
bool
plan_serves(const KeptPlan *kept)
{
	const TaskqCatalog *cat = taskq_catalog();

	return kept->plan != NULL && kept->extension == cat->extension &&
		strcmp(kept->schema_name, cat->schema_name) == 0;
}

/*
 * Has a plan, if there is one, freed when the transaction ends: what we run
 * can neither commit nor roll back, so none of our plans is running then.
 */
void
plan_forget(KeptPlan *kept)
{
	MemoryContext old;

	if (kept->plan == NULL)
		return;
	old = MemoryContextSwitchTo(TopMemoryContext);
	forgotten_plans = lappend(forgotten_plans, kept->plan);
	MemoryContextSwitchTo(old);
	kept->plan = NULL;
}

static void
catalog_xact_callback(XactEvent event, void *arg)
{
	ListCell   *lc;

	if (forgotten_plans == NIL ||
		(event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT && event != XACT_EVENT_PREPARE))
		return;
	foreach(lc, forgotten_plans)
		SPI_freeplan(lfirst(lc));
	list_free(forgotten_plans);
	forgotten_plans = NIL;
}

/* The prepared form of a statement; SPI must be connected. */
SPIPlanPtr
prepared(TaskqPlan *plan, int nargs, Oid *argtypes)
{
	KeptPlan   *kept = &plan->kept[InNoForceRLSOperation() ? 1 : 0];
	SPIPlanPtr	result;

	if (plan_serves(kept))
		return kept->plan;

	plan_forget(kept);
	result = plan->setup != NULL ?
		SPI_prepare_params(qualify(plan->sql), plan->setup, NULL, plan->options) :
		SPI_prepare_cursor(qualify(plan->sql), nargs, argtypes, plan->options);
	if (result == NULL)
		elog(ERROR, "could not prepare \"%s\": %s", plan->sql,
			 SPI_result_code_string(SPI_result));
	plan_keep(kept, result);
	return result;
}

void
spi_connect(void)
{
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
}

/* Runs a kept statement, writing ones included.  Result as of SPI_execute. */
int
spi_run(TaskqPlan *plan, int nargs, Oid *argtypes, Datum *values,
		const char *nulls, long limit)
{
	int			result = SPI_execute_plan(prepared(plan, nargs, argtypes),
										  values, nulls, false, limit);

	if (result < 0)
		elog(ERROR, "could not run \"%s\": %s", plan->sql,
			 SPI_result_code_string(result));
	return result;
}

/* Runs a kept statement that only reads, under the active snapshot. */
void
spi_read(TaskqPlan *plan, int nargs, Oid *argtypes, Datum *values)
{
	int			result = SPI_execute_plan(prepared(plan, nargs, argtypes), values, NULL, true, 0);

	if (result != SPI_OK_SELECT)
		elog(ERROR, "could not run \"%s\": %s", plan->sql, SPI_result_code_string(result));
}

/*
 * spi_run() for a statement that has an index of its own: uses it whatever
 * the statistics say, for they may be missing or stale, and plans it once.
 * One that asks for a range names its index by ORDER BY, or it might get
 * another, in whole.
 */
int
spi_run_by_index(TaskqPlan *plan, int nargs, Oid *argtypes, Datum *values,
				 const char *nulls, long limit)
{
	plan->options |= PLAN_ONCE | PLAN_BY_INDEX;
	return spi_run(plan, nargs, argtypes, values, nulls, limit);
}

static PlannedStmt *
plan_by_next(Query *query, const char *query_string, int options, ParamListInfo params)
{
	return next_planner != NULL ? next_planner(query, query_string, options, params) :
		standard_planner(query, query_string, options, params);
}

/*
 * Plans statements marked PLAN_BY_INDEX without what would do without their
 * index.  Whenever such a statement is planned, it is here: also when it is
 * planned again because something changed just before it ran.  Running it
 * costs nothing then, as setting enable_seqscan around each run would.
 */
static PlannedStmt *
plan_by_index(Query *query, const char *query_string, int options, ParamListInfo params)
{
	bool		seqscan = enable_seqscan;
	bool		bitmapscan = enable_bitmapscan;
	bool		sort = enable_sort;
	PlannedStmt *result;

	if (!(options & PLAN_BY_INDEX))
		return plan_by_next(query, query_string, options, params);

	PG_TRY();
	{
		enable_seqscan = enable_bitmapscan = enable_sort = false;
		result = plan_by_next(query, query_string, options & ~PLAN_BY_INDEX, params);
	}
	PG_FINALLY();
	{
		enable_seqscan = seqscan;
		enable_bitmapscan = bitmapscan;
		enable_sort = sort;
	}
	PG_END_TRY();
	return result;
}

void
catalog_register_callbacks(void)
{
	CacheRegisterRelcacheCallback(catalog_relcache_callback, (Datum) 0);
	CacheRegisterSyscacheCallback(NAMESPACEOID, catalog_syscache_callback, (Datum) 0);
	CacheRegisterSyscacheCallback(SUBSCRIPTIONRELMAP, catalog_syscache_callback, (Datum) 0);
	RegisterXactCallback(catalog_xact_callback, NULL);
}

void
catalog_install_hooks(void)
{
	next_planner = planner_hook;
	planner_hook = plan_by_index;
}

/* Ids as bigint[], the parameter of statements about many rows. */
Datum
id_array(const int64 *ids, int n)
{
	Datum	   *datums = palloc(Max(n, 1) * sizeof(Datum));

	for (int i = 0; i < n; i++)
		datums[i] = Int64GetDatum(ids[i]);
	return PointerGetDatum(construct_array(datums, n, INT8OID, sizeof(int64),
										   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* The first column of SPI's result, ids, as bigint[]. */
Datum
result_ids(void)
{
	Datum	   *datums = palloc(Max(SPI_processed, 1) * sizeof(Datum));
	bool		isnull;

	for (uint64 i = 0; i < SPI_processed; i++)
		datums[i] = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull);
	return PointerGetDatum(construct_array(datums, (int) SPI_processed, INT8OID, sizeof(int64),
										   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}
