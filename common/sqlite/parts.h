/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parts.h - what the files behind sqlite.h share among themselves.
 */
#ifndef ROLLCODE_SQLITE_PARTS_H
#define ROLLCODE_SQLITE_PARTS_H

#include "common/sqlite/sqlite.h"

/* Who keeps others from a file while it is open. */
enum sqlite_locks {
	SQLITE_LOCKS_USUAL,	/* SQLite, by its usual locks */
	SQLITE_LOCKS_WHOLE,	/* SQLite, from first use to close */
	SQLITE_LOCKS_NONE,	/* the caller */
};

/* The error that an SQLite result code other than success stands for. */
enum rollcode_err	sqlite_result(int rc);

/* That error, with a sentence that names the file and the remedy. */
enum rollcode_err	sqlite_fail(sqlite3 *, int rc, struct error *);

/* STORE, with a sentence that says what is wrong with the content. */
enum rollcode_err	sqlite_wrong(sqlite3 *, struct error *,
			    const char *what);

/*
 * A column came back without its value: STORE, with what is wrong with the
 * content, or NOMEM where memory was what it lacked.
 */
enum rollcode_err	sqlite_no_value(sqlite3 *, struct error *,
			    const char *what);

/*
 * Open a file that sqlite_check_file has let pass, check what is in it, and
 * make the settings of its kind.
 */
enum rollcode_err	sqlite_connect(const char *path,
			    const struct sqlite_kind *, enum sqlite_locks,
			    sqlite3 **, struct error *) MUST_USE;

/* Leave a schema nothing that it could run, and a value no more than room. */
enum rollcode_err	sqlite_restrict(sqlite3 *, struct error *) MUST_USE;

/* Release every statement, before the connection is closed. */
void			sqlite_forget_statements(sqlite3 *);

/* Wait a little for a lock.  False once clock_ms() is past the deadline. */
bool			sqlite_wait(int64_t deadline);

/* Before it is opened: owner, mode, links, no journal of another kind. */
enum rollcode_err	sqlite_check_file(const char *path,
			    const struct sqlite_kind *, struct error *)
			    MUST_USE;

/*
 * Once it is open: application_id, user_version, schema.  *older is NULL, or
 * the older version that the file is of, to the letter.
 */
enum rollcode_err	sqlite_check_kind(sqlite3 *,
			    const struct sqlite_kind *,
			    const struct sqlite_older **older, struct error *)
			    MUST_USE;

/* Whether a transaction is open; at sqlite_open it is that of an upgrade. */
bool			sqlite_is_upgrading(sqlite3 *);

/*
 * Upgrade it in a transaction that stays open, and check what it is then; with
 * everything set that a commit rests on.
 */
enum rollcode_err	sqlite_upgrade(sqlite3 *, const struct sqlite_kind *,
			    struct error *) MUST_USE;

#endif /* ROLLCODE_SQLITE_PARTS_H */
