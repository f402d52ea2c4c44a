/* SPDX-License-Identifier: Apache-2.0 */
/*
 * typing.h - what happens to a random account: somebody types something,
 * time passes, an administrator steps in.
 */
#ifndef ROLLCODE_TESTS_TYPING_H
#define ROLLCODE_TESTS_TYPING_H

#include "tests/support/world.h"

/* text has room for INPUT_MAX + 1. */
void	type_text(struct world *, char *text);

void	pass_time(struct world *);

/* One token of the account is replaced, set forward, or switched on or off. */
void	change_token(struct world *, const struct account_token *pool);

#endif /* ROLLCODE_TESTS_TYPING_H */
