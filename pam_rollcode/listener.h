/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listener.h - the socket on which the resident judge is asked.
 */
#ifndef ROLLCODE_LISTENER_H
#define ROLLCODE_LISTENER_H

#include "error.h"

struct listener {
	int	fd;
	int	lock;	/* of its place, -1 if it was handed over */
};

/*
 * What the environment says of sockets handed over (sd_listen_fds(3)): the
 * descriptor, or -1 if there is none for this process.
 */
int			listener_given(void);

/*
 * Listen: on the descriptor given, if it is not -1 and a listening socket of
 * the right kind, else on a new socket at path, which everybody may connect
 * to, in a directory that only root can change.  A socket that was left there
 * and nobody listens on is replaced.  For root.
 *
 * EXISTS if somebody listens there; STORE if the directory can be changed by
 * others; INPUT if what was given is not that; UNAVAIL or SYS.
 */
enum rollcode_err	listener_open(struct listener *, int given,
			    const char *path, struct error *) MUST_USE;

/* Close, and remove the socket if it was made here. */
void			listener_close(struct listener *, const char *path);

#endif /* ROLLCODE_LISTENER_H */
