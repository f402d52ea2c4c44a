/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include "tests/support/model_code.h"

#define MODEL_KEPT (1 << 16) /* codes remembered */

struct kept {
	int64_t id, step;
	uint64_t counter;
	char text[ROLLCODE_HEX_DIGITS + 1];
};

static const EVP_MD *
model_digest(enum rollcode_algorithm algorithm)
{
	switch (algorithm) {
	case ALGORITHM_NONE:
		break;
	case ALGORITHM_SHA1:
		return EVP_sha1();
	case ALGORITHM_SHA256:
		return EVP_sha256();
	case ALGORITHM_SHA512:
		return EVP_sha512();
	}
	return NULL;
}

static void
model_hex(const unsigned char *bytes, char *out)
{
	for (int i = 0; i < ROLLCODE_HEX_DIGITS / 2; i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

void
model_compute(const struct rollcode_token *token, uint64_t counter,
    int64_t step, char *out)
{
	static const uint32_t modulus[] = {
	    [6] = 1000000, [7] = 10000000, [8] = 100000000};
	unsigned char sum[EVP_MAX_MD_SIZE], message[SECRET_MAX + 24];
	const unsigned char *at;
	unsigned int len = token->form == FORM_TIMED ? 16 : 8;
	uint32_t number;

	if (token->form == FORM_HASH) {
		memcpy(message, token->secret.bytes, token->secret.len);
		len =
		    (unsigned int)snprintf((char *)message + token->secret.len,
			24, "%" PRIu64, counter);
		SHA256(message, token->secret.len + len, sum);
		model_hex(sum, out);
		return;
	}
	for (int i = 0; i < 8; i++) {
		message[i] = (unsigned char)(counter >> (56 - 8 * i));
		message[8 + i] = (unsigned char)(step >> (56 - 8 * i));
	}
	HMAC(model_digest(token->algorithm), token->secret.bytes,
	    (int)token->secret.len, message, len, sum, &len);
	if (token->digits == ROLLCODE_HEX_DIGITS) {
		model_hex(sum, out);
		return;
	}
	at = sum + (sum[len - 1] & 0xf);
	number = ((uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
		     (uint32_t)at[2] << 8 | at[3]) &
		 0x7fffffff;
	snprintf(out, ROLLCODE_DIGITS_MAX + 3, "%0*" PRIu32, (int)token->digits,
	    number % modulus[token->digits]);
}

/* The id of a token stands for its secret, form, algorithm and digits. */
const char *
model_code(const struct account_token *token, uint64_t counter, int64_t step)
{
	static struct kept kept[MODEL_KEPT];
	int64_t at = token->token.form == FORM_TIMED ? step : 0;
	uint64_t mix = counter + (uint64_t)token->id * 0x9e3779b97f4a7c15 +
		       (uint64_t)at * 0xbf58476d1ce4e5b9;
	struct kept *k = &kept[mix % MODEL_KEPT];

	if (k->id != token->id || k->counter != counter || k->step != at) {
		k->id = token->id;
		k->counter = counter;
		k->step = at;
		model_compute(&token->token, counter, step, k->text);
	}
	return k->text;
}
