/*-------------------------------------------------------------------------
 *
 * change.h
 *		Callbacks on changes of tasks.
 *
 * Files in src/task do not call functions of the directories above.  They call
 * the TaskFollowers in the list that _PG_init() registers (taskq.c), in its
 * order.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_CHANGE_H
#define TASKQ_CHANGE_H

#include "access/xact.h"

#include "task/row.h"

/*
 * What happened to a task.  The order is that in which events of one write are
 * recorded, and in which change_recorded() is called for them: what time had
 * done before comes first.  All but the last are stored (history.c).
 */
typedef enum EventKind
{
	EVENT_OVERDUE,
	EVENT_RECOVERED,
	EVENT_SLA_MOVED,
	EVENT_SLA_AT_RISK,
	EVENT_SLA_WARNING,
	EVENT_RESPONSE_BREACHED,
	EVENT_SLA_BREACHED,
	EVENT_RESUMED,
	EVENT_STARTED,
	EVENT_COMPLETED,
	EVENT_CANCELLED,
	EVENT_PAUSED,
	EVENT_ASSIGNED,
	EVENT_RESCHEDULED,
	EVENT_PRIORITIZED,
	EVENT_SLA_CHANGED,
	EVENT_EDITED,
	EVENT_UPDATED,
	EVENT_COMMENTED,
	EVENT_FOLLOWED_UP,
	EVENT_MERGED,				/* its customer was, into another */
	EVENT_ERASED,
	EVENT_CREATED				/* derived from the task, not stored */
} EventKind;

#define N_EVENT_KINDS (EVENT_ERASED + 1)

typedef enum TaskChangeKind
{
	CHANGE_UPDATE,
	CHANGE_ERASE,				/* of the text of a customer's task */
	CHANGE_COMMENT,				/* the task itself does not change */
	CHANGE_FOLLOW_UP,			/* neither does it, but there is another that follows it */
	CHANGE_DELETE
} TaskChangeKind;

typedef struct TaskChange
{
	TaskChangeKind kind;
	const TaskRow *old;
	const TaskRow *new;			/* NULL = deleted */
	text	   *note;			/* of a comment */
	int64		follow_up;		/* id of the task that follows it */
} TaskChange;

/*
 * An entry of the list.  A callback that is NULL is not called.
 *
 * For a statement, begin() is called first ("many": it has changed several
 * tasks), then change() for each task, then end(), and after() once end() has
 * been called for all entries.  Their argument is the result of begin(); if
 * that is NULL, they are not called for this statement.  An entry without
 * begin() gets the changes of all statements.
 */
typedef struct TaskFollower
{
	bool		in_replica;		/* wants changes where session_replication_role is replica, too */
	void		(*writing) (const TaskRow *row, bool insert);	/* a row is about to be stored */
	void	   *(*begin) (bool many);
	void		(*change) (void *state, const TaskChange *change);
	void		(*end) (void *state);
	void		(*after) (void *state); /* may change tasks itself */
	void		(*truncated) (void);
	bool		(*wants) (EventKind kind);
	void		(*recorded) (EventKind kind, const int64 *ids, int n);	/* may change tasks itself */
	void		(*due_now) (void);	/* the worker is to check for due rows, though no task has been written */
	void		(*xact) (XactEvent event);
	void		(*subxact) (SubXactEvent event, SubTransactionId subxact);
} TaskFollower;

#define MAX_FOLLOWERS 8

/* A batch with the changes of one statement, and the state of each follower. */
typedef struct ChangeBatch
{
	bool		told[MAX_FOLLOWERS];
	void	   *state[MAX_FOLLOWERS];
} ChangeBatch;

extern void change_register(const TaskFollower *const *followers, int n);
extern void change_writing(const TaskRow *row, bool insert);
extern bool change_begin(ChangeBatch *batch, bool many, bool replica);
extern void change_add(ChangeBatch *batch, const TaskChange *change);
extern void change_end(ChangeBatch *batch);
extern void change_truncated(void);
extern bool change_is_wanted(EventKind kind);
extern void change_recorded(EventKind kind, const int64 *ids, int n);
extern void change_due_now(void);

#endif							/* TASKQ_CHANGE_H */
