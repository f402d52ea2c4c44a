/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parts.h - what the files that know libpq share: a URI as one list
 * of settings for each server in it, and the link itself.
 */
#ifndef ROLLCODE_STORE_PGSQL_PARTS_H
#define ROLLCODE_STORE_PGSQL_PARTS_H

#include <libpq-fe.h>

#include "store/pgsql/link.h"

#define LINK_ASKED_MAX		64	/* statements in one turn */
#define PLACE_HOSTS_MAX		8
#define PLACE_SETTINGS_MAX	64

struct place_host {
	char	name[128];	/* "": the usual local socket */
	char	address[64];	/* hostaddr, or "" */
	char	port[8];	/* or "" */
};

struct place {
	PQconninfoOption	*all;
	size_t			 count;
	struct place_host	 hosts[PLACE_HOSTS_MAX];
};

struct link {
	PGconn		*conn;
	char		 where[LINK_WHERE_MAX];
	int64_t		 statement_ms, opened, deadline;
	struct rows	*rows[LINK_ASKED_MAX];	/* of what was asked, or NULL */
	size_t		 asked;
	char		 state[6];	/* SQLSTATE of the last error, or "" */
	bool		 broken;	/* nobody knows what it is doing */
	bool		 late;		/* its server did not do it in time */
	char		 tag[16];	/* of the last statement, and */
	char		 warning[128];	/* what the server warns of, or "" */
};

/* What PQconnectStartParams wants; it points into the place. */
struct place_settings {
	const char	*keywords[PLACE_SETTINGS_MAX + 1];
	const char	*values[PLACE_SETTINGS_MAX + 1];
	size_t		 count;
};

/*
 * Read a URI.  CONFIG, or STORE for a file of passwords that is not private or
 * one that proves a server and can be changed by others.
 */
enum rollcode_err	place_read(const char *uri, uid_t uid, struct place *,
			    struct error *) MUST_USE;

/* For use with WIPED(). */
void			place_free(struct place *);

/* A setting of the URI, NULL if it is not there. */
const char		*place_value(const struct place *, const char *name);

/* What to connect to one server with. */
void			place_settings(const struct place *, size_t host,
			    struct place_settings *);

/* A time so many milliseconds from now, or the link's own end before it. */
int64_t			link_until(const struct link *, int64_t ms);

/* A notice receiver of libpq's: what it warns of is the link's warning. */
void			link_notice(void *link, const PGresult *);

/*
 * Connect to the server of the list that counts: see pick.c.  UNAVAIL, with a
 * sentence that names each.
 */
enum rollcode_err	pick_server(struct link *, const struct place *,
			    struct error *) MUST_USE;

/* Of servers that are alike, the link's is the last to be taken for a while. */
void			pick_late(const struct link *);

/* The first line of what a server or libpq says; controls become '?'. */
void			link_line(const char *text, char *out, size_t size);

/* A server's name for a sentence. */
void			place_where(const struct place_host *,
			    char where[LINK_WHERE_MAX]);

#endif /* ROLLCODE_STORE_PGSQL_PARTS_H */
