/* SPDX-License-Identifier: Apache-2.0 */
/*
 * workers.h - the workers of the service.
 *
 * A worker is a process with one task at a time, so that one that waits, hangs
 * or dies holds up, or takes with it, one request.
 */
#ifndef ROLLCODE_SERVICE_WORKERS_H
#define ROLLCODE_SERVICE_WORKERS_H

#include "service/worker.h"

#define VERIFIERS_MAX	16	/* at once */
#define CHECKERS_MAX	64	/* at once: callers have no more connections */
#define WORKERS_MAX	CHECKERS_MAX	/* the most of them */
#define WORKERS_KEPT	2	/* stay when there is nothing to do */
#define WORKERS_NONE	(-1)
#define WORKERS_LOG_NAME	"rollcode-verify"

struct worker {
	pid_t	pid;		/* 0: there is none */
	int	fd;
	int	closing;	/* at its end when it has closed what it */
				/* inherited; -1 once that was seen */
	bool	busy;
	int64_t	since;		/* idle, or busy; clock_ms() */
	/* Whom it verified last, or "". */
	char	user[sizeof(((struct request *)0)->user)];
};

struct workers {
	const struct config	*config;
	const struct callers	*callers;
	int			 count;		/* members at once */
	struct worker	 members[WORKERS_MAX];
};

/*
 * No worker yet, and count members at most.  Config and callers must outlive
 * them.
 * From now on the kernel reaps every child of this process.
 */
void	workers_open(struct workers *, int count, const struct config *,
	    const struct callers *);

/*
 * Give a task to an idle worker, if there is one to the one that verified this
 * user last and may have the file open; one is started if there is none.  The
 * member's number, or WORKERS_NONE if all are busy or none can be started.
 */
int	workers_give(struct workers *, const struct task *) MUST_USE;

/*
 * Take the answer of a busy member.  False if it died over its task: then it
 * is gone, and the task with it.
 */
bool	workers_take(struct workers *, int member, struct answer *) MUST_USE;

/* End a member, whatever it does. */
void	workers_end(struct workers *, int member);

/*
 * End idle members that are more than WORKERS_KEPT and have been idle for long.
 * True if there still are some to be looked at later.
 */
bool	workers_end_idle(struct workers *);

/* Whether no member has a copy any more of what its parent has open. */
bool	workers_are_apart(struct workers *);

/* Let all members end. */
void	workers_close(struct workers *);

#endif /* ROLLCODE_SERVICE_WORKERS_H */
