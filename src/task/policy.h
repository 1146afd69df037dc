/*-------------------------------------------------------------------------
 *
 * policy.h
 *		SLA policies: which SLA a task gets.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_POLICY_H
#define TASKQ_POLICY_H

#include "utils/array.h"

#include "task/row.h"

#define MAX_WARN_PERCENTS 20

/* A row of taskq_sla_policy. */
typedef struct Policy
{
	char	   *name;
	char	   *user_id;		/* NULL = any, as below */
	char	   *team_id;
	char	   *kind;
	char	   *source;
	int			priority;		/* -1 = any */
	char	   *calendar;		/* NULL = none */
	float8		response_hours; /* 0 = none */
	float8		sla_hours;		/* 0 = none */
	int			nwarn;
	int			warn[MAX_WARN_PERCENTS];	/* ascending */
	bool		is_enabled;
} Policy;

/* Both are good until the transaction ends; NULL = there is none. */
extern const Policy *policy_that_fits(const char *user_id, const char *team_id, const char *kind, int priority, const char *source);
extern const Policy *policy_by_name(const char *name);
extern bool policies_exist(void);
extern const Policy *policy_for_row(const TaskRow *row);
extern void policy_write(const Policy *policy, TaskRow *row);
extern void policy_register_callbacks(void);

#endif							/* TASKQ_POLICY_H */
