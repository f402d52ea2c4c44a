/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/cases.h"
#include "tests/unit/store/store_behind.h"
#include "tests/unit/store/store_suite.h"

/* Two tokens and two recovery codes, and two commits. */
static struct store *
begun_with_all(struct account *account)
{
	struct store *store;

	enrolled("ann");
	store = begun("ann", account);
	fill_token(account, "key", 2);
	account->recovery_key_set = true;
	memset(account->recovery_key.bytes, 9, SECRET_KEY_LEN);
	account->recovery_count = 2;
	memset(account->recovery[0].mac, 1, ACCOUNT_MAC_LEN);
	memset(account->recovery[1].mac, 2, ACCOUNT_MAC_LEN);
	ck_assert_int_eq(
	    ops->commit(store, account, NULL, &problem), ROLLCODE_OK);
	ops->close(store);
	return begun("ann", account);
}

/* --- what a commit may change --------------------------------------------- */

static void
change_failures(struct account *account)
{
	account->failures = 7;
}

static void
change_counter(struct account *account)
{
	account->tokens[1].token.counter = 12;
}

static void
change_far(struct account *account)
{
	account->tokens[1].far_known = true;
	account->tokens[1].far_counter = 77;
}

static void
change_enabled(struct account *account)
{
	account->tokens[1].enabled = false;
}

static void
remove_token(struct account *account)
{
	account->token_count = 1;
}

static void
use_recovery(struct account *account)
{
	account->recovery[1].used = NOW;
}

static void
remove_recovery(struct account *account)
{
	account->recovery_count = 1;
}

#define OTHER_SECRET                                                       \
	"UPDATE @token SET secret=(SELECT secret FROM @token WHERE id=1) " \
	"WHERE id=2"
#define OTHER_FIRST_SECRET                                                 \
	"UPDATE @token SET secret=(SELECT secret FROM @token WHERE id=2) " \
	"WHERE id=1"
#define OTHER_MAC                                                          \
	"UPDATE @recovery SET mac=(SELECT mac FROM @recovery WHERE id=1) " \
	"WHERE id=2"

static const struct {
	const char *behind;
	void (*change)(struct account *);
} met[] = {
    {"UPDATE @account SET sequence=sequence+1", change_failures},
    {"UPDATE @account SET created=created+1", change_failures},
    {OTHER_FIRST_SECRET, change_failures},
    {"DELETE FROM @token WHERE id=1", change_failures},
    {"UPDATE @token SET counter=counter+1 WHERE id=2", change_counter},
    {OTHER_SECRET, change_counter},
    {OTHER_SECRET, change_far},
    {OTHER_SECRET, change_enabled},
    {OTHER_SECRET, remove_token},
    {OTHER_MAC, use_recovery},
    {OTHER_MAC, remove_recovery},
};

START_TEST(a_row_that_changed_behind_a_begin_is_not_written)
{
	struct account account;
	struct store *store = begun_with_all(&account);

	met[_i].change(&account);
	kind->behind(store, met[_i].behind);

	ck_assert_msg(
	    ops->commit(store, &account, NULL, &problem) != ROLLCODE_OK, "%s",
	    met[_i].behind);
	ops->close(store);
}
END_TEST

START_TEST(one_that_did_not_is_written)
{
	struct account account;
	struct store *store = begun_with_all(&account);

	met[_i].change(&account);

	ck_assert_msg(
	    ops->commit(store, &account, NULL, &problem) == ROLLCODE_OK, "%s",
	    problem.text);
	ops->close(store);
}
END_TEST

/* --- enrolled anew -------------------------------------------------------- */

/* The same in all but the secrets, in the same second. */
static void
alike(const struct account *old, struct account *fresh)
{
	memset(fresh, 0, sizeof(*fresh));
	memcpy(fresh->user, old->user, sizeof(fresh->user));
	fresh->created = old->created;
	fresh->sequence = old->sequence;
	fill_token(fresh, "phone", 0xee);
}

void
check_as_enrolled(const struct account *fresh)
{
	struct account account;

	ops->close(begun(fresh->user, &account));
	ck_assert_int_eq(account.sequence, fresh->sequence);
	ck_assert_uint_eq(account.failures, 0);
	ck_assert_uint_eq(account.token_count, 1);
	ck_assert_uint_eq(account.tokens[0].token.counter, 10);
	ck_assert_int_eq(account.tokens[0].used, 0);
	ck_assert(account.tokens[0].enabled);
	ck_assert_uint_eq(account.tokens[0].token.secret.bytes[0], 0xee);
}

void
login_first(struct account *account)
{
	account->tokens[0].token.counter = 11;
	account->tokens[0].used = NOW;
	account->last_success = NOW;
}

static void
disable_first(struct account *account)
{
	account->tokens[0].enabled = false;
}

static void
remove_first(struct account *account)
{
	account->token_count = 0;
}

static void (*const on_old_tokens[])(struct account *) = {
    login_first, change_failures, disable_first, remove_first};

START_TEST(a_commit_never_meets_the_tokens_of_another_enrolment)
{
	struct account account, fresh;
	struct store *store;

	enrolled("ann");
	store = begun("ann", &account);
	alike(&account, &fresh);
	on_old_tokens[_i](&account);
	kind->enrolled_behind(store, &fresh);

	ck_assert_int_ne(
	    ops->commit(store, &account, NULL, &problem), ROLLCODE_OK);
	ops->close(store);

	check_as_enrolled(&fresh);
}
END_TEST

/* Once told to; its end says how it went. */
static pid_t
start_replacing(int gate)
{
	pid_t pid = fork();
	char byte;

	if (pid == 0)
		_exit(read(gate, &byte, 1) == 1 ? (int)create("ann", 0xee, true)
						: 99);
	return pid;
}

START_TEST(nobody_replaces_a_user_that_is_begun_unnoticed)
{
	struct account account;
	struct store *store;
	bool compares = kind->compares && _i == 0;
	int status, gate[2];
	pid_t pid;

	enrolled("ann");
	config.administers = _i == 1;
	ck_assert_int_eq(pipe(gate), 0);
	pid = start_replacing(gate[0]);
	store = begun("ann", &account);
	ck_assert_int_eq(write(gate[1], "x", 1), 1);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(
	    WEXITSTATUS(status), compares ? ROLLCODE_OK : ROLLCODE_ERR_UNAVAIL);

	account.tokens[0].token.counter = 11;
	ck_assert_int_eq(ops->commit(store, &account, NULL, &problem),
	    compares ? ROLLCODE_ERR_UNAVAIL : ROLLCODE_OK);
	ck_assert(!compares || problem.reason == REASON_FASTER);
	ops->close(store);
	ck_assert_uint_eq(counter_of("ann"), compares ? 10 : 11);
}
END_TEST

void
add_behind(TCase *tcase)
{
	tcase_add_loop_test(
	    tcase, nobody_replaces_a_user_that_is_begun_unnoticed, 0, 2);
	tcase_add_loop_test(tcase,
	    a_row_that_changed_behind_a_begin_is_not_written, 0, COUNT(met));
	tcase_add_loop_test(tcase, one_that_did_not_is_written, 0, COUNT(met));
	tcase_add_loop_test(tcase,
	    a_commit_never_meets_the_tokens_of_another_enrolment, 0,
	    COUNT(on_old_tokens));
}
