/* SPDX-License-Identifier: Apache-2.0 */
/*
 * person.h - accounts that people use, which must not own a store.
 */
#ifndef ROLLCODE_ADMIN_PERSON_H
#define ROLLCODE_ADMIN_PERSON_H

#include <pwd.h>

#include "common/base/error.h"
#include "common/base/rollcode.h"

/*
 * Whether an account is one that a person can use: a uid of people's, a shell
 * to log in with, a password, or, of ROLLCODE_ACCOUNT, the home directory of
 * something else.  Not root, and none that does not exist.  It says why, and
 * what changes it.
 */
bool			person_is(const char *account, struct error *why);

/* Whether it is a person's who can log in: a uid of people's, and a shell. */
bool			person_logs_in(const struct passwd *);

/* CONFIG with a sentence if it is, and the caller is root. */
enum rollcode_err	person_refuse(const char *account, struct error *)
			    MUST_USE;

#endif /* ROLLCODE_ADMIN_PERSON_H */
