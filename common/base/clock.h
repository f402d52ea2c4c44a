/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.h - a clock for deadlines, which nobody can set.
 */
#ifndef ROLLCODE_BASE_CLOCK_H
#define ROLLCODE_BASE_CLOCK_H

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

#endif /* ROLLCODE_BASE_CLOCK_H */
