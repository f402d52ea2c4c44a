/* SPDX-License-Identifier: Apache-2.0 */
#include <endian.h>
#include <limits.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "common/token/code.h"
#include "common/token/codec.h"
#include "common/token/seal.h"

#define SEAL_VERSION 1 /* first byte of what is stored */
#define SCRYPT_R 8
#define SCRYPT_P 1

void
seal_aad_begin(struct seal_aad *aad, const char *label)
{
	memset(aad, 0, sizeof(*aad));
	seal_aad_add_text(aad, label);
}

void
seal_aad_add(struct seal_aad *aad, const void *field, size_t len)
{
	if (aad->overflow || len > UINT16_MAX ||
	    len + 2 > sizeof(aad->bytes) - aad->len) {
		aad->overflow = true;
		return;
	}
	aad->bytes[aad->len++] = (uint8_t)(len >> 8);
	aad->bytes[aad->len++] = (uint8_t)len;
	memcpy(aad->bytes + aad->len, field, len);
	aad->len += len;
}

void
seal_aad_add_text(struct seal_aad *aad, const char *text)
{
	seal_aad_add(aad, text, strlen(text));
}

void
seal_aad_add_number(struct seal_aad *aad, uint64_t number)
{
	const uint64_t bytes = htobe64(number);

	seal_aad_add(aad, &bytes, sizeof(bytes));
}

enum rollcode_err
seal_kdf(const char *kdf_name, OSSL_PARAM *params, uint8_t *out, size_t len)
{
	EVP_KDF *kdf = NULL;
	EVP_KDF_CTX *ctx = NULL;
	enum rollcode_err err = ROLLCODE_ERR_NOMEM;

	if (code_libctx() == NULL ||
	    (kdf = EVP_KDF_fetch(code_libctx(), kdf_name, NULL)) == NULL ||
	    (ctx = EVP_KDF_CTX_new(kdf)) == NULL)
		goto out;
	err = EVP_KDF_derive(ctx, out, len, params) == 1 ? ROLLCODE_OK
							 : ROLLCODE_ERR_SYS;
out:
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return err;
}

/* The parameter lists take pointers to data they only read. */
static OSSL_PARAM
octet_param(const char *name, const void *bytes, size_t len)
{
	return OSSL_PARAM_construct_octet_string(
	    name, (void *)(uintptr_t)bytes, len);
}

static enum rollcode_err
derive_hkdf(const struct secret_key *master, const char *purpose, uint8_t *out,
    size_t len)
{
	char digest[] = "SHA256";
	OSSL_PARAM params[4];

	params[0] =
	    OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0);
	params[1] = octet_param(
	    OSSL_KDF_PARAM_KEY, master->bytes, sizeof(master->bytes));
	params[2] = octet_param(OSSL_KDF_PARAM_INFO, purpose, strlen(purpose));
	params[3] = OSSL_PARAM_construct_end();
	return seal_kdf("HKDF", params, out, len);
}

enum rollcode_err
seal_derive(const struct secret_key *master, const char *purpose,
    struct secret_key *key)
{
	return derive_hkdf(master, purpose, key->bytes, sizeof(key->bytes));
}

enum rollcode_err
seal_key_id(const struct secret_key *master, char id[SEAL_ID_LEN + 1])
{
	uint8_t bytes[SEAL_ID_LEN / 2] = {0};
	enum rollcode_err err;

	err = derive_hkdf(master, "rollcode key id 1", bytes, sizeof(bytes));
	hex_encode(bytes, sizeof(bytes), id);
	return err;
}

enum rollcode_err
seal_passphrase(const char *passphrase, const uint8_t salt[SEAL_SALT_LEN],
    unsigned int log_n, struct secret_key *key)
{
	uint64_t n = (uint64_t)1 << (log_n & 31),
		 maxmem = (uint64_t)160 * SCRYPT_R * n;
	uint32_t r = SCRYPT_R, p = SCRYPT_P;
	OSSL_PARAM params[7];

	if (log_n < 10 || log_n > 20)
		return ROLLCODE_ERR_SYS;
	params[0] = octet_param(
	    OSSL_KDF_PARAM_PASSWORD, passphrase, strlen(passphrase));
	params[1] = octet_param(OSSL_KDF_PARAM_SALT, salt, SEAL_SALT_LEN);
	params[2] = OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &n);
	params[3] = OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_R, &r);
	params[4] = OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_P, &p);
	params[5] =
	    OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &maxmem);
	params[6] = OSSL_PARAM_construct_end();
	return seal_kdf("SCRYPT", params, key->bytes, sizeof(key->bytes));
}

/* One AES-256-GCM pass; the tag is written or checked at the end. */
struct gcm {
	bool seal;
	const struct secret_key *key;
	const struct seal_aad *aad;
	const uint8_t *nonce;
	const uint8_t *in;
	size_t len;
	uint8_t *out;
	uint8_t *tag;
};

/* Only what the tag says at the end is about the bytes. */
static enum rollcode_err
gcm_pass(EVP_CIPHER_CTX *ctx, const EVP_CIPHER *cipher, const struct gcm *g,
    enum rollcode_err refused)
{
	int n = 0, seal = g->seal;

	if (EVP_CipherInit_ex2(
		ctx, cipher, g->key->bytes, g->nonce, seal, NULL) != 1)
		return ROLLCODE_ERR_NOMEM;
	if (!seal && EVP_CIPHER_CTX_ctrl(
			 ctx, EVP_CTRL_AEAD_SET_TAG, SEAL_TAG_LEN, g->tag) != 1)
		return ROLLCODE_ERR_SYS;
	if (EVP_CipherUpdate(ctx, NULL, &n, g->aad->bytes, (int)g->aad->len) !=
		1 ||
	    EVP_CipherUpdate(ctx, g->out, &n, g->in, (int)g->len) != 1)
		return ROLLCODE_ERR_SYS;
	if (EVP_CipherFinal_ex(ctx, g->out + n, &n) != 1)
		return refused;
	return !seal || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG,
			    SEAL_TAG_LEN, g->tag) == 1
		   ? ROLLCODE_OK
		   : ROLLCODE_ERR_SYS;
}

static enum rollcode_err
gcm_run(const struct gcm *g, enum rollcode_err refused)
{
	EVP_CIPHER *cipher = NULL;
	EVP_CIPHER_CTX *ctx = NULL;
	enum rollcode_err err = ROLLCODE_ERR_NOMEM;

	if (g->aad->overflow)
		return ROLLCODE_ERR_SYS;
	if (code_libctx() == NULL ||
	    (cipher = EVP_CIPHER_fetch(code_libctx(), "AES-256-GCM", NULL)) ==
		NULL ||
	    (ctx = EVP_CIPHER_CTX_new()) == NULL)
		goto out;
	err = gcm_pass(ctx, cipher, g, refused);
out:
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(cipher);
	return err;
}

enum rollcode_err
seal_wrap_bytes(const struct secret_key *key, const struct seal_aad *aad,
    const void *bytes, size_t len, uint8_t *sealed)
{
	struct gcm g = {
	    .seal = true,
	    .key = key,
	    .aad = aad,
	    .nonce = sealed + 1,
	    .in = bytes,
	    .len = len,
	    .out = sealed + 1 + SEAL_NONCE_LEN,
	    .tag = sealed + 1 + SEAL_NONCE_LEN + len,
	};
	enum rollcode_err err;

	if (len > INT_MAX)
		return ROLLCODE_ERR_SYS;
	sealed[0] = SEAL_VERSION;
	if ((err = seal_random(sealed + 1, SEAL_NONCE_LEN)) != ROLLCODE_OK)
		return err;
	return gcm_run(&g, ROLLCODE_ERR_SYS);
}

enum rollcode_err
seal_open_bytes(const struct secret_key *key, const struct seal_aad *aad,
    const uint8_t *sealed, size_t sealed_len, void *out)
{
	uint8_t tag[SEAL_TAG_LEN];
	struct gcm g = {
	    .key = key,
	    .aad = aad,
	    .nonce = sealed + 1,
	    .in = sealed + 1 + SEAL_NONCE_LEN,
	    .out = out,
	    .tag = tag,
	};
	enum rollcode_err err;

	if (sealed_len < SEAL_OVERHEAD || sealed_len > INT_MAX ||
	    sealed[0] != SEAL_VERSION)
		return ROLLCODE_ERR_STORE;
	g.len = sealed_len - SEAL_OVERHEAD;
	memcpy(tag, sealed + sealed_len - SEAL_TAG_LEN, sizeof(tag));
	if ((err = gcm_run(&g, ROLLCODE_ERR_STORE)) != ROLLCODE_OK)
		explicit_bzero(out, g.len);
	return err;
}

enum rollcode_err
seal_wrap(const struct secret_key *key, const struct seal_aad *aad,
    const struct secret *secret, struct sealed *sealed)
{
	enum rollcode_err err;

	memset(sealed, 0, sizeof(*sealed));
	if (secret->len > SECRET_MAX)
		return ROLLCODE_ERR_SYS;
	err = seal_wrap_bytes(
	    key, aad, secret->bytes, secret->len, sealed->bytes);
	if (err == ROLLCODE_OK)
		sealed->len = secret->len + SEAL_OVERHEAD;
	return err;
}

enum rollcode_err
seal_open(const struct secret_key *key, const struct seal_aad *aad,
    const struct sealed *sealed, struct secret *secret)
{
	enum rollcode_err err;

	secret_wipe(secret);
	if (sealed->len > SEAL_MAX)
		return ROLLCODE_ERR_STORE;
	err = seal_open_bytes(
	    key, aad, sealed->bytes, sealed->len, secret->bytes);
	if (err != ROLLCODE_OK)
		secret_wipe(secret);
	else
		secret->len = sealed->len - SEAL_OVERHEAD;
	return err;
}

bool
seal_looks_sealed(const struct sealed *stored)
{
	return stored->len >= ROLLCODE_SECRET_MIN + SEAL_OVERHEAD &&
	       stored->bytes[0] == SEAL_VERSION;
}

static enum rollcode_err
mac_bytes(const struct secret_key *key, const void *bytes, size_t len,
    uint8_t mac[SEAL_MAC_LEN])
{
	size_t made = 0;

	memset(mac, 0, SEAL_MAC_LEN);
	if (code_libctx() == NULL)
		return ROLLCODE_ERR_NOMEM;
	if (EVP_Q_mac(code_libctx(), "HMAC", NULL, "SHA256", NULL, key->bytes,
		sizeof(key->bytes), bytes, len, mac, SEAL_MAC_LEN,
		&made) == NULL ||
	    made != SEAL_MAC_LEN)
		return ROLLCODE_ERR_SYS;
	return ROLLCODE_OK;
}

enum rollcode_err
seal_mac(
    const struct secret_key *key, const char *text, uint8_t mac[SEAL_MAC_LEN])
{
	return mac_bytes(key, text, strlen(text), mac);
}

enum rollcode_err
seal_mac_fields(const struct secret_key *key, const struct seal_aad *fields,
    uint8_t mac[SEAL_MAC_LEN])
{
	return fields->overflow
		   ? ROLLCODE_ERR_SYS
		   : mac_bytes(key, fields->bytes, fields->len, mac);
}

enum rollcode_err
seal_random(void *bytes, size_t len)
{
	return getrandom(bytes, len, 0) == (ssize_t)len ? ROLLCODE_OK
							: ROLLCODE_ERR_SYS;
}
