/*-------------------------------------------------------------------------
 *
 * page.c
 *		Pages of the queue, and how many tasks its filters match.
 *
 * A page is exact at its instant although stored statuses may be stale.  The
 * ids of its tasks are merged from ranges of indexes (parts.c); then the rows
 * and names are joined to those of the page.
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
#include "task/row.h"
#include "queue/cursor.h"
#include "queue/filter.h"
#include "queue/parts.h"

#define PAGE_SIZE_MAX 1000
#define MAX_STATEMENTS 256

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
 * statement's; then the newer columns of taskq_task (append_newer()), and
 * is_paused.
 */
#define N_VIEW_COLUMNS 28
#define COL_CURSOR (N_VIEW_COLUMNS + 1)
#define COL_ORDER (N_VIEW_COLUMNS + 1)
#define MAX_COLUMNS (COL_CURSOR + N_NEWER_COLUMNS + 1)

/* ------------------------------------------------------------- statements */

/* The newer columns that the table of a page p has, and what the view makes of them. */
static void
append_newer(Statement *st)
{
	const TaskqCatalog *cat = taskq_catalog();

	for (int i = 0; i < N_NEWER_COLUMNS; i++)
		if (cat->newer_column[i] != 0)
			appendStringInfo(&st->sql, ", p.%s", newer_columns[i].name);
	if (Anum_task_paused_at != 0)
		appendStringInfoString(&st->sql, ", p.paused_at IS NOT NULL");
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
statement_plan(const char *sql, int nparams, Oid *types, int options)
{
	bool		exempt = InNoForceRLSOperation();
	KeptStatement *statement;
	SPIPlanPtr	plan;

	for (int i = 0; i < nstatements; i++)
		if (statements[i].exempt == exempt && strcmp(statements[i].sql, sql) == 0 &&
			plan_serves(&statements[i].kept))
			return statements[i].kept.plan;

	plan = SPI_prepare_cursor(sql, nparams, types, options);
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
 * Runs a statement.  "joins_few": rows are joined to those of a page only.
 * "ordered": an index gives the rows in order.  Other plans are never right
 * then, whatever the statistics and the parameters say.  "by_values": which is
 * right depends on the parameters.
 */
static void
statement_run(Statement *st, bool joins_few, bool ordered, bool by_values)
{
	char	   *sql = qualify(st->sql.data);
	SPIPlanPtr	plan = statement_plan(sql, st->nparams, st->types, ordered ? CURSOR_OPT_GENERIC_PLAN : by_values ? CURSOR_OPT_CUSTOM_PLAN : 0);
	static const char *const off[] = {"jit", "enable_hashjoin", "enable_mergejoin", "enable_sort"};
	int			level = settings_off(off, ordered ? 4 : joins_few ? 3 : 1);
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

/* Sort closed where only closed tasks are asked for. */
static QueueSort
default_sort(const Filters *f)
{
	bool		closed = f->status[STATUS_COMPLETED] || f->status[STATUS_CANCELLED];
	bool		active = f->status[STATUS_OPEN] || f->status[STATUS_IN_PROGRESS] || f->status[STATUS_OVERDUE];

	return closed && !active ? SORT_CLOSED : SORT_DUE;
}

/*
 * Runs the statement of a page, and returns how many rows it found.  "window",
 * unless 0: the search looks at so many tasks only, the first ones in the order
 * of the sort that the other filters leave.  "without_last": see page_has_last().
 */
static uint64
run_page(const Filters *f, QueueSort sort, const Position *pos, int page_size, int window, bool without_last)
{
	Filters		filters = *f;
	QueuePage	page = {.filters = &filters, .sort = sort, .pos = pos, .limit = page_size,
	.by_ctid = task_ctids_serve(), .without_last = without_last, .ordered = true};
	const char *row = page.by_ctid ? "tid" : "id";
	Statement	st;

	if (window > 0)
	{
		page.limit = window;
		page.with_texts = true;
		filters.search = NULL;
	}
	statement_begin(&st);
	appendStringInfoString(&st.sql, "SELECT " PAGE_COLUMNS ", b.n");
	append_newer(&st);
	appendStringInfo(&st.sql, " FROM (SELECT m.%s, pg_catalog.row_number() OVER () AS n FROM (", row);
	if (window > 0)
		appendStringInfo(&st.sql, "SELECT t.%s FROM (", row);
	else if (f->search != NULL)
		search_find_customers(f->search);
	if (!append_ids(&st, &page))
		return 0;
	if (window > 0)
	{
		appendStringInfoString(&st.sql, ") t WHERE true");
		append_search(&st, f->search, true);
		appendStringInfo(&st.sql, " LIMIT %d", page_size);
	}
	appendStringInfo(&st.sql, ") m) b JOIN @.taskq_task p ON p.%s " EQ " b.%s ", page.by_ctid ? "ctid" : "id", row);
	appendStringInfoString(&st.sql, "LEFT JOIN @.taskq_staff_member a ON a.id " EQ " p.assignee_id "
						   "LEFT JOIN @.taskq_customer c ON c.id " EQ " p.user_id");
	statement_run(&st, true, page.ordered && (f->any_sla_status || sort == SORT_SLA) && f->source == (Datum) 0 && f->kind == (Datum) 0 &&
				  f->labels == (Datum) 0 && f->attributes == (Datum) 0 && filters.search == NULL,
				  filters.search != NULL);
	return SPI_processed;
}

/* How many tasks a search looks at in the order of the sort before it reads all: what it looks for may be common. */
#define SEARCH_WINDOW 5000

PG_FUNCTION_INFO_V1(taskq_queue_page);
Datum
taskq_queue_page(PG_FUNCTION_ARGS)
{
	Filters		f = filter_arguments(fcinfo, N_PAGE_ARGS);
	QueueSort	sort = sort_argument(fcinfo, ARG_SORT, default_sort(&f));
	Position	pos = cursor_argument(fcinfo, ARG_AFTER, sort);
	int			page_size = PG_ARGISNULL(ARG_PAGE_SIZE) ? 0 : PG_GETARG_INT32(ARG_PAGE_SIZE);
	uint64		n = 0;

	if (page_size < 1 || page_size > PAGE_SIZE_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("page_size must be 1 to %d", PAGE_SIZE_MAX)));

	InitMaterializedSRF(fcinfo, 0);
	spi_connect();
	if (search_begins_with_window(&f))
		n = run_page(&f, sort, &pos, page_size, SEARCH_WINDOW, false);
	else if (page_has_last(&f, sort, &pos))
		n = run_page(&f, sort, &pos, page_size, 0, true);
	if (n < (uint64) page_size)
		n = run_page(&f, sort, &pos, page_size, 0, false);
	if (n > 0)
		return_page(fcinfo, sort);
	SPI_finish();
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(taskq_queue_count);
Datum
taskq_queue_count(PG_FUNCTION_ARGS)
{
	Filters		f = filter_arguments(fcinfo, N_COUNT_ARGS);
	Statement	st;
	int64		count = 0;

	if (!PG_ARGISNULL(ARG_CAP) && PG_GETARG_INT32(ARG_CAP) < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cap must be at least 1, or null for no cap")));

	spi_connect();
	statement_begin(&st);
	appendStringInfoString(&st.sql, "SELECT pg_catalog.count(*) FROM (");
	if (f.search != NULL)
		search_find_customers(f.search);
	if (append_counted(&st, &f))
	{
		bool		isnull;

		if (!PG_ARGISNULL(ARG_CAP))
			add_param(&st, " LIMIT ", INT8OID, Int64GetDatum((int64) PG_GETARG_INT32(ARG_CAP)), "");
		appendStringInfoString(&st.sql, ") m");
		statement_run(&st, false, false, f.search != NULL);
		count = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	}
	SPI_finish();
	PG_RETURN_INT64(count);
}
