/*-------------------------------------------------------------------------
 *
 * launcher.h
 *		Which databases are swept, and when.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_LAUNCHER_H
#define TASKQ_LAUNCHER_H

#include "fmgr.h"
#include "utils/guc.h"

#include "base/compat.h"

extern char *taskq_databases;
extern int	taskq_max_sweepers;

extern void launcher_register(void);
pg_noreturn extern PGDLLEXPORT void taskq_launcher_main(Datum arg);

extern bool databases_check(char **newval, void **extra, GucSource source);

#endif							/* TASKQ_LAUNCHER_H */
