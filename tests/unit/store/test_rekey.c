/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From one key to the next: the text of the env file, the rows of a store, and
 * a store's copy.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/cli/cli.h"
#include "tests/support/folder.h"
#include "pam_rollcode/config/envfile.h"
#include "pam_rollcode/store/sqlite/parts.h"
#include "tests/support/cases.h"
#include "tests/support/tokens.h"

#define NOW 1700000000
#define OLD_HEX \
	"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define NEW_HEX \
	"5a0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e5a"

static struct error error;
static struct config config;
static struct secret_key old_key, new_key;
static char place[64];

/* --- the env file --------------------------------------------------------- */

/* clang-format off */
static const struct {
	const char *before, *both, *after;
} texts[] = {
	{ "SECRET_KEY=" OLD_HEX "\n",
	  "SECRET_KEY=" NEW_HEX "\nSECRET_KEY_PREVIOUS=" OLD_HEX "\n",
	  "SECRET_KEY=" NEW_HEX "\n" },
	{ "# mine\n\nTOLERANCE=7\nSECRET_KEY=\"" OLD_HEX "\"  \n#SECRET_KEY=x",
	  "# mine\n\nTOLERANCE=7\nSECRET_KEY=" NEW_HEX
	  "\nSECRET_KEY_PREVIOUS=" OLD_HEX "\n#SECRET_KEY=x",
	  "# mine\n\nTOLERANCE=7\nSECRET_KEY=" NEW_HEX "\n#SECRET_KEY=x" },
	{ "SECRET_KEY_PREVIOUS=" NEW_HEX "\nGUESSES=9\nSECRET_KEY=" OLD_HEX
	  "\n#SECRET_KEY_PREVIOUS=\n",
	  "GUESSES=9\nSECRET_KEY=" NEW_HEX "\nSECRET_KEY_PREVIOUS=" OLD_HEX
	  "\n#SECRET_KEY_PREVIOUS=\n",
	  "GUESSES=9\nSECRET_KEY=" NEW_HEX "\n#SECRET_KEY_PREVIOUS=\n" },
};

/* What is no env file with one key is not written. */
static const char *const odd[] = {
	"", "TOLERANCE=7\n", " SECRET_KEY=" OLD_HEX "\n",
	"SECRET_KEY=" OLD_HEX "\nSECRET_KEY=" OLD_HEX "\n",
	"SECRET_KEY=" OLD_HEX "\nUNKNOWN=1\n",
};
/* clang-format on */

static void
setup_keys(void)
{
	memset(&error, 0, sizeof(error));
	for (uint8_t i = 0; i < SECRET_KEY_LEN; i++)
		old_key.bytes[i] = new_key.bytes[i] = i;
	new_key.bytes[0] = new_key.bytes[SECRET_KEY_LEN - 1] = 0x5a;
}

static void
fill(struct envfile *file, const char *text)
{
	memset(file, 0, sizeof(*file));
	ck_assert_int_eq(
	    envfile_append(file, text, strlen(text), &error), ROLLCODE_OK);
}

START_TEST(the_env_file_gets_other_keys_and_keeps_all_else)
{
	struct envfile from, to = {0};

	fill(&from, texts[_i].before);
	ck_assert_msg(envfile_rekey(&from, &new_key, &old_key, &to, &error) ==
			  ROLLCODE_OK,
	    "%s", error.text);
	ck_assert_str_eq(to.text, texts[_i].both);

	from = to;
	memset(&to, 0, sizeof(to));
	ck_assert_int_eq(
	    envfile_rekey(&from, &new_key, NULL, &to, &error), ROLLCODE_OK);
	ck_assert_str_eq(to.text, texts[_i].after);
}
END_TEST

START_TEST(an_env_file_that_would_have_other_keys_is_not_written)
{
	struct envfile from, to = {0};

	fill(&from, odd[_i]);
	ck_assert_int_eq(envfile_rekey(&from, &new_key, &old_key, &to, &error),
	    ROLLCODE_ERR_CONFIG);
	ck_assert_ptr_null(strstr(error.text, "0102030405"));
}
END_TEST

START_TEST(an_env_file_without_room_for_keys_is_not_written)
{
	struct envfile from, to = {0};
	char line[1001];

	fill(&from, "SECRET_KEY=" OLD_HEX "\n");
	memset(line, '#', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\n';
	while (from.len + sizeof(line) < ENV_FILE_MAX)
		ck_assert_int_eq(
		    envfile_append(&from, line, sizeof(line), &error),
		    ROLLCODE_OK);
	line[ENV_FILE_MAX - from.len - 1] = '\n';
	ck_assert_int_eq(
	    envfile_append(&from, line, ENV_FILE_MAX - from.len, &error),
	    ROLLCODE_OK);

	ck_assert_int_eq(envfile_rekey(&from, &new_key, &old_key, &to, &error),
	    ROLLCODE_ERR_CONFIG);
}
END_TEST

START_TEST(the_bar_is_full_at_the_end_and_never_longer)
{
	struct progress p = {.what = "a very long name indeed", .total = 3};
	char line[PROGRESS_MAX];

	progress_line(&p, line);
	ck_assert_ptr_null(strchr(line, '#'));
	p.done = 3;
	progress_line(&p, line);
	ck_assert_ptr_null(strstr(line, "#."));
	ck_assert_ptr_nonnull(strstr(line, "#] 3/3"));
	p.done = p.total = INT64_MAX / 64;
	progress_line(&p, line);
	ck_assert_uint_lt(strlen(line), 90);
	p.total = p.done = 0;
	progress_line(&p, line);
	ck_assert_ptr_nonnull(strstr(line, ".] 0/0"));
}
END_TEST

/* --- what is synced, and stays open --------------------------------------- */

/* Of files that are empty, and of the last directory. */
static int empty_synced;
static ino_t last_directory;

/* In place of the C library's. */
int
fsync(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0) {
		empty_synced += S_ISREG(st.st_mode) && st.st_size == 0;
		if (S_ISDIR(st.st_mode))
			last_directory = st.st_ino;
	}
	return 0;
}

/* Descriptors of this process. */
static int
count_open(void)
{
	int count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) != -1;
	return count;
}

/* --- who uses the env file ------------------------------------------------ */

static void
make_place(void)
{
	setup_keys();
	ck_assert(folder_make(place));
}

static void
remove_place(void)
{
	folder_remove(place);
}

static void
write_text(const char *path, const char *text)
{
	FILE *file;

	umask(077);
	ck_assert_ptr_nonnull(file = fopen(path, "w"));
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
}

START_TEST(an_env_file_is_locked_while_it_is_used_also_by_a_child)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "%s/env", place);
	write_text(path, "ACCOUNT=root\nSECRET_KEY=" OLD_HEX "\n");
	ck_assert_msg(config_load(path, true, &config, &error) == ROLLCODE_OK,
	    "%s", error.text);
	fd = open(path, O_RDWR | O_CLOEXEC);

	ck_assert_int_ne(flock(fd, LOCK_EX | LOCK_NB), 0);
	ck_assert_int_eq(errno, EWOULDBLOCK);
	if (fork() == 0) {
		config_wipe(&config);
		_exit(0);
	}
	ck_assert_int_gt(wait(NULL), 0);
	ck_assert_int_ne(flock(fd, LOCK_EX | LOCK_NB), 0);
	config_wipe(&config);
	ck_assert_int_eq(flock(fd, LOCK_EX | LOCK_NB), 0);
	close(fd);
}
END_TEST

START_TEST(a_mistake_in_the_env_file_leaves_it_unlocked)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "%s/env", place);
	write_text(path, "ACCOUNT=root\nSECRET_KEY=" OLD_HEX "\nODD=1\n");
	ck_assert_int_eq(
	    config_load(path, true, &config, &error), ROLLCODE_ERR_CONFIG);
	config_wipe(&config);
	fd = open(path, O_RDWR | O_CLOEXEC);

	ck_assert_int_eq(flock(fd, LOCK_EX | LOCK_NB), 0);
	close(fd);
}
END_TEST

/* --- a store -------------------------------------------------------------- */

static void
setup_store(void)
{
	bool made;

	make_place();
	config_defaults(&config);
	config.uid = geteuid();
	snprintf(config.account, sizeof(config.account), "rollcode");
	snprintf(config.database, sizeof(config.database), "sqlite:%s", place);
	config.key = old_key;
	config.has_key = true;
	ck_assert_int_eq(
	    store_sqlite.init(&config, &made, &error), ROLLCODE_OK);
}

/* As the env file is while the key is changed, and behind it. */
static void
both_keys(void)
{
	config.key = new_key;
	config.previous = old_key;
	config.has_previous = true;
}

static void
new_key_alone(void)
{
	config.key = new_key;
	config.has_previous = false;
}

static void
old_key_alone(void)
{
	config.key = old_key;
	config.has_previous = false;
}

static struct store *
opened(void)
{
	struct store *store = NULL;

	ck_assert_msg(store_sqlite.open(&store, &config, &error) == ROLLCODE_OK,
	    "%s", error.text);
	return store;
}

static void
add(struct account *account, const char *label, uint8_t with)
{
	struct rollcode_token token = token_filled(label, with);

	ck_assert_int_eq(
	    account_add(account, &token, NOW, &error), ROLLCODE_OK);
}

static void
create(struct store *store, const char *user)
{
	struct account account = {.created = NOW, .recovery_key_set = true};
	struct event event;

	strcpy(account.user, user);
	add(&account, "one", 1);
	add(&account, "two", 2);
	account.recovery_key.bytes[3] = 7;
	event_fill(&event, NOW, "test", NULL, "enrolled");
	ck_assert_msg(store_sqlite.create(store, &account, &event, false,
			  &error) == ROLLCODE_OK,
	    "%s", error.text);
}

static void
enroll(const char *user)
{
	struct store *store = opened();

	create(store, user);
	store_sqlite.close(store);
}

static enum rollcode_err
read_user(const char *user, struct account *account)
{
	struct store *store = NULL;
	bool enrolled = false;
	enum rollcode_err err;

	err = store_sqlite.open(&store, &config, &error);
	if (err == ROLLCODE_OK)
		err =
		    store_sqlite.begin(store, user, &enrolled, account, &error);
	store_sqlite.close(store);
	return err == ROLLCODE_OK && !enrolled ? ROLLCODE_ERR_ABSENT : err;
}

static void
adopt(void)
{
	struct store *store = opened();

	ck_assert_msg(store_sqlite.adopt_key(store, &error) == ROLLCODE_OK,
	    "%s", error.text);
	store_sqlite.close(store);
}

static void
reseal(const char *user)
{
	struct store *store = opened();

	ck_assert_msg(store_sqlite.reseal(store, user, &error) == ROLLCODE_OK,
	    "%s", error.text);
	store_sqlite.close(store);
}

static const char *searched;
static size_t searched_len;
static int found;

static int
search_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	static char bytes[1 << 20];
	FILE *file;
	size_t n;

	(void)st;
	(void)ftw;
	if (flag != FTW_F || (file = fopen(path, "r")) == NULL)
		return 0;
	n = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	found += memmem(bytes, n, searched, searched_len) != NULL;
	return 0;
}

/* In how many files of the store these bytes are. */
static int
files_with(const void *bytes, size_t len)
{
	searched = bytes;
	searched_len = len;
	found = 0;
	nftw(place, search_one, 8, FTW_PHYS);
	return found;
}

START_TEST(sealed_anew_an_account_is_the_same_and_the_old_key_opens_nothing)
{
	struct account before = {0}, after = {0};

	enroll("ann");
	ck_assert_int_eq(read_user("ann", &before), ROLLCODE_OK);
	both_keys();
	adopt();
	reseal("ann");
	ck_assert_int_eq(read_user("ann", &after), ROLLCODE_OK);
	ck_assert_mem_eq(&before, &after, sizeof(before));

	new_key_alone();
	ck_assert_int_eq(read_user("ann", &after), ROLLCODE_OK);
	ck_assert_mem_eq(&before, &after, sizeof(before));
	old_key_alone();
	ck_assert_int_eq(read_user("ann", &after), ROLLCODE_ERR_STORE);
}
END_TEST

START_TEST(no_file_keeps_anything_of_the_old_key)
{
	char id[SEAL_ID_LEN + 1];
	struct store *store;
	char path[128];

	enroll("ann");
	enroll("bob");
	ck_assert_int_eq(seal_key_id(&old_key, id), ROLLCODE_OK);
	snprintf(path, sizeof(path), "%s/users/dan.new", place);
	write_text(path, id);
	snprintf(path, sizeof(path), "%s/users/eve.db-wal", place);
	write_text(path, id);
	ck_assert_int_ge(files_with(id, SEAL_ID_LEN), 5);
	both_keys();
	adopt();
	reseal("ann");
	reseal("bob");
	store = opened();
	ck_assert_int_eq(store_sqlite.clean(store, &error), ROLLCODE_OK);
	store_sqlite.close(store);

	ck_assert_int_eq(files_with(id, SEAL_ID_LEN), 0);
	ck_assert_int_eq(access(path, F_OK), -1);
}
END_TEST

START_TEST(a_log_that_was_emptied_is_so_on_disk)
{
	enroll("ann");
	both_keys();
	adopt();
	empty_synced = 0;
	reseal("ann");

	ck_assert_int_gt(empty_synced, 0);
}
END_TEST

static void
login_of(const char *user, uint64_t counter)
{
	struct account account = {0};
	struct store *store = opened();
	bool enrolled;

	ck_assert_int_eq(
	    store_sqlite.begin(store, user, &enrolled, &account, &error),
	    ROLLCODE_OK);
	account.tokens[0].token.counter = counter;
	ck_assert_int_eq(
	    store_sqlite.commit(store, &account, NULL, &error), ROLLCODE_OK);
	store_sqlite.close(store);
}

static void
clean(void)
{
	struct store *store = opened();

	ck_assert_int_eq(store_sqlite.clean(store, &error), ROLLCODE_OK);
	store_sqlite.close(store);
}

START_TEST(what_killed_commands_left_goes_and_nothing_of_a_user)
{
	static const char *const left[] = {"dan.new", "dan.new-wal",
	    "dan.new-journal", "eve.db-wal", "eve.db-journal"};
	struct account account = {0};
	char path[128];

	enroll("ann");
	login_of("ann", 20);
	for (size_t i = 0; i < COUNT(left); i++) {
		snprintf(path, sizeof(path), "%s/users/%s", place, left[i]);
		write_text(path, "left");
	}
	clean();

	for (size_t i = 0; i < COUNT(left); i++) {
		snprintf(path, sizeof(path), "%s/users/%s", place, left[i]);
		ck_assert_msg(access(path, F_OK) != 0, "%s", left[i]);
	}
	ck_assert_int_eq(read_user("ann", &account), ROLLCODE_OK);
	ck_assert_uint_eq(account.tokens[0].token.counter, 20);
}
END_TEST

START_TEST(until_the_store_has_the_new_key_the_old_one_reads_what_is_enrolled)
{
	struct account account = {0};

	both_keys();
	enroll("ann");
	old_key_alone();
	ck_assert_int_eq(read_user("ann", &account), ROLLCODE_OK);
}
END_TEST

START_TEST(who_opened_the_store_before_it_had_the_new_key_enrols_with_it)
{
	struct account account = {0};
	struct store *store;

	both_keys();
	store = opened();
	adopt();
	create(store, "ann");
	store_sqlite.close(store);
	new_key_alone();
	ck_assert_int_eq(read_user("ann", &account), ROLLCODE_OK);
}
END_TEST

START_TEST(who_opened_the_store_before_adds_with_the_key_of_the_file)
{
	struct account account = {0};
	struct store *store;
	bool enrolled;

	enroll("ann");
	both_keys();
	store = opened();
	adopt();
	reseal("ann");
	ck_assert_int_eq(
	    store_sqlite.begin(store, "ann", &enrolled, &account, &error),
	    ROLLCODE_OK);
	add(&account, "three", 3);
	ck_assert_int_eq(
	    store_sqlite.commit(store, &account, NULL, &error), ROLLCODE_OK);
	store_sqlite.close(store);
	new_key_alone();
	ck_assert_int_eq(read_user("ann", &account), ROLLCODE_OK);
	ck_assert_uint_eq(account.token_count, 3);
}
END_TEST

START_TEST(a_key_is_adopted_and_a_user_sealed_anew_as_often_as_one_likes)
{
	struct account account = {0};

	enroll("ann");
	both_keys();
	for (int i = 0; i < 3; i++) {
		adopt();
		reseal("ann");
		reseal("nobody");
	}
	new_key_alone();
	ck_assert_int_eq(read_user("ann", &account), ROLLCODE_OK);
}
END_TEST

/* --- a copy of it --------------------------------------------------------- */

static void
tell(void *context, const char *user, const struct error *unusable)
{
	char *told = context;

	strcat(told, user);
	strcat(told, unusable == NULL ? " " : "! ");
}

static char copy[96], told[256];
static int64_t began = NOW;

static enum rollcode_err
backup_in(const char *folder)
{
	struct store *store = opened();
	enum rollcode_err err;

	told[0] = '\0';
	snprintf(copy, sizeof(copy), "%s%s/copy", place, folder);
	err = store_sqlite.backup(store, copy, began, tell, told, &error);
	store_sqlite.close(store);
	return err;
}

static enum rollcode_err
backup(void)
{
	return backup_in("");
}

static void
use_copy(void)
{
	snprintf(config.database, sizeof(config.database), "sqlite:%s", copy);
}

START_TEST(a_copy_is_a_store_for_the_administrator_and_for_no_login)
{
	struct account before = {0}, after = {0};

	enroll("ann");
	enroll("bob");
	ck_assert_int_eq(read_user("ann", &before), ROLLCODE_OK);
	ck_assert_msg(backup() == ROLLCODE_OK, "%s", error.text);
	ck_assert_str_eq(told, "ann bob ");

	use_copy();
	ck_assert_int_eq(read_user("ann", &after), ROLLCODE_ERR_STORE);
	ck_assert_uint_eq(error.reason, REASON_BACKUP);
	ck_assert_int_eq(read_user("dan", &after), ROLLCODE_ERR_STORE);
	ck_assert_uint_eq(error.reason, REASON_BACKUP);
	config.administers = true;
	ck_assert_int_eq(read_user("ann", &after), ROLLCODE_OK);
	ck_assert_mem_eq(&before, &after, sizeof(before));
	ck_assert_int_eq(read_user("bob", &after), ROLLCODE_OK);
	ck_assert_int_eq(read_user("dan", &after), ROLLCODE_ERR_ABSENT);
}
END_TEST

/* Its name begins like that of the store's own folder. */
START_TEST(a_copy_may_lie_beside_the_users_and_not_below)
{
	const char *folder = config.database + strlen("sqlite:");
	char path[192];
	struct store *store;

	enroll("ann");
	store = opened();
	snprintf(path, sizeof(path), "%s/users/copy", folder);
	ck_assert_int_eq(
	    store_sqlite.backup(store, path, NOW, tell, told, &error),
	    ROLLCODE_ERR_INPUT);
	snprintf(path, sizeof(path), "%s/users-copy", folder);
	ck_assert_msg(store_sqlite.backup(
			  store, path, NOW, tell, told, &error) == ROLLCODE_OK,
	    "%s", error.text);
	store_sqlite.close(store);
}
END_TEST

START_TEST(a_copy_stays_one_when_its_key_is_changed)
{
	struct account account = {0};

	enroll("ann");
	ck_assert_int_eq(backup(), ROLLCODE_OK);
	use_copy();
	both_keys();
	config.administers = true;
	adopt();
	config.administers = false;
	ck_assert_int_eq(read_user("ann", &account), ROLLCODE_ERR_STORE);
	ck_assert_uint_eq(error.reason, REASON_BACKUP);
}
END_TEST

static struct restored
past_of_store(void)
{
	struct store *store;
	struct restored restored;

	config.administers = true;
	store = opened();
	restored = *store_sqlite.restored(store);
	store_sqlite.close(store);
	config.administers = false;
	return restored;
}

/* A token that was enrolled while it was made may be in it. */
START_TEST(a_copy_is_as_old_as_its_end)
{
	int64_t now = time(NULL);

	enroll("ann");
	ck_assert_int_eq(backup(), ROLLCODE_OK);
	use_copy();
	ck_assert_int_ge(past_of_store().since, now);
}
END_TEST

/* To rename a folder changes no file in it. */
START_TEST(when_a_copy_came_to_its_place_is_known)
{
	struct restored before, after;
	char moved[112];

	enroll("ann");
	began = time(NULL) + 1000;
	ck_assert_int_eq(backup(), ROLLCODE_OK);
	use_copy();
	before = past_of_store();
	ck_assert(before.is && !before.copy);
	ck_assert_int_eq(before.since, began);
	ck_assert_int_eq(usleep(1100000), 0);
	snprintf(moved, sizeof(moved), "%s.moved", copy);
	ck_assert_int_eq(rename(copy, moved), 0);
	memcpy(copy, moved, strlen(moved) + 1);
	use_copy();
	after = past_of_store();
	ck_assert_int_gt(after.placed, before.placed);
	ck_assert_int_ge(time(NULL), after.placed);
}
END_TEST

static void
mark(int64_t since)
{
	struct store *store;

	config.administers = true;
	store = opened();
	ck_assert_int_eq(store_sqlite.mark(store, since, &error), ROLLCODE_OK);
	ck_assert_int_eq(store_sqlite.restored(store)->since, since);
	ck_assert_int_eq(store_sqlite.restored(store)->is, since != 0);
	store_sqlite.close(store);
	config.administers = false;
}

START_TEST(a_store_is_marked_and_is_right_again)
{
	struct account account = {0};

	enroll("ann");
	mark(NOW);
	ck_assert_int_eq(past_of_store().since, NOW);
	ck_assert_int_eq(read_user("ann", &account), ROLLCODE_ERR_STORE);
	ck_assert_uint_eq(error.reason, REASON_BACKUP);
	mark(NOW + 1);
	ck_assert_int_eq(past_of_store().since, NOW + 1);
	mark(0);
	ck_assert(!past_of_store().is);
	ck_assert_int_eq(read_user("ann", &account), ROLLCODE_OK);
}
END_TEST

START_TEST(a_store_without_a_machine_is_used_and_gets_one_at_the_end)
{
	struct store *store = opened();
	char path[128], text[256], name[MACHINE_NAME_LEN + 1];

	snprintf(text, sizeof(text), "FORMAT=1\nSTORE_ID=%s\nKEY_ID=%s\n",
	    store->marker.store_id, store->marker.key_id);
	ck_assert_int_eq(
	    machine_name(store->marker.store_id, name, &error), ROLLCODE_OK);
	ck_assert_str_eq(store->marker.machine, name);
	store_sqlite.close(store);
	snprintf(path, sizeof(path), "%s/users/marker", place);
	write_text(path, text);
	ck_assert(!past_of_store().is);
	mark(NOW);
	store = opened();
	ck_assert_str_eq(store->marker.machine, "");
	store_sqlite.close(store);
	mark(0);
	store = opened();
	ck_assert_str_eq(store->marker.machine, name);
	store_sqlite.close(store);
}
END_TEST

START_TEST(who_is_unusable_is_so_in_the_copy_and_not_absent)
{
	struct account account = {0};
	char path[128];

	enroll("ann");
	enroll("bob");
	snprintf(path, sizeof(path), "%s/users/ann.db", place);
	write_text(path, "no database");
	ck_assert_msg(backup() == ROLLCODE_OK, "%s", error.text);
	ck_assert_str_eq(told, "ann! bob ");

	use_copy();
	config.administers = true;
	ck_assert_int_eq(read_user("ann", &account), ROLLCODE_ERR_STORE);
	ck_assert_int_eq(read_user("bob", &account), ROLLCODE_OK);
}
END_TEST

START_TEST(a_copy_is_on_disk_when_it_is_made)
{
	struct stat st;

	enroll("ann");
	ck_assert_msg(backup() == ROLLCODE_OK, "%s", error.text);

	ck_assert_int_eq(stat(place, &st), 0);
	ck_assert_uint_eq(last_directory, st.st_ino);
}
END_TEST

/* What lies there may have been made by somebody who reads along. */
START_TEST(a_copy_is_not_made_in_a_folder_of_others)
{
	char path[160];
	int before;

	enroll("ann");
	snprintf(path, sizeof(path), "%s/copy.new", place);
	umask(0);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	before = count_open();
	ck_assert_int_eq(backup(), ROLLCODE_ERR_EXISTS);
	ck_assert_int_eq(count_open(), before);
	ck_assert_int_eq(chmod(path, 0700), 0);
	if (geteuid() == 0) {
		ck_assert_int_eq(chown(path, 54, 0), 0);
		ck_assert_int_eq(backup(), ROLLCODE_ERR_EXISTS);
		ck_assert_int_eq(chown(path, 0, 0), 0);
	}
	ck_assert_int_eq(backup(), ROLLCODE_OK);
	snprintf(path, sizeof(path), "%s/others", place);
	ck_assert_int_eq(mkdir(path, 0707), 0);
	ck_assert_int_eq(backup_in("/others"), ROLLCODE_ERR_STORE);
}
END_TEST

START_TEST(no_verb_leaves_a_file_or_a_lock_open)
{
	struct account account = {0};
	int before = count_open();
	bool made;

	ck_assert_int_eq(
	    store_sqlite.init(&config, &made, &error), ROLLCODE_OK);
	ck_assert_int_eq(count_open(), before);
	enroll("ann");
	ck_assert_int_eq(count_open(), before);
	login_of("ann", 20);
	ck_assert_int_eq(count_open(), before);
	ck_assert_int_eq(backup(), ROLLCODE_OK);
	ck_assert_int_eq(count_open(), before);
	both_keys();
	adopt();
	ck_assert_int_eq(count_open(), before);
	reseal("ann");
	ck_assert_int_eq(count_open(), before);
	clean();
	ck_assert_int_eq(count_open(), before);
	ck_assert_int_eq(read_user("nobody", &account), ROLLCODE_ERR_ABSENT);
	ck_assert_int_eq(count_open(), before);
}
END_TEST

START_TEST(a_copy_takes_nobodys_place_and_clears_what_a_kill_left)
{
	char path[160];

	enroll("ann");
	snprintf(path, sizeof(path), "%s/copy.new", place);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/copy.new/users", place);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/copy.new/users/zoe.db", place);
	write_text(path, "half");
	ck_assert_msg(backup() == ROLLCODE_OK, "%s", error.text);
	snprintf(path, sizeof(path), "%s/copy/users/zoe.db", place);
	ck_assert_int_eq(access(path, F_OK), -1);

	ck_assert_int_eq(backup(), ROLLCODE_ERR_EXISTS);
	snprintf(path, sizeof(path), "%s/copy.new", place);
	ck_assert_int_eq(access(path, F_OK), -1);
}
END_TEST

int
main(void)
{
	TCase *text = test_case("text", 0), *file = test_case("file", 0),
	      *store = test_case("store", 0);

	tcase_add_checked_fixture(text, setup_keys, NULL);
	tcase_add_loop_test(text,
	    the_env_file_gets_other_keys_and_keeps_all_else, 0, COUNT(texts));
	tcase_add_loop_test(text,
	    an_env_file_that_would_have_other_keys_is_not_written, 0,
	    COUNT(odd));
	tcase_add_test(text, an_env_file_without_room_for_keys_is_not_written);
	tcase_add_test(text, the_bar_is_full_at_the_end_and_never_longer);
	tcase_add_checked_fixture(file, make_place, remove_place);
	tcase_add_test(
	    file, an_env_file_is_locked_while_it_is_used_also_by_a_child);
	tcase_add_test(file, a_mistake_in_the_env_file_leaves_it_unlocked);
	tcase_add_checked_fixture(store, setup_store, remove_place);
	tcase_add_test(store,
	    sealed_anew_an_account_is_the_same_and_the_old_key_opens_nothing);
	tcase_add_test(store, no_file_keeps_anything_of_the_old_key);
	tcase_add_test(store, a_log_that_was_emptied_is_so_on_disk);
	tcase_add_test(
	    store, what_killed_commands_left_goes_and_nothing_of_a_user);
	tcase_add_test(store, a_copy_is_as_old_as_its_end);
	tcase_add_test(store, when_a_copy_came_to_its_place_is_known);
	tcase_add_test(store, a_store_is_marked_and_is_right_again);
	tcase_add_test(
	    store, a_store_without_a_machine_is_used_and_gets_one_at_the_end);
	tcase_add_test(store, a_copy_is_on_disk_when_it_is_made);
	tcase_add_test(store, a_copy_is_not_made_in_a_folder_of_others);
	tcase_add_test(store, no_verb_leaves_a_file_or_a_lock_open);
	tcase_add_test(store,
	    until_the_store_has_the_new_key_the_old_one_reads_what_is_enrolled);
	tcase_add_test(store,
	    who_opened_the_store_before_it_had_the_new_key_enrols_with_it);
	tcase_add_test(
	    store, who_opened_the_store_before_adds_with_the_key_of_the_file);
	tcase_add_test(store,
	    a_key_is_adopted_and_a_user_sealed_anew_as_often_as_one_likes);
	tcase_add_test(
	    store, a_copy_is_a_store_for_the_administrator_and_for_no_login);
	tcase_add_test(store, a_copy_may_lie_beside_the_users_and_not_below);
	tcase_add_test(store, a_copy_stays_one_when_its_key_is_changed);
	tcase_add_test(store, who_is_unusable_is_so_in_the_copy_and_not_absent);
	tcase_add_test(
	    store, a_copy_takes_nobodys_place_and_clears_what_a_kill_left);
	return test_run_apart();
}
