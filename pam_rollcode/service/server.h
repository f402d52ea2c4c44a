/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server.h - one socket of the service as root: its listener, the process that
 * serves it, and those that did and have not ended yet.
 */
#ifndef ROLLCODE_SERVICE_SERVER_H
#define ROLLCODE_SERVICE_SERVER_H

#include <signal.h>
#include <sys/types.h>

#include "service/listener.h"
#include "service/workers.h"

#define SERVER_OLD_MAX	8	/* replaced ones that have not ended */
#define SERVER_LOOK_MS	250	/* between two looks for a sign of life */

/* One that has been replaced. */
struct old {
	pid_t	pid;	/* 0: there is none */
	int64_t	limit;	/* it is killed then, clock_ms() */
};

struct server {
	struct listener	listener;
	pid_t		serving;	/* 0 while there is none */
	int		stop_pipe;	/* closed: it is to end */
	int64_t		started;	/* or failed to, clock_ms() */
	/* The sign of life; as it was at the last look; looks since. */
	_Atomic uint64_t *heartbeat;
	uint64_t	seen;
	int		still;
	int64_t		looked;		/* clock_ms() */
	struct old	old[SERVER_OLD_MAX];
};

/* What a serving process is started with. */
struct server_setup {
	const struct config	*config;
	const struct callers	*callers;
	const sigset_t		*signals;	/* blocked until then */
	struct server		*servers;	/* all, SOCKETS of them */
};

/* A line about an error, in the system log and on standard error. */
void			server_tell(int priority, enum rollcode_err,
			    const struct error *);

/* Whether there is room for one that starts, and for the one it replaces. */
bool			server_has_room(const struct server *);

/*
 * Start a process that serves this socket; the one before, if any, ends what it
 * has begun.  UNAVAIL if too many of those have not ended.
 */
enum rollcode_err	server_start(struct server *,
			    const struct server_setup *, struct error *)
			    MUST_USE;

/*
 * Look for a sign of life, if that is due.  False where there was none for
 * long: that is logged, and the process counts as replaced, so that it is
 * killed, and none serves until the next server_start.
 */
bool			server_check(struct server *, int64_t now) MUST_USE;

/* A child has ended: note it if it is one of this socket, and log it. */
void			server_reap(struct server *, pid_t, int status);

/* Let what serves this socket end: by itself, or else at the limit. */
void			server_end(struct server *);

/* Kill what has been replaced and did not end in time. */
void			server_kill_late(struct server *, int64_t now);

/* Whether any of its processes has not ended, nor been killed. */
bool			server_is_busy(const struct server *, int64_t now);

#endif /* ROLLCODE_SERVICE_SERVER_H */
