/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/model_compare.h"

static const char *
token_differs(const struct account_token *a, const struct account_token *b)
{
	struct rollcode_token x = a->token, y = b->token;

	if (x.counter != y.counter)
		return "counter";
	if (a->far_known != b->far_known)
		return "far_known";
	if (a->far_known && a->far_counter != b->far_counter)
		return "far_counter";
	if (a->far_known && a->far_time != b->far_time)
		return "far_time";
	if (a->used != b->used)
		return "token.used";
	if (a->id != b->id || a->enabled != b->enabled ||
	    a->created != b->created || memcmp(&x, &y, sizeof(x)) != 0)
		return "a part of a token that no attempt changes";
	return NULL;
}

static const char *
rest_differs(const struct account *a, const struct account *b)
{
	const char *field;

	if (strcmp(a->user, b->user) != 0 || a->created != b->created ||
	    a->sequence != b->sequence || a->from_step != b->from_step ||
	    a->recovery_key_set != b->recovery_key_set ||
	    memcmp(&a->recovery_key, &b->recovery_key, SECRET_KEY_LEN) != 0 ||
	    a->recovery_count != b->recovery_count ||
	    a->token_count != b->token_count)
		return "a part of the account that no attempt changes";
	for (size_t i = 0; i < a->recovery_count; i++)
		if (a->recovery[i].used != b->recovery[i].used ||
		    a->recovery[i].id != b->recovery[i].id ||
		    a->recovery[i].issued != b->recovery[i].issued ||
		    a->recovery[i].expires != b->recovery[i].expires ||
		    memcmp(a->recovery[i].mac, b->recovery[i].mac,
			ACCOUNT_MAC_LEN) != 0)
			return "recovery";
	for (size_t i = 0; i < a->token_count; i++)
		if ((field = token_differs(&a->tokens[i], &b->tokens[i])) !=
		    NULL)
			return field;
	return NULL;
}

/* The first field in which two accounts differ, NULL if there is none. */
const char *
account_differs(const struct account *a, const struct account *b)
{
	if (a->failures != b->failures)
		return "failures";
	if (a->spent != b->spent)
		return "spent";
	if (a->spent > 0 && a->spent_time != b->spent_time)
		return "spent_time";
	if (a->failed != b->failed)
		return "failed";
	if (a->replayed != b->replayed)
		return "replayed";
	if (a->late != b->late)
		return "late";
	if (a->last_success != b->last_success)
		return "last_success";
	if (a->last_failure != b->last_failure)
		return "last_failure";
	return rest_differs(a, b);
}

/* What is said of the token that matched must be true of one that did. */
static const char *
match_differs(const struct trial *t)
{
	const struct verification *got = &t->got;
	uint64_t stored, first;
	size_t i = 0;

	if (got->matched != t->want.matched)
		return "verification.matched";
	if (!got->matched)
		return NULL;
	while (i < t->before.token_count &&
	       strcmp(t->before.tokens[i].token.label, got->token) != 0)
		i++;
	if (i == t->before.token_count || !t->want.hits[i].found)
		return "verification.token";
	first = t->want.hits[i].counter;
	stored = t->before.tokens[i].token.counter;
	if (got->counter != first + t->typed.count - 1)
		return "verification.counter";
	if (got->distance !=
	    (first >= stored ? first - stored : stored - first))
		return "verification.distance";
	if (got->age != (t->before.tokens[i].token.form == FORM_TIMED
				? t->now - t->want.hits[i].step * 120 - 60
				: 0))
		return "verification.age";
	if (verdict_admits(got->verdict) && got->skipped != got->distance)
		return "verification.skipped";
	return NULL;
}

/* At UINT32_MAX a tally stands still: writing it or not is the same. */
static bool
standing_still(const struct trial *t)
{
	return t->before.replayed == UINT32_MAX;
}

const char *
verification_differs(const struct trial *t)
{
	const struct verification *got = &t->got;
	const struct answer *want = &t->want;

	if (got->verdict != want->verdict)
		return "verdict";
	if (got->changed != want->changed && !standing_still(t))
		return "verification.changed";
	if (got->guarded != want->guarded && want->verdict != VERDICT_DISABLED)
		return "verification.guarded";
	if (got->recovery != want->recovery)
		return "verification.recovery";
	if (verdict_admits(got->verdict) &&
	    (got->failed != want->failed || got->replayed != want->replayed ||
		got->late != want->late))
		return "the tallies told";
	if (verdict_admits(got->verdict) &&
	    got->recovery_left != want->recovery_left)
		return "verification.recovery_left";
	return match_differs(t);
}

void
print_account(const struct account *a, const char *name)
{
	fprintf(stderr,
	    "%s: failures %u spent %u since %" PRId64
	    " failed %u replayed %u late %u success %" PRId64
	    " failure %" PRId64 " from step %" PRId64 "\n",
	    name, a->failures, a->spent, a->spent_time, a->failed, a->replayed,
	    a->late, a->last_success, a->last_failure, a->from_step);
	for (size_t i = 0; i < a->token_count; i++) {
		const struct account_token *t = &a->tokens[i];

		fprintf(stderr,
		    "  token %zu id %" PRId64 " form %d digits %u counter "
		    "%" PRIu64 "%s used %" PRId64,
		    i, t->id, (int)t->token.form, t->token.digits,
		    t->token.counter, t->enabled ? "" : " disabled", t->used);
		if (t->far_known)
			fprintf(stderr, " far %" PRIu64 " at %" PRId64,
			    t->far_counter, t->far_time);
		fputc('\n', stderr);
	}
}
