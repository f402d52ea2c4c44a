/* SPDX-License-Identifier: Apache-2.0 */
/*
 * input.h - what a person typed, by its shape alone.
 */
#ifndef ROLLCODE_PROTOCOL_INPUT_H
#define ROLLCODE_PROTOCOL_INPUT_H

#include "common/base/rollcode.h"

#define SUBMISSION_MAX		512	/* bytes that are looked at */
#define SUBMISSION_CODES	3	/* consecutive codes on one line */
#define RECOVERY_DIGITS		16	/* base32: 80 bits */

/* The text as it came, for the way from the module to the verifier. */
struct submitted {
	char	text[SUBMISSION_MAX + 1];
};

enum submission_kind {
	SUBMISSION_MALFORMED = 0,
	SUBMISSION_CODE,		/* count codes of width digits each */
	SUBMISSION_RECOVERY,
};

struct submission {
	enum submission_kind	kind;
	unsigned int		count;		/* 1 to 3 */
	unsigned int		width;		/* 6 to 8, or 64 */
	struct passcode		codes[SUBMISSION_CODES];
	char			recovery[RECOVERY_DIGITS + 1];	/* upper case */
};

static inline void
submitted_wipe(struct submitted *submitted)
{
	explicit_bzero(submitted, sizeof(*submitted));
}

static inline void
submission_wipe(struct submission *submission)
{
	explicit_bzero(submission, sizeof(*submission));
}

/*
 * Read the shape of a text, after spaces and dashes are taken out: 6 to 8
 * decimal digits are a code, 12, 14 or 16 two of them, 18, 21 or 24 three; 64,
 * 128 or 192 lower-case hex digits likewise; 16 base32 digits in either case,
 * a letter among them, are a recovery code.  Everything else is malformed:
 * NULL, empty, over SUBMISSION_MAX bytes, any other byte.  Returns the kind.
 */
enum submission_kind	submission_parse(const char *, struct submission *);

/* Whether the second is one code, and the last of several in the first. */
bool			submission_ends_with(const struct submission *,
			    const struct submission *);

#endif /* ROLLCODE_PROTOCOL_INPUT_H */
