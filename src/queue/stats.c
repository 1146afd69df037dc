/*-------------------------------------------------------------------------
 *
 * stats.c
 *		The stats bar: how many tasks there are of each kind, now.
 *
 * The numbers of all tasks are maintained (counter.c), and those of an assignee
 * or of a team are read from an index.  Otherwise the active tasks that a filter leaves, or
 * that row security lets the caller read, are scanned once, and those closed
 * since midnight.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/itup.h"
#include "access/table.h"
#include "access/tupmacs.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/date.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "base/calendar.h"
#include "base/catalog.h"
#include "base/compat.h"
#include "base/plan.h"
#include "task/entries.h"
#include "task/row.h"
#include "queue/stats.h"
#include "queue/sums.h"

/*
 * $1 = today, $2 = now, $3 = today's first place of a closed task, $4 = that of
 * now; then the filters.  Active tasks by the stage where that is the second
 * key of the filter's index.
 */
#define ACTIVE "t.completed_at IS NULL AND t.cancelled_at IS NULL"

/*
 * Completed since then, in terms of the index that serves the filter.  What is
 * stamped in the future does not count: an import, or a clock that was ahead.
 */
#define COMPLETED COMPLETED_STAGE " AND @place " GE " $3 AND @place " LE " $4"
#define COMPLETED_OF_ASSIGNEE "@stage " EQ " '2'::pg_catalog.int2 AND " ANY_RANK " AND @place " GE " $3 AND @place " LE " $4"

#define NOT_PAST "NOT coalesce(t.due_date " LT " $1, false)"
#define NUMBER(condition) "pg_catalog.count(*) FILTER (WHERE " condition ")::pg_catalog.int4"
#define OPEN NUMBER("t.started_at IS NULL AND " NOT_PAST)
#define IN_PROGRESS NUMBER("t.started_at IS NOT NULL AND " NOT_PAST)
#define OVERDUE NUMBER("t.due_date " LT " $1")
#define DUE_TODAY NUMBER("t.due_date " EQ " $1")
#define AT_RISK NUMBER("t.sla_at_risk_at " LE " $2 AND t.sla_due_at " GE " $2")
#define BREACHED NUMBER("t.sla_due_at " LT " $2")
#define PAUSED NUMBER("@paused_at IS NOT NULL")
#define RESPONSE_BREACHED NUMBER("@response_breached_at IS NOT NULL OR (t.started_at IS NULL AND @response_due_at " LT " $2)")

#define STATS(active, completed, filter) \
	{"SELECT " OPEN ", " IN_PROGRESS ", " OVERDUE ", " DUE_TODAY ", " NUMBER("t.assignee_id IS NULL") ", " \
	"(SELECT pg_catalog.count(*)::pg_catalog.int4 FROM @.taskq_task t WHERE " completed filter "), " \
	AT_RISK ", " BREACHED ", " PAUSED ", " RESPONSE_BREACHED " " \
	"FROM @.taskq_task t WHERE " active filter}

/* Which filters are given. */
#define BY_ASSIGNEE_ID 1
#define BY_USER_ID 2
#define BY_TEAM_ID 4

/* By the filters given, which are parameters in this order. */
static TaskqPlan filtered[] = {
	[0] = STATS(ACTIVE, COMPLETED, ""),
	[BY_ASSIGNEE_ID] = STATS(ACTIVE_STAGE, COMPLETED_OF_ASSIGNEE, " AND t.assignee_id " EQ " $5"),
	[BY_USER_ID] = STATS(ACTIVE_STAGE, COMPLETED, " AND t.user_id " EQ " $5"),
	[BY_ASSIGNEE_ID | BY_USER_ID] = STATS(ACTIVE_STAGE, COMPLETED_OF_ASSIGNEE,
										  " AND t.assignee_id " EQ " $5 AND t.user_id " EQ " $6"),
	[BY_TEAM_ID] = STATS(ACTIVE_STAGE, COMPLETED_OF_ASSIGNEE, " AND t.team_id " EQ " $5"),
	[BY_ASSIGNEE_ID | BY_TEAM_ID] = STATS(ACTIVE_STAGE, COMPLETED_OF_ASSIGNEE,
										  " AND t.assignee_id " EQ " $5 AND t.team_id " EQ " $6"),
	[BY_USER_ID | BY_TEAM_ID] = STATS(ACTIVE_STAGE, COMPLETED_OF_ASSIGNEE,
									  " AND t.user_id " EQ " $5 AND t.team_id " EQ " $6"),
	[BY_ASSIGNEE_ID | BY_USER_ID | BY_TEAM_ID] = STATS(ACTIVE_STAGE, COMPLETED_OF_ASSIGNEE,
													   " AND t.assignee_id " EQ " $5 AND t.user_id " EQ " $6 AND t.team_id " EQ " $7")
};

/* Those of the workload, of each assignee. */
static TaskqPlan of_each = {
	"SELECT t.assignee_id, " OPEN ", " IN_PROGRESS ", " OVERDUE ", " DUE_TODAY " "
	"FROM @.taskq_task t WHERE " ACTIVE " AND t.assignee_id IS NOT NULL GROUP BY t.assignee_id"
};
static TaskqPlan all_staff = {
	"SELECT s.id FROM @.taskq_staff_member s"
};

/* Counts by a statement; a filter is 0 if it is not given. */
static void
count(Datum assignee_id, Datum user_id, Datum team_id, int64 *stats)
{
	Oid			types[] = {DATEOID, TIMESTAMPTZOID, INT8OID, INT8OID, TEXTOID, TEXTOID, TEXTOID};
	DateADT		day = today();
	TimestampTz now = GetCurrentStatementStartTimestamp();
	Datum		values[7] = {
		DateADTGetDatum(day), TimestampTzGetDatum(now), Int64GetDatum(day_start(day)), Int64GetDatum(now)
	};
	Datum		filters[] = {assignee_id, user_id, team_id};
	int			given = 0;
	int			nargs = 4;
	bool		isnull;

	for (int i = 0; i < lengthof(filters); i++)
		if (filters[i] != (Datum) 0)
		{
			given |= 1 << i;
			values[nargs++] = filters[i];
		}
	spi_read(&filtered[given], nargs, types, values);
	for (int i = 0; i < N_STATS; i++)
		stats[i] = DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, i + 1, &isnull));
}

/* The numbers of all tasks, counted.  SPI is connected. */
void
stats_count(int64 *stats)
{
	count((Datum) 0, (Datum) 0, (Datum) 0, stats);
}

/* ------------------------- one assignee's, or one team's, from the index */

/* Columns of taskq_task_assignee_idx and taskq_task_team_idx that are read. */
#define KEY_OWNER 1
#define KEY_STAGE 2
#define KEY_RANK 3
#define KEY_PLACE 4

/*
 * Reads the stage and the place of an entry.  index_deform_tuple() takes three
 * times as long, for it must expect NULLs.
 */
static inline void
read_entry(IndexTuple entry, int16 *stage, int64 *place)
{
	const char *data = (const char *) entry + IndexInfoFindDataOffset(entry->t_info);
	Size		at = SHORTALIGN(VARSIZE_ANY(data));

	*stage = *(const int16 *) (data + at);
	at = INTALIGN(at + sizeof(int16));	/* the rank */
	at = DOUBLEALIGN(at + sizeof(int32));
	*place = *(const int64 *) (data + at);
}

/* The instant in a column of later versions; DT_NOEND = none. */
static TimestampTz
newer_instant(TupleTableSlot *row, int attnum)
{
	bool		isnull;
	Datum		at;

	if (attnum == 0)
		return DT_NOEND;
	at = slot_getattr(row, attnum, &isnull);
	return isnull ? DT_NOEND : DatumGetTimestampTz(at);
}

/* Adds a task to those breached or at risk, if it is. */
static void
count_sla(TupleTableSlot *row, TimestampTz now, int64 *stats)
{
	bool		no_deadline;
	bool		never_at_risk;
	TimestampTz due_at = DatumGetTimestampTz(slot_getattr(row, Anum_task_sla_due_at, &no_deadline));
	TimestampTz at_risk_at = DatumGetTimestampTz(slot_getattr(row, Anum_task_sla_at_risk_at, &never_at_risk));

	if (no_deadline)
		return;
	if (due_at < now)
		stats[STAT_SLA_BREACHED]++;
	else if (!never_at_risk && at_risk_at <= now)
		stats[STAT_SLA_AT_RISK]++;
}

/* Adds what only the row of a task says. */
static void
count_row(TupleTableSlot *row, bool started, TimestampTz now, int64 *stats)
{
	count_sla(row, now, stats);
	if (slot_attisnull(row, Anum_task_assignee_id))
		stats[STAT_UNASSIGNED]++;
	if (newer_instant(row, Anum_task_paused_at) != DT_NOEND)
		stats[STAT_PAUSED]++;
	if (newer_instant(row, Anum_task_response_breached_at) != DT_NOEND ||
		(!started && newer_instant(row, Anum_task_response_due_at) < now))
		stats[STAT_RESPONSE_BREACHED]++;
}

/* Adds the numbers of the active tasks of an assignee or a team; those for which the rows are read only if wanted. */
static void
count_active(Entries *entries, Datum owner_id, DateADT day, TimestampTz now, bool rows, int64 *stats)
{
	ScanKeyData keys[2];

	ScanKeyEntryInitialize(&keys[0], 0, KEY_OWNER, BTEqualStrategyNumber, InvalidOid,
						   entries->index->rd_indcollation[0], F_TEXTEQ, owner_id);
	for (int range = 0; range < 2; range++)
	{
		if (range == 0)
			ScanKeyInit(&keys[1], KEY_STAGE, BTLessEqualStrategyNumber, F_INT2LE, Int16GetDatum(STAGE_STARTED));
		else
			ScanKeyInit(&keys[1], KEY_STAGE, BTGreaterEqualStrategyNumber, F_INT2GE, Int16GetDatum(STAGE_STORED_OVERDUE));
		entries_seek(entries, keys, lengthof(keys));
		while (entries_next(entries))
		{
			int16		stage;
			int64		place;
			bool		started;

			read_entry(entries->entry, &stage, &place);
			started = stage % STAGE_STORED_OVERDUE == STAGE_STARTED;
			if (place < PLACE(day, 0))
				stats[STAT_OVERDUE]++;
			else
				stats[started ? STAT_IN_PROGRESS : STAT_OPEN]++;
			if (place >= PLACE(day, 0) && place < PLACE(day + 1, 0))
				stats[STAT_DUE_TODAY]++;
			if (rows)
				count_row(entries_row(entries), started, now, stats);
		}
	}
}

/* How many tasks an assignee or a team has completed from an instant up to another. */
static int64
count_completed(Entries *entries, Datum owner_id, TimestampTz from, TimestampTz to)
{
	ScanKeyData keys[5];
	int64		n = 0;

	ScanKeyEntryInitialize(&keys[0], 0, KEY_OWNER, BTEqualStrategyNumber, InvalidOid,
						   entries->index->rd_indcollation[0], F_TEXTEQ, owner_id);
	ScanKeyInit(&keys[1], KEY_STAGE, BTEqualStrategyNumber, F_INT2EQ, Int16GetDatum(STAGE_COMPLETED));
	ScanKeyInit(&keys[3], KEY_PLACE, BTGreaterEqualStrategyNumber, F_INT8GE, Int64GetDatum(from));
	ScanKeyInit(&keys[4], KEY_PLACE, BTLessEqualStrategyNumber, F_INT8LE, Int64GetDatum(to));
	for (int rank = 1; rank <= N_PRIORITIES; rank++)
	{
		ScanKeyInit(&keys[2], KEY_RANK, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(rank));
		n += entries_count(entries, keys, lengthof(keys));
	}
	return n;
}

/* The index of assignees' or teams' tasks; false if it is missing, or the caller cannot read all tasks. */
static bool
open_owners(Entries *entries, Relation rel, TaskIndex which)
{
	return sees_all_tasks() && entries_open(entries, rel, which);
}

/* The numbers of one assignee or team, from its index; false if that cannot be used. */
static bool
owner_stats(TaskIndex which, Datum owner_id, int64 *stats)
{
	Relation	rel = table_open(taskq_catalog()->task, AccessShareLock);
	Entries		entries;
	bool		found = open_owners(&entries, rel, which);

	if (found)
	{
		DateADT		day = today();
		TimestampTz now = GetCurrentStatementStartTimestamp();

		memset(stats, 0, N_STATS * sizeof(int64));
		count_active(&entries, owner_id, day, now, true, stats);
		stats[STAT_COMPLETED_TODAY] = count_completed(&entries, owner_id, day_start(day), now);
		entries_close(&entries);
	}
	table_close(rel, NoLock);
	return found;
}

PG_FUNCTION_INFO_V1(taskq_stats);
Datum
taskq_stats(PG_FUNCTION_ARGS)
{
	Datum		assignee_id = PG_ARGISNULL(0) ? (Datum) 0 : PG_GETARG_DATUM(0);
	Datum		user_id = PG_ARGISNULL(1) ? (Datum) 0 : PG_GETARG_DATUM(1);
	/* Before 0.3.0 there were no teams. */
	Datum		team_id = PG_NARGS() < 3 || PG_ARGISNULL(2) ? (Datum) 0 : PG_GETARG_DATUM(2);
	bool		done;
	TupleDesc	desc;
	int64		stats[N_STATS];
	Datum		values[N_STATS];
	bool		nulls[N_STATS] = {false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	spi_connect();
	if (assignee_id == (Datum) 0 && user_id == (Datum) 0 && team_id == (Datum) 0)
		done = counter_stats(stats);
	else if (user_id != (Datum) 0 || (assignee_id != (Datum) 0 && team_id != (Datum) 0))
		done = false;
	else if (team_id != (Datum) 0)
		done = owner_stats(BY_TEAM, team_id, stats);
	else
		done = owner_stats(BY_ASSIGNEE, assignee_id, stats);
	if (!done)
		count(assignee_id, user_id, team_id, stats);
	SPI_finish();
	for (int i = 0; i < N_STATS; i++)
		values[i] = Int32GetDatum((int32) stats[i]);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}

/* ------------------------------------------------------------- workload */

enum
{
	WORKLOAD_ASSIGNEE,
	WORKLOAD_OPEN,
	WORKLOAD_IN_PROGRESS,
	WORKLOAD_OVERDUE,
	WORKLOAD_DUE_TODAY,
	N_WORKLOAD
};

/* Reads the index range by range, one staff member after the other. */
static void
workload_by_index(Entries *entries, ReturnSetInfo *rsinfo)
{
	static const Stat columns[N_WORKLOAD] = {
		[WORKLOAD_OPEN] = STAT_OPEN,
		[WORKLOAD_IN_PROGRESS] = STAT_IN_PROGRESS,
		[WORKLOAD_OVERDUE] = STAT_OVERDUE,
		[WORKLOAD_DUE_TODAY] = STAT_DUE_TODAY
	};
	DateADT		day = today();

	spi_read(&all_staff, 0, NULL, NULL);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		int64		stats[N_STATS] = {0};
		Datum		values[N_WORKLOAD];
		bool		nulls[N_WORKLOAD] = {false};
		bool		isnull;

		values[WORKLOAD_ASSIGNEE] = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull);
		count_active(entries, values[WORKLOAD_ASSIGNEE], day, 0, false, stats);
		if (stats[STAT_OPEN] + stats[STAT_IN_PROGRESS] + stats[STAT_OVERDUE] == 0)
			continue;
		for (int c = WORKLOAD_OPEN; c < N_WORKLOAD; c++)
			values[c] = Int32GetDatum((int32) stats[columns[c]]);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
}

static void
workload_by_count(ReturnSetInfo *rsinfo)
{
	Oid			types[] = {DATEOID};
	Datum		args[] = {DateADTGetDatum(today())};
	Datum		values[N_WORKLOAD];
	bool		nulls[N_WORKLOAD];

	spi_read(&of_each, lengthof(types), types, args);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		heap_deform_tuple(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, values, nulls);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
}

PG_FUNCTION_INFO_V1(taskq_workload_numbers);
Datum
taskq_workload_numbers(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Relation	rel = table_open(taskq_catalog()->task, AccessShareLock);
	Entries		entries;

	InitMaterializedSRF(fcinfo, 0);
	spi_connect();
	if (open_owners(&entries, rel, BY_ASSIGNEE))
	{
		workload_by_index(&entries, rsinfo);
		entries_close(&entries);
	}
	else
		workload_by_count(rsinfo);
	SPI_finish();
	table_close(rel, NoLock);
	return (Datum) 0;
}
