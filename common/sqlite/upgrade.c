/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upgrade.c - a file of an older version becomes one of this version.
 *
 *  1. One transaction: whenever it is killed, the file is of the old version or
 *     of this one.
 *  2. It is of an older version to the letter before, and of this one behind.
 */
#include <stdio.h>

#include <sqlite3.h>

#include "common/sqlite/parts.h"
#include "common/sqlite/sqlite.h"

static enum rollcode_err
run_statements(
    sqlite3 *db, const struct sqlite_older *older, struct error *error)
{
	enum rollcode_err err = ROLLCODE_OK;

	for (; older->version != 0 && err == ROLLCODE_OK; older++)
		for (const char *const *sql = older->statements;
		     *sql != NULL && err == ROLLCODE_OK; sql++)
			err = sqlite_change(db, error, -1, *sql, "");
	return err;
}

enum rollcode_err
sqlite_upgrade(sqlite3 *db, const struct sqlite_kind *kind, struct error *error)
{
	const struct sqlite_older *older;
	char version[48];
	enum rollcode_err err;

	/* Somebody else may have done it until the lock was ours. */
	if ((err = sqlite_begin(db, error)) != ROLLCODE_OK ||
	    (err = sqlite_check_kind(db, kind, &older, error)) != ROLLCODE_OK)
		return err;
	if (older == NULL)
		return sqlite_undo_upgrade(db, error);
	snprintf(version, sizeof(version), "PRAGMA user_version=%d",
	    kind->user_version);
	if ((err = run_statements(db, older, error)) != ROLLCODE_OK ||
	    (err = sqlite_change(db, error, -1, version, "")) != ROLLCODE_OK)
		return err;
	return sqlite_check_kind(db, kind, &older, error);
}

bool
sqlite_is_upgrading(sqlite3 *db)
{
	return sqlite3_get_autocommit(db) == 0;
}

enum rollcode_err
sqlite_keep_upgrade(sqlite3 *db, struct error *error)
{
	return sqlite_is_upgrading(db) ? sqlite_commit(db, error) : ROLLCODE_OK;
}

enum rollcode_err
sqlite_undo_upgrade(sqlite3 *db, struct error *error)
{
	return sqlite_is_upgrading(db)
		   ? sqlite_change(db, error, -1, "ROLLBACK", "")
		   : ROLLCODE_OK;
}
