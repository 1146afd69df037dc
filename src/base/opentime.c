/*-------------------------------------------------------------------------
 *
 * opentime.c
 *		SQL functions that compute with a calendar.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "funcapi.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "base/business.h"

/* Bounds of arguments. */
#define HOURS_MAX 87600
#define DAYS_MAX 36500

static TimestampTz
instant_argument(FunctionCallInfo fcinfo, int n, const char *name)
{
	TimestampTz at = PG_GETARG_TIMESTAMPTZ(n);

	if (TIMESTAMP_NOT_FINITE(at))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" must be finite", name)));
	return at;
}

PG_FUNCTION_INFO_V1(taskq_business_add);
Datum
taskq_business_add(PG_FUNCTION_ARGS)
{
	const BusinessCalendar *calendar = business_calendar_argument("calendar", PG_GETARG_TEXT_PP(0));
	TimestampTz start = instant_argument(fcinfo, 1, "start");
	float8		hours = PG_GETARG_FLOAT8(2);

	if (!(fabs(hours) <= HOURS_MAX))	/* NaN included */
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"hours\" must be from %d to %d", -HOURS_MAX, HOURS_MAX)));
	PG_RETURN_TIMESTAMPTZ(business_add(calendar, start, (int64) rint(hours * USECS_PER_HOUR)));
}

PG_FUNCTION_INFO_V1(taskq_business_hours);
Datum
taskq_business_hours(PG_FUNCTION_ARGS)
{
	const BusinessCalendar *calendar = business_calendar_argument("calendar", PG_GETARG_TEXT_PP(0));
	TimestampTz since = instant_argument(fcinfo, 1, "since");
	TimestampTz until = instant_argument(fcinfo, 2, "until");

	PG_RETURN_FLOAT8((float8) business_between(calendar, since, until) / USECS_PER_HOUR);
}

PG_FUNCTION_INFO_V1(taskq_business_day);
Datum
taskq_business_day(PG_FUNCTION_ARGS)
{
	const BusinessCalendar *calendar = business_calendar_argument("calendar", PG_GETARG_TEXT_PP(0));
	DateADT		day = PG_GETARG_DATEADT(1);
	int			n = PG_GETARG_INT32(2);

	if (DATE_NOT_FINITE(day))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"day\" must be finite")));
	if (n < -DAYS_MAX || n > DAYS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"n\" must be from %d to %d", -DAYS_MAX, DAYS_MAX)));
	PG_RETURN_DATEADT(business_day(calendar, day, n));
}

/* An open span being put together from parts, and where spans go. */
typedef struct SpanOutput
{
	ReturnSetInfo *rsinfo;
	TimestampTz opens;
	TimestampTz closes;			/* = opens: there is none */
} SpanOutput;

static void
put_span(SpanOutput *output)
{
	Datum		values[] = {TimestampTzGetDatum(output->opens), TimestampTzGetDatum(output->closes)};
	bool		nulls[] = {false, false};

	if (output->opens < output->closes)
		tuplestore_putvalues(output->rsinfo->setResult, output->rsinfo->setDesc, values, nulls);
}

static void
output_part(const SpanPart *part, void *arg)
{
	SpanOutput *output = arg;

	if (!part->open)
		return;
	if (part->begins != output->closes)
	{
		put_span(output);
		output->opens = part->begins;
	}
	output->closes = part->ends;
}

PG_FUNCTION_INFO_V1(taskq_calendar_spans);
Datum
taskq_calendar_spans(PG_FUNCTION_ARGS)
{
	const BusinessCalendar *calendar = business_calendar_argument("calendar", PG_GETARG_TEXT_PP(0));
	TimestampTz since = instant_argument(fcinfo, 1, "since");
	TimestampTz until = instant_argument(fcinfo, 2, "until");
	SpanOutput	output = {.rsinfo = (ReturnSetInfo *) fcinfo->resultinfo, .opens = since, .closes = since};

	InitMaterializedSRF(fcinfo, 0);
	business_walk(calendar, since, until, output_part, &output);
	put_span(&output);
	return (Datum) 0;
}
