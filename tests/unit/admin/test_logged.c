/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a system log says of codes that were accepted.
 */
#include <stdio.h>
#include <stdlib.h>

#include "admin/logged.h"
#include "protocol/logline.h"
#include "tests/support/cases.h"

#define TRADITIONAL "Nov  9 10:15:00 host sshd[123]: "
#define RFC3339 "2026-11-29T10:15:00.123456+01:00 host sshd-session[9]: "
#define MODULE "pam_rollcode(sshd:auth): "
#define ANN "code accepted for ann; token=token counter=41 skipped=0"

static struct logged logged;

START_TEST(each_kind_of_log_is_read)
{
	static const char *const lines[] = {
	    TRADITIONAL MODULE ANN,
	    RFC3339 MODULE ANN,
	    "2026-11-29T10:15:00+0100 host sudo: pam_rollcode(sudo:auth): " ANN,
	    "Nov 29 10:15:00 host rollcode-verify[7]: asked by uid=1000 "
	    "service=sudo user=ann: " ANN,
	};

	for (size_t i = 0; i < COUNT(lines); i++) {
		memset(&logged, 0, sizeof(logged));
		ck_assert_msg(logged_parse(lines[i], &logged), "%s", lines[i]);
		ck_assert_str_eq(logged.user, "ann");
		ck_assert_str_eq(logged.token, "token");
		ck_assert_uint_eq(logged.counter, 41);
	}
}
END_TEST

/* What the module prints is what is read, whatever the names are. */
START_TEST(what_is_printed_is_read)
{
	static const char *const names[] = {"ann", "a b", "a;b", "tab\there",
	    "back\\slash", "\\x41", "M\xc3\xbcller",
	    "; token=x counter=9 skipped=0", "\xff"};
	struct verification v = {.verdict = VERDICT_RESYNCED,
	    .matched = 1,
	    .counter = INT64_MAX - 1};
	char line[LOGLINE_MAX], whole[LOGLINE_MAX + 64];

	for (size_t i = 0; i < COUNT(names) * COUNT(names); i++) {
		const char *user = names[i / COUNT(names)];
		const char *token = names[i % COUNT(names)];

		snprintf(v.token, sizeof(v.token), "%s", token);
		(void)logline_success(&v, user, line);
		snprintf(whole, sizeof(whole), TRADITIONAL MODULE "%s", line);
		ck_assert_msg(logged_parse(whole, &logged), "%s", whole);
		ck_assert_str_eq(logged.user, user);
		ck_assert_str_eq(logged.token, token);
		ck_assert_uint_eq(logged.counter, INT64_MAX - 1);
	}
}
END_TEST

START_TEST(nothing_else_is)
{
	static const char *const lines[] = {
	    "",
	    " ",
	    ANN,
	    MODULE ANN,
	    TRADITIONAL ANN,
	    TRADITIONAL MODULE,
	    TRADITIONAL MODULE "code accepted for ann; skipped=0",
	    TRADITIONAL MODULE "recovery code accepted for ann; 9 left",
	    TRADITIONAL MODULE "reason=wrong: the code is wrong",
	    TRADITIONAL MODULE ANN " ",
	    TRADITIONAL MODULE ANN "x",
	    TRADITIONAL MODULE "code accepted for ann; token=token counter=41 "
			       "skipped=",
	    TRADITIONAL MODULE "code accepted for ann; token=token counter= "
			       "skipped=0",
	    TRADITIONAL MODULE "code accepted for ann; token=token counter=-1 "
			       "skipped=0",
	    TRADITIONAL MODULE "code accepted for ann; token=token "
			       "counter=9223372036854775807 skipped=0",
	    TRADITIONAL MODULE "code accepted for ; token=token counter=41 "
			       "skipped=0",
	    TRADITIONAL MODULE "code accepted for ann; token= counter=41 "
			       "skipped=0",
	    TRADITIONAL MODULE "code accepted for a\\x00n; token=t counter=41 "
			       "skipped=0",
	    TRADITIONAL MODULE "code accepted for a\\n; token=t counter=41 "
			       "skipped=0",
	    TRADITIONAL MODULE "code accepted for a\\x4; token=t counter=41 "
			       "skipped=0",
	    TRADITIONAL "Invalid user " MODULE ANN,
	    TRADITIONAL "x: " MODULE ANN,
	    "                 " TRADITIONAL MODULE ANN,
	    "\t" TRADITIONAL MODULE ANN,
	    "one two three four five six: " MODULE ANN,
	    TRADITIONAL "asked by uid=1000 service=sudo user=ann: " ANN,
	    "Nov 29 10:15:00 host rollcode-verify[7]: " MODULE ANN,
	};

	for (size_t i = 0; i < COUNT(lines); i++)
		ck_assert_msg(!logged_parse(lines[i], &logged), "%s", lines[i]);
}
END_TEST

START_TEST(a_name_that_nobody_can_have_is_refused)
{
	char line[LOGGED_LINE_MAX];

	snprintf(line, sizeof(line),
	    TRADITIONAL MODULE "code accepted for %0*d; token=t counter=1 "
			       "skipped=0",
	    ROLLCODE_USER_MAX, 7);
	ck_assert(logged_parse(line, &logged));
	snprintf(line, sizeof(line),
	    TRADITIONAL MODULE "code accepted for %0*d; token=t counter=1 "
			       "skipped=0",
	    ROLLCODE_USER_MAX + 1, 7);
	ck_assert(!logged_parse(line, &logged));
}
END_TEST

/* --- lines ---------------------------------------------------------------- */

static enum rollcode_err
count_line(void *context, const struct logged *of, struct error *error)
{
	(void)error;
	ck_assert_str_eq(of->user, "ann");
	++*(int *)context;
	return ROLLCODE_OK;
}

static int
count_in(const char *text, size_t len, size_t piece)
{
	struct logged_lines *lines = calloc(1, sizeof(*lines));
	int count = 0;

	for (size_t at = 0; at < len; at += piece)
		ck_assert_int_eq(logged_feed(lines, text + at,
				     len - at < piece ? len - at : piece,
				     count_line, &count, NULL),
		    ROLLCODE_OK);
	ck_assert_int_eq(
	    logged_end(lines, count_line, &count, NULL), ROLLCODE_OK);
	free(lines);
	return count;
}

START_TEST(lines_are_the_same_in_whatever_pieces_they_come)
{
	static const char text[] = TRADITIONAL MODULE ANN
	    "\n\nx\n" RFC3339 MODULE ANN "\n" TRADITIONAL MODULE ANN;

	for (size_t piece = 1; piece <= sizeof(text); piece++)
		ck_assert_int_eq(count_in(text, sizeof(text) - 1, piece), 3);
}
END_TEST

START_TEST(a_line_that_is_too_long_is_passed_over_alone)
{
	static const char line[] = TRADITIONAL MODULE ANN "\n";
	const size_t len = sizeof(line) - 1;
	char text[LOGGED_LINE_MAX + 4 * sizeof(line)];
	size_t n = 0;

	for (size_t long_one = LOGGED_LINE_MAX - 1;
	     long_one <= LOGGED_LINE_MAX + 1; long_one++) {
		n = 0;
		memcpy(text, line, len);
		n += len;
		memset(text + n, 'x', long_one);
		n += long_one;
		text[n++] = '\n';
		memcpy(text + n, line, len);
		n += len;
		for (size_t piece = 1; piece < 5000; piece += 777)
			ck_assert_int_eq(count_in(text, n, piece), 2);
	}
}
END_TEST

START_TEST(a_line_with_a_nul_says_nothing)
{
	static const char text[] =
	    "\0" TRADITIONAL MODULE ANN "\n" TRADITIONAL MODULE ANN
	    "\0\n" TRADITIONAL MODULE ANN "\n";

	for (size_t piece = 1; piece <= sizeof(text); piece++)
		ck_assert_int_eq(count_in(text, sizeof(text) - 1, piece), 1);
}
END_TEST

/* --- times ---------------------------------------------------------------- */

#define AT 1795947300 /* 2026-11-29T10:15:00Z */
#define HOUR 3600

static enum rollcode_err
take_time(void *context, const struct logged *of, struct error *error)
{
	(void)error;
	*(int64_t *)context = of->time;
	return ROLLCODE_OK;
}

START_TEST(the_time_of_a_line_is_read_if_it_is_one)
{
	static const struct {
		const char *head;
		int64_t time;
	} rows[] = {
	    {"Nov 29 10:15:00", AT},
	    {"Nov  9 10:15:00", AT - 20 * 24 * HOUR},
	    {"Nov 30 10:15:00", AT + 24 * HOUR}, /* of a clock that is fast */
	    {"Dec  1 10:15:00", AT - 363 * 24 * HOUR},
	    {"2026-11-29T10:15:00.123456+01:00", AT - HOUR},
	    {"2026-11-29T10:15:00+0100", AT - HOUR},
	    {"2026-11-29T10:15:00Z", AT},
	    {"2026-11-29T10:15:00.5", AT},
	    {"1795947300.123456", AT},
	    {"2026-11-29", 0},
	    {"29. Nov 10:15:00", 0},
	    {"auth.info Nov 29 10:15:00", 0},
	};
	static struct logged_lines lines;
	char text[256];
	int64_t time;

	ck_assert_int_eq(setenv("TZ", "UTC0", 1), 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		memset(&lines, 0, sizeof(lines));
		lines.now = AT + HOUR;
		time = -1;
		snprintf(text, sizeof(text), "%s a[1]: " MODULE ANN "\n",
		    rows[i].head);
		ck_assert_int_eq(logged_feed(&lines, text, strlen(text),
				     take_time, &time, NULL),
		    ROLLCODE_OK);
		ck_assert_msg(time == rows[i].time, "%s", rows[i].head);
	}
}
END_TEST

int
main(void)
{
	TCase *tcase = test_case("a log", 0);

	tcase_add_test(tcase, each_kind_of_log_is_read);
	tcase_add_test(tcase, what_is_printed_is_read);
	tcase_add_test(tcase, nothing_else_is);
	tcase_add_test(tcase, a_name_that_nobody_can_have_is_refused);
	tcase_add_test(tcase, lines_are_the_same_in_whatever_pieces_they_come);
	tcase_add_test(tcase, a_line_that_is_too_long_is_passed_over_alone);
	tcase_add_test(tcase, a_line_with_a_nul_says_nothing);
	tcase_add_test(tcase, the_time_of_a_line_is_read_if_it_is_one);
	return test_run_apart();
}
