/* SPDX-License-Identifier: Apache-2.0 */
/*
 * callers.h - who may ask the service about whom, and what those hear that are
 * not root, which are called outsiders.
 *
 *  1. An outsider hears yes or no: one refusal, whatever the reason, without
 *     counter, distance or label.
 *  2. The reason stands in the log, written by the verifier itself, with the
 *     uid from the kernel.
 */
#ifndef ROLLCODE_SERVICE_CALLERS_H
#define ROLLCODE_SERVICE_CALLERS_H

#include "config/config.h"
#include "protocol/protocol.h"

#define CALLERS_MAX	64

/* Accounts that may ask about others, beside root. */
struct callers {
	size_t	count;
	uid_t	uids[CALLERS_MAX];
};

/*
 * Look up the accounts of CALLERS, names separated by commas or spaces.  A name
 * without an account is no error: missing says which there are, or is "".
 * CONFIG if there are more than CALLERS_MAX; UNAVAIL if some could not be
 * looked up: then callers has the others.
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

/*
 * Log what became of a request of this uid.  Successes have a line each; of
 * refusals at most OUTSIDER_LINES a second have one, and the next line says
 * how many there were beside.  The name of a user who is not enrolled is left
 * out: people type passwords there.
 */
#define OUTSIDER_LINES	20

void	outsider_log(uid_t, const struct request *, const struct answer *);

/* Whether a refusal of this uid may have a line now; else it is counted. */
bool	outsider_may_write(uid_t);

/* Write how many refusals have no line yet, if any. */
void	outsider_flush(void);

/*
 * Take out of an answer what only root may know.  An error keeps its code, and
 * one about the caller itself (PRIVILEGE) its sentence.
 */
void	outsider_answer(const struct request *, struct answer *);

#endif /* ROLLCODE_SERVICE_CALLERS_H */
