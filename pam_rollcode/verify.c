/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify.c - the rules.
 *
 *  1. A code behind a counter never opens anything.
 *  2. A counter never moves backward.
 *  3. A wrong code moves no counter.
 *  4. Whatever guesses were made, consecutive codes let the owner in.
 *  5. Where a code matches is not told by the time a walk takes.
 *  6. A code that was once seen to be expired stays so, whatever the clock.
 */
#include "seal.h"
#include "verify.h"
#include "window.h"

struct attempt {
	struct account *account;
	const struct submission *submission;
	const struct policy *policy;
	int64_t now;
	struct judgement *out;
	bool guarded;
	bool counted; /* can be guessed */
	struct code_maker *makers[ACCOUNT_TOKENS_MAX];
	struct match matches[ACCOUNT_TOKENS_MAX];
	bool half[SUBMISSION_CODES];
};

static void
attempt_close(struct attempt *a)
{
	for (size_t i = 0; i < ACCOUNT_TOKENS_MAX; i++)
		code_close(a->makers[i]);
}

/* Walk one range of every token; *found if any of them matches there. */
static enum rollcode_err
walk_all(struct attempt *a, range_of *range, bool *found)
{
	enum rollcode_err err;

	*found = false;
	memset(a->matches, 0, sizeof(a->matches));
	memset(a->half, 0, sizeof(a->half));
	for (size_t i = 0; i < a->account->token_count; i++) {
		const struct account_token *t = &a->account->tokens[i];
		struct match *m = &a->matches[i];

		if (a->makers[i] == NULL)
			continue;
		if (range == range_remembered &&
		    !range_fresh(t, a->policy, a->now))
			continue;
		if ((err = window_walk(a->makers[i], a->submission,
			 range(t, a->policy), m)) != ROLLCODE_OK)
			return err;
		*found |= m->found;
		for (unsigned int k = 0; k < SUBMISSION_CODES; k++)
			a->half[k] |= m->half[k];
	}
	return ROLLCODE_OK;
}

/* Say which token matched, where, and how far that is from its counter. */
static void
report_match(struct attempt *a)
{
	/* unreached: the loop's end, for it is called where one matched */
	for (size_t i = 0; i < a->account->token_count; i++) {
		const struct match *m = &a->matches[i];
		uint64_t counter = a->account->tokens[i].token.counter;

		if (!m->found)
			continue;
		a->out->matched = true;
		a->out->token = i;
		a->out->counter = m->first + a->submission->count - 1;
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
succeed(struct attempt *a, enum verdict verdict)
{
	struct account *account = a->account;

	forget_far(a);
	a->out->failed = account->failed;
	a->out->replayed = account->replayed;
	a->out->recovery_left = account_recovery_left(account);
	account->failures = 0;
	account->halves = 0;
	account->failed = 0;
	account->replayed = 0;
	account->last_success = a->now;
	a->out->changed = true;
	a->out->verdict = verdict;
}

/* Move every token that matched past its highest match. */
static void
accept_codes(struct attempt *a, enum verdict verdict)
{
	report_match(a);
	a->out->skipped = a->out->distance > UINT32_MAX
			      ? UINT32_MAX
			      : (uint32_t)a->out->distance;
	for (size_t i = 0; i < a->account->token_count; i++) {
		struct account_token *t = &a->account->tokens[i];

		if (!a->matches[i].found)
			continue;
		t->token.counter = a->matches[i].first + a->submission->count;
		t->used = a->now;
	}
	succeed(a, verdict);
}

static void
refuse(struct attempt *a, enum verdict verdict)
{
	struct account *account = a->account;

	forget_far(a);
	a->out->verdict = verdict;
	if (a->guarded || !a->counted)
		return;
	if (account->spent == 0)
		account->spent_time = a->now;
	add_one(&account->failures);
	add_one(&account->spent);
	add_one(&account->failed);
	account->last_failure = a->now;
	a->out->changed = true;
}

/* Refused like a wrong one, but the next press may resynchronise. */
static void
refuse_far(struct attempt *a)
{
	report_match(a);
	refuse(a, VERDICT_FAR);
	for (size_t i = 0; i < a->account->token_count; i++) {
		struct account_token *t = &a->account->tokens[i];

		if (!a->matches[i].found)
			continue;
		t->far_known = true;
		t->far_counter = a->matches[i].first;
		t->far_time = a->now;
	}
	a->out->changed = true;
}

static void
refuse_replay(struct attempt *a)
{
	report_match(a);
	a->out->verdict = VERDICT_REPLAYED;
	for (size_t i = 0; i < a->account->token_count; i++) {
		const struct account_token *t = &a->account->tokens[i];

		if (!t->far_known || a->now >= t->far_time)
			continue;
		forget_far(a);
		break;
	}
	if (a->guarded)
		return;
	add_one(&a->account->replayed);
	a->out->changed = true;
}

static enum rollcode_err
judge_behind(struct attempt *a, enum verdict otherwise)
{
	enum rollcode_err err;
	bool found;

	if ((err = walk_all(a, range_behind, &found)) != ROLLCODE_OK)
		return err;
	if (found)
		refuse_replay(a);
	else
		refuse(a, otherwise);
	return ROLLCODE_OK;
}

/* A single code that can be guessed, while the account is guarded. */
static enum rollcode_err
judge_guarded_code(struct attempt *a)
{
	enum rollcode_err err;
	bool found;

	if ((err = walk_all(a, range_remembered, &found)) != ROLLCODE_OK)
		return err;
	if (!found)
		return judge_behind(a, VERDICT_GUARDED);
	accept_codes(a, VERDICT_RESYNCED);
	return ROLLCODE_OK;
}

/* Somebody who holds one real code must not guess its neighbour for long. */
static void
count_half(struct attempt *a)
{
	if (a->submission->count != 2)
		return;
	add_one(&a->account->halves);
	a->out->changed = true;
}

/* Two or three codes that can be guessed, while the account is guarded. */
static enum rollcode_err
judge_guarded_codes(struct attempt *a)
{
	bool three = a->submission->count == 3, one_half, near_half[2];
	bool pair = a->account->halves < VERIFY_HALVES_MAX;
	bool far_pair =
	    a->submission->width == ROLLCODE_DIGITS_MAX &&
	    account_enabled(a->account) * a->policy->resync_window <=
		VERIFY_FAR_PAIR_MAX;
	enum rollcode_err err;
	bool found, found_far = false;

	if ((err = walk_all(a, range_near, &found)) != ROLLCODE_OK)
		return err;
	if (found && (three || pair)) {
		accept_codes(a, VERDICT_ACCEPTED);
		return ROLLCODE_OK;
	}
	memcpy(near_half, a->half, sizeof(near_half));
	one_half = near_half[0] != near_half[1];
	if (!found && (three || far_pair)) {
		if ((err = walk_all(a, range_far, &found_far)) != ROLLCODE_OK)
			return err;
		if (found_far && (three || pair)) {
			accept_codes(a, VERDICT_RESYNCED);
			return ROLLCODE_OK;
		}
		one_half |=
		    (near_half[0] | a->half[0]) != (near_half[1] | a->half[1]);
	}
	if (found || found_far) {
		refuse(a, VERDICT_GUARDED);
		return ROLLCODE_OK;
	}
	if ((err = judge_behind(a, VERDICT_GUARDED)) == ROLLCODE_OK &&
	    a->out->verdict == VERDICT_GUARDED && one_half)
		count_half(a);
	return err;
}

static enum rollcode_err
judge_normal(struct attempt *a)
{
	bool single = a->submission->count == 1, found;
	enum rollcode_err err;

	if ((err = walk_all(a, range_near, &found)) != ROLLCODE_OK)
		return err;
	if (found) {
		accept_codes(a, VERDICT_ACCEPTED);
		return ROLLCODE_OK;
	}
	if (single &&
	    (err = walk_all(a, range_remembered, &found)) != ROLLCODE_OK)
		return err;
	if (found) {
		accept_codes(a, VERDICT_RESYNCED);
		return ROLLCODE_OK;
	}
	if ((err = walk_all(a, range_far, &found)) != ROLLCODE_OK)
		return err;
	if (!found)
		return judge_behind(a, VERDICT_WRONG);
	if (single)
		refuse_far(a);
	else
		accept_codes(a, VERDICT_RESYNCED);
	return ROLLCODE_OK;
}

static enum rollcode_err
judge_codes(struct attempt *a)
{
	enum rollcode_err err;
	bool any = false;

	a->counted = a->submission->width < ROLLCODE_HEX_DIGITS;
	for (size_t i = 0; i < a->account->token_count; i++) {
		const struct account_token *t = &a->account->tokens[i];

		if (!t->enabled || t->token.digits != a->submission->width)
			continue;
		any = true;
		if ((err = code_open(&a->makers[i], &t->token)) != ROLLCODE_OK)
			return err;
	}
	if (!any) {
		a->out->verdict = VERDICT_MALFORMED;
		return ROLLCODE_OK;
	}
	if (!a->guarded || !a->counted)
		return judge_normal(a);
	if (a->submission->count == 1)
		return judge_guarded_code(a);
	return judge_guarded_codes(a);
}

/* What marks a code as spent is never 0, whatever the clock says. */
static void
spend(const struct attempt *a, struct account_recovery *code)
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
		spend(a, r);
		a->out->changed = true;
	}
}

/* 80 bits are not guessed: a wrong one is not counted. */
static enum rollcode_err
judge_recovery(struct attempt *a)
{
	struct account *account = a->account;
	uint8_t mac[ACCOUNT_MAC_LEN];
	enum rollcode_err err;
	bool found = false;

	if (account->recovery_count == 0 || !account->recovery_key_set) {
		a->out->verdict = VERDICT_MALFORMED;
		return ROLLCODE_OK;
	}
	if ((err = seal_mac(&account->recovery_key, a->submission->recovery,
		 mac)) != ROLLCODE_OK)
		return err;
	for (size_t i = 0; i < account->recovery_count; i++) {
		struct account_recovery *r = &account->recovery[i];

		if (!secret_equal(r->mac, mac, sizeof(mac)) ||
		    !account_recovery_good(r, a->now))
			continue;
		spend(a, r);
		found = true;
	}
	if (found) {
		a->out->recovery = true;
		succeed(a, VERDICT_ACCEPTED);
	} else {
		refuse(a, VERDICT_WRONG);
	}
	return ROLLCODE_OK;
}

static void
refund(struct account *account, int64_t now)
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

static bool
is_guarded(const struct account *account, const struct policy *policy)
{
	return account->failures >= policy->guard_after ||
	       account->spent >= policy->guesses;
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

	refund(&refunded, now);
	return is_guarded(&refunded, policy);
}

enum rollcode_err
verify_submission(struct account *account, const struct submission *submission,
    const struct policy *policy, int64_t now, struct judgement *out)
{
	WIPED(attempt_close)
	struct attempt a = {
	    .account = account,
	    .submission = submission,
	    .policy = policy,
	    .now = now,
	    .out = out,
	};
	enum rollcode_err err;

	memset(out, 0, sizeof(*out));
	if (submission->kind == SUBMISSION_MALFORMED) {
		out->verdict = VERDICT_MALFORMED;
		return ROLLCODE_OK;
	}
	if (account_enabled(account) == 0) {
		out->verdict = VERDICT_DISABLED;
		return ROLLCODE_OK;
	}
	refund(account, now);
	a.guarded = is_guarded(account, policy);
	err = submission->kind == SUBMISSION_RECOVERY ? judge_recovery(&a)
						      : judge_codes(&a);
	if (err == ROLLCODE_OK)
		write_off_expired(&a);
	out->guarded = a.guarded || is_guarded(account, policy);
	return err;
}

void
verify_nobody(const struct submission *submission, const struct policy *policy)
{
	bool wide = submission->width == ROLLCODE_HEX_DIGITS;
	struct judgement ignored;
	struct account nobody = {
	    .token_count = 1,
	    .tokens[0] =
		{
		    .enabled = true,
		    .token =
			{
			    .form = wide ? FORM_HEX : FORM_HOTP,
			    .algorithm = ALGORITHM_SHA256,
			    .digits = submission->width,
			    .counter = (uint64_t)policy->lookbehind,
			    .secret.len = SECRET_KEY_LEN,
			},
		},
	};

	if (verify_submission(&nobody, submission, policy, 0, &ignored) !=
	    ROLLCODE_OK)
		return;
}
