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
 * Characters beyond ASCII are classified in UTF8 databases only.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "base/catalog.h"
#include "base/compat.h"
#include "task/row.h"
#include "task/title.h"

#define CHARACTER_UNKNOWN 0x110000	/* behind the last of Unicode */

typedef struct CharacterRange
{
	pg_wchar	first;
	pg_wchar	last;
} CharacterRange;

/*
 * What cannot be seen by itself, as of Unicode 15.0: General_Category Cc, Cf,
 * Zs, Zl, Zp, Mn, Mc and Me, Default_Ignorable_Code_Point, White_Space and
 * Noncharacter_Code_Point, without Prepended_Concatenation_Mark; and those whose
 * glyph is blank: U+2800 BRAILLE PATTERN BLANK, U+13441 and U+13442 EGYPTIAN
 * HIEROGLYPH FULL and HALF BLANK, U+1D159 MUSICAL SYMBOL NULL NOTEHEAD.
 */
static const CharacterRange invisible[] =
{
	{0x0000, 0x0020}, {0x007F, 0x00A0}, {0x00AD, 0x00AD}, {0x0300, 0x036F},
	{0x0483, 0x0489}, {0x0591, 0x05BD}, {0x05BF, 0x05BF}, {0x05C1, 0x05C2},
	{0x05C4, 0x05C5}, {0x05C7, 0x05C7}, {0x0610, 0x061A}, {0x061C, 0x061C},
	{0x064B, 0x065F}, {0x0670, 0x0670}, {0x06D6, 0x06DC}, {0x06DF, 0x06E4},
	{0x06E7, 0x06E8}, {0x06EA, 0x06ED}, {0x0711, 0x0711}, {0x0730, 0x074A},
	{0x07A6, 0x07B0}, {0x07EB, 0x07F3}, {0x07FD, 0x07FD}, {0x0816, 0x0819},
	{0x081B, 0x0823}, {0x0825, 0x0827}, {0x0829, 0x082D}, {0x0859, 0x085B},
	{0x0898, 0x089F}, {0x08CA, 0x08E1}, {0x08E3, 0x0903}, {0x093A, 0x093C},
	{0x093E, 0x094F}, {0x0951, 0x0957}, {0x0962, 0x0963}, {0x0981, 0x0983},
	{0x09BC, 0x09BC}, {0x09BE, 0x09C4}, {0x09C7, 0x09C8}, {0x09CB, 0x09CD},
	{0x09D7, 0x09D7}, {0x09E2, 0x09E3}, {0x09FE, 0x09FE}, {0x0A01, 0x0A03},
	{0x0A3C, 0x0A3C}, {0x0A3E, 0x0A42}, {0x0A47, 0x0A48}, {0x0A4B, 0x0A4D},
	{0x0A51, 0x0A51}, {0x0A70, 0x0A71}, {0x0A75, 0x0A75}, {0x0A81, 0x0A83},
	{0x0ABC, 0x0ABC}, {0x0ABE, 0x0AC5}, {0x0AC7, 0x0AC9}, {0x0ACB, 0x0ACD},
	{0x0AE2, 0x0AE3}, {0x0AFA, 0x0AFF}, {0x0B01, 0x0B03}, {0x0B3C, 0x0B3C},
	{0x0B3E, 0x0B44}, {0x0B47, 0x0B48}, {0x0B4B, 0x0B4D}, {0x0B55, 0x0B57},
	{0x0B62, 0x0B63}, {0x0B82, 0x0B82}, {0x0BBE, 0x0BC2}, {0x0BC6, 0x0BC8},
	{0x0BCA, 0x0BCD}, {0x0BD7, 0x0BD7}, {0x0C00, 0x0C04}, {0x0C3C, 0x0C3C},
	{0x0C3E, 0x0C44}, {0x0C46, 0x0C48}, {0x0C4A, 0x0C4D}, {0x0C55, 0x0C56},
	{0x0C62, 0x0C63}, {0x0C81, 0x0C83}, {0x0CBC, 0x0CBC}, {0x0CBE, 0x0CC4},
	{0x0CC6, 0x0CC8}, {0x0CCA, 0x0CCD}, {0x0CD5, 0x0CD6}, {0x0CE2, 0x0CE3},
	{0x0CF3, 0x0CF3}, {0x0D00, 0x0D03}, {0x0D3B, 0x0D3C}, {0x0D3E, 0x0D44},
	{0x0D46, 0x0D48}, {0x0D4A, 0x0D4D}, {0x0D57, 0x0D57}, {0x0D62, 0x0D63},
	{0x0D81, 0x0D83}, {0x0DCA, 0x0DCA}, {0x0DCF, 0x0DD4}, {0x0DD6, 0x0DD6},
	{0x0DD8, 0x0DDF}, {0x0DF2, 0x0DF3}, {0x0E31, 0x0E31}, {0x0E34, 0x0E3A},
	{0x0E47, 0x0E4E}, {0x0EB1, 0x0EB1}, {0x0EB4, 0x0EBC}, {0x0EC8, 0x0ECE},
	{0x0F18, 0x0F19}, {0x0F35, 0x0F35}, {0x0F37, 0x0F37}, {0x0F39, 0x0F39},
	{0x0F3E, 0x0F3F}, {0x0F71, 0x0F84}, {0x0F86, 0x0F87}, {0x0F8D, 0x0F97},
	{0x0F99, 0x0FBC}, {0x0FC6, 0x0FC6}, {0x102B, 0x103E}, {0x1056, 0x1059},
	{0x105E, 0x1060}, {0x1062, 0x1064}, {0x1067, 0x106D}, {0x1071, 0x1074},
	{0x1082, 0x108D}, {0x108F, 0x108F}, {0x109A, 0x109D}, {0x115F, 0x1160},
	{0x135D, 0x135F}, {0x1680, 0x1680}, {0x1712, 0x1715}, {0x1732, 0x1734},
	{0x1752, 0x1753}, {0x1772, 0x1773}, {0x17B4, 0x17D3}, {0x17DD, 0x17DD},
	{0x180B, 0x180F}, {0x1885, 0x1886}, {0x18A9, 0x18A9}, {0x1920, 0x192B},
	{0x1930, 0x193B}, {0x1A17, 0x1A1B}, {0x1A55, 0x1A5E}, {0x1A60, 0x1A7C},
	{0x1A7F, 0x1A7F}, {0x1AB0, 0x1ACE}, {0x1B00, 0x1B04}, {0x1B34, 0x1B44},
	{0x1B6B, 0x1B73}, {0x1B80, 0x1B82}, {0x1BA1, 0x1BAD}, {0x1BE6, 0x1BF3},
	{0x1C24, 0x1C37}, {0x1CD0, 0x1CD2}, {0x1CD4, 0x1CE8}, {0x1CED, 0x1CED},
	{0x1CF4, 0x1CF4}, {0x1CF7, 0x1CF9}, {0x1DC0, 0x1DFF}, {0x2000, 0x200F},
	{0x2028, 0x202F}, {0x205F, 0x206F}, {0x20D0, 0x20F0}, {0x2800, 0x2800},
	{0x2CEF, 0x2CF1}, {0x2D7F, 0x2D7F}, {0x2DE0, 0x2DFF}, {0x3000, 0x3000},
	{0x302A, 0x302F}, {0x3099, 0x309A}, {0x3164, 0x3164}, {0xA66F, 0xA672},
	{0xA674, 0xA67D}, {0xA69E, 0xA69F}, {0xA6F0, 0xA6F1}, {0xA802, 0xA802},
	{0xA806, 0xA806}, {0xA80B, 0xA80B}, {0xA823, 0xA827}, {0xA82C, 0xA82C},
	{0xA880, 0xA881}, {0xA8B4, 0xA8C5}, {0xA8E0, 0xA8F1}, {0xA8FF, 0xA8FF},
	{0xA926, 0xA92D}, {0xA947, 0xA953}, {0xA980, 0xA983}, {0xA9B3, 0xA9C0},
	{0xA9E5, 0xA9E5}, {0xAA29, 0xAA36}, {0xAA43, 0xAA43}, {0xAA4C, 0xAA4D},
	{0xAA7B, 0xAA7D}, {0xAAB0, 0xAAB0}, {0xAAB2, 0xAAB4}, {0xAAB7, 0xAAB8},
	{0xAABE, 0xAABF}, {0xAAC1, 0xAAC1}, {0xAAEB, 0xAAEF}, {0xAAF5, 0xAAF6},
	{0xABE3, 0xABEA}, {0xABEC, 0xABED}, {0xFB1E, 0xFB1E}, {0xFDD0, 0xFDEF},
	{0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF}, {0xFFA0, 0xFFA0},
	{0xFFF0, 0xFFFB}, {0xFFFE, 0xFFFF}, {0x101FD, 0x101FD},
	{0x102E0, 0x102E0}, {0x10376, 0x1037A}, {0x10A01, 0x10A03},
	{0x10A05, 0x10A06}, {0x10A0C, 0x10A0F}, {0x10A38, 0x10A3A},
	{0x10A3F, 0x10A3F}, {0x10AE5, 0x10AE6}, {0x10D24, 0x10D27},
	{0x10EAB, 0x10EAC}, {0x10EFD, 0x10EFF}, {0x10F46, 0x10F50},
	{0x10F82, 0x10F85}, {0x11000, 0x11002}, {0x11038, 0x11046},
	{0x11070, 0x11070}, {0x11073, 0x11074}, {0x1107F, 0x11082},
	{0x110B0, 0x110BA}, {0x110C2, 0x110C2}, {0x11100, 0x11102},
	{0x11127, 0x11134}, {0x11145, 0x11146}, {0x11173, 0x11173},
	{0x11180, 0x11182}, {0x111B3, 0x111C0}, {0x111C9, 0x111CC},
	{0x111CE, 0x111CF}, {0x1122C, 0x11237}, {0x1123E, 0x1123E},
	{0x11241, 0x11241}, {0x112DF, 0x112EA}, {0x11300, 0x11303},
	{0x1133B, 0x1133C}, {0x1133E, 0x11344}, {0x11347, 0x11348},
	{0x1134B, 0x1134D}, {0x11357, 0x11357}, {0x11362, 0x11363},
	{0x11366, 0x1136C}, {0x11370, 0x11374}, {0x11435, 0x11446},
	{0x1145E, 0x1145E}, {0x114B0, 0x114C3}, {0x115AF, 0x115B5},
	{0x115B8, 0x115C0}, {0x115DC, 0x115DD}, {0x11630, 0x11640},
	{0x116AB, 0x116B7}, {0x1171D, 0x1172B}, {0x1182C, 0x1183A},
	{0x11930, 0x11935}, {0x11937, 0x11938}, {0x1193B, 0x1193E},
	{0x11940, 0x11940}, {0x11942, 0x11943}, {0x119D1, 0x119D7},
	{0x119DA, 0x119E0}, {0x119E4, 0x119E4}, {0x11A01, 0x11A0A},
	{0x11A33, 0x11A39}, {0x11A3B, 0x11A3E}, {0x11A47, 0x11A47},
	{0x11A51, 0x11A5B}, {0x11A8A, 0x11A99}, {0x11C2F, 0x11C36},
	{0x11C38, 0x11C3F}, {0x11C92, 0x11CA7}, {0x11CA9, 0x11CB6},
	{0x11D31, 0x11D36}, {0x11D3A, 0x11D3A}, {0x11D3C, 0x11D3D},
	{0x11D3F, 0x11D45}, {0x11D47, 0x11D47}, {0x11D8A, 0x11D8E},
	{0x11D90, 0x11D91}, {0x11D93, 0x11D97}, {0x11EF3, 0x11EF6},
	{0x11F00, 0x11F01}, {0x11F03, 0x11F03}, {0x11F34, 0x11F3A},
	{0x11F3E, 0x11F42}, {0x13430, 0x13442}, {0x13447, 0x13455},
	{0x16AF0, 0x16AF4}, {0x16B30, 0x16B36}, {0x16F4F, 0x16F4F},
	{0x16F51, 0x16F87}, {0x16F8F, 0x16F92}, {0x16FE4, 0x16FE4},
	{0x16FF0, 0x16FF1}, {0x1BC9D, 0x1BC9E}, {0x1BCA0, 0x1BCA3},
	{0x1CF00, 0x1CF2D}, {0x1CF30, 0x1CF46}, {0x1D159, 0x1D159},
	{0x1D165, 0x1D169}, {0x1D16D, 0x1D182}, {0x1D185, 0x1D18B},
	{0x1D1AA, 0x1D1AD}, {0x1D242, 0x1D244}, {0x1DA00, 0x1DA36},
	{0x1DA3B, 0x1DA6C}, {0x1DA75, 0x1DA75}, {0x1DA84, 0x1DA84},
	{0x1DA9B, 0x1DA9F}, {0x1DAA1, 0x1DAAF}, {0x1E000, 0x1E006},
	{0x1E008, 0x1E018}, {0x1E01B, 0x1E021}, {0x1E023, 0x1E024},
	{0x1E026, 0x1E02A}, {0x1E08F, 0x1E08F}, {0x1E130, 0x1E136},
	{0x1E2AE, 0x1E2AE}, {0x1E2EC, 0x1E2EF}, {0x1E4EC, 0x1E4EF},
	{0x1E8D0, 0x1E8D6}, {0x1E944, 0x1E94A}, {0x1FFFE, 0x1FFFF},
	{0x2FFFE, 0x2FFFF}, {0x3FFFE, 0x3FFFF}, {0x4FFFE, 0x4FFFF},
	{0x5FFFE, 0x5FFFF}, {0x6FFFE, 0x6FFFF}, {0x7FFFE, 0x7FFFF},
	{0x8FFFE, 0x8FFFF}, {0x9FFFE, 0x9FFFF}, {0xAFFFE, 0xAFFFF},
	{0xBFFFE, 0xBFFFF}, {0xCFFFE, 0xCFFFF}, {0xDFFFE, 0xE0FFF},
	{0xEFFFE, 0xEFFFF}, {0xFFFFE, 0xFFFFF}, {0x10FFFE, 0x10FFFF}
};

/* The next character, and how many bytes it takes. */
static pg_wchar
character_at(const char *s, int *width)
{
	unsigned char first = (unsigned char) *s;

	*width = pg_mblen(s);
	if (!IS_HIGHBIT_SET(first))
		return first;
	return GetDatabaseEncoding() == PG_UTF8 ?
		utf8_to_unicode((const unsigned char *) s) : CHARACTER_UNKNOWN;
}

static bool
is_invisible(pg_wchar c)
{
	int			low = 0;
	int			high = lengthof(invisible) - 1;

	while (low <= high)
	{
		int			mid = (low + high) / 2;

		if (c < invisible[mid].first)
			high = mid - 1;
		else if (c > invisible[mid].last)
			low = mid + 1;
		else
			return true;
	}
	return false;
}

/* Blanks as defined in 0.2.0, for the CHECK: a subset of the above. */
static bool
is_blank(pg_wchar c)
{
	return c == ' ' || c == 0x00A0 || c == 0x00AD || c == 0x1680 || c == 0x180E ||
		(c >= 0x2000 && c <= 0x200D) || c == 0x2028 || c == 0x2029 ||
		c == 0x202F || c == 0x205F || c == 0x2060 || c == 0x3000 || c == 0xFEFF;
}

static bool
is_control(pg_wchar c)
{
	return c < 0x20 || (c >= 0x7F && c < 0xA0);
}

/* Separators of lines and paragraphs that are no control characters. */
static bool
is_separator(pg_wchar c)
{
	return c == 0x2028 || c == 0x2029;
}

/* LRM, RLM and ALM; with the others Unicode's property Bidi_Control (UAX #9). */
static bool
is_directional_mark(pg_wchar c)
{
	return c == 0x200E || c == 0x200F || c == 0x061C;
}

/* Embeddings, overrides and isolates. */
static bool
is_directional_control(pg_wchar c)
{
	return (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
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
