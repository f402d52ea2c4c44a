/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_behind.h - rows that change between begin and commit, although the
 * user is locked: what a commit then does.
 */
#ifndef ROLLCODE_TESTS_STORE_BEHIND_H
#define ROLLCODE_TESTS_STORE_BEHIND_H

#include <check.h>

#include "pam_rollcode/rules/account.h"

/* To a case of store_suite(), whose kind can do it. */
void	add_behind(TCase *);

/* A login by the first token. */
void	login_first(struct account *);

/* What begin reads is that enrolment, and nobody has logged in. */
void	check_as_enrolled(const struct account *fresh);

#endif /* ROLLCODE_TESTS_STORE_BEHIND_H */
