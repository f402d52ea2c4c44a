/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parked.h - a file that stays open and unlocked between logins.
 */
#ifndef ROLLCODE_STORE_SQLITE_PARKED_H
#define ROLLCODE_STORE_SQLITE_PARKED_H

#include "common/sqlite/sqlite.h"

/*
 * A file that stays open between transactions, while its lock is let go, so
 * that everybody else can use it meanwhile.
 */
struct sqlite_parked;

/*
 * As sqlite_open, for a kind with a kept log.  If *parked is not NULL it is one
 * of this path that was left: it goes on if nobody has changed the file since,
 * and is opened anew otherwise.  The file is locked until leave or close.  On
 * error *parked is closed, and NULL.
 */
enum rollcode_err	sqlite_parked_enter(const char *path,
			    const struct sqlite_kind *,
			    struct sqlite_parked **parked, struct error *)
			    MUST_USE;

/* Its connection, which it closes, and its path as it was given. */
sqlite3			*sqlite_parked_db(const struct sqlite_parked *);
const char		*sqlite_parked_path(const struct sqlite_parked *);

/* As sqlite_check_unmoved, which cannot tell it of these. */
enum rollcode_err	sqlite_parked_check(const struct sqlite_parked *,
			    struct error *) MUST_USE;

/*
 * Let its lock go, outside a transaction.  False if it cannot be told later
 * whether anybody has changed it: then the caller closes it.
 */
bool			sqlite_parked_leave(struct sqlite_parked *) MUST_USE;

/* Roll back what was not committed, unlock and close.  NULL is allowed. */
void			sqlite_parked_close(struct sqlite_parked *);

#endif /* ROLLCODE_STORE_SQLITE_PARKED_H */
