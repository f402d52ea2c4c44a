/* SPDX-License-Identifier: Apache-2.0 */
/*
 * link.h - a connection to a PostgreSQL server; the one way libpq
 * is used here.
 *
 *  1. Nothing waits for a server longer than its deadline, whatever the server
 *     does: connecting, a statement, and everything together.
 *  2. Neither the environment nor a service file says where to connect to, or
 *     how; a certificate is checked wherever there is a network.
 *  3. What cannot be known to have happened is an error.
 */
#ifndef ROLLCODE_STORE_PGSQL_LINK_H
#define ROLLCODE_STORE_PGSQL_LINK_H

#include <stdarg.h>
#include <sys/types.h>

#include "common/base/error.h"
#include "common/base/rollcode.h"

#define LINK_WHERE_MAX	320	/* bytes that name a server */

struct link;	/* a connection */
struct rows;	/* what a statement returned */

/* Where to, and how long: milliseconds. */
struct link_terms {
	const char	*uri;
	uid_t		 uid;		/* whose the file of passwords is */
	int64_t		 connect_ms;	/* for all servers together */
	int64_t		 statement_ms;
	int64_t		 lock_ms;	/* for somebody else's lock */
	int64_t		 deadline;	/* of everything, clock_ms(); 0: none */
};

/*
 * Connect to the first server of the URI that can be written to.  CONFIG if the
 * URI is none, or has something that is not its business; UNAVAIL if no server
 * does, with a sentence that names each; STORE if the file of passwords is
 * not private.
 */
enum rollcode_err	link_open(const struct link_terms *, struct link **,
			    struct error *) MUST_USE;

/* What is not committed is undone by the server.  NULL is allowed. */
void			link_close(struct link *);

/* The server it is connected to, for sentences. */
const char		*link_where(const struct link *);

/* The user of a URI, "" if it names none.  CONFIG. */
enum rollcode_err	link_user(const char *uri, uid_t, char *user,
			    size_t size, struct error *) MUST_USE;

/* Whether it can be used for another statement. */
bool			link_usable(const struct link *);

/*
 * Run one statement.  binds has a letter for each parameter: 'i' int64_t, 't'
 * const char *, 'b' const void * and size_t (a NULL pointer is NULL).  rows may
 * be NULL.  UNAVAIL if the server is gone, late, busy, full or read-only;
 * STORE if it refuses; link_again() tells whether that was for somebody
 * else's sake.
 */
enum rollcode_err	link_query(struct link *, struct rows **,
			    struct error *, const char *sql,
			    const char *binds, ...) MUST_USE;

/*
 * The same for a statement that changes rows: exactly so many (-1: any
 * number).  UNAVAIL if it is another number: somebody was faster.
 */
enum rollcode_err	link_change(struct link *, struct error *, int rows,
			    const char *sql, const char *binds, ...) MUST_USE;

/* The last error was a collision, and nothing has happened: try again. */
bool			link_again(const struct link *);

/* The last error says that a row or schema of that name exists already. */
bool			link_exists(const struct link *);

enum rollcode_err	link_begin(struct link *, struct error *) MUST_USE;

/*
 * OK only if the server says that it is committed, and to where its settings
 * say, without any warning.  UNAVAIL otherwise: it may be, or not.
 */
enum rollcode_err	link_commit(struct link *, struct error *) MUST_USE;

/* Undo; a link that cannot is not usable any more. */
void			link_rollback(struct link *);

/* Quote a name for a statement.  False if it does not fit. */
bool			link_name(struct link *, const char *name, char *out,
			    size_t size) MUST_USE;

int			rows_count(const struct rows *);
void			rows_free(struct rows *);

/* For use with WIPED(). */
static inline void
rows_freep(struct rows **rows)
{
	rows_free(*rows);
}

/*
 * A field as a number from min to max, as text of at most size - 1 bytes, as
 * a truth, as bytes.  NULL is a mistake but for rows_null.  False if it is
 * anything else.
 */
bool			rows_null(const struct rows *, int row, int column);
bool			rows_int(const struct rows *, int row, int column,
			    int64_t min, int64_t max, int64_t *) MUST_USE;
bool			rows_text(const struct rows *, int row, int column,
			    char *out, size_t size) MUST_USE;
bool			rows_bool(const struct rows *, int row, int column,
			    bool *) MUST_USE;
bool			rows_bytes(const struct rows *, int row, int column,
			    uint8_t *out, size_t max, size_t *len) MUST_USE;

#endif /* ROLLCODE_STORE_PGSQL_LINK_H */
