/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys.c - a sealed secret opens only in its own row of its own store.
 */
#include "common/token/codec.h"
#include "common/token/token.h"
#include "store/keys.h"

static enum rollcode_err
derive_key(
    const struct secret_key *master, struct store_key *key, struct error *error)
{
	enum rollcode_err err;

	if ((err = seal_key_id(master, key->id)) != ROLLCODE_OK ||
	    (err = seal_derive(master, "rollcode store secrets 1",
		 &key->seal)) != ROLLCODE_OK)
		return error_set(error, err, "a key cannot be derived: %s",
		    rollcode_strerror(err));
	return ROLLCODE_OK;
}

enum rollcode_err
store_keys_derive(
    struct store_keys *keys, const struct config *config, struct error *error)
{
	enum rollcode_err err;

	keys->sealing = NULL;
	keys->count = 0;
	if ((err = derive_key(&config->key, &keys->all[0], error)) !=
	    ROLLCODE_OK)
		return err;
	keys->count = 1;
	if (!config->has_previous)
		return ROLLCODE_OK;
	keys->count = 2;
	return derive_key(&config->previous, &keys->all[1], error);
}

enum rollcode_err
store_id_make(char id[STORE_ID_LEN + 1], struct error *error)
{
	uint8_t bytes[STORE_ID_LEN / 2];
	enum rollcode_err err;

	if ((err = seal_random(bytes, sizeof(bytes))) != ROLLCODE_OK)
		return error_set(error, err, "a store id cannot be made: %s",
		    rollcode_strerror(err));
	hex_encode(bytes, sizeof(bytes), id);
	return ROLLCODE_OK;
}

const struct store_key *
store_keys_find(const struct store_keys *keys, const char *id)
{
	for (size_t i = 0; i < keys->count; i++)
		if (strcmp(id, keys->all[i].id) == 0)
			return &keys->all[i];
	return NULL;
}

enum rollcode_err
store_keys_choose(struct store_keys *keys, const char *where, const char *id,
    struct error *error)
{
	keys->sealing = store_keys_find(keys, id);
	if (keys->sealing != NULL)
		return ROLLCODE_OK;
	error_at(error, ROLLCODE_ERR_STORE, where,
	    "was made with the key %s, but SECRET_KEY is the key %s; put that "
	    "store's SECRET_KEY into the configuration file",
	    id, keys->all[0].id);
	return error_because(error, ROLLCODE_ERR_STORE, REASON_KEY);
}

enum rollcode_err
store_keys_unknown(const char *where, const char *id, struct error *error)
{
	return error_at(error, ROLLCODE_ERR_STORE, where,
	    "a secret is encrypted with the key %.16s, which the configuration "
	    "file does not have",
	    id);
}

void
store_token_aad(const char *store_id, const char *user, const char *key_id,
    const struct rollcode_token *token, struct seal_aad *aad)
{
	seal_aad_begin(aad, "rollcode token 1");
	seal_aad_add_text(aad, store_id);
	seal_aad_add_text(aad, key_id);
	seal_aad_add_text(aad, user);
	seal_aad_add_text(aad, token->label);
	seal_aad_add_text(aad, form_name(token->form));
	seal_aad_add_text(aad, algorithm_name(token->algorithm));
	seal_aad_add_number(aad, token->digits);
}

void
store_recovery_aad(const char *store_id, const char *user, const char *key_id,
    struct seal_aad *aad)
{
	seal_aad_begin(aad, "rollcode recovery 1");
	seal_aad_add_text(aad, store_id);
	seal_aad_add_text(aad, key_id);
	seal_aad_add_text(aad, user);
}

enum rollcode_err
store_keys_seal(const struct store_keys *keys, const struct seal_aad *aad,
    const struct secret *secret, struct sealed *sealed, struct error *error)
{
	enum rollcode_err err;

	err = seal_wrap(&keys->sealing->seal, aad, secret, sealed);
	if (err == ROLLCODE_OK)
		return err;
	return error_set(error, err, "a secret cannot be encrypted: %s",
	    rollcode_strerror(err));
}

enum rollcode_err
store_keys_open(const struct store_keys *keys, const char *where,
    const char *id, const struct seal_aad *aad, const struct sealed *sealed,
    struct secret *secret, struct error *error)
{
	const struct store_key *key = store_keys_find(keys, id);
	enum rollcode_err err;

	if (key == NULL)
		return store_keys_unknown(where, id, error);
	err = seal_open(&key->seal, aad, sealed, secret);
	if (err == ROLLCODE_OK)
		return err;
	return error_at(error, err, where,
	    "a secret cannot be decrypted here; it was moved or changed: enrol "
	    "again");
}
