/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login.h - one attempt: lock, read, verify, commit, and only then a verdict.
 */
#ifndef ROLLCODE_LOGIN_LOGIN_H
#define ROLLCODE_LOGIN_LOGIN_H

#include "rules/verify.h"
#include "store/store.h"

struct login {
	const struct config	*config;
	const struct store_ops	*ops;
	int64_t			 now;		/* Unix seconds */
	const char		*user;
	const char		*service;	/* for the event row */
	const char		*rhost;
	const struct input	*input;		/* NULL: is one enrolled? */
	const struct input	*fallback;	/* NULL for none */
};

/*
 * Decide.  If the input admits nobody, the account was not guarded before it,
 * and the fallback is its last code, that is verified in its place; one of the
 * two counts, never both.  Any other fallback is ignored.  Without input the
 * verdict is VERDICT_ENROLLED; either way it is VERDICT_UNENROLLED on positive
 * proof.
 *
 * The verdict is VERDICT_NONE unless OK is returned.  A verdict that admits
 * is given only when what it spends is durable.
 */
enum rollcode_err	login_decide(const struct login *,
			    struct verification *, struct error *) MUST_USE;

#endif /* ROLLCODE_LOGIN_LOGIN_H */
