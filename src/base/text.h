/*-------------------------------------------------------------------------
 *
 * text.h
 *		Arguments: ids, texts and their bounds, dates written in texts.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_TEXT_H
#define TASKQ_TEXT_H

#include "fmgr.h"
#include "utils/date.h"

/* Bounds that several files use, in characters. */
#define TEXT_MAX 65536
#define KEY_MAX 255
#define NAME_MAX_CHARS 63

extern bool text_in_bounds(const text *value, int min, int max);
extern int64 id_argument(FunctionCallInfo fcinfo, const char *missing);
extern int	digits_value(const char *s, int n);
extern void check_key(const char *argument, text *value, int min, int max);
extern void check_text(const char *argument, text *value, int min, int max);

/* What a string is as a date. */
typedef enum IsoDate
{
	ISO_DATE_VALID,
	ISO_DATE_FORM,				/* not YYYY-MM-DD */
	ISO_DATE_NO_DAY				/* of that form, but not in the calendar */
} IsoDate;

extern IsoDate date_from_iso(const char *s, DateADT *date);

#endif							/* TASKQ_TEXT_H */
