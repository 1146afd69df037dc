/*-------------------------------------------------------------------------
 *
 * letters.h
 *		Texts with letters that differ in case, accents or composition made equal.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_LETTERS_H
#define TASKQ_LETTERS_H

/* Room for what a text of len bytes becomes, at most three times as long (U+1D160), and for what is written past it. */
#define FOLDED_SIZE(len) ((Size) (len) * 3 + 8)

extern char *fold_letters(const char *s, int len, char *room, Size size, int *folded_len);

#endif							/* TASKQ_LETTERS_H */
