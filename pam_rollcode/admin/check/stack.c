/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stack.c - what becomes of a stack.
 *
 * Linux-PAM carries an impression from row to row.  Here all that it can carry
 * at a row fits a small number, a state, so that every way through a stack is
 * looked at once.
 */
#include <string.h>

#include "admin/check/stack.h"

/* The impression.  Only GRANTED at the end admits. */
enum {
	UNDECIDED,
	GRANTED,
	ODD, /* positive, with another result than success */
	REFUSED,
};

/*
 * A state: the impression, whether our module was asked, and the impressions
 * with which up to three open substacks were entered.
 */
#define ASKED 4
#define ENTRY_SHIFT(level) (1 + 2 * (level))
#define ENTRY_LEVELS 3
#define STATES 512
#define IMPRESSION(state) ((state)&3U)

#define NOT_ASKED (-1) /* ... ways past it */
#define WHATEVER (-2)  /* ... anything */

struct question {
	const struct stack *stack;
	int ours;	    /* what our module gives, or ... */
	bool unproven;	    /* no module proves anything */
	bool not_root;	    /* who asks */
	const int *results; /* of each row; NULL: any that it can give */
	int found;	    /* the result that was looked for */
	signed char known[STACK_ROWS_MAX + 1][STATES]; /* 0: not yet */
};

/* Only the part of it that is used is cleared. */
static void
begin(struct question *q, const struct stack *stack, int ours)
{
	q->stack = stack;
	q->ours = ours;
	q->unproven = false;
	q->not_root = false;
	q->results = NULL;
	q->found = 0;
	memset(q->known, 0, (stack->count + 1) * sizeof(q->known[0]));
}

static bool
can_give(const struct question *q, size_t at, enum stack_result result)
{
	const struct stack_row *row = q->stack->rows[at];

	if (row->kind == ROW_FAIL)
		return result == RESULT_PERM_DENIED;
	if (q->results != NULL)
		return q->results[at] == (int)result;
	if (stack_is_ours(row))
		return q->ours == (int)result || q->ours == WHATEVER;
	switch (stack_class(row)) {
	case CLASS_PERMITS:
		return result == RESULT_SUCCESS;
	case CLASS_DENIES:
		return result == RESULT_AUTH_ERR;
	case CLASS_SILENT:
		return result != RESULT_SUCCESS;
	case CLASS_PROVES:
		return !q->unproven || result != RESULT_SUCCESS;
	case CLASS_ROOT:
		return !q->not_root || result != RESULT_SUCCESS;
	case CLASS_CHOOSES:
	case CLASS_NEUTRAL:
	case CLASS_KEEPS:
		break;
	}
	return true;
}

static unsigned int
level_of(const struct stack *stack, size_t at)
{
	return at < stack->count ? stack->rows[at]->level : 0;
}

/* How the row before stood decides whether a substack is entered here. */
static unsigned int
enter(const struct stack *stack, size_t from, size_t at, unsigned int state)
{
	unsigned int before = level_of(stack, from), level, entry;

	level = level_of(stack, at);
	for (unsigned int l = level + 1; l <= ENTRY_LEVELS; l++)
		state &= ~(3U << ENTRY_SHIFT(l));
	if (level > before && level <= ENTRY_LEVELS) {
		entry = IMPRESSION(state) << ENTRY_SHIFT(level);
		state &= ~(3U << ENTRY_SHIFT(level));
		state |= entry;
	}
	return state;
}

/* The last row that a decision at this one skips. */
static size_t
end_of_level(const struct stack *stack, size_t at)
{
	unsigned int level = stack->rows[at]->level;

	while (at + 1 < stack->count && stack->rows[at + 1]->level >= level)
		at++;
	return at;
}

/* Jump over rows, a substack being one; *left is what there was no row for. */
static size_t
jump(const struct stack *stack, size_t at, int *left)
{
	unsigned int level = stack->rows[at]->level;

	while (*left > 0 && at + 1 < stack->count &&
	       stack->rows[at + 1]->level >= level) {
		do
			at++;
		while (at + 1 < stack->count &&
		       stack->rows[at + 1]->level > level);
		(*left)--;
	}
	return at;
}

static unsigned int
grant(unsigned int state, enum stack_result result)
{
	unsigned int was = IMPRESSION(state);

	if (was == UNDECIDED || was == GRANTED)
		return (state & ~3U) |
		       (result == RESULT_SUCCESS ? GRANTED : ODD);
	return state;
}

/* The row gives that result: where does it lead, in what state? */
static size_t
step(const struct stack *stack, size_t at, enum stack_result result,
    unsigned int *state)
{
	const struct stack_row *row = stack->rows[at];
	int action = row->actions[result];
	unsigned int entry = 0;
	size_t to = at;

	if (stack_is_ours(row))
		*state |= ASKED;
	switch (action) {
	case ACTION_IGNORE:
		break;
	case ACTION_RESET:
		if (row->level > 0 && row->level <= ENTRY_LEVELS)
			entry = *state >> ENTRY_SHIFT(row->level) & 3U;
		*state = (*state & ~3U) | entry;
		break;
	case ACTION_OK:
	case ACTION_DONE:
		*state = grant(*state, result);
		if (action == ACTION_DONE && IMPRESSION(*state) != REFUSED)
			to = end_of_level(stack, at);
		break;
	case ACTION_DIE:
		*state |= REFUSED;
		to = end_of_level(stack, at);
		break;
	default:
		if (action > 0)
			to = jump(stack, at, &action);
		if (action != 0)
			*state |= REFUSED;
	}
	*state = enter(stack, at, to + 1, *state);
	return to + 1;
}

/* A substack's own row does nothing. */
static size_t
pass(const struct stack *stack, size_t at, unsigned int *state)
{
	*state = enter(stack, at, at + 1, *state);
	return at + 1;
}

/* Call back for each way on from here until one of them says so. */
typedef bool way_fn(
    struct question *, size_t from, int result, size_t to, unsigned int after);

static bool
ways(struct question *q, size_t at, unsigned int state, way_fn *fn)
{
	unsigned int after = state;
	size_t to;

	if (q->stack->rows[at]->kind == ROW_SUBSTACK) {
		to = pass(q->stack, at, &after);
		return fn(q, at, RESULT_SUCCESS, to, after);
	}
	for (int r = 0; r < STACK_RESULTS; r++) {
		if (!can_give(q, at, (enum stack_result)r))
			continue;
		after = state;
		to = step(q->stack, at, (enum stack_result)r, &after);
		if (fn(q, at, r, to, after))
			return true;
	}
	return false;
}

/* Does any way from here admit somebody, as the question has it? */
static bool
admits(
    struct question *q, size_t from, int result, size_t at, unsigned int state)
{
	signed char *known = &q->known[at][state];
	bool asked = (state & ASKED) != 0;

	(void)from;
	(void)result;
	if (at >= q->stack->count)
		return IMPRESSION(state) == GRANTED &&
		       (q->ours == WHATEVER || asked == (q->ours >= 0));
	if (*known == 0)
		*known = ways(q, at, state, admits) ? 1 : -1;
	return *known > 0;
}

bool
stack_admits(const struct stack *stack, enum stack_result result, bool unproven)
{
	struct question q;

	begin(&q, stack, (int)result);
	q.unproven = unproven;
	return admits(&q, 0, 0, 0, UNDECIDED);
}

bool
stack_admits_unasked(const struct stack *stack)
{
	struct question q;

	begin(&q, stack, NOT_ASKED);
	q.not_root = true;
	return admits(&q, 0, 0, 0, UNDECIDED);
}

bool
stack_run(const struct stack *stack, const int *results)
{
	struct question q;

	begin(&q, stack, WHATEVER);
	q.results = results;
	return admits(&q, 0, 0, 0, UNDECIDED);
}

/* Not a verdict: which states are met at all. */
static bool
spread(
    struct question *q, size_t from, int result, size_t at, unsigned int state)
{
	(void)from;
	(void)result;
	if (q->known[at][state] == 0) {
		q->known[at][state] = 1;
		if (at < q->stack->count)
			(void)!ways(q, at, state, spread);
	}
	return false;
}

static bool
is_met(const struct question *q, size_t row)
{
	for (size_t state = 0; state < STATES; state++)
		if (q->known[row][state] != 0)
			return true;
	return false;
}

bool
stack_reaches(const struct stack *stack, size_t row)
{
	struct question q;

	begin(&q, stack, WHATEVER);
	spread(&q, 0, 0, 0, UNDECIDED);
	return is_met(&q, row);
}

/* It leads past a row of ours, and from there to an admission. */
static bool
leads_past(
    struct question *q, size_t from, int result, size_t to, unsigned int after)
{
	struct question rest;
	bool past = false;

	for (size_t i = from + 1; i < to; i++)
		past |= stack_is_ours(q->stack->rows[i]);
	if (!past)
		return false;
	begin(&rest, q->stack, NOT_ASKED);
	if (!admits(&rest, from, result, to, after))
		return false;
	q->found = result;
	return true;
}

bool
stack_bypass(const struct stack *stack, size_t *at, enum stack_result *result)
{
	struct question q;

	begin(&q, stack, NOT_ASKED);
	spread(&q, 0, 0, 0, UNDECIDED);
	for (; *at < stack->count; (*at)++)
		for (unsigned int state = 0; state < STATES; state++)
			if (q.known[*at][state] != 0 &&
			    ways(&q, *at, state, leads_past)) {
				*result = (enum stack_result)q.found;
				return true;
			}
	return false;
}
