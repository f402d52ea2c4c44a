/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/lock.h"
#include "common/base/replace.h"
#include "common/token/codec.h"
#include "config/envfile.h"
#include "system/path.h"

#define LOCK_MS 2000 /* for another command */

/* Others than root own it, or can change it. */
static bool
is_foreign(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 &&
	       (st.st_uid != 0 ||
		   (!S_ISLNK(st.st_mode) && (st.st_mode & 022) != 0));
}

enum rollcode_err
envfile_foreign(const char *path, struct error *error)
{
	char directory[PATH_MAX], name[PATH_MAX];
	const struct dirent *entry;
	bool found = false;
	DIR *folder;

	snprintf(directory, sizeof(directory), "%s", path);
	dirname(directory);
	if (strcmp(path, ROLLCODE_CONF) != 0 ||
	    (folder = opendir(directory)) == NULL)
		return ROLLCODE_OK;
	while (!found && (entry = readdir(folder)) != NULL)
		found = strcmp(entry->d_name, ".") != 0 &&
			strcmp(entry->d_name, "..") != 0 &&
			snprintf(name, PATH_MAX, "%s/%s", directory,
			    entry->d_name) < PATH_MAX &&
			strcmp(name, path) != 0 && is_foreign(name);
	closedir(folder);
	if (!found)
		return ROLLCODE_OK;
	return error_fix(error,
	    error_at(error, ROLLCODE_ERR_CONFIG, name,
		"is in the key's directory, and others own it or can change "
		"it; inspect it, then remove it"),
	    "rm", "-r", name, NULL);
}

/* Where others can change the path, they could put their own key there. */
enum rollcode_err
envfile_lock(const char *path, int *lock, struct error *error)
{
	char directory[PATH_MAX];
	struct error detail = {0};
	enum rollcode_err err;

	*lock = -1;
	if (path[0] != '/')
		return error_set(error, ROLLCODE_ERR_USAGE,
		    "--conf: is not an absolute path");
	snprintf(directory, sizeof(directory), "%s", path);
	dirname(directory);
	if (path_check(directory, geteuid(), &detail) == ROLLCODE_ERR_STORE)
		return error_pass(error, ROLLCODE_ERR_CONFIG, &detail, NULL);
	if ((err = envfile_foreign(path, error)) != ROLLCODE_OK)
		return err;
	if (lock_directory(directory, LOCK_MS, lock, error) != ROLLCODE_OK)
		return error_add(error, ROLLCODE_ERR_CONFIG,
		    "make install creates the directory of the configuration "
		    "file%s",
		    geteuid() == 0 ? ""
				   : ", and only root can write there; run the "
				     "command as root");
	return ROLLCODE_OK;
}

enum rollcode_err
envfile_append(
    struct envfile *file, const char *text, size_t len, struct error *error)
{
	if (len > sizeof(file->text) - file->len)
		return error_set(error, ROLLCODE_ERR_CONFIG,
		    "the configuration file is too large");
	memcpy(file->text + file->len, text, len);
	file->len += len;
	return ROLLCODE_OK;
}

static bool
line_begins_with(const char *line, size_t len, const char *name)
{
	return len >= strlen(name) && memcmp(line, name, strlen(name)) == 0;
}

/* "SECRET_KEY=" with nothing behind it. */
static bool
is_empty_key(const char *line, size_t len)
{
	size_t key = sizeof(ENVFILE_KEY) - 1;

	if (!line_begins_with(line, len, ENVFILE_KEY))
		return false;
	for (size_t i = key; i < len; i++)
		if (strchr(" \t\r\n\"", line[i]) == NULL)
			return false;
	return true;
}

/* Of the line that begins there, with its newline. */
static size_t
line_len(const char *line, const char *end)
{
	const char *newline = memchr(line, '\n', (size_t)(end - line));

	return (size_t)((newline != NULL ? newline + 1 : end) - line);
}

enum rollcode_err
envfile_read(const char *path, struct envfile *env, struct error *error)
{
	char *line = env->text, *end;
	enum rollcode_err err;
	struct stat st;
	size_t len;
	int fd;

	if (lstat(path, &st) != 0 && errno == ENOENT)
		return ROLLCODE_OK;
	if ((err = envfile_open(path, env, &fd, error)) != ROLLCODE_OK)
		return err;
	close(fd);
	for (end = env->text + env->len; line < end; line += len) {
		len = line_len(line, end);
		if (!is_empty_key(line, len))
			continue;
		memmove(line, line + len, (size_t)(end - line) - len);
		end -= len;
		len = 0;
	}
	env->len = (size_t)(end - env->text);
	return env->len > 0 && end[-1] != '\n'
		   ? envfile_append(env, "\n", 1, error)
		   : ROLLCODE_OK;
}

enum rollcode_err
envfile_put_key(struct envfile *to, const char *name,
    const struct secret_key *key, struct error *error)
{
	WIPED(secret_wipe) struct secret line = {.len = strlen(name)};
	char *text = (char *)line.bytes;

	_Static_assert(sizeof(ENVFILE_PREVIOUS) + CONFIG_HEX_LEN < SECRET_MAX,
	    "a line has room");
	memcpy(text, name, line.len);
	hex_encode(key->bytes, sizeof(key->bytes), text + line.len);
	line.len += CONFIG_HEX_LEN;
	text[line.len++] = '\n';
	return envfile_append(to, text, line.len, error);
}

/* What a reader will find in it. */
static enum rollcode_err
read_back(const struct envfile *file, const struct secret_key *key,
    const struct secret_key *previous, struct error *error)
{
	WIPED(config_wipe) struct config config = {0};
	WIPED(envfile_wipe) struct envfile copy = *file;

	if (config_parse(copy.text, copy.len, true, &config, MISTAKES(NULL)) !=
		ROLLCODE_OK ||
	    !secret_equal(&config.key, key, sizeof(*key)) ||
	    config.has_previous != (previous != NULL) ||
	    (previous != NULL &&
		!secret_equal(&config.previous, previous, sizeof(*previous))))
		return error_set(error, ROLLCODE_ERR_CONFIG,
		    "the configuration file cannot be written with other keys; "
		    "is it a plain list of KEY=VALUE?");
	return ROLLCODE_OK;
}

enum rollcode_err
envfile_rekey(const struct envfile *from, const struct secret_key *key,
    const struct secret_key *previous, struct envfile *to, struct error *error)
{
	const char *line = from->text, *end = from->text + from->len;
	enum rollcode_err err = ROLLCODE_OK;

	to->len = 0;
	while (line < end && err == ROLLCODE_OK) {
		size_t len = line_len(line, end);

		if (line_begins_with(line, len, ENVFILE_KEY)) {
			err = envfile_put_key(to, ENVFILE_KEY, key, error);
			if (err == ROLLCODE_OK && previous != NULL)
				err = envfile_put_key(
				    to, ENVFILE_PREVIOUS, previous, error);
		} else if (!line_begins_with(line, len, ENVFILE_PREVIOUS)) {
			err = envfile_append(to, line, len, error);
		}
		line += len;
	}
	return err == ROLLCODE_OK ? read_back(to, key, previous, error) : err;
}

enum rollcode_err
envfile_write(const char *path, const struct envfile *env, struct error *error)
{
	int e = replace_file(path, env->text, env->len, true);

	if (e == 0)
		return replace_sync_directory(path, error);
	return error_at(error, ROLLCODE_ERR_CONFIG, path,
	    "cannot be written: %s; %s", strerror(e),
	    e == ENOENT ? "make install creates its directory"
			: "only root can");
}
