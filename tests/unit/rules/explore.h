/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explore.h - what a search through the rules is made of: a world, its states,
 * what can be done, and what must come of it.
 */
#ifndef ROLLCODE_TESTS_EXPLORE_H
#define ROLLCODE_TESTS_EXPLORE_H

#include "common/token/code.h"
#include "pam_rollcode/rules/verify.h"

#define TOKENS 2
#define BASE 1000 /* the counter where a state has 0 */
#define ROUND 16  /* after so many counters codes are the same again */
#define NOW (INT64_C(100000) * ROLLCODE_STEP + ROLLCODE_STEP / 2)
#define DAY_STEPS (86400 / ROLLCODE_STEP)
#define FAR_AWAY 12  /* steps; of what is further away no more is known */
#define ONCE_STEPS 2 /* for which a one-time code is good */
#define NONE (-128)

struct world {
	const char *name;
	enum rollcode_form forms[TOKENS]; /* FORM_NONE: there is none */
	bool planted, recovery, put_back;
	struct policy policy;
	int depth;
};

/* The one that is explored. */
extern const struct world *world;

/* What the account is, and behind it what really happened. */
struct state {
	struct {
		int8_t counter;	 /* above BASE */
		int8_t far;	 /* from the counter; NONE */
		int8_t far_age;	 /* steps */
		int8_t disabled;
		int8_t passed;	 /* really: from the counter */
		int8_t entered;	 /* the same, by codes that let in */
		int8_t made;	 /* in which step before now the last was */
		int8_t pressed;	 /* as far, as it should be */
	} tokens[TOKENS];
	int8_t failures, spent;
	int8_t used;	  /* bits: the sheet's code, the one-time code */
	int8_t gone;	  /* really */
	int8_t once;	  /* steps until it expires */
	int8_t from;	  /* from_step, from now; NONE */
	int16_t spent_age; /* steps */
};

unsigned int tokens_of(void);
bool is_timed(unsigned int token);
int far_end(unsigned int token); /* counters from its own */
int clip_steps(int steps);

/* An account of a state, and what it is afterwards into the state. */
void unpack_state(const struct state *, struct account *);
void pack_account(const struct account *, struct state *);

/* States that no rule can tell apart are one. */
void normalise_state(struct state *);

/*
 * The states that were found, each once, with the number of the state and of
 * the action that led there first.
 */
struct found {
	struct state state;
	uint32_t parent;
	uint16_t action;
};

void states_make(void);
void states_free(void);
void states_add(const struct state *, uint32_t parent, unsigned int action);
uint32_t states_count(void);
const struct found *states_at(uint32_t);

/* Made by the program: what the code of a counter and step is. */
unsigned int number_of(unsigned int token, uint64_t counter, int64_t step);

/* The same, counted from a state's counter and from now. */
unsigned int number_at(const struct state *, unsigned int token, int at,
    int step);

enum kind { TYPE, WRONG, RECOVER, WAIT, UNLOCK, RESYNC, ABLE, PUT_BACK, END };

struct action {
	enum kind kind;
	unsigned int count; /* of codes */
	struct {
		int8_t token, at, step; /* from counter, and from now */
	} codes[INPUT_CODES];
	int number; /* of steps, or of a token or recovery code */
};

enum meaning { IS_NEAR, IS_PRESSED, IS_FAR, IS_LATE, MEANINGS };

/* Where what was typed is a token's codes, by each meaning that it can have. */
struct truth {
	bool guarded, barred;
	bool any[MEANINGS];
	int at[MEANINGS][TOKENS]; /* the highest; NONE */
	unsigned int numbers[INPUT_CODES];
	unsigned int count;
};

struct step {
	struct state before, after;
	const struct action *action;
	struct truth truth;
	struct verification got;
	struct account was, is;
};

/* Fill in where what is typed is a token's codes. */
void find_truth(const struct state *, struct truth *);

/*
 * What is wrong with a verdict, NULL if nothing is.  What really happened is
 * written into the state after it.
 */
const char *check_attempt(struct step *);

void forget_pressed(struct state *);

#endif /* ROLLCODE_TESTS_EXPLORE_H */
