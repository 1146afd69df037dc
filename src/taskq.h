/*-------------------------------------------------------------------------
 *
 * taskq.h
 *		What the rooms of the house tell each other.
 *
 * One section a file, in the order in which they build on each other.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_H
#define TASKQ_H

#include "postgres.h"

#include "access/htup.h"
#include "access/tupdesc.h"
#include "commands/trigger.h"
#include "datatype/timestamp.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "portability/instr_time.h"
#include "utils/array.h"
#include "utils/date.h"
#include "utils/guc.h"
#include "utils/jsonb.h"
#include "utils/rel.h"

#include "base/compat.h"

#define TASKQ_EXTENSION "taskq"

/* --------------------------------------------------------- taskq.c: settings */

typedef enum TaskqLogSweeps
{
	LOG_SWEEPS_NONE,
	LOG_SWEEPS_CHANGES,
	LOG_SWEEPS_ALL
} TaskqLogSweeps;

extern char *taskq_timezone;
extern int	taskq_sweep_interval;	/* seconds */
extern int	taskq_sweep_batch_size; /* tasks */
extern char *taskq_databases;
extern int	taskq_max_databases;
extern int	taskq_max_sweepers;
extern int	taskq_sla_at_risk_percent;
extern int	taskq_log_sweeps;
extern char *taskq_retention;
extern char *taskq_notify_channel;
extern char *taskq_actor_setting;

extern void warn_of_rejected_settings(void);

/* ------------------------------------ catalog.c: the extension's own objects */

typedef enum TaskStatus
{
	STATUS_OPEN,
	STATUS_IN_PROGRESS,
	STATUS_OVERDUE,
	STATUS_COMPLETED,
	STATUS_CANCELLED
} TaskStatus;

#define N_STATUSES (STATUS_CANCELLED + 1)
#define N_PRIORITIES 4
#define N_SLA_STATUSES 6

#define STATUS_IS_TERMINAL(s) ((s) >= STATUS_COMPLETED)

/*
 * Columns of taskq_task that are newer than 0.2.0; described in newer_columns
 * (catalog.c), in this order.
 */
typedef enum NewerColumn
{
	COLUMN_SLA_FIRST_BREACHED_AT
} NewerColumn;

#define N_NEWER_COLUMNS (COLUMN_SLA_FIRST_BREACHED_AT + 1)

typedef struct NewerColumnInfo
{
	const char *name;
	bool		is_stamp;		/* written by the lifecycle only */
} NewerColumnInfo;

typedef struct TaskqCatalog
{
	Oid			extension;
	Oid			schema;
	char		schema_name[NAMEDATALEN];
	Oid			task;			/* tables */
	Oid			task_event;
	Oid			staff;
	Oid			customer;
	Oid			workflow_rule;
	Oid			renewal;
	Oid			crossing;
	Oid			counter;		/* these may be missing */
	Oid			counter_delta;
	Oid			counter_state;
	bool		renewal_is_keyed;	/* has its unique index */
	bool		sql_is_older;	/* than 0.3.0 */
	bool		is_subscriber;	/* taskq_task is the target of a subscription: its publisher sweeps */
	Oid			status_type;	/* enums, and their values in order */
	Oid			priority_type;
	Oid			sla_status_type;
	Oid			status[N_STATUSES];
	Oid			priority[N_PRIORITIES];
	Oid			sla_status[N_SLA_STATUSES];
	int			newer_column[N_NEWER_COLUMNS];	/* attribute numbers; 0 = missing */
} TaskqCatalog;

extern const char *const status_names[N_STATUSES];
extern const char *const priority_names[N_PRIORITIES];
extern const NewerColumnInfo newer_columns[N_NEWER_COLUMNS];

/* Grows with each change to the catalog or to the tables in it that is heard of. */
extern uint64 catalog_changes;

extern const TaskqCatalog *taskq_catalog(void);
extern void catalog_register_callbacks(void);
extern Oid	primary_key_of(Relation rel);
extern int	enum_index(Oid value, const Oid *values, int nvalues);
extern TaskStatus status_from_value(Oid value);
#define status_from_datum(d) \
	((TaskStatus) enum_index(DatumGetObjectId(d), taskq_catalog()->status, N_STATUSES))

/* A plan kept for the life of the session, and what it was made for. */
typedef struct KeptPlan
{
	SPIPlanPtr	plan;			/* NULL = none */
	Oid			extension;		/* made again, it has new types */
	char		schema_name[NAMEDATALEN];	/* what @. stood for */
} KeptPlan;

extern void plan_keep(KeptPlan *kept, SPIPlanPtr plan);
extern bool plan_serves(const KeptPlan *kept);
extern void plan_forget(KeptPlan *kept);

/*
 * A statement kept prepared for the life of the session.  "@." in its text
 * stands for the extension's schema.  It is kept twice: PostgreSQL plans it
 * again for another role, but not for the same one that is exempt from FORCE
 * ROW LEVEL SECURITY at one time and not at another.
 */
typedef struct TaskqPlan
{
	const char *sql;
	int			options;		/* as of a cursor, and PLAN_BY_INDEX */
	ParserSetupHook setup;		/* of the parser; NULL = none, else no parameters */
	KeptPlan	kept[2];
} TaskqPlan;

/* One plan for all parameters, made once: for what runs often and reads little. */
#define PLAN_ONCE CURSOR_OPT_GENERIC_PLAN
/* Planned without what would do without its index; PostgreSQL has no such bit. */
#define PLAN_BY_INDEX 0x01000000

extern char *qualify(const char *sql);
extern void catalog_install_hooks(void);
extern SPIPlanPtr prepared(TaskqPlan *plan, int nargs, Oid *argtypes);
extern void spi_connect(void);
extern int	spi_run(TaskqPlan *plan, int nargs, Oid *argtypes, Datum *values,
					const char *nulls, long limit);
extern void spi_read(TaskqPlan *plan, int nargs, Oid *argtypes, Datum *values);
extern int	spi_run_by_index(TaskqPlan *plan, int nargs, Oid *argtypes, Datum *values,
							 const char *nulls, long limit);

extern Datum id_array(const int64 *ids, int n);
extern Datum result_ids(void);

/* Spelling of qualified operators: no search_path can change what they are. */
#define EQ "OPERATOR(pg_catalog.=)"
#define NE "OPERATOR(pg_catalog.<>)"
#define LT "OPERATOR(pg_catalog.<)"
#define LE "OPERATOR(pg_catalog.<=)"
#define GT "OPERATOR(pg_catalog.>)"
#define GE "OPERATOR(pg_catalog.>=)"
#define MINUS "OPERATOR(pg_catalog.-)"

/*
 * A column where NULL comes last, as the indexes of taskq_task have it.  It is
 * not coalesce(), which PostgreSQL does not take for leakproof: under row
 * security that would be no condition of an index.
 */
#define OR_NEVER(column) "CASE WHEN " column " IS NULL THEN 'infinity' ELSE " column " END"

/* -------------------------------------- owner.c: acting as the owner of a table */

typedef struct OwnerSwitch
{
	Oid			role;
	int			sec_context;
	int			guc_level;		/* 0 = search_path was not changed */
	ErrorContextCallback error_context;
} OwnerSwitch;

extern Oid	owner_of(Oid relation);
extern void become_owner_of(Oid relation, OwnerSwitch *saved);
extern void become_owner_for_transaction(Oid relation, OwnerSwitch *saved);
extern void become_caller_again(const OwnerSwitch *saved);
extern char *message_with_hint(const ErrorData *edata);
extern void owner_register_callbacks(void);

/* ------------------------------------------------- calendar.c: what day it is */

/* The number that n < 10 digits make, -1 if they are not all digits. */
static inline int
digits_value(const char *s, int n)
{
	int			value = 0;

	for (int i = 0; i < n; i++)
	{
		if (s[i] < '0' || s[i] > '9')
			return -1;
		value = 10 * value + (s[i] - '0');
	}
	return value;
}

extern DateADT today(void);
extern TimestampTz day_start(DateADT day);
extern bool timezone_check(char **newval, void **extra, GucSource source);
extern void timezone_assign(const char *newval, void *extra);

/* --------------------------------------------------------- actor.c: who did it */

typedef enum TaskVerb
{
	VERB_START,
	VERB_SET_SLA,
	VERB_ERASE,					/* texts only; of terminal tasks, too */
	VERB_OTHER
} TaskVerb;

/*
 * What the triggers should know of the API call under way: while there is one,
 * writes of nothing are suppressed.  Calls nest: a trigger of the user's may
 * call the API again.
 */
typedef struct TaskqCall
{
	struct TaskqCall *outer;
	TaskVerb	verb;
	bool		by_system;		/* actor is NULL: the sweep */
	text	   *actor;			/* NULL = not given */
	text	   *note;			/* for the event that ends the task, or changes its SLA */
	int			unchanged;		/* tasks that were already as asked */
} TaskqCall;

extern void call_begin(TaskqCall *call, TaskVerb verb, text *actor);
extern void call_end(TaskqCall *call);
extern const TaskqCall *call_under_way(void);
extern bool call_is(TaskVerb verb);
extern void call_unchanged(void);
extern int	run_as_call(TaskqPlan *plan, int nargs, Oid *types, Datum *values, const char *nulls,
						TaskVerb verb, text *actor, text *note);
extern text *current_actor(void);
extern text *actor_argument(FunctionCallInfo fcinfo, int argno);

/* ----------------------------------------- task.c: the row, and what it may hold */

enum
{
	Anum_task_id = 1,
	Anum_task_title,
	Anum_task_description,
	Anum_task_priority,
	Anum_task_status,
	Anum_task_due_date,
	Anum_task_sla_hours,
	Anum_task_assignee_id,
	Anum_task_user_id,
	Anum_task_source,
	Anum_task_dedupe_key,
	Anum_task_created_at,
	Anum_task_created_by,
	Anum_task_started_at,
	Anum_task_completed_at,
	Anum_task_cancelled_at,
	Anum_task_updated_at,
	Anum_task_sla_due_at,
	Anum_task_sla_at_risk_at,
	Anum_task_sla_breached_at,
	Natts_task = Anum_task_sla_breached_at
};

/*
 * Columns that came later.  In an updated table they stand behind columns that
 * the user has added, so their numbers are no constants; 0 in a database of an
 * older version, which does not have the column.
 */
#define Anum_task_sla_first_breached_at \
	(taskq_catalog()->newer_column[COLUMN_SLA_FIRST_BREACHED_AT])

#define TITLE_MAX 200
#define TEXT_MAX 65536
#define KEY_MAX 255
#define SOURCE_MAX 63
#define SLA_HOURS_MAX 87600.0

/* A task's columns, and any that the user added, as they stand in a tuple. */
typedef struct TaskRow
{
	TupleDesc	desc;
	Datum	   *values;
	bool	   *nulls;
	TaskStatus	status;
} TaskRow;

extern void task_row_alloc(TaskRow *row, TupleDesc desc);
extern void task_row_read(TaskRow *row, HeapTuple tuple);
extern void task_row_see(TaskRow *row, TupleTableSlot *slot);
extern void task_row_copy(TaskRow *row, TupleTableSlot *slot);
extern bool task_ctids_serve(void);
extern bool task_column_is_own(int attnum);
extern bool task_column_is_stamp(int attnum);
extern bool column_differs(TupleDesc desc, int attnum, Datum a, bool a_isnull, Datum b, bool b_isnull);
extern bool task_column_differs(const TaskRow *a, const TaskRow *b, int attnum);
#define task_isnull(row, anum) ((row)->nulls[(anum) - 1])
#define task_value(row, anum) ((row)->values[(anum) - 1])
#define task_stamp(row, anum) DatumGetTimestampTz(task_value(row, anum))
#define task_id(row) DatumGetInt64(task_value(row, Anum_task_id))

extern bool past_due(const TaskRow *row);
extern TaskStatus effective_status(const TaskRow *row);
extern TimestampTz task_instant(const TaskRow *row);
extern TimestampTz task_judged_at(const TaskRow *row);

extern bool due_date_in_bounds(DateADT date);
extern bool sla_hours_in_bounds(float8 hours);

extern void check_text(const char *argument, text *value, int min, int max);
extern void check_due_date(DateADT date);
extern void check_sla_hours(float8 hours);

/* ------------------------------------------- title.c: what a title may hold */

extern const char *title_problem(const char *s, int len);
extern text *title_without_marks(const text *title);
extern char *without_directional_controls(char *s);
extern char *as_title(const char *s);
extern text *accept_title(text *title);
extern void check_title_is_visible(const text *title);

/* ------------------------- contain.c: what may fail without taking the caller along */

extern bool error_is_contained(const ErrorData *edata);
extern ErrorData *in_subtransaction(void (*what) (void *), void *arg, bool keep);
extern void take_back(void (*what) (void *), void *arg);

/* --------------------------------------- action.c: what may be done to a task */

extern void return_rows(FunctionCallInfo fcinfo);

/* ------------------------------------- directory.c: staff, customers, mirroring */

extern void check_staff(Datum assignee_id);
extern void check_customer(Datum user_id);
extern void check_active_customer(Datum user_id);
extern bool staff_exists(Datum id);
extern bool customer_exists(Datum id);
extern bool staff_is_active(Datum id);
extern void check_table_owner_may(FunctionCallInfo fcinfo, const TriggerData *td);

/* ----------------------- create.c: new tasks, also for taskq's own engines */

/* Arguments of taskq_create in their order, the actor apart. */
typedef enum NewTaskField
{
	NEW_TITLE,
	NEW_DESCRIPTION,
	NEW_PRIORITY,
	NEW_DUE_DATE,
	NEW_SLA_HOURS,
	NEW_ASSIGNEE_ID,
	NEW_USER_ID,
	NEW_DEDUPE_KEY,
	NEW_SOURCE
} NewTaskField;

#define N_NEW (NEW_SOURCE + 1)

typedef struct NewTask
{
	Datum		values[N_NEW];
	bool		nulls[N_NEW];
	bool		by_engine;		/* may have the engines' sources */
} NewTask;

extern void new_task_init(NewTask *task, const char *engine);
extern void new_task_set(NewTask *task, NewTaskField field, Datum value);
extern void add_note(char **notes, char *note);
extern char *engine_title(const char *rendered, const char *fallback, char **notes);
extern char *engine_description(char *rendered, char **notes);
extern int64 create_task(NewTask *task, text *actor, bool *created);

/* -------------------------------------------------------- sla.c: deadlines */

extern bool sla_instants(TimestampTz created_at, float8 hours,
						 TimestampTz *due_at, TimestampTz *at_risk_at);
extern TimestampTz sla_breach_begins(TimestampTz due_at);

/* ------------------------------------- cursor.c: where a page of the queue ended */

typedef enum QueueSort
{
	SORT_DUE,
	SORT_PRIORITY,
	SORT_CREATED,
	SORT_SLA
} QueueSort;

/* Where the last page ended: the sort's keys, as far as it has them. */
typedef struct Position
{
	bool		given;
	DateADT		due_date;
	int			rank;
	int64		at;				/* timestamptz */
	int64		id;
} Position;

extern QueueSort sort_argument(FunctionCallInfo fcinfo, int argno);
extern Position cursor_argument(FunctionCallInfo fcinfo, int argno, QueueSort sort);
extern char *cursor_of(QueueSort sort, const Datum *values, const bool *nulls);

/* -------------------------------------------------------- history.c: events */

typedef enum EventKind
{
	EVENT_STARTED,
	EVENT_COMPLETED,
	EVENT_CANCELLED,
	EVENT_OVERDUE,
	EVENT_RECOVERED,
	EVENT_SLA_BREACHED,
	EVENT_ASSIGNED,
	EVENT_RESCHEDULED,
	EVENT_PRIORITIZED,
	EVENT_SLA_CHANGED,
	EVENT_EDITED,
	EVENT_UPDATED,
	EVENT_COMMENTED,
	EVENT_ERASED
} EventKind;

#define N_EVENT_KINDS (EVENT_ERASED + 1)

/* Counts what is recorded while non-NULL; the sweep sets it. */
extern int *history_tally;

typedef struct HistoryBatch HistoryBatch;
extern HistoryBatch *history_begin(bool many);
extern void history_add_update(HistoryBatch *batch, const TaskRow *old, const TaskRow *new);
extern void history_add_comment(HistoryBatch *batch, const TaskRow *row, text *note);
extern void history_add_erasure(HistoryBatch *batch, const TaskRow *row);
extern void history_flush(HistoryBatch *batch);
extern void history_offer(HistoryBatch *batch);
extern void history_forget(const int64 *task_ids, int n);
extern uint64 history_erase(Datum task_ids);
extern char *history_who_closed(int64 task_id);

/* ------------------------------------------- stats.c: the bar above the queue */

typedef enum Stat
{
	STAT_OPEN,
	STAT_IN_PROGRESS,
	STAT_OVERDUE,
	STAT_DUE_TODAY,
	STAT_UNASSIGNED,
	STAT_COMPLETED_TODAY,
	STAT_SLA_AT_RISK,
	STAT_SLA_BREACHED
} Stat;

#define N_STATS (STAT_SLA_BREACHED + 1)

extern void stats_count(int64 *stats);
extern bool sees_all_tasks(void);

/* ------------------------------------- counter.c: numbers that are kept for it */

/*
 * Numbers of tasks are kept in counters, one a kind and bucket.  A task counts
 * in each that its shape has a bucket for.
 */
typedef enum CounterKind
{
	COUNT_UNSTARTED,			/* active, one bucket: 0 */
	COUNT_STARTED,
	COUNT_UNASSIGNED,
	COUNT_UNSTARTED_DUE,		/* active, by due date */
	COUNT_STARTED_DUE,
	COUNT_AT_RISK,				/* active, by SLA_BUCKET */
	COUNT_BREACH,
	COUNT_COMPLETED				/* by quarter of an hour */
} CounterKind;

#define COUNTER_NONE PG_INT32_MAX	/* no such date or instant */
#define COUNTER_MERGED PG_INT32_MIN /* bucket of all that lie behind for good */
#define COUNTS_NOT (-1)
#define COUNTS_STARTED 1
#define COUNTS_UNASSIGNED 2
#define SLA_BUCKET (5 * USECS_PER_SEC)
#define USECS_PER_QUARTER (15 * USECS_PER_MINUTE)

typedef struct CounterShape
{
	int32		due;
	int32		at_risk;
	int32		breach;
	int32		completed;
	int			state;
} CounterShape;

/* The row of taskq_counter_state. */
typedef struct CounterState
{
	int64		xmax;
	int64	   *xip;
	int			nxip;
	int32		merged_day;
	int32		merged_sla;
	int32		counted_sla;
	int64		triggers;
	TimestampTz counted_at;
	TimestampTz folded_at;
} CounterState;

/* Writers note their changes, but tasks are not counted yet: xmax is the transaction that began it. */
#define COUNTER_IS_ANNOUNCED(state) ((state)->counted_at == DT_NOBEGIN)

/* Receives a task's part in one counter. */
typedef void (*CounterAdd) (void *target, CounterKind kind, int32 bucket, int64 n);

/*
 * Active tasks whose instant lies between two, found by their own index.  One
 * that is breached before it is at risk has no instant at which it gets there.
 */
#define AT_RISK_BETWEEN(below) \
	"(SELECT t.sla_at_risk_at AS at FROM @.taskq_task t WHERE t.sla_at_risk_at " GE " $1 AND t.sla_at_risk_at " below " $2 " \
	"AND t.sla_at_risk_at " LE " t.sla_due_at AND t.completed_at IS NULL AND t.cancelled_at IS NULL ORDER BY t.sla_at_risk_at)"
#define BREACH_BETWEEN(phase) \
	"(SELECT t.sla_due_at AS at, t.sla_at_risk_at " GT " t.sla_due_at AS never_at_risk FROM @.taskq_task t " \
	"WHERE @.taskq_phase(t.started_at, t.completed_at, t.cancelled_at) " EQ " " phase " " \
	"AND " OR_NEVER("t.sla_due_at") " " GE " $1 AND " OR_NEVER("t.sla_due_at") " " LT " $2 " \
	"ORDER BY " OR_NEVER("t.sla_due_at") ")"

extern int32 counter_bucket(TimestampTz at, int64 width);
extern void counter_shape_clear(CounterShape *shape);
extern void counter_shape_active(CounterShape *shape, bool started, bool unassigned, DateADT due,
								 bool sla, TimestampTz at_risk, TimestampTz breach);
extern void counter_add_shape(CounterAdd add, void *target, const CounterShape *shape, int64 n);
extern int64 counter_triggers(void);
extern bool counter_is_kept(void);
extern bool counter_find_state(Snapshot snapshot, CounterState *state);
extern bool counter_read_state(Snapshot snapshot, CounterState *state);
extern int	counter_scan_unfolded(const CounterState *state, Snapshot snapshot, int64 except,
								  int limit, CounterAdd add, void *target);
typedef struct CounterNotes CounterNotes;
extern CounterNotes *counter_notes_begin(void);
extern void counter_note(CounterNotes *notes, const TaskRow *old, const TaskRow *new);
extern void counter_notes_end(CounterNotes *notes);
extern bool counter_stats(int64 *stats);

/* ----------------------------------- fold.c: the counters brought up to date */

extern int64 fold_keep(int64 announcement);
extern void fold_deltas(void);
extern void fold_forget(void);

/* ----------------------------- wakeup.c: telling the worker what falls due when */

typedef enum SweepOutcome
{
	SWEEP_NONE,					/* not swept yet, or a sweeper is on its way */
	SWEEP_DONE,
	SWEEP_LEFT,					/* somebody wants the database */
	SWEEP_SOME_FAILED,			/* done, except for tasks that could not be */
	SWEEP_FAILED,
	SWEEP_ABSENT,				/* the extension is not installed */
	SWEEP_SUBSCRIBER,			/* taskq_task is a subscription's target */
	SWEEP_RESTORING,			/* a restore or an import is under way */
	SWEEP_READ_ONLY				/* default_transaction_read_only is on */
} SweepOutcome;

#define SWEEP_ERROR_LEN 512

typedef enum TurnReason
{
	TURN_DUE,					/* something falls due then */
	TURN_INTERVAL,
	TURN_BACKOFF,
	TURN_ABSENT
} TurnReason;

/* When the launcher will have a database swept next, and what it knows. */
typedef struct Turn
{
	TimestampTz at;
	TurnReason	reason;
	TimestampTz swept_at;		/* end of the last sweep, DT_NOBEGIN = none; the clock may be set since */
	int			failures;		/* in a row */
	bool		sweeping;
} Turn;

/* So many changes to fold are worth it to a sweeper that is there already. */
#define DELTAS_TO_STAY 500

/* What launcher, sweepers and all other sessions share about a database. */
typedef struct WakeupSlot
{
	Oid			database;		/* the hash key */
	NameData	name;
	TimestampTz next_due;		/* next instant at which something falls due */
	Turn		turn;			/* the launcher's, leaving next_due aside */
	int			deltas;			/* about so many, since the last sweep */
	bool		busy;			/* the last sweep found DELTAS_TO_STAY of them */
	bool		told;			/* how the last sweep went */
	SweepOutcome outcome;		/* of it; SWEEP_NONE also once another is asked for */
	int			backlog;		/* behind it */
	char		error[SWEEP_ERROR_LEN]; /* of it, '' = none */
	char		last_error[SWEEP_ERROR_LEN];
	TimestampTz last_error_at;
} WakeupSlot;

typedef enum WorkerState
{
	WORKER_NOT_PRELOADED,
	WORKER_NOT_RUNNING,
	WORKER_SWEEPS_OTHERS,		/* this database has no slot */
	WORKER_IS_FULL,				/* nor is there one left */
	WORKER_SWEEPS
} WorkerState;

extern WorkerState wakeup_worker_state(void);
extern void wakeup_request_shmem(void);
extern void wakeup_register_callbacks(void);
extern void wakeup_for_task(const TaskRow *row);
extern void wakeup_now(void);
extern void wakeup_for_delta(void);
extern void wakeup_launcher_is(int pid);
extern bool wakeup_slot(Oid database, WakeupSlot *copy);
extern void wakeup_keep_slots(Oid *databases, int n);
extern void wakeup_launcher_waits(TimestampTz until);
extern void wakeup_sweep_begins(Oid database);
extern void wakeup_sweep_ends(Oid database, SweepOutcome outcome, TimestampTz next_due,
							  int backlog, const char *error);
extern void wakeup_sweep_breaks_off(Oid database, const char *error);
extern void wakeup_publish(Oid database, const char *name, const Turn *turn);

/* --------------------------------- notify.c: one message a transaction, opt-in */

extern void notify_register_callbacks(void);
extern void notify_task(int64 id);

/* ------------------------------- template.c: text with payloads put into it */

extern char *template_lookup(Jsonb *payload, const char *path);
extern char *template_render(text *template, Jsonb *payload);
extern text *template_render_key(text *template, Jsonb *payload);

/* -------------------------------------------- rule.c: the rules, in memory */

#define EVENT_MAX 100			/* characters */
#define EVENT_NAME_CREATED "task.created"
#define EVENT_NAME_COMPLETED "task.completed"
#define EVENT_NAME_CANCELLED "task.cancelled"
#define EVENT_NAME_OVERDUE "task.overdue"
#define EVENT_NAME_SLA_BREACHED "task.sla_breached"
#define EVENT_NAME_CROSSED "renewal.threshold_crossed"
#define EVENT_NAME_RENEWAL_OVERDUE "renewal.overdue"

typedef enum RuleAction
{
	RULE_CREATE_TASK,
	RULE_ESCALATE,
	RULE_ASSIGN
} RuleAction;

typedef struct Rule
{
	int64		id;
	char	   *name;
	char	   *event;
	Datum		condition;		/* jsonpath; 0 = always */
	RuleAction	action;
	text	   *title_template; /* NULL = none, as below */
	text	   *description_template;
	int			priority;		/* -1 = not given */
	int			due_in_days;	/* -1 = not given */
	float8		sla_hours;		/* 0 = not given */
	char	   *assignee_id;
	char	   *assignee_path;
	bool		customer_agent;
	bool		least_loaded;
	Datum		assignee_pool;	/* text[]; 0 = all active staff */
	char	   *user_id_path;
	text	   *dedupe_key;
} Rule;

extern bool event_is_reserved(const char *event);
extern List *rules_for(const char *event);
extern void rule_register_callbacks(void);

/* ----------- chain.c: what rules have made in the transaction, and what led to it */

/* How much there had been made, at some point. */
typedef struct WorkflowMark
{
	int			tasks;
	int			runs;
} WorkflowMark;

extern void workflow_begin_task(void);
extern void workflow_end_task(int64 id, bool created);
extern void workflow_made_run(int64 id);
extern WorkflowMark workflow_mark(void);
extern const int64 *workflow_tasks_since(WorkflowMark mark, int *n);
extern const int64 *workflow_runs_since(WorkflowMark mark, int *n);

/* A rule that looks at an event, and the one whose action led to it. */
typedef struct ChainLink
{
	const struct ChainLink *outer;	/* NULL = the event is from outside */
	const Rule *rule;
	int			depth;			/* 1 for an event from outside */
} ChainLink;

/* Why a rule that matches is not put into action. */
typedef enum ChainLimit
{
	CHAIN_HAS_RULE,
	CHAIN_TOO_DEEP,
	CHAIN_TOO_MANY_TASKS,
	CHAIN_GOES_ON				/* it is */
} ChainLimit;

#define N_CHAIN_LIMITS CHAIN_GOES_ON

extern const ChainLink *chain_begin(void);
extern ChainLink chain_link(const Rule *rule);
extern void chain_set(const ChainLink *link);
extern ChainLimit chain_limit(const ChainLink *link);
extern char *chain_refusal(const ChainLink *link, ChainLimit limit, bool *first);
extern void chain_register_callbacks(void);

/* ----------------------------------------- workflow.c: rules put into action */

/* Told of a rule of which no run is recorded, and why. */
typedef void (*RulePassedOver) (void *arg, const ChainLink *link, const char *outcome, const char *why);

extern void workflow_offer(const char *event, Jsonb *payload, char *user_id);
extern void workflow_offer_dry(const char *event, Jsonb *payload, char *user_id,
							   RulePassedOver passed_over, void *arg);
extern void workflow_offer_tasks(const char *event, const int64 *ids, int n);
extern void workflow_prune(void);

/* ------------------------- ladder.c: what happens before a renewal is due */

/* Outcomes of a crossing: those that made the renewal's task what it is ... */
#define TASK_OUTCOMES "'{task created,task raised}'::pg_catalog.text[]"
/* ... and those that not every version of the SQL knows. */
#define OUTCOME_SUPERSEDED "superseded"
#define OUTCOME_CANCELLED "task cancelled"
#define OUTCOME_INACTIVE "customer inactive"

/* Who gets the tasks of a renewal r of customer c, NULL = nobody. */
#define RENEWAL_ASSIGNEE "CASE WHEN s.is_active THEN s.id WHEN a.is_active THEN a.id END"
#define RENEWAL_WITH_STAFF \
	"@.taskq_renewal r JOIN @.taskq_customer c ON c.id " EQ " r.user_id " \
	"LEFT JOIN @.taskq_staff_member s ON s.id " EQ " r.assignee_id " \
	"LEFT JOIN @.taskq_staff_member a ON a.id " EQ " c.assigned_agent_id"

/* What bringing renewals up to today has come to. */
typedef struct RenewalsDone
{
	int			crossed;		/* thresholds */
	int			tasks_created;
	int64	   *changed;		/* crossings, in a palloc'd array; NULL = not asked for */
	int			nchanged;
	int			max_changed;
} RenewalsDone;

extern const char *crossing_outcome(const char *outcome);
extern void renewal_refresh(int64 id, RenewalsDone *done);

/* --------------------------------------- refresh.c: all renewals that are due */

/* Set while the engine writes what only it may write. */
extern bool renewals_refreshing;

extern TaskqPlan pick_renewals;
extern TaskqPlan still_renewals;

extern void write_as_engine(TaskqPlan *plan, int nargs, Oid *types, Datum *values, const char *nulls);
extern void renewals_refresh(Datum ids, RenewalsDone *done);
extern Datum renewals_take_recheck(void);
extern void renewals_keep_recheck(Datum ids);
extern void renewals_recheck(Datum ids, RenewalsDone *done);
extern void renewals_recheck_customer(Datum user_id);
extern TimestampTz renewals_next_due(void);

/* ------------------------------------------------------ sweep.c: one batch of it */

/* Ids of rows that could not be swept, not to be tried again. */
typedef struct FailedIds
{
	int64	   *ids;
	int			n;
	int			size;
} FailedIds;

typedef struct Sweep
{
	TimestampTz started_at;
	instr_time	began;			/* the same by a clock that cannot be set */
	int64		announcement;	/* as of fold_keep() */
	bool		folded;			/* there is nothing left to do for the counts */
	int			overdue;
	int			recovered;
	int			sla_breached;
	int			renewals;
	int			tasks_created;
	int			purged;			/* terminal tasks deleted */
	int			failed;			/* tasks and renewals that could not be swept */
	int			lock_waits;		/* for rows of one kind in a batch */
	int			given_up;		/* rows of the batch, after LOCK_WAITS_MAX of them */
	int			batches;
	int			backlog;
	TimestampTz next_due;		/* after the last batch, DT_NOEND = unknown */
	int64		log_id;			/* row in taskq_sweep_log, 0 = none yet */
	FailedIds  *failed_tasks;
	FailedIds  *failed_renewals;
	char		error[SWEEP_ERROR_LEN]; /* of the first that failed */
} Sweep;

/* How picked tasks are found again; statements come in this order. */
#define BY_ID 0
#define BY_CTID 1

#define SWEEP_BATCH_MAX 1000000

extern void sweep_begin(Sweep *sweep);
extern void sweep_error_set(char *error, const char *message);
extern bool sweep_batch(Sweep *sweep, int max_tasks);
extern int	sweep_done(const Sweep *sweep);
extern int64 usecs_since(instr_time begin);
extern void sweep_log_write(Sweep *sweep);
extern void sweep_log_line(const Sweep *sweep, const char *database);
extern TimestampTz sweep_next_due(void);
extern int	sweep_purge(TimestampTz cutoff, int max_tasks);
extern int	sweep_max_tasks_argument(FunctionCallInfo fcinfo, int argno);

/* ------------------------------------- retention.c: how long tasks are kept */

extern TaskqPlan pick_expired[2];
extern TaskqPlan still_expired;
extern TaskqPlan delete_expired[2];

extern bool retention_check(char **newval, void **extra, GucSource source);
extern void retention_assign(const char *newval, void *extra);
extern bool retention_cutoff(TimestampTz *cutoff);

/* -------------------------------------------- launcher.c: who sweeps, and when */

extern void launcher_register(void);
pg_noreturn extern PGDLLEXPORT void taskq_launcher_main(Datum arg);

/* ----------------------------- sweeper.c: the process that sweeps a database */

extern void worker_pin_timeouts(void);
pg_noreturn extern PGDLLEXPORT void taskq_sweeper_main(Datum arg);

#endif							/* TASKQ_H */
