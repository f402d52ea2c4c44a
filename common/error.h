/* SPDX-License-Identifier: Apache-2.0 */
/*
 * error.h - what can go wrong with the machine, and the sentence about it.
 *
 * An error says that no decision could be made; a refused code is a verdict
 * and never an error.  The function that knows the fact writes the sentence,
 * once: what is wrong, where, and the remedy.  No sentence holds a code, a
 * secret or a key.
 */
#ifndef ROLLCODE_ERROR_H
#define ROLLCODE_ERROR_H

#include "secret.h"

#define ERROR_TEXT_MAX	768	/* bytes, with the NUL */

enum rollcode_err {
	ROLLCODE_OK = 0,
	ROLLCODE_ERR_NOMEM,	/* out of memory */
	ROLLCODE_ERR_SYS,	/* the operating system refused a basic call */
	ROLLCODE_ERR_INPUT,	/* what a person or a file gave is not valid */
	ROLLCODE_ERR_CONFIG,	/* a bad option, argument or env file */
	ROLLCODE_ERR_UNAVAIL,	/* a store busy, missing, full, read-only */
	ROLLCODE_ERR_STORE,	/* a store of wrong owner, mode, key, content */
	ROLLCODE_ERR_HELPER,	/* rollcode-verify missing or misbehaving */
	ROLLCODE_ERR_PRIVILEGE,	/* the caller may not do this */
	ROLLCODE_ERR_EXISTS,	/* there is one of that name already */
	ROLLCODE_ERR_ABSENT,	/* there is none of that name */
	ROLLCODE_ERR_USAGE,	/* a command was called wrongly */
};

struct error {
	char	text[ERROR_TEXT_MAX];	/* one line; "" is none */
};

/* What an error is called, for a log.  Never NULL. */
const char	*rollcode_strerror(enum rollcode_err);

/*
 * Write the sentence and return the code, so that a function can end with
 * "return error_set(...)".  A text that is too long is cut.  error may be
 * NULL.
 */
enum rollcode_err	error_set(struct error *, enum rollcode_err,
			    const char *fmt, ...)
			    __attribute__((format(printf, 3, 4)));

/* The same, but behind what is already there, parted by "; ". */
enum rollcode_err	error_add(struct error *, enum rollcode_err,
			    const char *fmt, ...)
			    __attribute__((format(printf, 3, 4)));

/* The code for an errno: NOMEM, UNAVAIL (full, read-only, limits) or SYS. */
enum rollcode_err	error_from_errno(int);

#endif /* ROLLCODE_ERROR_H */
