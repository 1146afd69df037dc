/*-------------------------------------------------------------------------
 *
 * directory.h
 *		Staff, customers, and mirroring them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_DIRECTORY_H
#define TASKQ_DIRECTORY_H

#include "commands/trigger.h"
#include "fmgr.h"

extern void check_staff(Datum assignee_id);
extern void check_customer(Datum user_id);
extern void check_active_customer(Datum user_id);
extern bool staff_exists(Datum id);
extern bool customer_exists(Datum id);
extern bool staff_is_active(Datum id);
extern bool team_is_active(Datum id);
extern void check_table_owner_may(FunctionCallInfo fcinfo, const TriggerData *td);

#endif							/* TASKQ_DIRECTORY_H */
