/*-------------------------------------------------------------------------
 *
 * emit.c
 *		Events of the application: by function call, or by triggers on its tables.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "nodes/makefuncs.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/jsonb.h"
#include "utils/rel.h"
#include "utils/tuplestore.h"

#include "base/actor.h"
#include "base/catalog.h"
#include "base/contain.h"
#include "base/json.h"
#include "base/owner.h"
#include "base/plan.h"
#include "task/directory.h"
#include "task/row.h"
#include "engine/chain.h"
#include "engine/rule.h"
#include "engine/workflow.h"

static TaskqPlan tasks_of_runs = {
	"SELECT coalesce(pg_catalog.array_agg(r.task_id), '{}') FROM @.taskq_workflow_run r "
	"WHERE r.id " EQ " ANY ($1) AND r.task_id IS NOT NULL"
};
static TaskqPlan visible_tasks = {
	"SELECT coalesce(pg_catalog.array_agg(t.id), '{}') FROM @.taskq_task t WHERE t.id " EQ " ANY ($1)"
};

/* Parameters: runs, tasks that the caller may know, tasks that were made. */
static TaskqPlan read_runs = {
	"SELECT r.rule_id, r.rule_name, r.event, r.depth, r.outcome, r.message, "
	"t.title, t.priority, t.due_date, t.assignee_id, t.user_id "
	"FROM @.taskq_workflow_run r LEFT JOIN @.taskq_task t ON t.id " EQ " r.task_id "
	"AND (t.id " EQ " ANY ($2) OR t.id " EQ " ANY ($3)) "
	"WHERE r.id " EQ " ANY ($1) ORDER BY r.id"
};

static char *
event_argument(FunctionCallInfo fcinfo, bool own_too)
{
	char	   *event = PG_ARGISNULL(0) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(0));
	int			len = pg_mbstrlen(event);

	if (len < 1 || len > EVENT_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("event must be 1 to %d characters", EVENT_MAX)));
	if (!own_too && event_is_reserved(event))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("event \"%s\" must not begin with \"task.\" or \"renewal.\"", event),
				 errdetail("Events with these prefixes are emitted by taskq itself.")));
	return event;
}

static Jsonb *
payload_argument(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(1) || !JB_ROOT_IS_OBJECT(PG_GETARG_JSONB_P(1)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("payload must be a JSON object")));
	return PG_GETARG_JSONB_P(1);
}

static char *
user_id_argument(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(2))
		return NULL;
	check_customer(PG_GETARG_DATUM(2));
	return text_to_cstring(PG_GETARG_TEXT_PP(2));
}

PG_FUNCTION_INFO_V1(taskq_emit);
Datum
taskq_emit(PG_FUNCTION_ARGS)
{
	char	   *event = event_argument(fcinfo, false);
	Jsonb	   *payload = payload_argument(fcinfo);
	char	   *user_id = user_id_argument(fcinfo);
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	WorkflowMark mark = workflow_mark();
	const int64 *ids;
	int			n;
	TaskqCall	call;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	call_begin(&call, VERB_OTHER, actor_argument(fcinfo, 3));
	PG_TRY();
	{
		workflow_offer(event, payload, user_id);
	}
	PG_FINALLY();
	{
		call_end(&call);
	}
	PG_END_TRY();
	ids = workflow_tasks_since(mark, &n);
	for (int i = 0; i < n; i++)
	{
		Datum		values[] = {Int64GetDatum(ids[i])};
		bool		nulls[] = {false};

		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* The value of a statement with one parameter, both bigint[]. */
static Datum
ids_from(TaskqPlan *plan, Datum ids)
{
	Oid			types[] = {INT8ARRAYOID};
	bool		isnull;

	spi_run(plan, 1, types, &ids, NULL, 1);
	return SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
}

/*
 * Reads the runs since a mark and their tasks, with SPI connected.  Rules can
 * change every task; of tasks that existed before, only those that the caller
 * can read are included.
 */
static void
read_runs_since(WorkflowMark mark)
{
	Oid			types[] = {INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID};
	Datum		values[3];
	const int64 *ids;
	int			n;
	OwnerSwitch owner;

	ids = workflow_runs_since(mark, &n);
	values[0] = id_array(ids, n);
	become_owner_of(taskq_catalog()->task, &owner);
	values[1] = ids_from(&tasks_of_runs, values[0]);
	become_caller_again(&owner);
	values[1] = ids_from(&visible_tasks, values[1]);
	ids = workflow_tasks_since(mark, &n);
	values[2] = id_array(ids, n);
	become_owner_of(taskq_catalog()->task, &owner);
	spi_run(&read_runs, 3, types, values, NULL, 0);
	become_caller_again(&owner);
}

/* Arguments and result of a dry run. */
typedef struct DryRun
{
	char	   *event;
	Jsonb	   *payload;
	char	   *user_id;
	ReturnSetInfo *rsinfo;
	MemoryContext context;		/* of the list */
	WorkflowMark mark;
	List	   *passed_over;	/* of PassedOver */
} DryRun;

/* A rule that was not executed, as a row of the result. */
typedef struct PassedOver
{
	int			nruns;			/* before it */
	HeapTuple	row;
} PassedOver;

static void
note_passed_over(void *arg, const ChainLink *link, const char *outcome, const char *why)
{
	DryRun	   *run = arg;
	MemoryContext old = MemoryContextSwitchTo(run->context);
	PassedOver *p = palloc(sizeof(PassedOver));
	Datum		values[] = {
		Int64GetDatum(link->rule->id),
		CStringGetTextDatum(link->rule->name),
		CStringGetTextDatum(link->rule->event),
		Int32GetDatum(link->depth),
		CStringGetTextDatum(outcome),
		CStringGetTextDatum(why),
		0, 0, 0, 0, 0
	};
	bool		nulls[] = {false, false, false, false, false, false, true, true, true, true, true};

	(void) workflow_runs_since(run->mark, &p->nruns);
	p->row = heap_form_tuple(run->rsinfo->setDesc, values, nulls);
	run->passed_over = lappend(run->passed_over, p);
	MemoryContextSwitchTo(old);
}

static void
emit_dry(void *arg)
{
	DryRun	   *run = arg;
	Tuplestorestate *result = run->rsinfo->setResult;
	uint64		done = 0;
	ListCell   *lc;

	run->context = CurrentMemoryContext;
	run->mark = workflow_mark();
	workflow_offer_dry(run->event, run->payload, run->user_id, note_passed_over, run);
	spi_connect();
	read_runs_since(run->mark);
	foreach(lc, run->passed_over)
	{
		PassedOver *p = lfirst(lc);

		for (; done < SPI_processed && done < p->nruns; done++)
			tuplestore_puttuple(result, SPI_tuptable->vals[done]);
		tuplestore_puttuple(result, p->row);
	}
	for (; done < SPI_processed; done++)
		tuplestore_puttuple(result, SPI_tuptable->vals[done]);
	SPI_finish();
}

PG_FUNCTION_INFO_V1(taskq_emit_dry_run);
Datum
taskq_emit_dry_run(PG_FUNCTION_ARGS)
{
	DryRun		run = {NULL};

	run.event = event_argument(fcinfo, true);
	run.payload = payload_argument(fcinfo);
	run.user_id = user_id_argument(fcinfo);
	run.rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	InitMaterializedSRF(fcinfo, 0);
	take_back(emit_dry, &run);
	return (Datum) 0;
}

/* A row of any table as JSON, as to_jsonb() makes it. */
static Datum
row_as_json(HeapTuple tuple, TupleDesc desc)
{
	FuncExpr   *call;
	FmgrInfo	flinfo;

	/* to_jsonb() takes the type of its argument from the call expression. */
	call = makeFuncExpr(F_TO_JSONB, JSONBOID,
						list_make1(makeNullConst(desc->tdtypeid, desc->tdtypmod, InvalidOid)),
						InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL);
	fmgr_info(F_TO_JSONB, &flinfo);
	fmgr_info_set_expr((Node *) call, &flinfo);
	return FunctionCall1(&flinfo, heap_copy_tuple_as_datum(tuple, desc));
}

static void
push_row(JsonbInState *json, const char *key, HeapTuple tuple, TupleDesc desc)
{
	JsonbValue	jb;

	json_key(json, key);
	if (tuple == NULL)
		json_null(json);
	else
	{
		JsonbToJsonbValue(DatumGetJsonbP(row_as_json(tuple, desc)), &jb);
		json_value(json, &jb);
	}
}

/* Whether an update changes one of the columns that the trigger names. */
static bool
watched_changed(const TriggerData *td)
{
	Trigger    *trigger = td->tg_trigger;
	TupleDesc	desc = RelationGetDescr(td->tg_relation);

	if (trigger->tgnargs == 1)
		return true;
	for (int i = 1; i < trigger->tgnargs; i++)
	{
		int			attnum = SPI_fnumber(desc, trigger->tgargs[i]);
		Datum		old;
		Datum		new;
		bool		old_isnull;
		bool		new_isnull;

		if (attnum <= 0)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("column \"%s\" of relation \"%s\" does not exist",
							trigger->tgargs[i], RelationGetRelationName(td->tg_relation)),
					 errdetail("Argument %d of trigger \"%s\" names this column.", i + 1, trigger->tgname)));
		old = heap_getattr(td->tg_trigtuple, attnum, desc, &old_isnull);
		new = heap_getattr(td->tg_newtuple, attnum, desc, &new_isnull);
		if (column_differs(desc, attnum, old, old_isnull, new, new_isnull))
			return true;
	}
	return false;
}

PG_FUNCTION_INFO_V1(taskq_emit_change);
Datum
taskq_emit_change(PG_FUNCTION_ARGS)
{
	TriggerData *td = (TriggerData *) fcinfo->context;
	JsonbInState json = {0};
	TupleDesc	desc;
	char	   *event;
	bool		update;
	bool		delete;

	check_table_owner_may(fcinfo, td);
	update = TRIGGER_FIRED_BY_UPDATE(td->tg_event);
	delete = TRIGGER_FIRED_BY_DELETE(td->tg_event);
	event = td->tg_trigger->tgnargs > 0 ? td->tg_trigger->tgargs[0] : "";
	if (pg_mbstrlen(event) < 1 || pg_mbstrlen(event) > EVENT_MAX || event_is_reserved(event))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument 1 of trigger \"%s\" must be an event", td->tg_trigger->tgname),
				 errdetail("An event has 1 to %d characters and does not begin with \"task.\" or \"renewal.\".",
						   EVENT_MAX)));
	if ((update && !watched_changed(td)) || rules_for(event) == NIL)
		return PointerGetDatum(NULL);

	desc = RelationGetDescr(td->tg_relation);
	json_begin(&json);
	json_key(&json, "op");
	json_string(&json, update ? "UPDATE" : delete ? "DELETE" : "INSERT");
	json_key(&json, "table");
	json_string(&json, RelationGetRelationName(td->tg_relation));
	push_row(&json, "old", update || delete ? td->tg_trigtuple : NULL, desc);
	push_row(&json, "new", delete ? NULL : update ? td->tg_newtuple : td->tg_trigtuple, desc);
	workflow_offer(event, json_finish(&json), NULL);
	return PointerGetDatum(NULL);
}
