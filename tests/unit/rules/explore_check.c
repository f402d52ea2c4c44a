/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "tests/unit/rules/explore.h"

unsigned int
number_at(const struct state *s, unsigned int i, int at, int step)
{
	return number_of(i, BASE + (uint64_t)(s->tokens[i].counter + at),
	    is_timed(i) ? code_step(NOW) + step : 0);
}

static int
refunded(const struct state *s)
{
	int days = s->spent_age > 0 ? s->spent_age / DAY_STEPS : 0;

	return s->spent > days ? s->spent - days : 0;
}

/* Whether the codes are those of that token from there on, so made. */
static bool
are_codes(const struct state *s, const struct truth *t, unsigned int i, int at,
    int first, int last)
{
	for (unsigned int k = 0; k < t->count; k++) {
		bool is = false;

		for (int step = first; step <= last; step++)
			is |=
			    number_at(s, i, at + (int)k, step) == t->numbers[k];
		if (!is)
			return false;
	}
	return true;
}

static bool
is_barred(const struct state *s, unsigned int i)
{
	return s->from != NONE && (!is_timed(i) || s->from > 0);
}

static bool
is_pressed(const struct state *s, unsigned int i, int at)
{
	int seconds = s->tokens[i].far_age * ROLLCODE_STEP;

	return s->tokens[i].pressed != NONE && s->tokens[i].pressed + 1 == at &&
	       seconds >= 0 && seconds <= world->policy.resync_seconds;
}

static void
find_meanings(const struct state *s, unsigned int i, struct truth *t)
{
	int near = (int)world->policy.tolerance;
	int first = is_timed(i) ? -1 : 0, last = is_timed(i) ? 1 : 0;

	if (s->from != NONE && s->from > first)
		first = s->from;
	for (int at = 0; at <= far_end(i); at++) {
		bool fresh = are_codes(s, t, i, at, first, last);
		bool is[MEANINGS] = {
		    [IS_NEAR] = fresh && at < near,
		    [IS_PRESSED] =
			fresh && t->count == 1 && is_pressed(s, i, at),
		    [IS_FAR] = fresh && at >= near && at < far_end(i),
		    [IS_LATE] = is_timed(i) && at < near &&
				are_codes(s, t, i, at, -15, 15),
		};

		for (int m = 0; m < MEANINGS; m++) {
			t->any[m] |= is[m];
			if (is[m])
				t->at[m][i] = at;
		}
	}
}

void
find_truth(const struct state *s, struct truth *t)
{
	t->guarded = s->failures >= world->policy.guard_after ||
		     refunded(s) >= world->policy.guesses;
	t->barred = true;
	for (unsigned int i = 0; i < tokens_of(); i++) {
		for (int m = 0; m < MEANINGS; m++)
			t->at[m][i] = NONE;
		if (s->tokens[i].disabled)
			continue;
		t->barred &= is_barred(s, i);
		if (!is_barred(s, i))
			find_meanings(s, i, t);
	}
}

/* By which meaning it lets in; MEANINGS if it does not. */
static enum meaning
admitted_by(const struct truth *t)
{
	if (t->guarded && t->count < INPUT_CODES)
		return MEANINGS;
	if (t->any[IS_NEAR])
		return IS_NEAR;
	if (t->any[IS_PRESSED] && !t->guarded)
		return IS_PRESSED;
	return t->any[IS_FAR] && t->count > 1 ? IS_FAR : MEANINGS;
}

/* Every token that it is a code of has passed it, and no other has moved. */
static const char *
check_moves(struct step *e, enum meaning meaning)
{
	for (unsigned int i = 0; i < tokens_of(); i++) {
		uint64_t old = e->was.tokens[i].token.counter;
		uint64_t new = e->is.tokens[i].token.counter;
		int at = meaning == MEANINGS ? NONE : e->truth.at[meaning][i];

		if (new < old)
			return "a counter fell";
		if (at == NONE && new != old)
			return "a counter moved that was not met";
		if (at == NONE)
			continue;
		if (at < e->before.tokens[i].passed && meaning != IS_LATE)
			return "a code was used that was used or skipped";
		if (new != old + (uint64_t)at + e->truth.count)
			return "a code was not passed";
		if (at < e->before.tokens[i].passed)
			continue;
		e->after.tokens[i].passed = (int8_t)(at + (int)e->truth.count);
		if (meaning == IS_LATE)
			continue;
		e->after.tokens[i].entered = e->after.tokens[i].passed;
		e->after.tokens[i].made =
		    (int8_t)(e->action->kind == TYPE ||
				     e->action->kind == RESYNC
				 ? e->action->codes[e->truth.count - 1].step
				 : 0);
	}
	return NULL;
}

void
forget_pressed(struct state *s)
{
	for (unsigned int i = 0; i < tokens_of(); i++)
		s->tokens[i].pressed = NONE;
}

/* A guess is counted, and nothing else is. */
static const char *
check_counted(const struct step *e, bool counted)
{
	if (e->is.failures != e->was.failures + counted)
		return counted ? "a guess is not counted"
			       : "a failure too many";
	if (e->is.spent != (uint32_t)refunded(&e->before) + counted)
		return counted ? "a guess is free" : "a guess too many";
	return NULL;
}

/* Nothing of the account is another, but for guesses that are given back. */
static const char *
check_unchanged(const struct step *e)
{
	struct account is = e->is;

	is.spent = e->was.spent;
	is.spent_time = e->was.spent_time;
	return memcmp(&is, &e->was, sizeof(is)) == 0
		   ? NULL
		   : "something is written that is not said to be";
}

static const char *
check_admitted(struct step *e, enum meaning meaning)
{
	forget_pressed(&e->after);
	if (e->is.failures != 0)
		return "failures are not forgotten";
	if (e->is.spent != (uint32_t)refunded(&e->before))
		return "guesses are forgotten, or counted";
	return check_moves(e, meaning);
}

static const char *
check_refused(struct step *e)
{
	const struct truth *t = &e->truth;
	enum verdict verdict = e->got.verdict;
	bool late = t->any[IS_LATE] && !(t->any[IS_FAR] && t->count == 1);
	bool counted = verdict == VERDICT_WRONG || verdict == VERDICT_FAR ||
		       (verdict == VERDICT_RESTORED && !t->barred);
	bool back = false;

	if (t->guarded)
		return e->got.changed ? "a guarded refusal is written"
				      : check_moves(e, MEANINGS);
	if ((verdict == VERDICT_EXPIRED) != late)
		return late ? "a late code is not named" : "it is not late";
	if ((verdict == VERDICT_FAR) != t->any[IS_FAR])
		return "a far code is another";
	for (unsigned int i = 0; i < tokens_of(); i++)
		back |= e->before.tokens[i].far != NONE &&
			e->before.tokens[i].far_age < 0;
	if (counted || late || (verdict == VERDICT_REPLAYED && back))
		forget_pressed(&e->after);
	for (unsigned int i = 0;
	     i < tokens_of() && verdict == VERDICT_FAR && !e->got.guarded; i++)
		e->after.tokens[i].pressed = (int8_t)t->at[IS_FAR][i];
	if (late && e->is.late != e->was.late + 1)
		return "a late code is not told";
	if (check_counted(e, counted) != NULL)
		return check_counted(e, counted);
	return check_moves(e, late ? IS_LATE : MEANINGS);
}

static const char *
check_typed(struct step *e)
{
	enum meaning meaning = admitted_by(&e->truth);

	if (verdict_admits(e->got.verdict) != (meaning != MEANINGS))
		return meaning != MEANINGS ? "its owner is kept out"
					   : "it lets in";
	return meaning != MEANINGS ? check_admitted(e, meaning)
				   : check_refused(e);
}

/* A recovery code is good once, and an expired one never again. */
static const char *
check_recovered(struct step *e)
{
	int bit = 1 << e->action->number;
	bool once = e->action->number == 1, admits;
	bool good = e->action->number < 2 && !(e->before.gone & bit) &&
		    e->before.from == NONE;

	if (once && (e->before.once <= 0 || e->before.once > ONCE_STEPS))
		good = false;
	admits = verdict_admits(e->got.verdict);
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
is_disabled(const struct state *s)
{
	for (unsigned int i = 0; i < tokens_of(); i++)
		if (!s->tokens[i].disabled)
			return false;
	return true;
}

const char *
check_attempt(struct step *e)
{
	const char *why;
	bool writes = !e->truth.guarded || verdict_admits(e->got.verdict);

	if (is_disabled(&e->before))
		return verdict_admits(e->got.verdict) || e->got.changed
			   ? "a disabled token does something"
			   : NULL;
	why = e->action->kind == RECOVER ? check_recovered(e) : check_typed(e);
	if (world->recovery && writes && e->before.once <= 0)
		e->after.gone |= 2;
	if (why == NULL && !e->got.changed)
		why = check_unchanged(e);
	for (unsigned int i = 0; i < tokens_of() && why == NULL; i++) {
		const struct account_token *t = &e->is.tokens[i];

		if (t->far_known != (e->after.tokens[i].pressed != NONE))
			why = "what is remembered is another";
	}
	return why;
}
