/*-------------------------------------------------------------------------
 *
 * catalog.h
 *		Look-up of the extension's own objects.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_CATALOG_H
#define TASKQ_CATALOG_H

#include "utils/relcache.h"

#include "base/enums.h"

#define TASKQ_EXTENSION "taskq"

/*
 * Columns of taskq_task that are newer than 0.2.0; described in newer_columns
 * (catalog.c), in this order.
 */
typedef enum NewerColumn
{
	COLUMN_SLA_FIRST_BREACHED_AT,
	COLUMN_KIND,
	COLUMN_SLA_POLICY,
	COLUMN_SLA_CALENDAR,
	COLUMN_SLA_REVISION,
	COLUMN_SLA_FROM,
	COLUMN_RESPONSE_HOURS,
	COLUMN_RESPONSE_DUE_AT,
	COLUMN_RESPONSE_BREACHED_AT,
	COLUMN_RESPONSE_HOURS_USED,
	COLUMN_SLA_HOURS_USED,
	COLUMN_SLA_WARN_AT,
	COLUMN_SLA_WARNED_AT,
	COLUMN_PAUSED_AT,
	COLUMN_PAUSE_REASON,
	COLUMN_RESUME_AT,
	COLUMN_TEAM_ID,
	COLUMN_FOLLOWS_ID,
	COLUMN_LABELS,
	COLUMN_ATTRIBUTES
} NewerColumn;

#define N_NEWER_COLUMNS (COLUMN_ATTRIBUTES + 1)

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
	Oid			sla_policy;		/* these are missing where sql_is_older */
	Oid			task_pause;
	Oid			team;
	Oid			team_member;
	Oid			schedule;
	Oid			counter;		/* these may be missing, and are where sql_is_older */
	Oid			counter_delta;
	Oid			counter_state;
	Oid			calendar;		/* so may these */
	Oid			calendar_window;
	Oid			holiday;
	bool		renewal_is_keyed;	/* has its unique index */
	int			customer_merged_into;	/* attribute number; 0 = missing */
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

extern const NewerColumnInfo newer_columns[N_NEWER_COLUMNS];

/* Incremented by each invalidation that concerns the catalog. */
extern uint64 catalog_changes;

extern const TaskqCatalog *taskq_catalog(void);
extern void catalog_register_callbacks(void);
extern Oid	primary_key_of(Relation rel);
extern int	errcheck(const char *table, const char *constraint);
#define status_from_datum(d) \
	((TaskStatus) enum_index(DatumGetObjectId(d), taskq_catalog()->status, N_STATUSES))

#endif							/* TASKQ_CATALOG_H */
