/* SPDX-License-Identifier: Apache-2.0 */
/*
 * callers.h - who may ask the service about whom.
 */
#ifndef ROLLCODE_SERVICE_CALLERS_H
#define ROLLCODE_SERVICE_CALLERS_H

#include "config/config.h"

#define CALLERS_MAX	64

/* Accounts that may ask about others, beside root. */
struct callers {
	size_t	count;
	uid_t	uids[CALLERS_MAX];
};

/*
 * Look up the accounts of CALLERS, names separated by commas or spaces.  A name
 * without an account cannot ask, so it is no error: it is named in missing, a
 * sentence, or "".  CONFIG if there are more than CALLERS_MAX; UNAVAIL
 * if some could not be looked up, and the others are there all the same.
 */
enum rollcode_err	callers_find(const struct config *, struct callers *,
			    struct error *missing, struct error *) MUST_USE;

/* Whether that account may ask about anybody: root, or one of CALLERS. */
bool			callers_include(const struct callers *, uid_t);

/*
 * Whether this uid may ask about this user: who may ask about anybody, and
 * everybody about the account of their own uid.  PRIVILEGE, which is logged;
 * UNAVAIL if the account cannot be looked up.
 */
enum rollcode_err	callers_check(const struct callers *, uid_t,
			    const char *user, struct error *) MUST_USE;

#endif /* ROLLCODE_SERVICE_CALLERS_H */
