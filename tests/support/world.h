/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world.h - random accounts for the model: their tokens, policy and past.
 *
 * A pool of tokens is made once from the seed.  Some of them are known to
 * make one code at two counters, some to make the codes of another token.
 */
#ifndef ROLLCODE_TESTS_WORLD_H
#define ROLLCODE_TESTS_WORLD_H

#include "pam_rollcode/rules/verify.h"

#define DAY	86400
#define POOL	28

struct world {
	uint64_t		random;
	struct policy		policy;
	int64_t			now;
	struct account		account;
	char			recovery[ACCOUNT_RECOVERY_MAX]
				    [RECOVERY_DIGITS + 1];
	char			last[INPUT_MAX + 1];
	int64_t			ahead;	/* steps, of the clock of a device */
};

uint64_t	random_next(uint64_t *state);

/* A number below sides. */
uint64_t	roll(struct world *, uint64_t sides);

/* Fill POOL tokens. */
void		pool_make(struct account_token *pool, uint64_t seed);

void		world_make(struct world *, const struct account_token *pool,
		    uint64_t seed);

/* The store was put back, about now. */
void		world_restore(struct world *);

/* Put one of the pool that the account lacks in the place of that token. */
void		world_replace(struct world *, const struct account_token *pool,
		    struct account_token *);

#endif /* ROLLCODE_TESTS_WORLD_H */
