/*-------------------------------------------------------------------------
 *
 * valid.h
 *		What a row of taskq_task may hold.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_VALID_H
#define TASKQ_VALID_H

#include "task/row.h"

extern void check_newer_columns(const TaskRow *row);
extern void check_written_text(const char *table, const char *rule, const text *value);
extern void check_new_values(const TaskRow *old, const TaskRow *new);
extern void check_clock_began(const TaskRow *row, TimestampTz now);

#endif							/* TASKQ_VALID_H */
