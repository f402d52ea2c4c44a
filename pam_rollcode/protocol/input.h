/* SPDX-License-Identifier: Apache-2.0 */
/*
 * input.h - what a person typed, by its shape alone.
 */
#ifndef ROLLCODE_PROTOCOL_INPUT_H
#define ROLLCODE_PROTOCOL_INPUT_H

#include "common/base/rollcode.h"

#define INPUT_MAX		512	/* bytes that are looked at */
#define INPUT_ENDS		" \t\r\n"	/* what is pasted with a code */
#define INPUT_CODES		3	/* consecutive codes on one line */
#define RECOVERY_DIGITS		16	/* base32: 80 bits */

/* A line as it was typed; the module sends it to the verifier. */
struct input_text {
	char	text[INPUT_MAX + 1];
};
WIPABLE(input_text);

enum input_kind {
	INPUT_MALFORMED = 0,
	INPUT_CODE,		/* count codes of width digits each */
	INPUT_RECOVERY,
};

struct input {
	enum input_kind	kind;
	unsigned int		count;		/* 1 to 3 */
	unsigned int		width;		/* 6 to 8, or 64 */
	struct passcode		codes[INPUT_CODES];
	char			recovery[RECOVERY_DIGITS + 1];	/* upper case */
};
WIPABLE(input);

/*
 * Read the shape of a text, without tabs and line ends before and after it, and
 * without spaces and dashes: 6 to 8 decimal digits are a code, 12, 14 or 16 two
 * of them, 18, 21 or 24 three; 64, 128 or 192 lower-case hex digits likewise;
 * 16 base32 digits in either case, a letter among them, are a recovery code.
 * Everything else is malformed: NULL, empty, over INPUT_MAX bytes, any other
 * byte.  Returns the kind.
 */
enum input_kind	input_parse(const char *, struct input *);

/* Whether the second is one code, and the last of several in the first. */
bool			input_ends_with(const struct input *,
			    const struct input *);

#endif /* ROLLCODE_PROTOCOL_INPUT_H */
