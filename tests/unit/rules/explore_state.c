/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "tests/support/cases.h"
#include "tests/unit/rules/explore.h"

#define PLACES (1 << 23)
#define STATES (PLACES / 4 * 3)

const struct world *world;

static struct found *found;
static uint32_t found_count, *places;

static uint64_t
hash_of(const struct state *state)
{
	const uint8_t *bytes = (const uint8_t *)state;
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < sizeof(*state); i++)
		hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
	return hash ^ hash >> 29;
}

void
states_add(const struct state *state, uint32_t parent, unsigned int action)
{
	uint64_t at = hash_of(state) % PLACES;

	while (places[at] != 0) {
		if (memcmp(&found[places[at] - 1].state, state,
			sizeof(*state)) == 0)
			return;
		at = (at + 1) % PLACES;
	}
	ck_assert_msg(found_count < STATES, "there is no room for more states");
	found[found_count] = (struct found){*state, parent, (uint16_t)action};
	places[at] = ++found_count;
}

void
states_make(void)
{
	found = malloc(STATES * sizeof(*found));
	places = calloc(PLACES, sizeof(*places));
	found_count = 0;
	ck_assert(found != NULL && places != NULL);
}

void
states_free(void)
{
	free(found);
	free(places);
}

uint32_t
states_count(void)
{
	return found_count;
}

const struct found *
states_at(uint32_t at)
{
	return &found[at];
}

unsigned int
tokens_of(void)
{
	return world->forms[1] == FORM_NONE ? 1 : 2;
}

bool
is_timed(unsigned int i)
{
	return world->forms[i] == FORM_TIMED;
}

int
far_end(unsigned int i)
{
	return (int)world->policy.resync_window / (is_timed(i) ? 3 : 1);
}

static int64_t
clip_value(int64_t value, int64_t most)
{
	return value > most ? most : value < -most ? -most : value;
}

int
clip_steps(int steps)
{
	return (int)clip_value(steps, FAR_AWAY);
}

static void
unpack_token(const struct state *s, unsigned int i, struct account_token *t)
{
	t->id = i + 1;
	t->token.label[0] = (char)('0' + i);
	t->token.form = world->forms[i];
	t->token.algorithm = ALGORITHM_SHA256;
	t->token.digits = ROLLCODE_DIGITS_MAX;
	t->token.counter = BASE + (uint64_t)s->tokens[i].counter;
	t->token.secret.len = ROLLCODE_SECRET_MIN;
	t->token.secret.bytes[0] = (uint8_t)i;
	t->enabled = !s->tokens[i].disabled;
	t->created = 1;
	t->far_known = s->tokens[i].far != NONE;
	if (!t->far_known)
		return;
	t->far_counter = t->token.counter + (uint64_t)s->tokens[i].far;
	t->far_time = NOW - s->tokens[i].far_age * ROLLCODE_STEP;
}

static void
unpack_recovery(const struct state *s, struct account *a)
{
	a->recovery_key_set = true;
	a->recovery_count = 2;
	for (int i = 0; i < 2; i++) {
		struct account_recovery *r = &a->recovery[i];

		r->id = i + 1;
		memset(r->mac, 'A' + i, ACCOUNT_MAC_LEN);
		r->issued = 1;
		r->used = (s->used & 1 << i) != 0;
	}
	a->recovery[1].expires = NOW + s->once * ROLLCODE_STEP;
	a->recovery[1].issued =
	    a->recovery[1].expires - ONCE_STEPS * ROLLCODE_STEP;
}

void
unpack_state(const struct state *s, struct account *a)
{
	memset(a, 0, sizeof(*a));
	a->user[0] = 'u';
	a->token_count = tokens_of();
	for (unsigned int i = 0; i < tokens_of(); i++)
		unpack_token(s, i, &a->tokens[i]);
	a->failures = (uint32_t)s->failures;
	a->spent = (uint32_t)s->spent;
	if (s->spent > 0)
		a->spent_time = NOW - s->spent_age * ROLLCODE_STEP;
	if (s->from != NONE)
		a->from_step = code_step(NOW) + s->from;
	if (world->recovery)
		unpack_recovery(s, a);
}

/* What the account is becomes the state's; what really happened stays. */
static void
pack_token(const struct account_token *t, unsigned int i, struct state *s)
{
	int64_t counter = (int64_t)t->token.counter - BASE;
	int64_t moved = counter - s->tokens[i].counter;

	s->tokens[i].counter = (int8_t)counter;
	s->tokens[i].passed = (int8_t)(s->tokens[i].passed - moved);
	s->tokens[i].entered = (int8_t)(s->tokens[i].entered - moved);
	if (s->tokens[i].pressed != NONE)
		s->tokens[i].pressed = (int8_t)(s->tokens[i].pressed - moved);
	s->tokens[i].disabled = !t->enabled;
	s->tokens[i].far = NONE;
	s->tokens[i].far_age = 0;
	if (!t->far_known)
		return;
	s->tokens[i].far = (int8_t)(t->far_counter - t->token.counter);
	s->tokens[i].far_age =
	    (int8_t)clip_value((NOW - t->far_time) / ROLLCODE_STEP, FAR_AWAY);
}

void
pack_account(const struct account *a, struct state *s)
{
	for (unsigned int i = 0; i < tokens_of(); i++)
		pack_token(&a->tokens[i], i, s);
	s->failures = (int8_t)a->failures;
	s->spent = (int8_t)a->spent;
	s->spent_age = a->spent == 0
			   ? 0
			   : (int16_t)((NOW - a->spent_time) / ROLLCODE_STEP);
	for (size_t i = 0; i < a->recovery_count; i++)
		if (a->recovery[i].used != 0)
			s->used |= (int8_t)(1 << i);
}

void
normalise_state(struct state *s)
{
	for (unsigned int i = 0; i < tokens_of(); i++)
		if (!world->planted)
			s->tokens[i].counter = 0;
		else
			s->tokens[i].counter %= ROUND;
	for (unsigned int i = 0; i < tokens_of(); i++) {
		s->tokens[i].passed =
		    (int8_t)clip_value(s->tokens[i].passed, ROUND);
		s->tokens[i].entered =
		    (int8_t)clip_value(s->tokens[i].entered, FAR_AWAY / 2);
		s->tokens[i].made =
		    (int8_t)clip_value(s->tokens[i].made, FAR_AWAY);
		s->tokens[i].far_age =
		    (int8_t)clip_value(s->tokens[i].far_age, FAR_AWAY);
		if (!world->put_back)
			s->tokens[i].made = s->tokens[i].entered = 0;
	}
	s->once = (int8_t)clip_value(s->once, FAR_AWAY);
	if (s->from != NONE)
		s->from = (int8_t)clip_value(s->from, FAR_AWAY);
	/* Of a day that has begun only the first steps. */
	if (s->spent_age % DAY_STEPS > 4)
		s->spent_age =
		    (int16_t)(s->spent_age / DAY_STEPS * DAY_STEPS + 4);
	if (s->spent_age < -FAR_AWAY)
		s->spent_age = -FAR_AWAY;
	if (s->spent_age > 4 * DAY_STEPS)
		s->spent_age = 4 * DAY_STEPS;
}
