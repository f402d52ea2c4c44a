/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/utf8.h"
#include "tests/support/cases.h"
#include "tests/unit/store/store_suite.h"
#include "tests/support/tokens.h"

#define RACERS 16

const struct kind *kind;
const struct store_ops *ops;
struct config config;
struct error problem;

static void
make_store(void)
{
	bool made;

	ops = kind->ops;
	config_defaults(&config);
	config.uid = geteuid();
	config.gid = getegid();
	snprintf(config.account, sizeof(config.account), "rollcode");
	memset(config.key.bytes, 0x5a, sizeof(config.key.bytes));
	config.has_key = true;
	kind->make(&config);
	ck_assert_int_eq(ops->init(&config, &made, &problem), ROLLCODE_OK);
	ck_assert(made);
}

static void
unmake_store(void)
{
	kind->unmake(&config);
}

#define RACERS 16

void
fill_token(struct account *account, const char *label, uint8_t fill)
{
	struct rollcode_token token = token_filled(label, fill);

	ck_assert_int_eq(
	    account_add(account, &token, NOW, &problem), ROLLCODE_OK);
}

struct store *
opened(void)
{
	struct store *store = NULL;

	ck_assert_msg(ops->open(&store, &config, &problem) == ROLLCODE_OK, "%s",
	    problem.text);
	return store;
}

enum rollcode_err
create(const char *user, uint8_t fill, bool replace)
{
	struct account account = {.created = NOW};
	struct store *store = opened();
	struct event event;
	enum rollcode_err err;

	ck_assert_uint_lt(strlen(user), sizeof(account.user));
	strcpy(account.user, user);
	fill_token(&account, "phone", fill);
	event_fill(&event, NOW, "test", NULL, "enrolled");
	err = ops->create(store, &account, &event, replace, &problem);
	ops->close(store);
	return err;
}

void
enrolled(const char *user)
{
	ck_assert_msg(
	    create(user, 1, false) == ROLLCODE_OK, "%s", problem.text);
}

struct store *
begun(const char *user, struct account *account)
{
	struct store *store = opened();
	bool is = false;

	ck_assert_msg(
	    ops->begin(store, user, &is, account, &problem) == ROLLCODE_OK,
	    "%s", problem.text);
	ck_assert(is);
	return store;
}

bool
is_enrolled(const char *user)
{
	struct store *store = opened();
	struct account account;
	bool is = true;

	ck_assert_msg(
	    ops->begin(store, user, &is, &account, &problem) == ROLLCODE_OK,
	    "%s", problem.text);
	ops->close(store);
	return is;
}

uint64_t
counter_of(const char *user)
{
	struct account account;

	ops->close(begun(user, &account));
	return account.tokens[0].token.counter;
}

enum rollcode_err
move_to(const char *user, uint64_t counter)
{
	struct account account;
	struct store *store = begun(user, &account);
	struct event event;
	enum rollcode_err err;

	event_fill(&event, NOW, "test", "host", "accepted");
	account.tokens[0].token.counter = counter;
	err = ops->commit(store, &account, &event, &problem);
	ops->close(store);
	return err;
}

/* --- promises ------------------------------------------------------------- */

START_TEST(what_is_committed_is_read_back)
{
	struct account account, again;
	struct store *store;

	enrolled("ann");
	store = begun("ann", &account);
	account.failures = 3;
	account.spent = 5;
	account.spent_time = NOW - 1;
	account.failed = 6;
	account.replayed = 7;
	account.late = 8;
	account.last_success = NOW + 1;
	account.last_failure = NOW + 2;
	account.tokens[0].token.counter = ROLLCODE_COUNTER_END;
	account.tokens[0].far_known = true;
	account.tokens[0].far_counter = 77;
	account.tokens[0].far_time = NOW + 3;
	account.tokens[0].used = NOW + 4;
	account.tokens[0].enabled = false;
	ck_assert_int_eq(
	    ops->commit(store, &account, NULL, &problem), ROLLCODE_OK);
	ops->close(store);

	ops->close(begun("ann", &again));
	ck_assert_int_eq(again.sequence, account.sequence + 1);
	account.sequence++;
	ck_assert_mem_eq(&account, &again, sizeof(account));
}
END_TEST

START_TEST(what_was_not_committed_is_forgotten)
{
	struct account account;
	struct store *store;

	enrolled("ann");
	store = begun("ann", &account);
	account.tokens[0].token.counter = 99;
	ops->close(store);

	ck_assert_uint_eq(counter_of("ann"), 10);
}
END_TEST

START_TEST(who_was_never_enrolled_is_proven_absent)
{
	enrolled("ann");

	ck_assert(is_enrolled("ann"));
	ck_assert(!is_enrolled("bob"));
	ck_assert(!is_enrolled("an"));
	ck_assert(!is_enrolled("ann "));
	ck_assert(!is_enrolled("ANN"));
	ck_assert(!is_enrolled(""));
}
END_TEST

START_TEST(enrolling_twice_is_refused_and_changes_nothing)
{
	struct account account;

	enrolled("ann");
	ck_assert_int_eq(move_to("ann", 20), ROLLCODE_OK);

	ck_assert_int_eq(create("ann", 2, false), ROLLCODE_ERR_EXISTS);

	ops->close(begun("ann", &account));
	ck_assert_uint_eq(account.tokens[0].token.counter, 20);
	ck_assert_uint_eq(account.tokens[0].token.secret.bytes[0], 1);
}
END_TEST

START_TEST(replacing_takes_the_old_tokens_away)
{
	struct account account;

	enrolled("ann");
	ck_assert_int_eq(move_to("ann", 20), ROLLCODE_OK);

	ck_assert_int_eq(create("ann", 2, true), ROLLCODE_OK);

	ops->close(begun("ann", &account));
	ck_assert_uint_eq(account.token_count, 1);
	ck_assert_uint_eq(account.tokens[0].token.counter, 10);
	ck_assert_uint_eq(account.tokens[0].token.secret.bytes[0], 2);
	ck_assert_int_eq(create("bob", 2, true), ROLLCODE_OK);
	ck_assert(is_enrolled("bob"));
}
END_TEST

START_TEST(a_removed_user_is_absent_and_can_be_enrolled_anew)
{
	struct account account;
	struct store *store;

	enrolled("ann");
	enrolled("bob");
	ck_assert_int_eq(move_to("ann", 20), ROLLCODE_OK);
	store = begun("ann", &account);

	ck_assert_int_eq(ops->remove(store, "ann", &problem), ROLLCODE_OK);
	ops->close(store);

	ck_assert(!is_enrolled("ann"));
	ck_assert(is_enrolled("bob"));
	ck_assert_int_eq(create("ann", 2, false), ROLLCODE_OK);
	ck_assert_uint_eq(counter_of("ann"), 10);
}
END_TEST

START_TEST(a_second_begin_lets_the_first_user_go)
{
	struct account account;
	struct store *store;
	bool is;

	enrolled("ann");
	enrolled("bob");
	store = begun("ann", &account);

	ck_assert_int_eq(
	    ops->begin(store, "bob", &is, &account, &problem), ROLLCODE_OK);

	ck_assert_str_eq(account.user, "bob");
	ck_assert_int_eq(move_to("ann", 20), ROLLCODE_OK);
	ops->close(store);
}
END_TEST

START_TEST(tokens_come_and_go)
{
	struct account account;
	struct store *store;

	enrolled("ann");
	store = begun("ann", &account);
	fill_token(&account, "key", 2);
	fill_token(&account, "card", 3);
	ck_assert_int_eq(
	    ops->commit(store, &account, NULL, &problem), ROLLCODE_OK);
	ck_assert_int_eq(
	    ops->begin(store, "ann", &(bool){0}, &account, &problem),
	    ROLLCODE_OK);
	ck_assert_uint_eq(account.token_count, 3);
	account.tokens[0] = account.tokens[2];
	account.token_count = 1;
	ck_assert_int_eq(
	    ops->commit(store, &account, NULL, &problem), ROLLCODE_OK);
	ops->close(store);

	ops->close(begun("ann", &account));
	ck_assert_uint_eq(account.token_count, 1);
	ck_assert_str_eq(account.tokens[0].token.label, "card");
	ck_assert_uint_eq(account.tokens[0].token.secret.bytes[0], 3);
}
END_TEST

START_TEST(recovery_codes_are_kept_and_used_up)
{
	struct account account;
	struct store *store;

	enrolled("ann");
	store = begun("ann", &account);
	account.recovery_key_set = true;
	memset(account.recovery_key.bytes, 9, SECRET_KEY_LEN);
	account.recovery_count = 2;
	memset(account.recovery[0].mac, 1, ACCOUNT_MAC_LEN);
	memset(account.recovery[1].mac, 2, ACCOUNT_MAC_LEN);
	account.recovery[0].issued = NOW - 1;
	account.recovery[0].expires = NOW + 1;
	ck_assert_int_eq(
	    ops->commit(store, &account, NULL, &problem), ROLLCODE_OK);
	ops->close(store);
	store = begun("ann", &account);
	ck_assert(account.recovery_key_set);
	ck_assert_uint_eq(account.recovery_key.bytes[31], 9);
	account.recovery[1].used = NOW;
	ck_assert_int_eq(
	    ops->commit(store, &account, NULL, &problem), ROLLCODE_OK);
	ops->close(store);

	ops->close(begun("ann", &account));
	ck_assert_uint_eq(account_recovery_left(&account), 0);
	ck_assert_int_eq(account.recovery[1].used, NOW);
	ck_assert_int_eq(account.recovery[0].issued, NOW - 1);
	ck_assert_int_eq(account.recovery[0].expires, NOW + 1);
	ck_assert(account_recovery_good(&account.recovery[0], NOW));
}
END_TEST

START_TEST(a_used_recovery_code_stays_used)
{
	struct account account;
	struct store *store;

	enrolled("ann");
	store = begun("ann", &account);
	account.recovery_key_set = true;
	account.recovery_count = 1;
	account.recovery[0].used = NOW;
	ck_assert_int_eq(
	    ops->commit(store, &account, NULL, &problem), ROLLCODE_OK);
	ops->close(store);
	store = begun("ann", &account);

	account.recovery[0].used = 0;

	ck_assert_int_ne(
	    ops->commit(store, &account, NULL, &problem), ROLLCODE_OK);
	ops->close(store);
}
END_TEST

START_TEST(a_counter_never_falls)
{
	enrolled("ann");
	ck_assert_int_eq(move_to("ann", 20), ROLLCODE_OK);

	ck_assert_int_ne(move_to("ann", 19), ROLLCODE_OK);
	ck_assert_int_ne(move_to("ann", 0), ROLLCODE_OK);

	ck_assert_uint_eq(counter_of("ann"), 20);
	ck_assert_int_eq(move_to("ann", 21), ROLLCODE_OK);
}
END_TEST

START_TEST(what_somebody_else_changed_meanwhile_is_not_overwritten)
{
	struct account account;
	struct store *store;

	enrolled("ann");
	store = begun("ann", &account);
	account.tokens[0].token.counter = 30;
	kind->touch(store);

	ck_assert_int_ne(
	    ops->commit(store, &account, NULL, &problem), ROLLCODE_OK);
	ops->close(store);

	ck_assert_uint_eq(counter_of("ann"), 10);
}
END_TEST

/* As a worker is forked: with no file open that another process uses. */
static pid_t
fork_apart(void)
{
	if (ops->idle != NULL)
		ops->idle();
	return fork();
}

/* Run in RACERS processes at once; how many of them returned true. */
static int
race(bool (*racer)(void))
{
	int status, won = 0, gate[2];
	char byte;

	ck_assert_int_eq(pipe(gate), 0);
	for (int i = 0; i < RACERS; i++) {
		if (fork_apart() != 0)
			continue;
		close(gate[1]);
		(void)!read(gate[0], &byte, 1);
		_exit(racer() ? 0 : 1);
	}
	close(gate[0]);
	close(gate[1]);
	while (wait(&status) > 0)
		won += WIFEXITED(status) && WEXITSTATUS(status) == 0;
	return won;
}

/* As begun(), for as long as the others take. */
static struct store *
begun_at_last(const char *user, struct account *account)
{
	struct store *store = NULL;
	bool is = false;

	for (int i = 0; i < 20 && !is; i++) {
		ops->close(store);
		store = NULL;
		if (ops->open(&store, &config, &problem) != ROLLCODE_OK ||
		    ops->begin(store, user, &is, account, &problem) !=
			ROLLCODE_OK)
			is = false;
	}
	ck_assert(is);
	return store;
}

static bool
take_one_code(void)
{
	struct account account;
	struct store *store = begun_at_last("ann", &account);
	bool took = false;

	if (account.tokens[0].token.counter == 10) {
		account.tokens[0].token.counter = 11;
		took =
		    ops->commit(store, &account, NULL, &problem) == ROLLCODE_OK;
	}
	ops->close(store);
	return took;
}

static bool
take_codes(void)
{
	struct account account;
	struct store *store;
	enum rollcode_err err;

	for (int i = 0; i < kind->turns; i++) {
		do {
			store = begun_at_last("ann", &account);
			account.tokens[0].token.counter++;
			err = ops->commit(store, &account, NULL, &problem);
			ops->close(store);
		} while (err != ROLLCODE_OK && kind->compares &&
			 problem.reason == REASON_FASTER);
		if (err != ROLLCODE_OK)
			return false;
	}
	return true;
}

START_TEST(of_16_processes_one_takes_the_code)
{
	enrolled("ann");

	ck_assert_int_eq(race(take_one_code), 1);

	ck_assert_uint_eq(counter_of("ann"), 11);
}
END_TEST

START_TEST(of_16_processes_none_loses_an_update)
{
	enrolled("ann");

	ck_assert_int_eq(race(take_codes), RACERS);

	ck_assert_uint_eq(
	    counter_of("ann"), 10 + (uint64_t)kind->turns * RACERS);
}
END_TEST

START_TEST(a_login_for_ann_does_not_wait_for_a_stuck_bob)
{
	struct account account;
	struct store *store;
	int ready[2];
	int64_t start;
	pid_t stuck;
	char byte;
	bool is, waits = !kind->compares || _i == 1;
	enum rollcode_err err;

	enrolled("ann");
	enrolled("bob");
	config.administers = _i == 1;
	ck_assert_int_eq(pipe(ready), 0);
	if ((stuck = fork_apart()) == 0) {
		begun("bob", &account);
		(void)!write(ready[1], "x", 1);
		pause();
	}
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);

	start = clock_ms();
	ck_assert_int_eq(move_to("ann", 11), ROLLCODE_OK);
	ck_assert_int_lt(clock_ms() - start, 1000);

	store = opened();
	start = clock_ms();
	err = ops->begin(store, "bob", &is, &account, &problem);
	ck_assert_int_eq(err, waits ? ROLLCODE_ERR_UNAVAIL : ROLLCODE_OK);
	ck_assert_int_ge(clock_ms() - start, waits ? STORE_BUSY_MS - 100 : 0);
	ck_assert_int_lt(clock_ms() - start, (waits ? STORE_BUSY_MS : 0) + 900);
	ck_assert(is != waits);
	ops->close(store);

	kill(stuck, SIGKILL);
	waitpid(stuck, NULL, 0);
	ck_assert_int_eq(move_to("bob", 11), ROLLCODE_OK);
}
END_TEST

START_TEST(a_commit_that_cannot_be_written_says_so)
{
	int status;

	enrolled("ann");
	if (fork_apart() == 0) {
		kind->spoil();
		_exit((int)move_to("ann", 11));
	}
	ck_assert_int_gt(wait(&status), 0);

	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), ROLLCODE_ERR_UNAVAIL);
	ck_assert_int_eq(move_to("ann", 12), ROLLCODE_OK);
}
END_TEST

START_TEST(an_enrolment_that_cannot_be_written_leaves_nothing)
{
	int status;

	if (fork_apart() == 0) {
		kind->spoil();
		_exit((int)create("ann", 1, false));
	}
	ck_assert_int_gt(wait(&status), 0);

	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), ROLLCODE_ERR_UNAVAIL);
	ck_assert(!is_enrolled("ann"));
	enrolled("ann");
}
END_TEST

/* --- events --------------------------------------------------------------- */

struct seen {
	int count, aside;
	int64_t first, last;
	bool ordered;
};

static enum rollcode_err
see(void *context, const struct event *event, struct error *unused)
{
	struct seen *seen = context;

	(void)unused;
	seen->ordered &= seen->count == 0 || event->time > seen->last;
	seen->aside += event->aside;
	if (seen->count++ == 0)
		seen->first = event->time;
	seen->last = event->time;
	return ROLLCODE_OK;
}

static struct seen
events_after(int64_t kept, int commits)
{
	struct seen seen = {.ordered = true};
	struct account account;
	struct store *store;
	struct event event;

	config.events_kept = kept;
	for (int i = 1; i <= commits; i++) {
		store = begun("ann", &account);
		event_fill(&event, NOW + i, "sshd", "host", "accepted");
		ck_assert_int_eq(ops->commit(store, &account, &event, &problem),
		    ROLLCODE_OK);
		ops->close(store);
	}
	store = begun("ann", &account);
	ck_assert_int_eq(ops->events(store, see, &seen, &problem), ROLLCODE_OK);
	ops->close(store);
	return seen;
}

START_TEST(the_last_EVENTS_KEPT_events_are_there_the_oldest_first)
{
	struct seen seen;

	enrolled("ann");
	seen = events_after(5, 12);
	ck_assert_int_eq(seen.count, 5);
	ck_assert(seen.ordered);
	ck_assert_int_eq(seen.first, NOW + 8);
	ck_assert_int_eq(seen.last, NOW + 12);

	seen = events_after(3, 4);
	ck_assert_int_eq(seen.count, 3);
	ck_assert(seen.ordered);
	ck_assert_int_eq(seen.last, NOW + 4);

	ck_assert_int_eq(events_after(0, 2).count, 0);
}
END_TEST

START_TEST(an_event_written_aside_replaces_the_one_before_it_alone)
{
	struct seen seen = {.ordered = true};
	struct account account;
	struct store *store;
	struct event event;
	int64_t sequence;

	enrolled("ann");
	seen = events_after(5, 7);
	ck_assert_int_eq(seen.first, NOW + 3);
	for (int i = 10; i < 610; i++) {
		store = begun("ann", &account);
		sequence = account.sequence;
		event_fill(&event, NOW + i, "sshd", "host", "replayed");
		event.aside = true;
		account.replayed++;
		ck_assert_int_eq(ops->commit(store, &account, &event, &problem),
		    ROLLCODE_OK);
		ops->close(store);
	}
	memset(&seen, 0, sizeof(seen));
	seen.ordered = true;
	store = begun("ann", &account);
	ck_assert_int_eq(ops->events(store, see, &seen, &problem), ROLLCODE_OK);
	ops->close(store);
	ck_assert_int_eq(account.sequence, sequence);
	ck_assert_uint_eq(account.replayed, 600);
	ck_assert_int_eq(seen.count, 6);
	ck_assert_int_eq(seen.aside, 1);
	ck_assert(seen.ordered);
	ck_assert_int_eq(seen.first, NOW + 3);
	ck_assert_int_eq(seen.last, NOW + 609);
	if (kind->size != NULL)
		ck_assert_int_lt(kind->size(&config), 512L * 1024);
	ck_assert_int_eq(events_after(0, 1).count, 0);
}
END_TEST

START_TEST(many_commits_leave_a_small_store)
{
	long largest = 0, size;

	enrolled("ann");
	for (uint64_t i = 0; i < kind->many; i++) {
		ck_assert_int_eq(move_to("ann", 11 + i), ROLLCODE_OK);
		if (kind->size != NULL && i % 100 == 99 &&
		    (size = kind->size(&config)) > largest)
			largest = size;
	}

	ck_assert_int_lt(largest, 512L * 1024);
	ck_assert_uint_eq(counter_of("ann"), 10 + kind->many);
}
END_TEST

struct last {
	struct event event;
	int count;
};

static enum rollcode_err
see_last(void *context, const struct event *event, struct error *unused)
{
	struct last *last = context;

	(void)unused;
	last->event = *event;
	last->count++;
	return ROLLCODE_OK;
}

START_TEST(an_event_is_read_back_as_it_was_written)
{
	char service[STORE_SERVICE_MAX + 1], rhost[STORE_RHOST_MAX + 1];
	struct last last = {0};
	struct account account;
	struct store *store;
	struct event event;

	memset(service, 's', sizeof(service));
	memset(rhost, 'h', sizeof(rhost));
	service[STORE_SERVICE_MAX] = rhost[STORE_RHOST_MAX] = '\0';
	enrolled("ann");
	store = begun("ann", &account);
	event_fill(&event, NOW, service, rhost, "wrong");
	ck_assert_int_eq(
	    ops->commit(store, &account, &event, &problem), ROLLCODE_OK);
	ops->close(store);
	store = begun("ann", &account);
	ck_assert_int_eq(
	    ops->events(store, see_last, &last, &problem), ROLLCODE_OK);
	ops->close(store);

	ck_assert_int_eq(last.count, 2);
	ck_assert_int_eq(last.event.sequence, account.sequence);
	ck_assert_int_eq(last.event.time, NOW);
	ck_assert_str_eq(last.event.service, service);
	ck_assert_str_eq(last.event.rhost, rhost);
	ck_assert_str_eq(last.event.token, "");
	ck_assert_str_eq(last.event.outcome, "wrong");
	ck_assert_int_eq(last.event.counter, -1);
	ck_assert_int_eq(last.event.distance, -1);
	ck_assert(!last.event.aside);
}
END_TEST

/* --- names ---------------------------------------------------------------- */

#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static const char *const names[] = {
    "ann",
    "../x",
    "..",
    ".",
    "/etc/passwd",
    "-rf",
    "--",
    "a b",
    " ",
    "x\n",
    "\n",
    "\x1b[2J",
    "\xff",
    "\xff\xfe",
    "%",
    "%2E",
    "%n%s",
    "' OR 1=1",
    "\";--",
    "Ann",
    "ANN",
    "ann.",
    "ann ",
    "j\xc3\xbcrgen",
    "\xd0\xb0nn",
    "ann.db",
    "marker",
    "ann@example.org",
    "DOMAIN\\ann",
    "machine$",
    "*",
    HUNDRED HUNDRED,
};

static size_t seen_names;

static enum rollcode_err
see_name(void *context, const char *user, struct error *unused)
{
	(void)context;
	(void)unused;
	for (size_t i = 0; i < COUNT(names); i++)
		seen_names += strcmp(user, names[i]) == 0;
	return ROLLCODE_OK;
}

START_TEST(every_name_is_its_own_user_and_nothing_else)
{
	struct account account;

	for (size_t i = 0; i < COUNT(names); i += kind->step) {
		ck_assert_msg(!is_enrolled(names[i]), "%s", names[i]);
		enrolled(names[i]);
		ck_assert_int_eq(move_to(names[i], 100 + i), ROLLCODE_OK);
	}
	for (size_t i = 0; i < COUNT(names); i += kind->step) {
		ops->close(begun(names[i], &account));
		ck_assert_str_eq(account.user, names[i]);
		ck_assert_uint_eq(account.tokens[0].token.counter, 100 + i);
	}
}
END_TEST

/* Names that were not enrolled by us, and would steer the terminal. */
START_TEST(a_name_that_cannot_be_shown_is_not_listed)
{
	struct store *store;
	size_t printable = 0;

	for (size_t i = 0; i < COUNT(names); i += kind->step) {
		enrolled(names[i]);
		printable += utf8_printable(names[i]);
	}
	store = opened();
	seen_names = 0;
	ck_assert_int_eq(
	    ops->each(store, see_name, NULL, &problem), ROLLCODE_OK);
	ops->close(store);
	ck_assert_uint_eq(seen_names, printable);
}
END_TEST

static enum rollcode_err
refuse_second(void *context, const char *user, struct error *why)
{
	(void)user;
	return ++*(int *)context == 2
		   ? error_set(why, ROLLCODE_ERR_INPUT, "enough")
		   : ROLLCODE_OK;
}

START_TEST(the_first_error_ends_a_walk_through_the_users)
{
	struct store *store;
	int walked = 0;

	enrolled("ann");
	enrolled("bob");
	enrolled("carol");
	store = opened();
	ck_assert_int_eq(ops->each(store, refuse_second, &walked, &problem),
	    ROLLCODE_ERR_INPUT);
	ops->close(store);
	ck_assert_int_eq(walked, 2);
}
END_TEST

/* --- events of others ----------------------------------------------------- */

static enum rollcode_err
see_event(void *context, const struct event *event, struct error *unused)
{
	(void)event;
	(void)unused;
	++*(int *)context;
	return ROLLCODE_OK;
}

/* The first three are ours. */
static const char *const outcomes[] = {"accepted", "moved here",
    "recovery-voided", "", "none", "accepted ", "Accepted", "\x1b]0;owned\x07",
    "acc\nepted"};

START_TEST(an_event_of_an_unknown_outcome_is_refused)
{
	struct account account;
	struct store *store;
	struct event event;
	enum rollcode_err wanted = _i < 3 ? ROLLCODE_OK : ROLLCODE_ERR_STORE;
	int seen = 0;

	enrolled("ann");
	store = begun("ann", &account);
	event_fill(&event, NOW, "test", NULL, outcomes[_i]);
	ck_assert_int_eq(
	    ops->commit(store, &account, &event, &problem), ROLLCODE_OK);
	ops->close(store);
	store = begun("ann", &account);
	ck_assert_int_eq(
	    ops->events(store, see_event, &seen, &problem), wanted);
	ops->close(store);
	ck_assert_int_eq(seen, _i < 3 ? 2 : 1);
}
END_TEST

START_TEST(a_name_too_long_or_empty_is_nobody)
{
	struct account account = {.created = NOW};
	struct store *store = opened();

	ck_assert(!is_enrolled(HUNDRED HUNDRED "x"));
	ck_assert(!is_enrolled(""));
	fill_token(&account, "phone", 1);
	ck_assert_int_eq(ops->create(store, &account, NULL, false, &problem),
	    ROLLCODE_ERR_INPUT);
	memset(account.user, '.', 67);
	ck_assert_int_eq(ops->create(store, &account, NULL, false, &problem),
	    ROLLCODE_ERR_INPUT);
	ops->close(store);
}
END_TEST

/* --- the store itself ----------------------------------------------------- */

START_TEST(init_makes_a_store_once)
{
	bool made = true;

	enrolled("ann");

	ck_assert_int_eq(ops->init(&config, &made, &problem), ROLLCODE_OK);

	ck_assert(!made);
	ck_assert(is_enrolled("ann"));
}
END_TEST

/* What a login is told at its begin, if open has not told it. */
static enum rollcode_err
refusal(void)
{
	struct store *store = NULL;
	struct account account;
	enum rollcode_err err;
	bool is = false;

	if ((err = ops->open(&store, &config, &problem)) == ROLLCODE_OK)
		err = ops->begin(store, "ann", &is, &account, &problem);
	else
		ck_assert_ptr_null(store);
	ck_assert(!is);
	ops->close(store);
	return err;
}

START_TEST(a_store_of_another_key_is_refused)
{
	bool made;

	enrolled("ann");
	config.key.bytes[0] ^= 1;

	ck_assert_int_eq(refusal(), ROLLCODE_ERR_STORE);
	ck_assert_uint_eq(problem.reason, REASON_KEY);
	ck_assert_int_eq(
	    ops->init(&config, &made, &problem), ROLLCODE_ERR_STORE);
	ck_assert(!made);

	config.previous = config.key;
	config.previous.bytes[0] ^= 1;
	config.has_previous = true;
	ck_assert(is_enrolled("ann"));
}
END_TEST

START_TEST(a_store_that_is_not_there_proves_nothing)
{
	kind->unmake(&config);

	ck_assert_int_eq(refusal(), ROLLCODE_ERR_UNAVAIL);
}
END_TEST

static void
add_accounts(TCase *tcase)
{
	tcase_add_test(tcase, what_is_committed_is_read_back);
	tcase_add_test(tcase, what_was_not_committed_is_forgotten);
	tcase_add_test(tcase, who_was_never_enrolled_is_proven_absent);
	tcase_add_test(tcase, enrolling_twice_is_refused_and_changes_nothing);
	tcase_add_test(tcase, replacing_takes_the_old_tokens_away);
	tcase_add_test(
	    tcase, a_removed_user_is_absent_and_can_be_enrolled_anew);
	tcase_add_test(tcase, a_second_begin_lets_the_first_user_go);
	tcase_add_test(tcase, tokens_come_and_go);
	tcase_add_test(tcase, recovery_codes_are_kept_and_used_up);
	tcase_add_test(tcase, a_used_recovery_code_stays_used);
	tcase_add_test(
	    tcase, the_last_EVENTS_KEPT_events_are_there_the_oldest_first);
	tcase_add_test(
	    tcase, an_event_written_aside_replaces_the_one_before_it_alone);
	tcase_add_test(tcase, an_event_is_read_back_as_it_was_written);
	tcase_add_test(tcase, the_first_error_ends_a_walk_through_the_users);
	tcase_add_test(tcase, every_name_is_its_own_user_and_nothing_else);
	tcase_add_test(tcase, a_name_that_cannot_be_shown_is_not_listed);
	tcase_add_loop_test(tcase, an_event_of_an_unknown_outcome_is_refused, 0,
	    COUNT(outcomes));
	tcase_add_test(tcase, a_name_too_long_or_empty_is_nobody);
	tcase_add_test(tcase, init_makes_a_store_once);
	tcase_add_test(tcase, a_store_of_another_key_is_refused);
	tcase_add_test(tcase, a_store_that_is_not_there_proves_nothing);
}

static void
add_promises(TCase *tcase)
{
	tcase_add_test(tcase, a_counter_never_falls);
	tcase_add_test(
	    tcase, what_somebody_else_changed_meanwhile_is_not_overwritten);
	tcase_add_test(tcase, a_commit_that_cannot_be_written_says_so);
	tcase_add_test(
	    tcase, an_enrolment_that_cannot_be_written_leaves_nothing);
	tcase_add_test(tcase, many_commits_leave_a_small_store);
}

static void
add_races(TCase *tcase)
{
	tcase_add_test(tcase, of_16_processes_one_takes_the_code);
	tcase_add_test(tcase, of_16_processes_none_loses_an_update);
	tcase_add_loop_test(
	    tcase, a_login_for_ann_does_not_wait_for_a_stuck_bob, 0, 2);
}

TCase *
store_suite(const char *name, const struct kind *which)
{
	TCase *tcase = test_case(name, 50);

	kind = which;
	tcase_add_checked_fixture(tcase, make_store, unmake_store);
	add_accounts(tcase);
	add_promises(tcase);
	if (kind->turns > 0)
		add_races(tcase);
	return tcase;
}
