/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_suite.h - what every store promises, whatever kind it is of.
 *
 * A program fills a struct kind, calls store_suite(), adds tests of its own,
 * and ends with test_run_apart(): a test here may leave its process in any
 * state.
 */
#ifndef ROLLCODE_TESTS_STORE_SUITE_H
#define ROLLCODE_TESTS_STORE_SUITE_H

#include <check.h>

#include "pam_rollcode/store/store.h"

#define NOW	1700000000

struct kind {
	const struct store_ops	*ops;

	/* An empty store; from spoil() on nothing is written to it. */
	void	(*make)(struct config *);
	void	(*unmake)(struct config *);
	void	(*spoil)(void);
	long	(*size)(const struct config *);	/* in bytes, or NULL */

	/*
	 * A login's begin locks nothing: the slower one's commit fails.  An
	 * administrator's does.
	 */
	bool	compares;

	/* Somebody changes the user begun, although it is locked. */
	void	(*touch)(struct store *);

	/*
	 * For store_behind.h, or NULL: run a statement that changes one row,
	 * with the schema's name at each @; enroll the user begun anew.
	 */
	void	(*behind)(struct store *, const char *statement);
	void	(*enrolled_behind)(struct store *, const struct account *);

	uint64_t	many;	/* commits, in a few seconds */
	int		turns;	/* of each racer, 0: no races */
	size_t		step;	/* through the names, 1: each */
};

/* A case with the promises of every store, kept by that kind. */
TCase			*store_suite(const char *name, const struct kind *);

/* --- within a test: its store, and what it said last -------------------- */

extern const struct kind	*kind;
extern const struct store_ops	*ops;
extern struct config		 config;
extern struct error		 problem;

/* What fails in any of these that return no error fails the test. */
struct store		*opened(void);

/* Add a token at counter 10, of a secret of this byte. */
void			 fill_token(struct account *, const char *label,
			    uint8_t fill);

/* Enroll with such a token. */
enum rollcode_err	 create(const char *user, uint8_t fill, bool replace);
void			 enrolled(const char *user);
bool			 is_enrolled(const char *user);

/* Lock a user who must be enrolled. */
struct store		*begun(const char *user, struct account *);

/* Read and write the counter of a user's first token. */
uint64_t		 counter_of(const char *user);
enum rollcode_err	 move_to(const char *user, uint64_t counter);

#endif /* ROLLCODE_TESTS_STORE_SUITE_H */
