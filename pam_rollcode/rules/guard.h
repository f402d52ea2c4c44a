/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard.h - how many wrong codes an account has had, and when it is guarded.
 */
#ifndef ROLLCODE_RULES_GUARD_H
#define ROLLCODE_RULES_GUARD_H

#include "rules/account.h"
#include "rules/policy.h"

#define GUARD_REFUND		86400	/* seconds to get one guess back */

/* Give back the guesses that are due; a clock set back gives none. */
void		guard_refund(struct account *, int64_t now);

/* Count a wrong code. */
void		guard_count(struct account *, int64_t now);

/* Whether there were too many. */
bool		guard_is_up(const struct account *, const struct policy *);

#endif /* ROLLCODE_RULES_GUARD_H */
