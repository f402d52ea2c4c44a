/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules, explored: from a new account every state that typing, time, an
 * administrator and a store that is put back can lead to, up to a depth.
 *
 * Windows are small, and codes are numbers that are made here: each is of one
 * token, counter and step, but for some that are planted twice.  Only what
 * differs between states counts: counters and times are relative, and what no
 * rule reads is left out.  Beside the account a state has what really happened,
 * which no rule can see.
 *
 *	ROLLCODE_DEPTH	how many steps deeper than is usual, or -2 for two less
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/token/seal.h"
#include "tests/support/cases.h"
#include "tests/unit/rules/explore.h"

/* --- codes ---------------------------------------------------------------- */

struct code_maker {
	unsigned int token;
	bool timed;
};

static struct code_maker makers[TOKENS];

enum rollcode_err
__wrap_code_open(struct code_maker **, const struct rollcode_token *);
enum rollcode_err
__wrap_code_at(struct code_maker *, uint64_t, int64_t, struct passcode *);
void __wrap_code_close(struct code_maker **);
enum rollcode_err
__wrap_seal_mac(const struct secret_key *, const char *, uint8_t *);

unsigned int
number_of(unsigned int token, uint64_t counter, int64_t step)
{
	unsigned int at = (unsigned int)(counter % ROUND);

	if (world->planted && token == 1 && at % 8 == 3)
		token = 0; /* what the other token makes there */
	if (world->planted && token == 0 && at % 8 == 6)
		at--; /* what it has made just before */
	return (token + 1) * 1000000 + at * 10000 + (unsigned int)(step % 1000);
}

static void
write_code(unsigned int number, unsigned int width, struct passcode *code)
{
	memset(code->text, '0', width);
	code->text[width] = '\0';
	for (unsigned int i = width; number > 0; number /= 10)
		code->text[--i] = (char)('0' + number % 10);
}

enum rollcode_err
__wrap_code_open(struct code_maker **maker, const struct rollcode_token *token)
{
	*maker = &makers[token->secret.bytes[0]];
	(*maker)->token = token->secret.bytes[0];
	(*maker)->timed = token->form == FORM_TIMED;
	return ROLLCODE_OK;
}

enum rollcode_err
__wrap_code_at(struct code_maker *maker, uint64_t counter, int64_t step,
    struct passcode *code)
{
	write_code(number_of(maker->token, counter, maker->timed ? step : 0),
	    ROLLCODE_DIGITS_MAX, code);
	return ROLLCODE_OK;
}

void
__wrap_code_close(struct code_maker **maker)
{
	*maker = NULL;
}

enum rollcode_err
__wrap_seal_mac(const struct secret_key *key, const char *text, uint8_t *mac)
{
	(void)key;
	memset(mac, text[0], ACCOUNT_MAC_LEN);
	return ROLLCODE_OK;
}

/* --- worlds --------------------------------------------------------------- */

static const struct world worlds[] = {
    {"one token", {FORM_HOTP, FORM_NONE}, false, true, false,
	{2, 5, 120, 2, 3, 2}, 8},
    {"two tokens with codes in common", {FORM_HOTP, FORM_HOTP}, true, false,
	false, {2, 4, 120, 2, 3, 2}, 5},
    {"one whose codes expire", {FORM_TIMED, FORM_NONE}, false, false, true,
	{2, 12, 120, 2, 3, 8}, 6},
    {"one of each", {FORM_TIMED, FORM_HOTP}, false, true, true,
	{2, 9, 120, 2, 3, 4}, 4},
};

/* --- what is done --------------------------------------------------------- */

static const char *const kind_names[] = {"type", "a wrong code", "recovery",
    "wait", "unlock", "resync", "disable or enable", "put back", "end"};

static struct action actions[600];
static unsigned int action_count;

static struct action *
add_action(enum kind kind, int number)
{
	struct action *a = &actions[action_count++];

	ck_assert_uint_le(action_count, COUNT(actions));
	memset(a, 0, sizeof(*a));
	a->kind = kind;
	a->number = number;
	return a;
}

/* Codes of one token from there on, all of one step but the last. */
static void
add_codes(enum kind kind, unsigned int token, unsigned int count, int at,
    int step, int last)
{
	struct action *a = add_action(kind, 0);

	a->count = count;
	for (unsigned int k = 0; k < count; k++) {
		a->codes[k].token = (int8_t)token;
		a->codes[k].at = (int8_t)(at + (int)k);
		a->codes[k].step = (int8_t)(k + 1 == count ? last : step);
	}
}

static void
add_typing(unsigned int i)
{
	static const int steps[] = {-16, -15, -2, -1, 0, 1, 2, 15, 16};

	for (int at = -2; at <= far_end(i); at++)
		for (size_t k = 0; k < COUNT(steps); k++)
			if (is_timed(i) || steps[k] == 0)
				add_codes(TYPE, i, 1, at, steps[k], steps[k]);
	for (unsigned int count = 2; count <= INPUT_CODES; count++) {
		for (int at = -2; at <= far_end(i); at++)
			add_codes(TYPE, i, count, at, 0, 0);
		if (!is_timed(i))
			continue;
		add_codes(TYPE, i, count, 0, 0, -2);
		add_codes(TYPE, i, count, 1, -2, 0);
		add_codes(TYPE, i, count, 0, -1, 1);
		add_codes(TYPE, i, count, 2, -2, -2);
	}
	add_codes(TYPE, i, 2, 1, 0, 0);
	actions[action_count - 1].codes[1].at = 0; /* the wrong way round */
	add_codes(TYPE, i, 2, 0, 0, 0);
	actions[action_count - 1].codes[1].at = 0; /* one code twice */
	add_codes(RESYNC, i, 2, 2, 0, 0);
	add_codes(RESYNC, i, 2, -1, 0, 0);
	add_action(ABLE, (int)i);
}

static void
list_actions(void)
{
	static const int waits[] = {1, -3, 17, DAY_STEPS};

	action_count = 0;
	for (unsigned int i = 0; i < tokens_of(); i++)
		add_typing(i);
	if (tokens_of() == 2) {
		add_codes(TYPE, 0, 2, 0, 0, 0);
		actions[action_count - 1].codes[1].token = 1;
	}
	add_action(WRONG, 0)->count = 1;
	add_action(WRONG, 0)->count = 3;
	for (int i = 0; i < 3 && world->recovery; i++)
		add_action(RECOVER, i);
	for (size_t i = 0; i < COUNT(waits); i++)
		add_action(WAIT, waits[i]);
	add_action(UNLOCK, 0);
	if (world->put_back) {
		add_action(PUT_BACK, 0);
		add_action(END, 0);
	}
}

/*
 * Nobody has a code of before one that was used that was made after it: a token
 * does not go back.
 */
static bool
can_be_typed(const struct state *s, const struct action *a)
{
	for (unsigned int k = 0; k < a->count && a->kind != WRONG; k++) {
		unsigned int i = (unsigned int)a->codes[k].token;

		if (is_timed(i) && a->codes[k].at < s->tokens[i].passed &&
		    a->codes[k].step > s->tokens[i].made)
			return false;
	}
	return true;
}

static void
fill_input(const struct state *s, const struct action *a, struct input *in,
    unsigned int numbers[INPUT_CODES])
{
	memset(in, 0, sizeof(*in));
	if (a->kind == RECOVER) {
		in->kind = INPUT_RECOVERY;
		memset(in->recovery, 'A' + a->number, RECOVERY_DIGITS);
		return;
	}
	in->kind = INPUT_CODE;
	in->count = a->count;
	in->width = ROLLCODE_DIGITS_MAX;
	for (unsigned int k = 0; k < a->count; k++) {
		numbers[k] = a->kind == WRONG
				 ? 99
				 : number_at(s, (unsigned int)a->codes[k].token,
				       a->codes[k].at, a->codes[k].step);
		write_code(numbers[k], in->width, &in->codes[k]);
	}
}

/* Type, and what is not written is not kept. */
static const char *
attempt_input(struct step *e)
{
	struct policy policy = world->policy;
	struct input input;
	const char *why;

	if (e->action->kind == RESYNC) {
		policy.guard_after = policy.guesses = 100;
		e->before.failures = e->before.spent = 0;
	}
	unpack_state(&e->before, &e->was);
	e->is = e->was;
	e->after = e->before;
	memset(&e->truth, 0, sizeof(e->truth));
	fill_input(&e->before, e->action, &input, e->truth.numbers);
	e->truth.count = input.count;
	find_truth(&e->before, &e->truth);
	if (verify_input(&e->is, &input, &policy, NOW, &e->got) != ROLLCODE_OK)
		return "it could not be verified";
	if ((why = check_attempt(e)) != NULL)
		return why;
	pack_account(e->got.changed ? &e->is : &e->was, &e->after);
	return NULL;
}

static void
let_pass(struct state *s, int steps)
{
	for (unsigned int i = 0; i < tokens_of(); i++) {
		if (s->tokens[i].far != NONE)
			s->tokens[i].far_age =
			    (int8_t)clip_steps(s->tokens[i].far_age + steps);
		s->tokens[i].made =
		    (int8_t)clip_steps(s->tokens[i].made - steps);
	}
	if (s->spent > 0)
		s->spent_age = (int16_t)(s->spent_age + steps);
	s->once = (int8_t)clip_steps(s->once - steps);
	if (s->from != NONE)
		s->from = (int8_t)clip_steps(s->from - steps);
}

/*
 * A copy of before the last two codes of each token comes back.  It knows
 * nothing of codes that came too late: of a clock that is fast they may be good
 * then.  Nor if the clock was set back before: when it was is told by the
 * clock.
 */
static bool
put_back(struct state *s)
{
	bool can = s->from == NONE;

	for (unsigned int i = 0; i < tokens_of(); i++)
		can = can && s->tokens[i].made <= 1;
	for (unsigned int i = 0; i < tokens_of() && can; i++) {
		s->tokens[i].counter = (int8_t)(s->tokens[i].counter - 2);
		s->tokens[i].entered = (int8_t)(s->tokens[i].entered + 2);
		s->tokens[i].passed = s->tokens[i].entered;
		s->tokens[i].far = s->tokens[i].pressed = NONE;
		s->tokens[i].far_age = 0;
	}
	if (!can)
		return false;
	s->failures = s->spent = 0;
	s->spent_age = 0;
	s->used = 0;
	s->from = 2;
	return true;
}

/* Every token was resynchronised, which voids recovery codes. */
static bool
end_restored(struct state *s)
{
	if (s->from == NONE)
		return false;
	for (unsigned int i = 0; i < tokens_of(); i++) {
		int moved = s->tokens[i].passed > 0 ? s->tokens[i].passed : 0;

		s->tokens[i].counter = (int8_t)(s->tokens[i].counter + moved);
		s->tokens[i].passed = (int8_t)(s->tokens[i].passed - moved);
		s->tokens[i].entered = (int8_t)(s->tokens[i].entered - moved);
		s->tokens[i].far = s->tokens[i].pressed = NONE;
		s->tokens[i].far_age = 0;
	}
	s->used = s->gone = world->recovery ? 3 : 0;
	s->from = NONE;
	return true;
}

static void
unlock_state(struct state *s)
{
	struct account account;

	unpack_state(s, &account);
	account_unlock(&account);
	forget_pressed(s);
	pack_account(&account, s);
}

/* False if nothing new comes of it, or something wrong: then *why says what. */
static bool
take_step(struct step *e, const char **why)
{
	const struct action *a = e->action;

	e->after = e->before;
	switch (a->kind) {
	case WAIT:
		let_pass(&e->after, a->number);
		return true;
	case UNLOCK:
		unlock_state(&e->after);
		return true;
	case ABLE:
		e->after.tokens[a->number].disabled ^= 1;
		return true;
	case PUT_BACK:
		return put_back(&e->after);
	case END:
		return end_restored(&e->after);
	case RESYNC:
		if (e->before.from != NONE)
			return false;
		break;
	default:
		break;
	}
	if (!can_be_typed(&e->before, a))
		return false;
	if ((*why = attempt_input(e)) != NULL)
		return false;
	if (a->kind == RESYNC && !verdict_admits(e->got.verdict))
		return false;
	if (a->kind == RESYNC)
		unlock_state(&e->after);
	return true;
}

/* --- the search ----------------------------------------------------------- */

static void
print_action(const struct action *a)
{
	fprintf(stderr, "  %s %d", kind_names[a->kind], a->number);
	for (unsigned int k = 0; k < a->count && a->kind != WRONG; k++)
		fprintf(stderr, " token %d at %+d step %+d", a->codes[k].token,
		    a->codes[k].at, a->codes[k].step);
	fprintf(stderr, "\n");
}

static void
print_way(uint32_t at)
{
	const struct found *f = states_at(at);

	if (f->parent == at)
		return;
	print_way(f->parent);
	print_action(&actions[f->action]);
}

static void
explore_from(uint32_t at)
{
	static struct step e;
	const char *why = NULL;

	for (unsigned int i = 0; i < action_count; i++) {
		e.before = states_at(at)->state;
		e.action = &actions[i];
		if (take_step(&e, &why)) {
			normalise_state(&e.after);
			states_add(&e.after, at, i);
		}
		if (why == NULL)
			continue;
		fprintf(stderr, "\n%s:\n", world->name);
		print_way(at);
		print_action(e.action);
		ck_abort_msg("%s: %s", verdict_name(e.got.verdict), why);
	}
}

static void
add_first(void)
{
	struct state first;

	memset(&first, 0, sizeof(first));
	first.from = NONE;
	first.once = ONCE_STEPS;
	for (unsigned int i = 0; i < TOKENS; i++) {
		first.tokens[i].far = first.tokens[i].pressed = NONE;
		first.tokens[i].made = is_timed(i) ? -3 : 0;
	}
	normalise_state(&first);
	states_add(&first, 0, 0);
}

START_TEST(no_way_leads_to_a_broken_promise)
{
	const char *deeper = getenv("ROLLCODE_DEPTH");
	uint32_t begin = 0, end;
	long depth;

	world = &worlds[_i];
	depth = world->depth;
	if (deeper != NULL)
		depth += strtol(deeper, NULL, 10);
	states_make();
	list_actions();
	add_first();
	for (long i = 0; i < depth && begin < states_count(); i++) {
		end = states_count();
		for (; begin < end; begin++)
			explore_from(begin);
		printf("%s: %ld steps: %u states, %u actions\n", world->name,
		    i + 1, states_count(), action_count);
	}
	states_free();
}
END_TEST

int
main(void)
{
	TCase *tcase = test_case("explore", 1800);

	tcase_add_loop_test(
	    tcase, no_way_leads_to_a_broken_promise, 0, COUNT(worlds));
	return test_run();
}
