/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include <check.h>

#include "tests/support/tokens.h"

struct rollcode_token
token_of(enum rollcode_form form, enum rollcode_algorithm algorithm,
    unsigned int digits, const char *secret)
{
	struct rollcode_token token = {
	    .form = form, .algorithm = algorithm, .digits = digits};
	struct error error = {0};

	ck_assert_msg(
	    token_parse_secret(secret, &token.secret, &error) == ROLLCODE_OK,
	    "%s", error.text);
	return token;
}

struct rollcode_token
token_filled(const char *label, uint8_t fill)
{
	struct rollcode_token token = {
	    .form = FORM_HOTP,
	    .algorithm = ALGORITHM_SHA256,
	    .digits = 8,
	    .counter = 10,
	    .secret = {.len = 32},
	};

	memset(token.secret.bytes, fill, token.secret.len);
	snprintf(token.label, sizeof(token.label), "%s", label);
	return token;
}
