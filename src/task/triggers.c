/*-------------------------------------------------------------------------
 *
 * triggers.c
 *		The trigger functions of taskq_task.
 *
 * What they allow is in lifecycle.c.  AFTER UPDATE and DELETE, once a
 * statement, pass every pair of old and new row to the followers (change.c),
 * after lifecycle.c has checked it again, because a user's trigger may have
 * changed the row after ours.
 *
 * A restore must give back the same rows: what BEFORE INSERT fills in does not
 * depend on when it runs.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/sysattr.h"
#include "access/xact.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/bitmapset.h"
#include "rewrite/rewriteHandler.h"
#include "utils/datum.h"
#include "utils/guc.h"
#include "utils/rel.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "base/actor.h"
#include "base/catalog.h"
#include "base/compat.h"
#include "base/enums.h"
#include "task/change.h"
#include "task/fields.h"
#include "task/follow_up.h"
#include "task/lifecycle.h"
#include "task/row.h"
#include "task/sla.h"
#include "task/title.h"
#include "task/unchanged.h"
#include "task/valid.h"

/* Columns for which a NULL in an INSERT means the default. */
static const int defaulted_columns[] = {
	Anum_task_priority, Anum_task_status, Anum_task_source,
	Anum_task_created_at, Anum_task_updated_at
};

/* A tuple of the row's values, to replace the trigger's. */
static HeapTuple
rebuild(HeapTuple tuple, const TaskRow *row)
{
	HeapTuple	result = heap_form_tuple(row->desc, row->values, row->nulls);

	result->t_data->t_ctid = tuple->t_data->t_ctid;
	result->t_self = tuple->t_self;
	result->t_tableOid = tuple->t_tableOid;
	return result;
}

/*
 * The trigger's data; throws 39P01 unless it is fired for this operation, at
 * this time, on taskq_task.
 */
static TriggerData *
check_trigger(FunctionCallInfo fcinfo, const char *name, TriggerEvent op, TriggerEvent timing, bool row)
{
	TriggerData *td = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("%s can only be called as a trigger", name)));
	if ((td->tg_event & TRIGGER_EVENT_OPMASK) != op ||
		(td->tg_event & TRIGGER_EVENT_TIMINGMASK) != timing ||
		(TRIGGER_FIRED_FOR_ROW(td->tg_event) != 0) != row ||
		RelationGetRelid(td->tg_relation) != taskq_catalog()->task)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("%s belongs to table taskq_task and cannot be used elsewhere", name)));
	return td;
}

/* ------------------------------------------------------------ BEFORE UPDATE */

PG_FUNCTION_INFO_V1(taskq_task_update);
Datum
taskq_task_update(PG_FUNCTION_ARGS)
{
	TriggerData *td = check_trigger(fcinfo, "taskq_task_update", TRIGGER_EVENT_UPDATE, TRIGGER_EVENT_BEFORE, true);
	TaskRow		old;
	TaskRow		new;

	task_row_see(&old, td->tg_trigslot);
	check_unchanged(&old);
	task_row_copy(&new, td->tg_newslot);
	if (lifecycle_is_erasure(&old, &new) || lifecycle_is_rename(&old, &new))
		return PointerGetDatum(td->tg_newtuple);
	if (!lifecycle_update(&old, HeapTupleHeaderGetXmin(td->tg_trigtuple->t_data), &new, new.status != old.status ||
						  bms_is_member(Anum_task_status - FirstLowInvalidHeapAttributeNumber, td->tg_updatedcols)))
	{
		call_unchanged();
		return PointerGetDatum(NULL);
	}
	if (STATUS_IS_TERMINAL(old.status))
		return PointerGetDatum(td->tg_newtuple);
	change_writing(&new, false);
	return PointerGetDatum(rebuild(td->tg_newtuple, &new));
}

/* ----------------------------------- AFTER UPDATE and DELETE, per statement */

/* A transition table, positioned at its start by a read pointer of its own. */
static Tuplestorestate *
rewound(Tuplestorestate *store)
{
	int			pointer = tuplestore_alloc_read_pointer(store, EXEC_FLAG_REWIND);

	tuplestore_select_read_pointer(store, pointer);
	tuplestore_rescan(store);
	return store;
}

/* Reads the next row of a transition table in place; false at the end. */
static bool
next_row(Tuplestorestate *store, TupleTableSlot *slot, TaskRow *row)
{
	if (!tuplestore_gettupleslot(store, true, false, slot))
		return false;
	task_row_see(row, slot);
	return true;
}

/*
 * Whether rows have been stored as BEFORE UPDATE left them: no other trigger
 * comes after it, and no child of the table has rows that it did not see.
 */
static bool
stored_as_decided(Relation rel)
{
	bool		decided = false;

	if (rel->rd_rel->relhassubclass)
		return false;
	for (int i = 0; i < rel->trigdesc->numtriggers; i++)
	{
		Trigger    *trigger = &rel->trigdesc->triggers[i];

		if (!TRIGGER_FOR_BEFORE(trigger->tgtype) || !TRIGGER_FOR_ROW(trigger->tgtype) || !TRIGGER_FOR_UPDATE(trigger->tgtype) ||
			trigger->tgenabled == TRIGGER_DISABLED)
			continue;
		if (strcmp(trigger->tgname, "taskq_lifecycle_update") != 0)
			return false;
		decided = trigger->tgenabled != TRIGGER_FIRES_ON_REPLICA;
	}
	return decided;
}

/* Passes the rows that a statement has changed to the followers. */
static void
tell(TriggerData *td)
{
	bool		deleted = TRIGGER_FIRED_BY_DELETE(td->tg_event);
	bool		replica = SessionReplicationRole == SESSION_REPLICATION_ROLE_REPLICA;
	bool		recheck = !deleted && !replica && !stored_as_decided(td->tg_relation);
	int64		n = td->tg_oldtable == NULL ? 0 : tuplestore_tuple_count(td->tg_oldtable);
	TupleDesc	desc = RelationGetDescr(td->tg_relation);
	TupleTableSlot *old_slot;
	TupleTableSlot *new_slot;
	Tuplestorestate *olds;
	Tuplestorestate *news;
	ChangeBatch batch;
	TaskRow		old;
	TaskRow		new;

	if (n == 0 || (!deleted && td->tg_newtable == NULL) || !change_begin(&batch, n > 1, replica))
		return;
	olds = rewound(td->tg_oldtable);
	news = deleted ? NULL : rewound(td->tg_newtable);
	old_slot = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
	new_slot = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
	while (next_row(olds, old_slot, &old))
	{
		TaskChange	change = {CHANGE_DELETE, &old};

		CHECK_FOR_INTERRUPTS();
		if (!deleted)
		{
			if (!next_row(news, new_slot, &new))
				elog(ERROR, "transition tables of taskq_task differ in length");
			if (lifecycle_is_rename(&old, &new))
				continue;
			change.kind = lifecycle_is_erasure(&old, &new) ? CHANGE_ERASE : CHANGE_UPDATE;
			change.new = &new;
			if (change.kind == CHANGE_UPDATE && recheck)
				lifecycle_recheck(&old, &new);
		}
		change_add(&batch, &change);
	}
	ExecDropSingleTupleTableSlot(old_slot);
	ExecDropSingleTupleTableSlot(new_slot);
	change_end(&batch);
}

PG_FUNCTION_INFO_V1(taskq_task_updated);
Datum
taskq_task_updated(PG_FUNCTION_ARGS)
{
	tell(check_trigger(fcinfo, "taskq_task_updated", TRIGGER_EVENT_UPDATE, TRIGGER_EVENT_AFTER, false));
	return PointerGetDatum(NULL);
}

PG_FUNCTION_INFO_V1(taskq_task_deleted);
Datum
taskq_task_deleted(PG_FUNCTION_ARGS)
{
	tell(check_trigger(fcinfo, "taskq_task_deleted", TRIGGER_EVENT_DELETE, TRIGGER_EVENT_AFTER, false));
	return PointerGetDatum(NULL);
}

/* ------------------------------------------------------------ BEFORE INSERT */

/* The default of a column, as the table has it now. */
static Datum
column_default(Relation rel, int attnum, bool *isnull)
{
	Form_pg_attribute att = TupleDescAttr(RelationGetDescr(rel), attnum - 1);
	Node	   *expr = build_column_default(rel, attnum);
	EState	   *estate;
	Datum		value;

	*isnull = true;
	if (expr == NULL)
		return (Datum) 0;
	estate = CreateExecutorState();
	value = ExecEvalExprSwitchContext(ExecPrepareExpr((Expr *) expr, estate),
									  GetPerTupleExprContext(estate), isnull);
	if (!*isnull)
		value = datumCopy(value, att->attbyval, att->attlen);
	FreeExecutorState(estate);
	return value;
}

/*
 * Whether created_at has its default, statement_timestamp(), but another stamp
 * is earlier and within the transaction, as now() is. *created_at is set to
 * the earliest of those, so that the stamps are in order.
 */
static bool
created_in_transaction(const TaskRow *row, TimestampTz *created_at)
{
	static const int later[] = {
		Anum_task_started_at, Anum_task_completed_at, Anum_task_cancelled_at
	};
	TimestampTz statement = GetCurrentStatementStartTimestamp();

	*created_at = statement;
	if (task_isnull(row, Anum_task_created_at) || task_stamp(row, Anum_task_created_at) != statement)
		return false;
	for (int i = 0; i < lengthof(later); i++)
		if (!task_isnull(row, later[i]) && task_stamp(row, later[i]) >= GetCurrentTransactionStartTimestamp())
			*created_at = Min(*created_at, task_stamp(row, later[i]));
	return *created_at < statement;
}

PG_FUNCTION_INFO_V1(taskq_task_insert);
Datum
taskq_task_insert(PG_FUNCTION_ARGS)
{
	TriggerData *td = check_trigger(fcinfo, "taskq_task_insert", TRIGGER_EVENT_INSERT, TRIGGER_EVENT_BEFORE, true);
	HeapTuple	tuple = td->tg_trigtuple;
	bool		changed = false;
	int			first_breached_at = Anum_task_sla_first_breached_at;
	TaskRow		row;
	TimestampTz created_at;

	task_row_alloc(&row, RelationGetDescr(td->tg_relation));
	heap_deform_tuple(tuple, row.desc, row.values, row.nulls);

	for (int i = 0; i < lengthof(defaulted_columns); i++)
	{
		int			attnum = defaulted_columns[i];

		if (!task_isnull(&row, attnum))
			continue;
		task_value(&row, attnum) = column_default(td->tg_relation, attnum, &task_isnull(&row, attnum));
		changed = true;
	}
	if (created_in_transaction(&row, &created_at))
	{
		task_set_stamp(&row, Anum_task_created_at, created_at);
		changed = true;
	}
	if (!task_isnull(&row, Anum_task_title))
	{
		text	   *title = DatumGetTextPP(task_value(&row, Anum_task_title));
		text	   *plain = title_without_marks(title);

		if (plain != NULL)
		{
			task_value(&row, Anum_task_title) = PointerGetDatum(plain);
			changed = true;
		}

		/* Off in dumps, so that existing rows are restored as they are. */
		if (check_function_bodies)
			check_title_is_visible(plain != NULL ? plain : title);
	}

	/* A row of 0.2.0, from a dump, has its latest breach only. */
	if (first_breached_at != 0 && task_isnull(&row, first_breached_at) &&
		!task_isnull(&row, Anum_task_sla_breached_at) &&
		!TIMESTAMP_NOT_FINITE(task_stamp(&row, Anum_task_sla_breached_at)))
	{
		task_set_stamp(&row, first_breached_at, task_stamp(&row, Anum_task_sla_breached_at));
		changed = true;
	}
	changed |= fields_apply(NULL, &row);
	/* A task that is closed may name a calendar of its time. */
	if (task_isnull(&row, Anum_task_completed_at) && task_isnull(&row, Anum_task_cancelled_at))
		sla_lock_calendar(NULL, &row);
	changed |= sla_fill(&row);
	if (!task_isnull(&row, Anum_task_status))
	{
		row.status = status_from_datum(task_value(&row, Anum_task_status));
		check_newer_columns(&row);
		if (check_function_bodies)
		{
			check_new_values(NULL, &row);
			check_clock_began(&row, GetCurrentStatementStartTimestamp());
			follow_up_check(&row);
		}
	}
	if (changed)
		tuple = rebuild(tuple, &row);

	change_writing(&row, true);
	return PointerGetDatum(tuple);
}

/* -------------------------------------------- BEFORE DELETE and TRUNCATE */

PG_FUNCTION_INFO_V1(taskq_task_delete);
Datum
taskq_task_delete(PG_FUNCTION_ARGS)
{
	TriggerData *td = (TriggerData *) fcinfo->context;
	TaskRow		row;

	if (CALLED_AS_TRIGGER(fcinfo) && TRIGGER_FIRED_BY_TRUNCATE(td->tg_event) &&
		RelationGetRelid(td->tg_relation) == taskq_catalog()->task)
	{
		if (SessionReplicationRole != SESSION_REPLICATION_ROLE_REPLICA)
			lifecycle_truncate();
		change_truncated();
		return PointerGetDatum(NULL);
	}

	td = check_trigger(fcinfo, "taskq_task_delete", TRIGGER_EVENT_DELETE, TRIGGER_EVENT_BEFORE, true);
	task_row_alloc(&row, RelationGetDescr(td->tg_relation));
	task_row_read(&row, td->tg_trigtuple);
	lifecycle_delete(&row);
	return PointerGetDatum(td->tg_trigtuple);
}
