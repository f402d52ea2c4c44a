/* SPDX-License-Identifier: Apache-2.0 */
/*
 * closer.h - descriptors that are not closed in this process.
 *
 * A message can carry descriptors, and a process that drops the last
 * reference to one closes it, which takes as long as its owner wished: a
 * socket may linger, and a file of FUSE hang the process for ever, out of
 * reach of any signal.  To look at a message does not drop them; to receive
 * it, or to close the connection that it waits in, does.  So such a
 * connection is kept, and another process, which has nothing else to do, is
 * the last to hold it.  Linux 6.16 can refuse such messages, see listener.c;
 * this is for older ones.
 */
#ifndef ROLLCODE_SERVICE_CLOSER_H
#define ROLLCODE_SERVICE_CLOSER_H

#include <sys/types.h>

#include "common/base/rollcode.h"

#define CLOSER_MAX	512	/* kept at once */

/* Newer than the C library's headers. */
#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS	83
#endif

struct closer {
	size_t	count;
	int	fds[CLOSER_MAX];	/* in the order in which they came */
	pid_t	process;		/* has earlier ones; 0: there is none */
	int	pidfd;			/* readable when it is gone; or -1 */
	int64_t	said;			/* the last line about it, clock_ms() */
};

enum carried {
	CARRIED_NOTHING = 0,	/* there is no message */
	CARRIED_END,		/* nor will there be any */
	CARRIED_BYTES,
	CARRIED_FILES,		/* descriptors, and maybe bytes */
};

void		closer_open(struct closer *);

/* What the next message of a connection is, which stays there. */
enum carried	closer_look(int fd);

/*
 * Close a connection, made by that uid, of which no other process of the
 * service has a copy for long.  If a descriptor waits in it, it is kept
 * instead, and that is logged.
 */
void		closer_close(struct closer *, int fd, uid_t, int64_t now);

/* Keep a descriptor, for another process to close. */
void		closer_add(struct closer *, int fd);

/*
 * Give all that is kept to a process that closes it, if the last such one is
 * gone.  No process that was started may still have copies of it.
 */
void		closer_run(struct closer *);

/* There is no room: nothing can be closed, nor received, any more. */
bool		closer_is_full(const struct closer *);

/*
 * A process that has a copy of every descriptor of this one until it is killed,
 * or this one ends; -1 with errno.  What is closed here meanwhile is closed by
 * its end.
 */
pid_t		closer_fork(void);

#endif /* ROLLCODE_SERVICE_CLOSER_H */
