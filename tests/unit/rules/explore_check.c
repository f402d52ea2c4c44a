/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "tests/unit/rules/explore.h"

static unsigned int
number_at(const struct seen *s, unsigned int i, int at, int step)
{
	uint64_t counter =
	    first_counter() + (uint64_t)(int64_t)(s->tokens[i].counter + at);

	return find_made(i, counter, step)->number;
}

static int
refunded(const struct seen *s)
{
	int days = s->spent_age > 0 ? s->spent_age / DAY_STEPS : 0;

	return s->spent > days ? s->spent - days : 0;
}

/* Whether the codes are those of that token from there on, so made. */
static bool
are_codes(const struct seen *s, const unsigned int *numbers, unsigned int count,
    unsigned int i, int at, int first, int last)
{
	for (unsigned int k = 0; k < count; k++) {
		bool is = false;

		for (int step = first; step <= last; step++)
			is |= number_at(s, i, at + (int)k, step) == numbers[k];
		if (!is)
			return false;
	}
	return true;
}

static bool
is_barred(const struct seen *s, unsigned int i)
{
	return s->from != NONE && (!is_timed(i) || s->from > 0);
}

/* At how many counters from its own a token's codes may begin. */
static int
last_begin(const struct seen *s, unsigned int i, unsigned int count)
{
	int left = world->ends - s->tokens[i].counter - (int)count;

	return world->ends != 0 && left < far_end(i) ? left : far_end(i);
}

static void
find_meanings(const struct seen *s, unsigned int i, unsigned int count,
    const unsigned int *numbers, struct truth *t)
{
	int near = (int)world->policy.tolerance;
	int first = is_timed(i) ? -1 : 0, last = is_timed(i) ? 1 : 0;

	if (s->from != NONE && s->from > first)
		first = s->from;
	for (int at = 0; at <= last_begin(s, i, count); at++) {
		bool good = are_codes(s, numbers, count, i, at, first, last);

		if (good)
			t->good[i] |= (uint16_t)(1U << at);
		if (good && at < near)
			t->at[IS_NEAR][i] = (int8_t)at;
		if (good && at >= near && at < far_end(i))
			t->at[IS_FAR][i] = (int8_t)at;
		if (is_timed(i) && at < near &&
		    are_codes(s, numbers, count, i, at, -15, 15))
			t->at[IS_LATE][i] = (int8_t)at;
	}
}

void
find_truth(const struct seen *s, const struct action *a,
    const unsigned int numbers[INPUT_CODES], struct truth *t)
{
	t->guarded = s->failures >= world->policy.guard_after ||
		     refunded(s) >= world->policy.guesses;
	t->barred = true;
	memset(t->at, NONE, sizeof(t->at));
	for (unsigned int i = 0; i < tokens_of(); i++) {
		if (s->tokens[i].disabled || world->digits[i] != a->width)
			continue;
		t->any = true;
		t->barred &= is_barred(s, i);
		if (!is_barred(s, i))
			find_meanings(s, i, a->count, numbers, t);
	}
}

static bool
is_met(const struct truth *t, enum meaning meaning)
{
	return t->at[meaning][0] != NONE || t->at[meaning][1] != NONE;
}

/* Whether that is the one after a code that was far. */
static bool
is_pressed(const struct step *e, unsigned int i, int at)
{
	int seconds = e->before.is.tokens[i].far_age * ROLLCODE_STEP;

	return e->action->count == 1 && e->before.real[i].pressed != NONE &&
	       e->before.real[i].pressed + 1 == at &&
	       (e->outcome->truth.good[i] & 1 << at) != 0 && seconds >= 0 &&
	       seconds <= world->policy.resync_seconds;
}

/* Where a token's codes are so; NONE. */
static int
where_met(const struct step *e, enum meaning meaning, unsigned int i)
{
	int next = e->before.real[i].pressed + 1;

	if (meaning == IS_PRESSED)
		return is_pressed(e, i, next) ? next : NONE;
	return meaning == MEANINGS ? NONE : e->outcome->truth.at[meaning][i];
}

/* Codes of 64 digits are nobody's guesses. */
static bool
is_guess(const struct action *a)
{
	return a->kind != RECOVER && a->width != ROLLCODE_HEX_DIGITS;
}

/* By which meaning it lets in; MEANINGS if it does not. */
static enum meaning
admitted_by(const struct step *e)
{
	const struct truth *t = &e->outcome->truth;
	bool closed = t->guarded && is_guess(e->action);

	if (closed && e->action->count < INPUT_CODES)
		return MEANINGS;
	if (is_met(t, IS_NEAR))
		return IS_NEAR;
	for (unsigned int i = 0; i < tokens_of() && !closed; i++)
		if (where_met(e, IS_PRESSED, i) != NONE)
			return IS_PRESSED;
	return is_met(t, IS_FAR) && e->action->count > 1 ? IS_FAR : MEANINGS;
}

/* Every token that it is a code of has passed it, and no other has moved. */
static const char *
check_moves(struct step *e, enum meaning meaning)
{
	const struct action *a = e->action;

	for (unsigned int i = 0; i < tokens_of(); i++) {
		int moved = e->outcome->moved[i];
		int at = where_met(e, meaning, i);
		int passed = e->before.real[i].passed;

		if (moved < 0)
			return "a counter fell";
		if (at == NONE && moved != 0)
			return "a counter moved that was not met";
		if (at == NONE)
			continue;
		if (at < passed && meaning != IS_LATE)
			return "a code was used that was used or skipped";
		if (moved != at + (int)a->count)
			return "a code was not passed";
		if (at < passed)
			continue;
		e->after.real[i].passed = (int8_t)moved;
		if (meaning == IS_LATE)
			continue;
		e->after.real[i].entered = (int8_t)moved;
		e->after.real[i].made = a->codes[a->count - 1].step;
	}
	return NULL;
}

void
forget_pressed(struct state *s)
{
	for (unsigned int i = 0; i < tokens_of(); i++)
		s->real[i].pressed = NONE;
}

/* A guess is counted, and nothing else is. */
static const char *
check_counted(const struct step *e, bool counted)
{
	const struct seen *is = &e->outcome->after, *was = &e->before.is;

	if (is->failures != was->failures + counted)
		return counted ? "a guess is not counted"
			       : "a failure too many";
	if (is->spent != refunded(was) + counted)
		return counted ? "a guess is free" : "a guess too many";
	return NULL;
}

static const char *
check_admitted(struct step *e, enum meaning meaning)
{
	const struct seen *is = &e->outcome->after;

	forget_pressed(&e->after);
	if (is->failures != 0)
		return "failures are not forgotten";
	if (is->spent != refunded(&e->before.is))
		return "guesses are forgotten, or counted";
	return check_moves(e, meaning);
}

/* What a refusal forgets of codes that were far, and what it keeps. */
static void
remember_far(struct step *e, bool counted, bool late)
{
	const struct outcome *o = e->outcome;
	bool back = false;

	for (unsigned int i = 0; i < tokens_of(); i++)
		back |= e->before.is.tokens[i].far != NONE &&
			e->before.is.tokens[i].far_age < 0;
	if (counted || late || (o->verdict == VERDICT_REPLAYED && back))
		forget_pressed(&e->after);
	for (unsigned int i = 0;
	     i < tokens_of() && o->verdict == VERDICT_FAR && !o->guarded; i++)
		if (o->truth.at[IS_FAR][i] != NONE)
			e->after.real[i].pressed = o->truth.at[IS_FAR][i];
}

static const char *
check_refused(struct step *e)
{
	const struct outcome *o = e->outcome;
	const struct truth *t = &o->truth;
	bool far = is_met(t, IS_FAR) && e->action->count == 1;
	bool late = is_met(t, IS_LATE) && !far;
	bool counted =
	    is_guess(e->action) &&
	    (o->verdict == VERDICT_WRONG || o->verdict == VERDICT_FAR ||
		(o->verdict == VERDICT_RESTORED && !t->barred));

	if (t->guarded)
		return o->changed ? "a guarded refusal is written"
				  : check_moves(e, MEANINGS);
	if ((o->verdict == VERDICT_EXPIRED) != late || o->late != late)
		return late ? "a late code is not named, or not told"
			    : "it is not late";
	if ((o->verdict == VERDICT_FAR) != is_met(t, IS_FAR))
		return "a far code is another";
	remember_far(e, counted, late);
	if (check_counted(e, counted) != NULL)
		return check_counted(e, counted);
	return check_moves(e, late ? IS_LATE : MEANINGS);
}

static const char *
check_typed(struct step *e)
{
	enum meaning meaning = admitted_by(e);

	if (verdict_admits(e->outcome->verdict) != (meaning != MEANINGS))
		return meaning != MEANINGS ? "its owner is kept out"
					   : "it lets in";
	return meaning != MEANINGS ? check_admitted(e, meaning)
				   : check_refused(e);
}

/* A recovery code is good once, and an expired one never again. */
static const char *
check_recovered(struct step *e)
{
	const struct state *was = &e->before;
	int bit = 1 << e->action->number;
	bool once = e->action->number == 1;
	bool admits = verdict_admits(e->outcome->verdict);
	bool good =
	    e->action->number < 2 && !(was->gone & bit) && was->is.from == NONE;

	if (once && (was->is.once <= 0 || was->is.once > ONCE_STEPS))
		good = false;
	if (admits != good)
		return admits ? "a recovery code lets in that must not"
			      : "a recovery code does not let in";
	if (!admits)
		return check_counted(e, false) != NULL
			   ? "it is counted"
			   : check_moves(e, MEANINGS);
	e->after.gone |= (int8_t)bit;
	return check_admitted(e, MEANINGS);
}

static bool
is_disabled(const struct seen *s)
{
	for (unsigned int i = 0; i < tokens_of(); i++)
		if (!s->tokens[i].disabled)
			return false;
	return true;
}

/* Nothing of that shape can be right. */
static const char *
check_idle(struct step *e)
{
	if (verdict_admits(e->outcome->verdict))
		return "a disabled token lets in";
	if (e->outcome->truth.guarded && e->outcome->changed)
		return "a guarded refusal is written";
	if (check_counted(e, false) != NULL)
		return "what cannot be right is counted";
	return check_moves(e, MEANINGS);
}

static const char *
check_verdict(struct step *e)
{
	if (e->action->kind == RECOVER)
		return check_recovered(e);
	return e->outcome->truth.any ? check_typed(e) : check_idle(e);
}

const char *
check_attempt(struct step *e)
{
	const struct outcome *o = e->outcome;
	bool writes = !o->truth.guarded || verdict_admits(o->verdict);
	const char *why;

	if (is_disabled(&e->before.is))
		return verdict_admits(o->verdict) || o->changed || !o->same
			   ? "a disabled account does something"
			   : NULL;
	why = check_verdict(e);
	if (world->recovery && writes && e->before.is.once <= 0)
		e->after.gone |= 2;
	if (why == NULL && !o->changed && !o->same)
		why = "something is written that is not said to be";
	for (unsigned int i = 0; i < tokens_of() && why == NULL; i++)
		if ((o->after.tokens[i].far != NONE) !=
		    (e->after.real[i].pressed != NONE))
			why = "what is remembered is another";
	return why;
}
