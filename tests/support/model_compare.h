/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model_compare.h - in what two accounts, or two verifications, differ.
 */
#ifndef ROLLCODE_TESTS_MODEL_COMPARE_H
#define ROLLCODE_TESTS_MODEL_COMPARE_H

#include "tests/support/model.h"

/* One attempt, before and after. */
struct trial {
	char			text[INPUT_MAX + 1];
	struct input	typed;
	struct account		before;
	int64_t			now;
	struct verification	got;
	struct answer		want;
};

/* The name of the first field in which they differ, NULL if there is none. */
const char	*account_differs(const struct account *,
		    const struct account *);
const char	*verification_differs(const struct trial *);

/* To standard error. */
void		 print_account(const struct account *, const char *name);

#endif /* ROLLCODE_TESTS_MODEL_COMPARE_H */
