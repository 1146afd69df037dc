/*-------------------------------------------------------------------------
 *
 * business.c
 *		Calendars: which time is open, and computing with it.
 *
 * Each session reads a calendar when it first needs it and keeps it until one
 * of the three tables is changed: their triggers send an invalidation, which
 * the session that changes them processes at once, and every other when the
 * change is committed.  Calendars are read with the latest snapshot, whatever
 * the transaction's isolation level, and as the tables' owner: they say when
 * time is open, and that is the same for everybody.
 *
 * In parallel mode no snapshot can be taken, so the active one is used, and
 * what it gives is kept for that statement only.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/parallel.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/business.h"
#include "base/catalog.h"
#include "base/compat.h"
#include "base/owner.h"
#include "base/plan.h"
#include "base/spans.h"

/* Bytes of a name, which has at most 63 characters, with its end. */
#define NAME_SIZE 256

struct BusinessCalendar
{
	char		name[NAME_SIZE];
	char	   *timezone;
	Spans	   *spans;			/* NULL = this server does not know the zone */
	int64		stored;			/* its revision in the table; 0 = NULL */
	int64		revision;		/* of the spans; 0 = not computed yet */
};

typedef struct CacheEntry
{
	char		name[NAME_SIZE];
	BusinessCalendar *calendar;
} CacheEntry;

/* The casts do nothing, unless the owner has changed a column's type. */
static TaskqPlan select_calendar = {
	"SELECT coalesce(c.timezone::pg_catalog.text, ''), coalesce(c.holiday_lists::pg_catalog.text[], '{}'), c.revision::pg_catalog.int8 "
	"FROM @.taskq_calendar c WHERE c.name " EQ " $1"
};
static TaskqPlan select_windows = {
	"SELECT w.weekday::pg_catalog.int2, w.opens::pg_catalog.time, w.closes::pg_catalog.time "
	"FROM @.taskq_calendar_window w WHERE w.calendar " EQ " $1"
};
static TaskqPlan select_holidays = {
	"SELECT pg_catalog.array_position($1, h.list::pg_catalog.text), h.day::pg_catalog.date, h.yearly::pg_catalog.bool, "
	"h.opens::pg_catalog.time, h.closes::pg_catalog.time, coalesce(h.label::pg_catalog.text, h.list::pg_catalog.text) "
	"FROM @.taskq_holiday h WHERE h.list " EQ " ANY ($1)"
};

/*
 * The calendars read, by name (NULL = none yet), in a context of their own; the
 * table that they were read from, and last_change by then.
 */
static MemoryContext cache_context;
static HTAB *cache = NULL;
static Oid	cache_table;
static uint64 cache_change;
static bool cache_is_parallel;	/* some were read in parallel mode, in the statement of this time */
static TimestampTz cache_statement;
static uint64 last_change = 0;

/* ------------------------------------------------------------------ reading */

static void
read_rows(TaskqPlan *plan, Oid type, Datum value, Snapshot snapshot)
{
	if (SPI_execute_snapshot(prepared(plan, 1, &type), &value, NULL, snapshot, InvalidSnapshot, true, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read a calendar");
}

/* A column of a row of SPI's result; NULL is 0. */
static Datum
column(uint64 row, int attnum, bool *isnull)
{
	Datum		value = SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, attnum, isnull);

	return *isnull ? (Datum) 0 : value;
}

static SpanWindow *
read_windows(Datum name, Snapshot snapshot, int *n)
{
	SpanWindow *windows;
	bool		isnull;

	read_rows(&select_windows, TEXTOID, name, snapshot);
	*n = (int) SPI_processed;
	windows = palloc(Max(*n, 1) * sizeof(SpanWindow));
	for (int i = 0; i < *n; i++)
	{
		windows[i].weekday = DatumGetInt16(column(i, 1, &isnull));
		windows[i].opens = DatumGetTimeADT(column(i, 2, &isnull));
		windows[i].closes = DatumGetTimeADT(column(i, 3, &isnull));
	}
	return windows;
}

/* The labels are allocated in a context. */
static SpanHoliday *
read_holidays(Datum lists, Snapshot snapshot, MemoryContext context, int *n)
{
	SpanHoliday *holidays;
	bool		isnull;

	read_rows(&select_holidays, TEXTARRAYOID, lists, snapshot);
	*n = (int) SPI_processed;
	holidays = palloc0(Max(*n, 1) * sizeof(SpanHoliday));
	for (int i = 0; i < *n; i++)
	{
		SpanHoliday *holiday = &holidays[i];

		holiday->list = DatumGetInt32(column(i, 1, &isnull));
		holiday->day = DatumGetDateADT(column(i, 2, &isnull));
		holiday->yearly = DatumGetBool(column(i, 3, &isnull));
		holiday->opens = DatumGetTimeADT(column(i, 4, &holiday->closed));
		holiday->closes = DatumGetTimeADT(column(i, 5, &isnull));
		holiday->label = MemoryContextStrdup(context, TextDatumGetCString(column(i, 6, &isnull)));
	}
	return holidays;
}

/* SPI's row of a calendar, compiled, in a context. */
static BusinessCalendar *
compile(Datum name, Snapshot snapshot, MemoryContext context)
{
	bool		isnull;
	BusinessCalendar *calendar = MemoryContextAllocZero(context, sizeof(BusinessCalendar));
	Datum		lists = PointerGetDatum(PG_DETOAST_DATUM_COPY(column(0, 2, &isnull)));
	SpanWindow *windows;
	SpanHoliday *holidays;
	int			nwindows;
	int			nholidays;
	pg_tz	   *zone;
	MemoryContext old;

	calendar->timezone = MemoryContextStrdup(context, TextDatumGetCString(column(0, 1, &isnull)));
	calendar->stored = DatumGetInt64(column(0, 3, &isnull));
	windows = read_windows(name, snapshot, &nwindows);
	holidays = read_holidays(lists, snapshot, context, &nholidays);
	zone = pg_tzset(calendar->timezone);
	if (zone == NULL || !pg_tz_acceptable(zone))
		return calendar;
	old = MemoryContextSwitchTo(context);
	calendar->spans = spans_create(zone, windows, nwindows, holidays, nholidays);
	MemoryContextSwitchTo(old);
	return calendar;
}

/* Reads a calendar in a context; NULL if there is none. */
static BusinessCalendar *
read_calendar(const char *name, MemoryContext context)
{
	BusinessCalendar *calendar = NULL;
	Snapshot	snapshot = RegisterSnapshot(IsInParallelMode() ? GetActiveSnapshot() : GetLatestSnapshot());
	OwnerSwitch owner;
	Datum		key;

	spi_connect();
	become_owner_of(taskq_catalog()->calendar, &owner);
	key = CStringGetTextDatum(name);
	read_rows(&select_calendar, TEXTOID, key, snapshot);
	if (SPI_processed > 0)
		calendar = compile(key, snapshot, context);
	become_caller_again(&owner);
	SPI_finish();
	UnregisterSnapshot(snapshot);
	if (calendar != NULL)
		strlcpy(calendar->name, name, NAME_SIZE);
	return calendar;
}

/* -------------------------------------------------------------------- cache */

/* Whether what has been read is still valid. */
static bool
cache_is_valid(void)
{
	AcceptInvalidationMessages();
	return cache != NULL && cache_change == last_change && cache_table == taskq_catalog()->calendar &&
		(!cache_is_parallel || (IsInParallelMode() && cache_statement == GetCurrentStatementStartTimestamp()));
}

/* An empty cache.  What was in the old one may be in use until the end of the transaction. */
static void
cache_begin(void)
{
	HASHCTL		ctl = {.keysize = NAME_SIZE, .entrysize = sizeof(CacheEntry)};

	if (cache != NULL)
		MemoryContextSetParent(cache_context, TopTransactionContext);
	cache = NULL;
	cache_context = AllocSetContextCreate(CacheMemoryContext, "taskq calendars", ALLOCSET_SMALL_SIZES);
	ctl.hcxt = cache_context;
	cache = hash_create("taskq calendars", 16, &ctl, HASH_ELEM | HASH_STRINGS | HASH_CONTEXT);
	cache_table = taskq_catalog()->calendar;
	cache_change = last_change;
	cache_is_parallel = false;
	cache_statement = GetCurrentStatementStartTimestamp();
}

/* Reads a calendar into the cache, NULL if there is none. */
static BusinessCalendar *
cache_read(const char *name)
{
	for (;;)
	{
		MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "taskq calendar", ALLOCSET_SMALL_SIZES);
		BusinessCalendar *calendar;
		CacheEntry *entry;
		bool		found;

		if (!cache_is_valid())
			cache_begin();
		calendar = read_calendar(name, context);
		if (calendar == NULL || cache_change != last_change)
		{
			MemoryContextDelete(context);
			if (calendar == NULL)
				return NULL;
			continue;			/* changed meanwhile */
		}
		entry = hash_search(cache, name, HASH_ENTER, &found);
		MemoryContextSetParent(context, cache_context);
		entry->calendar = calendar;
		cache_is_parallel |= IsInParallelMode();
		return calendar;
	}
}

/*
 * A calendar, NULL if there is none.  If this server does not know its zone
 * nothing can be computed with it.
 */
const BusinessCalendar *
business_calendar_in_any_zone(const char *name)
{
	CacheEntry *entry;

	if (!OidIsValid(taskq_catalog()->calendar) || strlen(name) >= NAME_SIZE)
		return NULL;
	entry = cache_is_valid() ? hash_search(cache, name, HASH_FIND, NULL) : NULL;
	return entry != NULL ? entry->calendar : cache_read(name);
}

bool
business_zone_is_known(const BusinessCalendar *calendar)
{
	return calendar->spans != NULL;
}

/* A calendar, NULL if there is none.  Throws 22023 if this server does not know its zone. */
const BusinessCalendar *
business_calendar(const char *name)
{
	const BusinessCalendar *calendar = business_calendar_in_any_zone(name);

	if (calendar != NULL && calendar->spans == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("time zone \"%s\" of calendar \"%s\" is not one that this server knows", calendar->timezone, name)));
	return calendar;
}

/* The calendar that an argument names.  Throws 22023 if there is none. */
const BusinessCalendar *
business_calendar_argument(const char *argument, text *name)
{
	char		buffer[NAME_SIZE];
	const BusinessCalendar *calendar = NULL;
	int			len = VARSIZE_ANY_EXHDR(name);

	if (len < NAME_SIZE)
	{
		memcpy(buffer, VARDATA_ANY(name), len);
		buffer[len] = '\0';
		calendar = business_calendar(buffer);
	}
	if (calendar == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("calendar \"%s\" does not exist", text_to_cstring(name)),
				 errdetail("It was given as argument \"%s\".", argument)));
	return calendar;
}

/* ---------------------------------------------------------------- computing */

/* 22008 unless a search has found something. */
static void
check_result(const BusinessCalendar *calendar, SpanResult result)
{
	switch (result)
	{
		case SPAN_FOUND:
			return;
		case SPAN_NONE_IN_TEN_YEARS:
			ereport(ERROR,
					(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
					 errmsg("calendar \"%s\" does not open for ten years", calendar->name)));
			break;
		case SPAN_TOO_FAR:
			ereport(ERROR,
					(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
					 errmsg("open time of calendar \"%s\" leads further than 1,000 years", calendar->name)));
			break;
		case SPAN_OUT_OF_RANGE:
			ereport(ERROR,
					(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
					 errmsg("open time of calendar \"%s\" leads out of the range of timestamps", calendar->name)));
			break;
	}
}

/* Open microseconds in [a, b), 0 if b <= a. */
int64
business_between(const BusinessCalendar *calendar, TimestampTz a, TimestampTz b)
{
	return spans_between(calendar->spans, a, b);
}

/*
 * The first instant with so much open time since start; if usec is negative,
 * the last that has so much open time between it and start.  Throws 22008 past
 * ten years without an opening, further than 1,000 years, and outside the range
 * of timestamps.
 */
TimestampTz
business_add(const BusinessCalendar *calendar, TimestampTz start, int64 usec)
{
	TimestampTz result;

	check_result(calendar, spans_add(calendar->spans, start, usec, &result));
	if (!IS_VALID_TIMESTAMP(result))
		check_result(calendar, SPAN_OUT_OF_RANGE);
	return result;
}

/* The same; false where that throws. */
bool
business_try_add(const BusinessCalendar *calendar, TimestampTz start, int64 usec, TimestampTz *result)
{
	return spans_add(calendar->spans, start, usec, result) == SPAN_FOUND && IS_VALID_TIMESTAMP(*result);
}

bool
business_is_open(const BusinessCalendar *calendar, TimestampTz at)
{
	return spans_between(calendar->spans, at, at + 1) > 0;
}

/* The first open instant, at or after one; false if there is none within ten years. */
bool
business_next_opening(const BusinessCalendar *calendar, TimestampTz at, TimestampTz *opening)
{
	if (!business_try_add(calendar, at, 1, opening))
		return false;
	*opening -= 1;
	return true;
}

/*
 * The n-th business day after a day, or before it if n is negative, where the
 * day itself or else the next that opens (n >= 0), or the one before (n < 0), is
 * number 0.  Throws 22008 as business_add() does.
 */
DateADT
business_day(const BusinessCalendar *calendar, DateADT day, int n)
{
	DateADT		result;

	check_result(calendar, spans_day(calendar->spans, day, n, &result));
	return result;
}

/* Hands on all parts of [since, until), in order and without gaps, cut at midnight. */
void
business_walk(const BusinessCalendar *calendar, TimestampTz since, TimestampTz until, SpanReceiver receive, void *arg)
{
	spans_walk(calendar->spans, since, until, receive, arg);
}

static void
list_span(const SpanPart *part, void *arg)
{
	List	  **list = arg;
	BusinessSpan *last = *list == NIL ? NULL : llast(*list);

	if (last != NULL && last->open == part->open &&
		(last->holiday == part->holiday ||
		 (last->holiday != NULL && part->holiday != NULL && strcmp(last->holiday, part->holiday) == 0)))
	{
		last->ends = part->ends;
		return;
	}
	last = palloc(sizeof(BusinessSpan));
	last->begins = part->begins;
	last->ends = part->ends;
	last->open = part->open;
	last->holiday = part->holiday;
	*list = lappend(*list, last);
}

/* All parts of [since, until) in order and without gaps; adjacent ones differ. */
List *
business_spans(const BusinessCalendar *calendar, TimestampTz since, TimestampTz until)
{
	List	   *list = NIL;

	spans_walk(calendar->spans, since, until, list_span, &list);
	return list;
}

/* ----------------------------------------------------------------- revision */

/* The hash of the spans, never 0.  It is computed once, which takes a millisecond or two. */
int64
business_revision(const BusinessCalendar *calendar)
{
	BusinessCalendar *cached = unconstify(BusinessCalendar *, calendar);

	if (cached->revision == 0)
		cached->revision = spans_revision(cached->spans);
	return cached->revision;
}

/* Whether it opens within ten years from now. */
bool
business_opens(const BusinessCalendar *calendar)
{
	TimestampTz opening;

	return business_next_opening(calendar, GetCurrentTimestamp(), &opening);
}

/* Whether the revision was in the table when the calendar was read. */
bool
business_revision_is_stored(const BusinessCalendar *calendar)
{
	return calendar->stored == business_revision(calendar);
}

/* Names of the calendars whose revision this session has computed, and found to be another than the stored one. */
List *
business_not_stored(void)
{
	List	   *names = NIL;
	HASH_SEQ_STATUS status;
	CacheEntry *entry;

	if (!cache_is_valid())
		return NIL;
	hash_seq_init(&status, cache);
	while ((entry = hash_seq_search(&status)) != NULL)
		if (entry->calendar->revision != 0 && entry->calendar->revision != entry->calendar->stored)
			names = lappend(names, pstrdup(entry->name));
	return names;
}

/* ------------------------------------------------------------ invalidation */

/* Incremented by each invalidation that concerns calendars. */
uint64
business_changes(void)
{
	return last_change;
}

static void
business_relcache_callback(Datum arg, Oid relid)
{
	if (!OidIsValid(relid) || relid == cache_table)
		last_change++;
}

void
business_register_callbacks(void)
{
	CacheRegisterRelcacheCallback(business_relcache_callback, (Datum) 0);
}

static void
calendar_updated(const TriggerData *td)
{
	TupleDesc	desc = RelationGetDescr(td->tg_relation);
	int			attnum = SPI_fnumber(desc, "name");
	char	   *old = SPI_getvalue(td->tg_trigtuple, desc, attnum);
	char	   *new = SPI_getvalue(td->tg_newtuple, desc, attnum);

	if (strcmp(old, new) != 0)
		business_renamed(old, new);
}

PG_FUNCTION_INFO_V1(taskq_calendar_changed);
Datum
taskq_calendar_changed(PG_FUNCTION_ARGS)
{
	TriggerData *td = (TriggerData *) fcinfo->context;
	const TaskqCatalog *cat = taskq_catalog();

	if (!CALLED_AS_TRIGGER(fcinfo) ||
		(RelationGetRelid(td->tg_relation) != cat->calendar &&
		 RelationGetRelid(td->tg_relation) != cat->calendar_window &&
		 RelationGetRelid(td->tg_relation) != cat->holiday))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("taskq_calendar_changed belongs to the tables of calendars and cannot be used elsewhere")));
	CacheInvalidateRelcacheByRelid(cat->calendar);
	if (!check_function_bodies || SessionReplicationRole == SESSION_REPLICATION_ROLE_REPLICA)
		return PointerGetDatum(NULL);
	if (TRIGGER_FIRED_BY_UPDATE(td->tg_event) && RelationGetRelid(td->tg_relation) == cat->calendar)
		calendar_updated(td);
	if (TRIGGER_FIRED_BY_TRUNCATE(td->tg_event) && RelationGetRelid(td->tg_relation) != cat->calendar)
		business_truncated();
	return PointerGetDatum(NULL);
}
