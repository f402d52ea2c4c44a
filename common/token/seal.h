/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seal.h - AES-256-GCM around a stored secret.
 *
 * A sealed secret opens only with the same key and the same associated data,
 * so that it cannot be moved to another row, user or store.
 */
#ifndef ROLLCODE_TOKEN_SEAL_H
#define ROLLCODE_TOKEN_SEAL_H

#include "common/base/error.h"
#include "common/base/rollcode.h"

#define SEAL_NONCE_LEN	12
#define SEAL_TAG_LEN	16
#define SEAL_OVERHEAD	(1 + SEAL_NONCE_LEN + SEAL_TAG_LEN)
#define SEAL_MAX	(SECRET_MAX + SEAL_OVERHEAD)
#define SEAL_AAD_MAX	1024
#define SEAL_ID_LEN	16	/* hex digits that name a key */
#define SEAL_MAC_LEN	32
#define SEAL_SALT_LEN	16

/* A sealed secret as it is stored: version, nonce, ciphertext, tag. */
struct sealed {
	size_t	len;
	uint8_t	bytes[SEAL_MAX];
};

/* Associated data: fields, each behind its length. */
struct seal_aad {
	size_t	len;
	bool	overflow;
	uint8_t	bytes[SEAL_AAD_MAX];
};
WIPABLE(seal_aad);

/* Start with a label that names the format and its version. */
void			seal_aad_begin(struct seal_aad *, const char *label);

/* Add one field.  What does not fit makes seal_wrap and seal_open refuse. */
void			seal_aad_add(struct seal_aad *, const void *, size_t);
void			seal_aad_add_text(struct seal_aad *, const char *);
void			seal_aad_add_number(struct seal_aad *, uint64_t);

/* Run one of OpenSSL's key derivation functions.  NOMEM or SYS. */
struct ossl_param_st;
enum rollcode_err	seal_kdf(const char *, struct ossl_param_st *,
			    uint8_t *out, size_t len) MUST_USE;

/*
 * Derive a key for one purpose from a master key, by HKDF-SHA-256 (RFC 5869)
 * with the purpose as info.  NOMEM or SYS.
 */
enum rollcode_err	seal_derive(const struct secret_key *master,
			    const char *purpose, struct secret_key *) MUST_USE;

/*
 * The public name of a master key: SEAL_ID_LEN hex digits derived from it,
 * which give nothing of it away.
 */
enum rollcode_err	seal_key_id(const struct secret_key *master,
			    char id[SEAL_ID_LEN + 1]) MUST_USE;

/*
 * A key from a passphrase: scrypt (RFC 7914) with N = 2^log_n, r = 8, p = 1.
 * log_n is 10 to 20.  SYS if the library refuses, NOMEM if memory is short.
 */
enum rollcode_err	seal_passphrase(const char *passphrase,
			    const uint8_t salt[SEAL_SALT_LEN],
			    unsigned int log_n, struct secret_key *) MUST_USE;

/* Seal with a fresh random nonce.  SYS or NOMEM. */
enum rollcode_err	seal_wrap(const struct secret_key *,
			    const struct seal_aad *, const struct secret *,
			    struct sealed *) MUST_USE;

/*
 * Open.  STORE if the key, the associated data or the bytes are not those
 * that were sealed; then the secret is all zero.
 */
enum rollcode_err	seal_open(const struct secret_key *,
			    const struct seal_aad *, const struct sealed *,
			    struct secret *) MUST_USE;

/*
 * The same for len bytes of any kind, in one piece of less than 2 GiB; sealed
 * has SEAL_OVERHEAD bytes more.  STORE as above; then out holds nothing.
 */
enum rollcode_err	seal_wrap_bytes(const struct secret_key *,
			    const struct seal_aad *, const void *, size_t len,
			    uint8_t *sealed) MUST_USE;
enum rollcode_err	seal_open_bytes(const struct secret_key *,
			    const struct seal_aad *, const uint8_t *sealed,
			    size_t sealed_len, void *out) MUST_USE;

/* Whether a stored secret has the first byte and the length of a sealed one. */
bool			seal_looks_sealed(const struct sealed *);

/* HMAC-SHA-256 of a text under a key, and of fields.  NOMEM or SYS. */
enum rollcode_err	seal_mac(const struct secret_key *, const char *text,
			    uint8_t mac[SEAL_MAC_LEN]) MUST_USE;
enum rollcode_err	seal_mac_fields(const struct secret_key *,
			    const struct seal_aad *,
			    uint8_t mac[SEAL_MAC_LEN]) MUST_USE;

/* len bytes from getrandom(2).  SYS if the kernel gives fewer. */
enum rollcode_err	seal_random(void *, size_t len) MUST_USE;

#endif /* ROLLCODE_TOKEN_SEAL_H */
