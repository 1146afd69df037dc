/*-------------------------------------------------------------------------
 *
 * rule.c
 *		Cache of the workflow rules.
 *
 * Each session reads the enabled rules when it first needs them and keeps
 * them until one is changed: the table's trigger sends an invalidation, which
 * reaches every session when the change is committed.  They are read with the
 * latest snapshot, whatever the transaction's isolation level.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/jsonpath.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/catalog.h"
#include "base/enums.h"
#include "base/owner.h"
#include "base/plan.h"
#include "task/row.h"
#include "engine/rule.h"

static const char *const own_events[] = {
	EVENT_NAME_CREATED, EVENT_NAME_STARTED, EVENT_NAME_ASSIGNED, EVENT_NAME_COMMENTED,
	EVENT_NAME_PAUSED, EVENT_NAME_RESUMED, EVENT_NAME_COMPLETED, EVENT_NAME_CANCELLED,
	EVENT_NAME_OVERDUE, EVENT_NAME_SLA_MOVED, EVENT_NAME_SLA_AT_RISK, EVENT_NAME_SLA_WARNING,
	EVENT_NAME_SLA_BREACHED, EVENT_NAME_RESPONSE_BREACHED,
	EVENT_NAME_CROSSED, EVENT_NAME_RENEWAL_OVERDUE
};

static const char *const action_names[] = {"CREATE_TASK", "ESCALATE", "ASSIGN"};

/* The casts do nothing, unless the owner has changed a column's type. */
#define RULE_COLUMNS \
	"r.id, r.name, r.event, r.condition::pg_catalog.jsonpath, r.action, r.title_template, " \
	"r.description_template, r.priority::@.taskq_priority, r.due_in_days::pg_catalog.int4, " \
	"r.sla_hours::pg_catalog.float8, r.assignee_id, r.assignee_path, r.assignee_strategy, " \
	"r.assignee_pool::pg_catalog.text[], r.user_id_path, r.dedupe_key"
#define ENABLED_RULES "FROM @.taskq_workflow_rule r WHERE r.is_enabled ORDER BY r.id"

static TaskqPlan select_rules = {
	"SELECT " RULE_COLUMNS ", r.kind, r.calendar, r.team_id " ENABLED_RULES
};

/* Before 0.3.0. */
static TaskqPlan select_older_rules = {
	"SELECT " RULE_COLUMNS ", NULL::pg_catalog.text, NULL::pg_catalog.text, NULL::pg_catalog.text " ENABLED_RULES
};

/*
 * The rules, in a context of their own (NULL = not read yet), the table that
 * they were read from, and last_change by then.
 */
static MemoryContext rules_context = NULL;
static List *rules = NIL;
static Oid	rules_table;
static uint64 rules_change;
static uint64 last_change = 0;

/* Whether a name is one that only taskq may give an event. */
bool
event_is_reserved(const char *event)
{
	return strncmp(event, "task.", 5) == 0 || strncmp(event, "renewal.", 8) == 0;
}

PG_FUNCTION_INFO_V1(taskq_event_check);
Datum
taskq_event_check(PG_FUNCTION_ARGS)
{
	char	   *event = text_to_cstring(PG_GETARG_TEXT_PP(0));
	int			len = pg_mbstrlen(event);
	bool		known = !event_is_reserved(event);

	for (int i = 0; i < lengthof(own_events); i++)
		known |= strcmp(event, own_events[i]) == 0;
	if (len < 1 || len > EVENT_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("event must be 1 to %d characters", EVENT_MAX),
				 err_generic_string(PG_DIAG_COLUMN_NAME, "event")));
	if (!known)
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("event \"%s\" does not exist", event),
				 errhint("Use task.created, task.started, task.assigned, task.commented, task.paused, task.resumed, task.completed, task.cancelled, task.overdue, task.sla_moved, task.sla_at_risk, task.sla_warning, task.sla_breached, task.response_breached, renewal.threshold_crossed or renewal.overdue, or an event that does not begin with \"task.\" or \"renewal.\"."),
				 err_generic_string(PG_DIAG_COLUMN_NAME, "event")));
	PG_RETURN_BOOL(true);
}

/* -------------------------------------------------------------- conditions */

/*
 * Whether a jsonpath is true, false or unknown of every document.  One that
 * selects values instead, as $.status ? (@ == "NEW") does, is true of none,
 * unless what it selects happens to be a boolean.
 */
static bool
is_predicate(JsonPath *path)
{
	JsonPathItem root;

	jspInit(&root, path);
	if (jspHasNext(&root))
		return false;
	switch (root.type)
	{
		case jpiAnd:
		case jpiOr:
		case jpiNot:
		case jpiIsUnknown:
		case jpiEqual:
		case jpiNotEqual:
		case jpiLess:
		case jpiGreater:
		case jpiLessOrEqual:
		case jpiGreaterOrEqual:
		case jpiExists:
		case jpiStartsWith:
		case jpiLikeRegex:
			return true;
		case jpiBool:
			return jspGetBool(&root);
		default:
			return false;
	}
}

/* Whether a jsonpath selects by a condition. */
static bool
has_filter(JsonPath *path)
{
	JsonPathItem item;
	JsonPathItem next;

	for (jspInit(&item, path); item.type != jpiFilter; item = next)
		if (!jspGetNext(&item, &next))
			return false;
	return true;
}

PG_FUNCTION_INFO_V1(taskq_condition_is_predicate);
Datum
taskq_condition_is_predicate(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(is_predicate(PG_GETARG_JSONPATH_P(0)));
}

/* Says that a rule's condition is no predicate, and how to write one. */
static void
report_condition(int elevel, const char *rule, JsonPath *path)
{
	bool		strict = (path->header & JSONPATH_LAX) == 0;
	char	   *text = DatumGetCString(DirectFunctionCall1(jsonpath_out, PointerGetDatum(path)));
	const char *mode = strict ? "strict " : "";
	const char *expr = text + strlen(mode);

	ereport(elevel,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("condition of rule \"%s\" must be a predicate, which is true or false of a payload", rule),
			 errdetail("%s selects values, and a rule fires if its condition is true.", text),
			 has_filter(path) ?
			 errhint("Compare, as in $.new.status == \"REJECTED\", or ask whether anything is selected: %sexists(%s)", mode, expr) :
			 errhint("Compare what is selected with a value, as in $.new.status == \"REJECTED\" or %s%s == true", mode, expr),
			 err_generic_string(PG_DIAG_COLUMN_NAME, "condition")));
}

/*
 * Refuses conditions that are no predicates, as they are saved.  A CHECK would
 * refuse as well what an earlier version has accepted: each later write of
 * such a rule, and restoring it.  pg_restore and the scripts of pg_dump turn
 * check_function_bodies off; then there is a WARNING instead.
 */
PG_FUNCTION_INFO_V1(taskq_workflow_rule_condition);
Datum
taskq_workflow_rule_condition(PG_FUNCTION_ARGS)
{
	TriggerData *td = (TriggerData *) fcinfo->context;
	TupleDesc	desc;
	HeapTuple	tuple;
	Datum		condition;
	bool		isnull;
	int			attnum;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(td->tg_event) || !TRIGGER_FIRED_FOR_ROW(td->tg_event) ||
		TRIGGER_FIRED_BY_DELETE(td->tg_event) ||
		RelationGetRelid(td->tg_relation) != taskq_catalog()->workflow_rule)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("taskq_workflow_rule_condition belongs to table taskq_workflow_rule and cannot be used elsewhere")));
	desc = RelationGetDescr(td->tg_relation);
	tuple = TRIGGER_FIRED_BY_UPDATE(td->tg_event) ? td->tg_newtuple : td->tg_trigtuple;
	attnum = SPI_fnumber(desc, "condition");

	/* The owner may have renamed the column. */
	if (SPI_gettypeid(desc, attnum) != JSONPATHOID)
		return PointerGetDatum(NULL);
	condition = heap_getattr(tuple, attnum, desc, &isnull);
	if (isnull || is_predicate(DatumGetJsonPathP(condition)))
		return PointerGetDatum(NULL);
	if (TRIGGER_FIRED_BY_UPDATE(td->tg_event))
	{
		bool		old_isnull;
		Datum		old = heap_getattr(td->tg_trigtuple, attnum, desc, &old_isnull);

		if (!column_differs(desc, attnum, old, old_isnull, condition, isnull))
			return PointerGetDatum(NULL);
	}
	report_condition(check_function_bodies ? ERROR : WARNING,
					 SPI_getvalue(tuple, desc, SPI_fnumber(desc, "name")), DatumGetJsonPathP(condition));
	return PointerGetDatum(NULL);
}

/* ---------------------------------------------------------------- reading */

/* A column of SPI's current row, copied; 0 if it is NULL. */
static Datum
column(HeapTuple tuple, TupleDesc desc, int attnum)
{
	bool		isnull;
	Datum		value = SPI_getbinval(tuple, desc, attnum, &isnull);

	return isnull ? (Datum) 0 : PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
}

static char *
string_column(HeapTuple tuple, TupleDesc desc, int attnum)
{
	bool		isnull;
	Datum		value = SPI_getbinval(tuple, desc, attnum, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

static Rule *
read_rule(HeapTuple tuple, TupleDesc desc)
{
	Rule	   *rule = palloc0(sizeof(Rule));
	char	   *action = string_column(tuple, desc, 5);
	char	   *strategy = string_column(tuple, desc, 13);
	Datum		value;
	bool		isnull;

	rule->id = DatumGetInt64(SPI_getbinval(tuple, desc, 1, &isnull));
	rule->name = string_column(tuple, desc, 2);
	rule->event = string_column(tuple, desc, 3);
	rule->condition = column(tuple, desc, 4);
	for (int i = 0; i < lengthof(action_names); i++)
		if (strcmp(action, action_names[i]) == 0)
			rule->action = (RuleAction) i;
	rule->title_template = (text *) DatumGetPointer(column(tuple, desc, 6));
	rule->description_template = (text *) DatumGetPointer(column(tuple, desc, 7));
	value = SPI_getbinval(tuple, desc, 8, &isnull);
	rule->priority = isnull ? -1 : enum_index(DatumGetObjectId(value), taskq_catalog()->priority, N_PRIORITIES);
	value = SPI_getbinval(tuple, desc, 9, &isnull);
	rule->due_in_days = isnull ? -1 : DatumGetInt32(value);
	value = SPI_getbinval(tuple, desc, 10, &isnull);
	rule->sla_hours = isnull ? 0 : DatumGetFloat8(value);
	rule->assignee_id = string_column(tuple, desc, 11);
	rule->assignee_path = string_column(tuple, desc, 12);
	rule->customer_agent = strategy != NULL && strcmp(strategy, "CUSTOMER_AGENT") == 0;
	rule->least_loaded = strategy != NULL && strcmp(strategy, "LEAST_LOADED") == 0;
	rule->assignee_pool = column(tuple, desc, 14);
	rule->user_id_path = string_column(tuple, desc, 15);
	rule->dedupe_key = (text *) DatumGetPointer(column(tuple, desc, 16));
	rule->kind = string_column(tuple, desc, 17);
	rule->calendar = string_column(tuple, desc, 18);
	rule->team_id = string_column(tuple, desc, 19);
	return rule;
}

static void
read_rules(void)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "taskq rules", ALLOCSET_SMALL_SIZES);
	OwnerSwitch owner;
	TaskqPlan  *plan = taskq_catalog()->sql_is_older ? &select_older_rules : &select_rules;
	List	   *list = NIL;
	uint64		change = last_change;

	spi_connect();
	become_owner_of(taskq_catalog()->task, &owner);
	if (SPI_execute_snapshot(prepared(plan, 0, NULL), NULL, NULL,
							 GetLatestSnapshot(), InvalidSnapshot, true, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read the rules");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(context);

		list = lappend(list, read_rule(SPI_tuptable->vals[i], SPI_tuptable->tupdesc));
		MemoryContextSwitchTo(old);
	}
	become_caller_again(&owner);
	SPI_finish();

	/* An outer call may still use rules of the old list. */
	if (rules_context != NULL)
		MemoryContextSetParent(rules_context, TopTransactionContext);
	MemoryContextSetParent(context, CacheMemoryContext);
	rules_context = context;
	rules = list;
	rules_table = taskq_catalog()->workflow_rule;
	rules_change = change;
}

/*
 * The enabled rules for an event in the order of their ids, NIL if none; good
 * until the transaction ends.
 */
List *
rules_for(const char *event)
{
	List	   *result = NIL;
	ListCell   *lc;

	AcceptInvalidationMessages();
	while (rules_context == NULL || rules_change != last_change ||
		   rules_table != taskq_catalog()->workflow_rule)
		read_rules();
	foreach(lc, rules)
	{
		Rule	   *rule = lfirst(lc);

		if (strcmp(rule->event, event) == 0)
			result = lappend(result, rule);
	}
	return result;
}

/* ------------------------------------------------------------ invalidation */

static void
rule_relcache_callback(Datum arg, Oid relid)
{
	if (!OidIsValid(relid) || relid == rules_table)
		last_change++;
}

void
rule_register_callbacks(void)
{
	CacheRegisterRelcacheCallback(rule_relcache_callback, (Datum) 0);
}

PG_FUNCTION_INFO_V1(taskq_workflow_rule_changed);
Datum
taskq_workflow_rule_changed(PG_FUNCTION_ARGS)
{
	TriggerData *td = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) ||
		RelationGetRelid(td->tg_relation) != taskq_catalog()->workflow_rule)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("taskq_workflow_rule_changed belongs to table taskq_workflow_rule and cannot be used elsewhere")));
	CacheInvalidateRelcacheByRelid(RelationGetRelid(td->tg_relation));
	return PointerGetDatum(NULL);
}
