/*-------------------------------------------------------------------------
 *
 * notify.c
 *		One NOTIFY per transaction with the ids of the tasks that it changed.
 *
 * Ids are collected while the transaction runs and sent when it commits, as
 * {"ids":[…],"more":false} on channel taskq.notify_channel.  A message has
 * less than 8000 bytes; "more" is true if there was no room for all ids, and
 * the listener should then read its page again.  Prepared transactions send
 * nothing: NOTIFY cannot be prepared.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/async.h"
#include "lib/stringinfo.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "task/change.h"
#include "task/row.h"
#include "worker/notify.h"

char	   *taskq_notify_channel;

#define MESSAGE_MAX 7999
#define MAX_IDS 4000			/* more cannot fit into a message */

typedef struct ChangedTask
{
	int64		id;
	SubTransactionId subxact;
} ChangedTask;

/* Tasks changed by the transaction, in the order of their changes. */
static ChangedTask *changed = NULL;
static int	nchanged = 0;
static int	allocated = 0;
static bool more = false;

bool
notify_channel_check(char **newval, void **extra, GucSource source)
{
	if (strlen(*newval) >= NAMEDATALEN)
	{
		GUC_check_errdetail("A channel name has at most %d bytes.", NAMEDATALEN - 1);
		return false;
	}
	return true;
}

/* Records a task for the message of the current transaction. */
static void
notify_task(int64 id)
{
	if (taskq_notify_channel[0] == '\0' || more)
		return;
	if (nchanged > 0 && changed[nchanged - 1].id == id)
		return;
	if (nchanged == MAX_IDS)
	{
		more = true;
		return;
	}
	if (nchanged == allocated)
	{
		int			size = Max(allocated * 2, 16);

		if (allocated == 0)
			changed = MemoryContextAlloc(TopTransactionContext, size * sizeof(ChangedTask));
		else
			changed = repalloc(changed, size * sizeof(ChangedTask));
		allocated = size;
	}
	changed[nchanged].id = id;
	changed[nchanged].subxact = GetCurrentSubTransactionId();
	nchanged++;
}

static int
compare_changed(const void *a, const void *b)
{
	int64		x = ((const ChangedTask *) a)->id;
	int64		y = ((const ChangedTask *) b)->id;

	return x < y ? -1 : x > y ? 1 : 0;
}

static void
send_message(void)
{
	const char *tail = "],\"more\":false}";	/* the longer of the two */
	StringInfoData buf;
	bool		first = true;

	qsort(changed, nchanged, sizeof(ChangedTask), compare_changed);
	initStringInfo(&buf);
	appendStringInfoString(&buf, "{\"ids\":[");
	for (int i = 0; i < nchanged; i++)
	{
		char		id[32];
		int			len;

		if (i > 0 && changed[i].id == changed[i - 1].id)
			continue;
		len = snprintf(id, sizeof(id), "%s" INT64_FORMAT, first ? "" : ",", changed[i].id);
		if (buf.len + len + (int) strlen(tail) > MESSAGE_MAX)
		{
			more = true;
			break;
		}
		appendStringInfoString(&buf, id);
		first = false;
	}
	appendStringInfoString(&buf, more ? "],\"more\":true}" : tail);
	Async_Notify(taskq_notify_channel, buf.data);
	pfree(buf.data);
}

static void
notify_xact(XactEvent event)
{
	if (event == XACT_EVENT_PRE_COMMIT)
	{
		if (nchanged > 0 && taskq_notify_channel[0] != '\0')
			send_message();
	}
	else if (event != XACT_EVENT_PARALLEL_PRE_COMMIT && event != XACT_EVENT_PRE_PREPARE)
	{
		changed = NULL;			/* went with its memory context */
		nchanged = allocated = 0;
		more = false;
	}
}

/* Removes the tasks of an aborted subtransaction. */
static void
notify_subxact(SubXactEvent event, SubTransactionId subxact)
{
	int			before = nchanged;

	if (event != SUBXACT_EVENT_ABORT_SUB)
		return;
	while (nchanged > 0 && changed[nchanged - 1].subxact >= subxact)
		nchanged--;

	/* Ids for which there was no room came after those that have been removed. */
	if (nchanged < before)
		more = false;
}

/* Records inserts, which have their id by now; updates are recorded when they have been stored. */
static void
notify_writing(const TaskRow *row, bool insert)
{
	if (insert && !task_isnull(row, Anum_task_id))
		notify_task(task_id(row));
}

static void
notify_change(void *state, const TaskChange *change)
{
	notify_task(task_id(change->old));
}

const TaskFollower notify_follower = {
	.writing = notify_writing, .change = notify_change, .xact = notify_xact, .subxact = notify_subxact
};
