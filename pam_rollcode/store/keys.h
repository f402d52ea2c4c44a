/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys.h - the keys that seal what a store keeps, and what a sealed
 * secret is bound to; the same for every kind of store.
 */
#ifndef ROLLCODE_STORE_KEYS_H
#define ROLLCODE_STORE_KEYS_H

#include "config/config.h"

#define STORE_ID_LEN	32	/* hex digits that name a store */

/* A key that seals, and its name. */
struct store_key {
	char			id[SEAL_ID_LEN + 1];
	struct secret_key	seal;
};

struct store_keys {
	struct store_key	 all[2];	/* current, previous */
	size_t			 count;
	const struct store_key	*sealing;	/* of all: what is written */
};

/* From SECRET_KEY and SECRET_KEY_PREVIOUS.  NOMEM, SYS. */
enum rollcode_err	store_keys_derive(struct store_keys *,
			    const struct config *, struct error *) MUST_USE;

/* A new store's name.  SYS. */
enum rollcode_err	store_id_make(char id[STORE_ID_LEN + 1],
			    struct error *) MUST_USE;

/* The key of that id, NULL if the env file does not have it. */
const struct store_key	*store_keys_find(const struct store_keys *,
			    const char *id);

/*
 * Seal with the key of the store that was made with the key of that id.
 * where names the store.  STORE if the env file does not have it.
 */
enum rollcode_err	store_keys_choose(struct store_keys *,
			    const char *where, const char *id, struct error *)
			    MUST_USE;

/* STORE: a secret of where is sealed with a key that nobody has. */
enum rollcode_err	store_keys_unknown(const char *where, const char *id,
			    struct error *);

/* What a sealed secret is bound to. */
void			store_token_aad(const char *store_id,
			    const char *user, const char *key_id,
			    const struct rollcode_token *, struct seal_aad *);
void			store_recovery_aad(const char *store_id,
			    const char *user, const char *key_id,
			    struct seal_aad *);

/* Seal with keys->sealing.  SYS or NOMEM. */
enum rollcode_err	store_keys_seal(const struct store_keys *,
			    const struct seal_aad *, const struct secret *,
			    struct sealed *, struct error *) MUST_USE;

/*
 * Open with the key of that id.  where names the place it came from.  STORE
 * if the key is unknown, or the secret was moved or changed.
 */
enum rollcode_err	store_keys_open(const struct store_keys *,
			    const char *where, const char *id,
			    const struct seal_aad *, const struct sealed *,
			    struct secret *, struct error *) MUST_USE;

#endif /* ROLLCODE_STORE_KEYS_H */
