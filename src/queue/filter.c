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
#include "base/plan.h"
#include "task/fields.h"
#include "task/row.h"
#include "queue/filter.h"
#include "queue/search.h"

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

static Datum
later_text_filter(FunctionCallInfo fcinfo, int argno)
{
	return later_given(fcinfo, argno) ? PG_GETARG_DATUM(argno) : (Datum) 0;
}

/* A task has all of no labels, so that an empty array is no filter. */
static Datum
labels_filter(FunctionCallInfo fcinfo, int argno)
{
	ArrayType  *labels = later_given(fcinfo, argno) ? PG_GETARG_ARRAYTYPE_P(argno) : NULL;

	if (labels == NULL || ARR_NDIM(labels) == 0)
		return (Datum) 0;
	if (array_contains_nulls(labels))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("labels must not contain null")));
	return PointerGetDatum(labels);
}

/* Neither is an empty object. */
static Datum
attributes_filter(FunctionCallInfo fcinfo, int argno)
{
	Jsonb	   *attributes = later_given(fcinfo, argno) ? PG_GETARG_JSONB_P(argno) : NULL;

	if (attributes == NULL || json_is_null(attributes))
		return (Datum) 0;
	if (!JB_ROOT_IS_OBJECT(attributes))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("attributes must be a JSON object")));
	return JB_ROOT_COUNT(attributes) == 0 ? (Datum) 0 : JsonbPGetDatum(attributes);
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
	f.search = PG_ARGISNULL(ARG_SEARCH) ? NULL : search_argument(PG_GETARG_DATUM(ARG_SEARCH));
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
	f.paused = later_bool_filter(fcinfo, later + LATER_PAUSED);
	f.kind = later_text_filter(fcinfo, later + LATER_KIND);
	f.team_id = later_text_filter(fcinfo, later + LATER_TEAM_ID);
	f.labels = labels_filter(fcinfo, later + LATER_LABELS);
	f.attributes = attributes_filter(fcinfo, later + LATER_ATTRIBUTES);
	return f;
}

/* -------------------------------------------------------------- branches */

/* Adds a range of due dates in one stage, unless the filters leave nothing of it. */
static int
add_branch(Branch *branches, int n, const Filters *f, int stage, DateADT from, DateADT to)
{
	branches[n].stage = stage;
	branches[n].due_from = Max(from, f->due_from);
	branches[n].due_to = Min(to, f->due_to);
	branches[n].rank = 0;
	return branches[n].due_from <= branches[n].due_to ? n + 1 : n;
}

static int
add_closed(Branch *branches, int n, const Filters *f)
{
	if (f->status[STATUS_COMPLETED])
		n = add_branch(branches, n, f, STAGE_COMPLETED, DATEVAL_NOBEGIN, DATEVAL_NOEND);
	if (f->status[STATUS_CANCELLED])
		n = add_branch(branches, n, f, STAGE_CANCELLED, DATEVAL_NOBEGIN, DATEVAL_NOEND);
	return n;
}

#define NO_PRIORITY(f) (!(f)->priority[0] && !(f)->priority[1] && !(f)->priority[2] && !(f)->priority[3])

/* In terms of taskq_task_queue_idx; $1 = today. */
#define ANY_IN_EACH_RANGE(stages, range) \
	"EXISTS (SELECT FROM pg_catalog.unnest('{" stages "}'::pg_catalog.int2[]) s(stage) " \
	"CROSS JOIN pg_catalog.unnest('{1,2,3,4}'::pg_catalog.int4[]) r(rank) " \
	"CROSS JOIN LATERAL (SELECT FROM @.taskq_task t WHERE @stage " EQ " s.stage AND @.taskq_priority_rank(t.priority) " EQ " r.rank " \
	"AND @due_place " range " ORDER BY @due_place LIMIT 1) e)"
static TaskqPlan any_stale = {
	"SELECT " ANY_IN_EACH_RANGE("0,1", LT " " PLACE_FROM("$1")) ", " ANY_IN_EACH_RANGE("4,5", GE " " PLACE_FROM("$1")),
	PLAN_ONCE | PLAN_BY_INDEX
};

/*
 * The branches that the filters' statuses ask for, by stages, those of active
 * tasks first.  Where no stored status is stale, as after a sweep, a stage is
 * all of a status, and no look at the due dates is needed.  SPI is connected.
 */
int
status_stages(const Filters *f, Branch *branches)
{
	static const int active[] = {
		STAGE_UNSTARTED, STAGE_STARTED, STAGE_UNSTARTED + STAGE_STORED_OVERDUE, STAGE_STARTED + STAGE_STORED_OVERDUE
	};
	Oid			type = DATEOID;
	DateADT		day = today();
	Datum		day_value = DateADTGetDatum(day);
	bool		stale[2] = {true, true};	/* past due and not stored as overdue; the reverse */
	bool		isnull;
	int			n = 0;

	if (NO_PRIORITY(f))
		return 0;
	/*
	 * Not for one assignee or team, whose tasks are few, nor for inactive ones,
	 * who may have none; and an older version has no index to look in.
	 */
	if (f->assignee_id == (Datum) 0 && f->team_id == (Datum) 0 && f->assignee_is_active != BOOL_FALSE && !taskq_catalog()->sql_is_older)
	{
		spi_read(&any_stale, 1, &type, &day_value);
		for (int i = 0; i < lengthof(stale); i++)
			stale[i] = DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, i + 1, &isnull));
	}
	for (int i = 0; i < lengthof(active); i++)
	{
		bool		started = active[i] % STAGE_STORED_OVERDUE == STAGE_STARTED;
		bool		stored = active[i] >= STAGE_STORED_OVERDUE;
		bool		has_past = stored || stale[0];
		bool		has_other = !stored || stale[1];
		bool		past = has_past && f->status[STATUS_OVERDUE];
		bool		other = has_other && f->status[started ? STATUS_IN_PROGRESS : STATUS_OPEN];

		if (past || other)
			n = add_branch(branches, n, f, active[i],
						   past || !has_past ? DATEVAL_NOBEGIN : day, other || !has_other ? DATEVAL_NOEND : day - 1);
	}
	return add_closed(branches, n, f);
}

/* The same by phases, as taskq_phase() says: no stage but the first four. */
int
status_phases(const Filters *f, Branch *branches)
{
	DateADT		day = today();
	int			n = 0;

	if (NO_PRIORITY(f))
		return 0;
	for (int phase = STAGE_UNSTARTED; phase <= STAGE_STARTED; phase++)
	{
		bool		past = f->status[STATUS_OVERDUE];
		bool		other = f->status[phase == STAGE_STARTED ? STATUS_IN_PROGRESS : STATUS_OPEN];

		if (past || other)
			n = add_branch(branches, n, f, phase, past ? DATEVAL_NOBEGIN : day, other ? DATEVAL_NOEND : day - 1);
	}
	return add_closed(branches, n, f);
}

/* Splits a branch by those of the four ranks that the filters ask for; returns how many there are. */
int
split_by_rank(const Filters *f, const Branch *branch, Branch *split)
{
	int			n = 0;

	for (int rank = 1; rank <= N_PRIORITIES; rank++)
		if (f->priority[N_PRIORITIES - rank])
		{
			split[n] = *branch;
			split[n++].rank = rank;
		}
	return n;
}
