/*-------------------------------------------------------------------------
 *
 * calendarset.c
 *		Writing a calendar, its hours given as text.
 *
 * It writes with the caller's rights, and what it finds of holidays is what
 * the caller can read.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "pgtime.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"

#include "base/compat.h"
#include "base/hours.h"
#include "base/plan.h"
#include "base/text.h"

/* Names of calendars and lists, in characters. */
#define NAME_MAX_CHARS 63

static TaskqPlan find_unknown_list = {
	"SELECT l FROM pg_catalog.unnest($1) l WHERE NOT EXISTS (SELECT FROM @.taskq_holiday h WHERE h.list " EQ " l)"
};
static TaskqPlan upsert_calendar = {
	"INSERT INTO @.taskq_calendar AS c (name, timezone, holiday_lists) VALUES ($1, $2, $3) "
	"ON CONFLICT (name) DO UPDATE SET timezone = excluded.timezone, holiday_lists = excluded.holiday_lists"
};
#define NEW_WINDOWS "ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3), pg_catalog.unnest($4)) AS n (weekday, opens, closes)"

/* New ones first: where constraints are immediate, a calendar in use must open after each statement. */
static TaskqPlan upsert_windows = {
	"INSERT INTO @.taskq_calendar_window AS w (calendar, weekday, opens, closes) "
	"SELECT $1, n.weekday, n.opens, n.closes FROM " NEW_WINDOWS " "
	"ON CONFLICT (calendar, weekday, opens) DO UPDATE SET closes = excluded.closes WHERE w.closes " NE " excluded.closes"
};
static TaskqPlan delete_windows = {
	"DELETE FROM @.taskq_calendar_window w WHERE w.calendar " EQ " $1 AND NOT EXISTS (SELECT FROM " NEW_WINDOWS " "
	"WHERE n.weekday " EQ " w.weekday AND n.opens " EQ " w.opens)"
};

static void
check_not_null(FunctionCallInfo fcinfo)
{
	static const char *const names[] = {"name", "timezone", "hours", "holiday_lists"};

	for (int i = 0; i < lengthof(names); i++)
		if (PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("argument \"%s\" must not be null", names[i])));
}

static void
check_timezone(const char *timezone)
{
	pg_tz	   *zone = pg_tzset(timezone);

	if (zone == NULL || !pg_tz_acceptable(zone))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"timezone\" must be a time zone that this server knows, not \"%s\"", timezone),
				 errhint("View pg_timezone_names lists them.")));
}

static void
check_lists(ArrayType *lists)
{
	Oid			types[] = {TEXTARRAYOID};
	Datum		values[] = {PointerGetDatum(lists)};

	if (array_contains_nulls(lists))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"holiday_lists\" must not contain null")));
	spi_run(&find_unknown_list, 1, types, values, NULL, 1);
	if (SPI_processed > 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"holiday_lists\" names list \"%s\", of which taskq_holiday has no day",
						SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1))));
}

static void
write_windows(Datum name, const SpanWindow *windows, int n)
{
	Oid			types[] = {TEXTOID, INT2ARRAYOID, TIMEARRAYOID, TIMEARRAYOID};
	Datum		values[4];
	Datum	   *weekdays = palloc(n * sizeof(Datum));
	Datum	   *opens = palloc(n * sizeof(Datum));
	Datum	   *closes = palloc(n * sizeof(Datum));

	for (int i = 0; i < n; i++)
	{
		weekdays[i] = Int16GetDatum(windows[i].weekday);
		opens[i] = TimeADTGetDatum(windows[i].opens);
		closes[i] = TimeADTGetDatum(windows[i].closes);
	}
	values[0] = name;
	values[1] = PointerGetDatum(construct_array(weekdays, n, INT2OID, sizeof(int16), true, TYPALIGN_SHORT));
	values[2] = PointerGetDatum(construct_array(opens, n, TIMEOID, sizeof(TimeADT), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	values[3] = PointerGetDatum(construct_array(closes, n, TIMEOID, sizeof(TimeADT), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	spi_run(&upsert_windows, 4, types, values, NULL, 0);
	spi_run(&delete_windows, 4, types, values, NULL, 0);
}

PG_FUNCTION_INFO_V1(taskq_calendar_set);
Datum
taskq_calendar_set(PG_FUNCTION_ARGS)
{
	Oid			types[] = {TEXTOID, TEXTOID, TEXTARRAYOID};
	Datum		values[3];
	SpanWindow *windows;
	int			n;

	check_not_null(fcinfo);
	check_text("name", PG_GETARG_TEXT_PP(0), 1, NAME_MAX_CHARS);
	check_timezone(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	windows = hours_parse(text_to_cstring(PG_GETARG_TEXT_PP(2)), &n);
	values[0] = PG_GETARG_DATUM(0);
	values[1] = PG_GETARG_DATUM(1);
	values[2] = PG_GETARG_DATUM(3);
	spi_connect();
	check_lists(PG_GETARG_ARRAYTYPE_P(3));
	spi_run(&upsert_calendar, 3, types, values, NULL, 0);
	write_windows(values[0], windows, n);
	SPI_finish();
	PG_RETURN_VOID();
}
