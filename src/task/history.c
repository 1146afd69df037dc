/*-------------------------------------------------------------------------
 *
 * history.c
 *		Task events: what changed, derived from the old row and the new one.
 *
 * One update makes one event for the change itself, and before it one for each
 * change by time that had not been stored yet: a due date that has passed
 * (overdue, or recovered after a change of the time zone), deadlines that have
 * followed their calendar, warnings, deadlines that have passed, and the end of
 * a pause.  So each event of a task begins with the status with which
 * the one before ended, however late the sweep is.
 *
 * Events of a statement are collected and inserted together, as the owner of
 * the table: callers may not write history.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "base/actor.h"
#include "base/catalog.h"
#include "base/enums.h"
#include "base/json.h"
#include "base/owner.h"
#include "base/plan.h"
#include "task/change.h"
#include "task/diff.h"
#include "task/history.h"
#include "task/row.h"
#include "task/sla.h"

static const char *const kind_names[N_EVENT_KINDS] =
{
	"overdue", "recovered", "sla_moved", "sla_at_risk", "sla_warning", "response_breached",
	"sla_breached", "resumed", "started", "completed", "cancelled", "paused", "assigned", "rescheduled", "prioritized", "sla_changed", "edited", "updated",
	"commented", "followed_up", "merged", "erased"
};

/* How many of each have been recorded in this session. */
static uint64 recorded[N_EVENT_KINDS];

/*
 * Guards (see spi_run_past_guard()) for deleting events with their task, and
 * erasing their texts.
 */
static int	forgetting = 0;
static int	erasing = 0;

enum
{
	EV_TASK_ID,
	EV_AT,
	EV_ACTOR,
	EV_DB_USER,
	EV_KIND,
	EV_FROM,
	EV_TO,
	EV_CHANGES,
	EV_NOTE,
	N_EV
};

static TaskqPlan insert_one = {
	"INSERT INTO @.taskq_task_event (task_id, at, actor, db_user, kind, from_status, to_status, changes, note) "
	"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
};

/* Events that differ in the task only. */
static TaskqPlan insert_alike = {
	"INSERT INTO @.taskq_task_event (task_id, at, actor, db_user, kind, from_status, to_status, changes, note) "
	"SELECT pg_catalog.unnest($1), $2, $3, $4, $5, $6, $7, $8, $9"
};

/* Arrays of equal length; unnest() in a select list does not materialize its result. */
static TaskqPlan insert_many = {
	"INSERT INTO @.taskq_task_event (task_id, at, actor, db_user, kind, from_status, to_status, changes, note) "
	"SELECT pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3), "
	"pg_catalog.unnest($4), pg_catalog.unnest($5), pg_catalog.unnest($6), pg_catalog.unnest($7), "
	"pg_catalog.unnest($8), pg_catalog.unnest($9)"
};
static TaskqPlan delete_of_tasks = {
	"DELETE FROM @.taskq_task_event WHERE task_id " EQ " ANY ($1)"
};

/* Values of fields that hold no text about the customer are kept. */
static TaskqPlan erase_texts = {
	"UPDATE @.taskq_task_event AS e SET note = NULL, changes = r.changes "
	"FROM (SELECT o.id, (SELECT pg_catalog.jsonb_object_agg(c.key, CASE "
	"WHEN c.key " EQ " ANY ('{priority,due_date,sla_hours,assignee_id,team_id,kind,sla_policy,sla_calendar,sla_from,response_hours,paused_at,resume_at,sla_due_at,response_due_at,follow_up}'::pg_catalog.text[]) THEN c.value "
	"ELSE '{\"from\": \"erased\", \"to\": \"erased\"}'::pg_catalog.jsonb END) "
	"FROM pg_catalog.jsonb_each(o.changes) c) AS changes "
	"FROM @.taskq_task_event o WHERE o.task_id " EQ " ANY ($1)) r "
	"WHERE e.id " EQ " r.id AND (e.note IS NOT NULL OR e.changes " NE " r.changes)"
};
static TaskqPlan select_closer = {
	"SELECT e.actor FROM @.taskq_task_event e WHERE e.task_id " EQ " $1 "
	"AND (e.kind " EQ " 'completed' OR e.kind " EQ " 'cancelled') ORDER BY e.id DESC LIMIT 1"
};

/* A batch is written when it has so many events, or so many bytes of values. */
#define FLUSH_AT 10000
#define FLUSH_AT_BYTES ((Size) 1024 * 1024)
#define EVENTS_PER_UPDATE 11	/* at most */

/* Number of deleted tasks whose events are deleted at a time. */
#define FORGET_AT 10000

/* The tasks with an event of one kind, if a follower wants it. */
typedef struct Offer
{
	bool		asked;			/* wanted is set */
	bool		wanted;
	int			n;
	int			allocated;
	int64	   *ids;
} Offer;

/*
 * Events of a statement that are to be inserted, or deleted tasks whose events
 * are to be deleted.
 */
typedef struct HistoryBatch
{
	bool		many;			/* tasks */
	bool		prepared;		/* what follows, as far as db_user, is set */
	int			n;
	int			allocated;
	bool		alike;			/* all but for the task */
	Datum	   *values[N_EV];
	bool	   *nulls[N_EV];
	Size		bytes;			/* of its jsonb and notes */
	MemoryContext row_context;	/* what one row's changes are made in; NULL = of a few rows */
	MemoryContext value_context;	/* what the events hold, until the flush */
	Datum		kinds[N_EVENT_KINDS];	/* as text */
	Datum		actor;
	bool		actor_isnull;
	Datum		db_user;
	bool		db_user_isnull;
	Offer		offers[N_EVENT_KINDS];
	int64	   *forgotten;		/* tasks that are deleted */
	int			nforgotten;
} HistoryBatch;

/* A batch in the current memory context.  Changes of many rows need memory contexts of their own. */
static void *
history_begin(bool many)
{
	HistoryBatch *batch = palloc0(sizeof(HistoryBatch));

	batch->many = many;
	return batch;
}

/* What all events of a batch share. */
static void
batch_prepare(HistoryBatch *batch)
{
	char	   *user = GetUserNameFromId(GetSessionUserId(), true);
	text	   *actor = current_actor();

	if (batch->many)
	{
		batch->row_context = AllocSetContextCreate(CurrentMemoryContext, "taskq history row", ALLOCSET_DEFAULT_SIZES);
		batch->value_context = AllocSetContextCreate(CurrentMemoryContext, "taskq history values", ALLOCSET_DEFAULT_SIZES);
	}
	batch->actor = PointerGetDatum(actor);
	batch->actor_isnull = actor == NULL;
	batch->db_user_isnull = user == NULL;
	if (user != NULL)
		batch->db_user = CStringGetTextDatum(user);
	batch->prepared = true;
}

static Datum
kind_datum(HistoryBatch *batch, EventKind kind)
{
	if (batch->kinds[kind] == (Datum) 0)
		batch->kinds[kind] = CStringGetTextDatum(kind_names[kind]);
	return batch->kinds[kind];
}

static void
grow(HistoryBatch *batch)
{
	int			size = batch->allocated == 0 ? 1 : Min(batch->allocated * 8, FLUSH_AT);

	for (int i = 0; i < N_EV; i++)
	{
		if (batch->allocated == 0)
		{
			batch->values[i] = palloc(size * sizeof(Datum));
			batch->nulls[i] = palloc(size * sizeof(bool));
		}
		else
		{
			batch->values[i] = repalloc(batch->values[i], size * sizeof(Datum));
			batch->nulls[i] = repalloc(batch->nulls[i], size * sizeof(bool));
		}
	}
	batch->allocated = size;
}

/* Values shared by the events of a batch are the same Datum. */
static void
set_value(HistoryBatch *batch, int column, Datum value, bool isnull)
{
	if (column != EV_TASK_ID && batch->n > 0 &&
		(isnull != batch->nulls[column][0] || (!isnull && value != batch->values[column][0])))
		batch->alike = false;
	batch->values[column][batch->n] = value;
	batch->nulls[column][batch->n] = isnull;
}

/* Adds a task to the offer for a kind of event, if a follower wants it. */
static void
note_offer(HistoryBatch *batch, EventKind kind, int64 task_id)
{
	Offer	   *offer = &batch->offers[kind];

	if (!offer->asked)
		offer->wanted = change_is_wanted(kind);
	offer->asked = true;
	if (!offer->wanted)
		return;
	if (offer->n == offer->allocated)
	{
		offer->allocated = Max(offer->allocated * 2, 8);
		offer->ids = offer->ids == NULL ? palloc(offer->allocated * sizeof(int64)) :
			repalloc_huge(offer->ids, offer->allocated * sizeof(int64));
	}
	offer->ids[offer->n++] = task_id;
}

/* Passes the events that have been recorded to the followers. */
static void
history_after(void *state)
{
	HistoryBatch *batch = state;

	for (EventKind kind = 0; kind < N_EVENT_KINDS; kind++)
		change_recorded(kind, batch->offers[kind].ids, batch->offers[kind].n);
}

/* Adds an event; one that time has brought about has no actor. */
static void
record_event(HistoryBatch *batch, int64 task_id, TimestampTz at, EventKind kind,
			 TaskStatus from, TaskStatus to, Jsonb *changes, text *note, bool by_time)
{
	const TaskqCatalog *cat = taskq_catalog();

	if (batch->n == batch->allocated)
		grow(batch);
	if (batch->n == 0)
		batch->alike = true;
	set_value(batch, EV_TASK_ID, Int64GetDatum(task_id), false);
	set_value(batch, EV_AT, TimestampTzGetDatum(at), false);
	set_value(batch, EV_ACTOR, batch->actor, by_time || batch->actor_isnull);
	set_value(batch, EV_DB_USER, batch->db_user, batch->db_user_isnull);
	set_value(batch, EV_KIND, kind_datum(batch, kind), false);
	set_value(batch, EV_FROM, ObjectIdGetDatum(cat->status[from]), false);
	set_value(batch, EV_TO, ObjectIdGetDatum(cat->status[to]), false);
	set_value(batch, EV_CHANGES, PointerGetDatum(changes), changes == NULL);
	set_value(batch, EV_NOTE, PointerGetDatum(note), note == NULL);
	batch->n++;
	batch->bytes += (changes != NULL ? VARSIZE_ANY(changes) : 0) + (note != NULL ? VARSIZE_ANY(note) : 0);
	recorded[kind]++;
	note_offer(batch, kind, task_id);
}

static void
add_event(HistoryBatch *batch, int64 task_id, TimestampTz at, EventKind kind,
		  TaskStatus from, TaskStatus to, Jsonb *changes, text *note)
{
	record_event(batch, task_id, at, kind, from, to, changes, note,
				 kind <= EVENT_SLA_BREACHED && !(kind == EVENT_SLA_MOVED && call_is(VERB_PAUSES)));
}

/* ------------------------------------------------------------ what changed */

/* changes_of() in the batch's memory context; frees what was allocated meanwhile. */
static Jsonb *
changes_for_batch(HistoryBatch *batch, const TaskRow *old, const TaskRow *new, EventKind *kind)
{
	MemoryContext caller;
	Jsonb	   *changes;

	if (batch->row_context == NULL)
		return changes_of(old, new, kind);
	caller = MemoryContextSwitchTo(batch->row_context);
	changes = changes_of(old, new, kind);
	MemoryContextSwitchTo(batch->value_context);
	if (changes != NULL)
		changes = DatumGetJsonbPCopy(JsonbPGetDatum(changes));
	MemoryContextSwitchTo(caller);
	MemoryContextReset(batch->row_context);
	return changes;
}

/* The note that an API call gives for an event; NULL if the event is not the one it is for. */
static text *
note_for(const TaskqCall *call, bool ended, bool new_sla, bool resumed)
{
	if (call == NULL)
		return NULL;
	if (call->verb == VERB_RESUME)
		return resumed ? call->note : NULL;
	return (call->verb == VERB_SET_SLA || call->verb == VERB_APPLY_POLICY ? new_sla : ended) ? call->note : NULL;
}

/* Whether an update finds that a deadline has passed which nobody has recorded. */
static bool
deadline_passed(const TaskRow *old, const TaskRow *new, int hours, int due_at, int breached_at)
{
	TimestampTz judged_at = task_judged_at(new);

	if (due_at == 0 || task_isnull(old, due_at) || !task_isnull(old, breached_at))
		return false;
	if (due_at != Anum_task_sla_due_at && !task_isnull(new, Anum_task_started_at))
		judged_at = task_stamp(new, Anum_task_started_at);
	return task_stamp(old, due_at) < judged_at && sla_due_now(old, hours, due_at) < judged_at;
}

static bool
newly_set(const TaskRow *old, const TaskRow *new, int attnum)
{
	return attnum != 0 && !task_isnull(new, attnum) && task_column_differs(old, new, attnum);
}

/* Adds the events of what an update has stored of warnings; the status is that before it. */
static void
add_warnings(HistoryBatch *batch, const TaskRow *old, const TaskRow *new, TimestampTz at, TaskStatus status)
{
	int			warned_at = Anum_task_sla_warned_at;
	int			percent;

	if (!newly_set(old, new, warned_at))
		return;
	if (sla_risk_recorded(old, new))
		add_event(batch, task_id(old), at, EVENT_SLA_AT_RISK, status, status, NULL, NULL);
	percent = sla_percent_passed(old, new);
	if (percent > 0)
		add_event(batch, task_id(old), at, EVENT_SLA_WARNING, status, status, NULL,
				  cstring_to_text(psprintf("%d %%", percent)));
}

/* Adds the event of deadlines that have been put into line with what they follow from. */
static void
add_moved(HistoryBatch *batch, const TaskRow *old, const TaskRow *new, TimestampTz at, TaskStatus status)
{
	text	   *why;

	if (!sla_facts_differ(old, new) ||
		(!task_column_differs(old, new, Anum_task_sla_due_at) && !task_column_differs(old, new, Anum_task_response_due_at)))
		return;
	why = call_is(VERB_PAUSES) ? cstring_to_text("pauses have been changed") :
		task_isnull(new, Anum_task_sla_calendar) ? NULL :
		cstring_to_text(psprintf("calendar \"%s\" has changed", TextDatumGetCString(task_value(new, Anum_task_sla_calendar))));
	add_event(batch, task_id(old), at, EVENT_SLA_MOVED, status, status, moved_deadlines(old, new), why);
}

static text *
pause_reason_of(const TaskRow *row)
{
	return task_isnull(row, Anum_task_pause_reason) ? NULL : DatumGetTextPP(task_value(row, Anum_task_pause_reason));
}

/* Adds the events of one row's update. */
static void
add_update(HistoryBatch *batch, const TaskRow *old, const TaskRow *new)
{
	const TaskqCall *call = call_under_way();
	int64		id = task_id(old);
	TimestampTz at = task_updated_instant(old, new);
	TaskStatus	from = effective_status(old);
	bool		active = !STATUS_IS_TERMINAL(old->status);
	bool		ended = active && STATUS_IS_TERMINAL(new->status);
	bool		new_hours = task_column_differs(old, new, Anum_task_sla_hours);
	bool		corrected = active && sla_facts_differ(old, new);
	bool		was_late = active && !corrected && deadline_passed(old, new, Anum_task_sla_hours, Anum_task_sla_due_at, Anum_task_sla_breached_at);
	bool		was_slow = active && !corrected && deadline_passed(old, new, Anum_task_response_hours, Anum_task_response_due_at, Anum_task_response_breached_at);
	bool		repaused = Anum_task_paused_at != 0 && task_column_differs(old, new, Anum_task_paused_at);
	bool		resumed = repaused && !task_isnull(old, Anum_task_paused_at);
	bool		paused = repaused && !task_isnull(new, Anum_task_paused_at);
	bool		by_itself = resumed && !task_isnull(old, Anum_task_resume_at) && task_stamp(old, Anum_task_resume_at) <= at;
	EventKind	kind = EVENT_UPDATED;
	Jsonb	   *changes;

	changes = changes_for_batch(batch, old, new, &kind);
	if (from != old->status)
		add_event(batch, id, at, from == STATUS_OVERDUE ? EVENT_OVERDUE : EVENT_RECOVERED,
				  old->status, from, NULL, NULL);
	if (active)
	{
		add_moved(batch, old, new, at, from);
		add_warnings(batch, old, new, at, from);
	}
	if (was_slow)
		add_event(batch, id, at, EVENT_RESPONSE_BREACHED, from, from, NULL, NULL);
	if (was_late)
		add_event(batch, id, at, EVENT_SLA_BREACHED, from, from, NULL, NULL);

	if (ended)
		kind = new->status == STATUS_COMPLETED ? EVENT_COMPLETED : EVENT_CANCELLED;
	else if (task_isnull(old, Anum_task_started_at) && !task_isnull(new, Anum_task_started_at))
		kind = EVENT_STARTED;
	else if (resumed && !paused && kind == EVENT_PAUSED)
		kind = EVENT_RESUMED;
	else if (call_is(VERB_MERGE) && task_column_differs(old, new, Anum_task_user_id))
		kind = EVENT_MERGED;

	/* Beside other changes, a pause that begins or ends has an event of its own. */
	if (resumed && !ended && kind != EVENT_RESUMED)
		record_event(batch, id, at, EVENT_RESUMED, from, from, NULL, NULL, by_itself);
	if (ended || kind == EVENT_STARTED || changes != NULL)
		record_event(batch, id, at, kind, from, new->status, changes,
					 kind == EVENT_PAUSED ? pause_reason_of(new) :
					 note_for(call, ended, kind == EVENT_SLA_CHANGED, kind == EVENT_RESUMED),
					 kind == EVENT_RESUMED && by_itself);
	/* Rules for task.assigned get every new assignee and team, also of an event of another kind. */
	if (kind != EVENT_ASSIGNED &&
		(task_column_differs(old, new, Anum_task_assignee_id) ||
		 (Anum_task_team_id != 0 && task_column_differs(old, new, Anum_task_team_id))))
		note_offer(batch, EVENT_ASSIGNED, id);
	if (kind != EVENT_PAUSED && paused)
		add_event(batch, id, at, EVENT_PAUSED, new->status, new->status, NULL, pause_reason_of(new));

	/* A new target can put the deadline into the past at once; so can facts that are corrected. */
	if (active && !was_slow && newly_set(old, new, Anum_task_response_breached_at))
		add_event(batch, id, at, EVENT_RESPONSE_BREACHED, new->status, new->status, NULL, NULL);
	if (active && newly_set(old, new, Anum_task_sla_breached_at) && (!was_late || new_hours))
		add_event(batch, id, at, EVENT_SLA_BREACHED, new->status, new->status, NULL, NULL);
}

/* ------------------------------------------------------ inserting, deleting */

static Datum
column_array(HistoryBatch *batch, int column, Oid element)
{
	int			dims[1] = {batch->n};
	int			lower[1] = {1};
	int16		len;
	bool		byval;
	char		align;

	get_typlenbyvalalign(element, &len, &byval, &align);
	return PointerGetDatum(construct_md_array(batch->values[column], batch->nulls[column],
											  1, dims, lower, element, len, byval, align));
}

/* Inserts the batch, as the owner of the table, and empties it. */
static void
flush(HistoryBatch *batch)
{
	const TaskqCatalog *cat = taskq_catalog();
	Oid			types[N_EV] = {INT8OID, TIMESTAMPTZOID, TEXTOID, TEXTOID, TEXTOID,
	cat->status_type, cat->status_type, JSONBOID, TEXTOID};
	Datum		values[N_EV];
	OwnerSwitch owner;

	if (batch->n == 0)
		return;
	spi_connect();
	become_owner_of(cat->task_event, &owner);
	if (batch->alike)
	{
		char		nulls[N_EV];

		for (int i = 0; i < N_EV; i++)
		{
			values[i] = batch->values[i][0];
			nulls[i] = batch->nulls[i][0] ? 'n' : ' ';
		}
		if (batch->n > 1)
		{
			types[EV_TASK_ID] = INT8ARRAYOID;
			values[EV_TASK_ID] = column_array(batch, EV_TASK_ID, INT8OID);
		}
		spi_run(batch->n > 1 ? &insert_alike : &insert_one, N_EV, types, values, nulls, 0);
	}
	else
	{
		Oid			array_types[N_EV];

		for (int i = 0; i < N_EV; i++)
		{
			array_types[i] = get_array_type(types[i]);
			values[i] = column_array(batch, i, types[i]);
		}
		spi_run(&insert_many, N_EV, array_types, values, NULL, 0);
	}
	become_caller_again(&owner);
	SPI_finish();
	batch->n = 0;
	batch->bytes = 0;
	if (batch->value_context != NULL)
		MemoryContextReset(batch->value_context);
}

/* Deletes the events of deleted tasks. */
static void
forget(HistoryBatch *batch)
{
	Oid			types[] = {INT8ARRAYOID};
	Datum		values[1];
	OwnerSwitch owner;

	if (batch->nforgotten == 0)
		return;
	spi_connect();
	values[0] = id_array(batch->forgotten, batch->nforgotten);
	become_owner_of(taskq_catalog()->task_event, &owner);
	spi_run_past_guard(&forgetting, &delete_of_tasks, 1, types, values, NULL);
	become_caller_again(&owner);
	SPI_finish();
	batch->nforgotten = 0;
}

/*
 * Flushes the batch unless it has room for all events of a row.  Must be
 * called before the first of them, because flush() resets the memory context
 * of their values.
 */
static void
make_room(HistoryBatch *batch)
{
	if (!batch->prepared)
		batch_prepare(batch);
	if (batch->n + EVENTS_PER_UPDATE > FLUSH_AT || batch->bytes >= FLUSH_AT_BYTES)
		flush(batch);
}

/* {"follow_up": id} */
static Jsonb *
follow_up_as_json(int64 id)
{
	JsonbInState json = {0};
	JsonbValue	value;

	value.type = jbvNumeric;
	value.val.numeric = int64_to_numeric(id);
	json_begin(&json);
	json_key(&json, "follow_up");
	json_value(&json, &value);
	return json_finish(&json);
}

static void
history_change(void *state, const TaskChange *change)
{
	HistoryBatch *batch = state;
	const TaskRow *row = change->old;

	if (change->kind == CHANGE_DELETE)
	{
		if (batch->forgotten == NULL)
			batch->forgotten = palloc((batch->many ? FORGET_AT : 1) * sizeof(int64));
		else if (batch->nforgotten == FORGET_AT)
			forget(batch);
		batch->forgotten[batch->nforgotten++] = task_id(row);
		return;
	}
	make_room(batch);
	if (change->kind == CHANGE_UPDATE)
		add_update(batch, row, change->new);
	else						/* nothing was written but text: the status is the stored one */
		add_event(batch, task_id(row), task_instant(row),
				  change->kind == CHANGE_COMMENT ? EVENT_COMMENTED :
				  change->kind == CHANGE_FOLLOW_UP ? EVENT_FOLLOWED_UP : EVENT_ERASED,
				  row->status, row->status,
				  change->kind == CHANGE_FOLLOW_UP ? follow_up_as_json(change->follow_up) : NULL, change->note);
}

static void
history_end(void *state)
{
	flush(state);
	forget(state);
}

const TaskFollower history_follower = {
	.begin = history_begin, .change = history_change, .end = history_end, .after = history_after
};

/* How many events of a kind have been recorded in this session. */
uint64
history_recorded(EventKind kind)
{
	return recorded[kind];
}

/* Erases the texts in the events of tasks and returns how many had any. */
uint64
history_erase(Datum task_ids)
{
	Oid			types[] = {INT8ARRAYOID};
	OwnerSwitch owner;
	uint64		n;

	spi_connect();
	become_owner_of(taskq_catalog()->task_event, &owner);
	spi_run_past_guard(&erasing, &erase_texts, 1, types, &task_ids, NULL);
	n = SPI_processed;
	become_caller_again(&owner);
	SPI_finish();
	return n;
}

/* The actor who completed or cancelled a task; NULL if unknown. */
char *
history_who_closed(int64 task_id)
{
	MemoryContext context = CurrentMemoryContext;
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(task_id)};
	OwnerSwitch owner;
	char	   *who = NULL;

	spi_connect();
	become_owner_of(taskq_catalog()->task_event, &owner);
	spi_run(&select_closer, 1, types, values, NULL, 1);
	if (SPI_processed > 0)
	{
		char	   *actor = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);

		if (actor != NULL)
			who = MemoryContextStrdup(context, actor);
	}
	become_caller_again(&owner);
	SPI_finish();
	return who;
}

/* The CHECK of taskq_task_event; a function as that of taskq_task is. */
PG_FUNCTION_INFO_V1(taskq_event_kind_is_valid);
Datum
taskq_event_kind_is_valid(PG_FUNCTION_ARGS)
{
	text	   *kind = PG_GETARG_TEXT_PP(0);

	for (int i = 0; i < N_EVENT_KINDS; i++)
		if (strlen(kind_names[i]) == VARSIZE_ANY_EXHDR(kind) &&
			memcmp(kind_names[i], VARDATA_ANY(kind), VARSIZE_ANY_EXHDR(kind)) == 0)
			PG_RETURN_BOOL(true);
	PG_RETURN_BOOL(false);
}

PG_FUNCTION_INFO_V1(taskq_task_event_guard);
Datum
taskq_task_event_guard(PG_FUNCTION_ARGS)
{
	TriggerData *td = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) ||
		RelationGetRelid(td->tg_relation) != taskq_catalog()->task_event)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("taskq_task_event_guard belongs to table taskq_task_event and cannot be used elsewhere")));
	if (guard_is_passed(forgetting) && TRIGGER_FIRED_BY_DELETE(td->tg_event))
		return PointerGetDatum(td->tg_trigtuple);
	if (guard_is_passed(erasing) && TRIGGER_FIRED_BY_UPDATE(td->tg_event))
		return PointerGetDatum(td->tg_newtuple);

	ereport(ERROR,
			(errcheck("taskq_task_event", "taskq_task_event_append_only"),
			 errmsg("table taskq_task_event is append-only"),
			 errdetail("%s is not allowed.",
					   TRIGGER_FIRED_BY_UPDATE(td->tg_event) ? "UPDATE" :
					   TRIGGER_FIRED_BY_DELETE(td->tg_event) ? "DELETE" : "TRUNCATE"),
			 errhint("Delete a task to delete its events.")));
	return PointerGetDatum(NULL);
}
