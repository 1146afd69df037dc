/*-------------------------------------------------------------------------
 *
 * publicid.h
 *		Ids that can be shown to others without telling how many tasks there are.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_PUBLICID_H
#define TASKQ_PUBLICID_H

#define PUBLIC_ID_PREFIX "tsk_"
#define PUBLIC_ID_DIGITS 13
#define PUBLIC_ID_LEN (4 + PUBLIC_ID_DIGITS)

extern void public_id_write(int64 id, char *to);
extern bool public_id_read(const char *s, int len, int64 *id);

#endif							/* TASKQ_PUBLICID_H */
