/*-------------------------------------------------------------------------
 *
 * spans.c
 *		A calendar compiled into spans of open time.
 *
 * An instant is open if and only if the wall clock of the calendar's zone
 * then reads a time in a window of that local date.  A zone consists of
 * segments of constant offset, so every window of every date is cut at the
 * bounds of the segments: a time that the clock skips is in no segment, one
 * that it repeats is in two, and a date that is skipped has no part.  Nothing
 * else needs to be known of clock changes.
 *
 * Spans are compiled by blocks of 52 weeks, when first needed.  Each span has
 * the open time before it in its block, so open time between two instants,
 * and the instant after so much open time, are binary searches.  A limited
 * number of blocks is kept, each in the place that its number modulo that
 * limit gives.
 *
 * Nothing here reads tables or settings.  pg_tzset() caches a zone for the
 * life of the process: new rules of a zone are seen by new sessions.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/datetime.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/spans.h"

#define DAYS_PER_BLOCK 364
#define USECS_PER_BLOCK (DAYS_PER_BLOCK * USECS_PER_DAY)
#define KEPT_BLOCKS 64

/* Ten years, two or three of which are leap years. */
#define TEN_YEARS_DAYS 3653
#define TEN_YEARS (TEN_YEARS_DAYS * USECS_PER_DAY)

/* How far a search goes: to no more than this many blocks, of a few microseconds each, besides the first. */
#define THOUSAND_YEARS_BLOCKS (365250 / DAYS_PER_BLOCK + 1)

/* No offset of a zone from UTC, nor a change of it, is greater than this. */
#define OFFSET_DAYS 2

typedef struct Span
{
	TimestampTz opens;
	TimestampTz closes;
	int64		before;			/* open time before it in the block */
} Span;

typedef struct Block
{
	int64		number;
	bool		valid;
	int			n;
	int			size;			/* allocated */
	int64		open;			/* in all */
	Span	   *spans;
} Block;

struct Spans
{
	MemoryContext context;
	pg_tz	   *zone;
	DayRules   *rules;
	Block		blocks[KEPT_BLOCKS];
};

/*
 * Compiles a calendar, in the current memory context, where what it computes
 * later is allocated, too.  Sorts the holidays, whose labels must live as long.
 */
Spans *
spans_create(pg_tz *zone, const SpanWindow *windows, int nwindows, SpanHoliday *holidays, int nholidays)
{
	Spans	   *spans = palloc0(sizeof(Spans));

	spans->context = CurrentMemoryContext;
	spans->zone = zone;
	spans->rules = day_rules_create(windows, nwindows, holidays, nholidays);
	return spans;
}

/* ------------------------------------------------------------------ walking */

static int64
floor_div(int64 a, int64 b)
{
	int64		quotient = a / b;

	return a % b < 0 ? quotient - 1 : quotient;
}

/* The end of the segment of constant offset that an instant is in, at most "to"; its offset in microseconds. */
static TimestampTz
segment_end(const Spans *spans, TimestampTz at, TimestampTz to, int64 *offset)
{
	int64		epoch = (int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY;
	pg_time_t	second = floor_div(at, USECS_PER_SEC) + epoch;
	pg_time_t	last = floor_div(to, USECS_PER_SEC) + epoch;
	pg_time_t	boundary;
	long		before;
	long		after;
	int			is_dst;
	int			result;

	result = pg_next_dst_boundary(&second, &before, &is_dst, &boundary, &after, &is_dst, spans->zone);
	if (result < 0)
		elog(ERROR, "could not determine the offset of time zone \"%s\"", pg_get_timezone_name(spans->zone));
	*offset = before * USECS_PER_SEC;
	return result == 0 || boundary > last ? to : Min(to, (boundary - epoch) * USECS_PER_SEC);
}

/* Hands on the parts of a date between two of its times. */
static void
walk_day(const Spans *spans, DateADT day, int64 at, int64 stop, int64 offset, SpanReceiver receive, void *arg)
{
	const DayRule *rule = day_rule(spans->rules, day);
	int64		midnight = day * USECS_PER_DAY;
	SpanPart	part = {.day = day, .holiday = rule->label};

	for (int i = 0; i < rule->n && at < stop; i++)
	{
		int64		opens = Max(at, midnight + rule->windows[i].opens);
		int64		closes = Min(stop, midnight + rule->windows[i].closes);

		if (opens >= closes)
			continue;
		if (opens > at)
		{
			part.open = false;
			part.begins = at - offset;
			part.ends = opens - offset;
			receive(&part, arg);
		}
		part.open = true;
		part.begins = opens - offset;
		part.ends = closes - offset;
		receive(&part, arg);
		at = closes;
	}
	if (at < stop)
	{
		part.open = false;
		part.begins = at - offset;
		part.ends = stop - offset;
		receive(&part, arg);
	}
}

/* Hands on all parts of [from, to), in order and without gaps. */
void
spans_walk(const Spans *spans, TimestampTz from, TimestampTz to, SpanReceiver receive, void *arg)
{
	while (from < to)
	{
		int64		offset;
		TimestampTz end = segment_end(spans, from, to, &offset);
		int64		at = from + offset;
		int64		stop = end + offset;

		while (at < stop)
		{
			DateADT		day = (DateADT) floor_div(at, USECS_PER_DAY);
			int64		midnight = Min(stop, (day + 1) * USECS_PER_DAY);

			CHECK_FOR_INTERRUPTS();
			walk_day(spans, day, at, midnight, offset, receive, arg);
			at = midnight;
		}
		from = end;
	}
}

/* ------------------------------------------------------------------- blocks */

static int64
block_number(TimestampTz at)
{
	return floor_div(at, USECS_PER_BLOCK);
}

/* The bounds of a block, within those of timestamps. */
static TimestampTz
block_begins(int64 number)
{
	if (number > block_number(END_TIMESTAMP - 1))
		return END_TIMESTAMP;
	return Max(number * USECS_PER_BLOCK, MIN_TIMESTAMP);
}

static void
add_span(const SpanPart *part, void *arg)
{
	Block	   *block = arg;

	if (!part->open)
		return;
	if (block->n > 0 && block->spans[block->n - 1].closes == part->begins)
		block->spans[block->n - 1].closes = part->ends;
	else
	{
		if (block->n == block->size)
		{
			block->size *= 2;
			block->spans = repalloc(block->spans, block->size * sizeof(Span));
		}
		block->spans[block->n].opens = part->begins;
		block->spans[block->n].closes = part->ends;
		block->spans[block->n++].before = block->open;
	}
	block->open += part->ends - part->begins;
}

/* A block, compiled.  Valid until the next call. */
static const Block *
get_block(Spans *spans, int64 number)
{
	Block	   *block = &spans->blocks[(uint64) number % KEPT_BLOCKS];

	if (block->valid && block->number == number)
		return block;
	block->valid = false;
	block->number = number;
	block->n = 0;
	block->open = 0;
	if (block->spans == NULL)
	{
		block->size = DAYS_PER_BLOCK;
		block->spans = MemoryContextAlloc(spans->context, block->size * sizeof(Span));
	}
	spans_walk(spans, block_begins(number), block_begins(number + 1), add_span, block);
	block->valid = true;
	return block;
}

/* How many spans of a block open at an instant or before it. */
static int
opened_by(const Block *block, TimestampTz at)
{
	int			low = 0;
	int			high = block->n;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (block->spans[middle].opens <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The open time of a block before an instant. */
static int64
open_before(const Block *block, TimestampTz at)
{
	int			n = opened_by(block, at);
	const Span *span;

	if (n == 0)
		return 0;
	span = &block->spans[n - 1];
	return span->before + Min(at, span->closes) - span->opens;
}

/* The last span of a block with at most so much open time before it; the block must have one. */
static const Span *
span_at(const Block *block, int64 before)
{
	int			low = 0;
	int			high = block->n;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (block->spans[middle].before <= before)
			low = middle + 1;
		else
			high = middle;
	}
	return &block->spans[low - 1];
}

/* Open microseconds in [a, b). */
int64
spans_between(Spans *spans, TimestampTz a, TimestampTz b)
{
	int64		first = block_number(a);
	int64		last = block_number(b);
	int64		result;

	if (b <= a)
		return 0;
	result = -open_before(get_block(spans, first), a);
	for (int64 number = first; number < last; number++)
		result += get_block(spans, number)->open;
	return result + open_before(get_block(spans, last), b);
}

/* The first instant with so much open time since start. */
static SpanResult
add_forward(Spans *spans, TimestampTz start, int64 usec, TimestampTz *result)
{
	int64		number = block_number(start);
	const Block *block = get_block(spans, number);
	TimestampTz last = start;	/* since when it has been closed, once the block is over */
	const Span *span;

	usec += open_before(block, start);
	while (usec > block->open)
	{
		usec -= block->open;
		if (block->n > 0)
			last = Max(last, block->spans[block->n - 1].closes);
		number++;
		if (block_begins(number) == END_TIMESTAMP)
			return SPAN_OUT_OF_RANGE;
		if (number - block_number(start) > THOUSAND_YEARS_BLOCKS)
			return SPAN_TOO_FAR;
		block = get_block(spans, number);
		if ((block->n > 0 ? block->spans[0].opens : block_begins(number)) - last > TEN_YEARS)
			return SPAN_NONE_IN_TEN_YEARS;
	}
	span = span_at(block, usec - 1);
	*result = span->opens + usec - span->before;
	return SPAN_FOUND;
}

/* The last instant that has so much open time between it and start. */
static SpanResult
add_back(Spans *spans, TimestampTz start, int64 usec, TimestampTz *result)
{
	int64		number = block_number(start);
	const Block *block = get_block(spans, number);
	int64		open = open_before(block, start);
	TimestampTz first = start;	/* until when it was closed */
	const Span *span;

	while (usec > open)
	{
		usec -= open;
		if (block->n > 0)
			first = Min(first, block->spans[0].opens);
		if (block_begins(number) == MIN_TIMESTAMP)
			return SPAN_OUT_OF_RANGE;
		if (block_number(start) - number >= THOUSAND_YEARS_BLOCKS)
			return SPAN_TOO_FAR;
		block = get_block(spans, --number);
		open = block->open;
		if (first - (block->n > 0 ? block->spans[block->n - 1].closes : block_begins(number + 1)) > TEN_YEARS)
			return SPAN_NONE_IN_TEN_YEARS;
	}
	span = span_at(block, open - usec);
	*result = span->opens + open - usec - span->before;
	return SPAN_FOUND;
}

/* The instant so many open microseconds after start, or before it if they are negative. */
SpanResult
spans_add(Spans *spans, TimestampTz start, int64 usec, TimestampTz *result)
{
	if (usec > 0)
		return add_forward(spans, start, usec, result);
	if (usec < 0)
		return add_back(spans, start, -usec, result);
	*result = start;
	return SPAN_FOUND;
}

/* --------------------------------------------------------------------- days */

typedef struct DayLook
{
	DateADT		day;
	bool		opens;
} DayLook;

static void
look_at_day(const SpanPart *part, void *arg)
{
	DayLook    *look = arg;

	if (part->open && part->day == look->day)
		look->opens = true;
}

/* Whether a date has open time.  One that has windows has none if the clock skips them. */
static bool
day_opens(const Spans *spans, DateADT day)
{
	DayLook		look = {.day = day};

	if (day_rule(spans->rules, day)->n == 0)
		return false;
	spans_walk(spans, (day - OFFSET_DAYS) * USECS_PER_DAY, (day + 1 + OFFSET_DAYS) * USECS_PER_DAY, look_at_day, &look);
	return look.opens;
}

/* Moves to the first date that opens, from this one on or back. */
static SpanResult
find_day(const Spans *spans, int step, DateADT *day)
{
	for (int i = 0; i <= TEN_YEARS_DAYS; i++, *day += step)
	{
		if (*day - OFFSET_DAYS < MIN_TIMESTAMP / USECS_PER_DAY || *day + 1 + OFFSET_DAYS >= END_TIMESTAMP / USECS_PER_DAY)
			return SPAN_OUT_OF_RANGE;
		if (day_opens(spans, *day))
			return SPAN_FOUND;
	}
	return SPAN_NONE_IN_TEN_YEARS;
}

/*
 * The business day n on from a day, or back if n is negative, where the day
 * itself, or else the next that opens in that direction, is number 0.
 */
SpanResult
spans_day(const Spans *spans, DateADT day, int n, DateADT *result)
{
	int			step = n < 0 ? -1 : 1;
	SpanResult	found = find_day(spans, step, &day);

	for (int i = n; i != 0 && found == SPAN_FOUND; i -= step)
	{
		CHECK_FOR_INTERRUPTS();
		day += step;
		found = find_day(spans, step, &day);
	}
	*result = day;
	return found;
}

/* ----------------------------------------------------------------- revision */

typedef struct Revision
{
	TimestampTz span[2];		/* the last one, not hashed yet */
	bool		opens;
	uint64		hash;
} Revision;

static void
revision_hash(Revision *revision)
{
	if (revision->opens)
		revision->hash = hash_bytes_extended((unsigned char *) revision->span, sizeof(revision->span), revision->hash);
}

static void
revision_receive(const SpanPart *part, void *arg)
{
	Revision   *revision = arg;

	if (!part->open)
		return;
	if (revision->opens && revision->span[1] == part->begins)
	{
		revision->span[1] = part->ends;
		return;
	}
	revision_hash(revision);
	revision->span[0] = part->begins;
	revision->span[1] = part->ends;
	revision->opens = true;
}

/*
 * A hash of the spans from 2000 to 2100, never 0.  It depends on when
 * the calendar is open and on nothing else: not on how the windows are written,
 * nor on what the zone is called.
 */
int64
spans_revision(const Spans *spans)
{
	Revision	revision = {.opens = false};
	TimestampTz to = (int64) (date2j(2101, 1, 1) - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY;

	spans_walk(spans, 0, to, revision_receive, &revision);
	revision_hash(&revision);
	return revision.hash == 0 ? 1 : (int64) revision.hash;
}
