/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fd.h - descriptors in a process that is not ours.
 */
#ifndef ROLLCODE_FD_H
#define ROLLCODE_FD_H

#include <fcntl.h>
#include <unistd.h>

#define FD_FIRST_FREE 3

/*
 * The same descriptor, or if it is one of 0 to 2, which the host has closed
 * and may yet use, another one of the same file in its place.  -1 with errno;
 * -1 is passed on.
 */
static inline int
fd_move_up(int fd)
{
	int up = fd;

	if (fd >= 0 && fd < FD_FIRST_FREE) {
		up = fcntl(fd, F_DUPFD_CLOEXEC, FD_FIRST_FREE);
		close(fd);
	}
	return up;
}

#endif /* ROLLCODE_FD_H */
