/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parcel.h - any text under a passphrase, as text.
 *
 *	rollcode-export 1
 *	scrypt LOG_N SALT
 *	HEX...				nonce, ciphertext and tag, in lines
 *
 * The key is that of seal_passphrase, the cipher AES-256-GCM, and the first
 * two lines are bound to it.
 */
#ifndef ROLLCODE_IMPORT_PARCEL_H
#define ROLLCODE_IMPORT_PARCEL_H

#include "common/base/error.h"

#define PARCEL_LOG_N		17	/* scrypt: 128 MiB, under a second */
#define PARCEL_PASSPHRASE_MIN	8	/* bytes */

struct parcel {
	char	*text;		/* with a NUL behind it */
	size_t	 len, room;
};

/* Wipe and free. */
void			parcel_free(struct parcel *);

/*
 * Seal.  INPUT if the passphrase is too short.  The caller frees the parcel.
 */
enum rollcode_err	parcel_seal(const char *passphrase,
			    unsigned int log_n, const char *text, size_t len,
			    struct parcel *, struct error *) MUST_USE;

/* Open.  INPUT if the passphrase is wrong, or anything was changed or lost. */
enum rollcode_err	parcel_open(const char *passphrase, const char *text,
			    size_t len, struct parcel *, struct error *)
			    MUST_USE;

#endif /* ROLLCODE_IMPORT_PARCEL_H */
