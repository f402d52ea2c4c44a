/* SPDX-License-Identifier: Apache-2.0 */
#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "common/token/code.h"
#include "common/token/codec.h"
#include "common/token/token.h"

#define DIGEST_MAX 64	/* bytes of SHA-512 */
#define COUNTER_TEXT 21 /* decimal digits of 2^64, and a NUL */

struct code_maker {
	enum rollcode_form form;
	unsigned int digits;
	size_t digest_len;
	EVP_MAC_CTX *mac;     /* keyed; all but hash */
	EVP_MD_CTX *md;	      /* hash */
	EVP_MD *sha256;	      /* hash */
	struct secret secret; /* hash */
};

static uint64_t settings = OPENSSL_INIT_NO_LOAD_CONFIG;

void
code_alone(void)
{
	settings |=
	    OPENSSL_INIT_NO_ADD_ALL_CIPHERS | OPENSSL_INIT_NO_ADD_ALL_DIGESTS |
	    OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS | OPENSSL_INIT_NO_ATEXIT;
}

OSSL_LIB_CTX *
code_libctx(void)
{
	static OSSL_LIB_CTX *ctx;

	if (ctx == NULL && OPENSSL_init_crypto(settings, NULL) == 1)
		ctx = OSSL_LIB_CTX_new();
	return ctx;
}

static enum rollcode_err
open_mac(struct code_maker *maker, const struct rollcode_token *token)
{
	static const size_t lengths[] = {0, 20, 32, 64};
	char digest[8];
	OSSL_PARAM params[2];
	EVP_MAC *mac;

	snprintf(
	    digest, sizeof(digest), "%s", algorithm_name(token->algorithm));
	params[0] =
	    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0);
	params[1] = OSSL_PARAM_construct_end();
	if ((mac = EVP_MAC_fetch(code_libctx(), "HMAC", NULL)) == NULL)
		return ROLLCODE_ERR_NOMEM;
	maker->mac = EVP_MAC_CTX_new(mac);
	EVP_MAC_free(mac);
	if (maker->mac == NULL)
		return ROLLCODE_ERR_NOMEM;
	if (EVP_MAC_init(maker->mac, token->secret.bytes, token->secret.len,
		params) != 1)
		return ROLLCODE_ERR_SYS;
	maker->digest_len = lengths[token->algorithm];
	return ROLLCODE_OK;
}

static enum rollcode_err
open_hash(struct code_maker *maker, const struct rollcode_token *token)
{
	maker->secret = token->secret;
	maker->digest_len = 32;
	maker->md = EVP_MD_CTX_new();
	maker->sha256 = EVP_MD_fetch(code_libctx(), "SHA256", NULL);
	return maker->md != NULL && maker->sha256 != NULL ? ROLLCODE_OK
							  : ROLLCODE_ERR_NOMEM;
}

enum rollcode_err
code_open(struct code_maker **maker, const struct rollcode_token *token)
{
	enum rollcode_err err;

	*maker = NULL;
	if (code_libctx() == NULL ||
	    (*maker = calloc(1, sizeof(**maker))) == NULL)
		return ROLLCODE_ERR_NOMEM;
	(*maker)->form = token->form;
	(*maker)->digits = token->digits;
	err = token->form == FORM_HASH ? open_hash(*maker, token)
				       : open_mac(*maker, token);
	if (err != ROLLCODE_OK)
		code_close(maker);
	return err;
}

/* RFC 4226 section 5.3, and appendix E.5 for what follows the counter. */
static bool
digest_mac(
    struct code_maker *maker, uint64_t counter, int64_t step, uint8_t *digest)
{
	const uint64_t message[] = {htobe64(counter), htobe64((uint64_t)step)};
	size_t len = 0;

	return EVP_MAC_init(maker->mac, NULL, 0, NULL) == 1 &&
	       EVP_MAC_update(maker->mac, (const uint8_t *)message,
		   maker->form == FORM_TIMED ? sizeof(message)
					     : sizeof(message[0])) == 1 &&
	       EVP_MAC_final(maker->mac, digest, &len, DIGEST_MAX) == 1 &&
	       len == maker->digest_len;
}

static bool
digest_hash(struct code_maker *maker, uint64_t counter, uint8_t *digest)
{
	char decimal[COUNTER_TEXT];
	unsigned int len = 0;
	int n;

	n = snprintf(decimal, sizeof(decimal), "%" PRIu64, counter);
	return EVP_DigestInit_ex2(maker->md, maker->sha256, NULL) == 1 &&
	       EVP_DigestUpdate(
		   maker->md, maker->secret.bytes, maker->secret.len) == 1 &&
	       EVP_DigestUpdate(maker->md, decimal, (size_t)n) == 1 &&
	       EVP_DigestFinal_ex(maker->md, digest, &len) == 1 &&
	       len == maker->digest_len;
}

/* Dynamic truncation, RFC 4226 section 5.3. */
static void
truncate_digest(const struct code_maker *maker, const uint8_t *digest,
    struct passcode *code)
{
	size_t at = digest[maker->digest_len - 1] & 15;
	uint32_t value = (uint32_t)(digest[at] & 0x7f) << 24 |
			 (uint32_t)digest[at + 1] << 16 |
			 (uint32_t)digest[at + 2] << 8 | digest[at + 3];

	for (unsigned int i = maker->digits; i > 0; i--, value /= 10)
		code->text[i - 1] = (char)('0' + value % 10);
	code->text[maker->digits] = '\0';
}

int64_t
code_step(int64_t now)
{
	return now < 0 ? CODE_NO_STEP : now / ROLLCODE_STEP;
}

enum rollcode_err
code_at(struct code_maker *maker, uint64_t counter, int64_t step,
    struct passcode *code)
{
	uint8_t digest[DIGEST_MAX];
	bool good;

	memset(code, 0, sizeof(*code));
	if (maker->form == FORM_TIMED && step < 0)
		return ROLLCODE_ERR_INPUT;
	good = maker->form == FORM_HASH
		   ? digest_hash(maker, counter, digest)
		   : digest_mac(maker, counter, step, digest);
	if (good && maker->digits < ROLLCODE_HEX_DIGITS)
		truncate_digest(maker, digest, code);
	else if (good)
		hex_encode(digest, ROLLCODE_HEX_DIGITS / 2, code->text);
	explicit_bzero(digest, sizeof(digest));
	return good ? ROLLCODE_OK : ROLLCODE_ERR_SYS;
}

void
code_close(struct code_maker **maker)
{
	struct code_maker *m = *maker;

	*maker = NULL;
	if (m == NULL)
		return;
	EVP_MAC_CTX_free(m->mac);
	EVP_MD_CTX_free(m->md);
	EVP_MD_free(m->sha256);
	explicit_bzero(m, sizeof(*m));
	free(m);
}
