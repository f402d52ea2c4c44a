/* SPDX-License-Identifier: Apache-2.0 */
/*
 * restored.h - a store that went back in time, or is a copy of another one:
 * which codes were used since, nobody knows.
 *
 *  1. In it a timed code counts alone, and only one that was made when the
 *     store was in its place already.
 *  2. It proves of nobody that they are not enrolled.
 *  3. Where nobody knows when that was, nothing is decided.
 */
#ifndef ROLLCODE_STORE_RESTORED_H
#define ROLLCODE_STORE_RESTORED_H

#include "config/config.h"
#include "rules/account.h"

/* In 2001: a smaller number is no time, but a mark. */
#define RESTORED_EARLIEST	1000000000

#define RESTORED_EVENTS		200	/* of each user, at least */

struct restored {
	bool	is;		/* restored; nothing else counts if not */
	bool	copy;		/* it was made on another machine */
	const char *how;	/* it shows that itself: "was ...", or NULL */
	int64_t	since;		/* when, as somebody said; 0: nobody did */
	int64_t	placed;		/* when it came here; 0: not known */
};

/* The first step whose codes count: two behind the time of either. */
int64_t			restored_step(const struct restored *);

/*
 * How many events of a user are kept: as the configuration says, but enough in
 * a restored store, where they tell which tokens were resynced.
 */
int64_t			restored_kept(const struct config *,
			    const struct restored *);

/*
 * What a login may do with an account that was read: in a restored store
 * from_step is set.  A configuration that administers may do anything, and
 * nothing is set.  STORE with REASON_BACKUP if the user is not enrolled, has
 * no timed token that is enabled, or nobody knows since when it is restored.
 * where names the store.
 */
enum rollcode_err	restored_account(const struct config *,
			    const struct restored *, const char *where,
			    const char *user, bool enrolled, struct account *,
			    struct error *) MUST_USE;

#endif /* ROLLCODE_STORE_RESTORED_H */
