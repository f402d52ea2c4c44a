/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker.h - one of the processes of the resident judge that open the store.
 */
#ifndef ROLLCODE_WORKER_H
#define ROLLCODE_WORKER_H

#include "config.h"
#include "protocol.h"

#define WORKER_CALLERS_MAX	64

/* Accounts that may ask about others, beside root. */
struct callers {
	size_t	count;
	uid_t	uids[WORKER_CALLERS_MAX];
};

enum task_part {
	TASK_WHOLE = 0,
	TASK_CHECK,	/* may this caller ask about this user?  OK or not */
	TASK_CHECKED,	/* it may: judge the request */
};

/* A request and who asks, as the kernel says. */
struct task {
	enum task_part	part;
	uid_t		uid;
	struct request	request;
};

static inline void
task_wipe(struct task *task)
{
	explicit_bzero(task, sizeof(*task));
}

/*
 * Look up the accounts of CALLERS, names parted by commas or spaces.  A name
 * without an account cannot ask, so it is no error: it is named in missing, a
 * sentence, or "".  CONFIG if there are more than WORKER_CALLERS_MAX; UNAVAIL
 * if some could not be looked up, and the others are there all the same.
 */
enum rollcode_err	callers_find(const struct config *, struct callers *,
			    struct error *missing, struct error *) MUST_USE;

/* Whether that account may ask about anybody: root, or one of CALLERS. */
bool			callers_include(const struct callers *, uid_t);

/*
 * Take tasks from a socket and answer them, until it is closed.  For a process
 * that is the account already.
 */
_Noreturn void		worker_main(int fd, const struct config *,
			    const struct callers *);

#endif /* ROLLCODE_WORKER_H */
