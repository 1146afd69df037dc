/*-------------------------------------------------------------------------
 *
 * parts.c
 *		The SELECTs that a page of the queue merges, and those that are counted.
 *
 * A status is translated into branches.  A branch is a stage (taskq_stage():
 * what is stored of a task, without a look at the clock) with a range of due
 * dates on one side of today.
 *
 *		OPEN                   stages 0, 4, due today or later
 *		IN_PROGRESS            stages 1, 5, due today or later
 *		OVERDUE                stages 0, 1, 4, 5, due before today
 *		COMPLETED, CANCELLED   stages 2, 3
 *
 * Where an index has a branch in the order of the sort, a range of it is read
 * from where the last page ended; in sort due that is a range for each
 * priority, for the index has the priority before the due date.  Branches that
 * no index has in that order are read together and sorted: tasks of a customer
 * and paused tasks, which are few, and others in an order that is asked for
 * only rarely.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/date.h"
#include "utils/timestamp.h"

#include "base/catalog.h"
#include "base/enums.h"
#include "base/plan.h"
#include "task/row.h"
#include "task/timer.h"
#include "queue/cursor.h"
#include "queue/filter.h"
#include "queue/parts.h"

#define RANK_KEY "@.taskq_priority_rank(t.priority)"
#define PHASE "@.taskq_phase(t.started_at, t.completed_at, t.cancelled_at)"
#define SLA_KEY OR_NEVER("t.sla_due_at")
#define ACTIVE "t.completed_at IS NULL AND t.cancelled_at IS NULL"
#define CLOSED "(t.completed_at IS NOT NULL OR t.cancelled_at IS NOT NULL)"
#define CONTAINS "OPERATOR(pg_catalog.@>)"
#define CLOSED_AT "least(t.completed_at, t.cancelled_at)"

/* Keys of tasks that come behind all others: active ones in sort closed, those without a deadline in sort sla. */
#define NOT_CLOSED "'-9223372036854775808'::pg_catalog.int8"
#define NEVER "'infinity'::pg_catalog.timestamptz"

/* Adds a parameter, unless there is the same already, and its place in the text. */
void
add_param(Statement *st, const char *before, Oid type, Datum value, const char *behind)
{
	int			i = 0;

	while (i < st->nparams && (st->types[i] != type || st->values[i] != value))
		i++;
	if (i == st->nparams)
	{
		if (i == MAX_PARAMS)
			elog(ERROR, "too many parameters");
		st->types[i] = type;
		st->values[i] = value;
		st->nparams++;
	}
	appendStringInfo(&st->sql, "%s$%d%s", before, i + 1, behind);
}

/*
 * The condition for an SLA status within a branch; NULL = never so.  Those of
 * active tasks name the deadline as the indexes do, where a task without one
 * is last; it has no sla_at_risk_at either.  Those of closed tasks are
 * taskq_task_late_idx's.
 */
static const char *
sla_condition(const Branch *b, int sla_status)
{
	static const char *const active[N_SLA_STATUSES] = {
		"t.sla_due_at IS NULL",
		"(" SLA_KEY " " GE " $1 AND t.sla_at_risk_at " GT " $1)",
		"(" SLA_KEY " " GE " $1 AND t.sla_at_risk_at " LE " $1)",
		SLA_KEY " " LT " $1",
		NULL, NULL
	};
	static const char *const completed[N_SLA_STATUSES] = {
		"t.sla_due_at IS NULL", NULL, NULL, CLOSED_AT " " GT " t.sla_due_at", CLOSED_AT " " LE " t.sla_due_at", NULL
	};
	static const char *const cancelled[N_SLA_STATUSES] = {
		"t.sla_due_at IS NULL", NULL, NULL, CLOSED_AT " " GT " t.sla_due_at", NULL, CLOSED_AT " " LE " t.sla_due_at"
	};

	return (BRANCH_IS_ACTIVE(b) ? active : b->stage == STAGE_COMPLETED ? completed : cancelled)[sla_status];
}

/* Whether a task of the branch can have any of the SLA statuses asked for. */
static bool
has_sla_status(const Filters *f, const Branch *b)
{
	for (int i = 0; i < N_SLA_STATUSES; i++)
		if (f->sla_status[i] && sla_condition(b, i) != NULL)
			return true;
	return f->any_sla_status;
}

static void
append_sla_status(Statement *st, const Filters *f, const Branch *b)
{
	const char *separator = " AND (";

	if (f->any_sla_status)
		return;
	for (int i = 0; i < N_SLA_STATUSES; i++)
	{
		const char *condition = f->sla_status[i] ? sla_condition(b, i) : NULL;

		if (condition == NULL)
			continue;
		appendStringInfo(&st->sql, "%s%s", separator, condition);
		separator = " OR ";
	}
	appendStringInfoChar(&st->sql, ')');
}

/* The range of due dates of a branch, by places as an index has them. */
static void
append_due_range(Statement *st, const Branch *b, const char *place)
{
	char	   *and_place = psprintf(" AND %s ", place);

	if (!DATE_IS_NOBEGIN(b->due_from))
		add_param(st, psprintf("%s" GE " ", and_place), INT8OID, Int64GetDatum(PLACE(b->due_from, 0)), "");
	if (!DATE_IS_NOEND(b->due_to))
		add_param(st, psprintf("%s" LT " ", and_place), INT8OID, Int64GetDatum(PLACE(b->due_to + 1, 0)), "");
}

static void
append_priority(Statement *st, const Filters *f, int rank)
{
	const char *separator = " AND " RANK_KEY " " EQ " ANY ('{";

	if (rank != 0)
		appendStringInfo(&st->sql, " AND " RANK_KEY " " EQ " %d", rank);
	if (rank != 0 || f->any_priority)
		return;
	for (int i = 0; i < N_PRIORITIES; i++)
		if (f->priority[i])
		{
			appendStringInfo(&st->sql, "%s%d", separator, N_PRIORITIES - i);
			separator = ",";
		}
	appendStringInfoString(&st->sql, "}'::pg_catalog.int4[])");
}

/*
 * The condition that a task t has each word, by its columns id, title,
 * description and user_id.  Each alternative is one of an index, unless
 * customers are looked for with each task.  OFFSET keeps the planner from
 * reading all customers for the few tasks of a window.
 */
void
append_search(Statement *st, const Search *search, bool in_window)
{
	if (search->older_pattern != (Datum) 0)
		add_param(st, " AND pg_catalog.lower(t.title) OPERATOR(pg_catalog.~~) ", TEXTOID, search->older_pattern, "");
	for (int i = 0; i < search->nwords; i++)
	{
		const SearchWord *w = &search->words[i];

		add_param(st, " AND (@.taskq_search_may_find(t.title, t.description, ", TEXTOID, w->folded, ")");
		add_param(st, " AND @.taskq_search_text(t.title, t.description) OPERATOR(pg_catalog.~~) ", TEXTOID, w->pattern, "");
		add_param(st, " OR t.user_id " EQ " ANY (", TEXTARRAYOID, w->user_ids, ")");
		if (w->id != (Datum) 0)
			add_param(st, " OR t.id " EQ " ", INT8OID, w->id, "");
		if (w->customers == CUSTOMERS_LISTED)
			add_param(st, " OR t.user_id " EQ " ANY (", TEXTARRAYOID, w->customer_ids, ")");
		else if (w->customers == CUSTOMERS_UNKNOWN)
		{
			add_param(st, " OR EXISTS (SELECT FROM @.taskq_customer sc WHERE sc.id " EQ " t.user_id "
					  "AND @.taskq_search_may_find(sc.name, NULL, ", TEXTOID, w->folded, ")");
			add_param(st, " AND @.taskq_fold(sc.name) OPERATOR(pg_catalog.~~) ", TEXTOID, w->pattern, in_window ? " OFFSET 0)" : ")");
		}
		appendStringInfoChar(&st->sql, ')');
	}
}

/* The filters that are the same for all branches, but for the priority. */
static void
append_filters(Statement *st, const Filters *f)
{
	if (f->unassigned)
		appendStringInfoString(&st->sql, " AND t.assignee_id IS NULL");
	if (f->assignee_id != (Datum) 0)
		add_param(st, " AND t.assignee_id " EQ " ", TEXTOID, f->assignee_id, "");
	if (f->user_id != (Datum) 0)
		add_param(st, " AND t.user_id " EQ " ", TEXTOID, f->user_id, "");
	if (f->source != (Datum) 0)
		add_param(st, " AND t.source " EQ " ", TEXTOID, f->source, "");
	if (f->kind != (Datum) 0)
		add_param(st, " AND t.kind " EQ " ", TEXTOID, f->kind, "");
	if (f->team_id != (Datum) 0)
		add_param(st, " AND t.team_id " EQ " ", TEXTOID, f->team_id, "");
	if (f->labels != (Datum) 0)
		add_param(st, " AND t.labels " CONTAINS " ", TEXTARRAYOID, f->labels, "");
	if (f->attributes != (Datum) 0)
		add_param(st, " AND t.attributes " CONTAINS " ", JSONBOID, f->attributes, "");
	if (f->paused == BOOL_TRUE)
		appendStringInfoString(&st->sql, " AND t.paused_at IS NOT NULL AND " TIMER_IS_PAUSED);
	if (f->paused == BOOL_FALSE)
		appendStringInfoString(&st->sql, " AND t.paused_at IS NULL");
	if (f->assignee_is_active == BOOL_TRUE)
		appendStringInfoString(&st->sql, " AND EXISTS (SELECT FROM @.taskq_staff_member s "
							   "WHERE s.id " EQ " t.assignee_id AND s.is_active)");
	if (f->assignee_is_active == BOOL_FALSE)
		appendStringInfoString(&st->sql, " AND t.assignee_id " EQ " s.id");
	if (f->search != NULL)
		append_search(st, f->search, false);
}

/* The key of taskq_task_queue_idx, or of taskq_task_assignee_idx and taskq_task_team_idx, that has the due dates of a branch. */
static const char *
place_key(const Filters *f, const Branch *b)
{
	return OF_ASSIGNEE(f) && BRANCH_IS_ACTIVE(b) ? "@place" : "@due_place";
}

/*
 * The condition that a task belongs to a branch.  "partial": for an index of
 * active or of closed tasks; otherwise the stage says it, and PostgreSQL, which
 * does not know, would expect fewer tasks.
 */
static void
append_branch(Statement *st, const Filters *f, const Branch *b, bool partial)
{
	if (partial || taskq_catalog()->sql_is_older)
		appendStringInfoString(&st->sql, BRANCH_IS_ACTIVE(b) ? ACTIVE " AND " : CLOSED " AND ");
	appendStringInfo(&st->sql, "@stage " EQ " %d", b->stage);
	append_due_range(st, b, place_key(f, b));
	append_priority(st, f, b->rank);
	append_sla_status(st, f, b);
}

/* How many of some branches are of active tasks, which come first. */
static int
count_active(const Branch *branches, int n)
{
	int			nactive = 0;

	while (nactive < n && BRANCH_IS_ACTIVE(&branches[nactive]))
		nactive++;
	return nactive;
}

/*
 * The same for several branches, by phases, which no index has: an index that
 * finds most tasks is of no use, however it is estimated.  Those of an assignee,
 * of a team or of a customer have the stages, and those of a search if all are active,
 * for where no index has the words that one leaves out the closed tasks.
 */
static void
append_phases(Statement *st, const Filters *f, const Branch *phases, int n)
{
	if (f->user_id != (Datum) 0 || OF_ASSIGNEE(f) || (f->search != NULL && count_active(phases, n) == n))
	{
		appendStringInfoString(&st->sql, "@stage " EQ " ANY ('{");
		for (int i = 0; i < n; i++)
		{
			appendStringInfo(&st->sql, "%s%d", i > 0 ? "," : "", phases[i].stage);
			if (BRANCH_IS_ACTIVE(&phases[i]))
				appendStringInfo(&st->sql, ",%d", phases[i].stage + STAGE_STORED_OVERDUE);
		}
		appendStringInfoString(&st->sql, "}'::pg_catalog.int2[]) AND ");
	}
	for (int i = 0; i < n; i++)
	{
		appendStringInfo(&st->sql, "%s(" PHASE " " EQ " %d", i > 0 ? " OR " : "(", phases[i].stage);
		append_due_range(st, &phases[i], "@due_place");
		append_sla_status(st, f, &phases[i]);
		appendStringInfoChar(&st->sql, ')');
	}
	appendStringInfoChar(&st->sql, ')');
	append_priority(st, f, 0);
}

/*
 * The text before and after tasks that are to be read for each inactive member
 * of staff, as s.  Their tasks may be few and anywhere in the order of the
 * sort: OFFSET keeps the planner from scanning the sort's index, so that it
 * uses the assignee's.
 */
#define EACH_INACTIVE_BEGIN(columns) \
	"SELECT " columns " FROM @.taskq_staff_member s CROSS JOIN LATERAL ("
#define EACH_INACTIVE_END " OFFSET 0) i WHERE NOT s.is_active"

/* The keys of a sort, all in one direction, for tasks that are read together; the id is the last. */
static const struct
{
	const char *k1;
	const char *k2;
	const char *direction;
}			sort_keys[] = {
	{"@due_place", NULL, ""},
	{RANK_KEY, "@due_place", ""},
	{NULL, NULL, " DESC"},
	{SLA_KEY, NULL, ""},
	{"CASE WHEN " ACTIVE " THEN " NOT_CLOSED " ELSE @place END", NULL, " DESC"}
};

void
statement_begin(Statement *st)
{
	initStringInfo(&st->sql);

	/* $1 is the instant in every statement. */
	st->types[0] = TIMESTAMPTZOID;
	st->values[0] = TimestampTzGetDatum(GetCurrentStatementStartTimestamp());
	st->nparams = 1;
}

/*
 * ORDER BY and LIMIT; the arguments are what the keys are called there.
 * "nobody" is the assignee, NULL in all tasks of a page of unassigned ones:
 * PostgreSQL does not know of IS NULL, unlike of an equality, that the next
 * column of an index is in order, but of the column that it is itself.
 */
static void
append_order(Statement *st, const QueuePage *page, const char *nobody, const char *k1, const char *k2, const char *id)
{
	const char *direction = sort_keys[page->sort].direction;

	appendStringInfoString(&st->sql, " ORDER BY ");
	if (OF_NOBODY(page->filters))
		appendStringInfo(&st->sql, "%s%s, ", nobody, direction);
	if (k1 != NULL)
		appendStringInfo(&st->sql, "%s%s, ", k1, direction);
	if (k2 != NULL)
		appendStringInfo(&st->sql, "%s%s, ", k2, direction);
	appendStringInfo(&st->sql, "%s%s LIMIT %d", id, direction, page->limit);
}

/* Whether a key is the same for all tasks of a part, which come last, by their ids. */
static bool
is_last(const char *k1)
{
	return k1 != NULL && (strcmp(k1, NOT_CLOSED) == 0 || strcmp(k1, NEVER) == 0);
}

/* The condition that a task comes after the position; k1 and k2 are as of the sort. */
static void
append_position(Statement *st, const QueuePage *page, const char *k1, const char *k2)
{
	const Position *pos = page->pos;
	bool		descends = sort_keys[page->sort].direction[0] != '\0';

	if (!pos->given)
		return;
	if (is_last(k1))
	{
		if (pos->at == (descends ? DT_NOBEGIN : DT_NOEND))
			add_param(st, descends ? " AND t.id " LT " " : " AND t.id " GT " ", INT8OID, Int64GetDatum(pos->id), "");
		return;
	}
	appendStringInfoString(&st->sql, " AND (");
	if (k1 != NULL)
		appendStringInfo(&st->sql, "%s, ", k1);
	if (k2 != NULL)
		appendStringInfo(&st->sql, "%s, ", k2);
	appendStringInfo(&st->sql, "t.id) %s (", descends ? LT : GT);
	switch (page->sort)
	{
		case SORT_DUE:
			add_param(st, "", INT8OID, Int64GetDatum(PLACE(pos->due_date, pos->rank)), ", ");
			break;
		case SORT_PRIORITY:
			add_param(st, "", INT4OID, Int32GetDatum(pos->rank), ", ");
			add_param(st, "", INT8OID, Int64GetDatum(PLACE(pos->due_date, pos->rank)), ", ");
			break;
		case SORT_CREATED:
			break;
		case SORT_SLA:
			add_param(st, "", TIMESTAMPTZOID, TimestampTzGetDatum(pos->at), ", ");
			break;
		case SORT_CLOSED:
			add_param(st, "", INT8OID, Int64GetDatum(pos->at), ", ");
			break;
	}
	add_param(st, "", INT8OID, Int64GetDatum(pos->id), ")");
}

static void
begin_part(Statement *st, QueuePage *page, const char *k1, const char *k2)
{
	appendStringInfo(&st->sql, "%s(SELECT t.id", page->nparts++ > 0 ? " UNION ALL " : "");
	if (page->by_ctid)
		appendStringInfoString(&st->sql, ", t.ctid AS tid");
	if (page->with_texts)
		appendStringInfoString(&st->sql, ", t.title, t.description, t.user_id");
	if (OF_NOBODY(page->filters))
		appendStringInfoString(&st->sql, ", t.assignee_id AS nobody");
	if (k1 != NULL)
		appendStringInfo(&st->sql, ", %s AS k1", k1);
	if (k2 != NULL)
		appendStringInfo(&st->sql, ", %s AS k2", k2);
	appendStringInfoString(&st->sql, " FROM @.taskq_task t WHERE ");
}

/* Tasks of one branch, in the order of an index; "also" is a condition of the index. */
static void
append_range(Statement *st, QueuePage *page, const Branch *b, const char *k1, const char *k2, const char *also)
{
	Branch		branch = *b;

	if (!has_sla_status(page->filters, b))
		return;
	/* Else the scan would begin at the bound, and not at the position. */
	if (page->pos->given && page->sort == SORT_DUE && branch.due_from <= page->pos->due_date)
		DATE_NOBEGIN(branch.due_from);
	begin_part(st, page, k1, k2);
	append_branch(st, page->filters, &branch, page->sort == SORT_SLA || (page->sort == SORT_CLOSED && !OF_ASSIGNEE(page->filters)));
	append_filters(st, page->filters);
	appendStringInfoString(&st->sql, also);
	if (page->without_last)
		appendStringInfoString(&st->sql, page->sort == SORT_SLA ? " AND " SLA_KEY " " LT " " NEVER : " AND @place " GT " " NOT_CLOSED);
	append_position(st, page, k1, k2);
	append_order(st, page, "t.assignee_id", k1, k2, "t.id");
	appendStringInfoChar(&st->sql, ')');
}

static void
append_range_by_rank(Statement *st, QueuePage *page, const Branch *b, const char *k1)
{
	Branch		split[N_PRIORITIES];
	int			n = split_by_rank(page->filters, b, split);

	for (int i = 0; i < n; i++)
		append_range(st, page, &split[i], k1, NULL, "");
}

/*
 * Tasks of several phases, read together and sorted by these keys and the id.
 * Without other filters an order by the id alone is that of the primary key.
 */
static void
append_sorted(Statement *st, QueuePage *page, const Branch *phases, int n, const char *k1, const char *k2)
{
	const Filters *f = page->filters;
	bool		by_id = k1 == NULL || is_last(k1);
	Branch		possible[MAX_BRANCHES];
	int			m = 0;

	for (int i = 0; i < n; i++)
		if (has_sla_status(f, &phases[i]))
			possible[m++] = phases[i];
	if (m == 0)
		return;
	page->ordered &= by_id && !OF_ASSIGNEE(f) && !OF_FEW(f);
	begin_part(st, page, k1, k2);
	append_phases(st, f, possible, m);
	append_filters(st, f);
	append_position(st, page, k1, k2);
	append_order(st, page, "t.assignee_id", k1, k2, "t.id");
	appendStringInfoChar(&st->sql, ')');
}

/* What the filters' priorities are between, as a range of taskq_task_queue_idx. */
static const char *
rank_range(const Filters *f)
{
	int			least = 1;
	int			most = N_PRIORITIES;

	if (f->any_priority)
		return "";
	while (!f->priority[N_PRIORITIES - least])
		least++;
	while (!f->priority[N_PRIORITIES - most])
		most--;
	return psprintf(" AND " RANK_KEY " " GE " %d AND " RANK_KEY " " LE " %d", least, most);
}

/* Adds the ranges of one branch. */
static void
append_branch_ranges(Statement *st, QueuePage *page, const Branch *b)
{
	const Filters *f = page->filters;
	const char *place = place_key(f, b);

	switch (page->sort)
	{
		case SORT_DUE:
			append_range_by_rank(st, page, b, place);
			break;
		case SORT_PRIORITY:
			append_range(st, page, b, RANK_KEY, place, rank_range(f));
			break;
		case SORT_SLA:
			if (BRANCH_IS_ACTIVE(b))
			{
				append_range(st, page, b, SLA_KEY, NULL, " AND t.sla_breached_at IS NULL");
				append_range(st, page, b, SLA_KEY, NULL, " AND t.sla_breached_at IS NOT NULL AND t.sla_due_at IS NOT NULL");
				break;
			}
			append_range(st, page, b, SLA_KEY, NULL, " AND t.sla_due_at IS NOT NULL");
			if (f->sla_status[SLA_NONE] && !page->without_last)
			{
				append_range(st, page, b, NEVER, NULL, " AND t.sla_due_at IS NULL");
				page->ordered = false;	/* by the id, and not known to be by the deadline */
			}
			break;
		case SORT_CLOSED:
			if (OF_ASSIGNEE(f))
				append_range_by_rank(st, page, b, "@place");
			else
				append_range(st, page, b, "@place", NULL, "");
			break;
		case SORT_CREATED:
			break;
	}
}

/*
 * Whether a search looks at the first tasks in the order of the sort before it
 * reads all, in no order.
 */
bool
search_begins_with_window(const Filters *f)
{
	return f->search != NULL && !OF_ASSIGNEE(f) && !OF_FEW(f);
}

/*
 * Whether tasks come last that have nothing to be sorted by, only an id, and
 * the position is not among them.  No index has just these, so that finding
 * the first one may take long.
 */
bool
page_has_last(const Filters *f, QueueSort sort, const Position *pos)
{
	bool		closed = f->status[STATUS_COMPLETED] || f->status[STATUS_CANCELLED];
	bool		active = f->status[STATUS_OPEN] || f->status[STATUS_IN_PROGRESS] || f->status[STATUS_OVERDUE];

	if (OF_FEW(f))
		return false;
	if (sort == SORT_SLA)
		return closed && f->sla_status[SLA_NONE] && !OF_ASSIGNEE(f) && !(pos->given && pos->at == DT_NOEND);
	return sort == SORT_CLOSED && closed && active && !(pos->given && pos->at == DT_NOBEGIN);
}

/* The order of what is merged. */
static void
append_merged_order(Statement *st, const QueuePage *page)
{
	append_order(st, page, "nobody", sort_keys[page->sort].k1 != NULL ? "k1" : NULL,
				 sort_keys[page->sort].k2 != NULL ? "k2" : NULL, "id");
}

/*
 * Appends what is to be merged.  taskq_task_assignee_idx has active tasks of an
 * assignee in the orders due and priority, closed ones in the order closed;
 * taskq_task_team_idx those of a team.
 * A search reads all tasks of its statuses, unless the user has made an index
 * for it.
 */
static void
append_ranges(Statement *st, QueuePage *page)
{
	const Filters *f = page->filters;
	QueueSort	sort = page->sort;
	Branch		stages[MAX_BRANCHES];
	Branch		phases[MAX_BRANCHES];
	int			nstages;
	int			nphases = status_phases(f, phases);
	int			active_stages;
	int			active_phases = count_active(phases, nphases);

	if (OF_FEW(f) || sort == SORT_CREATED ||
		(sort == SORT_SLA && OF_ASSIGNEE(f)) || search_begins_with_window(f))
	{
		append_sorted(st, page, phases, nphases, sort_keys[sort].k1, sort_keys[sort].k2);
		return;
	}
	nstages = status_stages(f, stages);
	active_stages = count_active(stages, nstages);
	if (sort == SORT_CLOSED && !page->without_last)
	{
		append_sorted(st, page, phases, active_phases, NOT_CLOSED, NULL);
		page->ordered &= active_phases == 0 || active_phases == nphases;
	}
	else if (sort != SORT_CLOSED)
		for (int i = 0; i < active_stages; i++)
			append_branch_ranges(st, page, &stages[i]);
	if (OF_ASSIGNEE(f) && sort != SORT_CLOSED)
		append_sorted(st, page, phases + active_phases, nphases - active_phases, sort_keys[sort].k1, sort_keys[sort].k2);
	else
		for (int i = active_stages; i < nstages; i++)
			append_branch_ranges(st, page, &stages[i]);
}

/* Appends the SELECT of a page's ids in its order; false if there can be none. */
bool
append_ids(Statement *st, QueuePage *page)
{
	bool		each_inactive = page->filters->assignee_is_active == BOOL_FALSE;

	if (each_inactive)
		appendStringInfoString(&st->sql, EACH_INACTIVE_BEGIN("i.*"));
	append_ranges(st, page);
	if (page->nparts > 1)
		append_merged_order(st, page);
	if (each_inactive)
	{
		appendStringInfoString(&st->sql, EACH_INACTIVE_END);
		append_merged_order(st, page);
		page->ordered = false;
	}
	return page->nparts > 0;
}

/* The tasks that filters leave, to be counted; false if there can be none. */
bool
append_counted(Statement *st, const Filters *f)
{
	bool		together = f->search != NULL || OF_FEW(f) || OF_ASSIGNEE(f);
	bool		each_inactive = f->assignee_is_active == BOOL_FALSE;
	Branch		branches[MAX_BRANCHES];
	int			all = together ? status_phases(f, branches) : status_stages(f, branches);
	int			n = 0;

	for (int i = 0; i < all; i++)
		if (has_sla_status(f, &branches[i]))
			branches[n++] = branches[i];
	for (int i = 0; i < (together ? Min(n, 1) : n); i++)
	{
		appendStringInfo(&st->sql, "%s%sSELECT FROM @.taskq_task t WHERE ", i > 0 ? " UNION ALL " : "",
						 each_inactive ? EACH_INACTIVE_BEGIN("") : "");
		if (together)
			append_phases(st, f, branches, n);
		else
		{
			append_branch(st, f, &branches[i], false);
			if (f->any_priority && BRANCH_IS_ACTIVE(&branches[i]))
				appendStringInfoString(&st->sql, " AND " ANY_RANK);
		}
		append_filters(st, f);
		if (each_inactive)
			appendStringInfoString(&st->sql, EACH_INACTIVE_END);
	}
	return n > 0;
}
