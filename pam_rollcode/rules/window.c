/* SPDX-License-Identifier: Apache-2.0 */
#include "common/token/token.h"
#include "rules/window.h"

static bool
is_fresh(
    const struct account_token *t, const struct policy *policy, int64_t now)
{
	return t->far_known && now >= t->far_time &&
	       now - t->far_time <= policy->resync_seconds &&
	       t->far_counter + 1 >= t->token.counter;
}

struct window
window_of(const struct account_token *t, enum range range,
    const struct policy *policy, int64_t now)
{
	bool timed = t->token.form == FORM_TIMED;
	uint64_t counter = t->token.counter;
	uint64_t tolerance = (uint64_t)policy->tolerance;
	uint64_t far = (uint64_t)policy->resync_window / (timed ? 3 : 1);
	uint64_t behind = (uint64_t)policy->lookbehind / (timed ? 4 : 1);

	if (range == RANGE_NEAR || range == RANGE_LATE)
		return (struct window){
		    counter, range == RANGE_NEAR || timed ? tolerance : 0};
	if (range == RANGE_REMEMBERED)
		return (struct window){
		    is_fresh(t, policy, now) ? t->far_counter + 1 : counter, 1};
	if (range == RANGE_FAR)
		return (struct window){
		    counter + tolerance, far > tolerance ? far - tolerance : 0};
	if (behind > counter - form_first_counter(t->token.form))
		behind = counter - form_first_counter(t->token.form);
	return (struct window){counter - behind, behind};
}

struct steps
window_steps(
    enum rollcode_form form, enum range range, int64_t now, int64_t from_step)
{
	int64_t step = code_step(now), first = step - 1, last = step + 1;

	if (form != FORM_TIMED)
		return (struct steps){0, 1};
	if (range == RANGE_LATE || range == RANGE_BEHIND) {
		first = step - WINDOW_LATE;
		last = range == RANGE_LATE ? step + WINDOW_LATE : last;
		from_step = 0;
	}
	if (first < from_step)
		first = from_step;
	if (step < 0 || last < first)
		return (struct steps){0, 0};
	return (struct steps){first, (unsigned int)(last - first + 1)};
}

/* What the codes of input are at one counter. */
struct equal {
	bool code[INPUT_CODES]; /* in one of the steps */
	int64_t step;		/* of the first of them */
};

static enum rollcode_err
compare_codes(struct code_maker *maker, const struct input *input,
    uint64_t counter, struct steps steps, struct equal *equal)
{
	WIPED(passcode_wipe) struct passcode code = {0};
	enum rollcode_err err;

	memset(equal, 0, sizeof(*equal));
	for (unsigned int k = 0; k < steps.count; k++) {
		int64_t step = steps.first + k;

		if ((err = code_at(maker, counter, step, &code)) != ROLLCODE_OK)
			return err;
		for (unsigned int i = 0; i < INPUT_CODES; i++) {
			bool same = secret_equal(
			    code.text, input->codes[i].text, input->width);

			equal->code[i] |= same;
			if (i == 0)
				equal->step = same ? step : equal->step;
		}
	}
	return ROLLCODE_OK;
}

/*
 * As many codes are computed and compared for one as for three, in all steps of
 * all counters, wherever it matches.
 */
enum rollcode_err
window_walk(struct code_maker *maker, const struct input *input,
    struct window window, struct steps steps, struct match *match)
{
	unsigned int more = input->count - 1;
	uint64_t end = window.from + window.count + INPUT_CODES - 1;
	bool run[INPUT_CODES + 1] = {true};
	int64_t made[INPUT_CODES + 1] = {0};
	struct equal equal;
	enum rollcode_err err;

	if (window.count == 0)
		return ROLLCODE_OK;
	if (end > ROLLCODE_COUNTER_END)
		end = ROLLCODE_COUNTER_END;
	for (uint64_t c = window.from; c < end; c++) {
		bool found;

		if ((err = compare_codes(maker, input, c, steps, &equal)) !=
		    ROLLCODE_OK)
			return err;
		made[0] = equal.step;
		for (unsigned int i = INPUT_CODES; i-- > 0;) {
			run[i + 1] = equal.code[i] & run[i];
			made[i + 1] = made[i];
		}
		found =
		    run[input->count] & (c - window.from < window.count + more);
		match->found |= found;
		match->first = found ? c - more : match->first;
		match->step = found ? made[input->count] : match->step;
	}
	return ROLLCODE_OK;
}
