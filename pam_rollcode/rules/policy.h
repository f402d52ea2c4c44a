/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy.h - what the administrator allows, as the env file says it.
 */
#ifndef ROLLCODE_RULES_POLICY_H
#define ROLLCODE_RULES_POLICY_H

#include "common/base/error.h"

struct account;

struct policy {
	int64_t	tolerance;		/* codes; near is counter .. +this-1 */
	int64_t	resync_window;		/* codes; 0 is off */
	int64_t	resync_seconds;
	int64_t	guard_after;		/* failures in a row */
	int64_t	guesses;		/* ever, refunded one a day */
	int64_t	lookbehind;		/* codes behind, to name a replay */
};

/*
 * Refuse a policy that is too generous for a token: TOLERANCE over 20 while
 * a token has 6 digits.  CONFIG.
 */
enum rollcode_err	policy_check(const struct policy *,
			    const struct account *, struct error *) MUST_USE;

#endif /* ROLLCODE_RULES_POLICY_H */
