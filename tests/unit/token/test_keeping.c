/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a wallet is made and closed: what is on disk, who is kept out meanwhile,
 * and what stays in memory.
 */
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "tests/support/cases.h"
#include "tests/support/descriptors.h"
#include "tests/support/freed.h"
#include "tests/support/stack.h"
#include "tests/unit/token/wallets.h"

/* What was synced while a wallet was made. */
static struct {
	int files, directories; /* the latter when the name was there */
	bool named;		/* it was there before its content */
	bool unlocked;		/* somebody else could have begun */
} synced;

static void
note_sync(int fd)
{
	struct stat st;
	int other;

	ck_assert_int_eq(fstat(fd, &st), 0);
	if (S_ISDIR(st.st_mode)) {
		synced.directories += access(path, F_OK) == 0;
		return;
	}
	synced.files++;
	synced.named |= access(path, F_OK) == 0;
	other = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(other, 0);
	synced.unlocked |= flock(other, LOCK_EX | LOCK_NB) == 0;
	close(other);
}

/* In place of the C library's. */
int
fsync(int fd)
{
	note_sync(fd);
	return 0;
}

int
fdatasync(int fd)
{
	note_sync(fd);
	return 0;
}

/* The same, whose bytes a test may know before, or lack. */
static bool foreseen, lacking;

ssize_t
getrandom(void *bytes, size_t len, unsigned int flags)
{
	(void)flags;
	if (lacking)
		len--;
	if (foreseen)
		memset(bytes, 0x5a, len);
	else
		ck_assert_int_eq(getentropy(bytes, len), 0);
	return (ssize_t)len;
}

static void
make_anew(void)
{
	replace_with("rm token.db");
	memset(&synced, 0, sizeof(synced));
	ck_assert_int_eq(wallet_create(path, &why), ROLLCODE_OK);
}

START_TEST(a_new_wallet_is_on_disk_before_and_with_its_name)
{
	make_anew();

	ck_assert_int_ge(synced.files, 1);
	ck_assert(!synced.named);
	ck_assert_int_ge(synced.directories, 1);
}
END_TEST

START_TEST(nobody_else_makes_a_wallet_at_the_same_time)
{
	make_anew();

	ck_assert_int_ge(synced.files, 1);
	ck_assert(!synced.unlocked);
}
END_TEST

START_TEST(a_new_wallet_is_ones_own_under_any_umask)
{
	struct stat st;

	umask(0);
	make_anew();

	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
}
END_TEST

START_TEST(a_wallet_that_is_made_and_closed_costs_no_descriptor)
{
	int next;

	wallet_close(&w);
	next = next_descriptor();

	make_anew();
	ck_assert_int_eq(wallet_create(path, &why), ROLLCODE_OK);
	reopen();
	wallet_close(&w);

	ck_assert_int_eq(next_descriptor(), next);
}
END_TEST

START_TEST(without_random_bytes_nothing_is_made)
{
	struct provision p = provision_of(SECRET_A, 1);

	lacking = true;

	ck_assert_int_eq(wallet_add(w, "a", &p, &why), ROLLCODE_ERR_SYS);
	ck_assert_int_eq(
	    wallet_protect(w, PHRASE, LOG_N, &why), ROLLCODE_ERR_SYS);
	replace_with("rm token.db");
	ck_assert_int_eq(wallet_create(path, &why), ROLLCODE_ERR_SYS);
	ck_assert_int_eq(access(path, F_OK), -1);
}
END_TEST

/* The key that the passphrase makes of the salt that is foreseen. */
static struct secret_key
foreseen_key(void)
{
	uint8_t salt[SEAL_SALT_LEN];
	struct secret_key key;

	memset(salt, 0x5a, sizeof(salt));
	ck_assert_int_eq(
	    seal_passphrase(PHRASE, salt, LOG_N, &key), ROLLCODE_OK);
	foreseen = true;
	return key;
}

START_TEST(a_closed_wallet_leaves_no_key_in_freed_memory)
{
	const struct secret_key key = foreseen_key();

	ck_assert_int_eq(wallet_protect(w, PHRASE, LOG_N, &why), ROLLCODE_OK);
	ck_assert_ptr_nonnull(
	    memmem(w, malloc_usable_size(w), &key, sizeof(key)));

	freed_watch(&key, sizeof(key));
	wallet_close(&w);

	ck_assert_uint_eq(freed_with(), 0);
}
END_TEST

static void
protect_wallet(void)
{
	(void)!wallet_protect(w, PHRASE, LOG_N, &why);
}

START_TEST(a_passphrase_that_is_set_leaves_no_key_on_the_stack)
{
	const struct secret_key key = foreseen_key();

	ck_assert(!stays_on_stack(protect_wallet, &key, sizeof(key)));
	ck_assert(wallet_protected(w));
}
END_TEST

static void
rename_token(void)
{
	(void)!wallet_rename(w, "a", "c", &why);
}

START_TEST(a_change_leaves_no_plain_secret_on_the_stack)
{
	add("a", SECRET_A, 1);

	ck_assert(!stays_on_stack(rename_token, SECRET_A, 20));
	ck_assert_uint_eq(counter_at("c"), 1);
}
END_TEST

static void
read_salt(uint8_t salt[SEAL_SALT_LEN])
{
	sqlite3_stmt *row = NULL;
	sqlite3 *db = NULL;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(
	    sqlite3_prepare_v2(db, "SELECT salt FROM wallet", -1, &row, NULL),
	    SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(row), SQLITE_ROW);
	ck_assert_int_eq(sqlite3_column_bytes(row, 0), SEAL_SALT_LEN);
	memcpy(salt, sqlite3_column_blob(row, 0), SEAL_SALT_LEN);
	sqlite3_finalize(row);
	sqlite3_close(db);
}

START_TEST(each_passphrase_has_a_salt_of_its_own)
{
	uint8_t first[SEAL_SALT_LEN], second[SEAL_SALT_LEN];

	ck_assert_int_eq(wallet_protect(w, PHRASE, LOG_N, &why), ROLLCODE_OK);
	read_salt(first);
	ck_assert_int_eq(wallet_protect(w, PHRASE, LOG_N, &why), ROLLCODE_OK);
	read_salt(second);

	ck_assert_mem_ne(first, second, sizeof(first));
}
END_TEST

int
main(void)
{
	TCase *made = wallet_case("made"), *memory = wallet_case("memory");

	tcase_add_test(made, a_new_wallet_is_on_disk_before_and_with_its_name);
	tcase_add_test(made, nobody_else_makes_a_wallet_at_the_same_time);
	tcase_add_test(made, a_new_wallet_is_ones_own_under_any_umask);
	tcase_add_test(
	    made, a_wallet_that_is_made_and_closed_costs_no_descriptor);
	tcase_add_test(made, without_random_bytes_nothing_is_made);
	tcase_add_test(made, each_passphrase_has_a_salt_of_its_own);
	tcase_add_test(memory, a_closed_wallet_leaves_no_key_in_freed_memory);
	tcase_add_test(
	    memory, a_passphrase_that_is_set_leaves_no_key_on_the_stack);
	tcase_add_test(memory, a_change_leaves_no_plain_secret_on_the_stack);
	return test_run_apart();
}
