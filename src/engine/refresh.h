/*-------------------------------------------------------------------------
 *
 * refresh.h
 *		All renewals that are due.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_REFRESH_H
#define TASKQ_REFRESH_H

#include "task/due.h"

/* Renewals to be checked after a change of thresholds, and those that have crossed one. */
extern const DueKind due_rechecks;
extern const DueKind due_renewals;

extern void renewals_recheck_customer(Datum user_id);

#endif							/* TASKQ_REFRESH_H */
