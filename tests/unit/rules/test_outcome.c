/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an event may say that happened.
 */
#include <stdio.h>
#include <string.h>

#include "pam_rollcode/protocol/verdict.h"
#include "pam_rollcode/rules/outcome.h"
#include "tests/support/cases.h"

/* With which something of an account can change. */
static const enum verdict verdicts[] = {
    VERDICT_MALFORMED,
    VERDICT_WRONG,
    VERDICT_FAR,
    VERDICT_REPLAYED,
    VERDICT_GUARDED,
    VERDICT_DISABLED,
    VERDICT_ACCEPTED,
    VERDICT_EXPIRED,
    VERDICT_RESTORED,
    VERDICT_RESYNCED,
};

static void
assert_whole(const char *name)
{
	char odd[64];

	ck_assert_msg(outcome_known(name), "%s", name);
	snprintf(odd, sizeof(odd), "%s ", name);
	ck_assert_msg(!outcome_known(odd), "%s", odd);
	snprintf(odd, sizeof(odd), "%.*s", (int)strlen(name) - 1, name);
	ck_assert_msg(!outcome_known(odd), "%s", odd);
}

START_TEST(each_act_and_each_verdict_is_an_outcome_and_nothing_like_it)
{
	for (int act = 0; act < ACTS; act++)
		assert_whole(act_name((enum act)act));
	for (size_t i = 0; i < COUNT(verdicts); i++)
		assert_whole(verdict_name(verdicts[i]));
	ck_assert(!outcome_known(""));
	ck_assert(!outcome_known(verdict_name(VERDICT_NONE)));
	ck_assert(!outcome_known(verdict_name(VERDICT_REFUSED)));
}
END_TEST

int
main(void)
{
	TCase *tcase = test_case("outcomes", 0);

	tcase_add_test(
	    tcase, each_act_and_each_verdict_is_an_outcome_and_nothing_like_it);
	return test_run();
}
