/*-------------------------------------------------------------------------
 *
 * timer.h
 *		The key of taskq_task_timer_idx: when the sweep next has to do with a task.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_TIMER_H
#define TASKQ_TIMER_H

#include "datatype/timestamp.h"

#include "base/plan.h"

/* A key is a group and, in the bits below it, an instant. */
#define TIMER_SHIFT 58
#define TIMER_UNIT "288230376151711744"	/* of a group */
#define TIMER_NEVER "288230376151711743"	/* the last instant: infinity and what is later than the year 11000 */

/* Groups of tasks that are not paused: four for each state of the response clock, by what is recorded of the SLA. */
#define RISK_UNTOLD 0
#define RISK_TOLD 1				/* that it is at risk is recorded or put off */
#define RISK_BREACHED 2
#define RISK_TOLD_ALL 3			/* as RISK_TOLD, and the sweep has nothing to do: by sla_at_risk_at */
#define N_RISKS 4
#define RESPONSE_NONE 0
#define RESPONSE_GIVEN 1
#define RESPONSE_BREACHED 2
#define N_RESPONSES 3
#define TIMER_GROUP(response, risk) ((response) * N_RISKS + (risk))
#define N_TIMER_GROUPS TIMER_GROUP(N_RESPONSES, 0)
#define TIMER_CLOSED N_TIMER_GROUPS	/* by response_due_at, for reports */
#define TIMER_PAUSED 16			/* is added for a paused task */

/* Those in which the sweep has something to do, and whether a task is in one. */
#define TIMER_GROUPS "'{0,1,2,4,5,6,8,9,10,16,17,18,20,21,22,24,25,26}'::pg_catalog.int8[]"
#define HAS_TIMER "(@timer OPERATOR(pg_catalog.>>) 58 OPERATOR(pg_catalog.&) 3::pg_catalog.int8) " NE " 3 "

/* The predicate of the index. */
#define TIMED "(t.response_due_at IS NOT NULL OR t.paused_at IS NOT NULL OR " \
	"(t.sla_at_risk_at IS NOT NULL AND t.completed_at IS NULL AND t.cancelled_at IS NULL)) "

/* All paused tasks, in terms of the index. */
#define TIMER_IS_PAUSED "@timer " GE " '4611686018427387904'::pg_catalog.int8"

extern int64 timer_instant(TimestampTz at);
extern int64 timer_key(int group, TimestampTz at);

#endif							/* TASKQ_TIMER_H */
