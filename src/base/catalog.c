/*-------------------------------------------------------------------------
 *
 * catalog.c
 *		Look-up of the extension's own objects.
 *
 * The extension may live in any schema.  Its objects are found from the
 * extension's OID once per session and again after an invalidation: dropping
 * and creating the extension drops its tables (relcache), renaming its schema
 * changes pg_namespace (syscache).  Nothing here depends on search_path.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_subscription_rel.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/syscache.h"

#include "base/catalog.h"
#include "base/compat.h"
#include "base/enums.h"

const NewerColumnInfo newer_columns[N_NEWER_COLUMNS] =
{
	{"sla_first_breached_at", true},
	{"kind", false},
	{"sla_policy", false},
	{"sla_calendar", false},
	{"sla_revision", false},
	{"sla_from", false},
	{"response_hours", false},
	{"response_due_at", true},
	{"response_breached_at", true},
	{"response_hours_used", true},
	{"sla_hours_used", true},
	{"sla_warn_at", true},
	{"sla_warned_at", true},
	{"paused_at", false},
	{"pause_reason", false},
	{"resume_at", false},
	{"team_id", false},
	{"follows_id", false},
	{"labels", false},
	{"attributes", false}
};

static TaskqCatalog catalog;
static bool catalog_valid = false;
uint64		catalog_changes = 0;	/* invalidations received */

static Oid
own_table(const char *name)
{
	Oid			relid = get_relname_relid(name, catalog.schema);

	if (!OidIsValid(relid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("extension taskq has no table \"%s\" in schema \"%s\"",
						name, catalog.schema_name),
				 errhint("Run ALTER EXTENSION taskq UPDATE: the library may be newer than the installed SQL.")));
	return relid;
}

/* Whether an index of the extension exists and is valid. */
static bool
index_is_valid(const char *name)
{
	Oid			index = get_relname_relid(name, catalog.schema);

	return OidIsValid(index) && get_index_isvalid(index);
}

/*
 * Whether the installed SQL is older than 0.3.0.  A column named as in
 * newer_columns then belongs to the user.
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

/*
 * A table that is new in 0.3.0, or one of the counters, which had other columns
 * before.  Where the SQL is older it counts as missing, whatever has its name.
 */
static Oid
newer_table(const char *name)
{
	return catalog.sql_is_older ? InvalidOid : get_relname_relid(name, catalog.schema);
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

	catalog.status_type = enum_find("taskq_status", catalog.schema, status_names,
								   N_STATUSES, catalog.status);
	catalog.priority_type = enum_find("taskq_priority", catalog.schema, priority_names,
									 N_PRIORITIES, catalog.priority);
	catalog.sla_status_type = enum_find("taskq_sla_status", catalog.schema, sla_status_names,
									   N_SLA_STATUSES, catalog.sla_status);
	catalog.task = own_table("taskq_task");
	catalog.task_event = own_table("taskq_task_event");
	catalog.staff = own_table("taskq_staff_member");
	catalog.customer = own_table("taskq_customer");
	catalog.workflow_rule = own_table("taskq_workflow_rule");
	catalog.renewal = own_table("taskq_renewal");
	catalog.renewal_is_keyed = index_is_valid("taskq_renewal_active_key");
	catalog.crossing = own_table("taskq_renewal_crossing");

	catalog.is_subscriber = is_target_of_subscription(catalog.task);
	catalog.sql_is_older = sql_is_older();
	catalog.sla_policy = newer_table("taskq_sla_policy");
	catalog.task_pause = newer_table("taskq_task_pause");
	catalog.team = newer_table("taskq_team");
	catalog.team_member = newer_table("taskq_team_member");
	catalog.schedule = newer_table("taskq_schedule");
	catalog.counter = newer_table("taskq_counter");
	catalog.counter_delta = newer_table("taskq_counter_delta");
	catalog.counter_state = newer_table("taskq_counter_state");
	catalog.calendar = newer_table("taskq_calendar");
	catalog.calendar_window = newer_table("taskq_calendar_window");
	catalog.holiday = newer_table("taskq_holiday");
	catalog.customer_merged_into = catalog.sql_is_older ? InvalidAttrNumber :
		get_attnum(catalog.customer, "merged_into");
	for (int i = 0; i < N_NEWER_COLUMNS; i++)
		catalog.newer_column[i] = catalog.sql_is_older ? InvalidAttrNumber :
			get_attnum(catalog.task, newer_columns[i].name);

	/* If an invalidation arrived meanwhile, the next call reads again. */
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
		relid == catalog.renewal || relid == catalog.crossing || relid == catalog.sla_policy ||
		relid == catalog.task_pause || relid == catalog.team || relid == catalog.team_member || relid == catalog.schedule || relid == catalog.counter || relid == catalog.counter_delta ||
		relid == catalog.counter_state || relid == catalog.calendar || relid == catalog.calendar_window || relid == catalog.holiday)
		catalog_forget();
}

static void
catalog_syscache_callback(Datum arg, int cacheid, uint32 hashvalue)
{
	catalog_forget();
}

/* For ereport(): 23514 with table and constraint, as a CHECK reports them. */
int
errcheck(const char *table, const char *constraint)
{
	errcode(ERRCODE_CHECK_VIOLATION);
	err_generic_string(PG_DIAG_TABLE_NAME, table);
	return err_generic_string(PG_DIAG_CONSTRAINT_NAME, constraint);
}

/*
 * The index of a table's primary key, InvalidOid if there is none.  It is
 * valid while the table is open and must not be cached: REINDEX CONCURRENTLY
 * replaces it.
 */
Oid
primary_key_of(Relation rel)
{
	if (!rel->rd_indexvalid)
		list_free(RelationGetIndexList(rel));	/* fills rd_pkindex */
	return rel->rd_pkindex;
}

void
catalog_register_callbacks(void)
{
	CacheRegisterRelcacheCallback(catalog_relcache_callback, (Datum) 0);
	CacheRegisterSyscacheCallback(NAMESPACEOID, catalog_syscache_callback, (Datum) 0);
	CacheRegisterSyscacheCallback(SUBSCRIPTIONRELMAP, catalog_syscache_callback, (Datum) 0);
}
