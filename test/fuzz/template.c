/*-------------------------------------------------------------------------
 *
 * template.c
 *		Fuzz target: a template, rendered over a payload.
 *
 * Input: the template, a NUL, the payload's bytes.  A template that the CHECK
 * takes renders, and no other does; text without a placeholder stays what it
 * is; a path is one if it makes a placeholder.
 *
 *-------------------------------------------------------------------------
 */
#include "shim.h"

#include "../../src/base/character.c"
#include "../../src/base/text.c"
#include "../../src/engine/template.c"

static const char *template;
static int	template_len;
static bool as_path;
static Jsonb *payload;
static text *rendered;

static void
check(void)
{
	FunctionCallInfo fcinfo = arguments(3);

	set_text_argument(fcinfo, 0, template, template_len);
	set_text_argument(fcinfo, 1, "column", 6);
	fcinfo->args[2].value = BoolGetDatum(as_path);
	fcinfo->args[2].isnull = false;
	MUST(DatumGetBool(taskq_template_check(fcinfo)));
}

static void
render_it(void)
{
	FunctionCallInfo fcinfo = arguments(2);

	set_text_argument(fcinfo, 0, template, template_len);
	fcinfo->args[1].value = PointerGetDatum(payload);
	fcinfo->args[1].isnull = false;
	rendered = DatumGetTextPP(taskq_render(fcinfo));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nul = memchr(data, '\0', size);
	Bytes		in = {nul ? nul + 1 : data + size, data + size};
	Json	   *root = NULL;
	bool		is_template;
	bool		is_path;

	template = (const char *) data;
	template_len = nul ? nul - data : size;
	if (!is_text(data, template_len))
		return 0;
	root = next_node(&in, 0);
	if (root->type != 'o' && root->type != 'a')
	{
		/* jsonb keeps a scalar as an array of one element. */
		Json	   *array = palloc0(sizeof(Json));

		array->type = 'a';
		array->n = 1;
		array->header = JB_FARRAY | JB_FSCALAR | 1;
		array->members = palloc(sizeof(Json *));
		array->members[0] = root;
		root = array;
	}
	payload = node_jsonb(root);

	as_path = false;
	is_template = run(check);
	MUST(is_template || error_code == ERRCODE_CHECK_VIOLATION);
	MUST(run(render_it) == (is_template || template_len > TEXT_MAX));
	if (is_template)
	{
		MUST(pg_encoding_verifymbstr(PG_UTF8, VARDATA_ANY(rendered), VARSIZE_ANY_EXHDR(rendered)) ==
			 VARSIZE_ANY_EXHDR(rendered));
		if (memmem(template, template_len, "{{", 2) == NULL)
			MUST(VARSIZE_ANY_EXHDR(rendered) == template_len &&
				 memcmp(VARDATA_ANY(rendered), template, template_len) == 0);
		if (root->header & JB_FSCALAR)
		{
			int			literal = 0;

			for (const char *p = template, *end = p + template_len; p < end;)
			{
				const char *open = memmem(p, end - p, "{{", 2);

				literal += (open ? open : end) - p;
				p = open ? (char *) memmem(open, end - open, "}}", 2) + 2 : end;
			}
			MUST(VARSIZE_ANY_EXHDR(rendered) == literal);
		}
	}

	/* "{{" path "}}" is a template if the path is one, but for blanks. */
	as_path = true;
	is_path = run(check);
	if (template_len < 1000 && memchr(template, ' ', template_len) == NULL)
	{
		template = psprintf("{{%.*s}}", template_len, template);
		template_len += 4;
		as_path = false;
		if (is_path)
			MUST(run(check));
	}
	free_all();
	return 0;
}
