/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limits.h - a process of ours does not keep the limits of who started it.
 */
#ifndef ROLLCODE_LIMITS_H
#define ROLLCODE_LIMITS_H

#include <sys/resource.h>

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

#endif /* ROLLCODE_LIMITS_H */
