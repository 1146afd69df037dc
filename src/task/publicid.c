/*-------------------------------------------------------------------------
 *
 * publicid.c
 *		Ids that can be shown to others without telling how many tasks there are.
 *
 * The 64 bits of an id are exchanged for 64 others by a fixed bijection, the
 * first output of SplitMix64 for that seed (Steele, Lea and Flood, "Fast
 * splittable pseudorandom number generators", 2014), and written as 13 digits
 * of Crockford's base32.  It is no encryption: whoever knows the constants, which
 * are public, can compute the id.  The constants never change.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "base/compat.h"
#include "task/publicid.h"

#define INCREMENT UINT64CONST(0x9E3779B97F4A7C15)
#define MULTIPLIER1 UINT64CONST(0xBF58476D1CE4E5B9)
#define MULTIPLIER2 UINT64CONST(0x94D049BB133111EB)

/* The inverses of the multipliers modulo 2^64. */
#define INVERSE1 UINT64CONST(0x96DE1B173F119089)
#define INVERSE2 UINT64CONST(0x319642B2D24D8EC3)

static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static uint64
mix(uint64 x)
{
	x += INCREMENT;
	x = (x ^ (x >> 30)) * MULTIPLIER1;
	x = (x ^ (x >> 27)) * MULTIPLIER2;
	return x ^ (x >> 31);
}

static uint64
unmix(uint64 x)
{
	x = (x ^ (x >> 31) ^ (x >> 62)) * INVERSE2;
	x = (x ^ (x >> 27) ^ (x >> 54)) * INVERSE1;
	return (x ^ (x >> 30) ^ (x >> 60)) - INCREMENT;
}

/* Writes PUBLIC_ID_LEN characters and a zero. */
void
public_id_write(int64 id, char *to)
{
	uint64		x = mix((uint64) id);

	strcpy(to, PUBLIC_ID_PREFIX);
	for (int i = PUBLIC_ID_LEN - 1; i >= PUBLIC_ID_LEN - PUBLIC_ID_DIGITS; i--)
	{
		to[i] = digits[x % 32];
		x /= 32;
	}
	to[PUBLIC_ID_LEN] = '\0';
}

/* The value of a digit in either case, and of what is easily taken for one; -1 if it is none. */
static int
digit_value(unsigned char c)
{
	const char *found;

	c = pg_ascii_toupper(c);
	if (c == 'O')
		return 0;
	if (c == 'I' || c == 'L')
		return 1;
	found = c == '\0' ? NULL : strchr(digits, c);
	return found == NULL ? -1 : (int) (found - digits);
}

/* The id that a public one stands for; false if it is none. */
bool
public_id_read(const char *s, int len, int64 *id)
{
	uint64		x = 0;

	if (len != PUBLIC_ID_LEN || pg_strncasecmp(s, PUBLIC_ID_PREFIX, strlen(PUBLIC_ID_PREFIX)) != 0)
		return false;
	for (int i = PUBLIC_ID_LEN - PUBLIC_ID_DIGITS; i < PUBLIC_ID_LEN; i++)
	{
		int			value = digit_value((unsigned char) s[i]);

		/* The first digit is of the four bits that are left of 64. */
		if (value < 0 || (i == PUBLIC_ID_LEN - PUBLIC_ID_DIGITS && value >= 16))
			return false;
		x = x * 32 + value;
	}
	*id = (int64) unmix(x);
	return true;
}

PG_FUNCTION_INFO_V1(taskq_public_id);
Datum
taskq_public_id(PG_FUNCTION_ARGS)
{
	char		public[PUBLIC_ID_LEN + 1];

	public_id_write(PG_GETARG_INT64(0), public);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(public, PUBLIC_ID_LEN));
}

PG_FUNCTION_INFO_V1(taskq_id);
Datum
taskq_id(PG_FUNCTION_ARGS)
{
	text	   *public = PG_GETARG_TEXT_PP(0);
	const char *s = VARDATA_ANY(public);
	int			len = VARSIZE_ANY_EXHDR(public);
	int64		id;

	if (!public_id_read(s, len, &id))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid public id: \"%.*s\"", pg_mbcliplen(s, len, 64), s),
				 errhint("A public id is tsk_ and 13 digits of Crockford's base32, as taskq_public_id() gives it.")));
	PG_RETURN_INT64(id);
}
