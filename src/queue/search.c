/*-------------------------------------------------------------------------
 *
 * search.c
 *		Search for words in titles, descriptions, customers' names and ids.
 *
 * A task is found if each word is part of its title, of its description or of
 * its customer's name, or is its id or its customer's.  Letters are compared as
 * taskq_fold() makes them.
 *
 * The condition is taskq_search_text(title, description) LIKE '%word%', which
 * an index of pg_trgm on that expression serves.  Without one, texts are read
 * one by one: taskq_search_may_find() comes before it, which makes no texts and
 * looks at the description only if the title does not have the word.
 *
 * Names are looked up with each task that does not have the word otherwise.
 * Where all tasks are read, search_find_customers() lists the customers first,
 * so that the condition is one of taskq_task alone: then an index of its texts
 * can be used together with that of customers.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "base/catalog.h"
#include "base/compat.h"
#include "base/plan.h"
#include "task/publicid.h"
#include "queue/letters.h"
#include "queue/search.h"

/* More customers than so many are not listed. */
#define MAX_LISTED_CUSTOMERS 1000
#define ONE_MORE "1001"

static TaskqPlan find_customers = {
	"SELECT c.id FROM @.taskq_customer c WHERE @.taskq_search_may_find(c.name, NULL, $1) "
	"AND @.taskq_fold(c.name) OPERATOR(pg_catalog.~~) $2 LIMIT " ONE_MORE
};

/* ------------------------------------------------------------- argument */

/* The pattern of LIKE for a text that is part of another. */
static Datum
pattern_of(const char *part)
{
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfoChar(&buf, '%');
	for (const char *p = part; *p;)
	{
		int			len = pg_mblen(p);

		if (*p == '%' || *p == '_' || *p == '\\')
			appendStringInfoChar(&buf, '\\');
		appendBinaryStringInfo(&buf, p, len);
		p += len;
	}
	appendStringInfoChar(&buf, '%');
	return CStringGetTextDatum(buf.data);
}

/* The length of the white space at the beginning of a text; 0 = none. */
static int
space_len(const char *s)
{
	int			len = pg_mblen(s);
	pg_wchar	c;

	if (len == 1)
		return *s == ' ' || (*s >= '\t' && *s <= '\r') ? 1 : 0;
	if (GetDatabaseEncoding() != PG_UTF8)
		return 0;
	c = utf8_to_unicode((const unsigned char *) s);
	return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 ||
		c == 0x202F || c == 0x205F || c == 0x3000 ? len : 0;
}

/* A word as the id of a task, in digits or public; 0 if it is none. */
static Datum
as_task_id(const char *word)
{
	int64		id;
	uint64		n;

	if (public_id_read(word, (int) strlen(word), &id))
		return Int64GetDatum(id);
	if (strspn(word, "0123456789") != strlen(word) || strlen(word) > 19)
		return (Datum) 0;
	n = strtoull(word, NULL, 10);
	return n <= PG_INT64_MAX ? Int64GetDatum((int64) n) : (Datum) 0;
}

/* A word as the id of a customer, in which case makes no difference, unless it is mixed in the id. */
static Datum
as_user_ids(Datum word)
{
	Datum		ids[] = {
		word,
		DirectFunctionCall1Coll(lower, DEFAULT_COLLATION_OID, word),
		DirectFunctionCall1Coll(upper, DEFAULT_COLLATION_OID, word)
	};

	return PointerGetDatum(construct_array(ids, lengthof(ids), TEXTOID, -1, false, TYPALIGN_INT));
}

/* Adds a word, unless nothing of it is left when it is folded. */
static void
add_word(Search *search, const char *word)
{
	SearchWord *w;
	int			len;
	char	   *folded = fold_letters(word, (int) strlen(word), NULL, 0, &len);

	if (len == 0)
		return;
	if (search->nwords == SEARCH_MAX_WORDS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("search must have at most %d words", SEARCH_MAX_WORDS)));
	w = &search->words[search->nwords++];
	w->user_ids = as_user_ids(CStringGetTextDatum(word));
	w->folded = PointerGetDatum(cstring_to_text_with_len(folded, len));
	w->pattern = pattern_of(TextDatumGetCString(w->folded));
	w->id = as_task_id(word);
	w->customers = CUSTOMERS_UNKNOWN;
}

/* What argument search asks for; NULL if it has no words. */
Search *
search_argument(Datum value)
{
	Search	   *search = palloc0(sizeof(Search));
	char	   *p;

	if (taskq_catalog()->sql_is_older)
	{
		search->older_pattern = pattern_of(TextDatumGetCString(DirectFunctionCall1Coll(lower, DEFAULT_COLLATION_OID, value)));
		return search;
	}
	for (p = TextDatumGetCString(value); *p;)
	{
		char	   *begin;
		int			space;

		while (*p && (space = space_len(p)) > 0)
			p += space;
		begin = p;
		while (*p && space_len(p) == 0)
			p += pg_mblen(p);
		if (p > begin)
			add_word(search, pnstrdup(begin, p - begin));
	}
	return search->nwords > 0 ? search : NULL;
}

/* Lists the customers that have a word in their names, unless they are many.  SPI is connected. */
void
search_find_customers(Search *search)
{
	for (int i = 0; i < search->nwords; i++)
	{
		SearchWord *w = &search->words[i];
		Oid			types[] = {TEXTOID, TEXTOID};
		Datum		values[] = {w->folded, w->pattern};
		Datum	   *ids;
		bool		isnull;

		spi_read(&find_customers, lengthof(types), types, values);
		w->customers = SPI_processed == 0 ? CUSTOMERS_NONE : SPI_processed > MAX_LISTED_CUSTOMERS ? CUSTOMERS_UNKNOWN : CUSTOMERS_LISTED;
		if (w->customers != CUSTOMERS_LISTED)
			continue;
		ids = palloc(SPI_processed * sizeof(Datum));
		for (uint64 j = 0; j < SPI_processed; j++)
			ids[j] = SPI_getbinval(SPI_tuptable->vals[j], SPI_tuptable->tupdesc, 1, &isnull);
		w->customer_ids = PointerGetDatum(construct_array(ids, (int) SPI_processed, TEXTOID, -1, false, TYPALIGN_INT));
	}
}

/* ----------------------------------------------------------------- texts */

static bool
bytes_contain(const char *s, int len, const char *part, int part_len)
{
	const char *last = s + len - part_len;

	if (part_len == 0)
		return true;
	while (s <= last && (s = memchr(s, *part, last - s + 1)) != NULL)
	{
		if (memcmp(s, part, part_len) == 0)
			return true;
		s++;
	}
	return false;
}

static bool
text_contains(text *value, text *word)
{
	char		room[1024];
	int			len;
	char	   *folded = fold_letters(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), room, sizeof(room), &len);
	bool		found = bytes_contain(folded, len, VARDATA_ANY(word), VARSIZE_ANY_EXHDR(word));

	if (folded != room)
		pfree(folded);
	return found;
}

/*
 * Whether either text contains a word that is as taskq_fold() makes it.  In
 * other encodings than UTF8 the bytes of two characters may be taken for one.
 */
PG_FUNCTION_INFO_V1(taskq_search_may_find);
Datum
taskq_search_may_find(PG_FUNCTION_ARGS)
{
	text	   *word;

	if (PG_ARGISNULL(2))
		PG_RETURN_NULL();
	word = PG_GETARG_TEXT_PP(2);
	PG_RETURN_BOOL((!PG_ARGISNULL(0) && text_contains(PG_GETARG_TEXT_PP(0), word)) ||
				   (!PG_ARGISNULL(1) && text_contains(PG_GETARG_TEXT_PP(1), word)));
}

PG_FUNCTION_INFO_V1(taskq_search_text);
Datum
taskq_search_text(PG_FUNCTION_ARGS)
{
	StringInfoData buf;

	initStringInfo(&buf);
	for (int i = 0; i < 2; i++)
	{
		text	   *part = PG_ARGISNULL(i) ? NULL : PG_GETARG_TEXT_PP(i);
		int			len;
		char	   *folded;

		if (part == NULL)
			continue;
		folded = fold_letters(VARDATA_ANY(part), VARSIZE_ANY_EXHDR(part), NULL, 0, &len);
		if (i > 0)
			appendStringInfoChar(&buf, '\n');
		appendBinaryStringInfo(&buf, folded, len);
	}
	PG_RETURN_TEXT_P(cstring_to_text_with_len(buf.data, buf.len));
}
