/*-------------------------------------------------------------------------
 *
 * hours.h
 *		The hours of a week, written as text.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_HOURS_H
#define TASKQ_HOURS_H

#include "base/dayrule.h"

extern SpanWindow *hours_parse(const char *text, int *n);

#endif							/* TASKQ_HOURS_H */
