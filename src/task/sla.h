/*-------------------------------------------------------------------------
 *
 * sla.h
 *		SLA deadlines: computed from facts, never moved.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_SLA_H
#define TASKQ_SLA_H

#include "datatype/timestamp.h"

#include "base/business.h"
#include "task/pause.h"
#include "task/row.h"

extern int	taskq_sla_at_risk_percent;

/* What the deadlines of a task follow from, but for the targets. */
typedef struct SlaFacts
{
	const BusinessCalendar *calendar;	/* NULL = all day every day */
	TimestampTz from;			/* when the clocks began */
	TimestampTz paused_at;		/* DT_NOEND = it is not paused */
	PauseList	pauses;			/* those that are over */
} SlaFacts;

extern bool sla_facts(const TaskRow *row, SlaFacts *facts);
extern int64 sla_span(float8 hours);
extern TimestampTz sla_instant(const SlaFacts *facts, int64 span);
extern bool sla_try_instant(const SlaFacts *facts, int64 span, TimestampTz *result);
extern int64 sla_elapsed(const SlaFacts *facts, TimestampTz until);
extern TimestampTz sla_breach_begins(TimestampTz due_at);
extern TimestampTz sla_due_now(const TaskRow *row, int hours, int due_at);

/* What lifecycle.c asks for, before and after a row is stored. */
extern void sla_lock_calendar(const TaskRow *old, const TaskRow *new);
extern bool sla_fill(TaskRow *row);
extern void sla_apply(const TaskRow *old, TaskRow *new, TimestampTz at);
extern bool sla_agrees(const TaskRow *old, const TaskRow *new, TimestampTz at);
extern bool sla_risk_is_untold(const TaskRow *row);
extern bool sla_facts_differ(const TaskRow *old, const TaskRow *new);
extern bool sla_risk_recorded(const TaskRow *old, const TaskRow *new);
extern int	sla_percent_passed(const TaskRow *old, const TaskRow *new);

#endif							/* TASKQ_SLA_H */
