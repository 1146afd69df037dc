/*-------------------------------------------------------------------------
 *
 * taskq_router.h
 *		Settings, and what the parts of the extension have of each other.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_ROUTER_H
#define TASKQ_ROUTER_H

#include "postgres.h"

#include "fmgr.h"

/* The most slots there can be: the ten lowest bits of an id are its slot's number. */
#define MAX_SLOTS 1024

/* The foreign servers whose options are the slots' connection strings. */
#define SERVER_NAME "taskq_slots"
#define READ_SERVER_NAME "taskq_reads"

/* Settings; see _PG_init(). */
extern bool router_split;
extern bool router_partial;
extern bool router_in_transaction;
extern bool router_read_standbys;
extern int	router_timeout;

/* slots.c */
extern void slots_init(void);
extern int	number_of_slots(void);
extern Datum *all_slots(int *n);
extern int	slot_of_key(text *key);

/* call.c */
extern void call_slots(FunctionCallInfo fcinfo, Datum *slots, int nslots);
extern int	page_size_argument(FunctionCallInfo fcinfo);

#endif							/* TASKQ_ROUTER_H */
