/*-------------------------------------------------------------------------
 *
 * json.c
 *		Fuzz target: the body of taskq_create_json(), and titles.
 *
 * Input: the bytes of an object (shim.h).  A body that is taken holds nothing
 * but known fields, each within its bounds; every other has one of the
 * documented SQLSTATEs.  Any text becomes a title that is one.
 *
 *-------------------------------------------------------------------------
 */
#include "shim.h"

#include "../../src/base/character.c"
#include "../../src/base/text.c"
#include "../../src/task/create.c"
#include "../../src/task/row.c"
#include "../../src/task/title.c"

static TaskqCatalog catalog = {.priority = {11, 12, 13, 14}};
const char *const priority_names[N_PRIORITIES] = {"LOW", "MEDIUM", "HIGH", "URGENT"};

const TaskqCatalog *
taskq_catalog(void)
{
	return &catalog;
}

text *
actor_argument(FunctionCallInfo fcinfo, int argno)
{
	return NULL;
}

void
check_staff(Datum assignee_id)
{
}

void
find_customer(Datum user_id, ItemPointer at)
{
}

void
check_team(Datum team_id)
{
}

/* No policy exists, and every instant is one that has passed. */
bool
policies_exist(void)
{
	return false;
}

const Policy *
policy_by_name(const char *name)
{
	return NULL;
}

const Policy *
policy_that_fits(const char *user_id, const char *kind, int priority, const char *source)
{
	return NULL;
}

TimestampTz
GetCurrentStatementStartTimestamp(void)
{
	return 0;
}

Datum
timestamptz_in(PG_FUNCTION_ARGS)
{
	return TimestampTzGetDatum(0);
}

/* What labels and attributes hold is checked by fields.c. */
ArrayType *
labels_argument(ArrayType *labels)
{
	return labels;
}

Jsonb *
attributes_argument(Jsonb *attributes)
{
	return attributes;
}

ArrayType *
construct_array(Datum *elems, int nelems, Oid elmtype, int elmlen, bool elmbyval, char elmalign)
{
	for (int i = 0; i < nelems; i++)
		MUST(is_text((const uint8_t *) VARDATA_ANY(DatumGetPointer(elems[i])), VARSIZE_ANY_EXHDR(DatumGetPointer(elems[i]))));
	return palloc0(sizeof(ArrayType));
}

Jsonb *
JsonbValueToJsonb(JsonbValue *value)
{
	return palloc0(sizeof(Jsonb));
}

static Jsonb *body;
static bool taken;

/* What create_task() does first once all has been checked. */
void
spi_connect(void)
{
	taken = true;
	siglongjmp(*PG_exception_stack, 1);
}

/* ---- reading an object or an array in order ---- */

struct Walk
{
	Json	   *node;
	int			i;
	bool		value;
	bool		begun;
	bool		ended;
};

JsonbIterator *
JsonbIteratorInit(JsonbContainer *container)
{
	struct Walk *it = palloc0(sizeof(*it));

	it->node = (Json *) container;
	return (JsonbIterator *) it;
}

JsonbIteratorToken
JsonbIteratorNext(JsonbIterator **iterator, JsonbValue *value, bool skip_nested)
{
	struct Walk *it = (struct Walk *) *iterator;

	bool		object = it->node->type == 'o';

	MUST(skip_nested);
	if (!it->begun)
	{
		it->begun = true;
		return object ? WJB_BEGIN_OBJECT : WJB_BEGIN_ARRAY;
	}
	if (it->i == it->node->n)
	{
		if (it->ended)
			return WJB_DONE;
		it->ended = true;
		return object ? WJB_END_OBJECT : WJB_END_ARRAY;
	}
	if (!object)
	{
		node_value(it->node->members[it->i++], value);
		return WJB_ELEM;
	}
	if (!it->value)
	{
		it->value = true;
		value->type = jbvString;
		value->val.string.val = it->node->keys[it->i];
		value->val.string.len = it->node->key_lens[it->i];
		return WJB_KEY;
	}
	it->value = false;
	node_value(it->node->members[it->i++], value);
	return WJB_VALUE;
}

static void
create(void)
{
	FunctionCallInfo fcinfo = arguments(2);

	fcinfo->args[0].value = PointerGetDatum(body);
	fcinfo->args[0].isnull = false;
	taskq_create_json(fcinfo);
	MUST(!"create_task() returned");
}

/* Whether U+200E, U+200F or U+061C begins here. */
static bool
is_mark(const char *s)
{
	return strncmp(s, "\xE2\x80\x8E", 3) == 0 || strncmp(s, "\xE2\x80\x8F", 3) == 0 || strncmp(s, "\xD8\x9C", 2) == 0;
}

/* What a body must be that is taken, told without the code under test. */
static void
judge(Json *root)
{
	static const char *const known[] = {"title", "description", "priority", "due_date", "sla_hours",
	"assignee_id", "user_id", "dedupe_key", "source", "kind", "team_id", "labels", "attributes", "sla_policy", "sla_from", "response_hours"};
	bool		title = false;

	for (int i = 0; i < root->n; i++)
	{
		Json	   *node = root->members[i];
		char	   *key = pnstrdup(root->keys[i], root->key_lens[i]);
		char	   *value = node->type == 's' ? pnstrdup(node->string, node->len) : NULL;
		int			chars = value ? pg_mbstrlen_with_len(value, strlen(value)) : 0;
		int			y;
		int			m;
		int			d;
		bool		found = false;

		for (int k = 0; k < (int) lengthof(known); k++)
			found |= strcmp(key, known[k]) == 0;
		MUST(found);
		if (node->type == 'z')
			continue;
		MUST(node->type == (strcmp(key, "sla_hours") == 0 || strcmp(key, "response_hours") == 0 ? 'n' :
							strcmp(key, "labels") == 0 ? 'a' : strcmp(key, "attributes") == 0 ? 'o' : 's'));
		for (int k = 0; node->type == 'a' && k < node->n; k++)
			MUST(node->members[k]->type == 's');
		MUST(strcmp(key, "sla_policy") != 0);
		if (strcmp(key, "kind") == 0)
			MUST(chars >= 1 && chars <= 63);
		if (node->type == 'n')
			MUST(node->number > 0 && node->number <= 87600);
		if (strcmp(key, "title") == 0)
		{
			title = true;
			for (char *p = value; *p; p++)
				chars -= is_mark(p);
			MUST(chars >= 1 && chars <= 200 && strspn(value, " ") != strlen(value));
		}
		if (strcmp(key, "priority") == 0)
			MUST(strcmp(value, "LOW") == 0 || strcmp(value, "MEDIUM") == 0 ||
				 strcmp(value, "HIGH") == 0 || strcmp(value, "URGENT") == 0);
		if (strcmp(key, "due_date") == 0)
			MUST(strlen(value) == 10 && strspn(value, "0123456789-") == 10 &&
				 sscanf(value, "%4d-%2d-%2d", &y, &m, &d) == 3 &&
				 strcmp(psprintf("%04d-%02d-%02d", y, m, d), value) == 0 &&
				 y >= 1 && m >= 1 && m <= 12 && d >= 1 && d <= day_tab[isleap(y)][m - 1]);
		if (strcmp(key, "dedupe_key") == 0)
			MUST(chars >= 1 && chars <= 255);
		if (strcmp(key, "source") == 0)
			MUST(chars >= 1 && chars <= 63 && strcmp(value, "RENEWAL") != 0 && strcmp(value, "WORKFLOW") != 0 && strcmp(value, "SCHEDULE") != 0);
	}
	MUST(title);
}

static void
judge_title(const uint8_t *data, size_t size)
{
	char	   *title;
	char	   *plain;
	const char *problem;

	if (!is_text(data, size))
		return;
	title = engine_title(pnstrdup((const char *) data, size), "fallback", NULL);
	MUST(pg_encoding_verifymbstr(PG_UTF8, title, strlen(title)) == (int) strlen(title));
	problem = title_problem(title, strlen(title));
	MUST(problem == NULL || strstr(problem, "bidirectional") != NULL);
	for (char *p = title; *p; p++)
		MUST(!is_mark(p));
	MUST(strcmp(engine_title(title, "fallback", NULL), title) == 0);
	plain = without_directional_controls(title);
	MUST(title_problem(plain, strlen(plain)) == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Bytes		in = {data, data + size};
	Json	   *root = next_node(&in, 0);
	Json	   *copy;

	/* A key is there once: jsonb keeps the last. */
	for (int i = 0; root->type == 'o' && i < root->n; i++)
		for (int j = i + 1; j < root->n; j++)
			if (root->key_lens[i] == root->key_lens[j] &&
				memcmp(root->keys[i], root->keys[j], root->key_lens[i]) == 0)
			{
				free_all();
				return 0;
			}
	if (root->type != 'o' && root->type != 'a')
		root->header = JB_FARRAY | JB_FSCALAR | 1;
	body = node_jsonb(root);
	copy = root;
	taken = false;
	(void) run(create);
	if (taken)
		judge(copy);
	else
		MUST(error_code == ERRCODE_INVALID_PARAMETER_VALUE || error_code == ERRCODE_INVALID_TEXT_REPRESENTATION ||
			 error_code == ERRCODE_INVALID_DATETIME_FORMAT || error_code == ERRCODE_DATETIME_FIELD_OVERFLOW);
	judge_title(data, size);
	free_all();
	return 0;
}
