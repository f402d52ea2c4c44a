/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The promises of every store, kept by the store of files; what is true of
 * files alone is at the end.
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pam_rollcode/store/sqlite/parts.h"
#include "tests/support/cases.h"
#include "tests/unit/store/store_behind.h"
#include "tests/unit/store/store_files.h"
#include "tests/unit/store/store_suite.h"

static const struct kind files = {
    .ops = &store_sqlite,
    .make = files_make,
    .unmake = files_unmake,
    .spoil = files_spoil,
    .size = files_size,
    .touch = files_touch,
    .behind = files_behind,
    .enrolled_behind = files_enrolled_behind,
    .many = 2000,
    .turns = 10,
    .step = 1,
};

START_TEST(no_statement_lowers_a_counter)
{
	static const char *const statements[] = {
	    "UPDATE token SET counter=counter-1",
	    "UPDATE token SET counter=0",
	    "UPDATE OR IGNORE token SET counter=5",
	    "UPDATE OR REPLACE token SET counter=-1",
	    "UPDATE token SET counter=counter-1 WHERE id=1",
	};
	sqlite3 *db = NULL;

	enrolled("ann");
	ck_assert_int_eq(
	    sqlite_open(path_of("ann.db"), &store_sqlite_kind, &db, &problem),
	    ROLLCODE_OK);
	for (size_t i = 0; i < COUNT(statements); i++)
		ck_assert_msg(sqlite_change(db, &problem, 1, statements[i],
				  "") != ROLLCODE_OK,
		    "%s", statements[i]);
	ck_assert_int_eq(sqlite_change(db, &problem, 1,
			     "UPDATE token SET counter=counter+1", ""),
	    ROLLCODE_OK);
	sqlite_close(db);

	ck_assert_uint_eq(counter_of("ann"), 11);
}
END_TEST

START_TEST(an_open_file_has_every_setting)
{
	static const struct {
		const char *pragma;
		int64_t value;
	} settings[] = {
	    {"PRAGMA synchronous", 2},
	    {"PRAGMA wal_autocheckpoint", 0},
	    {"PRAGMA cell_size_check", 1},
	    {"PRAGMA mmap_size", 0},
	    {"PRAGMA temp_store", 2},
	    {"PRAGMA secure_delete", 1},
	    {"PRAGMA trusted_schema", 0},
	};
	sqlite3 *db = NULL;

	enrolled("ann");
	ck_assert_int_eq(
	    sqlite_open(path_of("ann.db"), &store_sqlite_kind, &db, &problem),
	    ROLLCODE_OK);
	for (size_t i = 0; i < COUNT(settings); i++) {
		WIPED(sqlite_done)
		struct sqlite_rows r =
		    sqlite_query(db, &problem, settings[i].pragma, "");
		int64_t value;

		ck_assert(sqlite_next(&r));
		value = sqlite_int(&r, 0, INT64_MAX);
		ck_assert_int_eq(r.err, ROLLCODE_OK);
		ck_assert_msg(value == settings[i].value, "%s is %lld",
		    settings[i].pragma, (long long)value);
	}
	sqlite_close(db);
}
END_TEST

START_TEST(a_user_has_two_private_files_and_no_more)
{
	struct dirent *entry;
	struct stat st;
	int others = 0;
	DIR *dir;

	enrolled("ann");
	ck_assert_int_eq(create("ann", 2, true), ROLLCODE_OK);
	for (uint64_t i = 11; i < 111; i++)
		ck_assert_int_eq(move_to("ann", i), ROLLCODE_OK);

	dir = opendir(path_of(""));
	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		ck_assert_int_eq(stat(path_of(entry->d_name), &st), 0);
		ck_assert_int_eq(st.st_mode & 07777, 0600);
		others += strcmp(entry->d_name, "marker") != 0 &&
			  strcmp(entry->d_name, "ann.db") != 0 &&
			  strcmp(entry->d_name, "ann.db-wal") != 0;
	}
	closedir(dir);
	ck_assert_int_eq(others, 0);
}
END_TEST

START_TEST(what_a_killed_enrolment_left_is_no_hindrance)
{
	static const char *const left[] = {"ann.new", "ann.new-wal",
	    "ann.new-journal", "ann.db-wal", "ann.db-journal", "marker.new"};
	int fd;

	for (size_t i = 0; i < COUNT(left); i++) {
		fd = open(path_of(left[i]), O_WRONLY | O_CREAT, 0600);
		ck_assert_int_ge(fd, 0);
		ck_assert_int_eq(write(fd, "garbage", 7), 7);
		close(fd);
	}
	ck_assert(!is_enrolled("ann"));

	enrolled("ann");

	ck_assert_uint_eq(counter_of("ann"), 10);
	ck_assert_int_eq(move_to("ann", 11), ROLLCODE_OK);
}
END_TEST

static bool
process_has_open(pid_t pid, const char *name)
{
	char folder[32], path[PATH_MAX];
	struct dirent *entry;
	bool found = false;
	ssize_t length;
	DIR *dir;

	snprintf(folder, sizeof folder, "/proc/%ld/fd", (long)pid);
	dir = opendir(folder);
	ck_assert_ptr_nonnull(dir);
	while (!found && (entry = readdir(dir)) != NULL) {
		length =
		    readlinkat(dirfd(dir), entry->d_name, path, sizeof path);
		found = length > 0 && (size_t)length == strlen(name) &&
			memcmp(path, name, strlen(name)) == 0;
	}
	closedir(dir);
	return found;
}

/* Somebody waits for the lock of a file that is taken away meanwhile. */
START_TEST(who_waited_for_a_removed_file_does_not_use_it)
{
	struct account account;
	struct store *store;
	int status, gate[2];
	bool is = false;
	char byte;
	pid_t pid;

	enrolled("ann");
	ck_assert_int_eq(pipe(gate), 0);
	pid = fork();
	if (pid == 0) {
		ck_assert_int_eq(read(gate[0], &byte, 1), 1);
		store = opened();
		status = (int)ops->begin(store, "ann", &is, &account, &problem);
		ops->close(store);
		_exit(is ? 98 : status);
	}
	store = begun("ann", &account);
	ck_assert_int_eq(write(gate[1], "x", 1), 1);
	while (!process_has_open(pid, path_of("ann.db")))
		usleep(1000);
	ck_assert_int_eq(ops->remove(store, "ann", &problem), ROLLCODE_OK);
	ops->close(store);
	ck_assert_int_gt(wait(&status), 0);

	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), ROLLCODE_ERR_UNAVAIL);
}
END_TEST

START_TEST(of_a_removed_user_no_file_is_left)
{
	struct store *store;

	enrolled("ann");
	ck_assert_int_eq(move_to("ann", 11), ROLLCODE_OK);
	ck_assert_int_eq(access(path_of("ann.db-wal"), F_OK), 0);
	store = opened();
	ck_assert_int_eq(ops->remove(store, "ann", &problem), ROLLCODE_OK);
	ops->close(store);

	ck_assert_int_eq(access(path_of("ann.db"), F_OK), -1);
	ck_assert_int_eq(access(path_of("ann.db-wal"), F_OK), -1);
}
END_TEST

/* As it is stored, of the first token. */
static size_t
read_sealed(uint8_t bytes[SEAL_MAX])
{
	struct sqlite_rows r;
	sqlite3 *db = NULL;
	size_t len;

	ck_assert_int_eq(
	    sqlite_open(path_of("ann.db"), &store_sqlite_kind, &db, &problem),
	    ROLLCODE_OK);
	r = sqlite_query(
	    db, &problem, "SELECT secret FROM token ORDER BY id LIMIT 1", "");
	ck_assert(sqlite_next(&r));
	len = sqlite_blob(&r, bytes, SEAL_MAX);
	sqlite_done(&r);
	sqlite_close(db);
	return len;
}

static bool
file_has(const char *name, const uint8_t *bytes, size_t len)
{
	static uint8_t all[1 << 20];
	FILE *file = fopen(path_of(name), "r");
	size_t n;

	ck_assert_ptr_nonnull(file);
	n = fread(all, 1, sizeof(all), file);
	fclose(file);
	return memmem(all, n, bytes, len) != NULL;
}

START_TEST(of_a_removed_token_no_file_has_the_secret)
{
	struct account account;
	uint8_t sealed[SEAL_MAX];
	struct store *store;
	size_t len;

	enrolled("ann");
	store = begun("ann", &account);
	fill_token(&account, "second", 7);
	ck_assert_int_eq(
	    ops->commit(store, &account, NULL, &problem), ROLLCODE_OK);
	ops->close(store);
	len = read_sealed(sealed);
	ck_assert(file_has("ann.db", sealed, len) ||
		  file_has("ann.db-wal", sealed, len));

	store = begun("ann", &account);
	account.tokens[0] = account.tokens[1];
	account.token_count = 1;
	ck_assert_int_eq(
	    ops->commit(store, &account, NULL, &problem), ROLLCODE_OK);
	ops->close(store);

	ck_assert(!file_has("ann.db", sealed, len));
	ck_assert(!file_has("ann.db-wal", sealed, len));
}
END_TEST

START_TEST(nobody_is_absent_in_a_store_that_took_the_place_of_another)
{
	struct store *store = opened();
	struct account account;
	bool is_there;
	char text[256], *id;
	size_t len;
	FILE *file;

	ck_assert_ptr_nonnull(file = fopen(path_of("marker"), "r+"));
	len = fread(text, 1, sizeof(text) - 1, file);
	text[len] = '\0';
	ck_assert_ptr_nonnull(id = strstr(text, "STORE_ID="));
	id[9] = (char)(id[9] == 'a' ? 'b' : 'a');
	rewind(file);
	ck_assert_uint_eq(fwrite(text, 1, len, file), len);
	fclose(file);

	ck_assert_int_eq(
	    ops->begin(store, "ann", &is_there, &account, &problem),
	    ROLLCODE_ERR_UNAVAIL);
	ops->close(store);
}
END_TEST

static const mode_t marker_modes[] = {0640, 0604, 0620, 0602, 0400, 0700};

START_TEST(a_marker_of_another_mode_is_refused)
{
	struct store *store = NULL;

	ck_assert_int_eq(chmod(path_of("marker"), marker_modes[_i]), 0);

	ck_assert_int_eq(
	    ops->open(&store, &config, &problem), ROLLCODE_ERR_STORE);
	ck_assert_ptr_nonnull(strstr(problem.text, "has mode"));
}
END_TEST

START_TEST(of_a_user_who_is_done_with_nothing_stays_in_memory)
{
	static const struct account none;
	struct account account;
	struct store *store;

	enrolled("ann");
	store = begun("ann", &account);
	ck_assert_mem_ne(&store->before, &none, sizeof(none));

	ops->end(store);

	ck_assert_mem_eq(&store->before, &none, sizeof(none));
	ops->close(store);
}
END_TEST

static void
add_remains(TCase *tcase)
{
	tcase_add_test(tcase, of_a_removed_user_no_file_is_left);
	tcase_add_test(tcase, of_a_removed_token_no_file_has_the_secret);
	tcase_add_test(
	    tcase, nobody_is_absent_in_a_store_that_took_the_place_of_another);
	tcase_add_loop_test(
	    tcase, a_marker_of_another_mode_is_refused, 0, COUNT(marker_modes));
	tcase_add_test(
	    tcase, of_a_user_who_is_done_with_nothing_stays_in_memory);
}

int
main(void)
{
	TCase *tcase = store_suite("sqlite", &files);

	add_behind(tcase);
	tcase_add_test(tcase, no_statement_lowers_a_counter);
	tcase_add_test(tcase, an_open_file_has_every_setting);
	tcase_add_test(tcase, a_user_has_two_private_files_and_no_more);
	tcase_add_test(tcase, what_a_killed_enrolment_left_is_no_hindrance);
	tcase_add_test(tcase, who_waited_for_a_removed_file_does_not_use_it);
	add_remains(tcase);
	return files_run();
}
