/*-------------------------------------------------------------------------
 *
 * refresh.h
 *		All renewals that are due.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_REFRESH_H
#define TASKQ_REFRESH_H

#include "datatype/timestamp.h"

#include "base/plan.h"
#include "engine/ladder.h"

/* Set while the engine writes what only it may write. */
extern bool renewals_refreshing;

extern TaskqPlan pick_renewals;
extern TaskqPlan still_renewals;

extern void write_as_engine(TaskqPlan *plan, int nargs, Oid *types, Datum *values, const char *nulls);
extern void renewals_refresh(Datum ids, RenewalsDone *done);
extern Datum renewals_take_recheck(void);
extern void renewals_keep_recheck(Datum ids);
extern void renewals_recheck(Datum ids, RenewalsDone *done);
extern void renewals_recheck_customer(Datum user_id);
extern TimestampTz renewals_next_due(void);

#endif							/* TASKQ_REFRESH_H */
