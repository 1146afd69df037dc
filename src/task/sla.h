/*-------------------------------------------------------------------------
 *
 * sla.h
 *		SLA deadlines.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_SLA_H
#define TASKQ_SLA_H

#include "datatype/timestamp.h"

extern int	taskq_sla_at_risk_percent;

extern bool sla_instants(TimestampTz created_at, float8 hours,
						 TimestampTz *due_at, TimestampTz *at_risk_at);
extern TimestampTz sla_breach_begins(TimestampTz due_at);

#endif							/* TASKQ_SLA_H */
