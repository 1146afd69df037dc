/*-------------------------------------------------------------------------
 *
 * fields.c
 *		Fields of the desk's own: labels and attributes of a task.
 *
 * Labels are stored sorted by their bytes and distinct, in an array of one
 * dimension.  No labels and no attributes are stored as NULL, whether they
 * were given as NULL, as an empty array or object, or as the JSON null, which
 * some drivers send for NULL.
 *
 * The size of attributes is that of their text, which a client can measure.
 * It is counted without writing the text: a number of few bytes can be one of
 * 131,072 digits, and the count ends at the bound.
 *
 * The API names the argument (22023); the triggers, which normalize what plain
 * writes give, name a rule (23514) as valid.c does.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/numeric.h"

#include "base/catalog.h"
#include "base/character.h"
#include "base/text.h"
#include "task/fields.h"
#include "task/row.h"

typedef enum FieldProblem
{
	FIELD_VALID,
	LABELS_DIMENSIONS,
	LABELS_NULL,
	LABELS_LENGTH,
	LABELS_UNREADABLE,
	LABELS_MANY,
	ATTRIBUTES_NO_OBJECT,
	ATTRIBUTES_SIZE
} FieldProblem;

/* ---------------------------------------------------------------- labels */

/* For qsort(): the order of two text Datums by their bytes. */
int
compare_labels(const void *a, const void *b)
{
	text	   *x = DatumGetTextPP(*(const Datum *) a);
	text	   *y = DatumGetTextPP(*(const Datum *) b);
	int			xlen = VARSIZE_ANY_EXHDR(x);
	int			ylen = VARSIZE_ANY_EXHDR(y);
	int			result = memcmp(VARDATA_ANY(x), VARDATA_ANY(y), Min(xlen, ylen));

	return result != 0 ? result : xlen - ylen;
}

/* Sorts labels and removes duplicates; returns how many are left. */
static int
sort_labels(Datum *labels, int n)
{
	int			distinct = 0;

	qsort(labels, n, sizeof(Datum), compare_labels);
	for (int i = 0; i < n; i++)
		if (distinct == 0 || compare_labels(&labels[i], &labels[distinct - 1]) != 0)
			labels[distinct++] = labels[i];
	return distinct;
}

/*
 * Labels as they are stored, NULL if there are none or if *problem is set, then
 * for *element of them, counted from 1.
 */
static ArrayType *
normal_labels(ArrayType *labels, FieldProblem *problem, int *element)
{
	Datum	   *elements;
	bool	   *nulls;
	int			n;

	*problem = ARR_NDIM(labels) > 1 ? LABELS_DIMENSIONS : FIELD_VALID;
	if (ARR_NDIM(labels) != 1)
		return NULL;
	deconstruct_array(labels, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		*element = i + 1;
		if (nulls[i])
			*problem = LABELS_NULL;
		else if (!text_in_bounds(DatumGetTextPP(elements[i]), 1, LABEL_MAX))
			*problem = LABELS_LENGTH;
		else if (text_problem(DatumGetTextPP(elements[i])) != TEXT_VALID)
			*problem = LABELS_UNREADABLE;
		if (*problem != FIELD_VALID)
			return NULL;
	}
	n = sort_labels(elements, n);
	if (n > LABELS_MAX)
		*problem = LABELS_MANY;
	if (n == 0 || n > LABELS_MAX)
		return NULL;
	return construct_array(elements, n, TEXTOID, -1, false, TYPALIGN_INT);
}

/*
 * The labels of a row, sorted and distinct also where no trigger has made them
 * so, as text Datums; returns how many.
 */
int
labels_of(const TaskRow *row, Datum **labels)
{
	bool	   *nulls;
	int			n;
	int			given = 0;

	if (task_isnull(row, Anum_task_labels))
		return 0;
	deconstruct_array(DatumGetArrayTypeP(task_value(row, Anum_task_labels)),
					  TEXTOID, -1, false, TYPALIGN_INT, labels, &nulls, &n);
	for (int i = 0; i < n; i++)
		if (!nulls[i])
			(*labels)[given++] = (*labels)[i];
	return sort_labels(*labels, given);
}

/* ------------------------------------------------------------ attributes */

/* Bytes of a string as JSON; see escape_json(). */
static Size
string_size(const char *s, int len)
{
	Size		size = 2;

	for (int i = 0; i < len; i++)
	{
		if (strchr("\b\f\n\r\t\"\\", s[i]) != NULL)
			size += 2;
		else
			size += (unsigned char) s[i] < ' ' ? 6 : 1;
	}
	return size;
}

/* Bytes of a scalar as JSON, and of what comes before it; of a container, of its brackets and commas. */
static Size
token_size(JsonbIteratorToken token, const JsonbValue *value)
{
	if (token == WJB_BEGIN_OBJECT)
		return 2 + 2 * (Size) Max(value->val.object.nPairs - 1, 0);
	if (token == WJB_BEGIN_ARRAY)
		return 2 + 2 * (Size) Max(value->val.array.nElems - 1, 0);
	if (token == WJB_KEY)
		return 2 + string_size(value->val.string.val, value->val.string.len);
	if (token != WJB_VALUE && token != WJB_ELEM)
		return 0;
	switch (value->type)
	{
		case jbvString:
			return string_size(value->val.string.val, value->val.string.len);
		case jbvNumeric:
			return strlen(DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric))));
		case jbvBool:
			return value->val.boolean ? 4 : 5;
		default:
			return 4;			/* null */
	}
}

/* Whether the text of a value has at most max bytes. */
static bool
text_has_at_most(Jsonb *jsonb, Size max)
{
	JsonbIterator *it = JsonbIteratorInit(&jsonb->root);
	JsonbIteratorToken token;
	JsonbValue	value;
	Size		size = 0;

	while (size <= max && (token = JsonbIteratorNext(&it, &value, false)) != WJB_DONE)
		size += token_size(token, &value);
	return size <= max;
}

bool
json_is_null(Jsonb *value)
{
	JsonbValue	scalar;

	return JB_ROOT_IS_SCALAR(value) && JsonbExtractScalar(&value->root, &scalar) && scalar.type == jbvNull;
}

/* Attributes as they are stored, NULL if there are none or if *problem is set. */
static Jsonb *
normal_attributes(Jsonb *attributes, Size max, FieldProblem *problem)
{
	*problem = FIELD_VALID;
	if (json_is_null(attributes))
		return NULL;
	if (!JB_ROOT_IS_OBJECT(attributes))
		*problem = ATTRIBUTES_NO_OBJECT;
	else if (!text_has_at_most(attributes, max))
		*problem = ATTRIBUTES_SIZE;
	return *problem == FIELD_VALID && JB_ROOT_COUNT(attributes) > 0 ? attributes : NULL;
}

/* -------------------------------------------------------- API and triggers */

/* For ereport(): what is wrong with an argument. */
static int
errmsg_problem(FieldProblem problem, int element)
{
	switch (problem)
	{
		case LABELS_DIMENSIONS:
			return errmsg("labels must be an array of one dimension");
		case LABELS_NULL:
			return errmsg("labels must not contain null (element %d)", element);
		case LABELS_LENGTH:
			return errmsg("each of labels must be 1 to %d characters (element %d)", LABEL_MAX, element);
		case LABELS_UNREADABLE:
			return errmsg("each of labels must be visible and without Unicode bidirectional control characters (element %d)", element);
		case LABELS_MANY:
			return errmsg("labels must be at most %d", LABELS_MAX);
		case ATTRIBUTES_NO_OBJECT:
			return errmsg("attributes must be a JSON object");
		case ATTRIBUTES_SIZE:
			return errmsg("attributes must be at most %d bytes as text", ATTRIBUTES_MAX);
		case FIELD_VALID:
			break;
	}
	return 0;
}

static void
refuse_argument(FieldProblem problem, int element)
{
	if (problem != FIELD_VALID)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg_problem(problem, element)));
}

ArrayType *
labels_argument(ArrayType *labels)
{
	FieldProblem problem;
	int			element = 0;
	ArrayType  *normal = normal_labels(labels, &problem, &element);

	refuse_argument(problem, element);
	return normal;
}

Jsonb *
attributes_argument(Jsonb *attributes)
{
	FieldProblem problem;
	Jsonb	   *normal = normal_attributes(attributes, ATTRIBUTES_MAX, &problem);

	refuse_argument(problem, 0);
	return normal;
}

static void
refuse_row(FieldProblem problem)
{
	bool		labels = problem < ATTRIBUTES_NO_OBJECT;
	const char *rule = labels ? "taskq_task_labels_check" : "taskq_task_attributes_check";

	if (problem == FIELD_VALID)
		return;
	ereport(ERROR,
			(errcheck("taskq_task", rule),
			 err_generic_string(PG_DIAG_SCHEMA_NAME, taskq_catalog()->schema_name),
			 errmsg("new row for relation \"%s\" violates check constraint \"%s\"", "taskq_task", rule),
			 labels ? errdetail("Labels are an array of one dimension of at most %d texts, each of 1 to %d characters.", LABELS_MAX, LABEL_MAX) :
			 errdetail("Attributes are a JSON object of at most %d bytes as text.", ATTRIBUTES_MAX)));
}

/* Whether a write gives a row a value in a column. */
static bool
gives(const TaskRow *old, const TaskRow *new, int attnum)
{
	return attnum != 0 && !task_isnull(new, attnum) && (old == NULL || task_column_differs(old, new, attnum));
}

static void
set_pointer(TaskRow *row, int attnum, void *value)
{
	task_value(row, attnum) = PointerGetDatum(value);
	task_isnull(row, attnum) = value == NULL;
}

/*
 * Normalizes the labels and attributes that a write gives a row ("old" is NULL
 * for an INSERT), or throws 23514.  Returns whether there were any.  What a dump
 * of a database of another encoding has may be longer in this one.
 */
bool
fields_apply(const TaskRow *old, TaskRow *new)
{
	int			labels = Anum_task_labels;
	int			attributes = Anum_task_attributes;
	FieldProblem problem;
	int			element;
	bool		restore = old == NULL && !check_function_bodies;	/* off in dumps */
	bool		any = false;

	if (gives(old, new, labels))
	{
		set_pointer(new, labels, normal_labels(DatumGetArrayTypeP(task_value(new, labels)), &problem, &element));
		refuse_row(problem);
		any = true;
	}
	if (gives(old, new, attributes))
	{
		set_pointer(new, attributes, normal_attributes(DatumGetJsonbP(task_value(new, attributes)),
													   restore ? ATTRIBUTES_MAX * MAX_CONVERSION_GROWTH : ATTRIBUTES_MAX, &problem));
		refuse_row(problem);
		any = true;
	}
	return any;
}
