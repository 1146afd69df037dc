/*-------------------------------------------------------------------------
 *
 * search.c
 *		Search for a part of the title, whatever the case.
 *
 * The condition is lower(title) LIKE '%part%', which an index of pg_trgm on
 * lower(title) serves.  Without one, all titles are read, and lower() takes
 * most of the time.  taskq_title_may_contain() comes before it and rules out
 * nearly all of them by looking at ASCII letters only.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "base/compat.h"
#include "queue/search.h"

Datum
search_lower(Datum text)
{
	return DirectFunctionCall1Coll(lower, DEFAULT_COLLATION_OID, text);
}

/* The pattern of LIKE for a text in lower case that is part of another. */
Datum
search_pattern(Datum lower)
{
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfoChar(&buf, '%');
	for (const char *p = TextDatumGetCString(lower); *p;)
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

/*
 * Whether lower() treats the letters of ASCII as ASCII does, and makes no other
 * letters such.  Not so in Turkish, and in Lithuanian, where U+00CC, U+00CD and
 * U+0128 (I with an accent) become an i, a dot and the accent.
 */
static bool
ascii_lower_is_plain(void)
{
	static const char upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz";
	static int	known = -1;

	if (known < 0)
	{
		known = strcmp(TextDatumGetCString(search_lower(CStringGetTextDatum(upper))), plain) == 0;
		if (GetDatabaseEncoding() == PG_UTF8)
			known &= strchr(TextDatumGetCString(search_lower(CStringGetTextDatum("\xc3\x8c\xc3\x8d\xc4\xa8"))), 'i') == NULL;
	}
	return known == 1;
}

/* The longest run of ASCII characters in a text. */
static int
longest_ascii(const char *text, int len, const char **begin)
{
	int			best = 0;
	int			n = 0;

	*begin = text;
	for (int i = 0; i < len; i++)
	{
		n = IS_HIGHBIT_SET(text[i]) ? 0 : n + 1;
		if (n > best)
		{
			best = n;
			*begin = text + i + 1 - n;
		}
	}
	return best;
}

/*
 * False only if lower(title) does not contain a text in lower case.  What is
 * not ASCII in the title is no part of the text's ASCII, except that two
 * characters have a lower case that is or begins with a letter of ASCII:
 * U+0130 (Latin capital i with dot above) and U+212A (Kelvin sign).
 */
PG_FUNCTION_INFO_V1(taskq_title_may_contain);
Datum
taskq_title_may_contain(PG_FUNCTION_ARGS)
{
	text	   *title = PG_GETARG_TEXT_PP(0);
	text	   *part = PG_GETARG_TEXT_PP(1);
	const unsigned char *t = (const unsigned char *) VARDATA_ANY(title);
	const char *p;
	int			len = VARSIZE_ANY_EXHDR(title);
	int			n = longest_ascii(VARDATA_ANY(part), VARSIZE_ANY_EXHDR(part), &p);
	bool		only_ascii = true;

	if (n == 0 || !ascii_lower_is_plain())
		PG_RETURN_BOOL(true);
	for (int i = 0; i < len; i++)
	{
		int			j = 0;

		if (IS_HIGHBIT_SET(t[i]))
		{
			only_ascii = false;
			if ((t[i] == 0xc4 && i + 1 < len && t[i + 1] == 0xb0) ||
				(t[i] == 0xe2 && i + 2 < len && t[i + 1] == 0x84 && t[i + 2] == 0xaa))
				PG_RETURN_BOOL(true);
			continue;
		}
		while (j < n && i + j < len && (unsigned char) p[j] == (t[i + j] >= 'A' && t[i + j] <= 'Z' ? t[i + j] + 'a' - 'A' : t[i + j]))
			j++;
		if (j == n)
			PG_RETURN_BOOL(true);
	}
	/* In other encodings a byte of a longer character may look like ASCII. */
	PG_RETURN_BOOL(!only_ascii && GetDatabaseEncoding() != PG_UTF8);
}
