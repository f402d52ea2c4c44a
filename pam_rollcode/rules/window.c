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
	uint64_t counter = t->token.counter;
	uint64_t tolerance = (uint64_t)policy->tolerance;
	uint64_t far = (uint64_t)policy->resync_window;
	uint64_t behind = (uint64_t)policy->lookbehind;

	if (range == RANGE_NEAR)
		return (struct window){counter, tolerance};
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

/*
 * As many codes are computed and compared for one as for three, wherever it
 * matches.
 */
enum rollcode_err
window_walk(struct code_maker *maker, const struct input *input,
    struct window window, int64_t step, struct match *match)
{
	WIPED(passcode_wipe) struct passcode code = {0};
	unsigned int more = input->count - 1;
	uint64_t end = window.from + window.count + INPUT_CODES - 1;
	bool run[INPUT_CODES + 1] = {true};
	enum rollcode_err err;

	if (window.count == 0)
		return ROLLCODE_OK;
	if (end > ROLLCODE_COUNTER_END)
		end = ROLLCODE_COUNTER_END;
	for (uint64_t c = window.from; c < end; c++) {
		bool found;

		if ((err = code_at(maker, c, step, &code)) != ROLLCODE_OK)
			return err;
		for (unsigned int i = INPUT_CODES; i-- > 0;)
			run[i + 1] = secret_equal(code.text,
					 input->codes[i].text, input->width) &
				     run[i];
		found =
		    run[input->count] & (c - window.from < window.count + more);
		match->found |= found;
		match->first = found ? c - more : match->first;
	}
	return ROLLCODE_OK;
}
