/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "system/path.h"

/* What root alone can enter, or read, has to be the other owner's. */
static enum rollcode_err
component_of_other(
    const char *path, const struct stat *st, uid_t owner, struct error *error)
{
	char uid[16] = "root";

	if (owner != 0 && (st->st_mode & 07) == 0)
		snprintf(uid, sizeof(uid), "%u", (unsigned int)owner);
	return error_because(error,
	    error_fix(error,
		error_at(error, ROLLCODE_ERR_STORE, path, "belongs to uid %u",
		    (unsigned int)st->st_uid),
		"chown", "-h", uid, path, NULL),
	    REASON_OWNER);
}

static enum rollcode_err
check_component(
    const char *path, uid_t owner, struct stat *st, struct error *error)
{
	if (lstat(path, st) != 0)
		return error_at(
		    error, ROLLCODE_ERR_UNAVAIL, path, "%s", strerror(errno));
	if (S_ISLNK(st->st_mode))
		return error_at(error, ROLLCODE_ERR_STORE, path,
		    "is a symbolic link; name the real path");
	if (st->st_uid != 0 && st->st_uid != owner)
		return component_of_other(path, st, owner, error);
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0 &&
	    !(S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX) != 0))
		return error_fix(error,
		    error_at(error, ROLLCODE_ERR_STORE, path,
			"can be written by others (mode %04o)",
			(unsigned int)(st->st_mode & 07777)),
		    "chmod", "go-w", path, NULL);
	return ROLLCODE_OK;
}

/* Behind what both begin with no component has been passed over. */
static size_t
length_shared(const char *path, size_t len, const char *other)
{
	size_t shared = 0;

	while (shared < len && path[shared] == other[shared])
		shared++;
	return shared > 0 ? shared : 1;
}

enum rollcode_err
path_check_beside(const char *path, const char *checked, uid_t owner,
    struct stat *st, struct error *error)
{
	size_t len = strlen(path);
	char part[PATH_MAX];
	enum rollcode_err err;

	if (path[0] != '/' || len >= sizeof(part))
		return error_set(error, ROLLCODE_ERR_STORE,
		    "%.200s: is not an absolute path", path);
	while (path[len - 1] == '/' && len > 1)
		len--;
	if ((err = check_component("/", owner, st, error)) != ROLLCODE_OK)
		return err;
	for (size_t i = length_shared(path, len, checked); i <= len; i++) {
		if ((i < len && path[i] != '/') || path[i - 1] == '/')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if ((err = check_component(part, owner, st, error)) !=
		    ROLLCODE_OK)
			return err;
	}
	return ROLLCODE_OK;
}

enum rollcode_err
path_check(const char *path, uid_t owner, struct error *error)
{
	struct stat st;

	return path_check_beside(path, "", owner, &st, error);
}
