/* SPDX-License-Identifier: Apache-2.0 */
/*
 * witness.h - a small file for each user, in another directory than the store,
 * by which a store that was put back is seen.
 *
 *  1. It is written behind a commit, before the user's lock is let go: so it is
 *     never ahead of what was on disk.  Nobody waits until it is on disk too.
 *  2. It lets nobody in, also not as somebody without a token: it raises
 *     counters, uses recovery codes up, takes tokens to be enabled or disabled,
 *     and guesses to be made, as they were, or denies.
 *  3. One that is missing, or of another store, user or key, or changed in any
 *     bit, is none, and logins go on as without.
 *  4. Where it cannot be written no login fails.
 */
#ifndef ROLLCODE_STORE_SQLITE_WITNESS_H
#define ROLLCODE_STORE_SQLITE_WITNESS_H

#include "store/sqlite/parts.h"

/* Find the directory of a store that is being opened.  There may be none. */
void			witness_find(struct store *);

/*
 * Compare the account that was just read, under its lock, with its witness.
 * If that is ahead, and the tokens are the same, the account is raised to what
 * was committed last, and says by how much it was behind; the store knows that
 * it is to be written.  STORE if it has other tokens, or the user was removed;
 * NOMEM or SYS if that cannot be told.
 */
enum rollcode_err	witness_compare(struct store *, struct account *,
			    struct error *) MUST_USE;

/* Write what was committed as that sequence, under the user's lock. */
void			witness_write(const struct store *,
			    const struct account *, int64_t sequence);

/* The sequence that a user's has, whose user may be gone; 0 for none. */
int64_t			witness_sequence(const struct store *,
			    const char *user);

/* Whether the user has one that says that they are enrolled. */
bool			witness_is_enrolled(const struct store *,
			    const char *user);

/*
 * Take away what a user has that is no witness, for good: before another file
 * takes the place of theirs.  A witness stays until the next is written, lest a
 * kill leave the user without.  A directory that is not there has none.
 * UNAVAIL or SYS.
 */
enum rollcode_err	witness_forget(const struct store *,
			    const char *user, struct error *) MUST_USE;

/*
 * Say that the user, who is locked, is being removed: a file that is missing
 * from now on does not contradict the witness.  The next commit takes it back.
 */
void			witness_part(const struct store *, const char *user);

/*
 * Leave one that says that the user was removed, for good as far as it can be
 * written: a file of a lower sequence, put back for them, denies from now on.
 */
void			witness_bury(const struct store *, const char *user,
			    int64_t sequence);

/* As `witness` of store_ops. */
enum rollcode_err	witness_examine(struct store *, struct error *)
			    MUST_USE;

#endif /* ROLLCODE_STORE_SQLITE_WITNESS_H */
