/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secret.h - secrets of fixed size, wiped by their type.
 *
 * A variable that holds a secret is declared at the top of its function as
 *
 *	WIPED(secret_wipe) struct secret secret = {0};
 *
 * and the compiler wipes it on every way out but exit(), abort() and
 * longjmp().  Wiping reaches neither registers nor pages already swapped out.
 */
#ifndef ROLLCODE_BASE_SECRET_H
#define ROLLCODE_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SECRET_MAX	128	/* bytes of a token's secret */
#define SECRET_KEY_LEN	32	/* bytes of a key that seals secrets */

#define WIPED(fn)	__attribute__((cleanup(fn)))
#define MUST_USE	__attribute__((warn_unused_result))

/* Defines NAME_wipe(struct NAME *), for use with WIPED(). */
#define WIPABLE(name)                                                         \
	static inline void name##_wipe(struct name *wiped)                     \
	{                                                                      \
		explicit_bzero(wiped, sizeof(*wiped));                         \
	}                                                                      \
	struct name

struct secret {
	size_t	len;
	uint8_t	bytes[SECRET_MAX];
};

struct secret_key {
	uint8_t	bytes[SECRET_KEY_LEN];
};

WIPABLE(secret);
WIPABLE(secret_key);

/*
 * True if both areas of len bytes are equal.  The time taken depends on len
 * alone.
 */
static inline bool
secret_equal(const void *a, const void *b, size_t len)
{
	const volatile uint8_t *x = a, *y = b;
	uint8_t differ = 0;

	for (size_t i = 0; i < len; i++)
		differ |= (uint8_t)(x[i] ^ y[i]);
	return differ == 0;
}

#endif /* ROLLCODE_BASE_SECRET_H */
