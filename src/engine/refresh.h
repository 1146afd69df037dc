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

/* Renewals that thresholds which have changed concern, and those that have come to one. */
extern const DueKind due_rechecks;
extern const DueKind due_renewals;

extern void renewals_recheck_customer(Datum user_id);

#endif							/* TASKQ_REFRESH_H */
