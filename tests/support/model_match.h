/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model_match.h - where input matches: near, after a remembered
 * position, far, or behind.  Of each token only the highest match counts.
 */
#ifndef ROLLCODE_TEST_MODEL_MATCH_H
#define ROLLCODE_TEST_MODEL_MATCH_H

#include <string.h>

#include "model_code.h"
#include "pam_rollcode/rules/verify.h"

struct hit {
	bool		found;
	uint64_t	counter;	/* of the first code of a sequence */
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
	uint32_t	recovery_left;
};

/* One attempt on its way through the rules. */
struct attempt {
	struct account			*account;
	const struct input		*typed;
	const struct policy		*policy;
	int64_t				now;
	bool				normal;
	struct answer			*answer;
};

enum range { NEAR, AFTER, FAR, BEHIND };

static inline bool
model_sequence_at(const struct account_token *token, uint64_t counter,
    const struct input *typed)
{
	for (unsigned int i = 0; i < typed->count; i++)
		if (counter + i >= ROLLCODE_COUNTER_END ||
		    strcmp(model_code(token, counter + i),
			typed->codes[i].text) != 0)
			return false;
	return true;
}

static inline bool
model_fresh(const struct account_token *token, const struct policy *policy,
    int64_t now)
{
	return token->far_known && now >= token->far_time &&
	    now - token->far_time <= policy->resync_seconds;
}

/* The counters from..to-1 where the first code may be. */
static inline void
model_bounds(const struct attempt *a, const struct account_token *token,
    enum range range, uint64_t *from, uint64_t *to)
{
	uint64_t counter = token->token.counter;
	uint64_t tolerance = (uint64_t)a->policy->tolerance;
	uint64_t window = (uint64_t)a->policy->resync_window;
	uint64_t behind = (uint64_t)a->policy->lookbehind;

	*from = *to = 0;
	switch (range) {
	case NEAR:
		*from = counter;
		*to = counter + tolerance;
		break;
	case AFTER:
		if (a->typed->count == 1 &&
		    token->far_counter + 1 >= counter &&
		    model_fresh(token, a->policy, a->now)) {
			*from = token->far_counter + 1;
			*to = *from + 1;
		}
		break;
	case FAR:
		if (window > 0) {
			*from = counter + tolerance;
			*to = counter + window;
		}
		break;
	case BEHIND:
		*from = counter > behind ? counter - behind : 0;
		*to = counter;
		break;
	}
}

static inline bool
model_serves(const struct account_token *token, const struct input *typed)
{
	return token->enabled && token->token.digits == typed->width;
}

/* Every token's highest match in a range; whether there is any. */
static inline bool
model_look(struct attempt *a, enum range range)
{
	uint64_t from, to;
	bool any = false;

	for (size_t i = 0; i < a->account->token_count; i++) {
		const struct account_token *token = &a->account->tokens[i];
		struct hit *hit = &a->answer->hits[i];

		*hit = (struct hit){0};
		if (!model_serves(token, a->typed))
			continue;
		model_bounds(a, token, range, &from, &to);
		for (uint64_t c = from; c < to; c++)
			if (model_sequence_at(token, c, a->typed))
				*hit = (struct hit){true, c};
		any = any || hit->found;
	}
	return any;
}

static inline unsigned int
model_enabled(const struct account *account)
{
	unsigned int n = 0;

	for (size_t i = 0; i < account->token_count; i++)
		n += account->tokens[i].enabled;
	return n;
}

#endif /* ROLLCODE_TEST_MODEL_MATCH_H */
