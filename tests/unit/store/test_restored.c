/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a login may do in a store that went back in time.
 */
#include "store/restored.h"
#include "tests/support/cases.h"

#define NOW 1700000000

static struct account account;
static struct error error;

static void
has_token(enum rollcode_form form, bool enabled)
{
	struct account_token *t = &account.tokens[account.token_count++];

	t->token.form = form;
	t->enabled = enabled;
}

static const struct config of_a_login;

static enum rollcode_err
decide(struct restored restored, bool enrolled)
{
	memset(&error, 0, sizeof(error));
	account.from_step = 0;
	return restored_account(
	    &of_a_login, &restored, "store", "ann", enrolled, &account, &error);
}

static void
refuses(struct restored restored, bool enrolled)
{
	ck_assert_int_eq(decide(restored, enrolled), ROLLCODE_ERR_STORE);
	ck_assert_uint_eq(error.reason, REASON_BACKUP);
	ck_assert_ptr_nonnull(strstr(error.text, "rollcode-admin restored"));
	ck_assert_int_eq(account.from_step, 0);
}

START_TEST(a_store_that_is_not_restored_is_as_it_was)
{
	has_token(FORM_HOTP, true);
	ck_assert_int_eq(
	    decide((struct restored){.since = NOW}, true), ROLLCODE_OK);
	ck_assert_int_eq(decide((struct restored){0}, false), ROLLCODE_OK);
	ck_assert_int_eq(account.from_step, 0);
}
END_TEST

START_TEST(who_has_no_timed_token_is_refused)
{
	const struct restored restored = {.is = true, .since = NOW};

	refuses(restored, true);
	has_token(FORM_HOTP, true);
	has_token(FORM_HEX, true);
	has_token(FORM_HASH, true);
	refuses(restored, true);
	has_token(FORM_TIMED, false);
	refuses(restored, true);
	has_token(FORM_TIMED, true);
	ck_assert_int_eq(decide(restored, true), ROLLCODE_OK);
}
END_TEST

START_TEST(nobody_is_said_not_to_be_enrolled)
{
	refuses((struct restored){.is = true, .since = NOW}, false);
	refuses(
	    (struct restored){.is = true, .copy = true, .placed = NOW}, false);
}
END_TEST

START_TEST(a_mark_without_a_time_refuses_everybody)
{
	has_token(FORM_TIMED, true);
	refuses((struct restored){.is = true, .since = 1}, true);
	refuses((struct restored){.is = true, .since = 999999999}, true);
	ck_assert_int_eq(
	    decide((struct restored){.is = true, .since = 1000000000}, true),
	    ROLLCODE_OK);
	ck_assert_int_eq(
	    decide(
		(struct restored){.is = true, .since = 1, .placed = NOW}, true),
	    ROLLCODE_OK);
}
END_TEST

START_TEST(codes_count_from_two_steps_behind_the_later_time)
{
	const int64_t step = NOW / ROLLCODE_STEP;

	has_token(FORM_TIMED, true);
	(void)!decide((struct restored){.is = true, .since = NOW}, true);
	ck_assert_int_eq(account.from_step, step + 2);
	(void)!decide(
	    (struct restored){.is = true, .since = NOW, .placed = NOW + 1200},
	    true);
	ck_assert_int_eq(account.from_step, step + 12);
	(void)!decide(
	    (struct restored){.is = true, .since = NOW, .placed = NOW - 1200},
	    true);
	ck_assert_int_eq(account.from_step, step + 2);
}
END_TEST

int
main(void)
{
	TCase *tcase = test_case("a restored store", 0);

	tcase_add_test(tcase, a_store_that_is_not_restored_is_as_it_was);
	tcase_add_test(tcase, who_has_no_timed_token_is_refused);
	tcase_add_test(tcase, nobody_is_said_not_to_be_enrolled);
	tcase_add_test(tcase, a_mark_without_a_time_refuses_everybody);
	tcase_add_test(tcase, codes_count_from_two_steps_behind_the_later_time);
	return test_run_apart();
}
