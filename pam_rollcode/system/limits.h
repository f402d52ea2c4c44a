/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limits.h - a process of ours does not keep the limits of who started it, and
 * has one of its own for what others make it read.
 */
#ifndef ROLLCODE_SYSTEM_LIMITS_H
#define ROLLCODE_SYSTEM_LIMITS_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

/* A root without CAP_SYS_RESOURCE keeps its hard limits. */
static inline void
limit_set(int resource, rlim_t limit)
{
	struct rlimit want = {limit, limit};

	if (setrlimit((__rlimit_resource_t)resource, &want) == 0 ||
	    getrlimit((__rlimit_resource_t)resource, &want) != 0)
		return;
	want.rlim_cur = want.rlim_max;
	(void)!setrlimit((__rlimit_resource_t)resource, &want);
}

/* Address space in use, which sanitizers make large. */
static inline rlim_t
limit_used(void)
{
	char text[32] = "";
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);

	if (fd >= 0) {
		(void)!read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	return (rlim_t)strtoull(text, NULL, 10) * (rlim_t)sysconf(_SC_PAGESIZE);
}

/* From now on so many bytes more, or fewer where there is a limit already. */
static inline bool
limit_memory(rlim_t more)
{
	rlim_t max = limit_used() + more;
	struct rlimit limit;

	if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_max <= max)
		max = limit.rlim_max;
	limit.rlim_cur = limit.rlim_max = max;
	return setrlimit(RLIMIT_AS, &limit) == 0;
}

#endif /* ROLLCODE_SYSTEM_LIMITS_H */
