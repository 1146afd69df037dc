/*-------------------------------------------------------------------------
 *
 * directory.c
 *		Staff, customers and teams: look-ups, and mirroring the application's tables.
 *
 * Look-ups scan the primary key with the latest snapshot and without checking
 * the caller's privileges: whether a member of staff is active must not depend
 * on what row security lets the caller read.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "storage/bufmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
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

/* The customer that a row of a customer points to, NULL = none. */
static char *
merged_into(HeapTuple tuple, TupleDesc desc)
{
	int			attnum = taskq_catalog()->customer_merged_into;
	bool		isnull = true;
	Datum		target = attnum != 0 ? heap_getattr(tuple, attnum, desc, &isnull) : (Datum) 0;

	return isnull ? NULL : TextDatumGetCString(target);
}

/*
 * Looks an id up; active_column 0 = do not check whether it is active.  For
 * customers, *target is set to that which it was merged into, if any, and *at
 * to where its row is.
 */
static Presence
look_up(Oid table, Datum id, int active_column, char **target, ItemPointer at)
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
		if (target != NULL)
			*target = merged_into(tuple, RelationGetDescr(rel));
		if (at != NULL)
			*at = tuple->t_self;
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
	Presence	presence = look_up(taskq_catalog()->staff, assignee_id, Anum_staff_is_active, NULL, NULL);

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

/* 23503 unless this is the id of an active team. */
void
check_team(Datum team_id)
{
	Presence	presence = look_up(taskq_catalog()->team, team_id, Anum_team_is_active, NULL, NULL);

	if (presence == ACTIVE)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
			 presence == ABSENT ?
			 errmsg("team_id \"%s\" is not a team", TextDatumGetCString(team_id)) :
			 errmsg("team_id \"%s\" is not active", TextDatumGetCString(team_id)),
			 errhint("Use the id of an active team in taskq_team."),
			 err_generic_string(PG_DIAG_CONSTRAINT_NAME, "taskq_task_team_id_fkey")));
}

/* 23503, which names the customer to use instead, not only to those who may read it. */
pg_noreturn static void
refuse_merged(Datum user_id, const char *target)
{
	ereport(ERROR,
			(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
			 errmsg("user_id \"%s\" was merged into \"%s\"", TextDatumGetCString(user_id), target),
			 errhint("Use \"%s\" instead.", target),
			 err_generic_string(PG_DIAG_CONSTRAINT_NAME, "taskq_task_user_id_fkey")));
}

/* 23503 unless this is the id of a customer that has not been merged into another. */
void
check_customer(Datum user_id)
{
	ItemPointerData at;

	find_customer(user_id, &at);
}

/* The same; *at is set to where its row is, for recheck_customer(). */
void
find_customer(Datum user_id, ItemPointer at)
{
	char	   *target = NULL;

	if (look_up(taskq_catalog()->customer, user_id, 0, &target, at) == ABSENT)
		ereport(ERROR,
				(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				 errmsg("user_id \"%s\" is not a customer", TextDatumGetCString(user_id)),
				 errhint("Use the id of a customer in taskq_customer."),
				 err_generic_string(PG_DIAG_CONSTRAINT_NAME, "taskq_task_user_id_fkey")));
	if (target != NULL)
		refuse_merged(user_id, target);
}

/*
 * check_customer() once more, after a foreign key has locked the customer's
 * key: a merge may have committed since it was found there.  Nothing can be
 * merged from here on.  The index is searched only if that row is not the
 * latest any more.
 */
void
recheck_customer(Datum user_id, const ItemPointerData *at)
{
	Relation	rel = table_open(taskq_catalog()->customer, AccessShareLock);
	TupleDesc	desc = RelationGetDescr(rel);
	HeapTupleData tuple;
	Buffer		buffer;
	bool		serves = false;

	tuple.t_self = *at;
	if (heap_fetch(rel, SnapshotAny, &tuple, &buffer, false))
	{
		uint16		infomask = tuple.t_data->t_infomask;
		bool		isnull;
		Datum		id = heap_getattr(&tuple, Anum_directory_id, desc, &isnull);

		/* Where a row was removed there can be one of another customer. */
		serves = ((infomask & HEAP_XMAX_INVALID) || HEAP_XMAX_IS_LOCKED_ONLY(infomask)) &&
			DatumGetBool(DirectFunctionCall2Coll(texteq, TupleDescAttr(desc, Anum_directory_id - 1)->attcollation, id, user_id)) &&
			merged_into(&tuple, desc) == NULL;
		ReleaseBuffer(buffer);
	}
	table_close(rel, AccessShareLock);
	if (!serves)
		check_customer(user_id);
}

/* 23503 unless this is the id of an active customer. */
void
check_active_customer(Datum user_id)
{
	if (look_up(taskq_catalog()->customer, user_id, Anum_customer_is_active, NULL, NULL) == ACTIVE)
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
	return look_up(taskq_catalog()->staff, id, 0, NULL, NULL) != ABSENT;
}

bool
staff_is_active(Datum id)
{
	return look_up(taskq_catalog()->staff, id, Anum_staff_is_active, NULL, NULL) == ACTIVE;
}

bool
customer_exists(Datum id)
{
	return look_up(taskq_catalog()->customer, id, 0, NULL, NULL) != ABSENT;
}

bool
team_exists(Datum id)
{
	return look_up(taskq_catalog()->team, id, 0, NULL, NULL) != ABSENT;
}

bool
team_is_active(Datum id)
{
	return look_up(taskq_catalog()->team, id, Anum_team_is_active, NULL, NULL) == ACTIVE;
}

/* Whether there is any team: where nobody uses them the table is empty. */
bool
any_team_exists(void)
{
	Oid			table = taskq_catalog()->team;
	Snapshot	snapshot;
	Relation	rel;
	SysScanDesc scan;
	bool		result;

	if (!OidIsValid(table))
		return false;
	rel = table_open(table, AccessShareLock);
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	snapshot->curcid = GetCurrentCommandId(false) + 1;
	scan = systable_beginscan(rel, InvalidOid, false, snapshot, 0, NULL);
	result = HeapTupleIsValid(systable_getnext(scan));
	systable_endscan(scan);
	UnregisterSnapshot(snapshot);
	table_close(rel, AccessShareLock);
	return result;
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

/*
 * Columns of the application's table, in the order of the trigger's arguments.
 * A membership has a second id in place of the name.
 */
enum
{
	MIRROR_ID,
	MIRROR_NAME,
	MIRROR_ACTIVE,
	MIRROR_AGENT,
	N_MIRROR_COLUMNS
};

/* In a database of an older version, where no customer can have been merged into another. */
static TaskqPlan upsert_customer_older = {
	"INSERT INTO @.taskq_customer AS d (id, name, is_active, assigned_agent_id) VALUES ($1, $2, $3, $4) "
	"ON CONFLICT (id) DO UPDATE SET name = excluded.name, is_active = excluded.is_active, "
	"assigned_agent_id = excluded.assigned_agent_id "
	"WHERE d.name " NE " excluded.name OR d.is_active " NE " excluded.is_active "
	"OR coalesce(d.assigned_agent_id, '') " NE " coalesce(excluded.assigned_agent_id, '')"
};

/* What can be mirrored. */
typedef struct Mirror
{
	const char *name;
	int			ncolumns;
	bool		is_pair;		/* two ids, which may change; deleting deletes it */
	TaskqPlan	upsert;
	TaskqPlan	retire;
} Mirror;

/* Those from MIRROR_TEAM on are newer than 0.2.0. */
#define MIRROR_TEAM 2

static Mirror mirrors[] = {
	{"staff", MIRROR_ACTIVE + 1, false,
		{"INSERT INTO @.taskq_staff_member AS d (id, name, is_active) VALUES ($1, $2, $3) "
			"ON CONFLICT (id) DO UPDATE SET name = excluded.name, is_active = excluded.is_active "
		"WHERE d.name " NE " excluded.name OR d.is_active " NE " excluded.is_active"},
	{"UPDATE @.taskq_staff_member SET is_active = false WHERE id " EQ " $1 AND is_active"}},
	{"customer", MIRROR_AGENT + 1, false,
		/* Of a customer that was merged into another, only the name. */
		{"INSERT INTO @.taskq_customer AS d (id, name, is_active, assigned_agent_id) VALUES ($1, $2, $3, $4) "
			"ON CONFLICT (id) DO UPDATE SET name = excluded.name, "
			"is_active = CASE WHEN d.merged_into IS NULL THEN excluded.is_active ELSE false END, "
			"assigned_agent_id = CASE WHEN d.merged_into IS NULL THEN excluded.assigned_agent_id ELSE d.assigned_agent_id END "
			"WHERE d.name " NE " excluded.name OR (d.merged_into IS NULL AND (d.is_active " NE " excluded.is_active "
		"OR coalesce(d.assigned_agent_id, '') " NE " coalesce(excluded.assigned_agent_id, '')))"},
	{"UPDATE @.taskq_customer SET is_active = false WHERE id " EQ " $1 AND is_active"}},
	{"team", MIRROR_ACTIVE + 1, false,
		{"INSERT INTO @.taskq_team AS d (id, name, is_active) VALUES ($1, $2, $3) "
			"ON CONFLICT (id) DO UPDATE SET name = excluded.name, is_active = excluded.is_active "
		"WHERE d.name " NE " excluded.name OR d.is_active " NE " excluded.is_active"},
	{"UPDATE @.taskq_team SET is_active = false WHERE id " EQ " $1 AND is_active"}},
	{"team_member", MIRROR_NAME + 1, true,
		{"INSERT INTO @.taskq_team_member (team_id, staff_id) VALUES ($1, $2) ON CONFLICT (team_id, staff_id) DO NOTHING"},
	{"DELETE FROM @.taskq_team_member WHERE team_id " EQ " $1 AND staff_id " EQ " $2"}}
};

static Oid
mirror_table(const Mirror *mirror)
{
	const TaskqCatalog *cat = taskq_catalog();
	Oid			tables[] = {cat->staff, cat->customer, cat->team, cat->team_member};

	return tables[mirror - mirrors];
}

/* What the trigger's first argument says is to be mirrored. */
static Mirror *
mirror_argument(Trigger *trigger)
{
	bool		older = taskq_catalog()->sql_is_older;
	int			n = older ? MIRROR_TEAM : lengthof(mirrors);

	for (int i = 0; i < n && trigger->tgnargs > 0; i++)
		if (strcmp(trigger->tgargs[0], mirrors[i].name) == 0)
		{
			if (trigger->tgnargs > mirrors[i].ncolumns + 1)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("trigger \"%s\" has too many arguments", trigger->tgname)));
			return &mirrors[i];
		}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 older ? errmsg("argument 1 of trigger \"%s\" must be staff or customer", trigger->tgname) :
			 errmsg("argument 1 of trigger \"%s\" must be staff, customer, team or team_member", trigger->tgname)));
}

/*
 * The trigger's argument for a column, as the column's number; 0 = not given.
 * The first two must be: the id and the name, or both ids.
 */
static int
mirror_column(const Mirror *mirror, Trigger *trigger, Relation rel, int column)
{
	int			argno = column + 1;
	const char *name = argno < trigger->tgnargs ? trigger->tgargs[argno] : "";
	int			attnum;

	if (name[0] == '\0')
	{
		if (mirror->is_pair && column <= MIRROR_NAME)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 column == MIRROR_ID ?
					 errmsg("argument %d of trigger \"%s\" must name the column that holds the id of the team",
							argno + 1, trigger->tgname) :
					 errmsg("argument %d of trigger \"%s\" must name the column that holds the id of the member of staff",
							argno + 1, trigger->tgname)));
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

/* A column that is an id; throws 23502 if it is NULL. */
static Datum
mirror_id(const TriggerData *td, HeapTuple tuple, int attnum)
{
	bool		isnull;
	Datum		id = mirror_text(tuple, RelationGetDescr(td->tg_relation), attnum, &isnull);

	if (isnull)
		ereport(ERROR,
				(errcode(ERRCODE_NOT_NULL_VIOLATION),
				 errmsg("column \"%s\" of table \"%s\" may not be null",
						NameStr(TupleDescAttr(RelationGetDescr(td->tg_relation), attnum - 1)->attname),
						RelationGetRelationName(td->tg_relation)),
				 errdetail("The column is mirrored as an id.")));
	return id;
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

/* Mirrors a row that has one id. */
static void
mirror_row(Mirror *mirror, const TriggerData *td, HeapTuple tuple, const int *columns)
{
	Oid			types[] = {TEXTOID, TEXTOID, BOOLOID, TEXTOID};
	char		nulls[] = {' ', ' ', ' ', ' '};
	TupleDesc	desc = RelationGetDescr(td->tg_relation);
	Datum		values[N_MIRROR_COLUMNS];
	bool		isnull;

	values[MIRROR_ID] = mirror_id(td, tuple, columns[MIRROR_ID]);
	if (TRIGGER_FIRED_BY_UPDATE(td->tg_event))
	{
		char	   *before = SPI_getvalue(td->tg_trigtuple, desc, columns[MIRROR_ID]);

		if (before == NULL || strcmp(before, TextDatumGetCString(values[MIRROR_ID])) != 0)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("id \"%s\" of table \"%s\" may not change",
							before ? before : "", RelationGetRelationName(td->tg_relation)),
					 errdetail("The id is mirrored as that of a member of staff, a customer or a team."),
					 errhint("Insert a row with the new id and delete the old one.")));
	}
	if (TRIGGER_FIRED_BY_DELETE(td->tg_event))
	{
		spi_run(&mirror->retire, 1, types, values, NULL, 0);
		return;
	}
	values[MIRROR_NAME] = mirror_text(tuple, desc, columns[MIRROR_NAME], &isnull);
	if (isnull)
		values[MIRROR_NAME] = values[MIRROR_ID];
	values[MIRROR_ACTIVE] = BoolGetDatum(mirror_active(tuple, desc, columns[MIRROR_ACTIVE], td->tg_trigger));
	values[MIRROR_AGENT] = mirror_text(tuple, desc, columns[MIRROR_AGENT], &isnull);
	if (isnull)
		nulls[MIRROR_AGENT] = 'n';
	spi_run(mirror->ncolumns == N_MIRROR_COLUMNS && taskq_catalog()->sql_is_older ? &upsert_customer_older : &mirror->upsert,
			mirror->ncolumns, types, values, nulls, 0);
}

/* Mirrors a row that is a pair of ids: an update deletes the old pair and inserts the new one. */
static void
mirror_pair(Mirror *mirror, const TriggerData *td, HeapTuple tuple, const int *columns)
{
	Oid			types[] = {TEXTOID, TEXTOID};
	Datum		old[2];
	Datum		new[2];
	bool		same = true;

	for (int i = 0; i < 2; i++)
	{
		old[i] = mirror_id(td, td->tg_trigtuple, columns[i]);
		new[i] = mirror_id(td, tuple, columns[i]);
		same &= strcmp(TextDatumGetCString(old[i]), TextDatumGetCString(new[i])) == 0;
	}
	if (TRIGGER_FIRED_BY_DELETE(td->tg_event) || (TRIGGER_FIRED_BY_UPDATE(td->tg_event) && !same))
		spi_run(&mirror->retire, 2, types, old, NULL, 0);
	if (!TRIGGER_FIRED_BY_DELETE(td->tg_event))
		spi_run(&mirror->upsert, 2, types, new, NULL, 0);
}

PG_FUNCTION_INFO_V1(taskq_mirror);
Datum
taskq_mirror(PG_FUNCTION_ARGS)
{
	TriggerData *td = (TriggerData *) fcinfo->context;
	int			columns[N_MIRROR_COLUMNS] = {0};
	HeapTuple	tuple;
	Mirror	   *mirror;
	OwnerSwitch owner;

	check_table_owner_may(fcinfo, td);
	mirror = mirror_argument(td->tg_trigger);
	for (int i = 0; i < mirror->ncolumns; i++)
		columns[i] = mirror_column(mirror, td->tg_trigger, td->tg_relation, i);
	tuple = TRIGGER_FIRED_BY_UPDATE(td->tg_event) ? td->tg_newtuple : td->tg_trigtuple;

	spi_connect();
	become_owner_of(mirror_table(mirror), &owner);
	if (mirror->is_pair)
		mirror_pair(mirror, td, tuple, columns);
	else
		mirror_row(mirror, td, tuple, columns);
	become_caller_again(&owner);
	SPI_finish();
	return PointerGetDatum(NULL);
}
