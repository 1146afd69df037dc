/*-------------------------------------------------------------------------
 *
 * ladder.c
 *		Thresholds before the due date of renewals, and the tasks that they make.
 *
 * A renewal has next_check_on, the day of its next threshold, so that finding
 * the renewals to look at is one index probe.  renewal_refresh(), for which its
 * row must be locked, records the thresholds that have been crossed for its
 * due date (each once: a unique key), lets some of them act, and sets
 * next_check_on.  Whatever may change the ladder sets it to -infinity, which
 * means "at once".
 *
 * The tightest threshold acts when it is crossed, if no tighter one has been
 * crossed before.  If no threshold that makes a task has acted for the due
 * date, the tightest of those crossed acts too, whenever that is found: a
 * renewal may have been entered late, the server may have been down, or the
 * customer inactive.  So no renewal becomes overdue without a task if a
 * threshold makes one.
 *
 * The due date for which a task was made is that of the crossings that name it
 * and have outcome "task created" or "task raised".  When the due date or
 * service type of a renewal changes, renewal.c makes those of its open task
 * "superseded".  The next refresh changes the task for the new ladder, or
 * cancels it if no threshold that makes a task has been crossed there; then
 * they are "task cancelled", and count as not having acted, in case the due
 * date is changed back.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "base/actor.h"
#include "base/calendar.h"
#include "base/catalog.h"
#include "base/enums.h"
#include "base/plan.h"
#include "task/create.h"
#include "task/directory.h"
#include "task/title.h"
#include "engine/assignee.h"
#include "engine/chain.h"
#include "engine/ladder.h"
#include "engine/rule.h"
#include "engine/template.h"
#include "engine/threshold.h"
#include "engine/workflow.h"

int			renewals_guard = 0;
uint64		crossed_in_session = 0;

#define DEFAULT_TITLE "Renew {{renewal.service_type}} of {{customer.name}}, due {{renewal.due_date}}"

/* Parameters: id, today. */
static TaskqPlan read_renewal = {
	"SELECT r.user_id, r.service_type, r.due_date, " RENEWAL_ASSIGNEE ", "
	"pg_catalog.jsonb_build_object('renewal', pg_catalog.jsonb_build_object('id', r.id, 'service_type', r.service_type, "
	"'due_date', r.due_date, 'days_until_due', r.due_date " MINUS " $2, 'reference', r.reference, 'notes', r.notes), "
	"'customer', pg_catalog.to_jsonb(c)), c.is_active, " RENEWAL_AWAY " "
	"FROM " RENEWAL_WITH_STAFF " WHERE r.id " EQ " $1 AND r.next_check_on IS NOT NULL"
};
#define STEP_COLUMNS "l.days_before, l.task_priority, l.title_template, l.description_template, l.sla_hours"

static TaskqPlan read_ladder = {
	"SELECT " STEP_COLUMNS ", l.kind, l.calendar, l.team_id FROM @.taskq_renewal_ladder($1) l"
};

/* Before 0.3.0. */
static TaskqPlan read_older_ladder = {
	"SELECT " STEP_COLUMNS ", NULL::pg_catalog.text, NULL::pg_catalog.text, NULL::pg_catalog.text FROM @.taskq_renewal_ladder($1) l"
};

/* Parameters: id, due date. */
static TaskqPlan read_crossings = {
	"SELECT x.id, x.days_before, x.outcome, x.task_id IS NOT NULL FROM @.taskq_renewal_crossing x "
	"WHERE x.renewal_id " EQ " $1 AND x.due_date " EQ " $2 ORDER BY x.days_before DESC"
};

/* Parameters: id, due date, steps crossed, now; steps in descending order. */
static TaskqPlan record_crossings = {
	"INSERT INTO @.taskq_renewal_crossing (renewal_id, due_date, days_before, crossed_at, outcome) "
	"SELECT $1, $2, u.d, $4, 'passed' FROM pg_catalog.unnest($3) WITH ORDINALITY u(d, n) ORDER BY u.n "
	"RETURNING id, days_before"
};

/*
 * Parameters: id, due date.  Written so that no index of active tasks fits: the
 * key finds the few there are.
 */
static TaskqPlan open_tasks = {
	"SELECT t.id, t.priority, x.due_date " EQ " $2, x.outcome " EQ " ANY (" TASK_OUTCOMES ") "
	"FROM @.taskq_renewal_crossing x JOIN @.taskq_task t ON t.id " EQ " x.task_id "
	"WHERE x.renewal_id " EQ " $1 AND coalesce(t.completed_at, t.cancelled_at) IS NULL"
};
static TaskqPlan due_date_by_hand = {
	"SELECT e.actor IS NOT NULL FROM @.taskq_task_event e "
	"WHERE e.task_id " EQ " $1 AND pg_catalog.jsonb_exists(e.changes, 'due_date') ORDER BY e.id DESC"
};
static TaskqPlan raise_task = {
	"UPDATE @.taskq_task SET priority = $2, due_date = $3 WHERE id " EQ " $1"
};
static TaskqPlan raise_task_only = {
	"UPDATE @.taskq_task SET priority = $2 WHERE id " EQ " $1"
};
static TaskqPlan renew_task = {
	"UPDATE @.taskq_task SET priority = $2, title = $3, description = $4, due_date = $5 "
	"WHERE id " EQ " $1 AND coalesce(completed_at, cancelled_at) IS NULL"
};
static TaskqPlan cancel_untouched = {
	"UPDATE @.taskq_task SET status = 'CANCELLED' "
	"WHERE id " EQ " $1 AND started_at IS NULL AND coalesce(completed_at, cancelled_at) IS NULL"
};
static TaskqPlan set_outcome = {
	"UPDATE @.taskq_renewal_crossing SET outcome = $2, task_id = $3 WHERE id " EQ " $1"
};

/* Parameters: renewal, task, outcome. */
static TaskqPlan set_outcome_of_task = {
	"UPDATE @.taskq_renewal_crossing SET outcome = $3 "
	"WHERE renewal_id " EQ " $1 AND task_id " EQ " $2"
};

/* Parameters: id, next check, now if it is overdue from today on. */
static TaskqPlan set_checked = {
	"UPDATE @.taskq_renewal SET next_check_on = $2, status = CASE WHEN $3 IS NULL THEN status ELSE 'OVERDUE' END, "
	"compliance_flagged_at = coalesce(compliance_flagged_at, $3) WHERE id " EQ " $1"
};
static TaskqPlan event_payload = {
	"SELECT $1 OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_object('event', $2::pg_catalog.text, 'days_before', $3::pg_catalog.int4, "
	"'task', CASE WHEN $4 IS NOT NULL THEN pg_catalog.jsonb_build_object('id', $4::pg_catalog.int8) END)"
};

/* A threshold of a ladder. */
typedef struct Step
{
	int			days_before;
	int			priority;		/* -1 = no task */
	text	   *title_template; /* NULL = none, as below */
	text	   *description_template;
	float8		sla_hours;		/* 0 = none */
	text	   *kind;			/* of the task */
	char	   *calendar;		/* in whose business days days_before counts */
	char	   *team_id;		/* of the task */
	DateADT		on;				/* day on which it is crossed */
	int64		crossing;		/* for the due date; 0 = none yet */
	bool		is_new;			/* crossed in this refresh */
	bool		waiting;		/* has not had its turn to act */
	bool		offered;		/* to the rules */
} Step;

/* A renewal that is being refreshed. */
typedef struct Renewal
{
	int64		id;
	char	   *user_id;
	Datum		service_type;
	DateADT		due_date;
	char	   *assignee;		/* NULL = nobody */
	char	   *away;			/* the agent who would be, were he not away */
	Jsonb	   *payload;
	bool		customer_is_active;
	Step	   *steps;			/* in descending order of days_before */
	int			nsteps;
	int			ncrossed;		/* of them, the first */
	int			tightest_turn;	/* days_before of a step that had its turn */
	bool		has_acted;		/* a step that makes a task, for the due date */
} Renewal;

/* A task that a renewal has led to and that is not closed. */
typedef struct OpenTask
{
	int64		id;				/* 0 = there is none */
	int			priority;
	bool		fits;			/* a step acted on it for the due date */
	bool		superseded;		/* for another due date or service type, and not yet dealt with */
	bool		same_due_date;	/* any step for the due date, superseded or not */
} OpenTask;

/* Adds a crossing to those that a refresh has changed, if they are asked for. */
static void
note_changed(RenewalsDone *done, int64 crossing)
{
	if (done->changed == NULL)
		return;
	if (done->nchanged == done->max_changed)
	{
		done->max_changed *= 2;
		done->changed = repalloc(done->changed, done->max_changed * sizeof(int64));
	}
	done->changed[done->nchanged++] = crossing;
}

/* ------------------------------------------------------------ one renewal */

/* A column of SPI's first row; *isnull also if there is no row. */
static Datum
result_column(int column, bool *isnull)
{
	*isnull = true;
	return SPI_processed == 0 ? (Datum) 0 :
		SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column, isnull);
}

static text *
text_or_null(HeapTuple tuple, TupleDesc desc, int column)
{
	bool		isnull;
	Datum		value = SPI_getbinval(tuple, desc, column, &isnull);

	return isnull ? NULL : DatumGetTextPCopy(value);
}

/*
 * Reads a step.  None is crossed before the step above it, also if only one of
 * them has a calendar.
 */
static void
read_step(const Renewal *r, int step_no, HeapTuple tuple, TupleDesc desc)
{
	Step	   *step = &r->steps[step_no];
	Datum		value;
	bool		isnull;

	step->days_before = DatumGetInt32(SPI_getbinval(tuple, desc, 1, &isnull));
	value = SPI_getbinval(tuple, desc, 2, &isnull);
	step->priority = isnull ? -1 :
		enum_index(DatumGetObjectId(value), taskq_catalog()->priority, N_PRIORITIES);
	step->title_template = text_or_null(tuple, desc, 3);
	step->description_template = text_or_null(tuple, desc, 4);
	value = SPI_getbinval(tuple, desc, 5, &isnull);
	step->sla_hours = isnull ? 0 : DatumGetFloat8(value);
	step->kind = text_or_null(tuple, desc, 6);
	step->calendar = SPI_getvalue(tuple, desc, 7);
	step->team_id = SPI_getvalue(tuple, desc, 8);
	step->on = threshold_day(step->calendar, r->due_date, step->days_before);
	if (step_no > 0)
		step->on = Max(step->on, r->steps[step_no - 1].on);
}

/* Reads a renewal and its ladder; false if it is closed or gone. */
static bool
read_one(int64 id, Renewal *r)
{
	Oid			types[] = {INT8OID, DATEOID};
	Datum		values[] = {Int64GetDatum(id), DateADTGetDatum(today())};
	Oid			ladder_types[] = {TEXTOID};
	SPITupleTable *steps;
	bool		isnull;

	spi_run_by_index(&read_renewal, 2, types, values, NULL, 1);
	if (SPI_processed == 0)
		return false;
	r->id = id;
	r->user_id = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	r->service_type = PointerGetDatum(text_or_null(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2));
	r->due_date = DatumGetDateADT(result_column(3, &isnull));
	r->assignee = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 4);
	r->payload = DatumGetJsonbPCopy(result_column(5, &isnull));
	r->customer_is_active = DatumGetBool(result_column(6, &isnull));
	r->away = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 7);

	spi_run(taskq_catalog()->sql_is_older ? &read_older_ladder : &read_ladder,
			1, ladder_types, &r->service_type, NULL, 0);
	steps = SPI_tuptable;
	r->nsteps = (int) SPI_processed;
	r->steps = palloc0(r->nsteps * sizeof(Step));
	for (int i = 0; i < r->nsteps; i++)
		read_step(r, i, steps->vals[i], steps->tupdesc);
	return true;
}

static char *
render_title(const Renewal *r, text *template)
{
	return without_directional_controls(template_render(template, r->payload));
}

/*
 * The title of a step's task.  No name or reference may prevent the task:
 * characters that are not allowed are left out, and a title without a visible
 * character is replaced.
 */
static char *
title_of(const Renewal *r, const Step *step)
{
	char	   *plain = render_title(r, cstring_to_text(DEFAULT_TITLE));

	return engine_title(step->title_template != NULL ? render_title(r, step->title_template) : plain, plain, NULL);
}

/*
 * The task of a step is due when the renewal is, or by the next step that is to
 * come; if the step has a calendar, on the last business day by then, unless
 * that has passed.
 */
static DateADT
due_date_of(const Renewal *r, int step_no)
{
	const Step *step = &r->steps[step_no];
	int			next = Max(step_no + 1, r->ncrossed);
	DateADT		due_date = r->due_date;

	if (next < r->nsteps)
		due_date = Min(due_date, r->steps[next].on);
	if (step->calendar != NULL)
	{
		DateADT		day = last_business_day(step->calendar, due_date);

		if (day >= today())
			return day;
	}
	return due_date;
}

/* The team of a step's task: its own, if it is active, else that of the agent who is away; NULL = none. */
static char *
team_of(const Renewal *r, const Step *step)
{
	if (step->team_id != NULL && team_is_active(CStringGetTextDatum(step->team_id)))
		return step->team_id;
	return r->away != NULL ? team_of_staff(r->away) : NULL;
}

static int64
create_renewal_task(const Renewal *r, int step_no)
{
	const Step *step = &r->steps[step_no];
	char	   *team = team_of(r, step);
	NewTask		task;
	bool		created;

	new_task_init(&task, "RENEWAL");
	new_task_set(&task, NEW_TITLE, CStringGetTextDatum(title_of(r, step)));
	if (step->description_template)
		new_task_set(&task, NEW_DESCRIPTION,
					 CStringGetTextDatum(engine_description(template_render(step->description_template, r->payload), NULL)));
	new_task_set(&task, NEW_PRIORITY, ObjectIdGetDatum(taskq_catalog()->priority[step->priority]));
	new_task_set(&task, NEW_DUE_DATE, DateADTGetDatum(due_date_of(r, step_no)));
	if (step->sla_hours > 0)
		new_task_set(&task, NEW_SLA_HOURS, Float8GetDatum(step->sla_hours));
	if (step->kind)
		new_task_set(&task, NEW_KIND, PointerGetDatum(step->kind));
	if (team)
		new_task_set(&task, NEW_TEAM_ID, CStringGetTextDatum(team));
	if (r->assignee)
		new_task_set(&task, NEW_ASSIGNEE_ID, CStringGetTextDatum(r->assignee));
	new_task_set(&task, NEW_USER_ID, CStringGetTextDatum(r->user_id));
	return create_task(&task, NULL, &created);
}

/*
 * Updates an open task for a step: at least the step's priority, and its due
 * date unless a user has set that since.
 */
static void
raise_open_task(const Renewal *r, int step_no, const OpenTask *task)
{
	const TaskqCatalog *cat = taskq_catalog();
	Oid			types[] = {INT8OID, cat->priority_type, DATEOID};
	Datum		values[] = {
		Int64GetDatum(task->id),
		ObjectIdGetDatum(cat->priority[Max(task->priority, r->steps[step_no].priority)]),
		DateADTGetDatum(due_date_of(r, step_no))
	};
	bool		by_hand;
	bool		isnull;

	spi_run_by_index(&due_date_by_hand, 1, types, values, NULL, 1);
	by_hand = DatumGetBool(result_column(1, &isnull));
	run_as_call(by_hand ? &raise_task_only : &raise_task, by_hand ? 2 : 3, types, values, NULL,
				VERB_OTHER, NULL, NULL);
}

/*
 * Changes an open task, if it still is open, to one for the present due date,
 * as a step would create it.
 */
static void
renew_open_task(const Renewal *r, int step_no, int64 task, int priority)
{
	const TaskqCatalog *cat = taskq_catalog();
	const Step *step = &r->steps[step_no];
	Oid			types[] = {INT8OID, cat->priority_type, TEXTOID, TEXTOID, DATEOID};
	Datum		values[] = {
		Int64GetDatum(task),
		ObjectIdGetDatum(cat->priority[priority]),
		CStringGetTextDatum(title_of(r, step)),
		(Datum) 0,
		DateADTGetDatum(due_date_of(r, step_no))
	};
	char		nulls[] = "     ";

	if (step->description_template)
		values[3] = CStringGetTextDatum(engine_description(template_render(step->description_template, r->payload), NULL));
	else
		nulls[3] = 'n';
	run_as_call(&renew_task, lengthof(types), types, values, nulls, VERB_OTHER, NULL, NULL);
}

/* The renewal's latest open task. */
static OpenTask
find_open_task(const Renewal *r)
{
	Oid			types[] = {INT8OID, DATEOID};
	Datum		values[] = {Int64GetDatum(r->id), DateADTGetDatum(r->due_date)};
	OpenTask	task = {0};
	bool		isnull;

	spi_run_by_index(&open_tasks, 2, types, values, NULL, 0);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		int64		id = DatumGetInt64(SPI_getbinval(tuple, desc, 1, &isnull));
		bool		same_due_date = DatumGetBool(SPI_getbinval(tuple, desc, 3, &isnull));
		bool		acted = DatumGetBool(SPI_getbinval(tuple, desc, 4, &isnull));

		if (id < task.id)
			continue;
		if (id > task.id)
		{
			memset(&task, 0, sizeof(task));
			task.id = id;
			task.priority = enum_index(DatumGetObjectId(SPI_getbinval(tuple, desc, 2, &isnull)),
									   taskq_catalog()->priority, N_PRIORITIES);
		}
		task.fits |= same_due_date && acted;
		task.superseded |= !acted;
		task.same_due_date |= same_due_date;
	}
	return task;
}

/* Offers the event of a step to the rules. */
static void
offer(const Renewal *r, int days_before, int64 task)
{
	const char *event = days_before == OVERDUE_DAYS ? EVENT_NAME_RENEWAL_OVERDUE : EVENT_NAME_CROSSED;
	Oid			types[] = {JSONBOID, TEXTOID, INT4OID, INT8OID};
	Datum		values[] = {JsonbPGetDatum(r->payload), CStringGetTextDatum(event),
	Int32GetDatum(days_before), Int64GetDatum(task)};
	char		nulls[] = {' ', ' ', ' ', task == 0 ? 'n' : ' '};
	bool		isnull;

	if (rules_for(event) == NIL)
		return;
	spi_run(&event_payload, 4, types, values, nulls, 1);
	workflow_offer(event, DatumGetJsonbPCopy(result_column(1, &isnull)), r->user_id);
}

/* ----------------------------------------------------- what is on record */

/*
 * Outcomes that taskq_renewal_crossing knows from 0.3.0 on; with older SQL such
 * a crossing is "passed", and names its task if it had one.
 */
const char *
crossing_outcome(const char *outcome)
{
	return taskq_catalog()->sql_is_older ? "passed" : outcome;
}

static void
note_outcome(int64 crossing, const char *outcome, int64 task)
{
	Oid			types[] = {INT8OID, TEXTOID, INT8OID};
	Datum		values[] = {Int64GetDatum(crossing), CStringGetTextDatum(outcome), Int64GetDatum(task)};
	char		nulls[] = {' ', ' ', task == 0 ? 'n' : ' '};

	spi_run_by_index(&set_outcome, 3, types, values, nulls, 0);
}

static void
note_outcome_of_task(int64 renewal, int64 task, const char *outcome)
{
	Oid			types[] = {INT8OID, INT8OID, TEXTOID};
	Datum		values[] = {Int64GetDatum(renewal), Int64GetDatum(task), CStringGetTextDatum(outcome)};

	spi_run_by_index(&set_outcome_of_task, 3, types, values, NULL, 0);
}

/*
 * Lets a step that has been crossed act: one with a task raises the renewal's
 * open one, if there is one, else creates one.  While the customer is inactive
 * no task is created and no event offered.
 */
static void
act(const Renewal *r, int step_no, const OpenTask *open, RenewalsDone *done)
{
	const Step *step = &r->steps[step_no];
	const char *outcome = "recorded";
	int64		task = 0;

	if (step->priority >= 0 && open->id != 0)
	{
		outcome = "task raised";
		task = open->id;
		if (open->fits)
			raise_open_task(r, step_no, open);
		else
			renew_open_task(r, step_no, task, Max(open->priority, step->priority));
	}
	else if (!r->customer_is_active)
	{
		/* Recorded already, or the record is of what it did before. */
		if ((step->waiting && !step->is_new) || step->offered)
			return;
		outcome = crossing_outcome(OUTCOME_INACTIVE);
	}
	else if (step->priority >= 0)
	{
		outcome = "task created";
		task = create_renewal_task(r, step_no);
		engine_made_task();
	}

	note_outcome(step->crossing, outcome, task);
	if (!step->is_new)
		note_changed(done, step->crossing);
	if (r->customer_is_active && !step->offered)
		offer(r, step->days_before, task);
}

/*
 * Handles an open task that was made for another due date or ladder, while no
 * step of the present one that makes a task has been crossed.  If it has not
 * been started, it is cancelled, and a later step makes a new one.  A started
 * task is kept, and changed to what the next step that makes a task would
 * create.
 */
static void
let_go(const Renewal *r, const OpenTask *open)
{
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(open->id)};
	int			step_no = 0;
	char	   *reason;

	if (open->same_due_date)
		reason = psprintf("service type changed to %s", TextDatumGetCString(r->service_type));
	else
	{
		int			year;
		int			month;
		int			day;

		j2date(r->due_date + POSTGRES_EPOCH_JDATE, &year, &month, &day);
		reason = psprintf("due date moved to %04d-%02d-%02d", year, month, day);
	}
	run_as_call(&cancel_untouched, 1, types, values, NULL, VERB_OTHER, NULL, cstring_to_text(reason));
	if (SPI_processed > 0)
	{
		note_outcome_of_task(r->id, open->id, crossing_outcome(OUTCOME_CANCELLED));
		return;
	}
	while (step_no < r->nsteps && r->steps[step_no].priority < 0)
		step_no++;
	if (!open->superseded || step_no == r->nsteps)
		return;
	renew_open_task(r, step_no, open->id, open->priority);
	note_outcome_of_task(r->id, open->id, "task raised");
}

/* Fills in what is on record of the steps for the renewal's due date. */
static void
read_record(Renewal *r)
{
	Oid			types[] = {INT8OID, DATEOID};
	Datum		values[] = {Int64GetDatum(r->id), DateADTGetDatum(r->due_date)};
	int			step_no = 0;
	bool		isnull;

	r->tightest_turn = INT_MAX;
	spi_run_by_index(&read_crossings, 2, types, values, NULL, 0);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		int			days = DatumGetInt32(SPI_getbinval(tuple, desc, 2, &isnull));
		char	   *outcome = SPI_getvalue(tuple, desc, 3);
		bool		has_task = DatumGetBool(SPI_getbinval(tuple, desc, 4, &isnull));
		bool		waiting = strcmp(outcome, OUTCOME_INACTIVE) == 0;

		if (!waiting)
			r->tightest_turn = days;
		if (strcmp(outcome, "task created") == 0 || strcmp(outcome, "task raised") == 0 ||
			strcmp(outcome, OUTCOME_SUPERSEDED) == 0)
			r->has_acted = true;

		/* The threshold may be on the ladder no longer. */
		while (step_no < r->nsteps && r->steps[step_no].days_before > days)
			step_no++;
		if (step_no == r->nsteps || r->steps[step_no].days_before != days)
			continue;
		r->steps[step_no].crossing = DatumGetInt64(SPI_getbinval(tuple, desc, 1, &isnull));
		r->steps[step_no].waiting = waiting;
		r->steps[step_no].offered = !waiting && (has_task || strcmp(outcome, "passed") != 0);
	}
}

/* Records the steps that have been crossed since. */
static void
record_new(Renewal *r, RenewalsDone *done)
{
	Oid			types[] = {INT8OID, DATEOID, INT4ARRAYOID, TIMESTAMPTZOID};
	Datum		values[] = {
		Int64GetDatum(r->id),
		DateADTGetDatum(r->due_date),
		(Datum) 0,
		TimestampTzGetDatum(GetCurrentStatementStartTimestamp())
	};
	Datum	   *days = palloc(Max(r->ncrossed, 1) * sizeof(Datum));
	int			step_no = 0;
	int			n = 0;
	bool		isnull;

	for (int i = 0; i < r->ncrossed; i++)
		if (r->steps[i].crossing == 0)
			days[n++] = Int32GetDatum(r->steps[i].days_before);
	if (n == 0)
		return;
	values[2] = PointerGetDatum(construct_array(days, n, INT4OID, sizeof(int32), true, TYPALIGN_INT));
	spi_run(&record_crossings, 4, types, values, NULL, 0);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		Step	   *step;

		while (step_no < r->ncrossed - 1 && r->steps[step_no].days_before >
			   DatumGetInt32(SPI_getbinval(tuple, SPI_tuptable->tupdesc, 2, &isnull)))
			step_no++;
		step = &r->steps[step_no];
		step->crossing = DatumGetInt64(SPI_getbinval(tuple, SPI_tuptable->tupdesc, 1, &isnull));
		step->is_new = step->waiting = true;
		note_changed(done, step->crossing);
		crossed_in_session++;
	}
}

/*
 * Lets steps act whose turn it is, and handles an open task that is not for
 * the present due date.
 */
static void
take_turns(const Renewal *r, RenewalsDone *done)
{
	OpenTask	open = find_open_task(r);
	int			tightest = r->ncrossed - 1;
	int			task_step = tightest;
	bool		due;

	while (task_step >= 0 && r->steps[task_step].priority < 0)
		task_step--;
	due = tightest >= 0 && r->steps[tightest].waiting &&
		r->steps[tightest].days_before < r->tightest_turn;

	if (task_step < 0)
	{
		if (open.id != 0 && !open.fits)
			let_go(r, &open);
	}
	else if (!r->has_acted || (open.id != 0 && !open.fits) || (due && task_step == tightest))
		act(r, task_step, &open, done);
	if (due && task_step != tightest)
		act(r, tightest, &open, done);
}

/*
 * Brings a renewal up to today.  The caller has locked its row and acts as the
 * owner of taskq_task.
 */
void
renewal_refresh(int64 id, RenewalsDone *done)
{
	Oid			types[] = {INT8OID, DATEOID, TIMESTAMPTZOID};
	Datum		values[3];
	char		nulls[] = "   ";
	Renewal		r = {0};
	DateADT		next;

	if (!read_one(id, &r))
		return;
	while (r.ncrossed < r.nsteps && r.steps[r.ncrossed].on <= today())
		r.ncrossed++;
	read_record(&r);
	record_new(&r, done);
	take_turns(&r, done);

	DATE_NOEND(next);
	if (r.ncrossed < r.nsteps)
		next = r.steps[r.ncrossed].on;
	values[0] = Int64GetDatum(id);
	values[1] = DateADTGetDatum(next);
	values[2] = TimestampTzGetDatum(GetCurrentStatementStartTimestamp());
	if (r.ncrossed < r.nsteps)
		nulls[2] = 'n';
	spi_run_past_guard(&renewals_guard, &set_checked, 3, types, values, nulls);
}
