/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libno_passrights.so, put before the C library by LD_PRELOAD: a kernel before
 * 6.16, in which no socket option keeps descriptors out of messages.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS 83
#endif

static int (*next_setsockopt)(int, int, int, const void *, socklen_t);

int
setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	if (level == SOL_SOCKET && name == SO_PASSRIGHTS) {
		errno = ENOPROTOOPT;
		return -1;
	}
	/* dlsym gives an object pointer, which is a function here. */
	if (next_setsockopt == NULL)
		*(void **)&next_setsockopt = dlsym(RTLD_NEXT, "setsockopt");
	if (next_setsockopt == NULL)
		abort();
	return next_setsockopt(fd, level, name, value, len);
}
