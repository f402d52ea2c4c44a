/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window.h - the stretches of counters around a token's own, the steps around
 * now, and the walk along one of them.
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
	RANGE_LATE,		/* near, of another time; timed tokens only */
	RANGE_BEHIND,		/* counter - LOOKBEHIND .. counter - 1 */
	RANGES,
};

/* Counters at which the codes of input may start: count of them, 0 for none. */
struct window {
	uint64_t	from, count;
};

/*
 * That range of a token.  Each counter of a timed one has many codes, so that
 * there far ends at a third of RESYNC_WINDOW, and behind at a quarter of
 * LOOKBEHIND: what can be guessed, and the work, stay about what they are.
 */
struct window		window_of(const struct account_token *, enum range,
			    const struct policy *, int64_t now);

/* Steps in which each of the codes may have been made: count of them. */
struct steps {
	int64_t		first;
	unsigned int	count;
};

/*
 * Those of a range of a timed token: the one of now, the one before and the one
 * after it; late, WINDOW_LATE to either side; behind, WINDOW_LATE back.  None
 * are before 1970, nor before from_step where a code would let in.  A token of
 * another form has one, which its codes ignore.
 */
#define WINDOW_LATE	15
struct steps		window_steps(enum rollcode_form, enum range,
			    int64_t now, int64_t from_step);

/* Where the codes of input match among the codes of one token. */
struct match {
	bool		found;
	uint64_t	first;			/* highest start ... */
	int64_t		step;			/* ... and of the code there */
};

/*
 * Compare input with every start in a window and every step; the match must be
 * zero.  The work is the same wherever it matches and however many codes were
 * typed.  NOMEM, SYS.
 */
enum rollcode_err	window_walk(struct code_maker *, const struct input *,
			    struct window, struct steps, struct match *)
			    MUST_USE;

#endif /* ROLLCODE_RULES_WINDOW_H */
