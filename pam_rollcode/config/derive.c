/* SPDX-License-Identifier: Apache-2.0 */
/*
 * derive.c - SECRET_KEY itself is used for nothing but to derive keys.
 */
#include "config/config.h"

static enum rollcode_err
derive_key(const struct secret_key *master, struct derived_key *key,
    struct error *error)
{
	enum rollcode_err err;

	if ((err = seal_key_id(master, key->id)) == ROLLCODE_OK &&
	    (err = seal_derive(master, "rollcode store secrets 1",
		 &key->seal)) == ROLLCODE_OK)
		err = seal_derive(master, "rollcode witness 1", &key->witness);
	return error_named(error, err, "a key cannot be derived");
}

enum rollcode_err
config_derive(const struct config *config,
    struct derived_key derived[CONFIG_KEYS], size_t *count, struct error *error)
{
	enum rollcode_err err;

	*count = config->derived_count;
	memmove(derived, config->derived, sizeof(config->derived));
	if (*count != 0)
		return ROLLCODE_OK;
	if ((err = derive_key(&config->key, &derived[0], error)) !=
		ROLLCODE_OK ||
	    (config->has_previous && (err = derive_key(&config->previous,
					  &derived[1], error)) != ROLLCODE_OK))
		return err;
	*count = config->has_previous ? 2 : 1;
	return ROLLCODE_OK;
}
