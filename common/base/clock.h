/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.h - a clock for deadlines, which nobody can set.
 */
#ifndef ROLLCODE_BASE_CLOCK_H
#define ROLLCODE_BASE_CLOCK_H

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <time.h>

/* Milliseconds of CLOCK_MONOTONIC. */
static inline int64_t
clock_ms(void)
{
	struct timespec now = {0};

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*
 * Wait for events of a descriptor, see poll(2): those that came, or 0 once
 * clock_ms() has reached the deadline, and where nothing can come.
 */
static inline short
clock_wait(int fd, short events, int64_t deadline)
{
	struct pollfd wanted = {.fd = fd, .events = events};
	int64_t left;

	while (fd >= 0 && (left = deadline - clock_ms()) > 0)
		if (poll(&wanted, 1, (int)left) >= 0 || errno != EINTR)
			return wanted.revents;
	return 0;
}

#endif /* ROLLCODE_BASE_CLOCK_H */
