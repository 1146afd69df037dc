/*-------------------------------------------------------------------------
 *
 * setting.h
 *		Values that settings had before the library was loaded.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_SETTING_H
#define TASKQ_SETTING_H

/* A setting of type string, and what the configuration gave it; NULL = nothing, or it is in effect. */
typedef struct TextSetting
{
	const char *name;
	char	  **value;
	char	   *given;
} TextSetting;

extern void settings_note(TextSetting *settings, int n);
extern void settings_forget_valid(void);
extern void settings_warn_of_rejected(void);

#endif							/* TASKQ_SETTING_H */
