/*-------------------------------------------------------------------------
 *
 * workflow.h
 *		Offering events to the rules.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_WORKFLOW_H
#define TASKQ_WORKFLOW_H

#include "utils/jsonb.h"

#include "task/change.h"
#include "task/due.h"
#include "engine/chain.h"

/* Called for a rule of which no run is recorded, with the reason. */
typedef void (*RulePassedOver) (void *arg, const ChainLink *link, const char *outcome, const char *why);

extern void workflow_offer(const char *event, Jsonb *payload, char *user_id);
extern void workflow_offer_dry(const char *event, Jsonb *payload, char *user_id,
							   RulePassedOver passed_over, void *arg);
/* Runs that are older than they are kept. */
extern const DueKind due_runs;

extern const TaskFollower workflow_follower;

#endif							/* TASKQ_WORKFLOW_H */
