/*-------------------------------------------------------------------------
 *
 * retention.c
 *		How long terminal tasks are kept.
 *
 * Off unless taskq.retention says otherwise.  The sweep then deletes tasks
 * that were completed or cancelled longer ago than that, a batch a transaction;
 * their history goes with them (lifecycle.c).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/plan.h"
#include "task/due.h"
#include "worker/retention.h"
#include "worker/sweep.h"

char	   *taskq_retention;

#define RETENTION_YEARS_MAX 1000

/* taskq.retention as an interval; all zero = off. */
static Interval retention;

/* In terms of taskq_task_closed_idx; $1 = the cutoff, as a place. */
#define CLOSED "(t.completed_at IS NOT NULL OR t.cancelled_at IS NOT NULL) "
#define EXPIRED CLOSED "AND @stage " EQ " ANY ('{2,3}'::pg_catalog.int2[]) AND @place " LT " $1 "

#define PICK(columns, only) \
	"SELECT " columns " FROM " only "@.taskq_task t WHERE " EXPIRED "AND t.id " NE " ALL ($2) " \
	"ORDER BY @stage, @place FOR UPDATE SKIP LOCKED"

static TaskqPlan pick_expired[] = {{PICK("t.id", "")}, {PICK("t.id, t.ctid", "ONLY ")}};
static TaskqPlan still_expired = {
	"SELECT t.id FROM @.taskq_task t WHERE " EXPIRED "AND t.id " EQ " ANY ($2)"
};
static TaskqPlan delete_expired[] = {
	{"DELETE FROM @.taskq_task AS t WHERE t.id " EQ " ANY ($1)"},
	{"DELETE FROM ONLY @.taskq_task AS t WHERE t.ctid " EQ " ANY ($1)"}
};

static TaskqPlan count_expired = {
	"SELECT pg_catalog.count(*) FROM (SELECT FROM @.taskq_task t WHERE " EXPIRED "ORDER BY @stage, @place) e"
};

static bool
is_off(const Interval *span)
{
	return span->month == 0 && span->day == 0 && span->time == 0;
}

static double
years(const Interval *span)
{
	return ((double) span->time / USECS_PER_DAY + span->day) / DAYS_PER_YEAR + (double) span->month / MONTHS_PER_YEAR;
}

/* Whether a field is a number only, which as the last one counts seconds. */
static bool
is_bare_number(const char *field)
{
	if (*field == '+' || *field == '-')
		field++;
	return field[strspn(field, "0123456789.")] == '\0';
}

/*
 * Reads an interval as interval_in() does, but throws nothing, and takes no
 * number without its unit.
 */
static bool
parse_interval(char *value, Interval *span)
{
	char		buffer[256];
	char	   *field[MAXDATEFIELDS];
	int			ftype[MAXDATEFIELDS];
	int			nf;
	int			dtype;
	int			error;
	struct pg_itm_in itm;

	error = ParseDateTime(value, buffer, sizeof(buffer), field, ftype, MAXDATEFIELDS, &nf);
	if (error == 0)
		error = DecodeInterval(field, ftype, nf, INTERVAL_FULL_RANGE, &dtype, &itm);
	if (error == 0 && is_bare_number(field[nf - 1]))
		return false;
	if (error == DTERR_BAD_FORMAT)
		error = DecodeISO8601Interval(value, &dtype, &itm);
	return error == 0 && dtype == DTK_DELTA && itmin2interval(&itm, span) == 0;
}

/*
 * An interval over zero, or off.  A longer one than RETENTION_YEARS_MAX could
 * lead to a cutoff before the first timestamp.
 */
static bool
parse_retention(char *value, Interval *span)
{
	memset(span, 0, sizeof(*span));
	if (value[0] == '\0' || pg_strcasecmp(value, "off") == 0)
		return true;
	return parse_interval(value, span) &&
		span->month >= 0 && span->day >= 0 && span->time >= 0 && !is_off(span) &&
		years(span) <= RETENTION_YEARS_MAX;
}

bool
retention_check(char **newval, void **extra, GucSource source)
{
	Interval   *span = taskq_guc_malloc(sizeof(Interval));

	if (span == NULL)
		return false;
	if (!parse_retention(*newval, span))
	{
		GUC_check_errdetail("It must be \"off\" or an interval that is greater than zero and at most %d years, for example \"2 years\" or \"P2Y\".", RETENTION_YEARS_MAX);
		return false;
	}
	*extra = span;
	return true;
}

void
retention_assign(const char *newval, void *extra)
{
	retention = *(Interval *) extra;
}

static TimestampTz
before_now(const Interval *span)
{
	return DatumGetTimestampTz(DirectFunctionCall2(timestamptz_mi_interval,
												   TimestampTzGetDatum(GetCurrentStatementStartTimestamp()),
												   IntervalPGetDatum(span)));
}

/* The instant before which tasks must have been closed to be deleted; false if off. */
static bool
retention_cutoff(TimestampTz *cutoff)
{
	if (is_off(&retention))
		return false;
	*cutoff = before_now(&retention);
	return true;
}

static bool
due_by_cutoff(Datum *instant)
{
	TimestampTz cutoff;

	if (!retention_cutoff(&cutoff))
		return false;
	*instant = Int64GetDatum(cutoff);
	return true;
}

const DueKind due_expired = {
	.name = "purged", .row = "task",
	.instant_type = INT8OID, .instant = due_by_cutoff,
	.pick = pick_expired, .still = &still_expired, .write = delete_expired
};

PG_FUNCTION_INFO_V1(taskq_purge);
Datum
taskq_purge(PG_FUNCTION_ARGS)
{
	bool		dry_run = !PG_ARGISNULL(1) && PG_GETARG_BOOL(1);
	int			max_tasks = sweep_max_tasks_argument(fcinfo, 2);
	TimestampTz cutoff;
	int64		n = 0;

	if (PG_ARGISNULL(0))
	{
		if (!retention_cutoff(&cutoff))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("older_than must be an interval while taskq.retention is off")));
	}
	else
	{
		Interval   *span = PG_GETARG_INTERVAL_P(0);

		if (span->month < 0 || span->day < 0 || span->time < 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("older_than must not be negative")));
		cutoff = before_now(span);
	}

	if (dry_run)
	{
		Oid			types[] = {INT8OID};
		Datum		values[] = {Int64GetDatum(cutoff)};
		bool		isnull;

		spi_connect();
		spi_run_by_index(&count_expired, 1, types, values, NULL, 1);
		n = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
		SPI_finish();
	}
	else
		n = sweep_kind_by_hand(&due_expired, Int64GetDatum(cutoff), max_tasks);
	PG_RETURN_INT64(n);
}
