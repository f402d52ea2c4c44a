/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tells the stories of promises.h to the verifier.
 *
 * As in the store, an account that was not changed is not written: what the
 * verifier does to it all the same is lost.
 */
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pam_rollcode/rules/window.h"
#include "tests/support/cases.h"
#include "tests/support/code_once.h"
#include "tests/support/failing.h"
#include "tests/unit/rules/promises.h"

#define DAY 86400

static bool
made_by(const struct rollcode_token *token, int64_t now, const char *text)
{
	WIPED(code_close) struct code_maker *maker = NULL;
	bool timed = token->form == FORM_TIMED;
	int64_t step = timed ? code_step(now) - 15 : 0;
	int64_t last = timed ? step + 30 : 0;
	uint64_t from = token->counter > 70 ? token->counter - 70 : 0;
	uint64_t end = token->counter + (timed ? 350 : 1100);
	struct passcode code;

	ck_assert_int_eq(code_open(&maker, token), ROLLCODE_OK);
	for (step = step < 0 ? 0 : step; step <= last; step++)
		for (uint64_t c = from; c < end; c++) {
			ck_assert_int_eq(
			    code_at(maker, c, step, &code), ROLLCODE_OK);
			if (strcmp(code.text, text) == 0)
				return true;
		}
	return false;
}

/* A code of this token's width that no token makes hereabouts. */
static void
say_wrong(
    const struct story *story, const struct rollcode_token *like, char *text)
{
	char code[ROLLCODE_HEX_DIGITS + 1];
	bool made = true;

	for (unsigned int n = 1; made; n++) {
		snprintf(code, sizeof(code), "%0*u", (int)like->digits, n);
		made = false;
		for (size_t i = 0; i < story->account.token_count; i++)
			made = made || made_by(&story->account.tokens[i].token,
					   story->now, code);
	}
	strcat(text, code);
}

static size_t
token_index(const struct story *story, char letter)
{
	size_t at = (size_t)(letter - 'a');

	if (letter < 'a' || at >= story->account.token_count)
		tell(story, "no such token");
	return at;
}

/* One code of a line: 12, b12, 12@-3, x, bx, r0, rx. */
static void
say_code(const struct story *story, const char *code, char *text)
{
	const struct rollcode_token *token = &story->account.tokens[0].token;
	int64_t step = code_step(story->now);
	struct passcode passcode;
	uint64_t counter;
	char *end;

	if (*code == 'r') {
		strcat(text, code[1] == 'x' ? "AAAAAAAAAAAAAAAA"
					    : recovery_codes[code[1] - '0']);
		return;
	}
	if (*code >= 'a' && *code < 'i')
		token =
		    &story->account.tokens[token_index(story, *code++)].token;
	if (*code == 'x') {
		say_wrong(story, token, text);
		return;
	}
	counter = strtoull(code, &end, 10);
	if (*end == '@')
		step += strtoll(end + 1, NULL, 10);
	ck_assert_int_eq(
	    code_once(token, counter, step, &passcode), ROLLCODE_OK);
	strcat(text, passcode.text);
}

/* Verify with ever later calls of the crypto library failing, until none. */
static void
fail_everywhere(struct story *story, const struct input *typed)
{
	struct account account;
	struct verification verified;

	for (unsigned int n = 1;; n += 1 + n / 4) {
		account = story->account;
		failing_in = n;
		if (verify_input(&account, typed, &story->policy, story->now,
			&verified) == ROLLCODE_OK)
			break;
		if (verified.verdict != VERDICT_NONE || verified.changed)
			tell(story, "a verdict without its codes");
		account.spent = story->account.spent; /* refunds are due */
		account.spent_time = story->account.spent_time;
		ck_assert_mem_eq(&account, &story->account, sizeof(account));
	}
	if (failing_in == 0)
		tell(story, "a failure that was not noticed");
	failing_in = 0;
}

static void
attempt(struct story *story, const char *text, const char *verdict)
{
	struct account before = story->account;
	struct input typed;
	char said[64];

	if (input_parse(text, &typed) == INPUT_MALFORMED)
		tell(story, "this line never gets here");
	if (story->failing)
		fail_everywhere(story, &typed);
	if (verify_input(&story->account, &typed, &story->policy, story->now,
		&story->verified) != ROLLCODE_OK)
		tell(story, "error");
	snprintf(said, sizeof(said), "the verdict is %s",
	    verdict_name(story->verified.verdict));
	if (strcmp(verdict_name(story->verified.verdict), verdict) != 0)
		tell(story, said);
	if (!story->verified.changed)
		story->account = before;
}

/* [TIMES*]CODE[,CODE[,CODE]]:VERDICT or 'TEXT:VERDICT */
static void
type_line(struct story *story, const char *word)
{
	char line[256], text[INPUT_MAX] = "", *verdict, *code, *rest;
	const char *star = strchr(word, '*');
	long times = star == NULL ? 1 : strtol(word, NULL, 10);
	bool failing = story->failing;

	snprintf(line, sizeof(line), "%s", star == NULL ? word : star + 1);
	verdict = strchr(line, ':');
	*verdict++ = '\0';
	if (*line == '\'')
		strcat(text, line + 1);
	else
		for (code = strtok_r(line, ",", &rest); code != NULL;
		     code = strtok_r(NULL, ",", &rest))
			say_code(story, code, text);
	for (; times > 0; times--, story->failing = false)
		attempt(story, text, verdict);
	story->failing = failing;
}

static uint64_t
value_of(const struct story *story, const char *name, size_t len)
{
	const struct account *a = &story->account;
	const struct verification *v = &story->verified;
	uint64_t far = 0;

	for (size_t i = 0; i < a->token_count; i++)
		far += a->tokens[i].far_known;
	const struct {
		const char *name;
		uint64_t value;
	} values[] = {
	    {"failures", a->failures},
	    {"spent", a->spent},
	    {"failed", a->failed},
	    {"replayed", a->replayed},
	    {"late", a->late},
	    {"far", far}, /* positions remembered */
	    {"changed", v->changed},
	    {"guarded", v->guarded},
	    {"recovery", v->recovery},
	    {"matched", v->matched},
	    {"distance", v->distance},
	    {"skipped", v->skipped},
	    {"told", v->failed},
	    {"toldreplays", v->replayed},
	    {"toldlate", v->late},
	    {"age", (uint64_t)v->age},
	    {"left", v->recovery_left},
	};

	for (size_t i = 0; i < COUNT(values); i++)
		if (strlen(values[i].name) == len &&
		    strncmp(values[i].name, name, len) == 0)
			return values[i].value;
	if (len != 1)
		tell(story, "no such value");
	return a->tokens[token_index(story, *name)].token.counter;
}

static void
expect(struct story *story, const char *word)
{
	size_t len = strcspn(word, "=");
	uint64_t value = value_of(story, word, len);
	char is[64];

	snprintf(is, sizeof(is), "it is %" PRId64, (int64_t)value);
	if (word[len] != '=' || value != strtoull(word + len + 1, NULL, 10))
		tell(story, is);
}

static void
go_on(struct story *story, const char *word)
{
	struct account_token *tokens = story->account.tokens;
	char *unit;
	int64_t by;

	if (strchr(word, ':') != NULL) {
		type_line(story, word);
	} else if (*word == '+' || *word == '-') {
		by = strtoll(word, &unit, 10);
		story->now += *unit == 'd' ? by * DAY : by;
	} else if (strcmp(word, "unlock") == 0) {
		account_unlock(&story->account);
	} else if (strncmp(word, "off=", 4) == 0) {
		tokens[token_index(story, word[4])].enabled = false;
	} else if (strncmp(word, "on=", 3) == 0) {
		tokens[token_index(story, word[3])].enabled = true;
	} else if (strcmp(word, "back=no") == 0) {
		story->account.from_step = 0;
	} else if (strncmp(word, "back=", 5) == 0) {
		story->account.from_step =
		    code_step(story->now) + strtoll(word + 5, NULL, 10);
	} else {
		expect(story, word);
	}
}

static void
each_word(struct story *story, const char *text,
    void (*use)(struct story *, const char *))
{
	while (*(text += strspn(text, " ")) != '\0') {
		size_t len = strcspn(text, " ");

		ck_assert_uint_lt(len, sizeof(story->word));
		memcpy(story->word, text, len);
		story->word[len] = '\0';
		use(story, story->word);
		text += len;
	}
}

static void
tell_story(const struct promise *promise, bool failing)
{
	struct story story = {
	    .promise = promise,
	    .policy = {5, 1000, 300, 5, 20, 64},
	    .now = 1700000000,
	    .failing = failing,
	};

	each_word(&story, promise->tokens, add_token);
	each_word(&story, promise->policy, set_policy);

	each_word(&story, promise->story, go_on);
}

START_TEST(the_verifier_keeps_its_promise)
{
	tell_story(&promises[_i], false);
}
END_TEST

START_TEST(codes_that_cannot_be_computed_change_nothing)
{
	tell_story(&promises[_i], true);
}
END_TEST

START_TEST(nobody_is_verified_though_the_codes_cannot_be_computed)
{
	const struct policy policy = {5, 1000, 300, 5, 20, 64};
	struct input typed;

	ck_assert_int_ne(input_parse("755224", &typed), INPUT_MALFORMED);
	for (unsigned int n = 1; n < 10; n++) {
		failing_in = n;
		verify_nobody(&typed, &policy);
		ck_assert_uint_eq(failing_in, 0);
	}
}
END_TEST

START_TEST(recovery_codes_without_their_key_are_malformed)
{
	struct story story = {.promise = &promises[0], .now = 1700000000};

	add_token(&story, "8@10");
	add_recovery(&story);
	story.policy = (struct policy){5, 1000, 300, 5, 20, 64};
	story.account.recovery_key_set = false;

	attempt(&story, recovery_codes[0], "malformed");

	ck_assert_uint_eq(account_recovery_left(&story.account), 2);
}
END_TEST

/* A used code has a time that is not 0, whatever the clock says. */
START_TEST(a_recovery_code_is_spent_in_1970_too)
{
	struct story story = {.promise = &promises[0], .now = 0};

	add_token(&story, "8@10");
	add_recovery(&story);
	story.policy = (struct policy){5, 1000, 300, 5, 20, 64};

	attempt(&story, recovery_codes[0], "accepted");
	attempt(&story, recovery_codes[0], "wrong");

	ck_assert_uint_eq(account_recovery_left(&story.account), 1);
}
END_TEST

/* A window was wider once; what was remembered then is still good. */
START_TEST(a_distance_over_32_bits_is_told_as_the_most)
{
	struct story story = {.promise = &promises[0], .now = 1700000000};
	struct account_token *token = story.account.tokens;
	struct passcode code;

	add_token(&story, "8@10");
	story.policy = (struct policy){5, 1000, 300, 5, 20, 64};
	token->far_known = true;
	token->far_counter = (uint64_t)1 << 40;
	token->far_time = story.now;
	ck_assert_int_eq(
	    code_once(&token->token, token->far_counter + 1, 0, &code),
	    ROLLCODE_OK);

	attempt(&story, code.text, "resynced");

	ck_assert_uint_eq(story.verified.skipped, UINT32_MAX);
	ck_assert_uint_eq(token->token.counter, ((uint64_t)1 << 40) + 2);
}
END_TEST

START_TEST(what_is_not_remembered_is_looked_for_where_nothing_is)
{
	const struct policy policy = {5, 1000, 300, 5, 20, 64};
	struct account_token token = {.far_counter = 50, .far_time = 1};

	ck_assert_uint_eq(
	    window_of(&token, RANGE_REMEMBERED, &policy, 1).from, 0);
	ck_assert_uint_eq(
	    window_of(&token, RANGE_REMEMBERED, &policy, 1).count, 1);
	token.far_known = true;
	ck_assert_uint_eq(
	    window_of(&token, RANGE_REMEMBERED, &policy, 1).from, 51);
	ck_assert_uint_eq(
	    window_of(&token, RANGE_REMEMBERED, &policy, 1).count, 1);
	token.token.counter = 52;
	ck_assert_uint_eq(
	    window_of(&token, RANGE_REMEMBERED, &policy, 1).from, 52);
}
END_TEST

/* Of a step, where it is looked at. */
static const int64_t second_of[] = {0, 1, 59, 60, 61, 118, 119};

/*
 * One code, of a token whose clock goes wrong by skew, that arrives age seconds
 * after it was made, at any second of a step.
 */
START_TEST(a_code_is_accepted_within_a_step_of_its_own_and_never_else)
{
	const struct policy policy = {1, 0, 300, 5, 20, 0};
	int64_t now = 1700000000 - 80 + second_of[_i];
	struct account_token *token;
	struct story story = {.promise = &promises[0]};
	struct verification verified;
	struct passcode code;
	struct input typed;

	add_token(&story, "timed@10");
	token = &story.account.tokens[0];
	for (int64_t age = 0; age <= 300; age++)
		for (int64_t skew = -240; skew <= 240; skew++) {
			int64_t step = code_step(now - age + skew);
			int64_t off = step - code_step(now);

			/* Each difference of the two clocks once. */
			if (age > 0 && age < 300 && skew != -240)
				continue;
			ck_assert_int_eq(
			    code_once(&token->token, 10, step, &code),
			    ROLLCODE_OK);
			input_parse(code.text, &typed);
			ck_assert_int_eq(verify_input(&story.account, &typed,
					     &policy, now, &verified),
			    ROLLCODE_OK);
			ck_assert_uint_eq(verified.verdict,
			    off >= -1 && off <= 1 ? VERDICT_ACCEPTED
						  : VERDICT_EXPIRED);
			ck_assert_int_le(llabs(verified.age - age + skew), 60);
			token->token.counter = 10;
		}
}
END_TEST

static const struct {
	int64_t now;
	uint32_t left; /* of three guesses spent at noon */
} clocks[] = {
    {INT64_MIN, 3},
    {-1, 3},
    {0, 3},
    {1, 3},
    {1700000000 - 3650 * DAY, 3},
    {1700000000 - DAY, 3},
    {1700000000 - 1, 3},
    {1700000000, 3},
    {1700000000 + DAY - 1, 3},
    {1700000000 + DAY, 2},
    {1700000000 + 2 * DAY, 1},
    {1700000000 + 3 * DAY, 0},
    {1700000000 + 3650 * (int64_t)DAY, 0},
    {INT32_MAX, 0},
    {(int64_t)INT32_MAX + 1, 0},
    {(int64_t)UINT32_MAX + 1, 0},
    {INT64_MAX, 0},
};

START_TEST(a_clock_of_any_time_refunds_no_more_than_is_due)
{
	struct policy policy = {5, 1000, 300, 5, 20, 64};
	const struct account account = {.spent = 3, .spent_time = 1700000000};
	const struct account_token far = {
	    .far_known = true, .far_counter = 50, .far_time = 1700000000};
	int64_t now = clocks[_i].now;

	policy.guesses = clocks[_i].left;
	ck_assert(verify_is_guarded(&account, &policy, now));
	policy.guesses++;
	ck_assert(!verify_is_guarded(&account, &policy, now));
	ck_assert_uint_eq(window_of(&far, RANGE_REMEMBERED, &policy, now).from,
	    now == 1700000000 ? 51 : 0);
}
END_TEST

static const struct {
	int64_t now, from_step;
	enum range range;
	int64_t first;
	unsigned int count;
} stepped[] = {
    {1200, 0, RANGE_NEAR, 9, 3},
    {1200, 0, RANGE_REMEMBERED, 9, 3},
    {1200, 0, RANGE_FAR, 9, 3},
    {2400, 0, RANGE_LATE, 5, 31},
    {2400, 0, RANGE_BEHIND, 5, 17},
    {0, 0, RANGE_NEAR, 0, 2},
    {119, 0, RANGE_LATE, 0, 16},
    {120, 0, RANGE_NEAR, 0, 3},
    {0, 0, RANGE_BEHIND, 0, 2},
    {-1, 0, RANGE_NEAR, 0, 0},
    {-1, 0, RANGE_LATE, 0, 0},
    {INT64_MIN, 0, RANGE_BEHIND, 0, 0},
    {INT64_MAX, 0, RANGE_LATE, INT64_MAX / 120 - 15, 31},
    {1200, 9, RANGE_NEAR, 9, 3},
    {1200, 10, RANGE_NEAR, 10, 2},
    {1200, 11, RANGE_FAR, 11, 1},
    {1200, 12, RANGE_FAR, 0, 0},
    {1200, INT64_MAX, RANGE_REMEMBERED, 0, 0},
    {2400, 30, RANGE_LATE, 5, 31},
    {2400, 30, RANGE_BEHIND, 5, 17},
};

START_TEST(of_any_clock_the_steps_are_few_and_none_is_before_1970)
{
	struct steps steps = window_steps(FORM_TIMED, stepped[_i].range,
	    stepped[_i].now, stepped[_i].from_step);

	ck_assert_int_eq(steps.first, stepped[_i].first);
	ck_assert_uint_eq(steps.count, stepped[_i].count);
	for (int form = FORM_HOTP; form < FORM_TIMED; form++) {
		steps = window_steps((enum rollcode_form)form,
		    stepped[_i].range, stepped[_i].now, stepped[_i].from_step);
		ck_assert_uint_eq(steps.count, 1);
	}
}
END_TEST

START_TEST(a_tally_stops_at_the_most)
{
	struct story story = {.promise = &promises[0], .now = 1700000000};

	add_token(&story, "8@10");
	story.policy = (struct policy){5, 1000, 300, 5, 20, 64};
	story.account.failed = UINT32_MAX;

	attempt(&story, "00000000", "wrong");

	ck_assert_uint_eq(story.account.failed, UINT32_MAX);
	ck_assert_uint_eq(story.account.failures, 1);
}
END_TEST

/* It has no result; it must take whatever a module may send. */
START_TEST(nobody_is_verified_without_harm)
{
	static const char *const lines[] = {"755224", "12345678",
	    "12345678 12345678", "755224287082359152", "ABCDEFGHIJKLMNOP",
	    "7d08241bf034fdccd1dc59655a19a04fed6d985d4689ac3541bbfafd001511f5"};
	const struct policy policy = {5, 1000, 300, 5, 20, 64};
	struct input typed;

	for (size_t i = 0; i < COUNT(lines); i++) {
		ck_assert_int_ne(
		    input_parse(lines[i], &typed), INPUT_MALFORMED);
		verify_nobody(&typed, &policy);
	}
}
END_TEST

/* The module refuses these before; a caller that does not is not let in. */
START_TEST(behind_a_counter_stands_what_has_been_made)
{
	const struct policy policy = {5, 1000, 300, 5, 20, 64};
	struct account_token t = {.token = {.form = FORM_HASH, .counter = 3}};
	struct window window = window_of(&t, RANGE_BEHIND, &policy, 0);

	ck_assert_uint_eq(window.from, 1);
	ck_assert_uint_eq(window.count, 2);
	t.token.form = FORM_HOTP;
	window = window_of(&t, RANGE_BEHIND, &policy, 0);
	ck_assert_uint_eq(window.from, 0);
	ck_assert_uint_eq(window.count, 3);
}
END_TEST

START_TEST(malformed_input_opens_nothing)
{
	const struct policy policy = {5, 1000, 300, 5, 20, 64};
	struct story story = {.promise = &promises[0]};
	struct account before;
	struct input typed;
	struct verification verified;

	add_token(&story, "8@10");
	before = story.account;
	ck_assert_int_eq(input_parse("1", &typed), INPUT_MALFORMED);

	if (verify_input(&story.account, &typed, &policy, 1700000000,
		&verified) == ROLLCODE_OK)
		ck_assert(!verdict_admits(verified.verdict));

	ck_assert(!verified.changed);
	ck_assert_mem_eq(&story.account, &before, sizeof(before));
}
END_TEST

/* A server verifies for months. */
START_TEST(of_a_thousand_attempts_no_memory_is_left)
{
	const struct policy policy = {5, 10, 300, 5, 20, 5};
	struct story story = {.promise = &promises[0]};
	struct verification verified;
	struct input typed;
	size_t before = 0;

	add_token(&story, "8@10");
	add_token(&story, "8@20");
	add_token(&story, "8@30");
	input_parse("12345678", &typed);
	for (int i = 0; i < 1010; i++) {
		if (i == 10)
			before = mallinfo2().uordblks;
		ck_assert_int_eq(verify_input(&story.account, &typed, &policy,
				     1700000000, &verified),
		    ROLLCODE_OK);
	}
	ck_assert_uint_lt(mallinfo2().uordblks, before + 65536);
}
END_TEST

int
main(void)
{
	TCase *tcase = test_case("promises", 60);

	tcase_add_loop_test(
	    tcase, the_verifier_keeps_its_promise, 0, COUNT(promises));
	tcase_add_loop_test(tcase, codes_that_cannot_be_computed_change_nothing,
	    0, COUNT(promises));
	tcase_add_test(tcase, nobody_is_verified_without_harm);
	tcase_add_test(tcase, of_a_thousand_attempts_no_memory_is_left);
	tcase_add_test(
	    tcase, nobody_is_verified_though_the_codes_cannot_be_computed);
	tcase_add_test(tcase, behind_a_counter_stands_what_has_been_made);
	tcase_add_test(tcase, malformed_input_opens_nothing);
	tcase_add_test(tcase, recovery_codes_without_their_key_are_malformed);
	tcase_add_test(tcase, a_recovery_code_is_spent_in_1970_too);
	tcase_add_test(tcase, a_distance_over_32_bits_is_told_as_the_most);
	tcase_add_test(
	    tcase, what_is_not_remembered_is_looked_for_where_nothing_is);
	tcase_add_loop_test(tcase,
	    a_code_is_accepted_within_a_step_of_its_own_and_never_else, 0,
	    COUNT(second_of));
	tcase_add_loop_test(tcase,
	    of_any_clock_the_steps_are_few_and_none_is_before_1970, 0,
	    COUNT(stepped));
	tcase_add_test(tcase, a_tally_stops_at_the_most);
	tcase_add_loop_test(tcase,
	    a_clock_of_any_time_refunds_no_more_than_is_due, 0, COUNT(clocks));
	return test_run();
}
