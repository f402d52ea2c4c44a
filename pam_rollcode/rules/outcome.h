/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outcome.h - what an event row says has happened: a verdict, or an act of an
 * administrator's.  A row that says anything else was written by somebody else.
 */
#ifndef ROLLCODE_RULES_OUTCOME_H
#define ROLLCODE_RULES_OUTCOME_H

#include <stdbool.h>

enum act {
	ACT_ENROLLED,
	ACT_IMPORTED,
	ACT_MOVED_HERE,
	ACT_MOVED_AWAY,
	ACT_REMOVED,
	ACT_ENABLED,
	ACT_DISABLED,
	ACT_UNLOCKED,
	ACT_RESYNCED,
	ACT_RECOVERY_ISSUED,
	ACT_ONCE_ISSUED,
	ACT_RECOVERY_VOIDED,
	ACT_RAISED,		/* by its witness: it was put back */
	ACTS,
};

/* The words that stand for it in a row.  Never NULL. */
const char	*act_name(enum act);

/* Whether they are an act's, or a verdict's that an event can have. */
bool		 outcome_known(const char *);

#endif /* ROLLCODE_RULES_OUTCOME_H */
