/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spawn.h - rollcode-verify as a child for one request.
 */
#ifndef ROLLCODE_ASK_SPAWN_H
#define ROLLCODE_ASK_SPAWN_H

#include <sys/types.h>

#include "common/base/error.h"

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

#endif /* ROLLCODE_ASK_SPAWN_H */
