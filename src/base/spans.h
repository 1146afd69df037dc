/*-------------------------------------------------------------------------
 *
 * spans.h
 *		A calendar compiled into spans of open time.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_SPANS_H
#define TASKQ_SPANS_H

#include "datatype/timestamp.h"
#include "pgtime.h"

#include "base/dayrule.h"

/* A part of one local date that is open or closed throughout. */
typedef struct SpanPart
{
	TimestampTz begins;
	TimestampTz ends;
	DateADT		day;
	bool		open;
	const char *holiday;		/* label of the holiday that rules the day, NULL = none does */
} SpanPart;

typedef void (*SpanReceiver) (const SpanPart *part, void *arg);

typedef enum SpanResult
{
	SPAN_FOUND,
	SPAN_NONE_IN_TEN_YEARS,		/* no opening for ten years */
	SPAN_TOO_FAR,				/* further than 1,000 years */
	SPAN_OUT_OF_RANGE			/* past the first or the last timestamp */
} SpanResult;

typedef struct Spans Spans;

extern Spans *spans_create(pg_tz *zone, const SpanWindow *windows, int nwindows, SpanHoliday *holidays, int nholidays);
extern int64 spans_between(Spans *spans, TimestampTz a, TimestampTz b);
extern SpanResult spans_add(Spans *spans, TimestampTz start, int64 usec, TimestampTz *result);
extern SpanResult spans_day(const Spans *spans, DateADT day, int n, DateADT *result);
extern void spans_walk(const Spans *spans, TimestampTz from, TimestampTz to, SpanReceiver receive, void *arg);
extern int64 spans_revision(const Spans *spans);

#endif							/* TASKQ_SPANS_H */
