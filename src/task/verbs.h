/*-------------------------------------------------------------------------
 *
 * verbs.h
 *		What may be done to a task.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_VERBS_H
#define TASKQ_VERBS_H

#include "fmgr.h"

extern void return_rows(FunctionCallInfo fcinfo);

#endif							/* TASKQ_VERBS_H */
