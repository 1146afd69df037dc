/*-------------------------------------------------------------------------
 *
 * json.c
 *		A jsonb object, built field by field.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/json.h"

/* Begins an object: the outermost, or the value of the key before. */
void
json_begin(JsonbInState *json)
{
	taskq_push_jsonb_value(json, WJB_BEGIN_OBJECT, NULL);
}

static void
push_string(JsonbInState *json, JsonbIteratorToken token, const char *string)
{
	JsonbValue	jb;

	jb.type = jbvString;
	jb.val.string.val = unconstify(char *, string);
	jb.val.string.len = (int) strlen(string);
	taskq_push_jsonb_value(json, token, &jb);
}

void
json_key(JsonbInState *json, const char *key)
{
	push_string(json, WJB_KEY, key);
}

void
json_null(JsonbInState *json)
{
	JsonbValue	jb;

	jb.type = jbvNull;
	json_value(json, &jb);
}

void
json_bool(JsonbInState *json, bool value)
{
	JsonbValue	jb;

	jb.type = jbvBool;
	jb.val.boolean = value;
	json_value(json, &jb);
}

void
json_string(JsonbInState *json, const char *value)
{
	push_string(json, WJB_VALUE, value);
}

void
json_value(JsonbInState *json, JsonbValue *value)
{
	taskq_push_jsonb_value(json, WJB_VALUE, value);
}

/* Adds all fields of another object, which must live until json_finish(). */
void
json_fields_of(JsonbInState *json, Jsonb *object)
{
	JsonbIterator *it = JsonbIteratorInit(&object->root);
	JsonbIteratorToken token;
	JsonbValue	jb;

	token = JsonbIteratorNext(&it, &jb, true);
	Assert(token == WJB_BEGIN_OBJECT);
	while ((token = JsonbIteratorNext(&it, &jb, true)) != WJB_END_OBJECT)
		taskq_push_jsonb_value(json, token, &jb);
}

/* Begins an array that is a value. */
void
json_begin_array(JsonbInState *json)
{
	taskq_push_jsonb_value(json, WJB_BEGIN_ARRAY, NULL);
}

/* Adds a string to an array. */
void
json_element(JsonbInState *json, const char *value)
{
	push_string(json, WJB_ELEM, value);
}

void
json_end_array(JsonbInState *json)
{
	taskq_push_jsonb_value(json, WJB_END_ARRAY, NULL);
}

/* Ends an object that is a value. */
void
json_end(JsonbInState *json)
{
	taskq_push_jsonb_value(json, WJB_END_OBJECT, NULL);
}

/* Ends the outermost object, and returns it in the current memory context. */
Jsonb *
json_finish(JsonbInState *json)
{
	taskq_push_jsonb_value(json, WJB_END_OBJECT, NULL);
	return JsonbValueToJsonb(json->result);
}
