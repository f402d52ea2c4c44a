/* SPDX-License-Identifier: Apache-2.0 */
/*
 * workers.h - the processes of the service that open the store, and those that
 * find out who may ask.
 *
 * A worker has one task at a time, so that one that waits, hangs or dies holds
 * up, or takes with it, one request.
 */
#ifndef ROLLCODE_SERVICE_WORKERS_H
#define ROLLCODE_SERVICE_WORKERS_H

#include "protocol/protocol.h"
#include "service/callers.h"

#define VERIFIERS_MAX	16	/* at once: the first members */
#define CHECKERS_MAX	64	/* at once: callers have no more connections */
#define WORKERS_MAX	(VERIFIERS_MAX + CHECKERS_MAX)
#define WORKERS_NONE	(-1)
#define WORKERS_LOG_NAME	"rollcode-verify"

enum task_part {
	TASK_WHOLE = 0,
	TASK_CHECK,	/* may this caller ask about this user?  OK or not */
	TASK_CHECKED,	/* it may: verify the request */
};

/* A request and who asks, as the kernel says. */
struct task {
	enum task_part	part;
	uid_t		uid;
	struct request	request;
};
WIPABLE(task);

struct worker {
	pid_t	pid;		/* 0: there is none */
	int	fd;
	bool	apart;		/* it has closed all that it inherited */
	bool	busy;
	int64_t	since;		/* idle, or busy; clock_ms() */
	/* Whom it verified last, or "". */
	char	user[sizeof(((struct request *)0)->user)];
};

struct workers {
	const struct config	*config;
	const struct callers	*callers;
	struct worker		 members[WORKERS_MAX];
};

/* What a member had to say. */
enum reply {
	REPLY_NONE = 0,
	REPLY_ANSWER,
	REPLY_GONE,		/* it died, and its task with it */
};

/*
 * No worker yet.  Config and callers must outlive them.  From now on the kernel
 * reaps every child of this process.
 */
void		workers_open(struct workers *, const struct config *,
		    const struct callers *);

/*
 * Give a task to an idle worker, if there is one to the one that verified
 * this user last and may have the file open, or else always to the same; one
 * is started if there is none.  The member's number, or WORKERS_NONE if all are
 * busy or none can be started.
 */
int		workers_give(struct workers *, const struct task *) MUST_USE;

/* Hear a member whose descriptor is readable. */
enum reply	workers_take(struct workers *, int member, struct answer *)
		    MUST_USE;

/* End a member, whatever it does. */
void		workers_end(struct workers *, int member);

/*
 * End those that have been idle for long, but two of each kind; of those that
 * have a link to a server, but one.
 */
void		workers_end_idle(struct workers *);

/* Whether no member has a copy any more of what its parent has open. */
bool		workers_are_apart(const struct workers *);

/* Let all members end. */
void		workers_close(struct workers *);

#endif /* ROLLCODE_SERVICE_WORKERS_H */
