/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crew.h - the workers of the resident judge.
 *
 * A worker is a process with one task at a time, so that one that waits, hangs
 * or dies holds up, or takes with it, one request.
 */
#ifndef ROLLCODE_SERVICE_WORKERS_H
#define ROLLCODE_SERVICE_WORKERS_H

#include "service/worker.h"

#define CREW_JUDGES	16	/* at once */
#define CREW_CHECKERS	64	/* at once: callers have no more connections */
#define CREW_MAX	CREW_CHECKERS	/* the most of them */
#define CREW_KEPT	2	/* stay when there is nothing to do */
#define CREW_NOBODY	(-1)
#define CREW_LOG_NAME	"rollcode-verify"

struct crew_member {
	pid_t	pid;		/* 0: there is none */
	int	fd;
	int	closing;	/* at its end when it has closed what it */
				/* inherited; -1 once that was seen */
	bool	busy;
	int64_t	since;		/* idle, or busy; clock_ms() */
	/* Whom it judged last, or "". */
	char	user[sizeof(((struct request *)0)->user)];
};

struct crew {
	const struct config	*config;
	const struct callers	*callers;
	int			 count;		/* members at once */
	struct crew_member	 members[CREW_MAX];
};

/*
 * An empty crew of count members at most.  Config and callers must outlive it.
 * From now on the kernel reaps every child of this process.
 */
void	crew_open(struct crew *, int count, const struct config *,
	    const struct callers *);

/*
 * Give a task to an idle worker, if there is one to the one that judged this
 * user last and may have the file open; one is started if there is none.  The
 * member's number, or CREW_NOBODY if all are busy or none can be started.
 */
int	crew_give(struct crew *, const struct task *) MUST_USE;

/*
 * Take the answer of a busy member.  False if it died over its task: then it
 * is gone, and the task with it.
 */
bool	crew_take(struct crew *, int member, struct answer *) MUST_USE;

/* End a member, whatever it does. */
void	crew_end(struct crew *, int member);

/*
 * End idle members that are more than CREW_KEPT and have been idle for long.
 * True if there still are some to be looked at later.
 */
bool	crew_thin(struct crew *);

/* Whether no member has a copy any more of what its parent has open. */
bool	crew_is_apart(struct crew *);

/* Let all members end. */
void	crew_close(struct crew *);

#endif /* ROLLCODE_SERVICE_WORKERS_H */
