/*-------------------------------------------------------------------------
 *
 * shim.h
 *		As much of a backend as the pure parts of taskq need, for libFuzzer.
 *
 * A target includes this file, then the source file under test.  What is
 * allocated is malloc'ed at its exact size, so that AddressSanitizer sees each
 * byte too far; it is freed when the input has been dealt with.  ereport(ERROR)
 * jumps back to run().  Functions of the backend that are not here are not
 * linked at all: calling one is a crash, and so a report.
 *
 * A Jsonb is a tree of Json structures here, whose first field is the container's header
 * that the JsonContainerIs... macros read.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_FUZZ_SHIM_H
#define TASKQ_FUZZ_SHIM_H

#include "postgres.h"

#include <setjmp.h>

#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

/* What must hold; libFuzzer prints the input and keeps it. */
#define MUST(condition) \
	do { if (!(condition)) { fprintf(stderr, "must hold: %s, line %d\n", #condition, __LINE__); __builtin_trap(); } } while (0)

/* ------------------------------------------------------------------ memory */

static void **chunks = NULL;
static size_t nchunks = 0;
static size_t chunks_allocated = 0;

MemoryContext CurrentMemoryContext = NULL;

void *
palloc(Size size)
{
	void	   *chunk = malloc(size ? size : 1);

	if (nchunks == chunks_allocated)
	{
		chunks_allocated = chunks_allocated ? chunks_allocated * 2 : 64;
		chunks = realloc(chunks, chunks_allocated * sizeof(void *));
	}
	return chunks[nchunks++] = chunk;
}

void *
palloc0(Size size)
{
	return memset(palloc(size), 0, size);
}

void
pfree(void *pointer)
{
	for (size_t i = nchunks; i-- > 0;)
		if (chunks[i] == pointer)
		{
			free(pointer);
			chunks[i] = chunks[--nchunks];
			return;
		}
	MUST(!"pfree of what was not palloc'ed");
}

static void
free_all(void)
{
	while (nchunks > 0)
		free(chunks[--nchunks]);
}

char *
pnstrdup(const char *s, Size len)
{
	Size		n = strnlen(s, len);
	char	   *copy = palloc(n + 1);

	memcpy(copy, s, n);
	copy[n] = '\0';
	return copy;
}

char *
pstrdup(const char *s)
{
	return pnstrdup(s, strlen(s));
}

char *
psprintf(const char *format,...)
{
	va_list		args;
	char	   *result;
	int			n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	result = palloc(n + 1);
	va_start(args, format);
	vsnprintf(result, n + 1, format, args);
	va_end(args);
	return result;
}

text *
cstring_to_text_with_len(const char *s, int len)
{
	text	   *result = palloc(VARHDRSZ + len);

	SET_VARSIZE(result, VARHDRSZ + len);
	memcpy(VARDATA(result), s, len);
	return result;
}

text *
cstring_to_text(const char *s)
{
	return cstring_to_text_with_len(s, strlen(s));
}

char *
text_to_cstring(const text *t)
{
	return pnstrdup(VARDATA_ANY(t), VARSIZE_ANY_EXHDR(t));
}

struct varlena *
pg_detoast_datum(struct varlena *datum)
{
	return datum;
}

struct varlena *
pg_detoast_datum_packed(struct varlena *datum)
{
	return datum;
}

/* A StringInfo that grows by what is added, to the byte. */
#define appendBinaryStringInfo append_bytes
static void
append_bytes(StringInfo str, const void *data, int len)
{
	char	   *longer = palloc(str->len + len + 1);

	if (str->len > 0)
	{
		memcpy(longer, str->data, str->len);
		pfree(str->data);
	}
	memcpy(longer + str->len, data, len);
	str->data = longer;
	str->len += len;
	longer[str->len] = '\0';
}

void
initStringInfo(StringInfo str)
{
	str->data = palloc0(1);
	str->len = str->maxlen = str->cursor = 0;
}

void
appendStringInfoString(StringInfo str, const char *s)
{
	appendBinaryStringInfo(str, s, strlen(s));
}

/* ------------------------------------------------------------------ errors */

sigjmp_buf *PG_exception_stack = NULL;
ErrorContextCallback *error_context_stack = NULL;

static int	error_code;
static char error_message[2000];

bool
errstart(int elevel, const char *domain)
{
	MUST(elevel == ERROR);
	error_code = 0;
	return true;
}

bool
errstart_cold(int elevel, const char *domain)
{
	return errstart(elevel, domain);
}

int
errcode(int code)
{
	return error_code = code;
}

/* Keeps what the last error says, which must be valid UTF-8 for the client. */
static void
keep_message(const char *format, va_list args)
{
	int			len = vsnprintf(error_message, sizeof(error_message), format, args);

	if (len < (int) sizeof(error_message))
		MUST(pg_encoding_verifymbstr(PG_UTF8, error_message, len) == len);
}

int
errmsg(const char *format,...)
{
	va_list		args;

	va_start(args, format);
	keep_message(format, args);
	va_end(args);
	return 0;
}

int
errmsg_internal(const char *format,...)
{
	va_list		args;

	va_start(args, format);
	keep_message(format, args);
	va_end(args);
	return 0;
}

int
errdetail(const char *format,...)
{
	return 0;
}

int
errhint(const char *format,...)
{
	return 0;
}

int
err_generic_string(int field, const char *s)
{
	return 0;
}

void
errfinish(const char *file, int line, const char *function)
{
	MUST(error_code != 0);
	siglongjmp(*PG_exception_stack, 1);
}

void
pg_re_throw(void)
{
	siglongjmp(*PG_exception_stack, 1);
}

/* Whether something ends without an error. */
static bool
run(void (*what) (void))
{
	sigjmp_buf	here;
	bool		done = false;

	PG_exception_stack = &here;
	if (sigsetjmp(here, 0) == 0)
	{
		what();
		done = true;
	}
	PG_exception_stack = NULL;
	return done;
}

/* -------------------------------------------------------------- characters */

int
GetDatabaseEncoding(void)
{
	return PG_UTF8;
}

int
pg_mblen(const char *s)
{
	return pg_utf_mblen((const unsigned char *) s);
}

int
pg_mbstrlen_with_len(const char *s, int limit)
{
	int			n = 0;

	while (limit > 0 && *s)
	{
		int			width = pg_mblen(s);

		limit -= width;
		s += width;
		n++;
	}
	return n;
}

int
pg_mbstrlen(const char *s)
{
	return pg_mbstrlen_with_len(s, strlen(s));
}

int
pg_mbcliplen(const char *s, int len, int limit)
{
	int			n = 0;

	while (n < len && s[n] && n + pg_mblen(s + n) <= limit)
		n += pg_mblen(s + n);
	return n;
}

int
pg_mbcharcliplen(const char *s, int len, int limit)
{
	int			n = 0;

	for (int i = 0; i < limit && n < len && s[n]; i++)
		n += pg_mblen(s + n);
	return n;
}

/* Whether bytes are a text that a backend could hold: UTF-8 without NUL. */
static bool
is_text(const uint8_t *data, size_t size)
{
	return memchr(data, '\0', size) == NULL &&
		pg_encoding_verifymbstr(PG_UTF8, (const char *) data, size) == (int) size;
}

/* ---------------------------------------------------------------- calendar */

const int	day_tab[2][13] = {
	{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0},
	{31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0}
};

/* Days are counted one by one: slow, and plain to see that it is right. */
int
date2j(int year, int month, int day)
{
	int			days = 1721425;	/* of 0001-01-01 in the Gregorian calendar */

	MUST(year >= 1 && year <= 9999 && month >= 1 && month <= 12);
	days += (year - 1) * 365 + (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400;
	for (int m = 1; m < month; m++)
		days += day_tab[isleap(year)][m - 1];
	return days + day;
}

void
j2date(int julian, int *year, int *month, int *day)
{
	int			y = (julian - 1721425) / 366 + 1;

	while (y < 9999 && date2j(y + 1, 1, 1) <= julian)
		y++;
	*year = y;
	for (*month = 1; *month < 12 && date2j(y, *month + 1, 1) <= julian;)
		(*month)++;
	*day = julian - date2j(y, *month, 1) + 1;
}

DateADT
today(void)
{
	return 9000;
}

/* -------------------------------------------------------------------- jsonb */

typedef struct Json
{
	uint32		header;			/* as JsonbContainer's */
	char		type;			/* o a s n b z: object, array, string, number, boolean, null */
	char	   *string;			/* also a number's text */
	int			len;
	int			n;				/* members */
	char	  **keys;			/* exactly as long as they are, without a NUL */
	int		   *key_lens;
	struct Json **members;
	double		number;
} Json;

/* A reader of the bytes that libFuzzer varies. */
typedef struct Bytes
{
	const uint8_t *at;
	const uint8_t *end;
} Bytes;

static uint8_t
next_byte(Bytes *in)
{
	return in->at < in->end ? *in->at++ : 0;
}

/* Up to a byte below 0x20 or the end, if that is a text; else an empty one. */
static char *
next_string(Bytes *in, int *len)
{
	const uint8_t *start = in->at;
	char	   *s;

	while (in->at < in->end && *in->at >= 0x20)
		in->at++;
	*len = (int) (in->at - start);
	if (in->at < in->end)
		in->at++;
	if (!is_text(start, *len))
		*len = 0;
	s = palloc(*len);
	memcpy(s, start, *len);
	return s;
}

static Json *
next_node(Bytes *in, int depth)
{
	Json	   *node = palloc0(sizeof(Json));
	static const char types[] = "oasnbz";

	node->type = types[next_byte(in) % (depth > 4 ? 4 : 6)];
	if (depth > 4 && (node->type == 'o' || node->type == 'a'))
		node->type = 'z';
	switch (node->type)
	{
		case 'o':
		case 'a':
			node->n = next_byte(in) % 12;
			node->header = (node->type == 'o' ? JB_FOBJECT : JB_FARRAY) | node->n;
			node->keys = palloc0(node->n * sizeof(char *));
			node->key_lens = palloc0(node->n * sizeof(int));
			node->members = palloc0(node->n * sizeof(Json *));
			for (int i = 0; i < node->n; i++)
			{
				if (node->type == 'o')
					node->keys[i] = next_string(in, &node->key_lens[i]);
				node->members[i] = next_node(in, depth + 1);
			}
			break;
		case 's':
			node->string = next_string(in, &node->len);
			break;
		case 'n':
			for (size_t i = 0; i < sizeof(double); i++)
				((uint8_t *) &node->number)[i] = next_byte(in);
			break;
		case 'b':
			node->number = next_byte(in) & 1;
			break;
	}
	return node;
}

static void
node_value(Json *node, JsonbValue *value)
{
	switch (node->type)
	{
		case 's':
			value->type = jbvString;
			value->val.string.val = node->string;
			value->val.string.len = node->len;
			break;
		case 'n':
			value->type = jbvNumeric;
			value->val.numeric = (Numeric) &node->number;
			break;
		case 'b':
			value->type = jbvBool;
			value->val.boolean = node->number != 0;
			break;
		case 'z':
			value->type = jbvNull;
			break;
		default:
			value->type = jbvBinary;
			value->val.binary.data = (JsonbContainer *) node;
			value->val.binary.len = 0;
	}
}

JsonbValue *
getKeyJsonValueFromContainer(JsonbContainer *container, const char *key, int len, JsonbValue *res)
{
	Json	   *node = (Json *) container;

	MUST(res == NULL && node->type == 'o');
	for (int i = 0; i < node->n; i++)
		if (node->key_lens[i] == len && memcmp(node->keys[i], key, len) == 0)
		{
			JsonbValue *value = palloc(sizeof(JsonbValue));

			node_value(node->members[i], value);
			return value;
		}
	return NULL;
}

JsonbValue *
getIthJsonbValueFromContainer(JsonbContainer *container, uint32 i)
{
	Json	   *node = (Json *) container;
	JsonbValue *value;

	MUST(node->type == 'a');
	if (i >= (uint32) node->n)
		return NULL;
	value = palloc(sizeof(JsonbValue));
	node_value(node->members[i], value);
	return value;
}

char *
JsonbToCString(StringInfo out, JsonbContainer *in, int estimated_len)
{
	MUST(out == NULL);
	return pstrdup(((Json *) in)->type == 'o' ? "{}" : "[]");
}

/* A jsonb datum: a header of four bytes, then the root, as in the real one. */
static Jsonb *
node_jsonb(Json *node)
{
	/* The root lies four bytes on, and is to be aligned. */
	Jsonb	   *jb = (Jsonb *) ((char *) palloc(sizeof(Json) + 8) + 8 - offsetof(Jsonb, root));

	memcpy(&jb->root, node, sizeof(Json));
	SET_VARSIZE(jb, offsetof(Jsonb, root) + sizeof(Json));
	return jb;
}

/* --------------------------------------------------------------- functions */

Datum
DirectFunctionCall1Coll(PGFunction func, Oid collation, Datum arg1)
{
	LOCAL_FCINFO(fcinfo, 1);

	InitFunctionCallInfoData(*fcinfo, NULL, 1, collation, NULL, NULL);
	fcinfo->args[0].value = arg1;
	fcinfo->args[0].isnull = false;
	return func(fcinfo);
}

Datum
numeric_out(PG_FUNCTION_ARGS)
{
	return CStringGetDatum(psprintf("%g", *(double *) PG_GETARG_POINTER(0)));
}

Datum
numeric_float8_no_overflow(PG_FUNCTION_ARGS)
{
	return Float8GetDatum(*(double *) PG_GETARG_POINTER(0));
}

/* A function's arguments, all NULL. */
static FunctionCallInfo
arguments(int n)
{
	FunctionCallInfo fcinfo = palloc0(SizeForFunctionCallInfo(n));

	fcinfo->nargs = n;
	for (int i = 0; i < n; i++)
		fcinfo->args[i].isnull = true;
	return fcinfo;
}

static void
set_text_argument(FunctionCallInfo fcinfo, int i, const char *s, int len)
{
	fcinfo->args[i].value = PointerGetDatum(cstring_to_text_with_len(s, len));
	fcinfo->args[i].isnull = false;
}

#endif							/* TASKQ_FUZZ_SHIM_H */
