/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin_init.c - the key in the env file, and an empty store.
 *
 * The env file is written whole beside itself and moved into place, so that a
 * kill leaves the old one or the new one.  A key that is there is never
 * changed.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin.h"
#include "lock.h"
#include "path.h"
#include "seal.h"
#include "sqlite.h"
#include "token.h"

#define LOCK_MS 2000 /* for another init */
#define KEY_LINE "SECRET_KEY="

struct env_text {
	size_t len;
	char text[ENV_FILE_MAX + CONFIG_HEX_LEN + 256];
};

static void
env_text_wipe(struct env_text *text)
{
	explicit_bzero(text, sizeof(*text));
}

static enum rollcode_err
append(struct env_text *env, const char *text, size_t len, struct error *error)
{
	if (len > sizeof(env->text) - env->len)
		return error_set(
		    error, ROLLCODE_ERR_CONFIG, "the env file is too large");
	memcpy(env->text + env->len, text, len);
	env->len += len;
	return ROLLCODE_OK;
}

/* "SECRET_KEY=" with nothing behind it, as example.env has it. */
static bool
is_empty_key(const char *line, size_t len)
{
	size_t key = sizeof(KEY_LINE) - 1;

	if (len < key || memcmp(line, KEY_LINE, key) != 0)
		return false;
	for (size_t i = key; i < len; i++)
		if (strchr(" \t\r\n\"", line[i]) == NULL)
			return false;
	return true;
}

/* Copy the file that is there, without an empty key; ENOENT is no file. */
static enum rollcode_err
read_present(const char *path, struct env_text *env, struct error *error)
{
	char line[PATH_MAX + 256];
	enum rollcode_err err = ROLLCODE_OK;
	FILE *file;
	int fd;

	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return ROLLCODE_OK;
	if (fd < 0 || (file = fdopen(fd, "r")) == NULL)
		return error_set(error, ROLLCODE_ERR_CONFIG, "%s: %s", path,
		    strerror(errno));
	(void)!setvbuf(file, NULL, _IONBF, 0);
	while (err == ROLLCODE_OK && fgets(line, sizeof(line), file) != NULL)
		if (!is_empty_key(line, strlen(line)))
			err = append(env, line, strlen(line), error);
	if (err == ROLLCODE_OK && ferror(file))
		err = error_set(
		    error, ROLLCODE_ERR_CONFIG, "%s: cannot be read", path);
	fclose(file);
	explicit_bzero(line, sizeof(line));
	if (err == ROLLCODE_OK && env->len > 0 &&
	    env->text[env->len - 1] != '\n')
		err = append(env, "\n", 1, error);
	return err;
}

static enum rollcode_err
add_key(struct env_text *env, struct error *error)
{
	static const char head[] = "# Seals every stored secret. Keep a copy "
				   "apart from the store's backup.\n" KEY_LINE;
	WIPED(secret_key_wipe) struct secret_key key = {{0}};
	WIPED(secret_wipe) struct secret hex = {0};
	enum rollcode_err err;

	if ((err = seal_random(key.bytes, sizeof(key.bytes))) != ROLLCODE_OK)
		return error_set(
		    error, err, "the kernel gave no random bytes for a key");
	hex_encode(key.bytes, sizeof(key.bytes), (char *)hex.bytes);
	if ((err = append(env, head, sizeof(head) - 1, error)) != ROLLCODE_OK ||
	    (err = append(env, (char *)hex.bytes, CONFIG_HEX_LEN, error)) !=
		ROLLCODE_OK)
		return err;
	return append(env, "\n", 1, error);
}

static enum rollcode_err
write_env(const char *path, const struct env_text *env, struct error *error)
{
	char fresh[PATH_MAX + 8];
	int fd, e = 0;

	snprintf(fresh, sizeof(fresh), "%s.new", path);
	unlink(fresh);
	fd = open(
	    fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, env->text, env->len) != (ssize_t)env->len ||
	    fsync(fd) != 0)
		e = errno != 0 ? errno : EIO;
	if (fd >= 0 && close(fd) != 0 && e == 0)
		e = errno;
	if (e == 0 && rename(fresh, path) != 0)
		e = errno;
	if (e == 0)
		return sqlite_sync_directory(path, error);
	unlink(fresh);
	return error_set(error, ROLLCODE_ERR_CONFIG,
	    "%s: cannot be written: %s; %s", path, strerror(e),
	    e == ENOENT ? "make install makes its directory" : "only root can");
}

/*
 * True if the env file has to be written.  A store that is there has a key
 * already, and a new one would only hide which.
 */
static enum rollcode_err
needs_key(
    const char *path, struct config *config, bool *needs, struct error *error)
{
	WIPED(env_text_wipe) struct env_text env = {0};
	struct error detail = {0};
	enum rollcode_err err;

	*needs = false;
	if ((err = read_present(path, &env, error)) != ROLLCODE_OK)
		return err;
	if (config_parse(env.text, env.len, false, config, &detail) !=
	    ROLLCODE_OK)
		return error_set(
		    error, ROLLCODE_ERR_CONFIG, "%s: %s", path, detail.text);
	*needs = !config->has_key;
	if (*needs && store_for(config)->present(config))
		return error_set(error, ROLLCODE_ERR_CONFIG,
		    "%s: has no SECRET_KEY, and there is a store in %s "
		    "already; put that store's key there",
		    path, config->database);
	return ROLLCODE_OK;
}

static enum rollcode_err
make_key(const char *path, struct error *error)
{
	WIPED(env_text_wipe) struct env_text env = {0};
	enum rollcode_err err;

	if ((err = read_present(path, &env, error)) != ROLLCODE_OK ||
	    (err = add_key(&env, error)) != ROLLCODE_OK)
		return err;
	return write_env(path, &env, error);
}

/*
 * The key, made if there is none; one init at a time.  Where others can change
 * the path, they could put their own key there.
 */
static enum rollcode_err
ensure_key(const char *path, bool *made, struct error *error)
{
	WIPED(config_wipe) struct config config = {0};
	char directory[PATH_MAX];
	struct error detail = {0};
	enum rollcode_err err;
	int lock;

	*made = false;
	if (path[0] != '/')
		return error_set(error, ROLLCODE_ERR_USAGE,
		    "--conf: is not an absolute path");
	snprintf(directory, sizeof(directory), "%s", path);
	dirname(directory);
	if (path_check(directory, geteuid(), &detail) == ROLLCODE_ERR_STORE)
		return error_set(error, ROLLCODE_ERR_CONFIG, "%s", detail.text);
	if (lock_directory(directory, LOCK_MS, &lock, error) != ROLLCODE_OK)
		return error_add(error, ROLLCODE_ERR_CONFIG,
		    "make install makes the directory of the env file, and "
		    "only root can write there");
	if ((err = needs_key(path, &config, made, error)) == ROLLCODE_OK &&
	    *made)
		err = make_key(path, error);
	close(lock);
	return err;
}

enum rollcode_err
admin_init(void *base, int argc, char **argv, struct error *error)
{
	WIPED(config_wipe) struct config config = {0};
	const struct admin_options *options = base;
	bool needs = false, made = false;
	enum rollcode_err err;

	(void)argc;
	(void)argv;
	if ((err = ensure_key(options->conf, &needs, error)) != ROLLCODE_OK)
		return err;
	if (needs)
		printf("made a key in %s; keep a copy of it apart from the "
		       "store's backup\n",
		    options->conf);
	if ((err = config_load(options->conf, true, &config, error)) !=
		ROLLCODE_OK ||
	    (err = config_drop(&config, error)) != ROLLCODE_OK ||
	    (err = store_for(&config)->init(&config, &made, error)) !=
		ROLLCODE_OK)
		return err;
	printf("%s %s\n",
	    made ? "made an empty store in" : "there is a store already in",
	    config.database);
	if (made)
		printf("next: rollcode-admin enroll USER\n");
	return ROLLCODE_OK;
}
