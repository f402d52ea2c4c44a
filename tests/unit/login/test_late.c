/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Codes that come too late, in a real store: used up on the disk, and while the
 * account is guarded no byte of it.
 */
#include <stdio.h>
#include <string.h>

#include "tests/support/cases.h"
#include "tests/support/code_once.h"
#include "tests/support/site.h"

#define MANY 10000
#define FILE_BYTES 524288

/* Bytes of SQLite's log: its head, and each page with the head before it. */
#define LOG_HEAD 32
#define FRAME_HEAD 24
#define PAGE 1024
#define LOGGED 400 /* pages at most */

struct bytes {
	char bytes[FILE_BYTES];
	size_t len;
};

static void
setup(void)
{
	site_make();
	site.token.form = FORM_TIMED;
	memset(site.token.secret.bytes, 9, site.token.secret.len);
	ck_assert_int_eq(site_enroll_as("eve"), ROLLCODE_OK);
	site.config.policy.resync_window = 0;
	site.config.policy.lookbehind = 8;
}

/* One login with a code that was made so many steps ago. */
static enum verdict
login_late(uint64_t counter, int64_t ago)
{
	struct input typed;
	struct passcode code;

	ck_assert_int_eq(
	    code_once(&site.token, counter, code_step(site.now) - ago, &code),
	    ROLLCODE_OK);
	ck_assert_int_ne(input_parse(code.text, &typed), INPUT_MALFORMED);
	ck_assert_msg(
	    site_decide(&typed) == ROLLCODE_OK, "%s", site.error.text);
	return site.verdict;
}

static void
read_file(const char *name, struct bytes *out)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/users/%s", site.directory, name);
	file = fopen(path, "re");
	ck_assert_msg(file != NULL, "%s", path);
	out->len = fread(out->bytes, 1, sizeof(out->bytes), file);
	fclose(file);
	ck_assert_uint_lt(out->len, sizeof(out->bytes));
	ck_assert_uint_gt(out->len, 0);
}

START_TEST(a_late_code_is_used_up_on_the_disk)
{
	ck_assert_uint_eq(login_late(2, 5), VERDICT_EXPIRED);

	site.now -= 600;
	ck_assert_uint_eq(login_late(2, 0), VERDICT_REPLAYED);
	ck_assert_uint_eq(login_late(1, 0), VERDICT_REPLAYED);
	site.now += 600;
	ck_assert_uint_eq(login_late(3, 0), VERDICT_ACCEPTED);
}
END_TEST

START_TEST(late_codes_leave_no_byte_of_a_guarded_account)
{
	static struct bytes before[2], after[2];
	struct input wrong;

	input_parse("12345678", &wrong);
	for (int64_t i = 0; i < site.config.policy.guard_after; i++) {
		ck_assert_int_eq(site_decide(&wrong), ROLLCODE_OK);
		ck_assert_uint_eq(site.verdict, VERDICT_WRONG);
	}
	read_file("eve.db", &before[0]);
	read_file("eve.db-wal", &before[1]);

	for (int64_t i = 0; i < MANY; i++)
		ck_assert_uint_eq(
		    login_late((uint64_t)i % 5, 2 + i % 14), VERDICT_GUARDED);

	read_file("eve.db", &after[0]);
	read_file("eve.db-wal", &after[1]);
	for (int i = 0; i < 2; i++) {
		ck_assert_uint_eq(after[i].len, before[i].len);
		ck_assert_mem_eq(
		    after[i].bytes, before[i].bytes, before[i].len);
	}
}
END_TEST

/* The numbers of the pages that the log has, one behind the other. */
static size_t
logged_pages(const char *name, uint32_t pages[LOGGED])
{
	static struct bytes log;
	size_t count = 0;

	read_file(name, &log);
	for (size_t at = LOG_HEAD; at < log.len; at += FRAME_HEAD + PAGE) {
		ck_assert_uint_lt(count, LOGGED);
		memcpy(&pages[count++], log.bytes + at, sizeof(*pages));
	}
	return count;
}

/*
 * Two users are alike, to so many wrong codes; then one types another wrong
 * one, and the other one a late one.
 */
START_TEST(a_late_code_writes_the_pages_that_a_wrong_one_writes)
{
	static const char *const log[] = {"eva.db-wal", "eve.db-wal"};
	static uint32_t of_wrong[LOGGED], of_late[LOGGED];
	struct input wrong;

	input_parse("12345678", &wrong);
	ck_assert_int_eq(site_enroll_as("eva"), ROLLCODE_OK);
	site.config.policy.guard_after = 100;
	site.config.policy.guesses = 100;
	for (int i = 0; i < 2 * _i; i++) {
		site.user = i % 2 == 0 ? "eva" : "eve";
		ck_assert_int_eq(site_decide(&wrong), ROLLCODE_OK);
	}

	site.user = "eva";
	ck_assert_int_eq(site_decide(&wrong), ROLLCODE_OK);
	ck_assert_uint_eq(site.verdict, VERDICT_WRONG);
	site.user = "eve";
	ck_assert_uint_eq(login_late(0, 3), VERDICT_EXPIRED);

	ck_assert_uint_eq(
	    logged_pages(log[0], of_wrong), logged_pages(log[1], of_late));
	ck_assert_mem_eq(of_late, of_wrong, sizeof(of_wrong));
}
END_TEST

int
main(void)
{
	TCase *late = test_case("late", 120);

	tcase_add_checked_fixture(late, setup, site_unmake);
	tcase_add_test(late, a_late_code_is_used_up_on_the_disk);
	tcase_add_loop_test(
	    late, a_late_code_writes_the_pages_that_a_wrong_one_writes, 0, 31);
	tcase_add_test(late, late_codes_leave_no_byte_of_a_guarded_account);
	return test_run_apart();
}
