/* SPDX-License-Identifier: Apache-2.0 */
#include <sqlite3.h>

#include "common/sqlite/parts.h"

enum rollcode_err
sqlite_result(int rc)
{
	if (rc == SQLITE_IOERR_NOMEM)
		return ROLLCODE_ERR_NOMEM;
	if (rc == SQLITE_CANTOPEN_SYMLINK || rc == SQLITE_IOERR_SHORT_READ)
		return ROLLCODE_ERR_STORE;
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return ROLLCODE_OK;
	case SQLITE_NOMEM:
		return ROLLCODE_ERR_NOMEM;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_FULL:
	case SQLITE_IOERR:
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
	case SQLITE_PROTOCOL:
		return ROLLCODE_ERR_UNAVAIL;
	default:
		return ROLLCODE_ERR_STORE;
	}
}

/* What an administrator does about a result. */
static const char *
remedy_for(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return "; another process holds its lock, try again";
	case SQLITE_FULL:
		return "; free space on that file system";
	case SQLITE_IOERR:
		return "; does its disk work, and is there a limit on the "
		       "size of files?";
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
		return "; does it exist, and are its directory and file system "
		       "writable?";
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return "; restore it or enrol again";
	default:
		return "";
	}
}

enum rollcode_err
sqlite_fail(sqlite3 *db, int rc, struct error *error)
{
	const char *path = db == NULL ? NULL : sqlite3_db_filename(db, "main");

	return error_at(error, sqlite_result(rc),
	    path == NULL || *path == '\0' ? "database" : path,
	    "%s (SQLite %d)%s",
	    db == NULL ? sqlite3_errstr(rc) : sqlite3_errmsg(db), rc,
	    remedy_for(rc));
}

enum rollcode_err
sqlite_wrong(sqlite3 *db, struct error *error, const char *what)
{
	return error_at(error, ROLLCODE_ERR_STORE,
	    sqlite3_db_filename(db, "main"), "%s; restore it or enrol again",
	    what);
}

enum rollcode_err
sqlite_no_value(sqlite3 *db, struct error *error, const char *what)
{
	int rc = sqlite3_errcode(db);

	return sqlite_result(rc) == ROLLCODE_ERR_NOMEM
		   ? sqlite_fail(db, rc, error)
		   : sqlite_wrong(db, error, what);
}
