/*-------------------------------------------------------------------------
 *
 * workflow.c
 *		Events are offered to the rules, and rules that match are put into
 *		action.
 *
 * Everything happens in the transaction of the event, with the rights of the
 * owner of taskq_task: a rule may do what its author, a manager, may do, and
 * not only what the caller may.  Each rule runs in a subtransaction, so that
 * its failure is a row in taskq_workflow_run and nothing else.
 *
 * An action can be an event again (a task is created, say).  Such chains are
 * followed to MAX_DEPTH.
 *
 *-------------------------------------------------------------------------
 */
#include "taskq.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#define MAX_DEPTH 8
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
static TaskqPlan task_payloads = {
	"SELECT v.user_id, pg_catalog.jsonb_build_object('event', $2::pg_catalog.text, 'actor', $3::pg_catalog.text, "
	"'task', pg_catalog.to_jsonb(v)) FROM @.taskq_tasks v WHERE v.id " EQ " ANY ($1) ORDER BY v.id"
};
static TaskqPlan customer_agent = {
	"SELECT c.assigned_agent_id FROM @.taskq_customer c WHERE c.id " EQ " $1"
};
static TaskqPlan least_loaded = {
	"SELECT s.id FROM @.taskq_staff_member s "
	"LEFT JOIN @.taskq_workflow_turn w ON w.staff_id " EQ " s.id "
	"CROSS JOIN LATERAL (SELECT pg_catalog.count(*) AS active FROM @.taskq_task t WHERE t.assignee_id " EQ " s.id "
	"AND @.taskq_phase(t.started_at, t.completed_at, t.cancelled_at) " EQ " ANY ('{0,1}'::pg_catalog.int4[])) n "
	"WHERE s.is_active AND ($1::pg_catalog.text[] IS NULL OR s.id " EQ " ANY ($1)) "
	"ORDER BY n.active, w.turn NULLS FIRST, s.id LIMIT 1"
};
static TaskqPlan take_turn = {
	"INSERT INTO @.taskq_workflow_turn AS w (staff_id, turn) "
	"SELECT $1, coalesce(pg_catalog.max(m.turn), 0) OPERATOR(pg_catalog.+) 1 FROM @.taskq_workflow_turn m "
	"ON CONFLICT (staff_id) DO UPDATE SET turn = excluded.turn"
};
static TaskqPlan task_by_key = {
	"SELECT t.id, t.priority, t.assignee_id FROM @.taskq_task t WHERE t.dedupe_key " EQ " $1 AND " ACTIVE
	"FOR NO KEY UPDATE"
};
static TaskqPlan task_by_id = {
	"SELECT t.id, t.priority, t.assignee_id FROM @.taskq_task t WHERE t.id " EQ " $1 AND " ACTIVE
	"FOR NO KEY UPDATE"
};
static TaskqPlan set_priority = {
	"UPDATE @.taskq_task SET priority = $2 WHERE id " EQ " $1"
};
static TaskqPlan set_assignee = {
	"UPDATE @.taskq_task SET assignee_id = $2 WHERE id " EQ " $1"
};
/* Ids of what was made in the transaction, in the order of making. */
typedef struct IdStack
{
	int64	   *ids;
	SubTransactionId *subxacts; /* in which each was made */
	int			n;
	int			allocated;
} IdStack;

static IdStack tasks_made;
static IdStack runs_made;
static int	depth = 0;

/* What became of a rule. */
typedef struct Run
{
	const char *outcome;
	int64		task_id;		/* 0 = none */
	char	   *message;		/* NULL = none */
} Run;

/* An event, and the rule that looks at it. */
typedef struct Firing
{
	const Rule *rule;
	Jsonb	   *payload;
	char	   *user_id;		/* customer whom the event is about, or NULL */
} Firing;

static void
push(IdStack *stack, int64 id)
{
	if (stack->n == stack->allocated)
	{
		stack->allocated = Max(stack->allocated * 2, 64);
		stack->ids = stack->ids == NULL ?
			MemoryContextAlloc(TopMemoryContext, stack->allocated * sizeof(int64)) :
			repalloc(stack->ids, stack->allocated * sizeof(int64));
		stack->subxacts = stack->subxacts == NULL ?
			MemoryContextAlloc(TopMemoryContext, stack->allocated * sizeof(SubTransactionId)) :
			repalloc(stack->subxacts, stack->allocated * sizeof(SubTransactionId));
	}
	stack->subxacts[stack->n] = GetCurrentSubTransactionId();
	stack->ids[stack->n++] = id;
}

static void
pop_aborted(IdStack *stack, SubTransactionId aborted)
{
	while (stack->n > 0 && stack->subxacts[stack->n - 1] >= aborted)
		stack->n--;
}

/* How many tasks and runs there have been in this transaction so far. */
WorkflowMark
workflow_mark(void)
{
	return (WorkflowMark) {tasks_made.n, runs_made.n};
}

/* The ids of those that came after a mark. */
const int64 *
workflow_tasks_since(WorkflowMark mark, int *n)
{
	*n = tasks_made.n - mark.tasks;
	return tasks_made.ids + mark.tasks;
}

const int64 *
workflow_runs_since(WorkflowMark mark, int *n)
{
	*n = runs_made.n - mark.runs;
	return runs_made.ids + mark.runs;
}

static void
workflow_xact_callback(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
		tasks_made.n = runs_made.n = depth = 0;
}

/* What was rolled back, by a caller's savepoint or by us, was not made. */
static void
workflow_subxact_callback(SubXactEvent event, SubTransactionId mySubid,
						  SubTransactionId parentSubid, void *arg)
{
	if (event != SUBXACT_EVENT_ABORT_SUB)
		return;
	pop_aborted(&tasks_made, mySubid);
	pop_aborted(&runs_made, mySubid);
}

void
workflow_register_callbacks(void)
{
	RegisterXactCallback(workflow_xact_callback, NULL);
	RegisterSubXactCallback(workflow_subxact_callback, NULL);
}

/* ------------------------------------------------------ who gets the task */

static Datum
first_column(bool *isnull)
{
	Datum		value;

	*isnull = SPI_processed == 0;
	if (*isnull)
		return (Datum) 0;
	value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, isnull);
	return *isnull ? (Datum) 0 : datumCopy(value, false, -1);
}

/*
 * The active member of a pool with the fewest active tasks.  Choices are made
 * one after the other, each seeing what the one before led to: whoever comes
 * second waits for the first one's transaction.
 */
static char *
choose_least_loaded(Datum pool)
{
	LOCKTAG		tag;
	Oid			types[] = {TEXTARRAYOID};
	Datum		values[] = {pool};
	char		nulls[] = {pool == (Datum) 0 ? 'n' : ' '};
	Oid			turn_types[] = {TEXTOID};
	Datum		chosen;
	bool		isnull;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, taskq_catalog()->extension, 0, 2);
	(void) LockAcquire(&tag, ExclusiveLock, false, false);
	if (SPI_execute_snapshot(prepared(&least_loaded, 1, types), values, nulls,
							 GetLatestSnapshot(), InvalidSnapshot, true, false, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not choose an assignee");
	chosen = first_column(&isnull);
	if (isnull)
		return NULL;
	spi_run(&take_turn, 1, turn_types, &chosen, NULL, 0);
	return TextDatumGetCString(chosen);
}

/* The customer whom the task is to be about, or NULL. */
static char *
customer_of(const Firing *f)
{
	return f->rule->user_id_path ? template_lookup(f->payload, f->rule->user_id_path) : f->user_id;
}

/* The assignee that the rule asks for, NULL = nobody; *message says who was passed over. */
static char *
assignee_of(const Firing *f, char **message)
{
	const Rule *rule = f->rule;
	char	   *id = rule->assignee_id;

	if (rule->assignee_path)
		id = template_lookup(f->payload, rule->assignee_path);
	else if (rule->least_loaded)
		id = choose_least_loaded(rule->assignee_pool);
	else if (rule->customer_agent)
	{
		char	   *customer = customer_of(f);

		if (customer != NULL)
		{
			Oid			types[] = {TEXTOID};
			Datum		values[] = {CStringGetTextDatum(customer)};
			Datum		agent;
			bool		isnull;

			spi_run(&customer_agent, 1, types, values, NULL, 1);
			agent = first_column(&isnull);
			id = isnull ? NULL : TextDatumGetCString(agent);
		}
	}
	if (id != NULL && !staff_is_active(CStringGetTextDatum(id)))
	{
		*message = psprintf("assignee \"%.64s\" is not an active member of staff", id);
		id = NULL;
	}
	return id;
}

/* --------------------------------------------------------------- actions */

static void
do_create_task(const Firing *f, Run *run)
{
	const Rule *rule = f->rule;
	char	   *customer = customer_of(f);
	char	   *assignee = assignee_of(f, &run->message);
	NewTask		task;
	bool		created;

	new_task_init(&task, "WORKFLOW");
	new_task_set(&task, NEW_TITLE,
				 CStringGetTextDatum(rule->title_template ?
									 as_title(template_render(rule->title_template, f->payload), false) : rule->name));
	if (rule->description_template)
		new_task_set(&task, NEW_DESCRIPTION,
					 CStringGetTextDatum(template_render(rule->description_template, f->payload)));
	if (rule->priority >= 0)
		new_task_set(&task, NEW_PRIORITY, ObjectIdGetDatum(taskq_catalog()->priority[rule->priority]));
	if (rule->due_in_days >= 0)
		new_task_set(&task, NEW_DUE_DATE, DateADTGetDatum(today() + rule->due_in_days));
	if (rule->sla_hours > 0)
		new_task_set(&task, NEW_SLA_HOURS, Float8GetDatum(rule->sla_hours));
	if (assignee)
		new_task_set(&task, NEW_ASSIGNEE_ID, CStringGetTextDatum(assignee));
	if (customer)
		new_task_set(&task, NEW_USER_ID, CStringGetTextDatum(customer));
	if (rule->dedupe_key)
		new_task_set(&task, NEW_DEDUPE_KEY, CStringGetTextDatum(template_render(rule->dedupe_key, f->payload)));
	run->task_id = create_task(&task, NULL, &created);
	run->outcome = created ? "created" : "existing";
	if (created)
		push(&tasks_made, run->task_id);
}

/*
 * The active task that the event is linked to, locked and in SPI's result;
 * false if there is none.
 */
static bool
find_linked_task(const Firing *f, Run *run)
{
	Oid			types[] = {f->rule->dedupe_key ? TEXTOID : INT8OID};
	Datum		values[1];
	bool		isnull;

	if (f->rule->dedupe_key)
		values[0] = CStringGetTextDatum(template_render(f->rule->dedupe_key, f->payload));
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

static void
change_linked_task(TaskqPlan *plan, Run *run, Oid type, Datum value, const char *outcome)
{
	Oid			types[] = {INT8OID, type};
	Datum		values[] = {Int64GetDatum(run->task_id), value};

	run_as_call(plan, 2, types, values, NULL, VERB_OTHER, NULL, NULL);
	run->outcome = outcome;
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
		change_linked_task(&set_priority, run, cat->priority_type, ObjectIdGetDatum(cat->priority[raised]), "escalated");
	else
		run->message = psprintf("the task is %s already", priority_names[was]);
}

static void
do_assign(const Firing *f, Run *run)
{
	char	   *was;
	char	   *assignee;

	if (!find_linked_task(f, run))
		return;
	was = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 3);
	assignee = assignee_of(f, &run->message);
	if (assignee == NULL)
	{
		if (run->message == NULL)
			run->message = "there is nobody to assign it to";
	}
	else if (was != NULL && strcmp(was, assignee) == 0)
		run->message = "it is theirs already";
	else
		change_linked_task(&set_assignee, run, TEXTOID, CStringGetTextDatum(assignee), "assigned");
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

static void
record_run(const Rule *rule, const Run *run)
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
	push(&runs_made, DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull)));
}

/* Looks whether a rule matches and does what it says; false if it does not. */
static bool
apply(const Firing *f, Run *run)
{
	if (!matches(f->rule, f->payload))
		return false;
	if (depth > MAX_DEPTH)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("rules set each other off more than %d deep", MAX_DEPTH)));
	run->outcome = "unchanged";
	switch (f->rule->action)
	{
		case RULE_CREATE_TASK:
			do_create_task(f, run);
			break;
		case RULE_ESCALATE:
			do_escalate(f, run);
			break;
		case RULE_ASSIGN:
			do_assign(f, run);
			break;
	}
	return true;
}

/* What apply() is given, and what becomes of it. */
typedef struct Application
{
	const Firing *firing;
	Run			run;
	bool		fired;
} Application;

static void
apply_contained(void *arg)
{
	Application *a = arg;

	a->fired = apply(a->firing, &a->run);
}

/* apply() in a subtransaction; whatever comes of it is recorded. */
static void
fire(const Firing *f)
{
	Application a = {f, {NULL, 0, NULL}, true};
	int			depth_before = depth;
	ErrorData  *edata = in_subtransaction(apply_contained, &a, true);

	if (edata != NULL)
	{
		depth = depth_before;
		if (!error_is_contained(edata))
			ReThrowError(edata);
		a.run = (Run) {"failed", 0, message_with_hint(edata)};
	}
	if (a.fired)
		record_run(f->rule, &a.run);
}

/* --------------------------------------------------------------- offering */

/* Offers an event to the rules given; the owner's rights are taken here. */
static void
offer_to(List *rules, Jsonb *payload, char *user_id)
{
	MemoryContext context;
	OwnerSwitch owner;
	TaskqCall	call;
	ListCell   *lc;

	spi_connect();
	context = AllocSetContextCreate(CurrentMemoryContext, "taskq event", ALLOCSET_DEFAULT_SIZES);
	become_owner_of(taskq_catalog()->task, &owner);
	call_begin(&call, VERB_OTHER, NULL);
	depth++;
	PG_TRY();
	{
		foreach(lc, rules)
		{
			Firing		f = {lfirst(lc), payload, user_id};
			MemoryContext old = MemoryContextSwitchTo(context);

			CHECK_FOR_INTERRUPTS();
			fire(&f);
			MemoryContextSwitchTo(old);
			MemoryContextReset(context);
		}
	}
	PG_FINALLY();
	{
		depth--;
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
	List	   *rules = rules_for(event);

	if (rules != NIL)
		offer_to(rules, payload, user_id);
}

/* Offers the same event of several tasks, in the order of their ids. */
void
workflow_offer_tasks(const char *event, const int64 *ids, int n)
{
	List	   *rules = n > 0 ? rules_for(event) : NIL;
	Oid			types[] = {INT8ARRAYOID, TEXTOID, TEXTOID};
	Datum		values[3];
	char		nulls[] = "   ";
	text	   *actor;
	SPITupleTable *tasks;
	uint64		ntasks;
	OwnerSwitch owner;

	if (rules == NIL)
		return;
	spi_connect();
	actor = current_actor();
	values[0] = id_array(ids, n);
	values[1] = CStringGetTextDatum(event);
	values[2] = PointerGetDatum(actor);
	if (actor == NULL)
		nulls[2] = 'n';
	become_owner_of(taskq_catalog()->task, &owner);
	spi_run(&task_payloads, 3, types, values, nulls, 0);
	become_caller_again(&owner);
	tasks = SPI_tuptable;
	ntasks = SPI_processed;
	for (uint64 i = 0; i < ntasks; i++)
	{
		bool		isnull;
		Jsonb	   *payload = DatumGetJsonbPCopy(SPI_getbinval(tasks->vals[i], tasks->tupdesc, 2, &isnull));

		offer_to(rules, payload, SPI_getvalue(tasks->vals[i], tasks->tupdesc, 1));
		pfree(payload);
	}
	SPI_finish();
}

/* Deletes runs that are older than they are kept, some at a time. */
void
workflow_prune(void)
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
