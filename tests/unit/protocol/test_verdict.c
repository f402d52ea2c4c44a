/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_verdict.c - no single fault turns a refusal into an admission.
 */
#include <stdint.h>
#include <string.h>

#include "pam_rollcode/protocol/verdict.h"
#include "tests/support/cases.h"

#define DISTANCE 8

static const enum verdict verdicts[] = {
    VERDICT_NONE,
    VERDICT_MALFORMED,
    VERDICT_WRONG,
    VERDICT_FAR,
    VERDICT_REPLAYED,
    VERDICT_GUARDED,
    VERDICT_DISABLED,
    VERDICT_UNENROLLED,
    VERDICT_REFUSED,
    VERDICT_ENROLLED,
    VERDICT_ACCEPTED,
    VERDICT_EXPIRED,
    VERDICT_RESTORED,
    VERDICT_RESYNCED,
};

START_TEST(two_verdicts_admit_and_no_other)
{
	unsigned int admitted = 0;

	for (size_t i = 0; i < COUNT(verdicts); i++)
		admitted += verdict_admits(verdicts[i]);

	ck_assert_uint_eq(admitted, 2);
	ck_assert(verdict_admits(VERDICT_ACCEPTED));
	ck_assert(verdict_admits(VERDICT_RESYNCED));
}
END_TEST

START_TEST(a_verdict_with_one_bit_turned_over_admits_nobody)
{
	for (size_t i = 0; i < COUNT(verdicts); i++)
		for (unsigned int bit = 0; bit < 32; bit++)
			ck_assert(!verdict_admits((enum verdict)(
			    (uint32_t)verdicts[i] ^ (UINT32_C(1) << bit))));
}
END_TEST

START_TEST(any_two_verdicts_are_eight_bits_apart)
{
	for (size_t i = 0; i < COUNT(verdicts); i++)
		for (size_t j = 0; j < i; j++)
			ck_assert_int_ge(
			    __builtin_popcount((unsigned int)verdicts[i] ^
					       (unsigned int)verdicts[j]),
			    DISTANCE);
}
END_TEST

START_TEST(every_one_of_these_verdicts_has_a_name_of_its_own)
{
	size_t named = 0;

	for (size_t i = 0; i < COUNT(verdicts); i++) {
		named += strcmp(verdict_name(verdicts[i]), "none") != 0;
		for (size_t j = 0; j < i; j++)
			ck_assert_str_ne(verdict_name(verdicts[i]),
			    verdict_name(verdicts[j]));
	}
	ck_assert_uint_eq(named, COUNT(verdicts) - 1);
	ck_assert_str_eq(verdict_name((enum verdict)1), "none");
}
END_TEST

int
main(void)
{
	TCase *tc = test_case("bits", 0);

	tcase_add_test(tc, two_verdicts_admit_and_no_other);
	tcase_add_test(tc, a_verdict_with_one_bit_turned_over_admits_nobody);
	tcase_add_test(tc, any_two_verdicts_are_eight_bits_apart);
	tcase_add_test(tc, every_one_of_these_verdicts_has_a_name_of_its_own);
	return test_run();
}
