/*-------------------------------------------------------------------------
 *
 * assignee.h
 *		Who gets the task that a rule creates or assigns, and about whom it is.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_ASSIGNEE_H
#define TASKQ_ASSIGNEE_H

#include "utils/jsonb.h"

#include "engine/rule.h"

/* An event, and the rule that it is offered to. */
typedef struct Firing
{
	const Rule *rule;
	Jsonb	   *payload;
	char	   *user_id;		/* customer whom the event is about, or NULL */
} Firing;

/* To whom a task is to go; NULL = nobody, no team. */
typedef struct Destination
{
	char	   *assignee;
	char	   *team;
} Destination;

extern char *customer_of(const Firing *f, char **notes);
extern Destination destination_of(const Firing *f, const char *customer, char **notes);
extern char *team_of_staff(const char *staff_id);

#endif							/* TASKQ_ASSIGNEE_H */
