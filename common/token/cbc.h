/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cbc.h - secrets as other programs encrypt them: AES in CBC mode, padded as
 * XML Encryption 1.1 section 5.2 does, with an HMAC beside it, and a key that
 * may be made from a passphrase by PBKDF2.
 *
 * Nothing of ours is encrypted in this way: seal.h is for that.
 */
#ifndef ROLLCODE_TOKEN_CBC_H
#define ROLLCODE_TOKEN_CBC_H

#include "common/base/error.h"
#include "common/base/rollcode.h"

#define CBC_BLOCK	16	/* bytes of the nonce, which goes before */
#define CBC_MAX		(SECRET_MAX + 2 * CBC_BLOCK)

/* Bytes as they are in a file, not decrypted. */
struct cbc_bytes {
	size_t	len;
	uint8_t	bytes[CBC_MAX];
};

WIPABLE(cbc_bytes);

/*
 * Decrypt with a key of 16, 24 or 32 bytes.  INPUT if the lengths or the
 * padding are wrong, as they are after most changes or with another key; what
 * the bytes are worth only their HMAC says.  SYS, NOMEM.
 */
enum rollcode_err	cbc_open(const struct secret *key,
			    const struct cbc_bytes *, struct secret *)
			    MUST_USE;

/*
 * Whether mac is the HMAC of the bytes, by a digest as OpenSSL calls it.
 * INPUT if it is not.  SYS.
 */
enum rollcode_err	cbc_check(const struct secret *key,
			    const char *digest, const struct cbc_bytes *,
			    const struct cbc_bytes *mac) MUST_USE;

/* A key of key->len bytes by PBKDF2 (RFC 8018) with the HMAC of the digest. */
enum rollcode_err	cbc_passphrase(const char *passphrase,
			    const char *digest, const struct cbc_bytes *salt,
			    uint64_t iterations, struct secret *key)
			    MUST_USE;

#endif /* ROLLCODE_TOKEN_CBC_H */
