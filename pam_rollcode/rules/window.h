/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window.h - the stretches of counters around a token's own, and the walk
 * along one of them.
 */
#ifndef ROLLCODE_RULES_WINDOW_H
#define ROLLCODE_RULES_WINDOW_H

#include "common/token/code.h"
#include "rules/verify.h"

/* The stretches around a token's counter. */
enum range {
	RANGE_NEAR,		/* counter .. counter + TOLERANCE - 1 */
	/*
	 * The one counter after a far position that was remembered
	 * RESYNC_SECONDS ago at most; where there is none, the token's own,
	 * which is near, so that there it has not matched.
	 */
	RANGE_REMEMBERED,
	RANGE_FAR,		/* .. counter + RESYNC_WINDOW - 1 */
	RANGE_BEHIND,		/* counter - LOOKBEHIND .. counter - 1 */
	RANGES,
};

/* Counters at which the codes of input may start: count of them, 0 for none. */
struct window {
	uint64_t	from, count;
};

/* That range of a token. */
struct window		window_of(const struct account_token *, enum range,
			    const struct policy *, int64_t now);

/* Where the codes of input match among the codes of one token. */
struct match {
	bool		found;
	uint64_t	first;			/* highest start */
};

/*
 * Compare input with every start in a window; the match must be zero.  The work
 * is the same wherever it matches and however many codes were typed.  NOMEM,
 * SYS.
 */
enum rollcode_err	window_walk(struct code_maker *, const struct input *,
			    struct window, int64_t step, struct match *)
			    MUST_USE;

#endif /* ROLLCODE_RULES_WINDOW_H */
