/*-------------------------------------------------------------------------
 *
 * title.h
 *		What a title may hold.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_TITLE_H
#define TASKQ_TITLE_H

extern bool line_is_valid(const text *line);
extern const char *title_problem(const char *s, int len);
extern text *title_without_marks(const text *title);
extern char *without_directional_controls(char *s);
extern char *as_title(const char *s);
extern text *accept_title(text *title);
extern void check_title_is_visible(const text *title);

#endif							/* TASKQ_TITLE_H */
