/*-------------------------------------------------------------------------
 *
 * contain.c
 *		What may fail without taking the caller along.
 *
 * A row that cannot be swept, a rule that fails, a lock that is not to be had:
 * each is tried in a subtransaction, and its error is a value to look at.
 * Which errors are a caller's to deal with is for the caller to say; the
 * others it throws again.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/resowner.h"

#include "base/actor.h"
#include "base/contain.h"

/*
 * Whether an error concerns what was being written and nothing beyond, so
 * that a subtransaction can contain it.  What a sweep would have to wait for,
 * in a rule too, it leaves for the next one.
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
 * Does something in a subtransaction, in the current memory context, and keeps
 * it or takes it back.  What failed is taken back in any case, and its error
 * returned, in that context too; NULL = it did not fail.  What it put into the
 * caller's memory stays.
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

/* Does something and takes it back, whether or not it fails: for dry runs. */
void
take_back(void (*what) (void *), void *arg)
{
	ErrorData  *edata = in_subtransaction(what, arg, false);

	if (edata != NULL)
		ReThrowError(edata);
}
