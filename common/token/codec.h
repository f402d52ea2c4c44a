/* SPDX-License-Identifier: Apache-2.0 */
/*
 * codec.h - bytes as base32, base64, hex digits and %XX.
 */
#ifndef ROLLCODE_TOKEN_CODEC_H
#define ROLLCODE_TOKEN_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/secret.h"

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
 * Base64 of RFC 4648 section 4, as XML writes it: digits and their padding,
 * with spaces, tabs and line ends anywhere.  False if anything else is met, if
 * max bytes do not hold it, or if it is empty; out may have been written then.
 */
bool			 base64_decode(const char *, uint8_t *out,
			    size_t max, size_t *len) MUST_USE;

/*
 * Hex digits, lower case from the encoder (2 * len + 1 bytes), either case
 * for the decoder, which takes exactly 2 * len digits and nothing behind.
 */
void			 hex_encode(const uint8_t *, size_t len, char *out);
bool			 hex_decode(const char *, uint8_t *out, size_t len)
			    MUST_USE;

/* %XX in place, of any byte but NUL, which would hide what is behind it. */
bool			 percent_decode(char *) MUST_USE;

#endif /* ROLLCODE_TOKEN_CODEC_H */
