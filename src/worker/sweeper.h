/*-------------------------------------------------------------------------
 *
 * sweeper.h
 *		The background worker that sweeps a database.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_SWEEPER_H
#define TASKQ_SWEEPER_H

#include "fmgr.h"

#include "base/compat.h"

typedef enum TaskqLogSweeps
{
	LOG_SWEEPS_NONE,
	LOG_SWEEPS_CHANGES,
	LOG_SWEEPS_ALL
} TaskqLogSweeps;

extern int	taskq_log_sweeps;

extern void worker_pin_timeouts(void);
pg_noreturn extern PGDLLEXPORT void taskq_sweeper_main(Datum arg);

#endif							/* TASKQ_SWEEPER_H */
