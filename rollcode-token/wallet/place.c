/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wallet/place.h"

static enum rollcode_err
too_long(struct error *error)
{
	return error_set(error, ROLLCODE_ERR_INPUT,
	    "the path of the wallet is longer than %d bytes; give a shorter "
	    "one with --store FILE",
	    PATH_MAX);
}

/* An absolute path from the environment, NULL if unset or empty. */
static enum rollcode_err
read_variable(const char *name, const char **value, struct error *error)
{
	*value = getenv(name);
	if (*value != NULL && **value == '\0')
		*value = NULL;
	if (*value == NULL || **value == '/')
		return ROLLCODE_OK;
	return error_set(error, ROLLCODE_ERR_CONFIG,
	    "%s is not an absolute path; correct or unset it, or give --store "
	    "FILE",
	    name);
}

static enum rollcode_err
choose_path(const char *given, char path[PATH_MAX], struct error *error)
{
	const char *data, *home;
	enum rollcode_err err;
	int n;

	if (*given != '\0') {
		n = snprintf(path, PATH_MAX, "%s%s",
		    strchr(given, '/') == NULL ? "./" : "", given);
		return n < PATH_MAX ? ROLLCODE_OK : too_long(error);
	}
	if ((err = read_variable("XDG_DATA_HOME", &data, error)) != ROLLCODE_OK)
		return err;
	if (data != NULL) {
		n = snprintf(path, PATH_MAX, "%s/rollcode/token.db", data);
		return n < PATH_MAX ? ROLLCODE_OK : too_long(error);
	}
	if ((err = read_variable("HOME", &home, error)) != ROLLCODE_OK)
		return err;
	if (home == NULL)
		return error_set(error, ROLLCODE_ERR_CONFIG,
		    "neither HOME nor XDG_DATA_HOME is set, so the wallet is "
		    "not known; set HOME, or give --store FILE");
	n = snprintf(path, PATH_MAX, "%s/.local/share/rollcode/token.db", home);
	return n < PATH_MAX ? ROLLCODE_OK : too_long(error);
}

static enum rollcode_err
make_directories(char *directory, struct error *error)
{
	for (char *at = directory + 1;; at++) {
		char was = *at;

		if (was != '/' && was != '\0')
			continue;
		*at = '\0';
		if (mkdir(directory, 0700) != 0 && errno != EEXIST &&
		    errno != EISDIR)
			return error_at(error, error_from_errno(errno),
			    directory, "cannot be made: %s", strerror(errno));
		*at = was;
		if (was == '\0')
			return ROLLCODE_OK;
	}
}

/* Not a link, and nobody but the caller and root can say what is in it. */
static enum rollcode_err
check_owner(const char *directory, struct stat *st, struct error *error)
{
	if (lstat(directory, st) != 0)
		return error_at(error, error_from_errno(errno), directory, "%s",
		    strerror(errno));
	if (!S_ISDIR(st->st_mode))
		return error_at(error, ROLLCODE_ERR_STORE, directory,
		    "is not a directory; give another --store FILE");
	if (st->st_uid != geteuid() && st->st_uid != 0)
		return error_at(error, ROLLCODE_ERR_STORE, directory,
		    "belongs to uid %u, who could replace the tokens; "
		    "keep them below directories of your own or of root, "
		    "with --store FILE",
		    (unsigned int)st->st_uid);
	return ROLLCODE_OK;
}

/*
 * A sticky directory lets nobody replace an entry of somebody else, and whose
 * the entry is the next check says.
 */
static enum rollcode_err
check_ancestor(const char *directory, struct error *error)
{
	struct stat st;
	enum rollcode_err err;

	if ((err = check_owner(directory, &st, error)) != ROLLCODE_OK ||
	    (st.st_mode & 022) == 0 || (st.st_mode & S_ISVTX) != 0)
		return err;
	return error_fix(error,
	    error_at(error, ROLLCODE_ERR_STORE, directory,
		"others may write there (mode %04o), and could replace the "
		"directory of the tokens",
		(unsigned int)(st.st_mode & 07777)),
	    "chmod", "go-w", directory, NULL);
}

/* Of a path without links; it is as before when this returns. */
static enum rollcode_err
check_ancestors(char *directory, struct error *error)
{
	enum rollcode_err err = check_ancestor("/", error);

	for (char *at = strchr(directory + 1, '/');
	     err == ROLLCODE_OK && at != NULL; at = strchr(at + 1, '/')) {
		*at = '\0';
		err = check_ancestor(directory, error);
		*at = '/';
	}
	return err;
}

static enum rollcode_err
check_directory(const char *directory, struct error *error)
{
	struct stat st;
	enum rollcode_err err;

	if ((err = check_owner(directory, &st, error)) != ROLLCODE_OK ||
	    (st.st_mode & 022) == 0)
		return err;
	if ((st.st_mode & S_ISVTX) != 0)
		return error_at(error, ROLLCODE_ERR_STORE, directory,
		    "others may create files there, also a journal that SQLite "
		    "would use; keep the wallet in a directory of your own");
	return error_fix(error,
	    error_at(
		error, ROLLCODE_ERR_STORE, directory, "others may write there"),
	    "chmod", "go-w", directory, NULL);
}

enum rollcode_err
place_find(
    struct place *place, const char *given, bool make, struct error *error)
{
	char path[PATH_MAX] = "", directory[PATH_MAX], *name;
	enum rollcode_err err;
	int n;

	if ((err = choose_path(given, path, error)) != ROLLCODE_OK)
		return err;
	name = strrchr(path, '/');
	*name++ = '\0';
	if (*name == '\0')
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "%s/ is a directory; --store names a file", path);
	if (make && *path != '\0' &&
	    (err = make_directories(path, error)) != ROLLCODE_OK)
		return err;
	if (realpath(*path == '\0' ? "/" : path, directory) == NULL)
		return error_set(error,
		    errno == ENOENT ? ROLLCODE_ERR_ABSENT
				    : error_from_errno(errno),
		    errno == ENOENT ? "%s: there is no wallet yet; create one "
				      "with: rollcode-token add"
				    : "%s: cannot be reached: %s",
		    path, strerror(errno));
	if ((err = check_ancestors(directory, error)) != ROLLCODE_OK ||
	    (err = check_directory(directory, error)) != ROLLCODE_OK)
		return err;
	n = snprintf(place->path, PATH_MAX, "%s/%s",
	    strcmp(directory, "/") == 0 ? "" : directory, name);
	return n < PATH_MAX ? ROLLCODE_OK : too_long(error);
}
