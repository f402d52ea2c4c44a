/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker.h - one of the processes of the service that open the store.
 */
#ifndef ROLLCODE_SERVICE_WORKER_H
#define ROLLCODE_SERVICE_WORKER_H

#include "config/config.h"
#include "protocol/protocol.h"
#include "service/callers.h"

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

static inline void
task_wipe(struct task *task)
{
	explicit_bzero(task, sizeof(*task));
}

/*
 * Take tasks from a socket and answer them, until it is closed.  For a process
 * that is the account already.
 */
_Noreturn void		worker_main(int fd, const struct config *,
			    const struct callers *);

#endif /* ROLLCODE_SERVICE_WORKER_H */
