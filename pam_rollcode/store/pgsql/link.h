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

#include <sys/types.h>

#include "common/base/error.h"
#include "common/base/rollcode.h"

#define LINK_WHERE_MAX	320	/* bytes that name a server */

struct link;		/* a connection */
struct pg_result;	/* libpq's */

/*
 * What a statement returned, read field by field.  A field that is not as it
 * was asked for, and any behind it, is bad, and empty or the least number.
 */
struct rows {
	struct pg_result	*result;
	int			 row, column;	/* behind the one read last */
	int			 first, end;	/* of a part, else not used */
	bool			 part;
	bool			 bad;
};

/*
 * Connect to the server of the URI that can be written to; of more than one
 * to that of the highest timeline.  uid is the owner of the file of passwords;
 * everything ends at the deadline (clock_ms(), 0: none, and an administrator's
 * statements take their time).  CONFIG if the URI is none, or has something
 * that is not its business; UNAVAIL if no server does, with a sentence that
 * names each; STORE if the file of passwords is not private.
 */
enum rollcode_err	link_open(const char *uri, uid_t uid, int64_t deadline,
			    struct link **, struct error *) MUST_USE;

/* What is not committed is undone by the server.  NULL is allowed. */
void			link_close(struct link *);

/* The server it is connected to, for sentences. */
const char		*link_where(const struct link *);

/* The same as error_set, about that server: "WHERE: ". */
enum rollcode_err	link_error(const struct link *, struct error *,
			    enum rollcode_err, const char *fmt, ...)
			    __attribute__((format(printf, 4, 5)));

/* The user of a URI, "" if it names none.  CONFIG. */
enum rollcode_err	link_user(const char *uri, uid_t, char *user,
			    size_t size, struct error *) MUST_USE;

/* Whether it can be used for another statement. */
bool			link_usable(const struct link *);

/*
 * Whether it can wait for its next use: it is whole, in no transaction, its
 * server was never late, and has said nothing since.
 */
bool			link_idle(const struct link *);

/* When it was connected, clock_ms(). */
int64_t			link_opened(const struct link *);

/* Everything ends at another deadline from now on. */
void			link_extend(struct link *, int64_t deadline);

/* It is not usable any more, and its server is the last to be taken again. */
void			link_leave(struct link *);

/* Forget another process's link; its server hears nothing of that. */
void			link_abandon(struct link *);

/*
 * Ask for one statement; it goes, with all that was asked before it, when the
 * answers are wanted, and a server that refuses one looks at none behind it.
 * binds has a letter for each parameter: 'i' int64_t, 't' const char *, 'b'
 * const void * and size_t (a NULL pointer is NULL).  rows may be NULL, and
 * must last until the answers are there, or link_rollback.
 */
void			link_ask(struct link *, struct rows *, const char *sql,
			    const char *binds, ...);

/*
 * A statement that begins so, and goes on with FROM, is refused where that has
 * no row, or more than one; as if somebody else had been faster.
 */
#define LINK_ONE_ROW	"SELECT 1/(pg_catalog.count(*)=1)::int "

/*
 * The same for a statement that changes one row: the server refuses it where
 * it would change none, or more.
 */
void			link_change(struct link *, const char *sql,
			    const char *binds, ...);

/* Whether so many more can be asked for in this turn. */
bool			link_takes(const struct link *, size_t more);

/*
 * Ask for a transaction, whose settings are ours whatever server, role or
 * pooler have: one that only reads, all of it as at one moment, or one that
 * writes.
 */
void			link_begin(struct link *, bool reads);

/*
 * Take the answers to all that was asked, in one turn.  The first refusal is
 * told: UNAVAIL if the server is gone, late, busy, full or read-only, and with
 * REASON_FASTER if it was for somebody else's sake, and nothing has happened;
 * STORE if it refuses.
 */
enum rollcode_err	link_answers(struct link *, struct error *) MUST_USE;

/* Ask for one statement, and take the answers. */
enum rollcode_err	link_query(struct link *, struct rows *,
			    struct error *, const char *sql,
			    const char *binds, ...) MUST_USE;

/* The last error was for somebody else's sake, and nothing has happened. */
bool			link_again(const struct link *);

/* The last error says that a row or schema of that name exists already. */
bool			link_exists(const struct link *);

/*
 * Ask to commit, and take the answers.  OK only if the server says that it is
 * committed, and to where its settings say, without any warning.  UNAVAIL, and
 * the link is not usable any more, if it may be, or not.
 */
enum rollcode_err	link_commit(struct link *, struct error *) MUST_USE;

/* Undo; a link that cannot is not usable any more. */
void			link_rollback(struct link *);

/* Quote a name for a statement.  False if it does not fit. */
bool			link_name(struct link *, const char *name, char *out,
			    size_t size) MUST_USE;

int			rows_count(const struct rows *);

/* For use with WIPED(). */
void			rows_free(struct rows *);

/*
 * A part of rows that are sorted by their first field, a number: those of one
 * number, without that field.  It is not freed, and must not outlive them.
 */
void			rows_part(const struct rows *, int64_t number,
			    struct rows *part);

/* Go to the next row, false behind the last. */
bool			rows_next(struct rows *);

/*
 * A field as a number from min to max, as text of at most size - 1 bytes, as
 * a truth, as at most max bytes, as a text that is kept as bytes, none of them
 * NUL.  NULL is bad.
 */
int64_t			rows_int(struct rows *, int64_t min, int64_t max);
void			rows_text(struct rows *, char *out, size_t size);
bool			rows_bool(struct rows *);
size_t			rows_bytes(struct rows *, uint8_t *out, size_t max);
void			rows_string(struct rows *, char *out, size_t size);

#endif /* ROLLCODE_STORE_PGSQL_LINK_H */
