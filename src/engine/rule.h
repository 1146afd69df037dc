/*-------------------------------------------------------------------------
 *
 * rule.h
 *		Cache of the workflow rules.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_RULE_H
#define TASKQ_RULE_H

#include "nodes/pg_list.h"

#define EVENT_MAX 100			/* characters */
#define EVENT_NAME_CREATED "task.created"
#define EVENT_NAME_STARTED "task.started"
#define EVENT_NAME_ASSIGNED "task.assigned"
#define EVENT_NAME_COMMENTED "task.commented"
#define EVENT_NAME_PAUSED "task.paused"
#define EVENT_NAME_RESUMED "task.resumed"
#define EVENT_NAME_COMPLETED "task.completed"
#define EVENT_NAME_CANCELLED "task.cancelled"
#define EVENT_NAME_OVERDUE "task.overdue"
#define EVENT_NAME_SLA_MOVED "task.sla_moved"
#define EVENT_NAME_SLA_AT_RISK "task.sla_at_risk"
#define EVENT_NAME_SLA_WARNING "task.sla_warning"
#define EVENT_NAME_SLA_BREACHED "task.sla_breached"
#define EVENT_NAME_RESPONSE_BREACHED "task.response_breached"
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
	char	   *kind;
	char	   *team_id;
	char	   *calendar;		/* in whose business days due_in_days counts */
} Rule;

extern bool event_is_reserved(const char *event);
extern List *rules_for(const char *event);
extern void rule_register_callbacks(void);

#endif							/* TASKQ_RULE_H */
