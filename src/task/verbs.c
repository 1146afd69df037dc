/*-------------------------------------------------------------------------
 *
 * verbs.c
 *		The verbs: what an application may do to a task.
 *
 * A verb is one UPDATE; the triggers decide whether it is allowed, write the
 * stamps and the history, and skip a row that has the values already, in which
 * case a second statement reads it.  A verb for many tasks first locks them in
 * order of id, so that two such calls cannot deadlock, and then is one UPDATE
 * too, which finds them where they were locked if it can.  That a task is still
 * as the caller has read it is checked by the trigger, on the row that it
 * locks, so that of two callers at once one fails (unchanged.c).  Everything runs
 * with the caller's rights, except inserting a comment.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/syscache.h"
#include "utils/tuplestore.h"

#include "base/actor.h"
#include "base/catalog.h"
#include "base/compat.h"
#include "base/plan.h"
#include "base/text.h"
#include "task/change.h"
#include "task/fields.h"
#include "task/row.h"
#include "task/title.h"
#include "task/verbs.h"

/* A verb's statement for one task ($1 = id) and for many ($1 = ids or ctids). */
typedef struct Verb
{
	TaskVerb	verb;
	TaskqPlan	one;
	TaskqPlan	by_id;
	TaskqPlan	by_ctid;
} Verb;

#define VERB(verb, set) \
	{verb, \
	{"UPDATE @.taskq_task AS t SET " set " WHERE t.id " EQ " $1 RETURNING t"}, \
	{"UPDATE @.taskq_task AS t SET " set " WHERE t.id " EQ " ANY ($1)"}, \
	{"UPDATE ONLY @.taskq_task AS t SET " set " WHERE t.ctid " EQ " ANY ($1) RETURNING t, t.id"}}

static Verb start_verb = VERB(VERB_START, "status = 'IN_PROGRESS'");
static Verb complete_verb = VERB(VERB_OTHER, "status = 'COMPLETED'");
static Verb cancel_verb = VERB(VERB_OTHER, "status = 'CANCELLED'");
static Verb assign_verb = VERB(VERB_OTHER, "assignee_id = $2");
static Verb assign_team_verb = VERB(VERB_OTHER, "team_id = $2");
static Verb reschedule_verb = VERB(VERB_OTHER, "due_date = $2");
static Verb prioritize_verb = VERB(VERB_OTHER, "priority = $2");
static Verb set_sla_verb = VERB(VERB_SET_SLA, "sla_hours = $2");
static Verb pause_verb = VERB(VERB_OTHER,
							  "paused_at = coalesce(t.paused_at, pg_catalog.statement_timestamp()), pause_reason = $2, resume_at = $3");
static Verb resume_verb = VERB(VERB_RESUME, "paused_at = NULL");
static Verb apply_policy_verb = VERB(VERB_APPLY_POLICY, "sla_policy = $2, sla_from = coalesce($3, t.sla_from)");
#define EDIT_TEXTS \
	"title = coalesce($2, t.title), description = " \
	"CASE WHEN $3 IS NULL THEN t.description WHEN $3 " EQ " '' THEN NULL ELSE $3 END"
static Verb edit_verb = VERB(VERB_OTHER, EDIT_TEXTS);
/* That none are stored as NULL is done by the triggers. */
static Verb edit_fields_verb = VERB(VERB_OTHER, EDIT_TEXTS
									", labels = coalesce($4, t.labels), attributes = coalesce($5, t.attributes)");

static TaskqPlan read_one = {
	"SELECT t FROM @.taskq_task t WHERE t.id " EQ " $1"
};
static TaskqPlan read_many = {
	"SELECT t FROM @.taskq_task t WHERE t.id " EQ " ANY ($1) ORDER BY t.id"
};
#define LOCK_MANY(columns) \
	"SELECT " columns " FROM @.taskq_task t WHERE t.id " EQ " ANY ($1) ORDER BY t.id FOR NO KEY UPDATE"
static TaskqPlan lock_by_id = {LOCK_MANY("t.id")};
static TaskqPlan lock_by_ctid = {LOCK_MANY("t.id, t.ctid")};

/* FOR KEY SHARE requires the right to update, but does not block updates. */
static TaskqPlan comment_lock = {
	"SELECT t.* FROM @.taskq_task t WHERE t.id " EQ " ANY ($1) ORDER BY t.id FOR KEY SHARE"
};

/* What a verb takes besides the id: up to four values. */
#define MAX_VERB_ARGS 4
typedef struct VerbArgs
{
	int			n;
	Oid			types[MAX_VERB_ARGS];
	Datum		values[MAX_VERB_ARGS];
	char		nulls[MAX_VERB_ARGS];
} VerbArgs;

/* Distinct ids in ascending order. */
typedef struct IdList
{
	int			n;
	int64	   *ids;
	Datum		array;			/* bigint[] */
} IdList;

pg_noreturn static void
no_such_task(int64 id)
{
	ereport(ERROR,
			(errcode(ERRCODE_NO_DATA_FOUND),
			 errmsg("task " INT64_FORMAT " does not exist", id)));
}

static int
compare_ids(const void *a, const void *b)
{
	int64		x = *(const int64 *) a;
	int64		y = *(const int64 *) b;

	return x < y ? -1 : x > y ? 1 : 0;
}

static IdList
ids_argument(FunctionCallInfo fcinfo)
{
	IdList		list = {0};
	Datum	   *datums;
	bool	   *nulls;
	int			n;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("ids must not be null")));
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(0), INT8OID, sizeof(int64),
					  FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &datums, &nulls, &n);
	list.ids = palloc(Max(n, 1) * sizeof(int64));
	for (int i = 0; i < n; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("ids must not contain null (element %d)", i + 1)));
		list.ids[i] = DatumGetInt64(datums[i]);
	}
	qsort(list.ids, n, sizeof(int64), compare_ids);
	for (int i = 0; i < n; i++)
		if (i == 0 || list.ids[i] != list.ids[i - 1])
			list.ids[list.n++] = list.ids[i];
	list.array = id_array(list.ids, list.n);
	return list;
}

/* P0002 unless the first column of SPI's result is exactly the list. */
static void
check_all_found(const IdList *list)
{
	for (int i = 0; i < list->n; i++)
	{
		bool		isnull;

		if (i >= SPI_processed ||
			DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull)) != list->ids[i])
			no_such_task(list->ids[i]);
	}
}

/* The ctids of the tasks that SPI has just locked, as tid[]. */
static Datum
ctids_of_locked(void)
{
	Datum	   *ctids = palloc(SPI_processed * sizeof(Datum));

	for (uint64 i = 0; i < SPI_processed; i++)
	{
		bool		isnull;

		ctids[i] = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 2, &isnull);
	}
	return PointerGetDatum(construct_array(ctids, (int) SPI_processed, TIDOID,
										   sizeof(ItemPointerData), false, TYPALIGN_SHORT));
}

/* Returns SPI's result, whole rows in its first column, as that of the function. */
void
return_rows(FunctionCallInfo fcinfo)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

	for (uint64 i = 0; i < SPI_processed; i++)
	{
		bool		isnull;
		HeapTupleHeader header = DatumGetHeapTupleHeader(SPI_getbinval(SPI_tuptable->vals[i],
																	   SPI_tuptable->tupdesc, 1, &isnull));
		HeapTupleData tuple;

		tuple.t_len = HeapTupleHeaderGetDatumLength(header);
		ItemPointerSetInvalid(&tuple.t_self);
		tuple.t_tableOid = InvalidOid;
		tuple.t_data = header;
		tuplestore_puttuple(rsinfo->setResult, &tuple);
	}
}

/* Fills in the parameters of a verb's statement after the id or ids. */
static int
bind(const VerbArgs *args, Oid *types, Datum *values, char *nulls)
{
	nulls[0] = ' ';
	for (int i = 0; i < args->n; i++)
	{
		types[i + 1] = args->types[i];
		values[i + 1] = args->values[i];
		nulls[i + 1] = args->nulls[i];
	}
	return args->n + 1;
}

/*
 * Throws why an update did not affect a task that the caller can read: row
 * security (42501), or a trigger or rule (09000).
 */
pg_noreturn static void
refuse_untouched(int64 id)
{
	Oid			types[] = {INT8ARRAYOID};
	Datum		values[] = {id_array(&id, 1)};

	spi_run(&lock_by_id, 1, types, values, NULL, 1);
	if (SPI_processed == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for task " INT64_FORMAT, id),
				 errdetail("Row security policies do not permit the current role to update this task.")));
	ereport(ERROR,
			(errcode(ERRCODE_TRIGGERED_ACTION_EXCEPTION),
			 errmsg("task " INT64_FORMAT " was not changed: a trigger or rule on taskq_task suppressed the update", id)));
}

/*
 * Argument if_unchanged_since, which is between a verb's other arguments and
 * actor, the last; false if it is NULL, or there is none, as in functions for
 * many tasks and before 0.3.0.
 */
static bool
since_argument(FunctionCallInfo fcinfo, int argno, TimestampTz *since)
{
	if (PG_NARGS() < argno + 2 || PG_ARGISNULL(argno))
		return false;
	*since = PG_GETARG_TIMESTAMPTZ(argno);
	if (TIMESTAMP_NOT_FINITE(*since))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("if_unchanged_since must be a finite instant: the updated_at that was read")));
	return true;
}

/* Applies a verb to one task and returns its row. */
static Datum
act_on_one(FunctionCallInfo fcinfo, Verb *verb, const VerbArgs *args, text *note, int nargs_before)
{
	int64		id = id_argument(fcinfo, "task NULL does not exist");
	Oid			types[MAX_VERB_ARGS + 1] = {INT8OID};
	Datum		values[MAX_VERB_ARGS + 1] = {Int64GetDatum(id)};
	char		nulls[MAX_VERB_ARGS + 1];
	int			nargs = bind(args, types, values, nulls);
	TimestampTz since;
	bool		given = since_argument(fcinfo, nargs_before, &since);
	Datum		row;
	bool		isnull;
	int			unchanged;

	spi_connect();
	unchanged = run_unless_changed(given ? &since : NULL, &verb->one, nargs, types, values, nulls, verb->verb,
								   actor_argument(fcinfo, PG_NARGS() - 1), note);
	if (SPI_processed == 0)
	{
		spi_run(&read_one, 1, types, values, NULL, 1);
		if (SPI_processed == 0)
			no_such_task(id);
		if (unchanged == 0)
			refuse_untouched(id);
	}
	row = SPI_datumTransfer(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull),
							false, -1);
	SPI_finish();
	return row;
}

/* PostgreSQL does not allow RETURNING where there is a conditional rule. */
static bool
task_has_rules(void)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(taskq_catalog()->task));
	bool		result;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "relation %u does not exist", taskq_catalog()->task);
	result = ((Form_pg_class) GETSTRUCT(tuple))->relhasrules;
	ReleaseSysCache(tuple);
	return result;
}

static int
compare_rows(const void *a, const void *b, void *desc)
{
	bool		isnull;
	int64		x = DatumGetInt64(SPI_getbinval(*(const HeapTuple *) a, desc, 2, &isnull));
	int64		y = DatumGetInt64(SPI_getbinval(*(const HeapTuple *) b, desc, 2, &isnull));

	return x < y ? -1 : x > y ? 1 : 0;
}

/* Applies a verb to many tasks and returns their rows in order of id. */
static Datum
act_on_many(FunctionCallInfo fcinfo, Verb *verb, const VerbArgs *args, text *note)
{
	IdList		list = ids_argument(fcinfo);
	Oid			types[MAX_VERB_ARGS + 1] = {INT8ARRAYOID};
	Datum		values[MAX_VERB_ARGS + 1] = {list.array};
	char		nulls[MAX_VERB_ARGS + 1];
	int			nargs = bind(args, types, values, nulls);
	text	   *actor = actor_argument(fcinfo, PG_NARGS() - 1);
	bool		by_ctid = task_ctids_serve() && !task_has_rules();
	int			unchanged;

	InitMaterializedSRF(fcinfo, 0);
	if (list.n == 0)
		return (Datum) 0;
	spi_connect();
	spi_run(by_ctid ? &lock_by_ctid : &lock_by_id, 1, types, values, NULL, 0);
	check_all_found(&list);
	if (by_ctid)
	{
		types[0] = TIDARRAYOID;
		values[0] = ctids_of_locked();
	}
	unchanged = run_as_call(by_ctid ? &verb->by_ctid : &verb->by_id, nargs, types, values, nulls,
							verb->verb, actor, note);
	if (SPI_processed + unchanged < (uint64) list.n)
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_ACTION_EXCEPTION),
				 errmsg("%d of %d tasks were not changed: a trigger or rule on taskq_task suppressed the update",
						list.n - unchanged - (int) SPI_processed, list.n)));
	if (unchanged == 0 && by_ctid)
		qsort_arg(SPI_tuptable->vals, SPI_processed, sizeof(HeapTuple), compare_rows, SPI_tuptable->tupdesc);
	else
	{
		types[0] = INT8ARRAYOID;
		values[0] = list.array;
		spi_run(&read_many, 1, types, values, NULL, 0);
	}
	return_rows(fcinfo);
	SPI_finish();
	return (Datum) 0;
}

/* ---- arguments ---- */

static void
add_arg(VerbArgs *args, Oid type, FunctionCallInfo fcinfo, int argno)
{
	args->types[args->n] = type;
	args->nulls[args->n] = PG_ARGISNULL(argno) ? 'n' : ' ';
	args->values[args->n] = PG_ARGISNULL(argno) ? (Datum) 0 : PG_GETARG_DATUM(argno);
	args->n++;
}

static text *
note_argument(FunctionCallInfo fcinfo, int argno, const char *name)
{
	text	   *note;

	if (PG_ARGISNULL(argno))
		return NULL;
	note = PG_GETARG_TEXT_PP(argno);
	check_text(name, note, 0, TEXT_MAX);
	return note;
}

static VerbArgs
assign_args(FunctionCallInfo fcinfo)
{
	VerbArgs	args = {0};

	add_arg(&args, TEXTOID, fcinfo, 1);
	return args;
}

static VerbArgs
reschedule_args(FunctionCallInfo fcinfo)
{
	VerbArgs	args = {0};

	if (!PG_ARGISNULL(1))
		check_due_date(PG_GETARG_DATEADT(1));
	add_arg(&args, DATEOID, fcinfo, 1);
	return args;
}

static VerbArgs
prioritize_args(FunctionCallInfo fcinfo)
{
	VerbArgs	args = {0};

	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("priority must be LOW, MEDIUM, HIGH or URGENT, not null")));
	add_arg(&args, taskq_catalog()->priority_type, fcinfo, 1);
	return args;
}

static VerbArgs
set_sla_args(FunctionCallInfo fcinfo)
{
	VerbArgs	args = {0};

	if (!PG_ARGISNULL(1))
		check_sla_hours(PG_GETARG_FLOAT8(1));
	add_arg(&args, FLOAT8OID, fcinfo, 1);
	return args;
}

static VerbArgs
pause_args(FunctionCallInfo fcinfo)
{
	VerbArgs	args = {0};

	if (!PG_ARGISNULL(1))
		check_text("reason", PG_GETARG_TEXT_PP(1), 0, TEXT_MAX);
	if (!PG_ARGISNULL(2) && (TIMESTAMP_NOT_FINITE(PG_GETARG_TIMESTAMPTZ(2)) ||
							 PG_GETARG_TIMESTAMPTZ(2) <= GetCurrentStatementStartTimestamp()))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("until must be an instant that is still to come")));
	add_arg(&args, TEXTOID, fcinfo, 1);
	add_arg(&args, TIMESTAMPTZOID, fcinfo, 2);
	return args;
}

static VerbArgs
apply_policy_args(FunctionCallInfo fcinfo)
{
	VerbArgs	args = {0};

	if (!PG_ARGISNULL(2))
		check_sla_from("since", PG_GETARG_TIMESTAMPTZ(2));
	add_arg(&args, TEXTOID, fcinfo, 1);
	add_arg(&args, TIMESTAMPTZOID, fcinfo, 2);
	return args;
}

/* Whether labels or attributes are given to edit a task; before 0.3.0 there were none. */
static bool
edits_fields(FunctionCallInfo fcinfo)
{
	return PG_NARGS() > 4 && (!PG_ARGISNULL(3) || !PG_ARGISNULL(4));
}

static VerbArgs
edit_args(FunctionCallInfo fcinfo)
{
	VerbArgs	args = {0};

	add_arg(&args, TEXTOID, fcinfo, 1);
	if (!PG_ARGISNULL(1))
		args.values[0] = PointerGetDatum(accept_title(PG_GETARG_TEXT_PP(1)));
	if (!PG_ARGISNULL(2))
		check_text("description", PG_GETARG_TEXT_PP(2), 0, TEXT_MAX);
	add_arg(&args, TEXTOID, fcinfo, 2);
	if (edits_fields(fcinfo))
	{
		add_arg(&args, TEXTARRAYOID, fcinfo, 3);
		add_arg(&args, JSONBOID, fcinfo, 4);
		if (args.nulls[2] == ' ' && labels_argument(DatumGetArrayTypeP(args.values[2])) == NULL)
			args.values[2] = PointerGetDatum(construct_empty_array(TEXTOID));
		if (args.nulls[3] == ' ')
			(void) attributes_argument(DatumGetJsonbP(args.values[3]));
		if (args.nulls[3] == ' ' && json_is_null(DatumGetJsonbP(args.values[3])))
			args.nulls[3] = 'n';
	}
	return args;
}

/* ---- the verbs, each for one task and for many ---- */

/* nargs_before: how many arguments come before if_unchanged_since, or actor. */
#define DEFINE_VERB(name, args_expr, note_expr, nargs_before) \
	DEFINE_VERB_WITH(name, name##_verb, args_expr, note_expr, nargs_before)

#define DEFINE_VERB_WITH(name, verb, args_expr, note_expr, nargs_before) \
PG_FUNCTION_INFO_V1(taskq_##name); \
Datum \
taskq_##name(PG_FUNCTION_ARGS) \
{ \
	VerbArgs	args = args_expr; \
\
	return act_on_one(fcinfo, &(verb), &args, note_expr, nargs_before); \
} \
PG_FUNCTION_INFO_V1(taskq_##name##_many); \
Datum \
taskq_##name##_many(PG_FUNCTION_ARGS) \
{ \
	VerbArgs	args = args_expr; \
\
	return act_on_many(fcinfo, &(verb), &args, note_expr); \
} \
extern Datum taskq_##name##_many(PG_FUNCTION_ARGS)

DEFINE_VERB(start, {0}, NULL, 1);
DEFINE_VERB(complete, {0}, note_argument(fcinfo, 1, "note"), 2);
DEFINE_VERB(cancel, {0}, note_argument(fcinfo, 1, "reason"), 2);
DEFINE_VERB(assign, assign_args(fcinfo), NULL, 2);
DEFINE_VERB(assign_team, assign_args(fcinfo), NULL, 2);
DEFINE_VERB(reschedule, reschedule_args(fcinfo), NULL, 2);
DEFINE_VERB(prioritize, prioritize_args(fcinfo), NULL, 2);
/* Before 0.3.0 it had no note. */
DEFINE_VERB(set_sla, set_sla_args(fcinfo),
			PG_NARGS() > 3 ? note_argument(fcinfo, 2, "note") : NULL, PG_NARGS() > 3 ? 3 : 2);
DEFINE_VERB_WITH(edit, *(edits_fields(fcinfo) ? &edit_fields_verb : &edit_verb),
				 edit_args(fcinfo), NULL, PG_NARGS() > 5 ? 5 : 3);
DEFINE_VERB(pause, pause_args(fcinfo), NULL, 3);
DEFINE_VERB(resume, {0}, note_argument(fcinfo, 1, "note"), 2);
DEFINE_VERB(apply_policy, apply_policy_args(fcinfo), NULL, 3);

/* ---------------------------------------------------------------- comments */

/*
 * Adds a note to tasks that the caller may see and update.  Leaves SPI
 * connected, for the caller to read the rows.
 */
static void
comment_on(const IdList *list, FunctionCallInfo fcinfo)
{
	Oid			types[] = {INT8ARRAYOID};
	Datum		values[] = {list->array};
	text	   *note;
	TaskqCall	call;

	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("note must be 1 to %d characters, not null", TEXT_MAX)));
	note = PG_GETARG_TEXT_PP(1);
	check_text("note", note, 1, TEXT_MAX);

	call_begin(&call, VERB_OTHER, actor_argument(fcinfo, 2));
	PG_TRY();
	{
		TaskRow		row;
		ChangeBatch batch;
		TaskChange	change = {CHANGE_COMMENT, &row, &row, note};
		SPITupleTable *tasks;

		spi_connect();
		spi_run(&comment_lock, 1, types, values, NULL, 0);
		check_all_found(list);
		tasks = SPI_tuptable;
		task_row_alloc(&row, tasks->tupdesc);
		(void) change_begin(&batch, list->n > 1, false);
		for (int i = 0; i < list->n; i++)
		{
			task_row_read(&row, tasks->vals[i]);
			change_add(&batch, &change);
		}
		change_end(&batch);
	}
	PG_FINALLY();
	{
		call_end(&call);
	}
	PG_END_TRY();
}

PG_FUNCTION_INFO_V1(taskq_comment);
Datum
taskq_comment(PG_FUNCTION_ARGS)
{
	int64		id = id_argument(fcinfo, "task NULL does not exist");
	IdList		list = {1, &id, id_array(&id, 1)};
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(id)};
	Datum		row;
	bool		isnull;

	comment_on(&list, fcinfo);
	spi_run(&read_one, 1, types, values, NULL, 1);
	if (SPI_processed == 0)
		no_such_task(id);
	row = SPI_datumTransfer(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull),
							false, -1);
	SPI_finish();
	return row;
}

PG_FUNCTION_INFO_V1(taskq_comment_many);
Datum
taskq_comment_many(PG_FUNCTION_ARGS)
{
	IdList		list = ids_argument(fcinfo);
	Oid			types[] = {INT8ARRAYOID};
	Datum		values[] = {list.array};

	InitMaterializedSRF(fcinfo, 0);
	comment_on(&list, fcinfo);
	spi_run(&read_many, 1, types, values, NULL, 0);
	return_rows(fcinfo);
	SPI_finish();
	return (Datum) 0;
}
