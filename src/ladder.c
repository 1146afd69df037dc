/*-------------------------------------------------------------------------
 *
 * ladder.c
 *		The ladder of thresholds that renewals come down, and the tasks that
 *		come of it.
 *
 * A renewal has next_check_on, the day of its next threshold, so that finding
 * the renewals to look at is one index probe.  Looking at one locks its row,
 * records the thresholds that have been crossed for its due date (once for
 * ever: a unique key), lets the tightest of them act if none tighter has been
 * crossed before, and sets next_check_on.  Whatever may change the ladder sets
 * it to -infinity, which means "look at once".
 *
 *-------------------------------------------------------------------------
 */
#include "taskq.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define REFRESH_BATCH 1000
#define OVERDUE_DAYS (-1)		/* the last step of every ladder */
#define DEFAULT_TITLE "Renew {{renewal.service_type}} of {{customer.name}}, due {{renewal.due_date}}"

/* Parameters: today, ids not to be tried again. */
TaskqPlan	pick_renewals = {
	"SELECT r.id FROM @.taskq_renewal r WHERE r.next_check_on " LE " $1 AND r.id " NE " ALL ($2) "
	"ORDER BY r.next_check_on FOR NO KEY UPDATE SKIP LOCKED"
};

TaskqPlan	still_renewals = {
	"SELECT r.id FROM @.taskq_renewal r WHERE r.next_check_on " LE " $1 AND r.id " EQ " ANY ($2)"
};

static TaskqPlan next_check = {
	"SELECT pg_catalog.min(r.next_check_on) FROM @.taskq_renewal r WHERE r.next_check_on " GT " $1"
};
static TaskqPlan take_recheck = {
	"DELETE FROM @.taskq_renewal_recheck"
};
static TaskqPlan any_recheck = {
	"SELECT FROM @.taskq_renewal_recheck"
};
static TaskqPlan recheck_all = {
	"UPDATE @.taskq_renewal SET next_check_on = '-infinity' WHERE status " EQ " 'ACTIVE'"
};
static TaskqPlan note_recheck = {
	"INSERT INTO @.taskq_renewal_recheck DEFAULT VALUES"
};

/* Parameters: id, today. */
static TaskqPlan read_renewal = {
	"SELECT r.user_id, r.service_type, r.due_date, CASE WHEN s.is_active THEN s.id WHEN a.is_active THEN a.id END, "
	"pg_catalog.jsonb_build_object('renewal', pg_catalog.jsonb_build_object('id', r.id, 'service_type', r.service_type, "
	"'due_date', r.due_date, 'days_until_due', r.due_date " MINUS " $2, 'reference', r.reference, 'notes', r.notes), "
	"'customer', pg_catalog.to_jsonb(c)) "
	"FROM @.taskq_renewal r JOIN @.taskq_customer c ON c.id " EQ " r.user_id "
	"LEFT JOIN @.taskq_staff_member s ON s.id " EQ " r.assignee_id "
	"LEFT JOIN @.taskq_staff_member a ON a.id " EQ " c.assigned_agent_id "
	"WHERE r.id " EQ " $1 AND r.next_check_on IS NOT NULL"
};
static TaskqPlan read_ladder = {
	"SELECT l.days_before, l.task_priority, l.title_template, l.description_template, l.sla_hours "
	"FROM @.taskq_renewal_ladder($1) l"
};

/* Parameters: id, due date, steps crossed, now; steps in descending order. */
static TaskqPlan record_crossings = {
	"INSERT INTO @.taskq_renewal_crossing (renewal_id, due_date, days_before, crossed_at, outcome) "
	"SELECT $1, $2, u.d, $4, 'passed' FROM pg_catalog.unnest($3) WITH ORDINALITY u(d, n) ORDER BY u.n "
	"ON CONFLICT (renewal_id, due_date, days_before) DO NOTHING RETURNING days_before"
};
static TaskqPlan tighter_crossed = {
	"SELECT FROM @.taskq_renewal_crossing x WHERE x.renewal_id " EQ " $1 AND x.due_date " EQ " $2 AND x.days_before " LT " $3"
};

/* Written so that no index of active tasks fits: the key finds the few there are. */
static TaskqPlan earlier_task = {
	"SELECT t.id, t.priority, x.due_date " EQ " $2, x.id FROM @.taskq_renewal_crossing x "
	"JOIN @.taskq_task t ON t.id " EQ " x.task_id "
	"WHERE x.renewal_id " EQ " $1 AND coalesce(t.completed_at, t.cancelled_at) IS NULL"
};
static TaskqPlan raise_task = {
	"UPDATE @.taskq_task SET priority = $2 WHERE id " EQ " $1"
};
static TaskqPlan renew_task = {
	"UPDATE @.taskq_task SET priority = $2, title = $3, description = $4, due_date = $5 WHERE id " EQ " $1"
};
static TaskqPlan set_outcome = {
	"UPDATE @.taskq_renewal_crossing SET outcome = $4, task_id = $5 "
	"WHERE renewal_id " EQ " $1 AND due_date " EQ " $2 AND days_before " EQ " $3"
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

/* Parameters: ids, now, last crossing before, whether it is a dry run. */
static TaskqPlan crossings_above = {
	"SELECT x.renewal_id, r.user_id, r.service_type, x.due_date, x.days_before, x.outcome, "
	"CASE WHEN NOT ($4 AND x.outcome " EQ " 'task created') THEN x.task_id END "
	"FROM @.taskq_renewal_crossing x JOIN @.taskq_renewal r ON r.id " EQ " x.renewal_id "
	"WHERE x.renewal_id " EQ " ANY ($1) AND x.crossed_at " EQ " $2 AND x.id " GT " $3 ORDER BY x.id"
};
static TaskqPlan last_crossing = {
	"SELECT coalesce(pg_catalog.max(x.id), 0) FROM @.taskq_renewal_crossing x"
};

/* A threshold of a ladder. */
typedef struct Step
{
	int			days_before;
	int			priority;		/* -1 = no task */
	text	   *title_template; /* NULL = none, as below */
	text	   *description_template;
	float8		sla_hours;		/* 0 = none */
} Step;

/* A renewal that is being looked at. */
typedef struct Renewal
{
	int64		id;
	char	   *user_id;
	Datum		service_type;
	DateADT		due_date;
	char	   *assignee;		/* NULL = nobody */
	Jsonb	   *payload;
	Step	   *steps;			/* in descending order of days_before */
	int			nsteps;
} Renewal;

bool		renewals_refreshing = false;

/* Runs a statement that writes what only the engine may write. */
static void
write_as_engine(TaskqPlan *plan, int nargs, Oid *types, Datum *values, const char *nulls)
{
	renewals_refreshing = true;
	PG_TRY();
	{
		spi_run(plan, nargs, types, values, nulls, 0);
	}
	PG_FINALLY();
	{
		renewals_refreshing = false;
	}
	PG_END_TRY();
}

/* ---------------------------------------------------------- looking at one */

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

/* Reads a renewal and its ladder; false if it is closed or gone. */
static bool
read_one(int64 id, Renewal *r)
{
	Oid			types[] = {INT8OID, DATEOID};
	Datum		values[] = {Int64GetDatum(id), DateADTGetDatum(today())};
	Oid			ladder_types[] = {TEXTOID};
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

	spi_run(&read_ladder, 1, ladder_types, &r->service_type, NULL, 0);
	r->nsteps = (int) SPI_processed;
	r->steps = palloc(r->nsteps * sizeof(Step));
	for (int i = 0; i < r->nsteps; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		Step	   *step = &r->steps[i];
		Datum		value;

		step->days_before = DatumGetInt32(SPI_getbinval(tuple, desc, 1, &isnull));
		value = SPI_getbinval(tuple, desc, 2, &isnull);
		step->priority = isnull ? -1 :
			enum_index(DatumGetObjectId(value), taskq_catalog()->priority, N_PRIORITIES);
		step->title_template = text_or_null(tuple, desc, 3);
		step->description_template = text_or_null(tuple, desc, 4);
		value = SPI_getbinval(tuple, desc, 5, &isnull);
		step->sla_hours = isnull ? 0 : DatumGetFloat8(value);
	}
	return true;
}

static char *
render_title(const Renewal *r, text *template)
{
	return as_title(without_directional_controls(template_render(template, r->payload)), true);
}

/*
 * The title of a step's task.  No name or reference costs the renewal its task:
 * what a title may not hold is left out, and one without anything visible is
 * replaced.
 */
static char *
title_of(const Renewal *r, const Step *step)
{
	char	   *title = step->title_template != NULL ? render_title(r, step->title_template) : NULL;

	if (title == NULL || title_problem(title, (int) strlen(title)) != NULL)
		title = render_title(r, cstring_to_text(DEFAULT_TITLE));
	return title;
}

/* The task of a step is due when the renewal is, or by the next step. */
static DateADT
due_date_of(const Renewal *r, int step_no)
{
	if (step_no + 1 == r->nsteps)
		return r->due_date;
	return Min(r->due_date, r->due_date - r->steps[step_no + 1].days_before);
}

static int64
create_renewal_task(const Renewal *r, int step_no)
{
	const Step *step = &r->steps[step_no];
	NewTask		task;
	bool		created;

	new_task_init(&task, "RENEWAL");
	new_task_set(&task, NEW_TITLE, CStringGetTextDatum(title_of(r, step)));
	if (step->description_template)
		new_task_set(&task, NEW_DESCRIPTION,
					 CStringGetTextDatum(template_render(step->description_template, r->payload)));
	new_task_set(&task, NEW_PRIORITY, ObjectIdGetDatum(taskq_catalog()->priority[step->priority]));
	new_task_set(&task, NEW_DUE_DATE, DateADTGetDatum(due_date_of(r, step_no)));
	if (step->sla_hours > 0)
		new_task_set(&task, NEW_SLA_HOURS, Float8GetDatum(step->sla_hours));
	if (r->assignee)
		new_task_set(&task, NEW_ASSIGNEE_ID, CStringGetTextDatum(r->assignee));
	new_task_set(&task, NEW_USER_ID, CStringGetTextDatum(r->user_id));
	return create_task(&task, NULL, &created);
}

/*
 * Gives a task that an earlier step created at least a step's priority.  One
 * that was for another due date is for the new one from now on.
 */
static void
raise_earlier_task(const Renewal *r, int step_no, int64 task, int priority, bool same_due_date)
{
	const TaskqCatalog *cat = taskq_catalog();
	const Step *step = &r->steps[step_no];
	int			raised = Max(priority, step->priority);
	Oid			types[] = {INT8OID, cat->priority_type, TEXTOID, TEXTOID, DATEOID};
	Datum		values[lengthof(types)] = {Int64GetDatum(task), ObjectIdGetDatum(cat->priority[raised])};
	char		nulls[] = "     ";

	if (same_due_date)
	{
		if (raised > priority)
			run_as_call(&raise_task, 2, types, values, NULL, VERB_OTHER, NULL, NULL);
		return;
	}
	values[2] = CStringGetTextDatum(title_of(r, step));
	if (step->description_template)
		values[3] = CStringGetTextDatum(template_render(step->description_template, r->payload));
	else
		nulls[3] = 'n';
	values[4] = DateADTGetDatum(due_date_of(r, step_no));
	run_as_call(&renew_task, lengthof(types), types, values, nulls, VERB_OTHER, NULL, NULL);
}

/*
 * Does what a step asks for: raises the renewal's open task if it has one,
 * else creates one.  Returns the task, 0 if it asks for none.
 */
static int64
act(const Renewal *r, int step_no, const char **outcome)
{
	Oid			types[] = {INT8OID, DATEOID};
	Datum		values[] = {Int64GetDatum(r->id), DateADTGetDatum(r->due_date)};
	int64		task = 0;
	int64		last_crossing_id = 0;
	int			priority = 0;
	bool		same_due_date = true;
	bool		isnull;

	*outcome = "recorded";
	if (r->steps[step_no].priority < 0)
		return 0;
	spi_run_by_index(&earlier_task, 2, types, values, NULL, 0);
	if (SPI_processed == 0)
	{
		*outcome = "task created";
		return create_renewal_task(r, step_no);
	}

	/* The latest task, as the latest crossing left it. */
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		int64		id = DatumGetInt64(SPI_getbinval(tuple, desc, 1, &isnull));
		int64		crossing = DatumGetInt64(SPI_getbinval(tuple, desc, 4, &isnull));

		if (id < task || (id == task && crossing < last_crossing_id))
			continue;
		task = id;
		last_crossing_id = crossing;
		priority = enum_index(DatumGetObjectId(SPI_getbinval(tuple, desc, 2, &isnull)),
							  taskq_catalog()->priority, N_PRIORITIES);
		same_due_date = DatumGetBool(SPI_getbinval(tuple, desc, 3, &isnull));
	}
	*outcome = "task raised";
	raise_earlier_task(r, step_no, task, priority, same_due_date);
	return task;
}

/* Offers what a step is to the rules. */
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

/* Records the steps crossed and lets one act; returns how many were new. */
static int
cross(const Renewal *r, int ncrossed, int *tasks_created)
{
	Oid			types[] = {INT8OID, DATEOID, INT4ARRAYOID, TIMESTAMPTZOID};
	Datum		values[5] = {Int64GetDatum(r->id), DateADTGetDatum(r->due_date)};
	Oid			outcome_types[] = {INT8OID, DATEOID, INT4OID, TEXTOID, INT8OID};
	Datum	   *crossed = palloc(ncrossed * sizeof(Datum));
	const char *outcome;
	int64		task;
	char		nulls[] = "     ";
	int			nnew;
	int			tightest = 0;
	int			step_no = 0;

	for (int i = 0; i < ncrossed; i++)
		crossed[i] = Int32GetDatum(r->steps[i].days_before);
	values[2] = PointerGetDatum(construct_array(crossed, ncrossed, INT4OID, sizeof(int32), true, TYPALIGN_INT));
	values[3] = TimestampTzGetDatum(GetCurrentStatementStartTimestamp());
	spi_run(&record_crossings, 4, types, values, NULL, 0);
	nnew = (int) SPI_processed;
	for (int i = 0; i < nnew; i++)
	{
		bool		isnull;
		int			days = DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull));

		if (i == 0 || days < tightest)
			tightest = days;
	}
	if (nnew == 0)
		return 0;
	while (r->steps[step_no].days_before != tightest)
		step_no++;
	values[2] = Int32GetDatum(tightest);
	spi_run_by_index(&tighter_crossed, 3, outcome_types, values, NULL, 1);
	if (SPI_processed > 0)
		return nnew;

	task = act(r, step_no, &outcome);
	if (strcmp(outcome, "task created") == 0)
		(*tasks_created)++;
	values[3] = CStringGetTextDatum(outcome);
	values[4] = Int64GetDatum(task);
	if (task == 0)
		nulls[4] = 'n';
	spi_run_by_index(&set_outcome, 5, outcome_types, values, nulls, 0);
	offer(r, tightest, task);
	return nnew;
}

/* Brings a renewal, which is locked, up to today; returns how many steps it crossed. */
static int
refresh_one(int64 id, int *tasks_created)
{
	Oid			types[] = {INT8OID, DATEOID, TIMESTAMPTZOID};
	Datum		values[3];
	char		nulls[] = "   ";
	Renewal		r;
	int			ncrossed = 0;
	int			nnew = 0;
	DateADT		next;

	if (!read_one(id, &r))
		return 0;
	while (ncrossed < r.nsteps && r.due_date - r.steps[ncrossed].days_before <= today())
		ncrossed++;
	if (ncrossed > 0)
		nnew = cross(&r, ncrossed, tasks_created);

	DATE_NOEND(next);
	if (ncrossed < r.nsteps)
		next = r.due_date - r.steps[ncrossed].days_before;
	values[0] = Int64GetDatum(id);
	values[1] = DateADTGetDatum(next);
	values[2] = TimestampTzGetDatum(GetCurrentStatementStartTimestamp());
	if (ncrossed < r.nsteps)
		nulls[2] = 'n';
	write_as_engine(&set_checked, 3, types, values, nulls);
	return nnew;
}

/* --------------------------------------------------------------- refreshing */

/*
 * Brings renewals, which are locked, up to today, as the owner of taskq_task;
 * returns how many thresholds they crossed, and counts the tasks created.
 */
int
renewals_refresh(Datum ids, int *tasks_created)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "taskq renewal", ALLOCSET_DEFAULT_SIZES);
	OwnerSwitch owner;
	Datum	   *elements;
	int			n;
	int			crossed = 0;

	deconstruct_array(DatumGetArrayTypeP(ids), INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE,
					  &elements, NULL, &n);
	become_owner_of(taskq_catalog()->task, &owner);
	for (int i = 0; i < n; i++)
	{
		MemoryContext old;

		CHECK_FOR_INTERRUPTS();
		spi_connect();
		old = MemoryContextSwitchTo(context);
		crossed += refresh_one(DatumGetInt64(elements[i]), tasks_created);
		MemoryContextSwitchTo(old);
		MemoryContextReset(context);
		SPI_finish();
	}
	become_caller_again(&owner);
	MemoryContextDelete(context);
	return crossed;
}

/* After thresholds have changed: every renewal is to be looked at again. */
void
renewals_recheck(void)
{
	OwnerSwitch owner;

	spi_connect();
	become_owner_of(taskq_catalog()->task, &owner);
	spi_run(&any_recheck, 0, NULL, NULL, NULL, 1);
	if (SPI_processed > 0)
	{
		spi_run(&take_recheck, 0, NULL, NULL, NULL, 0);
		write_as_engine(&recheck_all, 0, NULL, NULL, NULL);
	}
	become_caller_again(&owner);
	SPI_finish();
}

/* The next instant at which a threshold is crossed; DT_NOEND = none. */
TimestampTz
renewals_next_due(void)
{
	Oid			types[] = {DATEOID};
	Datum		values[] = {DateADTGetDatum(today())};
	TimestampTz at = DT_NOEND;
	Datum		value;
	bool		isnull;

	spi_connect();
	spi_run_by_index(&next_check, 1, types, values, NULL, 1);
	value = result_column(1, &isnull);
	if (!isnull && !DATE_IS_NOEND(DatumGetDateADT(value)))
		at = day_start(DatumGetDateADT(value));
	SPI_finish();
	return at;
}

/*
 * Which of some renewals are due although they have just been brought up to
 * today: a trigger of the user's suppresses the write.
 */
static Datum
still_due(Datum ids)
{
	Oid			types[] = {DATEOID, INT8ARRAYOID};
	Datum		values[] = {DateADTGetDatum(today()), ids};
	int64	   *left;
	bool		isnull;

	spi_run_by_index(&still_renewals, 2, types, values, NULL, 0);
	left = palloc(Max(SPI_processed, 1) * sizeof(int64));
	for (uint64 i = 0; i < SPI_processed; i++)
		left[i] = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull));
	return id_array(left, (int) SPI_processed);
}

/*
 * Everything that is due, batch by batch; its crossings go into the tuplestore.
 * Renewals that row security hides from the caller wait for the sweep.
 */
static void
refresh_batches(ReturnSetInfo *rsinfo, bool dry_run)
{
	Oid			types[] = {DATEOID, INT8ARRAYOID};
	Datum		values[] = {DateADTGetDatum(today()), id_array(NULL, 0)};
	bool		isnull;

	renewals_recheck();
	for (;;)
	{
		Oid			crossing_types[] = {INT8ARRAYOID, TIMESTAMPTZOID, INT8OID, BOOLOID};
		Datum		crossing_values[4];
		Datum		left;
		int64	   *ids;
		int			created = 0;
		int			n;

		spi_connect();
		spi_run_by_index(&last_crossing, 0, NULL, NULL, NULL, 1);
		crossing_values[2] = result_column(1, &isnull);
		spi_run_by_index(&pick_renewals, 2, types, values, NULL, REFRESH_BATCH);
		n = (int) SPI_processed;
		ids = palloc(Max(n, 1) * sizeof(int64));
		for (int i = 0; i < n; i++)
			ids[i] = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull));
		crossing_values[0] = id_array(ids, n);
		crossing_values[1] = TimestampTzGetDatum(GetCurrentStatementStartTimestamp());
		(void) renewals_refresh(crossing_values[0], &created);
		crossing_values[3] = BoolGetDatum(dry_run);
		spi_run_by_index(&crossings_above, 4, crossing_types, crossing_values, NULL, 0);
		for (uint64 i = 0; i < SPI_processed; i++)
			tuplestore_puttuple(rsinfo->setResult, SPI_tuptable->vals[i]);
		left = SPI_datumTransfer(still_due(crossing_values[0]), false, -1);
		SPI_finish();
		values[1] = DirectFunctionCall2Coll(array_cat, InvalidOid, values[1], left);
		if (n < REFRESH_BATCH)
			break;
	}
}

/* The same, by nobody in particular. */
static void
refresh_all(ReturnSetInfo *rsinfo, bool dry_run)
{
	TaskqCall	call;

	call_begin(&call, VERB_OTHER, NULL);
	call.by_system = true;
	PG_TRY();
	{
		refresh_batches(rsinfo, dry_run);
	}
	PG_FINALLY();
	{
		call_end(&call);
	}
	PG_END_TRY();
}

static void
refresh_dry(void *rsinfo)
{
	refresh_all((ReturnSetInfo *) rsinfo, true);
}

PG_FUNCTION_INFO_V1(taskq_renewals_refresh);
Datum
taskq_renewals_refresh(PG_FUNCTION_ARGS)
{
	InitMaterializedSRF(fcinfo, 0);
	if (!PG_ARGISNULL(0) && PG_GETARG_BOOL(0))
		take_back(refresh_dry, fcinfo->resultinfo);
	else
		refresh_all((ReturnSetInfo *) fcinfo->resultinfo, false);
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(taskq_renewal_threshold_changed);
Datum
taskq_renewal_threshold_changed(PG_FUNCTION_ARGS)
{
	TriggerData *td = (TriggerData *) fcinfo->context;
	OwnerSwitch owner;

	if (!CALLED_AS_TRIGGER(fcinfo) || TRIGGER_FIRED_FOR_ROW(td->tg_event) ||
		RelationGetNamespace(td->tg_relation) != taskq_catalog()->schema ||
		strcmp(RelationGetRelationName(td->tg_relation), "taskq_renewal_threshold") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("taskq_renewal_threshold_changed belongs to table taskq_renewal_threshold and cannot be used elsewhere")));
	spi_connect();
	become_owner_of(taskq_catalog()->task, &owner);
	spi_run(&note_recheck, 0, NULL, NULL, NULL, 0);
	become_caller_again(&owner);
	SPI_finish();
	wakeup_now();
	return PointerGetDatum(NULL);
}
