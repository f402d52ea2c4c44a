/* SPDX-License-Identifier: Apache-2.0 */
#include <sqlite3.h>

#include "common/sqlite/parts.h"

#define HOLDS_LOCK "; another process holds its lock, try again"
#define NOT_WRITABLE \
	"; does it exist, and are its directory and file system writable?"

/* What a result means, and what an administrator does about it. */
static const struct result {
	int rc;
	enum rollcode_err err;
	const char *remedy;
} results[] = {
    {SQLITE_NOMEM, ROLLCODE_ERR_NOMEM, ""},
    {SQLITE_BUSY, ROLLCODE_ERR_UNAVAIL, HOLDS_LOCK},
    {SQLITE_LOCKED, ROLLCODE_ERR_UNAVAIL, HOLDS_LOCK},
    {SQLITE_FULL, ROLLCODE_ERR_UNAVAIL, "; free space on that file system"},
    {SQLITE_IOERR, ROLLCODE_ERR_UNAVAIL,
	"; does its disk work, and is there a limit on the size of files?"},
    {SQLITE_READONLY, ROLLCODE_ERR_UNAVAIL, NOT_WRITABLE},
    {SQLITE_CANTOPEN, ROLLCODE_ERR_UNAVAIL, NOT_WRITABLE},
    {SQLITE_PROTOCOL, ROLLCODE_ERR_UNAVAIL, ""},
    {SQLITE_CORRUPT, ROLLCODE_ERR_STORE, "; restore it or enrol again"},
    {SQLITE_NOTADB, ROLLCODE_ERR_STORE, "; restore it or enrol again"},
    {SQLITE_OK, ROLLCODE_ERR_STORE, ""}, /* any other */
};

static const struct result *
result_of(int rc)
{
	const struct result *r = results;

	while (r->rc != (rc & 0xff) && r->rc != SQLITE_OK)
		r++;
	return r;
}

enum rollcode_err
sqlite_result(int rc)
{
	if (rc == SQLITE_IOERR_NOMEM)
		return ROLLCODE_ERR_NOMEM;
	if (rc == SQLITE_CANTOPEN_SYMLINK || rc == SQLITE_IOERR_SHORT_READ)
		return ROLLCODE_ERR_STORE;
	return result_of(rc)->err;
}

enum rollcode_err
sqlite_fail(sqlite3 *db, int rc, struct error *error)
{
	const char *path = db == NULL ? NULL : sqlite3_db_filename(db, "main");

	return error_at(error, sqlite_result(rc),
	    path == NULL || *path == '\0' ? "database" : path,
	    "%s (SQLite %d)%s",
	    db == NULL ? sqlite3_errstr(rc) : sqlite3_errmsg(db), rc,
	    result_of(rc)->remedy);
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
