/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/replace.h"

/* All of it, on disk; 0 or an errno. */
static int
write_fresh(const char *path, const void *content, size_t len)
{
	int fd, e = 0;

	fd = open(
	    path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	errno = fd < 0 ? errno : 0;
	if (fd < 0 || write(fd, content, len) != (ssize_t)len || fsync(fd) != 0)
		e = errno != 0 ? errno : EIO;
	if (fd >= 0 && close(fd) != 0 && e == 0)
		e = errno;
	return e;
}

int
replace_file(const char *path, const void *content, size_t len, bool over)
{
	unsigned int how = over ? 0 : RENAME_NOREPLACE;
	char fresh[PATH_MAX];
	int e;

	if ((size_t)snprintf(fresh, sizeof(fresh), "%s.new", path) >=
	    sizeof(fresh))
		return ENAMETOOLONG;
	unlink(fresh);
	e = write_fresh(fresh, content, len);
	if (e == 0 && renameat2(AT_FDCWD, fresh, AT_FDCWD, path, how) != 0)
		e = errno;
	if (e != 0)
		unlink(fresh);
	return e;
}

/* 0 or an errno. */
static int
sync_path(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC), e = 0;

	if (fd < 0 || fsync(fd) != 0)
		e = errno;
	if (fd >= 0)
		close(fd);
	return e;
}

enum rollcode_err
replace_sync_file(const char *path, struct error *error)
{
	int e = sync_path(path, O_RDWR | O_NOFOLLOW);

	return e == 0 || e == ENOENT ? ROLLCODE_OK
				     : error_errno(error, e, path);
}

enum rollcode_err
replace_sync_directory(const char *path, struct error *error)
{
	char copy[PATH_MAX];
	int e;

	if ((size_t)snprintf(copy, sizeof(copy), "%s", path) >= sizeof(copy))
		return error_set(
		    error, ROLLCODE_ERR_INPUT, "%.64s...: too long", path);
	if ((e = sync_path(dirname(copy), O_RDONLY | O_DIRECTORY)) == 0)
		return ROLLCODE_OK;
	return error_at(error, error_from_errno(e), path,
	    "the directory cannot be synced: %s", strerror(e));
}
