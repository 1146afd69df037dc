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
extern void check_clock_began(const TaskRow *row, TimestampTz now);

#endif							/* TASKQ_VALID_H */
