/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a caller other than root is told, and what is logged of it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "pam_rollcode/service/callers.h"
#include "tests/support/cases.h"

static const struct request verify = {
    .magic = PROTOCOL_REQUEST,
    .kind = REQUEST_VERIFY,
    .user = "ann",
    .service = "nginx",
};

/* An answer with something in each of its fields. */
static struct answer
full_answer(enum verdict verdict, enum rollcode_err err)
{
	struct answer answer;

	memset(&answer, 0x5a, sizeof(answer));
	answer.magic = PROTOCOL_ANSWER;
	memset(answer.nonce, 7, sizeof(answer.nonce));
	answer.result.verdict = verdict;
	answer.err = err;
	answer.result.matched = 1;
	answer.result.counter = 700;
	answer.result.distance = 690;
	snprintf(answer.result.token, sizeof(answer.result.token), "laptop");
	snprintf(answer.error.text, sizeof(answer.error.text), "of laptop");
	answer.error.fix[0] = '\0';
	return answer;
}

static struct answer
told(const struct request *request, enum verdict verdict, enum rollcode_err err)
{
	struct answer answer = full_answer(verdict, err);

	outsider_answer(request, &answer);
	return answer;
}

static const enum verdict refusals[] = {
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
    VERDICT_EXPIRED,
    VERDICT_RESTORED,
};

START_TEST(every_refusal_is_the_same_bytes)
{
	struct answer wrong = told(&verify, VERDICT_WRONG, ROLLCODE_OK);

	ck_assert_uint_eq(wrong.result.verdict, VERDICT_REFUSED);
	for (size_t i = 0; i < COUNT(refusals); i++) {
		struct answer answer = told(&verify, refusals[i], ROLLCODE_OK);

		ck_assert_mem_eq(&answer, &wrong, sizeof(wrong));
	}
}
END_TEST

START_TEST(a_success_has_no_counter_and_no_label)
{
	struct answer answer = told(&verify, VERDICT_RESYNCED, ROLLCODE_OK);

	ck_assert_uint_eq(answer.result.verdict, VERDICT_RESYNCED);
	ck_assert_uint_eq(answer.result.skipped, 0x5a5a5a5a);
	ck_assert_uint_eq(answer.result.recovery_left, 0x5a5a5a5a);
	ck_assert_uint_eq(answer.result.late, 0x5a5a5a5a);
	ck_assert_uint_eq(answer.result.matched, 0);
	ck_assert_uint_eq(answer.result.counter, 0);
	ck_assert_uint_eq(answer.result.distance, 0);
	ck_assert_int_eq(answer.result.age, 0);
	ck_assert_str_eq(answer.result.token, "");
	ck_assert_str_eq(answer.error.text, "");
}
END_TEST

START_TEST(an_error_keeps_its_code_and_no_word_of_the_user)
{
	struct answer answer =
	    told(&verify, VERDICT_ACCEPTED, ROLLCODE_ERR_CONFIG);

	ck_assert_int_eq(answer.err, ROLLCODE_ERR_CONFIG);
	ck_assert_uint_eq(answer.result.verdict, VERDICT_NONE);
	ck_assert_ptr_null(strstr(answer.error.text, "laptop"));
	ck_assert_ptr_nonnull(strstr(answer.error.text, "system log"));
}
END_TEST

START_TEST(an_error_about_the_caller_keeps_its_sentence)
{
	struct answer answer =
	    told(&verify, VERDICT_NONE, ROLLCODE_ERR_PRIVILEGE);

	ck_assert_int_eq(answer.err, ROLLCODE_ERR_PRIVILEGE);
	ck_assert_str_eq(answer.error.text, "of laptop");
	ck_assert_uint_eq(answer.result.matched, 0);
}
END_TEST

START_TEST(whether_somebody_is_enrolled_is_answered)
{
	struct request enrolled = verify;

	enrolled.kind = REQUEST_ENROLLED;
	ck_assert_uint_eq(
	    told(&enrolled, VERDICT_ENROLLED, ROLLCODE_OK).result.verdict,
	    VERDICT_ENROLLED);
	ck_assert_uint_eq(
	    told(&enrolled, VERDICT_UNENROLLED, ROLLCODE_OK).result.verdict,
	    VERDICT_UNENROLLED);
}
END_TEST

/* --- the log ----------------------------------------------------------------
 */

static int lines, counted;
static char last[4096];

static void
take_line(const char *, va_list) __attribute__((format(printf, 1, 0)));

static void
take_line(const char *format, va_list list)
{
	int n;

	vsnprintf(last, sizeof(last), format, list);
	if (sscanf(last, "requests refused beside those that have a line: %d",
		&n) == 1)
		counted += n;
	else
		lines++;
}

/* In place of the C library's: without _FORTIFY_SOURCE, and with it. */
void
syslog(int priority, const char *format, ...)
{
	va_list list;

	(void)priority;
	va_start(list, format);
	take_line(format, list);
	va_end(list);
}

void
__syslog_chk(int, int, const char *, ...) __attribute__((format(printf, 3, 4)));

void
__syslog_chk(int priority, int flag, const char *format, ...)
{
	va_list list;

	(void)priority;
	(void)flag;
	va_start(list, format);
	take_line(format, list);
	va_end(list);
}

START_TEST(each_refusal_is_in_a_line_or_in_a_sum)
{
	struct answer answer = full_answer(VERDICT_WRONG, ROLLCODE_OK);

	lines = counted = 0;
	answer.result.matched = 0;
	answer.result.behind = 0;
	for (int i = 0; i < 5000; i++)
		outsider_log(33, &verify, &answer);
	ck_assert_int_lt(lines, 5000);
	outsider_flush();
	ck_assert_int_eq(lines + counted, 5000);
	outsider_flush();
	ck_assert_int_eq(lines + counted, 5000);
}
END_TEST

/* Seconds that have passed beside those of the clock. */
static time_t passed;

int __real_clock_gettime(clockid_t, struct timespec *);
int __wrap_clock_gettime(clockid_t, struct timespec *);

int
__wrap_clock_gettime(clockid_t id, struct timespec *now)
{
	int result = __real_clock_gettime(id, now);

	now->tv_sec += passed;
	return result;
}

START_TEST(each_second_has_lines_of_its_own)
{
	struct answer answer = full_answer(VERDICT_WRONG, ROLLCODE_OK);

	passed = 10;
	lines = counted = 0;
	answer.result.behind = 0;
	for (int second = 1; second <= 3; second++) {
		for (int i = 0; i < OUTSIDER_LINES + 5; i++)
			outsider_log(33, &verify, &answer);
		ck_assert_int_eq(lines, second * OUTSIDER_LINES);
		ck_assert_int_eq(counted, (second - 1) * 5);
		passed++;
	}
}
END_TEST

START_TEST(a_file_that_went_back_has_a_line_of_its_own)
{
	struct answer answer = full_answer(VERDICT_ACCEPTED, ROLLCODE_OK);

	passed = 20;
	lines = counted = 0;
	outsider_log(33, &verify, &answer);
	ck_assert_int_eq(lines, 2);
	answer.err = ROLLCODE_ERR_STORE;
	outsider_log(33, &verify, &answer);
	ck_assert_int_eq(lines, 3);
}
END_TEST

START_TEST(a_success_has_a_line_after_any_number_of_refusals)
{
	struct answer answer = full_answer(VERDICT_WRONG, ROLLCODE_OK);

	for (int i = 0; i < 100; i++)
		outsider_log(33, &verify, &answer);
	answer.result.verdict = VERDICT_ACCEPTED;
	answer.result.recovery = 0;
	outsider_log(33, &verify, &answer);
	ck_assert_str_eq(last,
	    "asked by uid=33 service=nginx user=ann: code accepted for ann; "
	    "token=laptop counter=700 skipped=1515870810");
}
END_TEST

static const struct {
	const char *user;
	enum verdict verdict;
	enum rollcode_err err;
	const char *line; /* its beginning; "" for none */
} logged[] = {
    {"ann", VERDICT_FAR, ROLLCODE_OK,
	"asked by uid=33 service=nginx user=ann: reason=far token=laptop "
	"counter=700 distance=690: "},
    {"ann", VERDICT_EXPIRED, ROLLCODE_OK,
	"asked by uid=33 service=nginx user=ann: reason=expired token=laptop "
	"counter=700 age="},
    {"ann", VERDICT_REPLAYED, ROLLCODE_OK,
	"asked by uid=33 service=nginx user=ann: reason=replayed token="},
    {"secret", VERDICT_UNENROLLED, ROLLCODE_OK,
	"asked by uid=33 service=nginx user=: reason=unenrolled"},
    {"a b\n", VERDICT_WRONG, ROLLCODE_OK,
	"asked by uid=33 service=nginx user=a\\x20b\\x0a: reason=wrong"},
    {"ann", VERDICT_NONE, ROLLCODE_ERR_UNAVAIL,
	"asked by uid=33 service=nginx user=ann: no decision (temporarily "
	"unavailable): of laptop"},
    {"ann", VERDICT_NONE, ROLLCODE_ERR_PRIVILEGE, ""},
};

START_TEST(the_line_has_the_reason)
{
	struct answer answer = full_answer(logged[_i].verdict, logged[_i].err);
	struct request request = verify;

	answer.result.guarded = 0;
	last[0] = '\0';
	snprintf(request.user, sizeof(request.user), "%s", logged[_i].user);
	outsider_log(33, &request, &answer);
	ck_assert_msg(
	    strncmp(last, logged[_i].line, strlen(logged[_i].line)) == 0, "%s",
	    last);
	ck_assert(logged[_i].line[0] != '\0' || last[0] == '\0');
}
END_TEST

/* A server's words, a label, a service: each may be anything. */
START_TEST(what_a_line_has_of_others_is_escaped)
{
	struct answer answer = full_answer(VERDICT_NONE, ROLLCODE_ERR_UNAVAIL);
	struct request request = verify;

	snprintf(request.service, sizeof(request.service), "n\n\x1b");
	snprintf(answer.error.text, sizeof(answer.error.text),
	    "x\nroot let in\xc2\x9b\xe2\x80\xae\\; fix: sh");
	error_fix(&answer.error, ROLLCODE_OK, "chmod", "600", "/a b", NULL);
	outsider_log(33, &request, &answer);
	ck_assert_str_eq(last,
	    "asked by uid=33 service=n\\x0a\\x1b user=ann: no decision "
	    "(temporarily "
	    "unavailable): x\\x0aroot let in\\xc2\\x9b\\xe2\\x80\\xae\\x5c; "
	    "fix\\x3a sh; fix: chmod 600 '/a b'");
	answer = full_answer(VERDICT_FAR, ROLLCODE_OK);
	answer.result.guarded = 0;
	snprintf(
	    answer.result.token, sizeof(answer.result.token), "a b\xc2\x85");
	outsider_log(33, &verify, &answer);
	ck_assert_ptr_nonnull(
	    strstr(last, " token=a\\x20b\\xc2\\x85 counter="));
}
END_TEST

int
main(void)
{
	TCase *tcase = test_case("outsider", 0);

	/* First: there are lines left in this second. */
	tcase_add_loop_test(tcase, the_line_has_the_reason, 0, COUNT(logged));
	tcase_add_test(tcase, what_a_line_has_of_others_is_escaped);
	tcase_add_test(tcase, every_refusal_is_the_same_bytes);
	tcase_add_test(tcase, a_success_has_no_counter_and_no_label);
	tcase_add_test(tcase, an_error_keeps_its_code_and_no_word_of_the_user);
	tcase_add_test(tcase, an_error_about_the_caller_keeps_its_sentence);
	tcase_add_test(tcase, whether_somebody_is_enrolled_is_answered);
	tcase_add_test(tcase, each_refusal_is_in_a_line_or_in_a_sum);
	tcase_add_test(tcase, each_second_has_lines_of_its_own);
	tcase_add_test(tcase, a_file_that_went_back_has_a_line_of_its_own);
	tcase_add_test(
	    tcase, a_success_has_a_line_after_any_number_of_refusals);
	return test_run();
}
