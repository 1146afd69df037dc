/*-------------------------------------------------------------------------
 *
 * claim.c
 *		taskq_claim(): assigns the most urgent unassigned tasks without waiting.
 *		Paused ones are left out, and those of teams that the claim is not for.
 *
 * SELECT ... FOR NO KEY UPDATE SKIP LOCKED passes over rows that others have
 * locked, and yet it can wait: if the version of a row that it found turns out
 * to have been updated, it locks the later versions too, and waits for the
 * transaction that has one of them locked, in spite of SKIP LOCKED.
 * Concurrent claims at the head of the queue run into that often, and then
 * hold locks on each other's tasks.
 *
 * So a claim looks for tasks without locking, and locks them itself one after
 * the other, as they are found, until it holds enough.  A version that has been
 * updated since is passed over like one that is locked: it was, while the claim
 * ran.  They are found in taskq_task_assignee_idx (those of one team in
 * taskq_task_team_idx) or, where row security or the index does not allow
 * that, by a SELECT that asks for the rights that a locking clause asks for.
 * Whose team a task's is is looked at in its row; not at all while there is no
 * team.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "parser/parse_node.h"
#include "utils/acl.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/actor.h"
#include "base/catalog.h"
#include "base/compat.h"
#include "base/owner.h"
#include "base/plan.h"
#include "task/directory.h"
#include "task/entries.h"
#include "task/row.h"
#include "task/verbs.h"

#define CLAIM_MAX 1000

/* "t.ctid" is the address at which a task is locked; see claim_column(). */
static void claim_setup(ParseState *pstate, void *arg);
/* The order begins with the assignee, which is NULL, for it is that of taskq_task_assignee_idx. */
#define OF_STAGE(stage) \
	"(SELECT t.ctid AS tid, t.assignee_id, @.taskq_priority_rank(t.priority) AS rank, @place AS place, t.id, @team_id AS team_id FROM ONLY @.taskq_task t " \
	"WHERE t.assignee_id IS NULL AND t.completed_at IS NULL AND t.cancelled_at IS NULL AND @paused_at IS NULL AND @stage " EQ " " stage " " \
	"ORDER BY t.assignee_id, @.taskq_priority_rank(t.priority), @place, t.id)"
static TaskqPlan claim_pick = {
	"SELECT p.tid, p.id, p.team_id FROM (" OF_STAGE("0") " UNION ALL " OF_STAGE("1") " UNION ALL " OF_STAGE("4") " UNION ALL " OF_STAGE("5") ") p "
	"ORDER BY p.assignee_id, p.rank, p.place, p.id",
	PLAN_ONCE | PLAN_BY_INDEX, claim_setup
};

static TaskqPlan select_teams = {
	"SELECT m.team_id FROM @.taskq_team_member m WHERE m.staff_id " EQ " $1", PLAN_ONCE
};

/* Statements for one task ($1 = id) and for many ($1 = ids); $2 = the assignee. */
typedef struct Giving
{
	TaskqPlan	assign;
	TaskqPlan	read;			/* the rows as stored, after all triggers */
} Giving;

#define GIVING(is_claimed, order) \
	{{"UPDATE @.taskq_task AS t SET assignee_id = $2 WHERE t.id " is_claimed, PLAN_ONCE}, \
	{"SELECT v FROM @.taskq_tasks v WHERE v.id " is_claimed " AND v.assignee_id " EQ " $2" order, PLAN_ONCE}}

static Giving give_one = GIVING(EQ " $1", "");
static Giving give_many = GIVING(EQ " ANY ($1)",
								 " ORDER BY @.taskq_priority_rank(v.priority), " OR_NEVER("v.due_date") ", v.id");

/* A DestReceiver that locks the tasks that claim_pick finds. */
typedef struct Claim
{
	DestReceiver receiver;
	Relation	rel;
	TupleTableSlot *slot;		/* for the locked row */
	int			wanted;
	int			n;
	int64	   *ids;			/* of tasks that are held */
	bool		any_team;		/* tasks of every team, or of none, will do */
	text	   *only_team;		/* tasks of this team only; NULL = of these teams, and of none */
	text	  **teams;
	int			nteams;
} Claim;

static bool
same_text(const text *a, const text *b)
{
	return VARSIZE_ANY_EXHDR(a) == VARSIZE_ANY_EXHDR(b) &&
		memcmp(VARDATA_ANY(a), VARDATA_ANY(b), VARSIZE_ANY_EXHDR(a)) == 0;
}

/* Whether the claim is for tasks of a team, NULL = of none. */
static bool
is_for_team(const Claim *claim, const text *team)
{
	if (claim->any_team)
		return true;
	if (claim->only_team != NULL)
		return team != NULL && same_text(team, claim->only_team);
	for (int i = 0; team != NULL && i < claim->nteams; i++)
		if (same_text(team, claim->teams[i]))
			return true;
	return team == NULL;
}

/* Finds out for which teams a claim is; SPI is connected.  23503 if the team does not exist. */
static void
choose_teams(Claim *claim, Datum assignee_id, text *team_id)
{
	Oid			types[] = {TEXTOID};
	OwnerSwitch owner;
	bool		isnull;

	if (team_id != NULL && !team_exists(PointerGetDatum(team_id)))
		check_team(PointerGetDatum(team_id));
	claim->only_team = team_id;
	claim->any_team = team_id == NULL && !any_team_exists();
	if (claim->any_team || team_id != NULL)
		return;
	become_owner_of(taskq_catalog()->team_member, &owner);
	spi_run(&select_teams, 1, types, &assignee_id, NULL, 0);
	claim->nteams = (int) SPI_processed;
	claim->teams = palloc(Max(claim->nteams, 1) * sizeof(text *));
	for (int i = 0; i < claim->nteams; i++)
		claim->teams[i] = DatumGetTextPCopy(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull));
	become_caller_again(&owner);
}

/*
 * Column hook that does what a locking clause does in a SELECT: it gives the
 * row's ctid, which needs no privilege on a column, and requires the UPDATE
 * privilege on the table, by which the row security policies for updates apply
 * as well.
 */
static Node *
claim_column(ParseState *pstate, ColumnRef *ref)
{
	ParseNamespaceItem *item = linitial(pstate->p_namespace);

	if (strcmp(strVal(llast(ref->fields)), "ctid") != 0)
		return NULL;
	taskq_required_perms(item) |= ACL_SELECT_FOR_UPDATE;
	return (Node *) makeVar(item->p_rtindex, SelfItemPointerAttributeNumber, TIDOID, -1, InvalidOid, 0);
}

static void
claim_setup(ParseState *pstate, void *arg)
{
	pstate->p_pre_columnref_hook = claim_column;
}

/*
 * Whether another transaction is changing a task, found out without queueing
 * for its tuple lock: most of those at the head of the queue are being
 * claimed.
 */
static bool
being_changed(Claim *claim, ItemPointer tid)
{
	SnapshotData dirty;

	InitDirtySnapshot(dirty);
	return table_tuple_fetch_row_version(claim->rel, tid, &dirty, claim->slot) &&
		TransactionIdIsValid(dirty.xmax);
}

/*
 * Locks a task that was found, unless another transaction has locked or
 * changed it; returns false once enough are locked.  The command id is that of
 * the snapshot: rows that it sees may have been written by the command that
 * calls taskq_claim(), in a WITH query.
 */
static bool
claim_one(Claim *claim, ItemPointer tid, int64 id)
{
	Snapshot	snapshot = GetActiveSnapshot();
	TM_FailureData failure;

	if (being_changed(claim, tid))
	{
		ExecClearTuple(claim->slot);
		return true;
	}
	switch (table_tuple_lock(claim->rel, tid, snapshot, claim->slot, snapshot->curcid,
							 LockTupleNoKeyExclusive, LockWaitSkip, 0, &failure))
	{
		case TM_Ok:
			claim->ids[claim->n++] = id;
			break;
		case TM_WouldBlock:
		case TM_SelfModified:
		case TM_Invisible:
			break;
		case TM_Updated:
		case TM_Deleted:
			if (IsolationUsesXactSnapshot())
				ereport(ERROR,
						(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
						 errmsg("could not serialize access due to concurrent update")));
			break;
		default:
			elog(ERROR, "could not lock task " INT64_FORMAT, id);
	}
	ExecClearTuple(claim->slot);
	return claim->n < claim->wanted;
}

static bool
claim_receive(TupleTableSlot *found, DestReceiver *self)
{
	Claim	   *claim = (Claim *) self;
	bool		isnull;
	Datum		team = slot_getattr(found, 3, &isnull);

	if (!is_for_team(claim, isnull ? NULL : DatumGetTextPP(team)))
		return true;
	return claim_one(claim, (ItemPointer) DatumGetPointer(slot_getattr(found, 1, &isnull)),
					 DatumGetInt64(slot_getattr(found, 2, &isnull)));
}

static void
claim_startup(DestReceiver *self, int operation, TupleDesc desc)
{
}

static void
claim_shutdown(DestReceiver *self)
{
}

/* Unassigned tasks of one stage, or a team's of one stage, in the order of their index. */
typedef struct Stream
{
	Entries		entries;
	ScanKeyData keys[2];
	int32		rank;
	int64		place;
	int64		id;
	bool		more;			/* there is a next one, and this is it */
} Stream;

static void
stream_next(Stream *stream)
{
	bool		isnull;
	TupleDesc	desc = stream->entries.index->rd_att;

	stream->more = entries_next(&stream->entries);
	if (!stream->more)
		return;
	stream->rank = DatumGetInt32(index_getattr(stream->entries.entry, 3, desc, &isnull));
	stream->place = DatumGetInt64(index_getattr(stream->entries.entry, 4, desc, &isnull));
	stream->id = DatumGetInt64(index_getattr(stream->entries.entry, 5, desc, &isnull));
}

static bool
comes_before(const Stream *a, const Stream *b)
{
	if (a->rank != b->rank)
		return a->rank < b->rank;
	return a->place != b->place ? a->place < b->place : a->id < b->id;
}

static bool
is_paused(TupleTableSlot *row)
{
	int			attnum = Anum_task_paused_at;

	return attnum != 0 && !slot_attisnull(row, attnum);
}

/* Whether a task in a stream may be claimed, as far as the index does not say. */
static bool
may_be_claimed(const Claim *claim, TupleTableSlot *row)
{
	Datum		team;
	bool		isnull;

	if (is_paused(row))
		return false;
	if (claim->any_team)
		return true;
	if (claim->only_team != NULL)
		return slot_attisnull(row, Anum_task_assignee_id);
	team = slot_getattr(row, Anum_task_team_id, &isnull);
	return is_for_team(claim, isnull ? NULL : DatumGetTextPP(team));
}

/* Whether the caller has the privilege that locking a row takes: UPDATE, on the table or on a column. */
static bool
may_update_tasks(void)
{
	Oid			task = taskq_catalog()->task;

	return pg_class_aclcheck(task, GetUserId(), ACL_UPDATE) == ACLCHECK_OK ||
		pg_attribute_aclcheck_all(task, GetUserId(), ACL_UPDATE, ACLMASK_ANY) == ACLCHECK_OK;
}

/*
 * Does what claim_pick does, for a caller who may see and change every task,
 * without a plan of four merged scans to be started.  False if it cannot be
 * done so.
 */
static bool
claim_by_index(Claim *claim)
{
	Stream		streams[N_ACTIVE_STAGES];
	int			nopen = 0;
	TaskIndex	which = claim->only_team != NULL ? BY_TEAM : BY_ASSIGNEE;
	bool		complete;
	bool		wanted = true;

	if (!sees_all_tasks() || !may_update_tasks())
		return false;
	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	while (nopen < N_ACTIVE_STAGES && entries_open(&streams[nopen].entries, claim->rel, which))
		nopen++;
	complete = nopen == N_ACTIVE_STAGES;
	for (int i = 0; complete && i < N_ACTIVE_STAGES; i++)
	{
		if (claim->only_team != NULL)
			ScanKeyEntryInitialize(&streams[i].keys[0], 0, 1, BTEqualStrategyNumber, InvalidOid,
								   streams[i].entries.index->rd_indcollation[0], F_TEXTEQ, PointerGetDatum(claim->only_team));
		else
			ScanKeyEntryInitialize(&streams[i].keys[0], SK_ISNULL | SK_SEARCHNULL, 1, InvalidStrategy, InvalidOid, InvalidOid, InvalidOid, (Datum) 0);
		ScanKeyInit(&streams[i].keys[1], 2, BTEqualStrategyNumber, F_INT2EQ, Int16GetDatum(active_stages[i]));
		entries_seek(&streams[i].entries, streams[i].keys, lengthof(streams[i].keys));
		stream_next(&streams[i]);
	}
	while (complete && wanted)
	{
		Stream	   *first = NULL;
		TupleTableSlot *row;

		for (int i = 0; i < N_ACTIVE_STAGES; i++)
			if (streams[i].more && (first == NULL || comes_before(&streams[i], first)))
				first = &streams[i];
		if (first == NULL)
			break;
		row = entries_row(&first->entries);
		if (may_be_claimed(claim, row))
			wanted = claim_one(claim, &row->tts_tid, first->id);
		if (wanted)
			stream_next(first);
	}
	while (nopen > 0)
		entries_close(&streams[--nopen].entries);
	PopActiveSnapshot();
	return complete;
}

static void
claim_by_statement(Claim *claim)
{
	SPIExecuteOptions options = {0};
	int			result;

	claim->receiver = (DestReceiver) {
		claim_receive, claim_startup, claim_shutdown, claim_shutdown, DestTuplestore
	};
	options.dest = &claim->receiver;
	result = SPI_execute_plan_extended(prepared(&claim_pick, 0, NULL), &options);
	if (result != SPI_OK_SELECT)
		elog(ERROR, "could not run \"%s\": %s", claim_pick.sql, SPI_result_code_string(result));
}

/* Locks up to claim->wanted of the most urgent tasks; SPI must be connected. */
static void
claim_tasks(Claim *claim)
{
	PreventCommandIfReadOnly("SELECT FOR NO KEY UPDATE");
	claim->rel = table_open(taskq_catalog()->task, RowShareLock);
	claim->slot = table_slot_create(claim->rel, NULL);
	if (!claim_by_index(claim))
		claim_by_statement(claim);
	ExecDropSingleTupleTableSlot(claim->slot);
	table_close(claim->rel, NoLock);
}

PG_FUNCTION_INFO_V1(taskq_claim);
Datum
taskq_claim(PG_FUNCTION_ARGS)
{
	int32		count = PG_ARGISNULL(1) ? 1 : PG_GETARG_INT32(1);
	/* Before 0.3.0 it had no team. */
	text	   *actor = actor_argument(fcinfo, PG_NARGS() - 1);
	text	   *team_id = PG_NARGS() > 3 && !PG_ARGISNULL(2) ? PG_GETARG_TEXT_PP(2) : NULL;
	Claim		claim = {.wanted = count};

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("assignee_id must not be null")));
	if (count < 1 || count > CLAIM_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("count must be 1 to %d", CLAIM_MAX)));
	check_staff(PG_GETARG_DATUM(0));

	InitMaterializedSRF(fcinfo, 0);
	spi_connect();
	choose_teams(&claim, PG_GETARG_DATUM(0), team_id);
	claim.ids = palloc(count * sizeof(int64));
	claim_tasks(&claim);
	if (claim.n > 0)
	{
		Giving	   *giving = claim.n == 1 ? &give_one : &give_many;
		Oid			types[] = {claim.n == 1 ? INT8OID : INT8ARRAYOID, TEXTOID};
		Datum		values[] = {claim.n == 1 ? Int64GetDatum(claim.ids[0]) : id_array(claim.ids, claim.n),
		PG_GETARG_DATUM(0)};

		run_as_call(&giving->assign, 2, types, values, NULL, VERB_OTHER, actor, NULL);
		spi_run(&giving->read, 2, types, values, NULL, 0);
		return_rows(fcinfo);
	}
	SPI_finish();
	return (Datum) 0;
}
