/*-------------------------------------------------------------------------
 *
 * plan.c
 *		Statements kept prepared, and running them.
 *
 * Nothing here depends on search_path: a statement names every table, type,
 * function and operator with its schema.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/transam.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/plancache.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

#include "base/catalog.h"
#include "base/compat.h"
#include "base/plan.h"

/*
 * Key expressions of the indexes of taskq_task, a task t, by their names in
 * statements, newer columns, and whether a member of staff, s or a, is away.  A database of an older version has other
 * indexes and neither these functions nor these columns.
 */
static const struct
{
	const char *name;
	const char *expression;
	const char *older;
}			task_keys[] = {
	{"@stage", "@.taskq_stage(t.status, t.started_at, t.completed_at, t.cancelled_at)",
		"(CASE WHEN t.completed_at IS NULL AND t.cancelled_at IS NULL AND t.status " EQ " 'OVERDUE'::@.taskq_status THEN 4 ELSE 0 END "
	"OPERATOR(pg_catalog.+) @.taskq_phase(t.started_at, t.completed_at, t.cancelled_at))"},
	{"@place", "@.taskq_place(t.priority, t.due_date, t.completed_at, t.cancelled_at)",
		"CASE WHEN t.completed_at IS NULL AND t.cancelled_at IS NULL THEN @due_place "
		/* 0.2.0 let infinite instants in, which cannot be cast. */
		"ELSE CASE CASE WHEN t.completed_at IS NULL THEN t.cancelled_at ELSE t.completed_at END "
		"WHEN 'infinity' THEN 9223372036854775807 WHEN '-infinity' THEN -9223372036854775808 "
		"ELSE ((extract(epoch FROM CASE WHEN t.completed_at IS NULL THEN t.cancelled_at ELSE t.completed_at END) "
	"OPERATOR(pg_catalog.-) 946684800) OPERATOR(pg_catalog.*) 1000000)::pg_catalog.int8 END END"},
	{"@due_place", "@.taskq_place(t.priority, t.due_date, NULL, NULL)",
		"(CASE WHEN t.due_date IS NULL THEN 2147483647 ELSE t.due_date OPERATOR(pg_catalog.-) '2000-01-01'::pg_catalog.date END"
	"::pg_catalog.int8 OPERATOR(pg_catalog.*) 8 OPERATOR(pg_catalog.+) @.taskq_priority_rank(t.priority))"},
	{"@timer", "@.taskq_timer(t.started_at, t.completed_at, t.cancelled_at, t.sla_at_risk_at, t.sla_breached_at, t.response_due_at, "
		"t.response_breached_at, t.sla_warn_at, t.sla_warned_at, t.paused_at, t.resume_at)",
	"NULL::pg_catalog.int8"},
	{"@paused_at", "t.paused_at", "NULL::pg_catalog.timestamptz"},
	{"@response_due_at", "t.response_due_at", "NULL::pg_catalog.timestamptz"},
	{"@response_breached_at", "t.response_breached_at", "NULL::pg_catalog.timestamptz"},
	{"@team_id", "t.team_id", "NULL::pg_catalog.text"},
	{"@s_is_away", "coalesce(s.away_until " GE " @.taskq_today(), false)", "false"},
	{"@a_is_away", "coalesce(a.away_until " GE " @.taskq_today(), false)", "false"}
};

static void
append_qualified(StringInfo buf, const char *sql)
{
	const TaskqCatalog *cat = taskq_catalog();
	const char *schema = quote_identifier(cat->schema_name);

	for (const char *p = sql; *p; p++)
	{
		int			key = 0;

		if (p[0] != '@' || p[1] == '>') /* the operator @> */
			appendStringInfoChar(buf, *p);
		else if (p[1] == '.')
			appendStringInfoString(buf, schema);
		else
		{
			while (strncmp(p, task_keys[key].name, strlen(task_keys[key].name)) != 0)
				if (++key == lengthof(task_keys))
					elog(ERROR, "unknown name in \"%s\"", sql);
			append_qualified(buf, cat->sql_is_older ? task_keys[key].older : task_keys[key].expression);
			p += strlen(task_keys[key].name) - 1;
		}
	}
}

/* Replaces "@." in the text of a statement by the extension's schema, and names of keys by their expressions. */
char *
qualify(const char *sql)
{
	StringInfoData buf;

	initStringInfo(&buf);
	append_qualified(&buf, sql);
	return buf.data;
}

/* Plans to be freed at the end of the transaction; an outer call may still be executing them. */
static List *forgotten_plans = NIL;

/* Keeps a plan, and what it was made for: the extension's OID, schema name and version. */
void
plan_keep(KeptPlan *kept, SPIPlanPtr plan)
{
	const TaskqCatalog *cat = taskq_catalog();

	if (SPI_keepplan(plan) != 0)
		elog(ERROR, "could not keep a plan");
	kept->plan = plan;
	kept->generation = 0;
	kept->extension = cat->extension;
	kept->sql_is_older = cat->sql_is_older;
	strlcpy(kept->schema_name, cat->schema_name, NAMEDATALEN);
}

/* Whether there is a plan that was made for the extension as it is now. */
bool
plan_serves(const KeptPlan *kept)
{
	const TaskqCatalog *cat = taskq_catalog();

	return kept->plan != NULL && kept->extension == cat->extension && kept->sql_is_older == cat->sql_is_older &&
		strcmp(kept->schema_name, cat->schema_name) == 0;
}

/*
 * Frees a plan, if there is one, at the end of the transaction: our statements
 * cannot end it, so none of our plans is being executed then.
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
plan_xact_callback(XactEvent event, void *arg)
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

/* Turns settings off until AtEOXact_GUC(true, result). */
int
settings_off(const char *const *names, int n)
{
	int			level = NewGUCNestLevel();

	for (int i = 0; i < n; i++)
		(void) set_config_option(names[i], "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	return level;
}

/* Whether PostgreSQL would run a statement as it is planned now; as RevalidateCachedQuery() and CheckCachedPlan() look at it. */
static bool
is_planned(const CachedPlanSource *source)
{
	const CachedPlan *plan = source->gplan;

	return source->is_valid && plan != NULL && plan->is_valid &&
		(!plan->dependsOnRole || plan->planRoleId == GetUserId()) &&
		(!TransactionIdIsValid(plan->saved_xmin) || TransactionIdEquals(plan->saved_xmin, TransactionXmin)) &&
		taskq_search_path_matches(source->search_path) &&
		(!source->dependsOnRLS || (source->rewriteRoleId == GetUserId() && source->rewriteRowSecurity == row_security));
}

/*
 * Plans a statement, if it is not, with the alternatives to its index
 * disabled.  So no settings need to be changed each time that it is run.
 */
static void
plan_by_index(KeptPlan *kept)
{
	/* What is disabled costs so much that PostgreSQL would compile the plan. */
	static const char *const off[] = {"jit", "enable_seqscan", "enable_bitmapscan", "enable_sort", "enable_incremental_sort"};
	CachedPlanSource *source = linitial(SPI_plan_get_plan_sources(kept->plan));
	CachedPlan *plan;
	int			level;

	AcceptInvalidationMessages();
	if (is_planned(source))
		return;
	level = settings_off(off, lengthof(off));
	plan = SPI_plan_get_cached_plan(kept->plan);
	kept->generation = source->generation;
	ReleaseCachedPlan(plan, CurrentResourceOwner);
	AtEOXact_GUC(true, level);
}

/*
 * Whether PostgreSQL has replanned it since, because of an invalidation that
 * arrived just before it was executed.
 */
static bool
is_planned_otherwise(const KeptPlan *kept)
{
	const CachedPlanSource *source = linitial(SPI_plan_get_plan_sources(kept->plan));

	return source->generation != kept->generation;
}

/* The prepared form of a statement; SPI must be connected. */
SPIPlanPtr
prepared(TaskqPlan *plan, int nargs, Oid *argtypes)
{
	KeptPlan   *kept = &plan->kept[InNoForceRLSOperation() ? 1 : 0];
	bool		by_index = (plan->options & PLAN_BY_INDEX) != 0;
	int			options = plan->options & ~PLAN_BY_INDEX;
	SPIPlanPtr	result;

	if (!plan_serves(kept) || (by_index && is_planned_otherwise(kept)))
	{
		plan_forget(kept);
		result = plan->setup != NULL ?
			SPI_prepare_params(qualify(plan->sql), plan->setup, NULL, options) :
			SPI_prepare_cursor(qualify(plan->sql), nargs, argtypes, options);
		if (result == NULL)
			elog(ERROR, "could not prepare \"%s\": %s", plan->sql,
				 SPI_result_code_string(SPI_result));
		plan_keep(kept, result);
	}
	if (by_index)
		plan_by_index(kept);
	return kept->plan;
}

void
spi_connect(void)
{
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
}

/*
 * Has the plan of a statement that is planned by index used even if
 * plan_cache_mode asks for a custom plan, which would be made without the
 * settings of plan_by_index().  Must be paired with plan_used().
 */
int
plan_use(const TaskqPlan *plan)
{
	int			level;

	if (!(plan->options & PLAN_BY_INDEX) || plan_cache_mode != PLAN_CACHE_MODE_FORCE_CUSTOM_PLAN)
		return 0;
	level = NewGUCNestLevel();
	(void) set_config_option("plan_cache_mode", "auto", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	return level;
}

void
plan_used(int level)
{
	if (level > 0)
		AtEOXact_GUC(true, level);
}

/* Runs a kept statement, writing ones included.  Result as of SPI_execute. */
int
spi_run(TaskqPlan *plan, int nargs, Oid *argtypes, Datum *values,
		const char *nulls, long limit)
{
	SPIPlanPtr	spi_plan = prepared(plan, nargs, argtypes);
	int			level = plan_use(plan);
	int			result = SPI_execute_plan(spi_plan, values, nulls, false, limit);

	plan_used(level);
	if (result < 0)
		elog(ERROR, "could not run \"%s\": %s", plan->sql,
			 SPI_result_code_string(result));
	return result;
}

/* Runs a kept statement that only reads, under the active snapshot. */
void
spi_read(TaskqPlan *plan, int nargs, Oid *argtypes, Datum *values)
{
	SPIPlanPtr	spi_plan = prepared(plan, nargs, argtypes);
	int			level = plan_use(plan);
	int			result = SPI_execute_plan(spi_plan, values, NULL, true, 0);

	plan_used(level);
	if (result != SPI_OK_SELECT)
		elog(ERROR, "could not run \"%s\": %s", plan->sql, SPI_result_code_string(result));
}

/* The trigger depth of the current statement. */
int
trigger_depth(void)
{
	return DatumGetInt32(DirectFunctionCall1(pg_trigger_depth, (Datum) 0));
}

/*
 * Runs a statement that one of taskq's triggers refuses otherwise. *guard, 0
 * at other times, is the trigger depth of the statement meanwhile.  The
 * trigger calls guard_is_passed(), which is true for this statement, but not
 * for those of users' triggers that it fires.
 */
int
spi_run_past_guard(int *guard, TaskqPlan *plan, int nargs, Oid *argtypes, Datum *values, const char *nulls)
{
	int			outer = *guard;
	volatile int result = 0;

	PG_TRY();
	{
		*guard = trigger_depth() + 1;
		result = spi_run(plan, nargs, argtypes, values, nulls, 0);
	}
	PG_FINALLY();
	{
		*guard = outer;
	}
	PG_END_TRY();
	return result;
}

bool
guard_is_passed(int guard)
{
	return guard != 0 && guard == trigger_depth();
}

/* Throws 09000 unless a statement has written all the rows that have been locked for it. */
void
check_all_written(uint64 wanted, uint64 written, const char *table)
{
	if (written < wanted)
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_ACTION_EXCEPTION),
				 errmsg(UINT64_FORMAT " of " UINT64_FORMAT " rows of %s were not changed: a trigger or rule suppressed the update",
						wanted - written, wanted, table)));
}

/*
 * spi_run() for a statement that must use its index whatever the statistics
 * say, for they may be missing or stale; it is planned once.  A range
 * condition needs an ORDER BY that only that index provides, or the planner
 * may choose a full scan of another one.
 */
int
spi_run_by_index(TaskqPlan *plan, int nargs, Oid *argtypes, Datum *values,
				 const char *nulls, long limit)
{
	plan->options |= PLAN_ONCE | PLAN_BY_INDEX;
	return spi_run(plan, nargs, argtypes, values, nulls, limit);
}

void
plan_register_callbacks(void)
{
	RegisterXactCallback(plan_xact_callback, NULL);
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
