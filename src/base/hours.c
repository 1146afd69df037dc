/*-------------------------------------------------------------------------
 *
 * hours.c
 *		The hours of a week, written as text.
 *
 *		hours  = "24/7" | part { ";" part }
 *		part   = days range { "," range }
 *		days   = day [ "-" day ] { "," day [ "-" day ] }
 *		range  = time "-" time
 *
 * A range that ends before it begins, or at 00:00, goes on into the next day
 * and makes two windows.  A day may be named once.  White space may be
 * anywhere between these, and upper and lower case are the same.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "datatype/timestamp.h"
#include "mb/pg_wchar.h"

#include "base/hours.h"

static const char *const day_names[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

/* A window, and where the range that it comes from is in the text. */
typedef struct ParsedWindow
{
	SpanWindow	window;
	const char *at;
} ParsedWindow;

typedef struct HoursParser
{
	const char *text;
	const char *at;				/* what is read next */
	int			days;			/* of the part, bit 0 is Monday */
	int			all_days;		/* that have been named */
	int			n;
	int			size;
	ParsedWindow *windows;
} HoursParser;

/* Where something is in the text, in characters from 1. */
static int
position(const HoursParser *parser, const char *at)
{
	return pg_mbstrlen_with_len(parser->text, (int) (at - parser->text)) + 1;
}

static void
skip_space(HoursParser *parser)
{
	while (*parser->at == ' ' || *parser->at == '\t' || *parser->at == '\n' || *parser->at == '\r')
		parser->at++;
}

/* Reads a character, if it is the next one. */
static bool
take(HoursParser *parser, char c)
{
	skip_space(parser);
	if (*parser->at != c)
		return false;
	parser->at++;
	skip_space(parser);
	return true;
}

/* ------------------------------------------------------------------ reading */

static int
parse_day(HoursParser *parser)
{
	skip_space(parser);
	for (int day = 0; day < lengthof(day_names); day++)
		if (pg_strncasecmp(parser->at, day_names[day], 3) == 0)
		{
			parser->at += 3;
			return day;
		}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("argument \"hours\" must have a day at character %d", position(parser, parser->at)),
			 errhint("Days are Mon, Tue, Wed, Thu, Fri, Sat and Sun, as in \"Mon-Fri 09:00-12:00,13:00-17:30; Sat 10:00-14:00\".")));
}

static void
parse_days(HoursParser *parser)
{
	parser->days = 0;
	do
	{
		const char *begins = parser->at;
		int			first = parse_day(parser);
		int			last = take(parser, '-') ? parse_day(parser) : first;

		if (first > last)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("argument \"hours\" has days that go backwards, %s-%s, at character %d",
							day_names[first], day_names[last], position(parser, begins)),
					 errhint("Write %s%s,%s%s.", day_names[first], first == 6 ? "" : "-Sun",
							 day_names[0], last == 0 ? "" : psprintf("-%s", day_names[last]))));
		for (int day = first; day <= last; day++)
		{
			if (parser->all_days & (1 << day))
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("argument \"hours\" names %s twice, at character %d", day_names[day], position(parser, begins)),
						 errhint("Write all windows of a day in one place, separated by commas.")));
			parser->all_days |= 1 << day;
			parser->days |= 1 << day;
		}
	} while (take(parser, ','));
}

/* Reads HH:MM or H:MM; microseconds since midnight. */
static int64
parse_time(HoursParser *parser)
{
	const char *s = parser->at;
	int			hour = 0;
	int			digits = 0;

	for (; digits < 2 && s[digits] >= '0' && s[digits] <= '9'; digits++)
		hour = hour * 10 + s[digits] - '0';
	s += digits;
	if (digits > 0 && s[0] == ':' && s[1] >= '0' && s[1] <= '5' && s[2] >= '0' && s[2] <= '9' &&
		!(s[3] >= '0' && s[3] <= '9') && s[3] != ':')
	{
		int			minutes = hour * 60 + (s[1] - '0') * 10 + s[2] - '0';

		if (minutes <= 24 * 60)
		{
			parser->at = s + 3;
			return minutes * USECS_PER_MINUTE;
		}
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("argument \"hours\" must have a time, 00:00 to 24:00, at character %d", position(parser, parser->at))));
}

static void
add_window(HoursParser *parser, int day, int64 opens, int64 closes, const char *at)
{
	ParsedWindow *parsed;

	if (parser->n == parser->size)
	{
		parser->size *= 2;
		parser->windows = repalloc(parser->windows, parser->size * sizeof(ParsedWindow));
	}
	parsed = &parser->windows[parser->n++];
	parsed->window.weekday = day + 1;
	parsed->window.opens = opens;
	parsed->window.closes = closes;
	parsed->at = at;
}

static void
parse_range(HoursParser *parser)
{
	const char *begins = parser->at;
	int64		opens = parse_time(parser);
	int64		closes;

	if (!take(parser, '-'))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"hours\" must have \"-\" and the time of closing at character %d", position(parser, parser->at))));
	closes = parse_time(parser);
	if (opens == closes)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"hours\" has a window of no length at character %d", position(parser, begins)),
				 errhint("A whole day is 00:00-24:00.")));
	if (opens == USECS_PER_DAY)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"hours\" has a window that opens at 24:00 at character %d", position(parser, begins)),
				 errhint("24:00 is a time of closing; write 00:00 of the next day.")));
	for (int day = 0; day < 7; day++)
	{
		if (!(parser->days & (1 << day)))
			continue;
		add_window(parser, day, opens, closes < opens ? USECS_PER_DAY : closes, begins);
		if (closes < opens && closes > 0)
			add_window(parser, (day + 1) % 7, 0, closes, begins);
	}
}

static void
parse_part(HoursParser *parser)
{
	parse_days(parser);
	do
		parse_range(parser);
	while (take(parser, ','));
}

/* ----------------------------------------------------------------- checking */

static int
compare_parsed(const void *a, const void *b)
{
	const ParsedWindow *w1 = a;
	const ParsedWindow *w2 = b;

	if (w1->window.weekday != w2->window.weekday)
		return w1->window.weekday < w2->window.weekday ? -1 : 1;
	if (w1->window.opens != w2->window.opens)
		return w1->window.opens < w2->window.opens ? -1 : 1;
	if (w1->at != w2->at)
		return w1->at < w2->at ? -1 : 1;
	return 0;
}

/* Sorts the windows, and throws if two overlap. */
static void
check_windows(HoursParser *parser)
{
	qsort(parser->windows, parser->n, sizeof(ParsedWindow), compare_parsed);
	for (int i = 1; i < parser->n; i++)
	{
		const ParsedWindow *one = &parser->windows[i - 1];
		const ParsedWindow *other = &parser->windows[i];

		if (one->window.weekday == other->window.weekday && other->window.opens < one->window.closes)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("argument \"hours\" has windows that overlap on %s, at character %d and at character %d",
							day_names[one->window.weekday - 1],
							position(parser, Min(one->at, other->at)), position(parser, Max(one->at, other->at)))));
	}
}

/*
 * The windows of a week that a text describes, sorted.  Throws 22023, naming
 * what is wrong and where.
 */
SpanWindow *
hours_parse(const char *text, int *n)
{
	HoursParser parser = {.text = text, .at = text, .size = 64};
	SpanWindow *result;

	parser.windows = palloc(parser.size * sizeof(ParsedWindow));
	skip_space(&parser);
	if (*parser.at == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"hours\" must not be empty")));
	if (strncmp(parser.at, "24/7", 4) == 0)
	{
		for (int day = 0; day < 7; day++)
			add_window(&parser, day, 0, USECS_PER_DAY, parser.at);
		parser.at += 4;
		skip_space(&parser);
	}
	else
		do
			parse_part(&parser);
		while (take(&parser, ';'));
	if (*parser.at != '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"hours\" has something that does not belong there at character %d", position(&parser, parser.at))));
	check_windows(&parser);

	*n = parser.n;
	result = palloc(parser.n * sizeof(SpanWindow));
	for (int i = 0; i < parser.n; i++)
		result[i] = parser.windows[i].window;
	return result;
}
