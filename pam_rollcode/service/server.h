/* SPDX-License-Identifier: Apache-2.0 */
/*
 * side.h - one socket of the service as root: its listener, the process that
 * serves it, and those that did and have not ended yet.
 */
#ifndef ROLLCODE_SERVICE_SERVER_H
#define ROLLCODE_SERVICE_SERVER_H

#include <signal.h>
#include <sys/types.h>

#include "service/listener.h"
#include "service/worker.h"

#define SIDE_OLD_MAX	8	/* replaced ones that have not ended */
#define SIDE_LOOK_MS	250	/* between two looks for a sign of life */

/* One that has been replaced. */
struct old {
	pid_t	pid;	/* 0: there is none */
	int64_t	limit;	/* it is killed then, clock_ms() */
};

struct side {
	struct listener	listener;
	pid_t		serving;	/* 0 while there is none */
	int		life;		/* its end, when closed, is its end */
	int64_t		started;	/* or failed to, clock_ms() */
	/* The sign of life; as it was at the last look; looks since. */
	_Atomic uint64_t *turns;
	uint64_t	seen;
	int		still;
	int64_t		looked;		/* clock_ms() */
	struct old	old[SIDE_OLD_MAX];
};

/* What a serving process is started with. */
struct charge {
	const struct config	*config;
	const struct callers	*callers;
	const sigset_t		*signals;	/* blocked until then */
	struct side		*sides;		/* all, SOCKETS of them */
};

/* A line about an error, in the system log and on standard error. */
void			side_tell(int priority, enum rollcode_err,
			    const struct error *);

/* Whether there is room for one that starts, and for the one it replaces. */
bool			side_has_place(const struct side *);

/*
 * Start a process that serves this side; the one before, if any, ends what it
 * has begun.  UNAVAIL if too many of those have not ended.
 */
enum rollcode_err	side_start(struct side *, const struct charge *,
			    struct error *) MUST_USE;

/*
 * Look for a sign of life, if that is due.  False where there was none for
 * long: that is logged, and the process counts as replaced, so that it is
 * killed, and none serves until the next side_start.
 */
bool			side_look(struct side *, int64_t now) MUST_USE;

/* A child has ended: note it if it is one of this side, and log it. */
void			side_reap(struct side *, pid_t, int status);

/* Let what serves this side end: by itself, or else at the limit. */
void			side_end(struct side *);

/* Kill what has been replaced and did not end in time. */
void			side_kill_late(struct side *, int64_t now);

/* Whether any of its processes has not ended, nor been killed. */
bool			side_is_busy(const struct side *, int64_t now);

#endif /* ROLLCODE_SERVICE_SERVER_H */
