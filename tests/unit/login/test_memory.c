/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The n-th allocation fails, for each n until none does: SQLite's, the crypto
 * library's and our own.  ROLLCODE_STEP=1 tries each n, and without it one
 * in seven.  What a process does from its start is in tests/hostile/memory.sh.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <sqlite3.h>

#include "rollcode-token/wallet/wallet.h"
#include "tests/support/cases.h"
#include "tests/support/site.h"

/* --- allocations that fail ------------------------------------------------ */

static struct {
	bool counting;
	bool for_good; /* all behind it fail too */
	unsigned long count, fail_at;
	unsigned long step, least;
} memory = {.step = 7, .least = 20};

static bool
fails(void)
{
	if (!memory.counting)
		return false;
	memory.count++;
	return memory.count == memory.fail_at ||
	       (memory.for_good && memory.count > memory.fail_at);
}

static void *
crypto_malloc(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return fails() ? NULL : malloc(size);
}

static void *
crypto_realloc(void *p, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return fails() ? NULL : realloc(p, size);
}

static void
crypto_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

static sqlite3_mem_methods sqlite_memory;

static void *
sqlite_malloc(int size)
{
	return fails() ? NULL : sqlite_memory.xMalloc(size);
}

static void *
sqlite_realloc(void *p, int size)
{
	return fails() ? NULL : sqlite_memory.xRealloc(p, size);
}

/* Our own; the linker is told to take these. */
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

void *
__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

/* Before either library has allocated anything. */
static bool
take_over(void)
{
	sqlite3_mem_methods methods;

	if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &sqlite_memory) !=
	    SQLITE_OK)
		return false;
	methods = sqlite_memory;
	methods.xMalloc = sqlite_malloc;
	methods.xRealloc = sqlite_realloc;
	return sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) == SQLITE_OK &&
	       sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0) == SQLITE_OK &&
	       CRYPTO_set_mem_functions(
		   crypto_malloc, crypto_realloc, crypto_free) == 1;
}

/* --- each in turn --------------------------------------------------------- */

typedef enum rollcode_err work_fn(void);

/* True while the n-th allocation was there to fail. */
static bool
with_nth_failing(unsigned long n, work_fn *work, enum rollcode_err *err)
{
	memory.fail_at = n;
	memory.count = 0;
	memory.counting = true;
	*err = work();
	memory.counting = false;
	if (*err != ROLLCODE_OK)
		ck_assert_msg(*err == ROLLCODE_ERR_NOMEM ||
				  *err == ROLLCODE_ERR_SYS ||
				  *err == ROLLCODE_ERR_UNAVAIL,
		    "allocation %lu: %s: %s", n, rollcode_strerror(*err),
		    site.error.text);
	return memory.count >= n;
}

static void
setup_one(void)
{
	site_make();
	memory.for_good = false;
}

static void
setup_all_behind(void)
{
	site_make();
	memory.for_good = true;
}

static struct input typed;

static enum rollcode_err
one_login(void)
{
	return site_decide(&typed);
}

/* The counter is the verifier's to move, and moves by what it accepts alone. */
START_TEST(a_login_that_lacks_memory_denies_or_has_spent_its_code)
{
	unsigned long n = 1, denied = 0;
	uint64_t next = 0;
	enum rollcode_err err;
	bool failed;

	/* What is made once for a process is there already. */
	ck_assert(site_admits(next++));
	do {
		site_type(next, &typed);
		failed = with_nth_failing(n, one_login, &err);
		if (err == ROLLCODE_OK)
			ck_assert_int_eq(site.verdict, VERDICT_ACCEPTED);
		denied += err != ROLLCODE_OK;
		/* Spent where it was accepted; never accepted twice. */
		if (site_admits(next))
			ck_assert_int_ne(err, ROLLCODE_OK);
		ck_assert(!site_admits(next));
		ck_assert_msg(site_admits(next + 1), "allocation %lu: %s", n,
		    site.error.text);
		next += 2;
		n += memory.step;
	} while (failed);
	ck_assert_uint_gt(denied, memory.least);
}
END_TEST

static size_t
files_in(const char *directory)
{
	DIR *dir = opendir(directory);
	size_t count = 0;

	ck_assert_ptr_nonnull(dir);
	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count - 2;
}

static enum rollcode_err
one_enrolment(void)
{
	return site_enroll();
}

/* An enrolment that failed late may have put the user there. */
START_TEST(an_enrolment_that_lacks_memory_is_whole_or_absent)
{
	unsigned long n = 1, denied = 0;
	char users[96];
	struct store *store;
	enum rollcode_err err;
	bool failed;

	snprintf(users, sizeof(users), "%s/users", site.directory);
	do {
		ck_assert_int_eq(
		    store_sqlite.open(&store, &site.config, &site.error),
		    ROLLCODE_OK);
		ck_assert_int_eq(store_sqlite.remove(store, "ann", &site.error),
		    ROLLCODE_OK);
		store_sqlite.close(store);
		failed = with_nth_failing(n, one_enrolment, &err);
		denied += err != ROLLCODE_OK;
		if (err != ROLLCODE_OK) {
			enum rollcode_err again = site_enroll();

			ck_assert(again == ROLLCODE_OK ||
				  again == ROLLCODE_ERR_EXISTS);
		}
		ck_assert_msg(
		    site_admits(0), "allocation %lu: %s", n, site.error.text);
		ck_assert_uint_eq(files_in(users), 3);
		n += memory.step;
	} while (failed);
	ck_assert_uint_gt(denied, memory.least);
}
END_TEST

static char wallet_path[96];
static uint64_t spent;

static enum rollcode_err
one_code(void)
{
	struct wallet_entry entry = {0};
	struct wallet *w = NULL;
	enum rollcode_err err;

	err = wallet_open(&w, wallet_path, &site.error);
	if (err == ROLLCODE_OK)
		err = wallet_spend(w, NULL, 1, &entry, &site.error);
	if (err == ROLLCODE_OK)
		spent = entry.provision.token.counter;
	wallet_close(&w);
	return err;
}

START_TEST(a_wallet_that_lacks_memory_gives_no_counter_twice)
{
	struct provision provision = {.token = site.token};
	unsigned long n = 1, denied = 0;
	uint64_t last = 0;
	struct wallet *w;
	enum rollcode_err err;
	bool failed;

	snprintf(
	    wallet_path, sizeof(wallet_path), "%s/token.db", site.directory);
	ck_assert_int_eq(wallet_create(wallet_path, &site.error), ROLLCODE_OK);
	ck_assert_int_eq(
	    wallet_open(&w, wallet_path, &site.error), ROLLCODE_OK);
	ck_assert_int_eq(
	    wallet_add(w, "web", &provision, &site.error), ROLLCODE_OK);
	wallet_close(&w);
	ck_assert_int_eq(one_code(), ROLLCODE_OK);
	do {
		failed = with_nth_failing(n, one_code, &err);
		denied += err != ROLLCODE_OK;
		if (err == ROLLCODE_OK)
			ck_assert_uint_gt(spent, last);
		last = spent;
		ck_assert_msg(one_code() == ROLLCODE_OK, "allocation %lu: %s",
		    n, site.error.text);
		ck_assert_uint_gt(spent, last);
		last = spent;
		n += memory.step;
	} while (failed);
	ck_assert_uint_gt(denied, memory.least);
}
END_TEST

static void
add_case(const char *name, void (*setup)(void))
{
	TCase *tcase = test_case(name, 50);

	tcase_add_checked_fixture(tcase, setup, site_unmake);
	tcase_add_test(
	    tcase, a_login_that_lacks_memory_denies_or_has_spent_its_code);
	tcase_add_test(
	    tcase, an_enrolment_that_lacks_memory_is_whole_or_absent);
	tcase_add_test(
	    tcase, a_wallet_that_lacks_memory_gives_no_counter_twice);
}

int
main(void)
{
	const char *text;

	if (!take_over())
		return EXIT_FAILURE;
	if ((text = getenv("ROLLCODE_STEP")) != NULL) {
		memory.step = strtoul(text, NULL, 10);
		memory.least = 100 / memory.step;
	}
	add_case("one fails", setup_one);
	add_case("all behind it fail too", setup_all_behind);
	return test_run();
}
