/*-------------------------------------------------------------------------
 *
 * policy.c
 *		SLA policies: which SLA a task gets.
 *
 * Each session reads the policies when it first needs them and keeps them until
 * one is changed, as it does the workflow rules (rule.c).  They are read with
 * the latest snapshot, whatever the transaction's isolation level.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/catalog.h"
#include "base/enums.h"
#include "base/owner.h"
#include "base/plan.h"
#include "task/policy.h"
#include "task/row.h"

static TaskqPlan select_policies = {
	"SELECT p.name, p.user_id, p.team_id, p.kind, p.source, p.priority::@.taskq_priority, p.calendar, "
	"p.response_hours::pg_catalog.float8, p.sla_hours::pg_catalog.float8, "
	"p.warn_percents::pg_catalog.int2[], p.is_enabled FROM @.taskq_sla_policy p"
};

/* In a context of their own (NULL = not read yet), the table that they were read from, and last_change by then. */
static MemoryContext policies_context = NULL;
static List *policies = NIL;
static Oid	policies_table;
static uint64 policies_change;
static uint64 last_change = 0;

/* ---------------------------------------------------------------- reading */

static char *
string_column(HeapTuple tuple, TupleDesc desc, int attnum)
{
	bool		isnull;
	Datum		value = SPI_getbinval(tuple, desc, attnum, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

static float8
hours_column(HeapTuple tuple, TupleDesc desc, int attnum)
{
	bool		isnull;
	Datum		value = SPI_getbinval(tuple, desc, attnum, &isnull);

	return isnull ? 0 : DatumGetFloat8(value);
}

static int
compare_ints(const void *a, const void *b)
{
	return *(const int *) a - *(const int *) b;
}

static void
read_warnings(Policy *policy, Datum percents)
{
	Datum	   *elements;
	bool	   *nulls;
	int			n;

	deconstruct_array(DatumGetArrayTypeP(percents), INT2OID, sizeof(int16), true, TYPALIGN_SHORT, &elements, &nulls, &n);
	for (int i = 0; i < n && policy->nwarn < MAX_WARN_PERCENTS; i++)
		if (!nulls[i])
			policy->warn[policy->nwarn++] = DatumGetInt16(elements[i]);
	qsort(policy->warn, policy->nwarn, sizeof(int), compare_ints);
}

static Policy *
read_policy(HeapTuple tuple, TupleDesc desc)
{
	Policy	   *policy = palloc0(sizeof(Policy));
	Datum		value;
	bool		isnull;

	policy->name = string_column(tuple, desc, 1);
	policy->user_id = string_column(tuple, desc, 2);
	policy->team_id = string_column(tuple, desc, 3);
	policy->kind = string_column(tuple, desc, 4);
	policy->source = string_column(tuple, desc, 5);
	value = SPI_getbinval(tuple, desc, 6, &isnull);
	policy->priority = isnull ? -1 : enum_index(DatumGetObjectId(value), taskq_catalog()->priority, N_PRIORITIES);
	policy->calendar = string_column(tuple, desc, 7);
	policy->response_hours = hours_column(tuple, desc, 8);
	policy->sla_hours = hours_column(tuple, desc, 9);
	value = SPI_getbinval(tuple, desc, 10, &isnull);
	if (!isnull)
		read_warnings(policy, value);
	policy->is_enabled = DatumGetBool(SPI_getbinval(tuple, desc, 11, &isnull));
	return policy;
}

static void
read_policies(void)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "taskq policies", ALLOCSET_SMALL_SIZES);
	OwnerSwitch owner;
	List	   *list = NIL;
	uint64		change = last_change;

	spi_connect();
	become_owner_of(taskq_catalog()->task, &owner);
	if (SPI_execute_snapshot(prepared(&select_policies, 0, NULL), NULL, NULL,
							 GetLatestSnapshot(), InvalidSnapshot, true, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read the SLA policies");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(context);

		list = lappend(list, read_policy(SPI_tuptable->vals[i], SPI_tuptable->tupdesc));
		MemoryContextSwitchTo(old);
	}
	become_caller_again(&owner);
	SPI_finish();

	/* An outer call may still use policies of the old list. */
	if (policies_context != NULL)
		MemoryContextSetParent(policies_context, TopTransactionContext);
	MemoryContextSetParent(context, CacheMemoryContext);
	policies_context = context;
	policies = list;
	policies_table = taskq_catalog()->sla_policy;
	policies_change = change;
}

/* The policies; none in a database of an older version. */
static List *
all_policies(void)
{
	if (!OidIsValid(taskq_catalog()->sla_policy))
		return NIL;
	AcceptInvalidationMessages();
	while (policies_context == NULL || policies_change != last_change || policies_table != taskq_catalog()->sla_policy)
		read_policies();
	return policies;
}

/* --------------------------------------------------------------- which one */

bool
policies_exist(void)
{
	return all_policies() != NIL;
}

static bool
fits(const char *wanted, const char *found)
{
	return wanted == NULL || (found != NULL && strcmp(wanted, found) == 0);
}

/* The most specific enabled policy for a task; priority is its number, -1 = unknown. */
const Policy *
policy_that_fits(const char *user_id, const char *team_id, const char *kind, int priority, const char *source)
{
	const Policy *best = NULL;
	int			best_weight = -1;
	ListCell   *lc;

	foreach(lc, all_policies())
	{
		const Policy *p = lfirst(lc);
		int			weight = (p->user_id ? 16 : 0) + (p->team_id ? 8 : 0) + (p->kind ? 4 : 0) +
			(p->priority >= 0 ? 2 : 0) + (p->source ? 1 : 0);

		if (p->is_enabled && weight > best_weight && fits(p->user_id, user_id) && fits(p->team_id, team_id) &&
			fits(p->kind, kind) && fits(p->source, source) && (p->priority < 0 || p->priority == priority))
		{
			best = p;
			best_weight = weight;
		}
	}
	return best;
}

const Policy *
policy_by_name(const char *name)
{
	ListCell   *lc;

	foreach(lc, all_policies())
	{
		const Policy *p = lfirst(lc);

		if (strcmp(p->name, name) == 0)
			return p;
	}
	return NULL;
}

static char *
text_of(const TaskRow *row, int attnum)
{
	return attnum == 0 || task_isnull(row, attnum) ? NULL : TextDatumGetCString(task_value(row, attnum));
}

/* The same for a row, whose priority may be NULL: a constraint will refuse it. */
const Policy *
policy_for_row(const TaskRow *row)
{
	int			priority = -1;

	if (!task_isnull(row, Anum_task_priority))
		priority = enum_index(DatumGetObjectId(task_value(row, Anum_task_priority)), taskq_catalog()->priority, N_PRIORITIES);
	return policy_that_fits(text_of(row, Anum_task_user_id), text_of(row, Anum_task_team_id), text_of(row, Anum_task_kind),
							priority, text_of(row, Anum_task_source));
}

static void
set_text(TaskRow *row, int attnum, const char *value)
{
	task_isnull(row, attnum) = value == NULL;
	task_value(row, attnum) = value != NULL ? CStringGetTextDatum(value) : (Datum) 0;
}

static void
set_hours(TaskRow *row, int attnum, float8 hours)
{
	task_isnull(row, attnum) = hours == 0;
	task_value(row, attnum) = Float8GetDatum(hours);
}

/* Gives a row the SLA of a policy; NULL takes what another has given. */
void
policy_write(const Policy *policy, TaskRow *row)
{
	static const Policy none = {0};

	if (policy == NULL)
		policy = &none;
	set_text(row, Anum_task_sla_policy, policy->name);
	set_text(row, Anum_task_sla_calendar, policy->calendar);
	set_hours(row, Anum_task_sla_hours, policy->sla_hours);
	set_hours(row, Anum_task_response_hours, policy->response_hours);
}

/* ------------------------------------------------------------ invalidation */

static void
policy_relcache_callback(Datum arg, Oid relid)
{
	if (!OidIsValid(relid) || relid == policies_table)
		last_change++;
}

void
policy_register_callbacks(void)
{
	CacheRegisterRelcacheCallback(policy_relcache_callback, (Datum) 0);
}

PG_FUNCTION_INFO_V1(taskq_sla_policy_changed);
Datum
taskq_sla_policy_changed(PG_FUNCTION_ARGS)
{
	TriggerData *td = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) ||
		RelationGetRelid(td->tg_relation) != taskq_catalog()->sla_policy)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("taskq_sla_policy_changed belongs to table taskq_sla_policy and cannot be used elsewhere")));
	CacheInvalidateRelcacheByRelid(RelationGetRelid(td->tg_relation));
	return PointerGetDatum(NULL);
}
