/*-------------------------------------------------------------------------
 *
 * call.c
 *		A call of a function of taskq: finds out the slots that it is for, and
 *		has PL/Proxy make it there.
 *
 * One C function serves them all.  What to do follows from the catalog's row of
 * the SQL function that was called.  Its arguments say where it goes:
 *
 *		slot				that one (the argument is not passed on)
 *		id, ids				the ten lowest bits
 *		user_id, dedupe_key	the hash of the first of them that is not NULL;
 *		body				or of the same in a JSON body
 *
 * and if these are all NULL, to any slot.  Under the symbol taskq_router_each
 * it goes to all slots instead.  A function is taken to write if it is
 * volatile.  It is the twin with _at in its name that is called, with the slot
 * before the other arguments; if it returns a set, with an array of slots.  Where
 * the function returns a row, the twin may return it as text.
 *
 * PL/Proxy sends every argument as text and commits each call at its slot: so
 * the session's DateStyle must not matter, a writing call must not be one that a
 * ROLLBACK was to undo, and what a slot's error says is put back to what it was
 * there.
 *
 *-------------------------------------------------------------------------
 */
#include "taskq_router.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "common/pg_prng.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/value.h"
#include "parser/parse_func.h"
#include "storage/proc.h"
#include "tcop/utility.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/syscache.h"
#include "utils/timeout.h"
#include "utils/tuplestore.h"

#define NO_ARGUMENT (-1)

typedef struct Route
{
	FmgrInfo	twin;
	FunctionCallInfo call;		/* of the twin */
	char	   *name;
	bool		writes;
	bool		returns_rows;	/* or plain values */
	Oid			row_type;		/* of what the twin returns as text; else invalid */
	int			nargs;
	int			slot;			/* numbers of arguments */
	int			id;
	int			ids;
	int			user_id;
	int			dedupe_key;
	int			body;
	int			actor;
	int			page_size;
} Route;

/* What a slot's error or warning is put right with. */
typedef struct Errand
{
	const Route *route;
	int			slot;			/* -1 = several */
	bool		timed;
	bool		canceled;		/* by the user or a timeout of the session */
} Errand;

/* ------------------------------------------------------------- the catalog */

static int
find_argument(const char *name, char **names, const char *modes, int n)
{
	int			input = 0;

	for (int i = 0; i < n; i++)
	{
		if (modes != NULL && modes[i] != PROARGMODE_IN)
			continue;
		if (names != NULL && strcmp(names[i], name) == 0)
			return input;
		input++;
	}
	return NO_ARGUMENT;
}

static Route *
make_route(FmgrInfo *flinfo)
{
	MemoryContext old = MemoryContextSwitchTo(flinfo->fn_mcxt);
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(flinfo->fn_oid));
	Form_pg_proc proc;
	Route	   *route = palloc0(sizeof(Route));
	Oid		   *types;
	char	  **names;
	char	   *modes;
	char	   *base;
	int			n;
	Oid			twin;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", flinfo->fn_oid);
	proc = (Form_pg_proc) GETSTRUCT(tuple);
	n = get_func_arg_info(tuple, &types, &names, &modes);
	route->nargs = proc->pronargs;
	route->writes = proc->provolatile == PROVOLATILE_VOLATILE;
	route->returns_rows = get_typtype(proc->prorettype) == TYPTYPE_COMPOSITE || proc->prorettype == RECORDOID;
	route->slot = find_argument("slot", names, modes, n);
	route->id = find_argument("id", names, modes, n);
	route->ids = find_argument("ids", names, modes, n);
	route->user_id = find_argument("user_id", names, modes, n);
	route->dedupe_key = find_argument("dedupe_key", names, modes, n);
	route->body = find_argument("body", names, modes, n);
	route->actor = find_argument("actor", names, modes, n);
	route->page_size = find_argument("page_size", names, modes, n);

	/* taskq_stats, taskq_stats_each and taskq_stats_in have taskq_stats_at for a twin. */
	base = pstrdup(NameStr(proc->proname));
	n = (int) strlen(base);
	if (n > 5 && strcmp(base + n - 5, "_each") == 0)
		base[n - 5] = '\0';
	else if (n > 3 && strcmp(base + n - 3, "_in") == 0)
		base[n - 3] = '\0';
	route->name = base;
	twin = LookupFuncName(list_make2(makeString(get_namespace_name(proc->pronamespace)), makeString(psprintf("%s_at", base))),
						  -1, NULL, false);
	if (route->returns_rows && get_func_rettype(twin) == TEXTOID)
		route->row_type = proc->prorettype;
	fmgr_info_cxt(twin, &route->twin, flinfo->fn_mcxt);
	route->call = palloc0(SizeForFunctionCallInfo(route->nargs + 1));
	ReleaseSysCache(tuple);
	MemoryContextSwitchTo(old);
	return route;
}

static Route *
route_of(FunctionCallInfo fcinfo)
{
	if (fcinfo->flinfo->fn_extra == NULL)
		fcinfo->flinfo->fn_extra = make_route(fcinfo->flinfo);
	return fcinfo->flinfo->fn_extra;
}

/* ----------------------------------------------------------- before a call */

/*
 * 25006 in a read-only transaction; 25001 in a transaction block, a
 * subtransaction, or a pipeline behind another statement: its ROLLBACK would not
 * reach the slot.
 */
static void
refuse_in_transaction(const Route *route)
{
	PreventCommandIfReadOnly(route->name);
	if (router_in_transaction || !IsInTransactionBlock(true))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
			 errmsg("%s cannot run inside a transaction block on the router", route->name),
			 errdetail("A slot commits each call at once, and ROLLBACK would not undo it."),
			 errhint("Call it outside of a transaction block, or turn taskq_router.in_transaction on.")));
}

/* The actor that taskq would take; it cannot see this session from a slot. */
static Datum
actor_of_session(void)
{
	const char *setting = GetConfigOption("taskq.actor", true, false);

	if (setting == NULL || setting[0] == '\0')
		setting = GetUserNameFromId(GetSessionUserId(), false);
	return CStringGetTextDatum(setting);
}

static bool
is_given(FunctionCallInfo fcinfo, int argument)
{
	return argument != NO_ARGUMENT && !PG_ARGISNULL(argument);
}

/* A string in a JSON object, or NULL. */
static text *
string_in(Jsonb *body, const char *key)
{
	JsonbValue	value;

	if (!JB_ROOT_IS_OBJECT(body) ||
		getKeyJsonValueFromContainer(&body->root, key, (int) strlen(key), &value) == NULL ||
		value.type != jbvString)
		return NULL;
	return cstring_to_text_with_len(value.val.string.val, value.val.string.len);
}

/* The key that decides where something is created; NULL = none. */
static text *
key_of(const Route *route, FunctionCallInfo fcinfo)
{
	if (is_given(fcinfo, route->user_id))
		return PG_GETARG_TEXT_PP(route->user_id);
	if (is_given(fcinfo, route->dedupe_key))
		return PG_GETARG_TEXT_PP(route->dedupe_key);
	if (is_given(fcinfo, route->body))
	{
		Jsonb	   *body = PG_GETARG_JSONB_P(route->body);
		text	   *user_id = string_in(body, "user_id");

		return user_id != NULL ? user_id : string_in(body, "dedupe_key");
	}
	return NULL;
}

/* An id of a slot that does not exist goes to one that says that there is no such task. */
static int
slot_of_call(const Route *route, FunctionCallInfo fcinfo)
{
	int			n = number_of_slots();
	text	   *key;

	if (route->slot != NO_ARGUMENT)
	{
		int			slot = PG_ARGISNULL(route->slot) ? -1 : PG_GETARG_INT32(route->slot);

		if (slot < 0 || slot >= n)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("slot must be a number from 0 to %d", n - 1)));
		return slot;
	}
	if (is_given(fcinfo, route->id))
		return (int) (PG_GETARG_INT64(route->id) & (n - 1));
	key = key_of(route, fcinfo);
	if (key != NULL)
		return slot_of_key(key);
	return route->id != NO_ARGUMENT ? 0 : (int) (pg_prng_uint32(&pg_global_prng_state) & (n - 1));
}

/* ---------------------------------------------------------------- the call */

/* "name(2): [database] REMOTE ERROR: message" is the slot's message, as PL/Proxy passes it on. */
static const char *
slot_message(const char *message)
{
	const char *remote = message != NULL ? strstr(message, "] REMOTE ") : NULL;
	const char *colon = remote != NULL ? strstr(remote, ": ") : NULL;

	return colon != NULL ? colon + 2 : NULL;
}

static const char *
without(const char *prefix, const char *text)
{
	return text != NULL && strncmp(text, prefix, strlen(prefix)) == 0 ? text + strlen(prefix) : NULL;
}

/* The name that PostgreSQL's own messages tell of the constraint that was violated. */
static char *
constraint_in(const char *message)
{
	const char *start = strstr(message, "constraint \"");
	const char *end;

	if (start == NULL)
		return NULL;
	start += strlen("constraint \"");
	end = strchr(start, '"');
	return end != NULL ? pnstrdup(start, end - start) : NULL;
}

/*
 * Error context callback: what comes from a slot is reported as the slot did,
 * and what keeps a slot from answering as 08006.  Constraints' names do not
 * come through, except where the message or the code tells.
 */
static void
put_right(void *arg)
{
	Errand	   *errand = arg;
	MemoryContext old = MemoryContextSwitchTo(CurTransactionContext);
	ErrorData  *error = CopyErrorData();
	const char *message = slot_message(error->message);
	const char *detail = without("Remote detail: ", error->detail);
	const char *hint = without("Remote hint: ", error->hint);
	const char *name = errand->slot >= 0 ? psprintf("slot %d", errand->slot) : "a slot";

	MemoryContextSwitchTo(old);
	if (error->sqlerrcode == ERRCODE_QUERY_CANCELED && message == NULL)
	{
		/* PL/Proxy would try to cancel at the slot, and wait for that without a limit. */
		errcode(ERRCODE_OPERATOR_INTERVENTION);
		if (errand->route->writes)
			errdetail("Whether the call was carried out is not known.");
		errand->canceled = true;
	}
	else if (errand->timed && error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE && message == NULL)
	{
		errcode(ERRCODE_CONNECTION_FAILURE);
		errmsg("%s did not answer within %d ms", name, router_timeout);
		if (errand->route->writes)
			errdetail("Whether the call was carried out is not known.");
		errhint("See taskq_router_status() and setting taskq_router.timeout.");
	}
	else if (message != NULL)
	{
		char	   *constraint = constraint_in(message);

		errmsg_internal("%s", message);
		if (detail != NULL)
			errdetail_internal("%s", detail);
		if (hint != NULL)
			errhint("%s", hint);
		if (constraint == NULL && error->sqlerrcode == ERRCODE_CHECK_VIOLATION)
			constraint = "taskq_task_lifecycle";
		if (constraint != NULL && error->elevel >= ERROR)
			err_generic_string(PG_DIAG_CONSTRAINT_NAME, constraint);
	}
	else if (error->elevel == ERROR && error->sqlerrcode == ERRCODE_INTERNAL_ERROR &&
			 without("PL/Proxy function ", error->message) != NULL)
	{
		const char *reason = strstr(error->message, "): ");
		char	   *text = pstrdup(reason != NULL ? reason + 3 : error->message);

		text[strcspn(text, "\n")] = '\0';
		errcode(ERRCODE_CONNECTION_FAILURE);
		errmsg_internal("%s does not answer: %s", name, text);
		errhint("See taskq_router_status().");
	}
	if (errand->slot >= 0)
		errcontext("taskq at slot %d", errand->slot);
}

/*
 * Dates and the like are sent as they can be read in any session; see
 * postgres_fdw.  PL/Proxy gives a notice whenever it connects anew, which is of
 * no use to the caller.
 */
static int
begin_transmission(void)
{
	int			level = NewGUCNestLevel();

	if (DateStyle != USE_ISO_DATES)
		(void) set_config_option("datestyle", "ISO", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	if (IntervalStyle != INTSTYLE_POSTGRES)
		(void) set_config_option("intervalstyle", "postgres", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	if (extra_float_digits < 1)
		(void) set_config_option("extra_float_digits", "3", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	if (client_min_messages < WARNING)
		(void) set_config_option("client_min_messages", "warning", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	return level;
}

static void
set_arguments(Route *route, FunctionCallInfo fcinfo, Datum slots, Datum ids)
{
	NullableDatum *args = route->call->args;
	int			n = 0;

	args[n].value = slots;
	args[n++].isnull = false;
	for (int i = 0; i < route->nargs; i++)
	{
		if (i == route->slot)
			continue;
		args[n] = fcinfo->args[i];
		if (i == route->actor && args[n].isnull)
		{
			args[n].value = actor_of_session();
			args[n].isnull = false;
		}
		if (i == route->ids && ids != (Datum) 0)
			args[n].value = ids;
		n++;
	}
}

static void
put_result(const Route *route, ReturnSetInfo *rsinfo, Datum value, bool isnull)
{
	if (route->returns_rows)
	{
		HeapTupleHeader header = DatumGetHeapTupleHeader(value);
		HeapTupleData tuple;

		tuple.t_len = HeapTupleHeaderGetDatumLength(header);
		ItemPointerSetInvalid(&tuple.t_self);
		tuple.t_tableOid = InvalidOid;
		tuple.t_data = header;
		tuplestore_puttuple(rsinfo->setResult, &tuple);
	}
	else
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, &value, &isnull);
}

/* Runs the twin and stores its rows. */
static void
run_for_rows(Route *route, FunctionCallInfo fcinfo)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	ReturnSetInfo answer = {0};
	MemoryContext per_row = AllocSetContextCreate(CurrentMemoryContext, "taskq_router row", ALLOCSET_DEFAULT_SIZES);

	answer.type = T_ReturnSetInfo;
	answer.econtext = rsinfo->econtext;
	answer.expectedDesc = rsinfo->setDesc;
	answer.allowedModes = (int) SFRM_ValuePerCall;
	answer.returnMode = SFRM_ValuePerCall;
	InitFunctionCallInfoData(*route->call, &route->twin, route->call->nargs, fcinfo->fncollation, NULL, (Node *) &answer);
	for (;;)
	{
		MemoryContext old = MemoryContextSwitchTo(per_row);
		Datum		value;

		route->call->isnull = false;
		answer.isDone = ExprSingleResult;
		value = FunctionCallInvoke(route->call);
		if (answer.isDone == ExprMultipleResult)
			put_result(route, rsinfo, value, route->call->isnull);
		MemoryContextSwitchTo(old);
		if (answer.isDone != ExprMultipleResult)
			break;
		MemoryContextReset(per_row);
	}
	MemoryContextDelete(per_row);
}

/* What is to be known of the columns is looked up once a session. */
static Datum
row_of_text(Datum answer, Oid row_type)
{
	static FmgrInfo row_in;

	if (row_in.fn_mcxt == NULL)
		fmgr_info_cxt(F_RECORD_IN, &row_in, TopMemoryContext);
	return InputFunctionCall(&row_in, TextDatumGetCString(answer), row_type, -1);
}

/* Calls the twin at the slots.  The time limit is that of lock_timeout, which nothing else needs meanwhile. */
static Datum
call_at(Route *route, FunctionCallInfo fcinfo, Datum *slots, int nslots, Datum ids)
{
	Errand		errand = {route, nslots == 1 ? DatumGetInt32(slots[0]) : -1, router_timeout > 0, false};
	MemoryContext context = CurrentMemoryContext;
	ErrorContextCallback callback;
	int			level;
	volatile Datum result = (Datum) 0;

	callback.callback = put_right;
	callback.arg = &errand;
	callback.previous = error_context_stack;
	error_context_stack = &callback;
	level = begin_transmission();
	route->call->nargs = (short) (route->nargs + 1 - (route->slot != NO_ARGUMENT));
	set_arguments(route, fcinfo, !fcinfo->flinfo->fn_retset ? slots[0] :
				  PointerGetDatum(construct_array(slots, nslots, INT4OID, sizeof(int32), true, TYPALIGN_INT)), ids);
	if (errand.timed)
		enable_timeout_after(LOCK_TIMEOUT, router_timeout);
	PG_TRY();
	{
		if (fcinfo->flinfo->fn_retset)
			run_for_rows(route, fcinfo);
		else
		{
			InitFunctionCallInfoData(*route->call, &route->twin, route->call->nargs, fcinfo->fncollation, NULL, NULL);
			result = FunctionCallInvoke(route->call);
			fcinfo->isnull = route->call->isnull;
			if (OidIsValid(route->row_type) && !fcinfo->isnull)
				result = row_of_text(result, route->row_type);
		}
	}
	PG_CATCH();
	{
		ErrorData  *error;

		if (errand.timed)
			disable_timeout(LOCK_TIMEOUT, false);
		if (!errand.canceled)
			PG_RE_THROW();
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		error->sqlerrcode = ERRCODE_QUERY_CANCELED;
		ReThrowError(error);
	}
	PG_END_TRY();
	if (errand.timed)
		disable_timeout(LOCK_TIMEOUT, false);
	AtEOXact_GUC(true, level);
	error_context_stack = callback.previous;
	return result;
}

/* Whether an error says that a slot cannot be had, rather than what it answered. */
static bool
is_absence(int code)
{
	return ERRCODE_TO_CATEGORY(code) == ERRCODE_CONNECTION_EXCEPTION ||
		ERRCODE_TO_CATEGORY(code) == ERRCODE_INSUFFICIENT_RESOURCES ||
		code == ERRCODE_ADMIN_SHUTDOWN || code == ERRCODE_CRASH_SHUTDOWN || code == ERRCODE_CANNOT_CONNECT_NOW;
}

/* Calls the twin at one slot; if it cannot be had, this is a warning. */
static void
call_if_there(Route *route, FunctionCallInfo fcinfo, Datum slot)
{
	MemoryContext old = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorContextCallback *stack = error_context_stack;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(old);
	PG_TRY();
	{
		(void) call_at(route, fcinfo, &slot, 1, (Datum) 0);
		ReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(old);
		CurrentResourceOwner = owner;
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(old);
		error = CopyErrorData();
		if (!is_absence(error->sqlerrcode))
			PG_RE_THROW();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(old);
		CurrentResourceOwner = owner;
		error_context_stack = stack;
		ereport(WARNING,
				(errcode(error->sqlerrcode),
				 errmsg("slot %d is left out: %s", DatumGetInt32(slot), error->message)));
	}
	PG_END_TRY();
}

/*
 * The slots of ids, and the ids of each; *n is the number of slots.  A NULL
 * among them is for a slot to complain of.
 */
static Datum *
slots_of_ids(const Route *route, FunctionCallInfo fcinfo, ArrayBuildState **parts, int *n)
{
	int			nslots = number_of_slots();
	Datum	   *slots = palloc(sizeof(Datum) * nslots);
	Datum	   *ids;
	bool	   *nulls;
	int			nids;

	slots[0] = Int32GetDatum(0);
	*n = 1;
	if (PG_ARGISNULL(route->ids) || array_contains_nulls(PG_GETARG_ARRAYTYPE_P(route->ids)))
		return slots;
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(route->ids), INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &ids, &nulls, &nids);
	if (nids == 0)
		return slots;
	for (int i = 0; i < nids; i++)
	{
		int			slot = (int) (DatumGetInt64(ids[i]) & (nslots - 1));

		parts[slot] = accumArrayResult(parts[slot], ids[i], false, INT8OID, CurrentMemoryContext);
	}
	*n = 0;
	for (int i = 0; i < nslots; i++)
		if (parts[i] != NULL)
			slots[(*n)++] = Int32GetDatum(i);
	if (*n > 1 && !router_split)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("the tasks are at %d slots, and such a call would not be all or nothing", *n),
				 errdetail("Slots %d and %d are the first of them.", DatumGetInt32(slots[0]), DatumGetInt32(slots[1])),
				 errhint("Turn taskq_router.split on, and each slot carries out its part.")));
	return slots;
}

static void
call_for_ids(Route *route, FunctionCallInfo fcinfo)
{
	ArrayBuildState **parts = palloc0(sizeof(ArrayBuildState *) * number_of_slots());
	int			n;
	Datum	   *slots = slots_of_ids(route, fcinfo, parts, &n);

	for (int i = 0; i < n; i++)
	{
		ArrayBuildState *part = parts[DatumGetInt32(slots[i])];

		(void) call_at(route, fcinfo, &slots[i], 1, part == NULL ? (Datum) 0 : makeArrayResult(part, CurrentMemoryContext));
	}
}

/* ------------------------------------------------------------- entry points */

/* At one slot; or, for a list of ids, at those that they are of. */
PG_FUNCTION_INFO_V1(taskq_router_call);
Datum
taskq_router_call(PG_FUNCTION_ARGS)
{
	Route	   *route = route_of(fcinfo);
	Datum		slot;

	if (route->writes)
		refuse_in_transaction(route);
	if (fcinfo->flinfo->fn_retset)
		InitMaterializedSRF(fcinfo, route->returns_rows ? 0 : MAT_SRF_USE_EXPECTED_DESC);
	if (route->ids != NO_ARGUMENT)
	{
		call_for_ids(route, fcinfo);
		return (Datum) 0;
	}
	slot = Int32GetDatum(slot_of_call(route, fcinfo));
	return call_at(route, fcinfo, &slot, 1, (Datum) 0);
}

/*
 * For a function that returns a set, in its first call: adds the answers of
 * slots to its result.
 */
void
call_slots(FunctionCallInfo fcinfo, Datum *slots, int nslots)
{
	Route	   *route = route_of(fcinfo);

	if (route->writes || !router_partial)
		(void) call_at(route, fcinfo, slots, nslots, (Datum) 0);
	else
		for (int i = 0; i < nslots; i++)
			call_if_there(route, fcinfo, slots[i]);
}

int
page_size_argument(FunctionCallInfo fcinfo)
{
	return route_of(fcinfo)->page_size;
}

/* At every slot. */
PG_FUNCTION_INFO_V1(taskq_router_each);
Datum
taskq_router_each(PG_FUNCTION_ARGS)
{
	Route	   *route = route_of(fcinfo);
	int			n;
	Datum	   *slots = all_slots(&n);

	if (route->writes)
		refuse_in_transaction(route);
	InitMaterializedSRF(fcinfo, route->returns_rows ? 0 : MAT_SRF_USE_EXPECTED_DESC);
	call_slots(fcinfo, slots, n);
	return (Datum) 0;
}

/* The name of the cluster that reading calls go to. */
PG_FUNCTION_INFO_V1(taskq_router_reads);
Datum
taskq_router_reads(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(router_read_standbys ? READ_SERVER_NAME : SERVER_NAME));
}

/* The slot of a JSON body that taskq_create_json() takes; NULL = any. */
PG_FUNCTION_INFO_V1(taskq_router_slot_of_body);
Datum
taskq_router_slot_of_body(PG_FUNCTION_ARGS)
{
	Jsonb	   *body = PG_GETARG_JSONB_P(0);
	text	   *key = string_in(body, "user_id");

	if (key == NULL)
		key = string_in(body, "dedupe_key");
	if (key == NULL)
		PG_RETURN_NULL();
	PG_RETURN_INT32(slot_of_key(key));
}
