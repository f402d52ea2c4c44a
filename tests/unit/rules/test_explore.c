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
};

static struct code_maker makers[TOKENS];

struct made made[TOKENS][ROUND][STEPS];

enum rollcode_err
__wrap_code_open(struct code_maker **, const struct rollcode_token *);
enum rollcode_err
__wrap_code_at(struct code_maker *, uint64_t, int64_t, struct passcode *);
void __wrap_code_close(struct code_maker **);
enum rollcode_err
__wrap_seal_mac(const struct secret_key *, const char *, uint8_t *);

static unsigned int
make_number(unsigned int token, unsigned int at, unsigned int step)
{
	if (world->planted && token == 1 && at % 8 == 3)
		token = 0; /* what the other token makes there */
	if (world->planted && token == 0 && at % 8 == 6)
		at--; /* what it has made just before */
	return (token + 1) * 1000000 + at * 10000 + step;
}

static void
write_code(unsigned int number, unsigned int width, struct passcode *code)
{
	memset(code, 0, sizeof(*code));
	memset(code->text, '0', width);
	for (unsigned int i = width; number > 0; number /= 10)
		code->text[--i] = (char)('0' + number % 10);
}

static void
make_codes(void)
{
	for (unsigned int i = 0; i < tokens_of(); i++)
		for (unsigned int at = 0; at < ROUND; at++)
			for (unsigned int step = 0; step < STEPS; step++) {
				struct made *m = &made[i][at][step];

				m->number = make_number(i, at, step);
				write_code(
				    m->number, world->digits[i], &m->code);
			}
}

enum rollcode_err
__wrap_code_open(struct code_maker **maker, const struct rollcode_token *token)
{
	*maker = &makers[token->secret.bytes[0]];
	(*maker)->token = token->secret.bytes[0];
	return ROLLCODE_OK;
}

enum rollcode_err
__wrap_code_at(struct code_maker *maker, uint64_t counter, int64_t step,
    struct passcode *code)
{
	int64_t by = step - code_step(NOW);

	if (is_timed(maker->token) && llabs(by) > STEPS_AROUND)
		return ROLLCODE_ERR_INPUT;
	*code = find_made(maker->token, counter, (int)by)->code;
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

#define PEOPLE ROLLCODE_DIGITS_MAX
#define PROGRAMS ROLLCODE_HEX_DIGITS

/* A policy: near, far, seconds, failures, guesses, behind. */
/* clang-format off */
static const struct world worlds[] = {
{ .name = "one token",
  .forms = {FORM_HOTP}, .digits = {PEOPLE}, .recovery = true,
  .policy = {2, 5, 120, 2, 3, 2}, .depth = 8 },
{ .name = "one that is never far, guarded at once",
  .forms = {FORM_HOTP}, .digits = {PEOPLE}, .recovery = true,
  .policy = {3, 0, 120, 1, 2, 0}, .depth = 8 },
{ .name = "one with the smallest windows",
  .forms = {FORM_HOTP}, .digits = {PEOPLE}, .put_back = true,
  .policy = {1, 3, 300, 3, 2, 1}, .depth = 7 },
{ .name = "one at the end of its counters",
  .forms = {FORM_HOTP}, .digits = {PEOPLE}, .ends = 7,
  .policy = {2, 5, 120, 2, 3, 2}, .depth = 7 },
{ .name = "two tokens with codes in common",
  .forms = {FORM_HOTP, FORM_HOTP}, .digits = {PEOPLE, PEOPLE},
  .planted = true, .policy = {2, 4, 120, 2, 3, 2}, .depth = 5 },
{ .name = "one whose codes expire",
  .forms = {FORM_TIMED}, .digits = {PEOPLE}, .put_back = true,
  .policy = {2, 12, 120, 2, 3, 8}, .depth = 6 },
{ .name = "one of each",
  .forms = {FORM_TIMED, FORM_HOTP}, .digits = {PEOPLE, PEOPLE},
  .recovery = true, .put_back = true,
  .policy = {2, 9, 120, 2, 3, 4}, .depth = 3 },
{ .name = "one for programs, and one for people",
  .forms = {FORM_HEX, FORM_HOTP}, .digits = {PROGRAMS, PEOPLE},
  .put_back = true, .policy = {2, 5, 120, 2, 3, 2}, .depth = 6 },
{ .name = "the same, and both expire",
  .forms = {FORM_TIMED, FORM_TIMED}, .digits = {PROGRAMS, PEOPLE},
  .put_back = true, .policy = {1, 6, 240, 1, 2, 4}, .depth = 4 },
};
/* clang-format on */

/* --- what is done --------------------------------------------------------- */

static const char *const kind_names[] = {"type", "a wrong code", "recovery",
    "wait", "unlock", "resync", "disable or enable", "put back", "end"};

#define ACTIONS 160

static struct action actions[ACTIONS];
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
	a->width = world->digits[token];
	for (unsigned int k = 0; k < count; k++) {
		a->codes[k].token = (int8_t)token;
		a->codes[k].at = (int8_t)(at + (int)k);
		a->codes[k].step = (int8_t)(k + 1 == count ? last : step);
	}
}

static void
add_wrong(unsigned int count, unsigned int width)
{
	struct action *a = add_action(WRONG, 0);

	a->count = count;
	a->width = width;
}

static void
add_typing(unsigned int i)
{
	/* Of those behind the sixth there is enough with one token. */
	static const int steps[] = {-16, -2, -1, 0, 1, 2, 15, 16, -15};
	size_t most = tokens_of() == 1 ? COUNT(steps) : 6;
	int first = -behind_end(i) - 1;

	for (int at = first; at <= far_end(i); at++)
		for (size_t k = 0; k < most; k++)
			if (is_timed(i) || steps[k] == 0)
				add_codes(TYPE, i, 1, at, steps[k], steps[k]);
	for (unsigned int count = 2; count <= INPUT_CODES; count++) {
		for (int at = first; at <= far_end(i); at++)
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
	add_wrong(1, world->digits[i]);
	add_wrong(3, world->digits[i]);
	add_action(ABLE, (int)i);
}

static void
list_actions(void)
{
	static const int waits[] = {1, 2, -1, -3, 17, DAY_STEPS};

	action_count = 0;
	for (unsigned int i = 0; i < tokens_of(); i++)
		add_typing(i);
	if (tokens_of() == 2 && world->digits[0] == world->digits[1]) {
		add_codes(TYPE, 0, 2, 0, 0, 0);
		actions[action_count - 1].codes[1].token = 1;
	}
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

		if (is_timed(i) && a->codes[k].at < s->real[i].passed &&
		    a->codes[k].step > s->real[i].made)
			return false;
	}
	return true;
}

static void
fill_input(const struct seen *s, const struct action *a, struct input *in,
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
	in->width = a->width;
	for (unsigned int k = 0; k < a->count; k++) {
		unsigned int i = (unsigned int)a->codes[k].token;
		int counter = s->tokens[i].counter + a->codes[k].at;
		const struct made *m =
		    find_made(i, first_counter() + (uint64_t)(int64_t)counter,
			a->codes[k].step);

		numbers[k] = a->kind == WRONG ? 99 : m->number;
		if (a->kind == WRONG)
			write_code(numbers[k], in->width, &in->codes[k]);
		else
			in->codes[k] = m->code;
	}
}

static bool
is_unchanged(const struct account *was, struct account *is)
{
	is->spent = was->spent;
	is->spent_time = was->spent_time;
	return memcmp(is, was, sizeof(*is)) == 0;
}

/* What verify makes of it, which is all that it says of such an account. */
static bool
verify_seen(
    const struct seen *before, const struct action *a, struct outcome *o)
{
	static struct account was, is;
	unsigned int numbers[INPUT_CODES] = {0};
	struct policy policy = world->policy;
	struct verification got;
	struct input input;

	if (a->kind == RESYNC)
		policy.guard_after = policy.guesses = 100;
	memset(o, 0, sizeof(*o));
	o->is = true;
	unpack_account(before, &was);
	is = was;
	fill_input(before, a, &input, numbers);
	find_truth(before, a, numbers, &o->truth);
	if (verify_input(&is, &input, &policy, NOW, &got) != ROLLCODE_OK)
		return false;
	o->verdict = got.verdict;
	o->changed = got.changed != 0;
	o->guarded = got.guarded != 0;
	o->late = is.late > was.late;
	o->after = *before;
	pack_account(&is, &o->after);
	for (unsigned int i = 0; i < tokens_of(); i++)
		o->moved[i] = (int8_t)(is.tokens[i].token.counter -
				       was.tokens[i].token.counter);
	o->same = is_unchanged(&was, &is);
	return true;
}

/*
 * What was asked before is not asked again, for verify knows nothing but what
 * it is given; of each so many it is, and must say the same.
 */
#define KNOWN 4096
#define ASKED_AGAIN 1024

static struct known {
	struct seen seen;
	struct outcome of[ACTIONS];
} * known;

/* What is known of such an account, which may be nothing. */
static struct known *
find_known(const struct seen *seen)
{
	struct known *k = &known[hash_bytes(seen, sizeof(*seen), 0) % KNOWN];

	if (memcmp(&k->seen, seen, sizeof(*seen)) == 0)
		return k;
	memset(k, 0, sizeof(*k));
	k->seen = *seen;
	return k;
}

static const struct outcome *
find_outcome(struct known *k, const struct seen *before, const struct action *a)
{
	static struct outcome again;
	static unsigned int hits;
	struct outcome *o = &k->of[a - actions];

	if (!o->is)
		return verify_seen(before, a, o) ? o : NULL;
	if (++hits % ASKED_AGAIN == 0 &&
	    (!verify_seen(before, a, &again) ||
		memcmp(&again, o, sizeof(again)) != 0))
		return NULL;
	return o;
}

static void
move_on(int8_t *from_counter, int by)
{
	*from_counter = (int8_t)(*from_counter - by);
}

/* Type, and what is not written is not kept. */
static const char *
attempt_input(struct known *k, struct step *e)
{
	const char *why;

	if (e->action->kind == RESYNC)
		e->before.is.failures = e->before.is.spent = 0;
	e->after = e->before;
	e->outcome = find_outcome(k, &e->before.is, e->action);
	if (e->outcome == NULL)
		return "it could not be verified, or is another each time";
	if ((why = check_attempt(e)) != NULL || !e->outcome->changed)
		return why;
	e->after.is = e->outcome->after;
	for (unsigned int i = 0; i < tokens_of(); i++) {
		int8_t moved = e->outcome->moved[i];
		int8_t *pressed = &e->after.real[i].pressed;

		move_on(&e->after.real[i].passed, moved);
		move_on(&e->after.real[i].entered, moved);
		if (*pressed != NONE)
			move_on(pressed, moved);
	}
	return NULL;
}

/*
 * Time goes by.  What is far away stays there, lest two of which one is further
 * away come back as one.
 */
static void
go_by(int8_t *step, int steps)
{
	if (*step > -FAR_AWAY && *step < FAR_AWAY)
		*step = (int8_t)clip_steps(*step - steps);
}

static void
let_pass(struct state *s, int steps)
{
	for (unsigned int i = 0; i < tokens_of(); i++) {
		if (s->is.tokens[i].far != NONE)
			s->is.tokens[i].far_age =
			    (int8_t)clip_steps(s->is.tokens[i].far_age + steps);
		go_by(&s->real[i].made, steps);
	}
	if (s->is.spent > 0)
		s->is.spent_age = (int16_t)(s->is.spent_age + steps);
	s->is.once = (int8_t)clip_steps(s->is.once - steps);
	if (s->is.from != NONE)
		go_by(&s->is.from, steps);
}

/* The token moves on, or back, and forgets what was far. */
static void
shift_token(struct state *s, unsigned int i, int by)
{
	s->is.tokens[i].counter = (int8_t)(s->is.tokens[i].counter + by);
	s->is.tokens[i].far = s->real[i].pressed = NONE;
	s->is.tokens[i].far_age = 0;
	move_on(&s->real[i].passed, by);
	move_on(&s->real[i].entered, by);
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
	bool can = s->is.from == NONE;

	for (unsigned int i = 0; i < tokens_of(); i++)
		can = can && (!is_timed(i) || s->real[i].made <= 1);
	for (unsigned int i = 0; i < tokens_of() && can; i++) {
		shift_token(s, i, -2);
		s->real[i].passed = s->real[i].entered;
	}
	if (!can)
		return false;
	s->is.failures = s->is.spent = 0;
	s->is.spent_age = 0;
	s->is.used = 0;
	s->is.from = 2;
	return true;
}

/* Every token was resynchronised, which voids recovery codes. */
static bool
end_restored(struct state *s)
{
	if (s->is.from == NONE)
		return false;
	for (unsigned int i = 0; i < tokens_of(); i++)
		shift_token(
		    s, i, s->real[i].passed > 0 ? s->real[i].passed : 0);
	s->is.used = s->gone = world->recovery ? 3 : 0;
	s->is.from = NONE;
	return true;
}

static void
unlock_state(struct state *s)
{
	struct account account;

	unpack_account(&s->is, &account);
	account_unlock(&account);
	forget_pressed(s);
	pack_account(&account, &s->is);
}

/* False if nothing new comes of it, or something wrong: then *why says what. */
static bool
take_step(struct known *k, struct step *e, const char **why)
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
		e->after.is.tokens[a->number].disabled ^= 1;
		return true;
	case PUT_BACK:
		return put_back(&e->after);
	case END:
		return end_restored(&e->after);
	case RESYNC:
		if (e->before.is.from != NONE)
			return false;
		break;
	default:
		break;
	}
	if (!can_be_typed(&e->before, a))
		return false;
	if ((*why = attempt_input(k, e)) != NULL)
		return false;
	if (a->kind == RESYNC && !verdict_admits(e->outcome->verdict))
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
	struct known *k = find_known(&states_at(at)->state.is);
	const char *why = NULL;

	for (unsigned int i = 0; i < action_count; i++) {
		e.before = states_at(at)->state;
		e.action = &actions[i];
		if (take_step(k, &e, &why)) {
			normalise_state(&e.after);
			states_add(&e.after, at, i);
		}
		if (why == NULL)
			continue;
		fprintf(stderr, "\n%s:\n", world->name);
		print_way(at);
		print_action(e.action);
		ck_abort_msg("%s: %s",
		    e.outcome != NULL ? verdict_name(e.outcome->verdict)
				      : "none",
		    why);
	}
}

static void
add_first(void)
{
	struct state first;

	memset(&first, 0, sizeof(first));
	first.is.from = NONE;
	first.is.once = ONCE_STEPS;
	for (unsigned int i = 0; i < TOKENS; i++) {
		first.is.tokens[i].far = first.real[i].pressed = NONE;
		first.real[i].made = is_timed(i) ? -3 : 0;
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
	known = calloc(KNOWN, sizeof(*known));
	ck_assert_ptr_nonnull(known);
	make_codes();
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
	free(known);
}
END_TEST

/* --- ages ----------------------------------------------------------------- */

static const struct world of_ages = {.name = "ages",
    .forms = {FORM_TIMED},
    .digits = {PEOPLE},
    .policy = {1, 0, 300, 5, 20, 0}};

/*
 * Each age and each skew of the device's clock, in seconds, with the code that
 * it makes then; now is any second of a step.
 */
START_TEST(a_code_of_any_age_and_skew_is_good_within_a_step_and_never_else)
{
	static const struct seen seen = {
	    .tokens = {{.far = NONE}}, .from = NONE};
	static struct account account;
	struct input input = {.kind = INPUT_CODE, .count = 1, .width = PEOPLE};
	struct verification got;

	world = &of_ages;
	make_codes();
	for (int age = 0; age <= 300; age++)
		for (int skew = -240; skew <= 240; skew++) {
			int64_t now = code_step(NOW) * ROLLCODE_STEP +
				      (age * 481 + skew + 240) % ROLLCODE_STEP;
			int off =
			    (int)(code_step(now - age + skew) - code_step(NOW));

			unpack_account(&seen, &account);
			input.codes[0] = find_made(0, BASE, off)->code;
			ck_assert_int_eq(verify_input(&account, &input,
					     &world->policy, now, &got),
			    ROLLCODE_OK);
			ck_assert_uint_eq(got.verdict,
			    abs(off) <= 1 ? VERDICT_ACCEPTED : VERDICT_EXPIRED);
			ck_assert_int_le(llabs(got.age - age + skew), 60);
		}
}
END_TEST

int
main(void)
{
	TCase *tcase = test_case("explore", 1800);

	tcase_add_loop_test(
	    tcase, no_way_leads_to_a_broken_promise, 0, COUNT(worlds));
	tcase_add_test(tcase,
	    a_code_of_any_age_and_skew_is_good_within_a_step_and_never_else);
	return test_run();
}
