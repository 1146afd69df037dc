/*-------------------------------------------------------------------------
 *
 * directory.c
 *		Staff and customers: look-ups, and mirroring the application's tables.
 *
 * Look-ups scan the primary key with the latest snapshot and without checking
 * the caller's privileges: whether a member of staff is active must not depend
 * on what row security lets the caller read.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/catalog.h"
#include "base/compat.h"
#include "base/owner.h"
#include "base/plan.h"
#include "task/directory.h"

#define Anum_directory_id 1
#define Anum_staff_is_active 3
#define Anum_customer_is_active 4
#define Anum_team_is_active 3

typedef enum Presence
{
	ABSENT,
	INACTIVE,
	ACTIVE
} Presence;

/* Looks an id up; active_column 0 = do not check whether it is active. */
static Presence
look_up(Oid table, Datum id, int active_column)
{
	Relation	rel = table_open(table, AccessShareLock);
	Oid			index = primary_key_of(rel);
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	Presence	result = ABSENT;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	/* Include what the current command has done, as the check of a foreign key will. */
	snapshot->curcid = GetCurrentCommandId(false) + 1;
	ScanKeyInit(&key, Anum_directory_id, BTEqualStrategyNumber, F_TEXTEQ, id);
	key.sk_collation = TupleDescAttr(RelationGetDescr(rel), Anum_directory_id - 1)->attcollation;
	scan = systable_beginscan(rel, index, OidIsValid(index), snapshot, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		bool		isnull;

		result = ACTIVE;
		if (active_column != 0 &&
			!DatumGetBool(heap_getattr(tuple, active_column, RelationGetDescr(rel), &isnull)))
			result = INACTIVE;
	}
	systable_endscan(scan);
	UnregisterSnapshot(snapshot);
	table_close(rel, AccessShareLock);
	return result;
}

/* 23503 unless this is the id of an active member of staff. */
void
check_staff(Datum assignee_id)
{
	Presence	presence = look_up(taskq_catalog()->staff, assignee_id, Anum_staff_is_active);

	if (presence == ACTIVE)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
			 presence == ABSENT ?
			 errmsg("assignee_id \"%s\" is not a member of staff", TextDatumGetCString(assignee_id)) :
			 errmsg("assignee_id \"%s\" is not active", TextDatumGetCString(assignee_id)),
			 errhint("Use the id of an active member of taskq_staff_member."),
			 err_generic_string(PG_DIAG_CONSTRAINT_NAME, "taskq_task_assignee_id_fkey")));
}

/* 23503 unless this is the id of a customer. */
void
check_customer(Datum user_id)
{
	if (!customer_exists(user_id))
		ereport(ERROR,
				(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				 errmsg("user_id \"%s\" is not a customer", TextDatumGetCString(user_id)),
				 errhint("Use the id of a customer in taskq_customer."),
				 err_generic_string(PG_DIAG_CONSTRAINT_NAME, "taskq_task_user_id_fkey")));
}

/* 23503 unless this is the id of an active customer. */
void
check_active_customer(Datum user_id)
{
	if (look_up(taskq_catalog()->customer, user_id, Anum_customer_is_active) == ACTIVE)
		return;
	check_customer(user_id);
	ereport(ERROR,
			(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
			 errmsg("user_id \"%s\" is not active", TextDatumGetCString(user_id)),
			 errhint("Use the id of an active customer in taskq_customer."),
			 err_generic_string(PG_DIAG_CONSTRAINT_NAME, "taskq_renewal_user_id_fkey")));
}

bool
staff_exists(Datum id)
{
	return look_up(taskq_catalog()->staff, id, 0) != ABSENT;
}

bool
staff_is_active(Datum id)
{
	return look_up(taskq_catalog()->staff, id, Anum_staff_is_active) == ACTIVE;
}

bool
team_is_active(Datum id)
{
	return look_up(taskq_catalog()->team, id, Anum_team_is_active) == ACTIVE;
}

bool
customer_exists(Datum id)
{
	return look_up(taskq_catalog()->customer, id, 0) != ABSENT;
}

/*
 * For trigger functions on the application's tables that write as the owner of
 * taskq's tables.  Throws 39P01 unless fired AFTER, FOR EACH ROW, and 42501
 * unless the owner of the table may execute the function: otherwise the owner
 * of any table could write through it.
 */
void
check_table_owner_may(FunctionCallInfo fcinfo, const TriggerData *td)
{
	char	   *name = get_func_name(fcinfo->flinfo->fn_oid);

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("%s can only be called as a trigger", name)));
	if (!TRIGGER_FIRED_AFTER(td->tg_event) || !TRIGGER_FIRED_FOR_ROW(td->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("%s must be fired AFTER, FOR EACH ROW", name)));
	if (!taskq_may_execute(fcinfo->flinfo->fn_oid, td->tg_relation->rd_rel->relowner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for function %s", name),
				 errdetail("The owner of table \"%s\" must be allowed to execute the function.",
						   RelationGetRelationName(td->tg_relation)),
				 errhint("Consider giving the owner level manager with taskq_grant().")));
}

/* ------------------------------------------------------------- mirroring */

/* Columns of the application's table, in the order of the trigger's arguments. */
enum
{
	MIRROR_ID,
	MIRROR_NAME,
	MIRROR_ACTIVE,
	MIRROR_AGENT,
	N_MIRROR_COLUMNS
};

static TaskqPlan upsert_staff = {
	"INSERT INTO @.taskq_staff_member AS d (id, name, is_active) VALUES ($1, $2, $3) "
	"ON CONFLICT (id) DO UPDATE SET name = excluded.name, is_active = excluded.is_active "
	"WHERE d.name " NE " excluded.name OR d.is_active " NE " excluded.is_active"
};
static TaskqPlan upsert_customer = {
	"INSERT INTO @.taskq_customer AS d (id, name, is_active, assigned_agent_id) VALUES ($1, $2, $3, $4) "
	"ON CONFLICT (id) DO UPDATE SET name = excluded.name, is_active = excluded.is_active, "
	"assigned_agent_id = excluded.assigned_agent_id "
	"WHERE d.name " NE " excluded.name OR d.is_active " NE " excluded.is_active "
	"OR coalesce(d.assigned_agent_id, '') " NE " coalesce(excluded.assigned_agent_id, '')"
};
static TaskqPlan retire_staff = {
	"UPDATE @.taskq_staff_member SET is_active = false WHERE id " EQ " $1 AND is_active"
};
static TaskqPlan retire_customer = {
	"UPDATE @.taskq_customer SET is_active = false WHERE id " EQ " $1 AND is_active"
};

/* The trigger's argument for a column, as the column's number; 0 = not given.  The id and the name must be. */
static int
mirror_column(Trigger *trigger, Relation rel, int column)
{
	int			argno = column + 1;
	const char *name = argno < trigger->tgnargs ? trigger->tgargs[argno] : "";
	int			attnum;

	if (name[0] == '\0')
	{
		if (column == MIRROR_ID)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("argument %d of trigger \"%s\" must name the column that holds the id",
							argno + 1, trigger->tgname)));
		if (column == MIRROR_NAME)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("argument %d of trigger \"%s\" must name the column that holds the name",
							argno + 1, trigger->tgname)));
		return 0;
	}
	attnum = SPI_fnumber(RelationGetDescr(rel), name);
	if (attnum <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of relation \"%s\" does not exist", name, RelationGetRelationName(rel)),
				 errdetail("Argument %d of trigger \"%s\" names this column.", argno + 1, trigger->tgname)));
	return attnum;
}

/* A column of any type as text; *isnull if it is NULL or attnum is 0. */
static Datum
mirror_text(HeapTuple tuple, TupleDesc desc, int attnum, bool *isnull)
{
	char	   *value = attnum > 0 ? SPI_getvalue(tuple, desc, attnum) : NULL;

	*isnull = value == NULL;
	return value ? CStringGetTextDatum(value) : (Datum) 0;
}

static bool
mirror_active(HeapTuple tuple, TupleDesc desc, int attnum, Trigger *trigger)
{
	Datum		value;
	bool		isnull;

	if (attnum == 0)
		return true;
	if (SPI_gettypeid(desc, attnum) != BOOLOID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" is not of type boolean", NameStr(TupleDescAttr(desc, attnum - 1)->attname)),
				 errdetail("Argument %d of trigger \"%s\" names this column.", MIRROR_ACTIVE + 2, trigger->tgname)));
	value = SPI_getbinval(tuple, desc, attnum, &isnull);
	return isnull || DatumGetBool(value);
}

PG_FUNCTION_INFO_V1(taskq_mirror);
Datum
taskq_mirror(PG_FUNCTION_ARGS)
{
	TriggerData *td = (TriggerData *) fcinfo->context;
	Oid			argtypes[] = {TEXTOID, TEXTOID, BOOLOID, TEXTOID};
	char		nulls[] = {' ', ' ', ' ', ' '};
	Datum		values[N_MIRROR_COLUMNS];
	int			columns[N_MIRROR_COLUMNS] = {0};
	Trigger    *trigger;
	TupleDesc	desc;
	HeapTuple	tuple;
	OwnerSwitch owner;
	bool		staff;
	bool		isnull;

	check_table_owner_may(fcinfo, td);
	trigger = td->tg_trigger;
	desc = RelationGetDescr(td->tg_relation);
	if (trigger->tgnargs < 1 ||
		(strcmp(trigger->tgargs[0], "staff") != 0 && strcmp(trigger->tgargs[0], "customer") != 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument 1 of trigger \"%s\" must be staff or customer", trigger->tgname)));
	staff = strcmp(trigger->tgargs[0], "staff") == 0;
	if (trigger->tgnargs > (staff ? 4 : 5))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("trigger \"%s\" has too many arguments", trigger->tgname)));
	for (int i = 0; i < N_MIRROR_COLUMNS; i++)
		columns[i] = mirror_column(trigger, td->tg_relation, i);

	tuple = TRIGGER_FIRED_BY_UPDATE(td->tg_event) ? td->tg_newtuple : td->tg_trigtuple;
	values[MIRROR_ID] = mirror_text(tuple, desc, columns[MIRROR_ID], &isnull);
	if (isnull)
		ereport(ERROR,
				(errcode(ERRCODE_NOT_NULL_VIOLATION),
				 errmsg("column \"%s\" of table \"%s\" may not be null",
						trigger->tgargs[1], RelationGetRelationName(td->tg_relation)),
				 errdetail("The column is mirrored as an id.")));
	if (TRIGGER_FIRED_BY_UPDATE(td->tg_event))
	{
		char	   *before = SPI_getvalue(td->tg_trigtuple, desc, columns[MIRROR_ID]);

		if (before == NULL || strcmp(before, TextDatumGetCString(values[MIRROR_ID])) != 0)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("id \"%s\" of table \"%s\" may not change",
							before ? before : "", RelationGetRelationName(td->tg_relation)),
					 errdetail("The id is mirrored as that of a member of staff or a customer."),
					 errhint("Insert a row with the new id and delete the old one.")));
	}

	spi_connect();
	become_owner_of(staff ? taskq_catalog()->staff : taskq_catalog()->customer, &owner);
	if (TRIGGER_FIRED_BY_DELETE(td->tg_event))
		spi_run(staff ? &retire_staff : &retire_customer, 1, argtypes, values, NULL, 0);
	else
	{
		values[MIRROR_NAME] = mirror_text(tuple, desc, columns[MIRROR_NAME], &isnull);
		if (isnull)
			values[MIRROR_NAME] = values[MIRROR_ID];
		values[MIRROR_ACTIVE] = BoolGetDatum(mirror_active(tuple, desc, columns[MIRROR_ACTIVE], trigger));
		values[MIRROR_AGENT] = mirror_text(tuple, desc, columns[MIRROR_AGENT], &isnull);
		if (isnull)
			nulls[MIRROR_AGENT] = 'n';
		spi_run(staff ? &upsert_staff : &upsert_customer, staff ? 3 : 4,
				argtypes, values, nulls, 0);
	}
	become_caller_again(&owner);
	SPI_finish();
	return PointerGetDatum(NULL);
}
