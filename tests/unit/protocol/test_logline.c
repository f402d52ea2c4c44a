/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a log line says of an attempt.
 */
#include <stdbool.h>
#include <syslog.h>

#include "pam_rollcode/protocol/logline.h"
#include "tests/support/cases.h"

static const struct {
	enum verdict verdict;
	bool guarded;
	int priority;
	const char *begins;
} refusals[] = {
    {VERDICT_WRONG, false, LOG_NOTICE, "reason=wrong: "},
    {VERDICT_WRONG, true, LOG_NOTICE, "reason=wrong guarded: "},
    {VERDICT_EXPIRED, false, LOG_NOTICE, "reason=expired age=0: "},
    {VERDICT_RESTORED, false, LOG_WARNING, "reason=restored: "},
    {VERDICT_REPLAYED, false, LOG_WARNING, "reason=replayed: "},
    {VERDICT_GUARDED, true, LOG_NOTICE, "reason=guarded: "},
    {VERDICT_NONE, false, LOG_ERR, "reason=none: no verdict"},
    {VERDICT_ACCEPTED, false, LOG_ERR, "reason=none: the code was accepted"},
};

START_TEST(a_refusal_has_its_reason_and_whether_it_is_guarded)
{
	struct verification v = {
	    .verdict = refusals[_i].verdict, .guarded = refusals[_i].guarded};
	char line[LOGLINE_MAX];

	ck_assert_int_eq(logline_refusal(&v, line), refusals[_i].priority);
	ck_assert_msg(strncmp(line, refusals[_i].begins,
			  strlen(refusals[_i].begins)) == 0,
	    "%s", line);
}
END_TEST

START_TEST(names_in_a_line_are_words_of_ascii)
{
	struct verification v = {.verdict = VERDICT_ACCEPTED,
	    .matched = 1,
	    .counter = 7,
	    .token = "a b"};
	char line[LOGLINE_MAX];

	ck_assert_int_eq(logline_success(&v, "a nn\xc3\xa4", line), LOG_INFO);
	ck_assert_str_eq(line, "code accepted for a\\x20nn\\xc3\\xa4; "
			       "token=a\\x20b counter=7 skipped=0");
	v.recovery = 1;
	ck_assert_int_eq(logline_success(&v, "a b", line), LOG_WARNING);
	ck_assert_str_eq(line, "recovery code accepted for a\\x20b; 0 left");
}
END_TEST

/* The longest label, every byte of it escaped. */
START_TEST(a_refusal_says_where_it_matched_whatever_the_label)
{
	struct verification v = {.verdict = VERDICT_FAR,
	    .matched = 1,
	    .counter = UINT64_MAX,
	    .distance = 9};
	char line[LOGLINE_MAX], *at;

	memset(v.token, '\n', sizeof(v.token) - 1);
	logline_refusal(&v, line);
	ck_assert_ptr_nonnull(at = strstr(line, "reason=far token="));
	at += strlen("reason=far token=");
	for (size_t i = 0; i < sizeof(v.token) - 1; i++, at += 4)
		ck_assert(strncmp(at, "\\x0a", 4) == 0);
	ck_assert(
	    strncmp(at, " counter=18446744073709551615 distance=9: ", 42) == 0);
	v.matched = 0;
	logline_refusal(&v, line);
	ck_assert(strncmp(line, "reason=far: ", 12) == 0);
}
END_TEST

START_TEST(a_late_code_has_its_age_and_no_distance)
{
	struct verification v = {.verdict = VERDICT_EXPIRED,
	    .matched = 1,
	    .counter = 7,
	    .distance = 2,
	    .age = 612,
	    .token = "laptop"};
	char line[LOGLINE_MAX];

	ck_assert_int_eq(logline_refusal(&v, line), LOG_NOTICE);
	ck_assert_msg(
	    strncmp(line,
		"reason=expired token=laptop counter=7 age=612: ", 47) == 0,
	    "%s", line);
	v.age = -612;
	logline_refusal(&v, line);
	ck_assert_ptr_nonnull(strstr(line, " counter=7 age=-612: "));
}
END_TEST

START_TEST(a_file_that_went_back_is_named_with_how_far)
{
	struct verification v = {.verdict = VERDICT_ACCEPTED};
	char line[LOGLINE_MAX];

	ck_assert_int_eq(logline_behind(&v, "ann", line), 0);
	v.behind = 25;
	v.changed = 1;
	ck_assert_int_eq(logline_behind(&v, "a nn", line), LOG_ALERT);
	ck_assert_str_eq(line,
	    "the file of a\\x20nn was 25 changes older than its witness: "
	    "restored, or a log was lost");
}
END_TEST

START_TEST(a_file_that_stays_as_it_went_back_is_no_alert_each_time)
{
	struct verification v = {.verdict = VERDICT_GUARDED, .behind = 1};
	char line[LOGLINE_MAX];

	ck_assert_int_eq(logline_behind(&v, "ann", line), LOG_WARNING);
	ck_assert_str_eq(line,
	    "the file of ann is 1 change older than its witness: "
	    "restored, or a log was lost");
}
END_TEST

int
main(void)
{
	TCase *tcase = test_case("lines", 0);

	tcase_add_loop_test(tcase,
	    a_refusal_has_its_reason_and_whether_it_is_guarded, 0,
	    COUNT(refusals));
	tcase_add_test(tcase, names_in_a_line_are_words_of_ascii);
	tcase_add_test(
	    tcase, a_refusal_says_where_it_matched_whatever_the_label);
	tcase_add_test(tcase, a_late_code_has_its_age_and_no_distance);
	tcase_add_test(tcase, a_file_that_went_back_is_named_with_how_far);
	tcase_add_test(
	    tcase, a_file_that_stays_as_it_went_back_is_no_alert_each_time);
	return test_run();
}
