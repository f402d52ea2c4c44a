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
};

struct login_result {
	struct verification	verification;	/* of an admission or refusal */
	bool			otherwise;	/* the second counted */
	char			token[ROLLCODE_LABEL_MAX + 1];
};

/*
 * Decide.  If the first input admits nobody, the account was not guarded
 * before it, and the second is its last code, the second is verified in its
 * place; one of the two counts, never both.  Any other second input is
 * ignored.
 *
 * The verdict is VERDICT_NONE unless OK is returned.  A verdict that admits
 * is given only when what it spends is durable.
 */
enum rollcode_err	login_decide(const struct login *,
			    const struct input *,
			    const struct input *otherwise,
			    struct login_result *, struct error *) MUST_USE;

/* VERDICT_ENROLLED, or VERDICT_UNENROLLED on positive proof. */
enum rollcode_err	login_enrolled(const struct login *, enum verdict *,
			    struct error *) MUST_USE;

#endif /* ROLLCODE_LOGIN_LOGIN_H */
