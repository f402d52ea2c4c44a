/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verifier against a second, independent reading of its rules.
 *
 * Random accounts, a random past, and attempt after attempt: after each, the
 * verdict and the whole account must be what the model says.
 *
 *	ROLLCODE_MODEL_OPS	how many attempts
 *	ROLLCODE_MODEL_SEED	of everything; printed at each run
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/token/code.h"
#include "tests/support/cases.h"
#include "tests/support/model_code.h"
#include "tests/support/model_compare.h"
#include "tests/support/typing.h"

#define OPERATIONS 1000000
#define PER_WORLD 120	/* attempts on one account */
#define PER_COSTLY 30	/* the same, where windows are wide */
#define ALL_SEEN 200000 /* attempts that show every outcome */
#define VERDICTS 10

struct run {
	uint64_t seed;
	uint64_t operation;
	struct account_token pool[POOL];
	struct world world; /* its account: the model's */
	struct account real;
	uint64_t accepted[ACCOUNT_TOKENS_MAX]; /* below this */
	unsigned int seen[2][3][VERDICTS][3];
};

static struct run run;

static uint64_t
setting(const char *name, uint64_t otherwise)
{
	const char *value = getenv(name);

	return value != NULL && *value != '\0' ? strtoull(value, NULL, 0)
					       : otherwise;
}

/* In the step of now, or one beside it. */
static bool
made_now(const struct account_token *token, uint64_t counter, const char *text)
{
	int64_t step = code_step(run.world.now);

	for (int64_t by = -1; by <= 1; by++)
		if (step + by >= 0 &&
		    strcmp(model_code(token, counter, step + by), text) == 0)
			return true;
	return token->token.form != FORM_TIMED &&
	       strcmp(model_code(token, counter, 0), text) == 0;
}

/*
 * Promises that hold whatever the model says: counters never fall, and of one
 * token nothing is accepted that is not ahead of all that was accepted.
 */
static const char *
promise_broken(const struct trial *t)
{
	const struct verification *got = &t->got;
	bool admits = verdict_admits(got->verdict);
	bool moves = admits || got->verdict == VERDICT_EXPIRED;
	const struct account_token *moved;

	for (size_t i = 0; i < run.real.token_count; i++) {
		uint64_t old = t->before.tokens[i].token.counter;
		uint64_t new = run.real.tokens[i].token.counter;

		if (new < old)
			return "a counter fell";
		if (new != old && (!moves || got->recovery))
			return "a refused code moved a counter";
		if (new != old && old < run.accepted[i])
			return "a counter was accepted twice";
		if (new != old)
			run.accepted[i] = new;
	}
	if (!admits || got->recovery)
		return NULL;
	moved = account_find(&run.real, got->token);
	if (!got->changed || !got->matched || moved == NULL ||
	    moved->token.counter != got->counter + 1)
		return "accepted, and nothing moved";
	return made_now(
		   moved, got->counter, t->typed.codes[t->typed.count - 1].text)
		   ? NULL
		   : "accepted for another code than was typed";
}

static void
report(const struct trial *t, const char *field)
{
	const struct policy *p = &run.world.policy;

	fprintf(stderr,
	    "\nseed %" PRIu64 " operation %" PRIu64 " now %" PRId64
	    "\npolicy %d %d %d %d %d %d\ntyped \"%s\"\n",
	    run.seed, run.operation, run.world.now, (int)p->tolerance,
	    (int)p->resync_window, (int)p->resync_seconds, (int)p->guard_after,
	    (int)p->guesses, (int)p->lookbehind, t->text);
	print_account(&t->before, "before");
	print_account(&run.real, "verifier");
	print_account(&run.world.account, "model");
	fprintf(stderr,
	    "verifier: %s changed %d guarded %d matched %d token %s counter "
	    "%" PRIu64 " distance %" PRIu64 " skipped %u\n"
	    "model: %s changed %d guarded %d matched %d\n",
	    verdict_name(t->got.verdict), t->got.changed, t->got.guarded,
	    t->got.matched, t->got.token, t->got.counter, t->got.distance,
	    t->got.skipped, verdict_name(t->want.verdict), t->want.changed,
	    t->want.guarded, t->want.matched);
	for (size_t i = 0; i < t->before.token_count; i++)
		if (t->want.hits[i].found)
			fprintf(stderr, "  token %zu at %" PRIu64 "\n", i,
			    t->want.hits[i].counter);
	ck_abort_msg("%s (seed %llu)", field, (unsigned long long)run.seed);
}

/* What is not written is not kept; a refund is all it may hold. */
static const char *
drop_unwritten(const struct trial *t)
{
	const char *field;

	if (!t->got.changed) {
		run.real.spent = t->before.spent;
		run.real.spent_time = t->before.spent_time;
		if ((field = account_differs(&run.real, &t->before)) != NULL)
			return field;
		run.real = t->before;
	}
	return NULL;
}

static void
count_outcome(const struct trial *t, bool guarded)
{
	static const enum verdict all[VERDICTS] = {VERDICT_MALFORMED,
	    VERDICT_WRONG, VERDICT_FAR, VERDICT_REPLAYED, VERDICT_GUARDED,
	    VERDICT_DISABLED, VERDICT_ACCEPTED, VERDICT_RESYNCED,
	    VERDICT_EXPIRED, VERDICT_RESTORED};
	unsigned int width = t->typed.kind == INPUT_RECOVERY	     ? 2
			     : t->typed.width == ROLLCODE_HEX_DIGITS ? 1
								     : 0;
	unsigned int count = width == 2 ? 0 : t->typed.count - 1;

	for (size_t i = 0; i < COUNT(all); i++)
		if (all[i] == t->want.verdict)
			run.seen[guarded][width][i][count]++;
}

static void
attempt(struct trial *t)
{
	struct account *model = &run.world.account;
	struct account refunded = *model;
	enum rollcode_err err;
	const char *field;
	bool guarded;

	t->before = run.real;
	t->now = run.world.now;
	model_refund(&refunded, run.world.now);
	guarded = !model_normal(&refunded, &run.world.policy);
	err = verify_input(
	    &run.real, &t->typed, &run.world.policy, run.world.now, &t->got);
	if (err != ROLLCODE_OK)
		report(t, rollcode_strerror(err));
	model_verify(
	    model, &t->typed, &run.world.policy, run.world.now, &t->want);
	if ((field = promise_broken(t)) != NULL ||
	    (field = verification_differs(t)) != NULL)
		report(t, field);
	if (t->got.changed &&
	    (field = account_differs(&run.real, model)) != NULL)
		report(t, field);
	if ((field = drop_unwritten(t)) != NULL)
		report(t, field);
	if (!t->want.changed) {
		model->spent = t->before.spent;
		model->spent_time = t->before.spent_time;
	}
	if ((field = account_differs(&run.real, model)) != NULL)
		report(t, field);
	if (guarded !=
	    verify_is_guarded(&t->before, &run.world.policy, run.world.now))
		report(t, "verify_is_guarded");
	count_outcome(t, guarded);
}

/*
 * Whether chance brought every outcome there is: for each verdict, as in
 * count_outcome, the numbers of codes on a line that can lead to it.
 */
static void
check_all_seen(void)
{
	static const char *const lines[2][3][VERDICTS] = {
	    {{"123", "123", "1", "123", "", "123", "123", "123", "123", "123"},
		{"123", "123", "1", "123", "", "123", "123", "123", "123",
		    "123"},
		{"1", "1", "", "", "", "1", "1", "", "", "1"}},
	    {{"123", "", "", "123", "123", "123", "3", "3", "", "123"},
		{"123", "123", "1", "123", "", "123", "123", "23", "", "123"},
		{"1", "1", "", "", "", "1", "1", "", "", "1"}},
	};

	for (int guarded = 0; guarded < 2; guarded++)
		for (int width = 0; width < 3; width++)
			for (int v = 0; v < VERDICTS; v++)
				for (int n = 0; n < 3; n++)
					ck_assert_msg(
					    (run.seen[guarded][width][v][n] >
						0) ==
						(strchr(
						     lines[guarded][width][v],
						     '1' + n) != NULL),
					    "outcome %d %d %d %d", guarded,
					    width, v, n);
}

/* Change both accounts in the same way; unlocking is the account's own. */
static void
administer(void)
{
	struct account *model = &run.world.account;
	uint64_t kind = roll(&run.world, 60);

	if (kind == 0) {
		account_unlock(&run.real);
		(void)model_forget(model);
		model->failures = model->spent = 0;
	}
	if (kind == 3)
		world_restore(&run.world);
	if (kind == 4)
		model->from_step = 0;
	run.real.from_step = model->from_step;
	if (kind != 1 && kind != 2)
		return;
	change_token(&run.world, run.pool);
	for (size_t i = 0; i < model->token_count; i++) {
		if (run.real.tokens[i].id != model->tokens[i].id)
			run.accepted[i] = 0;
		run.real.tokens[i] = model->tokens[i];
	}
}

static bool
costly(const struct policy *policy)
{
	return policy->tolerance + policy->resync_window > 90;
}

static void
live(uint64_t seed, uint64_t operations)
{
	static struct trial t;

	world_make(&run.world, run.pool, seed);
	memset(run.accepted, 0, sizeof(run.accepted));
	run.real = run.world.account;
	for (uint64_t i = 0; i < operations; i++) {
		administer();
		pass_time(&run.world);
		do
			type_text(&run.world, t.text);
		while (input_parse(t.text, &t.typed) == INPUT_MALFORMED);
		attempt(&t);
		strcpy(run.world.last, t.text);
		run.operation++;
	}
}

START_TEST(the_verifier_and_an_independent_model_agree)
{
	uint64_t operations = setting("ROLLCODE_MODEL_OPS", OPERATIONS);
	uint64_t worlds, each;

	run.seed = setting("ROLLCODE_MODEL_SEED", (uint64_t)time(NULL));
	printf("ROLLCODE_MODEL_SEED=%" PRIu64 " ROLLCODE_MODEL_OPS=%" PRIu64
	       "\n",
	    run.seed, operations);
	fflush(stdout);
	pool_make(run.pool, run.seed);

	worlds = run.seed;
	while (run.operation < operations) {
		uint64_t seed = random_next(&worlds);

		world_make(&run.world, run.pool, seed);
		each = costly(&run.world.policy) ? PER_COSTLY : PER_WORLD;
		live(seed, each);
	}

	if (operations >= ALL_SEEN)
		check_all_seen();
}
END_TEST

int
main(void)
{
	TCase *tcase = test_case("model", 1800);

	tcase_add_test(tcase, the_verifier_and_an_independent_model_agree);
	return test_run();
}
