/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify.h - tokens, input, a policy and the time: a verdict.
 *
 * Pure: no I/O, no clock, no log.  What a verdict changes is changed in the
 * account given; nothing is decided until the caller has made it durable.
 */
#ifndef ROLLCODE_RULES_VERIFY_H
#define ROLLCODE_RULES_VERIFY_H

#include "protocol/input.h"
#include "protocol/verdict.h"
#include "rules/account.h"
#include "rules/policy.h"

/*
 * Verify input; malformed input is refused as what it is.  Guesses
 * that are due are given back first, which alone is no change worth writing;
 * one-time codes that have expired are written off by any attempt that may
 * write.  A refusal of a guarded account changes nothing.
 *
 * NOMEM or SYS if the codes could not be computed: then nothing else is
 * changed and the verdict is VERDICT_NONE.
 */
enum rollcode_err	verify_input(struct account *,
			    const struct input *, const struct policy *,
			    int64_t now, struct verification *) MUST_USE;

/* Whether an account is guarded now; nothing is changed. */
bool			verify_is_guarded(const struct account *,
			    const struct policy *, int64_t now);

/*
 * The same work for a user who is not enrolled.  It has no result, so that
 * it cannot become one.
 */
void			verify_nobody(const struct input *,
			    const struct policy *);

/*
 * Refuse a policy that is too generous for a token: TOLERANCE over 20 while
 * a token has 6 digits.  CONFIG.
 */
enum rollcode_err	policy_check(const struct policy *,
			    const struct account *, struct error *) MUST_USE;

#endif /* ROLLCODE_RULES_VERIFY_H */
