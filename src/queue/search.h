/*-------------------------------------------------------------------------
 *
 * search.h
 *		Search for a part of the title.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_SEARCH_H
#define TASKQ_SEARCH_H

extern Datum search_lower(Datum text);
extern Datum search_pattern(Datum lower);

#endif							/* TASKQ_SEARCH_H */
