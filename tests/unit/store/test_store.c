/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The promises of every store, kept by the store of files; what is true of
 * files alone is at the end.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "pam_rollcode/store/sqlite/parts.h"
#include "tests/support/cases.h"
#include "tests/unit/store/store_behind.h"
#include "tests/unit/store/store_files.h"
#include "tests/unit/store/store_suite.h"
#include "tests/support/stack.h"

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

static void
remove_ann(struct store *store)
{
	ck_assert_int_eq(ops->remove(store, "ann", &problem), ROLLCODE_OK);
}

/* By its own bytes: nothing but the file is another one. */
static void
replace_ann(struct store *store)
{
	static uint8_t bytes[1 << 18];
	int fd = open(path_of("ann.db"), O_RDONLY | O_CLOEXEC);
	char fresh[PATH_MAX + 64];
	ssize_t len;

	(void)store;
	snprintf(fresh, sizeof(fresh), "%s", path_of("fresh"));
	len = read(fd, bytes, sizeof(bytes));
	ck_assert_int_gt(len, 0);
	/* That one stays open: to close it would let the lock go. */
	fd = open(fresh, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_eq(write(fd, bytes, (size_t)len), len);
	close(fd);
	ck_assert_int_eq(
	    renameat(AT_FDCWD, fresh, AT_FDCWD, path_of("ann.db")), 0);
}

static void (*const taken[])(struct store *) = {remove_ann, replace_ann};

/* Somebody waits for the lock of a file that is taken away meanwhile. */
START_TEST(who_waited_for_a_file_that_is_gone_does_not_use_it)
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
	while (!files_process_has(pid, path_of("ann.db")))
		usleep(1000);
	taken[_i](store);
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

/* What a statement finds in ann's file. */
static size_t
read_blob(const char *statement, uint8_t bytes[SEAL_MAX])
{
	struct sqlite_rows r;
	sqlite3 *db = NULL;
	size_t len;

	ck_assert_int_eq(
	    sqlite_open(path_of("ann.db"), &store_sqlite_kind, &db, &problem),
	    ROLLCODE_OK);
	r = sqlite_query(db, &problem, statement, "");
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
	len = read_blob("SELECT secret FROM token ORDER BY id LIMIT 1", sealed);
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

/* Another store, which has everything else of this one. */
static void
take_another_id(void)
{
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
}

START_TEST(nobody_is_absent_in_a_store_that_took_the_place_of_another)
{
	struct store *store = opened();
	struct account account;
	bool is_there;

	take_another_id();
	ck_assert_int_eq(
	    ops->begin(store, "ann", &is_there, &account, &problem),
	    ROLLCODE_ERR_UNAVAIL);
	ops->close(store);
}
END_TEST

/* In the file, by another program. */
static void
run_on(const char *name, const char *sql)
{
	sqlite3 *db = NULL;
	char *why = NULL;

	ck_assert_int_eq(sqlite3_open(path_of(name), &db), SQLITE_OK);
	ck_assert_msg(
	    sqlite3_exec(db, sql, NULL, NULL, &why) == SQLITE_OK, "%s", why);
	sqlite3_close(db);
}

static enum rollcode_err
begin(const char *user)
{
	struct store *store = opened();
	struct account account;
	enum rollcode_err err;
	bool is;

	err = ops->begin(store, user, &is, &account, &problem);
	ops->close(store);
	return err;
}

static void
assert_refused(const char *user, const char *says)
{
	ck_assert_int_eq(begin(user), ROLLCODE_ERR_STORE);
	ck_assert_msg(strstr(problem.text, says) != NULL, "%s", problem.text);
}

/* --- what a row can be made of -------------------------------------------- */

static void
with_recovery(uint8_t key, uint8_t mac)
{
	struct account account;
	struct store *store = begun("ann", &account);

	account.recovery_key_set = true;
	memset(account.recovery_key.bytes, key, SECRET_KEY_LEN);
	account.recovery_count = 1;
	memset(&account.recovery[0], 0, sizeof(account.recovery[0]));
	memset(account.recovery[0].mac, mac, ACCOUNT_MAC_LEN);
	ck_assert_int_eq(
	    ops->commit(store, &account, NULL, &problem), ROLLCODE_OK);
	ops->close(store);
}

static const struct {
	const char *sql, *says;
} rows[] = {
    {"UPDATE token SET label='other'", "cannot be decrypted"},
    {"UPDATE token SET digits=7", "cannot be decrypted"},
    {"UPDATE token SET algorithm='sha512'", "cannot be decrypted"},
    {"UPDATE token SET secret=zeroblob(60)", "cannot be decrypted"},
    {"UPDATE account SET recovery_key=(SELECT secret FROM token)",
	"cannot be decrypted"},
    {"UPDATE recovery SET mac=substr(mac,2)", "wrong length"},
    {"WITH RECURSIVE n(i) AS (SELECT 1 UNION SELECT i+1 FROM n WHERE i<11)"
     "INSERT INTO recovery(mac,issued,expires,used) "
     "SELECT mac,0,0,0 FROM recovery,n",
	"more than 11 recovery codes"},
    {"UPDATE account SET user='anna'", "file of another user"},
    {"UPDATE account SET user='an'", "file of another user"},
    {"DELETE FROM account", "has no account"},
};

START_TEST(a_row_that_was_changed_is_refused)
{
	enrolled("ann");
	with_recovery(9, 1);
	ck_assert_int_eq(begin("ann"), ROLLCODE_OK);

	run_on("ann.db", rows[_i].sql);

	assert_refused("ann", rows[_i].says);
}
END_TEST

START_TEST(a_ninth_token_is_refused)
{
	struct account account;
	struct store *store;
	char label[2] = "a";

	enrolled("ann");
	store = begun("ann", &account);
	for (uint8_t i = 2; i <= ACCOUNT_TOKENS_MAX; i++, label[0]++)
		fill_token(&account, label, i);
	ck_assert_int_eq(
	    ops->commit(store, &account, NULL, &problem), ROLLCODE_OK);
	ops->close(store);
	ck_assert_int_eq(begin("ann"), ROLLCODE_OK);
	run_on("ann.db",
	    "INSERT INTO token SELECT 99,'ninth',form,algorithm,digits,key_id,"
	    "secret,counter,NULL,NULL,enabled,created,used FROM token LIMIT 1");

	assert_refused("ann", "more than 8 tokens");
}
END_TEST

START_TEST(a_secret_opens_for_its_own_user_alone)
{
	char sql[PATH_MAX + 128];

	enrolled("ann");
	enrolled("bob");
	snprintf(sql, sizeof(sql),
	    "ATTACH '%s' AS other; UPDATE token SET secret="
	    "(SELECT secret FROM other.token)",
	    path_of("bob.db"));
	run_on("ann.db", sql);

	assert_refused("ann", "cannot be decrypted");
}
END_TEST

START_TEST(a_secret_opens_in_its_own_store_alone)
{
	enrolled("ann");
	take_another_id();

	assert_refused("ann", "cannot be decrypted");
}
END_TEST

/* As it could be bound by nobody else. */
static void
seal_short(const struct store *store, struct sealed *sealed)
{
	struct secret secret = {.len = SECRET_KEY_LEN / 2};
	struct seal_aad aad;

	seal_aad_begin(&aad, "rollcode recovery 1");
	seal_aad_add_text(&aad, store->keys.store_id);
	seal_aad_add_text(&aad, store->keys.all[0].id);
	seal_aad_add_text(&aad, "ann");
	ck_assert_int_eq(
	    seal_wrap(&store->keys.all[0].seal, &aad, &secret, sealed),
	    ROLLCODE_OK);
}

static struct store *stacked;
static struct sealed stacked_seal;
static struct secret_key stacked_key;

static void
seal_stacked(void)
{
	(void)!store_seal_recovery(&stacked->keys, &stacked->keys.all[0], "ann",
	    &stacked_key, &stacked_seal, &problem);
}

static void
open_stacked(void)
{
	(void)!store_open_recovery(&stacked->keys, "here", "ann",
	    stacked->keys.all[0].id, &stacked_seal, &stacked_key, &problem);
}

START_TEST(a_recovery_key_is_whole_and_does_not_stay_on_the_stack)
{
	uint8_t wanted[SECRET_KEY_LEN];

	stacked = opened();
	memset(wanted, 0xb7, sizeof(wanted));
	memset(&stacked_key, 0xb7, sizeof(stacked_key));
	ck_assert(!stays_on_stack(seal_stacked, wanted, sizeof(wanted)));
	memset(&stacked_key, 0, sizeof(stacked_key));
	ck_assert(!stays_on_stack(open_stacked, wanted, sizeof(wanted)));
	ck_assert_mem_eq(&stacked_key, wanted, sizeof(wanted));

	seal_short(stacked, &stacked_seal);
	ck_assert_int_eq(
	    store_open_recovery(&stacked->keys, "here", "ann",
		stacked->keys.all[0].id, &stacked_seal, &stacked_key, &problem),
	    ROLLCODE_ERR_STORE);
	ops->close(stacked);
}
END_TEST

/* --- of what is gone nothing is left -------------------------------------- */

START_TEST(of_a_removed_recovery_code_no_file_has_the_mac)
{
	uint8_t mac[ACCOUNT_MAC_LEN];
	struct account account;
	struct store *store;

	memset(mac, 0xd3, sizeof(mac));
	enrolled("ann");
	with_recovery(9, 0xd3);
	ck_assert(file_has("ann.db-wal", mac, sizeof(mac)));
	store = begun("ann", &account);
	account.recovery_count = 0;
	ck_assert_int_eq(
	    ops->commit(store, &account, NULL, &problem), ROLLCODE_OK);
	ops->close(store);

	ck_assert(!file_has("ann.db", mac, sizeof(mac)));
	ck_assert(!file_has("ann.db-wal", mac, sizeof(mac)));
}
END_TEST

START_TEST(of_a_recovery_key_that_was_changed_no_file_has_the_old_one)
{
	uint8_t sealed[SEAL_MAX];
	struct account account;
	struct store *store;
	size_t len;

	enrolled("ann");
	with_recovery(9, 1);
	len = read_blob("SELECT recovery_key FROM account", sealed);
	ck_assert(file_has("ann.db-wal", sealed, len));
	store = begun("ann", &account);
	account.recovery_key.bytes[0] = 77;
	ck_assert_int_eq(
	    ops->commit(store, &account, NULL, &problem), ROLLCODE_OK);
	ops->close(store);

	ck_assert(!file_has("ann.db", sealed, len));
	ck_assert(!file_has("ann.db-wal", sealed, len));
}
END_TEST

static void
written(const char *file, int64_t when)
{
	const struct timespec times[2] = {{.tv_sec = when}, {.tv_sec = when}};

	ck_assert_int_eq(utimensat(AT_FDCWD, path_of(file), times, 0), 0);
}

/* "bob=1700000003 ann=..." until there are enough. */
struct recent {
	char text[256];
	size_t wanted;
};

static enum rollcode_err
note_recent(void *context, const char *user, int64_t youngest, bool *enough,
    struct error *why)
{
	struct recent *r = context;
	size_t len = strlen(r->text);

	(void)why;
	snprintf(r->text + len, sizeof(r->text) - len, "%s=%lld ", user,
	    (long long)youngest - NOW);
	*enough = --r->wanted == 0;
	return ROLLCODE_OK;
}

/* A log, or a file without one, says when. */
START_TEST(whose_files_were_written_last_comes_first)
{
	static const struct {
		int64_t since;
		size_t wanted;
		const char *come;
	} cases[] = {
	    {0, 9, "eve=31 bob=21 ann=11 "},
	    {0, 2, "eve=31 bob=21 "},
	    {NOW + 21, 9, "eve=31 bob=21 "},
	    {NOW + 22, 9, "eve=31 "},
	    {NOW + 32, 9, ""},
	};
	struct store *store = opened();

	enrolled("ann");
	enrolled("bob");
	enrolled("eve");
	written("ann.db-wal", NOW + 10);
	written("ann.db", NOW + 5);
	written("bob.db-wal", NOW + 1);
	written("bob.db", NOW + 20);
	written("eve.db", NOW + 30);
	ck_assert_int_eq(unlink(path_of("eve.db-wal")), 0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct recent r = {"", cases[i].wanted};

		ck_assert_int_eq(ops->recent(store, cases[i].since, note_recent,
				     &r, &problem),
		    ROLLCODE_OK);
		ck_assert_str_eq(r.text, cases[i].come);
	}
	ops->close(store);
}
END_TEST

/* --- users who come and go ------------------------------------------------ */

static bool rename_fails;

/* In place of the C library's. */
int
rename(const char *from, const char *to)
{
	errno = EIO;
	return rename_fails ? -1 : renameat(AT_FDCWD, from, AT_FDCWD, to);
}

/* The file is whole without its log when that is taken away. */
START_TEST(a_replacement_that_fails_takes_no_counter_back)
{
	enrolled("ann");
	ck_assert_int_eq(move_to("ann", 20), ROLLCODE_OK);
	rename_fails = true;

	ck_assert_int_ne(create("ann", 2, true), ROLLCODE_OK);

	ck_assert_uint_eq(counter_of("ann"), 20);
}
END_TEST

START_TEST(a_log_of_somebody_before_is_never_that_of_the_next)
{
	static uint8_t log[1 << 18];
	struct account account;
	struct store *store;
	ssize_t len;
	int fd;

	enrolled("ann");
	ck_assert_int_eq(move_to("ann", 20), ROLLCODE_OK);
	fd = open(path_of("ann.db-wal"), O_RDONLY | O_CLOEXEC);
	len = read(fd, log, sizeof(log));
	ck_assert_int_gt(len, 0);
	close(fd);
	store = opened();
	ck_assert_int_eq(ops->remove(store, "ann", &problem), ROLLCODE_OK);
	ops->close(store);
	fd = open(path_of("ann.db-wal"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_eq(write(fd, log, (size_t)len), len);
	close(fd);

	ck_assert_int_eq(create("ann", 2, false), ROLLCODE_OK);

	ops->close(begun("ann", &account));
	ck_assert_uint_eq(account.tokens[0].token.counter, 10);
	ck_assert_uint_eq(account.tokens[0].token.secret.bytes[0], 2);
}
END_TEST

/* What a file is called, and what else might be. */
static const struct {
	const char *user, *name;
} encoded[] = {
    {"ann", "ann"},
    {"Ann_1@x+y-z", "Ann_1@x+y-z"},
    {"-rf", "%2Drf"},
    {"a.b", "a%2Eb"},
    {".", "%2E"},
    {"a/b", "a%2Fb"},
    {"\xc3\xa4", "%C3%A4"},
    {"100%", "100%25"},
};

START_TEST(a_user_has_one_name_and_a_name_one_user)
{
	char name[STORE_NAME_MAX + 1], user[ROLLCODE_USER_MAX + 1];

	ck_assert(store_name_encode(encoded[_i].user, name));
	ck_assert_str_eq(name, encoded[_i].name);
	ck_assert(store_name_decode(name, user));
	ck_assert_str_eq(user, encoded[_i].user);
}
END_TEST

static const char *const no_names[] = {"", "a.b", "-rf", "%61nn", "%2f", "a%",
    "a%2", "%00", "a%00b", "%0A", "%1B", "%E2%80%AE", "%FF", "%zz"};

START_TEST(what_is_no_name_is_nobodys)
{
	char user[ROLLCODE_USER_MAX + 1];

	ck_assert_msg(
	    !store_name_decode(no_names[_i], user), "%s", no_names[_i]);
}
END_TEST

/* --- the marker ----------------------------------------------------------- */

static enum rollcode_err
open_store(void)
{
	struct store *store = NULL;
	enum rollcode_err err = ops->open(&store, &config, &problem);

	ops->close(store);
	return err;
}

static void
write_marker(const char *format, const char *rest)
{
	char text[256], *id;
	size_t len;
	FILE *file;

	ck_assert_ptr_nonnull(file = fopen(path_of("marker"), "r+"));
	len = fread(text, 1, sizeof(text) - 1, file);
	text[len] = '\0';
	ck_assert_ptr_nonnull(id = strstr(text, "STORE_ID="));
	ck_assert_ptr_nonnull(strstr(text, "KEY_ID="));
	if (rest == NULL)
		rest = strstr(text, "KEY_ID=");
	rewind(file);
	fprintf(file, "FORMAT=%s\n%.*s%s", format, (int)(9 + STORE_ID_LEN + 1),
	    id, rest);
	fflush(file);
	ck_assert_int_eq(ftruncate(fileno(file), ftell(file)), 0);
	fclose(file);
}

START_TEST(a_marker_is_whole_and_of_this_version)
{
	write_marker("1", NULL);
	ck_assert_int_eq(open_store(), ROLLCODE_OK);
	write_marker("2", NULL);
	ck_assert_int_eq(open_store(), ROLLCODE_ERR_STORE);
	ck_assert_ptr_nonnull(strstr(problem.text, "newer version"));
	write_marker("1", "");
	ck_assert_int_eq(open_store(), ROLLCODE_ERR_STORE);
	ck_assert_ptr_nonnull(strstr(problem.text, "is not a store's marker"));
}
END_TEST

START_TEST(a_marker_is_no_link)
{
	char other[PATH_MAX + 64];

	snprintf(other, sizeof(other), "%s", path_of("other"));
	ck_assert_int_eq(
	    renameat(AT_FDCWD, path_of("marker"), AT_FDCWD, other), 0);
	ck_assert_int_eq(symlink("other", path_of("marker")), 0);

	ck_assert_int_eq(open_store(), ROLLCODE_ERR_STORE);
}
END_TEST

START_TEST(a_store_is_the_accounts_and_nobody_else_lists_it)
{
	ck_assert_int_eq(chmod(path_of(""), 0750), 0);
	ck_assert_int_eq(open_store(), ROLLCODE_ERR_STORE);
	ck_assert_ptr_nonnull(strstr(problem.text, "has mode 0750"));
	ck_assert_int_eq(chmod(path_of(""), 0700), 0);
	if (geteuid() != 0)
		return;
	config.uid = 54321;
	ck_assert_int_eq(open_store(), ROLLCODE_ERR_STORE);
	ck_assert_ptr_nonnull(strstr(problem.text, "belongs to uid 0"));
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
add_rows(TCase *tcase)
{
	tcase_add_loop_test(
	    tcase, a_row_that_was_changed_is_refused, 0, COUNT(rows));
	tcase_add_test(tcase, a_ninth_token_is_refused);
	tcase_add_test(tcase, a_secret_opens_for_its_own_user_alone);
	tcase_add_test(tcase, a_secret_opens_in_its_own_store_alone);
	tcase_add_test(
	    tcase, a_recovery_key_is_whole_and_does_not_stay_on_the_stack);
	tcase_add_test(tcase, a_replacement_that_fails_takes_no_counter_back);
	tcase_add_test(
	    tcase, a_log_of_somebody_before_is_never_that_of_the_next);
	tcase_add_test(tcase, whose_files_were_written_last_comes_first);
	tcase_add_loop_test(
	    tcase, a_user_has_one_name_and_a_name_one_user, 0, COUNT(encoded));
	tcase_add_loop_test(
	    tcase, what_is_no_name_is_nobodys, 0, COUNT(no_names));
	tcase_add_test(tcase, a_marker_is_whole_and_of_this_version);
	tcase_add_test(tcase, a_marker_is_no_link);
	tcase_add_test(tcase, a_store_is_the_accounts_and_nobody_else_lists_it);
}

static void
add_remains(TCase *tcase)
{
	tcase_add_test(tcase, of_a_removed_recovery_code_no_file_has_the_mac);
	tcase_add_test(
	    tcase, of_a_recovery_key_that_was_changed_no_file_has_the_old_one);
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
	tcase_add_loop_test(tcase,
	    who_waited_for_a_file_that_is_gone_does_not_use_it, 0,
	    COUNT(taken));
	add_remains(tcase);
	add_rows(tcase);
	return files_run();
}
