/*-------------------------------------------------------------------------
 *
 * report.c
 *		How well SLA deadlines were kept.
 *
 * Closed tasks have the hours that they took stored in them (sla_hours_used),
 * so that a report says the same whatever becomes of their calendar.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "base/calendar.h"
#include "base/catalog.h"
#include "base/plan.h"
#include "task/timer.h"

#define N_REPORT_COLUMNS 13
#define N_OLDER_COLUMNS 7			/* of a database of an older version */
#define N_PARTS_COLUMNS 9

/* What is stamped in the future has not happened yet. */
#define SO_FAR(column) "CASE WHEN " column " " LE " $4 THEN " column " END"

/* Hours of tasks that were completed after an instant: a table older than taskq_task_stamps_check can hold others. */
#define HOURS_SINCE(from) "CASE WHEN t.completed_at " LE " $4 AND t.completed_at " GE " " from " AND pg_catalog.isfinite(" from ") " \
	"THEN extract(epoch FROM t.completed_at " MINUS " " from ")::pg_catalog.float8 OPERATOR(pg_catalog./) 3600 END"
#define HOURS HOURS_SINCE("t.created_at")

/* The same on the SLA's clock.  Without a calendar and pauses that is the wall's, and no hours are stored. */
#define BUSINESS_HOURS \
	"CASE WHEN t.completed_at " LE " $4 AND t.sla_hours_used IS NOT NULL THEN t.sla_hours_used " \
	"WHEN t.sla_calendar IS NULL THEN " HOURS_SINCE("coalesce(t.sla_from, t.created_at)") " END"

#define STATUS_AT_NOW "@.taskq_sla_status_at(t.sla_due_at, t.sla_at_risk_at, " SO_FAR("t.completed_at") ", " SO_FAR("t.cancelled_at") ", $4)"

/* The row for a task: the instant at which it is counted, and its result.  "s" is that of resolution, "rs" that of response. */
#define SELECT_TASKS_WITH(at, status, more) \
	"SELECT t.assignee_id, t.priority, " at " AS at, " status " AS s, " \
	HOURS " AS hours" more " FROM @.taskq_task t WHERE "
#define SELECT_TASKS(at, status) \
	SELECT_TASKS_WITH(at, status, ", t.kind, t.team_id, " BUSINESS_HOURS " AS business_hours, NULL::@.taskq_sla_status AS rs")
#define DUE_BETWEEN \
	"AND " OR_NEVER("t.sla_due_at") " " GE " $1 " \
	"AND " OR_NEVER("t.sla_due_at") " " LT " $2 AND t.sla_due_at IS NOT NULL "

/* In terms of taskq_task_sla_pending_idx, and of taskq_task_sla_settled_idx, which has the others. */
#define PENDING "t.completed_at IS NULL AND t.cancelled_at IS NULL AND t.sla_breached_at IS NULL AND " ACTIVE_STAGE " "
#define SETTLED "(t.sla_breached_at IS NOT NULL OR t.completed_at IS NOT NULL OR t.cancelled_at IS NOT NULL) " \
	"AND @stage " EQ " ANY ('{0,1,2,3,4,5}'::pg_catalog.int2[]) "

/* As a key of taskq_task_breach_idx and of taskq_task_late_by_idx. */
#define DEADLINE_MOVED "(CASE WHEN t.sla_due_at IS NULL OR t.sla_due_at " GT " t.sla_first_breached_at THEN 1 ELSE 0 END) " EQ " 1"

/* Tasks without sla_first_breached_at, in a database of 0.2.0 or before. */
#define OLDER_TASKS SELECT_TASKS_WITH("t.sla_due_at", STATUS_AT_NOW, "") \
	"@.taskq_phase(t.started_at, t.completed_at, t.cancelled_at) " EQ " ANY ('{0,1,2,3}'::pg_catalog.int4[]) " DUE_BETWEEN

/* A first breach in the future, as an INSERT may give it, is not counted. */
#define WAS_BREACHED "t.sla_first_breached_at " LE " $4"

/*
 * A task that was ever breached is breached.  It counts at its deadline; at its
 * first breach if the deadline is later than that, or has been removed.
 */
#define TASKS_DUE(which) \
	SELECT_TASKS("t.sla_due_at", "CASE WHEN " WAS_BREACHED " THEN 'BREACHED' ELSE " STATUS_AT_NOW " END") \
	which DUE_BETWEEN "AND (" WAS_BREACHED " AND " DEADLINE_MOVED ") IS NOT TRUE UNION ALL "
#define TASKS_MOVED(which, breached_at) \
	SELECT_TASKS("t.sla_first_breached_at", "'BREACHED'") \
	which " AND " breached_at " " GE " $1 AND " breached_at " " LT " $2 AND " WAS_BREACHED " AND " DEADLINE_MOVED
#define TASKS \
	TASKS_DUE(PENDING) TASKS_DUE(SETTLED) \
	TASKS_MOVED("t.completed_at IS NULL AND t.cancelled_at IS NULL", "least(t.sla_due_at, t.sla_first_breached_at)") " UNION ALL " \
	TASKS_MOVED("(t.completed_at IS NOT NULL OR t.cancelled_at IS NOT NULL)", "t.sla_first_breached_at")

/*
 * Response deadlines, in terms of taskq_task_timer_idx: closed tasks by theirs
 * ($5 and $6 are the bounds as keys), and the active ones that have one.
 */
#define RESPONSES_DUE(from, to) \
	" UNION ALL SELECT t.assignee_id, t.priority, t.response_due_at, NULL::@.taskq_sla_status, NULL::pg_catalog.float8, t.kind, t.team_id, NULL::pg_catalog.float8, " \
	"CASE WHEN t.response_breached_at " LE " $4 THEN 'BREACHED' " \
	"ELSE @.taskq_sla_status_at(t.response_due_at, NULL, " SO_FAR("t.started_at") ", " SO_FAR("t.cancelled_at") ", $4) END " \
	"FROM @.taskq_task t WHERE t.response_due_at " GE " $1 AND t.response_due_at " LT " $2 AND t.response_due_at IS NOT NULL " \
	"AND @timer " GE " " from " AND @timer " to
#define GROUP(n) "(" n "::pg_catalog.int8 OPERATOR(pg_catalog.*) " TIMER_UNIT ")"
#define RESPONSES \
	RESPONSES_DUE("$5", LE " $6") \
	RESPONSES_DUE(GROUP("4"), LT " " GROUP("12")) \
	RESPONSES_DUE(GROUP("20"), LT " " GROUP("28"))

/* How many there are, met, breached. */
#define COUNTS(status) \
	"pg_catalog.count(" status ")::pg_catalog.int4, " \
	"pg_catalog.count(*) FILTER (WHERE " status " " EQ " 'MET')::pg_catalog.int4, " \
	"pg_catalog.count(*) FILTER (WHERE " status " " EQ " 'BREACHED')::pg_catalog.int4"
/* And the rate. */
#define NUMBERS(status) \
	COUNTS(status) ", pg_catalog.avg(CASE WHEN " status " " EQ " 'MET' THEN 1::pg_catalog.float8 WHEN " status " " EQ " 'BREACHED' THEN 0::pg_catalog.float8 END)"
#define PERCENTILES(hours) \
	"pg_catalog.percentile_cont(0.5) WITHIN GROUP (ORDER BY " hours "), " \
	"pg_catalog.percentile_cont(0.9) WITHIN GROUP (ORDER BY " hours ")"
#define ALL_OF(hours) \
	"coalesce(pg_catalog.array_agg(" hours ") FILTER (WHERE " hours " IS NOT NULL), '{}')"

/* $1, $2 = bounds of the deadline, $3 = time zone of days and weeks, $4 = now, $5 and $6 as above. */
#define NEWER_REPORT(key, groups) \
	{"SELECT " key ", " NUMBERS("r.s") ", " PERCENTILES("r.hours") ", " NUMBERS("r.rs") ", " PERCENTILES("r.business_hours") \
	" FROM (" TASKS RESPONSES ") r " groups}
#define PARTS(key, groups) \
	{"SELECT " key ", " COUNTS("r.s") ", " ALL_OF("r.hours") ", " COUNTS("r.rs") ", " ALL_OF("r.business_hours") \
	" FROM (" TASKS RESPONSES ") r " groups}
#define OLDER_REPORT(key, groups) \
	{"SELECT " key ", " NUMBERS("r.s") ", " PERCENTILES("r.hours") " FROM (" OLDER_TASKS ") r " groups}
#define NEW_REPORT(key, groups) PARTS(key, groups), NEWER_REPORT(key, groups), {NULL}
#define REPORT(key, groups) PARTS(key, groups), NEWER_REPORT(key, groups), OLDER_REPORT(key, groups)

static struct
{
	const char *name;
	TaskqPlan	parts_plan;
	TaskqPlan	plan;
	TaskqPlan	older_plan;		/* sql = NULL: there is none */
}			reports[] = {
	{"none", REPORT("NULL::pg_catalog.text", "")},
	{"assignee", REPORT("r.assignee_id", "GROUP BY r.assignee_id ORDER BY r.assignee_id")},
	{"team", NEW_REPORT("r.team_id", "GROUP BY r.team_id ORDER BY r.team_id")},
	{"priority", REPORT("r.priority::pg_catalog.text", "GROUP BY r.priority ORDER BY r.priority DESC")},
	{"kind", NEW_REPORT("r.kind", "GROUP BY r.kind ORDER BY r.kind")},
	{"day", REPORT("pg_catalog.to_char(pg_catalog.timezone($3, r.at), 'YYYY-MM-DD')",
	"GROUP BY 1 ORDER BY 1")},
	{"week", REPORT("pg_catalog.to_char(pg_catalog.date_trunc('week', pg_catalog.timezone($3, r.at)), 'YYYY-MM-DD')",
	"GROUP BY 1 ORDER BY 1")}
};

static TimestampTz
bound_argument(FunctionCallInfo fcinfo, int argno, const char *name)
{
	if (PG_ARGISNULL(argno))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not be null", name)));
	return PG_GETARG_TIMESTAMPTZ(argno);
}

/* The rows of a report, or of its parts. */
static void
return_report(FunctionCallInfo fcinfo, bool parts)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	TimestampTz since = bound_argument(fcinfo, 0, "since");
	TimestampTz until = bound_argument(fcinfo, 1, "until");
	char	   *group_by = PG_ARGISNULL(2) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(2));
	Oid			types[] = {TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID, TIMESTAMPTZOID, INT8OID, INT8OID};
	Datum		values[] = {TimestampTzGetDatum(since), TimestampTzGetDatum(until),
	CStringGetTextDatum(taskq_timezone), TimestampTzGetDatum(GetCurrentStatementStartTimestamp()),
	Int64GetDatum(timer_key(TIMER_CLOSED, since)), Int64GetDatum(timer_key(TIMER_CLOSED, until))};
	bool		older = taskq_catalog()->sql_is_older;
	int			ncolumns = parts ? N_PARTS_COLUMNS : older ? N_OLDER_COLUMNS : N_REPORT_COLUMNS;
	TaskqPlan  *plan = NULL;

	if (since > until)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("since must not be after until")));
	for (int i = 0; i < lengthof(reports); i++)
		if (strcmp(group_by, reports[i].name) == 0)
			plan = parts ? &reports[i].parts_plan : older ? &reports[i].older_plan : &reports[i].plan;
	if (plan == NULL || plan->sql == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("group_by must be none, assignee, team, priority, kind, day or week")));

	InitMaterializedSRF(fcinfo, 0);
	spi_connect();
	spi_read(plan, lengthof(types), types, values);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		Datum		row[N_REPORT_COLUMNS];
		bool		nulls[N_REPORT_COLUMNS];

		for (int j = 0; j < ncolumns; j++)
			row[j] = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, j + 1, &nulls[j]);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, row, nulls);
	}
	SPI_finish();
}

PG_FUNCTION_INFO_V1(taskq_sla_report);
Datum
taskq_sla_report(PG_FUNCTION_ARGS)
{
	return_report(fcinfo, false);
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(taskq_sla_report_parts);
Datum
taskq_sla_report_parts(PG_FUNCTION_ARGS)
{
	return_report(fcinfo, true);
	return (Datum) 0;
}
