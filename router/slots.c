/*-------------------------------------------------------------------------
 *
 * slots.c
 *		How many slots there are, and which of them a key belongs to.
 *
 *-------------------------------------------------------------------------
 */
#include "taskq_router.h"

#include "commands/defrem.h"
#include "foreign/foreign.h"
#include "funcapi.h"
#include "libpq-fe.h"
#include "nodes/pg_list.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/syscache.h"
#include "utils/tuplestore.h"

/* As counted in the server's options; 0 = not known. */
static int	nslots = 0;

static void
forget_slots(Datum arg, int cacheid, uint32 hashvalue)
{
	nslots = 0;
}

void
slots_init(void)
{
	CacheRegisterSyscacheCallback(FOREIGNSERVEROID, forget_slots, (Datum) 0);
}

/* Option pN of the server is the connection string of slot N.  55000 without any. */
int
number_of_slots(void)
{
	ForeignServer *server;
	ListCell   *lc;
	int			n = 0;

	if (nslots > 0)
		return nslots;
	server = GetForeignServerByName(SERVER_NAME, true);
	foreach(lc, server != NULL ? server->options : NIL)
	{
		const char *name = ((DefElem *) lfirst(lc))->defname;

		if (name[0] == 'p' && name[1] >= '0' && name[1] <= '9')
			n++;
	}
	if (n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the router has no slots yet"),
				 errhint("Name them with taskq_router_set_slots().")));
	nslots = n;
	return n;
}

/* Their numbers, as integers of SQL. */
Datum *
all_slots(int *n)
{
	Datum	   *slots;

	*n = number_of_slots();
	slots = palloc(sizeof(Datum) * *n);
	for (int i = 0; i < *n; i++)
		slots[i] = Int32GetDatum(i);
	return slots;
}

/* By taskq_slot(), which the slots' clients compute as well. */
int
slot_of_key(text *key)
{
	static PGFunction taskq_slot = NULL;

	if (taskq_slot == NULL)
		taskq_slot = load_external_function("$libdir/taskq", "taskq_slot", true, NULL);
	return DatumGetInt32(DirectFunctionCall1(taskq_slot, PointerGetDatum(key))) & (number_of_slots() - 1);
}

PG_FUNCTION_INFO_V1(taskq_router_slots);
Datum
taskq_router_slots(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(number_of_slots());
}

/* The keywords of a connection string, and their values. */
PG_FUNCTION_INFO_V1(taskq_router_options);
Datum
taskq_router_options(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	PQconninfoOption *options = PQconninfoParse(text_to_cstring(PG_GETARG_TEXT_PP(0)), NULL);

	InitMaterializedSRF(fcinfo, 0);
	for (PQconninfoOption *option = options; option != NULL && option->keyword != NULL; option++)
	{
		Datum		values[2];
		bool		nulls[2] = {false};

		if (option->val == NULL)
			continue;
		values[0] = CStringGetTextDatum(option->keyword);
		values[1] = CStringGetTextDatum(option->val);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	PQconninfoFree(options);
	return (Datum) 0;
}

/*
 * Whether the user that PL/Proxy puts behind a connection string is the one that
 * connects: not if a keyword without a value is at the end, or if PL/Proxy takes
 * something for a user that is none.  It would be the server's own user then.
 */
static bool
takes_user(const char *connstr)
{
	char	   *with_user = psprintf("%s user='u'", connstr);
	PQconninfoOption *options = PQconninfoParse(with_user, NULL);
	bool		result = false;

	for (PQconninfoOption *option = options; option != NULL && option->keyword != NULL; option++)
		result |= strcmp(option->keyword, "user") == 0 && option->val != NULL && strcmp(option->val, "u") == 0;
	PQconninfoFree(options);
	return result && strstr(connstr, "user=") == NULL;
}

/* Throws 22023 unless the text is a connection string that a slot can have. */
PG_FUNCTION_INFO_V1(taskq_router_check_connstr);
Datum
taskq_router_check_connstr(PG_FUNCTION_ARGS)
{
	char	   *connstr = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *message = NULL;
	char	   *refused = NULL;
	bool		has_database = false;
	PQconninfoOption *options = PQconninfoParse(connstr, &message);

	if (options == NULL)
	{
		char	   *reason = pstrdup(message != NULL ? message : "out of memory");

		PQfreemem(message);
		if (reason[0] != '\0' && reason[strlen(reason) - 1] == '\n')
			reason[strlen(reason) - 1] = '\0';
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is not a connection string", connstr),
				 errdetail_internal("%s", reason)));
	}
	for (PQconninfoOption *option = options; option != NULL && option->keyword != NULL; option++)
	{
		if (option->val == NULL)
			continue;
		if (strcmp(option->keyword, "user") == 0 || strcmp(option->keyword, "password") == 0)
			refused = pstrdup(option->keyword);
		has_database |= strcmp(option->keyword, "dbname") == 0;
	}
	PQconninfoFree(options);
	if (refused != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the connection string of a slot must have no %s", refused),
				 errhint("Use user mappings of server %s.", SERVER_NAME)));
	if (!has_database || strncmp(connstr, "postgres://", 11) == 0 || strncmp(connstr, "postgresql://", 13) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the connection string of a slot must consist of keywords and values, dbname among them"),
				 errdetail("It is \"%s\".", connstr)));
	if (!takes_user(connstr))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the connection string of a slot must neither end with a keyword without a value nor contain \"user=\""),
				 errdetail("It is \"%s\".", connstr)));
	PG_RETURN_VOID();
}
