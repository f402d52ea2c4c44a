/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One attempt against a store that does as it is told: what is written, when,
 * and what a failure makes of the verdict.
 */
#include <stdio.h>

#include "tests/support/code_once.h"
#include "tests/support/failing.h"
#include "pam_rollcode/login/login.h"
#include "tests/support/cases.h"

#define NOW 1700000000

/* The store of these tests: one account in memory, and what to refuse. */
static struct mock {
	enum rollcode_err on_open, on_begin, on_commit;
	bool enrolled;
	struct account account;
	int opened, closed, commits;
	int faster; /* so often somebody else uses a code meanwhile */
	struct event event;
	const struct verification *watched;
	bool early;
} mock;

struct store {
	int unused;
};

static struct store the_store;

static enum rollcode_err
mock_open(
    struct store **store, const struct config *config, struct error *error)
{
	(void)config;
	*store = NULL;
	if (mock.on_open != ROLLCODE_OK)
		return error_set(error, mock.on_open, "cannot be opened");
	mock.opened++;
	*store = &the_store;
	return ROLLCODE_OK;
}

static enum rollcode_err
mock_begin(struct store *store, const char *user, bool *enrolled,
    struct account *account, struct error *error)
{
	(void)store;
	ck_assert_str_eq(user, "ann");
	*enrolled = false;
	memset(account, 0, sizeof(*account));
	if (mock.on_begin != ROLLCODE_OK)
		return error_set(error, mock.on_begin, "cannot be locked");
	*enrolled = mock.enrolled;
	if (mock.enrolled)
		*account = mock.account;
	return ROLLCODE_OK;
}

static enum rollcode_err
mock_commit(struct store *store, const struct account *account,
    const struct event *event, struct error *error)
{
	(void)store;
	mock.commits++;
	mock.event = *event;
	if (mock.watched != NULL)
		mock.early |= mock.watched->verdict != VERDICT_NONE;
	if (mock.on_commit != ROLLCODE_OK)
		return error_set(error, mock.on_commit, "cannot be written");
	if (mock.faster-- > 0) {
		mock.account.tokens[0].token.counter++;
		return error_because(error,
		    error_set(error, ROLLCODE_ERR_UNAVAIL, "was changed"),
		    REASON_FASTER);
	}
	mock.account = *account;
	return ROLLCODE_OK;
}

static void
mock_close(struct store *store)
{
	if (store != NULL)
		mock.closed++;
}

static const struct store_ops mock_ops = {
    .open = mock_open,
    .begin = mock_begin,
    .commit = mock_commit,
    .close = mock_close,
};

static struct config config;
static struct error error;
static struct verification result;

static void
add_token(const char *label, unsigned int digits, uint8_t fill)
{
	struct rollcode_token token = {
	    .form = FORM_HOTP,
	    .algorithm = ALGORITHM_SHA256,
	    .digits = digits,
	    .counter = 100,
	    .secret = {.len = 32},
	};

	memset(token.secret.bytes, fill, token.secret.len);
	snprintf(token.label, sizeof(token.label), "%s", label);
	ck_assert_int_eq(
	    account_add(&mock.account, &token, NOW, NULL), ROLLCODE_OK);
	mock.account.tokens[mock.account.token_count - 1].id =
	    (int64_t)mock.account.token_count;
}

static void
setup(void)
{
	memset(&mock, 0, sizeof(mock));
	memset(&error, 0, sizeof(error));
	memset(&result, 0xff, sizeof(result));
	config_defaults(&config);
	strcpy(mock.account.user, "ann");
	mock.enrolled = true;
	add_token("phone", 8, 7);
}

/* The codes of the first token from a counter on, on one line, of that step. */
static const char *
codes_of(uint64_t counter, unsigned int count, int64_t step)
{
	static char line[INPUT_MAX];
	struct passcode code;

	line[0] = '\0';
	for (unsigned int i = 0; i < count; i++) {
		ck_assert_int_eq(code_once(&mock.account.tokens[0].token,
				     counter + i, step, &code),
		    ROLLCODE_OK);
		strcat(line, code.text);
	}
	return line;
}

static const char *
codes(uint64_t counter, unsigned int count)
{
	return codes_of(counter, count, code_step(NOW));
}

/* So many steps ago. */
static const char *
late_codes(uint64_t counter, unsigned int count, int64_t ago)
{
	return codes_of(counter, count, code_step(NOW) - ago);
}

static enum rollcode_err
decide_two(const char *text, const char *fallback)
{
	struct input first, second;
	const struct login login = {
	    .config = &config,
	    .ops = &mock_ops,
	    .now = NOW,
	    .user = "ann",
	    .service = "sshd",
	    .rhost = "192.0.2.1",
	    .input = &first,
	    .fallback = &second,
	};

	input_parse(text, &first);
	input_parse(fallback, &second);
	return login_decide(&login, &result, &error);
}

static enum rollcode_err
decide(const char *text)
{
	return decide_two(text, "");
}

static const enum rollcode_err failures[] = {
    ROLLCODE_ERR_NOMEM,
    ROLLCODE_ERR_SYS,
    ROLLCODE_ERR_UNAVAIL,
    ROLLCODE_ERR_STORE,
    ROLLCODE_ERR_CONFIG,
    ROLLCODE_ERR_EXISTS,
};

START_TEST(a_right_code_is_accepted_and_recorded)
{
	ck_assert_int_eq(decide(codes(102, 1)), ROLLCODE_OK);

	ck_assert_int_eq(result.verdict, VERDICT_ACCEPTED);
	ck_assert_uint_eq(mock.account.tokens[0].token.counter, 103);
	ck_assert_int_eq(mock.commits, 1);
	ck_assert_str_eq(result.token, "phone");
}
END_TEST

START_TEST(who_was_not_the_first_to_write_is_verified_again)
{
	mock.faster = 3;
	ck_assert_int_eq(decide(codes(102, 1)), ROLLCODE_OK);

	ck_assert_int_eq(result.verdict, VERDICT_REPLAYED);
	ck_assert_int_eq(mock.commits, 4);
	ck_assert_uint_eq(mock.account.tokens[0].token.counter, 103);
	ck_assert_int_eq(mock.account.replayed, 1);

	mock.faster = 2;
	ck_assert_int_eq(decide(codes(105, 1)), ROLLCODE_OK);
	ck_assert_int_eq(result.verdict, VERDICT_ACCEPTED);
	ck_assert_uint_eq(mock.account.tokens[0].token.counter, 106);
}
END_TEST

START_TEST(who_is_never_the_first_is_denied)
{
	mock.faster = INT32_MAX;
	ck_assert_int_eq(decide("12345678"), ROLLCODE_ERR_UNAVAIL);

	ck_assert_int_eq(result.verdict, VERDICT_NONE);
	ck_assert_int_eq(mock.commits, 32);
	ck_assert_int_eq(mock.closed, 1);
}
END_TEST

/* Whichever digit it is. */
START_TEST(a_code_that_differs_in_one_digit_is_wrong)
{
	char text[INPUT_MAX];

	strcpy(text, codes(102, 1));
	text[_i] = (char)(text[_i] == '9' ? '0' : text[_i] + 1);
	ck_assert_int_eq(decide(text), ROLLCODE_OK);

	ck_assert_int_eq(result.verdict, VERDICT_WRONG);
	ck_assert_uint_eq(mock.account.tokens[0].token.counter, 100);
}
END_TEST

START_TEST(a_code_that_cannot_be_recorded_is_not_accepted)
{
	mock.on_commit = failures[_i];

	ck_assert_int_eq(decide(codes(100, 1)), failures[_i]);

	ck_assert_int_eq(result.verdict, VERDICT_NONE);
	ck_assert_int_eq(mock.commits, 1);
	ck_assert_int_eq(mock.closed, 1);
	ck_assert_str_eq(error.text, "cannot be written");
}
END_TEST

START_TEST(a_wrong_code_that_cannot_be_counted_is_not_verified)
{
	mock.on_commit = failures[_i];

	ck_assert_int_eq(decide("00000000"), failures[_i]);

	ck_assert_int_eq(result.verdict, VERDICT_NONE);
}
END_TEST

START_TEST(a_store_that_cannot_be_opened_denies)
{
	mock.on_open = failures[_i];

	ck_assert_int_eq(decide(codes(100, 1)), failures[_i]);

	ck_assert_int_eq(result.verdict, VERDICT_NONE);
	ck_assert_int_eq(mock.commits, 0);
}
END_TEST

START_TEST(a_user_who_cannot_be_locked_is_denied)
{
	mock.on_begin = failures[_i];

	ck_assert_int_eq(decide(codes(100, 1)), failures[_i]);

	ck_assert_int_eq(result.verdict, VERDICT_NONE);
	ck_assert_int_eq(mock.commits, 0);
	ck_assert_int_eq(mock.closed, 1);
}
END_TEST

/* Neither the first nor the second text then opens anything. */
START_TEST(codes_that_cannot_be_computed_deny)
{
	char second[INPUT_MAX];
	char first[INPUT_MAX] = "00000000";
	struct account before = mock.account;
	enum rollcode_err err;

	strcpy(second, codes(100, 1));
	strcat(first, second);
	for (unsigned int n = 1;; n += 1 + n / 4) {
		failing_in = n;
		err = decide_two(first, second);
		if (err == ROLLCODE_OK)
			break;
		ck_assert_int_eq(result.verdict, VERDICT_NONE);
		ck_assert_int_eq(mock.commits, 0);
		ck_assert_mem_eq(&mock.account, &before, sizeof(before));
		ck_assert_ptr_nonnull(strstr(error.text, "codes of ann"));
	}
	ck_assert_uint_gt(failing_in, 0);
	ck_assert_int_eq(result.verdict, VERDICT_ACCEPTED);
	ck_assert_int_eq(mock.opened, mock.closed);
}
END_TEST

START_TEST(no_verdict_is_there_before_the_commit_returns)
{
	mock.watched = &result;

	ck_assert_int_eq(decide(codes(100, 1)), ROLLCODE_OK);

	ck_assert_int_eq(mock.commits, 1);
	ck_assert(!mock.early);
	ck_assert_int_eq(result.verdict, VERDICT_ACCEPTED);
}
END_TEST

START_TEST(a_code_is_accepted_once)
{
	const char *code = codes(100, 1);

	ck_assert_int_eq(decide(code), ROLLCODE_OK);
	ck_assert_int_eq(decide(code), ROLLCODE_OK);

	ck_assert_int_eq(result.verdict, VERDICT_REPLAYED);
	ck_assert_uint_eq(mock.account.tokens[0].token.counter, 101);
}
END_TEST

START_TEST(a_far_code_and_the_next_resynchronise_over_two_logins)
{
	ck_assert_int_eq(decide(codes(400, 1)), ROLLCODE_OK);
	ck_assert_int_eq(result.verdict, VERDICT_FAR);

	ck_assert_int_eq(decide(codes(401, 1)), ROLLCODE_OK);

	ck_assert_int_eq(result.verdict, VERDICT_RESYNCED);
	ck_assert_uint_eq(mock.account.tokens[0].token.counter, 402);
}
END_TEST

static const struct {
	const char *says;
	uint32_t failures;
	bool disabled;
	const char *typed;
	enum verdict verdict;
} quiet[] = {
    {"a guess while guarded", 5, false, "00000000", VERDICT_GUARDED},
    {"a shape no token has", 0, false, "000000", VERDICT_MALFORMED},
    {"a shape no token has, guarded", 5, false, "000000", VERDICT_MALFORMED},
    {"no shape at all", 0, false, "hello", VERDICT_MALFORMED},
    {"every token is disabled", 0, true, "00000000", VERDICT_DISABLED},
    {"a recovery code, and there are none", 0, false, "ABCDEFGHABCDEFGH",
	VERDICT_MALFORMED},
};

START_TEST(where_nothing_changes_nothing_is_written)
{
	struct account before;

	mock.account.failures = quiet[_i].failures;
	mock.account.tokens[0].enabled = !quiet[_i].disabled;
	before = mock.account;

	ck_assert_int_eq(decide(quiet[_i].typed), ROLLCODE_OK);

	ck_assert_msg(result.verdict == quiet[_i].verdict, "%s: %s",
	    quiet[_i].says, verdict_name(result.verdict));
	ck_assert_msg(mock.commits == 0, "%s", quiet[_i].says);
	ck_assert_mem_eq(&before, &mock.account, sizeof(before));
	ck_assert_int_eq(mock.closed, 1);
}
END_TEST

START_TEST(the_right_single_code_while_guarded_is_not_spent)
{
	mock.account.failures = 5;

	ck_assert_int_eq(decide(codes(100, 1)), ROLLCODE_OK);
	ck_assert_int_eq(result.verdict, VERDICT_GUARDED);
	ck_assert_int_eq(mock.commits, 0);

	ck_assert_int_eq(decide(codes(100, 3)), ROLLCODE_OK);
	ck_assert_int_eq(result.verdict, VERDICT_ACCEPTED);
}
END_TEST

/* As in promises.h: a line of codes, x for one that no token makes. */
static const struct {
	const char *says;
	unsigned int failures, disabled;
	bool unenrolled;
	int line[3]; /* counters, 0 for a wrong code, -1 for the end */
} refused[] = {
    {"wrong", 0, 0, false, {0, -1}},
    {"far", 0, 0, false, {700, -1}},
    {"used", 0, 0, false, {99, -1}},
    {"a wrong pair", 0, 0, false, {100, 0, -1}},
    {"guarded, wrong", 5, 0, false, {0, -1}},
    {"guarded, near", 5, 0, false, {100, -1}},
    {"guarded, far", 5, 0, false, {700, -1}},
    {"guarded, used", 5, 0, false, {99, -1}},
    {"guarded, a pair", 5, 0, false, {100, 101, -1}},
    {"guarded, a far pair", 5, 0, false, {700, 701, -1}},
    {"guarded, three wrong ones", 5, 0, false, {0, 0, 0}},
    {"guarded, one of three", 5, 0, false, {100, 0, 0}},
    {"guarded, two of three", 5, 0, false, {100, 101, 0}},
    {"guarded, three in another order", 5, 0, false, {101, 100, 102}},
    {"every token disabled", 0, 1, false, {100, -1}},
    {"not enrolled", 0, 0, true, {0, -1}},
};

#define MANY 1000000

START_TEST(every_refusal_computes_as_many_codes)
{
	const int64_t all = config.policy.resync_window +
			    config.policy.lookbehind + 1 +
			    4 * (INPUT_CODES - 1);
	char line[INPUT_MAX] = "";

	for (int i = 0; i < 3 && refused[_i].line[i] >= 0; i++)
		strcat(line, refused[_i].line[i] == 0
				 ? "00000000"
				 : codes((uint64_t)refused[_i].line[i], 1));
	mock.account.failures = refused[_i].failures;
	mock.account.tokens[0].enabled = refused[_i].disabled == 0;
	mock.enrolled = !refused[_i].unenrolled;
	failing_in = MANY;

	ck_assert_int_eq(decide(line), ROLLCODE_OK);

	ck_assert(!verdict_admits(result.verdict));
	/* One more use: the maker of the codes. */
	ck_assert_msg((int64_t)(MANY - failing_in) == all + 1,
	    "%s: %u codes, and not %d", refused[_i].says, MANY - failing_in,
	    (int)all + 1);
	failing_in = 0;
}
END_TEST

/* The same of a token whose codes expire: counters, and steps ago. */
static const struct {
	const char *says;
	unsigned int failures;
	int count;
	int counter, ago; /* of the first code; 0: a wrong one */
	int last, last_ago;
} timed[] = {
    {"wrong", 0, 1, 0, 0, 0, 0},
    {"late", 0, 1, 100, 2, 0, 0},
    {"late by all there is", 0, 1, 104, 15, 0, 0},
    {"too early", 0, 1, 100, -2, 0, 0},
    {"too late to be named", 0, 1, 100, 16, 0, 0},
    {"far", 0, 1, 300, 0, 0, 0},
    {"used", 0, 1, 99, 4, 0, 0},
    {"a wrong pair", 0, 2, 0, 0, 0, 0},
    {"half a pair", 0, 2, 100, 0, 0, 0},
    {"half a pair, late", 0, 2, 100, 2, 0, 0},
    {"a late pair", 0, 2, 100, 2, 101, 2},
    {"half of it late", 0, 2, 100, 0, 101, 2},
    {"guarded, wrong", 5, 1, 0, 0, 0, 0},
    {"guarded, near", 5, 1, 100, 0, 0, 0},
    {"guarded, late", 5, 1, 100, 2, 0, 0},
    {"guarded, a pair", 5, 2, 100, 0, 101, 0},
    {"guarded, half a pair", 5, 2, 100, 0, 0, 0},
    {"guarded, a late pair", 5, 2, 100, 2, 101, 2},
};

static void
expire_codes(size_t token)
{
	mock.account.tokens[token].token.form = FORM_TIMED;
}

static int64_t
computed(const char *line)
{
	failing_in = MANY;
	ck_assert_int_eq(decide(line), ROLLCODE_OK);
	ck_assert(!verdict_admits(result.verdict));
	return MANY - failing_in;
}

START_TEST(every_refusal_of_what_expires_computes_as_many_codes)
{
	char line[INPUT_MAX] = "", wrong[] = "00000000";
	struct account before;
	int64_t as_wrong;

	expire_codes(0);
	mock.account.failures = timed[_i].failures;
	before = mock.account;
	as_wrong = computed(wrong);
	mock.account = before;
	strcat(line,
	    timed[_i].counter == 0
		? wrong
		: late_codes((uint64_t)timed[_i].counter, 1, timed[_i].ago));
	if (timed[_i].count == 2)
		strcat(line, timed[_i].last == 0
				 ? wrong
				 : late_codes((uint64_t)timed[_i].last, 1,
				       timed[_i].last_ago));

	ck_assert_msg(
	    computed(line) == as_wrong, "%s is told by work", timed[_i].says);
}
END_TEST

/* And a user without a token costs what one token does. */
START_TEST(eight_tokens_that_expire_cost_half_more_at_most)
{
	int64_t cost[2], nobody;

	for (uint8_t i = 1; i < ACCOUNT_TOKENS_MAX; i++)
		add_token((const char[]){(char)('a' + i), '\0'}, 8,
		    (uint8_t)(20 + i));
	for (int kind = 0; kind < 2; kind++) {
		for (size_t i = 0; kind == 1 && i < ACCOUNT_TOKENS_MAX; i++)
			expire_codes(i);
		cost[kind] = computed("00000000");
	}
	mock.enrolled = false;
	nobody = computed("00000000");

	ck_assert_int_gt(cost[1], cost[0]);
	ck_assert_int_le(2 * cost[1], 3 * cost[0]);
	ck_assert_int_eq(ACCOUNT_TOKENS_MAX * nobody, cost[0]);
}
END_TEST

START_TEST(a_late_code_is_recorded_and_used_up)
{
	expire_codes(0);

	ck_assert_int_eq(decide(late_codes(101, 1, 5)), ROLLCODE_OK);

	ck_assert_int_eq(result.verdict, VERDICT_EXPIRED);
	ck_assert_int_eq(mock.commits, 1);
	ck_assert_str_eq(mock.event.outcome, "expired");
	ck_assert_int_eq(mock.event.counter, 101);
	ck_assert(!mock.event.aside);
	ck_assert_uint_eq(mock.account.tokens[0].token.counter, 102);
	ck_assert_int_eq(mock.account.tokens[0].used, 0);
	ck_assert_uint_eq(mock.account.late, 1);
	ck_assert_uint_eq(mock.account.failures, 0);
	ck_assert_int_eq(mock.account.last_failure, 0);
}
END_TEST

/* As in every refusal of NORMAL: which row tells nothing. */
START_TEST(a_late_code_writes_the_rows_that_a_wrong_one_writes)
{
	add_token("other", 8, 9);
	add_token("small", 6, 8);
	expire_codes(0);

	ck_assert_int_eq(decide(late_codes(100, 1, 3)), ROLLCODE_OK);

	ck_assert_int_eq(result.verdict, VERDICT_EXPIRED);
	ck_assert(mock.account.tokens[0].touched);
	ck_assert(mock.account.tokens[1].touched);
	ck_assert(!mock.account.tokens[2].touched);
}
END_TEST

START_TEST(of_a_late_pair_the_second_text_is_not_late_twice)
{
	char pair[INPUT_MAX];

	expire_codes(0);
	strcpy(pair, late_codes(100, 2, 3));

	ck_assert_int_eq(decide_two(pair, late_codes(101, 1, 3)), ROLLCODE_OK);

	ck_assert_int_eq(result.verdict, VERDICT_EXPIRED);
	ck_assert(result.fallback);
	ck_assert_uint_eq(mock.account.late, 1);
	ck_assert_uint_eq(mock.account.tokens[0].token.counter, 102);
	ck_assert_int_eq(mock.commits, 1);
}
END_TEST

START_TEST(a_code_of_now_behind_a_late_one_lets_in)
{
	char pair[INPUT_MAX];

	expire_codes(0);
	strcpy(pair, late_codes(100, 1, 3));
	strcat(pair, codes(101, 1));

	ck_assert_int_eq(decide_two(pair, codes(101, 1)), ROLLCODE_OK);

	ck_assert_int_eq(result.verdict, VERDICT_ACCEPTED);
	ck_assert(result.fallback);
	ck_assert_uint_eq(result.late, 0);
	ck_assert_uint_eq(mock.account.tokens[0].token.counter, 102);
}
END_TEST

/* Put back: of what does not count, right, wrong and nobody are one. */
START_TEST(what_does_not_count_any_more_computes_as_many_codes)
{
	int64_t nobody;

	mock.account.from_step = 1;
	ck_assert_int_eq(computed(codes(100, 1)), computed("00000000"));
	ck_assert_int_eq(result.verdict, VERDICT_RESTORED);
	ck_assert_int_eq(mock.commits, 0);
	nobody = computed("00000000");
	mock.enrolled = false;
	ck_assert_int_eq(computed("00000000"), nobody);
}
END_TEST

START_TEST(two_texts_of_one_line_count_once)
{
	ck_assert_int_eq(
	    decide_two("0000000011111111", "11111111"), ROLLCODE_OK);

	ck_assert_int_eq(result.verdict, VERDICT_WRONG);
	ck_assert_uint_eq(mock.account.failures, 1);
	ck_assert_uint_eq(mock.account.spent, 1);
	ck_assert_int_eq(mock.commits, 1);
}
END_TEST

START_TEST(the_second_text_lets_in_and_the_first_is_not_counted)
{
	char line[INPUT_MAX] = "00000000";

	ck_assert_int_eq(decide_two(strcat(line, codes(100, 1)), codes(100, 1)),
	    ROLLCODE_OK);

	ck_assert_int_eq(result.verdict, VERDICT_ACCEPTED);
	ck_assert(result.fallback);
	ck_assert_uint_eq(mock.account.spent, 0);
	ck_assert_uint_eq(result.failed, 0);
	ck_assert_int_eq(mock.commits, 1);
}
END_TEST

START_TEST(where_the_first_text_lets_in_the_second_is_not_spent)
{
	char pair[INPUT_MAX];

	strcpy(pair, codes(100, 2));

	ck_assert_int_eq(decide_two(pair, codes(101, 1)), ROLLCODE_OK);

	ck_assert_int_eq(result.verdict, VERDICT_ACCEPTED);
	ck_assert(!result.fallback);
	ck_assert_uint_eq(mock.account.tokens[0].token.counter, 102);
}
END_TEST

static const struct {
	const char *says, *first;
	bool begins; /* the second, and then this */
} unlike[] = {
    {"one code, another one", "00000000", false},
    {"two codes, neither of them it", "0000000011111111", false},
    {"three codes, none of them it", "000000001111111122222222", false},
    {"two codes, of which it is the first", "00000000", true},
    {"another width", "000000000000", false},
    {"no code", "ABCDEFGHABCDEFGH", false},
    {"nothing", "", false},
};

START_TEST(what_is_not_the_end_of_the_first_text_is_no_second_guess)
{
	char first[INPUT_MAX], second[INPUT_MAX];

	strcpy(second, codes(100, 1));
	snprintf(first, sizeof(first), "%s%s", unlike[_i].begins ? second : "",
	    unlike[_i].first);

	ck_assert_int_eq(decide_two(first, second), ROLLCODE_OK);

	ck_assert_msg(!verdict_admits(result.verdict), "%s", unlike[_i].says);
	ck_assert_msg(!result.fallback, "%s", unlike[_i].says);
	ck_assert_uint_le(mock.account.spent, 1);
	ck_assert_uint_eq(mock.account.tokens[0].token.counter, 100);
}
END_TEST

START_TEST(from_the_fifth_replay_on_only_the_last_is_listed)
{
	for (int i = 1; i <= 6; i++) {
		ck_assert_int_eq(decide(codes(99, 1)), ROLLCODE_OK);
		ck_assert_int_eq(result.verdict, VERDICT_REPLAYED);
		ck_assert_int_eq(mock.commits, i);
		ck_assert_int_eq(mock.event.aside, i > 4);
	}
	ck_assert_int_eq(decide("00000000"), ROLLCODE_OK);
	ck_assert(!mock.event.aside);
	ck_assert_int_eq(decide(codes(100, 1)), ROLLCODE_OK);
	ck_assert(!mock.event.aside);
	ck_assert_uint_eq(result.replayed, 6);
	ck_assert_int_eq(decide(codes(99, 1)), ROLLCODE_OK);
	ck_assert(!mock.event.aside);
}
END_TEST

START_TEST(while_guarded_the_second_text_is_not_looked_at)
{
	char line[INPUT_MAX] = "00000000";

	mock.account.failures = 5;

	ck_assert_int_eq(decide_two(strcat(line, codes(100, 1)), codes(100, 1)),
	    ROLLCODE_OK);

	ck_assert_int_eq(result.verdict, VERDICT_GUARDED);
	ck_assert(!result.fallback);
	ck_assert_uint_eq(mock.account.tokens[0].token.counter, 100);
}
END_TEST

static const struct {
	const char *says;
	int64_t tolerance;
	unsigned int digits;
	bool enabled, refused;
} generous[] = {
    {"20 and 6 digits", 20, 6, true, false},
    {"21 and 6 digits", 21, 6, true, true},
    {"100 and 6 digits", 100, 6, true, true},
    {"100 and 6 digits, disabled", 100, 6, false, false},
    {"100 and 7 digits", 100, 7, true, false},
    {"100 and 8 digits", 100, 8, true, false},
};

START_TEST(a_tolerance_over_20_is_refused_while_a_token_has_6_digits)
{
	add_token("small", generous[_i].digits, 9);
	mock.account.tokens[1].enabled = generous[_i].enabled;
	config.policy.tolerance = generous[_i].tolerance;

	ck_assert_int_eq(decide(codes(100, 1)),
	    generous[_i].refused ? ROLLCODE_ERR_CONFIG : ROLLCODE_OK);

	ck_assert_int_eq(result.verdict,
	    generous[_i].refused ? VERDICT_NONE : VERDICT_ACCEPTED);
	ck_assert_int_eq(mock.commits, generous[_i].refused ? 0 : 1);
	if (generous[_i].refused) {
		ck_assert_ptr_nonnull(strstr(error.text, "TOLERANCE"));
		ck_assert_ptr_nonnull(strstr(error.text, "small"));
	}
}
END_TEST

START_TEST(who_is_not_enrolled_is_told_so_only_by_the_store)
{
	const struct login login = {
	    .config = &config, .ops = &mock_ops, .now = NOW, .user = "ann"};

	ck_assert_int_eq(login_decide(&login, &result, &error), ROLLCODE_OK);
	ck_assert_int_eq(result.verdict, VERDICT_ENROLLED);

	mock.account.tokens[0].enabled = false;
	ck_assert_int_eq(login_decide(&login, &result, &error), ROLLCODE_OK);
	ck_assert_int_eq(result.verdict, VERDICT_ENROLLED);

	mock.enrolled = false;
	ck_assert_int_eq(login_decide(&login, &result, &error), ROLLCODE_OK);
	ck_assert_int_eq(result.verdict, VERDICT_UNENROLLED);
	ck_assert_int_eq(decide("00000000"), ROLLCODE_OK);
	ck_assert_int_eq(result.verdict, VERDICT_UNENROLLED);

	for (size_t i = 0; i < COUNT(failures); i++) {
		mock.on_begin = failures[i];
		ck_assert_int_eq(
		    login_decide(&login, &result, &error), failures[i]);
		ck_assert_int_eq(result.verdict, VERDICT_NONE);

		mock.on_begin = ROLLCODE_OK;
		mock.on_open = failures[i];
		ck_assert_int_eq(
		    login_decide(&login, &result, &error), failures[i]);
		ck_assert_int_eq(result.verdict, VERDICT_NONE);
		mock.on_open = ROLLCODE_OK;
	}
	ck_assert_int_eq(mock.opened, mock.closed);
	ck_assert_int_eq(mock.commits, 0);
}
END_TEST

START_TEST(what_the_store_had_lost_is_told_up_to_the_most)
{
	static const struct {
		int64_t behind;
		uint32_t told;
	} rows[] = {{0, 0}, {3, 3}, {UINT32_MAX, UINT32_MAX},
	    {(int64_t)UINT32_MAX + 1, UINT32_MAX}};

	for (size_t i = 0; i < COUNT(rows); i++) {
		mock.account.behind = rows[i].behind;
		ck_assert_int_eq(decide("00000000"), ROLLCODE_OK);
		ck_assert_uint_eq(result.behind, rows[i].told);
	}
}
END_TEST

START_TEST(the_event_says_who_asked_and_what_matched)
{
	ck_assert_int_eq(decide(codes(103, 1)), ROLLCODE_OK);

	ck_assert_int_eq(mock.event.time, NOW);
	ck_assert_str_eq(mock.event.service, "sshd");
	ck_assert_str_eq(mock.event.rhost, "192.0.2.1");
	ck_assert_str_eq(mock.event.token, "phone");
	ck_assert_str_eq(mock.event.outcome, "accepted");
	ck_assert_int_eq(mock.event.counter, 103);
	ck_assert_int_eq(mock.event.distance, 3);

	ck_assert_int_eq(decide("00000000"), ROLLCODE_OK);
	ck_assert_str_eq(mock.event.outcome, "wrong");
	ck_assert_str_eq(mock.event.token, "");
	ck_assert_int_eq(mock.event.counter, -1);

	ck_assert_int_eq(decide(codes(104, 1)), ROLLCODE_OK);
	ck_assert_int_eq(mock.event.counter, 104);
	ck_assert_int_eq(mock.event.distance, 0);
}
END_TEST

static void
add_failures(TCase *tcase)
{
	int n = COUNT(failures);

	tcase_add_loop_test(
	    tcase, a_code_that_cannot_be_recorded_is_not_accepted, 0, n);
	tcase_add_loop_test(
	    tcase, a_wrong_code_that_cannot_be_counted_is_not_verified, 0, n);
	tcase_add_loop_test(tcase, a_store_that_cannot_be_opened_denies, 0, n);
	tcase_add_loop_test(tcase, a_user_who_cannot_be_locked_is_denied, 0, n);
	tcase_add_test(tcase, codes_that_cannot_be_computed_deny);
}

static void
add_rules(TCase *tcase)
{
	tcase_add_loop_test(
	    tcase, a_code_that_differs_in_one_digit_is_wrong, 0, 8);
	tcase_add_test(tcase, a_right_code_is_accepted_and_recorded);
	tcase_add_test(tcase, who_was_not_the_first_to_write_is_verified_again);
	tcase_add_test(tcase, who_is_never_the_first_is_denied);
	tcase_add_test(tcase, no_verdict_is_there_before_the_commit_returns);
	tcase_add_test(tcase, a_code_is_accepted_once);
	tcase_add_test(
	    tcase, a_far_code_and_the_next_resynchronise_over_two_logins);
	tcase_add_loop_test(
	    tcase, where_nothing_changes_nothing_is_written, 0, COUNT(quiet));
	tcase_add_test(tcase, the_right_single_code_while_guarded_is_not_spent);
	tcase_add_loop_test(
	    tcase, every_refusal_computes_as_many_codes, 0, COUNT(refused));
	tcase_add_loop_test(tcase,
	    every_refusal_of_what_expires_computes_as_many_codes, 0,
	    COUNT(timed));
	tcase_add_test(tcase, eight_tokens_that_expire_cost_half_more_at_most);
	tcase_add_test(tcase, a_late_code_is_recorded_and_used_up);
	tcase_add_test(
	    tcase, a_late_code_writes_the_rows_that_a_wrong_one_writes);
	tcase_add_test(tcase, of_a_late_pair_the_second_text_is_not_late_twice);
	tcase_add_test(tcase, a_code_of_now_behind_a_late_one_lets_in);
	tcase_add_test(
	    tcase, what_does_not_count_any_more_computes_as_many_codes);
	tcase_add_test(tcase, two_texts_of_one_line_count_once);
	tcase_add_test(
	    tcase, the_second_text_lets_in_and_the_first_is_not_counted);
	tcase_add_test(
	    tcase, where_the_first_text_lets_in_the_second_is_not_spent);
	tcase_add_loop_test(tcase,
	    what_is_not_the_end_of_the_first_text_is_no_second_guess, 0,
	    COUNT(unlike));
	tcase_add_test(tcase, while_guarded_the_second_text_is_not_looked_at);
	tcase_add_test(tcase, from_the_fifth_replay_on_only_the_last_is_listed);
	tcase_add_loop_test(tcase,
	    a_tolerance_over_20_is_refused_while_a_token_has_6_digits, 0,
	    COUNT(generous));
	tcase_add_test(tcase, who_is_not_enrolled_is_told_so_only_by_the_store);
	tcase_add_test(tcase, what_the_store_had_lost_is_told_up_to_the_most);
	tcase_add_test(tcase, the_event_says_who_asked_and_what_matched);
}

int
main(void)
{
	TCase *broken = test_case("a broken store", 0);
	TCase *rules = test_case("one attempt", 0);

	tcase_add_checked_fixture(broken, setup, NULL);
	tcase_add_checked_fixture(rules, setup, NULL);
	add_failures(broken);
	add_rules(rules);
	/* A test here may leave its process in any state. */
	return test_run_apart();
}
