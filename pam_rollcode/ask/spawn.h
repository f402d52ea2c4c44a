/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spawn.h - rollcode-verify as a child for one request, which keeps nothing of
 * the process that it was copied from.
 */
#ifndef ROLLCODE_ASK_SPAWN_H
#define ROLLCODE_ASK_SPAWN_H

#include <sys/types.h>

#include "common/base/error.h"
#include "common/base/rollcode.h"

struct child {
	pid_t	pid;
	int	fd;	/* our end of the socket; the caller closes it */
};

/*
 * Start that program, with an env file unless conf is "", and a socket as its
 * standard input.  The caller must have effective uid 0.  UNAVAIL, NOMEM or
 * SYS if the kernel refuses a socket or a process.
 */
enum rollcode_err	spawn_verifier(const char *helper, const char *conf,
			    struct child *, struct error *) MUST_USE;

/*
 * Collect the child, killed if it runs past the deadline (milliseconds of
 * CLOCK_MONOTONIC).  True if it ended by itself with status 0.
 */
bool			spawn_reap(struct child *, int64_t deadline)
			    MUST_USE;

/* What sched_setattr(2) takes; glibc and Linux each define it, or neither. */
struct scheduling {
	uint32_t	size, policy;
	uint64_t	flags;
	int32_t		nice;
	uint32_t	priority;
	uint64_t	runtime, deadline, period;
	uint32_t	clamp_min, clamp_max;
};

#define SCHEDULING_FIRST	48	/* its size without the clamps */
#define SCHEDULING_KEEP		0x18	/* flags: policy and parameters */
#define SCHEDULING_CLAMP	0x60	/* flags: the clamps are given */

/*
 * Give up everything that a process inherits, and keep one descriptor, 3 or
 * more, as standard input.  For a copy of a threaded process whose signals are
 * blocked; they stay blocked.  False if it is not user id 0 alone, in a session
 * of its own, with no other descriptor: then it must end.  What else the
 * kernel refuses, as in a container, stays as it was.
 */
bool	reset_all(int fd) MUST_USE;

#endif /* ROLLCODE_ASK_SPAWN_H */
