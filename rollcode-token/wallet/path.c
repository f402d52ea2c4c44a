/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wallet/wallet.h"

static enum rollcode_err
too_long(struct error *error)
{
	return error_set(error, ROLLCODE_ERR_INPUT,
	    "the path of the wallet is longer than %d bytes; give a shorter "
	    "one with --store FILE",
	    PATH_MAX);
}

/* The two parts of its path if none is given. */
static enum rollcode_err
default_path(const char **base, const char **rest, struct error *error)
{
	static const struct {
		const char *variable, *rest;
	} bases[] = {
	    {"XDG_DATA_HOME", "/rollcode/token.db"},
	    {"HOME", "/.local/share/rollcode/token.db"},
	};

	for (size_t i = 0; i < COUNT(bases); i++) {
		*base = getenv(bases[i].variable);
		*rest = bases[i].rest;
		if (*base == NULL || **base == '\0')
			continue;
		if (**base == '/')
			return ROLLCODE_OK;
		return error_set(error, ROLLCODE_ERR_CONFIG,
		    "%s is not an absolute path; correct or unset it, or give "
		    "--store FILE",
		    bases[i].variable);
	}
	return error_set(error, ROLLCODE_ERR_CONFIG,
	    "neither HOME nor XDG_DATA_HOME is set, so the wallet is not "
	    "known; set HOME, or give --store FILE");
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

/*
 * Not a link, and nobody but the caller and root can say what is in it.  Above
 * the wallet's own directory one may be sticky: that lets nobody replace an
 * entry of somebody else, and whose the entry is the next check says.
 */
static enum rollcode_err
check_directory(const char *directory, bool own, struct error *error)
{
	struct stat st;
	enum rollcode_err err;

	if (lstat(directory, &st) != 0)
		return error_errno(error, errno, directory);
	if (!S_ISDIR(st.st_mode))
		return error_at(error, ROLLCODE_ERR_STORE, directory,
		    "is not a directory; give another --store FILE");
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return error_at(error, ROLLCODE_ERR_STORE, directory,
		    "belongs to uid %u, who could replace the tokens; "
		    "keep them below directories of your own or of root, "
		    "with --store FILE",
		    (unsigned int)st.st_uid);
	if ((st.st_mode & 022) == 0 || (!own && (st.st_mode & S_ISVTX) != 0))
		return ROLLCODE_OK;
	if ((st.st_mode & S_ISVTX) != 0)
		return error_at(error, ROLLCODE_ERR_STORE, directory,
		    "others may create files there, also a journal that SQLite "
		    "would use; keep the wallet in a directory of your own");
	err = own ? error_at(error, ROLLCODE_ERR_STORE, directory,
			"others may write there")
		  : error_at(error, ROLLCODE_ERR_STORE, directory,
			"others may write there (mode %04o), and could "
			"replace the directory of the tokens",
			(unsigned int)(st.st_mode & 07777));
	return error_fix(error, err, "chmod", "go-w", directory, NULL);
}

/* Of a path without links; it is as before when this returns. */
static enum rollcode_err
check_directories(char *directory, struct error *error)
{
	enum rollcode_err err = check_directory("/", false, error);

	for (char *at = strchr(directory + 1, '/');
	     err == ROLLCODE_OK && at != NULL; at = strchr(at + 1, '/')) {
		*at = '\0';
		err = check_directory(directory, false, error);
		*at = '/';
	}
	return err == ROLLCODE_OK ? check_directory(directory, true, error)
				  : err;
}

enum rollcode_err
wallet_locate(
    char found[PATH_MAX], const char *given, bool make, struct error *error)
{
	const char *base = strchr(given, '/') == NULL ? "./" : "";
	char path[PATH_MAX], directory[PATH_MAX], *name;
	enum rollcode_err err;

	if (*given == '\0' &&
	    (err = default_path(&base, &given, error)) != ROLLCODE_OK)
		return err;
	if (snprintf(path, PATH_MAX, "%s%s", base, given) >= PATH_MAX)
		return too_long(error);
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
	if ((err = check_directories(directory, error)) != ROLLCODE_OK)
		return err;
	if (strcmp(directory, "/") == 0)
		*directory = '\0';
	return snprintf(found, PATH_MAX, "%s/%s", directory, name) < PATH_MAX
		   ? ROLLCODE_OK
		   : too_long(error);
}
