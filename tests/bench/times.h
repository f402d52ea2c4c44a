/* SPDX-License-Identifier: Apache-2.0 */
/*
 * times.h - what the others here measure with.
 */
#ifndef TESTS_BENCH_TIMES_H
#define TESTS_BENCH_TIMES_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define TIMES_NS	1000000000LL	/* in a second */

/* Nanoseconds on a clock that nobody sets. */
static inline int64_t
times_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * TIMES_NS + now.tv_nsec;
}

static inline int
times_compare(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static inline void
times_sort(int64_t *times, int64_t n)
{
	qsort(times, (size_t)n, sizeof(*times), times_compare);
}

/* Sort n times; print median, 95th and 99th percentile, and what follows. */
static inline void
times_print(int64_t *times, int64_t n, const char *follows)
{
	times_sort(times, n);
	printf("%lld %lld %lld%s", (long long)times[n / 2],
	    (long long)times[n * 95 / 100], (long long)times[n * 99 / 100],
	    follows);
}

#endif /* TESTS_BENCH_TIMES_H */
