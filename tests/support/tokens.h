/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tokens.h - tokens that several programs of tests use.
 */
#ifndef ROLLCODE_TESTS_TOKENS_H
#define ROLLCODE_TESTS_TOKENS_H

#include "common/token/token.h"

/* With a secret as token_parse_secret() reads it; else the test fails. */
struct rollcode_token	token_of(enum rollcode_form, enum rollcode_algorithm,
			    unsigned int digits, const char *secret);

/* HOTP with SHA-256 and 8 digits, at counter 10; 32 bytes are that byte. */
struct rollcode_token	token_filled(const char *label, uint8_t fill);

#endif /* ROLLCODE_TESTS_TOKENS_H */
