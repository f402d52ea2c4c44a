/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connect.c - a link to the server that counts, and its end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "store/pgsql/parts.h"

#define STATEMENT_MS 2500 /* the wait for a lock is in it */
#define ADMIN_MS 60000	  /* an administrator's statement */

int64_t
link_until(const struct link *link, int64_t ms)
{
	int64_t at = clock_ms() + ms;

	return link->deadline != 0 && link->deadline < at ? link->deadline : at;
}

void
link_line(const char *text, char *out, size_t size)
{
	snprintf(out, size, "%.*s", (int)strcspn(text, "\n"), text);
}

void
link_notice(void *context, const PGresult *result)
{
	struct link *link = context;
	const char *severity =
	    PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
	const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	if (severity == NULL || strcmp(severity, "WARNING") != 0)
		return;
	link_line(text != NULL && text[0] != '\0' ? text : severity,
	    link->warning, sizeof(link->warning));
}

enum rollcode_err
link_open(const char *uri, uid_t uid, int64_t deadline, struct link **out,
    struct error *error)
{
	WIPED(place_free) struct place place = {0};
	struct error each = {0};
	struct link *link;
	enum rollcode_err err;

	*out = NULL;
	if ((err = place_read(uri, uid, &place, error)) != ROLLCODE_OK)
		return err;
	if ((link = calloc(1, sizeof(*link))) == NULL)
		return error_set(error, ROLLCODE_ERR_NOMEM, "out of memory");
	link->statement_ms = deadline != 0 ? STATEMENT_MS : ADMIN_MS;
	link->deadline = deadline;
	link->opened = clock_ms();
	if ((err = pick_server(link, &place, &each)) != ROLLCODE_OK) {
		link_close(link);
		return error_pass(error, err, &each, NULL);
	}
	*out = link;
	return ROLLCODE_OK;
}

void
link_close(struct link *link)
{
	if (link == NULL)
		return;
	PQfinish(link->conn);
	free(link);
}

const char *
link_where(const struct link *link)
{
	return link->where;
}

enum rollcode_err
link_error(const struct link *link, struct error *error, enum rollcode_err err,
    const char *fmt, ...)
{
	char text[ERROR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return error_set(error, err, "%s: %s", link->where, text);
}

bool
link_usable(const struct link *link)
{
	return link != NULL && !link->broken &&
	       PQstatus(link->conn) == CONNECTION_OK;
}

bool
link_idle(const struct link *link)
{
	struct pollfd said = {.events = POLLIN};

	if (!link_usable(link) || link->late ||
	    PQtransactionStatus(link->conn) != PQTRANS_IDLE)
		return false;
	said.fd = PQsocket(link->conn);
	return poll(&said, 1, 0) == 0;
}

int64_t
link_opened(const struct link *link)
{
	return link->opened;
}

void
link_extend(struct link *link, int64_t deadline)
{
	link->deadline = deadline;
}

void
link_leave(struct link *link)
{
	link->broken = true;
	pick_late(link);
}

void
link_abandon(struct link *link)
{
	close(PQsocket(link->conn));
	free(link);
}

enum rollcode_err
link_user(
    const char *uri, uid_t uid, char *user, size_t size, struct error *error)
{
	WIPED(place_free) struct place place = {0};
	const char *value;
	enum rollcode_err err;

	user[0] = '\0';
	if ((err = place_read(uri, uid, &place, error)) != ROLLCODE_OK)
		return err;
	value = place_value(&place, "user");
	if (value != NULL && strlen(value) >= size)
		return error_set(error, ROLLCODE_ERR_CONFIG,
		    "DATABASE: the user's name is too long");
	if (value != NULL)
		memcpy(user, value, strlen(value) + 1);
	return ROLLCODE_OK;
}

bool
link_name(struct link *link, const char *name, char *out, size_t size)
{
	char *quoted = PQescapeIdentifier(link->conn, name, strlen(name));
	bool fits = quoted != NULL && strlen(quoted) < size;

	if (fits)
		memcpy(out, quoted, strlen(quoted) + 1);
	PQfreemem(quoted);
	return fits;
}
