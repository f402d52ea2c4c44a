/* SPDX-License-Identifier: Apache-2.0 */
/*
 * copy.h - a file as it is now, in another place or without its log.
 */
#ifndef ROLLCODE_STORE_SQLITE_COPY_H
#define ROLLCODE_STORE_SQLITE_COPY_H

#include "common/sqlite/sqlite.h"

/*
 * Fold a kept log back and cut it off, so that nothing of what was overwritten
 * is left in it; outside a transaction, durable.
 */
enum rollcode_err	sqlite_empty_log(sqlite3 *, struct error *) MUST_USE;

/*
 * Copy an open file as it is now to a new path, complete without any other
 * file beside it and durable; the caller syncs the directory.  EXISTS if the
 * file is there.  On error the file is gone again.
 */
enum rollcode_err	sqlite_copy(sqlite3 *, const char *path,
			    const struct sqlite_kind *, struct error *)
			    MUST_USE;

#endif /* ROLLCODE_STORE_SQLITE_COPY_H */
