/*-------------------------------------------------------------------------
 *
 * create.h
 *		New tasks, also for taskq's own engines.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_CREATE_H
#define TASKQ_CREATE_H

#include "utils/jsonb.h"

/* Arguments of taskq_create in their order, the actor apart; then what else a new task can have. */
typedef enum NewTaskField
{
	NEW_TITLE,
	NEW_DESCRIPTION,
	NEW_PRIORITY,
	NEW_DUE_DATE,
	NEW_SLA_HOURS,
	NEW_ASSIGNEE_ID,
	NEW_USER_ID,
	NEW_DEDUPE_KEY,
	NEW_SOURCE,
	NEW_KIND,
	NEW_TEAM_ID,
	NEW_LABELS,
	NEW_ATTRIBUTES,
	NEW_SLA_POLICY,
	NEW_SLA_FROM,
	NEW_RESPONSE_HOURS,
	NEW_SLA_CALENDAR,
	NEW_FOLLOWS_ID
} NewTaskField;

#define N_NEW_FIRST NEW_KIND	/* those that a task of 0.2.0 has */
#define N_NEW_JSON NEW_SLA_CALENDAR	/* those that the body of taskq_create_json() can have */
#define N_NEW (NEW_FOLLOWS_ID + 1)

typedef struct NewTask
{
	Datum		values[N_NEW];
	bool		nulls[N_NEW];
	bool		by_engine;		/* may have the engines' sources */
} NewTask;

extern void new_task_init(NewTask *task, const char *engine);
extern void new_task_set(NewTask *task, NewTaskField field, Datum value);
extern void add_note(char **notes, char *note);
extern char *engine_title(const char *rendered, const char *fallback, char **notes);
extern char *engine_description(char *rendered, char **notes);
extern int64 create_task(NewTask *task, text *actor, bool *created);
extern Datum create_from_json(JsonbContainer *body, text *actor);

#endif							/* TASKQ_CREATE_H */
