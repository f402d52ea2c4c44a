/* SPDX-License-Identifier: Apache-2.0 */
/*
 * link.c - statements with deadlines of their own.
 *
 * libpq's calls that wait are not used: statements and their answers go by
 * poll(2), so that a server that stops, or a COMMIT that waits for a lost
 * standby, holds nobody up for longer than was said.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/env.h"
#include "store/pgsql/parts.h"
#include "store/store.h"

#define BINDS_MAX 16
#define CHANGE_MAX 1024
#define NOT_ONE "22012" /* a division by zero, see LINK_ONE_ROW */
#define GRACE_MS 300	/* for the server to end a statement itself */
#define IDLE_MS 10000	/* what was left in the middle is ended then */

struct binds {
	int count;
	const char *values[BINDS_MAX];
	int lengths[BINDS_MAX], formats[BINDS_MAX];
	char numbers[BINDS_MAX][24];
};

static void
collect_binds(struct binds *b, const char *letters, va_list ap)
{
	memset(b, 0, sizeof(*b));
	for (; *letters != '\0' && b->count < BINDS_MAX; letters++) {
		int i = b->count++;

		if (*letters == 't') {
			b->values[i] = va_arg(ap, const char *);
		} else if (*letters == 'b') {
			b->values[i] = va_arg(ap, const void *);
			b->lengths[i] = (int)va_arg(ap, size_t);
			b->formats[i] = 1;
		} else {
			snprintf(b->numbers[i], sizeof(b->numbers[i]),
			    "%" PRId64, va_arg(ap, int64_t));
			b->values[i] = b->numbers[i];
		}
	}
}

/* The next result, NULL behind the last.  False if it did not come. */
static bool
next_result(struct link *link, int64_t deadline, PGresult **result)
{
	*result = NULL;
	while (PQisBusy(link->conn))
		if (clock_wait(PQsocket(link->conn), POLLIN, deadline) == 0 ||
		    PQconsumeInput(link->conn) != 1)
			return false;
	*result = PQgetResult(link->conn);
	return true;
}

static bool
state_is(const struct link *link, const char *state)
{
	return strncmp(link->state, state, strlen(state)) == 0;
}

bool
link_again(const struct link *link)
{
	return state_is(link, NOT_ONE) || state_is(link, "40001") ||
	       state_is(link, "40P01");
}

bool
link_exists(const struct link *link)
{
	return state_is(link, "23505") || state_is(link, "42P06");
}

/* What a server's refusal means, and the remedy. */
static const struct {
	const char *state; /* or its beginning */
	enum rollcode_err err;
	const char *means;
} refusals[] = {
    {NOT_ONE, ROLLCODE_ERR_UNAVAIL,
	"; another process changed this user meanwhile; try again"},
    {"40001", ROLLCODE_ERR_UNAVAIL, "; try again"},
    {"40P01", ROLLCODE_ERR_UNAVAIL, "; try again"},
    {"55P03", ROLLCODE_ERR_UNAVAIL,
	"; another process holds a lock, try again"},
    {"57014", ROLLCODE_ERR_UNAVAIL, "; the server is too slow"},
    {"25006", ROLLCODE_ERR_UNAVAIL, "; name the server that accepts writes"},
    {"3F000", ROLLCODE_ERR_UNAVAIL, "; rollcode-admin init makes the store"},
    {"42P01", ROLLCODE_ERR_UNAVAIL, "; rollcode-admin init makes the store"},
    {"42501", ROLLCODE_ERR_STORE, "; rollcode-admin init gives these rights"},
    {"08", ROLLCODE_ERR_UNAVAIL, ""},
    {"53", ROLLCODE_ERR_UNAVAIL, ""},
    {"57", ROLLCODE_ERR_UNAVAIL, ""},
    {"58", ROLLCODE_ERR_UNAVAIL, ""},
    {"", ROLLCODE_ERR_STORE, ""},
};

/* A statement or its wait for a lock took too long, says the server. */
static bool
is_late(const char *state)
{
	return strcmp(state, "55P03") == 0 || strcmp(state, "57014") == 0;
}

static enum rollcode_err
report_failure(struct link *link, const PGresult *result, struct error *error)
{
	const char *state = NULL, *text = NULL;
	char line[256];
	enum rollcode_err err;
	size_t i = 0;

	if (result != NULL) {
		state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
		text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	}
	if (result == NULL || (state != NULL && is_late(state))) {
		link->late = true;
		pick_late(link);
	}
	if (state == NULL)
		return link_error(link, error, ROLLCODE_ERR_UNAVAIL,
		    result != NULL ? "answers what it was not asked"
				   : "does not answer in time, or is gone");
	snprintf(link->state, sizeof(link->state), "%s", state);
	link_line(text != NULL ? text : state, line, sizeof(line));
	while (!state_is(link, refusals[i].state))
		i++;
	err = link_error(
	    link, error, refusals[i].err, "%s%s", line, refusals[i].means);
	return link_again(link) ? error_because(error, err, REASON_FASTER)
				: err;
}

static void
ask_statement(struct link *link, struct rows *rows, const char *sql,
    const char *letters, va_list ap)
{
	struct binds b;

	collect_binds(&b, letters, ap);
	if (link_usable(link) && link->asked < LINK_ASKED_MAX &&
	    PQsendQueryParams(link->conn, sql, b.count, NULL, b.values,
		b.lengths, b.formats, 0) == 1)
		link->rows[link->asked++] = rows;
	else
		link->broken = true;
	explicit_bzero(&b, sizeof(b));
}

void
link_ask(struct link *link, struct rows *rows, const char *sql,
    const char *binds, ...)
{
	va_list ap;

	va_start(ap, binds);
	ask_statement(link, rows, sql, binds, ap);
	va_end(ap);
}

void
link_change(struct link *link, const char *sql, const char *binds, ...)
{
	char one[CHANGE_MAX];
	va_list ap;
	int len;

	/* All that comes behind it would be written, so it must fail. */
	len = snprintf(one, sizeof(one),
	    "WITH changed AS (%s RETURNING 1) " LINK_ONE_ROW "FROM changed",
	    sql);
	link->broken |= len >= (int)sizeof(one);
	va_start(ap, binds);
	ask_statement(link, NULL, one, binds, ap);
	va_end(ap);
}

bool
link_takes(const struct link *link, size_t more)
{
	return link->asked + more <= LINK_ASKED_MAX;
}

/* What a session has may be the role's, a pooler's, or another client's. */
void
link_begin(struct link *link, bool reads)
{
	link_ask(link, NULL,
	    reads ? "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
		  : "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
	    "");
	link_ask(link, NULL,
	    "SELECT pg_catalog.set_config('search_path',"
	    "'pg_catalog,pg_temp',true),"
	    "pg_catalog.set_config('synchronous_commit','on',true),"
	    "pg_catalog.set_config('bytea_output','hex',true),"
	    "pg_catalog.set_config('client_min_messages','warning',true),"
	    "pg_catalog.set_config('statement_timeout',$1,true),"
	    "pg_catalog.set_config('lock_timeout',$2,true),"
	    "pg_catalog.set_config('idle_in_transaction_session_timeout',$3,"
	    "true)",
	    "iii", link->statement_ms, (int64_t)STORE_BUSY_MS,
	    (int64_t)IDLE_MS);
}

/* Send what was asked, and that this is all of it. */
static bool
send_asked(struct link *link, int64_t deadline)
{
	short ready;
	int left;

	if (PQpipelineSync(link->conn) != 1)
		return false;
	while ((left = PQflush(link->conn)) == 1)
		if ((ready = clock_wait(PQsocket(link->conn), POLLIN | POLLOUT,
			 deadline)) == 0 ||
		    ((ready & POLLIN) != 0 && PQconsumeInput(link->conn) != 1))
			return false;
	return left == 0;
}

/* The one result of a statement, or NULL; behind it comes nothing. */
static PGresult *
take_result(struct link *link, int64_t deadline)
{
	PGresult *first = NULL, *more = NULL;

	if (next_result(link, deadline, &first) && first != NULL &&
	    next_result(link, deadline, &more) && more == NULL)
		return first;
	PQclear(first);
	PQclear(more);
	return NULL;
}

static enum rollcode_err
keep_result(
    struct link *link, struct rows *rows, PGresult *result, struct error *error)
{
	ExecStatusType status = PQresultStatus(result);
	enum rollcode_err err = ROLLCODE_OK;

	/* No table is not an empty one. */
	if (status != PGRES_TUPLES_OK &&
	    (status != PGRES_COMMAND_OK || rows != NULL))
		err = report_failure(link, result, error);
	else
		snprintf(
		    link->tag, sizeof(link->tag), "%s", PQcmdStatus(result));
	if (err == ROLLCODE_OK && rows != NULL)
		rows->result = result;
	else
		PQclear(result);
	return err;
}

static bool
take_sync(struct link *link, int64_t deadline)
{
	PGresult *result = NULL;
	bool synced = next_result(link, deadline, &result) &&
		      PQresultStatus(result) == PGRES_PIPELINE_SYNC;

	PQclear(result);
	return synced && PQstatus(link->conn) == CONNECTION_OK;
}

enum rollcode_err
link_answers(struct link *link, struct error *error)
{
	int64_t deadline = link_until(link, link->statement_ms + GRACE_MS);
	size_t taken = 0, asked = link->asked;
	enum rollcode_err err = ROLLCODE_OK;
	PGresult *result = NULL;
	bool whole = link_usable(link);

	link->asked = 0;
	link->state[0] = '\0';
	link->broken = true;
	whole = whole && send_asked(link, deadline);
	for (; whole && taken < asked; taken++) {
		/* A warning that came before is about something else. */
		link->warning[0] = '\0';
		if ((result = take_result(link, deadline)) == NULL)
			whole = false;
		else if (err == ROLLCODE_OK)
			err =
			    keep_result(link, link->rows[taken], result, error);
		else
			PQclear(result);
	}
	if (!whole || !take_sync(link, deadline))
		return err != ROLLCODE_OK ? err
					  : report_failure(link, NULL, error);
	link->broken = err != ROLLCODE_OK && link->state[0] == '\0';
	return err;
}

enum rollcode_err
link_query(struct link *link, struct rows *rows, struct error *error,
    const char *sql, const char *binds, ...)
{
	va_list ap;

	va_start(ap, binds);
	ask_statement(link, rows, sql, binds, ap);
	va_end(ap);
	return link_answers(link, error);
}

enum rollcode_err
link_commit(struct link *link, struct error *error)
{
	enum rollcode_err err;
	const char *doubt = link->warning;

	link_ask(link, NULL, "COMMIT", "");
	err = link_answers(link, error);
	if (!link->broken && err != ROLLCODE_OK)
		return err;
	if (link->broken)
		doubt = "no answer came";
	else if (doubt[0] == '\0' && strcmp(link->tag, "COMMIT") != 0)
		doubt = "it was undone";
	if (doubt[0] == '\0')
		return ROLLCODE_OK;
	link->broken = true;
	return link_error(link, error, ROLLCODE_ERR_UNAVAIL,
	    "it is not known whether the change was committed: %s; so it was "
	    "refused, and the next code works in both cases",
	    doubt);
}

void
link_rollback(struct link *link)
{
	/* What was asked and not answered is nobody's. */
	memset(link->rows, 0, sizeof(link->rows));
	if (!link_usable(link) ||
	    PQtransactionStatus(link->conn) == PQTRANS_IDLE)
		return;
	if (link_query(link, NULL, NULL, "ROLLBACK", "") != ROLLCODE_OK)
		link->broken = true;
}
