/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "common/token/code.h"
#include "tests/support/cases.h"
#include "tests/support/model_code.h"
#include "tests/support/typing.h"

static struct account_token *
any_token(struct world *world)
{
	return &world->account.tokens[roll(world, world->account.token_count)];
}

static uint64_t
moved(const struct account_token *token, uint64_t counter, int64_t by)
{
	uint64_t first = token->token.form == FORM_HASH ? 1 : 0;

	if (by < 0 && counter < first + (uint64_t)-by)
		return first;
	return counter + (uint64_t)by;
}

/* A counter at or near an edge of one of the ranges of a token. */
static uint64_t
position(struct world *world, const struct account_token *token)
{
	const struct policy *p = &world->policy;
	int64_t window = p->resync_window > 0 ? p->resync_window : 10;
	int64_t by[] = {
	    0,
	    0,
	    0,
	    0,
	    (int64_t)roll(world, (uint64_t)p->tolerance),
	    p->tolerance - 1,
	    p->tolerance,
	    window - 2,
	    window - 1,
	    window,
	    p->tolerance + (int64_t)roll(world, (uint64_t)window),
	    -1,
	    -2,
	    -p->lookbehind,
	    -p->lookbehind - 1,
	    -(int64_t)roll(world, (uint64_t)p->lookbehind) - 1,
	};

	if (token->far_known && roll(world, 8) == 0)
		return token->far_counter + roll(world, 3);
	return moved(token, token->token.counter, by[roll(world, COUNT(by))]);
}

/* Codes of one line are mostly of one step. */
static void
say(struct world *world, char *text, const struct account_token *token,
    uint64_t counter)
{
	int64_t step = code_step(world->now) + world->ahead;

	if (roll(world, 8) == 0)
		step += (int64_t)roll(world, 5) - 2;
	strcat(text, model_code(token, counter, step < 0 ? 0 : step));
}

static void
say_random(struct world *world, char *text, unsigned int width)
{
	static const char digits[] = "0123456789abcdef";
	uint64_t base = width == ROLLCODE_HEX_DIGITS ? 16 : 10;
	size_t len = strlen(text);

	for (unsigned int i = 0; i < width; i++)
		text[len++] = digits[roll(world, base)];
	text[len] = '\0';
}

static void
type_run(struct world *world, char *text, unsigned int count)
{
	const struct account_token *token = any_token(world);
	uint64_t at = position(world, token);

	for (unsigned int i = 0; i < count; i++)
		say(world, text, token, at + i);
}

/* The far code and the one after it, as somebody does who presses again. */
static void
type_again(struct world *world, char *text)
{
	const struct account_token *token = any_token(world);
	uint64_t far = token->token.counter +
		       (uint64_t)world->policy.tolerance + roll(world, 3);

	for (size_t i = 0; i < world->account.token_count; i++)
		if (world->account.tokens[i].far_known)
			token = &world->account.tokens[i];
	say(world, text, token,
	    token->far_known ? token->far_counter + 1 : far);
}

/* Real codes in an order that no token makes. */
static void
type_disorder(struct world *world, char *text)
{
	static const int64_t steps[][3] = {
	    {1, 0, 0}, {0, 0, 0}, {0, 2, 0}, {0, 3, 0}, {2, 1, 0}, {1, 2, 0}};
	const int64_t *step = steps[roll(world, COUNT(steps))];
	const struct account_token *token = any_token(world);
	uint64_t at = position(world, token);
	uint64_t count = roll(world, 4) == 0 ? 3 : 2;

	for (uint64_t i = 0; i < count; i++)
		say(world, text, token, at + (uint64_t)step[i]);
}

static void
type_two_tokens(struct world *world, char *text)
{
	const struct account_token *token;

	for (int i = 0; i < 2; i++) {
		token = any_token(world);
		say(world, text, token, position(world, token));
	}
}

/* One real code and a guess at its neighbour. */
static void
type_half(struct world *world, char *text)
{
	const struct account_token *token = any_token(world);
	uint64_t at = position(world, token), real = roll(world, 2);

	for (uint64_t i = 0; i < 2; i++)
		if (i == real)
			say(world, text, token, at);
		else
			say_random(world, text, token->token.digits);
}

static void
type_wrong(struct world *world, char *text)
{
	const struct account_token *token = any_token(world);
	static const unsigned int counts[] = {1, 1, 1, 2, 3};
	unsigned int count = counts[roll(world, COUNT(counts))];
	uint64_t at = position(world, token);

	for (unsigned int i = 0; i + 1 < count; i++)
		say(world, text, token, at + i);
	say_random(world, text, token->token.digits);
}

static void
type_shape(struct world *world, char *text)
{
	static const unsigned int widths[] = {6, 7, 8, 64};
	unsigned int width = widths[roll(world, COUNT(widths))];
	uint64_t count = 1 + roll(world, 3);

	while (count-- > 0)
		say_random(world, text, width);
}

static void
type_recovery(struct world *world, char *text)
{
	if (world->account.recovery_count > 0 && roll(world, 3) > 0) {
		strcpy(text,
		    world
			->recovery[roll(world, world->account.recovery_count)]);
		return;
	}
	for (int i = 0; i < RECOVERY_DIGITS; i++)
		text[i] = (char)('a' + roll(world, 26));
	text[RECOVERY_DIGITS] = '\0';
}

void
type_text(struct world *world, char *text)
{
	static const int64_t ahead[] = {
	    -1, 1, -2, 2, -3, -14, 14, -15, 15, -16, 16};
	uint64_t kind = roll(world, 100);

	text[0] = '\0';
	world->ahead =
	    roll(world, 3) > 0 ? 0 : ahead[roll(world, COUNT(ahead))];
	if (kind < 26)
		type_run(world, text, 1);
	else if (kind < 42)
		type_again(world, text);
	else if (kind < 55)
		type_run(world, text, 2);
	else if (kind < 61)
		type_run(world, text, 3);
	else if (kind < 68)
		type_disorder(world, text);
	else if (kind < 72)
		type_two_tokens(world, text);
	else if (kind < 78)
		type_half(world, text);
	else if (kind < 90)
		type_wrong(world, text);
	else if (kind < 93)
		type_shape(world, text);
	else if (kind < 96)
		type_recovery(world, text);
	else
		strcpy(text, world->last);
}

void
pass_time(struct world *world)
{
	const int64_t back = -(int64_t)roll(world, 400);
	const int64_t steps[] = {0, 1, 1, 2, 3, 7, 20, 30, back,
	    world->policy.resync_seconds, world->policy.resync_seconds + 1,
	    3600, 2 * 3600, DAY - 1, DAY, DAY + 1};
	uint64_t kind = roll(world, 100);

	if (kind < 30)
		world->now += (int64_t)roll(world, 3);
	else if (kind < 60)
		world->now += steps[roll(world, COUNT(steps))];
	else if (kind < 62)
		world->now += DAY * (int64_t)roll(world, 30);
	else if (kind < 63)
		world->now -= DAY * (int64_t)roll(world, 4);
}

static void
forget_far(struct account_token *token)
{
	token->far_known = false;
	token->far_counter = 0;
	token->far_time = 0;
}

/*
 * The administrator sets a counter forward.  The remembered position may
 * stay: what then lies behind the counter must be without effect.
 */
static void
set_forward(struct world *world, struct account_token *token)
{
	uint64_t counter = token->token.counter;
	uint64_t to = counter + roll(world, 12);

	if (token->far_known && roll(world, 4) > 0)
		to = token->far_counter + roll(world, 4);
	if (to > counter)
		token->token.counter =
		    to < ROLLCODE_COUNTER_END ? to : ROLLCODE_COUNTER_END;
	if (roll(world, 4) == 0)
		forget_far(token);
}

void
change_token(struct world *world, const struct account_token *pool)
{
	struct account_token *token = any_token(world);

	switch (roll(world, 6)) {
	case 0:
		world_replace(world, pool, token);
		break;
	case 1:
	case 2:
	case 3:
		for (size_t i = 0; i < world->account.token_count; i++)
			if (world->account.tokens[i].far_known)
				token = &world->account.tokens[i];
		set_forward(world, token);
		break;
	default:
		token->enabled = !token->enabled;
		break;
	}
}
