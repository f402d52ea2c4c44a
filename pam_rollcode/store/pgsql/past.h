/* SPDX-License-Identifier: Apache-2.0 */
/*
 * past.h - whether a database is the one that it was, and has all that it had.
 *
 *  1. Another cluster or database, or a row that nobody here wrote, is a copy.
 *  2. A timeline that is new may lack what the old one had, unless somebody has
 *     said that promotions lose nothing.
 *  3. What this host was told is committed is there.
 */
#ifndef ROLLCODE_STORE_PGSQL_PAST_H
#define ROLLCODE_STORE_PGSQL_PAST_H

#include "store/pgsql/pgsql.h"

/* The witness of this host, if it has one; read for each login. */
void			seen_read(const struct store *,
			    struct pgsql_seen *);

/* Take the place of the one before, as far as it can be written. */
void			seen_write(const struct store *,
			    const struct pgsql_seen *);

/*
 * The fields that past_read reads, and what they come from.  What is not in the
 * row of an older version is NULL.  A replica is at no place of its own.
 */
/* clang-format off */
#define PAST_OF_PRIMARY(value) \
	"CASE WHEN pg_catalog.pg_is_in_recovery() THEN 0 ELSE " value " END"
#define PAST_FIELDS \
	"CASE WHEN o.system IS NULL THEN '' " \
	"WHEN o.system<>" PGSQL_SYSTEM " THEN 'system' " \
	"WHEN o.database<>" PGSQL_DATABASE " THEN 'database' " \
	"WHEN o.relation<>s.tableoid::bigint THEN 'table' " \
	"WHEN o.written%4294967296<>s.xmin::text::bigint THEN 'row' " \
	"ELSE '' END," \
	"coalesce(o.settled,0),coalesce(o.timeline,0)," \
	"coalesce(o.promotions,'follow')='follow'," \
	"pg_catalog.concat(" \
	"pg_catalog.current_setting('recovery_target',true)," \
	"pg_catalog.current_setting('recovery_target_lsn',true)," \
	"pg_catalog.current_setting('recovery_target_name',true)," \
	"pg_catalog.current_setting('recovery_target_time',true)," \
	"pg_catalog.current_setting('recovery_target_xid',true))<>''," \
	PAST_OF_PRIMARY(PGSQL_TIMELINE) "," PAST_OF_PRIMARY(PGSQL_LSN)
#define PAST_FROM \
	"rollcode.store s CROSS JOIN LATERAL (SELECT j->>'system' AS system," \
	"(j->>'database')::bigint AS database," \
	"(j->>'relation')::bigint AS relation," \
	"(j->>'written')::bigint AS written," \
	"(j->>'settled')::bigint AS settled," \
	"(j->>'timeline')::bigint AS timeline," \
	"j->>'promotions' AS promotions FROM pg_catalog.to_jsonb(s) AS j) AS o"
/* clang-format on */

/* Ask whether what the store's witness says is still there. */
void			past_ask(struct store *, struct rows *seen);

/*
 * Read the fields, and set store->restored.  UNAVAIL, and the link is not
 * usable any more, if a promotion has left this server behind; an administrator
 * has it as a restored one, and can say that it is right.
 */
enum rollcode_err	past_read(struct store *, struct rows *fields,
			    struct rows *seen, struct error *) MUST_USE;

#endif /* ROLLCODE_STORE_PGSQL_PAST_H */
