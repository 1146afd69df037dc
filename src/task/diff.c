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
#include "task/fields.h"
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
			return attnum != Anum_task_sla_revision && !task_column_is_stamp(attnum);
	}
}

/* The kind of event that a change of a column makes. */
static EventKind
kind_of(const TaskRow *old, const TaskRow *new, int attnum)
{
	switch (attnum)
	{
		case Anum_task_title:
		case Anum_task_description:
			return EVENT_EDITED;
		case Anum_task_priority:
			return EVENT_PRIORITIZED;
		case Anum_task_due_date:
			return EVENT_RESCHEDULED;
		case Anum_task_sla_hours:
			return EVENT_SLA_CHANGED;
		case Anum_task_assignee_id:
			return EVENT_ASSIGNED;
		default:
			break;
	}
	if (attnum == Anum_task_team_id)
		return EVENT_ASSIGNED;
	if (attnum == Anum_task_sla_policy || attnum == Anum_task_sla_calendar || attnum == Anum_task_sla_from ||
		attnum == Anum_task_response_hours)
		return EVENT_SLA_CHANGED;
	if (attnum == Anum_task_labels || attnum == Anum_task_attributes)
		return EVENT_EDITED;
	if (attnum == Anum_task_paused_at || attnum == Anum_task_pause_reason || attnum == Anum_task_resume_at)
		return task_column_differs(old, new, Anum_task_paused_at) ? EVENT_PAUSED : EVENT_UPDATED;
	return EVENT_UPDATED;
}

/* The kind of an update that makes changes of two kinds. */
static EventKind
both_kinds(const TaskRow *old, EventKind a, EventKind b)
{
	if (a == b)
		return a;
	/* A policy's SLA follows from what it goes by. */
	if (Anum_task_sla_policy != 0 && !task_isnull(old, Anum_task_sla_policy))
	{
		if (a == EVENT_SLA_CHANGED)
			return b;
		if (b == EVENT_SLA_CHANGED)
			return a;
	}
	return EVENT_UPDATED;
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

/* Those of n labels that are not among others; both are sorted. */
static void
push_labels_without(JsonbInState *json, const Datum *labels, int n, const Datum *others, int nothers)
{
	int			j = 0;

	json_begin_array(json);
	for (int i = 0; i < n; i++)
	{
		while (j < nothers && compare_labels(&others[j], &labels[i]) < 0)
			j++;
		if (j == nothers || compare_labels(&others[j], &labels[i]) != 0)
			json_element(json, TextDatumGetCString(labels[i]));
	}
	json_end_array(json);
}

/* {"added": [...], "removed": [...]} */
static void
push_labels(JsonbInState *json, const TaskRow *old, const TaskRow *new)
{
	Datum	   *before;
	Datum	   *after;
	int			nbefore = labels_of(old, &before);
	int			nafter = labels_of(new, &after);

	json_begin(json);
	json_key(json, "added");
	push_labels_without(json, after, nafter, before, nbefore);
	json_key(json, "removed");
	push_labels_without(json, before, nbefore, after, nafter);
	json_end(json);
}

/* The attributes of a row as a container, NULL if there are none. */
static JsonbContainer *
attributes_of(const TaskRow *row)
{
	Jsonb	   *attributes = task_isnull(row, Anum_task_attributes) ? NULL : DatumGetJsonbP(task_value(row, Anum_task_attributes));

	return attributes == NULL || !JB_ROOT_IS_OBJECT(attributes) ? NULL : &attributes->root;
}

static JsonbValue *
attribute(JsonbContainer *attributes, const JsonbValue *key)
{
	return attributes == NULL ? NULL : getKeyJsonValueFromContainer(attributes, key->val.string.val, key->val.string.len, NULL);
}

/* Whether two values are the same, as stored: 1 and 1.0 are not. */
static bool
same_value(JsonbValue *a, JsonbValue *b)
{
	Jsonb	   *x = JsonbValueToJsonb(a);
	Jsonb	   *y = JsonbValueToJsonb(b);

	return VARSIZE(x) == VARSIZE(y) && memcmp(x, y, VARSIZE(x)) == 0;
}

/*
 * The keys of one object that another has not, or with another value.  "after":
 * the first is the new one, and keys that both have are left out, because they
 * have been pushed from the old one.
 */
static void
push_attributes_without(JsonbInState *json, JsonbContainer *attributes, JsonbContainer *others, bool after)
{
	JsonbIterator *it = attributes == NULL ? NULL : JsonbIteratorInit(attributes);
	JsonbIteratorToken token;
	JsonbValue	key;
	JsonbValue	value;

	while (it != NULL && (token = JsonbIteratorNext(&it, &key, true)) != WJB_DONE)
	{
		JsonbValue *other;

		if (token != WJB_KEY)
			continue;
		(void) JsonbIteratorNext(&it, &value, true);
		other = attribute(others, &key);
		if (other != NULL && (after || same_value(&value, other)))
			continue;
		json_key(json, pnstrdup(key.val.string.val, key.val.string.len));
		json_begin(json);
		json_key(json, after ? "to" : "from");
		json_value(json, &value);
		if (other != NULL)
		{
			json_key(json, "to");
			json_value(json, other);
		}
		json_end(json);
	}
}

/* {"key": {"from": ..., "to": ...}}, without the one in which the key is absent. */
static void
push_attributes(JsonbInState *json, const TaskRow *old, const TaskRow *new)
{
	JsonbContainer *before = attributes_of(old);
	JsonbContainer *after = attributes_of(new);

	json_begin(json);
	push_attributes_without(json, before, after, false);
	push_attributes_without(json, after, before, true);
	json_end(json);
}

/* A field and how it changed. */
static void
push_change(JsonbInState *json, const TaskRow *old, const TaskRow *new, int attnum)
{
	json_key(json, NameStr(TupleDescAttr(old->desc, attnum - 1)->attname));
	if (attnum == Anum_task_labels)
	{
		push_labels(json, old, new);
		return;
	}
	if (attnum == Anum_task_attributes)
	{
		push_attributes(json, old, new);
		return;
	}
	json_begin(json);
	json_key(json, "from");
	push_column(json, old, attnum);
	json_key(json, "to");
	push_column(json, new, attnum);
	json_end(json);
}

/*
 * The changed fields as {"field": {"from": …, "to": …}}, labels and attributes
 * in forms of their own, NULL if none; *kind is set to the kind of event that
 * they make.
 */
Jsonb *
changes_of(const TaskRow *old, const TaskRow *new, EventKind *kind)
{
	JsonbInState json = {0};
	bool		any = false;

	for (int attnum = 1; attnum <= old->desc->natts; attnum++)
	{
		if (!task_column_differs(old, new, attnum) || !is_content(attnum))
			continue;
		*kind = any ? both_kinds(old, *kind, kind_of(old, new, attnum)) : kind_of(old, new, attnum);
		if (!any)
			json_begin(&json);
		any = true;
		push_change(&json, old, new, attnum);
	}
	if (!any)
		return NULL;
	return json_finish(&json);
}

/* The deadlines that differ, in the same form. */
Jsonb *
moved_deadlines(const TaskRow *old, const TaskRow *new)
{
	const int	deadlines[] = {Anum_task_sla_due_at, Anum_task_response_due_at};
	JsonbInState json = {0};

	json_begin(&json);
	for (int i = 0; i < lengthof(deadlines); i++)
		if (deadlines[i] != 0 && task_column_differs(old, new, deadlines[i]))
			push_change(&json, old, new, deadlines[i]);
	return json_finish(&json);
}
