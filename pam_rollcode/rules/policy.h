/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy.h - what the administrator allows, as the env file says it.
 */
#ifndef ROLLCODE_RULES_POLICY_H
#define ROLLCODE_RULES_POLICY_H

#include <stdint.h>

struct policy {
	int64_t	tolerance;		/* codes; near is counter .. +this-1 */
	int64_t	resync_window;		/* codes; 0 is off */
	int64_t	resync_seconds;
	int64_t	guard_after;		/* failures in a row */
	int64_t	guesses;		/* ever, refunded one a day */
	int64_t	lookbehind;		/* codes behind, to name a replay */
};

#endif /* ROLLCODE_RULES_POLICY_H */
