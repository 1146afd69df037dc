/*-------------------------------------------------------------------------
 *
 * filter.c
 *		The filters of a page, and the branches that they make.
 *
 * See page.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"

#include "base/calendar.h"
#include "base/catalog.h"
#include "base/compat.h"
#include "base/enums.h"
#include "queue/filter.h"

/* ------------------------------------------------------------- arguments */

/* The elements of an enum array as flags; NULL = all. */
static bool
enum_flags(FunctionCallInfo fcinfo, int argno, const char *name,
		   const Oid *values, int nvalues, bool *flags)
{
	Datum	   *elements;
	bool	   *nulls;
	int			n;

	if (PG_ARGISNULL(argno))
	{
		memset(flags, true, nvalues * sizeof(bool));
		return true;
	}
	memset(flags, false, nvalues * sizeof(bool));
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(argno), ARR_ELEMTYPE(PG_GETARG_ARRAYTYPE_P(argno)),
					  sizeof(Oid), true, TYPALIGN_INT, &elements, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("%s must not contain null (element %d)", name, i + 1)));
		flags[enum_index(DatumGetObjectId(elements[i]), values, nvalues)] = true;
	}
	for (int i = 0; i < nvalues; i++)
		if (!flags[i])
			return false;
	return true;
}

static Datum
text_filter(FunctionCallInfo fcinfo, int argno)
{
	return PG_ARGISNULL(argno) ? (Datum) 0 : PG_GETARG_DATUM(argno);
}

/* Whether a filter that came later is given: the SQL of an older version does not have it. */
static bool
later_given(FunctionCallInfo fcinfo, int argno)
{
	return argno < PG_NARGS() && !PG_ARGISNULL(argno);
}

static BoolFilter
later_bool_filter(FunctionCallInfo fcinfo, int argno)
{
	if (!later_given(fcinfo, argno))
		return BOOL_ANY;
	return PG_GETARG_BOOL(argno) ? BOOL_TRUE : BOOL_FALSE;
}

/* "later" is the number of the first filter that came later. */
Filters
filter_arguments(FunctionCallInfo fcinfo, int later)
{
	const TaskqCatalog *cat = taskq_catalog();
	Filters		f = {0};

	(void) enum_flags(fcinfo, ARG_STATUS, "status", cat->status, N_STATUSES, f.status);
	f.any_priority = enum_flags(fcinfo, ARG_PRIORITY, "priority", cat->priority, N_PRIORITIES, f.priority);
	f.any_sla_status = enum_flags(fcinfo, ARG_SLA_STATUS, "sla_status", cat->sla_status, N_SLA_STATUSES, f.sla_status);
	f.assignee_id = text_filter(fcinfo, ARG_ASSIGNEE_ID);
	f.user_id = text_filter(fcinfo, ARG_USER_ID);
	f.source = text_filter(fcinfo, ARG_SOURCE);
	f.search = text_filter(fcinfo, ARG_SEARCH);
	f.unassigned = !PG_ARGISNULL(ARG_UNASSIGNED) && PG_GETARG_BOOL(ARG_UNASSIGNED);
	if (f.unassigned && f.assignee_id != (Datum) 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unassigned and assignee_id exclude each other")));

	/* A bound on the due date leaves out tasks that have none. */
	DATE_NOBEGIN(f.due_from);
	DATE_NOEND(f.due_to);
	if (!PG_ARGISNULL(ARG_DUE_FROM))
		f.due_from = PG_GETARG_DATEADT(ARG_DUE_FROM);
	if (!PG_ARGISNULL(ARG_DUE_TO))
		f.due_to = PG_GETARG_DATEADT(ARG_DUE_TO);
	if (!PG_ARGISNULL(ARG_DUE_FROM) || !PG_ARGISNULL(ARG_DUE_TO))
		f.due_to = Min(f.due_to, LAST_DATE);

	f.assignee_is_active = later_bool_filter(fcinfo, later + LATER_ASSIGNEE_IS_ACTIVE);
	return f;
}

/* -------------------------------------------------------------- branches */

static int
add_branch(Branch *branches, int n, const Filters *f, int phase, DateADT from, DateADT to)
{
	branches[n].phase = phase;
	branches[n].due_from = Max(from, f->due_from);
	branches[n].due_to = Min(to, f->due_to);
	branches[n].rank = 0;
	return branches[n].due_from <= branches[n].due_to ? n + 1 : n;
}

/* The branches that the filters' statuses ask for. */
int
status_branches(const Filters *f, Branch *branches)
{
	DateADT		begin;
	DateADT		end;
	DateADT		day = today();
	int			n = 0;

	if (!f->priority[0] && !f->priority[1] && !f->priority[2] && !f->priority[3])
		return 0;
	DATE_NOBEGIN(begin);
	DATE_NOEND(end);
	for (int phase = 0; phase <= 1; phase++)
	{
		bool		not_past = f->status[phase == 0 ? STATUS_OPEN : STATUS_IN_PROGRESS];

		if (not_past || f->status[STATUS_OVERDUE])
			n = add_branch(branches, n, f, phase,
						   f->status[STATUS_OVERDUE] ? begin : day,
						   not_past ? end : day - 1);
	}
	if (f->status[STATUS_COMPLETED])
		n = add_branch(branches, n, f, 2, begin, end);
	if (f->status[STATUS_CANCELLED])
		n = add_branch(branches, n, f, 3, begin, end);
	return n;
}

/*
 * Splits branches by priority where the page is filtered by it and no filter
 * is likely to be more selective: then each has its index.
 */
int
split_by_priority(const Filters *f, Branch *branches, int n)
{
	Branch		split[MAX_BRANCHES];
	int			m = 0;

	for (int i = 0; i < n; i++)
		for (int rank = 1; rank <= N_PRIORITIES; rank++)
			if (f->priority[N_PRIORITIES - rank])
			{
				split[m] = branches[i];
				split[m++].rank = rank;
			}
	memcpy(branches, split, m * sizeof(Branch));
	return m;
}
