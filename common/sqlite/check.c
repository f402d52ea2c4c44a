/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "common/sqlite/parts.h"
#include "common/sqlite/sqlite.h"

static enum rollcode_err
check_schema(sqlite3 *db, const char *const *want, struct error *error)
{
	WIPED(sqlite_done)
	struct sqlite_rows r = sqlite_query(db, error,
	    "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL "
	    "ORDER BY rowid",
	    "");

	while (sqlite_next(&r)) {
		const char *sql =
		    (const char *)sqlite3_column_text(r.statement, 0);

		if (*want == NULL || sql == NULL || strcmp(sql, *want) != 0)
			return sqlite_no_value(db, error,
			    "its schema was changed by another program");
		want++;
	}
	if (r.err == ROLLCODE_OK && *want != NULL)
		return sqlite_wrong(db, error, "its schema is incomplete");
	return r.err;
}

static enum rollcode_err
number_of(sqlite3 *db, const char *sql, int64_t *number, struct error *error)
{
	WIPED(sqlite_done)
	struct sqlite_rows r = sqlite_query(db, error, sql, "");

	*number = sqlite_next(&r) ? sqlite3_column_int64(r.statement, 0) : 0;
	return r.err;
}

static const struct sqlite_older *
find_older(const struct sqlite_kind *kind, int64_t version)
{
	const struct sqlite_older *o = kind->older;

	while (o != NULL && o->version != 0 && o->version != version)
		o++;
	return o != NULL && o->version != 0 ? o : NULL;
}

enum rollcode_err
sqlite_check_kind(sqlite3 *db, const struct sqlite_kind *kind,
    const struct sqlite_older **older, struct error *error)
{
	int64_t id, version;
	enum rollcode_err err;

	*older = NULL;
	if ((err = number_of(db, "PRAGMA application_id", &id, error)) !=
		ROLLCODE_OK ||
	    (err = number_of(db, "PRAGMA user_version", &version, error)) !=
		ROLLCODE_OK)
		return err;
	if (id != kind->application_id)
		return error_at(error, ROLLCODE_ERR_STORE,
		    sqlite3_db_filename(db, "main"),
		    "is not a %s; restore it or enrol again", kind->what);
	if (version > kind->user_version)
		return error_at(error, ROLLCODE_ERR_STORE,
		    sqlite3_db_filename(db, "main"),
		    "was made by a newer version (%lld, this one knows "
		    "%d); install that version",
		    (long long)version, kind->user_version);
	if ((*older = find_older(kind, version)) != NULL)
		return check_schema(db, (*older)->schema, error);
	if (version > 0 && version < kind->user_version)
		return error_at(error, ROLLCODE_ERR_STORE,
		    sqlite3_db_filename(db, "main"),
		    "was made by an older version (%lld, this one knows "
		    "%d); install that version, or enrol again",
		    (long long)version, kind->user_version);
	if (version != kind->user_version)
		return sqlite_wrong(db, error, "its version is unknown");
	return check_schema(db, kind->schema, error);
}

static enum rollcode_err
file_of_other(const char *path, uid_t owner, struct error *error)
{
	char uid[16];

	snprintf(uid, sizeof(uid), "%u", (unsigned int)geteuid());
	return error_fix(error,
	    error_at(error, ROLLCODE_ERR_STORE, path, "belongs to uid %u",
		(unsigned int)owner),
	    "chown", "-h", uid, path, NULL);
}

/*
 * The log or journal of the file's own kind is a file, for SQLite would wait at
 * a FIFO; one of the other kind means that something else wrote here.
 */
static enum rollcode_err
check_beside(const char *path, const char *suffix, bool own,
    const struct sqlite_kind *kind, struct error *error)
{
	char beside[PATH_MAX + 16];
	struct stat st;

	snprintf(beside, sizeof(beside), "%s%s", path, suffix);
	if (lstat(beside, &st) != 0)
		return errno == ENOENT ? ROLLCODE_OK
				       : error_errno(error, errno, beside);
	if (!own)
		return error_at(error, ROLLCODE_ERR_STORE, beside,
		    "does not belong to a %s, which never creates one; move it "
		    "away",
		    kind->what);
	return S_ISREG(st.st_mode) ? ROLLCODE_OK
				   : error_at(error, ROLLCODE_ERR_STORE, beside,
					 "is not a regular file; move it away");
}

enum rollcode_err
sqlite_check_file(
    const char *path, const struct sqlite_kind *kind, struct error *error)
{
	bool kept = kind->log == SQLITE_LOG_KEPT;
	enum rollcode_err err;
	struct stat st;

	if (lstat(path, &st) != 0)
		return errno == ENOENT ? error_at(error, ROLLCODE_ERR_ABSENT,
					     path, "%s", strerror(errno))
				       : error_errno(error, errno, path);
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1)
		return error_at(error, ROLLCODE_ERR_STORE, path,
		    "is not a regular file with one hard link; replace it");
	if (st.st_uid != geteuid())
		return file_of_other(path, st.st_uid, error);
	if ((st.st_mode & 07777) != 0600)
		return error_fix(error,
		    error_at(error, ROLLCODE_ERR_STORE, path, "has mode %04o",
			(unsigned int)(st.st_mode & 07777)),
		    "chmod", "600", path, NULL);
	if ((err = check_beside(path, "-journal", !kept, kind, error)) !=
	    ROLLCODE_OK)
		return err;
	return check_beside(path, "-wal", kept, kind, error);
}
