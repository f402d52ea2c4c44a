/* SPDX-License-Identifier: Apache-2.0 */
/*
 * story.h - the account and the policy with which a story begins.
 */
#ifndef ROLLCODE_TESTS_STORY_H
#define ROLLCODE_TESTS_STORY_H

#include "pam_rollcode/rules/verify.h"

struct promise {
	const char	*says;
	const char	*tokens;
	const char	*policy;
	const char	*story;
};

struct story {
	const struct promise	*promise;
	char			word[256];	/* where it is */
	struct account		account;
	struct policy		policy;
	int64_t			now;
	bool			failing;	/* try each attempt broken */
	struct verification	verified;	/* the last attempt */
};

/* r0, r1 and r2. */
extern const char *const	recovery_codes[];

/* Fail the test, and say where. */
void	tell(const struct story *, const char *what);

/* A word of a promise's tokens, and one of its policy. */
void	add_token(struct story *, const char *word);
void	set_policy(struct story *, const char *word);

/* r0 and r1. */
void	add_recovery(struct story *);

#endif /* ROLLCODE_TESTS_STORY_H */
