/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "common/base/lock.h"

#define STEP_MS 10

enum rollcode_err
lock_directory(const char *path, int ms, int *fd, struct error *error)
{
	const struct timespec step = {.tv_nsec = STEP_MS * 1000000L};
	int e;

	*fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (*fd < 0)
		return error_errno(error, errno, path);
	for (int waited = 0;; waited += STEP_MS) {
		if (flock(*fd, LOCK_EX | LOCK_NB) == 0)
			return ROLLCODE_OK;
		e = errno;
		if ((e != EWOULDBLOCK && e != EINTR) || waited >= ms)
			break;
		nanosleep(&step, NULL);
	}
	close(*fd);
	*fd = -1;
	if (e != EWOULDBLOCK && e != EINTR)
		return error_at(error, error_from_errno(e), path,
		    "cannot be locked: %s; does its file system support "
		    "flock(2)?",
		    strerror(e));
	return error_at(error, ROLLCODE_ERR_UNAVAIL, path,
	    "another command is running there; try again");
}
