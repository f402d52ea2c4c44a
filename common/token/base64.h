/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base64.h - base64 of RFC 4648 section 4, as XML writes it.
 */
#ifndef ROLLCODE_TOKEN_BASE64_H
#define ROLLCODE_TOKEN_BASE64_H

#include <stdint.h>

#include "common/base/secret.h"

/*
 * Digits and their padding, with spaces, tabs and line ends anywhere.  False
 * if anything else is met, if max bytes do not hold it, or if it is empty;
 * out may have been written to then.
 */
bool	base64_decode(const char *, uint8_t *out, size_t max, size_t *len)
	    MUST_USE;

#endif /* ROLLCODE_TOKEN_BASE64_H */
