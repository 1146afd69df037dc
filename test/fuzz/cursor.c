/*-------------------------------------------------------------------------
 *
 * cursor.c
 *		Fuzz target: argument after of taskq_queue_page().
 *
 * Input: a byte for the sort, then the cursor.  What is taken for a cursor is
 * one: written down again from what was read, it is the same but for zeros in
 * front of numbers; and what cursor_of() writes is read as it was.
 *
 *-------------------------------------------------------------------------
 */
#include "shim.h"

#include "../../src/base/character.c"
#include "../../src/base/text.c"
#include "../../src/queue/cursor.c"

static TaskqCatalog catalog = {.priority = {11, 12, 13, 14}};

const TaskqCatalog *
taskq_catalog(void)
{
	return &catalog;
}

int
enum_index(Oid value, const Oid *values, int nvalues)
{
	MUST(value >= 11 && value <= 14);
	return value - 11;
}

static FunctionCallInfo fcinfo;
static QueueSort sort;
static Position position;

static void
read_cursor(void)
{
	position = cursor_argument(fcinfo, 0, sort);
}

static void
read_sort(void)
{
	sort = sort_argument(fcinfo, 0, SORT_DUE);
}

/* A position as the text of a cursor. */
static char *
written(void)
{
	Datum		values[Natts_task] = {0};
	bool		nulls[Natts_task] = {0};

	values[Anum_task_id - 1] = Int64GetDatum(position.id);
	values[Anum_task_priority - 1] = ObjectIdGetDatum(catalog.priority[sort == SORT_DUE || sort == SORT_PRIORITY ?
																	   N_PRIORITIES - position.rank : 0]);
	nulls[Anum_task_due_date - 1] = sort != SORT_DUE && sort != SORT_PRIORITY;
	if (DATE_IS_NOEND(position.due_date))
		nulls[Anum_task_due_date - 1] = true;
	values[Anum_task_due_date - 1] = DateADTGetDatum(position.due_date);
	values[Anum_task_created_at - 1] = TimestampTzGetDatum(position.at);
	values[Anum_task_sla_due_at - 1] = TimestampTzGetDatum(position.at);
	values[Anum_task_completed_at - 1] = TimestampTzGetDatum(position.at);
	nulls[Anum_task_sla_due_at - 1] = sort == SORT_SLA && position.at == DT_NOEND;
	nulls[Anum_task_completed_at - 1] = nulls[Anum_task_cancelled_at - 1] = sort == SORT_CLOSED && position.at == DT_NOBEGIN;
	return cursor_of(sort, values, nulls);
}

/* Drops zeros in front of numbers, and what "infinity" may stand for. */
static char *
plain(const char *s)
{
	char	   *result = palloc(strlen(s) + 30);
	char	   *out = result;
	int			field = 0;

	while (*s)
	{
		bool		first = s[-1] == '/';
		bool		is_date = strlen(s) >= 10 && s[4] == '-' && s[7] == '-' && (s[10] == '/' || s[10] == '\0');

		if (first && field > 0 && !is_date)
		{
			bool		minus = *s == '-';

			s += minus;
			while (s[0] == '0' && s[1] >= '0' && s[1] <= '9')
				s++;
			if (minus && !(s[0] == '0' && (s[1] == '/' || s[1] == '\0')))
				*out++ = '-';
		}
		if (*s == '/')
			field++;
		*out++ = *s++;
	}
	*out = '\0';
	return result;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"due", "priority", "created", "sla", "closed"};

	if (size < 1 || !is_text(data + 1, size - 1))
		return 0;
	fcinfo = arguments(1);
	set_text_argument(fcinfo, 0, (const char *) data + 1, size - 1);
	if (run(read_sort))
		MUST(strcmp(text_to_cstring(DatumGetTextPP(fcinfo->args[0].value)), names[sort]) == 0);
	else
		MUST(error_code == ERRCODE_INVALID_PARAMETER_VALUE);

	sort = (QueueSort) (data[0] % 5);
	if (run(read_cursor))
	{
		/* One byte in front, for plain() looks back. */
		char	   *given = psprintf(" %.*s", (int) size - 1, (const char *) data + 1);
		char	   *again;
		Position	first = position;

		MUST(position.given);
		if (sort == SORT_CREATED)
			MUST(strncmp(given, " created/", 9) == 0);
		if (sort == SORT_DUE || sort == SORT_PRIORITY)
			MUST(position.rank >= 1 && position.rank <= N_PRIORITIES);
		again = psprintf(" %s", written());
		/* Infinity may be written as its number, too. */
		if (!(TIMESTAMP_NOT_FINITE(position.at) && (sort == SORT_CREATED || sort == SORT_SLA || sort == SORT_CLOSED)))
			MUST(strcmp(plain(again + 1), plain(given + 1)) == 0);
		set_text_argument(fcinfo, 0, again + 1, strlen(again + 1));
		MUST(run(read_cursor));
		MUST(memcmp(&first, &position, sizeof(first)) == 0);
	}
	else
		MUST(error_code == ERRCODE_INVALID_PARAMETER_VALUE);
	free_all();
	return 0;
}
