/*-------------------------------------------------------------------------
 *
 * slots.c
 *		How many slots there are, which of them a key belongs to, and the
 *		order in which pages of several are merged.
 *
 *-------------------------------------------------------------------------
 */
#include "taskq_router.h"

#include "commands/defrem.h"
#include "foreign/foreign.h"
#include "funcapi.h"
#include "libpq-fe.h"
#include "nodes/pg_list.h"
#include "port/pg_bswap.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/inval.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
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
	/* cppcheck-suppress nullPointerRedundantCheck ; ereport(ERROR) does not return */
	for (PQconninfoOption *option = options; option->keyword != NULL; option++)
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
	PG_RETURN_VOID();
}

/*
 * Where a row belongs in a page, by its cursor: a bytea whose order is that of
 * the page.  Numbers have their most significant byte first and the sign
 * flipped; those that descend are inverted.
 */
PG_FUNCTION_INFO_V1(taskq_router_place);
Datum
taskq_router_place(PG_FUNCTION_ARGS)
{
	char	   *cursor = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *fields[4] = {NULL};
	int			nfields = 0;
	int64		keys[3] = {0};
	bytea	   *result = palloc0(VARHDRSZ + sizeof(keys));
	bool		descends = cursor[0] == 'c';	/* created, closed */

	for (char *field = strtok(cursor, "/"); field != NULL && nfields < lengthof(fields); field = strtok(NULL, "/"))
		fields[nfields++] = field;
	if (nfields < 3)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is not a cursor of taskq_queue_page", cursor)));

	/* Created is by id alone. */
	for (int i = strcmp(cursor, "created") == 0 ? 2 : 1; i < nfields; i++)
	{
		int64		key;

		if (strcmp(fields[i], "infinity") == 0)
			key = PG_INT64_MAX;
		else if (strcmp(fields[i], "-infinity") == 0)
			key = PG_INT64_MIN;
		else if (strchr(fields[i] + 1, '-') != NULL)
			key = DatumGetDateADT(DirectFunctionCall1(date_in, CStringGetDatum(fields[i])));
		else
			key = strtoll(fields[i], NULL, 10);
		keys[i - 1] = pg_hton64((uint64) (descends ? ~key : key) ^ (UINT64CONST(1) << 63));
	}
	SET_VARSIZE(result, VARHDRSZ + sizeof(keys));
	memcpy(VARDATA(result), keys, sizeof(keys));
	PG_RETURN_BYTEA_P(result);
}
