/*-------------------------------------------------------------------------
 *
 * taskq_router.c
 *		The functions of taskq over several databases, its slots.
 *
 * PL/Proxy does the work: each function of taskq that is about tasks has a
 * twin in PL/Proxy, named after it with _at, whose first argument says at which
 * slots it is run.  What users call is a function of the same name and
 * signature as taskq's, in schema taskq_router, which finds out the slots and
 * calls the twin (call.c).
 *
 * The router's database has taskq as well: for its types, for the functions
 * that only compute, and for the directory (staff, customers, teams, calendars,
 * policies, rules), which is published from there to all slots.  It has no
 * tasks.
 *
 *-------------------------------------------------------------------------
 */
#include "taskq_router.h"

#include <limits.h>

#include "utils/guc.h"

PG_MODULE_MAGIC;

bool		router_split = false;
bool		router_partial = false;
bool		router_in_transaction = false;
bool		router_read_standbys = false;
int			router_timeout = 0;

PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	DefineCustomBoolVariable("taskq_router.split",
							 "Lists of ids may go to several slots.",
							 "Such a call is not all or nothing: each slot commits its part.",
							 &router_split, false, PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("taskq_router.partial",
							 "Reading calls leave out slots that do not answer, with a warning.",
							 NULL, &router_partial, false, PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("taskq_router.in_transaction",
							 "Writing calls are allowed in a transaction block.",
							 "They are committed at once all the same, and ROLLBACK does not undo them.",
							 &router_in_transaction, false, PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("taskq_router.read_standbys",
							 "Reading calls prefer the standbys of slots.",
							 "They may lag behind what was written before.",
							 &router_read_standbys, false, PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("taskq_router.timeout",
							"How long a call waits for the answer of a slot; 0 means for ever.",
							NULL, &router_timeout, 30000, 0, INT_MAX, PGC_USERSET, GUC_UNIT_MS, NULL, NULL, NULL);
	MarkGUCPrefixReserved("taskq_router");
	slots_init();
}
