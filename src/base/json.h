/*-------------------------------------------------------------------------
 *
 * json.h
 *		A jsonb object, built field by field.
 *
 * A JsonbInState that is all zero is an object that has not been begun.  Every
 * key is followed by its value, which may be an object again, or an array of
 * strings.  Strings are not
 * copied before json_finish().
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_JSON_H
#define TASKQ_JSON_H

#include "utils/jsonb.h"

#include "base/compat.h"

extern void json_begin(JsonbInState *json);
extern void json_key(JsonbInState *json, const char *key);
extern void json_null(JsonbInState *json);
extern void json_bool(JsonbInState *json, bool value);
extern void json_string(JsonbInState *json, const char *value);
extern void json_value(JsonbInState *json, JsonbValue *value);
extern void json_fields_of(JsonbInState *json, Jsonb *object);
extern void json_begin_array(JsonbInState *json);
extern void json_element(JsonbInState *json, const char *value);
extern void json_end_array(JsonbInState *json);
extern void json_end(JsonbInState *json);
extern Jsonb *json_finish(JsonbInState *json);

#endif							/* TASKQ_JSON_H */
