/*-------------------------------------------------------------------------
 *
 * due.c
 *		The kinds of tasks that fall due by time alone: overdue, recovered, breached.
 *
 * Tasks whose due date has passed and which nobody has written to since
 * (overdue), tasks stored OVERDUE that are not past due (recovered: an import,
 * a changed time zone), SLA deadlines that have passed (sla_breached).  Each
 * is written by an UPDATE that changes nothing: the triggers store what
 * follows, as for any other write.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/date.h"
#include "utils/timestamp.h"

#include "base/calendar.h"
#include "base/plan.h"
#include "task/change.h"
#include "task/due.h"
#include "task/history.h"
#include "task/sla.h"

#define BACKLOG_MAX "100000"

#define ACTIVE "t.completed_at IS NULL AND t.cancelled_at IS NULL "
#define UNSTAMPED_OVERDUE ACTIVE \
	"AND t.status " EQ " ANY ('{OPEN,IN_PROGRESS}'::@.taskq_status[]) AND t.due_date " LT " $1 "
#define STAMPED_OVERDUE ACTIVE \
	"AND t.status " EQ " 'OVERDUE'::@.taskq_status AND t.due_date " GE " $1 "
#define UNSTAMPED_BREACH(now) ACTIVE \
	"AND t.sla_due_at IS NOT NULL AND t.sla_breached_at IS NULL AND t.sla_due_at " LT " " now " "

/* ORDER BY, so that only the index with this order is used: see spi_run_by_index(). */
#define PICK(columns, only, what, order) \
	"SELECT " columns " FROM " only "@.taskq_task t WHERE " what "AND t.id " NE " ALL ($2) " \
	"ORDER BY " order " FOR NO KEY UPDATE SKIP LOCKED"
#define PICKS(what, order) {{PICK("t.id", "", what, order)}, {PICK("t.id, t.ctid", "ONLY ", what, order)}}
#define STILL(what) {"SELECT t.id FROM @.taskq_task t WHERE " what "AND t.id " EQ " ANY ($2)"}
#define BACKLOG(what, order) \
	{"SELECT pg_catalog.count(*) FROM (SELECT FROM @.taskq_task t WHERE " what "ORDER BY " order " LIMIT " BACKLOG_MAX ") b"}

static TaskqPlan pick_overdue[] = PICKS(UNSTAMPED_OVERDUE, "t.status, t.due_date");
static TaskqPlan pick_recovered[] = PICKS(STAMPED_OVERDUE, "t.due_date");
static TaskqPlan pick_breached[] = PICKS(UNSTAMPED_BREACH("$1"), "t.sla_due_at");
static TaskqPlan still_overdue = STILL(UNSTAMPED_OVERDUE);
static TaskqPlan still_recovered = STILL(STAMPED_OVERDUE);
static TaskqPlan still_breached = STILL(UNSTAMPED_BREACH("$1"));
static TaskqPlan overdue_backlog = BACKLOG(UNSTAMPED_OVERDUE, "t.status, t.due_date");
static TaskqPlan breached_backlog = BACKLOG(UNSTAMPED_BREACH("$2") "AND NOT coalesce(t.due_date " LT " $1, false) ", "t.sla_due_at");

static TaskqPlan update_picked[] = {
	{"UPDATE @.taskq_task AS t SET due_date = t.due_date WHERE t.id " EQ " ANY ($1)"},
	{"UPDATE ONLY @.taskq_task AS t SET due_date = t.due_date WHERE t.ctid " EQ " ANY ($1)"}
};

static TaskqPlan next_due_date = {
	"SELECT least((SELECT pg_catalog.min(t.due_date) FROM @.taskq_task t WHERE " ACTIVE
	"AND t.status " EQ " 'OPEN'::@.taskq_status AND t.due_date " GE " $1), "
	"(SELECT pg_catalog.min(t.due_date) FROM @.taskq_task t WHERE " ACTIVE
	"AND t.status " EQ " 'IN_PROGRESS'::@.taskq_status AND t.due_date " GE " $1))"
};
static TaskqPlan next_deadline = {
	"SELECT pg_catalog.min(t.sla_due_at) FROM @.taskq_task t WHERE " ACTIVE
	"AND t.sla_due_at IS NOT NULL AND t.sla_breached_at IS NULL AND t.sla_due_at " GE " $1"
};

bool
due_by_today(Datum *instant)
{
	*instant = DateADTGetDatum(today());
	return true;
}

static bool
due_by_now(Datum *instant)
{
	*instant = TimestampTzGetDatum(GetCurrentStatementStartTimestamp());
	return true;
}

/* Runs a statement that finds the next date or instant from one on; false = none. */
static bool
find_next(TaskqPlan *plan, Oid type, Datum from, int64 *next)
{
	Datum		value;
	bool		isnull;

	spi_connect();
	spi_run_by_index(plan, 1, &type, &from, NULL, 1);
	value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	if (!isnull)
		*next = type == DATEOID ? DatumGetDateADT(value) : DatumGetTimestampTz(value);
	SPI_finish();
	return !isnull;
}

static TimestampTz
next_overdue(void)
{
	int64		date;

	return find_next(&next_due_date, DATEOID, DateADTGetDatum(today()), &date) ?
		day_start((DateADT) date + 1) : DT_NOEND;
}

static TimestampTz
next_breached(void)
{
	TimestampTz at;

	return find_next(&next_deadline, TIMESTAMPTZOID, TimestampTzGetDatum(GetCurrentStatementStartTimestamp()), &at) ?
		sla_breach_begins(at) : DT_NOEND;
}

static uint64
made_overdue(void)
{
	return history_recorded(EVENT_OVERDUE);
}

static uint64
made_recovered(void)
{
	return history_recorded(EVENT_RECOVERED);
}

static uint64
made_breached(void)
{
	return history_recorded(EVENT_SLA_BREACHED);
}

const DueKind due_overdue = {
	.name = "overdue", .made = made_overdue, .row = "task",
	.instant_type = DATEOID, .instant = due_by_today,
	.pick = pick_overdue, .still = &still_overdue, .write = update_picked,
	.backlog = &overdue_backlog, .next = next_overdue
};

/* No next(): tasks recover by a change of the calendar, not at an instant. */
const DueKind due_recovered = {
	.name = "recovered", .made = made_recovered, .row = "task",
	.instant_type = DATEOID, .instant = due_by_today,
	.pick = pick_recovered, .still = &still_recovered, .write = update_picked
};

const DueKind due_breached = {
	.name = "sla_breached", .made = made_breached, .row = "task",
	.instant_type = TIMESTAMPTZOID, .instant = due_by_now,
	.pick = pick_breached, .still = &still_breached, .write = update_picked,
	.backlog = &breached_backlog, .next = next_breached
};
