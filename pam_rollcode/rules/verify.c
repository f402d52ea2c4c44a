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
 */
#include <inttypes.h>

#include "common/token/seal.h"
#include "rules/verify.h"
#include "rules/window.h"

#define TOLERANCE_SIX_DIGITS 20

/* Where the codes match, token by token. */
struct matches {
	bool found;
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
	struct code_maker *makers[ACCOUNT_TOKENS_MAX];
};

static void
attempt_close(struct attempt *a)
{
	for (size_t i = 0; i < ACCOUNT_TOKENS_MAX; i++)
		code_close(&a->makers[i]);
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
			 code_step(a->now), m)) != ROLLCODE_OK)
			return err;
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
add_one(uint32_t *tally)
{
	if (*tally < UINT32_MAX)
		++*tally;
}

static void
accept_attempt(struct attempt *a, enum verdict verdict)
{
	struct account *account = a->account;

	forget_far(a);
	a->out->failed = account->failed;
	a->out->replayed = account->replayed;
	a->out->recovery_left = account_recovery_left(account);
	account->failures = 0;
	account->failed = 0;
	account->replayed = 0;
	account->last_success = a->now;
	a->out->changed = true;
	a->out->verdict = verdict;
}

/* Move every token that matched past its highest match. */
static void
accept_codes(
    struct attempt *a, const struct matches *matches, enum verdict verdict)
{
	report_match(a, matches);
	a->out->skipped = a->out->distance > UINT32_MAX
			      ? UINT32_MAX
			      : (uint32_t)a->out->distance;
	for (size_t i = 0; i < a->account->token_count; i++) {
		struct account_token *t = &a->account->tokens[i];

		if (!matches->of[i].found)
			continue;
		t->token.counter = matches->of[i].first + a->input->count;
		t->used = a->now;
	}
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
	struct account *account = a->account;

	a->out->verdict = verdict;
	/* To forget what is remembered is a write, which would tell of it. */
	if (a->guarded || !a->counted)
		return;
	forget_far(a);
	touch_tokens(a);
	if (account->spent == 0)
		account->spent_time = a->now;
	add_one(&account->failures);
	add_one(&account->spent);
	add_one(&account->failed);
	account->last_failure = a->now;
}

static bool
is_guarded(const struct account *account, const struct policy *policy)
{
	return account->failures >= policy->guard_after ||
	       account->spent >= policy->guesses;
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
	if (a->guarded || is_guarded(a->account, a->policy))
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
	add_one(&a->account->replayed);
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

/* Unless a near code opens all is walked, so that the work tells nothing. */
static enum rollcode_err
verify_matches(struct attempt *a)
{
	struct matches at[RANGES] = {0};
	const struct rule *rule = NULL;
	enum rollcode_err err;

	for (int i = RANGE_NEAR; i < RANGES && rule == NULL; i++) {
		if ((err = walk_all(a, (enum range)i, &at[i])) != ROLLCODE_OK)
			return err;
		if (i == RANGE_NEAR || i == RANGES - 1)
			rule = find_rule(a, at);
	}
	if (rule == NULL)
		refuse_attempt(a, a->closed ? VERDICT_GUARDED : VERDICT_WRONG);
	else if (verdict_admits(rule->verdict))
		accept_codes(a, &at[rule->range], rule->verdict);
	else if (rule->verdict == VERDICT_FAR)
		refuse_far(a, &at[rule->range]);
	else
		refuse_replay(a, &at[rule->range]);
	return ROLLCODE_OK;
}

static enum rollcode_err
verify_codes(struct attempt *a)
{
	enum rollcode_err err;
	bool any = false;

	a->counted = a->input->width < ROLLCODE_HEX_DIGITS;
	a->closed = a->guarded && a->counted;
	for (size_t i = 0; i < a->account->token_count; i++) {
		const struct account_token *t = &a->account->tokens[i];

		if (!t->enabled || t->token.digits != a->input->width)
			continue;
		any = true;
		if ((err = code_open(&a->makers[i], &t->token)) != ROLLCODE_OK)
			return err;
	}
	if (any)
		return verify_matches(a);
	a->out->verdict = VERDICT_MALFORMED;
	return ROLLCODE_OK;
}

/* What marks a code as spent is never 0, whatever the clock says. */
static void
mark_used(const struct attempt *a, struct account_recovery *code)
{
	code->used = a->now != 0 ? a->now : 1;
}

/* Somebody sees that it is late, and a clock set back cannot undo that. */
static void
write_off_expired(struct attempt *a)
{
	for (size_t i = 0; i < a->account->recovery_count; i++) {
		struct account_recovery *r = &a->account->recovery[i];

		if (r->used != 0 || r->expires == 0 || a->now < r->expires)
			continue;
		mark_used(a, r);
		a->out->changed = true;
	}
}

/* 80 bits are not guessed: a wrong one is not counted. */
static enum rollcode_err
verify_recovery_code(struct attempt *a)
{
	struct account *account = a->account;
	uint8_t mac[ACCOUNT_MAC_LEN];
	enum rollcode_err err;
	bool found = false;

	if (account->recovery_count == 0 || !account->recovery_key_set) {
		a->out->verdict = VERDICT_MALFORMED;
		return ROLLCODE_OK;
	}
	if ((err = seal_mac(&account->recovery_key, a->input->recovery, mac)) !=
	    ROLLCODE_OK)
		return err;
	for (size_t i = 0; i < account->recovery_count; i++) {
		struct account_recovery *r = &account->recovery[i];

		if (!secret_equal(r->mac, mac, sizeof(mac)) ||
		    !account_recovery_good(r, a->now))
			continue;
		mark_used(a, r);
		found = true;
	}
	if (found) {
		a->out->recovery = true;
		accept_attempt(a, VERDICT_ACCEPTED);
	} else {
		refuse_attempt(a, VERDICT_WRONG);
	}
	return ROLLCODE_OK;
}

static void
refund_guesses(struct account *account, int64_t now)
{
	int64_t days;

	if (account->spent == 0)
		account->spent_time = now;
	if (now <= account->spent_time)
		return;
	days = (now - account->spent_time) / VERIFY_REFUND;
	account->spent_time += days * VERIFY_REFUND;
	account->spent =
	    days < account->spent ? account->spent - (uint32_t)days : 0;
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

	refund_guesses(&refunded, now);
	return is_guarded(&refunded, policy);
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
	refund_guesses(account, now);
	a.guarded = is_guarded(account, policy);
	err = input->kind == INPUT_RECOVERY ? verify_recovery_code(&a)
					    : verify_codes(&a);
	if (err == ROLLCODE_OK && (!a.guarded || verdict_admits(out->verdict)))
		write_off_expired(&a);
	out->guarded = a.guarded || is_guarded(account, policy);
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
