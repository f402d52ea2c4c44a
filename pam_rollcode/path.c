/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "path.h"

static enum rollcode_err
check_component(const char *path, uid_t owner, struct error *error)
{
	struct stat st;

	if (lstat(path, &st) != 0)
		return error_set(error, ROLLCODE_ERR_UNAVAIL, "%s: %s", path,
		    strerror(errno));
	if (S_ISLNK(st.st_mode))
		return error_set(error, ROLLCODE_ERR_STORE,
		    "%s: is a symbolic link; name the real path", path);
	if (st.st_uid != 0 && st.st_uid != owner)
		return error_set(error, ROLLCODE_ERR_STORE,
		    "%s: belongs to uid %u; mend it with: chown root %s", path,
		    (unsigned int)st.st_uid, path);
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0 &&
	    !(S_ISDIR(st.st_mode) && (st.st_mode & S_ISVTX) != 0))
		return error_set(error, ROLLCODE_ERR_STORE,
		    "%s: can be written by others (mode %04o); mend it with: "
		    "chmod go-w %s",
		    path, (unsigned int)(st.st_mode & 07777), path);
	return ROLLCODE_OK;
}

enum rollcode_err
path_check(const char *path, uid_t owner, struct error *error)
{
	char part[PATH_MAX];
	size_t len = strlen(path);
	enum rollcode_err err;

	if (path[0] != '/' || len >= sizeof(part))
		return error_set(error, ROLLCODE_ERR_STORE,
		    "%.200s: is not an absolute path", path);
	if ((err = check_component("/", owner, error)) != ROLLCODE_OK)
		return err;
	for (size_t i = 1; i <= len; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		if (path[i - 1] == '/')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if ((err = check_component(part, owner, error)) != ROLLCODE_OK)
			return err;
	}
	return ROLLCODE_OK;
}
