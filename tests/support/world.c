/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include <openssl/hmac.h>

#include "common/token/code.h"
#include "tests/support/cases.h"
#include "tests/support/model_code.h"
#include "tests/support/world.h"

#define POOL_PLAIN 18 /* tokens of random secrets */
#define POOL_SHARED 4 /* pairs of tokens with a code in common */
_Static_assert(POOL == POOL_PLAIN + 2 + 2 * POOL_SHARED, "POOL");

uint64_t
random_next(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

uint64_t
roll(struct world *world, uint64_t sides)
{
	return sides == 0 ? 0 : random_next(&world->random) % sides;
}

static void
pool_secret(struct world *world, struct account_token *token, size_t len)
{
	token->token.secret.len = len;
	for (size_t i = 0; i < len; i++)
		token->token.secret.bytes[i] = (uint8_t)roll(world, 256);
	if (token->token.form == FORM_HASH)
		for (size_t i = 0; i < len; i++)
			token->token.secret.bytes[i] =
			    (uint8_t)('!' + roll(world, 90));
}

static void
pool_plain(struct world *world, struct account_token *token, size_t i)
{
	token->token.form = FORM_HOTP;
	token->token.algorithm = (enum rollcode_algorithm)(1 + i % 3);
	token->token.digits = (unsigned int)(6 + 2 * (i % 2));
	if (i % 7 == 6)
		token->token.digits = 7;
	if (i % 5 == 4) {
		token->token.form = i % 2 == 0 ? FORM_HASH : FORM_HEX;
		token->token.algorithm = ALGORITHM_SHA256;
		token->token.digits = ROLLCODE_HEX_DIGITS;
	}
	if (i % 3 == 1) {
		token->token.form = FORM_TIMED;
		token->token.algorithm = ALGORITHM_SHA256;
		token->token.digits = i % 2 == 0 ? ROLLCODE_HEX_DIGITS : 8;
	}
	pool_secret(world, token, 16 + i);
}

/* Counters 1 and 3 of these make the same code. */
static void
pool_repeating(struct account_token *token, size_t i)
{
	static const struct {
		const char *hex;
		enum rollcode_algorithm algorithm;
	} known[] = {
	    {"24734d46d5ffa7bcd377a71419482ba20ba04f5f", ALGORITHM_SHA1},
	    {"e8d7b59215e0a22bec4b57edcab89ee6"
	     "44cf411d81984c6cce18f95dc0177e68",
		ALGORITHM_SHA256},
	};
	struct secret *secret = &token->token.secret;
	unsigned int byte;

	token->token.form = FORM_HOTP;
	token->token.algorithm = known[i].algorithm;
	token->token.digits = 6;
	secret->len = strlen(known[i].hex) / 2;
	for (size_t at = 0; at < secret->len; at++) {
		(void)sscanf(known[i].hex + 2 * at, "%2x", &byte);
		secret->bytes[at] = (uint8_t)byte;
	}
}

static bool
pool_meet(const struct account_token *a, const struct account_token *b)
{
	char text[ROLLCODE_HEX_DIGITS + 1];

	for (uint64_t c = 0; c < 6; c++) {
		model_compute(&b->token, c, 0, text);
		for (uint64_t d = 0; d < 6; d++)
			if (strcmp(text, model_code(a, d, 0)) == 0)
				return true;
	}
	return false;
}

/* Search a second token that makes one of the first one's early codes. */
static void
pool_shared(
    struct world *world, struct account_token *a, struct account_token *b)
{
	a->token.form = b->token.form = FORM_HOTP;
	a->token.digits = b->token.digits = 6;
	a->token.algorithm = ALGORITHM_SHA1;
	b->token.algorithm = ALGORITHM_SHA256;
	pool_secret(world, a, 20);
	do
		pool_secret(world, b, 32);
	while (!pool_meet(a, b));
}

void
pool_make(struct account_token *pool, uint64_t seed)
{
	struct world world = {.random = seed};

	memset(pool, 0, POOL * sizeof(*pool));
	for (size_t i = 0; i < POOL; i++) {
		pool[i].id = (int64_t)i + 1;
		pool[i].enabled = true;
		snprintf(pool[i].token.label, sizeof(pool[i].token.label),
		    "token-%zu", i);
	}
	for (size_t i = 0; i < POOL_PLAIN; i++)
		pool_plain(&world, &pool[i], i);
	for (size_t i = 0; i < 2; i++)
		pool_repeating(&pool[POOL_PLAIN + i], i);
	for (size_t i = POOL_PLAIN + 2; i < POOL; i += 2)
		pool_shared(&world, &pool[i], &pool[i + 1]);
}

/* Most policies are small, so that a walk is short; a few are the limits. */
static void
world_policy(struct world *world)
{
	static const struct policy policies[] = {
	    {3, 8, 300, 5, 20, 6},
	    {1, 6, 300, 3, 4, 4},
	    {2, 12, 60, 2, 6, 5},
	    {5, 6, 300, 5, 20, 8},
	    {1, 0, 300, 1, 1, 0},
	    {4, 0, 300, 2, 30, 3},
	    {1, 2, 0, 4, 3, 1},
	    {2, 5, 300, 100, 1000, 0},
	    {1, 10, 300, 1, 20, 2},
	    {6, 14, 300, 5, 2, 7},
	    /* the costly ones */
	    {5, 1000, 300, 5, 20, 64},
	    {100, 0, 300, 5, 20, 64},
	    {100, 101, 300, 5, 20, 10},
	    {5, 2500, 300, 2, 20, 10},
	    {5, 2501, 300, 2, 20, 10},
	};
	size_t cheap = COUNT(policies) - 5;
	size_t at =
	    roll(world, 60) == 0 ? cheap + roll(world, 5) : roll(world, cheap);

	world->policy = policies[at];
}

static bool
world_has(const struct world *world, int64_t id)
{
	for (size_t i = 0; i < world->account.token_count; i++)
		if (world->account.tokens[i].id == id)
			return true;
	return false;
}

static uint64_t
world_start(struct world *world, const struct account_token *token)
{
	static const uint64_t starts[] = {0, 0, 5, 1000, 0x7ffffffd, 0x80000000,
	    0xfffffffc, (uint64_t)1 << 53, ROLLCODE_COUNTER_END};
	uint64_t start = starts[roll(world, COUNT(starts))];

	if (token->id > POOL_PLAIN)
		return roll(world, 4);
	if (start == ROLLCODE_COUNTER_END)
		return start - roll(world, 14);
	start += roll(world, 4);
	return token->token.form == FORM_HASH && start == 0 ? 1 : start;
}

void
world_replace(struct world *world, const struct account_token *pool,
    struct account_token *token)
{
	size_t at;

	do
		at = roll(world, POOL);
	while (world_has(world, pool[at].id));
	*token = pool[at];
	token->token.counter = world_start(world, token);
	token->created = world->now;
}

/* Two tokens that share a code, to begin with. */
static void
world_shared(struct world *world, const struct account_token *pool)
{
	size_t at = POOL_PLAIN + 2 + 2 * roll(world, POOL_SHARED);

	for (size_t i = 0; i < 2; i++) {
		world->account.tokens[i] = pool[at + i];
		world->account.tokens[i].token.counter = roll(world, 5);
	}
	world->account.token_count = 2;
}

static void
world_recovery(struct world *world)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	struct account *account = &world->account;
	unsigned int len;

	for (size_t i = 0; i < SECRET_KEY_LEN; i++)
		account->recovery_key.bytes[i] = (uint8_t)roll(world, 256);
	account->recovery_key_set = true;
	account->recovery_count = roll(world, ACCOUNT_RECOVERY_MAX + 1);
	for (size_t i = 0; i < account->recovery_count; i++) {
		char *code = world->recovery[i];

		code[0] = digits[roll(world, 26)];
		for (size_t d = 1; d < RECOVERY_DIGITS; d++)
			code[d] = digits[roll(world, 32)];
		account->recovery[i].id = (int64_t)i + 1;
		account->recovery[i].issued = world->now;
		if (roll(world, 3) == 0)
			account->recovery[i].expires =
			    world->now + 1 + (int64_t)roll(world, 3 * DAY);
		HMAC(EVP_sha256(), account->recovery_key.bytes, SECRET_KEY_LEN,
		    (unsigned char *)code, RECOVERY_DIGITS,
		    account->recovery[i].mac, &len);
	}
}

void
world_restore(struct world *world)
{
	int64_t step = code_step(world->now) + (int64_t)roll(world, 6) - 3;

	world->account.from_step = step < 1 ? 1 : step;
}

/* What came before: mostly nothing, sometimes the edge of a limit. */
static void
world_past(struct world *world)
{
	static const uint32_t tallies[] = {3, UINT32_MAX - 1, UINT32_MAX};
	struct account *account = &world->account;

	if (roll(world, 3) == 0)
		account->failures = (uint32_t)roll(
		    world, (uint64_t)world->policy.guard_after + 2);
	if (roll(world, 3) == 0)
		account->spent =
		    (uint32_t)roll(world, (uint64_t)world->policy.guesses + 3);
	if (account->spent > 0)
		account->spent_time = world->now - (int64_t)roll(world, DAY);
	if (roll(world, 8) == 0)
		account->failed = tallies[roll(world, COUNT(tallies))];
	if (roll(world, 8) == 0)
		account->replayed = tallies[roll(world, COUNT(tallies))];
	if (roll(world, 8) == 0)
		account->late = tallies[roll(world, COUNT(tallies))];
	if (roll(world, 6) == 0)
		world_restore(world);
}

void
world_make(struct world *world, const struct account_token *pool, uint64_t seed)
{
	static const size_t counts[] = {1, 1, 1, 2, 2, 3, 3, 4, 8};
	struct account *account = &world->account;
	size_t want;

	memset(world, 0, sizeof(*world));
	world->random = seed;
	world->now = 1700000000 + (int64_t)roll(world, 1000000);
	if (roll(world, 40) == 0)
		world->now = (int64_t)roll(world, 4000);
	strcpy(account->user, "ann");
	world_policy(world);
	if (roll(world, 4) == 0)
		world_shared(world, pool);
	want = counts[roll(world, COUNT(counts))];
	while (account->token_count < want) {
		world_replace(
		    world, pool, &account->tokens[account->token_count]);
		account->token_count++;
	}
	for (size_t i = 0; i < account->token_count; i++)
		if (roll(world, 10) == 0)
			account->tokens[i].enabled = false;
	if (roll(world, 2) == 0)
		world_recovery(world);
	world_past(world);
}
