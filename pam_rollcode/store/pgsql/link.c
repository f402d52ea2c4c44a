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

#define BINDS_MAX 16
#define GRACE_MS 300 /* for the server to end a statement itself */

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

/* Whether the statement is away. */
static bool
send_all(
    struct link *link, const char *sql, const struct binds *b, int64_t deadline)
{
	short ready;
	int left;

	if (PQsendQueryParams(link->conn, sql, b->count, NULL, b->values,
		b->lengths, b->formats, 0) != 1)
		return false;
	while ((left = PQflush(link->conn)) == 1)
		if ((ready = clock_wait(PQsocket(link->conn), POLLIN | POLLOUT,
			 deadline)) == 0 ||
		    ((ready & POLLIN) != 0 && PQconsumeInput(link->conn) != 1))
			return false;
	return left == 0;
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

/* The one result of a statement; NULL if the link broke over it. */
static PGresult *
execute_statement(struct link *link, const char *sql, const struct binds *b)
{
	int64_t deadline = link_until(link, link->statement_ms + GRACE_MS);
	PGresult *first = NULL, *more = NULL;

	link->state[0] = '\0';
	if (!link_usable(link))
		return NULL;
	link->broken = true;
	if (!send_all(link, sql, b, deadline) ||
	    !next_result(link, deadline, &first))
		return NULL;
	/* Behind a result comes nothing, or why the link ended. */
	do {
		PQclear(more);
		if (!next_result(link, deadline, &more) ||
		    (more != NULL &&
			PQresultStatus(more) != PGRES_FATAL_ERROR)) {
			PQclear(first);
			PQclear(more);
			return NULL;
		}
	} while (more != NULL);
	link->broken = PQstatus(link->conn) != CONNECTION_OK;
	return first;
}

static bool
state_is(const struct link *link, const char *state)
{
	return strncmp(link->state, state, strlen(state)) == 0;
}

bool
link_again(const struct link *link)
{
	return state_is(link, "40001") || state_is(link, "40P01");
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

static enum rollcode_err
report_failure(struct link *link, const PGresult *result, struct error *error)
{
	const char *state = NULL, *text = NULL;
	char line[256];
	size_t i = 0;

	if (result != NULL) {
		state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
		text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	}
	if (state == NULL) {
		link->broken = true;
		return link_error(link, error, ROLLCODE_ERR_UNAVAIL,
		    result != NULL ? "answers what it was not asked"
				   : "does not answer in time, or is gone");
	}
	snprintf(link->state, sizeof(link->state), "%s", state);
	link_line(text != NULL ? text : state, line, sizeof(line));
	while (!state_is(link, refusals[i].state))
		i++;
	return link_error(
	    link, error, refusals[i].err, "%s%s", line, refusals[i].means);
}

static enum rollcode_err
run_query(struct link *link, struct rows *rows, int *changed,
    struct error *error, const char *sql, const char *letters, va_list ap)
{
	struct binds b;
	PGresult *result;
	int64_t count;
	ExecStatusType status;
	enum rollcode_err err = ROLLCODE_OK;

	collect_binds(&b, letters, ap);
	result = execute_statement(link, sql, &b);
	explicit_bzero(&b, sizeof(b));
	status = PQresultStatus(result);
	/* No table is not an empty one. */
	if (status != PGRES_TUPLES_OK &&
	    (status != PGRES_COMMAND_OK || rows != NULL))
		err = report_failure(link, result, error);
	if (err == ROLLCODE_OK &&
	    keyword_number(PQcmdTuples(result), 0, INT32_MAX, &count))
		*changed = (int)count;
	if (err == ROLLCODE_OK && rows != NULL)
		rows->result = result;
	else
		PQclear(result);
	return err;
}

enum rollcode_err
link_query(struct link *link, struct rows *rows, struct error *error,
    const char *sql, const char *binds, ...)
{
	enum rollcode_err err;
	int changed = 0;
	va_list ap;

	va_start(ap, binds);
	err = run_query(link, rows, &changed, error, sql, binds, ap);
	va_end(ap);
	return err;
}

enum rollcode_err
link_change(struct link *link, struct error *error, int rows, const char *sql,
    const char *binds, ...)
{
	enum rollcode_err err;
	int changed = 0;
	va_list ap;

	va_start(ap, binds);
	err = run_query(link, NULL, &changed, error, sql, binds, ap);
	va_end(ap);
	if (err != ROLLCODE_OK || rows < 0 || rows == changed)
		return err;
	return link_error(link, error, ROLLCODE_ERR_UNAVAIL,
	    "another process changed this user meanwhile; try again");
}

enum rollcode_err
link_begin(struct link *link, struct error *error)
{
	return link_query(link, NULL, error,
	    "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", "");
}

enum rollcode_err
link_commit(struct link *link, struct error *error)
{
	const struct binds none = {0};
	const char *doubt = link->warning;
	PGresult *result;
	enum rollcode_err err = ROLLCODE_OK;

	link->warning[0] = '\0';
	result = execute_statement(link, "COMMIT", &none);
	if (PQresultErrorField(result, PG_DIAG_SQLSTATE) != NULL)
		err = report_failure(link, result, error);
	else if (doubt[0] == '\0' && PQresultStatus(result) != PGRES_COMMAND_OK)
		doubt = "no answer came";
	else if (doubt[0] == '\0' && strcmp(PQcmdStatus(result), "COMMIT") != 0)
		doubt = "it was undone";
	PQclear(result);
	if (err != ROLLCODE_OK || doubt[0] == '\0')
		return err;
	link->broken = true;
	return link_error(link, error, ROLLCODE_ERR_UNAVAIL,
	    "it is not known whether the change was committed: %s; so it was "
	    "refused, and the next code works in both cases",
	    doubt);
}

void
link_rollback(struct link *link)
{
	if (!link_usable(link) ||
	    PQtransactionStatus(link->conn) == PQTRANS_IDLE)
		return;
	if (link_query(link, NULL, NULL, "ROLLBACK", "") != ROLLCODE_OK)
		link->broken = true;
}
