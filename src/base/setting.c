/*-------------------------------------------------------------------------
 *
 * setting.c
 *		Values that settings had before the library was loaded.
 *
 * PostgreSQL rejects those that are not valid with a WARNING, but when the
 * server starts that is not yet in the log that logging_collector writes.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/guc.h"
#include "utils/memutils.h"

#include "base/setting.h"

static TextSetting *noted;
static int	nnoted = 0;

/*
 * Records the configured values of settings that are about to be defined.  The
 * array must not be freed.
 */
void
settings_note(TextSetting *settings, int n)
{
	noted = settings;
	nnoted = n;
	for (int i = 0; i < n; i++)
	{
		const char *value = GetConfigOption(settings[i].name, true, false);

		if (value != NULL)
			settings[i].given = MemoryContextStrdup(TopMemoryContext, value);
	}
}

/* Forgets values that are in effect: they have not been rejected. */
void
settings_forget_valid(void)
{
	for (int i = 0; i < nnoted; i++)
		if (noted[i].given != NULL && strcmp(noted[i].given, *noted[i].value) == 0)
			noted[i].given = NULL;
}

/* Warns of configured values that were rejected when the server was started. */
void
settings_warn_of_rejected(void)
{
	for (int i = 0; i < nnoted; i++)
		if (noted[i].given != NULL)
			ereport(WARNING,
					(errmsg("invalid value for parameter \"%s\": \"%s\"", noted[i].name, noted[i].given),
					 errdetail("The server was started with \"%s\" instead.", *noted[i].value)));
}
