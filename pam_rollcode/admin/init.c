/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init.c - the key in the env file, and an empty store.
 *
 * A key that is there is never changed.
 */
#include <stdio.h>
#include <unistd.h>

#include "admin/admin.h"
#include "config/envfile.h"

enum rollcode_err
admin_new_key(struct secret_key *key, struct error *error)
{
	enum rollcode_err err;

	if ((err = seal_random(key->bytes, sizeof(key->bytes))) != ROLLCODE_OK)
		return error_set(
		    error, err, "the kernel gave no random bytes for a key");
	return ROLLCODE_OK;
}

static enum rollcode_err
write_with_key(const char *path, struct envfile *env, struct error *error)
{
	static const char comment[] =
	    "# Encrypts every stored secret. Keep a copy apart from the "
	    "store's backup.\n";
	WIPED(secret_key_wipe) struct secret_key key = {{0}};
	enum rollcode_err err;

	if ((err = admin_new_key(&key, error)) != ROLLCODE_OK ||
	    (err = envfile_append(env, comment, sizeof(comment) - 1, error)) !=
		ROLLCODE_OK ||
	    (err = envfile_put_key(env, ENVFILE_KEY, &key, error)) !=
		ROLLCODE_OK)
		return err;
	return envfile_write(path, env, error);
}

/*
 * What the env file says.  A store that is there has a key already, and a new
 * one would only hide which.
 */
static enum rollcode_err
read_config(const char *path, struct envfile *env, struct config *config,
    struct error *error)
{
	WIPED(envfile_wipe) struct envfile copy = {0};
	struct error detail = {0};
	enum rollcode_err err;

	if ((err = envfile_read(path, env, error)) != ROLLCODE_OK)
		return err;
	copy = *env;
	if (config_parse(copy.text, copy.len, false, config,
		MISTAKES(&detail)) != ROLLCODE_OK)
		return error_pass(
		    error, ROLLCODE_ERR_CONFIG, &detail, "%s", path);
	if (!config->has_key && store_present(config))
		return error_set(error, ROLLCODE_ERR_CONFIG,
		    "%s: has no SECRET_KEY, and a store already exists in %s; "
		    "put that store's key there",
		    path, config->database);
	return ROLLCODE_OK;
}

/* The key, made if there is none; one init at a time. */
static enum rollcode_err
ensure_key(const char *path, bool *made, struct error *error)
{
	WIPED(config_wipe) struct config config = {0};
	WIPED(envfile_wipe) struct envfile env = {0};
	enum rollcode_err err;
	int lock;

	if ((err = envfile_lock(path, &lock, error)) != ROLLCODE_OK)
		return err;
	if ((err = read_config(path, &env, &config, error)) == ROLLCODE_OK)
		err = person_refuse(config.account, error);
	if (err == ROLLCODE_OK && !config.has_key) {
		err = write_with_key(path, &env, error);
		*made = err == ROLLCODE_OK;
	}
	close(lock);
	return err;
}

enum rollcode_err
admin_init(void *base, char **argv, struct error *error)
{
	WIPED(config_wipe) struct config config = {0};
	const struct admin_options *options = base;
	const struct store_ops *ops;
	bool new_key = false, made = false;
	enum rollcode_err err;

	(void)argv;
	if ((err = ensure_key(options->conf, &new_key, error)) != ROLLCODE_OK)
		return err;
	if (new_key)
		plain_line(stdout,
		    "made a key in %s; keep a copy of it apart from the "
		    "store's backup",
		    options->conf);
	if ((err = config_load(options->conf, true, &config, error)) !=
		ROLLCODE_OK ||
	    (err = admin_drop(&config, error)) != ROLLCODE_OK)
		return err;
	config.administers = true;
	if ((err = store_find(&config, &ops, error)) != ROLLCODE_OK ||
	    (err = ops->init(&config, &made, error)) != ROLLCODE_OK)
		return err;
	plain_line(stdout, "%s %s",
	    made ? "made an empty store in" : "a store already exists in",
	    config.database);
	if (made)
		printf("next: rollcode-admin enroll USER\n");
	return ROLLCODE_OK;
}
