/*-------------------------------------------------------------------------
 *
 * merge.c
 *		Merge of a customer into another.
 *
 * Tasks, closed ones too, renewals and policies go over; the old customer stays
 * as a pointer.  The triggers let a new user_id pass in terminal tasks and in
 * renewals while a call of VERB_MERGE is under way.  An active task is written
 * as by any other update of its customer.
 *
 * What is unique by customer may be there already.  An active renewal of which
 * the target has the same is cancelled first; a policy for the same tasks is
 * disabled and stays with the old customer, where its key is no other's.
 *
 * Both customers are locked FOR UPDATE.  That waits for transactions that have
 * written under either id, and what comes later waits for the merge; what has
 * found the old customer unmerged before looks again afterwards (create.c,
 * renewal.c).  Each statement must see the latest rows: READ COMMITTED.
 *
 * A trigger keeps the pointers instead of a foreign key: where a table refers
 * to itself, pg_dump warns, and what it writes with --inserts fails where a
 * pointer comes before the row that it points to.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "base/actor.h"
#include "base/catalog.h"
#include "base/compat.h"
#include "base/owner.h"
#include "base/plan.h"
#include "task/directory.h"

/* With the caller's rights: who may not update both may not merge them. */
static TaskqPlan lock_customers = {
	"SELECT c.id, c.is_active, c.name " EQ " 'erased', c.merged_into FROM @.taskq_customer c "
	"WHERE c.id " EQ " ANY ($1) ORDER BY c.id FOR UPDATE"
};

/* $1 = the customer that is merged, $2 = the one that it is merged into. */
static TaskqPlan point_to_target = {
	"UPDATE @.taskq_customer SET is_active = false, merged_into = $2, "
	"merged_at = pg_catalog.statement_timestamp(), merged_by = @.taskq_actor() "
	"WHERE id " EQ " $1 AND merged_into IS NULL"
};
static TaskqPlan redirect_pointers = {
	"UPDATE @.taskq_customer SET merged_into = $2 WHERE merged_into " EQ " $1"
};
static TaskqPlan lock_pointers = {
	"SELECT FROM @.taskq_customer c WHERE c.merged_into " EQ " $1 AND $2 IS NOT NULL FOR NO KEY UPDATE"
};

/* For the trigger, as the owner.  $1 = the customer that others point to. */
static TaskqPlan lock_target = {
	"SELECT FROM @.taskq_customer c WHERE c.id " EQ " $1 FOR KEY SHARE"
};
static TaskqPlan find_pointer = {
	"SELECT c.id FROM @.taskq_customer c WHERE c.merged_into " EQ " $1 LIMIT 1"
};

#define SAME(column) \
	"(o." column " " EQ " p." column " OR (o." column " IS NULL AND p." column " IS NULL))"
#define TARGET_HAS_POLICY \
	"EXISTS (SELECT FROM @.taskq_sla_policy o WHERE o.user_id " EQ " $2 " \
	"AND " SAME("team_id") " AND " SAME("kind") " AND " SAME("priority") " AND " SAME("source") ")"

#define DOUBLE_POLICIES "p.user_id " EQ " $1 AND p.is_enabled AND " TARGET_HAS_POLICY
#define OTHER_POLICIES "p.user_id " EQ " $1 AND NOT " TARGET_HAS_POLICY
#define SAME_RENEWALS \
	"p.user_id " EQ " $1 AND p.next_check_on IS NOT NULL " \
	"AND EXISTS (SELECT FROM @.taskq_renewal o WHERE o.user_id " EQ " $2 AND o.service_type " EQ " p.service_type " \
	"AND o.due_date " EQ " p.due_date AND " SAME("reference") " AND o.next_check_on IS NOT NULL)"
#define ALL_OF_CUSTOMER "p.user_id " EQ " $1 AND $2 IS NOT NULL"

/* Rows that go over, or are dealt with instead. */
typedef struct Moved
{
	const char *table;
	TaskqPlan	lock;
	TaskqPlan	write;
} Moved;

#define MOVED(table, set, condition) \
	{table, \
	{"SELECT FROM @." table " p WHERE " condition " FOR NO KEY UPDATE OF p"}, \
	{"UPDATE @." table " AS p SET " set " WHERE " condition}}

static Moved double_policies = MOVED("taskq_sla_policy", "is_enabled = false", DOUBLE_POLICIES);
static Moved other_policies = MOVED("taskq_sla_policy", "user_id = $2", OTHER_POLICIES);
static Moved same_renewals = MOVED("taskq_renewal", "status = 'CANCELLED'", SAME_RENEWALS);
static Moved renewals = MOVED("taskq_renewal", "user_id = $2", ALL_OF_CUSTOMER);
static Moved schedules = MOVED("taskq_schedule", "user_id = $2", ALL_OF_CUSTOMER);

static TaskqPlan lock_tasks = {
	"SELECT t.id FROM @.taskq_task t WHERE t.user_id " EQ " $1 ORDER BY t.id FOR NO KEY UPDATE"
};
static TaskqPlan move_tasks = {
	"UPDATE @.taskq_task SET user_id = $2 WHERE user_id " EQ " $1"
};

/* What went over of each kind, as the function's columns. */
enum
{
	MERGED_TASKS,
	MERGED_RENEWALS,
	MERGED_POLICIES,
	N_MERGED
};

/* A customer as it is locked. */
typedef struct Customer
{
	Datum		id;
	char	   *key;
	bool		found;
	bool		is_active;
	bool		is_named_erased;
	char	   *merged_into;	/* NULL = none */
} Customer;

static Customer
customer_argument(FunctionCallInfo fcinfo, int argno, const char *argument)
{
	Customer	customer = {0};

	if (PG_ARGISNULL(argno))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not be null", argument)));
	customer.id = PG_GETARG_DATUM(argno);
	customer.key = TextDatumGetCString(customer.id);
	if (!customer_exists(customer.id))
		ereport(ERROR,
				(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				 errmsg("%s \"%s\" is not a customer", argument, customer.key),
				 errhint("Use the id of a customer in taskq_customer."),
				 err_generic_string(PG_DIAG_CONSTRAINT_NAME, "taskq_task_user_id_fkey")));
	return customer;
}

/* Locks both as the caller and reads what they are now; 42501 unless the caller may update them. */
static void
take_customers(Customer *from, Customer *to)
{
	Customer   *both[] = {from, to};
	Datum		ids[] = {from->id, to->id};
	Oid			types[] = {TEXTARRAYOID};
	Datum		values[] = {PointerGetDatum(construct_array(ids, 2, TEXTOID, -1, false, TYPALIGN_INT))};

	spi_run(&lock_customers, 1, types, values, NULL, 0);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		Customer   *customer = strcmp(SPI_getvalue(tuple, desc, 1), from->key) == 0 ? from : to;
		bool		isnull;

		customer->found = true;
		customer->is_active = DatumGetBool(SPI_getbinval(tuple, desc, 2, &isnull));
		customer->is_named_erased = DatumGetBool(SPI_getbinval(tuple, desc, 3, &isnull));
		customer->merged_into = SPI_getvalue(tuple, desc, 4);
	}
	for (int i = 0; i < lengthof(both); i++)
		if (!both[i]->found)
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("permission denied for customer \"%s\"", both[i]->key),
					 errdetail("Row security policies do not permit the current role to update this customer.")));
}

/* Throws 23503 or 55000 unless one may be merged into the other. */
static void
check_customers(const Customer *from, const Customer *to)
{
	if (to->merged_into != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				 errmsg("to_id \"%s\" was merged into \"%s\"", to->key, to->merged_into),
				 strcmp(to->merged_into, from->key) == 0 ? 0 :
				 errhint("Use \"%s\" instead.", to->merged_into)));
	if (!to->is_active)
		ereport(ERROR,
				(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				 errmsg("to_id \"%s\" is not active", to->key),
				 errhint("Use the id of an active customer in taskq_customer.")));
	if (from->merged_into != NULL && strcmp(from->merged_into, to->key) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("customer \"%s\" was merged into \"%s\" already", from->key, from->merged_into),
				 errhint("Consider merging \"%s\".", from->merged_into)));
	if (from->is_named_erased && !from->is_active)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("customer \"%s\" was erased and cannot be merged", from->key)));
}

static int64
run_merge(TaskqPlan *plan, Datum *ids)
{
	Oid			types[] = {TEXTOID, TEXTOID};

	spi_run(plan, 2, types, ids, NULL, 0);
	return (int64) SPI_processed;
}

static int64
run_moved(Moved *moved, Datum *ids)
{
	int64		locked = run_merge(&moved->lock, ids);
	int64		written = run_merge(&moved->write, ids);

	check_all_written(locked, written, moved->table);
	return written;
}

/* Makes the old customer a pointer, and those that pointed to it point to the target. */
static void
point(const Customer *from, Datum *ids)
{
	int64		locked;

	check_all_written(from->merged_into == NULL ? 1 : 0, run_merge(&point_to_target, ids), "taskq_customer");
	locked = run_merge(&lock_pointers, ids);
	check_all_written(locked, run_merge(&redirect_pointers, ids), "taskq_customer");
}

/* The customer's tasks, which are locked in order of id, so that others who do so cannot deadlock with it. */
static int64
merge_tasks(Datum *ids)
{
	Oid			types[] = {TEXTOID};
	int64		n;
	int64		moved;

	spi_run(&lock_tasks, 1, types, ids, NULL, 0);
	n = (int64) SPI_processed;
	moved = run_merge(&move_tasks, ids);
	if (moved != n)
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_ACTION_EXCEPTION),
				 errmsg("%d of %d tasks were not changed: a trigger or rule on taskq_task suppressed the update",
						(int) (n - moved), (int) n)));
	return n;
}

/* Policies before tasks, whose SLA they may give anew; what is the same before what is moved. */
static void
merge(const Customer *from, Datum *ids, Datum *merged)
{
	point(from, ids);
	(void) run_moved(&schedules, ids);
	(void) run_moved(&double_policies, ids);
	merged[MERGED_POLICIES] = Int64GetDatum(run_moved(&other_policies, ids));
	(void) run_moved(&same_renewals, ids);
	merged[MERGED_RENEWALS] = Int64GetDatum(run_moved(&renewals, ids));
	merged[MERGED_TASKS] = Int64GetDatum(merge_tasks(ids));
}

PG_FUNCTION_INFO_V1(taskq_merge_customer);
Datum
taskq_merge_customer(PG_FUNCTION_ARGS)
{
	text	   *actor = actor_argument(fcinfo, 2);
	Customer	from = customer_argument(fcinfo, 0, "from_id");
	Customer	to = customer_argument(fcinfo, 1, "to_id");
	Datum		ids[] = {from.id, to.id};
	Datum		merged[N_MERGED];
	bool		nulls[N_MERGED] = {false};
	TupleDesc	desc;
	TaskqCall	call;
	OwnerSwitch owner;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (strcmp(from.key, to.key) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("from_id and to_id must be two customers, not both \"%s\"", to.key)));
	if (IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("taskq_merge_customer needs transaction isolation level READ COMMITTED"),
				 errdetail("An older snapshot would leave behind what was written since.")));

	spi_connect();
	take_customers(&from, &to);
	check_customers(&from, &to);
	become_owner_of(taskq_catalog()->task, &owner);
	call_begin(&call, VERB_MERGE, actor);
	call.note = cstring_to_text(psprintf("customer \"%s\" was merged into \"%s\", which has the same renewal",
										 from.key, to.key));
	PG_TRY();
	{
		merge(&from, ids, merged);
	}
	PG_FINALLY();
	{
		call_end(&call);
	}
	PG_END_TRY();
	become_caller_again(&owner);
	SPI_finish();
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), merged, nulls));
}

/* ----------------------------------------------------------------- trigger */

/* A text column of a row of taskq_customer; NULL if it is NULL or there is no row. */
static char *
customer_column(HeapTuple tuple, TupleDesc desc, int attnum)
{
	return tuple != NULL ? SPI_getvalue(tuple, desc, attnum) : NULL;
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void
run_pointers(TaskqPlan *plan, const char *target, const char *new_target)
{
	Oid			types[] = {TEXTOID, TEXTOID};
	Datum		values[] = {CStringGetTextDatum(target), new_target ? CStringGetTextDatum(new_target) : (Datum) 0};

	spi_run(plan, new_target ? 2 : 1, types, values, NULL, 0);
}

/* Throws 23503 unless there is a customer to point to. */
static void
check_target(const char *target)
{
	run_pointers(&lock_target, target, NULL);
	if (SPI_processed == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				 errmsg("merged_into \"%s\" is not a customer", target),
				 errhint("Use the id of a customer in taskq_customer."),
				 err_generic_string(PG_DIAG_CONSTRAINT_NAME, "taskq_customer_merged_into_fkey")));
}

/* Throws 23503 if there is a customer that points to one that was deleted. */
static void
check_not_pointed_to(const char *id)
{
	run_pointers(&find_pointer, id, NULL);
	if (SPI_processed > 0)
		ereport(ERROR,
				(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				 errmsg("customer \"%s\" cannot be deleted", id),
				 errdetail("Customer \"%s\" was merged into it.", SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1)),
				 err_generic_string(PG_DIAG_CONSTRAINT_NAME, "taskq_customer_merged_into_fkey")));
}

/* A dump may have a pointer before the row that it points to: it is not checked there. */
PG_FUNCTION_INFO_V1(taskq_customer_pointer);
Datum
taskq_customer_pointer(PG_FUNCTION_ARGS)
{
	TriggerData *td = (TriggerData *) fcinfo->context;
	TupleDesc	desc;
	HeapTuple	old;
	HeapTuple	new;
	char	   *old_id;
	char	   *new_id;
	char	   *target;
	OwnerSwitch owner;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_FOR_ROW(td->tg_event) || !TRIGGER_FIRED_AFTER(td->tg_event) ||
		RelationGetRelid(td->tg_relation) != taskq_catalog()->customer)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("taskq_customer_pointer belongs to table taskq_customer and cannot be used elsewhere")));
	desc = RelationGetDescr(td->tg_relation);
	old = TRIGGER_FIRED_BY_INSERT(td->tg_event) ? NULL : td->tg_trigtuple;
	new = TRIGGER_FIRED_BY_DELETE(td->tg_event) ? NULL :
		TRIGGER_FIRED_BY_UPDATE(td->tg_event) ? td->tg_newtuple : td->tg_trigtuple;
	old_id = customer_column(old, desc, 1);
	new_id = customer_column(new, desc, 1);
	target = customer_column(new, desc, taskq_catalog()->customer_merged_into);
	if (target != NULL && (same_text(target, customer_column(old, desc, taskq_catalog()->customer_merged_into)) ||
						   (old == NULL && !check_function_bodies)))
		target = NULL;
	if (target == NULL && (old_id == NULL || same_text(old_id, new_id)))
		return PointerGetDatum(NULL);

	spi_connect();
	become_owner_of(taskq_catalog()->customer, &owner);
	if (target != NULL)
		check_target(target);
	if (new == NULL)
		check_not_pointed_to(old_id);
	else if (old != NULL && !same_text(old_id, new_id))
		run_pointers(&redirect_pointers, old_id, new_id);
	become_caller_again(&owner);
	SPI_finish();
	return PointerGetDatum(NULL);
}
