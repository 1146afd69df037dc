/*-------------------------------------------------------------------------
 *
 * enums.c
 *		The enums of SQL, as enums of C.
 *
 * Their values are in the same order in both.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_enum.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/syscache.h"

#include "base/enums.h"

const char *const status_names[N_STATUSES] =
{"OPEN", "IN_PROGRESS", "OVERDUE", "COMPLETED", "CANCELLED"};
const char *const priority_names[N_PRIORITIES] =
{"LOW", "MEDIUM", "HIGH", "URGENT"};
const char *const sla_status_names[N_SLA_STATUSES] =
{"NONE", "ON_TRACK", "AT_RISK", "BREACHED", "MET", "CANCELLED"};

/* An enum of the extension's and its values, in order. */
Oid
enum_find(const char *name, Oid schema, const char *const *labels, int nlabels, Oid *values)
{
	Oid			type = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid,
									   CStringGetDatum(name),
									   ObjectIdGetDatum(schema));

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

/* 1 for URGENT to 4 for LOW. */
int
rank_from_value(Oid value)
{
	static Oid	values[N_PRIORITIES];

	return N_PRIORITIES - enum_value_index(value, priority_names, N_PRIORITIES, values);
}

PG_FUNCTION_INFO_V1(taskq_priority_rank);
Datum
taskq_priority_rank(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(rank_from_value(PG_GETARG_OID(0)));
}
