/* SPDX-License-Identifier: Apache-2.0 */
/*
 * place.h - a scratch store in memory with a few people in it, what they may
 * type, and the rules by tests/support/model.h.
 */
#ifndef ROLLCODE_FUZZ_PLACE_H
#define ROLLCODE_FUZZ_PLACE_H

#include "fuzz.h"
#include "pam_rollcode/store/store.h"

#define PLACE_RECOVERY	3	/* recovery codes, all Cyd's */

enum who {
	ANN,		/* one token of 8 digits */
	BOB,		/* codes that come twice, and a hex token */
	CYD,		/* a hash token, recovery codes, a counter at its end */
	DAN,		/* guarded; one of two tokens is disabled */
	ZOE,		/* every token is disabled */
	EVE,		/* not enrolled */
	PEOPLE,
};

struct place {
	char		dir[64], users[80];
	struct config	config;
};

extern struct place		place;
extern const char *const	place_names[PEOPLE];
extern const char *const	place_recovery[PLACE_RECOVERY];

/*
 * Once, in a new directory of $FUZZ_PLACE, or of memory.  Removed at exit(),
 * which libFuzzer never calls.
 */
void	place_open(void);

/* A person's files as they were enrolled; returns what a store reads there. */
const struct account	*place_reset(enum who);

/*
 * Harm the store so that nobody can be let in, nor proven absent; false if
 * that harm does nothing to this person.  Mend it again.
 */
enum harm { NO_MARKER, OTHER_KEY, OPEN_DIRECTORY, EMPTY, READABLE, JOURNAL,
	    HARMS };
bool	place_harm(enum harm, enum who);
void	place_mend(enum harm, enum who);

/* One of a few policies. */
void	place_policy(unsigned int which);

/* A person's file, or the log beside it. */
char	*place_path(enum who, const char *ending, char path[128]);

/* What the store has of somebody; false if not enrolled. */
bool	place_read(enum who, struct account *);

/* The tokens as they were enrolled, for their secrets. */
const struct account	*place_enrolled(enum who);

/*
 * Draw something to type: any bytes, codes around a counter of the account,
 * a recovery code, or what stands in out already.
 */
void	place_type(struct bytes *, enum who, const struct account *now,
	    char out[1024]);

/* Whether the rules admit a text; after is then the account as it must be. */
bool	place_admits(enum who, const struct account *before, const char *text,
	    struct account *after);

/* Whether a code of this text stands in a log as a word of its own. */
bool	place_shown(const char *text, const char *log);

#endif /* ROLLCODE_FUZZ_PLACE_H */
