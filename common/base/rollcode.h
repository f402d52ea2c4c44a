/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rollcode.h - the vocabulary that both machines share.
 *
 * A token is a secret, a form and a counter.  The counter is the next one
 * expected by the server, and the next one to be used by the client.
 */
#ifndef ROLLCODE_BASE_ROLLCODE_H
#define ROLLCODE_BASE_ROLLCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/secret.h"

/* How many elements an array has. */
#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

#ifndef ROLLCODE_VERSION
#define ROLLCODE_VERSION	"unversioned"
#endif

/* The account that owns a server's store, unless its env file names another. */
#define ROLLCODE_ACCOUNT	"rollcode"

/* What the module asks, and what rollcode-askpass answers to. */
#define ROLLCODE_PROMPT		"Rolling code: "

#define ROLLCODE_SECRET_MIN	16	/* bytes: RFC 4226 section 4, R6 */
#define ROLLCODE_DIGITS_MIN	6	/* RFC 4226 section 5.3 */
#define ROLLCODE_DIGITS_MAX	8	/* 31 bits do not fill nine */
#define ROLLCODE_HEX_DIGITS	64	/* of a code of form hash or hex */
#define ROLLCODE_STEP		120	/* seconds in which a code is one */
#define ROLLCODE_LABEL_MAX	64	/* bytes, without the NUL */
#define ROLLCODE_USER_MAX	200	/* bytes, without the NUL */

/* Counters are 63-bit; a token whose counter stands here is exhausted. */
#define ROLLCODE_COUNTER_END	((uint64_t)INT64_MAX)

enum rollcode_form {
	FORM_NONE = 0,
	FORM_HOTP,		/* RFC 4226: 6 to 8 decimal digits */
	FORM_HASH,		/* SHA-256(text secret, decimal counter) */
	FORM_HEX,		/* HMAC-SHA-256, all 64 hex digits */
	FORM_TIMED,		/* HMAC-SHA-256 of counter and step of time */
};

enum rollcode_algorithm {
	ALGORITHM_NONE = 0,
	ALGORITHM_SHA1,
	ALGORITHM_SHA256,
	ALGORITHM_SHA512,
};

struct rollcode_token {
	char			label[ROLLCODE_LABEL_MAX + 1];
	enum rollcode_form	form;
	enum rollcode_algorithm	algorithm;	/* SHA256 but for hotp */
	unsigned int		digits;		/* of one code; 64 or 6..8 */
	uint64_t		counter;	/* the next one */
	struct secret		secret;
};

/* One code as text: digits or lower-case hex digits, and a NUL. */
struct passcode {
	char	text[ROLLCODE_HEX_DIGITS + 1];
};

WIPABLE(passcode);
WIPABLE(rollcode_token);

#endif /* ROLLCODE_BASE_ROLLCODE_H */
