/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token.h - names and limits of a token's parts.
 */
#ifndef ROLLCODE_TOKEN_H
#define ROLLCODE_TOKEN_H

#include "error.h"
#include "rollcode.h"

/* "hotp", "hash", "hex"; NULL for FORM_NONE and unknown values. */
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

/*
 * Check that the parts of a token fit each other: form, algorithm, digits,
 * length of the secret (16 bytes at least; printable text for hash), counter
 * at most ROLLCODE_COUNTER_END, label printable.  INPUT with a sentence.
 */
enum rollcode_err	 token_check(const struct rollcode_token *,
			    struct error *) MUST_USE;

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

/*
 * Base32 of RFC 4648 section 6.  The encoder writes without padding and needs
 * room for (len * 8 + 4) / 5 + 1 bytes.  The decoder ignores case, spaces,
 * dashes and padding at the end; false if anything else is met, if max bytes
 * do not hold it, if it is empty, or if no number of bytes has so many digits:
 * then one was lost.
 */
void			 base32_encode(const uint8_t *, size_t len,
			    char *out);
bool			 base32_decode(const char *, uint8_t *out,
			    size_t max, size_t *len) MUST_USE;

/*
 * Hex digits, lower case from the encoder (2 * len + 1 bytes), either case
 * for the decoder, which takes exactly 2 * len digits and nothing behind.
 */
void			 hex_encode(const uint8_t *, size_t len, char *out);
bool			 hex_decode(const char *, uint8_t *out, size_t len)
			    MUST_USE;

#endif /* ROLLCODE_TOKEN_H */
