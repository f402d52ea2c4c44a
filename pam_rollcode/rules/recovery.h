/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recovery.h - codes for somebody who has lost a token.
 *
 * Each is 80 random bits, shown once and kept as an HMAC under the account's
 * recovery key.  What is changed is the account in memory; the caller commits
 * before anything is shown, and does not use the account after an error.
 */
#ifndef ROLLCODE_RULES_RECOVERY_H
#define ROLLCODE_RULES_RECOVERY_H

#include "protocol/input.h"
#include "rules/account.h"

#define RECOVERY_GROUP	4	/* digits, and then a dash */
#define RECOVERY_TEXT	(RECOVERY_DIGITS + RECOVERY_DIGITS / RECOVERY_GROUP - 1)

/* As a person writes it down: ABCD-EFGH-IJKL-MNOP. */
struct recovery_text {
	char	text[RECOVERY_TEXT + 1];
};

/* Codes that were made together. */
struct recovery_sheet {
	struct recovery_text	codes[ACCOUNT_RECOVERY_CODES];
};
WIPABLE(recovery_sheet);

/*
 * Issue ACCOUNT_RECOVERY_CODES codes under a new key.  Every earlier one is
 * void, a one-time code too.  SYS or NOMEM.
 */
enum rollcode_err	recovery_issue(struct account *, int64_t now,
			    struct recovery_sheet *, struct error *) MUST_USE;

/*
 * Issue one code that is good from now until seconds later; an earlier one of
 * that kind is void, the others stay.  SYS or NOMEM, also if the clock stands
 * before 1970.
 */
enum rollcode_err	recovery_issue_once(struct account *, int64_t now,
			    int64_t seconds, struct recovery_text *,
			    struct error *) MUST_USE;

/*
 * Use every code of that text that is good; *found says whether one was.  NOMEM
 * or SYS, and nothing is changed.
 */
enum rollcode_err	recovery_use(struct account *, const char *text,
			    int64_t now, bool *found) MUST_USE;

/*
 * What has expired stays so: somebody has seen that it is late, and a clock set
 * back cannot undo that.  Whether anything has, since this was last called.
 */
bool			recovery_write_off(struct account *, int64_t now);

/* Void every code. */
void			recovery_void(struct account *);

#endif /* ROLLCODE_RULES_RECOVERY_H */
