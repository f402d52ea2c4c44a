/* SPDX-License-Identifier: Apache-2.0 */
#include "common/token/token.h"
#include "rules/window.h"

struct range
range_near(
    const struct account_token *t, const struct policy *policy, int64_t now)
{
	(void)now;
	return (struct range){t->token.counter, (uint64_t)policy->tolerance};
}

struct range
range_far(
    const struct account_token *t, const struct policy *policy, int64_t now)
{
	uint64_t tolerance = (uint64_t)policy->tolerance;
	uint64_t window = (uint64_t)policy->resync_window;

	(void)now;
	return (struct range){t->token.counter + tolerance,
	    window > tolerance ? window - tolerance : 0};
}

struct range
range_behind(
    const struct account_token *t, const struct policy *policy, int64_t now)
{
	uint64_t first = form_first_counter(t->token.form);
	uint64_t have = t->token.counter - first;
	uint64_t look = (uint64_t)policy->lookbehind;

	(void)now;
	if (look > have)
		look = have;
	return (struct range){t->token.counter - look, look};
}

static bool
is_fresh(
    const struct account_token *t, const struct policy *policy, int64_t now)
{
	return t->far_known && now >= t->far_time &&
	       now - t->far_time <= policy->resync_seconds &&
	       t->far_counter + 1 >= t->token.counter;
}

/*
 * Where nothing is remembered the next code's place is walked in vain, which
 * is near: there it has not matched.
 */
struct range
range_remembered(
    const struct account_token *t, const struct policy *policy, int64_t now)
{
	bool fresh = is_fresh(t, policy, now);

	return (struct range){fresh ? t->far_counter + 1 : t->token.counter, 1};
}

/*
 * As many codes are computed and compared for one as for three, wherever it
 * matches.
 */
enum rollcode_err
window_walk(struct code_maker *maker, const struct input *input,
    struct range range, struct match *match)
{
	WIPED(passcode_wipe) struct passcode code = {0};
	unsigned int more = input->count - 1;
	uint64_t end = range.from + range.count + INPUT_CODES - 1;
	bool run[INPUT_CODES + 1] = {true};
	enum rollcode_err err;

	if (range.count == 0)
		return ROLLCODE_OK;
	if (end > ROLLCODE_COUNTER_END)
		end = ROLLCODE_COUNTER_END;
	for (uint64_t c = range.from; c < end; c++) {
		bool found;

		if ((err = code_at(maker, c, &code)) != ROLLCODE_OK)
			return err;
		for (unsigned int i = INPUT_CODES; i-- > 0;)
			run[i + 1] = secret_equal(code.text,
					 input->codes[i].text, input->width) &
				     run[i];
		found =
		    run[input->count] & (c - range.from < range.count + more);
		match->found |= found;
		match->first = found ? c - more : match->first;
	}
	return ROLLCODE_OK;
}
