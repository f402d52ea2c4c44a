/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fd.h - descriptors of a process that is not ours, or not yet.
 */
#ifndef ROLLCODE_SYSTEM_FD_H
#define ROLLCODE_SYSTEM_FD_H

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FD_FIRST_FREE	3
#define FD_NO_PEER	((uid_t)-1)
#define FD_LAST		65536	/* where the kernel cannot close a range */

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

/* Close all descriptors from this one on; async-signal-safe. */
static inline void
fd_close_from(int first)
{
	struct rlimit files;
	int last = FD_LAST;

	if (syscall(SYS_close_range, first, ~0U, 0) == 0)
		return;
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 &&
	    files.rlim_max < (rlim_t)last)
		last = (int)files.rlim_max;
	for (int fd = first; fd < last; fd++)
		close(fd);
}

/* An option of a socket that is a number, -1 if it has none such. */
static inline int
fd_option(int fd, int option)
{
	int value = -1;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, option, &value, &len) == 0 ? value
								     : -1;
}

/* The uid at the other end of a local socket, FD_NO_PEER if there is none. */
static inline uid_t
fd_peer(int fd)
{
	struct ucred peer = {.uid = FD_NO_PEER};
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0 ||
	    len != sizeof(peer))
		return FD_NO_PEER;
	return peer.uid;
}

#endif /* ROLLCODE_SYSTEM_FD_H */
