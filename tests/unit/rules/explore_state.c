/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "tests/support/cases.h"
#include "tests/unit/rules/explore.h"

#define PLACES_FIRST (1U << 12)

const struct world *world;

/*
 * Three of four places are taken at most.  The lower half of one is the number
 * of a state, from 1; the upper one of its hash, so that few states are looked
 * at.
 */
static uint64_t *places;
static uint32_t place_count;

static struct found *found;
static uint32_t found_count;

uint64_t
hash_bytes(const void *bytes, size_t len, uint64_t more)
{
	uint64_t hash = more, word;

	for (size_t i = 0; i < len; i += sizeof(word)) {
		memcpy(&word, (const uint8_t *)bytes + i, sizeof(word));
		hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 31;
	}
	return hash;
}

static void
put_place(uint64_t hash, uint32_t number)
{
	uint32_t at = (uint32_t)hash % place_count;

	while (places[at] != 0)
		at = (at + 1) % place_count;
	places[at] = hash >> 32 << 32 | number;
}

static void
make_room(uint32_t count)
{
	free(places);
	place_count = count;
	places = calloc(count, sizeof(*places));
	found = realloc(found, count / 4 * 3 * sizeof(*found));
	ck_assert_msg(places != NULL && found != NULL, "no memory");
	for (uint32_t i = 0; i < found_count; i++)
		put_place(hash_bytes(&found[i].state, sizeof(found->state), 0),
		    i + 1);
}

void
states_add(const struct state *state, uint32_t parent, unsigned int action)
{
	uint64_t hash = hash_bytes(state, sizeof(*state), 0);
	uint32_t at = (uint32_t)hash % place_count;

	for (; places[at] != 0; at = (at + 1) % place_count)
		if (places[at] >> 32 == hash >> 32 &&
		    memcmp(&found[(uint32_t)places[at] - 1].state, state,
			sizeof(*state)) == 0)
			return;
	if (found_count == place_count / 4 * 3)
		make_room(2 * place_count);
	found[found_count] = (struct found){*state, parent, (uint16_t)action};
	put_place(hash, ++found_count);
}

void
states_make(void)
{
	make_room(PLACES_FIRST);
}

void
states_free(void)
{
	free(found);
	free(places);
	found = NULL;
	places = NULL;
	found_count = 0;
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

int
far_end(unsigned int i)
{
	int far = (int)world->policy.resync_window / (is_timed(i) ? 3 : 1);
	int near = (int)world->policy.tolerance;

	return far > near ? far : near;
}

int
behind_end(unsigned int i)
{
	return (int)world->policy.lookbehind / (is_timed(i) ? 4 : 1);
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
unpack_token(const struct seen *s, unsigned int i, struct account_token *t)
{
	t->id = i + 1;
	t->token.label[0] = (char)('0' + i);
	t->token.form = world->forms[i];
	t->token.algorithm = ALGORITHM_SHA256;
	t->token.digits = world->digits[i];
	t->token.counter =
	    first_counter() + (uint64_t)(int64_t)s->tokens[i].counter;
	t->token.secret.len = ROLLCODE_SECRET_MIN;
	t->token.secret.bytes[0] = (uint8_t)i;
	t->enabled = !s->tokens[i].disabled;
	t->created = 1;
	t->far_known = s->tokens[i].far != NONE;
	if (!t->far_known)
		return;
	t->far_counter = t->token.counter + (uint64_t)(int64_t)s->tokens[i].far;
	t->far_time = NOW - s->tokens[i].far_age * ROLLCODE_STEP;
}

static void
unpack_recovery(const struct seen *s, struct account *a)
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
unpack_account(const struct seen *s, struct account *a)
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

static void
pack_token(const struct account_token *t, unsigned int i, struct seen *s)
{
	s->tokens[i].counter = (int8_t)(t->token.counter - first_counter());
	s->tokens[i].disabled = !t->enabled;
	s->tokens[i].far = NONE;
	s->tokens[i].far_age = 0;
	if (!t->far_known)
		return;
	s->tokens[i].far = (int8_t)(t->far_counter - t->token.counter);
	s->tokens[i].far_age =
	    (int8_t)clip_steps((int)((NOW - t->far_time) / ROLLCODE_STEP));
}

void
pack_account(const struct account *a, struct seen *s)
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

static void
normalise_token(struct state *s, unsigned int i)
{
	int8_t *counter = &s->is.tokens[i].counter;

	if (world->planted)
		*counter = (int8_t)(*counter & (ROUND - 1));
	else if (world->ends == 0)
		*counter = 0;
	s->is.tokens[i].far_age = (int8_t)clip_steps(s->is.tokens[i].far_age);
	s->real[i].passed = (int8_t)clip_value(s->real[i].passed, ROUND);
	s->real[i].entered =
	    (int8_t)clip_value(s->real[i].entered, FAR_AWAY / 2);
	s->real[i].made = (int8_t)clip_steps(s->real[i].made);
	if (!world->put_back)
		s->real[i].entered = 0;
	if (!world->put_back || !is_timed(i))
		s->real[i].made = 0;
}

void
normalise_state(struct state *s)
{
	int16_t *age = &s->is.spent_age;

	for (unsigned int i = 0; i < tokens_of(); i++)
		normalise_token(s, i);
	s->is.once = (int8_t)clip_steps(s->is.once);
	if (s->is.from != NONE)
		s->is.from = (int8_t)clip_steps(s->is.from);
	/* Of a day that has begun only the first steps. */
	if (*age % DAY_STEPS > 4)
		*age = (int16_t)(*age / DAY_STEPS * DAY_STEPS + 4);
	if (*age < -FAR_AWAY)
		*age = -FAR_AWAY;
	if (*age > 4 * DAY_STEPS)
		*age = 4 * DAY_STEPS;
}
