/*-------------------------------------------------------------------------
 *
 * explain.c
 *		The SLA's clocks of a task as they are read: span by span, as they
 *		stand, and what an edited calendar would make of their deadlines.
 *
 * All of it follows from the facts of which the deadlines are computed, by the
 * functions of sla.h, and so cannot differ from them.  A task that is closed
 * keeps the deadlines it had.  Where its calendar has changed since, they are
 * shown as stored, and not what the calendar would give today.
 *
 * Tasks are read with the caller's rights, calendars and pauses as sla.h reads
 * them.  Functions take the id of a task and not its row, which could be made
 * up, and tell of the pauses of a task that the caller may not see.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"
#include "utils/typcache.h"

#include "base/business.h"
#include "base/plan.h"
#include "base/text.h"
#include "task/row.h"
#include "task/sla.h"

#define HOURS(usec) ((float8) (usec) / USECS_PER_HOUR)

#define N_EXPLAIN_COLUMNS 6
#define N_MOVE_COLUMNS 4
#define N_CLOCK_COLUMNS 9

/* Tasks that are fetched at once. */
#define FETCH_COUNT 1000

/* One of the two clocks of a task. */
typedef struct Clock
{
	const char *name;
	float8		hours;			/* the target */
	int64		span;			/* the same */
	TimestampTz due_at;			/* as stored */
	TimestampTz stopped_at;		/* DT_NOEND = it has not stopped */
	bool		is_final;		/* the task is closed: the deadline does not change any more */
	bool		is_stamped;		/* hours_used was stored when it stopped */
	float8		hours_used;
} Clock;

typedef enum ClockKind
{
	CLOCK_RESPONSE,
	CLOCK_RESOLUTION
} ClockKind;

#define N_CLOCKS (CLOCK_RESOLUTION + 1)

static const char *const clock_names[N_CLOCKS] = {"response", "resolution"};

/* A pause, or a part of one that overlaps another. */
typedef struct PausePart
{
	TimestampTz begins;
	TimestampTz ends;
	Datum		reason;			/* text; 0 = none */
} PausePart;

/* A time line that is being written. */
typedef struct Line
{
	ReturnSetInfo *rsinfo;
	int64		so_far;			/* open microseconds */
} Line;

/* ------------------------------------------------------------------ clocks */

/* The earlier of an instant and a stamp of a row, if it has that. */
static TimestampTz
earlier_stamp(TimestampTz at, const TaskRow *row, int attnum)
{
	return task_isnull(row, attnum) ? at : Min(at, task_stamp(row, attnum));
}

/* Reads a clock of a task; false if the task does not have it. */
static bool
read_clock(const TaskRow *row, ClockKind kind, Clock *clock)
{
	bool		response = kind == CLOCK_RESPONSE;
	int			hours = response ? Anum_task_response_hours : Anum_task_sla_hours;
	int			due_at = response ? Anum_task_response_due_at : Anum_task_sla_due_at;
	int			used = response ? Anum_task_response_hours_used : Anum_task_sla_hours_used;

	if (task_isnull(row, hours) || task_isnull(row, due_at))
		return false;
	clock->name = clock_names[kind];
	clock->hours = DatumGetFloat8(task_value(row, hours));
	if (!sla_hours_in_bounds(clock->hours))
		return false;
	clock->span = sla_span(clock->hours);
	clock->due_at = task_stamp(row, due_at);
	clock->stopped_at = earlier_stamp(DT_NOEND, row, Anum_task_completed_at);
	clock->stopped_at = earlier_stamp(clock->stopped_at, row, Anum_task_cancelled_at);
	clock->is_final = clock->stopped_at != DT_NOEND;
	if (response)
		clock->stopped_at = earlier_stamp(clock->stopped_at, row, Anum_task_started_at);
	clock->is_stamped = clock->stopped_at != DT_NOEND && !task_isnull(row, used);
	clock->hours_used = clock->is_stamped ? DatumGetFloat8(task_value(row, used)) : 0;
	return true;
}

/* Whether the deadlines of a task were computed from its calendar as it is now. */
static bool
is_current(const TaskRow *row, const SlaFacts *facts)
{
	return facts->calendar == NULL ||
		(!task_isnull(row, Anum_task_sla_revision) &&
		 DatumGetInt64(task_value(row, Anum_task_sla_revision)) == business_revision(facts->calendar));
}

/*
 * The facts of a task, with which its clocks can be read; false if it has
 * none: its calendar is gone or of a zone not known, or it is older than the CHECKs on stamps.
 */
static bool
read_facts(const TaskRow *row, SlaFacts *facts)
{
	return sla_facts(row, facts) && !TIMESTAMP_NOT_FINITE(facts->from);
}

static TimestampTz
from_of(const TaskRow *row)
{
	return task_stamp(row, task_isnull(row, Anum_task_sla_from) ? Anum_task_created_at : Anum_task_sla_from);
}

/* Reads a task that is a composite value; the descriptor must be released with ReleaseTupleDesc(). */
static void
row_from_datum(TaskRow *row, Datum task)
{
	HeapTupleHeader header = DatumGetHeapTupleHeader(task);
	HeapTupleData tuple = {0};

	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	tuple.t_data = header;
	ItemPointerSetInvalid(&tuple.t_self);
	task_row_alloc(row, lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(header), HeapTupleHeaderGetTypMod(header)));
	task_row_read(row, &tuple);
}

/* With the caller's rights.  $1 = task */
static TaskqPlan read_task = {
	"SELECT t FROM @.taskq_task t WHERE t.id " EQ " $1"
};

/* Reads a task; false if there is none.  SPI must be connected; the descriptor is to be released as above. */
static bool
find_row(TaskRow *row, int64 id)
{
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(id)};
	bool		isnull;

	spi_read(&read_task, 1, types, values);
	if (SPI_processed == 0)
		return false;
	row_from_datum(row, SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	return true;
}

/* --------------------------------------------------------------- time line */

static void
add_row(Line *line, TimestampTz begins, TimestampTz ends, const char *what, Datum label, bool is_known, int64 open)
{
	Datum		values[N_EXPLAIN_COLUMNS];
	bool		nulls[N_EXPLAIN_COLUMNS] = {false};

	if (ends <= begins)
		return;
	line->so_far += open;
	values[0] = TimestampTzGetDatum(begins);
	values[1] = TimestampTzGetDatum(ends);
	values[2] = CStringGetTextDatum(what);
	values[3] = label;
	nulls[3] = label == (Datum) 0;
	values[4] = Float8GetDatum(HOURS(open));
	values[5] = Float8GetDatum(HOURS(line->so_far));
	nulls[4] = nulls[5] = !is_known;
	tuplestore_putvalues(line->rsinfo->setResult, line->rsinfo->setDesc, values, nulls);
}

/* What the calendar says of a time without pauses. */
static void
add_business(Line *line, const BusinessCalendar *calendar, TimestampTz begins, TimestampTz ends)
{
	ListCell   *lc;

	if (ends <= begins)
		return;
	if (calendar == NULL)
	{
		add_row(line, begins, ends, "open", (Datum) 0, true, ends - begins);
		return;
	}
	foreach(lc, business_spans(calendar, begins, ends))
	{
		const BusinessSpan *span = lfirst(lc);
		const char *holiday = span->holiday;

		CHECK_FOR_INTERRUPTS();
		add_row(line, span->begins, span->ends, span->open ? "open" : holiday != NULL ? "holiday" : "closed",
				holiday != NULL ? CStringGetTextDatum(holiday) : (Datum) 0, true, span->open ? span->ends - span->begins : 0);
	}
}

/* Pauses that are over, with their reasons, that the caller may see.  $1 = task */
static TaskqPlan read_reasons = {
	"SELECT p.paused_at, p.resumed_at, p.reason FROM @.taskq_task_pause p WHERE p.task_id " EQ " $1 ORDER BY p.paused_at"
};

static void
add_part(List **parts, TimestampTz begins, TimestampTz ends, Datum reason)
{
	PausePart  *part;

	if (ends <= begins)
		return;
	part = palloc(sizeof(PausePart));
	part->begins = begins;
	part->ends = ends;
	part->reason = reason;
	*parts = lappend(*parts, part);
}

/* Divides a pause, in which several may overlap, by their reasons; what overlaps has that of the one that began first. */
static void
divide_pause(List **parts, const Pause *pause, SPITupleTable *reasons, uint64 n)
{
	TimestampTz at = pause->begins;

	for (uint64 i = 0; i < n; i++)
	{
		bool		isnull;
		TimestampTz begins = DatumGetTimestampTz(SPI_getbinval(reasons->vals[i], reasons->tupdesc, 1, &isnull));
		TimestampTz ends = DatumGetTimestampTz(SPI_getbinval(reasons->vals[i], reasons->tupdesc, 2, &isnull));
		Datum		reason = SPI_getbinval(reasons->vals[i], reasons->tupdesc, 3, &isnull);

		if (ends <= at || begins >= pause->ends)
			continue;
		add_part(parts, at, begins, (Datum) 0);
		add_part(parts, Max(at, begins), Min(ends, pause->ends), isnull ? (Datum) 0 : reason);
		at = Min(ends, pause->ends);
	}
	add_part(parts, at, pause->ends, (Datum) 0);
}

/* All pauses of a task, in order: List of PausePart. */
static List *
pause_parts(const TaskRow *row, const SlaFacts *facts)
{
	List	   *parts = NIL;

	if (facts->pauses.n > 0)
	{
		Oid			types[] = {INT8OID};
		Datum		values[] = {task_value(row, Anum_task_id)};

		spi_read(&read_reasons, 1, types, values);
		for (int i = 0; i < facts->pauses.n; i++)
			divide_pause(&parts, &facts->pauses.pauses[i], SPI_tuptable, SPI_processed);
	}
	if (facts->paused_at != DT_NOEND)
		add_part(&parts, facts->paused_at, DT_NOEND,
				 task_isnull(row, Anum_task_pause_reason) ? (Datum) 0 : task_value(row, Anum_task_pause_reason));
	return parts;
}

/* A time line by the calendar, up to the deadline, or to "until" if there is none. */
static void
add_line(Line *line, const TaskRow *row, const SlaFacts *facts, TimestampTz until)
{
	TimestampTz at = facts->from;
	ListCell   *lc;

	foreach(lc, pause_parts(row, facts))
	{
		const PausePart *part = lfirst(lc);
		TimestampTz begins = Max(at, part->begins);
		TimestampTz ends = Min(until, part->ends);

		if (ends <= begins)
			continue;
		add_business(line, facts->calendar, at, begins);
		add_row(line, begins, ends, "paused", part->reason, true, 0);
		at = ends;
	}
	add_business(line, facts->calendar, at, until);
}

/* The time line of a clock whose deadline follows from the facts, or will once an edited calendar has reached the task. */
static void
explain_facts(Line *line, const TaskRow *row, const SlaFacts *facts, const Clock *clock)
{
	TimestampTz until = clock->stopped_at != DT_NOEND ? clock->stopped_at : GetCurrentStatementStartTimestamp();
	TimestampTz due_at = clock->due_at;

	/* Which may be never. */
	if (!clock->is_final && !is_current(row, facts) && !sla_try_instant(facts, clock->span, &due_at))
		due_at = DT_NOEND;
	if (due_at == DT_NOEND)
	{
		add_line(line, row, facts, until);
		return;
	}
	due_at = Max(due_at, facts->from);
	add_line(line, row, facts, due_at);
	if (until > due_at)
		add_row(line, due_at, until, "late", (Datum) 0, true, sla_elapsed(facts, until) - sla_elapsed(facts, due_at));
}

/* Whether the stored deadline of a task that is closed still follows from the facts. */
static bool
still_follows(const TaskRow *row, const SlaFacts *facts, const Clock *clock)
{
	TimestampTz due_at;

	return is_current(row, facts) && (clock->due_at == DT_NOEND ||
									  (sla_try_instant(facts, clock->span, &due_at) && due_at == clock->due_at));
}

/*
 * The time line of a clock of a task that is closed, whose deadline does not
 * follow from its calendar any more: what is stored of it.
 */
static void
explain_stamps(Line *line, const TaskRow *row, const Clock *clock, bool have_calendar)
{
	TimestampTz from = from_of(row);
	TimestampTz due_at = Max(clock->due_at, from);
	bool		by_wall = task_isnull(row, Anum_task_sla_calendar);
	char	   *label;

	if (TIMESTAMP_NOT_FINITE(from) || TIMESTAMP_NOT_FINITE(due_at))
		return;
	if (by_wall)
	{
		add_row(line, from, due_at, "open", (Datum) 0, true, due_at - from);
		add_row(line, due_at, clock->stopped_at, "late", (Datum) 0, true, clock->stopped_at - due_at);
		return;
	}
	label = psprintf(have_calendar ? "as stored: calendar \"%s\" has changed since" : "as stored: calendar \"%s\" does not exist any more",
					 TextDatumGetCString(task_value(row, Anum_task_sla_calendar)));
	add_row(line, from, due_at, "open", CStringGetTextDatum(label), true, clock->span);
	add_row(line, due_at, clock->stopped_at, "late", (Datum) 0, clock->is_stamped,
			clock->is_stamped ? sla_span(Max(clock->hours_used - clock->hours, 0)) : 0);
}

static ClockKind
clock_argument(FunctionCallInfo fcinfo, int argno)
{
	char	   *name = PG_ARGISNULL(argno) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(argno));

	for (int i = 0; i < N_CLOCKS; i++)
		if (strcmp(name, clock_names[i]) == 0)
			return (ClockKind) i;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("clock must be response or resolution")));
}

PG_FUNCTION_INFO_V1(taskq_sla_explain);
Datum
taskq_sla_explain(PG_FUNCTION_ARGS)
{
	int64		id = id_argument(fcinfo, "task NULL does not exist");
	ClockKind	kind = clock_argument(fcinfo, 1);
	Line		line = {(ReturnSetInfo *) fcinfo->resultinfo, 0};
	TaskRow		row;
	SlaFacts	facts;
	Clock		clock;

	InitMaterializedSRF(fcinfo, 0);
	spi_connect();
	if (!find_row(&row, id))
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("task " INT64_FORMAT " does not exist", id)));
	if (read_clock(&row, kind, &clock))
	{
		bool		have_facts = read_facts(&row, &facts);

		if (have_facts && (!clock.is_final || still_follows(&row, &facts, &clock)))
			explain_facts(&line, &row, &facts, &clock);
		else if (clock.is_final)
			explain_stamps(&line, &row, &clock, have_facts);
	}
	ReleaseTupleDesc(row.desc);
	SPI_finish();
	return (Datum) 0;
}

/* -------------------------------------------------------- clocks of a task */

/* Writes a row for a clock; facts = NULL: they are not known. */
static void
add_clock(ReturnSetInfo *rsinfo, const TaskRow *row, const SlaFacts *facts, const Clock *clock)
{
	TimestampTz now = GetCurrentStatementStartTimestamp();
	bool		stopped = clock->stopped_at != DT_NOEND;
	bool		is_closed = !stopped && facts != NULL && facts->calendar != NULL && facts->paused_at == DT_NOEND &&
		!business_is_open(facts->calendar, now);
	bool		is_known = clock->is_stamped || (facts != NULL && (!clock->is_final || is_current(row, facts)));
	float8		used = clock->hours_used;
	TimestampTz opening = 0;
	Datum		values[N_CLOCK_COLUMNS];
	bool		nulls[N_CLOCK_COLUMNS] = {false};

	if (!clock->is_stamped && is_known)
		used = HOURS(sla_elapsed(facts, stopped ? clock->stopped_at : now));
	values[0] = CStringGetTextDatum(clock->name);
	values[1] = CStringGetTextDatum(stopped ? "STOPPED" :
									facts != NULL && facts->paused_at != DT_NOEND ? "PAUSED" :
									is_closed ? "CLOSED_HOURS" : "RUNNING");
	values[2] = TimestampTzGetDatum(facts != NULL ? facts->from : 0);
	nulls[2] = facts == NULL;
	values[3] = TimestampTzGetDatum(clock->due_at);
	values[4] = Float8GetDatum(clock->hours);
	values[5] = Float8GetDatum(used);
	values[6] = Float8GetDatum(clock->hours - used);
	values[7] = Float8GetDatum(100 * used / clock->hours);
	nulls[5] = nulls[6] = nulls[7] = !is_known;
	nulls[8] = !is_closed || !business_next_opening(facts->calendar, now, &opening);
	values[8] = TimestampTzGetDatum(opening);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

PG_FUNCTION_INFO_V1(taskq_sla_clocks_of);
Datum
taskq_sla_clocks_of(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	TaskRow		row;
	SlaFacts	facts;
	bool		have_facts = false;

	InitMaterializedSRF(fcinfo, 0);
	spi_connect();
	if (find_row(&row, PG_GETARG_INT64(0)))
	{
		for (int i = 0; i < N_CLOCKS; i++)
		{
			Clock		clock;

			if (!read_clock(&row, (ClockKind) i, &clock))
				continue;
			have_facts = have_facts || read_facts(&row, &facts);
			add_clock(rsinfo, &row, have_facts ? &facts : NULL, &clock);
		}
		ReleaseTupleDesc(row.desc);
	}
	SPI_finish();
	return (Datum) 0;
}

/* --------------------------------------------- deadlines that would move */

typedef struct Move
{
	int64		task_id;
	ClockKind	kind;
	TimestampTz due_at;
	TimestampTz new_due_at;		/* DT_NOEND, too, if there is none */
	bool		has_none;
} Move;

typedef struct MoveList
{
	int			n;
	int			max;
	Move	   *moves;
} MoveList;

/* Tasks whose deadlines are not of this revision, by taskq_task_calendar_idx.  $1 = calendar, $2 = its revision */
static TaskqPlan read_stale = {
	"SELECT t FROM @.taskq_task t WHERE t.sla_calendar " EQ " $1 AND t.completed_at IS NULL AND t.cancelled_at IS NULL "
	"AND (t.sla_revision IS NULL OR t.sla_revision " NE " $2)"
};

static void
add_move(MoveList *list, const Move *move)
{
	if (list->n == list->max)
	{
		list->max *= 2;
		list->moves = repalloc_huge(list->moves, list->max * sizeof(Move));
	}
	list->moves[list->n++] = *move;
}

static void
add_moves(MoveList *list, Datum task)
{
	TaskRow		row;
	SlaFacts	facts;

	row_from_datum(&row, task);
	if (read_facts(&row, &facts))
	{
		for (int i = 0; i < N_CLOCKS; i++)
		{
			Clock		clock;
			Move		move = {task_id(&row), (ClockKind) i};

			if (!read_clock(&row, (ClockKind) i, &clock))
				continue;
			move.due_at = clock.due_at;
			move.has_none = !sla_try_instant(&facts, clock.span, &move.new_due_at);
			if (move.has_none)
				move.new_due_at = DT_NOEND;
			if (move.has_none || move.new_due_at != move.due_at)
				add_move(list, &move);
		}
	}
	ReleaseTupleDesc(row.desc);
}

static void
collect_moves(MoveList *list, Datum calendar, int64 revision)
{
	Oid			types[] = {TEXTOID, INT8OID};
	Datum		values[] = {calendar, Int64GetDatum(revision)};
	Portal		portal = SPI_cursor_open(NULL, prepared(&read_stale, 2, types), values, NULL, true);
	MemoryContext per_batch = AllocSetContextCreate(CurrentMemoryContext, "taskq moves", ALLOCSET_DEFAULT_SIZES);

	for (;;)
	{
		SPITupleTable *tasks;
		uint64		n;
		bool		isnull;
		MemoryContext old;

		SPI_cursor_fetch(portal, true, FETCH_COUNT);
		tasks = SPI_tuptable;
		n = SPI_processed;
		old = MemoryContextSwitchTo(per_batch);
		for (uint64 i = 0; i < n; i++)
		{
			CHECK_FOR_INTERRUPTS();
			add_moves(list, SPI_getbinval(tasks->vals[i], tasks->tupdesc, 1, &isnull));
		}
		MemoryContextSwitchTo(old);
		MemoryContextReset(per_batch);
		SPI_freetuptable(tasks);
		if (n == 0)
			break;
	}
	SPI_cursor_close(portal);
}

static int
compare_moves(const void *a, const void *b)
{
	const Move *x = a;
	const Move *y = b;

	if (x->new_due_at != y->new_due_at)
		return x->new_due_at < y->new_due_at ? -1 : 1;
	if (x->task_id != y->task_id)
		return x->task_id < y->task_id ? -1 : 1;
	return (int) x->kind - (int) y->kind;
}

PG_FUNCTION_INFO_V1(taskq_sla_moves);
Datum
taskq_sla_moves(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	const BusinessCalendar *calendar;
	MoveList	list = {0, 64, NULL};

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("calendar must not be null")));
	calendar = business_calendar_argument("calendar", PG_GETARG_TEXT_PP(0));
	InitMaterializedSRF(fcinfo, 0);
	spi_connect();
	list.moves = palloc(list.max * sizeof(Move));
	collect_moves(&list, PG_GETARG_DATUM(0), business_revision(calendar));
	qsort(list.moves, list.n, sizeof(Move), compare_moves);
	for (int i = 0; i < list.n; i++)
	{
		const Move *move = &list.moves[i];
		Datum		values[N_MOVE_COLUMNS];
		bool		nulls[N_MOVE_COLUMNS] = {false};

		values[0] = Int64GetDatum(move->task_id);
		values[1] = CStringGetTextDatum(clock_names[move->kind]);
		values[2] = TimestampTzGetDatum(move->due_at);
		values[3] = TimestampTzGetDatum(move->new_due_at);
		nulls[3] = move->has_none;
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	SPI_finish();
	return (Datum) 0;
}
