/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model.h - the rules of a verdict once more, slowly and by the book.
 *
 * Written from the rules and not from the verifier, so that the two can be
 * held against each other.  Only the types are shared.
 */
#ifndef ROLLCODE_TEST_MODEL_H
#define ROLLCODE_TEST_MODEL_H

#include <string.h>

#include "model_match.h"

static inline bool
model_known_shape(const struct account *account, const struct input *typed)
{
	if (typed->kind == INPUT_RECOVERY)
		return account->recovery_count > 0;
	for (size_t i = 0; i < account->token_count; i++)
		if (model_serves(&account->tokens[i], typed))
			return true;
	return false;
}

static inline bool
model_normal(const struct account *account, const struct policy *policy)
{
	return account->failures < policy->guard_after &&
	    account->spent < policy->guesses;
}

static inline void
model_refund(struct account *account, int64_t now)
{
	int64_t days;

	if (account->spent == 0)
		account->spent_time = now;
	if (now < account->spent_time)
		return;
	days = (now - account->spent_time) / VERIFY_REFUND;
	account->spent_time += days * VERIFY_REFUND;
	account->spent = days < account->spent
	    ? account->spent - (uint32_t)days
	    : 0;
}

static inline bool
model_forget(struct account *account)
{
	bool any = false;

	for (size_t i = 0; i < account->token_count; i++) {
		any = any || account->tokens[i].far_known;
		account->tokens[i].far_known = false;
	}
	return any;
}

static inline void
model_add(uint32_t *tally)
{
	if (*tally < UINT32_MAX)
		++*tally;
}

static inline void
model_refuse(struct attempt *a, enum verdict verdict)
{
	a->answer->verdict = verdict;
	if (a->normal && a->typed->kind == INPUT_CODE &&
	    a->typed->width != ROLLCODE_HEX_DIGITS)
		a->answer->changed =
		    model_forget(a->account) || a->answer->changed;
}

static inline void
model_succeed(struct attempt *a, enum verdict verdict)
{
	struct account *account = a->account;

	a->answer->verdict = verdict;
	a->answer->changed = true;
	a->answer->failed = account->failed;
	a->answer->replayed = account->replayed;
	account->failed = account->replayed = 0;
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

static inline void
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

static inline void
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

static inline void
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

static inline void
model_verify_normal(struct attempt *a)
{
	if (model_look(a, NEAR)) {
		model_succeed(a, VERDICT_ACCEPTED);
	} else if (model_look(a, AFTER)) {
		model_succeed(a, VERDICT_RESYNCED);
	} else if (model_look(a, FAR)) {
		if (a->typed->count > 1)
			model_succeed(a, VERDICT_RESYNCED);
		else
			model_remember(a);
	} else if (model_look(a, BEHIND)) {
		model_replay(a);
	} else {
		model_refuse(a, VERDICT_WRONG);
		model_count_failure(a);
	}
}

/* Three consecutive codes open it; nothing else leaves a trace. */
static inline void
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
		model_refuse(a, VERDICT_GUARDED);
}

static inline bool
model_late(const struct account_recovery *row, int64_t now)
{
	return row->expires != 0 && row->expires <= now;
}

static inline bool
model_in(const struct attempt *a)
{
	return a->answer->verdict == VERDICT_ACCEPTED ||
	    a->answer->verdict == VERDICT_RESYNCED;
}

/* Where something may be written, what is late by now is never good again. */
static inline void
model_expire(struct attempt *a)
{
	if (!a->normal && !model_in(a))
		return;
	for (size_t i = 0; i < a->account->recovery_count; i++) {
		struct account_recovery *row = &a->account->recovery[i];

		if (row->used != 0 || !model_late(row, a->now))
			continue;
		row->used = a->now;
		a->answer->changed = true;
	}
}

static inline void
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
			row->used = a->now;
			a->answer->recovery = true;
			model_succeed(a, VERDICT_ACCEPTED);
			return;
		}
	}
	model_refuse(a, VERDICT_WRONG);
}

/* Verify; the account is changed, though a refund alone is not written. */
static inline void
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

#endif /* ROLLCODE_TEST_MODEL_H */
