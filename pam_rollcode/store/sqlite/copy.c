/* SPDX-License-Identifier: Apache-2.0 */
#include <unistd.h>

#include <sqlite3.h>

#include "common/base/replace.h"
#include "common/sqlite/parts.h"
#include "store/sqlite/parts.h"

enum rollcode_err
sqlite_empty_log(sqlite3 *db, struct error *error)
{
	int rc;

	rc = sqlite3_wal_checkpoint_v2(
	    db, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	if (rc != SQLITE_OK)
		return sqlite_fail(db, rc, error);
	/* SQLite does not sync it: a power cut would bring the old log back. */
	return replace_sync_file(
	    sqlite3_filename_wal(sqlite3_db_filename(db, "main")), error);
}

enum rollcode_err
sqlite_copy(sqlite3 *from, const char *path, const struct sqlite_kind *kind,
    struct error *error)
{
	sqlite3_backup *copy;
	sqlite3 *to = NULL;
	enum rollcode_err err;
	int rc;

	if ((err = sqlite_new(path, kind, &to, error)) != ROLLCODE_OK)
		return err;
	if ((copy = sqlite3_backup_init(to, "main", from, "main")) != NULL) {
		(void)sqlite3_backup_step(copy, -1);
		rc = sqlite3_backup_finish(copy);
	} else {
		rc = sqlite3_errcode(to);
	}
	if (rc != SQLITE_OK)
		err = sqlite_fail(to, rc, error);
	sqlite_forget_statements(to);
	if ((rc = sqlite3_close(to)) != SQLITE_OK && err == ROLLCODE_OK)
		err = sqlite_fail(NULL, rc, error);
	if (err == ROLLCODE_OK)
		err = replace_sync_file(path, error);
	if (err != ROLLCODE_OK)
		unlink(path);
	return err;
}
