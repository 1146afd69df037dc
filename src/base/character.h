/*-------------------------------------------------------------------------
 *
 * character.h
 *		What a character looks like, and what a text that people read may hold.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_CHARACTER_H
#define TASKQ_CHARACTER_H

#include "mb/pg_wchar.h"

typedef enum TextProblem
{
	TEXT_VALID,
	TEXT_DIRECTIONAL,			/* has controls that embed, override or isolate a direction */
	TEXT_BLANK					/* has no visible character */
} TextProblem;

extern pg_wchar character_at(const char *s, int *width);
extern bool is_invisible(pg_wchar c);
extern bool is_control(pg_wchar c);
extern bool is_separator(pg_wchar c);
extern bool is_directional_mark(pg_wchar c);
extern bool is_directional_control(pg_wchar c);
extern TextProblem text_problem(const text *value);

#endif							/* TASKQ_CHARACTER_H */
