/*-------------------------------------------------------------------------
 *
 * compat.h
 *		Differences between the supported PostgreSQL versions, 15 to 19.
 *
 * This is the only file that looks at PG_VERSION_NUM.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_COMPAT_H
#define TASKQ_COMPAT_H

#if PG_VERSION_NUM < 150000
#error "taskq needs PostgreSQL 15 or later"
#endif

/* VARDATA_ANY() and its like left postgres.h in 16, and come with few other headers from 19 on. */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* get_extension_schema() is public from 16 on. */
#if PG_VERSION_NUM < 160000
#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_extension.h"
#include "utils/fmgroids.h"

static inline Oid
get_extension_schema(Oid extension)
{
	Relation	rel = table_open(ExtensionRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	Oid			result = InvalidOid;

	ScanKeyInit(&key, Anum_pg_extension_oid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(extension));
	scan = systable_beginscan(rel, ExtensionOidIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		result = ((Form_pg_extension) GETSTRUCT(tuple))->extnamespace;
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return result;
}
#endif

/* A setting's "extra" comes from malloc() up to 15, from guc_malloc() later. */
#if PG_VERSION_NUM < 160000
#define taskq_guc_malloc(size) malloc(size)
#else
#define taskq_guc_malloc(size) guc_malloc(LOG, size)
#endif

/* The ACL checks by class took the place of one function a class in 16. */
#if PG_VERSION_NUM < 160000
#define taskq_may_execute(function, role) \
	(pg_proc_aclcheck(function, role, ACL_EXECUTE) == ACLCHECK_OK)
#define taskq_may_use_schema(schema, role) \
	(pg_namespace_aclcheck(schema, role, ACL_USAGE) == ACLCHECK_OK)
#else
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"

#define taskq_may_execute(function, role) \
	(object_aclcheck(ProcedureRelationId, function, role, ACL_EXECUTE) == ACLCHECK_OK)
#define taskq_may_use_schema(schema, role) \
	(object_aclcheck(NamespaceRelationId, schema, role, ACL_USAGE) == ACLCHECK_OK)
#endif

/*
 * The privileges that a statement needs moved from the range table entry to
 * RTEPermissionInfo in 16.
 */
#if PG_VERSION_NUM < 160000
#define taskq_required_perms(nsitem) ((nsitem)->p_rte->requiredPerms)
#else
#define taskq_required_perms(nsitem) ((nsitem)->p_perminfo->requiredPerms)
#endif

/*
 * datconnlimit of a database whose DROP DATABASE was interrupted; since the
 * minor releases of 2023.
 */
#include "catalog/pg_database.h"
#ifndef DATCONNLIMIT_INVALID_DB
#define DATCONNLIMIT_INVALID_DB -2
#endif

/* pg_noreturn, before the declaration, has replaced pg_attribute_noreturn() from 18 on. */
#if PG_VERSION_NUM < 180000
#define pg_noreturn pg_attribute_noreturn()
#endif

/* ExecInsertIndexTuples() takes onlySummarizing from 16 on, and flags from 19 on. */
#if PG_VERSION_NUM < 160000
#define taskq_insert_index_tuples(indexes, slot, estate) \
	ExecInsertIndexTuples(indexes, slot, estate, false, false, NULL, NIL)
#elif PG_VERSION_NUM < 190000
#define taskq_insert_index_tuples(indexes, slot, estate) \
	ExecInsertIndexTuples(indexes, slot, estate, false, false, NULL, NIL, false)
#else
#define taskq_insert_index_tuples(indexes, slot, estate) \
	ExecInsertIndexTuples(indexes, estate, 0, slot, NIL, NULL)
#endif

/* Whether a plan was made for the present search_path; "search path matcher" from 17 on. */
#include "catalog/namespace.h"
#if PG_VERSION_NUM < 170000
#define taskq_search_path_matches(path) OverrideSearchPathMatchesCurrent(path)
#else
#define taskq_search_path_matches(path) SearchPathMatchesCurrentEnvironment(path)
#endif

/* A hash table in shared memory has its full size from the start from 19 on. */
#if PG_VERSION_NUM < 190000
#define taskq_shmem_init_hash(name, size, ctl, flags) ShmemInitHash(name, size, size, ctl, flags)
#else
#define taskq_shmem_init_hash(name, size, ctl, flags) ShmemInitHash(name, size, ctl, flags)
#endif

/* index_beginscan() takes instrumentation from 18 on, and flags from 19 on. */
#if PG_VERSION_NUM < 180000
#define taskq_index_beginscan(rel, index, snapshot, nkeys) index_beginscan(rel, index, snapshot, nkeys, 0)
#elif PG_VERSION_NUM < 190000
#define taskq_index_beginscan(rel, index, snapshot, nkeys) index_beginscan(rel, index, snapshot, NULL, nkeys, 0)
#else
#define taskq_index_beginscan(rel, index, snapshot, nkeys) \
	index_beginscan(rel, index, snapshot, NULL, nkeys, 0, SO_NONE)
#endif

/* A jsonb is built in a JsonbInState, which keeps the result, from 19 on; json.c does the same before. */
#include "utils/jsonb.h"
#if PG_VERSION_NUM < 190000
typedef struct JsonbInState
{
	JsonbValue *result;
	JsonbParseState *parseState;
} JsonbInState;

#define taskq_push_jsonb_value(state, token, value) \
	((state)->result = pushJsonbValue(&(state)->parseState, token, value))
#else
#define taskq_push_jsonb_value(state, token, value) pushJsonbValue(state, token, value)
#endif

/*
 * PostgreSQL defines it from 19 on, which is built with
 * -Wimplicit-fallthrough=5 and so ignores comments.
 */
#if PG_VERSION_NUM < 190000
#define pg_fallthrough __attribute__((fallthrough))
#endif

/* From 18 on an AFTER trigger runs with the role that was in force when it was queued. */
#define AFTER_TRIGGERS_KEEP_ROLE (PG_VERSION_NUM >= 180000)

/* The module's name and version show in pg_get_loaded_modules() from 18 on. */
#if PG_VERSION_NUM >= 180000
#define TASKQ_MODULE_MAGIC PG_MODULE_MAGIC_EXT(.name = "taskq", .version = TASKQ_VERSION)
#else
#define TASKQ_MODULE_MAGIC PG_MODULE_MAGIC
#endif

#endif							/* TASKQ_COMPAT_H */
