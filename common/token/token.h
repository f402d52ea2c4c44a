/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token.h - names and limits of a token's parts.
 */
#ifndef ROLLCODE_TOKEN_TOKEN_H
#define ROLLCODE_TOKEN_TOKEN_H

#include "common/base/error.h"
#include "common/base/rollcode.h"

/* "hotp", "hash", "hex", "timed"; NULL for FORM_NONE and unknown values. */
const char		*form_name(enum rollcode_form);

/* The form of that name, FORM_NONE if there is none. */
enum rollcode_form	 form_from_name(const char *);

/* "SHA1", "SHA256", "SHA512" as in otpauth lines; NULL for others. */
const char		*algorithm_name(enum rollcode_algorithm);

/*
 * The algorithm of that name in any case, with or without a dash ("sha-256"),
 * ALGORITHM_NONE if there is none.
 */
enum rollcode_algorithm	 algorithm_from_name(const char *);

/* The first counter a new token of this form uses: 1 for hash, else 0. */
uint64_t		 form_first_counter(enum rollcode_form);

/* Whether a code of this form can have so many digits. */
bool			 form_has_digits(enum rollcode_form,
			    unsigned int digits);

/*
 * Check that the parts of a token fit each other: form, algorithm, digits,
 * length of the secret (16 bytes at least; printable text for hash), counter
 * at most ROLLCODE_COUNTER_END, label printable.  INPUT with a sentence.
 */
enum rollcode_err	 token_check(const struct rollcode_token *,
			    struct error *) MUST_USE;

/* Whether every authenticator app can use it: hotp, SHA1, 6 digits. */
bool			 token_for_apps(const struct rollcode_token *);

/* Whether it has a code left: INPUT with a sentence if it is exhausted. */
enum rollcode_err	 token_check_left(const struct rollcode_token *,
			    struct error *) MUST_USE;

/*
 * A label or a token's name: 1 to ROLLCODE_LABEL_MAX bytes of printable ASCII
 * or UTF-8, no control character, no leading dash.  INPUT with a sentence.
 */
enum rollcode_err	 token_check_label(const char *, struct error *)
			    MUST_USE;

/*
 * Fill secret with len bytes from the kernel, or, for form hash, with the
 * lower-case hex digits of len/2 of them.  SYS if the kernel gives none.
 */
enum rollcode_err	 token_new_secret(struct secret *, size_t len,
			    enum rollcode_form, struct error *) MUST_USE;

/*
 * Read a secret as a person or a file writes it: base32 as in otpauth (case,
 * spaces, dashes and padding ignored), "hex:" and hex digits, or "text:" and
 * the text itself.  INPUT with a sentence that never repeats the secret.
 */
enum rollcode_err	 token_parse_secret(const char *, struct secret *,
			    struct error *) MUST_USE;

#endif /* ROLLCODE_TOKEN_TOKEN_H */
