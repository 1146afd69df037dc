/*-------------------------------------------------------------------------
 *
 * plan.h
 *		Statements kept prepared, and running them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_PLAN_H
#define TASKQ_PLAN_H

#include "executor/spi.h"

/* A plan kept for the life of the session, and what it was made for. */
typedef struct KeptPlan
{
	SPIPlanPtr	plan;			/* NULL = none */
	int			generation;		/* of its plan, if made PLAN_BY_INDEX; 0 = not planned yet */
	Oid			extension;		/* made again, it has new types */
	char		schema_name[NAMEDATALEN];	/* what @. stood for */
	bool		sql_is_older;	/* what the names of keys stood for */
} KeptPlan;

extern void plan_keep(KeptPlan *kept, SPIPlanPtr plan);
extern bool plan_serves(const KeptPlan *kept);
extern void plan_forget(KeptPlan *kept);

/*
 * A statement kept prepared for the life of the session.  "@." in its text
 * stands for the extension's schema; "@stage", "@place", "@due_place" and "@timer"
 * stand for keys of the indexes of taskq_task, a task t, and "@paused_at" and others
 * for what an older version does not have (plan.c).  It is kept twice:
 * PostgreSQL plans it again for another role, but not for the same one that is
 * exempt from FORCE ROW LEVEL SECURITY at one time and not at another.
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
/* Planned with the alternatives to its index disabled; none of PostgreSQL's bits. */
#define PLAN_BY_INDEX 0x01000000

extern int	settings_off(const char *const *names, int n);
extern char *qualify(const char *sql);
extern SPIPlanPtr prepared(TaskqPlan *plan, int nargs, Oid *argtypes);
extern int	plan_use(const TaskqPlan *plan);
extern void plan_used(int level);
extern void spi_connect(void);
extern int	spi_run(TaskqPlan *plan, int nargs, Oid *argtypes, Datum *values,
					const char *nulls, long limit);
extern void spi_read(TaskqPlan *plan, int nargs, Oid *argtypes, Datum *values);
extern int	spi_run_past_guard(int *guard, TaskqPlan *plan, int nargs, Oid *argtypes, Datum *values,
							   const char *nulls);
extern bool guard_is_passed(int guard);
extern void check_all_written(uint64 wanted, uint64 written, const char *table);
extern int	trigger_depth(void);
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
 * not coalesce(), which PostgreSQL does not consider leakproof, so that it
 * could not be an index condition under row security.
 */
#define OR_NEVER(column) "CASE WHEN " column " IS NULL THEN 'infinity' ELSE " column " END"

/* The first place of a date, and of no due date. */
#define PLACE_FROM(date) "((" date " " MINUS " '2000-01-01'::pg_catalog.date)::pg_catalog.int8 OPERATOR(pg_catalog.*) 8)"
#define PLACE_NONE "17179869176"

/* Each rank, for a range of places in taskq_task_queue_idx. */
#define ANY_RANK "@.taskq_priority_rank(t.priority) " EQ " ANY ('{1,2,3,4}'::pg_catalog.int4[])"

/* An active task, in terms of "@stage". */
#define ACTIVE_STAGE "@stage " EQ " ANY ('{0,1,4,5}'::pg_catalog.int2[])"

extern void plan_register_callbacks(void);

#endif							/* TASKQ_PLAN_H */
