/* SPDX-License-Identifier: Apache-2.0 */
/*
 * provision.h - a token as one line of text, and back.
 *
 * The line is an otpauth://hotp/ URI as authenticator apps read it, with
 * issuer, algorithm, digits and counter always there:
 *
 *	otpauth://hotp/ISSUER:ACCOUNT?secret=BASE32&issuer=ISSUER
 *	    &algorithm=SHA256&digits=8&counter=0
 *
 * Forms that apps do not know have their own parameter, form=hash or
 * form=hex, and digits=64, or form=timed, and digits=8 or 64; a reader that
 * ignores it makes no valid code.
 * A token's label goes as label=, and what its owner calls it as name=.
 */
#ifndef ROLLCODE_TOKEN_PROVISION_H
#define ROLLCODE_TOKEN_PROVISION_H

#include "common/base/error.h"
#include "common/base/rollcode.h"

#define PROVISION_NAME_MAX	255	/* bytes of issuer and of account */
#define PROVISION_LINE_MAX	3072	/* with the NUL */

struct provision {
	struct rollcode_token	token;		/* label "" if none was given */
	char			issuer[PROVISION_NAME_MAX + 1];
	char			account[PROVISION_NAME_MAX + 1];
	char			name[ROLLCODE_LABEL_MAX + 1];	/* or "" */
};

struct provision_line {
	char	text[PROVISION_LINE_MAX];
};

WIPABLE(provision);
WIPABLE(provision_line);

/* The bytes before a URI: spaces, UTF-8's mark, and zbarimg's "QR-Code:". */
size_t			provision_begin(const char *);

/* Write the line, without a newline.  INPUT if the token fails its check. */
enum rollcode_err	provision_format(const struct provision *,
			    struct provision_line *, struct error *) MUST_USE;

/*
 * Read a line from where it begins; spaces and a newline at its end are passed
 * over, and a colon of the issuer becomes a dash.  Missing
 * algorithm, digits and counter mean what apps take them for: SHA1, 6, and an
 * error for counter (an otpauth://totp/ line is refused by name, for a clock
 * is no counter).  Unknown parameters are ignored, a known one given twice is
 * refused; a name that could not be a label is ignored, because it may be
 * another program's.  INPUT with a sentence that never repeats the secret.
 */
enum rollcode_err	provision_parse(const char *, struct provision *,
			    struct error *) MUST_USE;

#endif /* ROLLCODE_TOKEN_PROVISION_H */
