/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite.h - the one way an SQLite file is opened here.
 *
 *  1. A file is created with mode 0600 before SQLite sees it.
 *  2. A file is used only if its application_id, its user_version and every
 *     statement of its schema are exactly those of this version, or of an older
 *     one that it is upgraded from.
 *  3. What COMMIT acknowledged in a file that was opened survives a power cut:
 *     the settings that make it so are set, and read back.
 *  4. Nothing in the file can make SQLite run anything but our statements.
 *  5. Nobody waits longer than the deadline for a lock.
 *  6. An upgrade is committed with the first change of the file, or before it,
 *     and whole; who only reads leaves the file as it was.
 */
#ifndef ROLLCODE_SQLITE_SQLITE_H
#define ROLLCODE_SQLITE_SQLITE_H

#include "common/base/error.h"

#define SQLITE_JOURNAL_ZEROS	28	/* bytes of a journal that was left */

/* As sqlite3.h has them; only common/sqlite*.c include it. */
typedef struct sqlite3 sqlite3;
typedef struct sqlite3_stmt sqlite3_stmt;

enum sqlite_log {
	SQLITE_LOG_DELETE = 0,	/* rollback journal, synchronous EXTRA */
	SQLITE_LOG_KEPT,	/* write-ahead log that stays, unix-excl */
};

/* A version before; its statements make the next of the list of it. */
struct sqlite_older {
	int32_t			 version;	/* 0 ends the list */
	const char *const	*schema;	/* CREATE ..., NULL last */
	const char *const	*statements;	/* NULL last */
};

struct sqlite_kind {
	const char		*what;		/* "token store" */
	int32_t			 application_id;
	int32_t			 user_version;
	const char *const	*schema;	/* CREATE ..., NULL last; */
						/* NULL: an empty file */
	const struct sqlite_older *older;	/* the oldest first, or NULL */
	enum sqlite_log		 log;
	int			 busy_ms;	/* deadline for a lock */
};

/*
 * Create path (which must not exist) and open it with the schema in place.
 * EXISTS if the file is there.  On error the file is gone again.  Until
 * sqlite_finish nothing of it is durable: a kill or a power cut leaves a file
 * that is no use, so that the name must be one that nobody looks for.
 */
enum rollcode_err	sqlite_create(const char *path,
			    const struct sqlite_kind *, sqlite3 **,
			    struct error *) MUST_USE;

/*
 * Open an existing file.  No component of path may be a symbolic link.  The
 * file must be a regular one, owned by the effective uid, mode 0600, one link;
 * else STORE with the remedy.  ABSENT if there is no such file, UNAVAIL if
 * it is locked past the deadline or cannot be reached, STORE if its content
 * is not this kind.  One of an older version is upgraded in a transaction that
 * stays open: it is lost if nothing more is done.
 */
enum rollcode_err	sqlite_open(const char *path,
			    const struct sqlite_kind *, sqlite3 **,
			    struct error *) MUST_USE;

/*
 * Close a file made by sqlite_create, complete, durable and without any other
 * file beside it, so that it may be renamed.  Closes on error as well.
 */
enum rollcode_err	sqlite_finish(sqlite3 *, const struct sqlite_kind *,
			    struct error *) MUST_USE;

/*
 * Of the bytes of somebody else's database: the value in the only row of the
 * only table that has a column "counter".  INPUT if there is no such thing;
 * a database that needs its log or journal is refused too.  Nothing is run
 * that its schema could add.
 */
enum rollcode_err	sqlite_image_counter(const void *, size_t len,
			    int64_t *counter, struct error *) MUST_USE;

/* Fold a kept log back into the file, outside a transaction, upgrade apart. */
enum rollcode_err	sqlite_checkpoint(sqlite3 *, struct error *) MUST_USE;

/*
 * OK while the file opened is still the one of that name; UNAVAIL if it was
 * removed or replaced meanwhile.
 */
enum rollcode_err	sqlite_check_unmoved(sqlite3 *, struct error *)
			    MUST_USE;

/* Roll back what was not committed, and close.  NULL is allowed. */
void			sqlite_close(sqlite3 *);

/*
 * The rows of a statement, read column by column.  The first error ends them;
 * what is read from then on is empty, or the least number.
 */
struct sqlite_rows {
	sqlite3			*db;
	sqlite3_stmt		*statement;
	struct error		*error;
	enum rollcode_err	 err;
	int			 column;	/* the next one */
};

/*
 * Prepare a statement and bind its parameters in order.  binds has a letter
 * for each: 'i' int64_t, 't' const char * (NULL allowed), 'b' const void *
 * and size_t.  Texts and blobs must live until the statement is done, so use it
 * with WIPED(sqlite_done).  It stays compiled for the next time; until it is
 * done nobody asks the same again.
 */
struct sqlite_rows	sqlite_query(sqlite3 *, struct error *,
			    const char *sql, const char *binds, ...);
void			sqlite_done(struct sqlite_rows *);

/* Go to the next row.  False behind the last, and after an error. */
bool			sqlite_next(struct sqlite_rows *) MUST_USE;

/*
 * Run one statement that returns no rows and require that it changed exactly
 * `rows` rows (-1: any number).  STORE if it changed another number.
 */
enum rollcode_err	sqlite_change(sqlite3 *, struct error *, int rows,
			    const char *sql, const char *binds, ...) MUST_USE;

/*
 * BEGIN IMMEDIATE, COMMIT.  The transaction of an upgrade goes on, so that both
 * are committed or neither.
 */
enum rollcode_err	sqlite_begin(sqlite3 *, struct error *) MUST_USE;
enum rollcode_err	sqlite_commit(sqlite3 *, struct error *) MUST_USE;

/*
 * Whether a transaction that ends from now on leaves its rollback journal, as a
 * few zeros, or removes it, as one does after sqlite_open.  Both are durable;
 * to leave it takes less time.
 */
enum rollcode_err	sqlite_keep_journal(sqlite3 *, bool keep,
			    struct error *) MUST_USE;

/*
 * Commit an upgrade by itself, or undo it so that the file is as it was; OK
 * where there is none, or no more.
 */
enum rollcode_err	sqlite_keep_upgrade(sqlite3 *, struct error *) MUST_USE;
enum rollcode_err	sqlite_undo_upgrade(sqlite3 *, struct error *) MUST_USE;

/*
 * The next column as an integer from min to max, as text of at most size - 1
 * bytes, none of them NUL, as a blob of at most max bytes.  STORE if it is
 * anything else.
 */
int64_t			sqlite_int(struct sqlite_rows *, int64_t min,
			    int64_t max);
void			sqlite_text(struct sqlite_rows *, char *out,
			    size_t size);
size_t			sqlite_blob(struct sqlite_rows *, uint8_t *out,
			    size_t max);

#endif /* ROLLCODE_SQLITE_SQLITE_H */
