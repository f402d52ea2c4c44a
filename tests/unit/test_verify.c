/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tells the stories of promises.h to the verifier.
 *
 * As in the store, an account that was not changed is not written: what the
 * verifier does to it all the same is lost.
 */
#include <inttypes.h>

#include "code.h"
#include "story.h"

#define DAY 86400

static bool
made_by(const struct rollcode_token *token, const char *text)
{
	WIPED(code_closep) struct code_maker *maker = NULL;
	struct passcode code;
	uint64_t from = token->counter > 70 ? token->counter - 70 : 0;

	ck_assert_int_eq(code_open(&maker, token), ROLLCODE_OK);
	for (uint64_t c = from; c < token->counter + 1100; c++) {
		ck_assert_int_eq(code_at(maker, c, &code), ROLLCODE_OK);
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
			made = made ||
			       made_by(&story->account.tokens[i].token, code);
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

/* One code of a line: 12, b12, x, bx, r0, rx. */
static void
say_code(const struct story *story, const char *code, char *text)
{
	const struct rollcode_token *token = &story->account.tokens[0].token;
	struct passcode passcode;

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
	ck_assert_int_eq(
	    code_once(token, strtoull(code, NULL, 10), &passcode), ROLLCODE_OK);
	strcat(text, passcode.text);
}

static void
attempt(struct story *story, const char *text, const char *verdict)
{
	struct account before = story->account;
	struct submission typed;
	char said[64];

	if (submission_parse(text, &typed) == SUBMISSION_MALFORMED)
		tell(story, "this line never gets here");
	if (verify_submission(&story->account, &typed, &story->policy,
		story->now, &story->judged) != ROLLCODE_OK)
		tell(story, "error");
	snprintf(said, sizeof(said), "the verdict is %s",
	    verdict_name(story->judged.verdict));
	if (strcmp(verdict_name(story->judged.verdict), verdict) != 0)
		tell(story, said);
	if (!story->judged.changed)
		story->account = before;
}

/* [TIMES*]CODE[,CODE[,CODE]]:VERDICT or 'TEXT:VERDICT */
static void
type_line(struct story *story, const char *word)
{
	char line[256], text[SUBMISSION_MAX] = "", *verdict, *code, *rest;
	const char *star = strchr(word, '*');
	long times = star == NULL ? 1 : strtol(word, NULL, 10);

	snprintf(line, sizeof(line), "%s", star == NULL ? word : star + 1);
	verdict = strchr(line, ':');
	*verdict++ = '\0';
	if (*line == '\'')
		strcat(text, line + 1);
	else
		for (code = strtok_r(line, ",", &rest); code != NULL;
		     code = strtok_r(NULL, ",", &rest))
			say_code(story, code, text);
	while (times-- > 0)
		attempt(story, text, verdict);
}

static uint64_t
value_of(const struct story *story, const char *name, size_t len)
{
	const struct account *a = &story->account;
	const struct judgement *j = &story->judged;
	uint64_t far = 0;

	for (size_t i = 0; i < a->token_count; i++)
		far += a->tokens[i].far_known;
	const struct {
		const char *name;
		uint64_t value;
	} values[] = {
	    {"failures", a->failures},
	    {"halves", a->halves},
	    {"spent", a->spent},
	    {"failed", a->failed},
	    {"replayed", a->replayed},
	    {"far", far}, /* positions remembered */
	    {"changed", j->changed},
	    {"guarded", j->guarded},
	    {"recovery", j->recovery},
	    {"matched", j->matched},
	    {"distance", j->distance},
	    {"skipped", j->skipped},
	    {"told", j->failed},
	    {"toldreplays", j->replayed},
	    {"left", j->recovery_left},
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

	snprintf(is, sizeof(is), "it is %" PRIu64, value);
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

START_TEST(the_verifier_keeps_its_promise)
{
	struct story story = {
	    .promise = &promises[_i],
	    .policy = {5, 1000, 300, 5, 20, 64},
	    .now = 1700000000,
	};

	each_word(&story, story.promise->tokens, add_token);
	each_word(&story, story.promise->policy, set_policy);

	each_word(&story, story.promise->story, go_on);
}
END_TEST

/* It has no result; it must take whatever a module may send. */
START_TEST(nobody_is_judged_without_harm)
{
	static const char *const lines[] = {"755224", "12345678",
	    "12345678 12345678", "755224287082359152", "ABCDEFGHIJKLMNOP",
	    "7d08241bf034fdccd1dc59655a19a04fed6d985d4689ac3541bbfafd001511f5"};
	const struct policy policy = {5, 1000, 300, 5, 20, 64};
	struct submission typed;

	for (size_t i = 0; i < COUNT(lines); i++) {
		ck_assert_int_ne(
		    submission_parse(lines[i], &typed), SUBMISSION_MALFORMED);
		verify_nobody(&typed, &policy);
	}
}
END_TEST

/* The module refuses these before; a caller that does not is not let in. */
START_TEST(a_malformed_submission_opens_nothing)
{
	const struct policy policy = {5, 1000, 300, 5, 20, 64};
	struct story story = {.promise = &promises[0]};
	struct account before;
	struct submission typed;
	struct judgement judged;

	add_token(&story, "8@10");
	before = story.account;
	ck_assert_int_eq(submission_parse("1", &typed), SUBMISSION_MALFORMED);

	if (verify_submission(&story.account, &typed, &policy, 1700000000,
		&judged) == ROLLCODE_OK)
		ck_assert(!verdict_admits(judged.verdict));

	ck_assert(!judged.changed);
	ck_assert_mem_eq(&story.account, &before, sizeof(before));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("verify");
	TCase *tcase = tcase_create("promises");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(
	    tcase, the_verifier_keeps_its_promise, 0, (int)COUNT(promises));
	tcase_add_test(tcase, nobody_is_judged_without_harm);
	tcase_add_test(tcase, a_malformed_submission_opens_nothing);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
