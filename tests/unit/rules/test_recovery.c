/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Codes for somebody who has lost a token, from issue to use.
 */
#include <stdio.h>
#include <string.h>

#include "pam_rollcode/rules/recovery.h"
#include "pam_rollcode/rules/verify.h"
#include "tests/support/cases.h"
#include "tests/support/stack.h"

#define NOW 1700000000
#define HOUR 3600

static const struct policy policy = {5, 1000, 300, 5, 20, 64};
static struct account ann;
static struct recovery_sheet sheet;
static struct recovery_text once;
static struct error error;

static void
setup(void)
{
	struct rollcode_token token = {
	    .form = FORM_HOTP,
	    .algorithm = ALGORITHM_SHA256,
	    .digits = 8,
	    .secret = {.len = 32},
	};

	memset(&ann, 0, sizeof(ann));
	memset(&error, 0, sizeof(error));
	strcpy(ann.user, "ann");
	ck_assert_int_eq(account_add(&ann, &token, NOW, &error), ROLLCODE_OK);
}

static bool
lets_in(const char *text, int64_t now)
{
	struct input typed;
	struct verification verified;

	ck_assert_int_eq(input_parse(text, &typed), INPUT_RECOVERY);
	ck_assert_int_eq(
	    verify_input(&ann, &typed, &policy, now, &verified), ROLLCODE_OK);
	return verdict_admits(verified.verdict);
}

static void
issue(void)
{
	ck_assert_int_eq(
	    recovery_issue(&ann, NOW, &sheet, &error), ROLLCODE_OK);
}

static void
issue_once(int64_t now)
{
	ck_assert_int_eq(
	    recovery_issue_once(&ann, now, HOUR, &once, &error), ROLLCODE_OK);
}

START_TEST(each_code_of_a_sheet_lets_in_once)
{
	issue();
	ck_assert_uint_eq(account_recovery_left(&ann), ACCOUNT_RECOVERY_CODES);

	for (size_t i = 0; i < ACCOUNT_RECOVERY_CODES; i++)
		ck_assert(lets_in(sheet.codes[i].text, NOW));

	for (size_t i = 0; i < ACCOUNT_RECOVERY_CODES; i++)
		ck_assert(!lets_in(sheet.codes[i].text, NOW));
	ck_assert_uint_eq(account_recovery_left(&ann), 0);
}
END_TEST

START_TEST(a_code_stands_in_groups)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

	issue();

	for (size_t i = 0; i < ACCOUNT_RECOVERY_CODES; i++) {
		const char *text = sheet.codes[i].text;

		ck_assert_uint_eq(strlen(text), 19);
		for (size_t at = 0; at < 19; at++)
			ck_assert(at % 5 == 4
				      ? text[at] == '-'
				      : strchr(digits, text[at]) != NULL);
	}
}
END_TEST

START_TEST(no_two_codes_are_alike)
{
	char seen[20][RECOVERY_TEXT + 1];

	for (size_t i = 0; i < 2; i++) {
		issue();
		for (size_t n = 0; n < ACCOUNT_RECOVERY_CODES; n++)
			strcpy(seen[10 * i + n], sheet.codes[n].text);
	}

	for (size_t i = 0; i < 20; i++)
		for (size_t n = 0; n < i; n++)
			ck_assert_str_ne(seen[i], seen[n]);
}
END_TEST

START_TEST(a_code_may_be_typed_in_small_letters_without_dashes)
{
	char typed[RECOVERY_TEXT + 1], *out = typed;

	issue();
	for (const char *in = sheet.codes[3].text; *in != '\0'; in++)
		if (*in != '-')
			*out++ = (char)(*in >= 'A' ? *in | 0x20 : *in);
	*out = '\0';

	ck_assert(lets_in(typed, NOW));
}
END_TEST

START_TEST(another_sheet_voids_the_first_and_touches_no_token)
{
	struct recovery_sheet first;
	struct account_token token = ann.tokens[0];
	struct secret_key key;

	issue();
	issue_once(NOW);
	first = sheet;
	key = ann.recovery_key;

	issue();

	ck_assert(!lets_in(first.codes[0].text, NOW));
	ck_assert(!lets_in(once.text, NOW));
	ck_assert(lets_in(sheet.codes[0].text, NOW));
	ck_assert_mem_eq(&ann.tokens[0], &token, sizeof(token));
	ck_assert_mem_ne(&ann.recovery_key, &key, sizeof(key));
}
END_TEST

START_TEST(a_one_time_code_leaves_the_sheet_alone)
{
	issue();
	issue_once(NOW);

	ck_assert(lets_in(once.text, NOW + HOUR - 1));
	ck_assert(!lets_in(once.text, NOW + HOUR - 1));
	for (size_t i = 0; i < ACCOUNT_RECOVERY_CODES; i++)
		ck_assert(lets_in(sheet.codes[i].text, NOW));
}
END_TEST

START_TEST(a_one_time_code_needs_no_sheet_and_expires)
{
	issue_once(NOW);

	ck_assert_uint_eq(account_recovery_left(&ann), 0);
	ck_assert(!lets_in(once.text, NOW + HOUR));
	ck_assert(!lets_in(once.text, NOW));
}
END_TEST

START_TEST(the_next_one_time_code_voids_the_one_before)
{
	struct recovery_text first;

	issue();
	issue_once(NOW);
	first = once;

	issue_once(NOW + 1);

	ck_assert_uint_eq(ann.recovery_count, ACCOUNT_RECOVERY_MAX);
	ck_assert(!lets_in(first.text, NOW + 2));
	ck_assert(lets_in(once.text, NOW + 2));
}
END_TEST

/* A write would tell that there was one. */
START_TEST(while_guarded_a_refusal_writes_nothing_off)
{
	struct account before;
	struct input typed;
	struct verification verified;

	issue_once(NOW);
	ann.failures = 100;
	before = ann;
	ck_assert_int_eq(
	    input_parse("AAAAAAAAAAAAAAAA", &typed), INPUT_RECOVERY);
	ck_assert_int_eq(
	    verify_input(&ann, &typed, &policy, NOW + HOUR, &verified),
	    ROLLCODE_OK);

	ck_assert(!verified.changed);
	ck_assert_mem_eq(ann.recovery, before.recovery, sizeof(ann.recovery));
}
END_TEST

/* Zero would be no expiry at all. */
START_TEST(a_clock_before_1970_issues_no_one_time_code)
{
	ck_assert_int_eq(recovery_issue_once(&ann, -HOUR, HOUR, &once, &error),
	    ROLLCODE_ERR_SYS);

	ck_assert_ptr_nonnull(strstr(error.text, "before 1970; set it"));
	ck_assert_uint_eq(ann.recovery_count, 0);
}
END_TEST

START_TEST(what_was_taken_back_has_no_shape_any_more)
{
	struct input typed;
	struct verification verified;

	issue();
	recovery_void(&ann);

	ck_assert_int_eq(
	    input_parse(sheet.codes[0].text, &typed), INPUT_RECOVERY);
	ck_assert_int_eq(
	    verify_input(&ann, &typed, &policy, NOW, &verified), ROLLCODE_OK);
	ck_assert_int_eq(verified.verdict, VERDICT_MALFORMED);
	ck_assert(!ann.recovery_key_set);
	ck_assert_mem_eq(
	    &ann.recovery_key, &(struct secret_key){{0}}, SECRET_KEY_LEN);
}
END_TEST

static char digits[RECOVERY_DIGITS + 1];

static void
issue_digits(void)
{
	char *out = digits;

	(void)!recovery_issue_once(&ann, NOW, HOUR, &once, &error);
	for (const char *in = once.text; *in != '\0'; in++)
		if (*in != '-')
			*out++ = *in;
}

START_TEST(a_code_does_not_stay_on_the_stack)
{
	ck_assert(!stays_on_stack(issue_digits, digits, RECOVERY_DIGITS));
	ck_assert_uint_eq(strlen(digits), RECOVERY_DIGITS);
}
END_TEST

/* --- the tokens of an account --------------------------------------------- */

static enum rollcode_err
add(const char *label, uint8_t first, size_t len)
{
	struct rollcode_token token = ann.tokens[0].token;

	strcpy(token.label, label);
	memset(token.secret.bytes, 7, len);
	token.secret.bytes[0] = first;
	token.secret.len = len;
	return account_add(&ann, &token, NOW, &error);
}

START_TEST(a_label_that_begins_like_another_is_its_own)
{
	ck_assert_int_eq(add("phones", 1, 32), ROLLCODE_OK);
	ck_assert_int_eq(add("phone", 2, 32), ROLLCODE_OK);

	ck_assert_str_eq(account_find(&ann, "phone")->token.label, "phone");
	ck_assert_str_eq(account_find(&ann, "phones")->token.label, "phones");
	ck_assert_ptr_null(account_find(&ann, "phon"));
	ck_assert_int_eq(add("phone", 3, 32), ROLLCODE_ERR_EXISTS);
}
END_TEST

START_TEST(a_secret_that_begins_like_another_is_its_own)
{
	ck_assert_int_eq(add("a", 1, 32), ROLLCODE_OK);
	ck_assert_int_eq(add("b", 1, 33), ROLLCODE_OK);
	ck_assert_int_eq(add("c", 1, 31), ROLLCODE_OK);
	ck_assert_int_eq(add("d", 1, 32), ROLLCODE_ERR_EXISTS);
}
END_TEST

START_TEST(an_account_has_as_many_tokens_as_there_is_room_for)
{
	char label[8];

	for (uint8_t i = 1; i < ACCOUNT_TOKENS_MAX; i++) {
		snprintf(label, sizeof(label), "t%u", i);
		ck_assert_int_eq(add(label, i, 32), ROLLCODE_OK);
	}

	ck_assert_int_eq(add("more", 200, 32), ROLLCODE_ERR_INPUT);
	ck_assert_uint_eq(ann.token_count, ACCOUNT_TOKENS_MAX);
}
END_TEST

START_TEST(an_unlocked_account_has_its_guesses_and_remembers_nothing)
{
	ann.failures = 5;
	ann.spent = 20;
	ann.spent_time = NOW;
	ann.tokens[0].far_known = true;

	account_unlock(&ann);

	ck_assert(!verify_is_guarded(&ann, &policy, NOW));
	ck_assert_uint_eq(ann.failures, 0);
	ck_assert_uint_eq(ann.spent, 0);
	ck_assert(!ann.tokens[0].far_known);
}
END_TEST

static void
add_account_tests(TCase *tcase)
{
	tcase_add_test(tcase, a_label_that_begins_like_another_is_its_own);
	tcase_add_test(tcase, a_secret_that_begins_like_another_is_its_own);
	tcase_add_test(
	    tcase, an_account_has_as_many_tokens_as_there_is_room_for);
	tcase_add_test(
	    tcase, an_unlocked_account_has_its_guesses_and_remembers_nothing);
}

int
main(void)
{
	TCase *tcase = test_case("recovery", 0);

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, each_code_of_a_sheet_lets_in_once);
	tcase_add_test(tcase, a_code_stands_in_groups);
	tcase_add_test(tcase, no_two_codes_are_alike);
	tcase_add_test(
	    tcase, a_code_may_be_typed_in_small_letters_without_dashes);
	tcase_add_test(
	    tcase, another_sheet_voids_the_first_and_touches_no_token);
	tcase_add_test(tcase, a_one_time_code_leaves_the_sheet_alone);
	tcase_add_test(tcase, a_one_time_code_needs_no_sheet_and_expires);
	tcase_add_test(tcase, while_guarded_a_refusal_writes_nothing_off);
	tcase_add_test(tcase, the_next_one_time_code_voids_the_one_before);
	tcase_add_test(tcase, a_clock_before_1970_issues_no_one_time_code);
	tcase_add_test(tcase, what_was_taken_back_has_no_shape_any_more);
	tcase_add_test(tcase, a_code_does_not_stay_on_the_stack);
	add_account_tests(tcase);
	return test_run();
}
