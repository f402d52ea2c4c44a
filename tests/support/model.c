/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model.c - in two parts: where a input matches, of each token only at its
 * highest match, and what follows from that.
 */
#include <string.h>

#include <openssl/hmac.h>

#include "pam_rollcode/rules/guard.h"
#include "tests/support/model.h"
#include "tests/support/model_code.h"

/* One attempt on its way through the rules. */
struct attempt {
	struct account *account;
	const struct input *typed;
	const struct policy *policy;
	int64_t now;
	bool normal;
	struct answer *answer;
};

enum range { NEAR, AFTER, FAR, LATE, BEHIND };

#define STEP 120 /* seconds */

/* Before 1970 there is no step. */
static bool
model_clock(const struct attempt *a, int64_t *step)
{
	*step = a->now / STEP;
	return a->now >= 0;
}

/* The last step in which a code of that counter may have been made. */
static bool
model_made(const struct attempt *a, const struct account_token *token,
    enum range range, uint64_t counter, const char *text, int64_t *made)
{
	int64_t now, from, to;
	bool found = false;

	if (counter >= ROLLCODE_COUNTER_END)
		return false;
	*made = 0;
	if (token->token.form != FORM_TIMED)
		return strcmp(model_code(token, counter, 0), text) == 0;
	if (!model_clock(a, &now))
		return false;
	from = now - (range == LATE || range == BEHIND ? 15 : 1);
	to = now + (range == LATE ? 15 : 1);
	for (int64_t step = from < 0 ? 0 : from; step <= to; step++) {
		if (range != LATE && range != BEHIND &&
		    step < a->account->from_step)
			continue;
		if (strcmp(model_code(token, counter, step), text) != 0)
			continue;
		found = true;
		*made = step;
	}
	return found;
}

/* Codes of one line need not be of one step. */
static bool
model_sequence_at(const struct attempt *a, const struct account_token *token,
    enum range range, struct hit *hit)
{
	int64_t step;

	for (unsigned int i = 0; i < a->typed->count; i++) {
		if (!model_made(a, token, range, hit->counter + i,
			a->typed->codes[i].text, &step))
			return false;
		if (i == 0)
			hit->step = step;
	}
	return true;
}

static bool
model_fresh(
    const struct account_token *token, const struct policy *policy, int64_t now)
{
	return token->far_known && now >= token->far_time &&
	       now - token->far_time <= policy->resync_seconds;
}

/* The counters from..to-1 where the first code may be. */
static void
model_bounds(const struct attempt *a, const struct account_token *token,
    enum range range, uint64_t *from, uint64_t *to)
{
	uint64_t counter = token->token.counter;
	uint64_t tolerance = (uint64_t)a->policy->tolerance;
	uint64_t window = (uint64_t)a->policy->resync_window;
	uint64_t behind = (uint64_t)a->policy->lookbehind;
	bool timed = token->token.form == FORM_TIMED;

	if (timed) {
		window /= 3;
		behind /= 4;
	}
	*from = *to = 0;
	switch (range) {
	case NEAR:
		*from = counter;
		*to = counter + tolerance;
		break;
	case AFTER:
		if (token->far_counter + 1 >= counter &&
		    model_fresh(token, a->policy, a->now)) {
			*from = token->far_counter + 1;
			*to = *from + 1;
		}
		break;
	case FAR:
		if (window > 0) {
			*from = counter + tolerance;
			*to = counter + window;
		}
		break;
	case LATE:
		*from = counter;
		*to = timed ? counter + tolerance : counter;
		break;
	case BEHIND:
		*from = counter > behind ? counter - behind : 0;
		*to = counter;
		break;
	}
}

static bool
model_serves(const struct account_token *token, const struct input *typed)
{
	return token->enabled && token->token.digits == typed->width;
}

/* Of a store that was put back only what is timed, and of a later time. */
static bool
model_counts(const struct attempt *a, const struct account_token *token)
{
	int64_t now;

	if (a->account->from_step == 0)
		return true;
	return token->token.form == FORM_TIMED && model_clock(a, &now) &&
	       now >= a->account->from_step;
}

/*
 * The highest match in a range of every token that counts, or of those that do
 * not; whether there is any.
 */
static bool
model_search(struct attempt *a, enum range range, bool counting)
{
	uint64_t from, to;
	bool any = false;

	for (size_t i = 0; i < a->account->token_count; i++) {
		const struct account_token *token = &a->account->tokens[i];
		struct hit *hit = &a->answer->hits[i], one = {.found = true};

		*hit = (struct hit){0};
		if (!model_serves(token, a->typed) ||
		    model_counts(a, token) != counting)
			continue;
		model_bounds(a, token, range, &from, &to);
		for (one.counter = from; one.counter < to; one.counter++)
			if (model_sequence_at(a, token, range, &one))
				*hit = one;
		any = any || hit->found;
	}
	return any;
}

static bool
model_look(struct attempt *a, enum range range)
{
	return model_search(a, range, true);
}

/* Whether it is right, but of a token that does not count. */
static bool
model_restored(struct attempt *a)
{
	bool any = false;

	for (enum range range = NEAR; range <= BEHIND; range++)
		any = model_search(a, range, false) || any;
	memset(a->answer->hits, 0, sizeof(a->answer->hits));
	return any;
}

static unsigned int
model_enabled(const struct account *account)
{
	unsigned int n = 0;

	for (size_t i = 0; i < account->token_count; i++)
		n += account->tokens[i].enabled;
	return n;
}

/* --- what follows ------------------------------------------------------------
 */

static bool
model_known_shape(const struct account *account, const struct input *typed)
{
	if (typed->kind == INPUT_RECOVERY)
		return account->recovery_count > 0;
	for (size_t i = 0; i < account->token_count; i++)
		if (model_serves(&account->tokens[i], typed))
			return true;
	return false;
}

bool
model_normal(const struct account *account, const struct policy *policy)
{
	return account->failures < policy->guard_after &&
	       account->spent < policy->guesses;
}

void
model_refund(struct account *account, int64_t now)
{
	int64_t days;

	if (account->spent == 0)
		account->spent_time = now;
	if (now < account->spent_time)
		return;
	days = (now - account->spent_time) / GUARD_REFUND;
	account->spent_time += days * GUARD_REFUND;
	account->spent =
	    days < account->spent ? account->spent - (uint32_t)days : 0;
}

bool
model_forget(struct account *account)
{
	bool any = false;

	for (size_t i = 0; i < account->token_count; i++) {
		any = any || account->tokens[i].far_known;
		account->tokens[i].far_known = false;
	}
	return any;
}

static void
model_add(uint32_t *tally)
{
	if (*tally < UINT32_MAX)
		++*tally;
}

static void
model_refuse(struct attempt *a, enum verdict verdict)
{
	a->answer->verdict = verdict;
	if (a->normal && a->typed->kind == INPUT_CODE &&
	    a->typed->width != ROLLCODE_HEX_DIGITS)
		a->answer->changed =
		    model_forget(a->account) || a->answer->changed;
}

static void
model_succeed(struct attempt *a, enum verdict verdict)
{
	struct account *account = a->account;

	a->answer->verdict = verdict;
	a->answer->changed = true;
	a->answer->failed = account->failed;
	a->answer->replayed = account->replayed;
	a->answer->late = account->late;
	account->failed = account->replayed = account->late = 0;
	account->failures = 0;
	account->last_success = a->now;
	(void)model_forget(account);
	for (size_t i = 0; i < account->recovery_count; i++)
		a->answer->recovery_left += account->recovery[i].used == 0 &&
					    account->recovery[i].expires == 0;
	for (size_t i = 0; i < account->token_count; i++) {
		const struct hit *hit = &a->answer->hits[i];

		if (!hit->found)
			continue;
		account->tokens[i].token.counter =
		    hit->counter + a->typed->count;
		account->tokens[i].used = a->now;
		a->answer->matched = true;
	}
}

static void
model_count_failure(struct attempt *a)
{
	struct account *account = a->account;

	if (a->typed->width == ROLLCODE_HEX_DIGITS || !a->normal)
		return;
	a->answer->changed = true;
	if (account->spent == 0)
		account->spent_time = a->now;
	model_add(&account->spent);
	model_add(&account->failures);
	model_add(&account->failed);
	account->last_failure = a->now;
}

static void
model_remember(struct attempt *a)
{
	model_refuse(a, VERDICT_FAR);
	model_count_failure(a);
	a->answer->matched = true;
	if (!a->normal || !model_normal(a->account, a->policy))
		return;
	a->answer->changed = true;
	for (size_t i = 0; i < a->account->token_count; i++) {
		struct account_token *token = &a->account->tokens[i];

		if (!a->answer->hits[i].found)
			continue;
		token->far_known = true;
		token->far_counter = a->answer->hits[i].counter;
		token->far_time = a->now;
	}
}

static void
model_replay(struct attempt *a)
{
	bool clock_back = false;

	a->answer->verdict = VERDICT_REPLAYED;
	a->answer->matched = true;
	for (size_t i = 0; i < a->account->token_count; i++)
		if (a->account->tokens[i].far_known &&
		    a->now < a->account->tokens[i].far_time)
			clock_back = true;
	if (clock_back && a->normal)
		(void)model_forget(a->account);
	if (a->normal) {
		model_add(&a->account->replayed);
		a->answer->changed = true;
	}
}

/* Used up; its owner can make a newer one. */
static void
model_expired(struct attempt *a)
{
	a->answer->verdict = VERDICT_EXPIRED;
	a->answer->matched = true;
	a->answer->changed = true;
	(void)model_forget(a->account);
	model_add(&a->account->late);
	for (size_t i = 0; i < a->account->token_count; i++)
		if (a->answer->hits[i].found)
			a->account->tokens[i].token.counter =
			    a->answer->hits[i].counter + a->typed->count;
}

static void
model_verify_normal(struct attempt *a)
{
	if (model_look(a, NEAR)) {
		model_succeed(a, VERDICT_ACCEPTED);
	} else if (a->typed->count == 1 && model_look(a, AFTER)) {
		model_succeed(a, VERDICT_RESYNCED);
	} else if (model_look(a, FAR)) {
		if (a->typed->count > 1)
			model_succeed(a, VERDICT_RESYNCED);
		else
			model_remember(a);
	} else if (a->normal && model_look(a, LATE)) {
		model_expired(a);
	} else if (model_look(a, BEHIND)) {
		model_replay(a);
	} else {
		model_refuse(
		    a, model_restored(a) ? VERDICT_RESTORED : VERDICT_WRONG);
		model_count_failure(a);
	}
}

/* Three consecutive codes open it; nothing else leaves a trace. */
static void
model_verify_guarded(struct attempt *a)
{
	bool triple = a->typed->count == 3;

	if (triple && model_look(a, NEAR))
		model_succeed(a, VERDICT_ACCEPTED);
	else if (triple && model_look(a, FAR))
		model_succeed(a, VERDICT_RESYNCED);
	else if (model_look(a, BEHIND))
		model_replay(a);
	else
		model_refuse(
		    a, model_restored(a) ? VERDICT_RESTORED : VERDICT_GUARDED);
}

static bool
model_late(const struct account_recovery *row, int64_t now)
{
	return row->expires != 0 && row->expires <= now;
}

static bool
model_in(const struct attempt *a)
{
	return a->answer->verdict == VERDICT_ACCEPTED ||
	       a->answer->verdict == VERDICT_RESYNCED;
}

/* Where something may be written, what is late by now is never good again. */
static void
model_expire(struct attempt *a)
{
	if (!a->normal && !model_in(a))
		return;
	for (size_t i = 0; i < a->account->recovery_count; i++) {
		struct account_recovery *row = &a->account->recovery[i];

		if (row->used != 0 || !model_late(row, a->now))
			continue;
		row->used = a->now == 0 ? 1 : a->now;
		a->answer->changed = true;
	}
}

static void
model_verify_recovery(struct attempt *a)
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned int len = 0;

	HMAC(EVP_sha256(), a->account->recovery_key.bytes, SECRET_KEY_LEN,
	    (const unsigned char *)a->typed->recovery, RECOVERY_DIGITS, mac,
	    &len);
	for (size_t i = 0; i < a->account->recovery_count; i++) {
		struct account_recovery *row = &a->account->recovery[i];

		if (row->used == 0 && !model_late(row, a->now) &&
		    (row->expires == 0 || row->issued <= a->now) &&
		    memcmp(row->mac, mac, ACCOUNT_MAC_LEN) == 0) {
			row->used = a->now == 0 ? 1 : a->now;
			a->answer->recovery = true;
			model_succeed(a, VERDICT_ACCEPTED);
			return;
		}
	}
	model_refuse(a, VERDICT_WRONG);
}

/* Whether no code of that shape can let in, whatever it is. */
static bool
model_none_counts(const struct attempt *a)
{
	for (size_t i = 0; i < a->account->token_count; i++)
		if (a->typed->kind != INPUT_RECOVERY &&
		    model_serves(&a->account->tokens[i], a->typed) &&
		    model_counts(a, &a->account->tokens[i]))
			return false;
	return a->account->from_step != 0;
}

/* Verify; the account is changed, though a refund alone is not written. */
void
model_verify(struct account *account, const struct input *typed,
    const struct policy *policy, int64_t now, struct answer *answer)
{
	struct attempt a = {account, typed, policy, now, false, answer};

	memset(answer, 0, sizeof(*answer));
	model_refund(account, now);
	a.normal = model_normal(account, policy);
	if (model_enabled(account) == 0)
		answer->verdict = VERDICT_DISABLED;
	else if (!model_known_shape(account, typed))
		answer->verdict = VERDICT_MALFORMED;
	else if (model_none_counts(&a))
		answer->verdict = VERDICT_RESTORED;
	else if (typed->kind == INPUT_RECOVERY)
		model_verify_recovery(&a);
	else if (a.normal || typed->width == ROLLCODE_HEX_DIGITS)
		model_verify_normal(&a);
	else
		model_verify_guarded(&a);
	if (answer->verdict != VERDICT_DISABLED)
		model_expire(&a);
	answer->guarded = !a.normal || !model_normal(account, policy);
}
