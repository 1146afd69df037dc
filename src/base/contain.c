/*-------------------------------------------------------------------------
 *
 * contain.c
 *		Calling functions in subtransactions, and catching their errors.
 *
 * For rows that cannot be swept, rules that fail and locks that are not
 * available.  The error of a subtransaction is returned as ErrorData.  The
 * caller decides which errors it handles, and rethrows the others.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/resowner.h"

#include "base/actor.h"
#include "base/contain.h"

/*
 * Whether an error concerns only the rows that were being written, and not the
 * transaction or the server, so that aborting the subtransaction is enough.
 * While call_leaves_locked(), lock timeouts are for the sweep to handle, which
 * leaves the row for the next one.
 */
bool
error_is_contained(const ErrorData *edata)
{
	switch (ERRCODE_TO_CATEGORY(edata->sqlerrcode))
	{
		case ERRCODE_TRANSACTION_ROLLBACK:
		case ERRCODE_INSUFFICIENT_RESOURCES:
		case ERRCODE_OPERATOR_INTERVENTION:
		case ERRCODE_SYSTEM_ERROR:
		case ERRCODE_INTERNAL_ERROR:
			return false;
		default:
			return edata->sqlerrcode != ERRCODE_READ_ONLY_SQL_TRANSACTION &&
				!(edata->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE && call_leaves_locked());
	}
}

/*
 * Calls a function in a subtransaction and the current memory context, and
 * commits the subtransaction if "keep", else aborts it.  After an error it is
 * aborted in any case, and the error is returned, allocated in that context;
 * NULL = no error.  Memory that the function has allocated there is not freed.
 */
ErrorData *
in_subtransaction(void (*what) (void *), void *arg, bool keep)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile edata = NULL;
	volatile bool kept = false;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		what(arg);
		if (keep)
		{
			ReleaseCurrentSubTransaction();
			kept = true;
		}
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		edata = CopyErrorData();
		FlushErrorState();
	}
	PG_END_TRY();
	if (!kept)
		RollbackAndReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return edata;
}

/* Calls a function and rolls back what it did; rethrows its error.  For dry runs. */
void
take_back(void (*what) (void *), void *arg)
{
	ErrorData  *edata = in_subtransaction(what, arg, false);

	if (edata != NULL)
		ReThrowError(edata);
}
