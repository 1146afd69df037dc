/*-------------------------------------------------------------------------
 *
 * title.c
 *		What a title may hold, for the API and for raw writes.
 *
 * A title is one line that can be seen and reads as it is stored.  So control
 * characters, the separators of lines and paragraphs (U+2028, U+2029) and the
 * controls that embed, override or isolate a direction are refused, and at
 * least one character must be visible.  The directional marks (LRM, RLM, ALM)
 * often are in pasted text and are harmless: they are removed before anything
 * is compared or checked.
 *
 * The API throws 22023.  Raw writes are checked by the CHECK and, before it,
 * by the triggers, which remove marks.  That a character must be visible and
 * none a separator is newer than 0.2.0, and a CHECK is evaluated by every
 * update of a row: so it is not part of the CHECK, but checked by the triggers
 * for new titles only, and tasks of 0.2.0 with other titles can still be
 * updated.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "base/catalog.h"
#include "base/character.h"
#include "base/compat.h"
#include "task/row.h"
#include "task/title.h"

/* Blanks as defined in 0.2.0, for the CHECK: a subset of the above. */
static bool
is_blank(pg_wchar c)
{
	return c == ' ' || c == 0x00A0 || c == 0x00AD || c == 0x1680 || c == 0x180E ||
		(c >= 0x2000 && c <= 0x200D) || c == 0x2028 || c == 0x2029 ||
		c == 0x202F || c == 0x205F || c == 0x2060 || c == 0x3000 || c == 0xFEFF;
}

#define NOT_ONE_LINE gettext_noop("title must be one line without control characters")
#define BAD_LENGTH gettext_noop("title must be 1 to 200 characters")

/*
 * What is wrong with a line, as the message for a title; NULL if nothing is.  A
 * title must be visible, and must not have separators either; other lines must
 * not be blank.
 */
static const char *
problem_of(const char *s, int len, bool is_title)
{
	bool		blank = true;
	int			nchars = 0;
	int			width;

	/* No encoding has more bytes a character. */
	if (len > TITLE_MAX * MAX_MULTIBYTE_CHAR_LEN)
		return BAD_LENGTH;

	for (int i = 0; i < len; i += width)
	{
		pg_wchar	c = character_at(s + i, &width);

		if (is_control(c) || (is_title && is_separator(c)))
			return NOT_ONE_LINE;
		if (is_directional_control(c) || is_directional_mark(c))
			return gettext_noop("title must not contain Unicode bidirectional control characters");
		if (blank)
			blank = is_title ? is_invisible(c) : is_blank(c);
		nchars++;
	}
	if (nchars < 1 || nchars > TITLE_MAX)
		return BAD_LENGTH;
	if (blank)
		return gettext_noop("title must not be blank");
	return NULL;
}

/* What is wrong with a title, as a message to be translated; NULL if nothing is. */
const char *
title_problem(const char *s, int len)
{
	return problem_of(s, len, true);
}

/* A copy of a text without some of its characters, NULL if it has none. */
static char *
without(const char *s, int len, bool (*is_one) (pg_wchar c))
{
	char	   *result = palloc(len + 1);
	char	   *out = result;
	int			width;

	for (int i = 0; i < len; i += width)
	{
		if (is_one(character_at(s + i, &width)))
			continue;
		memcpy(out, s + i, width);
		out += width;
	}
	*out = '\0';
	return out - result < len ? result : NULL;
}

/* A title without directional marks, NULL if it has none. */
text *
title_without_marks(const text *title)
{
	char	   *s = without(VARDATA_ANY(title), VARSIZE_ANY_EXHDR(title), is_directional_mark);

	return s != NULL ? cstring_to_text(s) : NULL;
}

/* A text without directional controls. */
char *
without_directional_controls(char *s)
{
	char	   *result = without(s, (int) strlen(s), is_directional_control);

	return result != NULL ? result : s;
}

/*
 * Makes a title of any text: replaces each run of control characters and
 * separators by a blank, and removes directional marks.  It may still be blank
 * or too long, or have directional controls, which are refused.
 */
char *
as_title(const char *s)
{
	int			len = (int) strlen(s);
	char	   *result = palloc(len + 1);
	char	   *out = result;
	int			width;

	for (int i = 0; i < len; i += width)
	{
		pg_wchar	c = character_at(s + i, &width);

		if (is_directional_mark(c))
			continue;
		if (is_control(c) || is_separator(c))
		{
			if (out > result && out[-1] != ' ')
				*out++ = ' ';
			continue;
		}
		memcpy(out, s + i, width);
		out += width;
	}
	*out = '\0';
	return result;
}

/* What the CHECKs ask of titles, and of the names of rules. */
bool
line_is_valid(const text *line)
{
	return problem_of(VARDATA_ANY(line), VARSIZE_ANY_EXHDR(line), false) == NULL;
}

PG_FUNCTION_INFO_V1(taskq_line_is_valid);
Datum
taskq_line_is_valid(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(line_is_valid(PG_GETARG_TEXT_PP(0)));
}

/* Its name before 0.3.0. */
PG_FUNCTION_INFO_V1(taskq_title_is_valid);
Datum
taskq_title_is_valid(PG_FUNCTION_ARGS)
{
	return taskq_line_is_valid(fcinfo);
}

PG_FUNCTION_INFO_V1(taskq_title_is_valid_0_3);
Datum
taskq_title_is_valid_0_3(PG_FUNCTION_ARGS)
{
	text	   *title = PG_GETARG_TEXT_PP(0);

	PG_RETURN_BOOL(title_problem(VARDATA_ANY(title), VARSIZE_ANY_EXHDR(title)) == NULL);
}

/* The title to be stored for an argument of the API; throws 22023 if it is invalid. */
text *
accept_title(text *title)
{
	text	   *plain = title != NULL ? title_without_marks(title) : NULL;
	const char *problem = gettext_noop("title must be 1 to 200 characters, not null");

	if (plain != NULL)
		title = plain;
	if (title != NULL)
		problem = title_problem(VARDATA_ANY(title), VARSIZE_ANY_EXHDR(title));
	if (problem)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg_internal("%s", _(problem))));
	return title;
}

/* Throws 23514, as the CHECK does, for a title that satisfies the CHECK but not the newer rules. */
void
check_title_is_visible(const text *title)
{
	const char *s = VARDATA_ANY(title);
	int			len = VARSIZE_ANY_EXHDR(title);
	const char *problem = title_problem(s, len);

	if (problem != NULL && problem_of(s, len, false) == NULL)
		ereport(ERROR,
				(errcheck("taskq_task", "taskq_task_title_check"),
				 errmsg("new row for relation \"%s\" violates check constraint \"%s\"",
						"taskq_task", "taskq_task_title_check"),
				 strcmp(problem, NOT_ONE_LINE) == 0 ? errdetail("The title is not one line.") :
				 errdetail("The title has no visible character.")));
}
