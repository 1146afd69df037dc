/*-------------------------------------------------------------------------
 *
 * create.c
 *		Creating tasks: from arguments, and from the platform's JSON body.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "base/actor.h"
#include "base/calendar.h"
#include "base/catalog.h"
#include "base/character.h"
#include "base/enums.h"
#include "base/json.h"
#include "base/owner.h"
#include "base/plan.h"
#include "base/text.h"
#include "task/change.h"
#include "task/create.h"
#include "task/directory.h"
#include "task/fields.h"
#include "task/policy.h"
#include "task/publicid.h"
#include "task/row.h"
#include "task/title.h"

static const char *const field_names[N_NEW] = {
	"title", "description", "priority", "due_date", "sla_hours",
	"assignee_id", "user_id", "dedupe_key", "source", "kind", "team_id", "labels", "attributes",
	"sla_policy", "sla_from", "response_hours", "sla_calendar", "follows_id"
};

/* The status is the first parameter; most tasks have only the fields of the shorter one. */
#define FIRST_FIELDS "title, description, priority, due_date, sla_hours, assignee_id, user_id, dedupe_key, source"
#define INSERT_TASK \
	"INSERT INTO @.taskq_task (status, " FIRST_FIELDS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) "
#define INSERT_TASK_WITH_ALL \
	"INSERT INTO @.taskq_task (status, " FIRST_FIELDS ", kind, team_id, labels, attributes, " \
	"sla_policy, sla_from, response_hours, sla_calendar, follows_id) " \
	"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19) "
#define UNLESS_TAKEN \
	"ON CONFLICT (dedupe_key) WHERE dedupe_key IS NOT NULL " \
	"AND completed_at IS NULL AND cancelled_at IS NULL DO NOTHING "

/* By whether there are other fields, and whether there is a dedupe_key. */
static TaskqPlan insert_task[2][2] = {
	{{INSERT_TASK "RETURNING id"}, {INSERT_TASK UNLESS_TAKEN "RETURNING id"}},
	{{INSERT_TASK_WITH_ALL "RETURNING id"}, {INSERT_TASK_WITH_ALL UNLESS_TAKEN "RETURNING id"}}
};
static TaskqPlan select_holder = {
	"SELECT t.id FROM @.taskq_task t WHERE t.dedupe_key " EQ " $1 "
	"AND t.completed_at IS NULL AND t.cancelled_at IS NULL"
};
static TaskqPlan select_as_json = {
	"SELECT pg_catalog.to_jsonb(v) FROM @.taskq_tasks v WHERE v.id " EQ " $1"
};

/* After so many conflicts without a visible holder, it is not a race with its closing. */
#define HOLDER_TRIES 100

/* Initializes a task with all fields NULL; its source is the engine's name, if any. */
void
new_task_init(NewTask *task, const char *engine)
{
	for (int i = 0; i < N_NEW; i++)
		task->nulls[i] = true;
	task->by_engine = engine != NULL;
	if (engine != NULL)
		new_task_set(task, NEW_SOURCE, CStringGetTextDatum(engine));
}

void
new_task_set(NewTask *task, NewTaskField field, Datum value)
{
	task->values[field] = value;
	task->nulls[field] = false;
}

/* Appends a note to *notes; does nothing if "notes" is NULL. */
void
add_note(char **notes, char *note)
{
	if (notes != NULL)
		*notes = *notes == NULL ? note : psprintf("%s; %s", *notes, note);
}

/* The first max characters of a text, without leading and trailing blanks. */
static char *
first_characters(char *s, int max)
{
	char	   *end;

	while (*s == ' ')
		s++;
	end = s + pg_mbcharcliplen(s, (int) strlen(s), max);
	while (end > s && end[-1] == ' ')
		end--;
	return pnstrdup(s, end - s);
}

/*
 * The title of an engine's task from its rendered template: truncated if it is
 * too long, the fallback if it has no visible character.  Either is noted.
 * Directional controls beside visible characters are left for create_task() to
 * refuse.
 */
char *
engine_title(const char *rendered, const char *fallback, char **notes)
{
	char	   *title = as_title(rendered);
	bool		too_long = pg_mbstrlen(title) > TITLE_MAX;
	const char *seen;

	if (too_long)
		title = first_characters(title, TITLE_MAX);
	seen = without_directional_controls(title);

	/* as_title() and the cut have left only one thing that can be wrong. */
	if (title_problem(seen, (int) strlen(seen)) != NULL)
	{
		add_note(notes, psprintf("title has no visible character and was replaced by \"%s\"", fallback));
		return first_characters(as_title(fallback), TITLE_MAX);
	}
	if (too_long)
		add_note(notes, psprintf("title was cut off at %d characters", TITLE_MAX));
	return title;
}

/*
 * The description of an engine's task: without directional controls, empty if
 * nothing of it is visible, truncated if it is too long, which is noted.
 */
char *
engine_description(char *rendered, char **notes)
{
	int			len;
	int			cut;

	rendered = without_directional_controls(rendered);
	len = (int) strlen(rendered);
	cut = pg_mbcharcliplen(rendered, len, TEXT_MAX);

	if (cut < len)
	{
		rendered[cut] = '\0';
		add_note(notes, psprintf("description was cut off at %d characters", TEXT_MAX));
	}
	if (text_problem(cstring_to_text(rendered)) == TEXT_BLANK)
		rendered[0] = '\0';
	return rendered;
}

static char *
field_string(const NewTask *task, NewTaskField field)
{
	return task->nulls[field] ? NULL : TextDatumGetCString(task->values[field]);
}

static void
set_hours(NewTask *task, NewTaskField field, float8 hours)
{
	if (hours > 0)
		new_task_set(task, field, Float8GetDatum(hours));
}

/*
 * Gives a task without targets of its own the SLA of the policy that it names,
 * or of that which fits it.
 */
static void
find_policy(NewTask *task)
{
	const Policy *policy;

	if (!task->nulls[NEW_SLA_POLICY])
	{
		policy = policy_by_name(field_string(task, NEW_SLA_POLICY));
		if (policy == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("SLA policy \"%s\" does not exist", field_string(task, NEW_SLA_POLICY))));
		if (!task->nulls[NEW_SLA_HOURS] || !task->nulls[NEW_RESPONSE_HOURS])
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("sla_policy excludes sla_hours and response_hours, which it gives")));
	}
	else if (!task->nulls[NEW_SLA_HOURS] || !task->nulls[NEW_RESPONSE_HOURS] || !policies_exist())
		return;
	else
		policy = policy_that_fits(field_string(task, NEW_USER_ID), field_string(task, NEW_TEAM_ID),
								  field_string(task, NEW_KIND),
								  enum_index(DatumGetObjectId(task->values[NEW_PRIORITY]), taskq_catalog()->priority, N_PRIORITIES),
								  field_string(task, NEW_SOURCE));
	if (policy == NULL)
		return;
	new_task_set(task, NEW_SLA_POLICY, CStringGetTextDatum(policy->name));
	set_hours(task, NEW_SLA_HOURS, policy->sla_hours);
	set_hours(task, NEW_RESPONSE_HOURS, policy->response_hours);
	if (policy->calendar != NULL)
		new_task_set(task, NEW_SLA_CALENDAR, CStringGetTextDatum(policy->calendar));
}

/* Throws 22023 for invalid fields that hang on service levels. */
static void
check_sla_fields(const NewTask *task)
{
	if (!task->nulls[NEW_KIND])
		check_text("kind", DatumGetTextPP(task->values[NEW_KIND]), 1, NAME_MAX_CHARS);
	if (!task->nulls[NEW_SLA_HOURS])
		check_sla_hours(DatumGetFloat8(task->values[NEW_SLA_HOURS]));
	if (!task->nulls[NEW_RESPONSE_HOURS])
		check_response_hours(DatumGetFloat8(task->values[NEW_RESPONSE_HOURS]));
	if (!task->nulls[NEW_SLA_FROM])
		check_sla_from("sla_from", DatumGetTimestampTz(task->values[NEW_SLA_FROM]));
}

/* Throws 22023 for invalid labels or attributes; stores none as NULL. */
static void
check_own_fields(NewTask *task)
{
	void	   *value;

	if (!task->nulls[NEW_LABELS])
	{
		value = labels_argument(DatumGetArrayTypeP(task->values[NEW_LABELS]));
		task->values[NEW_LABELS] = PointerGetDatum(value);
		task->nulls[NEW_LABELS] = value == NULL;
	}
	if (!task->nulls[NEW_ATTRIBUTES])
	{
		value = attributes_argument(DatumGetJsonbP(task->values[NEW_ATTRIBUTES]));
		task->values[NEW_ATTRIBUTES] = PointerGetDatum(value);
		task->nulls[NEW_ATTRIBUTES] = value == NULL;
	}
}

/*
 * Throws 22023 or 23503 for invalid fields; fills in the defaults, and removes
 * directional marks from the title.
 */
static void
check_new_task(NewTask *task)
{
	new_task_set(task, NEW_TITLE,
				 PointerGetDatum(accept_title(task->nulls[NEW_TITLE] ? NULL :
											  DatumGetTextPP(task->values[NEW_TITLE]))));
	if (!task->nulls[NEW_DESCRIPTION])
		check_text("description", DatumGetTextPP(task->values[NEW_DESCRIPTION]), 0, TEXT_MAX);
	if (task->nulls[NEW_PRIORITY])
		new_task_set(task, NEW_PRIORITY, ObjectIdGetDatum(taskq_catalog()->priority[1]));
	if (!task->nulls[NEW_DUE_DATE])
		check_due_date(DatumGetDateADT(task->values[NEW_DUE_DATE]));
	check_sla_fields(task);
	check_own_fields(task);
	if (!task->nulls[NEW_DEDUPE_KEY])
		check_key("dedupe_key", DatumGetTextPP(task->values[NEW_DEDUPE_KEY]), 1, KEY_MAX);
	if (task->nulls[NEW_SOURCE])
		new_task_set(task, NEW_SOURCE, CStringGetTextDatum("MANUAL"));
	else if (!task->by_engine)
	{
		text	   *source = DatumGetTextPP(task->values[NEW_SOURCE]);
		char	   *s = text_to_cstring(source);

		check_text("source", source, 1, SOURCE_MAX);
		if (strcmp(s, "RENEWAL") == 0 || strcmp(s, "WORKFLOW") == 0 ||
			(strcmp(s, "SCHEDULE") == 0 && !taskq_catalog()->sql_is_older))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("source must not be %s, which taskq's own engines write", s)));
	}
	if (!task->nulls[NEW_ASSIGNEE_ID])
		check_staff(task->values[NEW_ASSIGNEE_ID]);
	if (!task->nulls[NEW_TEAM_ID])
		check_team(task->values[NEW_TEAM_ID]);
	if (!task->nulls[NEW_USER_ID])
		find_customer(task->values[NEW_USER_ID], &task->customer_at);
	find_policy(task);
}

/*
 * The id of the active task that holds a dedupe_key with which an insert has
 * conflicted; 0 if it has been closed meanwhile.  Throws 42501 if row security
 * hides it from the caller.  One that is newer than the transaction's snapshot
 * is not found, but then the insert itself fails (40001).
 */
static int64
find_holder(Datum dedupe_key)
{
	Oid			types[] = {TEXTOID};
	Datum		values[] = {dedupe_key};
	OwnerSwitch owner;
	bool		there;
	bool		isnull;

	spi_run(&select_holder, 1, types, values, NULL, 1);
	if (SPI_processed > 0)
		return DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	become_owner_of(taskq_catalog()->task, &owner);
	spi_run(&select_holder, 1, types, values, NULL, 1);
	there = SPI_processed > 0;
	become_caller_again(&owner);
	if (there)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for the task with dedupe_key \"%s\"", TextDatumGetCString(dedupe_key)),
				 errdetail("Row security policies do not permit the current role to read the active task that holds this key.")));
	return 0;
}

/*
 * Creates a task and returns its id.  If the dedupe_key is taken, *created is
 * false and the id that of the holder.  A new task is offered to the rules.
 */
int64
create_task(NewTask *task, text *actor, bool *created)
{
	const TaskqCatalog *cat = taskq_catalog();
	Oid			types[N_NEW + 1] = {cat->status_type, TEXTOID, TEXTOID, cat->priority_type, DATEOID, FLOAT8OID,
	TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTARRAYOID, JSONBOID,
	TEXTOID, TIMESTAMPTZOID, FLOAT8OID, TEXTOID, INT8OID};
	Datum		values[N_NEW + 1];
	char		nulls[N_NEW + 1];
	bool		has_other = false;
	bool		deduped;
	bool		overdue;
	int			tries = 0;
	int64		id = 0;
	TaskqCall	call;

	check_new_task(task);
	for (int i = 0; i < N_NEW; i++)
	{
		values[i + 1] = task->values[i];
		nulls[i + 1] = task->nulls[i] ? 'n' : ' ';
		has_other |= i >= N_NEW_FIRST && !task->nulls[i];
	}
	overdue = !task->nulls[NEW_DUE_DATE] && DatumGetDateADT(task->values[NEW_DUE_DATE]) < today();
	values[0] = ObjectIdGetDatum(cat->status[overdue ? STATUS_OVERDUE : STATUS_OPEN]);
	nulls[0] = ' ';
	deduped = !task->nulls[NEW_DEDUPE_KEY];

	spi_connect();
	call_begin(&call, VERB_OTHER, actor);
	PG_TRY();
	{
		do
		{
			CHECK_FOR_INTERRUPTS();
			spi_run(&insert_task[has_other][deduped], (has_other ? N_NEW : N_NEW_FIRST) + 1, types, values, nulls, 0);
			*created = SPI_processed > 0;
			if (*created)
			{
				bool		isnull;

				id = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
			}
			else if (deduped && tries++ < HOLDER_TRIES)
				id = find_holder(task->values[NEW_DEDUPE_KEY]);
			else
				ereport(ERROR,
						(errcode(ERRCODE_TRIGGERED_ACTION_EXCEPTION),
						 errmsg("task was not created: a trigger on taskq_task suppressed the insert")));
		} while (id == 0);
		if (*created && !task->nulls[NEW_USER_ID])
			recheck_customer(task->values[NEW_USER_ID], &task->customer_at);
		if (*created)
			change_recorded(EVENT_CREATED, &id, 1);
	}
	PG_FINALLY();
	{
		call_end(&call);
	}
	PG_END_TRY();
	SPI_finish();
	return id;
}

PG_FUNCTION_INFO_V1(taskq_create);
Datum
taskq_create(PG_FUNCTION_ARGS)
{
	NewTask		task;
	bool		created;

	new_task_init(&task, NULL);
	/* Before 0.3.0 it had no kind. */
	for (int i = 0; i < PG_NARGS() - 1; i++)
		if (!PG_ARGISNULL(i))
			new_task_set(&task, (NewTaskField) i, PG_GETARG_DATUM(i));
	PG_RETURN_INT64(create_task(&task, actor_argument(fcinfo, PG_NARGS() - 1), &created));
}

/* ---------------------------------------------------------- the JSON body */

/* For ereport(): of which type a value of the body is. */
static int
errdetail_json_type(const JsonbValue *jb)
{
	switch (jb->type)
	{
		case jbvString:
			return errdetail("The value is a string.");
		case jbvNumeric:
			return errdetail("The value is a number.");
		case jbvBool:
			return errdetail("The value is a boolean.");
		case jbvNull:
			return errdetail("The value is null.");
		default:
			return jb->type == jbvBinary && JsonContainerIsArray(jb->val.binary.data) ?
				errdetail("The value is an array.") : errdetail("The value is an object.");
	}
}

/* "YYYY-MM-DD", a day that exists. */
static DateADT
json_date(const char *s)
{
	DateADT		date = 0;
	IsoDate		found = date_from_iso(s, &date);

	if (found == ISO_DATE_FORM)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_DATETIME_FORMAT),
				 errmsg("field \"due_date\" must be a date in the form YYYY-MM-DD")));
	if (found == ISO_DATE_NO_DAY)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_FIELD_OVERFLOW),
				 errmsg("field \"due_date\" is not a day of the calendar: \"%s\"", s)));
	return date;
}

/* An instant in ISO 8601 with a zone, "2026-06-05T09:00:00Z". */
static TimestampTz
json_instant(const char *field, const char *s)
{
	const char *time = strlen(s) > 10 && (s[10] == 'T' || s[10] == ' ') ? s + 11 : NULL;
	char	   *day = pnstrdup(s, 10);
	DateADT		date;

	if (time == NULL || strpbrk(time, "Zz+-") == NULL || strspn(time, "0123456789:.Zz+-") != strlen(time) ||
		date_from_iso(day, &date) == ISO_DATE_FORM)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_DATETIME_FORMAT),
				 errmsg("field \"%s\" must be an instant in the form YYYY-MM-DDThh:mm:ssZ or with an offset", field)));
	return DatumGetTimestampTz(DirectFunctionCall3(timestamptz_in, CStringGetDatum(s),
												   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
}

static Datum
json_priority(const char *s)
{
	const TaskqCatalog *cat = taskq_catalog();

	for (int i = 0; i < N_PRIORITIES; i++)
		if (strcmp(s, priority_names[i]) == 0)
			return ObjectIdGetDatum(cat->priority[i]);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("field \"priority\" must be LOW, MEDIUM, HIGH or URGENT, not \"%.*s\"",
					pg_mbcliplen(s, strlen(s), 64), s)));
}

static Datum
json_labels(const JsonbValue *value)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	element;
	Datum	   *labels;
	int			n = 0;

	if (value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("field \"%s\" must be an array of strings", "labels"),
				 errdetail_json_type(value)));
	labels = palloc(Max(JsonContainerSize(value->val.binary.data), 1) * sizeof(Datum));
	it = JsonbIteratorInit(value->val.binary.data);
	while ((token = JsonbIteratorNext(&it, &element, true)) != WJB_DONE)
	{
		if (token != WJB_ELEM)
			continue;
		if (element.type != jbvString)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("element %d of field \"%s\" must be a string", n + 1, "labels"),
					 errdetail_json_type(&element)));
		labels[n++] = PointerGetDatum(cstring_to_text_with_len(element.val.string.val, element.val.string.len));
	}
	return PointerGetDatum(construct_array(labels, n, TEXTOID, -1, false, TYPALIGN_INT));
}

static Datum
json_attributes(JsonbValue *value)
{
	if (value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("field \"%s\" must be an object", "attributes"),
				 errdetail_json_type(value)));
	return JsonbPGetDatum(JsonbValueToJsonb(value));
}

/* One field of the body into the new task. */
static void
read_field(NewTask *task, const JsonbValue *key, JsonbValue *value)
{
	NewTaskField field;
	bool		number;
	char	   *string;

	for (field = NEW_TITLE; field < N_NEW_JSON; field++)
		if (strlen(field_names[field]) == key->val.string.len &&
			memcmp(field_names[field], key->val.string.val, key->val.string.len) == 0)
			break;
	if (field == N_NEW_JSON || (field >= N_NEW_FIRST && taskq_catalog()->sql_is_older))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("field \"%.*s\" is not known",
						pg_mbcliplen(key->val.string.val, key->val.string.len, 64), key->val.string.val),
				 errhint("Use title, description, priority, due_date, sla_hours, assignee_id, user_id, dedupe_key, source, kind, team_id, labels, attributes, sla_policy, sla_from or response_hours.")));
	if (value->type == jbvNull)
		return;
	if (field == NEW_LABELS || field == NEW_ATTRIBUTES)
	{
		new_task_set(task, field, field == NEW_LABELS ? json_labels(value) : json_attributes(value));
		return;
	}
	number = field == NEW_SLA_HOURS || field == NEW_RESPONSE_HOURS;
	if (value->type != (number ? jbvNumeric : jbvString))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 number ? errmsg("field \"%s\" must be a number", field_names[field]) :
				 errmsg("field \"%s\" must be a string", field_names[field]),
				 errdetail_json_type(value)));

	task->nulls[field] = false;
	if (number)
	{
		/* Out of double's range gives infinity, which check_sla_hours() refuses. */
		task->values[field] = DirectFunctionCall1(numeric_float8_no_overflow,
												  NumericGetDatum(value->val.numeric));
		return;
	}
	string = pnstrdup(value->val.string.val, value->val.string.len);
	if (field == NEW_PRIORITY)
		task->values[field] = json_priority(string);
	else if (field == NEW_DUE_DATE)
		task->values[field] = DateADTGetDatum(json_date(string));
	else if (field == NEW_SLA_FROM)
		task->values[field] = TimestampTzGetDatum(json_instant(field_names[field], string));
	else
		task->values[field] = CStringGetTextDatum(string);
}

/* The task as jsonb, with the fields "created" and "public_id" added. */
static Datum
task_as_json(int64 id, bool created)
{
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(id)};
	JsonbInState json = {0};
	char		public_id[PUBLIC_ID_LEN + 1];
	Datum		row;
	bool		isnull;

	spi_connect();
	spi_run(&select_as_json, 1, types, values, NULL, 1);
	if (SPI_processed == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for task " INT64_FORMAT, id),
				 errdetail("Row security policies do not permit the current role to read the task that it creates.")));
	row = SPI_datumTransfer(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull),
							false, -1);
	SPI_finish();

	json_begin(&json);
	json_fields_of(&json, DatumGetJsonbP(row));
	json_key(&json, "created");
	json_bool(&json, created);
	if (!taskq_catalog()->sql_is_older)
	{
		public_id_write(id, public_id);
		json_key(&json, "public_id");
		json_string(&json, public_id);
	}
	return JsonbPGetDatum(json_finish(&json));
}

/* Creates a task from a JSON object, and returns it as jsonb. */
Datum
create_from_json(JsonbContainer *body, text *actor)
{
	NewTask		task;
	JsonbIterator *it = JsonbIteratorInit(body);
	JsonbIteratorToken token;
	JsonbValue	key;
	JsonbValue	value;
	int64		id;
	bool		created;

	new_task_init(&task, NULL);
	while ((token = JsonbIteratorNext(&it, &key, true)) != WJB_DONE)
	{
		if (token != WJB_KEY)
			continue;
		(void) JsonbIteratorNext(&it, &value, true);
		read_field(&task, &key, &value);
	}
	if (task.nulls[NEW_TITLE])
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("field \"title\" is required")));

	id = create_task(&task, actor, &created);
	return task_as_json(id, created);
}

PG_FUNCTION_INFO_V1(taskq_create_json);
Datum
taskq_create_json(PG_FUNCTION_ARGS)
{
	Jsonb	   *body = PG_ARGISNULL(0) ? NULL : PG_GETARG_JSONB_P(0);

	if (body == NULL || !JB_ROOT_IS_OBJECT(body))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("body must be a JSON object")));
	return create_from_json(&body->root, actor_argument(fcinfo, 1));
}
