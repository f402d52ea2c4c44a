/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "common/token/cbc.h"
#include "common/token/code.h"
#include "common/token/seal.h"

/* All but the padding, whose last byte says how long it is. */
static enum rollcode_err
cut_padding(const struct cbc_bytes *padded, struct secret *out)
{
	size_t padding = padded->bytes[padded->len - 1];

	if (padding == 0 || padding > CBC_BLOCK ||
	    padded->len - padding > sizeof(out->bytes))
		return ROLLCODE_ERR_INPUT;
	out->len = padded->len - padding;
	memcpy(out->bytes, padded->bytes, out->len);
	return ROLLCODE_OK;
}

static enum rollcode_err
cbc_run(EVP_CIPHER_CTX *ctx, const EVP_CIPHER *cipher, const struct secret *key,
    const struct cbc_bytes *in, uint8_t *out)
{
	int n = 0;

	if (EVP_CipherInit_ex2(ctx, cipher, key->bytes, in->bytes, 0, NULL) !=
		1 ||
	    EVP_CIPHER_CTX_set_padding(ctx, 0) != 1 ||
	    EVP_CipherUpdate(ctx, out, &n, in->bytes + CBC_BLOCK,
		(int)(in->len - CBC_BLOCK)) != 1 ||
	    EVP_CipherFinal_ex(ctx, out + n, &n) != 1)
		return ROLLCODE_ERR_SYS;
	return ROLLCODE_OK;
}

enum rollcode_err
cbc_open(
    const struct secret *key, const struct cbc_bytes *in, struct secret *out)
{
	const char *name = key->len == 16   ? "AES-128-CBC"
			   : key->len == 24 ? "AES-192-CBC"
			   : key->len == 32 ? "AES-256-CBC"
					    : NULL;
	WIPED(cbc_bytes_wipe) struct cbc_bytes plain = {.len = 0};
	EVP_CIPHER *cipher = NULL;
	EVP_CIPHER_CTX *ctx = NULL;
	enum rollcode_err err = ROLLCODE_ERR_NOMEM;

	secret_wipe(out);
	if (name == NULL || in->len <= CBC_BLOCK || in->len % CBC_BLOCK != 0)
		return ROLLCODE_ERR_INPUT;
	if (code_libctx() == NULL ||
	    (cipher = EVP_CIPHER_fetch(code_libctx(), name, NULL)) == NULL ||
	    (ctx = EVP_CIPHER_CTX_new()) == NULL)
		goto out;
	plain.len = in->len - CBC_BLOCK;
	err = cbc_run(ctx, cipher, key, in, plain.bytes);
	if (err == ROLLCODE_OK)
		err = cut_padding(&plain, out);
out:
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(cipher);
	return err;
}

enum rollcode_err
cbc_check(const struct secret *key, const char *digest,
    const struct cbc_bytes *in, const struct cbc_bytes *mac)
{
	uint8_t made[EVP_MAX_MD_SIZE];
	size_t len = 0;

	if (code_libctx() == NULL ||
	    EVP_Q_mac(code_libctx(), "HMAC", NULL, digest, NULL, key->bytes,
		key->len, in->bytes, in->len, made, sizeof(made), &len) == NULL)
		return ROLLCODE_ERR_SYS;
	return len == mac->len && secret_equal(made, mac->bytes, len)
		   ? ROLLCODE_OK
		   : ROLLCODE_ERR_INPUT;
}

enum rollcode_err
cbc_passphrase(const char *passphrase, const char *digest,
    const struct cbc_bytes *salt, uint64_t iterations, struct secret *key)
{
	OSSL_PARAM params[5];

	/* The parameter lists take pointers to data they only read. */
	params[0] = OSSL_PARAM_construct_utf8_string(
	    OSSL_KDF_PARAM_DIGEST, (char *)(uintptr_t)digest, 0);
	params[1] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD,
	    (void *)(uintptr_t)passphrase, strlen(passphrase));
	params[2] = OSSL_PARAM_construct_octet_string(
	    OSSL_KDF_PARAM_SALT, (void *)(uintptr_t)salt->bytes, salt->len);
	params[3] =
	    OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_ITER, &iterations);
	params[4] = OSSL_PARAM_construct_end();
	return seal_kdf("PBKDF2", params, key->bytes, key->len);
}
