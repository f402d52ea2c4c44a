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
#define STEPS_AROUND 20 /* now, to either side, there are codes of */
#define DAY_STEPS (86400 / ROLLCODE_STEP)
#define FAR_AWAY 12  /* steps; of what is further away no more is known */
#define ONCE_STEPS 2 /* for which a one-time code is good */
#define NONE (-128)

struct world {
	const char *name;
	enum rollcode_form forms[TOKENS]; /* FORM_NONE: there is none */
	unsigned int digits[TOKENS];
	bool planted, recovery, put_back;
	int ends; /* after so many codes there are no more; 0: it is far away */
	struct policy policy;
	int depth;
};

/* The one that is explored. */
extern const struct world *world;

/* All that the rules can see. */
struct seen {
	struct {
		int8_t counter; /* above first_counter() */
		int8_t far;	/* from the counter; NONE */
		int8_t far_age; /* steps */
		int8_t disabled;
	} tokens[TOKENS];
	int8_t failures, spent;
	int8_t used;	   /* bits: the sheet's code, the one-time code */
	int8_t once;	   /* steps until it expires */
	int8_t from;	   /* from_step, from now; NONE */
	int8_t zero;	   /* no byte of it is unknown */
	int16_t spent_age; /* steps */
};

/* What the account is, and behind it what really happened. */
struct state {
	struct seen is;
	struct {
		int8_t passed;	/* from the counter */
		int8_t entered; /* the same, by codes that let in */
		int8_t made;	/* in which step before now the last was */
		int8_t pressed; /* as far, as it should be */
	} real[TOKENS];
	int8_t gone; /* as used */
	int8_t zero[7];
};

_Static_assert(sizeof(struct seen) == 16 && sizeof(struct state) == 32,
    "states are compared by their bytes, many at a time");

static inline unsigned int
tokens_of(void)
{
	return world->forms[1] == FORM_NONE ? 1 : 2;
}

static inline bool
is_timed(unsigned int token)
{
	return world->forms[token] == FORM_TIMED;
}

static inline uint64_t
first_counter(void)
{
	return world->ends == 0 ? BASE
				: ROLLCODE_COUNTER_END - (uint64_t)world->ends;
}

int far_end(unsigned int token);    /* counters from its own */
int behind_end(unsigned int token); /* as many back */
int clip_steps(int steps);

/* An account that is seen so, and how one is seen. */
void unpack_account(const struct seen *, struct account *);
void pack_account(const struct account *, struct seen *);

/* States that no rule can tell apart are one. */
void normalise_state(struct state *);

/* A number of those bytes, a multiple of 8. */
uint64_t hash_bytes(const void *, size_t len, uint64_t more);

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

/* Codes, made by the program; of a token that is not timed in no step. */
#define STEPS (2 * STEPS_AROUND + 1)

struct made {
	unsigned int number;
	struct passcode code;
};

extern struct made made[TOKENS][ROUND][STEPS];

/* What the code is, in a step that is counted from now. */
static inline const struct made *
find_made(unsigned int token, uint64_t counter, int step)
{
	int at = is_timed(token) ? step + STEPS_AROUND : 0;

	return &made[token][counter % ROUND][at];
}

enum kind { TYPE, WRONG, RECOVER, WAIT, UNLOCK, RESYNC, ABLE, PUT_BACK, END };

struct action {
	enum kind kind;
	unsigned int count; /* of codes */
	unsigned int width; /* of each */
	struct {
		int8_t token, at, step; /* from counter, and from now */
	} codes[INPUT_CODES];
	int number; /* of steps, or of a token or recovery code */
};

enum meaning { IS_NEAR, IS_FAR, IS_LATE, MEANINGS, IS_PRESSED };

/* Where what was typed is a token's codes, by each meaning that it can have. */
struct truth {
	bool guarded, barred;
	bool any;		     /* enabled tokens have such codes */
	int8_t at[MEANINGS][TOKENS]; /* the highest; NONE */
	uint16_t good[TOKENS];	     /* bits: where it begins, and made now */
};

/* What verify makes of something that is typed into an account. */
struct outcome {
	bool is; /* false: nobody has asked */
	struct truth truth;
	enum verdict verdict;
	bool changed, guarded, late;
	bool same; /* but for guesses that are given back */
	int8_t moved[TOKENS];
	struct seen after; /* if it is written */
};

struct step {
	struct state before, after;
	const struct action *action;
	const struct outcome *outcome;
};

/* Fill in where what is typed is a token's codes. */
void find_truth(const struct seen *, const struct action *,
    const unsigned int numbers[INPUT_CODES], struct truth *);

/*
 * What is wrong with a verdict, NULL if nothing is.  What really happened is
 * written into the state after it.
 */
const char *check_attempt(struct step *);

void forget_pressed(struct state *);

#endif /* ROLLCODE_TESTS_EXPLORE_H */
