/*-------------------------------------------------------------------------
 *
 * template.h
 *		Rendering templates with payloads.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_TEMPLATE_H
#define TASKQ_TEMPLATE_H

#include "utils/jsonb.h"

extern char *template_lookup(Jsonb *payload, const char *path);
extern char *template_render(text *template, Jsonb *payload);
extern text *template_render_key(text *template, Jsonb *payload);

#endif							/* TASKQ_TEMPLATE_H */
