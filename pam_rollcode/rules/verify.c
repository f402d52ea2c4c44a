/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify.c - the rules.
 *
 *  1. A code behind a counter never opens anything.
 *  2. A counter never moves backward.
 *  3. A wrong code moves no counter.
 *  4. Whatever was guessed, three consecutive codes let the owner in.
 *  5. A refusal takes the same work, whatever was found.
 *  6. While an account is guarded, a refusal changes nothing.
 *  7. A code that an attempt has written off as expired stays so, whatever
 *     the clock.
 *  8. So does a code that came too late; and it is no guess.
 *  9. In a store that was put back a code counts by when it was made, and by
 *     nothing else.
 */
#include <inttypes.h>

#include "rules/guard.h"
#include "rules/recovery.h"
#include "rules/verify.h"
#include "rules/window.h"

#define TOLERANCE_SIX_DIGITS 20

/* Where the codes match, token by token. */
struct matches {
	bool found;
	bool barred; /* of a token whose codes do not count */
	struct match of[ACCOUNT_TOKENS_MAX];
};

struct attempt {
	struct account *account;
	const struct input *input;
	const struct policy *policy;
	int64_t now;
	struct verification *out;
	bool guarded;
	bool counted; /* can be guessed */
	bool closed;  /* both: single codes open nothing */
	bool barred;  /* put back: no code opens anything now */
	struct code_maker *makers[ACCOUNT_TOKENS_MAX];
};

static void
attempt_close(struct attempt *a)
{
	for (size_t i = 0; i < ACCOUNT_TOKENS_MAX; i++)
		code_close(&a->makers[i]);
}

/*
 * In a store that was put back a code tells nothing of whether it was used, but
 * by when it was made.
 */
static bool
is_barred(const struct attempt *a, const struct account_token *t)
{
	return a->account->from_step != 0 &&
	       (t->token.form != FORM_TIMED ||
		   code_step(a->now) < a->account->from_step);
}

/* Walk one range of every token. */
static enum rollcode_err
walk_all(const struct attempt *a, enum range range, struct matches *matches)
{
	enum rollcode_err err;

	for (size_t i = 0; i < a->account->token_count; i++) {
		const struct account_token *t = &a->account->tokens[i];
		struct match *m = &matches->of[i];

		if (a->makers[i] == NULL)
			continue;
		if ((err = window_walk(a->makers[i], a->input,
			 window_of(t, range, a->policy, a->now),
			 window_steps(t->token.form, range, a->now,
			     a->account->from_step),
			 m)) != ROLLCODE_OK)
			return err;
		if (is_barred(a, t)) {
			matches->barred |= m->found;
			m->found = false;
		}
		matches->found |= m->found;
	}
	return ROLLCODE_OK;
}

/* Say which token matched, where, and how far that is from its counter. */
static void
report_match(const struct attempt *a, const struct matches *matches)
{
	/* unreached: the loop's end, for it is called where one matched */
	for (size_t i = 0; i < a->account->token_count; i++) {
		const struct match *m = &matches->of[i];
		uint64_t counter = a->account->tokens[i].token.counter;

		if (!m->found)
			continue;
		a->out->matched = true;
		memcpy(a->out->token, a->account->tokens[i].token.label,
		    sizeof(a->out->token));
		a->out->counter = m->first + a->input->count - 1;
		a->out->distance = m->first >= counter ? m->first - counter
						       : counter - m->first;
		if (a->account->tokens[i].token.form == FORM_TIMED)
			a->out->age = a->now - m->step * ROLLCODE_STEP -
				      ROLLCODE_STEP / 2;
		return;
	}
}

static void
forget_far(struct attempt *a)
{
	for (size_t i = 0; i < a->account->token_count; i++) {
		a->out->changed |= a->account->tokens[i].far_known;
		a->account->tokens[i].far_known = false;
	}
}

static void
accept_attempt(struct attempt *a, enum verdict verdict)
{
	struct account *account = a->account;

	forget_far(a);
	a->out->failed = account->failed;
	a->out->replayed = account->replayed;
	a->out->late = account->late;
	a->out->recovery_left = account_recovery_left(account);
	account->failures = 0;
	account->failed = 0;
	account->replayed = 0;
	account->late = 0;
	account->last_success = a->now;
	a->out->changed = true;
	a->out->verdict = verdict;
}

/* Every token that matched moves past its highest match. */
static void
move_counters(struct attempt *a, const struct matches *matches)
{
	for (size_t i = 0; i < a->account->token_count; i++)
		if (matches->of[i].found)
			a->account->tokens[i].token.counter =
			    matches->of[i].first + a->input->count;
}

static void
accept_codes(
    struct attempt *a, const struct matches *matches, enum verdict verdict)
{
	report_match(a, matches);
	a->out->skipped = a->out->distance > UINT32_MAX
			      ? UINT32_MAX
			      : (uint32_t)a->out->distance;
	move_counters(a, matches);
	for (size_t i = 0; i < a->account->token_count; i++)
		if (matches->of[i].found)
			a->account->tokens[i].used = a->now;
	accept_attempt(a, verdict);
}

/*
 * The rows of every token of that width are written, changed or not, so that
 * a refusal of one kind looks like one of any other.
 */
static void
touch_tokens(struct attempt *a)
{
	for (size_t i = 0; i < a->account->token_count; i++)
		a->account->tokens[i].touched = a->makers[i] != NULL;
	a->out->changed = true;
}

static void
refuse_attempt(struct attempt *a, enum verdict verdict)
{
	a->out->verdict = verdict;
	/* To forget what is remembered is a write, which would tell of it. */
	if (a->guarded || !a->counted)
		return;
	forget_far(a);
	touch_tokens(a);
	guard_count(a->account, a->now);
}

/*
 * Refused like a wrong one, but the next press may resynchronise.  Not where
 * this one guards the account: there a single code opens nothing, for a
 * refusal that forgot the position would have to write.
 */
static void
refuse_far(struct attempt *a, const struct matches *far)
{
	report_match(a, far);
	refuse_attempt(a, VERDICT_FAR);
	if (a->guarded || guard_is_up(a->account, a->policy))
		return;
	for (size_t i = 0; i < a->account->token_count; i++) {
		struct account_token *t = &a->account->tokens[i];

		if (!far->of[i].found)
			continue;
		t->far_known = true;
		t->far_counter = far->of[i].first;
		t->far_time = a->now;
	}
	a->out->changed = true;
}

static void
refuse_replay(struct attempt *a, const struct matches *behind)
{
	report_match(a, behind);
	a->out->verdict = VERDICT_REPLAYED;
	if (a->guarded)
		return;
	for (size_t i = 0; i < a->account->token_count; i++) {
		const struct account_token *t = &a->account->tokens[i];

		if (!t->far_known || a->now >= t->far_time)
			continue;
		forget_far(a);
		break;
	}
	touch_tokens(a);
	account_count(&a->account->replayed);
}

/*
 * Nobody could have it without the token, so that it is no guess; and its
 * owner's next one lies ahead.  A clock that is set back does not revive it.
 */
static void
refuse_late(struct attempt *a, const struct matches *late)
{
	report_match(a, late);
	a->out->verdict = VERDICT_EXPIRED;
	forget_far(a);
	move_counters(a, late);
	touch_tokens(a);
	account_count(&a->account->late);
}

/*
 * What a match in a range means where so many codes were typed: while single
 * codes open, and while they do not.  The first row that applies is the
 * verdict.
 */
/* clang-format off */
enum { ONE = 1 << 1, TWO = 1 << 2, THREE = 1 << 3, ANY = ONE | TWO | THREE };

static const struct rule {
	enum range	range;
	int		open, closed;
	enum verdict	verdict;
} rules[] = {
	{ RANGE_NEAR,		ANY,		THREE,	VERDICT_ACCEPTED },
	{ RANGE_REMEMBERED,	ONE,		0,	VERDICT_RESYNCED },
	{ RANGE_FAR,		TWO | THREE,	THREE,	VERDICT_RESYNCED },
	{ RANGE_FAR,		ONE,		0,	VERDICT_FAR },
	{ RANGE_LATE,		ANY,		0,	VERDICT_EXPIRED },
	{ RANGE_BEHIND,		ANY,		ANY,	VERDICT_REPLAYED },
};
/* clang-format on */

static const struct rule *
find_rule(const struct attempt *a, const struct matches at[RANGES])
{
	for (size_t i = 0; i < COUNT(rules); i++)
		if (at[rules[i].range].found &&
		    ((a->closed ? rules[i].closed : rules[i].open) &
			1 << a->input->count) != 0)
			return &rules[i];
	return NULL;
}

static void
follow_rule(
    struct attempt *a, const struct rule *rule, const struct matches at[RANGES])
{
	const struct matches *matches = &at[rule->range];

	if (verdict_admits(rule->verdict))
		accept_codes(a, matches, rule->verdict);
	else if (rule->verdict == VERDICT_FAR)
		refuse_far(a, matches);
	else if (rule->verdict == VERDICT_EXPIRED)
		refuse_late(a, matches);
	else
		refuse_replay(a, matches);
}

/*
 * Unless a near code opens all is walked, so that the work tells nothing; but
 * nothing late of a guarded account, which must not write that down.
 */
static enum rollcode_err
verify_matches(struct attempt *a)
{
	struct matches at[RANGES] = {0};
	const struct rule *rule = NULL;
	bool barred = false;
	enum rollcode_err err;

	for (int i = RANGE_NEAR; i < RANGES && rule == NULL; i++) {
		if (i == RANGE_LATE && a->guarded)
			continue;
		if ((err = walk_all(a, (enum range)i, &at[i])) != ROLLCODE_OK)
			return err;
		barred |= at[i].barred;
		if (i == RANGE_NEAR || i == RANGES - 1)
			rule = find_rule(a, at);
	}
	if (rule != NULL)
		follow_rule(a, rule, at);
	else if (a->barred)
		a->out->verdict = VERDICT_RESTORED;
	else if (barred)
		refuse_attempt(a, VERDICT_RESTORED);
	else
		refuse_attempt(a, a->closed ? VERDICT_GUARDED : VERDICT_WRONG);
	return ROLLCODE_OK;
}

static enum rollcode_err
verify_codes(struct attempt *a)
{
	enum rollcode_err err;
	bool any = false;

	a->counted = a->input->width < ROLLCODE_HEX_DIGITS;
	a->closed = a->guarded && a->counted;
	a->barred = true;
	for (size_t i = 0; i < a->account->token_count; i++) {
		const struct account_token *t = &a->account->tokens[i];

		if (!t->enabled || t->token.digits != a->input->width)
			continue;
		any = true;
		a->barred &= is_barred(a, t);
		if ((err = code_open(&a->makers[i], &t->token)) != ROLLCODE_OK)
			return err;
	}
	if (any)
		return verify_matches(a);
	a->out->verdict = VERDICT_MALFORMED;
	return ROLLCODE_OK;
}

/* 80 bits are not guessed: a wrong one is not counted. */
static enum rollcode_err
verify_recovery_code(struct attempt *a)
{
	struct account *account = a->account;
	enum rollcode_err err;
	bool found;

	if (account->recovery_count == 0 || !account->recovery_key_set) {
		a->out->verdict = VERDICT_MALFORMED;
		return ROLLCODE_OK;
	}
	if (account->from_step != 0) {
		a->out->verdict = VERDICT_RESTORED;
		return ROLLCODE_OK;
	}
	if ((err = recovery_use(account, a->input->recovery, a->now, &found)) !=
	    ROLLCODE_OK)
		return err;
	if (found) {
		a->out->recovery = true;
		accept_attempt(a, VERDICT_ACCEPTED);
	} else {
		refuse_attempt(a, VERDICT_WRONG);
	}
	return ROLLCODE_OK;
}

bool
verify_is_guarded(
    const struct account *account, const struct policy *policy, int64_t now)
{
	struct account refunded = {
	    .failures = account->failures,
	    .spent = account->spent,
	    .spent_time = account->spent_time,
	};

	guard_refund(&refunded, now);
	return guard_is_up(&refunded, policy);
}

enum rollcode_err
verify_input(struct account *account, const struct input *input,
    const struct policy *policy, int64_t now, struct verification *out)
{
	WIPED(attempt_close)
	struct attempt a = {
	    .account = account,
	    .input = input,
	    .policy = policy,
	    .now = now,
	    .out = out,
	};
	enum rollcode_err err;

	memset(out, 0, sizeof(*out));
	if (input->kind == INPUT_MALFORMED) {
		out->verdict = VERDICT_MALFORMED;
		return ROLLCODE_OK;
	}
	if (account_enabled(account) == 0) {
		out->verdict = VERDICT_DISABLED;
		return ROLLCODE_OK;
	}
	guard_refund(account, now);
	a.guarded = guard_is_up(account, policy);
	err = input->kind == INPUT_RECOVERY ? verify_recovery_code(&a)
					    : verify_codes(&a);
	if (err == ROLLCODE_OK && (!a.guarded || verdict_admits(out->verdict)))
		out->changed |= recovery_write_off(account, now);
	out->guarded = a.guarded || guard_is_up(account, policy);
	return err;
}

void
verify_nobody(const struct input *input, const struct policy *policy)
{
	struct account nobody = {.token_count = 1};
	struct account_token *t = &nobody.tokens[0];
	struct verification ignored;

	t->enabled = true;
	t->token.form =
	    input->width == ROLLCODE_HEX_DIGITS ? FORM_HEX : FORM_HOTP;
	t->token.algorithm = ALGORITHM_SHA256;
	t->token.digits = input->width;
	t->token.counter = (uint64_t)policy->lookbehind;
	t->token.secret.len = SECRET_KEY_LEN;
	(void)!verify_input(&nobody, input, policy, 0, &ignored);
}

enum rollcode_err
policy_check(const struct policy *policy, const struct account *account,
    struct error *error)
{
	if (policy->tolerance <= TOLERANCE_SIX_DIGITS)
		return ROLLCODE_OK;
	for (size_t i = 0; i < account->token_count; i++)
		if (account->tokens[i].enabled &&
		    account->tokens[i].token.digits == ROLLCODE_DIGITS_MIN)
			return error_set(error, ROLLCODE_ERR_CONFIG,
			    "TOLERANCE=%" PRId64 " is too much for the "
			    "6-digit token \"%s\" of %s; at most %d, or enrol "
			    "one of 8 digits",
			    policy->tolerance, account->tokens[i].token.label,
			    account->user, TOLERANCE_SIX_DIGITS);
	return ROLLCODE_OK;
}
