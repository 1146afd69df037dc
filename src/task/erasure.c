/*-------------------------------------------------------------------------
 *
 * erasure.c
 *		Erasure of the texts about a customer.
 *
 * Rows stay, with their states and times, so that every count is what it was;
 * the text in them goes, from terminal tasks and from history too, which
 * nothing else can write.  The triggers let it pass while a call of
 * VERB_ERASE is under way, and record it in the history of each task.
 *
 * What was merged into the customer (merge.c) is erased with it.
 *
 * The customer's row is locked first, then its tasks, all FOR UPDATE: that
 * waits for transactions that are writing a text (a new task locks the
 * customer's key, a comment the task's), so that what they write is erased as
 * well.  For the same reason each statement must see the latest rows: READ
 * COMMITTED.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/actor.h"
#include "base/catalog.h"
#include "base/owner.h"
#include "base/plan.h"
#include "task/directory.h"
#include "task/follow_up.h"
#include "task/history.h"

#define ERASED "'erased'"

/* With the caller's rights: who may not update the customer may not erase it. */
static TaskqPlan lock_customer = {
	"SELECT c.id FROM @.taskq_customer c WHERE c.id " EQ " $1 FOR UPDATE"
};

/* $1 = the customer and those that were merged into it, as below. */
static TaskqPlan list_merged = {
	"SELECT pg_catalog.array_agg(m.id) FROM (SELECT c.id FROM @.taskq_customer c "
	"WHERE c.id " EQ " $1 OR c.merged_into " EQ " $1 ORDER BY c.id FOR UPDATE) m"
};
static TaskqPlan lock_tasks = {
	"SELECT t.id FROM @.taskq_task t WHERE t.user_id " EQ " ANY ($1) ORDER BY t.id FOR UPDATE"
};
/* Texts of a table's rows; "condition" is true of those that have any. */
typedef struct Texts
{
	const char *table;
	TaskqPlan	lock;
	TaskqPlan	erase;
} Texts;

#define TEXTS(table, set, condition) \
	{table, \
	{"SELECT FROM @." table " t WHERE " condition " FOR UPDATE OF t"}, \
	{"UPDATE @." table " AS t SET " set " WHERE " condition}}

static Texts customers = TEXTS("taskq_customer", "name = " ERASED ", is_active = false",
							   "t.id " EQ " ANY ($1) AND (t.name " NE " " ERASED " OR t.is_active)");
static Texts older_tasks = TEXTS("taskq_task", "title = " ERASED ", description = NULL, dedupe_key = NULL",
								 "t.id " EQ " ANY ($1) AND (t.title " NE " " ERASED " OR t.description IS NOT NULL OR t.dedupe_key IS NOT NULL)");

/*
 * The same where tasks have the columns of 0.3.0.  A dedupe_key of
 * taskq_follow_up() says nothing of the customer, and is kept: while the task
 * is active there must be no second one.
 */
#define IS_FOLLOW_UP_KEY \
	"(t.follows_id IS NOT NULL AND t.dedupe_key " EQ " pg_catalog.concat('" FOLLOW_UP_KEY "', t.follows_id))"
static Texts tasks = TEXTS("taskq_task",
						   "title = " ERASED ", description = NULL, pause_reason = NULL, labels = NULL, attributes = NULL, "
						   "dedupe_key = CASE WHEN " IS_FOLLOW_UP_KEY " THEN t.dedupe_key END",
						   "t.id " EQ " ANY ($1) "
						   "AND (t.title " NE " " ERASED " OR t.description IS NOT NULL OR t.pause_reason IS NOT NULL OR t.labels IS NOT NULL "
						   "OR t.attributes IS NOT NULL OR (t.dedupe_key IS NOT NULL AND NOT " IS_FOLLOW_UP_KEY "))");
static Texts pauses = TEXTS("taskq_task_pause", "reason = NULL", "t.task_id " EQ " ANY ($1) AND t.reason IS NOT NULL");
static Texts runs = TEXTS("taskq_workflow_run", "message = NULL", "t.task_id " EQ " ANY ($1) AND t.message IS NOT NULL");

/*
 * Where only the reference keeps two active renewals from being duplicates, it
 * is replaced by one without information instead of NULL.
 */
static Texts renewals = TEXTS("taskq_renewal",
							  "notes = NULL, reference = CASE WHEN t.reference IS NOT NULL AND EXISTS "
							  "(SELECT FROM @.taskq_renewal o WHERE o.user_id " EQ " t.user_id AND o.service_type " EQ " t.service_type "
							  "AND o.due_date " EQ " t.due_date AND o.id " NE " t.id AND o.next_check_on IS NOT NULL "
							  "AND t.next_check_on IS NOT NULL) THEN pg_catalog.concat(" ERASED ", ' ', t.id) END",
							  "t.user_id " EQ " ANY ($1) "
							  "AND (t.notes IS NOT NULL OR t.reference " NE " pg_catalog.concat(" ERASED ", ' ', t.id))");
static Texts schedules = TEXTS("taskq_schedule",
							   "name = pg_catalog.concat(" ERASED ", ' ', t.id), title_template = " ERASED ", description_template = NULL",
							   "t.user_id " EQ " ANY ($1)");
static Texts schedule_runs = TEXTS("taskq_schedule_run", "message = NULL",
								   "t.message IS NOT NULL AND t.schedule_id IN "
								   "(SELECT s.id FROM @.taskq_schedule s WHERE s.user_id " EQ " ANY ($1))");
static TaskqPlan insert_erasure = {
	"INSERT INTO @.taskq_erasure (user_id, at, actor, db_user, tasks, events, renewals) "
	"VALUES ($1, $2, $3, session_user, $4, $5, $6)"
};

/* What was erased of each kind, as the function's columns. */
enum
{
	ERASED_TASKS,
	ERASED_EVENTS,
	ERASED_RENEWALS,
	N_ERASED
};

/* Locks the customer, as the caller; 23503 if there is none, 42501 if the caller may not update it. */
static void
take_customer(Datum user_id)
{
	Oid			types[] = {TEXTOID};

	check_customer(user_id);
	spi_run(&lock_customer, 1, types, &user_id, NULL, 1);
	if (SPI_processed == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for customer \"%s\"", TextDatumGetCString(user_id)),
				 errdetail("Row security policies do not permit the current role to update this customer.")));
}

/* The customer and those that were merged into it, locked, as text[]. */
static Datum
take_merged(Datum user_id)
{
	Oid			types[] = {TEXTOID};
	bool		isnull;

	if (taskq_catalog()->sql_is_older)
		return PointerGetDatum(construct_array(&user_id, 1, TEXTOID, -1, false, TYPALIGN_INT));
	spi_run(&list_merged, 1, types, &user_id, NULL, 1);
	return SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
}

/* Their tasks, locked, as bigint[]. */
static Datum
take_tasks(Datum user_ids)
{
	Oid			types[] = {TEXTARRAYOID};

	spi_run(&lock_tasks, 1, types, &user_ids, NULL, 0);
	return result_ids();
}

/* Erases texts and returns how many rows had any. */
static int64
erase_texts(Texts *texts, Oid type, Datum ids)
{
	uint64		locked;

	spi_run(&texts->lock, 1, &type, &ids, NULL, 0);
	locked = SPI_processed;
	spi_run(&texts->erase, 1, &type, &ids, NULL, 0);
	check_all_written(locked, SPI_processed, texts->table);
	return (int64) locked;
}

static void
erase(Datum user_ids, Datum task_ids, Datum *erased)
{
	bool		older = taskq_catalog()->sql_is_older;

	erased[ERASED_TASKS] = Int64GetDatum(erase_texts(older ? &older_tasks : &tasks, INT8ARRAYOID, task_ids));
	if (!older)
		(void) erase_texts(&pauses, INT8ARRAYOID, task_ids);
	erased[ERASED_EVENTS] = Int64GetDatum((int64) history_erase(task_ids));
	(void) erase_texts(&runs, INT8ARRAYOID, task_ids);
	erased[ERASED_RENEWALS] = Int64GetDatum(erase_texts(&renewals, TEXTARRAYOID, user_ids));
	if (!older)
	{
		(void) erase_texts(&schedules, TEXTARRAYOID, user_ids);
		(void) erase_texts(&schedule_runs, TEXTARRAYOID, user_ids);
	}
	(void) erase_texts(&customers, TEXTARRAYOID, user_ids);
}

static void
record(Datum user_id, const Datum *erased)
{
	text	   *actor = current_actor();
	Oid			types[] = {TEXTOID, TIMESTAMPTZOID, TEXTOID, INT8OID, INT8OID, INT8OID};
	Datum		values[] = {
		user_id,
		TimestampTzGetDatum(GetCurrentStatementStartTimestamp()),
		PointerGetDatum(actor),
		erased[ERASED_TASKS],
		erased[ERASED_EVENTS],
		erased[ERASED_RENEWALS]
	};
	char		nulls[] = "      ";

	if (actor == NULL)
		nulls[2] = 'n';
	spi_run(&insert_erasure, lengthof(types), types, values, nulls, 0);
}

PG_FUNCTION_INFO_V1(taskq_erase_customer);
Datum
taskq_erase_customer(PG_FUNCTION_ARGS)
{
	text	   *actor = actor_argument(fcinfo, 1);
	Datum		erased[N_ERASED];
	bool		nulls[N_ERASED] = {false};
	TupleDesc	desc;
	TaskqCall	call;
	OwnerSwitch owner;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("user_id must not be null")));
	if (IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("taskq_erase_customer needs transaction isolation level READ COMMITTED"),
				 errdetail("An older snapshot would leave texts behind that were written since.")));

	spi_connect();
	take_customer(PG_GETARG_DATUM(0));
	become_owner_of(taskq_catalog()->task, &owner);
	call_begin(&call, VERB_ERASE, actor);
	PG_TRY();
	{
		Datum		user_ids = take_merged(PG_GETARG_DATUM(0));

		erase(user_ids, take_tasks(user_ids), erased);
		record(PG_GETARG_DATUM(0), erased);
	}
	PG_FINALLY();
	{
		call_end(&call);
	}
	PG_END_TRY();
	become_caller_again(&owner);
	SPI_finish();
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), erased, nulls));
}
