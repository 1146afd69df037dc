/*-------------------------------------------------------------------------
 *
 * template.c
 *		Templates: text with placeholders for what a payload holds.
 *
 * A placeholder is a path in double braces and nothing else: there are no
 * functions, conditions or loops, so that text from a payload can end up as
 * text only.  A template is read once from left to right; what a placeholder
 * puts in is not read again.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "parser/scansup.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "base/text.h"
#include "engine/template.h"

/* What is wrong with a template, or with a path where there is no template. */
typedef enum TemplateProblem
{
	PROBLEM_NONE,
	PROBLEM_NO_PATH,			/* in a placeholder */
	PROBLEM_NOT_CLOSED,			/* a placeholder */
	PROBLEM_TOO_LONG,
	PROBLEM_BARE_PATH
} TemplateProblem;

/* State of reading a template. */
typedef struct Reader
{
	const char *at;
	const char *end;
	TemplateProblem problem;	/* "at" is where */
} Reader;

static bool
is_key_start(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_key_part(char c)
{
	return is_key_start(c) || is_digit(c) || c == '-';
}

/* The end of the path that begins at s, s itself if none does. */
static const char *
path_end(const char *s, const char *end)
{
	const char *p = s;

	for (;;)
	{
		const char *segment = p;

		if (p < end && is_key_start(*p))
			while (p < end && is_key_part(*p))
				p++;
		else
			while (p < end && is_digit(*p))
				p++;
		if (p == segment)
			return s;
		if (p == end || *p != '.')
			return p;
		p++;
	}
}

/*
 * Reads a piece: literal text, or a placeholder's path.  False at the end and
 * at a problem.
 */
static bool
next_piece(Reader *r, const char **start, int *len, bool *is_path)
{
	const char *p = r->at;

	if (p == r->end)
		return false;
	*is_path = r->end - p >= 2 && p[0] == '{' && p[1] == '{';
	if (!*is_path)
	{
		while (p < r->end && !(r->end - p >= 2 && p[0] == '{' && p[1] == '{'))
			p++;
		*start = r->at;
		*len = (int) (p - r->at);
		r->at = p;
		return true;
	}

	p += 2;
	while (p < r->end && *p == ' ')
		p++;
	*start = p;
	p = path_end(p, r->end);
	*len = (int) (p - *start);
	while (p < r->end && *p == ' ')
		p++;
	if (*len > 0 && r->end - p >= 2 && p[0] == '}' && p[1] == '}')
	{
		r->at = p + 2;
		return true;
	}
	for (; p < r->end; p++)
		if (r->end - p >= 2 && p[0] == '}' && p[1] == '}')
		{
			r->problem = PROBLEM_NO_PATH;
			return false;
		}
	r->problem = PROBLEM_NOT_CLOSED;
	return false;
}

/* What is wrong with a template; *at is the character where. */
static TemplateProblem
template_problem(const char *s, int len, int *at)
{
	Reader		r = {s, s + len, PROBLEM_NONE};
	const char *start;
	int			piece;
	bool		is_path;

	while (next_piece(&r, &start, &piece, &is_path))
		;
	*at = pg_mbstrlen_with_len(s, (int) (r.at - s)) + 1;
	return r.problem;
}

/* For ereport(): what is wrong, and at which character. */
static int
errdetail_problem(TemplateProblem problem, int at)
{
	switch (problem)
	{
		case PROBLEM_NO_PATH:
			return errdetail("The placeholder at character %d must hold a path and nothing else, as {{new.name}} does.", at);
		case PROBLEM_NOT_CLOSED:
			return errdetail("The placeholder at character %d is not closed by }}.", at);
		case PROBLEM_TOO_LONG:
			return errdetail("It must be at most %d characters.", TEXT_MAX);
		case PROBLEM_BARE_PATH:
			return errdetail("A path consists of keys and array positions joined by dots, as in new.customer_id.");
		default:
			return 0;
	}
}

/* What a payload holds at a path, NULL if nothing. */
static JsonbValue *
look_up(Jsonb *payload, const char *path, int len)
{
	JsonbContainer *container = &payload->root;
	const char *p = path;
	const char *end = path + len;

	for (;;)
	{
		const char *dot = memchr(p, '.', end - p);
		int			n = (int) ((dot ? dot : end) - p);
		JsonbValue *value = NULL;

		if (JsonContainerIsObject(container))
			value = getKeyJsonValueFromContainer(container, p, n, NULL);
		else if (!JsonContainerIsScalar(container) && is_digit(*p) && n < 10)
			value = getIthJsonbValueFromContainer(container, (uint32) digits_value(p, n));
		if (value == NULL || value->type == jbvNull)
			return NULL;
		if (dot == NULL)
			return value;
		if (value->type != jbvBinary)
			return NULL;
		container = value->val.binary.data;
		p = dot + 1;
	}
}

static char *
value_as_text(const JsonbValue *value)
{
	switch (value->type)
	{
		case jbvString:
			return pnstrdup(value->val.string.val, value->val.string.len);
		case jbvNumeric:
			return DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
		case jbvBool:
			return pstrdup(value->val.boolean ? "true" : "false");
		default:
			return JsonbToCString(NULL, value->val.binary.data, value->val.binary.len);
	}
}

/* The same as text, NULL if nothing. */
char *
template_lookup(Jsonb *payload, const char *path)
{
	JsonbValue *value = look_up(payload, path, (int) strlen(path));

	return value == NULL ? NULL : value_as_text(value);
}

/* Whether a value holds nothing: a blank string, an empty object or array. */
static bool
value_is_empty(const JsonbValue *value)
{
	if (value->type == jbvString)
	{
		for (int i = 0; i < value->val.string.len; i++)
			if (!scanner_isspace(value->val.string.val[i]))
				return false;
		return true;
	}
	return value->type == jbvBinary && JsonContainerSize(value->val.binary.data) == 0;
}

/*
 * Renders a template; throws 22023 if it is invalid.  In a key every
 * placeholder must have a value, or unrelated payloads would give the same
 * key: throws 22023 naming the placeholder.
 */
static char *
render(text *template, Jsonb *payload, bool is_key)
{
	Reader		r = {VARDATA_ANY(template), VARDATA_ANY(template) + VARSIZE_ANY_EXHDR(template), PROBLEM_NONE};
	StringInfoData out;
	const char *start;
	int			len;
	bool		is_path;

	initStringInfo(&out);
	while (next_piece(&r, &start, &len, &is_path))
	{
		JsonbValue *value;

		if (!is_path)
		{
			appendBinaryStringInfo(&out, start, len);
			continue;
		}
		value = look_up(payload, start, len);
		if (is_key && value == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("placeholder {{%.*s}} of dedupe_key has no value in the payload", len, start)));
		if (is_key && value_is_empty(value))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("placeholder {{%.*s}} of dedupe_key has an empty value in the payload", len, start)));
		if (value != NULL)
			appendStringInfoString(&out, value_as_text(value));
	}
	if (r.problem != PROBLEM_NONE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid template"),
				 errdetail_problem(r.problem, pg_mbstrlen_with_len(VARDATA_ANY(template), (int) (r.at - VARDATA_ANY(template))) + 1)));
	return out.data;
}

char *
template_render(text *template, Jsonb *payload)
{
	return render(template, payload, false);
}

/* Renders a dedupe_key; throws 22023 if it has not 1 to 255 characters. */
text *
template_render_key(text *template, Jsonb *payload)
{
	text	   *key = cstring_to_text(render(template, payload, true));

	check_key("dedupe_key", key, 1, KEY_MAX);
	return key;
}

PG_FUNCTION_INFO_V1(taskq_render);
Datum
taskq_render(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(template_render(PG_GETARG_TEXT_PP(0), PG_GETARG_JSONB_P(1))));
}

PG_FUNCTION_INFO_V1(taskq_template_check);
Datum
taskq_template_check(PG_FUNCTION_ARGS)
{
	text	   *template;
	const char *s;
	int			len;
	TemplateProblem problem = PROBLEM_NONE;
	bool		is_path = !PG_ARGISNULL(2) && PG_GETARG_BOOL(2);
	int			at = 1;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_BOOL(true);
	template = PG_GETARG_TEXT_PP(0);
	s = VARDATA_ANY(template);
	len = VARSIZE_ANY_EXHDR(template);
	if (pg_mbstrlen_with_len(s, len) > TEXT_MAX)
		problem = PROBLEM_TOO_LONG;
	else if (!is_path)
		problem = template_problem(s, len, &at);
	else if (len == 0 || path_end(s, s + len) != s + len)
		problem = PROBLEM_BARE_PATH;
	if (problem != PROBLEM_NONE)
	{
		char	   *column = text_to_cstring(PG_GETARG_TEXT_PP(1));

		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 is_path ? errmsg("invalid path in column \"%s\"", column) :
				 errmsg("invalid template in column \"%s\"", column),
				 errdetail_problem(problem, at),
				 err_generic_string(PG_DIAG_COLUMN_NAME, column)));
	}
	PG_RETURN_BOOL(true);
}
