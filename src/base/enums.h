/*-------------------------------------------------------------------------
 *
 * enums.h
 *		The enums of SQL, as enums of C.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_ENUMS_H
#define TASKQ_ENUMS_H

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

typedef enum SlaStatus
{
	SLA_NONE,
	SLA_ON_TRACK,
	SLA_AT_RISK,
	SLA_BREACHED,
	SLA_MET,
	SLA_CANCELLED
} SlaStatus;

#define N_SLA_STATUSES (SLA_CANCELLED + 1)

#define STATUS_IS_TERMINAL(s) ((s) >= STATUS_COMPLETED)

extern const char *const status_names[N_STATUSES];
extern const char *const priority_names[N_PRIORITIES];
extern int	enum_index(Oid value, const Oid *values, int nvalues);
extern TaskStatus status_from_value(Oid value);
extern int	rank_from_value(Oid value);
extern Oid	enum_find(const char *name, Oid schema, const char *const *labels, int nlabels, Oid *values);
extern const char *const sla_status_names[N_SLA_STATUSES];

#endif							/* TASKQ_ENUMS_H */
