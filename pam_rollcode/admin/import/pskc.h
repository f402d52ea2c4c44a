/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pskc.h - a key container of RFC 6030: what is read of it, and how its values
 * are decrypted.
 */
#ifndef ROLLCODE_ADMIN_IMPORT_PSKC_H
#define ROLLCODE_ADMIN_IMPORT_PSKC_H

#include "admin/import/import.h"
#include "common/token/cbc.h"

#define PSKC_VALUE_MAX	512	/* bytes of a value, with the NUL */
#define PSKC_PATH_MAX	128	/* bytes of a path, with the NUL */

/* An encrypted value is three fields, in this order. */
enum field {
	/* of the container */
	ENCRYPTION,
	DERIVATION,
	SALT,
	ITERATIONS,
	KEY_LENGTH,
	PRF,
	MAC_METHOD,
	MAC_KEY,
	MAC_KEY_VALUE,
	/* of a KeyPackage */
	DEVICE_USER,
	KEY_USER,
	SERIAL,
	ALGORITHM,
	SUITE,
	LENGTH,
	ENCODING,
	CHECK_DIGITS,
	KEY_USAGE,
	SECRET,
	SECRET_METHOD,
	SECRET_VALUE,
	SECRET_MAC,
	COUNTER,
	COUNTER_METHOD,
	COUNTER_VALUE,
	COUNTER_MAC,
	FIELDS,
};

/* What a KeyPackage says; a field that is there twice is odd. */
struct key {
	unsigned int	count[FIELDS];
	char		text[FIELDS][PSKC_VALUE_MAX];
	char		other[PSKC_PATH_MAX]; /* of what is not known */
};

WIPABLE(key);

/* How the values of a container are encrypted; key.len is 0 if they are not. */
struct cipher {
	struct secret	 key, mac_key;
	const char	*digest;	/* of the MAC */
};

WIPABLE(cipher);

/*
 * What stands before the first KeyPackage says it, and the source has the key
 * or the passphrase.  INPUT with why, if it has not, it is another one, or
 * an encrypted one is wanted, and it does not say that it is.
 */
enum rollcode_err	cipher_begin(struct cipher *, const struct key *,
			    const struct import_source *, struct error *why)
			    MUST_USE;

/* Decrypt one value, by its method; its MAC is checked first.  INPUT. */
enum rollcode_err	cipher_open(const struct cipher *,
			    const struct key *, enum field method,
			    struct secret *, struct error *why) MUST_USE;

/*
 * The number in a text: decimal digits, which XML allows space around, or bytes
 * in base64 as number_of_bytes takes them.  False if it may mean another one.
 */
bool			number_of_text(const char *, uint64_t *) MUST_USE;

/* RFC 6030 section 5: 4 or 8 bytes, or, as some makers do, decimal digits. */
bool			number_of_bytes(const struct secret *, uint64_t *)
			    MUST_USE;

#endif /* ROLLCODE_ADMIN_IMPORT_PSKC_H */
