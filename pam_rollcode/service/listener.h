/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listener.h - the sockets on which the service is asked, and the service
 * manager that may hand them over.
 */
#ifndef ROLLCODE_SERVICE_LISTENER_H
#define ROLLCODE_SERVICE_LISTENER_H

#include "common/base/error.h"

/* Root's is in a directory inside that of everybody's, which comes first. */
enum socket_of {
	SOCKET_OF_ALL = 0,
	SOCKET_OF_ROOT,		/* nobody else can connect to it */
	SOCKETS,
};

struct listener {
	enum socket_of	whose;
	int		fd;	/* -1 while it is closed */
	int		lock;	/* of its place, -1 if it was handed over */
};

/* What a service manager says in the environment. */
struct environment {
	int	fds[SOCKETS];	/* listening sockets handed over, or -1 */
	int	end;		/* the first descriptor behind them */
	char	odd[64];	/* what is wrong with them, or "" */
	char	notify[108];	/* NOTIFY_SOCKET, see sd_notify(3); or "" */
};

const char		*listener_path(enum socket_of);

/*
 * Read the environment (sd_listen_fds(3)).  A single socket without a name is
 * everybody's.
 */
void			 environment_read(struct environment *);

/* Tell the service manager, if it wants to be told. */
void			 environment_notify(const struct environment *,
			    const char *state);

/*
 * Listen: on the one handed over, if that is a listening socket of the right
 * kind, else on a new socket.  Everybody may connect to everybody's, in a
 * directory that only root can change; root's is in one that only root can
 * enter.  A socket that was left there and nobody listens on is replaced.  For
 * root.
 *
 * EXISTS if somebody listens there; STORE if the directory can be changed by
 * others; INPUT if what was given is not that; UNAVAIL or SYS.
 */
enum rollcode_err	 listener_open(struct listener *,
			    const struct environment *, struct error *)
			    MUST_USE;

/* Close, and remove the socket if it was made here. */
void			 listener_close(struct listener *);

#endif /* ROLLCODE_SERVICE_LISTENER_H */
