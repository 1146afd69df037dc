/*-------------------------------------------------------------------------
 *
 * diff.c
 *		What changed between two rows of a task, as JSON.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"

#include "base/json.h"
#include "task/change.h"
#include "task/diff.h"
#include "task/row.h"

/* Whether a column's change belongs into an event's "changes". */
static bool
is_content(int attnum)
{
	switch (attnum)
	{
		case Anum_task_status:
		case Anum_task_updated_at:
			return false;
		default:
			return !task_column_is_stamp(attnum);
	}
}

/* A column as JSON: null, boolean, number, ISO date and time, else its text. */
static void
push_column(JsonbInState *json, const TaskRow *row, int attnum)
{
	Form_pg_attribute att = TupleDescAttr(row->desc, attnum - 1);
	Datum		value = task_value(row, attnum);
	JsonbValue	jb;
	Oid			output;
	bool		is_varlena;

	if (task_isnull(row, attnum))
	{
		json_null(json);
		return;
	}
	switch (att->atttypid)
	{
		case BOOLOID:
			json_bool(json, DatumGetBool(value));
			return;
		case FLOAT8OID:
			jb.type = jbvNumeric;
			jb.val.numeric = DatumGetNumeric(DirectFunctionCall1(float8_numeric, value));
			json_value(json, &jb);
			return;
		case DATEOID:
		case TIMESTAMPTZOID:
			json_string(json, JsonEncodeDateTime(NULL, value, att->atttypid, NULL));
			return;
		default:
			getTypeOutputInfo(att->atttypid, &output, &is_varlena);
			json_string(json, OidOutputFunctionCall(output, value));
	}
}

/*
 * The changed fields as {"field": {"from": …, "to": …}}, NULL if none; *kind
 * is set to the kind of event that they make.
 */
Jsonb *
changes_of(const TaskRow *old, const TaskRow *new, EventKind *kind)
{
	JsonbInState json = {0};
	bool		any = false;

	for (int attnum = 1; attnum <= old->desc->natts; attnum++)
	{
		EventKind	this_kind;

		if (!task_column_differs(old, new, attnum) || !is_content(attnum))
			continue;
		switch (attnum)
		{
			case Anum_task_title:
			case Anum_task_description:
				this_kind = EVENT_EDITED;
				break;
			case Anum_task_priority:
				this_kind = EVENT_PRIORITIZED;
				break;
			case Anum_task_due_date:
				this_kind = EVENT_RESCHEDULED;
				break;
			case Anum_task_sla_hours:
				this_kind = EVENT_SLA_CHANGED;
				break;
			case Anum_task_assignee_id:
				this_kind = EVENT_ASSIGNED;
				break;
			default:
				this_kind = EVENT_UPDATED;
		}
		if (!any)
			json_begin(&json);
		*kind = (any && *kind != this_kind) ? EVENT_UPDATED : this_kind;
		any = true;
		json_key(&json, NameStr(TupleDescAttr(old->desc, attnum - 1)->attname));
		json_begin(&json);
		json_key(&json, "from");
		push_column(&json, old, attnum);
		json_key(&json, "to");
		push_column(&json, new, attnum);
		json_end(&json);
	}
	if (!any)
		return NULL;
	return json_finish(&json);
}
