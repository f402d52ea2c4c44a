/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store of version 2, as tests/vectors/version-2 has it: what is kept, who
 * upgrades a file, and which file is none.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "common/token/codec.h"
#include "pam_rollcode/store/sqlite/parts.h"
#include "tests/support/cases.h"
#include "tests/unit/store/store_files.h"
#include "tests/unit/store/store_suite.h"

#define VECTORS "tests/vectors/version-2/"
#define TEXT_MAX 65536
#define IMAGE_MAX (1 << 18)
#define OLD_VERSION 2
#define VERSION 3

/* What ann's file says; in bob's are five failures. */
#define ANN_COUNTER 48
#define ANN_SEQUENCE 31
#define BOB_COUNTER 4
#define BOB_SEQUENCE 10

struct image {
	size_t len;
	char bytes[IMAGE_MAX];
};

static struct image before[2], after[2];
static char text[TEXT_MAX];

static void
read_whole(const char *path, char *out, size_t size, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	ck_assert_msg(fd >= 0, "%s", path);
	n = read(fd, out, size);
	close(fd);
	ck_assert(n >= 0 && (size_t)n < size);
	*len = (size_t)n;
}

static void
read_vector(const char *name)
{
	char path[128];
	size_t len;

	snprintf(path, sizeof(path), VECTORS "%s", name);
	read_whole(path, text, sizeof(text), &len);
	text[len] = '\0';
}

/* As the program left it: the log stays, and nobody else was there. */
static sqlite3 *
open_raw(const char *name, int flags)
{
	sqlite3 *db = NULL;
	int keep = 1;

	ck_assert_int_eq(sqlite3_open_v2(path_of(name), &db,
			     SQLITE_OPEN_READWRITE | flags, "unix-excl"),
	    SQLITE_OK);
	ck_assert_int_eq(
	    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL),
	    SQLITE_OK);
	ck_assert_int_eq(
	    sqlite3_file_control(db, "main", SQLITE_FCNTL_PERSIST_WAL, &keep),
	    SQLITE_OK);
	return db;
}

static bool
make_file(const char *name)
{
	sqlite3 *db = open_raw(name, SQLITE_OPEN_CREATE);
	bool made = sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK;

	ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
	ck_assert_int_eq(chmod(path_of(name), 0600), 0);
	return made;
}

/* As somebody who may write the file. */
static bool
change_file(const char *name, const char *sql)
{
	sqlite3 *db = open_raw(name, 0);
	bool changed;

	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	changed = sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
	ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
	return changed;
}

static void
make_user(const char *user)
{
	char name[16];

	snprintf(name, sizeof(name), "%s.sql", user);
	read_vector(name);
	snprintf(name, sizeof(name), "%s.db", user);
	ck_assert(make_file(name));
}

static void
setup(void)
{
	FILE *marker;

	umask(077);
	ops = &store_sqlite;
	config_defaults(&config);
	config.uid = geteuid();
	config.gid = getegid();
	config.administers = true;
	read_vector("env");
	text[strcspn(text, "\n")] = '\0';
	ck_assert(hex_decode(
	    strchr(text, '=') + 1, config.key.bytes, sizeof(config.key.bytes)));
	config.has_key = true;
	files_make(&config);
	ck_assert_int_eq(mkdir(path_of(""), 0700), 0);
	read_vector("marker");
	ck_assert_ptr_nonnull(marker = fopen(path_of("marker"), "w"));
	ck_assert_int_ge(fputs(text, marker), 0);
	ck_assert_int_eq(fclose(marker), 0);
	make_user("ann");
	make_user("bob");
}

static void
teardown(void)
{
	files_unmake(&config);
}

static void
look(struct image image[2], const char *user)
{
	char name[32];

	snprintf(name, sizeof(name), "%s.db", user);
	read_whole(path_of(name), image[0].bytes, IMAGE_MAX, &image[0].len);
	snprintf(name, sizeof(name), "%s.db-wal", user);
	read_whole(path_of(name), image[1].bytes, IMAGE_MAX, &image[1].len);
}

static bool
is_as_before(const char *user)
{
	look(after, user);
	for (int i = 0; i < 2; i++)
		if (before[i].len != after[i].len ||
		    memcmp(before[i].bytes, after[i].bytes, before[i].len) != 0)
			return false;
	return true;
}

static int
version_of(const char *name)
{
	sqlite3 *db = open_raw(name, 0);
	sqlite3_stmt *statement = NULL;
	int version = -1;

	if (sqlite3_prepare_v2(
		db, "PRAGMA user_version", -1, &statement, NULL) == SQLITE_OK &&
	    sqlite3_step(statement) == SQLITE_ROW)
		version = sqlite3_column_int(statement, 0);
	sqlite3_finalize(statement);
	ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
	return version;
}

/* --- what is kept --------------------------------------------------------- */

START_TEST(an_older_file_is_read_as_its_program_left_it)
{
	struct account a;

	config.pools = _i != 0;
	ops->close(begun("ann", &a));
	ck_assert_int_eq(a.sequence, ANN_SEQUENCE);
	ck_assert_uint_eq(a.failures, 0);
	ck_assert_uint_eq(a.spent, 2);
	ck_assert_uint_eq(a.late, 0);
	ck_assert_uint_eq(a.token_count, 2);
	ck_assert_str_eq(a.tokens[0].token.label, "token");
	ck_assert_uint_eq(a.tokens[0].token.counter, ANN_COUNTER);
	ck_assert_uint_eq(a.tokens[1].token.counter, 7);
	ck_assert_uint_eq(a.recovery_count, ACCOUNT_RECOVERY_CODES);
	ck_assert_uint_eq(account_recovery_left(&a), 9);

	ops->close(begun("bob", &a));
	ck_assert_int_eq(a.sequence, BOB_SEQUENCE);
	ck_assert_uint_eq(a.failures, 5);
	ck_assert_uint_eq(a.failed, 5);
	ck_assert_uint_eq(a.tokens[0].token.counter, BOB_COUNTER);
}
END_TEST

static enum rollcode_err
count_event(void *count, const struct event *e, struct error *error)
{
	(void)e;
	(void)error;
	++*(int *)count;
	return ROLLCODE_OK;
}

START_TEST(who_only_reads_leaves_an_older_file_as_it_was)
{
	struct account a;
	struct store *store;
	int events = 0;

	config.pools = _i != 0;
	look(before, "ann");
	store = begun("ann", &a);
	ck_assert_int_eq(
	    ops->events(store, count_event, &events, &problem), ROLLCODE_OK);
	ck_assert_int_ge(events, ANN_SEQUENCE);
	ops->end(store);
	ops->close(store);
	ops->close(begun("ann", &a));
	ops->idle();
	ck_assert(is_as_before("ann"));
	ck_assert_int_eq(version_of("ann.db"), OLD_VERSION);
}
END_TEST

/* --- who upgrades --------------------------------------------------------- */

static enum rollcode_err
change_nothing(struct store *store, struct account *a)
{
	return ops->commit(store, a, NULL, &problem);
}

static enum rollcode_err
count_late(struct store *store, struct account *a)
{
	a->late = 9;
	return ops->commit(store, a, NULL, &problem);
}

static enum rollcode_err
remove_token(struct store *store, struct account *a)
{
	a->token_count--;
	return ops->commit(store, a, NULL, &problem);
}

static enum rollcode_err
write_aside(struct store *store, struct account *a)
{
	struct event event;

	event_fill(&event, NOW, "test", NULL, "replayed");
	event.aside = true;
	a->replayed++;
	return ops->commit(store, a, &event, &problem);
}

static enum rollcode_err
seal_again(struct store *store, struct account *a)
{
	return ops->reseal(store, a->user, &problem);
}

/* With a key of its own, so that there is something to seal. */
static enum rollcode_err
change_key(struct store *store, struct account *a)
{
	enum rollcode_err err;

	ops->end(store);
	config.previous = config.key;
	config.has_previous = true;
	config.key.bytes[0] ^= 1;
	store = opened();
	if ((err = ops->adopt_key(store, &problem)) == ROLLCODE_OK)
		err = ops->reseal(store, a->user, &problem);
	ops->close(store);
	return err;
}

static const struct {
	enum rollcode_err (*change)(struct store *, struct account *);
	unsigned int tokens, late;
} changes[] = {
    {change_nothing, 0, 0},
    {count_late, 0, 9},
    {remove_token, 1, 0},
    {write_aside, 0, 0},
    {seal_again, 0, 0},
    {change_key, 0, 0},
};

static void
check_upgrade(size_t i, const char *user)
{
	struct account a, b;
	struct store *store = begun(user, &a);
	uint64_t counter = a.tokens[0].token.counter;
	size_t tokens = a.token_count;
	char name[32];

	snprintf(name, sizeof(name), "%s.db", user);
	ck_assert_msg(
	    changes[i].change(store, &a) == ROLLCODE_OK, "%s", problem.text);
	ops->close(store);
	ops->idle();
	ck_assert_int_eq(version_of(name), VERSION);
	ops->close(begun(user, &b));
	ck_assert_uint_eq(b.token_count, tokens - changes[i].tokens);
	ck_assert_uint_eq(b.late, changes[i].late);
	if (b.token_count > 0)
		ck_assert_uint_eq(b.tokens[0].token.counter, counter);
}

/* At ann's next event the log is folded, at bob's it is not. */
START_TEST(whoever_changes_an_older_file_upgrades_it)
{
	config.pools = _i % 2 != 0;
	check_upgrade((size_t)_i / 2, "ann");
	ops->idle();
	if (changes[_i / 2].change != change_key)
		check_upgrade((size_t)_i / 2, "bob");
}
END_TEST

START_TEST(a_user_of_an_older_file_can_be_replaced_and_removed)
{
	struct account a;
	struct store *store;

	ck_assert_int_eq(create("ann", 3, true), ROLLCODE_OK);
	ck_assert_int_eq(version_of("ann.db"), VERSION);
	ck_assert_uint_eq(counter_of("ann"), 10);
	store = opened();
	ck_assert_int_eq(ops->remove(store, "bob", &problem), ROLLCODE_OK);
	ops->close(store);
	ck_assert(!is_enrolled("bob"));
	ops->close(begun("ann", &a));
}
END_TEST

static void
schema_of(const char *name, char *out, size_t size)
{
	sqlite3 *db = open_raw(name, 0);
	sqlite3_stmt *statement = NULL;
	size_t len = 0;

	ck_assert_int_eq(sqlite3_prepare_v2(db,
			     "SELECT type||name||tbl_name||coalesce(sql,'') "
			     "FROM sqlite_schema ORDER BY rowid",
			     -1, &statement, NULL),
	    SQLITE_OK);
	out[0] = '\0';
	while (sqlite3_step(statement) == SQLITE_ROW && len < size)
		len += (size_t)snprintf(out + len, size - len, "%s\n",
		    (const char *)sqlite3_column_text(statement, 0));
	ck_assert_uint_lt(len, size);
	sqlite3_finalize(statement);
	ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}

START_TEST(an_upgraded_file_is_like_a_new_one)
{
	static char upgraded[8192], made[8192];
	struct account a;
	struct store *store = begun("ann", &a);

	ck_assert_int_eq(change_nothing(store, &a), ROLLCODE_OK);
	ops->close(store);
	enrolled("new");
	schema_of("ann.db", upgraded, sizeof(upgraded));
	schema_of("new.db", made, sizeof(made));
	ck_assert_str_eq(upgraded, made);
}
END_TEST

static void
tell_nothing(void *context, const char *user, const struct error *unusable)
{
	(void)context;
	ck_assert_msg(unusable == NULL, "%s: %s", user,
	    unusable == NULL ? "" : unusable->text);
}

/* So the program of its version can still use it. */
START_TEST(a_backup_has_an_older_file_as_it_is)
{
	char copy[PATH_MAX];
	struct store *store = opened();
	struct account a;

	look(before, "ann");
	snprintf(
	    copy, sizeof(copy), "%s/copy", config.database + strlen("sqlite:"));
	ck_assert_msg(ops->backup(store, copy, NOW, tell_nothing, NULL,
			  &problem) == ROLLCODE_OK,
	    "%s", problem.text);
	ops->close(store);
	ck_assert(is_as_before("ann"));
	ck_assert_int_eq(version_of("../copy/users/ann.db"), OLD_VERSION);
	snprintf(config.database, sizeof(config.database), "sqlite:%.*s", 1000,
	    copy);
	ops->close(begun("bob", &a));
	ck_assert_uint_eq(a.failures, 5);
	ck_assert_int_eq(version_of("bob.db"), OLD_VERSION);
}
END_TEST

/* --- which file is none --------------------------------------------------- */

#define LETTERS 360 /* of those in the schema */
#define SEALED 60   /* bytes of a secret of 32 */

/*
 * What SQLite keeps of a statement begins behind these, with the name; the
 * statements end with the first row.
 */
static char *
find_letter(size_t nth)
{
	char *end = strstr(text, "INSERT"), *at = text;
	size_t count = 0;

	while ((at = strstr(at, "\nCREATE T")) != NULL && at < end) {
		at = strchr(at + strlen("\nCREATE "), ' ');
		for (; *at != '\n'; at++) {
			bool letter =
			    (*at | 0x20) >= 'a' && (*at | 0x20) <= 'z';

			if (letter && count++ == nth)
				return at;
		}
	}
	return NULL;
}

static size_t
count_letters(void)
{
	size_t count = 0;

	while (find_letter(count) != NULL)
		count++;
	return count;
}

static void
remove_ann(void)
{
	unlink(path_of("ann.db"));
	unlink(path_of("ann.db-wal"));
}

static void
check_refused(const char *what, size_t nth)
{
	struct store *store = opened();
	struct account account;
	bool is = true;
	enum rollcode_err err;

	look(before, "ann");
	err = ops->begin(store, "ann", &is, &account, &problem);
	ops->close(store);
	ops->idle();
	ck_assert_msg(err == ROLLCODE_ERR_STORE && !is, "%s %zu: %s", what, nth,
	    err == ROLLCODE_OK ? "accepted" : problem.text);
	ck_assert_msg(is_as_before("ann"), "%s %zu was changed", what, nth);
}

START_TEST(a_letter_of_another_case_in_its_schema_is_refused)
{
	size_t letters;

	config.pools = _i != 0;
	read_vector("ann.sql");
	letters = count_letters();
	ck_assert_uint_gt(letters, LETTERS);
	for (size_t i = (size_t)_i; i < LETTERS; i += 2) {
		size_t nth = i * letters / LETTERS;
		char *letter = find_letter(nth);

		*letter ^= 0x20;
		remove_ann();
		ck_assert(make_file("ann.db"));
		check_refused("letter", nth);
		*letter ^= 0x20;
	}
}
END_TEST

static const char *const statements[] = {
    "PRAGMA user_version=0",
    "PRAGMA user_version=1",
    "PRAGMA user_version=3",
    "PRAGMA user_version=4",
    "PRAGMA user_version=-2",
    "PRAGMA application_id=1",
    "CREATE TABLE x(y)",
    "CREATE VIEW x AS SELECT 1",
    "CREATE INDEX x ON token(label)",
    "CREATE TRIGGER x AFTER UPDATE ON token BEGIN SELECT 1; END",
    "DROP TRIGGER code_stays_used",
    "DROP TRIGGER counter_never_falls",
    "DROP TABLE event",
    "ALTER TABLE account ADD COLUMN late INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE token ADD COLUMN late INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE account RENAME COLUMN halves TO late",
    "ALTER TABLE account DROP COLUMN halves",
    "DELETE FROM account",
    "UPDATE account SET user='bob'",
    "UPDATE account SET failures=-1",
    "UPDATE account SET failures='one'",
    "UPDATE account SET key_id='0000000000000000'",
    "UPDATE token SET label='other' WHERE id=1",
    "UPDATE token SET form='x'",
    "UPDATE token SET algorithm='SHA512'",
    "UPDATE token SET digits=7",
    "UPDATE token SET secret=X''",
    "UPDATE token SET far_time='never',far_counter=1",
    "UPDATE recovery SET mac=X'00'",
};

/* Put ann's file there as it was, and change it. */
static void
change_again(const struct image original[2], const char *sql)
{
	static const char *const names[] = {"ann.db", "ann.db-wal"};

	remove_ann();
	for (int i = 0; i < 2; i++) {
		int fd = open(path_of(names[i]),
		    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

		ck_assert_int_ge(fd, 0);
		ck_assert_int_eq(write(fd, original[i].bytes, original[i].len),
		    (ssize_t)original[i].len);
		close(fd);
	}
	ck_assert_msg(change_file("ann.db", sql), "%s", sql);
}

START_TEST(another_schema_version_or_row_is_refused)
{
	static struct image original[2];
	static const char *const sealed[] = {
	    "account SET recovery_key", "token SET secret"};
	char sql[256];

	config.pools = _i != 0;
	look(original, "ann");
	for (size_t i = 0; i < COUNT(statements); i++) {
		change_again(original, statements[i]);
		check_refused(statements[i], i);
	}
	for (int i = 1; i <= SEALED * (int)COUNT(sealed); i++) {
		const char *column = sealed[i % 2];
		const char *name = strrchr(column, ' ') + 1;
		int at = (i + 1) / 2;

		snprintf(sql, sizeof(sql),
		    "UPDATE %s=CAST(substr(%s,1,%d)||"
		    "CASE substr(%s,%d,1) WHEN X'00' THEN X'01' ELSE X'00' END"
		    "||substr(%s,%d) AS BLOB)",
		    column, name, at - 1, name, at, name, at + 1);
		change_again(original, sql);
		check_refused(column, (size_t)at);
	}
}
END_TEST

int
main(void)
{
	TCase *tcase = test_case("upgrade", 60);

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(
	    tcase, an_older_file_is_read_as_its_program_left_it, 0, 2);
	tcase_add_loop_test(
	    tcase, who_only_reads_leaves_an_older_file_as_it_was, 0, 2);
	tcase_add_loop_test(tcase, whoever_changes_an_older_file_upgrades_it, 0,
	    2 * (int)COUNT(changes));
	tcase_add_test(
	    tcase, a_user_of_an_older_file_can_be_replaced_and_removed);
	tcase_add_test(tcase, an_upgraded_file_is_like_a_new_one);
	tcase_add_test(tcase, a_backup_has_an_older_file_as_it_is);
	tcase_add_loop_test(
	    tcase, a_letter_of_another_case_in_its_schema_is_refused, 0, 2);
	tcase_add_loop_test(
	    tcase, another_schema_version_or_row_is_refused, 0, 2);
	return files_run();
}
