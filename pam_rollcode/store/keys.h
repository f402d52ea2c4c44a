/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys.h - the keys that seal what a store keeps, and what a sealed
 * secret is bound to; the same for every kind of store.
 */
#ifndef ROLLCODE_STORE_KEYS_H
#define ROLLCODE_STORE_KEYS_H

#include "config/config.h"

#define STORE_ID_LEN	32	/* hex digits that name a store */

struct store_keys {
	const char		*store_id;
	struct derived_key	 all[CONFIG_KEYS];	/* current, previous */
	size_t			 count;
};

/*
 * Derive the keys of that store from SECRET_KEY and SECRET_KEY_PREVIOUS.  The
 * text store_id is read later: it must live as long as the keys.  NOMEM, SYS.
 */
enum rollcode_err	store_keys_derive(struct store_keys *,
			    const char *store_id, const struct config *,
			    struct error *) MUST_USE;

/* A new store's name.  SYS. */
enum rollcode_err	store_id_make(char id[STORE_ID_LEN + 1],
			    struct error *) MUST_USE;

/*
 * The key of that id, for new secrets of the store that was made with it, or
 * for what where has sealed with it.  STORE if the configuration file does not
 * have it.
 */
enum rollcode_err	store_keys_choose(const struct store_keys *,
			    const char *where, const char *id,
			    const struct derived_key **, struct error *)
			    MUST_USE;
enum rollcode_err	store_keys_find(const struct store_keys *,
			    const char *where, const char *id,
			    const struct derived_key **, struct error *)
			    MUST_USE;

/*
 * Seal a user's secret with a key of the store; it opens only as what it was,
 * in the same place.  SYS or NOMEM.
 */
enum rollcode_err	store_seal_token(const struct store_keys *,
			    const struct derived_key *, const char *user,
			    const struct rollcode_token *, struct sealed *,
			    struct error *) MUST_USE;
enum rollcode_err	store_seal_recovery(const struct store_keys *,
			    const struct derived_key *, const char *user,
			    const struct secret_key *, struct sealed *,
			    struct error *) MUST_USE;

/*
 * Open with the key of that id, and check the token.  where names the place it
 * came from.  STORE if the key is unknown, or the secret was moved or changed.
 */
enum rollcode_err	store_open_token(const struct store_keys *,
			    const char *where, const char *user,
			    const char *key_id, const struct sealed *,
			    struct rollcode_token *, struct error *) MUST_USE;
enum rollcode_err	store_open_recovery(const struct store_keys *,
			    const char *where, const char *user,
			    const char *key_id, const struct sealed *,
			    struct secret_key *, struct error *) MUST_USE;

#endif /* ROLLCODE_STORE_KEYS_H */
