/*-------------------------------------------------------------------------
 *
 * fields.h
 *		Fields of the desk's own: labels and attributes of a task.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_FIELDS_H
#define TASKQ_FIELDS_H

#include "utils/array.h"
#include "utils/jsonb.h"

#include "task/row.h"

#define LABELS_MAX 32
#define LABEL_MAX 63			/* characters */
#define ATTRIBUTES_MAX 16384	/* bytes as text */

/* Both return what is stored, NULL if that is nothing, and throw 22023. */
extern ArrayType *labels_argument(ArrayType *labels);
extern Jsonb *attributes_argument(Jsonb *attributes);

extern int	labels_of(const TaskRow *row, Datum **labels);
extern int	compare_labels(const void *a, const void *b);
extern bool json_is_null(Jsonb *value);
extern bool fields_apply(const TaskRow *old, TaskRow *new);

#endif							/* TASKQ_FIELDS_H */
