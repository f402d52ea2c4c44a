/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys.c - a sealed secret opens only in its own row of its own store.
 */
#include "common/token/codec.h"
#include "common/token/token.h"
#include "store/keys.h"

#define NOT_SEALED "a secret cannot be encrypted"

enum rollcode_err
store_keys_derive(struct store_keys *keys, const char *store_id,
    const struct config *config, struct error *error)
{
	keys->store_id = store_id;
	return config_derive(config, keys->all, &keys->count, error);
}

enum rollcode_err
store_id_make(char id[STORE_ID_LEN + 1], struct error *error)
{
	uint8_t bytes[STORE_ID_LEN / 2];
	enum rollcode_err err = seal_random(bytes, sizeof(bytes));

	if (err == ROLLCODE_OK)
		hex_encode(bytes, sizeof(bytes), id);
	return error_named(error, err, "a store id cannot be made");
}

static const struct derived_key *
find_key(const struct store_keys *keys, const char *id)
{
	for (size_t i = 0; i < keys->count; i++)
		if (strcmp(id, keys->all[i].id) == 0)
			return &keys->all[i];
	return NULL;
}

enum rollcode_err
store_keys_choose(const struct store_keys *keys, const char *where,
    const char *id, const struct derived_key **key, struct error *error)
{
	if ((*key = find_key(keys, id)) != NULL)
		return ROLLCODE_OK;
	error_at(error, ROLLCODE_ERR_STORE, where,
	    "was made with the key %s, but SECRET_KEY is the key %s; put that "
	    "store's SECRET_KEY into the configuration file",
	    id, keys->all[0].id);
	return error_because(error, ROLLCODE_ERR_STORE, REASON_KEY);
}

enum rollcode_err
store_keys_find(const struct store_keys *keys, const char *where,
    const char *id, const struct derived_key **key, struct error *error)
{
	if ((*key = find_key(keys, id)) != NULL)
		return ROLLCODE_OK;
	return error_at(error, ROLLCODE_ERR_STORE, where,
	    "a secret is encrypted with the key %.16s, which the configuration "
	    "file does not have",
	    id);
}

static void
bind_place(struct seal_aad *aad, const char *label,
    const struct store_keys *keys, const char *key_id, const char *user)
{
	seal_aad_begin(aad, label);
	seal_aad_add_text(aad, keys->store_id);
	seal_aad_add_text(aad, key_id);
	seal_aad_add_text(aad, user);
}

static void
bind_token(struct seal_aad *aad, const struct store_keys *keys,
    const char *key_id, const char *user, const struct rollcode_token *token)
{
	bind_place(aad, "rollcode token 1", keys, key_id, user);
	seal_aad_add_text(aad, token->label);
	seal_aad_add_text(aad, form_name(token->form));
	seal_aad_add_text(aad, algorithm_name(token->algorithm));
	seal_aad_add_number(aad, token->digits);
}

static enum rollcode_err
open_secret(const struct store_keys *keys, const char *where,
    const char *key_id, const struct seal_aad *aad, const struct sealed *sealed,
    struct secret *secret, struct error *error)
{
	const struct derived_key *key;
	enum rollcode_err err;

	if ((err = store_keys_find(keys, where, key_id, &key, error)) !=
		ROLLCODE_OK ||
	    (err = seal_open(&key->seal, aad, sealed, secret)) == ROLLCODE_OK)
		return err;
	return error_at(error, err, where,
	    "a secret cannot be decrypted here; it was moved or changed: enrol "
	    "again");
}

enum rollcode_err
store_seal_token(const struct store_keys *keys, const struct derived_key *key,
    const char *user, const struct rollcode_token *token, struct sealed *sealed,
    struct error *error)
{
	struct seal_aad aad;

	bind_token(&aad, keys, key->id, user, token);
	return error_named(error,
	    seal_wrap(&key->seal, &aad, &token->secret, sealed), NOT_SEALED);
}

enum rollcode_err
store_seal_recovery(const struct store_keys *keys,
    const struct derived_key *key, const char *user,
    const struct secret_key *recovery, struct sealed *sealed,
    struct error *error)
{
	WIPED(secret_wipe) struct secret secret = {.len = SECRET_KEY_LEN};
	struct seal_aad aad;

	memcpy(secret.bytes, recovery->bytes, SECRET_KEY_LEN);
	bind_place(&aad, "rollcode recovery 1", keys, key->id, user);
	return error_named(
	    error, seal_wrap(&key->seal, &aad, &secret, sealed), NOT_SEALED);
}

enum rollcode_err
store_open_token(const struct store_keys *keys, const char *where,
    const char *user, const char *key_id, const struct sealed *sealed,
    struct rollcode_token *token, struct error *error)
{
	struct error detail = {0};
	struct seal_aad aad;
	enum rollcode_err err;

	bind_token(&aad, keys, key_id, user, token);
	if ((err = open_secret(keys, where, key_id, &aad, sealed,
		 &token->secret, error)) != ROLLCODE_OK ||
	    (err = token_check(token, &detail)) == ROLLCODE_OK)
		return err;
	return error_at(error, ROLLCODE_ERR_STORE, where, "%s", detail.text);
}

enum rollcode_err
store_open_recovery(const struct store_keys *keys, const char *where,
    const char *user, const char *key_id, const struct sealed *sealed,
    struct secret_key *recovery, struct error *error)
{
	WIPED(secret_wipe) struct secret secret = {0};
	struct seal_aad aad;
	enum rollcode_err err;

	bind_place(&aad, "rollcode recovery 1", keys, key_id, user);
	if ((err = open_secret(keys, where, key_id, &aad, sealed, &secret,
		 error)) != ROLLCODE_OK)
		return err;
	if (secret.len != SECRET_KEY_LEN)
		return error_at(error, ROLLCODE_ERR_STORE, where,
		    "the recovery key has a wrong length");
	memcpy(recovery->bytes, secret.bytes, SECRET_KEY_LEN);
	return ROLLCODE_OK;
}
