/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is read from a file, whatever stands in it, and which file is opened.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#include "common/base/error.h"
#include "common/base/secret.h"
#include "common/sqlite/parts.h"
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

START_TEST(a_table_that_begins_like_ours_is_another_one)
{
	static const char *const longer[] = {
	    "CREATE TABLE a(x)", "CREATE TABLE b(y)WITHOUT ROWID", NULL};
	static const char *const other[] = {
	    "CREATE TABLE a(x)", "CREATE TABLE b(y", NULL};
	struct sqlite_kind like = kind;
	sqlite3 *none;

	like.schema = other;
	ck_assert_int_eq(
	    sqlite_open(path, &like, &none, &error), ROLLCODE_ERR_STORE);
	like.schema = longer;
	ck_assert_int_eq(
	    sqlite_open(path, &like, &none, &error), ROLLCODE_ERR_STORE);
}
END_TEST

static const struct {
	const char *sql, *says;
} others[] = {
    {"PRAGMA application_id=8", "is not a test"},
    {"PRAGMA application_id=0", "is not a test"},
    {"PRAGMA user_version=2", "newer version"},
    {"PRAGMA user_version=0", "version is unknown"},
    {"CREATE TABLE c(z)", "changed by another program"},
    {"DROP TABLE b", "schema is incomplete"},
};

START_TEST(a_file_of_others_is_not_opened)
{
	sqlite3 *none;

	ck_assert_int_eq(
	    sqlite3_exec(db, others[_i].sql, NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(
	    sqlite_open(path, &kind, &none, &error), ROLLCODE_ERR_STORE);
	ck_assert_msg(
	    strstr(error.text, others[_i].says) != NULL, "%s", error.text);
}
END_TEST

/* --- an older version ----------------------------------------------------- */

static const char *const to_2[] = {"CREATE TABLE c(z)", NULL};
static const char *const to_3[] = {
    "ALTER TABLE c ADD COLUMN w", "INSERT INTO a VALUES(1)", NULL};
static const char *const tables_3[] = {
    "CREATE TABLE a(x)", "CREATE TABLE b(y)", "CREATE TABLE c(z, w)", NULL};

static const struct sqlite_older two_older[] = {
    {.version = 1, .schema = tables, .statements = to_2},
    {.version = 2, .schema = more_tables, .statements = to_3},
    {.version = 0},
};
#define UPGRADERS 8

static const struct sqlite_kind third = {.what = "test",
    .application_id = 7,
    .user_version = 3,
    .schema = tables_3,
    .older = two_older,
    .log = SQLITE_LOG_DELETE};

/* Of a file opened as that kind, closed. */
static int64_t
rows_in_a(const struct sqlite_kind *as)
{
	struct sqlite_rows r;
	sqlite3 *own;
	int64_t count;

	ck_assert_msg(sqlite_open(path, as, &own, &error) == ROLLCODE_OK, "%s",
	    error.text);
	r = sqlite_query(own, &error, "SELECT count(*) FROM a", "");
	ck_assert(sqlite_next(&r));
	count = sqlite_int(&r, 0, 9);
	sqlite_done(&r);
	sqlite_close(own);
	return count;
}

START_TEST(a_file_is_upgraded_over_every_version_between)
{
	sqlite3 *other;

	ck_assert_int_eq(
	    sqlite_open(path, &third, &other, &error), ROLLCODE_OK);
	ck_assert_int_eq(sqlite_begin(other, &error), ROLLCODE_OK);
	ck_assert_int_eq(
	    sqlite_change(other, &error, 1, "INSERT INTO a VALUES(2)", ""),
	    ROLLCODE_OK);
	ck_assert_int_eq(sqlite_commit(other, &error), ROLLCODE_OK);
	sqlite_close(other);
	ck_assert_int_eq(rows_in_a(&third), 2);
	ck_assert_int_eq(
	    sqlite_open(path, &kind, &other, &error), ROLLCODE_ERR_STORE);
	ck_assert_ptr_nonnull(strstr(error.text, "newer version"));
}
END_TEST

START_TEST(an_upgrade_is_kept_or_undone)
{
	sqlite3 *other;

	ck_assert_int_eq(rows_in_a(&third), 1);
	ck_assert_int_eq(rows_in_a(&kind), 0);
	ck_assert_int_eq(
	    sqlite_open(path, &third, &other, &error), ROLLCODE_OK);
	ck_assert_int_eq(sqlite_undo_upgrade(other, &error), ROLLCODE_OK);
	ck_assert_int_eq(sqlite_undo_upgrade(other, &error), ROLLCODE_OK);
	ck_assert_int_eq(rows_in_a(&kind), 0);
	sqlite_close(other);
	ck_assert_int_eq(
	    sqlite_open(path, &third, &other, &error), ROLLCODE_OK);
	ck_assert_int_eq(sqlite_keep_upgrade(other, &error), ROLLCODE_OK);
	ck_assert_int_eq(sqlite_keep_upgrade(other, &error), ROLLCODE_OK);
	sqlite_close(other);
	ck_assert_int_eq(
	    sqlite_open(path, &kind, &other, &error), ROLLCODE_ERR_STORE);
	ck_assert_int_eq(rows_in_a(&third), 1);
}
END_TEST

/* Long enough for all others to have seen the old file. */
static bool
upgrades_it(const struct sqlite_kind *as)
{
	const struct timespec a_while = {.tv_nsec = 20000000};
	sqlite3 *own = NULL;
	bool done;

	done = sqlite_open(path, as, &own, &error) == ROLLCODE_OK &&
	       nanosleep(&a_while, NULL) == 0 &&
	       sqlite_keep_upgrade(own, &error) == ROLLCODE_OK;
	sqlite_close(own);
	return done;
}

START_TEST(of_many_who_upgrade_a_file_at_once_one_does)
{
	struct sqlite_kind waits = third;
	int status;

	waits.busy_ms = 3000;
	sqlite_close(db);
	db = NULL;
	for (int i = 0; i < UPGRADERS; i++)
		if (fork() == 0)
			_exit(upgrades_it(&waits) ? 0 : 1);
	for (int i = 0; i < UPGRADERS; i++) {
		ck_assert_int_gt(wait(&status), 0);
		ck_assert_int_eq(status, 0);
	}
	ck_assert_int_eq(rows_in_a(&third), 1);
}
END_TEST

/* Although it would be one of this version then. */
START_TEST(an_older_file_has_the_schema_of_its_version)
{
	static const char *const first_table[] = {"CREATE TABLE a(x)", NULL};
	static const char *const nothing[] = {NULL};
	const struct sqlite_older older[] = {
	    {1, first_table, nothing}, {0, NULL, NULL}};
	struct sqlite_kind second = kind;
	sqlite3 *none;

	second.user_version = 2;
	second.older = older;
	ck_assert_int_eq(
	    sqlite_open(path, &second, &none, &error), ROLLCODE_ERR_STORE);
	ck_assert_ptr_nonnull(strstr(error.text, "changed by another program"));
}
END_TEST

static const char *const fails[] = {
    "CREATE TABLE c(z)", "INSERT INTO d VALUES(1)", NULL};
static const char *const leads_elsewhere[] = {
    "CREATE TABLE c(z, v)", "INSERT INTO a VALUES(1)", NULL};

static const struct {
	const char *const *statements, *says;
} bad_upgrades[] = {
    {fails, "no such table"},
    {leads_elsewhere, "changed by another program"},
    {fails + 2, "schema is incomplete"},
};

START_TEST(an_upgrade_that_does_not_make_this_version_changes_nothing)
{
	const struct sqlite_older bad[] = {
	    {1, tables, bad_upgrades[_i].statements},
	    {0, NULL, NULL},
	};
	struct sqlite_kind second = third;
	sqlite3 *none;

	second.older = bad;
	ck_assert_int_eq(
	    sqlite_open(path, &second, &none, &error), ROLLCODE_ERR_STORE);
	ck_assert_ptr_null(none);
	ck_assert_msg(strstr(error.text, bad_upgrades[_i].says) != NULL, "%s",
	    error.text);
	ck_assert_int_eq(rows_in_a(&kind), 0);
}
END_TEST

START_TEST(a_file_of_somebody_else_is_not_opened)
{
	sqlite3 *none;

	if (geteuid() != 0)
		return;
	ck_assert_int_eq(chown(path, 54321, 0), 0);
	ck_assert_int_eq(
	    sqlite_open(path, &kind, &none, &error), ROLLCODE_ERR_STORE);
	ck_assert_ptr_nonnull(strstr(error.text, "belongs to uid 54321"));
}
END_TEST

/* A log where there is a journal, and what would be one but is no file. */
START_TEST(beside_a_file_lies_what_it_made_itself)
{
	char beside[PATH_MAX + 16];
	sqlite3 *none;
	int fd;

	snprintf(beside, sizeof(beside), "%s-wal", path);
	fd = open(beside, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_int_eq(
	    sqlite_open(path, &kind, &none, &error), ROLLCODE_ERR_STORE);
	ck_assert_ptr_nonnull(strstr(error.text, "never creates one"));
	ck_assert_int_eq(unlink(beside), 0);
	snprintf(beside, sizeof(beside), "%s-journal", path);
	ck_assert_int_eq(mkdir(beside, 0700), 0);
	ck_assert_int_eq(
	    sqlite_open(path, &kind, &none, &error), ROLLCODE_ERR_STORE);
	ck_assert_ptr_nonnull(strstr(error.text, "not a regular file"));
}
END_TEST

START_TEST(a_file_is_made_anew_whole_and_ones_own)
{
	static const char *const odd[] = {
	    "CREATE TABLE a(x)", "CREATE TABLE", NULL};
	struct sqlite_kind other = kind;
	sqlite3 *made = NULL;
	struct stat st;

	umask(0);
	ck_assert_int_eq(
	    sqlite_create(path, &kind, &made, &error), ROLLCODE_ERR_EXISTS);
	strcat(path, "2");
	other.schema = odd;
	ck_assert_int_ne(
	    sqlite_create(path, &other, &made, &error), ROLLCODE_OK);
	ck_assert_ptr_null(made);
	ck_assert_int_eq(access(path, F_OK), -1);
	ck_assert_int_eq(
	    sqlite_create(path, &kind, &made, &error), ROLLCODE_OK);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	sqlite_close(made);
}
END_TEST

/* What an administrator reads, and a login answers. */
static const struct {
	int rc;
	enum rollcode_err err;
} results[] = {
    {SQLITE_NOMEM, ROLLCODE_ERR_NOMEM},
    {SQLITE_IOERR_NOMEM, ROLLCODE_ERR_NOMEM},
    {SQLITE_BUSY, ROLLCODE_ERR_UNAVAIL},
    {SQLITE_BUSY_RECOVERY, ROLLCODE_ERR_UNAVAIL},
    {SQLITE_FULL, ROLLCODE_ERR_UNAVAIL},
    {SQLITE_IOERR, ROLLCODE_ERR_UNAVAIL},
    {SQLITE_IOERR_FSYNC, ROLLCODE_ERR_UNAVAIL},
    {SQLITE_IOERR_SHORT_READ, ROLLCODE_ERR_STORE},
    {SQLITE_READONLY, ROLLCODE_ERR_UNAVAIL},
    {SQLITE_CANTOPEN, ROLLCODE_ERR_UNAVAIL},
    {SQLITE_CANTOPEN_SYMLINK, ROLLCODE_ERR_STORE},
    {SQLITE_CORRUPT, ROLLCODE_ERR_STORE},
    {SQLITE_CORRUPT_VTAB, ROLLCODE_ERR_STORE},
    {SQLITE_NOTADB, ROLLCODE_ERR_STORE},
    {SQLITE_CONSTRAINT, ROLLCODE_ERR_STORE},
};

START_TEST(a_result_is_known_for_what_it_is)
{
	ck_assert_int_eq(sqlite_result(results[_i].rc), results[_i].err);
}
END_TEST

/* --- somebody else's database --------------------------------------------- */

#define NAME_63 \
	"n23456789012345678901234567890123456789012345678901234567890123"

static const struct {
	const char *sql[3];
	int64_t counter; /* -1: refused */
} images[] = {
    {{"CREATE TABLE t(counter)", "INSERT INTO t VALUES(7)"}, 7},
    {{"CREATE TABLE \"" NAME_63 "\"(counter)",
	 "INSERT INTO \"" NAME_63 "\" VALUES(7)"},
	7},
    {{"CREATE TABLE \"" NAME_63 "4\"(counter)",
	 "INSERT INTO \"" NAME_63 "4\" VALUES(7)"},
	-1},
    {{"CREATE TABLE t(counter)"}, -1},
    {{"CREATE TABLE t(counter)", "INSERT INTO t VALUES(7),(8)"}, -1},
    {{"CREATE TABLE t(counter)", "INSERT INTO t VALUES('7')"}, -1},
    {{"CREATE TABLE t(counter)", "CREATE TABLE u(counter)",
	 "INSERT INTO u VALUES(7)"},
	-1},
    {{"CREATE TABLE t(counters)", "INSERT INTO t VALUES(7)"}, -1},
    {{"CREATE TABLE \"a\"\" AS x,\"\"b\"(counter)",
	 "INSERT INTO \"a\"\" AS x,\"\"b\" VALUES(7)", "CREATE TABLE a(x)"},
	-1},
};

START_TEST(a_counter_is_the_one_row_of_the_one_table)
{
	sqlite3 *made = NULL;
	unsigned char *bytes;
	int64_t counter = -1;
	sqlite3_int64 len;
	enum rollcode_err err;

	ck_assert_int_eq(sqlite3_open(":memory:", &made), SQLITE_OK);
	for (size_t i = 0; i < 3 && images[_i].sql[i] != NULL; i++)
		ck_assert_int_eq(
		    sqlite3_exec(made, images[_i].sql[i], NULL, NULL, NULL),
		    SQLITE_OK);
	bytes = sqlite3_serialize(made, "main", &len, 0);
	ck_assert_ptr_nonnull(bytes);

	err = sqlite_image_counter(bytes, (size_t)len, &counter, &error);

	ck_assert_int_eq(counter, images[_i].counter);
	ck_assert_int_eq(err, counter == -1 ? ROLLCODE_ERR_INPUT : ROLLCODE_OK);
	if (images[_i].sql[2] != NULL && strstr(images[_i].sql[0], "\"\""))
		ck_assert_ptr_nonnull(strstr(error.text, "just one table"));
	sqlite3_free(bytes);
	sqlite3_close(made);
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

static const char *const no_numbers[] = {
    "SELECT '7'", "SELECT 7.0", "SELECT x'07'", "SELECT NULL"};

START_TEST(nothing_else_is_a_number)
{
	WIPED(sqlite_done)
	struct sqlite_rows r = sqlite_query(db, &error, no_numbers[_i], "");

	ck_assert(sqlite_next(&r));
	ck_assert_int_eq(sqlite_int(&r, 5, 8), 5);
	ck_assert_int_eq(r.err, ROLLCODE_ERR_STORE);
}
END_TEST

/* A statement in the middle of its rows would keep the file locked. */
START_TEST(what_is_done_with_is_done_with)
{
	for (int i = 0; i < 2; i++) {
		struct sqlite_rows r =
		    sqlite_query(db, &error, "SELECT 1 UNION SELECT 2", "");

		ck_assert(sqlite_next(&r));
		sqlite_done(&r);
		ck_assert_int_eq(sqlite3_stmt_busy(r.statement), 0);
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
	tcase_add_test(tcase, a_table_that_begins_like_ours_is_another_one);
	tcase_add_loop_test(
	    tcase, a_file_of_others_is_not_opened, 0, COUNT(others));
	tcase_add_test(tcase, a_file_is_upgraded_over_every_version_between);
	tcase_add_test(tcase, an_upgrade_is_kept_or_undone);
	tcase_add_test(tcase, of_many_who_upgrade_a_file_at_once_one_does);
	tcase_add_test(tcase, an_older_file_has_the_schema_of_its_version);
	tcase_add_loop_test(tcase,
	    an_upgrade_that_does_not_make_this_version_changes_nothing, 0,
	    COUNT(bad_upgrades));
	tcase_add_test(tcase, a_file_of_somebody_else_is_not_opened);
	tcase_add_test(tcase, beside_a_file_lies_what_it_made_itself);
	tcase_add_test(tcase, a_file_is_made_anew_whole_and_ones_own);
	tcase_add_loop_test(
	    tcase, a_result_is_known_for_what_it_is, 0, COUNT(results));
	tcase_add_loop_test(
	    tcase, a_counter_is_the_one_row_of_the_one_table, 0, COUNT(images));
	tcase_add_loop_test(
	    tcase, a_text_has_its_room_and_no_more, 0, COUNT(texts));
	tcase_add_loop_test(
	    tcase, bytes_have_their_room_and_no_more, 0, COUNT(blobs));
	tcase_add_test(tcase, a_number_is_between_its_ends);
	tcase_add_loop_test(
	    tcase, nothing_else_is_a_number, 0, COUNT(no_numbers));
	tcase_add_test(tcase, what_is_done_with_is_done_with);
	tcase_add_test(tcase, a_change_is_of_as_many_rows_as_it_says);
	return test_run_apart();
}
