/*-------------------------------------------------------------------------
 *
 * workflow.c
 *		Offering events to the rules, and executing rules that match.
 *
 * Everything happens in the transaction of the event, with the rights of the
 * owner of taskq_task: a rule may do what its author, a manager, may do,
 * whatever the caller may do.  Each rule runs in a subtransaction, so that its
 * failure is a row in taskq_workflow_run and nothing else.
 *
 * An action can be an event again (a task is created, say); how far that goes
 * is in chain.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/actor.h"
#include "base/business.h"
#include "base/calendar.h"
#include "base/catalog.h"
#include "base/contain.h"
#include "base/enums.h"
#include "base/owner.h"
#include "base/plan.h"
#include "task/change.h"
#include "task/create.h"
#include "task/due.h"
#include "task/row.h"
#include "engine/assignee.h"
#include "engine/chain.h"
#include "engine/payload.h"
#include "engine/rule.h"
#include "engine/template.h"
#include "engine/workflow.h"

#define ACTIVE "t.completed_at IS NULL AND t.cancelled_at IS NULL "

static TaskqPlan insert_run = {
	"INSERT INTO @.taskq_workflow_run (at, rule_id, rule_name, event, depth, outcome, task_id, message) "
	"VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id"
};
static TaskqPlan prune_runs = {
	"DELETE FROM @.taskq_workflow_run r WHERE r.id " EQ " ANY (ARRAY(SELECT o.id FROM @.taskq_workflow_run o "
	"WHERE o.at " LT " ($1 " MINUS " '30 days'::pg_catalog.interval) LIMIT 1000))"
};
static TaskqPlan find_old_run = {
	"SELECT FROM @.taskq_workflow_run o WHERE o.at " LT " ($1 " MINUS " '30 days'::pg_catalog.interval)"
};
static TaskqPlan task_by_key = {
	"SELECT t.id, t.priority, t.assignee_id, @team_id FROM @.taskq_task t WHERE t.dedupe_key " EQ " $1 AND " ACTIVE
	"FOR NO KEY UPDATE"
};
static TaskqPlan task_by_id = {
	"SELECT t.id, t.priority, t.assignee_id, @team_id FROM @.taskq_task t WHERE t.id " EQ " $1 AND " ACTIVE
	"FOR NO KEY UPDATE"
};
static TaskqPlan set_priority = {
	"UPDATE @.taskq_task SET priority = $2 WHERE id " EQ " $1"
};
static TaskqPlan set_assignee = {
	"UPDATE @.taskq_task SET assignee_id = $2 WHERE id " EQ " $1"
};
static TaskqPlan set_team = {
	"UPDATE @.taskq_task SET team_id = $2 WHERE id " EQ " $1"
};
static TaskqPlan set_both = {
	"UPDATE @.taskq_task SET assignee_id = $2, team_id = $3 WHERE id " EQ " $1"
};

/* Result of executing a rule. */
typedef struct Run
{
	const char *outcome;
	int64		task_id;		/* 0 = none */
	char	   *message;		/* NULL = none */
} Run;

/* --------------------------------------------------------------- actions */

/* The date that due_in_days leads to. */
static DateADT
due_date_of(const Rule *rule)
{
	if (rule->calendar == NULL)
		return today() + rule->due_in_days;
	return business_day(business_calendar_argument("calendar", cstring_to_text(rule->calendar)),
						today(), rule->due_in_days);
}

static void
do_create_task(const Firing *f, Run *run)
{
	const Rule *rule = f->rule;
	char	   *customer = customer_of(f, &run->message);
	Destination to = destination_of(f, customer, &run->message);
	char	   *title = rule->name;
	NewTask		task;
	bool		created;

	new_task_init(&task, "WORKFLOW");
	if (rule->title_template)
		title = engine_title(template_render(rule->title_template, f->payload), rule->name, &run->message);
	new_task_set(&task, NEW_TITLE, CStringGetTextDatum(title));
	if (rule->description_template)
		new_task_set(&task, NEW_DESCRIPTION,
					 CStringGetTextDatum(engine_description(template_render(rule->description_template, f->payload), &run->message)));
	if (rule->priority >= 0)
		new_task_set(&task, NEW_PRIORITY, ObjectIdGetDatum(taskq_catalog()->priority[rule->priority]));
	if (rule->due_in_days >= 0)
		new_task_set(&task, NEW_DUE_DATE, DateADTGetDatum(due_date_of(rule)));
	if (rule->sla_hours > 0)
		new_task_set(&task, NEW_SLA_HOURS, Float8GetDatum(rule->sla_hours));
	if (to.assignee)
		new_task_set(&task, NEW_ASSIGNEE_ID, CStringGetTextDatum(to.assignee));
	if (to.team)
		new_task_set(&task, NEW_TEAM_ID, CStringGetTextDatum(to.team));
	if (customer)
		new_task_set(&task, NEW_USER_ID, CStringGetTextDatum(customer));
	if (rule->kind)
		new_task_set(&task, NEW_KIND, CStringGetTextDatum(rule->kind));
	if (rule->dedupe_key)
		new_task_set(&task, NEW_DEDUPE_KEY, PointerGetDatum(template_render_key(rule->dedupe_key, f->payload)));
	workflow_begin_task();
	run->task_id = create_task(&task, NULL, &created);
	workflow_end_task(run->task_id, created);
	run->outcome = created ? "created" : "existing";
}

/*
 * Finds and locks the active task that the event is linked to, in SPI's
 * result; false if there is none.
 */
static bool
find_linked_task(const Firing *f, Run *run)
{
	Oid			types[] = {f->rule->dedupe_key ? TEXTOID : INT8OID};
	Datum		values[1];
	bool		isnull;

	if (f->rule->dedupe_key)
		values[0] = PointerGetDatum(template_render_key(f->rule->dedupe_key, f->payload));
	else
	{
		char	   *id = template_lookup(f->payload, "task.id");

		if (id == NULL)
		{
			run->message = "the payload has no task.id";
			return false;
		}
		values[0] = DirectFunctionCall1(int8in, CStringGetDatum(id));
	}
	spi_run(f->rule->dedupe_key ? &task_by_key : &task_by_id, 1, types, values, NULL, 1);
	if (SPI_processed == 0)
	{
		run->message = "there is no such active task";
		return false;
	}
	run->task_id = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	return true;
}

/* Changes one column of the linked task, or two if "second" is not 0. */
static void
change_linked_task(TaskqPlan *plan, Run *run, Oid type, Datum value, Datum second, const char *outcome)
{
	Oid			types[] = {INT8OID, type, type};
	Datum		values[] = {Int64GetDatum(run->task_id), value, second};

	run_as_call(plan, second == (Datum) 0 ? 2 : 3, types, values, NULL, VERB_OTHER, NULL, NULL);
	if (SPI_processed > 0)
		run->outcome = outcome;
	else
		run->message = "a trigger on taskq_task suppressed the change";
}

static void
do_escalate(const Firing *f, Run *run)
{
	const TaskqCatalog *cat = taskq_catalog();
	int			was;
	int			raised;
	bool		isnull;

	if (!find_linked_task(f, run))
		return;
	was = enum_index(DatumGetObjectId(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &isnull)),
					 cat->priority, N_PRIORITIES);
	raised = f->rule->priority >= 0 ? f->rule->priority : Min(was + 1, N_PRIORITIES - 1);
	if (raised > was)
		change_linked_task(&set_priority, run, cat->priority_type, ObjectIdGetDatum(cat->priority[raised]), (Datum) 0, "escalated");
	else
		run->message = psprintf("the task is %s already", priority_names[was]);
}

static bool
same_string(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static void
do_assign(const Firing *f, Run *run)
{
	char	   *assignee;
	char	   *team;
	char	   *customer = NULL;
	Destination to;

	if (!find_linked_task(f, run))
		return;
	assignee = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 3);
	team = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 4);
	if (f->rule->customer_agent)
		customer = customer_of(f, &run->message);
	to = destination_of(f, customer, &run->message);
	if (to.assignee == NULL && to.team == NULL)
		return;
	if (to.team == NULL)
	{
		if (same_string(assignee, to.assignee))
			run->message = "the task has this assignee already";
		else
			change_linked_task(&set_assignee, run, TEXTOID, CStringGetTextDatum(to.assignee), (Datum) 0, "assigned");
	}
	else if (to.assignee == NULL)
	{
		if (same_string(team, to.team))
			run->message = "the task has this team already";
		else
			change_linked_task(&set_team, run, TEXTOID, CStringGetTextDatum(to.team), (Datum) 0, "assigned");
	}
	else if (same_string(assignee, to.assignee) && same_string(team, to.team))
		run->message = "the task has this assignee and team already";
	else
		change_linked_task(&set_both, run, TEXTOID, CStringGetTextDatum(to.assignee),
						   CStringGetTextDatum(to.team), "assigned");
}

/* -------------------------------------------------------------- one rule */

/* Whether a rule's condition is true of a payload. */
static bool
matches(const Rule *rule, Jsonb *payload)
{
	LOCAL_FCINFO(fcinfo, 2);
	Datum		result;

	if (rule->condition == (Datum) 0)
		return true;
	InitFunctionCallInfoData(*fcinfo, NULL, 2, InvalidOid, NULL, NULL);
	fcinfo->args[0].value = JsonbPGetDatum(payload);
	fcinfo->args[0].isnull = false;
	fcinfo->args[1].value = rule->condition;
	fcinfo->args[1].isnull = false;
	result = jsonb_path_match_opr(fcinfo);
	return !fcinfo->isnull && DatumGetBool(result);
}

/* Why a condition is not true of a payload, as a message. */
static char *
why_no_match(const Rule *rule, Jsonb *payload)
{
	LOCAL_FCINFO(fcinfo, 4);
	Datum		result;

	/* matches() suppresses errors of the path, this does not. */
	InitFunctionCallInfoData(*fcinfo, NULL, 4, InvalidOid, NULL, NULL);
	fcinfo->args[0].value = JsonbPGetDatum(payload);
	fcinfo->args[1].value = rule->condition;
	fcinfo->args[2].value = DirectFunctionCall1(jsonb_in, CStringGetDatum("{}"));
	fcinfo->args[3].value = BoolGetDatum(false);
	for (int i = 0; i < 4; i++)
		fcinfo->args[i].isnull = false;
	result = jsonb_path_match(fcinfo);
	if (fcinfo->isnull)
		return "the condition is unknown: it compares different types, or something is missing";
	return DatumGetBool(result) ? "the condition is true" : "the condition is false";
}

static void
record_run(const Rule *rule, int depth, const Run *run)
{
	Oid			types[] = {TIMESTAMPTZOID, INT8OID, TEXTOID, TEXTOID, INT4OID, TEXTOID, INT8OID, TEXTOID};
	Datum		values[] = {
		TimestampTzGetDatum(GetCurrentStatementStartTimestamp()),
		Int64GetDatum(rule->id),
		CStringGetTextDatum(rule->name),
		CStringGetTextDatum(rule->event),
		Int32GetDatum(depth),
		CStringGetTextDatum(run->outcome),
		Int64GetDatum(run->task_id),
		run->message ? CStringGetTextDatum(run->message) : (Datum) 0
	};
	char		nulls[] = "        ";
	bool		isnull;

	if (run->task_id == 0)
		nulls[6] = 'n';
	if (run->message == NULL)
		nulls[7] = 'n';
	spi_run(&insert_run, lengthof(values), types, values, nulls, 0);

	/* A trigger of the user's may have suppressed the row. */
	if (SPI_processed > 0)
		workflow_made_run(DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull)));
}

/* Argument and result of apply(). */
typedef struct Application
{
	const Firing *firing;
	ChainLink	link;
	Run			run;
	bool		matches;
	bool		to_record;
} Application;

/* Evaluates a rule's condition and, if it matches, executes the action. */
static void
apply(void *arg)
{
	Application *a = arg;
	const Firing *f = a->firing;
	ChainLimit	limit;

	a->matches = a->to_record = matches(f->rule, f->payload);
	if (!a->matches)
		return;
	limit = chain_limit(&a->link);
	if (limit != CHAIN_GOES_ON)
	{
		a->run.outcome = limit == CHAIN_HAS_RULE ? "unchanged" : "failed";
		a->run.message = chain_refusal(&a->link, limit, &a->to_record);
		return;
	}
	a->run.outcome = "unchanged";
	chain_set(&a->link);
	switch (f->rule->action)
	{
		case RULE_CREATE_TASK:
			do_create_task(f, &a->run);
			break;
		case RULE_ESCALATE:
			do_escalate(f, &a->run);
			break;
		case RULE_ASSIGN:
			do_assign(f, &a->run);
			break;
	}
}

static void
explain(void *arg)
{
	Application *a = arg;

	a->run.message = why_no_match(a->firing->rule, a->firing->payload);
}

/* explain() in a subtransaction. */
static void
explain_contained(Application *a)
{
	ErrorData  *edata = in_subtransaction(explain, a, false);

	if (edata == NULL)
		return;
	if (!error_is_contained(edata))
		ReThrowError(edata);
	a->run.message = edata->sqlerrcode == ERRCODE_SINGLETON_SQL_JSON_ITEM_REQUIRED ?
		"the condition does not return a boolean" : psprintf("the condition could not be evaluated: %s", edata->message);
}

/*
 * An event that is offered to the rules; a dry run has a callback for those
 * that are not executed.
 */
typedef struct Offering
{
	Jsonb	   *payload;
	char	   *user_id;
	RulePassedOver passed_over; /* NULL = no dry run */
	void	   *arg;
} Offering;

/* apply() in a subtransaction; its result, or error, is recorded. */
static void
fire(const Rule *rule, const Offering *offering)
{
	Firing		f = {rule, offering->payload, offering->user_id};
	Application a = {&f, chain_link(rule), {"no match", 0, NULL}, false, false};
	ErrorData  *edata = in_subtransaction(apply, &a, true);

	chain_set(a.link.outer);
	if (edata != NULL)
	{
		if (!error_is_contained(edata))
			ReThrowError(edata);

		/* A condition runs no triggers, which the hint is about. */
		a.run = (Run) {"failed", 0, a.matches ? message_with_hint(edata) : edata->message};
		a.to_record = true;
	}
	if (a.to_record)
	{
		/* A user's trigger can emit an event for the run. */
		chain_set(&a.link);
		record_run(rule, a.link.depth, &a.run);
		chain_set(a.link.outer);
	}
	else if (offering->passed_over != NULL)
	{
		if (!a.matches)
			explain_contained(&a);
		offering->passed_over(offering->arg, &a.link, a.run.outcome, a.run.message);
	}
}

/* --------------------------------------------------------------- offering */

/* Offers an event to the rules given; the owner's rights are taken here. */
static void
offer_to(List *rules, const Offering *offering)
{
	const ChainLink *outer = chain_begin();
	MemoryContext context;
	OwnerSwitch owner;
	TaskqCall	call;
	ListCell   *lc;

	spi_connect();
	context = AllocSetContextCreate(CurrentMemoryContext, "taskq event", ALLOCSET_DEFAULT_SIZES);
	become_owner_of(taskq_catalog()->task, &owner);
	call_begin(&call, VERB_OTHER, NULL);
	PG_TRY();
	{
		foreach(lc, rules)
		{
			MemoryContext old = MemoryContextSwitchTo(context);

			CHECK_FOR_INTERRUPTS();
			fire(lfirst(lc), offering);
			MemoryContextSwitchTo(old);
			MemoryContextReset(context);
		}
	}
	PG_FINALLY();
	{
		chain_set(outer);
		call_end(&call);
	}
	PG_END_TRY();
	become_caller_again(&owner);
	SPI_finish();
}

/* Offers an event; user_id is the customer whom it is about, or NULL. */
void
workflow_offer(const char *event, Jsonb *payload, char *user_id)
{
	workflow_offer_dry(event, payload, user_id, NULL, NULL);
}

/* The same for a dry run: calls passed_over for each rule for the event that is not executed. */
void
workflow_offer_dry(const char *event, Jsonb *payload, char *user_id,
				   RulePassedOver passed_over, void *arg)
{
	List	   *rules = rules_for(event);
	Offering	offering = {payload, user_id, passed_over, arg};

	if (rules != NIL)
		offer_to(rules, &offering);
}

static bool
workflow_wants(EventKind kind)
{
	const char *event = task_event_name(kind);

	return event != NULL && rules_for(event) != NIL;
}

/* Offers the same event of several tasks, in the order of their ids. */
static void
workflow_recorded(EventKind kind, const int64 *ids, int n)
{
	SPITupleTable *tasks;
	List	   *rules;
	uint64		ntasks;
	OwnerSwitch owner;

	if (!workflow_wants(kind))
		return;
	rules = rules_for(task_event_name(kind));
	spi_connect();
	become_owner_of(taskq_catalog()->task, &owner);
	read_task_payloads(kind, ids, n);
	tasks = SPI_tuptable;
	ntasks = SPI_processed;
	for (uint64 i = 0; i < ntasks; i++)
	{
		bool		isnull;
		Offering	offering = {
			.payload = DatumGetJsonbPCopy(SPI_getbinval(tasks->vals[i], tasks->tupdesc, 2, &isnull)),
			.user_id = SPI_getvalue(tasks->vals[i], tasks->tupdesc, 1)
		};

		offer_to(rules, &offering);
		pfree(offering.payload);
	}
	become_caller_again(&owner);
	SPI_finish();
}

const TaskFollower workflow_follower = {
	.wants = workflow_wants, .recorded = workflow_recorded, .xact = chain_xact, .subxact = chain_subxact
};

/* Deletes runs that are older than 30 days, up to 1000 at a time. */
static void
prune(void)
{
	Oid			types[] = {TIMESTAMPTZOID};
	Datum		values[] = {TimestampTzGetDatum(GetCurrentStatementStartTimestamp())};
	OwnerSwitch owner;

	spi_connect();
	become_owner_of(taskq_catalog()->task, &owner);
	spi_run_by_index(&find_old_run, 1, types, values, NULL, 1);
	if (SPI_processed > 0)
		spi_run_by_index(&prune_runs, 1, types, values, NULL, 0);
	become_caller_again(&owner);
	SPI_finish();
}

const DueKind due_runs = {.upkeep = prune};
