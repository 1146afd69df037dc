/*-------------------------------------------------------------------------
 *
 * page.c
 *		Pages of the queue, and how many tasks its filters match.
 *
 * A page is exact at its instant although stored statuses may be stale: a
 * status is translated into conditions on columns that indexes have.  That
 * takes several branches.  A branch is a phase (unstarted, started, completed,
 * cancelled; what the stamps say without a clock) with a range of due dates on
 * one side of today, and with one priority where the sort needs that; its rows
 * come in the order of the sort from an index, beginning at the position where
 * the last page ended.  The branches are merged, the page is cut off, and only
 * then names are joined to it.
 *
 *		OPEN                   phase 0, due today or later
 *		IN_PROGRESS            phase 1, due today or later
 *		OVERDUE                phases 0 and 1, due before today
 *		COMPLETED, CANCELLED   phases 2 and 3
 *
 * The statement has conditions only for the filters that are given.  Prepared
 * statements are cached by their text.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "base/catalog.h"
#include "base/enums.h"
#include "base/plan.h"
#include "queue/cursor.h"
#include "queue/filter.h"

#define PAGE_SIZE_MAX 1000
#define MAX_PARAMS 128
#define MAX_STATEMENTS 256

/* A statement as it is being written, and its parameters. */
typedef struct Statement
{
	StringInfoData sql;
	int			nparams;
	Oid			types[MAX_PARAMS];
	Datum		values[MAX_PARAMS];
} Statement;

#define DUE_KEY OR_NEVER("t.due_date")
#define RANK_KEY "@.taskq_priority_rank(t.priority)"
#define SLA_KEY OR_NEVER("t.sla_due_at")
#define PHASE "@.taskq_phase(t.started_at, t.completed_at, t.cancelled_at)"

#define TASK_COLUMNS \
	"t.id, t.title, t.description, t.priority, t.status, t.due_date, t.sla_hours, " \
	"t.assignee_id, t.user_id, t.source, t.dedupe_key, t.created_at, t.created_by, " \
	"t.started_at, t.completed_at, t.cancelled_at, t.updated_at, " \
	"t.sla_due_at, t.sla_at_risk_at, t.sla_breached_at"

/* The columns of view taskq_tasks (sql/page.sql), for a page p. */
#define PAGE_COLUMNS \
	"p.id, p.title, p.description, p.priority, " \
	"@.taskq_effective_status(p.status, p.due_date, p.started_at, @.taskq_today()), " \
	"p.due_date, p.sla_hours, p.assignee_id, p.user_id, p.source, p.dedupe_key, " \
	"p.created_at, p.created_by, p.started_at, p.completed_at, p.cancelled_at, p.updated_at, " \
	"p.sla_due_at, p.sla_at_risk_at, p.sla_breached_at, p.status, " \
	"p.completed_at IS NULL AND p.cancelled_at IS NULL, " \
	"p.completed_at IS NULL AND p.cancelled_at IS NULL " \
	"AND coalesce(p.due_date " LT " @.taskq_today(), false), " \
	"CASE WHEN p.due_date IS NULL THEN NULL " \
	"WHEN p.completed_at IS NULL AND p.cancelled_at IS NULL " \
	"THEN greatest(@.taskq_today() " MINUS " p.due_date, 0) ELSE 0 END, " \
	"a.name, a.is_active, c.name, " \
	"@.taskq_sla_status_at(p.sla_due_at, p.sla_at_risk_at, p.completed_at, p.cancelled_at, $1)"

/*
 * After those: the cursor in the function's rows, the order in the
 * statement's; then the newer columns of taskq_task (append_newer()).
 */
#define N_VIEW_COLUMNS 28
#define COL_CURSOR (N_VIEW_COLUMNS + 1)
#define COL_ORDER (N_VIEW_COLUMNS + 1)
#define MAX_COLUMNS (COL_CURSOR + N_NEWER_COLUMNS)

/* ------------------------------------------------------------- statements */

/* Adds a parameter and its place in the text. */
static void
add_param(Statement *st, const char *before, Oid type, Datum value, const char *behind)
{
	Assert(st->nparams < MAX_PARAMS);
	st->types[st->nparams] = type;
	st->values[st->nparams] = value;
	st->nparams++;
	appendStringInfo(&st->sql, "%s$%d%s", before, st->nparams, behind);
}

/*
 * The condition for an SLA status within a phase; NULL = never so.  Those of
 * active tasks name the deadline as taskq_task_sla_idx does, where a task
 * without one is last; it has no sla_at_risk_at either.
 */
static const char *
sla_condition(int phase, int sla_status)
{
	static const char *const active[N_SLA_STATUSES] = {
		"t.sla_due_at IS NULL",
		"(" SLA_KEY " " GE " $1 AND t.sla_at_risk_at " GT " $1)",
		"(" SLA_KEY " " GE " $1 AND t.sla_at_risk_at " LE " $1)",
		SLA_KEY " " LT " $1",
		NULL, NULL
	};
	static const char *const completed[N_SLA_STATUSES] = {
		"t.sla_due_at IS NULL", NULL, NULL,
		"t.completed_at " GT " t.sla_due_at", "t.completed_at " LE " t.sla_due_at", NULL
	};
	static const char *const cancelled[N_SLA_STATUSES] = {
		"t.sla_due_at IS NULL", NULL, NULL,
		"t.cancelled_at " GT " t.sla_due_at", NULL, "t.cancelled_at " LE " t.sla_due_at"
	};

	return phase <= 1 ? active[sla_status] : phase == 2 ? completed[sla_status] : cancelled[sla_status];
}

/* False if no task of the phase has any of the SLA statuses asked for. */
static bool
append_sla_status(Statement *st, const Filters *f, int phase)
{
	bool		first = true;

	for (int i = 0; i < N_SLA_STATUSES; i++)
	{
		const char *condition = f->sla_status[i] ? sla_condition(phase, i) : NULL;

		if (condition == NULL)
			continue;
		appendStringInfo(&st->sql, "%s%s", first ? " AND (" : " OR ", condition);
		first = false;
	}
	if (!first)
		appendStringInfoChar(&st->sql, ')');
	return !first;
}

/*
 * The text before and after the tasks' part of a branch that is to be run for
 * each inactive member of staff, as s.  Their tasks may be few and anywhere in
 * the order of the sort: OFFSET keeps the planner from scanning the sort's
 * index, so that it uses the assignee's.
 */
#define EACH_INACTIVE_BEGIN(columns) \
	"SELECT " columns " FROM @.taskq_staff_member s CROSS JOIN LATERAL ("
#define EACH_INACTIVE_END " OFFSET 0) i WHERE NOT s.is_active"

/* Appends the conditions of a branch; false if it cannot match anything. */
static bool
append_conditions(Statement *st, const Filters *f, const Branch *b)
{
	appendStringInfo(&st->sql, PHASE " " EQ " %d", b->phase);
	if (!DATE_IS_NOBEGIN(b->due_from))
		add_param(st, " AND " DUE_KEY " " GE " ", DATEOID, DateADTGetDatum(b->due_from), "");
	if (!DATE_IS_NOEND(b->due_to))
		add_param(st, " AND " DUE_KEY " " LE " ", DATEOID, DateADTGetDatum(b->due_to), "");
	if (b->rank != 0)
		appendStringInfo(&st->sql, " AND " RANK_KEY " " EQ " %d", b->rank);
	else if (!f->any_priority)
	{
		const char *separator = " AND (";

		for (int i = 0; i < N_PRIORITIES; i++)
			if (f->priority[i])
			{
				appendStringInfo(&st->sql, "%s" RANK_KEY " " EQ " %d", separator, N_PRIORITIES - i);
				separator = " OR ";
			}
		appendStringInfoChar(&st->sql, ')');
	}
	if (f->unassigned)
		appendStringInfoString(&st->sql, " AND t.assignee_id IS NULL");
	if (f->assignee_id != (Datum) 0)
		add_param(st, " AND t.assignee_id " EQ " ", TEXTOID, f->assignee_id, "");
	if (f->user_id != (Datum) 0)
		add_param(st, " AND t.user_id " EQ " ", TEXTOID, f->user_id, "");
	if (f->source != (Datum) 0)
		add_param(st, " AND t.source " EQ " ", TEXTOID, f->source, "");
	if (f->assignee_is_active == BOOL_TRUE)
		appendStringInfoString(&st->sql, " AND EXISTS (SELECT FROM @.taskq_staff_member s "
							   "WHERE s.id " EQ " t.assignee_id AND s.is_active)");
	if (f->assignee_is_active == BOOL_FALSE)
		appendStringInfoString(&st->sql, " AND t.assignee_id " EQ " s.id");
	if (f->search != (Datum) 0)
		add_param(st, " AND pg_catalog.strpos(pg_catalog.lower(t.title), pg_catalog.lower(", TEXTOID, f->search, ")) " GT " 0");
	return f->any_sla_status || append_sla_status(st, f, b->phase);
}

/*
 * The condition that a row comes after the position.  In a branch of one
 * priority the rank is no key: rows of its due date come after the position if
 * their rank does, whatever their id.
 */
static void
append_position(Statement *st, QueueSort sort, const Branch *b, const Position *pos)
{
	int64		id = pos->id;

	switch (sort)
	{
		case SORT_DUE:
			if (b->rank != 0)
			{
				if (b->rank != pos->rank)
					id = b->rank > pos->rank ? PG_INT64_MIN : PG_INT64_MAX;
				add_param(st, " AND (" DUE_KEY ", t.id) " GT " (", DATEOID, DateADTGetDatum(pos->due_date), ", ");
			}
			else
			{
				add_param(st, " AND (" DUE_KEY ", " RANK_KEY ", t.id) " GT " (", DATEOID, DateADTGetDatum(pos->due_date), ", ");
				add_param(st, "", INT4OID, Int32GetDatum(pos->rank), ", ");
			}
			break;
		case SORT_PRIORITY:
			add_param(st, " AND (" RANK_KEY ", " DUE_KEY ", t.id) " GT " (", INT4OID, Int32GetDatum(pos->rank), ", ");
			add_param(st, "", DATEOID, DateADTGetDatum(pos->due_date), ", ");
			break;
		case SORT_CREATED:
			add_param(st, " AND (t.created_at, t.id) " LT " (", TIMESTAMPTZOID, TimestampTzGetDatum(pos->at), ", ");
			break;
		case SORT_SLA:
			add_param(st, " AND (" SLA_KEY ", t.id) " GT " (", TIMESTAMPTZOID, TimestampTzGetDatum(pos->at), ", ");
			break;
	}
	add_param(st, "", INT8OID, Int64GetDatum(id), ")");
}

/* The sort's keys, all in one direction; k3 is the id. */
static const struct
{
	const char *k1;
	const char *k2;				/* NULL = none */
	const char *direction;
}			sort_keys[] = {
	{DUE_KEY, RANK_KEY, ""},
	{RANK_KEY, DUE_KEY, ""},
	{"t.created_at", NULL, " DESC"},
	{SLA_KEY, NULL, ""}
};

static void
statement_begin(Statement *st)
{
	initStringInfo(&st->sql);

	/* $1 is the instant in every statement. */
	st->types[0] = TIMESTAMPTZOID;
	st->values[0] = TimestampTzGetDatum(GetCurrentStatementStartTimestamp());
	st->nparams = 1;
}

/* ORDER BY and LIMIT of a branch or of them all; the arguments are what the keys are called there. */
static void
append_order(Statement *st, QueueSort sort, const char *k1, const char *k2, const char *k3, int limit)
{
	const char *direction = sort_keys[sort].direction;

	appendStringInfo(&st->sql, " ORDER BY %s%s, ", k1, direction);
	if (sort_keys[sort].k2 != NULL)
		appendStringInfo(&st->sql, "%s, ", k2);
	appendStringInfo(&st->sql, "%s%s LIMIT %d", k3, direction, limit);
}

/* The newer columns that the table has, each with what comes before its name. */
static void
append_newer(Statement *st, const char *before)
{
	const TaskqCatalog *cat = taskq_catalog();

	for (int i = 0; i < N_NEWER_COLUMNS; i++)
		if (cat->newer_column[i] != 0)
			appendStringInfo(&st->sql, "%s%s", before, newer_columns[i].name);
}

/* The branches of a page in the order of the sort; false if there is none. */
static bool
append_page(Statement *st, const Filters *f, QueueSort sort, const Position *pos,
			const Branch *branches, int nbranches, int limit)
{
	const char *k1 = sort_keys[sort].k1;
	const char *k2 = sort_keys[sort].k2;
	bool		each_inactive = f->assignee_is_active == BOOL_FALSE;
	int			n = 0;

	for (int i = 0; i < nbranches; i++)
	{
		Branch		branch = branches[i];
		int			begin = st->sql.len;
		int			nparams = st->nparams;

		/* Else the scan would begin at the bound, and not at the position. */
		if (pos->given && sort == SORT_DUE && branch.due_from <= pos->due_date)
			DATE_NOBEGIN(branch.due_from);
		appendStringInfo(&st->sql, "%s(%sSELECT " TASK_COLUMNS, n > 0 ? " UNION ALL " : "",
						 each_inactive ? EACH_INACTIVE_BEGIN("i.*") : "");
		append_newer(st, ", t.");
		appendStringInfo(&st->sql, ", %s AS k1, %s AS k2, t.id AS k3 "
						 "FROM @.taskq_task t WHERE ", k1, k2 ? k2 : "0");
		if (!append_conditions(st, f, &branch))
		{
			st->sql.data[st->sql.len = begin] = '\0';
			st->nparams = nparams;
			continue;
		}
		if (pos->given)
			append_position(st, sort, &branch, pos);
		if (!each_inactive || sort == SORT_DUE)
			append_order(st, sort, k1, k2, "t.id", limit);
		if (each_inactive)
		{
			appendStringInfoString(&st->sql, EACH_INACTIVE_END);
			append_order(st, sort, "k1", "k2", "k3", limit);
		}
		appendStringInfoChar(&st->sql, ')');
		n++;
	}
	if (n > 1)
		append_order(st, sort, "k1", "k2", "k3", limit);
	return n > 0;
}

/* -------------------------------------------------- statements kept prepared */

typedef struct KeptStatement
{
	KeptPlan	kept;
	bool		exempt;			/* see TaskqPlan */
	char	   *sql;
} KeptStatement;

static KeptStatement statements[MAX_STATEMENTS];
static int	nstatements = 0;

/* Removes statements whose plans can no longer be used. */
static void
forget_dead_statements(void)
{
	int			n = 0;

	for (int i = 0; i < nstatements; i++)
	{
		if (plan_serves(&statements[i].kept))
			statements[n++] = statements[i];
		else
		{
			plan_forget(&statements[i].kept);
			pfree(statements[i].sql);
		}
	}
	nstatements = n;
}

/* The plan of a statement, cached as long as there is room. */
static SPIPlanPtr
statement_plan(const char *sql, int nparams, Oid *types)
{
	bool		exempt = InNoForceRLSOperation();
	KeptStatement *statement;
	SPIPlanPtr	plan;

	for (int i = 0; i < nstatements; i++)
		if (statements[i].exempt == exempt && strcmp(statements[i].sql, sql) == 0 &&
			plan_serves(&statements[i].kept))
			return statements[i].kept.plan;

	plan = SPI_prepare(sql, nparams, types);
	if (plan == NULL)
		elog(ERROR, "could not prepare \"%s\": %s", sql, SPI_result_code_string(SPI_result));
	forget_dead_statements();
	if (nstatements < MAX_STATEMENTS)
	{
		statement = &statements[nstatements];
		statement->sql = MemoryContextStrdup(TopMemoryContext, sql);
		statement->exempt = exempt;
		plan_keep(&statement->kept, plan);
		nstatements++;
	}
	return plan;
}

/*
 * Runs a statement.  "ordered": an index gives the rows in order, and sorting
 * instead is never right, whatever the statistics say.
 */
static void
statement_run(Statement *st, bool ordered)
{
	char	   *sql = qualify(st->sql.data);
	SPIPlanPtr	plan = statement_plan(sql, st->nparams, st->types);
	static const char *const off[] = {"jit", "enable_sort"};
	int			level = settings_off(off, ordered ? 2 : 1);
	int			result;

	result = SPI_execute_plan(plan, st->values, NULL, true, 0);
	if (result < 0)
		elog(ERROR, "could not run \"%s\": %s", sql, SPI_result_code_string(result));
	AtEOXact_GUC(true, level);
}

/* ------------------------------------------------------------- functions */

/* Returns the statement's rows in the order of their last column. */
static void
return_page(FunctionCallInfo fcinfo, QueueSort sort)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	HeapTuple  *rows = palloc0(PAGE_SIZE_MAX * sizeof(HeapTuple));
	Datum		values[MAX_COLUMNS];
	bool		nulls[MAX_COLUMNS];

	for (uint64 i = 0; i < SPI_processed; i++)
	{
		bool		isnull;
		int64		n = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc,
													COL_ORDER, &isnull));

		rows[n - 1] = SPI_tuptable->vals[i];
	}
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		heap_deform_tuple(rows[i], SPI_tuptable->tupdesc, values, nulls);
		values[COL_CURSOR - 1] = CStringGetTextDatum(cursor_of(sort, values, nulls));
		nulls[COL_CURSOR - 1] = false;
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
}

PG_FUNCTION_INFO_V1(taskq_queue_page);
Datum
taskq_queue_page(PG_FUNCTION_ARGS)
{
	Filters		f = filter_arguments(fcinfo, N_PAGE_ARGS);
	QueueSort	sort = sort_argument(fcinfo, ARG_SORT);
	Position	pos = cursor_argument(fcinfo, ARG_AFTER, sort);
	int			page_size = PG_ARGISNULL(ARG_PAGE_SIZE) ? 0 : PG_GETARG_INT32(ARG_PAGE_SIZE);
	Branch		branches[MAX_BRANCHES];
	Statement	st;
	bool		of_somebody = f.assignee_id != (Datum) 0 || f.user_id != (Datum) 0 || f.unassigned ||
		f.assignee_is_active == BOOL_FALSE;
	bool		ordered;
	int			n;

	if (page_size < 1 || page_size > PAGE_SIZE_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("page_size must be 1 to %d", PAGE_SIZE_MAX)));

	InitMaterializedSRF(fcinfo, 0);
	n = status_branches(&f, branches);
	if (!f.any_priority && !of_somebody && sort == SORT_DUE)
		n = split_by_priority(&f, branches, n);
	ordered = sort == SORT_DUE || !of_somebody;
	ordered = ordered && f.any_sla_status && f.source == (Datum) 0 && f.search == (Datum) 0;

	spi_connect();
	statement_begin(&st);
	appendStringInfoString(&st.sql, "SELECT " PAGE_COLUMNS ", p.n");
	append_newer(&st, ", p.");
	appendStringInfoString(&st.sql, " FROM (SELECT b.*, "
						   "pg_catalog.row_number() OVER () AS n FROM (");
	if (append_page(&st, &f, sort, &pos, branches, n, page_size))
	{
		appendStringInfoString(&st.sql, ") b) p "
							   "LEFT JOIN @.taskq_staff_member a ON a.id " EQ " p.assignee_id "
							   "LEFT JOIN @.taskq_customer c ON c.id " EQ " p.user_id");
		statement_run(&st, ordered);
		return_page(fcinfo, sort);
	}
	SPI_finish();
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(taskq_queue_count);
Datum
taskq_queue_count(PG_FUNCTION_ARGS)
{
	Filters		f = filter_arguments(fcinfo, N_COUNT_ARGS);
	Branch		branches[MAX_BRANCHES];
	Statement	st;
	bool		each_inactive = f.assignee_is_active == BOOL_FALSE;
	int			n = status_branches(&f, branches);
	bool		any = false;
	int64		count = 0;

	if (!PG_ARGISNULL(ARG_CAP) && PG_GETARG_INT32(ARG_CAP) < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cap must be at least 1, or null for no cap")));
	if (!f.any_priority)
		n = split_by_priority(&f, branches, n);

	spi_connect();
	statement_begin(&st);
	appendStringInfoString(&st.sql, "SELECT pg_catalog.count(*) FROM (");
	for (int i = 0; i < n; i++)
	{
		int			begin = st.sql.len;
		int			nparams = st.nparams;

		appendStringInfo(&st.sql, "%s%sSELECT FROM @.taskq_task t WHERE ", any ? " UNION ALL " : "",
						 each_inactive ? EACH_INACTIVE_BEGIN("") : "");
		if (append_conditions(&st, &f, &branches[i]))
		{
			any = true;
			if (each_inactive)
				appendStringInfoString(&st.sql, EACH_INACTIVE_END);
		}
		else
		{
			st.sql.data[st.sql.len = begin] = '\0';
			st.nparams = nparams;
		}
	}
	if (any)
	{
		bool		isnull;

		if (!PG_ARGISNULL(ARG_CAP))
			add_param(&st, " LIMIT ", INT8OID, Int64GetDatum((int64) PG_GETARG_INT32(ARG_CAP)), "");
		appendStringInfoString(&st.sql, ") m");
		statement_run(&st, false);
		count = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	}
	SPI_finish();
	PG_RETURN_INT64(count);
}
