/* SPDX-License-Identifier: Apache-2.0 */
#include "token.h"
#include "window.h"

struct range
range_near(const struct account_token *t, const struct policy *policy)
{
	return (struct range){t->token.counter, (uint64_t)policy->tolerance};
}

struct range
range_far(const struct account_token *t, const struct policy *policy)
{
	uint64_t tolerance = (uint64_t)policy->tolerance;
	uint64_t window = (uint64_t)policy->resync_window;

	return (struct range){t->token.counter + tolerance,
	    window > tolerance ? window - tolerance : 0};
}

struct range
range_behind(const struct account_token *t, const struct policy *policy)
{
	uint64_t first = form_first_counter(t->token.form);
	uint64_t have = t->token.counter - first;
	uint64_t look = (uint64_t)policy->lookbehind;

	if (look > have)
		look = have;
	return (struct range){t->token.counter - look, look};
}

/* The one counter behind a remembered position. */
struct range
range_remembered(const struct account_token *t, const struct policy *policy)
{
	(void)policy;
	if (!t->far_known || t->far_counter + 1 < t->token.counter)
		return (struct range){0, 0};
	return (struct range){t->far_counter + 1, 1};
}

bool
range_fresh(
    const struct account_token *t, const struct policy *policy, int64_t now)
{
	return t->far_known && now >= t->far_time &&
	       now - t->far_time <= policy->resync_seconds;
}

/* The whole range is walked, wherever it matches. */
enum rollcode_err
window_walk(struct code_maker *maker, const struct submission *submission,
    struct range range, struct match *match)
{
	WIPED(passcode_wipe) struct passcode code = {0};
	unsigned int count = submission->count;
	bool run[SUBMISSION_CODES + 1] = {true};
	uint64_t end = range.from + range.count + count - 1;
	enum rollcode_err err;

	if (range.count == 0)
		return ROLLCODE_OK;
	if (end > ROLLCODE_COUNTER_END)
		end = ROLLCODE_COUNTER_END;
	for (uint64_t c = range.from; c < end; c++) {
		if ((err = code_at(maker, c, &code)) != ROLLCODE_OK)
			return err;
		for (unsigned int i = count; i-- > 0;) {
			bool equal = secret_equal(code.text,
			    submission->codes[i].text, submission->width);

			match->half[i] |=
			    equal & (c - range.from < range.count);
			run[i + 1] = equal & run[i];
		}
		match->found |= run[count];
		match->first = run[count] ? c - (count - 1) : match->first;
	}
	return ROLLCODE_OK;
}
