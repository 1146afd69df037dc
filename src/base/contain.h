/*-------------------------------------------------------------------------
 *
 * contain.h
 *		Calling functions in subtransactions, and catching their errors.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_CONTAIN_H
#define TASKQ_CONTAIN_H

#include "utils/elog.h"

extern bool error_is_contained(const ErrorData *edata);
extern ErrorData *in_subtransaction(void (*what) (void *), void *arg, bool keep);
extern void take_back(void (*what) (void *), void *arg);

#endif							/* TASKQ_CONTAIN_H */
