/*-------------------------------------------------------------------------
 *
 * cursor.c
 *		The position at which a page of the queue ended, as text for the client.
 *
 * A cursor holds the sort and the keys of the last row seen.  It is a
 * position, not a row: the next page begins after it even if that row has been
 * moved or deleted.
 *
 *		due/2026-06-05/2/1234        due date (infinity = none), rank, id
 *		priority/2/2026-06-05/1234   rank, due date, id
 *		created/834598723451/1234    microseconds as PostgreSQL counts them, id, which is the order
 *		sla/834598723451/1234        the deadline likewise (infinity = none or never), id
 *		closed/834598723451/1234     completed or cancelled (-infinity = neither), id
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

#include "base/catalog.h"
#include "base/enums.h"
#include "base/text.h"
#include "task/row.h"
#include "queue/cursor.h"

static const char *const sort_names[] = {"due", "priority", "created", "sla", "closed"};

/* Argument sort, NULL = the one given; throws 22023 unless it is valid. */
QueueSort
sort_argument(FunctionCallInfo fcinfo, int argno, QueueSort if_null)
{
	char	   *name;

	if (PG_ARGISNULL(argno))
		return if_null;
	name = text_to_cstring(PG_GETARG_TEXT_PP(argno));
	for (int i = 0; i < lengthof(sort_names); i++)
		if (strcmp(name, sort_names[i]) == 0)
			return (QueueSort) i;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("sort must be due, priority, created, sla or closed")));
}

/* The next field of a cursor, cut off in place; NULL at the end. */
static char *
next_field(char **rest)
{
	char	   *field = *rest;
	char	   *slash;

	if (field == NULL)
		return NULL;
	slash = strchr(field, '/');
	if (slash)
		*slash++ = '\0';
	*rest = slash;
	return field;
}

static bool
read_int64(const char *field, int64 *value)
{
	char	   *end;

	if (field == NULL || field[0] == '\0' || strspn(field, "-0123456789") != strlen(field))
		return false;
	errno = 0;
	*value = strtoll(field, &end, 10);
	return *end == '\0' && errno == 0;
}

static bool
read_date(const char *field, DateADT *date)
{
	if (field == NULL)
		return false;
	if (strcmp(field, "infinity") == 0)
	{
		DATE_NOEND(*date);
		return true;
	}
	return date_from_iso(field, date) == ISO_DATE_VALID;
}

static bool
read_instant(const char *field, int64 *at)
{
	if (field != NULL && strcmp(field, "infinity") == 0)
	{
		*at = DT_NOEND;
		return true;
	}
	if (field != NULL && strcmp(field, "-infinity") == 0)
	{
		*at = DT_NOBEGIN;
		return true;
	}
	return read_int64(field, at);
}

static bool
read_rank(const char *field, int *rank)
{
	if (field == NULL || strlen(field) != 1 || field[0] < '1' || field[0] > '0' + N_PRIORITIES)
		return false;
	*rank = field[0] - '0';
	return true;
}

/* Argument after; throws 22023 unless it is NULL or a cursor of the sort. */
Position
cursor_argument(FunctionCallInfo fcinfo, int argno, QueueSort sort)
{
	Position	pos = {0};
	char	   *rest;
	char	   *field;
	bool		valid;

	if (PG_ARGISNULL(argno))
		return pos;
	rest = text_to_cstring(PG_GETARG_TEXT_PP(argno));
	field = next_field(&rest);
	for (int i = 0; i < lengthof(sort_names); i++)
		if (strcmp(field, sort_names[i]) == 0 && i != (int) sort)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("after is a cursor of sort %s, not of sort %s", field, sort_names[sort])));
	valid = strcmp(field, sort_names[sort]) == 0;
	switch (sort)
	{
		case SORT_DUE:
			valid = valid && read_date(next_field(&rest), &pos.due_date) &&
				read_rank(next_field(&rest), &pos.rank);
			break;
		case SORT_PRIORITY:
			valid = valid && read_rank(next_field(&rest), &pos.rank) &&
				read_date(next_field(&rest), &pos.due_date);
			break;
		case SORT_CREATED:
		case SORT_SLA:
		case SORT_CLOSED:
			valid = valid && read_instant(next_field(&rest), &pos.at);
			break;
	}
	if (!valid || !read_int64(next_field(&rest), &pos.id) || rest != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("after is not a cursor of taskq_queue_page"),
				 errhint("Use column cursor of the last row seen, as it is.")));
	pos.given = true;
	return pos;
}

static char *
date_string(Datum value, bool isnull)
{
	char		buf[MAXDATELEN + 1];
	DateADT		date = DatumGetDateADT(value);
	int			year;
	int			month;
	int			day;

	if (isnull)
		return pstrdup("infinity");
	j2date(date + POSTGRES_EPOCH_JDATE, &year, &month, &day);
	snprintf(buf, sizeof(buf), "%04d-%02d-%02d", year, month, day);
	return pstrdup(buf);
}

static char *
instant_string(const Datum *values, const bool *nulls, int attnum, const char *none)
{
	TimestampTz at = DatumGetTimestampTz(values[attnum - 1]);

	if (nulls[attnum - 1])
		return pstrdup(none);
	if (TIMESTAMP_IS_NOEND(at))
		return pstrdup("infinity");
	return psprintf(INT64_FORMAT, at);
}

/* The cursor of a row that begins with the columns of taskq_task. */
char *
cursor_of(QueueSort sort, const Datum *values, const bool *nulls)
{
	int64		id = DatumGetInt64(values[Anum_task_id - 1]);
	int			rank = N_PRIORITIES - enum_index(DatumGetObjectId(values[Anum_task_priority - 1]),
												 taskq_catalog()->priority, N_PRIORITIES);
	char	   *due = date_string(values[Anum_task_due_date - 1], nulls[Anum_task_due_date - 1]);

	switch (sort)
	{
		case SORT_DUE:
			return psprintf("due/%s/%d/" INT64_FORMAT, due, rank, id);
		case SORT_PRIORITY:
			return psprintf("priority/%d/%s/" INT64_FORMAT, rank, due, id);
		case SORT_CREATED:
			return psprintf("created/" INT64_FORMAT "/" INT64_FORMAT,
							DatumGetTimestampTz(values[Anum_task_created_at - 1]), id);
		case SORT_SLA:
			return psprintf("sla/%s/" INT64_FORMAT, instant_string(values, nulls, Anum_task_sla_due_at, "infinity"), id);
		case SORT_CLOSED:
			break;
	}
	return psprintf("closed/%s/" INT64_FORMAT,
					instant_string(values, nulls, nulls[Anum_task_completed_at - 1] ? Anum_task_cancelled_at : Anum_task_completed_at,
								   "-infinity"), id);
}

