/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window.h - the stretches of counters around a token's own, and the walk
 * along one of them.
 */
#ifndef ROLLCODE_RULES_WINDOW_H
#define ROLLCODE_RULES_WINDOW_H

#include "common/token/code.h"
#include "rules/verify.h"

/* Counters at which the codes of input may start: count of them, 0 for none. */
struct range {
	uint64_t	from, count;
};

typedef struct range	range_of(const struct account_token *,
			    const struct policy *, int64_t now);

/* counter .. counter + TOLERANCE - 1 */
range_of		range_near;

/* counter + TOLERANCE .. counter + RESYNC_WINDOW - 1 */
range_of		range_far;

/* counter - LOOKBEHIND .. counter - 1 */
range_of		range_behind;

/*
 * The one counter after a far position that was remembered RESYNC_SECONDS ago
 * at most; where there is none, the token's own counter.
 */
range_of		range_remembered;

/* Where the codes of input match among the codes of one token. */
struct match {
	bool		found;
	uint64_t	first;			/* highest start */
};

/*
 * Compare input with every start in a range; the match must be zero.
 * The work is the same wherever it matches and however many codes were
 * typed.  NOMEM, SYS.
 */
enum rollcode_err	window_walk(struct code_maker *,
			    const struct input *, struct range,
			    struct match *) MUST_USE;

#endif /* ROLLCODE_RULES_WINDOW_H */
