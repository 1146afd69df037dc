/*-------------------------------------------------------------------------
 *
 * letters.c
 *		Texts with letters that differ in case, accents or composition made equal.
 *
 * taskq_fold() decomposes a text (NFD), drops accents and what cannot be seen,
 * puts each letter into the case that Unicode folds it to, and composes again
 * (NFC), for what is left may be letters of Hangul, or letters of Indic scripts
 * and of kana with marks that are no accents.  It does not depend on a locale,
 * and what it makes of a character does not change from one version of
 * PostgreSQL to the next, so that indexes can be on it.  Where letters are told
 * apart by case in one language only, they are not here: i, dotless i and
 * I with a dot are the same.
 *
 * Most texts have only characters of alphabets, for which what they become is
 * kept in a table, and are folded at the speed of copying them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "common/unicode_norm.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "queue/letters.h"

typedef struct FoldedRange
{
	pg_wchar	first;
	pg_wchar	last;
	int			step;
	int			distance;		/* from a character to that which it becomes */
} FoldedRange;

/* Case folding of characters that have no canonical decomposition: statuses C and S of Unicode 14.0's CaseFolding.txt. */
static const FoldedRange folded_ranges[] =
{
	{0x0041, 0x005A, 1, 32}, {0x00B5, 0x00B5, 1, 775}, {0x00C6, 0x00C6, 1, 32}, {0x00D0, 0x00D0, 1, 32},
	{0x00D8, 0x00D8, 1, 32}, {0x00DE, 0x00DE, 1, 32}, {0x0110, 0x0110, 1, 1}, {0x0126, 0x0126, 1, 1},
	{0x0132, 0x0132, 1, 1}, {0x013F, 0x0141, 2, 1}, {0x014A, 0x014A, 1, 1}, {0x0152, 0x0152, 1, 1},
	{0x0166, 0x0166, 1, 1}, {0x017F, 0x017F, 1, -268}, {0x0181, 0x0181, 1, 210}, {0x0182, 0x0184, 2, 1},
	{0x0186, 0x0186, 1, 206}, {0x0187, 0x0187, 1, 1}, {0x0189, 0x018A, 1, 205}, {0x018B, 0x018B, 1, 1},
	{0x018E, 0x018E, 1, 79}, {0x018F, 0x018F, 1, 202}, {0x0190, 0x0190, 1, 203}, {0x0191, 0x0191, 1, 1},
	{0x0193, 0x0193, 1, 205}, {0x0194, 0x0194, 1, 207}, {0x0196, 0x0196, 1, 211}, {0x0197, 0x0197, 1, 209},
	{0x0198, 0x0198, 1, 1}, {0x019C, 0x019C, 1, 211}, {0x019D, 0x019D, 1, 213}, {0x019F, 0x019F, 1, 214},
	{0x01A2, 0x01A4, 2, 1}, {0x01A6, 0x01A6, 1, 218}, {0x01A7, 0x01A7, 1, 1}, {0x01A9, 0x01A9, 1, 218},
	{0x01AC, 0x01AC, 1, 1}, {0x01AE, 0x01AE, 1, 218}, {0x01B1, 0x01B2, 1, 217}, {0x01B3, 0x01B5, 2, 1},
	{0x01B7, 0x01B7, 1, 219}, {0x01B8, 0x01B8, 1, 1}, {0x01BC, 0x01BC, 1, 1}, {0x01C4, 0x01C4, 1, 2},
	{0x01C5, 0x01C5, 1, 1}, {0x01C7, 0x01C7, 1, 2}, {0x01C8, 0x01C8, 1, 1}, {0x01CA, 0x01CA, 1, 2},
	{0x01CB, 0x01CB, 1, 1}, {0x01E4, 0x01E4, 1, 1}, {0x01F1, 0x01F1, 1, 2}, {0x01F2, 0x01F2, 1, 1},
	{0x01F6, 0x01F6, 1, -97}, {0x01F7, 0x01F7, 1, -56}, {0x021C, 0x021C, 1, 1}, {0x0220, 0x0220, 1, -130},
	{0x0222, 0x0224, 2, 1}, {0x023A, 0x023A, 1, 10795}, {0x023B, 0x023B, 1, 1}, {0x023D, 0x023D, 1, -163},
	{0x023E, 0x023E, 1, 10792}, {0x0241, 0x0241, 1, 1}, {0x0243, 0x0243, 1, -195}, {0x0244, 0x0244, 1, 69},
	{0x0245, 0x0245, 1, 71}, {0x0246, 0x024E, 2, 1}, {0x0345, 0x0345, 1, 116}, {0x0370, 0x0372, 2, 1},
	{0x0376, 0x0376, 1, 1}, {0x037F, 0x037F, 1, 116}, {0x0391, 0x03A1, 1, 32}, {0x03A3, 0x03A9, 1, 32},
	{0x03C2, 0x03C2, 1, 1}, {0x03CF, 0x03CF, 1, 8}, {0x03D0, 0x03D0, 1, -30}, {0x03D1, 0x03D1, 1, -25},
	{0x03D5, 0x03D5, 1, -15}, {0x03D6, 0x03D6, 1, -22}, {0x03D8, 0x03EE, 2, 1}, {0x03F0, 0x03F0, 1, -54},
	{0x03F1, 0x03F1, 1, -48}, {0x03F4, 0x03F4, 1, -60}, {0x03F5, 0x03F5, 1, -64}, {0x03F7, 0x03F7, 1, 1},
	{0x03F9, 0x03F9, 1, -7}, {0x03FA, 0x03FA, 1, 1}, {0x03FD, 0x03FF, 1, -130}, {0x0402, 0x0404, 2, 80},
	{0x0405, 0x0406, 1, 80}, {0x0408, 0x040B, 1, 80}, {0x040F, 0x040F, 1, 80}, {0x0410, 0x0418, 1, 32},
	{0x041A, 0x042F, 1, 32}, {0x0460, 0x0474, 2, 1}, {0x0478, 0x0480, 2, 1}, {0x048A, 0x04BE, 2, 1},
	{0x04C0, 0x04C0, 1, 15}, {0x04C3, 0x04CD, 2, 1}, {0x04D4, 0x04D4, 1, 1}, {0x04D8, 0x04D8, 1, 1},
	{0x04E0, 0x04E0, 1, 1}, {0x04E8, 0x04E8, 1, 1}, {0x04F6, 0x04F6, 1, 1}, {0x04FA, 0x052E, 2, 1},
	{0x0531, 0x0556, 1, 48}, {0x10A0, 0x10C5, 1, 7264}, {0x10C7, 0x10C7, 1, 7264}, {0x10CD, 0x10CD, 1, 7264},
	{0x13F8, 0x13FD, 1, -8}, {0x1C80, 0x1C80, 1, -6222}, {0x1C81, 0x1C81, 1, -6221}, {0x1C82, 0x1C82, 1, -6212},
	{0x1C83, 0x1C84, 1, -6210}, {0x1C85, 0x1C85, 1, -6211}, {0x1C86, 0x1C86, 1, -6204},
	{0x1C87, 0x1C87, 1, -6180}, {0x1C88, 0x1C88, 1, 35267}, {0x1C90, 0x1CBA, 1, -3008},
	{0x1CBD, 0x1CBF, 1, -3008}, {0x1EFA, 0x1EFE, 2, 1}, {0x2132, 0x2132, 1, 28}, {0x2160, 0x216F, 1, 16},
	{0x2183, 0x2183, 1, 1}, {0x24B6, 0x24CF, 1, 26}, {0x2C00, 0x2C2F, 1, 48}, {0x2C60, 0x2C60, 1, 1},
	{0x2C62, 0x2C62, 1, -10743}, {0x2C63, 0x2C63, 1, -3814}, {0x2C64, 0x2C64, 1, -10727},
	{0x2C67, 0x2C6B, 2, 1}, {0x2C6D, 0x2C6D, 1, -10780}, {0x2C6E, 0x2C6E, 1, -10749},
	{0x2C6F, 0x2C6F, 1, -10783}, {0x2C70, 0x2C70, 1, -10782}, {0x2C72, 0x2C72, 1, 1}, {0x2C75, 0x2C75, 1, 1},
	{0x2C7E, 0x2C7F, 1, -10815}, {0x2C80, 0x2CE2, 2, 1}, {0x2CEB, 0x2CED, 2, 1}, {0x2CF2, 0x2CF2, 1, 1},
	{0xA640, 0xA66C, 2, 1}, {0xA680, 0xA69A, 2, 1}, {0xA722, 0xA72E, 2, 1}, {0xA732, 0xA76E, 2, 1},
	{0xA779, 0xA77B, 2, 1}, {0xA77D, 0xA77D, 1, -35332}, {0xA77E, 0xA786, 2, 1}, {0xA78B, 0xA78B, 1, 1},
	{0xA78D, 0xA78D, 1, -42280}, {0xA790, 0xA792, 2, 1}, {0xA796, 0xA7A8, 2, 1}, {0xA7AA, 0xA7AA, 1, -42308},
	{0xA7AB, 0xA7AB, 1, -42319}, {0xA7AC, 0xA7AC, 1, -42315}, {0xA7AD, 0xA7AD, 1, -42305},
	{0xA7AE, 0xA7AE, 1, -42308}, {0xA7B0, 0xA7B0, 1, -42258}, {0xA7B1, 0xA7B1, 1, -42282},
	{0xA7B2, 0xA7B2, 1, -42261}, {0xA7B3, 0xA7B3, 1, 928}, {0xA7B4, 0xA7C2, 2, 1}, {0xA7C4, 0xA7C4, 1, -48},
	{0xA7C5, 0xA7C5, 1, -42307}, {0xA7C6, 0xA7C6, 1, -35384}, {0xA7C7, 0xA7C9, 2, 1}, {0xA7D0, 0xA7D0, 1, 1},
	{0xA7D6, 0xA7D8, 2, 1}, {0xA7F5, 0xA7F5, 1, 1}, {0xAB70, 0xABBF, 1, -38864}, {0xFF21, 0xFF3A, 1, 32},
	{0x10400, 0x10427, 1, 40}, {0x104B0, 0x104D3, 1, 40}, {0x10570, 0x1057A, 1, 39}, {0x1057C, 0x1058A, 1, 39},
	{0x1058C, 0x10592, 1, 39}, {0x10594, 0x10595, 1, 39}, {0x10C80, 0x10CB2, 1, 64}, {0x118A0, 0x118BF, 1, 32},
	{0x16E40, 0x16E5F, 1, 32}, {0x1E900, 0x1E921, 1, 34}
};

/* Letters that differ from others in a stroke or a ligature, and others that become two. */
static const struct
{
	pg_wchar	from;
	pg_wchar	to[2];
}			other_letters[] = {
	{0x00DF, {'s', 's'}},		/* sharp s */
	{0x00E6, {'a', 'e'}},
	{0x00F8, {'o'}},
	{0x0111, {'d'}},
	{0x0127, {'h'}},
	{0x0131, {'i'}},			/* dotless i */
	{0x0142, {'l'}},
	{0x0153, {'o', 'e'}},
	{0x0167, {'t'}},
	{0x1E9E, {'s', 's'}},
};

/* Accents, points and vowel signs that may be left out, and characters that cannot be seen. */
static const struct
{
	pg_wchar	first;
	pg_wchar	last;
}			dropped[] = {
	{0x00AD, 0x00AD}, {0x0300, 0x036F}, {0x0591, 0x05BD}, {0x05BF, 0x05BF}, {0x05C1, 0x05C2},
	{0x05C4, 0x05C5}, {0x05C7, 0x05C7}, {0x061C, 0x061C}, {0x064B, 0x065F}, {0x0670, 0x0670},
	{0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x200B, 0x200F}, {0x202A, 0x202E}, {0x2060, 0x2064},
	{0x2066, 0x2069}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF}
};

static inline int
utf8_len(const unsigned char *s)
{
	return *s < 0x80 ? 1 : *s < 0xE0 ? 2 : *s < 0xF0 ? 3 : 4;
}

static bool
is_dropped(pg_wchar c)
{
	if (c < dropped[0].first)
		return false;
	for (int i = 0; i < lengthof(dropped); i++)
		if (c <= dropped[i].last)
			return c >= dropped[i].first;
	return false;
}

static pg_wchar
fold_case(pg_wchar c)
{
	int			low = 0;
	int			high = lengthof(folded_ranges) - 1;

	while (low <= high)
	{
		int			mid = (low + high) / 2;
		const FoldedRange *range = &folded_ranges[mid];

		if (c < range->first)
			high = mid - 1;
		else if (c > range->last)
			low = mid + 1;
		else
			return (c - range->first) % range->step == 0 ? c + range->distance : c;
	}
	return c;
}

/* Puts what a character without a decomposition becomes, at most two, at "to"; returns the end. */
static pg_wchar *
put_folded(pg_wchar *to, pg_wchar c)
{
	if (is_dropped(c))
		return to;
	c = fold_case(c);
	for (int i = 0; i < lengthof(other_letters); i++)
		if (other_letters[i].from == c)
		{
			*to++ = other_letters[i].to[0];
			if (other_letters[i].to[1] != 0)
				*to++ = other_letters[i].to[1];
			return to;
		}
	*to++ = c;
	return to;
}

/* Folds characters, which end with a zero. */
static pg_wchar *
fold_characters(const pg_wchar *from)
{
	pg_wchar   *decomposed = (pg_wchar *) unicode_normalize(UNICODE_NFD, from);
	pg_wchar   *folded;
	pg_wchar   *end;
	Size		n = 0;

	while (decomposed[n] != 0)
		n++;
	folded = palloc_extended((2 * n + 1) * sizeof(pg_wchar), MCXT_ALLOC_HUGE);
	end = folded;
	for (Size i = 0; i < n; i++)
		end = put_folded(end, decomposed[i]);
	*end = 0;
	pfree(decomposed);
	decomposed = (pg_wchar *) unicode_normalize(UNICODE_NFC, folded);
	pfree(folded);
	return decomposed;
}

/*
 * What the characters of some alphabets become: Latin, Greek and Cyrillic, and
 * punctuation.  None is composed with what comes before it but by marks that
 * are dropped, so that each can be folded by itself.
 */
#define N_LOW 0x0530
#define FIRST_HIGH 0x1E00
#define N_HIGH (0x20D0 - FIRST_HIGH)
#define IS_MARK_OF_CYRILLIC(c) ((c) >= 0x0483 && (c) <= 0x0489)

typedef struct Folded
{
	uint8		len;
	char		bytes[6];		/* two characters of up to three bytes */
} Folded;

static Folded low_folded[N_LOW];
static Folded high_folded[N_HIGH];
static bool table_is_filled = false;

static void
fill_range(Folded *table, pg_wchar first, int n)
{
	for (int i = 0; i < n; i++)
	{
		pg_wchar	one[] = {first + i, 0};
		pg_wchar   *folded;
		int			len = 0;

		if (one[0] == 0)
			continue;
		folded = fold_characters(one);
		for (int j = 0; folded[j] != 0; j++)
		{
			unsigned char utf8[4];

			unicode_to_utf8(folded[j], utf8);
			memcpy(table[i].bytes + len, utf8, utf8_len(utf8));
			len += utf8_len(utf8);
		}
		table[i].len = (uint8) len;
		pfree(folded);
	}
}

static void
fill_table(void)
{
	fill_range(low_folded, 0, N_LOW);
	fill_range(high_folded, FIRST_HIGH, N_HIGH);
	table_is_filled = true;
}

/* Folds a text whose characters are all in the table; -1 if one is not. */
static int
fold_by_table(const unsigned char *s, int len, char *to)
{
	const unsigned char *end = s + len;
	char	   *p = to;

	while (s < end)
	{
		const Folded *folded;
		pg_wchar	c;

		/* Without a branch on the letter. */
		while (s < end && *s < 0x80)
		{
			*p++ = (char) (*s + (((unsigned) *s - 'A' < 26) << 5));
			s++;
		}
		if (s == end)
			break;
		if (*s >= 0xF0 || utf8_len(s) > end - s)
			return -1;
		c = utf8_to_unicode(s);
		s += utf8_len(s);
		if (c < N_LOW && !IS_MARK_OF_CYRILLIC(c))
			folded = &low_folded[c];
		else if (c >= FIRST_HIGH && c - FIRST_HIGH < N_HIGH)
			folded = &high_folded[c - FIRST_HIGH];
		else
			return -1;
		memcpy(p, folded->bytes, sizeof(folded->bytes));
		p += folded->len;
	}
	return (int) (p - to);
}

/* The same for any UTF-8.  "to" has room for FOLDED_SIZE(len). */
static int
fold_utf8(const char *s, int len, char *to)
{
	int			n = fold_by_table((const unsigned char *) s, len, to);
	pg_wchar   *characters;
	pg_wchar   *folded;
	unsigned char *p = (unsigned char *) to;

	if (n >= 0)
		return n;
	characters = palloc_extended(((Size) len + 1) * sizeof(pg_wchar), MCXT_ALLOC_HUGE);
	(void) pg_mb2wchar_with_len(s, characters, len);
	folded = fold_characters(characters);
	for (int i = 0; folded[i] != 0; i++)
	{
		unicode_to_utf8(folded[i], p);
		p += utf8_len(p);
	}
	pfree(characters);
	pfree(folded);
	return (int) (p - (unsigned char *) to);
}

/*
 * Folds a text into a buffer, which is "room" if that has FOLDED_SIZE(len),
 * else a new one; returns it.  In other encodings than UTF8 it is put into
 * lower case and no more.
 */
char *
fold_letters(const char *s, int len, char *room, Size size, int *folded_len)
{
	if (GetDatabaseEncoding() == PG_UTF8)
	{
		char	   *to = FOLDED_SIZE(len) <= size ? room : palloc_extended(FOLDED_SIZE(len), MCXT_ALLOC_HUGE);

		if (!table_is_filled)
			fill_table();
		*folded_len = fold_utf8(s, len, to);
		return to;
	}
	else
	{
		char	   *lowered = TextDatumGetCString(DirectFunctionCall1Coll(lower, DEFAULT_COLLATION_OID,
																	   PointerGetDatum(cstring_to_text_with_len(s, len))));

		*folded_len = (int) strlen(lowered);
		return lowered;
	}
}

PG_FUNCTION_INFO_V1(taskq_fold);
Datum
taskq_fold(PG_FUNCTION_ARGS)
{
	text	   *value = PG_GETARG_TEXT_PP(0);
	int			len;
	char	   *folded = fold_letters(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), NULL, 0, &len);

	PG_RETURN_TEXT_P(cstring_to_text_with_len(folded, len));
}
