/*-------------------------------------------------------------------------
 *
 * change.c
 *		Callbacks on changes of tasks.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "task/change.h"
#include "task/row.h"

static const TaskFollower *const *followers;
static int	nfollowers = 0;

static void
change_xact_callback(XactEvent event, void *arg)
{
	for (int i = 0; i < nfollowers; i++)
		if (followers[i]->xact != NULL)
			followers[i]->xact(event);
}

static void
change_subxact_callback(SubXactEvent event, SubTransactionId mySubid,
						SubTransactionId parentSubid, void *arg)
{
	for (int i = 0; i < nfollowers; i++)
		if (followers[i]->subxact != NULL)
			followers[i]->subxact(event, mySubid);
}

/* Registers the followers; the list must not be freed.  Called once, when the library is loaded. */
void
change_register(const TaskFollower *const *list, int n)
{
	Assert(n <= MAX_FOLLOWERS);
	followers = list;
	nfollowers = n;
	RegisterXactCallback(change_xact_callback, NULL);
	RegisterSubXactCallback(change_subxact_callback, NULL);
}

/* Called by BEFORE triggers with the row to be stored, which later triggers may still change. */
void
change_writing(const TaskRow *row, bool insert)
{
	for (int i = 0; i < nfollowers; i++)
		if (followers[i]->writing != NULL)
			followers[i]->writing(row, insert);
}

/*
 * Begins a batch with the changes of a statement, for all followers or, in
 * replica mode, for those with in_replica.  Returns whether any of them takes
 * the changes.  Must be paired with change_end(), except after an error.
 */
bool
change_begin(ChangeBatch *batch, bool many, bool replica)
{
	bool		any = false;

	for (int i = 0; i < nfollowers; i++)
	{
		const TaskFollower *follower = followers[i];

		batch->told[i] = follower->change != NULL && (follower->in_replica || !replica);
		batch->state[i] = NULL;
		if (batch->told[i] && follower->begin != NULL)
		{
			batch->state[i] = follower->begin(many);
			batch->told[i] = batch->state[i] != NULL;
		}
		any |= batch->told[i];
	}
	return any;
}

void
change_add(ChangeBatch *batch, const TaskChange *change)
{
	for (int i = 0; i < nfollowers; i++)
		if (batch->told[i])
			followers[i]->change(batch->state[i], change);
}

void
change_end(ChangeBatch *batch)
{
	for (int i = 0; i < nfollowers; i++)
		if (batch->told[i] && followers[i]->end != NULL)
			followers[i]->end(batch->state[i]);
	for (int i = 0; i < nfollowers; i++)
		if (batch->told[i] && followers[i]->after != NULL)
			followers[i]->after(batch->state[i]);
}

/* taskq_task has been truncated, which fires no row triggers. */
void
change_truncated(void)
{
	for (int i = 0; i < nfollowers; i++)
		if (followers[i]->truncated != NULL)
			followers[i]->truncated();
}

/* Whether any follower wants events of this kind from change_recorded(). */
bool
change_is_wanted(EventKind kind)
{
	for (int i = 0; i < nfollowers; i++)
		if (followers[i]->wants != NULL && followers[i]->wants(kind))
			return true;
	return false;
}

/* Passes on an event of n tasks, which has been inserted into the history. */
void
change_recorded(EventKind kind, const int64 *ids, int n)
{
	for (int i = 0; n > 0 && i < nfollowers; i++)
		if (followers[i]->recorded != NULL)
			followers[i]->recorded(kind, ids, n);
}

/* Has the worker check for due rows once the transaction commits. */
void
change_due_now(void)
{
	for (int i = 0; i < nfollowers; i++)
		if (followers[i]->due_now != NULL)
			followers[i]->due_now();
}
