/* SPDX-License-Identifier: Apache-2.0 */
/*
 * asked.h - ask the resident verifier once, and see all that a local account
 * can see of it: the answer, the time, and in /proc how often its processes
 * waited.
 */
#ifndef ROLLCODE_TESTS_ASKED_H
#define ROLLCODE_TESTS_ASKED_H

#include <stdbool.h>
#include <stddef.h>

#include "pam_rollcode/protocol/protocol.h"

#define ASKED_PROCESSES	64

/* A process of the verifier; its status stays open. */
struct watched {
	int	fd;
	long	pid, parent;
	long	switches;	/* voluntary ones, when last looked at */
	long	more;		/* than at the look before */
	bool	asleep;
};

struct watch {
	size_t		count;
	struct watched	of[ASKED_PROCESSES];
};

/* What one request showed. */
struct seen {
	long		ns;
	struct answer	answer;		/* without its nonce */
};

/* Take in the verifier's processes that are not watched yet. */
void	watch_find(struct watch *);

/* Wait until all of them do; then how often each waited since the last look. */
long	watch_look(struct watch *);

/* How often those waited that have so many watched parents: 2 is a worker. */
long	watch_more(const struct watch *, int depth);

void	asked_prepare(struct request *, const char *user);

/* False if there was no answer. */
bool	asked_once(const char *path, struct request *, struct seen *);

/* Nanoseconds since some moment. */
long	asked_now(void);

/* A number in [0, below). */
size_t	asked_random(size_t below);

#endif /* ROLLCODE_TESTS_ASKED_H */
