/*-------------------------------------------------------------------------
 *
 * owner.h
 *		Acting as the owner of one of taskq's tables.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_OWNER_H
#define TASKQ_OWNER_H

#include "utils/elog.h"

typedef struct OwnerSwitch
{
	Oid			role;
	int			sec_context;
	int			guc_level;		/* 0 = search_path was not changed */
	ErrorContextCallback error_context;
} OwnerSwitch;

extern Oid	owner_of(Oid relation);
extern void become_owner_of(Oid relation, OwnerSwitch *saved);
extern void become_owner_for_transaction(Oid relation, OwnerSwitch *saved);
extern void become_caller_again(const OwnerSwitch *saved);
extern char *message_with_hint(const ErrorData *edata);
extern void owner_register_callbacks(void);

#endif							/* TASKQ_OWNER_H */
