/*-------------------------------------------------------------------------
 *
 * createmany.c
 *		Creating many tasks from a JSON array, in one statement.
 *
 * Each element is created as taskq_create_json() would, in the order of the
 * array, so that a later one finds the task of an earlier one with the same
 * dedupe_key.  An error ends the statement, and nothing has been created.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

#include "base/actor.h"
#include "base/compat.h"
#include "base/contain.h"
#include "task/create.h"

/*
 * Creates the task of element n, counted from 1.  An error of that element
 * is rethrown with its number in the message; others, a cancelled query say, stay
 * as they are.
 */
static Datum
create_element(const JsonbValue *element, int n, text *actor)
{
	MemoryContext context = CurrentMemoryContext;
	Datum		task = (Datum) 0;

	if (element->type != jbvBinary || !JsonContainerIsObject(element->val.binary.data))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("body %d must be a JSON object", n)));
	PG_TRY();
	{
		task = create_from_json(element->val.binary.data, actor);
	}
	PG_CATCH();
	{
		ErrorData  *edata;

		MemoryContextSwitchTo(context);
		edata = CopyErrorData();
		if (!error_is_contained(edata))
			PG_RE_THROW();
		FlushErrorState();
		edata->message = psprintf("body %d: %s", n, edata->message);
		ReThrowError(edata);
	}
	PG_END_TRY();
	return task;
}

PG_FUNCTION_INFO_V1(taskq_create_many_json);
Datum
taskq_create_many_json(PG_FUNCTION_ARGS)
{
	Jsonb	   *bodies = PG_ARGISNULL(0) ? NULL : PG_GETARG_JSONB_P(0);
	text	   *actor = actor_argument(fcinfo, 1);
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext element_context;
	MemoryContext old;
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	element;
	int			n = 0;

	/* A scalar is kept as an array of one. */
	if (bodies == NULL || !JB_ROOT_IS_ARRAY(bodies) || JB_ROOT_IS_SCALAR(bodies))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("bodies must be a JSON array")));
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	element_context = AllocSetContextCreate(CurrentMemoryContext, "taskq body", ALLOCSET_DEFAULT_SIZES);
	it = JsonbIteratorInit(&bodies->root);
	while ((token = JsonbIteratorNext(&it, &element, true)) != WJB_DONE)
	{
		Datum		task;
		bool		isnull = false;

		if (token != WJB_ELEM)
			continue;
		CHECK_FOR_INTERRUPTS();
		old = MemoryContextSwitchTo(element_context);
		task = create_element(&element, ++n, actor);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, &task, &isnull);
		MemoryContextSwitchTo(old);
		MemoryContextReset(element_context);
	}
	return (Datum) 0;
}
