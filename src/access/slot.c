/*-------------------------------------------------------------------------
 *
 * slot.c
 *		Slots: databases that share the tasks.
 *
 * Whose tasks are where is decided by a hash of the customer's id; where a
 * task is, by its id alone: the lowest ten bits of an id are the number of
 * its database.  So ids of several databases never collide, no table of them
 * is needed, and a database can move without any of its rows being changed.
 *
 * The sequences count in steps of 1024 then.  The number itself is kept in the
 * CHECKs that make sure of it, and nowhere else.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_constraint.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/catalog.h"
#include "base/owner.h"
#include "base/plan.h"

#define N_SLOTS 1024
#define SLOT_BITS 10
#define SLOT_OF(id) ((int) ((id) & (N_SLOTS - 1)))
#define NO_SLOT (-1)

/* Tables whose ids a caller names; only those have CHECKs. */
static const char *const checked_tables[] = {"taskq_task", "taskq_renewal"};

typedef struct IdSequence
{
	char	   *name;
	char	   *table;			/* and where it gives the ids */
	char	   *column;
	int64		increment;
	int64		start;
	int64		last_value;
	bool		is_called;
	int64		last_id;		/* in the table, 0 if it is empty */
	int64		taken;			/* no higher number is, as far as is known */
} IdSequence;

/* The identity columns of the extension's ($1) tables, and their sequences. */
static TaskqPlan list_sequences = {
	"SELECT pg_catalog.quote_ident(s.relname), pg_catalog.quote_ident(t.relname), pg_catalog.quote_ident(a.attname), "
	"q.seqincrement, q.seqstart "
	"FROM pg_catalog.pg_depend e "
	"JOIN pg_catalog.pg_sequence q ON q.seqrelid " EQ " e.objid "
	"JOIN pg_catalog.pg_class s ON s.oid " EQ " q.seqrelid "
	"JOIN pg_catalog.pg_depend d ON d.classid " EQ " 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid " EQ " q.seqrelid "
	"AND d.refclassid " EQ " 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype " EQ " 'i' "
	"JOIN pg_catalog.pg_class t ON t.oid " EQ " d.refobjid "
	"JOIN pg_catalog.pg_attribute a ON a.attrelid " EQ " d.refobjid AND a.attnum " EQ " d.refobjsubid "
	"WHERE e.classid " EQ " 'pg_catalog.pg_class'::pg_catalog.regclass AND e.deptype " EQ " 'e' "
	"AND e.refclassid " EQ " 'pg_catalog.pg_extension'::pg_catalog.regclass AND e.refobjid " EQ " $1 ORDER BY s.relname"
};

static TaskqPlan read_slot_number = {"SELECT @.taskq_slot_number()"};

/* How many tasks and renewals have ids of other slots than $1, and the first of either. */
static TaskqPlan count_misfits = {
#define MISFITS(table) "@." table " t WHERE (t.id OPERATOR(pg_catalog.&) 1023) " NE " $1)"
	"SELECT (SELECT pg_catalog.count(*) FROM " MISFITS("taskq_task") ", (SELECT pg_catalog.min(t.id) FROM " MISFITS("taskq_task") ", "
	"(SELECT pg_catalog.count(*) FROM " MISFITS("taskq_renewal") ", (SELECT pg_catalog.min(t.id) FROM " MISFITS("taskq_renewal")
#undef MISFITS
};

/*
 * Clients compute it too, and the rows that are there would be looked for
 * elsewhere: it must never change.  The lowest bits of FNV-1a depend on the
 * lowest bits of the bytes alone, hence the folding.
 */
PG_FUNCTION_INFO_V1(taskq_slot);
Datum
taskq_slot(PG_FUNCTION_ARGS)
{
	text	   *key = PG_GETARG_TEXT_PP(0);
	const char *s = VARDATA_ANY(key);
	int			len = VARSIZE_ANY_EXHDR(key);
	const char *utf8 = pg_server_to_any(s, len, PG_UTF8);
	uint32		hash = 0x811c9dc5;

	if (utf8 != s)
		len = (int) strlen(utf8);
	for (int i = 0; i < len; i++)
		hash = (hash ^ (unsigned char) utf8[i]) * 0x01000193;
	PG_RETURN_INT32(SLOT_OF(hash ^ hash >> SLOT_BITS ^ hash >> 2 * SLOT_BITS));
}

static void
run_utility(const char *statement)
{
	int			result = SPI_execute(qualify(statement), false, 0);

	if (result != SPI_OK_UTILITY)
		elog(ERROR, "could not run \"%s\": %s", statement, SPI_result_code_string(result));
}

/* A number in the first row of what SPI has read, "none" for NULL. */
static int64
number_read(int column, int64 none)
{
	bool		isnull;
	Datum		value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column, &isnull);

	return isnull ? none : DatumGetInt64(value);
}

static int
current_slot(void)
{
	bool		isnull;
	Datum		value;

	spi_run(&read_slot_number, 0, NULL, NULL, NULL, 1);
	if (SPI_processed == 0)
		return NO_SLOT;
	value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	return isnull ? NO_SLOT : DatumGetInt32(value);
}

static void
read_position(IdSequence *sequence)
{
	char	   *sql = psprintf("SELECT s.last_value, s.is_called::pg_catalog.int4::pg_catalog.int8, (SELECT pg_catalog.max(t.%s) FROM @.%s t) FROM @.%s s",
							   sequence->column, sequence->table, sequence->name);

	if (SPI_execute(qualify(sql), false, 1) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "could not read sequence %s", sequence->name);
	sequence->last_value = number_read(1, 0);
	sequence->is_called = number_read(2, 0) != 0;
	sequence->last_id = number_read(3, 0);
	sequence->taken = Max(sequence->is_called ? sequence->last_value : sequence->last_value - 1, sequence->last_id);
}

/* The sequences of ids, and where they are. */
static List *
id_sequences(void)
{
	Oid			types[] = {OIDOID};
	Datum		values[] = {ObjectIdGetDatum(taskq_catalog()->extension)};
	SPITupleTable *found;
	uint64		n;
	List	   *sequences = NIL;

	spi_run(&list_sequences, 1, types, values, NULL, 0);
	found = SPI_tuptable;
	n = SPI_processed;
	for (uint64 i = 0; i < n; i++)
	{
		IdSequence *sequence = palloc(sizeof(IdSequence));
		bool		isnull;

		sequence->name = SPI_getvalue(found->vals[i], found->tupdesc, 1);
		sequence->table = SPI_getvalue(found->vals[i], found->tupdesc, 2);
		sequence->column = SPI_getvalue(found->vals[i], found->tupdesc, 3);
		sequence->increment = DatumGetInt64(SPI_getbinval(found->vals[i], found->tupdesc, 4, &isnull));
		sequence->start = DatumGetInt64(SPI_getbinval(found->vals[i], found->tupdesc, 5, &isnull));
		read_position(sequence);
		sequences = lappend(sequences, sequence);
	}
	return sequences;
}

/* Whether a sequence stands where the next number that it gives, with the slot's step, is free and of the slot. */
static bool
stands_well(const IdSequence *sequence, int slot)
{
	int64		step = slot == NO_SLOT ? 1 : N_SLOTS;
	int64		next = sequence->is_called ? sequence->last_value + step : sequence->last_value;

	return next > sequence->taken && (slot == NO_SLOT || SLOT_OF(next) == slot);
}

/* Whether a sequence needs no change.  Without a slot only those that had one do. */
static bool
is_in_slot(const IdSequence *sequence, int slot)
{
	if (slot == NO_SLOT)
		return sequence->increment != N_SLOTS;
	return sequence->increment == N_SLOTS && SLOT_OF(sequence->start) == slot && stands_well(sequence, slot);
}

/* The first id of a slot after another. */
static int64
first_id_after(int64 id, int slot)
{
	int64		first = id - SLOT_OF(id) + slot;

	if (slot == NO_SLOT)
		return id + 1;
	return first > id ? first : first + N_SLOTS;
}

/*
 * A sequence that has not been called since it was restarted, of a table that
 * has rows, is what a restore leaves until its end, for which the sweeper
 * waits: so one number is skipped.
 */
static void
put_into_slot(const IdSequence *sequence, int slot)
{
	char	   *restart = stands_well(sequence, slot) ? "" :
		psprintf(" RESTART WITH " INT64_FORMAT, first_id_after(Max(sequence->taken, 0), slot));

	run_utility(psprintf("ALTER SEQUENCE @.%s INCREMENT BY %d START WITH " INT64_FORMAT "%s", sequence->name,
						 slot == NO_SLOT ? 1 : N_SLOTS, first_id_after(0, slot), restart));
	if (*restart != '\0' && sequence->last_id > 0 &&
		SPI_execute(psprintf("SELECT pg_catalog.nextval(%s)", quote_literal_cstr(qualify(psprintf("@.%s", sequence->name)))),
					false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not advance sequence %s", sequence->name);
}

/* Throws 55000 if there are tasks or renewals that are not of a slot. */
static void
check_ids_fit(int slot)
{
	Oid			types[] = {INT4OID};
	Datum		values[] = {Int32GetDatum(slot)};
	int64		tasks;
	int64		renewals;

	spi_run(&count_misfits, 1, types, values, NULL, 1);
	tasks = number_read(1, 0);
	renewals = number_read(3, 0);
	if (tasks > 0 || renewals > 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("slot %d does not fit the ids that exist", slot),
				 tasks > 0 ? errdetail("There are tasks whose id & 1023 is not %d: %lld of them, the first is " INT64_FORMAT ".",
									   slot, (long long) tasks, number_read(2, 0)) :
				 errdetail("There are renewals whose id & 1023 is not %d: %lld of them, the first is " INT64_FORMAT ".",
						   slot, (long long) renewals, number_read(4, 0)),
				 errhint("Set the slot of a new database, and create them there.")));
}

static void
replace_checks(int slot)
{
	for (int i = 0; i < lengthof(checked_tables); i++)
	{
		const char *table = checked_tables[i];
		char	   *constraint = psprintf("%s_slot_check", table);
		Oid			relid = get_relname_relid(table, taskq_catalog()->schema);

		if (OidIsValid(get_relation_constraint_oid(relid, constraint, true)))
			run_utility(psprintf("ALTER TABLE @.%s DROP CONSTRAINT %s", table, constraint));
		if (slot != NO_SLOT)
			run_utility(psprintf("ALTER TABLE @.%s ADD CONSTRAINT %s CHECK ((id OPERATOR(pg_catalog.&) 1023) " EQ " %d)",
								 table, constraint, slot));
	}
}

/* Whether everything is as it should be; the sequences that are not are left in the list. */
static bool
is_done(int slot, List **sequences)
{
	List	   *all = id_sequences();
	ListCell   *lc;

	*sequences = NIL;
	foreach(lc, all)
		if (!is_in_slot(lfirst(lc), slot))
			*sequences = lappend(*sequences, lfirst(lc));
	return *sequences == NIL && current_slot() == slot;
}

PG_FUNCTION_INFO_V1(taskq_set_slot);
Datum
taskq_set_slot(PG_FUNCTION_ARGS)
{
	int			slot = PG_ARGISNULL(0) ? NO_SLOT : PG_GETARG_INT32(0);
	List	   *sequences;
	ListCell   *lc;

	if (!PG_ARGISNULL(0) && (slot < 0 || slot >= N_SLOTS))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("slot must be between 0 and %d", N_SLOTS - 1)));
	if (!has_privs_of_role(GetUserId(), owner_of(taskq_catalog()->task)))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to set the slot"),
				 errdetail("Only the owner of table taskq_task and superusers may set it.")));
	spi_connect();
	if (!is_done(slot, &sequences))
	{
		run_utility("LOCK TABLE @.taskq_task, @.taskq_renewal IN ACCESS EXCLUSIVE MODE");
		is_done(slot, &sequences);
		if (current_slot() != slot)
		{
			if (slot != NO_SLOT)
				check_ids_fit(slot);
			replace_checks(slot);
		}
		foreach(lc, sequences)
		{
			put_into_slot(lfirst(lc), slot);
		}
	}
	SPI_finish();
	PG_RETURN_VOID();
}
