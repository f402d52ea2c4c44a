/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_parts.h - what the files behind sqlite.h share among themselves.
 */
#ifndef ROLLCODE_SQLITE_PARTS_H
#define ROLLCODE_SQLITE_PARTS_H

#include "sqlite.h"

/* The error that an SQLite result code stands for. */
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
 * Make an empty file and connect to it; nothing is synced.  EXISTS; on error
 * the file is gone again.
 */
enum rollcode_err	sqlite_new(const char *path,
			    const struct sqlite_kind *, sqlite3 **,
			    struct error *) MUST_USE;

/* Put the content of a file on disk.  One that is not there is no error. */
enum rollcode_err	sqlite_sync_file(const char *path, struct error *)
			    MUST_USE;

/* Before it is opened: owner, mode, links, no journal of another kind. */
enum rollcode_err	sqlite_check_file(const char *path,
			    const struct sqlite_kind *, struct error *)
			    MUST_USE;

/* Once it is open: application_id, user_version, schema. */
enum rollcode_err	sqlite_check_kind(sqlite3 *,
			    const struct sqlite_kind *, struct error *)
			    MUST_USE;

#endif /* ROLLCODE_SQLITE_PARTS_H */
