/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The promises of every store, kept by a process that leaves users' files open
 * between its logins; and what is done to a file meanwhile.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "common/base/clock.h"
#include "pam_rollcode/store/sqlite/parts.h"
#include "tests/support/cases.h"
#include "tests/unit/store/store_files.h"
#include "tests/unit/store/store_suite.h"

static void
pooled_make(struct config *of)
{
	files_make(of);
	of->pools = true;
}

static void
pooled_unmake(struct config *of)
{
	store_sqlite.idle();
	files_unmake(of);
}

/* Administrators have processes of their own, which leave nothing open. */
static enum rollcode_err
pooled_remove(struct store *store, const char *user, struct error *why)
{
	store_sqlite.end(store);
	return store_sqlite.remove(store, user, why);
}

static struct store_ops pooled_ops;

static const struct kind pooled = {
    .ops = &pooled_ops,
    .make = pooled_make,
    .unmake = pooled_unmake,
    .spoil = files_spoil,
    .size = files_size,
    .touch = files_touch,
    .many = 2000,
    .step = 1,
};

/* Descriptors of this process that are files of the store. */
static int
count_open(void)
{
	char link[64], target[PATH_MAX];
	int count = 0;
	ssize_t len;

	for (int fd = 3; fd < 256; fd++) {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		len = readlink(link, target, sizeof(target) - 1);
		if (len <= 0)
			continue;
		target[len] = '\0';
		count += strncmp(target, files_base, strlen(files_base)) == 0;
	}
	return count;
}

/* --- what others do meanwhile --------------------------------------------- */

/* As a verifier that root has spawned, or rollcode-admin. */
static enum rollcode_err
others_move_to(const char *user, uint64_t counter)
{
	enum rollcode_err err;

	config.pools = false;
	err = move_to(user, counter);
	config.pools = true;
	return err;
}

static void
copy(const char *from, const char *to)
{
	static char bytes[1 << 20];
	char source[PATH_MAX + 64];
	ssize_t n;
	int in, out;

	snprintf(source, sizeof(source), "%s", path_of(from));
	in = open(source, O_RDONLY | O_CLOEXEC);
	out = open(path_of(to), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ck_assert(in >= 0 && out >= 0);
	n = read(in, bytes, sizeof(bytes));
	ck_assert_int_ge(n, 0);
	ck_assert_int_eq(write(out, bytes, (size_t)n), n);
	close(in);
	close(out);
}

static void
others_commit(void)
{
	ck_assert_int_eq(others_move_to("ann", 30), ROLLCODE_OK);
}

static void
others_commit_often(void)
{
	for (uint64_t i = 31; i < 131; i++)
		ck_assert_int_eq(others_move_to("ann", i), ROLLCODE_OK);
}

static void
others_fold_and_commit(void)
{
	sqlite3 *db = NULL;

	ck_assert_int_eq(
	    sqlite_open(path_of("ann.db"), &store_sqlite_kind, &db, &problem),
	    ROLLCODE_OK);
	ck_assert_int_eq(sqlite_checkpoint(db, &problem), ROLLCODE_OK);
	sqlite_close(db);
	others_commit();
}

static void
others_empty_the_log(void)
{
	sqlite3 *db = NULL;

	others_commit();
	ck_assert_int_eq(
	    sqlite_open(path_of("ann.db"), &store_sqlite_kind, &db, &problem),
	    ROLLCODE_OK);
	ck_assert_int_eq(sqlite_empty_log(db, &problem), ROLLCODE_OK);
	sqlite_close(db);
}

START_TEST(what_was_derived_before_is_not_derived_again)
{
	enrolled("ann");
	ck_assert_int_eq(move_to("ann", 21), ROLLCODE_OK);
	ck_assert_int_eq(config_keep_derived(&config, &problem), ROLLCODE_OK);
	memset(&config.key, 0xa5, sizeof(config.key));

	ck_assert_int_eq(move_to("ann", 22), ROLLCODE_OK);

	ck_assert_int_eq(others_move_to("ann", 23), ROLLCODE_OK);
}
END_TEST

/* Somebody with sqlite3, which takes the log away as it ends. */
static void
others_use_sqlite(void)
{
	sqlite3 *db = NULL;

	ck_assert_int_eq(sqlite3_open(path_of("ann.db"), &db), SQLITE_OK);
	ck_assert_int_eq(
	    sqlite3_exec(db, "UPDATE token SET counter=30", NULL, NULL, NULL),
	    SQLITE_OK);
	ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
	ck_assert_int_ne(access(path_of("ann.db-wal"), F_OK), 0);
}

static void
others_restore_in_place(void)
{
	others_commit();
	copy("ann.db", "kept");
	copy("ann.db-wal", "kept-wal");
	others_commit_often();
	copy("kept", "ann.db");
	copy("kept-wal", "ann.db-wal");
}

/* The log alone, of some logins ago: the file is the same. */
static void
others_restore_the_log(void)
{
	copy("ann.db-wal", "kept-wal");
	ck_assert_int_eq(move_to("ann", 21), ROLLCODE_OK);
	ck_assert_int_eq(move_to("ann", 22), ROLLCODE_OK);
	ck_assert_int_gt(count_open(), 0);
	copy("kept-wal", "ann.db-wal");
}

static void
others_restore_by_name(void)
{
	char from[PATH_MAX + 64];

	others_commit();
	copy("ann.db", "kept");
	copy("ann.db-wal", "kept-wal");
	snprintf(from, sizeof(from), "%s", path_of("kept"));
	ck_assert_int_eq(rename(from, path_of("ann.db")), 0);
	snprintf(from, sizeof(from), "%s", path_of("kept-wal"));
	ck_assert_int_eq(rename(from, path_of("ann.db-wal")), 0);
}

static void
others_replace(void)
{
	config.pools = false;
	ck_assert_int_eq(create("ann", 2, true), ROLLCODE_OK);
	config.pools = true;
	others_commit();
}

static const struct {
	const char *name;
	void (*act)(void);
	uint64_t counter;
} others[] = {
    {"commit", others_commit, 30},
    {"commit often", others_commit_often, 130},
    {"fold and commit", others_fold_and_commit, 30},
    {"empty the log", others_empty_the_log, 30},
    {"use sqlite3", others_use_sqlite, 30},
    {"restore in place", others_restore_in_place, 30},
    {"restore the log", others_restore_the_log, 20},
    {"restore by name", others_restore_by_name, 30},
    {"replace", others_replace, 30},
};

/* --- promises ------------------------------------------------------------- */

START_TEST(a_file_stays_open_until_there_is_nothing_to_do)
{
	enrolled("ann");
	ck_assert_int_eq(move_to("ann", 11), ROLLCODE_OK);
	ck_assert_int_gt(count_open(), 0);

	store_sqlite.idle();

	ck_assert_int_eq(count_open(), 0);
}
END_TEST

START_TEST(files_that_stay_open_are_few)
{
	char user[16];
	int first = 0;

	for (int i = 0; i < 20; i++) {
		snprintf(user, sizeof(user), "user%d", i);
		enrolled(user);
		ck_assert_int_eq(move_to(user, 11), ROLLCODE_OK);
		if (i == 0)
			first = count_open();
	}

	ck_assert_int_gt(first, 0);
	ck_assert_int_le(count_open(), 4 * first);
}
END_TEST

START_TEST(a_file_stays_open_for_no_longer_if_others_log_in)
{
	enrolled("ann");
	enrolled("bob");
	store_sqlite.idle();
	ck_assert_int_eq(move_to("bob", 11), ROLLCODE_OK);
	ck_assert_int_eq(count_open(), 3);
	usleep((STORE_IDLE_MS / 2 + 100) * 1000);
	ck_assert_int_eq(move_to("ann", 11), ROLLCODE_OK);
	ck_assert_int_eq(count_open(), 6);
	usleep((STORE_IDLE_MS / 2 + 100) * 1000);
	ck_assert_int_eq(move_to("ann", 12), ROLLCODE_OK);
	ck_assert_int_eq(count_open(), 3);
}
END_TEST

/* Who opens it finds it in the pool. */
START_TEST(a_file_is_open_once_however_its_name_is_spelled)
{
	enrolled("ann");
	store_sqlite.idle();
	strcat(config.database, "//");
	for (uint64_t i = 11; i < 15; i++)
		ck_assert_int_eq(move_to("ann", i), ROLLCODE_OK);
	ck_assert_int_eq(count_open(), 3);
}
END_TEST

START_TEST(who_has_a_file_open_holds_nobody_up)
{
	int64_t before;

	enrolled("ann");
	ck_assert_int_eq(move_to("ann", 11), ROLLCODE_OK);

	before = clock_ms();
	ck_assert_int_eq(others_move_to("ann", 12), ROLLCODE_OK);

	ck_assert_int_lt(clock_ms() - before, STORE_BUSY_MS);
	ck_assert_uint_eq(counter_of("ann"), 12);
}
END_TEST

START_TEST(who_begins_is_alone_with_the_user)
{
	struct account account;
	struct store *store, *other;
	bool is;

	enrolled("ann");
	ck_assert_int_eq(move_to("ann", 11), ROLLCODE_OK);
	store = begun("ann", &account);

	config.pools = false;
	other = opened();
	ck_assert_int_eq(ops->begin(other, "ann", &is, &account, &problem),
	    ROLLCODE_ERR_UNAVAIL);
	ops->close(other);
	config.pools = true;
	other = opened();
	ck_assert_int_eq(ops->begin(other, "ann", &is, &account, &problem),
	    ROLLCODE_ERR_UNAVAIL);
	ops->close(other);
	ops->close(store);
}
END_TEST

/* Once told to; 98 if the user is begun, or why not. */
static pid_t
start_beginning(int gate)
{
	struct account account;
	struct store *store;
	enum rollcode_err err;
	pid_t pid = fork();
	bool is = false;
	char byte;

	if (pid != 0)
		return pid;
	ck_assert_int_eq(read(gate, &byte, 1), 1);
	store = opened();
	err = ops->begin(store, "ann", &is, &account, &problem);
	_exit(is ? 98 : (int)err);
}

/* As a login that has the new one would have it. */
static int
lock_new_file(void)
{
	const struct flock lock = {.l_type = F_WRLCK,
	    .l_whence = SEEK_SET,
	    .l_start = 0x40000002,
	    .l_len = 510};
	char from[PATH_MAX + 64];
	int fd;

	copy("ann.db", "kept");
	snprintf(from, sizeof(from), "%s", path_of("kept"));
	ck_assert_int_eq(rename(from, path_of("ann.db")), 0);
	fd = open(path_of("ann.db"), O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(fcntl(fd, F_OFD_SETLK, &lock), 0);
	return fd;
}

START_TEST(who_waited_for_a_file_waits_for_the_one_in_its_place)
{
	struct account account;
	struct store *store;
	int status, gate[2], fd;
	pid_t pid;

	enrolled("ann");
	store_sqlite.idle();
	ck_assert_int_eq(pipe(gate), 0);
	pid = start_beginning(gate[0]);
	config.pools = false;
	store = begun("ann", &account);
	ck_assert_int_eq(write(gate[1], "x", 1), 1);
	while (!files_process_has(pid, path_of("ann.db")))
		usleep(1000);
	fd = lock_new_file();
	ops->close(store);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);

	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), ROLLCODE_ERR_UNAVAIL);
	close(fd);
}
END_TEST

START_TEST(what_others_did_to_an_open_file_is_seen)
{
	enrolled("ann");
	ck_assert_int_eq(move_to("ann", 20), ROLLCODE_OK);
	ck_assert_int_gt(count_open(), 0);

	others[_i].act();

	ck_assert_msg(counter_of("ann") == others[_i].counter, "%s: %llu",
	    others[_i].name, (unsigned long long)counter_of("ann"));
	ck_assert_int_eq(move_to("ann", 1000), ROLLCODE_OK);
	config.pools = false;
	ck_assert_uint_eq(counter_of("ann"), 1000);
}
END_TEST

START_TEST(a_user_whom_others_removed_is_absent)
{
	struct store *store;

	enrolled("ann");
	ck_assert_int_eq(move_to("ann", 20), ROLLCODE_OK);
	config.pools = false;
	store = opened();
	ck_assert_int_eq(ops->remove(store, "ann", &problem), ROLLCODE_OK);
	ops->close(store);
	config.pools = true;

	ck_assert(!is_enrolled("ann"));
}
END_TEST

/* Who is spoilt meanwhile is found out as at the first login. */
START_TEST(a_file_that_others_spoilt_is_refused)
{
	struct account account;
	struct store *store;
	bool is;

	enrolled("ann");
	ck_assert_int_eq(move_to("ann", 20), ROLLCODE_OK);
	ck_assert_int_eq(chmod(path_of("ann.db"), 0644), 0);

	store = opened();
	ck_assert_int_eq(ops->begin(store, "ann", &is, &account, &problem),
	    ROLLCODE_ERR_STORE);
	ops->close(store);
	ck_assert_int_eq(chmod(path_of("ann.db"), 0600), 0);
	ck_assert_uint_eq(counter_of("ann"), 20);
}
END_TEST

/* Many pages at once, of which the last frame, the commit, is missing. */
static void
leave_as_if_killed(void)
{
	sqlite3 *db = NULL;
	struct stat st;

	ck_assert_int_eq(
	    sqlite_open(path_of("ann.db"), &store_sqlite_kind, &db, &problem),
	    ROLLCODE_OK);
	ck_assert_int_eq(sqlite_begin(db, &problem), ROLLCODE_OK);
	for (int64_t slot = 50; slot < 100; slot++)
		ck_assert_int_eq(
		    sqlite_change(db, &problem, 1,
			"INSERT INTO event VALUES(?,1,1,hex(zeroblob(60)),'',"
			"'','',0,0)",
			"i", slot),
		    ROLLCODE_OK);
	ck_assert_int_eq(sqlite_commit(db, &problem), ROLLCODE_OK);
	sqlite_close(db);
	ck_assert_int_eq(stat(path_of("ann.db-wal"), &st), 0);
	ck_assert_int_eq(
	    truncate(path_of("ann.db-wal"), st.st_size - 24 - 1024), 0);
}

/* The frames behind the commit could be written again as they are. */
START_TEST(behind_what_a_killed_writer_left_no_file_stays_open)
{
	enrolled("ann");
	ck_assert_int_eq(move_to("ann", 20), ROLLCODE_OK);
	leave_as_if_killed();

	ck_assert_uint_eq(counter_of("ann"), 20);
	ck_assert_int_eq(move_to("ann", 21), ROLLCODE_OK);
	ck_assert_int_eq(count_open(), 0);
	ck_assert_int_eq(others_move_to("ann", 22), ROLLCODE_OK);
	ck_assert_uint_eq(counter_of("ann"), 22);
}
END_TEST

/* Whoever commits next, both know where the counter is. */
START_TEST(two_who_take_turns_lose_nothing)
{
	uint64_t counter = 10;
	int turn;

	enrolled("ann");
	srandom(1);
	for (int i = 0; i < 1000; i++) {
		turn = (int)(random() % 8);
		config.pools = turn < 4;
		if (turn == 7)
			store_sqlite.idle();
		ck_assert_uint_eq(counter_of("ann"), counter);
		if (turn % 2 == 0)
			ck_assert_int_eq(
			    move_to("ann", ++counter), ROLLCODE_OK);
	}
	config.pools = true;
	ck_assert_uint_eq(counter_of("ann"), counter);
}
END_TEST

int
main(void)
{
	TCase *tcase = store_suite("pooled", &pooled);

	pooled_ops = store_sqlite;
	pooled_ops.remove = pooled_remove;
	tcase_add_test(tcase, a_file_stays_open_until_there_is_nothing_to_do);
	tcase_add_test(tcase, files_that_stay_open_are_few);
	tcase_add_test(tcase, a_file_stays_open_for_no_longer_if_others_log_in);
	tcase_add_test(tcase, a_file_is_open_once_however_its_name_is_spelled);
	tcase_add_test(tcase, who_has_a_file_open_holds_nobody_up);
	tcase_add_test(tcase, who_begins_is_alone_with_the_user);
	tcase_add_loop_test(
	    tcase, what_others_did_to_an_open_file_is_seen, 0, COUNT(others));
	tcase_add_test(
	    tcase, who_waited_for_a_file_waits_for_the_one_in_its_place);
	tcase_add_test(tcase, a_user_whom_others_removed_is_absent);
	tcase_add_test(tcase, a_file_that_others_spoilt_is_refused);
	tcase_add_test(
	    tcase, behind_what_a_killed_writer_left_no_file_stays_open);
	tcase_add_test(tcase, two_who_take_turns_lose_nothing);
	tcase_add_test(tcase, what_was_derived_before_is_not_derived_again);
	return files_run();
}
