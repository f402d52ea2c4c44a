/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a store makes of a user's witness: the one it wrote, and any other file.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pam_rollcode/rules/outcome.h"
#include "pam_rollcode/store/sqlite/witness.h"
#include "tests/support/cases.h"
#include "tests/support/folder.h"
#include "tests/support/tokens.h"

#define NOW 1700000000
#define LOGINS 7	/* since the file that is put back */
#define FIRST 10	/* the counter of token_filled() */
#define WITNESS_LEN 512 /* bytes */
#define FILE_MAX_BYTES 131072

struct image {
	size_t len;
	uint8_t bytes[FILE_MAX_BYTES];
};

static struct error error;
static struct config config;
static struct store *store;
static struct account account;
static char place[64];
static struct image file, log_image, witness; /* what was kept */

static char *
path_to(const char *what)
{
	static char path[160];

	snprintf(path, sizeof(path), "%s/%s", place, what);
	return path;
}

static void
load(const char *what, struct image *image)
{
	int fd = open(path_to(what), O_RDONLY | O_CLOEXEC);
	ssize_t n;

	ck_assert_int_ge(fd, 0);
	n = read(fd, image->bytes, sizeof(image->bytes));
	close(fd);
	ck_assert_int_ge(n, 0);
	image->len = (size_t)n;
}

/* Into the same file. */
static void
save(const char *what, const struct image *image)
{
	int fd =
	    open(path_to(what), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(
	    write(fd, image->bytes, image->len), (ssize_t)image->len);
	close(fd);
}

static void
reopen(void)
{
	store_sqlite.close(store);
	store = NULL;
	ck_assert_msg(store_sqlite.open(&store, &config, &error) == ROLLCODE_OK,
	    "%s", error.text);
}

static enum rollcode_err
begin(void)
{
	bool enrolled = false;
	enum rollcode_err err =
	    store_sqlite.begin(store, "ann", &enrolled, &account, &error);

	ck_assert(err != ROLLCODE_OK || enrolled);
	return err;
}

static int64_t
behind(void)
{
	ck_assert_msg(begin() == ROLLCODE_OK, "%s", error.text);
	store_sqlite.end(store);
	return account.behind;
}

static void
commit(bool aside)
{
	struct event event;

	event_fill(&event, NOW, "test", NULL, "accepted");
	event.aside = aside;
	ck_assert_msg(
	    store_sqlite.commit(store, &account, &event, &error) == ROLLCODE_OK,
	    "%s", error.text);
}

static void
log_in(int times)
{
	for (int i = 0; i < times; i++) {
		ck_assert_msg(begin() == ROLLCODE_OK, "%s", error.text);
		account.tokens[0].token.counter++;
		commit(false);
	}
}

static void
add(const char *label, uint8_t with)
{
	struct rollcode_token token = token_filled(label, with);

	ck_assert_int_eq(
	    account_add(&account, &token, NOW, &error), ROLLCODE_OK);
}

static enum rollcode_err
enroll(uint8_t with, bool replace)
{
	struct event event;

	memset(&account, 0, sizeof(account));
	strcpy(account.user, "ann");
	account.created = NOW;
	account.recovery_key_set = true;
	account.recovery_count = 3;
	for (uint8_t i = 0; i < 3; i++) {
		account.recovery[i].issued = NOW;
		memset(account.recovery[i].mac, with + i, ACCOUNT_MAC_LEN);
	}
	add("one", with);
	add("two", (uint8_t)(with + 1));
	event_fill(&event, NOW, "test", NULL, "enrolled");
	return store_sqlite.create(store, &account, &event, replace, &error);
}

static void
keep_file(void)
{
	load("store/users/ann.db", &file);
	load("store/users/ann.db-wal", &log_image);
}

static void
put_back(void)
{
	save("store/users/ann.db", &file);
	save("store/users/ann.db-wal", &log_image);
}

/* ann has logged in LOGINS times since the file that put_back() puts back. */
static void
setup(void)
{
	bool made;

	ck_assert(folder_make(place));
	memset(&error, 0, sizeof(error));
	config_defaults(&config);
	config.uid = geteuid();
	snprintf(config.account, sizeof(config.account), "rollcode");
	snprintf(
	    config.database, sizeof(config.database), "sqlite:%s/store", place);
	config.key.bytes[0] = 1;
	config.has_key = true;
	ck_assert_int_eq(mkdir(path_to("store"), 0700), 0);
	ck_assert_int_eq(mkdir(path_to("store-witness"), 0700), 0);
	ck_assert_int_eq(
	    store_sqlite.init(&config, &made, &error), ROLLCODE_OK);
	reopen();
	ck_assert_msg(enroll(1, false) == ROLLCODE_OK, "%s", error.text);
	log_in(1);
	keep_file();
	log_in(LOGINS);
	load("store-witness/ann.witness", &witness);
}

static void
teardown(void)
{
	store_sqlite.close(store);
	store = NULL;
	folder_remove(place);
}

static void
setup_pooling(void)
{
	setup();
	config.pools = true;
	reopen();
	ck_assert_int_eq(behind(), 0);
}

/* --- one that is ahead -------------------------------------------------------
 */

static int64_t
stored_sequence(void)
{
	struct sqlite_rows r;
	int64_t sequence;

	r = sqlite_query(store->db, &error, "SELECT sequence FROM account", "");
	ck_assert(sqlite_next(&r));
	sequence = sqlite_int(&r, 0, INT64_MAX);
	sqlite_done(&r);
	return sequence;
}

START_TEST(a_file_that_was_put_back_counts_as_it_did)
{
	int64_t last;

	ck_assert_int_eq(behind(), 0);
	last = account.sequence;
	put_back();
	ck_assert_int_eq(behind(), LOGINS);
	ck_assert_uint_eq(account.tokens[0].token.counter, FIRST + 1 + LOGINS);
	ck_assert_uint_eq(account.tokens[1].token.counter, FIRST);
	ck_assert_int_eq(account.sequence, last);

	/* And again: nothing was written. */
	ck_assert_int_eq(begin(), ROLLCODE_OK);
	ck_assert_int_eq(stored_sequence(), last - LOGINS);
	ck_assert_int_eq(account.behind, LOGINS);
	store_sqlite.end(store);

	log_in(1);
	ck_assert_int_eq(behind(), 0);
	ck_assert_uint_eq(account.tokens[0].token.counter, FIRST + 2 + LOGINS);
	ck_assert_int_eq(account.sequence, last + 1);
	unlink(path_to("store-witness/ann.witness"));
	ck_assert_int_eq(behind(), 0);
	ck_assert_uint_eq(account.tokens[0].token.counter, FIRST + 2 + LOGINS);
}
END_TEST

static int raised, events;
static int64_t distance, raised_as;

static enum rollcode_err
count_event(void *context, const struct event *event, struct error *problem)
{
	(void)context;
	(void)problem;
	events++;
	if (strcmp(event->outcome, act_name(ACT_RAISED)) == 0) {
		raised++;
		distance = event->distance;
		raised_as = event->sequence;
	}
	return ROLLCODE_OK;
}

static void
count_events(void)
{
	raised = events = 0;
	ck_assert_int_eq(begin(), ROLLCODE_OK);
	ck_assert_int_eq(
	    store_sqlite.events(store, count_event, NULL, &error), ROLLCODE_OK);
	store_sqlite.end(store);
}

/* Also with one that raises no sequence itself. */
START_TEST(the_next_commit_says_once_that_it_was_raised)
{
	int64_t last;

	put_back();
	ck_assert_int_eq(behind(), LOGINS);
	last = account.sequence;
	ck_assert_int_eq(begin(), ROLLCODE_OK);
	commit(_i == 1);
	log_in(2);

	count_events();
	ck_assert_int_eq(raised, 1);
	ck_assert_int_eq(distance, LOGINS);
	ck_assert_int_eq(raised_as, last);
	ck_assert_int_eq(account.sequence, last + 3 - _i);
}
END_TEST

START_TEST(each_counter_is_the_higher_one_and_a_used_code_stays_used)
{
	ck_assert_int_eq(begin(), ROLLCODE_OK);
	account.tokens[0].enabled = false;
	account.tokens[1].token.counter += 5;
	account.recovery[1].used = NOW + 3;
	commit(false);

	put_back();
	ck_assert_int_eq(behind(), LOGINS + 1);
	ck_assert(!account.tokens[0].enabled);
	ck_assert(account.tokens[1].enabled);
	ck_assert_uint_eq(account.tokens[1].token.counter, FIRST + 5);
	ck_assert_int_eq(account.recovery[0].used, 0);
	ck_assert_int_eq(account.recovery[1].used, NOW + 3);
	ck_assert_int_eq(account.recovery[2].used, 0);
}
END_TEST

START_TEST(a_recovery_code_that_became_void_is_used)
{
	ck_assert_int_eq(begin(), ROLLCODE_OK);
	account.recovery[2] = (struct account_recovery){.issued = NOW};
	memset(account.recovery[2].mac, 99, ACCOUNT_MAC_LEN);
	commit(false);

	put_back();
	ck_assert_int_eq(behind(), LOGINS + 1);
	ck_assert_int_eq(account.recovery[0].used, 0);
	ck_assert_int_eq(account.recovery[1].used, 0);
	ck_assert_int_ne(account.recovery[2].used, 0);
}
END_TEST

static void
guess(uint32_t failures, uint32_t spent)
{
	ck_assert_int_eq(begin(), ROLLCODE_OK);
	account.failures = failures;
	account.spent = spent;
	account.spent_time = NOW + spent;
	commit(false);
}

START_TEST(guesses_that_were_made_are_not_given_back)
{
	guess(5, 19);

	put_back();
	ck_assert_int_eq(behind(), LOGINS + 1);
	ck_assert_uint_eq(account.failures, 5);
	ck_assert_uint_eq(account.spent, 19);
	ck_assert_int_eq(account.spent_time, NOW + 19);
}
END_TEST

START_TEST(who_was_guarded_and_logged_in_is_not_guarded_again)
{
	guess(5, 19);
	keep_file();
	guess(0, 19);

	put_back();
	ck_assert_int_eq(behind(), 1);
	ck_assert_uint_eq(account.failures, 0);
}
END_TEST

START_TEST(a_remembered_position_is_forgotten)
{
	ck_assert_int_eq(begin(), ROLLCODE_OK);
	account.tokens[1].far_known = true;
	account.tokens[1].far_counter = 500;
	account.tokens[1].far_time = NOW;
	commit(false);
	keep_file();
	log_in(1);

	put_back();
	ck_assert_int_eq(behind(), 1);
	ck_assert(!account.tokens[1].far_known);
}
END_TEST

static void
one_token_more(void)
{
	add("three", 7);
}

static void
one_token_less(void)
{
	account.token_count--;
}

static void
another_token(void)
{
	account.token_count--;
	add("two", 7);
}

static void (*const changes[])(void) = {
    one_token_more,
    one_token_less,
    another_token,
};

START_TEST(a_file_with_other_tokens_than_its_newer_witness_is_refused)
{
	ck_assert_int_eq(begin(), ROLLCODE_OK);
	changes[_i]();
	commit(false);
	ck_assert_int_eq(behind(), 0);

	put_back();
	ck_assert_int_eq(begin(), ROLLCODE_ERR_STORE);
	ck_assert_ptr_nonnull(strstr(error.text, "has other tokens; put the "));
	ck_assert_uint_eq(account.token_count, 0);
}
END_TEST

/* Also where it is newer than all that the new one has done. */
START_TEST(a_file_from_before_a_replacement_is_refused)
{
	ck_assert_msg(enroll(20, true) == ROLLCODE_OK, "%s", error.text);
	ck_assert_int_eq(behind(), 0);

	put_back();
	ck_assert_int_eq(begin(), ROLLCODE_ERR_STORE);
	ck_assert_msg(enroll(30, true) == ROLLCODE_OK, "%s", error.text);
	ck_assert_int_eq(behind(), 0);
	put_back();
	ck_assert_int_eq(begin(), ROLLCODE_ERR_STORE);
}
END_TEST

START_TEST(a_file_from_before_a_removal_is_refused)
{
	keep_file(); /* the newest */
	ck_assert_int_eq(
	    store_sqlite.remove(store, "ann", &error), ROLLCODE_OK);

	put_back();
	ck_assert_int_eq(begin(), ROLLCODE_ERR_STORE);
	ck_assert_ptr_nonnull(strstr(error.text, "its user was removed since"));
	ck_assert_int_eq(
	    store_sqlite.remove(store, "ann", &error), ROLLCODE_OK);

	ck_assert_msg(enroll(20, false) == ROLLCODE_OK, "%s", error.text);
	ck_assert_int_eq(behind(), 0);
	put_back();
	ck_assert_int_eq(begin(), ROLLCODE_ERR_STORE);
	ck_assert_ptr_nonnull(strstr(error.text, "has other tokens"));
}
END_TEST

START_TEST(whose_file_is_missing_is_not_enrolled_if_a_removal_had_begun)
{
	bool enrolled = true;

	witness_part(store, "ann");
	ck_assert_int_eq(unlink(path_to("store/users/ann.db")), 0);
	reopen();
	ck_assert_msg(store_sqlite.begin(store, "ann", &enrolled, &account,
			  &error) == ROLLCODE_OK,
	    "%s", error.text);
	ck_assert(!enrolled);
}
END_TEST

START_TEST(a_removal_that_was_begun_is_forgotten_by_the_next_login)
{
	bool enrolled;

	witness_part(store, "ann");
	ck_assert_int_eq(behind(), 0);
	log_in(1);
	ck_assert_int_eq(unlink(path_to("store/users/ann.db")), 0);
	reopen();
	ck_assert_int_eq(
	    store_sqlite.begin(store, "ann", &enrolled, &account, &error),
	    ROLLCODE_ERR_STORE);
	ck_assert_ptr_nonnull(strstr(error.text, "ann was enrolled"));
}
END_TEST

START_TEST(nobody_is_enrolled_beside_a_witness_that_cannot_go)
{
	unlink(path_to("store-witness/ann.witness"));
	ck_assert_int_eq(mkdir(path_to("store-witness/ann.witness"), 0700), 0);
	ck_assert_int_ne(enroll(20, true), ROLLCODE_OK);
	ck_assert_ptr_nonnull(strstr(error.text, "ann.witness"));
	ck_assert_int_eq(behind(), 0);
	ck_assert_uint_eq(account.tokens[0].token.counter, FIRST + 1 + LOGINS);
}
END_TEST

/* --- another key
 * ---------------------------------------------------------------- */

START_TEST(one_of_the_previous_key_counts_until_it_is_written_anew)
{
	config.previous = config.key;
	config.has_previous = true;
	config.key.bytes[0] = 2;
	reopen();
	put_back();
	ck_assert_int_eq(behind(), LOGINS);
	ck_assert_int_eq(store_sqlite.adopt_key(store, &error), ROLLCODE_OK);
	ck_assert_msg(store_sqlite.reseal(store, "ann", &error) == ROLLCODE_OK,
	    "%s", error.text);
	ck_assert_int_eq(behind(), LOGINS);

	config.has_previous = false;
	reopen();
	ck_assert_int_eq(behind(), LOGINS);
	ck_assert_uint_eq(account.tokens[0].token.counter, FIRST + 1 + LOGINS);
	log_in(1);
	ck_assert_int_eq(behind(), 0);
}
END_TEST

/* --- what is none
 * ---------------------------------------------------------------- */

/* It changes nothing, and nothing stops a login from writing another. */
static void
none_of_it(const char *what, size_t at)
{
	int64_t found = behind();

	ck_assert_msg(
	    found == 0 && account.tokens[0].token.counter == FIRST + 1,
	    "%s, %zu: counts", what, at);
}

START_TEST(one_with_any_bit_flipped_is_none)
{
	ck_assert_uint_eq(witness.len, WITNESS_LEN);
	put_back();
	for (size_t bit = 0; bit < WITNESS_LEN * 8; bit++) {
		witness.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		save("store-witness/ann.witness", &witness);
		none_of_it("a flipped bit", bit);
		witness.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	save("store-witness/ann.witness", &witness);
	ck_assert_int_eq(behind(), LOGINS);
}
END_TEST

START_TEST(one_of_any_other_length_is_none)
{
	put_back();
	for (size_t len = 0; len <= 2 * WITNESS_LEN; len++) {
		if (len == WITNESS_LEN)
			continue;
		witness.len = len;
		save("store-witness/ann.witness", &witness);
		none_of_it("a length", len);
	}
	log_in(1);
	load("store-witness/ann.witness", &witness);
	ck_assert_uint_eq(witness.len, WITNESS_LEN);
}
END_TEST

START_TEST(one_of_another_user_is_none)
{
	struct event event;

	ck_assert_int_eq(begin(), ROLLCODE_OK);
	strcpy(account.user, "bob");
	for (size_t i = 0; i < account.token_count; i++)
		account.tokens[i].id = 0;
	for (size_t i = 0; i < account.recovery_count; i++)
		account.recovery[i].id = 0;
	store_sqlite.end(store);
	event_fill(&event, NOW, "test", NULL, "enrolled");
	ck_assert_int_eq(
	    store_sqlite.create(store, &account, &event, false, &error),
	    ROLLCODE_OK);
	for (int i = 0; i < 3 * LOGINS; i++) {
		bool enrolled;

		ck_assert_int_eq(store_sqlite.begin(
				     store, "bob", &enrolled, &account, &error),
		    ROLLCODE_OK);
		account.tokens[0].token.counter++;
		commit(false);
	}
	load("store-witness/bob.witness", &witness);
	put_back();
	save("store-witness/ann.witness", &witness);
	none_of_it("another user", 0);
}
END_TEST

START_TEST(one_of_another_store_is_none)
{
	struct image other;

	/* The same users, tokens and logins in a store of its own id. */
	teardown();
	setup();
	other = witness;
	teardown();
	setup();
	put_back();
	save("store-witness/ann.witness", &other);
	none_of_it("another store", 0);
	ck_assert_int_ne(
	    memcmp(witness.bytes + 8, other.bytes + 8, STORE_ID_LEN), 0);
}
END_TEST

START_TEST(one_that_is_older_changes_nothing)
{
	struct image newer;

	newer = witness;
	log_in(3);
	save("store-witness/ann.witness", &newer);
	ck_assert_int_eq(behind(), 0);
	ck_assert_uint_eq(account.tokens[0].token.counter, FIRST + 4 + LOGINS);
	ck_assert_int_eq(begin(), ROLLCODE_OK);
	ck_assert_int_eq(
	    store_sqlite.witness(store, &error), ROLLCODE_ERR_ABSENT);
	commit(false);
	ck_assert_int_eq(begin(), ROLLCODE_OK);
	ck_assert_int_eq(store_sqlite.witness(store, &error), ROLLCODE_OK);
	store_sqlite.end(store);
}
END_TEST

int
main(void)
{
	TCase *ahead = test_case("ahead", 0), *none = test_case("none", 60),
	      *pooled = test_case("pooled", 0);

	tcase_add_checked_fixture(ahead, setup, teardown);
	tcase_add_checked_fixture(none, setup, teardown);
	tcase_add_checked_fixture(pooled, setup_pooling, teardown);
	tcase_add_test(ahead, a_file_that_was_put_back_counts_as_it_did);
	tcase_add_loop_test(
	    ahead, the_next_commit_says_once_that_it_was_raised, 0, 2);
	tcase_add_test(
	    ahead, each_counter_is_the_higher_one_and_a_used_code_stays_used);
	tcase_add_test(ahead, a_recovery_code_that_became_void_is_used);
	tcase_add_test(ahead, guesses_that_were_made_are_not_given_back);
	tcase_add_test(
	    ahead, who_was_guarded_and_logged_in_is_not_guarded_again);
	tcase_add_test(ahead, a_remembered_position_is_forgotten);
	tcase_add_loop_test(ahead,
	    a_file_with_other_tokens_than_its_newer_witness_is_refused, 0,
	    COUNT(changes));
	tcase_add_test(ahead, a_file_from_before_a_replacement_is_refused);
	tcase_add_test(ahead, a_file_from_before_a_removal_is_refused);
	tcase_add_test(ahead,
	    whose_file_is_missing_is_not_enrolled_if_a_removal_had_begun);
	tcase_add_test(
	    ahead, a_removal_that_was_begun_is_forgotten_by_the_next_login);
	tcase_add_test(
	    ahead, nobody_is_enrolled_beside_a_witness_that_cannot_go);
	tcase_add_test(
	    ahead, one_of_the_previous_key_counts_until_it_is_written_anew);
	tcase_add_test(pooled, a_file_that_was_put_back_counts_as_it_did);
	tcase_add_loop_test(
	    pooled, the_next_commit_says_once_that_it_was_raised, 0, 2);
	tcase_add_test(none, one_with_any_bit_flipped_is_none);
	tcase_add_test(none, one_of_any_other_length_is_none);
	tcase_add_test(none, one_of_another_user_is_none);
	tcase_add_test(none, one_of_another_store_is_none);
	tcase_add_test(none, one_that_is_older_changes_nothing);
	return test_run_apart();
}
