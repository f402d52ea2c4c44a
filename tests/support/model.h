/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model.h - the rules of a verdict once more, slowly and by the book.
 *
 * Written from the rules and not from the verifier, so that the two can be
 * held against each other.  Only the types are shared.
 */
#ifndef ROLLCODE_TESTS_MODEL_H
#define ROLLCODE_TESTS_MODEL_H

#include "pam_rollcode/rules/verify.h"

struct hit {
	bool		found;
	uint64_t	counter;	/* of the first code of a sequence, */
	int64_t		step;		/* which was made then */
};

/* What the model says; hits are those of the range that decided. */
struct answer {
	enum verdict	verdict;
	bool		changed;
	bool		guarded;
	bool		recovery;
	bool		matched;
	struct hit	hits[ACCOUNT_TOKENS_MAX];
	uint32_t	failed;
	uint32_t	replayed;
	uint32_t	late;
	uint32_t	recovery_left;
};

/* Verify; the account is changed, though a refund alone is not written. */
void	model_verify(struct account *, const struct input *,
	    const struct policy *, int64_t now, struct answer *);

/* Give back the guesses that are due. */
void	model_refund(struct account *, int64_t now);

/* Whether it is not guarded. */
bool	model_normal(const struct account *, const struct policy *);

/* Forget the far positions; whether there was one. */
bool	model_forget(struct account *);

#endif /* ROLLCODE_TESTS_MODEL_H */
