/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listener.h - the sockets on which the service is asked.
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
	int		fd;
	int		lock;	/* of its place, -1 if it was handed over */
};

/* Listening sockets that a service manager hands over. */
struct handed_over {
	int	fds[SOCKETS];	/* -1 for none */
	int	end;		/* the first descriptor behind them */
	char	odd[64];	/* what is wrong with them, or "" */
};

const char		*listener_path(enum socket_of);

/*
 * What the environment says of sockets handed over (sd_listen_fds(3)).  A
 * single one without a name is everybody's.
 */
void			 listener_handed_over(struct handed_over *);

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
enum rollcode_err	 listener_open(struct listener *, enum socket_of,
			    const struct handed_over *, struct error *)
			    MUST_USE;

/* Close, and remove the socket if it was made here. */
void			 listener_close(struct listener *);

#endif /* ROLLCODE_SERVICE_LISTENER_H */
