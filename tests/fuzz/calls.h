/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calls.h - the world around the code under test: calls that fail when the
 * input says so, a clock and random bytes that are always the same, a log that
 * is kept, and a verifier that answers in this process.
 *
 * The linker's --wrap leads the project's own calls here, SQLite and the
 * crypto library are led here by their own settings.
 */
#ifndef ROLLCODE_FUZZ_CALLS_H
#define ROLLCODE_FUZZ_CALLS_H

#include <errno.h>
#include <security/pam_modules.h>

#include "fuzz.h"
#include "pam_rollcode/ask/spawn.h"

#define CALLS_NOW	1700000000	/* what time() says at first */
#define CALLS_LOG_MAX	65536

enum call_kind {
	CALL_ANY,		/* for calls.kind alone */
	CALL_MEMORY,
	CALL_WRITE,		/* what changes a file, and makes it durable */
	CALL_OTHER,
};

/* Once armed, the calls of a kind from fail_at on fail, fail_for of them. */
struct calls {
	bool		armed;
	enum call_kind	kind;
	unsigned int	made, fail_at, fail_for, failed;
	int		error;
	uint64_t	random;		/* where the random bytes are */
	int64_t		now;		/* time() */
	int64_t		ms;		/* CLOCK_MONOTONIC */
	char		log[CALLS_LOG_MAX];	/* lines of syslog */
	size_t		log_len;
};

/* The verifier: called with its end of the socket once somebody waits. */
struct verifier {
	void		(*answer)(int fd);
	bool		ended_well;	/* what spawn_reap says */
	bool		stays;		/* its end is not closed */
	bool		waiting, running;
	int		fd, theirs;
};

/* What the system knows of the user, and what PAM_AUTHTOK is. */
struct host {
	int		account;	/* 1 known, 0 not, -1 cannot be asked */
	char		authtok[1024];	/* "" is none */
	bool		authtok_set;	/* by the module */
};

extern struct calls	calls;
extern struct verifier	verifier;
extern struct host	host;

/* Whether the call that asks must fail now; errno is set then. */
bool	calls_fail(enum call_kind);

/* Once, before anything else: the libraries too. */
void	calls_open(void);

/* As at the start of an input; nothing fails. */
void	calls_reset(void);

/* Draw which calls fail from an input, and arm. */
void	calls_arm(struct bytes *);
void	calls_disarm(void);

#endif /* ROLLCODE_FUZZ_CALLS_H */
