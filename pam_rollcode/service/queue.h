/* SPDX-License-Identifier: Apache-2.0 */
/*
 * queue.h - the connections of the service, in the order in which they
 * came, and whose turn it is.
 */
#ifndef ROLLCODE_SERVICE_QUEUE_H
#define ROLLCODE_SERVICE_QUEUE_H

#include "service/closer.h"
#include "service/listener.h"
#include "service/workers.h"

#define QUEUE_MAX	(64 + 128 + 512)	/* connections at once */

enum rank {
	RANK_OTHER = 0,		/* may ask about its own account only */
	RANK_CALLER,		/* one of CALLERS */
	RANK_ROOT,
	RANKS,
};

enum stage {
	STAGE_DONE = 0,		/* to be closed */
	STAGE_READING,
	STAGE_UNCHECKED,	/* may it ask at all? */
	STAGE_CHECKING,
	STAGE_WAITING,		/* for its turn */
	STAGE_VERIFYING,
	STAGE_REFUSED,		/* the answer is kept back */
};

struct connection {
	bool		taken;
	int		fd;
	enum stage	stage;
	enum rank	rank;
	int64_t		deadline;	/* of the stage, clock_ms() */
	int		member;		/* the worker that has it */
	struct task	task;
	struct answer	answer;
};

struct queue {
	enum socket_of		 whose;
	struct closer		 closer;	/* of everybody's only */
	const struct callers	*callers;
	size_t			 count;
	struct connection	*connections[QUEUE_MAX];
};

/*
 * Zeroed memory for a connection, whose content no copy of this process gets.
 * NULL if there is none.
 */
struct connection	*connection_new(void);

/*
 * Take a connection just made, and its request if that is there already.  It
 * is closed instead where its account, or its rank, has too many, and where
 * the socket is root's and it is not.
 */
void			 queue_accept(struct queue *, int fd, int64_t now);

/* Receive the request of a connection in STAGE_READING. */
void			 queue_receive(const struct queue *,
			    struct connection *, int64_t now);

/*
 * Whether the turn of a connection has come that is unchecked, and so stands in
 * the way of its own account only, or that waits to be verified.
 */
bool			 queue_may_start(const struct queue *,
			    const struct connection *);

/* The connection that is with that worker, or NULL. */
struct connection	*queue_of_member(const struct queue *, int member);

/* The nearest deadline, INT64_MAX if there is none. */
int64_t			 queue_deadline(const struct queue *);

/* Close what is done; the others keep their order. */
void			 queue_reap(struct queue *, int64_t now);

#endif /* ROLLCODE_SERVICE_QUEUE_H */
