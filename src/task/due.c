/*-------------------------------------------------------------------------
 *
 * due.c
 *		The kinds of tasks that fall due by time alone.
 *
 * Tasks whose due date has passed and which nobody has written to since
 * (overdue), tasks stored OVERDUE that are not past due (recovered: an import,
 * a changed time zone), tasks whose deadlines were computed from what their
 * calendar was before (sla_moved), pauses that end (resumed), deadlines that
 * have passed (sla_breached, response_breached), and what is to be told before
 * (sla_at_risk, sla_warnings).  Each is written by an UPDATE that changes
 * nothing: the triggers store what follows, as for any other write.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/date.h"
#include "utils/timestamp.h"

#include "base/business.h"
#include "base/calendar.h"
#include "base/catalog.h"
#include "base/plan.h"
#include "task/change.h"
#include "task/due.h"
#include "task/history.h"
#include "task/sla.h"
#include "task/timer.h"

#define BACKLOG_MAX "100000"

#define ACTIVE "t.completed_at IS NULL AND t.cancelled_at IS NULL "
/* $1 = today.  The stored status and the due date are those of the stage and the place, and what a database of an older version has an index for. */
#define UNSTAMPED_OVERDUE ACTIVE \
	"AND t.status " EQ " ANY ('{OPEN,IN_PROGRESS}'::@.taskq_status[]) AND t.due_date " LT " $1 AND @due_place " LT " " PLACE_FROM("$1") " "
#define STAMPED_OVERDUE ACTIVE \
	"AND t.status " EQ " 'OVERDUE'::@.taskq_status AND t.due_date " GE " $1 AND @due_place " GE " " PLACE_FROM("$1") " "

/* A range of taskq_task_queue_idx for each of these stages and each priority, so that it takes a few probes if nothing is due. */
#define IN_EACH_RANGE(stages, columns, only, what, lock) \
	"SELECT p.* FROM pg_catalog.unnest('{" stages "}'::pg_catalog.int2[]) s(stage) " \
	"CROSS JOIN pg_catalog.unnest('{1,2,3,4}'::pg_catalog.int4[]) r(rank) " \
	"CROSS JOIN LATERAL (SELECT " columns " FROM " only "@.taskq_task t WHERE " what \
	"AND @stage " EQ " s.stage AND @.taskq_priority_rank(t.priority) " EQ " r.rank ORDER BY @due_place " lock ") p"
#define PICK_IN_EACH(stages, columns, only, what) \
	IN_EACH_RANGE(stages, columns, only, what "AND t.id " NE " ALL ($2) ", "FOR NO KEY UPDATE SKIP LOCKED")
#define PICKS_IN_EACH(stages, what) \
	{{PICK_IN_EACH(stages, "t.id", "", what)}, {PICK_IN_EACH(stages, "t.id, t.ctid", "ONLY ", what)}}

/* In terms of taskq_task_sla_pending_idx. */
#define DEADLINE OR_NEVER("t.sla_due_at")
#define UNSTAMPED_BREACH(now) ACTIVE \
	"AND t.sla_breached_at IS NULL AND " ACTIVE_STAGE " AND " DEADLINE " " LT " " now " AND t.sla_due_at " LT " " now " "
#define BY_DEADLINE "ORDER BY @stage, " DEADLINE " "

#define PICK(columns, only, what, order) \
	"SELECT " columns " FROM " only "@.taskq_task t WHERE " what "AND t.id " NE " ALL ($2) " order "FOR NO KEY UPDATE SKIP LOCKED"
#define PICKS(what, order) {{PICK("t.id", "", what, order)}, {PICK("t.id, t.ctid", "ONLY ", what, order)}}
#define STILL(what) {"SELECT t.id FROM @.taskq_task t WHERE " what "AND t.id " EQ " ANY ($2)"}
#define BACKLOG(what, order) \
	{"SELECT pg_catalog.count(*) FROM (SELECT FROM @.taskq_task t WHERE " what order "LIMIT " BACKLOG_MAX ") b"}

static TaskqPlan pick_overdue[] = PICKS_IN_EACH("0,1", UNSTAMPED_OVERDUE);
static TaskqPlan pick_recovered[] = PICKS_IN_EACH("4,5", STAMPED_OVERDUE);
static TaskqPlan pick_breached[] = PICKS(UNSTAMPED_BREACH("$1"), BY_DEADLINE);
static TaskqPlan still_overdue = STILL(UNSTAMPED_OVERDUE);
static TaskqPlan still_recovered = STILL(STAMPED_OVERDUE);
static TaskqPlan still_breached = STILL(UNSTAMPED_BREACH("$1"));
static TaskqPlan overdue_backlog = {
	"SELECT pg_catalog.count(*) FROM (" IN_EACH_RANGE("0,1", "t.id", "", UNSTAMPED_OVERDUE, "") " LIMIT " BACKLOG_MAX ") b"
};
static TaskqPlan breached_backlog = BACKLOG(UNSTAMPED_BREACH("$2") "AND NOT coalesce(t.due_date " LT " $1, false) ", BY_DEADLINE);

static TaskqPlan update_picked[] = {
	{"UPDATE @.taskq_task AS t SET due_date = t.due_date WHERE t.id " EQ " ANY ($1)"},
	{"UPDATE ONLY @.taskq_task AS t SET due_date = t.due_date WHERE t.ctid " EQ " ANY ($1)"}
};

/* The first in each range of an index, and of these the first. */
static TaskqPlan next_due_date = {
	"SELECT pg_catalog.min(n.due_date) FROM pg_catalog.unnest('{0,1}'::pg_catalog.int2[]) s(stage) "
	"CROSS JOIN pg_catalog.unnest('{1,2,3,4}'::pg_catalog.int4[]) r(rank) "
	"CROSS JOIN LATERAL (SELECT t.due_date FROM @.taskq_task t WHERE " ACTIVE
	"AND @stage " EQ " s.stage AND @.taskq_priority_rank(t.priority) " EQ " r.rank "
	"AND @due_place " GE " " PLACE_FROM("$1") " AND @due_place " LT " " PLACE_NONE " ORDER BY @due_place LIMIT 1) n"
};
static TaskqPlan next_due_date_older = {
	"SELECT least((SELECT pg_catalog.min(t.due_date) FROM @.taskq_task t WHERE " ACTIVE
	"AND t.status " EQ " 'OPEN'::@.taskq_status AND t.due_date " GE " $1), "
	"(SELECT pg_catalog.min(t.due_date) FROM @.taskq_task t WHERE " ACTIVE
	"AND t.status " EQ " 'IN_PROGRESS'::@.taskq_status AND t.due_date " GE " $1))"
};
static TaskqPlan next_deadline = {
	"SELECT pg_catalog.min(n.sla_due_at) FROM pg_catalog.unnest('{0,1,4,5}'::pg_catalog.int2[]) s(stage) "
	"CROSS JOIN LATERAL (SELECT t.sla_due_at FROM @.taskq_task t WHERE " ACTIVE
	"AND t.sla_breached_at IS NULL AND @stage " EQ " s.stage AND " DEADLINE " " GE " $1 ORDER BY " DEADLINE " LIMIT 1) n"
};

/* ---- calendars, pauses, warnings: not in a database of an older version ---- */

#define OF_CALENDAR(revision) ACTIVE "AND t.sla_calendar " EQ " c.name AND t.sla_revision " revision " "
#define STALE_OF(columns, only, revision) \
	"SELECT p.* FROM (SELECT " columns " FROM " only "@.taskq_task t WHERE " OF_CALENDAR(revision) \
	"AND $1 IS NOT NULL AND t.id " NE " ALL ($2) " \
	"ORDER BY t.sla_revision, t.sla_due_at FOR NO KEY UPDATE SKIP LOCKED) p"

/*
 * Stale tasks of each calendar, those with the nearest deadline first: for each
 * revision that is not the calendar's, of which there are few, a range of
 * taskq_task_calendar_idx, and one for NULL.
 */
#define STALE(columns, only) \
	"SELECT p.* FROM @.taskq_calendar c CROSS JOIN LATERAL (" \
	"SELECT p.* FROM (WITH RECURSIVE r(revision) AS (" \
	"(SELECT t.sla_revision FROM @.taskq_task t WHERE " OF_CALENDAR("IS NOT NULL") "ORDER BY t.sla_revision LIMIT 1) " \
	"UNION ALL SELECT (SELECT t.sla_revision FROM @.taskq_task t WHERE " OF_CALENDAR(GT " r.revision") \
	"ORDER BY t.sla_revision LIMIT 1) FROM r WHERE r.revision IS NOT NULL) " \
	"SELECT r.revision FROM r WHERE r.revision " NE " c.revision) s " \
	"CROSS JOIN LATERAL (" STALE_OF(columns, only, EQ " s.revision") ") p " \
	"UNION ALL " STALE_OF(columns, only, "IS NULL") ") p"
static TaskqPlan pick_stale[] = {{STALE("t.id", "")}, {STALE("t.id, t.ctid", "ONLY ")}};
static TaskqPlan still_stale = {
	"SELECT t.id FROM @.taskq_task t JOIN @.taskq_calendar c ON c.name " EQ " t.sla_calendar WHERE " ACTIVE
	"AND (t.sla_revision IS NULL OR t.sla_revision " NE " c.revision) AND $1 IS NOT NULL AND t.id " EQ " ANY ($2)"
};

/* A range of taskq_task_timer_idx for each group. */
#define IN_EACH_GROUP(columns, only, what, lock) \
	" FROM pg_catalog.unnest(" TIMER_GROUPS ") g(n) CROSS JOIN LATERAL (" \
	"SELECT " columns " FROM " only "@.taskq_task t WHERE " TIMED what "ORDER BY @timer " lock ") p"
#define IN_GROUP(at) "(g.n OPERATOR(pg_catalog.*) " TIMER_UNIT " OPERATOR(pg_catalog.+) " at ") "
#define TIMER_IN_GROUP "(@timer OPERATOR(pg_catalog.&) " TIMER_NEVER ")"
#define PICK_TIMED(columns, only) \
	"SELECT p.*" IN_EACH_GROUP(columns, only, \
							   "AND @timer " GE " " IN_GROUP("0") "AND @timer " LE " " IN_GROUP("$1") \
							   "AND t.id " NE " ALL ($2) ", "FOR NO KEY UPDATE SKIP LOCKED")

/* $1 = timer_instant(). */
static TaskqPlan pick_timed[] = {{PICK_TIMED("t.id", "")}, {PICK_TIMED("t.id, t.ctid", "ONLY ")}};
static TaskqPlan still_timed = STILL(ACTIVE "AND " TIMED "AND " HAS_TIMER "AND " TIMER_IN_GROUP " " LE " $1 ");
static TaskqPlan next_timed = {
	"SELECT pg_catalog.min(p.at)" IN_EACH_GROUP(TIMER_IN_GROUP " AS at", "",
												"AND @timer " GT " " IN_GROUP("$1") "AND @timer " LT " " IN_GROUP(TIMER_NEVER), "LIMIT 1")
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
	Datum		value = (Datum) 0;
	bool		isnull;

	spi_connect();
	spi_run_by_index(plan, 1, &type, &from, NULL, 1);
	isnull = SPI_processed == 0;
	if (!isnull)
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

	return find_next(taskq_catalog()->sql_is_older ? &next_due_date_older : &next_due_date, DATEOID, DateADTGetDatum(today()), &date) ?
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

/* ---- calendars, pauses, warnings ---- */

/* Before looking for stale tasks: what other time zone data make of the calendars. */
static bool
due_by_calendars(Datum *instant)
{
	if (taskq_catalog()->sql_is_older)
		return false;
	business_look();
	return due_by_now(instant);
}

static bool
due_by_timer(Datum *instant)
{
	*instant = Int64GetDatum(timer_instant(GetCurrentStatementStartTimestamp()));
	return !taskq_catalog()->sql_is_older;
}

static TimestampTz
next_timer(void)
{
	Datum		now;
	TimestampTz at;

	return due_by_timer(&now) && find_next(&next_timed, INT8OID, now, &at) ? at : DT_NOEND;
}

static uint64
made_moved(void)
{
	return history_recorded(EVENT_SLA_MOVED);
}

static uint64
made_resumed(void)
{
	return history_recorded(EVENT_RESUMED);
}

static uint64
made_response_breached(void)
{
	return history_recorded(EVENT_RESPONSE_BREACHED);
}

static uint64
made_at_risk(void)
{
	return history_recorded(EVENT_SLA_AT_RISK);
}

static uint64
made_warnings(void)
{
	return history_recorded(EVENT_SLA_WARNING);
}

/* No next(): calendars change by a commit, which wakes the worker. */
const DueKind due_moved = {
	.name = "sla_moved", .is_newer = true, .made = made_moved, .row = "task",
	.instant_type = TIMESTAMPTZOID, .instant = due_by_calendars,
	.pick = pick_stale, .still = &still_stale, .write = update_picked,
	.untouched = "its calendar gives no deadline, as taskq_sla_moves() shows, or a trigger suppresses the write"
};

/* ---- by taskq_task_timer_idx: picked as one kind, by when, and counted as what they were ---- */

const DueKind due_resumed = {
	.name = "resumed", .is_newer = true, .made = made_resumed, .row = "task", .write = update_picked
};

const DueKind due_response_breached = {
	.name = "response_breached", .is_newer = true, .made = made_response_breached, .row = "task", .write = update_picked
};

const DueKind due_at_risk = {
	.name = "sla_at_risk", .is_newer = true, .made = made_at_risk, .row = "task",
	.instant_type = INT8OID, .instant = due_by_timer,
	.pick = pick_timed, .still = &still_timed, .write = update_picked, .next = next_timer
};

const DueKind due_warnings = {
	.name = "sla_warnings", .is_newer = true, .made = made_warnings, .row = "task", .write = update_picked
};
