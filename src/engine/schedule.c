/*-------------------------------------------------------------------------
 *
 * schedule.c
 *		Schedules: tasks that recur.
 *
 * The dates of a schedule are computed from its first one (recur.c); those up
 * to handled_until have been dealt with.  next_check_on is the day on which
 * the next task is to be created, so that the sweep finds what is due by one
 * index probe; whatever may change that day sets it to -infinity, which means
 * "at once".
 *
 * Of the dates whose day has come the latest becomes a task and those before
 * it are one row of taskq_schedule_run: nothing is done date by date, however
 * many there are.  All of it happens under the lock of the schedule's row.
 *
 * A task is due on the date or the business day next to it.  Moving keeps the
 * order of dates, so the last one that has come by a day is found without the
 * calendar: it is the last that is not after a limit, which depends on that
 * day and the calendar only.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/guc.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "base/calendar.h"
#include "base/catalog.h"
#include "base/owner.h"
#include "base/plan.h"
#include "base/recur.h"
#include "task/change.h"
#include "task/create.h"
#include "task/due.h"
#include "task/row.h"
#include "task/title.h"
#include "engine/chain.h"
#include "engine/schedule.h"
#include "engine/template.h"
#include "engine/threshold.h"

#define DATES_MAX 1000

enum
{
	Anum_schedule_id = 1,
	Anum_schedule_name,
	Anum_schedule_title_template,
	Anum_schedule_description_template,
	Anum_schedule_priority,
	Anum_schedule_kind,
	Anum_schedule_team_id,
	Anum_schedule_assignee_id,
	Anum_schedule_user_id,
	Anum_schedule_sla_hours,
	Anum_schedule_starts_on,
	Anum_schedule_every,
	Anum_schedule_until,
	Anum_schedule_business_day,
	Anum_schedule_calendar,
	Anum_schedule_lead_days,
	Anum_schedule_is_enabled,
	Anum_schedule_handled_until,
	Anum_schedule_next_check_on
};

/* Parameters: today, ids not to be tried again. */
static TaskqPlan pick_schedules = {
	"SELECT s.id FROM @.taskq_schedule s WHERE s.next_check_on " LE " $1 AND s.id " NE " ALL ($2) "
	"ORDER BY s.next_check_on FOR NO KEY UPDATE SKIP LOCKED"
};
static TaskqPlan still_schedules = {
	"SELECT s.id FROM @.taskq_schedule s WHERE s.next_check_on " LE " $1 AND s.id " EQ " ANY ($2)"
};
static TaskqPlan next_check = {
	"SELECT pg_catalog.min(s.next_check_on) FROM @.taskq_schedule s WHERE s.next_check_on " GT " $1"
};

/* As read_rhythm() takes them. */
#define RHYTHM "s.starts_on, s.every, s.until, s.business_day, s.calendar, s.lead_days, s.handled_until"
#define N_RHYTHM 7

static TaskqPlan read_schedule = {
	"SELECT " RHYTHM ", s.name, s.title_template, s.description_template, s.priority, s.kind, s.sla_hours, "
	"s.team_id, m.is_active, s.assignee_id, a.is_active, s.user_id, c.is_active "
	"FROM @.taskq_schedule s LEFT JOIN @.taskq_team m ON m.id " EQ " s.team_id "
	"LEFT JOIN @.taskq_staff_member a ON a.id " EQ " s.assignee_id "
	"LEFT JOIN @.taskq_customer c ON c.id " EQ " s.user_id "
	"WHERE s.id " EQ " $1 AND s.next_check_on IS NOT NULL"
};
static TaskqPlan rhythm_by_name = {
	"SELECT " RHYTHM " FROM @.taskq_schedule s WHERE s.name " EQ " $1"
};

/* Parameters: id, date, due date. */
static TaskqPlan read_payload = {
	"SELECT pg_catalog.jsonb_build_object('date', $2, 'due_date', $3, "
	"'month', pg_catalog.to_char($2::pg_catalog.timestamp, 'YYYY-MM'), 'year', pg_catalog.to_char($2::pg_catalog.timestamp, 'YYYY'), "
	"'schedule', pg_catalog.jsonb_build_object('id', s.id, 'name', s.name), 'customer', pg_catalog.to_jsonb(c)) "
	"FROM @.taskq_schedule s LEFT JOIN @.taskq_customer c ON c.id " EQ " s.user_id WHERE s.id " EQ " $1"
};
static TaskqPlan insert_run = {
	"INSERT INTO @.taskq_schedule_run (schedule_id, at, since, date, dates, outcome, due_date, task_id, message) "
	"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
};

/* Parameters: id, now. */
static TaskqPlan prune_runs = {
	"DELETE FROM @.taskq_schedule_run WHERE schedule_id " EQ " $1 AND at " LT " ($2 " MINUS " '2 years'::pg_catalog.interval)"
};

/* Parameters: id, handled until, next check. */
static TaskqPlan set_checked = {
	"UPDATE @.taskq_schedule SET handled_until = $2, next_check_on = $3 WHERE id " EQ " $1"
};
static TaskqPlan recheck_calendars = {
	"UPDATE @.taskq_schedule SET next_check_on = '-infinity' "
	"WHERE calendar IS NOT NULL AND next_check_on " GT " '-infinity'"
};

/* When the dates of a schedule are. */
typedef struct Rhythm
{
	Recurrence	dates;
	DateADT		until;
	char	   *business_day;
	char	   *calendar;
	int			lead_days;
	bool		any_handled;
	DateADT		handled_until;
} Rhythm;

/* A schedule that is being dealt with; texts are NULL if there are none. */
typedef struct Schedule
{
	int64		id;
	Rhythm		rhythm;
	char	   *name;
	text	   *title_template;
	text	   *description_template;
	Oid			priority;
	char	   *kind;
	float8		sla_hours;		/* 0 = none */
	char	   *team;
	bool		team_is_active;
	char	   *assignee;
	bool		assignee_is_active;
	char	   *user_id;
	bool		customer_is_active;
} Schedule;

/* Guard (see spi_run_past_guard()) for columns that only the engine may write. */
static int	schedules_guard = 0;

/* Dates dealt with in this session; what is rolled back may be among them. */
static uint64 handled_in_session = 0;

/* ------------------------------------------------------------------- dates */

/* Reads the columns from number "first" on. */
static Rhythm
read_rhythm(HeapTuple tuple, TupleDesc desc, int first)
{
	Rhythm		r = {0};
	bool		isnull;
	DateADT		starts_on = DatumGetDateADT(SPI_getbinval(tuple, desc, first, &isnull));

	r.dates = recurrence(starts_on, DatumGetIntervalP(SPI_getbinval(tuple, desc, first + 1, &isnull)));
	r.until = DatumGetDateADT(SPI_getbinval(tuple, desc, first + 2, &isnull));
	if (isnull)
		DATE_NOEND(r.until);
	r.business_day = SPI_getvalue(tuple, desc, first + 3);
	r.calendar = SPI_getvalue(tuple, desc, first + 4);
	r.lead_days = DatumGetInt32(SPI_getbinval(tuple, desc, first + 5, &isnull));
	return r;
}

static void
read_handled(Rhythm *r, HeapTuple tuple, TupleDesc desc, int column)
{
	bool		isnull;

	r->handled_until = DatumGetDateADT(SPI_getbinval(tuple, desc, column, &isnull));
	r->any_handled = !isnull;
}

static bool
moves(const Rhythm *r, const char *where)
{
	return strcmp(r->business_day, where) == 0;
}

/* The day on which a date's task is due; the date itself if it would be moved out of bounds. */
static DateADT
due_date_of(const Rhythm *r, DateADT date)
{
	DateADT		day = date;

	if (moves(r, "NEXT"))
		day = next_business_day(r->calendar, date);
	else if (moves(r, "PREVIOUS"))
		day = last_business_day(r->calendar, date);
	return due_date_in_bounds(day) ? day : date;
}

/* The last day that, were it a date, would be due by a day. */
static DateADT
last_due_by(const Rhythm *r, DateADT day)
{
	if (moves(r, "NEXT"))
		return last_business_day(r->calendar, day);
	if (moves(r, "PREVIOUS"))
		return next_business_day(r->calendar, day + 1) - 1;
	return day;
}

/* The number of the first date that has not been dealt with. */
static int64
first_open(const Rhythm *r)
{
	return r->any_handled ? recur_last(&r->dates, r->handled_until) + 1 : 0;
}

/* Date number n; false if the schedule ends before. */
static bool
date_number(const Rhythm *r, int64 n, DateADT *date)
{
	return recur_date(&r->dates, n, date) && *date <= r->until;
}

/* ------------------------------------------------------------ one schedule */

static text *
text_or_null(HeapTuple tuple, TupleDesc desc, int column)
{
	bool		isnull;
	Datum		value = SPI_getbinval(tuple, desc, column, &isnull);

	return isnull ? NULL : DatumGetTextPCopy(value);
}

static bool
is_true(HeapTuple tuple, TupleDesc desc, int column)
{
	bool		isnull;
	Datum		value = SPI_getbinval(tuple, desc, column, &isnull);

	return !isnull && DatumGetBool(value);
}

/* False if it is disabled or gone. */
static bool
read_one(int64 id, Schedule *s)
{
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(id)};
	HeapTuple	tuple;
	TupleDesc	desc;
	Datum		value;
	int			column = N_RHYTHM;
	bool		isnull;

	spi_run_by_index(&read_schedule, 1, types, values, NULL, 1);
	if (SPI_processed == 0)
		return false;
	tuple = SPI_tuptable->vals[0];
	desc = SPI_tuptable->tupdesc;
	s->id = id;
	s->rhythm = read_rhythm(tuple, desc, 1);
	read_handled(&s->rhythm, tuple, desc, N_RHYTHM);
	s->name = SPI_getvalue(tuple, desc, ++column);
	s->title_template = text_or_null(tuple, desc, ++column);
	s->description_template = text_or_null(tuple, desc, ++column);
	s->priority = DatumGetObjectId(SPI_getbinval(tuple, desc, ++column, &isnull));
	s->kind = SPI_getvalue(tuple, desc, ++column);
	value = SPI_getbinval(tuple, desc, ++column, &isnull);
	s->sla_hours = isnull ? 0 : DatumGetFloat8(value);
	s->team = SPI_getvalue(tuple, desc, ++column);
	s->team_is_active = is_true(tuple, desc, ++column);
	s->assignee = SPI_getvalue(tuple, desc, ++column);
	s->assignee_is_active = is_true(tuple, desc, ++column);
	s->user_id = SPI_getvalue(tuple, desc, ++column);
	s->customer_is_active = is_true(tuple, desc, ++column);
	return true;
}

static Jsonb *
payload_of(const Schedule *s, DateADT date, DateADT due_date)
{
	Oid			types[] = {INT8OID, DATEOID, DATEOID};
	Datum		values[] = {Int64GetDatum(s->id), DateADTGetDatum(date), DateADTGetDatum(due_date)};
	bool		isnull;

	spi_run_by_index(&read_payload, 3, types, values, NULL, 1);
	return DatumGetJsonbPCopy(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
}

/* Creates the task of a date; what was left out is noted. */
static int64
create_scheduled_task(const Schedule *s, DateADT date, DateADT due_date, char **notes)
{
	Jsonb	   *payload = payload_of(s, date, due_date);
	char	   *title = without_directional_controls(template_render(s->title_template, payload));
	NewTask		task;
	int64		id;
	bool		created;

	new_task_init(&task, "SCHEDULE");
	new_task_set(&task, NEW_TITLE, CStringGetTextDatum(engine_title(title, s->name, notes)));
	if (s->description_template)
		new_task_set(&task, NEW_DESCRIPTION,
					 CStringGetTextDatum(engine_description(template_render(s->description_template, payload), notes)));
	new_task_set(&task, NEW_PRIORITY, ObjectIdGetDatum(s->priority));
	new_task_set(&task, NEW_DUE_DATE, DateADTGetDatum(due_date));
	if (s->kind)
		new_task_set(&task, NEW_KIND, CStringGetTextDatum(s->kind));
	if (s->sla_hours > 0)
		new_task_set(&task, NEW_SLA_HOURS, Float8GetDatum(s->sla_hours));
	if (s->team_is_active)
		new_task_set(&task, NEW_TEAM_ID, CStringGetTextDatum(s->team));
	else if (s->team)
		add_note(notes, psprintf("team \"%s\" is not active", s->team));
	if (s->assignee_is_active)
		new_task_set(&task, NEW_ASSIGNEE_ID, CStringGetTextDatum(s->assignee));
	else if (s->assignee)
		add_note(notes, psprintf("assignee \"%s\" is not active", s->assignee));
	if (s->user_id)
		new_task_set(&task, NEW_USER_ID, CStringGetTextDatum(s->user_id));
	id = create_task(&task, NULL, &created);
	engine_made_task();
	return id;
}

/* What became of dates. */
typedef struct Outcome
{
	DateADT		since;
	DateADT		date;
	int			dates;
	const char *outcome;
	DateADT		due_date;
	int64		task_id;		/* 0 = none */
	char	   *message;		/* NULL = none */
} Outcome;

static void
record(const Schedule *s, const Outcome *o)
{
	Oid			types[] = {INT8OID, TIMESTAMPTZOID, DATEOID, DATEOID, INT4OID, TEXTOID, DATEOID, INT8OID, TEXTOID};
	Datum		values[] = {
		Int64GetDatum(s->id),
		TimestampTzGetDatum(GetCurrentStatementStartTimestamp()),
		DateADTGetDatum(o->since),
		DateADTGetDatum(o->date),
		Int32GetDatum(o->dates),
		CStringGetTextDatum(o->outcome),
		DateADTGetDatum(o->due_date),
		Int64GetDatum(o->task_id),
		o->message ? CStringGetTextDatum(o->message) : (Datum) 0
	};
	char		nulls[] = "         ";

	if (o->dates > 1 || strcmp(o->outcome, "missed") == 0)
		nulls[6] = 'n';
	if (o->task_id == 0)
		nulls[7] = 'n';
	if (o->message == NULL)
		nulls[8] = 'n';
	spi_run(&insert_run, lengthof(types), types, values, nulls, 0);
	handled_in_session += o->dates;
}

/* Deals with the dates from number "first" to "last", whose day has come. */
static void
handle_dates(Schedule *s, int64 first, int64 last)
{
	Oid			types[] = {INT8OID, TIMESTAMPTZOID};
	Datum		values[] = {Int64GetDatum(s->id), TimestampTzGetDatum(GetCurrentStatementStartTimestamp())};
	Outcome		missed = {.dates = (int) (last - first), .outcome = "missed"};
	Outcome		latest = {.dates = 1, .outcome = "customer inactive"};

	spi_run(&prune_runs, 2, types, values, NULL, 0);
	if (first < last)
	{
		(void) recur_date(&s->rhythm.dates, first, &missed.since);
		(void) recur_date(&s->rhythm.dates, last - 1, &missed.date);
		record(s, &missed);
	}
	(void) recur_date(&s->rhythm.dates, last, &latest.date);
	latest.since = latest.date;
	latest.due_date = due_date_of(&s->rhythm, latest.date);
	if (s->user_id == NULL || s->customer_is_active)
	{
		latest.task_id = create_scheduled_task(s, latest.date, latest.due_date, &latest.message);
		latest.outcome = "created";
	}
	record(s, &latest);
	s->rhythm.any_handled = true;
	s->rhythm.handled_until = latest.date;
}

/*
 * Brings a schedule up to today.  The caller has locked its row and acts as
 * the owner of taskq_task.
 */
static void
schedule_refresh(int64 id)
{
	Oid			types[] = {INT8OID, DATEOID, DATEOID};
	Datum		values[3];
	char		nulls[] = "   ";
	Schedule	s = {0};
	DateADT		date;
	DateADT		next;
	int64		first;
	int64		last;

	if (!read_one(id, &s))
		return;
	first = first_open(&s.rhythm);
	last = recur_last(&s.rhythm.dates, Min(last_due_by(&s.rhythm, today() + s.rhythm.lead_days), s.rhythm.until));
	if (first <= last)
		handle_dates(&s, first, last);

	DATE_NOEND(next);
	if (date_number(&s.rhythm, Max(first, last + 1), &date))
		next = due_date_of(&s.rhythm, date) - s.rhythm.lead_days;
	values[0] = Int64GetDatum(id);
	values[1] = DateADTGetDatum(s.rhythm.handled_until);
	values[2] = DateADTGetDatum(next);
	if (!s.rhythm.any_handled)
		nulls[1] = 'n';
	spi_run_past_guard(&schedules_guard, &set_checked, 3, types, values, nulls);
}

/* ------------------------------------------------------------------- sweep */

/* Brings schedules up to today; the caller has locked their rows. */
static void
schedules_refresh(Datum ids)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "taskq schedule", ALLOCSET_DEFAULT_SIZES);
	OwnerSwitch owner;
	Datum	   *elements;
	int			n;

	deconstruct_array(DatumGetArrayTypeP(ids), INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE,
					  &elements, NULL, &n);
	become_owner_of(taskq_catalog()->task, &owner);
	for (int i = 0; i < n; i++)
	{
		MemoryContext old;

		CHECK_FOR_INTERRUPTS();
		spi_connect();
		old = MemoryContextSwitchTo(context);
		schedule_refresh(DatumGetInt64(elements[i]));
		MemoryContextSwitchTo(old);
		MemoryContextReset(context);
		SPI_finish();
	}
	become_caller_again(&owner);
	MemoryContextDelete(context);
}

/* A database of an older version has no schedules. */
static bool
schedules_due(Datum *instant)
{
	return OidIsValid(taskq_catalog()->schedule) && due_by_today(instant);
}

/* The next instant at which a task is to be created; DT_NOEND = none. */
static TimestampTz
next_creation(void)
{
	Oid			types[] = {DATEOID};
	Datum		values[] = {DateADTGetDatum(today())};
	TimestampTz at = DT_NOEND;
	Datum		value;
	bool		isnull;

	if (!OidIsValid(taskq_catalog()->schedule))
		return at;
	spi_connect();
	spi_run_by_index(&next_check, 1, types, values, NULL, 1);
	value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	if (!isnull && !DATE_IS_NOEND(DatumGetDateADT(value)))
		at = day_start(DatumGetDateADT(value));
	SPI_finish();
	return at;
}

static uint64
dates_handled(void)
{
	return handled_in_session;
}

const DueKind due_schedules = {
	.name = "schedules", .is_newer = true, .made = dates_handled, .row = "schedule",
	.instant_type = DATEOID, .instant = schedules_due,
	.pick = &pick_schedules, .still = &still_schedules, .write_ids = schedules_refresh,
	.next = next_creation
};

/*
 * Has the schedules with a calendar looked at again, because calendars have
 * changed; not in a restore, which stores what they were, nor where another
 * database sweeps.
 */
void
schedules_recheck_calendars(void)
{
	OwnerSwitch owner;
	bool		any;

	if (!OidIsValid(taskq_catalog()->schedule) || taskq_catalog()->is_subscriber || !check_function_bodies)
		return;
	spi_connect();
	become_owner_of(taskq_catalog()->task, &owner);
	spi_run_past_guard(&schedules_guard, &recheck_calendars, 0, NULL, NULL, NULL);
	any = SPI_processed > 0;
	become_caller_again(&owner);
	SPI_finish();
	if (any)
		change_due_now();
}

/* ----------------------------------------------------------------- trigger */

/* A row as it is to be, and as it was, if it is updated. */
typedef struct Change
{
	TupleDesc	desc;
	HeapTuple	old;
	HeapTuple	new;
} Change;

static bool
differs(const Change *c, int attnum)
{
	bool		old_isnull;
	bool		new_isnull;
	Datum		old_value = SPI_getbinval(c->old, c->desc, attnum, &old_isnull);
	Datum		new_value = SPI_getbinval(c->new, c->desc, attnum, &new_isnull);

	return column_differs(c->desc, attnum, old_value, old_isnull, new_value, new_isnull);
}

static void
check_kept(const Change *c)
{
	static const int kept[] = {Anum_schedule_handled_until, Anum_schedule_next_check_on};

	for (int i = 0; i < lengthof(kept); i++)
		if (differs(c, kept[i]))
			ereport(ERROR,
					(errcheck("taskq_schedule", "taskq_schedule_guard"),
					 errmsg("column %s of schedule \"%s\" is written by taskq only",
							NameStr(TupleDescAttr(c->desc, kept[i] - 1)->attname),
							SPI_getvalue(c->old, c->desc, Anum_schedule_name))));
}

/* The row with its state changed. */
static HeapTuple
with_state(const Change *c, bool set_handled, DateADT handled_until)
{
	int			columns[] = {Anum_schedule_next_check_on, Anum_schedule_handled_until};
	Datum		values[] = {(Datum) 0, DateADTGetDatum(handled_until)};
	bool		nulls[] = {!is_true(c->new, c->desc, Anum_schedule_is_enabled), false};
	DateADT		at_once;

	DATE_NOBEGIN(at_once);
	values[0] = DateADTGetDatum(at_once);
	if (!nulls[0])
		change_due_now();
	return heap_modify_tuple_by_cols(c->new, c->desc, set_handled ? 2 : 1, columns, values, nulls);
}

/* Whether a column that decides on the dates is NULL, for which the row will be refused. */
static bool
lacks_dates(const Change *c)
{
	return heap_attisnull(c->new, Anum_schedule_starts_on, c->desc) || heap_attisnull(c->new, Anum_schedule_every, c->desc) ||
		heap_attisnull(c->new, Anum_schedule_business_day, c->desc);
}

/*
 * Dates that would have been due before today count as dealt with if they are
 * new to a schedule, or passed while it was disabled.
 */
static HeapTuple
apply_update(const Change *c)
{
	bool		was_enabled = is_true(c->old, c->desc, Anum_schedule_is_enabled);
	bool		enabled = is_true(c->new, c->desc, Anum_schedule_is_enabled);
	bool		new_dates = differs(c, Anum_schedule_starts_on) || differs(c, Anum_schedule_every);
	Rhythm		r;
	DateADT		passed;

	check_kept(c);
	if (lacks_dates(c))
		return c->new;
	if (was_enabled == enabled && !new_dates && !differs(c, Anum_schedule_until) && !differs(c, Anum_schedule_business_day) &&
		!differs(c, Anum_schedule_calendar) && !differs(c, Anum_schedule_lead_days))
		return c->new;
	r = read_rhythm(c->new, c->desc, Anum_schedule_starts_on);
	read_handled(&r, c->new, c->desc, Anum_schedule_handled_until);
	if (!enabled || (was_enabled && !(new_dates && r.any_handled)))
		return with_state(c, false, 0);

	/* A CHECK refuses the row later if it has no calendar but needs one. */
	passed = r.calendar != NULL || moves(&r, "SAME") ? last_due_by(&r, today() - 1) : today() - 1;
	return with_state(c, true, r.any_handled ? Max(r.handled_until, passed) : passed);
}

PG_FUNCTION_INFO_V1(taskq_schedule_guard);
Datum
taskq_schedule_guard(PG_FUNCTION_ARGS)
{
	TriggerData *td = (TriggerData *) fcinfo->context;
	Change		c;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_FOR_ROW(td->tg_event) || !TRIGGER_FIRED_BEFORE(td->tg_event) ||
		TRIGGER_FIRED_BY_DELETE(td->tg_event) || RelationGetRelid(td->tg_relation) != taskq_catalog()->schedule)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("taskq_schedule_guard belongs to table taskq_schedule and cannot be used elsewhere")));
	c.desc = RelationGetDescr(td->tg_relation);
	c.old = td->tg_trigtuple;
	c.new = TRIGGER_FIRED_BY_UPDATE(td->tg_event) ? td->tg_newtuple : td->tg_trigtuple;
	if (guard_is_passed(schedules_guard))
		return PointerGetDatum(c.new);
	if (TRIGGER_FIRED_BY_UPDATE(td->tg_event))
		return PointerGetDatum(apply_update(&c));
	if (heap_attisnull(c.new, Anum_schedule_next_check_on, c.desc) ==
		!is_true(c.new, c.desc, Anum_schedule_is_enabled))
		return PointerGetDatum(c.new);
	return PointerGetDatum(with_state(&c, false, 0));
}

/* --------------------------------------------------------------- functions */

/* The rhythm of a schedule, read with the caller's rights; P0002 if there is none. */
static Rhythm
rhythm_argument(FunctionCallInfo fcinfo, int argno)
{
	Oid			types[] = {TEXTOID};
	Datum		values[] = {PG_ARGISNULL(argno) ? (Datum) 0 : PG_GETARG_DATUM(argno)};
	Rhythm		r;

	if (!PG_ARGISNULL(argno))
		spi_read(&rhythm_by_name, 1, types, values);
	if (PG_ARGISNULL(argno) || SPI_processed == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 PG_ARGISNULL(argno) ? errmsg("schedule NULL does not exist") :
				 errmsg("schedule \"%s\" does not exist", TextDatumGetCString(values[0]))));
	r = read_rhythm(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	read_handled(&r, SPI_tuptable->vals[0], SPI_tuptable->tupdesc, N_RHYTHM);
	return r;
}

PG_FUNCTION_INFO_V1(taskq_schedule_dates);
Datum
taskq_schedule_dates(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	int			count = PG_ARGISNULL(1) ? 0 : PG_GETARG_INT32(1);
	Rhythm		r;
	DateADT		date;

	if (count < 1 || count > DATES_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("count must be 1 to %d", DATES_MAX)));
	InitMaterializedSRF(fcinfo, 0);
	spi_connect();
	r = rhythm_argument(fcinfo, 0);
	for (int64 n = first_open(&r); count > 0 && date_number(&r, n, &date); n++, count--)
	{
		DateADT		due_date = due_date_of(&r, date);
		Datum		values[] = {DateADTGetDatum(date), DateADTGetDatum(due_date), DateADTGetDatum(due_date - r.lead_days)};
		bool		nulls[lengthof(values)] = {false};

		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	SPI_finish();
	return (Datum) 0;
}
