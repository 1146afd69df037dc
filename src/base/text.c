/*-------------------------------------------------------------------------
 *
 * text.c
 *		Arguments: ids, texts and their bounds, dates written in texts.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/datetime.h"

#include "base/character.h"
#include "base/compat.h"
#include "base/text.h"

/* Whether a text has min to max characters. */
bool
text_in_bounds(const text *value, int min, int max)
{
	int			len = VARSIZE_ANY_EXHDR(value);

	/* A text of so few bytes cannot have too many characters. */
	if (len > max)
		len = pg_mbstrlen_with_len(VARDATA_ANY(value), len);
	return len >= min && len <= max;
}

/* Throws 22023 unless an argument has min to max characters. */
void
check_key(const char *argument, text *value, int min, int max)
{
	if (!text_in_bounds(value, min, max))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 min > 0 ? errmsg("%s must be %d to %d characters", argument, min, max) :
				 errmsg("%s must be at most %d characters", argument, max)));
}

/* The same for a text that people read: it must read as it is stored and, unless it is empty, be visible. */
void
check_text(const char *argument, text *value, int min, int max)
{
	TextProblem problem;

	check_key(argument, value, min, max);
	problem = text_problem(value);
	if (problem != TEXT_VALID)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 problem == TEXT_BLANK ? errmsg("%s must not be blank", argument) :
				 errmsg("%s must not contain Unicode bidirectional control characters", argument)));
}

/* Argument id, the first one; throws P0002 with the message "missing" if it is NULL. */
int64
id_argument(FunctionCallInfo fcinfo, const char *missing)
{
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg_internal("%s", missing),
				 errdetail("Argument id is null.")));
	return PG_GETARG_INT64(0);
}

/* The number that n < 10 digits make, -1 if they are not all digits. */
int
digits_value(const char *s, int n)
{
	int			value = 0;

	for (int i = 0; i < n; i++)
	{
		if (s[i] < '0' || s[i] > '9')
			return -1;
		value = 10 * value + (s[i] - '0');
	}
	return value;
}

/*
 * Reads YYYY-MM-DD.  A string of another form leaves *date alone and gives
 * ISO_DATE_FORM, a date that no calendar has ISO_DATE_NO_DAY.
 */
IsoDate
date_from_iso(const char *s, DateADT *date)
{
	int			year;
	int			month;
	int			day;

	if (strlen(s) != 10 || s[4] != '-' || s[7] != '-')
		return ISO_DATE_FORM;
	year = digits_value(s, 4);
	month = digits_value(s + 5, 2);
	day = digits_value(s + 8, 2);
	if (year < 0 || month < 0 || day < 0)
		return ISO_DATE_FORM;
	if (year < 1 || month < 1 || month > 12 || day < 1 || day > day_tab[isleap(year)][month - 1])
		return ISO_DATE_NO_DAY;
	*date = date2j(year, month, day) - POSTGRES_EPOCH_JDATE;
	return ISO_DATE_VALID;
}
