/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is read from a file, whatever stands in it, and which file is opened.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/error.h"
#include "common/base/secret.h"
#include "common/sqlite/sqlite.h"
#include "tests/support/cases.h"
#include "tests/support/folder.h"

static const char *const tables[] = {
    "CREATE TABLE a(x)", "CREATE TABLE b(y)", NULL};
static const char *const more_tables[] = {
    "CREATE TABLE a(x)", "CREATE TABLE b(y)", "CREATE TABLE c(z)", NULL};

static const struct sqlite_kind kind = {.what = "test",
    .application_id = 7,
    .user_version = 1,
    .schema = tables,
    .log = SQLITE_LOG_DELETE};

static char folder[64], path[PATH_MAX];
static struct error error;
static sqlite3 *db;

static void
setup(void)
{
	ck_assert(folder_make(folder));
	snprintf(path, sizeof(path), "%s/db", folder);
	ck_assert_int_eq(sqlite_create(path, &kind, &db, &error), ROLLCODE_OK);
	ck_assert_int_eq(sqlite_finish(db, &kind, &error), ROLLCODE_OK);
	ck_assert_int_eq(sqlite_open(path, &kind, &db, &error), ROLLCODE_OK);
}

static void
teardown(void)
{
	sqlite_close(db);
	folder_remove(folder);
}

/* --- the file ------------------------------------------------------------- */

START_TEST(a_file_without_a_kept_log_syncs_its_directory_too)
{
	WIPED(sqlite_done)
	struct sqlite_rows r =
	    sqlite_query(db, &error, "PRAGMA synchronous", "");

	ck_assert(sqlite_next(&r));
	ck_assert_int_eq(sqlite_int(&r, 0, 9), 3);
}
END_TEST

static const mode_t modes[] = {0640, 0604, 0620, 0602, 0700, 0400, 04600};

START_TEST(a_file_of_another_mode_is_not_opened)
{
	sqlite3 *other;

	ck_assert_int_eq(chmod(path, modes[_i]), 0);
	ck_assert_int_eq(
	    sqlite_open(path, &kind, &other, &error), ROLLCODE_ERR_STORE);
	ck_assert_ptr_null(other);
}
END_TEST

START_TEST(a_file_with_more_or_fewer_tables_is_not_opened)
{
	struct sqlite_kind other = kind;
	sqlite3 *none;

	other.schema = more_tables;
	ck_assert_int_eq(
	    sqlite_open(path, &other, &none, &error), ROLLCODE_ERR_STORE);
	other.schema = tables + 1;
	ck_assert_int_eq(
	    sqlite_open(path, &other, &none, &error), ROLLCODE_ERR_STORE);
}
END_TEST

/* --- its values ----------------------------------------------------------- */

static const struct {
	const char *sql;
	const char *text; /* NULL: refused where there is room for 4 bytes */
} texts[] = {
    {"SELECT ''", ""},
    {"SELECT 'abc'", "abc"},
    {"SELECT 'abcd'", NULL},
    {"SELECT 'a' || char(0)", NULL},
    {"SELECT 1", NULL},
    {"SELECT x'61'", NULL},
    {"SELECT NULL", NULL},
};

START_TEST(a_text_has_its_room_and_no_more)
{
	WIPED(sqlite_done)
	struct sqlite_rows r = sqlite_query(db, &error, texts[_i].sql, "");
	char out[6] = "#####";

	ck_assert(sqlite_next(&r));
	sqlite_text(&r, out, 4);

	ck_assert_int_eq(
	    r.err, texts[_i].text != NULL ? ROLLCODE_OK : ROLLCODE_ERR_STORE);
	ck_assert_str_eq(out, texts[_i].text != NULL ? texts[_i].text : "");
	ck_assert_int_eq(out[4], '#');
}
END_TEST

static const struct {
	const char *sql;
	enum rollcode_err err;
	size_t len;
} blobs[] = {
    {"SELECT x'010203'", ROLLCODE_OK, 3},
    {"SELECT x'01020304'", ROLLCODE_OK, 4},
    {"SELECT x'0102030405'", ROLLCODE_ERR_STORE, 0},
    {"SELECT 'abc'", ROLLCODE_ERR_STORE, 0},
    {"SELECT NULL", ROLLCODE_ERR_STORE, 0},
};

START_TEST(bytes_have_their_room_and_no_more)
{
	WIPED(sqlite_done)
	struct sqlite_rows r = sqlite_query(db, &error, blobs[_i].sql, "");
	uint8_t out[5] = {9, 9, 9, 9, 9};

	ck_assert(sqlite_next(&r));
	ck_assert_uint_eq(sqlite_blob(&r, out, 4), blobs[_i].len);

	ck_assert_int_eq(r.err, blobs[_i].err);
	ck_assert_uint_eq(out[4], 9);
}
END_TEST

START_TEST(a_number_is_between_its_ends)
{
	for (int64_t n = 4; n <= 9; n++) {
		bool good = n >= 5 && n <= 8;
		WIPED(sqlite_done)
		struct sqlite_rows r =
		    sqlite_query(db, &error, "SELECT ?", "i", n);

		ck_assert(sqlite_next(&r));
		ck_assert_int_eq(sqlite_int(&r, 5, 8), good ? n : 5);
		ck_assert_int_eq(
		    r.err, good ? ROLLCODE_OK : ROLLCODE_ERR_STORE);
	}
}
END_TEST

START_TEST(a_change_is_of_as_many_rows_as_it_says)
{
	for (int64_t n = 0; n < 2; n++)
		ck_assert_int_eq(sqlite_change(db, &error, 1,
				     "INSERT INTO a(x) VALUES(?)", "i", n),
		    ROLLCODE_OK);
	for (int rows = 0; rows < 4; rows++)
		ck_assert_int_eq(
		    sqlite_change(db, &error, rows, "UPDATE a SET x=x", ""),
		    rows == 2 ? ROLLCODE_OK : ROLLCODE_ERR_STORE);
	ck_assert_int_eq(
	    sqlite_change(db, &error, 1, "UPDATE a SET x=x WHERE x=7", ""),
	    ROLLCODE_ERR_STORE);
	ck_assert_int_eq(
	    sqlite_change(db, &error, -1, "UPDATE a SET x=x", ""), ROLLCODE_OK);
}
END_TEST

int
main(void)
{
	TCase *tcase = test_case("files", 0);

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(
	    tcase, a_file_without_a_kept_log_syncs_its_directory_too);
	tcase_add_loop_test(
	    tcase, a_file_of_another_mode_is_not_opened, 0, COUNT(modes));
	tcase_add_test(tcase, a_file_with_more_or_fewer_tables_is_not_opened);
	tcase_add_loop_test(
	    tcase, a_text_has_its_room_and_no_more, 0, COUNT(texts));
	tcase_add_loop_test(
	    tcase, bytes_have_their_room_and_no_more, 0, COUNT(blobs));
	tcase_add_test(tcase, a_number_is_between_its_ends);
	tcase_add_test(tcase, a_change_is_of_as_many_rows_as_it_says);
	return test_run_apart();
}
